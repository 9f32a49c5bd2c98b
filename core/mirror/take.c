/* One archive: put together byte for byte out of what is here and what has to be fetched.
 *
 * Packed bytes of entries are copied out of local archives when their digest, which the manifest tells, is right. The rest,
 * directory and headers included, is fetched by ranges of the centre's own archive. What came of it is believed only when
 * length, SHA-256, structure and content of the whole have been verified. If they are not right, everything that an entry's
 * digest does not vouch for is fetched once more: it may stem from an earlier attempt, another source, or a disk. If they are
 * still not right, then the source lied. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

#define CHUNK_BYTES (256u * 1024)

typedef struct {
    const cdist_taking_t *taking;
    const cdist_version_t *version;
    const cdist_offer_t *offer;
    const char *url;
    cdist_manifest_t *manifest; /* NULL: there is none, all is fetched */
    cdist_partial_t *partial;
    int doubtful;               /* something in it did not come from this source just now, and nothing vouches for it */
    cdist_synced_t *synced;
    apr_pool_t *pool;
} take_t;

static cdist_err_t *about(const take_t *take, cdist_code_t code, const char *what)
{
    return cdist_err_create(take->pool, code, 0, "%s: %s", cdist_text_printable(take->url, take->pool), what);
}

/* ---- what is here --------------------------------------------------------------------------------------------------- */

/* What of the archive lies here, a whole one included. */
static apr_array_header_t *plan(const take_t *take, int headers)
{
    const cdist_pack_t *whole = cdist_packs_archive(take->taking->packs, &take->offer->sha256);
    apr_array_header_t *copies;
    cdist_copy_t *copy;

    if (!whole && take->manifest) return cdist_plan_copies(take->manifest, take->taking->packs, headers, take->pool);
    copies = apr_array_make(take->pool, 1, sizeof(cdist_copy_t));
    if (!whole) return copies;
    copy = apr_array_push(copies);
    copy->pack = whole;
    copy->from = 0;
    copy->to.from = 0;
    copy->to.to = take->offer->bytes;
    copy->sha256 = &take->offer->sha256;
    return copies;
}

/* Copies a piece; what turns out to be something else does not count. */
static cdist_err_t *copy_piece(take_t *take, const cdist_copy_t *copy, apr_file_t *file, unsigned char *buffer,
                               cdist_sha256_t *sha)
{
    apr_uint64_t at = copy->to.from, from = copy->from;
    cdist_digest_t digest;
    int good = 1;

    cdist_sha256_reset(sha);
    while (good && at < copy->to.to) {
        apr_size_t length = copy->to.to - at > CHUNK_BYTES ? CHUNK_BYTES : (apr_size_t)(copy->to.to - at);

        good = cdist_os_read_at(file, from, buffer, length) == APR_SUCCESS;
        if (!good) break;
        cdist_sha256_update(sha, buffer, length);
        CDIST_ERR(cdist_partial_write(take->partial, at, buffer, length));
        at += length;
        from += length;
        cdist_pieces_show(take->partial, take->taking);
    }
    cdist_sha256_final(&digest, sha);
    if (good && copy->sha256) good = cdist_digest_equal(&digest, copy->sha256);
    if (good) take->synced->reused_bytes += copy->to.to - copy->to.from;
    else cdist_spans_remove(take->partial->have, copy->to.from, copy->to.to);
    if (good && !copy->sha256) take->doubtful = 1;
    return good ? NULL : cdist_partial_keep(take->partial, take->partial->have);
}

