/* Documents of a container: chains of blocks.
 * A block: CR LF, three hexadecimal numbers of 8 or 16 digits in either case, a space after each, CR LF, data. The numbers
 * are the size of the whole document (in its first block only), the size of this block, and where the next one starts.
 * Invariants of a loaded chain: all bytes lie inside of the container; no two blocks overlap, so that it has no circle. */
#include "updates_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* NB: the platform writes data of any size in one block, and tables in blocks of 512 bytes; this is a table of 10 million
 * entries. */
#define MAX_BLOCKS (1 << 18)

typedef struct {
    apr_uint64_t document_bytes, block_bytes, next;
} block_t;

static int read_number(apr_uint64_t *number, const char *digits, int count)
{
    int i;

    *number = 0;
    for (i = 0; i < count; i++) {
        if (!apr_isxdigit(digits[i])) return 0;
        *number = *number << 4 | (apr_uint64_t)(apr_isdigit(digits[i]) ? digits[i] - '0' : (digits[i] | 32) - 'a' + 10);
    }
    return 1;
}

/* 1 if the bytes are a block's header with numbers of `bits` bits. */
static int parse_block(block_t *block, const char *head, int bits)
{
    int digits = bits / 4;
    const char *at = head + 2;
    apr_uint64_t *numbers[3] = {&block->document_bytes, &block->block_bytes, &block->next};
    int i;

    if (memcmp(head, "\r\n", 2) != 0) return 0;
    for (i = 0; i < 3; i++, at += digits + 1) {
        if (!read_number(numbers[i], at, digits) || at[digits] != ' ') return 0;
    }
    return memcmp(at, "\r\n", 2) == 0;
}

static cdist_err_t *read_block(block_t *block, cdist_container_t *container, apr_uint64_t offset, apr_pool_t *pool)
{
    apr_size_t length = container->block_bytes;
    char head[64];

    if (container->space - container->block_bytes < offset || container->space < container->block_bytes) {
        return cdist_damaged(pool, container->bytes->name, container->base + offset,
                             "a block is said to be here, beyond the end");
    }
    CDIST_ERR(cdist_bytes_read(container->bytes, container->base + offset, head, &length));
    if (length == container->block_bytes && parse_block(block, head, container->bits)) return NULL;
    return cdist_damaged(pool, container->bytes->name, container->base + offset,
                         length == container->block_bytes ? "no block starts here" : "the file ends inside of a block");
}

cdist_err_t *cdist_container_probe(int *bits, cdist_bytes_t *bytes, apr_uint64_t offset)
{
    char head[20 + 55];
    apr_size_t length = sizeof head;
    block_t block;

    *bits = 0;
    CDIST_ERR(cdist_bytes_read(bytes, offset, head, &length));
    if (length >= 16 + 31 && parse_block(&block, head + 16, 32)) *bits = 32;
    else if (length >= 20 + 55 && parse_block(&block, head + 20, 64)) *bits = 64;
    return NULL;
}

static int compare_extents(const void *a, const void *b)
{
    const extent_t *x = a, *y = b;

    return x->offset < y->offset ? -1 : x->offset > y->offset;
}

/* Sorted by place, no extent with the header before it may start in front of the end of the one before. */
static cdist_err_t *check_overlap(const chain_t *chain, cdist_container_t *container, apr_pool_t *pool)
{
    extent_t *sorted;
    cdist_err_t *err = NULL;
    int i;

    if (chain->count < 2) return NULL;
    sorted = malloc(sizeof *sorted * (size_t)chain->count);
    if (!sorted) abort();
    memcpy(sorted, chain->extents, sizeof *sorted * (size_t)chain->count);
    qsort(sorted, (size_t)chain->count, sizeof *sorted, compare_extents);
    for (i = 1; i < chain->count && !err; i++) {
        if (sorted[i].offset - container->block_bytes >= sorted[i - 1].offset + sorted[i - 1].length) continue;
        err = cdist_damaged(pool, container->bytes->name, container->base + sorted[i].offset - container->block_bytes,
                            "a block overlaps another one of its document, or the chain is a circle");
    }
    free(sorted);
    return err;
}

