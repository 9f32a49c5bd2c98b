/* A catalogue as a text that other processes read: JSON, format 3, the members of cdist_catalogue_t and what hangs on it under
 * their own names; digests in hexadecimal, times as they are, a text that is not UTF-8 as an array of its bytes. It lies in the
 * store and is read by the version that wrote it, or not at all. */
#include "platform_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define CATALOGUE_FORMAT 3

/* ---- writing ----------------------------------------------------------------------------------------------------- */

/* NB: names come from the disk as they are, and JSON takes UTF-8 alone. */
static json_t *text_value(const char *text)
{
    json_t *value = json_string(text);

    if (value) return value;
    value = json_array();
    for (; *text; text++) json_array_append_new(value, json_integer((unsigned char)*text));
    return value;
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text) json_object_set_new(object, key, text_value(text));
}

static void set_number(json_t *object, const char *key, apr_int64_t number)
{
    json_object_set_new(object, key, json_integer((json_int_t)number));
}

static json_t *names_array(const apr_array_header_t *names)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < names->nelts; i++) json_array_append_new(array, text_value(APR_ARRAY_IDX(names, i, const char *)));
    return array;
}

static json_t *overlaid_object(const cdist_overlaid_t *overlaid, apr_pool_t *pool)
{
    json_t *object = json_object(), *conflicts = json_array();
    int i;

    for (i = 0; i < overlaid->conflicts->nelts; i++) {
        const cdist_overlay_conflict_t *conflict = &APR_ARRAY_IDX(overlaid->conflicts, i, cdist_overlay_conflict_t);
        json_t *one = json_object();

        set_text(one, "path", conflict->path);
        set_text(one, "support", conflict->support);
        set_text(one, "action", conflict->action);
        set_text(one, "row", conflict->row);
        set_number(one, "open", conflict->open);
        json_array_append_new(conflicts, one);
    }
    set_text(object, "folder", overlaid->folder);
    json_object_set_new(object, "kept", names_array(overlaid->kept));
    json_object_set_new(object, "conflicts", conflicts);
    set_text(object, "vendor", cdist_digest_hex(&overlaid->vendor, pool));
    set_text(object, "state", cdist_digest_hex(&overlaid->state, pool));
    return object;
}

static json_t *source_object(const cdist_source_t *source, apr_pool_t *pool)
{
    json_t *object = json_object();

    set_text(object, "version", cdist_version_format(&source->version, pool));
    set_text(object, "slot", source->slot->name);
    set_number(object, "kind", source->kind);
    set_text(object, "path", source->path);
    if (source->skip) json_object_set_new(object, "skip", names_array(source->skip));
    set_number(object, "named", source->named);
    set_number(object, "files", source->files);
    set_number(object, "bytes", (apr_int64_t)source->bytes);
    set_text(object, "signature", cdist_digest_hex(&source->signature, pool));
    set_number(object, "stat_kind", source->stat.kind);
    set_number(object, "device", (apr_int64_t)source->stat.device);
    set_number(object, "inode", (apr_int64_t)source->stat.inode);
    set_number(object, "stat_bytes", (apr_int64_t)source->stat.bytes);
    set_number(object, "mtime_ns", source->stat.mtime_ns);
    set_number(object, "ctime_ns", source->stat.ctime_ns);
    set_number(object, "newest_ns", source->newest_ns);
    set_number(object, "settled", source->settled);
    set_number(object, "built", source->built);
    set_number(object, "unread", source->unread);
    set_text(object, "problem", source->problem);
    if (source->overlaid) json_object_set_new(object, "overlaid", overlaid_object(source->overlaid, pool));
    return object;
}

static json_t *release_object(const cdist_release_t *release, apr_pool_t *pool)
{
    json_t *object = json_object(), *sources = json_array();
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        json_array_append_new(sources, source_object(APR_ARRAY_IDX(release->sources, i, const cdist_source_t *), pool));
    }
    set_text(object, "version", cdist_version_format(&release->version, pool));
    set_text(object, "problem", release->problem);
    json_object_set_new(object, "sources", sources);
    return object;
}

