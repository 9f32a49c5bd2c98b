/* ClientUpdate.cfg: the release that clients load before the server switches to it (administrator guide of 8.3.23, App. 3.14). It is
 * the newest complete one of the current release's family that is newer than it; another family is never suggested. */
#include "mod_1cdist_int.h"

#include "publication/cdist_publication.h"

#include <apr_strings.h>

static int has_installer(const cdist_release_t *release)
{
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (cdist_source_offered(source) && cdist_source_installable(source) && cdist_location_by_slot(source->slot) >= 0) return 1;
    }
    return 0;
}

static cdist_err_t *find_next(const cdist_release_t **next, cdist_request_t *req)
{
    const cdist_release_t *current;
    cdist_version_t family;
    int i;

    CDIST_ERR(cdist_child_catalogue(req));
    CDIST_ERR(cdist_child_current(&current, req));
    if (req->catalogue->unreadable->nelts) {
        return cdist_err_dup(APR_ARRAY_IDX(req->catalogue->unreadable, 0, const cdist_err_t *), req->r->pool);
    }
    family = current->version;
    family.count = 2;
    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);

        if (cdist_version_compare(&release->version, &current->version) <= 0) break; /* newest first */
        if (!cdist_mask_matches(&family, &release->version) || cdist_release_lacks(release, req->current.required)) continue;
        if (!has_installer(release)) continue;
        *next = release;
        return NULL;
    }
    return cdist_err_create(req->r->pool, CDIST_E_NOTFOUND, 0, "there is no release of %s after %s to be loaded before the switch",
                            cdist_version_format(&family, req->r->pool), cdist_version_format(&current->version, req->r->pool));
}

/* NB: `1cdist conf` names what is still being copied too; clients would get 503 for it here. */
static void leave_out_unready(cdist_publication_t *publication, const cdist_release_t *release)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (!cdist_source_offered(cdist_release_source(release, cdist_slot_parse(cdist_locations[i].slot)))) publication->url[i] = NULL;
    }
}

int cdist_serve_client_update(cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    const cdist_release_t *next = NULL;
    cdist_publication_t publication;
    cdist_settings_t *settings;
    apr_size_t length;
    cdist_err_t *err = find_next(&next, req);

    apr_table_mergen(req->r->headers_out, "Vary", "Host, X-Forwarded-Host, X-Forwarded-Proto");
    if (!err) err = cdist_publication_make(&publication, req->catalogue, &next->version, cdist_public_url(req), 0, pool);
    if (!err) err = cdist_settings_parse(&settings, "", 0, "ClientUpdate.cfg", pool);
    if (err) return cdist_respond_error(req, err);
    leave_out_unready(&publication, next);
    cdist_publication_put_update(settings, &publication, req->dir->update_date);
    return cdist_respond_made(req, "text/plain; charset=utf-8", cdist_settings_write(&length, settings, pool));
}
