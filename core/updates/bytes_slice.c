/* A part of other bytes, with a name and a length of its own: a file that lies in another one. */
#include "updates_int.h"

typedef struct {
    cdist_bytes_t *whole;
    apr_uint64_t start;
} slice_t;

static cdist_err_t *read_slice(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length)
{
    slice_t *slice = bytes->baton;

    if (offset >= bytes->length) *length = 0;
    else if (*length > bytes->length - offset) *length = (apr_size_t)(bytes->length - offset);
    if (*length == 0) return NULL;
    CDIST_ERR(slice->whole->read(slice->whole, slice->start + offset, to, length));
    bytes->count += *length;
    return NULL;
}

cdist_bytes_t *cdist_bytes_slice(cdist_bytes_t *bytes, apr_uint64_t offset, apr_uint64_t length, const char *name,
                                 apr_pool_t *pool)
{
    cdist_bytes_t *made = apr_pcalloc(pool, sizeof *made);
    slice_t *slice = apr_pcalloc(pool, sizeof *slice);

    slice->whole = bytes;
    slice->start = offset;
    made->read = read_slice;
    made->baton = slice;
    made->name = name;
    /* NB: no place of it may be beyond what a number holds. */
    made->length = length < APR_UINT64_MAX - offset ? length : APR_UINT64_MAX - offset;
    made->in_order = bytes->in_order;
    made->pool = pool;
    return made;
}
