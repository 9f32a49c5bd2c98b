/* The index: the published releases, their slots, and which archives are built. It is what index.json shows and what the page
 * for people is made of. */
#include "index_int.h"

#include <apr_strings.h>

#define INDEX_FORMAT 1

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

/* The archive's facts, if it is built; the index never builds. */
static void add_archive(json_t *slot, const cdist_source_t *source, const cdist_request_t *req, cdist_child_t *child,
                        apr_pool_t *pool)
{
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_job_t job;

    cdist_source_job(&job, source, req->dir->lookup.layout, cdist_conf_process()->level, 0, pool);
    if (cdist_store_find(&archive, &file, child->store, &job.key, 0, pool) != NULL) {
        json_object_set_new(slot, "built", json_false());
        return;
    }
    apr_file_close(file);
    json_object_set_new(slot, "built", json_true());
    json_object_set_new(slot, "archive_bytes", json_integer((json_int_t)archive->bytes));
    set_text(slot, "sha256", cdist_digest_hex(&archive->sha256, pool));
}

static json_t *slot_object(const cdist_source_t *source, const char *url, const cdist_request_t *req, cdist_child_t *child,
                           apr_pool_t *pool)
{
    json_t *slot = json_object();

    set_text(slot, "slot", source->slot->name);
    set_text(slot, "file", source->slot->file);
    set_text(slot, "url", url);
    set_text(slot, "source", cdist_source_kind_name(source->kind));
    json_object_set_new(slot, "installable", json_boolean(cdist_source_installable(source)));
    json_object_set_new(slot, "files", json_integer(source->files));
    json_object_set_new(slot, "bytes", json_integer((json_int_t)source->bytes));
    add_archive(slot, source, req, child, pool);
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

static json_t *release_object(const cdist_release_t *release, const cdist_release_t *current, const cdist_request_t *req,
                              cdist_child_t *child, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&release->version, pool);
    json_t *object = json_object(), *slots = json_array();
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        const char *url = apr_pstrcat(pool, version, "/", source->slot->file, NULL);

        if (cdist_source_offered(source)) json_array_append_new(slots, slot_object(source, url, req, child, pool));
    }
    set_text(object, "version", version);
    json_object_set_new(object, "current", json_boolean(release == current));
    json_object_set_new(object, "complete", json_boolean(!cdist_release_lacks(release, req->current.required)));
    json_object_set_new(object, "missing", missing_slots(release, req->current.required));
    json_object_set_new(object, "slots", slots);
    return object;
}

static int holds_anything(const cdist_catalogue_t *catalogue)
{
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        if (cdist_release_usable(&APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t))) return 1;
    }
    return 0;
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
static json_t *by_hand(const apr_array_header_t *published, const cdist_request_t *req, cdist_child_t *child, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < published->nelts; i++) {
        const cdist_published_t *one = &APR_ARRAY_IDX(published, i, cdist_published_t);
        json_array_append_new(list, slot_object(one->source, ap_os_escape_path(pool, one->name, 1), req, child, pool));
    }
    return list;
}

/* Releases, and which of them is current, or why none is. */
static cdist_err_t *add_releases(json_t *index, cdist_request_t *req, int partial, cdist_child_t *child, apr_pool_t *pool)
{
    json_t *releases;
    const cdist_release_t *current;
    cdist_err_t *err;
    int i;

    CDIST_ERR(cdist_child_catalogue(req));
    if (req->catalogue->unreadable->nelts && !(partial && holds_anything(req->catalogue))) {
        return cdist_err_dup(APR_ARRAY_IDX(req->catalogue->unreadable, 0, const cdist_err_t *), pool);
    }
    err = cdist_child_current(&current, req);
    if (err) current = NULL;
    releases = json_array();
    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);
        if (!cdist_release_usable(release)) continue;
        json_array_append_new(releases, release_object(release, current, req, child, pool));
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
static json_t *upstream_object(const cdist_request_t *req, apr_pool_t *pool)
{
    apr_time_t since = cdist_upstream_away_since(cdist_upstream_of(req->dir->upstream, pool));
    json_t *upstream = json_object();

    set_text(upstream, "url", req->dir->upstream);
    json_object_set_new(upstream, "away_since", since ? json_string(cdist_time_format(since, pool)) : json_null());
    return upstream;
}

cdist_err_t *cdist_index_make(json_t **index, cdist_request_t *req, int partial)
{
    apr_pool_t *pool = req->r->pool;
    const apr_array_header_t *published;
    cdist_child_t *child;
    cdist_err_t *err = NULL;
    json_t *made;

    CDIST_ERR(cdist_child_ready(&child, pool));
    made = json_object();
    json_object_set_new(made, "format", json_integer(INDEX_FORMAT));
    published = cdist_published_list(req);
    if (!cdist_dir_has_lookup(req->dir) && (published->nelts || (partial && (req->dir->updates || cdist_dir_has_upstream(req->dir))))) {
        json_object_set_new(made, "current", json_null());
        json_object_set_new(made, "releases", json_array());
        json_object_set_new(made, "problems", json_integer(0));
    } else {
        err = add_releases(made, req, partial, child, pool);
    }
    json_object_set_new(made, "by_hand", by_hand(published, req, child, pool));
    if (partial) json_object_set_new(made, "updates", json_boolean(req->dir->updates != NULL));
    if (cdist_dir_has_upstream(req->dir)) json_object_set_new(made, "upstream", upstream_object(req, pool));
    if (err) json_decref(made);
    else *index = made;
    return err;
}
