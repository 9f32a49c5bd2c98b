/* Any bytes as the blocks of a RAR archive: the walk ends, and tells of no more files than there can be. */
#include "fuzz_file.h"
#include "packages_int.h"

/* The smallest header of a file. */
#define FILE_BYTES 7

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int fd = fuzz_fill(data, size);
    apr_array_header_t *checks;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_pool_create(&pool, NULL);
    err = cdist_rar_index(&checks, fuzz_open(fd, pool), size, pool);
    FUZZ_REQUIRE(!err || (err->code == CDIST_E_CORRUPT && !checks));
    FUZZ_REQUIRE(!checks || (size_t)checks->nelts <= size / FILE_BYTES);
    apr_pool_destroy(pool);
    return 0;
}
