/* Any bytes as what a cache holds behind its marks. */
#include "fuzz.h"
#include "templates_int.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

static void check(const findings_t *findings)
{
    int i;

    for (i = 0; i < findings->templates->nelts; i++) {
        const cdist_template_t *found = &APR_ARRAY_IDX(findings->templates, i, cdist_template_t);

        FUZZ_REQUIRE(found->kind == CDIST_FILE_CF || found->kind == CDIST_FILE_CFU);
        FUZZ_REQUIRE(cdist_text_is_utf8(found->id.version, strlen(found->id.version)));
        FUZZ_REQUIRE(found->released == CDIST_UNDATED || found->released >= 0);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const mark_t mark = {1, 2, 3, {4}, 3, APR_INT64_C(1) << 40};
    findings_t *findings, *again;
    apr_pool_t *pool;
    const char *bytes;
    apr_size_t length;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    findings = cdist_findings_make(pool);
    again = cdist_findings_make(pool);
    if (cdist_cache_parse_findings(findings, (const char *)data, size)) {
        fuzz_accepted++;
        check(findings);
        bytes = cdist_cache_format(&length, &mark, findings, pool);
        FUZZ_REQUIRE(!bytes || cdist_cache_parse(again, &mark, bytes, length));
        FUZZ_REQUIRE(!bytes || again->templates->nelts == findings->templates->nelts);
    } else {
        FUZZ_REQUIRE(findings->templates->nelts == 0 && findings->problems->nelts == 0);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
