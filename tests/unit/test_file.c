/* Files and folders: the operating-system seam and what stands directly on it. */
#include "fixture.h"

#include <apr_portable.h>

#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- whole small files ----------------------------------------------------------------------------------------- */

START_TEST(publish_replaces_the_whole_file)
{
    size_t length;

    FX_OK(cdist_file_publish(fx_path("f"), "a long first content", 20, fx_pool));
    FX_OK(cdist_file_publish(fx_path("f"), "new", 3, fx_pool));
    ck_assert_str_eq(fx_read(&length, "f"), "new");
    ck_assert_uint_eq(length, 3);
    ck_assert_int_eq(fx_children(""), 1);
}
END_TEST

START_TEST(publish_leaves_the_old_file_to_its_readers)
{
    apr_file_t *old;
    char bytes[8] = "";
    apr_size_t length;

    FX_OK(cdist_file_publish(fx_path("f"), "old", 3, fx_pool));
    old = fx_open("f");
    FX_OK(cdist_file_publish(fx_path("f"), "new", 3, fx_pool));
    FX_DONE(apr_file_read_full(old, bytes, 3, &length));
    ck_assert_str_eq(bytes, "old");
}
END_TEST

START_TEST(published_files_are_readable_for_others_whatever_the_umask)
{
    struct stat st;

    umask(0077);
    FX_OK(cdist_file_publish(fx_path("f"), "x", 1, fx_pool));
    ck_assert_int_eq(stat(fx_path("f"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0644);
}
END_TEST

/* The number that the next file opened gets: a file that stays open takes it. */
static int next_descriptor(void)
{
    int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
    close(fd);
    return fd;
}

START_TEST(publish_holds_nothing_open_as_long_as_the_pool_lives)
{
    int before = next_descriptor();

    FX_OK(cdist_file_publish(fx_path("f"), "x", 1, fx_pool));
    FX_FAILS(cdist_file_publish(fx_path("missing/f"), "x", 1, fx_pool), CDIST_E_STORE);
    ck_assert_int_eq(next_descriptor(), before);
}
END_TEST

START_TEST(publish_into_a_missing_folder_is_an_error_of_the_store)
{
    FX_FAILS(cdist_file_publish(fx_path("missing/f"), "x", 1, fx_pool), CDIST_E_STORE);
}
END_TEST

START_TEST(a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused)
{
    char *bytes;
    apr_size_t length;

    fx_write("f", "0123456789", 10);
    FX_OK(cdist_file_read(&bytes, &length, fx_path("f"), 10, fx_pool));
    ck_assert_uint_eq(length, 10);
    ck_assert_int_eq(bytes[10], 0);
    FX_FAILS(cdist_file_read(&bytes, &length, fx_path("f"), 9, fx_pool), CDIST_E_INPUT);
    FX_FAILS(cdist_file_read(&bytes, &length, fx_path("none"), 9, fx_pool), CDIST_E_NOTFOUND);
    fx_write("empty", "", 0);
    FX_OK(cdist_file_read(&bytes, &length, fx_path("empty"), 0, fx_pool));
    ck_assert_str_eq(bytes, "");
}
END_TEST

START_TEST(a_folder_is_no_file_to_read)
{
    char *bytes;
    apr_size_t length;

    fx_make_folder("d");
    FX_FAILS(cdist_file_read(&bytes, &length, fx_path("d"), 1u << 20, fx_pool), CDIST_E_SOURCE);
}
END_TEST

/* ---- temporary files ------------------------------------------------------------------------------------------- */

START_TEST(a_temporary_file_goes_away_with_its_pool)
{
    apr_pool_t *pool;
    cdist_temp_t *temp;

    apr_pool_create(&pool, fx_pool);
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, pool));
    FX_DONE(apr_file_write_full(temp->file, "half", 4, NULL));
    apr_pool_destroy(pool);
    ck_assert_int_eq(fx_children(""), 0);
}
END_TEST

