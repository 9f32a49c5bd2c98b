/* Installed platform directories as sources: how they are recognised, what tells their slot and version, and what of them
 * stays at home. */
#include "exe_maker.h"
#include "platform_fixture.h"
#include "tree_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

static void write_client(const char *name, const char *file_version)
{
    pe_item_t item = {.file = file_version, .product = file_version};

    pe_write(name, &item);
}

/* The names in the last source's archive, in its order, with blanks between. */
static const char *files_of(const char *folder)
{
    const apr_array_header_t *sources = fx_found(folder);
    const cdist_source_t *source = &APR_ARRAY_IDX(sources, sources->nelts - 1, cdist_source_t);
    cdist_tree_t *tree;

    ck_assert_int_eq(source->kind, CDIST_SOURCE_INSTALLED);
    tree = fx_tree(source->path + strlen(fx_folder) + 1, source->skip);
    ck_assert_int_eq(tree->files, source->files);
    ck_assert(cdist_digest_equal(&tree->signature, &source->signature));
    return fx_names(tree);
}

/* ---- layouts --------------------------------------------------------------------------------------------------- */

START_TEST(each_systems_layout_is_recognised)
{
    exe_write_pe("8.3.22.1/bin/1cv8c.exe", EXE_PE_AMD64);
    exe_write_pe("8.3.22.2/BIN/1CV8C.EXE", EXE_PE_I386);
    exe_write_elf("8.3.22.3/1cv8c", EXE_ELF_X86_64);
    exe_write_elf("8.3.22.4/1cv8c", EXE_ELF_386);
    exe_write_macho("8.3.22.5/1cv8c");
    exe_write_elf("8.3.22.6/bin/1cv8c", EXE_ELF_AARCH64);
    exe_write_elf("8.3.22.7/1cv8c", EXE_ELF_E2K);
    exe_write_pe("8_3_22_8/1cv8c.exe", EXE_PE_AMD64);
    fx_expect_found("8.3.22.1", "windows64 8.3.22.1 installed 8.3.22.1");
    ck_assert(fx_recognised);
    fx_expect_found("8.3.22.2", "windows32 8.3.22.2 installed 8.3.22.2");
    fx_expect_found("8.3.22.3", "linux64 8.3.22.3 installed 8.3.22.3");
    fx_expect_found("8.3.22.4", "linux32 8.3.22.4 installed 8.3.22.4");
    fx_expect_found("8.3.22.5", "macos64 8.3.22.5 installed 8.3.22.5");
    fx_expect_found("8.3.22.6", "linux-arm64 8.3.22.6 installed 8.3.22.6");
    fx_expect_found("8.3.22.7", "linux-e2k 8.3.22.7 installed 8.3.22.7");
    fx_expect_found("8_3_22_8", "windows64 8.3.22.8 installed 8_3_22_8");
}
END_TEST

START_TEST(a_release_folder_may_hold_installed_platforms_of_several_slots)
{
    exe_write_elf("8.3.22.1750/x86_64/1cv8c", EXE_ELF_X86_64);
    exe_write_elf("8.3.22.1750/i386/1cv8c", EXE_ELF_386);
    exe_write_pe("8.3.22.1750/Program Files/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_expect_found("8.3.22.1750", "windows64 8.3.22.1750 installed 8.3.22.1750/Program Files\n"
                                   "linux32 8.3.22.1750 installed 8.3.22.1750/i386\n"
                                   "linux64 8.3.22.1750 installed 8.3.22.1750/x86_64");
}
END_TEST

START_TEST(a_server_without_a_client_is_no_installed_platform)
{
    exe_write_elf("8.3.22.1750/ragent", EXE_ELF_X86_64);
    exe_write_pe("8.3.22.1751/bin/1cv8.exe", EXE_PE_AMD64);
    exe_write_pe("8.3.22.1752/bin/deeper/1cv8c.exe", EXE_PE_AMD64);
    ck_assert_int_eq(fx_found("8.3.22.1750")->nelts, 0);
    ck_assert_int_eq(fx_found("8.3.22.1751")->nelts, 0);
    ck_assert(!fx_recognised);
    ck_assert_int_eq(fx_found("8.3.22.1752")->nelts, 0);
}
END_TEST

