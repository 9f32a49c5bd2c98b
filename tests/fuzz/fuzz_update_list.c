/* Any bytes as v8upd11.xml. */
#include "fuzz.h"
#include "templates_int.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_array_header_t *updates;
    apr_pool_t *pool;
    cdist_err_t *err;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    updates = apr_array_make(pool, 1, sizeof(update_t));
    err = cdist_update_list_parse(updates, (const char *)data, size, "input", pool);
    FUZZ_REQUIRE(!err || (err->code == CDIST_E_INPUT && updates->nelts == 0));
    for (i = 0; i < updates->nelts; i++) {
        const update_t *update = &APR_ARRAY_IDX(updates, i, update_t);

        fuzz_accepted++;
        FUZZ_REQUIRE(*update->id.name && *update->id.version && update->sources);
        FUZZ_REQUIRE(cdist_text_is_utf8(update->file, strlen(update->file)));
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
