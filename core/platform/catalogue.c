/* An immutable snapshot of all releases that a lookup finds. Reads names, stats and Setup.ini, never content. */
#include "platform_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* A version's folder in which nothing was found is worth a word after this time: before, somebody may be at it. */
#define EMPTY_AGE apr_time_from_sec(60)

typedef struct {
    cdist_catalogue_t *catalogue;
    const cdist_lookup_t *lookup;
    const cdist_catalogue_t *previous;
    apr_array_header_t *sources; /* cdist_source_t, in the order of the roots */
    int place; /* number of the root or pattern that is being looked at, from 1 */
    apr_pool_t *pool;
} scan_t;

static void add_problem(scan_t *scan, const char *text)
{
    APR_ARRAY_PUSH(scan->catalogue->problems, const char *) = text;
}

static void note_unreadable(scan_t *scan, cdist_err_t *err)
{
    APR_ARRAY_PUSH(scan->catalogue->unreadable, cdist_err_t *) = err;
    APR_ARRAY_PUSH(scan->catalogue->unread_places, int) = scan->place;
    add_problem(scan, cdist_err_text(err, scan->pool));
}

static cdist_release_t *release_for(scan_t *scan, const cdist_version_t *version)
{
    cdist_release_t *release = (cdist_release_t *)cdist_catalogue_release(scan->catalogue, version);

    if (release) return release;
    release = apr_array_push(scan->catalogue->releases);
    release->version = *version;
    release->sources = apr_array_make(scan->pool, 5, sizeof(const cdist_source_t *));
    release->problem = NULL;
    return release;
}

/* Returns 1 if something in the folder was of ours. */
static int scan_folder(scan_t *scan, cdist_folder_t *parent, const char *path, const char *name)
{
    int recognised;
    cdist_err_t *err = cdist_source_scan(scan->sources, &recognised, scan->lookup, parent, path, name, scan->pool);
    cdist_version_t version;

    if (!err) return recognised;
    add_problem(scan, cdist_err_text(err, scan->pool));
    if (cdist_version_find(&version, name, scan->pool)) {
        release_for(scan, &version)->problem = cdist_err_text(err, scan->pool);
    }
    return 0;
}

/* A version's folder without anything of ours is worth a word, once nobody is at it any more. */
static void note_empty(scan_t *scan, cdist_folder_t *parent, const char *path, const cdist_child_t *child)
{
    cdist_version_t version;

    if (!cdist_version_parse(&version, child->name) || cdist_catalogue_release(scan->catalogue, &version)) return;
    if (cdist_server_holds(parent, child->name, scan->pool)) return; /* a 1C server without clients */
    if (scan->catalogue->scanned - child->stat.ctime_ns / 1000 <= EMPTY_AGE) return;
    add_problem(scan, apr_psprintf(scan->pool, "%s: is named by a version, but holds no installer (Setup.ini, setup.exe, "
                                   "*.msi, *.run, *.dmg, *.pkg …), no ready archive and no installed 1cv8c, itself or in a "
                                   "folder such as windows64 or distr", cdist_text_printable(path, scan->pool)));
}

/* Whether a folder with an architecture's name holds folders that are named by versions. */
static int is_architecture(scan_t *scan, const cdist_listing_t *listing)
{
    cdist_version_t version;
    int i;

    for (i = 0; i < listing->children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(listing->children, i, cdist_child_t);
        if (child->stat.kind == CDIST_FOLDER && cdist_version_find(&version, child->name, scan->pool)) return 1;
    }
    return 0;
}

static void scan_children(scan_t *scan, const cdist_listing_t *listing, int depth);

