/* Manifests as JSON, format 1. They are written once, beside the archive, and handed out as they are. */
#include "archive_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define MANIFEST_FORMAT 1

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

static void set_number(json_t *object, const char *key, apr_uint64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

void cdist_manifest_sum(cdist_manifest_t *manifest)
{
    int i;

    manifest->bytes = manifest->packed_bytes = 0;
    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        manifest->bytes += entry->bytes;
        manifest->packed_bytes += entry->packed_bytes;
    }
}

static json_t *entry_object(const cdist_entry_t *entry, apr_pool_t *pool)
{
    json_t *object = json_object();

    /* A foreign archive may hold names in another encoding; JSON cannot. */
    set_text(object, "name", cdist_text_is_utf8(entry->name, strlen(entry->name))
                                 ? entry->name
                                 : cdist_text_printable(entry->name, pool));
    set_number(object, "bytes", entry->bytes);
    set_number(object, "packed_bytes", entry->packed_bytes);
    set_number(object, "offset", entry->offset);
    if (entry->data_offset) set_number(object, "data_offset", entry->data_offset);
    set_text(object, "crc32", apr_psprintf(pool, "%08x", entry->crc32));
    set_text(object, "mode", apr_psprintf(pool, "%o", entry->mode));
    set_text(object, "method", entry->method == CDIST_DEFLATED ? "deflate" : "store");
    set_text(object, "sha256", cdist_digest_hex(&entry->sha256, pool));
    set_text(object, "packed_sha256", cdist_digest_hex(&entry->packed_sha256, pool));
    return object;
}

/* A text that grows; malloc'ed, since a pool would keep every smaller size of it. */
typedef struct {
    char *bytes;
    size_t used, room;
} text_t;

static int append(const char *bytes, size_t length, void *baton)
{
    text_t *text = baton;

    if (text->room - text->used < length) {
        text->room = (text->used + length) * 2 + 4096;
        text->bytes = realloc(text->bytes, text->room);
        if (!text->bytes) abort(); /* out of memory, as APR's pools do */
    }
    memcpy(text->bytes + text->used, bytes, length);
    text->used += length;
    return 0;
}

static void append_object(text_t *text, json_t *object)
{
    if (json_dump_callback(object, append, text, JSON_COMPACT) != 0) abort(); /* every text in it is UTF-8 */
    json_decref(object);
}

static apr_status_t free_text(void *bytes)
{
    free(bytes);
    return APR_SUCCESS;
}

/* NB: the entries are turned into text one by one: as objects, those of a large archive take half a gigabyte. */
const char *cdist_manifest_write(const cdist_manifest_t *manifest, apr_pool_t *pool)
{
    json_t *root = json_object(), *archive = json_object();
    text_t text = {NULL, 0, 0};
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, pool);
    set_number(root, "format", MANIFEST_FORMAT);
    set_text(root, "builder", manifest->builder);
    set_number(root, "level", (apr_uint64_t)manifest->level);
    set_number(archive, "bytes", manifest->archive_bytes);
    set_text(archive, "sha256", cdist_digest_hex(&manifest->archive_sha256, scratch));
    json_object_set_new(root, "archive", archive);
    append_object(&text, root);
    text.used--; /* the object goes on */
    append(",\"entries\":[", 12, &text);
    for (i = 0; i < manifest->entries->nelts; i++) {
        apr_pool_clear(scratch);
        if (i) append(",", 1, &text);
        append_object(&text, entry_object(&APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t), scratch));
    }
    append("]}\n", 4, &text); /* with its NUL */
    apr_pool_destroy(scratch);
    apr_pool_cleanup_register(pool, text.bytes, free_text, apr_pool_cleanup_null);
    return text.bytes;
}
