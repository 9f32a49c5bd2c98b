/* Single flight: however many ask for an archive, one thread of one process on the host makes it.
 *
 * Within a process, a flight is the one thread that cares for a key; requests wait on a timed condition. Between
 * processes, the locks of locks.c exclude each other.
 * A flight whose key is held elsewhere looks at the store every POLL, until the archive is there or the lock is free.
 * The result of a flight is in the store, never in a message, so nothing can be lost. */
#include "archive_int.h"

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <string.h>

/* How often a request that finds its archive evicted right after its build has it built again. An eviction removes two files,
 * and a build may end in between, so it can take two builds from a request; the next is ten minutes away. */
#define EVICTED_TRIES 3
/* How long a waiting request may not notice that the process must go. */
#define SLICE apr_time_from_msec(500)
#define POLL apr_time_from_msec(25)
#define LOG_PAUSE_SEC 10
#define FAILURE_REMEMBERED apr_time_from_sec(5)

typedef struct flight_t {
    struct flight_t *next;
    apr_pool_t *pool; /* its own, outlives the request that started it */
    cdist_flights_t *flights;
    cdist_job_t *job;
    apr_thread_t *thread;
    int waiters;
    int done;   /* the result is there */
    int over;   /* and the thread has nothing more to do */
    int built;  /* 1: by this flight, and nobody has been told yet */
    apr_time_t ended;
    cdist_err_t *err;
} flight_t;

struct cdist_flights_t {
    cdist_store_t *store;
    cdist_flight_limits_t limits;
    const char *lock_path;
    volatile apr_uint32_t stop;
    volatile apr_uint32_t logged_sec; /* when a missing lock file was last spoken of */
    apr_thread_mutex_t *mutex; /* guards the list and every flight in it */
    apr_thread_cond_t *landed;
    flight_t *first;
};

const char *cdist_outcome_name(cdist_outcome_t outcome)
{
    return outcome == CDIST_HIT ? "hit" : outcome == CDIST_BUILT ? "built" : "waited";
}

/* ---- the thread of a flight ------------------------------------------------------------------------------------ */

static int in_store(const cdist_flights_t *flights, const cdist_job_t *job, apr_pool_t *scratch)
{
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_err_t *err = cdist_store_find(&archive, &file, flights->store, &job->key, 0, scratch);

    if (err) return 0;
    apr_file_close(file);
    return 1;
}

static cdist_err_t *stopped(apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_STOPPED, 0, "the server is stopping");
}

static cdist_err_t *lock_failed(const cdist_flights_t *flights, apr_status_t rv, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be locked", flights->lock_path);
}

static apr_status_t lock_key(cdist_lock_t **lock, const cdist_flights_t *flights, const cdist_job_t *job, apr_pool_t *pool)
{
    return cdist_os_lock_try(lock, flights->lock_path, cdist_lock_of_key(&job->key), 1, pool);
}

/* Holding the key: builds, unless somebody else has meanwhile. */
static cdist_err_t *fly_locked(flight_t *flight, apr_pool_t *scratch)
{
    cdist_flights_t *flights = flight->flights;
    cdist_lock_t *slot;
    apr_status_t rv;
    cdist_err_t *err;

    if (in_store(flights, flight->job, scratch)) return NULL;
    CDIST_ERR(cdist_store_make(flights->store, scratch));
    while ((rv = cdist_os_lock_try(&slot, flights->lock_path, LOCK_BUILDS, (apr_uint32_t)flights->limits.build_max,
                                   scratch)) == APR_EBUSY) {
        if (cdist_stop_asked(&flights->stop)) return stopped(flight->pool);
        apr_sleep(POLL);
    }
    if (rv != APR_SUCCESS) return lock_failed(flights, rv, flight->pool);
    err = cdist_job_run_within(flights->store, flight->job, flights->limits.store_max, &flights->stop, scratch);
    flight->built = !err;
    cdist_os_lock_free(slot);
    return err;
}

