/* Single flight: one build however many ask, in one process and in several. */
#include "store_fixture.h"

#include <apr_thread_proc.h>

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static cdist_flights_t *flights;
static cdist_job_t job;
static int messages_of_builds;

static int every_level(void *baton, cdist_log_level_t level)
{
    (void)baton;
    (void)level;
    return 1;
}

static void count_builds(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)level;
    (void)status;
    if (strstr(text, "CD0013")) __atomic_fetch_add(&messages_of_builds, 1, __ATOMIC_SEQ_CST);
}

static void prepare(size_t bytes, int wait_max, int build_max)
{
    cdist_flight_limits_t limits = {wait_max, build_max, 0};

    cdist_log_set(every_level, count_builds, NULL);
    fx_write_prose("t/a", bytes);
    job = fx_folder_job("t", 6);
    fx_open_store();
    FX_OK(cdist_flights_create(&flights, fx_store, &limits, fx_pool));
}

static cdist_err_t *obtain(cdist_outcome_t *outcome, apr_interval_time_t timeout)
{
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_err_t *err = cdist_flights_obtain(&archive, &file, outcome, flights, &job, timeout, 0, fx_pool);

    if (!err) apr_file_close(file);
    return err;
}

START_TEST(the_first_builds_and_the_next_hits)
{
    cdist_outcome_t outcome;

    prepare(5000, 10, 2);
    FX_OK(obtain(&outcome, apr_time_from_sec(20)));
    ck_assert_int_eq(outcome, CDIST_BUILT);
    FX_OK(obtain(&outcome, apr_time_from_sec(20)));
    ck_assert_int_eq(outcome, CDIST_HIT);
    ck_assert_int_eq(messages_of_builds, 1);
    ck_assert_str_eq(cdist_outcome_name(CDIST_HIT), "hit");
    ck_assert_str_eq(cdist_outcome_name(CDIST_BUILT), "built");
    ck_assert_str_eq(cdist_outcome_name(CDIST_WAITED), "waited");
}
END_TEST

#define CROWD 50

typedef struct {
    apr_pool_t *pool;
    cdist_outcome_t outcome;
    cdist_err_t *err;
    cdist_digest_t sha256;
} asker_t;

static void *APR_THREAD_FUNC ask(apr_thread_t *thread, void *baton)
{
    asker_t *asker = baton;
    cdist_archive_t *archive;
    apr_file_t *file;

    (void)thread;
    asker->err = cdist_flights_obtain(&archive, &file, &asker->outcome, flights, &job, apr_time_from_sec(30), 0,
                                      asker->pool);
    if (!asker->err) asker->sha256 = archive->sha256;
    return NULL;
}

START_TEST(of_a_crowd_exactly_one_builds)
{
    asker_t askers[CROWD];
    apr_thread_t *threads[CROWD];
    int i, outcomes[3] = {0, 0, 0};

    prepare(3000000, CROWD, 2);
    for (i = 0; i < CROWD; i++) {
        apr_pool_create_unmanaged(&askers[i].pool);
        FX_DONE(apr_thread_create(&threads[i], NULL, ask, &askers[i], fx_pool));
    }
    for (i = 0; i < CROWD; i++) {
        apr_status_t ignored;
        apr_thread_join(&ignored, threads[i]);
        ck_assert_msg(!askers[i].err, "%s", cdist_err_text(askers[i].err, fx_pool));
        ck_assert(cdist_digest_equal(&askers[i].sha256, &askers[0].sha256));
        outcomes[askers[i].outcome]++;
        apr_pool_destroy(askers[i].pool);
    }
    ck_assert_int_eq(outcomes[CDIST_BUILT], 1);
    ck_assert_int_eq(outcomes[CDIST_WAITED] + outcomes[CDIST_HIT], CROWD - 1);
    ck_assert_int_eq(messages_of_builds, 1);
}
END_TEST

START_TEST(no_room_for_waiters_is_busy_but_a_hit_needs_none)
{
    cdist_flight_limits_t limits = {5, 1, 0};
    cdist_outcome_t outcome;
    cdist_flights_t *roomy;
    cdist_archive_t *archive;
    apr_file_t *file;

    prepare(5000, 0, 1);
    FX_FAILS(obtain(&outcome, apr_time_from_sec(20)), CDIST_E_BUSY);
    FX_OK(cdist_flights_create(&roomy, fx_store, &limits, fx_pool));
    FX_OK(cdist_flights_obtain(&archive, &file, &outcome, roomy, &job, apr_time_from_sec(20), 0, fx_pool));
    FX_OK(obtain(&outcome, 0));
    ck_assert_int_eq(outcome, CDIST_HIT);
}
END_TEST

