/* chain: which updates lead from one version of a configuration to another. */
#include "tool_int.h"

#include "launcher/cdist_launcher.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum {
    OPTION_JSON = 256, OPTION_TEMPLATES, OPTION_START_CFG, OPTION_NAME, OPTION_VENDOR, OPTION_FROM, OPTION_FROM_ID, OPTION_TO,
    OPTION_STRATEGY, OPTION_SCAN, OPTION_USE_CF, OPTION_MIN_AGE, OPTION_UNDATED, OPTION_CACHE, OPTION_NO_CACHE, OPTION_DESIGNER
};

static const apr_getopt_option_t chain_options[] = {
    {"templates", OPTION_TEMPLATES, 1, NULL}, {"start-cfg", OPTION_START_CFG, 1, NULL}, {"name", OPTION_NAME, 1, NULL},
    {"vendor", OPTION_VENDOR, 1, NULL},       {"from", OPTION_FROM, 1, NULL},           {"from-id", OPTION_FROM_ID, 1, NULL},
    {"to", OPTION_TO, 1, NULL},               {"strategy", OPTION_STRATEGY, 1, NULL},   {"scan", OPTION_SCAN, 1, NULL},
    {"use-cf", OPTION_USE_CF, 0, NULL},       {"min-age", OPTION_MIN_AGE, 1, NULL},     {"undated", OPTION_UNDATED, 1, NULL},
    {"cache", OPTION_CACHE, 1, NULL},         {"no-cache", OPTION_NO_CACHE, 0, NULL},   {"designer", OPTION_DESIGNER, 0, NULL},
    {"json", OPTION_JSON, 0, NULL},           {"help", 'h', 0, NULL},                   {NULL}};

#define MIN_AGE_MAX 36500

typedef struct {
    apr_array_header_t *folders; /* const char * */
    cdist_template_options_t scan;
    cdist_chain_request_t chain;
    int no_cache, json, designer;
    apr_pool_t *pool;
} request_t;

/* ---- arguments ----------------------------------------------------------------------------------------------------------- */

/* One of two words; returns which, or -1 after having complained. */
static int choose(const char *option, const char *value, const char *first, const char *second)
{
    if (strcmp(value, first) == 0) return 0;
    if (strcmp(value, second) == 0) return 1;
    tool_usage_error(&tool_chain, "--%s %s: must be %s or %s", option, value, first, second);
    return -1;
}

static int take_start_cfg(request_t *request, const char *path)
{
    apr_array_header_t *addresses = apr_array_make(request->pool, 2, sizeof(const char *));
    cdist_start_cfg_t *cfg;
    cdist_err_t *err = cdist_start_cfg_read(&cfg, path, request->pool);
    int i;

    if (err) return tool_fail_err(err, request->pool);
    for (i = 0; i < cfg->settings->nelts; i++) {
        const cdist_setting_t *setting = &APR_ARRAY_IDX(cfg->settings, i, cdist_setting_t);

        if (setting->broken || strcasecmp(setting->key, "ConfigurationTemplatesLocation") != 0) continue;
        cdist_templates_locations(request->folders, addresses, setting->value, request->pool);
    }
    for (i = 0; i < addresses->nelts; i++) {
        tool_fail(apr_psprintf(request->pool, "%s: %s: templates are looked for in folders alone",
                               cdist_text_printable(path, request->pool), cdist_text_printable(APR_ARRAY_IDX(addresses, i, const char *), request->pool)));
    }
    return TOOL_DONE;
}

