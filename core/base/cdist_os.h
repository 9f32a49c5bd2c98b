/* What the library asks of the operating system, and files on top of that. Part of the ground floor: cdist_base.h brings it along. */
#ifndef CDIST_OS_H
#define CDIST_OS_H

#include "base/cdist_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the operating-system seam (os_unix.c, os_unix_process.c) -------------------------------------------------- */

typedef enum { CDIST_FILE, CDIST_FOLDER, CDIST_LINK, CDIST_OTHER } cdist_kind_t;

/* What tells whether a file is still the one that was seen. Times are nanoseconds since 1970. */
typedef struct {
    cdist_kind_t kind;
    apr_uint64_t device, inode;
    apr_uint64_t bytes;
    apr_int64_t mtime_ns, ctime_ns;
} cdist_stat_t;

/* 1 if both describe the same unchanged file. */
int cdist_stat_same(const cdist_stat_t *a, const cdist_stat_t *b);
/* Feeds everything that cdist_stat_same compares. */
void cdist_stat_digest(cdist_sha256_t *ctx, const cdist_stat_t *stat);

/* An open folder. Names read from it and opened below it never lead out of it: no symbolic link is followed. */
typedef struct cdist_folder_t cdist_folder_t;

/* Opens a configured folder; its own path may contain links, since the administrator wrote it. */
CDIST_MUST_CHECK apr_status_t cdist_os_folder_open(cdist_folder_t **folder, const char *path, apr_pool_t *pool);
/* A folder in an open folder; a link to one gives ENOTDIR or ELOOP. */
CDIST_MUST_CHECK apr_status_t cdist_os_folder_open_at(cdist_folder_t **folder, cdist_folder_t *parent, const char *name,
                                                      apr_pool_t *pool);
/* The next name, without "." and ".."; *name is NULL at the end. The name lives in `pool`. */
CDIST_MUST_CHECK apr_status_t cdist_os_folder_next(const char **name, cdist_folder_t *folder, apr_pool_t *pool);
void cdist_os_folder_close(cdist_folder_t *folder);
/* What a name is, the link itself if it is one. */
CDIST_MUST_CHECK apr_status_t cdist_os_stat_at(cdist_stat_t *stat, cdist_folder_t *folder, const char *name);
CDIST_MUST_CHECK apr_status_t cdist_os_stat_folder(cdist_stat_t *stat, cdist_folder_t *folder);
/* What lies at a path, links followed. */
CDIST_MUST_CHECK apr_status_t cdist_os_stat(cdist_stat_t *stat, const char *path);
/* Where a link leads; ENAMETOOLONG from 4096 bytes on. */
CDIST_MUST_CHECK apr_status_t cdist_os_link_at(const char **target, cdist_folder_t *folder, const char *name,
                                               apr_pool_t *pool);
/* Opens a regular file for reading; anything else gives APR_EINVAL, a link APR's ELOOP. */
CDIST_MUST_CHECK apr_status_t cdist_os_open_at(apr_file_t **file, cdist_folder_t *folder, const char *name,
                                               apr_pool_t *pool);
CDIST_MUST_CHECK apr_status_t cdist_os_stat_file(cdist_stat_t *stat, apr_file_t *file);
/* Exactly `length` bytes from a place in the file; APR_EOF if it ends before. Moves no file position, so that several threads
 * may read from one unbuffered file. */
CDIST_MUST_CHECK apr_status_t cdist_os_read_at(apr_file_t *file, apr_uint64_t offset, void *bytes, apr_size_t length);

/* Has the system begin to bring bytes that were written to the disk, so that less is left for the sync at the end. A hint:
 * nothing is promised, and nothing waits. */
void cdist_os_write_begin(apr_file_t *file, apr_uint64_t offset, apr_uint64_t length);
/* Lets go of what the system keeps of the file in memory, so that the next reader gets what is on the disk. */
void cdist_os_cache_drop(apr_file_t *file);

/* The room that is left for this user on the file system of a file or folder. */
CDIST_MUST_CHECK apr_status_t cdist_os_free_bytes(apr_uint64_t *bytes, const char *path);