static cdist_err_t *copy_local(take_t *take, const apr_array_header_t *copies)
{
    unsigned char *buffer = apr_palloc(take->pool, CHUNK_BYTES);
    cdist_sha256_t *sha = cdist_sha256_create(take->pool);
    const cdist_pack_t *open = NULL;
    apr_file_t *file = NULL;
    cdist_stat_t stat;
    cdist_err_t *err = NULL;
    int i;

    for (i = 0; !err && i < copies->nelts; i++) {
        const cdist_copy_t *copy = &APR_ARRAY_IDX(copies, i, cdist_copy_t);

        if (cdist_spans_have(take->partial->have, &copy->to)) continue;
        if (copy->pack != open) {
            if (file) apr_file_close(file);
            open = copy->pack;
            if (cdist_file_open(&file, &stat, open->path, 0, take->pool) != APR_SUCCESS) file = NULL;
        }
        if (file) err = copy_piece(take, copy, file, buffer, sha);
    }
    if (file) apr_file_close(file);
    return err;
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

/* What entries' digests vouch for. */
static cdist_err_t *verified_spans(cdist_spans_t **spans, take_t *take)
{
    unsigned char *buffer = apr_palloc(take->pool, CHUNK_BYTES);
    cdist_sha256_t *sha = cdist_sha256_create(take->pool);
    int i;

    *spans = cdist_spans_make(take->pool);
    for (i = 0; take->manifest && i < take->manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(take->manifest->entries, i, cdist_entry_t);
        apr_uint64_t left = entry->data_offset ? entry->packed_bytes : 0;
        cdist_digest_t digest;

        cdist_sha256_reset(sha);
        while (left > 0) {
            apr_size_t length = left > CHUNK_BYTES ? CHUNK_BYTES : (apr_size_t)left;
            apr_status_t rv =
                cdist_os_read_at(take->partial->file, entry->data_offset + entry->packed_bytes - left, buffer, length);

            if (rv != APR_SUCCESS) {
                return cdist_err_create(take->pool, CDIST_E_STORE, rv, "%s: cannot be read", take->partial->path);
            }
            cdist_sha256_update(sha, buffer, length);
            left -= length;
        }
        cdist_sha256_final(&digest, sha);
        if (entry->data_offset && cdist_digest_equal(&digest, &entry->packed_sha256)) {
            cdist_spans_add(*spans, entry->data_offset, entry->data_offset + entry->packed_bytes);
        }
    }
    return NULL;
}

/* Whether the whole is what the index tells of. *manifest is NULL if not. */
static cdist_err_t *verify(cdist_manifest_t **manifest, take_t *take)
{
    cdist_verification_t *verification;
    const char *problem;

    *manifest = NULL;
    CDIST_ERR(cdist_zip_verify(&verification, take->partial->file, take->partial->path, NULL, take->pool));
    if (!cdist_digest_equal(&verification->manifest->archive_sha256, &take->offer->sha256)) return NULL;
    CDIST_ERR(cdist_verification_error(verification, take->url, take->pool));
    problem = cdist_content_problem(verification, take->version, take->offer->slot, take->pool);
    if (problem) return about(take, CDIST_E_CORRUPT, apr_pstrcat(take->pool, "is not what it is offered as: ", problem, NULL));
    *manifest = verification->manifest;
    return NULL;
}

/* One attempt. *manifest is NULL if the result is another archive. */
static cdist_err_t *attempt(cdist_manifest_t **manifest, take_t *take, int headers)
{
    CDIST_ERR(copy_local(take, plan(take, headers)));
    CDIST_ERR(cdist_pieces_fetch(&take->synced->fetched_bytes, take->partial, take->url, take->taking, take->pool));
    return verify(manifest, take);
}

/* Puts it together. *manifest is NULL if the source has lied. */
static cdist_err_t *put_together(cdist_manifest_t **manifest, take_t *take)
{
    cdist_spans_t *verified;

    CDIST_ERR(attempt(manifest, take, 1));
    if (*manifest) return NULL;
    CDIST_ERR(verified_spans(&verified, take));
    CDIST_ERR(cdist_partial_keep(take->partial, verified));
    if (!take->doubtful) return NULL;
    CDIST_ERR(attempt(manifest, take, 0));
    return *manifest ? NULL : cdist_partial_keep(take->partial, cdist_spans_make(take->pool));
}

/* What it would take. */
static void tell(take_t *take)
{
    const apr_array_header_t *copies = plan(take, 1);
    cdist_spans_t *have = cdist_spans_make(take->pool);
    int i;

    for (i = 0; i < copies->nelts; i++) {
        const cdist_copy_t *copy = &APR_ARRAY_IDX(copies, i, cdist_copy_t);
        cdist_spans_add(have, copy->to.from, copy->to.to);
    }
    take->synced->fetched_bytes = cdist_spans_sum(cdist_spans_missing(have, take->offer->bytes, CDIST_PIECES_GAP, take->pool));
    take->synced->reused_bytes = take->offer->bytes - take->synced->fetched_bytes;
}

cdist_err_t *cdist_take_archive(cdist_synced_t *synced, const cdist_taking_t *taking, const cdist_version_t *version,
                                const cdist_offer_t *offer, const char *path, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, taking->base, "/", offer->url, NULL);
    take_t take = {taking, version, offer, url, NULL, NULL, 0, synced, pool};
    cdist_manifest_t *manifest = NULL;
    cdist_err_t *err;

    if (!cdist_packs_archive(taking->packs, &offer->sha256)) {
        CDIST_ERR(cdist_take_manifest(&take.manifest, taking, offer, url, pool));
    }
    if (taking->options->check) {
        tell(&take);
        return NULL;
    }
    CDIST_ERR(cdist_partial_open(&take.partial, taking->options->root, &offer->sha256, offer->bytes, pool));
    take.doubtful = take.partial->have->nelts > 0;
    err = put_together(&manifest, &take);
    if (!err && !manifest) err = about(&take, CDIST_E_CORRUPT, "is not the archive that the index tells of");
    if (!err) err = cdist_partial_publish(take.partial, path);
    else cdist_partial_close(take.partial);
    return err ? err : cdist_packs_add(taking->packs, path, manifest, pool);
}
