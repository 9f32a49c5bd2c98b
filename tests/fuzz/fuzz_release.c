/* Any bytes as an .efd or a .zip with a release in it. */
#include "fuzz.h"
#include "templates_int.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    findings_t *findings;
    apr_pool_t *pool;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    findings = cdist_findings_make(pool);
    cdist_look_into(findings, cdist_bytes_memory(data, size, "input", pool), ROLE_DELIVERY, NULL, pool);
    for (i = 0; i < findings->templates->nelts; i++) {
        const cdist_template_t *found = &APR_ARRAY_IDX(findings->templates, i, cdist_template_t);

        fuzz_accepted++;
        FUZZ_REQUIRE(found->kind == CDIST_FILE_CF || found->kind == CDIST_FILE_CFU);
        FUZZ_REQUIRE(*found->member && cdist_text_is_utf8(found->member, strlen(found->member)));
        FUZZ_REQUIRE(cdist_text_is_utf8(found->id.name, strlen(found->id.name)));
    }
    for (i = 0; i < findings->problems->nelts; i++) {
        FUZZ_REQUIRE(strchr(APR_ARRAY_IDX(findings->problems, i, const char *), '\n') == NULL);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
