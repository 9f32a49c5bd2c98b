/* The graph of versions. Built in time that grows with the number of sources: texts are looked up by hash, and sorted once. */
#include "chain_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* ---- configurations and versions ----------------------------------------------------------------------------------- */

/* Room for a key of `length` bytes. */
static char *key_room(cdist_chain_graph_t *graph, apr_size_t length)
{
    if (length > graph->key_room) {
        graph->key_room = length * 2;
        graph->key = apr_palloc(graph->pool, graph->key_room);
    }
    return graph->key;
}

/* NB: hardly ever another one than the last. */
static cdist_chain_configuration_t *find_configuration(cdist_chain_graph_t *graph, const char *name, const char *vendor)
{
    cdist_chain_configuration_t *found = graph->last;
    apr_size_t name_length, length;
    char *key;

    if (found && strcmp(found->name, name) == 0 && strcmp(found->vendor, vendor) == 0) return found;
    name_length = strlen(name) + 1;
    length = name_length + strlen(vendor);
    key = key_room(graph, length + 1);
    memcpy(key, name, name_length);
    memcpy(key + name_length, vendor, length + 1 - name_length);
    found = apr_hash_get(graph->configuration_index, key, (apr_ssize_t)length);
    if (!found) {
        found = apr_pcalloc(graph->pool, sizeof *found);
        found->name = name;
        found->vendor = vendor;
        found->versions = apr_hash_make(graph->pool);
        APR_ARRAY_PUSH(graph->configurations, cdist_chain_configuration_t *) = found;
        apr_hash_set(graph->configuration_index, apr_pmemdup(graph->pool, key, length + 1), (apr_ssize_t)length, found);
    }
    return graph->last = found;
}

/* Takes a usual version apart, so that it need not be read again each time it is compared. */
static void read_parts(cdist_chain_version_t *version)
{
    const char *text = version->text;
    int count;

    for (count = 0; count < 4 && apr_isdigit(*text); count++) {
        apr_uint64_t number = 0;

        for (; apr_isdigit(*text) && number <= APR_UINT32_MAX; text++) number = number * 10 + (apr_uint64_t)(*text - '0');
        if (number > APR_UINT32_MAX) return;
        version->part[count] = (apr_uint32_t)number;
        if (!*text) version->parts = count + 1;
        if (*text++ != '.') return;
    }
}

cdist_chain_version_t *cdist_chain_graph_version(cdist_chain_graph_t *graph, const char *name, const char *vendor,
                                                 const char *text)
{
    cdist_chain_configuration_t *configuration = find_configuration(graph, name, vendor);
    apr_ssize_t length = (apr_ssize_t)strlen(text);
    cdist_chain_version_t *version = apr_hash_get(configuration->versions, text, length);

    if (version) return version;
    version = apr_pcalloc(graph->pool, sizeof *version);
    version->configuration = configuration;
    version->text = text;
    read_parts(version);
    APR_ARRAY_PUSH(graph->versions, cdist_chain_version_t *) = version;
    apr_hash_set(configuration->versions, text, length, version);
    return version;
}

/* ---- templates ------------------------------------------------------------------------------------------------------- */

int cdist_chain_is_release(const cdist_template_t *template)
{
    return template->kind == CDIST_FILE_CFU || template->distribution || template->text_only;
}

int cdist_chain_is_offered(const cdist_chain_version_t *version)
{
    const cdist_chain_offer_t *offer;

    for (offer = version->offers; offer; offer = offer->next) {
        if (offer->state == CHAIN_USABLE) return 1;
    }
    return 0;
}

void cdist_chain_source(const char **name, const char **vendor, const cdist_template_t *template,
                        const cdist_configuration_id_t *source)
{
    *name = *source->name ? source->name : template->id.name;
    *vendor = *source->name ? source->vendor : template->id.vendor;
}

