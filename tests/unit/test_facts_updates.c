/* What updates, deliveries, support data and the text files of templates say about themselves. */
#include "facts_fixture.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <string.h>

#define MARK "\xEF\xBB\xBF"

static const cm_style_t styles[] = {{.bits = 32},           {.bits = 64},
                                    {.bits = 32, .pad = 512}, {.bits = 64, .pad = 65536},
                                    {.bits = 32, .piece = 100}, {.bits = 32, .data_first = 1, .other_case = 1}};

/* ---- updates --------------------------------------------------------------------------------------------------- */

static cdist_err_t *facts_of_update(cdist_file_facts_t **facts, const char *update_info, int extra, const cm_style_t *style)
{
    cm_made_t made = {0}, packed = {0};

    cm_update(&made, update_info, extra, style);
    cm_deflate(&packed, made.bytes, made.length);
    return fx_facts_made(facts, &packed);
}

START_TEST(an_update_names_what_it_applies_to)
{
    const cdist_configuration_id_t *source;
    cdist_file_facts_t *facts;
    int extra = styles[_i].pad ? 100 : 12000; /* more than the window holds */

    FX_OK(facts_of_update(&facts, cm_update_info, extra, &styles[_i]));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CFU);
    ck_assert_str_eq(facts->name, CM_NAME);
    ck_assert_str_eq(facts->vendor, "Фирма");
    ck_assert_str_eq(facts->version, CM_VERSION);
    ck_assert_str_eq(facts->version_id, CM_VERSION_ID);
    ck_assert_str_eq(facts->compatibility, "Version8_3_22");
    ck_assert_int_eq(facts->container_bits, styles[_i].bits);
    ck_assert_uint_eq(facts->entries, (unsigned)extra + 2);
    ck_assert_int_eq(facts->sources->nelts, 2);
    source = &APR_ARRAY_IDX(facts->sources, 1, cdist_configuration_id_t);
    ck_assert_str_eq(source->name, CM_NAME);
    ck_assert_str_eq(source->vendor, "Фирма");
    ck_assert_str_eq(source->version, "1.0.1.05");
    ck_assert_str_eq(source->version_id, "22222222-b151-4efe-8b31-f0897db3142a");
}
END_TEST

START_TEST(an_inflated_update_is_one_too)
{
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_update(&made, cm_update_info, 3, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CFU);
    ck_assert_int_eq(facts->sources->nelts, 2);
}
END_TEST

START_TEST(an_update_without_updateinfo_is_an_error)
{
    cdist_file_facts_t *facts;

    fx_refused(facts_of_update(&facts, NULL, 3, NULL), "UpdateInfo.inf");
}
END_TEST

#define IDS "\"\",a,\"N\",\"V\",\"1\",z,{216},r"

static const struct {
    const char *text, *says;
} broken_updates[] = {{"", "too early"},
                      {"{2,0}", "format 2"},
                      {"{3}", "too early"},
                      {"{3,x}", "number"},
                      {"{3,-1}", "number"},
                      {"{3,99999999999}", "number"},
                      {"{3,\"1\"}", "number"},
                      {"{3,2,\"N\",\"V\",\"1\",a}", "too early"},
                      {"{3,0,0,1," IDS, "ends inside"},
                      {"{3,0,0,1,\"x\",a,\"N\",\"V\",\"1\",z,{216},r}", "id of the new version"},
                      {"{3,0,0,1,\"\",a,\"N\",\"V\",\"1\",z,216,r}", "list is expected"},
                      {"{3,0,0,1,\"\",a,{},\"V\",\"1\",z,{216},r}", "no place"},
                      {"{3,0,0,1," IDS ",more}", "no place"},
                      {"{3,1,\"N\",\"V\",\"1\",\"a\"", "id is expected"},
                      {"{3,0,0,1,\"\",\"a,b\"", "id is expected"},
                      {"{3,0,0,1,\"\",a,\"N\",\"V\",\"1\",z,{216},\"r\"}", "id is expected"},
                      {"{{3}}", "no place"},
                      {"{3,{0}}", "no place"}};

START_TEST(an_update_that_lies_about_itself_is_an_error)
{
    cdist_file_facts_t *facts;
    cdist_err_t *err = facts_of_update(&facts, apr_pstrcat(fx_pool, MARK, broken_updates[_i].text, NULL), 0, NULL);

    fx_refused(err, broken_updates[_i].says);
    ck_assert_ptr_nonnull(strstr(err->message, "UpdateInfo.inf"));
}
END_TEST

START_TEST(the_smallest_update_is_read)
{
    cdist_file_facts_t *facts;

    FX_OK(facts_of_update(&facts, MARK "{3,0,0,1," IDS "}", 0, NULL));
    ck_assert_str_eq(facts->version_id, "a");
    ck_assert_str_eq(facts->compatibility, "");
}
END_TEST