/* TOOL_DONE, or the status to exit with. */
static int take_option(request_t *request, int option, const char *value)
{
    int chosen = 0;

    switch (option) {
    case OPTION_TEMPLATES: APR_ARRAY_PUSH(request->folders, const char *) = value; break;
    case OPTION_START_CFG: return take_start_cfg(request, value);
    case OPTION_NAME: request->chain.name = value; break;
    case OPTION_VENDOR: request->chain.vendor = value; break;
    case OPTION_FROM: request->chain.from = value; break;
    case OPTION_FROM_ID:
        if ((request->chain.from_id = cdist_chain_id(value, request->pool)) != NULL) break;
        return tool_usage_error(&tool_chain, "--from-id %s: must be a GUID, as 1cdist info shows it", value);
    case OPTION_TO: request->chain.to = value; break;
    case OPTION_STRATEGY:
        chosen = choose("strategy", value, "shortest", "sequential");
        request->chain.strategy = chosen == 1 ? CDIST_CHAIN_SEQUENTIAL : CDIST_CHAIN_SHORTEST;
        break;
    case OPTION_SCAN:
        chosen = choose("scan", value, "exact", "fast");
        request->scan.mode = chosen == 1 ? CDIST_SCAN_FAST : CDIST_SCAN_EXACT;
        break;
    case OPTION_USE_CF: request->chain.use_cf = 1; break;
    case OPTION_MIN_AGE:
        if (cdist_number_parse(&request->chain.min_age_days, value, 0, MIN_AGE_MAX)) break;
        return tool_usage_error(&tool_chain, "--min-age %s: must be a number of days from 0 to %d", value, MIN_AGE_MAX);
    case OPTION_UNDATED: chosen = request->chain.undated_allowed = choose("undated", value, "skip", "allow"); break;
    case OPTION_CACHE: request->scan.cache_folder = value; break;
    case OPTION_NO_CACHE: request->no_cache = 1; break;
    case OPTION_DESIGNER: request->designer = 1; break;
    default: request->json = 1; break;
    }
    return chosen < 0 ? TOOL_USAGE : TOOL_DONE;
}

/* What follows from the arguments as a whole. */
static int complete(request_t *request, const apr_array_header_t *operands)
{
    const char *folder;

    apr_array_cat(request->folders, operands);
    if (!request->chain.from || !*request->chain.from) return tool_usage_error(&tool_chain, "--from VERSION is missing");
    if (request->json && request->designer) return tool_usage_error(&tool_chain, "--json and --designer exclude each other");
    if (request->no_cache && request->scan.cache_folder) {
        return tool_usage_error(&tool_chain, "--cache and --no-cache exclude each other");
    }
    if (!request->no_cache) {
        request->scan.cache_beside = 1;
        if (!request->scan.cache_folder) request->scan.cache_folder = cdist_templates_default_cache(request->pool);
    }
    if (request->folders->nelts) return TOOL_DONE;
    folder = cdist_templates_default_folder(request->pool);
    if (!folder) return tool_usage_error(&tool_chain, "--templates FOLDER is missing");
    APR_ARRAY_PUSH(request->folders, const char *) = folder;
    return TOOL_DONE;
}

/* ---- templates ----------------------------------------------------------------------------------------------------------- */

/* NB: paths are of any length, and a terminal's line is not. */
static void show_progress(void *baton, int done, int found, const char *path)
{
    int *shown = baton;

    (void)path;
    *shown = found;
    fprintf(stderr, "\r%d files read of %d found so far", done, found);
}

static int scan(cdist_template_scan_t **found, request_t *request)
{
    apr_pool_t *pool = request->pool;
    cdist_err_t *err;
    int shown = -1, i;

    if (cdist_os_stderr_is_terminal()) {
        request->scan.progress = show_progress;
        request->scan.baton = &shown;
    }
    err = cdist_templates_scan(found, request->folders, &request->scan, pool, pool);
    if (shown >= 0) fprintf(stderr, "\r%60s\r", "");
    if (err) return tool_fail_err(err, pool);
    for (i = 0; i < (*found)->problems->nelts; i++) {
        const cdist_template_problem_t *problem = &APR_ARRAY_IDX((*found)->problems, i, cdist_template_problem_t);

        tool_fail(apr_pstrcat(pool, cdist_text_printable(problem->path, pool), ": ", problem->message, NULL));
    }
    return TOOL_DONE;
}

