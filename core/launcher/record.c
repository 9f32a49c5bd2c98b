/* What the launcher remembers by itself: the client that its automatic choice began with, and where the common settings lie. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <string.h>

/* Replaces a file, unless somebody else has changed it since it was read. */
static cdist_err_t *publish(const cdist_lines_t *changed, const char *was, apr_size_t was_length, apr_pool_t *pool)
{
    apr_size_t length;
    char *now;
    const char *bytes;

    CDIST_ERR(cdist_file_read(&now, &length, changed->path, CDIST_LAUNCHER_FILE_MAX, pool));
    if (length != was_length || memcmp(now, was, length) != 0) {
        return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: has been changed meanwhile; run this again",
                                cdist_text_printable(changed->path, pool));
    }
    bytes = cdist_lines_format(&length, changed, pool);
    return cdist_file_replace(changed->path, bytes, length, pool);
}

static int is_due(const cdist_infobase_list_t *list, const cdist_infobase_t *infobase, const cdist_resolution_t *resolution)
{
    return infobase->list == list && resolution && resolution->automatic && !resolution->problem;
}

static cdist_err_t *record_clients(int *written, const cdist_infobase_list_t *list, const apr_array_header_t *infobases,
                                   const apr_array_header_t *resolutions, apr_pool_t *pool)
{
    cdist_infobase_list_t *copy;
    apr_size_t length;
    const char *was = cdist_lines_format(&length, list->lines, pool);
    int changed = 0, i;

    CDIST_ERR(cdist_infobases_parse(&copy, was, length, list->lines->path, pool));
    for (i = 0; i < infobases->nelts; i++) {
        const cdist_infobase_t *infobase = APR_ARRAY_IDX(infobases, i, const cdist_infobase_t *);
        const cdist_resolution_t *resolution = APR_ARRAY_IDX(resolutions, i, const cdist_resolution_t *);

        if (!is_due(list, infobase, resolution)) continue;
        cdist_infobase_set(copy, infobase, "DefaultApp",
                           strcmp(resolution->client, "thick") == 0 ? "ThickClient" : "ThinClient", pool);
        changed = 1;
    }
    if (!changed) return NULL;
    CDIST_ERR(publish(copy->lines, was, length, pool));
    (*written)++;
    return NULL;
}

/* The common file that was named by the caller, if no setting leads to it yet; NULL else. */
static const cdist_start_cfg_t *unlinked_common(const cdist_launcher_t *launcher, apr_pool_t *pool)
{
    const apr_array_header_t *links = cdist_start_values(launcher, "CommonCfgLocation", pool);
    int i;

    for (i = 0; i < launcher->start->nelts; i++) {
        const cdist_start_cfg_t *cfg = APR_ARRAY_IDX(launcher->start, i, const cdist_start_cfg_t *);
        if (cfg->scope == CDIST_START_COMMON && !cfg->linked && !links->nelts) return cfg;
    }
    return NULL;
}

static cdist_err_t *record_common(int *written, const cdist_launcher_t *launcher, apr_pool_t *pool)
{
    const cdist_start_cfg_t *common = unlinked_common(launcher, pool);
    const char *was;
    cdist_start_cfg_t *copy;
    apr_size_t length;
    char *path;
    int i;

    for (i = 0; common && i < launcher->start->nelts; i++) {
        const cdist_start_cfg_t *cfg = APR_ARRAY_IDX(launcher->start, i, const cdist_start_cfg_t *);

        if (cfg->scope != CDIST_START_USER) continue;
        if (apr_filepath_merge(&path, NULL, common->lines->path, APR_FILEPATH_NATIVE, pool) != APR_SUCCESS) {
            path = apr_pstrdup(pool, common->lines->path);
        }
        was = cdist_lines_format(&length, cfg->lines, pool);
        CDIST_ERR(cdist_start_cfg_parse(&copy, was, length, cfg->lines->path, pool));
        cdist_start_cfg_add(copy, "CommonCfgLocation", path, pool);
        CDIST_ERR(publish(copy->lines, was, length, pool));
        (*written)++;
        return NULL;
    }
    return NULL;
}

cdist_err_t *cdist_launcher_record(int *written, const cdist_launcher_t *launcher, const apr_array_header_t *infobases,
                                   const apr_array_header_t *resolutions, apr_pool_t *pool)
{
    int i;

    *written = 0;
    for (i = 0; i < launcher->lists->nelts; i++) {
        const cdist_infobase_list_t *list = APR_ARRAY_IDX(launcher->lists, i, const cdist_infobase_list_t *);
        if (list->own) CDIST_ERR(record_clients(written, list, infobases, resolutions, pool));
    }
    return record_common(written, launcher, pool);
}