static void scan_child(scan_t *scan, cdist_folder_t *parent, const char *path, const cdist_child_t *child, int depth)
{
    cdist_listing_t listing;
    cdist_version_t version;

    if (*child->name == '.') return; /* where others prepare what they will move in */
    if (child->stat.kind == CDIST_FOLDER) {
        cdist_err_t *err = NULL;
        int named = depth == 0 && cdist_slot_parse(child->name);

        listing.folder = NULL;
        if (named) err = cdist_listing_read(&listing, parent, path, scan->pool);
        if (err) {
            note_unreadable(scan, err); /* the newest release may lie in it */
        } else if (named && is_architecture(scan, &listing)) {
            scan_children(scan, &listing, depth + 1);
        } else if (!scan_folder(scan, parent, path, child->name)) {
            note_empty(scan, parent, path, child);
        }
        cdist_listing_close(&listing);
    } else if (child->stat.kind == CDIST_LINK &&
               (cdist_version_find(&version, child->name, scan->pool) || (depth == 0 && cdist_slot_parse(child->name)))) {
        add_problem(scan, apr_psprintf(scan->pool, "%s: is a symbolic link, which is not followed; name its target's "
                                       "folder in CDistRoot", cdist_text_printable(path, scan->pool)));
    }
}

static void scan_children(scan_t *scan, const cdist_listing_t *listing, int depth)
{
    int i;

    for (i = 0; i < listing->children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(listing->children, i, cdist_child_t);
        scan_child(scan, listing->folder, apr_pstrcat(scan->pool, listing->path, "/", child->name, NULL), child, depth);
    }
}

static void scan_root(scan_t *scan, const char *root)
{
    const char *name = cdist_path_name(root, scan->pool);
    cdist_version_t version;
    cdist_listing_t listing;
    cdist_err_t *err = cdist_folder_read(&listing, NULL, root, scan->pool);

    if (err) {
        note_unreadable(scan, err);
        return;
    }
    if (cdist_version_find(&version, name, scan->pool) || cdist_listing_find(&listing, "Setup.ini", CDIST_FILE) ||
               cdist_listing_find(&listing, "setup.exe", CDIST_FILE) || listing.client) {
        scan_folder(scan, NULL, root, name);
    } else {
        scan_children(scan, &listing, 0);
    }
    cdist_listing_close(&listing);
}

/* ---- from sources to releases ---------------------------------------------------------------------------------- */

const cdist_source_t *cdist_catalogue_known(const cdist_catalogue_t *previous, const cdist_source_t *source)
{
    const cdist_release_t *release = previous ? cdist_catalogue_release(previous, &source->version) : NULL;
    const cdist_source_t *known = release ? cdist_release_source(release, source->slot) : NULL;

    return known && known->settled && !known->problem && strcmp(known->path, source->path) == 0 ? known : NULL;
}

cdist_source_t *cdist_source_dup(const cdist_source_t *source, apr_pool_t *pool)
{
    cdist_source_t *copy = apr_pmemdup(pool, source, sizeof *copy);

    copy->path = apr_pstrdup(pool, source->path);
    copy->skip = cdist_names_dup(source->skip, pool);
    copy->overlaid = source->overlaid ? cdist_overlaid_dup(source->overlaid, pool) : NULL;
    return copy;
}

static const cdist_source_t *settle(scan_t *scan, cdist_source_t *source)
{
    apr_time_t due = cdist_source_settles_at(source, scan->catalogue->settle);
    const cdist_source_t *known;

    source->settled = scan->catalogue->scanned >= due;
    if (source->settled && !source->problem) return source;
    if (source->problem && !source->unread) return source;
    if (!source->settled && (!scan->catalogue->settles_at || due < scan->catalogue->settles_at)) {
        scan->catalogue->settles_at = due;
    }
    known = cdist_catalogue_known(scan->previous, source);
    return known ? cdist_source_dup(known, scan->pool) : source;
}

/* Whether `a` is the better source of two for the same slot and version; equal ones keep the order of the roots. */
static int is_better(const cdist_source_t *a, const cdist_source_t *b)
{
    if (!a->problem != !b->problem) return !a->problem;
    if (a->settled != b->settled) return a->settled;
    if (cdist_source_installable(a) != cdist_source_installable(b)) return cdist_source_installable(a);
    if (a->named != b->named) return a->named;
    return a->kind < b->kind;
}

