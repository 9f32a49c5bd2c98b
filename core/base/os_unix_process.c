/* The operating-system seam for Unix, processes and threads.
 *
 * Locks are byte ranges by open file descriptions (OFD): unlike plain fcntl locks they exclude threads of one process from
 * each other, survive the closing of other descriptors, and the kernel frees them when a process dies. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "cdist_base.h"

#include <apr_thread_proc.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef F_OFD_SETLK
#error "this system has no open-file-description locks (F_OFD_SETLK); Linux 3.15 or later is needed"
#endif

/* ---- locks ----------------------------------------------------------------------------------------------------- */

struct cdist_lock_t {
    int fd;
};

apr_status_t cdist_os_lock_try(cdist_lock_t **lock, const char *path, apr_uint32_t first, apr_uint32_t count,
                               apr_pool_t *pool)
{
    /* Each caller starts at a place of its own, so that a crowd does not queue up at the first byte. */
    apr_uint32_t start = (apr_uint32_t)apr_time_now(), i;
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0644);
    apr_status_t rv = APR_EBUSY;

    if (fd < 0) return errno;
    for (i = 0; i < count && rv == APR_EBUSY; i++) {
        struct flock range;

        memset(&range, 0, sizeof range);
        range.l_type = F_WRLCK;
        range.l_whence = SEEK_SET;
        range.l_start = (off_t)first + (start + i) % count;
        range.l_len = 1;
        rv = fcntl(fd, F_OFD_SETLK, &range) == 0 ? APR_SUCCESS : errno;
        if (rv == EAGAIN || rv == EACCES) rv = APR_EBUSY;
    }
    if (rv != APR_SUCCESS) {
        close(fd);
        return rv;
    }
    *lock = apr_palloc(pool, sizeof **lock);
    (*lock)->fd = fd;
    return APR_SUCCESS;
}

void cdist_os_lock_free(cdist_lock_t *lock)
{
    if (lock->fd >= 0) close(lock->fd);
    lock->fd = -1;
}

/* ---- threads --------------------------------------------------------------------------------------------------- */

int cdist_os_cpu_count(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);

    return count < 1 ? 1 : count > 256 ? 256 : (int)count;
}

int cdist_os_stderr_is_terminal(void)
{
    return isatty(STDERR_FILENO);
}

struct cdist_signals_t {
    sigset_t before;
};

cdist_signals_t *cdist_os_signals_make(apr_pool_t *pool)
{
    return apr_palloc(pool, sizeof(cdist_signals_t));
}

void cdist_os_signals_block(cdist_signals_t *signals)
{
    sigset_t all;

    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &signals->before);
}

void cdist_os_signals_restore(cdist_signals_t *signals)
{
    pthread_sigmask(SIG_SETMASK, &signals->before, NULL);
}

/* ---- another user ---------------------------------------------------------------------------------------------- */

#define RUN_POLL apr_time_from_msec(5)

apr_status_t cdist_os_run_as(const char *user_name, apr_uid_t user, apr_gid_t group, apr_interval_time_t timeout,
                             void (*work)(void *baton), void *baton, apr_pool_t *scratch_pool)
{
    apr_time_t deadline = apr_time_now() + timeout;
    apr_proc_t proc;
    apr_status_t rv = apr_proc_fork(&proc, scratch_pool);

    if (rv == APR_INCHILD) {
        if (geteuid() != 0 || (setgid(group) == 0 && initgroups(user_name, group) == 0 && setuid(user) == 0)) work(baton);
        _exit(0);
    }
    if (rv != APR_INPARENT) return rv;
    while (apr_proc_wait(&proc, NULL, NULL, APR_NOWAIT) == APR_CHILD_NOTDONE) {
        if (apr_time_now() > deadline) {
            apr_proc_kill(&proc, SIGKILL);
            return APR_TIMEUP;
        }
        apr_sleep(RUN_POLL);
    }
    return APR_SUCCESS;
}

/* NB: on Linux a thread has a priority of its own, against POSIX; elsewhere the whole process would lose, so nothing is done. */
void cdist_os_thread_yield(void)
{
#ifdef __linux__
    setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 10);
#endif
}

/* ---- memory ---------------------------------------------------------------------------------------------------- */

#define MAPPED_FROM (1024u * 1024)

static apr_size_t whole_pages(apr_size_t length)
{
    apr_size_t page = (apr_size_t)sysconf(_SC_PAGESIZE);

    return (length + page - 1) / page * page;
}

void cdist_os_block_get(cdist_block_t *block, apr_size_t length)
{
    block->mapped = length >= MAPPED_FROM ? whole_pages(length) : 0;
    if (block->mapped) {
        block->bytes = mmap(NULL, block->mapped, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (block->bytes == MAP_FAILED) abort();
#ifdef MADV_HUGEPAGE
        /* Each page is touched once: where the system has large ones, with a few hundred times fewer faults. */
        (void)madvise(block->bytes, block->mapped, MADV_HUGEPAGE);
#endif
    } else {
        block->bytes = malloc(length ? length : 1);
        if (!block->bytes) abort();
    }
}

void cdist_os_block_shrink(cdist_block_t *block, apr_size_t length)
{
    if (block->mapped) {
        apr_size_t kept = whole_pages(length ? length : 1);

        if (kept < block->mapped) munmap((char *)block->bytes + kept, block->mapped - kept);
        block->mapped = kept;
    } else {
        void *smaller = realloc(block->bytes, length ? length : 1);
        if (smaller) block->bytes = smaller;
    }
}

void cdist_os_block_free(cdist_block_t *block)
{
    if (block->mapped) munmap(block->bytes, block->mapped);
    else free(block->bytes);
    memset(block, 0, sizeof *block);
}
