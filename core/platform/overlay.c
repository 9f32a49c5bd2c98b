/* Overlays of a catalogue. For each distribution of a slot that the overlay has a folder for: the distribution of the release
 * before (the next lower version of the family that has one) is the base, the overlay's files are mine, its own are theirs.
 *
 * - Ready archives and installed platforms are left as they are, and are nobody's base.
 * - What was decided is kept from snapshot to snapshot as long as nothing that it was decided from changed, so contents are
 *   read once.
 * - A conflict that no rule decides makes no archive. If there is one of the same release already, made before the overlay
 *   changed, that stays; else the release is held back, and the one before stays current. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

/* Raised where the same state would have another result. */
#define DECISION_FORMAT 1

typedef struct {
    cdist_catalogue_t *catalogue;
    const cdist_overlays_t *overlays;
    const cdist_catalogue_t *previous;
    apr_pool_t *pool;
} apply_t;

static int is_for(const cdist_source_t *source)
{
    return source->kind == CDIST_SOURCE_DISTRIBUTION && !source->problem && source->slot && source->version.count;
}

static void set_unread(cdist_source_t *source, const char *problem)
{
    source->problem = problem;
    source->unread = 1;
}

void cdist_overlay_note(cdist_source_t *source, const cdist_overlays_t *overlays)
{
    const cdist_overlay_t *overlay;

    if (!overlays || !is_for(source)) return;
    if (overlays->problem) {
        set_unread(source, overlays->problem);
        return;
    }
    overlay = cdist_overlays_find(overlays, source->slot);
    if (!overlay) return;
    if (overlay->problem) {
        set_unread(source, overlay->problem);
        return;
    }
    if (overlay->tree->newest_ns > source->newest_ns) source->newest_ns = overlay->tree->newest_ns;
    if (overlays->rules_ns > source->newest_ns) source->newest_ns = overlays->rules_ns;
}

cdist_overlaid_t *cdist_overlaid_dup(const cdist_overlaid_t *overlaid, apr_pool_t *pool)
{
    cdist_overlaid_t *copy = apr_pmemdup(pool, overlaid, sizeof *copy);
    apr_array_header_t *conflicts = apr_array_copy(pool, overlaid->conflicts);
    int i;

    copy->folder = apr_pstrdup(pool, overlaid->folder);
    copy->kept = cdist_names_dup(overlaid->kept, pool);
    for (i = 0; i < conflicts->nelts; i++) {
        cdist_overlay_conflict_t *conflict = &APR_ARRAY_IDX(conflicts, i, cdist_overlay_conflict_t);

        conflict->path = apr_pstrdup(pool, conflict->path);
        conflict->support = apr_pstrdup(pool, conflict->support);
        conflict->action = apr_pstrdup(pool, conflict->action);
        conflict->row = apr_pstrdup(pool, conflict->row);
    }
    copy->conflicts = conflicts;
    return copy;
}

/* ---- one distribution ---------------------------------------------------------------------------------------------- */

static const cdist_digest_t *vendor_signature(const cdist_source_t *source)
{
    return source->overlaid ? &source->overlaid->vendor : &source->signature;
}

/* The slot's distribution of the release before the i-th one; NULL if there is none. */
static const cdist_source_t *find_base(const apply_t *apply, int i, const cdist_slot_t *slot)
{
    const apr_array_header_t *releases = apply->catalogue->releases;
    const cdist_version_t *version = &APR_ARRAY_IDX(releases, i, cdist_release_t).version;

    while (++i < releases->nelts) {
        const cdist_release_t *release = &APR_ARRAY_IDX(releases, i, cdist_release_t);
        const cdist_source_t *source = cdist_release_source(release, slot);

        if (release->version.part[0] != version->part[0] || release->version.part[1] != version->part[1]) return NULL;
        if (source && is_for(source)) return source;
    }
    return NULL;
}

