/* Containers: where they start, their table of contents, their entries.
 * A container: a header (32-bit: 16 bytes, 64-bit: 20), then at once the document with the table: records of three numbers
 * (attributes, data, "none"). Attributes: two times, a zero, the name in UTF-16LE. Numbers are little-endian, 4 or 8 bytes;
 * offsets count from the container's start.
 * A .cf of compatibility 8.3.16 or later is a small 32-bit container, the stub that tells old platforms why they cannot read
 * it, and the real one, of 64 bits, behind it. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define STUB_BYTES 0x1359 /* in every file that was seen */
#define STUB_MAX_ENTRIES 16
#define ATTR_FIXED_BYTES 20
#define ATTR_MAX_BYTES 4096

static apr_uint64_t read_le(const unsigned char *bytes, apr_size_t count)
{
    apr_uint64_t number = 0;

    while (count-- > 0) number = number << 8 | bytes[count];
    return number;
}

/* ---- records --------------------------------------------------------------------------------------------------- */

static int parse_record(record_t *record, const cdist_container_t *container, const unsigned char *bytes)
{
    apr_size_t word = container->record_bytes / 3;

    record->attr_at = read_le(bytes, word);
    record->data_at = read_le(bytes + word, word);
    if (record->data_at == container->none) record->data_at = CDIST_NO_DATA;
    return record->attr_at != 0 && record->attr_at != container->none &&
           read_le(bytes + 2 * word, word) == container->none;
}

cdist_err_t *cdist_container_record(record_t *record, int *valid, cdist_container_t *container, apr_uint64_t index)
{
    unsigned char bytes[24];
    apr_size_t length = container->record_bytes;

    *valid = 1;
    if (container->records) {
        *record = container->records[index];
        return NULL;
    }
    CDIST_ERR(cdist_chain_read(container, &container->table, index * container->record_bytes, bytes, &length));
    *valid = length == container->record_bytes && parse_record(record, container, bytes);
    return NULL;
}

