/* Files of one folder over those of another: an administrator's over a release's. What is taken is decided elsewhere; here the
 * tree gets these inputs in place of its own, so that a build reads each from where it lies, and its signature tells any change
 * of what goes into the archive, on either side. */
#include "archive_int.h"

#include <apr_strings.h>

#include <string.h>

#define CHUNK_BYTES 65536

/* ---- looking up ------------------------------------------------------------------------------------------------ */

/* The character of an entry's name there; a folder's ends with '/'. */
static int name_byte(const cdist_input_t *input, apr_size_t place, apr_size_t length)
{
    if (place < length) return (unsigned char)input->path[place];
    return place == length && input->stat.kind == CDIST_FOLDER ? '/' : 0;
}

static int compare_name(const cdist_input_t *input, const char *name)
{
    apr_size_t length = strlen(input->path), i;

    for (i = 0;; i++) {
        int here = name_byte(input, i, length), there = (unsigned char)name[i];

        if (here != there || !here) return here - there;
    }
}

/* The first input whose entry's name does not come before `name`; NULL if all do. */
static const cdist_input_t *lower_bound(const cdist_tree_t *tree, const char *name)
{
    int low = 0, high = tree->inputs->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (compare_name(&APR_ARRAY_IDX(tree->inputs, middle, cdist_input_t), name) < 0) low = middle + 1;
        else high = middle;
    }
    return low < tree->inputs->nelts ? &APR_ARRAY_IDX(tree->inputs, low, cdist_input_t) : NULL;
}

static const cdist_input_t *find(const cdist_tree_t *tree, const char *path)
{
    const cdist_input_t *input = lower_bound(tree, path);

    return input && compare_name(input, path) == 0 ? input : NULL;
}

const cdist_input_t *cdist_tree_find(int *clash, const cdist_tree_t *tree, const char *path, apr_pool_t *scratch_pool)
{
    const char *folder = apr_pstrcat(scratch_pool, path, "/", NULL);
    const cdist_input_t *input = find(tree, path), *below;
    char *part = apr_pstrdup(scratch_pool, path), *slash;

    *clash = 0;
    if (input) return input;
    below = lower_bound(tree, folder);
    if (below && (compare_name(below, folder) == 0 || strncmp(below->path, folder, strlen(folder)) == 0)) *clash = 1;
    while (!*clash && (slash = strrchr(part, '/')) != NULL) {
        *slash = '\0';
        *clash = find(tree, part) != NULL;
    }
    return NULL;
}

/* ---- contents -------------------------------------------------------------------------------------------------- */

static cdist_err_t *digest_file(cdist_sha256_t *sha, apr_file_t *file, const char *folder, const cdist_input_t *input,
                                apr_pool_t *pool)
{
    char *chunk = apr_palloc(pool, CHUNK_BYTES);
    apr_uint64_t left = input->stat.bytes;

    while (left) {
        apr_size_t length = left < CHUNK_BYTES ? (apr_size_t)left : CHUNK_BYTES;

        CDIST_ERR(cdist_input_read(chunk, length, file, folder, input, pool));
        cdist_sha256_update(sha, chunk, length);
        left -= length;
    }
    return cdist_input_check(file, folder, input, pool);
}

cdist_err_t *cdist_tree_digest(cdist_digest_t *digest, const cdist_tree_t *tree, const cdist_input_t *input,
                               apr_pool_t *scratch_pool)
{
    const char *path = input->over ? tree->overlay : tree->folder;
    cdist_sha256_t *sha = cdist_sha256_create(scratch_pool);
    cdist_folder_t *folder = NULL;
    apr_file_t *file;
    apr_status_t rv;
    cdist_err_t *err;

    if (input->link_target) {
        cdist_sha256_update_text(sha, input->link_target);
        cdist_sha256_final(digest, sha);
        return NULL;
    }
    rv = cdist_os_folder_open(&folder, path, scratch_pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(scratch_pool, CDIST_E_SOURCE, rv, "%s: cannot be read",
                                cdist_text_printable(path, scratch_pool));
    }
    err = cdist_input_open(&file, cdist_opener_make(folder, scratch_pool), path, input, scratch_pool);
    if (!err) {
        err = digest_file(sha, file, path, input, scratch_pool);
        apr_file_close(file);
    }
    cdist_os_folder_close(folder);
    cdist_sha256_final(digest, sha);
    return err;
}

/* ---- laying over ------------------------------------------------------------------------------------------------- */

/* Puts an input in the place of the tree's own; what has none goes to `more`, so that the tree stays sorted meanwhile. */
static void take(cdist_tree_t *tree, const cdist_input_t *input, apr_array_header_t *more)
{
    cdist_input_t *held = (cdist_input_t *)find(tree, input->path);

    if (held && held->stat.kind == CDIST_FILE) tree->bytes -= held->stat.bytes;
    if (input->stat.kind == CDIST_FILE) tree->bytes += input->stat.bytes;
    if (!held) held = apr_array_push(more);
    *held = *input;
    held->over = 1;
}

cdist_err_t *cdist_tree_overlay(cdist_tree_t *tree, const cdist_tree_t *overlay, const apr_array_header_t *kept,
                                apr_pool_t *result_pool)
{
    apr_array_header_t *more = apr_array_make(result_pool, kept->nelts + 1, sizeof(cdist_input_t));
    int i;

    for (i = 0; i < kept->nelts; i++) {
        const char *path = APR_ARRAY_IDX(kept, i, const char *);
        const cdist_input_t *input = find(overlay, path);

        if (!input) {
            return cdist_err_create(result_pool, CDIST_E_CHANGED, 0, "%s: went away",
                                    cdist_text_printable(apr_pstrcat(result_pool, overlay->folder, "/", path, NULL),
                                                         result_pool));
        }
        take(tree, input, more);
    }
    apr_array_cat(tree->inputs, more);
    if (overlay->newest_ns > tree->newest_ns) tree->newest_ns = overlay->newest_ns;
    tree->overlay = overlay->folder;
    tree->kept = kept;
    cdist_tree_sign(tree, result_pool);
    return NULL;
}

cdist_err_t *cdist_tree_read_overlaid(cdist_tree_t **tree, const char *folder, const apr_array_header_t *skip,
                                      const char *overlay, const apr_array_header_t *kept, apr_pool_t *result_pool)
{
    cdist_tree_t *over;

    CDIST_ERR(cdist_tree_read(tree, folder, skip, result_pool));
    if (!overlay) return NULL;
    CDIST_ERR(cdist_tree_read(&over, overlay, NULL, result_pool));
    return cdist_tree_overlay(*tree, over, kept, result_pool);
}
