/* The texts of a release: dates, platforms, lists of updates, what lies in them, and where they are looked for. */
#include "shared_data.h"
#include "template_fixture.h"
#include "templates_int.h"

#include <apr_env.h>
#include <apr_strings.h>

#include <string.h>

#define CP1251_NOT_LOWER "\xED\xE5 \xED\xE8\xE6\xE5" /* не ниже */

/* ---- beside what was read -------------------------------------------------------------------------------------- */

static void write_release(const char *manifest, const char *updinfo)
{
    tf_write_cfu("r/1cv8.cfu", NULL);
    if (manifest) fx_write_text("r/1Cv8.MFT", manifest);
    if (updinfo) fx_write_text("r/updinfo.TXT", updinfo);
}

START_TEST(texts_give_date_and_platform)
{
    cdist_template_scan_t *scan;
    const cdist_template_t *found;

    write_release(TF_MANIFEST, TF_UPDINFO);
    fx_write_text("r/1cv8upd.htm", "<html>не ниже 8.3.6.2076</html>");
    scan = tf_scan(NULL);
    found = tf_template(scan, "r/1cv8.cfu");
    ck_assert_int_eq(found->released == TF_DATE, 1);
    ck_assert_str_eq(found->min_platform, "8.3.6.2076");
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

static const struct {
    const char *manifest, *updinfo, *says;
    int dated;
} lies[] = {
    {"Vendor=Фирма\nName=Склад\nVersion=1.0.2.6\n", NULL,
     "its manifest (.mft) gives the version \"1.0.2.6\", its content \"1.0.2.7\"\n", 0},
    {"Vendor=Иная\nName=Склад\nVersion=1.0.2.7\n", TF_UPDINFO,
     "its manifest (.mft) gives the vendor \"Иная\", its content \"Фирма\"\n", 1},
    {"Vendor=Фирма\nName=Лавка\nVersion=1.0.2.7\n", TF_UPDINFO,
     "its manifest (.mft) gives the name \"Лавка\", its content \"Склад\"\n", 1},
    {NULL, "Version=1.0.2.8\nFromVersions=;1;\nUpdateDate=22.09.2015\n",
     "UpdInfo.txt gives the version \"1.0.2.8\", its content \"1.0.2.7\"\n", 0},
    {NULL, "Version=1.0.2.7\nFromVersions=;1.0.2.6;1.0.1.05;1.0.1.5;\nUpdateDate=22.09.2015\n",
     "UpdInfo.txt says that it applies to 1.0.1.5, which it does not\n", 1},
    {NULL, "Version=1.0.2.7\nFromVersions=;1.0.1.05;\nUpdateDate=22.09.2015\n",
     "UpdInfo.txt does not say that it applies to 1.0.2.6\n", 1},
    {NULL, "Version=1.0.2.7\nFromVersions=;1.0.2.6;1.0.1.05;1;2;3;4;5;6;7\n",
     "UpdInfo.txt says that it applies to 1, 2, 3, 4, 5 and 2 more, which it does not\n", 0},
    {NULL, "Version=1.0.2.7\nFromVersions=;1.0.2.6;1.0.1.05;\nUpdateDate=31.02.2015\n",
     "UpdateDate of UpdInfo.txt is \"31.02.2015\", and no date such as 22.09.2015\n", 0},
    {NULL, "garbage", "updinfo.TXT: offset 0x0: neither a container", 0},
    {TF_UPDINFO, NULL, "1Cv8.MFT: is no manifest, but a updinfo\n", 0},
    {TF_MANIFEST, "Version=1.0.2.7\nUpdateDate=22.09.2015\n", "", 1}};

START_TEST(texts_that_say_something_else_than_the_content_are_reported)
{
    cdist_template_scan_t *scan;
    const cdist_template_t *found;
    const char *problems;

    write_release(lies[_i].manifest, lies[_i].updinfo);
    scan = tf_scan(NULL);
    problems = tf_problems(scan);
    if (*lies[_i].says) {
        const char *start = apr_pstrcat(fx_pool, "r/1cv8.cfu: ", lies[_i].says, NULL);
        ck_assert_msg(strncmp(problems, start, strlen(start)) == 0, "%s", problems);
    } else {
        ck_assert_str_eq(problems, "");
    }
    found = tf_template(scan, "r/1cv8.cfu");
    ck_assert_str_eq(found->id.version, CM_VERSION);
    ck_assert_str_eq(tf_sources(found), "1.0.2.6;1.0.1.05");
    ck_assert_int_eq(found->released != CDIST_UNDATED, lies[_i].dated);
}
END_TEST

START_TEST(texts_speak_of_the_usual_names_or_the_only_file)
{
    cdist_template_scan_t *scan;

    tf_write_cf("flat/a.cf", "1.0");
    tf_write_cf("flat/b.cf", "2.0");
    tf_write_cfu("flat/only.cfu", NULL);
    fx_write_text("flat/UpdInfo.txt", TF_UPDINFO);
    tf_write_cf("usual/1Cv8.cf", CM_VERSION);
    tf_write_cf("usual/old.cf", "1.0");
    fx_write_text("usual/UpdInfo.txt", TF_UPDINFO);
    scan = tf_scan(NULL);
    ck_assert_str_eq(tf_problems(scan), "");
    ck_assert_int_eq(tf_template(scan, "flat/a.cf")->released == CDIST_UNDATED, 1);
    ck_assert_int_eq(tf_template(scan, "flat/only.cfu")->released == TF_DATE, 1);
    ck_assert_int_eq(tf_template(scan, "usual/1Cv8.cf")->released == TF_DATE, 1);
    ck_assert_int_eq(tf_template(scan, "usual/old.cf")->released == CDIST_UNDATED, 1);
}
END_TEST

static const struct {
    const char *text;
    int year; /* 0: none */
} dates[] = {{"22.09.2015", 2015}, {"1.1.1970", 1970}, {"29.02.2016", 2016}, {"29.02.2015", 0}, {"32.01.2015", 0},
             {"01.13.2015", 0},    {"0.1.2015", 0},    {"2015-09-22", 0},    {"22.09.15", 0},   {"22.09.2015 ", 0},
             {"22.09.20150", 0},   {"", 0},            {"22.09", 0},         {"aa.bb.cccc", 0}};

START_TEST(a_date_is_one_of_the_calendar)
{
    apr_time_t time = cdist_date_parse(dates[_i].text);
    apr_time_exp_t date;

    ck_assert_int_eq(time != CDIST_UNDATED, dates[_i].year != 0);
    if (!dates[_i].year) return;
    FX_DONE(apr_time_exp_gmt(&date, time));
    ck_assert_int_eq(date.tm_year + 1900, dates[_i].year);
    ck_assert_int_eq(date.tm_hour + date.tm_min + date.tm_sec, 0);
}
END_TEST

static const struct {
    const char *html, *platform;
} notices[] = {
    {"для использования с версией системы не ниже 8.3.6.2076.", "8.3.6.2076"},
    {"<P>НЕ<BR>\r\n\tниже</P><b>8.3.10.2580</b>", "8.3.10.2580"},
    {"не&nbsp;ниже версии 1С:Предприятие 8.3 (8.3.27.1508)", "8.3.27.1508"},
    {"не\xC2\xA0ниже 8.3.6.2076", "8.3.6.2076"},
    {"версия конфигурации не ниже 3.0.11.36, платформы не ниже 8.2.19.90", "8.2.19.90"},
    {CP1251_NOT_LOWER " 8.3.6.2076 \xEF", "8.3.6.2076"},
    {"ниже 8.3.6.2076", ""},
    {"не ниже 8.3", ""},
    {"не ниже <a href='8.3.6.2076", ""},
    {"", ""}};

START_TEST(a_notice_names_the_platform_between_its_tags)
{
    ck_assert_str_eq(cdist_notice_platform(notices[_i].html, strlen(notices[_i].html), fx_pool), notices[_i].platform);
}
END_TEST

START_TEST(the_real_notice_names_no_platform)
{
    size_t length;
    const char *html = shared_data(&length, "misc/hrm_3.0.11.36_1cv8upd.htm");

    if (html) ck_assert_str_eq(cdist_notice_platform(html, length, fx_pool), "");
}
END_TEST

/* ---- lists of updates ------------------------------------------------------------------------------------------ */

#define LIST "<updateList xmlns='http://v8.1c.ru/configuration-updates'>"

static cdist_err_t *parse_list(apr_array_header_t **updates, const char *text)
{
    *updates = apr_array_make(fx_pool, 4, sizeof(update_t));
    return cdist_update_list_parse(*updates, text, strlen(text), "list", fx_pool);
}

START_TEST(a_list_says_what_each_update_applies_to)
{
    apr_array_header_t *updates;
    const update_t *update;

    FX_OK(parse_list(&updates, "\xEF\xBB\xBF<?xml version='1.0' encoding='windows-1251'?>" LIST "<date>x</date>"
                               "<update configuration='Склад'><vendor>Фирма &quot;Р&quot;</vendor><file> 1c/x/1cv8.zip </file>"
                               "<size>36 877 298</size><version platform='8.3.6.2076'>1.0.2.7</version>"
                               "<target>1.0.2.6</target><target/><target>1.0.1.05</target></update>"
                               "<update configuration='A'><version platform='latest'>2</version></update></updateList>"));
    ck_assert_int_eq(updates->nelts, 2);
    update = &APR_ARRAY_IDX(updates, 0, update_t);
    ck_assert_str_eq(update->id.name, "Склад");
    ck_assert_str_eq(update->id.vendor, "Фирма \"Р\"");
    ck_assert_str_eq(update->file, "1c/x/1cv8.zip");
    ck_assert_str_eq(update->platform, "8.3.6.2076");
    ck_assert_uint_eq(update->bytes, 36877298);
    ck_assert_int_eq(update->sources->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(update->sources, 1, cdist_configuration_id_t).version, "1.0.1.05");
    ck_assert_str_eq(APR_ARRAY_IDX(update->sources, 1, cdist_configuration_id_t).vendor, "Фирма \"Р\"");
    ck_assert_str_eq(APR_ARRAY_IDX(updates, 1, update_t).platform, "");
}
END_TEST

static const struct {
    const char *text, *says;
} bad_lists[] = {{"<!DOCTYPE x [<!ENTITY a 'b'>]>" LIST "</updateList>", "line 1: has a DOCTYPE"},
                 {"<updateList/>", "line 1: its root is no <updateList"},
                 {LIST "\n<update configuration='A'/></updateList>",
                  "line 2: an update in it has no configuration, or no version"},
                 {LIST "<update>", "line 1: is no well-formed XML"},
                 {"", "is no well-formed XML"}};

START_TEST(a_list_that_is_none_is_refused_with_its_line)
{
    apr_array_header_t *updates;
    cdist_err_t *err = parse_list(&updates, bad_lists[_i].text);

    ck_assert_ptr_nonnull(err);
    ck_assert_msg(strstr(err->message, bad_lists[_i].says) != NULL, "%s", err->message);
    ck_assert_int_eq(updates->nelts, 0);
    fx_write_text("v8upd11.xml", bad_lists[_i].text);
    ck_assert_ptr_nonnull(strstr(tf_problems(tf_scan(NULL)), bad_lists[_i].says));
}
END_TEST

START_TEST(a_list_gives_an_exact_scan_platforms_alone)
{
    cdist_template_scan_t *scan;

    fx_write_text("v8upd11.xml", LIST "<update configuration='Склад'><vendor>Фирма</vendor><file>no/1cv8.zip</file>"
                                 "<version platform='8.3.10.1'>1.0.2.7</version></update></updateList>");
    write_release(NULL, NULL);
    fx_write_text("r/1cv8upd.htm", "не ниже 8.3.9.2");
    tf_write_cf("other/1cv8.cf", "1.0.2.8");
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 2);
    ck_assert_str_eq(tf_template(scan, "r/1cv8.cfu")->min_platform, "8.3.10.1");
    ck_assert_str_eq(tf_template(scan, "other/1cv8.cf")->min_platform, "");
}
END_TEST