static json_t *built_object(const cdist_built_t *built, apr_pool_t *pool)
{
    json_t *object = json_object(), *slots = json_array();
    int i;

    for (i = 0; i < built->slots->nelts; i++) {
        json_array_append_new(slots, json_string(APR_ARRAY_IDX(built->slots, i, const cdist_slot_t *)->name));
    }
    set_text(object, "version", cdist_version_format(&built->version, pool));
    json_object_set_new(object, "slots", slots);
    set_number(object, "whole", built->whole);
    return object;
}

static json_t *error_object(const cdist_err_t *err, int place)
{
    json_t *object = json_object();

    set_number(object, "code", err->code);
    set_number(object, "status", err->status);
    set_text(object, "message", err->message);
    set_number(object, "place", place);
    return object;
}

const char *cdist_catalogue_write(const cdist_catalogue_t *catalogue, apr_pool_t *pool)
{
    json_t *object = json_object(), *releases = json_array(), *unreadable = json_array();
    json_t *unread = json_array(), *built = json_array();
    const char *text = NULL;
    char *dumped;
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        json_array_append_new(releases, release_object(&APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t), pool));
    }
    for (i = 0; i < catalogue->unreadable->nelts; i++) {
        json_array_append_new(unreadable, error_object(APR_ARRAY_IDX(catalogue->unreadable, i, const cdist_err_t *),
                                                       APR_ARRAY_IDX(catalogue->unread_places, i, int)));
    }
    for (i = 0; i < catalogue->unread_components->nelts; i++) {
        json_array_append_new(unread, json_string(APR_ARRAY_IDX(catalogue->unread_components, i, const cdist_slot_t *)->name));
    }
    for (i = 0; catalogue->built && i < catalogue->built->nelts; i++) {
        json_array_append_new(built, built_object(&APR_ARRAY_IDX(catalogue->built, i, cdist_built_t), pool));
    }
    set_number(object, "format", CATALOGUE_FORMAT);
    set_number(object, "settle", catalogue->settle);
    set_number(object, "settles_at", catalogue->settles_at);
    json_object_set_new(object, "releases", releases);
    json_object_set_new(object, "problems", names_array(catalogue->problems));
    json_object_set_new(object, "conflicts", names_array(catalogue->conflicts));
    json_object_set_new(object, "unreadable", unreadable);
    json_object_set_new(object, "unread_components", unread);
    json_object_set_new(object, "built", built);
    if ((dumped = json_dumps(object, JSON_INDENT(1))) != NULL) {
        text = apr_pstrdup(pool, dumped);
        free(dumped);
    }
    json_decref(object);
    return text;
}

/* ---- reading ----------------------------------------------------------------------------------------------------- */

/* NULL if it is no text. */
static const char *value_text(const json_t *value, apr_pool_t *pool)
{
    size_t length = json_array_size(value), i;
    char *bytes;

    if (json_is_string(value)) return apr_pstrdup(pool, json_string_value(value));
    if (!json_is_array(value)) return NULL;
    bytes = apr_palloc(pool, length + 1);
    for (i = 0; i < length; i++) {
        json_int_t byte = json_integer_value(json_array_get(value, i));

        if (byte < 1 || byte > 255) return NULL;
        bytes[i] = (char)byte;
    }
    bytes[length] = '\0';
    return bytes;
}

static const char *get_text(const json_t *object, const char *key, apr_pool_t *pool)
{
    return value_text(json_object_get(object, key), pool);
}

static apr_int64_t get_number(const json_t *object, const char *key)
{
    return (apr_int64_t)json_integer_value(json_object_get(object, key));
}

static apr_array_header_t *get_names(const json_t *array, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, (int)json_array_size(array) + 1, sizeof(const char *));
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const char *name = value_text(json_array_get(array, i), pool);
        if (name) APR_ARRAY_PUSH(names, const char *) = name;
    }
    return names;
}

