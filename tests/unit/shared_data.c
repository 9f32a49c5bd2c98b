/* See shared_data.h. */
#include "shared_data.h"

#include "fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>

const char *shared_data(size_t *length, const char *name)
{
    const char *top = getenv("srcdir");
    const char *path = apr_pstrcat(fx_pool, top ? top : ".", "/../shared/data/", name, NULL);
    apr_finfo_t info;
    char *bytes;

    if (apr_stat(&info, path, APR_FINFO_TYPE, fx_pool) != APR_SUCCESS) {
        printf("skipped: no shared data (%s)\n", name);
        return NULL;
    }
    FX_OK(cdist_file_read(&bytes, length, path, 64 * 1024 * 1024, fx_pool));
    return bytes;
}
