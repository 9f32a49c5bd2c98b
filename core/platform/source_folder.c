/* One folder as a source: which kind it is, how large, and the signature of its content. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

void cdist_walk_note(cdist_walk_t *walk, apr_int64_t ctime_ns)
{
    if (ctime_ns > walk->newest_ns) walk->newest_ns = ctime_ns;
}

cdist_source_t *cdist_walk_push(cdist_walk_t *walk, const cdist_source_t *source)
{
    cdist_source_t *pushed = apr_array_push(walk->sources);

    *pushed = *source;
    walk->recognised = 1;
    return pushed;
}

void cdist_walk_add_problem(cdist_walk_t *walk, const cdist_slot_t *slot, const char *path, const char *problem, int unread)
{
    cdist_source_t source;

    memset(&source, 0, sizeof source);
    source.version = walk->version;
    source.slot = slot;
    source.kind = CDIST_SOURCE_DISTRIBUTION;
    source.path = path;
    source.problem = problem;
    source.unread = unread;
    cdist_walk_push(walk, &source);
}

void cdist_walk_add_link(cdist_walk_t *walk, const cdist_slot_t *slot, const char *path)
{
    cdist_walk_add_problem(walk, slot, path, "is a symbolic link, which is not followed", 0);
}

cdist_err_t *cdist_folder_read(cdist_listing_t *listing, cdist_folder_t *parent, const char *path, apr_pool_t *pool)
{
    cdist_err_t *err;

    CDIST_ERR(cdist_listing_read(listing, parent, path, pool));
    err = cdist_distribution_installer(listing) ? NULL : cdist_installed_find(listing, pool);
    if (err) cdist_listing_close(listing);
    return err;
}

int cdist_folder_is_source(const cdist_listing_t *listing)
{
    return cdist_distribution_installer(listing) || listing->client;
}

/* What the folder holds, and which files belong to it. */
static void measure(cdist_source_t *source, cdist_walk_t *walk, const cdist_listing_t *listing)
{
    apr_pool_t *scratch;
    cdist_tree_t *tree;
    cdist_err_t *err;

    apr_pool_create(&scratch, walk->pool);
    err = cdist_tree_read_open(&tree, listing->folder, source->path, source->skip, scratch);
    if (err) {
        source->problem = cdist_err_text(err, walk->pool);
        source->unread = err->code == CDIST_E_SOURCE || err->code == CDIST_E_CHANGED;
    } else {
        if (!tree->files) source->problem = "holds no files";
        source->files = tree->files;
        source->bytes = tree->bytes;
        source->signature = tree->signature;
        cdist_walk_note(walk, tree->newest_ns);
    }
    apr_pool_destroy(scratch);
}

/* NB: a version in the name of a component's own folder is the component's business. */
static void identify_component(cdist_source_t *source)
{
    if (source->version.count == 0) source->problem = "its folder's name tells no version A.B.C.D";
}

void cdist_walk_add_folder(cdist_walk_t *walk, const cdist_listing_t *listing, const char *name, const cdist_slot_t *slot,
                           const apr_array_header_t *skip)
{
    int component = slot && cdist_slot_is_component(slot);
    cdist_source_t source;
    cdist_err_t *err = NULL;

    memset(&source, 0, sizeof source);
    source.version = walk->version;
    source.slot = slot;
    source.path = apr_pstrdup(walk->pool, listing->path);
    source.kind = CDIST_SOURCE_DISTRIBUTION;
    if (component) {
        identify_component(&source);
    } else if (cdist_distribution_installer(listing)) {
        err = cdist_distribution_identify(&source, listing, name, walk->pool);
    } else if (listing->client) {
        apr_array_header_t *more = apr_array_make(walk->pool, 8, sizeof(const char *));

        walk->recognised = 1;
        if (!walk->lookup->installed) return;
        source.kind = CDIST_SOURCE_INSTALLED;
        if (skip) apr_array_cat(more, skip);
        cdist_installed_skip(more);
        skip = more;
        err = cdist_installed_identify(&source, listing, name, walk->pool);
    } else {
        return;
    }
    source.skip = skip && skip->nelts ? skip : NULL;
    if (err) {
        source.problem = cdist_err_text(err, walk->pool);
        source.unread = err->code == CDIST_E_SOURCE || err->code == CDIST_E_CHANGED;
    } else {
        measure(&source, walk, listing);
    }
    cdist_walk_push(walk, &source);
}

void cdist_walk_add_ready(cdist_walk_t *walk, const cdist_slot_t *slot, const char *path, const cdist_stat_t *stat)
{
    cdist_source_t source;

    cdist_source_ready(&source, slot, path, stat);
    source.version = walk->version;
    if (source.version.count == 0) source.problem = "its folder's name tells no version A.B.C.D";
    cdist_walk_note(walk, stat->ctime_ns);
    cdist_walk_push(walk, &source);
}
