/* Requests, through libcurl. Everything has a bound: connecting, the pace, the body; libcurl itself bounds the headers.
 * Redirects are followed as long as none leads out of TLS, and they are few; what is sent is never sent elsewhere. */
#include <config.h>
#include "mirror_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#ifdef HAVE_LIBCURL
#include <curl/curl.h>

#define REDIRECTS_MAX 5
/* httpd takes 200 ranges in a request, and 8190 bytes in a header. */
#define RANGES_MAX 150
/* NB: it is sent back with the next request, for which a longer one might be too much: then no other answer would ever come. */
#define ETAG_MAX_BYTES 200

struct cdist_fetcher_t {
    CURL *curl;
    const cdist_transport_t *transport;
    int single;      /* this server wants one range a request */
    int requests;
    apr_uint64_t wire_bytes;
    char error[CURL_ERROR_SIZE];
    apr_pool_t *pool;
};

/* One answer. */
typedef struct {
    cdist_fetcher_t *fetcher;
    int status;
    const char *etag, *content_type, *content_range;
    cdist_ranges_t *ranges;   /* NULL: a document */
    int begun;
    char *bytes;              /* of a document; malloc'ed */
    apr_size_t length, room, max_bytes;
    cdist_err_t *err;         /* why the body was not taken further */
    apr_pool_t *pool;
} answer_t;

static apr_status_t free_curl(void *curl)
{
    curl_easy_cleanup(curl);
    return APR_SUCCESS;
}

cdist_err_t *cdist_fetcher_create(cdist_fetcher_t **fetcher, const cdist_transport_t *transport, apr_pool_t *pool)
{
    cdist_fetcher_t *made = apr_pcalloc(pool, sizeof *made);

    made->curl = curl_easy_init();
    if (!made->curl) return cdist_err_create(pool, CDIST_E_SOURCE, 0, "libcurl cannot be used");
    apr_pool_cleanup_register(pool, made->curl, free_curl, apr_pool_cleanup_null);
    made->transport = transport;
    made->pool = pool;
    *fetcher = made;
    return NULL;
}

void cdist_fetcher_traffic(const cdist_fetcher_t *fetcher, int *requests, apr_uint64_t *wire_bytes)
{
    *requests = fetcher->requests;
    *wire_bytes = fetcher->wire_bytes;
}

/* ---- answers ------------------------------------------------------------------------------------------------------- */

/* The value of a header line, if it has that name; NULL else. */
static const char *value_of(const char *line, apr_size_t length, const char *name, apr_pool_t *pool)
{
    apr_size_t name_bytes = strlen(name);

    if (length <= name_bytes || strncasecmp(line, name, name_bytes) != 0 || line[name_bytes] != ':') return NULL;
    line += name_bytes + 1;
    length -= name_bytes + 1;
    while (length && apr_isspace(*line)) line++, length--;
    while (length && apr_isspace(line[length - 1])) length--;
    return apr_pstrmemdup(pool, line, length);
}

static size_t take_header(char *line, size_t size, size_t count, void *baton)
{
    answer_t *answer = baton;
    size_t length = size * count;
    const char *value;

    /* A status line begins another answer: what came before was a 1xx or a redirect. */
    if (length > 5 && strncmp(line, "HTTP/", 5) == 0) answer->etag = answer->content_type = answer->content_range = NULL;
    if ((value = value_of(line, length, "ETag", answer->pool)) != NULL) answer->etag = value;
    if ((value = value_of(line, length, "Content-Type", answer->pool)) != NULL) answer->content_type = value;
    if ((value = value_of(line, length, "Content-Range", answer->pool)) != NULL) answer->content_range = value;
    return length;
}

static cdist_err_t *keep(answer_t *answer, const char *bytes, apr_size_t length)
{
    if (length > answer->max_bytes - answer->length) {
        return cdist_err_create(answer->pool, CDIST_E_CORRUPT, 0, "is longer than %" APR_SIZE_T_FMT " bytes",
                                answer->max_bytes);
    }
    if (answer->room - answer->length <= length) {
        answer->room = (answer->length + length) * 2 + 4096;
        answer->bytes = realloc(answer->bytes, answer->room);
        if (!answer->bytes) abort(); /* out of memory, as APR's pools do */
    }
    memcpy(answer->bytes + answer->length, bytes, length);
    answer->length += length;
    answer->bytes[answer->length] = '\0';
    return NULL;
}

static cdist_err_t *take(answer_t *answer, const char *bytes, apr_size_t length)
{
    if (!answer->ranges) return answer->status == 200 ? keep(answer, bytes, length) : NULL;
    if (answer->status != 200 && answer->status != 206) return NULL;
    if (!answer->begun) {
        answer->begun = 1;
        CDIST_ERR(cdist_ranges_begin(answer->ranges, answer->status, answer->content_type, answer->content_range));
    }
    return cdist_ranges_feed(answer->ranges, bytes, length);
}