static void wait_until_hit(void)
{
    cdist_outcome_t outcome = CDIST_WAITED;
    int i;

    for (i = 0; i < 1000 && outcome != CDIST_HIT; i++) {
        cdist_err_t *err = obtain(&outcome, apr_time_from_msec(20));
        if (err) ck_assert_int_eq(err->code, CDIST_E_TIMEOUT);
        if (err) outcome = CDIST_WAITED;
    }
    ck_assert_int_eq(outcome, CDIST_HIT);
    /* The archive is there a moment before the line in the log. */
    for (i = 0; i < 1000 && __atomic_load_n(&messages_of_builds, __ATOMIC_SEQ_CST) == 0; i++) apr_sleep(apr_time_from_msec(10));
}

START_TEST(a_timeout_ends_the_wait_and_not_the_build)
{
    cdist_outcome_t outcome;

    prepare(12000000, 10, 1);
    FX_FAILS(obtain(&outcome, 0), CDIST_E_TIMEOUT);
    wait_until_hit();
    ck_assert_int_eq(messages_of_builds, 1);
}
END_TEST

/* A build that failed because the folder is another one than the job was made for. */
static void prepare_failure(void)
{
    cdist_outcome_t outcome;

    prepare(5000, 10, 1);
    fx_write_text("t/b", "x");
    FX_FAILS(obtain(&outcome, apr_time_from_sec(20)), CDIST_E_CHANGED);
}

START_TEST(a_failure_is_remembered_for_a_while)
{
    cdist_outcome_t outcome;
    cdist_err_t *err;

    prepare_failure();
    ck_assert_int_eq(unlink(fx_path("t/b")), 0);
    err = obtain(&outcome, apr_time_from_sec(20));
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_CHANGED);
    ck_assert_int_eq(messages_of_builds, 0);
}
END_TEST

START_TEST(the_failure_of_one_job_does_not_touch_another)
{
    cdist_outcome_t outcome;

    prepare_failure();
    job = fx_folder_job("t", 6);
    FX_OK(obtain(&outcome, apr_time_from_sec(20)));
    ck_assert_int_eq(outcome, CDIST_BUILT);
}
END_TEST

START_TEST(an_archive_that_is_lost_is_built_again)
{
    cdist_archive_t *archive;
    cdist_outcome_t outcome;
    apr_file_t *file;

    prepare(5000, 10, 1);
    FX_OK(cdist_flights_obtain(&archive, &file, &outcome, flights, &job, apr_time_from_sec(20), 0, fx_pool));
    ck_assert_int_eq(unlink(archive->path), 0);
    FX_OK(obtain(&outcome, apr_time_from_sec(20)));
    ck_assert_int_eq(outcome, CDIST_BUILT);
    ck_assert_int_eq(messages_of_builds, 2);
}
END_TEST

/* A child process with flights of its own; it ends with 'b', 'w', 'h', or '!' for an error. */
static pid_t start_process(int results[2])
{
    pid_t child = fork();

    ck_assert_int_ge(child, 0);
    if (child == 0) {
        cdist_flight_limits_t limits = {10, 1, 0};
        cdist_outcome_t outcome = CDIST_HIT;
        char letter = '!';

        if (!cdist_flights_create(&flights, fx_store, &limits, fx_pool) && !obtain(&outcome, apr_time_from_sec(30))) {
            letter = cdist_outcome_name(outcome)[0];
        }
        _exit(write(results[1], &letter, 1) == 1 ? 0 : 1);
    }
    return child;
}

START_TEST(of_several_processes_exactly_one_builds)
{
    int results[2], i, built = 0;
    pid_t children[4];

    prepare(3000000, 10, 1);
    ck_assert_int_eq(pipe(results), 0);
    for (i = 0; i < 4; i++) children[i] = start_process(results);
    for (i = 0; i < 4; i++) {
        char letter = 0;
        ck_assert_int_eq(read(results[0], &letter, 1), 1);
        ck_assert_int_ne(letter, '!');
        built += letter == 'b';
    }
    for (i = 0; i < 4; i++) ck_assert_int_eq(waitpid(children[i], NULL, 0), children[i]);
    ck_assert_int_eq(built, 1);
    ck_assert_int_eq(fx_children("store/keys"), 1);
}
END_TEST

