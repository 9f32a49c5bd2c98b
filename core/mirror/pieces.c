/* What is missing of a file in the making, fetched by ranges until nothing is. */
#include "mirror_int.h"

#define IDLE_MAX 3 /* attempts in a row that bring nothing */
#define FAILURES_MAX 5
#define SMALL_BYTES 65536 /* an answer that brings less is a small one */

typedef struct {
    const cdist_taking_t *taking;
    cdist_partial_t *partial;
    apr_uint64_t *fetched_bytes;
} pieces_t;

void cdist_pieces_show(const cdist_partial_t *partial, const cdist_taking_t *taking)
{
    const cdist_sync_options_t *options = taking->options;

    if (options->progress) options->progress(options->baton, cdist_spans_sum(partial->have), partial->bytes);
}

static cdist_err_t *take_fetched(void *baton, apr_uint64_t offset, const void *bytes, apr_size_t length)
{
    pieces_t *pieces = baton;

    *pieces->fetched_bytes += length;
    CDIST_ERR(cdist_partial_write(pieces->partial, offset, bytes, length));
    cdist_pieces_show(pieces->partial, pieces->taking);
    return NULL;
}

/* NB: as long as something comes, a connection that breaks is no reason to give up. But an answer of next to nothing is one that
 * completes a piece, or it is a way to go on for ever. */
static cdist_err_t *fetch(pieces_t *pieces, const char *url, apr_pool_t *scratch)
{
    cdist_partial_t *partial = pieces->partial;
    int idle = 0, failures = 0, small = -1; /* how many small answers may come; not known yet */

    for (;;) {
        cdist_spans_t *missing;
        apr_uint64_t before = cdist_spans_sum(partial->have), brought;
        cdist_err_t *err;

        apr_pool_clear(scratch);
        missing = cdist_spans_missing(partial->have, partial->bytes, CDIST_PIECES_GAP, scratch);
        if (!missing->nelts) return NULL;
        if (small < 0) small = missing->nelts + IDLE_MAX;
        err = cdist_fetch_ranges(pieces->taking->fetcher, url, missing, partial->bytes, take_fetched, pieces, scratch);
        brought = cdist_spans_sum(partial->have) - before;
        if (err && (err->code != CDIST_E_SOURCE || !brought || ++failures == FAILURES_MAX)) return err;
        idle = brought ? 0 : idle + 1;
        if (brought < SMALL_BYTES) small--;
        if (idle == IDLE_MAX || small < 0) {
            return cdist_err_create(partial->pool, CDIST_E_SOURCE, 0,
                                    "%s: the server sends nothing, or hardly anything, of what was asked for",
                                    cdist_text_printable(url, scratch));
        }
    }
}

cdist_err_t *cdist_pieces_fetch(apr_uint64_t *fetched_bytes, cdist_partial_t *partial, const char *url,
                                const cdist_taking_t *taking, apr_pool_t *pool)
{
    pieces_t pieces = {taking, partial, fetched_bytes};
    apr_pool_t *scratch;
    cdist_err_t *err;

    apr_pool_create(&scratch, pool);
    err = cdist_err_dup(fetch(&pieces, url, scratch), pool);
    apr_pool_destroy(scratch);
    return err;
}
