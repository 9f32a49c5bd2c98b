/* Uses of archives: each is noted, so that the least recently used one is known. */
#include "care_fixture.h"

START_TEST(a_use_is_noted_at_most_once_a_minute)
{
    care_made_t a;
    apr_time_t before;
    const char *info;

    care_open();
    a = care_make("a");
    info = fx_part("archives", a.archive, ".info");
    before = care_mtime(info);
    fx_clock_ahead = apr_time_from_sec(50);
    care_use(&a);
    ck_assert(care_mtime(info) == before);
    fx_clock_ahead = apr_time_from_sec(70);
    care_use(&a);
    ck_assert(care_mtime(info) > before + apr_time_from_sec(60));
    before = care_mtime(info);
    care_use(&a);
    ck_assert(care_mtime(info) == before);
    ck_assert(care_is_there(&a));
}
END_TEST

START_TEST(a_look_at_an_archive_is_no_use)
{
    care_made_t a;
    apr_time_t before;

    care_open();
    a = care_make("a");
    before = care_mtime(fx_part("archives", a.archive, ".info"));
    fx_clock_ahead = DAYS(1);
    ck_assert(care_is_there(&a));
    ck_assert(care_mtime(fx_part("archives", a.archive, ".info")) == before);
}
END_TEST

START_TEST(a_use_in_the_future_is_corrected_and_never_keeps_an_archive)
{
    care_made_t a;
    apr_time_t future = apr_time_now() + DAYS(3650);

    care_open();
    a = care_make("a");
    FX_DONE(apr_file_mtime_set(fx_path(fx_part("archives", a.archive, ".info")), future, fx_pool));
    care_use(&a);
    ck_assert(care_mtime(fx_part("archives", a.archive, ".info")) <= apr_time_now());
    FX_DONE(apr_file_mtime_set(fx_path(fx_part("archives", a.archive, ".info")), future, fx_pool));
    ck_assert_int_eq(care_collect(1).removed_archives, 1);
}
END_TEST

START_TEST(a_use_of_an_archive_that_is_gone_makes_nothing)
{
    care_made_t a;

    care_open();
    a = care_make("a");
    FX_DONE(cdist_store_forget(fx_store, &a.archive->sha256, fx_pool));
    fx_clock_ahead = HOURS(1);
    care_use(&a);
    ck_assert_int_eq(fx_children("store/archives"), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store use");
    TCase *tcase = fx_case(suite, "store use", 60);

    tcase_add_test(tcase, a_use_is_noted_at_most_once_a_minute);
    tcase_add_test(tcase, a_look_at_an_archive_is_no_use);
    tcase_add_test(tcase, a_use_in_the_future_is_corrected_and_never_keeps_an_archive);
    tcase_add_test(tcase, a_use_of_an_archive_that_is_gone_makes_nothing);
    return suite;
}
