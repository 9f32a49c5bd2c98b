/* CDistUpstream: what this machine lacks is asked for at the centre by httpd's own proxy, and handed on as it comes
 * (relay_answer.c). Nothing of it is kept: only `1cdist sync` brings archives here, because it verifies them.
 *
 * - The address is made of the selector, never of the client's own path.
 * - Servers that relay to each other in a circle are stopped by a count of steps.
 * - A version that is held here is not handed on either: a hold is this machine's own brake. */
#include "relay_int.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include <string.h>

#define STEPS_MAX 4
#define RETRY_SEC 60
#define RETRY_MAX_SEC 3600

/* ---- what to ask for --------------------------------------------------------------------------------------------------- */

/* Sets the version that is asked for, or what begins it; no component leaves it to the upstream. 0 if the request must be answered
 * here. NB: while something is here, it is this machine that says what is current, for clients of all kinds. */
static int choose_version(cdist_version_t *asked, const cdist_request_t *req)
{
    const cdist_release_t *current = NULL;

    *asked = req->route.selector.mask;
    if (asked->count || req->route.kind == CDIST_ROUTE_BYTES) return 1;
    if (req->catalogue && !cdist_select_current(&current, req->catalogue, &req->current, req->r->pool)) *asked = current->version;
    else if (req->current.kind == CDIST_CURRENT_MASK) *asked = req->current.mask;
    return asked->count || !(req->catalogue && cdist_catalogue_usable(req->catalogue));
}

/* How many servers have relayed the request already; what is no number counts as too many. */
static int steps(const request_rec *r)
{
    const char *text = apr_table_get(r->headers_in, CDIST_STEPS_HEADER);
    int count = 0;

    return !text || cdist_number_parse(&count, text, 0, STEPS_MAX) ? count : STEPS_MAX;
}

/* NB: a release that is still being filled is lacking too: a sync that brings it must not take away what was handed on before. But
 * what lies there by hand, for which no catalogue was looked at, is nothing that the upstream has. */
static int is_lacking(const cdist_request_t *req, const cdist_err_t *err)
{
    return err->code == CDIST_E_NOTFOUND || (err->code == CDIST_E_CHANGED && req->catalogue);
}

static int may_ask(const cdist_request_t *req, const cdist_err_t *err)
{
    return cdist_dir_has_upstream(req->dir) && is_lacking(req, err) && steps(req->r) < STEPS_MAX;
}

const char *cdist_relay_target(const cdist_request_t *req, const cdist_err_t *err)
{
    apr_pool_t *pool = req->r->pool;
    const char *where = "";
    cdist_version_t asked;

    if (!may_ask(req, err) || !choose_version(&asked, req)) return NULL;
    if (req->route.kind == CDIST_ROUTE_BYTES) {
        where = apr_pstrcat(pool, "/sha256/", cdist_digest_hex(&req->route.sha256, pool), NULL);
    } else if (asked.count) {
        where = apr_pstrcat(pool, "/", cdist_version_format(&asked, pool), NULL);
    }
    return apr_pstrcat(pool, req->dir->upstream, where, "/", req->route.selector.slot->file,
                       req->route.manifest ? ".manifest" : "", NULL);
}

const char *cdist_relay_service(const cdist_request_t *req, const cdist_err_t *err, const char *path)
{
    return may_ask(req, err) ? apr_pstrcat(req->r->pool, req->dir->upstream, "/", path, NULL) : NULL;
}

/* The versions (cdist_version_t) that are held in any root. */
static cdist_err_t *read_holds(apr_array_header_t **holds, const cdist_request_t *req)
{
    const apr_array_header_t *roots = req->dir->lookup.roots;
    apr_array_header_t *here;
    int i;

    *holds = apr_array_make(req->r->pool, 4, sizeof(cdist_version_t));
    for (i = 0; roots && i < roots->nelts; i++) {
        CDIST_ERR(cdist_holds_read(&here, APR_ARRAY_IDX(roots, i, const char *), req->r->pool));
        apr_array_cat(*holds, here);
    }
    return NULL;
}

/* ---- answering instead of the upstream ----------------------------------------------------------------------------------- */

