/* Any bytes as the file name of a download: what it tells is a full version or none, a known slot or none, and stays the same in
 * another spelling of the version. */
#include "packages/cdist_packages.h"
#include "fuzz.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_package_name_t name, again;
    apr_pool_t *pool;
    const char *file;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    file = apr_pstrmemdup(pool, (const char *)data, size);
    if (cdist_package_name_parse(&name, file, pool)) {
        FUZZ_REQUIRE(name.version.count == 0 || name.version.count == CDIST_VERSION_PARTS);
        FUZZ_REQUIRE(!name.slot || !cdist_slot_is_component(name.slot));
        FUZZ_REQUIRE(cdist_package_name_parse(&again, apr_pstrcat(pool, "x ", file, NULL), pool) && again.form == name.form);
        if (name.version.count) {
            const char *plain = apr_pstrcat(pool, cdist_version_format(&name.version, pool), ".zip", NULL);

            FUZZ_REQUIRE(cdist_package_name_parse(&again, plain, pool));
            FUZZ_REQUIRE(cdist_version_compare(&again.version, &name.version) == 0);
        }
    } else {
        FUZZ_REQUIRE(name.version.count == 0 && !name.slot);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
