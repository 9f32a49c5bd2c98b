/* A stream with a length and a CRC-32 to have: those that a ZIP gives for a member. */
#include "updates_int.h"

#include <zlib.h>

typedef struct {
    cdist_stream_t *inner;
    apr_uint64_t length;
    apr_uint32_t expected, crc; /* crc: of what was read so far */
    apr_pool_t *pool;
} checked_t;

static cdist_err_t *read_checked(cdist_stream_t *stream, void *to, apr_size_t *length)
{
    checked_t *checked = stream->baton;

    CDIST_ERR(checked->inner->read(checked->inner, to, length));
    checked->crc = (apr_uint32_t)crc32_z(checked->crc, to, *length);
    stream->at += *length;
    if (stream->at > checked->length || (*length == 0 && stream->at < checked->length)) {
        return cdist_damaged(checked->pool, stream->name, stream->at, "has %s bytes than the %" APR_UINT64_T_FMT " that the ZIP says",
                             *length ? "more" : "fewer", checked->length);
    }
    if (*length || checked->crc == checked->expected) return NULL;
    return cdist_damaged(checked->pool, stream->name, 0, "its CRC-32 is %08x, and %08x in the ZIP's directory: it is damaged, get the "
                         "ZIP again", checked->crc, checked->expected);
}

static cdist_err_t *rewind_checked(cdist_stream_t *stream)
{
    checked_t *checked = stream->baton;

    CDIST_ERR(checked->inner->rewind(checked->inner));
    checked->crc = 0;
    stream->at = 0;
    return NULL;
}

cdist_stream_t *cdist_stream_crc(cdist_stream_t *inner, apr_uint64_t length, apr_uint32_t expected, apr_pool_t *pool)
{
    cdist_stream_t *stream = apr_pcalloc(pool, sizeof *stream);
    checked_t *checked = apr_pcalloc(pool, sizeof *checked);

    checked->inner = inner;
    checked->length = length;
    checked->expected = expected;
    checked->pool = pool;
    stream->read = read_checked;
    stream->rewind = rewind_checked;
    stream->baton = checked;
    stream->name = inner->name;
    return stream;
}