#define ERROR_BODY_MAX 65536

static size_t take_body(char *bytes, size_t size, size_t count, void *baton)
{
    answer_t *answer = baton;
    size_t length = size * count;
    long status = 0;

    curl_easy_getinfo(answer->fetcher->curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    answer->err = take(answer, bytes, length);
    if (answer->err) return 0;
    if (status == 200 && answer->ranges && cdist_ranges_whole(answer->ranges)) {
        return 0; /* the rest of the file is not wanted */
    }
    if (status != 200 && status != 206 && (answer->length += length) > ERROR_BODY_MAX) return 0;
    return length;
}

static apr_status_t free_bytes(void *bytes)
{
    free(bytes);
    return APR_SUCCESS;
}

/* ---- requests ------------------------------------------------------------------------------------------------------ */

static void set_text(CURL *curl, CURLoption option, const char *text)
{
    if (text) curl_easy_setopt(curl, option, text);
}

static void set_transport(cdist_fetcher_t *fetcher, const char *url)
{
    const cdist_transport_t *transport = fetcher->transport;
    CURL *curl = fetcher->curl;

    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "1cdist-sync");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)transport->timeout_sec);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, (long)transport->floor_bytes);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)transport->timeout_sec);
    curl_easy_setopt(curl, CURLOPT_MAX_RECV_SPEED_LARGE, (curl_off_t)transport->rate_bytes);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    set_text(curl, CURLOPT_PROXY, transport->proxy);
    set_text(curl, CURLOPT_CAINFO, transport->ca);
    set_text(curl, CURLOPT_SSLCERT, transport->cert);
    set_text(curl, CURLOPT_SSLKEY, transport->cert_key);
    set_text(curl, CURLOPT_USERPWD, cdist_login_find(transport->logins, url));
}

static void count_traffic(cdist_fetcher_t *fetcher)
{
    curl_off_t body = 0;
    long headers = 0;

    curl_easy_getinfo(fetcher->curl, CURLINFO_SIZE_DOWNLOAD_T, &body);
    curl_easy_getinfo(fetcher->curl, CURLINFO_HEADER_SIZE, &headers);
    fetcher->requests++;
    fetcher->wire_bytes += (apr_uint64_t)body + (apr_uint64_t)headers;
}

typedef struct {
    const char *range, *header, *body; /* NULL: none */
} request_t;

/* Asks one address; whether it came to an answer's end. */
static CURLcode ask(answer_t *answer, const char *url, const request_t *request)
{
    struct curl_slist *headers = request->header ? curl_slist_append(NULL, request->header) : NULL;
    cdist_fetcher_t *fetcher = answer->fetcher;
    CURL *curl = fetcher->curl;
    long status = 0;
    CURLcode code;

    curl_easy_reset(curl); /* NB: the connection stays open */
    set_transport(fetcher, url);
    *fetcher->error = '\0';
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, fetcher->error);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    set_text(curl, CURLOPT_RANGE, request->range);
    if (request->body) curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long)strlen(request->body));
    set_text(curl, CURLOPT_POSTFIELDS, request->body);
    if (headers) curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer);
    code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    count_traffic(fetcher);
    curl_slist_free_all(headers);
    return code;
}

static int is_redirect(int status)
{
    return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

/* Why a redirect is not followed; NULL if it is. */
static const char *redirect_problem(const char *from, const char *to, int hops, const request_t *request)
{
    int secure = strncasecmp(to, "https:", 6) == 0;

    if (request->body) return "redirects the report, which is sent nowhere else: give the address that it redirects to";
    if (!secure && strncasecmp(to, "http:", 5) != 0) return "redirects to an address that is neither http nor https";
    if (!secure && strncasecmp(from, "https:", 6) == 0) return "redirects out of TLS, which is not followed";
    return hops == REDIRECTS_MAX ? "redirects too often" : NULL;
}

/* Makes a request. NB: libcurl, when it follows redirects, goes by the first address; here each hop must keep what the one
 * before it had, and has a name and password only if they are meant for it. */
static CURLcode perform(answer_t *answer, const char *url, const request_t *request)
{
    int hops = 0;

    for (;;) {
        CURLcode code = ask(answer, url, request);
        const char *next = NULL, *problem;

        if (code != CURLE_OK || !is_redirect(answer->status)) return code;
        curl_easy_getinfo(answer->fetcher->curl, CURLINFO_REDIRECT_URL, &next);
        if (!next) return code;
        problem = redirect_problem(url, next, hops++, request);
        if (problem) {
            answer->err = cdist_err_create(answer->pool, CDIST_E_SOURCE, 0, "the server %s", problem);
            return code;
        }
        url = apr_pstrdup(answer->pool, next);
        answer->length = 0;
    }
}

/* Why an answer is none. NB: addresses are the administrator's own, without secrets. */
static cdist_err_t *failed(const answer_t *answer, CURLcode code, const char *url)
{
    apr_pool_t *pool = answer->pool;
    const char *shown = cdist_text_printable(url, pool), *error = answer->fetcher->error;

    if (answer->err) {
        cdist_err_t *err = cdist_err_create(pool, answer->err->code, 0, "%s", shown);
        err->cause = answer->err;
        return err;
    }
    if (code != CURLE_OK && code != CURLE_WRITE_ERROR) {
        return cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s: %s", shown,
                                cdist_text_printable(*error ? error : curl_easy_strerror(code), pool));
    }
    return cdist_err_create(pool, answer->status == 404 || answer->status == 410 ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, 0,
                            "%s: the server answers with status %d", shown, answer->status);
}

