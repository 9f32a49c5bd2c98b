/* Sets of bytes, and what servers answer to a request for ranges. */
#include "fixture.h"
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

/* ---- spans --------------------------------------------------------------------------------------------------------- */

static const char *shown(const cdist_spans_t *spans)
{
    const char *text = "";
    int i;

    for (i = 0; i < spans->nelts; i++) {
        const cdist_span_t *span = &APR_ARRAY_IDX(spans, i, cdist_span_t);
        text = apr_psprintf(fx_pool, "%s%s%d-%d", text, i ? " " : "", (int)span->from, (int)span->to);
    }
    return text;
}

/* "10-20 30-40 !15-35": adds, and with '!' removes. */
static cdist_spans_t *spans_of(const char *text)
{
    cdist_spans_t *spans = cdist_spans_make(fx_pool);
    char *copy = apr_pstrdup(fx_pool, text), *state, *part;

    for (part = apr_strtok(copy, " ", &state); part; part = apr_strtok(NULL, " ", &state)) {
        int remove = *part == '!';
        apr_uint64_t from = (apr_uint64_t)apr_atoi64(part + remove), to = (apr_uint64_t)apr_atoi64(strchr(part, '-') + 1);

        if (remove) cdist_spans_remove(spans, from, to);
        else cdist_spans_add(spans, from, to);
    }
    return spans;
}

static const struct {
    const char *text, *result;
} changes[] = {{"", ""}, {"10-20", "10-20"}, {"10-20 30-40", "10-20 30-40"}, {"30-40 10-20", "10-20 30-40"}, {"10-20 20-30", "10-30"},
               {"10-20 30-40 15-35", "10-40"}, {"10-20 30-40 50-60 0-100", "0-100"}, {"10-20 12-15", "10-20"}, {"10-10", ""},
               {"10-20 !10-20", ""}, {"10-20 !12-15", "10-12 15-20"}, {"10-20 30-40 !15-35", "10-15 35-40"}, {"10-20 !0-15", "15-20"},
               {"10-20 !15-30", "10-15"}, {"10-20 30-40 50-60 !0-100", ""}, {"10-20 !20-30", "10-20"}, {"10-20 !0-10", "10-20"},
               {"0-1 2-3 4-5 6-7 8-9 !3-6", "0-1 2-3 6-7 8-9"}};

START_TEST(a_set_of_bytes_knows_what_was_added_and_removed)
{
    ck_assert_str_eq(shown(spans_of(changes[_i].text)), changes[_i].result);
}
END_TEST

static const struct {
    const char *text;
    int gap;
    const char *missing;
} gaps[] = {{"", 0, "0-100"}, {"0-100", 0, ""}, {"10-20 30-40", 0, "0-10 20-30 40-100"}, {"0-20 30-100", 5, "20-30"}, {"10-20 30-40", 10, "0-100"},
            {"10-20 30-45", 10, "0-30 45-100"}, {"0-10 90-100", 50, "10-90"}, {"50-200", 0, "0-50"}};

START_TEST(what_is_missing_is_joined_over_small_gaps)
{
    ck_assert_str_eq(shown(cdist_spans_missing(spans_of(gaps[_i].text), 100, (apr_uint64_t)gaps[_i].gap, fx_pool)), gaps[_i].missing);
}
END_TEST

/* ---- answers --------------------------------------------------------------------------------------------------------- */

#define FILE_BYTES 26
static char taken[FILE_BYTES + 1];

static cdist_err_t *take(void *baton, apr_uint64_t offset, const void *bytes, apr_size_t length)
{
    (void)baton;
    ck_assert_uint_le(offset + length, FILE_BYTES);
    memcpy(taken + offset, bytes, length);
    return NULL;
}

#define MULTI "multipart/byteranges; boundary=xx"
#define PART(range, content) "\r\n--xx\r\nContent-Type: application/zip\r\nContent-Range: bytes " range "/26\r\n\r\n" content
#define END "\r\n--xx--\r\n"

