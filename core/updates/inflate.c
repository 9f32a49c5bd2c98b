/* Raw deflate data as a stream of what they hold. */
#include "updates_int.h"

#include <stdlib.h>
#include <zlib.h>

/* NB: brace text shrinks to a tenth, tables of a template to a fiftieth; what shrinks more, and is large, was made to fill
 * somebody's memory or time. */
#define FREE_BYTES (64u * 1024 * 1024)
#define MAX_RATIO 200
#define MAX_BYTES ((apr_uint64_t)8 << 30)

typedef struct {
    cdist_stream_t *packed;
    unsigned char *in;
    apr_size_t step;
    z_stream z;
    apr_uint64_t taken; /* packed bytes so far */
    int ended;
    apr_pool_t *pool;
} inflater_t;

static apr_status_t end(void *baton)
{
    inflateEnd(baton);
    return APR_SUCCESS;
}

static cdist_err_t *feed(inflater_t *inflater)
{
    apr_size_t length = inflater->step;

    if (inflater->z.avail_in) return NULL;
    CDIST_ERR(inflater->packed->read(inflater->packed, inflater->in, &length));
    inflater->z.next_in = inflater->in;
    inflater->z.avail_in = (uInt)length;
    inflater->taken += length;
    return NULL;
}

static cdist_err_t *check_ratio(const inflater_t *inflater, const cdist_stream_t *stream)
{
    if (stream->at > MAX_BYTES) {
        return cdist_damaged(inflater->pool, stream->name, inflater->taken, "inflates to more than %s, which no configuration does",
                             cdist_size_format(MAX_BYTES, inflater->pool));
    }
    if (stream->at <= FREE_BYTES || stream->at / MAX_RATIO <= inflater->taken) return NULL;
    return cdist_damaged(inflater->pool, stream->name, inflater->taken,
                         "inflates to more than %s, and more than %d times what is packed, which no configuration does",
                         cdist_size_format(FREE_BYTES, inflater->pool), MAX_RATIO);
}

static cdist_err_t *read_inflated(cdist_stream_t *stream, void *to, apr_size_t *length)
{
    inflater_t *inflater = stream->baton;
    z_stream *z = &inflater->z;
    apr_size_t wanted = *length > BYTES_STEP ? BYTES_STEP : *length;

    z->next_out = to;
    z->avail_out = (uInt)wanted;
    while (!inflater->ended && z->avail_out == wanted) {
        int status;

        CDIST_ERR(feed(inflater));
        status = inflate(z, Z_NO_FLUSH);
        if (status == Z_MEM_ERROR) abort();
        inflater->ended = status == Z_STREAM_END;
        if (status == Z_OK || status == Z_STREAM_END) continue;
        if (status == Z_BUF_ERROR && z->avail_in == 0) {
            return cdist_damaged(inflater->pool, stream->name, inflater->taken, "the compressed data end too early");
        }
        return cdist_damaged(inflater->pool, stream->name, inflater->taken - z->avail_in,
                             "the compressed data are damaged (%s)", z->msg ? z->msg : "not deflate data");
    }
    *length = wanted - z->avail_out;
    stream->at += *length;
    return check_ratio(inflater, stream);
}

static cdist_err_t *rewind_inflated(cdist_stream_t *stream)
{
    inflater_t *inflater = stream->baton;

    CDIST_ERR(inflater->packed->rewind(inflater->packed));
    if (inflateReset(&inflater->z) != Z_OK) abort();
    inflater->z.avail_in = 0;
    inflater->taken = 0;
    inflater->ended = 0;
    stream->at = 0;
    return NULL;
}

cdist_stream_t *cdist_stream_inflate(cdist_stream_t *packed, apr_size_t step, apr_pool_t *pool)
{
    cdist_stream_t *stream = apr_pcalloc(pool, sizeof *stream);
    inflater_t *inflater = apr_pcalloc(pool, sizeof *inflater);

    inflater->packed = packed;
    inflater->step = step;
    inflater->in = apr_palloc(pool, step);
    inflater->pool = pool;
    /* NB: it fails only without memory: end the process, as APR's pools do. */
    if (inflateInit2(&inflater->z, -MAX_WBITS) != Z_OK) abort();
    apr_pool_cleanup_register(pool, &inflater->z, end, apr_pool_cleanup_null);
    stream->read = read_inflated;
    stream->rewind = rewind_inflated;
    stream->baton = inflater;
    stream->name = packed->name;
    return stream;
}
