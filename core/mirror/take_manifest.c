/* An archive's manifest, as the source has it: which entries the archive holds, and where. It is kept beside the archive in
 * the making, so that an interrupted sync needs it once. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

static cdist_err_t *lied(const char *url, const char *what, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: %s", cdist_text_printable(url, pool), what);
}

/* Whether these are the bytes that the index tells of; a live catalogue tells of none. */
static int is_told(const cdist_offer_t *offer, const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&digest, sha);
    return !offer->manifest_bytes || (length == offer->manifest_bytes && cdist_digest_equal(&digest, &offer->manifest_sha256));
}

static const char *kept_path(const cdist_taking_t *taking, const cdist_offer_t *offer, apr_pool_t *pool)
{
    return apr_pstrcat(pool, cdist_place(taking->options->root, "partial", pool), "/", cdist_digest_hex(&offer->sha256, pool),
                       ".manifest", NULL);
}

/* NULL in *bytes if the source has none. */
static cdist_err_t *fetch(const char **bytes, apr_size_t *length, const cdist_taking_t *taking, const cdist_offer_t *offer,
                          const char *url, apr_pool_t *pool)
{
    apr_size_t most = offer->manifest_bytes ? (apr_size_t)offer->manifest_bytes : CDIST_MANIFEST_MAX;
    cdist_document_t document;

    CDIST_ERR(cdist_fetch_document(&document, taking->fetcher, url, most, NULL, pool));
    *bytes = document.status == 200 ? document.bytes : NULL;
    *length = document.length;
    if (*bytes && !is_told(offer, *bytes, *length, pool)) return lied(url, "is not the manifest that the index tells of", pool);
    return NULL;
}

cdist_err_t *cdist_take_manifest(cdist_manifest_t **manifest, const cdist_taking_t *taking, const cdist_offer_t *offer,
                                 const char *archive_url, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, archive_url, ".manifest", NULL), *kept = kept_path(taking, offer, pool), *bytes = NULL;
    apr_size_t length = 0;
    char *before;
    cdist_err_t *err;

    *manifest = NULL;
    if (offer->manifest_bytes && !cdist_file_read(&before, &length, kept, CDIST_MANIFEST_MAX, pool) &&
        is_told(offer, before, length, pool)) {
        return cdist_manifest_parse(manifest, before, length, kept, pool);
    }
    CDIST_ERR(fetch(&bytes, &length, taking, offer, url, pool));
    if (!bytes) return NULL;
    err = cdist_manifest_parse(manifest, bytes, length, url, pool);
    if (err) return lied(url, cdist_err_text(err, pool), pool);
    if ((*manifest)->archive_bytes != offer->bytes || !cdist_digest_equal(&(*manifest)->archive_sha256, &offer->sha256)) {
        return lied(url, "is of another archive", pool);
    }
    if (!offer->manifest_bytes || taking->options->check) return NULL;
    return cdist_file_publish(kept, bytes, length, pool);
}
