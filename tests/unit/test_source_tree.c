/* What release folders hold. */
#include "exe_maker.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

/* ---- layouts --------------------------------------------------------------------------------------------------- */

START_TEST(ready_archives_lie_in_distr_or_in_the_release_folder)
{
    fx_write_text("8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("8.3.22.1750/distr/readme.txt", "z");
    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    fx_expect_found("8.3.22.1750", "linux64 8.3.22.1750 ready 8.3.22.1750/linux64tc.zip\n"
                                   "windows64 8.3.22.1750 ready 8.3.22.1750/distr/windows64tc.zip");
}
END_TEST

START_TEST(a_release_folder_may_be_one_distribution)
{
    apr_array_header_t *sources;
    const cdist_source_t *source;

    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    exe_write_pe("8.3.22.1750/setup.exe", EXE_PE_I386);
    fx_write_text("8.3.22.1750/data/" FX_PACKAGE64, "m");
    sources = fx_found("8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "windows64 8.3.22.1750 distribution 8.3.22.1750");
    source = &APR_ARRAY_IDX(sources, 0, cdist_source_t);
    ck_assert_int_eq(source->files, 3);
    ck_assert_uint_eq(source->bytes, strlen(FX_INI("8.3.22.1750", FX_PACKAGE64)) + 0x100 + 1);
    ck_assert_ptr_null(source->skip);
}
END_TEST

START_TEST(a_release_folder_may_hold_a_folder_for_each_slot)
{
    fx_write_text("8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/Win32/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE32));
    fx_write_text("8.3.22.1750/linux64/setup-thin-8.3.22.1750-x86_64.run", "r");
    fx_write_text("8.3.22.1750/macos/client.dmg", "d");
    fx_write_text("8.3.22.1750/docs/readme.txt", "t");
    fx_expect_found("8.3.22.1750", "windows32 8.3.22.1750 distribution 8.3.22.1750/Win32\n"
                                   "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64\n"
                                   "linux64 8.3.22.1750 distribution 8.3.22.1750/linux64\n"
                                   "macos64 8.3.22.1750 distribution 8.3.22.1750/macos");
}
END_TEST

START_TEST(an_unpacked_download_is_a_release_folder)
{
    fx_write_text("setuptc64_8_3_27_2342/Setup.ini", FX_INI("8.3.27.2342", FX_PACKAGE64));
    fx_write_text("setuptc64_8_3_27_2342/setup.exe", "x");
    fx_expect_found("setuptc64_8_3_27_2342", "windows64 8.3.27.2342 distribution setuptc64_8_3_27_2342");
}
END_TEST

START_TEST(what_belongs_to_other_sources_is_left_out_of_a_distribution)
{
    apr_array_header_t *sources;
    const cdist_source_t *source;

    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    fx_write_text("8.3.22.1750/Win32/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE32));
    fx_write_text("8.3.22.1750/distr/macOS64tc.zip", "z");
    fx_write_text("8.3.22.1750/data/f", "12345");
    sources = fx_found("8.3.22.1750");
    ck_assert_int_eq(sources->nelts, 4);
    source = &APR_ARRAY_IDX(sources, 3, cdist_source_t);
    ck_assert_str_eq(source->slot->name, "windows64");
    ck_assert_int_eq(source->files, 2);
    ck_assert_int_eq(source->skip->nelts, 3);
}
END_TEST

START_TEST(a_folder_without_anything_of_ours_adds_nothing)
{
    fx_write_text("photos/a.jpg", "x");
    fx_write_text("photos/sub/b.txt", "x");
    ck_assert_int_eq(fx_found("photos")->nelts, 0);
}
END_TEST

/* ---- version and slot ------------------------------------------------------------------------------------------ */

START_TEST(setup_ini_names_the_version_where_the_folder_does_not)
{
    fx_write_text("thin/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE32));
    fx_expect_found("thin", "windows32 8.3.22.1750 distribution thin");
}
END_TEST

START_TEST(setup_ini_may_be_utf_16)
{
    static const char text[] = FX_INI("8.3.22.1750", FX_PACKAGE64);
    char wide[2 + 2 * sizeof text] = "\xFF\xFE";
    size_t i;

    for (i = 0; i + 1 < sizeof text; i++) {
        wide[2 + 2 * i] = text[i];
        wide[3 + 2 * i] = 0;
    }
    fx_write("thin/setup.INI", wide, 2 * sizeof text);
    fx_expect_found("thin", "windows64 8.3.22.1750 distribution thin");
}
END_TEST

START_TEST(another_version_in_setup_ini_is_a_problem)
{
    apr_array_header_t *sources;
    const char *problem;

    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1923", FX_PACKAGE64));
    sources = fx_found("8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "windows64 8.3.22.1750 distribution 8.3.22.1750 !");
    problem = APR_ARRAY_IDX(sources, 0, cdist_source_t).problem;
    ck_assert_ptr_nonnull(strstr(problem, "8.3.22.1923"));
    ck_assert_ptr_nonnull(strstr(problem, "8.3.22.1750"));
}
END_TEST

START_TEST(a_source_without_a_version_is_a_problem)
{
    fx_write_text("thin/setup.exe", "x");
    fx_write_text("ready/windows64tc.zip", "x");
    ck_assert_int_eq(fx_found("thin")->nelts, 1);
    ck_assert_ptr_nonnull(APR_ARRAY_IDX(fx_found("thin"), 0, cdist_source_t).problem);
    fx_expect_found("ready", "windows64  ready ready/windows64tc.zip !");
}
END_TEST

START_TEST(the_slot_comes_from_the_name_then_the_package_then_the_installer_then_its_header)
{
    exe_write_pe("8.3.22.1/setup.exe", EXE_PE_I386);
    fx_write_text("8.3.22.2/win64/Setup.ini", FX_INI("8.3.22.2", FX_PACKAGE32));
    fx_write_text("8.3.22.3/x/Client (x86-64).msi", "m");
    fx_write_text("8.3.22.4/x/client.pkg", "p");
    exe_write_pe("8.3.22.5/x/setup.exe", EXE_PE_AMD64);
    fx_write_text("8.3.22.6/x/setup.exe", "not a program");
    fx_expect_found("8.3.22.1", "windows32 8.3.22.1 distribution 8.3.22.1");
    fx_expect_found("8.3.22.2", "windows64 8.3.22.2 distribution 8.3.22.2/win64");
    fx_expect_found("8.3.22.3", "windows64 8.3.22.3 distribution 8.3.22.3/x");
    fx_expect_found("8.3.22.4", "macos64 8.3.22.4 distribution 8.3.22.4/x");
    fx_expect_found("8.3.22.5", "windows64 8.3.22.5 distribution 8.3.22.5/x");
    fx_expect_found("8.3.22.6", "? 8.3.22.6 distribution 8.3.22.6/x !");
}
END_TEST

START_TEST(a_distribution_with_an_unsafe_name_is_a_problem)
{
    fx_write_text("8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/Win64/a\\b", "x");
    fx_expect_found("8.3.22.1750", "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64 !");
}
END_TEST

START_TEST(a_setup_ini_that_is_a_link_is_not_read)
{
    fx_write_text("elsewhere.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_link("../elsewhere.ini", "thin/Setup.ini");
    fx_write_text("thin/setup.exe", "x");
    ck_assert_ptr_nonnull(APR_ARRAY_IDX(fx_found("thin"), 0, cdist_source_t).problem);
    ck_assert_int_eq(APR_ARRAY_IDX(fx_found("thin"), 0, cdist_source_t).version.count, 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    apr_array_header_t *sources = apr_array_make(fx_pool, 4, sizeof(cdist_source_t));

    FX_FAILS(cdist_source_scan(sources, &fx_recognised, fx_lookup(), NULL, fx_path("none"), "none", fx_pool), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_slot_folder_that_cannot_be_read_is_a_problem_of_that_slot)
{
    fx_write_text("8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/Win32/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE32));
    ck_assert_int_eq(chmod(fx_path("8.3.22.1750/Win64"), 0), 0);
    fx_obey_permissions();
    fx_expect_found("8.3.22.1750", "windows32 8.3.22.1750 distribution 8.3.22.1750/Win32\n"
                                   "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64 !");
}
END_TEST

START_TEST(a_job_carries_what_the_source_is)
{
    apr_array_header_t *sources;
    cdist_job_t job, other;

    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    sources = fx_found("8.3.22.1750");
    cdist_source_job(&job, &APR_ARRAY_IDX(sources, 0, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    cdist_source_job(&other, &APR_ARRAY_IDX(sources, 1, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    ck_assert_int_eq(job.ready, 1);
    ck_assert_uint_eq(job.stat.bytes, 1);
    ck_assert_str_eq(job.label, "linux64 8.3.22.1750");
    ck_assert_int_eq(other.ready, 0);
    ck_assert_int_eq(other.level, 6);
    ck_assert_int_eq(other.threads, 2);
    ck_assert_int_eq(other.skip->nelts, 1);
    ck_assert(!cdist_digest_equal(&job.key, &other.key));
}
END_TEST

/* ---- components ------------------------------------------------------------------------------------------------ */

static cdist_lookup_t *with_modules(void)
{
    cdist_lookup_t *lookup = fx_lookup();

    fx_add_component(lookup, "modules");
    return lookup;
}

START_TEST(a_component_lies_in_the_release_as_a_folder_or_an_archive_or_under_distr)
{
    fx_write_text("8.3.22.1/Modules/a", "x");
    fx_write_text("8.3.22.2/MODULES.zip", "z");
    fx_write_text("8.3.22.3/distr/modules.ZIP", "z");
    fx_write_text("8.3.22.4/win64/modules.zip", "z");
    fx_expect_sources(with_modules(), "8.3.22.1", "modules 8.3.22.1 distribution 8.3.22.1/Modules");
    ck_assert(fx_recognised);
    fx_expect_sources(with_modules(), "8.3.22.2", "modules 8.3.22.2 ready 8.3.22.2/MODULES.zip");
    fx_expect_sources(with_modules(), "8.3.22.3", "modules 8.3.22.3 ready 8.3.22.3/distr/modules.ZIP");
    fx_expect_sources(with_modules(), "8.3.22.4", "modules 8.3.22.4 ready 8.3.22.4/win64/modules.zip");
}
END_TEST

START_TEST(a_component_that_nobody_declared_is_not_there)
{
    fx_write_text("8.3.22.1/modules/a", "x");
    fx_write_text("8.3.22.1/modules.zip", "z");
    fx_write_text("8.3.22.1/distr/modules.zip", "z");
    ck_assert_int_eq(fx_found("8.3.22.1")->nelts, 0);
    ck_assert(!fx_recognised);
}
END_TEST

START_TEST(a_components_folder_is_packed_as_it_is_whatever_lies_in_it)
{
    const apr_array_header_t *sources;

    fx_write_text("8.3.22.1750/modules/Setup.ini", FX_INI("8.5.1.1", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/modules/windows64tc.zip", "z");
    fx_write_text("8.3.22.1750/modules/modules.zip", "z");
    exe_write_pe("8.3.22.1750/modules/1cv8c.exe", EXE_PE_AMD64);
    fx_write_text("8.3.22.1750/modules/conf/a.lic", "x");
    sources = fx_sources(with_modules(), "8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "modules 8.3.22.1750 distribution 8.3.22.1750/modules");
    ck_assert_int_eq(APR_ARRAY_IDX(sources, 0, cdist_source_t).files, 5);
    ck_assert_ptr_null(APR_ARRAY_IDX(sources, 0, cdist_source_t).skip);
}
END_TEST

START_TEST(a_component_with_numbers_in_its_name_tells_no_version)
{
    cdist_lookup_t *lookup = fx_lookup();

    fx_add_component(lookup, "db-1_2_3_4");
    fx_write_text("8.3.22.1750/db-1_2_3_4/a", "x");
    fx_expect_sources(lookup, "8.3.22.1750", "db-1_2_3_4 8.3.22.1750 distribution 8.3.22.1750/db-1_2_3_4");
}
END_TEST

START_TEST(a_components_ready_archive_may_hold_anything_whatever_versions_it_names)
{
    apr_array_header_t *sources;
    cdist_job_t job;

    fx_write_text("8.3.22.1750/distr/modules.zip", "z");
    fx_write_text("8.3.22.1750/distr/windows64tc.zip", "z");
    sources = fx_sources(with_modules(), "8.3.22.1750");
    cdist_source_job(&job, &APR_ARRAY_IDX(sources, 0, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    ck_assert_int_eq(job.version.count, 0);
    ck_assert_str_eq(job.label, "modules 8.3.22.1750");
    cdist_source_job(&job, &APR_ARRAY_IDX(sources, 1, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    ck_assert_int_eq(job.version.count, CDIST_VERSION_PARTS);
}
END_TEST

START_TEST(an_empty_component_is_a_problem)
{
    fx_make_folder("8.3.22.1750/modules");
    fx_expect_sources(with_modules(), "8.3.22.1750", "modules 8.3.22.1750 distribution 8.3.22.1750/modules !");
}
END_TEST

START_TEST(a_component_is_left_out_of_the_distribution_or_platform_that_it_lies_in)
{
    const apr_array_header_t *sources;

    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("8.3.22.1750/modules/a", "x");
    fx_write_text("8.3.22.1750/data/b", "x");
    exe_write_elf("8.3.22.1751/1cv8c", EXE_ELF_X86_64);
    fx_write_text("8.3.22.1751/modules/a", "x");
    sources = fx_sources(with_modules(), "8.3.22.1750");
    ck_assert_str_eq(fx_list(sources), "modules 8.3.22.1750 distribution 8.3.22.1750/modules\n"
                                       "windows64 8.3.22.1750 distribution 8.3.22.1750");
    ck_assert_int_eq(APR_ARRAY_IDX(sources, 1, cdist_source_t).files, 2);
    sources = fx_sources(with_modules(), "8.3.22.1751");
    ck_assert_int_eq(APR_ARRAY_IDX(sources, 1, cdist_source_t).files, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(fx_found("8.3.22.1751"), 0, cdist_source_t).files, 2);
}
END_TEST

/* ---- layouts of archives ----------------------------------------------------------------------------------------- */

START_TEST(the_layout_changes_the_archives_names_and_key_but_not_a_ready_archives)
{
    apr_array_header_t *sources;
    cdist_job_t flat, folder;

    fx_write_text("8.3.22.1750/distr/linux64tc.zip", "z");
    fx_write_text("8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    sources = fx_found("8.3.22.1750");
    cdist_source_job(&flat, &APR_ARRAY_IDX(sources, 1, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    cdist_source_job(&folder, &APR_ARRAY_IDX(sources, 1, cdist_source_t), CDIST_LAYOUT_FOLDER, 6, 2, fx_pool);
    ck_assert_ptr_null(flat.top);
    ck_assert_str_eq(folder.top, "windows64-8.3.22.1750/");
    ck_assert(!cdist_digest_equal(&flat.key, &folder.key));
    cdist_source_job(&flat, &APR_ARRAY_IDX(sources, 0, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    cdist_source_job(&folder, &APR_ARRAY_IDX(sources, 0, cdist_source_t), CDIST_LAYOUT_FOLDER, 6, 2, fx_pool);
    ck_assert(cdist_digest_equal(&flat.key, &folder.key));
}
END_TEST

START_TEST(the_folder_of_an_archive_is_a_release_folder_where_it_is_unpacked)
{
    const cdist_slot_t *slot;

    for (slot = cdist_slots; slot->name; slot++) {
        const char *name = apr_pstrcat(fx_pool, slot->name, "-8.3.22.1750", NULL);

        fx_write_text(apr_pstrcat(fx_pool, name, "/setup.exe", NULL), "x");
        fx_expect_found(name, apr_pstrcat(fx_pool, slot->name, " 8.3.22.1750 distribution ", name, NULL));
    }
}
END_TEST

START_TEST(the_folder_of_a_components_archive_is_a_release_folder_too)
{
    fx_write_text("modules-8.3.22.1750/a", "x");
    fx_expect_sources(with_modules(), "modules-8.3.22.1750", "modules 8.3.22.1750 distribution modules-8.3.22.1750");
    ck_assert_int_eq(fx_found("modules-8.3.22.1750")->nelts, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("source_tree");
    TCase *tcase = fx_case(suite, "source_tree", 20);

    tcase_add_test(tcase, ready_archives_lie_in_distr_or_in_the_release_folder);
    tcase_add_test(tcase, a_release_folder_may_be_one_distribution);
    tcase_add_test(tcase, a_release_folder_may_hold_a_folder_for_each_slot);
    tcase_add_test(tcase, an_unpacked_download_is_a_release_folder);
    tcase_add_test(tcase, what_belongs_to_other_sources_is_left_out_of_a_distribution);
    tcase_add_test(tcase, a_folder_without_anything_of_ours_adds_nothing);
    tcase_add_test(tcase, setup_ini_names_the_version_where_the_folder_does_not);
    tcase_add_test(tcase, setup_ini_may_be_utf_16);
    tcase_add_test(tcase, another_version_in_setup_ini_is_a_problem);
    tcase_add_test(tcase, a_source_without_a_version_is_a_problem);
    tcase_add_test(tcase, the_slot_comes_from_the_name_then_the_package_then_the_installer_then_its_header);
    tcase_add_test(tcase, a_distribution_with_an_unsafe_name_is_a_problem);
    tcase_add_test(tcase, a_setup_ini_that_is_a_link_is_not_read);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_an_error);
    tcase_add_test(tcase, a_slot_folder_that_cannot_be_read_is_a_problem_of_that_slot);
    tcase_add_test(tcase, a_job_carries_what_the_source_is);
    tcase_add_test(tcase, a_component_lies_in_the_release_as_a_folder_or_an_archive_or_under_distr);
    tcase_add_test(tcase, a_component_that_nobody_declared_is_not_there);
    tcase_add_test(tcase, a_components_folder_is_packed_as_it_is_whatever_lies_in_it);
    tcase_add_test(tcase, a_component_with_numbers_in_its_name_tells_no_version);
    tcase_add_test(tcase, a_components_ready_archive_may_hold_anything_whatever_versions_it_names);
    tcase_add_test(tcase, an_empty_component_is_a_problem);
    tcase_add_test(tcase, a_component_is_left_out_of_the_distribution_or_platform_that_it_lies_in);
    tcase_add_test(tcase, the_layout_changes_the_archives_names_and_key_but_not_a_ready_archives);
    tcase_add_test(tcase, the_folder_of_an_archive_is_a_release_folder_where_it_is_unpacked);
    tcase_add_test(tcase, the_folder_of_a_components_archive_is_a_release_folder_too);
    return suite;
}
