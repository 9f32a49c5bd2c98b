/* WebDistributiveLocation: the platform's own question for a distribution, its size and address. Sources: kb.1ci.com,
 * Administrator Guide 8.3.22, App. 6.2.2, and the services that others publish for the same clients (akpaevj/AdminPanel): a GET
 * with OS, Arch and Version, answered with {"root":{"size":N,"url":"..."}}, where size 0 means that there is none. Before, the
 * launcher asks for the service's address with HEAD; 200 says that this form is understood, 405 would mean SOAP, which is not
 * offered here. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <http_protocol.h>

static int answer(cdist_request_t *req, apr_uint64_t bytes, const char *url)
{
    return cdist_respond_json(req, json_pack("{s:{s:I,s:s}}", "root", "size", (json_int_t)bytes, "url", url));
}

int cdist_serve_distributive_probe(cdist_request_t *req)
{
    return cdist_respond_json(req, json_object());
}

/* The source that the platform's own updater may have; CDIST_E_NOTFOUND if there is none. */
static cdist_err_t *find(const cdist_source_t **source, cdist_request_t *req)
{
    if (req->dir->publish == CDIST_PUBLISH_OFF) return cdist_err_create(req->r->pool, CDIST_E_NOTFOUND, 0, "CDistPublish is Off");
    CDIST_ERR(cdist_select_source(source, req));
    if (cdist_source_installable(*source) || req->dir->installed == CDIST_INSTALLED_ADVERTISE) return NULL;
    return cdist_err_create(req->r->pool, CDIST_E_NOTFOUND, 0, "%s: holds no installer, and CDistInstalled is not advertise",
                            (*source)->path);
}

/* NB: the size is never guessed: a client compares it, so who asks waits for the build. */
int cdist_serve_distributive_info(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *os = cdist_query_value(r, "OS"), *arch = cdist_query_value(r, "Arch");
    const char *text = cdist_query_value(r, "Version"), *version;
    const cdist_source_t *source;
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_err_t *err;

    req->route.selector.slot = cdist_slot_of_system(os ? os : "", arch ? arch : "");
    if (text && !cdist_mask_parse(&req->route.selector.mask, text)) {
        return cdist_respond_problem(req, HTTP_BAD_REQUEST, "Version is malformed: it must be " CDIST_MASK_FORM);
    }
    if (!text || !req->route.selector.slot) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "CD0115: no distribution: %s",
                      text ? "OS and Arch name no slot that is known" : "Version is missing");
        return answer(req, 0, "");
    }
    apr_table_setn(r->notes, "cdist-slot", req->route.selector.slot->name);
    err = find(&source, req);
    if (!err) err = cdist_obtain(&archive, &file, req, source);
    if (err && err->code == CDIST_E_NOTFOUND) {
        ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, "CD0116: no distribution for %s %s: %s", req->route.selector.slot->name,
                      cdist_version_format(&req->route.selector.mask, r->pool), cdist_err_text(err, r->pool));
        return answer(req, 0, "");
    }
    if (err) return cdist_respond_error(req, err);
    apr_file_close(file);
    version = cdist_version_format(&source->version, r->pool);
    apr_table_setn(r->notes, "cdist-version", version);
    return answer(req, archive->bytes,
                  apr_pstrcat(r->pool, cdist_public_url(req), "/", version, "/", source->slot->file, NULL));
}
