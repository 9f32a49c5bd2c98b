/* What a root remembers of its sources, between one sync and the next:
 *   {"format":1,"counter":7,"key":"0123456789abcdef","newest":"2026-11-21T18:00:00Z","from":"https://…",
 *    "etags":[{"url":"https://…","etag":"\"…\"","index":"<SHA-256>"}],"last_sync":"…","error":"…","current":"8.3.22.1750",
 *    "liars":[{"url":"…","what":"…","when":"…"}],"rollbacks":["…"]}
 * It is for people and for reports too. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define STATE_FORMAT 1
#define STATE_FILE_MAX (1024 * 1024)
#define ROLLBACKS_MAX 50
#define ETAGS_MAX 20
/* How long what somebody said is held against him. */
#define LIE_MAX_AGE apr_time_from_sec(7 * 86400)

static const char *text_of(const json_t *object, const char *key, apr_pool_t *pool)
{
    return apr_pstrdup(pool, json_string_value(json_object_get(object, key)));
}

static apr_time_t time_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    apr_time_t when;

    return text && cdist_time_parse(&when, text) ? when : 0;
}

static void take_liars(cdist_sync_state_t *state, const json_t *liars, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < json_array_size(liars); i++) {
        const json_t *object = json_array_get(liars, i);
        cdist_liar_t liar = {text_of(object, "url", pool), text_of(object, "what", pool), time_of(object, "when")};

        if (liar.url && liar.what && apr_time_now() - liar.when < LIE_MAX_AGE) {
            APR_ARRAY_PUSH(state->liars, cdist_liar_t) = liar;
        }
    }
}

static void take_etags(cdist_sync_state_t *state, const json_t *etags, apr_pool_t *pool)
{
    size_t i;

    for (i = 0; i < json_array_size(etags) && i < ETAGS_MAX; i++) {
        const json_t *object = json_array_get(etags, i);
        const char *index = json_string_value(json_object_get(object, "index"));
        cdist_index_tag_t tag = {text_of(object, "url", pool), text_of(object, "etag", pool), {{0}}};

        if (tag.url && tag.etag && index && cdist_digest_parse(&tag.index, index)) {
            APR_ARRAY_PUSH(state->etags, cdist_index_tag_t) = tag;
        }
    }
}

static int take(cdist_sync_state_t *state, const json_t *root, apr_pool_t *pool)
{
    const json_t *counter = json_object_get(root, "counter"), *rollbacks = json_object_get(root, "rollbacks");
    size_t i;

    if (json_integer_value(json_object_get(root, "format")) != STATE_FORMAT || !json_is_integer(counter)) return 0;
    if (json_integer_value(counter) < 0 || json_integer_value(counter) > CDIST_COUNTER_MAX) return 0;
    state->counter = (apr_uint64_t)json_integer_value(counter);
    state->newest = time_of(root, "newest");
    state->last_sync = time_of(root, "last_sync");
    state->from = text_of(root, "from", pool);
    state->key = text_of(root, "key", pool);
    state->error = text_of(root, "error", pool);
    state->current = text_of(root, "current", pool);
    take_etags(state, json_object_get(root, "etags"), pool);
    take_liars(state, json_object_get(root, "liars"), pool);
    for (i = 0; i < json_array_size(rollbacks); i++) {
        const char *text = json_string_value(json_array_get(rollbacks, i));
        if (text) APR_ARRAY_PUSH(state->rollbacks, const char *) = apr_pstrdup(pool, text);
    }
    return 1;
}

cdist_err_t *cdist_sync_state_read(cdist_sync_state_t **state, const char *root, apr_pool_t *pool)
{
    const char *path = cdist_place(root, "state.json", pool);
    cdist_sync_state_t *read = apr_pcalloc(pool, sizeof *read);
    apr_size_t length;
    char *bytes;
    cdist_err_t *err = cdist_file_read(&bytes, &length, path, STATE_FILE_MAX, pool);
    json_t *json;
    int good;

    read->etags = apr_array_make(pool, 2, sizeof(cdist_index_tag_t));
    read->liars = apr_array_make(pool, 2, sizeof(cdist_liar_t));
    read->rollbacks = apr_array_make(pool, 2, sizeof(const char *));
    *state = read;
    if (err) return err->code == CDIST_E_NOTFOUND ? NULL : err;
    json = json_loadb(bytes, length, 0, NULL);
    good = json && take(read, json, pool);
    json_decref(json);
    if (good) return NULL;
    return cdist_err_create(pool, CDIST_E_INPUT, 0,
                            "%s: is damaged; without it nobody knows which index is too old: look whether "
                            "the source can be trusted, then remove the file",
                            cdist_text_printable(path, pool));
}

static void set_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, text ? json_string(text) : json_null());
}

static void set_time(json_t *object, const char *key, apr_time_t when, apr_pool_t *pool)
{
    set_text(object, key, when ? cdist_time_format(when, pool) : NULL);
}

