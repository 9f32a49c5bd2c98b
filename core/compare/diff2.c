/* The differences of two sequences of lines.
 * E. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986), with linear space (section 4b): the middle of a shortest
 * path is sought from both ends, and cuts the box between two pairs of lines into two smaller ones, which wait on a stack.
 * Lines that only one side has cannot match and are left out before: texts that have nothing in common cost nothing. The steps
 * are counted; when the budget is used up, the boxes that still wait become differences as they are.
 * Invariant: what is not marked as changed on the old side equals, in order, what is not marked on the new one. */
#include "lines_int.h"

#include <string.h>

#define BUDGET_LEAST (4 * 1000 * 1000)
#define BUDGET_MOST (64 * 1000 * 1000)
#define BUDGET_LINE 512 /* steps for each line */

/* A sequence without the lines that the other one has not. */
typedef struct {
    apr_uint32_t *symbols, *places; /* where each stood before */
    apr_int32_t count;
    char *changed; /* by place */
} side_t;

/* Lines from old_first to before old_end on one side, from new_first to before new_end on the other. */
typedef struct {
    apr_int32_t old_first, old_end, new_first, new_end;
} box_t;

typedef struct {
    side_t old, new;
    /* How far the paths of so many steps lead on each diagonal (place on the old side less place on the new one); index 0 is
     * the diagonal 0. */
    apr_int32_t *ahead, *back;
    apr_int64_t budget;
    apr_array_header_t *boxes; /* box_t: a stack */
} diff_t;

static void side_fill(side_t *side, const apr_uint32_t *lines, apr_uint32_t count, const char *known, apr_pool_t *pool)
{
    apr_uint32_t i;

    side->symbols = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof *side->symbols);
    side->places = apr_palloc(pool, ((apr_size_t)count + 1) * sizeof *side->places);
    side->changed = apr_pcalloc(pool, (apr_size_t)count + 1);
    side->count = 0;
    for (i = 0; i < count; i++) {
        if (!known[lines[i]]) {
            side->changed[i] = 1;
            continue;
        }
        side->symbols[side->count] = lines[i];
        side->places[side->count++] = i;
    }
}

static void note_known(char *known, const apr_uint32_t *lines, apr_uint32_t count)
{
    apr_uint32_t i;

    for (i = 0; i < count; i++) known[lines[i]] = 1;
}

static void mark(diff_t *diff, const box_t *box)
{
    apr_int32_t i;

    for (i = box->old_first; i < box->old_end; i++) diff->old.changed[diff->old.places[i]] = 1;
    for (i = box->new_first; i < box->new_end; i++) diff->new.changed[diff->new.places[i]] = 1;
}

static void trim(diff_t *diff, box_t *box)
{
    const apr_uint32_t *old = diff->old.symbols, *new = diff->new.symbols;

    while (box->old_first < box->old_end && box->new_first < box->new_end && old[box->old_first] == new[box->new_first]) {
        box->old_first++;
        box->new_first++;
    }
    while (box->old_first < box->old_end && box->new_first < box->new_end && old[box->old_end - 1] == new[box->new_end - 1]) {
        box->old_end--;
        box->new_end--;
    }
}

/* The diagonals that the paths of one direction have reached, and those that the box has. */
typedef struct {
    apr_int32_t least, most, box_least, box_most;
} reach_t;

/* One more step: the diagonals of the other parity, each from its neighbours. A neighbour that was not reached counts as
 * `never`. */
static void widen(reach_t *reach, apr_int32_t *places, apr_int32_t never)
{
    if (reach->least > reach->box_least) places[--reach->least - 1] = never;
    else reach->least++;
    if (reach->most < reach->box_most) places[++reach->most + 1] = never;
    else reach->most--;
}

static int within(const reach_t *reach, apr_int32_t diagonal)
{
    return diagonal >= reach->least && diagonal <= reach->most;
}

/* Paths from the start, one step on; 1 if one meets a path from the end, at old line *at. */
static int step_ahead(apr_int32_t *at, apr_int32_t *diagonal, diff_t *diff, const box_t *box, reach_t *reach,
                      const reach_t *other, int check)
{
    apr_int32_t d;

    widen(reach, diff->ahead, -1);
    for (d = reach->most; d >= reach->least; d -= 2) {
        apr_int32_t below = diff->ahead[d - 1], above = diff->ahead[d + 1];
        apr_int32_t start = below < above ? above : below + 1, x = start;

        while (x < box->old_end && x - d < box->new_end && diff->old.symbols[x] == diff->new.symbols[x - d]) x++;
        diff->budget -= 1 + x - start;
        diff->ahead[d] = x;
        if (!check || !within(other, d) || diff->back[d] > x) continue;
        *at = x;
        *diagonal = d;
        return 1;
    }
    return 0;
}

