/* Texts line by line, three ways: the differences base to mine and base to theirs, laid over each other.
 * Differences of the two sides that overlap or touch are one region; all between regions is unchanged. Lines are compared by
 * numbers (sequence.c).
 * Invariants: regions follow each other without a gap in each of the texts; between two that are changed lies an unchanged one.
 * */
#include "cdist_compare_detail.h"
#include "lines_int.h"
#include "sequence_int.h"

#include <string.h>

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static apr_uint32_t line_count(const char *text, apr_size_t length)
{
    const char *end = text + length;
    apr_uint32_t count = 0;

    while (text < end) {
        const char *feed = memchr(text, '\n', (apr_size_t)(end - text));

        count++;
        text = feed ? feed + 1 : end;
    }
    return count;
}

static void cut(cdist_merge_text_t *lines, const char *text, apr_size_t length, apr_pool_t *pool)
{
    const char *end = text + length;
    cdist_merge_line_t *line;

    lines->count = line_count(text, length);
    lines->lines = line = apr_palloc(pool, ((apr_size_t)lines->count + 1) * sizeof *line);
    for (; text < end; line++) {
        const char *feed = memchr(text, '\n', (apr_size_t)(end - text));

        line->text = text;
        line->length = (apr_uint32_t)((feed ? feed : end) - text);
        line->end = feed != NULL;
        if (feed && line->length > 0 && feed[-1] == '\r') {
            line->length--;
            line->end = 2;
        }
        text = feed ? feed + 1 : end;
    }
}

/* Gives lines numbers, the same to equal ones of all texts. Returns how many there are. */
static apr_uint32_t number_lines(apr_uint32_t **symbols, const cdist_merge_text_t *const *texts, int count, apr_pool_t *pool)
{
    cdist_sequences_t *lines;
    apr_size_t total = 0;
    apr_uint32_t numbers = 0, k;
    int text;

    for (text = 0; text < count; text++) total += texts[text]->count;
    lines = cdist_sequences_create(total, pool);
    for (text = 0; text < count; text++) {
        symbols[text] = apr_palloc(pool, ((apr_size_t)texts[text]->count + 1) * sizeof **symbols);
        for (k = 0; k < texts[text]->count; k++) {
            const cdist_merge_line_t *line = &texts[text]->lines[k];
            cdist_sequences_add(lines, line->text, line->length, 0, &symbols[text][k]);
        }
    }
    cdist_sequences_number(&numbers, lines);
    return numbers;
}

/* ---- regions --------------------------------------------------------------------------------------------------- */

/* The differences of one side, and how much of it is covered. */
typedef struct {
    const hunk_t *hunks;
    int count, next;
    const apr_uint32_t *symbols;
    cdist_span_t span; /* of the region that is being made */
} way_t;

static const hunk_t *next_hunk(const way_t *way)
{
    return way->next < way->count ? &way->hunks[way->next] : NULL;
}

/* Takes the hunks that start up to *end into the region; 1 if there were any, and *end may have grown. */
static int take_hunks(way_t *way, apr_uint32_t *end)
{
    const hunk_t *hunk;
    int taken = 0;

    while ((hunk = next_hunk(way)) != NULL && hunk->old_first <= *end) {
        apr_uint32_t hunk_end = hunk->old_first + hunk->old_count;

        if (hunk_end > *end) *end = hunk_end;
        way->span.count += hunk->new_count - hunk->old_count; /* NB: modulo 2^32, as long as the base's lines are not added */
        way->next++;
        taken = 1;
    }
    return taken;
}

static int same_lines(const way_t *a, const way_t *b)
{
    return a->span.count == b->span.count &&
           (a->span.count == 0 ||
            memcmp(a->symbols + a->span.first, b->symbols + b->span.first, a->span.count * sizeof *a->symbols) == 0);
}

static void add_region(cdist_merge_t *merge, cdist_class_t cls, apr_uint32_t base_first, apr_uint32_t base_count, way_t *mine,
                       way_t *theirs)
{
    cdist_region_t *region = apr_array_push(merge->regions);

    memset(region, 0, sizeof *region);
    region->cls = cls;
    if (!merge->two_way) {
        region->base.first = base_first;
        region->base.count = base_count;
    }
    region->mine = mine->span;
    region->theirs = theirs->span;
    merge->conflicts += cls == CDIST_CLASS_CONFLICT;
    mine->span.first += mine->span.count;
    theirs->span.first += theirs->span.count;
    mine->span.count = theirs->span.count = 0;
}

static void add_unchanged(cdist_merge_t *merge, apr_uint32_t first, apr_uint32_t end, way_t *mine, way_t *theirs)
{
    if (first == end) return;
    mine->span.count = theirs->span.count = end - first;
    add_region(merge, CDIST_CLASS_UNCHANGED, first, end - first, mine, theirs);
}