static int answer_later(cdist_request_t *req, int retry_sec, const char *detail)
{
    apr_table_setn(req->r->headers_out, "Retry-After", apr_itoa(req->r->pool, retry_sec));
    return cdist_respond_problem(req, HTTP_SERVICE_UNAVAILABLE, detail);
}

/* NB: what is being filled here will be had in a moment, whatever the upstream says. */
static int is_filling(const cdist_relay_t *relay)
{
    return relay->lack->code == CDIST_E_CHANGED;
}

/* Says that the upstream is away, since when, and what is here all the same. */
static int answer_away(const cdist_relay_t *relay, cdist_upstream_t *upstream, int result)
{
    static volatile apr_uint32_t last_sec;
    cdist_request_t *req = relay->req;
    apr_time_t since = cdist_upstream_away_since(upstream);
    char date[APR_RFC822_DATE_LEN];

    /* NB: another process may have reached it just now. */
    apr_rfc822_date(date, since ? since : apr_time_now());
    if (cdist_log_due(&last_sec, 60)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "CD0130: %s does not answer (%d), since %s", req->dir->upstream, result,
                      date);
    }
    if (is_filling(relay)) return cdist_respond_error(req, relay->lack);
    return answer_later(req, RETRY_SEC, apr_psprintf(req->r->pool, "it is not here, and the server that this one takes updates from "
                                                     "does not answer since %s", date));
}

static int answer_held(cdist_request_t *req, const char *version)
{
    const char *detail = "it is not here, and which version it is of is not known, while there are versions that are held here "
                         "(1cdist sync --hold)";

    if (*version) {
        detail = apr_pstrcat(req->r->pool, version, " is held here (1cdist sync --hold): it is neither taken from the centre nor "
                             "handed on from there", NULL);
    }
    return cdist_respond_problem(req, HTTP_NOT_FOUND, detail);
}

/* When another 1cdist says to come again, it knows. */
static int retry_of(const cdist_relay_t *relay)
{
    const char *text = apr_table_get(relay->headers, "Retry-After");
    int seconds;

    return text && cdist_number_parse(&seconds, text, 1, RETRY_MAX_SEC) ? seconds : RETRY_SEC;
}

/* What the upstream says of the range or condition that it was sent. */
static int answer_condition(cdist_relay_t *relay)
{
    static const char *const names[] = {"ETag", "Content-Range"};
    request_rec *r = relay->req->r;
    size_t i;

    for (i = 0; i < sizeof names / sizeof names[0]; i++) {
        const char *value = apr_table_get(relay->headers, names[i]);
        if (value) apr_table_setn(r->headers_out, names[i], value);
    }
    return cdist_respond_problem(relay->req, relay->status, relay->status == HTTP_PRECONDITION_FAILED
                                 ? "the archive is another one than the condition asks for" : "the range lies outside the archive");
}

/* Whether the answer says, for good, that there is nothing. Who refuses might as well not have it; what is no answer to the question
 * comes from somebody in between, as if the upstream were away. */
static int is_none(const cdist_relay_t *relay)
{
    int status = relay->status;

    return !relay->refused && ap_is_HTTP_CLIENT_ERROR(status) && status != HTTP_PROXY_AUTHENTICATION_REQUIRED &&
           status != HTTP_REQUEST_TIME_OUT && status != HTTP_TOO_MANY_REQUESTS;
}

/* Says in the log what the client is not told; at most once a minute in each process. */
static void warn_refused(const cdist_relay_t *relay)
{
    static volatile apr_uint32_t last_sec;

    if (relay->status == HTTP_NOT_FOUND || relay->status == HTTP_GONE || !cdist_log_due(&last_sec, 60)) return;
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, relay->req->r, "CD0132: %s is not handed on: the answer is %d%s%s", relay->url,
                  relay->status, relay->refused ? ", " : "", relay->refused ? relay->refused : "");
}

