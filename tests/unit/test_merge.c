/* Texts by line, three ways: regions, the merged text, and what must hold for any texts. */
#include "compare/cdist_compare_detail.h"
#include "fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <stdlib.h>
#include <string.h>

/* ---- helpers --------------------------------------------------------------------------------------------------- */

static cdist_merge_t *compare(const char *base, const char *mine, const char *theirs)
{
    cdist_merge_t *merge;

    FX_OK(cdist_merge_compare(&merge, base, base ? strlen(base) : 0, mine, strlen(mine), theirs, strlen(theirs), fx_pool,
                              fx_pool));
    return merge;
}

static const char *merged(const char *base, const char *mine, const char *theirs)
{
    return cdist_merge_format(NULL, compare(base, mine, theirs), fx_pool);
}

/* Regions in one line: a letter for the class, then the lines of base, mine and theirs. */
static const char *regions_of(const cdist_merge_t *merge)
{
    const char *line = "";
    int i;

    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);

        line = apr_psprintf(fx_pool, "%s%s%c%u,%u,%u", line, i ? " " : "", "umtic"[region->cls], region->base.count,
                            region->mine.count, region->theirs.count);
    }
    return line;
}

static int same_line(const cdist_merge_line_t *a, const cdist_merge_line_t *b)
{
    return a->length == b->length && memcmp(a->text, b->text, a->length) == 0;
}

static int same_spans(const cdist_merge_text_t *a, cdist_span_t a_span, const cdist_merge_text_t *b, cdist_span_t b_span)
{
    apr_uint32_t i;

    if (a_span.count != b_span.count) return 0;
    for (i = 0; i < a_span.count; i++) {
        if (!same_line(&a->lines[a_span.first + i], &b->lines[b_span.first + i])) return 0;
    }
    return 1;
}

/* What the head of diff3.c promises of regions. */
static void check_regions(const cdist_merge_t *merge)
{
    cdist_span_t base = {0, 0}, mine = {0, 0}, theirs = {0, 0};
    int i, changed = 0;

    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);
        int as_base_mine = same_spans(&merge->base, region->base, &merge->mine, region->mine);
        int as_base_theirs = same_spans(&merge->base, region->base, &merge->theirs, region->theirs);

        ck_assert_uint_eq(region->base.first, base.first);
        ck_assert_uint_eq(region->mine.first, mine.first);
        ck_assert_uint_eq(region->theirs.first, theirs.first);
        base.first += region->base.count;
        mine.first += region->mine.count;
        theirs.first += region->theirs.count;
        ck_assert(!changed || region->cls == CDIST_CLASS_UNCHANGED);
        changed = region->cls != CDIST_CLASS_UNCHANGED;
        ck_assert_int_eq(as_base_mine, region->cls == CDIST_CLASS_UNCHANGED || region->cls == CDIST_CLASS_THEIRS);
        ck_assert_int_eq(as_base_theirs, region->cls == CDIST_CLASS_UNCHANGED || region->cls == CDIST_CLASS_MINE);
        if (region->cls == CDIST_CLASS_CONFLICT || region->cls == CDIST_CLASS_IDENTICAL) {
            ck_assert_int_eq(same_spans(&merge->mine, region->mine, &merge->theirs, region->theirs),
                             region->cls == CDIST_CLASS_IDENTICAL);
        }
    }
    ck_assert_uint_eq(base.first, merge->base.count);
    ck_assert_uint_eq(mine.first, merge->mine.count);
    ck_assert_uint_eq(theirs.first, merge->theirs.count);
}

/* ---- known texts ----------------------------------------------------------------------------------------------- */

#define M "<<<<<<< mine\n"
#define B "||||||| base\n"
#define S "=======\n"
#define T ">>>>>>> theirs\n"

