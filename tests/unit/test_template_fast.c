/* Template folders read by their texts alone. */
#include "shared_data.h"
#include "template_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define LIST "<updateList xmlns='http://v8.1c.ru/configuration-updates'>"
#define UPDATE(file, version) "<update configuration='Склад'><vendor>Фирма</vendor><file>" file "</file><size>1 000</size>" \
    "<version platform='8.3.6.2076'>" version "</version><target>1.0.0.1</target></update>"

static cdist_template_scan_t *scan_fast(void)
{
    cdist_template_options_t options = {.mode = CDIST_SCAN_FAST, .cache_beside = 1};

    return tf_scan(&options);
}

/* A file that nobody may open, and whose content is nothing. */
static void write_closed(const char *name)
{
    fx_write_text(name, "garbage");
    FX_DONE(apr_file_perms_set(fx_path(name), 0));
}

static void check_pair(const cdist_template_scan_t *scan)
{
    const cdist_template_t *cf = tf_template(scan, "r/1Cv8.cf"), *cfu = tf_template(scan, "r/1cv8.cfu");

    ck_assert_int_eq(scan->templates->nelts, 2);
    ck_assert_int_eq(cf->kind == CDIST_FILE_CF && cfu->kind == CDIST_FILE_CFU, 1);
    ck_assert_str_eq(cf->id.name, CM_NAME);
    ck_assert_str_eq(cfu->id.vendor, TF_VENDOR);
    ck_assert_str_eq(cfu->id.version, CM_VERSION);
    ck_assert_str_eq(cfu->id.version_id, "");
    ck_assert_str_eq(tf_sources(cfu), "1.0.2.6;1.0.1.05");
    ck_assert_str_eq(APR_ARRAY_IDX(cfu->sources, 0, cdist_configuration_id_t).name, CM_NAME);
    ck_assert_int_eq(cf->sources->nelts, 0);
    ck_assert_int_eq(cf->text_only && cfu->text_only && !cf->listed && !cf->distribution, 1);
    ck_assert_int_eq(cfu->released == TF_DATE, 1);
    ck_assert_uint_eq(cfu->bytes, 7);
    ck_assert_str_eq(cfu->min_platform, "8.3.6.2076");
}

START_TEST(a_fast_scan_opens_no_configuration_and_no_delivery)
{
    cdist_template_scan_t *scan;

    write_closed("r/1Cv8.cf");
    write_closed("r/1cv8.cfu");
    write_closed("r/1cv8.efd");
    fx_write_text("r/1cv8.mft", TF_MANIFEST);
    fx_write_text("r/UpdInfo.txt", TF_UPDINFO);
    fx_write_text("r/1cv8upd.htm", "не ниже 8.3.6.2076");
    fx_obey_permissions();
    scan = scan_fast();
    fx_be_root_again();
    check_pair(scan);
    ck_assert_str_eq(tf_problems(scan), "");
    ck_assert_int_eq(fx_children("r"), 6); /* no caches */
}
END_TEST

/* What 1cv8.cuc may look like; NULL: as UpdateInfo.inf. */
static const struct {
    const char *text, *sources, *says;
} lists[] = {{"Version=1\nFromVersions=;1;2;\n", "1;2", ""},
             {"\xEF\xBB\xBF{{\"Склад\",\"Фирма\",\"1\",0798fe1b-b151-4efe-8b31-f0897db3142a},"
              "{\"Склад\",\"Фирма\",\"2\"}}", "1;2", ""},
             {"{\"Склад\",\"Фирма\",\"3\"}", "3", ""},
             {NULL, "1.0.2.6;1.0.1.05", ""},
             {"{2,\"a\",\"b\"}", "", "r: 1cv8.cuc: lists no configurations in a way that is known; it is not used\n"},
             {"MOXCEL", "", "r: 1cv8.cuc: lists no configurations in a way that is known; it is not used\n"}};

START_TEST(a_list_of_designer_is_used_where_it_is_understood)
{
    cdist_template_scan_t *scan;

    fx_write_text("r/1cv8.cfu", "x");
    fx_write_text("r/1cv8.mft", TF_MANIFEST);
    fx_write_text("r/1cv8.cuc", lists[_i].text ? lists[_i].text : cm_update_info);
    scan = scan_fast();
    ck_assert_str_eq(tf_sources(tf_template(scan, "r/1cv8.cfu")), lists[_i].sources);
    ck_assert_int_eq(strncmp(tf_problems(scan), lists[_i].says, strlen(lists[_i].says)), 0);
    ck_assert_int_eq(scan->problems->nelts, *lists[_i].says ? 2 : 0);
}
END_TEST

