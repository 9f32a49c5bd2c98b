/* What a process remembers of the indexes that it made: text and ETag, one for each publication.
 *
 * An index follows from a snapshot of the catalogue, which never changes and has a number of its own; from what the configuration
 * says is current and upstream; from whether that answers; and from files and folders whose states are remembered with it: the store's, where archives appear and
 * disappear, the published folder, and archives that do not lie in the store. A hit looks at these, and takes no lock. A state
 * is trusted if it was two seconds old when it was taken, since a later change may leave it as it is before. */
#include "index_int.h"

#include <apr_strings.h>
#include <http_core.h>

#include <string.h>

/* Publications that are remembered at once; those that share a place drive each other out. */
#define PLACES 64

/* What an index is an answer to. NB: arrays and texts of the configuration, which outlive what is remembered. */
typedef struct {
    apr_uint64_t serial; /* of the catalogue; 0: the publication looks nothing up */
    const char *folder, *upstream; /* "": none */
    int follows_links;
    cdist_current_t current;
} question_t;

typedef struct {
    question_t question;
    cdist_index_text_t index;
    cdist_grounds_t grounds;
} memory_t;

/* Set in child_init, gone with the process. */
static cdist_cell_t *places[PLACES];

void cdist_index_memory_child(apr_pool_t *pchild)
{
    int i;

    for (i = 0; i < PLACES; i++) places[i] = cdist_cell_create(pchild);
}

/* ---- questions ------------------------------------------------------------------------------------------------------ */

/* With req->catalogue and req->current set. */
static question_t question_of(const cdist_request_t *req)
{
    const char *folder = cdist_published_folder(req);
    question_t question = {req->catalogue ? req->catalogue->serial : 0, folder ? folder : "",
                           cdist_dir_has_upstream(req->dir) ? req->dir->upstream : "",
                           (ap_allow_options(req->r) & OPT_SYM_LINKS) != 0, req->current};

    return question;
}

static int same_slots(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    if (!a || !b) return a == b;
    for (i = 0; i < a->nelts && i < b->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(a, i, const cdist_slot_t *), APR_ARRAY_IDX(b, i, const cdist_slot_t *)) != 0) return 0;
    }
    return a->nelts == b->nelts;
}

/* NB: a folder of server versions is in `current` no more: what it says is the mask. */
static int same_question(const question_t *a, const question_t *b)
{
    const cdist_current_t *one = &a->current, *other = &b->current;

    return a->serial == b->serial && a->follows_links == b->follows_links && one->kind == other->kind &&
           one->prefer_built == other->prefer_built && one->mask.count == other->mask.count &&
           memcmp(one->mask.part, other->mask.part, (size_t)one->mask.count * sizeof one->mask.part[0]) == 0 &&
           same_slots(one->required, other->required) && strcmp(a->folder, b->folder) == 0 &&
           strcmp(a->upstream, b->upstream) == 0;
}

/* The same for each request of a publication: its arrays are those of the configuration. */
static cdist_cell_t *place_of(const cdist_request_t *req, const question_t *question)
{
    const cdist_current_t *current = &question->current;
    const void *parts[] = {req->dir->lookup.roots, req->dir->lookup.patterns, current->required};
    apr_ssize_t length = sizeof parts, all = APR_HASH_KEY_STRING;
    unsigned number = apr_hashfunc_default((const char *)parts, &length) + apr_hashfunc_default(question->folder, &all);
    int i;

    for (i = 0; i < current->mask.count; i++) number = number * 33 + current->mask.part[i];
    return places[number % PLACES];
}

/* ---- states --------------------------------------------------------------------------------------------------------- */

/* Whether a state could not be left as it is by a later change. */
static int is_settled(const cdist_witness_t *witness, apr_time_t taken)
{
    if (witness->status != APR_SUCCESS) return APR_STATUS_IS_ENOENT(witness->status);
    return witness->stat.ctime_ns / 1000 <= taken - CDIST_SETTLE_MIN;
}

static int still_stands(const cdist_grounds_t *grounds, const cdist_request_t *req)
{
    int i;

    if (grounds->upstream_away_since != cdist_index_away_since(req)) return 0;
    for (i = 0; i < grounds->witnesses->nelts; i++) {
        const cdist_witness_t *witness = &APR_ARRAY_IDX(grounds->witnesses, i, cdist_witness_t);
        cdist_stat_t now;
        apr_status_t rv = cdist_os_stat(&now, witness->path);

        if (rv != witness->status || (rv == APR_SUCCESS && !cdist_stat_same(&now, &witness->stat))) return 0;
    }
    return 1;
}

/* ---- the outside ----------------------------------------------------------------------------------------------------- */

const cdist_index_text_t *cdist_index_recall(cdist_request_t *req)
{
    const memory_t *memory;
    question_t question;
    cdist_child_t *child;

    /* NB: a process that could not make its locks has no places either. */
    if (cdist_child_ready(&child, req->r->pool)) return NULL;
    if (cdist_dir_has_lookup(req->dir) && cdist_child_catalogue(req)) return NULL;
    if (cdist_child_current_rule(req)) return NULL;
    question = question_of(req);
    memory = cdist_cell_get(place_of(req, &question), req->r->pool);
    return memory && same_question(&memory->question, &question) && still_stands(&memory->grounds, req) ? &memory->index : NULL;
}

void cdist_index_remember(const cdist_request_t *req, const cdist_index_text_t *index, const cdist_grounds_t *grounds)
{
    /* NB: the states were taken before; the time that has passed since is what the request itself took. */
    apr_time_t taken = req->r->request_time;
    apr_pool_t *pool;
    memory_t *memory;
    int i;

    for (i = 0; i < grounds->witnesses->nelts; i++) {
        if (!is_settled(&APR_ARRAY_IDX(grounds->witnesses, i, cdist_witness_t), taken)) return;
    }
    if (!grounds->lasting || req->current.kind == CDIST_CURRENT_SERVER) return;
    apr_pool_create_unmanaged(&pool);
    memory = apr_palloc(pool, sizeof *memory);
    memory->question = question_of(req);
    memory->question.folder = apr_pstrdup(pool, memory->question.folder);
    memory->index.text = apr_pstrdup(pool, index->text);
    memory->index.etag = apr_pstrdup(pool, index->etag);
    memory->grounds = *grounds;
    memory->grounds.witnesses = apr_array_copy(pool, grounds->witnesses);
    for (i = 0; i < memory->grounds.witnesses->nelts; i++) {
        cdist_witness_t *witness = &APR_ARRAY_IDX(memory->grounds.witnesses, i, cdist_witness_t);
        witness->path = apr_pstrdup(pool, witness->path);
    }
    cdist_cell_put(place_of(req, &memory->question), memory, pool);
}
