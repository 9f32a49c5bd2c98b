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
    set_text(object, "crc32", apr_psprintf(pool, "%08x", entry->crc32));
    set_text(object, "mode", apr_psprintf(pool, "%o", entry->mode));
    set_text(object, "method", entry->method == CDIST_DEFLATED ? "deflate" : "store");
    set_text(object, "sha256", cdist_digest_hex(&entry->sha256, pool));
    set_text(object, "packed_sha256", cdist_digest_hex(&entry->packed_sha256, pool));
    return object;
}

const char *cdist_manifest_write(const cdist_manifest_t *manifest, apr_pool_t *pool)
{
    json_t *root = json_object(), *archive = json_object(), *entries = json_array();
    apr_pool_t *scratch;
    char *text;
    const char *result;
    int i;

    apr_pool_create(&scratch, pool);
    set_number(root, "format", MANIFEST_FORMAT);
    set_text(root, "builder", manifest->builder);
    set_number(root, "level", (apr_uint64_t)manifest->level);
    set_number(archive, "bytes", manifest->archive_bytes);
    set_text(archive, "sha256", cdist_digest_hex(&manifest->archive_sha256, scratch));
    json_object_set_new(root, "archive", archive);
    for (i = 0; i < manifest->entries->nelts; i++) {
        apr_pool_clear(scratch);
        json_array_append_new(entries, entry_object(&APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t), scratch));
    }
    json_object_set_new(root, "entries", entries);
    text = json_dumps(root, JSON_COMPACT);
    if (!text) abort(); /* out of memory, as APR's pools do: every text in it is UTF-8 */
    result = apr_pstrcat(pool, text, "\n", NULL);
    free(text);
    json_decref(root);
    apr_pool_destroy(scratch);
    return result;
}
