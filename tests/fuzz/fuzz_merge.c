/* Any bytes as three texts, with 0xFF between them: regions cover the texts, and what one side alone changed is the result. */
#include "fuzz.h"
#include "compare/cdist_compare_detail.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

typedef struct {
    const char *bytes;
    apr_size_t length;
} text_t;

static cdist_merge_t *compare(const text_t *base, const text_t *mine, const text_t *theirs, apr_pool_t *pool)
{
    cdist_merge_t *merge;

    FUZZ_REQUIRE(cdist_merge_compare(&merge, base ? base->bytes : NULL, base ? base->length : 0, mine->bytes, mine->length,
                                     theirs->bytes, theirs->length, pool, pool) == NULL);
    return merge;
}

static void check_regions(const cdist_merge_t *merge)
{
    apr_uint32_t base = 0, mine = 0, theirs = 0;
    int i;

    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);

        FUZZ_REQUIRE(merge->two_way || region->base.first == base);
        FUZZ_REQUIRE(region->mine.first == mine && region->theirs.first == theirs);
        base += region->base.count;
        mine += region->mine.count;
        theirs += region->theirs.count;
    }
    FUZZ_REQUIRE(base == merge->base.count && mine == merge->mine.count && theirs == merge->theirs.count);
}

static void check_result(const text_t *base, const text_t *mine, const text_t *theirs, const text_t *result, apr_pool_t *pool)
{
    apr_size_t length;
    const char *merged = cdist_merge_format(&length, compare(base, mine, theirs, pool), pool);

    FUZZ_REQUIRE(length == result->length && memcmp(merged, result->bytes, length) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *end = (const char *)data + size, *at = (const char *)data;
    text_t texts[3];
    cdist_merge_t *merge, *swapped;
    apr_pool_t *pool;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < 3; i++) {
        const char *stop = i < 2 && at < end ? memchr(at, 0xFF, (size_t)(end - at)) : NULL;

        texts[i].length = (apr_size_t)((stop ? stop : end) - at);
        texts[i].bytes = apr_pmemdup(pool, at ? at : "", texts[i].length);
        at = stop ? stop + 1 : end;
    }
    merge = compare(&texts[0], &texts[1], &texts[2], pool);
    swapped = compare(&texts[0], &texts[2], &texts[1], pool);
    check_regions(merge);
    check_regions(compare(NULL, &texts[1], &texts[2], pool));
    FUZZ_REQUIRE(merge->conflicts == swapped->conflicts && merge->regions->nelts == swapped->regions->nelts);
    check_result(&texts[0], &texts[0], &texts[2], &texts[2], pool);
    check_result(&texts[0], &texts[1], &texts[0], &texts[1], pool);
    check_result(&texts[0], &texts[1], &texts[1], &texts[1], pool);
    fuzz_accepted += merge->regions->nelts > 2;
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
