/* One catalogue for several processes, noticed through the board; two objects stand for two processes. */
#include "../../core/platform/platform_int.h"
#include "exe_maker.h"
#include "platform_fixture.h"
#include "store_fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void *board;

static void make_store(void)
{
    board = apr_pcalloc(fx_pool, cdist_board_bytes());
    ck_assert_int_eq(mkdir(fx_path("store"), 0755), 0);
    fx_open_store();
}

/* A process of the server. */
static cdist_live_t *process(void *its_board)
{
    cdist_live_options_t options = {apr_time_from_sec(10), 0, 0, 6, its_board};
    cdist_live_t *live;

    FX_OK(cdist_live_create(&live, &options, fx_pool));
    cdist_live_share(live, fx_store);
    return live;
}

/* Two processes with one board and one store. */
static void make_server(cdist_live_t **one, cdist_live_t **other)
{
    make_store();
    *one = process(board);
    *other = process(board);
}

static int releases_seen(cdist_live_t *live, const cdist_lookup_t *lookup)
{
    const cdist_catalogue_t *catalogue = cdist_live_get(live, lookup, 0, fx_pool);

    ck_assert_ptr_nonnull(catalogue);
    return catalogue->releases->nelts;
}

/* The two, of which one saw the first release of "root". */
static void share_release(cdist_live_t **one, cdist_live_t **other, const cdist_lookup_t *lookup)
{
    make_server(one, other);
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(*one, lookup), 1);
}

START_TEST(what_one_process_saw_the_others_see_without_looking)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_live_t *one, *other;

    share_release(&one, &other, lookup);
    /* NB: nobody can look any more; who did would see nothing. */
    ck_assert_int_eq(rename(fx_path("root"), fx_path("hidden")), 0);
    ck_assert_int_eq(releases_seen(other, lookup), 1);
    ck_assert_int_eq(rename(fx_path("hidden"), fx_path("root")), 0);
    fx_write_text("root/8.3.25.1/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(other, lookup), 1);
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_eq(releases_seen(one, lookup), 2);
    ck_assert_int_eq(rename(fx_path("root"), fx_path("hidden")), 0);
    ck_assert_int_eq(releases_seen(other, lookup), 2);
}
END_TEST

START_TEST(a_catalogue_that_stays_the_same_keeps_its_note_young)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_folder_t *folder;
    const char *path, *name;
    apr_finfo_t info;
    cdist_live_t *one;

    make_store();
    one = process(board);
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_clock_ahead = apr_time_from_sec(100);
    ck_assert_int_eq(releases_seen(one, lookup), 1);
    FX_DONE(cdist_os_folder_open(&folder, fx_path("store/notes"), fx_pool));
    FX_DONE(cdist_os_folder_next(&name, folder, fx_pool));
    cdist_os_folder_close(folder);
    path = fx_path(apr_pstrcat(fx_pool, "store/notes/", name, NULL));
    FX_DONE(apr_file_mtime_set(path, 0, fx_pool));
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_eq(releases_seen(one, lookup), 1);
    FX_DONE(apr_stat(&info, path, APR_FINFO_MTIME, fx_pool));
    ck_assert(info.mtime != 0);
}
END_TEST

START_TEST(a_process_that_asks_for_a_look_has_all_of_them_look)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_live_t *one, *other;

    share_release(&one, &other, lookup);
    ck_assert_int_eq(releases_seen(other, lookup), 1);
    fx_write_text("root/8.3.25.1/distr/windows64tc.zip", "z");
    cdist_live_expire(other, lookup);
    fx_clock_ahead += apr_time_from_sec(1);
    ck_assert_int_eq(releases_seen(one, lookup), 2);
    ck_assert_int_eq(releases_seen(other, lookup), 2);
}
END_TEST

START_TEST(a_published_catalogue_that_cannot_be_read_is_made_anew)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_folder_t *folder;
    const char *name;

    make_store();
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(process(board), lookup), 1);
    FX_DONE(cdist_os_folder_open(&folder, fx_path("store/notes"), fx_pool));
    FX_DONE(cdist_os_folder_next(&name, folder, fx_pool));
    ck_assert_ptr_nonnull(name);
    cdist_os_folder_close(folder);
    fx_write_text(apr_pstrcat(fx_pool, "store/notes/", name, NULL), "{\"format\": 1");
    ck_assert_int_eq(releases_seen(process(board), lookup), 1);
}
END_TEST

