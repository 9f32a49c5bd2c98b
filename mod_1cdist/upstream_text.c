/* See upstream_text_int.h. Whoever answers in an upstream's place may write this: nothing is taken over that no parser of ours
 * took. */
#include "upstream_text_int.h"

#include <apr_strings.h>

#include <string.h>

/* No archive is larger. */
#define MAX_ARCHIVE_BYTES ((json_int_t)1 << 44)
#define MAX_AVAILABLE 50
#define MAX_SLOTS 100

/* NB: a text that holds a NUL would be another one for everybody else. */
static const char *text_of(const json_t *value)
{
    const char *text = json_string_value(value);

    return text && strlen(text) == json_string_length(value) ? text : NULL;
}

int cdist_upstream_url_version(cdist_version_t *version, const char *url, apr_pool_t *pool)
{
    const char *file = strrchr(url, '/'), *before = file;

    memset(version, 0, sizeof *version);
    if (!file) return 0;
    while (before > url && before[-1] != '/') before--;
    return before > url && cdist_version_parse(version, apr_pstrmemdup(pool, before, (apr_size_t)(file - before)));
}

/* NULL, or what is wrong with the last two parts of the path. */
static const char *read_url(cdist_version_t *version, const char *url, const cdist_selector_t *asked, apr_pool_t *pool)
{
    const char *file = url ? strrchr(url, '/') : NULL;

    if (!file) return "\"url\" is none";
    if (!cdist_upstream_url_version(version, url, pool)) return "\"url\" names no version";
    if (!cdist_mask_matches(&asked->mask, version)) return "\"url\" names another version";
    return cdist_slot_parse_file(file + 1, NULL) == asked->slot ? NULL : "\"url\" names the file of another client";
}

const char *cdist_upstream_distribution(cdist_version_t *version, apr_uint64_t *bytes, const char *text,
                                        const cdist_selector_t *asked, apr_pool_t *pool)
{
    json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *root = json_object_get(whole, "root");
    const json_t *size = json_object_get(root, "size");
    const char *wrong = NULL;

    *bytes = 0;
    if (!json_is_integer(size) || json_integer_value(size) < 0 || json_integer_value(size) > MAX_ARCHIVE_BYTES) {
        wrong = "there is no \"size\" in its \"root\"";
    } else if (json_integer_value(size) > 0) {
        wrong = read_url(version, text_of(json_object_get(root, "url")), asked, pool);
        if (!wrong) *bytes = (apr_uint64_t)json_integer_value(size);
    }
    json_decref(whole);
    return wrong;
}

/* Slots are known by name; of components, which anybody may name, nothing is told. */
static json_t *copy_slots(const json_t *slots)
{
    json_t *copy = json_array();
    size_t i;

    for (i = 0; i < json_array_size(slots) && i < MAX_SLOTS; i++) {
        const char *name = text_of(json_array_get(slots, i));
        const cdist_slot_t *slot = name ? cdist_slot_parse(name) : NULL;

        if (slot) json_array_append_new(copy, json_string(slot->name));
    }
    return copy;
}

json_t *cdist_upstream_available(const char *text)
{
    json_t *whole = json_loads(text, JSON_REJECT_DUPLICATES, NULL), *copy = json_array();
    const json_t *available = json_object_get(whole, "available");
    size_t i;

    for (i = 0; i < json_array_size(available) && i < MAX_AVAILABLE; i++) {
        const json_t *entry = json_array_get(available, i);
        const char *version = text_of(json_object_get(entry, "version"));
        cdist_version_t parsed;

        if (!version || !cdist_version_parse(&parsed, version)) continue;
        json_array_append_new(copy, json_pack("{s:s,s:o}", "version", version, "slots",
                                              copy_slots(json_object_get(entry, "slots"))));
    }
    json_decref(whole);
    return copy;
}
