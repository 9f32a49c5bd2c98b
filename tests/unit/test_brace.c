/* Brace text: read step by step, as a tree, and written. */
#include "fixture.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* ---- helpers --------------------------------------------------------------------------------------------------- */

/* A stream that gives `step` bytes at a time. */
typedef struct {
    const char *bytes;
    apr_size_t length, step;
} drops_t;

static cdist_err_t *read_drops(cdist_stream_t *stream, void *to, apr_size_t *length)
{
    drops_t *drops = stream->baton;
    apr_size_t left = drops->length - (apr_size_t)stream->at;

    if (*length > drops->step) *length = drops->step;
    if (*length > left) *length = left;
    memcpy(to, drops->bytes + stream->at, *length);
    stream->at += *length;
    return NULL;
}

static cdist_stream_t *drops_of(const char *bytes, apr_size_t length, apr_size_t step)
{
    cdist_stream_t *stream = apr_pcalloc(fx_pool, sizeof *stream);
    drops_t *drops = apr_palloc(fx_pool, sizeof *drops);

    drops->bytes = bytes;
    drops->length = length;
    drops->step = step;
    stream->read = read_drops;
    stream->baton = drops;
    stream->name = "text";
    return stream;
}

/* Steps in one line: ( and ) for lists, 'text', bare, * behind what was cut. */
static cdist_err_t *steps(const char **line, cdist_stream_t *stream, apr_size_t max_text)
{
    cdist_brace_reader_t *reader = cdist_brace_reader_create(stream, max_text, fx_pool);
    const cdist_token_t *token;

    *line = "";
    for (;;) {
        CDIST_ERR(cdist_brace_next(&token, reader));
        switch (token->kind) {
        case CDIST_BRACE_END: return NULL;
        case CDIST_BRACE_OPEN: *line = apr_pstrcat(fx_pool, *line, "(", NULL); break;
        case CDIST_BRACE_CLOSE: *line = apr_pstrcat(fx_pool, *line, ")", NULL); break;
        case CDIST_BRACE_TEXT: *line = apr_pstrcat(fx_pool, *line, "'", token->text, token->cut ? "'* " : "' ", NULL); break;
        case CDIST_BRACE_BARE: *line = apr_pstrcat(fx_pool, *line, token->text, token->cut ? "* " : " ", NULL); break;
        }
    }
}

typedef struct {
    char *bytes;
    apr_size_t length, room;
} written_t;

static cdist_err_t *take(void *baton, const void *bytes, apr_size_t length)
{
    written_t *written = baton;

    ck_assert_uint_le(written->length + length, written->room);
    memcpy(written->bytes + written->length, bytes, length);
    written->length += length;
    return NULL;
}

static const char *rewritten(const char *bytes, apr_size_t length)
{
    written_t written = {apr_palloc(fx_pool, length * 3 + 100), 0, length * 3 + 99};
    cdist_brace_writer_t writer = {take, &written, CDIST_BRACE_END};
    cdist_brace_tree_t *tree;

    FX_OK(cdist_brace_parse(&tree, drops_of(bytes, length, 65536), 1u << 30, fx_pool));
    FX_OK(cdist_brace_write_tree(&writer, tree, 0));
    written.bytes[written.length] = '\0';
    return written.bytes;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *steps;
} good[] = {
    {"", ""},
    {"\xEF\xBB\xBF", ""},
    {"{}", "()"},
    {"\xEF\xBB\xBF{1,2}", "(1 2 )"},
    {"{2,14cafb20-eec4-47ea-8426-26d179ecfd47,}", "(2 14cafb20-eec4-47ea-8426-26d179ecfd47  )"},
    {"{,}", "(  )"},
    {"{,,a}", "(  a )"},
    {"{\"\"}", "('' )"},
    {"{\"a\"\"b\",\"\"\"\"}", "('a\"b' '\"' )"},
    {"{\"line\r\nend, { } \"}", "('line\r\nend, { } ' )"},
    {"{\r\n{216,0,\r\n{80310,0}\r\n}\r\n}\r\n", "((216 0 (80310 0 )))"},
    {"{ 1 ,\t\"x\" , { } }", "(1 'x' ())"},
    {"{#base64:/9j/4AAQ\r\r\nSkZJ\r\nRgAB==}", "(#base64:/9j/4AAQSkZJRgAB== )"},
    {"{0},\r\n{1,\"a\"},\r\n{2}", "(0 )(1 'a' )(2 )"},
    {"{0}{1}", "(0 )(1 )"},
    {"{{},{{}},}", "(()(()) )"},
    {"{\"\xD0\xA1\"}", "('\xD0\xA1' )"}};

