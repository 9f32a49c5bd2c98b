/* publish: freezes what is offered, for branches to take. */
#include "tool_int.h"
#include "mirror/cdist_mirror.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_INDEX, OPTION_KEY, OPTION_EXPIRES, OPTION_ARCHIVES, OPTION_REQUIRE, OPTION_COMPONENT,
       OPTION_SOURCE, OPTION_CURRENT, OPTION_COUNTER, OPTION_LEVEL, OPTION_THREADS, OPTION_LAYOUT, OPTION_TEMPLATES,
       OPTION_OVERLAY, OPTION_RULES };

#define EXPIRES_DAYS 30
#define EXPIRES_DAYS_MAX 3650

static const apr_getopt_option_t publish_options[] = {
    {"index", OPTION_INDEX, 1, NULL},       {"key", OPTION_KEY, 1, NULL},         {"expires", OPTION_EXPIRES, 1, NULL},
    {"archives", OPTION_ARCHIVES, 1, NULL}, {"require", OPTION_REQUIRE, 1, NULL}, {"component", OPTION_COMPONENT, 1, NULL},
    {"source", OPTION_SOURCE, 1, NULL},     {"current", OPTION_CURRENT, 1, NULL}, {"counter", OPTION_COUNTER, 1, NULL},
    {"level", OPTION_LEVEL, 1, NULL},       {"threads", OPTION_THREADS, 1, NULL}, {"layout", OPTION_LAYOUT, 1, NULL},
    {"templates", OPTION_TEMPLATES, 1, NULL}, {"overlay", OPTION_OVERLAY, 1, NULL}, {"rules", OPTION_RULES, 1, NULL},
    {"json", OPTION_JSON, 0, NULL},         {"help", 'h', 0, NULL},               {NULL}};

typedef struct {
    cdist_publish_options_t options;
    cdist_lookup_t lookup;
    const char *overlay, *rules;
    apr_array_header_t *keys, *chosen, *required, *templates;
    int updates; /* they were chosen */
    int json, rows;
    apr_pool_t *pool;
} request_t;

static int take_slot(apr_array_header_t *slots, request_t *request, const char *option, const char *value)
{
    const cdist_slot_t *slot = cdist_slot_make(value, request->pool);

    if (!slot) {
        return tool_usage_error(&tool_publish, "--%s %s: must be a slot such as windows64, or a component's name", option,
                                value);
    }
    tool_lookup_add_component(&request->lookup, slot, request->pool);
    APR_ARRAY_PUSH(slots, const cdist_slot_t *) = slot;
    return TOOL_DONE;
}

static int take_number(int *number, const char *option, const char *value, int least, int most)
{
    if (cdist_number_parse(number, value, least, most)) return TOOL_DONE;
    return tool_usage_error(&tool_publish, "--%s %s: must be a number from %d to %d", option, value, least, most);
}

