/* Any bytes as the report of a branch: what is kept is taken again and comes out the same. */
#include "fuzz.h"
#include "platform/cdist_platform.h"

#include <apr_general.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *clean, *again;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!cdist_branch_report_clean(&clean, (const char *)data, size, "north", 0, pool)) {
        FUZZ_REQUIRE(cdist_text_is_utf8(clean, strlen(clean)) && !strchr(clean, '\n'));
        if (strlen(clean) <= CDIST_BRANCH_REPORT_MAX && !cdist_branch_report_clean(&again, clean, strlen(clean), "north", 0, pool)) {
            FUZZ_REQUIRE(strcmp(clean, again) == 0);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