START_TEST(text_is_read_step_by_step_however_it_arrives)
{
    const char *line;
    apr_size_t step;

    for (step = 1; step < 8; step++) {
        FX_OK(steps(&line, drops_of(good[_i].text, strlen(good[_i].text), step), 1000));
        ck_assert_str_eq(line, good[_i].steps);
    }
}
END_TEST

static const char *const bad[] = {"{",       "{1",    "{1,",    "{\"",     "{\"a",  "}",      "1",     "{1}}",  "{1}2",   "{\"a\"b}",
                                  "{a\"b\"}", "{a{b}}", "{{a}b}", "{\"a\"{}}", ",{}",  "\xEF\xBB", "x{}",   "{1}\"a\"", "\xEF\xBB{}"};

START_TEST(text_that_is_none_is_refused_with_its_place)
{
    const char *line;
    cdist_err_t *err = steps(&line, drops_of(bad[_i], strlen(bad[_i]), 3), 1000);

    ck_assert_msg(err != NULL, "%s: was taken", bad[_i]);
    ck_assert_int_eq(err->code, CDIST_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err->message, "text: offset 0x"));
}
END_TEST

START_TEST(a_zero_byte_is_refused)
{
    const char *line;

    FX_FAILS(steps(&line, drops_of("{a\0b}", 5, 1), 100), CDIST_E_CORRUPT);
}
END_TEST

START_TEST(of_long_items_the_start_is_kept)
{
    static const char text[] = "{abcdef,\"ghijkl\",abc,\"\"\"\"\"\"\"\"}";
    const char *line;

    FX_OK(steps(&line, drops_of(text, strlen(text), 5), 3));
    ck_assert_str_eq(line, "(abc* 'ghi'* abc '\"\"\"' )");
}
END_TEST

START_TEST(places_are_counted_in_every_list)
{
    static const char text[] = "{a,{b,\r\n{,c}},d},{e}";
    static const struct {
        cdist_brace_kind_t kind;
        apr_uint32_t depth, list, path[3], offset;
    } rows[] = {{CDIST_BRACE_OPEN, 0, 0, {0}, 0},        {CDIST_BRACE_BARE, 1, 0, {0}, 1},
                {CDIST_BRACE_OPEN, 1, 0, {1}, 3},        {CDIST_BRACE_BARE, 2, 0, {1, 0}, 4},
                {CDIST_BRACE_OPEN, 2, 0, {1, 1}, 8},     {CDIST_BRACE_BARE, 3, 0, {1, 1, 0}, 9},
                {CDIST_BRACE_BARE, 3, 0, {1, 1, 1}, 10}, {CDIST_BRACE_CLOSE, 2, 0, {1, 1}, 11},
                {CDIST_BRACE_CLOSE, 1, 0, {1}, 12},      {CDIST_BRACE_BARE, 1, 0, {2}, 14},
                {CDIST_BRACE_CLOSE, 0, 0, {0}, 15},      {CDIST_BRACE_OPEN, 0, 1, {0}, 17},
                {CDIST_BRACE_BARE, 1, 1, {0}, 18},       {CDIST_BRACE_CLOSE, 0, 1, {0}, 19}};
    cdist_brace_reader_t *reader = cdist_brace_reader_create(drops_of(text, strlen(text), 4), 10, fx_pool);
    const cdist_token_t *token;
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        FX_OK(cdist_brace_next(&token, reader));
        ck_assert_int_eq(token->kind, rows[i].kind);
        ck_assert_uint_eq(token->depth, rows[i].depth);
        ck_assert_uint_eq(token->list, rows[i].list);
        ck_assert_int_eq(memcmp(token->path, rows[i].path, rows[i].depth * sizeof rows[i].path[0]), 0);
        ck_assert_uint_eq(token->offset, rows[i].offset);
    }
}
END_TEST

