/* Any bytes as rules for a folder; behind the first zero byte, as a path in it. */
#include "compare/cdist_compare.h"
#include "fuzz.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *zero = size ? memchr(data, 0, size) : NULL;
    size_t length = zero ? (size_t)(zero - data) : size;
    cdist_tree_rules_t *rules;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = cdist_tree_rules_parse(&rules, (const char *)data, length, "input", pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_INPUT);
    if (!err && zero) {
        const char *path = apr_pstrmemdup(pool, (const char *)zero + 1, size - length - 1);
        cdist_rule_t rule = cdist_tree_rules_rule(rules, path, pool);

        fuzz_accepted += rule != CDIST_RULE_UNKNOWN;
        FUZZ_REQUIRE(rule <= CDIST_RULE_REMOVED);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
