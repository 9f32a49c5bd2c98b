/* 1cestart.cfg and 1cescmn.cfg: every form that is met, read without loss. */
#include "fixture.h"
#include "launcher/cdist_launcher.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

static cdist_start_cfg_t *parse(const char *bytes, size_t length)
{
    cdist_start_cfg_t *cfg;

    FX_OK(cdist_start_cfg_parse(&cfg, bytes, length, "f.cfg", fx_pool));
    return cfg;
}

static cdist_start_cfg_t *parse_text(const char *text)
{
    return parse(text, strlen(text));
}

/* "Key=Value|Key=Value" in the file's order. */
static const char *flat(const cdist_start_cfg_t *cfg)
{
    const char *text = "";
    int i;

    for (i = 0; i < cfg->settings->nelts; i++) {
        const cdist_setting_t *setting = &APR_ARRAY_IDX(cfg->settings, i, cdist_setting_t);
        text = apr_pstrcat(fx_pool, text, i ? "|" : "", setting->key, "=", setting->value, NULL);
    }
    return text;
}

static const struct {
    const char *bytes;
    size_t length;
    const char *flat;
} forms[] = {
    {"\xFF\xFE" "A\0=\0\x31\0\r\0\n\0" "B\0=\0\x16\x04\r\0\n\0", 22, "A=1|B=\xD0\x96"},
    {"\xEF\xBB\xBF" "A=1\r\nB=2\r\n", 13, "A=1|B=2"},
    {"A=1\nB=2\n", 8, "A=1|B=2"},
    {"A=1\nB=2", 7, "A=1|B=2"},
    {"A=x=y;z\n", 8, "A=x=y;z"},
    {"A=\n", 3, "A="},
    {"A=1\n\n#B\nno pair\nB=2 \n", 21, "A=1|B=2"},
    {"L=1\nX=u\nL=2\n", 12, "L=1|X=u|L=2"},
    {"", 0, ""}};

START_TEST(every_form_is_understood_and_written_back_as_it_was)
{
    const cdist_start_cfg_t *cfg = parse(forms[_i].bytes, forms[_i].length);
    apr_size_t length;
    const char *bytes = cdist_lines_format(&length, cfg->lines, fx_pool);

    ck_assert_str_eq(flat(cfg), forms[_i].flat);
    ck_assert_uint_eq(length, forms[_i].length);
    ck_assert_mem_eq(bytes, forms[_i].bytes, length);
}
END_TEST

START_TEST(a_key_is_found_in_any_case_and_its_line_is_known)
{
    const cdist_setting_t *setting = cdist_start_cfg_get(parse_text("X=\nUseHwLicenses=1\nusehwlicenses=0\n"), "USEHWLICENSES");

    ck_assert_ptr_nonnull(setting);
    ck_assert_str_eq(setting->value, "1");
    ck_assert_int_eq(setting->line, 2);
    ck_assert_ptr_null(cdist_start_cfg_get(parse_text("A=1\n"), "B"));
}
END_TEST

START_TEST(an_added_key_leaves_everything_else_as_it_was)
{
    cdist_start_cfg_t *cfg = parse("\xFF\xFE" "A\0=\0\x31\0", 8);
    apr_size_t length;
    const char *bytes;

    cdist_start_cfg_add(cfg, "B", "2", fx_pool);
    bytes = cdist_lines_format(&length, cfg->lines, fx_pool);
    ck_assert_uint_eq(length, 18);
    ck_assert_mem_eq(bytes, "\xFF\xFE" "A\0=\0\x31\0\r\0\n\0" "B\0=\0\x32\0", 18);
    ck_assert_str_eq(flat(parse(bytes, length)), "A=1|B=2");
}
END_TEST

START_TEST(a_file_with_half_a_character_or_too_large_is_refused_by_name)
{
    cdist_start_cfg_t *cfg;
    cdist_err_t *err;
    char *large = apr_palloc(fx_pool, CDIST_LAUNCHER_FILE_MAX + 1);

    fx_write("odd.cfg", "\xFF\xFE" "A\0=\0\x31", 7);
    err = cdist_start_cfg_read(&cfg, fx_path("odd.cfg"), fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_ptr_nonnull(strstr(err->message, "odd.cfg:1: "));
    memset(large, 'x', CDIST_LAUNCHER_FILE_MAX + 1);
    fx_write("large.cfg", large, CDIST_LAUNCHER_FILE_MAX + 1);
    err = cdist_start_cfg_read(&cfg, fx_path("large.cfg"), fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(err->message, "large.cfg: larger than"));
    FX_FAILS(cdist_start_cfg_read(&cfg, fx_path("missing.cfg"), fx_pool), CDIST_E_NOTFOUND);
}
END_TEST

/* Keys of the real file (shared data, "1CEStart-ralinka.cfg": UTF-16LE with BOM and CRLF). */
START_TEST(the_real_start_file_is_read_without_loss)
{
    size_t length, written;
    const char *bytes = shared_data(&length, "config/1CEStart-ralinka.cfg"), *again;
    const cdist_start_cfg_t *cfg;

    if (!bytes) return;
    cfg = parse(bytes, length);
    ck_assert(cfg->lines->utf16);
    ck_assert_int_eq(cfg->settings->nelts, 1);
    ck_assert_str_eq(cdist_start_cfg_get(cfg, "ConfigurationTemplatesLocation")->value,
                     "C:\\Users\\supre\\AppData\\Roaming\\\\1C\\1cv8\\tmplts");
    again = cdist_lines_format(&written, cfg->lines, fx_pool);
    ck_assert_uint_eq(written, length);
    ck_assert_mem_eq(again, bytes, length);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("start_cfg");
    TCase *tcase = fx_case(suite, "start_cfg", 20);

    tcase_add_loop_test(tcase, every_form_is_understood_and_written_back_as_it_was, 0, FX_COUNT(forms));
    tcase_add_test(tcase, a_key_is_found_in_any_case_and_its_line_is_known);
    tcase_add_test(tcase, an_added_key_leaves_everything_else_as_it_was);
    tcase_add_test(tcase, a_file_with_half_a_character_or_too_large_is_refused_by_name);
    tcase_add_test(tcase, the_real_start_file_is_read_without_loss);
    return suite;
}
