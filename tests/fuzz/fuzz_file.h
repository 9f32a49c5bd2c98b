/* An input as an open file, for targets whose subject reads files. It lies in memory alone. */
#ifndef FUZZ_FILE_H
#define FUZZ_FILE_H

#include "fuzz.h"

#include <apr_file_io.h>
#include <apr_general.h>
#include <apr_portable.h>

#include <sys/mman.h>
#include <unistd.h>

/* The one descriptor of the process, which has these bytes now. */
static inline int fuzz_fill(const uint8_t *data, size_t size)
{
    static int fd = -1;

    if (fd < 0) {
        apr_initialize();
        fd = memfd_create("fuzz", MFD_CLOEXEC);
        FUZZ_REQUIRE(fd >= 0);
    }
    FUZZ_REQUIRE(ftruncate(fd, 0) == 0 && pwrite(fd, data, size, 0) == (ssize_t)size);
    return fd;
}

static inline apr_file_t *fuzz_open(int fd, apr_pool_t *pool)
{
    apr_file_t *file;

    FUZZ_REQUIRE(apr_os_file_put(&file, &fd, APR_FOPEN_READ | APR_FOPEN_BINARY, pool) == APR_SUCCESS);
    return file;
}

#endif
