/* Which source answers a request. Rules: a full version is answered with that version or not at all; a new family
 * (8.3 → 8.5) is never chosen silently; while a root cannot be read nobody is told "newest", because the newest may lie
 * in it; what holds no installer is only chosen where nothing that does matches. */
#include "cdist_platform.h"

#include <apr_strings.h>

#include <string.h>

const char *cdist_current_parse(cdist_current_t *current, const char *text)
{
    memset(&current->mask, 0, sizeof current->mask);
    if (strcasecmp(text, "newest") == 0) {
        current->kind = CDIST_CURRENT_NEWEST;
        return NULL;
    }
    if (cdist_mask_parse(&current->mask, text)) {
        current->kind = CDIST_CURRENT_MASK;
        return NULL;
    }
    return "must be \"newest\", \"server\" with a folder, or " CDIST_MASK_FORM;
}

/* "`what`", because a root cannot be read. */
static cdist_err_t *unknown(const cdist_catalogue_t *catalogue, const char *what, apr_pool_t *pool)
{
    cdist_err_t *err = cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s", what);

    err->cause = cdist_err_dup(APR_ARRAY_IDX(catalogue->unreadable, 0, const cdist_err_t *), pool);
    return err;
}

/* How good a release is for a slot, or for everybody (NULL). */
typedef enum { UNFIT, COMPONENT, INSTALLED, INSTALLABLE } fitness_t;

static fitness_t source_fitness(const cdist_source_t *source)
{
    if (!cdist_source_offered(source)) return UNFIT;
    if (cdist_slot_is_component(source->slot)) return COMPONENT; /* updates no client */
    return cdist_source_installable(source) ? INSTALLABLE : INSTALLED;
}

static fitness_t release_fitness(const cdist_release_t *release, const cdist_slot_t *slot,
                                 const apr_array_header_t *required)
{
    fitness_t best = UNFIT;
    int i;

    if (cdist_release_lacks(release, required) || cdist_release_held(release)) return UNFIT;
    if (slot) return source_fitness(cdist_release_source(release, slot));
    for (i = 0; i < release->sources->nelts; i++) {
        fitness_t fitness = source_fitness(APR_ARRAY_IDX(release->sources, i, const cdist_source_t *));
        if (fitness > best) best = fitness;
    }
    return best;
}

/* The newest of the fittest complete releases under a mask, of those once built if there are any and they are preferred. */
static const cdist_release_t *newest(fitness_t *fitness, const cdist_catalogue_t *catalogue, const cdist_version_t *mask,
                                     const cdist_current_t *current, const cdist_slot_t *slot)
{
    const cdist_release_t *found = NULL;
    int found_built = 0, i;

    *fitness = UNFIT;
    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        fitness_t here =
            cdist_mask_matches(mask, &release->version) ? release_fitness(release, slot, current->required) : UNFIT;
        int built = here != UNFIT && current->prefer_built &&
                    cdist_release_was_built(catalogue, release, slot, current->required);

        if (here < *fitness || (here == *fitness && built <= found_built)) continue;
        *fitness = here;
        found = release;
        found_built = built;
    }
    return found;
}

/* The families (A.B) of complete releases of at least that fitness, as text; *count tells how many. */
static const char *families(int *count, const cdist_catalogue_t *catalogue, fitness_t fitness,
                            const apr_array_header_t *required, apr_pool_t *pool)
{
    const char *text = "";
    apr_uint32_t last[2] = {0, 0};
    int i;

    *count = 0;
    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        if (release_fitness(release, NULL, required) < fitness) continue;
        if (*count && last[0] == release->version.part[0] && last[1] == release->version.part[1]) continue;
        memcpy(last, release->version.part, sizeof last);
        text = apr_psprintf(pool, "%s%s%u.%u", text, *count ? ", " : "", last[0], last[1]);
        (*count)++;
    }
    return text;
}

