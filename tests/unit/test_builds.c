/* Builds of the platform in folders: how installed ones and distributions are recognised. */
#include "exe_maker.h"
#include "launcher_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define INI(version) "[Startup]\r\nProductVersion=" version "\r\n"

static const char *installed(const char *folder)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    FX_OK(cdist_launcher_add_installed(launcher, fx_path(folder), 0));
    return apr_pstrcat(fx_pool, fx_builds_list(launcher), launcher->notes->nelts ? "!" : "", NULL);
}

static const char *distributive(const char *folder)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    FX_OK(cdist_launcher_add_distributive(launcher, fx_path(folder), 1));
    return fx_builds_list(launcher);
}

START_TEST(an_installation_root_is_understood_as_windows_and_linux_lay_it_out)
{
    exe_write_pe("w/8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    exe_write_pe("w/8.3.22.1750/bin/1cv8.exe", EXE_PE_AMD64);
    fx_make_folder("w/common");
    fx_make_folder("w/conf");
    exe_write_elf("l/x86_64/8.3.25.1394/1cv8c", EXE_ELF_X86_64);
    exe_write_elf("l/i386/8.3.25.1394/1cv8", EXE_ELF_386);
    exe_write_elf("a/8.3.25.1394/1cv8c", EXE_ELF_AARCH64);
    fx_write_text("p/1cv8_x86/8.3.25.1394/bin/1CV8C.EXE", "x");
    ck_assert_str_eq(installed("w"), "i 8.3.22.1750 x86_64 tk w/8.3.22.1750");
    ck_assert_ptr_nonnull(strstr(installed("l"), "i 8.3.25.1394 x86_64 t l/x86_64/8.3.25.1394"));
    ck_assert_ptr_nonnull(strstr(installed("l"), "i 8.3.25.1394 x86 k l/i386/8.3.25.1394"));
    ck_assert_str_eq(installed("l/x86_64"), "i 8.3.25.1394 x86_64 t l/x86_64/8.3.25.1394");
    ck_assert_str_eq(installed("a"), "i 8.3.25.1394 arm64 t a/8.3.25.1394");
    ck_assert_str_eq(installed("p"), "i 8.3.25.1394 x86 t p/1cv8_x86/8.3.25.1394");
}
END_TEST

START_TEST(one_version_folder_is_a_root_too)
{
    fx_write_text("8.3.22.1750/1cv8c", "x");
    ck_assert_str_eq(installed("8.3.22.1750"), "i 8.3.22.1750 - t 8.3.22.1750");
    ck_assert_str_eq(installed("8.3.22.1750/"), "i 8.3.22.1750 - t 8.3.22.1750/");
}
END_TEST

START_TEST(a_folder_that_tells_no_version_is_asked_for_its_program)
{
    pe_item_t item = {.file = "8.3.22.1750", .product = "8.3.22.1750"};

    pe_write("root/current/bin/1cv8c.exe", &item);
    exe_write_elf("old/1cv8c", EXE_ELF_X86_64);
    ck_assert_str_eq(installed("root"), "i 8.3.22.1750 x86_64 t root/current");
    ck_assert_str_eq(installed("root/current"), "i 8.3.22.1750 x86_64 t root/current");
    ck_assert_str_eq(installed("old"), "!");
}
END_TEST

START_TEST(what_is_no_program_is_none)
{
    fx_make_folder("r/8.3.22.1/bin/1cv8c.exe");
    fx_write_text("elsewhere", "x");
    fx_make_folder("r/8.3.22.2");
    fx_link("../../elsewhere", "r/8.3.22.2/1cv8c");
    fx_write_text("r/8.3.22.3/bin/1cv8s.exe", "x");
    fx_write_text("r/.8.3.22.4/bin/1cv8c.exe", "x");
    fx_write_text("other/8.3.22.5/1cv8c", "x");
    ck_assert_str_eq(installed("r/8.3.22.1"), "i 8.3.22.1 -  r/8.3.22.1");
    ck_assert_ptr_null(strstr(installed("r"), " t "));
    ck_assert_ptr_null(strstr(installed("r"), "8.3.22.4"));
    fx_link("../other/8.3.22.5", "r/8.3.22.5");
    ck_assert_ptr_nonnull(strchr(installed("r"), '!'));
    ck_assert_ptr_null(strstr(installed("r"), "8.3.22.5"));
}
END_TEST

START_TEST(a_missing_root_is_an_error)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);

    FX_FAILS(cdist_launcher_add_installed(launcher, fx_path("missing"), 0), CDIST_E_SOURCE);
    FX_FAILS(cdist_launcher_add_distributive(launcher, fx_path("missing"), 0), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_deployment_share_is_understood_with_what_its_installers_bring)
{
    fx_write_text("s/8.3.18.100/Win64/Setup.ini", INI("8.3.18.100") "PackageName=1CEnterprise 8 (x86-64).msi\r\n");
    fx_write_text("s/8.3.18.100/Win64/setup.exe", "x");
    fx_write_text("s/8.3.18.100/Win32/Setup.ini", INI("8.3.18.100") "PackageName=1CEnterprise 8 Thin client.msi\r\n");
    fx_write_text("s/8.3.18.100/Win32/setup.exe", "x");
    fx_write_text("s/8.3.18.100/Lin64/setup-full-8.3.18.100-x86_64.run", "x");
    fx_write_text("z/8.3.22.1750/distr/windows64tc.zip", "x");
    fx_write_text("t/setuptc64_8_3_27_2342/Setup.ini", INI("8.3.27.2342"));
    ck_assert_str_eq(distributive("s"), "d 8.3.18.100 x86 ts s/8.3.18.100/Win32\n"
                                        "d 8.3.18.100 x86_64 tks s/8.3.18.100/Win64\n"
                                        "d 8.3.18.100 x86_64 tks s/8.3.18.100/Lin64");
    ck_assert_str_eq(distributive("s/8.3.18.100"), distributive("s"));
    ck_assert_str_eq(distributive("z"), "d 8.3.22.1750 x86_64 ts z/8.3.22.1750/distr/windows64tc.zip");
    ck_assert_str_eq(distributive("t"), "d 8.3.27.2342 x86_64 ts t/setuptc64_8_3_27_2342");
}
END_TEST

