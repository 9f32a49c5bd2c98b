/* 1cestart.cfg of a user or of all users, and the 1cescmn.cfg that they share: Key=Value lines without sections, a repeated
 * key is a list. Windows writes UTF-16LE with BOM and CRLF, other systems UTF-8 (administrator guide 8.3.23, appendix 3.5). */
#include "launcher_int.h"

#include <apr_strings.h>

cdist_err_t *cdist_start_cfg_parse(cdist_start_cfg_t **cfg, const char *bytes, apr_size_t length, const char *path,
                                   apr_pool_t *pool)
{
    cdist_start_cfg_t *made = apr_pcalloc(pool, sizeof *made);
    int i;

    CDIST_ERR(cdist_lines_parse(&made->lines, bytes, length, path, pool));
    made->settings = apr_array_make(pool, 16, sizeof(cdist_setting_t));
    for (i = 0; i < made->lines->lines->nelts; i++) cdist_settings_push(made->settings, made->lines, i, pool);
    *cfg = made;
    return NULL;
}

cdist_err_t *cdist_start_cfg_read(cdist_start_cfg_t **cfg, const char *path, apr_pool_t *pool)
{
    apr_size_t length;
    char *bytes;

    CDIST_ERR(cdist_file_read(&bytes, &length, path, CDIST_LAUNCHER_FILE_MAX, pool));
    return cdist_start_cfg_parse(cfg, bytes, length, path, pool);
}

const cdist_setting_t *cdist_start_cfg_get(const cdist_start_cfg_t *cfg, const char *key)
{
    return cdist_settings_find(cfg->settings, 0, cfg->settings->nelts, key);
}

void cdist_start_cfg_add(cdist_start_cfg_t *cfg, const char *key, const char *value, apr_pool_t *pool)
{
    cdist_lines_add(cfg->lines, cfg->lines->lines->nelts, apr_pstrcat(pool, key, "=", value, NULL), pool);
}
