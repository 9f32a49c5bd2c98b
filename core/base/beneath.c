/* Files below an open folder, by a path of several parts: each part is opened in the one before, and none of them is a link. */
#include "cdist_base.h"

#include <apr_strings.h>

#include <string.h>

/* The folder that a relative path's last part lies in; `root` itself, or one that is opened in `pool`. */
static apr_status_t open_folder_of(cdist_folder_t **folder, cdist_folder_t *root, const char *relative, apr_pool_t *pool)
{
    cdist_folder_t *at = root, *next = NULL;
    const char *slash;

    for (; (slash = strchr(relative, '/')) != NULL; relative = slash + 1) {
        apr_status_t rv =
            cdist_os_folder_open_at(&next, at, apr_pstrmemdup(pool, relative, (apr_size_t)(slash - relative)), pool);

        if (at != root) cdist_os_folder_close(at);
        if (rv != APR_SUCCESS) return rv;
        at = next;
    }
    *folder = at;
    return APR_SUCCESS;
}

static const char *last_part(const char *relative)
{
    const char *slash = strrchr(relative, '/');

    return slash ? slash + 1 : relative;
}

apr_status_t cdist_beneath_open(apr_file_t **file, cdist_folder_t *root, const char *relative, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    apr_status_t rv = open_folder_of(&folder, root, relative, pool);

    if (rv != APR_SUCCESS) return rv;
    rv = cdist_os_open_at(file, folder, last_part(relative), pool);
    if (folder != root) cdist_os_folder_close(folder);
    return rv;
}

struct cdist_opener_t {
    cdist_folder_t *root;
    cdist_folder_t *folder; /* of the file that was opened last; NULL: none */
    const char *path;       /* that folder's below the root, with a slash at its end; in `pool` */
    apr_pool_t *pool;       /* cleared for each folder */
};

cdist_opener_t *cdist_opener_make(cdist_folder_t *root, apr_pool_t *pool)
{
    cdist_opener_t *opener = apr_pcalloc(pool, sizeof *opener);

    opener->root = root;
    apr_pool_create(&opener->pool, pool);
    return opener;
}

apr_status_t cdist_opener_open(apr_file_t **file, cdist_opener_t *opener, const char *relative, apr_pool_t *pool)
{
    const char *name = last_part(relative);
    apr_size_t length = (apr_size_t)(name - relative);
    apr_status_t rv;

    if (!opener->folder || strlen(opener->path) != length || memcmp(opener->path, relative, length) != 0) {
        opener->folder = NULL;
        apr_pool_clear(opener->pool);
        rv = open_folder_of(&opener->folder, opener->root, relative, opener->pool);
        if (rv != APR_SUCCESS) return rv;
        opener->path = apr_pstrmemdup(opener->pool, relative, length);
    }
    return cdist_os_open_at(file, opener->folder, name, pool);
}
