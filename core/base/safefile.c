/* Files by their path: opened without ever waiting for one, small ones read with a bound and published in one step. */
#include "cdist_base.h"

#include <apr_strings.h>

#include <string.h>

apr_status_t cdist_file_open(apr_file_t **file, cdist_stat_t *stat, const char *path, apr_int32_t flags, apr_pool_t *pool)
{
    cdist_stat_t now;
    /* NB: not blocking means nothing for a regular file. */
    apr_status_t rv = apr_file_open(file, path, APR_FOPEN_READ | APR_FOPEN_BINARY | APR_FOPEN_NONBLOCK | flags, 0, pool);

    if (rv != APR_SUCCESS) return rv;
    rv = cdist_os_stat_file(&now, *file);
    if (rv == APR_SUCCESS && now.kind != CDIST_FILE) rv = APR_EINVAL;
    if (rv != APR_SUCCESS) apr_file_close(*file);
    if (stat) *stat = now;
    return rv;
}

cdist_err_t *cdist_file_read(char **bytes, apr_size_t *length, const char *path, apr_size_t max_bytes, apr_pool_t *pool)
{
    apr_file_t *file;
    cdist_stat_t stat;
    apr_status_t rv;

    rv = cdist_file_open(&file, &stat, path, 0, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv, "%s",
                                cdist_text_printable(path, pool));
    }
    if (stat.bytes > max_bytes) {
        apr_file_close(file);
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: larger than %s", cdist_text_printable(path, pool),
                                cdist_size_format(max_bytes, pool));
    }
    *bytes = apr_palloc(pool, (apr_size_t)stat.bytes + 1);
    rv = apr_file_read_full(file, *bytes, (apr_size_t)stat.bytes, length);
    if (APR_STATUS_IS_EOF(rv)) rv = APR_SUCCESS; /* it became shorter meanwhile: what is there is what we take */
    apr_file_close(file);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s", cdist_text_printable(path, pool));
    }
    (*bytes)[*length] = '\0';
    return NULL;
}

const char *cdist_path_folder(const char *path, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/');

    return !slash ? "." : slash == path ? "/" : apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
}

const char *cdist_path_name(const char *path, apr_pool_t *pool)
{
    apr_size_t length = strlen(path);
    const char *slash;

    while (length > 1 && path[length - 1] == '/') length--;
    path = apr_pstrmemdup(pool, path, length);
    slash = strrchr(path, '/');
    return slash && slash[1] ? slash + 1 : path;
}

static cdist_err_t *put(const char *path, const char *bytes, apr_size_t length,
                        apr_status_t finish(cdist_temp_t *, const char *, apr_pool_t *), apr_pool_t *scratch_pool)
{
    cdist_temp_t *temp;
    apr_pool_t *pool;
    apr_status_t rv;

    /* NB: the file stays open as long as its pool lives, and then keeps its place on the disk when it is replaced. */
    apr_pool_create(&pool, scratch_pool);
    rv = cdist_os_temp_open(&temp, cdist_path_folder(path, pool), pool);
    if (rv == APR_SUCCESS) rv = apr_file_write_full(temp->file, bytes, length, NULL);
    if (rv == APR_SUCCESS) rv = finish(temp, path, pool);
    apr_pool_destroy(pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(scratch_pool, CDIST_E_STORE, rv, "%s: cannot be written",
                                cdist_text_printable(path, scratch_pool));
    }
    return NULL;
}

cdist_err_t *cdist_file_publish(const char *path, const char *bytes, apr_size_t length, apr_pool_t *scratch_pool)
{
    return put(path, bytes, length, cdist_os_temp_publish, scratch_pool);
}

cdist_err_t *cdist_file_replace(const char *path, const char *bytes, apr_size_t length, apr_pool_t *scratch_pool)
{
    return put(path, bytes, length, cdist_os_temp_replace, scratch_pool);
}
