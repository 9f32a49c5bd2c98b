/* index.json, live or as it was published, what was published beside it, and the page for people at the publication's own
 * URL. */
#include "index_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* 1cdist publish writes nothing larger. */
#define PUBLISHED_MAX (64u * 1024 * 1024)

int cdist_serve_published(cdist_request_t *req)
{
    const char *path = cdist_published_file(req), *dot = path ? strrchr(path, '.') : NULL;
    int is_signature = dot && strcmp(dot, ".sig") == 0;
    apr_size_t length;
    char *text;
    cdist_err_t *err;

    if (!path) return cdist_respond_problem(req, HTTP_NOT_FOUND, "nothing of that name is published here");
    err = cdist_file_read(&text, &length, path, PUBLISHED_MAX, req->r->pool);
    if (err) return cdist_respond_error(req, err);
    return cdist_respond_made(req, is_signature ? "text/plain; charset=utf-8" : "application/json", text);
}

/* The catalogue as it is now. */
static int serve_live(cdist_request_t *req)
{
    int branches = cdist_branches_asked(req->r);
    const cdist_index_text_t *known = branches ? NULL : cdist_index_recall(req);
    cdist_index_text_t made;
    cdist_grounds_t grounds;
    json_t *index;
    char *dumped;
    cdist_err_t *err;

    apr_table_setn(req->r->notes, "cdist-index", known ? "remembered" : "made");
    if (known) return cdist_respond_remembered(req, "application/json", known->etag, known->text);
    if ((err = cdist_index_make(&index, &grounds, req, 0)) != NULL) return cdist_respond_error(req, err);
    if (branches) return cdist_serve_branches(req, index);
    dumped = json_dumps(index, JSON_INDENT(1));
    json_decref(index);
    if (!dumped) return HTTP_INTERNAL_SERVER_ERROR;
    made.text = apr_pstrcat(req->r->pool, dumped, "\n", NULL);
    free(dumped);
    made.etag = cdist_respond_etag(made.text, req->r->pool);
    cdist_index_remember(req, &made, &grounds);
    return cdist_respond_remembered(req, "application/json", made.etag, made.text);
}

int cdist_serve_index(cdist_request_t *req)
{
    int frozen = cdist_published_file(req) && !cdist_branches_asked(req->r);

    return frozen ? cdist_serve_published(req) : serve_live(req);
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
    cdist_grounds_t grounds;
    const char *text;
    json_t *index;
    cdist_err_t *err;
    int russian;

    apr_table_mergen(r->headers_out, "Vary", "Accept");
    if (cdist_accepts_rather(r, "Accept", "application/json", "text/html")) return cdist_serve_index(req);
    apr_table_mergen(r->headers_out, "Vary", "Accept-Language, Host, X-Forwarded-Host, X-Forwarded-Proto");
    if ((err = cdist_index_make(&index, &grounds, req, 1)) != NULL) return cdist_respond_error(req, err);
    russian = cdist_accepts_rather(r, "Accept-Language", "ru", "en");
    text = cdist_page_make(index, russian, cdist_public_url(req), link_prefix(req), r->pool);
    json_decref(index);
    apr_table_setn(r->headers_out, "Content-Language", russian ? "ru" : "en");
    apr_table_setn(r->headers_out, "X-Content-Type-Options", "nosniff");
    apr_table_setn(r->headers_out, "Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'");
    return cdist_respond_made(req, "text/html; charset=utf-8", text);
}
