/* Three-way comparison: every case of one element, and what must hold for any three lists. */
#include "compare/cdist_compare.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

#define ROUNDS 400
#define IDS 24

/* Elements "a", "b", … with a content each: a letter, '-' for none, '!' for one that cannot be read. */
static cdist_snapshot_t *snapshot_of(const char *contents)
{
    cdist_snapshot_t *snapshot = cdist_snapshot_create(fx_pool);
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    int i;

    for (i = (int)strlen(contents) - 1; i >= 0; i--) {
        cdist_element_t *element;

        if (contents[i] == '-') continue;
        element = cdist_snapshot_add(snapshot);
        element->id = element->name = element->owner = apr_psprintf(fx_pool, "%c", 'a' + i);
        if (contents[i] == '!') element->error = "cannot be read";
        cdist_sha256_reset(sha);
        cdist_sha256_update(sha, contents + i, 1);
        cdist_sha256_final(&element->digest, sha);
    }
    FX_OK(cdist_snapshot_sort(snapshot, "list", fx_pool));
    return snapshot;
}

static cdist_comparison_t *compare(const char *base, const char *mine, const char *theirs)
{
    return cdist_threeway(base ? snapshot_of(base) : NULL, snapshot_of(mine), snapshot_of(theirs), fx_pool);
}

/* ---- one element ----------------------------------------------------------------------------------------------- */

enum { SAME = CDIST_SIDE_UNCHANGED, ADDED = CDIST_SIDE_ADDED, CHANGED = CDIST_SIDE_CHANGED, DELETED = CDIST_SIDE_DELETED };

static const struct {
    const char *base, *mine, *theirs;
    int cls, mine_side, theirs_side;
} cases[] = {{"x", "x", "x", CDIST_CLASS_UNCHANGED, SAME, SAME},
             {"x", "y", "x", CDIST_CLASS_MINE, CHANGED, SAME},
             {"x", "-", "x", CDIST_CLASS_MINE, DELETED, SAME},
             {"-", "y", "-", CDIST_CLASS_MINE, ADDED, SAME},
             {"x", "x", "y", CDIST_CLASS_THEIRS, SAME, CHANGED},
             {"x", "x", "-", CDIST_CLASS_THEIRS, SAME, DELETED},
             {"-", "-", "y", CDIST_CLASS_THEIRS, SAME, ADDED},
             {"x", "y", "y", CDIST_CLASS_IDENTICAL, CHANGED, CHANGED},
             {"-", "y", "y", CDIST_CLASS_IDENTICAL, ADDED, ADDED},
             {"x", "-", "-", CDIST_CLASS_IDENTICAL, DELETED, DELETED},
             {"x", "y", "z", CDIST_CLASS_CONFLICT, CHANGED, CHANGED},
             {"x", "-", "z", CDIST_CLASS_CONFLICT, DELETED, CHANGED},
             {"x", "y", "-", CDIST_CLASS_CONFLICT, CHANGED, DELETED},
             {"-", "y", "z", CDIST_CLASS_CONFLICT, ADDED, ADDED},
             {NULL, "x", "x", CDIST_CLASS_IDENTICAL, ADDED, ADDED},
             {NULL, "x", "y", CDIST_CLASS_CONFLICT, ADDED, ADDED},
             {NULL, "x", "-", CDIST_CLASS_CONFLICT, ADDED, SAME},
             {NULL, "-", "x", CDIST_CLASS_CONFLICT, SAME, ADDED}};

START_TEST(who_changed_an_element_is_told_from_its_contents)
{
    cdist_comparison_t *found = compare(cases[_i].base, cases[_i].mine, cases[_i].theirs);
    const cdist_difference_t *difference;

    ck_assert_uint_eq(found->counts[cases[_i].cls], 1);
    ck_assert_int_eq(found->two_way, cases[_i].base == NULL);
    ck_assert_int_eq(found->differences->nelts, cases[_i].cls != CDIST_CLASS_UNCHANGED);
    if (cases[_i].cls == CDIST_CLASS_UNCHANGED) return;
    difference = &APR_ARRAY_IDX(found->differences, 0, cdist_difference_t);
    ck_assert_int_eq(difference->cls, cases[_i].cls);
    ck_assert_int_eq(difference->mine_side, cases[_i].mine_side);
    ck_assert_int_eq(difference->theirs_side, cases[_i].theirs_side);
    ck_assert_ptr_null(difference->error);
}
END_TEST

static const char *const unreadable[][3] = {{"!", "x", "x"}, {"x", "!", "x"}, {"x", "x", "!"}, {"!", "!", "!"},
                                            {"-", "!", "!"}, {"-", "!", "-"}, {"!", "-", "-"}, {NULL, "!", "!"}};

