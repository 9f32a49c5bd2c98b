/* From results to HTTP: statuses, problem+json, conditions, files. */
#include "mod_1cdist_int.h"
#include "upstream_text_int.h"

#include <apr_buckets.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>
#include <http_request.h>
#include <util_filter.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define MAX_ALTERNATIVES 50

/* ---- problems -------------------------------------------------------------------------------------------------- */

/* The one table from the library's codes to HTTP; retry_sec 0 = no Retry-After. `text` is what strangers read instead of
 * the error's own words, which name places on this server and are for the log; NULL where they do not. */
typedef struct {
    cdist_code_t code;
    int status, retry_sec;
    const char *text;
} problem_t;

static const problem_t problems[] = {
    {CDIST_E_NOTFOUND, HTTP_NOT_FOUND, 0, NULL},
    {CDIST_E_BUSY, HTTP_SERVICE_UNAVAILABLE, 10, NULL},
    {CDIST_E_TIMEOUT, HTTP_SERVICE_UNAVAILABLE, 10, NULL},
    {CDIST_E_STOPPED, HTTP_SERVICE_UNAVAILABLE, 5, NULL},
    {CDIST_E_CHANGED, HTTP_SERVICE_UNAVAILABLE, 30,
     "the release is not ready: its folder is still being filled, or was changed a moment ago"},
    {CDIST_E_SOURCE, HTTP_SERVICE_UNAVAILABLE, 60,
     "a folder with releases or updates cannot be read now, so that it is not known what is there; CD0101, CD0020 or CD0121 in the "
     "server's error_log names it"},
    {CDIST_E_UNSAFE, HTTP_SERVICE_UNAVAILABLE, 300, "the release holds a file that must not be archived"},
    {CDIST_E_CORRUPT, HTTP_SERVICE_UNAVAILABLE, 300, "the ready archive is damaged"},
    {CDIST_E_STORE, HTTP_SERVICE_UNAVAILABLE, 60, "the store of archives cannot be used"},
    {CDIST_E_INPUT, HTTP_SERVICE_UNAVAILABLE, 300, "the release or the store is not as it should be"}};

static const problem_t *problem_of(const cdist_err_t *err)
{
    size_t i;

    for (i = 0; i < sizeof problems / sizeof problems[0]; i++) {
        if (problems[i].code == err->code) return &problems[i];
    }
    return &problems[sizeof problems / sizeof problems[0] - 1];
}

/* What the error says to strangers, else the table's text; and what the system said. */
const char *cdist_respond_public_text(const cdist_err_t *err, apr_pool_t *pool)
{
    const char *text = err->told ? err->told : problem_of(err)->text;
    char buffer[200];

    if (!text) return err->message;
    while (err && err->status == APR_SUCCESS) err = err->cause;
    if (!err) return text;
    return apr_pstrcat(pool, text, ": ", apr_strerror(err->status, buffer, sizeof buffer), NULL);
}

/* What exists instead, newest first. */
static json_t *alternatives(const cdist_catalogue_t *catalogue, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i, j;

    for (i = 0; i < catalogue->releases->nelts && i < MAX_ALTERNATIVES; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        json_t *entry, *slots;

        if (!cdist_release_usable(release)) continue;
        entry = json_object();
        slots = json_array();
        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);
            if (cdist_source_offered(source)) json_array_append_new(slots, json_string(source->slot->name));
        }
        json_object_set_new(entry, "version", json_string(cdist_version_format(&release->version, pool)));
        json_object_set_new(entry, "slots", slots);
        json_array_append_new(list, entry);
    }
    return list;
}

/* Adds the texts of a list that are not in another one. */
static void add_missing(json_t *to, const json_t *from)
{
    size_t i, j;

    for (i = 0; i < json_array_size(from); i++) {
        json_t *text = json_array_get(from, i);

        for (j = 0; j < json_array_size(to) && !json_equal(json_array_get(to, j), text); j++) continue;
        if (j == json_array_size(to)) json_array_append(to, text);
    }
}

/* Adds what another server has to the list. */
static void add_elsewhere(json_t *list, const char *problem)
{
    json_t *theirs = cdist_upstream_available(problem);
    size_t i, j;

    for (i = 0; i < json_array_size(theirs); i++) {
        json_t *entry = json_array_get(theirs, i), *mine = NULL;

        for (j = 0; j < json_array_size(list) && !mine; j++) {
            mine = json_array_get(list, j);
            if (!json_equal(json_object_get(mine, "version"), json_object_get(entry, "version"))) mine = NULL;
        }
        if (!mine) json_array_append(list, entry);
        else add_missing(json_object_get(mine, "slots"), json_object_get(entry, "slots"));
    }
    json_decref(theirs);
}

/* Sends a body that lies in memory; the caller has set status and headers. */
static int send_text(request_rec *r, const char *text)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    apr_size_t length = strlen(text);

    ap_set_content_length(r, (apr_off_t)length);
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_pool_create(text, length, r->pool, bb->bucket_alloc));
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return ap_pass_brigade(r->output_filters, bb) == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}

