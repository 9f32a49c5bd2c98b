/* conf: what has to stand in the platform's files, so that clients find the releases. */
#include "tool_int.h"

#include "lint/cdist_lint.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_BASE_URL, OPTION_VERSION, OPTION_STABLE, OPTION_FORMAT, OPTION_UPDATE_DATE, OPTION_MERGE,
       OPTION_SOURCE };

static const apr_getopt_option_t conf_options[] = {
    {"base-url", OPTION_BASE_URL, 1, NULL}, {"version", OPTION_VERSION, 1, NULL},         {"stable", OPTION_STABLE, 0, NULL},
    {"format", OPTION_FORMAT, 1, NULL},     {"update-date", OPTION_UPDATE_DATE, 1, NULL}, {"merge", OPTION_MERGE, 1, NULL},
    {"source", OPTION_SOURCE, 1, NULL},     {"output", 'o', 1, NULL},                     {"json", OPTION_JSON, 0, NULL},               {"help", 'h', 0, NULL},
    {NULL}};

typedef enum { FORMAT_CONF, FORMAT_VRD, FORMAT_UPDATE, FORMAT_DIALOG } format_t;

typedef struct {
    apr_pool_t *pool;
    const char *base_url, *update_date, *merge, *output;
    cdist_version_t mask;
    int stable, json;
    format_t format;
    cdist_lookup_t lookup;
} conf_request_t;

/* TOOL_DONE, or the status to exit with. */
static int take_option(conf_request_t *request, int option, const char *value)
{
    static const char *const formats[] = {"conf.cfg", "vrd", "clientupdate", "dialog"};
    const char *problem;
    size_t i;

    switch (option) {
    case OPTION_BASE_URL:
        problem = cdist_base_url_parse(&request->base_url, value, request->pool);
        if (!problem) return TOOL_DONE;
        return tool_usage_error(&tool_conf, "--base-url %s", problem);
    case OPTION_VERSION:
        if (cdist_mask_parse(&request->mask, value)) return TOOL_DONE;
        return tool_usage_error(&tool_conf, "--version %s: must be " CDIST_MASK_FORM, cdist_text_printable(value, request->pool));
    case OPTION_FORMAT:
        for (i = 0; i < sizeof formats / sizeof formats[0]; i++) {
            if (strcasecmp(value, formats[i]) != 0) continue;
            request->format = (format_t)i;
            return TOOL_DONE;
        }
        return tool_usage_error(&tool_conf, "--format %s: must be conf.cfg, vrd, clientupdate or dialog",
                                cdist_text_printable(value, request->pool));
    case OPTION_UPDATE_DATE:
        request->update_date = value;
        if (cdist_update_date_valid(value)) return TOOL_DONE;
        return tool_usage_error(&tool_conf, "--update-date %s: must be a moment as YYYYMMDDHHMMSS",
                                cdist_text_printable(value, request->pool));
    case OPTION_SOURCE:
        problem = tool_lookup_add_source(&request->lookup, value, request->pool);
        return problem ? tool_usage_error(&tool_conf, "--source %s: %s", value, problem) : TOOL_DONE;
    case OPTION_MERGE: request->merge = value; return TOOL_DONE;
    case OPTION_STABLE: request->stable = 1; return TOOL_DONE;
    case 'o': request->output = value; return TOOL_DONE;
    default: request->json = 1; return TOOL_DONE;
    }
}

static int check_request(const conf_request_t *request)
{
    if (request->lookup.roots->nelts == 0 && !request->lookup.patterns) {
        return tool_usage_error(&tool_conf, "name a folder with releases");
    }
    if (!request->base_url) return tool_usage_error(&tool_conf, "--base-url is missing: the address of the publication");
    if (request->update_date && request->format != FORMAT_UPDATE) {
        return tool_usage_error(&tool_conf, "--update-date is for --format clientupdate alone");
    }
    if (request->stable && request->format == FORMAT_UPDATE) {
        return tool_usage_error(&tool_conf, "--stable is not for ClientUpdate.cfg: it names one version, and the address without "
                                            "a version leads to another one until the switch");
    }
    if (request->merge && (request->json || request->format == FORMAT_DIALOG)) {
        return tool_usage_error(&tool_conf, "--merge is for files, not for --json or the dialog");
    }
    if (request->json && request->output) return tool_usage_error(&tool_conf, "-o is for files, not for --json");
    return TOOL_DONE;
}

/* ---- forms ----------------------------------------------------------------------------------------------------- */

static void print_rows(const cdist_publication_t *publication, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        json_t *object;

        if (!publication->url[i]) continue;
        object = json_object();
        json_object_set_new(object, "version", json_string(cdist_version_format(&publication->version, pool)));
        json_object_set_new(object, "slot", json_string(cdist_locations[i].slot));
        json_object_set_new(object, "key", json_string(cdist_locations[i].key));
        json_object_set_new(object, "attribute", json_string(cdist_locations[i].attribute));
        json_object_set_new(object, "bits", json_integer(cdist_locations[i].bits));
        json_object_set_new(object, "system", json_string(cdist_locations[i].system));
        json_object_set_new(object, "url", json_string(publication->url[i]));
        tool_print_json(object);
    }
}

