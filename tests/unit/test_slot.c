/* Slots, their names, and the headers of executables. */
#include "fixture.h"
#include "platform/cdist_platform.h"

#include <apr_strings.h>

#include <string.h>

static const struct {
    const char *name, *slot; /* NULL: none */
} names[] = {
    {"windows32", "windows32"}, {"Windows32", "windows32"}, {"WIN32", "windows32"}, {"win-x86", "windows32"},
    {"windows_x86", "windows32"}, {"win i386", "windows32"}, {"x86", "windows32"}, {"32", "windows32"},
    {"i686", "windows32"},
    {"win.i586", "windows32"}, {"ia32", "windows32"},
    {"windows64", "windows64"}, {"Win64", "windows64"}, {"win-x64", "windows64"}, {"windows-x86-64", "windows64"},
    {"windows_x86_64", "windows64"}, {"WindowsAMD64", "windows64"}, {"x64", "windows64"}, {"64", "windows64"},
    {"x86_64", "windows64"}, {"amd64", "windows64"},
    {"linux32", "linux32"}, {"lin32", "linux32"}, {"linux-i386", "linux32"}, {"linux_x86", "linux32"},
    {"Linux-i686", "linux32"},
    {"linux64", "linux64"}, {"lin64", "linux64"}, {"linux_x86_64", "linux64"}, {"LINUX-AMD64", "linux64"},
    {"linux-x64", "linux64"},
    {"macos64", "macos64"}, {"macOS", "macos64"}, {"mac", "macos64"}, {"osx", "macos64"}, {"OSX64", "macos64"},
    {"darwin", "macos64"}, {"mac_x86_64", "macos64"}, {"macos-x64", "macos64"},
    {"linux-arm64", "linux-arm64"}, {"linux_aarch64", "linux-arm64"}, {"linux-arm", "linux-arm64"},
    {"LinuxARM64", "linux-arm64"},
    {"linux-e2k", "linux-e2k"}, {"linux_e2k_8c", "linux-e2k"},
    {"", NULL}, {"-", NULL}, {"windows", NULL}, {"linux", NULL}, {"win", NULL}, {"windows16", NULL},
    {"windows640", NULL},
    {"windows64x", NULL}, {"xwindows64", NULL}, {"android", NULL}, {"mac32", NULL}, {"macos-arm64", NULL},
    {"windows-arm64", NULL},
    {"arm64", NULL}, {"e2k", NULL}, {"freebsd64", NULL}, {"linux128", NULL}, {"server64", NULL}, {"windows/64", NULL},
    {"windows64windows64windows64windows64windows64", NULL}, {"8.3.22.1750", NULL}};

static void check_slot(const cdist_slot_t *slot, const char *expected, const char *name)
{
    if (expected) {
        ck_assert_msg(slot != NULL, "\"%s\" is not known", name);
        ck_assert_str_eq(slot->name, expected);
    } else {
        ck_assert_msg(slot == NULL, "\"%s\" is taken for %s", name, slot ? slot->name : "");
    }
}

START_TEST(a_slot_is_known_by_its_name_and_synonyms_in_any_case)
{
    check_slot(cdist_slot_parse(names[_i].name), names[_i].slot, names[_i].name);
}
END_TEST

static const struct {
    const char *file, *slot;
} files[] = {{"windows64tc.zip", "windows64"}, {"Windows64TC.ZIP", "windows64"}, {"windows64.zip", "windows64"},
             {"Win64tc.zip", "windows64"},     {"win32.zip", "windows32"},       {"linux32tc.zip", "linux32"},
             {"LINUX64TC.zip", "linux64"},     {"linux_x86_64.zip", "linux64"},  {"macOS64tc.zip", "macos64"},
             {"macos64tc.zip", "macos64"},     {"macOS.zip", "macos64"},         {"linux-arm64.zip", "linux-arm64"},
             {"linux-arm64tc.zip", "linux-arm64"}, {"linux-e2k.zip", "linux-e2k"},
             {"", NULL}, {".zip", NULL}, {"tc.zip", NULL}, {"zip", NULL}, {"windows64tc", NULL},
             {"windows64tc.zip.zip", NULL},
             {"windows64tc.zip ", NULL}, {"windows64tc.tar", NULL}, {"windows64tctc.zip", NULL},
             {"windows64tc.zip/", NULL},
             {"../windows64tc.zip", NULL}, {"readme.zip", NULL}, {"windowstc.zip", NULL},
             {"a-name-that-is-much-too-long-for-any-slot-of-ours-windows64tc.zip", NULL}};

START_TEST(a_slot_is_known_by_its_file_name)
{
    check_slot(cdist_slot_parse_file(files[_i].file, NULL), files[_i].slot, files[_i].file);
}
END_TEST

