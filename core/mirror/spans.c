/* Sets of bytes: sorted spans that do not touch each other. */
#include "mirror_int.h"

#include <string.h>

cdist_spans_t *cdist_spans_make(apr_pool_t *pool)
{
    return apr_array_make(pool, 16, sizeof(cdist_span_t));
}

#define at(spans, i) (&APR_ARRAY_IDX(spans, i, cdist_span_t))

/* The first span that ends at `from` or behind it. */
static int find(const cdist_spans_t *spans, apr_uint64_t from)
{
    int low = 0, high = spans->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;

        if (at(spans, middle)->to < from) low = middle + 1;
        else high = middle;
    }
    return low;
}

/* Puts `count` spans in the place of those from `first` to before `last`. */
static void replace(cdist_spans_t *spans, int first, int last, const cdist_span_t *put, int count)
{
    int behind = spans->nelts - last, i;

    for (i = last - first; i < count; i++) apr_array_push(spans);
    memmove(at(spans, first + count), at(spans, last), (size_t)behind * sizeof *put);
    memcpy(at(spans, first), put, (size_t)count * sizeof *put);
    spans->nelts = first + count + behind;
}

void cdist_spans_add(cdist_spans_t *spans, apr_uint64_t from, apr_uint64_t to)
{
    int first = find(spans, from), last = first;
    cdist_span_t joined = {from, to};

    if (from >= to) return;
    for (; last < spans->nelts && at(spans, last)->from <= to; last++) {
        if (at(spans, last)->from < joined.from) joined.from = at(spans, last)->from;
        if (at(spans, last)->to > joined.to) joined.to = at(spans, last)->to;
    }
    replace(spans, first, last, &joined, 1);
}

void cdist_spans_remove(cdist_spans_t *spans, apr_uint64_t from, apr_uint64_t to)
{
    int first = find(spans, from), last = first, count = 0;
    cdist_span_t rest[2];

    if (from >= to) return;
    for (; last < spans->nelts && at(spans, last)->from < to; last++) {
        const cdist_span_t *span = at(spans, last);

        if (span->from < from) {
            rest[count].from = span->from;
            rest[count++].to = span->to < from ? span->to : from;
        }
        if (span->to > to) {
            rest[count].from = to;
            rest[count++].to = span->to;
        }
    }
    replace(spans, first, last, rest, count);
}

apr_uint64_t cdist_spans_sum(const cdist_spans_t *spans)
{
    apr_uint64_t sum = 0;
    int i;

    for (i = 0; i < spans->nelts; i++) sum += at(spans, i)->to - at(spans, i)->from;
    return sum;
}

int cdist_spans_have(const cdist_spans_t *spans, const cdist_span_t *span)
{
    int i = find(spans, span->to);

    return i < spans->nelts && at(spans, i)->from <= span->from && at(spans, i)->to >= span->to;
}

cdist_spans_t *cdist_spans_missing(const cdist_spans_t *spans, apr_uint64_t bytes, apr_uint64_t gap, apr_pool_t *pool)
{
    cdist_spans_t *missing = cdist_spans_make(pool);
    apr_uint64_t from = 0;
    int i;

    for (i = 0; i <= spans->nelts; i++) {
        apr_uint64_t to = i < spans->nelts ? at(spans, i)->from : bytes;
        cdist_span_t *last = missing->nelts ? at(missing, missing->nelts - 1) : NULL;

        if (to > bytes) to = bytes;
        if (from < to && last && from - last->to <= gap) last->to = to;
        else if (from < to) {
            cdist_span_t *span = apr_array_push(missing);
            span->from = from;
            span->to = to;
        }
        if (i < spans->nelts) from = at(spans, i)->to;
    }
    return missing;
}
