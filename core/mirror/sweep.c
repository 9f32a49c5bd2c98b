/* What lies in <root>/.1cdist and is of no use any more: manifests of archives that are nowhere now, archives in the making
 * that are not offered any more or were not touched for long, and temporary files of a crash. Nothing here fails: what stays
 * costs room alone. */
#include "mirror_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

#define PARTIAL_MAX_AGE apr_time_from_sec(30 * 86400)
#define DIGEST_DIGITS (2 * CDIST_SHA256_BYTES)

/* Whether a name begins with the SHA-256 of an archive, and has nothing else than a suffix behind it. */
static int take_name(cdist_digest_t *sha256, const char *name, apr_pool_t *pool)
{
    return strlen(name) >= DIGEST_DIGITS && (!name[DIGEST_DIGITS] || name[DIGEST_DIGITS] == '.') &&
           cdist_digest_parse(sha256, apr_pstrmemdup(pool, name, DIGEST_DIGITS));
}

/* Removes the files of a folder that are named by a digest for which `is_useless` says so. */
static void sweep(const char *path, int (*is_useless)(const void *baton, const cdist_digest_t *sha256, apr_pool_t *pool),
                  const void *baton, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    apr_pool_t *scratch;
    const char *name;

    cdist_os_temp_sweep(path, pool);
    if (cdist_os_folder_open(&folder, path, pool) != APR_SUCCESS) return;
    apr_pool_create(&scratch, pool);
    while (cdist_os_folder_next(&name, folder, scratch) == APR_SUCCESS && name) {
        cdist_digest_t sha256;

        if (take_name(&sha256, name, scratch) && is_useless(baton, &sha256, scratch)) {
            (void)apr_file_remove(apr_pstrcat(scratch, path, "/", name, NULL), scratch);
        }
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    cdist_os_folder_close(folder);
}

static int is_nowhere(const void *packs, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    (void)pool;
    return !cdist_packs_archive(packs, sha256);
}

void cdist_sweep_manifests(const char *root, const cdist_packs_t *packs, apr_pool_t *pool)
{
    sweep(cdist_place(root, "manifests", pool), is_nowhere, packs, pool);
    cdist_os_temp_sweep(cdist_place(root, "", pool), pool);
}

typedef struct {
    const char *folder;
    const cdist_index_t *index;
} partials_t;

static int is_offered(const cdist_index_t *index, const cdist_digest_t *sha256)
{
    int i, k;

    for (i = 0; i < index->updates->nelts; i++) {
        if (cdist_digest_equal(&APR_ARRAY_IDX(index->updates, i, cdist_update_offer_t).sha256, sha256)) return 1;
    }
    for (i = 0; i < index->releases->nelts; i++) {
        const apr_array_header_t *offers = APR_ARRAY_IDX(index->releases, i, cdist_listed_t).offers;

        for (k = 0; k < offers->nelts; k++) {
            if (cdist_digest_equal(&APR_ARRAY_IDX(offers, k, cdist_offer_t).sha256, sha256)) return 1;
        }
    }
    return 0;
}

/* The archive's own file tells the age of what stands beside it, which is of no use without it. */
static int is_left_over(const void *baton, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    const partials_t *partials = baton;
    const char *path = apr_pstrcat(pool, partials->folder, "/", cdist_digest_hex(sha256, pool), NULL);
    apr_finfo_t info;

    if (!is_offered(partials->index, sha256)) return 1;
    return apr_stat(&info, path, APR_FINFO_MTIME, pool) != APR_SUCCESS || apr_time_now() - info.mtime > PARTIAL_MAX_AGE;
}

void cdist_sweep_partials(const char *root, const cdist_index_t *index, apr_pool_t *pool)
{
    partials_t partials = {cdist_place(root, "partial", pool), index};

    sweep(partials.folder, is_left_over, &partials, pool);
}
