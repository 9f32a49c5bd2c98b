/* The store: a folder of verified archives, named by their content.
 *
 *   FORMAT                 "1cdist-store 1\n"; a newer number is refused
 *   lock                   byte ranges of it are the locks of builds and waiters; never unlinked
 *   archives/<sha256>.zip  an archive; immutable
 *   archives/<sha256>.info one line "1 zip BYTES BUILD_MS\n", or for an archive that lies elsewhere
 *                          "1 ready BYTES BUILD_MS DEVICE INODE MTIME_NS CTIME_NS\nPATH"
 *                          modification time: when the archive was last published or, to a minute, handed out
 *   manifests/<sha256>.json
 *                          modification time: when the archive was last published
 *   records/<sha256>       what a later build may reuse of the archive, see records.c
 *   notes/<digest>         catalogues and lists of updates, which the server's processes leave for each other, what was built of
 *                          a root, digests of large files; dropped 30 days after its modification time
 *   facts/<digest>         what core/templates keeps about a file of a template folder; dropped after 90 days, and read again
 *   keys/<key>             the archive's sha256 in hex: which archive a state of a source leads to, or led to while its
 *                          manifest is kept
 *   pins/<name>            archives that must not be evicted: a sha256 in hex and a newline for each; dropped 30 days after
 *                          its modification time
 *   audits/<sha256>        empty; modification time: when the archive was last read whole
 *
 * Invariants: a .info file is published after the archive and its manifest, a key after the .info; all of them in one
 * step each (temporary file, sync, rename). So whoever finds a key finds the rest, or the archive was removed since.
 * Evictions go the other way: .info, then the archive; its manifest stays.
 * Readers take no lock. An archive whose length is not the recorded one is removed and counts as never built. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define FORMAT_TEXT "1cdist-store 1\n"
#define SMALL_FILE_MAX 65536
#define MANIFEST_MAX (1024u * 1024 * 1024)

const char *cdist_store_path(const cdist_store_t *store, const char *kind, const cdist_digest_t *digest,
                             const char *suffix, apr_pool_t *pool)
{
    return apr_pstrcat(pool, store->folder, "/", kind, "/", cdist_digest_hex(digest, pool), suffix, NULL);
}

const char *cdist_store_lock_path(const cdist_store_t *store, apr_pool_t *pool)
{
    return apr_pstrcat(pool, store->folder, "/lock", NULL);
}

const char *cdist_store_note_path(const cdist_store_t *store, const cdist_digest_t *digest, apr_pool_t *pool)
{
    return cdist_store_path(store, "notes", digest, "", pool);
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_store_check_format(const char *folder, int may_make, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, folder, "/FORMAT", NULL);
    char *text;
    apr_size_t length;
    cdist_err_t *err = cdist_file_read(&text, &length, path, SMALL_FILE_MAX, pool);

    if (err && err->code == CDIST_E_NOTFOUND) {
        if (may_make) return cdist_file_publish(path, FORMAT_TEXT, strlen(FORMAT_TEXT), pool);
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "%s: is no store of 1cdist: there is no file FORMAT in it", folder);
    }
    if (err) return err;
    if (strcmp(text, FORMAT_TEXT) == 0) return NULL;
    return cdist_err_create(pool, CDIST_E_INPUT, 0,
                            "%s: the store was made by another version of 1cdist (\"%s\"); name another folder or "
                            "empty this one",
                            path, cdist_text_printable(apr_pstrndup(pool, text, 40), pool));
}

const char *const cdist_store_parts[] = {"", "archives", "manifests", "records", "notes", "keys", "pins", "audits", NULL};

cdist_err_t *cdist_store_make(const cdist_store_t *store, apr_pool_t *pool)
{
    const char *const *part;

    for (part = cdist_store_parts; *part; part++) {
        const char *path = apr_pstrcat(pool, store->folder, "/", *part, NULL);
        apr_status_t rv = cdist_os_folder_make(path, pool);

        if (rv != APR_SUCCESS) {
            return cdist_err_create(pool, CDIST_E_STORE, rv, "store %s: cannot be made; let httpd make the store anew by a "
                                    "restart, or give the folder to the user of the server", path);
        }
    }
    return cdist_store_check_format(store->folder, 1, pool);
}

/* Whether the folder is a store already, or has nothing in it. */
static int is_store_or_empty(const char *path, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    cdist_stat_t stat;
    const char *name;
    int fits;

    if (cdist_os_folder_open(&folder, path, pool) != APR_SUCCESS) return 0;
    fits = cdist_os_stat_at(&stat, folder, "FORMAT") == APR_SUCCESS ||
           (cdist_os_folder_next(&name, folder, pool) == APR_SUCCESS && !name);
    cdist_os_folder_close(folder);
    return fits;
}

