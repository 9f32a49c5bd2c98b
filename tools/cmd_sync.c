/* sync: takes over what a centre offers. */
#include "tool_int.h"
#include "mirror/cdist_mirror.h"

#include <apr_env.h>
#include <apr_signal.h>
#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_FROM, OPTION_TO, OPTION_COMPONENT, OPTION_VERSION, OPTION_KEY, OPTION_CHECK, OPTION_PROXY,
       OPTION_CA, OPTION_CERT, OPTION_CERT_KEY, OPTION_USER_FILE, OPTION_TIMEOUT, OPTION_FLOOR, OPTION_RATE, OPTION_ROLLBACK,
       OPTION_HOLD, OPTION_RELEASE_HOLD, OPTION_REPORT, OPTION_TEMPLATES, OPTION_CURRENT };

#define TIMEOUT_SEC 60
#define TIMEOUT_SEC_MAX 3600
#define FLOOR_BYTES 1024
#define USER_FILE_MAX 65536
#define USER_VARIABLE "CDIST_SYNC_USER"

static const apr_getopt_option_t sync_options[] = {
    {"from", OPTION_FROM, 1, NULL},         {"to", OPTION_TO, 1, NULL},               {"component", OPTION_COMPONENT, 1, NULL},
    {"version", OPTION_VERSION, 1, NULL},   {"key", OPTION_KEY, 1, NULL},             {"check", OPTION_CHECK, 0, NULL},
    {"proxy", OPTION_PROXY, 1, NULL},       {"cacert", OPTION_CA, 1, NULL},           {"cert", OPTION_CERT, 1, NULL},
    {"cert-key", OPTION_CERT_KEY, 1, NULL}, {"user-file", OPTION_USER_FILE, 1, NULL}, {"timeout", OPTION_TIMEOUT, 1, NULL},
    {"floor", OPTION_FLOOR, 1, NULL},       {"rate", OPTION_RATE, 1, NULL},           {"hold", OPTION_HOLD, 1, NULL},
    {"release-hold", OPTION_RELEASE_HOLD, 1, NULL}, {"allow-rollback", OPTION_ROLLBACK, 1, NULL},
    {"templates", OPTION_TEMPLATES, 1, NULL},
    {"report", OPTION_REPORT, 0, NULL},     {"current", OPTION_CURRENT, 1, NULL},     {"json", OPTION_JSON, 0, NULL},
    {"help", 'h', 0, NULL},                 {NULL}};

typedef struct {
    cdist_sync_options_t options;
    apr_array_header_t *sources, *components;
    apr_array_header_t *hold, *release; /* cdist_version_t */
    const char *user_file, *templates;
    int updates; /* they were chosen */
    const char *current; /* NULL: not given */
    int json, rows, shown;
    apr_pool_t *pool;
} request_t;

/* ---- options --------------------------------------------------------------------------------------------------------- */

static int take_bytes(apr_uint64_t *bytes, const char *option, const char *value)
{
    if (cdist_size_parse(bytes, value) && *bytes < (apr_uint64_t)1 << 40) return TOOL_DONE;
    return tool_usage_error(&tool_sync, "--%s %s: must be " CDIST_SIZE_FORM, option, value);
}

static int take_version(apr_array_header_t *versions, const char *option, const char *value)
{
    if (cdist_version_parse(apr_array_push(versions), value)) return TOOL_DONE;
    return tool_usage_error(&tool_sync, "--%s %s: must be four numbers such as 8.3.22.1750", option, value);
}

static int take_component(request_t *request, const char *value)
{
    const cdist_slot_t *slot = cdist_slot_make(value, request->pool);

    if (!slot) {
        return tool_usage_error(&tool_sync, "--component %s: must be a slot such as windows64, or a component's name", value);
    }
    APR_ARRAY_PUSH(request->components, const cdist_slot_t *) = slot;
    return TOOL_DONE;
}