START_TEST(a_client_that_is_no_plain_file_makes_no_installed_platform)
{
    exe_write_pe("elsewhere.exe", EXE_PE_AMD64);
    fx_make_folder("8.3.22.1750/bin");
    fx_link("../../elsewhere.exe", "8.3.22.1750/bin/1cv8c.exe");
    fx_make_folder("8.3.22.1751/bin/1cv8c.exe");
    exe_write_pe("real/1cv8c.exe", EXE_PE_AMD64);
    fx_make_folder("8.3.22.1752");
    fx_link("../real", "8.3.22.1752/bin");
    ck_assert_int_eq(fx_found("8.3.22.1750")->nelts, 0);
    ck_assert_int_eq(fx_found("8.3.22.1751")->nelts, 0);
    ck_assert_int_eq(fx_found("8.3.22.1752")->nelts, 0);
}
END_TEST

START_TEST(setup_exe_beside_bin_makes_it_a_distribution)
{
    fx_write_text("8.3.22.1750/setup.exe", "x");
    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_expect_found("8.3.22.1750", "windows64 8.3.22.1750 distribution 8.3.22.1750");
    ck_assert_ptr_null(APR_ARRAY_IDX(fx_found("8.3.22.1750"), 0, cdist_source_t).skip);
}
END_TEST

START_TEST(an_installed_platform_holds_no_installer)
{
    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_write_text("8.3.22.1750/distr/linux64tc.zip", "z");
    fx_expect_found("8.3.22.1750", "linux64 8.3.22.1750 ready 8.3.22.1750/distr/linux64tc.zip\n"
                                   "windows64 8.3.22.1750 installed 8.3.22.1750");
    ck_assert(cdist_source_installable(&APR_ARRAY_IDX(fx_found("8.3.22.1750"), 0, cdist_source_t)));
    ck_assert(!cdist_source_installable(&APR_ARRAY_IDX(fx_found("8.3.22.1750"), 1, cdist_source_t)));
}
END_TEST

START_TEST(installed_platforms_that_are_not_wanted_are_recognised_and_not_added)
{
    cdist_lookup_t *lookup = fx_lookup();

    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    exe_write_elf("8.3.22.1751/x86_64/1cv8c", EXE_ELF_X86_64);
    fx_write_text("8.3.22.1751/distr/windows64tc.zip", "z");
    lookup->installed = 0;
    ck_assert_int_eq(fx_sources(lookup, "8.3.22.1750")->nelts, 0);
    ck_assert(fx_recognised);
    fx_expect_sources(lookup, "8.3.22.1751", "windows64 8.3.22.1751 ready 8.3.22.1751/distr/windows64tc.zip");
    ck_assert(fx_recognised);
}
END_TEST

