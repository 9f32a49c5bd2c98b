/* Chains: what is asked for, in terms of the graph, and the answer. */
#include "chain_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define SHOWN 10

#define CONFIGURATION(graph, i) APR_ARRAY_IDX((graph)->configurations, i, const cdist_chain_configuration_t *)

typedef struct {
    const cdist_chain_request_t *request;
    cdist_chain_graph_t *graph;
    const cdist_chain_configuration_t *configuration;
    cdist_chain_t *chain;
    apr_pool_t *pool;
    int linked; /* the graph is complete already, and has the ends of the chain */
} search_t;

struct cdist_chain_finder_t {
    const apr_array_header_t *templates;
    cdist_chain_graph_t *graph; /* of all templates, for requests that leave none out */
};

/* ---- configurations ------------------------------------------------------------------------------------------------------ */

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

/* "NAME (VENDOR)" of the configurations with releases; those of one name, or all (NULL). */
static apr_array_header_t *list_configurations(const cdist_chain_graph_t *graph, const char *name, apr_pool_t *pool)
{
    apr_array_header_t *texts = apr_array_make(pool, 4, sizeof(const char *));
    int i;

    for (i = 0; i < graph->configurations->nelts; i++) {
        const cdist_chain_configuration_t *each = CONFIGURATION(graph, i);

        if (!each->offered || (name && strcmp(name, each->name) != 0)) continue;
        APR_ARRAY_PUSH(texts, const char *) =
            cdist_text_printable(apr_psprintf(pool, "%s (%s)", each->name, *each->vendor ? each->vendor : "no vendor"), pool);
    }
    qsort(texts->elts, (size_t)texts->nelts, sizeof(const char *), compare_texts);
    return texts;
}

apr_array_header_t *cdist_chain_configurations(const char **only, const cdist_chain_finder_t *finder, apr_pool_t *pool)
{
    const cdist_chain_graph_t *graph = finder->graph;
    int i;

    *only = NULL;
    for (i = 0; i < graph->configurations->nelts; i++) {
        const cdist_chain_configuration_t *each = CONFIGURATION(graph, i);

        if (each->offered) *only = *only ? "" : each->name;
    }
    if (*only && !**only) *only = NULL;
    return list_configurations(graph, NULL, pool);
}

/* Sets search->configuration; NULL if there is no such one, which becomes the chain's problem. */
static cdist_err_t *choose_configuration(search_t *search)
{
    const cdist_chain_request_t *request = search->request;
    apr_array_header_t *others;
    int i, count = 0;

    for (i = 0; i < search->graph->configurations->nelts; i++) {
        const cdist_chain_configuration_t *each = CONFIGURATION(search->graph, i);

        if (!each->offered || strcmp(each->name, request->name) != 0) continue;
        if (request->vendor && strcmp(each->vendor, request->vendor) != 0) continue;
        search->configuration = each;
        count++;
    }
    if (count == 1) return NULL;
    search->configuration = NULL;
    others = list_configurations(search->graph, request->name, search->pool);
    if (count > 1) {
        return cdist_err_create(search->pool, CDIST_E_INPUT, 0,
                                "several vendors have a configuration %s, so that the vendor must be named: %s",
                                cdist_text_printable(request->name, search->pool), cdist_chain_list(others, SHOWN, search->pool));
    }
    if (!others->nelts) others = list_configurations(search->graph, NULL, search->pool);
    search->chain->problem =
        apr_psprintf(search->pool, "there is no release of %s%s%s%s here; %s%s",
                     cdist_text_printable(request->name, search->pool), request->vendor ? " (" : "", request->vendor ? cdist_text_printable(request->vendor, search->pool) : "",
                     request->vendor ? ")" : "", others->nelts ? "there are: " : "there are none at all",
                     cdist_chain_list(others, SHOWN, search->pool));
    return NULL;
}

/* ---- the ends ------------------------------------------------------------------------------------------------------------ */

static cdist_chain_version_t *version_of(const search_t *search, const char *text)
{
    return apr_hash_get(search->configuration->versions, text, APR_HASH_KEY_STRING);
}