START_TEST(every_slot_answers_to_its_own_name_and_file)
{
    const cdist_slot_t *slot;
    int count = 0;

    for (slot = cdist_slots; slot->name; slot++, count++) {
        ck_assert_ptr_eq(cdist_slot_parse(slot->name), slot);
        ck_assert_ptr_eq(cdist_slot_parse_file(slot->file, NULL), slot);
    }
    ck_assert_int_eq(count, 7);
}
END_TEST

static const struct {
    const char *name, *slot;
} vendor[] = {{"setuptc64_8_3_27_2342", "windows64"}, {"setuptc_8_3_27_2342", "windows32"},
              {"SetupTC64_8_3_27_2342", "windows64"},
              {"thin.client64_8_3_27_2342", "linux64"}, {"thin.client32_8_3_27_2342", "linux32"},
              {"thin.client.deb64_8_3_27_2342", "linux64"}, {"thin.client.rpm64_8_3_27_2342", "linux64"},
              {"thin.client.rpm32_8_3_27_2342", "linux32"}, {"thin.client.arm.deb64_8_3_27_2342", "linux-arm64"},
              {"thin.client.e2k.deb64_8_3_27_2342", "linux-e2k"}, {"macos.thin.client_8_3_27_2342", "macos64"},
              {"thin.osx64_8_3_27_2342", "macos64"}, {"setup-thin-8.3.25.1286-x86_64.run", "linux64"},
              {"setup-thin-8.3.25.1286-i386", "linux32"}, {"setup-full-8.3.25.1286-x86_64", "linux64"},
              {"windows64_8.3.22.1750", "windows64"}, {"8.3.22.1750-linux64", "linux64"}, {"Win64", "windows64"},
              {"setuptc64_8_3_27", "windows64"}, {"setuptc_8_3_27", "windows32"}, {"setuptc_8.3.27.2342_x86", "windows32"},
              {"setuptc_8.3.27.2342_x86-64", "windows64"}, {"setuptcx64_8_3_27_2342", "windows64"},
              {"macos.thin.client.arm64_8_3_27_2342", "macos64"}, {"thin.client.arm64_8_3_27_2342", "linux-arm64"},
              /* For what nobody knows, rather than for something near it. */
              {"setuptcarm64_8_3_27_2342", NULL}, {"setuptc_arm64_8_3_27_2342", NULL}, {"setuptc_8.3.27.2342_aarch64", NULL},
              {"setuptc64_arm64_8_3_27_2342", NULL}, {"setuptcserver_8_3_27_2342", NULL},
              {"thin.client64_e2k_8_3_27_2342", NULL},
              {"8.3.22.1750", NULL}, {"distr", NULL}, {"docs", NULL}, {"", NULL}};

START_TEST(a_slot_is_found_in_the_vendors_names)
{
    check_slot(cdist_slot_find(vendor[_i].name, NULL, fx_pool), vendor[_i].slot, vendor[_i].name);
}
END_TEST

/* ---- components ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *name, *made; /* NULL: no name of a slot */
    int component;
} made_rows[] = {{"modules", "modules", 1},
                 {"Modules", "modules", 1},
                 {"a", "a", 1},
                 {"7zip", "7zip", 1},
                 {"my-modules_2", "my-modules_2", 1},
                 {"a234567890123456789012345678901", "a234567890123456789012345678901", 1},
                 {"windows64", "windows64", 0},
                 {"Win_x64", "windows64", 0},
                 {"macOS", "macos64", 0},
                 {"64", "windows64", 0},
                 {"windows64tc", "windows64", 0},
                 {"macOS64TC", "macos64", 0},
                 {"", NULL, 0},
                 {"-", NULL, 0},
                 {"-modules", NULL, 0},
                 {"_modules", NULL, 0},
                 {"a2345678901234567890123456789012", NULL, 0},
                 {"mod.ules", NULL, 0},
                 {"mod ules", NULL, 0},
                 {"mod/ules", NULL, 0},
                 {"..", NULL, 0},
                 {"modules.zip", NULL, 0},
                 {"mod\xC3\xBCl", NULL, 0},
                 {"mod\nules", NULL, 0},
                 {"%v", NULL, 0}};

START_TEST(a_component_has_letters_digits_and_two_signs_and_is_none_of_the_known_slots)
{
    const cdist_slot_t *slot = cdist_slot_make(made_rows[_i].name, fx_pool);

    check_slot(slot, made_rows[_i].made, made_rows[_i].name);
    if (!slot) return;
    ck_assert_int_eq(cdist_slot_is_component(slot), made_rows[_i].component);
    if (made_rows[_i].component) ck_assert_str_eq(slot->file, apr_pstrcat(fx_pool, slot->name, ".zip", NULL));
}
END_TEST

