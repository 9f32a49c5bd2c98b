/* WebDistributiveLocation: the platform's own question for a distribution, its size and address. Sources: kb.1ci.com,
 * Administrator Guide 8.3.22, App. 6.2.2, and the services that others publish for the same clients (akpaevj/AdminPanel): a GET
 * with OS, Arch and Version, answered with {"root":{"size":N,"url":"..."}}, where size 0 means that there is none. Before, the
 * launcher asks for the service's address with HEAD; 200 says that this form is understood, 405 would mean SOAP, which is not
 * offered here. */
#include "mod_1cdist_int.h"
#include "upstream_text_int.h"

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

/* The same question in the words that the platform uses, below an upstream's URL. */
static const char *question(const cdist_request_t *req)
{
    /* In the order of cdist_slots. */
    static const char *const words[] = {"Windows&Arch=x86",  "Windows&Arch=x86_64", "Linux&Arch=x86", "Linux&Arch=x86_64",
                                        "MacOS&Arch=x86_64", "Linux&Arch=arm64",    "Linux&Arch=e2k"};

    return apr_pstrcat(req->r->pool, "WebDistributiveLocation/GetDistributiveInfo?OS=", words[req->route.selector.slot - cdist_slots],
                       "&Version=", cdist_version_format(&req->route.selector.mask, req->r->pool), NULL);
}

/* NB: it is this server that hands the archive out, wherever the answer comes from. */
static int answer_source(cdist_request_t *req, apr_uint64_t bytes, const cdist_version_t *version)
{
    apr_pool_t *pool = req->r->pool;
    const char *text = cdist_version_format(version, pool);

    apr_table_setn(req->r->notes, "cdist-version", text);
    return answer(req, bytes, apr_pstrcat(pool, cdist_public_url(req), "/", text, "/", req->route.selector.slot->file, NULL));
}

static int answer_none(cdist_request_t *req, const char *why)
{
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, req->r, "CD0116: no distribution for %s %s: %s", req->route.selector.slot->name,
                  cdist_version_format(&req->route.selector.mask, req->r->pool), why);
    return answer(req, 0, "");
}

/* The upstream has none either. NB: what is being filled here will be had in a moment. */
static int answer_lack(cdist_request_t *req, const cdist_err_t *lack)
{
    if (lack->code == CDIST_E_CHANGED) return cdist_respond_error(req, lack);
    return answer_none(req, "the upstream has none either");
}

/* The source that the platform's own updater may have; CDIST_E_NOTFOUND if there is none. *upstream is where to ask in that case;
 * NULL if nobody is to be asked. */
static cdist_err_t *find(const cdist_source_t **source, const char **upstream, cdist_request_t *req)
{
    cdist_err_t *err;

    *upstream = NULL;
    if (req->dir->publish == CDIST_PUBLISH_OFF) return cdist_err_create(req->r->pool, CDIST_E_NOTFOUND, 0, "CDistPublish is Off");
    err = cdist_select_source(source, req);
    if (err) *upstream = cdist_relay_service(req, err, question(req));
    if (err) return err;
    if (cdist_source_installable(*source) || req->dir->installed == CDIST_INSTALLED_ADVERTISE) return NULL;
    return cdist_err_create(req->r->pool, CDIST_E_NOTFOUND, 0, "%s: holds no installer, and CDistInstalled is not advertise",
                            (*source)->path);
}

/* What the upstream says, whose archive this server hands on. `lack` is why it cannot be had here. */
static int answer_from_upstream(cdist_request_t *req, const char *url, const cdist_err_t *lack)
{
    apr_pool_t *pool = req->r->pool;
    cdist_version_t version;
    const char *text, *wrong;
    apr_uint64_t bytes;
    cdist_err_t *err;
    int held, result = cdist_relay_text(&text, req, url, lack);

    if (!text) return result;
    if (!*text) return answer_lack(req, lack);
    wrong = cdist_upstream_distribution(&version, &bytes, text, &req->route.selector, pool);
    if (wrong) {
        static volatile apr_uint32_t last_sec;

        if (cdist_log_due(&last_sec, 60)) {
            ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "CD0133: %s: the answer is not in order: %s", url, wrong);
        }
        apr_table_setn(req->r->headers_out, "Retry-After", "60");
        return cdist_respond_problem(req, HTTP_SERVICE_UNAVAILABLE, "it is not here, and what the server that this one takes updates "
                                     "from says of it is not in order");
    }
    if (!bytes) return answer_lack(req, lack);
    if ((err = cdist_relay_held(&held, req, &version)) != NULL) return cdist_respond_error(req, err);
    if (held) return answer_none(req, apr_pstrcat(pool, cdist_version_format(&version, pool), " is held", NULL));
    return answer_source(req, bytes, &version);
}

/* NB: the size is never guessed: a client compares it, so who asks waits for the build. */
int cdist_serve_distributive_info(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *os = cdist_query_value(r, "OS"), *arch = cdist_query_value(r, "Arch");
    const char *text = cdist_query_value(r, "Version"), *upstream;
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
    err = find(&source, &upstream, req);
    if (upstream) return answer_from_upstream(req, upstream, err);
    if (!err) err = cdist_obtain(&archive, &file, req, source);
    if (err && err->code == CDIST_E_NOTFOUND) return answer_none(req, cdist_err_text(err, r->pool));
    if (err) return cdist_respond_error(req, err);
    apr_file_close(file);
    return answer_source(req, archive->bytes, &source->version);
}