/* ---- depth and size -------------------------------------------------------------------------------------------- */

static char *nested(apr_size_t depth)
{
    char *text = apr_palloc(fx_pool, depth * 2 + 1);

    memset(text, '{', depth);
    memset(text + depth, '}', depth);
    text[depth * 2] = '\0';
    return text;
}

START_TEST(thousands_of_levels_are_read_and_written)
{
    char *text = nested(60000);
    const char *again = rewritten(text, 120000);
    apr_size_t opened = 0;
    const char *c;

    for (c = again; *c; c++) opened += *c == '{';
    ck_assert_uint_eq(opened, 60000);
    ck_assert_str_eq(rewritten(again, strlen(again)), again);
}
END_TEST

START_TEST(more_levels_than_any_text_has_are_refused)
{
    cdist_brace_tree_t *tree;
    char *text = nested(CDIST_BRACE_DEPTH + 1);

    FX_FAILS(cdist_brace_parse(&tree, drops_of(text, strlen(text), 65536), 1u << 30, fx_pool), CDIST_E_CORRUPT);
    text = nested(CDIST_BRACE_DEPTH);
    FX_OK(cdist_brace_parse(&tree, drops_of(text, strlen(text), 65536), 1u << 30, fx_pool));
}
END_TEST

#define BIG_ITEMS 800000

START_TEST(tens_of_megabytes_are_read_and_written)
{
    static const char item[] = ",\r\n{1,\"a \"\"text\"\"\",}";
    apr_size_t length = strlen(item), i;
    char *text = malloc(length * BIG_ITEMS + 10);
    written_t written = {NULL, 0, length * BIG_ITEMS + 10};
    cdist_brace_writer_t writer = {take, &written, CDIST_BRACE_END};
    cdist_brace_tree_t *tree;

    written.bytes = malloc(written.room);
    ck_assert(text && written.bytes);
    memcpy(text, "{0", 2);
    for (i = 0; i < BIG_ITEMS; i++) memcpy(text + 2 + i * length, item, length);
    memcpy(text + 2 + length * BIG_ITEMS, "\r\n}", 3);
    FX_OK(cdist_brace_parse(&tree, drops_of(text, 5 + length * BIG_ITEMS, 65536), 1u << 30, fx_pool));
    FX_OK(cdist_brace_write_tree(&writer, tree, 0));
    ck_assert_uint_eq(written.length, 5 + length * BIG_ITEMS);
    ck_assert_int_eq(memcmp(text, written.bytes, written.length), 0);
    free(text);
    free(written.bytes);
}
END_TEST

START_TEST(a_text_beyond_the_limit_is_refused)
{
    cdist_brace_tree_t *tree;

    FX_FAILS(cdist_brace_parse(&tree, drops_of("{\"0123456789\"}", 14, 4), 10, fx_pool), CDIST_E_CORRUPT);
}
END_TEST

/* ---- trees and writing ------------------------------------------------------------------------------------------ */

