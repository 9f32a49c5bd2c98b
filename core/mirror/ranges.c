/* What a server answers to a request for ranges (RFC 9110, 14 and 15.3.7): the whole file (200), one range (206 with
 * Content-Range), or several (206 with multipart/byteranges, RFC 9110, 14.6). Whatever comes is told by its place in the
 * file; what nobody asked for is dropped, and an answer that is longer than it could honestly be is cut off. Pure, without
 * libcurl, so that it can be tested and fuzzed alone. */
#include "mirror_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define BOUNDARY_MAX 70 /* RFC 2046, 5.1.1 */
#define LINE_MAX_BYTES 1024
#define PART_HEADERS_MAX 2048

typedef enum { BETWEEN, HEADERS, CONTENT, ENDED } state_t;

struct cdist_ranges_t {
    const cdist_spans_t *wanted;
    apr_uint64_t bytes;
    cdist_take_fn *take;
    void *baton;
    apr_pool_t *pool;
    cdist_spans_t *taken;
    int multipart;
    state_t state;
    apr_uint64_t at, left;   /* place in the file of what comes next, and how much of it */
    int ranged;              /* the part has a Content-Range */
    apr_uint64_t extra;      /* how much more than content may come */
    apr_uint64_t room;       /* how much more content may be told of: no byte of the file comes twice */
    const char *boundary;    /* with its leading "--" */
    char line[LINE_MAX_BYTES];
    apr_size_t line_bytes;
};

cdist_ranges_t *cdist_ranges_make(const cdist_spans_t *wanted, apr_uint64_t bytes, cdist_take_fn *take, void *baton,
                                  apr_pool_t *pool)
{
    cdist_ranges_t *ranges = apr_pcalloc(pool, sizeof *ranges);

    ranges->wanted = wanted;
    ranges->bytes = bytes;
    ranges->take = take;
    ranges->baton = baton;
    ranges->pool = pool;
    ranges->taken = cdist_spans_make(pool);
    ranges->room = bytes;
    ranges->state = ENDED;
    return ranges;
}

static cdist_err_t *lied(const cdist_ranges_t *ranges, const char *what)
{
    return cdist_err_create(ranges->pool, CDIST_E_CORRUPT, 0, "%s", what);
}

/* ---- heads --------------------------------------------------------------------------------------------------------- */

/* Digits, without a sign or an overflow; *text moves on. */
static int take_digits(apr_uint64_t *number, const char **text)
{
    const char *p = *text;

    *number = 0;
    for (; apr_isdigit(*p); p++) {
        if (p - *text > 16) return 0;
        *number = *number * 10 + (apr_uint64_t)(*p - '0');
    }
    if (p == *text) return 0;
    *text = p;
    return 1;
}

/* "bytes 0-99/1000" */
static cdist_err_t *take_content_range(cdist_ranges_t *ranges, const char *text)
{
    apr_uint64_t first, last, total;

    while (*text == ' ' || *text == '\t') text++;
    if (strncasecmp(text, "bytes ", 6) != 0) return lied(ranges, "a malformed Content-Range");
    text += 6;
    if (!take_digits(&first, &text) || *text++ != '-' || !take_digits(&last, &text) || *text++ != '/' || last < first) {
        return lied(ranges, "a malformed Content-Range");
    }
    if (strcmp(text, "*") == 0) total = ranges->bytes;
    else if (!take_digits(&total, &text) || *text) return lied(ranges, "a malformed Content-Range");
    if (total != ranges->bytes || last >= total) {
        return lied(ranges, apr_psprintf(ranges->pool, "a file of %" APR_UINT64_T_FMT " bytes instead of %" APR_UINT64_T_FMT,
                                         total, ranges->bytes));
    }
    ranges->at = first;
    ranges->left = last - first + 1;
    if (ranges->left > ranges->room) return lied(ranges, "more than was asked for");
    ranges->room -= ranges->left;
    ranges->ranged = 1;
    return NULL;
}

/* The boundary of "multipart/byteranges; boundary=…", with "--" before it; NULL if there is none. */
static const char *boundary_of(const char *content_type, apr_pool_t *pool)
{
    const char *p = strchr(content_type, ';');
    apr_size_t length;

    for (; p; p = strchr(p, ';')) {
        for (p++; *p == ' ' || *p == '\t';) p++;
        if (strncasecmp(p, "boundary=", 9) != 0) continue;
        p += 9;
        length = *p == '"' ? strcspn(p + 1, "\"") : strcspn(p, "; \t");
        if (*p == '"') p++;
        return length && length <= BOUNDARY_MAX ? apr_pstrcat(pool, "--", apr_pstrmemdup(pool, p, length), NULL) : NULL;
    }
    return NULL;
}

