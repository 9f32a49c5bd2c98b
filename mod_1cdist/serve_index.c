/* index.json, and the page for people at the publication's own URL. */
#include "index_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

int cdist_serve_index(cdist_request_t *req)
{
    const char *text;
    json_t *index;
    char *dumped;
    cdist_err_t *err = cdist_index_make(&index, req, 0);

    if (err) return cdist_respond_error(req, err);
    if (cdist_branches_asked(req->r)) return cdist_serve_branches(req, index);
    dumped = json_dumps(index, JSON_INDENT(1));
    json_decref(index);
    if (!dumped) return HTTP_INTERNAL_SERVER_ERROR;
    text = apr_pstrcat(req->r->pool, dumped, "\n", NULL);
    free(dumped);
    return cdist_respond_made(req, "application/json", text);
}

/* What relative links begin with: the publication's URL may have been asked for with or without its final slash. */
static const char *link_prefix(const cdist_request_t *req)
{
    const char *uri = req->r->uri, *name = strrchr(uri, '/');

    return !name || !name[1] ? "" : apr_pstrcat(req->r->pool, ap_os_escape_path(req->r->pool, name + 1, 1), "/", NULL);
}

int cdist_serve_home(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *text;
    json_t *index;
    cdist_err_t *err;
    int russian;

    apr_table_mergen(r->headers_out, "Vary", "Accept");
    if (cdist_accepts_rather(r, "Accept", "application/json", "text/html")) return cdist_serve_index(req);
    apr_table_mergen(r->headers_out, "Vary", "Accept-Language, Host, X-Forwarded-Host, X-Forwarded-Proto");
    if ((err = cdist_index_make(&index, req, 1)) != NULL) return cdist_respond_error(req, err);
    russian = cdist_accepts_rather(r, "Accept-Language", "ru", "en");
    text = cdist_page_make(index, russian, cdist_public_url(req), link_prefix(req), r->pool);
    json_decref(index);
    apr_table_setn(r->headers_out, "Content-Language", russian ? "ru" : "en");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    return cdist_respond_made(req, "text/html; charset=utf-8", text);
}
