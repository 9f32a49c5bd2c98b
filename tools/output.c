/* What every verb prints alike. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>

int tool_fail(const char *text)
{
    fprintf(stderr, "1cdist: %s\n", text);
    return TOOL_FAILED;
}

void tool_note(void *baton, const char *text)
{
    (void)baton;
    tool_fail(text);
}

int tool_fail_err(const cdist_err_t *err, apr_pool_t *pool)
{
    return tool_fail(cdist_err_text(err, pool));
}

void tool_progress(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes)
{
    int *shown = baton, percent = total_bytes ? (int)(done_bytes * 100 / total_bytes) : 100;

    if (percent == *shown) return;
    *shown = percent;
    fprintf(stderr, "\r%3d %%", percent);
}

const char *tool_count(int count, const char *one, const char *several, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%d %s", count, count == 1 ? one : several);
}

void tool_progress_end(int shown)
{
    if (shown >= 0) fputs("\r     \r", stderr);
}

/* NB: publication renames, which would turn a device or link of that name into a file. */
cdist_err_t *tool_check_output(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    if (apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool) != APR_SUCCESS || info.filetype == APR_REG) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, 0, "is there already, and is no plain file");
}

void tool_print_json(json_t *object)
{
    char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(6));

    json_decref(object);
    if (text) puts(text);
    free(text);
}
