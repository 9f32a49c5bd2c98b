/* One folder's children with their stats, without following links. Below a configured folder each folder is opened in the one
 * that it was listed in: whoever may write there could put a link into its place in between. */
#include "platform_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static int compare_children(const void *left, const void *right)
{
    return strcmp(((const cdist_child_t *)left)->name, ((const cdist_child_t *)right)->name);
}

cdist_err_t *cdist_listing_read(cdist_listing_t *listing, cdist_folder_t *parent, const char *path, apr_pool_t *pool)
{
    cdist_folder_t *folder = NULL;
    const char *name;
    apr_status_t rv = parent ? cdist_os_folder_open_at(&folder, parent, strrchr(path, '/') + 1, pool)
                             : cdist_os_folder_open(&folder, path, pool);

    listing->path = path;
    listing->folder = folder;
    listing->client = NULL;
    listing->children = apr_array_make(pool, 16, sizeof(cdist_child_t));
    if (rv == APR_SUCCESS) rv = cdist_os_stat_folder(&listing->stat, folder);
    while (rv == APR_SUCCESS && (rv = cdist_os_folder_next(&name, folder, pool)) == APR_SUCCESS && name) {
        cdist_child_t child = {name, {0}};
        rv = cdist_os_stat_at(&child.stat, folder, name);
        if (rv == APR_SUCCESS) APR_ARRAY_PUSH(listing->children, cdist_child_t) = child;
        /* What went away since is not there. NB: only that; without its Setup.ini a folder would be offered unchecked. */
        if (APR_STATUS_IS_ENOENT(rv)) rv = APR_SUCCESS;
    }
    if (rv != APR_SUCCESS) {
        cdist_listing_close(listing);
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
    }
    qsort(listing->children->elts, (size_t)listing->children->nelts, sizeof(cdist_child_t), compare_children);
    return NULL;
}

void cdist_listing_close(cdist_listing_t *listing)
{
    if (listing->folder) cdist_os_folder_close(listing->folder);
    listing->folder = NULL;
}

const cdist_child_t *cdist_listing_find(const cdist_listing_t *listing, const char *name, cdist_kind_t kind)
{
    int i;

    for (i = 0; i < listing->children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(listing->children, i, cdist_child_t);
        if (child->stat.kind == kind && strcasecmp(child->name, name) == 0) return child;
    }
    return NULL;
}

cdist_err_t *cdist_listing_head(char **bytes, apr_size_t *length, const cdist_listing_t *listing, const char *relative,
                                apr_size_t max, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv = cdist_beneath_open(&file, listing->folder, relative, pool);

    *bytes = apr_palloc(pool, max + 1);
    *length = 0;
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, *bytes, max, length);
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv)) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s/%s: cannot be read", cdist_text_printable(listing->path, pool),
                            cdist_text_printable(relative, pool));
}
