/* The index of one source: fetched, if it changed, and believed only after its signature, its counter and its expiry were
 * looked at. What is believed is kept, so that an unchanged index costs one request; what is kept is looked at in the same
 * way once more. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

#define INDEX_NAME "index.json"
/* The most that a counter may grow at once: a thief of the key must not be able to use it up. */
#define COUNTER_STEP_MAX 1000000
/* How far a source's clock may be ahead of ours. */
#define CLOCK_TOLERANCE apr_time_from_sec(86400)
#define TRIES 2

typedef struct {
    cdist_upstream_t *upstream;
    const char *index_url;
    const char *bytes, *signatures; /* signatures "" without --key */
    apr_size_t length, signatures_length;
    const char *etag;
    cdist_digest_t digest;          /* of `bytes` */
    cdist_fetcher_t *fetcher;
    cdist_sync_state_t *state;
    const cdist_sync_options_t *options;
    cdist_key_list_t *trusted; /* NULL without --key */
    int moved;                 /* the keys were renewed */
    int anew;                  /* and the counter starts anew with them */
    apr_pool_t *pool;
} look_t;

static cdist_err_t *about(const look_t *look, cdist_code_t code, const char *what)
{
    return cdist_err_create(look->pool, code, 0, "%s: %s", cdist_text_printable(look->index_url, look->pool), what);
}

static void say(const look_t *look, const char *text)
{
    if (look->options->note) look->options->note(look->options->baton, text);
}

/* ---- addresses ----------------------------------------------------------------------------------------------------- */

const char *cdist_sync_source_problem(const char *url)
{
    const char *host = strstr(url, "://"), *end;

    if (strncasecmp(url, "http://", 7) != 0 && strncasecmp(url, "https://", 8) != 0) {
        return "must begin with http:// or https://";
    }
    host += 3;
    end = host + strcspn(host, "/?#");
    if (end == host) return "names no server";
    if (memchr(host, '@', (size_t)(end - host))) return "must not hold a password: it would be seen by others; see --user-file";
    if (strpbrk(end, "?#")) return "must be that of a folder, or of the index in it, without a query";
    return strlen(url) > 2000 ? "is too long" : NULL;
}

static int names_index(const char *url)
{
    apr_size_t length = strlen(url);

    return length > 5 && strcasecmp(url + length - 5, ".json") == 0;
}

const char *cdist_upstream_base(const char *url, apr_pool_t *pool)
{
    char *base = apr_pstrdup(pool, url);
    apr_size_t length = strlen(base);

    if (names_index(url)) *strrchr(base, '/') = '\0';
    else while (length > 0 && base[length - 1] == '/') base[--length] = '\0';
    return base;
}

static void take_url(look_t *look, const char *url)
{
    look->upstream->url = url;
    look->upstream->base = cdist_upstream_base(url, look->pool);
    look->index_url = names_index(url) ? url : apr_pstrcat(look->pool, look->upstream->base, "/" INDEX_NAME, NULL);
}

/* ---- what is kept --------------------------------------------------------------------------------------------------- */

static void take_bytes(look_t *look, const char *bytes, apr_size_t length)
{
    cdist_sha256_t *sha = cdist_sha256_create(look->pool);

    look->bytes = bytes;
    look->length = length;
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&look->digest, sha);
}

/* Reads the index that is kept. By which ETag this source knows it; NULL if it does not, or if none is kept. */
static const char *read_kept(look_t *look)
{
    const char *path = cdist_place(look->options->root, INDEX_NAME, look->pool);
    char *bytes, *signatures = "";
    apr_size_t length;

    look->signatures_length = 0;
    if (cdist_file_read(&bytes, &length, path, CDIST_INDEX_MAX, look->pool)) return NULL;
    if (look->trusted &&
        cdist_file_read(&signatures, &look->signatures_length, apr_pstrcat(look->pool, path, CDIST_SIGNATURE_SUFFIX, NULL),
                        CDIST_SIGNATURE_FILE_MAX, look->pool)) {
        return NULL;
    }
    take_bytes(look, bytes, length);
    look->signatures = signatures;
    return cdist_sync_state_etag(look->state, look->index_url, &look->digest);
}

