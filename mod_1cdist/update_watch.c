/* Who looks at the folders of CDistUpdates, and when. No request ever does: a thread does, when mod_watchdog says that it is
 * time, or without it when a request finds that CDistScanInterval is over. On the host one process at a time looks (update_look.c);
 * the others take over what it found.
 *
 * Reading a folder for the first time may take minutes. Requests wait a moment, then they get what was known, or 503. */
#include "update_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <string.h>

/* How long a request waits for the first list, and for a new one. */
#define FIRST_WAIT apr_time_from_sec(5)
#define NEXT_WAIT apr_time_from_sec(1)
/* How soon somebody looks again who found another process looking. */
#define BUSY_PAUSE apr_time_from_msec(50)

typedef struct holder_t {
    struct holder_t *next;
    const apr_array_header_t *folders;
    cdist_digest_t key;
    cdist_update_list_t *list; /* NULL before the first */
    apr_time_t wanted;         /* when somebody last wanted a look */
    apr_time_t done;           /* when the last look began that is over, here or in another process */
    apr_time_t looking;        /* when the look began that this process is at; 0: at none */
    int loading;               /* a thread reads the note */
} holder_t;

/* One for each process. */
static struct {
    const apr_array_header_t *publications; /* const apr_array_header_t * of folders; the same in all children */
    apr_pool_t *pool;
    apr_thread_mutex_t *mutex; /* guards what follows; never held while reading or looking */
    apr_thread_cond_t *changed;
    holder_t *first;
    apr_thread_t *thread; /* the last one started; to be joined before the next */
    apr_pool_t *thread_pool;
    int running, woken;
    int digesting; /* the thread reads a file for its digest */
    volatile apr_uint32_t stop;
} watch;

/* NB: signals are blocked while the mutex is held, and for the thread, for the reasons told in core/platform/live.c and watch.c. */
static void enter(cdist_signals_t *signals)
{
    cdist_os_signals_block(signals);
    apr_thread_mutex_lock(watch.mutex);
}

static void leave(cdist_signals_t *signals)
{
    apr_thread_mutex_unlock(watch.mutex);
    cdist_os_signals_restore(signals);
}

/* ---- the thread ------------------------------------------------------------------------------------------------------ */

/* With the mutex held. */
static void take_list(holder_t *holder, cdist_update_list_t *list)
{
    if (holder->list) cdist_update_list_release(holder->list);
    holder->list = list;
}

/* The first one that somebody wants. With the mutex held. */
static holder_t *next_wanted(void)
{
    holder_t *holder;

    for (holder = watch.first; holder && holder->wanted <= holder->done; holder = holder->next) continue;
    return holder;
}

/* One turn of the thread for a holder. With the mutex held, which is let go of meanwhile. */
static void renew(holder_t *holder, cdist_store_t *store, cdist_signals_t *signals)
{
    cdist_update_list_t *before = holder->list, *list;
    apr_time_t begun = apr_time_now();
    apr_pool_t *pool;

    holder->looking = begun;
    if (before) apr_atomic_inc32(&before->readers);
    leave(signals);
    apr_pool_create_unmanaged(&pool);
    list = cdist_update_look(holder->folders, &holder->key, before, begun, store, &watch.stop, pool);
    apr_pool_destroy(pool);
    if (before) cdist_update_list_release(before);
    enter(signals);
    if (list) take_list(holder, list);
    holder->done = begun;
    holder->looking = 0;
    apr_thread_cond_broadcast(watch.changed);
}

/* Looks until nobody wants it any more, and reads files for digests meanwhile. */
static void *APR_THREAD_FUNC run(apr_thread_t *thread, void *baton)
{
    cdist_store_t *store = baton;
    cdist_signals_t *signals;
    holder_t *holder;
    apr_pool_t *pool;
    int more;

    (void)thread;
    apr_pool_create_unmanaged(&pool);
    signals = cdist_os_signals_make(pool);
    enter(signals);
    while (!apr_atomic_read32(&watch.stop) && ((holder = next_wanted()) != NULL || watch.woken)) {
        if (holder) {
            renew(holder, store, signals);
            continue;
        }
        watch.woken = 0;
        watch.digesting = 1;
        leave(signals);
        more = cdist_update_digest_next(store, &watch.stop);
        enter(signals);
        watch.digesting = 0;
        watch.woken |= more;
    }
    watch.running = 0;
    leave(signals);
    apr_pool_destroy(pool);
    return NULL;
}

