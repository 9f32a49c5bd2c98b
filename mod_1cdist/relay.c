/* CDistUpstream: what this machine lacks is asked for at the centre by httpd's own proxy, and handed on as it comes. Nothing of
 * it is kept: only `1cdist sync` brings archives here, because it verifies them.
 *
 * - The address is made of the selector, never of the client's own path.
 * - Servers that relay to each other in a circle are stopped by a count of steps. */
#include "mod_1cdist_int.h"

#include <apr_atomic.h>
#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_config.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <string.h>

#define STEPS_HEADER "1C-Relayed"
#define STEPS_MAX 4
#define RETRY_SEC "60"
/* An upstream that did not answer is not asked again before, so that a crowd does not wait for it again and again. */
#define AWAY_PAUSE_SEC 5

/* Since when the upstream has not answered this process, and when it was asked last, in seconds; 0: it answers. */
static volatile apr_uint32_t away_since_sec, away_asked_sec;
/* How many requests of this process wait for the upstream's first byte. */
static volatile apr_uint32_t waiting;

/* Who waits for the upstream occupies a worker; so a quarter of those that the process has may. */
static apr_uint32_t waiting_max(void)
{
    int threads = 1;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return threads > 4 ? (apr_uint32_t)threads / 4 : 1;
}

/* What the output filter needs, and whether the request still waits. */
typedef struct {
    cdist_request_t *req;
    int waits;
} relay_t;

static void wait_no_more(relay_t *relay)
{
    if (relay->waits) apr_atomic_dec32(&waiting);
    relay->waits = 0;
}

static int has_usable(const cdist_catalogue_t *catalogue)
{
    int i;

    for (i = 0; catalogue && i < catalogue->releases->nelts; i++) {
        if (cdist_release_usable(&APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t))) return 1;
    }
    return 0;
}

/* What stands between the upstream's URL and the file: a version, the start of one, or a digest; NULL if the request must be
 * answered here. NB: while something is here, it is this machine's configuration that says what is current. */
static const char *place(const cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    const cdist_version_t *mask = &req->route.selector.mask;

    if (req->route.kind == CDIST_ROUTE_BYTES) return apr_pstrcat(pool, "/sha256/", cdist_digest_hex(&req->route.sha256, pool), NULL);
    if (!mask->count && req->current.kind == CDIST_CURRENT_MASK) mask = &req->current.mask;
    if (mask->count) return apr_pstrcat(pool, "/", cdist_version_format(mask, pool), NULL);
    return has_usable(req->catalogue) ? NULL : "";
}

/* How many servers have relayed the request already; what is no number counts as too many. */
static int steps(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, STEPS_HEADER);
    int count = 0;

    return !text || cdist_number_parse(&count, text, 0, STEPS_MAX) ? count : STEPS_MAX;
}

const char *cdist_relay_target(const cdist_request_t *req, const cdist_err_t *err)
{
    const char *where;

    if (!req->dir->upstream || !*req->dir->upstream || err->code != CDIST_E_NOTFOUND) return NULL;
    if (steps(req->r) >= STEPS_MAX) return NULL;
    where = place(req);
    if (!where) return NULL;
    return apr_pstrcat(req->r->pool, req->dir->upstream, where, "/", req->route.selector.slot->file,
                       req->route.manifest ? ".manifest" : "", NULL);
}

/* The upstream names its own paths; clients know this server's. */
static apr_status_t own_location(ap_filter_t *filter, apr_bucket_brigade *bb)
{
    relay_t *relay = filter->ctx;
    const cdist_request_t *req = relay->req;
    const char *version = apr_table_get(filter->r->headers_out, "1C-Version");
    cdist_version_t parsed;

    wait_no_more(relay);
    apr_table_unset(filter->r->headers_out, "Set-Cookie");
    apr_table_unset(filter->r->headers_out, "Content-Location");
    if (version && cdist_version_parse(&parsed, version)) {
        apr_table_setn(filter->r->headers_out, "Content-Location",
                       ap_escape_uri(filter->r->pool, apr_pstrcat(filter->r->pool, req->base, "/", version, "/",
                                                                  req->route.selector.slot->file,
                                                                  req->route.manifest ? ".manifest" : "", NULL)));
    }
    ap_remove_output_filter(filter);
    return ap_pass_brigade(filter->next, bb);
}

