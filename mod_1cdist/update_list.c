/* What one look at the folders of CDistUpdates found, as requests need it. A file's URL is its path below the folder; where two
 * folders have the same, the later one's is below ~2/, ~3/ … by its place in the directive. */
#include "update_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* How many problems the list tells. */
#define WRONG_SHOWN 100

apr_status_t cdist_update_list_release(void *baton)
{
    cdist_update_list_t *list = baton;

    if (apr_atomic_dec32(&list->readers) == 0) apr_pool_destroy(list->pool);
    return APR_SUCCESS;
}

const cdist_update_file_t *cdist_update_list_file(const cdist_update_list_t *list, const cdist_template_t *template)
{
    return apr_hash_get(list->urls, template->path, APR_HASH_KEY_STRING);
}

const char *cdist_update_url(const cdist_update_file_t *file, apr_pool_t *pool)
{
    return apr_pstrcat(pool, "files/", ap_os_escape_path(pool, file->url, 1), NULL);
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

/* The path below a folder, NULL if it is not there. */
static const char *below(const char *path, const char *folder)
{
    apr_size_t length = strlen(folder);

    if (strncmp(path, folder, length) != 0) return NULL;
    if (length && folder[length - 1] == '/') return path + length;
    return path[length] == '/' ? path + length + 1 : NULL;
}

static void add_file(cdist_update_list_t *list, const cdist_template_t *template, const apr_array_header_t *folders)
{
    cdist_update_file_t *file;
    const char *relative = NULL;
    int i;

    if (template->listed || cdist_update_list_file(list, template)) return;
    for (i = 0; i < folders->nelts && !relative; i++) relative = below(template->path, APR_ARRAY_IDX(folders, i, const char *));
    if (!relative) return;
    file = apr_palloc(list->pool, sizeof *file);
    file->folder = APR_ARRAY_IDX(folders, i - 1, const char *);
    file->relative = file->url = relative;
    if (apr_hash_get(list->files, file->url, APR_HASH_KEY_STRING)) {
        file->url = apr_psprintf(list->pool, "~%d/%s", i, relative);
        if (apr_hash_get(list->files, file->url, APR_HASH_KEY_STRING)) return;
    }
    apr_hash_set(list->files, file->url, APR_HASH_KEY_STRING, file);
    apr_hash_set(list->urls, template->path, APR_HASH_KEY_STRING, file);
}

/* NB: those of the first folder first, whatever the paths of the others. */
static void add_files(cdist_update_list_t *list, const apr_array_header_t *folders)
{
    int i, j;

    for (i = 0; i < folders->nelts; i++) {
        for (j = 0; j < list->templates->nelts; j++) {
            const cdist_template_t *template = APR_ARRAY_IDX(list->templates, j, const cdist_template_t *);

            if (below(template->path, APR_ARRAY_IDX(folders, i, const char *))) add_file(list, template, folders);
        }
    }
}

/* ---- JSON ---------------------------------------------------------------------------------------------------------- */

static json_t *sources_value(const cdist_template_t *template)
{
    json_t *sources = json_array();
    int i;

    for (i = 0; i < template->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t);

        json_array_append_new(sources, json_pack("{ssssssss}", "name", source->name, "vendor", source->vendor, "version",
                                                 source->version, "version_id", source->version_id));
    }
    return sources;
}

static json_t *template_value(const cdist_update_list_t *list, const cdist_template_t *template, apr_pool_t *pool)
{
    const cdist_update_file_t *file = cdist_update_list_file(list, template);

    return json_pack("{ss ss ss ss ss ss ss ss sI ss ss sb so}", "name", template->id.name, "vendor", template->id.vendor,
                     "version", template->id.version, "version_id", template->id.version_id, "kind",
                     cdist_file_kind_name(template->kind), "file", file ? file->url : "", "member", template->member, "url",
                     file ? cdist_update_url(file, pool) : "", "bytes", (json_int_t)template->bytes, "released",
                     cdist_release_date(template->released, pool), "min_platform", template->min_platform, "distribution",
                     template->distribution, "sources", sources_value(template));
}

