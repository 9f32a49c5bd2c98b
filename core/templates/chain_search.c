/* The two searches. Both look at each edge once: of the builds that an edge applies to, the first one whose turn it is has the
 * best way to it. */
#include "chain_int.h"

#include <stdlib.h>
#include <string.h>

static int is_jump(const cdist_chain_graph_t *graph, const cdist_chain_offer_t *offer, const cdist_chain_version_t *goal)
{
    return graph->use_cf && offer->state == CHAIN_USABLE && offer->template->kind == CDIST_FILE_CF &&
           offer->version->configuration == goal->configuration;
}

static void forget(const cdist_chain_graph_t *graph)
{
    int i;

    for (i = 0; i < graph->versions->nelts; i++) {
        cdist_chain_version_t *version = APR_ARRAY_IDX(graph->versions, i, cdist_chain_version_t *);
        cdist_chain_build_t *build;

        version->searched = 0;
        for (build = version->builds; build; build = build->next) {
            build->reached = build->opened = build->steps = 0;
            build->bytes = 0;
            build->before = NULL;
            build->by = NULL;
        }
    }
}

static void reach(cdist_chain_build_t *build, cdist_chain_build_t *before, const cdist_chain_offer_t *by)
{
    apr_uint64_t bytes = before->bytes + by->template->bytes;

    build->reached = 1;
    build->steps = before->steps + 1;
    build->bytes = bytes < before->bytes ? APR_UINT64_MAX : bytes;
    build->before = before;
    build->by = by;
}

/* Of the builds of the version that were reached the best one, if it is better than `best`, which may be NULL. */
static cdist_chain_build_t *best_build(const cdist_chain_version_t *version, cdist_chain_build_t *best,
                                       int (*is_better)(const cdist_chain_build_t *, const cdist_chain_build_t *))
{
    cdist_chain_build_t *build;

    for (build = version->builds; build; build = build->next) {
        if (build->reached && (!best || is_better(build, best))) best = build;
    }
    return best;
}

/* ---- the fewest steps: a turn for all builds that take the same number --------------------------------------------------- */

typedef struct {
    apr_array_header_t *now, *next; /* cdist_chain_build_t * */
    const cdist_chain_version_t *goal;
    int arrived; /* 1: a build of the goal was reached */
} turns_t;

/* NB: sums of sizes from texts may have come to their end. */
static int is_shorter(const cdist_chain_build_t *before, const cdist_chain_offer_t *by, const cdist_chain_build_t *build)
{
    apr_uint64_t bytes = before->bytes + by->template->bytes;

    return bytes >= before->bytes && bytes < build->bytes;
}

static void step(turns_t *turns, cdist_chain_build_t *before, const cdist_chain_offer_t *offer)
{
    cdist_chain_build_t *build = offer->build;

    if (!build->reached) {
        reach(build, before, offer);
        turns->arrived |= build->version == turns->goal;
        APR_ARRAY_PUSH(turns->next, cdist_chain_build_t *) = build;
    } else if (build->steps == before->steps + 1 && is_shorter(before, offer, build)) {
        reach(build, before, offer);
    }
}

/* Steps over the edges that `build` holds, from a build which they apply to. */
static void open_edges(turns_t *turns, cdist_chain_build_t *build, cdist_chain_build_t *before)
{
    const cdist_chain_edge_t *edge;

    if (build->opened) return;
    build->opened = 1;
    for (edge = build->edges; edge; edge = edge->next) step(turns, before, edge->offer);
}

static int compare_reached(const void *left, const void *right)
{
    const cdist_chain_build_t *a = *(cdist_chain_build_t *const *)left, *b = *(cdist_chain_build_t *const *)right;

    if (a->bytes != b->bytes) return a->bytes < b->bytes ? -1 : 1;
    if (a->version->place != b->version->place) return a->version->place - b->version->place;
    /* NB: never the same text twice. */
    return strcmp(a->id, b->id);
}

static void leave(turns_t *turns, cdist_chain_build_t *build)
{
    cdist_chain_build_t *each;

    if (*build->id) {
        open_edges(turns, build, build);
        open_edges(turns, build->version->builds, build);
    } else {
        for (each = build->version->builds; each; each = each->next) open_edges(turns, each, build);
    }
}

/* Jumps: up to the goal, and down only where the goal itself is lower. NB: from the start alone, since a later one could as well
 * have been the first. */
