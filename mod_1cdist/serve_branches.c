/* {base}/branches: a branch says how it is, with POST; GET, and index.json?branches, show what they said. Both only for whom httpd
 * knows by name, and a branch speaks for itself alone: its report is kept under the name it logged in with. */
#include "client_text_int.h"
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include <jansson.h>
#include <string.h>

static const char *folder_of(const cdist_request_t *req)
{
    return apr_pstrcat(req->r->pool, cdist_conf_process()->store, "/branches", NULL);
}

static int answer_stranger(cdist_request_t *req)
{
    return cdist_respond_problem(req, HTTP_FORBIDDEN, "reports of branches need a name: protect this path with AuthType and Require");
}

/* Reads the body, at most one byte more than a report may have; an HTTP status. */
static int read_body(char **bytes, apr_size_t *length, request_rec *r)
{
    long got = 0;
    int status = ap_setup_client_block(r, REQUEST_CHUNKED_DECHUNK);

    if (status != OK) return status;
    *bytes = apr_palloc(r->pool, CDIST_BRANCH_REPORT_MAX + 1);
    *length = 0;
    if (!ap_should_client_block(r)) return OK;
    while (*length <= CDIST_BRANCH_REPORT_MAX &&
           (got = ap_get_client_block(r, *bytes + *length, CDIST_BRANCH_REPORT_MAX + 1 - *length)) > 0) {
        *length += (apr_size_t)got;
    }
    return got < 0 ? HTTP_BAD_REQUEST : OK;
}

int cdist_serve_branch_report(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *clean;
    apr_size_t length;
    cdist_err_t *err;
    char *bytes;
    int status;

    if (!r->user) return answer_stranger(req);
    /* NB: forms of other sites cannot send this type, so nobody's browser reports for him. */
    if (!cdist_media_type_is(apr_table_get(r->headers_in, "Content-Type"), "application/json")) {
        return cdist_respond_problem(req, HTTP_UNSUPPORTED_MEDIA_TYPE, "a report is application/json");
    }
    if ((status = read_body(&bytes, &length, r)) != OK) return cdist_respond_problem(req, status, "the report cannot be read");
    if (length > CDIST_BRANCH_REPORT_MAX) return cdist_respond_problem(req, HTTP_REQUEST_ENTITY_TOO_LARGE, "the report is too long");
    err = cdist_branch_report_clean(&clean, bytes, length, r->user, r->request_time, r->pool);
    if (err) return cdist_respond_problem(req, HTTP_BAD_REQUEST, err->message);
    if ((err = cdist_branch_report_keep(folder_of(req), r->user, clean, r->pool)) != NULL) return cdist_respond_error(req, err);
    return cdist_respond_json(req, json_object());
}

int cdist_branches_asked(const request_rec *r)
{
    return r->args && (strcmp(r->args, "branches") == 0 || strncmp(r->args, "branches&", 9) == 0 || strncmp(r->args, "branches=", 9) == 0);
}

int cdist_serve_branches(cdist_request_t *req, json_t *index)
{
    apr_array_header_t *reports;
    json_t *list = json_array();
    cdist_err_t *err;
    int i;

    json_object_set_new(index, "branches", list);
    err = req->r->user ? cdist_branch_reports(&reports, folder_of(req), req->r->pool) : NULL;
    if (!req->r->user || err) {
        json_decref(index);
        return err ? cdist_respond_error(req, err) : answer_stranger(req);
    }
    for (i = 0; i < reports->nelts; i++) {
        json_t *report = json_loads(APR_ARRAY_IDX(reports, i, const char *), 0, NULL);
        if (report) json_array_append_new(list, report);
    }
    return cdist_respond_json(req, index);
}