/* Without --name: the only configuration that there is. */
static int find_name(request_t *request, const apr_array_header_t *templates)
{
    apr_array_header_t *names;
    const char *text = "";
    int i;

    if (request->chain.name) return TOOL_DONE;
    names = cdist_chain_configurations(&request->chain.name, cdist_chain_finder_make(templates, request->pool),
                                       request->pool);
    if (request->chain.name) return TOOL_DONE;
    if (!names->nelts) {
        tool_fail(apr_pstrcat(request->pool, cdist_text_printable(APR_ARRAY_IDX(request->folders, 0, const char *), request->pool),
                              ": there are no releases", NULL));
        return TOOL_NOTHING;
    }
    for (i = 0; i < names->nelts; i++) {
        text = apr_pstrcat(request->pool, text, "\n  ", APR_ARRAY_IDX(names, i, const char *), NULL);
    }
    return tool_usage_error(&tool_chain, "--name is missing; there are:%s", text);
}

/* ---- results ------------------------------------------------------------------------------------------------------------- */

static const char *file_of(void *baton, const cdist_template_t *template, apr_pool_t *pool)
{
    (void)baton;
    (void)pool;
    return template->path;
}

/* NB: printf counts bytes, so that columns may only hold ASCII; free text comes last. */
static void print_steps(const cdist_chain_t *chain, apr_pool_t *pool)
{
    int i;

    printf("%s (%s): from %s to %s, %d step%s, %" APR_UINT64_T_FMT " bytes%s%s\n", cdist_text_printable(chain->name, pool),
           cdist_text_printable(*chain->vendor ? chain->vendor : "no vendor", pool), cdist_text_printable(chain->from, pool),
           cdist_text_printable(chain->to, pool), chain->steps->nelts, chain->steps->nelts == 1 ? "" : "s", chain->bytes,
           *chain->min_platform ? ", platform from " : "", cdist_text_printable(chain->min_platform, pool));
    if (*chain->note) printf("%s\n", chain->note);
    else printf("%4s %-16s %-4s %12s %-10s %-14s %s\n", "step", "version", "kind", "bytes", "released", "platform", "file");
    for (i = 0; i < chain->steps->nelts; i++) {
        const cdist_chain_step_t *step = &APR_ARRAY_IDX(chain->steps, i, cdist_chain_step_t);
        const cdist_template_t *template = step->template;
        const char *released = cdist_release_date(template->released, pool);

        printf("%4d %-16s %-4s %12" APR_UINT64_T_FMT " %-10s %-14s %s%s%s%s%s\n", i + 1,
               cdist_text_printable(template->id.version, pool), cdist_file_kind_name(template->kind), template->bytes,
               *released ? released : "-", *template->min_platform ? cdist_text_printable(template->min_platform, pool) : "-",
               cdist_text_printable(template->path, pool), *template->member ? ": " : "",
               cdist_text_printable(template->member, pool), step->downgrade ? " (downgrade)" : "",
               template->listed ? " (not here)" : "");
    }
}

/* What is to be known beside the steps, on standard error. */
static void print_warnings(const cdist_chain_t *chain, apr_pool_t *pool)
{
    const char *name = cdist_text_printable(chain->name, pool);
    int i;

    for (i = 0; i < chain->left_out->nelts; i++) {
        const cdist_chain_left_out_t *each = &APR_ARRAY_IDX(chain->left_out, i, cdist_chain_left_out_t);

        tool_fail(apr_pstrcat(pool, cdist_text_printable(each->template->path, pool), ": skipped: ", each->reason, NULL));
    }
    for (i = 0; i < chain->warnings->nelts; i++) {
        tool_fail(apr_pstrcat(pool, name, ": ", APR_ARRAY_IDX(chain->warnings, i, const char *), NULL));
    }
}