/* One line an address: an attribute, or a row of the dialog. */
static const char *lines_of(const cdist_publication_t *publication, format_t format, apr_pool_t *pool)
{
    const char *text = format == FORMAT_DIALOG ? "Bits  System   Address\n" : "", *line;
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (!publication->url[i]) continue;
        line = format == FORMAT_VRD
                   ? cdist_vrd_attribute_text(cdist_locations[i].attribute, publication->url[i], pool)
                   : apr_psprintf(pool, "%-4d  %-7s  %s", cdist_locations[i].bits, cdist_locations[i].system, publication->url[i]);
        text = apr_pstrcat(pool, text, line, "\n", NULL);
    }
    return text;
}

static cdist_err_t *settings_of(const char **bytes, apr_size_t *length, const conf_request_t *request,
                                const cdist_publication_t *publication, const char *old, apr_size_t old_length)
{
    cdist_settings_t *settings;

    CDIST_ERR(cdist_settings_parse(&settings, old, old_length, request->merge ? request->merge : "", request->pool));
    if (request->format == FORMAT_UPDATE) cdist_publication_put_update(settings, publication, request->update_date);
    else cdist_publication_put(settings, publication);
    *bytes = cdist_settings_write(length, settings, request->pool);
    return NULL;
}

static cdist_err_t *descriptor_of(const char **bytes, apr_size_t *length, const conf_request_t *request,
                                  const cdist_publication_t *publication, const char *old, apr_size_t old_length)
{
    const char *path = cdist_text_printable(request->merge, request->pool);
    cdist_vrd_t *vrd;
    cdist_err_t *err = cdist_vrd_parse(&vrd, NULL, old, old_length, request->pool);

    if (err) {
        err->message = apr_pstrcat(request->pool, path, ": ", err->message, NULL);
        return err;
    }
    if (cdist_vrd_attribute(vrd, "pubdst")) {
        tool_fail(apr_psprintf(request->pool, "%s: pubdst, of old platforms, is left as it is", path));
    }
    cdist_vrd_write(bytes, length, vrd, publication->url, request->pool);
    return NULL;
}

/* The whole text to print or write; `old` is the file of --merge, or empty without it. */
static cdist_err_t *compose(const char **bytes, apr_size_t *length, const conf_request_t *request,
                            const cdist_publication_t *publication, const char *old, apr_size_t old_length)
{
    if (request->format == FORMAT_CONF || request->format == FORMAT_UPDATE) {
        return settings_of(bytes, length, request, publication, old, old_length);
    }
    if (request->merge) return descriptor_of(bytes, length, request, publication, old, old_length);
    *bytes = lines_of(publication, request->format, request->pool);
    *length = strlen(*bytes);
    return NULL;
}

static void tell_missing(const conf_request_t *request, const cdist_publication_t *publication)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (publication->url[i]) continue;
        tool_fail(apr_psprintf(request->pool, "release %s has no %s: %s%s",
                               cdist_version_format(&publication->version, request->pool), cdist_locations[i].slot,
                               publication->lacks[i], request->merge ? "; its address in the file, if any, is left as it is" : ""));
    }
}

/* Lines of one kind of file make another kind worthless, and an infobase list or a descriptor is not easily written again. */
static cdist_err_t *check_kind(const conf_request_t *request, const char *path, const char *bytes, apr_size_t length)
{
    static const struct {
        const char *kind, *format; /* by format_t; dialog has no file */
    } wanted[] = {{"conf.cfg", "conf.cfg"}, {"default.vrd", "vrd"}, {"ClientUpdate.cfg", "clientupdate"}};
    const char *kind = cdist_lint_kind_name(path, bytes, length, request->pool), *hint = "";
    size_t i;

    if (!kind || request->format == FORMAT_DIALOG || strcmp(kind, wanted[request->format].kind) == 0) return NULL;
    for (i = 0; i < sizeof wanted / sizeof wanted[0]; i++) {
        if (strcmp(kind, wanted[i].kind) != 0) continue;
        hint = apr_pstrcat(request->pool, "; --format ", wanted[i].format, " is for it", NULL);
    }
    return cdist_err_create(request->pool, CDIST_E_INPUT, 0,
                            "%s: is such a file as %s, by its name or content, and --format %s would spoil it%s",
                            cdist_text_printable(path, request->pool), kind, wanted[request->format].format, hint);
}

/* The file of --merge; "" without one. */
static cdist_err_t *read_old(char **old, apr_size_t *length, const conf_request_t *request)
{
    *old = (char *)"";
    *length = 0;
    if (!request->merge) return NULL;
    CDIST_ERR(cdist_file_read(old, length, request->merge, CDIST_SETTINGS_MAX, request->pool));
    return check_kind(request, request->merge, *old, *length);
}

