/* Why there is no chain: how far one comes, and what is missing. */
#include "chain_int.h"

#include <apr_strings.h>

#include <string.h>

#define SHOWN 10

const char *cdist_chain_list(const apr_array_header_t *texts, int most, apr_pool_t *pool)
{
    apr_array_header_t *parts = apr_array_make(pool, most * 2 + 1, sizeof(const char *));
    int i;

    for (i = 0; i < texts->nelts && i < most; i++) {
        if (i) APR_ARRAY_PUSH(parts, const char *) = ", ";
        APR_ARRAY_PUSH(parts, const char *) = APR_ARRAY_IDX(texts, i, const char *);
    }
    if (texts->nelts > most) APR_ARRAY_PUSH(parts, const char *) = apr_psprintf(pool, " and %d more", texts->nelts - most);
    return apr_array_pstrcat(pool, parts, 0);
}

const char *cdist_chain_known(const cdist_chain_graph_t *graph, const cdist_chain_configuration_t *configuration,
                              apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 16, sizeof(const char *));
    int i;

    for (i = graph->versions->nelts - 1; i >= 0; i--) {
        const cdist_chain_version_t *version = APR_ARRAY_IDX(graph->versions, i, const cdist_chain_version_t *);

        if (version->known && version->configuration == configuration) APR_ARRAY_PUSH(texts, const char *) = version->text;
    }
    return cdist_chain_list(texts, SHOWN, pool);
}

/* ---- what leads to the goal -------------------------------------------------------------------------------------------- */

/* All versions (cdist_chain_version_t *) from which updates lead to the goal, whatever their builds; itself first. */
static apr_array_header_t *versions_before(const cdist_chain_version_t *goal, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 64, sizeof(cdist_chain_version_t *));
    int i, j;

    APR_ARRAY_PUSH(found, cdist_chain_version_t *) = (cdist_chain_version_t *)goal;
    ((cdist_chain_version_t *)goal)->searched = 1;
    for (i = 0; i < found->nelts; i++) {
        const cdist_chain_offer_t *offer = APR_ARRAY_IDX(found, i, cdist_chain_version_t *)->offers;

        for (; offer; offer = offer->next) {
            if (offer->state != CHAIN_USABLE || offer->template->kind != CDIST_FILE_CFU) continue;
            for (j = 0; j < offer->template->sources->nelts; j++) {
                if (offer->sources[j]->searched) continue;
                offer->sources[j]->searched = 1;
                APR_ARRAY_PUSH(found, cdist_chain_version_t *) = offer->sources[j];
            }
        }
    }
    return found;
}

/* The lowest update on the way to the goal that names the version, and *id, the build that it names. */
static const cdist_chain_offer_t *first_asking(const char **id, const apr_array_header_t *before,
                                               const cdist_chain_version_t *version)
{
    const cdist_chain_offer_t *best = NULL;
    int i, j;

    for (i = 0; i < before->nelts; i++) {
        const cdist_chain_offer_t *offer = APR_ARRAY_IDX(before, i, const cdist_chain_version_t *)->offers;

        for (; offer; offer = offer->next) {
            if (offer->state != CHAIN_USABLE || offer->template->kind != CDIST_FILE_CFU) continue;
            if (best && offer->version->place >= best->version->place) continue;
            for (j = 0; j < offer->template->sources->nelts; j++) {
                if (offer->sources[j] != version) continue;
                best = offer;
                *id = APR_ARRAY_IDX(offer->template->sources, j, cdist_configuration_id_t).version_id;
                break;
            }
        }
    }
    return best;
}

/* ---- sentences ------------------------------------------------------------------------------------------------------------- */

static const cdist_chain_build_t *reached_build(const cdist_chain_version_t *version)
{
    const cdist_chain_build_t *build;

    for (build = version->builds; build; build = build->next) {
        if (build->reached) return build;
    }
    return NULL;
}

static const char *how_far(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *start,
                           const cdist_chain_version_t *goal, apr_pool_t *pool)
{
    int i;

    for (i = graph->versions->nelts - 1; i >= 0 && !*chain->reachable; i--) {
        const cdist_chain_version_t *version = APR_ARRAY_IDX(graph->versions, i, const cdist_chain_version_t *);

        if (version->rank <= start->version->rank) break;
        if (version->configuration == goal->configuration && reached_build(version)) chain->reachable = version->text;
    }
    if (!*chain->reachable) return apr_psprintf(pool, "nothing here leads on from %s", start->version->text);
    return apr_psprintf(pool, "%s is the highest version that can be reached", chain->reachable);
}

