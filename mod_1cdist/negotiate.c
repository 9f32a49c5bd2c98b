/* What a request asks for beside its path.
 *
 * The version: the path decides; only the URL without a version looks further: first at the query (version=8.3.22.1750), then
 * at the header (1C-Version), which real clients do not send, but proxies and scripts may.
 *
 * The kind and language of a page: by Accept and Accept-Language. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define VERSION_HEADER "1C-Version"

/* The value of an argument, unescaped; NULL if it is not there. */
static const char *query_value(request_rec *r, const char *name)
{
    const char *args = r->args, *pair;
    apr_size_t length = strlen(name);

    while (args && *args) {
        pair = ap_getword(r->pool, &args, '&');
        if (strncmp(pair, name, length) == 0 && pair[length] == '=') {
            char *value = apr_pstrdup(r->pool, pair + length + 1);
            return ap_unescape_urlencoded(value) == OK ? value : "";
        }
    }
    return NULL;
}

const char *cdist_negotiate(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *text = query_value(r, "version"), *where = "version";

    if (req->route.kind != CDIST_ROUTE_ARCHIVE || req->route.selector.mask.count) return NULL;
    /* NB: merged, so that it stands beside what other modules vary by; on errors too. */
    apr_table_mergen(r->headers_out, "Vary", VERSION_HEADER);
    if (!text) {
        where = VERSION_HEADER;
        text = apr_table_get(r->headers_in, VERSION_HEADER);
    }
    if (!text || cdist_mask_parse(&req->route.selector.mask, text)) return NULL;
    return apr_psprintf(r->pool, "%s is malformed: it must be " CDIST_MASK_FORM, where);
}

/* ---- preferences ------------------------------------------------------------------------------------------------- */

/* How well a range of the header fits a value: 0 not at all, more for a more exact one. "ru" and "text" + "/" + "*" fit what
 * begins with them; "ru-RU" fits "ru", because who reads the one reads the other. */
static int fit(const char *range, const char *value)
{
    apr_size_t length = strlen(range), stem = strcspn(value, "/");

    if (strcmp(range, "*") == 0 || strcmp(range, "*/*") == 0) return 1;
    if (length == stem + 2 && strncasecmp(range, value, stem) == 0 && strcmp(range + stem, "/*") == 0) return 2;
    if (!value[stem] && strncasecmp(range, value, stem) == 0 && range[stem] == '-') return 3;
    return strcasecmp(range, value) == 0 ? 4 : 0;
}

/* The weight that a header gives to a value, by the best fitting range; 0 if none fits. */
static double weight(const char *header, const char *value, apr_pool_t *pool)
{
    double found = 0;
    int best = 0;

    for (; *header; header += *header == ',') {
        apr_size_t length = strcspn(header, ",");
        char *range = apr_pstrmemdup(pool, header, length), *parameter = strchr(range, ';');
        double q = 1;
        int fitness;

        header += length;
        while (parameter) {
            *parameter++ = '\0';
            parameter += strspn(parameter, " \t");
            if ((*parameter == 'q' || *parameter == 'Q') && parameter[1] == '=') q = strtod(parameter + 2, NULL);
            parameter = strchr(parameter, ';');
        }
        apr_collapse_spaces(range, range);
        fitness = fit(range, value);
        if (fitness > best || (fitness == best && fitness && q > found)) {
            best = fitness;
            found = q;
        }
    }
    return found;
}

int cdist_accepts_rather(request_rec *r, const char *header, const char *wanted, const char *other)
{
    const char *value = apr_table_get(r->headers_in, header);

    return value && weight(value, wanted, r->pool) > weight(value, other, r->pool);
}