/* A file of the alphabet, of which b-d (1-4) and x-y (23-25) are wanted. */
static const struct {
    int status;
    const char *type, *range, *body, *result; /* NULL: a lie */
    int whole;
} answers[] = {
    {200, NULL, NULL, "abcdefghijklmnopqrstuvwxyz", " bcd                   xy", 1},
    {200, NULL, NULL, "abc", " bc", 0},
    {206, NULL, "bytes 1-3/26", "bcd", " bcd", 0},
    {206, NULL, "BYTES 1-3/*", "bcd", " bcd", 0},
    {206, NULL, "bytes 0-25/26", "abcdefghijklmnopqrstuvwxyz", " bcd                   xy", 1},
    {206, NULL, "bytes 4-6/26", "efg", "", 0},
    {206, MULTI, NULL, PART("1-3", "bcd") PART("23-24", "xy") END, " bcd                   xy", 1},
    {206, MULTI, NULL, "preamble-less" END, NULL, 0},
    {206, "multipart/byteranges; charset=x; boundary=\"xx\"", NULL, PART("23-24", "xy") PART("1-3", "bcd") END, " bcd                   xy", 1},
    {206, MULTI, NULL, "--xx\nContent-Range: bytes 1-3/26\n\nbcd\n--xx--", " bcd", 0},
    {206, MULTI, NULL, PART("1-3", "bcd"), " bcd", 0},
    {206, MULTI, NULL, PART("1-3", "bcdef") END, NULL, 0},
    {206, MULTI, NULL, "\r\n--xx\r\n\r\nbcd" END, NULL, 0},
    {206, MULTI, NULL, PART("3-1", "bcd") END, NULL, 0},
    {206, MULTI, NULL, PART("1-26", "bcd") END, NULL, 0},
    {206, "multipart/byteranges", NULL, PART("1-3", "bcd") END, NULL, 0},
    {206, "multipart/byteranges; boundary=", NULL, PART("1-3", "bcd") END, NULL, 0},
    {206, NULL, NULL, "bcd", NULL, 0},
    {206, NULL, "bytes 1-3/27", "bcd", NULL, 0},
    {206, NULL, "bytes 3-1/26", "bcd", NULL, 0},
    {206, NULL, "bytes 1-/26", "bcd", NULL, 0},
    {206, NULL, "bytes */26", "bcd", NULL, 0},
    {206, NULL, "bytes -1-3/26", "bcd", NULL, 0},
    {206, NULL, "bytes 1-99999999999999999999/26", "bcd", NULL, 0},
    {206, NULL, "bytes 1-3/26 ", "bcd", NULL, 0},
    {206, NULL, "items 1-3/26", "bcd", NULL, 0},
    {206, NULL, "bytes 1-3/26", "bcde", NULL, 0},
    {200, NULL, NULL, "abcdefghijklmnopqrstuvwxyz!", NULL, 0}};

static cdist_err_t *feed(cdist_ranges_t *ranges, const char *body, size_t step)
{
    size_t length = strlen(body), at;

    for (at = 0; at < length; at += step) CDIST_ERR(cdist_ranges_feed(ranges, body + at, at + step > length ? length - at : step));
    return NULL;
}

static void check_answer(int i, size_t step)
{
    cdist_ranges_t *ranges = cdist_ranges_make(spans_of("1-4 23-25"), FILE_BYTES, take, NULL, fx_pool);
    cdist_err_t *err;
    char *expected;

    memset(taken, ' ', FILE_BYTES);
    err = cdist_ranges_begin(ranges, answers[i].status, answers[i].type, answers[i].range);
    if (!err) err = feed(ranges, answers[i].body, step);
    ck_assert_msg((err == NULL) == (answers[i].result != NULL), "row %d, step %d: %s", i, (int)step, err ? err->message : "taken");
    if (err) {
        ck_assert_int_eq(err->code, CDIST_E_CORRUPT);
        return;
    }
    expected = apr_psprintf(fx_pool, "%-26s", answers[i].result);
    ck_assert_str_eq(taken, expected);
    ck_assert_int_eq(cdist_ranges_whole(ranges), answers[i].whole);
}

START_TEST(whatever_a_server_answers_is_put_where_it_belongs)
{
    static const size_t steps[] = {1, 2, 3, 7, 1000};
    int i;

    for (i = 0; i < FX_COUNT(steps); i++) check_answer(_i, steps[i]);
}
END_TEST

START_TEST(parts_without_end_are_cut_off)
{
    cdist_ranges_t *ranges = cdist_ranges_make(spans_of("1-4 23-25"), FILE_BYTES, take, NULL, fx_pool);
    cdist_err_t *err;
    int i;

    FX_OK(cdist_ranges_begin(ranges, 206, MULTI, NULL));
    for (i = 0, err = NULL; !err && i < 100000; i++) err = feed(ranges, "\r\n", 2);
    ck_assert_ptr_nonnull(err);
}
END_TEST

START_TEST(the_same_part_without_end_is_cut_off)
{
    cdist_ranges_t *ranges = cdist_ranges_make(spans_of("1-4 23-25"), FILE_BYTES, take, NULL, fx_pool);
    cdist_err_t *err;
    int i;

    FX_OK(cdist_ranges_begin(ranges, 206, MULTI, NULL));
    for (i = 0, err = NULL; !err && i < 100; i++) err = feed(ranges, PART("1-13", "bcdefghijklmn"), 1000);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_CORRUPT);
    ck_assert_int_le(i, 3);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mirror_ranges");
    TCase *tests = fx_case(suite, "ranges", 10);

    tcase_add_loop_test(tests, a_set_of_bytes_knows_what_was_added_and_removed, 0, FX_COUNT(changes));
    tcase_add_loop_test(tests, what_is_missing_is_joined_over_small_gaps, 0, FX_COUNT(gaps));
    tcase_add_loop_test(tests, whatever_a_server_answers_is_put_where_it_belongs, 0, FX_COUNT(answers));
    tcase_add_test(tests, parts_without_end_are_cut_off);
    tcase_add_test(tests, the_same_part_without_end_is_cut_off);
    return suite;
}
