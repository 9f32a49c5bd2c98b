/* The differences of two sequences: right, and the smallest there are. */
#include "fixture.h"
#include "lines_int.h"

#include <stdlib.h>
#include <string.h>

#define MOST 40

static unsigned seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % sides;
}

/* The length of the longest common subsequence, by the table of all pairs. */
static unsigned common(const apr_uint32_t *a, unsigned a_count, const apr_uint32_t *b, unsigned b_count)
{
    unsigned table[MOST + 1][MOST + 1] = {{0}}, i, k;

    for (i = 1; i <= a_count; i++) {
        for (k = 1; k <= b_count; k++) {
            if (a[i - 1] == b[k - 1]) table[i][k] = table[i - 1][k - 1] + 1;
            else table[i][k] = table[i - 1][k] > table[i][k - 1] ? table[i - 1][k] : table[i][k - 1];
        }
    }
    return table[a_count][b_count];
}

/* That the hunks turn a into b, in order and with lines between them; returns how many lines they touch. */
static unsigned check_hunks(const apr_array_header_t *hunks, const apr_uint32_t *a, unsigned a_count, const apr_uint32_t *b,
                            unsigned b_count)
{
    unsigned i = 0, k = 0, touched = 0;
    int h;

    for (h = 0; h <= hunks->nelts; h++) {
        hunk_t end = {a_count, 0, b_count, 0};
        hunk_t hunk = h < hunks->nelts ? APR_ARRAY_IDX(hunks, h, hunk_t) : end;

        ck_assert(h == 0 || h == hunks->nelts || hunk.old_first > i);
        while (i < hunk.old_first) ck_assert_uint_eq(a[i++], b[k++]);
        ck_assert_uint_eq(k, hunk.new_first);
        i += hunk.old_count;
        k += hunk.new_count;
        touched += hunk.old_count + hunk.new_count;
        ck_assert(h == hunks->nelts || hunk.old_count + hunk.new_count > 0);
    }
    ck_assert_uint_eq(i, a_count);
    ck_assert_uint_eq(k, b_count);
    return touched;
}

START_TEST(differences_are_right_and_as_few_as_can_be)
{
    apr_pool_t *pool;
    int round;

    apr_pool_create(&pool, fx_pool);
    for (round = 0; round < 20000; round++) {
        apr_uint32_t a[MOST], b[MOST];
        unsigned a_count, b_count, symbols, i, touched;
        const apr_array_header_t *hunks;
        int coarse;

        apr_pool_clear(pool);
        seed = (unsigned)round;
        symbols = 1 + dice(12);
        a_count = dice(MOST + 1);
        b_count = dice(MOST + 1);
        for (i = 0; i < a_count; i++) a[i] = dice(symbols);
        for (i = 0; i < b_count; i++) b[i] = dice(symbols);
        hunks = cdist_diff2(&coarse, a, a_count, b, b_count, symbols, pool, pool);
        touched = check_hunks(hunks, a, a_count, b, b_count);
        ck_assert_uint_eq(touched, a_count + b_count - 2 * common(a, a_count, b, b_count));
        ck_assert_int_eq(coarse, 0);
    }
}
END_TEST

START_TEST(added_and_removed_lines_stand_as_low_as_they_can)
{
    static const apr_uint32_t shorter[] = {0, 1, 0, 2}, longer[] = {0, 1, 0, 1, 0, 2};
    const apr_array_header_t *hunks;
    const hunk_t *hunk;
    int coarse;

    hunks = cdist_diff2(&coarse, shorter, 4, longer, 6, 3, fx_pool, fx_pool);
    ck_assert_int_eq(hunks->nelts, 1);
    hunk = &APR_ARRAY_IDX(hunks, 0, hunk_t);
    ck_assert(hunk->old_first == 3 && hunk->old_count == 0 && hunk->new_first == 3 && hunk->new_count == 2);
    hunks = cdist_diff2(&coarse, longer, 6, shorter, 4, 3, fx_pool, fx_pool);
    hunk = &APR_ARRAY_IDX(hunks, 0, hunk_t);
    ck_assert(hunk->old_first == 3 && hunk->old_count == 2 && hunk->new_first == 3 && hunk->new_count == 0);
}
END_TEST

START_TEST(what_the_budget_does_not_reach_is_one_difference_for_each_stretch)
{
    enum { COUNT = 50000 };
    apr_uint32_t *a = apr_palloc(fx_pool, COUNT * sizeof *a), *b = apr_palloc(fx_pool, COUNT * sizeof *b);
    unsigned i;
    int coarse;

    seed = 3;
    for (i = 0; i < COUNT; i++) {
        a[i] = dice(4);
        b[i] = dice(4);
    }
    a[0] = b[0] = a[COUNT - 1] = b[COUNT - 1] = 4;
    check_hunks(cdist_diff2(&coarse, a, COUNT, b, COUNT, 5, fx_pool, fx_pool), a, COUNT, b, COUNT);
    ck_assert_int_eq(coarse, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("diff2");
    TCase *tcase = fx_case(suite, "diff2", 60);

    tcase_add_test(tcase, differences_are_right_and_as_few_as_can_be);
    tcase_add_test(tcase, added_and_removed_lines_stand_as_low_as_they_can);
    tcase_add_test(tcase, what_the_budget_does_not_reach_is_one_difference_for_each_stretch);
    return suite;
}