/* With the mutex held, and signals blocked. */
static void start_thread(cdist_store_t *store)
{
    static volatile apr_uint32_t last_warning_sec;
    apr_status_t rv, ignored;

    if (watch.running || apr_atomic_read32(&watch.stop)) return;
    if (watch.thread) {
        apr_thread_join(&ignored, watch.thread);
        apr_pool_destroy(watch.thread_pool);
    }
    apr_pool_create_unmanaged(&watch.thread_pool);
    watch.running = 1;
    rv = apr_thread_create(&watch.thread, NULL, run, store, watch.thread_pool);
    if (rv == APR_SUCCESS) return;
    if (cdist_log_due(&last_warning_sec, 60)) {
        cdist_log(CDIST_LOG_ERROR, "CD0125", rv, "updates: no thread can be started to look at the folders of CDistUpdates");
    }
    watch.running = 0;
    watch.thread = NULL;
    apr_pool_destroy(watch.thread_pool);
}

void cdist_update_watch_wake(void)
{
    cdist_child_t *child;
    apr_pool_t *pool;
    cdist_signals_t *signals;

    apr_pool_create_unmanaged(&pool);
    if (watch.mutex && !cdist_child_ready(&child, pool)) {
        signals = cdist_os_signals_make(pool);
        enter(signals);
        watch.woken = 1;
        start_thread(child->store);
        leave(signals);
    }
    apr_pool_destroy(pool);
}

/* ---- holders ------------------------------------------------------------------------------------------------------- */

static cdist_digest_t key_of(const apr_array_header_t *folders, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t key;
    int i;

    cdist_sha256_update_text(sha, "updates");
    for (i = 0; i < folders->nelts; i++) cdist_sha256_update_text(sha, APR_ARRAY_IDX(folders, i, const char *));
    cdist_sha256_final(&key, sha);
    return key;
}

/* With the mutex held. NB: one for each CDistUpdates of the configuration, whose folders live as long as the process. */
static holder_t *find_holder(const apr_array_header_t *folders, apr_pool_t *pool)
{
    cdist_digest_t key = key_of(folders, pool);
    holder_t *holder;

    for (holder = watch.first; holder; holder = holder->next) {
        if (cdist_digest_equal(&holder->key, &key)) return holder;
    }
    holder = apr_pcalloc(watch.pool, sizeof *holder);
    holder->folders = cdist_names_dup(folders, watch.pool);
    holder->key = key;
    holder->next = watch.first;
    return watch.first = holder;
}

/* Takes over what another process found. With the mutex held, which is let go of meanwhile. */
static void follow(holder_t *holder, cdist_store_t *store, cdist_signals_t *signals, apr_pool_t *pool)
{
    cdist_digest_t generation, mine;
    const cdist_digest_t *before = holder->list ? &mine : NULL;
    cdist_update_list_t *list = NULL;
    apr_time_t looked;

    if (holder->loading) return;
    holder->loading = 1;
    if (before) mine = holder->list->generation;
    leave(signals);
    if (cdist_update_note_head(&generation, &looked, store, &holder->key, pool)) {
        if (!before || !cdist_digest_equal(&generation, before)) {
            list = cdist_update_note_read(store, holder->folders, &holder->key, pool);
        }
    } else {
        looked = 0;
    }
    enter(signals);
    holder->loading = 0;
    /* NB: a look of this process may have ended in between, which is newer. */
    if (list && (!holder->list || looked > holder->done)) take_list(holder, list);
    else if (list) cdist_update_list_release(list);
    if (holder->list && looked > holder->done) holder->done = looked;
}

/* Whether the folders have to be looked at again. With the mutex held. */
static int is_due(holder_t *holder, apr_time_t now, apr_interval_time_t grace)
{
    /* NB: after the clock was put back no look would be newer than the last one until it has caught up. */
    if (holder->done > apr_time_now()) holder->done = 0;
    if (!holder->list) return 1;
    return now >= holder->done + apr_time_from_sec(cdist_conf_process()->scan_interval_sec) + grace;
}

/* Whether a request of that moment goes on waiting. NB: counted from where the look began, so that one that takes minutes does not
 * hold up every request; nor does a thread that reads gigabytes for a digest, where something is known. */
static int is_waiting(const holder_t *holder, apr_time_t asked, apr_interval_time_t wait)
{
    if (holder->done >= asked || (holder->list && watch.digesting)) return 0;
    return apr_time_now() < (holder->looking ? holder->looking : asked) + wait;
}

