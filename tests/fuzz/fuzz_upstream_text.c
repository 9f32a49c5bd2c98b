/* Any text as what an upstream writes: what is taken is of the client and version that were asked for, and plain. */
#include "upstream_text_int.h"
#include "fuzz.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

static void check_distribution(const char *text, apr_pool_t *pool)
{
    cdist_selector_t asked;
    cdist_version_t version;
    apr_uint64_t bytes;

    memset(&asked, 0, sizeof asked);
    asked.slot = cdist_slot_parse("windows64");
    FUZZ_REQUIRE(cdist_mask_parse(&asked.mask, "8.3.25"));
    if (cdist_upstream_distribution(&version, &bytes, text, &asked, pool)) {
        FUZZ_REQUIRE(bytes == 0);
        return;
    }
    fuzz_accepted++;
    FUZZ_REQUIRE(!bytes || (cdist_mask_matches(&asked.mask, &version) && version.count == CDIST_VERSION_PARTS));
    FUZZ_REQUIRE(bytes <= (apr_uint64_t)1 << 44);
}

static void check_available(const char *text)
{
    json_t *list = cdist_upstream_available(text);
    size_t i, j;

    FUZZ_REQUIRE(json_is_array(list));
    for (i = 0; i < json_array_size(list); i++) {
        const json_t *entry = json_array_get(list, i), *slots = json_object_get(entry, "slots");
        cdist_version_t version;

        fuzz_accepted++;
        FUZZ_REQUIRE(cdist_version_parse(&version, json_string_value(json_object_get(entry, "version"))) && json_is_array(slots));
        for (j = 0; j < json_array_size(slots); j++) FUZZ_REQUIRE(cdist_slot_parse(json_string_value(json_array_get(slots, j))));
    }
    json_decref(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check_distribution(text, pool);
    check_available(text);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
