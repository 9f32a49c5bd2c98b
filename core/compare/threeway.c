/* Three-way comparison: one pass over three sorted lists.
 * Invariants: every id of the lists is counted once, in exactly one class; swapping mine and theirs swaps the classes of the
 * same name and nothing else; what could not be read is in no class of equals. */
#include "cdist_compare.h"

#include <string.h>

const char *cdist_side_name(cdist_side_t side)
{
    static const char *const names[] = {"unchanged", "added", "changed", "deleted"};

    return names[side];
}

const char *cdist_class_name(cdist_class_t cls)
{
    static const char *const names[] = {"unchanged", "mine", "theirs", "identical", "conflict"};

    return names[cls];
}

cdist_class_t cdist_class_of(int mine_changed, int theirs_changed, int same)
{
    if (!theirs_changed) return mine_changed ? CDIST_CLASS_MINE : CDIST_CLASS_UNCHANGED;
    if (!mine_changed) return CDIST_CLASS_THEIRS;
    return same ? CDIST_CLASS_IDENTICAL : CDIST_CLASS_CONFLICT;
}

/* 1 if both are there with the same content, or both are not there. */
static int is_same(const cdist_element_t *a, const cdist_element_t *b)
{
    if (!a || !b) return a == b;
    return !a->error && !b->error && a->kind == b->kind && cdist_digest_equal(&a->digest, &b->digest);
}

static cdist_side_t side_of(const cdist_element_t *base, const cdist_element_t *side)
{
    if (is_same(base, side)) return CDIST_SIDE_UNCHANGED;
    if (!base) return CDIST_SIDE_ADDED;
    return side ? CDIST_SIDE_CHANGED : CDIST_SIDE_DELETED;
}

static cdist_class_t class_of(const cdist_difference_t *difference, int two_way)
{
    int same = is_same(difference->mine, difference->theirs);

    if (two_way) return same ? CDIST_CLASS_IDENTICAL : CDIST_CLASS_CONFLICT;
    return cdist_class_of(difference->mine_side != CDIST_SIDE_UNCHANGED, difference->theirs_side != CDIST_SIDE_UNCHANGED, same);
}

static void take(cdist_comparison_t *comparison, const cdist_element_t *base, const cdist_element_t *mine,
                 const cdist_element_t *theirs)
{
    const cdist_element_t *any = mine ? mine : theirs ? theirs : base;
    cdist_difference_t difference = {any->id, any->owner, base, mine, theirs};

    difference.mine_side = side_of(base, mine);
    difference.theirs_side = side_of(base, theirs);
    difference.cls = class_of(&difference, comparison->two_way);
    if (base) difference.error = base->error;
    if (mine && !difference.error) difference.error = mine->error;
    if (theirs && !difference.error) difference.error = theirs->error;
    comparison->counts[difference.cls]++;
    comparison->unreadable += difference.error != NULL;
    if (difference.cls == CDIST_CLASS_UNCHANGED) return;
    APR_ARRAY_PUSH(comparison->differences, cdist_difference_t) = difference;
}

/* ---- the pass -------------------------------------------------------------------------------------------------- */

typedef struct {
    const cdist_element_t *at, *end;
} cursor_t;

static cursor_t start(const cdist_snapshot_t *snapshot)
{
    cursor_t cursor = {NULL, NULL};

    if (!snapshot) return cursor;
    cursor.at = (const cdist_element_t *)(const void *)snapshot->elements->elts;
    cursor.end = cursor.at + snapshot->elements->nelts;
    return cursor;
}

/* The smallest id that comes next; NULL at the end of all. */
static const char *next_id(const cursor_t *cursors)
{
    const char *id = NULL;
    int i;

    for (i = 0; i < 3; i++) {
        if (cursors[i].at == cursors[i].end || (id && strcmp(cursors[i].at->id, id) >= 0)) continue;
        id = cursors[i].at->id;
    }
    return id;
}

static const cdist_element_t *step(cursor_t *cursor, const char *id)
{
    if (cursor->at == cursor->end || strcmp(cursor->at->id, id) != 0) return NULL;
    return cursor->at++;
}

cdist_comparison_t *cdist_threeway(const cdist_snapshot_t *base, const cdist_snapshot_t *mine, const cdist_snapshot_t *theirs,
                                   apr_pool_t *pool)
{
    cdist_comparison_t *comparison = apr_pcalloc(pool, sizeof *comparison);
    cursor_t cursors[3] = {start(base), start(mine), start(theirs)};
    const char *id;

    comparison->two_way = base == NULL;
    comparison->differences = apr_array_make(pool, 64, sizeof(cdist_difference_t));
    while ((id = next_id(cursors)) != NULL) {
        const cdist_element_t *in_base = step(&cursors[0], id), *in_mine = step(&cursors[1], id);

        take(comparison, in_base, in_mine, step(&cursors[2], id));
    }
    return comparison;
}