static cdist_digest_t state_of(const cdist_source_t *source, const cdist_source_t *base, const cdist_overlay_t *overlay,
                               const apply_t *apply)
{
    cdist_sha256_t *sha = cdist_sha256_create(apply->pool);
    cdist_digest_t digest;

    cdist_sha256_update_u64(sha, DECISION_FORMAT);
    cdist_sha256_update_text(sha, source->path);
    cdist_sha256_update(sha, source->signature.byte, CDIST_SHA256_BYTES);
    cdist_sha256_update_text(sha, base ? base->path : "");
    if (base) cdist_sha256_update(sha, vendor_signature(base)->byte, CDIST_SHA256_BYTES);
    cdist_sha256_update_text(sha, overlay->tree->folder);
    cdist_sha256_update(sha, overlay->tree->signature.byte, CDIST_SHA256_BYTES);
    cdist_sha256_update(sha, apply->overlays->rules_digest.byte, CDIST_SHA256_BYTES);
    cdist_sha256_final(&digest, sha);
    return digest;
}

/* A release's own files, as the catalogue saw them. */
static cdist_err_t *read_vendor(cdist_tree_t **tree, const cdist_source_t *source, apr_pool_t *pool)
{
    CDIST_ERR(cdist_tree_read(tree, source->path, source->skip, pool));
    if (cdist_digest_equal(&(*tree)->signature, vendor_signature(source))) return NULL;
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changed while it was compared with the overlay",
                            cdist_text_printable(source->path, pool));
}

/* NB: a source that takes nothing of the overlay keeps its signature, and with it its archive. */
static cdist_err_t *decide(cdist_source_t *source, const cdist_source_t *base, const cdist_overlay_t *overlay,
                           const apply_t *apply)
{
    const cdist_version_t *version = cdist_slot_is_component(source->slot) ? NULL : &source->version;
    cdist_overlaid_t *overlaid = apr_pcalloc(apply->pool, sizeof *overlaid);
    cdist_tree_t *before = NULL, *tree;

    CDIST_ERR(read_vendor(&tree, source, apply->pool));
    if (base) CDIST_ERR(read_vendor(&before, base, apply->pool));
    overlaid->folder = overlay->tree->folder;
    overlaid->vendor = source->signature;
    overlaid->state = state_of(source, base, overlay, apply);
    CDIST_ERR(cdist_overlay_decide(overlaid, before, overlay->tree, tree, apply->overlays->rules, version, apply->pool));
    if (overlaid->kept->nelts) {
        CDIST_ERR(cdist_tree_overlay(tree, overlay->tree, overlaid->kept, apply->pool));
        source->signature = tree->signature;
        source->files = tree->files;
        source->bytes = tree->bytes;
    }
    source->overlaid = overlaid;
    return NULL;
}

/* What the release's own archive was made of before goes on, with what is open now told beside it; NULL without one. */
static cdist_source_t *keep_archive(const cdist_source_t *source, const cdist_source_t *known, apr_pool_t *pool)
{
    cdist_source_t *kept = known && known->built ? cdist_source_dup(known, pool) : NULL;
    cdist_overlaid_t *overlaid;

    if (!kept) return NULL;
    overlaid = cdist_overlaid_dup(source->overlaid, pool);
    overlaid->kept = kept->overlaid ? kept->overlaid->kept : apr_array_make(pool, 1, sizeof(const char *));
    overlaid->vendor = *vendor_signature(kept);
    kept->overlaid = overlaid;
    return kept;
}

static void hold(cdist_source_t *source, apr_pool_t *pool)
{
    source->problem = apr_psprintf(pool, "%d of the overlay's files and the vendor's changed both, and no rule decides",
                                   source->overlaid->open);
}

/* 1 if it was decided before from the very same; then the source is what it was. */
static int take_decision(cdist_source_t *source, const cdist_digest_t *state, const apply_t *apply)
{
    const cdist_release_t *release = apply->previous ? cdist_catalogue_release(apply->previous, &source->version) : NULL;
    const cdist_source_t *known = release ? cdist_release_source(release, source->slot) : NULL;

    if (!known || !known->overlaid || !cdist_digest_equal(&known->overlaid->state, state)) return 0;
    source->overlaid = cdist_overlaid_dup(known->overlaid, apply->pool);
    if (source->overlaid->open) return 1; /* of which no archive is made */
    source->signature = known->signature;
    source->files = known->files;
    source->bytes = known->bytes;
    return 1;
}

/* Something is being copied still, so that nothing can be said. NB: there is no archive of such a signature, so that the source
 * does not count as built. */
