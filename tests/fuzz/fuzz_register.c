/* Any bytes as a register of customisations: what is read is written, and read again as the same. */
#include "compare/cdist_compare.h"
#include "fuzz.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_register_t *first, *second;
    apr_size_t length;
    const char *text;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = cdist_register_parse(&first, (const char *)data, size, "input", pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_INPUT);
    if (!err) {
        fuzz_accepted++;
        text = cdist_register_format(&length, first, pool);
        FUZZ_REQUIRE(cdist_register_parse(&second, text, length, "written", pool) == NULL);
        FUZZ_REQUIRE(second->items->nelts == first->items->nelts && strcmp(second->level, first->level) == 0);
        FUZZ_REQUIRE(cdist_register_compare(first, second, pool)->nelts == 0);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
