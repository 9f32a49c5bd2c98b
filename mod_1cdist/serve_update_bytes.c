/* {base}/updates/sha256/<digest>: a file of a template folder as 1cdist publish has copied it into the published folder, under the
 * name that its bytes give it. Other centres need no more than a plain web server for it; here it says what it is. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <http_protocol.h>

int cdist_serve_update_bytes(cdist_request_t *req)
{
    const char *path = cdist_published_file(req);
    request_rec *r = req->r;
    cdist_stat_t stat;
    apr_file_t *file;

    if (!path || cdist_file_open(&file, &stat, path, 0, r->pool) != APR_SUCCESS) {
        return cdist_respond_problem(req, HTTP_NOT_FOUND, "no file of updates with that digest is published here");
    }
    apr_table_setn(r->headers_out, "Cache-Control", "max-age=31536000, immutable");
    apr_table_setn(r->headers_out, "ETag", apr_psprintf(r->pool, "\"%.32s\"", cdist_digest_hex(&req->route.sha256, r->pool)));
    apr_table_setn(r->headers_out, "Repr-Digest",
                   apr_pstrcat(r->pool, "sha-256=:", cdist_digest_base64(&req->route.sha256, r->pool), ":", NULL));
    ap_set_content_type(r, "application/octet-stream");
    /* Whoever administers the folder may cut the file short while it is sent: never map it. */
    return cdist_respond_file(req, file, stat.bytes, 0);
}
