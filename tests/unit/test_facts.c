/* What configurations say about themselves, and what is none. */
#include "facts_fixture.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "\xEF\xBB\xBF"

/* ---- helpers --------------------------------------------------------------------------------------------------- */

/* ---- configurations -------------------------------------------------------------------------------------------- */

static const cm_style_t styles[] = {{.bits = 32},           {.bits = 64},
                                    {.bits = 32, .pad = 512}, {.bits = 64, .pad = 65536},
                                    {.bits = 32, .piece = 100}, {.bits = 32, .data_first = 1, .other_case = 1}};

START_TEST(a_configuration_tells_its_facts_in_every_layout)
{
    static const cm_configuration_t kinds[] = {{.extra = 3}, {.extra = 900}, {.stored = 1}};
    cdist_file_facts_t *facts;
    int i;

    for (i = 0; i < FX_COUNT(kinds); i++) {
        cm_made_t made = {0};

        if (styles[_i].bits == 64) cm_stub(&made, 0);
        cm_configuration(&made, &kinds[i], &styles[_i]);
        FX_OK(fx_facts_made(&facts, &made));
        fx_check_default(facts, CDIST_FILE_CF, styles[_i].bits);
        ck_assert_str_eq(facts->version_id, CM_VERSION_ID);
        ck_assert_uint_eq(facts->entries, (unsigned)kinds[i].extra + 4);
        ck_assert_int_eq(facts->distribution, 0);
        ck_assert_int_eq(facts->sources->nelts, 0);
    }
}
END_TEST

static const struct {
    const char *code, *name;
} codes[] = {{"0", "DontUse"},         {"1", "code:1"},          {"2", "code:2"},  {"80308", "Version8_3_8"},
             {"80325", "Version8_3_25"}, {"80501", "Version8_5_1"}, {"x", ""},       {"", ""}};

START_TEST(compatibility_codes_have_names)
{
    cm_configuration_t configuration = {.code = codes[_i].code};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    ck_assert_str_eq(facts->compatibility, codes[_i].name);
}
END_TEST

START_TEST(a_distribution_is_told_by_its_support_data)
{
    static const struct {
        cm_configuration_t configuration;
        int distribution;
    } rows[] = {{{.support_version = CM_VERSION, .locked = 1}, 1},
                {{.support_version = CM_VERSION, .locked = 1, .extra = 200}, 1},
                {{.support_version = CM_VERSION}, 0},
                {{.support_version = "1.0.2.6", .locked = 1}, 0},
                {{.support_version = CM_VERSION, .locked = 1, .digest = "ZPOt4of"}, 0},
                {{.support_version = CM_VERSION, .locked = 1, .version_id = "f2e31050-77d9-4be2-94d3-68d9dacd70e8"}, 0},
                {{.locked = 1}, 0}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0}, packed = {0};

    cm_configuration(&made, &rows[_i].configuration, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    ck_assert_int_eq(facts->distribution, rows[_i].distribution);
    cm_deflate(&packed, made.bytes, made.length);
    FX_OK(fx_facts_made(&facts, &packed));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CF);
    ck_assert_int_eq(facts->distribution, rows[_i].distribution);
}
END_TEST

START_TEST(a_configuration_without_vendor_and_version_has_empty_ones)
{
    cm_configuration_t configuration = {.vendor = "", .version = ""};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    ck_assert_str_eq(facts->vendor, "");
    ck_assert_str_eq(facts->version, "");
}
END_TEST

START_TEST(an_extension_is_told_from_a_configuration)
{
    cm_configuration_t configuration = {.extension = 1};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    fx_check_default(facts, CDIST_FILE_CFE, 32);
    ck_assert_str_eq(facts->version_id, "");
}
END_TEST

