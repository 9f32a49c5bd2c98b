/* Encodings, INI text and digests. */
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

static const struct {
    const char *bytes;
    size_t length;
    int valid;
} utf8_rows[] = {
    {"", 0, 1}, {"abc", 3, 1}, {"a\0b", 3, 1}, {"\x7F", 1, 1}, {"\xC2\x80", 2, 1}, {"\xDF\xBF", 2, 1},
    {"\xE0\xA0\x80", 3, 1}, {"\xED\x9F\xBF", 3, 1}, {"\xEE\x80\x80", 3, 1}, {"\xEF\xBF\xBF", 3, 1},
    {"\xF0\x90\x80\x80", 4, 1}, {"\xF4\x8F\xBF\xBF", 4, 1}, {"\xD0\xA1\xD0\xB5", 4, 1},
    {"\x80", 1, 0}, {"\xBF", 1, 0}, {"\xC0\x80", 2, 0}, {"\xC1\xBF", 2, 0}, {"\xC2", 1, 0}, {"\xC2" "a", 2, 0},
    {"\xE0\x9F\xBF", 3, 0}, {"\xED\xA0\x80", 3, 0}, {"\xED\xBF\xBF", 3, 0}, {"\xE1\x80", 2, 0}, {"\xE1\x80" "a", 3, 0},
    {"\xF0\x8F\xBF\xBF", 4, 0}, {"\xF4\x90\x80\x80", 4, 0}, {"\xF5\x80\x80\x80", 4, 0}, {"\xF0\x90\x80", 3, 0},
    {"\xF8\x88\x80\x80\x80", 5, 0}, {"\xFE", 1, 0}, {"\xFF", 1, 0}, {"ok\xFF", 3, 0}};

START_TEST(utf8_is_what_rfc_3629_says)
{
    ck_assert_int_eq(cdist_text_is_utf8(utf8_rows[_i].bytes, utf8_rows[_i].length), utf8_rows[_i].valid);
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *text;
} decode_rows[] = {
    {"", 0, ""}, {"plain", 5, "plain"}, {"\xEF\xBB\xBF" "with mark", 12, "with mark"}, {"\xEF\xBB\xBF", 3, ""},
    {"\xD0\xA1", 2, "\xD0\xA1"}, {"a\0b", 3, "ab"}, {"caf\xE9", 4, "caf\xEF\xBF\xBD"},
    {"\xFF\xFE" "A\0B\0", 6, "AB"}, {"\xFF\xFE\x21\x04", 4, "\xD0\xA1"}, {"\xFF\xFE", 2, ""}, {"\xFF\xFE" "A", 3, ""},
    {"\xFF\xFE" "A\0B", 5, "A"}, {"\xFF\xFE\0\0A\0", 6, "A"}, {"\xFF\xFE\x3D\xD8\x00\xDE", 6, "\xF0\x9F\x98\x80"},
    {"\xFF\xFE\x3D\xD8" "A\0", 6, "\xEF\xBF\xBD" "A"}, {"\xFF\xFE\x00\xDE", 4, "\xEF\xBF\xBD"},
    {"\xFF\xFE\x3D\xD8", 4, "\xEF\xBF\xBD"}, {"\xFF\xFE\xFF\xDB\xFF\xDF", 6, "\xF4\x8F\xBF\xBF"},
    {"\xFF", 1, "\xEF\xBF\xBD"}, {"\xFE\xFF\0A", 4, "\xEF\xBF\xBD\xEF\xBF\xBD" "A"}};

START_TEST(decode_understands_both_encodings_and_never_fails)
{
    const char *text = cdist_text_decode(decode_rows[_i].bytes, decode_rows[_i].length, fx_pool);

    ck_assert_str_eq(text, decode_rows[_i].text);
    ck_assert(cdist_text_is_utf8(text, strlen(text)));
}
END_TEST

static const struct {
    const char *bytes;
    size_t length;
    const char *text;
} cp1251_rows[] = {{"", 0, ""},
                   {"plain", 5, "plain"},
                   {"\xD0\xA1", 2, "\xD0\xA1"}, /* UTF-8 first */
                   {"\xCF\xF0\xE8\xE2\xE5\xF2 \xA8\xB8", 9, "Привет Ёё"},
                   {"\xB9 1\x85\x97\xAB\xBB\x88", 8, "№ 1…—«»€"},
                   {"\x98", 1, "\xEF\xBF\xBD"}, /* the one without a character */
                   {"\xC0\0\xFF", 3, "Ая"},
                   {"\xEF\xBB\xBF\xFF", 4, "\xEF\xBF\xBD"}, /* the mark says that it is UTF-8 */
                   {"\xFF\xFE\x21\x04", 4, "\xD0\xA1"}};

