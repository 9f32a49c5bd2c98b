/* Template folders of a branch: what the index lists and is not here is taken over. A file that is here under another path is
 * copied, all others are fetched whole: what updates hold is compressed already, and no version has much of another one's
 * bytes. A folder of the index is a release: it is switched over when all of its files are there and verified. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    const cdist_taking_t *taking;
    cdist_sync_result_t *result;
    cdist_update_folder_t *here;
    apr_hash_t *taken; /* SHA-256 → path (const char *): what has come already, for others of that content */
    cdist_err_t *waits; /* why the first release that could not be completed was not; the others need not wait for it */
    const char *templates;
    apr_uint64_t room_bytes; /* on the disk, of what is taken */
    apr_pool_t *pool;
} updates_t;

static cdist_err_t *lied(const updates_t *updates, const char *url)
{
    return cdist_err_create(updates->pool, CDIST_E_CORRUPT, 0, "%s: is not the file that the index tells of",
                            cdist_text_printable(url, updates->pool));
}

static void report(const updates_t *updates, const cdist_update_offer_t *offer, cdist_sync_action_t action,
                   apr_uint64_t fetched_bytes, apr_pool_t *scratch)
{
    const cdist_sync_options_t *options = updates->taking->options;
    cdist_synced_t synced = {"", offer->path, CDIST_UPDATES_NAME, action, offer->bytes, fetched_bytes, 0, offer->sha256};

    if (action != CDIST_SYNC_PRESENT) synced.reused_bytes = offer->bytes > fetched_bytes ? offer->bytes - fetched_bytes : 0;
    if (options->report) options->report(options->baton, &synced, scratch);
}

/* ---- one file -------------------------------------------------------------------------------------------------------- */

static int is_here(const updates_t *updates, const cdist_update_offer_t *offer)
{
    cdist_update_file_t *file = cdist_update_folder_find(updates->here, offer->path);

    return file && file->stat.bytes == offer->bytes && !cdist_update_folder_digest(updates->here, file) &&
           cdist_digest_equal(&file->sha256, &offer->sha256);
}

static int is_file_of(const char *path, const cdist_digest_t *sha256, apr_pool_t *scratch)
{
    cdist_digest_t digest;
    apr_file_t *file;
    int same;

    if (cdist_file_open(&file, NULL, path, 0, scratch) != APR_SUCCESS) return 0;
    same = !cdist_copy_digest(&digest, file, path, scratch) && cdist_digest_equal(&digest, sha256);
    apr_file_close(file);
    return same;
}

/* Opens a file of that content, if one is in the folder; NULL if none is. */
static apr_file_t *open_same(updates_t *updates, const cdist_update_offer_t *offer, apr_pool_t *scratch)
{
    const char *path = apr_hash_get(updates->taken, offer->sha256.byte, CDIST_SHA256_BYTES);
    cdist_update_file_t *file = path ? NULL : cdist_update_folder_same(updates->here, offer);
    apr_file_t *open;

    if (path) return cdist_file_open(&open, NULL, path, 0, scratch) == APR_SUCCESS ? open : NULL;
    return file && !cdist_update_folder_open(&open, updates->here, file, scratch) ? open : NULL;
}

/* *copied is 1 if the file was in the folder under another path. */
static cdist_err_t *copy_local(int *copied, updates_t *updates, const cdist_update_offer_t *offer, const char *to,
                               apr_pool_t *scratch)
{
    apr_file_t *open = open_same(updates, offer, scratch);
    cdist_err_t *err;

    *copied = 0;
    if (!open) return NULL;
    err = cdist_copy_file(open, offer->path, to, &offer->sha256, scratch);
    apr_file_close(open);
    *copied = !err;
    return err && err->code == CDIST_E_CHANGED ? NULL : err;
}

/* Fetches a file, and lays it at `to` once its bytes are right. What an earlier attempt left may be wrong; then all of it is
 * fetched once more. */
static cdist_err_t *fetch(apr_uint64_t *fetched_bytes, updates_t *updates, const cdist_update_offer_t *offer, const char *to,
                          apr_pool_t *scratch)
{
    const char *url = apr_pstrcat(scratch, updates->taking->base, "/", offer->url, NULL);
    cdist_partial_t *partial;
    cdist_digest_t digest;
    cdist_err_t *err;
    int doubtful;

    CDIST_ERR(cdist_partial_open(&partial, updates->templates, &offer->sha256, offer->bytes, scratch));
    doubtful = partial->have->nelts > 0;
    for (;;) {
        err = cdist_pieces_fetch(fetched_bytes, partial, url, updates->taking, scratch);
        if (!err) err = cdist_copy_digest(&digest, partial->file, partial->path, scratch);
        if (err || cdist_digest_equal(&digest, &offer->sha256)) break;
        err = cdist_partial_keep(partial, cdist_spans_make(scratch));
        if (!err && !doubtful) err = lied(updates, url);
        if (err) break;
        doubtful = 0;
    }
    if (!err) return cdist_partial_publish(partial, to);
    cdist_partial_close(partial);
    return err;
}

