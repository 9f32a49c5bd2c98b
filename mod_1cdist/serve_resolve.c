/* {base}/resolve?infobase=: which version an infobase of CDistInfobases is started with, out of the releases that are published
 * here, and why; the JSON of `1cdist resolve`. os= and arch= name the machine that asks; without them every slot counts. */
#include "services_int.h"

#include <apr_strings.h>

#include <string.h>

static cdist_err_t *add_lists(cdist_launcher_t *launcher, const cdist_request_t *req)
{
    apr_size_t total = 0;
    apr_uint64_t bits;
    int i, j;

    CDIST_ERR(cdist_infobases_which(&bits, req));
    for (i = 0; i < req->dir->infobases->nelts; i++) {
        const cdist_infobases_t *entry = &APR_ARRAY_IDX(req->dir->infobases, i, cdist_infobases_t);

        for (j = 0; bits >> i & 1 && j < entry->files->nelts; j++) {
            cdist_infobase_list_t *list;

            CDIST_ERR(cdist_infobases_load(&list, &total, APR_ARRAY_IDX(entry->files, j, const char *), req));
            APR_ARRAY_PUSH(launcher->lists, cdist_infobase_list_t *) = list;
        }
    }
    return NULL;
}

/* What clients could install from here: of one slot, or of all (NULL); of one release, or of all (NULL). */
static void add_releases(cdist_launcher_t *launcher, const cdist_slot_t *slot, const cdist_release_t *only, cdist_request_t *req)
{
    const char *base = cdist_public_url(req);
    int i, j;

    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);

        if (only && only != release) continue;
        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);

            if (!cdist_source_offered(source) || !cdist_source_installable(source)) continue;
            if (slot && cdist_slot_compare(slot, source->slot) != 0) continue;
            cdist_launcher_add_published(launcher, &release->version, source->slot,
                                         apr_pstrcat(launcher->pool, base, "/", cdist_version_format(&release->version, launcher->pool),
                                                     "/", source->slot->file, NULL));
        }
    }
}

/* Decides. NB: an infobase that asks for no version gets the current one, as every client does that asks for none: the launcher's
 * rule would take the newest of all families. */
static cdist_err_t *decide(cdist_resolution_t **resolution, const char *name, const cdist_slot_t *slot, cdist_request_t *req)
{
    cdist_launcher_t *launcher = cdist_launcher_create(req->r->pool);
    const cdist_release_t *current;
    const cdist_infobase_t *infobase;

    CDIST_ERR(cdist_child_catalogue(req));
    if (req->catalogue->unreadable->nelts) {
        return cdist_err_dup(APR_ARRAY_IDX(req->catalogue->unreadable, 0, const cdist_err_t *), req->r->pool);
    }
    CDIST_ERR(add_lists(launcher, req));
    CDIST_ERR(cdist_launcher_find(&infobase, launcher, name, req->r->pool));
    add_releases(launcher, slot, NULL, req);
    CDIST_ERR(cdist_resolve(resolution, launcher, infobase, req->r->pool));
    if (*(*resolution)->required) return NULL;
    CDIST_ERR(cdist_child_current(&current, req));
    apr_array_clear(launcher->builds);
    add_releases(launcher, slot, current, req);
    return cdist_resolve(resolution, launcher, infobase, req->r->pool);
}

int cdist_serve_resolve(cdist_request_t *req)
{
    const char *name = cdist_query_value(req->r, "infobase"), *os = cdist_query_value(req->r, "os");
    const char *arch = cdist_query_value(req->r, "arch");
    const cdist_slot_t *slot = NULL;
    cdist_resolution_t *resolution;
    cdist_err_t *err;

    if (!req->dir->infobases) {
        return cdist_respond_problem(req, HTTP_NOT_FOUND, "no lists of infobases are published here: CDistInfobases is not set");
    }
    if (!name || !*name) return cdist_respond_problem(req, HTTP_BAD_REQUEST, "infobase is missing: it must be an infobase's name");
    if (os || arch) {
        slot = os ? cdist_slot_of_system(os, arch ? arch : "") : cdist_slot_parse(arch);
        if (!slot) return cdist_respond_problem(req, HTTP_BAD_REQUEST, "os and arch name no slot that is known");
    }
    err = decide(&resolution, name, slot, req);
    if (err) return cdist_respond_error(req, err);
    return cdist_respond_json(req, json_loads(cdist_resolution_json(resolution, req->r->pool), 0, NULL));
}
