/* What ends a build: a source that changes, a stop, a full disk. Then there is an error and never a mixture. */
#include "build_fixture.h"

#include <apr_strings.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- a source that changes --------------------------------------------------------------------------------------- */

typedef void change_fn(const char *name);

static void rewrite_same_size(const char *name)
{
    fx_write_prose(name, 49999);
    fx_append(name, "!");
}

static void grow(const char *name)
{
    fx_append(name, "more");
}

static void shrink(const char *name)
{
    ck_assert_int_eq(truncate(fx_path(name), 100), 0);
}

static void take_away(const char *name)
{
    ck_assert_int_eq(unlink(fx_path(name)), 0);
}

static void replace_by_copy(const char *name)
{
    fx_write_prose("copy", 50000);
    ck_assert_int_eq(rename(fx_path("copy"), fx_path(name)), 0);
}

static void replace_by_link(const char *name)
{
    fx_write_prose("elsewhere", 50000);
    take_away(name);
    fx_link(fx_path("elsewhere"), name);
}

static void replace_by_folder(const char *name)
{
    take_away(name);
    fx_make_folder(name);
}

static void replace_by_pipe(const char *name)
{
    take_away(name);
    ck_assert_int_eq(mkfifo(fx_path(name), 0644), 0);
}

static void add_beside(const char *name)
{
    fx_write_text(apr_pstrcat(fx_pool, name, ".new", NULL), "x");
}

static const struct {
    change_fn *change;
    int loud; /* 1: CDIST_E_CHANGED; 0: CDIST_E_SOURCE or CDIST_E_UNSAFE will do too */
} changes[] = {{rewrite_same_size, 1}, {grow, 1},       {shrink, 1},       {take_away, 1}, {replace_by_copy, 1},
               {add_beside, 1},        {replace_by_link, 0}, {replace_by_folder, 0}, {replace_by_pipe, 0}};

static void change_and_build(const char *name, size_t bytes, int i)
{
    cdist_build_options_t options = {6, 2, NULL};
    cdist_manifest_t *manifest = NULL;
    cdist_tree_t *tree;
    cdist_temp_t *temp;
    cdist_err_t *err;

    fx_write_prose("t/a", 50000);
    fx_write_prose(name, bytes);
    fx_write_prose("t/z", 50000);
    tree = fx_tree("t", NULL);
    usleep(20000); /* past one tick of the file system's clock */
    changes[i].change(name);
    err = fx_build_tree(&manifest, &temp, tree, &options);
    ck_assert_msg(err != NULL, "the change was not noticed");
    ck_assert_ptr_null(manifest);
    if (changes[i].loud) ck_assert_msg(err->code == CDIST_E_CHANGED, "%s", cdist_err_text(err, fx_pool));
    else ck_assert(err->code == CDIST_E_CHANGED || err->code == CDIST_E_SOURCE || err->code == CDIST_E_UNSAFE);
}

START_TEST(a_file_that_changes_after_it_was_listed_ends_the_build)
{
    change_and_build("t/m", 50000, _i);
}
END_TEST

START_TEST(a_large_file_that_changes_after_it_was_listed_ends_the_build)
{
    change_and_build("t/m", CDIST_WHOLE_MAX + 1000, _i);
}
END_TEST

START_TEST(a_folder_that_turns_into_a_link_is_not_followed)
{
    cdist_build_options_t options = {6, 1, NULL};
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    cdist_temp_t *temp;

    fx_write_text("t/d/f", "x");
    tree = fx_tree("t", NULL);
    ck_assert_int_eq(rename(fx_path("t/d"), fx_path("moved")), 0);
    fx_link(fx_path("moved"), "t/d");
    ck_assert_ptr_nonnull(fx_build_tree(&manifest, &temp, tree, &options));
}
END_TEST

START_TEST(an_unreadable_file_ends_the_build_and_is_named)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;
    cdist_err_t *err;

    fx_write_text("t/a", "x");
    fx_write_prose("t/closed", _i ? CDIST_WHOLE_MAX + 1 : 1);
    ck_assert_int_eq(chmod(fx_path("t/closed"), 0), 0);
    fx_obey_permissions();
    err = fx_build(&manifest, &temp, "t", 6, 2);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_SOURCE);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "closed"));
}
END_TEST

/* ---- a build that cannot go on ----------------------------------------------------------------------------------- */

START_TEST(the_stop_flag_ends_a_build)
{
    volatile apr_uint32_t stop = 1;
    cdist_build_options_t options = {6, 2, &stop};
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    if (_i == 0) fx_fill_folder("t", 0);
    else fx_write_prose("t/large", CDIST_WHOLE_MAX + 1);
    FX_FAILS(fx_build_tree(&manifest, &temp, fx_tree("t", NULL), &options), CDIST_E_STOPPED);
}
END_TEST

static void expect_full(cdist_temp_t *temp)
{
    cdist_build_options_t options = {1, 2, NULL};
    cdist_manifest_t *manifest;
    cdist_err_t *err;

    err = cdist_build(&manifest, temp, fx_tree("t", NULL), &options, fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_STORE);
    ck_assert(err->status == ENOSPC || err->status == EFBIG);
}

START_TEST(a_full_disk_is_an_error_of_the_store)
{
    cdist_temp_t temp = {NULL, NULL, "/dev"};

    fx_write_noise("t/a", _i ? CDIST_WHOLE_MAX + 1 : 300000, 1);
    FX_DONE(apr_file_open(&temp.file, "/dev/full", APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_BINARY, 0, fx_pool));
    expect_full(&temp);
}
END_TEST

START_TEST(a_disk_that_fills_up_halfway_is_an_error_of_the_store)
{
    struct rlimit limit = {400000, 400000};
    cdist_temp_t *temp;

    fx_write_noise("t/a", 300000, 1);
    fx_write_noise("t/b", 300000, 2);
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_full(temp);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("build ends");
    TCase *tcase = fx_case(suite, "build ends", 60);

    tcase_add_loop_test(tcase, a_file_that_changes_after_it_was_listed_ends_the_build, 0, FX_COUNT(changes));
    tcase_add_loop_test(tcase, a_large_file_that_changes_after_it_was_listed_ends_the_build, 0, FX_COUNT(changes));
    tcase_add_test(tcase, a_folder_that_turns_into_a_link_is_not_followed);
    tcase_add_loop_test(tcase, an_unreadable_file_ends_the_build_and_is_named, 0, 2);
    tcase_add_loop_test(tcase, the_stop_flag_ends_a_build, 0, 2);
    tcase_add_loop_test(tcase, a_full_disk_is_an_error_of_the_store, 0, 2);
    tcase_add_test(tcase, a_disk_that_fills_up_halfway_is_an_error_of_the_store);
    return suite;
}