START_TEST(slots_compare_by_their_order_then_by_name)
{
    const cdist_slot_t *a = cdist_slot_make("a", fx_pool), *b = cdist_slot_make("B", fx_pool), *slot;

    ck_assert_int_eq(cdist_slot_compare(b, cdist_slot_make("b", fx_pool)), 0);
    ck_assert_int_lt(cdist_slot_compare(a, b), 0);
    ck_assert_int_gt(cdist_slot_compare(b, a), 0);
    for (slot = cdist_slots; slot->name; slot++) {
        ck_assert_int_eq(cdist_slot_compare(slot, slot), 0);
        ck_assert_int_lt(cdist_slot_compare(slot, a), 0);
        ck_assert_int_gt(cdist_slot_compare(a, slot), 0);
        if (slot[1].name) ck_assert_int_lt(cdist_slot_compare(slot, slot + 1), 0);
        if (slot[1].name) ck_assert_int_gt(cdist_slot_compare(slot + 1, slot), 0);
    }
}
END_TEST

START_TEST(a_declared_component_is_known_by_its_folder_and_file_in_any_case)
{
    apr_array_header_t *components = apr_array_make(fx_pool, 2, sizeof(const cdist_slot_t *));

    APR_ARRAY_PUSH(components, const cdist_slot_t *) = cdist_slot_make("modules", fx_pool);
    APR_ARRAY_PUSH(components, const cdist_slot_t *) = cdist_slot_make("setup-thin", fx_pool);
    check_slot(cdist_slot_parse_file("modules.zip", components), "modules", "modules.zip");
    check_slot(cdist_slot_parse_file("MODULES.ZIP", components), "modules", "MODULES.ZIP");
    check_slot(cdist_slot_parse_file("modulestc.zip", components), NULL, "modulestc.zip");
    check_slot(cdist_slot_parse_file("modules", components), NULL, "modules");
    check_slot(cdist_slot_parse_file("other.zip", components), NULL, "other.zip");
    check_slot(cdist_slot_parse_file("windows64tc.zip", components), "windows64", "windows64tc.zip");
    check_slot(cdist_slot_parse_file("modules.zip", NULL), NULL, "modules.zip");
    check_slot(cdist_slot_find("Modules", components, fx_pool), "modules", "Modules");
    check_slot(cdist_slot_find("modules2", components, fx_pool), NULL, "modules2");
    check_slot(cdist_slot_find("modules", NULL, fx_pool), NULL, "modules");
    check_slot(cdist_slot_find("setup-thin-8.3.25.1286-x86_64.run", components, fx_pool), "linux64", "an installer");
}
END_TEST

/* ---- executables ----------------------------------------------------------------------------------------------- */

static unsigned char head[CDIST_BINARY_HEAD];

static apr_size_t make_pe(unsigned machine, unsigned at)
{
    memset(head, 0, sizeof head);
    memcpy(head, "MZ", 2);
    head[0x3C] = (unsigned char)at;
    head[0x3D] = (unsigned char)(at >> 8);
    if (at + 6 <= sizeof head) {
        memcpy(head + at, "PE\0\0", 4);
        head[at + 4] = (unsigned char)machine;
        head[at + 5] = (unsigned char)(machine >> 8);
    }
    return sizeof head;
}

static apr_size_t make_elf(unsigned machine, int order)
{
    memset(head, 0, sizeof head);
    memcpy(head, "\x7F" "ELF\2", 5);
    head[5] = (unsigned char)order;
    head[18] = (unsigned char)machine;
    head[19] = (unsigned char)(machine >> 8);
    return 64;
}

START_TEST(an_executable_tells_its_machine)
{
    check_slot(cdist_binary_slot(head, make_pe(0x014c, 0x80)), "windows32", "PE i386");
    check_slot(cdist_binary_slot(head, make_pe(0x8664, 0xF8)), "windows64", "PE amd64");
    check_slot(cdist_binary_slot(head, make_pe(0xAA64, 0x80)), NULL, "PE arm64");
    check_slot(cdist_binary_slot(head, make_elf(3, 1)), "linux32", "ELF 386");
    check_slot(cdist_binary_slot(head, make_elf(62, 1)), "linux64", "ELF x86-64");
    check_slot(cdist_binary_slot(head, make_elf(175, 1)), "linux-e2k", "ELF e2k");
    check_slot(cdist_binary_slot(head, make_elf(183, 1)), "linux-arm64", "ELF aarch64");
    check_slot(cdist_binary_slot(head, make_elf(8, 1)), NULL, "ELF MIPS");
    check_slot(cdist_binary_slot(head, make_elf(62, 2)), NULL, "big-endian ELF");
    check_slot(cdist_binary_slot((const unsigned char *)"\xCF\xFA\xED\xFE....", 8), "macos64", "Mach-O");
    check_slot(cdist_binary_slot((const unsigned char *)"\xCA\xFE\xBA\xBE\0\0\0\2", 8), "macos64", "universal Mach-O");
    check_slot(cdist_binary_slot((const unsigned char *)"\xCA\xFE\xBA\xBE\0\0\0\x34", 8), NULL, "Java class");
    check_slot(cdist_binary_slot((const unsigned char *)"#!/bin/sh\n", 10), NULL, "script");
}
END_TEST

