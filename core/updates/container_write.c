/* Writes a container: header, table, then attributes and data of each entry, all in blocks of the exact size, as in the
 * vendors' distributions. The table and the sizes of data are filled in when they are known. Format: container_read.c. */
#include "updates_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define BUFFER_BYTES (64u * 1024)
#define PAGE_BYTES 512 /* what the platform writes, whatever the blocks' sizes are */
#define MAX_NAME_UNITS 1024

struct cdist_container_writer_t {
    apr_file_t *file;
    const char *name;
    apr_uint64_t base, at; /* where the container starts, how long it is so far */
    apr_uint64_t none;
    int bits;
    apr_size_t block_bytes, word;
    apr_uint32_t count, written;
    record_t *records;
    apr_uint64_t data_bytes; /* of the entry that is open */
    unsigned char buffer[BUFFER_BYTES];
    apr_size_t filled;
    apr_pool_t *pool;
};

static cdist_err_t *flush(cdist_container_writer_t *writer)
{
    apr_status_t rv = APR_SUCCESS;

    if (writer->filled) rv = apr_file_write_full(writer->file, writer->buffer, writer->filled, NULL);
    writer->filled = 0;
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(writer->pool, CDIST_E_STORE, rv, "%s: cannot be written", writer->name);
}

static cdist_err_t *put(cdist_container_writer_t *writer, const void *bytes, apr_size_t length)
{
    while (length > 0) {
        apr_size_t step = BUFFER_BYTES - writer->filled;

        if (step > length) step = length;
        memcpy(writer->buffer + writer->filled, bytes, step);
        writer->filled += step;
        writer->at += step;
        bytes = (const char *)bytes + step;
        length -= step;
        if (writer->filled == BUFFER_BYTES) CDIST_ERR(flush(writer));
    }
    return NULL;
}

static cdist_err_t *seek(cdist_container_writer_t *writer, apr_uint64_t offset)
{
    apr_off_t target = (apr_off_t)(writer->base + offset);
    apr_status_t rv = apr_file_seek(writer->file, APR_SET, &target);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(writer->pool, CDIST_E_STORE, rv, "%s: cannot be written", writer->name);
}

static void put_le(unsigned char *to, apr_uint64_t number, apr_size_t count)
{
    for (; count-- > 0; number >>= 8) *to++ = (unsigned char)number;
}

/* A block's header; the platform writes the digits of 64-bit containers in upper case. */
static void make_head(char head[64], const cdist_container_writer_t *writer, apr_uint64_t bytes)
{
    char *c;

    if (writer->bits == 32) {
        apr_snprintf(head, 64, "\r\n%08" APR_UINT64_T_HEX_FMT " %08" APR_UINT64_T_HEX_FMT " 7fffffff \r\n", bytes, bytes);
        return;
    }
    apr_snprintf(head, 64, "\r\n%016" APR_UINT64_T_HEX_FMT " %016" APR_UINT64_T_HEX_FMT " FFFFFFFFFFFFFFFF \r\n", bytes, bytes);
    for (c = head; *c; c++) *c = (char)apr_toupper(*c);
}

static cdist_err_t *put_head(cdist_container_writer_t *writer, apr_uint64_t bytes)
{
    char head[64];

    make_head(head, writer, bytes);
    return put(writer, head, writer->block_bytes);
}

/* Replaces bytes that were written before. */
static cdist_err_t *put_at(cdist_container_writer_t *writer, apr_uint64_t offset, const void *bytes, apr_size_t length)
{
    apr_uint64_t in_buffer = writer->at - writer->filled;
    apr_status_t rv;

    if (offset >= in_buffer) {
        memcpy(writer->buffer + (offset - in_buffer), bytes, length);
        return NULL;
    }
    CDIST_ERR(flush(writer));
    CDIST_ERR(seek(writer, offset));
    rv = apr_file_write_full(writer->file, bytes, length, NULL);
    if (rv != APR_SUCCESS) return cdist_err_create(writer->pool, CDIST_E_STORE, rv, "%s: cannot be written", writer->name);
    return seek(writer, writer->at);
}

/* NB: a 32-bit container ends below 2 GiB: its largest number means "none". */
static cdist_err_t *check_size(const cdist_container_writer_t *writer)
{
    if (writer->at < writer->none) return NULL;
    return cdist_err_create(writer->pool, CDIST_E_INPUT, 0, "%s: does not fit in a container of 32 bits", writer->name);
}

