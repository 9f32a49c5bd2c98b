/* Snapshots of configurations: every entry read to its end, and digested.
 * The ids that `versions` gives to entries are not asked: an id says that an entry was not edited, not that its bytes are still
 * sound. What is as fast and proves it are the stored bytes: those that one side has already are not inflated for another. */
#include "compare_int.h"

#include <apr_strings.h>

#include <string.h>

#define UPDATE_INFO "UpdateInfo.inf"
#define PEEK_BYTES 128
#define CHUNK_BYTES 65536
#define MAX_NESTING 4

typedef struct {
    cdist_container_t *container;
    const char *name; /* for messages */
    int packed, depth;
    cdist_snapshot_t *snapshot;
    apr_hash_t *expected; /* names that an update must bring, and that were not met yet; NULL: no update */
    apr_hash_t *known, *items; /* as in the configuration */
    cdist_sha256_t *sha;
    char *chunk;
    apr_pool_t *pool;
} walk_t;

/* ---- contents -------------------------------------------------------------------------------------------------- */

static cdist_err_t *visit_part(void *baton, const cdist_item_t *item, apr_pool_t *pool);

/* Padding counts for nothing, but compressed data that end in it are damaged all the same. */
static cdist_err_t *drain(const walk_t *walk, cdist_stream_t *stream)
{
    apr_size_t length;

    do {
        length = CHUNK_BYTES;
        CDIST_ERR(stream->read(stream, walk->chunk, &length));
    } while (length > 0);
    return NULL;
}

/* A nested container: its parts by name, as a snapshot of their own. */
static cdist_err_t *digest_container(cdist_element_t *element, const walk_t *outer, cdist_stream_t *stream, apr_pool_t *pool)
{
    walk_t walk = *outer;
    cdist_snapshot_t *groups;

    walk.packed = 0;
    walk.depth++;
    walk.snapshot = cdist_snapshot_create(pool);
    walk.pool = pool;
    CDIST_ERR(cdist_container_open(&walk.container, cdist_bytes_window(stream, pool), pool));
    CDIST_ERR(cdist_container_walk(walk.container, visit_part, &walk, pool));
    CDIST_ERR(cdist_snapshot_sort(walk.snapshot, stream->name, pool));
    groups = cdist_snapshot_group(walk.snapshot, pool);
    element->kind = CDIST_ELEMENT_CONTAINER;
    if (groups->elements->nelts > 0) element->digest = APR_ARRAY_IDX(groups->elements, 0, cdist_element_t).digest;
    return drain(&walk, stream);
}

/* Everything that the stream holds. */
static cdist_err_t *digest_stream(cdist_element_t *element, const walk_t *walk, cdist_stream_t *stream, apr_pool_t *pool)
{
    apr_size_t length = PEEK_BYTES;
    int bits;

    CDIST_ERR(stream->read(stream, walk->chunk, &length));
    CDIST_ERR(cdist_container_probe(&bits, cdist_bytes_memory(walk->chunk, length, stream->name, pool), 0));
    if (bits && walk->depth < MAX_NESTING) {
        CDIST_ERR(stream->rewind(stream));
        return digest_container(element, walk, stream, pool);
    }
    cdist_sha256_reset(walk->sha);
    while (length > 0) {
        cdist_sha256_update(walk->sha, walk->chunk, length);
        length = CHUNK_BYTES;
        CDIST_ERR(stream->read(stream, walk->chunk, &length));
    }
    cdist_sha256_final(&element->digest, walk->sha);
    element->kind = CDIST_ELEMENT_CONTENT;
    return NULL;
}

static cdist_err_t *visit_part(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    walk_t *walk = baton;
    cdist_element_t element;
    cdist_stream_t *stream;

    memset(&element, 0, sizeof element);
    element.id = element.name = apr_pstrdup(walk->pool, item->name);
    element.owner = "";
    CDIST_ERR(cdist_config_entry(&stream, walk->container, item, 0, pool));
    CDIST_ERR(digest_stream(&element, walk, stream, pool));
    APR_ARRAY_PUSH(walk->snapshot->elements, cdist_element_t) = element;
    return NULL;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_digest_t stored; /* the key */
    cdist_digest_t content;
    cdist_element_kind_t kind;
} known_t;

static cdist_err_t *digest_stored(cdist_digest_t *digest, const walk_t *walk, const cdist_item_t *item, apr_pool_t *pool)
{
    cdist_stream_t *stream;
    apr_uint64_t whole;
    apr_size_t length;

    CDIST_ERR(cdist_container_data(&stream, &whole, walk->container, item, pool));
    cdist_sha256_reset(walk->sha);
    do {
        length = CHUNK_BYTES;
        CDIST_ERR(stream->read(stream, walk->chunk, &length));
        cdist_sha256_update(walk->sha, walk->chunk, length);
    } while (length > 0);
    cdist_sha256_final(digest, walk->sha);
    return NULL;
}

/* NB: only what is compressed is remembered, since then the content depends on the stored bytes alone, and only what was read
 * without an error. */
