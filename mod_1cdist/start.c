/* What happens once, when httpd starts or restarts: the store's folder, and a look at the roots. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>
#if !defined(WIN32)
#include <unixd.h>
#include <unistd.h>
#endif

#include <stdlib.h>
#include <string.h>

#define ROOT_CHECK_WAIT apr_time_from_sec(3)

/* ---- the store ------------------------------------------------------------------------------------------------- */

#if !defined(WIN32)

/* Whether the folder is a store already, or has nothing in it: only such a folder may change its owner. */
static int is_store_or_empty(const char *path, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    cdist_stat_t stat;
    const char *name;
    int fits;

    if (cdist_os_folder_open(&folder, path, pool) != APR_SUCCESS) return 0;
    fits = cdist_os_stat_at(&stat, folder, "FORMAT") == APR_SUCCESS ||
           (cdist_os_folder_next(&name, folder, pool) == APR_SUCCESS && !name);
    cdist_os_folder_close(folder);
    return fits;
}

/* Gives the store to the user that the children run as, who may have changed since it was made. */
static apr_status_t give_away(const char *path, apr_pool_t *pool)
{
    static const char *const parts[] = {"/FORMAT", "/lock", "/archives", "/manifests", "/keys"};
    size_t i;

    if (geteuid() != 0 || !is_store_or_empty(path, pool)) return APR_SUCCESS;
    if (chown(path, ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) return apr_get_os_error();
    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        /* What is not there yet, the children will make. */
        if (lchown(apr_pstrcat(pool, path, parts[i], NULL), ap_unixd_config.user_id, ap_unixd_config.group_id) != 0) continue;
    }
    return APR_SUCCESS;
}

#else

static apr_status_t give_away(const char *path, apr_pool_t *pool)
{
    (void)path;
    (void)pool;
    return APR_SUCCESS;
}

#endif

void cdist_start_store(const char *path, server_rec *server, apr_pool_t *pool)
{
    apr_status_t rv = apr_dir_make_recursive(path, APR_FPROT_OS_DEFAULT, pool);

    if (rv == APR_SUCCESS) rv = give_away(path, pool);
    if (rv != APR_SUCCESS) {
        ap_log_error(APLOG_MARK, APLOG_ERR, rv, server,
                     "CD0100: CDistStore %s: cannot be made; archives cannot be built until it can", path);
    }
}

/* ---- the roots ------------------------------------------------------------------------------------------------- */

static void look_at_roots(const apr_array_header_t *roots, server_rec *server, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < roots->nelts; i++) {
        const char *root = APR_ARRAY_IDX(roots, i, const char *), *name;
        cdist_folder_t *folder;
        apr_status_t rv = cdist_os_folder_open(&folder, root, pool);

        if (rv == APR_SUCCESS) {
            rv = cdist_os_folder_next(&name, folder, pool);
            cdist_os_folder_close(folder);
        }
        if (rv != APR_SUCCESS) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, rv, server,
                         "CD0101: CDistRoot %s: cannot be read; its URLs answer 503 until it can", root);
        }
    }
}

#if !defined(WIN32)

static void become_server_user(void)
{
    if (geteuid() != 0) return;
    if (setgid(ap_unixd_config.group_id) != 0 ||
        initgroups(ap_unixd_config.user_name, ap_unixd_config.group_id) != 0 ||
        setuid(ap_unixd_config.user_id) != 0) {
        _exit(1);
    }
}

/* NB: in a process of its own, for two reasons: it looks with the rights of the children, not of root; and a share that
 * hangs holds that process, not httpd's start. */
void cdist_start_check_roots(const apr_array_header_t *roots, server_rec *server, apr_pool_t *pool)
{
    apr_time_t deadline = apr_time_now() + ROOT_CHECK_WAIT;
    apr_proc_t proc;
    apr_status_t rv = apr_proc_fork(&proc, pool);

    if (rv == APR_INCHILD) {
        become_server_user();
        look_at_roots(roots, server, pool);
        _exit(0);
    }
    if (rv != APR_INPARENT) return;
    while (apr_proc_wait(&proc, NULL, NULL, APR_NOWAIT) == APR_CHILD_NOTDONE) {
        if (apr_time_now() > deadline) {
            ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                         "CD0105: looking at the folders of CDistRoot takes long, a share may be hanging");
            apr_proc_kill(&proc, 9);
            return;
        }
        apr_sleep(apr_time_from_msec(5));
    }
}

#else

void cdist_start_check_roots(const apr_array_header_t *roots, server_rec *server, apr_pool_t *pool)
{
    look_at_roots(roots, server, pool);
}

#endif
