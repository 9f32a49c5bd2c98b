/* The five slots as publication files name them, and the addresses that stand there. */
#include "cdist_publication.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

const cdist_location_t cdist_locations[CDIST_LOCATIONS] = {
    {"windows32", "PublishDistributiveLocationWindows32", "pubdst32", 32, "Windows"},
    {"windows64", "PublishDistributiveLocationWindows64", "pubdst64", 64, "Windows"},
    {"linux32", "PublishDistributiveLocationLinux32", "pubdstlin32", 32, "Linux"},
    {"linux64", "PublishDistributiveLocationLinux64", "pubdstlin64", 64, "Linux"},
    {"macos64", "PublishDistributiveLocationMacOS64", "pubdstmac64", 64, "macOS"}};

int cdist_location_by_slot(const cdist_slot_t *slot)
{
    int i;

    for (i = 0; slot && i < CDIST_LOCATIONS; i++) {
        if (strcmp(cdist_locations[i].slot, slot->name) == 0) return i;
    }
    return -1;
}

int cdist_location_by_key(const char *key)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (strcasecmp(cdist_locations[i].key, key) == 0) return i;
    }
    return -1;
}

int cdist_location_by_attribute(const char *attribute)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (strcmp(cdist_locations[i].attribute, attribute) == 0) return i;
    }
    return -1;
}

/* Where the user or host begins, whatever the scheme; NULL if the text is no URL. */
static const char *authority_of(const char *url)
{
    const char *mark = strstr(url, "://");

    return mark ? mark + 3 : NULL;
}

/* Where the user ends, behind the '@'; `authority` itself if there is none. NB: the last '@' counts, as for clients that take
 * a password with an '@' in it. */
static const char *host_of(const char *authority)
{
    const char *end = authority + strcspn(authority, "/?#"), *p;

    for (p = end; p > authority; p--) {
        if (p[-1] == '@') return p;
    }
    return authority;
}

const char *cdist_base_url_parse(const char **base, const char *text, apr_pool_t *pool)
{
    const char *authority = authority_of(text), *p;
    apr_size_t length = strlen(text);

    if (strncasecmp(text, "http://", 7) != 0 && strncasecmp(text, "https://", 8) != 0) return "must begin with http:// or https://";
    if (strchr("/?#:", *authority)) return "has no host";
    for (p = text; *p; p++) {
        if ((unsigned char)*p <= 0x20 || (unsigned char)*p >= 0x7F || strchr("\"<>\\^`{|}", *p)) {
            return "has characters that no URL has; they must be written as %XX";
        }
    }
    if (host_of(authority) != authority) return "must name no user and no password: everybody can read it";
    if (strpbrk(text, "?#")) return "must have neither a query nor a fragment";
    while (length > 0 && text[length - 1] == '/') length--;
    *base = apr_pstrmemdup(pool, text, length);
    return NULL;
}

int cdist_url_has_user(const char *url)
{
    const char *authority = authority_of(url);

    return authority && host_of(authority) != authority;
}

const char *cdist_url_shown(const char *url, apr_pool_t *pool)
{
    const char *authority = authority_of(url);

    if (authority && host_of(authority) != authority) {
        url = apr_pstrcat(pool, apr_pstrmemdup(pool, url, (apr_size_t)(authority - url)), host_of(authority), NULL);
    }
    return cdist_text_printable(url, pool);
}