/* Whether a component's folder could not be read, so that nobody knows what it has. */
static int is_unread(const cdist_catalogue_t *catalogue, const cdist_slot_t *slot)
{
    int i;

    for (i = 0; i < catalogue->unread_components->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(catalogue->unread_components, i, const cdist_slot_t *), slot) == 0) return 1;
    }
    return 0;
}

static cdist_err_t *unread(const cdist_slot_t *slot, apr_pool_t *pool)
{
    cdist_err_t *err = cdist_err_create(pool, CDIST_E_SOURCE, 0,
                                        "it is not known which releases have %s: its folder cannot be read", slot->name);

    err->told = apr_pstrcat(pool, err->message, "; CD0020 in the server's error_log names it", NULL);
    return err;
}

/* `what` is there, and is not in order. */
static cdist_err_t *unfit(const char *what, const char *problem, apr_pool_t *pool)
{
    cdist_err_t *err = cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s cannot be offered: %s", what, problem);

    err->told = apr_pstrcat(pool, what,
                            " is there, but is not in order, and is not handed out as it is; CD0020 in the server's "
                            "error_log says what is wrong with it, and so does 1cdist scan",
                            NULL);
    return err;
}

/* A release that an overlay and the vendor changed both, and nobody said which is right. */
static cdist_err_t *held(const cdist_release_t *release, const char *why, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&release->version, pool);
    cdist_err_t *err = cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s is held back: %s", version, why);

    err->told = apr_pstrcat(pool, version,
                            " is held back: the overlay and the vendor changed the same files, and no rule decides; CD0028 in the server's error_log names them, and so do index.json and the page", NULL);
    return err;
}

static const cdist_release_t *find_held(const cdist_catalogue_t *catalogue, const cdist_version_t *mask)
{
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        if (cdist_mask_matches(mask, &release->version) && cdist_release_held(release)) return release;
    }
    return NULL;
}

static int has_unsettled(const cdist_catalogue_t *catalogue, const cdist_version_t *mask)
{
    int i, j;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        if (!cdist_mask_matches(mask, &release->version)) continue;
        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);
            if (!source->settled && !source->problem) return 1;
        }
    }
    return 0;
}

/* Why nothing under the mask can be offered. */
static cdist_err_t *nothing(const cdist_catalogue_t *catalogue, const cdist_version_t *mask,
                            const apr_array_header_t *required, apr_pool_t *pool)
{
    static const cdist_current_t anything = {CDIST_CURRENT_UNSET, {{0}, 0}, NULL, NULL, 0};
    fitness_t fitness;
    const cdist_release_t *incomplete = required ? newest(&fitness, catalogue, mask, &anything, NULL) : NULL;
    const char *what = mask->count ? apr_psprintf(pool, "no release %s", cdist_version_format(mask, pool)) : "no release";


    if (catalogue->unreadable->nelts) {
        return unknown(catalogue, "it is not known what is there", pool);
    }
    if (catalogue->unread_components->nelts) {
        return unread(APR_ARRAY_IDX(catalogue->unread_components, 0, const cdist_slot_t *), pool);
    }
    if (has_unsettled(catalogue, mask)) {
        return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s can be handed out yet: its folder is still being filled",
                                what);
    }
    if (find_held(catalogue, mask)) return held(find_held(catalogue, mask), "nobody decided about an overlay's conflicts", pool);
    if (incomplete) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "%s is complete: %s has no %s, which CDistRequire asks for", what,
                                cdist_version_format(&incomplete->version, pool),
                                cdist_release_lacks(incomplete, required)->name);
    }
    if (catalogue->releases->nelts == 0) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "nothing to hand out: run 1cdist sync --from URL --to FOLDER, or put "
                                "releases into a folder of CDistRoot");
    }
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "%s is here", what);
}

