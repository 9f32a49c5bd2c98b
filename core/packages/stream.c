/* A package's bytes as an archive's reader wants them: those of the file, or unpacked where a whole .tar is packed.
 *
 * Unpacking is done apart from the archive's reader, which stops where the archive ends: here the stream is read to its own end,
 * where its checksums stand. gzip is zlib's business, because libarchive does not look at its checksum. */
#include <config.h>
#include "packages_int.h"

#ifdef HAVE_LIBARCHIVE

#include <apr_strings.h>

#include <archive.h>
#include <archive_entry.h>
#include <zlib.h>

#include <stdlib.h>
#include <string.h>

/* What may follow the end of an archive: padding. */
#define REST_MAX (APR_UINT64_C(64) << 20)

typedef enum { PLAIN, GZIP, OTHER } packing_t;

struct cdist_stream_t {
    cdist_reader_t *reader;
    packing_t packing;
    unsigned char in[CDIST_READ_BYTES], out[CDIST_READ_BYTES];
    z_stream z;
    int between;                /* of gzip: no member has begun, or one has ended */
    struct archive *unpacker;   /* of the others */
    apr_uint64_t zeros;         /* how many zero bytes the last ones were */
};

static cdist_err_t *damaged(const cdist_stream_t *stream, const char *reason)
{
    return cdist_err_create(stream->reader->pool, CDIST_E_CORRUPT, 0, "%s", reason);
}

static cdist_err_t *read_file(apr_size_t *length, cdist_stream_t *stream)
{
    apr_status_t rv;

    *length = sizeof stream->in;
    rv = apr_file_read(stream->reader->file, stream->in, length);
    if (APR_STATUS_IS_EOF(rv)) *length = 0;
    else if (rv != APR_SUCCESS) return cdist_err_create(stream->reader->pool, CDIST_E_SOURCE, rv, "cannot be read");
    stream->reader->read_bytes += *length;
    return NULL;
}

/* ---- gzip ------------------------------------------------------------------------------------------------------------ */

/* Packed bytes for zlib, of which padding between members is no part; *more is 0 at the end of the file. */
static cdist_err_t *feed(int *more, cdist_stream_t *stream)
{
    apr_size_t length;

    do {
        if (stream->z.avail_in == 0) {
            CDIST_ERR(read_file(&length, stream));
            stream->z.next_in = stream->in;
            stream->z.avail_in = (uInt)length;
        }
        while (stream->between && stream->z.avail_in > 0 && *stream->z.next_in == 0) {
            stream->z.next_in++;
            stream->z.avail_in--;
        }
        *more = stream->z.avail_in > 0;
    } while (stream->between && !*more && length > 0);
    return NULL;
}

static cdist_err_t *read_gzip(apr_size_t *length, cdist_stream_t *stream)
{
    z_stream *z = &stream->z;
    int more, state;

    z->next_out = stream->out;
    z->avail_out = sizeof stream->out;
    while (z->avail_out == sizeof stream->out) {
        CDIST_ERR(feed(&more, stream));
        if (!more && !stream->between) return damaged(stream, "is cut off within its gzip stream");
        if (!more) break;
        if (stream->between) inflateReset(z);
        stream->between = 0;
        state = inflate(z, Z_NO_FLUSH);
        if (state == Z_STREAM_END) stream->between = 1;
        else if (state != Z_OK && state != Z_BUF_ERROR) {
            return damaged(stream, apr_psprintf(stream->reader->pool, "its gzip stream is damaged: %s",
                                                z->msg ? z->msg : "no data"));
        }
    }
    *length = sizeof stream->out - z->avail_out;
    return NULL;
}

static apr_status_t end_gzip(void *baton)
{
    inflateEnd(&((cdist_stream_t *)baton)->z);
    return APR_SUCCESS;
}

/* ---- bzip2 and xz ------------------------------------------------------------------------------------------------- */

static la_ssize_t hand_packed(struct archive *archive, void *baton, const void **bytes)
{
    cdist_stream_t *stream = baton;
    apr_size_t length;
    cdist_err_t *err = read_file(&length, stream);

    *bytes = stream->in;
    if (!err) return (la_ssize_t)length;
    archive_set_error(archive, APR_EGENERAL, "%s", cdist_err_text(err, stream->reader->pool));
    return -1;
}

static apr_status_t end_unpacker(void *baton)
{
    archive_read_free(((cdist_stream_t *)baton)->unpacker);
    return APR_SUCCESS;
}

