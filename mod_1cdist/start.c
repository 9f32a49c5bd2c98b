/* What happens once, when httpd starts or restarts: the store's folder, and a look at the folders. */
#include "mod_1cdist_int.h"
#include "services_int.h"

#include <apr_shm.h>
#include <apr_strings.h>
#if !defined(WIN32)
#include <unixd.h>
#endif

#include <string.h>

#define CHECK_WAIT apr_time_from_sec(3)

/* The user that the children run as. */
static void server_user(const char **name, apr_uid_t *user, apr_gid_t *group)
{
#if !defined(WIN32)
    *name = ap_unixd_config.user_name;
    *user = ap_unixd_config.user_id;
    *group = ap_unixd_config.group_id;
#else
    *name = "";
    *user = *group = 0;
#endif
}

void cdist_start_store(const char *path, server_rec *server, apr_pool_t *pool)
{
    const char *name;
    apr_uid_t user;
    apr_gid_t group;
    cdist_err_t *err;

    server_user(&name, &user, &group);
    err = cdist_store_prepare(path, user, group, pool);
    if (!err) return;
    ap_log_error(APLOG_MARK, APLOG_ERR, err->status, server, "CD0100: %s; archives cannot be built until it can",
                 err->message);
}

/* NB: anonymous, so that it belongs to this generation of children alone and needs no name and no cleaning up; an old child
 * keeps its own after a graceful restart. */
void *cdist_start_shared(apr_size_t bytes, apr_pool_t *pconf)
{
    apr_shm_t *shm;

    if (apr_shm_create(&shm, bytes, NULL, pconf) != APR_SUCCESS) return NULL;
    return memset(apr_shm_baseaddr_get(shm), 0, bytes);
}

typedef struct {
    const apr_array_header_t *folders;
    server_rec *server;
    apr_pool_t *pool;
} look_t;

static void look_at_folder(const look_t *look, const cdist_named_folder_t *named)
{
    const char *name;
    cdist_folder_t *folder;
    apr_status_t rv = cdist_os_folder_open(&folder, named->path, look->pool);

    if (rv == APR_SUCCESS) {
        rv = cdist_os_folder_next(&name, folder, look->pool);
        cdist_os_folder_close(folder);
    }
    if (rv == APR_SUCCESS) return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, rv, look->server,
                 "CD0101: %s %s: cannot be read; URLs that depend on it answer 503 until it can", named->directive,
                 named->path);
}

/* Not only whether it is there: one that is not in order would be found out by the first client. */
static void look_at_list(const look_t *look, const cdist_named_folder_t *named, apr_pool_t *scratch)
{
    cdist_infobase_list_t *list;
    apr_size_t length;
    char *bytes;
    cdist_err_t *err = cdist_file_read(&bytes, &length, named->path, CDIST_LISTS_MAX, scratch);

    if (!err) err = cdist_infobases_parse(&list, bytes, length, named->path, scratch);
    if (!err) return;
    ap_log_error(APLOG_MARK, APLOG_WARNING, 0, look->server,
                 "CD0120: %s: %s; clients get 503 for their lists until it is mended", named->directive,
                 cdist_err_text(err, scratch));
}

static void look_at_folders(void *baton)
{
    const look_t *look = baton;
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, look->pool);
    for (i = 0; i < look->folders->nelts; i++) {
        const cdist_named_folder_t *named = &APR_ARRAY_IDX(look->folders, i, cdist_named_folder_t);

        apr_pool_clear(scratch);
        if (named->is_list) look_at_list(look, named, scratch);
        else look_at_folder(look, named);
    }
}

/* NB: in a process of its own, for two reasons: it looks with the rights of the children, not of root; and a share that
 * hangs holds that process, not httpd's start. */
void cdist_start_check_folders(const apr_array_header_t *folders, server_rec *server, apr_pool_t *pool)
{
    look_t look = {folders, server, pool};
    const char *name;
    apr_uid_t user;
    apr_gid_t group;

    server_user(&name, &user, &group);
    if (cdist_os_run_as(name, user, group, CHECK_WAIT, look_at_folders, &look, pool) == APR_TIMEUP) {
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "CD0105: looking at the folders of the configuration takes long, a share may be hanging");
    }
}

static void look_at_handlers(void *baton)
{
    const look_t *look = baton;

    cdist_check_handlers(look->server, look->pool);
}

/* NB: in a process of its own too, since it may have to look into a folder. */
void cdist_start_check_handlers(server_rec *server, apr_pool_t *pool)
{
    look_t look = {NULL, server, pool};
    const char *name;
    apr_uid_t user;
    apr_gid_t group;
    apr_status_t ignored;

    server_user(&name, &user, &group);
    ignored = cdist_os_run_as(name, user, group, CHECK_WAIT, look_at_handlers, &look, pool);
    (void)ignored;
}