/* `detail` is for strangers, `logged` for the log. */
static int send_problem(cdist_request_t *req, int status, const char *detail, const char *logged)
{
    request_rec *r = req->r;
    json_t *problem = json_object();
    char *dumped;
    const char *text;

    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "CD0104: %d: %s", status, logged);
    r->status = status;
    ap_set_content_type(r, "application/problem+json");
    apr_table_setn(r->headers_out, "Cache-Control", "no-store");
    json_object_set_new(problem, "type", json_string("about:blank"));
    /* ap_get_status_line gives "404 Not Found". */
    json_object_set_new(problem, "title", json_string(ap_get_status_line(status) + 4));
    json_object_set_new(problem, "status", json_integer(status));
    json_object_set_new(problem, "detail", json_string(cdist_text_printable(detail, r->pool)));
    if (req->catalogue || req->elsewhere) {
        json_t *available = req->catalogue ? alternatives(req->catalogue, r->pool) : json_array();

        if (req->elsewhere) add_elsewhere(available, req->elsewhere);
        json_object_set_new(problem, "available", available);
    }
    dumped = json_dumps(problem, JSON_COMPACT);
    json_decref(problem);
    text = apr_pstrcat(r->pool, dumped ? dumped : "{}", "\n", NULL);
    free(dumped);
    return send_text(r, text);
}

int cdist_respond_problem(cdist_request_t *req, int status, const char *detail)
{
    return send_problem(req, status, detail, detail);
}

int cdist_respond_error(cdist_request_t *req, const cdist_err_t *err)
{
    request_rec *r = req->r;
    const problem_t *problem = problem_of(err);

    if (problem->retry_sec) apr_table_setn(r->headers_out, "Retry-After", apr_itoa(r->pool, problem->retry_sec));
    return send_problem(req, problem->status, cdist_respond_public_text(err, r->pool), cdist_err_text(err, r->pool));
}

/* ---- contents -------------------------------------------------------------------------------------------------- */

/* Evaluates the request's conditions. NB: nothing here has a Last-Modified, since the same URL may go back to an older
 * version; so by RFC 9110 (13.1.3, 13.1.4, 13.1.5) conditions by date must be ignored, while ap_meets_conditions would
 * compare them with the current time. */
static int meets_conditions(request_rec *r)
{
    const char *if_range = apr_table_get(r->headers_in, "If-Range");

    apr_table_unset(r->headers_in, "If-Modified-Since");
    apr_table_unset(r->headers_in, "If-Unmodified-Since");
    if (if_range && *if_range != '"') apr_table_unset(r->headers_in, "Range");
    return ap_meets_conditions(r);
}

/* A 304 or 412: headers and no body. */
static int send_no_body(request_rec *r, int status)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);

    r->status = status;
    if (status != HTTP_NOT_MODIFIED) apr_table_unset(r->headers_out, "Content-Length");
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return ap_pass_brigade(r->output_filters, bb) == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}

int cdist_respond_text(cdist_request_t *req, const char *type, const char *etag, const char *text)
{
    request_rec *r = req->r;
    int status;

    ap_set_content_type(r, type);
    apr_table_setn(r->headers_out, "ETag", etag);
    if ((status = meets_conditions(r)) != OK) return send_no_body(r, status);
    return send_text(r, text);
}

const char *cdist_respond_etag(const char *text, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update_text(sha, text);
    cdist_sha256_final(&digest, sha);
    return apr_psprintf(pool, "\"%.32s\"", cdist_digest_hex(&digest, pool));
}

int cdist_respond_made(cdist_request_t *req, const char *type, const char *text)
{
    return cdist_respond_remembered(req, type, cdist_respond_etag(text, req->r->pool), text);
}

int cdist_respond_remembered(cdist_request_t *req, const char *type, const char *etag, const char *text)
{
    apr_table_setn(req->r->headers_out, "Cache-Control", "no-cache");
    return cdist_respond_text(req, type, etag, text);
}

/* NB: takes over `json`, NULL if it could not be made. */
int cdist_respond_json(cdist_request_t *req, json_t *json)
{
    char *dumped = json ? json_dumps(json, JSON_COMPACT) : NULL;
    const char *text = dumped ? apr_pstrcat(req->r->pool, dumped, "\n", NULL) : NULL;

    free(dumped);
    json_decref(json);
    if (!text) return HTTP_INTERNAL_SERVER_ERROR;
    ap_set_content_type(req->r, "application/json");
    apr_table_setn(req->r->headers_out, "Cache-Control", "no-store");
    return send_text(req->r, text);
}

int cdist_respond_file(cdist_request_t *req, apr_file_t *file, apr_uint64_t bytes, int may_map)
{
    request_rec *r = req->r;
    core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    apr_bucket_brigade *bb;
    apr_bucket *bucket;
    int status;

    /* Another encoding would cost the ETag, the ranges and the digest, and these bytes do not shrink. */
    apr_table_setn(r->subprocess_env, "no-gzip", "1");
    apr_table_setn(r->subprocess_env, "no-brotli", "1");
    ap_set_accept_ranges(r);
    ap_set_content_length(r, (apr_off_t)bytes);
    if ((status = meets_conditions(r)) != OK) return send_no_body(r, status);
    bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    bucket = apr_brigade_insert_file(bb, file, 0, (apr_off_t)bytes, r->pool);
    if (!may_map || core->enable_mmap == ENABLE_MMAP_OFF) apr_bucket_file_enable_mmap(bucket, 0);
    /* NB: the end in the same brigade, or httpd's byte-range filter does not work. */
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(bb->bucket_alloc));
    return ap_pass_brigade(r->output_filters, bb) == APR_SUCCESS || r->connection->aborted ? OK : AP_FILTER_ERROR;
}