START_TEST(a_published_file_outlives_its_pool)
{
    apr_pool_t *pool;
    cdist_temp_t *temp;
    struct stat st;

    apr_pool_create(&pool, fx_pool);
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, pool));
    FX_DONE(apr_file_write_full(temp->file, "whole", 5, NULL));
    FX_DONE(cdist_os_temp_publish(temp, fx_path("f"), fx_pool));
    apr_pool_destroy(pool);
    ck_assert_str_eq(fx_read(NULL, "f"), "whole");
    ck_assert_int_eq(fx_children(""), 1);
    ck_assert_int_eq(stat(fx_path("f"), &st), 0);
    ck_assert_int_eq(st.st_mode & 07777, 0644);
}
END_TEST

START_TEST(a_failed_publication_leaves_nothing_behind)
{
    apr_pool_t *pool;
    cdist_temp_t *temp;

    fx_make_folder("taken/child");
    apr_pool_create(&pool, fx_pool);
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, pool));
    ck_assert_int_ne(cdist_os_temp_publish(temp, fx_path("taken"), pool), APR_SUCCESS);
    apr_pool_destroy(pool);
    ck_assert_int_eq(fx_children(""), 1);
}
END_TEST

START_TEST(a_temporary_file_is_not_inherited_by_programs)
{
    cdist_temp_t *temp;
    apr_os_file_t own;
    struct stat mine;
    int fd, seen = 0;

    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_DONE(apr_os_file_get(&own, temp->file));
    ck_assert_int_eq(fstat(own, &mine), 0);
    for (fd = 3; fd < 64; fd++) {
        struct stat st;
        if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_ino != mine.st_ino) continue;
        ck_assert(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        seen++;
    }
    ck_assert_int_eq(seen, 1);
}
END_TEST

static void make_old(const char *name)
{
    struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};

    fx_write_text(name, "left");
    ck_assert_int_eq(utimensat(AT_FDCWD, fx_path(name), times, 0), 0);
}

START_TEST(sweep_removes_old_temporary_files_alone)
{
    fx_write_text(".cdist-0011223344556677.tmp", "young");
    make_old(".cdist-8899aabbccddeeff.tmp");
    make_old("archive.tmp");
    make_old(".cdist-keep.zip");
    make_old("x.cdist-1.tmp");
    fx_make_folder(".cdist-folder.tmp");
    cdist_os_temp_sweep(fx_folder, fx_pool);
    ck_assert(!fx_exists(".cdist-8899aabbccddeeff.tmp"));
    ck_assert_int_eq(fx_children(""), 5);
}
END_TEST

/* ---- folders --------------------------------------------------------------------------------------------------- */

START_TEST(nothing_is_opened_through_a_symbolic_link)
{
    cdist_folder_t *root, *child;
    apr_file_t *file;

    fx_write_text("out/secret", "s");
    fx_make_folder("in/real");
    fx_write_text("in/real/plain", "p");
    fx_link("../out", "in/folder_link");
    fx_link("../out/secret", "in/file_link");
    fx_link("plain", "in/real/near_link");
    FX_DONE(cdist_os_folder_open(&root, fx_path("in"), fx_pool));
    ck_assert_int_ne(cdist_os_folder_open_at(&child, root, "folder_link", fx_pool), APR_SUCCESS);
    ck_assert_int_ne(cdist_os_open_at(&file, root, "file_link", fx_pool), APR_SUCCESS);
    ck_assert_int_ne(cdist_beneath_open(&file, root, "folder_link/secret", fx_pool), APR_SUCCESS);
    ck_assert_int_ne(cdist_beneath_open(&file, root, "file_link", fx_pool), APR_SUCCESS);
    ck_assert_int_ne(cdist_beneath_open(&file, root, "real/near_link", fx_pool), APR_SUCCESS);
    FX_DONE(cdist_beneath_open(&file, root, "real/plain", fx_pool));
}
END_TEST

START_TEST(the_configured_folder_itself_may_be_a_link)
{
    cdist_folder_t *root;
    apr_file_t *file;

    fx_write_text("real/f", "x");
    fx_link("real", "link");
    FX_DONE(cdist_os_folder_open(&root, fx_path("link"), fx_pool));
    FX_DONE(cdist_os_open_at(&file, root, "f", fx_pool));
}
END_TEST

