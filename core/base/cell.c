/* A place for one thing that many threads read and few replace.
 *
 * Readers take no lock and wait for nobody: they count themselves in, take what is there, count themselves as its reader, and
 * count themselves out. What was replaced may still be in the hands of one who is between the first and the last step; so it
 * is put on a list, and let go of by a later replacement that finds nobody between them. Nobody waits for that either, since
 * a reader may be stopped in between by the handler of a signal that joins other threads. */
#include "cdist_base.h"

#include <stdatomic.h>

typedef struct held_t {
    struct held_t *next; /* of those that were replaced */
    apr_pool_t *pool;    /* the thing's own, in which this lies too */
    const void *thing;
    atomic_uint readers; /* the cell counts as one */
} held_t;

struct cdist_cell_t {
    _Atomic(held_t *) now, replaced;
    atomic_uint entering;
};

static apr_status_t release(void *baton)
{
    held_t *held = baton;

    if (atomic_fetch_sub(&held->readers, 1) == 1) apr_pool_destroy(held->pool);
    return APR_SUCCESS;
}

static void put_away(cdist_cell_t *cell, held_t *held)
{
    held->next = atomic_load(&cell->replaced);
    while (!atomic_compare_exchange_weak(&cell->replaced, &held->next, held)) continue;
}

/* NB: the list is taken before the look whether somebody is entering: whoever enters later cannot find what is on it. */
static void let_go(cdist_cell_t *cell)
{
    held_t *held = atomic_exchange(&cell->replaced, NULL), *next;
    int idle = atomic_load(&cell->entering) == 0;

    for (; held; held = next) {
        next = held->next;
        if (idle) release(held);
        else put_away(cell, held);
    }
}

static apr_status_t empty(void *baton)
{
    cdist_cell_put(baton, NULL, NULL);
    return APR_SUCCESS;
}

cdist_cell_t *cdist_cell_create(apr_pool_t *pool)
{
    cdist_cell_t *cell = apr_pcalloc(pool, sizeof *cell);

    apr_pool_cleanup_register(pool, cell, empty, apr_pool_cleanup_null);
    return cell;
}

const void *cdist_cell_get(cdist_cell_t *cell, apr_pool_t *pool)
{
    held_t *held;

    atomic_fetch_add(&cell->entering, 1);
    held = atomic_load(&cell->now);
    if (held) atomic_fetch_add(&held->readers, 1);
    atomic_fetch_sub(&cell->entering, 1);
    if (!held) return NULL;
    apr_pool_cleanup_register(pool, held, release, apr_pool_cleanup_null);
    return held->thing;
}

void cdist_cell_put(cdist_cell_t *cell, const void *thing, apr_pool_t *own_pool)
{
    held_t *fresh = thing ? apr_pcalloc(own_pool, sizeof *fresh) : NULL, *before;

    if (fresh) {
        fresh->pool = own_pool;
        fresh->thing = thing;
        atomic_store(&fresh->readers, 1);
    }
    before = atomic_exchange(&cell->now, fresh);
    if (before) put_away(cell, before);
    let_go(cell);
}
