/* Room on the disk, before anything is fetched: what is offered may be larger than what there is place for, by mistake or,
 * where nobody signed it, on purpose. */
#include "mirror_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

apr_uint64_t cdist_space_wanted(const char *root, const cdist_digest_t *sha256, apr_uint64_t bytes, apr_pool_t *scratch_pool)
{
    apr_uint64_t there = cdist_partial_bytes(root, sha256, scratch_pool);

    return there < bytes ? bytes - there : 0;
}

/* NB: a root that is not there yet will lie where its folder does. What cannot be told is no reason to stop. */
cdist_err_t *cdist_space_check(const char *root, apr_uint64_t wanted_bytes, const char *what, apr_pool_t *pool)
{
    apr_uint64_t free_bytes;
    apr_status_t rv = cdist_os_free_bytes(&free_bytes, root);

    if (APR_STATUS_IS_ENOENT(rv)) rv = cdist_os_free_bytes(&free_bytes, cdist_path_folder(root, pool));
    if (rv != APR_SUCCESS || wanted_bytes <= free_bytes) return NULL;
    /* NB: what another source offers may be smaller. */
    return cdist_err_create(pool, CDIST_E_SOURCE, 0,
                            "%s: has %" APR_UINT64_T_FMT " bytes free, and %s needs %" APR_UINT64_T_FMT
                            " more: make room, or choose with --version and --component",
                            cdist_text_printable(root, pool), free_bytes, what, wanted_bytes);
}
