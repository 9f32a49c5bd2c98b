/* index.json, written: with the keys of the module's live catalogue, and what makes it a publication. */
#include "mirror_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define INDEX_FORMAT 1

/* ---- the index ------------------------------------------------------------------------------------------------------- */

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, apr_uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *offer_object(const cdist_offer_t *offer, apr_pool_t *pool)
{
    json_t *object = json_object();

    set_text(object, "slot", offer->slot->name);
    set_text(object, "file", offer->slot->file);
    set_text(object, "url", offer->url);
    set_text(object, "source", cdist_source_kind_name(offer->source));
    json_object_set_new(object, "installable", json_boolean(offer->installable));
    set_number(object, "files", (apr_uint64_t)offer->files);
    set_number(object, "bytes", offer->content_bytes);
    json_object_set_new(object, "built", json_true());
    set_number(object, "archive_bytes", offer->bytes);
    set_text(object, "sha256", cdist_digest_hex(&offer->sha256, pool));
    if (!offer->manifest_bytes) return object;
    set_number(object, "manifest_bytes", offer->manifest_bytes);
    set_text(object, "manifest_sha256", cdist_digest_hex(&offer->manifest_sha256, pool));
    return object;
}

static json_t *release_object(const cdist_listed_t *listed, int current, apr_pool_t *pool)
{
    json_t *object = json_object(), *required = json_array(), *slots = json_array();
    int i;

    for (i = 0; i < listed->required->nelts; i++) {
        json_array_append_new(required, json_string(APR_ARRAY_IDX(listed->required, i, const cdist_slot_t *)->name));
    }
    for (i = 0; i < listed->offers->nelts; i++) {
        json_array_append_new(slots, offer_object(&APR_ARRAY_IDX(listed->offers, i, cdist_offer_t), pool));
    }
    set_text(object, "version", cdist_version_format(&listed->version, pool));
    json_object_set_new(object, "current", json_boolean(current));
    json_object_set_new(object, "complete", json_boolean(listed->complete));
    json_object_set_new(object, "missing", json_array());
    json_object_set_new(object, "required", required);
    json_object_set_new(object, "slots", slots);
    return object;
}

/* The newest release that a mask means. */
static const cdist_listed_t *find_current(const cdist_index_t *index)
{
    int i;

    for (i = 0; index->current.count && i < index->releases->nelts; i++) {
        const cdist_listed_t *listed = &APR_ARRAY_IDX(index->releases, i, cdist_listed_t);
        if (cdist_mask_matches(&index->current, &listed->version)) return listed;
    }
    return NULL;
}

static json_t *updates_array(const cdist_index_t *index, apr_pool_t *pool)
{
    json_t *updates = json_array();
    int i;

    for (i = 0; i < index->updates->nelts; i++) {
        const cdist_update_offer_t *offer = &APR_ARRAY_IDX(index->updates, i, cdist_update_offer_t);
        json_t *object = json_object();

        set_text(object, "path", offer->path);
        set_text(object, "url", offer->url);
        set_number(object, "bytes", offer->bytes);
        set_text(object, "sha256", cdist_digest_hex(&offer->sha256, pool));
        json_array_append_new(updates, object);
    }
    return updates;
}

const char *cdist_index_write(const cdist_index_t *index, apr_pool_t *pool)
{
    const cdist_listed_t *current = find_current(index);
    json_t *root = json_object(), *releases = json_array();
    const char *copy;
    char *dumped;
    int i;

    for (i = 0; i < index->releases->nelts; i++) {
        const cdist_listed_t *listed = &APR_ARRAY_IDX(index->releases, i, cdist_listed_t);
        json_array_append_new(releases, release_object(listed, listed == current, pool));
    }
    set_number(root, "format", INDEX_FORMAT);
    set_number(root, "counter", index->counter);
    set_text(root, "created", cdist_time_format(index->created, pool));
    set_text(root, "expires", cdist_time_format(index->expires, pool));
    json_object_set_new(root, "current", current ? json_string(cdist_version_format(&current->version, pool)) : json_null());
    json_object_set_new(root, "releases", releases);
    if (index->updates->nelts) json_object_set_new(root, CDIST_UPDATES_NAME, updates_array(index, pool));
    json_object_set_new(root, "by_hand", json_array());
    set_number(root, "problems", 0);
    dumped = json_dumps(root, JSON_INDENT(1));
    if (!dumped) abort(); /* every text in it is UTF-8: out of memory, as APR's pools do */
    copy = apr_pstrcat(pool, dumped, "\n", NULL);
    free(dumped);
    json_decref(root);
    return copy;
}