static cdist_err_t *digest_entry(cdist_element_t *element, const walk_t *walk, const cdist_item_t *item, apr_pool_t *pool)
{
    int remember = walk->known && walk->packed;
    cdist_stream_t *stream;
    cdist_digest_t stored;
    known_t *known = NULL;

    if (remember) {
        CDIST_ERR(digest_stored(&stored, walk, item, pool));
        known = apr_hash_get(walk->known, &stored, sizeof stored);
    }
    if (!known) {
        CDIST_ERR(cdist_config_entry(&stream, walk->container, item, walk->packed, pool));
        CDIST_ERR(digest_stream(element, walk, stream, pool));
        if (!remember) return NULL;
        known = apr_palloc(walk->pool, sizeof *known);
        *known = (known_t){stored, element->digest, element->kind};
        apr_hash_set(walk->known, &known->stored, sizeof known->stored, known);
    }
    element->digest = known->content;
    element->kind = known->kind;
    return NULL;
}

static cdist_err_t *visit_entry(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    walk_t *walk = baton;
    const char *name = apr_pstrdup(walk->pool, item->name);
    cdist_element_t element;
    cdist_err_t *err;

    cdist_config_keep_item(walk->items, item, name, walk->pool);
    if (cdist_config_is_own(name)) return NULL;
    if (walk->expected) {
        if (cdist_item_name_compare(item->name, UPDATE_INFO) == 0) return NULL;
        if (!apr_hash_get(walk->expected, item->name, APR_HASH_KEY_STRING)) {
            return cdist_err_create(walk->pool, CDIST_E_CORRUPT, 0, "%s: the entry %s is not listed in " UPDATE_INFO ", or is "
                                    "there twice", walk->name, cdist_text_printable(item->name, pool));
        }
        apr_hash_set(walk->expected, item->name, APR_HASH_KEY_STRING, NULL);
    }
    memset(&element, 0, sizeof element);
    element.id = element.name = name;
    element.owner = element.id;
    if (cdist_text_is_guid(element.id, strnlen(element.id, CDIST_GUID_CHARS))) {
        element.owner = apr_pstrmemdup(walk->pool, element.id, CDIST_GUID_CHARS);
    }
    err = digest_entry(&element, walk, item, pool);
    if (err && err->code == CDIST_E_CHANGED) return err;
    if (err) element.error = cdist_err_text(err, walk->pool);
    APR_ARRAY_PUSH(walk->snapshot->elements, cdist_element_t) = element;
    return NULL;
}

static cdist_err_t *walk_entries(cdist_snapshot_t **snapshot, cdist_config_t *config, apr_hash_t *expected,
                                 apr_pool_t *pool)
{
    walk_t walk = {config->container, config->name, config->packed, 0, cdist_snapshot_create(pool), expected, config->known};

    walk.items = apr_hash_make(pool);
    walk.sha = cdist_sha256_create(pool);
    walk.chunk = apr_palloc(pool, CHUNK_BYTES);
    walk.pool = pool;
    CDIST_ERR(cdist_container_walk(config->container, visit_entry, &walk, pool));
    CDIST_ERR(cdist_snapshot_sort(walk.snapshot, config->name, pool));
    *snapshot = walk.snapshot;
    config->items = walk.items;
    return NULL;
}

/* ---- updates --------------------------------------------------------------------------------------------------- */

static apr_hash_t *names_of_inserts(const cdist_update_info_t *update, apr_pool_t *pool)
{
    apr_hash_t *names = apr_hash_make(pool);
    int i;

    for (i = 0; i < update->inserts->nelts; i++) {
        const char *name = APR_ARRAY_IDX(update->inserts, i, cdist_entry_version_t).name;

        if (!cdist_config_is_own(name)) apr_hash_set(names, name, APR_HASH_KEY_STRING, name);
    }
    return names;
}

/* The base's elements, less what the update takes away, with what it brings. */
static cdist_err_t *lay_over(cdist_snapshot_t **whole, const cdist_config_t *config, const cdist_snapshot_t *base,
                             const cdist_snapshot_t *brought, apr_pool_t *pool)
{
    int i;

    *whole = cdist_snapshot_create(pool);
    for (i = 0; i < base->elements->nelts; i++) {
        const cdist_element_t *element = &APR_ARRAY_IDX(base->elements, i, cdist_element_t);

        if (apr_hash_get(config->deleted, element->id, APR_HASH_KEY_STRING)) continue;
        if (cdist_snapshot_find(brought, element->id)) continue;
        APR_ARRAY_PUSH((*whole)->elements, cdist_element_t) = *element;
    }
    apr_array_cat((*whole)->elements, brought->elements);
    return cdist_snapshot_sort(*whole, config->name, pool);
}

cdist_err_t *cdist_config_snapshot(cdist_snapshot_t **snapshot, cdist_config_t *config, apr_pool_t *pool)
{
    apr_hash_t *expected = config->update ? names_of_inserts(config->update, pool) : NULL;
    cdist_snapshot_t *base, *read;
    apr_hash_index_t *missing;

    *snapshot = config->snapshot;
    if (*snapshot) return NULL;
    CDIST_ERR(walk_entries(&read, config, expected, pool));
    if (config->update) {
        missing = apr_hash_first(pool, expected);
        if (missing) {
            return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: the entry %s is listed in " UPDATE_INFO ", but not there",
                                    config->name, cdist_text_printable(apr_hash_this_key(missing), pool));
        }
        CDIST_ERR(cdist_config_snapshot(&base, config->base, pool));
        CDIST_ERR(lay_over(&read, config, base, read, pool));
    }
    *snapshot = config->snapshot = read;
    return NULL;
}
