/* Chains: .cf that are taken, ages, vendors, and what is only said in texts. */
#include "chain_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define FULL "cf 1.0 bytes=100; cf 1.1 bytes=100; cf 1.2 bytes=100; cf 1.3 bytes=100; cfu 1.1 < 1.0 bytes=9; cfu 1.3 < 1.1 bytes=9"
#define DATED "cfu 1.1 < 1.0 date=2025-06-01; cfu 1.2 < 1.1 date=2026-01-01; cfu 1.3 < 1.2 date=2026-01-02; cfu 1.4 < 1.3"

static const fx_chain_row_t rows[] = {
    /* ---- .cf ---- */
    {"a .cf is not taken unasked", "cf 2.0; cf 1.0", "from=1.0", "none", "no update here leads to 2.0; a .cf of 2.0 is here, which use-cf takes"},
    {"a .cf leads from anywhere to its version", "cf 2.0; cf 1.0", "from=1.0 use-cf", "cf:2.0", NULL},
    {"a .cf leads even from a version that nobody knows", "cf 2.0", "from=0.7 use-cf", "cf:2.0", NULL},
    {"what a .cf goes over is told", FULL "; cfu 1.1.5 < 1.1", "from=1.0 use-cf", "cf:1.3",
     "the .cf of 1.3 goes over 3 releases (1.1, 1.1.5, 1.2)"},
    {"an update goes before a .cf with as many steps, by its bytes", FULL, "from=1.1 use-cf", "1.3", NULL},
    {"sequential goes through every .cf where there is no update", FULL, "from=1.0 sequential use-cf", "1.1 cf:1.2 cf:1.3", NULL},
    {"without use-cf sequential takes updates alone", FULL, "from=1.0 sequential", "1.1 1.3", NULL},
    {"updates go on from a .cf", "cf 2.0; cfu 2.1 < 2.0", "from=1.0 use-cf", "cf:2.0 2.1", NULL},
    {"a .cf that is no distribution is not taken", "cf 2.0 other; cf 1.5; cfu 2.0 < 1.7", "from=1.0 to=2.0 use-cf", "none",
     "2.0: it is no distribution"},
    {"a .cf that is no distribution is no release", "cf 2.0 other; cfu 1.1 < 1.0", "from=1.0", "1.1", NULL},
    {"of a .cf known by texts nobody knows whether it is one, and that is said", "cf 2.0 text", "from=1.0 use-cf", "cf:2.0",
     "whether the .cf of 2.0 is a distribution is not known"},
    {"back it goes by a .cf, and is a downgrade", FULL, "from=1.3 to=1.1 use-cf", "back:1.1", "1.1 is a downgrade"},
    {"back it goes to what updates lead on from", "cf 1.0; cfu 1.1 < 1.0", "from=1.3 to=1.1 use-cf", "back:1.0 1.1", "1.0 is a downgrade"},
    {"back it goes by one step, sequential or not", FULL, "from=1.3 to=1.1 sequential use-cf", "back:1.1", "a downgrade"},
    {"back it does not go by itself", FULL "; cfu 1.2 < 1.4", "from=1.4 use-cf", "", "nothing to do"},
    {"on the way up nothing goes back", "cf 0.9; cfu 2.0 < 0.9; cfu 1.1 < 1.0", "from=1.0 to=2.0 use-cf", "none", "no chain"},
    {"the same version in the right build helps", "cf 1.0@a; cf 1.0@b; cfu 1.1@c < 1.0@a", "from=1.0 id=b use-cf", "cf:1.0 1.1", NULL},
    /* ---- ages: the day is 2026-01-31 ---- */
    {"young releases do not count", DATED, "from=1.0 age=30", "1.1 1.2", "1.3: it was released on 2026-01-02, less than 30 days ago"},
    {"what has no date does not count", DATED, "from=1.0 age=1", "1.1 1.2 1.3", "1.4: its release date is not known"},
    {"what has no date may be allowed", DATED, "from=1.0 age=1 undated", "1.1 1.2 1.3 1.4", NULL},
    {"without an age dates do not matter", DATED, "from=1.0", "1.1 1.2 1.3 1.4", NULL},
    {"what was left out does not help on the way", DATED "; cfu 1.5 < 1.4 date=2025-01-01", "from=1.0 age=30", "none",
     "1.2 is the highest version that can be reached; the update to 1.4 is missing (it is there, but left out)"},
    {"a release that is left out cannot be gone to", DATED, "from=1.0 to=1.3 age=30", "none",
     "no update here leads to 1.3: it is there, but left out"},
    {"where all is left out there is nothing to go to", "cfu 1.1 < 1.0", "from=1.0 age=30", "none", "none counts"},
    {"what is above all that counts has nothing to do", DATED, "from=1.3 age=30", "", "no release here that counts"},
    {"exactly as many days are enough", "cfu 1.1 < 1.0 date=2026-01-01", "from=1.0 age=30", "1.1", NULL},
    {"a date to come is young", "cfu 1.1 < 1.0 date=2026-03-01", "from=1.0 age=1", "none", "released on 2026-03-01"},
    /* ---- configurations ---- */
    {"other configurations do not count", "cfu 9.9 < 1.0 name=M; cfu 1.1 < 1.0", "from=1.0", "1.1", NULL},
    {"a vendor is found by name", "cfu 1.2 < 1.0 vendor=W; cfu 1.1 < 1.0", "from=1.0 vendor=W", "1.2", NULL},
    {"names are taken as they are written", "cfu 1.1 < 1.0 name=m", "from=1.0 name=M", "none", "no release of M here; there are: m (V)"},
    {"other vendors are told", "cfu 1.1 < 1.0", "from=1.0 vendor=W", "none", "no release of N (W) here; there are: N (V)"},
    {"nothing is nothing", "", "from=1.0", "none", "there are none at all"},
    /* ---- lists ---- */
    {"a file that is only in a list is told", "cfu 1.1 < 1.0 listed text", "from=1.0", "1.1", "only a list names the file of 1.1"},
    {"a file that is there goes before one in a list", "cfu 1.1 < 1.0 listed text; cfu 1.1 < 1.0 path=z", "from=1.0", "1.1", NULL},
};

