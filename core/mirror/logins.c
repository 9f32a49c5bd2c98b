/* Names and passwords, each for the addresses that it is meant for. A file of them has lines
 *   https://centre.example/update NAME:PASSWORD    for that address and what lies below it
 *   NAME:PASSWORD                                  for the server of the first source: scheme, host and port
 * and comments after '#'. Nothing of it is ever told. */
#include "mirror_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* What a server's name and port are made of. NB: about anything else two readers of an address might think differently. */
static int is_plain(char c)
{
    return apr_isalnum(c) || strchr("-._:[]", c);
}

typedef struct {
    int secure, port;
    const char *host;
    apr_size_t host_bytes;
    const char *path; /* and whatever follows */
} origin_t;

static int take_origin(origin_t *origin, const char *url)
{
    apr_size_t length, i;
    char *end;

    origin->secure = strncasecmp(url, "https://", 8) == 0;
    if (!origin->secure && strncasecmp(url, "http://", 7) != 0) return 0;
    origin->host = url + (origin->secure ? 8 : 7);
    length = strcspn(origin->host, "/?#");
    origin->path = origin->host + length;
    for (i = 0; i < length; i++) {
        if (!is_plain(origin->host[i])) return 0;
    }
    origin->port = origin->secure ? 443 : 80;
    while (i > 0 && apr_isdigit(origin->host[i - 1])) i--;
    if (i > 0 && i < length && origin->host[i - 1] == ':') {
        origin->port = (int)apr_strtoi64(origin->host + i, &end, 10);
        if (length - i > 5) return 0;
        length = i - 1;
    }
    origin->host_bytes = length;
    return length > 0;
}

static int is_same_server(const origin_t *a, const origin_t *b)
{
    return a->secure == b->secure && a->port == b->port && a->host_bytes == b->host_bytes &&
           strncasecmp(a->host, b->host, a->host_bytes) == 0;
}

/* NB: a path with "." and ".." ends elsewhere than it begins. */
static int is_below(const char *path, const char *folder)
{
    apr_size_t length = strlen(folder);

    while (length > 0 && folder[length - 1] == '/') length--;
    if (length == 0) return 1;
    if (strncmp(path, folder, length) != 0 || (path[length] && !strchr("/?#", path[length]))) return 0;
    return !strstr(path, "/.") && !strstr(path, "%2e") && !strstr(path, "%2E");
}

const char *cdist_login_find(const apr_array_header_t *logins, const char *url)
{
    const cdist_login_t *found = NULL;
    origin_t wanted, origin;
    int i;

    if (!logins || !take_origin(&wanted, url)) return NULL;
    for (i = 0; i < logins->nelts; i++) {
        const cdist_login_t *login = &APR_ARRAY_IDX(logins, i, cdist_login_t);

        if (!take_origin(&origin, login->prefix) || !is_same_server(&origin, &wanted)) continue;
        if (is_below(wanted.path, origin.path) && (!found || strlen(login->prefix) > strlen(found->prefix))) found = login;
    }
    return found ? found->user : NULL;
}

/* ---- reading --------------------------------------------------------------------------------------------------------- */

/* Whether a name and password look like an address with them. */
static int is_misread(const char *user)
{
    const char *colon = strchr(user, ':');

    return colon && strncmp(colon, "://", 3) == 0 && strpbrk(colon, " \t");
}

/* NULL, or what is wrong with a line, which is taken apart. NB: an address that is not seen as one would go, with the password
 * that is for it, to the first source. */
static const char *take_line(apr_array_header_t *logins, char *line, const char *server)
{
    cdist_login_t login = {server, NULL};
    apr_size_t length;
    origin_t origin;

    line += strspn(line, " \t");
    login.user = line;
    length = strlen(line);
    if (length > 0 && line[length - 1] == '\r') line[--length] = '\0';
    if (length == 0 || *line == '#') return NULL;
    if (strncasecmp(line, "http://", 7) == 0 || strncasecmp(line, "https://", 8) == 0) {
        char *user = line + strcspn(line, " \t");

        if (!*user) return "lacks NAME:PASSWORD behind the address";
        *user++ = '\0';
        login.prefix = line;
        login.user = user + strspn(user, " \t");
        if (!take_origin(&origin, line) || strpbrk(line, "?#")) return "must begin with a server's address, or that of a folder";
    } else if (is_misread(line)) {
        return "must begin with http:// or https://, if it is for an address";
    }
    if (!strchr(login.user, ':')) return "must be NAME:PASSWORD, or URL NAME:PASSWORD";
    APR_ARRAY_PUSH(logins, cdist_login_t) = login;
    return NULL;
}

cdist_err_t *cdist_logins_parse(apr_array_header_t **logins, const char *text, const char *name, const char *source,
                                apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, text), *next;
    const char *server, *problem;
    origin_t origin;
    int number;

    if (strncmp(line, "\xEF\xBB\xBF", 3) == 0) line += 3;
    *logins = apr_array_make(pool, 2, sizeof(cdist_login_t));
    server = take_origin(&origin, source) ? apr_pstrmemdup(pool, source, (apr_size_t)(origin.path - source)) : "";
    for (number = 1; line; line = next, number++) {
        next = strchr(line, '\n');
        if (next) *next++ = '\0';
        if ((problem = take_line(*logins, line, server)) != NULL) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: line %d: %s", cdist_text_printable(name, pool), number,
                                    problem);
        }
    }
    if ((*logins)->nelts) return NULL;
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: must hold NAME:PASSWORD, or lines of URL NAME:PASSWORD",
                            cdist_text_printable(name, pool));
}