/* NB: signatures last, as they would be without meaning for another index; and the state after both. */
static cdist_err_t *keep(look_t *look)
{
    const char *path = cdist_place(look->options->root, INDEX_NAME, look->pool);

    CDIST_ERR(cdist_file_publish(path, look->bytes, look->length, look->pool));
    if (!look->trusted) return NULL;
    return cdist_file_publish(apr_pstrcat(look->pool, path, CDIST_SIGNATURE_SUFFIX, NULL), look->signatures,
                              look->signatures_length, look->pool);
}

/* ---- signatures ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *fetch_signatures(look_t *look)
{
    const char *url = apr_pstrcat(look->pool, look->index_url, CDIST_SIGNATURE_SUFFIX, NULL);
    cdist_document_t document;

    look->signatures = "";
    look->signatures_length = 0;
    if (!look->trusted) return NULL;
    CDIST_ERR(cdist_fetch_document(&document, look->fetcher, url, CDIST_SIGNATURE_FILE_MAX, NULL, look->pool));
    if (document.status != 200) {
        return about(look, CDIST_E_CORRUPT, "is not signed: there is no " INDEX_NAME CDIST_SIGNATURE_SUFFIX);
    }
    look->signatures = document.bytes;
    look->signatures_length = document.length;
    return NULL;
}

/* 1 if the index may be believed; without --key it is. */
static int is_signed(look_t *look)
{
    const cdist_public_key_t *key;

    if (!look->trusted) return 1;
    key = cdist_signature_find(look->signatures, look->signatures_length, look->trusted, look->bytes, look->length, look->pool);
    look->upstream->key = key ? cdist_public_key_id(key, look->pool) : NULL;
    return key != NULL;
}

/* ---- counter and expiry ------------------------------------------------------------------------------------------------ */

/* That the administrator let something old be taken. */
static void write_down(look_t *look, const char *what)
{
    apr_pool_t *pool = look->pool;

    APR_ARRAY_PUSH(look->state->rollbacks, const char *) =
        apr_pstrcat(pool, cdist_time_format(apr_time_now(), pool), ": ", what, ": ",
                    cdist_text_printable(look->options->rollback_reason, pool), NULL);
}

static cdist_err_t *check_counter(look_t *look)
{
    apr_uint64_t counter = look->upstream->index->counter, before = look->anew ? 0 : look->state->counter;
    apr_pool_t *pool = look->pool;

    if (before && counter > before + COUNTER_STEP_MAX) {
        return about(look, CDIST_E_CORRUPT,
                     apr_psprintf(pool,
                                  "its counter jumped from %" APR_UINT64_T_FMT " to %" APR_UINT64_T_FMT
                                  "; a new key is the cure (docs/mirror.md)",
                                  before, counter));
    }
    if (counter >= before) return NULL;
    if (!look->options->rollback_reason) {
        return about(look, CDIST_E_CHANGED, apr_psprintf(pool, "is older than what was seen before: counter %" APR_UINT64_T_FMT
                                                         " after %" APR_UINT64_T_FMT "; if that is meant: --allow-rollback REASON",
                                                         counter, before));
    }
    write_down(look, apr_psprintf(pool, "counter %" APR_UINT64_T_FMT " after %" APR_UINT64_T_FMT, counter, before));
    return NULL;
}

/* NB: time that is known to have passed counts, wherever our own clock was set to since. */
static cdist_err_t *check_time(look_t *look)
{
    const cdist_index_t *index = look->upstream->index;
    apr_time_t now = apr_time_now(), passed = look->state->newest;
    apr_pool_t *pool = look->pool;

    /* NB: an index of the future would make all that are made until then look old. */
    if (index->created > now + CLOCK_TOLERANCE) {
        return about(look, CDIST_E_CHANGED,
                     apr_psprintf(pool,
                                  "was made at %s, which is more than a day ahead of this machine's clock (%s): set the "
                                  "clock of this machine, or of the centre, which then publishes again",
                                  cdist_time_format(index->created, pool), cdist_time_format(now, pool)));
    }
    if (passed > now && look->options->rollback_reason) {
        write_down(look, apr_pstrcat(pool, "did not believe that ", cdist_time_format(passed, pool), " has passed", NULL));
        passed = look->state->newest = 0;
    } else if (passed > now + CLOCK_TOLERANCE) {
        say(look, apr_psprintf(pool, "this machine's clock was set back: %s has passed already; if the clock is right: "
                                     "--allow-rollback REASON", cdist_time_format(passed, pool)));
    }
    if (passed < now) passed = now;
    if (!index->expires || index->expires > passed) return NULL;
    return about(look, CDIST_E_CHANGED,
                 apr_psprintf(pool,
                              "expired at %s: the centre does not publish any more, or somebody keeps "
                              "its newer index back; what is here goes on being served",
                              cdist_time_format(index->expires, pool)));
}

