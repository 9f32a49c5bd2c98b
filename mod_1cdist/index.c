/* The index: the published releases, their slots, and which archives are built. It is what index.json shows and what the page
 * for people is made of. */
#include "index_int.h"

#include <apr_strings.h>

#define INDEX_FORMAT 1

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

/* What an index is made with. */
typedef struct {
    cdist_request_t *req;
    cdist_child_t *child;
    cdist_grounds_t *grounds;
    apr_pool_t *pool;
} making_t;

/* The index stands as long as the file or folder has this state. */
static void rely_on(cdist_grounds_t *grounds, const char *path, const cdist_stat_t *stat)
{
    cdist_witness_t *witness = apr_array_push(grounds->witnesses);

    witness->path = path;
    witness->status = APR_SUCCESS;
    witness->stat = *stat;
}

/* The same with the state that it has now; to be called before anything is made of it. */
static void rely(cdist_grounds_t *grounds, const char *path)
{
    cdist_witness_t *witness = apr_array_push(grounds->witnesses);

    witness->path = path;
    witness->status = cdist_os_stat(&witness->stat, path);
}

/* The archive's facts, if it is built; the index never builds. NB: where an archive cannot be read, or lies elsewhere and was not
 * found, the store need not change for it to be there again. */
static void add_archive(json_t *slot, const cdist_source_t *source, const making_t *making)
{
    apr_pool_t *pool = making->pool;
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_job_t job;
    cdist_err_t *err;

    cdist_source_job(&job, source, making->req->dir->lookup.layout, cdist_conf_process()->level, 0, pool);
    err = cdist_store_find(&archive, &file, making->child->store, &job.key, 0, pool);
    if (err) {
        if (job.ready || err->code != CDIST_E_NOTFOUND) making->grounds->lasting = 0;
        json_object_set_new(slot, "built", json_false());
        return;
    }
    apr_file_close(file);
    if (archive->ready) rely_on(making->grounds, archive->path, &archive->stat);
    json_object_set_new(slot, "built", json_true());
    json_object_set_new(slot, "archive_bytes", json_integer((json_int_t)archive->bytes));
    set_text(slot, "sha256", cdist_digest_hex(&archive->sha256, pool));
}

static json_t *slot_object(const cdist_source_t *source, const char *url, const making_t *making)
{
    json_t *slot = json_object();

    set_text(slot, "slot", source->slot->name);
    set_text(slot, "file", source->slot->file);
    set_text(slot, "url", url);
    set_text(slot, "source", cdist_source_kind_name(source->kind));
    json_object_set_new(slot, "installable", json_boolean(cdist_source_installable(source)));
    json_object_set_new(slot, "files", json_integer(source->files));
    json_object_set_new(slot, "bytes", json_integer((json_int_t)source->bytes));
    add_archive(slot, source, making);
    return slot;
}

/* The names of required slots that the release cannot offer now. */
static json_t *missing_slots(const cdist_release_t *release, const apr_array_header_t *required)
{
    json_t *missing = json_array();
    int i;

    for (i = 0; required && i < required->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(required, i, const cdist_slot_t *);
        if (!cdist_source_offered(cdist_release_source(release, slot))) json_array_append_new(missing, json_string(slot->name));
    }
    return missing;
}

/* What an administrator changed, and the vendor too. */
static json_t *overlay_conflicts(const cdist_catalogue_t *catalogue, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i, j, k;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);

            for (k = 0; source->overlaid && k < source->overlaid->conflicts->nelts; k++) {
                const cdist_overlay_conflict_t *conflict =
                    &APR_ARRAY_IDX(source->overlaid->conflicts, k, cdist_overlay_conflict_t);
                json_t *object = json_object();

                set_text(object, "version", cdist_version_format(&release->version, pool));
                set_text(object, "slot", source->slot->name);
                set_text(object, "path", conflict->path);
                set_text(object, "support", conflict->support);
                set_text(object, "action", conflict->action);
                set_text(object, "row", conflict->row);
                json_object_set_new(object, "open", json_boolean(conflict->open));
                json_array_append_new(list, object);
            }
        }
    }
    return list;
}

static json_t *release_object(const cdist_release_t *release, const cdist_release_t *current, const making_t *making)
{
    const apr_array_header_t *required = making->req->current.required;
    apr_pool_t *pool = making->pool;
    const char *version = cdist_version_format(&release->version, pool);
    json_t *object = json_object(), *slots = json_array();
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        const char *url = apr_pstrcat(pool, version, "/", source->slot->file, NULL);

        if (cdist_source_offered(source)) json_array_append_new(slots, slot_object(source, url, making));
    }
    set_text(object, "version", version);
    json_object_set_new(object, "current", json_boolean(release == current));
    json_object_set_new(object, "complete", json_boolean(!cdist_release_lacks(release, required)));
    json_object_set_new(object, "missing", missing_slots(release, required));
    json_object_set_new(object, "slots", slots);
    return object;
}