START_TEST(a_list_of_entries_is_read_where_it_is_asked_for)
{
    cdist_update_info_t *info;
    cdist_bytes_t *bytes = cdist_bytes_memory(cm_update_info, strlen(cm_update_info), "update", fx_pool);

    FX_OK(cdist_update_info_parse(&info, cdist_bytes_stream(bytes, 0, fx_pool), 1, fx_pool));
    ck_assert_int_eq(info->deletes->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(info->deletes, 0, const char *), "gone");
    ck_assert_int_eq(info->inserts->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(info->inserts, 0, cdist_entry_version_t).name, CM_ROOT_ID);
    ck_assert_str_eq(info->version_content, "{216,0,\r\n{80322,0}\r\n}");
    ck_assert_str_eq(info->root_id, CM_ROOT_ID);
    FX_OK(cdist_update_info_parse(&info, cdist_bytes_stream(bytes, 0, fx_pool), 0, fx_pool));
    ck_assert_int_eq(info->inserts->nelts + info->deletes->nelts, 0);
}
END_TEST

START_TEST(an_update_that_is_cut_off_is_an_error)
{
    cm_made_t made = {0}, packed = {0};
    cdist_file_facts_t *facts;
    size_t length;

    cm_update(&made, cm_update_info, 10, NULL);
    cm_deflate(&packed, made.bytes, made.length);
    for (length = 0; length < packed.length; length += 7) {
        FX_FAILS(fx_facts(&facts, packed.bytes, length), CDIST_E_CORRUPT);
    }
}
END_TEST

/* ---- deliveries, support data, texts ----------------------------------------------------------------------------- */

static void put_wide(cm_made_t *made, const char *ascii)
{
    cm_put_le(made, strlen(ascii), 4);
    for (; *ascii; ascii++) cm_put_le(made, (unsigned char)*ascii, 2);
}

static void make_delivery(cm_made_t *packed, apr_uint32_t descriptions, int wrong_length)
{
    cm_made_t made = {0};
    apr_uint32_t i;

    cm_put_le(&made, 1, 4);
    cm_put_le(&made, descriptions, 4);
    for (i = 0; i < 2; i++) {
        cm_put_le(&made, 4 + 4 * 4 + 2 * (2 + 4 + 6) + (apr_uint64_t)wrong_length, 4);
        put_wide(&made, i ? "ru" : "en");
        put_wide(&made, "Name");
        put_wide(&made, "Vendor");
        put_wide(&made, "");
    }
    cm_put_le(&made, 7, 4);
    cm_put(&made, "the files", 9);
    cm_deflate(packed, made.bytes, made.length);
}

START_TEST(a_delivery_has_the_name_of_its_first_description)
{
    cdist_file_facts_t *facts;
    cm_made_t packed = {0};

    make_delivery(&packed, 2, 0);
    FX_OK(fx_facts_made(&facts, &packed));
    ck_assert_int_eq(facts->kind, CDIST_FILE_EFD);
    ck_assert_str_eq(facts->name, "Name");
    ck_assert_str_eq(facts->vendor, "Vendor");
    ck_assert_uint_eq(facts->entries, 7);
    ck_assert_int_eq(facts->container_bits, 0);
}
END_TEST

START_TEST(a_delivery_that_lies_is_an_error)
{
    cdist_file_facts_t *facts;
    cm_made_t none = {0}, many = {0}, lengths = {0};

    make_delivery(&none, 0, 0);
    fx_refused(fx_facts_made(&facts, &none), "neither a container nor a delivery");
    make_delivery(&many, 100000, 0);
    fx_refused(fx_facts_made(&facts, &many), "too large");
    make_delivery(&lengths, 2, 5);
    fx_refused(fx_facts_made(&facts, &lengths), "bytes long");
}
END_TEST

static const struct {
    const char *text, *version;
    int rules;
} support_rows[] = {{"{6,0,0,0,1,0}", "", 0},
                    {"{6,0,0,2,a,2,b,2,1,0}", "", 0},
                    {"{6,1,1,i,1,v,\"1.5\",\"V\",\"N\",1,1,0,a,b,0,0,0,0,1,0}", "1.5", 1},
                    {"{6,1,2,i,1,v,\"1.5\",\"V\",\"N\",2,1,0,a,b,1,0,c,d,0,0,j,1,w,\"2\",\"W\",\"M\",1,1,0,a,b,0,0,0,1}", "1.5", 3},
                    {"{6,1,1,i,1,v,\"1.5\",\"V\",\"N\",0,0,0,0,1,0}", "1.5", 0}};

START_TEST(support_data_tell_the_vendor_and_count_the_rules)
{
    cdist_file_facts_t *facts;

    FX_OK(fx_facts_text(&facts, apr_pstrcat(fx_pool, MARK, support_rows[_i].text, NULL)));
    ck_assert_int_eq(facts->kind, CDIST_FILE_SUPPORT);
    ck_assert_str_eq(facts->version, support_rows[_i].version);
    ck_assert_uint_eq(facts->entries, (unsigned)support_rows[_i].rules);
}
END_TEST