cdist_err_t *cdist_container_writer_open(cdist_container_writer_t **writer, apr_file_t *file, const char *name,
                                         apr_uint64_t base, int bits, apr_uint32_t count, apr_pool_t *pool)
{
    cdist_container_writer_t *made = apr_pcalloc(pool, sizeof *made);
    unsigned char head[20], zeros[24] = {0};
    apr_uint32_t i;

    made->file = file;
    made->name = name;
    made->base = base;
    made->bits = bits;
    made->block_bytes = bits == 64 ? 55 : 31;
    made->word = bits == 64 ? 8 : 4;
    made->none = bits == 64 ? APR_UINT64_MAX : 0x7FFFFFFF;
    made->count = count;
    made->records = apr_pcalloc(pool, sizeof *made->records * ((apr_size_t)count + 1));
    made->pool = pool;
    CDIST_ERR(seek(made, 0));
    memset(head, 0, sizeof head);
    put_le(head, made->none, made->word);
    put_le(head + made->word, PAGE_BYTES, 4);
    put_le(head + made->word + 4, 1, 4);
    CDIST_ERR(put(made, head, made->word + 12));
    CDIST_ERR(put_head(made, (apr_uint64_t)count * made->word * 3));
    for (i = 0; i < count; i++) CDIST_ERR(put(made, zeros, made->word * 3));
    *writer = made;
    return NULL;
}

/* Fills in how long the data of the entry became. */
static cdist_err_t *end_entry(cdist_container_writer_t *writer)
{
    char head[64];

    if (writer->data_bytes == 0) return NULL;
    make_head(head, writer, writer->data_bytes);
    writer->data_bytes = 0;
    return put_at(writer, writer->records[writer->written - 1].data_at, head, writer->block_bytes);
}

cdist_err_t *cdist_container_writer_entry(cdist_container_writer_t *writer, const char *name, apr_uint64_t created,
                                          apr_uint64_t modified)
{
    unsigned char attributes[20 + 2 * MAX_NAME_UNITS + 4];
    apr_size_t length = strlen(name);
    const char *units;
    record_t *record = &writer->records[writer->written];

    CDIST_ERR(end_entry(writer));
    if (writer->written == writer->count || length > MAX_NAME_UNITS || !cdist_text_is_utf8(name, length)) {
        return cdist_err_create(writer->pool, CDIST_E_INPUT, 0, "%s: an entry too many, or one that cannot be named so: %s",
                                writer->name, cdist_text_printable(name, writer->pool));
    }
    memset(attributes, 0, sizeof attributes);
    put_le(attributes, created, 8);
    put_le(attributes + 8, modified, 8);
    units = cdist_text_encode_utf16(&length, name, writer->pool);
    memcpy(attributes + 20, units, length);
    length += 24;
    record->attr_at = writer->at;
    record->data_at = writer->none;
    writer->written++;
    CDIST_ERR(put_head(writer, length));
    CDIST_ERR(put(writer, attributes, length));
    return check_size(writer);
}

cdist_err_t *cdist_container_writer_data(cdist_container_writer_t *writer, const void *bytes, apr_size_t length)
{
    record_t *record = &writer->records[writer->written - 1];

    if (length == 0) return NULL;
    if (record->data_at == writer->none) {
        record->data_at = writer->at;
        CDIST_ERR(put_head(writer, 0));
    }
    writer->data_bytes += length;
    CDIST_ERR(put(writer, bytes, length));
    return check_size(writer);
}

cdist_err_t *cdist_container_writer_close(cdist_container_writer_t *writer)
{
    apr_size_t table_at = writer->word + 12 + writer->block_bytes, i;

    CDIST_ERR(end_entry(writer));
    if (writer->written != writer->count) {
        return cdist_err_create(writer->pool, CDIST_E_INPUT, 0, "%s: %u entries instead of %u", writer->name,
                                (unsigned)writer->written, (unsigned)writer->count);
    }
    CDIST_ERR(flush(writer));
    CDIST_ERR(seek(writer, table_at));
    writer->at = table_at;
    for (i = 0; i < writer->count; i++) {
        unsigned char record[24];

        put_le(record, writer->records[i].attr_at, writer->word);
        put_le(record + writer->word, writer->records[i].data_at, writer->word);
        put_le(record + 2 * writer->word, writer->none, writer->word);
        CDIST_ERR(put(writer, record, 3 * writer->word));
    }
    return flush(writer);
}
