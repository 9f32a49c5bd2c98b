/* The operating-system seam for Unix, files: everything that APR cannot do, or cannot do safely enough. Temporary
 * files and publication are in os_unix_temp.c, what concerns processes and threads in os_unix_process.c.
 *
 * Invariants
 * - Below an opened folder no symbolic link is ever followed: each step is an openat with O_NOFOLLOW.
 * - No descriptor made here is inherited by a child program. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "os_unix_int.h"

#include <apr_portable.h>
#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* ---- what a file is -------------------------------------------------------------------------------------------- */

static void fill_stat(cdist_stat_t *out, const struct stat *st)
{
    out->kind = S_ISREG(st->st_mode)   ? CDIST_FILE
                : S_ISDIR(st->st_mode) ? CDIST_FOLDER
                : S_ISLNK(st->st_mode) ? CDIST_LINK
                                       : CDIST_OTHER;
    out->device = (apr_uint64_t)st->st_dev;
    out->inode = (apr_uint64_t)st->st_ino;
    out->bytes = (apr_uint64_t)st->st_size;
    out->mtime_ns = (apr_int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    out->ctime_ns = (apr_int64_t)st->st_ctim.tv_sec * 1000000000 + st->st_ctim.tv_nsec;
}

int cdist_stat_same(const cdist_stat_t *a, const cdist_stat_t *b)
{
    return a->kind == b->kind && a->device == b->device && a->inode == b->inode && a->bytes == b->bytes &&
           a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns;
}

void cdist_stat_digest(cdist_sha256_t *ctx, const cdist_stat_t *stat)
{
    cdist_sha256_update_u64(ctx, (apr_uint64_t)stat->kind);
    cdist_sha256_update_u64(ctx, stat->device);
    cdist_sha256_update_u64(ctx, stat->inode);
    cdist_sha256_update_u64(ctx, stat->bytes);
    cdist_sha256_update_u64(ctx, (apr_uint64_t)stat->mtime_ns);
    cdist_sha256_update_u64(ctx, (apr_uint64_t)stat->ctime_ns);
}

/* ---- folders --------------------------------------------------------------------------------------------------- */

static apr_status_t folder_cleanup(void *baton)
{
    cdist_folder_t *folder = baton;

    if (folder->dir) closedir(folder->dir);
    folder->dir = NULL;
    return APR_SUCCESS;
}

static apr_status_t folder_from_fd(cdist_folder_t **folder, int fd, apr_pool_t *pool)
{
    DIR *dir;

    if (fd < 0) return errno;
    dir = fdopendir(fd);
    if (!dir) {
        apr_status_t rv = errno;
        close(fd);
        return rv;
    }
    *folder = apr_palloc(pool, sizeof **folder);
    (*folder)->dir = dir;
    apr_pool_cleanup_register(pool, *folder, folder_cleanup, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t cdist_os_folder_open(cdist_folder_t **folder, const char *path, apr_pool_t *pool)
{
    return folder_from_fd(folder, open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC), pool);
}

apr_status_t cdist_os_folder_open_at(cdist_folder_t **folder, cdist_folder_t *parent, const char *name, apr_pool_t *pool)
{
    return folder_from_fd(folder, openat(dirfd(parent->dir), name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                          pool);
}

apr_status_t cdist_os_folder_next(const char **name, cdist_folder_t *folder, apr_pool_t *pool)
{
    struct dirent *entry;

    do {
        errno = 0;
        entry = readdir(folder->dir);
    } while (entry && (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0));
    *name = entry ? apr_pstrdup(pool, entry->d_name) : NULL;
    return entry ? APR_SUCCESS : errno;
}

void cdist_os_folder_close(cdist_folder_t *folder)
{
    folder_cleanup(folder);
}

apr_status_t cdist_os_stat_at(cdist_stat_t *stat, cdist_folder_t *folder, const char *name)
{
    struct stat st;

    if (fstatat(dirfd(folder->dir), name, &st, AT_SYMLINK_NOFOLLOW) != 0) return errno;
    fill_stat(stat, &st);
    return APR_SUCCESS;
}

apr_status_t cdist_os_stat_folder(cdist_stat_t *stat, cdist_folder_t *folder)
{
    struct stat st;

    if (fstat(dirfd(folder->dir), &st) != 0) return errno;
    fill_stat(stat, &st);
    return APR_SUCCESS;
}

apr_status_t cdist_os_stat(cdist_stat_t *stat, const char *path)
{
    struct stat st;

    if (fstatat(AT_FDCWD, path, &st, 0) != 0) return errno;
    fill_stat(stat, &st);
    return APR_SUCCESS;
}

apr_status_t cdist_os_link_at(const char **target, cdist_folder_t *folder, const char *name, apr_pool_t *pool)
{
    char buffer[4096];
    ssize_t length = readlinkat(dirfd(folder->dir), name, buffer, sizeof buffer);

    if (length < 0) return errno;
    if ((size_t)length == sizeof buffer) return ENAMETOOLONG;
    *target = apr_pstrmemdup(pool, buffer, (apr_size_t)length);
    return APR_SUCCESS;
}

/* ---- files ----------------------------------------------------------------------------------------------------- */

apr_status_t cdist_os_file_from_fd(apr_file_t **file, int fd, apr_int32_t flags, apr_pool_t *pool)
{
    apr_os_file_t os_file = fd;
    apr_status_t rv = apr_os_file_put(file, &os_file, flags | APR_FOPEN_BINARY, pool);

    if (rv != APR_SUCCESS) {
        close(fd);
        return rv;
    }
    /* NB: apr_os_file_put leaves closing to the caller; apr_file_close through a cleanup closes the descriptor. */
    apr_pool_cleanup_register(pool, *file, (apr_status_t(*)(void *))apr_file_close, apr_pool_cleanup_null);
    return APR_SUCCESS;
}

apr_status_t cdist_os_open_at(apr_file_t **file, cdist_folder_t *folder, const char *name, apr_pool_t *pool)
{
    struct stat st;
    /* O_NONBLOCK so that a pipe in the folder cannot hold us; it means nothing for a regular file. */
    int fd = openat(dirfd(folder->dir), name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

    if (fd < 0) return errno;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        close(fd);
        return APR_EINVAL;
    }
    return cdist_os_file_from_fd(file, fd, APR_FOPEN_READ, pool);
}

apr_status_t cdist_os_stat_file(cdist_stat_t *stat, apr_file_t *file)
{
    struct stat st;
    apr_os_file_t fd;

    apr_os_file_get(&fd, file);
    if (fstat(fd, &st) != 0) return errno;
    fill_stat(stat, &st);
    return APR_SUCCESS;
}

apr_status_t cdist_os_read_at(apr_file_t *file, apr_uint64_t offset, void *bytes, apr_size_t length)
{
    char *to = bytes;
    apr_os_file_t fd;

    apr_os_file_get(&fd, file);
    while (length > 0) {
        ssize_t got = pread(fd, to, length, (off_t)offset);

        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno;
        if (got == 0) return APR_EOF;
        to += got;
        offset += (apr_uint64_t)got;
        length -= (apr_size_t)got;
    }
    return APR_SUCCESS;
}

void cdist_os_write_begin(apr_file_t *file, apr_uint64_t offset, apr_uint64_t length)
{
#ifdef SYNC_FILE_RANGE_WRITE
    apr_os_file_t fd;

    apr_os_file_get(&fd, file);
    (void)sync_file_range(fd, (off_t)offset, (off_t)length, SYNC_FILE_RANGE_WRITE);
#else
    (void)file;
    (void)offset;
    (void)length;
#endif
}

void cdist_os_cache_drop(apr_file_t *file)
{
    apr_os_file_t fd;

    apr_os_file_get(&fd, file);
    (void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

apr_status_t cdist_os_free_bytes(apr_uint64_t *bytes, const char *path)
{
    struct statvfs vfs;

    if (statvfs(path, &vfs) != 0) return errno;
    *bytes = (apr_uint64_t)vfs.f_bavail * vfs.f_frsize;
    return APR_SUCCESS;
}
