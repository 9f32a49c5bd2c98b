/* {base}/resolve?infobase=: which version an infobase of CDistInfobases is started with, out of the releases that are published
 * here, and why; the JSON of `1cdist resolve`. os= and arch= name the machine that asks; without them every slot counts. */
#include "services_int.h"

#include <apr_strings.h>

#include <string.h>

static cdist_err_t *add_lists(cdist_launcher_t *launcher, const cdist_request_t *req)
{
    apr_uint64_t total = 0, bits;
    int i, j;

    CDIST_ERR(cdist_infobases_which(&bits, req));
    for (i = 0; i < req->dir->infobases->nelts; i++) {
        const cdist_infobases_t *entry = &APR_ARRAY_IDX(req->dir->infobases, i, cdist_infobases_t);

        for (j = 0; bits >> i & 1 && j < entry->files->nelts; j++) {
            const cdist_infobase_list_t *list;

            CDIST_ERR(cdist_infobases_load(&list, &total, APR_ARRAY_IDX(entry->files, j, const char *), req));
            /* NB: what reads the launcher's lists changes none; cdist_launcher_record would. */
            APR_ARRAY_PUSH(launcher->lists, const cdist_infobase_list_t *) = list;
        }
    }
    return NULL;
}

static void add_source(cdist_launcher_t *launcher, const cdist_source_t *source, cdist_request_t *req)
{
    const char *version = cdist_version_format(&source->version, launcher->pool);

    cdist_launcher_add_published(launcher, &source->version, source->slot,
                                 apr_pstrcat(launcher->pool, cdist_public_url(req), "/", version, "/", source->slot->file,
                                             NULL));
}

/* Everything that clients could install from here, of one slot or of all (NULL). */
static void add_releases(cdist_launcher_t *launcher, const cdist_slot_t *slot, cdist_request_t *req)
{
    int i, j;

    for (i = 0; i < req->catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(req->catalogue->releases, i, cdist_release_t);

        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);

            if (!cdist_source_offered(source) || !cdist_source_installable(source)) continue;
            if (!slot || cdist_slot_compare(slot, source->slot) == 0) add_source(launcher, source, req);
        }
    }
}

/* What GetDistributiveInfo would name for the slot, or for each (NULL): const cdist_source_t *. */
static cdist_err_t *select_sources(apr_array_header_t **sources, const cdist_slot_t *slot, const cdist_version_t *mask,
                                   cdist_request_t *req)
{
    const cdist_slot_t *each;
    cdist_err_t *first = NULL;

    *sources = apr_array_make(req->r->pool, 7, sizeof(const cdist_source_t *));
    req->route.selector.mask = *mask;
    for (each = cdist_slots; each->name; each++) {
        const cdist_source_t *source;
        cdist_err_t *err;

        if (slot && cdist_slot_compare(slot, each) != 0) continue;
        req->route.selector.slot = each;
        err = cdist_select_source(&source, req);
        if (!err && cdist_source_installable(source)) APR_ARRAY_PUSH(*sources, const cdist_source_t *) = source;
        else if (err && err->code != CDIST_E_NOTFOUND && !first) first = err;
    }
    return (*sources)->nelts ? NULL : first;
}

/* Decides anew out of those sources alone, of one version or of all (NULL), with a word about why these. */
static cdist_err_t *decide_among(cdist_resolution_t **resolution, cdist_launcher_t *launcher, const cdist_infobase_t *infobase,
                                 const apr_array_header_t *sources, const cdist_version_t *only, const char *why,
                                 cdist_request_t *req)
{
    int i;

    apr_array_clear(launcher->builds);
    apr_array_clear(launcher->notes);
    if (why) APR_ARRAY_PUSH(launcher->notes, const char *) = why;
    for (i = 0; i < sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(sources, i, const cdist_source_t *);
        if (!only || cdist_version_compare(only, &source->version) == 0) add_source(launcher, source, req);
    }
    return cdist_resolve(resolution, launcher, infobase, req->r->pool);
}

/* NB: who asks for a part of a version, or for none, gets here what he gets from the archives' URLs and from
 * GetDistributiveInfo: the current version where it will do. The launcher's own rule would take the newest, for none even of
 * another family. */
static cdist_err_t *decide_by_current(cdist_resolution_t **resolution, cdist_launcher_t *launcher,
                                      const cdist_infobase_t *infobase, const cdist_slot_t *slot, const cdist_version_t *mask,
                                      cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    apr_array_header_t *sources;
    const cdist_release_t *current;
    const char *name, *asked = cdist_version_format(mask, pool), *why = NULL;
    cdist_err_t *err = cdist_child_current(&current, req);

    if (err && !mask->count) return err;
    CDIST_ERR(select_sources(&sources, slot, mask, req));
    name = current ? cdist_version_format(&current->version, pool) : "";
    if (!mask->count) launcher->current = name;
    if (current && cdist_mask_matches(mask, &current->version)) {
        why = apr_psprintf(pool, "%s, which is current here, matches %s and goes before newer ones", name, asked);
        if (!mask->count) why = NULL;
        CDIST_ERR(decide_among(resolution, launcher, infobase, sources, &current->version, why, req));
        if (!mask->count || !(*resolution)->problem) return NULL;
        why = apr_psprintf(pool, "%s, which is current here, matches %s but has no client for this: of the others counts the "
                           "newest that has one", name, asked);
    } else if (current) {
        why = apr_psprintf(pool, "%s, which is current here, does not match %s: the newest that does is taken", name, asked);
    }
    return decide_among(resolution, launcher, infobase, sources, NULL, why, req);
}

static cdist_err_t *decide(cdist_resolution_t **resolution, const char *name, const cdist_slot_t *slot, cdist_request_t *req)
{
    cdist_launcher_t *launcher = cdist_launcher_create(req->r->pool);
    const cdist_infobase_t *infobase;
    cdist_version_t required;

    CDIST_ERR(cdist_child_catalogue(req));
    if (req->catalogue->unreadable->nelts) {
        return cdist_err_dup(APR_ARRAY_IDX(req->catalogue->unreadable, 0, const cdist_err_t *), req->r->pool);
    }
    CDIST_ERR(add_lists(launcher, req));
    CDIST_ERR(cdist_launcher_find(&infobase, launcher, name, req->r->pool));
    add_releases(launcher, slot, req);
    CDIST_ERR(cdist_resolve(resolution, launcher, infobase, req->r->pool));
    if (!cdist_mask_parse(&required, (*resolution)->required)) memset(&required, 0, sizeof required);
    if (required.count < CDIST_VERSION_PARTS) {
        CDIST_ERR(decide_by_current(resolution, launcher, infobase, slot, &required, req));
    }
    cdist_resolution_note_namesakes(*resolution, launcher, infobase, req->r->pool);
    return NULL;
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