START_TEST(what_is_no_utf8_is_the_code_page_of_russian_windows)
{
    const char *text = cdist_text_decode_cp1251(cp1251_rows[_i].bytes, cp1251_rows[_i].length, fx_pool);

    ck_assert_str_eq(text, cp1251_rows[_i].text);
}
END_TEST

START_TEST(printable_shows_what_a_log_must_not_hold)
{
    static const struct {
        const char *name, *shown;
    } rows[] = {{"", ""},          {"plain name.txt", "plain name.txt"}, {"a\nb", "a\\x0Ab"}, {"\x1B[31m", "\\x1B[31m"},
                {"\x7F", "\\x7F"}, {"\xD0\xA1", "\xD0\xA1"},             {"\xFF\xFE", "\\xFF\\xFE"},
                {"a\xE2\x80\xAE" "b", "a\\xE2\\x80\\xAE" "b"}, {"\xC2\x9B", "\\xC2\\x9B"},
                {"\xC2\xA0\xE2\x80\x94", "\xC2\xA0\xE2\x80\x94"},
                {"\xE2\x81\xA6", "\\xE2\\x81\\xA6"}, {"\xD8\x9C", "\\xD8\\x9C"},
                {"\xD0", "\\xD0"}, {"\x01\x02\x03", "\\x01\\x02\\x03"}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) ck_assert_str_eq(cdist_text_printable(rows[i].name, fx_pool), rows[i].shown);
}
END_TEST

static const char ini[] = "; about\r\nProductVersion=0.0.0.0\r\n[Other]\nProductVersion = 9.9.9.9\n[ Startup ]\r\n"
                          "#ProductVersion=1.1.1.1\r\n;ProductVersion=2.2.2.2\n  productVERSION  =  8.3.22.1750  \r\n"
                          "ProductVersion=3.3.3.3\nCmdLine=/S /v\"A=B\"\r\nEmpty=\nNoEquals\n=NoKey\nLast = x y";

static const struct {
    const char *section, *key, *value;
} ini_rows[] = {{"Startup", "ProductVersion", "8.3.22.1750"}, {"STARTUP", "PRODUCTVERSION", "8.3.22.1750"},
                {"Other", "ProductVersion", "9.9.9.9"},       {"", "ProductVersion", "0.0.0.0"},
                {"Startup", "CmdLine", "/S /v\"A=B\""},       {"Startup", "Empty", ""},
                {"Startup", "Last", "x y"},                   {"Startup", "NoEquals", NULL},
                {"Startup", "Missing", NULL},                 {"Missing", "ProductVersion", NULL},
                {"Startup", "#ProductVersion", NULL},         {"Other", "Last", NULL}};

START_TEST(keyvalue_finds_the_first_value_of_the_section)
{
    const char *value = cdist_keyvalue_get(ini, ini_rows[_i].section, ini_rows[_i].key, fx_pool);

    if (ini_rows[_i].value) {
        ck_assert_ptr_nonnull(value);
        ck_assert_str_eq(value, ini_rows[_i].value);
    } else {
        ck_assert_ptr_null(value);
    }
}
END_TEST

START_TEST(keyvalue_survives_text_that_is_no_ini)
{
    static const char *const texts[] = {"", "\n", "\r\n\r\n", "[", "[]", "[x", "]", "=", "==", "[a]=b",
                                        "\n=\n[\n;", " "};
    int i;

    for (i = 0; i < FX_COUNT(texts); i++) ck_assert_ptr_null(cdist_keyvalue_get(texts[i], "Startup", "Key", fx_pool));
    ck_assert_str_eq(cdist_keyvalue_get("[broken\nKey=v", "", "Key", fx_pool), "v");
}
END_TEST

static void digest_of(cdist_digest_t *digest, const char *text)
{
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);

    cdist_sha256_update(sha, text, strlen(text));
    cdist_sha256_final(digest, sha);
}

