/* Any bytes as a program with a version resource: reading ends, and the same bytes tell the same version. */
#include "fuzz.h"
#include "platform/cdist_platform.h"

#include <apr_general.h>
#include <apr_portable.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int read_version(cdist_version_t *version, int fd, apr_pool_t *pool)
{
    apr_file_t *file;

    FUZZ_REQUIRE(apr_os_file_put(&file, &fd, APR_FOPEN_READ | APR_FOPEN_BINARY, pool) == APR_SUCCESS);
    return cdist_binary_version(version, file);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    cdist_version_t version, again;
    apr_pool_t *pool;
    int told;

    if (fd < 0) {
        apr_initialize();
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0);
    }
    FUZZ_REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    apr_pool_create(&pool, NULL);
    memset(&version, 0xAA, sizeof version);
    memset(&again, 0x55, sizeof again);
    told = read_version(&version, fd, pool);
    FUZZ_REQUIRE(told == (version.count == CDIST_VERSION_PARTS) && (told || version.count == 0));
    FUZZ_REQUIRE(read_version(&again, fd, pool) == told && memcmp(&version, &again, sizeof version) == 0);
    /* A program without the signature of a fixed part tells none. */
    FUZZ_REQUIRE(!told || memmem(data, size, "\xBD\x04\xEF\xFE", 4) != NULL);
    FUZZ_REQUIRE(!told || memcmp(data, "MZ", 2) == 0);
    apr_pool_destroy(pool);
    return 0;
}
