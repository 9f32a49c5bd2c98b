/* The files of a template folder, as they travel: regular ones that are not hidden, under names that every system can have. Each is
 * read once to be digested; what it has to be read for again is told by its stat. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 32
#define PATH_BYTES_MAX 1000

const char *cdist_update_path_problem(const char *path)
{
    apr_size_t length = strlen(path);
    const char *p, *problem = cdist_name_problem(path, length);

    if (length > PATH_BYTES_MAX) return "is too long";
    if (length && path[length - 1] == '/') return "is that of a folder";
    if (!cdist_text_is_utf8(path, length)) return "is not UTF-8";
    for (p = path; *p; p++) {
        if (strchr("\\:*?\"<>|", *p)) return "has a character that Windows cannot have in a name";
        if (*p == '.' && (p == path || p[-1] == '/')) return "is hidden, or leads elsewhere";
        if ((*p == '.' || *p == ' ') && (p[1] == '/' || !p[1])) return "has a part that ends with a dot or a blank";
    }
    return problem ? problem : cdist_name_remark(path, length);
}

const cdist_update_offer_t *cdist_update_offers_clash(const apr_array_header_t *offers, apr_pool_t *scratch_pool)
{
    apr_hash_t *paths = apr_hash_make(scratch_pool);
    const char *slash;
    int i;

    for (i = 0; i < offers->nelts; i++) {
        apr_hash_set(paths, APR_ARRAY_IDX(offers, i, cdist_update_offer_t).path, APR_HASH_KEY_STRING, "");
    }
    for (i = 0; i < offers->nelts; i++) {
        const cdist_update_offer_t *offer = &APR_ARRAY_IDX(offers, i, cdist_update_offer_t);

        for (slash = strchr(offer->path, '/'); slash; slash = strchr(slash + 1, '/')) {
            if (apr_hash_get(paths, offer->path, slash - offer->path)) return offer;
        }
    }
    return NULL;
}

/* ---- finding ----------------------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_update_folder_t *folder;
    void (*note)(void *baton, const char *text);
    void *baton;
} walk_t;

static const char *full_path(const cdist_update_folder_t *folder, const char *path, apr_pool_t *pool)
{
    return cdist_text_printable(*path ? apr_pstrcat(pool, folder->path, "/", path, NULL) : folder->path, pool);
}

static void leave_out(const walk_t *walk, const char *path, const char *why, apr_pool_t *pool)
{
    if (!walk->note) return;
    walk->note(walk->baton, apr_psprintf(pool, "%s: is left out: %s", full_path(walk->folder, path, pool), why));
}

static cdist_err_t *cannot_read(const walk_t *walk, const char *path, apr_status_t rv)
{
    apr_pool_t *pool = walk->folder->pool;

    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", full_path(walk->folder, path, pool));
}

static cdist_err_t *add_file(const walk_t *walk, const char *path, const cdist_stat_t *stat, apr_pool_t *scratch)
{
    cdist_update_folder_t *folder = walk->folder;
    const char *problem = cdist_update_path_problem(path);
    cdist_update_file_t *file;

    if (problem) {
        leave_out(walk, path, apr_pstrcat(scratch, "its path ", problem, NULL), scratch);
        return NULL;
    }
    if (folder->files->nelts >= CDIST_UPDATES_MAX) {
        return cdist_err_create(folder->pool, CDIST_E_INPUT, 0, "%s: has more than %d files, which is the most that an index lists",
                                cdist_text_printable(folder->path, folder->pool), CDIST_UPDATES_MAX);
    }
    file = apr_array_push(folder->files);
    memset(file, 0, sizeof *file);
    file->path = apr_pstrdup(folder->pool, path);
    file->stat = *stat;
    file->digested = cdist_known_find(&file->sha256, folder->known, stat);
    return NULL;
}

static cdist_err_t *add_folder(const walk_t *walk, cdist_folder_t *open, const char *path, int depth, apr_pool_t *pool);

static cdist_err_t *add_child(const walk_t *walk, cdist_folder_t *open, const char *path, const char *name, int depth,
                              apr_pool_t *scratch)
{
    const char *inner = *path ? apr_pstrcat(scratch, path, "/", name, NULL) : name;
    cdist_folder_t *below;
    cdist_stat_t stat;
    cdist_err_t *err;
    apr_status_t rv = cdist_os_stat_at(&stat, open, name);

    if (APR_STATUS_IS_ENOENT(rv)) return NULL; /* it went away */
    if (rv != APR_SUCCESS) return cannot_read(walk, inner, rv);
    if (stat.kind == CDIST_FILE) return add_file(walk, inner, &stat, scratch);
    if (stat.kind != CDIST_FOLDER) {
        leave_out(walk, inner, stat.kind == CDIST_LINK ? "it is a link" : "it is no file", scratch);
        return NULL;
    }
    if (depth == DEPTH_MAX) {
        leave_out(walk, inner, "it lies too deep", scratch);
        return NULL;
    }
    rv = cdist_os_folder_open_at(&below, open, name, scratch);
    if (rv != APR_SUCCESS) return cannot_read(walk, inner, rv);
    err = add_folder(walk, below, inner, depth + 1, scratch);
    cdist_os_folder_close(below);
    return err;
}

