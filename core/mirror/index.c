/* index.json, read. It may come from anybody: whatever is used of it goes through a parser of its own, and names of slots and
 * files are made anew rather than taken over. */
#include "mirror_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define INDEX_FORMAT 1
#define MAX_RELEASES 2000
#define MAX_SLOTS 100
#define MAX_URL_BYTES 200
/* No archive is larger: sums of sizes stay far from an overflow. */
#define MAX_ARCHIVE_BYTES ((json_int_t)1 << 44)

/* What is being read, for messages. */
typedef struct {
    const char *name;
    const char *where; /* "releases[3]", "" at the top */
    apr_pool_t *pool;
} reader_t;

static cdist_err_t *wrong(const reader_t *reader, const char *key, const char *what)
{
    return cdist_err_create(reader->pool, CDIST_E_INPUT, 0, "%s: %s%s\"%s\" %s",
                            cdist_text_printable(reader->name, reader->pool), reader->where, *reader->where ? ": " : "", key,
                            what);
}

/* ---- members ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *take_text(const char **text, const reader_t *reader, const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    /* NB: a text that holds a NUL would be another one for everybody else. */
    *text = json_string_value(value);
    return *text && strlen(*text) == json_string_length(value) ? NULL : wrong(reader, key, "must be a text");
}

static cdist_err_t *take_number(apr_uint64_t *number, const reader_t *reader, const json_t *object, const char *key,
                                json_int_t least, json_int_t most)
{
    const json_t *value = json_object_get(object, key);

    if (!json_is_integer(value) || json_integer_value(value) < least || json_integer_value(value) > most) {
        return wrong(reader, key,
                     apr_psprintf(reader->pool, "must be a whole number from %" APR_INT64_T_FMT " to %" APR_INT64_T_FMT,
                                  (apr_int64_t)least, (apr_int64_t)most));
    }
    *number = (apr_uint64_t)json_integer_value(value);
    return NULL;
}

static cdist_err_t *take_digest(cdist_digest_t *digest, const reader_t *reader, const json_t *object, const char *key)
{
    const char *text;

    CDIST_ERR(take_text(&text, reader, object, key));
    return cdist_digest_parse(digest, text) ? NULL : wrong(reader, key, "must be 64 lower-case hexadecimal digits");
}

static cdist_err_t *take_time(apr_time_t *when, const reader_t *reader, const json_t *object, const char *key)
{
    const char *text;

    if (!json_object_get(object, key)) return NULL;
    CDIST_ERR(take_text(&text, reader, object, key));
    return cdist_time_parse(when, text) ? NULL : wrong(reader, key, "must be a time in UTC such as 2026-11-21T18:00:00Z");
}

/* The elements of an array that may be missing; one that is there must be one, and bounded. */
static cdist_err_t *take_array(const json_t **array, const reader_t *reader, const json_t *object, const char *key, size_t most)
{
    *array = json_object_get(object, key);
    if (!*array) return NULL;
    if (!json_is_array(*array)) return wrong(reader, key, "must be an array");
    return json_array_size(*array) <= most ? NULL : wrong(reader, key, "is too long");
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

int cdist_index_url_is_plain(const char *url)
{
    const char *p;

    if (strlen(url) > MAX_URL_BYTES) return 0;
    for (p = url; *p; p++) {
        int begins = p == url || p[-1] == '/';

        if (!apr_isalnum(*p) && !strchr("._-/", *p)) return 0;
        if (begins && (*p == '/' || *p == '.')) return 0;
    }
    return p > url && p[-1] != '/';
}

static int has_slot(const apr_array_header_t *offers, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; i < offers->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(offers, i, cdist_offer_t).slot, slot) == 0) return 1;
    }
    return 0;
}

static cdist_err_t *take_slot_name(const cdist_slot_t **slot, const reader_t *reader, const char *name, const char *key)
{
    *slot = cdist_slot_make(name, reader->pool);
    /* NB: under its own name alone, so that one slot cannot stand there twice. */
    return *slot && strcmp((*slot)->name, name) == 0 ? NULL : wrong(reader, key, "must be the name of a slot or component");
}

/* What only people and the module care about. */
static void take_facts(cdist_offer_t *offer, const json_t *object)
{
    const char *source = json_string_value(json_object_get(object, "source"));
    int kind;

    offer->source = CDIST_SOURCE_READY;
    for (kind = CDIST_SOURCE_READY; source && kind <= CDIST_SOURCE_INSTALLED; kind++) {
        if (strcmp(source, cdist_source_kind_name((cdist_source_kind_t)kind)) == 0) offer->source = (cdist_source_kind_t)kind;
    }
    offer->installable = !json_is_false(json_object_get(object, "installable"));
    offer->files = (int)(json_integer_value(json_object_get(object, "files")) & 0xFFFFFFF);
    offer->content_bytes = (apr_uint64_t)json_integer_value(json_object_get(object, "bytes"));
}

