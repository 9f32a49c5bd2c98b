/* Key=Value text with optional [sections]: Setup.ini of installers and the platform's own configuration files.
 * Lines end in LF or CRLF; a line starting with ';' or '#' is a comment; a value may contain '='. */
#include "cdist_base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* The line's text without blanks at both ends, cut in place at `end`. */
static char *trim(char *start, char *end)
{
    while (start < end && apr_isspace(*start)) start++;
    while (end > start && apr_isspace(end[-1])) end--;
    *end = '\0';
    return start;
}

int cdist_keyvalue_split(const char **key, const char **value, const char *line, apr_pool_t *pool)
{
    const char *equals = strchr(line, '=');

    if (!equals || equals == line) return 0;
    *key = apr_pstrmemdup(pool, line, (apr_size_t)(equals - line));
    *value = apr_pstrdup(pool, equals + 1);
    return 1;
}

const char *cdist_keyvalue_get(const char *text, const char *section, const char *key, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text), *next;
    int here = (*section == '\0');

    for (; line; line = next) {
        char *end = strchr(line, '\n'), *equals;

        next = end ? end + 1 : NULL;
        line = trim(line, end ? end : line + strlen(line));
        if (*line == ';' || *line == '#') continue;
        if (*line == '[') {
            char *close = strchr(line, ']');
            if (close) here = strcasecmp(trim(line + 1, close), section) == 0;
            continue;
        }
        equals = here ? strchr(line, '=') : NULL;
        if (equals) {
            const char *value = equals + 1;
            if (strcasecmp(trim(line, equals), key) == 0) {
                while (apr_isspace(*value)) value++;
                return value;
            }
        }
    }
    return NULL;
}
