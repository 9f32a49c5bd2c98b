/* Writing a ZIP into a file, in order, and reading it back before anybody trusts it.
 *
 * An entry whose packed size is not known beforehand gets its header completed afterwards, so no data descriptor is
 * ever needed. The read-back compares what the disk returns with what was meant: every record byte for byte, every
 * entry's packed bytes by CRC-32; and it yields the SHA-256 of the whole, in the same pass. */
#include "archive_int.h"

#include <apr_strings.h>

#include <string.h>

#define BUFFER_BYTES (1024 * 1024)

typedef struct {
    const cdist_entry_t *entry;
    apr_uint32_t packed_crc;
} written_t;

struct cdist_zip_writer_t {
    apr_pool_t *pool;
    apr_file_t *file;
    apr_uint64_t at;           /* where the next byte goes */
    apr_uint64_t data_at;      /* where the current entry's data starts */
    apr_uint32_t packed_crc;   /* of the current entry's data so far */
    apr_array_header_t *done;  /* written_t */
    apr_uint64_t directory_at, directory_bytes;
};

cdist_zip_writer_t *cdist_zip_writer_create(apr_file_t *file, apr_pool_t *pool)
{
    cdist_zip_writer_t *writer = apr_pcalloc(pool, sizeof *writer);

    writer->pool = pool;
    writer->file = file;
    writer->done = apr_array_make(pool, 256, sizeof(written_t));
    return writer;
}

static cdist_err_t *failed(cdist_zip_writer_t *writer, apr_status_t rv)
{
    return cdist_err_create(writer->pool, CDIST_E_STORE, rv, "the archive cannot be written");
}

static cdist_err_t *put(cdist_zip_writer_t *writer, const void *bytes, apr_size_t length)
{
    apr_status_t rv = length ? apr_file_write_full(writer->file, bytes, length, NULL) : APR_SUCCESS;

    if (rv != APR_SUCCESS) return failed(writer, rv);
    writer->at += length;
    return NULL;
}

static cdist_err_t *seek(cdist_zip_writer_t *writer, apr_uint64_t offset)
{
    apr_off_t target = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(writer->file, APR_SET, &target);

    if (rv != APR_SUCCESS) return failed(writer, rv);
    writer->at = offset;
    return NULL;
}

static cdist_err_t *put_local(cdist_zip_writer_t *writer, const cdist_entry_t *entry)
{
    unsigned char record[ZIP_RECORD_MAX];
    apr_size_t tail, head = zip_put_local(record, &tail, entry);

    CDIST_ERR(put(writer, record, head));
    CDIST_ERR(put(writer, entry->name, strlen(entry->name)));
    return put(writer, record + head, tail);
}

static void remember(cdist_zip_writer_t *writer, const cdist_entry_t *entry, apr_uint32_t packed_crc)
{
    written_t *written = apr_array_push(writer->done);

    written->entry = entry;
    written->packed_crc = packed_crc;
}

cdist_err_t *cdist_zip_writer_add(cdist_zip_writer_t *writer, cdist_entry_t *entry, const void *packed)
{
    entry->offset = writer->at;
    CDIST_ERR(put_local(writer, entry));
    CDIST_ERR(put(writer, packed, (apr_size_t)entry->packed_bytes));
    remember(writer, entry, cdist_crc32(0, packed, (apr_size_t)entry->packed_bytes));
    return NULL;
}

cdist_err_t *cdist_zip_writer_begin(cdist_zip_writer_t *writer, cdist_entry_t *entry)
{
    entry->offset = writer->at;
    CDIST_ERR(put_local(writer, entry));
    writer->data_at = writer->at;
    writer->packed_crc = 0;
    return NULL;
}

cdist_err_t *cdist_zip_writer_data(cdist_zip_writer_t *writer, const void *packed, apr_size_t length)
{
    writer->packed_crc = cdist_crc32(writer->packed_crc, packed, length);
    return put(writer, packed, length);
}

cdist_err_t *cdist_zip_writer_rewind(cdist_zip_writer_t *writer)
{
    apr_status_t rv;

    CDIST_ERR(seek(writer, writer->data_at));
    rv = apr_file_trunc(writer->file, (apr_off_t)writer->data_at);
    writer->packed_crc = 0;
    return rv == APR_SUCCESS ? NULL : failed(writer, rv);
}

cdist_err_t *cdist_zip_writer_end(cdist_zip_writer_t *writer, cdist_entry_t *entry)
{
    apr_uint64_t end = writer->at;

    CDIST_ERR(seek(writer, entry->offset));
    CDIST_ERR(put_local(writer, entry));
    remember(writer, entry, writer->packed_crc);
    return seek(writer, end);
}

/* ---- the directory --------------------------------------------------------------------------------------------- */

