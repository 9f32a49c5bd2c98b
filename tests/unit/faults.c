/* See faults.h. Everything goes to the system by syscall(2), so that no other library's wrapper stands in between. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "faults.h"
#include "fixture.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

const char *const fault_names[FAULT_KINDS] = {"open",  "read",   "write", "seek",  "sync", "truncate",
                                              "chmod", "rename", "link",  "mkdir", "stat", "list"};

static fault_t armed;
static int wanted_call;
static int on; /* this and what follows is used by several threads */
static int calls[FAULT_KINDS];
static int hit;

void fault_arm(const fault_t *fault, int nth)
{
    armed = *fault;
    wanted_call = nth;
    memset(calls, 0, sizeof calls);
    hit = 0;
    __atomic_store_n(&on, 1, __ATOMIC_SEQ_CST);
}

int fault_disarm(void)
{
    __atomic_store_n(&on, 0, __ATOMIC_SEQ_CST);
    return __atomic_load_n(&hit, __ATOMIC_SEQ_CST);
}

int fault_calls(fault_kind_t kind)
{
    return __atomic_load_n(&calls[kind], __ATOMIC_SEQ_CST);
}

static int is_on(void)
{
    return __atomic_load_n(&on, __ATOMIC_SEQ_CST);
}

/* What the call must do: 0 its work, FAULT_PART or an errno. */
static int due(fault_kind_t kind)
{
    int number = __atomic_add_fetch(&calls[kind], 1, __ATOMIC_SEQ_CST);

    if (armed.kind != kind || number < wanted_call || (number > wanted_call && !armed.lasting)) return 0;
    __atomic_store_n(&hit, 1, __ATOMIC_SEQ_CST);
    return armed.error;
}

static int of_test(const char *path)
{
    return strncmp(path, fx_folder, strlen(fx_folder)) == 0;
}

static int fault_of_path(fault_kind_t kind, const char *path)
{
    return is_on() && of_test(path) ? due(kind) : 0;
}

static int fault_of_fd(fault_kind_t kind, int fd)
{
    char link[64], path[1024];
    ssize_t length;

    if (!is_on()) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    length = readlink(link, path, sizeof path - 1);
    if (length < 0) return 0;
    path[length] = '\0';
    return of_test(path) ? due(kind) : 0;
}

static int fault_at(fault_kind_t kind, int fd, const char *path)
{
    return *path == '/' || fd == AT_FDCWD ? fault_of_path(kind, path) : fault_of_fd(kind, fd);
}

static int refuse(int error)
{
    errno = error;
    return -1;
}

/* ---- files ------------------------------------------------------------------------------------------------------- */

static mode_t mode_argument(int flags, va_list args)
{
    return flags & (O_CREAT | (O_TMPFILE & ~O_DIRECTORY)) ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
    int error = fault_of_path(FAULT_OPEN, path);
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_argument(flags, args);
    va_end(args);
    return error ? refuse(error) : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int openat(int fd, const char *path, int flags, ...)
{
    int error = fault_at(FAULT_OPEN, fd, path);
    va_list args;
    mode_t mode;

    va_start(args, flags);
    mode = mode_argument(flags, args);
    va_end(args);
    return error ? refuse(error) : (int)syscall(SYS_openat, fd, path, flags, mode);
}

/* How many of `length` bytes the call is to move. */
static size_t part(size_t length, int error)
{
    return error == FAULT_PART && length > 1 ? length / 2 : length;
}

ssize_t read(int fd, void *bytes, size_t length)
{
    int error = fault_of_fd(FAULT_READ, fd);

    return error > 0 ? refuse(error) : syscall(SYS_read, fd, bytes, part(length, error));
}

ssize_t pread(int fd, void *bytes, size_t length, off_t offset)
{
    int error = fault_of_fd(FAULT_READ, fd);

    return error > 0 ? refuse(error) : syscall(SYS_pread64, fd, bytes, part(length, error), offset);
}

ssize_t write(int fd, const void *bytes, size_t length)
{
    int error = fault_of_fd(FAULT_WRITE, fd);

    return error > 0 ? refuse(error) : syscall(SYS_write, fd, bytes, part(length, error));
}

off_t lseek(int fd, off_t offset, int whence)
{
    int error = fault_of_fd(FAULT_SEEK, fd);

    return error ? refuse(error) : syscall(SYS_lseek, fd, offset, whence);
}

/* NB: nothing is synced, since no test takes the power away; waiting for the disk would take most of the time. */
int fsync(int fd)
{
    int error = fault_of_fd(FAULT_SYNC, fd);

    return error ? refuse(error) : 0;
}

int ftruncate(int fd, off_t length)
{
    int error = fault_of_fd(FAULT_TRUNCATE, fd);

    return error ? refuse(error) : (int)syscall(SYS_ftruncate, fd, length);
}

int fchmod(int fd, mode_t mode)
{
    int error = fault_of_fd(FAULT_MODE, fd);

    return error ? refuse(error) : (int)syscall(SYS_fchmod, fd, mode);
}

int fstat(int fd, struct stat *st)
{
    int error = fault_of_fd(FAULT_STAT, fd);

    return error ? refuse(error) : (int)syscall(SYS_newfstatat, fd, "", st, AT_EMPTY_PATH);
}

/* ---- names and folders ------------------------------------------------------------------------------------------- */

int fstatat(int fd, const char *path, struct stat *st, int flags)
{
    int error = fault_at(FAULT_STAT, fd, path);

    return error ? refuse(error) : (int)syscall(SYS_newfstatat, fd, path, st, flags);
}

int rename(const char *from, const char *to)
{
    int error = fault_of_path(FAULT_RENAME, to);

    return error ? refuse(error) : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int linkat(int from_fd, const char *from, int to_fd, const char *to, int flags)
{
    int error = fault_at(FAULT_LINK, to_fd, to);

    return error ? refuse(error) : (int)syscall(SYS_linkat, from_fd, from, to_fd, to, flags);
}

int mkdir(const char *path, mode_t mode)
{
    int error = fault_of_path(FAULT_MKDIR, path);

    return error ? refuse(error) : (int)syscall(SYS_mkdirat, AT_FDCWD, path, mode);
}

struct dirent *readdir(DIR *dir)
{
    static struct dirent *(*real)(DIR *);
    int error = fault_of_fd(FAULT_LIST, dirfd(dir));

    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "readdir");
    if (!error) return real(dir);
    errno = error;
    return NULL;
}

/* The names that a program has which was built with a wide off_t on a machine where it is the same. */
#ifdef __LP64__
int open64(const char *path, int flags, ...) __attribute__((alias("open")));
int openat64(int fd, const char *path, int flags, ...) __attribute__((alias("openat")));
ssize_t pread64(int fd, void *bytes, size_t length, off_t offset) __attribute__((alias("pread")));
off_t lseek64(int fd, off_t offset, int whence) __attribute__((alias("lseek")));
int ftruncate64(int fd, off_t length) __attribute__((alias("ftruncate")));
#endif
