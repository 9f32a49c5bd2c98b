/* Catalogues that stay fresh, for all processes of a server alike: a snapshot a lookup, counted by its readers.
 *
 * One process scans when the board says that it is due, holding a lock of the store, writes the catalogue into the store and
 * counts the generation up; the others see the new number in shared memory and read the text. A request that finds nothing
 * new costs a look at memory, and takes no lock. Without a store or a board each process scans for itself. Nothing waits for a scan but the very
 * first callers. */
#include "platform_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include <stdatomic.h>
#include <string.h>

/* How long the first scan may make others wait: a root on a share that hangs must not take every worker along. */
#define FIRST_SCAN_WAIT apr_time_from_sec(5)
/* What changes all the time is not looked at more often than this. */
#define EXPIRE_PAUSE apr_time_from_sec(1)
/* How soon a process that found another one scanning looks again. */
#define BUSY_PAUSE apr_time_from_msec(50)

typedef struct holder_t {
    struct holder_t *next;     /* as long as the process lives */
    const char *key;           /* of its target */
    cdist_digest_t digest;     /* of that */
    cdist_notice_t *notice;    /* on the board, or `own` */
    cdist_notice_t own;
    apr_uint32_t generation;   /* of the snapshot; 0: made by this process, or none */
    int unpublished;           /* the others could not be told of the snapshot */
    cdist_live_snapshot_t *snapshot;      /* NULL before the first one */
    cdist_cell_t *shown;       /* it too, for readers that hold no lock */
    apr_time_t busy;           /* since when a thread reads or scans; 0: none does */
    apr_time_t not_before;     /* another process scans: no need to look before */
    const char *reported;      /* the problems last logged, joined */
    apr_pool_t *reported_pool;
} holder_t;

struct cdist_live_t {
    apr_pool_t *pool;
    cdist_live_options_t options;
    cdist_store_t *store; /* NULL: not shared yet */
    /* Guards the store, additions to the list of holders, and their fields but key, notice and shown; never held while reading
     * or scanning. */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    _Atomic(holder_t *) first;
};

static apr_status_t release_holders(void *baton)
{
    cdist_live_t *live = baton;
    holder_t *holder;

    for (holder = atomic_load(&live->first); holder; holder = holder->next) {
        if (holder->reported_pool) apr_pool_destroy(holder->reported_pool);
    }
    atomic_store(&live->first, NULL);
    return APR_SUCCESS;
}

cdist_err_t *cdist_live_create(cdist_live_t **live, const cdist_live_options_t *options, apr_pool_t *pool)
{
    cdist_live_t *made = apr_pcalloc(pool, sizeof *made);

    made->pool = pool;
    made->options = *options;
    if (apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&made->changed, pool) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_BUSY, 0, "no lock can be made for the catalogue");
    }
    apr_pool_cleanup_register(pool, made, release_holders, apr_pool_cleanup_null);
    *live = made;
    return NULL;
}

void cdist_live_share(cdist_live_t *live, cdist_store_t *store)
{
    apr_thread_mutex_lock(live->mutex);
    live->store = store;
    apr_thread_mutex_unlock(live->mutex);
}

/* NB: the prefork MPM ends a child inside the handler of a signal, on top of whatever its thread is doing, and joins the
 * thread that cares for the store there, which wants the mutex too. So signals are blocked while it is held. */
static void enter(cdist_live_t *live, cdist_signals_t *signals)
{
    cdist_os_signals_block(signals);
    apr_thread_mutex_lock(live->mutex);
}

static void leave(cdist_live_t *live, cdist_signals_t *signals)
{
    apr_thread_mutex_unlock(live->mutex);
    cdist_os_signals_restore(signals);
}

/* ---- targets and holders ------------------------------------------------------------------------------------------ */

/* NULL if there is none yet. */
static holder_t *known_holder(cdist_live_t *live, const char *key)
{
    holder_t *holder = atomic_load(&live->first);

    while (holder && strcmp(holder->key, key) != 0) holder = holder->next;
    return holder;
}

