/* Archives and their manifests. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <http_core.h>
#include <http_protocol.h>

#include <string.h>

#define ETAG_HEX_DIGITS 32

typedef struct {
    cdist_request_t *req;
    cdist_child_t *child;
    cdist_archive_t *archive;
    apr_file_t *file;
    const char *version; /* NULL: not known */
    const char *kept;    /* the manifest of an archive that was evicted; NULL: the archive is there */
} answer_t;

static apr_int32_t open_flags(const request_rec *r)
{
#if APR_HAS_SENDFILE
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);

    return core->enable_sendfile == ENABLE_SENDFILE_ON ? APR_FOPEN_SENDFILE_ENABLED : 0;
#else
    (void)r;
    return 0;
#endif
}

/* ---- finding out what is meant --------------------------------------------------------------------------------- */

/* Whether it is not known what is current, because the 1C server's version is not. */
static int is_server_unknown(const cdist_request_t *req, const cdist_err_t *err)
{
    return err->code == CDIST_E_SOURCE && req->current.kind == CDIST_CURRENT_SERVER;
}

/* Says in the log that the URL without a version answers nobody; at most once a minute in each process, since clients
 * come in crowds. Roots that cannot be read are in the log already, with the catalogue. */
static void warn_no_current(const cdist_request_t *req, const cdist_err_t *err)
{
    static volatile apr_uint32_t last_none_sec, last_unknown_sec;

    if (cdist_relay_target(req, err)) return;
    if (err->code == CDIST_E_NOTFOUND && cdist_log_due(&last_none_sec, 60)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "CD0106: clients that ask for no version get 404: %s", err->message);
    } else if (is_server_unknown(req, err) && cdist_log_due(&last_unknown_sec, 60)) {
        ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "CD0119: clients that ask for no version get 503: %s",
                      cdist_err_text(err, req->r->pool));
    }
}

cdist_err_t *cdist_select_source(const cdist_source_t **source, cdist_request_t *req)
{
    const cdist_release_t *current;
    cdist_err_t *err;

    CDIST_ERR(cdist_child_catalogue(req));
    if (req->route.selector.mask.count < CDIST_VERSION_PARTS) {
        err = cdist_child_current(&current, req);
        /* NB: under a mask current goes first, so that without knowing it any answer may be the wrong one. */
        if (err && (!req->route.selector.mask.count || is_server_unknown(req, err))) {
            warn_no_current(req, err);
            return err;
        }
    }
    return cdist_select(source, req->catalogue, &req->current, &req->route.selector, req->r->pool);
}

/* How long another thread or process may take for the look that is due when a release settles. */
#define LOOK_WAIT APR_USEC_PER_SEC
#define LOOK_PAUSE apr_time_from_msec(20)

/* Who sets CDistSettle below the two seconds that a stat needs to be trusted wants releases at once: instead of 503 the
 * request waits for the rest of them, and then for whoever is looking at the folder. Returns 1 if it waited. */
static int await_trust(const cdist_catalogue_t *catalogue, apr_time_t deadline)
{
    apr_time_t now = apr_time_now();

    if (!catalogue->settles_at || catalogue->settle >= CDIST_SETTLE_MIN) return 0;
    if (now >= deadline || catalogue->settles_at > deadline) return 0;
    apr_sleep(catalogue->settles_at > now ? catalogue->settles_at - now : LOOK_PAUSE);
    return 1;
}

static cdist_err_t *find_source(const cdist_source_t **source, cdist_request_t *req)
{
    apr_time_t deadline = apr_time_now() + CDIST_SETTLE_MIN + LOOK_WAIT;
    cdist_err_t *err = cdist_published_find(source, req);

    if (!err && !*source) err = cdist_published_find_frozen(source, req);
    if (err || *source) return err;
    err = cdist_select_source(source, req);
    while (err && err->code == CDIST_E_CHANGED && await_trust(req->catalogue, deadline)) err = cdist_select_source(source, req);
    return err;
}

static void note(request_rec *r, const char *name, const char *value)
{
    apr_table_setn(r->notes, name, value);
}

cdist_err_t *cdist_obtain(cdist_archive_t **archive, apr_file_t **file, cdist_request_t *req, const cdist_source_t *source)
{
    const cdist_process_conf_t *conf = cdist_conf_process();
    request_rec *r = req->r;
    cdist_child_t *child;
    cdist_outcome_t outcome;
    cdist_job_t job;
    cdist_err_t *err;

    CDIST_ERR(cdist_child_ready(&child, r->pool));
    cdist_source_job(&job, source, req->dir->lookup.layout, conf->level, conf->build_threads, r->pool);
    err = cdist_flights_obtain(archive, file, &outcome, child->flights, &job, apr_time_from_sec(conf->build_timeout_sec),
                               open_flags(r), r->pool);
    if (err) {
        if (err->code == CDIST_E_CHANGED) cdist_child_expire(req);
        if (err->code == CDIST_E_SOURCE && !err->told) {
            err->told = "a file of the release cannot be read, so that its archive cannot be built; CD0016 in the server's "
                        "error_log names it";
        }
        /* The archive was just there; somebody emptied the store. */
        if (err->code == CDIST_E_NOTFOUND) err->code = CDIST_E_BUSY;
        return err;
    }
    note(r, "cdist-cache", cdist_outcome_name(outcome));
    if (outcome == CDIST_BUILT) {
        cdist_child_expire(req);
        note(r, "cdist-build-ms", apr_psprintf(r->pool, "%" APR_INT64_T_FMT, (*archive)->build_ms));
    }
    return NULL;
}

