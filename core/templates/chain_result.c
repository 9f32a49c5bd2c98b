/* A chain that was found: its steps, and what to think of before using it. */
#include "chain_int.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

/* How many versions and ids a message shows. */
#define SHOWN 10

static void warn(cdist_chain_t *chain, apr_pool_t *pool, const char *fmt, ...) CDIST_PRINTF(3, 4);

static void warn(cdist_chain_t *chain, apr_pool_t *pool, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    APR_ARRAY_PUSH(chain->warnings, const char *) = cdist_text_printable(apr_pvsprintf(pool, fmt, args), pool);
    va_end(args);
}

/* ---- builds ------------------------------------------------------------------------------------------------------------ */

/* The ids with which an update names a version; *any is 1 if it also names it without one, which means each of its builds. */
static apr_hash_t *named_ids(int *any, const cdist_chain_offer_t *offer, const cdist_chain_version_t *version, apr_pool_t *pool)
{
    const apr_array_header_t *sources = offer->template->sources;
    apr_hash_t *ids = apr_hash_make(pool);
    int i;

    *any = 0;
    for (i = 0; i < sources->nelts; i++) {
        const char *id = APR_ARRAY_IDX(sources, i, cdist_configuration_id_t).version_id;

        if (offer->sources[i] != version) continue;
        if (*id) apr_hash_set(ids, id, APR_HASH_KEY_STRING, id);
        else *any = 1;
    }
    return ids;
}

/* One version, two builds: where it is not known which one there is, the update may not apply. */
static void warn_builds(cdist_chain_t *chain, const cdist_chain_build_t *before, const cdist_chain_offer_t *offer,
                        apr_pool_t *pool, apr_pool_t *scratch_pool)
{
    const cdist_chain_version_t *version = before->version;
    const cdist_chain_build_t *build = version->builds->next;
    apr_array_header_t *fit, *others;
    apr_hash_t *ids;
    int any;

    if (*before->id ? before->by != NULL : !build || !build->next) return;
    ids = named_ids(&any, offer, version, scratch_pool);
    if (*before->id) {
        if (!any) return;
        warn(chain, pool, "that the update to %s applies to version %s is known from texts alone, which do not tell builds apart",
             offer->version->text, version->text);
        return;
    }
    if (any) return;
    fit = apr_array_make(scratch_pool, 2, sizeof(const char *));
    others = apr_array_make(scratch_pool, 2, sizeof(const char *));
    for (; build; build = build->next) {
        APR_ARRAY_PUSH(apr_hash_get(ids, build->id, APR_HASH_KEY_STRING) ? fit : others, const char *) = build->id;
    }
    if (!others->nelts || !fit->nelts) return;
    warn(chain, pool, "version %s has %d builds: the update to %s applies to the one with the id %s, and not to %s; %s",
         version->text, fit->nelts + others->nelts, offer->version->text, cdist_chain_list(fit, SHOWN, pool),
         cdist_chain_list(others, SHOWN, pool),
         before->by ? "texts do not tell which one the step before leads to" : "from-id tells which one there is");
}

/* ---- steps --------------------------------------------------------------------------------------------------------------- */

/* The versions between two, which a .cf goes over. */
static void find_skips(cdist_chain_step_t *step, const cdist_chain_graph_t *graph, const cdist_chain_version_t *from,
                       const cdist_chain_version_t *to)
{
    int i;

    for (i = from->rank; i < to->rank; i++) {
        const cdist_chain_version_t *version = APR_ARRAY_IDX(graph->versions, i, const cdist_chain_version_t *);

        if (version->rank == from->rank || !version->known || version->configuration != to->configuration) continue;
        APR_ARRAY_PUSH(step->skips, const char *) = version->text;
    }
}

static void warn_jump(cdist_chain_t *chain, const cdist_chain_step_t *step, apr_pool_t *pool)
{
    const cdist_template_t *template = step->template;

    if (!template->distribution) {
        warn(chain, pool, "whether the .cf of %s is a distribution is not known, since only texts were read",
             template->id.version);
    }
    if (step->downgrade) {
        warn(chain, pool, "%s is a downgrade: nothing converts the data of a later version for it", template->id.version);
    } else if (step->skips->nelts) {
        warn(chain, pool, "the .cf of %s goes over %d release%s (%s): what their handlers convert in the data is not done by it",
             template->id.version, step->skips->nelts, step->skips->nelts == 1 ? "" : "s",
             cdist_chain_list(step->skips, SHOWN, pool));
    }
}

static void add_step(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *build, apr_pool_t *pool)
{
    const cdist_template_t *template = build->by->template;
    cdist_chain_step_t *step = apr_array_push(chain->steps);

    step->template = template;
    step->skips = apr_array_make(pool, 2, sizeof(const char *));
    step->downgrade = build->version->rank < build->before->version->rank;
    if (template->kind == CDIST_FILE_CF) {
        find_skips(step, graph, build->before->version, build->version);
        warn_jump(chain, step, pool);
    } else {
        warn_builds(chain, build->before, build->by, pool, graph->search_pool);
        if (step->downgrade) {
            warn(chain, pool, "the update to %s is a downgrade from %s: nothing converts the data of a later version for it",
                 build->version->text, build->before->version->text);
        }
    }
    if (cdist_release_compare(template->min_platform, chain->min_platform) > 0) chain->min_platform = template->min_platform;
    chain->bytes = build->bytes;
}

void cdist_chain_fill(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *end, apr_pool_t *pool)
{
    const cdist_chain_build_t **way = apr_palloc(graph->search_pool, sizeof *way * (apr_size_t)(end->steps + 1));
    apr_array_header_t *listed = apr_array_make(pool, 8, sizeof(const char *));
    int i, count = end->steps;

    for (i = count; i > 0; i--, end = end->before) way[i - 1] = end;
    for (i = 0; i < count; i++) {
        add_step(chain, graph, way[i], pool);
        if (way[i]->by->template->listed) APR_ARRAY_PUSH(listed, const char *) = way[i]->by->template->id.version;
    }
    if (!listed->nelts) return;
    warn(chain, pool, "only a list names the file of %s%s: what is not here has to be fetched first",
         listed->nelts == 1 ? "" : "these steps: ", cdist_chain_list(listed, SHOWN, pool));
}

/* ---- what did not count ---------------------------------------------------------------------------------------------------- */

void cdist_chain_fill_left_out(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_request_t *request,
                               const cdist_chain_configuration_t *configuration, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < graph->offer_count; i++) {
        const cdist_chain_offer_t *offer = &graph->offers[i];
        cdist_chain_left_out_t *left_out;

        if (offer->state == CHAIN_USABLE || offer->version->configuration != configuration) continue;
        if (offer->state == CHAIN_NO_DISTRIBUTION && !request->use_cf) continue;
        left_out = apr_array_push(chain->left_out);
        left_out->template = offer->template;
        if (offer->state == CHAIN_NO_DISTRIBUTION) {
            left_out->reason = "it is no distribution, so it cannot update a configuration on support";
        } else if (offer->state == CHAIN_UNDATED) {
            left_out->reason = "its release date is not known";
        } else {
            left_out->reason = apr_psprintf(pool, "it was released on %s, less than %d days ago",
                                            cdist_release_date(offer->template->released, pool), request->min_age_days);
        }
    }
}
