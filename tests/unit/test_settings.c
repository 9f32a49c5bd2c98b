/* Files of Key=Value lines: read, changed, and written back without touching anything else. */
#include "fixture.h"
#include "publication/cdist_publication.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

#define KEY "PublishDistributiveLocationWindows64"

static cdist_settings_t *parse(const char *bytes, apr_size_t length)
{
    cdist_settings_t *settings;

    FX_OK(cdist_settings_parse(&settings, bytes, length, "conf.cfg", fx_pool));
    return settings;
}

static void assert_written(const cdist_settings_t *settings, const char *bytes, apr_size_t length)
{
    apr_size_t written_length;
    const char *written = cdist_settings_write(&written_length, settings, fx_pool);

    ck_assert_uint_eq(written_length, length);
    ck_assert_mem_eq(written, bytes, length);
}

#define TEXT(literal) literal, sizeof literal - 1

static const struct {
    const char *bytes;
    apr_size_t length;
} exact_rows[] = {
    {TEXT("")}, {TEXT("A=b")}, {TEXT("A=b\n")}, {TEXT("A=b\r\nC=d\n\r\n")}, {TEXT("\xEF\xBB\xBF" "A=b")}, {TEXT("\xEF\xBB\xBF")},
    {TEXT("\n\n\n")}, {TEXT(" A = b \t\n;c\n#d\n[e]\nf\n=g\nA=\n")}, {TEXT("a\rb\n")}, {TEXT("\xD0\xA1=\xD0\xA1\n")},
    {TEXT("\xFF\xFE" "A\0=\0b\0\r\0\n\0")}, {TEXT("\xFF\xFE")}, {TEXT("\xFF\xFE\x21\x04=\0\x3D\xD8\x00\xDE")},
    {TEXT("\xFF\xFE\xFF\xFE" "A\0")}};

START_TEST(settings_are_written_as_they_were_read)
{
    assert_written(parse(exact_rows[_i].bytes, exact_rows[_i].length), exact_rows[_i].bytes, exact_rows[_i].length);
}
END_TEST

START_TEST(what_would_be_lost_is_refused)
{
    static const struct {
        const char *bytes;
        apr_size_t length;
    } wrong[] = {{TEXT("A=b\nC=caf\xE9\n")}, {TEXT("\xFF\xFE\n\0A")}, {TEXT("\xFF\xFE\n\0\x3D\xD8" "A\0")},
                 {TEXT("\xFF\xFE\n\0" "A\0\0\0b\0")}, {TEXT("\nA\0=\0b\0")}, {TEXT("\xEF\xBB\xBF\nA=b\0")}};
    int i;

    for (i = 0; i < FX_COUNT(wrong); i++) {
        cdist_settings_t *settings;
        cdist_err_t *err = cdist_settings_parse(&settings, wrong[i].bytes, wrong[i].length, "conf.cfg", fx_pool);

        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(err->code, CDIST_E_INPUT);
        ck_assert_msg(strncmp(err->message, "conf.cfg:2: ", 12) == 0, "%s", err->message);
    }
}
END_TEST