static int step_back(apr_int32_t *at, apr_int32_t *diagonal, diff_t *diff, const box_t *box, reach_t *reach,
                     const reach_t *other, int check)
{
    apr_int32_t d;

    widen(reach, diff->back, APR_INT32_MAX);
    for (d = reach->most; d >= reach->least; d -= 2) {
        apr_int32_t below = diff->back[d - 1], above = diff->back[d + 1];
        apr_int32_t start = below < above ? below : above - 1, x = start;

        while (x > box->old_first && x - d > box->new_first && diff->old.symbols[x - 1] == diff->new.symbols[x - d - 1]) x--;
        diff->budget -= 1 + start - x;
        diff->back[d] = x;
        if (!check || !within(other, d) || x > diff->ahead[d]) continue;
        *at = x;
        *diagonal = d;
        return 1;
    }
    return 0;
}

/* A point on a shortest path through a box in which neither the first nor the last lines match; 0 if the budget is used up. */
static int find_middle(apr_int32_t *old_at, apr_int32_t *new_at, diff_t *diff, const box_t *box)
{
    apr_int32_t start = box->old_first - box->new_first, end = box->old_end - box->new_end, diagonal = 0;
    reach_t ahead = {start, start, box->old_first - box->new_end, box->old_end - box->new_first}, back = ahead;
    int odd = (start - end) & 1;

    back.least = back.most = end;
    diff->ahead[start] = box->old_first;
    diff->back[end] = box->old_end;
    while (diff->budget > 0) {
        if (!step_ahead(old_at, &diagonal, diff, box, &ahead, &back, odd) &&
            !step_back(old_at, &diagonal, diff, box, &back, &ahead, !odd)) continue;
        *new_at = *old_at - diagonal;
        return 1;
    }
    return 0;
}

/* Whether a point cuts the box into two that are smaller. */
static int cuts(const box_t *box, apr_int32_t old_at, apr_int32_t new_at)
{
    if (old_at < box->old_first || old_at > box->old_end || new_at < box->new_first || new_at > box->new_end) return 0;
    return !(old_at == box->old_first && new_at == box->new_first) && !(old_at == box->old_end && new_at == box->new_end);
}

static void push(diff_t *diff, apr_int32_t old_first, apr_int32_t old_end, apr_int32_t new_first, apr_int32_t new_end)
{
    box_t *box = apr_array_push(diff->boxes);

    box->old_first = old_first;
    box->old_end = old_end;
    box->new_first = new_first;
    box->new_end = new_end;
}

/* NB: without a middle, or with one that leads nowhere, the box is a difference as a whole: that is always true, if coarse. */
static void compare_all(int *coarse, diff_t *diff)
{
    push(diff, 0, diff->old.count, 0, diff->new.count);
    while (diff->boxes->nelts > 0) {
        box_t box = *(const box_t *)apr_array_pop(diff->boxes);
        apr_int32_t old_at, new_at;

        trim(diff, &box);
        if (box.old_first == box.old_end || box.new_first == box.new_end) {
            mark(diff, &box);
        } else if (find_middle(&old_at, &new_at, diff, &box) && cuts(&box, old_at, new_at)) {
            push(diff, old_at, box.old_end, new_at, box.new_end);
            push(diff, box.old_first, old_at, box.new_first, new_at);
        } else {
            mark(diff, &box);
            *coarse = 1;
        }
    }
}

/* ---- hunks ----------------------------------------------------------------------------------------------------- */

static void collect(apr_array_header_t *hunks, const diff_t *diff, apr_uint32_t old_count, apr_uint32_t new_count)
{
    const char *old = diff->old.changed, *new = diff->new.changed;
    apr_uint32_t i = 0, k = 0;

    while (i < old_count || k < new_count) {
        hunk_t *hunk;

        if (i < old_count && k < new_count && !old[i] && !new[k]) {
            i++;
            k++;
            continue;
        }
        hunk = apr_array_push(hunks);
        hunk->old_first = i;
        hunk->new_first = k;
        while (i < old_count && old[i]) i++;
        while (k < new_count && new[k]) k++;
        hunk->old_count = i - hunk->old_first;
        hunk->new_count = k - hunk->new_first;
    }
}

