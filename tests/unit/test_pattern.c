/* CDistSource: what a path with %v leads to, and components. */
#include "exe_maker.h"
#include "platform_fixture.h"

#include <string.h>

/* What a pattern alone leads to. */
static apr_array_header_t *led_to(const char *slot, const char *path)
{
    apr_array_header_t *sources = apr_array_make(fx_pool, 4, sizeof(cdist_source_t));
    cdist_lookup_t *lookup = fx_pattern(slot, path);

    FX_OK(cdist_source_scan_pattern(sources, lookup, &APR_ARRAY_IDX(lookup->patterns, 0, cdist_pattern_t), fx_pool));
    return sources;
}

/* The same is this, as fx_list has it. */
static void expect_led_to(const char *slot, const char *path, const char *text)
{
    const char *list = fx_list(led_to(slot, path));

    ck_assert_msg(strcmp(list, text) == 0, "%s %s: \"%s\" instead of \"%s\"", slot, path, list, text);
}

/* ---- the path ---------------------------------------------------------------------------------------------------- */

static const struct {
    const char *path;
    const char *problem; /* a word of it; NULL: none */
} paths[] = {{"/srv/modules/%v", NULL},
             {"/srv/%v/Win64", NULL},
             {"/%v", NULL},
             {"/srv/%v/a-%v.zip", NULL},
             {"/srv/a%vb/c", NULL},
             {"/srv/%/%v", NULL},
             {"/srv/%v/", NULL},
             {"/srv/%%v", NULL},
             {"", "absolute"},
             {"srv/%v", "absolute"},
             {"%v", "absolute"},
             {"/srv/modules", "%v"},
             {"/srv/%V", "%v"},
             {"/srv/%", "%v"},
             {"/srv/%v%v", "twice"},
             {"/srv/%v-%v/x", "twice"},
             {"/srv/%v/%v_%v", "twice"}};

START_TEST(a_pattern_is_absolute_and_has_one_version_between_slashes)
{
    const char *problem = cdist_pattern_problem(paths[_i].path);

    if (paths[_i].problem) {
        ck_assert_msg(problem && strstr(problem, paths[_i].problem), "\"%s\": %s", paths[_i].path,
                      problem ? problem : "was taken");
    } else {
        ck_assert_msg(!problem, "\"%s\": %s", paths[_i].path, problem);
    }
}
END_TEST

static const struct {
    const char *path, *folder;
} folders[] = {{"/srv/modules/%v", "/srv/modules"}, {"/srv/%v/Win64", "/srv"},   {"/%v", "/"},
               {"/%v/%v", "/"},                     {"/srv/a-%v.zip", "/srv"}, {"/srv/x/%v/y/%v", "/srv/x"}};

START_TEST(the_folder_of_a_pattern_ends_before_its_first_version)
{
    cdist_pattern_t pattern = {cdist_slot_parse("windows64"), folders[_i].path};

    ck_assert_str_eq(cdist_pattern_folder(&pattern, fx_pool), folders[_i].folder);
}
END_TEST

/* ---- what it finds ------------------------------------------------------------------------------------------------ */

START_TEST(the_version_may_stand_in_the_last_part)
{
    fx_write_text("m/8.3.22.1750/a", "x");
    fx_write_text("m/8_3_22_1704/a", "x");
    expect_led_to("modules", "m/%v", "modules 8.3.22.1750 distribution m/8.3.22.1750\n"
                                     "modules 8.3.22.1704 distribution m/8_3_22_1704");
}
END_TEST

