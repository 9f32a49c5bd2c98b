/* Audit: reads archives again, one at a call, so that a disk that forgets is noticed before a client is.
 *
 * The time of a check is the modification time of audits/<sha256>, or of the manifest, which is written when the archive is
 * published. Ready archives belong to somebody else: where theirs changed, the next request finds out by itself. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define BLOCK_BYTES (256u * 1024)
/* What one rest takes at most: a read that hung must not keep the stop flag from being seen. */
#define REST_MAX apr_time_from_msec(250)

typedef struct {
    cdist_digest_t sha256;
    apr_time_t checked;
} candidate_t;

static int compare_checked(const void *left, const void *right)
{
    const candidate_t *a = left, *b = right;

    return a->checked != b->checked ? (a->checked > b->checked) - (a->checked < b->checked)
                                    : memcmp(&a->sha256, &b->sha256, sizeof a->sha256);
}

/* 0 if there is no such file, or if it tells of the future: the clock was wrong then. */
static apr_time_t mtime(const char *path, apr_pool_t *pool)
{
    apr_finfo_t finfo;

    if (apr_stat(&finfo, path, APR_FINFO_MTIME, pool) != APR_SUCCESS) return 0;
    return finfo.mtime > apr_time_now() + REST_MAX ? 0 : finfo.mtime;
}

/* Every archive (candidate_t), the one whose check is longest ago first. */
static cdist_err_t *list_candidates(apr_array_header_t **candidates, const cdist_store_t *store, apr_pool_t *pool)
{
    apr_array_header_t *files;
    apr_status_t rv = cdist_store_list(&files, store, "archives", pool);
    int i;

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s/archives: cannot be read", store->folder);
    *candidates = apr_array_make(pool, files->nelts, sizeof(candidate_t));
    for (i = 0; i < files->nelts; i++) {
        candidate_t candidate;
        apr_time_t published;

        if (!cdist_store_name_parse(&candidate.sha256, APR_ARRAY_IDX(files, i, cdist_stored_t).name, ".info")) continue;
        candidate.checked = mtime(cdist_store_path(store, "audits", &candidate.sha256, "", pool), pool);
        published = mtime(cdist_store_path(store, "manifests", &candidate.sha256, ".json", pool), pool);
        if (published > candidate.checked) candidate.checked = published;
        APR_ARRAY_PUSH(*candidates, candidate_t) = candidate;
    }
    qsort((*candidates)->elts, (size_t)(*candidates)->nelts, sizeof(candidate_t), compare_checked);
    return NULL;
}

/* The digest of a whole file, read from the disk and at leisure: whoever waits for the disk or a core goes first. */
static cdist_err_t *digest_slowly(cdist_digest_t *digest, apr_uint64_t *bytes, apr_file_t *file,
                                  const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    char *buffer = apr_palloc(pool, BLOCK_BYTES);
    apr_status_t rv = APR_SUCCESS;

    *bytes = 0;
    cdist_os_cache_drop(file);
    while (rv == APR_SUCCESS) {
        apr_time_t start = apr_time_now();
        apr_interval_time_t worked;
        apr_size_t length = 0;

        if (cdist_stop_asked(stop)) return cdist_err_create(pool, CDIST_E_STOPPED, 0, "the server is stopping");
        rv = apr_file_read_full(file, buffer, BLOCK_BYTES, &length);
        cdist_sha256_update(sha, buffer, length);
        *bytes += length;
        worked = apr_time_now() - start;
        if (worked > 0) apr_sleep(worked < REST_MAX ? worked : REST_MAX);
    }
    cdist_os_cache_drop(file);
    cdist_sha256_final(digest, sha);
    if (APR_STATUS_IS_EOF(rv)) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "cannot be read");
}

static cdist_err_t *drop(cdist_audited_t *result, const cdist_store_t *store, const cdist_archive_t *archive,
                         const char *why, apr_pool_t *pool)
{
    apr_status_t rv = cdist_store_forget(store, &archive->sha256, pool);

    result->damaged = 1;
    cdist_log(CDIST_LOG_WARNING, "CD0027", rv, "store: %s is not the archive %s any more: %s; it was dropped, and is built "
              "anew when it is asked for", cdist_text_printable(archive->path, pool),
              cdist_digest_hex(&archive->sha256, pool), why);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be removed", archive->path);
}

/* Sets result->checked if there was something to read. */
static cdist_err_t *check(cdist_audited_t *result, const cdist_store_t *store, const cdist_digest_t *sha256,
                          const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_archive_t *archive;
    cdist_digest_t digest;
    apr_uint64_t bytes;
    apr_file_t *file;
    cdist_err_t *err;

    if (cdist_store_info(&archive, store, sha256, pool)) return NULL;
    result->sha256 = *sha256;
    result->bytes = archive->bytes;
    err = cdist_archive_open(&file, archive, 0, pool);
    result->checked = !err || err->code == CDIST_E_CORRUPT;
    if (err) return result->checked ? drop(result, store, archive, "it has another length", pool) : NULL;
    err = digest_slowly(&digest, &bytes, file, stop, pool);
    apr_file_close(file);
    if (err && err->code == CDIST_E_STOPPED) return err;
    /* A share that is away says nothing about what lies there. */
    if (err && archive->ready) result->checked = 0;
    else if (err) return drop(result, store, archive, cdist_err_text(err, pool), pool);
    else if (bytes != archive->bytes || !cdist_digest_equal(&digest, sha256)) {
        return drop(result, store, archive, "its bytes are others", pool);
    }
    return NULL;
}

/* What could not be read counts as checked too, or nothing else would ever be. */
static cdist_err_t *note_check(const cdist_store_t *store, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    const char *path = cdist_store_path(store, "audits", sha256, "", pool);

    if (apr_file_mtime_set(path, apr_time_now(), pool) == APR_SUCCESS) return NULL;
    CDIST_ERR(cdist_file_publish(path, "", 0, pool));
    apr_file_mtime_set(path, apr_time_now(), pool);
    return NULL;
}

static cdist_err_t *audit(cdist_audited_t *result, const cdist_store_t *store, apr_interval_time_t older_than,
                          const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    apr_time_t due = apr_time_now() - older_than;
    apr_array_header_t *candidates = NULL;
    int i;

    CDIST_ERR(list_candidates(&candidates, store, pool));
    for (i = 0; i < candidates->nelts; i++) {
        const candidate_t *candidate = &APR_ARRAY_IDX(candidates, i, candidate_t);

        if (candidate->checked >= due) return NULL;
        if (result->checked) {
            result->more = 1;
            return NULL;
        }
        CDIST_ERR(check(result, store, &candidate->sha256, stop, pool));
        CDIST_ERR(note_check(store, &candidate->sha256, pool));
    }
    return NULL;
}

cdist_err_t *cdist_store_audit(cdist_audited_t *result, cdist_store_t *store, apr_interval_time_t older_than,
                               const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_lock_t *lock;
    cdist_err_t *err;

    memset(result, 0, sizeof *result);
    CDIST_ERR(cdist_store_lock_unless_busy(&lock, store, LOCK_AUDIT, pool));
    result->busy = !lock;
    if (result->busy) return NULL;
    err = audit(result, store, older_than, stop, pool);
    cdist_os_lock_free(lock);
    return err;
}
