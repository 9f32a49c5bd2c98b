/* Chains out of a list of updates. What is to be known of its templates is made by the first who asks, and kept as long as the list: after
 * that a chain is a search alone. One search of a process at a time, which takes milliseconds; how many requests wait for it is bounded, so
 * that no crowd of them holds all workers. */
#include "update_int.h"

#include <ap_mpm.h>
#include <apr_atomic.h>
#include <apr_thread_mutex.h>

static volatile apr_uint32_t waiting;

/* Half of the process's threads. */
static apr_uint32_t waiting_max(void)
{
    int threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return threads > 4 ? (apr_uint32_t)threads / 2 : 2;
}

/* With the list's mutex held. */
static cdist_chain_finder_t *finder_of(cdist_update_list_t *list)
{
    if (!list->finder) list->finder = cdist_chain_finder_make(list->templates, list->pool);
    return list->finder;
}

static cdist_err_t *enter(cdist_update_list_t *list, apr_pool_t *pool)
{
    if (apr_atomic_inc32(&waiting) < waiting_max()) {
        apr_thread_mutex_lock(list->mutex);
        return NULL;
    }
    apr_atomic_dec32(&waiting);
    return cdist_err_create(pool, CDIST_E_BUSY, 0, "too many chains are being looked for");
}

static void leave(cdist_update_list_t *list)
{
    apr_thread_mutex_unlock(list->mutex);
    apr_atomic_dec32(&waiting);
}

cdist_err_t *cdist_update_chain(cdist_chain_t **chain, cdist_update_list_t *list, const cdist_chain_request_t *request,
                                apr_pool_t *pool)
{
    cdist_err_t *err;

    CDIST_ERR(enter(list, pool));
    err = cdist_chain_find_again(chain, finder_of(list), request, pool, pool);
    leave(list);
    return err;
}

cdist_err_t *cdist_update_configurations(apr_array_header_t **names, const char **only, cdist_update_list_t *list, apr_pool_t *pool)
{
    CDIST_ERR(enter(list, pool));
    *names = cdist_chain_configurations(only, finder_of(list), pool);
    leave(list);
    return NULL;
}
