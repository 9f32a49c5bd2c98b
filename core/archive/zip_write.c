/* Writing a ZIP into a file, in order, and reading it back before anybody trusts it.
 *
 * An entry whose packed size is not known beforehand gets its header completed afterwards, so no data descriptor is
 * ever needed. The read-back compares what the disk returns with what was meant: every record byte for byte, every
 * entry's packed bytes by CRC-32; and it yields the SHA-256 of the whole, in the same pass. It runs in a thread of its own
 * and follows the writer from entry to entry, so that only the directory is left at the end. */
#include "archive_int.h"

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <stdatomic.h>
#include <string.h>

#define BUFFER_BYTES (1024 * 1024)
#define FLUSH_BYTES (8u * 1024 * 1024)

typedef struct {
    const cdist_entry_t *entry;
    apr_uint32_t packed_crc;
} written_t;

struct cdist_zip_writer_t {
    apr_pool_t *pool;
    apr_file_t *file;
    apr_uint64_t at;           /* where the next byte goes */
    apr_uint64_t flushed_to;   /* the disk was asked to begin with what lies before */
    apr_uint64_t data_at;      /* where the current entry's data starts */
    apr_uint32_t packed_crc;   /* of the current entry's data so far */
    written_t *done;           /* room for all entries */
    int written;               /* how many are complete; guarded by the mutex while the reader runs */
    apr_uint64_t directory_at, directory_bytes;
    /* ---- reading back ---- */
    const volatile apr_uint32_t *stop;
    apr_thread_t *reader; /* NULL: none runs */
    apr_pool_t *reader_pool; /* its own */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *more;
    int complete, abandoned; /* nothing will be added; the reader may go */
    cdist_sha256_t *sha;
    unsigned char *buffer;
    apr_uint64_t read_to;
    cdist_err_t *read_err;
    atomic_int failed; /* C11, which the sanitizer sees through, unlike APR: read_err is set, and nothing will change it any more */
};

static cdist_err_t *write_failed(cdist_zip_writer_t *writer, apr_status_t rv)
{
    return cdist_err_create(writer->pool, CDIST_E_STORE, rv, "the archive cannot be written");
}

/* NB: what was read back wrong already is not worth another byte. */
static cdist_err_t *put(cdist_zip_writer_t *writer, const void *bytes, apr_size_t length)
{
    apr_status_t rv;

    if (atomic_load(&writer->failed)) return cdist_err_dup(writer->read_err, writer->pool);
    rv = length ? apr_file_write_full(writer->file, bytes, length, NULL) : APR_SUCCESS;
    if (rv != APR_SUCCESS) return write_failed(writer, rv);
    writer->at += length;
    return NULL;
}

static cdist_err_t *seek(cdist_zip_writer_t *writer, apr_uint64_t offset)
{
    apr_off_t target = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(writer->file, APR_SET, &target);

    if (rv != APR_SUCCESS) return write_failed(writer, rv);
    writer->at = offset;
    return NULL;
}

/* NB: complete entries alone, since an open one may be taken back. */
static void flush(cdist_zip_writer_t *writer)
{
    if (writer->at < writer->flushed_to + FLUSH_BYTES) return;
    cdist_os_write_begin(writer->file, writer->flushed_to, writer->at - writer->flushed_to);
    writer->flushed_to = writer->at;
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
    apr_thread_mutex_lock(writer->mutex);
    writer->done[writer->written].entry = entry;
    writer->done[writer->written].packed_crc = packed_crc;
    writer->written++;
    apr_thread_cond_signal(writer->more);
    apr_thread_mutex_unlock(writer->mutex);
}

cdist_err_t *cdist_zip_writer_add(cdist_zip_writer_t *writer, cdist_entry_t *entry, const void *packed)
{
    entry->offset = writer->at;
    CDIST_ERR(put_local(writer, entry));
    entry->data_offset = writer->at;
    CDIST_ERR(put(writer, packed, (apr_size_t)entry->packed_bytes));
    remember(writer, entry, cdist_crc32(0, packed, (apr_size_t)entry->packed_bytes));
    flush(writer);
    return NULL;
}

