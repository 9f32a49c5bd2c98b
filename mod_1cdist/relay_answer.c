/* One question to an upstream, by httpd's own proxy, and what passes of the answer.
 *
 * - Both ways passes only what is listed here. There: ranges and conditions, and who asks (User-Agent); no names, passwords and
 *   cookies, which are this server's, and not its client's address. What the client's headers say of version and slot the URL says
 *   already. Back: what the answer to a request for an archive consists of; the rest is made here, as for an archive of this server.
 * - An answer that is none, such as a redirect, a login page, another version, never reaches the client: of it is taken
 *   note, and the caller answers. So the filter stands before all others, and looks before anything was sent. */
#include "client_text_int.h"
#include "relay_int.h"
#include "upstream_text_int.h"

#include <apr_strings.h>
#include <http_config.h>
#include <http_protocol.h>
#include <mod_proxy.h>

#include <string.h>

#define KEPT_MAX 65536
#define KEEPING_WAIT apr_time_from_sec(20)

/* NB: Connection is for httpd's own answer; mod_proxy sends it to nobody. */
static const char *const asked_with[] = {"Accept",   "Connection", "If-Match",   "If-None-Match",
                                         "If-Range", "Range",      "User-Agent", NULL};
static const char *const text_asked_with[] = {"Connection", "User-Agent", NULL};
static const char *const answered_with[] = {"1C-Version", "Accept-Ranges", "Content-Length", "Content-Range", "ETag", "Repr-Digest",
                                            NULL};

static void copy_listed(apr_table_t *to, const apr_table_t *from, const char *const *names)
{
    for (; *names; names++) {
        const char *value = apr_table_get(from, *names);
        if (value) apr_table_setn(to, *names, value);
    }
}

/* ---- there --------------------------------------------------------------------------------------------------------------- */

/* mod_proxy's last word before the request is written, after it has added headers of its own. NB: conditions by date mean nothing
 * here, as for what is this server's. */
static int choose_headers(request_rec *r)
{
    cdist_relay_t *relay = ap_get_module_config(r->request_config, &cdist_module);
    apr_table_t *chosen = apr_table_make(r->pool, 8);
    const char *if_range;

    if (!relay) return DECLINED;
    copy_listed(chosen, r->headers_in, relay->is_text ? text_asked_with : asked_with);
    if_range = apr_table_get(chosen, "If-Range");
    if (if_range && *if_range != '"') {
        apr_table_unset(chosen, "If-Range");
        apr_table_unset(chosen, "Range");
    }
    apr_table_setn(chosen, CDIST_STEPS_HEADER, apr_itoa(r->pool, relay->steps));
    relay->asked_headers = r->headers_in = chosen;
    return OK;
}

/* ---- back ---------------------------------------------------------------------------------------------------------------- */

static int is_type(const apr_table_t *headers, const char *type)
{
    return cdist_media_type_is(apr_table_get(headers, "Content-Type"), type);
}

/* Sets *version to that of the answer, with no component where it is not known. NULL, or why it is not what was asked for. NB: httpd
 * sends no 1C-Version with 304; there Content-Location has it. */
static const char *take_version(cdist_version_t *version, const cdist_relay_t *relay, const apr_table_t *headers)
{
    const char *text = apr_table_get(headers, "1C-Version"), *place = apr_table_get(headers, "Content-Location");

    memset(version, 0, sizeof *version);
    if (text) {
        if (!cdist_version_parse(version, text)) return "1C-Version is no version";
    } else if (relay->asked.count == CDIST_VERSION_PARTS) {
        *version = relay->asked;
    } else if (relay->status != HTTP_NOT_MODIFIED || !place || !cdist_upstream_url_version(version, place, relay->req->r->pool)) {
        return NULL;
    }
    return cdist_mask_matches(&relay->asked, version) ? NULL : "another version";
}

/* A hold on a version whose archive has nobody's name cannot be kept otherwise than by handing out nothing of that kind. */
static int is_held(const cdist_relay_t *relay, const cdist_version_t *version)
{
    return version->count ? cdist_holds_have(relay->holds, version) : relay->holds->nelts != 0;
}

/* Whether the status is an answer to a header of the client's, and that was not sent. */
static int is_unasked(const cdist_relay_t *relay, int status, const char *name)
{
    return relay->status == status && !(relay->asked_headers && apr_table_get(relay->asked_headers, name));
}

