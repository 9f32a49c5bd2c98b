/* Symbolic links in release folders. */
#include "platform_fixture.h"

#include <stdio.h>
#include <string.h>

static const struct {
    const char *link, *listed; /* "": nothing is said of it */
} link_rows[] = {{"8.3.22.1750/Win64", "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64 !"},
                 {"8.3.22.1750/modules", "modules 8.3.22.1750 distribution 8.3.22.1750/modules !"},
                 {"8.3.22.1750/distr", "? 8.3.22.1750 distribution 8.3.22.1750/distr !"},
                 {"8.3.22.1750/linux64tc.zip", "linux64 8.3.22.1750 distribution 8.3.22.1750/linux64tc.zip !"},
                 {"8.3.22.1750/distr/linux64tc.zip", "linux64 8.3.22.1750 distribution 8.3.22.1750/distr/linux64tc.zip !"},
                 {"8.3.22.1750/notes", ""},
                 {"8.3.22.1750/distr/notes", ""}};

START_TEST(a_link_in_the_place_of_a_slot_is_not_followed_and_said)
{
    cdist_lookup_t *lookup = fx_lookup();
    apr_array_header_t *sources;

    fx_add_component(lookup, "modules");
    fx_write_text("away/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/distr/readme.txt", "z");
    if (strcmp(link_rows[_i].link, "8.3.22.1750/distr") == 0) {
        ck_assert_int_eq(rename(fx_path("8.3.22.1750/distr"), fx_path("8.3.22.1750/old")), 0);
    }
    fx_link(fx_path("away"), link_rows[_i].link);
    sources = fx_sources(lookup, "8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), link_rows[_i].listed);
    if (sources->nelts) ck_assert_ptr_nonnull(strstr(fx_problem(sources), "is a symbolic link"));
}
END_TEST

/* In what is packed as a whole a link is one of its files, but for distr, which is no part of it. */
START_TEST(a_link_within_a_distribution_is_one_of_its_files_but_for_distr)
{
    apr_array_header_t *sources;

    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/data/f", "12345");
    fx_link("data", "8.3.22.1750/x86");
    fx_link("data/f", "8.3.22.1750/linux64tc.zip");
    fx_link(fx_path("away"), "8.3.22.1750/distr");
    sources = fx_sources(fx_lookup(), "8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "? 8.3.22.1750 distribution 8.3.22.1750/distr !\n"
                                       "windows64 8.3.22.1750 distribution 8.3.22.1750");
    ck_assert_int_eq(APR_ARRAY_IDX(sources, 1, cdist_source_t).files, 4);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("source links");
    TCase *tcase = fx_case(suite, "source links", 20);

    tcase_add_loop_test(tcase, a_link_in_the_place_of_a_slot_is_not_followed_and_said, 0, FX_COUNT(link_rows));
    tcase_add_test(tcase, a_link_within_a_distribution_is_one_of_its_files_but_for_distr);
    return suite;
}