/* TOOL_DONE, or the status to exit with. */
static int take_option(request_t *request, int option, const char *value)
{
    cdist_publish_options_t *options = &request->options;
    const char *problem;
    int number;

    switch (option) {
    case OPTION_INDEX: options->index_path = value; return TOOL_DONE;
    case OPTION_KEY: APR_ARRAY_PUSH(request->keys, const char *) = value; return TOOL_DONE;
    case OPTION_ARCHIVES: options->archives = value; return TOOL_DONE;
    case OPTION_OVERLAY: request->overlay = value; return TOOL_DONE;
    case OPTION_RULES: request->rules = value; return TOOL_DONE;
    case OPTION_EXPIRES: return take_number(&options->expires_days, "expires", value, 1, EXPIRES_DAYS_MAX);
    case OPTION_LEVEL: return take_number(&options->level, "level", value, CDIST_LEVEL_MIN, CDIST_LEVEL_MAX);
    case OPTION_THREADS: return take_number(&options->threads, "threads", value, 1, 64);
    case OPTION_COUNTER:
        number = 0;
        if (take_number(&number, "counter", value, 1, 2000000000) != TOOL_DONE) return TOOL_USAGE;
        options->counter = (apr_uint64_t)number;
        return TOOL_DONE;
    case OPTION_REQUIRE: return take_slot(request->required, request, "require", value);
    case OPTION_COMPONENT:
        if (strcmp(value, CDIST_UPDATES_NAME) != 0) return take_slot(request->chosen, request, "component", value);
        request->updates = 1;
        return TOOL_DONE;
    case OPTION_TEMPLATES: APR_ARRAY_PUSH(request->templates, const char *) = value; return TOOL_DONE;
    case OPTION_SOURCE:
        problem = tool_lookup_add_source(&request->lookup, value, request->pool);
        return problem ? tool_usage_error(&tool_publish, "--source %s: %s", value, problem) : TOOL_DONE;
    case OPTION_CURRENT:
        if (cdist_mask_parse(&options->current, value)) return TOOL_DONE;
        return tool_usage_error(&tool_publish, "--current %s: must be " CDIST_MASK_FORM, value);
    case OPTION_LAYOUT:
        options->layout = strcmp(value, "folder") == 0 ? CDIST_LAYOUT_FOLDER : CDIST_LAYOUT_FLAT;
        if (options->layout == CDIST_LAYOUT_FOLDER || strcmp(value, "flat") == 0) return TOOL_DONE;
        return tool_usage_error(&tool_publish, "--layout %s: must be flat or folder", value);
    default: request->json = 1; return TOOL_DONE;
    }
}

static void print_published(void *baton, const cdist_published_t *published, apr_pool_t *pool)
{
    request_t *request = baton;
    json_t *object;

    if (!request->json) {
        if (!request->rows++) printf("%-16s %-12s %-8s %14s  %s\n", "version", "slot", "action", "bytes", "file");
        printf("%-16s %-12s %-8s %14" APR_UINT64_T_FMT "  %s\n", published->version, published->component, published->action,
               published->bytes, cdist_text_printable(published->file, pool));
        return;
    }
    object = json_object();
    json_object_set_new(object, "version", json_string(published->version));
    json_object_set_new(object, "slot", json_string(published->component));
    json_object_set_new(object, "file", json_string(published->file));
    json_object_set_new(object, "action", json_string(published->action));
    json_object_set_new(object, "bytes", json_integer((json_int_t)published->bytes));
    json_object_set_new(object, "sha256", json_string(cdist_digest_hex(&published->sha256, pool)));
    tool_print_json(object);
}

static void print_index(const request_t *request, const cdist_publish_result_t *result)
{
    const char *expires = cdist_time_format(result->expires, request->pool);
    json_t *object;

    if (!request->json) {
        printf("%s: counter %" APR_UINT64_T_FMT ", %d releases, %d archives, %d files of updates, %s, expires %s%s\n",
               request->options.index_path, result->counter, result->releases, result->archives, result->updates, request->options.keys ? "signed" : "not signed", expires,
               result->changed   ? ""
               : result->written ? "; nothing new, renewed"
                                 : "; nothing new, left as it is");
        return;
    }
    object = json_object();
    json_object_set_new(object, "index", json_string(cdist_text_printable(request->options.index_path, request->pool)));
    json_object_set_new(object, "counter", json_integer((json_int_t)result->counter));
    json_object_set_new(object, "expires", json_string(expires));
    json_object_set_new(object, "signed", json_boolean(request->options.keys != NULL));
    json_object_set_new(object, "releases", json_integer(result->releases));
    json_object_set_new(object, "archives", json_integer(result->archives));
    json_object_set_new(object, "updates", json_integer(result->updates));
    json_object_set_new(object, "changed", json_boolean(result->changed));
    json_object_set_new(object, "written", json_boolean(result->written));
    tool_print_json(object);
}

/* Paths are compared, so they are made alike. */
static const char *absolute(const char *path, apr_pool_t *pool)
{
    char *merged;

    return apr_filepath_merge(&merged, NULL, path, APR_FILEPATH_NATIVE, pool) == APR_SUCCESS ? merged : path;
}