/* The highest version that a usable release leads to; NULL without any. */
static cdist_chain_version_t *highest(const search_t *search)
{
    int i;

    for (i = search->graph->versions->nelts - 1; i >= 0; i--) {
        cdist_chain_version_t *version = APR_ARRAY_IDX(search->graph->versions, i, cdist_chain_version_t *);

        if (version->configuration == search->configuration && cdist_chain_is_offered(version)) return version;
    }
    return NULL;
}

/* " (there is 1.0.0.005)", where another text means the same number. */
static const char *same_number(const search_t *search, const cdist_chain_version_t *version)
{
    int i;

    for (i = version->rank; i < search->graph->versions->nelts; i++) {
        const cdist_chain_version_t *other = APR_ARRAY_IDX(search->graph->versions, i, const cdist_chain_version_t *);

        if (other->rank != version->rank) break;
        if (other == version || !other->known || other->configuration != version->configuration) continue;
        return apr_psprintf(search->pool, " (but %s is: versions are compared as texts)", other->text);
    }
    return "";
}

static const char *unknown_version(const search_t *search, const cdist_chain_version_t *version)
{
    const char *text = apr_psprintf(search->pool, "version %s of %s is not known here%s; known are %s", version->text,
                                    search->configuration->name, same_number(search, version),
                                    cdist_chain_known(search->graph, search->configuration, search->pool));

    return cdist_text_printable(text, search->pool);
}

/* The version to go to, NULL with the chain's problem set. */
static cdist_chain_version_t *choose_goal(search_t *search)
{
    cdist_chain_version_t *goal;

    if (search->request->to) {
        goal = version_of(search, search->request->to);
        if (goal->known) return goal;
        search->chain->problem = unknown_version(search, goal);
        return NULL;
    }
    goal = highest(search);
    if (!goal) search->chain->problem = "of all releases none counts: they are too young, or their date is not known";
    return goal;
}

/* ---- the search ------------------------------------------------------------------------------------------------------------ */

static const char *lower_case(const char *id, apr_pool_t *pool)
{
    char *copy = apr_pstrdup(pool, id), *p;

    for (p = copy; *p; p++) *p = (char)(*p >= 'A' && *p <= 'Z' ? *p + ('a' - 'A') : *p);
    return copy;
}

const char *cdist_chain_id(const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);

    if (length == CDIST_GUID_CHARS + 2 && text[0] == '{' && text[length - 1] == '}') {
        text++;
        length -= 2;
    }
    if (!cdist_text_is_guid(text, length)) return NULL;
    return lower_case(apr_pstrmemdup(pool, text, length), pool);
}

/* NB: down there are no releases in turn, only a downgrade. */
static void run(search_t *search, cdist_chain_build_t *start, const cdist_chain_version_t *goal)
{
    cdist_chain_t *chain = search->chain;
    int in_turn = chain->strategy == CDIST_CHAIN_SEQUENTIAL && goal->rank > start->version->rank;
    cdist_chain_build_t *end = in_turn ? cdist_chain_sequential(search->graph, start, goal)
                                       : cdist_chain_shortest(search->graph, start, goal);

    if (end) {
        cdist_chain_fill(chain, search->graph, end, search->pool);
        return;
    }
    if (in_turn) end = cdist_chain_shortest(search->graph, start, goal);
    if (end) {
        chain->problem = apr_psprintf(search->pool,
                                      "there is no chain from %s to %s whose versions rise; the shortest one has %d steps",
                                      cdist_text_printable(chain->from, search->pool),
                                      cdist_text_printable(chain->to, search->pool), end->steps);
    } else {
        cdist_chain_explain(chain, search->graph, start, goal, search->pool);
    }
}

static void nothing_to_do(search_t *search, const char *reason)
{
    search->chain->to = search->chain->from;
    search->chain->note = apr_pstrcat(search->pool, "there is nothing to do: ", reason, NULL);
}