START_TEST(a_process_that_is_killed_while_it_builds_leaves_the_work_to_another)
{
    cdist_outcome_t outcome;
    cdist_lock_t *lock;
    int results[2];
    pid_t child;

    prepare(60000000, 10, 1);
    job.level = 9;
    cdist_job_key(&job, fx_pool);
    ck_assert_int_eq(pipe(results), 0);
    child = start_process(results);
    /* flight.c: the one build that may run holds this byte of the lock file */
    while (cdist_os_lock_try(&lock, fx_path("store/lock"), 0x10000, 1, fx_pool) == APR_SUCCESS) cdist_os_lock_free(lock);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(fx_children("store/archives"), 0);
    FX_OK(obtain(&outcome, apr_time_from_sec(60)));
    ck_assert_int_eq(outcome, CDIST_BUILT);
    /* nothing half-done lies about: one archive with its record */
    ck_assert_int_eq(fx_children("store/archives"), 2);
}
END_TEST

START_TEST(destroying_the_pool_ends_running_builds)
{
    cdist_flight_limits_t limits = {10, 1, 0};
    cdist_outcome_t outcome;
    apr_pool_t *pool;

    prepare(60000000, 10, 1);
    job.level = 9;
    cdist_job_key(&job, fx_pool);
    apr_pool_create(&pool, fx_pool);
    FX_OK(cdist_flights_create(&flights, fx_store, &limits, pool));
    FX_FAILS(obtain(&outcome, 0), CDIST_E_TIMEOUT);
    apr_pool_destroy(pool);
    ck_assert_int_eq(messages_of_builds, 0);
    ck_assert_int_eq(fx_children("store/keys"), 0);
    ck_assert_int_eq(fx_children("store/archives"), 0);
}
END_TEST

static void *APR_THREAD_FUNC shut_soon(apr_thread_t *thread, void *baton)
{
    (void)thread;
    apr_sleep(apr_time_from_msec(100));
    cdist_flights_shut(baton);
    return NULL;
}

START_TEST(a_shut_sends_waiters_away_as_stopped)
{
    cdist_outcome_t outcome;
    apr_thread_t *thread;
    apr_status_t ignored;

    prepare(60000000, 10, 1);
    FX_DONE(apr_thread_create(&thread, NULL, shut_soon, flights, fx_pool));
    FX_FAILS(obtain(&outcome, apr_time_from_sec(50)), CDIST_E_STOPPED);
    apr_thread_join(&ignored, thread);
    ck_assert_int_eq(messages_of_builds, 0);
}
END_TEST

START_TEST(a_store_that_was_emptied_is_made_anew)
{
    cdist_outcome_t outcome;

    prepare(5000, 10, 1);
    FX_OK(obtain(&outcome, apr_time_from_sec(20)));
    ck_assert_int_eq(rename(fx_path("store"), fx_path("gone")), 0);
    FX_OK(obtain(&outcome, apr_time_from_sec(20)));
    ck_assert_int_eq(outcome, CDIST_BUILT);
    ck_assert(fx_exists("store/FORMAT"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("flight");
    TCase *tcase = fx_case(suite, "flight", 60);

    tcase_add_test(tcase, the_first_builds_and_the_next_hits);
    tcase_add_test(tcase, of_a_crowd_exactly_one_builds);
    tcase_add_test(tcase, no_room_for_waiters_is_busy_but_a_hit_needs_none);
    tcase_add_test(tcase, a_timeout_ends_the_wait_and_not_the_build);
    tcase_add_test(tcase, a_failure_is_remembered_for_a_while);
    tcase_add_test(tcase, the_failure_of_one_job_does_not_touch_another);
    tcase_add_test(tcase, an_archive_that_is_lost_is_built_again);
    tcase_add_test(tcase, of_several_processes_exactly_one_builds);
    tcase_add_test(tcase, a_process_that_is_killed_while_it_builds_leaves_the_work_to_another);
    tcase_add_test(tcase, destroying_the_pool_ends_running_builds);
    tcase_add_test(tcase, a_shut_sends_waiters_away_as_stopped);
    tcase_add_test(tcase, a_store_that_was_emptied_is_made_anew);
    return suite;
}