START_TEST(what_could_not_be_published_is_published_by_the_next_look)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_live_t *one, *other;

    share_release(&one, &other, lookup);
    ck_assert_int_eq(releases_seen(other, lookup), 1);
    ck_assert_int_eq(rename(fx_path("store/notes"), fx_path("store/away")), 0);
    fx_write_text("store/notes", "a file where the folder should be");
    fx_write_text("root/8.3.25.1/distr/windows64tc.zip", "z");
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_eq(releases_seen(one, lookup), 2);
    ck_assert_int_eq(releases_seen(other, lookup), 1);
    ck_assert_int_eq(unlink(fx_path("store/notes")), 0);
    ck_assert_int_eq(rename(fx_path("store/away"), fx_path("store/notes")), 0);
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_eq(releases_seen(one, lookup), 2);
    /* NB: who looked now would see nothing. */
    ck_assert_int_eq(rename(fx_path("root"), fx_path("hidden")), 0);
    ck_assert_int_eq(releases_seen(other, lookup), 2);
}
END_TEST

START_TEST(without_a_board_each_process_looks_for_itself)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_live_t *one, *other;

    make_store();
    one = process(NULL);
    other = process(NULL);
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(one, lookup), 1);
    fx_write_text("root/8.3.25.1/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(other, lookup), 2);
    ck_assert_int_eq(releases_seen(one, lookup), 1);
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_eq(releases_seen(one, lookup), 2);
    ck_assert_int_eq(releases_seen(other, lookup), 2);
}
END_TEST

