/* The operating-system seam for Unix, files: everything that APR cannot do, or cannot do safely enough. What concerns
 * processes and threads is in os_unix_process.c.
 *
 * Invariants
 * - Below an opened folder no symbolic link is ever followed: each step is an openat with O_NOFOLLOW.
 * - No descriptor made here is inherited by a child program. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cdist_base.h"

#include <apr_portable.h>
#include <apr_strings.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMP_PREFIX ".cdist-"
#define TEMP_SUFFIX ".tmp"
#define TEMP_MAX_AGE apr_time_from_sec(3600)

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

struct cdist_folder_t {
    DIR *dir;
};

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

static apr_status_t file_from_fd(apr_file_t **file, int fd, apr_int32_t flags, apr_pool_t *pool)
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
    return file_from_fd(file, fd, APR_FOPEN_READ, pool);
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

/* ---- temporary files and publication ---------------------------------------------------------------------------- */

static const char *temp_name(const char *folder, apr_pool_t *pool)
{
    unsigned char random[8];

    if (apr_generate_random_bytes(random, sizeof random) != APR_SUCCESS) {
        apr_time_t now = apr_time_now();
        memcpy(random, &now, sizeof random);
    }
    return apr_psprintf(pool, "%s/" TEMP_PREFIX "%02x%02x%02x%02x%02x%02x%02x%02x" TEMP_SUFFIX, folder, random[0],
                        random[1], random[2], random[3], random[4], random[5], random[6], random[7]);
}

static apr_status_t temp_cleanup(void *baton)
{
    cdist_temp_t *temp = baton;

    if (temp->name) unlink(temp->name);
    return APR_SUCCESS;
}

apr_status_t cdist_os_temp_open(cdist_temp_t **temp, const char *folder, apr_pool_t *pool)
{
    cdist_temp_t *made = apr_pcalloc(pool, sizeof *made);
    int fd = -1;
    apr_status_t rv;

    made->folder = apr_pstrdup(pool, folder);
#ifdef O_TMPFILE
    /* NB: the name is given through /proc later; in a chroot without it the file needs one from the start. */
    if (access("/proc/self/fd", X_OK) == 0) {
        fd = open(folder, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
        if (fd < 0 && errno != EOPNOTSUPP && errno != EISDIR && errno != EINVAL) return errno;
    }
#endif
    if (fd < 0) {
        made->name = temp_name(folder, pool);
        fd = open(made->name, O_CREAT | O_EXCL | O_RDWR | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0) return errno;
    }
    apr_pool_cleanup_register(pool, made, temp_cleanup, apr_pool_cleanup_null);
    rv = file_from_fd(&made->file, fd, APR_FOPEN_READ | APR_FOPEN_WRITE, pool);
    if (rv == APR_SUCCESS) *temp = made;
    return rv;
}

/* Gives the file one more name; EEXIST if that is taken. */
static apr_status_t temp_link(const cdist_temp_t *temp, int fd, const char *name)
{
    char by_fd[64];

    apr_snprintf(by_fd, sizeof by_fd, "/proc/self/fd/%d", fd);
    if (linkat(AT_FDCWD, temp->name ? temp->name : by_fd, AT_FDCWD, name, temp->name ? 0 : AT_SYMLINK_FOLLOW) != 0) return errno;
    return APR_SUCCESS;
}

/* Gives an unnamed file a temporary name in its folder. */
static apr_status_t temp_name_it(cdist_temp_t *temp, int fd, apr_pool_t *pool)
{
    const char *name = temp_name(temp->folder, pool);
    apr_status_t rv = temp_link(temp, fd, name);

    if (rv == APR_SUCCESS) temp->name = apr_pstrdup(apr_file_pool_get(temp->file), name);
    return rv;
}

static apr_status_t sync_folder(const char *folder)
{
    apr_status_t rv = APR_SUCCESS;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0) return errno;
    /* Some network file systems cannot sync a folder and say so with EINVAL: there the rename is all there is. */
    if (fsync(fd) != 0 && errno != EINVAL) rv = errno;
    close(fd);
    return rv;
}

/* The file has its name; it goes away no more. */
static apr_status_t temp_published(cdist_temp_t *temp)
{
    temp->name = NULL;
    apr_pool_cleanup_kill(apr_file_pool_get(temp->file), temp, temp_cleanup);
    return sync_folder(temp->folder);
}

static apr_status_t temp_publish(cdist_temp_t *temp, const char *path, mode_t mode, apr_pool_t *scratch_pool)
{
    apr_os_file_t fd;
    apr_status_t rv;

    apr_os_file_get(&fd, temp->file);
    if (fchmod(fd, mode) != 0) return errno;
    if (fsync(fd) != 0) return errno;
    if (!temp->name && (rv = temp_name_it(temp, fd, scratch_pool)) != APR_SUCCESS) return rv;
    if (rename(temp->name, path) != 0) return errno;
    return temp_published(temp);
}

apr_status_t cdist_os_temp_publish(cdist_temp_t *temp, const char *path, apr_pool_t *scratch_pool)
{
    return temp_publish(temp, path, 0644, scratch_pool);
}

