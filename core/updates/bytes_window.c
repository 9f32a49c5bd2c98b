/* Bytes of a stream, of which the last ones are kept: what lies a little behind costs nothing, what lies ahead is passed
 * over, and for what lies further behind the stream starts anew. */
#include "updates_int.h"

#include <string.h>

#define KEPT_BYTES (1024u * 1024)
#define BUFFER_BYTES (2 * KEPT_BYTES)
/* NB: a file whose entries lie in no order at all would be inflated for each of them. */
#define MAX_REWINDS 64
#define MAX_REPEATED_BYTES ((apr_uint64_t)4 << 30)

typedef struct {
    cdist_stream_t *stream;
    char *buffer;
    apr_uint64_t start;  /* the place of the buffer's first byte */
    apr_size_t filled;
    int ended, rewinds;
    apr_uint64_t repeated; /* bytes that were read in vain */
} window_t;

static cdist_err_t *go_back(window_t *window, cdist_bytes_t *bytes, apr_uint64_t offset)
{
    window->repeated += window->start + window->filled;
    if (++window->rewinds > MAX_REWINDS || window->repeated > MAX_REPEATED_BYTES) {
        return cdist_damaged(bytes->pool, bytes->name, offset, "the blocks lie in such disorder that reading would not end");
    }
    CDIST_ERR(window->stream->rewind(window->stream));
    window->start = 0;
    window->filled = 0;
    window->ended = 0;
    return NULL;
}

static cdist_err_t *fill(window_t *window)
{
    apr_size_t step;

    if (window->filled == BUFFER_BYTES) {
        memmove(window->buffer, window->buffer + BUFFER_BYTES - KEPT_BYTES, KEPT_BYTES);
        window->start += BUFFER_BYTES - KEPT_BYTES;
        window->filled = KEPT_BYTES;
    }
    step = BUFFER_BYTES - window->filled;
    if (step > BYTES_STEP) step = BYTES_STEP;
    CDIST_ERR(window->stream->read(window->stream, window->buffer + window->filled, &step));
    window->filled += step;
    window->ended = step == 0;
    return NULL;
}

static cdist_err_t *read_window(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length)
{
    window_t *window = bytes->baton;
    apr_uint64_t left;

    if (offset < window->start) CDIST_ERR(go_back(window, bytes, offset));
    while (!window->ended && (offset >= window->start + window->filled ||
                              window->start + window->filled - offset < *length)) {
        CDIST_ERR(fill(window));
    }
    left = offset >= window->start + window->filled ? 0 : window->start + window->filled - offset;
    if (*length > left) *length = (apr_size_t)left;
    if (*length) memcpy(to, window->buffer + (offset - window->start), *length);
    bytes->count += *length;
    return NULL;
}

cdist_bytes_t *cdist_bytes_window(cdist_stream_t *stream, apr_pool_t *pool)
{
    cdist_bytes_t *bytes = apr_pcalloc(pool, sizeof *bytes);
    window_t *window = apr_pcalloc(pool, sizeof *window);

    window->stream = stream;
    window->buffer = apr_palloc(pool, BUFFER_BYTES);
    bytes->read = read_window;
    bytes->baton = window;
    bytes->name = stream->name;
    bytes->length = APR_UINT64_MAX;
    bytes->in_order = 1;
    bytes->pool = pool;
    return bytes;
}