cdist_err_t *cdist_store_prepare(const char *folder, apr_uid_t user, apr_gid_t group, apr_pool_t *pool)
{
    static const char *const files[] = {"FORMAT", "lock", NULL};
    apr_status_t rv = apr_dir_make_recursive(folder, APR_FPROT_OS_DEFAULT, pool);

    if (rv == APR_SUCCESS) rv = cdist_os_folder_make(folder, pool); /* it may be there and be no folder */
    if (rv == APR_SUCCESS && is_store_or_empty(folder, pool)) {
        rv = cdist_os_give(folder, cdist_store_parts, user, group, pool);
        if (rv == APR_SUCCESS) rv = cdist_os_give(folder, files, user, group, pool);
    }
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "store %s: cannot be made", folder);
}

cdist_err_t *cdist_store_open(cdist_store_t **store, const char *folder, apr_pool_t *pool)
{
    cdist_store_t *opened = apr_pcalloc(pool, sizeof *opened);
    const char *const *part;

    opened->folder = apr_pstrdup(pool, folder);
    opened->memory = cdist_store_memory_make(pool);
    CDIST_ERR(cdist_store_make(opened, pool));
    for (part = cdist_store_parts; *part; part++) {
        cdist_os_temp_sweep(apr_pstrcat(pool, folder, "/", *part, NULL), pool);
    }
    *store = opened;
    return NULL;
}

/* ---- finding --------------------------------------------------------------------------------------------------- */

apr_status_t cdist_store_forget(const cdist_store_t *store, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    apr_status_t info, zip;

    cdist_store_unlearn(store->memory, sha256);
    apr_file_remove(cdist_store_path(store, "records", sha256, "", pool), pool);
    info = apr_file_remove(cdist_store_path(store, "archives", sha256, ".info", pool), pool);
    zip = apr_file_remove(cdist_store_path(store, "archives", sha256, ".zip", pool), pool);
    if (info != APR_SUCCESS && !APR_STATUS_IS_ENOENT(info)) return info;
    return APR_STATUS_IS_ENOENT(zip) ? APR_SUCCESS : zip;
}

/* As above; what cannot be removed is found damaged again. */
static void forget(const cdist_store_t *store, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    apr_status_t ignored = cdist_store_forget(store, sha256, pool);

    (void)ignored;
}

static cdist_err_t *not_built(apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "the archive is not in the store");
}

/* Numbers separated by blanks; returns 1 if all were there. */
static int take_numbers(apr_int64_t *numbers, int count, const char **at)
{
    int i;

    for (i = 0; i < count; i++) {
        char *end;
        numbers[i] = apr_strtoi64(*at, &end, 10);
        if (end == *at) return 0;
        *at = end;
    }
    return 1;
}

static int parse_info(cdist_archive_t *archive, const char *text)
{
    apr_int64_t n[6];
    int ready = strncmp(text, "1 ready ", 8) == 0;

    if (!ready && strncmp(text, "1 zip ", 6) != 0) return 0;
    text += ready ? 8 : 6;
    if (!take_numbers(n, ready ? 6 : 2, &text) || *text++ != '\n') return 0;
    archive->bytes = (apr_uint64_t)n[0];
    archive->build_ms = n[1];
    archive->ready = ready;
    if (!ready) return 1;
    archive->path = text;
    archive->stat.kind = CDIST_FILE;
    archive->stat.bytes = archive->bytes;
    archive->stat.device = (apr_uint64_t)n[2];
    archive->stat.inode = (apr_uint64_t)n[3];
    archive->stat.mtime_ns = n[4];
    archive->stat.ctime_ns = n[5];
    return 1;
}

cdist_err_t *cdist_archive_open(apr_file_t **file, const cdist_archive_t *archive, apr_int32_t open_flags,
                                apr_pool_t *pool)
{
    cdist_stat_t now;
    apr_status_t rv = cdist_file_open(file, &now, archive->path, open_flags, pool);

    if (rv != APR_SUCCESS && rv != APR_EINVAL) {
        return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv, "%s",
                                archive->path);
    }
    if (rv == APR_SUCCESS) {
        if (archive->ready ? cdist_stat_same(&now, &archive->stat) : now.bytes == archive->bytes) return NULL;
        apr_file_close(*file);
    }
    return cdist_err_create(pool, archive->ready ? CDIST_E_CHANGED : CDIST_E_CORRUPT, 0, "%s: %s", archive->path,
                            rv != APR_SUCCESS ? "is no file any more"
                            : archive->ready  ? "changed since it was verified"
                                              : "has not the length it was built with");
}

