/* What a process remembers of a store. */
#include "archive_int.h"
#include "store_fixture.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>
#include <unistd.h>

static cdist_archive_t *publish(cdist_job_t *job)
{
    fx_open_store();
    fx_write_prose("t/a", 5000);
    *job = fx_folder_job("t", 6);
    FX_OK(cdist_job_run(fx_store, job, NULL, fx_pool));
    return fx_find(&job->key);
}

static cdist_key_t numbered_key(unsigned number)
{
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_key_t key;

    cdist_sha256_update_u64(sha, number);
    cdist_sha256_final(&key, sha);
    return key;
}

START_TEST(what_was_found_once_is_found_by_its_file_alone)
{
    cdist_job_t job;
    cdist_archive_t *archive = publish(&job), *again;

    ck_assert_int_eq(unlink(fx_path(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&job.key), NULL))), 0);
    ck_assert_int_eq(unlink(fx_path(fx_part("archives", archive, ".info"))), 0);
    again = fx_find(&job.key);
    ck_assert_ptr_nonnull(again);
    ck_assert(cdist_digest_equal(&again->sha256, &archive->sha256));
    ck_assert_uint_eq(again->bytes, archive->bytes);
    ck_assert_int_eq(again->build_ms, archive->build_ms);
    ck_assert_str_eq(again->path, archive->path);
    fx_open_store();
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

