/* Where the verbs look for releases: folders, what --source adds, and the files that --overlay lays over them, as CDistRoot,
 * CDistSource and CDistOverlay do for the module. */
#include "tool_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

void tool_lookup_add_component(cdist_lookup_t *lookup, const cdist_slot_t *slot, apr_pool_t *pool)
{
    apr_array_header_t *components = (apr_array_header_t *)lookup->components;

    if (!cdist_slot_is_component(slot)) return;
    if (!components) lookup->components = components = apr_array_make(pool, 2, sizeof(const cdist_slot_t *));
    APR_ARRAY_PUSH(components, const cdist_slot_t *) = slot;
}

const char *tool_lookup_add_source(cdist_lookup_t *lookup, const char *text, apr_pool_t *pool)
{
    apr_array_header_t *patterns = (apr_array_header_t *)lookup->patterns;
    const char *equals = strchr(text, '='), *problem;
    cdist_pattern_t pattern;
    char *path;

    if (!equals) return "must be SLOT=PATH-WITH-%v, such as modules=/srv/modules/%v";
    pattern.slot = cdist_slot_make(apr_pstrmemdup(pool, text, (apr_size_t)(equals - text)), pool);
    if (!pattern.slot) {
        return "before '=' must stand a slot such as windows64, or a component's name of at most 31 letters, digits, '-' and '_', "
               "but not bin, conf, distr or srvinfo";
    }
    /* NB: relative to the current folder, and without a final slash. */
    if (!equals[1] || apr_filepath_merge(&path, NULL, equals + 1, APR_FILEPATH_NATIVE, pool) != APR_SUCCESS) {
        return "after '=' must stand a path";
    }
    if (strlen(path) > 1 && path[strlen(path) - 1] == '/') path[strlen(path) - 1] = '\0';
    if ((problem = cdist_pattern_problem(path)) != NULL) return apr_pstrcat(pool, "the path ", problem, NULL);
    pattern.path = path;
    if (!patterns) lookup->patterns = patterns = apr_array_make(pool, 2, sizeof(cdist_pattern_t));
    APR_ARRAY_PUSH(patterns, cdist_pattern_t) = pattern;
    tool_lookup_add_component(lookup, pattern.slot, pool);
    return NULL;
}

/* NB: relative to the current folder, as a server has no such thing, and job and store tell folders apart by their paths. */
static const char *absolute(const char *path, apr_pool_t *pool)
{
    char *merged;

    return apr_filepath_merge(&merged, NULL, path, APR_FILEPATH_NATIVE, pool) == APR_SUCCESS ? merged : path;
}

const char *tool_lookup_set_overlay(cdist_lookup_t *lookup, const char *folder, const char *rules, apr_pool_t *pool)
{
    if (folder && !rules) return "--overlay wants --rules FILE beside it (an empty file has no rule)";
    if (rules && !folder) return "--rules is for --overlay DIR, the folder with your files";
    if (!folder) return NULL;
    lookup->overlay = absolute(folder, pool);
    lookup->overlay_rules = absolute(rules, pool);
    return NULL;
}

const char *tool_lookup_name(const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    return cdist_text_printable(lookup->roots->nelts ? APR_ARRAY_IDX(lookup->roots, 0, const char *)
                                                     : APR_ARRAY_IDX(lookup->patterns, 0, cdist_pattern_t).path, pool);
}
