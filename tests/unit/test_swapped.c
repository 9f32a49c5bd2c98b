/* A folder below a root that is swapped for a link between two looks at it: nothing is followed out of the root. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include "archive_int.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VERSION "8.3.22.1750"

static const char *swapped; /* the folder, below that of the test; NULL: none */
static const char *target;

/* Who may write into a root swaps a folder as soon as somebody has seen that it is one. NB: takes the place of the system's
 * own, which is what the library looks at names with. */
int fstatat(int fd, const char *path, struct stat *st, int flags)
{
    int result = (int)syscall(SYS_newfstatat, fd, path, st, flags);

    if (swapped && result == 0 && S_ISDIR(st->st_mode) && strcmp(path, strrchr(swapped, '/') + 1) == 0) {
        const char *name = swapped;

        swapped = NULL;
        ck_assert_int_eq(rename(fx_path(name), fx_path("aside")), 0);
        ck_assert_int_eq(symlink(target, fx_path(name)), 0);
    }
    return result;
}

static void add_distribution(const char *folder)
{
    fx_write_text(apr_pstrcat(fx_pool, folder, "/Setup.ini", NULL),
                  "[Startup]\nProductVersion=" VERSION "\nPackageName=1CEnterprise 8 Thin client (x86-64).msi\n");
    fx_write_text(apr_pstrcat(fx_pool, folder, "/setup.exe", NULL), "x");
    fx_write_text(apr_pstrcat(fx_pool, folder, "/secret", NULL), "x");
}

static const char *offered(const cdist_lookup_t *lookup)
{
    const cdist_catalogue_t *catalogue = fx_scan_settled(lookup);
    const char *text = "";
    int i, j;

    ck_assert_msg(swapped == NULL, "%s was never looked at", swapped);
    for (i = 0; i < catalogue->releases->nelts; i++) {
        const apr_array_header_t *sources = APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t).sources;

        for (j = 0; j < sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(sources, j, const cdist_source_t *);
            if (cdist_source_offered(source)) text = apr_pstrcat(fx_pool, text, source->path + strlen(fx_folder) + 1, "\n", NULL);
        }
    }
    return text;
}

static const struct {
    const char *inside, *outside; /* folders with a distribution */
    const char *swapped;
} swaps[] = {{"root/" VERSION, "out", "root/" VERSION},
             {"root/" VERSION "/Win64", "out", "root/" VERSION "/Win64"},
             {"root/" VERSION "/Win64", "out/Win64", "root/" VERSION},
             {"root/x86_64/" VERSION, "out/" VERSION, "root/x86_64"}};

START_TEST(a_release_folder_that_becomes_a_link_is_not_followed)
{
    add_distribution(swaps[_i].inside);
    add_distribution(swaps[_i].outside);
    swapped = swaps[_i].swapped;
    target = fx_path("out");
    ck_assert_str_eq(offered(fx_roots("root", NULL)), "");
}
END_TEST

START_TEST(folders_that_stay_what_they_are_are_offered)
{
    add_distribution(swaps[_i].inside);
    ck_assert_str_eq(offered(fx_roots("root", NULL)), apr_pstrcat(fx_pool, swaps[_i].inside, "\n", NULL));
}
END_TEST

START_TEST(a_ready_archive_s_folder_that_becomes_a_link_is_not_followed)
{
    fx_write_text("root/" VERSION "/distr/windows64tc.zip", "inside");
    fx_write_text("out/windows64tc.zip", "outside");
    swapped = "root/" VERSION "/distr";
    target = fx_path("out");
    ck_assert_str_eq(offered(fx_roots("root", NULL)), "");
}
END_TEST

static const struct {
    const char *inside, *outside, *pattern, *swapped;
} pattern_swaps[] = {{"root/" VERSION "/Win64", "out/Win64", "root/%v/Win64", "root/" VERSION},
                     {"root/" VERSION "/Win64", "out", "root/%v/Win64", "root/" VERSION "/Win64"},
                     {"root/" VERSION "/a/w-" VERSION, "out/w-" VERSION, "root/%v/a/w-%v", "root/" VERSION "/a"},
                     {"root/" VERSION "/w-" VERSION, "out/w-" VERSION, "root/%v/w-%v", "root/" VERSION}};

START_TEST(a_folder_of_a_pattern_that_becomes_a_link_is_not_followed)
{
    cdist_lookup_t *lookup = fx_lookup();

    add_distribution(pattern_swaps[_i].inside);
    add_distribution(pattern_swaps[_i].outside);
    fx_add_pattern(lookup, "windows64", pattern_swaps[_i].pattern);
    ck_assert_str_eq(offered(lookup), apr_pstrcat(fx_pool, pattern_swaps[_i].inside, "\n", NULL));
    swapped = pattern_swaps[_i].swapped;
    target = fx_path("out");
    ck_assert_str_eq(offered(lookup), "");
}
END_TEST

