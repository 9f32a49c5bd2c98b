/* Text files as lines: what is read is written back byte for byte, or refused with file, line and reason. */
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

static const struct {
    const char *bytes;
    size_t length;
    int utf16, bom, count;
    const char *last; /* text of the last line */
} kept[] = {
    {"", 0, 0, 0, 0, NULL},
    {"\xEF\xBB\xBF", 3, 0, 1, 0, NULL},
    {"\xFF\xFE", 2, 1, 1, 0, NULL},
    {"a=b", 3, 0, 0, 1, "a=b"},
    {"a=b\n", 4, 0, 0, 1, "a=b"},
    {"a=b\r\nc", 6, 0, 0, 2, "c"},
    {"a\r\n\nb\r\n", 7, 0, 0, 3, "b"},
    {"a\rb\n\r", 5, 0, 0, 2, "\r"},
    {"\n\n", 2, 0, 0, 2, ""},
    {"\xEF\xBB\xBF\xEF\xBB\xBFx", 7, 0, 1, 1, "\xEF\xBB\xBFx"},
    {"\xEF\xBB\xBF\xD0\xA1\r\n", 7, 0, 1, 1, "\xD0\xA1"},
    {"\xFF\xFE" "a\0=\0b\0\r\0\n\0", 12, 1, 1, 1, "a=b"},
    {"\xFF\xFE\x21\x04\n\0\x3D\xD8\x00\xDE", 10, 1, 1, 2, "\xF0\x9F\x98\x80"},
    {"\xFF\xFE\x0A\x0A\xFF\xDB\xFF\xDF", 8, 1, 1, 1, "\xE0\xA8\x8A\xF4\x8F\xBF\xBF"}};

START_TEST(what_is_read_is_written_back_byte_for_byte)
{
    cdist_lines_t *lines;
    apr_size_t length;
    const char *bytes;

    FX_OK(cdist_lines_parse(&lines, kept[_i].bytes, kept[_i].length, "f", fx_pool));
    ck_assert_int_eq(lines->utf16, kept[_i].utf16);
    ck_assert_int_eq(lines->bom, kept[_i].bom);
    ck_assert_int_eq(lines->lines->nelts, kept[_i].count);
    if (kept[_i].last) {
        ck_assert_str_eq(APR_ARRAY_IDX(lines->lines, kept[_i].count - 1, cdist_line_t).text, kept[_i].last);
    }
    bytes = cdist_lines_format(&length, lines, fx_pool);
    ck_assert_uint_eq(length, kept[_i].length);
    ck_assert_mem_eq(bytes, kept[_i].bytes, length);
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *message;
} refused[] = {
    {"ok\nbad\xFF\n", 8, "f:2: is not UTF-8"},
    {"a\n\xCF\xF0\xE8\n", 6, "f:2: is not UTF-8"},
    {"a\0b", 3, "f:1: holds a NUL"},
    {"a\0\n\0b\0", 6, "f:1: holds a NUL"},
    {"\xFE\xFF\0a", 4, "f:1: is UTF-16BE"},
    {"\xFF\xFE" "a\0\n\0b", 7, "f:2: the file ends in the middle"},
    {"\xFF\xFE\x3D\xD8", 4, "f:1: the file ends in the middle"},
    {"\xFF\xFE\n\0\x3D\xD8" "a\0", 8, "f:2: holds half a character"},
    {"\xFF\xFE\n\0\n\0\x00\xDE", 8, "f:3: holds half a character"},
    {"\xFF\xFE" "a\0\0\0", 6, "f:1: holds a NUL"}};

