/* scan: what the module would see under a folder. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>

enum { OPTION_JSON = 256, OPTION_SOURCE, OPTION_OVERLAY, OPTION_RULES };

static const apr_getopt_option_t scan_options[] = {
    {"source", OPTION_SOURCE, 1, NULL}, {"overlay", OPTION_OVERLAY, 1, NULL}, {"rules", OPTION_RULES, 1, NULL},
    {"json", OPTION_JSON, 0, NULL},     {"help", 'h', 0, NULL},               {NULL}};

static void print_source(const cdist_source_t *source, int json, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&source->version, pool);
    json_t *object;

    if (!json) {
        printf("%-16s %-12s %-13s %7d %14" APR_UINT64_T_FMT "  %s\n", version, source->slot->name,
               cdist_source_kind_name(source->kind), source->files, source->bytes,
               cdist_text_printable(source->path, pool));
        return;
    }
    object = json_object();
    json_object_set_new(object, "version", json_string(version));
    json_object_set_new(object, "slot", json_string(source->slot->name));
    json_object_set_new(object, "source", json_string(cdist_source_kind_name(source->kind)));
    json_object_set_new(object, "path", json_string(cdist_text_printable(source->path, pool)));
    json_object_set_new(object, "files", json_integer(source->files));
    json_object_set_new(object, "bytes", json_integer((json_int_t)source->bytes));
    json_object_set_new(object, "installable", json_boolean(cdist_source_installable(source)));
    tool_print_json(object);
}

static int print_catalogue(const cdist_catalogue_t *catalogue, int json, apr_pool_t *pool)
{
    int printed = 0, i, j;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);

            if (source->problem) continue;
            if (!json && !printed) {
                printf("%-16s %-12s %-13s %7s %14s  %s\n", "version", "slot", "source", "files", "bytes", "path");
            }
            print_source(source, json, pool);
            printed++;
        }
    }
    return printed;
}

/* 1 if an overlay holds a release back. */
static int has_held(const cdist_catalogue_t *catalogue)
{
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        if (cdist_release_held(&APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t))) return 1;
    }
    return 0;
}

static void print_problems(const apr_array_header_t *problems)
{
    int i;

    for (i = 0; i < problems->nelts; i++) tool_fail(APR_ARRAY_IDX(problems, i, const char *));
}

/* NB: the settle time is the server's business: here everything counts as it is now. What was changed in this moment is waited
 * for where contents are compared. */
static const cdist_catalogue_t *look(const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    return lookup->overlay ? cdist_catalogue_scan_now(lookup, pool) : cdist_catalogue_scan(lookup, 0, NULL, pool);
}

static int scan(apr_getopt_t *args, apr_pool_t *pool)
{
    const cdist_catalogue_t *catalogue;
    cdist_lookup_t lookup = {NULL, NULL, NULL, 1};
    const char *value, *problem, *overlay = NULL, *rules = NULL;
    int option, json = 0, printed;

    while ((option = tool_next_option(&value, &tool_scan, args)) > 0) {
        if (option == OPTION_JSON) json = 1;
        else if (option == OPTION_OVERLAY) overlay = value;
        else if (option == OPTION_RULES) rules = value;
        else if ((problem = tool_lookup_add_source(&lookup, value, pool)) != NULL) {
            return tool_usage_error(&tool_scan, "--source %s: %s", value, problem);
        }
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    lookup.roots = tool_operands(args, pool);
    if (!lookup.roots->nelts && !lookup.patterns) return tool_usage_error(&tool_scan, "name a folder with releases, or --source");
    problem = tool_lookup_set_overlay(&lookup, overlay, rules, pool);
    if (problem) return tool_usage_error(&tool_scan, "%s", problem);
    catalogue = look(&lookup, pool);
    printed = print_catalogue(catalogue, json, pool);
    print_problems(catalogue->problems);
    print_problems(catalogue->conflicts);
    if (catalogue->problems->nelts || has_held(catalogue)) return TOOL_FAILED;
    if (printed) return TOOL_DONE;
    tool_fail(apr_psprintf(pool, "%s: no releases found; expected are folders such as 8.3.22.1750/windows64 with an "
                           "installer in them, or 8.3.22.1750/distr/windows64tc.zip",
                           tool_lookup_name(&lookup, pool)));
    return TOOL_NOTHING;
}

const tool_verb_t tool_scan = {
    "scan",
    "Usage: 1cdist scan [--source SLOT=PATTERN]… [--overlay DIR --rules FILE] [--json] ROOT…\n"
    "\n"
    "Lists the releases under the folders, newest first, as mod_1cdist would offer them: version, slot, where the\n"
    "slot's files come from (ready: an archive that is served as it is; distribution: a folder with installer files;\n"
    "installed: an installed platform, which the platform's own updater can do nothing with), number and size of files,\n"
    "path. What cannot be offered is reported with the reason. --json prints version, slot, source, path, files, bytes and\n"
    "installable, one object a line.\n"
    "\n"
    "  --source S=PATTERN  where the files of slot or component S lie, with %v for the version, as CDistSource says: for\n"
    "                      instance --source 'modules=/srv/modules/%v'; may be given several times, and then without ROOT\n"
    "  --overlay DIR       folder with your own files for each slot, laid over distributions as CDistOverlay does; what\n"
    "                      both you and the vendor changed is told, and a release that is held back for it is not listed\n"
    "  --rules FILE        the rules for them, as CDistOverlay's second argument\n"
    "\n"
    "Exit status: 0 done, 1 something cannot be offered, 2 wrong usage, 3 no releases found.\n",
    scan_options, scan};
