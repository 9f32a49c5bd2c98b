/* What the care of a store stands on: when an archive was last handed out, which archives are pinned, what there is.
 *
 * An archive's last use is the modification time of its .info file, so every process knows it, and it outlasts them. A
 * pin is a file of its own for each publication; its modification time tells that somebody still stands up for it. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* A crowd of downloads writes no more often than this. */
#define MARK_PAUSE apr_time_from_sec(60)
#define RENEWAL apr_time_from_sec(86400)
#define PIN_NAME_MAX 64
#define PIN_FILE_MAX (1024u * 1024)
#define PIN_LINE_BYTES (2 * CDIST_SHA256_BYTES + 1)

/* ---- a store that is there already ------------------------------------------------------------------------------- */

/* NB: a lock file that root makes here would lock the server's user out of his own store. */
static void make_lock(const cdist_store_t *store, apr_pool_t *pool)
{
    static const char *const names[] = {"lock", NULL};
    apr_file_t *file;
    apr_finfo_t owner;

    if (apr_stat(&owner, store->folder, APR_FINFO_OWNER, pool) != APR_SUCCESS) return;
    if (apr_file_open(&file, cdist_store_lock_path(store, pool), APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_EXCL,
                      APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_GREAD | APR_FPROT_WREAD, pool) != APR_SUCCESS) {
        return;
    }
    apr_file_close(file);
    if (cdist_os_give(store->folder, names, owner.user, owner.group, pool) != APR_SUCCESS) {
        apr_file_remove(cdist_store_lock_path(store, pool), pool);
    }
}

cdist_err_t *cdist_store_open_existing(cdist_store_t **store, const char *folder, apr_pool_t *pool)
{
    cdist_store_t *opened = apr_pcalloc(pool, sizeof *opened);

    CDIST_ERR(cdist_store_check_format(folder, 0, pool));
    opened->folder = apr_pstrdup(pool, folder);
    make_lock(opened, pool);
    *store = opened;
    return NULL;
}

/* ---- uses -------------------------------------------------------------------------------------------------------- */

/* Whether a time on file is further from now than that; one in the future counts too, the clock was wrong then. */
static int is_stale(apr_time_t mtime, apr_time_t now, apr_interval_time_t age)
{
    return now - mtime > age || mtime - now > age;
}

/* Gives a file the time of now, unless it has it to within `pause`; the time that it has then, 0 if that cannot be told. */
static apr_time_t renew(const char *path, apr_interval_time_t pause, apr_pool_t *pool)
{
    apr_time_t now = apr_time_now();
    apr_finfo_t finfo;

    if (apr_stat(&finfo, path, APR_FINFO_MTIME, pool) != APR_SUCCESS) return 0;
    if (!is_stale(finfo.mtime, now, pause)) return finfo.mtime;
    return apr_file_mtime_set(path, now, pool) == APR_SUCCESS ? now : 0;
}

void cdist_store_mark_used(const cdist_store_t *store, const cdist_archive_t *archive, apr_pool_t *pool)
{
    apr_time_t marked;

    if (cdist_store_marked_lately(store->memory, &archive->sha256, apr_time_now(), MARK_PAUSE)) return;
    marked = renew(cdist_store_path(store, "archives", &archive->sha256, ".info", pool), MARK_PAUSE, pool);
    if (marked) cdist_store_note_mark(store->memory, &archive->sha256, marked);
}

void cdist_store_renew_note(const cdist_store_t *store, const cdist_digest_t *digest, apr_pool_t *pool)
{
    renew(cdist_store_note_path(store, digest, pool), RENEWAL, pool);
}

/* ---- pins -------------------------------------------------------------------------------------------------------- */

static int is_pin_name(const char *name)
{
    apr_size_t length = strspn(name, "0123456789abcdef");

    return length > 0 && length <= PIN_NAME_MAX && name[length] == '\0';
}

static int compare_digests(const void *left, const void *right)
{
    return memcmp(left, right, sizeof(cdist_digest_t));
}