/* Whether -o may replace what is there: a file of the same kind, a descriptor only where --merge has kept the rest of it. */
static cdist_err_t *check_replaced(const conf_request_t *request)
{
    char *bytes;
    apr_size_t length;

    CDIST_ERR(cdist_file_read(&bytes, &length, request->output, CDIST_SETTINGS_MAX, request->pool));
    CDIST_ERR(check_kind(request, request->output, bytes, length));
    if (request->format != FORMAT_VRD || request->merge || !length) return NULL;
    return cdist_err_create(request->pool, CDIST_E_INPUT, 0,
                            "%s: attributes alone would take the place of the descriptor; --merge %s puts them into it",
                            cdist_text_printable(request->output, request->pool),
                            cdist_text_printable(request->output, request->pool));
}

static cdist_err_t *publish(const conf_request_t *request, const cdist_publication_t *publication)
{
    const char *bytes;
    char *old;
    apr_size_t length, old_length;
    apr_finfo_t info;

    CDIST_ERR(read_old(&old, &old_length, request));
    CDIST_ERR(compose(&bytes, &length, request, publication, old, old_length));
    if (!request->output || strcmp(request->output, "-") == 0) {
        fwrite(bytes, 1, length, stdout);
        return NULL;
    }
    if (APR_STATUS_IS_ENOENT(apr_stat(&info, request->output, APR_FINFO_TYPE | APR_FINFO_LINK, request->pool))) {
        return cdist_file_publish(request->output, bytes, length, request->pool);
    }
    /* NB: what is there may be a file that not everybody is to read. */
    if (info.filetype == APR_REG) CDIST_ERR(check_replaced(request));
    return cdist_file_replace(request->output, bytes, length, request->pool);
}

/* The server alone knows its CDistCurrent. */
static void tell_current(const conf_request_t *request, const cdist_publication_t *publication,
                         const cdist_catalogue_t *catalogue)
{
    if (!request->stable || request->mask.count || catalogue->releases->nelts < 2) return;
    tool_fail(apr_psprintf(request->pool,
                           "these addresses follow CDistCurrent, which is not known here; they name the slots of the "
                           "newest release, %s: if another one is current, say which with --version",
                           cdist_version_format(&publication->version, request->pool)));
}

static int conf(apr_getopt_t *args, apr_pool_t *pool)
{
    conf_request_t request = {pool, NULL, NULL, NULL, NULL, {{0}, 0}, 0, 0, FORMAT_CONF, {NULL, NULL, NULL, 1}};
    const cdist_catalogue_t *catalogue;
    cdist_publication_t publication;
    const char *value;
    cdist_err_t *err;
    int option, status;

    while ((option = tool_next_option(&value, &tool_conf, args)) > 0) {
        if ((status = take_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    request.lookup.roots = tool_operands(args, pool);
    if ((status = check_request(&request)) != TOOL_DONE) return status;
    catalogue = cdist_catalogue_scan(&request.lookup, 0, NULL, pool);
    err = cdist_publication_make(&publication, catalogue, &request.mask, request.base_url, request.stable, pool);
    if (err && err->code == CDIST_E_NOTFOUND) {
        tool_fail_err(err, pool);
        return TOOL_NOTHING;
    }
    if (!err) {
        tell_current(&request, &publication, catalogue);
        tell_missing(&request, &publication);
        if (request.json) print_rows(&publication, pool);
        else err = publish(&request, &publication);
    }
    return err ? tool_fail_err(err, pool) : TOOL_DONE;
}

const tool_verb_t tool_conf = {
    "conf",
    "Usage: 1cdist conf ROOT… --base-url URL [--version M] [--stable] [--format conf.cfg|vrd|clientupdate|dialog]\n"
    "                   [--update-date YYYYMMDDHHMMSS] [--merge FILE] [-o FILE] [--source SLOT=PATH]… [--json]\n"
    "\n"
    "Prints what has to stand in the platform's files, so that clients download from this publication: an address for each\n"
    "client that the platform updates itself and that the release holds an installer for. What is missing is said.\n"
    "\n"
    "  --base-url URL  where the publication is: http://server/update\n"
    "  --version M     the release: a version, or its first numbers for the newest that matches; default: the newest, as\n"
    "                  long as all are of one family\n"
    "  --stable        addresses without a version, which follow CDistCurrent: for a conf.cfg that all versions share.\n"
    "                  The server alone knows its CDistCurrent: which slots there are is taken from the newest release, or\n"
    "                  that of --version. Without --stable addresses name the version: for the conf.cfg of it alone\n"
    "  --format F      conf.cfg (default); vrd: attributes of <point> in default.vrd; clientupdate: ClientUpdate.cfg, by\n"
    "                  which clients load the next version before the switch; dialog: rows of the publication dialog\n"
    "  --update-date T with clientupdate: when the switch is\n"
    "  --merge FILE    print this file with the addresses put into it; all else in it stays byte for byte. A file that is of\n"
    "                  another kind than --format, by its name or content, is refused\n"
    "  -o FILE         write FILE instead of printing; a file that is there keeps its rights, and may be that of --merge\n"
    "  --source S=P    where a slot lies outside of ROOT, with %v for the version, as CDistSource says\n"
    "  --json          version slot key attribute bits system url, one object an address\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no release matches.\n",
    conf_options, conf};