START_TEST(the_version_may_stand_in_the_middle)
{
    fx_write_text("s/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("s/8.3.22.1704/Win32/Setup.ini", FX_INI("8.3.22.1704", FX_PACKAGE32));
    fx_write_text("s/8.3.22.1923", "a file");
    expect_led_to("windows64", "s/%v/Win64", "windows64 8.3.22.1750 distribution s/8.3.22.1750/Win64");
    expect_led_to("windows32", "s/%v/Win64", "windows32 8.3.22.1750 distribution s/8.3.22.1750/Win64");
}
END_TEST

START_TEST(several_parts_must_mean_the_same_version)
{
    fx_write_text("s/8.3.22.1750/x/m-8_3_22_1750/a", "x");
    fx_write_text("s/8.3.22.1704/x/m-8_3_22_1750/a", "x");
    fx_write_text("s/8.3.22.1923/y/m-8_3_22_1923/a", "x");
    expect_led_to("modules", "s/%v/x/m-%v", "modules 8.3.22.1750 distribution s/8.3.22.1750/x/m-8_3_22_1750");
    fx_write_text("s/8.3.22.1704/x/m-8.3.22.1704/8.3.22.1704/a", "x");
    expect_led_to("modules", "s/%v/x/m-%v/%v",
                  "modules 8.3.22.1704 distribution s/8.3.22.1704/x/m-8.3.22.1704/8.3.22.1704");
}
END_TEST

START_TEST(what_stands_before_and_behind_the_version_must_match)
{
    fx_write_text("m/pre-8.3.22.1750-post/a", "x");
    fx_write_text("m/pre-8.3.22.1751/a", "x");
    fx_write_text("m/8.3.22.1752-post/a", "x");
    fx_write_text("m/PRE-8.3.22.1753-post/a", "x");
    fx_write_text("m/pre-8.3.22.1754-post2/a", "x");
    fx_write_text("m/pre--post/a", "x");
    fx_write_text("m/pre-8.3.22-post/a", "x");
    fx_write_text("m/pre-8.3.22.1750.1-post/a", "x");
    fx_write_text("m/pre-8.3_22.1750-post/a", "x");
    fx_write_text("m/pre- 8.3.22.1755-post/a", "x");
    expect_led_to("modules", "m/pre-%v-post", "modules 8.3.22.1750 distribution m/pre-8.3.22.1750-post");
}
END_TEST

START_TEST(a_pattern_may_lead_to_ready_archives)
{
    const apr_array_header_t *sources;

    fx_write_text("z/8.3.22.1750.zip", "zip");
    fx_write_text("z/windows64tc-8_3_22_1704.ZIP", "zip");
    expect_led_to("modules", "z/%v.zip", "modules 8.3.22.1750 ready z/8.3.22.1750.zip");
    expect_led_to("windows64", "z/windows64tc-%v.ZIP", "windows64 8.3.22.1704 ready z/windows64tc-8_3_22_1704.ZIP");
    sources = led_to("modules", "z/%v.zip");
    ck_assert_uint_eq(APR_ARRAY_IDX(sources, 0, cdist_source_t).stat.bytes, 3);
    ck_assert(APR_ARRAY_IDX(sources, 0, cdist_source_t).newest_ns > 0);
    ck_assert(APR_ARRAY_IDX(sources, 0, cdist_source_t).named);
}
END_TEST

START_TEST(a_file_that_is_no_archive_is_a_problem)
{
    fx_write_text("z/8.3.22.1750.rar", "x");
    fx_write_text("z/8.3.22.1751", "x");
    expect_led_to("modules", "z/%v.rar", "modules 8.3.22.1750 distribution z/8.3.22.1750.rar !");
    expect_led_to("modules", "z/%v", "modules 8.3.22.1751 distribution z/8.3.22.1751 !");
}
END_TEST

START_TEST(a_folder_named_like_an_archive_is_a_folder)
{
    fx_write_text("z/8.3.22.1750.zip/a", "x");
    expect_led_to("modules", "z/%v.zip", "modules 8.3.22.1750 distribution z/8.3.22.1750.zip");
}
END_TEST

START_TEST(a_components_folder_is_packed_whatever_lies_in_it)
{
    const apr_array_header_t *sources;

    fx_write_text("m/8.3.22.1750/Setup.ini", FX_INI("8.5.1.1", FX_PACKAGE64));
    fx_write_text("m/8.3.22.1750/windows64tc.zip", "x");
    fx_write_text("m/8.3.22.1750/conf/a.lic", "x");
    fx_write_text("m/8.3.22.1750/.hidden", "x");
    exe_write_pe("m/8.3.22.1750/bin/1cv8c.exe", EXE_PE_AMD64);
    sources = led_to("modules", "m/%v");
    ck_assert_str_eq(fx_list(sources), "modules 8.3.22.1750 distribution m/8.3.22.1750");
    ck_assert_int_eq(APR_ARRAY_IDX(sources, 0, cdist_source_t).files, 5);
    ck_assert_ptr_null(APR_ARRAY_IDX(sources, 0, cdist_source_t).skip);
}
END_TEST

START_TEST(an_empty_components_folder_is_a_problem)
{
    fx_make_folder("m/8.3.22.1750");
    expect_led_to("modules", "m/%v", "modules 8.3.22.1750 distribution m/8.3.22.1750 !");
}
END_TEST

START_TEST(a_components_own_version_in_the_last_part_is_not_the_platforms)
{
    fx_write_text("s/8.3.22.1750/modules-1.0.0.5/a", "x");
    expect_led_to("modules", "s/%v/modules-1.0.0.5", "modules 8.3.22.1750 distribution s/8.3.22.1750/modules-1.0.0.5");
}
END_TEST

START_TEST(a_known_slot_takes_a_distribution_or_an_installed_platform)
{
    fx_write_text("d/8.3.22.1750/setup.exe", "x");
    exe_write_elf("i/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    expect_led_to("windows64", "d/%v", "windows64 8.3.22.1750 distribution d/8.3.22.1750");
    expect_led_to("linux64", "i/%v", "linux64 8.3.22.1750 installed i/8.3.22.1750");
    expect_led_to("linux32", "i/%v", "linux32 8.3.22.1750 installed i/8.3.22.1750 !");
    ck_assert_ptr_nonnull(strstr(fx_problem(led_to("linux32", "i/%v")), "linux64"));
}
END_TEST

START_TEST(a_known_slots_folder_without_a_client_is_a_problem)
{
    fx_write_text("d/8.3.22.1750/readme.txt", "x");
    fx_make_folder("d/8.3.22.1751");
    expect_led_to("windows64", "d/%v", "windows64 8.3.22.1750 distribution d/8.3.22.1750 !\n"
                                       "windows64 8.3.22.1751 distribution d/8.3.22.1751 !");
}
END_TEST

START_TEST(another_version_inside_is_a_problem)
{
    pe_item_t item = {.file = "8.3.22.1751"};

    fx_write_text("d/8.3.22.1750/Setup.ini", FX_INI("8.3.22.1751", FX_PACKAGE64));
    pe_write("i/8.3.22.1750/bin/1cv8c.exe", &item);
    expect_led_to("windows64", "d/%v", "windows64 8.3.22.1750 distribution d/8.3.22.1750 !");
    expect_led_to("windows64", "i/%v", "windows64 8.3.22.1750 installed i/8.3.22.1750 !");
}
END_TEST

START_TEST(installed_platforms_that_are_not_wanted_are_not_added)
{
    cdist_lookup_t *lookup = fx_pattern("linux64", "i/%v");

    exe_write_elf("i/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    lookup->installed = 0;
    ck_assert_int_eq(fx_scan_settled(lookup)->releases->nelts, 0);
    ck_assert_int_eq(fx_scan_settled(lookup)->problems->nelts, 0);
}
END_TEST

/* ---- links ----------------------------------------------------------------------------------------------------- */

static const struct {
    const char *target, *link, *pattern, *said; /* in which problem the link is named */
} link_rows[] = {{"../away", "m/8.3.22.1750", "m/%v", "m/8.3.22.1750"},
                 {"../away/x.zip", "m/8.3.22.1750.zip", "m/%v.zip", "m/8.3.22.1750.zip"},
                 {"../away", "m/8.3.22.1750", "m/%v/in", "m/8.3.22.1750"},
                 {"../../away", "m/8.3.22.1750/in", "m/%v/in", "m/8.3.22.1750/in"},
                 {"../../away", "m/8.3.22.1750/in", "m/%v/in/er", "m/8.3.22.1750/in"},
                 {"../../../away", "m/8.3.22.1750/in/er", "m/%v/in/er/x", "m/8.3.22.1750/in/er"},
                 {"../away", "m/8.3.22.1750", "m/%v/%v", "m/8.3.22.1750"},
                 {"../../away", "m/8.3.22.1750/in", "m/%v/in/%v", "m/8.3.22.1750/in"},
                 {"../../../away", "m/8.3.22.1750/in/er", "m/%v/in/er/%v.zip", "m/8.3.22.1750/in/er"}};

START_TEST(a_link_anywhere_behind_the_first_version_is_not_followed_and_said)
{
    const apr_array_header_t *sources;

    fx_write_text("away/in/a", "x");
    fx_write_text("away/er/a", "x");
    fx_write_text("away/x.zip", "x");
    fx_write_text("away/x/a", "x");
    fx_write_text("away/8.3.22.1750/a", "x");
    fx_write_text("away/8.3.22.1750.zip", "x");
    fx_link(link_rows[_i].target, link_rows[_i].link);
    sources = led_to("modules", link_rows[_i].pattern);
    ck_assert_msg(sources->nelts == 1, "%s: %s", link_rows[_i].pattern, fx_list(sources));
    ck_assert_msg(strstr(fx_problem(sources), "symbolic link") != NULL, "%s: %s", link_rows[_i].pattern, fx_list(sources));
    ck_assert_str_eq(APR_ARRAY_IDX(sources, 0, cdist_source_t).path, fx_path(link_rows[_i].said));
}
END_TEST

START_TEST(links_before_the_first_version_are_the_administrators_business)
{
    fx_write_text("away/8.3.22.1750/a", "x");
    fx_link("away", "m");
    expect_led_to("modules", "m/%v", "modules 8.3.22.1750 distribution m/8.3.22.1750");
}
END_TEST

START_TEST(links_within_a_components_folder_stay_links_or_are_refused)
{
    fx_write_text("m/8.3.22.1750/a", "x");
    fx_link("a", "m/8.3.22.1750/l");
    ck_assert_int_eq(APR_ARRAY_IDX(led_to("modules", "m/%v"), 0, cdist_source_t).files, 2);
    fx_link("../../secret", "m/8.3.22.1750/out");
    expect_led_to("modules", "m/%v", "modules 8.3.22.1750 distribution m/8.3.22.1750 !");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("pattern");
    TCase *tcase = fx_case(suite, "pattern", 20);

    tcase_add_loop_test(tcase, a_pattern_is_absolute_and_has_one_version_between_slashes, 0, FX_COUNT(paths));
    tcase_add_loop_test(tcase, the_folder_of_a_pattern_ends_before_its_first_version, 0, FX_COUNT(folders));
    tcase_add_test(tcase, the_version_may_stand_in_the_last_part);
    tcase_add_test(tcase, the_version_may_stand_in_the_middle);
    tcase_add_test(tcase, several_parts_must_mean_the_same_version);
    tcase_add_test(tcase, what_stands_before_and_behind_the_version_must_match);
    tcase_add_test(tcase, a_pattern_may_lead_to_ready_archives);
    tcase_add_test(tcase, a_file_that_is_no_archive_is_a_problem);
    tcase_add_test(tcase, a_folder_named_like_an_archive_is_a_folder);
    tcase_add_test(tcase, a_components_folder_is_packed_whatever_lies_in_it);
    tcase_add_test(tcase, an_empty_components_folder_is_a_problem);
    tcase_add_test(tcase, a_components_own_version_in_the_last_part_is_not_the_platforms);
    tcase_add_test(tcase, a_known_slot_takes_a_distribution_or_an_installed_platform);
    tcase_add_test(tcase, a_known_slots_folder_without_a_client_is_a_problem);
    tcase_add_test(tcase, another_version_inside_is_a_problem);
    tcase_add_test(tcase, installed_platforms_that_are_not_wanted_are_not_added);
    tcase_add_loop_test(tcase, a_link_anywhere_behind_the_first_version_is_not_followed_and_said, 0, FX_COUNT(link_rows));
    tcase_add_test(tcase, links_before_the_first_version_are_the_administrators_business);
    tcase_add_test(tcase, links_within_a_components_folder_stay_links_or_are_refused);
    return suite;
}
