/* Snapshots of folders. No link is followed; folders without files count for nothing.
 * A folder that cannot be read ends it all: its files would seem deleted. */
#include "cdist_compare.h"

#include <apr_strings.h>

#include <string.h>

#define MAX_DEPTH 64
#define MAX_FILES 1000000
#define CHUNK_BYTES 65536

typedef struct {
    cdist_snapshot_t *snapshot;
    const char *folder;
    cdist_sha256_t *sha;
    char *chunk;
    apr_pool_t *pool;
} walk_t;

static const char *full_path(const walk_t *walk, const char *path)
{
    return cdist_text_printable(apr_pstrcat(walk->pool, walk->folder, *path ? "/" : "", path, NULL), walk->pool);
}

static cdist_err_t *read_failed(const walk_t *walk, apr_status_t rv, const char *path)
{
    return cdist_err_create(walk->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", full_path(walk, path));
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

static apr_status_t digest_all(walk_t *walk, apr_file_t *file)
{
    apr_status_t rv;

    for (;;) {
        apr_size_t length = CHUNK_BYTES;

        rv = apr_file_read(file, walk->chunk, &length);
        if (APR_STATUS_IS_EOF(rv)) return APR_SUCCESS;
        if (rv != APR_SUCCESS) return rv;
        cdist_sha256_update(walk->sha, walk->chunk, length);
    }
}

static void take_file(walk_t *walk, cdist_element_t *element, cdist_folder_t *folder, const char *name,
                      const cdist_stat_t *before)
{
    cdist_stat_t after;
    apr_file_t *file;
    apr_pool_t *pool;
    apr_status_t rv;

    apr_pool_create(&pool, walk->pool);
    cdist_sha256_reset(walk->sha);
    rv = cdist_os_open_at(&file, folder, name, pool);
    if (rv == APR_SUCCESS) rv = digest_all(walk, file);
    if (rv == APR_SUCCESS) rv = cdist_os_stat_file(&after, file);
    if (rv != APR_SUCCESS) {
        element->error = cdist_err_text(read_failed(walk, rv, element->id), walk->pool);
    } else if (!cdist_stat_same(before, &after)) {
        element->error = apr_pstrcat(walk->pool, full_path(walk, element->id), ": changed while it was read", NULL);
    }
    cdist_sha256_final(&element->digest, walk->sha);
    apr_pool_destroy(pool);
}

static void take_link(walk_t *walk, cdist_element_t *element, cdist_folder_t *folder, const char *name)
{
    const char *target;
    apr_status_t rv = cdist_os_link_at(&target, folder, name, walk->pool);

    element->kind = CDIST_ELEMENT_LINK;
    cdist_sha256_reset(walk->sha);
    if (rv == APR_SUCCESS) cdist_sha256_update_text(walk->sha, target);
    else element->error = cdist_err_text(read_failed(walk, rv, element->id), walk->pool);
    cdist_sha256_final(&element->digest, walk->sha);
}

/* ---- folders --------------------------------------------------------------------------------------------------- */

static cdist_err_t *walk_folder(walk_t *walk, cdist_folder_t *folder, const char *prefix, int depth);

static cdist_err_t *take_child(walk_t *walk, cdist_folder_t *folder, const char *name, const char *path, int depth)
{
    cdist_element_t *element;
    cdist_folder_t *child;
    cdist_stat_t stat;
    cdist_err_t *err;
    apr_status_t rv = cdist_os_stat_at(&stat, folder, name);

    if (rv != APR_SUCCESS) return read_failed(walk, rv, path);
    if (stat.kind == CDIST_FOLDER) {
        rv = cdist_os_folder_open_at(&child, folder, name, walk->pool);
        if (rv != APR_SUCCESS) return read_failed(walk, rv, path);
        err = walk_folder(walk, child, path, depth + 1);
        cdist_os_folder_close(child);
        return err;
    }
    if (walk->snapshot->elements->nelts == MAX_FILES) {
        return cdist_err_create(walk->pool, CDIST_E_INPUT, 0, "%s: more than %d files", full_path(walk, ""), MAX_FILES);
    }
    element = cdist_snapshot_add(walk->snapshot);
    element->id = element->name = element->owner = path;
    if (stat.kind == CDIST_FILE) take_file(walk, element, folder, name, &stat);
    else if (stat.kind == CDIST_LINK) take_link(walk, element, folder, name);
    else element->error = apr_pstrcat(walk->pool, full_path(walk, path), ": is neither file nor folder nor link", NULL);
    return NULL;
}

static cdist_err_t *walk_folder(walk_t *walk, cdist_folder_t *folder, const char *prefix, int depth)
{
    for (;;) {
        const char *name, *path;
        apr_status_t rv = cdist_os_folder_next(&name, folder, walk->pool);

        if (rv != APR_SUCCESS) return read_failed(walk, rv, prefix);
        if (!name) return NULL;
        path = *prefix ? apr_pstrcat(walk->pool, prefix, "/", name, NULL) : name;
        if (depth == MAX_DEPTH) {
            return cdist_err_create(walk->pool, CDIST_E_INPUT, 0, "%s: nested too deep", full_path(walk, path));
        }
        CDIST_ERR(take_child(walk, folder, name, path, depth));
    }
}

cdist_err_t *cdist_tree_snapshot(cdist_snapshot_t **snapshot, const char *folder, apr_pool_t *pool)
{
    walk_t walk = {cdist_snapshot_create(pool), folder, cdist_sha256_create(pool), apr_palloc(pool, CHUNK_BYTES), pool};
    cdist_folder_t *root;
    cdist_err_t *err;
    apr_status_t rv = cdist_os_folder_open(&root, folder, pool);

    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv,
                                "%s: is no folder that can be read", cdist_text_printable(folder, pool));
    }
    err = walk_folder(&walk, root, "", 0);
    cdist_os_folder_close(root);
    if (err) return err;
    *snapshot = walk.snapshot;
    return cdist_snapshot_sort(*snapshot, cdist_text_printable(folder, pool), pool);
}
