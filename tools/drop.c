/* A drop folder: what is put into it is taken when it has come to rest, and sorted away. */
#include "tool_int.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define POLL_PAUSE apr_time_from_msec(500)
/* For a copy over a slow line. */
#define WAIT_MAX apr_time_from_sec(6 * 3600)

static int compare_names(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* The paths of a folder's files, without those that begin with a dot, as files do that are being copied in. */
static apr_status_t list(apr_array_header_t **paths, apr_array_header_t **stats, const char *folder, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, 8, sizeof(const char *));
    cdist_folder_t *open = NULL;
    const char *name = NULL;
    apr_status_t rv = cdist_os_folder_open(&open, folder, pool);
    int i;

    *paths = apr_array_make(pool, 8, sizeof(const char *));
    *stats = apr_array_make(pool, 8, sizeof(cdist_stat_t));
    while (rv == APR_SUCCESS && (rv = cdist_os_folder_next(&name, open, pool)) == APR_SUCCESS && name) {
        if (*name != '.') APR_ARRAY_PUSH(names, const char *) = name;
    }
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    for (i = 0; rv == APR_SUCCESS && i < names->nelts; i++) {
        cdist_stat_t stat;

        name = APR_ARRAY_IDX(names, i, const char *);
        if (cdist_os_stat_at(&stat, open, name) != APR_SUCCESS || stat.kind != CDIST_FILE) continue;
        APR_ARRAY_PUSH(*paths, const char *) = apr_pstrcat(pool, folder, "/", name, NULL);
        APR_ARRAY_PUSH(*stats, cdist_stat_t) = stat;
    }
    if (open) cdist_os_folder_close(open);
    return rv;
}

/* NB: a change time in the future, after the clock was set back, must not be waited for. */
static int is_still(const cdist_stat_t *stat, int settle_sec)
{
    apr_time_t age = apr_time_now() - stat->ctime_ns / 1000;

    return age < 0 || age >= apr_time_from_sec(settle_sec);
}

/* Whether the file was not taken yet, as it is now. */
static int is_new(apr_hash_t *taken, const char *path, const cdist_stat_t *stat)
{
    const cdist_stat_t *before = apr_hash_get(taken, path, APR_HASH_KEY_STRING);
    apr_pool_t *pool = apr_hash_pool_get(taken);

    if (before && cdist_stat_same(before, stat)) return 0;
    apr_hash_set(taken, apr_pstrdup(pool, path), APR_HASH_KEY_STRING, apr_pmemdup(pool, stat, sizeof *stat));
    return 1;
}

static int cannot_list(const char *folder, apr_status_t rv, apr_pool_t *pool)
{
    return tool_fail_err(cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s", cdist_text_printable(folder, pool)), pool);
}

int tool_drop_each(const char *folder, int settle_sec, tool_drop_fn *take, void *baton, apr_pool_t *pool)
{
    apr_time_t deadline = apr_time_now() + WAIT_MAX;
    apr_hash_t *taken = apr_hash_make(pool);
    apr_pool_t *round, *scratch;
    int status = TOOL_DONE, waiting, more, i;

    apr_pool_create(&round, pool);
    apr_pool_create(&scratch, pool);
    do {
        apr_array_header_t *paths, *stats;
        apr_status_t rv;

        apr_pool_clear(round);
        if ((rv = list(&paths, &stats, folder, round)) != APR_SUCCESS) return cannot_list(folder, rv, pool);
        waiting = more = 0;
        for (i = 0; i < paths->nelts; i++) {
            const char *path = APR_ARRAY_IDX(paths, i, const char *);
            const cdist_stat_t *stat = &APR_ARRAY_IDX(stats, i, cdist_stat_t);

            apr_pool_clear(scratch);
            if (!is_still(stat, settle_sec)) {
                waiting = 1;
            } else if (is_new(taken, path, stat)) {
                more = 1;
                if (take(baton, path, scratch) != TOOL_DONE) status = TOOL_FAILED;
            }
        }
        if (waiting && !more && apr_time_now() > deadline) {
            return tool_fail(apr_psprintf(pool, "%s: a file in it is still being written; given up", folder));
        }
        if (waiting && !more) apr_sleep(POLL_PAUSE);
    } while (waiting || more);
    return status;
}

void tool_drop_look(tool_seen_t *seen, const char *path, apr_pool_t *pool)
{
    apr_int32_t wanted = APR_FINFO_TYPE | APR_FINFO_IDENT | APR_FINFO_SIZE | APR_FINFO_MTIME | APR_FINFO_LINK;
    apr_status_t rv = apr_stat(&seen->info, path, wanted, pool);

    seen->there = rv == APR_SUCCESS || rv == APR_INCOMPLETE;
}

static int is_same(const tool_seen_t *a, const tool_seen_t *b)
{
    return a->there && a->info.device == b->info.device && a->info.inode == b->info.inode && a->info.size == b->info.size &&
           a->info.mtime == b->info.mtime;
}

int tool_drop_sort(const char *into, const char *path, const tool_seen_t *seen, int status, apr_pool_t *pool)
{
    const char *slash = strrchr(path, '/'), *folder, *target;
    tool_seen_t now;
    apr_finfo_t info;
    apr_status_t rv;
    int i;

    folder = apr_pstrcat(pool, into, status == TOOL_DONE ? "/imported" : "/refused", NULL);
    target = apr_pstrcat(pool, folder, "/", slash ? slash + 1 : path, NULL);
    tool_drop_look(&now, path, pool);
    /* What was not there, or is gone already, was refused and has no place to go to. */
    if (!now.there) return status;
    if (!is_same(seen, &now)) {
        return tool_fail(apr_psprintf(pool, "%s: another file came in its place while it was read, and stays there",
                                      cdist_text_printable(path, pool)));
    }
    rv = cdist_os_folder_make(into, pool);
    if (rv == APR_SUCCESS) rv = cdist_os_folder_make(folder, pool);
    for (i = 2; rv == APR_SUCCESS && apr_stat(&info, target, APR_FINFO_TYPE | APR_FINFO_LINK, pool) == APR_SUCCESS; i++) {
        target = apr_psprintf(pool, "%s/%d-%s", folder, i, slash ? slash + 1 : path);
    }
    if (rv == APR_SUCCESS) rv = apr_file_rename(path, target, pool);
    if (rv == APR_SUCCESS) return status;
    return tool_fail_err(cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be moved to %s", cdist_text_printable(path, pool),
                                          cdist_text_printable(folder, pool)), pool);
}
