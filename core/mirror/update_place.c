/* What sync needs in a template folder, and the moment in which a release appears there:
 *   .1cdist/partial/<sha256>…      files in the making (partial.c)
 *   .1cdist/incoming/<release>/    files that are whole, and wait for the rest of their release; <release> is a digest of its path
 *   .1cdist/known.json             digests of files that were read already (known.c)
 *   .1cdist/lock                   held by the one that works on the folder
 * It lies there and not in the root, since both may be on different file systems. A look at templates passes it over. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

#define STAGE_DIGITS 16

cdist_err_t *cdist_update_place_open(cdist_update_place_t **place, const char *templates, const char *folder, apr_pool_t *pool)
{
    cdist_update_place_t *opened = apr_palloc(pool, sizeof *opened);
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update(sha, folder, strlen(folder));
    cdist_sha256_final(&digest, sha);
    opened->templates = templates;
    opened->folder = folder;
    opened->stage = apr_psprintf(pool, "%s/%.*s", cdist_place(templates, "incoming", pool), STAGE_DIGITS,
                                 cdist_digest_hex(&digest, pool));
    opened->pool = pool;
    *place = opened;
    return cdist_place_folder(opened->stage, pool);
}

/* ---- switching ------------------------------------------------------------------------------------------------------- */

/* NB: no look at templates follows a link, so what was put behind one would be fetched again each time. */
static cdist_err_t *refuse_link(const char *path, apr_pool_t *pool)
{
    apr_filetype_e kind = cdist_place_kind(path, pool);

    if (kind == APR_DIR || kind == APR_NOFILE) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, 0, "%s: is %s, where a folder of the index belongs; move it away",
                            cdist_text_printable(path, pool), kind == APR_LNK ? "a link" : "no folder");
}

/* Makes the folders above the release's own. */
static cdist_err_t *make_folders(const cdist_update_place_t *place)
{
    const char *slash = place->folder;

    while ((slash = strchr(slash, '/')) != NULL) {
        const char *above = apr_psprintf(place->pool, "%s/%.*s", place->templates, (int)(slash - place->folder), place->folder);

        CDIST_ERR(refuse_link(above, place->pool));
        CDIST_ERR(cdist_place_folder(above, place->pool));
        slash++;
    }
    return NULL;
}

static cdist_err_t *move_file(const cdist_update_place_t *place, const char *name, const char *to_folder)
{
    const char *from = apr_pstrcat(place->pool, place->stage, "/", name, NULL);
    const char *to = apr_pstrcat(place->pool, to_folder, "/", name, NULL);

    return cdist_place_move_file(from, to, place->pool);
}

/* A manifest is what makes a folder a release for the platform, so it comes last. */
static int comes_last(const char *name)
{
    apr_size_t length = strlen(name);

    return length > 4 && strcasecmp(name + length - 4, ".mft") == 0;
}

/* Removes what waits, but for those names: an index before may have had more in that folder. */
static void drop_others(const cdist_update_place_t *place, const apr_array_header_t *names)
{
    apr_hash_t *kept = apr_hash_make(place->pool);
    cdist_folder_t *folder;
    const char *name;
    int i;

    for (i = 0; i < names->nelts; i++) apr_hash_set(kept, APR_ARRAY_IDX(names, i, const char *), APR_HASH_KEY_STRING, "");
    if (cdist_os_folder_open(&folder, place->stage, place->pool) != APR_SUCCESS) return;
    while (cdist_os_folder_next(&name, folder, place->pool) == APR_SUCCESS && name) {
        if (apr_hash_get(kept, name, APR_HASH_KEY_STRING)) continue;
        (void)apr_file_remove(apr_pstrcat(place->pool, place->stage, "/", name, NULL), place->pool);
    }
    cdist_os_folder_close(folder);
}

cdist_err_t *cdist_update_place_switch(const cdist_update_place_t *place, const apr_array_header_t *names)
{
    apr_pool_t *pool = place->pool;
    const char *to = *place->folder ? apr_pstrcat(pool, place->templates, "/", place->folder, NULL) : place->templates;
    int last, i;

    CDIST_ERR(make_folders(place));
    if (*place->folder) CDIST_ERR(refuse_link(to, pool));
    if (cdist_place_kind(to, pool) == APR_NOFILE) {
        drop_others(place, names);
        return cdist_place_move_folder(place->stage, to, pool);
    }
    for (last = 0; last < 2; last++) {
        for (i = 0; i < names->nelts; i++) {
            const char *name = APR_ARRAY_IDX(names, i, const char *);
            if (comes_last(name) == last) CDIST_ERR(move_file(place, name, to));
        }
    }
    (void)apr_dir_remove(place->stage, pool);
    return NULL;
}

/* ---- leftovers ------------------------------------------------------------------------------------------------------- */

/* Removes what a folder holds, and folders in it that hold files alone. */
static void clear(const char *path, int depth, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    const char *name;

    if (cdist_os_folder_open(&folder, path, pool) != APR_SUCCESS) return;
    while (cdist_os_folder_next(&name, folder, pool) == APR_SUCCESS && name) {
        const char *inner = apr_pstrcat(pool, path, "/", name, NULL);

        if (apr_file_remove(inner, pool) == APR_SUCCESS || depth == 0) continue;
        clear(inner, depth - 1, pool);
        (void)apr_dir_remove(inner, pool);
    }
    cdist_os_folder_close(folder);
}

void cdist_update_place_sweep(const char *templates, apr_pool_t *pool)
{
    clear(cdist_place(templates, "partial", pool), 0, pool);
    clear(cdist_place(templates, "incoming", pool), 1, pool);
}