void cdist_relay_register(void)
{
    ap_register_output_filter("1CDIST_RELAY", own_location, NULL, AP_FTYPE_CONTENT_SET);
}

/* Says that the upstream is away, since when, and what is here all the same. */
static int answer_away(cdist_request_t *req, int status)
{
    static volatile apr_uint32_t last_sec;
    apr_uint32_t since = apr_atomic_read32(&away_since_sec), now = (apr_uint32_t)apr_time_sec(apr_time_now());
    char date[APR_RFC822_DATE_LEN];

    if (!since) apr_atomic_cas32(&away_since_sec, since = now, 0);
    apr_rfc822_date(date, apr_time_from_sec((apr_time_t)since));
    if (cdist_log_due(&last_sec, 60)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "CD0130: %s does not answer (%d), since %s", req->dir->upstream, status,
                      date);
    }
    apr_table_setn(req->r->headers_out, "Retry-After", RETRY_SEC);
    return cdist_respond_problem(req, HTTP_SERVICE_UNAVAILABLE,
                                 apr_psprintf(req->r->pool, "it is not here, and the server that this one takes updates from does "
                                              "not answer since %s", date));
}

/* Says at once that the upstream is busy or away. */
static int answer_busy(cdist_request_t *req)
{
    apr_table_setn(req->r->headers_out, "Retry-After", "10");
    return cdist_respond_problem(req, HTTP_SERVICE_UNAVAILABLE, "it is not here, and the server that this one takes updates from is "
                                 "busy or does not answer");
}

static int is_away(void)
{
    apr_uint32_t asked = apr_atomic_read32(&away_asked_sec), now = (apr_uint32_t)apr_time_sec(apr_time_now());

    return asked && now >= asked && now - asked < AWAY_PAUSE_SEC;
}

/* NB: the request's body is discarded already; its length must not make the proxy wait for one. What clients tell this server alone
 * is not told to another one. */
int cdist_relay(cdist_request_t *req, const char *target)
{
    request_rec *r = req->r;
    relay_t *relay = apr_pcalloc(r->pool, sizeof *relay);
    int status;

    if (is_away()) return answer_away(req, 0);
    if (apr_atomic_inc32(&waiting) >= waiting_max()) {
        apr_atomic_dec32(&waiting);
        return answer_busy(req);
    }
    relay->req = req;
    relay->waits = 1;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, r, "CD0131: is not here, asked for at %s", target);
    apr_table_setn(r->notes, "cdist-cache", "relayed");
    apr_table_unset(r->headers_in, "Content-Length");
    apr_table_unset(r->headers_in, "Transfer-Encoding");
    apr_table_unset(r->headers_in, "Cookie");
    if (r->user) apr_table_unset(r->headers_in, "Authorization");
    apr_table_setn(r->headers_in, STEPS_HEADER, apr_itoa(r->pool, steps(r) + 1));
    r->filename = apr_pstrcat(r->pool, "proxy:", target, NULL);
    r->args = NULL;
    r->proxyreq = PROXYREQ_REVERSE;
    r->handler = "proxy-server";
    ap_add_output_filter("1CDIST_RELAY", relay, r, r->connection);
    status = ap_run_handler(r);
    wait_no_more(relay);
    if (status == HTTP_BAD_GATEWAY || status == HTTP_SERVICE_UNAVAILABLE || status == HTTP_GATEWAY_TIME_OUT) {
        r->proxyreq = PROXYREQ_NONE;
        apr_atomic_set32(&away_asked_sec, (apr_uint32_t)apr_time_sec(apr_time_now()));
        return answer_away(req, status);
    }
    apr_atomic_set32(&away_since_sec, 0);
    apr_atomic_set32(&away_asked_sec, 0);
    return status;
}