START_TEST(more_than_a_million_lines_are_refused)
{
    char *bytes = memset(apr_palloc(fx_pool, 1000001), '\n', 1000001);
    cdist_settings_t *settings;

    FX_OK(cdist_settings_parse(&settings, bytes, 1000000, "conf.cfg", fx_pool));
    FX_FAILS(cdist_settings_parse(&settings, bytes, 1000001, "conf.cfg", fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(lines_are_what_they_look_like)
{
    static const struct {
        const char *text;
        cdist_setting_kind_t kind;
        const char *key, *value;
        int spaced;
    } rows[] = {{"", CDIST_SETTING_BLANK, NULL, NULL, 0},
                {" \t", CDIST_SETTING_BLANK, NULL, NULL, 0},
                {"; A=b", CDIST_SETTING_COMMENT, NULL, NULL, 0},
                {" #A=b", CDIST_SETTING_COMMENT, NULL, NULL, 0},
                {"[a]", CDIST_SETTING_SECTION, "a", NULL, 0},
                {"[a=b] ", CDIST_SETTING_SECTION, "a=b", NULL, 0},
                {"[ a]b ]", CDIST_SETTING_SECTION, "a]b", NULL, 0},
                {"[]", CDIST_SETTING_SECTION, "", NULL, 0},
                {"[a", CDIST_SETTING_OTHER, NULL, NULL, 0},
                {"words", CDIST_SETTING_OTHER, NULL, NULL, 0},
                {"A=b=c", CDIST_SETTING_VALUE, "A", "b=c", 0},
                {"A=", CDIST_SETTING_VALUE, "A", "", 0},
                {"A= ", CDIST_SETTING_VALUE, "A", "", 0},
                {"=b", CDIST_SETTING_VALUE, "", "b", 0},
                {" A=b ", CDIST_SETTING_VALUE, "A", "b", 0},
                {"A =b", CDIST_SETTING_VALUE, "A", "b", 1},
                {"A=\tb", CDIST_SETTING_VALUE, "A", "b", 1}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        cdist_settings_t *settings = parse(apr_pstrcat(fx_pool, "\n", rows[i].text, "\n", NULL), strlen(rows[i].text) + 2);
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(settings->lines, 1, cdist_settings_line_t);

        ck_assert_int_eq(line->number, 2);
        ck_assert_msg(line->kind == rows[i].kind, "%s: kind %d", rows[i].text, (int)line->kind);
        ck_assert_pstr_eq(line->key, rows[i].key);
        ck_assert_pstr_eq(line->value, rows[i].value);
        ck_assert_int_eq(line->spaced, rows[i].spaced);
    }
}
END_TEST

START_TEST(a_value_is_found_in_any_case_before_sections)
{
    cdist_settings_t *settings = parse(TEXT("a=1\nA=2\n[s]\nb=3\n"));

    ck_assert_str_eq(cdist_settings_get(settings, "A"), "1");
    ck_assert_ptr_null(cdist_settings_get(settings, "b"));
    ck_assert_ptr_null(cdist_settings_get(settings, "c"));
}
END_TEST

/* The file before and after KEY was set to "http://h". */
static const struct {
    const char *before;
    apr_size_t before_length;
    const char *after;
    apr_size_t after_length;
} merge_rows[] = {
    {TEXT(""), TEXT(KEY "=http://h\n")},
    {TEXT("\xEF\xBB\xBF"), TEXT("\xEF\xBB\xBF" KEY "=http://h\n")},
    {TEXT("A=b"), TEXT("A=b\n" KEY "=http://h")},
    {TEXT("A=b\r\nC=d"), TEXT("A=b\r\nC=d\r\n" KEY "=http://h")},
    {TEXT("A=b\n" KEY "=old\nC=d"), TEXT("A=b\n" KEY "=http://h\nC=d")},
    {TEXT("\xEF\xBB\xBF" KEY "=old"), TEXT("\xEF\xBB\xBF" KEY "=http://h")},
    {TEXT("publishDistributiveLocationWINDOWS64 = old\r\nx"), TEXT("publishDistributiveLocationWINDOWS64=http://h\r\nx")},
    {TEXT(KEY "=1\n" KEY "=2\n"), TEXT(KEY "=http://h\n" KEY "=http://h\n")},
    {TEXT(";" KEY "=old\n"), TEXT(";" KEY "=old\n" KEY "=http://h\n")},
    {TEXT("DisableUnsafeActionProtection=.*=x\n"), TEXT("DisableUnsafeActionProtection=.*=x\n" KEY "=http://h\n")}};

START_TEST(setting_a_key_leaves_all_else_as_it_is)
{
    cdist_settings_t *settings = parse(merge_rows[_i].before, merge_rows[_i].before_length);

    cdist_settings_set(settings, KEY, "http://h");
    assert_written(settings, merge_rows[_i].after, merge_rows[_i].after_length);
    /* Once more changes nothing. */
    cdist_settings_set(settings, KEY, "http://h");
    assert_written(settings, merge_rows[_i].after, merge_rows[_i].after_length);
    ck_assert_str_eq(cdist_settings_get(settings, KEY), "http://h");
}
END_TEST

START_TEST(utf_16_stays_utf_16)
{
    cdist_settings_t *settings = parse(TEXT("\xFF\xFE" "A\0=\0b\0"));

    cdist_settings_set(settings, "C", "d");
    assert_written(settings, TEXT("\xFF\xFE" "A\0=\0b\0\r\0\n\0C\0=\0d\0"));
}
END_TEST

/* ---- real files ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    int settings;
    const char *key, *value;
} real_settings_rows[] = {{"conf-epf.cfg", 2, "disableunsafeactionprotection", ".*"},
                          {"conf-onecwin.cfg", 1, "SystemLanguage", "RU"},
                          {"1CEStart-ralinka.cfg", 1, "ConfigurationTemplatesLocation", NULL},
                          {"ibases-atma.v8i", -1, NULL, NULL},
                          {"ibases-onecstarter.v8i", -1, NULL, NULL},
                          {"ibases-parserv8i.v8i", -1, NULL, NULL},
                          {"ibases-salim.v8i", 10, NULL, NULL},
                          {"ibases-starter1c.v8i", 10, NULL, NULL}};

START_TEST(a_real_list_of_settings_is_written_as_it_was_read)
{
    apr_size_t length;
    const char *bytes = shared_data(&length, apr_pstrcat(fx_pool, "config/", real_settings_rows[_i].name, NULL));
    cdist_settings_t *settings;
    int count = 0, i;

    if (!bytes) return;
    settings = parse(bytes, length);
    assert_written(settings, bytes, length);
    for (i = 0; i < settings->lines->nelts; i++) {
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t);
        ck_assert_int_ne(line->kind, CDIST_SETTING_OTHER);
        count += line->kind == CDIST_SETTING_VALUE;
    }
    if (real_settings_rows[_i].settings >= 0) ck_assert_int_eq(count, real_settings_rows[_i].settings);
    else ck_assert_int_gt(count, 20);
    if (real_settings_rows[_i].key) {
        ck_assert_ptr_nonnull(cdist_settings_get(settings, real_settings_rows[_i].key));
        if (real_settings_rows[_i].value) {
            ck_assert_str_eq(cdist_settings_get(settings, real_settings_rows[_i].key), real_settings_rows[_i].value);
        }
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("settings");
    TCase *settings = fx_case(suite, "settings", 30), *real = fx_case(suite, "real", 10);

    tcase_add_loop_test(settings, settings_are_written_as_they_were_read, 0, FX_COUNT(exact_rows));
    tcase_add_test(settings, what_would_be_lost_is_refused);
    tcase_add_test(settings, more_than_a_million_lines_are_refused);
    tcase_add_test(settings, lines_are_what_they_look_like);
    tcase_add_test(settings, a_value_is_found_in_any_case_before_sections);
    tcase_add_loop_test(settings, setting_a_key_leaves_all_else_as_it_is, 0, FX_COUNT(merge_rows));
    tcase_add_test(settings, utf_16_stays_utf_16);
    tcase_add_loop_test(real, a_real_list_of_settings_is_written_as_it_was_read, 0, FX_COUNT(real_settings_rows));
    return suite;
}