/* The directory's bytes from entry *next on, as many as fit; the same code writes it and checks it. */
static apr_size_t fill_directory(unsigned char *out, int *next, const cdist_zip_writer_t *writer)
{
    apr_size_t used = 0;

    for (; *next < writer->done->nelts; (*next)++) {
        const cdist_entry_t *entry = APR_ARRAY_IDX(writer->done, *next, written_t).entry;
        unsigned char record[ZIP_RECORD_MAX];
        apr_size_t name_bytes = strlen(entry->name), tail, head = zip_put_central(record, &tail, entry);

        if (used + head + name_bytes + tail > BUFFER_BYTES) break;
        memcpy(out + used, record, head);
        memcpy(out + used + head, entry->name, name_bytes);
        memcpy(out + used + head + name_bytes, record + head, tail);
        used += head + name_bytes + tail;
    }
    return used;
}

static cdist_err_t *put_directory(cdist_zip_writer_t *writer, unsigned char *buffer)
{
    apr_size_t length;
    int next = 0;

    writer->directory_at = writer->at;
    while ((length = fill_directory(buffer, &next, writer)) > 0) CDIST_ERR(put(writer, buffer, length));
    writer->directory_bytes = writer->at - writer->directory_at;
    length = zip_put_end(buffer, (apr_uint64_t)writer->done->nelts, writer->directory_bytes, writer->directory_at);
    return put(writer, buffer, length);
}

/* ---- reading back ---------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_zip_writer_t *writer;
    cdist_sha256_t *sha;
    unsigned char *buffer;
    const volatile apr_uint32_t *stop;
} check_t;

static cdist_err_t *damaged(check_t *check, const char *where)
{
    return cdist_err_create(check->writer->pool, CDIST_E_STORE, 0,
                            "the archive reads back differently from what was written (%s): check the disk", where);
}

static cdist_err_t *read_back(check_t *check, apr_size_t length)
{
    apr_status_t rv;

    if (cdist_stop_asked(check->stop)) {
        return cdist_err_create(check->writer->pool, CDIST_E_STOPPED, 0, "the build was stopped");
    }
    rv = apr_file_read_full(check->writer->file, check->buffer, length, NULL);
    if (APR_STATUS_IS_EOF(rv)) return damaged(check, "it is too short");
    if (rv != APR_SUCCESS) return failed(check->writer, rv);
    cdist_sha256_update(check->sha, check->buffer, length);
    return NULL;
}

static cdist_err_t *check_bytes(check_t *check, const void *expected, apr_size_t length, const char *where)
{
    if (length == 0) return NULL;
    CDIST_ERR(read_back(check, length));
    return memcmp(check->buffer, expected, length) == 0 ? NULL : damaged(check, where);
}

static cdist_err_t *check_entry(check_t *check, const written_t *written)
{
    const cdist_entry_t *entry = written->entry;
    unsigned char record[ZIP_RECORD_MAX];
    apr_size_t tail, head = zip_put_local(record, &tail, entry);
    apr_uint64_t left = entry->packed_bytes;
    apr_uint32_t crc = 0;

    CDIST_ERR(check_bytes(check, record, head, entry->name));
    CDIST_ERR(check_bytes(check, entry->name, strlen(entry->name), entry->name));
    CDIST_ERR(check_bytes(check, record + head, tail, entry->name));
    while (left > 0) {
        apr_size_t step = left > BUFFER_BYTES ? BUFFER_BYTES : (apr_size_t)left;

        CDIST_ERR(read_back(check, step));
        crc = cdist_crc32(crc, check->buffer, step);
        left -= step;
    }
    return crc == written->packed_crc ? NULL : damaged(check, entry->name);
}

static cdist_err_t *check_all(check_t *check, unsigned char *expected)
{
    cdist_zip_writer_t *writer = check->writer;
    apr_size_t length;
    int i, next = 0;

    CDIST_ERR(seek(writer, 0));
    for (i = 0; i < writer->done->nelts; i++) CDIST_ERR(check_entry(check, &APR_ARRAY_IDX(writer->done, i, written_t)));
    while ((length = fill_directory(expected, &next, writer)) > 0) {
        CDIST_ERR(check_bytes(check, expected, length, "the directory"));
    }
    length = zip_put_end(expected, (apr_uint64_t)writer->done->nelts, writer->directory_bytes, writer->directory_at);
    return check_bytes(check, expected, length, "the end of the directory");
}

cdist_err_t *cdist_zip_writer_finish(cdist_manifest_t *manifest, cdist_zip_writer_t *writer,
                                     const volatile apr_uint32_t *stop)
{
    unsigned char *expected = apr_palloc(writer->pool, BUFFER_BYTES);
    check_t check = {writer, NULL, NULL, stop};

    CDIST_ERR(put_directory(writer, expected));
    manifest->archive_bytes = writer->at;
    check.sha = cdist_sha256_create(writer->pool);
    check.buffer = apr_palloc(writer->pool, BUFFER_BYTES);
    CDIST_ERR(check_all(&check, expected));
    cdist_sha256_final(&manifest->archive_sha256, check.sha);
    return NULL;
}