static cdist_chain_state_t state_of(const cdist_template_t *template, const cdist_chain_request_t *request)
{
    if (!cdist_chain_is_release(template)) return CHAIN_NO_DISTRIBUTION;
    if (request->min_age_days <= 0) return CHAIN_USABLE;
    if (template->released == CDIST_UNDATED) return request->undated_allowed ? CHAIN_USABLE : CHAIN_UNDATED;
    return (request->now - template->released) / apr_time_from_sec(86400) >= request->min_age_days ? CHAIN_USABLE
                                                                                                    : CHAIN_TOO_YOUNG;
}

static int source_count(const cdist_template_t *template)
{
    return template->kind == CDIST_FILE_CFU && template->sources ? template->sources->nelts : 0;
}

static void add_offer(cdist_chain_graph_t *graph, const cdist_template_t *template, const cdist_chain_request_t *request)
{
    cdist_chain_offer_t *offer = &graph->offers[graph->offer_count++];
    const char *name, *vendor;
    int i, count = source_count(template);

    offer->template = template;
    offer->state = state_of(template, request);
    offer->version = cdist_chain_graph_version(graph, template->id.name, template->id.vendor, template->id.version);
    if (cdist_chain_is_release(template)) offer->version->known = graph->last->offered = 1;
    offer->sources = apr_palloc(graph->pool, sizeof(cdist_chain_version_t *) * (apr_size_t)(count + 1));
    for (i = 0; i < count; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t);

        cdist_chain_source(&name, &vendor, template, source);
        offer->sources[i] = cdist_chain_graph_version(graph, name, vendor, source->version);
        offer->sources[i]->known = 1;
    }
}

cdist_chain_graph_t *cdist_chain_graph_make(const apr_array_header_t *templates, const cdist_chain_request_t *request,
                                            apr_pool_t *pool)
{
    cdist_chain_graph_t *graph = apr_pcalloc(pool, sizeof *graph);
    int i;

    graph->pool = graph->search_pool = pool;
    graph->use_cf = request->use_cf;
    graph->configurations = apr_array_make(pool, 4, sizeof(cdist_chain_configuration_t *));
    graph->versions = apr_array_make(pool, templates->nelts + 1, sizeof(cdist_chain_version_t *));
    graph->configuration_index = apr_hash_make(pool);
    graph->build_index = apr_hash_make(pool);
    graph->offers = apr_pcalloc(pool, sizeof(cdist_chain_offer_t) * (apr_size_t)(templates->nelts + 1));
    for (i = 0; i < templates->nelts; i++) {
        const cdist_template_t *template = APR_ARRAY_IDX(templates, i, const cdist_template_t *);

        if (template->kind == CDIST_FILE_CF || template->kind == CDIST_FILE_CFU) add_offer(graph, template, request);
    }
    return graph;
}

/* ---- order ------------------------------------------------------------------------------------------------------------- */

/* As cdist_release_compare. */
static int compare_texts(const cdist_chain_version_t *a, const cdist_chain_version_t *b)
{
    int i;

    if (!a->parts || !b->parts) return cdist_release_compare(a->text, b->text);
    for (i = 0; i < a->parts && i < b->parts; i++) {
        if (a->part[i] != b->part[i]) return a->part[i] < b->part[i] ? -1 : 1;
    }
    return a->parts - b->parts;
}

static int compare_versions(const void *left, const void *right)
{
    const cdist_chain_version_t *a = *(cdist_chain_version_t *const *)left, *b = *(cdist_chain_version_t *const *)right;
    int order = compare_texts(a, b);

    if (order == 0) order = strcmp(a->configuration->name, b->configuration->name);
    if (order == 0) order = strcmp(a->configuration->vendor, b->configuration->vendor);
    return order ? order : strcmp(a->text, b->text);
}

static int compare_numbers(apr_uint64_t a, apr_uint64_t b)
{
    return (a > b) - (a < b);
}

/* Of what leads to the same version: what is on the disk, what was read rather than what texts say, a file rather than a part of
 * a delivery. */
