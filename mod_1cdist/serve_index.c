/* index.json: the published releases, their slots, and which archives are built. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>

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

    cdist_source_job(&job, source, cdist_dir_layout(req->dir), cdist_conf_process()->level, 0, pool);
    if (cdist_store_find(&archive, &file, child->store, &job.key, 0, pool) != NULL) {
        json_object_set_new(slot, "built", json_false());
        return;
    }
    apr_file_close(file);
    json_object_set_new(slot, "built", json_true());
    json_object_set_new(slot, "archive_bytes", json_integer((json_int_t)archive->bytes));
    set_text(slot, "sha256", cdist_digest_hex(&archive->sha256, pool));
}

static json_t *slot_object(const cdist_source_t *source, const char *version, const cdist_request_t *req,
                           cdist_child_t *child, apr_pool_t *pool)
{
    json_t *slot = json_object();

    set_text(slot, "slot", source->slot->name);
    set_text(slot, "file", source->slot->file);
    set_text(slot, "url", apr_pstrcat(pool, version, "/", source->slot->file, NULL));
    set_text(slot, "source", cdist_source_kind_name(source->kind));
    json_object_set_new(slot, "installable", json_boolean(cdist_source_installable(source)));
    json_object_set_new(slot, "files", json_integer(source->files));
    json_object_set_new(slot, "bytes", json_integer((json_int_t)source->bytes));
    add_archive(slot, source, req, child, pool);
    return slot;
}

static json_t *release_object(const cdist_release_t *release, const cdist_release_t *current, const cdist_request_t *req,
                              cdist_child_t *child, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&release->version, pool);
    json_t *object = json_object(), *slots = json_array();
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (cdist_source_offered(source)) json_array_append_new(slots, slot_object(source, version, req, child, pool));
    }
    set_text(object, "version", version);
    json_object_set_new(object, "current", json_boolean(release == current));
    json_object_set_new(object, "complete", json_boolean(!cdist_release_lacks(release, req->current.required)));
    json_object_set_new(object, "slots", slots);
    return object;
}

static json_t *index_object(cdist_request_t *req, cdist_child_t *child, apr_pool_t *pool)
{
    json_t *index = json_object(), *releases = json_array();
    const cdist_release_t *current;
    cdist_err_t *err = cdist_child_current(&current, req);
    int i;

    if (err) current = NULL;
    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);
        if (!cdist_release_usable(release)) continue;
        json_array_append_new(releases, release_object(release, current, req, child, pool));
    }
    json_object_set_new(index, "format", json_integer(INDEX_FORMAT));
    json_object_set_new(index, "current",
                        current ? json_string(cdist_version_format(&current->version, pool)) : json_null());
    json_object_set_new(index, "releases", releases);
    return index;
}

int cdist_serve_index(cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    cdist_child_t *child;
    cdist_err_t *err = cdist_child_ready(&child, pool);
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;
    json_t *index;
    char *dumped;
    const char *text;

    if (!err) err = cdist_child_catalogue(req);
    if (err) return cdist_respond_error(req, err);
    if (req->catalogue->unreadable->nelts) {
        return cdist_respond_error(req, APR_ARRAY_IDX(req->catalogue->unreadable, 0, const cdist_err_t *));
    }
    index = index_object(req, child, pool);
    dumped = json_dumps(index, JSON_INDENT(1));
    json_decref(index);
    if (!dumped) return HTTP_INTERNAL_SERVER_ERROR;
    text = apr_pstrcat(pool, dumped, "\n", NULL);
    free(dumped);
    cdist_sha256_update_text(sha, text);
    cdist_sha256_final(&digest, sha);
    apr_table_setn(req->r->headers_out, "Cache-Control", "no-cache");
    return cdist_respond_text(req, "application/json",
                              apr_psprintf(pool, "\"%.32s\"", cdist_digest_hex(&digest, pool)), text);
}
