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

/* NB: a list that makes no sense changes nothing: whoever could put it there could also have put none there. */
cdist_err_t *cdist_trust_renew(int *moved, cdist_key_list_t **list, cdist_fetcher_t *fetcher, const char *base,
                               const cdist_sync_options_t *options, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, base, "/" LIST_NAME, NULL), *problem;
    cdist_document_t document, signatures;
    cdist_key_list_t *next;

    *moved = 0;
    CDIST_ERR(cdist_fetch_document(&document, fetcher, url, CDIST_SIGNATURE_FILE_MAX, NULL, pool));
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
