/* Which keys a root believes. The administrator says so with --key: a public key, or a list of them. From then on a list that
 * is signed by one of them, and by each of its own, may take its place: .1cdist/keys.json, the first line of which tells what
 * --key was when that happened, so that another --key is obeyed. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

#define PIN_FILE_MAX 32768
#define LIST_NAME "keys.json"

/* A digest of what --key holds. */
static const char *origin_of(const cdist_key_list_t *list, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;
    int i;

    cdist_sha256_update_u64(sha, list->counter);
    for (i = 0; i < list->keys->nelts; i++) {
        cdist_sha256_update(sha, APR_ARRAY_IDX(list->keys, i, cdist_public_key_t).byte, CDIST_PUBLIC_KEY_BYTES);
    }
    cdist_sha256_final(&digest, sha);
    return cdist_digest_hex(&digest, pool);
}

cdist_err_t *cdist_trust_read(cdist_key_list_t **list, const cdist_sync_options_t *options, apr_pool_t *pool)
{
    const char *path = cdist_place(options->root, LIST_NAME, pool), *origin;
    apr_size_t length;
    cdist_err_t *err;
    char *bytes;

    *list = NULL;
    if (!options->key) return NULL;
    CDIST_ERR(cdist_key_list_read(list, options->key, pool));
    origin = origin_of(*list, pool);
    err = cdist_file_read(&bytes, &length, path, PIN_FILE_MAX, pool);
    if (err) return err->code == CDIST_E_NOTFOUND ? NULL : err;
    if (length <= strlen(origin) || strncmp(bytes, origin, strlen(origin)) != 0 || bytes[strlen(origin)] != '\n') return NULL;
    bytes += strlen(origin) + 1;
    return cdist_key_list_parse(list, bytes, length - strlen(origin) - 1, path, pool);
}

static cdist_err_t *pin(const char *bytes, const cdist_sync_options_t *options, apr_pool_t *pool)
{
    cdist_key_list_t *given;
    const char *text;

    CDIST_ERR(cdist_key_list_read(&given, options->key, pool));
    text = apr_pstrcat(pool, origin_of(given, pool), "\n", bytes, NULL);
    return cdist_file_publish(cdist_place(options->root, LIST_NAME, pool), text, strlen(text), pool);
}

static void say(const cdist_sync_options_t *options, const char *url, const char *what, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, cdist_text_printable(url, pool), ": ", what, NULL);

    if (options->note) options->note(options->baton, text);
}

/* Whether a list took the place of what --key holds: it is always a newer one. */
static int is_remembered(const cdist_key_list_t *list, const cdist_sync_options_t *options, apr_pool_t *pool)
{
    cdist_key_list_t *given;

    return cdist_key_list_read(&given, options->key, pool) || given->counter < list->counter;
}

/* The source's key list; a status other than 200 if it has none. NB: hosts of files answer 401 or 403 for what is not there,
 * lest somebody find out names. Where a list was had before, that is no answer. */
static cdist_err_t *fetch_list(cdist_document_t *document, cdist_fetcher_t *fetcher, const char *url,
                               const cdist_key_list_t *list, const cdist_sync_options_t *options, apr_pool_t *pool)
{
    cdist_err_t *err = cdist_fetch_document(document, fetcher, url, CDIST_SIGNATURE_FILE_MAX, NULL, pool);

    if (!err || (document->status != 401 && document->status != 403) || is_remembered(list, options, pool)) return err;
    say(options, url,
        apr_psprintf(pool, "the server answers with status %d, which is taken for \"there is none\"", document->status), pool);
    return NULL;
}

/* NB: a list that makes no sense changes nothing: whoever could put it there could also have put none there. */
cdist_err_t *cdist_trust_renew(int *moved, cdist_key_list_t **list, cdist_fetcher_t *fetcher, const char *base,
                               const cdist_sync_options_t *options, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, base, "/" LIST_NAME, NULL), *problem;
    cdist_document_t document, signatures;
    cdist_key_list_t *next;

    *moved = 0;
    CDIST_ERR(fetch_list(&document, fetcher, url, *list, options, pool));
    if (document.status != 200) return NULL;
    if (cdist_key_list_parse(&next, document.bytes, document.length, url, pool)) {
        say(options, url, "is no key list, and is passed over", pool);
        return NULL;
    }
    if (next->counter <= (*list)->counter) return NULL;
    CDIST_ERR(cdist_fetch_document(&signatures, fetcher, apr_pstrcat(pool, url, CDIST_SIGNATURE_SUFFIX, NULL),
                                   CDIST_SIGNATURE_FILE_MAX, NULL, pool));
    problem = cdist_key_list_problem(next, *list, signatures.bytes, signatures.length, document.bytes, document.length, pool);
    if (problem) {
        say(options, url, apr_pstrcat(pool, "the key list ", problem, ", and is passed over", NULL), pool);
        return NULL;
    }
    if (!options->check) CDIST_ERR(pin(document.bytes, options, pool));
    say(options, url, "the keys were renewed; from now on this list is believed", pool);
    *list = next;
    *moved = 1;
    return NULL;
}

static int has_key_of_id(const cdist_key_list_t *list, const char *id, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < list->keys->nelts; i++) {
        if (strcmp(cdist_public_key_id(&APR_ARRAY_IDX(list->keys, i, cdist_public_key_t), pool), id) == 0) return 1;
    }
    return 0;
}

static int has_key_of_list(const cdist_key_list_t *list, const cdist_key_list_t *other)
{
    int i;

    for (i = 0; i < other->keys->nelts; i++) {
        if (cdist_key_list_has(list, &APR_ARRAY_IDX(other->keys, i, cdist_public_key_t))) return 1;
    }
    return 0;
}

/* Whether one of these keys has signed the index that is kept. */
static int signed_kept(const cdist_key_list_t *list, const char *root, apr_pool_t *pool)
{
    const char *path = cdist_place(root, "index.json", pool);
    apr_size_t length, signatures_length;
    char *bytes, *signatures;

    return !cdist_file_read(&bytes, &length, path, CDIST_INDEX_MAX, pool) &&
           !cdist_file_read(&signatures, &signatures_length, apr_pstrcat(pool, path, CDIST_SIGNATURE_SUFFIX, NULL),
                            CDIST_SIGNATURE_FILE_MAX, pool) &&
           cdist_signature_find(signatures, signatures_length, list, bytes, length, pool);
}

/* NB: with a key that stays, indexes stay that were signed before, and are not expired yet. */
int cdist_trust_starts_anew(const cdist_key_list_t *list, const cdist_key_list_t *before, const cdist_sync_state_t *state,
                            const char *root, apr_pool_t *scratch_pool)
{
    if (state->key ? has_key_of_id(list, state->key, scratch_pool) : has_key_of_list(list, before)) return 0;
    return !signed_kept(list, root, scratch_pool);
}
