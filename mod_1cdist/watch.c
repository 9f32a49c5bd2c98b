/* Who does what nobody asks for, and when: looking at the folders, building what is new, caring for the store (care.c).
 *
 * mod_watchdog, where it is loaded, calls one process of the server every second; that process looks at the catalogues that
 * are due, so that requests never have to. Without it the first request after the interval looks. Whoever looked and found
 * archives missing starts a thread that builds them, the newest release first, with half of the cores, beside the builds that
 * requests wait for. On the host only one such thread builds at a time. What is left when it must stop is missing in the
 * next catalogue too, so the next process goes on: nothing has to be remembered. */
#include "mod_1cdist_int.h"

#include <apr_atomic.h>
#include <apr_optional.h>
#include <apr_strings.h>
#include <apr_thread_proc.h>
#include <mod_watchdog.h>
#include <mpm_common.h>

#include <stdlib.h>
#include <string.h>

/* How soon a thread is started again while something is missing that no run has met yet, and without that. */
#define MISSING_PAUSE_SEC 2
#define CARE_PAUSE_SEC 60
/* How often mod_watchdog calls. Most calls find that nothing is due. */
#define WATCH_INTERVAL apr_time_from_sec(1)
#define WATCH_GRACE apr_time_from_sec(5)
/* How soon a child that must go sees that the thread has ended. */
#define END_POLL apr_time_from_msec(10)

static struct {
    const apr_array_header_t *publications; /* const cdist_dir_conf_t *; of the configuration, the same in all children */
    int watched;                            /* mod_watchdog calls one of the children */
    apr_thread_t *thread;                   /* the last one started; to be joined before the next */
    apr_pool_t *thread_pool;                /* its own */
    volatile apr_uint32_t running; /* the thread runs; whoever sets it may touch the two before */
    volatile apr_uint32_t last_missing_sec, last_care_sec;
    volatile apr_uint32_t *left; /* by publication: what the last run could not build, see cdist_care; 0 before */
} watch;

/* ---- the thread ---------------------------------------------------------------------------------------------------- */

static void *APR_THREAD_FUNC care(apr_thread_t *thread, void *unused)
{
    static const cdist_digest_t whole_host;
    cdist_child_t *child;
    cdist_lock_t *lock;
    apr_pool_t *pool;

    (void)thread;
    (void)unused;
    apr_pool_create_unmanaged(&pool);
    if (!cdist_child_ready(&child, pool) &&
        cdist_store_lock(&lock, child->store, CDIST_STORE_LOCK_CARE, &whole_host, pool) == APR_SUCCESS) {
        cdist_care(watch.publications, watch.left, child, pool);
        cdist_os_lock_free(lock);
    }
    apr_pool_destroy(pool);
    apr_atomic_set32(&watch.running, 0);
    return NULL;
}

/* ---- starting and ending it ---------------------------------------------------------------------------------------- */

/* Whether the last run of the thread has left exactly this: it cannot be built, or must not be. NB: what failed is tried again
 * by the runs every CARE_PAUSE_SEC, when care.c finds that it is time. */
static int was_left(apr_uint32_t missing)
{
    int i;

    for (i = 0; i < watch.publications->nelts; i++) {
        if (apr_atomic_read32(&watch.left[i]) == missing) return 1;
    }
    return 0;
}

/* Frees the last thread, which has ended or is about to. */
static void join_thread(void)
{
    apr_status_t ignored;

    if (!watch.thread) return;
    apr_thread_join(&ignored, watch.thread);
    apr_pool_destroy(watch.thread_pool);
    watch.thread = NULL;
}

static void start_thread(void)
{
    static volatile apr_uint32_t last_warning_sec;
    apr_status_t rv;

    if (apr_atomic_cas32(&watch.running, 1, 0) != 0) return;
    join_thread();
    apr_pool_create_unmanaged(&watch.thread_pool);
    rv = apr_thread_create(&watch.thread, NULL, care, NULL, watch.thread_pool);
    if (rv == APR_SUCCESS) return;
    if (cdist_log_due(&last_warning_sec, 60)) {
        cdist_log(CDIST_LOG_ERROR, "CD0126", rv, "store: no thread can be started to build and care; archives are built when "
                  "somebody asks for them");
    }
    watch.thread = NULL;
    apr_pool_destroy(watch.thread_pool);
    apr_atomic_set32(&watch.running, 0);
}

