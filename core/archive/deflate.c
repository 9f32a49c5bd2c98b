/* Compression of whole contents: libdeflate, about three times as fast as zlib here and denser; zlib where configure
 * did not find it. Also the builder's identity, since another compressor gives other bytes. */
#include <config.h>
#include "archive_int.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBDEFLATE
#include <libdeflate.h>
#endif

/* NB: the same for every use of zlib, or the builder's identity would not vouch for the bytes. */
void cdist_deflate_begin(z_stream *stream, int level)
{
    memset(stream, 0, sizeof *stream);
    if (deflateInit2(stream, level, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
}

struct cdist_packer_t {
#ifdef HAVE_LIBDEFLATE
    struct libdeflate_compressor *compressor;
#else
    z_stream stream;
#endif
};

#ifdef HAVE_LIBDEFLATE

const char *cdist_deflate_engine(void)
{
    return "libdeflate";
}

apr_uint32_t cdist_crc32(apr_uint32_t crc, const void *data, apr_size_t length)
{
    return libdeflate_crc32(crc, data, length);
}

static apr_status_t packer_cleanup(void *baton)
{
    libdeflate_free_compressor(((cdist_packer_t *)baton)->compressor);
    return APR_SUCCESS;
}

struct cdist_unpacker_t {
    struct libdeflate_decompressor *decompressor;
};

static apr_status_t unpacker_cleanup(void *baton)
{
    libdeflate_free_decompressor(((cdist_unpacker_t *)baton)->decompressor);
    return APR_SUCCESS;
}

static void unpacker_init(cdist_unpacker_t *unpacker)
{
    unpacker->decompressor = libdeflate_alloc_decompressor();
    if (!unpacker->decompressor) abort();
}

int cdist_unpacker_unpack(cdist_unpacker_t *unpacker, void *out, apr_size_t length, const void *packed,
                          apr_size_t packed_bytes)
{
    size_t used, got;

    return libdeflate_deflate_decompress_ex(unpacker->decompressor, packed, packed_bytes, out, length, &used, &got) ==
               LIBDEFLATE_SUCCESS && used == packed_bytes && got == length;
}

static void packer_init(cdist_packer_t *packer, int level)
{
    packer->compressor = libdeflate_alloc_compressor(level);
    if (!packer->compressor) abort(); /* out of memory, as APR's pools do */
}

apr_size_t cdist_packer_pack(cdist_packer_t *packer, void *out, const void *data, apr_size_t length)
{
    return length < 2 ? 0 : libdeflate_deflate_compress(packer->compressor, data, length, out, length - 1);
}

#else

const char *cdist_deflate_engine(void)
{
    return "zlib";
}

apr_uint32_t cdist_crc32(apr_uint32_t crc, const void *data, apr_size_t length)
{
    const unsigned char *p = data;

    while (length > 0) {
        uInt step = length > 0x40000000 ? 0x40000000 : (uInt)length;
        crc = (apr_uint32_t)crc32(crc, p, step);
        p += step;
        length -= step;
    }
    return crc;
}

static apr_status_t packer_cleanup(void *baton)
{
    deflateEnd(&((cdist_packer_t *)baton)->stream);
    return APR_SUCCESS;
}

static void packer_init(cdist_packer_t *packer, int level)
{
    cdist_deflate_begin(&packer->stream, level);
}

apr_size_t cdist_packer_pack(cdist_packer_t *packer, void *out, const void *data, apr_size_t length)
{
    z_stream *z = &packer->stream;

    if (length < 2) return 0;
    deflateReset(z);
    z->next_in = (Bytef *)data;
    z->avail_in = (uInt)length;
    z->next_out = out;
    z->avail_out = (uInt)(length - 1);
    return deflate(z, Z_FINISH) == Z_STREAM_END ? length - 1 - z->avail_out : 0;
}

struct cdist_unpacker_t {
    z_stream stream;
};

static apr_status_t unpacker_cleanup(void *baton)
{
    inflateEnd(&((cdist_unpacker_t *)baton)->stream);
    return APR_SUCCESS;
}

static void unpacker_init(cdist_unpacker_t *unpacker)
{
    if (inflateInit2(&unpacker->stream, -15) != Z_OK) abort();
}

int cdist_unpacker_unpack(cdist_unpacker_t *unpacker, void *out, apr_size_t length, const void *packed,
                          apr_size_t packed_bytes)
{
    z_stream *z = &unpacker->stream;

    inflateReset(z);
    z->next_in = (Bytef *)packed;
    z->avail_in = (uInt)packed_bytes;
    z->next_out = out;
    z->avail_out = (uInt)length;
    return inflate(z, Z_FINISH) == Z_STREAM_END && z->avail_in == 0 && z->avail_out == 0;
}

#endif

cdist_unpacker_t *cdist_unpacker_create(apr_pool_t *pool)
{
    cdist_unpacker_t *unpacker = apr_pcalloc(pool, sizeof *unpacker);

    unpacker_init(unpacker);
    apr_pool_cleanup_register(pool, unpacker, unpacker_cleanup, apr_pool_cleanup_null);
    return unpacker;
}

cdist_packer_t *cdist_packer_create(int level, apr_pool_t *pool)
{
    cdist_packer_t *packer = apr_pcalloc(pool, sizeof *packer);

    packer_init(packer, level);
    apr_pool_cleanup_register(pool, packer, packer_cleanup, apr_pool_cleanup_null);
    return packer;
}

/* ---- identity -------------------------------------------------------------------------------------------------- */

#define SAMPLE_BYTES 65536

/* Text-like bytes with repeats of many lengths, from a fixed linear congruence. */
static void fill_sample(unsigned char *sample)
{
    apr_uint32_t state = 1;
    apr_size_t at = 0;

    while (at < SAMPLE_BYTES) {
        state = state * 1664525u + 1013904223u;
        if (at > 256 && (state >> 28) < 7) {
            apr_size_t length = 3 + (state >> 20) % 60, distance = 1 + (state >> 8) % (at - 1);
            while (length-- > 0 && at < SAMPLE_BYTES) {
                sample[at] = sample[at - distance];
                at++;
            }
        } else {
            sample[at++] = (unsigned char)("etaoin shrdlu{}0123456789\r\n\x00\xFF\x8B\x45"[(state >> 16) % 32]);
        }
    }
}

/* NB: entries above cdist_whole_max always go through zlib, so its bytes belong to the identity too. */
static void digest_zlib_stream(cdist_sha256_t *sha, unsigned char *out, const unsigned char *sample, int level)
{
    z_stream z;

    cdist_deflate_begin(&z, level);
    z.next_in = (Bytef *)sample;
    z.avail_in = SAMPLE_BYTES;
    z.next_out = out;
    z.avail_out = 2 * SAMPLE_BYTES;
    deflate(&z, Z_FINISH);
    cdist_sha256_update(sha, out, 2 * SAMPLE_BYTES - z.avail_out);
    deflateEnd(&z);
}

static void compute_identity(char *identity, apr_size_t size)
{
    apr_pool_t *pool;
    cdist_sha256_t *sha;
    cdist_digest_t digest;
    unsigned char *sample, *out;
    int level;

    apr_pool_create(&pool, NULL);
    sha = cdist_sha256_create(pool);
    sample = apr_palloc(pool, SAMPLE_BYTES);
    out = apr_palloc(pool, 2 * SAMPLE_BYTES);
    fill_sample(sample);
    for (level = CDIST_LEVEL_MIN; level <= CDIST_LEVEL_MAX; level++) {
        cdist_packer_t *packer = cdist_packer_create(level, pool);
        cdist_sha256_update(sha, out, cdist_packer_pack(packer, out, sample, SAMPLE_BYTES));
        digest_zlib_stream(sha, out, sample, level);
    }
    cdist_sha256_final(&digest, sha);
    apr_snprintf(identity, size, "%d-%.12s", CDIST_FORMAT_VERSION, cdist_digest_hex(&digest, pool));
    apr_pool_destroy(pool);
}

const char *cdist_builder_identity(void)
{
    static char identity[32];
    static volatile apr_uint32_t state; /* 0 not known, 1 somebody computes it, 2 known */

    if (apr_atomic_read32(&state) == 2) return identity;
    if (apr_atomic_cas32(&state, 1, 0) == 0) {
        compute_identity(identity, sizeof identity);
        apr_atomic_set32(&state, 2);
    }
    while (apr_atomic_read32(&state) != 2) apr_thread_yield();
    return identity;
}