static const struct {
    const char *base, *mine, *theirs, *regions, *merged;
} known[] = {
    {"", "", "", "", ""},
    {"a\n", "a\n", "a\n", "u1,1,1", "a\n"},
    {"a\nb\nc\n", "a\nB\nc\n", "a\nb\nc\n", "u1,1,1 m1,1,1 u1,1,1", "a\nB\nc\n"},
    {"a\nb\nc\n", "a\nb\nc\n", "a\nc\n", "u1,1,1 t1,1,0 u1,1,1", "a\nc\n"},
    {"a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "m1,1,1 u1,1,1 t1,1,1", "A\nb\nC\n"},
    {"a\nb\nc\n", "a\nx\nc\n", "a\nx\nc\n", "u1,1,1 i1,1,1 u1,1,1", "a\nx\nc\n"},
    {"a\nb\nc\n", "a\nx\nc\n", "a\ny\nc\n", "u1,1,1 c1,1,1 u1,1,1", "a\n" M "x\n" B "b\n" S "y\n" T "c\n"},
    /* Deleted by one, changed by the other. */
    {"a\nb\nc\n", "a\nc\n", "a\nB\nc\n", "u1,1,1 c1,0,1 u1,1,1", "a\n" M B "b\n" S "B\n" T "c\n"},
    /* Two insertions at the same place. */
    {"a\nb\n", "a\nx\nb\n", "a\ny\nb\n", "u1,1,1 c0,1,1 u1,1,1", "a\n" M "x\n" B S "y\n" T "b\n"},
    /* Differences that touch are one region, with a line between them they are two. */
    {"a\nb\nc\nd\n", "a\nB\nc\nd\n", "a\nb\nC\nd\n", "u1,1,1 c2,2,2 u1,1,1", "a\n" M "B\nc\n" B "b\nc\n" S "b\nC\n" T "d\n"},
    {"a\nb\nc\nd\ne\n", "a\nB\nc\nd\ne\n", "a\nb\nc\nD\ne\n", "u1,1,1 m1,1,1 u1,1,1 t1,1,1 u1,1,1", "a\nB\nc\nD\ne\n"},
    /* The same insertion looks the same, whatever stands around it. */
    {"{\nf\n}\n", "{\nf\n}\n{\ng\n}\n", "{\nf\n}\n{\ng\n}\n", "u3,3,3 i0,3,3", "{\nf\n}\n{\ng\n}\n"},
    {"a\nx\n", "a\nx\na\nx\n", "a\nx\na\nx\n", "u2,2,2 i0,2,2", "a\nx\na\nx\n"},
    /* A base of nothing, and all taken away. */
    {"", "a\n", "", "m0,1,0", "a\n"},
    {"", "a\n", "b\n", "c0,1,1", M "a\n" B S "b\n" T},
    {"a\nb\n", "", "a\nb\n", "m2,0,2", ""},
    /* Ends of lines are no differences, and are merged themselves. */
    {"a\r\nb\r\n", "a\nb\n", "a\r\nb\r\n", "u2,2,2", "a\nb\n"},
    {"a\r\nb\r\n", "a\r\nb\r\n", "a\nb\n", "u2,2,2", "a\nb\n"},
    {"a\r\nb\r\nc\r\n", "a\r\nB\r\nc\r\n", "a\nb\nc\n", "u1,1,1 m1,1,1 u1,1,1", "a\nB\r\nc\n"},
    {"a\nb", "a\nb\n", "a\nb", "u2,2,2", "a\nb\n"},
    {"a\nb", "x\na\nb", "a\nb\nc", "m0,1,0 u2,2,2 t0,0,1", "x\na\nb\nc"},
    {"a\nb\r\n", "a\nb", "a\nb\n", "u2,2,2", "a\nb\n"},
    /* A last line without an end gets one where others follow it now. */
    {"a\r\nb", "a\r\nx", "a\r\ny", "u1,1,1 c1,1,1",
     "a\r\n<<<<<<< mine\r\nx\r\n||||||| base\r\nb\r\n=======\r\ny\r\n>>>>>>> theirs\r\n"},
    /* A carriage return alone is part of its line. */
    {"a\rb\n", "a\rb\n", "a\rc\n", "t1,1,1", "a\rc\n"},
    /* Without a base. */
    {NULL, "a\nb\nc\n", "a\nx\nc\n", "u0,1,1 c0,1,1 u0,1,1", "a\n" M "b\n" S "x\n" T "c\n"},
    {NULL, "a\n", "a\n", "u0,1,1", "a\n"}};

START_TEST(known_texts_give_known_regions)
{
    cdist_merge_t *merge = compare(known[_i].base, known[_i].mine, known[_i].theirs);

    ck_assert_str_eq(regions_of(merge), known[_i].regions);
    ck_assert_str_eq(cdist_merge_format(NULL, merge, fx_pool), known[_i].merged);
    ck_assert_int_eq(merge->two_way, known[_i].base == NULL);
    ck_assert_int_eq(merge->conflicts, strstr(known[_i].merged, "<<<<<<<") != NULL);
    ck_assert_int_eq(merge->coarse, 0);
    if (known[_i].base) check_regions(merge);
}
END_TEST

START_TEST(changed_ends_are_counted_by_side)
{
    cdist_merge_t *merge = compare("a\r\nb\r\nc\r\n", "a\nb\nc\r\n", "a\r\nb\r\nc");

    ck_assert_uint_eq(merge->mine_ends, 2);
    ck_assert_uint_eq(merge->theirs_ends, 1);
    ck_assert_str_eq(cdist_merge_format(NULL, merge, fx_pool), "a\nb\nc");
}
END_TEST

START_TEST(zero_bytes_and_other_rubbish_are_text_like_any_other)
{
    static const char base[] = "a\0b\n\xFF\n", mine[] = "a\0c\n\xFF\n";
    apr_size_t length;
    cdist_merge_t *merge;

    FX_OK(cdist_merge_compare(&merge, base, 6, mine, 6, base, 6, fx_pool, fx_pool));
    ck_assert_mem_eq(cdist_merge_format(&length, merge, fx_pool), mine, 6);
    ck_assert_uint_eq(length, 6);
}
END_TEST

/* ---- random texts ---------------------------------------------------------------------------------------------- */

static unsigned seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % sides;
}