START_TEST(an_installed_platform_that_is_not_wanted_is_not_packed_into_a_distribution_either)
{
    cdist_lookup_t *lookup = fx_lookup();
    const apr_array_header_t *sources;

    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    exe_write_elf("8.3.22.1750/linux64/1cv8c", EXE_ELF_X86_64);
    lookup->installed = 0;
    sources = fx_sources(lookup, "8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "windows64 8.3.22.1750 distribution 8.3.22.1750");
    ck_assert_int_eq(APR_ARRAY_IDX(sources, 0, cdist_source_t).files, 1);
}
END_TEST

/* ---- version and slot ------------------------------------------------------------------------------------------ */

START_TEST(the_version_resource_tells_the_version_where_no_folder_does)
{
    write_client("program/bin/1cv8c.exe", "8.3.22.1750");
    fx_expect_found("program", "windows64 8.3.22.1750 installed program");
}
END_TEST

START_TEST(folder_and_client_that_disagree_are_a_problem)
{
    write_client("8.3.22.1750/bin/1cv8c.exe", "8.3.22.1751");
    fx_expect_found("8.3.22.1750", "windows64 8.3.22.1750 installed 8.3.22.1750 !");
    ck_assert_ptr_nonnull(strstr(fx_problem(fx_found("8.3.22.1750")), "8.3.22.1751"));
    ck_assert_ptr_nonnull(strstr(fx_problem(fx_found("8.3.22.1750")), "8.3.22.1750"));
    ck_assert_ptr_nonnull(strstr(fx_problem(fx_found("8.3.22.1750")), "bin/1cv8c.exe"));
    write_client("8.3.22.1752/bin/1cv8c.exe", "8.3.22.1752");
    ck_assert_str_eq(fx_problem(fx_found("8.3.22.1752")), "");
}
END_TEST

START_TEST(an_old_linux_platform_without_a_version_is_a_problem_that_says_what_to_do)
{
    exe_write_elf("x86_64/1cv8c", EXE_ELF_X86_64);
    fx_expect_found("x86_64", "linux64  installed x86_64 !");
    ck_assert_ptr_nonnull(strstr(fx_problem(fx_found("x86_64")), "named by its version"));
}
END_TEST

START_TEST(a_client_of_no_known_system_is_a_problem)
{
    fx_write_text("8.3.22.1750/1cv8c", "#!/bin/sh\n");
    exe_write_pe("8.3.22.1751/bin/1cv8c.exe", EXE_PE_ARM64);
    fx_write_text("8.3.22.1752/1cv8c", "");
    fx_expect_found("8.3.22.1750", "? 8.3.22.1750 installed 8.3.22.1750 !");
    fx_expect_found("8.3.22.1751", "? 8.3.22.1751 installed 8.3.22.1751 !");
    fx_expect_found("8.3.22.1752", "? 8.3.22.1752 installed 8.3.22.1752 !");
}
END_TEST

START_TEST(the_slot_comes_from_the_clients_header_not_from_a_folder)
{
    exe_write_elf("8.3.22.1750/windows64/1cv8c", EXE_ELF_386);
    fx_expect_found("8.3.22.1750", "linux32 8.3.22.1750 installed 8.3.22.1750/windows64");
}
END_TEST

START_TEST(a_client_that_cannot_be_read_is_a_problem_that_may_pass)
{
    const apr_array_header_t *sources;

    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    ck_assert_int_eq(chmod(fx_path("8.3.22.1750/bin/1cv8c.exe"), 0), 0);
    fx_obey_permissions();
    sources = fx_found("8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "? 8.3.22.1750 installed 8.3.22.1750 !");
    ck_assert(APR_ARRAY_IDX(sources, 0, cdist_source_t).unread);
}
END_TEST

/* ---- what stays at home ------------------------------------------------------------------------------------------ */

START_TEST(settings_licences_and_logs_stay_at_home_at_every_depth_and_in_any_case)
{
    static const char *const private[] = {
        "conf/conf.cfg",  "bin/conf/conf.cfg",     "bin/Conf.old/CONF/x",    "srvinfo/reg_1541/1CV8Clst.lst",
        "SrvInfo64/x",    "bin/srvinfo_backup/x",  "licenses/a",             "bin/Licences/b",
        "logs/today.txt", "bin/LOG/x",             "bin/20230501000000.LIC", "a.lic",
        "install.log",    "bin/conf.d/de/ep/b.lic", "bin/INSTALL.LOG",        ".lic"};
    int i;

    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_write_text("8.3.22.1750/bin/core83.dll", "x");
    fx_write_text("8.3.22.1750/bin/config.txt", "x");
    fx_write_text("8.3.22.1750/bin/logo.png", "x");
    fx_write_text("8.3.22.1750/bin/licenses.txt", "x");
    fx_write_text("8.3.22.1750/bin/conf.d/x", "x");
    for (i = 0; i < FX_COUNT(private); i++) {
        fx_write_text(apr_pstrcat(fx_pool, "8.3.22.1750/", private[i], NULL), "secret");
    }
    ck_assert_str_eq(files_of("8.3.22.1750"), "bin/1cv8c.exe bin/conf.d/x bin/config.txt bin/core83.dll "
                                              "bin/licenses.txt bin/logo.png");
}
END_TEST

START_TEST(what_stays_at_home_neither_counts_nor_changes_the_signature)
{
    cdist_source_t before, after;

    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_write_text("8.3.22.1750/bin/conf/conf.cfg", "x");
    before = APR_ARRAY_IDX(fx_found("8.3.22.1750"), 0, cdist_source_t);
    fx_write_text("8.3.22.1750/bin/conf/logcfg.xml", "xx");
    fx_append("8.3.22.1750/bin/conf/conf.cfg", "x");
    after = APR_ARRAY_IDX(fx_found("8.3.22.1750"), 0, cdist_source_t);
    ck_assert_int_eq(before.files, 1);
    ck_assert_uint_eq(before.bytes, 0x100);
    ck_assert(cdist_digest_equal(&before.signature, &after.signature));
}
END_TEST

START_TEST(a_distribution_keeps_all_of_its_files)
{
    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/conf/a", "x");
    fx_write_text("8.3.22.1750/licenses/b.lic", "x");
    fx_write_text("8.3.22.1750/install.log", "x");
    ck_assert_int_eq(APR_ARRAY_IDX(fx_found("8.3.22.1750"), 0, cdist_source_t).files, 4);
}
END_TEST

START_TEST(ready_archives_beside_the_platform_are_not_packed_into_it)
{
    exe_write_pe("8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    fx_write_text("8.3.22.1750/distr/windows32tc.zip", "z");
    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    ck_assert_str_eq(files_of("8.3.22.1750"), "bin/1cv8c.exe");
}
END_TEST

/* ---- in a catalogue ---------------------------------------------------------------------------------------------- */

START_TEST(a_root_may_be_the_platform_the_folder_of_versions_or_that_of_architectures)
{
    const char *expected = "linux64 8.3.22.1750 installed opt/x86_64/8.3.22.1750";

    exe_write_elf("opt/x86_64/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("opt/x86_64/8.3.22.1750", NULL))), expected);
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("opt/x86_64", NULL))), expected);
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("opt", NULL))), expected);
    exe_write_elf("opt/i386/8.3.22.1750/1cv8c", EXE_ELF_386);
    fx_write_text("opt/common/x", "x");
    fx_write_text("opt/conf/x", "x");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("opt", NULL))),
                     "linux32 8.3.22.1750 installed opt/i386/8.3.22.1750\n"
                     "linux64 8.3.22.1750 installed opt/x86_64/8.3.22.1750");
    ck_assert_int_eq(fx_scan_settled(fx_roots("opt", NULL))->problems->nelts, 0);
}
END_TEST