/* With the mutex held. NB: holders come from the process's own pool, one for each lookup in the configuration. */
static holder_t *find_holder(cdist_live_t *live, const char *key)
{
    holder_t *holder = known_holder(live, key);
    cdist_sha256_t *sha;

    if (holder) return holder;
    holder = apr_pcalloc(live->pool, sizeof *holder);
    holder->key = apr_pstrdup(live->pool, key);
    sha = cdist_sha256_create(live->pool);
    cdist_sha256_update_text(sha, key);
    /* NB: what a level's builder has not built counts as not built. */
    cdist_sha256_update_u64(sha, (apr_uint64_t)live->options.level);
    cdist_sha256_update_u64(sha, (apr_uint64_t)live->options.settle);
    cdist_sha256_final(&holder->digest, sha);
    holder->notice = cdist_board_notice(live->options.board, &holder->digest);
    if (!holder->notice) holder->notice = &holder->own;
    holder->shown = cdist_cell_create(live->pool);
    holder->next = atomic_load(&live->first);
    atomic_store(&live->first, holder);
    return holder;
}

static const char *report_text(const cdist_catalogue_t *catalogue, apr_pool_t *pool)
{
    const char *conflicts = apr_array_pstrcat(pool, catalogue->conflicts, '\n');

    return apr_pstrcat(pool, apr_array_pstrcat(pool, catalogue->problems, '\n'), *conflicts ? "\n" : "", conflicts, NULL);
}

/* Logs the snapshot's problems when they are not the ones logged last; only the one scanner of a holder comes here. */
static void report(holder_t *holder, const cdist_catalogue_t *catalogue)
{
    apr_pool_t *pool;
    const char *text;
    int i;

    apr_pool_create_unmanaged(&pool);
    text = report_text(catalogue, pool);
    if (strcmp(text, holder->reported ? holder->reported : "") == 0) {
        apr_pool_destroy(pool);
        return;
    }
    for (i = 0; i < catalogue->problems->nelts; i++) {
        cdist_log(CDIST_LOG_WARNING, "CD0020", 0, "catalogue: %s", APR_ARRAY_IDX(catalogue->problems, i, const char *));
    }
    for (i = 0; i < catalogue->conflicts->nelts; i++) {
        cdist_log(CDIST_LOG_WARNING, "CD0028", 0, "overlay: %s", APR_ARRAY_IDX(catalogue->conflicts, i, const char *));
    }
    if (catalogue->problems->nelts + catalogue->conflicts->nelts == 0) {
        cdist_log(CDIST_LOG_INFO, "CD0021", 0, "catalogue: all roots and releases can be read again");
    }
    if (holder->reported_pool) apr_pool_destroy(holder->reported_pool);
    holder->reported = text;
    holder->reported_pool = pool;
}

/* What another process reported is not reported again. */
static void take_report(holder_t *holder, const cdist_catalogue_t *catalogue)
{
    if (holder->reported_pool) apr_pool_destroy(holder->reported_pool);
    apr_pool_create_unmanaged(&holder->reported_pool);
    holder->reported = report_text(catalogue, holder->reported_pool);
}

/* ---- refreshing (with the holder busy, without the mutex) ---------------------------------------------------------- */

/* Makes the snapshot known to the other processes. */
static void publish(holder_t *holder, const cdist_target_t *target, const cdist_live_snapshot_t *snapshot)
{
    cdist_err_t *err;

    if (holder->notice == &holder->own) return;
    err = cdist_snapshot_publish(snapshot, target, &holder->digest);
    holder->unpublished = err != NULL;
    if (!err) apr_atomic_inc32(&holder->notice->generation);
}

/* Whether the others have what was just seen: it is what this process had, and they had that from it, or it from them. */
static int is_known(const holder_t *holder, const cdist_live_snapshot_t *before, const cdist_live_snapshot_t *fresh)
{
    return holder->generation && holder->generation == apr_atomic_read32(&holder->notice->generation) &&
           !holder->unpublished && before && before->text && fresh->text && strcmp(before->text, fresh->text) == 0;
}

static apr_time_t due_after(const cdist_live_t *live, const cdist_live_snapshot_t *snapshot, apr_time_t looked)
{
    apr_time_t due = looked + live->options.interval;
    const cdist_catalogue_t *catalogue = snapshot->catalogue;

    return catalogue && catalogue->settles_at > looked && catalogue->settles_at < due ? catalogue->settles_at : due;
}