static int take_current(request_t *request, const char *value)
{
    request->current = value;
    if (!cdist_current_parse(&request->options.current, value)) return TOOL_DONE;
    return tool_usage_error(&tool_sync, "--current %s: must be \"newest\", or " CDIST_MASK_FORM, value);
}

/* TOOL_DONE, or the status to exit with. */
static int take_option(request_t *request, int option, const char *value)
{
    cdist_sync_options_t *options = &request->options;
    cdist_transport_t *transport = &options->transport;

    switch (option) {
    case OPTION_FROM: APR_ARRAY_PUSH(request->sources, const char *) = value; return TOOL_DONE;
    case OPTION_TO: options->root = value; return TOOL_DONE;
    case OPTION_COMPONENT:
        if (strcmp(value, CDIST_UPDATES_NAME) != 0) return take_component(request, value);
        request->updates = 1;
        return TOOL_DONE;
    case OPTION_TEMPLATES:
        request->templates = value;
        return *value ? TOOL_DONE : tool_usage_error(&tool_sync, "--templates wants a folder");
    case OPTION_VERSION:
        if (cdist_mask_parse(&options->mask, value)) return TOOL_DONE;
        return tool_usage_error(&tool_sync, "--version %s: must be " CDIST_MASK_FORM, value);
    case OPTION_KEY: options->key = value; return TOOL_DONE;
    case OPTION_CHECK: options->check = 1; return TOOL_DONE;
    case OPTION_REPORT: options->tell = 1; return TOOL_DONE;
    case OPTION_CURRENT: return take_current(request, value);
    case OPTION_PROXY: transport->proxy = value; return TOOL_DONE;
    case OPTION_CA: transport->ca = value; return TOOL_DONE;
    case OPTION_CERT: transport->cert = value; return TOOL_DONE;
    case OPTION_CERT_KEY: transport->cert_key = value; return TOOL_DONE;
    case OPTION_USER_FILE: request->user_file = value; return TOOL_DONE;
    case OPTION_TIMEOUT:
        if (cdist_number_parse(&transport->timeout_sec, value, 1, TIMEOUT_SEC_MAX)) return TOOL_DONE;
        return tool_usage_error(&tool_sync, "--timeout %s: must be a number of seconds from 1 to %d", value, TIMEOUT_SEC_MAX);
    case OPTION_FLOOR: return take_bytes(&transport->floor_bytes, "floor", value);
    case OPTION_RATE: return take_bytes(&transport->rate_bytes, "rate", value);
    case OPTION_ROLLBACK:
        options->rollback_reason = value;
        return *value ? TOOL_DONE : tool_usage_error(&tool_sync, "--allow-rollback wants a reason");
    case OPTION_HOLD: return take_version(request->hold, "hold", value);
    case OPTION_RELEASE_HOLD: return take_version(request->release, "release-hold", value);
    default: request->json = 1; return TOOL_DONE;
    }
}

/* Where configuration updates go, if they are wanted: a mask is one of platform versions. */
static int choose_templates(request_t *request)
{
    cdist_sync_options_t *options = &request->options;
    int wanted = request->updates || (!request->components->nelts && !options->mask.count);

    if (!wanted && request->templates) {
        return tool_usage_error(&tool_sync, "--templates is given, and --component or --version leaves " CDIST_UPDATES_NAME " out");
    }
    if (wanted && request->templates && strcmp(request->templates, options->root) == 0) {
        return tool_usage_error(&tool_sync, "--templates %s: must be another folder than the root", request->templates);
    }
    options->components = request->components->nelts || request->updates ? request->components : NULL;
    options->templates = !wanted             ? NULL
                         : request->templates ? request->templates
                                              : apr_pstrcat(request->pool, options->root, "/" CDIST_UPDATES_NAME, NULL);
    return TOOL_DONE;
}