static cdist_err_t *take_file(updates_t *updates, const cdist_update_offer_t *offer, const char *to, apr_pool_t *scratch)
{
    apr_uint64_t fetched_bytes = 0;
    int copied = is_file_of(to, &offer->sha256, scratch);

    if (!copied) CDIST_ERR(copy_local(&copied, updates, offer, to, scratch));
    if (!copied) CDIST_ERR(fetch(&fetched_bytes, updates, offer, to, scratch));
    report(updates, offer, CDIST_SYNC_TAKEN, fetched_bytes, scratch);
    return NULL;
}

/* ---- one release ------------------------------------------------------------------------------------------------------- */

/* What of a release's files (const cdist_update_offer_t *) is not here. */
static apr_array_header_t *wanted_of(updates_t *updates, const apr_array_header_t *release, apr_pool_t *scratch)
{
    apr_array_header_t *wanted = apr_array_make(scratch, release->nelts, sizeof(const cdist_update_offer_t *));
    int i;

    for (i = 0; i < release->nelts; i++) {
        const cdist_update_offer_t *offer = APR_ARRAY_IDX(release, i, const cdist_update_offer_t *);

        if (is_here(updates, offer)) report(updates, offer, CDIST_SYNC_PRESENT, 0, scratch);
        else APR_ARRAY_PUSH(wanted, const cdist_update_offer_t *) = offer;
    }
    updates->result->updates += wanted->nelts;
    return wanted;
}

static void tell(updates_t *updates, const apr_array_header_t *wanted, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < wanted->nelts; i++) {
        const cdist_update_offer_t *offer = APR_ARRAY_IDX(wanted, i, const cdist_update_offer_t *);
        int local = apr_hash_get(updates->taken, offer->sha256.byte, CDIST_SHA256_BYTES) ||
                    cdist_update_folder_same(updates->here, offer);

        apr_hash_set(updates->taken, offer->sha256.byte, CDIST_SHA256_BYTES, offer->path);
        report(updates, offer, CDIST_SYNC_WANTED, local ? 0 : offer->bytes, scratch);
    }
}

static apr_uint64_t room_for(const updates_t *updates, const apr_array_header_t *wanted, apr_pool_t *scratch)
{
    apr_uint64_t bytes = 0;
    int i;

    for (i = 0; i < wanted->nelts; i++) {
        const cdist_update_offer_t *offer = APR_ARRAY_IDX(wanted, i, const cdist_update_offer_t *);
        bytes += cdist_space_wanted(updates->templates, &offer->sha256, offer->bytes, scratch);
    }
    return bytes;
}

static void note_taken(updates_t *updates, const cdist_update_offer_t *offer, const char *folder, const char *path)
{
    apr_hash_set(updates->taken, offer->sha256.byte, CDIST_SHA256_BYTES, apr_pstrcat(updates->pool, folder, "/", path, NULL));
}

/* The files of a release are in their places now. */
static void note_switched(updates_t *updates, const apr_array_header_t *wanted)
{
    int i;

    for (i = 0; i < wanted->nelts; i++) {
        const cdist_update_offer_t *offer = APR_ARRAY_IDX(wanted, i, const cdist_update_offer_t *);

        note_taken(updates, offer, updates->templates, offer->path);
    }
}

/* What is in the way of one release, at the upstream or here, is not in the way of others. */
static void wait_for(updates_t *updates, const cdist_err_t *err)
{
    if (!updates->waits) updates->waits = cdist_err_dup(err, updates->pool);
}

