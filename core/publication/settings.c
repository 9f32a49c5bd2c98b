/* Key=Value files on top of base/lines.c, so that what nobody asked to change stays as it is: order, unknown keys, comments,
 * encoding and line endings. conf.cfg, ClientUpdate.cfg and 1cescmn.cfg are UTF-8 with or without mark, 1cestart.cfg is UTF-16LE,
 * .v8i files have [sections]. */
#include "cdist_publication.h"

#include <apr_strings.h>

#include <string.h>

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* NB: not isspace, which knows the bytes of one locale. */
static int is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/* Drops the blanks at both ends of *start to *end. */
static void trim(const char **start, const char **end)
{
    while (*start < *end && is_blank(**start)) (*start)++;
    while (*end > *start && is_blank((*end)[-1])) (*end)--;
}

static const char *trimmed(const char *start, const char *end, apr_pool_t *pool)
{
    trim(&start, &end);
    return apr_pstrmemdup(pool, start, (apr_size_t)(end - start));
}

/* Says what a line's text is. */
static void classify(cdist_settings_line_t *setting, const char *text, apr_pool_t *pool)
{
    const char *start = text, *end = text + strlen(text), *equals = strchr(text, '=');

    trim(&start, &end);
    setting->kind = CDIST_SETTING_OTHER;
    if (start == end) {
        setting->kind = CDIST_SETTING_BLANK;
    } else if (*start == ';' || *start == '#') {
        setting->kind = CDIST_SETTING_COMMENT;
    } else if (*start == '[' && end[-1] == ']') {
        setting->kind = CDIST_SETTING_SECTION;
        setting->key = trimmed(start + 1, end - 1, pool);
    } else if (equals) {
        setting->kind = CDIST_SETTING_VALUE;
        setting->key = trimmed(text, equals, pool);
        setting->value = trimmed(equals + 1, equals + strlen(equals), pool);
        setting->spaced = (equals > text && is_blank(equals[-1])) || (is_blank(equals[1]) && *setting->value);
    }
}

static void add_line(cdist_settings_t *settings, const char *text)
{
    cdist_settings_line_t *setting = memset(apr_array_push(settings->lines), 0, sizeof *setting);

    setting->number = settings->lines->nelts;
    classify(setting, text, settings->pool);
}

/* Adds a line at the end, which ends as the line before it, and leaves the last line open if it was.
 * NB: not by cdist_lines_add, whose lines share the place of the one before them: here each has its own. */
static void append(cdist_settings_t *settings, const char *text)
{
    apr_array_header_t *all = settings->file->lines;
    cdist_line_t *last = all->nelts ? &APR_ARRAY_IDX(all, all->nelts - 1, cdist_line_t) : NULL;
    const char *usual = all->nelts && *APR_ARRAY_IDX(all, 0, cdist_line_t).end ? APR_ARRAY_IDX(all, 0, cdist_line_t).end
                        : settings->file->utf16                                ? "\r\n"
                                                                               : "\n";
    const char *end = last ? last->end : usual;
    cdist_line_t *added;

    if (last && !*last->end) last->end = usual;
    added = apr_array_push(all);
    added->text = text;
    added->end = end;
    add_line(settings, text);
}

static int count_lines(const char *bytes, apr_size_t length)
{
    const char *end = bytes + length;
    int count = 0;

    for (; count <= CDIST_SETTINGS_LINES_MAX && (bytes = memchr(bytes, '\n', (apr_size_t)(end - bytes))) != NULL; bytes++) count++;
    return count;
}

cdist_err_t *cdist_settings_parse(cdist_settings_t **settings, const char *bytes, apr_size_t length, const char *path,
                                  apr_pool_t *pool)
{
    cdist_settings_t *made = apr_pcalloc(pool, sizeof *made);
    int i;

    if (count_lines(bytes, length) > CDIST_SETTINGS_LINES_MAX) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: has more than %d lines", cdist_text_printable(path, pool),
                                CDIST_SETTINGS_LINES_MAX);
    }
    CDIST_ERR(cdist_lines_parse(&made->file, bytes, length, path, pool));
    made->lines = apr_array_make(pool, made->file->lines->nelts + 8, sizeof(cdist_settings_line_t));
    made->pool = pool;
    for (i = 0; i < made->file->lines->nelts; i++) add_line(made, APR_ARRAY_IDX(made->file->lines, i, cdist_line_t).text);
    *settings = made;
    return NULL;
}

/* ---- values ---------------------------------------------------------------------------------------------------- */

const char *cdist_settings_get(const cdist_settings_t *settings, const char *key)
{
    int i;

    for (i = 0; i < settings->lines->nelts; i++) {
        const cdist_settings_line_t *setting = &APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t);
        if (setting->kind == CDIST_SETTING_SECTION) break;
        if (setting->kind == CDIST_SETTING_VALUE && strcasecmp(setting->key, key) == 0) return setting->value;
    }
    return NULL;
}

/* NB: which of several lines counts is not documented, so all of them get the value. */
void cdist_settings_set(cdist_settings_t *settings, const char *key, const char *value)
{
    const char *text;
    int found = 0, i;

    for (i = 0; i < settings->lines->nelts; i++) {
        cdist_settings_line_t *setting = &APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t);

        if (setting->kind != CDIST_SETTING_VALUE || strcasecmp(setting->key, key) != 0) continue;
        text = apr_pstrcat(settings->pool, setting->key, "=", value, NULL);
        APR_ARRAY_IDX(settings->file->lines, i, cdist_line_t).text = text;
        setting->spaced = 0;
        classify(setting, text, settings->pool);
        found = 1;
    }
    if (found) return;
    append(settings, apr_pstrcat(settings->pool, key, "=", value, NULL));
}

const char *cdist_settings_write(apr_size_t *length, const cdist_settings_t *settings, apr_pool_t *pool)
{
    return cdist_lines_format(length, settings->file, pool);
}
