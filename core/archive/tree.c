/* A folder as the sorted list of an archive's entries, with a signature that changes when anything in it does.
 * Reads names and stats only, never content. No symbolic link is followed. */
#include "archive_int.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 64

typedef struct {
    cdist_tree_t *tree;
    const apr_array_header_t *skip;
    int skipped; /* names so far */
    apr_pool_t *pool;
} walk_t;

static int is_skipped(const walk_t *walk, const char *name, int depth)
{
    int i;

    for (i = 0; walk->skip && i < walk->skip->nelts; i++) {
        const char *skip = APR_ARRAY_IDX(walk->skip, i, const char *);

        if (*skip == '/' ? depth == 0 && strcasecmp(skip + 1, name) == 0
                         : apr_fnmatch(skip, name, APR_FNM_CASE_BLIND) == APR_SUCCESS) return 1;
    }
    return 0;
}

static const char *full_path(const walk_t *walk, const char *path)
{
    return cdist_text_printable(apr_pstrcat(walk->pool, walk->tree->folder, *path ? "/" : "", path, NULL), walk->pool);
}

static cdist_err_t *read_failed(const walk_t *walk, apr_status_t rv, const char *path)
{
    if (APR_STATUS_IS_ENOENT(rv)) {
        return cdist_err_create(walk->pool, CDIST_E_CHANGED, 0, "%s: went away while the folder was read",
                                full_path(walk, path));
    }
    return cdist_err_create(walk->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", full_path(walk, path));
}

static void note_time(walk_t *walk, const cdist_stat_t *stat)
{
    if (stat->ctime_ns > walk->tree->newest_ns) walk->tree->newest_ns = stat->ctime_ns;
}

static cdist_err_t *walk_folder(walk_t *walk, cdist_folder_t *folder, const char *prefix, int depth);

/* Adds one child of an open folder; folders are walked, and are entries themselves only when empty. NB: one with nothing but
 * skipped names is not empty, its times change with them. */
static cdist_err_t *add_child(walk_t *walk, cdist_folder_t *folder, const char *name, const char *path, int depth)
{
    cdist_input_t input = {path, {0}, NULL, 0};
    const char *problem = cdist_name_problem(path, strlen(path));
    apr_status_t rv;

    if (!cdist_text_is_utf8(name, strlen(name))) problem = "is not UTF-8";
    if (problem) {
        return cdist_err_create(walk->pool, CDIST_E_UNSAFE, 0, "%s: the name %s", full_path(walk, path), problem);
    }
    if ((rv = cdist_os_stat_at(&input.stat, folder, name)) != APR_SUCCESS) return read_failed(walk, rv, path);
    note_time(walk, &input.stat);
    if (input.stat.kind == CDIST_OTHER) {
        APR_ARRAY_PUSH(walk->tree->left_out, const char *) = path;
        return NULL;
    }
    if (input.stat.kind == CDIST_LINK) {
        if ((rv = cdist_os_link_at(&input.link_target, folder, name, walk->pool)) != APR_SUCCESS) {
            return read_failed(walk, rv, path);
        }
        if (cdist_link_leads_out(input.link_target, depth)) {
            return cdist_err_create(walk->pool, CDIST_E_UNSAFE, 0, "%s: the link leads out of the folder, to %s",
                                    full_path(walk, path), cdist_text_printable(input.link_target, walk->pool));
        }
    }
    if (input.stat.kind == CDIST_FOLDER) {
        cdist_folder_t *child;
        int before = walk->tree->inputs->nelts, skipped_before = walk->skipped;

        if ((rv = cdist_os_folder_open_at(&child, folder, name, walk->pool)) != APR_SUCCESS) {
            return read_failed(walk, rv, path);
        }
        CDIST_ERR(walk_folder(walk, child, path, depth + 1));
        cdist_os_folder_close(child);
        if (walk->tree->inputs->nelts != before || walk->skipped != skipped_before) return NULL;
    }
    if (walk->tree->inputs->nelts >= CDIST_MAX_ENTRIES) {
        return cdist_err_create(walk->pool, CDIST_E_INPUT, 0, "%s: more than %d files", full_path(walk, ""),
                                CDIST_MAX_ENTRIES);
    }
    if (input.stat.kind == CDIST_FILE) walk->tree->bytes += input.stat.bytes;
    APR_ARRAY_PUSH(walk->tree->inputs, cdist_input_t) = input;
    return NULL;
}

static cdist_err_t *walk_folder(walk_t *walk, cdist_folder_t *folder, const char *prefix, int depth)
{
    for (;;) {
        const char *name, *path;
        apr_status_t rv = cdist_os_folder_next(&name, folder, walk->pool);

        if (rv != APR_SUCCESS) return read_failed(walk, rv, prefix);
        if (!name) return NULL;
        if (is_skipped(walk, name, depth)) {
            walk->skipped++;
            continue;
        }
        path = *prefix ? apr_pstrcat(walk->pool, prefix, "/", name, NULL) : name;
        if (depth >= MAX_DEPTH || strlen(path) >= 0xFFFE) {
            return cdist_err_create(walk->pool, CDIST_E_INPUT, 0, "%s: nested too deep", full_path(walk, path));
        }
        CDIST_ERR(add_child(walk, folder, name, path, depth));
    }
}

/* By the bytes of the entry's name, in which a folder ends with '/'. */
static int compare_inputs(const void *left, const void *right)
{
    const cdist_input_t *a = left, *b = right;
    const unsigned char *p = (const unsigned char *)a->path, *q = (const unsigned char *)b->path;
    int x, y;

    while (*p && *p == *q) p++, q++;
    x = *p ? *p : a->stat.kind == CDIST_FOLDER ? '/' : 0;
    y = *q ? *q : b->stat.kind == CDIST_FOLDER ? '/' : 0;
    return x - y;
}

void cdist_tree_sign(cdist_tree_t *tree, apr_pool_t *scratch_pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(scratch_pool);
    int i;

    tree->files = tree->inputs->nelts;
    qsort(tree->inputs->elts, (size_t)tree->inputs->nelts, sizeof(cdist_input_t), compare_inputs);
    for (i = 0; i < tree->inputs->nelts; i++) {
        const cdist_input_t *input = &APR_ARRAY_IDX(tree->inputs, i, cdist_input_t);

        cdist_sha256_update_text(sha, input->path);
        cdist_sha256_update_text(sha, input->link_target ? input->link_target : "");
        cdist_stat_digest(sha, &input->stat);
    }
    cdist_sha256_final(&tree->signature, sha);
}

/* Lists what is open as `root`, unless `rv` says that it is not; closes it. */
static cdist_err_t *read_root(cdist_tree_t **tree, cdist_folder_t *root, apr_status_t rv, const char *folder,
                              const apr_array_header_t *skip, apr_pool_t *result_pool)
{
    walk_t walk = {NULL, skip, 0, result_pool};
    cdist_stat_t stat;

    walk.tree = apr_pcalloc(result_pool, sizeof *walk.tree);
    walk.tree->folder = apr_pstrdup(result_pool, folder);
    walk.tree->read_at = apr_time_now();
    walk.tree->skip = skip;
    walk.tree->left_out = apr_array_make(result_pool, 0, sizeof(const char *));
    walk.tree->inputs = apr_array_make(result_pool, 64, sizeof(cdist_input_t));
    if (rv == APR_SUCCESS) rv = cdist_os_stat_folder(&stat, root);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(result_pool, CDIST_E_SOURCE, rv, "%s: cannot be read", full_path(&walk, ""));
    }
    note_time(&walk, &stat);
    CDIST_ERR(walk_folder(&walk, root, "", 0));
    cdist_os_folder_close(root);
    cdist_tree_sign(walk.tree, result_pool);
    *tree = walk.tree;
    return NULL;
}

cdist_err_t *cdist_tree_read(cdist_tree_t **tree, const char *folder, const apr_array_header_t *skip,
                             apr_pool_t *result_pool)
{
    cdist_folder_t *root = NULL;
    apr_status_t rv = cdist_os_folder_open(&root, folder, result_pool);

    return read_root(tree, root, rv, folder, skip, result_pool);
}

cdist_err_t *cdist_tree_read_open(cdist_tree_t **tree, cdist_folder_t *open, const char *folder,
                                  const apr_array_header_t *skip, apr_pool_t *result_pool)
{
    cdist_folder_t *root = NULL;
    /* NB: once more, because the names of an open folder are read from where its last reader was. */
    apr_status_t rv = cdist_os_folder_open_at(&root, open, ".", result_pool);

    return read_root(tree, root, rv, folder, skip, result_pool);
}