static cdist_err_t *read_keys(request_t *request)
{
    apr_array_header_t *keys = apr_array_make(request->pool, 2, sizeof(cdist_signing_key_t *));
    int i;

    for (i = 0; i < request->keys->nelts; i++) {
        const char *path = APR_ARRAY_IDX(request->keys, i, const char *);
        apr_finfo_t info;

        CDIST_ERR(cdist_signing_key_read(apr_array_push(keys), path, request->pool));
        if (apr_stat(&info, path, APR_FINFO_PROT, request->pool) != APR_SUCCESS ||
            !(info.protection & (APR_FPROT_WREAD | APR_FPROT_GREAD))) {
            continue;
        }
        tool_fail(apr_pstrcat(request->pool, cdist_text_printable(path, request->pool),
                              ": the private key can be read by others; chmod 600", NULL));
    }
    request->options.keys = keys->nelts ? keys : NULL;
    return NULL;
}

static int run(request_t *request)
{
    cdist_publish_result_t result;
    cdist_err_t *err = read_keys(request);

    if (err) return tool_fail_err(err, request->pool);
    err = cdist_publish(&result, &request->options, request->pool);
    if (err) {
        tool_fail_err(err, request->pool);
        return err->code == CDIST_E_NOTFOUND ? TOOL_NOTHING : TOOL_FAILED;
    }
    print_index(request, &result);
    return TOOL_DONE;
}

/* Which template folders are published: those that are named, else that in each root, if it has one. */
static int choose_templates(request_t *request)
{
    apr_array_header_t *templates = request->templates;
    apr_finfo_t info;
    int i;

    if (request->chosen->nelts && !request->updates) {
        if (!templates->nelts) return TOOL_DONE;
        return tool_usage_error(&tool_publish, "--templates is given, and --component leaves " CDIST_UPDATES_NAME " out");
    }
    for (i = 0; i < templates->nelts; i++) {
        APR_ARRAY_IDX(templates, i, const char *) = absolute(APR_ARRAY_IDX(templates, i, const char *), request->pool);
    }
    for (i = 0; !request->templates->nelts && i < request->lookup.roots->nelts; i++) {
        const char *path = apr_pstrcat(request->pool, APR_ARRAY_IDX(request->lookup.roots, i, const char *),
                                       "/" CDIST_UPDATES_NAME, NULL);

        if (apr_stat(&info, path, APR_FINFO_TYPE, request->pool) != APR_SUCCESS || info.filetype != APR_DIR) continue;
        APR_ARRAY_PUSH(templates, const char *) = path;
    }
    if (templates->nelts) request->options.templates = templates;
    else if (request->updates) return tool_usage_error(&tool_publish, "--component updates: name a template folder with --templates");
    return TOOL_DONE;
}

/* Branches would wait for ever for a slot that the index requires and does not hold. */
static int check_required(const request_t *request)
{
    int i, j;

    for (i = 0; request->chosen->nelts && i < request->required->nelts; i++) {
        const char *name = APR_ARRAY_IDX(request->required, i, const cdist_slot_t *)->name;

        for (j = 0; j < request->chosen->nelts; j++) {
            if (strcmp(name, APR_ARRAY_IDX(request->chosen, j, const cdist_slot_t *)->name) == 0) break;
        }
        if (j == request->chosen->nelts) {
            return tool_usage_error(&tool_publish, "--require %s is given, and --component leaves it out", name);
        }
    }
    return TOOL_DONE;
}