/* NB: signals are blocked, so that the thread inherits it, and because the prefork MPM calls end_thread inside the handler of
 * one, on top of this. */
static void kick(const cdist_catalogue_t *catalogue, apr_pool_t *pool)
{
    cdist_signals_t *signals;
    apr_uint32_t missing = cdist_conf_process()->prebuild ? cdist_care_missing(catalogue) : 0;

    if (!(missing && !was_left(missing) && cdist_log_due(&watch.last_missing_sec, MISSING_PAUSE_SEC)) &&
        !cdist_log_due(&watch.last_care_sec, CARE_PAUSE_SEC)) return;
    signals = cdist_os_signals_make(pool);
    cdist_os_signals_block(signals);
    start_thread();
    cdist_os_signals_restore(signals);
}

/* NB: with mod_watchdog one process of the server does it all, and remembers what failed. */
void cdist_watch_request(const cdist_catalogue_t *catalogue, apr_pool_t *scratch_pool)
{
    if (!watch.watched) kick(catalogue, scratch_pool);
}

/* NB: mod_watchdog's thread is still there, since its pool is a child of this one. So `running` is not given back: nobody
 * starts a thread any more. */
static apr_status_t end_thread(void *unused)
{
    cdist_flights_t *flights = cdist_child_flights();

    (void)unused;
    if (flights) cdist_flights_shut(flights);
    while (apr_atomic_cas32(&watch.running, 1, 0) != 0) apr_sleep(END_POLL);
    join_thread();
    return APR_SUCCESS;
}

void cdist_watch_child(apr_pool_t *pchild)
{
    watch.thread = NULL;
    watch.running = watch.last_missing_sec = watch.last_care_sec = 0;
    watch.left = apr_pcalloc(pchild, ((apr_size_t)watch.publications->nelts + 1) * sizeof *watch.left);
    /* NB: before the pool's own cleanups, which would take the store away from the running thread. */
    apr_pool_pre_cleanup_register(pchild, NULL, end_thread);
}

/* ---- mod_watchdog -------------------------------------------------------------------------------------------------- */

static apr_status_t look(int state, void *data, apr_pool_t *pool)
{
    cdist_child_t *child;
    apr_pool_t *scratch;
    int i;

    (void)data;
    if (state != AP_WATCHDOG_STATE_RUNNING) return APR_SUCCESS;
    apr_pool_create(&scratch, pool);
    for (i = 0; !cdist_child_ready(&child, scratch) && i < watch.publications->nelts; i++) {
        const cdist_dir_conf_t *publication = APR_ARRAY_IDX(watch.publications, i, const cdist_dir_conf_t *);
        const cdist_catalogue_t *catalogue;
        cdist_version_t version;

        apr_pool_clear(scratch);
        catalogue = cdist_live_get(child->live, &publication->lookup, 1, scratch);
        if (catalogue) kick(catalogue, scratch);
        /* NB: only to have it looked at; a failure is told to whoever asks. */
        if (publication->current.server &&
            cdist_live_server(&version, child->live, publication->current.server, 1, scratch)) continue;
    }
    cdist_update_watch_look(scratch);
    apr_pool_destroy(scratch);
    return APR_SUCCESS;
}

apr_interval_time_t cdist_watch_grace(void)
{
    return watch.watched ? WATCH_GRACE : 0;
}

int cdist_watch_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    APR_OPTIONAL_FN_TYPE(ap_watchdog_get_instance) *get_instance = APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_get_instance);
    APR_OPTIONAL_FN_TYPE(ap_watchdog_register_callback) *register_callback =
        APR_RETRIEVE_OPTIONAL_FN(ap_watchdog_register_callback);
    ap_watchdog_t *watchdog;
    apr_status_t rv;
    int updates;

    (void)plog;
    (void)ptemp;
    watch.watched = 0;
    watch.publications = cdist_publications(server, pconf);
    updates = cdist_update_watch_start(server, pconf);
    if ((!watch.publications->nelts && !updates) || !get_instance || !register_callback) return OK;
    rv = get_instance(&watchdog, "1cdist", 0, 1, pconf);
    if (rv == APR_SUCCESS) rv = register_callback(watchdog, WATCH_INTERVAL, NULL, look);
    if (rv != APR_SUCCESS && rv != APR_EEXIST) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server, "CD0110: mod_watchdog cannot be used; the first request after "
                     "CDistScanInterval looks at the folders instead");
    } else {
        watch.watched = 1;
    }
    return OK;
}
