/* The form of a cache: what goes in comes out, and nothing else does. */
#include "template_fixture.h"
#include "templates_int.h"

#include <apr_strings.h>

#include <string.h>

static findings_t *some_findings(void)
{
    findings_t *findings = cdist_findings_make(fx_pool);
    cdist_template_t *template = cdist_findings_add(findings);

    template->kind = CDIST_FILE_CFU;
    template->id = (cdist_configuration_id_t){"N", "V", "1.2", CM_VERSION_ID};
    template->member = "a/1cv8.cfu";
    template->bytes = 123456789012;
    template->released = TF_DATE;
    template->min_platform = "8.3.6.1";
    APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) = (cdist_configuration_id_t){"M", "W", "1.1", "no guid"};
    APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) = (cdist_configuration_id_t){"N", "V", "", ""};
    cdist_findings_add(findings)->distribution = 1;
    cdist_findings_problem(findings, "беда");
    return findings;
}

static const mark_t some_mark = {1000, 1, 2, {7}, 2, APR_INT64_C(5000000000)};

START_TEST(a_cache_gives_back_what_went_in)
{
    findings_t *back = cdist_findings_make(fx_pool);
    const cdist_template_t *template;
    apr_size_t length;
    const char *bytes = cdist_cache_format(&length, &some_mark, some_findings(), fx_pool);

    ck_assert_int_eq(cdist_cache_parse(back, &some_mark, bytes, length), 1);
    template = &APR_ARRAY_IDX(back->templates, 0, cdist_template_t);
    ck_assert_int_eq(back->templates->nelts, 2);
    ck_assert_str_eq(template->id.version_id, CM_VERSION_ID);
    ck_assert_str_eq(template->member, "a/1cv8.cfu");
    ck_assert_uint_eq(template->bytes, 123456789012);
    ck_assert_int_eq(template->released == TF_DATE && template->distribution == 0, 1);
    ck_assert_str_eq(tf_sources(template), "1.1;");
    ck_assert_str_eq(APR_ARRAY_IDX(template->sources, 0, cdist_configuration_id_t).name, "M");
    ck_assert_str_eq(APR_ARRAY_IDX(template->sources, 0, cdist_configuration_id_t).version_id, "no guid");
    ck_assert_str_eq(APR_ARRAY_IDX(template->sources, 1, cdist_configuration_id_t).vendor, "V");
    ck_assert_int_eq(APR_ARRAY_IDX(back->templates, 1, cdist_template_t).distribution, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(back->templates, 1, cdist_template_t).released == CDIST_UNDATED, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(back->problems, 0, const char *), "беда");
}
END_TEST

START_TEST(a_damaged_cache_is_none)
{
    findings_t *back = cdist_findings_make(fx_pool);
    apr_size_t length, i;
    char *bytes = (char *)cdist_cache_format(&length, &some_mark, some_findings(), fx_pool);

    for (i = 0; i < length; i++) {
        ck_assert_int_eq(cdist_cache_parse(back, &some_mark, bytes, i), 0);
        bytes[i] ^= 0x10;
        ck_assert_int_eq(cdist_cache_parse(back, &some_mark, bytes, length), 0);
        bytes[i] ^= 0x10;
    }
    ck_assert_int_eq(back->templates->nelts + back->problems->nelts, 0);
}
END_TEST

static void refused(const char *bytes, size_t length)
{
    findings_t *back = cdist_findings_make(fx_pool);

    ck_assert_int_eq(cdist_cache_parse_findings(back, bytes, length), 0);
    ck_assert_int_eq(back->templates->nelts + back->problems->nelts, 0);
}

START_TEST(what_nobody_writes_is_refused)
{
    static const struct {
        const char *bytes;
        size_t length;
    } bad[] = {{"", 0},
               {"\0", 1},
               {"\0\0\0", 3},                                           /* more than was counted */
               {"\0\1\3a\0b", 6},                                       /* a NUL in a text */
               {"\0\1\2\xFF\xFE", 5},                                   /* no UTF-8 */
               {"\0\1\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F", 11},      /* a text without end */
               {"\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\1", 12}, /* a number without end */
               {"\1\4\0\0\0\0\0\0\0\0\0\0", 12},                        /* flags that mean nothing */
               {"\1\0\0\0\0\3\0\0\0\0\0\0", 12}};                       /* an id of no kind */
    int i;

    for (i = 0; i < FX_COUNT(bad); i++) refused(bad[i].bytes, bad[i].length);
}
END_TEST

START_TEST(the_smallest_template_is_taken)
{
    findings_t *back = cdist_findings_make(fx_pool);

    ck_assert_int_eq(cdist_cache_parse_findings(back, "\1\0\0\0\0\0\0\0\0\0\0\0", 12), 1);
    ck_assert_int_eq(back->templates->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(back->templates, 0, cdist_template_t).id.name, "");
}
END_TEST

START_TEST(what_is_too_long_is_not_cached)
{
    findings_t *findings = cdist_findings_make(fx_pool);
    cdist_template_t *template = cdist_findings_add(findings);
    apr_size_t length;
    int i;

    for (i = 0; i < 10000; i++) {
        APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) = (cdist_configuration_id_t){"", "", "1.0.0.1", "id"};
    }
    ck_assert_ptr_null(cdist_cache_format(&length, &some_mark, findings, fx_pool));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template cache form");
    TCase *tcase = fx_case(suite, "form", 30);

    tcase_add_test(tcase, a_cache_gives_back_what_went_in);
    tcase_add_test(tcase, a_damaged_cache_is_none);
    tcase_add_test(tcase, what_nobody_writes_is_refused);
    tcase_add_test(tcase, the_smallest_template_is_taken);
    tcase_add_test(tcase, what_is_too_long_is_not_cached);
    return suite;
}