static const cdist_source_t *leave_undecided(cdist_source_t *source, const cdist_overlay_t *overlay,
                                             const cdist_digest_t *state, apr_pool_t *pool)
{
    cdist_overlaid_t *overlaid = apr_pcalloc(pool, sizeof *overlaid);

    overlaid->folder = overlay->tree->folder;
    overlaid->kept = apr_array_make(pool, 1, sizeof(const char *));
    overlaid->conflicts = apr_array_make(pool, 1, sizeof(cdist_overlay_conflict_t));
    overlaid->vendor = *vendor_signature(source);
    source->signature = *state;
    source->overlaid = overlaid;
    return source;
}

/* Whether the overlay and its rules have been left alone as long as a release has to be. */
static int is_still(const cdist_overlay_t *overlay, const apply_t *apply)
{
    cdist_source_t alone = {.newest_ns = overlay->tree->newest_ns};

    if (apply->overlays->rules_ns > alone.newest_ns) alone.newest_ns = apply->overlays->rules_ns;
    return apply->catalogue->scanned >= cdist_source_settles_at(&alone, apply->catalogue->settle);
}

/* The source with its overlay, or the one that goes on in its place. */
static const cdist_source_t *overlay_source(cdist_source_t *source, const cdist_source_t *base, const apply_t *apply)
{
    const cdist_overlay_t *overlay = cdist_overlays_find(apply->overlays, source->slot);
    const cdist_source_t *known = cdist_catalogue_known(apply->previous, source);
    cdist_source_t *kept;
    cdist_digest_t state = state_of(source, base, overlay, apply);
    cdist_err_t *err = NULL;

    /* NB: a source that is settled all the same is the one that was served before there was an overlay for it. */
    if (source->settled && !is_still(overlay, apply)) return source;
    if (base && !base->settled) source->settled = 0;
    if (!take_decision(source, &state, apply)) err = decide(source, base, overlay, apply);
    if (!source->settled && known) return cdist_source_dup(known, apply->pool);
    if (!source->settled && (err || source->overlaid->open)) return leave_undecided(source, overlay, &state, apply->pool);
    if (err) {
        set_unread(source, cdist_err_text(err, apply->pool));
        APR_ARRAY_PUSH(apply->catalogue->problems, const char *) = source->problem;
        return known ? cdist_source_dup(known, apply->pool) : source;
    }
    if (source->overlaid->open) {
        kept = keep_archive(source, known, apply->pool);
        if (kept) return kept;
        hold(source, apply->pool);
    }
    return source;
}

/* ---- the catalogue ------------------------------------------------------------------------------------------------- */

static void tell_conflicts(apply_t *apply, const cdist_source_t *source)
{
    const char *version = cdist_version_format(&source->version, apply->pool), *outcome;
    int i;

    for (i = 0; source->overlaid && i < source->overlaid->conflicts->nelts; i++) {
        const cdist_overlay_conflict_t *conflict =
            &APR_ARRAY_IDX(source->overlaid->conflicts, i, cdist_overlay_conflict_t);

        if (!conflict->open) outcome = "the vendor's file is handed out instead of the overlay's";
        else outcome = source->problem ? "the release is held back" : "the archive made before goes on";
        APR_ARRAY_PUSH(apply->catalogue->conflicts, const char *) =
            apr_psprintf(apply->pool, "%s %s: %s: %s (%s); %s", source->slot->name, version,
                         cdist_text_printable(conflict->path, apply->pool), conflict->row, conflict->support, outcome);
    }
}

void cdist_overlay_apply(cdist_catalogue_t *catalogue, const cdist_overlays_t *overlays, const cdist_catalogue_t *previous,
                         apr_pool_t *pool)
{
    apply_t apply = {catalogue, overlays, previous, pool};
    int i, j;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t **held = &APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);

            /* NB: one that has it already is the one that was served before, while something is being changed. */
            if (!overlays->problem && is_for(*held) && !(*held)->overlaid && cdist_overlays_find(overlays, (*held)->slot)) {
                *held = overlay_source((cdist_source_t *)*held, find_base(&apply, i, (*held)->slot), &apply);
            }
            tell_conflicts(&apply, *held);
        }
    }
}
