/* SHA-256 by OpenSSL, which uses the CPU's instructions where it has them. */
#include "cdist_base.h"

#include <apr_encode.h>
#include <apr_strings.h>

#include <openssl/evp.h>

#include <stdlib.h>
#include <string.h>

struct cdist_sha256_t {
    EVP_MD_CTX *evp;
};

static apr_status_t sha256_cleanup(void *baton)
{
    cdist_sha256_t *ctx = baton;

    EVP_MD_CTX_free(ctx->evp);
    return APR_SUCCESS;
}

/* NB: with a built-in digest these calls fail only when memory runs out, and a wrong digest must never be used:
 * end the process, as APR's pools do. */
static void require(int ok)
{
    if (ok != 1) abort();
}

cdist_sha256_t *cdist_sha256_create(apr_pool_t *pool)
{
    cdist_sha256_t *ctx = apr_pcalloc(pool, sizeof *ctx);

    ctx->evp = EVP_MD_CTX_new();
    require(ctx->evp != NULL);
    apr_pool_cleanup_register(pool, ctx, sha256_cleanup, apr_pool_cleanup_null);
    cdist_sha256_reset(ctx);
    return ctx;
}

void cdist_sha256_reset(cdist_sha256_t *ctx)
{
    require(EVP_DigestInit_ex(ctx->evp, EVP_sha256(), NULL));
}

void cdist_sha256_update(cdist_sha256_t *ctx, const void *data, apr_size_t length)
{
    require(EVP_DigestUpdate(ctx->evp, data, length));
}

void cdist_sha256_update_text(cdist_sha256_t *ctx, const char *text)
{
    cdist_sha256_update(ctx, text, strlen(text) + 1);
}

void cdist_sha256_update_u64(cdist_sha256_t *ctx, apr_uint64_t number)
{
    unsigned char bytes[8];
    int i;

    for (i = 0; i < 8; i++) bytes[i] = (unsigned char)(number >> (8 * i));
    cdist_sha256_update(ctx, bytes, sizeof bytes);
}

void cdist_sha256_final(cdist_digest_t *digest, cdist_sha256_t *ctx)
{
    require(EVP_DigestFinal_ex(ctx->evp, digest->byte, NULL));
}

const char *cdist_digest_hex(const cdist_digest_t *digest, apr_pool_t *pool)
{
    return apr_pencode_base16_binary(pool, digest->byte, CDIST_SHA256_BYTES, APR_ENCODE_LOWER, NULL);
}

const char *cdist_digest_base64(const cdist_digest_t *digest, apr_pool_t *pool)
{
    return apr_pencode_base64_binary(pool, digest->byte, CDIST_SHA256_BYTES, APR_ENCODE_NONE, NULL);
}

int cdist_digest_parse(cdist_digest_t *digest, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    int i;

    if (strspn(hex, digits) != 2 * CDIST_SHA256_BYTES || hex[2 * CDIST_SHA256_BYTES]) return 0;
    for (i = 0; i < CDIST_SHA256_BYTES; i++) {
        digest->byte[i] =
            (unsigned char)((strchr(digits, hex[2 * i]) - digits) << 4 | (strchr(digits, hex[2 * i + 1]) - digits));
    }
    return 1;
}
