/* Caches of what was found out about files: when they are believed, where they lie, and what becomes of bad ones. */
#include "clock.h"
#include "template_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define FILE_NAME "r/1cv8.cfu"
#define CACHE_NAME "r/.1cv8.cfu.1cdist"
#define LATER apr_time_from_sec(10)

static cdist_template_scan_t *scan_beside(void)
{
    cdist_template_options_t options = {.cache_beside = 1};

    return tf_scan(&options);
}

static cdist_template_scan_t *scan_with_folder(int beside)
{
    cdist_template_options_t options = {.cache_beside = beside, .cache_folder = fx_path("caches/a/b")};

    return tf_scan(&options);
}

/* How many caches lie in the folder for caches. */
static int cached_elsewhere(void)
{
    return fx_children("caches/a/b");
}

static void write_release(void)
{
    tf_write_cfu(FILE_NAME, NULL);
    fx_write_text("r/1cv8.mft", TF_MANIFEST);
    fx_write_text("r/UpdInfo.txt", TF_UPDINFO);
    fx_write_text("r/1cv8upd.htm", "не ниже 8.3.6.2076");
}

static void check_release(const cdist_template_scan_t *scan)
{
    const cdist_template_t *found = tf_template(scan, FILE_NAME);
    const cdist_configuration_id_t *source;

    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_int_eq(found->kind, CDIST_FILE_CFU);
    ck_assert_str_eq(found->id.name, CM_NAME);
    ck_assert_str_eq(found->id.vendor, TF_VENDOR);
    ck_assert_str_eq(found->id.version_id, CM_VERSION_ID);
    ck_assert_str_eq(found->member, "");
    ck_assert_str_eq(found->min_platform, "8.3.6.2076");
    ck_assert_int_eq(found->released == TF_DATE, 1);
    ck_assert_str_eq(tf_sources(found), "1.0.2.6;1.0.1.05");
    source = &APR_ARRAY_IDX(found->sources, 1, cdist_configuration_id_t);
    ck_assert_str_eq(source->name, CM_NAME);
    ck_assert_str_eq(source->version_id, "22222222-b151-4efe-8b31-f0897db3142a");
    ck_assert_str_eq(tf_problems(scan), "");
}

/* ---- when they are believed ------------------------------------------------------------------------------------ */

START_TEST(what_was_read_is_known_the_next_time)
{
    cdist_template_scan_t *scan;
    size_t length;

    write_release();
    fx_clock_ahead = LATER;
    scan = scan_beside();
    check_release(scan);
    ck_assert_int_eq(scan->cached, 0);
    fx_read(&length, CACHE_NAME);
    ck_assert_uint_lt(length, 1024);
    scan = scan_beside();
    check_release(scan);
    ck_assert_int_eq(scan->cached, 1);
    ck_assert_int_eq(fx_children("r"), 5);
}
END_TEST

START_TEST(a_young_file_is_read_again)
{
    write_release();
    scan_beside();
    ck_assert_int_eq(scan_beside()->cached, 0);
    fx_clock_ahead = LATER;
    ck_assert_int_eq(scan_beside()->cached, 0); /* what was noted was noted too early */
    ck_assert_int_eq(scan_beside()->cached, 1);
}
END_TEST

START_TEST(a_file_from_the_future_gets_no_cache)
{
    write_release();
    fx_clock_ahead = -LATER;
    check_release(scan_beside());
    ck_assert_int_eq(fx_exists(CACHE_NAME), 0);
}
END_TEST

static void change_nothing(void)
{
}

static void change_content(void)
{
    size_t length;
    char *bytes = fx_read(&length, FILE_NAME);

    fx_write(FILE_NAME, bytes, length);
}

static void change_time(void)
{
    FX_DONE(apr_file_mtime_set(fx_path(FILE_NAME), apr_time_from_sec(1000000), fx_pool));
}

static void change_size(void)
{
    fx_append(FILE_NAME, "x");
}

static void replace_file(void)
{
    apr_finfo_t info;

    FX_DONE(apr_stat(&info, fx_path(FILE_NAME), APR_FINFO_MTIME, fx_pool));
    tf_write_cfu("r/new", NULL);
    FX_DONE(apr_file_mtime_set(fx_path("r/new"), info.mtime, fx_pool));
    FX_DONE(apr_file_rename(fx_path("r/new"), fx_path(FILE_NAME), fx_pool));
}

static void change_manifest(void)
{
    fx_append("r/1cv8.mft", "\n");
}

static void remove_updinfo(void)
{
    FX_DONE(apr_file_remove(fx_path("r/UpdInfo.txt"), fx_pool));
}

