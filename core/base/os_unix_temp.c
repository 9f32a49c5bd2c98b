/* The operating-system seam for Unix, temporary files: made without a name where the system can do that, written through to the
 * disk, and given their name in one step.
 *
 * Invariants
 * - Under a name stands the old file or the new one, never a part.
 * - What is not published goes away with its pool or its process; what a crash leaves is swept. */
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
#include <unistd.h>

#define TEMP_PREFIX ".cdist-"
#define TEMP_SUFFIX ".tmp"
#define TEMP_MAX_AGE apr_time_from_sec(3600)

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
    rv = cdist_os_file_from_fd(&made->file, fd, APR_FOPEN_READ | APR_FOPEN_WRITE, pool);
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

apr_status_t cdist_os_temp_publish_new(cdist_temp_t *temp, const char *path, int secret, apr_pool_t *scratch_pool)
{
    apr_os_file_t fd;
    apr_status_t rv;

    (void)scratch_pool;
    apr_os_file_get(&fd, temp->file);
    if (fchmod(fd, secret ? 0600 : 0644) != 0 || fsync(fd) != 0) return errno;
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

apr_status_t cdist_os_folder_exchange(const char *one, const char *other, apr_pool_t *scratch_pool)
{
#ifdef RENAME_EXCHANGE
    apr_status_t rv = sync_folder(one);

    if (rv != APR_SUCCESS) return rv;
    if (renameat2(AT_FDCWD, one, AT_FDCWD, other, RENAME_EXCHANGE) != 0) return errno;
    /* NB: it has happened now; that the disk may not know yet is no reason to say otherwise. */
    (void)sync_folder(cdist_path_folder(one, scratch_pool));
    (void)sync_folder(cdist_path_folder(other, scratch_pool));
    return APR_SUCCESS;
#else
    (void)one;
    (void)other;
    (void)scratch_pool;
    return APR_ENOTIMPL;
#endif
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
