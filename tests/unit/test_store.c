/* The store and the jobs that fill it. */
#include "archive_int.h"
#include "zip_maker.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static cdist_store_t *store;

static void open_store(void)
{
    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
}

static cdist_job_t folder_job(const char *folder, int level)
{
    cdist_job_t job = {{{0}}};
    cdist_tree_t *tree;

    FX_OK(cdist_tree_read(&tree, fx_path(folder), NULL, fx_pool));
    job.path = fx_path(folder);
    job.signature = tree->signature;
    job.level = level;
    job.threads = 1;
    job.label = "windows64 8.3.22.1750";
    cdist_job_key(&job, fx_pool);
    return job;
}

static cdist_job_t ready_job(const char *name)
{
    cdist_job_t job = {{{0}}};

    job.path = fx_path(name);
    job.ready = 1;
    job.label = "windows64 8.3.22.1750";
    FX_DONE(cdist_os_stat_file(&job.stat, fx_open(name)));
    cdist_job_key(&job, fx_pool);
    return job;
}

static void write_ready(const char *name, const char *content)
{
    zip_item_t item = {"a.txt", 0, content, 0, 8, 0, 0100644, 0, 0, 0};
    zip_made_t made;

    zip_make(&made, &item, 1);
    fx_write(name, made.bytes, made.length);
}

static cdist_archive_t *find(const cdist_key_t *key)
{
    cdist_archive_t *archive = NULL;
    apr_file_t *file;
    cdist_err_t *err = cdist_store_find(&archive, &file, store, key, 0, fx_pool);

    if (err) {
        ck_assert_int_eq(err->code, CDIST_E_NOTFOUND);
        return NULL;
    }
    apr_file_close(file);
    return archive;
}

static cdist_err_t *run_in_pool(const cdist_job_t *job)
{
    cdist_err_t *err;
    apr_pool_t *pool;

    apr_pool_create(&pool, fx_pool);
    err = cdist_err_dup(cdist_job_run(store, job, NULL, pool), fx_pool);
    apr_pool_destroy(pool);
    return err;
}

START_TEST(what_was_published_is_found_by_key_and_by_bytes)
{
    cdist_archive_t *archive, *same;
    cdist_job_t job;
    apr_file_t *file;
    const char *json;
    size_t length;

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    ck_assert_ptr_null(find(&job.key));
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    ck_assert_ptr_nonnull(archive);
    FX_OK(cdist_store_find_bytes(&same, &file, store, &archive->sha256, 0, fx_pool));
    ck_assert_str_eq(same->path, archive->path);
    fx_read(&length, archive->path + strlen(fx_folder) + 1);
    ck_assert_uint_eq(length, archive->bytes);
    ck_assert_int_eq(archive->ready, 0);
    FX_OK(cdist_store_manifest(&json, store, &archive->sha256, fx_pool));
    ck_assert_ptr_nonnull(strstr(json, fx_hex(&archive->sha256)));
    ck_assert_int_eq(fx_children("store/archives"), 2);
}
END_TEST

START_TEST(each_top_folder_has_an_archive_of_its_own_and_a_ready_one_has_none)
{
    cdist_job_t flat, one, two, *copy, ready, same;

    open_store();
    fx_write_prose("t/a", 5000);
    write_ready("r.zip", "hello");
    flat = folder_job("t", 6);
    one = two = flat;
    one.top = "windows64-8.3.22.1750/";
    two.top = "windows64-8.3.22.1704/";
    cdist_job_key(&one, fx_pool);
    cdist_job_key(&two, fx_pool);
    copy = cdist_job_dup(&one, fx_pool);
    ck_assert_str_eq(copy->top, one.top);
    ck_assert_ptr_ne(copy->top, one.top);
    ck_assert_ptr_null(cdist_job_dup(&flat, fx_pool)->top);
    FX_OK(cdist_job_run(store, copy, NULL, fx_pool));
    ck_assert_ptr_nonnull(find(&one.key));
    ck_assert_ptr_null(find(&flat.key));
    ck_assert_ptr_null(find(&two.key));
    FX_OK(cdist_job_run(store, &flat, NULL, fx_pool));
    ck_assert_str_ne(find(&flat.key)->path, find(&one.key)->path);
    ready = same = ready_job("r.zip");
    same.top = one.top;
    cdist_job_key(&same, fx_pool);
    ck_assert(cdist_digest_equal(&ready.key, &same.key));
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

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    bytes = fx_read(&length, archive->path + strlen(fx_folder) + 1);
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&digest, sha);
    ck_assert(cdist_digest_equal(&digest, &archive->sha256));
}
END_TEST

