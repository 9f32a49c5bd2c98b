/* What is no file any more, where a file was: nobody waits for it. Each test would hang otherwise, and has a deadline. */
#include "archive_int.h"
#include "zip_maker.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

static cdist_store_t *store;

/* The job of a ready archive that is there. */
static cdist_job_t ready_job(void)
{
    cdist_job_t job = {{{0}}};
    cdist_folder_t *folder;

    FX_DONE(cdist_os_folder_open(&folder, fx_folder, fx_pool));
    FX_DONE(cdist_os_stat_at(&job.stat, folder, "windows64tc.zip"));
    cdist_os_folder_close(folder);
    job.ready = 1;
    job.path = fx_path("windows64tc.zip");
    job.label = "windows64 published by hand";
    cdist_job_key(&job, fx_pool);
    return job;
}

static void make_ready(void)
{
    static const zip_item_t items[] = {{.name = "a.txt", .content = "content"}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    fx_write("windows64tc.zip", made.bytes, made.length);
}

/* Puts something else into a file's place. */
static void replace(const char *name, int by_pipe)
{
    fx_remove(name);
    if (by_pipe) ck_assert_int_eq(mkfifo(fx_path(name), 0644), 0);
    else fx_make_folder(name);
}

START_TEST(a_pipe_or_folder_in_the_place_of_a_ready_archive_holds_nobody)
{
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_job_t job;

    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
    make_ready();
    job = ready_job();
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    FX_OK(cdist_store_find(&archive, &file, store, &job.key, 0, fx_pool));
    replace("windows64tc.zip", _i);
    FX_FAILS(cdist_store_find(&archive, &file, store, &job.key, 0, fx_pool), CDIST_E_NOTFOUND);
    FX_FAILS(cdist_archive_open(&file, archive, 0, fx_pool), CDIST_E_CHANGED);
    FX_FAILS(cdist_job_run(store, &job, NULL, fx_pool), CDIST_E_CHANGED);
}
END_TEST

START_TEST(a_pipe_in_the_place_of_a_stored_archive_is_removed)
{
    const char *hex = "aa00000000000000000000000000000000000000000000000000000000000000";
    const char *zip = apr_pstrcat(fx_pool, "store/archives/", hex, ".zip", NULL);
    cdist_archive_t *archive;
    cdist_digest_t sha256;
    apr_file_t *file;

    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
    ck_assert(cdist_digest_parse(&sha256, hex));
    fx_write_text(apr_pstrcat(fx_pool, "store/archives/", hex, ".info", NULL), "1 zip 5 1\n");
    replace(zip, 1);
    FX_FAILS(cdist_store_find_bytes(&archive, &file, store, &sha256, 0, fx_pool), CDIST_E_NOTFOUND);
    ck_assert(!fx_exists(zip));
}
END_TEST

START_TEST(a_pipe_is_no_small_file_and_no_pack)
{
    cdist_reuse_t *reuse = cdist_reuse_create(6, fx_pool);
    apr_size_t length;
    cdist_stat_t stat;
    apr_file_t *file;
    char *bytes;
    int usable;

    replace("pipe", 1);
    ck_assert_int_eq(cdist_file_open(&file, &stat, fx_path("pipe"), 0, fx_pool), APR_EINVAL);
    FX_FAILS(cdist_file_read(&bytes, &length, fx_path("pipe"), 100, fx_pool), CDIST_E_SOURCE);
    FX_FAILS(cdist_reuse_add(&usable, reuse, fx_path("pipe")), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_file_is_opened_through_a_link)
{
    cdist_stat_t stat;
    apr_file_t *file;

    fx_write_text("real", "content");
    fx_link("real", "link");
    FX_DONE(cdist_file_open(&file, &stat, fx_path("link"), 0, fx_pool));
    ck_assert_int_eq(stat.kind, CDIST_FILE);
    ck_assert_uint_eq(stat.bytes, 7);
    apr_file_close(file);
    ck_assert(APR_STATUS_IS_ENOENT(cdist_file_open(&file, NULL, fx_path("none"), 0, fx_pool)));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("no_file");
    TCase *tcase = fx_case(suite, "no_file", 20);

    tcase_add_loop_test(tcase, a_pipe_or_folder_in_the_place_of_a_ready_archive_holds_nobody, 0, 2);
    tcase_add_test(tcase, a_pipe_in_the_place_of_a_stored_archive_is_removed);
    tcase_add_test(tcase, a_pipe_is_no_small_file_and_no_pack);
    tcase_add_test(tcase, a_file_is_opened_through_a_link);
    return suite;
}
