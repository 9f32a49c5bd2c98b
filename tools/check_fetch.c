/* One exchange with a server, through libcurl. Everything is bounded: connecting, each pause, the whole, the body; libcurl
 * itself bounds the headers. */
#include <config.h>
#include "check_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#ifdef HAVE_LIBCURL
#include <curl/curl.h>

#define CONNECT_SEC 20
#define PAUSE_SEC 300 /* a build on demand may take its time before the first byte, by default up to 120 s */
#define HEADERS_MAX 200
#define PROBLEM_MAX 16384 /* of an answer that tells what is wrong */
#define PROBLEM_SHOWN 300

typedef struct {
    CURL *curl;
    check_answer_t *answer;
    const check_target_t *target;
    int wanted; /* the status whose body counts */
    int unwanted, too_large;
    char problem[PROBLEM_MAX];
    size_t problem_bytes;
    apr_status_t write_status; /* of our own file */
    apr_file_t *body;
    cdist_sha256_t *sha256;
    apr_pool_t *pool;
} exchange_t;

static size_t take_header(char *bytes, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t length = size * count;
    char *line = apr_pstrmemdup(exchange->pool, bytes, length), *value = strchr(line, ':'), *end;

    /* A status line begins another answer: what came before was a 1xx. */
    if (strncmp(line, "HTTP/", 5) == 0) apr_table_clear(exchange->answer->headers);
    if (!value || strncmp(line, "HTTP/", 5) == 0 || apr_table_elts(exchange->answer->headers)->nelts >= HEADERS_MAX) return length;
    *value++ = '\0';
    while (apr_isspace(*value)) value++;
    for (end = value + strlen(value); end > value && apr_isspace(end[-1]);) *--end = '\0';
    apr_table_addn(exchange->answer->headers, line, value);
    return length;
}

/* The body of an answer of another status. It is worth reading only where it tells a program what is wrong; 0 ends the
 * exchange. */
static size_t take_unwanted(exchange_t *exchange, const char *bytes, size_t length)
{
    const char *type = apr_table_get(exchange->answer->headers, "Content-Type");

    exchange->unwanted = 1;
    if (!type || strncasecmp(type, "application/problem+json", 24) != 0) return 0;
    if (length > sizeof exchange->problem - exchange->problem_bytes) return 0;
    memcpy(exchange->problem + exchange->problem_bytes, bytes, length);
    exchange->problem_bytes += length;
    return length;
}

/* What the answer says is wrong: its detail, else its title, not longer than a few lines; NULL if it is no such answer. */
static const char *take_problem(const exchange_t *exchange)
{
    json_t *problem = json_loadb(exchange->problem, exchange->problem_bytes, 0, NULL);
    const char *text = json_string_value(json_object_get(problem, "detail"));
    apr_size_t length;

    if (!text) text = json_string_value(json_object_get(problem, "title"));
    if (text) {
        length = strlen(text) > PROBLEM_SHOWN ? PROBLEM_SHOWN : strlen(text);
        while (length && ((unsigned char)text[length] & 0xC0) == 0x80) length--;
        text = cdist_text_printable(apr_pstrmemdup(exchange->pool, text, length), exchange->pool);
    }
    json_decref(problem);
    return text;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *baton)
{
    exchange_t *exchange = baton;
    size_t length = size * count;
    long status = 0;

    curl_easy_getinfo(exchange->curl, CURLINFO_RESPONSE_CODE, &status);
    if (status != exchange->wanted) return take_unwanted(exchange, bytes, length);
    if (length > exchange->target->max_bytes - exchange->answer->bytes) {
        exchange->too_large = 1;
        return 0;
    }
    exchange->write_status = apr_file_write_full(exchange->body, bytes, length, NULL);
    if (exchange->write_status != APR_SUCCESS) return 0;
    cdist_sha256_update(exchange->sha256, bytes, length);
    exchange->answer->bytes += length;
    return length;
}