static int compare_offers(const void *left, const void *right)
{
    const cdist_chain_offer_t *a = left, *b = right;
    const cdist_template_t *x = a->template, *y = b->template;
    int order = a->version->place - b->version->place;

    if (order == 0) order = x->listed - y->listed;
    if (order == 0) order = x->text_only - y->text_only;
    if (order == 0) order = (*x->member != '\0') - (*y->member != '\0');
    if (order == 0) order = strcmp(x->id.version_id, y->id.version_id);
    if (order == 0) order = compare_numbers(x->bytes, y->bytes);
    if (order == 0) order = strcmp(x->path, y->path);
    return order ? order : strcmp(x->member, y->member);
}

/* ---- builds and edges ---------------------------------------------------------------------------------------------------- */

static cdist_chain_build_t *add_build(cdist_chain_graph_t *graph, cdist_chain_version_t *version, const char *id)
{
    cdist_chain_build_t *build = apr_pcalloc(graph->pool, sizeof *build);

    build->version = version;
    build->id = id;
    if (version->last_build) version->last_build->next = build;
    else version->builds = build;
    version->last_build = build;
    graph->build_count++;
    return build;
}

cdist_chain_build_t *cdist_chain_graph_build(cdist_chain_graph_t *graph, cdist_chain_version_t *version, const char *id)
{
    cdist_chain_build_t *build;
    apr_size_t length;
    char *key;

    if (!*id) return version->builds;
    /* NB: most versions have one build. */
    build = version->builds->next;
    if (build && strcmp(build->id, id) == 0) return build;
    length = sizeof version->place + strlen(id);
    key = key_room(graph, length);
    memcpy(key, &version->place, sizeof version->place);
    memcpy(key + sizeof version->place, id, length - sizeof version->place);
    build = apr_hash_get(graph->build_index, key, (apr_ssize_t)length);
    if (build) return build;
    build = add_build(graph, version, id);
    apr_hash_set(graph->build_index, apr_pmemdup(graph->pool, key, length), (apr_ssize_t)length, build);
    return build;
}

cdist_chain_build_t *cdist_chain_graph_find_build(const cdist_chain_version_t *version, const char *id)
{
    cdist_chain_build_t *build = version->builds;

    while (build && strcmp(build->id, id) != 0) build = build->next;
    return build;
}

static void rank_versions(cdist_chain_graph_t *graph)
{
    cdist_chain_version_t **versions = (cdist_chain_version_t **)graph->versions->elts;
    int i;

    qsort(versions, (size_t)graph->versions->nelts, sizeof *versions, compare_versions);
    for (i = 0; i < graph->versions->nelts; i++) {
        versions[i]->place = i;
        versions[i]->rank = i && compare_texts(versions[i], versions[i - 1]) == 0 ? versions[i - 1]->rank : i;
        add_build(graph, versions[i], "");
    }
}

/* NB: goes backward, since edges and offers are put before those that are there. */
void cdist_chain_graph_link(cdist_chain_graph_t *graph)
{
    int i, j;

    rank_versions(graph);
    qsort(graph->offers, (size_t)graph->offer_count, sizeof *graph->offers, compare_offers);
    for (i = graph->offer_count - 1; i >= 0; i--) {
        cdist_chain_offer_t *offer = &graph->offers[i];
        const cdist_template_t *template = offer->template;

        offer->build = cdist_chain_graph_build(graph, offer->version, template->id.version_id);
        offer->next = offer->version->offers;
        offer->version->offers = offer;
        for (j = source_count(template) - 1; j >= 0; j--) {
            const cdist_configuration_id_t *source = &APR_ARRAY_IDX(template->sources, j, cdist_configuration_id_t);
            cdist_chain_build_t *build = cdist_chain_graph_build(graph, offer->sources[j], source->version_id);
            cdist_chain_edge_t *edge;

            if (offer->state != CHAIN_USABLE) continue;
            edge = apr_palloc(graph->pool, sizeof *edge);
            edge->offer = offer;
            edge->next = build->edges;
            build->edges = edge;
        }
    }
}
