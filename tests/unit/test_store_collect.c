/* Eviction: what goes when the store is too large, what stays, and who may take it away. */
#include "care_fixture.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(least_recently_used_archives_go_first)
{
    care_made_t a, b, c;
    cdist_collected_t result;

    care_open();
    a = care_make("a");
    b = care_make("b");
    c = care_make("c");
    fx_clock_ahead = HOURS(1);
    care_use(&c);
    fx_clock_ahead = HOURS(2);
    care_use(&a);
    fx_clock_ahead = HOURS(3);
    result = care_collect(2 * c.archive->bytes);
    ck_assert_int_eq(result.removed_archives, 1);
    ck_assert_uint_eq(result.removed_bytes, b.archive->bytes);
    ck_assert_int_eq(result.archives, 2);
    ck_assert_uint_eq(result.bytes, a.archive->bytes + c.archive->bytes);
    ck_assert(care_is_there(&a) && !care_is_there(&b) && care_is_there(&c));
    result = care_collect(a.archive->bytes);
    ck_assert(care_is_there(&a) && !care_is_there(&c));
    ck_assert_int_eq(care_said("CD0024"), 2);
    ck_assert_int_eq(care_said("CD0023"), 0);
    ck_assert_int_eq(result.over, 0);
}
END_TEST

START_TEST(within_the_limit_and_without_one_nothing_goes)
{
    care_made_t a;

    care_open();
    a = care_make("a");
    fx_clock_ahead = DAYS(1000);
    ck_assert_int_eq(care_collect(a.archive->bytes).archives, 1);
    ck_assert_int_eq(care_collect(0).archives, 1);
    ck_assert(care_is_there(&a));
    care_collect(a.archive->bytes - 1);
    ck_assert(!care_is_there(&a));
}
END_TEST

START_TEST(what_was_used_in_the_last_ten_minutes_stays_and_that_is_said_once)
{
    care_made_t a, b;
    cdist_collected_t result;

    care_open();
    a = care_make("a");
    b = care_make("b");
    fx_clock_ahead = MINUTES(20);
    care_use(&b);
    fx_clock_ahead = MINUTES(30) + apr_time_from_sec(30);
    result = care_collect(1);
    ck_assert(!care_is_there(&a) && care_is_there(&b));
    ck_assert_int_eq(result.over, 1);
    ck_assert_int_eq(care_said("CD0023"), 1);
    ck_assert_int_eq(care_said("the limit allows 1. "), 1);
    ck_assert_int_eq(care_said("may be about to become current"), 1);
    care_collect(1);
    ck_assert_int_eq(care_said("CD0023"), 1);
    fx_clock_ahead = MINUTES(32);
    ck_assert_int_eq(care_collect(1).over, 0);
    ck_assert(!care_is_there(&b));
}
END_TEST

START_TEST(what_was_just_published_stays_however_large)
{
    care_made_t a;

    care_open();
    a = care_make("a");
    ck_assert_int_eq(care_collect(1).over, 1);
    ck_assert(care_is_there(&a));
}
END_TEST

START_TEST(an_evicted_archive_is_built_again_with_the_same_bytes_and_the_open_one_stays_readable)
{
    care_made_t a;
    cdist_archive_t *archive;
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_digest_t digest;
    apr_file_t *file;
    apr_size_t length;
    char *bytes;

    care_open();
    a = care_make("a");
    FX_OK(cdist_store_find(&archive, &file, fx_store, &a.job.key, 0, fx_pool));
    fx_clock_ahead = HOURS(1);
    ck_assert_int_eq(care_collect(1).removed_archives, 1);
    ck_assert(!care_is_there(&a));
    ck_assert_int_eq(fx_children("store/archives") + fx_children("store/records"), 0);
    bytes = apr_palloc(fx_pool, (apr_size_t)archive->bytes);
    FX_DONE(apr_file_read_full(file, bytes, (apr_size_t)archive->bytes, &length));
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&digest, sha);
    ck_assert(cdist_digest_equal(&digest, &archive->sha256));
    FX_OK(cdist_job_run(fx_store, &a.job, NULL, fx_pool));
    ck_assert(cdist_digest_equal(&fx_find(&a.job.key)->sha256, &archive->sha256));
}
END_TEST

START_TEST(ready_archives_cost_nothing_and_are_not_evicted)
{
    cdist_job_t job;
    cdist_collected_t result;

    care_open();
    fx_write_ready("ready.zip", "content");
    job = fx_ready_job("ready.zip");
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    fx_clock_ahead = DAYS(89);
    result = care_collect(1);
    ck_assert_int_eq(result.archives + result.removed_archives + result.over, 0);
    ck_assert_ptr_nonnull(fx_find(&job.key));
    fx_clock_ahead = DAYS(91);
    care_collect(1);
    fx_open_store(); /* as another process does, which remembers nothing */
    ck_assert_ptr_null(fx_find(&job.key));
    ck_assert_int_eq(fx_exists("ready.zip"), 1);
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    ck_assert_ptr_nonnull(fx_find(&job.key));
}
END_TEST

