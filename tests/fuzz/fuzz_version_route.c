/* Any text as a version, a mask, a name, a slot and a path. */
#include "fuzz.h"
#include "route_int.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

static void check_version(const char *text, apr_pool_t *pool)
{
    cdist_version_t version, again;
    int full = cdist_version_parse(&version, text), mask = cdist_mask_parse(&again, text);

    FUZZ_REQUIRE(!full || mask);
    if (mask) {
        const char *shown = cdist_version_format(&again, pool);

        FUZZ_REQUIRE(again.count >= 2 && again.count <= CDIST_VERSION_PARTS && strlen(shown) == strlen(text));
        FUZZ_REQUIRE(cdist_mask_parse(&version, shown) && cdist_version_compare(&version, &again) == 0);
        FUZZ_REQUIRE(cdist_mask_matches(&again, &version));
    }
    FUZZ_REQUIRE(!full || cdist_version_find(&version, text, pool));
    if (cdist_version_find(&version, text, pool)) FUZZ_REQUIRE(version.count == CDIST_VERSION_PARTS);
}

static void check_route(const char *text, apr_pool_t *pool)
{
    cdist_route_t route;
    int refused;

    cdist_route_parse(&route, text, NULL, pool);
    refused = route.kind == CDIST_ROUTE_UNKNOWN || route.kind == CDIST_ROUTE_MALFORMED;
    FUZZ_REQUIRE(refused == (route.reason != NULL));
    if (route.kind == CDIST_ROUTE_ARCHIVE || route.kind == CDIST_ROUTE_BYTES) FUZZ_REQUIRE(route.selector.slot != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_current_t current;
    apr_pool_t *pool;
    const char *text;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check_version(text, pool);
    check_route(text, pool);
    FUZZ_REQUIRE(cdist_slot_parse(text) == NULL || cdist_slot_find(text, NULL, pool) == cdist_slot_parse(text));
    cdist_slot_parse_file(text, NULL);
    cdist_current_parse(&current, text);
    FUZZ_REQUIRE(cdist_text_is_utf8(cdist_text_printable(text, pool), strlen(cdist_text_printable(text, pool))));
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
