/* Any bytes as support data; what was read is asked by object. */
#include "compare/cdist_compare.h"
#include "fuzz.h"

#include <apr_general.h>

int fuzz_accepted;

static void check(const cdist_support_t *support, apr_pool_t *pool)
{
    cdist_support_index_t *index = cdist_support_index_make(support, pool);
    cdist_support_state_t state = cdist_support_index_state(index);
    int i, j;

    FUZZ_REQUIRE(support->vendor_count == (apr_uint64_t)support->vendors->nelts);
    for (i = 0; i < support->vendors->nelts; i++) {
        const cdist_support_vendor_t *vendor = &APR_ARRAY_IDX(support->vendors, i, cdist_support_vendor_t);

        for (j = 0; j < vendor->rules->nelts; j++) {
            const cdist_support_rule_t *row = &APR_ARRAY_IDX(vendor->rules, j, cdist_support_rule_t);
            cdist_rule_t rule = cdist_support_index_rule(index, row->local);

            FUZZ_REQUIRE(row->rule >= 0 && row->rule <= 2 && *row->local && *row->vendor);
            /* The strictest counts: no vendor's own rule is stricter. */
            FUZZ_REQUIRE(rule != CDIST_RULE_UNKNOWN && (int)rule <= CDIST_RULE_LOCKED + row->rule);
            FUZZ_REQUIRE(!vendor->locked || rule == CDIST_RULE_LOCKED);
        }
    }
    for (i = 0; i < support->deliveries->nelts; i++) {
        const cdist_delivery_rule_t *row = &APR_ARRAY_IDX(support->deliveries, i, cdist_delivery_rule_t);

        FUZZ_REQUIRE(cdist_support_index_delivery(index, row->object) != CDIST_DELIVERY_UNKNOWN);
    }
    FUZZ_REQUIRE((state == CDIST_SUPPORT_LOCKED) == (support->locked != 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_support_t *support;
    cdist_stream_t *stream;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    stream = cdist_bytes_stream(cdist_bytes_memory(data, size, "input", pool), 0, pool);
    err = cdist_support_parse(&support, stream, CDIST_SUPPORT_WHOLE, pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_CORRUPT);
    if (!err) {
        fuzz_accepted++;
        check(support, pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