START_TEST(what_could_not_be_written_back_is_refused_with_file_line_and_reason)
{
    cdist_lines_t *lines;
    cdist_err_t *err = cdist_lines_parse(&lines, refused[_i].bytes, refused[_i].length, "f", fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_msg(strncmp(err->message, refused[_i].message, strlen(refused[_i].message)) == 0, "%s", err->message);
}
END_TEST

static const struct {
    const char *before;
    int after;
    const char *result;
} added[] = {
    {"", 0, "new\n"}, {"a\n", 1, "a\nnew\n"}, {"a\r\nb\r\n", 1, "a\r\nnew\r\nb\r\n"}, {"a\r\nb", 2, "a\r\nb\r\nnew"},
    {"a", 1, "a\nnew"}, {"a\nb\r\n", 2, "a\nb\r\nnew\r\n"}, {"\n", 1, "\nnew\n"}};

START_TEST(an_added_line_ends_as_the_others_do)
{
    cdist_lines_t *lines;
    apr_size_t length;

    FX_OK(cdist_lines_parse(&lines, added[_i].before, strlen(added[_i].before), "f", fx_pool));
    cdist_lines_add(lines, added[_i].after, "new", fx_pool);
    ck_assert_str_eq(cdist_lines_format(&length, lines, fx_pool), added[_i].result);
}
END_TEST

START_TEST(added_lines_leave_the_numbers_of_the_others_alone)
{
    cdist_lines_t *lines;
    apr_size_t length;

    FX_OK(cdist_lines_parse(&lines, "a\nb\n", 4, "f", fx_pool));
    cdist_lines_add(lines, 1, "new 1", fx_pool);
    cdist_lines_add(lines, 2, "new 2", fx_pool);
    cdist_lines_add(lines, 2, "new 3", fx_pool);
    ck_assert_str_eq(cdist_lines_format(&length, lines, fx_pool), "a\nnew 1\nb\nnew 2\nnew 3\n");
}
END_TEST

START_TEST(a_line_in_an_empty_utf16_file_ends_as_windows_wants_it)
{
    cdist_lines_t *lines;
    apr_size_t length;
    const char *bytes;

    FX_OK(cdist_lines_parse(&lines, "\xFF\xFE", 2, "f", fx_pool));
    cdist_lines_add(lines, 0, "\xD0\xA1", fx_pool);
    bytes = cdist_lines_format(&length, lines, fx_pool);
    ck_assert_uint_eq(length, 8);
    ck_assert_mem_eq(bytes, "\xFF\xFE\x21\x04\r\0\n\0", 8);
}
END_TEST

START_TEST(a_line_is_split_at_its_first_equals_sign)
{
    const char *key, *value;

    ck_assert(cdist_keyvalue_split(&key, &value, "a=b=c", fx_pool));
    ck_assert_str_eq(key, "a");
    ck_assert_str_eq(value, "b=c");
    ck_assert(cdist_keyvalue_split(&key, &value, " a = ", fx_pool));
    ck_assert_str_eq(key, " a ");
    ck_assert_str_eq(value, " ");
    ck_assert(!cdist_keyvalue_split(&key, &value, "=b", fx_pool));
    ck_assert(!cdist_keyvalue_split(&key, &value, "no", fx_pool));
}
END_TEST

START_TEST(a_replaced_file_keeps_its_mode_and_a_link_is_left_alone)
{
    struct stat st;
    size_t length;

    fx_write_text("f", "old");
    ck_assert_int_eq(chmod(fx_path("f"), 0600), 0);
    FX_OK(cdist_file_replace(fx_path("f"), "new", 3, fx_pool));
    ck_assert_str_eq(fx_read(&length, "f"), "new");
    ck_assert_int_eq(stat(fx_path("f"), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    fx_link("f", "link");
    FX_FAILS(cdist_file_replace(fx_path("link"), "x", 1, fx_pool), CDIST_E_STORE);
    FX_FAILS(cdist_file_replace(fx_path("missing"), "x", 1, fx_pool), CDIST_E_STORE);
    ck_assert_str_eq(fx_read(&length, "f"), "new");
    ck_assert_int_eq(fx_children(""), 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("lines");
    TCase *tcase = fx_case(suite, "lines", 10);

    tcase_add_loop_test(tcase, what_is_read_is_written_back_byte_for_byte, 0, FX_COUNT(kept));
    tcase_add_loop_test(tcase, what_could_not_be_written_back_is_refused_with_file_line_and_reason, 0, FX_COUNT(refused));
    tcase_add_loop_test(tcase, an_added_line_ends_as_the_others_do, 0, FX_COUNT(added));
    tcase_add_test(tcase, added_lines_leave_the_numbers_of_the_others_alone);
    tcase_add_test(tcase, a_line_in_an_empty_utf16_file_ends_as_windows_wants_it);
    tcase_add_test(tcase, a_line_is_split_at_its_first_equals_sign);
    tcase_add_test(tcase, a_replaced_file_keeps_its_mode_and_a_link_is_left_alone);
    return suite;
}