static cdist_err_t *obtain_selected(answer_t *answer)
{
    request_rec *r = answer->req->r;
    const cdist_source_t *source;

    CDIST_ERR(find_source(&source, answer->req));
    if (source->version.count) {
        answer->version = cdist_version_format(&source->version, r->pool);
        note(r, "cdist-version", answer->version);
    }
    return cdist_obtain(&answer->archive, &answer->file, answer->req, source);
}

/* Whether a source that this publication offers has, or had, an archive of these bytes. NB: another publication's evicted
 * archives are nobody's business here; its own access control decides about them. */
static int was_ours(const answer_t *answer)
{
    cdist_request_t *req = answer->req;
    int i;

    if (cdist_child_catalogue(req) != NULL) return 0;
    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);
        const cdist_source_t *source = cdist_release_source(release, req->route.selector.slot);
        cdist_job_t job;

        if (!cdist_source_offered(source)) continue;
        cdist_source_job(&job, source, req->dir->lookup.layout, cdist_conf_process()->level, 0, req->r->pool);
        if (cdist_store_leads_to(answer->child->store, &job.key, &req->route.sha256, req->r->pool)) return 1;
    }
    return 0;
}

/* Manifests outlive their archives. Returns 1 if it may be shown. */
static int obtain_kept(answer_t *answer)
{
    cdist_request_t *req = answer->req;
    cdist_archive_t *archive;

    if (cdist_store_kept_manifest(&answer->kept, answer->child->store, &req->route.sha256, req->r->pool)) return 0;
    if (!was_ours(answer)) return 0;
    archive = apr_pcalloc(req->r->pool, sizeof *archive);
    archive->sha256 = req->route.sha256;
    answer->archive = archive;
    return 1;
}

static cdist_err_t *obtain(answer_t *answer)
{
    cdist_request_t *req = answer->req;
    request_rec *r = req->r;
    cdist_err_t *err;

    CDIST_ERR(cdist_child_ready(&answer->child, r->pool));
    note(r, "cdist-slot", req->route.selector.slot->name);
    if (req->route.kind != CDIST_ROUTE_BYTES) return obtain_selected(answer);
    err = cdist_store_find_bytes(&answer->archive, &answer->file, answer->child->store, &req->route.sha256, open_flags(r),
                                 r->pool);
    if (err && err->code == CDIST_E_NOTFOUND && req->route.manifest && obtain_kept(answer)) return NULL;
    if (err && err->code == CDIST_E_SOURCE) err->told = "the store of archives cannot be read";
    if (err) return err;
    cdist_store_mark_used(answer->child->store, answer->archive, r->pool);
    note(r, "cdist-cache", cdist_outcome_name(CDIST_HIT));
    return NULL;
}

/* ---- answering ------------------------------------------------------------------------------------------------- */

static const char *etag(const answer_t *answer, const char *suffix)
{
    apr_pool_t *pool = answer->req->r->pool;

    return apr_psprintf(pool, "\"%.*s%s\"", ETAG_HEX_DIGITS, cdist_digest_hex(&answer->archive->sha256, pool), suffix);
}

void cdist_set_archive_headers(const cdist_request_t *req, const char *version)
{
    request_rec *r = req->r;
    int immutable = req->route.kind == CDIST_ROUTE_BYTES;

    apr_table_setn(r->headers_out, "Cache-Control", immutable ? "max-age=31536000, immutable" : "no-cache");
    if (!req->route.manifest) {
        apr_table_setn(r->headers_out, "Content-Disposition",
                       apr_psprintf(r->pool, "attachment; filename=\"%s\"", req->route.selector.slot->file));
    }
    if (version) {
        apr_table_setn(r->headers_out, "1C-Version", version);
        apr_table_setn(r->headers_out, "Content-Location",
                       ap_escape_uri(r->pool, apr_pstrcat(r->pool, req->base, "/", version, "/", req->route.selector.slot->file,
                                                          req->route.manifest ? ".manifest" : "", NULL)));
    }
}

static int send_manifest(answer_t *answer)
{
    cdist_request_t *req = answer->req;
    const char *json = answer->kept;

    if (!json) {
        cdist_err_t *err = cdist_store_manifest(&json, answer->child->store, &answer->archive->sha256, req->r->pool);

        apr_file_close(answer->file);
        if (err) return cdist_respond_error(req, err);
    }
    cdist_set_archive_headers(req, answer->version);
    return cdist_respond_text(req, "application/json", etag(answer, "-manifest"), json);
}

int cdist_serve_archive(cdist_request_t *req)
{
    request_rec *r = req->r;
    answer_t answer = {req, NULL, NULL, NULL, NULL, NULL};
    const char *upstream;
    cdist_err_t *err;

    if (req->route.manifest && req->route.selector.mask.count == CDIST_VERSION_PARTS && cdist_published_file(req)) {
        return cdist_serve_published(req);
    }
    err = obtain(&answer);
    upstream = err ? cdist_relay_target(req, err) : NULL;
    if (upstream) return cdist_relay(req, upstream, err);
    if (err) return cdist_respond_error(req, err);
    if (req->route.manifest) return send_manifest(&answer);
    cdist_set_archive_headers(req, answer.version);
    ap_set_content_type(r, "application/zip");
    apr_table_setn(r->headers_out, "ETag", etag(&answer, ""));
    apr_table_setn(r->headers_out, "Repr-Digest",
                   apr_pstrcat(r->pool, "sha-256=:", cdist_digest_base64(&answer.archive->sha256, r->pool), ":", NULL));
    /* An archive that lies in somebody else's folder may be cut short while it is sent: never map it. */
    return cdist_respond_file(req, answer.file, answer.archive->bytes, !answer.archive->ready);
}
