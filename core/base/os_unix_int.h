/* Between the files of the operating-system seam for Unix. */
#ifndef CDIST_OS_UNIX_INT_H
#define CDIST_OS_UNIX_INT_H

#include "cdist_base.h"

#include <dirent.h>

struct cdist_folder_t {
    DIR *dir;
};

/* A file of an open descriptor, which it takes over, also when it fails; `flags` are APR_FOPEN_*. */
CDIST_MUST_CHECK apr_status_t cdist_os_file_from_fd(apr_file_t **file, int fd, apr_int32_t flags, apr_pool_t *pool);

#endif