static const char *random_text(unsigned most, unsigned letters, int ends)
{
    static const char *const all[] = {"\n", "\r\n"};
    unsigned count = dice(most + 1), i;
    const char *text = "";

    for (i = 0; i < count; i++) {
        int last = i + 1 == count && ends && dice(3) == 0;
        text = apr_psprintf(fx_pool, "%s%c%s", text, 'a' + dice(letters), last ? "" : all[ends ? dice(2) : 0]);
    }
    return text;
}

/* Lines changed, taken away and added here and there; `fresh` counts lines that were nowhere before. Two sides take away every
 * second line alone, since of the same change on both the other program makes a conflict. */
static const char *edited(const char *text, unsigned one_of, unsigned side, unsigned *fresh)
{
    const char *out = "";
    unsigned number = side;
    char *copy = apr_pstrdup(fx_pool, text), *state = NULL, *line;

    for (line = apr_strtok(copy, "\n", &state); line; line = apr_strtok(NULL, "\n", &state)) {
        unsigned what = dice(one_of), odd = number++ % 2;

        if (what == 0 && odd) continue;
        if (what == 1) line = apr_psprintf(fx_pool, "new %u", (*fresh)++);
        out = apr_pstrcat(fx_pool, out, line, "\n", NULL);
        if (what == 2) out = apr_psprintf(fx_pool, "%snew %u\n", out, (*fresh)++);
    }
    return out;
}

START_TEST(what_one_side_alone_changed_is_the_result)
{
    int round;

    for (round = 0; round < 1500; round++) {
        const char *base, *other;

        seed = (unsigned)round;
        base = random_text(12, 1 + dice(6), 1);
        other = random_text(12, 1 + dice(6), 1);
        ck_assert_str_eq(merged(base, base, other), other);
        ck_assert_str_eq(merged(base, other, base), other);
        ck_assert_str_eq(merged(base, other, other), other);
        check_regions(compare(base, base, other));
    }
}
END_TEST

START_TEST(changing_sides_changes_the_classes_and_nothing_else)
{
    static const cdist_class_t other_class[] = {CDIST_CLASS_UNCHANGED, CDIST_CLASS_THEIRS, CDIST_CLASS_MINE, CDIST_CLASS_IDENTICAL,
                                                CDIST_CLASS_CONFLICT};
    int round, i;

    for (round = 0; round < 1500; round++) {
        const char *base, *mine, *theirs;
        cdist_merge_t *merge, *swapped;

        seed = (unsigned)round + 100000;
        base = random_text(12, 1 + dice(5), 1);
        mine = random_text(12, 1 + dice(5), 1);
        theirs = random_text(12, 1 + dice(5), 1);
        merge = compare(base, mine, theirs);
        swapped = compare(base, theirs, mine);
        check_regions(merge);
        ck_assert_int_eq(merge->regions->nelts, swapped->regions->nelts);
        ck_assert_uint_eq(merge->mine_ends, swapped->theirs_ends);
        for (i = 0; i < merge->regions->nelts; i++) {
            const cdist_region_t *one = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);
            const cdist_region_t *two = &APR_ARRAY_IDX(swapped->regions, i, cdist_region_t);

            ck_assert_int_eq(other_class[one->cls], two->cls);
            ck_assert_uint_eq(one->mine.count, two->theirs.count);
            ck_assert_uint_eq(one->theirs.count, two->mine.count);
        }
        if (merge->conflicts == 0) ck_assert_str_eq(merged(base, mine, theirs), merged(base, theirs, mine));
    }
}
END_TEST

/* ---- another program's answer ---------------------------------------------------------------------------------- */

