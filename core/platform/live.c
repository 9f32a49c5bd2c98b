/* Catalogues that stay fresh within one process: a snapshot a lookup, counted by its readers, replaced by the first
 * caller after the interval. Nothing waits for a scan but the very first callers. */
#include "cdist_platform.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include <string.h>

/* How long the first scan may make others wait: a root on a share that hangs must not take every worker along. */
#define FIRST_SCAN_WAIT apr_time_from_sec(5)
/* What changes all the time is not looked at more often than this. */
#define EXPIRE_PAUSE apr_time_from_sec(1)

typedef struct {
    apr_pool_t *pool; /* its own */
    cdist_catalogue_t *catalogue; /* of the lookup; or, for a folder of server versions, NULL and these two: */
    cdist_version_t server;
    cdist_err_t *server_err;
    volatile apr_uint32_t readers; /* the holder counts as one */
} snapshot_t;

typedef struct holder_t {
    struct holder_t *next;
    const char *key;           /* of its target */
    snapshot_t *snapshot;      /* NULL before the first scan */
    apr_time_t expires;
    apr_time_t scanned_at;
    apr_time_t scanning;       /* when the scan that runs began; 0: none runs */
    int stale;                 /* it was expired while being scanned */
    const char *reported;      /* the problems last logged, joined */
    apr_pool_t *reported_pool;
} holder_t;

struct cdist_live_t {
    apr_pool_t *pool;
    apr_interval_time_t interval, settle;
    apr_thread_mutex_t *mutex; /* guards the list of holders and their fields; never held while scanning */
    apr_thread_cond_t *scanned;
    holder_t *first;
};

static apr_status_t release_snapshot(void *baton)
{
    snapshot_t *snapshot = baton;

    if (apr_atomic_dec32(&snapshot->readers) == 0) apr_pool_destroy(snapshot->pool);
    return APR_SUCCESS;
}

static apr_status_t release_holders(void *baton)
{
    cdist_live_t *live = baton;
    holder_t *holder;

    for (holder = live->first; holder; holder = holder->next) {
        if (holder->snapshot) release_snapshot(holder->snapshot);
        if (holder->reported_pool) apr_pool_destroy(holder->reported_pool);
    }
    live->first = NULL;
    return APR_SUCCESS;
}

cdist_err_t *cdist_live_create(cdist_live_t **live, apr_interval_time_t interval, apr_interval_time_t settle,
                               apr_pool_t *pool)
{
    cdist_live_t *made = apr_pcalloc(pool, sizeof *made);

    made->pool = pool;
    made->interval = interval;
    made->settle = settle;
    if (apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&made->scanned, pool) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_BUSY, 0, "no lock can be made for the catalogue");
    }
    apr_pool_cleanup_register(pool, made, release_holders, apr_pool_cleanup_null);
    *live = made;
    return NULL;
}

/* What is looked at: where a publication looks for releases, or a folder of server versions. */
typedef struct {
    const cdist_lookup_t *lookup;
    const char *server;
} target_t;

/* A text that is the same for equal targets. */
static const char *target_key(const target_t *target, apr_pool_t *pool)
{
    const cdist_lookup_t *lookup = target->lookup;
    const char *key;
    int i;

    if (target->server) return apr_pstrcat(pool, "server\n", target->server, NULL);
    key = apr_pstrcat(pool, lookup->installed ? "all\n" : "not installed\n",
                      lookup->roots ? apr_array_pstrcat(pool, lookup->roots, '\n') : "", NULL);
    for (i = 0; lookup->patterns && i < lookup->patterns->nelts; i++) {
        const cdist_pattern_t *pattern = &APR_ARRAY_IDX(lookup->patterns, i, cdist_pattern_t);
        key = apr_pstrcat(pool, key, "\npattern ", pattern->slot->name, " ", pattern->path, NULL);
    }
    for (i = 0; lookup->components && i < lookup->components->nelts; i++) {
        key = apr_pstrcat(pool, key, "\ncomponent ", APR_ARRAY_IDX(lookup->components, i, const cdist_slot_t *)->name, NULL);
    }
    return key;
}

/* With the mutex held. NB: holders come from the process's own pool, one for each lookup in the configuration. */
static holder_t *find_holder(cdist_live_t *live, const target_t *target, apr_pool_t *pool)
{
    const char *key = target_key(target, pool);
    holder_t *holder;

    for (holder = live->first; holder; holder = holder->next) {
        if (strcmp(holder->key, key) == 0) return holder;
    }
    holder = apr_pcalloc(live->pool, sizeof *holder);
    holder->key = apr_pstrdup(live->pool, key);
    holder->next = live->first;
    live->first = holder;
    return holder;
}

