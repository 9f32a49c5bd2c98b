/* Collection: keeps the archives of a store within a limit, and sweeps what leads nowhere.
 *
 * One thread of one process on the host does it at a time. Readers and builds take no notice: what they have open stays
 * readable, and whoever comes too late finds the archive never built, and builds it. An archive that is published or
 * handed out while it is looked at may be lost once more; that costs a build, never a wrong byte. */
#include "archive_int.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define HOUR apr_time_from_sec(3600)
#define DAY (24 * HOUR)
/* NB: ten minutes, and the minute for which a use may go without a mark (store_care.c). */
#define RECENT apr_time_from_sec(11 * 60)
#define MANIFEST_KEPT (90 * DAY)
#define PIN_KEPT (30 * DAY)
#define NOTE_KEPT (30 * DAY)
#define WARN_PAUSE_SEC 600
#define PIN_FILE_MAX (1024u * 1024)
#define KEY_FILE_MAX 1024u

/* An archive, or what is left of one. */
typedef struct {
    cdist_digest_t sha256;
    int has_zip, has_info, pinned;
    apr_uint64_t bytes;
    apr_time_t marked; /* modification time of the .info */
    apr_time_t used;   /* the same, 0 if it is not to be believed */
} item_t;

typedef struct {
    cdist_store_t *store;
    cdist_collected_t *result;
    const volatile apr_uint32_t *stop; /* may be NULL */
    const char *limit; /* what the administrator calls it */
    apr_pool_t *pool;
    apr_time_t now;
    apr_hash_t *items;   /* by digest */
    apr_array_header_t *archives; /* item_t *: those with .zip and .info */
    int swept;
    cdist_err_t *err;    /* the first failure to remove something */
} care_t;

static apr_time_t mtime(const cdist_stored_t *file)
{
    return file->stat.mtime_ns / 1000;
}

static int older_than(const care_t *care, apr_time_t time, apr_interval_time_t age)
{
    return care->now - time > age;
}

static cdist_err_t *unreadable(const care_t *care, const char *kind, apr_status_t rv)
{
    return cdist_err_create(care->pool, CDIST_E_STORE, rv, "%s/%s: cannot be read", care->store->folder, kind);
}

static void note_failure(care_t *care, const char *path, apr_status_t rv)
{
    if (care->err || rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) return;
    care->err = cdist_err_create(care->pool, CDIST_E_STORE, rv, "%s: cannot be removed", path);
}

static void sweep_file(care_t *care, const char *kind, const char *name)
{
    const char *path = apr_pstrcat(care->pool, care->store->folder, "/", kind, "/", name, NULL);
    apr_status_t rv = apr_file_remove(path, care->pool);

    if (rv == APR_SUCCESS) care->swept++;
    note_failure(care, path, rv);
}

/* ---- what there is ----------------------------------------------------------------------------------------------- */

static item_t *find_item(const care_t *care, const cdist_digest_t *sha256)
{
    return apr_hash_get(care->items, sha256->byte, CDIST_SHA256_BYTES);
}

static item_t *get_item(care_t *care, const cdist_digest_t *sha256)
{
    item_t *item = find_item(care, sha256);

    if (item) return item;
    item = apr_pcalloc(care->pool, sizeof *item);
    item->sha256 = *sha256;
    apr_hash_set(care->items, item->sha256.byte, CDIST_SHA256_BYTES, item);
    return item;
}

static cdist_err_t *read_archives(care_t *care)
{
    apr_array_header_t *files;
    apr_hash_index_t *at;
    apr_status_t rv = cdist_store_list(&files, care->store, "archives", care->pool);
    int i;

    if (rv != APR_SUCCESS) return unreadable(care, "archives", rv);
    for (i = 0; i < files->nelts; i++) {
        const cdist_stored_t *file = &APR_ARRAY_IDX(files, i, cdist_stored_t);
        cdist_digest_t sha256;
        item_t *item;

        if (cdist_store_name_parse(&sha256, file->name, ".zip")) {
            item = get_item(care, &sha256);
            item->has_zip = 1;
            item->bytes = file->stat.bytes;
        } else if (cdist_store_name_parse(&sha256, file->name, ".info")) {
            item = get_item(care, &sha256);
            item->has_info = 1;
            item->marked = mtime(file);
            /* A time in the future says that the clock was wrong, not that the archive is in use for years. */
            item->used = item->marked - care->now > RECENT ? 0 : item->marked;
        }
    }
    for (at = apr_hash_first(care->pool, care->items); at; at = apr_hash_next(at)) {
        item_t *item = apr_hash_this_val(at);

        if (!item->has_zip || !item->has_info) continue;
        APR_ARRAY_PUSH(care->archives, item_t *) = item;
        care->result->archives++;
        care->result->bytes += item->bytes;
    }
    return NULL;
}

