/* Any bytes as brace text: what is read is written, and read again as the same. */
#include "fuzz.h"
#include "updates/cdist_updates.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

typedef struct {
    char *bytes;
    apr_size_t length, room;
} written_t;

static cdist_err_t *put(void *baton, const void *bytes, apr_size_t length)
{
    written_t *written = baton;

    FUZZ_REQUIRE(length <= written->room - written->length);
    memcpy(written->bytes + written->length, bytes, length);
    written->length += length;
    return NULL;
}

static cdist_err_t *parse(cdist_brace_tree_t **tree, const void *bytes, apr_size_t length, apr_pool_t *pool)
{
    return cdist_brace_parse(tree, cdist_bytes_stream(cdist_bytes_memory(bytes, length, "input", pool), 0, pool), 1u << 24, pool);
}

static void write_out(written_t *written, const cdist_brace_tree_t *tree, apr_size_t size, apr_pool_t *pool)
{
    cdist_brace_writer_t writer = {put, written, CDIST_BRACE_END};

    /* Each byte of the input becomes at most a list with a comma and two line ends. */
    written->room = size * 8 + 16;
    written->bytes = apr_palloc(pool, written->room);
    written->length = 0;
    FUZZ_REQUIRE(cdist_brace_write_tree(&writer, tree, 0) == NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    written_t first, second;
    cdist_brace_tree_t *tree;
    cdist_err_t *err;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = parse(&tree, data, size, pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_CORRUPT);
    if (!err) {
        fuzz_accepted++;
        write_out(&first, tree, size, pool);
        FUZZ_REQUIRE(parse(&tree, first.bytes, first.length, pool) == NULL);
        write_out(&second, tree, size, pool);
        FUZZ_REQUIRE(first.length == second.length && memcmp(first.bytes, second.bytes, first.length) == 0);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