START_TEST(what_has_a_name_that_is_not_utf8_is_shared_too)
{
    const cdist_lookup_t *lookup = fx_roots("root\xFF", NULL);
    cdist_live_t *one, *other;

    make_store();
    one = process(board);
    other = process(board);
    fx_write_text("root\xFF/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(one, lookup), 1);
    fx_write_text("root\xFF/8.3.25.1/distr/windows64tc.zip", "z");
    ck_assert_int_eq(releases_seen(other, lookup), 1);
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_eq(releases_seen(one, lookup), 2);
    ck_assert_int_eq(releases_seen(other, lookup), 2);
}
END_TEST

START_TEST(the_version_of_the_1c_server_is_shared_too)
{
    cdist_live_t *one, *other;
    cdist_version_t version;
    cdist_err_t *err;

    make_server(&one, &other);
    if (_i) fx_write_text("cv8/8.3.22.1750/ragent", "x");
    else ck_assert_int_eq(mkdir(fx_path("cv8"), 0755), 0);
    err = cdist_live_server(&version, one, fx_path("cv8"), 0, fx_pool);
    ck_assert_int_eq(err == NULL, _i);
    ck_assert_int_eq(rename(fx_path("cv8"), fx_path("hidden")), 0);
    err = cdist_live_server(&version, other, fx_path("cv8"), 0, fx_pool);
    ck_assert_int_eq(err == NULL, _i);
    if (_i) ck_assert_str_eq(cdist_version_format(&version, fx_pool), "8.3.22.1750");
    else ck_assert_int_eq(err->code, CDIST_E_NOTFOUND);
}
END_TEST

START_TEST(why_the_1c_server_is_not_known_is_shared_whole)
{
    cdist_live_t *one, *other;
    cdist_version_t version;
    cdist_err_t *first, *second;

    make_store();
    one = process(board);
    other = process(board);
    if (_i) ck_assert_int_eq(mkdir(fx_path("cv8"), 0755), 0);
    first = cdist_live_server(&version, one, fx_path("cv8"), 0, fx_pool);
    fx_write_text("cv8/8.3.22.1750/ragent", "x");
    second = cdist_live_server(&version, other, fx_path("cv8"), 0, fx_pool);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_nonnull(second);
    ck_assert_int_eq(second->code, first->code);
    ck_assert_int_eq(second->status, first->status);
    ck_assert_str_eq(second->message, first->message);
    ck_assert_int_eq(APR_STATUS_IS_ENOENT(second->status), !_i);
}
END_TEST

START_TEST(an_error_of_any_code_is_the_same_after_writing_and_reading)
{
    cdist_target_t target = {NULL, "/opt/1cv8", 0, 0, NULL, 0};
    static const char *const damaged[] = {"", "!", "!0 0 x", "!11 0 x", "!3", "!3 ", "!3 0", "!x 0 text", "8.3", "!-1 0 x",
                                          "!99999999999999999999 0 x"};
    cdist_digest_t digest;
    int code, i;

    make_store();
    target.store = fx_store;
    memset(&digest, 7, sizeof digest);
    for (code = CDIST_E_INPUT; code <= CDIST_E_STOPPED; code++) {
        const char *text = apr_psprintf(fx_pool, "!%d 13 it is 2 bad", code);
        cdist_live_snapshot_t *read;

        FX_OK(cdist_file_publish(cdist_store_note_path(fx_store, &digest, fx_pool), text, strlen(text), fx_pool));
        read = cdist_snapshot_read(&target, &digest);
        ck_assert_ptr_nonnull(read);
        ck_assert_int_eq((int)read->server_err->code, code);
        ck_assert_int_eq(read->server_err->status, 13);
        ck_assert_str_eq(read->server_err->message, "it is 2 bad");
        apr_pool_destroy(read->pool);
    }
    for (i = 0; i < FX_COUNT(damaged); i++) {
        FX_OK(cdist_file_publish(cdist_store_note_path(fx_store, &digest, fx_pool), damaged[i], strlen(damaged[i]), fx_pool));
        ck_assert_msg(!cdist_snapshot_read(&target, &digest), "\"%s\" was taken", damaged[i]);
    }
}
END_TEST

START_TEST(what_is_built_stands_in_the_catalogue)
{
    const cdist_lookup_t *lookup = fx_roots("root", NULL);
    const cdist_release_t *release;
    cdist_catalogue_t *catalogue;
    cdist_job_t job;

    make_store();
    fx_write_text("root/8.3.22.1750/windows64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1750/windows32/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE32));
    catalogue = fx_scan_settled(lookup);
    cdist_source_job(&job, fx_source_in(catalogue, "8.3.22.1750", "windows64"), CDIST_LAYOUT_FLAT, 6, 1, fx_pool);
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    cdist_catalogue_mark_built(catalogue, lookup, fx_store, 6, fx_pool);
    ck_assert_int_eq(fx_source_in(catalogue, "8.3.22.1750", "windows64")->built, 1);
    ck_assert_int_eq(fx_source_in(catalogue, "8.3.22.1750", "windows32")->built, 0);
    cdist_catalogue_note_built(catalogue, fx_pool);
    release = &APR_ARRAY_IDX(catalogue->releases, 0, cdist_release_t);
    ck_assert(!cdist_release_was_built(catalogue, release, NULL, NULL));
    ck_assert(cdist_release_was_built(catalogue, release, cdist_slot_parse("windows64"), NULL));
    ck_assert(!cdist_release_was_built(catalogue, release, cdist_slot_parse("windows32"), NULL));
    cdist_catalogue_mark_built(catalogue, lookup, fx_store, 7, fx_pool);
    ck_assert_int_eq(fx_source_in(catalogue, "8.3.22.1750", "windows64")->built, 0);
}
END_TEST

/* Files that are no part of the archive touch the folder; a file of it that changes or goes makes another state. */
START_TEST(what_is_built_out_of_the_same_files_need_not_be_still_again)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);
    cdist_catalogue_t *catalogue;
    cdist_job_t job;

    make_store();
    exe_write_elf("root/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    fx_write_text("root/8.3.22.1750/core83.so", "x");
    catalogue = fx_scan_settled(lookup);
    cdist_source_job(&job, fx_source_in(catalogue, "8.3.22.1750", "linux64"), CDIST_LAYOUT_FLAT, 6, 1, fx_pool);
    FX_OK(cdist_job_run(fx_store, &job, NULL, fx_pool));
    fx_clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/20230501.lic", "x");
    catalogue = fx_scan(lookup, NULL);
    ck_assert(!cdist_source_offered(fx_source_in(catalogue, "8.3.22.1750", "linux64")));
    cdist_catalogue_mark_built(catalogue, lookup, fx_store, 6, fx_pool);
    ck_assert(cdist_source_offered(fx_source_in(catalogue, "8.3.22.1750", "linux64")));
    ck_assert_int_eq(unlink(fx_path("root/8.3.22.1750/core83.so")), 0);
    catalogue = fx_scan(lookup, NULL);
    cdist_catalogue_mark_built(catalogue, lookup, fx_store, 6, fx_pool);
    ck_assert(!cdist_source_offered(fx_source_in(catalogue, "8.3.22.1750", "linux64")));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("shared catalogue");
    TCase *tcase = fx_case(suite, "shared catalogue", 20);

    tcase_add_test(tcase, what_one_process_saw_the_others_see_without_looking);
    tcase_add_test(tcase, a_catalogue_that_stays_the_same_keeps_its_note_young);
    tcase_add_test(tcase, a_process_that_asks_for_a_look_has_all_of_them_look);
    tcase_add_test(tcase, a_published_catalogue_that_cannot_be_read_is_made_anew);
    tcase_add_test(tcase, what_could_not_be_published_is_published_by_the_next_look);
    tcase_add_test(tcase, without_a_board_each_process_looks_for_itself);
    tcase_add_test(tcase, what_has_a_name_that_is_not_utf8_is_shared_too);
    tcase_add_loop_test(tcase, the_version_of_the_1c_server_is_shared_too, 0, 2);
    tcase_add_loop_test(tcase, why_the_1c_server_is_not_known_is_shared_whole, 0, 2);
    tcase_add_test(tcase, an_error_of_any_code_is_the_same_after_writing_and_reading);
    tcase_add_test(tcase, what_is_built_stands_in_the_catalogue);
    tcase_add_test(tcase, what_is_built_out_of_the_same_files_need_not_be_still_again);
    return suite;
}