static int is_document(int status)
{
    return status == 200 || status == 304 || status == 404 || status == 410;
}

/* NB: a long text about what is not there is cut off, which is no failure. */
static int is_answered(const answer_t *answer, CURLcode code)
{
    return !answer->err && is_document(answer->status) &&
           (code == CURLE_OK || (code == CURLE_WRITE_ERROR && answer->status >= 400));
}

cdist_err_t *cdist_fetch_document(cdist_document_t *document, cdist_fetcher_t *fetcher, const char *url, apr_size_t max_bytes,
                                  const char *etag, apr_pool_t *pool)
{
    answer_t answer = {fetcher, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, 0, max_bytes, NULL, pool};
    request_t request = {NULL, etag ? apr_pstrcat(pool, "If-None-Match: ", etag, NULL) : NULL, NULL};
    CURLcode code = perform(&answer, url, &request);

    if (answer.bytes) apr_pool_cleanup_register(pool, answer.bytes, free_bytes, apr_pool_cleanup_null);
    document->status = answer.status == 410 ? 404 : answer.status;
    if (!is_answered(&answer, code) || (answer.status == 304 && !etag)) return failed(&answer, code, url);
    document->etag = answer.etag && strlen(answer.etag) <= ETAG_MAX_BYTES ? answer.etag : NULL;
    document->bytes = answer.bytes && answer.status == 200 ? answer.bytes : "";
    document->length = answer.status == 200 ? answer.length : 0;
    return NULL;
}

/* The first so many spans, as the value of a Range header without its unit. */
static const char *range_text(cdist_spans_t *asked, const cdist_spans_t *wanted, int most, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, most, sizeof(const char *));
    int i;

    for (i = 0; i < wanted->nelts && i < most; i++) {
        const cdist_span_t *span = &APR_ARRAY_IDX(wanted, i, cdist_span_t);

        APR_ARRAY_PUSH(asked, cdist_span_t) = *span;
        APR_ARRAY_PUSH(texts, const char *) =
            apr_psprintf(pool, "%" APR_UINT64_T_FMT "-%" APR_UINT64_T_FMT, span->from, span->to - 1);
    }
    return apr_array_pstrcat(pool, texts, ',');
}

cdist_err_t *cdist_fetch_ranges(cdist_fetcher_t *fetcher, const char *url, const cdist_spans_t *wanted, apr_uint64_t bytes,
                                cdist_take_fn *take_fn, void *baton, apr_pool_t *pool)
{
    answer_t answer = {fetcher, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, 0, 0, NULL, pool};
    cdist_spans_t *asked = cdist_spans_make(pool);
    request_t request = {range_text(asked, wanted, fetcher->single ? 1 : RANGES_MAX, pool), NULL, NULL};
    int several = asked->nelts > 1;
    CURLcode code;

    answer.ranges = cdist_ranges_make(asked, bytes, take_fn, baton, pool);
    code = perform(&answer, url, &request);
    if (!answer.err && cdist_ranges_whole(answer.ranges)) return NULL;
    if (!answer.err && code == CURLE_OK && (answer.status == 200 || answer.status == 206)) return NULL; /* a part of it */
    /* A server may refuse several ranges at once (RFC 9110, 14.2), and take one. */
    if (!answer.err && code == CURLE_OK && several && answer.status >= 400 && answer.status < 500 && answer.status != 404) {
        fetcher->single = 1;
        return NULL;
    }
    return failed(&answer, code, url);
}

cdist_err_t *cdist_fetch_post(cdist_fetcher_t *fetcher, const char *url, const char *json, apr_pool_t *pool)
{
    answer_t answer = {fetcher, 0, NULL, NULL, NULL, NULL, 0, NULL, 0, 0, ERROR_BODY_MAX, NULL, pool};
    request_t request = {NULL, "Content-Type: application/json", json};
    CURLcode code = perform(&answer, url, &request);

    free(answer.bytes);
    if (!answer.err && code == CURLE_OK && answer.status >= 200 && answer.status < 300) return NULL;
    return failed(&answer, code, url);
}

#endif
