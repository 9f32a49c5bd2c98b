/* Publication: what is offered now, frozen as an index that does not change until the next time. The order is what keeps
 * readers right: archives and manifests first, then the signatures, which vouch for the index before as well, then the index. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    cdist_publish_result_t *result;
    const cdist_publish_options_t *options;
    const char *folder;      /* of the archives */
    cdist_store_t *store;
    cdist_index_t *before;   /* NULL: there is none */
    cdist_index_t *index;
    apr_pool_t *pool;
} publish_t;

static void say(const publish_t *publish, const char *text)
{
    if (publish->options->note) publish->options->note(publish->options->baton, text);
}

static int is_among(const cdist_slot_t *slot, const apr_array_header_t *slots)
{
    int i;

    for (i = 0; slots && i < slots->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(slots, i, const cdist_slot_t *), slot) == 0) return 1;
    }
    return 0;
}

/* ---- archives -------------------------------------------------------------------------------------------------------- */

static cdist_err_t *publish_source(publish_t *publish, cdist_listed_t *listed, const cdist_source_t *source,
                                   apr_pool_t *scratch)
{
    cdist_published_t published;
    cdist_offer_t *offer, made;
    int changed;

    memset(&made, 0, sizeof made);
    CDIST_ERR(cdist_publish_archive(&changed, &made, publish->store, source, publish->folder, publish->options, scratch));
    offer = apr_array_push(listed->offers);
    *offer = made;
    offer->url = apr_pstrdup(publish->pool, made.url);
    publish->result->archives++;
    memset(&published, 0, sizeof published);
    published.version = cdist_version_format(&source->version, scratch);
    published.file = made.url;
    published.component = source->slot->name;
    published.action = changed ? "built" : "present";
    published.bytes = made.bytes;
    published.sha256 = made.sha256;
    if (publish->options->report) publish->options->report(publish->options->baton, &published, scratch);
    return NULL;
}

/* What keeps a release from being published; NULL if it is complete. */
static const char *incomplete(const publish_t *publish, const cdist_release_t *release, apr_pool_t *scratch)
{
    const cdist_slot_t *lacks = cdist_release_lacks(release, publish->options->required);
    int i;

    if (lacks) return apr_psprintf(scratch, "it has no %s", lacks->name);
    /* NB: a slot that is there and cannot be read must not be taken for one that was taken away. */
    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (cdist_source_offered(source) || (publish->options->chosen && !is_among(source->slot, publish->options->chosen))) {
            continue;
        }
        return apr_psprintf(scratch, "%s: %s", source->slot->name, source->problem ? source->problem : "is being changed");
    }
    return release->problem;
}

static cdist_err_t *publish_release(publish_t *publish, const cdist_release_t *release, apr_pool_t *scratch)
{
    const char *problem = incomplete(publish, release, scratch);
    cdist_listed_t listed;
    int i;

    if (problem) {
        say(publish,
            apr_psprintf(scratch, "release %s is left out: %s", cdist_version_format(&release->version, scratch), problem));
        return NULL;
    }
    memset(&listed, 0, sizeof listed);
    listed.version = release->version;
    listed.complete = 1;
    listed.offers = apr_array_make(publish->pool, release->sources->nelts, sizeof(cdist_offer_t));
    listed.required = publish->options->required ? apr_array_copy(publish->pool, publish->options->required)
                                                 : apr_array_make(publish->pool, 1, sizeof(const cdist_slot_t *));
    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);

        if (!cdist_source_offered(source) || (publish->options->chosen && !is_among(source->slot, publish->options->chosen))) {
            continue;
        }
        CDIST_ERR(publish_source(publish, &listed, source, scratch));
    }
    if (!listed.offers->nelts) return NULL;
    publish->result->releases++;
    APR_ARRAY_PUSH(publish->index->releases, cdist_listed_t) = listed;
    return NULL;
}