START_TEST(an_archive_survives_the_store_object)
{
    cdist_job_t job;

    open_store();
    fx_write_text("t/a", "x");
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    open_store();
    ck_assert_ptr_nonnull(find(&job.key));
}
END_TEST

START_TEST(a_truncated_archive_is_removed_and_counts_as_never_built)
{
    cdist_archive_t *archive;
    cdist_job_t job;

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    ck_assert_int_eq(truncate(archive->path, (off_t)archive->bytes - 1), 0);
    ck_assert_ptr_null(find(&job.key));
    ck_assert_int_eq(fx_children("store/archives"), 0);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    ck_assert_uint_eq(find(&job.key)->bytes, archive->bytes);
}
END_TEST

static const char *const damages[] = {"", "2 zip 1 1\n", "1 zip", "1 zip x y\n", "1 ready 5 5\n/etc/passwd", "junk"};

START_TEST(a_damaged_record_counts_as_never_built)
{
    cdist_archive_t *archive;
    cdist_job_t job;

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    fx_write_text(apr_pstrcat(fx_pool, "store/archives/", fx_hex(&archive->sha256), ".info", NULL), damages[_i]);
    ck_assert_ptr_null(find(&job.key));
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    ck_assert_ptr_nonnull(find(&job.key));
}
END_TEST

START_TEST(a_damaged_key_counts_as_never_built)
{
    cdist_job_t job;

    open_store();
    fx_write_text("t/a", "x");
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    fx_write_text(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&job.key), NULL), "../../etc/passwd");
    ck_assert_ptr_null(find(&job.key));
}
END_TEST

START_TEST(a_lost_manifest_takes_its_archive_along_so_that_both_are_built_anew)
{
    cdist_archive_t *archive;
    const char *json, *lost;
    cdist_job_t job;

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    lost = apr_pstrcat(fx_pool, "store/manifests/", fx_hex(&archive->sha256), ".json", NULL);
    ck_assert_int_eq(unlink(fx_path(lost)), 0);
    FX_FAILS(cdist_store_manifest(&json, store, &archive->sha256, fx_pool), CDIST_E_STORE);
    ck_assert_ptr_null(find(&job.key));
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    FX_OK(cdist_store_manifest(&json, store, &archive->sha256, fx_pool));
}
END_TEST

START_TEST(a_huge_record_or_key_counts_as_never_built)
{
    cdist_archive_t *archive;
    cdist_job_t job;

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    fx_write_prose(apr_pstrcat(fx_pool, "store/archives/", fx_hex(&archive->sha256), ".info", NULL), 100000);
    ck_assert_ptr_null(find(&job.key));
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    fx_write_prose(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&job.key), NULL), 100000);
    ck_assert_ptr_null(find(&job.key));
}
END_TEST

START_TEST(a_store_of_another_format_is_refused)
{
    static const char *const formats[] = {"1cdist-store 2\n", "1cdist-store 10\n", "", "junk"};
    int i;

    for (i = 0; i < FX_COUNT(formats); i++) {
        fx_write_text("store/FORMAT", formats[i]);
        FX_FAILS(cdist_store_open(&store, fx_path("store"), fx_pool), CDIST_E_INPUT);
    }
    fx_write_text("store/FORMAT", "1cdist-store 1\n");
    open_store();
}
END_TEST