static int find(request_t *request, const apr_array_header_t *templates)
{
    apr_pool_t *pool = request->pool;
    cdist_chain_t *chain;
    cdist_err_t *err = cdist_chain_find(&chain, templates, &request->chain, pool, pool);

    if (err) return tool_usage_error(&tool_chain, "--vendor is missing: %s", cdist_err_text(err, pool));
    print_warnings(chain, pool);
    if (chain->problem) {
        tool_fail(apr_pstrcat(pool, cdist_text_printable(chain->name, pool), ": ", chain->problem, NULL));
        return TOOL_NOTHING;
    }
    if (request->json) puts(cdist_chain_json(chain, file_of, NULL, NULL, pool));
    else if (request->designer) tool_print_designer(chain, pool);
    else print_steps(chain, pool);
    return TOOL_DONE;
}

static int chain(apr_getopt_t *args, apr_pool_t *pool)
{
    request_t request;
    cdist_template_scan_t *found;
    const char *value;
    int option, status;

    memset(&request, 0, sizeof request);
    request.pool = pool;
    request.folders = apr_array_make(pool, 4, sizeof(const char *));
    request.chain.now = apr_time_now();
    while ((option = tool_next_option(&value, &tool_chain, args)) > 0) {
        if ((status = take_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    if ((status = complete(&request, tool_operands(args, pool))) != TOOL_DONE) return status;
    if ((status = scan(&found, &request)) != TOOL_DONE) return status;
    if ((status = find_name(&request, found->templates)) != TOOL_DONE) return status;
    return find(&request, found->templates);
}

const tool_verb_t tool_chain = {
    "chain",
    "Usage: 1cdist chain [--templates DIR…] [--start-cfg FILE] [--name NAME] [--vendor VENDOR] --from VERSION\n"
    "                    [--from-id ID] [--to VERSION] [--strategy shortest|sequential] [--scan exact|fast] [--use-cf]\n"
    "                    [--min-age DAYS] [--undated skip|allow] [--cache DIR | --no-cache] [--json | --designer]\n"
    "\n"
    "Finds the updates that lead from one version of a configuration to another. What an update applies to is read from the\n"
    "update itself, whatever names and texts beside it say; files that lie are told about on standard error.\n"
    "\n"
    "  --templates DIR    where releases lie; may be given several times, or with several folders. Without it those of\n"
    "                     --start-cfg, else the platform's own template folder\n"
    "  --start-cfg FILE   1cestart.cfg: the folders of its ConfigurationTemplatesLocation, beside those of --templates\n"
    "  --name, --vendor   of the configuration, as the files write them; not needed where there is only one\n"
    "  --from VERSION     what there is now, letter by letter: 1.0.0.5 is not 1.0.0.005\n"
    "  --from-id ID       the id of that version (1cdist info of its .cf), for vendors that build one version twice\n"
    "  --to VERSION       without it the highest version there is\n"
    "  --strategy         shortest: the fewest steps, then the fewest bytes (default); sequential: every release in turn\n"
    "  --scan             exact: reads every .cf and .cfu, those in .efd and .zip too (default); fast: trusts 1cv8.mft,\n"
    "                     UpdInfo.txt and v8upd11.xml, and opens no .cf and no .cfu\n"
    "  --use-cf           takes a vendor's .cf too, which leads from any version to its own, also back to a lower one named\n"
    "                     by --to; what it goes over is told\n"
    "  --min-age DAYS     leaves out what was released less than so many days ago, by UpdateDate of UpdInfo.txt; and what\n"
    "                     has no date, unless --undated allow is given\n"
    "  --cache DIR        where facts about files in read-only folders are kept; otherwise they are kept in a hidden file\n"
    "                     beside each. --no-cache writes and reads none\n"
    "  --designer         prints the commands of Designer that take the steps\n"
    "  --json             name vendor from to strategy min_platform bytes steps note warnings skipped, one object; a step is\n"
    "                     version version_id kind file member bytes released min_platform listed downgrade skips\n"
    "\n"
    "Exit status: 0 done, 1 no folder can be read, 2 wrong usage, 3 there is no chain: standard error tells how far updates\n"
    "lead, and which release is missing.\n",
    chain_options, chain};