static cdist_err_t *unpacker_failed(const cdist_stream_t *stream)
{
    const char *reason = archive_error_string(stream->unpacker);

    return damaged(stream, apr_pstrcat(stream->reader->pool, "its packed stream is damaged: ",
                                       cdist_text_printable(reason ? reason : "no data", stream->reader->pool), NULL));
}

static cdist_err_t *open_unpacker(cdist_stream_t *stream)
{
    struct archive_entry *entry;

    stream->unpacker = archive_read_new();
    if (!stream->unpacker) abort(); /* out of memory, as APR's pools do */
    apr_pool_cleanup_register(stream->reader->pool, stream, end_unpacker, apr_pool_cleanup_null);
    /* NB: anything but ARCHIVE_OK would mean that another program has to do it. */
    if (archive_read_support_filter_bzip2(stream->unpacker) != ARCHIVE_OK ||
        archive_read_support_filter_xz(stream->unpacker) != ARCHIVE_OK ||
        archive_read_support_format_raw(stream->unpacker) != ARCHIVE_OK) {
        return cdist_err_create(stream->reader->pool, CDIST_E_SOURCE, 0, "libarchive lacks bzip2 or xz");
    }
    if (archive_read_open(stream->unpacker, stream, NULL, hand_packed, NULL) != ARCHIVE_OK ||
        archive_read_next_header(stream->unpacker, &entry) != ARCHIVE_OK) {
        return unpacker_failed(stream);
    }
    return NULL;
}

static cdist_err_t *read_unpacker(apr_size_t *length, cdist_stream_t *stream)
{
    la_ssize_t got = archive_read_data(stream->unpacker, stream->out, sizeof stream->out);

    if (got < 0) return unpacker_failed(stream);
    *length = (apr_size_t)got;
    return NULL;
}

/* ---- the stream -------------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_stream_open(cdist_stream_t **result, cdist_reader_t *reader)
{
    cdist_stream_t *stream = apr_pcalloc(reader->pool, sizeof *stream);
    unsigned char head[6] = {0};
    apr_size_t length = reader->stat.bytes < sizeof head ? (apr_size_t)reader->stat.bytes : sizeof head;
    apr_status_t rv = length ? cdist_os_read_at(reader->file, 0, head, length) : APR_SUCCESS;

    if (rv != APR_SUCCESS) return cdist_err_create(reader->pool, CDIST_E_SOURCE, rv, "cannot be read");
    stream->reader = reader;
    *result = stream;
    if (memcmp(head, "\x1F\x8B", 2) == 0) stream->packing = GZIP;
    else if (memcmp(head, "BZh", 3) == 0 || memcmp(head, "\xFD" "7zXZ", 6) == 0) stream->packing = OTHER;
    else return NULL;
    if (stream->packing == OTHER) return open_unpacker(stream);
    stream->between = 1;
    if (inflateInit2(&stream->z, 15 + 16) != Z_OK) abort();
    apr_pool_cleanup_register(reader->pool, stream, end_gzip, apr_pool_cleanup_null);
    return NULL;
}

int cdist_stream_is_packed(const cdist_stream_t *stream)
{
    return stream->packing != PLAIN;
}

cdist_err_t *cdist_stream_read(const void **bytes, apr_size_t *length, cdist_stream_t *stream)
{
    const unsigned char *p;
    apr_size_t zeros = 0;

    if (stream->packing == GZIP) CDIST_ERR(read_gzip(length, stream));
    else if (stream->packing == OTHER) CDIST_ERR(read_unpacker(length, stream));
    else CDIST_ERR(read_file(length, stream));
    *bytes = p = stream->packing == PLAIN ? stream->in : stream->out;
    while (zeros < *length && p[*length - 1 - zeros] == 0) zeros++;
    stream->zeros = zeros == *length ? stream->zeros + zeros : zeros;
    return NULL;
}

cdist_err_t *cdist_stream_drain(apr_uint64_t *zeros, cdist_stream_t *stream)
{
    apr_uint64_t rest = 0;
    const void *bytes;
    apr_size_t length;

    do {
        CDIST_ERR(cdist_stream_read(&bytes, &length, stream));
        rest += length;
        if (rest > REST_MAX) return damaged(stream, "goes on for long after the archive's end");
    } while (length > 0);
    *zeros = stream->zeros;
    return NULL;
}

#endif