static void jump(turns_t *turns, const cdist_chain_graph_t *graph, cdist_chain_build_t *start, const cdist_chain_version_t *goal)
{
    int i, least = goal->rank < start->version->rank ? 0 : start->version->rank;

    for (i = 0; i < graph->offer_count; i++) {
        const cdist_chain_offer_t *offer = &graph->offers[i];

        if (!is_jump(graph, offer, goal) || offer->version->rank < least || offer->version->rank > goal->rank) continue;
        if (offer->build != start) step(turns, start, offer);
    }
}

static int is_nearer(const cdist_chain_build_t *a, const cdist_chain_build_t *b)
{
    return a->steps != b->steps ? a->steps < b->steps : a->bytes < b->bytes;
}

cdist_chain_build_t *cdist_chain_shortest(cdist_chain_graph_t *graph, cdist_chain_build_t *start,
                                          const cdist_chain_version_t *goal)
{
    turns_t turns = {apr_array_make(graph->search_pool, 64, sizeof(cdist_chain_build_t *)),
                     apr_array_make(graph->search_pool, 64, sizeof(cdist_chain_build_t *)), goal, 0};
    int i;

    forget(graph);
    start->reached = 1;
    APR_ARRAY_PUSH(turns.now, cdist_chain_build_t *) = start;
    while (turns.now->nelts && !turns.arrived) {
        apr_array_header_t *used = turns.now;

        qsort(used->elts, (size_t)used->nelts, sizeof(cdist_chain_build_t *), compare_reached);
        for (i = 0; i < used->nelts; i++) leave(&turns, APR_ARRAY_IDX(used, i, cdist_chain_build_t *));
        if (APR_ARRAY_IDX(used, 0, cdist_chain_build_t *) == start) jump(&turns, graph, start, goal);
        turns.now = turns.next;
        turns.next = used;
        apr_array_clear(used);
    }
    return best_build(goal, NULL, is_nearer);
}

/* ---- the most steps: versions take their turn as they rise ---------------------------------------------------------------- */

static int is_longer(const cdist_chain_build_t *a, const cdist_chain_build_t *b)
{
    return a->steps != b->steps ? a->steps > b->steps : a->bytes < b->bytes;
}

/* Goes from `before` to what the offer leads to, if that is a rise, and a longer way than the one that is known. */
static void climb(cdist_chain_build_t *before, const cdist_chain_offer_t *offer)
{
    cdist_chain_build_t *build = offer->build, tried;

    if (offer->version->rank <= before->version->rank) return;
    reach(&tried, before, offer);
    if (!build->reached || is_longer(&tried, build)) reach(build, before, offer);
}

static void climb_edges(const cdist_chain_build_t *build, cdist_chain_build_t *before)
{
    const cdist_chain_edge_t *edge;

    for (edge = build->edges; edge; edge = edge->next) climb(before, edge->offer);
}

/* From each build of the version over its own edges, by the better of two ways: as that build, or as whichever it is. */
static void climb_from(const cdist_chain_version_t *version)
{
    cdist_chain_build_t *any = version->builds, *build, *best = any->reached ? any : NULL;

    for (build = any->next; build; build = build->next) {
        cdist_chain_build_t *here = build->reached ? build : NULL;

        if (here && (!best || is_longer(here, best))) best = here;
        if (any->reached && (!here || is_longer(any, here))) here = any;
        if (here) climb_edges(build, here);
    }
    if (best) climb_edges(any, best);
}

cdist_chain_build_t *cdist_chain_sequential(cdist_chain_graph_t *graph, cdist_chain_build_t *start,
                                            const cdist_chain_version_t *goal)
{
    cdist_chain_version_t *const *versions = (cdist_chain_version_t *const *)graph->versions->elts;
    int count = graph->versions->nelts, i, j, end;
    cdist_chain_build_t *below = NULL; /* the longest way to a lower version, which a .cf goes on from */

    forget(graph);
    start->reached = 1;
    for (i = start->version->rank; i < count && versions[i]->rank <= goal->rank; i = end) {
        for (end = i; end < count && versions[end]->rank == versions[i]->rank; end++) {
            const cdist_chain_offer_t *offer;

            for (offer = below ? versions[end]->offers : NULL; offer; offer = offer->next) {
                if (is_jump(graph, offer, goal)) climb(below, offer);
            }
        }
        for (j = i; j < end; j++) climb_from(versions[j]);
        for (j = i; j < end; j++) {
            if (versions[j]->configuration == goal->configuration) below = best_build(versions[j], below, is_longer);
        }
    }
    return best_build(goal, NULL, is_longer);
}
