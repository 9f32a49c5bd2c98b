/* Building: the same bytes everywhere, and what is told about them. */
#include "build_fixture.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

START_TEST(the_same_content_gives_the_same_bytes_wherever_it_lies)
{
    cdist_manifest_t *one, *other;

    fx_fill_folder("one", 0);
    umask(0077);
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    fx_fill_folder("deep/er/other", 1);
    ck_assert_int_eq(chmod(fx_path("deep/er/other/d1/f1"), 0755), 0);
    one = fx_build_well("one", 6, 1);
    other = fx_build_well("deep/er/other", 6, 3);
    ck_assert_str_eq(fx_hex(&one->archive_sha256), fx_hex(&other->archive_sha256));
}
END_TEST

START_TEST(the_number_of_threads_changes_no_byte)
{
    cdist_manifest_t *one;
    static const int threads[] = {2, 8, 0, 1000};
    int i;

    fx_fill_folder("t", 0);
    one = fx_build_well("t", 6, 1);
    for (i = 0; i < FX_COUNT(threads); i++) {
        ck_assert_str_eq(fx_hex(&one->archive_sha256), fx_hex(&fx_build_well("t", 6, threads[i])->archive_sha256));
    }
}
END_TEST

START_TEST(every_level_gives_a_sound_archive_and_its_own_bytes)
{
    cdist_manifest_t *fast, *small;
    int level;

    fx_fill_folder("t", 0);
    for (level = CDIST_LEVEL_MIN; level <= CDIST_LEVEL_MAX; level++) {
        ck_assert_int_eq(fx_build_well("t", level, 2)->level, level);
    }
    fast = fx_build_well("t", 1, 2);
    small = fx_build_well("t", 9, 2);
    ck_assert_uint_lt(small->archive_bytes, fast->archive_bytes);
    ck_assert_str_eq(small->builder, cdist_builder_identity());
    ck_assert_ptr_eq(strstr(cdist_builder_identity(), "2-"), cdist_builder_identity());
}
END_TEST

START_TEST(another_content_gives_other_bytes)
{
    cdist_manifest_t *before;

    fx_write_text("t/a", "one");
    before = fx_build_well("t", 6, 1);
    fx_write_text("t/a", "two");
    ck_assert_str_ne(fx_hex(&before->archive_sha256), fx_hex(&fx_build_well("t", 6, 1)->archive_sha256));
}
END_TEST

START_TEST(the_execute_bit_comes_from_the_content)
{
    static const struct {
        const char *name, *start;
        size_t length;
        unsigned mode;
    } rows[] = {{"elf", "\x7F" "ELF\2\1", 6, 0100755},      {"script", "#!/bin/sh\n", 10, 0100755},
                {"two", "#!", 2, 0100755},
                {"macho", "\xCF\xFA\xED\xFE\7", 5, 0100755}, {"macho32", "\xCE\xFA\xED\xFE", 4, 0100755},
                {"fat", "\xCA\xFE\xBA\xBE", 4, 0100755},     {"text", "plain", 5, 0100644},
                {"cut", "\x7F" "EL", 3, 0100644},
                {"hash", "#", 1, 0100644}, {"empty", "", 0, 0100644}, {"exe", "MZ\x90", 3, 0100644}};
    cdist_manifest_t *manifest;
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        const char *name = apr_pstrcat(fx_pool, "t/", rows[i].name, NULL);
        fx_write(name, rows[i].start, rows[i].length);
        ck_assert_int_eq(chmod(fx_path(name), rows[i].mode == 0100755 ? 0644 : 0755), 0);
    }
    fx_link("elf", "t/link");
    fx_make_folder("t/folder");
    manifest = fx_build_well("t", 6, 2);
    for (i = 0; i < FX_COUNT(rows); i++) ck_assert_uint_eq(fx_entry(manifest, rows[i].name)->mode, rows[i].mode);
    ck_assert_uint_eq(fx_entry(manifest, "link")->mode, 0120777);
    ck_assert_uint_eq(fx_entry(manifest, "link")->bytes, 3);
    ck_assert_uint_eq(fx_entry(manifest, "folder/")->mode, 0040755);
}
END_TEST

START_TEST(what_does_not_shrink_is_stored)
{
    cdist_manifest_t *manifest;

    fx_write_noise("t/noise", 100000, 1);
    fx_write_text("t/one", "x");
    fx_write_text("t/none", "");
    fx_write_prose("t/prose", 100000);
    manifest = fx_build_well("t", 9, 1);
    ck_assert_int_eq(fx_entry(manifest, "noise")->method, CDIST_STORED);
    ck_assert_uint_eq(fx_entry(manifest, "noise")->packed_bytes, 100000);
    ck_assert_int_eq(fx_entry(manifest, "one")->method, CDIST_STORED);
    ck_assert_int_eq(fx_entry(manifest, "none")->method, CDIST_STORED);
    ck_assert_int_eq(fx_entry(manifest, "prose")->method, CDIST_DEFLATED);
    ck_assert_uint_lt(fx_entry(manifest, "prose")->packed_bytes, 50000);
}
END_TEST