/* ---- the outside --------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_update_watch_list(cdist_update_list_t **list, const cdist_request_t *req)
{
    apr_interval_time_t grace = cdist_conf_process()->scan_interval_sec ? cdist_watch_grace() : 0;
    apr_pool_t *pool = req->r->pool;
    apr_time_t asked = apr_time_now();
    apr_interval_time_t wait;
    cdist_update_list_t *mine;
    cdist_signals_t *signals;
    cdist_child_t *child;
    holder_t *holder;
    cdist_err_t *err;

    CDIST_ERR(cdist_child_ready(&child, pool));
    if (!watch.mutex) return cdist_err_create(pool, CDIST_E_BUSY, 0, "this process could not start properly");
    signals = cdist_os_signals_make(pool);
    enter(signals);
    holder = find_holder(req->dir->updates, pool);
    follow(holder, child->store, signals, pool);
    if (is_due(holder, asked, grace)) {
        wait = holder->list ? NEXT_WAIT : FIRST_WAIT;
        holder->wanted = asked;
        start_thread(child->store);
        while (is_waiting(holder, asked, wait)) {
            apr_thread_cond_timedwait(watch.changed, watch.mutex, BUSY_PAUSE);
            leave(signals);
            enter(signals);
        }
    }
    mine = holder->list;
    if (mine) apr_atomic_inc32(&mine->readers);
    leave(signals);
    if (!mine) {
        err = cdist_err_create(pool, CDIST_E_SOURCE, 0, "the folders with updates are still being read for the first time");
        err->told = err->message;
        return err;
    }
    apr_pool_cleanup_register(pool, mine, cdist_update_list_release, apr_pool_cleanup_null);
    *list = mine;
    return NULL;
}

void cdist_update_watch_look(apr_pool_t *scratch_pool)
{
    cdist_signals_t *signals;
    cdist_child_t *child;
    int i;

    if (!watch.mutex || !watch.publications->nelts || cdist_child_ready(&child, scratch_pool)) return;
    signals = cdist_os_signals_make(scratch_pool);
    enter(signals);
    /* NB: mod_watchdog's thread outlives what end_thread takes away. */
    for (i = 0; i < watch.publications->nelts && !apr_atomic_read32(&watch.stop); i++) {
        holder_t *holder = find_holder(APR_ARRAY_IDX(watch.publications, i, const apr_array_header_t *), scratch_pool);
        apr_time_t now = apr_time_now();

        if (!is_due(holder, now, 0)) continue;
        holder->wanted = now;
        start_thread(child->store);
    }
    leave(signals);
}

int cdist_update_watch_start(server_rec *server, apr_pool_t *pconf)
{
    watch.publications = cdist_update_publications(server, pconf);
    return watch.publications->nelts > 0;
}

/* NB: before the pool's own cleanups, which would take the store away from the running thread. */
static apr_status_t end_thread(void *unused)
{
    apr_status_t ignored;
    holder_t *holder;

    (void)unused;
    apr_thread_mutex_lock(watch.mutex);
    apr_atomic_set32(&watch.stop, 1);
    apr_thread_mutex_unlock(watch.mutex);
    if (watch.thread) {
        apr_thread_join(&ignored, watch.thread);
        apr_pool_destroy(watch.thread_pool);
        watch.thread = NULL;
    }
    for (holder = watch.first; holder; holder = holder->next) {
        if (holder->list) cdist_update_list_release(holder->list);
        holder->list = NULL;
    }
    return APR_SUCCESS;
}

void cdist_update_watch_child(apr_pool_t *pchild, apr_pool_t *own_pool)
{
    watch.pool = own_pool;
    watch.first = NULL;
    watch.thread = NULL;
    watch.running = watch.woken = watch.digesting = 0;
    watch.stop = 0;
    /* NB: in the child's own pool, whose cleanups come after the end of mod_watchdog's thread. */
    if (apr_thread_mutex_create(&watch.mutex, APR_THREAD_MUTEX_DEFAULT, pchild) != APR_SUCCESS ||
        apr_thread_cond_create(&watch.changed, pchild) != APR_SUCCESS) {
        watch.mutex = NULL;
        return;
    }
    cdist_update_digest_child(own_pool);
    apr_pool_pre_cleanup_register(pchild, NULL, end_thread);
}
