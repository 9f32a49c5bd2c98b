/* Holds: <root>/.1cdist/holds, a version a line, '#' for remarks. `1cdist sync --hold` writes it, and sync and the module keep to
 * it: a version that is held is neither taken from upstream nor handed on from there. */
#include "cdist_platform.h"

#include <apr_strings.h>

#define HOLDS_FILE_MAX 65536

static cdist_err_t *take_line(apr_array_header_t *holds, const char *line, int number, const char *path, apr_pool_t *pool)
{
    cdist_version_t version;

    if (*line == '#' || *line == '\0') return NULL;
    /* NB: a hold that is not understood must not be one that does not hold. */
    if (!cdist_version_parse(&version, line)) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: line %d: is no version such as 8.3.22.1750; mend or remove it",
                                cdist_text_printable(path, pool), number);
    }
    APR_ARRAY_PUSH(holds, cdist_version_t) = version;
    return NULL;
}

cdist_err_t *cdist_holds_read(apr_array_header_t **holds, const char *root, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, root, "/" CDIST_HOLDS_FILE, NULL);
    apr_size_t length;
    cdist_lines_t *lines;
    char *bytes;
    cdist_err_t *err = cdist_file_read(&bytes, &length, path, HOLDS_FILE_MAX, pool);
    int i;

    *holds = apr_array_make(pool, 4, sizeof(cdist_version_t));
    if (err) return err->code == CDIST_E_NOTFOUND ? NULL : err;
    CDIST_ERR(cdist_lines_parse(&lines, bytes, length, path, pool));
    for (i = 0; i < lines->lines->nelts; i++) {
        CDIST_ERR(take_line(*holds, APR_ARRAY_IDX(lines->lines, i, cdist_line_t).text, i + 1, path, pool));
    }
    return NULL;
}

int cdist_holds_have(const apr_array_header_t *holds, const cdist_version_t *version)
{
    int i;

    for (i = 0; i < holds->nelts; i++) {
        if (cdist_version_compare(&APR_ARRAY_IDX(holds, i, cdist_version_t), version) == 0) return 1;
    }
    return 0;
}