/* What "diff3 -m" says of the files mine, base and theirs; NULL where there is no such program. */
static const char *ask_diff3(void)
{
    static const char *const args[] = {"diff3", "-m", "-L", "mine", "-L", "base", "-L", "theirs", "mine", "base", "theirs", NULL};
    apr_procattr_t *attr;
    apr_proc_t proc;
    apr_exit_why_e why;
    apr_size_t length;
    apr_file_t *out = NULL;
    int status;

    FX_DONE(apr_file_open(&out, fx_path("out"), APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE | APR_FOPEN_WRITE, APR_FPROT_OS_DEFAULT,
                          fx_pool));
    FX_DONE(apr_procattr_create(&attr, fx_pool));
    FX_DONE(apr_procattr_cmdtype_set(attr, APR_PROGRAM_PATH));
    FX_DONE(apr_procattr_dir_set(attr, fx_folder));
    FX_DONE(apr_procattr_child_out_set(attr, out, NULL));
    if (apr_proc_create(&proc, "diff3", args, NULL, attr, fx_pool) != APR_SUCCESS) return NULL;
    ck_assert(APR_STATUS_IS_CHILD_DONE(apr_proc_wait(&proc, &status, &why, APR_WAIT)));
    FX_DONE(apr_file_close(out));
    return status > 1 ? NULL : fx_read(&length, "out");
}

START_TEST(diff3_gives_the_same_text_where_no_line_stands_twice)
{
    int round;

    for (round = 0; round < 120; round++) {
        const char *base = "", *mine, *theirs, *answer;
        unsigned i, fresh = 0, lines, rare;

        seed = (unsigned)round + 7;
        lines = dice(40);
        rare = 4 + dice(12);
        for (i = 0; i < lines; i++) base = apr_psprintf(fx_pool, "%sline %u\n", base, i);
        mine = edited(base, rare, 0, &fresh);
        theirs = edited(base, rare, 1, &fresh);
        fx_write_text("base", base);
        fx_write_text("mine", mine);
        fx_write_text("theirs", theirs);
        answer = ask_diff3();
        if (!answer) {
            printf("skipped: no diff3\n");
            return;
        }
        ck_assert_str_eq(merged(base, mine, theirs), answer);
    }
}
END_TEST

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

static char *letters_of(apr_size_t lines, unsigned letters, const char *all)
{
    char *text = apr_palloc(fx_pool, lines * 2 + 1);
    apr_size_t i;

    for (i = 0; i < lines; i++) {
        text[2 * i] = all[dice(letters)];
        text[2 * i + 1] = '\n';
    }
    text[2 * lines] = '\0';
    return text;
}

START_TEST(long_texts_with_little_in_common_are_compared_coarsely_but_rightly)
{
    char *base, *theirs;
    cdist_merge_t *merge;

    seed = 1;
    base = letters_of(60000, 5, "abcde");
    theirs = letters_of(60000, 5, "abcde");
    merge = compare(base, base, theirs);
    ck_assert_int_eq(merge->coarse, 1);
    check_regions(merge);
    ck_assert(strcmp(cdist_merge_format(NULL, merge, fx_pool), theirs) == 0);
}
END_TEST

START_TEST(texts_without_a_common_line_cost_nothing)
{
    char *base, *theirs;
    cdist_merge_t *merge;

    seed = 1;
    base = letters_of(400000, 5, "abcde");
    theirs = letters_of(400000, 5, "vwxyz");
    merge = compare(base, base, theirs);
    ck_assert_int_eq(merge->coarse, 0);
    ck_assert_str_eq(regions_of(merge), "t400000,400000,400000");
}
END_TEST

START_TEST(texts_beyond_the_limits_are_refused)
{
    char *text = letters_of(CDIST_MERGE_LINES + 1, 1, "a");
    cdist_merge_t *merge;

    FX_FAILS(cdist_merge_compare(&merge, "", 0, "", 0, text, strlen(text), fx_pool, fx_pool), CDIST_E_INPUT);
    FX_FAILS(cdist_merge_compare(&merge, "", 0, text, (apr_size_t)CDIST_MERGE_BYTES + 1, "", 0, fx_pool, fx_pool), CDIST_E_INPUT);
    FX_OK(cdist_merge_compare(&merge, NULL, 0, "", 0, text, strlen(text) - 2, fx_pool, fx_pool));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("merge");
    TCase *tcase = fx_case(suite, "merge", 60);

    tcase_add_loop_test(tcase, known_texts_give_known_regions, 0, FX_COUNT(known));
    tcase_add_test(tcase, changed_ends_are_counted_by_side);
    tcase_add_test(tcase, zero_bytes_and_other_rubbish_are_text_like_any_other);
    tcase_add_test(tcase, what_one_side_alone_changed_is_the_result);
    tcase_add_test(tcase, changing_sides_changes_the_classes_and_nothing_else);
    tcase_add_test(tcase, diff3_gives_the_same_text_where_no_line_stands_twice);
    tcase_add_test(tcase, long_texts_with_little_in_common_are_compared_coarsely_but_rightly);
    tcase_add_test(tcase, texts_without_a_common_line_cost_nothing);
    tcase_add_test(tcase, texts_beyond_the_limits_are_refused);
    return suite;
}
