/* Any bytes as 1cv8.mft or UpdInfo.txt. */
#include "fuzz.h"
#include "updates_int.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_file_facts_t facts;
    apr_pool_t *pool;
    const char *text;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    memset(&facts, 0, sizeof facts);
    facts.sources = apr_array_make(pool, 1, sizeof(cdist_configuration_id_t));
    text = cdist_text_decode_cp1251((const char *)data, size, pool);
    FUZZ_REQUIRE(cdist_text_is_utf8(text, strlen(text)));
    if (cdist_template_text_is(text) && cdist_template_text_facts(&facts, text, "input", pool) == NULL) {
        fuzz_accepted++;
        FUZZ_REQUIRE(*facts.version && (facts.kind == CDIST_FILE_MFT || facts.kind == CDIST_FILE_UPDINFO));
        for (i = 0; i < facts.sources->nelts; i++) {
            FUZZ_REQUIRE(*APR_ARRAY_IDX(facts.sources, i, cdist_configuration_id_t).version);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
