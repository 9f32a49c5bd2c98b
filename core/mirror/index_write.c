/* index.json, written: with the keys of the module's live catalogue, and what makes it a publication. */
#include "mirror_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define INDEX_FORMAT 1

/* ---- times --------------------------------------------------------------------------------------------------------- */

#define TIME_FORM "dddd-dd-ddTdd:dd:ddZ"

const char *cdist_time_format(apr_time_t when, apr_pool_t *pool)
{
    apr_time_exp_t parts;

    if (apr_time_exp_gmt(&parts, when) != APR_SUCCESS) return "";
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02dZ", parts.tm_year + 1900, parts.tm_mon + 1, parts.tm_mday,
                        parts.tm_hour, parts.tm_min, parts.tm_sec);
}

int cdist_time_parse(apr_time_t *when, const char *text)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    apr_time_exp_t parts;
    int year, leap;
    size_t i;

    if (strlen(text) != strlen(TIME_FORM)) return 0;
    for (i = 0; i < strlen(TIME_FORM); i++) {
        if (TIME_FORM[i] == 'd' ? !apr_isdigit(text[i]) : text[i] != TIME_FORM[i]) return 0;
    }
    memset(&parts, 0, sizeof parts);
    year = atoi(text);
    parts.tm_year = year - 1900;
    parts.tm_mon = atoi(text + 5) - 1;
    parts.tm_mday = atoi(text + 8);
    parts.tm_hour = atoi(text + 11);
    parts.tm_min = atoi(text + 14);
    parts.tm_sec = atoi(text + 17);
    if (year < 1970 || parts.tm_mon < 0 || parts.tm_mon > 11 || parts.tm_hour > 23 || parts.tm_min > 59 || parts.tm_sec > 59) {
        return 0;
    }
    leap = parts.tm_mon == 1 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (parts.tm_mday < 1 || parts.tm_mday > days[parts.tm_mon] + leap) return 0;
    return apr_time_exp_gmt_get(when, &parts) == APR_SUCCESS;
}

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
