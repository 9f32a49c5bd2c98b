/* scan: what the module would see under a folder. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>

enum { OPTION_JSON = 256, OPTION_SOURCE };

static const apr_getopt_option_t scan_options[] = {
    {"source", OPTION_SOURCE, 1, NULL}, {"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL}, {NULL}};

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

static int scan(apr_getopt_t *args, apr_pool_t *pool)
{
    const cdist_catalogue_t *catalogue;
    cdist_lookup_t lookup = {NULL, NULL, NULL, 1};
    const char *value, *problem;
    int option, json = 0, printed, i;

    while ((option = tool_next_option(&value, &tool_scan, args)) > 0) {
        if (option == OPTION_JSON) json = 1;
        else if ((problem = tool_lookup_add_source(&lookup, value, pool)) != NULL) {
            return tool_usage_error(&tool_scan, "--source %s: %s", value, problem);
        }
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    lookup.roots = tool_operands(args, pool);
    if (!lookup.roots->nelts && !lookup.patterns) return tool_usage_error(&tool_scan, "name a folder with releases, or --source");
    /* The settle time is the server's business: here everything counts as it is now. */
    catalogue = cdist_catalogue_scan(&lookup, 0, NULL, pool);
    printed = print_catalogue(catalogue, json, pool);
    for (i = 0; i < catalogue->problems->nelts; i++) tool_fail(APR_ARRAY_IDX(catalogue->problems, i, const char *));
    if (catalogue->problems->nelts) return TOOL_FAILED;
    if (printed) return TOOL_DONE;
    tool_fail(apr_psprintf(pool, "%s: no releases found; expected are folders such as 8.3.22.1750/windows64 with an "
                           "installer in them, or 8.3.22.1750/distr/windows64tc.zip",
                           tool_lookup_name(&lookup, pool)));
    return TOOL_NOTHING;
}

const tool_verb_t tool_scan = {
    "scan",
    "Usage: 1cdist scan [--source SLOT=PATTERN]… [--json] ROOT…\n"
    "\n"
    "Lists the releases under the folders, newest first, as mod_1cdist would offer them: version, slot, where the\n"
    "slot's files come from (ready: an archive that is served as it is; distribution: a folder with installer files;\n"
    "installed: an installed platform, which the platform's own updater can do nothing with), number and size of files,\n"
    "path. What cannot be offered is reported with the reason. --json prints version, slot, source, path, files, bytes and\n"
    "installable, one object a line.\n"
    "\n"
    "  --source S=PATTERN  where the files of slot or component S lie, with %v for the version, as CDistSource says: for\n"
    "                      instance --source 'modules=/srv/modules/%v'; may be given several times, and then without ROOT\n"
    "\n"
    "Exit status: 0 done, 1 something cannot be offered, 2 wrong usage, 3 no releases found.\n",
    scan_options, scan};
