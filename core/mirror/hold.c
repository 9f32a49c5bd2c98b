/* Holds are set and released (core/platform/holds.c reads them). They are the branch's own brake, and nothing that comes from upstream
 * writes there. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* What another one needs that sets a hold; a sync takes longer. */
#define LOCK_WAIT (APR_USEC_PER_SEC / 2)
#define HOLDS_HEAD "# Versions that 1cdist sync leaves alone: sync --hold, --release-hold\n"

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
