/* Comparison of real configurations, beside what is known of them (../shared/data, where it is there). */
#include "compare/cdist_compare.h"
#include "compare_fixture.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static const char *data_path(const char *name)
{
    const char *top = getenv("srcdir");

    return apr_pstrcat(fx_pool, top ? top : ".", "/../shared/data/", name, NULL);
}

static const char *side_word(cdist_side_t side)
{
    static const char *const words[] = {"same", "add", "chg", "del"};

    return words[side];
}

START_TEST(a_real_triple_is_as_its_truth_says)
{
    size_t length;
    const char *truth = shared_data(&length, "TRUTH-triple-A.tsv");
    char *rest, *line;
    cdist_comparison_t *found;
    int seen = 0;

    if (!truth) return;
    found = fx_compare(data_path("triples/A_base_1.2.0.52.cf"), data_path("triples/A_mine_1.2.0.53.cf"),
                    data_path("triples/A_theirs_1.3.0.0.cf"));
    for (line = apr_strtok(apr_pstrdup(fx_pool, truth), "\r\n", &rest); line; line = apr_strtok(NULL, "\r\n", &rest)) {
        const cdist_difference_t *difference;
        char *cells, *id;

        if (strncmp(line, "A\t", 2) != 0) continue;
        apr_strtok(line, "\t", &cells);
        id = apr_strtok(NULL, "\t", &cells);
        difference = fx_difference(found, id);
        ck_assert_msg(difference != NULL, "%s is missing", id);
        ck_assert_str_eq(apr_strtok(NULL, "\t", &cells), side_word(difference->mine_side));
        ck_assert_str_eq(apr_strtok(NULL, "\t", &cells), side_word(difference->theirs_side));
        ck_assert_ptr_nonnull(strstr(apr_strtok(NULL, "\t", &cells), cdist_class_name(difference->cls)));
        seen++;
    }
    ck_assert_int_eq(seen, found->differences->nelts);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_UNCHANGED], 203);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_CONFLICT], 11);
}
END_TEST

START_TEST(a_real_customers_configuration_holds_its_base)
{
    cdist_compare_files_t files = {.mine = data_path("support/customer_on_support.cf"),
                                   .theirs = data_path("support/embedded_vendor_1.1.cf")};
    cdist_comparison_t *found, *parts;
    cdist_sides_t *sides;
    size_t length;

    if (!shared_data(&length, "support/customer_on_support.cf")) return;
    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    ck_assert_int_eq(sides->base_origin, CDIST_BASE_EMBEDDED);
    ck_assert_str_eq(cdist_config_facts(sides->base)->version_id, "aa44bcfe-fa71-4477-8816-b71e56e48d1a");
    ck_assert_int_eq(sides->notes->nelts, 0);
    found = cdist_sides_entries(sides, fx_pool);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_UNCHANGED], 4);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_MINE], 2);
    ck_assert_int_eq(fx_difference(found, "ab56da9a-39d8-4da0-aab0-84700e3a9e6c.4")->mine_side, CDIST_SIDE_CHANGED);
    FX_OK(cdist_sides_objects(&found, &parts, sides, fx_pool));
    ck_assert_int_eq(found->differences->nelts, 0);
    files.theirs = data_path("support/vendor_dev.cf");
    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    ck_assert_str_eq(APR_ARRAY_IDX(sides->notes, 0, cdist_compare_note_t).code, "theirs_no_distribution");
    found = cdist_sides_entries(sides, fx_pool);
    ck_assert_int_eq(fx_difference(found, "ab56da9a-39d8-4da0-aab0-84700e3a9e6c.4")->theirs_side, CDIST_SIDE_DELETED);
    /* Support data are no part of what support has a rule for. */
    ck_assert_int_eq(cdist_sides_rule(sides, fx_difference(found, "ab56da9a-39d8-4da0-aab0-84700e3a9e6c.4")), CDIST_RULE_UNKNOWN);
}
END_TEST

START_TEST(a_real_update_leads_to_the_vendors_next_release)
{
    size_t length;
    cdist_comparison_t *found;

    if (!shared_data(&length, "cfu/tr_0.0.20.3.cfu")) return;
    found = fx_compare(data_path("cf/tr_0.0.20.0.cf"), data_path("cf/tr_0.0.20.3.cf"), data_path("cfu/tr_0.0.20.3.cfu"));
    ck_assert_uint_eq(found->counts[CDIST_CLASS_IDENTICAL], 2);
    ck_assert_int_eq(found->differences->nelts, 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("compare_real");
    TCase *tcase = fx_case(suite, "compare_real", 30);

    tcase_add_test(tcase, a_real_triple_is_as_its_truth_says);
    tcase_add_test(tcase, a_real_customers_configuration_holds_its_base);
    tcase_add_test(tcase, a_real_update_leads_to_the_vendors_next_release);
    return suite;
}
