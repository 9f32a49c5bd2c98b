/* Any bytes as what an .efd inflates to. */
#include "fuzz.h"
#include "updates_int.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_file_facts_t facts;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    memset(&facts, 0, sizeof facts);
    err = cdist_delivery_facts(&facts, cdist_bytes_stream(cdist_bytes_memory(data, size, "input", pool), 0, pool), pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_CORRUPT);
    fuzz_accepted += err == NULL;
    if (!err) FUZZ_REQUIRE(cdist_text_is_utf8(facts.name, strlen(facts.name)) && facts.kind == CDIST_FILE_EFD);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
