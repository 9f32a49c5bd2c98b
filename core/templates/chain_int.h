/* Between the files that look for chains.
 *
 * A configuration's version may have several builds, each with an id of its own. So a version has one build without an id, which
 * stands for "whichever it is", and one for each id that somebody names. Edges start at a build: those of the build without an id
 * come from texts, which know versions alone, and apply to every build; the others apply to their own build, and to
 * whichever it is. */
#ifndef CDIST_CHAIN_INT_H
#define CDIST_CHAIN_INT_H

#include "cdist_templates.h"

#include <apr_hash.h>

typedef struct cdist_chain_configuration_t cdist_chain_configuration_t;
typedef struct cdist_chain_version_t cdist_chain_version_t;
typedef struct cdist_chain_build_t cdist_chain_build_t;
typedef struct cdist_chain_offer_t cdist_chain_offer_t;
typedef struct cdist_chain_edge_t cdist_chain_edge_t;

/* Why a template does not count. */
typedef enum { CHAIN_USABLE, CHAIN_TOO_YOUNG, CHAIN_UNDATED, CHAIN_NO_DISTRIBUTION } cdist_chain_state_t;

/* A template, and what it leads to. */
struct cdist_chain_offer_t {
    const cdist_template_t *template;
    cdist_chain_version_t *version;
    cdist_chain_build_t *build;
    cdist_chain_version_t **sources; /* of template->sources, one each */
    cdist_chain_state_t state;
    cdist_chain_offer_t *next; /* that leads to the same version */
};

struct cdist_chain_edge_t {
    cdist_chain_offer_t *offer;
    cdist_chain_edge_t *next;
};

struct cdist_chain_build_t {
    cdist_chain_version_t *version;
    const char *id; /* "": whichever it is */
    cdist_chain_edge_t *edges;
    cdist_chain_build_t *next; /* of the version */
    /* What a search finds. */
    int reached, opened, steps;
    apr_uint64_t bytes;
    cdist_chain_build_t *before;     /* NULL at the start */
    const cdist_chain_offer_t *by;
};

struct cdist_chain_version_t {
    const cdist_chain_configuration_t *configuration;
    const char *text;
    int place; /* in graph->versions */
    int rank;  /* rises with the version; those that differ in leading zeros alone share it */
    int known; /* a template names it */
    apr_uint32_t part[4]; /* of a text that is one to four numbers, which nearly all are */
    int parts;            /* 0: of another one */
    cdist_chain_build_t *builds, *last_build; /* the first one has no id */
    cdist_chain_offer_t *offers;
    int searched; /* by chain_problem.c; forgotten with the search before */
};

struct cdist_chain_configuration_t {
    const char *name, *vendor;
    int offered; /* a template leads to it */
    apr_hash_t *versions;
};

typedef struct {
    apr_array_header_t *configurations; /* cdist_chain_configuration_t *, in no order */
    apr_array_header_t *versions;       /* cdist_chain_version_t *, by rank, then by name, vendor and text */
    cdist_chain_offer_t *offers;        /* in the order of versions, and what is rather taken first */
    int offer_count;
    int build_count;
    int use_cf;
    apr_pool_t *pool;
    apr_pool_t *search_pool; /* of what a search needs while it lasts */
    apr_hash_t *configuration_index, *build_index;
    cdist_chain_configuration_t *last; /* looked up */
    char *key;                         /* room for making keys */
    apr_size_t key_room;
} cdist_chain_graph_t;

/* ---- chain_graph.c ---- */

/* The versions and configurations of all templates; edges are made by cdist_chain_graph_link. Which templates count, the request's
 * min_age_days, undated_allowed and now say. */
cdist_chain_graph_t *cdist_chain_graph_make(const apr_array_header_t *templates, const cdist_chain_request_t *request,
                                            apr_pool_t *pool);
/* A version, made if nobody has named it. Before cdist_chain_graph_link. */
cdist_chain_version_t *cdist_chain_graph_version(cdist_chain_graph_t *graph, const char *name, const char *vendor,
                                                 const char *text);
/* Sorts all, and makes builds and edges. */
void cdist_chain_graph_link(cdist_chain_graph_t *graph);
/* A build, made if nobody has named it. */
cdist_chain_build_t *cdist_chain_graph_build(cdist_chain_graph_t *graph, cdist_chain_version_t *version, const char *id);
/* The build of an id, NULL if nobody has named it. */
cdist_chain_build_t *cdist_chain_graph_find_build(const cdist_chain_version_t *version, const char *id);
/* Whether a template stands for a release: an update, or what may be a distribution. */
int cdist_chain_is_release(const cdist_template_t *template);
/* Whether a usable release leads to the version. */
int cdist_chain_is_offered(const cdist_chain_version_t *version);
/* A source of a template as a configuration: what texts leave out is as in the template's own. */
void cdist_chain_source(const char **name, const char **vendor, const cdist_template_t *template,
                        const cdist_configuration_id_t *source);

/* ---- chain_search.c ---- */

/* The build of `goal` at the end of the best chain from `start`, which `before` and `by` lead back along; NULL if there is none:
 * then everything that can be reached is marked. */
cdist_chain_build_t *cdist_chain_shortest(cdist_chain_graph_t *graph, cdist_chain_build_t *start,
                                          const cdist_chain_version_t *goal);
cdist_chain_build_t *cdist_chain_sequential(cdist_chain_graph_t *graph, cdist_chain_build_t *start,
                                            const cdist_chain_version_t *goal);

/* ---- chain_result.c ---- */

/* Fills in steps and warnings from the end of a chain. */
void cdist_chain_fill(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *end, apr_pool_t *pool);
/* Lists what was left out. */
void cdist_chain_fill_left_out(cdist_chain_t *chain, const cdist_chain_graph_t *graph,
                               const cdist_chain_request_t *request, const cdist_chain_configuration_t *configuration,
                               apr_pool_t *pool);

/* ---- chain_problem.c ---- */

/* Sets problem, reachable and missing after a search that found nothing. */
void cdist_chain_explain(cdist_chain_t *chain, const cdist_chain_graph_t *graph, const cdist_chain_build_t *start,
                         const cdist_chain_version_t *goal, apr_pool_t *pool);
/* The releases of a configuration for a message, the highest ones. */
const char *cdist_chain_known(const cdist_chain_graph_t *graph, const cdist_chain_configuration_t *configuration,
                              apr_pool_t *pool);
/* Texts (const char *) with commas between them, of which at most `most` are shown. */
const char *cdist_chain_list(const apr_array_header_t *texts, int most, apr_pool_t *pool);

#endif
