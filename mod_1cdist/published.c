/* The classical publication: archives that somebody copied into the published folder, which is that of the Alias. Each
 * answers under its own name, as it did without this module, and goes before the releases where the URL has no version.
 *
 * Where 1cdist publish has put an index there, the archives that it put beside are what URLs with a full version mean: the
 * index has their digests, and a release that changes since must not make it wrong. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <http_core.h>

#include <stdlib.h>
#include <string.h>

/* The path of the archive that the URL means, NULL if there is none: under the name that the URL has, or under the slot's own.
 * NB: whether a link is followed is the core's decision, which it has taken for r->filename; under another name none is. */
static const char *find_path(const cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *names[2] = {strrchr(r->uri, '/') + 1, req->route.selector.slot->file};
    const char *folder;
    apr_finfo_t info;
    int i = 0;

    if (!r->filename || (r->path_info && *r->path_info)) return NULL;
    if (req->route.manifest) {
        names[0] = apr_pstrmemdup(r->pool, names[0], strlen(names[0]) - strlen(".manifest"));
    } else {
        if (r->finfo.filetype == APR_REG) return r->filename;
        i = 1; /* the core has looked for the URL's name; a miss costs a look at the disk each time */
    }
    /* NB: without a final slash the publication's own URL leads to its folder itself. */
    folder = r->finfo.filetype == APR_DIR ? r->filename : cdist_path_folder(r->filename, r->pool);
    for (; i < 2; i++) {
        const char *path = apr_pstrcat(r->pool, folder, "/", names[i], NULL);
        if (i && strcmp(names[0], names[1]) == 0) break;
        if (apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, r->pool) == APR_SUCCESS && info.filetype == APR_REG) return path;
    }
    return NULL;
}

/* The archive at a path as a source. */
static cdist_err_t *make_source(cdist_source_t **source, const cdist_slot_t *slot, const char *path, apr_interval_time_t settle,
                                apr_pool_t *pool)
{
    cdist_source_t *found;
    apr_file_t *file;
    cdist_stat_t stat;
    cdist_err_t *err;
    apr_status_t rv = cdist_file_open(&file, &stat, path, 0, pool);

    if (rv != APR_SUCCESS) {
        err = cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", path);
        err->told = "an archive that lies here by hand cannot be read; the server's user needs the right to";
        return err;
    }
    apr_file_close(file);
    found = apr_palloc(pool, sizeof *found);
    cdist_source_ready(found, slot, path, &stat);
    *source = found;
    if (apr_time_now() >= cdist_source_settles_at(found, settle)) return NULL;
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: was changed a moment ago", path);
}

static apr_interval_time_t configured_settle(void)
{
    return apr_time_from_sec(cdist_conf_process()->settle_sec);
}

cdist_err_t *cdist_published_find(const cdist_source_t **source, const cdist_request_t *req)
{
    const char *path = req->route.selector.mask.count ? NULL : find_path(req);
    cdist_source_t *found = NULL;
    cdist_err_t *err = NULL;

    if (path) err = make_source(&found, req->route.selector.slot, path, configured_settle(), req->r->pool);
    *source = found;
    return err;
}

/* ---- what 1cdist publish put there -------------------------------------------------------------------------------------- */

/* NB: the core has looked for the URL's name below the folder of the Alias, and decided about links. */
const char *cdist_published_file(const cdist_request_t *req)
{
    const request_rec *r = req->r;

    return r->filename && r->finfo.filetype == APR_REG && !(r->path_info && *r->path_info) ? r->filename : NULL;
}

/* Whether an index is published two folders above a path. */
static int is_frozen(const char *path, apr_pool_t *pool)
{
    const char *folder = cdist_path_folder(cdist_path_folder(path, pool), pool);
    apr_finfo_t info;

    return apr_stat(&info, apr_pstrcat(pool, folder, "/index.json", NULL), APR_FINFO_TYPE, pool) == APR_SUCCESS &&
           info.filetype == APR_REG;
}

/* NB: publication puts whole archives there by a rename, so that nothing has to settle but the file's time stamps. */
cdist_err_t *cdist_published_find_frozen(const cdist_source_t **source, const cdist_request_t *req)
{
    const cdist_selector_t *selector = &req->route.selector;
    const char *path = selector->mask.count == CDIST_VERSION_PARTS ? cdist_published_file(req) : NULL;
    apr_pool_t *pool = req->r->pool;
    cdist_source_t *found = NULL;
    apr_interval_time_t left;
    cdist_err_t *err;

    *source = NULL;
    if (!path || req->route.manifest || !is_frozen(path, pool)) return NULL;
    err = make_source(&found, selector->slot, path, 0, pool);
    if (err && err->code == CDIST_E_CHANGED && found) {
        left = cdist_source_settles_at(found, 0) - apr_time_now();
        if (left > 0 && left <= CDIST_SETTLE_MIN) apr_sleep(left);
        err = make_source(&found, selector->slot, path, 0, pool);
    }
    if (err) return err;
    found->version = selector->mask;
    *source = found;
    return NULL;
}

/* ---- all of them ------------------------------------------------------------------------------------------------- */

static int compare(const void *left, const void *right)
{
    const cdist_published_t *a = left, *b = right;
    int order = cdist_slot_compare(a->source->slot, b->source->slot);

    return order ? order : strcmp(a->name, b->name);
}

const char *cdist_published_folder(const cdist_request_t *req)
{
    request_rec *r = req->r;
    apr_size_t length;

    if (!r->filename || (r->path_info && *r->path_info)) return NULL;
    length = strlen(r->filename);
    if (req->route.kind != CDIST_ROUTE_HOME || (length > 1 && r->filename[length - 1] == '/')) {
        return cdist_path_folder(r->filename, r->pool);
    }
    return r->filename;
}

/* NB: a name alone tells here what the core would decide about its URL: a file is served, a link where the options allow it. */
static void add(apr_array_header_t *found, int *lasting, const cdist_request_t *req, const char *folder, const char *name)
{
    apr_pool_t *pool = req->r->pool;
    const cdist_slot_t *slot = cdist_slot_parse_file(name, req->dir->lookup.components);
    const char *path = slot ? apr_pstrcat(pool, folder, "/", name, NULL) : NULL;
    apr_int32_t wanted = APR_FINFO_TYPE | (ap_allow_options(req->r) & OPT_SYM_LINKS ? 0 : APR_FINFO_LINK);
    cdist_published_t *published;
    cdist_source_t *source;
    apr_finfo_t info;

    if (!slot) return;
    if (apr_stat(&info, path, wanted, pool) != APR_SUCCESS || info.filetype != APR_REG ||
        make_source(&source, slot, path, configured_settle(), pool)) {
        *lasting = 0;
        return;
    }
    published = apr_array_push(found);
    published->name = name;
    published->source = source;
}

apr_array_header_t *cdist_published_list(int *lasting, const cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    apr_array_header_t *found = apr_array_make(pool, 4, sizeof(cdist_published_t));
    const char *folder = cdist_published_folder(req), *name;
    cdist_folder_t *listing;

    if (!folder || cdist_os_folder_open(&listing, folder, pool) != APR_SUCCESS) return found;
    while (cdist_os_folder_next(&name, listing, pool) == APR_SUCCESS && name) add(found, lasting, req, folder, name);
    cdist_os_folder_close(listing);
    qsort(found->elts, (size_t)found->nelts, sizeof(cdist_published_t), compare);
    return found;
}
