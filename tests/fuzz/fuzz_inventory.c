/* Any bytes as the text in which processes tell each other what templates there are: what is read is written, and read the same. */
#include "fuzz.h"

#include "templates/cdist_templates.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_template_scan_t *scan, *again;
    const char *text, *twice;
    apr_size_t length, other;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    scan = cdist_inventory_read((const char *)data, size, pool);
    if (scan) {
        fuzz_accepted++;
        text = cdist_inventory_write(&length, scan, pool);
        again = cdist_inventory_read(text, length, pool);
        FUZZ_REQUIRE(again && again->templates->nelts == scan->templates->nelts);
        twice = cdist_inventory_write(&other, again, pool);
        FUZZ_REQUIRE(length == other && memcmp(text, twice, length) == 0);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