static void learn(look_t *look)
{
    const cdist_index_t *index = look->upstream->index;
    apr_time_t now = apr_time_now(), passed = index->created < now ? index->created : now;

    look->state->counter = index->counter;
    look->state->key = look->upstream->key;
    if (look->state->newest < passed) look->state->newest = passed;
    look->state->from = look->upstream->url;
    cdist_sync_state_tag(look->state, look->index_url, look->etag, &look->digest, look->pool);
    look->state->current = index->current.count ? cdist_version_format(&index->current, look->pool) : NULL;
}

/* ---- the index --------------------------------------------------------------------------------------------------------- */

/* Gets index and signatures, in this order: a signature file vouches for the index before it too. */
static cdist_err_t *fetch(look_t *look)
{
    const char *known = read_kept(look);
    cdist_document_t document;

    CDIST_ERR(cdist_fetch_document(&document, look->fetcher, look->index_url, CDIST_INDEX_MAX, known, look->pool));
    look->upstream->unchanged = document.status == 304;
    if (look->upstream->unchanged) {
        look->etag = known;
        return NULL;
    }
    if (document.status != 200) return about(look, CDIST_E_SOURCE, "is not there; is it the address of a publication?");
    take_bytes(look, document.bytes, document.length);
    look->etag = document.etag;
    return fetch_signatures(look);
}

/* Asks for new keys. NB: where the counter starts anew with them, it does also if no index that they signed can be had this
 * time. */
static cdist_err_t *renew_trust(look_t *look)
{
    const cdist_key_list_t *before = look->trusted;

    CDIST_ERR(cdist_trust_renew(&look->moved, &look->trusted, look->fetcher, look->upstream->base, look->options, look->pool));
    if (!look->moved) return NULL;
    look->anew = cdist_trust_starts_anew(look->trusted, before, look->state, look->options->root, look->pool);
    if (!look->anew || look->options->check) return NULL;
    look->state->counter = 0;
    return cdist_sync_state_write(look->state, look->options->root, look->pool);
}

static cdist_err_t *believe(look_t *look)
{
    cdist_err_t *err = NULL;
    int i;

    for (i = 0; i < TRIES; i++) {
        CDIST_ERR(fetch(look));
        /* NB: a key that was renounced must not be believed just because its signatures still fit. */
        if (look->trusted && !look->upstream->unchanged && !look->moved) CDIST_ERR(renew_trust(look));
        if (is_signed(look)) return NULL;
        cdist_sync_state_tag(look->state, look->index_url, NULL, NULL, look->pool); /* what is kept is of no use */
        err = about(look, CDIST_E_CORRUPT, "has no valid signature of a key that is believed");
    }
    return err;
}

cdist_err_t *cdist_upstream_index(cdist_upstream_t **upstream, const char *url, cdist_fetcher_t *fetcher,
                                  cdist_sync_state_t *state, const cdist_sync_options_t *options, apr_pool_t *pool)
{
    cdist_upstream_t *found = apr_pcalloc(pool, sizeof *found);
    look_t look = {found, NULL, NULL, "", 0, 0, NULL, {{0}}, fetcher, state, options, NULL, 0, 0, pool};
    cdist_err_t *err;

    take_url(&look, url);
    CDIST_ERR(cdist_trust_read(&look.trusted, options, pool));
    CDIST_ERR(believe(&look));
    err = cdist_index_parse(&found->index, look.bytes, look.length, look.index_url, pool);
    if (err) {
        err->code = CDIST_E_CORRUPT;
        return err;
    }
    CDIST_ERR(check_counter(&look));
    CDIST_ERR(check_time(&look));
    *upstream = found;
    if (options->check) return NULL;
    if (!found->unchanged) CDIST_ERR(keep(&look));
    learn(&look);
    return cdist_sync_state_write(state, options->root, pool);
}
