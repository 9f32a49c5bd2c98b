/* The version that a request asks for beside its path. The path decides; only the URL without a version looks further:
 * first at the query (version=8.3.22.1750), then at the header (1C-Version), which real clients do not send, but proxies
 * and scripts may. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>

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
