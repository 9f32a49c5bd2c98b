/* Lists of infobases, *.v8i: sections [name] with Key=Value lines. A section with Connect is an infobase, one without a group.
 * Names may hold anything, '=' and ']' included; the platform writes UTF-8 with BOM, and reads it without (administrator guide
 * 8.3.23, appendix 3.3). */
#include "launcher_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* A header is a line from '[' to its last ']'. NULL if the line is none. */
static const char *header_name(const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);

    while (length && apr_isspace(text[length - 1])) length--;
    if (length < 2 || text[length - 1] != ']') return NULL;
    return apr_pstrmemdup(pool, text + 1, length - 2);
}

static cdist_err_t *refuse(const cdist_lines_t *lines, int line, const char *why, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s:%d: %s", cdist_text_printable(lines->path, pool), line, why);
}

static void close_section(cdist_infobase_list_t *list)
{
    cdist_infobase_t *last;

    if (!list->infobases->nelts) return;
    last = &APR_ARRAY_IDX(list->infobases, list->infobases->nelts - 1, cdist_infobase_t);
    last->count = list->settings->nelts - last->first;
    last->is_folder = !cdist_settings_find(list->settings, last->first, last->count, "Connect");
}

static cdist_err_t *open_section(cdist_infobase_list_t *list, const char *text, int line, apr_pool_t *pool)
{
    const char *name = header_name(text, pool);
    cdist_infobase_t *infobase;

    if (!name) return refuse(list->lines, line, "a section's header does not end with ]", pool);
    if (!*name) return refuse(list->lines, line, "a section has no name", pool);
    close_section(list);
    infobase = apr_array_push(list->infobases);
    memset(infobase, 0, sizeof *infobase);
    infobase->list = list;
    infobase->name = name;
    infobase->line = line;
    infobase->first = list->settings->nelts;
    return NULL;
}

cdist_err_t *cdist_infobases_parse(cdist_infobase_list_t **list, const char *bytes, apr_size_t length, const char *path,
                                   apr_pool_t *pool)
{
    cdist_infobase_list_t *made = apr_pcalloc(pool, sizeof *made);
    int i;

    CDIST_ERR(cdist_lines_parse(&made->lines, bytes, length, path, pool));
    made->settings = apr_array_make(pool, 64, sizeof(cdist_setting_t));
    made->infobases = apr_array_make(pool, 16, sizeof(cdist_infobase_t));
    for (i = 0; i < made->lines->lines->nelts; i++) {
        const char *text = APR_ARRAY_IDX(made->lines->lines, i, cdist_line_t).text;

        if (*text == '[') CDIST_ERR(open_section(made, text, i + 1, pool));
        /* NB: what stands before the first section belongs to nobody; it is written back, no more. */
        else if (made->infobases->nelts) cdist_settings_push(made->settings, made->lines, i, pool);
    }
    close_section(made);
    *list = made;
    return NULL;
}

cdist_err_t *cdist_infobases_read(cdist_infobase_list_t **list, const char *path, apr_pool_t *pool)
{
    apr_size_t length;
    char *bytes;

    CDIST_ERR(cdist_file_read(&bytes, &length, path, CDIST_LAUNCHER_FILE_MAX, pool));
    return cdist_infobases_parse(list, bytes, length, path, pool);
}

const cdist_setting_t *cdist_infobase_get(const cdist_infobase_t *infobase, const char *key)
{
    const cdist_setting_t *setting =
        cdist_settings_find(infobase->list->settings, infobase->first, infobase->count, key);

    return setting && *setting->value ? setting : NULL;
}

void cdist_infobase_set(cdist_infobase_list_t *list, const cdist_infobase_t *infobase, const char *key, const char *value,
                        apr_pool_t *pool)
{
    const cdist_setting_t *setting = cdist_settings_find(list->settings, infobase->first, infobase->count, key);
    const char *text = apr_pstrcat(pool, key, "=", value, NULL);
    int after;

    if (setting) {
        APR_ARRAY_IDX(list->lines->lines, setting->line - 1, cdist_line_t).text = text;
        return;
    }
    after = infobase->count ? APR_ARRAY_IDX(list->settings, infobase->first + infobase->count - 1, cdist_setting_t).line
                            : infobase->line;
    cdist_lines_add(list->lines, after, text, pool);
}
