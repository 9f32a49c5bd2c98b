/* The overlay as it is now: DIR/<slot>/… with an administrator's own files, and the file with their rules. Names and stats are
 * read, and the rules; contents are not. What cannot be read or understood is a problem of its slot, or of all: a release must
 * not go out without the files that somebody put there on purpose. */
#include "platform_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#define RULES_MAX_BYTES (1024u * 1024)
/* Each of them is read and compared, and named where it clashes. */
#define MAX_FILES 1000

static cdist_err_t *read_rules(cdist_overlays_t *overlays, const char *path, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    apr_size_t length;
    apr_finfo_t info;
    char *bytes;

    CDIST_ERR(cdist_file_read(&bytes, &length, path, RULES_MAX_BYTES, pool));
    if (apr_stat(&info, path, APR_FINFO_CTIME, pool) == APR_SUCCESS) overlays->rules_ns = info.ctime * 1000;
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&overlays->rules_digest, sha);
    return cdist_tree_rules_parse(&overlays->rules, bytes, length, cdist_text_printable(path, pool), pool);
}

static cdist_err_t *read_files(cdist_overlay_t *overlay, const cdist_listing_t *listing, const char *name, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, listing->path, "/", name, NULL), *shown = cdist_text_printable(path, pool);
    cdist_folder_t *folder;
    cdist_tree_t *tree;
    cdist_err_t *err;
    apr_status_t rv = cdist_os_folder_open_at(&folder, listing->folder, name, pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", shown);
    err = cdist_tree_read_open(&tree, folder, path, NULL, pool);
    cdist_os_folder_close(folder);
    if (err) return err;
    if (tree->inputs->nelts > MAX_FILES) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: more than %d files; an overlay holds those alone that are not the "
                                "vendor's", shown, MAX_FILES);
    }
    if (tree->left_out->nelts) {
        return cdist_err_create(pool, CDIST_E_UNSAFE, 0, "%s/%s: is neither file nor folder nor link", shown,
                                cdist_text_printable(APR_ARRAY_IDX(tree->left_out, 0, const char *), pool));
    }
    overlay->tree = tree;
    return NULL;
}

static void add_problem(cdist_overlay_t *overlay, const char *what, apr_pool_t *pool)
{
    overlay->tree = NULL;
    overlay->problem = apr_pstrcat(pool, "CDistOverlay: ", what, NULL);
}

static void add_folder(cdist_overlays_t *overlays, const cdist_listing_t *listing, const cdist_child_t *child,
                       const cdist_slot_t *slot, apr_pool_t *pool)
{
    const char *path = cdist_text_printable(apr_pstrcat(pool, listing->path, "/", child->name, NULL), pool);
    cdist_overlay_t *overlay = (cdist_overlay_t *)cdist_overlays_find(overlays, slot);
    cdist_err_t *err;

    if (overlay) {
        add_problem(overlay, apr_pstrcat(pool, path, ": is the second folder for ", slot->name, NULL), pool);
        return;
    }
    overlay = apr_array_push(overlays->slots);
    overlay->slot = slot;
    overlay->tree = NULL;
    overlay->problem = NULL;
    if (child->stat.kind == CDIST_LINK) {
        add_problem(overlay, apr_pstrcat(pool, path, ": is a symbolic link, which is not followed", NULL), pool);
    } else if ((err = read_files(overlay, listing, child->name, pool)) != NULL) {
        add_problem(overlay, cdist_err_text(err, pool), pool);
    }
}

/* NB: the rules may lie there too, and whatever else is no folder. */
static void add_child(cdist_overlays_t *overlays, const cdist_lookup_t *lookup, const cdist_listing_t *listing,
                      const cdist_child_t *child, apr_pool_t *pool)
{
    const cdist_slot_t *slot = cdist_slot_named(child->name, lookup->components);

    if (*child->name == '.' || (child->stat.kind != CDIST_FOLDER && child->stat.kind != CDIST_LINK)) return;
    if (slot) {
        add_folder(overlays, listing, child, slot, pool);
    } else if (child->stat.kind == CDIST_FOLDER) {
        APR_ARRAY_PUSH(overlays->strays, const char *) =
            apr_pstrcat(pool, "CDistOverlay: ", cdist_text_printable(listing->path, pool), "/",
                        cdist_text_printable(child->name, pool), ": is named by no slot, and laid over nothing", NULL);
    }
}

cdist_overlays_t *cdist_overlays_read(const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    cdist_overlays_t *overlays;
    cdist_listing_t listing;
    cdist_err_t *err;
    int i;

    if (!lookup->overlay) return NULL;
    overlays = apr_pcalloc(pool, sizeof *overlays);
    overlays->slots = apr_array_make(pool, 4, sizeof(cdist_overlay_t));
    overlays->strays = apr_array_make(pool, 1, sizeof(const char *));
    err = read_rules(overlays, lookup->overlay_rules, pool);
    if (!err) err = cdist_listing_read(&listing, NULL, lookup->overlay, pool);
    if (err) {
        overlays->problem = apr_pstrcat(pool, "CDistOverlay: ", cdist_err_text(err, pool), NULL);
        return overlays;
    }
    for (i = 0; i < listing.children->nelts; i++) {
        add_child(overlays, lookup, &listing, &APR_ARRAY_IDX(listing.children, i, cdist_child_t), pool);
    }
    cdist_listing_close(&listing);
    return overlays;
}

const cdist_overlay_t *cdist_overlays_find(const cdist_overlays_t *overlays, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; i < overlays->slots->nelts; i++) {
        const cdist_overlay_t *overlay = &APR_ARRAY_IDX(overlays->slots, i, cdist_overlay_t);
        if (cdist_slot_compare(overlay->slot, slot) == 0) return overlay;
    }
    return NULL;
}
