/* Any bytes as a file of settings and as a .vrd file: what is read is written back as it was; a value that is set is there when
 * the result is read again, and nothing else has changed. */
#include "fuzz.h"
#include "publication/cdist_publication.h"

#include <apr_general.h>

#include <string.h>

#define KEY "PublishDistributiveLocationWindows64"
#define URL "http://h/?a&b"

static void try_settings(const char *data, size_t size, apr_pool_t *pool)
{
    cdist_settings_t *settings, *again;
    const char *bytes;
    apr_size_t length;
    int lines;

    if (cdist_settings_parse(&settings, data, size, "file", pool)) return;
    FUZZ_REQUIRE(settings->lines->nelts == settings->file->lines->nelts);
    bytes = cdist_settings_write(&length, settings, pool);
    FUZZ_REQUIRE(length == size && memcmp(bytes, data, size) == 0);
    lines = settings->lines->nelts;
    cdist_settings_set(settings, KEY, URL);
    FUZZ_REQUIRE(settings->lines->nelts <= lines + 1);
    bytes = cdist_settings_write(&length, settings, pool);
    FUZZ_REQUIRE(!cdist_settings_parse(&again, bytes, length, "file", pool));
    FUZZ_REQUIRE(again->file->utf16 == settings->file->utf16 && again->lines->nelts == settings->lines->nelts);
}

static void try_vrd(const char *data, size_t size, apr_pool_t *pool)
{
    static const char *const none[CDIST_LOCATIONS] = {NULL};
    static const char *const values[CDIST_LOCATIONS] = {"http://a", URL, "<\"'&>", "", "x"};
    const char *bytes;
    apr_size_t length;
    cdist_vrd_t *vrd, *again;
    int line, i;

    if (cdist_vrd_parse(&vrd, &line, data, size, pool)) return;
    FUZZ_REQUIRE(vrd->tag_at < size && vrd->tag_bytes <= size - vrd->tag_at);
    cdist_vrd_write(&bytes, &length, vrd, none, pool);
    FUZZ_REQUIRE(length == size && memcmp(bytes, data, size) == 0);
    cdist_vrd_write(&bytes, &length, vrd, values, pool);
    if (length > CDIST_VRD_MAX) return;
    FUZZ_REQUIRE(!cdist_vrd_parse(&again, &line, bytes, length, pool));
    for (i = 0; i < CDIST_LOCATIONS; i++) {
        const cdist_attribute_t *attribute = cdist_vrd_attribute(again, cdist_locations[i].attribute);
        FUZZ_REQUIRE(attribute && attribute->line > 0 && strcmp(attribute->value, values[i]) == 0);
    }
    for (i = 0; i < vrd->attributes->nelts; i++) {
        const cdist_attribute_t *old = &APR_ARRAY_IDX(vrd->attributes, i, cdist_attribute_t);
        const cdist_attribute_t *now = cdist_vrd_attribute(again, old->name);
        FUZZ_REQUIRE(now && (cdist_location_by_attribute(old->name) >= 0 || strcmp(now->value, old->value) == 0));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    try_settings((const char *)data, size, pool);
    try_vrd((const char *)data, size, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