static cdist_err_t *fly(flight_t *flight, apr_pool_t *scratch)
{
    cdist_flights_t *flights = flight->flights;

    while (!cdist_stop_asked(&flights->stop)) {
        cdist_lock_t *lock;
        cdist_err_t *err;
        apr_status_t rv;

        apr_pool_clear(scratch);
        rv = lock_key(&lock, flights, flight->job, scratch);
        if (rv == APR_SUCCESS) {
            err = fly_locked(flight, scratch);
            cdist_os_lock_free(lock);
            return err;
        }
        if (rv != APR_EBUSY) return lock_failed(flights, rv, flight->pool);
        if (in_store(flights, flight->job, scratch)) return NULL;
        apr_sleep(POLL);
    }
    return stopped(flight->pool);
}

static void log_failure(const cdist_job_t *job, const cdist_err_t *err, apr_pool_t *scratch)
{
    if (err->code == CDIST_E_STOPPED) {
        cdist_log(CDIST_LOG_INFO, "CD0014", 0, "%s: the build was stopped with the server", job->label);
    } else if (err->code == CDIST_E_CHANGED) {
        cdist_log(CDIST_LOG_WARNING, "CD0015", 0, "%s: not built, the next request tries again: %s", job->label,
                  cdist_err_text(err, scratch));
    } else {
        cdist_log(CDIST_LOG_ERROR, "CD0016", 0, "%s: cannot be built: %s", job->label,
                  cdist_err_text(err, scratch));
    }
}

static void *APR_THREAD_FUNC flight_main(apr_thread_t *thread, void *baton)
{
    flight_t *flight = baton;
    cdist_flights_t *flights = flight->flights;
    apr_pool_t *scratch;
    cdist_err_t *err;
    int built;

    (void)thread;
    apr_pool_create_unmanaged(&scratch);
    err = fly(flight, scratch);
    if (err) log_failure(flight->job, err, scratch);
    apr_thread_mutex_lock(flights->mutex);
    flight->err = cdist_err_dup(err, flight->pool);
    flight->done = 1;
    flight->ended = apr_time_now();
    built = flight->built;
    apr_thread_cond_broadcast(flights->landed);
    apr_thread_mutex_unlock(flights->mutex);
    /* Nobody waits for this. */
    if (built) cdist_store_tidy(flights->store, flights->limits.store_max, &flights->stop, scratch);
    apr_pool_destroy(scratch);
    apr_thread_mutex_lock(flights->mutex);
    flight->over = 1;
    apr_thread_mutex_unlock(flights->mutex);
    return NULL;
}

/* ---- the list of flights (all with the mutex held) -------------------------------------------------------------- */

/* Frees flights that nobody needs any more: over, without waiters, and no failure to be remembered. */
static void reap(cdist_flights_t *flights)
{
    flight_t **link = &flights->first;

    while (*link) {
        flight_t *flight = *link;

        if (flight->over && flight->waiters == 0 &&
            !(flight->err && apr_time_now() - flight->ended < FAILURE_REMEMBERED)) {
            apr_status_t ignored;
            *link = flight->next;
            apr_thread_join(&ignored, flight->thread);
            apr_pool_destroy(flight->pool);
        } else {
            link = &flight->next;
        }
    }
}

static flight_t *find_flight(const cdist_flights_t *flights, const cdist_key_t *key)
{
    flight_t *flight;

    for (flight = flights->first; flight; flight = flight->next) {
        /* A flight that landed well is over: if its archive is gone again, a new one must start. */
        if (cdist_digest_equal(&flight->job->key, key) && (!flight->done || flight->err)) return flight;
    }
    return NULL;
}

