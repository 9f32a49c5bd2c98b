/* Where templates lie and caches go, if nobody says it. Source: administrator guide of 8.3.23, 1cestart.cfg. */
#include "templates_int.h"

#include <apr_env.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

static const char *below(const char *variable, const char *path, apr_pool_t *pool)
{
    char *value;

    if (apr_env_get(&value, variable, pool) != APR_SUCCESS || !*value) return NULL;
    return apr_pstrcat(pool, value, path, NULL);
}

const char *cdist_templates_default_folder(apr_pool_t *pool)
{
    const char *folder = below("APPDATA", "/1C/1cv8/tmplts", pool);

    return folder ? folder : below("HOME", "/.1cv8/1C/1cv8/tmplts", pool);
}

const char *cdist_templates_default_cache(apr_pool_t *pool)
{
    const char *folder = below("LOCALAPPDATA", "/1cdist", pool);

    if (!folder) folder = below("XDG_CACHE_HOME", "/1cdist", pool);
    return folder ? folder : below("HOME", "/.cache/1cdist", pool);
}

static int is_address(const char *text)
{
    return strncasecmp(text, "http://", 7) == 0 || strncasecmp(text, "https://", 8) == 0 || strncasecmp(text, "ftp://", 6) == 0;
}

void cdist_templates_locations(apr_array_header_t *folders, apr_array_header_t *addresses, const char *value, apr_pool_t *pool)
{
    char *list = apr_pstrdup(pool, value), *part, *last, *end;

    for (part = apr_strtok(list, ";", &last); part; part = apr_strtok(NULL, ";", &last)) {
        while (apr_isspace(*part) || *part == '"') part++;
        for (end = part + strlen(part); end > part && (apr_isspace(end[-1]) || end[-1] == '"');) *--end = '\0';
        if (!*part) continue;
        if (!is_address(part)) APR_ARRAY_PUSH(folders, const char *) = part;
        else if (addresses) APR_ARRAY_PUSH(addresses, const char *) = part;
    }
}