START_TEST(what_cannot_be_read_equals_nothing)
{
    const char *const *row = unreadable[_i];
    cdist_comparison_t *found = compare(row[0], row[1], row[2]);

    ck_assert_uint_eq(found->unreadable, 1);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_UNCHANGED], 0);
    ck_assert_int_eq(found->differences->nelts, 1);
    ck_assert_ptr_nonnull(APR_ARRAY_IDX(found->differences, 0, cdist_difference_t).error);
    /* Deleted by both, or the same on both sides, is known all the same. */
    if (*row[1] == '!' || *row[2] == '!') ck_assert_uint_eq(found->counts[CDIST_CLASS_IDENTICAL], 0);
}
END_TEST

START_TEST(elements_of_different_kinds_differ)
{
    cdist_snapshot_t *base = snapshot_of("x"), *mine = snapshot_of("x");

    APR_ARRAY_IDX(mine->elements, 0, cdist_element_t).kind = CDIST_ELEMENT_LINK;
    ck_assert_uint_eq(cdist_threeway(base, mine, base, fx_pool)->counts[CDIST_CLASS_MINE], 1);
}
END_TEST

START_TEST(an_id_that_is_there_twice_is_refused)
{
    cdist_snapshot_t *snapshot = snapshot_of("xy");

    cdist_snapshot_add(snapshot)->id = "a";
    FX_FAILS(cdist_snapshot_sort(snapshot, "list", fx_pool), CDIST_E_CORRUPT);
}
END_TEST

START_TEST(empty_lists_have_no_differences)
{
    cdist_comparison_t *found = compare("", "", "");

    ck_assert_int_eq(found->differences->nelts, 0);
    ck_assert_ptr_null(cdist_snapshot_find(snapshot_of(""), "a"));
    ck_assert_ptr_nonnull(cdist_snapshot_find(snapshot_of("x"), "a"));
}
END_TEST

/* ---- any three lists ------------------------------------------------------------------------------------------- */

static unsigned seed;

static unsigned next(unsigned below)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % below;
}

static char *random_list(unsigned state)
{
    static const char contents[] = "-xxyz";
    char *list = apr_pcalloc(fx_pool, IDS + 1);
    int i;

    seed = state;
    for (i = 0; i < IDS; i++) list[i] = contents[next(sizeof contents - 1)];
    return list;
}

/* The lists of round number `_i`; without conflicts, theirs agrees with mine wherever both changed an element. */
static void random_lists(char **lists, int round, int with_conflicts)
{
    int i;

    for (i = 0; i < 3; i++) lists[i] = random_list((unsigned)(round * 3 + i) * 2654435761u);
    for (i = 0; i < IDS && !with_conflicts; i++) {
        if (lists[1][i] != lists[0][i] && lists[2][i] != lists[0][i]) lists[2][i] = lists[1][i];
    }
}

/* What one side changed, done to a list. */
static char *apply(const char *list, const char *base, const char *side)
{
    char *result = apr_pstrdup(fx_pool, list);
    int i;

    for (i = 0; i < IDS; i++) {
        if (side[i] != base[i]) result[i] = side[i];
    }
    return result;
}

static char *merge(const cdist_comparison_t *found, const char *base, const char *mine, const char *theirs)
{
    char *result = apr_pstrdup(fx_pool, base);
    int i;

    for (i = 0; i < found->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(found->differences, i, cdist_difference_t);
        int at = *difference->id - 'a';

        result[at] = difference->cls == CDIST_CLASS_THEIRS ? theirs[at] : mine[at];
    }
    return result;
}

START_TEST(swapping_the_sides_swaps_the_classes)
{
    static const int swapped[CDIST_CLASSES] = {CDIST_CLASS_UNCHANGED, CDIST_CLASS_THEIRS, CDIST_CLASS_MINE,
                                               CDIST_CLASS_IDENTICAL, CDIST_CLASS_CONFLICT};
    cdist_comparison_t *one, *other;
    char *lists[3];
    int i;

    random_lists(lists, _i, 1);
    one = compare(lists[0], lists[1], lists[2]);
    other = compare(lists[0], lists[2], lists[1]);
    ck_assert_int_eq(one->differences->nelts, other->differences->nelts);
    for (i = 0; i < one->differences->nelts; i++) {
        const cdist_difference_t *a = &APR_ARRAY_IDX(one->differences, i, cdist_difference_t);
        const cdist_difference_t *b = &APR_ARRAY_IDX(other->differences, i, cdist_difference_t);

        ck_assert_str_eq(a->id, b->id);
        ck_assert_int_eq(swapped[a->cls], b->cls);
        ck_assert_int_eq(a->mine_side, b->theirs_side);
        ck_assert_int_eq(a->theirs_side, b->mine_side);
    }
}
END_TEST