cdist_err_t *cdist_select_current(const cdist_release_t **release, const cdist_catalogue_t *catalogue,
                                  const cdist_current_t *current, apr_pool_t *pool)
{
    int full = current->kind == CDIST_CURRENT_MASK && current->mask.count == CDIST_VERSION_PARTS;
    const char *names;
    fitness_t fitness;
    int count;

    *release = newest(&fitness, catalogue, &current->mask, current, NULL);
    if (!*release) {
        cdist_err_t *err = nothing(catalogue, &current->mask, current->required, pool);

        if (err->code == CDIST_E_NOTFOUND && current->mask.count) {
            err->message = apr_psprintf(pool, "CDistCurrent is %s, and %s", cdist_version_format(&current->mask, pool),
                                        err->message);
        }
        return err;
    }
    if (catalogue->unreadable->nelts && !full) return nothing(catalogue, &current->mask, current->required, pool);
    names = families(&count, catalogue, fitness, current->required, pool);
    if (current->kind == CDIST_CURRENT_UNSET && count > 1) {
        *release = NULL;
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0,
                                "there are releases of several families (%s): set CDistCurrent to say which is current",
                                names);
    }
    return NULL;
}

/* The release's source for the slot, or why it cannot be offered. */
static cdist_err_t *offer(const cdist_source_t **source, const cdist_catalogue_t *catalogue,
                          const cdist_release_t *release, const cdist_slot_t *slot, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&release->version, pool);

    *source = cdist_release_source(release, slot);
    if (cdist_source_offered(*source)) return NULL;
    if (*source && (*source)->problem && (*source)->overlaid && (*source)->overlaid->open) {
        return held(release, (*source)->problem, pool);
    }
    if (*source && (*source)->problem) {
        return unfit(apr_pstrcat(pool, slot->name, " ", version, NULL), (*source)->problem, pool);
    }
    if (*source) {
        return cdist_err_create(pool, CDIST_E_CHANGED, 0, "release %s is not ready yet: its folder is still being filled",
                                version);
    }
    if (release->problem) {
        return unfit(apr_pstrcat(pool, "release ", version, NULL), release->problem, pool);
    }
    if (catalogue->unreadable->nelts) {
        return unknown(catalogue, apr_psprintf(pool, "it is not known whether release %s has %s", version, slot->name),
                       pool);
    }
    if (is_unread(catalogue, slot)) return unread(slot, pool);
    if (has_unsettled(catalogue, &release->version)) {
        return cdist_err_create(pool, CDIST_E_CHANGED, 0, "release %s has no %s yet: its folder is still being filled",
                                version, slot->name);
    }
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "release %s has no %s", version, slot->name);
}

cdist_err_t *cdist_select(const cdist_source_t **source, const cdist_catalogue_t *catalogue,
                          const cdist_current_t *current, const cdist_selector_t *selector, apr_pool_t *pool)
{
    const cdist_version_t *mask = &selector->mask;
    const cdist_slot_t *slot = selector->slot;
    const cdist_release_t *release, *best;
    fitness_t fitness;
    cdist_err_t *err;

    if (mask->count == CDIST_VERSION_PARTS) {
        release = cdist_catalogue_release(catalogue, mask);
        return release ? offer(source, catalogue, release, slot, pool) : nothing(catalogue, mask, NULL, pool);
    }
    err = cdist_select_current(&release, catalogue, current, pool);
    if (mask->count == 0) return err ? err : offer(source, catalogue, release, slot, pool);
    best = newest(&fitness, catalogue, mask, current, slot);
    if (best && !err && cdist_mask_matches(mask, &release->version) &&
        release_fitness(release, slot, current->required) == fitness) {
        return offer(source, catalogue, release, slot, pool);
    }
    if (best && !catalogue->unreadable->nelts) return offer(source, catalogue, best, slot, pool);
    if (is_unread(catalogue, slot)) return unread(slot, pool);
    if (newest(&fitness, catalogue, mask, current, NULL) && !catalogue->unreadable->nelts) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "no release %s has %s", cdist_version_format(mask, pool),
                                slot->name);
    }
    return nothing(catalogue, mask, current->required, pool);
}
