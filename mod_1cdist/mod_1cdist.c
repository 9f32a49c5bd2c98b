/* mod_1cdist: the update point of a 1C:Enterprise installation. Hooks, the module record, and what a process holds.
 *
 * Life: post_config makes the store's folder for the server's user and warns about roots that cannot be read; each
 * child opens the store and starts threads only when something has to be built; they are joined when the child ends.
 * A store or root that is away never keeps httpd from starting: its URLs answer 503 with the reason. */
#include "mod_1cdist_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include <mod_core.h>

#include <string.h>

/* How often a store that cannot be opened is tried again. */
#define STORE_RETRY apr_time_from_sec(10)

/* One for each process: set in child_init, gone with the process. */
static struct {
    cdist_child_t held;
    volatile apr_uint32_t ready; /* the store is open; what is held does not change any more */
    apr_thread_mutex_t *mutex;   /* guards the opening of the store, and what follows */
    apr_pool_t *store_pool;
    apr_pool_t *failure_pool;
    cdist_err_t *failure; /* why the last try failed */
    apr_time_t next_try;
} child;

/* ---- log ------------------------------------------------------------------------------------------------------- */

static int log_enabled(void *baton, cdist_log_level_t level)
{
    (void)baton;
    return ap_server_conf && APLOG_IS_LEVEL(ap_server_conf, (int)level);
}

static void log_print(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    ap_log_error(APLOG_MARK, (int)level, status, ap_server_conf, "%s", text);
}

/* ---- start ----------------------------------------------------------------------------------------------------- */

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const cdist_process_conf_t *conf = ap_get_module_config(server->module_config, &cdist_module);
    apr_array_header_t *roots = apr_array_make(ptemp, 8, sizeof(const char *));
    server_rec *s;

    (void)pconf;
    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) return OK;
    cdist_log_set(log_enabled, log_print, NULL);
    for (s = server; s; s = s->next) {
        const cdist_process_conf_t *other = ap_get_module_config(s->module_config, &cdist_module);
        if (s == server || other != conf) apr_array_cat(roots, other->roots);
    }
    cdist_start_store(conf->store, server, ptemp);
    if (roots->nelts) cdist_start_check_roots(roots, server, ptemp);
    return OK;
}

/* ---- a child --------------------------------------------------------------------------------------------------- */

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

static void child_init(apr_pool_t *pchild, server_rec *server)
{
    /* NB: also fills in the default of CDistWaitMax while there is one thread only. */
    const cdist_process_conf_t *conf = cdist_conf_process();
    cdist_err_t *err;

    memset(&child, 0, sizeof child);
    child.store_pool = separate_pool(pchild);
    child.failure_pool = separate_pool(pchild);
    if (apr_thread_mutex_create(&child.mutex, APR_THREAD_MUTEX_DEFAULT, pchild) != APR_SUCCESS) child.mutex = NULL;
    err = cdist_live_create(&child.held.live, apr_time_from_sec(conf->scan_interval_sec),
                            apr_time_from_sec(conf->settle_sec), separate_pool(pchild));
    if (err || !child.mutex) {
        ap_log_error(APLOG_MARK, APLOG_CRIT, 0, server, "CD0102: this process cannot make its locks, it answers 503");
        child.held.live = NULL;
    }
}

static cdist_err_t *open_store(apr_pool_t *pool)
{
    const cdist_process_conf_t *conf = cdist_conf_process();
    cdist_flight_limits_t limits = {conf->wait_max, conf->build_max};

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

    if (!req->dir->roots) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "there is no such file here, and CDistRoot is not set");
    }
    if (child.held.live) req->catalogue = cdist_live_get(child.held.live, req->dir->roots, pool);
    if (req->catalogue) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, 0, "the folders of CDistRoot are still being read for the first time");
}

/* NB: prefork calls this in a signal handler. */
static void child_stopping(apr_pool_t *pchild, int graceful)
{
    (void)pchild;
    if (!graceful && apr_atomic_read32(&child.ready)) cdist_flights_shut(child.held.flights);
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* Fills in the base and what follows it. NB: r->uri, not filename and path_info: the core splits those by what happens
 * to exist on the disk. */
static int find_route(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *prefix = ap_context_prefix(r);
    apr_size_t length;

    if (!*prefix && req->dir->mount) prefix = req->dir->mount;
    length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/') length--;
    if (strncmp(r->uri, prefix, length) != 0) return 0;
    req->base = apr_pstrmemdup(r->pool, prefix, length);
    cdist_route_parse(&req->route, r->uri + length, r->pool);
    return 1;
}

static int serve(cdist_request_t *req)
{
    const char *malformed = cdist_negotiate(req);

    if (malformed) return cdist_respond_problem(req, HTTP_BAD_REQUEST, malformed);
    switch (req->route.kind) {
    case CDIST_ROUTE_HOME:
    case CDIST_ROUTE_INDEX: return cdist_serve_index(req);
    case CDIST_ROUTE_ARCHIVE:
    case CDIST_ROUTE_BYTES: return cdist_serve_archive(req);
    case CDIST_ROUTE_MALFORMED: return cdist_respond_problem(req, HTTP_BAD_REQUEST, req->route.reason);
    case CDIST_ROUTE_UNKNOWN: break;
    }
    /* The catalogue shows what there is instead; without it the answer is the same. */
    if (req->dir->roots && cdist_child_catalogue(req)) req->catalogue = NULL;
    return cdist_respond_problem(req, HTTP_NOT_FOUND, req->route.reason);
}

/* Under our handler no request is ever declined to another one, which might hand out what lies in a folder. */
static int handler(request_rec *r)
{
    cdist_request_t req;
    int rv;

    if (!r->handler || strcmp(r->handler, "1cdist") != 0) return DECLINED;
    memset(&req, 0, sizeof req);
    req.r = r;
    req.dir = ap_get_module_config(r->per_dir_config, &cdist_module);
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
    if ((rv = ap_discard_request_body(r)) != OK) return rv;
    if (r->method_number == M_OPTIONS) return ap_send_http_options(r);
    if (!find_route(&req)) return cdist_respond_problem(&req, HTTP_NOT_FOUND, "the path is outside the publication");
    if (r->method_number != M_GET) {
        apr_table_setn(r->headers_out, "Allow", "GET,HEAD,OPTIONS");
        return cdist_respond_problem(&req, HTTP_METHOD_NOT_ALLOWED, "only GET, HEAD and OPTIONS are answered here");
    }
    return serve(&req);
}

static void register_hooks(apr_pool_t *pool)
{
    (void)pool;
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_init(child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
}

module AP_MODULE_DECLARE_DATA cdist_module = {
    STANDARD20_MODULE_STUFF, cdist_conf_create_dir, cdist_conf_merge_dir, cdist_conf_create_process, NULL,
    cdist_commands,          register_hooks,        0};