cdist_err_t *cdist_ranges_begin(cdist_ranges_t *ranges, int status, const char *content_type, const char *content_range)
{
    if (status == 200) {
        ranges->at = 0;
        ranges->left = ranges->bytes;
        ranges->state = CONTENT;
        return NULL;
    }
    if (content_range) {
        ranges->state = CONTENT;
        return take_content_range(ranges, content_range);
    }
    if (!content_type || strncasecmp(content_type, "multipart/byteranges", 20) != 0) {
        return lied(ranges, "a part of a file without a Content-Range");
    }
    ranges->boundary = boundary_of(content_type, ranges->pool);
    if (!ranges->boundary) return lied(ranges, "several ranges without a boundary between them");
    ranges->multipart = 1;
    ranges->state = BETWEEN;
    ranges->extra = (apr_uint64_t)(ranges->wanted->nelts + 2) * PART_HEADERS_MAX;
    return NULL;
}

/* ---- bodies -------------------------------------------------------------------------------------------------------- */

/* Hands on what is wanted of a piece of content. */
static cdist_err_t *hand_on(cdist_ranges_t *ranges, const char *bytes, apr_size_t length)
{
    apr_uint64_t end = ranges->at + length;
    int i;

    for (i = 0; i < ranges->wanted->nelts; i++) {
        const cdist_span_t *span = &APR_ARRAY_IDX(ranges->wanted, i, cdist_span_t);
        apr_uint64_t from = span->from > ranges->at ? span->from : ranges->at, to = span->to < end ? span->to : end;

        if (span->from >= end) break;
        if (from >= to) continue;
        CDIST_ERR(ranges->take(ranges->baton, from, bytes + (from - ranges->at), (apr_size_t)(to - from)));
        cdist_spans_add(ranges->taken, from, to);
    }
    ranges->at = end;
    ranges->left -= length;
    return NULL;
}

/* A whole line between contents. */
static cdist_err_t *take_line(cdist_ranges_t *ranges)
{
    char *line = ranges->line;
    apr_size_t length = strlen(ranges->boundary);

    if (ranges->line_bytes && line[ranges->line_bytes - 1] == '\r') ranges->line_bytes--;
    line[ranges->line_bytes] = '\0';
    ranges->line_bytes = 0;
    if (ranges->state == BETWEEN) {
        if (strncmp(line, ranges->boundary, length) != 0) {
            return *line ? lied(ranges, "several ranges with something between them") : NULL;
        }
        if (strncmp(line + length, "--", 2) == 0) ranges->state = ENDED;
        else ranges->state = HEADERS;
        ranges->ranged = 0;
        return NULL;
    }
    if (strncasecmp(line, "Content-Range:", 14) == 0) return take_content_range(ranges, line + 14);
    if (*line) return NULL;
    if (!ranges->ranged) return lied(ranges, "one of several ranges without a Content-Range");
    ranges->state = CONTENT;
    return NULL;
}

/* One character between contents. */
static cdist_err_t *take_character(cdist_ranges_t *ranges, char c)
{
    if (ranges->extra-- == 0) return lied(ranges, "more than was asked for");
    if (c == '\n') return take_line(ranges);
    if (ranges->line_bytes >= LINE_MAX_BYTES - 1) return lied(ranges, "several ranges with something between them");
    ranges->line[ranges->line_bytes++] = c;
    return NULL;
}

cdist_err_t *cdist_ranges_feed(cdist_ranges_t *ranges, const char *bytes, apr_size_t length)
{
    while (length > 0) {
        apr_size_t piece = 1;

        if (ranges->state == ENDED) {
            /* What follows the last boundary is nobody's business, as long as it ends. */
            piece = length;
            if (ranges->extra < piece) return lied(ranges, "more than was asked for");
            ranges->extra -= piece;
        } else if (ranges->state == CONTENT) {
            piece = ranges->left < length ? (apr_size_t)ranges->left : length;
            CDIST_ERR(hand_on(ranges, bytes, piece));
            if (ranges->left == 0) ranges->state = ranges->multipart ? BETWEEN : ENDED;
        } else {
            CDIST_ERR(take_character(ranges, *bytes));
        }
        bytes += piece;
        length -= piece;
    }
    return NULL;
}

int cdist_ranges_whole(const cdist_ranges_t *ranges)
{
    return cdist_spans_sum(ranges->taken) == cdist_spans_sum(ranges->wanted);
}