static void lay_over(cdist_merge_t *merge, way_t *mine, way_t *theirs)
{
    apr_uint32_t at = 0;

    for (;;) {
        const hunk_t *of_mine = next_hunk(mine), *of_theirs = next_hunk(theirs);
        int mine_changed = 0, theirs_changed = 0, took_mine, took_theirs;
        apr_uint32_t start, end;

        if (!of_mine && !of_theirs) break;
        start = of_mine ? of_mine->old_first : of_theirs->old_first;
        if (of_theirs && of_theirs->old_first < start) start = of_theirs->old_first;
        add_unchanged(merge, at, start, mine, theirs);
        end = start;
        do {
            mine_changed |= took_mine = take_hunks(mine, &end);
            theirs_changed |= took_theirs = take_hunks(theirs, &end);
        } while (took_mine || took_theirs);
        mine->span.count += end - start;
        theirs->span.count += end - start;
        add_region(merge, cdist_class_of(mine_changed, theirs_changed, same_lines(mine, theirs)), start, end - start, mine, theirs);
        at = end;
    }
    add_unchanged(merge, at, merge->base.count, mine, theirs);
}

/* Without a base: mine stands in for it, and what theirs has instead is a conflict. */
static void lay_two(cdist_merge_t *merge, way_t *theirs)
{
    way_t mine = {NULL, 0, 0, NULL, {0, 0}};
    const hunk_t *hunk;
    apr_uint32_t at = 0;

    for (; (hunk = next_hunk(theirs)) != NULL; theirs->next++) {
        add_unchanged(merge, at, hunk->old_first, &mine, theirs);
        mine.span.count = hunk->old_count;
        theirs->span.count = hunk->new_count;
        add_region(merge, CDIST_CLASS_CONFLICT, 0, 0, &mine, theirs);
        at = hunk->old_first + hunk->old_count;
    }
    add_unchanged(merge, at, merge->mine.count, &mine, theirs);
}

static way_t way_of(int *coarse, const apr_uint32_t *old_lines, apr_uint32_t old_count, const apr_uint32_t *new_lines,
                    apr_uint32_t new_count, apr_uint32_t symbols, apr_pool_t *scratch_pool)
{
    const apr_array_header_t *hunks;
    way_t way = {NULL, 0, 0, new_lines, {0, 0}};
    int this_coarse;

    hunks = cdist_diff2(&this_coarse, old_lines, old_count, new_lines, new_count, symbols, scratch_pool, scratch_pool);
    *coarse |= this_coarse;
    way.hunks = (const hunk_t *)hunks->elts;
    way.count = hunks->nelts;
    return way;
}

static void count_ends(cdist_merge_t *merge)
{
    int i;
    apr_uint32_t k;

    if (merge->two_way) return;
    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);

        for (k = 0; region->cls == CDIST_CLASS_UNCHANGED && k < region->base.count; k++) {
            apr_uint32_t end = merge->base.lines[region->base.first + k].end;

            merge->mine_ends += merge->mine.lines[region->mine.first + k].end != end;
            merge->theirs_ends += merge->theirs.lines[region->theirs.first + k].end != end;
        }
    }
}

static cdist_err_t *check_size(const char *text, apr_size_t length, const char *side, apr_pool_t *pool)
{
    if (length <= CDIST_MERGE_BYTES && line_count(text, length) <= CDIST_MERGE_LINES) return NULL;
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: more than %s or %u lines: too large to be compared by line", side,
                            cdist_size_format(CDIST_MERGE_BYTES, pool), CDIST_MERGE_LINES);
}

cdist_err_t *cdist_merge_compare(cdist_merge_t **merge, const char *base, apr_size_t base_length, const char *mine,
                                 apr_size_t mine_length, const char *theirs, apr_size_t theirs_length,
                                 apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    cdist_merge_t *made = apr_pcalloc(result_pool, sizeof *made);
    const cdist_merge_text_t *texts[] = {&made->mine, &made->theirs, &made->base};
    apr_uint32_t *symbols[3], count;
    way_t to_mine, to_theirs;

    CDIST_ERR(check_size(mine, mine_length, "mine", result_pool));
    CDIST_ERR(check_size(theirs, theirs_length, "theirs", result_pool));
    if (base) CDIST_ERR(check_size(base, base_length, "base", result_pool));
    made->two_way = base == NULL;
    made->regions = apr_array_make(result_pool, 16, sizeof(cdist_region_t));
    cut(&made->mine, mine, mine_length, result_pool);
    cut(&made->theirs, theirs, theirs_length, result_pool);
    cut(&made->base, base ? base : "", base ? base_length : 0, result_pool);
    count = number_lines(symbols, texts, 3, scratch_pool);
    if (base) {
        to_mine = way_of(&made->coarse, symbols[2], made->base.count, symbols[0], made->mine.count, count, scratch_pool);
        to_theirs = way_of(&made->coarse, symbols[2], made->base.count, symbols[1], made->theirs.count, count, scratch_pool);
        lay_over(made, &to_mine, &to_theirs);
    } else {
        to_theirs = way_of(&made->coarse, symbols[0], made->mine.count, symbols[1], made->theirs.count, count, scratch_pool);
        lay_two(made, &to_theirs);
    }
    count_ends(made);
    *merge = made;
    return NULL;
}