START_TEST(a_store_that_cannot_be_made_names_itself)
{
    cdist_err_t *err;

    fx_write_text("file", "x");
    err = cdist_store_open(&store, fx_path("file"), fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_STORE);
    ck_assert_ptr_nonnull(strstr(err->message, "/file"));
    FX_FAILS(cdist_store_open(&store, fx_path("missing/store"), fx_pool), CDIST_E_STORE);
}
END_TEST

START_TEST(two_keys_may_lead_to_one_archive)
{
    cdist_job_t one, two;

    open_store();
    fx_write_prose("one/a", 5000);
    fx_write_prose("two/a", 5000);
    one = folder_job("one", 6);
    two = folder_job("two", 6);
    ck_assert(!cdist_digest_equal(&one.key, &two.key));
    FX_OK(cdist_job_run(store, &one, NULL, fx_pool));
    FX_OK(cdist_job_run(store, &two, NULL, fx_pool));
    ck_assert(cdist_digest_equal(&find(&one.key)->sha256, &find(&two.key)->sha256));
    ck_assert_int_eq(fx_children("store/archives"), 2);
    ck_assert_int_eq(fx_children("store/keys"), 2);
}
END_TEST

START_TEST(a_failed_job_leaves_nothing_in_the_store)
{
    apr_pool_t *pool;
    cdist_job_t job;

    open_store();
    fx_write_text("t/a", "x");
    job = folder_job("t", 6);
    fx_write_text("t/b", "x");
    apr_pool_create(&pool, fx_pool);
    FX_FAILS(cdist_job_run(store, &job, NULL, pool), CDIST_E_CHANGED);
    apr_pool_destroy(pool);
    ck_assert_int_eq(fx_children("store/archives") + fx_children("store/keys") + fx_children("store/manifests"), 0);
    ck_assert_ptr_null(find(&job.key));
}
END_TEST

/* A server's child has few descriptors left beside its connections. */
START_TEST(a_store_of_many_archives_leaves_a_build_the_files_that_it_needs)
{
    struct rlimit limit = {100, 100};
    cdist_job_t job;
    int i;

    open_store();
    for (i = 0; i < 150; i++) {
        fx_write_text("t/a", apr_psprintf(fx_pool, "%d", i));
        job = folder_job("t", 6);
        FX_OK(run_in_pool(&job));
    }
    fx_write_text("t/a", "another");
    job = folder_job("t", 6);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    FX_OK(run_in_pool(&job));
}
END_TEST

START_TEST(a_manifest_that_cannot_be_read_for_the_moment_costs_no_archive)
{
    cdist_archive_t *archive;
    const char *json, *manifest;
    cdist_job_t job;

    open_store();
    fx_write_prose("t/a", 5000);
    job = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    manifest = fx_path(apr_pstrcat(fx_pool, "store/manifests/", fx_hex(&archive->sha256), ".json", NULL));
    ck_assert_int_eq(chmod(manifest, 0), 0);
    fx_obey_permissions();
    FX_FAILS(cdist_store_manifest(&json, store, &archive->sha256, fx_pool), CDIST_E_STORE);
    fx_be_root_again();
    ck_assert_ptr_nonnull(find(&job.key));
    ck_assert_int_eq(chmod(manifest, 0644), 0);
    FX_OK(cdist_store_manifest(&json, store, &archive->sha256, fx_pool));
}
END_TEST

/* ---- ready archives -------------------------------------------------------------------------------------------- */

START_TEST(a_ready_archive_is_verified_and_stays_where_it_is)
{
    cdist_archive_t *archive;
    const char *json;
    cdist_job_t job;

    open_store();
    write_ready("ready.zip", "content");
    job = ready_job("ready.zip");
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    ck_assert_ptr_nonnull(archive);
    ck_assert_int_eq(archive->ready, 1);
    ck_assert_str_eq(archive->path, fx_path("ready.zip"));
    FX_OK(cdist_store_manifest(&json, store, &archive->sha256, fx_pool));
    ck_assert_ptr_nonnull(strstr(json, "a.txt"));
    ck_assert_int_eq(fx_children("store/archives"), 1);
}
END_TEST