cdist_err_t *cdist_store_info(cdist_archive_t **archive, const cdist_store_t *store, const cdist_digest_t *sha256,
                              apr_pool_t *pool)
{
    cdist_archive_t *found = apr_pcalloc(pool, sizeof *found);
    char *text;
    apr_size_t length;
    const char *info = cdist_store_path(store, "archives", sha256, ".info", pool);
    cdist_err_t *err = cdist_file_read(&text, &length, info, SMALL_FILE_MAX, pool);

    if (err && err->code != CDIST_E_INPUT) return err->code == CDIST_E_NOTFOUND ? not_built(pool) : err;
    found->sha256 = *sha256;
    found->path = cdist_store_path(store, "archives", sha256, ".zip", pool);
    if (err || !parse_info(found, text)) {
        cdist_log(CDIST_LOG_WARNING, "CD0010", 0, "store: %s is damaged and was removed; the archive is built anew", info);
        forget(store, sha256, pool);
        return not_built(pool);
    }
    *archive = found;
    return NULL;
}

cdist_err_t *cdist_store_find_bytes(cdist_archive_t **archive, apr_file_t **file, cdist_store_t *store,
                                    const cdist_digest_t *sha256, apr_int32_t open_flags, apr_pool_t *pool)
{
    cdist_archive_t *found;
    cdist_err_t *err;

    CDIST_ERR(cdist_store_info(&found, store, sha256, pool));
    err = cdist_archive_open(file, found, open_flags, pool);
    if (err && err->code == CDIST_E_CORRUPT) {
        cdist_log(CDIST_LOG_WARNING, "CD0011", 0, "store: %s; it was removed and is built anew",
                  cdist_err_text(err, pool));
        forget(store, sha256, pool);
    }
    if (err) return err->code == CDIST_E_SOURCE ? err : not_built(pool);
    *archive = found;
    return NULL;
}

/* What a key file says. */
static cdist_err_t *read_key(cdist_digest_t *sha256, const cdist_store_t *store, const cdist_key_t *key, apr_pool_t *pool)
{
    char *text;
    apr_size_t length;
    cdist_err_t *err = cdist_file_read(&text, &length, cdist_store_path(store, "keys", key, "", pool), SMALL_FILE_MAX, pool);

    if (err && err->code != CDIST_E_INPUT) return err->code == CDIST_E_NOTFOUND ? not_built(pool) : err;
    return err || !cdist_digest_parse(sha256, text) ? not_built(pool) : NULL; /* the next build writes it anew */
}

cdist_err_t *cdist_store_find(cdist_archive_t **archive, apr_file_t **file, cdist_store_t *store, const cdist_key_t *key,
                              apr_int32_t open_flags, apr_pool_t *pool)
{
    cdist_digest_t sha256;

    if (cdist_store_recall(archive, store->memory, key, pool)) {
        if (!cdist_archive_open(file, *archive, open_flags, pool)) return NULL;
        cdist_store_unlearn(store->memory, &(*archive)->sha256);
    }
    CDIST_ERR(read_key(&sha256, store, key, pool));
    CDIST_ERR(cdist_store_find_bytes(archive, file, store, &sha256, open_flags, pool));
    cdist_store_remember(store->memory, key, *archive);
    return NULL;
}

const char *const *cdist_store_folders(const cdist_store_t *store, apr_pool_t *pool)
{
    const char **folders = apr_pcalloc(pool, 3 * sizeof *folders);

    folders[0] = apr_pstrcat(pool, store->folder, "/archives", NULL);
    folders[1] = apr_pstrcat(pool, store->folder, "/keys", NULL);
    return folders;
}

int cdist_store_leads_to(const cdist_store_t *store, const cdist_key_t *key, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    cdist_digest_t known;

    return read_key(&known, store, key, pool) == NULL && cdist_digest_equal(&known, sha256);
}

cdist_err_t *cdist_store_kept_manifest(const char **json, const cdist_store_t *store, const cdist_digest_t *sha256,
                                       apr_pool_t *pool)
{
    apr_size_t length;
    char *text;

    CDIST_ERR(cdist_file_read(&text, &length, cdist_store_path(store, "manifests", sha256, ".json", pool), MANIFEST_MAX, pool));
    *json = text;
    return NULL;
}