static void add_source(scan_t *scan, const cdist_source_t *source)
{
    apr_array_header_t *sources = release_for(scan, &source->version)->sources;
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const cdist_source_t **held = &APR_ARRAY_IDX(sources, i, const cdist_source_t *);

        if (cdist_slot_compare((*held)->slot, source->slot) == 0) {
            if (is_better(source, *held)) *held = source;
            return;
        }
    }
    APR_ARRAY_PUSH(sources, const cdist_source_t *) = source;
}

/* A component whose folder is away keeps what the snapshot before knew of it. NB: it cannot decide about the newest version, so
 * everything else goes on. */
static void keep_component(scan_t *scan, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; scan->previous && i < scan->previous->releases->nelts; i++) {
        const cdist_release_t *known = &APR_ARRAY_IDX(scan->previous->releases, i, cdist_release_t);
        const cdist_source_t *source = cdist_release_source(known, slot);
        cdist_release_t *release = cdist_source_offered(source) ? release_for(scan, &known->version) : NULL;

        if (release && !cdist_release_source(release, slot)) {
            APR_ARRAY_PUSH(release->sources, const cdist_source_t *) = cdist_source_dup(source, scan->pool);
        }
    }
}

/* A release folder that cannot be read for the moment keeps what the snapshot before knew of it. */
static void keep_known(scan_t *scan, cdist_release_t *release)
{
    const cdist_release_t *known;
    int i;

    if (!release->problem || !scan->previous) return;
    known = cdist_catalogue_release(scan->previous, &release->version);
    for (i = 0; known && i < known->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(known->sources, i, const cdist_source_t *);

        if (cdist_source_offered(source) && !cdist_release_source(release, source->slot)) {
            APR_ARRAY_PUSH(release->sources, const cdist_source_t *) = cdist_source_dup(source, scan->pool);
        }
    }
}

static int compare_releases(const void *left, const void *right)
{
    return cdist_version_compare(&((const cdist_release_t *)right)->version, &((const cdist_release_t *)left)->version);
}

static int compare_sources(const void *left, const void *right)
{
    const cdist_source_t *a = *(const cdist_source_t *const *)left, *b = *(const cdist_source_t *const *)right;
    return cdist_slot_compare(a->slot, b->slot);
}

static void collect_releases(scan_t *scan, const cdist_overlays_t *overlays)
{
    int i;

    for (i = 0; i < scan->sources->nelts; i++) {
        cdist_source_t *source = &APR_ARRAY_IDX(scan->sources, i, cdist_source_t);

        if (source->problem) {
            add_problem(scan, apr_psprintf(scan->pool, "%s: %s", cdist_text_printable(source->path, scan->pool),
                                           source->problem));
        }
        cdist_overlay_note(source, overlays);
        if (source->version.count && source->slot) add_source(scan, settle(scan, source));
        /* NB: what could not be read may be any slot's. */
        else if (source->version.count && source->unread) release_for(scan, &source->version)->problem = source->problem;
    }
    for (i = 0; i < scan->catalogue->releases->nelts; i++) {
        keep_known(scan, &APR_ARRAY_IDX(scan->catalogue->releases, i, cdist_release_t));
    }
    for (i = 0; i < scan->catalogue->unread_components->nelts; i++) {
        keep_component(scan, APR_ARRAY_IDX(scan->catalogue->unread_components, i, const cdist_slot_t *));
    }
    qsort(scan->catalogue->releases->elts, (size_t)scan->catalogue->releases->nelts, sizeof(cdist_release_t),
          compare_releases);
    for (i = 0; i < scan->catalogue->releases->nelts; i++) {
        apr_array_header_t *sources = APR_ARRAY_IDX(scan->catalogue->releases, i, cdist_release_t).sources;
        qsort(sources->elts, (size_t)sources->nelts, sizeof(const cdist_source_t *), compare_sources);
    }
}

/* What of an overlay cannot be used at all. */
static void note_overlays(scan_t *scan, const cdist_overlays_t *overlays)
{
    int i;

    if (overlays && overlays->problem) add_problem(scan, overlays->problem);
    for (i = 0; overlays && !overlays->problem && i < overlays->slots->nelts; i++) {
        const cdist_overlay_t *overlay = &APR_ARRAY_IDX(overlays->slots, i, cdist_overlay_t);
        if (overlay->problem) add_problem(scan, overlay->problem);
    }
    for (i = 0; overlays && !overlays->problem && i < overlays->strays->nelts; i++) {
        add_problem(scan, APR_ARRAY_IDX(overlays->strays, i, const char *));
    }
}