/* Lines that were only added or only taken away may often stand a line lower as well: x in "a x a x a". They stand as low as
 * they can, so that the same change looks the same wherever it comes from. `lines` is the side that has them; `next` the place
 * on that side where the next hunk starts, or the end. */
static void sink(hunk_t *hunk, const apr_uint32_t *lines, apr_uint32_t first, apr_uint32_t count, apr_uint32_t next)
{
    apr_uint32_t down = 0;

    while (first + count + down < next && lines[first + down] == lines[first + count + down]) down++;
    hunk->old_first += down;
    hunk->new_first += down;
}

static int touches(const hunk_t *hunk, const hunk_t *next)
{
    return hunk->old_first + hunk->old_count == next->old_first && hunk->new_first + hunk->new_count == next->new_first;
}

/* From the last to the first, since a hunk that sinks onto the next one becomes one with it. */
static apr_array_header_t *settle(const apr_array_header_t *found, const apr_uint32_t *old_lines, apr_uint32_t old_count,
                                  const apr_uint32_t *new_lines, apr_uint32_t new_count, apr_pool_t *result_pool)
{
    hunk_t *hunks = (hunk_t *)found->elts;
    apr_array_header_t *settled = apr_array_make(result_pool, found->nelts, sizeof(hunk_t));
    int i, last = found->nelts; /* the hunks from here on are settled */

    for (i = found->nelts - 1; i >= 0; i--) {
        hunk_t hunk = hunks[i];
        apr_uint32_t old_next = last < found->nelts ? hunks[last].old_first : old_count;
        apr_uint32_t new_next = last < found->nelts ? hunks[last].new_first : new_count;

        if (hunk.old_count == 0) sink(&hunk, new_lines, hunk.new_first, hunk.new_count, new_next);
        else if (hunk.new_count == 0) sink(&hunk, old_lines, hunk.old_first, hunk.old_count, old_next);
        if (last < found->nelts && touches(&hunk, &hunks[last])) {
            hunk.old_count += hunks[last].old_count;
            hunk.new_count += hunks[last].new_count;
            last++;
        }
        hunks[--last] = hunk;
    }
    for (i = last; i < found->nelts; i++) APR_ARRAY_PUSH(settled, hunk_t) = hunks[i];
    return settled;
}

apr_array_header_t *cdist_diff2(int *coarse, const apr_uint32_t *old_lines, apr_uint32_t old_count,
                                const apr_uint32_t *new_lines, apr_uint32_t new_count, apr_uint32_t symbols,
                                apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    apr_array_header_t *hunks = apr_array_make(scratch_pool, 16, sizeof(hunk_t));
    char *in_old = apr_pcalloc(scratch_pool, (apr_size_t)symbols + 1);
    char *in_new = apr_pcalloc(scratch_pool, (apr_size_t)symbols + 1);
    apr_size_t diagonals;
    diff_t diff;

    note_known(in_old, old_lines, old_count);
    note_known(in_new, new_lines, new_count);
    side_fill(&diff.old, old_lines, old_count, in_new, scratch_pool);
    side_fill(&diff.new, new_lines, new_count, in_old, scratch_pool);
    /* From one below the lowest diagonal to one above the highest. */
    diagonals = (apr_size_t)diff.old.count + (apr_size_t)diff.new.count + 3;
    diff.ahead = (apr_int32_t *)apr_palloc(scratch_pool, diagonals * sizeof *diff.ahead) + diff.new.count + 1;
    diff.back = (apr_int32_t *)apr_palloc(scratch_pool, diagonals * sizeof *diff.back) + diff.new.count + 1;
    diff.budget = BUDGET_LEAST + BUDGET_LINE * (apr_int64_t)diagonals;
    if (diff.budget > BUDGET_MOST) diff.budget = BUDGET_MOST;
    diff.boxes = apr_array_make(scratch_pool, 64, sizeof(box_t));
    *coarse = 0;
    compare_all(coarse, &diff);
    collect(hunks, &diff, old_count, new_count);
    return settle(hunks, old_lines, old_count, new_lines, new_count, result_pool);
}
