/* Jobs: ready archives, which are published where they lie, and keys, which tell apart what gives other bytes. */
#include "store_fixture.h"
#include "zip_maker.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

/* ---- ready archives -------------------------------------------------------------------------------------------- */

START_TEST(a_ready_archive_is_verified_and_stays_where_it_is)
{
    cdist_archive_t *archive;
    const char *json;
    cdist_job_t job;

    fx_open_store();
    fx_write_ready("ready.zip", "content");
    job = fx_ready_job("ready.zip");
    archive = fx_publish(&job);
    ck_assert_int_eq(archive->ready, 1);
    ck_assert_str_eq(archive->path, fx_path("ready.zip"));
    FX_OK(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool));
    ck_assert_ptr_nonnull(strstr(json, "a.txt"));
    ck_assert_int_eq(fx_children("store/archives"), 1);
}
END_TEST

START_TEST(a_ready_archive_that_changed_is_not_served)
{
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_job_t job;

    fx_open_store();
    fx_write_ready("ready.zip", "content");
    job = fx_ready_job("ready.zip");
    archive = fx_publish(&job);
    usleep(20000); /* past one tick of the file system's clock */
    fx_write_ready("ready.zip", "C0ntent");
    ck_assert_ptr_null(fx_find(&job.key));
    FX_FAILS(cdist_archive_open(&file, archive, 0, fx_pool), CDIST_E_CHANGED);
    FX_FAILS(cdist_job_run(fx_store, &job, NULL, fx_pool), CDIST_E_CHANGED);
    ck_assert_int_eq(unlink(fx_path("ready.zip")), 0);
    ck_assert_ptr_null(fx_find(&job.key));
}
END_TEST

START_TEST(a_damaged_ready_archive_is_not_published)
{
    zip_item_t item = {"../a.txt", 0, "x", 0, 0, 0, 0, 0, 0, 0};
    zip_made_t made;
    cdist_job_t job;

    fx_open_store();
    fx_write_text("junk.zip", "not an archive");
    job = fx_ready_job("junk.zip");
    FX_FAILS(cdist_job_run(fx_store, &job, NULL, fx_pool), CDIST_E_CORRUPT);
    ck_assert_ptr_null(fx_find(&job.key));
    zip_make(&made, &item, 1);
    fx_write("unsafe.zip", made.bytes, made.length);
    job = fx_ready_job("unsafe.zip");
    FX_FAILS(cdist_job_run(fx_store, &job, NULL, fx_pool), CDIST_E_CORRUPT);
    ck_assert_int_eq(fx_children("store/keys"), 0);
}
END_TEST