static int check_request(const request_t *request)
{
    const cdist_transport_t *transport = &request->options.transport;
    int holding = request->hold->nelts || request->release->nelts, i;

    if (!request->options.root) return tool_usage_error(&tool_sync, "--to ROOT is missing");
    if (holding && request->sources->nelts) {
        return tool_usage_error(&tool_sync, "--hold and --release-hold stand without --from");
    }
    if (!holding && !request->sources->nelts) return tool_usage_error(&tool_sync, "--from URL is missing");
    if (request->current && !request->options.tell) return tool_usage_error(&tool_sync, "--current is for --report");
    if (transport->rate_bytes && transport->rate_bytes < transport->floor_bytes) {
        return tool_usage_error(&tool_sync,
                                "--rate of %" APR_UINT64_T_FMT " bytes is below --floor of %" APR_UINT64_T_FMT
                                " bytes: everything would be given up as too slow",
                                transport->rate_bytes, transport->floor_bytes);
    }
    for (i = 0; i < request->sources->nelts; i++) {
        const char *problem = cdist_sync_source_problem(APR_ARRAY_IDX(request->sources, i, const char *));

        /* NB: without the address, which may hold a password. */
        if (problem) return tool_usage_error(&tool_sync, "--from, number %d: %s", i + 1, problem);
    }
    return TOOL_DONE;
}

/* ---- results ----------------------------------------------------------------------------------------------------------- */

static const char *action_name(cdist_sync_action_t action)
{
    return action == CDIST_SYNC_TAKEN ? "taken" : action == CDIST_SYNC_PRESENT ? "present" : "wanted";
}

static void print_synced(void *baton, const cdist_synced_t *synced, apr_pool_t *pool)
{
    request_t *request = baton;
    json_t *object;

    tool_progress_end(request->shown);
    request->shown = -1;
    if (!request->json) {
        if (synced->action == CDIST_SYNC_PRESENT) return;
        if (!request->rows++) {
            printf("%-16s %-12s %-8s %14s %14s %14s  %s\n", "version", "slot", "action", "bytes", "fetched", "reused", "file");
        }
        printf("%-16s %-12s %-8s %14" APR_UINT64_T_FMT " %14" APR_UINT64_T_FMT " %14" APR_UINT64_T_FMT "  %s\n",
               synced->version, synced->component, action_name(synced->action), synced->bytes, synced->fetched_bytes,
               synced->reused_bytes, cdist_text_printable(synced->file, pool));
        fflush(stdout);
        return;
    }
    object = json_object();
    json_object_set_new(object, "version", json_string(synced->version));
    json_object_set_new(object, "slot", json_string(synced->component));
    json_object_set_new(object, "file", json_string(synced->file));
    json_object_set_new(object, "action", json_string(action_name(synced->action)));
    json_object_set_new(object, "bytes", json_integer((json_int_t)synced->bytes));
    json_object_set_new(object, "fetched_bytes", json_integer((json_int_t)synced->fetched_bytes));
    json_object_set_new(object, "reused_bytes", json_integer((json_int_t)synced->reused_bytes));
    json_object_set_new(object, "sha256", json_string(cdist_digest_hex(&synced->sha256, pool)));
    tool_print_json(object);
    fflush(stdout);
}

static void show_progress(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes)
{
    request_t *request = baton;

    tool_progress(&request->shown, done_bytes, total_bytes);
}

static void note(void *baton, const char *text)
{
    request_t *request = baton;

    tool_progress_end(request->shown);
    request->shown = -1;
    tool_note(baton, text);
}

