/* Any bytes as the blocks of a RAR archive: the walk ends, and tells of no more files than there can be. */
#include "fuzz.h"
#include "packages_int.h"

#include <apr_general.h>
#include <apr_portable.h>

#include <sys/mman.h>
#include <unistd.h>

/* The smallest header of a file. */
#define FILE_BYTES 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    apr_array_header_t *checks;
    apr_file_t *file;
    apr_pool_t *pool;
    cdist_err_t *err;

    if (fd < 0) {
        apr_initialize();
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0);
    }
    FUZZ_REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    apr_pool_create(&pool, NULL);
    FUZZ_REQUIRE(apr_os_file_put(&file, &fd, APR_FOPEN_READ | APR_FOPEN_BINARY, pool) == APR_SUCCESS);
    err = cdist_rar_index(&checks, file, size, pool);
    FUZZ_REQUIRE(!err || (err->code == CDIST_E_CORRUPT && !checks));
    FUZZ_REQUIRE(!checks || (size_t)checks->nelts <= size / FILE_BYTES);
    apr_pool_destroy(pool);
    return 0;
}