START_TEST(a_list_compared_with_itself_is_unchanged)
{
    char *lists[3];

    random_lists(lists, _i, 1);
    ck_assert_int_eq(compare(lists[0], lists[0], lists[0])->differences->nelts, 0);
}
END_TEST

START_TEST(every_element_is_counted_once)
{
    cdist_comparison_t *found;
    apr_uint64_t sum = 0, there = 0;
    char *lists[3];
    int i;

    random_lists(lists, _i, 1);
    found = compare(lists[0], lists[1], lists[2]);
    for (i = 0; i < CDIST_CLASSES; i++) sum += found->counts[i];
    for (i = 0; i < IDS; i++) there += lists[0][i] != '-' || lists[1][i] != '-' || lists[2][i] != '-';
    ck_assert_uint_eq(sum, there);
    ck_assert_uint_eq(sum - found->counts[CDIST_CLASS_UNCHANGED], (unsigned)found->differences->nelts);
}
END_TEST

START_TEST(a_merge_without_conflicts_equals_both_orders_of_applying)
{
    cdist_comparison_t *found;
    char *lists[3], *merged;

    random_lists(lists, _i, 0);
    found = compare(lists[0], lists[1], lists[2]);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_CONFLICT], 0);
    merged = merge(found, lists[0], lists[1], lists[2]);
    ck_assert_str_eq(merged, apply(apply(lists[0], lists[0], lists[1]), lists[0], lists[2]));
    ck_assert_str_eq(merged, apply(apply(lists[0], lists[0], lists[2]), lists[0], lists[1]));
}
END_TEST

/* ---- groups ---------------------------------------------------------------------------------------------------- */

static cdist_snapshot_t *grouped(const char *contents, const char *owners)
{
    cdist_snapshot_t *snapshot = snapshot_of(contents);
    int i;

    for (i = 0; i < snapshot->elements->nelts; i++) {
        APR_ARRAY_IDX(snapshot->elements, i, cdist_element_t).owner = apr_psprintf(fx_pool, "%c", owners[i]);
    }
    return cdist_snapshot_group(snapshot, fx_pool);
}

START_TEST(a_group_changes_when_one_of_its_parts_does)
{
    cdist_snapshot_t *base = grouped("xyz", "ABA"), *other = grouped("yyz", "ABA");

    ck_assert_int_eq(base->elements->nelts, 2);
    ck_assert_uint_eq(cdist_threeway(base, grouped("xyz", "ABA"), base, fx_pool)->counts[CDIST_CLASS_UNCHANGED], 2);
    ck_assert_uint_eq(cdist_threeway(base, grouped("xyy", "ABA"), base, fx_pool)->counts[CDIST_CLASS_MINE], 1);
    /* Two sides that changed different parts changed one object twice. */
    ck_assert_uint_eq(cdist_threeway(base, other, grouped("xyx", "ABA"), fx_pool)->counts[CDIST_CLASS_CONFLICT], 1);
    ck_assert_uint_eq(cdist_threeway(base, other, grouped("yyz", "ABA"), fx_pool)->counts[CDIST_CLASS_IDENTICAL], 1);
}
END_TEST

START_TEST(a_group_cannot_be_read_if_a_part_cannot)
{
    cdist_snapshot_t *base = grouped("x!z", "AAB");

    ck_assert_ptr_nonnull(cdist_snapshot_find(base, "A")->error);
    ck_assert_ptr_null(cdist_snapshot_find(base, "B")->error);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("threeway");
    TCase *tcase = fx_case(suite, "threeway", 20);

    tcase_add_loop_test(tcase, who_changed_an_element_is_told_from_its_contents, 0, FX_COUNT(cases));
    tcase_add_loop_test(tcase, what_cannot_be_read_equals_nothing, 0, FX_COUNT(unreadable));
    tcase_add_test(tcase, elements_of_different_kinds_differ);
    tcase_add_test(tcase, an_id_that_is_there_twice_is_refused);
    tcase_add_test(tcase, empty_lists_have_no_differences);
    tcase_add_loop_test(tcase, swapping_the_sides_swaps_the_classes, 0, ROUNDS);
    tcase_add_loop_test(tcase, a_list_compared_with_itself_is_unchanged, 0, 20);
    tcase_add_loop_test(tcase, every_element_is_counted_once, 0, ROUNDS);
    tcase_add_loop_test(tcase, a_merge_without_conflicts_equals_both_orders_of_applying, 0, ROUNDS);
    tcase_add_test(tcase, a_group_changes_when_one_of_its_parts_does);
    tcase_add_test(tcase, a_group_cannot_be_read_if_a_part_cannot);
    return suite;
}