/* For an answer that was not handed on. NB: the client reads nothing of it but what another 1cdist has instead. */
static int answer_refused(cdist_relay_t *relay)
{
    cdist_request_t *req = relay->req;
    int status = relay->status;

    if (status == HTTP_RANGE_NOT_SATISFIABLE || status == HTTP_PRECONDITION_FAILED) return answer_condition(relay);
    warn_refused(relay);
    if (status == HTTP_NOT_FOUND || status == HTTP_GONE) {
        if (relay->is_problem) req->elsewhere = relay->text;
        return cdist_respond_problem(req, HTTP_NOT_FOUND, "it is neither here nor at the server that this one takes updates from");
    }
    if (is_none(relay)) {
        return cdist_respond_problem(req, HTTP_NOT_FOUND, "it is not here, and the server that this one takes updates from does not "
                                     "hand it out");
    }
    return answer_later(req, retry_of(relay), "it is not here, and the server that this one takes updates from cannot hand it out "
                        "now");
}

/* ---- asking ------------------------------------------------------------------------------------------------------------ */

/* A gateway in front of the upstream says so. */
static int is_away(const cdist_relay_t *relay)
{
    int status = relay->status;

    return status == 0 || (!relay->is_problem && (status == HTTP_BAD_GATEWAY || status == HTTP_SERVICE_UNAVAILABLE ||
                                                  status == HTTP_GATEWAY_TIME_OUT));
}

/* Asks; 1 if there is an answer that is neither handed on nor answered. Otherwise *result is what the handler returns. */
static int ask(int *result, cdist_relay_t *relay)
{
    cdist_request_t *req = relay->req;
    cdist_upstream_t *upstream = cdist_upstream_of(req->dir->upstream, req->r->pool);

    *result = OK;
    if (cdist_upstream_failed_lately(upstream)) {
        *result = answer_away(relay, upstream, 0);
        return 0;
    }
    if (!cdist_upstream_wait(&relay->wait)) {
        *result = answer_later(req, 10, "it is not here, and the server that this one takes updates from is busy or does not "
                               "answer");
        return 0;
    }
    relay->steps = steps(req->r) + 1;
    ap_log_rerror(APLOG_MARK, APLOG_DEBUG, 0, req->r, "CD0131: is not here, asked for at %s", relay->url);
    *result = cdist_relay_ask(relay);
    if (!relay->handed_on && req->r->connection->aborted) return 0;
    if (!is_away(relay)) {
        cdist_upstream_answered(upstream);
        return !relay->handed_on;
    }
    cdist_upstream_failed(upstream);
    *result = answer_away(relay, upstream, relay->status ? relay->status : *result);
    return 0;
}

int cdist_relay(cdist_request_t *req, const char *target, const cdist_err_t *lack)
{
    cdist_relay_t relay;
    apr_array_header_t *holds;
    cdist_err_t *err;
    int result;

    memset(&relay, 0, sizeof relay);
    relay.req = req;
    relay.url = target;
    relay.lack = lack;
    choose_version(&relay.asked, req);
    if ((err = read_holds(&holds, req)) != NULL) return cdist_respond_error(req, err);
    relay.holds = holds;
    if (relay.asked.count == CDIST_VERSION_PARTS && cdist_holds_have(holds, &relay.asked)) {
        if (is_filling(&relay)) return cdist_respond_error(req, lack);
        return answer_held(req, cdist_version_format(&relay.asked, req->r->pool));
    }
    if (!ask(&result, &relay)) {
        if (relay.handed_on) apr_table_setn(req->r->notes, "cdist-cache", "relayed");
        return result;
    }
    if (is_filling(&relay)) return cdist_respond_error(req, lack);
    return relay.held ? answer_held(req, relay.held) : answer_refused(&relay);
}

int cdist_relay_text(const char **text, cdist_request_t *req, const char *target, const cdist_err_t *lack)
{
    cdist_relay_t relay;
    int result;

    memset(&relay, 0, sizeof relay);
    relay.req = req;
    relay.url = target;
    relay.lack = lack;
    relay.is_text = 1;
    *text = NULL;
    if (!ask(&result, &relay)) return result;
    if (is_none(&relay)) warn_refused(&relay);
    else if (relay.status != HTTP_OK || !*relay.text) return answer_refused(&relay);
    *text = relay.text;
    return OK;
}

cdist_err_t *cdist_relay_held(int *held, const cdist_request_t *req, const cdist_version_t *version)
{
    apr_array_header_t *holds;

    CDIST_ERR(read_holds(&holds, req));
    *held = cdist_holds_have(holds, version);
    return NULL;
}

void cdist_relay_register(void)
{
    cdist_relay_answer_register();
}
