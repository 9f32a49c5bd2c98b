/* Template folders of a publication: each file as <folder>/updates/sha256/<digest>, so that a plain web server can hand it out
 * whatever it is called, equal ones once, and a file that is replaced in its template folder changes nothing that was
 * published. Its path stands in the index alone. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define CONTENTS CDIST_UPDATES_NAME "/sha256/"
#define LOOKS_MAX 5

typedef struct {
    const cdist_publish_options_t *options;
    const char *folder;
    cdist_known_t *known;
    apr_hash_t *paths; /* path → cdist_update_file_t: those that are listed */
    apr_array_header_t *offers;
    apr_pool_t *pool;
} updates_t;

/* NB: only that it is there and has that length: its name is its digest, and a branch looks at the bytes. */
static int is_published(const char *path, apr_uint64_t bytes, apr_pool_t *scratch)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_SIZE, scratch) == APR_SUCCESS && info.filetype == APR_REG &&
           (apr_uint64_t)info.size == bytes;
}

static cdist_err_t *put_file(int *changed, const cdist_update_folder_t *from, const cdist_update_file_t *file, const char *path,
                             apr_pool_t *scratch)
{
    const char *from_path = apr_pstrcat(scratch, from->path, "/", file->path, NULL);
    cdist_err_t *err;
    apr_file_t *open;

    *changed = !is_published(path, file->stat.bytes, scratch);
    if (!*changed) return NULL;
    CDIST_ERR(cdist_update_folder_open(&open, from, file, scratch));
    err = cdist_copy_file(open, from_path, path, &file->sha256, scratch);
    apr_file_close(open);
    return err;
}

/* NB: which of two different files would be meant, nobody could tell. */
static cdist_err_t *refuse_clash(const updates_t *updates, const cdist_update_folder_t *from, const cdist_update_file_t *file)
{
    return cdist_err_create(updates->pool, CDIST_E_INPUT, 0,
                            "%s/%s: another template folder has a different file of that path; rename one of them",
                            cdist_text_printable(from->path, updates->pool), cdist_text_printable(file->path, updates->pool));
}

static cdist_err_t *publish_file(const updates_t *updates, cdist_update_folder_t *from, cdist_update_file_t *file,
                                 apr_pool_t *scratch)
{
    cdist_published_t published = {"", file->path, "present", CDIST_UPDATES_NAME, file->stat.bytes, {{0}}};
    cdist_update_offer_t offer;
    const cdist_update_file_t *other = apr_hash_get(updates->paths, file->path, APR_HASH_KEY_STRING);
    int changed;

    CDIST_ERR(cdist_update_folder_digest(from, file));
    if (other) return cdist_digest_equal(&other->sha256, &file->sha256) ? NULL : refuse_clash(updates, from, file);
    offer.path = file->path;
    offer.url = apr_pstrcat(updates->pool, CONTENTS, cdist_digest_hex(&file->sha256, scratch), NULL);
    offer.bytes = file->stat.bytes;
    offer.sha256 = file->sha256;
    CDIST_ERR(put_file(&changed, from, file, apr_pstrcat(scratch, updates->folder, "/", offer.url, NULL), scratch));
    APR_ARRAY_PUSH(updates->offers, cdist_update_offer_t) = offer;
    apr_hash_set(updates->paths, file->path, APR_HASH_KEY_STRING, file);
    if (changed) published.action = "copied";
    published.sha256 = file->sha256;
    if (updates->options->report) updates->options->report(updates->options->baton, &published, scratch);
    return NULL;
}

static cdist_err_t *refuse_file_and_folder(const updates_t *updates)
{
    const cdist_update_offer_t *offer = cdist_update_offers_clash(updates->offers, updates->pool);

    if (!offer) return NULL;
    return cdist_err_create(updates->pool, CDIST_E_INPUT, 0,
                            "%s: lies in a folder whose path is that of a file in another template folder; rename one of them",
                            cdist_text_printable(offer->path, updates->pool));
}

/* NB: copies would be taken for templates the next time. */
static cdist_err_t *refuse_own_folder(const updates_t *updates, const char *path)
{
    const char *own = apr_pstrcat(updates->pool, updates->folder, "/" CDIST_UPDATES_NAME, NULL);
    apr_size_t length = strlen(path);

    if (strncmp(own, path, length) != 0 || (own[length] && own[length] != '/')) return NULL;
    return cdist_err_create(updates->pool, CDIST_E_INPUT, 0,
                            "%s: the copies of templates are published there, in %s; name another folder for the index or with "
                            "--archives", cdist_text_printable(path, updates->pool), cdist_text_printable(own, updates->pool));
}

