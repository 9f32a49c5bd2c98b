/* Whatever call of the system fails: the store stays whole, nothing is left behind, and the next run succeeds with the
 * bytes of a build from nothing. Each test lets every single call of a kind fail once, until a run passes without the
 * failure. */
#include "clock.h"
#include "fault_cases.h"
#include "whole_store.h"

#include <apr_strings.h>

#include <errno.h>
#include <string.h>
#include <unistd.h>

static cdist_digest_t first, wanted; /* the archive that is in the store before, and the one that must come of the job */
static cdist_job_t job;

static void make_job(const char *folder)
{
    job = fx_folder_job(folder, 1);
    job.threads = 2;
}

static cdist_err_t *run_job(apr_pool_t *pool)
{
    return cdist_job_run(fx_store, &job, NULL, pool);
}

static cdist_err_t *run_flight(apr_pool_t *pool)
{
    cdist_flight_limits_t limits = {5, 1};
    cdist_outcome_t outcome;
    cdist_flights_t *flights;
    cdist_archive_t *archive;
    apr_file_t *file;

    FX_OK(cdist_flights_create(&flights, fx_store, &limits, pool));
    return cdist_flights_obtain(&archive, &file, &outcome, flights, &job, apr_time_from_sec(20), 0, pool);
}

static cdist_digest_t found(void)
{
    cdist_archive_t *archive;
    apr_file_t *file;

    FX_OK(cdist_store_find(&archive, &file, fx_store, &job.key, 0, fx_pool));
    apr_file_close(file);
    return archive->sha256;
}

typedef cdist_err_t *run_fn(apr_pool_t *pool);

/* Runs in a pool of its own, so that all is over afterwards what a pool ends. */
static cdist_err_t *run_in_pool(run_fn *run)
{
    cdist_err_t *err;
    apr_pool_t *pool;

    apr_pool_create(&pool, fx_pool);
    err = cdist_err_dup(run(pool), fx_pool);
    apr_pool_destroy(pool);
    return err;
}

/* Returns 0 if the run had fewer calls than that. */
static int survives(run_fn *run, const fault_t *fault, int nth)
{
    cdist_digest_t digest;
    cdist_err_t *err;
    int files, hit;

    fx_clone_store("template");
    FX_OK(cdist_store_open(&fx_store, fx_path("store"), fx_pool));
    files = fault_open_files();
    fault_arm(fault, nth);
    err = run_in_pool(run);
    hit = fault_disarm();
    ck_assert_int_eq(fault_open_files(), files);
    if (err && !hit) ck_abort_msg("without a fault: %s", cdist_err_text(err, fx_pool));
    if (err) fault_expect_told(err, fault, nth);
    fx_expect_whole_store(&first);
    if (err) FX_OK(run_in_pool(run));
    digest = found();
    ck_assert_str_eq(fx_hex(&digest), fx_hex(&wanted));
    if (err) fx_expect_whole_store(&first);
    return hit;
}

static void survives_every(const char *what, run_fn *run, const fault_t *fault)
{
    int nth = 1;

    while (survives(run, fault, nth)) nth++;
    fault_tell(what, fault, nth - 1);
}

/* A release in a store, the next one as a job, and what must come of it. */
static void make_releases(void)
{
    make_job("one");
    FX_OK(cdist_store_open(&fx_store, fx_path("template"), fx_pool));
    FX_OK(run_in_pool(run_job));
    first = found();
    make_job("two");
    FX_OK(cdist_store_open(&fx_store, fx_path("plain"), fx_pool));
    FX_OK(run_in_pool(run_job));
    wanted = found();
}

/* The same file by its stat, the same content elsewhere, other contents, a link and an empty folder. */
static void make_small_releases(void)
{
    fx_write_prose("one/same.txt", 20000);
    fx_write_noise("one/moved.cab", 9000, 1);
    fx_write_text("one/changed.ini", "version one");
    fx_write_noise("two/folder/moved.cab", 9000, 1);
    fx_write_text("two/changed.ini", "version two");
    fx_make_folder("two/empty");
    fx_link("changed.ini", "two/link");
    ck_assert_int_eq(link(fx_path("one/same.txt"), fx_path("two/same.txt")), 0);
    make_releases();
}