START_TEST(bytes_in_the_store_outlast_an_equal_ready_archive)
{
    cdist_archive_t *built;
    cdist_job_t folder, ready;
    char *bytes;
    size_t length;

    fx_open_store();
    fx_write_prose("t/a", 5000);
    folder = fx_folder_job("t", 6);
    built = fx_publish(&folder);
    bytes = fx_read(&length, built->path + strlen(fx_folder) + 1);
    fx_write("copy.zip", bytes, length);
    ready = fx_ready_job("copy.zip");
    FX_OK(cdist_job_run(fx_store, &ready, NULL, fx_pool));
    ck_assert_int_eq(fx_find(&ready.key)->ready, 0);
    ck_assert_int_eq(unlink(fx_path("copy.zip")), 0);
    ck_assert_ptr_nonnull(fx_find(&folder.key));
    ck_assert_ptr_nonnull(fx_find(&ready.key));
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------------------------ */

START_TEST(each_top_folder_has_an_archive_of_its_own_and_a_ready_one_has_none)
{
    cdist_job_t flat, one, two, *copy, ready, same;

    fx_open_store();
    fx_write_prose("t/a", 5000);
    fx_write_ready("r.zip", "hello");
    flat = fx_folder_job("t", 6);
    one = two = flat;
    one.top = "windows64-8.3.22.1750/";
    two.top = "windows64-8.3.22.1704/";
    cdist_job_key(&one, fx_pool);
    cdist_job_key(&two, fx_pool);
    copy = cdist_job_dup(&one, fx_pool);
    ck_assert_str_eq(copy->top, one.top);
    ck_assert_ptr_ne(copy->top, one.top);
    ck_assert_ptr_null(cdist_job_dup(&flat, fx_pool)->top);
    FX_OK(cdist_job_run(fx_store, copy, NULL, fx_pool));
    ck_assert_ptr_nonnull(fx_find(&one.key));
    ck_assert_ptr_null(fx_find(&flat.key));
    ck_assert_ptr_null(fx_find(&two.key));
    FX_OK(cdist_job_run(fx_store, &flat, NULL, fx_pool));
    ck_assert_str_ne(fx_find(&flat.key)->path, fx_find(&one.key)->path);
    ready = same = fx_ready_job("r.zip");
    same.top = one.top;
    cdist_job_key(&same, fx_pool);
    ck_assert(cdist_digest_equal(&ready.key, &same.key));
}
END_TEST

START_TEST(a_key_tells_apart_what_gives_other_bytes_and_nothing_else)
{
    cdist_job_t job, other;

    fx_write_text("t/a", "x");
    job = fx_folder_job("t", 6);
    other = fx_folder_job("t", 6);
    ck_assert(cdist_digest_equal(&job.key, &other.key));
    other.threads = 9;
    other.label = "another";
    cdist_job_key(&other, fx_pool);
    ck_assert(cdist_digest_equal(&job.key, &other.key));
    other.level = 7;
    cdist_job_key(&other, fx_pool);
    ck_assert(!cdist_digest_equal(&job.key, &other.key));
    other = job;
    other.signature.byte[31] ^= 1;
    cdist_job_key(&other, fx_pool);
    ck_assert(!cdist_digest_equal(&job.key, &other.key));
    other = job;
    other.ready = 1;
    cdist_job_key(&other, fx_pool);
    ck_assert(!cdist_digest_equal(&job.key, &other.key));
}
END_TEST

START_TEST(the_key_of_a_ready_archive_follows_its_stat)
{
    cdist_job_t job, other;

    fx_write_ready("ready.zip", "content");
    job = fx_ready_job("ready.zip");
    other = job;
    other.stat.ctime_ns++;
    cdist_job_key(&other, fx_pool);
    ck_assert(!cdist_digest_equal(&job.key, &other.key));
}
END_TEST

START_TEST(a_copied_job_needs_nothing_of_the_original)
{
    apr_pool_t *pool;
    cdist_job_t job, *copy;
    apr_array_header_t *skip;

    fx_write_text("t/a", "x");
    job = fx_folder_job("t", 6);
    apr_pool_create(&pool, fx_pool);
    skip = apr_array_make(pool, 1, sizeof(const char *));
    APR_ARRAY_PUSH(skip, const char *) = apr_pstrdup(pool, "left-out");
    job.path = apr_pstrdup(pool, job.path);
    job.label = apr_pstrdup(pool, job.label);
    job.skip = skip;
    copy = cdist_job_dup(&job, fx_pool);
    apr_pool_destroy(pool);
    ck_assert_str_eq(copy->path, fx_path("t"));
    ck_assert_str_eq(copy->label, "windows64 8.3.22.1750");
    ck_assert_str_eq(APR_ARRAY_IDX(copy->skip, 0, const char *), "left-out");
    ck_assert(cdist_digest_equal(&copy->key, &job.key));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("job");
    TCase *tcase = fx_case(suite, "job", 20);

    tcase_add_test(tcase, a_ready_archive_is_verified_and_stays_where_it_is);
    tcase_add_test(tcase, a_ready_archive_that_changed_is_not_served);
    tcase_add_test(tcase, a_damaged_ready_archive_is_not_published);
    tcase_add_test(tcase, bytes_in_the_store_outlast_an_equal_ready_archive);
    tcase_add_test(tcase, each_top_folder_has_an_archive_of_its_own_and_a_ready_one_has_none);
    tcase_add_test(tcase, a_key_tells_apart_what_gives_other_bytes_and_nothing_else);
    tcase_add_test(tcase, the_key_of_a_ready_archive_follows_its_stat);
    tcase_add_test(tcase, a_copied_job_needs_nothing_of_the_original);
    return suite;
}