START_TEST(what_is_no_regular_file_is_not_opened_and_does_not_block)
{
    cdist_folder_t *root;
    apr_file_t *file;

    ck_assert_int_eq(mkfifo(fx_path("pipe"), 0644), 0);
    fx_make_folder("folder");
    FX_DONE(cdist_os_folder_open(&root, fx_folder, fx_pool));
    ck_assert_int_eq(cdist_os_open_at(&file, root, "pipe", fx_pool), APR_EINVAL);
    ck_assert_int_eq(cdist_os_open_at(&file, root, "folder", fx_pool), APR_EINVAL);
    ck_assert(APR_STATUS_IS_ENOENT(cdist_os_open_at(&file, root, "none", fx_pool)));
}
END_TEST

START_TEST(a_folder_lists_every_name_but_dots)
{
    fx_write_text(".hidden", "");
    fx_write_text("..twodots", "");
    fx_make_folder("d");
    ck_assert_int_eq(fx_children(""), 3);
}
END_TEST

START_TEST(folder_make_accepts_what_is_there_if_it_is_a_folder)
{
    FX_DONE(cdist_os_folder_make(fx_path("d"), fx_pool));
    FX_DONE(cdist_os_folder_make(fx_path("d"), fx_pool));
    fx_link("d", "l");
    FX_DONE(cdist_os_folder_make(fx_path("l"), fx_pool));
    fx_write_text("f", "");
    ck_assert_int_ne(cdist_os_folder_make(fx_path("f"), fx_pool), APR_SUCCESS);
    ck_assert_int_ne(cdist_os_folder_make(fx_path("a/b"), fx_pool), APR_SUCCESS);
}
END_TEST

START_TEST(a_stat_tells_kinds_and_links_are_not_followed)
{
    cdist_folder_t *root;
    cdist_stat_t stat;
    const char *target;

    fx_write_text("f", "12345");
    fx_make_folder("d");
    fx_link("f", "l");
    ck_assert_int_eq(mkfifo(fx_path("p"), 0644), 0);
    FX_DONE(cdist_os_folder_open(&root, fx_folder, fx_pool));
    FX_DONE(cdist_os_stat_at(&stat, root, "f"));
    ck_assert_int_eq(stat.kind, CDIST_FILE);
    ck_assert_uint_eq(stat.bytes, 5);
    FX_DONE(cdist_os_stat_at(&stat, root, "d"));
    ck_assert_int_eq(stat.kind, CDIST_FOLDER);
    FX_DONE(cdist_os_stat_at(&stat, root, "l"));
    ck_assert_int_eq(stat.kind, CDIST_LINK);
    FX_DONE(cdist_os_stat_at(&stat, root, "p"));
    ck_assert_int_eq(stat.kind, CDIST_OTHER);
    FX_DONE(cdist_os_link_at(&target, root, "l", fx_pool));
    ck_assert_str_eq(target, "f");
}
END_TEST

START_TEST(a_stat_changes_when_the_file_is_replaced_by_an_equal_one)
{
    cdist_folder_t *root;
    cdist_stat_t before, after;

    fx_write_text("f", "same");
    FX_DONE(cdist_os_folder_open(&root, fx_folder, fx_pool));
    FX_DONE(cdist_os_stat_at(&before, root, "f"));
    FX_DONE(cdist_os_stat_at(&after, root, "f"));
    ck_assert(cdist_stat_same(&before, &after));
    fx_write_text("g", "same");
    ck_assert_int_eq(rename(fx_path("g"), fx_path("f")), 0);
    FX_DONE(cdist_os_stat_at(&after, root, "f"));
    ck_assert(!cdist_stat_same(&before, &after));
}
END_TEST

START_TEST(every_field_of_a_stat_counts)
{
    cdist_stat_t base = {CDIST_FILE, 1, 2, 3, 4, 5}, other;
    int i;

    for (i = 0; i < 6; i++) {
        cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
        cdist_digest_t a, b;

        other = base;
        if (i == 0) other.kind = CDIST_LINK;
        if (i == 1) other.device++;
        if (i == 2) other.inode++;
        if (i == 3) other.bytes++;
        if (i == 4) other.mtime_ns++;
        if (i == 5) other.ctime_ns++;
        ck_assert_msg(!cdist_stat_same(&base, &other), "field %d", i);
        cdist_stat_digest(sha, &base);
        cdist_sha256_final(&a, sha);
        cdist_sha256_reset(sha);
        cdist_stat_digest(sha, &other);
        cdist_sha256_final(&b, sha);
        ck_assert_msg(!cdist_digest_equal(&a, &b), "field %d", i);
    }
}
END_TEST