static void add_other_file(void)
{
    tf_write_cf("r/1cv8.cf", CM_VERSION);
    FX_DONE(apr_file_remove(fx_path("r/1cv8.cf"), fx_pool));
    fx_write_text("r/readme.txt", "x");
}

static const struct {
    void (*change)(void);
    int believed;
} changes[] = {{change_nothing, 1}, {change_content, 0},  {change_time, 0},    {change_size, 0},
               {replace_file, 0},   {change_manifest, 0}, {remove_updinfo, 0}, {add_other_file, 1}};

START_TEST(a_cache_counts_only_for_the_state_it_was_made_of)
{
    write_release();
    fx_clock_ahead = LATER;
    scan_beside();
    changes[_i].change();
    fx_clock_ahead = 2 * LATER;
    ck_assert_int_eq(scan_beside()->cached, changes[_i].believed);
    ck_assert_int_eq(scan_beside()->cached, 1);
}
END_TEST

START_TEST(what_is_wrong_with_a_file_is_remembered_too)
{
    cdist_template_scan_t *scan;
    const char *problems;

    fx_write_noise("r/noise.cfu", 5000, 1);
    fx_write_text("r/lfs.cf", "version https://git-lfs.github.com/spec/v1\n");
    tf_write_cf("r/1.0.0.1.cf", "1.0.0.2");
    fx_clock_ahead = LATER;
    problems = tf_problems(scan_beside());
    scan = scan_beside();
    ck_assert_int_eq(scan->cached, 3);
    ck_assert_int_eq(scan->problems->nelts, 3);
    ck_assert_str_eq(tf_problems(scan), problems);
}
END_TEST

START_TEST(a_folder_that_gets_another_name_is_a_lie_at_once)
{
    tf_write_cf("1_0_0_1/1cv8.cf", "1.0.0.1");
    fx_clock_ahead = LATER;
    scan_beside();
    FX_DONE(apr_file_rename(fx_path("1_0_0_1"), fx_path("1_0_0_2"), fx_pool));
    ck_assert_int_eq(scan_beside()->cached, 1);
    ck_assert_str_eq(tf_problems(scan_beside()), "1_0_0_2/1cv8.cf: its folder says 1_0_0_2, its content 1.0.0.1\n");
}
END_TEST

/* ---- where they lie -------------------------------------------------------------------------------------------- */

START_TEST(nothing_is_written_without_caches)
{
    write_release();
    check_release(tf_scan(NULL));
    ck_assert_int_eq(fx_children("r"), 4);
}
END_TEST

START_TEST(a_folder_for_caches_is_used_alone)
{
    write_release();
    fx_clock_ahead = LATER;
    scan_with_folder(0);
    ck_assert_int_eq(fx_children("r"), 4);
    ck_assert_int_eq(cached_elsewhere(), 1);
    check_release(scan_with_folder(0));
    ck_assert_int_eq(scan_with_folder(0)->cached, 1);
}
END_TEST

START_TEST(caches_of_a_folder_that_is_read_only_lie_elsewhere)
{
    cdist_template_scan_t *scan;

    write_release();
    fx_clock_ahead = LATER;
    FX_DONE(apr_file_perms_set(fx_path("r"), 0x555));
    FX_DONE(apr_dir_make_recursive(fx_path("caches/a/b"), 0x777, fx_pool));
    FX_DONE(apr_file_perms_set(fx_path("caches/a/b"), 0x777));
    fx_obey_permissions();
    scan_with_folder(1);
    scan = scan_with_folder(1);
    fx_be_root_again();
    FX_DONE(apr_file_perms_set(fx_path("r"), 0x755));
    ck_assert_int_eq(scan->cached, 1);
    ck_assert_int_eq(cached_elsewhere(), 1);
    check_release(scan);
}
END_TEST

/* An update from so many versions. */
static const char *many_sources(int count)
{
    const char *text = apr_psprintf(fx_pool, "{3,%d", count);
    int i;

    for (i = 0; i < count; i++) {
        text = apr_psprintf(fx_pool, "%s,\"" CM_NAME "\",\"" TF_VENDOR "\",\"1.0.%d.1\",%08x-b151-4efe-8b31-f0897db3142a",
                            text, i, (unsigned)i);
    }
    return apr_pstrcat(fx_pool, text, ",0,1,\"\"," CM_VERSION_ID ",\"" CM_NAME "\",\"" TF_VENDOR "\",\"" CM_VERSION
                       "\",00000000-0000-0000-0000-000000000000,{216,0}," CM_ROOT_ID "}", NULL);
}

