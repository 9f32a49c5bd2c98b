/* What a child process holds: catalogues, the store, its flights. Threads are started only when something has to be built,
 * and joined when the child ends. A store that is away never keeps a child from starting: it is opened by the first
 * request that needs it, and tried again from time to time. */
#include "mod_1cdist_int.h"
#include "services_int.h"

#include <apr_atomic.h>
#include <apr_thread_mutex.h>

#include <string.h>

/* How often a store that cannot be opened is tried again. */
#define STORE_RETRY apr_time_from_sec(10)
/* Lists of infobases that are remembered, by the sizes of their files. */
#define LISTS_MAX (8u * 1024 * 1024)

/* One for each process: set in child_init, gone with the process. */
static struct {
    cdist_child_t held;
    cdist_list_memory_t *lists;
    volatile apr_uint32_t ready; /* the store is open; what is held does not change any more */
    apr_thread_mutex_t *mutex;   /* guards the opening of the store, and what follows */
    apr_pool_t *store_pool;
    apr_pool_t *failure_pool;
    cdist_err_t *failure; /* why the last try failed */
    apr_time_t next_try;
} child;

void *cdist_board;

/* A pool that may be used while other threads use its parent. */
static apr_pool_t *separate_pool(apr_pool_t *parent)
{
    apr_allocator_t *allocator;
    apr_pool_t *pool;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&pool, parent, NULL, allocator);
    apr_allocator_owner_set(allocator, pool);
    return pool;
}

void cdist_child_init(apr_pool_t *pchild, server_rec *server)
{
    /* NB: also fills in the default of CDistWaitMax while there is one thread only. */
    const cdist_process_conf_t *conf = cdist_conf_process();
    cdist_live_options_t options = {apr_time_from_sec(conf->scan_interval_sec), apr_time_from_sec(conf->settle_sec),
                                    conf->scan_interval_sec ? cdist_watch_grace() : 0, conf->level, cdist_board};
    cdist_err_t *err;

    memset(&child, 0, sizeof child);
    child.store_pool = separate_pool(pchild);
    child.failure_pool = separate_pool(pchild);
    if (apr_thread_mutex_create(&child.mutex, APR_THREAD_MUTEX_DEFAULT, pchild) != APR_SUCCESS) child.mutex = NULL;
    err = cdist_live_create(&child.held.live, &options, separate_pool(pchild));
    if (!err) err = cdist_list_memory_create(&child.lists, LISTS_MAX, separate_pool(pchild));
    if (err || !child.mutex) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server, "CD0102: this process cannot make its locks, it answers 503");
        child.held.live = NULL;
        return;
    }
    cdist_index_memory_child(pchild);
    cdist_watch_child(pchild);
    cdist_update_watch_child(pchild, separate_pool(pchild));
}

static cdist_err_t *open_store(apr_pool_t *pool)
{
    const cdist_process_conf_t *conf = cdist_conf_process();
    cdist_flight_limits_t limits = {conf->wait_max, conf->build_max, conf->store_max};

    CDIST_ERR(cdist_store_open(&child.held.store, conf->store, pool));
    return cdist_flights_create(&child.held.flights, child.held.store, &limits, pool);
}

/* With the mutex held. A failure is kept and answered for a while, so that a crowd neither hammers the disk nor floods
 * the log. */
static void try_store(void)
{
    apr_pool_t *attempt;
    cdist_err_t *err;

    if (child.ready || apr_time_now() < child.next_try) return;
    apr_pool_create(&attempt, child.store_pool);
    err = open_store(attempt);
    apr_pool_clear(child.failure_pool);
    child.failure = cdist_err_dup(err, child.failure_pool);
    if (err) {
        cdist_log(CDIST_LOG_ERROR, "CD0103", 0, "%s", cdist_err_text(err, attempt));
        apr_pool_destroy(attempt);
        child.next_try = apr_time_now() + STORE_RETRY;
    } else {
        cdist_live_share(child.held.live, child.held.store);
        apr_atomic_set32(&child.ready, 1);
    }
}

cdist_err_t *cdist_child_ready(cdist_child_t **held, apr_pool_t *pool)
{
    cdist_err_t *err;

    *held = &child.held;
    if (apr_atomic_read32(&child.ready)) return NULL;
    if (!child.held.live) return cdist_err_create(pool, CDIST_E_STORE, 0, "this process could not start properly");
    apr_thread_mutex_lock(child.mutex);
    try_store();
    err = cdist_err_dup(child.failure, pool);
    apr_thread_mutex_unlock(child.mutex);
    return err;
}

cdist_err_t *cdist_child_catalogue(cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    cdist_err_t *err;

    if (!cdist_dir_has_lookup(req->dir)) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "there is no such file here, and CDistRoot is not set");
    }
    if (child.held.live) req->catalogue = cdist_live_get(child.held.live, &req->dir->lookup, 0, pool);
    if (req->catalogue) {
        cdist_watch_request(req->catalogue, pool);
        return NULL;
    }
    err = cdist_err_create(pool, CDIST_E_SOURCE, 0, "the folders with releases are still being read for the first time");
    err->told = err->message;
    return err;
}

cdist_err_t *cdist_child_current_rule(cdist_request_t *req)
{
    req->current = req->dir->current;
    req->current.prefer_built = cdist_conf_process()->prebuild;
    if (req->current.kind == CDIST_CURRENT_SERVER) {
        CDIST_ERR(cdist_live_server(&req->current.mask, child.held.live, req->current.server, 0, req->r->pool));
        req->current.kind = CDIST_CURRENT_MASK;
    }
    return NULL;
}

cdist_err_t *cdist_child_current(const cdist_release_t **release, cdist_request_t *req)
{
    *release = NULL;
    CDIST_ERR(cdist_child_current_rule(req));
    return cdist_select_current(release, req->catalogue, &req->current, req->r->pool);
}

cdist_list_memory_t *cdist_child_lists(void)
{
    return child.lists;
}

cdist_flights_t *cdist_child_flights(void)
{
    return apr_atomic_read32(&child.ready) ? child.held.flights : NULL;
}

void cdist_child_expire(const cdist_request_t *req)
{
    if (req->catalogue) cdist_live_expire(child.held.live, &req->dir->lookup);
}

/* NB: prefork calls this in a signal handler. */
void cdist_child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    if (!graceful && apr_atomic_read32(&child.ready)) cdist_flights_shut(child.held.flights);
}
