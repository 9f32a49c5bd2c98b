/* Any bytes as one of the texts of a release; the first says which. The rest serves as a name and a date too. */
#include "fuzz.h"
#include "templates_int.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const role_t roles[] = {ROLE_MFT, ROLE_UPDINFO, ROLE_CUC, ROLE_NOTICE};
    role_t role = roles[size ? data[0] % 4 : 0];
    const char *name, *claim;
    texts_t *texts;
    apr_pool_t *pool;

    if (size) data++, size--;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    texts = cdist_texts_make("", pool);
    if (cdist_texts_take(texts, role, cdist_bytes_memory(data, size, "input", pool), pool) == NULL) {
        fuzz_accepted++;
        FUZZ_REQUIRE((role == ROLE_MFT) == (texts->mft != NULL));
        FUZZ_REQUIRE((role == ROLE_UPDINFO) == (texts->updinfo != NULL));
        FUZZ_REQUIRE((role == ROLE_CUC) == (texts->applies != NULL));
    }
    name = apr_pstrmemdup(pool, (const char *)data, size);
    claim = cdist_claim_of(name, 0, pool);
    FUZZ_REQUIRE(!*claim || (strstr(name, claim) && !cdist_claim_differs(claim, claim)));
    FUZZ_REQUIRE(cdist_date_parse(name) == CDIST_UNDATED || cdist_date_parse(name) >= 0);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