START_TEST(what_is_remembered_is_never_believed_without_its_file)
{
    cdist_job_t job;
    cdist_archive_t *archive = publish(&job);

    ck_assert_int_eq(truncate(archive->path, (off_t)archive->bytes - 1), 0);
    ck_assert_ptr_null(fx_find(&job.key));
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    ck_assert_ptr_nonnull(fx_find(&job.key));
    ck_assert_int_eq(unlink(archive->path), 0);
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

START_TEST(a_ready_archive_is_remembered_as_long_as_it_stays_the_same)
{
    cdist_job_t job;

    fx_open_store();
    fx_write_ready("ready.zip", "content");
    job = fx_ready_job("ready.zip");
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    ck_assert_int_eq(fx_find(&job.key)->ready, 1);
    ck_assert_str_eq(fx_find(&job.key)->path, fx_path("ready.zip"));
    fx_append("ready.zip", "more");
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

START_TEST(what_is_dropped_is_forgotten)
{
    cdist_store_memory_t *memory = cdist_store_memory_make(fx_pool);
    cdist_archive_t first = {{{1}}}, second = {{{2}}}, *found;
    cdist_key_t keys[3] = {numbered_key(1), numbered_key(2), numbered_key(3)};

    first.path = "one";
    second.path = "two";
    cdist_store_remember(memory, &keys[0], &first);
    cdist_store_remember(memory, &keys[1], &second);
    cdist_store_remember(memory, &keys[2], &first);
    cdist_store_unlearn(memory, &first.sha256);
    ck_assert_int_eq(cdist_store_recall(&found, memory, &keys[0], fx_pool), 0);
    ck_assert_int_eq(cdist_store_recall(&found, memory, &keys[2], fx_pool), 0);
    ck_assert_int_eq(cdist_store_recall(&found, memory, &keys[1], fx_pool), 1);
    ck_assert_str_eq(found->path, "two");
}
END_TEST

START_TEST(memory_is_bounded_and_nothing_is_mistaken_for_something_else)
{
    cdist_store_memory_t *memory = cdist_store_memory_make(fx_pool);
    int known = 0;
    unsigned i;

    for (i = 0; i < 10000; i++) {
        cdist_key_t key = numbered_key(i);
        cdist_archive_t archive = {{{0}}}, *found;

        archive.bytes = i;
        archive.path = "path";
        cdist_store_remember(memory, &key, &archive);
        if (i % 100 == 0 && cdist_store_recall(&found, memory, &key, fx_pool)) ck_assert_uint_eq(found->bytes, i);
    }
    for (i = 0; i < 10000; i++) {
        cdist_key_t key = numbered_key(i);
        cdist_archive_t *found;

        if (!cdist_store_recall(&found, memory, &key, fx_pool)) continue;
        ck_assert_uint_eq(found->bytes, i);
        known++;
    }
    ck_assert_int_gt(known, 500);
    ck_assert_int_le(known, 1024);
}
END_TEST

START_TEST(who_came_first_stays_however_many_come_after)
{
    cdist_store_memory_t *memory = cdist_store_memory_make(fx_pool);
    cdist_key_t first = numbered_key(0);
    cdist_archive_t archive = {{{0}}}, *found;
    unsigned i;

    archive.path = "path";
    for (i = 0; i < 20000; i++) {
        cdist_key_t key = numbered_key(i % 3000);

        archive.sha256 = key;
        cdist_store_remember(memory, &key, &archive);
    }
    ck_assert_int_eq(cdist_store_recall(&found, memory, &first, fx_pool), 1);
    cdist_store_unlearn(memory, &first);
    ck_assert_int_eq(cdist_store_recall(&found, memory, &first, fx_pool), 0);
    archive.sha256 = first;
    cdist_store_remember(memory, &first, &archive);
    ck_assert_int_eq(cdist_store_recall(&found, memory, &first, fx_pool), 1);
}
END_TEST

START_TEST(a_mark_counts_for_its_archive_and_for_its_time)
{
    cdist_store_memory_t *memory = cdist_store_memory_make(fx_pool);
    apr_time_t now = apr_time_from_sec(1700000000), minute = apr_time_from_sec(60);
    cdist_digest_t digest = {{7, 7, 7, 7, 1}}, neighbour = {{7, 7, 7, 7, 2}};

    ck_assert_int_eq(cdist_store_marked_lately(memory, &digest, now, minute), 0);
    cdist_store_note_mark(memory, &digest, now);
    ck_assert_int_eq(cdist_store_marked_lately(memory, &digest, now, minute), 1);
    ck_assert_int_eq(cdist_store_marked_lately(memory, &digest, now + minute - 1, minute), 1);
    ck_assert_int_eq(cdist_store_marked_lately(memory, &digest, now + minute, minute), 0);
    ck_assert_int_eq(cdist_store_marked_lately(memory, &digest, now - minute, minute), 0); /* the clock was set back */
    ck_assert_int_eq(cdist_store_marked_lately(memory, &neighbour, now, minute), 0);
    cdist_store_note_mark(memory, &neighbour, now);
    ck_assert_int_eq(cdist_store_marked_lately(memory, &digest, now, minute), 0);
}
END_TEST

#define THREADS 4
#define ROUNDS 3000

static cdist_store_memory_t *shared;
static cdist_key_t shared_keys[8];
static volatile apr_uint32_t mistakes;

static void *APR_THREAD_FUNC remember_and_recall(apr_thread_t *thread, void *unused)
{
    apr_pool_t *pool;
    unsigned i;

    (void)thread;
    (void)unused;
    apr_pool_create_unmanaged(&pool);
    for (i = 0; i < ROUNDS; i++) {
        cdist_archive_t archive = {{{0}}}, *found;
        unsigned which = i % FX_COUNT(shared_keys);

        apr_pool_clear(pool);
        archive.sha256.byte[0] = (unsigned char)which;
        archive.bytes = which;
        archive.path = "path";
        if (i % 5 == 0) cdist_store_remember(shared, &shared_keys[which], &archive);
        if (i % 7 == 0) cdist_store_unlearn(shared, &archive.sha256);
        if (cdist_store_recall(&found, shared, &shared_keys[which], pool) && found->bytes != which) mistakes = 1;
    }
    apr_pool_destroy(pool);
    return NULL;
}

START_TEST(threads_may_use_it_at_once)
{
    apr_thread_t *threads[THREADS];
    apr_status_t status;
    int i;

    shared = cdist_store_memory_make(fx_pool);
    for (i = 0; i < (int)FX_COUNT(shared_keys); i++) shared_keys[i] = numbered_key((unsigned)i);
    for (i = 0; i < THREADS; i++) FX_DONE(apr_thread_create(&threads[i], NULL, remember_and_recall, NULL, fx_pool));
    for (i = 0; i < THREADS; i++) FX_DONE(apr_thread_join(&status, threads[i]));
    ck_assert_uint_eq(mistakes, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store memory");
    TCase *tcase = fx_case(suite, "store memory", 60);

    tcase_add_test(tcase, what_was_found_once_is_found_by_its_file_alone);
    tcase_add_test(tcase, what_is_remembered_is_never_believed_without_its_file);
    tcase_add_test(tcase, a_ready_archive_is_remembered_as_long_as_it_stays_the_same);
    tcase_add_test(tcase, what_is_dropped_is_forgotten);
    tcase_add_test(tcase, memory_is_bounded_and_nothing_is_mistaken_for_something_else);
    tcase_add_test(tcase, who_came_first_stays_however_many_come_after);
    tcase_add_test(tcase, a_mark_counts_for_its_archive_and_for_its_time);
    tcase_add_test(tcase, threads_may_use_it_at_once);
    return suite;
}
