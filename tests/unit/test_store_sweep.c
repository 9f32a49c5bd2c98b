/* Sweeping: what leads to nothing, or was left by a crash, goes in its time; what is not ours stays. */
#include "care_fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <unistd.h>

START_TEST(manifests_outlive_their_archive_by_ninety_days)
{
    care_made_t a, b;

    care_open();
    a = care_make("a");
    b = care_make("b");
    fx_clock_ahead = DAYS(89);
    care_use(&b);
    fx_clock_ahead += MINUTES(11);
    care_collect(b.archive->bytes);
    ck_assert(!care_is_there(&a) && care_is_there(&b));
    ck_assert_int_eq(fx_exists(fx_part("manifests", a.archive, ".json")), 1);
    fx_clock_ahead = DAYS(91);
    care_collect(0);
    ck_assert_int_eq(fx_exists(fx_part("manifests", a.archive, ".json")), 0);
    ck_assert_int_eq(fx_exists(fx_part("manifests", b.archive, ".json")), 1);
}
END_TEST

START_TEST(keys_that_lead_to_nothing_go_after_a_day)
{
    care_made_t a, b;

    care_open();
    a = care_make("a");
    b = care_make("b");
    FX_DONE(cdist_store_forget(fx_store, &a.archive->sha256, fx_pool));
    fx_remove(fx_part("manifests", a.archive, ".json"));
    fx_write_text(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&a.archive->sha256), NULL), "rubbish");
    fx_clock_ahead = HOURS(23);
    care_collect(0);
    ck_assert_int_eq(fx_children("store/keys"), 3);
    fx_clock_ahead = HOURS(25);
    care_collect(0);
    ck_assert_int_eq(fx_children("store/keys"), 1);
    ck_assert(care_is_there(&b));
}
END_TEST

START_TEST(what_a_crash_left_goes_and_what_is_not_ours_stays)
{
    care_made_t a, b;

    care_open();
    a = care_make("a");
    b = care_make("b");
    ck_assert_int_eq(unlink(fx_path(fx_part("archives", a.archive, ".info"))), 0);
    fx_write_text("store/archives/.cdist-0011223344556677.tmp", "x");
    fx_write_text("store/archives/notes.zip", "x");
    fx_write_text("store/archives/README", "x");
    fx_write_text("store/manifests/README", "x");
    fx_write_text("store/own", "x");
    fx_clock_ahead = MINUTES(50);
    ck_assert_int_eq(care_collect(0).archives, 1);
    ck_assert_int_eq(fx_exists(fx_part("archives", a.archive, ".zip")), 1);
    fx_clock_ahead = MINUTES(70);
    care_collect(0);
    ck_assert_int_eq(fx_exists(fx_part("archives", a.archive, ".zip")) + fx_exists(fx_part("records", a.archive, "")), 0);
    ck_assert_int_eq(fx_exists("store/archives/.cdist-0011223344556677.tmp"), 0);
    ck_assert_int_eq(fx_children("store/archives"), 4);
    ck_assert_int_eq(fx_exists("store/manifests/README") + fx_exists("store/own"), 2);
    ck_assert(care_is_there(&b));
    ck_assert_int_eq(care_said("CD0025"), 1);
}
END_TEST

START_TEST(notes_go_after_thirty_days_and_facts_about_files_after_ninety)
{
    care_made_t a;
    const char *name, *note, *fact;

    care_open();
    a = care_make("a");
    name = fx_hex(&a.archive->sha256);
    note = apr_pstrcat(fx_pool, "store/notes/", name, NULL);
    fact = apr_pstrcat(fx_pool, "store/facts/", name, NULL);
    fx_write_text(note, "x");
    fx_write_text(fact, "x");
    fx_write_text("store/facts/README", "x");
    fx_clock_ahead = DAYS(31);
    care_collect(0);
    ck_assert_int_eq(fx_exists(note), 0);
    ck_assert_int_eq(fx_exists(fact), 1);
    fx_clock_ahead = DAYS(91);
    care_collect(0);
    ck_assert_int_eq(fx_exists(fact), 0);
    ck_assert_int_eq(fx_exists("store/facts/README"), 1);
}
END_TEST

START_TEST(a_publication_that_breaks_off_leaves_nothing_that_takes_room)
{
    cdist_job_t job;

    care_open();
    fx_write_noise("t/a", 10000, 1);
    job = fx_folder_job("t", 1);
    ck_assert_int_eq(rmdir(fx_path("store/manifests")), 0);
    fx_write_text("store/manifests", "in the way");
    FX_FAILS(cdist_job_run(fx_store, &job, NULL, fx_pool), CDIST_E_STORE);
    ck_assert_int_eq(fx_children("store/archives") + fx_children("store/records"), 0);
}
END_TEST

START_TEST(a_publication_that_breaks_off_leaves_an_equal_archive_alone)
{
    care_made_t a;
    cdist_job_t job;

    care_open();
    a = care_make("a");
    fx_write_noise("other/a", 10000, 'a');
    job = fx_folder_job("other", 1);
    ck_assert_int_eq(rename(fx_path("store/manifests"), fx_path("store/moved")), 0);
    fx_write_text("store/manifests", "in the way");
    FX_FAILS(cdist_job_run(fx_store, &job, NULL, fx_pool), CDIST_E_STORE);
    ck_assert(care_is_there(&a));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store sweep");
    TCase *tcase = fx_case(suite, "store sweep", 60);

    tcase_add_test(tcase, manifests_outlive_their_archive_by_ninety_days);
    tcase_add_test(tcase, keys_that_lead_to_nothing_go_after_a_day);
    tcase_add_test(tcase, what_a_crash_left_goes_and_what_is_not_ours_stays);
    tcase_add_test(tcase, notes_go_after_thirty_days_and_facts_about_files_after_ninety);
    tcase_add_test(tcase, a_publication_that_breaks_off_leaves_nothing_that_takes_room);
    tcase_add_test(tcase, a_publication_that_breaks_off_leaves_an_equal_archive_alone);
    return suite;
}