/* An archive of a store under another name. */
static void copy_archive(const char *from, const cdist_digest_t *digest, const char *name)
{
    size_t length;
    const char *bytes = fx_read(&length, apr_pstrcat(fx_pool, from, "/archives/", fx_hex(digest), ".zip", NULL));

    fx_write(name, bytes, length);
}

START_TEST(whatever_fails_in_a_job_the_store_stays_whole_and_the_next_run_succeeds)
{
    make_small_releases();
    survives_every("job", run_job, &fault_cases[_i]);
}
END_TEST

START_TEST(whatever_fails_in_a_flight_no_lock_stays_and_the_next_one_succeeds)
{
    make_small_releases();
    survives_every("flight", run_flight, &fault_cases[_i]);
}
END_TEST

START_TEST(whatever_fails_while_a_ready_archive_is_verified_the_next_run_succeeds)
{
    make_small_releases();
    copy_archive("plain", &wanted, "ready.zip");
    job = fx_ready_job("ready.zip");
    survives_every("ready archive", run_job, &fault_cases[_i]);
}
END_TEST

/* ---- streamed entries ---------------------------------------------------------------------------------------------- */

static const fault_t stream_faults[] = {
    {FAULT_READ, EIO, 0}, {FAULT_WRITE, ENOSPC, 1}, {FAULT_SEEK, EIO, 0}, {FAULT_TRUNCATE, EIO, 0}};

static void damage_first(void)
{
    const char *name = apr_pstrcat(fx_pool, "template/archives/", fx_hex(&first), ".zip", NULL);
    apr_off_t at = CDIST_WHOLE_MAX / 2;
    apr_file_t *file;

    FX_DONE(apr_file_open(&file, fx_path(name), APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_BINARY, 0, fx_pool));
    FX_DONE(apr_file_seek(file, APR_SET, &at));
    FX_DONE(apr_file_write_full(file, "\xEE\xEE\xEE\xEE", 4, NULL));
    apr_file_close(file);
}

/* One call of a kind only, because each run moves 64 MiB several times: with a sound archive to copy the entry from, and with a
 * damaged one, of which half the entry is copied and thrown away. */
START_TEST(whatever_fails_while_a_large_entry_is_streamed_the_next_run_succeeds)
{
    int calls[FX_COUNT(stream_faults)], i;

    fx_write_noise("one/large", CDIST_WHOLE_MAX + 5, 1);
    fx_make_folder("two");
    ck_assert_int_eq(link(fx_path("one/large"), fx_path("two/large")), 0);
    fx_write_text("two/small", "x");
    make_releases();
    if (_i) damage_first();
    survives(run_job, &stream_faults[0], 1 << 30);
    for (i = 0; i < FX_COUNT(stream_faults); i++) calls[i] = fault_calls(stream_faults[i].kind);
    for (i = 0; i < FX_COUNT(stream_faults); i++) {
        const fault_t *fault = &stream_faults[i];

        if (calls[i]) survives(run_job, fault, (calls[i] + 1) / 2);
        fault_tell(_i ? "streamed job, damaged archive" : "streamed job", fault, calls[i] > 0);
    }
}
END_TEST

/* ---- the pieces ---------------------------------------------------------------------------------------------------- */

/* Lets every call of a run fail, each time after `before`; `after` looks at what is there when the run's pool is gone. */
static void each_call(const char *what, const fault_t *fault, void (*before)(void), run_fn *run,
                      void (*after)(int failed))
{
    int nth, hit = 1;

    for (nth = 1; hit; nth++) {
        cdist_err_t *err;
        apr_pool_t *pool;
        int failed;

        before();
        apr_pool_create(&pool, fx_pool);
        fault_arm(fault, nth);
        err = run(pool);
        hit = fault_disarm();
        if (err) fault_expect_told(err, fault, nth);
        failed = err != NULL;
        apr_pool_destroy(pool);
        after(failed);
    }
    fault_tell(what, fault, nth - 2);
}

static void remove_store(void)
{
    fx_remove("store");
}

