/* records/<sha256>: what the next build may reuse of an archive in the store.
 *
 *   "1cdist-records 1 BUILDER LEVEL COUNT\n"
 *   COUNT records of 136 bytes, numbers little-endian:
 *     u64 bytes packed_bytes data_offset, u32 crc32 mode method trusted,
 *     u64 device inode mtime_ns ctime_ns of the file it was made from, 32 bytes SHA-256, 32 bytes SHA-256 of the packed bytes
 *   32 bytes SHA-256 of all before
 *
 * A file is trusted to be the same by its stat only if its last change was two seconds old when the stat was taken: another
 * write in the same tick of the file system's clock would not show. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MAGIC "1cdist-records 1 "
#define RECORD_BYTES 136
#define HEADER_MAX 128
#define TRUST_AGE_NS (2 * APR_INT64_C(1000000000))

static unsigned char *put(unsigned char *p, apr_uint64_t number, int bytes)
{
    int i;

    for (i = 0; i < bytes; i++) *p++ = (unsigned char)(number >> (8 * i));
    return p;
}

static apr_uint64_t get(const unsigned char **p, int bytes)
{
    apr_uint64_t number = bytes == 8 ? zip_get64(*p) : zip_get32(*p);

    *p += bytes;
    return number;
}

static unsigned char *put_record(unsigned char *p, const cdist_entry_t *entry, const cdist_input_t *input,
                                 apr_int64_t read_at_ns)
{
    p = put(p, entry->bytes, 8);
    p = put(p, entry->packed_bytes, 8);
    p = put(p, entry->data_offset, 8);
    p = put(p, entry->crc32, 4);
    p = put(p, entry->mode, 4);
    p = put(p, (apr_uint64_t)entry->method, 4);
    p = put(p, read_at_ns - input->stat.ctime_ns >= TRUST_AGE_NS, 4);
    p = put(p, input->stat.device, 8);
    p = put(p, input->stat.inode, 8);
    p = put(p, (apr_uint64_t)input->stat.mtime_ns, 8);
    p = put(p, (apr_uint64_t)input->stat.ctime_ns, 8);
    memcpy(p, entry->sha256.byte, CDIST_SHA256_BYTES);
    memcpy(p + CDIST_SHA256_BYTES, entry->packed_sha256.byte, CDIST_SHA256_BYTES);
    return p + 2 * CDIST_SHA256_BYTES;
}

static void digest_all(unsigned char *out, const void *bytes, apr_size_t length, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&digest, sha);
    memcpy(out, digest.byte, CDIST_SHA256_BYTES);
}

const char *cdist_records_write(apr_size_t *length, const cdist_manifest_t *manifest, const cdist_tree_t *tree,
                                apr_pool_t *pool)
{
    unsigned char *bytes = apr_palloc(pool, HEADER_MAX + (apr_size_t)tree->inputs->nelts * RECORD_BYTES + CDIST_SHA256_BYTES);
    unsigned char *p;
    int files = 0, i;

    for (i = 0; i < tree->inputs->nelts; i++) files += APR_ARRAY_IDX(tree->inputs, i, cdist_input_t).stat.kind == CDIST_FILE;
    p = bytes + apr_snprintf((char *)bytes, HEADER_MAX, MAGIC "%s %d %d\n", manifest->builder, manifest->level, files);
    for (i = 0; i < tree->inputs->nelts; i++) {
        const cdist_input_t *input = &APR_ARRAY_IDX(tree->inputs, i, cdist_input_t);

        if (input->stat.kind != CDIST_FILE) continue;
        p = put_record(p, &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t), input, tree->read_at * 1000);
    }
    digest_all(p, bytes, (apr_size_t)(p - bytes), pool);
    *length = (apr_size_t)(p - bytes) + CDIST_SHA256_BYTES;
    return (const char *)bytes;
}

static void parse_record(cdist_record_t *record, const unsigned char *p)
{
    memset(record, 0, sizeof *record);
    record->bytes = get(&p, 8);
    record->packed_bytes = get(&p, 8);
    record->data_offset = get(&p, 8);
    record->crc32 = (apr_uint32_t)get(&p, 4);
    record->mode = (apr_uint32_t)get(&p, 4);
    record->method = (int)get(&p, 4);
    record->trusted = (int)get(&p, 4);
    record->stat.kind = CDIST_FILE;
    record->stat.bytes = record->bytes;
    record->stat.device = get(&p, 8);
    record->stat.inode = get(&p, 8);
    record->stat.mtime_ns = (apr_int64_t)get(&p, 8);
    record->stat.ctime_ns = (apr_int64_t)get(&p, 8);
    memcpy(record->sha256.byte, p, CDIST_SHA256_BYTES);
    memcpy(record->packed_sha256.byte, p + CDIST_SHA256_BYTES, CDIST_SHA256_BYTES);
    record->known = 1;
}

apr_array_header_t *cdist_records_parse(const char *bytes, apr_size_t length, int level, int max, apr_pool_t *pool)
{
    const char *wanted = apr_psprintf(pool, MAGIC "%s %d ", cdist_builder_identity(), level);
    unsigned char digest[CDIST_SHA256_BYTES];
    apr_array_header_t *records;
    const unsigned char *p;
    char *end;
    long count;
    int i;

    if (length < CDIST_SHA256_BYTES || strncmp(bytes, wanted, strlen(wanted)) != 0) return NULL;
    count = strtol(bytes + strlen(wanted), &end, 10);
    if (*end != '\n' || count < 0 || count > max) return NULL;
    p = (const unsigned char *)end + 1;
    if ((apr_size_t)((const char *)p - bytes) + (apr_size_t)count * RECORD_BYTES + CDIST_SHA256_BYTES != length) return NULL;
    digest_all(digest, bytes, length - CDIST_SHA256_BYTES, pool);
    if (memcmp(digest, bytes + length - CDIST_SHA256_BYTES, CDIST_SHA256_BYTES) != 0) return NULL;
    records = apr_array_make(pool, (int)count, sizeof(cdist_record_t));
    for (i = 0; i < count; i++, p += RECORD_BYTES) parse_record(apr_array_push(records), p);
    return records;
}