static void print_summary(const request_t *request, const cdist_sync_result_t *result)
{
    const char *from = cdist_text_printable(result->from, request->pool);
    json_t *object;

    if (!request->json) {
        printf("%s: %s%s%s; %d archives and %d files of updates %s, %d releases %s; %" APR_UINT64_T_FMT " bytes in %d requests\n",
               from, result->key ? "signed by " : "not signed: the transport is trusted", result->key ? result->key : "",
               result->unchanged ? ", unchanged" : "", result->archives, result->updates, request->options.check ? "would be taken" : "taken",
               result->releases, request->options.check ? "would be switched over" : "switched over", result->wire_bytes,
               result->requests);
        return;
    }
    object = json_object();
    json_object_set_new(object, "from", json_string(from));
    json_object_set_new(object, "signed", json_boolean(result->key != NULL));
    json_object_set_new(object, "key", json_string(result->key ? result->key : ""));
    json_object_set_new(object, "counter", json_integer((json_int_t)result->counter));
    json_object_set_new(object, "expires",
                        json_string(result->expires ? cdist_time_format(result->expires, request->pool) : ""));
    json_object_set_new(object, "unchanged", json_boolean(result->unchanged));
    json_object_set_new(object, "archives", json_integer(result->archives));
    json_object_set_new(object, "updates", json_integer(result->updates));
    json_object_set_new(object, "releases", json_integer(result->releases));
    json_object_set_new(object, "held", json_integer(result->held));
    json_object_set_new(object, "waiting", json_integer(result->waiting));
    json_object_set_new(object, "requests", json_integer(result->requests));
    json_object_set_new(object, "wire_bytes", json_integer((json_int_t)result->wire_bytes));
    tool_print_json(object);
}

/* ---- doing it ---------------------------------------------------------------------------------------------------------- */

static int set_holds(const request_t *request, const apr_array_header_t *versions, int held)
{
    int i, changed;

    for (i = 0; i < versions->nelts; i++) {
        const cdist_version_t *version = &APR_ARRAY_IDX(versions, i, cdist_version_t);
        cdist_err_t *err = cdist_hold_set(&changed, request->options.root, version, held, request->pool);

        if (err) return tool_fail_err(err, request->pool);
        printf("%s: %s%s\n", cdist_version_format(version, request->pool), held ? "held" : "not held",
               changed ? "" : ", as before");
    }
    return TOOL_DONE;
}

/* Names and passwords, out of a file or the environment: arguments are seen by everybody on the machine. */
static cdist_err_t *read_user(request_t *request)
{
    const char *name = request->user_file ? request->user_file : USER_VARIABLE;
    apr_array_header_t *logins;
    apr_size_t length;
    char *text;

    if (request->user_file) {
        CDIST_ERR(cdist_file_read(&text, &length, request->user_file, USER_FILE_MAX, request->pool));
    } else if (apr_env_get(&text, USER_VARIABLE, request->pool) != APR_SUCCESS) {
        return NULL;
    }
    CDIST_ERR(cdist_logins_parse(&logins, text, name, APR_ARRAY_IDX(request->sources, 0, const char *), request->pool));
    request->options.transport.logins = logins;
    return NULL;
}

static int run(request_t *request)
{
    cdist_sync_result_t result;
    cdist_err_t *err = read_user(request);

    if (err) return tool_fail_err(err, request->pool);
    /* A limit of files' sizes, and a server that goes away, are errors to be told, and no reasons to die. */
#ifdef SIGXFSZ
    apr_signal(SIGXFSZ, SIG_IGN);
#endif
#ifdef SIGPIPE
    apr_signal(SIGPIPE, SIG_IGN);
#endif
    err = cdist_sync(&result, &request->options, request->pool);
    tool_progress_end(request->shown);
    if (!err) {
        print_summary(request, &result);
        return TOOL_DONE;
    }
    tool_fail_err(err, request->pool);
    return err->code == CDIST_E_NOTFOUND ? TOOL_NOTHING : TOOL_FAILED;
}

