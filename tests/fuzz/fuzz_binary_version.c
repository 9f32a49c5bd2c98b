/* Any bytes as a program with a version resource: reading ends, and the same bytes tell the same version. */
#include "fuzz_file.h"
#include "platform/cdist_platform.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_fill(data, size);
    cdist_version_t version, again;
    apr_pool_t *pool;
    int told;

    apr_pool_create(&pool, NULL);
    memset(&version, 0xAA, sizeof version);
    memset(&again, 0x55, sizeof again);
    FUZZ_REQUIRE(cdist_binary_version(&version, fuzz_open(fd, pool)) == APR_SUCCESS);
    told = version.count == CDIST_VERSION_PARTS;
    FUZZ_REQUIRE(told || version.count == 0);
    FUZZ_REQUIRE(cdist_binary_version(&again, fuzz_open(fd, pool)) == APR_SUCCESS);
    FUZZ_REQUIRE(memcmp(&version, &again, sizeof version) == 0);
    /* A program without the signature of a fixed part tells none. */
    FUZZ_REQUIRE(!told || memmem(data, size, "\xBD\x04\xEF\xFE", 4) != NULL);
    FUZZ_REQUIRE(!told || memcmp(data, "MZ", 2) == 0);
    apr_pool_destroy(pool);
    return 0;
}