/* ---- where to look --------------------------------------------------------------------------------------------- */

START_TEST(locations_are_folders_and_addresses_between_semicolons)
{
    apr_array_header_t *folders = apr_array_make(fx_pool, 4, sizeof(const char *));
    apr_array_header_t *addresses = apr_array_make(fx_pool, 4, sizeof(const char *));

    cdist_templates_locations(folders, addresses, " /srv/tmplts ;;\"C:\\My tmplts\"; HTTP://host/t;ftp://h/x;/b", fx_pool);
    ck_assert_int_eq(folders->nelts, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(folders, 0, const char *), "/srv/tmplts");
    ck_assert_str_eq(APR_ARRAY_IDX(folders, 1, const char *), "C:\\My tmplts");
    ck_assert_str_eq(APR_ARRAY_IDX(folders, 2, const char *), "/b");
    ck_assert_int_eq(addresses->nelts, 2);
    cdist_templates_locations(folders, NULL, "https://h", fx_pool);
    ck_assert_int_eq(folders->nelts, 3);
}
END_TEST

START_TEST(default_folders_follow_the_environment)
{
    apr_env_delete("APPDATA", fx_pool);
    apr_env_delete("LOCALAPPDATA", fx_pool);
    apr_env_delete("XDG_CACHE_HOME", fx_pool);
    FX_DONE(apr_env_set("HOME", "/home/u", fx_pool));
    ck_assert_str_eq(cdist_templates_default_folder(fx_pool), "/home/u/.1cv8/1C/1cv8/tmplts");
    ck_assert_str_eq(cdist_templates_default_cache(fx_pool), "/home/u/.cache/1cdist");
    FX_DONE(apr_env_set("XDG_CACHE_HOME", "/c", fx_pool));
    FX_DONE(apr_env_set("APPDATA", "C:/a", fx_pool));
    ck_assert_str_eq(cdist_templates_default_cache(fx_pool), "/c/1cdist");
    ck_assert_str_eq(cdist_templates_default_folder(fx_pool), "C:/a/1C/1cv8/tmplts");
    FX_DONE(apr_env_set("LOCALAPPDATA", "C:/l", fx_pool));
    ck_assert_str_eq(cdist_templates_default_cache(fx_pool), "C:/l/1cdist");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template texts");
    TCase *tcase = fx_case(suite, "texts", 30);

    tcase_add_test(tcase, texts_give_date_and_platform);
    tcase_add_loop_test(tcase, texts_that_say_something_else_than_the_content_are_reported, 0, FX_COUNT(lies));
    tcase_add_test(tcase, texts_speak_of_the_usual_names_or_the_only_file);
    tcase_add_loop_test(tcase, a_date_is_one_of_the_calendar, 0, FX_COUNT(dates));
    tcase_add_loop_test(tcase, a_notice_names_the_platform_between_its_tags, 0, FX_COUNT(notices));
    tcase_add_test(tcase, the_real_notice_names_no_platform);
    tcase_add_test(tcase, a_list_says_what_each_update_applies_to);
    tcase_add_loop_test(tcase, a_list_that_is_none_is_refused_with_its_line, 0, FX_COUNT(bad_lists));
    tcase_add_test(tcase, a_list_gives_an_exact_scan_platforms_alone);
    tcase_add_test(tcase, locations_are_folders_and_addresses_between_semicolons);
    tcase_add_test(tcase, default_folders_follow_the_environment);
    return suite;
}