START_TEST(who_comes_second_returns_at_once)
{
    cdist_collected_t result;
    cdist_lock_t *lock;
    care_made_t a;

    care_open();
    a = care_make("a");
    fx_clock_ahead = HOURS(1);
    FX_DONE(cdist_os_lock_try(&lock, fx_path("store/lock"), LOCK_COLLECT, 1, fx_pool));
    result = care_collect(1);
    ck_assert_int_eq(result.busy, 1);
    ck_assert_int_eq(result.archives + result.removed_archives, 0);
    ck_assert(care_is_there(&a));
    cdist_os_lock_free(lock);
    ck_assert_int_eq(care_collect(1).removed_archives, 1);
}
END_TEST

START_TEST(a_store_that_cannot_be_listed_is_an_error)
{
    cdist_collected_t result;

    care_open();
    ck_assert_int_eq(rmdir(fx_path("store/archives")), 0);
    fx_write_text("store/archives", "in the way");
    FX_FAILS(cdist_store_collect(&result, fx_store, 1, "the limit", fx_pool), CDIST_E_STORE);
}
END_TEST

START_TEST(a_collection_after_a_build_ends_when_the_server_must_go)
{
    volatile apr_uint32_t stop = 1;
    care_made_t a;

    care_open();
    a = care_make("a");
    fx_clock_ahead = HOURS(1);
    ck_assert_int_eq(cdist_store_tidy(fx_store, 1, &stop, fx_pool), 0);
    ck_assert(care_is_there(&a));
    stop = 0;
    ck_assert_int_eq(cdist_store_tidy(fx_store, 1, &stop, fx_pool), 1);
}
END_TEST

#define COLLECTORS 3
#define EVICTIONS 10

/* Collects without mercy until it is told to end by its pipe. */
static void collect_for_ever(int end)
{
    apr_pool_t *pool;
    char byte;

    fx_clock_ahead = MINUTES(30); /* an hour would make others' temporary files old */
    apr_pool_create(&pool, fx_pool);
    do {
        cdist_collected_t result;

        apr_pool_clear(pool);
        if (cdist_store_collect(&result, fx_store, 1, "the limit", pool)) _exit(1);
    } while (read(end, &byte, 1) < 0);
    _exit(0);
}

START_TEST(several_processes_collect_while_one_builds_and_nothing_breaks)
{
    cdist_flight_limits_t limits = {10, 2, 0};
    cdist_flights_t *flights;
    cdist_job_t jobs[3];
    cdist_digest_t seen[3];
    int i, status, ends[2], evicted = 0;
    pid_t pids[COLLECTORS];

    care_open();
    for (i = 0; i < 3; i++) {
        const char *folder = apr_psprintf(fx_pool, "%c", "abc"[i]);
        jobs[i] = care_make(folder).job;
        seen[i] = fx_find(&jobs[i].key)->sha256;
    }
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (i = 0; i < COLLECTORS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(ends[1]);
            collect_for_ever(ends[0]);
        }
    }
    FX_OK(cdist_flights_create(&flights, fx_store, &limits, fx_pool));
    for (i = 0; evicted < EVICTIONS; i++) {
        cdist_outcome_t outcome;
        cdist_archive_t *archive;
        apr_file_t *file;
        cdist_err_t *err =
            cdist_flights_obtain(&archive, &file, &outcome, flights, &jobs[i % 3], apr_time_from_sec(20), 0, fx_pool);

        /* NB: several evictions in a row between a build and its opening may be told as such; where files are removed
         * slowly that is the rule. */
        if (err && err->code == CDIST_E_NOTFOUND) {
            evicted++;
            continue;
        }
        FX_OK(err);
        ck_assert(cdist_digest_equal(&archive->sha256, &seen[i % 3]));
        apr_file_close(file);
        evicted += outcome == CDIST_BUILT;
    }
    close(ends[1]);
    for (i = 0; i < COLLECTORS; i++) {
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    for (i = 0; i < 3; i++) {
        FX_OK(cdist_job_run(fx_store, &jobs[i], NULL, fx_pool));
        ck_assert(cdist_digest_equal(&fx_find(&jobs[i].key)->sha256, &seen[i]));
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store collect");
    TCase *tcase = fx_case(suite, "store collect", 60);

    tcase_add_test(tcase, least_recently_used_archives_go_first);
    tcase_add_test(tcase, within_the_limit_and_without_one_nothing_goes);
    tcase_add_test(tcase, what_was_used_in_the_last_ten_minutes_stays_and_that_is_said_once);
    tcase_add_test(tcase, what_was_just_published_stays_however_large);
    tcase_add_test(tcase, an_evicted_archive_is_built_again_with_the_same_bytes_and_the_open_one_stays_readable);
    tcase_add_test(tcase, ready_archives_cost_nothing_and_are_not_evicted);
    tcase_add_test(tcase, who_comes_second_returns_at_once);
    tcase_add_test(tcase, a_store_that_cannot_be_listed_is_an_error);
    tcase_add_test(tcase, a_collection_after_a_build_ends_when_the_server_must_go);
    tcase_add_test(tcase, several_processes_collect_while_one_builds_and_nothing_breaks);
    return suite;
}