/* NB: numbers, because strangers read no paths. A root may be there twice, by folders in it. */
static json_t *unread_numbers(const cdist_catalogue_t *catalogue)
{
    json_t *numbers = json_array();
    int i;

    for (i = 0; i < catalogue->unread_places->nelts; i++) {
        int place = APR_ARRAY_IDX(catalogue->unread_places, i, int);

        if (i && APR_ARRAY_IDX(catalogue->unread_places, i - 1, int) == place) continue;
        json_array_append_new(numbers, json_integer(place));
    }
    return numbers;
}

/* What lies in the published folder by hand. */
static json_t *by_hand(const apr_array_header_t *published, const making_t *making)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < published->nelts; i++) {
        const cdist_published_t *one = &APR_ARRAY_IDX(published, i, cdist_published_t);
        rely_on(making->grounds, one->source->path, &one->source->stat);
        json_array_append_new(list, slot_object(one->source, ap_os_escape_path(making->pool, one->name, 1), making));
    }
    return list;
}

/* Releases, and which of them is current, or why none is. */
static cdist_err_t *add_releases(json_t *index, int partial, const making_t *making)
{
    cdist_request_t *req = making->req;
    apr_pool_t *pool = making->pool;
    json_t *releases;
    const cdist_release_t *current;
    cdist_err_t *err;
    int i;

    CDIST_ERR(cdist_child_catalogue(req));
    if (req->catalogue->unreadable->nelts && !(partial && cdist_catalogue_usable(req->catalogue))) {
        return cdist_err_dup(APR_ARRAY_IDX(req->catalogue->unreadable, 0, const cdist_err_t *), pool);
    }
    err = cdist_child_current(&current, req);
    if (err) current = NULL;
    releases = json_array();
    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);
        if (!cdist_release_usable(release)) continue;
        json_array_append_new(releases, release_object(release, current, making));
    }
    json_object_set_new(index, "current",
                        current ? json_string(cdist_version_format(&current->version, pool)) : json_null());
    if (err) set_text(index, "no_current", cdist_respond_public_text(err, pool));
    json_object_set_new(index, "releases", releases);
    json_object_set_new(index, "problems", json_integer(req->catalogue->problems->nelts));
    if (req->dir->lookup.overlay) json_object_set_new(index, "conflicts", overlay_conflicts(req->catalogue, pool));
    if (partial) json_object_set_new(index, "unread", unread_numbers(req->catalogue));
    return NULL;
}

/* The server that this one takes updates from, and since when it has not answered, as far as a request had to ask it. */
static json_t *upstream_object(const making_t *making)
{
    apr_time_t since = making->grounds->upstream_away_since;
    json_t *upstream = json_object();

    set_text(upstream, "url", making->req->dir->upstream);
    json_object_set_new(upstream, "away_since", since ? json_string(cdist_time_format(since, making->pool)) : json_null());
    return upstream;
}

apr_time_t cdist_index_away_since(const cdist_request_t *req)
{
    if (!cdist_dir_has_upstream(req->dir)) return 0;
    return cdist_upstream_away_since(cdist_upstream_of(req->dir->upstream, req->r->pool));
}

/* What tells which archives are built, and which lie there by hand. */
static void begin_grounds(const making_t *making)
{
    const char *folder = cdist_published_folder(making->req);
    const char *const *path = cdist_store_folders(making->child->store, making->pool);

    making->grounds->witnesses = apr_array_make(making->pool, 4, sizeof(cdist_witness_t));
    making->grounds->lasting = 1;
    making->grounds->upstream_away_since = cdist_index_away_since(making->req);
    for (; *path; path++) rely(making->grounds, *path);
    if (folder) rely(making->grounds, folder);
}

cdist_err_t *cdist_index_make(json_t **index, cdist_grounds_t *grounds, cdist_request_t *req, int partial)
{
    making_t making = {req, NULL, grounds, req->r->pool};
    const apr_array_header_t *published;
    cdist_err_t *err = NULL;
    json_t *made;

    CDIST_ERR(cdist_child_ready(&making.child, making.pool));
    begin_grounds(&making);
    made = json_object();
    json_object_set_new(made, "format", json_integer(INDEX_FORMAT));
    published = cdist_published_list(&grounds->lasting, req);
    if (!cdist_dir_has_lookup(req->dir) && (published->nelts || (partial && (req->dir->updates || cdist_dir_has_upstream(req->dir))))) {
        json_object_set_new(made, "current", json_null());
        json_object_set_new(made, "releases", json_array());
        json_object_set_new(made, "problems", json_integer(0));
    } else {
        err = add_releases(made, partial, &making);
    }
    json_object_set_new(made, "by_hand", by_hand(published, &making));
    if (partial) json_object_set_new(made, "updates", json_boolean(req->dir->updates != NULL));
    if (cdist_dir_has_upstream(req->dir)) json_object_set_new(made, "upstream", upstream_object(&making));
    if (err) json_decref(made);
    else *index = made;
    return err;
}