START_TEST(sha256_gives_the_values_of_the_standard)
{
    cdist_digest_t digest;

    digest_of(&digest, "");
    ck_assert_str_eq(fx_hex(&digest), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ck_assert_str_eq(cdist_digest_base64(&digest, fx_pool), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
    digest_of(&digest, "abc");
    ck_assert_str_eq(fx_hex(&digest), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}
END_TEST

START_TEST(one_digest_object_serves_many_contents)
{
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_digest_t first, second;

    cdist_sha256_update(sha, "junk", 4);
    cdist_sha256_reset(sha);
    cdist_sha256_update(sha, "abc", 3);
    cdist_sha256_final(&first, sha);
    digest_of(&second, "abc");
    ck_assert(cdist_digest_equal(&first, &second));
}
END_TEST

START_TEST(adjacent_texts_cannot_be_confused)
{
    static const char *const pairs[][2] = {{"ab", "c"}, {"a", "bc"}, {"", "abc"}, {"abc", ""}};
    cdist_digest_t digests[4];
    int i, j;

    for (i = 0; i < 4; i++) {
        cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
        cdist_sha256_update_text(sha, pairs[i][0]);
        cdist_sha256_update_text(sha, pairs[i][1]);
        cdist_sha256_final(&digests[i], sha);
        for (j = 0; j < i; j++) ck_assert(!cdist_digest_equal(&digests[i], &digests[j]));
    }
}
END_TEST

START_TEST(a_number_is_eight_little_endian_bytes)
{
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_digest_t number, bytes;

    cdist_sha256_update_u64(sha, APR_UINT64_C(0x0807060504030201));
    cdist_sha256_final(&number, sha);
    digest_of(&bytes, "\x01\x02\x03\x04\x05\x06\x07\x08");
    ck_assert(cdist_digest_equal(&number, &bytes));
}
END_TEST

START_TEST(a_digest_is_parsed_from_64_lower_case_digits_alone)
{
    static const char hex[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    cdist_digest_t digest;
    char text[80];

    ck_assert(cdist_digest_parse(&digest, hex));
    ck_assert_str_eq(fx_hex(&digest), hex);
    ck_assert(!cdist_digest_parse(&digest, ""));
    ck_assert(!cdist_digest_parse(&digest, hex + 1));
    strcpy(text, hex);
    strcat(text, "0");
    ck_assert(!cdist_digest_parse(&digest, text));
    strcpy(text, hex);
    text[0] = 'B';
    ck_assert(!cdist_digest_parse(&digest, text));
    text[0] = 'g';
    ck_assert(!cdist_digest_parse(&digest, text));
    strcpy(text, hex);
    text[63] = '\n';
    ck_assert(!cdist_digest_parse(&digest, text));
}
END_TEST

START_TEST(an_error_keeps_its_cause_when_it_moves_to_another_pool)
{
    apr_pool_t *other;
    cdist_err_t *inner, *outer, *copy;
    const char *text;

    apr_pool_create(&other, fx_pool);
    inner = cdist_err_create(other, CDIST_E_SOURCE, APR_ENOENT, "inner %d", 7);
    outer = cdist_err_create(other, CDIST_E_STORE, 0, "outer");
    outer->cause = inner;
    copy = cdist_err_dup(outer, fx_pool);
    apr_pool_destroy(other);
    ck_assert_int_eq(copy->code, CDIST_E_STORE);
    ck_assert_int_eq(copy->cause->code, CDIST_E_SOURCE);
    ck_assert_int_eq(copy->cause->status, APR_ENOENT);
    text = cdist_err_text(copy, fx_pool);
    ck_assert_ptr_nonnull(strstr(text, "outer"));
    ck_assert_ptr_nonnull(strstr(text, "inner 7"));
    ck_assert_ptr_null(strchr(text, '\n'));
    ck_assert_ptr_null(cdist_err_dup(NULL, fx_pool));
}
END_TEST

static int logged, formatted_level;

static int only_errors(void *baton, cdist_log_level_t level)
{
    (void)baton;
    return level <= CDIST_LOG_ERROR;
}

static void take_message(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)status;
    strcpy(baton, text);
    formatted_level = (int)level;
    logged++;
}

START_TEST(a_message_is_printed_with_its_tag_if_its_level_is_enabled)
{
    char text[512];

    cdist_log_set(only_errors, take_message, text);
    cdist_log(CDIST_LOG_WARNING, "CD9998", 0, "dropped");
    ck_assert_int_eq(logged, 0);
    cdist_log(CDIST_LOG_ERROR, "CD9999", 0, "number %d", 42);
    ck_assert_int_eq(logged, 1);
    ck_assert_int_eq(formatted_level, CDIST_LOG_ERROR);
    ck_assert_ptr_nonnull(strstr(text, "CD9999"));
    ck_assert_ptr_nonnull(strstr(text, "number 42"));
}
END_TEST

static const struct {
    const char *text;
    int good;
    apr_uint64_t bytes;
} size_rows[] = {
    {"0", 1, 0},
    {"none", 1, 0},
    {"None", 1, 0},
    {"1", 1, 1},
    {"1048576", 1, 1048576},
    {"20K", 1, 20480},
    {"20k", 1, 20480},
    {"3M", 1, 3145728},
    {"20G", 1, APR_UINT64_C(21474836480)},
    {"2t", 1, APR_UINT64_C(2199023255552)},
    {"8388607T", 1, APR_UINT64_C(8388607) << 40},
    {"8388608T", 0, 0},
    {"9223372036854775807", 1, APR_INT64_MAX},
    {"9223372036854775808", 0, 0},
    {"99999999999999999999K", 0, 0},
    {"", 0, 0},
    {"K", 0, 0},
    {"-1", 0, 0},
    {"+1", 0, 0},
    {" 1", 0, 0},
    {"1 K", 0, 0},
    {"1KB", 0, 0},
    {"1.5G", 0, 0},
    {"0x10", 0, 0},
    {"1P", 0, 0},
    {"nothing", 0, 0},
};

START_TEST(a_size_is_a_number_with_a_binary_unit_or_none)
{
    apr_uint64_t bytes = 7;

    ck_assert_msg(cdist_size_parse(&bytes, size_rows[_i].text) == size_rows[_i].good, "\"%s\"", size_rows[_i].text);
    ck_assert_uint_eq(bytes, size_rows[_i].good ? size_rows[_i].bytes : 7);
}
END_TEST

static const struct {
    const char *path, *folder, *name;
} path_rows[] = {{"/a/b", "/a", "b"}, {"/a", "/", "a"}, {"a", ".", "a"}, {"a/b.zip", "a", "b.zip"}, {"/", "/", "/"}};

START_TEST(a_limit_is_told_in_whole_units)
{
    ck_assert_str_eq(cdist_size_format(0, fx_pool), "0 bytes");
    ck_assert_str_eq(cdist_size_format(1000, fx_pool), "1000 bytes");
    ck_assert_str_eq(cdist_size_format(256 * 1024, fx_pool), "256 KiB");
    ck_assert_str_eq(cdist_size_format(1025 * 1024, fx_pool), "1025 KiB");
    ck_assert_str_eq(cdist_size_format((apr_uint64_t)8 << 30, fx_pool), "8 GiB");
    ck_assert_str_eq(cdist_size_format((apr_uint64_t)1 << 60, fx_pool), "1048576 TiB");
}
END_TEST

START_TEST(a_path_has_a_folder_and_a_name)
{
    ck_assert_str_eq(cdist_path_folder(path_rows[_i].path, fx_pool), path_rows[_i].folder);
    ck_assert_str_eq(cdist_path_name(path_rows[_i].path, fx_pool), path_rows[_i].name);
    ck_assert_str_eq(cdist_path_name(apr_pstrcat(fx_pool, path_rows[_i].path, "//", NULL), fx_pool), path_rows[_i].name);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("text");
    TCase *tcase = fx_case(suite, "text", 10);

    tcase_add_loop_test(tcase, utf8_is_what_rfc_3629_says, 0, FX_COUNT(utf8_rows));
    tcase_add_loop_test(tcase, decode_understands_both_encodings_and_never_fails, 0, FX_COUNT(decode_rows));
    tcase_add_loop_test(tcase, what_is_no_utf8_is_the_code_page_of_russian_windows, 0, FX_COUNT(cp1251_rows));
    tcase_add_test(tcase, printable_shows_what_a_log_must_not_hold);
    tcase_add_loop_test(tcase, keyvalue_finds_the_first_value_of_the_section, 0, FX_COUNT(ini_rows));
    tcase_add_test(tcase, keyvalue_survives_text_that_is_no_ini);
    tcase_add_test(tcase, sha256_gives_the_values_of_the_standard);
    tcase_add_test(tcase, one_digest_object_serves_many_contents);
    tcase_add_test(tcase, adjacent_texts_cannot_be_confused);
    tcase_add_test(tcase, a_number_is_eight_little_endian_bytes);
    tcase_add_test(tcase, a_digest_is_parsed_from_64_lower_case_digits_alone);
    tcase_add_loop_test(tcase, a_size_is_a_number_with_a_binary_unit_or_none, 0, FX_COUNT(size_rows));
    tcase_add_test(tcase, a_limit_is_told_in_whole_units);
    tcase_add_loop_test(tcase, a_path_has_a_folder_and_a_name, 0, FX_COUNT(path_rows));
    tcase_add_test(tcase, an_error_keeps_its_cause_when_it_moves_to_another_pool);
    tcase_add_test(tcase, a_message_is_printed_with_its_tag_if_its_level_is_enabled);
    return suite;
}
