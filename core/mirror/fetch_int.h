/* Between the files of this room: what is asked of servers, and what they answer. */
#ifndef CDIST_MIRROR_FETCH_INT_H
#define CDIST_MIRROR_FETCH_INT_H

#include "cdist_mirror.h"

/* ---- spans.c: sets of bytes of a file ---- */

typedef struct {
    apr_uint64_t from, to; /* the first byte, the one behind the last */
} cdist_span_t;

/* Sorted, without touching each other. */
typedef apr_array_header_t cdist_spans_t; /* cdist_span_t */

cdist_spans_t *cdist_spans_make(apr_pool_t *pool);
/* Both do nothing if there is nothing between `from` and `to`. */
void cdist_spans_add(cdist_spans_t *spans, apr_uint64_t from, apr_uint64_t to);
void cdist_spans_remove(cdist_spans_t *spans, apr_uint64_t from, apr_uint64_t to);
apr_uint64_t cdist_spans_sum(const cdist_spans_t *spans);
/* 1 if all of a span is in the set. */
int cdist_spans_have(const cdist_spans_t *spans, const cdist_span_t *span);
/* What of 0 to `bytes` is not in the set. Where not more than `gap` bytes of it lie between two missing spans, they become
 * one. */
cdist_spans_t *cdist_spans_missing(const cdist_spans_t *spans, apr_uint64_t bytes, apr_uint64_t gap, apr_pool_t *pool);

/* ---- ranges.c: answers to a request for ranges (RFC 9110, 14) ---- */

/* Gets what came of a file. */
typedef cdist_err_t *(cdist_take_fn)(void *baton, apr_uint64_t offset, const void *bytes, apr_size_t length);
typedef struct cdist_ranges_t cdist_ranges_t;

/* For an answer to a request for `wanted` of a file that has `bytes` bytes. */
cdist_ranges_t *cdist_ranges_make(const cdist_spans_t *wanted, apr_uint64_t bytes, cdist_take_fn *take, void *baton,
                                  apr_pool_t *pool);
/* The answer's head; its texts are NULL where it does not have that header. */
CDIST_MUST_CHECK cdist_err_t *cdist_ranges_begin(cdist_ranges_t *ranges, int status, const char *content_type,
                                                 const char *content_range);
/* A piece of its body. CDIST_E_CORRUPT for one that is not what its head says, or that has no end: more than was asked for. */
CDIST_MUST_CHECK cdist_err_t *cdist_ranges_feed(cdist_ranges_t *ranges, const char *bytes, apr_size_t length);
/* 1 once all that was wanted has come. */
int cdist_ranges_whole(const cdist_ranges_t *ranges);

/* ---- logins.c ---- */

/* The "name:password" for an address, of the longest prefix; NULL: none is meant for it. */
const char *cdist_login_find(const apr_array_header_t *logins, const char *url);

/* ---- fetch.c: libcurl ---- */

typedef struct cdist_fetcher_t cdist_fetcher_t;

CDIST_MUST_CHECK cdist_err_t *cdist_fetcher_create(cdist_fetcher_t **fetcher, const cdist_transport_t *transport,
                                                   apr_pool_t *pool);
/* Requests so far, and bytes received. */
void cdist_fetcher_traffic(const cdist_fetcher_t *fetcher, int *requests, apr_uint64_t *wire_bytes);

typedef struct {
    int status;       /* 200, 304, or 404 (410 too); also where it failed: that of the answer, 0 without one */
    const char *etag; /* NULL without one, or where it is too long to be sent back */
    const char *bytes; /* followed by a NUL that is not counted; of 200 alone */
    apr_size_t length;
} cdist_document_t;

/* A document of at most `max_bytes`. With `etag` (NULL: none) it may turn out to be unchanged. CDIST_E_SOURCE if it cannot be
 * had, CDIST_E_CORRUPT for a longer one. */
CDIST_MUST_CHECK cdist_err_t *cdist_fetch_document(cdist_document_t *document, cdist_fetcher_t *fetcher, const char *url,
                                                   apr_size_t max_bytes, const char *etag, apr_pool_t *pool);
/* What is wanted of a file, or a part of it. Errors as above, and those of `take`. */
CDIST_MUST_CHECK cdist_err_t *cdist_fetch_ranges(cdist_fetcher_t *fetcher, const char *url, const cdist_spans_t *wanted,
                                                 apr_uint64_t bytes, cdist_take_fn *take, void *baton, apr_pool_t *pool);

/* Sends JSON, to that address alone; CDIST_E_SOURCE unless the server takes it. */
CDIST_MUST_CHECK cdist_err_t *cdist_fetch_post(cdist_fetcher_t *fetcher, const char *url, const char *json, apr_pool_t *pool);

#endif