static void find(search_t *search)
{
    const cdist_chain_request_t *request = search->request;
    cdist_chain_t *chain = search->chain;
    cdist_chain_version_t *start, *goal;
    const char *id;

    start = cdist_chain_graph_version(search->graph, search->configuration->name, search->configuration->vendor, request->from);
    if (request->to) {
        cdist_chain_graph_version(search->graph, search->configuration->name, search->configuration->vendor, request->to);
    }
    if (!search->linked) cdist_chain_graph_link(search->graph);
    cdist_chain_fill_left_out(chain, search->graph, request, search->configuration, search->pool);
    if (request->to && strcmp(request->to, request->from) == 0) {
        nothing_to_do(search, "this is the version that there is already");
        return;
    }
    goal = choose_goal(search);
    if (!goal) return;
    /* NB: a lower version is gone to only where it is named. */
    if (!request->to && goal->rank <= start->rank) {
        if (start->known) nothing_to_do(search, "no release here that counts has a higher version");
        else chain->problem = unknown_version(search, start);
        return;
    }
    chain->to = goal->text;
    id = request->from_id ? lower_case(request->from_id, search->pool) : "";
    run(search, cdist_chain_graph_build(search->graph, start, id), goal);
    if (!chain->problem || start->known) return;
    chain->problem = apr_pstrcat(search->pool, chain->problem, "; ", unknown_version(search, start), NULL);
}

static cdist_chain_t *make_chain(const cdist_chain_request_t *request, apr_pool_t *result_pool)
{
    cdist_chain_t *made = apr_pcalloc(result_pool, sizeof *made);

    made->name = apr_pstrdup(result_pool, request->name);
    made->vendor = request->vendor ? apr_pstrdup(result_pool, request->vendor) : "";
    made->from = apr_pstrdup(result_pool, request->from);
    made->to = request->to ? apr_pstrdup(result_pool, request->to) : "";
    made->strategy = request->strategy;
    made->min_platform = made->reachable = made->note = "";
    made->steps = apr_array_make(result_pool, 8, sizeof(cdist_chain_step_t));
    made->missing = apr_array_make(result_pool, 2, sizeof(const char *));
    made->warnings = apr_array_make(result_pool, 2, sizeof(const char *));
    made->left_out = apr_array_make(result_pool, 2, sizeof(cdist_chain_left_out_t));
    return made;
}

cdist_err_t *cdist_chain_find(cdist_chain_t **chain, const apr_array_header_t *templates, const cdist_chain_request_t *request,
                              apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    search_t search = {request, cdist_chain_graph_make(templates, request, scratch_pool), NULL, make_chain(request, result_pool),
                       result_pool, 0};

    CDIST_ERR(choose_configuration(&search));
    if (search.configuration) {
        search.chain->vendor = search.configuration->vendor;
        find(&search);
    }
    *chain = search.chain;
    return NULL;
}

/* ---- many questions about the same templates ------------------------------------------------------------------------------- */

cdist_chain_finder_t *cdist_chain_finder_make(const apr_array_header_t *templates, apr_pool_t *pool)
{
    cdist_chain_finder_t *finder = apr_pcalloc(pool, sizeof *finder);
    cdist_chain_request_t any;

    memset(&any, 0, sizeof any);
    finder->templates = templates;
    finder->graph = cdist_chain_graph_make(templates, &any, pool);
    cdist_chain_graph_link(finder->graph);
    return finder;
}

/* Whether the graph has what the request names: what it has not is put into none that others use. */
static int has_ends(const search_t *search)
{
    const cdist_chain_request_t *request = search->request;
    const cdist_chain_version_t *start = version_of(search, request->from);

    if (!start || (request->to && !version_of(search, request->to))) return 0;
    return !request->from_id || cdist_chain_graph_find_build(start, lower_case(request->from_id, search->graph->search_pool));
}

cdist_err_t *cdist_chain_find_again(cdist_chain_t **chain, cdist_chain_finder_t *finder, const cdist_chain_request_t *request,
                                    apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    search_t search = {request, finder->graph, NULL, make_chain(request, result_pool), result_pool, 1};

    if (request->min_age_days > 0) return cdist_chain_find(chain, finder->templates, request, result_pool, scratch_pool);
    finder->graph->use_cf = request->use_cf;
    finder->graph->search_pool = scratch_pool;
    CDIST_ERR(choose_configuration(&search));
    if (search.configuration) {
        if (!has_ends(&search)) return cdist_chain_find(chain, finder->templates, request, result_pool, scratch_pool);
        search.chain->vendor = search.configuration->vendor;
        find(&search);
    }
    *chain = search.chain;
    return NULL;
}