START_TEST(a_header_that_is_cut_off_or_lies_tells_nothing)
{
    static const unsigned offsets[] = {CDIST_BINARY_HEAD - 5, CDIST_BINARY_HEAD, 0xFFFF};
    apr_size_t length;
    int i;

    make_pe(0x8664, 0x80);
    for (length = 0; length < 0x86; length++) ck_assert_ptr_null(cdist_binary_slot(head, length));
    ck_assert_ptr_nonnull(cdist_binary_slot(head, 0x86));
    make_elf(62, 1);
    for (length = 0; length < 20; length++) ck_assert_ptr_null(cdist_binary_slot(head, length));
    for (i = 0; i < FX_COUNT(offsets); i++) {
        make_pe(0x8664, offsets[i]);
        ck_assert_ptr_null(cdist_binary_slot(head, sizeof head));
    }
    make_pe(0x8664, 0x80);
    memset(head + 0x3C, 0xFF, 4);
    ck_assert_ptr_null(cdist_binary_slot(head, sizeof head));
    check_slot(cdist_binary_slot(head, make_pe(0x8664, CDIST_BINARY_HEAD - 6)), "windows64", "PE at the very end");
}
END_TEST

static const struct {
    const char *os, *arch, *slot;
} machines[] = {{"Windows", "x86_64", "windows64"}, {"WINDOWS", "amd64", "windows64"}, {"win", "x86", "windows32"},
                {"Linux", "x86_64_prt", "linux64"}, {"linux", "x86_prt", "linux32"}, {"Linux_x86_64", "", "linux64"},
                {"Linux_x86_64", "x64", "linux64"}, {"Linux", "linux64", "linux64"}, {"MacOS", "x86_64", "macos64"},
                {"MacOS", "", "macos64"}, {"Darwin", "arm64", "macos64"}, {"Linux", "arm64", "linux-arm64"},
                {"linux", "E2K-8C", "linux-e2k"}, {"Windows_x86", "x86_64", NULL}, {"Windows", "", NULL},
                {"", "x86_64", NULL}, {"", "", NULL}, {"64", "x86_64", NULL}, {"Windows", "linux64", NULL},
                {"Windows 10", "x86_64", NULL}, {"Solaris", "x86_64", NULL}, {"Windows", "prt", NULL},
                {"Windows", "x86_64x86_64x86_64x86_64x86_64x86_64", NULL}, {"macos", "x86", NULL}};

START_TEST(a_slot_is_known_by_what_a_client_says_of_its_machine)
{
    const cdist_slot_t *slot = cdist_slot_of_system(machines[_i].os, machines[_i].arch);

    if (machines[_i].slot) check_slot(slot, machines[_i].slot, machines[_i].os);
    else ck_assert_msg(slot == NULL, "%s %s is no slot", machines[_i].os, machines[_i].arch);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("slot");
    TCase *tcase = fx_case(suite, "slot", 10);

    tcase_add_loop_test(tcase, a_slot_is_known_by_its_name_and_synonyms_in_any_case, 0, FX_COUNT(names));
    tcase_add_loop_test(tcase, a_slot_is_known_by_its_file_name, 0, FX_COUNT(files));
    tcase_add_loop_test(tcase, a_slot_is_known_by_what_a_client_says_of_its_machine, 0, FX_COUNT(machines));
    tcase_add_test(tcase, every_slot_answers_to_its_own_name_and_file);
    tcase_add_loop_test(tcase, a_slot_is_found_in_the_vendors_names, 0, FX_COUNT(vendor));
    tcase_add_loop_test(tcase, a_component_has_letters_digits_and_two_signs_and_is_none_of_the_known_slots, 0,
                        FX_COUNT(made_rows));
    tcase_add_test(tcase, slots_compare_by_their_order_then_by_name);
    tcase_add_test(tcase, a_declared_component_is_known_by_its_folder_and_file_in_any_case);
    tcase_add_test(tcase, an_executable_tells_its_machine);
    tcase_add_test(tcase, a_header_that_is_cut_off_or_lies_tells_nothing);
    return suite;
}