cdist_err_t *cdist_store_manifest(const char **json, cdist_store_t *store, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    cdist_err_t *err = cdist_store_kept_manifest(json, store, sha256, pool);

    if (!err) return NULL;
    /* NB: one that is there and cannot be read, for want of descriptors say, costs nobody a good archive. */
    if (err->code == CDIST_E_NOTFOUND || err->code == CDIST_E_INPUT) {
        cdist_log(CDIST_LOG_WARNING, "CD0017", 0, "store: %s; the archive was removed too and is built anew",
                  cdist_err_text(err, pool));
        forget(store, sha256, pool);
    }
    err->code = CDIST_E_STORE;
    return err;
}

/* ---- publishing ------------------------------------------------------------------------------------------------ */

static cdist_err_t *publish_text(const char *path, const char *text, apr_pool_t *pool)
{
    return cdist_file_publish(path, text, strlen(text), pool);
}

cdist_err_t *cdist_store_temp(cdist_temp_t **temp, cdist_store_t *store, apr_pool_t *pool)
{
    const char *folder = apr_pstrcat(pool, store->folder, "/archives", NULL);
    apr_status_t rv = cdist_os_temp_open(temp, folder, pool);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", folder);
}

/* Whether the store itself has these bytes: they outlast a ready archive that somebody takes away. */
static int holds_archive(cdist_store_t *store, const cdist_digest_t *sha256, apr_uint64_t bytes, apr_pool_t *pool)
{
    cdist_archive_t *archive;
    apr_file_t *file;

    if (cdist_store_find_bytes(&archive, &file, store, sha256, 0, pool) != NULL) return 0;
    apr_file_close(file);
    return !archive->ready && archive->bytes == bytes;
}

static cdist_err_t *publish(cdist_store_t *store, cdist_temp_t *temp, const cdist_manifest_t *manifest,
                            const cdist_tree_t *tree, const cdist_job_t *job, apr_int64_t build_ms, apr_pool_t *pool)
{
    const cdist_digest_t *sha256 = &manifest->archive_sha256;
    const char *info;

    if (temp) {
        const char *path = cdist_store_path(store, "archives", sha256, ".zip", pool);
        apr_status_t rv = cdist_os_temp_publish(temp, path, pool);

        if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be published", path);
        info = apr_psprintf(pool, "1 zip %" APR_UINT64_T_FMT " %" APR_INT64_T_FMT "\n", manifest->archive_bytes, build_ms);
    } else if (holds_archive(store, sha256, manifest->archive_bytes, pool)) {
        return publish_text(cdist_store_path(store, "keys", &job->key, "", pool), cdist_digest_hex(sha256, pool), pool);
    } else {
        info = apr_psprintf(pool,
                            "1 ready %" APR_UINT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT
                            " %" APR_INT64_T_FMT " %" APR_INT64_T_FMT "\n%s",
                            manifest->archive_bytes, build_ms, (apr_int64_t)job->stat.device,
                            (apr_int64_t)job->stat.inode, job->stat.mtime_ns, job->stat.ctime_ns, job->path);
    }
    if (temp) {
        apr_size_t length;
        const char *records = cdist_records_write(&length, manifest, tree, pool);

        CDIST_ERR(cdist_file_publish(cdist_store_path(store, "records", sha256, "", pool), records, length, pool));
    }
    CDIST_ERR(publish_text(cdist_store_path(store, "manifests", sha256, ".json", pool), cdist_manifest_write(manifest, pool),
                           pool));
    CDIST_ERR(publish_text(cdist_store_path(store, "archives", sha256, ".info", pool), info, pool));
    return publish_text(cdist_store_path(store, "keys", &job->key, "", pool), cdist_digest_hex(sha256, pool), pool);
}

/* NB: an archive whose manifest found no room on the disk would only take room itself; unless an equal one is being served. */
cdist_err_t *cdist_store_publish(cdist_store_t *store, cdist_temp_t *temp, const cdist_manifest_t *manifest,
                                 const cdist_tree_t *tree, const cdist_job_t *job, apr_int64_t build_ms, apr_pool_t *pool)
{
    const cdist_digest_t *sha256 = &manifest->archive_sha256;
    cdist_err_t *err = publish(store, temp, manifest, tree, job, build_ms, pool);
    apr_finfo_t info;

    if (err && temp && APR_STATUS_IS_ENOENT(apr_stat(&info, cdist_store_path(store, "archives", sha256, ".info", pool),
                                                     APR_FINFO_TYPE, pool))) {
        forget(store, sha256, pool);
    }
    return err;
}
