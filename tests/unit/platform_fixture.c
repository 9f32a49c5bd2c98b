/* See platform_fixture.h. */
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>

int fx_recognised;

cdist_lookup_t *fx_lookup(void)
{
    cdist_lookup_t *lookup = apr_pcalloc(fx_pool, sizeof *lookup);

    lookup->installed = 1;
    return lookup;
}

void fx_add_root(cdist_lookup_t *lookup, const char *folder)
{
    if (!lookup->roots) lookup->roots = apr_array_make(fx_pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH((apr_array_header_t *)lookup->roots, const char *) = fx_path(folder);
}

void fx_add_component(cdist_lookup_t *lookup, const char *name)
{
    const cdist_slot_t *slot = cdist_slot_make(name, fx_pool);

    ck_assert_msg(slot && cdist_slot_is_component(slot), "%s is no component", name);
    if (!lookup->components) lookup->components = apr_array_make(fx_pool, 2, sizeof(const cdist_slot_t *));
    APR_ARRAY_PUSH((apr_array_header_t *)lookup->components, const cdist_slot_t *) = slot;
}

void fx_add_pattern(cdist_lookup_t *lookup, const char *slot, const char *path)
{
    cdist_pattern_t pattern = {cdist_slot_make(slot, fx_pool), fx_path(path)};

    ck_assert_ptr_nonnull(pattern.slot);
    ck_assert_ptr_null(cdist_pattern_problem(pattern.path));
    if (cdist_slot_is_component(pattern.slot)) fx_add_component(lookup, slot);
    if (!lookup->patterns) lookup->patterns = apr_array_make(fx_pool, 2, sizeof(cdist_pattern_t));
    APR_ARRAY_PUSH((apr_array_header_t *)lookup->patterns, cdist_pattern_t) = pattern;
}

cdist_lookup_t *fx_pattern(const char *slot, const char *path)
{
    cdist_lookup_t *lookup = fx_lookup();

    fx_add_pattern(lookup, slot, path);
    return lookup;
}

cdist_lookup_t *fx_roots(const char *one, const char *two)
{
    cdist_lookup_t *lookup = fx_lookup();

    fx_add_root(lookup, one);
    if (two) fx_add_root(lookup, two);
    return lookup;
}

apr_array_header_t *fx_sources(const cdist_lookup_t *lookup, const char *folder)
{
    apr_array_header_t *sources = apr_array_make(fx_pool, 4, sizeof(cdist_source_t));
    const char *slash = strrchr(folder, '/');

    FX_OK(cdist_source_scan(sources, &fx_recognised, lookup, NULL, fx_path(folder), slash ? slash + 1 : folder, fx_pool));
    return sources;
}

apr_array_header_t *fx_found(const char *folder)
{
    return fx_sources(fx_lookup(), folder);
}

static const char *add_line(const char *text, const cdist_source_t *source)
{
    return apr_psprintf(fx_pool, "%s%s%s %s %s %s%s", text, *text ? "\n" : "", source->slot ? source->slot->name : "?",
                        cdist_version_format(&source->version, fx_pool), cdist_source_kind_name(source->kind),
                        source->path + strlen(fx_folder) + 1, source->problem ? " !" : "");
}

const char *fx_list(const apr_array_header_t *sources)
{
    const char *text = "";
    int i;

    for (i = 0; i < sources->nelts; i++) text = add_line(text, &APR_ARRAY_IDX(sources, i, cdist_source_t));
    return text;
}

void fx_expect_sources(const cdist_lookup_t *lookup, const char *folder, const char *text)
{
    const char *list = fx_list(fx_sources(lookup, folder));

    ck_assert_msg(strcmp(list, text) == 0, "%s: \"%s\" instead of \"%s\"", folder, list, text);
}

void fx_expect_found(const char *folder, const char *text)
{
    fx_expect_sources(fx_lookup(), folder, text);
}

const char *fx_problem(const apr_array_header_t *sources)
{
    const char *problem;

    ck_assert_int_gt(sources->nelts, 0);
    problem = APR_ARRAY_IDX(sources, 0, cdist_source_t).problem;
    return problem ? problem : "";
}

cdist_catalogue_t *fx_scan(const cdist_lookup_t *lookup, const cdist_catalogue_t *previous)
{
    return cdist_catalogue_scan(lookup, apr_time_from_sec(30), previous, fx_pool);
}

cdist_catalogue_t *fx_scan_settled(const cdist_lookup_t *lookup)
{
    fx_clock_ahead = apr_time_from_sec(100);
    return fx_scan(lookup, NULL);
}

const cdist_source_t *fx_source_in(const cdist_catalogue_t *catalogue, const char *version, const char *slot)
{
    const cdist_release_t *release;
    cdist_version_t parsed;

    ck_assert(cdist_version_parse(&parsed, version));
    release = cdist_catalogue_release(catalogue, &parsed);
    return release ? cdist_release_source(release, cdist_slot_make(slot, fx_pool)) : NULL;
}

const char *fx_list_catalogue(const cdist_catalogue_t *catalogue)
{
    const char *text = "";
    int i, j;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const apr_array_header_t *sources = APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t).sources;
        for (j = 0; j < sources->nelts; j++) text = add_line(text, APR_ARRAY_IDX(sources, j, const cdist_source_t *));
    }
    return text;
}
