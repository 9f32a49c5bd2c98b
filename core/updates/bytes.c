/* Bytes at any place, of a file or of memory; and streams over them. */
#include "updates_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

#define START_BYTES 8192

cdist_err_t *cdist_damaged(apr_pool_t *pool, const char *name, apr_uint64_t offset, const char *fmt, ...)
{
    const char *text;
    va_list args;

    va_start(args, fmt);
    text = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: offset 0x%" APR_UINT64_T_HEX_FMT ": %s", name, offset, text);
}

/* ---- a file ---------------------------------------------------------------------------------------------------- */

/* The start of the file is kept: it is looked at several times until it is known what the file is. */
typedef struct {
    apr_file_t *file;
    apr_size_t kept;
    char start[START_BYTES];
} file_bytes_t;

static cdist_err_t *read_from_disk(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t length)
{
    file_bytes_t *from = bytes->baton;
    apr_status_t rv;

    if (bytes->stop && apr_atomic_read32((volatile apr_uint32_t *)bytes->stop)) {
        return cdist_err_create(bytes->pool, CDIST_E_STOPPED, 0, "%s: not read to its end", bytes->name);
    }
    rv = length ? cdist_os_read_at(from->file, offset, to, length) : APR_SUCCESS;
    bytes->count += length;
    if (rv == APR_SUCCESS) return NULL;
    if (APR_STATUS_IS_EOF(rv)) {
        return cdist_err_create(bytes->pool, CDIST_E_CHANGED, 0, "%s: became shorter while it was read", bytes->name);
    }
    return cdist_err_create(bytes->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", bytes->name);
}

static cdist_err_t *read_file(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length)
{
    file_bytes_t *from = bytes->baton;
    apr_size_t kept = 0;

    if (offset >= bytes->length) *length = 0;
    else if (*length > bytes->length - offset) *length = (apr_size_t)(bytes->length - offset);
    if (offset < START_BYTES && from->kept == 0) {
        apr_size_t start = bytes->length < START_BYTES ? (apr_size_t)bytes->length : START_BYTES;

        CDIST_ERR(read_from_disk(bytes, 0, from->start, start));
        from->kept = start;
    }
    if (offset < from->kept) {
        kept = from->kept - (apr_size_t)offset;
        if (kept > *length) kept = *length;
        memcpy(to, from->start + offset, kept);
    }
    return read_from_disk(bytes, offset + kept, (char *)to + kept, *length - kept);
}

cdist_err_t *cdist_bytes_open_file(cdist_bytes_t **bytes, apr_file_t *file, const char *name, apr_pool_t *pool)
{
    file_bytes_t *from = apr_pcalloc(pool, sizeof *from);
    apr_finfo_t info;
    apr_status_t rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s", name);
    from->file = file;
    *bytes = apr_pcalloc(pool, sizeof **bytes);
    (*bytes)->read = read_file;
    (*bytes)->baton = from;
    (*bytes)->name = name;
    (*bytes)->length = (apr_uint64_t)info.size;
    (*bytes)->pool = pool;
    return NULL;
}

void cdist_bytes_stop_when(cdist_bytes_t *bytes, const volatile apr_uint32_t *stop)
{
    bytes->stop = stop;
}

cdist_err_t *cdist_bytes_file(cdist_bytes_t **bytes, const char *path, apr_pool_t *pool)
{
    const char *name = cdist_text_printable(path, pool);
    apr_finfo_t info;
    apr_file_t *file;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, pool);

    /* NB: asked before it is opened, since opening a pipe would wait for a writer. */
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        return cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s: is no file", name);
    }
    if (rv == APR_SUCCESS) rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv, "%s", name);
    }
    return cdist_bytes_open_file(bytes, file, name, pool);
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

static cdist_err_t *read_memory(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length)
{
    if (offset >= bytes->length) *length = 0;
    else if (*length > bytes->length - offset) *length = (apr_size_t)(bytes->length - offset);
    if (*length) memcpy(to, (const char *)bytes->baton + offset, *length);
    bytes->count += *length;
    return NULL;
}

cdist_bytes_t *cdist_bytes_memory(const void *memory, apr_size_t length, const char *name, apr_pool_t *pool)
{
    cdist_bytes_t *bytes = apr_pcalloc(pool, sizeof *bytes);

    bytes->read = read_memory;
    bytes->baton = (void *)memory;
    bytes->name = name;
    bytes->length = length;
    bytes->pool = pool;
    return bytes;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

const char *cdist_bytes_name(const cdist_bytes_t *bytes)
{
    return bytes->name;
}

apr_uint64_t cdist_bytes_length(const cdist_bytes_t *bytes)
{
    return bytes->length;
}

apr_uint64_t cdist_bytes_count(const cdist_bytes_t *bytes)
{
    return bytes->count;
}

cdist_err_t *cdist_bytes_read(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length)
{
    if (*length > BYTES_STEP) *length = BYTES_STEP;
    return bytes->read(bytes, offset, to, length);
}

/* ---- streams --------------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_bytes_t *bytes;
    apr_uint64_t start;
} bytes_stream_t;

static cdist_err_t *read_on(cdist_stream_t *stream, void *to, apr_size_t *length)
{
    bytes_stream_t *from = stream->baton;

    CDIST_ERR(cdist_bytes_read(from->bytes, from->start + stream->at, to, length));
    stream->at += *length;
    return NULL;
}

static cdist_err_t *rewind_bytes(cdist_stream_t *stream)
{
    stream->at = 0;
    return NULL;
}

cdist_stream_t *cdist_bytes_stream(cdist_bytes_t *bytes, apr_uint64_t offset, apr_pool_t *pool)
{
    cdist_stream_t *stream = apr_pcalloc(pool, sizeof *stream);
    bytes_stream_t *from = apr_pcalloc(pool, sizeof *from);

    from->bytes = bytes;
    from->start = offset;
    stream->read = read_on;
    stream->rewind = rewind_bytes;
    stream->baton = from;
    stream->name = bytes->name;
    return stream;
}

cdist_err_t *cdist_stream_read_all(char **bytes, apr_size_t *length, cdist_stream_t *stream, apr_size_t max_bytes,
                                   apr_pool_t *pool)
{
    apr_size_t room = 4096, step;
    char *all = apr_palloc(pool, room);

    *length = 0;
    for (;;) {
        step = room - *length - 1;
        CDIST_ERR(stream->read(stream, all + *length, &step));
        if (step == 0) break;
        *length += step;
        if (*length > max_bytes) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: larger than %s", stream->name,
                                    cdist_size_format(max_bytes, pool));
        }
        if (*length + 1 == room) {
            char *larger = apr_palloc(pool, room * 2);

            memcpy(larger, all, *length);
            all = larger;
            room *= 2;
        }
    }
    all[*length] = '\0';
    *bytes = all;
    return NULL;
}

cdist_err_t *cdist_bytes_spool(cdist_bytes_t **bytes, cdist_stream_t *stream, const char *folder, apr_pool_t *pool)
{
    char *buffer = apr_palloc(pool, BYTES_STEP);
    cdist_temp_t *temp;
    apr_status_t rv = cdist_os_temp_open(&temp, folder, pool);

    while (rv == APR_SUCCESS) {
        apr_size_t length = BYTES_STEP;

        CDIST_ERR(stream->read(stream, buffer, &length));
        if (length == 0) return cdist_bytes_open_file(bytes, temp->file, stream->name, pool);
        rv = apr_file_write_full(temp->file, buffer, length, NULL);
    }
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: %s cannot be written there", folder, stream->name);
}