static flight_t *start_flight(cdist_flights_t *flights, const cdist_job_t *job)
{
    apr_pool_t *pool;
    flight_t *flight;
    apr_status_t rv;

    apr_pool_create_unmanaged(&pool);
    flight = apr_pcalloc(pool, sizeof *flight);
    flight->pool = pool;
    flight->flights = flights;
    flight->job = cdist_job_dup(job, pool);
    /* It inherits the block of all signals from its starter. */
    rv = apr_thread_create(&flight->thread, NULL, flight_main, flight, pool);
    if (rv != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    flight->next = flights->first;
    flights->first = flight;
    return flight;
}

/* Waits for a flight to land; 1 if it did in time.
 * NB: the prefork MPM ends a child inside the handler of a signal, on top of whatever its thread is doing, and destroys
 * our pools there. So signals are blocked while the mutex is held or the condition is waited for, and let in between two
 * slices of the wait, when this thread holds nothing. */
static int wait_landed(cdist_flights_t *flights, flight_t *flight, apr_time_t deadline, cdist_signals_t *signals)
{
    while (!flight->done) {
        apr_interval_time_t left = deadline - apr_time_now();

        if (left <= 0 || cdist_stop_asked(&flights->stop)) return 0;
        apr_thread_cond_timedwait(flights->landed, flights->mutex, left < SLICE ? left : SLICE);
        apr_thread_mutex_unlock(flights->mutex);
        cdist_os_signals_restore(signals);
        cdist_os_signals_block(signals);
        apr_thread_mutex_lock(flights->mutex);
    }
    return 1;
}

/* ---- the outside ----------------------------------------------------------------------------------------------- */

void cdist_flights_shut(cdist_flights_t *flights)
{
    apr_atomic_set32(&flights->stop, 1);
}

static apr_status_t flights_stop(void *baton)
{
    cdist_flights_t *flights = baton;

    cdist_flights_shut(flights);
    for (;;) {
        flight_t *flight;
        apr_status_t ignored;

        apr_thread_mutex_lock(flights->mutex);
        flight = flights->first;
        if (flight) flights->first = flight->next;
        apr_thread_mutex_unlock(flights->mutex);
        if (!flight) return APR_SUCCESS;
        apr_thread_join(&ignored, flight->thread);
        apr_pool_destroy(flight->pool);
    }
}

cdist_err_t *cdist_flights_create(cdist_flights_t **flights, cdist_store_t *store, const cdist_flight_limits_t *limits,
                                  apr_pool_t *pool)
{
    cdist_flights_t *made = apr_pcalloc(pool, sizeof *made);

    made->store = store;
    made->limits = *limits;
    if (made->limits.wait_max > (int)(LOCK_BUILDS - LOCK_WAITERS)) {
        made->limits.wait_max = LOCK_BUILDS - LOCK_WAITERS;
    }
    made->lock_path = cdist_store_lock_path(store, pool);
    if (apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&made->landed, pool) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_BUSY, 0, "no lock can be made for builds");
    }
    /* NB: before the pool's own cleanups, which would take the mutex away from running threads. */
    apr_pool_pre_cleanup_register(pool, made, flights_stop);
    *flights = made;
    return NULL;
}

/* Joins or starts the key's flight and waits for it; *first tells whether this caller is the one that gets "built". */
static cdist_err_t *join_flight(int *first, cdist_flights_t *flights, const cdist_job_t *job, apr_time_t deadline,
                                apr_pool_t *pool)
{
    cdist_signals_t *signals = cdist_os_signals_make(pool);
    cdist_err_t *err = NULL;
    flight_t *flight;

    cdist_os_signals_block(signals);
    apr_thread_mutex_lock(flights->mutex);
    reap(flights);
    flight = find_flight(flights, &job->key);
    if (!flight) flight = start_flight(flights, job);
    if (!flight) {
        err = cdist_err_create(pool, CDIST_E_BUSY, 0, "no thread can be started for the build");
    } else {
        flight->waiters++;
        if (!wait_landed(flights, flight, deadline, signals)) {
            err = cdist_stop_asked(&flights->stop)
                      ? stopped(pool)
                      : cdist_err_create(pool, CDIST_E_TIMEOUT, 0, "%s is still being built", job->label);
        } else {
            err = cdist_err_dup(flight->err, pool);
            *first = flight->built;
            flight->built = 0;
        }
        flight->waiters--;
    }
    apr_thread_mutex_unlock(flights->mutex);
    cdist_os_signals_restore(signals);
    return err;
}