static cdist_err_t *take_offer(cdist_listed_t *listed, const reader_t *reader, const json_t *object)
{
    const char *name, *file, *url;
    cdist_offer_t offer;

    memset(&offer, 0, sizeof offer);
    CDIST_ERR(take_text(&name, reader, object, "slot"));
    CDIST_ERR(take_text(&file, reader, object, "file"));
    CDIST_ERR(take_text(&url, reader, object, "url"));
    CDIST_ERR(take_slot_name(&offer.slot, reader, name, "slot"));
    if (strcmp(file, offer.slot->file) != 0) return wrong(reader, "file", "is not that of the slot");
    if (!cdist_index_url_is_plain(url)) return wrong(reader, "url", "must be a plain path below the index");
    offer.url = apr_pstrdup(reader->pool, url);
    if (has_slot(listed->offers, offer.slot)) return wrong(reader, "slot", "stands there twice");
    if (json_is_false(json_object_get(object, "built"))) {
        APR_ARRAY_PUSH(listed->unbuilt, const cdist_slot_t *) = offer.slot;
        return NULL;
    }
    CDIST_ERR(take_number(&offer.bytes, reader, object, "archive_bytes", 22, MAX_ARCHIVE_BYTES));
    CDIST_ERR(take_digest(&offer.sha256, reader, object, "sha256"));
    if (json_object_get(object, "manifest_sha256")) {
        CDIST_ERR(take_digest(&offer.manifest_sha256, reader, object, "manifest_sha256"));
        CDIST_ERR(take_number(&offer.manifest_bytes, reader, object, "manifest_bytes", 1, CDIST_MANIFEST_MAX));
    }
    take_facts(&offer, object);
    APR_ARRAY_PUSH(listed->offers, cdist_offer_t) = offer;
    return NULL;
}

/* ---- releases ------------------------------------------------------------------------------------------------------ */

static cdist_err_t *take_required(cdist_listed_t *listed, const reader_t *reader, const json_t *object)
{
    const json_t *names;
    size_t i;

    CDIST_ERR(take_array(&names, reader, object, "required", MAX_SLOTS));
    for (i = 0; i < json_array_size(names); i++) {
        const char *name = json_string_value(json_array_get(names, i));

        CDIST_ERR(take_slot_name(apr_array_push(listed->required), reader, name ? name : "", "required"));
    }
    return NULL;
}

static cdist_err_t *take_release(cdist_index_t *index, const reader_t *reader, const json_t *object)
{
    cdist_listed_t *listed = apr_array_push(index->releases);
    const char *version;
    const json_t *slots;
    size_t i;

    memset(listed, 0, sizeof *listed);
    listed->required = apr_array_make(reader->pool, 2, sizeof(const cdist_slot_t *));
    listed->offers = apr_array_make(reader->pool, 4, sizeof(cdist_offer_t));
    listed->unbuilt = apr_array_make(reader->pool, 2, sizeof(const cdist_slot_t *));
    CDIST_ERR(take_text(&version, reader, object, "version"));
    if (!cdist_version_parse(&listed->version, version) || strchr(version, '_')) {
        return wrong(reader, "version", "must be four numbers such as 8.3.22.1750");
    }
    listed->complete = json_is_true(json_object_get(object, "complete"));
    CDIST_ERR(take_required(listed, reader, object));
    CDIST_ERR(take_array(&slots, reader, object, "slots", MAX_SLOTS));
    for (i = 0; i < json_array_size(slots); i++) CDIST_ERR(take_offer(listed, reader, json_array_get(slots, i)));
    return NULL;
}

static cdist_err_t *take_releases(cdist_index_t *index, const reader_t *reader, const json_t *root)
{
    reader_t inner = *reader;
    const json_t *releases;
    size_t i;

    CDIST_ERR(take_array(&releases, reader, root, "releases", MAX_RELEASES));
    if (!releases) return wrong(reader, "releases", "is missing");
    for (i = 0; i < json_array_size(releases); i++) {
        const cdist_listed_t *listed;

        inner.where = apr_psprintf(reader->pool, "releases[%d]", (int)i);
        CDIST_ERR(take_release(index, &inner, json_array_get(releases, i)));
        listed = &APR_ARRAY_IDX(index->releases, i, cdist_listed_t);
        /* NB: so that no version stands there twice. */
        if (i && cdist_version_compare(&(listed - 1)->version, &listed->version) <= 0) {
            return wrong(&inner, "version", "must be older than the one before");
        }
    }
    return NULL;
}