static json_t *etags_array(const cdist_sync_state_t *state, apr_pool_t *pool)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < state->etags->nelts && i < ETAGS_MAX; i++) {
        const cdist_index_tag_t *tag = &APR_ARRAY_IDX(state->etags, i, cdist_index_tag_t);
        json_t *object = json_object();

        set_text(object, "url", tag->url);
        set_text(object, "etag", tag->etag);
        set_text(object, "index", cdist_digest_hex(&tag->index, pool));
        json_array_append_new(array, object);
    }
    return array;
}

static json_t *liars_array(const cdist_sync_state_t *state, apr_pool_t *pool)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < state->liars->nelts; i++) {
        const cdist_liar_t *liar = &APR_ARRAY_IDX(state->liars, i, cdist_liar_t);
        json_t *object = json_object();

        set_text(object, "url", liar->url);
        set_text(object, "what", liar->what);
        set_time(object, "when", liar->when, pool);
        json_array_append_new(array, object);
    }
    return array;
}

cdist_err_t *cdist_sync_state_write(const cdist_sync_state_t *state, const char *root, apr_pool_t *pool)
{
    json_t *json = json_object(), *rollbacks = json_array();
    int i = state->rollbacks->nelts > ROLLBACKS_MAX ? state->rollbacks->nelts - ROLLBACKS_MAX : 0;
    cdist_err_t *err;
    char *dumped;

    for (; i < state->rollbacks->nelts; i++) {
        json_array_append_new(rollbacks, json_string(APR_ARRAY_IDX(state->rollbacks, i, const char *)));
    }
    json_object_set_new(json, "format", json_integer(STATE_FORMAT));
    json_object_set_new(json, "counter", json_integer((json_int_t)state->counter));
    set_text(json, "key", state->key);
    set_time(json, "newest", state->newest, pool);
    set_text(json, "from", state->from);
    json_object_set_new(json, "etags", etags_array(state, pool));
    set_time(json, "last_sync", state->last_sync, pool);
    set_text(json, "error", state->error);
    set_text(json, "current", state->current);
    json_object_set_new(json, "liars", liars_array(state, pool));
    json_object_set_new(json, "rollbacks", rollbacks);
    dumped = json_dumps(json, JSON_INDENT(1));
    json_decref(json);
    if (!dumped) abort(); /* out of memory, as APR's pools do */
    err = cdist_file_publish(cdist_place(root, "state.json", pool), dumped, strlen(dumped), pool);
    free(dumped);
    return err;
}

const char *cdist_sync_state_etag(const cdist_sync_state_t *state, const char *url, const cdist_digest_t *index)
{
    int i;

    for (i = 0; i < state->etags->nelts; i++) {
        const cdist_index_tag_t *tag = &APR_ARRAY_IDX(state->etags, i, cdist_index_tag_t);
        if (strcmp(tag->url, url) == 0) return cdist_digest_equal(&tag->index, index) ? tag->etag : NULL;
    }
    return NULL;
}

/* NB: the latest one stands first, so that those which are asked no more are forgotten. */
void cdist_sync_state_tag(cdist_sync_state_t *state, const char *url, const char *etag, const cdist_digest_t *index,
                          apr_pool_t *pool)
{
    apr_array_header_t *tags = apr_array_make(pool, state->etags->nelts + 1, sizeof(cdist_index_tag_t));
    int i;

    if (etag) {
        cdist_index_tag_t tag = {apr_pstrdup(pool, url), apr_pstrdup(pool, etag), *index};
        APR_ARRAY_PUSH(tags, cdist_index_tag_t) = tag;
    }
    for (i = 0; i < state->etags->nelts; i++) {
        const cdist_index_tag_t *tag = &APR_ARRAY_IDX(state->etags, i, cdist_index_tag_t);
        if (strcmp(tag->url, url) != 0) APR_ARRAY_PUSH(tags, cdist_index_tag_t) = *tag;
    }
    state->etags = tags;
}

const cdist_liar_t *cdist_sync_state_liar(const cdist_sync_state_t *state, const char *url)
{
    int i;

    for (i = 0; i < state->liars->nelts; i++) {
        const cdist_liar_t *liar = &APR_ARRAY_IDX(state->liars, i, cdist_liar_t);
        if (strcmp(liar->url, url) == 0) return liar;
    }
    return NULL;
}

void cdist_sync_state_accuse(cdist_sync_state_t *state, const char *url, const char *what, apr_pool_t *pool)
{
    apr_array_header_t *others = apr_array_make(pool, state->liars->nelts + 1, sizeof(cdist_liar_t));
    int i;

    for (i = 0; i < state->liars->nelts; i++) {
        const cdist_liar_t *liar = &APR_ARRAY_IDX(state->liars, i, cdist_liar_t);
        if (strcmp(liar->url, url) != 0) APR_ARRAY_PUSH(others, cdist_liar_t) = *liar;
    }
    if (what) {
        cdist_liar_t liar = {apr_pstrdup(pool, url), apr_pstrdup(pool, what), apr_time_now()};
        APR_ARRAY_PUSH(others, cdist_liar_t) = liar;
    }
    state->liars = others;
}