START_TEST(the_way_and_what_is_said_are_those_of_the_table)
{
    fx_chain_row(&rows[_i]);
}
END_TEST

START_TEST(several_vendors_of_one_name_must_be_told_apart)
{
    cdist_chain_request_t request = fx_chain_request("from=1.0");
    cdist_chain_t *chain;
    cdist_err_t *err = cdist_chain_find(&chain, fx_templates("cfu 1.2 < 1.0 vendor=W; cfu 1.1 < 1.0"), &request, fx_pool, fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_ptr_nonnull(strstr(err->message, "N (V), N (W)"));
}
END_TEST

/* A configuration may get another name on the way, as a basic edition does that becomes a full one. */
START_TEST(a_chain_may_lead_through_another_name)
{
    apr_array_header_t *templates = fx_templates("cfu 1.1 < 1.0 name=Old; cfu 1.2 < 1.1; cfu 1.3 < 1.2");
    cdist_chain_request_t request = fx_chain_request("from=1.0");
    cdist_chain_t *chain;

    /* N 1.0 becomes Old 1.1, and that N 1.2. */
    APR_ARRAY_IDX(APR_ARRAY_IDX(templates, 0, const cdist_template_t *)->sources, 0, cdist_configuration_id_t).name = "N";
    APR_ARRAY_IDX(APR_ARRAY_IDX(templates, 1, const cdist_template_t *)->sources, 0, cdist_configuration_id_t).name = "Old";
    FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
    ck_assert_str_eq(fx_way(chain), "1.1 1.2 1.3");
}
END_TEST

START_TEST(sources_without_a_name_are_of_the_update_s_own_configuration)
{
    apr_array_header_t *templates = fx_templates("cfu 1.1 < 1.0");
    cdist_chain_request_t request = fx_chain_request("from=1.0");
    cdist_configuration_id_t *source =
        &APR_ARRAY_IDX(APR_ARRAY_IDX(templates, 0, const cdist_template_t *)->sources, 0, cdist_configuration_id_t);
    cdist_chain_t *chain;

    source->name = source->vendor = "";
    FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
    ck_assert_str_eq(fx_way(chain), "1.1");
}
END_TEST

static apr_array_header_t *configurations(const char **only, const char *templates)
{
    return cdist_chain_configurations(only, cdist_chain_finder_make(fx_templates(templates), fx_pool), fx_pool);
}

START_TEST(the_configurations_of_templates_are_listed)
{
    const char *only;
    apr_array_header_t *names = configurations(&only, "cfu 2 < 1; cfu 3 < 2");

    ck_assert_str_eq(apr_array_pstrcat(fx_pool, names, ' '), "N (V)");
    ck_assert_str_eq(only, "N");
    names = configurations(&only, "cfu 2 < 1; cfu 3 < 2 name=M vendor=W; cf 4 name=O other");
    ck_assert_str_eq(apr_array_pstrcat(fx_pool, names, ' '), "M (W) N (V)");
    ck_assert_ptr_null(only);
    names = configurations(&only, "");
    ck_assert_int_eq(names->nelts, 0);
    ck_assert_ptr_null(only);
}
END_TEST

static const char *file_name(void *baton, const cdist_template_t *template, apr_pool_t *pool)
{
    return apr_pstrcat(pool, baton, template->path, NULL);
}

START_TEST(json_has_the_keys_of_the_contract_and_dates_as_iso_8601)
{
    const char *json = cdist_chain_json(fx_chain(DATED, "from=1.0 age=200"), file_name, NULL, "at/", fx_pool);

    ck_assert_ptr_nonnull(strstr(json, "{\"name\":\"N\",\"vendor\":\"V\",\"from\":\"1.0\",\"to\":\"1.1\",\"strategy\":\"shortest\","
                                       "\"min_platform\":\"\",\"bytes\":1,\"steps\":[{\"version\":\"1.1\",\"version_id\":\"\","
                                       "\"kind\":\"cfu\",\"file\":\"at/1.1.cfu\",\"member\":\"\",\"bytes\":1,"
                                       "\"released\":\"2025-06-01\",\"min_platform\":\"\""));
    ck_assert_ptr_nonnull(strstr(json, "{\"version\":\"1.4\",\"file\":\"at/1.4.cfu\",\"reason\":\"its release date is not known\"}"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("chain_rules");
    TCase *cases = fx_case(suite, "chain_rules", 30);

    tcase_add_loop_test(cases, the_way_and_what_is_said_are_those_of_the_table, 0, FX_COUNT(rows));
    tcase_add_test(cases, several_vendors_of_one_name_must_be_told_apart);
    tcase_add_test(cases, a_chain_may_lead_through_another_name);
    tcase_add_test(cases, sources_without_a_name_are_of_the_update_s_own_configuration);
    tcase_add_test(cases, the_configurations_of_templates_are_listed);
    tcase_add_test(cases, json_has_the_keys_of_the_contract_and_dates_as_iso_8601);
    return suite;
}