/* NB: hidden files are those of others, of version control or of caches: they are not even spoken of. */
static cdist_err_t *add_folder(const walk_t *walk, cdist_folder_t *open, const char *path, int depth, apr_pool_t *pool)
{
    apr_status_t rv = APR_SUCCESS;
    cdist_err_t *err = NULL;
    apr_pool_t *scratch;
    const char *name;

    apr_pool_create(&scratch, pool);
    while (!err && (rv = cdist_os_folder_next(&name, open, scratch)) == APR_SUCCESS && name) {
        if (*name != '.') err = cdist_err_dup(add_child(walk, open, path, name, depth, scratch), pool);
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return err || rv == APR_SUCCESS ? err : cannot_read(walk, path, rv);
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const cdist_update_file_t *)left)->path, ((const cdist_update_file_t *)right)->path);
}

cdist_err_t *cdist_update_folder_read(cdist_update_folder_t **folder, const char *path, cdist_known_t *known,
                                      void (*note)(void *baton, const char *text), void *baton, apr_pool_t *pool)
{
    cdist_update_folder_t *read = apr_pcalloc(pool, sizeof *read);
    walk_t walk = {read, note, baton};
    cdist_folder_t *open;
    cdist_err_t *err;
    apr_status_t rv;

    read->path = apr_pstrdup(pool, path);
    read->files = apr_array_make(pool, 64, sizeof(cdist_update_file_t));
    read->known = known;
    read->pool = pool;
    *folder = read;
    rv = cdist_os_folder_open(&open, path, pool);
    if (rv != APR_SUCCESS) {
        err = cannot_read(&walk, "", rv);
        if (APR_STATUS_IS_ENOENT(rv)) err->code = CDIST_E_NOTFOUND;
        return err;
    }
    err = cdist_err_dup(add_folder(&walk, open, "", 0, pool), pool);
    cdist_os_folder_close(open);
    qsort(read->files->elts, (size_t)read->files->nelts, sizeof(cdist_update_file_t), by_path);
    return err;
}

/* ---- contents ---------------------------------------------------------------------------------------------------------- */

cdist_update_file_t *cdist_update_folder_find(const cdist_update_folder_t *folder, const char *path)
{
    cdist_update_file_t wanted;

    wanted.path = path;
    return bsearch(&wanted, folder->files->elts, (size_t)folder->files->nelts, sizeof wanted, by_path);
}

cdist_err_t *cdist_update_folder_open(apr_file_t **opened, const cdist_update_folder_t *folder, const cdist_update_file_t *file,
                                      apr_pool_t *pool)
{
    cdist_folder_t *open;
    apr_status_t rv = cdist_os_folder_open(&open, folder->path, pool);

    if (rv == APR_SUCCESS) {
        rv = cdist_beneath_open(opened, open, file->path, pool);
        cdist_os_folder_close(open);
    }
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", full_path(folder, file->path, pool));
}

static cdist_err_t *digest(cdist_update_folder_t *folder, cdist_update_file_t *file, apr_pool_t *scratch)
{
    const char *path = full_path(folder, file->path, scratch);
    int trusted = cdist_known_is_trusted(&file->stat);
    cdist_err_t *err;
    cdist_stat_t stat;
    apr_file_t *open;

    CDIST_ERR(cdist_update_folder_open(&open, folder, file, scratch));
    err = cdist_copy_digest(&file->sha256, open, path, scratch);
    if (!err && (cdist_os_stat_file(&stat, open) != APR_SUCCESS || !cdist_stat_same(&stat, &file->stat))) {
        err = cdist_err_create(scratch, CDIST_E_CHANGED, 0, "%s: changed while it was read", path);
    }
    apr_file_close(open);
    if (err) return err;
    file->digested = 1;
    if (trusted) cdist_known_note(folder->known, &file->stat, &file->sha256);
    return NULL;
}

cdist_err_t *cdist_update_folder_digest(cdist_update_folder_t *folder, cdist_update_file_t *file)
{
    apr_pool_t *scratch;
    cdist_err_t *err;

    if (file->digested) return NULL;
    apr_pool_create(&scratch, folder->pool);
    err = cdist_err_dup(digest(folder, file, scratch), folder->pool);
    apr_pool_destroy(scratch);
    return err;
}

/* NB: a file that cannot be read is none that could be used. */
cdist_update_file_t *cdist_update_folder_same(cdist_update_folder_t *folder, const cdist_update_offer_t *offer)
{
    int i;

    for (i = 0; i < folder->files->nelts; i++) {
        cdist_update_file_t *file = &APR_ARRAY_IDX(folder->files, i, cdist_update_file_t);

        if (file->stat.bytes != offer->bytes || cdist_update_folder_digest(folder, file)) continue;
        if (cdist_digest_equal(&file->sha256, &offer->sha256)) return file;
    }
    return NULL;
}