/* ---- signals and memory ------------------------------------------------------------------------------------------ */

START_TEST(signals_are_blocked_and_restored)
{
    sigset_t set;
    cdist_signals_t *before = cdist_os_signals_make(fx_pool);

    cdist_os_signals_block(before);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    ck_assert_int_eq(sigismember(&set, SIGTERM), 1);
    ck_assert_int_eq(sigismember(&set, SIGUSR1), 1);
    cdist_os_signals_restore(before);
    ck_assert_int_eq(pthread_sigmask(SIG_SETMASK, NULL, &set), 0);
    ck_assert_int_eq(sigismember(&set, SIGTERM), 0);
    ck_assert_int_ge(cdist_os_cpu_count(), 1);
}
END_TEST

static const apr_size_t block_sizes[] = {0, 1, 1000, 128 * 1024 - 1, 128 * 1024, 128 * 1024 + 1, 5000000};

START_TEST(a_block_keeps_its_beginning_when_it_shrinks)
{
    apr_size_t length = block_sizes[_i], kept[] = {length, length / 2, length / 100, length / 10000, 0}, i;
    unsigned char *expected = malloc(length + 1);
    cdist_block_t block;

    ck_assert_ptr_nonnull(expected);
    fx_fill_noise(expected, length, 1);
    cdist_os_block_get(&block, length);
    memcpy(block.bytes, expected, length);
    for (i = 0; i < sizeof kept / sizeof kept[0]; i++) {
        if (i) cdist_os_block_shrink(&block, kept[i]);
        ck_assert_int_eq(memcmp(block.bytes, expected, kept[i]), 0);
    }
    cdist_os_block_free(&block);
    ck_assert_ptr_null(block.bytes);
    cdist_os_block_free(&block);
    free(expected);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("file");
    TCase *tcase = fx_case(suite, "file", 20);

    tcase_add_test(tcase, publish_replaces_the_whole_file);
    tcase_add_test(tcase, publish_leaves_the_old_file_to_its_readers);
    tcase_add_test(tcase, published_files_are_readable_for_others_whatever_the_umask);
    tcase_add_test(tcase, publish_holds_nothing_open_as_long_as_the_pool_lives);
    tcase_add_test(tcase, publish_into_a_missing_folder_is_an_error_of_the_store);
    tcase_add_test(tcase, a_file_of_exactly_the_limit_is_read_and_one_byte_more_is_refused);
    tcase_add_test(tcase, a_folder_is_no_file_to_read);
    tcase_add_test(tcase, a_temporary_file_goes_away_with_its_pool);
    tcase_add_test(tcase, a_published_file_outlives_its_pool);
    tcase_add_test(tcase, a_failed_publication_leaves_nothing_behind);
    tcase_add_test(tcase, a_temporary_file_is_not_inherited_by_programs);
    tcase_add_test(tcase, sweep_removes_old_temporary_files_alone);
    tcase_add_test(tcase, nothing_is_opened_through_a_symbolic_link);
    tcase_add_test(tcase, the_configured_folder_itself_may_be_a_link);
    tcase_add_test(tcase, what_is_no_regular_file_is_not_opened_and_does_not_block);
    tcase_add_test(tcase, a_folder_lists_every_name_but_dots);
    tcase_add_test(tcase, folder_make_accepts_what_is_there_if_it_is_a_folder);
    tcase_add_test(tcase, a_stat_tells_kinds_and_links_are_not_followed);
    tcase_add_test(tcase, a_stat_changes_when_the_file_is_replaced_by_an_equal_one);
    tcase_add_test(tcase, every_field_of_a_stat_counts);
    tcase_add_test(tcase, signals_are_blocked_and_restored);
    tcase_add_loop_test(tcase, a_block_keeps_its_beginning_when_it_shrinks, 0, FX_COUNT(block_sizes));
    return suite;
}