START_TEST(a_distribution_that_tells_no_architecture_is_one_all_the_same)
{
    fx_write_text("s/8.3.18.100/Setup.ini", INI("8.3.18.100"));
    fx_write_text("s/8.3.18.100/setup.exe", "x");
    fx_write_text("s/8.3.18.200/setup.exe", "x");
    fx_write_text("s/8.3.18.300/Setup.ini", INI("8.3.18.301"));
    fx_write_text("s/8.3.18.400/readme", "x");
    ck_assert_ptr_nonnull(strstr(distributive("s"), "d 8.3.18.100 - tks s/8.3.18.100"));
    ck_assert_ptr_nonnull(strstr(distributive("s"), "d 8.3.18.200 - tks s/8.3.18.200"));
    ck_assert_ptr_null(strstr(distributive("s"), "8.3.18.300"));
    ck_assert_ptr_null(strstr(distributive("s"), "8.3.18.400"));
}
END_TEST

START_TEST(a_legacy_folder_is_named_by_the_caller)
{
    cdist_launcher_t *launcher = cdist_launcher_create(fx_pool);
    pe_item_t item = {.file = "8.1.15.14", .product = "8.1.15.14", .machine = EXE_PE_I386};

    pe_write("1cv81/bin/1cv8.exe", &item);
    fx_write_text("other/bin/1cv8.exe", "x");
    fx_make_folder("empty");
    FX_OK(cdist_launcher_add_legacy(launcher, "8.1", fx_path("1cv81")));
    FX_OK(cdist_launcher_add_legacy(launcher, "8.0", fx_path("other")));
    ck_assert_str_eq(fx_builds_list(launcher), "i 8.1.15.14 x86 k 1cv81\ni 8.0 - k other");
    fx_write_text("old/8.1.8.73/bin/1cv8.exe", "x");
    fx_write_text("old/8.2.19.130/bin/1cv8.exe", "x");
    FX_OK(cdist_launcher_add_legacy(launcher, "8.1", fx_path("old")));
    ck_assert_str_eq(fx_builds_list(launcher), "i 8.1.15.14 x86 k 1cv81\ni 8.0 - k other\ni 8.1.8.73 - k old/8.1.8.73");
    ck_assert_int_eq(APR_ARRAY_IDX(launcher->builds, 2, cdist_build_t).legacy, 1);
    FX_FAILS(cdist_launcher_add_legacy(launcher, "8.2", fx_path("1cv81")), CDIST_E_INPUT);
    FX_FAILS(cdist_launcher_add_legacy(launcher, "8.1.15", fx_path("1cv81")), CDIST_E_INPUT);
    FX_FAILS(cdist_launcher_add_legacy(launcher, "8.1", fx_path("empty")), CDIST_E_NOTFOUND);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("builds");
    TCase *tcase = fx_case(suite, "builds", 20);

    tcase_add_test(tcase, an_installation_root_is_understood_as_windows_and_linux_lay_it_out);
    tcase_add_test(tcase, one_version_folder_is_a_root_too);
    tcase_add_test(tcase, a_folder_that_tells_no_version_is_asked_for_its_program);
    tcase_add_test(tcase, what_is_no_program_is_none);
    tcase_add_test(tcase, a_missing_root_is_an_error);
    tcase_add_test(tcase, a_deployment_share_is_understood_with_what_its_installers_bring);
    tcase_add_test(tcase, a_distribution_that_tells_no_architecture_is_one_all_the_same);
    tcase_add_test(tcase, a_legacy_folder_is_named_by_the_caller);
    return suite;
}