/* NULL, or why an answer with a good status is not the archive or manifest that was asked for. */
static const char *find_fault(const cdist_relay_t *relay, const apr_table_t *headers)
{
    const cdist_route_t *route = &relay->req->route;
    const char *digest = apr_table_get(headers, "Repr-Digest"), *base64;

    if (is_type(headers, "text/html") || is_type(headers, "application/xhtml+xml")) return "a page for people";
    if (is_unasked(relay, HTTP_PARTIAL_CONTENT, "Range")) return "a part, and not the whole";
    if (is_unasked(relay, HTTP_NOT_MODIFIED, "If-None-Match")) return "unchanged, which was not the question";
    if (apr_table_get(headers, "Content-Encoding")) return "Content-Encoding, which was not asked for";
    if (route->kind != CDIST_ROUTE_BYTES || route->manifest || !digest) return NULL;
    base64 = cdist_digest_base64(&route->sha256, relay->req->r->pool);
    return strstr(digest, apr_pstrcat(relay->req->r->pool, "sha-256=:", base64, ":", NULL)) ? NULL : "other bytes";
}

/* NB: what both vary by is named once. */
static void merge_vary(apr_table_t *headers, const char *theirs, apr_pool_t *pool)
{
    char *name;

    while (theirs && *theirs) {
        const char *ours = apr_table_get(headers, "Vary");

        name = ap_getword(pool, &theirs, ',');
        apr_collapse_spaces(name, name);
        if (*name && !(ours && ap_find_list_item(pool, ours, name))) apr_table_mergen(headers, "Vary", name);
    }
}

/* Makes the upstream's headers ours. It names its own paths; clients know this server's. */
static void take_over(const cdist_relay_t *relay, request_rec *r, const cdist_version_t *version)
{
    const cdist_route_t *route = &relay->req->route;
    apr_table_t *theirs = r->headers_out, *headers = apr_table_copy(r->pool, relay->own_headers);

    copy_listed(headers, theirs, answered_with);
    merge_vary(headers, apr_table_get(theirs, "Vary"), r->pool);
    r->headers_out = headers;
    r->err_headers_out = relay->own_err_headers;
    r->status_line = NULL;
    cdist_set_archive_headers(relay->req, version->count ? cdist_version_format(version, r->pool) : NULL);
    if (!is_type(theirs, "multipart/byteranges")) ap_set_content_type(r, route->manifest ? "application/json" : "application/zip");
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
}

/* What a brigade begins with: nothing yet, an error of mod_proxy's own, or content or the end. */
typedef enum { NOTHING, BROKEN, CONTENT } beginning_t;

static beginning_t begins_with(const apr_bucket_brigade *bb)
{
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(bb); bucket != APR_BRIGADE_SENTINEL(bb); bucket = APR_BUCKET_NEXT(bucket)) {
        if (AP_BUCKET_IS_ERROR(bucket)) return BROKEN;
        if (APR_BUCKET_IS_EOS(bucket) || !APR_BUCKET_IS_METADATA(bucket)) return CONTENT;
    }
    return NOTHING;
}

/* Decides about the answer by its head, of which nobody has seen anything yet. */
static void look(cdist_relay_t *relay, request_rec *r, const apr_bucket_brigade *bb)
{
    cdist_version_t version;

    relay->looked_at = 1;
    if (begins_with(bb) == BROKEN) return;
    relay->status = r->status;
    relay->is_problem = is_type(r->headers_out, "application/problem+json");
    if (r->status == HTTP_OK || r->status == HTTP_PARTIAL_CONTENT || r->status == HTTP_NOT_MODIFIED) {
        relay->keeps = relay->is_text && r->status == HTTP_OK;
        if (relay->is_text) return;
        relay->refused = take_version(&version, relay, r->headers_out);
        if (!relay->refused) relay->refused = find_fault(relay, r->headers_out);
        if (relay->refused) return;
        if (is_held(relay, &version)) {
            relay->held = version.count ? cdist_version_format(&version, r->pool) : "";
            return;
        }
        take_over(relay, r, &version);
        /* NB: from here on it is the client who is waited for. */
        cdist_upstream_wait_no_more(&relay->wait);
        relay->handed_on = 1;
    } else {
        relay->keeps = r->status == HTTP_NOT_FOUND && relay->is_problem;
    }
}