static cdist_err_t *publish_all(publish_t *publish)
{
    const cdist_catalogue_t *catalogue = cdist_catalogue_scan_now(publish->options->lookup, publish->pool);
    cdist_err_t *err = NULL;
    apr_pool_t *scratch;
    int i;

    if (catalogue->unreadable->nelts) {
        return cdist_err_dup(APR_ARRAY_IDX(catalogue->unreadable, 0, cdist_err_t *), publish->pool);
    }
    for (i = 0; i < catalogue->problems->nelts; i++) say(publish, APR_ARRAY_IDX(catalogue->problems, i, const char *));
    for (i = 0; i < catalogue->conflicts->nelts; i++) say(publish, APR_ARRAY_IDX(catalogue->conflicts, i, const char *));
    apr_pool_create(&scratch, publish->pool);
    for (i = 0; !err && i < catalogue->releases->nelts; i++) {
        apr_pool_clear(scratch);
        err = cdist_err_dup(publish_release(publish, &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t), scratch),
                            publish->pool);
    }
    apr_pool_destroy(scratch);
    return err;
}

static cdist_err_t *publish_templates(publish_t *publish)
{
    if (!publish->options->templates) return NULL;
    CDIST_ERR(cdist_publish_updates(publish->index->updates, publish->options, publish->folder, publish->pool));
    publish->result->updates = publish->index->updates->nelts;
    return NULL;
}

static cdist_err_t *refuse_empty(const publish_t *publish)
{
    if (publish->index->releases->nelts || publish->index->updates->nelts) return NULL;
    return cdist_err_create(publish->pool, CDIST_E_NOTFOUND, 0,
                            "there is no complete release; 1cdist scan tells what is there");
}

/* ---- the index --------------------------------------------------------------------------------------------------------- */

static cdist_err_t *read_before(publish_t *publish)
{
    const char *path = publish->options->index_path;
    apr_size_t length;
    char *bytes;
    cdist_err_t *err = cdist_file_read(&bytes, &length, path, CDIST_INDEX_MAX, publish->pool), *outer;

    if (err) return err->code == CDIST_E_NOTFOUND ? NULL : err;
    err = cdist_index_parse(&publish->before, bytes, length, path, publish->pool);
    if (!err) return NULL;
    outer = cdist_err_create(publish->pool, CDIST_E_INPUT, 0,
                             "%s: the index before cannot be read, and its counter must not be "
                             "lost: move it away, and give --counter a number above its own",
                             cdist_text_printable(path, publish->pool));
    outer->cause = err;
    return outer;
}

/* Whether two indexes offer the same: everything but counter and times. */
static int offers_the_same(const cdist_index_t *a, const cdist_index_t *b, apr_pool_t *pool)
{
    cdist_index_t one = *a, other = *b;

    one.counter = other.counter = 1;
    one.created = one.expires = other.created = other.expires = 0;
    return strcmp(cdist_index_write(&one, pool), cdist_index_write(&other, pool)) == 0;
}

/* Whether the signatures that are there are those of these keys, so that nothing has to be written. */
static int is_signed_already(const publish_t *publish, const char *bytes, apr_size_t length)
{
    const apr_array_header_t *keys = publish->options->keys;
    const char *path = apr_pstrcat(publish->pool, publish->options->index_path, CDIST_SIGNATURE_SUFFIX, NULL);
    apr_size_t there;
    char *text;
    int i;

    if (!keys) return 1;
    if (cdist_file_read(&text, &there, path, CDIST_SIGNATURE_FILE_MAX, publish->pool)) return 0;
    for (i = 0; i < keys->nelts; i++) {
        cdist_public_key_t key;

        cdist_signing_key_public(&key, APR_ARRAY_IDX(keys, i, const cdist_signing_key_t *));
        if (!cdist_signature_holds(text, there, &key, bytes, length, publish->pool)) return 0;
    }
    return 1;
}

/* NB: an index that is signed no more must not keep its old signatures, which would look like a forgery. */
static cdist_err_t *write_signatures(const publish_t *publish, const char *bytes, apr_size_t length)
{
    const char *path = apr_pstrcat(publish->pool, publish->options->index_path, CDIST_SIGNATURE_SUFFIX, NULL), *text;
    apr_size_t there;
    char *before = NULL;

    if (!publish->options->keys) {
        apr_status_t rv = apr_file_remove(path, publish->pool);

        if (rv == APR_SUCCESS || APR_STATUS_IS_ENOENT(rv)) return NULL;
        return cdist_err_create(publish->pool, CDIST_E_STORE, rv, "%s: cannot be removed",
                                cdist_text_printable(path, publish->pool));
    }
    if (cdist_file_read(&before, &there, path, CDIST_SIGNATURE_FILE_MAX, publish->pool)) before = NULL;
    CDIST_ERR(cdist_signature_make(&text, publish->options->keys, bytes, length, before, publish->pool));
    return cdist_file_publish(path, text, strlen(text), publish->pool);
}