/* A temporary file in `folder`, readable and writable, without a name where the system can do that. It goes away
 * with `pool`, or with the process, unless it is published. */
typedef struct {
    apr_file_t *file;
    const char *name; /* NULL while it has none */
    const char *folder;
} cdist_temp_t;
CDIST_MUST_CHECK apr_status_t cdist_os_temp_open(cdist_temp_t **temp, const char *folder, apr_pool_t *pool);
/* Writes the file through to the disk and gives it its name at once, with mode 0644 whatever the umask, replacing what
 * was there; `path` must lie in the folder it was opened in. Afterwards the folder's entry is on the disk too. */
CDIST_MUST_CHECK apr_status_t cdist_os_temp_publish(cdist_temp_t *temp, const char *path, apr_pool_t *scratch_pool);
/* The same where nothing is there yet: APR_EEXIST if anything is, however late it came; the file is a temporary one still.
 * `secret`: mode 0600, for the owner alone. */
CDIST_MUST_CHECK apr_status_t cdist_os_temp_publish_new(cdist_temp_t *temp, const char *path, int secret, apr_pool_t *scratch_pool);
/* The same in place of a plain file that is there, whose owner and mode it gets. APR_EINVAL if the path is anything else. */
CDIST_MUST_CHECK apr_status_t cdist_os_temp_replace(cdist_temp_t *temp, const char *path, apr_pool_t *scratch_pool);
/* Gives an open file that has a name another one, on the same file system, in the manner of cdist_os_temp_publish. */
CDIST_MUST_CHECK apr_status_t cdist_os_file_publish(apr_file_t *file, const char *from, const char *to, apr_pool_t *scratch_pool);
/* Gives a folder another name at once, where none but an empty folder may be. What lies in it must be on the disk already. */
CDIST_MUST_CHECK apr_status_t cdist_os_folder_publish(const char *from, const char *to, apr_pool_t *scratch_pool);
/* Has two folders of one file system change their names, at once. What lies in `one` must be on the disk already.
 * APR_ENOTIMPL, or whatever the system says, where that cannot be done; then nothing happened. */
CDIST_MUST_CHECK apr_status_t cdist_os_folder_exchange(const char *one, const char *other, apr_pool_t *scratch_pool);
/* Removes temporary files that a crash left in `folder` more than an hour ago. */
void cdist_os_temp_sweep(const char *folder, apr_pool_t *scratch_pool);

/* Makes or replaces a small file in an open folder in one step, hidden where a dot at the name's start does not do that. It is
 * not written through to the disk: for what can be made again. What a crash leaves is for cdist_os_temp_sweep. */
CDIST_MUST_CHECK apr_status_t cdist_os_note_at(cdist_folder_t *folder, const char *name, const void *bytes,
                                               apr_size_t length, apr_pool_t *scratch_pool);

/* Gives files and folders (NULL-terminated list of names below `folder`, "" is itself) to a user; links are not
 * followed, what is not there is passed over. Nothing happens unless the process is root. */
CDIST_MUST_CHECK apr_status_t cdist_os_give(const char *folder, const char *const *names, apr_uid_t user, apr_gid_t group,
                                            apr_pool_t *scratch_pool);
/* Makes one folder with mode 0755 if it is not there yet. */
CDIST_MUST_CHECK apr_status_t cdist_os_folder_make(const char *path, apr_pool_t *scratch_pool);

/* One byte of a lock file, held against every other holder on this host, threads of this process included. The
 * kernel frees it when the process dies. */
typedef struct cdist_lock_t cdist_lock_t;
/* Takes one of the `count` bytes from `first` on (offsets below 2^31); APR_EBUSY if others hold them all. `path` is made
 * if it is not there, and should never be unlinked: whoever opens the new file does not see the old one's locks. */
CDIST_MUST_CHECK apr_status_t cdist_os_lock_try(cdist_lock_t **lock, const char *path, apr_uint32_t first,
                                                apr_uint32_t count, apr_pool_t *pool);
void cdist_os_lock_free(cdist_lock_t *lock);