/* The slot of a name: a known one, or one of the lookup's components. */
static const cdist_slot_t *get_slot(const char *name, const apr_array_header_t *components)
{
    int i;

    if (!name) return NULL;
    for (i = 0; components && i < components->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(components, i, const cdist_slot_t *);
        if (strcmp(slot->name, name) == 0) return slot;
    }
    return cdist_slot_parse(name);
}

/* NULL if something in it is not as it should be. */
static cdist_overlaid_t *read_overlaid(const json_t *object, apr_pool_t *pool)
{
    const json_t *array = json_object_get(object, "conflicts");
    const char *vendor = get_text(object, "vendor", pool), *state = get_text(object, "state", pool);
    apr_array_header_t *conflicts = apr_array_make(pool, (int)json_array_size(array) + 1, sizeof(cdist_overlay_conflict_t));
    cdist_overlaid_t *overlaid = apr_pcalloc(pool, sizeof *overlaid);
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const json_t *one = json_array_get(array, i);
        cdist_overlay_conflict_t *conflict = apr_array_push(conflicts);

        conflict->path = get_text(one, "path", pool);
        conflict->support = get_text(one, "support", pool);
        conflict->action = get_text(one, "action", pool);
        conflict->row = get_text(one, "row", pool);
        conflict->open = (int)get_number(one, "open");
        overlaid->open += conflict->open;
        if (!conflict->path || !conflict->support || !conflict->action || !conflict->row) return NULL;
    }
    overlaid->conflicts = conflicts;
    overlaid->kept = get_names(json_object_get(object, "kept"), pool);
    overlaid->folder = get_text(object, "folder", pool);
    if (!overlaid->folder || !vendor || !cdist_digest_parse(&overlaid->vendor, vendor)) return NULL;
    return state && cdist_digest_parse(&overlaid->state, state) ? overlaid : NULL;
}

/* NULL if something in it is not as it should be. */
static const cdist_source_t *read_source(const json_t *object, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    cdist_source_t *source = apr_pcalloc(pool, sizeof *source);
    const char *version = get_text(object, "version", pool), *signature = get_text(object, "signature", pool);
    apr_int64_t kind = get_number(object, "kind");

    source->slot = get_slot(json_string_value(json_object_get(object, "slot")), lookup->components);
    source->path = get_text(object, "path", pool);
    if (!source->slot || !source->path || !version || !cdist_version_parse(&source->version, version)) return NULL;
    if (!signature || !cdist_digest_parse(&source->signature, signature)) return NULL;
    if (kind < CDIST_SOURCE_READY || kind > CDIST_SOURCE_INSTALLED) return NULL;
    source->kind = (cdist_source_kind_t)kind;
    if (json_object_get(object, "skip")) source->skip = get_names(json_object_get(object, "skip"), pool);
    source->named = (int)get_number(object, "named");
    source->files = (int)get_number(object, "files");
    source->bytes = (apr_uint64_t)get_number(object, "bytes");
    source->stat.kind = (cdist_kind_t)get_number(object, "stat_kind");
    source->stat.device = (apr_uint64_t)get_number(object, "device");
    source->stat.inode = (apr_uint64_t)get_number(object, "inode");
    source->stat.bytes = (apr_uint64_t)get_number(object, "stat_bytes");
    source->stat.mtime_ns = get_number(object, "mtime_ns");
    source->stat.ctime_ns = get_number(object, "ctime_ns");
    source->newest_ns = get_number(object, "newest_ns");
    source->settled = (int)get_number(object, "settled");
    source->built = (int)get_number(object, "built");
    source->unread = (int)get_number(object, "unread");
    source->problem = get_text(object, "problem", pool);
    if (json_object_get(object, "overlaid")) {
        source->overlaid = read_overlaid(json_object_get(object, "overlaid"), pool);
        if (!source->overlaid) return NULL;
    }
    return source;
}

