/* Finding templates: the walk over the folders, and what is collected on it.
 *
 * - Each folder is opened in the one that it was listed in, and no link is followed. One that was read already, because folders
 *   overlap, is not read again.
 * - Memory grows with the templates that are found, not with the files: each folder and each file has a pool of its own. */
#include "templates_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MAX_DEPTH 32
#define MAX_PROBLEMS 10000 /* besides those of the caller's own folders */

/* ---- what is collected ----------------------------------------------------------------------------------------- */

const char *cdist_scan_keep(scan_t *scan, const char *text)
{
    const char *kept;

    if (!*text) return "";
    kept = apr_hash_get(scan->texts, text, APR_HASH_KEY_STRING);
    if (kept) return kept;
    kept = apr_pstrdup(scan->pool, text);
    apr_hash_set(scan->texts, kept, APR_HASH_KEY_STRING, kept);
    return kept;
}

static void add_problem(scan_t *scan, const char *path, const char *message)
{
    cdist_template_problem_t *problem = apr_array_push(scan->result->problems);

    problem->path = cdist_scan_keep(scan, path);
    problem->message = cdist_scan_keep(scan, message);
}

void cdist_scan_problem(scan_t *scan, const char *path, const char *message)
{
    if (scan->result->problems->nelts < MAX_PROBLEMS) add_problem(scan, path, message);
}

static cdist_configuration_id_t keep_id(scan_t *scan, const cdist_configuration_id_t *id)
{
    return (cdist_configuration_id_t){cdist_scan_keep(scan, id->name), cdist_scan_keep(scan, id->vendor),
                                      cdist_scan_keep(scan, id->version), cdist_scan_keep(scan, id->version_id)};
}

void cdist_scan_take(scan_t *scan, const cdist_template_t *template, const char *path)
{
    cdist_template_t *kept = apr_pmemdup(scan->pool, template, sizeof *template);
    int i, count = template->sources->nelts;

    kept->id = keep_id(scan, &template->id);
    kept->path = cdist_scan_keep(scan, path);
    kept->member = cdist_scan_keep(scan, template->member);
    kept->min_platform = cdist_scan_keep(scan, template->min_platform);
    kept->sources = apr_array_make(scan->pool, count ? count : 1, sizeof(cdist_configuration_id_t));
    for (i = 0; i < count; i++) {
        APR_ARRAY_PUSH(kept->sources, cdist_configuration_id_t) =
            keep_id(scan, &APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t));
    }
    APR_ARRAY_PUSH(scan->result->templates, cdist_template_t *) = kept;
}

void cdist_scan_count(scan_t *scan, const char *path)
{
    const cdist_template_options_t *options = scan->options;

    if (options->progress) options->progress(options->baton, scan->result->files, scan->found, path);
    scan->result->files++;
}

/* ---- the walk -------------------------------------------------------------------------------------------------- */

int cdist_scan_is_stopped(const scan_t *scan)
{
    return scan->options->stop && apr_atomic_read32((volatile apr_uint32_t *)scan->options->stop);
}

static void use_place(scan_t *scan, place_t *place, apr_pool_t *pool)
{
    int i;

    scan->result->folders++;
    for (i = 0; i < place->children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(place->children, i, child_t);
        scan->found += child->stat.kind == CDIST_FILE && child->role >= ROLE_CF && child->role <= ROLE_DELIVERY;
    }
    cdist_scan_lists(scan, place, pool);
    if (scan->options->mode == CDIST_SCAN_FAST) cdist_scan_fast(scan, place, pool);
    else cdist_scan_exactly(scan, place, pool);
    if (place->litter && scan->options->cache_beside) cdist_os_temp_sweep(place->path, pool);
}

