/* Everything that a decision rests on, read from files and folders. */
#include "launcher_int.h"

#include <apr_file_info.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define NOTES_MAX 50
#define LINKS_MAX 64

cdist_launcher_t *cdist_launcher_create(apr_pool_t *pool)
{
    cdist_launcher_t *launcher = apr_pcalloc(pool, sizeof *launcher);

    launcher->pool = pool;
    launcher->lists = apr_array_make(pool, 2, sizeof(cdist_infobase_list_t *));
    launcher->start = apr_array_make(pool, 3, sizeof(cdist_start_cfg_t *));
    launcher->builds = apr_array_make(pool, 16, sizeof(cdist_build_t));
    launcher->notes = apr_array_make(pool, 4, sizeof(const char *));
    launcher->arguments = apr_array_make(pool, 4, sizeof(const char *));
    return launcher;
}

void cdist_launcher_note(cdist_launcher_t *launcher, const char *text)
{
    if (launcher->notes->nelts < NOTES_MAX) APR_ARRAY_PUSH(launcher->notes, const char *) = text;
}

/* Lists are read once, however many settings name them. */
static cdist_err_t *add_list(cdist_launcher_t *launcher, const char *path, int own)
{
    cdist_infobase_list_t *list;
    int i;

    for (i = 0; i < launcher->lists->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(launcher->lists, i, cdist_infobase_list_t *)->lines->path, path) == 0) return NULL;
    }
    CDIST_ERR(cdist_infobases_read(&list, path, launcher->pool));
    list->own = own;
    APR_ARRAY_PUSH(launcher->lists, cdist_infobase_list_t *) = list;
    return NULL;
}

cdist_err_t *cdist_launcher_add_infobases(cdist_launcher_t *launcher, const char *path)
{
    return add_list(launcher, path, 1);
}

static int is_read(const cdist_launcher_t *launcher, const char *path)
{
    int i;

    for (i = 0; i < launcher->start->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(launcher->start, i, cdist_start_cfg_t *)->lines->path, path) == 0) return 1;
    }
    return 0;
}

/* Lines that look right, and that do not count. */
static void note_broken(cdist_launcher_t *launcher, const cdist_start_cfg_t *cfg)
{
    int i;

    for (i = 0; i < cfg->settings->nelts; i++) {
        const cdist_setting_t *setting = &APR_ARRAY_IDX(cfg->settings, i, cdist_setting_t);

        if (!setting->broken) continue;
        cdist_launcher_note(launcher, apr_psprintf(launcher->pool, "%s:%d: blanks beside '=': the line does not count",
                                                   cdist_text_printable(cfg->lines->path, launcher->pool), setting->line));
    }
}

static int is_common_name(const char *path)
{
    const char *name = path + strlen(path);

    while (name > path && name[-1] != '/' && name[-1] != '\\') name--;
    return strcasecmp(name, "1cescmn.cfg") == 0;
}

cdist_err_t *cdist_launcher_add_start_cfg(cdist_launcher_t *launcher, const char *path)
{
    cdist_start_scope_t scope = CDIST_START_USER;
    cdist_start_cfg_t *cfg;
    int i;

    if (is_read(launcher, path)) return NULL;
    CDIST_ERR(cdist_start_cfg_read(&cfg, path, launcher->pool));
    for (i = 0; i < launcher->start->nelts; i++) {
        if (APR_ARRAY_IDX(launcher->start, i, cdist_start_cfg_t *)->scope == CDIST_START_USER) scope = CDIST_START_ALL_USERS;
    }
    cfg->scope = is_common_name(path) ? CDIST_START_COMMON : scope;
    note_broken(launcher, cfg);
    APR_ARRAY_PUSH(launcher->start, cdist_start_cfg_t *) = cfg;
    return NULL;
}