/* ---- configuration updates --------------------------------------------------------------------------------------------- */

static cdist_err_t *take_update(cdist_index_t *index, const reader_t *reader, const json_t *object)
{
    cdist_update_offer_t offer;
    const char *path, *url, *problem;

    CDIST_ERR(take_text(&path, reader, object, "path"));
    CDIST_ERR(take_text(&url, reader, object, "url"));
    CDIST_ERR(take_number(&offer.bytes, reader, object, "bytes", 0, MAX_ARCHIVE_BYTES));
    CDIST_ERR(take_digest(&offer.sha256, reader, object, "sha256"));
    if ((problem = cdist_update_path_problem(path)) != NULL) return wrong(reader, "path", problem);
    if (!cdist_index_url_is_plain(url)) return wrong(reader, "url", "must be a plain path below the index");
    offer.path = apr_pstrdup(reader->pool, path);
    offer.url = apr_pstrdup(reader->pool, url);
    APR_ARRAY_PUSH(index->updates, cdist_update_offer_t) = offer;
    return NULL;
}

static cdist_err_t *take_updates(cdist_index_t *index, const reader_t *reader, const json_t *root)
{
    reader_t inner = *reader;
    const cdist_update_offer_t *clash;
    const json_t *updates;
    size_t i;

    CDIST_ERR(take_array(&updates, reader, root, CDIST_UPDATES_NAME, CDIST_UPDATES_MAX));
    for (i = 0; i < json_array_size(updates); i++) {
        const cdist_update_offer_t *offer;

        inner.where = apr_psprintf(reader->pool, CDIST_UPDATES_NAME "[%d]", (int)i);
        CDIST_ERR(take_update(index, &inner, json_array_get(updates, i)));
        offer = &APR_ARRAY_IDX(index->updates, i, cdist_update_offer_t);
        /* NB: so that no file stands there twice. */
        if (i && strcmp((offer - 1)->path, offer->path) >= 0) return wrong(&inner, "path", "must come behind the one before");
    }
    clash = cdist_update_offers_clash(index->updates, reader->pool);
    if (!clash) return NULL;
    inner.where = apr_psprintf(reader->pool, CDIST_UPDATES_NAME "[%d]",
                               (int)(clash - &APR_ARRAY_IDX(index->updates, 0, cdist_update_offer_t)));
    return wrong(&inner, "path", "lies below a file");
}

/* ---- all of it --------------------------------------------------------------------------------------------------------- */

static cdist_err_t *take_root(cdist_index_t *index, const reader_t *reader, const json_t *root)
{
    const char *current = json_string_value(json_object_get(root, "current"));
    apr_uint64_t format;

    CDIST_ERR(take_number(&format, reader, root, "format", INDEX_FORMAT, INDEX_FORMAT));
    if (json_object_get(root, "counter")) {
        CDIST_ERR(take_number(&index->counter, reader, root, "counter", 1, CDIST_COUNTER_MAX));
        CDIST_ERR(take_time(&index->created, reader, root, "created"));
        CDIST_ERR(take_time(&index->expires, reader, root, "expires"));
        if (!index->created || index->expires <= index->created) {
            return wrong(reader, "expires", "must be there with \"created\", and be later");
        }
    }
    if (current && !cdist_mask_parse(&index->current, current)) return wrong(reader, "current", "must be " CDIST_MASK_FORM);
    CDIST_ERR(take_releases(index, reader, root));
    return take_updates(index, reader, root);
}

cdist_err_t *cdist_index_parse(cdist_index_t **index, const char *bytes, apr_size_t length, const char *name, apr_pool_t *pool)
{
    reader_t reader = {name, "", pool};
    cdist_index_t *parsed = apr_pcalloc(pool, sizeof *parsed);
    json_error_t error;
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    cdist_err_t *err;

    if (!root) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: line %d: is no JSON: %s", cdist_text_printable(name, pool),
                                error.line, cdist_text_printable(error.text, pool));
    }
    parsed->releases = apr_array_make(pool, 16, sizeof(cdist_listed_t));
    parsed->updates = apr_array_make(pool, 16, sizeof(cdist_update_offer_t));
    err = take_root(parsed, &reader, root);
    json_decref(root);
    if (!err) *index = parsed;
    return err;
}