/* Logs the snapshot's problems when they are not the ones logged last; only the one scanner of a holder comes here. */
static void report(holder_t *holder, const cdist_catalogue_t *catalogue)
{
    apr_pool_t *pool;
    const char *text;
    int i;

    apr_pool_create_unmanaged(&pool);
    text = apr_array_pstrcat(pool, catalogue->problems, '\n');
    if (strcmp(text, holder->reported ? holder->reported : "") == 0) {
        apr_pool_destroy(pool);
        return;
    }
    for (i = 0; i < catalogue->problems->nelts; i++) {
        cdist_log(CDIST_LOG_WARNING, "CD0020", 0, "catalogue: %s", APR_ARRAY_IDX(catalogue->problems, i, const char *));
    }
    if (catalogue->problems->nelts == 0) {
        cdist_log(CDIST_LOG_INFO, "CD0021", 0, "catalogue: all roots and releases can be read again");
    }
    if (holder->reported_pool) apr_pool_destroy(holder->reported_pool);
    holder->reported = text;
    holder->reported_pool = pool;
}

static snapshot_t *scan(const cdist_live_t *live, const target_t *target, const snapshot_t *previous)
{
    apr_pool_t *pool;
    snapshot_t *snapshot;

    apr_pool_create_unmanaged(&pool);
    snapshot = apr_pcalloc(pool, sizeof *snapshot);
    snapshot->pool = pool;
    snapshot->readers = 1;
    if (target->server) snapshot->server_err = cdist_server_version(&snapshot->server, target->server, pool);
    else {
        snapshot->catalogue = cdist_catalogue_scan(target->lookup, live->settle, previous ? previous->catalogue : NULL, pool);
    }
    return snapshot;
}

static apr_time_t expiry(const cdist_live_t *live, const holder_t *holder, const cdist_catalogue_t *catalogue)
{
    apr_time_t by_interval = holder->scanned_at + live->interval;

    if (holder->stale) return holder->scanned_at + EXPIRE_PAUSE;
    return catalogue && catalogue->settles_at && catalogue->settles_at < by_interval ? catalogue->settles_at : by_interval;
}

/* The current snapshot of a target, NULL while the first one takes too long. */
static const snapshot_t *current_snapshot(cdist_live_t *live, const target_t *target, apr_pool_t *pool)
{
    holder_t *holder;
    snapshot_t *mine;

    apr_thread_mutex_lock(live->mutex);
    holder = find_holder(live, target, pool);
    while (!holder->snapshot && holder->scanning) {
        apr_interval_time_t left = holder->scanning + FIRST_SCAN_WAIT - apr_time_now();

        if (left <= 0) {
            apr_thread_mutex_unlock(live->mutex);
            return NULL;
        }
        apr_thread_cond_timedwait(live->scanned, live->mutex, left);
    }
    if (!holder->scanning && apr_time_now() >= holder->expires) {
        snapshot_t *before = holder->snapshot, *fresh;

        /* NB: nobody else replaces the snapshot while `scanning` is set, so `before` stays alive without a count. */
        holder->scanning = apr_time_now();
        holder->stale = 0;
        apr_thread_mutex_unlock(live->mutex);
        fresh = scan(live, target, before);
        if (fresh->catalogue) report(holder, fresh->catalogue);
        apr_thread_mutex_lock(live->mutex);
        holder->snapshot = fresh;
        holder->scanned_at = apr_time_now();
        holder->expires = expiry(live, holder, fresh->catalogue);
        holder->scanning = 0;
        apr_thread_cond_broadcast(live->scanned);
        if (before) release_snapshot(before);
    }
    mine = holder->snapshot;
    apr_atomic_inc32(&mine->readers);
    apr_thread_mutex_unlock(live->mutex);
    apr_pool_cleanup_register(pool, mine, release_snapshot, apr_pool_cleanup_null);
    return mine;
}

const cdist_catalogue_t *cdist_live_get(cdist_live_t *live, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    target_t target = {lookup, NULL};
    const snapshot_t *snapshot = current_snapshot(live, &target, pool);

    return snapshot ? snapshot->catalogue : NULL;
}

cdist_err_t *cdist_live_server(cdist_version_t *version, cdist_live_t *live, const char *path, apr_pool_t *pool)
{
    target_t target = {NULL, path};
    const snapshot_t *snapshot = current_snapshot(live, &target, pool);

    if (!snapshot) return cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s: is still being read for the first time", path);
    *version = snapshot->server;
    return cdist_err_dup(snapshot->server_err, pool);
}

void cdist_live_expire(cdist_live_t *live, const cdist_lookup_t *lookup)
{
    target_t target = {lookup, NULL};
    apr_pool_t *scratch;
    holder_t *holder;

    apr_pool_create_unmanaged(&scratch);
    apr_thread_mutex_lock(live->mutex);
    holder = find_holder(live, &target, scratch);
    holder->stale = 1;
    if (holder->expires > holder->scanned_at + EXPIRE_PAUSE) holder->expires = holder->scanned_at + EXPIRE_PAUSE;
    apr_thread_mutex_unlock(live->mutex);
    apr_pool_destroy(scratch);
}