/* Memory for a large content. A big block comes straight from the system and goes back there when it is freed; what
 * several threads malloc and free stays with the process, several times over. A zeroed block is empty. */
typedef struct {
    void *bytes;
    apr_size_t mapped; /* 0: too small for that, malloc'ed */
} cdist_block_t;
/* Never fails: without memory the process ends, as with APR's pools. */
void cdist_os_block_get(cdist_block_t *block, apr_size_t length);
/* Keeps the first `length` bytes. */
void cdist_os_block_shrink(cdist_block_t *block, apr_size_t length);
/* The block is empty afterwards. */
void cdist_os_block_free(cdist_block_t *block);

int cdist_os_cpu_count(void);
/* From now on the calling thread gets a processor after threads of other work; for the rest of its life. */
void cdist_os_thread_yield(void);
int cdist_os_stderr_is_terminal(void);
/* Runs `work` in a process of its own, with the rights of another user if this one is root, and waits for its end.
 * APR_TIMEUP if it takes longer than `timeout`: the process is left to itself then, since one that hangs in a system call
 * cannot be ended. To be called while the process has one thread. */
CDIST_MUST_CHECK apr_status_t cdist_os_run_as(const char *user_name, apr_uid_t user, apr_gid_t group,
                                              apr_interval_time_t timeout, void (*work)(void *baton), void *baton,
                                              apr_pool_t *scratch_pool);
/* Blocks every signal for the calling thread, and restores what was blocked before. A thread started in between inherits
 * the block, so that the host program's signals never land in it. */
typedef struct cdist_signals_t cdist_signals_t;
cdist_signals_t *cdist_os_signals_make(apr_pool_t *pool);
void cdist_os_signals_block(cdist_signals_t *signals);
void cdist_os_signals_restore(cdist_signals_t *signals);

/* ---- files below an open folder (beneath.c) ---------------------------------------------------------------------- */

/* Opens a regular file "a/b/c" below an open folder as cdist_os_open_at does; no part of the path is a link. */
CDIST_MUST_CHECK apr_status_t cdist_beneath_open(apr_file_t **file, cdist_folder_t *root, const char *relative,
                                                 apr_pool_t *pool);
/* The same for many files: those of one folder, one after the other, take one system call each to be opened. For one thread;
 * it lives in `pool`, and no longer than `root`, which several may share. */
typedef struct cdist_opener_t cdist_opener_t;
cdist_opener_t *cdist_opener_make(cdist_folder_t *root, apr_pool_t *pool);
CDIST_MUST_CHECK apr_status_t cdist_opener_open(apr_file_t **file, cdist_opener_t *opener, const char *relative,
                                                apr_pool_t *pool);

/* ---- files by their path (safefile.c) -------------------------------------------------------------------------- */

/* Opens a regular file for reading and tells what it is (`stat` may be NULL). Links are followed; anything else than a file
 * gives APR_EINVAL at once, while a pipe would hold who opens it until somebody writes. `flags`: 0, or more of APR_FOPEN_*. */
CDIST_MUST_CHECK apr_status_t cdist_file_open(apr_file_t **file, cdist_stat_t *stat, const char *path, apr_int32_t flags,
                                              apr_pool_t *pool);

/* Reads at most `max_bytes`; a longer file is CDIST_E_INPUT. `*bytes` is followed by a NUL that is not counted. */
CDIST_MUST_CHECK cdist_err_t *cdist_file_read(char **bytes, apr_size_t *length, const char *path, apr_size_t max_bytes,
                                              apr_pool_t *pool);
/* Makes or replaces a file in one step: readers see the old or the new content, never a part. */
CDIST_MUST_CHECK cdist_err_t *cdist_file_publish(const char *path, const char *bytes, apr_size_t length,
                                                 apr_pool_t *scratch_pool);
/* The same for a file that belongs to somebody else: it has to be there, and keeps its owner and mode. A link is not replaced. */
CDIST_MUST_CHECK cdist_err_t *cdist_file_replace(const char *path, const char *bytes, apr_size_t length,
                                                 apr_pool_t *scratch_pool);

#ifdef __cplusplus
}
#endif

#endif