START_TEST(data_processors_and_reports_have_a_name)
{
    static const char *const classes[] = {"c3831ec8-d8d5-4f93-8a22-f9bfae07327f", "e41aff26-25cf-4bb6-b6c1-3f478a75f374"};
    cm_item_t items[] = {{CM_ROOT_ID}, {"copyinfo", MARK "{4}"}, {"root", MARK "{2," CM_ROOT_ID ",}"}, {"versions", "{1,0}"}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    items[0].content = apr_psprintf(fx_pool, MARK "{1,{" CM_ROOT_ID "},1,{%s,{1,{4,a,b,{0,{3,{1,0,x},\"Обработка\",{0},\"\"}},"
                                    "\"\"},0}}}", classes[_i]);
    cm_container(&made, items, 4, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    ck_assert_int_eq(facts->kind, _i ? CDIST_FILE_ERF : CDIST_FILE_EPF);
    ck_assert_str_eq(facts->name, "Обработка");
    ck_assert_str_eq(facts->version, "");
    ck_assert_uint_eq(facts->entries, 4);
}
END_TEST

START_TEST(a_configuration_of_8_0_lies_inside_of_an_entry)
{
    cm_item_t items[] = {{"metadata"}, {"version", MARK "{{6,0}}"}, {"versions", MARK "{1,1,\"\"," CM_VERSION_ID "}"}};
    cm_item_t inside[] = {{CM_ROOT_ID, NULL, 0, 1}, {"root", MARK "{1," CM_ROOT_ID ",0}", 0, 1}};
    cdist_file_facts_t *facts;
    cm_made_t inner = {0}, made = {0};

    inside[0].content = MARK "{1,\r\n{" CM_ROOT_ID "},5,{9cd510cd-abfc-11d4-9434-004095e12fc7,{1,{15,{0,{0,{0,0," CM_OBJECT_ID
                             "},\"" CM_NAME "\",{0},\"\"}},\"\",1,{0},{0},a,b,c,d,0,\"V\",\"1.5\",\"\"},0}}}";
    cm_container(&inner, inside, 2, NULL);
    items[0].content = inner.bytes;
    items[0].length = inner.length;
    cm_container(&made, items, 3, NULL);
    FX_OK(fx_facts_made(&facts, &made));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CF);
    ck_assert_str_eq(facts->name, CM_NAME);
    ck_assert_str_eq(facts->vendor, "V");
    ck_assert_str_eq(facts->version, "1.5");
    ck_assert_str_eq(facts->version_id, "");
    ck_assert_str_eq(facts->compatibility, "");
    ck_assert_uint_eq(facts->entries, 2);
}
END_TEST

/* ---- damaged configurations ------------------------------------------------------------------------------------- */

START_TEST(the_stub_alone_is_not_taken_for_the_file)
{
    cdist_file_facts_t *facts;
    cm_configuration_t plain = {0};
    cm_style_t wide = {.bits = 64};
    cm_made_t made = {0};
    size_t stub;

    cm_stub(&made, 0);
    stub = made.length;
    fx_refused(fx_facts_made(&facts, &made), "only the stub");
    cm_configuration(&made, &plain, &wide);
    FX_OK(fx_facts_made(&facts, &made));
    made.bytes[stub + 20] = 'x';
    fx_refused(fx_facts_made(&facts, &made), "only the stub");
    made.bytes[stub + 20] = '\r';
    fx_refused(fx_facts(&facts, made.bytes, stub + 60), "only the stub");
}
END_TEST

START_TEST(a_small_configuration_is_not_taken_for_the_stub)
{
    static const char hex[] = "BB71D8BD57664101889B95C34FEA2351";
    static const cm_configuration_t small[] = {
        {.name = hex, .version = "", .code = "80316"}, {.name = hex, .vendor = "", .code = "80316"},
        {.name = hex, .vendor = "", .version = "", .code = "80315"}, {.name = "Пустая", .vendor = "", .version = "", .code = "80316"},
        {.name = "B71D8BD57664101889B95C34FEA2351", .vendor = "", .version = "", .code = "80316"},
        {.name = hex, .vendor = "", .version = "", .code = "80316", .extra = 2}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};
    int i;

    for (i = 0; i < (int)(sizeof small / sizeof small[0]); i++) {
        made.length = 0;
        cm_configuration(&made, &small[i], NULL);
        FX_OK(fx_facts_made(&facts, &made));
        ck_assert_str_eq(facts->name, small[i].name);
    }
}
END_TEST

START_TEST(a_configuration_cut_off_or_damaged_gives_an_error_or_its_facts)
{
    cm_configuration_t plain = {.support_version = CM_VERSION, .locked = 1};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};
    size_t at;
    int taken = 0;

    cm_configuration(&made, &plain, &styles[_i]);
    for (at = 0; at < made.length; at += 1 + made.length / 300) {
        cdist_err_t *err = fx_facts(&facts, made.bytes, at);

        ck_assert(err == NULL || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
        if (!err) ck_assert_str_eq(facts->name, CM_NAME);
    }
    for (at = 0; at < made.length; at += 1 + made.length / 300) {
        unsigned char kept = made.bytes[at];
        cdist_err_t *err;

        made.bytes[at] ^= 0x41;
        err = fx_facts_made(&facts, &made);
        made.bytes[at] = kept;
        ck_assert(err == NULL || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
        taken += err == NULL;
    }
    ck_assert_int_gt(taken, 0);
}
END_TEST

START_TEST(an_unknown_layout_is_said_to_be_one)
{
    cm_configuration_t configuration = {.layout = "15"};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    fx_refused(fx_facts_made(&facts, &made), "layout 15");
}
END_TEST

START_TEST(a_root_that_leads_nowhere_is_an_error)
{
    cm_configuration_t configuration = {.root_name = "ffffffff-0000-0000-0000-000000000000"};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    fx_refused(fx_facts_made(&facts, &made), "ffffffff-0000-0000-0000-000000000000");
}
END_TEST

START_TEST(a_container_without_a_configuration_is_said_to_be_one)
{
    static const cm_item_t items[] = {{"a", MARK "{1}"}, {"b", MARK "{1}"}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_container(&made, items, 2, NULL);
    fx_refused(fx_facts_made(&facts, &made), "no configuration");
}
END_TEST

/* ---- what is none ---------------------------------------------------------------------------------------------- */

START_TEST(what_is_none_of_these_is_refused)
{
    static const char *const texts[] = {"", "x", "just a text", "{1,2}", "PK\x03\x04", "version https://git-lfs.github.com/spec/v1\n",
                                        "version https://git-lfs", "\xFF\xFF\xFF\x7F", "Versions=1\n"};
    cdist_file_facts_t *facts;

    fx_refused(fx_facts_text(&facts, texts[_i]), "offset 0x");
    if (strncmp(texts[_i], "version", 7) == 0) fx_refused(fx_facts_text(&facts, texts[_i]), "git lfs pull");
}
END_TEST

START_TEST(what_is_no_file_is_refused_at_once)
{
    cdist_file_facts_t *facts;

    FX_FAILS(cdist_file_facts_read(&facts, fx_path("none.cf"), fx_pool, fx_pool), CDIST_E_NOTFOUND);
    FX_FAILS(cdist_file_facts_read(&facts, fx_folder, fx_pool, fx_pool), CDIST_E_SOURCE);
    ck_assert_int_eq(mkfifo(fx_path("pipe"), 0600), 0);
    FX_FAILS(cdist_file_facts_read(&facts, fx_path("pipe"), fx_pool, fx_pool), CDIST_E_SOURCE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("facts");
    TCase *tcase = fx_case(suite, "facts", 120);

    tcase_add_loop_test(tcase, a_configuration_tells_its_facts_in_every_layout, 0, FX_COUNT(styles));
    tcase_add_loop_test(tcase, compatibility_codes_have_names, 0, FX_COUNT(codes));
    tcase_add_loop_test(tcase, a_distribution_is_told_by_its_support_data, 0, 7);
    tcase_add_test(tcase, a_configuration_without_vendor_and_version_has_empty_ones);
    tcase_add_test(tcase, an_extension_is_told_from_a_configuration);
    tcase_add_loop_test(tcase, data_processors_and_reports_have_a_name, 0, 2);
    tcase_add_test(tcase, a_configuration_of_8_0_lies_inside_of_an_entry);
    tcase_add_test(tcase, the_stub_alone_is_not_taken_for_the_file);
    tcase_add_test(tcase, a_small_configuration_is_not_taken_for_the_stub);
    tcase_add_loop_test(tcase, a_configuration_cut_off_or_damaged_gives_an_error_or_its_facts, 0, 2);
    tcase_add_test(tcase, an_unknown_layout_is_said_to_be_one);
    tcase_add_test(tcase, a_root_that_leads_nowhere_is_an_error);
    tcase_add_test(tcase, a_container_without_a_configuration_is_said_to_be_one);
    tcase_add_loop_test(tcase, what_is_none_of_these_is_refused, 0, 9);
    tcase_add_test(tcase, what_is_no_file_is_refused_at_once);
    return suite;
}