/* Sorted, so that the same archives make the same file. */
static const char *pin_text(const apr_array_header_t *digests, apr_pool_t *pool)
{
    apr_array_header_t *sorted = apr_array_copy(pool, digests);
    char *text = apr_palloc(pool, (apr_size_t)sorted->nelts * PIN_LINE_BYTES + 1), *at = text;
    int i;

    qsort(sorted->elts, (size_t)sorted->nelts, sizeof(cdist_digest_t), compare_digests);
    for (i = 0; i < sorted->nelts; i++, at += PIN_LINE_BYTES) {
        memcpy(at, cdist_digest_hex(&APR_ARRAY_IDX(sorted, i, cdist_digest_t), pool), PIN_LINE_BYTES - 1);
        at[PIN_LINE_BYTES - 1] = '\n';
    }
    *at = '\0';
    return text;
}

/* 1 if the file says so already; then it is made to say so for longer. */
static int renew_pin(const char *path, const char *text, apr_pool_t *pool)
{
    apr_size_t length;
    char *old;

    if (cdist_file_read(&old, &length, path, PIN_FILE_MAX, pool)) return 0;
    if (length != strlen(text) || memcmp(old, text, length) != 0) return 0;
    return renew(path, RENEWAL, pool);
}

cdist_err_t *cdist_store_pin(const cdist_store_t *store, const char *name, const apr_array_header_t *digests,
                             apr_pool_t *pool)
{
    const char *path, *text;
    apr_status_t rv;

    if (!is_pin_name(name) || (apr_size_t)digests->nelts > PIN_FILE_MAX / PIN_LINE_BYTES) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "pin \"%s\": must be named by 1 to %d small hexadecimal digits, and "
                                "have at most %d archives", cdist_text_printable(name, pool), PIN_NAME_MAX,
                                (int)(PIN_FILE_MAX / PIN_LINE_BYTES));
    }
    path = apr_pstrcat(pool, store->folder, "/pins/", name, NULL);
    if (digests->nelts == 0) {
        rv = apr_file_remove(path, pool);
        if (rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) return NULL;
        return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be removed", path);
    }
    text = pin_text(digests, pool);
    if (renew_pin(path, text, pool)) return NULL;
    CDIST_ERR(cdist_file_publish(path, text, strlen(text), pool));
    apr_file_mtime_set(path, apr_time_now(), pool);
    return NULL;
}

/* ---- what there is ------------------------------------------------------------------------------------------------- */

apr_status_t cdist_store_list(apr_array_header_t **files, const cdist_store_t *store, const char *kind, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    const char *name = NULL;
    apr_status_t rv = cdist_os_folder_open(&folder, apr_pstrcat(pool, store->folder, "/", kind, NULL), pool);

    *files = apr_array_make(pool, 32, sizeof(cdist_stored_t));
    if (rv != APR_SUCCESS) return APR_STATUS_IS_ENOENT(rv) ? APR_SUCCESS : rv;
    while ((rv = cdist_os_folder_next(&name, folder, pool)) == APR_SUCCESS && name) {
        cdist_stored_t file = {name, {CDIST_OTHER, 0, 0, 0, 0, 0}};

        if (cdist_os_stat_at(&file.stat, folder, name) == APR_SUCCESS && file.stat.kind == CDIST_FILE) {
            APR_ARRAY_PUSH(*files, cdist_stored_t) = file;
        }
    }
    cdist_os_folder_close(folder);
    return rv;
}

int cdist_store_name_parse(cdist_digest_t *digest, const char *name, const char *suffix)
{
    char hex[2 * CDIST_SHA256_BYTES + 1];

    if (strlen(name) != sizeof hex - 1 + strlen(suffix) || strcmp(name + sizeof hex - 1, suffix) != 0) return 0;
    memcpy(hex, name, sizeof hex - 1);
    hex[sizeof hex - 1] = '\0';
    return cdist_digest_parse(digest, hex);
}
