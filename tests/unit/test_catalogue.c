/* The catalogue made of roots: which releases it holds, and which source of several counts. */
#include "exe_maker.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

START_TEST(releases_stand_newest_first_and_their_sources_in_the_order_of_slots)
{
    cdist_catalogue_t *catalogue;
    const cdist_release_t *first;

    fx_write_text("root/8.3.9.1/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/macOS64tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/windows32tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/linux64tc.zip", "z");
    fx_write_text("root/junk/x", "z");
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(catalogue->releases->nelts, 2);
    ck_assert_int_eq(catalogue->problems->nelts, 0);
    ck_assert_int_eq(catalogue->unreadable->nelts, 0);
    first = &APR_ARRAY_IDX(catalogue->releases, 0, cdist_release_t);
    ck_assert_str_eq(cdist_version_format(&first->version, fx_pool), "8.3.10.1");
    ck_assert_int_eq(first->sources->nelts, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(first->sources, 0, const cdist_source_t *)->slot->name, "windows32");
    ck_assert_str_eq(APR_ARRAY_IDX(first->sources, 1, const cdist_source_t *)->slot->name, "linux64");
    ck_assert_str_eq(APR_ARRAY_IDX(first->sources, 2, const cdist_source_t *)->slot->name, "macos64");
    ck_assert(cdist_release_usable(first));
}
END_TEST

START_TEST(a_ready_archive_beats_a_distribution)
{
    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(fx_source_in(fx_scan_settled(fx_roots("root", NULL)), "8.3.22.1750", "windows64")->kind,
                     CDIST_SOURCE_READY);
}
END_TEST

START_TEST(a_sound_source_beats_one_with_a_problem)
{
    const cdist_source_t *source;

    fx_write_text("one/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1923", FX_PACKAGE64));
    fx_write_text("two/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    source = fx_source_in(fx_scan_settled(fx_roots("one", "two")), "8.3.22.1750", "windows64");
    ck_assert_ptr_null(source->problem);
    ck_assert_ptr_nonnull(strstr(source->path, "/two/"));
    ck_assert_int_eq(fx_scan_settled(fx_roots("one", "two"))->problems->nelts, 1);
}
END_TEST

START_TEST(of_two_roots_with_the_same_version_the_first_counts)
{
    const cdist_catalogue_t *catalogue;

    fx_write_text("one/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("two/8.3.22.1750/distr/linux64tc.zip", "z");
    catalogue = fx_scan_settled(fx_roots("one", "two"));
    ck_assert_int_eq(catalogue->releases->nelts, 1);
    ck_assert_ptr_nonnull(strstr(fx_source_in(catalogue, "8.3.22.1750", "windows64")->path, "/one/"));
    ck_assert_ptr_nonnull(strstr(fx_source_in(catalogue, "8.3.22.1750", "linux64")->path, "/two/"));
    catalogue = fx_scan_settled(fx_roots("two", "one"));
    ck_assert_ptr_nonnull(strstr(fx_source_in(catalogue, "8.3.22.1750", "windows64")->path, "/two/"));
}
END_TEST

static const char *const ini_names[] = {"Setup.ini", "setup.ini", "SETUP.INI"};

START_TEST(a_root_may_be_a_release_folder_itself)
{
    fx_write_text("8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_ptr_nonnull(fx_source_in(fx_scan_settled(fx_roots("8.3.22.1750", NULL)), "8.3.22.1750", "windows64"));
    ck_assert_ptr_nonnull(fx_source_in(fx_scan_settled(fx_roots("8.3.22.1750/", NULL)), "8.3.22.1750", "windows64"));
    fx_write_text(apr_pstrcat(fx_pool, "thin/", ini_names[_i], NULL), FX_INI("8.3.22.1750", FX_PACKAGE32));
    ck_assert_ptr_nonnull(fx_source_in(fx_scan_settled(fx_roots("thin", NULL)), "8.3.22.1750", "windows32"));
}
END_TEST

START_TEST(an_unreadable_root_is_listed_and_the_others_go_on)
{
    cdist_catalogue_t *catalogue;
    const cdist_err_t *err;

    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    catalogue = fx_scan_settled(fx_roots("missing", "two"));
    ck_assert_int_eq(catalogue->unreadable->nelts, 1);
    err = APR_ARRAY_IDX(catalogue->unreadable, 0, cdist_err_t *);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "missing"));
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_int_eq(catalogue->releases->nelts, 1);
}
END_TEST

