/* Ed25519 keys as PEM files, as openssl(1) writes and reads them too. A private key is for its owner alone, and is never
 * needed by httpd. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <string.h>

#define KEY_FILE_MAX 16384
#define ID_DIGITS 16

struct cdist_signing_key_t {
    EVP_PKEY *pkey;
    cdist_public_key_t public_key;
};

static apr_status_t free_pkey(void *pkey)
{
    EVP_PKEY_free(pkey);
    return APR_SUCCESS;
}

static apr_status_t free_bio(void *bio)
{
    BIO_free(bio);
    return APR_SUCCESS;
}

/* Memory that goes away with `pool`; what it held is wiped out. */
static BIO *memory(const void *bytes, apr_size_t length, apr_pool_t *pool)
{
    BIO *bio = bytes ? BIO_new_mem_buf(bytes, (int)length) : BIO_new(BIO_s_secmem());

    if (!bio) abort();
    apr_pool_cleanup_register(pool, bio, free_bio, apr_pool_cleanup_null);
    return bio;
}

/* NB: nobody can be asked for a password: the key is read by a timer. */
static int no_password(char *buffer, int size, int writing, void *baton)
{
    (void)buffer;
    (void)size;
    (void)writing;
    (void)baton;
    return -1;
}

static int take_public(cdist_public_key_t *key, const EVP_PKEY *pkey)
{
    size_t length = sizeof key->byte;

    return EVP_PKEY_id(pkey) == EVP_PKEY_ED25519 && EVP_PKEY_get_raw_public_key(pkey, key->byte, &length) == 1 &&
           length == sizeof key->byte;
}

const char *cdist_public_key_id(const cdist_public_key_t *key, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update(sha, key->byte, sizeof key->byte);
    cdist_sha256_final(&digest, sha);
    return apr_pstrmemdup(pool, cdist_digest_hex(&digest, pool), ID_DIGITS);
}

int cdist_public_key_parse_pem(cdist_public_key_t *key, const char *bytes, apr_size_t length, apr_pool_t *scratch_pool)
{
    EVP_PKEY *pkey = PEM_read_bio_PUBKEY(memory(bytes, length, scratch_pool), NULL, no_password, NULL);
    int taken = pkey && take_public(key, pkey);

    EVP_PKEY_free(pkey);
    return taken;
}

int cdist_public_key_verify(const cdist_public_key_t *key, const unsigned char *signature, const char *bytes, apr_size_t length)
{
    EVP_PKEY *pkey = EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, key->byte, sizeof key->byte);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    int good = pkey && ctx && EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, pkey) == 1 &&
               EVP_DigestVerify(ctx, signature, CDIST_SIGNATURE_BYTES, (const unsigned char *)bytes, length) == 1;

    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    return good;
}

int cdist_signing_key_sign(unsigned char *signature, const cdist_signing_key_t *key, const char *bytes, apr_size_t length)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    size_t made = CDIST_SIGNATURE_BYTES;
    int good = ctx && EVP_DigestSignInit(ctx, NULL, NULL, NULL, key->pkey) == 1 &&
               EVP_DigestSign(ctx, signature, &made, (const unsigned char *)bytes, length) == 1 &&
               made == CDIST_SIGNATURE_BYTES;

    EVP_MD_CTX_free(ctx);
    return good;
}

cdist_err_t *cdist_key_file_read(char **bytes, apr_size_t *length, const char *path, apr_size_t max_bytes, apr_pool_t *pool)
{
    cdist_err_t *err = cdist_file_read(bytes, length, path, max_bytes, pool);

    if (err && err->code == CDIST_E_NOTFOUND) err->code = CDIST_E_SOURCE;
    return err;
}

cdist_err_t *cdist_signing_key_read(cdist_signing_key_t **key, const char *path, apr_pool_t *pool)
{
    cdist_signing_key_t *read = apr_pcalloc(pool, sizeof *read);
    apr_size_t length;
    char *bytes;

    CDIST_ERR(cdist_key_file_read(&bytes, &length, path, KEY_FILE_MAX, pool));
    read->pkey = PEM_read_bio_PrivateKey(memory(bytes, length, pool), NULL, no_password, NULL);
    OPENSSL_cleanse(bytes, length);
    if (read->pkey) apr_pool_cleanup_register(pool, read->pkey, free_pkey, apr_pool_cleanup_null);
    if (!read->pkey || !take_public(&read->public_key, read->pkey)) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0,
                                "%s: is no private Ed25519 key in PEM without a password; 1cdist key new makes "
                                "one",
                                cdist_text_printable(path, pool));
    }
    *key = read;
    return NULL;
}

void cdist_signing_key_public(cdist_public_key_t *key, const cdist_signing_key_t *signing)
{
    *key = signing->public_key;
}

/* ---- a new pair ---------------------------------------------------------------------------------------------------- */

static cdist_err_t *put_new(const char *path, BIO *pem, int secret, apr_pool_t *pool)
{
    cdist_temp_t *temp;
    char *bytes;
    long length = BIO_get_mem_data(pem, &bytes);
    apr_status_t rv = cdist_os_temp_open(&temp, cdist_path_folder(path, pool), pool);

    if (rv == APR_SUCCESS) rv = apr_file_write_full(temp->file, bytes, (apr_size_t)length, NULL);
    if (rv == APR_SUCCESS) rv = cdist_os_temp_publish_new(temp, path, secret, pool);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", cdist_text_printable(path, pool));
}

static cdist_err_t *refuse_if_there(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    if (APR_STATUS_IS_ENOENT(apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool))) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, 0, "%s: is there already; a key is never overwritten",
                            cdist_text_printable(path, pool));
}

cdist_err_t *cdist_key_new(cdist_public_key_t *key, const char *path, apr_pool_t *pool)
{
    const char *public_path = apr_pstrcat(pool, path, ".pub", NULL);
    BIO *private_pem = memory(NULL, 0, pool), *public_pem = memory(NULL, 0, pool);
    EVP_PKEY *pkey = NULL;
    EVP_PKEY_CTX *ctx;
    int made;

    CDIST_ERR(refuse_if_there(path, pool));
    CDIST_ERR(refuse_if_there(public_path, pool));
    ctx = EVP_PKEY_CTX_new_id(EVP_PKEY_ED25519, NULL);
    made = ctx && EVP_PKEY_keygen_init(ctx) == 1 && EVP_PKEY_keygen(ctx, &pkey) == 1 && take_public(key, pkey) &&
           PEM_write_bio_PKCS8PrivateKey(private_pem, pkey, NULL, NULL, 0, NULL, NULL) == 1 &&
           PEM_write_bio_PUBKEY(public_pem, pkey) == 1;
    EVP_PKEY_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    if (!made) return cdist_err_create(pool, CDIST_E_SOURCE, 0, "this libcrypto makes no Ed25519 keys");
    CDIST_ERR(put_new(path, private_pem, 1, pool));
    return put_new(public_path, public_pem, 0, pool);
}