START_TEST(a_cache_beside_is_small_or_lies_elsewhere)
{
    apr_finfo_t info;
    cdist_template_scan_t *scan;

    tf_write_cfu("few.cfu", many_sources(30));
    tf_write_cfu("many.cfu", many_sources(100));
    fx_clock_ahead = LATER;
    scan_with_folder(1);
    scan = scan_with_folder(1);
    ck_assert_int_eq(scan->cached, 2);
    ck_assert_int_eq(tf_template(scan, "many.cfu")->sources->nelts, 100);
    ck_assert_int_eq(fx_exists(".many.cfu.1cdist"), 0);
    FX_DONE(apr_stat(&info, fx_path(".few.cfu.1cdist"), APR_FINFO_SIZE, fx_pool));
    ck_assert_int_lt((int)info.size, 1024);
    ck_assert_int_eq(cached_elsewhere(), 1);
    ck_assert_int_eq(scan_beside()->cached, 1);
}
END_TEST

START_TEST(what_a_crash_left_is_swept)
{
    write_release();
    fx_write_text("r/.cdist-0123456789abcdef.tmp", "half a cache");
    FX_DONE(apr_file_mtime_set(fx_path("r/.cdist-0123456789abcdef.tmp"), apr_time_from_sec(1000), fx_pool));
    tf_scan(NULL);
    ck_assert_int_eq(fx_children("r"), 5);
    scan_beside();
    ck_assert_int_eq(fx_exists("r/.cdist-0123456789abcdef.tmp"), 0);
}
END_TEST

/* ---- bad ones -------------------------------------------------------------------------------------------------- */

START_TEST(a_bad_cache_is_replaced)
{
    static const char *const bad[] = {"", "1CDT", "1CDT\2of the next format", "1CDT\1"};

    write_release();
    fx_clock_ahead = LATER;
    fx_write_text(CACHE_NAME, bad[_i]);
    ck_assert_int_eq(scan_beside()->cached, 0);
    check_release(scan_beside());
    ck_assert_int_eq(scan_beside()->cached, 1);
}
END_TEST

START_TEST(a_cache_of_another_file_is_not_believed)
{
    write_release();
    tf_write_cf("s/1cv8.cf", "1.0");
    fx_clock_ahead = LATER;
    scan_beside();
    FX_DONE(apr_file_copy(fx_path("s/.1cv8.cf.1cdist"), fx_path(CACHE_NAME), APR_FPROT_FILE_SOURCE_PERMS, fx_pool));
    ck_assert_int_eq(scan_beside()->cached, 1);
    ck_assert_str_eq(tf_template(scan_beside(), FILE_NAME)->id.version, CM_VERSION);
}
END_TEST

START_TEST(a_link_or_a_folder_in_the_place_of_a_cache_changes_nothing)
{
    write_release();
    fx_clock_ahead = LATER;
    if (_i) fx_make_folder(CACHE_NAME);
    else fx_link("1cv8.mft", CACHE_NAME);
    check_release(scan_beside());
    check_release(scan_beside());
    ck_assert_int_eq(fx_exists("r/1cv8.mft"), 1);
    ck_assert_int_eq(scan_beside()->cached, !_i);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template cache");
    TCase *tcase = fx_case(suite, "cache", 30);

    tcase_add_test(tcase, what_was_read_is_known_the_next_time);
    tcase_add_test(tcase, a_young_file_is_read_again);
    tcase_add_test(tcase, a_file_from_the_future_gets_no_cache);
    tcase_add_loop_test(tcase, a_cache_counts_only_for_the_state_it_was_made_of, 0, FX_COUNT(changes));
    tcase_add_test(tcase, what_is_wrong_with_a_file_is_remembered_too);
    tcase_add_test(tcase, a_folder_that_gets_another_name_is_a_lie_at_once);
    tcase_add_test(tcase, nothing_is_written_without_caches);
    tcase_add_test(tcase, a_folder_for_caches_is_used_alone);
    tcase_add_test(tcase, caches_of_a_folder_that_is_read_only_lie_elsewhere);
    tcase_add_test(tcase, a_cache_beside_is_small_or_lies_elsewhere);
    tcase_add_test(tcase, what_a_crash_left_is_swept);
    tcase_add_loop_test(tcase, a_bad_cache_is_replaced, 0, 4);
    tcase_add_test(tcase, a_cache_of_another_file_is_not_believed);
    tcase_add_loop_test(tcase, a_link_or_a_folder_in_the_place_of_a_cache_changes_nothing, 0, 2);
    return suite;
}
