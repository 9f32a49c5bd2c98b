/* conf.cfg, ClientUpdate.cfg, 1cestart.cfg, 1cescmn.cfg: keys without sections. */
#include "lint_int.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

void lint_line(lint_t *lint, const lint_file_t *file, const cdist_settings_line_t *line)
{
    const char *meant;
    int list;

    if (line->kind == CDIST_SETTING_OTHER || (line->kind == CDIST_SETTING_VALUE && !*line->key)) {
        lint_add(lint, file, line->number, CDIST_LINT_WARNING, "no-setting", NULL,
                 "this line is no Key=Value, so it is ignored");
        return;
    }
    if (line->kind != CDIST_SETTING_VALUE || lint_key_known(&list, file->kind, line->key)) return;
    meant = lint_key_meant(file->kind, line->key);
    if (meant) {
        lint_add(lint, file, line->number, CDIST_LINT_WARNING, "misspelt-key", meant,
                 "the platform knows no key %s, and ignores it; write %s", cdist_text_printable(line->key, lint->pool), meant);
    } else if (strncasecmp(line->key, "PublishDistributiveLocation", 27) == 0) {
        lint_add(lint, file, line->number, CDIST_LINT_WARNING, "unknown-location", NULL,
                 "the platform knows no key %s: it updates 32 and 64 bit clients of Windows and Linux, and macOS",
                 cdist_text_printable(line->key, lint->pool));
    }
}

/* ---- secrets --------------------------------------------------------------------------------------------------- */

/* Whether start parameters hold an access code (/UC) or a password: /P, /WSP, and -PPwd of a proxy. NB: /P may have its value
 * glued to it, as other options have their names; it counts so only after a user (/N). */
static int parameters_hold_secret(const char *text)
{
    int user = 0;
    const char *p;

    for (p = text; *p; p++) {
        const char *name = p + 1;

        if ((*p != '/' && *p != '-') || (p > text && !apr_isspace(p[-1]) && p[-1] != '"')) continue;
        if (strncasecmp(name, "UC", 2) == 0 && name[2]) return 1;
        if (strncasecmp(name, "WSP", 3) == 0 && name[3]) return 1;
        if (strncasecmp(name, "PPwd", 4) == 0 && name[4]) return 1;
        if ((*name == 'P' || *name == 'p') && name[1] && (!apr_isalpha(name[1]) || user)) return 1;
        user |= *name == 'N' || *name == 'n';
    }
    return 0;
}

void lint_secret(lint_t *lint, const lint_file_t *file, int line, const char *key, const char *value)
{
    const char *what = NULL;

    if (!*value) return;
    if (strcasecmp(key, "PPasswd") == 0) what = "the proxy's password";
    else if (strcasecmp(key, "AdditionalParameters") == 0 && parameters_hold_secret(value)) what = "a password or an access code";
    else if (cdist_connection_has(value, "Usr") || cdist_connection_has(value, "Pwd")) what = "a user or a password";
    else if (cdist_url_has_user(value)) what = "a user or a password in an address";
    if (what) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "secret", NULL, "%s holds %s, for everybody who can read this file",
                 cdist_text_printable(key, lint->pool), what);
    }
}

/* ---- versions -------------------------------------------------------------------------------------------------- */

/* The mask or version at the start of a text, up to ';' (an architecture) or its end. */
static int parse_mask(cdist_version_t *mask, const char *text, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, text, strcspn(text, ";"));

    apr_collapse_spaces(copy, copy);
    return cdist_mask_parse(mask, copy);
}

void lint_default_version(lint_t *lint, const lint_file_t *file, int line, const char *mask, const char *version)
{
    cdist_version_t wide, narrow;

    if (!parse_mask(&wide, mask, lint->pool) || !parse_mask(&narrow, version, lint->pool)) return;
    if (wide.count <= narrow.count && cdist_mask_matches(&wide, &narrow)) return;
    lint_add(lint, file, line, CDIST_LINT_WARNING, "default-version", NULL,
             "DefaultVersion %s does not lie within Version %s, and goes before it",
             cdist_version_format(&narrow, lint->pool), cdist_version_format(&wide, lint->pool));
}

/* DefaultVersion=8.3-8.3.22.1750;x86_64 of 1cestart.cfg has both in one value. */
static void check_start_version(lint_t *lint, const lint_file_t *file, const cdist_settings_line_t *line)
{
    const char *dash = strchr(line->value, '-');

    if (!dash || strcasecmp(line->key, "DefaultVersion") != 0) return;
    lint_default_version(lint, file, line->number, apr_pstrmemdup(lint->pool, line->value, (apr_size_t)(dash - line->value)),
                         dash + 1);
}

static void check_update(lint_t *lint, const lint_file_t *file)
{
    const char *version = cdist_settings_get(file->settings, "Version");
    const char *date = cdist_settings_get(file->settings, "UpdateDate");
    cdist_version_t parsed;

    if (!version || !cdist_version_parse(&parsed, version)) {
        lint_add(lint, file, 0, CDIST_LINT_ERROR, "update-version", version ? NULL : "Version",
                 "ClientUpdate.cfg needs Version with four numbers such as 8.3.22.1750");
    }
    if (date && !cdist_update_date_valid(date)) {
        lint_add(lint, file, 0, CDIST_LINT_WARNING, "update-date", NULL,
                 "UpdateDate is no moment as YYYYMMDDHHMMSS");
    }
}

/* ---- all lines ------------------------------------------------------------------------------------------------- */

/* Notes a key, and says when it was there before and may be there once only. */
static void check_duplicate(lint_t *lint, const lint_file_t *file, const cdist_settings_line_t *line, apr_hash_t *seen)
{
    const cdist_settings_line_t *before;
    const char *known;
    int list;

    known = lint_key_known(&list, file->kind, line->key);
    if (!known || list) return;
    before = apr_hash_get(seen, known, APR_HASH_KEY_STRING);
    if (before) {
        lint_add(lint, file, line->number, CDIST_LINT_WARNING, "duplicate-key", known,
                 "%s stands in line %d already; only one of them counts", known, before->number);
    } else {
        apr_hash_set(seen, known, APR_HASH_KEY_STRING, line);
    }
}

static void check_setting(lint_t *lint, const lint_file_t *file, const cdist_settings_line_t *line, apr_hash_t *seen)
{
    int location;

    check_duplicate(lint, file, line, seen);
    lint_secret(lint, file, line->number, line->key, line->value);
    if (file->kind == KIND_CONF || file->kind == KIND_UPDATE) {
        location = cdist_location_by_key(line->key);
        if (location >= 0) lint_location(lint, file, line->number, location, cdist_locations[location].key, line->value);
        return;
    }
    check_start_version(lint, file, line);
    if (file->kind == KIND_COMMON && strcasecmp(line->key, "CommonCfgLocation") == 0) {
        lint_add(lint, file, line->number, CDIST_LINT_WARNING, "nested-common", NULL,
                 "1cescmn.cfg must not hold CommonCfgLocation itself; move it to 1cestart.cfg");
    }
}

void lint_settings(lint_t *lint, const lint_file_t *file)
{
    apr_hash_t *seen = apr_hash_make(lint->pool);
    int i;

    for (i = 0; i < file->settings->lines->nelts; i++) {
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(file->settings->lines, i, cdist_settings_line_t);

        if (line->kind == CDIST_SETTING_BLANK || line->kind == CDIST_SETTING_COMMENT) continue;
        lint_line(lint, file, line);
        if (line->kind == CDIST_SETTING_VALUE) check_setting(lint, file, line, seen);
    }
    if (file->kind == KIND_UPDATE) check_update(lint, file);
}
