/* Lists of infobases that a process remembers, so that one that many clients ask for is read and parsed once.
 *
 * An entry is made whole, and never changed. It is found by its path, and holds as long as the file is the very one that was
 * read, by everything that a stat tells; a file that changed a moment ago is not remembered, since another change in the same
 * tick would not show. The lock is held while the table is looked at, and never while a file is read or parsed. Who has got a
 * list keeps it, though another one takes its place meanwhile: the last one lets go of it. */
#include "launcher_int.h"

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <string.h>

#define ENTRIES_MAX 64

typedef struct {
    cdist_list_memory_t *memory;
    apr_pool_t *pool; /* of its own, in which the entry lies too */
    const char *path;
    cdist_stat_t stat;
    cdist_infobase_list_t *list;
    apr_uint64_t used; /* when it was last asked for, in calls */
    int holders;       /* the table is one of them */
} entry_t;

struct cdist_list_memory_t {
    apr_thread_mutex_t *mutex;
    entry_t *kept[ENTRIES_MAX];
    int count;
    apr_uint64_t bytes, max_bytes; /* of the files of what is kept */
    apr_uint64_t calls;
};

static apr_status_t forget_all(void *baton)
{
    cdist_list_memory_t *memory = baton;
    int i;

    for (i = 0; i < memory->count; i++) {
        if (--memory->kept[i]->holders == 0) apr_pool_destroy(memory->kept[i]->pool);
    }
    return APR_SUCCESS;
}

cdist_err_t *cdist_list_memory_create(cdist_list_memory_t **memory, apr_uint64_t max_bytes, apr_pool_t *pool)
{
    cdist_list_memory_t *made = apr_pcalloc(pool, sizeof *made);
    apr_status_t rv = apr_thread_mutex_create(&made->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "no lock can be made");
    made->max_bytes = max_bytes;
    apr_pool_cleanup_register(pool, made, forget_all, apr_pool_cleanup_null);
    *memory = made;
    return NULL;
}

/* ---- with the lock held ---------------------------------------------------------------------------------------- */

/* Takes an entry out of the table; returns it if nobody holds it any more. */
static entry_t *drop(cdist_list_memory_t *memory, int index)
{
    entry_t *entry = memory->kept[index];

    memory->kept[index] = memory->kept[--memory->count];
    memory->bytes -= entry->stat.bytes;
    return --entry->holders ? NULL : entry;
}

static int find(const cdist_list_memory_t *memory, const char *path)
{
    int i;

    for (i = 0; i < memory->count; i++) {
        if (strcmp(memory->kept[i]->path, path) == 0) return i;
    }
    return -1;
}

static int least_used(const cdist_list_memory_t *memory)
{
    int least = 0, i;

    for (i = 1; i < memory->count; i++) {
        if (memory->kept[i]->used < memory->kept[least]->used) least = i;
    }
    return least;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

static apr_status_t let_go(void *baton)
{
    entry_t *entry = baton;
    cdist_list_memory_t *memory = entry->memory;
    int last;

    apr_thread_mutex_lock(memory->mutex);
    last = --entry->holders == 0;
    apr_thread_mutex_unlock(memory->mutex);
    if (last) apr_pool_destroy(entry->pool);
    return APR_SUCCESS;
}

/* The entry of a file that is still this one, with one more holder; NULL if there is none. */
static entry_t *recall(cdist_list_memory_t *memory, const char *path, const cdist_stat_t *stat)
{
    entry_t *entry = NULL;
    int index;

    apr_thread_mutex_lock(memory->mutex);
    index = find(memory, path);
    if (index >= 0 && cdist_stat_same(&memory->kept[index]->stat, stat)) {
        entry = memory->kept[index];
        entry->used = ++memory->calls;
        entry->holders++;
    }
    apr_thread_mutex_unlock(memory->mutex);
    return entry;
}

/* Puts the entry into the table, in the place of others where there is no room. */
static void remember(cdist_list_memory_t *memory, entry_t *entry)
{
    entry_t *gone[ENTRIES_MAX + 1];
    int count = 0, index;

    if (entry->stat.bytes > memory->max_bytes) return;
    apr_thread_mutex_lock(memory->mutex);
    if ((index = find(memory, entry->path)) >= 0) gone[count++] = drop(memory, index);
    while (memory->count == ENTRIES_MAX || memory->bytes > memory->max_bytes - entry->stat.bytes) {
        gone[count++] = drop(memory, least_used(memory));
    }
    entry->used = ++memory->calls;
    entry->holders++;
    memory->bytes += entry->stat.bytes;
    memory->kept[memory->count++] = entry;
    apr_thread_mutex_unlock(memory->mutex);
    while (count > 0) {
        if (gone[--count]) apr_pool_destroy(gone[count]->pool);
    }
}

/* NB: what is kept has copies of the bytes, which go with `scratch`. */
static cdist_err_t *read_entry(entry_t *entry, apr_file_t *file, const char *name, apr_pool_t *scratch)
{
    apr_size_t length = (apr_size_t)entry->stat.bytes;
    char *bytes = apr_palloc(scratch, length + 1);
    apr_status_t rv = apr_file_read_full(file, bytes, length, &length);

    if (rv != APR_SUCCESS && !APR_STATUS_IS_EOF(rv)) {
        return cdist_err_create(entry->pool, CDIST_E_SOURCE, rv, "%s", cdist_text_printable(name, entry->pool));
    }
    return cdist_infobases_parse(&entry->list, bytes, length, name, entry->pool);
}

/* A new entry with one holder, the caller. */
static cdist_err_t *make_entry(entry_t **result, cdist_list_memory_t *memory, apr_file_t *file, const cdist_stat_t *stat,
                               const char *path, const char *name, apr_pool_t *pool)
{
    apr_pool_t *own, *scratch;
    entry_t *entry;
    cdist_err_t *err;

    apr_pool_create_unmanaged(&own);
    entry = apr_pcalloc(own, sizeof *entry);
    entry->memory = memory;
    entry->pool = own;
    entry->path = apr_pstrdup(own, path);
    entry->stat = *stat;
    entry->holders = 1;
    apr_pool_create(&scratch, pool);
    err = cdist_err_dup(read_entry(entry, file, name, scratch), pool);
    apr_pool_destroy(scratch);
    if (err) apr_pool_destroy(own);
    else *result = entry;
    return err;
}

cdist_err_t *cdist_list_memory_get(const cdist_infobase_list_t **list, apr_uint64_t *bytes, cdist_list_memory_t *memory,
                                   const char *path, const char *name, apr_uint64_t max_bytes, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(name, pool);
    apr_file_t *file;
    cdist_stat_t stat;
    entry_t *entry;
    cdist_err_t *err = NULL;
    apr_status_t rv = cdist_file_open(&file, &stat, path, 0, pool);

    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv, "%s", shown);
    }
    if (stat.bytes > max_bytes) {
        apr_file_close(file);
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: larger than %s", shown, cdist_size_format(max_bytes, pool));
    }
    entry = recall(memory, path, &stat);
    if (!entry) {
        err = make_entry(&entry, memory, file, &stat, path, name, pool);
        if (!err && apr_time_now() - stat.ctime_ns / 1000 >= CDIST_SETTLE_MIN) remember(memory, entry);
    }
    apr_file_close(file);
    if (err) return err;
    apr_pool_cleanup_register(pool, entry, let_go, apr_pool_cleanup_null);
    *list = entry->list;
    *bytes = stat.bytes;
    return NULL;
}
