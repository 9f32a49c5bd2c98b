/* Any bytes as an archive: the check ends, and what it calls sound is consistent. */
#include "archive_int.h"
#include "fuzz_file.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const volatile apr_uint32_t stop;
    int fd = fuzz_fill(data, size);
    cdist_verification_t *result;
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, NULL);
    FUZZ_REQUIRE(cdist_zip_verify(&result, fuzz_open(fd, pool), "input", &stop, pool) == NULL);
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
