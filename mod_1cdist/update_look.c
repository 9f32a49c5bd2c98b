/* One look at the folders of a CDistUpdates, and what it leaves in the store for the other processes: a note, whose first line tells
 * whether one has it already, and whose modification time is when the look began. Facts about files are kept in the store as well,
 * since the folders are somebody else's. */
#include "update_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <string.h>

/* How soon somebody looks again who found another process looking. */
#define BUSY_PAUSE apr_time_from_msec(50)
#define NOTE_MAX (256u * 1024 * 1024)
/* "1cdist-updates 1 <sha256 of the rest>\n" */
#define HEAD "1cdist-updates 1 "
#define HEAD_BYTES (sizeof HEAD - 1 + 2 * CDIST_SHA256_BYTES + 1)
/* How many problems a look logs. */
#define SHOWN 20

/* ---- notes --------------------------------------------------------------------------------------------------------- */

int cdist_update_note_head(cdist_digest_t *generation, apr_time_t *looked, cdist_store_t *store, const cdist_digest_t *key,
                           apr_pool_t *pool)
{
    char head[HEAD_BYTES];
    apr_size_t length;
    cdist_stat_t stat;
    apr_file_t *file;
    apr_status_t rv;

    if (cdist_file_open(&file, &stat, cdist_store_note_path(store, key, pool), 0, pool) != APR_SUCCESS) return 0;
    rv = apr_file_read_full(file, head, sizeof head, &length);
    apr_file_close(file);
    if (rv != APR_SUCCESS || head[HEAD_BYTES - 1] != '\n' || memcmp(head, HEAD, sizeof HEAD - 1) != 0) return 0;
    *looked = stat.mtime_ns / 1000;
    /* NB: a clock that was put back must not keep everybody from looking. */
    if (*looked > apr_time_now() + apr_time_from_sec(1)) *looked = 0;
    return cdist_digest_parse(generation, apr_pstrmemdup(pool, head + sizeof HEAD - 1, 2 * CDIST_SHA256_BYTES));
}

cdist_update_list_t *cdist_update_note_read(cdist_store_t *store, const apr_array_header_t *folders, const cdist_digest_t *key,
                                            apr_pool_t *pool)
{
    cdist_update_list_t *list;
    apr_size_t length;
    char *text;

    if (cdist_file_read(&text, &length, cdist_store_note_path(store, key, pool), NOTE_MAX, pool)) return NULL;
    if (length < HEAD_BYTES || memcmp(text, HEAD, sizeof HEAD - 1) != 0) return NULL;
    list = cdist_update_list_make(text + HEAD_BYTES, length - HEAD_BYTES, folders);
    if (!list) return NULL;
    if (memcmp(cdist_digest_hex(&list->generation, pool), text + sizeof HEAD - 1, 2 * CDIST_SHA256_BYTES) == 0) return list;
    cdist_update_list_release(list);
    return NULL;
}

/* Leaves a note, unless there is one that says the same. With a store that is full each process looks for itself. */
static cdist_err_t *write_note(cdist_store_t *store, const cdist_digest_t *key, const cdist_update_list_t *list,
                               apr_time_t begun, const char *text, apr_size_t length, apr_pool_t *pool)
{
    const char *path = cdist_store_note_path(store, key, pool);
    cdist_digest_t there;
    apr_time_t looked;
    apr_status_t rv;

    if (!cdist_update_note_head(&there, &looked, store, key, pool) || !cdist_digest_equal(&there, &list->generation)) {
        text = apr_pstrcat(pool, HEAD, cdist_digest_hex(&list->generation, pool), "\n", text, NULL);
        CDIST_ERR(cdist_file_publish(path, text, HEAD_BYTES + length, pool));
    }
    rv = apr_file_mtime_set(path, begun, pool);
    return rv == APR_SUCCESS ? NULL : cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be renewed", path);
}

/* ---- looking ------------------------------------------------------------------------------------------------------- */

static int is_stopping(const volatile apr_uint32_t *stop)
{
    return apr_atomic_read32((volatile apr_uint32_t *)stop) != 0;
}