/* Scans, and publishes what changed. With the lock of the host's one scanner held, if there is a store. */
static cdist_live_snapshot_t *scan_and_publish(cdist_live_t *live, holder_t *holder, const cdist_target_t *target)
{
    apr_time_t looked = apr_time_now();
    cdist_live_snapshot_t *before = holder->snapshot, *first = NULL, *fresh;

    /* What was served before a restart stays served while its folder is touched. */
    if (!before && target->store) before = first = cdist_snapshot_read(target, &holder->digest);
    /* NB: set before the look, so that whoever wants another one meanwhile is not forgotten. */
    apr_atomic_set64(&holder->notice->due, (apr_uint64_t)(looked + live->options.interval));
    fresh = cdist_snapshot_scan(target, before, !holder->snapshot);
    if (fresh->catalogue) report(holder, fresh->catalogue);
    if (apr_atomic_read64(&holder->notice->due) == (apr_uint64_t)(looked + live->options.interval)) {
        apr_atomic_set64(&holder->notice->due, (apr_uint64_t)due_after(live, fresh, looked));
    }
    if (!target->store) {
        holder->generation = 0;
    } else if (fresh->text && is_known(holder, before, fresh)) {
        cdist_snapshot_renew(fresh, target, &holder->digest);
    } else if (fresh->text) {
        /* NB: where it cannot be written, the disk being full, this process goes on with what it saw all the same. */
        publish(holder, target, fresh);
        holder->generation = apr_atomic_read32(&holder->notice->generation);
    }
    if (first) apr_pool_destroy(first->pool);
    return fresh;
}

/* A new snapshot for the holder, NULL if the old one stays; *scanned: it comes from a look at the folders. */
static cdist_live_snapshot_t *refresh(int *scanned, cdist_live_t *live, holder_t *holder, const cdist_target_t *target)
{
    apr_uint32_t generation = apr_atomic_read32(&holder->notice->generation);
    cdist_live_snapshot_t *fresh = NULL;
    apr_pool_t *pool;
    cdist_lock_t *lock;
    apr_status_t rv;

    *scanned = 0;
    if (target->store && generation && generation != holder->generation) {
        fresh = cdist_snapshot_read(target, &holder->digest);
        if (fresh) {
            holder->generation = generation;
            holder->unpublished = 0;
        }
        if (fresh && fresh->catalogue) take_report(holder, fresh->catalogue);
        if (fresh) return fresh;
    }
    if (!target->store || holder->notice == &holder->own) {
        *scanned = 1;
        return scan_and_publish(live, holder, target);
    }
    apr_pool_create_unmanaged(&pool);
    rv = cdist_store_lock(&lock, target->store, CDIST_STORE_LOCK_SCAN, &holder->digest, pool);
    if (rv == APR_EBUSY) {
        holder->not_before = apr_time_now() + BUSY_PAUSE;
    } else {
        *scanned = 1;
        fresh = scan_and_publish(live, holder, target);
        if (rv == APR_SUCCESS) cdist_os_lock_free(lock);
    }
    apr_pool_destroy(pool);
    return fresh;
}

/* ---- the outside --------------------------------------------------------------------------------------------------- */

/* Whether the holder has to be looked after. With the mutex held. */
static int is_due(const cdist_live_t *live, holder_t *holder, apr_interval_time_t grace)
{
    apr_time_t now = apr_time_now();
    apr_uint32_t generation;

    if (holder->busy) return 0; /* NB: what follows is that thread's alone then */
    generation = apr_atomic_read32(&holder->notice->generation);
    if (!holder->snapshot) return now >= holder->not_before;
    if (live->store && generation && generation != holder->generation) return 1;
    return now >= (apr_time_t)apr_atomic_read64(&holder->notice->due) + grace && now >= holder->not_before;
}

/* With the mutex held: lets go of it while it reads or scans. Returns 1 if it scanned. */
static int look(cdist_live_t *live, holder_t *holder, cdist_target_t *target, cdist_signals_t *signals)
{
    cdist_live_snapshot_t *fresh;
    int scanned;

    /* NB: nobody else replaces the snapshot while `busy` is set, so it stays alive without a reader. */
    holder->busy = apr_time_now();
    target->store = live->store;
    leave(live, signals);
    fresh = refresh(&scanned, live, holder, target);
    enter(live, signals);
    if (fresh) {
        fresh->generation = holder->generation;
        holder->snapshot = fresh;
        cdist_cell_put(holder->shown, fresh, fresh->pool);
    }
    holder->busy = 0;
    apr_thread_cond_broadcast(live->changed);
    return scanned;
}

