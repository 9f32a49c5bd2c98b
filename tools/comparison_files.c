/* Files that `compare` writes, looked at before anything is compared: names of options are easily mixed up, and the customer's
 * configuration must not be gone then. */
#include "comparison_int.h"

#include <apr_strings.h>

#include <string.h>

#define HEAD_BYTES 256

/* ---- one file under two names ---------------------------------------------------------------------------------- */

static int is_same_inode(const char *a, const char *b, apr_pool_t *pool)
{
    apr_finfo_t one, other;

    if (apr_stat(&one, a, APR_FINFO_IDENT, pool) != APR_SUCCESS) return 0;
    return apr_stat(&other, b, APR_FINFO_IDENT, pool) == APR_SUCCESS && one.device == other.device && one.inode == other.inode;
}

/* Files that are not there yet are the same where their folders and names are. */
static int is_same_file(const char *a, const char *b, apr_pool_t *pool)
{
    if (!a || !b) return 0;
    if (is_same_inode(a, b, pool)) return 1;
    return strcmp(cdist_path_name(a, pool), cdist_path_name(b, pool)) == 0 &&
           is_same_inode(cdist_path_folder(a, pool), cdist_path_folder(b, pool), pool);
}

static int is_input(const char *path, const cdist_compare_files_t *files, apr_pool_t *pool)
{
    return is_same_file(path, files->mine, pool) || is_same_file(path, files->theirs, pool) ||
           is_same_file(path, files->base, pool) || is_same_file(path, files->support, pool);
}

const char *comparison_mixed_up(const cdist_compare_files_t *files, const comparison_outputs_t *outputs, apr_pool_t *pool)
{
    if (is_input(outputs->html, files, pool)) return "--html names a file that is compared itself, and is not overwritten";
    if (is_input(outputs->reg, files, pool)) return "--register names a file that is compared itself, and is not overwritten";
    if (is_same_file(outputs->html, outputs->reg, pool)) return "--html and --register name the same file";
    if (is_same_file(outputs->html, outputs->against, pool)) return "--html and --against name the same file";
    return is_input(outputs->against, files, pool) ? "--against names a file that is compared itself" : NULL;
}

/* ---- what is there already ------------------------------------------------------------------------------------- */

/* 1 if there is nothing to be lost: no file, an empty one, or one that starts like those that are written here. */
static int is_ours(const char *path, const char *start, apr_pool_t *pool)
{
    char head[HEAD_BYTES];
    apr_size_t length = 0;
    apr_file_t *file;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, APR_OS_DEFAULT, pool);

    if (rv != APR_SUCCESS) return APR_STATUS_IS_ENOENT(rv);
    rv = apr_file_read_full(file, head, sizeof head, &length);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) return 0;
    return length == 0 || (length >= strlen(start) && memcmp(head, start, strlen(start)) == 0);
}

static cdist_err_t *check_output(const char *path, const char *start, const char *what, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(path, pool);
    cdist_temp_t *temp;
    apr_pool_t *tried;
    apr_status_t rv;
    cdist_err_t *err = tool_check_output(path, pool);

    if (err) return cdist_err_create(pool, err->code, 0, "%s: %s", shown, cdist_err_text(err, pool));
    if (!is_ours(path, start, pool)) {
        return cdist_err_create(pool, CDIST_E_STORE, 0, "%s: is there already, and is no %s: it is not overwritten; name "
                                                        "another file, or remove it", shown, what);
    }
    apr_pool_create(&tried, pool);
    rv = cdist_os_temp_open(&temp, cdist_path_folder(path, tried), tried);
    apr_pool_destroy(tried);
    return rv == APR_SUCCESS ? NULL : cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", shown);
}

cdist_err_t *comparison_check_outputs(const comparison_outputs_t *outputs, apr_pool_t *pool)
{
    if (outputs->reg) CDIST_ERR(check_output(outputs->reg, CDIST_REGISTER_START, "register of customisations", pool));
    return outputs->html ? check_output(outputs->html, CDIST_REPORT_START, "page of 1cdist compare", pool) : NULL;
}