START_TEST(a_ready_archive_that_changed_is_not_served)
{
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_job_t job;

    open_store();
    write_ready("ready.zip", "content");
    job = ready_job("ready.zip");
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    archive = find(&job.key);
    usleep(20000); /* past one tick of the file system's clock */
    write_ready("ready.zip", "C0ntent");
    ck_assert_ptr_null(find(&job.key));
    FX_FAILS(cdist_archive_open(&file, archive, 0, fx_pool), CDIST_E_CHANGED);
    FX_FAILS(cdist_job_run(store, &job, NULL, fx_pool), CDIST_E_CHANGED);
    ck_assert_int_eq(unlink(fx_path("ready.zip")), 0);
    ck_assert_ptr_null(find(&job.key));
}
END_TEST

START_TEST(a_damaged_ready_archive_is_not_published)
{
    zip_item_t item = {"../a.txt", 0, "x", 0, 0, 0, 0, 0, 0, 0};
    zip_made_t made;
    cdist_job_t job;

    open_store();
    fx_write_text("junk.zip", "not an archive");
    job = ready_job("junk.zip");
    FX_FAILS(cdist_job_run(store, &job, NULL, fx_pool), CDIST_E_CORRUPT);
    ck_assert_ptr_null(find(&job.key));
    zip_make(&made, &item, 1);
    fx_write("unsafe.zip", made.bytes, made.length);
    job = ready_job("unsafe.zip");
    FX_FAILS(cdist_job_run(store, &job, NULL, fx_pool), CDIST_E_CORRUPT);
    ck_assert_int_eq(fx_children("store/keys"), 0);
}
END_TEST

START_TEST(bytes_in_the_store_outlast_an_equal_ready_archive)
{
    cdist_archive_t *built;
    cdist_job_t folder, ready;
    char *bytes;
    size_t length;

    open_store();
    fx_write_prose("t/a", 5000);
    folder = folder_job("t", 6);
    FX_OK(cdist_job_run(store, &folder, NULL, fx_pool));
    built = find(&folder.key);
    bytes = fx_read(&length, built->path + strlen(fx_folder) + 1);
    fx_write("copy.zip", bytes, length);
    ready = ready_job("copy.zip");
    FX_OK(cdist_job_run(store, &ready, NULL, fx_pool));
    ck_assert_int_eq(find(&ready.key)->ready, 0);
    ck_assert_int_eq(unlink(fx_path("copy.zip")), 0);
    ck_assert_ptr_nonnull(find(&folder.key));
    ck_assert_ptr_nonnull(find(&ready.key));
}
END_TEST

/* ---- keys ------------------------------------------------------------------------------------------------------ */

START_TEST(a_key_tells_apart_what_gives_other_bytes_and_nothing_else)
{
    cdist_job_t job, other;

    fx_write_text("t/a", "x");
    job = folder_job("t", 6);
    other = folder_job("t", 6);
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

    write_ready("ready.zip", "content");
    job = ready_job("ready.zip");
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
    job = folder_job("t", 6);
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
    Suite *suite = suite_create("store");
    TCase *tcase = fx_case(suite, "store", 20);

    tcase_add_test(tcase, what_was_published_is_found_by_key_and_by_bytes);
    tcase_add_test(tcase, each_top_folder_has_an_archive_of_its_own_and_a_ready_one_has_none);
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
    tcase_add_test(tcase, a_ready_archive_is_verified_and_stays_where_it_is);
    tcase_add_test(tcase, a_ready_archive_that_changed_is_not_served);
    tcase_add_test(tcase, a_damaged_ready_archive_is_not_published);
    tcase_add_test(tcase, bytes_in_the_store_outlast_an_equal_ready_archive);
    tcase_add_test(tcase, a_key_tells_apart_what_gives_other_bytes_and_nothing_else);
    tcase_add_test(tcase, the_key_of_a_ready_archive_follows_its_stat);
    tcase_add_test(tcase, a_copied_job_needs_nothing_of_the_original);
    return suite;
}