static int sync_verb(apr_getopt_t *args, apr_pool_t *pool)
{
    request_t request;
    const char *value;
    int option, status;

    memset(&request, 0, sizeof request);
    request.pool = pool;
    request.shown = -1;
    request.sources = apr_array_make(pool, 2, sizeof(const char *));
    request.components = apr_array_make(pool, 4, sizeof(const cdist_slot_t *));
    request.hold = apr_array_make(pool, 2, sizeof(cdist_version_t));
    request.release = apr_array_make(pool, 2, sizeof(cdist_version_t));
    request.options.transport.timeout_sec = TIMEOUT_SEC;
    request.options.transport.floor_bytes = FLOOR_BYTES;
    while ((option = tool_next_option(&value, &tool_sync, args)) > 0) {
        if ((status = take_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    if (tool_operands(args, pool)->nelts) {
        return tool_usage_error(&tool_sync, "sources are given with --from, the root with --to");
    }
    if ((status = check_request(&request)) != TOOL_DONE) return status;
    if (request.hold->nelts || request.release->nelts) {
        status = set_holds(&request, request.hold, 1);
        return status == TOOL_DONE ? set_holds(&request, request.release, 0) : status;
    }
    request.options.sources = request.sources;
    if ((status = choose_templates(&request)) != TOOL_DONE) return status;
    request.options.report = print_synced;
    request.options.note = note;
    request.options.progress = cdist_os_stderr_is_terminal() ? show_progress : NULL;
    request.options.baton = &request;
    return run(&request);
}

const tool_verb_t tool_sync = {
    "sync",
    "Usage: 1cdist sync --from URL… --to ROOT [--component SLOT]… [--templates DIR] [--version MASK]\n"
    "                   [--key FILE] [--check] [--report [--current WHAT]] [--json]\n"
    "       1cdist sync --to ROOT --hold VERSION | --release-hold VERSION\n"
    "\n"
    "Takes over what a centre offers (1cdist publish, or a server with mod_1cdist), and is not there yet, as\n"
    "ROOT/<version>/distr/<file>. Of each archive only those entries are fetched that no archive here has, by ranges; the rest\n"
    "is put together of what is here, byte for byte. A release appears when all of it is there and verified, and\n"
    "what is served is never touched before. An interrupted sync goes on where it stopped. Nothing is ever deleted.\n"
    "\n"
    "  --from URL       of a publication, or of its index.json; several are asked in this order, those that lied last\n"
    "  --to ROOT        the folder of releases, as in CDistRoot; what sync needs to know lies in ROOT/.1cdist\n"
    "  --component SLOT take only this slot or component; may be repeated (default: all that is offered); updates: the\n"
    "                   configuration updates\n"
    "  --templates DIR  the template folder that configuration updates go to (default: ROOT/updates), as in CDistUpdates\n"
    "  --version MASK   only releases that match (default: all that are offered)\n"
    "  --key FILE       public key, or key list: without its signature nothing is taken. Without --key the transport is trusted\n"
    "  --check          only tell what would be done, in bytes\n"
    "  --report         tell the centre how it ended: its releases, the time, the error; as POST to URL/branches\n"
    "  --current WHAT   with --report: newest, a mask or a version, as CDistCurrent says here (default: as without it)\n"
    "  --hold VERSION   leave this version alone from now on, until --release-hold; the centre has no say in it\n"
    "  --allow-rollback REASON  take an index older than the last one, this time; the reason is kept\n"
    "  --proxy URL, --cacert FILE, --cert FILE, --cert-key FILE  as for curl\n"
    "  --user-file FILE lines of URL NAME:PASSWORD, each for that address and what lies below it; or NAME:PASSWORD alone,\n"
    "                   for the server of the first --from. Or the variable " USER_VARIABLE ". No other server ever gets it\n"
    "  --timeout SECONDS for connecting; also how long it may be slower than --floor (default: 60)\n"
    "  --floor BYTES    a second: what is slower is given up (default: 1K)\n"
    "  --rate BYTES     a second: be no faster; not below --floor (default: none)\n"
    "  --json           version slot file action bytes fetched_bytes reused_bytes sha256, one object an archive or\n"
    "                   file; then from signed key counter expires unchanged archives updates releases held waiting requests\n"
    "                   wire_bytes\n"
    "\n"
    "Exit status: 0 done, or nothing to do; 1 failed, what was there goes on being served; 2 wrong usage; 3 nothing that\n"
    "matches is offered.\n",
    sync_options, sync_verb};