/* Whether the times of the index before may stay: more than half is left, and no clock was wrong when they were given. Branches
 * refuse an index of tomorrow, so that one of next year would never be renewed. */
static int is_well_dated(const cdist_index_t *index, apr_time_t now, apr_interval_time_t life)
{
    return index->created <= now && index->expires - now >= life / 2;
}

/* Gives the index its counter and its times. Where nothing changed both stay. */
static void date_index(publish_t *publish)
{
    apr_time_t now = apr_time_from_sec(apr_time_sec(apr_time_now()));
    apr_interval_time_t life = apr_time_from_sec((apr_time_t)publish->options->expires_days * 86400);
    cdist_index_t *index = publish->index, *before = publish->before;

    publish->result->changed = !before || !before->counter || !offers_the_same(index, before, publish->pool);
    index->counter = before ? before->counter : 0;
    if (publish->result->changed) index->counter++;
    if (index->counter < publish->options->counter) index->counter = publish->options->counter;
    index->created = now;
    index->expires = now + life;
    if (publish->result->changed || index->counter != before->counter || !is_well_dated(before, now, life)) return;
    index->created = before->created;
    index->expires = before->expires;
}

static cdist_err_t *write_index(publish_t *publish)
{
    const char *bytes;
    apr_size_t length;

    date_index(publish);
    bytes = cdist_index_write(publish->index, publish->pool);
    length = strlen(bytes);
    if (length > CDIST_INDEX_MAX) {
        return cdist_err_create(publish->pool, CDIST_E_INPUT, 0,
                                "the index would have %" APR_SIZE_T_FMT " bytes, and branches take %u at most: publish less",
                                length, CDIST_INDEX_MAX);
    }
    publish->result->counter = publish->index->counter;
    publish->result->expires = publish->index->expires;
    publish->result->written = publish->result->changed || publish->index->counter != publish->before->counter ||
                               publish->index->expires != publish->before->expires ||
                               !is_signed_already(publish, bytes, length);
    if (!publish->result->written) return NULL;
    CDIST_ERR(write_signatures(publish, bytes, length));
    return cdist_file_publish(publish->options->index_path, bytes, length, publish->pool);
}

cdist_err_t *cdist_publish(cdist_publish_result_t *result, const cdist_publish_options_t *options, apr_pool_t *pool)
{
    publish_t publish = {result, options, NULL, NULL, NULL, NULL, pool};
    cdist_lock_t *lock;
    cdist_err_t *err;
    apr_status_t rv;

    memset(result, 0, sizeof *result);
    publish.folder = options->archives ? options->archives : cdist_path_folder(options->index_path, pool);
    publish.index = apr_pcalloc(pool, sizeof *publish.index);
    publish.index->releases = apr_array_make(pool, 16, sizeof(cdist_listed_t));
    publish.index->updates = apr_array_make(pool, 16, sizeof(cdist_update_offer_t));
    publish.index->current = options->current;
    CDIST_ERR(cdist_place_folder(publish.folder, pool));
    CDIST_ERR(cdist_place_folder(cdist_place(publish.folder, "", pool), pool));
    rv = cdist_os_lock_try(&lock, cdist_place(publish.folder, "lock", pool), 0, 1, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, rv == APR_EBUSY ? CDIST_E_BUSY : CDIST_E_STORE, rv == APR_EBUSY ? 0 : rv, "%s: %s",
                                cdist_text_printable(publish.folder, pool),
                                rv == APR_EBUSY ? "another publication is being made there" : "cannot be locked");
    }
    /* NB: with the lock held, or two publications would have the same number. */
    err = read_before(&publish);
    if (!err) err = cdist_store_open(&publish.store, cdist_place(publish.folder, "store", pool), pool);
    if (!err) err = publish_all(&publish);
    if (!err) err = publish_templates(&publish);
    if (!err) err = refuse_empty(&publish);
    if (!err) err = write_index(&publish);
    cdist_os_lock_free(lock);
    return err;
}