/* What cannot be read or lies, as far as strangers may know: where it is below its folder, and why. */
static const char *wrong_text(const cdist_update_list_t *list, const apr_array_header_t *folders, apr_pool_t *pool)
{
    json_t *wrong = json_array();
    const char *text;
    char *dumped;
    int i, j;

    for (i = 0; i < list->problems->nelts && i < WRONG_SHOWN; i++) {
        const cdist_template_problem_t *problem = &APR_ARRAY_IDX(list->problems, i, cdist_template_problem_t);
        const char *file = NULL;

        for (j = 0; j < folders->nelts && !file; j++) file = below(problem->path, APR_ARRAY_IDX(folders, j, const char *));
        json_array_append_new(wrong, json_pack("{ss ss}", "file", file ? file : "", "message",
                                               cdist_text_printable(problem->message, pool)));
    }
    dumped = json_dumps(wrong, JSON_COMPACT);
    json_decref(wrong);
    text = dumped ? apr_pstrdup(pool, dumped) : "[]";
    free(dumped);
    return text;
}

/* NB: template by template, since a tree of them all would take several times the memory. */
static const char *make_json(const cdist_update_list_t *list, const apr_array_header_t *folders)
{
    apr_array_header_t *parts = apr_array_make(list->pool, list->templates->nelts * 2 + 3, sizeof(const char *));
    apr_pool_t *pool, *scratch;
    const char *text;
    int i;

    apr_pool_create_unmanaged(&pool);
    apr_pool_create(&scratch, pool);
    APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(pool, "{\"format\":1,\"problems\":%d,\"wrong\":%s,\"templates\":[",
                                                       list->problems->nelts, wrong_text(list, folders, pool));
    for (i = 0; i < list->templates->nelts; i++) {
        json_t *value;
        char *dumped;

        apr_pool_clear(scratch);
        value = template_value(list, APR_ARRAY_IDX(list->templates, i, const cdist_template_t *), scratch);
        dumped = value ? json_dumps(value, JSON_COMPACT) : NULL;
        json_decref(value);
        if (!dumped) continue;
        if (parts->nelts > 1) APR_ARRAY_PUSH(parts, const char *) = ",\n";
        APR_ARRAY_PUSH(parts, const char *) = apr_pstrdup(pool, dumped);
        free(dumped);
    }
    APR_ARRAY_PUSH(parts, const char *) = "]}\n";
    text = apr_array_pstrcat(list->pool, parts, 0);
    apr_pool_destroy(pool);
    return text;
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

/* The problem of a folder of the directive itself. */
static const char *find_unreadable(const cdist_update_list_t *list, const apr_array_header_t *folders)
{
    int i, j;

    for (i = 0; i < list->problems->nelts; i++) {
        const cdist_template_problem_t *problem = &APR_ARRAY_IDX(list->problems, i, cdist_template_problem_t);

        for (j = 0; j < folders->nelts; j++) {
            if (strcmp(problem->path, APR_ARRAY_IDX(folders, j, const char *)) == 0) {
                return apr_pstrcat(list->pool, problem->path, ": ", problem->message, NULL);
            }
        }
    }
    return NULL;
}

cdist_update_list_t *cdist_update_list_make(const char *text, apr_size_t length, const apr_array_header_t *folders)
{
    cdist_template_scan_t *scan;
    cdist_update_list_t *list;
    cdist_sha256_t *sha;
    apr_pool_t *pool;
    int i;

    apr_pool_create_unmanaged(&pool);
    scan = cdist_inventory_read(text, length, pool);
    if (!scan) {
        apr_pool_destroy(pool);
        return NULL;
    }
    list = apr_pcalloc(pool, sizeof *list);
    list->pool = pool;
    list->readers = 1;
    if (apr_thread_mutex_create(&list->mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS) {
        apr_pool_destroy(pool);
        return NULL;
    }
    list->templates = scan->templates;
    list->problems = scan->problems;
    list->files = apr_hash_make(pool);
    list->urls = apr_hash_make(pool);
    sha = cdist_sha256_create(pool);
    cdist_sha256_update(sha, text, length);
    cdist_sha256_final(&list->generation, sha);
    cdist_sha256_reset(sha);
    for (i = 0; i < scan->problems->nelts; i++) {
        cdist_sha256_update_text(sha, APR_ARRAY_IDX(scan->problems, i, cdist_template_problem_t).path);
        cdist_sha256_update_text(sha, APR_ARRAY_IDX(scan->problems, i, cdist_template_problem_t).message);
    }
    cdist_sha256_final(&list->reported, sha);
    list->unreadable = find_unreadable(list, folders);
    add_files(list, folders);
    list->json = make_json(list, folders);
    return list;
}
