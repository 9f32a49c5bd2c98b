/* Where packed bytes can be taken from: records of known archives, found by the file they were made from, by the digest of
 * their content, or by size and CRC. Filled by one thread, then read by several without a lock. */
#include "archive_int.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <stddef.h>
#include <string.h>

typedef struct {
    const char *path;
    apr_file_t *file;
    volatile apr_uint32_t damaged; /* it was said */
} pack_t;

struct cdist_reuse_t {
    apr_pool_t *pool;
    int level, count;
    apr_array_header_t *packs; /* pack_t * */
    apr_hash_t *by_stat, *by_digest, *by_crc, *sizes;
};

#define STAT_KEY_BYTES (offsetof(cdist_stat_t, ctime_ns) + sizeof(apr_int64_t) - offsetof(cdist_stat_t, device))
#define CRC_KEY_BYTES (offsetof(cdist_record_t, crc32) + sizeof(apr_uint32_t))

cdist_reuse_t *cdist_reuse_create(int level, apr_pool_t *pool)
{
    cdist_reuse_t *reuse = apr_pcalloc(pool, sizeof *reuse);

    reuse->pool = pool;
    reuse->level = level;
    reuse->packs = apr_array_make(pool, 8, sizeof(pack_t *));
    reuse->by_stat = apr_hash_make(pool);
    reuse->by_digest = apr_hash_make(pool);
    reuse->by_crc = apr_hash_make(pool);
    reuse->sizes = apr_hash_make(pool);
    return reuse;
}

int cdist_reuse_level(const cdist_reuse_t *reuse)
{
    return reuse->level;
}

int cdist_reuse_count(const cdist_reuse_t *reuse)
{
    return reuse->count;
}

int cdist_reuse_packs(const cdist_reuse_t *reuse)
{
    return reuse->packs->nelts;
}

apr_pool_t *cdist_reuse_pool(const cdist_reuse_t *reuse)
{
    return reuse->pool;
}

/* The first record of a content wins: newer archives are added first. */
static void add_record(cdist_reuse_t *reuse, cdist_record_t *record)
{
    const cdist_record_t *same = apr_hash_get(reuse->by_crc, &record->bytes, CRC_KEY_BYTES);

    record->next = NULL;
    apr_hash_set(reuse->sizes, &record->bytes, sizeof record->bytes, record);
    if (record->trusted && !apr_hash_get(reuse->by_stat, &record->stat.device, STAT_KEY_BYTES)) {
        apr_hash_set(reuse->by_stat, &record->stat.device, STAT_KEY_BYTES, record);
    }
    if (record->known) {
        if (!apr_hash_get(reuse->by_digest, record->sha256.byte, CDIST_SHA256_BYTES)) {
            apr_hash_set(reuse->by_digest, record->sha256.byte, CDIST_SHA256_BYTES, record);
        }
    } else {
        /* NB: in front, which keeps the key's bytes those of a record that stays. */
        record->next = same;
        apr_hash_set(reuse->by_crc, &record->bytes, CRC_KEY_BYTES, NULL);
        apr_hash_set(reuse->by_crc, &record->bytes, CRC_KEY_BYTES, record);
    }
    reuse->count++;
}

cdist_err_t *cdist_reuse_add_records(cdist_reuse_t *reuse, const char *path, const apr_array_header_t *records)
{
    pack_t *pack = apr_pcalloc(reuse->pool, sizeof *pack);
    apr_status_t rv;
    int i;

    pack->path = apr_pstrdup(reuse->pool, path);
    rv = cdist_file_open(&pack->file, NULL, path, 0, reuse->pool);
    if (rv != APR_SUCCESS) return cdist_err_create(reuse->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", path);
    APR_ARRAY_PUSH(reuse->packs, pack_t *) = pack;
    for (i = 0; i < records->nelts; i++) {
        cdist_record_t *record = &APR_ARRAY_IDX(records, i, cdist_record_t);

        record->pack = reuse->packs->nelts - 1;
        add_record(reuse, record);
    }
    return NULL;
}

const cdist_record_t *cdist_reuse_by_stat(const cdist_reuse_t *reuse, const cdist_stat_t *stat)
{
    return stat->kind == CDIST_FILE ? apr_hash_get(reuse->by_stat, &stat->device, STAT_KEY_BYTES) : NULL;
}

const cdist_record_t *cdist_reuse_by_digest(const cdist_reuse_t *reuse, const cdist_digest_t *sha256, apr_uint64_t bytes)
{
    const cdist_record_t *record = apr_hash_get(reuse->by_digest, sha256->byte, CDIST_SHA256_BYTES);

    return record && record->bytes == bytes ? record : NULL;
}

const cdist_record_t *cdist_reuse_by_crc(const cdist_reuse_t *reuse, apr_uint64_t bytes, apr_uint32_t crc32)
{
    cdist_record_t key;

    key.bytes = bytes;
    key.crc32 = crc32;
    return apr_hash_get(reuse->by_crc, &key.bytes, CRC_KEY_BYTES);
}

int cdist_reuse_has_size(const cdist_reuse_t *reuse, apr_uint64_t bytes)
{
    return apr_hash_get(reuse->sizes, &bytes, sizeof bytes) != NULL;
}

int cdist_reuse_read(void *out, const cdist_reuse_t *reuse, const cdist_record_t *record, apr_uint64_t offset,
                     apr_size_t length)
{
    const pack_t *pack = APR_ARRAY_IDX(reuse->packs, record->pack, const pack_t *);

    return cdist_os_read_at(pack->file, record->data_offset + offset, out, length) == APR_SUCCESS;
}

void cdist_reuse_damaged(const cdist_reuse_t *reuse, const cdist_record_t *record)
{
    pack_t *pack = APR_ARRAY_IDX(reuse->packs, record->pack, pack_t *);

    if (apr_atomic_cas32(&pack->damaged, 1, 0) != 0) return;
    cdist_log(CDIST_LOG_WARNING, "CD0022", 0, "%s: is damaged; what would have been reused of it is compressed anew",
              pack->path);
}
