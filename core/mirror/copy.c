/* Files copied whole: whoever overwrites the one in place must not change the other. */
#include "mirror_int.h"

#include <apr_strings.h>

#define COPY_BYTES (256u * 1024)

/* Reads a file to its end, into a digest and, where there is one, into another file. *written tells how that went. */
static apr_status_t read_all(cdist_digest_t *sha256, apr_status_t *written, apr_file_t *from, apr_file_t *to, apr_pool_t *pool)
{
    unsigned char *buffer = apr_palloc(pool, COPY_BYTES);
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    apr_off_t start = 0;
    apr_status_t rv = apr_file_seek(from, APR_SET, &start);

    *written = APR_SUCCESS;
    while (rv == APR_SUCCESS && *written == APR_SUCCESS) {
        apr_size_t length = COPY_BYTES;

        rv = apr_file_read(from, buffer, &length);
        if (rv != APR_SUCCESS) break;
        cdist_sha256_update(sha, buffer, length);
        if (to) *written = apr_file_write_full(to, buffer, length, NULL);
    }
    cdist_sha256_final(sha256, sha);
    return APR_STATUS_IS_EOF(rv) ? APR_SUCCESS : rv;
}

cdist_err_t *cdist_copy_digest(cdist_digest_t *sha256, apr_file_t *file, const char *path, apr_pool_t *pool)
{
    apr_status_t written, rv = read_all(sha256, &written, file, NULL, pool);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
}

cdist_err_t *cdist_copy_file(apr_file_t *from, const char *from_path, const char *to, const cdist_digest_t *sha256,
                             apr_pool_t *pool)
{
    cdist_digest_t digest;
    cdist_temp_t *temp;
    apr_status_t rv, read = APR_SUCCESS;

    rv = cdist_os_temp_open(&temp, cdist_path_folder(to, pool), pool);
    if (rv == APR_SUCCESS) read = read_all(&digest, &rv, from, temp->file, pool);
    if (rv == APR_SUCCESS && (read != APR_SUCCESS || !cdist_digest_equal(&digest, sha256))) {
        return cdist_err_create(pool, CDIST_E_CHANGED, read, "%s: changed while it was copied",
                                cdist_text_printable(from_path, pool));
    }
    if (rv == APR_SUCCESS) rv = cdist_os_temp_publish(temp, to, pool);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", cdist_text_printable(to, pool));
}