/* The catalogue saw the folder itself; the build meets a link in its place, whose files are like it but not the same. */
START_TEST(a_build_does_not_take_what_a_link_leads_to)
{
    const cdist_source_t *source;
    cdist_tree_t *tree;
    cdist_job_t job;

    add_distribution("root/" VERSION "/Win64");
    add_distribution("out/Win64");
    source = fx_source_in(fx_scan_settled(fx_roots("root", NULL)), VERSION, "windows64");
    cdist_source_job(&job, source, CDIST_LAYOUT_FLAT, 6, 1, fx_pool);
    FX_OK(cdist_job_list(&tree, &job, fx_pool));
    ck_assert_int_eq(rename(fx_path("root/" VERSION), fx_path("aside")), 0);
    fx_link("../out", "root/" VERSION);
    FX_FAILS(cdist_job_list(&tree, &job, fx_pool), CDIST_E_CHANGED);
}
END_TEST

static cdist_err_t *build(const cdist_tree_t *tree)
{
    cdist_build_options_t options = {6, 1, NULL, NULL, NULL, 0, 0, NULL, NULL};
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    return cdist_build(&manifest, temp, tree, &options, fx_pool);
}

START_TEST(a_folder_that_becomes_a_link_under_a_build_ends_it)
{
    static const char *const folders[] = {"root/" VERSION, "root/" VERSION "/sub", "root/" VERSION "/sub/deep"};
    cdist_tree_t *tree;

    fx_write_text("root/" VERSION "/a", "x");
    fx_write_text("root/" VERSION "/sub/b", "x");
    fx_write_text("root/" VERSION "/sub/deep/c", "x");
    FX_OK(cdist_tree_read(&tree, fx_path("root/" VERSION), NULL, fx_pool));
    FX_OK(build(tree));
    ck_assert_int_eq(rename(fx_path(folders[_i]), fx_path("aside")), 0);
    ck_assert_int_eq(symlink(fx_path("aside"), fx_path(folders[_i])), 0);
    /* NB: through a link in the place of the whole folder lie the very same files, and nobody else's. */
    if (_i == 0) FX_OK(build(tree));
    else FX_FAILS(build(tree), CDIST_E_CHANGED);
}
END_TEST

START_TEST(files_of_many_folders_are_opened_in_any_order)
{
    static const char *const names[] = {"a/x", "a/y", "a/b/x", "top", "a/b/y", "ab/x", "a/x", "other", "a/b/x"};
    cdist_folder_t *root;
    cdist_opener_t *opener;
    int i;

    for (i = 0; i < FX_COUNT(names); i++) fx_write_text(apr_pstrcat(fx_pool, "r/", names[i], NULL), names[i]);
    fx_link("a", "r/link");
    FX_DONE(cdist_os_folder_open(&root, fx_path("r"), fx_pool));
    opener = cdist_opener_make(root, fx_pool);
    for (i = 0; i < FX_COUNT(names); i++) {
        char text[16] = "";
        apr_size_t length;
        apr_file_t *file;

        FX_DONE(cdist_opener_open(&file, opener, names[i], fx_pool));
        ck_assert(APR_STATUS_IS_EOF(apr_file_read_full(file, text, sizeof text - 1, &length)));
        ck_assert_str_eq(text, names[i]);
        apr_file_close(file);
        ck_assert_int_ne(cdist_opener_open(&file, opener, "link/x", fx_pool), APR_SUCCESS);
        ck_assert(APR_STATUS_IS_ENOENT(cdist_opener_open(&file, opener, "none/x", fx_pool)));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("swapped");
    TCase *tcase = fx_case(suite, "swapped", 30);

    tcase_add_loop_test(tcase, a_release_folder_that_becomes_a_link_is_not_followed, 0, FX_COUNT(swaps));
    tcase_add_loop_test(tcase, folders_that_stay_what_they_are_are_offered, 0, FX_COUNT(swaps));
    tcase_add_test(tcase, a_ready_archive_s_folder_that_becomes_a_link_is_not_followed);
    tcase_add_loop_test(tcase, a_folder_of_a_pattern_that_becomes_a_link_is_not_followed, 0, FX_COUNT(pattern_swaps));
    tcase_add_test(tcase, a_build_does_not_take_what_a_link_leads_to);
    tcase_add_loop_test(tcase, a_folder_that_becomes_a_link_under_a_build_ends_it, 0, 3);
    tcase_add_test(tcase, files_of_many_folders_are_opened_in_any_order);
    return suite;
}