/* Keeps the valid records. */
static cdist_err_t *load_records(cdist_container_t *container)
{
    apr_uint64_t total = container->count, i;
    unsigned char bytes[24 * 128];
    apr_size_t length = 0, at = 0;

    if (total > CONTAINER_MAX_RECORDS) {
        return cdist_damaged(container->pool, container->bytes->name, container->base + container->head_bytes,
                             "a table of %" APR_UINT64_T_FMT " entries, which no container has", total);
    }
    container->records = apr_palloc(container->pool, sizeof *container->records * (apr_size_t)(total + 1));
    container->count = 0;
    for (i = 0; i < total; i++, at += container->record_bytes) {
        if (at == length) {
            length = container->record_bytes * 128;
            CDIST_ERR(cdist_chain_read(container, &container->table, i * container->record_bytes, bytes, &length));
            at = 0;
        }
        container->count += (apr_uint64_t)parse_record(&container->records[container->count], container, bytes + at);
    }
    return NULL;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

/* The attributes without the block's header: in one read where the block holds them all, which is always so. */
static cdist_err_t *read_attributes(unsigned char *to, apr_size_t *length, cdist_container_t *container,
                                    const record_t *record, apr_pool_t *pool)
{
    chain_t chain;

    CDIST_ERR(cdist_chain_load(&chain, container, record->attr_at, pool));
    if (chain.length < ATTR_FIXED_BYTES || chain.length > ATTR_MAX_BYTES) {
        return cdist_damaged(pool, container->bytes->name, container->base + record->attr_at,
                             "an entry's attributes of %" APR_UINT64_T_FMT " bytes", chain.length);
    }
    *length = (apr_size_t)chain.length;
    return cdist_chain_read(container, &chain, 0, to, length);
}

cdist_err_t *cdist_container_item(cdist_item_t *item, cdist_container_t *container, const record_t *record, apr_pool_t *pool)
{
    /* NB: the decoder tells UTF-16 by its mark, so that is put in front of the name. */
    unsigned char bytes[ATTR_MAX_BYTES + 2], *name = bytes + ATTR_FIXED_BYTES;
    apr_size_t length, end;

    CDIST_ERR(read_attributes(bytes, &length, container, record, pool));
    item->created = read_le(bytes, 8);
    item->modified = read_le(bytes + 8, 8);
    item->attr_at = record->attr_at;
    item->data_at = record->data_at;
    length -= ATTR_FIXED_BYTES;
    for (end = 0; end + 1 < length && (name[end] || name[end + 1]);) end += 2;
    memcpy(name - 2, "\xFF\xFE", 2);
    item->name = cdist_text_decode((const char *)name - 2, end + 2, pool);
    return NULL;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_container_open_at(cdist_container_t **container, cdist_bytes_t *bytes, apr_uint64_t base, int bits,
                                     apr_pool_t *pool)
{
    cdist_container_t *made = apr_pcalloc(pool, sizeof *made);

    made->bytes = bytes;
    made->base = base;
    made->space = bytes->length == APR_UINT64_MAX ? APR_UINT64_MAX / 2 : bytes->length - base;
    made->bits = bits;
    made->head_bytes = bits == 64 ? 20 : 16;
    made->block_bytes = bits == 64 ? 55 : 31;
    made->record_bytes = bits == 64 ? 24 : 12;
    made->none = bits == 64 ? APR_UINT64_MAX : 0x7FFFFFFF;
    made->pool = pool;
    CDIST_ERR(cdist_chain_load(&made->table, made, made->head_bytes, pool));
    made->count = made->table.length / made->record_bytes;
    if (bytes->in_order || made->table.length <= CONTAINER_TABLE_BYTES) {
        CDIST_ERR(load_records(made));
        if (made->table.length <= CONTAINER_TABLE_BYTES) {
            made->seen = apr_pcalloc(pool, sizeof *made->seen * (apr_size_t)(made->count + 1));
        }
    }
    *container = made;
    return NULL;
}

/* Where the block that starts a document ends, with its unused rest. */
static cdist_err_t *block_end(apr_uint64_t *end, cdist_container_t *container, apr_uint64_t offset, apr_pool_t *pool)
{
    chain_t chain;
    int i;

    CDIST_ERR(cdist_chain_load(&chain, container, offset, pool));
    for (i = 0; i < chain.count; i++) {
        apr_uint64_t capacity = 0;
        char head[31];
        apr_size_t length = sizeof head;

        CDIST_ERR(cdist_bytes_read(container->bytes,
                                   container->base + chain.extents[i].offset - container->block_bytes, head, &length));
        capacity = (apr_uint64_t)apr_strtoi64(apr_pstrmemdup(pool, head + 11, 8), NULL, 16);
        if (chain.extents[i].offset + capacity > *end) *end = chain.extents[i].offset + capacity;
    }
    return NULL;
}

cdist_err_t *cdist_container_extent(apr_uint64_t *end, cdist_container_t *container, apr_pool_t *scratch_pool)
{
    apr_uint64_t i;

    *end = 0;
    CDIST_ERR(block_end(end, container, container->head_bytes, scratch_pool));
    for (i = 0; i < container->count; i++) {
        record_t record;
        int valid;

        CDIST_ERR(cdist_container_record(&record, &valid, container, i));
        CDIST_ERR(block_end(end, container, record.attr_at, scratch_pool));
        if (record.data_at != CDIST_NO_DATA) CDIST_ERR(block_end(end, container, record.data_at, scratch_pool));
    }
    return NULL;
}

cdist_err_t *cdist_container_open(cdist_container_t **container, cdist_bytes_t *bytes, apr_pool_t *pool)
{
    apr_uint64_t end;
    int bits, behind = 0;

    CDIST_ERR(cdist_container_probe(&bits, bytes, 0));
    if (bits == 0) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: offset 0x0: no container starts here", bytes->name);
    }
    if (bits == 32) CDIST_ERR(cdist_container_probe(&behind, bytes, STUB_BYTES));
    if (bits == 32 && behind == 64) return cdist_container_open_at(container, bytes, STUB_BYTES, 64, pool);
    CDIST_ERR(cdist_container_open_at(container, bytes, 0, bits, pool));
    /* A stub of another length is small too, and the real container follows it at once. */
    if (bits == 64 || (*container)->count > STUB_MAX_ENTRIES || bytes->in_order) return NULL;
    CDIST_ERR(cdist_container_extent(&end, *container, pool));
    CDIST_ERR(cdist_container_probe(&behind, bytes, end));
    return behind == 64 ? cdist_container_open_at(container, bytes, end, 64, pool) : NULL;
}

int cdist_container_bits(const cdist_container_t *container)
{
    return container->bits;
}

apr_uint64_t cdist_container_base(const cdist_container_t *container)
{
    return container->base;
}

apr_uint64_t cdist_container_count(const cdist_container_t *container)
{
    return container->count;
}
