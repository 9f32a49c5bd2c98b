/* Where the publication begins for its clients. */
#include "mod_1cdist_int.h"
#include "client_text_int.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include <string.h>

/* The first element of a list that proxies may have extended; NULL if the header is missing. */
static const char *first_element(request_rec *r, const char *header)
{
    const char *value = apr_table_get(r->headers_in, header);
    char *element;

    if (!value) return NULL;
    element = apr_pstrmemdup(r->pool, value, strcspn(value, ","));
    apr_collapse_spaces(element, element);
    return *element ? element : NULL;
}

const char *cdist_public_url(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *scheme = first_element(r, "X-Forwarded-Proto"), *host = first_element(r, "X-Forwarded-Host");
    const char *own = ap_construct_url(r->pool, "", r), *own_scheme = ap_http_scheme(r);
    const char *path = ap_os_escape_path(r->pool, *req->base ? req->base : "/", 1);

    if (scheme && strcmp(scheme, "http") != 0 && strcmp(scheme, "https") != 0) scheme = NULL;
    if (!host || !cdist_host_valid(host)) host = own + strlen(own_scheme) + strlen("://");
    return apr_pstrcat(r->pool, scheme ? scheme : own_scheme, "://", host, *req->base ? path : "", NULL);
}