cdist_err_t *cdist_zip_writer_begin(cdist_zip_writer_t *writer, cdist_entry_t *entry)
{
    entry->offset = writer->at;
    CDIST_ERR(put_local(writer, entry));
    writer->data_at = entry->data_offset = writer->at;
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
    return rv == APR_SUCCESS ? NULL : write_failed(writer, rv);
}

cdist_err_t *cdist_zip_writer_end(cdist_zip_writer_t *writer, cdist_entry_t *entry)
{
    apr_uint64_t end = writer->at;

    CDIST_ERR(seek(writer, entry->offset));
    CDIST_ERR(put_local(writer, entry));
    remember(writer, entry, writer->packed_crc);
    CDIST_ERR(seek(writer, end));
    flush(writer);
    return NULL;
}

/* ---- the directory --------------------------------------------------------------------------------------------- */

/* The directory's bytes from entry *next on, as many as fit; the same code writes it and checks it. */
static apr_size_t fill_directory(unsigned char *out, int *next, const cdist_zip_writer_t *writer)
{
    apr_size_t used = 0;

    for (; *next < writer->written; (*next)++) {
        const cdist_entry_t *entry = writer->done[*next].entry;
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
    length = zip_put_end(buffer, (apr_uint64_t)writer->written, writer->directory_bytes, writer->directory_at);
    return put(writer, buffer, length);
}

/* ---- reading back ---------------------------------------------------------------------------------------------- */

static cdist_err_t *damaged(cdist_zip_writer_t *writer, const char *where)
{
    return cdist_err_create(writer->reader_pool, CDIST_E_STORE, 0,
                            "the archive reads back differently from what was written (%s): check the disk", where);
}

static cdist_err_t *read_back(cdist_zip_writer_t *writer, apr_size_t length)
{
    apr_status_t rv;

    if (cdist_stop_asked(writer->stop)) {
        return cdist_err_create(writer->reader_pool, CDIST_E_STOPPED, 0, "the build was stopped");
    }
    rv = cdist_os_read_at(writer->file, writer->read_to, writer->buffer, length);
    if (APR_STATUS_IS_EOF(rv)) return damaged(writer, "it is too short");
    if (rv != APR_SUCCESS) return cdist_err_create(writer->reader_pool, CDIST_E_STORE, rv, "the archive cannot be read back");
    cdist_sha256_update(writer->sha, writer->buffer, length);
    writer->read_to += length;
    return NULL;
}

static cdist_err_t *check_bytes(cdist_zip_writer_t *writer, const void *expected, apr_size_t length, const char *where)
{
    if (length == 0) return NULL;
    CDIST_ERR(read_back(writer, length));
    return memcmp(writer->buffer, expected, length) == 0 ? NULL : damaged(writer, where);
}

static cdist_err_t *check_entry(cdist_zip_writer_t *writer, const written_t *written)
{
    const cdist_entry_t *entry = written->entry;
    unsigned char record[ZIP_RECORD_MAX];
    apr_size_t tail, head = zip_put_local(record, &tail, entry);
    apr_uint64_t left = entry->packed_bytes;
    apr_uint32_t crc = 0;

    CDIST_ERR(check_bytes(writer, record, head, entry->name));
    CDIST_ERR(check_bytes(writer, entry->name, strlen(entry->name), entry->name));
    CDIST_ERR(check_bytes(writer, record + head, tail, entry->name));
    while (left > 0) {
        apr_size_t step = left > BUFFER_BYTES ? BUFFER_BYTES : (apr_size_t)left;

        CDIST_ERR(read_back(writer, step));
        crc = cdist_crc32(crc, writer->buffer, step);
        left -= step;
    }
    return crc == written->packed_crc ? NULL : damaged(writer, entry->name);
}

/* The next entry to read back, NULL when there will be none. */
static const written_t *next_written(cdist_zip_writer_t *writer, int i)
{
    const written_t *written = NULL;

    apr_thread_mutex_lock(writer->mutex);
    while (i >= writer->written && !writer->complete && !writer->abandoned) apr_thread_cond_wait(writer->more, writer->mutex);
    if (i < writer->written && !writer->abandoned) written = &writer->done[i];
    apr_thread_mutex_unlock(writer->mutex);
    return written;
}

static void *APR_THREAD_FUNC read_entries(apr_thread_t *thread, void *baton)
{
    cdist_zip_writer_t *writer = baton;
    const written_t *written;
    int i;

    (void)thread;
    for (i = 0; !writer->read_err && (written = next_written(writer, i)) != NULL; i++) {
        writer->read_err = check_entry(writer, written);
    }
    if (writer->read_err) atomic_store(&writer->failed, 1);
    return NULL;
}

static void join_reader(cdist_zip_writer_t *writer, int *reason)
{
    apr_status_t ignored;

    if (!writer->reader) return;
    apr_thread_mutex_lock(writer->mutex);
    *reason = 1;
    apr_thread_cond_signal(writer->more);
    apr_thread_mutex_unlock(writer->mutex);
    apr_thread_join(&ignored, writer->reader);
    writer->reader = NULL;
}

static apr_status_t abandon(void *baton)
{
    cdist_zip_writer_t *writer = baton;

    join_reader(writer, &writer->abandoned);
    apr_pool_destroy(writer->reader_pool);
    return APR_SUCCESS;
}

cdist_err_t *cdist_zip_writer_create(cdist_zip_writer_t **result, apr_file_t *file, int total,
                                     const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_zip_writer_t *writer = apr_pcalloc(pool, sizeof *writer);
    apr_status_t rv;

    writer->pool = pool;
    writer->file = file;
    writer->stop = stop;
    writer->done = apr_palloc(pool, (apr_size_t)(total + 1) * sizeof(written_t));
    writer->sha = cdist_sha256_create(pool);
    writer->buffer = apr_palloc(pool, BUFFER_BYTES);
    apr_pool_create_unmanaged(&writer->reader_pool);
    rv = apr_thread_mutex_create(&writer->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (rv == APR_SUCCESS) rv = apr_thread_cond_create(&writer->more, pool);
    /* NB: before the pool's own cleanups, which would take the mutex away from the running thread. */
    apr_pool_pre_cleanup_register(pool, writer, abandon);
    if (rv == APR_SUCCESS) rv = apr_thread_create(&writer->reader, NULL, read_entries, writer, pool);
    if (rv != APR_SUCCESS) {
        writer->reader = NULL;
        return cdist_err_create(pool, CDIST_E_BUSY, rv, "no thread can be started for the build");
    }
    *result = writer;
    return NULL;
}

static cdist_err_t *check_directory(cdist_zip_writer_t *writer, unsigned char *expected)
{
    apr_size_t length;
    int next = 0;

    while ((length = fill_directory(expected, &next, writer)) > 0) {
        CDIST_ERR(check_bytes(writer, expected, length, "the directory"));
    }
    length = zip_put_end(expected, (apr_uint64_t)writer->written, writer->directory_bytes, writer->directory_at);
    return check_bytes(writer, expected, length, "the end of the directory");
}

cdist_err_t *cdist_zip_writer_finish(cdist_manifest_t *manifest, cdist_zip_writer_t *writer)
{
    unsigned char *expected = apr_palloc(writer->pool, BUFFER_BYTES);
    cdist_err_t *err;

    CDIST_ERR(put_directory(writer, expected));
    manifest->archive_bytes = writer->at;
    join_reader(writer, &writer->complete);
    err = writer->read_err ? writer->read_err : check_directory(writer, expected);
    if (err) return cdist_err_dup(err, writer->pool);
    cdist_sha256_final(&manifest->archive_sha256, writer->sha);
    return NULL;
}