/* Keeps what comes. An error makes mod_proxy hang up: of what is not kept no more is wanted, be it endless. */
static apr_status_t keep(cdist_relay_t *relay, apr_bucket_brigade *bb)
{
    apr_status_t rv = relay->keeps && apr_time_now() < relay->deadline ? APR_SUCCESS : APR_ECONNABORTED;
    apr_bucket *bucket;

    for (bucket = APR_BRIGADE_FIRST(bb); rv == APR_SUCCESS && bucket != APR_BRIGADE_SENTINEL(bb); bucket = APR_BUCKET_NEXT(bucket)) {
        const char *data;
        apr_size_t length;

        if (AP_BUCKET_IS_ERROR(bucket)) rv = APR_ECONNABORTED;
        if (APR_BUCKET_IS_EOS(bucket) && rv == APR_SUCCESS) {
            relay->text = relay->kept ? apr_pstrmemdup(relay->req->r->pool, relay->room, relay->kept) : "";
        }
        if (APR_BUCKET_IS_METADATA(bucket)) continue;
        rv = apr_bucket_read(bucket, &data, &length, APR_BLOCK_READ);
        if (rv == APR_SUCCESS && length > KEPT_MAX - relay->kept) rv = APR_ENOSPC;
        if (rv != APR_SUCCESS) break;
        if (!relay->room) relay->room = apr_palloc(relay->req->r->pool, KEPT_MAX);
        memcpy(relay->room + relay->kept, data, length);
        relay->kept += length;
    }
    if (rv != APR_SUCCESS) relay->keeps = 0;
    apr_brigade_cleanup(bb);
    return rv;
}

static apr_status_t take(ap_filter_t *filter, apr_bucket_brigade *bb)
{
    cdist_relay_t *relay = filter->ctx;

    if (!relay->looked_at && begins_with(bb) == NOTHING) {
        /* NB: not even the head is sent before there is a body: the upstream may break off. */
        apr_brigade_cleanup(bb);
        return APR_SUCCESS;
    }
    if (!relay->looked_at) look(relay, filter->r, bb);
    if (!relay->handed_on) return keep(relay, bb);
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, bb);
}

/* ---- the question -------------------------------------------------------------------------------------------------------- */

/* As if nothing had been asked, so that the caller can answer. */
static void forget_answer(cdist_relay_t *relay, request_rec *r)
{
    relay->headers = relay->looked_at ? r->headers_out : apr_table_make(r->pool, 1);
    r->headers_out = relay->own_headers;
    r->err_headers_out = relay->own_err_headers;
    r->status = HTTP_OK;
    r->status_line = NULL;
    r->content_type = r->content_encoding = NULL;
    r->content_languages = NULL;
    r->eos_sent = 0;
}

/* NB: the request's body is discarded already; its length must not make the proxy wait for one. A text is asked for by GET, whatever
 * the client's own method. */
int cdist_relay_ask(cdist_relay_t *relay)
{
    request_rec *r = relay->req->r, before = *r;
    ap_filter_t *filter;
    int result;

    relay->text = "";
    relay->own_headers = apr_table_copy(r->pool, r->headers_out);
    relay->own_err_headers = apr_table_copy(r->pool, r->err_headers_out);
    relay->deadline = apr_time_now() + KEEPING_WAIT;
    apr_table_unset(r->headers_in, "Content-Length");
    apr_table_unset(r->headers_in, "Transfer-Encoding");
    /* What the upstream says before its answer is no answer of this server. */
    apr_table_setn(r->subprocess_env, "proxy-interim-response", "Suppress");
    if (relay->is_text) {
        r->method = "GET";
        r->header_only = 0;
    }
    r->filename = apr_pstrcat(r->pool, "proxy:", relay->url, NULL);
    r->args = NULL;
    r->proxyreq = PROXYREQ_REVERSE;
    r->handler = "proxy-server";
    ap_set_module_config(r->request_config, &cdist_module, relay);
    filter = ap_add_output_filter("1CDIST_RELAY", relay, r, r->connection);
    result = ap_run_handler(r);
    cdist_upstream_wait_no_more(&relay->wait);
    ap_set_module_config(r->request_config, &cdist_module, NULL);
    r->headers_in = before.headers_in;
    r->filename = before.filename;
    r->args = before.args;
    r->proxyreq = before.proxyreq;
    r->handler = before.handler;
    r->method = before.method;
    r->header_only = before.header_only;
    if (relay->handed_on) return result;
    ap_remove_output_filter(filter);
    /* NB: with ProxyErrorOverride what the upstream answered comes so. */
    if (!relay->looked_at && result >= HTTP_BAD_REQUEST && result < HTTP_INTERNAL_SERVER_ERROR) relay->status = result;
    forget_answer(relay, r);
    return result;
}

void cdist_relay_answer_register(void)
{
    ap_register_output_filter("1CDIST_RELAY", take, NULL, (ap_filter_type)(AP_FTYPE_RESOURCE - 1));
    APR_OPTIONAL_HOOK(proxy, fixups, choose_headers, NULL, NULL, APR_HOOK_REALLY_LAST);
}
