/* Manifests, read. They come from upstream, and only say where bytes are that might be had elsewhere: each is checked against
 * its own archive before it is used, and whatever is made with its help is checked by the archive's digest. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define MANIFEST_FORMAT 1
#define MAX_BYTES ((json_int_t)1 << 44)
#define MIN_HEADER 30

static cdist_err_t *wrong(const char *name, int entry, const char *what, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(name, pool);

    if (entry < 0) return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: %s", shown, what);
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: entry %d %s", shown, entry, what);
}

static int take_number(apr_uint64_t *number, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > MAX_BYTES) return 0;
    *number = (apr_uint64_t)json_integer_value(value);
    return 1;
}

static int take_digest(cdist_digest_t *digest, const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text && cdist_digest_parse(digest, text);
}

static int take_crc(apr_uint32_t *crc, const json_t *object)
{
    const char *text = json_string_value(json_object_get(object, "crc32"));
    char *end;

    if (!text || strlen(text) != 8 || strspn(text, "0123456789abcdef") != 8) return 0;
    *crc = (apr_uint32_t)strtoul(text, &end, 16);
    return 1;
}

/* NULL, or what is wrong with an entry. `at`: where the one before ends; it moves on. */
static const char *take_entry(cdist_entry_t *entry, apr_uint64_t *at, apr_uint64_t archive_bytes, const json_t *object,
                              apr_pool_t *pool)
{
    const char *name = json_string_value(json_object_get(object, "name")), *method;

    memset(entry, 0, sizeof *entry);
    method = json_string_value(json_object_get(object, "method"));
    if (!name || !method || !take_number(&entry->bytes, object, "bytes") || !take_crc(&entry->crc32, object) ||
        !take_number(&entry->packed_bytes, object, "packed_bytes") || !take_number(&entry->offset, object, "offset") ||
        !take_digest(&entry->sha256, object, "sha256") || !take_digest(&entry->packed_sha256, object, "packed_sha256")) {
        return "lacks a member, or has one of another kind";
    }
    if (json_object_get(object, "data_offset") && !take_number(&entry->data_offset, object, "data_offset")) {
        return "has a malformed data_offset";
    }
    entry->name = apr_pstrdup(pool, name);
    entry->method = strcmp(method, "deflate") == 0 ? CDIST_DEFLATED : CDIST_STORED;
    if (entry->offset < *at || entry->offset > archive_bytes || archive_bytes - entry->offset < MIN_HEADER) {
        return "does not lie behind the one before it";
    }
    if (!entry->data_offset) {
        *at = entry->offset + MIN_HEADER;
        return NULL;
    }
    if (entry->data_offset < entry->offset + MIN_HEADER || entry->data_offset > archive_bytes ||
        entry->packed_bytes > archive_bytes - entry->data_offset) {
        return "lies outside the archive";
    }
    *at = entry->data_offset + entry->packed_bytes;
    return NULL;
}

static cdist_err_t *take_entries(cdist_manifest_t *manifest, const json_t *entries, const char *name, apr_pool_t *pool)
{
    apr_uint64_t at = 0;
    size_t i;

    if (!json_is_array(entries) || json_array_size(entries) > CDIST_MAX_ENTRIES) {
        return wrong(name, -1, "has no list of entries", pool);
    }
    for (i = 0; i < json_array_size(entries); i++) {
        const char *problem =
            take_entry(apr_array_push(manifest->entries), &at, manifest->archive_bytes, json_array_get(entries, i), pool);

        if (problem) return wrong(name, (int)i, problem, pool);
    }
    return NULL;
}

cdist_err_t *cdist_manifest_parse(cdist_manifest_t **manifest, const char *bytes, apr_size_t length, const char *name,
                                  apr_pool_t *pool)
{
    cdist_manifest_t *parsed = apr_pcalloc(pool, sizeof *parsed);
    json_error_t error;
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error), *archive = json_object_get(root, "archive");
    cdist_err_t *err = NULL;

    parsed->builder = "";
    parsed->entries = apr_array_make(pool, 64, sizeof(cdist_entry_t));
    if (!root) {
        err = wrong(name, -1, apr_psprintf(pool, "line %d: is no JSON: %s", error.line, cdist_text_printable(error.text, pool)),
                    pool);
    } else if (json_integer_value(json_object_get(root, "format")) != MANIFEST_FORMAT) {
        err = wrong(name, -1, "is no manifest of format 1", pool);
    } else if (!take_number(&parsed->archive_bytes, archive, "bytes") ||
               !take_digest(&parsed->archive_sha256, archive, "sha256")) {
        err = wrong(name, -1, "does not tell of which archive it is", pool);
    } else {
        err = take_entries(parsed, json_object_get(root, "entries"), name, pool);
    }
    json_decref(root);
    if (!err) *manifest = parsed;
    return err;
}
