/* Any bytes as an archive: the check ends, and what it calls sound is consistent. */
#include "archive_int.h"
#include "fuzz.h"

#include <apr_general.h>

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_portable.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    static const volatile apr_uint32_t stop;
    cdist_verification_t *result;
    apr_file_t *file;
    apr_pool_t *pool;
    int i;

    if (fd < 0) {
        apr_initialize();
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0);
    }
    FUZZ_REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    apr_pool_create(&pool, NULL);
    FUZZ_REQUIRE(apr_os_file_put(&file, &fd, APR_FOPEN_READ | APR_FOPEN_BINARY, pool) == APR_SUCCESS);
    FUZZ_REQUIRE(cdist_zip_verify(&result, file, "input", &stop, pool) == NULL);
    FUZZ_REQUIRE(result->ok == (cdist_verification_error(result, "input", pool) == NULL));
    FUZZ_REQUIRE(result->manifest->archive_bytes == size);
    for (i = 0; result->ok && i < result->manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(result->manifest->entries, i, cdist_entry_t);

        FUZZ_REQUIRE(cdist_name_problem(entry->name, strlen(entry->name)) == NULL);
        FUZZ_REQUIRE(entry->packed_bytes <= size && entry->offset <= size);
    }
    FUZZ_REQUIRE(cdist_manifest_write(result->manifest, pool)[0] == '{');
    apr_pool_destroy(pool);
    return 0;
}