cdist_catalogue_t *cdist_catalogue_scan(const cdist_lookup_t *lookup, apr_interval_time_t settle_time,
                                        const cdist_catalogue_t *previous, apr_pool_t *result_pool)
{
    cdist_catalogue_t *catalogue = apr_pcalloc(result_pool, sizeof *catalogue);
    scan_t scan = {catalogue, lookup, previous, apr_array_make(result_pool, 32, sizeof(cdist_source_t)), 0, result_pool};
    cdist_overlays_t *overlays;
    int i;

    catalogue->releases = apr_array_make(result_pool, 8, sizeof(cdist_release_t));
    catalogue->problems = apr_array_make(result_pool, 4, sizeof(const char *));
    catalogue->conflicts = apr_array_make(result_pool, 1, sizeof(const char *));
    catalogue->unreadable = apr_array_make(result_pool, 1, sizeof(cdist_err_t *));
    catalogue->unread_places = apr_array_make(result_pool, 1, sizeof(int));
    catalogue->unread_components = apr_array_make(result_pool, 1, sizeof(const cdist_slot_t *));
    catalogue->settle = settle_time;
    /* NB: the time before the walk, so that what changes during it counts as younger. */
    catalogue->scanned = apr_time_now();
    for (i = 0; lookup->roots && i < lookup->roots->nelts; i++) {
        scan.place++;
        scan_root(&scan, APR_ARRAY_IDX(lookup->roots, i, const char *));
    }
    for (i = 0; lookup->patterns && i < lookup->patterns->nelts; i++) {
        const cdist_pattern_t *pattern = &APR_ARRAY_IDX(lookup->patterns, i, cdist_pattern_t);
        cdist_err_t *err = cdist_source_scan_pattern(scan.sources, lookup, pattern, result_pool);

        scan.place++;
        if (err && cdist_slot_is_component(pattern->slot)) {
            add_problem(&scan, cdist_err_text(err, result_pool));
            APR_ARRAY_PUSH(catalogue->unread_components, const cdist_slot_t *) = pattern->slot;
        } else if (err) note_unreadable(&scan, err);
    }
    overlays = cdist_overlays_read(lookup, result_pool);
    note_overlays(&scan, overlays);
    collect_releases(&scan, overlays);
    if (overlays) cdist_overlay_apply(catalogue, overlays, previous, result_pool);
    return catalogue;
}

const cdist_release_t *cdist_catalogue_release(const cdist_catalogue_t *catalogue, const cdist_version_t *version)
{
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        if (cdist_version_compare(&release->version, version) == 0) return release;
    }
    return NULL;
}

const cdist_source_t *cdist_release_source(const cdist_release_t *release, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (cdist_slot_compare(source->slot, slot) == 0) return source;
    }
    return NULL;
}

const cdist_slot_t *cdist_release_lacks(const cdist_release_t *release, const apr_array_header_t *required)
{
    int i;

    for (i = 0; required && i < required->nelts; i++) {
        const cdist_slot_t *slot = APR_ARRAY_IDX(required, i, const cdist_slot_t *);
        if (!cdist_source_offered(cdist_release_source(release, slot))) return slot;
    }
    return NULL;
}

int cdist_release_usable(const cdist_release_t *release)
{
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (cdist_source_offered(source)) return 1;
    }
    return 0;
}

int cdist_catalogue_usable(const cdist_catalogue_t *catalogue)
{
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        if (cdist_release_usable(&APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t))) return 1;
    }
    return 0;
}

int cdist_release_held(const cdist_release_t *release)
{
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        const cdist_source_t *source = APR_ARRAY_IDX(release->sources, i, const cdist_source_t *);
        if (source->problem && source->overlaid && source->overlaid->open) return 1;
    }
    return 0;
}
