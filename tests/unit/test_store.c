/* The store: what was published is found, what is damaged counts as never built. */
#include "store_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

/* A store with one archive, made of the folder "t". */
static cdist_archive_t *publish_one(cdist_job_t *job)
{
    fx_open_store();
    fx_write_prose("t/a", 5000);
    *job = fx_folder_job("t", 6);
    return fx_publish(job);
}

START_TEST(what_was_published_is_found_by_key_and_by_bytes)
{
    cdist_archive_t *archive, *same;
    cdist_job_t job;
    apr_file_t *file;
    const char *json;
    size_t length;

    fx_open_store();
    fx_write_prose("t/a", 5000);
    job = fx_folder_job("t", 6);
    ck_assert_ptr_null(fx_find(&job.key));
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    archive = fx_find(&job.key);
    ck_assert_ptr_nonnull(archive);
    FX_OK(cdist_store_find_bytes(&same, &file, fx_store, &archive->sha256, 0, fx_pool));
    ck_assert_str_eq(same->path, archive->path);
    fx_read(&length, archive->path + strlen(fx_folder) + 1);
    ck_assert_uint_eq(length, archive->bytes);
    ck_assert_int_eq(archive->ready, 0);
    FX_OK(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool));
    ck_assert_ptr_nonnull(strstr(json, fx_hex(&archive->sha256)));
    ck_assert_int_eq(fx_children("store/archives"), 2);
}
END_TEST

START_TEST(the_digest_in_the_store_is_that_of_the_file)
{
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_archive_t *archive;
    cdist_digest_t digest;
    cdist_job_t job;
    char *bytes;
    size_t length;

    archive = publish_one(&job);
    bytes = fx_read(&length, archive->path + strlen(fx_folder) + 1);
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&digest, sha);
    ck_assert(cdist_digest_equal(&digest, &archive->sha256));
}
END_TEST

START_TEST(an_archive_survives_the_store_object)
{
    cdist_job_t job;

    fx_open_store();
    fx_write_text("t/a", "x");
    job = fx_folder_job("t", 6);
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    fx_open_store();
    ck_assert_ptr_nonnull(fx_find(&job.key));
}
END_TEST

START_TEST(a_truncated_archive_is_removed_and_counts_as_never_built)
{
    cdist_archive_t *archive;
    cdist_job_t job;

    archive = publish_one(&job);
    ck_assert_int_eq(truncate(archive->path, (off_t)archive->bytes - 1), 0);
    ck_assert_ptr_null(fx_find(&job.key));
    ck_assert_int_eq(fx_children("store/archives"), 0);
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    ck_assert_uint_eq(fx_find(&job.key)->bytes, archive->bytes);
}
END_TEST

static const char *const damages[] = {"", "2 zip 1 1\n", "1 zip", "1 zip x y\n", "1 ready 5 5\n/etc/passwd", "junk"};

START_TEST(a_damaged_record_counts_as_never_built)
{
    cdist_archive_t *archive;
    cdist_job_t job;

    archive = publish_one(&job);
    fx_write_text(fx_part("archives", archive, ".info"), damages[_i]);
    fx_open_store(); /* as another process does, which remembers nothing */
    ck_assert_ptr_null(fx_find(&job.key));
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    ck_assert_ptr_nonnull(fx_find(&job.key));
}
END_TEST

START_TEST(a_damaged_key_counts_as_never_built)
{
    cdist_job_t job;

    fx_open_store();
    fx_write_text("t/a", "x");
    job = fx_folder_job("t", 6);
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    fx_write_text(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&job.key), NULL), "../../etc/passwd");
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

START_TEST(a_lost_manifest_takes_its_archive_along_so_that_both_are_built_anew)
{
    cdist_archive_t *archive;
    const char *json, *lost;
    cdist_job_t job;

    archive = publish_one(&job);
    lost = fx_part("manifests", archive, ".json");
    ck_assert_int_eq(unlink(fx_path(lost)), 0);
    FX_FAILS(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool), CDIST_E_STORE);
    ck_assert_ptr_null(fx_find(&job.key));
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    FX_OK(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool));
}
END_TEST

START_TEST(a_huge_record_or_key_counts_as_never_built)
{
    cdist_archive_t *archive;
    cdist_job_t job;

    archive = publish_one(&job);
    fx_write_prose(fx_part("archives", archive, ".info"), 100000);
    fx_open_store(); /* as another process does, which remembers nothing */
    ck_assert_ptr_null(fx_find(&job.key));
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    fx_write_prose(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&job.key), NULL), 100000);
    fx_open_store(); /* as another process does, which remembers nothing */
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

