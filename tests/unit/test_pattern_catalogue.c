/* CDistSource in a catalogue: what cannot be read is not taken for absent, and which of several sources counts. */
#include "exe_maker.h"
#include "platform_fixture.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- what cannot be read ------------------------------------------------------------------------------------------- */

START_TEST(a_pattern_whose_folder_is_away_is_an_error_that_names_it)
{
    apr_array_header_t *sources = apr_array_make(fx_pool, 4, sizeof(cdist_source_t));
    cdist_lookup_t *lookup = fx_pattern(_i ? "windows64" : "modules", "away/%v");
    const cdist_catalogue_t *catalogue;

    FX_FAILS(cdist_source_scan_pattern(sources, lookup, &APR_ARRAY_IDX(lookup->patterns, 0, cdist_pattern_t), fx_pool),
             CDIST_E_SOURCE);
    catalogue = fx_scan_settled(lookup);
    /* A component cannot decide about the newest version. */
    ck_assert_int_eq(catalogue->unreadable->nelts, _i);
    ck_assert_int_eq(catalogue->unread_components->nelts, !_i);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->problems, 0, const char *), "away"));
}
END_TEST

static const struct {
    const char *pattern, *closed;
} unread_rows[] = {{"m/%v", "m/8.3.22.1750"},
                   {"m/%v/in", "m/8.3.22.1750"},
                   {"m/%v/in", "m/8.3.22.1750/in"},
                   {"m/%v/in/er", "m/8.3.22.1750/in"},
                   {"m/%v/in/%v", "m/8.3.22.1750/in"},
                   {"m/%v/%v", "m/8.3.22.1750"},
                   {"m/%v/in/er/%v.zip", "m/8.3.22.1750/in"}};

START_TEST(what_cannot_be_read_behind_the_first_version_is_not_taken_for_absent)
{
    cdist_current_t unset = {CDIST_CURRENT_UNSET, {{0}, 0}};
    cdist_lookup_t *lookup = fx_pattern("modules", unread_rows[_i].pattern);
    cdist_selector_t selector = {APR_ARRAY_IDX(lookup->patterns, 0, cdist_pattern_t).slot, {{0}, 0}};
    const cdist_catalogue_t *catalogue;
    const cdist_source_t *source;

    fx_write_text("m/8.3.22.1750/in/er/8.3.22.1750.zip", "x");
    fx_write_text("m/8.3.22.1750/in/8.3.22.1750/a", "x");
    fx_write_text("m/8.3.22.1750/8.3.22.1750/a", "x");
    ck_assert(cdist_version_parse(&selector.mask, "8.3.22.1750"));
    FX_OK(cdist_select(&source, fx_scan_settled(lookup), &unset, &selector, fx_pool));
    ck_assert_int_eq(chmod(fx_path(unread_rows[_i].closed), 0), 0);
    fx_obey_permissions();
    catalogue = fx_scan_settled(lookup);
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    FX_FAILS(cdist_select(&source, catalogue, &unset, &selector, fx_pool), CDIST_E_SOURCE);
}
END_TEST

START_TEST(what_cannot_be_read_for_the_moment_stays_as_it_was)
{
    cdist_lookup_t *lookup = fx_pattern("modules", "m/%v/in");
    const cdist_catalogue_t *before;

    fx_write_text("m/8.3.22.1750/in/a", "x");
    before = fx_scan_settled(lookup);
    ck_assert_int_eq(chmod(fx_path("m/8.3.22.1750"), 0), 0);
    fx_obey_permissions();
    ck_assert(cdist_source_offered(fx_source_in(fx_scan(lookup, before), "8.3.22.1750", "modules")));
}
END_TEST

START_TEST(a_version_that_lacks_the_slot_is_no_problem)
{
    fx_write_text("m/8.3.22.1750/other/a", "x");
    fx_write_text("m/8.3.22.1751/in", "a file");
    ck_assert_int_eq(fx_scan_settled(fx_pattern("modules", "m/%v/in/er"))->problems->nelts, 0);
    ck_assert_int_eq(fx_scan_settled(fx_pattern("modules", "m/%v/in/%v"))->problems->nelts, 0);
}
END_TEST

/* ---- beside what was found under a root ---------------------------------------------------------------------------- */

START_TEST(a_named_source_beats_a_found_one_of_the_same_kind)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("named/8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_add_pattern(lookup, "windows64", "named/%v");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(lookup)),
                     "windows64 8.3.22.1750 distribution named/8.3.22.1750");
}
END_TEST

START_TEST(a_found_source_with_an_installer_beats_an_installed_platform_that_is_named)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    exe_write_pe("named/8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    exe_write_pe("root/8.3.22.1750/win64/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_add_pattern(lookup, "windows64", "named/%v");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(lookup)), "windows64 8.3.22.1750 installed named/8.3.22.1750");
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(lookup)),
                     "windows64 8.3.22.1750 ready root/8.3.22.1750/distr/windows64tc.zip");
}
END_TEST

START_TEST(of_two_patterns_for_a_slot_the_first_counts)
{
    cdist_lookup_t *lookup = fx_lookup();

    fx_write_text("one/8.3.22.1750/a", "x");
    fx_write_text("two/8.3.22.1750/a", "x");
    fx_write_text("two/8.3.22.1704/a", "x");
    fx_add_pattern(lookup, "modules", "one/%v");
    fx_add_pattern(lookup, "modules", "two/%v");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(lookup)), "modules 8.3.22.1750 distribution one/8.3.22.1750\n"
                                                                 "modules 8.3.22.1704 distribution two/8.3.22.1704");
}
END_TEST

START_TEST(a_component_that_is_being_filled_does_not_hold_back_the_release)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);
    const cdist_catalogue_t *catalogue;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_add_pattern(lookup, "modules", "m/%v");
    fx_make_folder("m");
    sleep(2);
    fx_write_text("m/8.3.22.1750/a", "x");
    fx_clock_ahead = apr_time_from_sec(29);
    catalogue = fx_scan(lookup, NULL);
    ck_assert(fx_source_in(catalogue, "8.3.22.1750", "windows64")->settled);
    ck_assert(!fx_source_in(catalogue, "8.3.22.1750", "modules")->settled);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pattern in a catalogue");
    TCase *tcase = fx_case(suite, "pattern in a catalogue", 20);

    tcase_add_loop_test(tcase, a_pattern_whose_folder_is_away_is_an_error_that_names_it, 0, 2);
    tcase_add_loop_test(tcase, what_cannot_be_read_behind_the_first_version_is_not_taken_for_absent, 0,
                        FX_COUNT(unread_rows));
    tcase_add_test(tcase, what_cannot_be_read_for_the_moment_stays_as_it_was);
    tcase_add_test(tcase, a_version_that_lacks_the_slot_is_no_problem);
    tcase_add_test(tcase, a_named_source_beats_a_found_one_of_the_same_kind);
    tcase_add_test(tcase, a_found_source_with_an_installer_beats_an_installed_platform_that_is_named);
    tcase_add_test(tcase, of_two_patterns_for_a_slot_the_first_counts);
    tcase_add_test(tcase, a_component_that_is_being_filled_does_not_hold_back_the_release);
    return suite;
}