static cdist_err_t *take_release(updates_t *updates, const char *folder, const apr_array_header_t *release, apr_pool_t *pool)
{
    const apr_array_header_t *wanted = wanted_of(updates, release, pool);
    apr_array_header_t *names = apr_array_make(pool, wanted->nelts, sizeof(const char *));
    apr_uint64_t room_bytes = room_for(updates, wanted, pool);
    cdist_update_place_t *place;
    apr_pool_t *scratch;
    cdist_err_t *err = NULL;
    int i;

    updates->room_bytes += room_bytes;
    if (updates->taking->options->check) tell(updates, wanted, pool);
    if (!wanted->nelts || updates->taking->options->check) return NULL;
    CDIST_ERR(cdist_space_check(updates->templates, room_bytes, *folder ? cdist_text_printable(folder, pool) : "its own part",
                                pool));
    CDIST_ERR(cdist_update_place_open(&place, updates->templates, folder, pool));
    apr_pool_create(&scratch, pool);
    for (i = 0; !err && i < wanted->nelts; i++) {
        const cdist_update_offer_t *offer = APR_ARRAY_IDX(wanted, i, const cdist_update_offer_t *);
        const char *name = cdist_path_name(offer->path, pool);

        apr_pool_clear(scratch);
        err = cdist_err_dup(take_file(updates, offer, apr_pstrcat(scratch, place->stage, "/", name, NULL), scratch), pool);
        if (!err) note_taken(updates, offer, place->stage, name);
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    apr_pool_destroy(scratch);
    if (err) return err;
    err = cdist_update_place_switch(place, names);
    if (err) wait_for(updates, err);
    else note_switched(updates, wanted);
    return NULL;
}

/* ---- all of them ------------------------------------------------------------------------------------------------------- */

/* The offers by the folders that they lie in, in the order in which these appear. */
static apr_array_header_t *releases_of(const apr_array_header_t *offers, apr_hash_t *members, apr_pool_t *pool)
{
    apr_array_header_t *folders = apr_array_make(pool, 64, sizeof(const char *));
    int i;

    for (i = 0; i < offers->nelts; i++) {
        const cdist_update_offer_t *offer = &APR_ARRAY_IDX(offers, i, cdist_update_offer_t);
        const char *slash = strrchr(offer->path, '/');
        const char *folder = apr_pstrmemdup(pool, offer->path, slash ? (apr_size_t)(slash - offer->path) : 0);
        apr_array_header_t *release = apr_hash_get(members, folder, APR_HASH_KEY_STRING);

        if (!release) {
            release = apr_array_make(pool, 8, sizeof(const cdist_update_offer_t *));
            apr_hash_set(members, folder, APR_HASH_KEY_STRING, release);
            APR_ARRAY_PUSH(folders, const char *) = folder;
        }
        APR_ARRAY_PUSH(release, const cdist_update_offer_t *) = offer;
    }
    return folders;
}

static cdist_err_t *take_all(updates_t *updates, const apr_array_header_t *offers)
{
    apr_hash_t *members = apr_hash_make(updates->pool);
    const apr_array_header_t *folders = releases_of(offers, members, updates->pool);
    cdist_err_t *err = NULL;
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, updates->pool);
    for (i = 0; !err && i < folders->nelts; i++) {
        const char *folder = APR_ARRAY_IDX(folders, i, const char *);

        apr_pool_clear(scratch);
        err = cdist_err_dup(take_release(updates, folder, apr_hash_get(members, folder, APR_HASH_KEY_STRING), scratch),
                            updates->pool);
        if (!err || err->code != CDIST_E_NOTFOUND) continue;
        wait_for(updates, err);
        err = NULL;
    }
    apr_pool_destroy(scratch);
    return err ? err : updates->waits;
}

static cdist_err_t *make_place(const char *templates, apr_pool_t *pool)
{
    static const char *const names[] = {"", "partial", "incoming"};
    size_t i;

    CDIST_ERR(cdist_place_folder(templates, pool));
    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        CDIST_ERR(cdist_place_folder(cdist_place(templates, names[i], pool), pool));
    }
    return NULL;
}

/* Looks at what is here, and takes the rest, or tells of it. */
static cdist_err_t *take(updates_t *updates, const apr_array_header_t *offers, int check)
{
    apr_pool_t *pool = updates->pool;
    cdist_known_t *known = cdist_known_open(cdist_place(updates->templates, "known.json", pool), pool);
    cdist_err_t *err = cdist_update_folder_read(&updates->here, updates->templates, known, NULL, NULL, pool), *end;

    if (err && !(check && err->code == CDIST_E_NOTFOUND)) return err;
    err = take_all(updates, offers);
    if (check) return err ? err : cdist_space_check(updates->templates, updates->room_bytes, "what would be taken of updates", pool);
    if (!err) cdist_update_place_sweep(updates->templates, pool);
    end = cdist_known_close(known);
    return err ? err : end;
}

cdist_err_t *cdist_take_updates(cdist_sync_result_t *result, const cdist_taking_t *taking, const apr_array_header_t *offers,
                                apr_pool_t *pool)
{
    const char *templates = taking->options->templates;
    updates_t updates = {taking, result, NULL, apr_hash_make(pool), NULL, templates, 0, pool};
    cdist_lock_t *lock;
    cdist_err_t *err;

    if (!offers->nelts) return NULL;
    if (taking->options->check) return take(&updates, offers, 1);
    CDIST_ERR(make_place(templates, pool));
    /* NB: another root's sync may have the same template folder. */
    CDIST_ERR(cdist_place_lock(&lock, templates, 0, pool));
    err = take(&updates, offers, 0);
    cdist_os_lock_free(lock);
    return err;
}