/* How long it takes until a file counts as written; 0: it does. NB: one of tomorrow was not written a moment ago. */
static apr_interval_time_t settles_in(const cdist_update_file_t *file)
{
    apr_interval_time_t age = apr_time_now() - file->stat.ctime_ns / 1000;

    return age < 0 || age >= CDIST_SETTLE_MIN ? 0 : CDIST_SETTLE_MIN - age;
}

/* Reads a folder, once nothing in it was written a moment ago: what is being copied into it has not all of its bytes yet. */
static cdist_err_t *read_still(cdist_update_folder_t **from, const updates_t *updates, const char *path)
{
    const cdist_publish_options_t *options = updates->options;
    apr_interval_time_t wait;
    int looks, i;

    for (looks = 1;; looks++) {
        CDIST_ERR(cdist_update_folder_read(from, path, updates->known, looks == 1 ? options->note : NULL, options->baton,
                                           updates->pool));
        for (wait = 0, i = 0; i < (*from)->files->nelts; i++) {
            apr_interval_time_t settles = settles_in(&APR_ARRAY_IDX((*from)->files, i, cdist_update_file_t));
            if (settles > wait) wait = settles;
        }
        if (!wait || looks == LOOKS_MAX) return NULL;
        apr_sleep(wait);
    }
}

/* The folders below it in which files are being written all the same: of a release nothing is published before the whole is. */
static apr_hash_t *busy_folders(const updates_t *updates, const cdist_update_folder_t *from)
{
    apr_hash_t *busy = apr_hash_make(updates->pool);
    int i;

    for (i = 0; i < from->files->nelts; i++) {
        const cdist_update_file_t *file = &APR_ARRAY_IDX(from->files, i, cdist_update_file_t);
        const char *folder = cdist_path_folder(file->path, updates->pool);

        if (!settles_in(file) || apr_hash_get(busy, folder, APR_HASH_KEY_STRING)) continue;
        apr_hash_set(busy, folder, APR_HASH_KEY_STRING, file);
        if (!updates->options->note) continue;
        updates->options->note(updates->options->baton,
                               apr_psprintf(updates->pool, "%s: is being changed, and its folder left out: publish again",
                                            cdist_text_printable(apr_pstrcat(updates->pool, from->path, "/", file->path, NULL),
                                                                 updates->pool)));
    }
    return busy;
}

static cdist_err_t *publish_folder(const updates_t *updates, const char *path)
{
    cdist_update_folder_t *from;
    apr_pool_t *scratch;
    apr_hash_t *busy;
    cdist_err_t *err;
    int i;

    CDIST_ERR(refuse_own_folder(updates, path));
    err = read_still(&from, updates, path);
    if (err) {
        if (err->code == CDIST_E_NOTFOUND) err->code = CDIST_E_SOURCE; /* it was named */
        return err;
    }
    busy = busy_folders(updates, from);
    apr_pool_create(&scratch, updates->pool);
    for (i = 0; !err && i < from->files->nelts; i++) {
        cdist_update_file_t *file = &APR_ARRAY_IDX(from->files, i, cdist_update_file_t);

        apr_pool_clear(scratch);
        if (apr_hash_get(busy, cdist_path_folder(file->path, scratch), APR_HASH_KEY_STRING)) continue;
        err = cdist_err_dup(publish_file(updates, from, file, scratch), updates->pool);
    }
    apr_pool_destroy(scratch);
    return err;
}

static int by_path(const void *left, const void *right)
{
    return strcmp(((const cdist_update_offer_t *)left)->path, ((const cdist_update_offer_t *)right)->path);
}

cdist_err_t *cdist_publish_updates(apr_array_header_t *offers, const cdist_publish_options_t *options,
                                   const char *folder, apr_pool_t *pool)
{
    updates_t updates = {options, folder, cdist_known_open(cdist_place(folder, CDIST_UPDATES_NAME ".json", pool), pool),
                         apr_hash_make(pool), offers, pool};
    cdist_err_t *err = NULL;
    int i;

    CDIST_ERR(cdist_place_folder(apr_pstrcat(pool, folder, "/" CDIST_UPDATES_NAME, NULL), pool));
    CDIST_ERR(cdist_place_folder(apr_pstrcat(pool, folder, "/" CDIST_UPDATES_NAME "/sha256", NULL), pool));
    for (i = 0; !err && i < options->templates->nelts; i++) {
        err = publish_folder(&updates, APR_ARRAY_IDX(options->templates, i, const char *));
    }
    if (!err) err = refuse_file_and_folder(&updates);
    if (err) return err;
    qsort(offers->elts, (size_t)offers->nelts, sizeof(cdist_update_offer_t), by_path);
    return cdist_known_close(updates.known);
}