/* The highest version that is reached, though as another build than the update on the way asks for. NULL without any. */
static const char *other_build(const cdist_chain_build_t *start, const apr_array_header_t *before, apr_pool_t *pool)
{
    const cdist_chain_version_t *found = NULL;
    const cdist_chain_build_t *build;
    const cdist_chain_offer_t *offer;
    const char *id = "";
    int i;

    for (i = 1; i < before->nelts; i++) {
        const cdist_chain_version_t *version = APR_ARRAY_IDX(before, i, const cdist_chain_version_t *);

        if (reached_build(version) && (!found || version->place > found->place)) found = version;
    }
    build = found ? reached_build(found) : NULL;
    offer = found ? first_asking(&id, before, found) : NULL;
    if (!offer || !*build->id || !*id) return NULL;
    return apr_psprintf(pool, "; the update to %s applies to the build of %s with the id %s, while the one %s has the id %s",
                        offer->version->text, found->text, id, build == start ? "there is" : "that is reached", build->id);
}

static int has_distribution(const cdist_chain_version_t *version)
{
    const cdist_chain_offer_t *offer;

    for (offer = version->offers; offer; offer = offer->next) {
        if (offer->template->kind == CDIST_FILE_CF && offer->state == CHAIN_USABLE) return 1;
    }
    return 0;
}

/* Whether a release that counts leads to the version. */
static int is_brought(const cdist_chain_graph_t *graph, const cdist_chain_version_t *version)
{
    const cdist_chain_offer_t *offer;

    for (offer = version->offers; offer; offer = offer->next) {
        if (offer->state == CHAIN_USABLE && (graph->use_cf || offer->template->kind == CDIST_FILE_CFU)) return 1;
    }
    return 0;
}

/* Versions that updates on the way ask for, above the start, and nobody brings. */
static const char *missing_releases(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *start,
                                    const cdist_chain_version_t *goal, const apr_array_header_t *before, apr_pool_t *pool)
{
    const cdist_chain_version_t *least = NULL;
    const cdist_chain_offer_t *offer;
    const char *id;
    int i;

    for (i = start->version->place + 1; i < goal->place; i++) {
        const cdist_chain_version_t *version = APR_ARRAY_IDX(graph->versions, i, const cdist_chain_version_t *);

        if (!version->searched || version->configuration != goal->configuration || is_brought(graph, version)) continue;
        if (version->rank == start->version->rank || reached_build(version)) continue;
        if (!least) least = version;
        APR_ARRAY_PUSH(chain->missing, const char *) = version->text;
    }
    offer = least ? first_asking(&id, before, least) : NULL;
    if (!offer) return NULL;
    if (has_distribution(least)) {
        return apr_psprintf(pool, "; the update to %s is missing; a .cf of it is here, which use-cf takes, and the update to %s "
                            "applies to it", least->text, offer->version->text);
    }
    return apr_psprintf(pool, "; the update to %s is missing%s, which the one to %s applies to", least->text,
                        least->offers ? " (it is there, but left out)" : "", offer->version->text);
}

/* What the updates to the goal apply to, where none of that can be had. */
static const char *sources_of(const cdist_chain_version_t *goal, const apr_array_header_t *before, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 8, sizeof(const char *));
    int i;

    for (i = 1; i < before->nelts; i++) {
        APR_ARRAY_PUSH(texts, const char *) = APR_ARRAY_IDX(before, i, const cdist_chain_version_t *)->text;
    }
    if (!texts->nelts) {
        return apr_psprintf(pool, "; no update here leads to %s%s", goal->text,
                            goal->offers && !cdist_chain_is_offered(goal) ? ": it is there, but left out" : "");
    }
    return apr_psprintf(pool, "; updates lead to %s from %s alone", goal->text, cdist_chain_list(texts, SHOWN, pool));
}

void cdist_chain_explain(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *start,
                         const cdist_chain_version_t *goal, apr_pool_t *pool)
{
    apr_array_header_t *before = versions_before(goal, pool);
    const char *text = how_far(chain, graph, start, goal, pool), *reason;

    reason = other_build(start, before, pool);
    if (!reason) reason = missing_releases(chain, graph, start, goal, before, pool);
    if (!reason) reason = sources_of(goal, before, pool);
    text = apr_psprintf(pool, "there is no chain from %s to %s: %s%s%s", start->version->text, goal->text, text, reason,
                        !graph->use_cf && has_distribution(goal)
                            ? apr_psprintf(pool, "; a .cf of %s is here, which use-cf takes", goal->text) : "");
    chain->problem = cdist_text_printable(text, pool);
}