START_TEST(a_tree_gives_items_by_number)
{
    static const char text[] = "{2,{\"a\"\"b\",,{}},}";
    cdist_brace_tree_t *tree;
    apr_uint32_t list, inner;
    apr_size_t length;

    FX_OK(cdist_brace_parse(&tree, drops_of(text, strlen(text), 1), 1000, fx_pool));
    list = cdist_brace_item(tree, 0, 0);
    ck_assert_int_eq(cdist_brace_kind(tree, list), CDIST_BRACE_OPEN);
    ck_assert_uint_eq(cdist_brace_after(tree, list), CDIST_BRACE_NONE);
    ck_assert_str_eq(cdist_brace_text(NULL, tree, cdist_brace_item(tree, list, 0)), "2");
    inner = cdist_brace_item(tree, list, 1);
    ck_assert_str_eq(cdist_brace_text(&length, tree, cdist_brace_child(tree, inner)), "a\"b");
    ck_assert_uint_eq(length, 3);
    ck_assert_int_eq(cdist_brace_kind(tree, cdist_brace_child(tree, inner)), CDIST_BRACE_TEXT);
    ck_assert_str_eq(cdist_brace_text(NULL, tree, cdist_brace_item(tree, inner, 1)), "");
    ck_assert_int_eq(cdist_brace_kind(tree, cdist_brace_item(tree, inner, 1)), CDIST_BRACE_BARE);
    ck_assert_uint_eq(cdist_brace_child(tree, cdist_brace_item(tree, inner, 2)), CDIST_BRACE_NONE);
    ck_assert_uint_eq(cdist_brace_item(tree, inner, 3), CDIST_BRACE_NONE);
    ck_assert_str_eq(cdist_brace_text(NULL, tree, cdist_brace_item(tree, list, 2)), "");
    ck_assert_uint_eq(cdist_brace_child(tree, cdist_brace_item(tree, list, 0)), CDIST_BRACE_NONE);
}
END_TEST

static const char *const as_the_platform[] = {
    "", "{}", "{2,x,}", "{\r\n{216,0,\r\n{80310,0}\r\n}\r\n}", "{1,\r\n{0},0,\r\n{\"a\",\"b\"\"\"},\"\"}",
    "{0},\r\n{1},\r\n{2}", "{\r\n{},\r\n{\r\n{}\r\n}\r\n}", "{1,\"two\r\nlines\"}"};

START_TEST(writing_gives_the_platforms_own_bytes)
{
    ck_assert_str_eq(rewritten(as_the_platform[_i], strlen(as_the_platform[_i])), as_the_platform[_i]);
}
END_TEST

static cdist_err_t *refuse(void *baton, const void *bytes, apr_size_t length)
{
    (void)bytes;
    (void)length;
    if ((*(int *)baton)-- > 0) return NULL;
    return cdist_err_create(fx_pool, CDIST_E_STORE, 0, "full");
}

START_TEST(an_error_of_who_takes_the_text_ends_the_writing)
{
    static const char text[] = "{1,{\"a\"\"b\",x},{}}";
    cdist_brace_tree_t *tree;
    int calls, left;

    FX_OK(cdist_brace_parse(&tree, drops_of(text, strlen(text), 9), 1000, fx_pool));
    for (calls = 0; calls < 10; calls++) {
        cdist_brace_writer_t writer = {refuse, &left, CDIST_BRACE_END};

        left = calls;
        FX_FAILS(cdist_brace_write_tree(&writer, tree, 0), CDIST_E_STORE);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("brace");
    TCase *tcase = fx_case(suite, "brace", 120);

    tcase_add_loop_test(tcase, text_is_read_step_by_step_however_it_arrives, 0, FX_COUNT(good));
    tcase_add_loop_test(tcase, text_that_is_none_is_refused_with_its_place, 0, FX_COUNT(bad));
    tcase_add_test(tcase, a_zero_byte_is_refused);
    tcase_add_test(tcase, of_long_items_the_start_is_kept);
    tcase_add_test(tcase, places_are_counted_in_every_list);
    tcase_add_test(tcase, thousands_of_levels_are_read_and_written);
    tcase_add_test(tcase, more_levels_than_any_text_has_are_refused);
    tcase_add_test(tcase, tens_of_megabytes_are_read_and_written);
    tcase_add_test(tcase, a_text_beyond_the_limit_is_refused);
    tcase_add_test(tcase, a_tree_gives_items_by_number);
    tcase_add_loop_test(tcase, writing_gives_the_platforms_own_bytes, 0, FX_COUNT(as_the_platform));
    tcase_add_test(tcase, an_error_of_who_takes_the_text_ends_the_writing);
    return suite;
}
