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

/* A component never takes a known slot's names away, and is found again by its own. */
static void check_component(const char *text, apr_pool_t *pool)
{
    const cdist_slot_t *slot = cdist_slot_make(text, pool);
    apr_array_header_t *components = apr_array_make(pool, 1, sizeof(const cdist_slot_t *));
    cdist_route_t route;

    if (!slot) return;
    FUZZ_REQUIRE(cdist_slot_compare(cdist_slot_make(slot->name, pool), slot) == 0);
    if (!cdist_slot_is_component(slot)) return;
    FUZZ_REQUIRE(!cdist_slot_parse(slot->name) && !cdist_slot_parse_file(slot->file, NULL));
    APR_ARRAY_PUSH(components, const cdist_slot_t *) = slot;
    FUZZ_REQUIRE(cdist_slot_find(text, components, pool) == slot);
    cdist_route_parse(&route, apr_pstrcat(pool, "/8.3.22.1750/", slot->file, NULL), components, pool);
    FUZZ_REQUIRE(route.kind == CDIST_ROUTE_ARCHIVE && route.selector.slot == slot);
}

static void check_pattern(const char *text, apr_pool_t *pool)
{
    cdist_pattern_t pattern = {&cdist_slots[0], text};
    const char *folder;

    if (cdist_pattern_problem(text)) return;
    folder = cdist_pattern_folder(&pattern, pool);
    FUZZ_REQUIRE(*folder == '/' && !strstr(folder, "%v") && strncmp(text, folder, strlen(folder)) == 0);
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
    check_component(text, pool);
    check_pattern(text, pool);
    FUZZ_REQUIRE(cdist_slot_parse(text) == NULL || cdist_slot_find(text, NULL, pool) == cdist_slot_parse(text));
    cdist_slot_parse_file(text, NULL);
    cdist_current_parse(&current, text);
    FUZZ_REQUIRE(cdist_text_is_utf8(cdist_text_printable(text, pool), strlen(cdist_text_printable(text, pool))));
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
