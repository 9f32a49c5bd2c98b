/* Reading one file of a tree: it must be the one that the tree saw, before its first byte is read and after its last.
 * What is decided here about an entry depends on its content alone, never on its owner, time or file system. */
#include "archive_int.h"

#include <apr_strings.h>

#include <string.h>

#define MODE_FILE 0100644u
#define MODE_PROGRAM 0100755u

const char *cdist_input_shown(const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    return cdist_text_printable(apr_pstrcat(pool, folder, "/", input->path, NULL), pool);
}

static cdist_err_t *changed(const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changed while the archive was built",
                            cdist_input_shown(folder, input, pool));
}

/* A program keeps its execute bit wherever it was unpacked: content tells, a share's permissions do not. */
apr_uint32_t cdist_input_mode(const unsigned char *start, apr_size_t length)
{
    static const char *const magics[] = {"\x7F" "ELF", "\xCF\xFA\xED\xFE", "\xCE\xFA\xED\xFE", "\xCA\xFE\xBA\xBE"};
    size_t i;

    if (length >= 2 && memcmp(start, "#!", 2) == 0) return MODE_PROGRAM;
    for (i = 0; length >= 4 && i < sizeof magics / sizeof magics[0]; i++) {
        if (memcmp(start, magics[i], 4) == 0) return MODE_PROGRAM;
    }
    return MODE_FILE;
}

cdist_err_t *cdist_input_open(apr_file_t **file, cdist_opener_t *opener, const char *folder, const cdist_input_t *input,
                              apr_pool_t *pool)
{
    apr_status_t rv = cdist_opener_open(file, opener, input->path, pool);
    cdist_stat_t now;

    if (rv == APR_SUCCESS) rv = cdist_os_stat_file(&now, *file);
    if (APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)) return changed(folder, input, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_input_shown(folder, input, pool));
    }
    return cdist_stat_same(&now, &input->stat) ? NULL : changed(folder, input, pool);
}

cdist_err_t *cdist_input_check(apr_file_t *file, const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    cdist_stat_t now;

    if (cdist_os_stat_file(&now, file) != APR_SUCCESS || !cdist_stat_same(&now, &input->stat)) {
        return changed(folder, input, pool);
    }
    return NULL;
}

cdist_err_t *cdist_input_read(void *buffer, apr_size_t length, apr_file_t *file, const char *folder,
                                 const cdist_input_t *input, apr_pool_t *pool)
{
    apr_status_t rv = length ? apr_file_read_full(file, buffer, length, NULL) : APR_SUCCESS;

    if (APR_STATUS_IS_EOF(rv)) return changed(folder, input, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_input_shown(folder, input, pool));
    }
    return NULL;
}