START_TEST(a_store_of_another_format_is_refused)
{
    static const char *const formats[] = {"1cdist-store 2\n", "1cdist-store 10\n", "", "junk"};
    int i;

    for (i = 0; i < FX_COUNT(formats); i++) {
        fx_write_text("store/FORMAT", formats[i]);
        FX_FAILS(cdist_store_open(&fx_store, fx_path("store"), fx_pool), CDIST_E_INPUT);
    }
    fx_write_text("store/FORMAT", "1cdist-store 1\n");
    fx_open_store();
}
END_TEST

START_TEST(a_store_that_cannot_be_made_names_itself)
{
    cdist_err_t *err;

    fx_write_text("file", "x");
    err = cdist_store_open(&fx_store, fx_path("file"), fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_STORE);
    ck_assert_ptr_nonnull(strstr(err->message, "/file"));
    FX_FAILS(cdist_store_open(&fx_store, fx_path("missing/store"), fx_pool), CDIST_E_STORE);
}
END_TEST

START_TEST(two_keys_may_lead_to_one_archive)
{
    cdist_job_t one, two;

    fx_open_store();
    fx_write_prose("one/a", 5000);
    fx_write_prose("two/a", 5000);
    one = fx_folder_job("one", 6);
    two = fx_folder_job("two", 6);
    ck_assert(!cdist_digest_equal(&one.key, &two.key));
    FX_OK(cdist_job_run(fx_store, &one, NULL, fx_pool));
    FX_OK(cdist_job_run(fx_store, &two, NULL, fx_pool));
    ck_assert(cdist_digest_equal(&fx_find(&one.key)->sha256, &fx_find(&two.key)->sha256));
    ck_assert_int_eq(fx_children("store/archives"), 2);
    ck_assert_int_eq(fx_children("store/keys"), 2);
}
END_TEST

START_TEST(a_failed_job_leaves_nothing_in_the_store)
{
    apr_pool_t *pool;
    cdist_job_t job;

    fx_open_store();
    fx_write_text("t/a", "x");
    job = fx_folder_job("t", 6);
    fx_write_text("t/b", "x");
    apr_pool_create(&pool, fx_pool);
    FX_FAILS(cdist_job_run(fx_store, &job, NULL, pool), CDIST_E_CHANGED);
    apr_pool_destroy(pool);
    ck_assert_int_eq(fx_children("store/archives") + fx_children("store/keys") + fx_children("store/manifests"), 0);
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

/* A server's child has few descriptors left beside its connections. */
START_TEST(a_store_of_many_archives_leaves_a_build_the_files_that_it_needs)
{
    struct rlimit limit = {100, 100};
    cdist_job_t job;
    int i;

    fx_open_store();
    for (i = 0; i < 150; i++) {
        fx_write_text("t/a", apr_psprintf(fx_pool, "%d", i));
        job = fx_folder_job("t", 6);
        FX_OK(fx_run_job(&job));
    }
    fx_write_text("t/a", "another");
    job = fx_folder_job("t", 6);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    FX_OK(fx_run_job(&job));
}
END_TEST

START_TEST(a_manifest_that_cannot_be_read_for_the_moment_costs_no_archive)
{
    cdist_archive_t *archive;
    const char *json, *manifest;
    cdist_job_t job;

    archive = publish_one(&job);
    manifest = fx_path(fx_part("manifests", archive, ".json"));
    ck_assert_int_eq(chmod(manifest, 0), 0);
    fx_obey_permissions();
    FX_FAILS(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool), CDIST_E_STORE);
    fx_be_root_again();
    ck_assert_ptr_nonnull(fx_find(&job.key));
    ck_assert_int_eq(chmod(manifest, 0644), 0);
    FX_OK(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store");
    TCase *tcase = fx_case(suite, "store", 20);

    tcase_add_test(tcase, what_was_published_is_found_by_key_and_by_bytes);
    tcase_add_test(tcase, the_digest_in_the_store_is_that_of_the_file);
    tcase_add_test(tcase, an_archive_survives_the_store_object);
    tcase_add_test(tcase, a_truncated_archive_is_removed_and_counts_as_never_built);
    tcase_add_loop_test(tcase, a_damaged_record_counts_as_never_built, 0, FX_COUNT(damages));
    tcase_add_test(tcase, a_damaged_key_counts_as_never_built);
    tcase_add_test(tcase, a_lost_manifest_takes_its_archive_along_so_that_both_are_built_anew);
    tcase_add_test(tcase, a_huge_record_or_key_counts_as_never_built);
    tcase_add_test(tcase, a_store_of_another_format_is_refused);
    tcase_add_test(tcase, a_store_that_cannot_be_made_names_itself);
    tcase_add_test(tcase, two_keys_may_lead_to_one_archive);
    tcase_add_test(tcase, a_failed_job_leaves_nothing_in_the_store);
    tcase_add_test(tcase, a_store_of_many_archives_leaves_a_build_the_files_that_it_needs);
    tcase_add_test(tcase, a_manifest_that_cannot_be_read_for_the_moment_costs_no_archive);
    return suite;
}
