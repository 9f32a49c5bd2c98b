/* What a release folder holds. Understood are
 *   <version>/distr/windows64tc.zip …       ready archives, the platform's own layout; also directly in the folder
 *   <version>/Setup.ini, setup.exe, *.run … one distribution
 *   <version>/bin/1cv8c.exe, 1cv8c …        one installed platform
 *   <version>/Win64/ …                      one of these a slot, as on a deployment share
 *   <version>/modules/ …                    a component's files
 *   setuptc64_8_3_27_2342/ …                an unpacked download
 *   windows64-8.3.22.1750/, modules-…       an archive of ours with a folder of its own, unpacked
 * How version and slot are found stands in distribution.c and installed.c. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

/* Adds the folder's ready archives; they go to `skip`, so that nothing packs them again. A link in the place of one is said,
 * unless the folder is packed as a whole: then it is one of its files. */
static void add_ready(cdist_walk_t *walk, const cdist_listing_t *listing, apr_array_header_t *skip)
{
    int whole = cdist_folder_is_source(listing), i;

    for (i = 0; i < listing->children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(listing->children, i, cdist_child_t);
        const cdist_slot_t *slot = cdist_slot_parse_file(child->name, walk->lookup->components);
        const char *path = slot ? apr_pstrcat(walk->pool, listing->path, "/", child->name, NULL) : NULL;

        if (slot && child->stat.kind == CDIST_LINK && !whole) cdist_walk_add_link(walk, slot, path);
        if (!slot || child->stat.kind != CDIST_FILE) continue;
        APR_ARRAY_PUSH(skip, const char *) = apr_pstrcat(walk->pool, "/", child->name, NULL);
        cdist_walk_add_ready(walk, slot, path, &child->stat);
    }
}

/* A child folder may hold ready archives ("distr", or one a slot) or be a source itself; in a folder that is one as a
 * whole only by its name. *recognised is 1 if it was something. */
static cdist_err_t *scan_child(int *recognised, cdist_walk_t *walk, const cdist_listing_t *parent, const char *name, int whole)
{
    const cdist_slot_t *slot = cdist_slot_find(name, walk->lookup->components, walk->pool);
    int component = slot && cdist_slot_is_component(slot), is_distr = strcasecmp(name, "distr") == 0;
    int before = walk->recognised;
    apr_array_header_t *skip;
    cdist_listing_t listing;
    cdist_err_t *err;

    *recognised = 0;
    if (whole && !is_distr && !slot) return NULL;
    err = cdist_folder_read(&listing, parent->folder, apr_pstrcat(walk->pool, parent->path, "/", name, NULL), walk->pool);
    /* What would have been in it goes before all else that the release holds. */
    if (err && is_distr) return err;
    if (err) {
        cdist_walk_add_problem(walk, slot, listing.path, cdist_err_text(err, walk->pool), 1);
        *recognised = 1;
        return NULL;
    }
    cdist_walk_note(walk, listing.stat.ctime_ns);
    skip = apr_array_make(walk->pool, 4, sizeof(const char *));
    walk->recognised = 0;
    /* NB: what lies in a component's folder is the component's, be it named like a ready archive. */
    if (!component) add_ready(walk, &listing, skip);
    /* NB: a name such as "x86_64" hints at windows64 too weakly; what lies in the folder tells better. */
    if (!is_distr) cdist_walk_add_folder(walk, &listing, name, component ? slot : NULL, skip);
    cdist_listing_close(&listing);
    *recognised = is_distr || walk->recognised;
    walk->recognised |= before;
    return NULL;
}

/* A link is followed nowhere. In the place of a slot's folder that is said; in a folder that is packed as a whole it is one of
 * its files, unless it stands for distr. Returns 1 if it was something. */
static int note_link(cdist_walk_t *walk, const cdist_listing_t *parent, const char *name, int whole)
{
    int is_distr = strcasecmp(name, "distr") == 0;
    const cdist_slot_t *slot = is_distr ? NULL : cdist_slot_find(name, walk->lookup->components, walk->pool);

    if (!is_distr && (whole || !slot)) return 0;
    cdist_walk_add_link(walk, slot, apr_pstrcat(walk->pool, parent->path, "/", name, NULL));
    return 1;
}

static cdist_err_t *scan_children(cdist_walk_t *walk, const cdist_listing_t *listing, apr_array_header_t *skip)
{
    int whole = cdist_folder_is_source(listing), i;

    for (i = 0; i < listing->children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(listing->children, i, cdist_child_t);
        int recognised = 0;

        if (child->stat.kind == CDIST_LINK) recognised = note_link(walk, listing, child->name, whole);
        else if (child->stat.kind == CDIST_FOLDER) CDIST_ERR(scan_child(&recognised, walk, listing, child->name, whole));
        if (recognised) APR_ARRAY_PUSH(skip, const char *) = apr_pstrcat(walk->pool, "/", child->name, NULL);
    }
    return NULL;
}

/* The component that a release folder such as "modules-8.3.22.1750" holds, which is how an archive with a folder of its own
 * unpacks; NULL if it is none. */
static const cdist_slot_t *own_component(const char *name, const cdist_walk_t *walk)
{
    const apr_array_header_t *components = walk->lookup->components;
    const char *version = cdist_version_format(&walk->version, walk->pool);
    int i;

    for (i = 0; walk->version.count && components && i < components->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(components, i, const cdist_slot_t *);
        if (strcasecmp(name, apr_pstrcat(walk->pool, slot->name, "-", version, NULL)) == 0) return slot;
    }
    return NULL;
}

cdist_err_t *cdist_source_scan(apr_array_header_t *sources, int *recognised, const cdist_lookup_t *lookup,
                               cdist_folder_t *parent, const char *folder, const char *name, apr_pool_t *result_pool)
{
    cdist_walk_t walk = {sources, lookup, {{0}, 0}, 0, 0, result_pool};
    apr_array_header_t *skip = apr_array_make(result_pool, 4, sizeof(const char *));
    const cdist_slot_t *component;
    int first = sources->nelts, i;
    cdist_listing_t listing;
    cdist_err_t *err = NULL;

    *recognised = 0;
    cdist_version_find(&walk.version, name, result_pool);
    component = own_component(name, &walk);
    CDIST_ERR(cdist_folder_read(&listing, parent, folder, result_pool));
    cdist_walk_note(&walk, listing.stat.ctime_ns);
    if (!component) {
        add_ready(&walk, &listing, skip);
        err = scan_children(&walk, &listing, skip);
    }
    if (!err) cdist_walk_add_folder(&walk, &listing, name, component, skip);
    cdist_listing_close(&listing);
    if (err) {
        sources->nelts = first; /* half a release is none */
        return err;
    }
    for (i = first; i < sources->nelts; i++) {
        APR_ARRAY_IDX(sources, i, cdist_source_t).newest_ns = walk.newest_ns;
    }
    *recognised = walk.recognised;
    return NULL;
}