/* How far it came, by what libcurl says. NB: a deadline says nothing of the stage that it ended, but the times do. */
static check_outcome_t outcome_of(CURLcode code, const exchange_t *exchange)
{
    curl_off_t resolved = 0, connected = 0, secured = 0;
    int tls = strncasecmp(exchange->target->url, "https:", 6) == 0;

    if (exchange->unwanted) return CHECK_WHOLE;
    if (exchange->too_large) return CHECK_TOO_LARGE;
    if (code == CURLE_OK) return CHECK_WHOLE;
    if (code == CURLE_COULDNT_RESOLVE_HOST) return CHECK_UNRESOLVED;
    if (code == CURLE_COULDNT_CONNECT) return CHECK_UNCONNECTED;
    if (code == CURLE_SSL_CONNECT_ERROR) return CHECK_NO_TLS;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE) return CHECK_UNTRUSTED;
    curl_easy_getinfo(exchange->curl, CURLINFO_NAMELOOKUP_TIME_T, &resolved);
    curl_easy_getinfo(exchange->curl, CURLINFO_CONNECT_TIME_T, &connected);
    curl_easy_getinfo(exchange->curl, CURLINFO_APPCONNECT_TIME_T, &secured);
    if (!connected) return resolved ? CHECK_UNCONNECTED : CHECK_UNRESOLVED;
    if (tls && !secured) return CHECK_NO_TLS;
    return exchange->answer->status ? CHECK_CUT : CHECK_SILENT;
}

static void set_options(exchange_t *exchange, const char *range, char *error)
{
    const check_target_t *target = exchange->target;
    CURL *curl = exchange->curl;

    curl_easy_setopt(curl, CURLOPT_URL, target->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_PROXY, ""); /* clients reach an update point of their own network directly */
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "1cdist-check");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT, (long)CONNECT_SEC);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, (long)target->timeout_sec);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)PAUSE_SEC);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 1L);
    curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 2L);
    if (target->ca) curl_easy_setopt(curl, CURLOPT_CAINFO, target->ca);
    if (range) curl_easy_setopt(curl, CURLOPT_RANGE, range);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, exchange);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, error);
}

cdist_err_t *check_fetch(check_answer_t *answer, const check_target_t *target, const char *range, apr_file_t *body,
                         apr_pool_t *pool)
{
    exchange_t exchange = {.curl = curl_easy_init(),
                           .answer = answer,
                           .target = target,
                           .wanted = range ? 206 : 200,
                           .body = body,
                           .sha256 = cdist_sha256_create(pool),
                           .pool = pool};
    char error[CURL_ERROR_SIZE] = "", *ip = NULL;
    long status = 0, port = 0;
    CURLcode code;

    if (!exchange.curl) return cdist_err_create(pool, CDIST_E_SOURCE, 0, "libcurl cannot be used");
    memset(answer, 0, sizeof *answer);
    answer->headers = apr_table_make(pool, 16);
    set_options(&exchange, range, error);
    code = curl_easy_perform(exchange.curl);
    curl_easy_getinfo(exchange.curl, CURLINFO_RESPONSE_CODE, &status);
    answer->status = (int)status;
    answer->outcome = outcome_of(code, &exchange);
    answer->problem = take_problem(&exchange);
    answer->error = code == CURLE_OK || exchange.unwanted ? "" : cdist_text_printable(*error ? error : curl_easy_strerror(code), pool);
    curl_easy_getinfo(exchange.curl, CURLINFO_PRIMARY_IP, &ip);
    curl_easy_getinfo(exchange.curl, CURLINFO_PRIMARY_PORT, &port);
    if (ip && *ip) answer->address = apr_psprintf(pool, "%s port %ld", ip, port);
    cdist_sha256_final(&answer->sha256, exchange.sha256);
    curl_easy_cleanup(exchange.curl);
    if (exchange.write_status == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, exchange.write_status, "the temporary file cannot be written (TMPDIR names its "
                                                                        "folder)");
}

#else

cdist_err_t *check_fetch(check_answer_t *answer, const check_target_t *target, const char *range, apr_file_t *body,
                         apr_pool_t *pool)
{
    (void)answer;
    (void)target;
    (void)range;
    (void)body;
    return cdist_err_create(pool, CDIST_E_SOURCE, 0, "this 1cdist was built without libcurl, so it cannot ask servers (Debian: "
                                                     "install libcurl4-openssl-dev, configure and build again)");
}

#endif