/* The snapshot if it is beyond question that nobody has to look, else NULL. Without the mutex. */
static const cdist_live_snapshot_t *undisputed(holder_t *holder, apr_interval_time_t grace, apr_pool_t *pool)
{
    const cdist_live_snapshot_t *shown = cdist_cell_get(holder->shown, pool);
    apr_uint32_t generation = apr_atomic_read32(&holder->notice->generation);
    apr_time_t due = (apr_time_t)apr_atomic_read64(&holder->notice->due);

    return shown && (!generation || generation == shown->generation) && apr_time_now() < due + grace ? shown : NULL;
}

/* The current snapshot of a target, NULL while the first one takes too long. */
static const cdist_live_snapshot_t *current_snapshot(cdist_live_t *live, cdist_target_t *target, apr_pool_t *pool)
{
    const char *key = cdist_target_key(target, pool);
    holder_t *holder = known_holder(live, key);
    const cdist_live_snapshot_t *mine = holder ? undisputed(holder, target->grace, pool) : NULL;
    apr_time_t deadline;
    cdist_signals_t *signals;
    int looks = 0;

    if (mine) return mine;
    deadline = apr_time_now() + FIRST_SCAN_WAIT;
    signals = cdist_os_signals_make(pool);
    enter(live, signals);
    holder = find_holder(live, key);
    /* What another process published may be due to be looked at again already. NB: what this one just saw never is, though
     * the interval be 0. */
    while (looks++ < 2 && is_due(live, holder, target->grace) && !look(live, holder, target, signals)) continue;
    while (!holder->snapshot && apr_time_now() < (holder->busy ? holder->busy + FIRST_SCAN_WAIT : deadline)) {
        apr_thread_cond_timedwait(live->changed, live->mutex, BUSY_PAUSE);
        leave(live, signals);
        enter(live, signals);
        if (!holder->snapshot && is_due(live, holder, 0)) look(live, holder, target, signals);
    }
    mine = cdist_cell_get(holder->shown, pool);
    leave(live, signals);
    return mine;
}

const cdist_catalogue_t *cdist_live_get(cdist_live_t *live, const cdist_lookup_t *lookup, int watching, apr_pool_t *pool)
{
    cdist_target_t target = {lookup, NULL, live->options.settle, live->options.level, NULL, watching ? 0 : live->options.grace};
    const cdist_live_snapshot_t *snapshot = current_snapshot(live, &target, pool);

    return snapshot ? snapshot->catalogue : NULL;
}

cdist_err_t *cdist_live_server(cdist_version_t *version, cdist_live_t *live, const char *path, int watching,
                               apr_pool_t *pool)
{
    cdist_target_t target = {NULL, path, 0, 0, NULL, watching ? 0 : live->options.grace};
    const cdist_live_snapshot_t *snapshot = current_snapshot(live, &target, pool);

    cdist_err_t *err;

    if (!snapshot) {
        err = cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s: is still being read for the first time", path);
        err->told = "the 1C server's folder, which says what is current, is still being read for the first time";
        return err;
    }
    *version = snapshot->server;
    err = cdist_err_dup(snapshot->server_err, pool);
    if (err && err->code == CDIST_E_SOURCE) {
        err->told = "the 1C server's folder, which says which release is current, cannot be read; CD0119 in the server's "
                    "error_log names it";
    }
    return err;
}

void cdist_live_expire(cdist_live_t *live, const cdist_lookup_t *lookup)
{
    cdist_target_t target = {lookup, NULL, 0, 0, NULL, 0};
    apr_pool_t *scratch;
    apr_uint64_t soon = (apr_uint64_t)(apr_time_now() + EXPIRE_PAUSE);
    cdist_signals_t *signals;
    holder_t *holder;

    apr_pool_create_unmanaged(&scratch);
    signals = cdist_os_signals_make(scratch);
    enter(live, signals);
    holder = find_holder(live, cdist_target_key(&target, scratch));
    if (apr_atomic_read64(&holder->notice->due) > soon) apr_atomic_set64(&holder->notice->due, soon);
    leave(live, signals);
    apr_pool_destroy(scratch);
}