/* A place among those who may wait; APR_EBUSY if there is none. */
static apr_status_t take_waiter(cdist_lock_t **waiter, const cdist_flights_t *flights, apr_pool_t *pool)
{
    apr_uint32_t count = (apr_uint32_t)flights->limits.wait_max;
    apr_status_t rv = cdist_os_lock_try(waiter, flights->lock_path, LOCK_WAITERS, count, pool);

    /* Somebody emptied the store, lock file included. */
    if (APR_STATUS_IS_ENOENT(rv) && !cdist_store_make(flights->store, pool)) {
        rv = cdist_os_lock_try(waiter, flights->lock_path, LOCK_WAITERS, count, pool);
    }
    return rv;
}

cdist_err_t *cdist_flights_obtain(cdist_archive_t **archive, apr_file_t **file, cdist_outcome_t *outcome,
                                  cdist_flights_t *flights, const cdist_job_t *job, apr_interval_time_t timeout,
                                  apr_int32_t open_flags, apr_pool_t *pool)
{
    apr_time_t deadline = apr_time_now() + timeout;
    cdist_lock_t *waiter;
    apr_status_t rv;
    cdist_err_t *err = cdist_store_find(archive, file, flights->store, &job->key, open_flags, pool);
    int first = 0, tries;

    *outcome = CDIST_HIT;
    if (!err) cdist_store_mark_used(flights->store, *archive, pool);
    if (!err || err->code != CDIST_E_NOTFOUND) return err;
    rv = take_waiter(&waiter, flights, pool);
    if (rv == APR_EBUSY) {
        return cdist_err_create(pool, CDIST_E_BUSY, 0, "%s is being built and %d requests wait already", job->label,
                                flights->limits.wait_max);
    }
    if (rv != APR_SUCCESS) {
        if (cdist_log_due(&flights->logged_sec, LOG_PAUSE_SEC)) {
            cdist_log(CDIST_LOG_ERROR, "CD0107", rv, "store: %s cannot be locked; if the store's folder is gone, restart httpd",
                      flights->lock_path);
        }
        return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be locked", flights->lock_path);
    }
    for (tries = 0; tries < EVICTED_TRIES && err && err->code == CDIST_E_NOTFOUND; tries++) {
        int built = 0;

        if ((err = join_flight(&built, flights, job, deadline, pool)) != NULL) break;
        first |= built;
        err = cdist_store_find(archive, file, flights->store, &job->key, open_flags, pool);
    }
    cdist_os_lock_free(waiter);
    *outcome = first ? CDIST_BUILT : CDIST_WAITED;
    if (!err) cdist_store_mark_used(flights->store, *archive, pool);
    return err;
}

/* ---- prebuilding ------------------------------------------------------------------------------------------------- */

const volatile apr_uint32_t *cdist_flights_stop_flag(const cdist_flights_t *flights)
{
    return &flights->stop;
}

cdist_err_t *cdist_flights_prebuild(int *made, cdist_flights_t *flights, const cdist_job_t *job, apr_pool_t *scratch_pool)
{
    cdist_lock_t *lock;
    cdist_err_t *err;
    apr_status_t rv;

    *made = 0;
    if (in_store(flights, job, scratch_pool)) return NULL;
    CDIST_ERR(cdist_store_make(flights->store, scratch_pool));
    rv = lock_key(&lock, flights, job, scratch_pool);
    if (rv == APR_EBUSY) return NULL;
    if (rv != APR_SUCCESS) return lock_failed(flights, rv, scratch_pool);
    if (in_store(flights, job, scratch_pool)) err = NULL;
    else err = cdist_job_run_within(flights->store, job, flights->limits.store_max, &flights->stop, scratch_pool);
    cdist_os_lock_free(lock);
    *made = !err;
    if (err) log_failure(job, err, scratch_pool);
    else cdist_store_tidy(flights->store, flights->limits.store_max, &flights->stop, scratch_pool);
    return err;
}