apr_status_t cdist_os_temp_publish_new(cdist_temp_t *temp, const char *path, apr_pool_t *scratch_pool)
{
    apr_os_file_t fd;
    apr_status_t rv;

    (void)scratch_pool;
    apr_os_file_get(&fd, temp->file);
    if (fchmod(fd, 0644) != 0 || fsync(fd) != 0) return errno;
    if ((rv = temp_link(temp, fd, path)) != APR_SUCCESS) return rv;
    if (temp->name) unlink(temp->name);
    return temp_published(temp);
}

apr_status_t cdist_os_temp_replace(cdist_temp_t *temp, const char *path, apr_pool_t *scratch_pool)
{
    struct stat now, made;
    apr_os_file_t fd;

    apr_os_file_get(&fd, temp->file);
    if (lstat(path, &now) != 0 || fstat(fd, &made) != 0) return errno;
    if (!S_ISREG(now.st_mode)) return APR_EINVAL;
    if ((now.st_uid != made.st_uid || now.st_gid != made.st_gid) && fchown(fd, now.st_uid, now.st_gid) != 0) return errno;
    return temp_publish(temp, path, now.st_mode & 0777, scratch_pool);
}

apr_status_t cdist_os_temp_publish_new(cdist_temp_t *temp, const char *path, int secret, apr_pool_t *scratch_pool)
{
    apr_os_file_t fd;
    apr_status_t rv;

    apr_os_file_get(&fd, temp->file);
    if (fchmod(fd, secret ? 0600 : 0644) != 0 || fsync(fd) != 0) return errno;
    if (!temp->name && (rv = temp_link(temp, fd, scratch_pool)) != APR_SUCCESS) return rv;
    /* NB: unlike rename, link replaces nothing. The temporary name goes away with its pool. */
    if (link(temp->name, path) != 0) return errno;
    return sync_folder(temp->folder);
}

apr_status_t cdist_os_file_publish(apr_file_t *file, const char *from, const char *to, apr_pool_t *scratch_pool)
{
    apr_os_file_t fd;

    apr_os_file_get(&fd, file);
    if (fchmod(fd, 0644) != 0 || fsync(fd) != 0 || rename(from, to) != 0) return errno;
    return sync_folder(cdist_path_folder(to, scratch_pool));
}

apr_status_t cdist_os_folder_publish(const char *from, const char *to, apr_pool_t *scratch_pool)
{
    apr_status_t rv = sync_folder(from);

    if (rv != APR_SUCCESS) return rv;
    if (rename(from, to) != 0) return errno;
    return sync_folder(cdist_path_folder(to, scratch_pool));
}

void cdist_os_temp_sweep(const char *folder, apr_pool_t *scratch_pool)
{
    cdist_folder_t *open_folder;
    const char *name;

    if (cdist_os_folder_open(&open_folder, folder, scratch_pool) != APR_SUCCESS) return;
    while (cdist_os_folder_next(&name, open_folder, scratch_pool) == APR_SUCCESS && name) {
        apr_size_t length = strlen(name);
        cdist_stat_t stat;

        if (strncmp(name, TEMP_PREFIX, strlen(TEMP_PREFIX)) != 0 || length < strlen(TEMP_SUFFIX) ||
            strcmp(name + length - strlen(TEMP_SUFFIX), TEMP_SUFFIX) != 0) {
            continue;
        }
        if (cdist_os_stat_at(&stat, open_folder, name) != APR_SUCCESS || stat.kind != CDIST_FILE) continue;
        if (apr_time_now() - stat.mtime_ns / 1000 > TEMP_MAX_AGE) unlinkat(dirfd(open_folder->dir), name, 0);
    }
    cdist_os_folder_close(open_folder);
}

static apr_status_t write_all(int fd, const char *bytes, apr_size_t length)
{
    while (length > 0) {
        ssize_t put = write(fd, bytes, length);

        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return errno;
        bytes += put;
        length -= (apr_size_t)put;
    }
    return APR_SUCCESS;
}

apr_status_t cdist_os_note_at(cdist_folder_t *folder, const char *name, const void *bytes, apr_size_t length,
                              apr_pool_t *scratch_pool)
{
    const char *temp = temp_name("", scratch_pool) + 1;
    int fd = openat(dirfd(folder->dir), temp, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
    apr_status_t rv;

    if (fd < 0) return errno;
    rv = write_all(fd, bytes, length);
    if (close(fd) != 0 && rv == APR_SUCCESS) rv = errno;
    if (rv == APR_SUCCESS && renameat(dirfd(folder->dir), temp, dirfd(folder->dir), name) != 0) rv = errno;
    if (rv != APR_SUCCESS) unlinkat(dirfd(folder->dir), temp, 0);
    return rv;
}

apr_status_t cdist_os_folder_make(const char *path, apr_pool_t *scratch_pool)
{
    struct stat st;

    (void)scratch_pool;
    if (mkdir(path, 0755) == 0) return APR_SUCCESS;
    if (errno != EEXIST) return errno;
    if (stat(path, &st) != 0) return errno;
    return S_ISDIR(st.st_mode) ? APR_SUCCESS : ENOTDIR;
}

apr_status_t cdist_os_give(const char *folder, const char *const *names, apr_uid_t user, apr_gid_t group,
                           apr_pool_t *scratch_pool)
{
    for (; geteuid() == 0 && *names; names++) {
        const char *path = apr_pstrcat(scratch_pool, folder, **names ? "/" : "", *names, NULL);
        if (lchown(path, user, group) != 0 && errno != ENOENT) return errno;
    }
    return APR_SUCCESS;
}
