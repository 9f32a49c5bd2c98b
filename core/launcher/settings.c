/* Key=Value lines as the launcher reads them: no section, keys in any case, the value to the end of the line. */
#include "launcher_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define SHOWN_BYTES 120

void cdist_settings_push(apr_array_header_t *settings, const cdist_lines_t *lines, int index, apr_pool_t *pool)
{
    const char *key, *value;
    cdist_setting_t *setting;
    apr_size_t length;

    if (!cdist_keyvalue_split(&key, &value, APR_ARRAY_IDX(lines->lines, index, cdist_line_t).text, pool)) return;
    setting = apr_array_push(settings);
    setting->broken = apr_isspace(key[strlen(key) - 1]) || apr_isspace(*value);
    length = strlen(value);
    while (length && apr_isspace(value[length - 1])) length--;
    setting->key = key;
    setting->value = value[length] ? apr_pstrmemdup(pool, value, length) : value;
    setting->line = index + 1;
}

const cdist_setting_t *cdist_settings_find(const apr_array_header_t *settings, int first, int count, const char *key)
{
    int i;

    for (i = first; i < first + count; i++) {
        const cdist_setting_t *setting = &APR_ARRAY_IDX(settings, i, cdist_setting_t);
        if (!setting->broken && strcasecmp(setting->key, key) == 0) return setting;
    }
    return NULL;
}

const char *cdist_settings_shown(const char *value, apr_pool_t *pool)
{
    apr_size_t length = strlen(value);

    if (length <= SHOWN_BYTES) return cdist_text_printable(value, pool);
    for (length = SHOWN_BYTES; length && ((unsigned char)value[length] & 0xC0) == 0x80; length--) continue;
    return apr_pstrcat(pool, cdist_text_printable(apr_pstrmemdup(pool, value, length), pool), "…", NULL);
}
