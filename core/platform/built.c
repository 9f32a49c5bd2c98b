/* Which archives of a catalogue are built. A source whose very state has an archive in the store needs not be still once more: it
 * was when that archive was built, and any change of its files since would have another key. So a licence or a log that is written
 * into an installed platform, which touches the folder but no file of the archive, does not take it away after a restart. */
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

int cdist_release_built(const cdist_release_t *release, const apr_array_header_t *required)
{
    int i;

    for (i = 0; required && i < required->nelts; i++) {
        const cdist_source_t *source = cdist_release_source(release, APR_ARRAY_IDX(required, i, const cdist_slot_t *));
        if (!source || !source->built) return 0;
    }
    for (i = 0; !required && i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (cdist_source_offered(source) && !source->built) return 0;
    }
    return 1;
}