static cdist_err_t *walk(scan_t *scan, const place_t *parent, const char *path, int depth, apr_pool_t *parent_pool)
{
    place_t place = {.path = path};
    apr_pool_t *pool;
    cdist_err_t *err;
    int i;

    apr_pool_create(&pool, parent_pool);
    place.absolute = apr_pstrcat(pool, scan->root_absolute, path + strlen(scan->root), NULL);
    err = cdist_place_read(&place, scan, parent, pool);
    if (!err) {
        if (!place.again) use_place(scan, &place, pool);
        for (i = 0; i < place.children->nelts && !cdist_scan_is_stopped(scan); i++) {
            const child_t *child = &APR_ARRAY_IDX(place.children, i, child_t);
            const char *below = apr_pstrcat(pool, path, "/", child->name, NULL);

            if (child->stat.kind != CDIST_FOLDER) continue;
            if (depth == MAX_DEPTH) cdist_scan_problem(scan, below, "lies too deep to be looked at");
            else (void)walk(scan, &place, below, depth + 1, pool);
        }
    }
    if (err) {
        findings_t *findings = cdist_findings_make(pool);

        cdist_findings_error(findings, err, cdist_text_printable(path, pool), "");
        /* NB: without one of the caller's folders nobody knows what is newest: that is told whatever else is wrong. */
        if (parent) cdist_scan_problem(scan, path, APR_ARRAY_IDX(findings->problems, 0, const char *));
        else add_problem(scan, path, APR_ARRAY_IDX(findings->problems, 0, const char *));
        err = cdist_err_dup(err, parent_pool);
    }
    apr_pool_destroy(pool);
    return err;
}

/* A folder of the caller's; slashes at its end are dropped. */
static cdist_err_t *walk_root(scan_t *scan, const char *folder, apr_pool_t *pool)
{
    apr_size_t length = strlen(folder);
    char *absolute;

    while (length > 1 && folder[length - 1] == '/') length--;
    scan->root = apr_pstrmemdup(pool, folder, length);
    scan->root_absolute = scan->root;
    if (apr_filepath_merge(&absolute, NULL, scan->root, 0, pool) == APR_SUCCESS) scan->root_absolute = absolute;
    return walk(scan, NULL, scan->root, 0, pool);
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static int compare_templates(const void *left, const void *right)
{
    const cdist_template_t *a = *(const cdist_template_t *const *)left, *b = *(const cdist_template_t *const *)right;
    int order = strcmp(a->path, b->path);

    if (order == 0) order = strcmp(a->member, b->member);
    if (order == 0) order = strcmp(a->id.name, b->id.name);
    return order ? order : strcmp(a->id.version, b->id.version);
}

static int compare_problems(const void *left, const void *right)
{
    const cdist_template_problem_t *a = left, *b = right;
    int order = strcmp(a->path, b->path);

    return order ? order : strcmp(a->message, b->message);
}

static scan_t *make_scan(const cdist_template_options_t *options, apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    scan_t *scan = apr_pcalloc(scratch_pool, sizeof *scan);

    scan->options = options;
    scan->result = apr_pcalloc(result_pool, sizeof *scan->result);
    scan->result->templates = apr_array_make(result_pool, 64, sizeof(cdist_template_t *));
    scan->result->problems = apr_array_make(result_pool, 16, sizeof(cdist_template_problem_t));
    scan->pool = result_pool;
    scan->texts = apr_hash_make(scratch_pool);
    scan->folders = apr_hash_make(scratch_pool);
    scan->files = apr_hash_make(scratch_pool);
    scan->untold = apr_array_make(scratch_pool, 4, sizeof(untold_t *));
    scan->updates = apr_array_make(scratch_pool, 16, sizeof(update_t));
    scan->digest = cdist_sha256_create(scratch_pool);
    scan->scratch = scratch_pool;
    return scan;
}

cdist_err_t *cdist_templates_scan(cdist_template_scan_t **scan, const apr_array_header_t *folders,
                                  const cdist_template_options_t *options, apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    cdist_err_t *err = NULL, *last = NULL;
    cdist_template_scan_t *result;
    apr_pool_t *pool;
    scan_t *made;
    int i;

    apr_pool_create(&pool, scratch_pool);
    made = make_scan(options, result_pool, pool);
    result = made->result;
    for (i = 0; i < folders->nelts; i++) {
        err = walk_root(made, APR_ARRAY_IDX(folders, i, const char *), pool);
        if (err) last = err;
    }
    cdist_scan_apply_lists(made);
    if (options->progress) options->progress(options->baton, result->files, made->found, NULL);
    qsort(result->templates->elts, (size_t)result->templates->nelts, sizeof(cdist_template_t *), compare_templates);
    qsort(result->problems->elts, (size_t)result->problems->nelts, sizeof(cdist_template_problem_t), compare_problems);
    if (cdist_scan_is_stopped(made)) {
        last = cdist_err_create(scratch_pool, CDIST_E_STOPPED, 0, "stopped while template folders were read");
    } else if (result->folders > 0) {
        last = NULL;
    }
    last = cdist_err_dup(last, scratch_pool);
    apr_pool_destroy(pool);
    if (!last) *scan = result;
    return last;
}