/* NB: a pin that cannot be read ends the collection: what it protects is not known. */
static cdist_err_t *read_pins(care_t *care)
{
    apr_array_header_t *files;
    apr_status_t rv = cdist_store_list(&files, care->store, "pins", care->pool);
    int i;

    if (rv != APR_SUCCESS) return unreadable(care, "pins", rv);
    for (i = 0; i < files->nelts; i++) {
        const cdist_stored_t *file = &APR_ARRAY_IDX(files, i, cdist_stored_t);
        const char *path = apr_pstrcat(care->pool, care->store->folder, "/pins/", file->name, NULL);
        cdist_err_t *err;
        char *text, *line, *rest;
        apr_size_t length;

        if (file->name[0] == '.') continue;
        if (older_than(care, mtime(file), PIN_KEPT)) {
            sweep_file(care, "pins", file->name);
            continue;
        }
        err = cdist_file_read(&text, &length, path, PIN_FILE_MAX, care->pool);
        if (err && err->code != CDIST_E_NOTFOUND) return err;
        if (err) continue;
        for (line = apr_strtok(text, "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
            cdist_digest_t sha256;
            item_t *item = cdist_digest_parse(&sha256, line) ? find_item(care, &sha256) : NULL;

            if (item) item->pinned = 1;
        }
    }
    return NULL;
}

/* ---- eviction ------------------------------------------------------------------------------------------------------ */

static int compare_use(const void *left, const void *right)
{
    const item_t *a = *(const item_t *const *)left, *b = *(const item_t *const *)right;

    return a->used != b->used ? (a->used > b->used) - (a->used < b->used) : memcmp(&a->sha256, &b->sha256, sizeof a->sha256);
}

/* Whether somebody used or published it since it was looked at. */
static int was_touched(const care_t *care, const item_t *item)
{
    apr_finfo_t finfo;
    const char *info = cdist_store_path(care->store, "archives", &item->sha256, ".info", care->pool);

    return apr_stat(&finfo, info, APR_FINFO_MTIME, care->pool) == APR_SUCCESS && finfo.mtime != item->marked;
}

/* For the log. */
static const char *last_use(const care_t *care, const item_t *item)
{
    if (!item->used) return "whose last use is in the future: the clock was wrong";
    return apr_psprintf(care->pool, "not used for %" APR_TIME_T_FMT " min", (care->now - item->used) / apr_time_from_sec(60));
}

static void evict(care_t *care, item_t *item)
{
    const char *hex = cdist_digest_hex(&item->sha256, care->pool);
    apr_status_t rv;

    if (was_touched(care, item)) return;
    rv = cdist_store_forget(care->store, &item->sha256, care->pool);
    note_failure(care, cdist_store_path(care->store, "archives", &item->sha256, ".zip", care->pool), rv);
    if (rv != APR_SUCCESS) return;
    item->has_zip = item->has_info = 0;
    cdist_log(CDIST_LOG_INFO, "CD0024", 0, "store: archive %s evicted, %" APR_UINT64_T_FMT " bytes, %s", hex, item->bytes,
              last_use(care, item));
    care->result->archives--;
    care->result->bytes -= item->bytes;
    care->result->removed_archives++;
    care->result->removed_bytes += item->bytes;
}

static void warn_over(care_t *care, apr_uint64_t max_bytes, const apr_uint64_t *bytes, const int *count)
{
    if (!cdist_log_due(&care->store->warned_sec, WARN_PAUSE_SEC)) return;
    cdist_log(CDIST_LOG_WARNING, "CD0023", 0,
              "store %s: %d archives have %" APR_UINT64_T_FMT " bytes, %s allows %" APR_UINT64_T_FMT ". What is left is not "
              "removed: %d of them, with %" APR_UINT64_T_FMT " bytes, are known to be current for a publication; %d, with %"
              APR_UINT64_T_FMT " bytes, were built or used in the last minutes, and may be about to become current. Allow more, "
              "or publish less", care->store->folder, care->result->archives, care->result->bytes, care->limit, max_bytes,
              count[0], bytes[0], count[1], bytes[1]);
}

static void keep_within(care_t *care, apr_uint64_t max_bytes)
{
    apr_uint64_t bytes[2] = {0, 0};
    int count[2] = {0, 0}, i;
    item_t **archives = (item_t **)care->archives->elts;

    qsort(archives, (size_t)care->archives->nelts, sizeof *archives, compare_use);
    for (i = 0; i < care->archives->nelts && care->result->bytes > max_bytes; i++) {
        if (cdist_stop_asked(care->stop)) return;
        int kind = !archives[i]->pinned;

        if (archives[i]->pinned || !older_than(care, archives[i]->used, RECENT)) {
            bytes[kind] += archives[i]->bytes;
            count[kind]++;
        } else {
            evict(care, archives[i]);
        }
    }
    care->result->over = care->result->bytes > max_bytes;
    if (care->result->over) warn_over(care, max_bytes, bytes, count);
}

/* ---- sweeping ------------------------------------------------------------------------------------------------------ */

/* Whether an archive, ready or in the store, can be found by its digest. NB: one that was not there is looked for again,
 * because it may have been published since. */
static int can_be_found(const care_t *care, const cdist_digest_t *sha256)
{
    const item_t *item = find_item(care, sha256);
    apr_finfo_t finfo;

    if (item && item->has_info) return 1;
    return apr_stat(&finfo, cdist_store_path(care->store, "archives", sha256, ".info", care->pool), APR_FINFO_TYPE,
                    care->pool) == APR_SUCCESS;
}

/* Whether something still tells what the archive was. */
static int has_manifest(const care_t *care, const cdist_digest_t *sha256)
{
    apr_finfo_t finfo;

    return apr_stat(&finfo, cdist_store_path(care->store, "manifests", sha256, ".json", care->pool), APR_FINFO_TYPE,
                    care->pool) == APR_SUCCESS;
}

/* Files named by an archive that is not there any more. */
static void sweep_by_name(care_t *care, const char *kind, const char *suffix, apr_interval_time_t age)
{
    apr_array_header_t *files;
    int i;

    if (cdist_store_list(&files, care->store, kind, care->pool) != APR_SUCCESS) return;
    for (i = 0; i < files->nelts && !cdist_stop_asked(care->stop); i++) {
        const cdist_stored_t *file = &APR_ARRAY_IDX(files, i, cdist_stored_t);
        cdist_digest_t sha256;

        if (!older_than(care, mtime(file), age) || !cdist_store_name_parse(&sha256, file->name, suffix)) continue;
        if (!can_be_found(care, &sha256)) sweep_file(care, kind, file->name);
    }
}

/* What processes that are gone left for each other, and facts about files that may be gone: what is dropped in vain is read again. */
static void sweep_old(care_t *care, const char *kind, apr_interval_time_t age)
{
    apr_array_header_t *files;
    int i;

    if (cdist_store_list(&files, care->store, kind, care->pool) != APR_SUCCESS) return;
    for (i = 0; i < files->nelts && !cdist_stop_asked(care->stop); i++) {
        const cdist_stored_t *file = &APR_ARRAY_IDX(files, i, cdist_stored_t);
        cdist_digest_t digest;

        if (!older_than(care, mtime(file), age) || !cdist_store_name_parse(&digest, file->name, "")) continue;
        sweep_file(care, kind, file->name);
    }
}

static void sweep_keys(care_t *care)
{
    apr_array_header_t *files;
    apr_pool_t *scratch;
    int i;

    if (cdist_store_list(&files, care->store, "keys", care->pool) != APR_SUCCESS) return;
    apr_pool_create(&scratch, care->pool);
    for (i = 0; i < files->nelts && !cdist_stop_asked(care->stop); i++) {
        const cdist_stored_t *file = &APR_ARRAY_IDX(files, i, cdist_stored_t);
        cdist_digest_t digest;
        cdist_err_t *err;
        apr_size_t length;
        char *text;

        apr_pool_clear(scratch);
        if (!older_than(care, mtime(file), DAY) || !cdist_store_name_parse(&digest, file->name, "")) continue;
        err = cdist_file_read(&text, &length, apr_pstrcat(scratch, care->store->folder, "/keys/", file->name, NULL),
                              KEY_FILE_MAX, scratch);
        if (err && err->code != CDIST_E_INPUT) continue;
        if (err || !cdist_digest_parse(&digest, text) || !(can_be_found(care, &digest) || has_manifest(care, &digest))) {
            sweep_file(care, "keys", file->name);
        }
    }
    apr_pool_destroy(scratch);
}

/* Facts of ready archives, which have no bytes here, that nobody asked for in a long time. They are verified again if
 * somebody does. */
static void sweep_ready(care_t *care)
{
    apr_hash_index_t *at;

    for (at = apr_hash_first(care->pool, care->items); at; at = apr_hash_next(at)) {
        const item_t *item = apr_hash_this_val(at);

        if (item->has_zip || !item->has_info || item->pinned) continue;
        if (!older_than(care, item->used, MANIFEST_KEPT) || was_touched(care, item)) continue;
        sweep_file(care, "archives", apr_pstrcat(care->pool, cdist_digest_hex(&item->sha256, care->pool), ".info", NULL));
    }
}

static void sweep(care_t *care)
{
    const char *const *part;

    sweep_ready(care);
    sweep_by_name(care, "archives", ".zip", HOUR);
    sweep_by_name(care, "records", "", HOUR);
    sweep_by_name(care, "audits", "", DAY);
    sweep_by_name(care, "manifests", ".json", MANIFEST_KEPT);
    sweep_keys(care);
    sweep_old(care, "notes", NOTE_KEPT);
    sweep_old(care, "facts", MANIFEST_KEPT);
    for (part = cdist_store_parts; *part; part++) {
        cdist_os_temp_sweep(apr_pstrcat(care->pool, care->store->folder, "/", *part, NULL), care->pool);
    }
    if (care->swept) cdist_log(CDIST_LOG_DEBUG, "CD0025", 0, "store: %d files swept that led to no archive", care->swept);
}

static cdist_err_t *collect(care_t *care, apr_uint64_t max_bytes)
{
    CDIST_ERR(read_archives(care));
    CDIST_ERR(read_pins(care));
    if (max_bytes) keep_within(care, max_bytes);
    sweep(care);
    return care->err;
}

static cdist_err_t *collect_unless_busy(cdist_collected_t *result, cdist_store_t *store, apr_uint64_t max_bytes,
                                        const char *limit, const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    care_t care = {store, result, stop, limit, pool, apr_time_now(), apr_hash_make(pool),
                   apr_array_make(pool, 32, sizeof(item_t *)), 0, NULL};
    cdist_lock_t *lock;
    cdist_err_t *err;

    memset(result, 0, sizeof *result);
    CDIST_ERR(cdist_store_lock_unless_busy(&lock, store, LOCK_COLLECT, pool));
    result->busy = !lock;
    if (result->busy) return NULL;
    err = collect(&care, max_bytes);
    cdist_os_lock_free(lock);
    return err;
}

cdist_err_t *cdist_store_collect(cdist_collected_t *result, cdist_store_t *store, apr_uint64_t max_bytes, const char *limit,
                                 apr_pool_t *pool)
{
    return collect_unless_busy(result, store, max_bytes, limit, NULL, pool);
}

int cdist_store_tidy(cdist_store_t *store, apr_uint64_t max_bytes, const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_collected_t collected;
    cdist_err_t *err = collect_unless_busy(&collected, store, max_bytes, "CDistStoreMaxSize", stop, pool);

    if (err) cdist_log(CDIST_LOG_WARNING, "CD0026", 0, "the store could not be cleaned up: %s", cdist_err_text(err, pool));
    return collected.removed_archives;
}
