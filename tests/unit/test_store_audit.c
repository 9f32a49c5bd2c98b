/* The audit: every archive is read again in its time, and one with other bytes is dropped. */
#include "care_fixture.h"

#include <stdio.h>
#include <unistd.h>

static cdist_audited_t audit(apr_interval_time_t older_than)
{
    cdist_audited_t result;

    FX_OK(cdist_store_audit(&result, fx_store, older_than, NULL, fx_pool));
    return result;
}

static void flip(const char *path, off_t at)
{
    FILE *file = fopen(path, "r+b");
    int byte;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseeko(file, at, SEEK_SET), 0);
    byte = fgetc(file);
    ck_assert_int_eq(fseeko(file, at, SEEK_SET), 0);
    ck_assert_int_ne(fputc(byte ^ 1, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(each_archive_is_read_once_in_its_time_the_oldest_check_first)
{
    care_made_t a, b;
    cdist_audited_t result;

    care_open();
    ck_assert_int_eq(audit(0).checked, 0);
    a = care_make("a");
    ck_assert_int_eq(audit(HOURS(1)).checked, 0);
    fx_clock_ahead = HOURS(2);
    b = care_make("b");
    FX_DONE(apr_file_mtime_set(fx_path(fx_part("manifests", b.archive, ".json")), apr_time_now() - MINUTES(90), fx_pool));
    result = audit(HOURS(1));
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(result.damaged, 0);
    ck_assert_int_eq(result.more, 1);
    ck_assert_uint_eq(result.bytes, a.archive->bytes);
    ck_assert(cdist_digest_equal(&result.sha256, &a.archive->sha256));
    result = audit(HOURS(1));
    ck_assert(cdist_digest_equal(&result.sha256, &b.archive->sha256));
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(result.more, 0);
    result = audit(HOURS(1));
    ck_assert_int_eq(result.checked + result.more, 0);
    fx_clock_ahead = HOURS(4);
    ck_assert_int_eq(audit(HOURS(1)).checked, 1);
    ck_assert(care_is_there(&a) && care_is_there(&b));
}
END_TEST

START_TEST(an_archive_with_one_wrong_bit_is_dropped_and_built_anew)
{
    cdist_audited_t result;
    care_made_t a;

    care_open();
    a = care_make("a");
    flip(a.archive->path, (off_t)a.archive->bytes / 2);
    fx_clock_ahead = DAYS(8);
    result = audit(DAYS(7));
    ck_assert_int_eq(result.damaged, 1);
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(care_said("CD0027"), 1);
    ck_assert(!care_is_there(&a));
    ck_assert_int_eq(fx_exists(fx_part("records", a.archive, "")), 0);
    FX_OK(cdist_job_run(fx_store, &a.job, NULL, fx_pool));
    ck_assert(cdist_digest_equal(&fx_find(&a.job.key)->sha256, &a.archive->sha256));
    fx_clock_ahead = DAYS(16);
    ck_assert_int_eq(audit(DAYS(7)).damaged, 0);
}
END_TEST

START_TEST(a_truncated_archive_is_found_by_the_audit_too)
{
    care_made_t a;

    care_open();
    a = care_make("a");
    ck_assert_int_eq(truncate(a.archive->path, (off_t)a.archive->bytes - 1), 0);
    fx_clock_ahead = DAYS(8);
    ck_assert_int_eq(audit(DAYS(7)).damaged, 1);
    ck_assert_int_eq(fx_children("store/archives"), 0);
}
END_TEST

START_TEST(an_archive_that_lost_its_bytes_does_not_keep_others_from_being_read)
{
    care_made_t a, b;
    cdist_audited_t result;

    care_open();
    a = care_make("a");
    b = care_make("b");
    FX_DONE(apr_file_mtime_set(fx_path(fx_part("manifests", a.archive, ".json")), apr_time_now() - HOURS(1), fx_pool));
    ck_assert_int_eq(unlink(fx_path(fx_part("archives", a.archive, ".zip"))), 0);
    fx_clock_ahead = DAYS(8);
    result = audit(DAYS(7));
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(result.more, 0);
    ck_assert(cdist_digest_equal(&result.sha256, &b.archive->sha256));
}
END_TEST

START_TEST(a_ready_archive_is_read_while_it_is_the_same_and_passed_over_when_it_changed)
{
    cdist_job_t job;

    care_open();
    fx_write_ready("ready.zip", "content");
    job = fx_ready_job("ready.zip");
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    fx_clock_ahead = DAYS(8);
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
    usleep(20000); /* past one tick of the file system's clock */
    flip(job.path, 5);
    fx_clock_ahead = DAYS(16);
    ck_assert_int_eq(audit(DAYS(7)).checked, 0);
    ck_assert_int_eq(care_said("CD0027"), 0);
    ck_assert_int_eq(fx_exists("ready.zip"), 1);
}
END_TEST

START_TEST(an_audit_stops_when_it_is_told_to_and_is_not_counted)
{
    volatile apr_uint32_t stop = 1;
    cdist_audited_t result;
    care_made_t a;

    care_open();
    a = care_make("a");
    fx_clock_ahead = DAYS(8);
    FX_FAILS(cdist_store_audit(&result, fx_store, DAYS(7), &stop, fx_pool), CDIST_E_STOPPED);
    ck_assert_int_eq(fx_children("store/audits"), 0);
    ck_assert(care_is_there(&a));
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
    ck_assert_int_eq(fx_children("store/audits"), 1);
}
END_TEST

START_TEST(who_audits_second_returns_at_once)
{
    cdist_lock_t *lock;

    care_open();
    care_make("a");
    fx_clock_ahead = DAYS(8);
    FX_DONE(cdist_os_lock_try(&lock, fx_path("store/lock"), LOCK_AUDIT, 1, fx_pool));
    ck_assert_int_eq(audit(DAYS(7)).busy, 1);
    cdist_os_lock_free(lock);
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
}
END_TEST

START_TEST(checks_of_archives_that_are_gone_are_forgotten)
{
    care_open();
    care_make("a");
    fx_clock_ahead = DAYS(8);
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
    care_collect(1);
    ck_assert_int_eq(fx_children("store/audits"), 1);
    fx_clock_ahead = DAYS(10);
    care_collect(1);
    ck_assert_int_eq(fx_children("store/audits"), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store audit");
    TCase *tcase = fx_case(suite, "store audit", 60);

    tcase_add_test(tcase, each_archive_is_read_once_in_its_time_the_oldest_check_first);
    tcase_add_test(tcase, an_archive_with_one_wrong_bit_is_dropped_and_built_anew);
    tcase_add_test(tcase, a_truncated_archive_is_found_by_the_audit_too);
    tcase_add_test(tcase, an_archive_that_lost_its_bytes_does_not_keep_others_from_being_read);
    tcase_add_test(tcase, a_ready_archive_is_read_while_it_is_the_same_and_passed_over_when_it_changed);
    tcase_add_test(tcase, an_audit_stops_when_it_is_told_to_and_is_not_counted);
    tcase_add_test(tcase, who_audits_second_returns_at_once);
    tcase_add_test(tcase, checks_of_archives_that_are_gone_are_forgotten);
    return suite;
}
