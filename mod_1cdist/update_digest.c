/* Digests of the files that are handed out as they lie. What is small is read at once; what is large by the thread of
 * update_watch.c, since no request may wait for gigabytes. A digest is kept in the store, under the file's state. */
#include "update_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <string.h>

/* Read while a client waits: some ten milliseconds. */
#define AT_ONCE_MAX (16u * 1024 * 1024)
#define STEP (1024u * 1024)
#define QUEUE 32

typedef struct {
    char folder[1024], relative[3072]; /* NB: of a fixed size, since whoever asked is gone when they are read */
    cdist_stat_t stat;
} wish_t;

static struct {
    apr_thread_mutex_t *mutex; /* NULL: this process has no queue */
    wish_t wishes[QUEUE];
    int count;
} queue;

void cdist_update_digest_child(apr_pool_t *own_pool)
{
    queue.count = 0;
    if (apr_thread_mutex_create(&queue.mutex, APR_THREAD_MUTEX_DEFAULT, own_pool) != APR_SUCCESS) queue.mutex = NULL;
}

/* ---- kept digests -------------------------------------------------------------------------------------------------- */

/* NB: a state is trusted by whoever hands a file out only when it is old enough. */
static cdist_digest_t key_of(const cdist_stat_t *stat, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t key;

    cdist_sha256_update_text(sha, "digest");
    cdist_stat_digest(sha, stat);
    cdist_sha256_final(&key, sha);
    return key;
}

static int read_kept(cdist_digest_t *digest, cdist_store_t *store, const cdist_digest_t *key, apr_pool_t *pool)
{
    apr_size_t length;
    char *text;

    if (cdist_file_read(&text, &length, cdist_store_note_path(store, key, pool), 2 * CDIST_SHA256_BYTES, pool)) return 0;
    if (!cdist_digest_parse(digest, text)) return 0;
    cdist_store_renew_note(store, key, pool);
    return 1;
}

/* Reads a whole file; 0 if it cannot be read, changes meanwhile, or the process must go. */
static int read_file(cdist_digest_t *digest, apr_file_t *file, const cdist_stat_t *stat, const volatile apr_uint32_t *stop,
                     apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    char *bytes = apr_palloc(pool, STEP);
    apr_uint64_t at;
    cdist_stat_t after;

    for (at = 0; at < stat->bytes;) {
        apr_size_t length = stat->bytes - at < STEP ? (apr_size_t)(stat->bytes - at) : STEP;

        if (stop && apr_atomic_read32((volatile apr_uint32_t *)stop)) return 0;
        if (cdist_os_read_at(file, at, bytes, length) != APR_SUCCESS) return 0;
        cdist_sha256_update(sha, bytes, length);
        at += length;
    }
    cdist_sha256_final(digest, sha);
    return cdist_os_stat_file(&after, file) == APR_SUCCESS && cdist_stat_same(&after, stat);
}

/* NB: a store that cannot be written to costs reading the file again, and nothing else. */
static void keep(cdist_store_t *store, const cdist_digest_t *key, const cdist_digest_t *digest, apr_pool_t *pool)
{
    const char *text = cdist_digest_hex(digest, pool);
    cdist_err_t *err = cdist_file_publish(cdist_store_note_path(store, key, pool), text, strlen(text), pool);

    (void)err;
}

/* ---- those that take long ------------------------------------------------------------------------------------------ */

static void wish(const cdist_update_file_t *which, const cdist_stat_t *stat, apr_pool_t *pool)
{
    cdist_signals_t *signals = cdist_os_signals_make(pool);
    int i;

    if (!queue.mutex || strlen(which->folder) >= sizeof queue.wishes->folder ||
        strlen(which->relative) >= sizeof queue.wishes->relative) return;
    cdist_os_signals_block(signals);
    apr_thread_mutex_lock(queue.mutex);
    for (i = 0; i < queue.count && !cdist_stat_same(&queue.wishes[i].stat, stat); i++) continue;
    if (i == queue.count && queue.count < QUEUE) {
        apr_cpystrn(queue.wishes[i].folder, which->folder, sizeof queue.wishes->folder);
        apr_cpystrn(queue.wishes[i].relative, which->relative, sizeof queue.wishes->relative);
        queue.wishes[i].stat = *stat;
        queue.count++;
    }
    apr_thread_mutex_unlock(queue.mutex);
    cdist_os_signals_restore(signals);
    cdist_update_watch_wake();
}

/* The oldest wish, which stays in the queue so that nobody wishes it again; 0 without any. */
static int first_wish(wish_t *first)
{
    int there;

    apr_thread_mutex_lock(queue.mutex);
    there = queue.count > 0;
    if (there) *first = queue.wishes[0];
    apr_thread_mutex_unlock(queue.mutex);
    return there;
}

/* Returns whether there are more. */
static int drop_first_wish(void)
{
    int more;

    apr_thread_mutex_lock(queue.mutex);
    memmove(queue.wishes, queue.wishes + 1, sizeof *queue.wishes * (size_t)(QUEUE - 1));
    more = --queue.count > 0;
    apr_thread_mutex_unlock(queue.mutex);
    return more;
}

static void fulfil(const wish_t *wished, cdist_store_t *store, const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_digest_t key = key_of(&wished->stat, pool), digest;
    cdist_folder_t *folder;
    cdist_stat_t stat;
    cdist_lock_t *lock;
    apr_file_t *file;

    if (cdist_store_lock(&lock, store, CDIST_STORE_LOCK_SCAN, &key, pool) != APR_SUCCESS) return;
    if (!read_kept(&digest, store, &key, pool) && cdist_os_folder_open(&folder, wished->folder, pool) == APR_SUCCESS) {
        if (cdist_beneath_open(&file, folder, wished->relative, pool) == APR_SUCCESS &&
            cdist_os_stat_file(&stat, file) == APR_SUCCESS && cdist_stat_same(&stat, &wished->stat) &&
            read_file(&digest, file, &stat, stop, pool)) {
            keep(store, &key, &digest, pool);
        }
        cdist_os_folder_close(folder);
    }
    cdist_os_lock_free(lock);
}

int cdist_update_digest_next(cdist_store_t *store, const volatile apr_uint32_t *stop)
{
    apr_pool_t *pool;
    wish_t *first;
    int more;

    if (!queue.mutex) return 0;
    apr_pool_create_unmanaged(&pool);
    first = apr_palloc(pool, sizeof *first);
    more = first_wish(first);
    if (more) {
        fulfil(first, store, stop, pool);
        more = drop_first_wish();
    }
    apr_pool_destroy(pool);
    return more;
}

int cdist_update_digest(cdist_digest_t *digest, apr_file_t *file, const cdist_stat_t *stat, const cdist_update_file_t *which,
                        apr_pool_t *pool)
{
    cdist_digest_t key = key_of(stat, pool);
    cdist_child_t *child;

    if (cdist_child_ready(&child, pool)) return 0;
    if (read_kept(digest, child->store, &key, pool)) return 1;
    if (stat->bytes > AT_ONCE_MAX) {
        wish(which, stat, pool);
        return 0;
    }
    if (!read_file(digest, file, stat, NULL, pool)) return 0;
    keep(child->store, &key, digest, pool);
    return 1;
}