static int publish(apr_getopt_t *args, apr_pool_t *pool)
{
    request_t request;
    apr_array_header_t *roots;
    const char *value, *problem;
    int option, status, i;

    memset(&request, 0, sizeof request);
    request.pool = pool;
    request.keys = apr_array_make(pool, 2, sizeof(const char *));
    request.chosen = apr_array_make(pool, 4, sizeof(const cdist_slot_t *));
    request.required = apr_array_make(pool, 4, sizeof(const cdist_slot_t *));
    request.templates = apr_array_make(pool, 2, sizeof(const char *));
    request.options.expires_days = EXPIRES_DAYS;
    request.options.level = CDIST_LEVEL_DEFAULT;
    while ((option = tool_next_option(&value, &tool_publish, args)) > 0) {
        if ((status = take_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    roots = tool_operands(args, pool);
    if (!roots->nelts && !request.lookup.patterns && !request.templates->nelts) {
        return tool_usage_error(&tool_publish, "name a folder with releases, --source or --templates");
    }
    if (!request.options.index_path) return tool_usage_error(&tool_publish, "--index FILE is missing");
    problem = tool_lookup_set_overlay(&request.lookup, request.overlay, request.rules, pool);
    if (problem) return tool_usage_error(&tool_publish, "%s", problem);
    for (i = 0; i < roots->nelts; i++) {
        APR_ARRAY_IDX(roots, i, const char *) = absolute(APR_ARRAY_IDX(roots, i, const char *), pool);
    }
    request.lookup.roots = roots;
    request.options.index_path = absolute(request.options.index_path, pool);
    if (request.options.archives) request.options.archives = absolute(request.options.archives, pool);
    request.options.lookup = &request.lookup;
    request.options.chosen = request.chosen->nelts || request.updates ? request.chosen : NULL;
    if ((status = check_required(&request)) != TOOL_DONE || (status = choose_templates(&request)) != TOOL_DONE) return status;
    request.options.required = request.required->nelts ? request.required : NULL;
    request.options.report = print_published;
    request.options.note = tool_note;
    request.options.baton = &request;
    return run(&request);
}

const tool_verb_t tool_publish = {
    "publish",
    "Usage: 1cdist publish ROOT… --index FILE [--key FILE]… [--expires DAYS] [--archives FOLDER] [--require SLOT]…\n"
    "                      [--component SLOT]… [--source SLOT=PATTERN]… [--templates DIR]… [--current MASK]\n"
    "                      [--overlay DIR --rules FILE] [--json]\n"
    "\n"
    "Freezes what is offered, for 1cdist sync: builds the archives of all complete releases into FOLDER/<version>/, each\n"
    "with its manifest beside it, and writes FILE, the index. What did not change is not built again. The private key need\n"
    "not be readable by the web server, and a plain one will do. Archives of releases that are gone stay where they are.\n"
    "Installed platforms are left out: they hold no installer.\n"
    "\n"
    "  --index FILE     index.json in the published folder; with --key also index.json.sig, its signatures\n"
    "  --key FILE       private key (1cdist key new) that signs the index; several sign it all, for a change of keys\n"
    "  --expires DAYS   after which branches must have seen another index; renewed when less than half is left (default: 30)\n"
    "  --archives FOLDER  where the archives go (default: the index's folder); the web server must show it as that folder\n"
    "  --require SLOT   only releases with this slot or component are complete, as CDistRequire says; may be repeated\n"
    "  --component SLOT publish only this slot or component; may be repeated (default: all that there is); updates: the\n"
    "                   configuration updates of template folders\n"
    "  --templates DIR  a template folder, whose files go to FOLDER/updates; may be repeated (default: ROOT/updates)\n"
    "  --source S=PATTERN  where slot or component S lies, as CDistSource says\n"
    "  --overlay DIR    folder with your own files for each slot, laid over distributions as CDistOverlay does; a release of\n"
    "                   which you and the vendor changed the same file, and no rule decides, is left out\n"
    "  --rules FILE     the rules for them, as CDistOverlay's second argument\n"
    "  --current MASK   what the centre calls current, for people; branches decide by CDistCurrent\n"
    "  --counter N      the least number of the index, where the one before was lost\n"
    "  --level N, --threads N, --layout flat|folder  as for 1cdist build\n"
    "  --json           version slot file action bytes sha256, one object an archive or file; then index counter expires signed\n"
    "                   releases archives updates changed written\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 there is no complete release, and no template.\n",
    publish_options, publish};
