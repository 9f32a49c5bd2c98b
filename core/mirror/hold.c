/* Holds: <root>/.1cdist/holds, a version a line. They are the branch's own brake, and nothing that comes from upstream writes
 * there. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define HOLDS_FILE_MAX 65536
/* What another one needs that sets a hold; a sync takes longer. */
#define LOCK_WAIT (APR_USEC_PER_SEC / 2)
#define HOLDS_HEAD "# Versions that 1cdist sync leaves alone: sync --hold, --release-hold\n"

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
    const char *path = cdist_place(root, "holds", pool);
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

static cdist_err_t *set(int *changed, const char *root, const cdist_version_t *version, int held, apr_pool_t *pool)
{
    const char *text = HOLDS_HEAD;
    apr_array_header_t *holds;
    int was = 0, i;

    CDIST_ERR(cdist_holds_read(&holds, root, pool));
    for (i = 0; i < holds->nelts; i++) {
        const cdist_version_t *other = &APR_ARRAY_IDX(holds, i, cdist_version_t);

        if (cdist_version_compare(other, version) == 0) was = 1;
        else text = apr_pstrcat(pool, text, cdist_version_format(other, pool), "\n", NULL);
    }
    *changed = was != held;
    if (!*changed) return NULL;
    if (held) text = apr_pstrcat(pool, text, cdist_version_format(version, pool), "\n", NULL);
    return cdist_file_publish(cdist_place(root, "holds", pool), text, strlen(text), pool);
}

cdist_err_t *cdist_hold_set(int *changed, const char *root, const cdist_version_t *version, int held, apr_pool_t *pool)
{
    cdist_lock_t *lock;
    cdist_err_t *err;

    CDIST_ERR(cdist_place_make(root, pool));
    CDIST_ERR(cdist_place_lock(&lock, root, LOCK_WAIT, pool));
    err = set(changed, root, version, held, pool);
    cdist_os_lock_free(lock);
    return err;
}