static int read_release(cdist_release_t *release, const json_t *object, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    const json_t *sources = json_object_get(object, "sources");
    const char *version = get_text(object, "version", pool);
    size_t i;

    release->problem = get_text(object, "problem", pool);
    release->sources = apr_array_make(pool, (int)json_array_size(sources) + 1, sizeof(const cdist_source_t *));
    if (!version || !cdist_version_parse(&release->version, version)) return 0;
    for (i = 0; i < json_array_size(sources); i++) {
        const cdist_source_t *source = read_source(json_array_get(sources, i), lookup, pool);

        if (!source) return 0;
        APR_ARRAY_PUSH(release->sources, const cdist_source_t *) = source;
    }
    return 1;
}

static void read_unreadable(cdist_catalogue_t *catalogue, const json_t *array, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        const char *message = get_text(object, "message", pool);

        APR_ARRAY_PUSH(catalogue->unreadable, cdist_err_t *) =
            cdist_err_create(pool, (cdist_code_t)get_number(object, "code"), (apr_status_t)get_number(object, "status"), "%s",
                             message ? message : "a folder cannot be read");
        APR_ARRAY_PUSH(catalogue->unread_places, int) = (int)get_number(object, "place");
    }
}

/* What is no slot any more, another configuration having had it, is left out. */
static apr_array_header_t *get_slots(const json_t *array, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    apr_array_header_t *slots = apr_array_make(pool, (int)json_array_size(array) + 1, sizeof(const cdist_slot_t *));
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        const cdist_slot_t *slot = get_slot(json_string_value(json_array_get(array, i)), lookup->components);
        if (slot) APR_ARRAY_PUSH(slots, const cdist_slot_t *) = slot;
    }
    return slots;
}

static int read_built(cdist_catalogue_t *catalogue, const json_t *array, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    size_t i;

    catalogue->built = apr_array_make(pool, (int)json_array_size(array) + 1, sizeof(cdist_built_t));
    for (i = 0; i < json_array_size(array); i++) {
        const json_t *object = json_array_get(array, i);
        cdist_built_t *built = apr_array_push(catalogue->built);
        const char *version = get_text(object, "version", pool);

        if (!version || !cdist_version_parse(&built->version, version)) return 0;
        built->slots = get_slots(json_object_get(object, "slots"), lookup, pool);
        built->whole = (int)get_number(object, "whole");
    }
    return 1;
}

static int read_releases(cdist_catalogue_t *catalogue, const json_t *array, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < json_array_size(array); i++) {
        if (!read_release(apr_array_push(catalogue->releases), json_array_get(array, i), lookup, pool)) return 0;
    }
    return 1;
}

cdist_catalogue_t *cdist_catalogue_read(const char *text, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    cdist_catalogue_t *catalogue = apr_pcalloc(pool, sizeof *catalogue);
    json_t *object = json_loads(text, 0, NULL);
    int whole;

    catalogue->releases = apr_array_make(pool, 8, sizeof(cdist_release_t));
    catalogue->unreadable = apr_array_make(pool, 1, sizeof(cdist_err_t *));
    catalogue->unread_places = apr_array_make(pool, 1, sizeof(int));
    catalogue->unread_components = get_slots(json_object_get(object, "unread_components"), lookup, pool);
    catalogue->settle = get_number(object, "settle");
    catalogue->settles_at = get_number(object, "settles_at");
    catalogue->problems = get_names(json_object_get(object, "problems"), pool);
    catalogue->conflicts = get_names(json_object_get(object, "conflicts"), pool);
    read_unreadable(catalogue, json_object_get(object, "unreadable"), pool);
    whole = get_number(object, "format") == CATALOGUE_FORMAT &&
            read_releases(catalogue, json_object_get(object, "releases"), lookup, pool) &&
            read_built(catalogue, json_object_get(object, "built"), lookup, pool);
    json_decref(object);
    return whole ? catalogue : NULL;
}