static const struct {
    const char *files[5]; /* names, and texts of those that have one */
    const char *texts[5];
    int templates;
    const char *says;
} doubts[] = {
    {{"3_0_11_36/1cv8.cfu", "3_0_11_36/1cv8.mft", "3_0_11_36/UpdInfo.txt"}, {"", TF_MANIFEST, TF_UPDINFO}, 1,
     "3_0_11_36: its name says 3_0_11_36, its texts 1.0.2.7\n"},
    {{"r/1cv8.cfu", "r/1cv8.mft", "r/UpdInfo.txt"}, {"", TF_MANIFEST, "Version=1.0.2.8\nFromVersions=1\nUpdateDate=?\n"}, 1,
     "r: UpdInfo.txt gives the version 1.0.2.8, the manifest (.mft) 1.0.2.7\n"
     "r: UpdateDate of UpdInfo.txt is \"?\", and no date such as 22.09.2015\n"},
    {{"r/1cv8.cfu", "r/UpdInfo.txt"}, {"", TF_UPDINFO}, 0,
     "r: has no 1cv8.mft that tells whose its .cf and .cfu are; an exact scan reads them\n"},
    {{"r/a.cfu", "r/b.cfu", "r/1cv8.mft"}, {"", "", TF_MANIFEST}, 0,
     "r: its texts do not tell which of its .cf and .cfu they mean\n"},
    {{"r/1cv8.cfu", "r/1cv8.mft"}, {"", TF_MANIFEST}, 1,
     "r/1cv8.cfu: neither UpdInfo.txt nor 1cv8.cuc tells what it applies to; an exact scan reads it\n"},
    {{"r/a.cf", "r/other.cf", "r/1cv8.mft"}, {"", "", "Name=N\nVersion=1\n[Config1]\nSource=A.cf\n"}, 1, ""},
    {{"r/1cv8.mft", "r/VerInfo.txt"}, {TF_MANIFEST, CM_VERSION}, 0, ""},
    {{"r/1cv8.mft", "r/UpdInfo.txt"}, {TF_MANIFEST, "Version=" CM_VERSION "\nFromVersions=;\n"}, 0, ""}};

START_TEST(texts_that_do_not_agree_are_reported)
{
    cdist_template_scan_t *scan;
    int i;

    for (i = 0; i < 5 && doubts[_i].files[i]; i++) fx_write_text(doubts[_i].files[i], doubts[_i].texts[i]);
    scan = scan_fast();
    ck_assert_str_eq(tf_problems(scan), doubts[_i].says);
    ck_assert_int_eq(scan->templates->nelts, doubts[_i].templates);
}
END_TEST