static cdist_err_t *open_store(apr_pool_t *pool)
{
    return cdist_store_open(&fx_store, fx_path("store"), pool);
}

static void expect_new_store(int failed)
{
    (void)failed;
    fx_open_store();
    ck_assert_str_eq(fx_read(NULL, "store/FORMAT"), "1cdist-store 1\n");
    fx_expect_whole_store(&first);
}

START_TEST(whatever_fails_when_a_store_is_opened_the_next_opening_succeeds)
{
    each_call("opening a store", &fault_cases[_i], remove_store, open_store, expect_new_store);
}
END_TEST

static void write_old(void)
{
    fx_remove("f");
    fx_write_text("f/file", "the old one");
}

static cdist_err_t *publish_new(apr_pool_t *pool)
{
    return cdist_file_publish(fx_path("f/file"), "the new one", 11, pool);
}

static void expect_old_or_new(int failed)
{
    const char *text = fx_read(NULL, "f/file");

    ck_assert(strcmp(text, "the new one") == 0 || (failed && strcmp(text, "the old one") == 0));
    ck_assert_int_eq(fx_children("f"), 1);
    FX_OK(publish_new(fx_pool));
}

START_TEST(whatever_fails_when_a_file_is_published_it_is_the_old_one_or_the_new_one)
{
    each_call("publishing a file", &fault_cases[_i], write_old, publish_new, expect_old_or_new);
}
END_TEST

static cdist_digest_t built;

static cdist_err_t *build_from_archive(apr_pool_t *pool)
{
    cdist_reuse_t *reuse = cdist_reuse_create(1, pool);
    cdist_build_options_t options = {1, 2, NULL, NULL, NULL, 0, 0, reuse, NULL};
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    cdist_temp_t *temp;
    int usable;

    CDIST_ERR(cdist_reuse_add(&usable, reuse, fx_path("known.zip")));
    CDIST_ERR(cdist_tree_read(&tree, fx_path("two"), NULL, pool));
    if (cdist_os_temp_open(&temp, fx_path("out"), pool) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_STORE, 0, "the archive cannot be opened");
    }
    CDIST_ERR(cdist_build(&manifest, temp, tree, &options, pool));
    built = manifest->archive_sha256;
    return NULL;
}

static void forget_built(void)
{
    memset(&built, 0, sizeof built);
}

static void expect_wanted(int failed)
{
    if (!failed) ck_assert_str_eq(fx_hex(&built), fx_hex(&wanted));
    ck_assert_int_eq(fx_children("out"), 0);
}

START_TEST(whatever_fails_while_an_archive_of_unknown_origin_is_reused_no_other_bytes_come_out)
{
    make_small_releases();
    copy_archive("template", &first, "known.zip");
    fx_make_folder("out");
    each_call("reusing an archive", &fault_cases[_i], forget_built, build_from_archive, expect_wanted);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("faults of the store");
    TCase *tcase = fx_case(suite, "faults of the store", 60);

    /* Files made a moment ago count as old, and are reused by their stat. */
    fx_clock_ahead = apr_time_from_sec(100);
    tcase_add_loop_test(tcase, whatever_fails_in_a_job_the_store_stays_whole_and_the_next_run_succeeds, 0, FAULT_CASES);
    tcase_add_loop_test(tcase, whatever_fails_in_a_flight_no_lock_stays_and_the_next_one_succeeds, 0, FAULT_CASES);
    tcase_add_loop_test(tcase, whatever_fails_while_a_ready_archive_is_verified_the_next_run_succeeds, 0, FAULT_CASES);
    tcase_add_loop_test(tcase, whatever_fails_while_a_large_entry_is_streamed_the_next_run_succeeds, 0, 2);
    tcase_add_loop_test(tcase, whatever_fails_when_a_store_is_opened_the_next_opening_succeeds, 0, FAULT_CASES);
    tcase_add_loop_test(tcase, whatever_fails_when_a_file_is_published_it_is_the_old_one_or_the_new_one, 0, FAULT_CASES);
    tcase_add_loop_test(tcase, whatever_fails_while_an_archive_of_unknown_origin_is_reused_no_other_bytes_come_out, 0,
                        FAULT_CASES);
    return suite;
}
