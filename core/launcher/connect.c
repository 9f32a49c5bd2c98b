/* An infobase's connection text: Name=value; with values in quotes or without, a quote inside doubled. What it may hold of
 * users and passwords is passed over. */
#include "launcher_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* The value at *at, which is left behind its semicolon. */
static const char *read_value(const char **at, apr_pool_t *pool)
{
    const char *p = *at, *end;
    char *value, *out;

    if (*p != '"') {
        end = p + strcspn(p, ";");
        *at = *end ? end + 1 : end;
        while (end > p && apr_isspace(end[-1])) end--;
        return apr_pstrmemdup(pool, p, (apr_size_t)(end - p));
    }
    value = out = apr_palloc(pool, strlen(p));
    for (p++; *p && (*p != '"' || p[1] == '"'); p++) {
        if (*p == '"') p++;
        *out++ = *p;
    }
    *out = '\0';
    p += strcspn(p, ";");
    *at = *p ? p + 1 : p;
    return value;
}

/* NB: a URL may carry a user and a password before '@'. */
static const char *without_user(const char *url, apr_pool_t *pool)
{
    const char *start = strstr(url, "://"), *at, *slash;

    if (!start) return url;
    start += 3;
    slash = start + strcspn(start, "/?#");
    for (at = slash; at > start && at[-1] != '@'; at--) continue;
    return at == start ? url : apr_pstrcat(pool, apr_pstrmemdup(pool, url, (apr_size_t)(start - url)), at, NULL);
}

void cdist_connect_parse(cdist_connect_t *connect, const char *text, apr_pool_t *pool)
{
    memset(connect, 0, sizeof *connect);
    for (;;) {
        const char *equals, *name, *value;

        while (apr_isspace(*text) || *text == ';') text++;
        equals = strchr(text, '=');
        if (!equals) break;
        name = apr_pstrmemdup(pool, text, (apr_size_t)(equals - text));
        text = equals + 1;
        value = read_value(&text, pool);
        if (strcasecmp(name, "File") == 0) connect->file = value;
        else if (strcasecmp(name, "Srvr") == 0) connect->server = value;
        else if (strcasecmp(name, "Ref") == 0) connect->ref = value;
        else if (strcasecmp(name, "ws") == 0) connect->url = without_user(value, pool);
    }
    connect->kind = connect->file ? CDIST_CONNECT_FILE
                    : connect->server ? CDIST_CONNECT_SERVER
                    : connect->url ? CDIST_CONNECT_WEB
                                   : CDIST_CONNECT_NONE;
}