START_TEST(texts_alone_tell_of_an_update_that_is_elsewhere)
{
    const cdist_template_t *found;
    cdist_template_scan_t *scan;

    fx_write_text("r/1cv8.mft", TF_MANIFEST);
    fx_write_text("r/UpdInfo.txt", TF_UPDINFO);
    scan = scan_fast();
    found = tf_template(scan, "r/1cv8.cfu");
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_str_eq(tf_sources(found), "1.0.2.6;1.0.1.05");
    ck_assert_int_eq(found->listed, 1);
    write_closed("r/1cv8.efd");
    scan = scan_fast();
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_int_eq(tf_template(scan, "r/1cv8.efd")->listed, 0);
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

START_TEST(a_list_alone_gives_its_updates)
{
    const cdist_template_t *found;
    cdist_template_scan_t *scan;

    fx_write_text("v8upd11.xml", LIST UPDATE("1c/s/1_0_0_2/1cv8.zip", "1.0.0.2") UPDATE("1c\\s\\1_0_0_3\\1cv8.zip", "1.0.0.3")
                                 UPDATE("../out.zip", "1.0.0.4") "</updateList>");
    scan = scan_fast();
    ck_assert_int_eq(scan->templates->nelts, 2);
    found = tf_template(scan, "1c/s/1_0_0_2/1cv8.zip");
    ck_assert_int_eq(found->listed && found->text_only && found->kind == CDIST_FILE_CFU, 1);
    ck_assert_uint_eq(found->bytes, 1000);
    ck_assert_str_eq(tf_sources(found), "1.0.0.1");
    ck_assert_str_eq(found->min_platform, "8.3.6.2076");
    ck_assert_ptr_nonnull(tf_template(scan, "1c/s/1_0_0_3/1cv8.zip"));
    ck_assert_str_eq(tf_problems(scan), ": a list names \"../out.zip\" as the file of 1.0.0.4, which is no path below it\n");
}
END_TEST

START_TEST(a_listed_update_is_the_file_that_is_there)
{
    cdist_template_scan_t *scan;

    fx_write_text("v8upd11.xml", LIST UPDATE("1C/S/2/1cv8.zip", "1.0.0.2") UPDATE("1c/s/3/1cv8.zip", "1.0.0.3")
                                 UPDATE("1c/s/4/1cv8.zip", "1.0.0.4") "</updateList>");
    fx_write_text("1c/s/2/1CV8.ZIP", "zip");
    fx_write_text("1c/s/3/1Cv8.cfu", "unpacked");
    fx_write_text("1c/s/4/1cv8.cfu", "with texts");
    fx_write_text("1c/s/4/1cv8.mft", "Vendor=Фирма\nName=Склад\nVersion=1.0.0.4\n");
    fx_write_text("1c/s/4/UpdInfo.txt", "Version=1.0.0.4\nFromVersions=;1.0.0.3;\n");
    scan = scan_fast();
    ck_assert_int_eq(scan->templates->nelts, 3);
    ck_assert_uint_eq(tf_template(scan, "1c/s/2/1CV8.ZIP")->bytes, 3);
    ck_assert_int_eq(tf_template(scan, "1c/s/2/1CV8.ZIP")->listed, 0);
    ck_assert_str_eq(tf_sources(tf_template(scan, "1c/s/3/1Cv8.cfu")), "1.0.0.1");
    ck_assert_str_eq(tf_sources(tf_template(scan, "1c/s/4/1cv8.cfu")), "1.0.0.3");
    ck_assert_str_eq(tf_template(scan, "1c/s/4/1cv8.cfu")->min_platform, "8.3.6.2076");
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

START_TEST(what_was_unpacked_is_not_taken_for_several_updates)
{
    cdist_template_scan_t *scan;

    fx_write_text("v8upd11.xml", LIST UPDATE("s/2.zip", "1.0.0.2") UPDATE("S/3.zip", "1.0.0.3") "</updateList>");
    fx_write_text("s/1cv8.cfu", "unpacked");
    scan = scan_fast();
    ck_assert_int_eq(scan->templates->nelts, 2);
    ck_assert_ptr_null(tf_template(scan, "s/1cv8.cfu"));
    ck_assert_int_eq(tf_template(scan, "s/2.zip")->listed, 1);
    ck_assert_str_eq(tf_problems(scan), "s: has no 1cv8.mft that tells whose its .cf and .cfu are; an exact scan reads them\n");
}
END_TEST

START_TEST(the_real_list_gives_its_54_updates)
{
    cdist_template_scan_t *scan;
    size_t length;
    const char *list = shared_data(&length, "misc/hrm_v8upd11.xml");
    int i, sources = 0;

    if (!list) return;
    fx_write("hrm_v8upd11.xml", list, length);
    scan = scan_fast();
    ck_assert_int_eq(scan->templates->nelts, 54);
    for (i = 0; i < scan->templates->nelts; i++) {
        const cdist_template_t *found = APR_ARRAY_IDX(scan->templates, i, const cdist_template_t *);

        ck_assert_str_eq(found->id.name, "ЗарплатаИУправлениеПерсоналом");
        ck_assert_int_gt(found->sources->nelts, 0);
        sources += found->sources->nelts;
    }
    ck_assert_int_gt(sources, 150);
    ck_assert_str_eq(tf_template(scan, "1c/HRM/3_0_23_148/1cv8.zip")->min_platform, "8.3.6.2076");
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template fast");
    TCase *tcase = fx_case(suite, "fast", 30);

    tcase_add_test(tcase, a_fast_scan_opens_no_configuration_and_no_delivery);
    tcase_add_loop_test(tcase, a_list_of_designer_is_used_where_it_is_understood, 0, FX_COUNT(lists));
    tcase_add_loop_test(tcase, texts_that_do_not_agree_are_reported, 0, FX_COUNT(doubts));
    tcase_add_test(tcase, texts_alone_tell_of_an_update_that_is_elsewhere);
    tcase_add_test(tcase, a_list_alone_gives_its_updates);
    tcase_add_test(tcase, a_listed_update_is_the_file_that_is_there);
    tcase_add_test(tcase, what_was_unpacked_is_not_taken_for_several_updates);
    tcase_add_test(tcase, the_real_list_gives_its_54_updates);
    return suite;
}
