/* Which archives of a catalogue are built, and which were once. Clients follow what is current, so a release that was current
 * must not give way to an older one because one of its archives has to be built again.
 *
 * A source whose very state has an archive in the store needs not be still once more: it was when that archive was built, and
 * any change of its files since would have another key. So a licence or a log that is written into an installed platform, which
 * touches the folder but no file of the archive, does not take it away after a restart. */
#include "platform_int.h"

void cdist_catalogue_mark_built(cdist_catalogue_t *catalogue, const cdist_lookup_t *lookup, cdist_store_t *store, int level,
                                apr_pool_t *scratch_pool)
{
    apr_pool_t *pool;
    int i, j;

    apr_pool_create(&pool, scratch_pool);
    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        for (j = 0; j < release->sources->nelts; j++) {
            /* NB: the catalogue is being made; nobody else sees it yet. */
            cdist_source_t *source = (cdist_source_t *)APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);
            cdist_archive_t *archive;
            apr_file_t *file;
            cdist_job_t job;

            source->built = 0;
            if (source->problem) continue;
            apr_pool_clear(pool);
            cdist_source_job(&job, source, lookup->layout, level, 0, pool);
            if (cdist_store_find(&archive, &file, store, &job.key, 0, pool)) continue;
            apr_file_close(file);
            source->built = source->settled = 1;
        }
    }
    apr_pool_destroy(pool);
}

/* ---- what was built once ------------------------------------------------------------------------------------------- */

/* NULL if nothing of the version was. */
static cdist_built_t *find_built(const cdist_catalogue_t *catalogue, const cdist_version_t *version)
{
    int i;

    for (i = 0; catalogue->built && i < catalogue->built->nelts; i++) {
        cdist_built_t *built = &APR_ARRAY_IDX(catalogue->built, i, cdist_built_t);
        if (cdist_version_compare(&built->version, version) == 0) return built;
    }
    return NULL;
}

static int has_slot(const cdist_built_t *built, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; built && i < built->slots->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(built->slots, i, const cdist_slot_t *), slot) == 0) return 1;
    }
    return 0;
}

static cdist_built_t *built_for(cdist_catalogue_t *catalogue, const cdist_version_t *version, apr_pool_t *pool)
{
    cdist_built_t *built = find_built(catalogue, version);

    if (built) return built;
    if (!catalogue->built) catalogue->built = apr_array_make(pool, 4, sizeof(cdist_built_t));
    built = apr_array_push(catalogue->built);
    built->version = *version;
    built->slots = apr_array_make(pool, 5, sizeof(const cdist_slot_t *));
    built->whole = 0;
    return built;
}

static void add_slot(cdist_built_t *built, const cdist_slot_t *slot)
{
    if (!has_slot(built, slot)) APR_ARRAY_PUSH(built->slots, const cdist_slot_t *) = slot;
}

/* Whether all that the release offers, something at least, was built. */
static int is_whole(const cdist_release_t *release, const cdist_built_t *built)
{
    int offered = 0, i;

    if (cdist_release_held(release)) return 0;
    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);

        if (!cdist_source_offered(source)) continue;
        if (!has_slot(built, source->slot)) return 0;
        offered = 1;
    }
    return offered;
}

void cdist_catalogue_keep_built(cdist_catalogue_t *catalogue, const cdist_catalogue_t *before, apr_pool_t *result_pool)
{
    int i, j;

    for (i = 0; before->built && i < before->built->nelts; i++) {
        const cdist_built_t *known = &APR_ARRAY_IDX(before->built, i, cdist_built_t);
        cdist_built_t *built;

        /* NB: what lies in a root that cannot be read now comes back with it. */
        if (!cdist_catalogue_release(catalogue, &known->version) && !catalogue->unreadable->nelts) continue;
        built = built_for(catalogue, &known->version, result_pool);
        for (j = 0; j < known->slots->nelts; j++) add_slot(built, APR_ARRAY_IDX(known->slots, j, const cdist_slot_t *));
        if (known->whole) built->whole = 1;
    }
}

void cdist_catalogue_note_built(cdist_catalogue_t *catalogue, apr_pool_t *result_pool)
{
    int i, j;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        cdist_built_t *built;

        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);
            if (source->built) add_slot(built_for(catalogue, &release->version, result_pool), source->slot);
        }
        built = find_built(catalogue, &release->version);
        if (built && is_whole(release, built)) built->whole = 1;
    }
}

int cdist_release_was_built(const cdist_catalogue_t *catalogue, const cdist_release_t *release, const cdist_slot_t *slot,
                            const apr_array_header_t *required)
{
    const cdist_built_t *built = find_built(catalogue, &release->version);
    int i;

    if (!built) return 0;
    if (slot) return has_slot(built, slot);
    if (!required) return built->whole;
    for (i = 0; i < required->nelts; i++) {
        if (!has_slot(built, APR_ARRAY_IDX(required, i, const cdist_slot_t *))) return 0;
    }
    return 1;
}