static void push_extent(chain_t *chain, const extent_t *extent, int *room, apr_pool_t *pool)
{
    if (chain->count == *room) {
        extent_t *larger = apr_palloc(pool, sizeof *larger * (apr_size_t)*room * 4);

        memcpy(larger, chain->extents, sizeof *larger * (size_t)chain->count);
        chain->extents = larger;
        *room *= 4;
    }
    chain->extents[chain->count++] = *extent;
}

/* The part of the document that a block holds, checked against the end of the container. */
static cdist_err_t *take_block(extent_t *extent, cdist_container_t *container, const block_t *block, apr_uint64_t offset,
                               apr_uint64_t left, apr_pool_t *pool)
{
    extent->offset = offset + container->block_bytes;
    extent->length = block->block_bytes < left ? block->block_bytes : left;
    if (extent->length <= container->space - extent->offset) return NULL;
    return cdist_damaged(pool, container->bytes->name, container->base + offset,
                         "a block of %" APR_UINT64_T_FMT " bytes does not fit in what is left of the file", extent->length);
}

cdist_err_t *cdist_chain_load(chain_t *chain, cdist_container_t *container, apr_uint64_t offset, apr_pool_t *pool)
{
    apr_uint64_t left;
    int room = 1, first = 1;
    block_t block;

    chain->count = 0;
    chain->extents = apr_palloc(pool, sizeof *chain->extents);
    for (left = 0; first || left > 0; first = 0) {
        extent_t extent;

        if (!first && offset == container->none) {
            return cdist_damaged(pool, container->bytes->name, container->base + chain->extents[0].offset - container->block_bytes,
                                 "the document that starts here lacks its last %" APR_UINT64_T_FMT " bytes", left);
        }
        if (chain->count == MAX_BLOCKS) {
            return cdist_damaged(pool, container->bytes->name, container->base + offset, "the chain of blocks does not end");
        }
        CDIST_ERR(read_block(&block, container, offset, pool));
        if (first) chain->length = left = block.document_bytes;
        if (chain->length > container->space) {
            return cdist_damaged(pool, container->bytes->name, container->base + offset,
                                 "a document of %" APR_UINT64_T_FMT " bytes is larger than the file", chain->length);
        }
        CDIST_ERR(take_block(&extent, container, &block, offset, left, pool));
        extent.at = chain->length - left;
        push_extent(chain, &extent, &room, pool);
        left -= extent.length;
        offset = block.next;
    }
    return check_overlap(chain, container, pool);
}

/* The extent that holds the document's byte `at`. */
static const extent_t *find_extent(const chain_t *chain, apr_uint64_t at)
{
    int low = 0, high = chain->count - 1;

    while (low < high) {
        int middle = (low + high + 1) / 2;

        if (chain->extents[middle].at <= at) low = middle;
        else high = middle - 1;
    }
    return &chain->extents[low];
}

cdist_err_t *cdist_chain_read(cdist_container_t *container, const chain_t *chain, apr_uint64_t at, void *to,
                              apr_size_t *length)
{
    apr_uint64_t left = at < chain->length ? chain->length - at : 0;
    apr_size_t done = 0;

    if (*length > left) *length = (apr_size_t)left;
    while (done < *length) {
        const extent_t *extent = find_extent(chain, at + done);
        apr_uint64_t skip = at + done - extent->at;
        apr_size_t wanted = *length - done, step;

        if (wanted > extent->length - skip) wanted = (apr_size_t)(extent->length - skip);
        step = wanted;
        CDIST_ERR(cdist_bytes_read(container->bytes, container->base + extent->offset + skip, (char *)to + done, &step));
        if (step == 0) {
            return cdist_damaged(container->pool, container->bytes->name, container->base + extent->offset + skip,
                                 "the file ends inside of a block");
        }
        done += step;
    }
    return NULL;
}