START_TEST(a_root_may_be_a_platform_whose_client_tells_the_version)
{
    write_client("program/bin/1cv8c.exe", "8.3.22.1750");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("program", NULL))),
                     "windows64 8.3.22.1750 installed program");
}
END_TEST

START_TEST(a_ready_archive_or_a_distribution_beats_an_installed_platform)
{
    exe_write_pe("one/8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("one", NULL))),
                     "windows64 8.3.22.1750 installed one/8.3.22.1750");
    fx_write_text("two/8.3.22.1750/win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("one", "two"))),
                     "windows64 8.3.22.1750 distribution two/8.3.22.1750/win64");
    fx_write_text("one/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("one", "two"))),
                     "windows64 8.3.22.1750 ready one/8.3.22.1750/distr/windows64tc.zip");
}
END_TEST

static const char *const closed[] = {"root/8.3.22.1750/bin/1cv8c.exe", "root/8.3.22.1750/bin", "root/8.3.22.1750"};

START_TEST(a_platform_that_cannot_be_read_is_not_taken_for_absent)
{
    cdist_current_t unset = {CDIST_CURRENT_UNSET, {{0}, 0}};
    cdist_selector_t selector = {cdist_slot_parse("windows64"), {{0}, 0}};
    const cdist_source_t *source;
    const cdist_catalogue_t *catalogue, *before;

    exe_write_pe("root/8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    before = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(chmod(fx_path(closed[_i]), 0), 0);
    fx_obey_permissions();
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert(cdist_version_parse(&selector.mask, "8.3.22.1750"));
    FX_FAILS(cdist_select(&source, catalogue, &unset, &selector, fx_pool), CDIST_E_SOURCE);
    catalogue = fx_scan(fx_roots("root", NULL), before);
    FX_OK(cdist_select(&source, catalogue, &unset, &selector, fx_pool));
    ck_assert_str_eq(source->path, fx_path("root/8.3.22.1750"));
}
END_TEST

START_TEST(an_architectures_folder_that_cannot_be_read_counts_like_a_root)
{
    const cdist_catalogue_t *catalogue;

    exe_write_elf("opt/x86_64/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    exe_write_elf("opt/i386/8.3.22.1704/1cv8c", EXE_ELF_386);
    ck_assert_int_eq(chmod(fx_path("opt/x86_64"), 0), 0);
    fx_obey_permissions();
    catalogue = fx_scan_settled(fx_roots("opt", NULL));
    ck_assert_int_eq(catalogue->releases->nelts, 1);
    ck_assert_int_eq(catalogue->unreadable->nelts, 1);
    ck_assert_int_eq(catalogue->problems->nelts, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("installed");
    TCase *tcase = fx_case(suite, "installed", 20);

    tcase_add_test(tcase, each_systems_layout_is_recognised);
    tcase_add_test(tcase, a_release_folder_may_hold_installed_platforms_of_several_slots);
    tcase_add_test(tcase, a_server_without_a_client_is_no_installed_platform);
    tcase_add_test(tcase, a_client_that_is_no_plain_file_makes_no_installed_platform);
    tcase_add_test(tcase, setup_exe_beside_bin_makes_it_a_distribution);
    tcase_add_test(tcase, an_installed_platform_holds_no_installer);
    tcase_add_test(tcase, installed_platforms_that_are_not_wanted_are_recognised_and_not_added);
    tcase_add_test(tcase, an_installed_platform_that_is_not_wanted_is_not_packed_into_a_distribution_either);
    tcase_add_test(tcase, the_version_resource_tells_the_version_where_no_folder_does);
    tcase_add_test(tcase, folder_and_client_that_disagree_are_a_problem);
    tcase_add_test(tcase, an_old_linux_platform_without_a_version_is_a_problem_that_says_what_to_do);
    tcase_add_test(tcase, a_client_of_no_known_system_is_a_problem);
    tcase_add_test(tcase, the_slot_comes_from_the_clients_header_not_from_a_folder);
    tcase_add_test(tcase, a_client_that_cannot_be_read_is_a_problem_that_may_pass);
    tcase_add_test(tcase, settings_licences_and_logs_stay_at_home_at_every_depth_and_in_any_case);
    tcase_add_test(tcase, what_stays_at_home_neither_counts_nor_changes_the_signature);
    tcase_add_test(tcase, a_distribution_keeps_all_of_its_files);
    tcase_add_test(tcase, ready_archives_beside_the_platform_are_not_packed_into_it);
    tcase_add_test(tcase, a_root_may_be_the_platform_the_folder_of_versions_or_that_of_architectures);
    tcase_add_test(tcase, a_root_may_be_a_platform_whose_client_tells_the_version);
    tcase_add_test(tcase, a_ready_archive_or_a_distribution_beats_an_installed_platform);
    tcase_add_loop_test(tcase, a_platform_that_cannot_be_read_is_not_taken_for_absent, 0, FX_COUNT(closed));
    tcase_add_test(tcase, an_architectures_folder_that_cannot_be_read_counts_like_a_root);
    return suite;
}
