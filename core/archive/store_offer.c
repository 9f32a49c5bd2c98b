/* What the archives of a store offer to the next build. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define RECORDS_MAX (64u * 1024 * 1024)

static int compare_newest_first(const void *left, const void *right)
{
    const cdist_stored_t *a = left, *b = right;
    apr_int64_t at = a->stat.mtime_ns, bt = b->stat.mtime_ns;

    return at != bt ? (at < bt) - (at > bt) : strcmp(a->name, b->name);
}

void cdist_store_offer(cdist_reuse_t *reuse, const cdist_store_t *store)
{
    apr_pool_t *pool = cdist_reuse_pool(reuse), *scratch;
    const char *folder = apr_pstrcat(pool, store->folder, "/records", NULL);
    apr_array_header_t *files;
    int i;

    if (cdist_store_list(&files, store, "records", pool) != APR_SUCCESS) return;
    qsort(files->elts, (size_t)files->nelts, sizeof(cdist_stored_t), compare_newest_first);
    apr_pool_create(&scratch, pool);
    for (i = 0; i < files->nelts && cdist_reuse_packs(reuse) < CDIST_PACKS_MAX; i++) {
        int room = CDIST_RECORDS_MAX - cdist_reuse_count(reuse);
        const char *name = APR_ARRAY_IDX(files, i, cdist_stored_t).name;
        apr_array_header_t *records;
        cdist_digest_t sha256;
        apr_size_t length;
        char *bytes;

        apr_pool_clear(scratch);
        if (!cdist_digest_parse(&sha256, name)) continue;
        if (cdist_file_read(&bytes, &length, apr_pstrcat(scratch, folder, "/", name, NULL), RECORDS_MAX, scratch)) continue;
        /* NB: one that has too many is passed over; smaller ones may follow. */
        records = cdist_records_parse(bytes, length, cdist_reuse_level(reuse), room, pool);
        if (!records) continue;
        if (cdist_reuse_add_records(reuse, cdist_store_path(store, "archives", &sha256, ".zip", scratch), records)) continue;
    }
    apr_pool_destroy(scratch);
}
