/* What a request asks for beside its path.
 *
 * The path decides. What it leaves open, the version or the slot, is looked for in the query (version=8.3.22.1750, arch=win64
 * or os=Linux&arch=x86_64), then in headers (1C-Version, 1C-Arch), which real clients do not send, but proxies and scripts
 * may, and last, where CDistNegotiate lists it, in User-Agent. Each must be well-formed before anybody uses it.
 *
 * The kind and language of a page: by Accept and Accept-Language. */
#include "mod_1cdist_int.h"
#include "client_text_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define SLOT_FORM "a slot such as windows64, linux64 or macos64"

/* ---- what is said ------------------------------------------------------------------------------------------------- */

const char *cdist_query_value(request_rec *r, const char *name)
{
    const char *args = r->args, *pair;
    apr_size_t length = strlen(name);

    while (args && *args) {
        pair = ap_getword(r->pool, &args, '&');
        if (strncasecmp(pair, name, length) == 0 && pair[length] == '=') {
            char *value = apr_pstrdup(r->pool, pair + length + 1);
            return ap_unescape_urlencoded(value) == OK ? value : "";
        }
    }
    return NULL;
}

typedef struct {
    const char *text; /* NULL: nothing is said */
    const char *name; /* of what says it, for messages */
    const char *by;   /* as in CDistNegotiate */
} said_t;

static said_t say(const char *text, const char *name, const char *by)
{
    said_t said = {text, name, by};

    return said;
}

static said_t said_version(const cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *header = cdist_dir_version_header(req->dir), *text;
    unsigned by = cdist_dir_negotiate(req->dir);

    if (by & CDIST_BY_QUERY && (text = cdist_query_value(r, "version")) != NULL) return say(text, "version", "query");
    if (by & CDIST_BY_HEADER && (text = apr_table_get(r->headers_in, header)) != NULL) return say(text, header, "header");
    return say(by & CDIST_BY_AGENT ? cdist_agent_version(apr_table_get(r->headers_in, "User-Agent"), r->pool) : NULL,
               "User-Agent", "agent");
}

/* NB: "os" stands alone for Macs only, of which there is one kind; an architecture alone means Windows. */
static said_t said_slot(const cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *header = cdist_dir_arch_header(req->dir), *text, *os;
    unsigned by = cdist_dir_negotiate(req->dir);

    if (by & CDIST_BY_QUERY) {
        text = cdist_query_value(r, "arch");
        os = cdist_query_value(r, "os");
        if (os) {
            const cdist_slot_t *slot = cdist_slot_of_system(os, text ? text : "");
            return say(slot ? slot->name : "", "os or arch", "query");
        }
        if (text) return say(text, "arch", "query");
    }
    return say(by & CDIST_BY_HEADER ? apr_table_get(r->headers_in, header) : NULL, header, "header");
}

/* NB: merged, so that it stands beside what other modules vary by; on errors too. */
static void set_vary(const cdist_request_t *req)
{
    apr_table_t *headers = req->r->headers_out;
    unsigned by = cdist_dir_negotiate(req->dir);

    if (by & CDIST_BY_HEADER) {
        apr_table_mergen(headers, "Vary", cdist_dir_version_header(req->dir));
        apr_table_mergen(headers, "Vary", cdist_dir_arch_header(req->dir));
    }
    if (by & CDIST_BY_AGENT) apr_table_mergen(headers, "Vary", "User-Agent");
}

/* ---- what it means ------------------------------------------------------------------------------------------------ */

static const char *choose_slot(cdist_request_t *req)
{
    cdist_route_t *route = &req->route;
    said_t said = said_slot(req);

    if (!said.text) {
        if (route->kind == CDIST_ROUTE_HOME) return NULL;
        route->kind = CDIST_ROUTE_UNKNOWN;
        route->reason = "which archive is meant must be said: by its name, such as windows64tc.zip, or by arch=windows64";
        return NULL;
    }
    route->selector.slot = cdist_slot_named(said.text, req->dir->lookup.components);
    route->kind = CDIST_ROUTE_ARCHIVE;
    apr_table_setn(req->r->notes, "cdist-slot-by", said.by);
    if (route->selector.slot) return NULL;
    return apr_psprintf(req->r->pool, "%s is malformed: it must be " SLOT_FORM, said.name);
}

const char *cdist_negotiate(cdist_request_t *req)
{
    cdist_route_t *route = &req->route;
    const char *wrong;
    said_t said;

    if (route->kind != CDIST_ROUTE_HOME && route->kind != CDIST_ROUTE_ARCHIVE) return NULL;
    if (route->selector.slot && route->selector.mask.count == CDIST_VERSION_PARTS) return NULL;
    set_vary(req);
    if (!route->selector.slot && (wrong = choose_slot(req)) != NULL) return wrong;
    if (!route->selector.slot || route->selector.mask.count) return NULL;
    said = said_version(req);
    if (!said.text) return NULL;
    apr_table_setn(req->r->notes, "cdist-version-by", said.by);
    if (cdist_mask_parse(&route->selector.mask, said.text)) return NULL;
    return apr_psprintf(req->r->pool, "%s is malformed: it must be " CDIST_MASK_FORM, said.name);
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