START_TEST(large_files_are_streamed_into_the_same_bytes_by_any_number_of_threads)
{
    cdist_manifest_t *one, *many;
    const cdist_entry_t *entry;

    fx_write_prose("t/a", 1000);
    fx_write_prose("t/large", CDIST_WHOLE_MAX + 1);
    fx_write_noise("t/noise", CDIST_WHOLE_MAX + 70001, 5);
    fx_write_prose("t/z", 1000);
    one = fx_build_well("t", 1, 1);
    many = fx_build_well("t", 1, 4);
    ck_assert_str_eq(fx_hex(&one->archive_sha256), fx_hex(&many->archive_sha256));
    entry = fx_entry(one, "large");
    ck_assert_int_eq(entry->method, CDIST_DEFLATED);
    ck_assert_uint_eq(entry->bytes, CDIST_WHOLE_MAX + 1);
    ck_assert_uint_lt(entry->packed_bytes, entry->bytes / 2);
    entry = fx_entry(one, "noise");
    ck_assert_int_eq(entry->method, CDIST_STORED);
    ck_assert_uint_eq(entry->packed_bytes, CDIST_WHOLE_MAX + 70001);
}
END_TEST

START_TEST(a_top_folder_stands_before_every_name_and_changes_nothing_else)
{
    cdist_build_options_t options = {6, 2, NULL, NULL, NULL, 0, 0, NULL, "windows64-8.3.22.1750/"};
    cdist_manifest_t *flat, *manifest;
    cdist_verification_t *result;
    cdist_temp_t *temp;
    int i;

    fx_write_prose("t/a.txt", 50000);
    fx_write_text("t/d/f", "x");
    fx_write_text("t/Setup.ini", "y");
    fx_make_folder("t/empty");
    fx_link("a.txt", "t/l");
    flat = fx_build_well("t", 6, 2);
    FX_OK(fx_build_tree(&manifest, &temp, fx_tree("t", NULL), &options));
    FX_OK(cdist_zip_verify(&result, temp->file, "built", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_int_eq(result->problems->nelts, 0);
    ck_assert_int_eq(manifest->entries->nelts, flat->entries->nelts);
    for (i = 0; i < flat->entries->nelts; i++) {
        const cdist_entry_t *with = &APR_ARRAY_IDX(result->manifest->entries, i, cdist_entry_t);
        const cdist_entry_t *without = &APR_ARRAY_IDX(flat->entries, i, cdist_entry_t);

        ck_assert_str_eq(with->name, apr_pstrcat(fx_pool, options.top, without->name, NULL));
        ck_assert(cdist_digest_equal(&with->packed_sha256, &without->packed_sha256));
        ck_assert_uint_eq(with->mode, without->mode);
    }
}
END_TEST

/* ---- what is told ------------------------------------------------------------------------------------------------ */

/* Warnings with the tag that a test listens for. */
static struct {
    const char *tag;
    int count;
    char last[500];
} told;

static int every_level(void *baton, cdist_log_level_t level)
{
    (void)baton;
    (void)level;
    return 1;
}

static void take_message(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)status;
    if (level != CDIST_LOG_WARNING || strncmp(text, told.tag, strlen(told.tag)) != 0) return;
    told.count++;
    apr_cpystrn(told.last, text, sizeof told.last);
}

static void listen_for(const char *tag)
{
    told.tag = tag;
    told.count = 0;
    cdist_log_set(every_level, take_message, NULL);
}

START_TEST(names_that_differ_only_in_case_are_kept_with_one_warning)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    listen_for("CD0018");
    fx_write_text("t/a", "x");
    fx_write_text("t/b/a", "x");
    FX_OK(fx_build(&manifest, &temp, "t", 6, 2));
    ck_assert_int_eq(told.count, 0);
    fx_write_text("t/Описание", "x");
    fx_write_text("t/описание", "x");
    fx_write_text("t/x1", "x");
    fx_write_text("t/X1", "x");
    fx_write_text("t/B/A", "x");
    FX_OK(fx_build(&manifest, &temp, "t", 6, 2));
    ck_assert_int_eq(manifest->entries->nelts, 7);
    ck_assert_int_eq(told.count, 1);
    ck_assert_ptr_nonnull(strstr(told.last, "both B/A and b/a"));
    ck_assert_ptr_nonnull(strstr(told.last, " 3 such names"));
}
END_TEST

START_TEST(what_is_left_out_is_told_once_by_the_build)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    listen_for("CD0001");
    fx_write_text("t/a", "x");
    fx_make_folder("t/d");
    ck_assert_int_eq(mkfifo(fx_path("t/d/pipe"), 0644), 0);
    FX_OK(fx_build(&manifest, &temp, "t", 6, 2));
    ck_assert_int_eq(manifest->entries->nelts, 2);
    ck_assert_int_eq(told.count, 1);
    ck_assert_ptr_nonnull(strstr(told.last, "/t/d/pipe: left out"));
}
END_TEST

START_TEST(an_empty_folder_is_refused)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    fx_make_folder("t");
    FX_FAILS(fx_build(&manifest, &temp, "t", 6, 1), CDIST_E_SOURCE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("build");
    TCase *tcase = fx_case(suite, "build", 60);

    tcase_add_test(tcase, the_same_content_gives_the_same_bytes_wherever_it_lies);
    tcase_add_test(tcase, the_number_of_threads_changes_no_byte);
    tcase_add_test(tcase, every_level_gives_a_sound_archive_and_its_own_bytes);
    tcase_add_test(tcase, another_content_gives_other_bytes);
    tcase_add_test(tcase, the_execute_bit_comes_from_the_content);
    tcase_add_test(tcase, what_does_not_shrink_is_stored);
    tcase_add_test(tcase, large_files_are_streamed_into_the_same_bytes_by_any_number_of_threads);
    tcase_add_test(tcase, a_top_folder_stands_before_every_name_and_changes_nothing_else);
    tcase_add_test(tcase, names_that_differ_only_in_case_are_kept_with_one_warning);
    tcase_add_test(tcase, what_is_left_out_is_told_once_by_the_build);
    tcase_add_test(tcase, an_empty_folder_is_refused);
    return suite;
}