START_TEST(an_unreadable_release_folder_is_a_problem_and_its_version_is_not_taken_for_absent)
{
    cdist_current_t newest = {CDIST_CURRENT_NEWEST, {{0}, 0}};
    cdist_selector_t selector = {cdist_slot_parse("windows64"), {{0}, 0}};
    const cdist_source_t *source;
    cdist_catalogue_t *catalogue;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.27.2342/distr/windows64tc.zip", "z");
    ck_assert_int_eq(chmod(fx_path("root/8.3.27.2342"), 0), 0);
    fx_obey_permissions();
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert(cdist_version_parse(&selector.mask, "8.3.27.2342"));
    FX_FAILS(cdist_select(&source, catalogue, &newest, &selector, fx_pool), CDIST_E_SOURCE);
}
END_TEST

START_TEST(links_below_a_root_are_no_releases)
{
    fx_write_text("elsewhere/distr/windows64tc.zip", "z");
    fx_make_folder("root");
    fx_link("../elsewhere", "root/8.3.22.1750");
    ck_assert_int_eq(fx_scan_settled(fx_roots("root", NULL))->releases->nelts, 0);
}
END_TEST

START_TEST(a_hidden_folder_is_where_others_prepare_a_release)
{
    fx_write_text("root/.8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(fx_scan_settled(fx_roots("root", NULL))->releases->nelts, 0);
}
END_TEST

/* ---- odd roots --------------------------------------------------------------------------------------------------- */

START_TEST(an_architectures_folder_holds_releases_only_where_their_folders_lie_in_it)
{
    fx_write_text("root/x86_64/8.3.22.1750/distr/linux64tc.zip", "z");
    fx_write_text("root/win64/Setup.ini", FX_INI("8.3.22.1704", FX_PACKAGE64));
    fx_write_text("root/linux32/x86/8.3.22.1923/distr/linux32tc.zip", "z");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("root", NULL))),
                     "linux64 8.3.22.1750 ready root/x86_64/8.3.22.1750/distr/linux64tc.zip\n"
                     "windows64 8.3.22.1704 distribution root/win64");
}
END_TEST

START_TEST(a_link_in_an_architectures_folder_is_no_release_and_said)
{
    const cdist_catalogue_t *catalogue;

    exe_write_elf("away/1cv8c", EXE_ELF_X86_64);
    exe_write_elf("root/x86_64/8.3.22.1704/1cv8c", EXE_ELF_X86_64);
    fx_link("../../away", "root/x86_64/8.3.22.1750");
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_str_eq(fx_list_catalogue(catalogue), "linux64 8.3.22.1704 installed root/x86_64/8.3.22.1704");
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->problems, 0, const char *), "8.3.22.1750: is a symbolic link"));
}
END_TEST

START_TEST(a_link_in_the_place_of_an_architectures_folder_is_said)
{
    const cdist_catalogue_t *catalogue;

    exe_write_elf("away/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    fx_make_folder("root");
    fx_link("../away", "root/x86_64");
    fx_link("../away", "root/common");
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(catalogue->releases->nelts, 0);
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->problems, 0, const char *), "x86_64: is a symbolic link"));
}
END_TEST

START_TEST(a_versions_folder_that_holds_nothing_is_said_after_a_while)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    fx_write_text("root/8.3.22.1750/readme.txt", "x");
    ck_assert_int_eq(fx_scan(lookup, NULL)->problems->nelts, 0);
    ck_assert_int_eq(fx_scan_settled(lookup)->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(fx_scan_settled(lookup)->problems, 0, const char *), "1cv8c"));
    exe_write_elf("root/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    lookup->installed = 0;
    ck_assert_int_eq(fx_scan_settled(lookup)->problems->nelts, 0);
    ck_assert_int_eq(fx_scan_settled(lookup)->releases->nelts, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("catalogue");
    TCase *tcase = fx_case(suite, "catalogue", 20);

    tcase_add_test(tcase, releases_stand_newest_first_and_their_sources_in_the_order_of_slots);
    tcase_add_test(tcase, a_ready_archive_beats_a_distribution);
    tcase_add_test(tcase, a_sound_source_beats_one_with_a_problem);
    tcase_add_test(tcase, of_two_roots_with_the_same_version_the_first_counts);
    tcase_add_loop_test(tcase, a_root_may_be_a_release_folder_itself, 0, FX_COUNT(ini_names));
    tcase_add_test(tcase, an_unreadable_root_is_listed_and_the_others_go_on);
    tcase_add_test(tcase, an_unreadable_release_folder_is_a_problem_and_its_version_is_not_taken_for_absent);
    tcase_add_test(tcase, links_below_a_root_are_no_releases);
    tcase_add_test(tcase, a_hidden_folder_is_where_others_prepare_a_release);
    tcase_add_test(tcase, an_architectures_folder_holds_releases_only_where_their_folders_lie_in_it);
    tcase_add_test(tcase, a_link_in_an_architectures_folder_is_no_release_and_said);
    tcase_add_test(tcase, a_link_in_the_place_of_an_architectures_folder_is_said);
    tcase_add_test(tcase, a_versions_folder_that_holds_nothing_is_said_after_a_while);
    return suite;
}