/* Logs what is wrong in the folders, when it is something else than before. */
static void report(const cdist_update_list_t *list, const cdist_update_list_t *before)
{
    int i;

    if (before ? cdist_digest_equal(&before->reported, &list->reported) : !list->problems->nelts) return;
    for (i = 0; i < list->problems->nelts && i < SHOWN; i++) {
        const cdist_template_problem_t *problem = &APR_ARRAY_IDX(list->problems, i, cdist_template_problem_t);

        cdist_log(CDIST_LOG_WARNING, "CD0121", 0, "updates: %s: %s", problem->path, problem->message);
    }
    if (i < list->problems->nelts) {
        cdist_log(CDIST_LOG_WARNING, "CD0123", 0, "updates: and %d more; 1cdist chain names them all", list->problems->nelts - i);
    }
    if (!list->problems->nelts) cdist_log(CDIST_LOG_INFO, "CD0122", 0, "updates: nothing is wrong in the folders any more");
}

/* Folders of which none can be read, as a list. */
static cdist_template_scan_t *nothing(const apr_array_header_t *folders, const cdist_err_t *err, apr_pool_t *pool)
{
    cdist_template_scan_t *scan = apr_pcalloc(pool, sizeof *scan);
    cdist_template_problem_t *problem;

    scan->templates = apr_array_make(pool, 1, sizeof(const cdist_template_t *));
    scan->problems = apr_array_make(pool, 1, sizeof(cdist_template_problem_t));
    problem = apr_array_push(scan->problems);
    problem->path = APR_ARRAY_IDX(folders, 0, const char *);
    problem->message = cdist_err_text(err, pool);
    return scan;
}

/* Reads the folders; NULL when the process must go. */
static cdist_update_list_t *read_folders(const apr_array_header_t *folders, const cdist_digest_t *key, apr_time_t begun,
                                         cdist_store_t *store, const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    static volatile apr_uint32_t last_warning_sec;
    cdist_template_options_t options;
    cdist_template_scan_t *scan;
    cdist_update_list_t *list;
    apr_size_t length;
    const char *text;
    cdist_err_t *err;

    memset(&options, 0, sizeof options);
    options.mode = CDIST_SCAN_EXACT;
    options.cache_folder = apr_pstrcat(pool, cdist_conf_process()->store, "/facts", NULL);
    options.stop = stop;
    err = cdist_templates_scan(&scan, folders, &options, pool, pool);
    if (err && err->code == CDIST_E_STOPPED) return NULL;
    if (err) scan = nothing(folders, err, pool);
    text = cdist_inventory_write(&length, scan, pool);
    list = cdist_update_list_make(text, length, folders);
    err = list ? write_note(store, key, list, begun, text, length, pool) : NULL;
    if (err && cdist_log_due(&last_warning_sec, 600)) {
        cdist_log(CDIST_LOG_WARNING, "CD0124", 0, "updates: what was found cannot be kept: %s", cdist_err_text(err, pool));
    }
    return list;
}

cdist_update_list_t *cdist_update_look(const apr_array_header_t *folders, const cdist_digest_t *key,
                                       const cdist_update_list_t *before, apr_time_t begun, cdist_store_t *store,
                                       const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_update_list_t *list = NULL;
    cdist_digest_t generation;
    cdist_lock_t *lock;
    apr_time_t looked;
    apr_status_t rv;

    while ((rv = cdist_store_lock(&lock, store, CDIST_STORE_LOCK_SCAN, key, pool)) == APR_EBUSY &&
           !is_stopping(stop)) {
        apr_sleep(BUSY_PAUSE);
    }
    if (rv == APR_EBUSY) return NULL;
    /* NB: whoever had the lock may have looked meanwhile. */
    if (cdist_update_note_head(&generation, &looked, store, key, pool) && looked >= begun) {
        list = cdist_update_note_read(store, folders, key, pool);
    }
    if (!list) {
        list = read_folders(folders, key, begun, store, stop, pool);
        if (list) report(list, before);
    }
    if (rv == APR_SUCCESS) cdist_os_lock_free(lock);
    return list;
}