static const char *const bad_support[] = {"{6,", "{6,1}", "{6,1,x}", "{6,1,1,i,1,v}", "{6,1,1,i,1,v,\"1\",\"V\",\"N\",x}",
                                          "{6,1,1,i,1,v,\"1\",\"V\",\"N\",5,1,0,a,b,0,0}", "{6,{1}}", "{6,1,-1}",
                                          "{6,1,1,i,1,v,\"1\",\"V\",\"N\",999999999}"};

START_TEST(support_data_that_end_early_are_an_error)
{
    cdist_file_facts_t *facts;

    fx_refused(fx_facts_text(&facts, bad_support[_i]), "offset 0x");
}
END_TEST

#define CYRILLIC_1251 "\xD4\xE8\xF0\xEC\xE0 \"1\xD1\" \xB8 \x98"

START_TEST(a_manifest_is_read_in_every_encoding)
{
    static const struct {
        const char *text;
        size_t length;
        const char *vendor;
    } rows[] = {{MARK "Vendor=Фирма \"1С\"\r\nName=N\r\nVersion=1.0.0.007\r\nAppVersion=8.3\r\n[Config1]\r\nVersion=9\r\n", 0,
                 "Фирма \"1С\""},
                {"AppVersion=8.3\nVersion=1.0.0.007\nName=N\nVendor=a=b\n", 0, "a=b"},
                {"Vendor=" CYRILLIC_1251 "\nName=N\nVersion=1.0.0.007\n", 0, "Фирма \"1С\" ё \xEF\xBF\xBD"},
                {"\xFF\xFEN\0a\0m\0e\0=\0N\0\n\0V\0e\0r\0s\0i\0o\0n\0=\0" "1\0.\0" "0\0.\0" "0\0.\0" "0\0" "0\0" "7\0", 50, ""}};
    cdist_file_facts_t *facts;

    FX_OK(fx_facts(&facts, rows[_i].text, rows[_i].length ? rows[_i].length : strlen(rows[_i].text)));
    ck_assert_int_eq(facts->kind, CDIST_FILE_MFT);
    ck_assert_str_eq(facts->version, "1.0.0.007");
    ck_assert_str_eq(facts->name, "N");
    ck_assert_str_eq(facts->vendor, rows[_i].vendor);
}
END_TEST

START_TEST(updinfo_lists_versions_as_they_are_written)
{
    cdist_file_facts_t *facts;

    FX_OK(fx_facts_text(&facts, "Version=3.0.11.36\r\nFromVersions=;3.0.10.32; 3.0.11.01 ;;\r\nUpdateDate=16.12.2013\r\n"));
    ck_assert_int_eq(facts->kind, CDIST_FILE_UPDINFO);
    ck_assert_str_eq(facts->version, "3.0.11.36");
    ck_assert_int_eq(facts->sources->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(facts->sources, 0, cdist_configuration_id_t).version, "3.0.10.32");
    ck_assert_str_eq(APR_ARRAY_IDX(facts->sources, 1, cdist_configuration_id_t).version, "3.0.11.01");
    ck_assert_str_eq(facts->release_date, "16.12.2013");
    FX_OK(fx_facts_text(&facts, "Version=1\nUpdateDate=01.01.2020\n"));
    ck_assert_int_eq(facts->kind, CDIST_FILE_UPDINFO);
    fx_refused(fx_facts_text(&facts, "FromVersions=;1;\n"), "Version");
    fx_refused(fx_facts_text(&facts, "Name=N\nVendor=V\n"), "Version");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("facts_updates");
    TCase *tcase = fx_case(suite, "facts_updates", 120);

    tcase_add_loop_test(tcase, an_update_names_what_it_applies_to, 0, FX_COUNT(styles));
    tcase_add_test(tcase, an_inflated_update_is_one_too);
    tcase_add_test(tcase, an_update_without_updateinfo_is_an_error);
    tcase_add_loop_test(tcase, an_update_that_lies_about_itself_is_an_error, 0, FX_COUNT(broken_updates));
    tcase_add_test(tcase, the_smallest_update_is_read);
    tcase_add_test(tcase, a_list_of_entries_is_read_where_it_is_asked_for);
    tcase_add_test(tcase, an_update_that_is_cut_off_is_an_error);
    tcase_add_test(tcase, a_delivery_has_the_name_of_its_first_description);
    tcase_add_test(tcase, a_delivery_that_lies_is_an_error);
    tcase_add_loop_test(tcase, support_data_tell_the_vendor_and_count_the_rules, 0, FX_COUNT(support_rows));
    tcase_add_loop_test(tcase, support_data_that_end_early_are_an_error, 0, FX_COUNT(bad_support));
    tcase_add_loop_test(tcase, a_manifest_is_read_in_every_encoding, 0, 4);
    tcase_add_test(tcase, updinfo_lists_versions_as_they_are_written);
    return suite;
}