cdist_err_t *cdist_launcher_add_legacy(cdist_launcher_t *launcher, const char *version, const char *path)
{
    int first = launcher->builds->nelts, kept = first, found, i;
    cdist_version_t mask;

    if (!cdist_mask_parse(&mask, version) || mask.count != 2 || !cdist_version_is_legacy(&mask)) {
        return cdist_err_create(launcher->pool, CDIST_E_INPUT, 0, "%s: must be 8.0 or 8.1",
                                cdist_settings_shown(version, launcher->pool));
    }
    CDIST_ERR(cdist_installed_add(&found, launcher, path, &mask, 0));
    if (found) return NULL;
    CDIST_ERR(cdist_launcher_add_installed(launcher, path, 0));
    for (i = first; i < launcher->builds->nelts; i++) {
        cdist_build_t *build = &APR_ARRAY_IDX(launcher->builds, i, cdist_build_t);

        build->legacy = 1;
        if (!cdist_mask_matches(&mask, &build->version) || !build->thick) continue;
        APR_ARRAY_IDX(launcher->builds, kept++, cdist_build_t) = *build;
    }
    launcher->builds->nelts = kept;
    if (kept > first) return NULL;
    return cdist_err_create(launcher->pool, CDIST_E_NOTFOUND, 0, "%s: holds no 1cv8 of platform %s, itself, in bin, or "
                            "in a folder of its version", cdist_text_printable(path, launcher->pool), version);
}

/* ---- what settings lead to --------------------------------------------------------------------------------------- */

static void note_value(cdist_launcher_t *launcher, const cdist_start_value_t *value, const char *why)
{
    apr_pool_t *pool = launcher->pool;

    cdist_launcher_note(launcher, apr_psprintf(pool, "%s:%d: %s=%s: %s",
                                               cdist_text_printable(value->cfg->lines->path, pool), value->setting->line,
                                               cdist_settings_shown(value->setting->key, pool),
                                               cdist_settings_shown(value->setting->value, pool), why));
}

/* The path that a setting names; one that is relative starts at the file's own folder. NULL, with a note, for one of another
 * system. */
static const char *local_path(cdist_launcher_t *launcher, const cdist_start_value_t *value)
{
    const char *text = value->setting->value, *rest = text, *root;
    apr_status_t rv = apr_filepath_root(&root, &rest, 0, launcher->pool);

    if (rv == APR_SUCCESS) return text;
    if ((apr_isalpha(text[0]) && text[1] == ':') || strncmp(text, "\\\\", 2) == 0 || strstr(text, "://")) {
        note_value(launcher, value, "is no path of this system, and is not looked at");
        return NULL;
    }
    return apr_pstrcat(launcher->pool, cdist_path_folder(value->cfg->lines->path, launcher->pool), "/", text, NULL);
}

typedef cdist_err_t *(use_fn)(cdist_launcher_t *launcher, const char *path, int shared);

/* Hands every value of a key to `use`. */
static void follow_key(cdist_launcher_t *launcher, const char *key, use_fn *use)
{
    const apr_array_header_t *values = cdist_start_values(launcher, key, launcher->pool);
    int i;

    for (i = 0; i < values->nelts && i < LINKS_MAX; i++) {
        const cdist_start_value_t *value = &APR_ARRAY_IDX(values, i, cdist_start_value_t);
        const char *path = local_path(launcher, value);
        cdist_err_t *err = path ? use(launcher, path, value->cfg->scope == CDIST_START_COMMON) : NULL;

        if (err) note_value(launcher, value, cdist_err_text(err, launcher->pool));
    }
}

/* NB: the common file may not lead to another one. */
static cdist_err_t *use_common_cfg(cdist_launcher_t *launcher, const char *path, int shared)
{
    cdist_start_cfg_t *cfg;

    if (shared || is_read(launcher, path)) return NULL;
    CDIST_ERR(cdist_start_cfg_read(&cfg, path, launcher->pool));
    cfg->scope = CDIST_START_COMMON;
    cfg->linked = 1;
    note_broken(launcher, cfg);
    APR_ARRAY_PUSH(launcher->start, cdist_start_cfg_t *) = cfg;
    return NULL;
}

static cdist_err_t *use_infobases(cdist_launcher_t *launcher, const char *path, int shared)
{
    (void)shared;
    return add_list(launcher, path, 0);
}

void cdist_launcher_follow(cdist_launcher_t *launcher)
{
    follow_key(launcher, "CommonCfgLocation", use_common_cfg);
    follow_key(launcher, "CommonInfoBases", use_infobases);
    follow_key(launcher, "InstalledLocation", cdist_launcher_add_installed);
    follow_key(launcher, "DistributiveLocation", cdist_launcher_add_distributive);
}
