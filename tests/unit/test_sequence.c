/* Numbers for sequences of bytes: equal ones have equal numbers, others have not, whatever the bytes are. */
#include "compare/sequence_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MOST 3000

typedef struct {
    const char *bytes;
    apr_size_t length;
    int kind;
    apr_uint32_t number;
} given_t;

typedef struct {
    given_t given[MOST];
    apr_uint32_t count, next;
} set_t;

static void add(set_t *set, const char *bytes, apr_size_t length, int kind)
{
    given_t *given = &set->given[set->count++];

    given->bytes = apr_pmemdup(fx_pool, bytes, length);
    given->length = length;
    given->kind = kind;
}

/* From *next on, and each is used. */
static void number(set_t *set, apr_uint32_t first)
{
    cdist_sequences_t *sequences = cdist_sequences_create(set->count, fx_pool);
    apr_uint32_t i;

    for (i = 0; i < set->count; i++) {
        given_t *given = &set->given[i];

        given->number = 0xFFFFFFFF;
        cdist_sequences_add(sequences, given->bytes, given->length, given->kind, &given->number);
    }
    set->next = first;
    cdist_sequences_number(&set->next, sequences);
}

static int is_equal(const given_t *a, const given_t *b)
{
    return a->length == b->length && a->kind == b->kind && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static void check(const set_t *set, apr_uint32_t first)
{
    char *used = apr_pcalloc(fx_pool, MOST + 1);
    apr_uint32_t i, k, distinct = 0;

    for (i = 0; i < set->count; i++) {
        ck_assert_uint_ge(set->given[i].number, first);
        ck_assert_uint_lt(set->given[i].number, set->next);
        distinct += !used[set->given[i].number - first];
        used[set->given[i].number - first] = 1;
        for (k = 0; k < i; k++) {
            ck_assert_int_eq(set->given[i].number == set->given[k].number, is_equal(&set->given[i], &set->given[k]));
        }
    }
    ck_assert_uint_eq(set->next - first, distinct);
}

/* What they start with, and how many letters of how many kinds follow. */
static const struct {
    const char *start;
    int count, letters, kinds;
} cases[] = {
    {"", 0, 0, 1},       {"", 1, 3, 1},        {"", 5, 0, 2},        {"", 40, 1, 2},       {"", 300, 3, 2},
    {"abc", 300, 1, 2},  {"abcd", 300, 1, 2},  {"abcd", 300, 5, 2},  {"abcdefghijk", 300, 1, 2},
    {"abcdefghijkl", 2000, 10, 2}, {"", 2500, 9, 2},     {"", 1000, 40, 20},
    {"a long start that all of them have in common, which says nothing", 900, 7, 2},
    {"a long start that all of them have in common, which says nothing", 12, 6, 2},
};

START_TEST(equal_sequences_alone_have_equal_numbers)
{
    set_t *set = apr_pcalloc(fx_pool, sizeof *set);
    char bytes[128];
    int i, k;

    srand(7);
    for (i = 0; i < cases[_i].count; i++) {
        apr_size_t length = strlen(cases[_i].start);
        int letters = rand() % (cases[_i].letters + 1);

        memcpy(bytes, cases[_i].start, length);
        for (k = 0; k < letters; k++) bytes[length++] = (char)(rand() % cases[_i].kinds - cases[_i].kinds / 2);
        add(set, bytes, length, rand() % 4 == 0);
    }
    number(set, (apr_uint32_t)_i);
    check(set, (apr_uint32_t)_i);
}
END_TEST

START_TEST(texts_that_differ_in_one_byte_anywhere_are_told_apart)
{
    set_t *set = apr_pcalloc(fx_pool, sizeof *set);
    char bytes[50];
    apr_size_t i;

    memset(bytes, 'x', sizeof bytes);
    for (i = 0; i < 2 * sizeof bytes; i++) {
        bytes[i % sizeof bytes] = 'y';
        add(set, bytes, sizeof bytes, 0);
        bytes[i % sizeof bytes] = 'x';
        add(set, bytes, sizeof bytes - i % 3, 0);
    }
    number(set, 0);
    check(set, 0);
    ck_assert_uint_eq(set->next, sizeof bytes + 3);
}
END_TEST

START_TEST(numbers_go_on_where_the_last_ones_ended)
{
    cdist_sequences_t *sequences = cdist_sequences_create(2, fx_pool);
    apr_uint32_t next = 0, numbers[4];

    cdist_sequences_add(sequences, "a", 1, 0, &numbers[0]);
    cdist_sequences_add(sequences, "b", 1, 0, &numbers[1]);
    cdist_sequences_number(&next, sequences);
    ck_assert_uint_eq(next, 2);
    cdist_sequences_add(sequences, "a", 1, 0, &numbers[2]);
    cdist_sequences_add(sequences, "a", 1, 0, &numbers[3]);
    cdist_sequences_number(&next, sequences);
    ck_assert_uint_eq(next, 3);
    ck_assert_uint_ne(numbers[0], numbers[1]);
    ck_assert_uint_eq(numbers[2], 2);
    ck_assert_uint_eq(numbers[3], 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("sequence");
    TCase *tcase = fx_case(suite, "sequence", 60);

    tcase_add_loop_test(tcase, equal_sequences_alone_have_equal_numbers, 0, FX_COUNT(cases));
    tcase_add_test(tcase, texts_that_differ_in_one_byte_anywhere_are_told_apart);
    tcase_add_test(tcase, numbers_go_on_where_the_last_ones_ended);
    return suite;
}
