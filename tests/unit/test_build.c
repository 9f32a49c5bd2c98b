/* Building: the same bytes everywhere, or an error; never a mixture. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <signal.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

static cdist_err_t *build(cdist_manifest_t **manifest, cdist_temp_t **temp, const char *folder, int level, int threads)
{
    cdist_build_options_t options = {level, threads, NULL};
    cdist_tree_t *tree;

    FX_OK(cdist_tree_read(&tree, fx_path(folder), NULL, fx_pool));
    FX_DONE(cdist_os_temp_open(temp, fx_folder, fx_pool));
    return cdist_build(manifest, *temp, tree, &options, fx_pool);
}

static cdist_manifest_t *build_well(const char *folder, int level, int threads)
{
    cdist_manifest_t *manifest;
    cdist_verification_t *result;
    cdist_temp_t *temp;
    int i;

    FX_OK(build(&manifest, &temp, folder, level, threads));
    FX_OK(cdist_zip_verify(&result, temp->file, "built", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_int_eq(result->problems->nelts, 0);
    ck_assert(cdist_digest_equal(&result->manifest->archive_sha256, &manifest->archive_sha256));
    ck_assert_uint_eq(result->manifest->archive_bytes, manifest->archive_bytes);
    ck_assert_int_eq(result->manifest->entries->nelts, manifest->entries->nelts);
    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *meant = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        const cdist_entry_t *read = &APR_ARRAY_IDX(result->manifest->entries, i, cdist_entry_t);

        ck_assert_str_eq(meant->name, read->name);
        ck_assert_uint_eq(meant->bytes, read->bytes);
        ck_assert_uint_eq(meant->packed_bytes, read->packed_bytes);
        ck_assert_uint_eq(meant->offset, read->offset);
        ck_assert_uint_eq(meant->crc32, read->crc32);
        ck_assert_uint_eq(meant->mode, read->mode);
        ck_assert_int_eq(meant->method, read->method);
        ck_assert(cdist_digest_equal(&meant->sha256, &read->sha256));
        ck_assert(cdist_digest_equal(&meant->packed_sha256, &read->packed_sha256));
    }
    return manifest;
}

static const cdist_entry_t *entry_named(const cdist_manifest_t *manifest, const char *name)
{
    int i;

    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        if (strcmp(entry->name, name) == 0) return entry;
    }
    ck_abort_msg("there is no entry %s", name);
    return NULL;
}

/* A few dozen files of every kind, written forwards or backwards. */
static void fill(const char *folder, int backwards)
{
    int n;

    for (n = 0; n < 40; n++) {
        int i = backwards ? 39 - n : n;
        const char *name = apr_psprintf(fx_pool, "%s/d%d/f%d", folder, i % 7, i);

        if (i % 3 == 0) fx_write_noise(name, (size_t)(i * 997), (unsigned)i);
        else fx_write_prose(name, (size_t)(i * 4001));
    }
    fx_write_text(apr_pstrcat(fx_pool, folder, "/run.sh", NULL), "#!/bin/sh\nexit 0\n");
    fx_make_folder(apr_pstrcat(fx_pool, folder, "/empty", NULL));
    fx_link("run.sh", apr_pstrcat(fx_pool, folder, "/run", NULL));
}

START_TEST(the_same_content_gives_the_same_bytes_wherever_it_lies)
{
    cdist_manifest_t *one, *other;

    fill("one", 0);
    umask(0077);
    setenv("TZ", "Asia/Tokyo", 1);
    tzset();
    fill("deep/er/other", 1);
    ck_assert_int_eq(chmod(fx_path("deep/er/other/d1/f1"), 0755), 0);
    one = build_well("one", 6, 1);
    other = build_well("deep/er/other", 6, 3);
    ck_assert_str_eq(fx_hex(&one->archive_sha256), fx_hex(&other->archive_sha256));
}
END_TEST

START_TEST(the_number_of_threads_changes_no_byte)
{
    cdist_manifest_t *one;
    static const int threads[] = {2, 8, 0, 1000};
    int i;

    fill("t", 0);
    one = build_well("t", 6, 1);
    for (i = 0; i < FX_COUNT(threads); i++) {
        ck_assert_str_eq(fx_hex(&one->archive_sha256), fx_hex(&build_well("t", 6, threads[i])->archive_sha256));
    }
}
END_TEST

START_TEST(every_level_gives_a_sound_archive_and_its_own_bytes)
{
    cdist_manifest_t *fast, *small;
    int level;

    fill("t", 0);
    for (level = CDIST_LEVEL_MIN; level <= CDIST_LEVEL_MAX; level++) {
        ck_assert_int_eq(build_well("t", level, 2)->level, level);
    }
    fast = build_well("t", 1, 2);
    small = build_well("t", 9, 2);
    ck_assert_uint_lt(small->archive_bytes, fast->archive_bytes);
    ck_assert_str_eq(small->builder, cdist_builder_identity());
    ck_assert_ptr_eq(strstr(cdist_builder_identity(), "2-"), cdist_builder_identity());
}
END_TEST

START_TEST(another_content_gives_other_bytes)
{
    cdist_manifest_t *before;

    fx_write_text("t/a", "one");
    before = build_well("t", 6, 1);
    fx_write_text("t/a", "two");
    ck_assert_str_ne(fx_hex(&before->archive_sha256), fx_hex(&build_well("t", 6, 1)->archive_sha256));
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
    manifest = build_well("t", 6, 2);
    for (i = 0; i < FX_COUNT(rows); i++) ck_assert_uint_eq(entry_named(manifest, rows[i].name)->mode, rows[i].mode);
    ck_assert_uint_eq(entry_named(manifest, "link")->mode, 0120777);
    ck_assert_uint_eq(entry_named(manifest, "link")->bytes, 3);
    ck_assert_uint_eq(entry_named(manifest, "folder/")->mode, 0040755);
}
END_TEST

START_TEST(what_does_not_shrink_is_stored)
{
    cdist_manifest_t *manifest;

    fx_write_noise("t/noise", 100000, 1);
    fx_write_text("t/one", "x");
    fx_write_text("t/none", "");
    fx_write_prose("t/prose", 100000);
    manifest = build_well("t", 9, 1);
    ck_assert_int_eq(entry_named(manifest, "noise")->method, CDIST_STORED);
    ck_assert_uint_eq(entry_named(manifest, "noise")->packed_bytes, 100000);
    ck_assert_int_eq(entry_named(manifest, "one")->method, CDIST_STORED);
    ck_assert_int_eq(entry_named(manifest, "none")->method, CDIST_STORED);
    ck_assert_int_eq(entry_named(manifest, "prose")->method, CDIST_DEFLATED);
    ck_assert_uint_lt(entry_named(manifest, "prose")->packed_bytes, 50000);
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
    one = build_well("t", 1, 1);
    many = build_well("t", 1, 4);
    ck_assert_str_eq(fx_hex(&one->archive_sha256), fx_hex(&many->archive_sha256));
    entry = entry_named(one, "large");
    ck_assert_int_eq(entry->method, CDIST_DEFLATED);
    ck_assert_uint_eq(entry->bytes, CDIST_WHOLE_MAX + 1);
    ck_assert_uint_lt(entry->packed_bytes, entry->bytes / 2);
    entry = entry_named(one, "noise");
    ck_assert_int_eq(entry->method, CDIST_STORED);
    ck_assert_uint_eq(entry->packed_bytes, CDIST_WHOLE_MAX + 70001);
}
END_TEST

/* ---- what is told ---------------------------------------------------------------------------------------------- */

typedef struct {
    const char *tag;
    int count;
    char last[500];
} told_t;

static int every_level(void *baton, cdist_log_level_t level)
{
    (void)baton;
    (void)level;
    return 1;
}

static void take_message(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    told_t *told = baton;

    (void)status;
    if (level != CDIST_LOG_WARNING || strncmp(text, told->tag, strlen(told->tag)) != 0) return;
    told->count++;
    apr_cpystrn(told->last, text, sizeof told->last);
}

START_TEST(names_that_differ_only_in_case_are_kept_with_one_warning)
{
    told_t told = {"CD0018", 0, ""};
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    cdist_log_set(every_level, take_message, &told);
    fx_write_text("t/a", "x");
    fx_write_text("t/b/a", "x");
    FX_OK(build(&manifest, &temp, "t", 6, 2));
    ck_assert_int_eq(told.count, 0);
    fx_write_text("t/Описание", "x");
    fx_write_text("t/описание", "x");
    fx_write_text("t/x1", "x");
    fx_write_text("t/X1", "x");
    fx_write_text("t/B/A", "x");
    FX_OK(build(&manifest, &temp, "t", 6, 2));
    ck_assert_int_eq(manifest->entries->nelts, 7);
    ck_assert_int_eq(told.count, 1);
    ck_assert_ptr_nonnull(strstr(told.last, "both B/A and b/a"));
    ck_assert_ptr_nonnull(strstr(told.last, " 3 such names"));
}
END_TEST

START_TEST(what_is_left_out_is_told_once_by_the_build)
{
    told_t told = {"CD0001", 0, ""};
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;

    cdist_log_set(every_level, take_message, &told);
    fx_write_text("t/a", "x");
    fx_make_folder("t/d");
    ck_assert_int_eq(mkfifo(fx_path("t/d/pipe"), 0644), 0);
    FX_OK(build(&manifest, &temp, "t", 6, 2));
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
    FX_FAILS(build(&manifest, &temp, "t", 6, 1), CDIST_E_SOURCE);
}
END_TEST

/* ---- a source that changes ------------------------------------------------------------------------------------- */

typedef void change_fn(const char *name);

static void rewrite_same_size(const char *name)
{
    fx_write_prose(name, 49999);
    fx_append(name, "!");
}

static void grow(const char *name)
{
    fx_append(name, "more");
}

static void shrink(const char *name)
{
    ck_assert_int_eq(truncate(fx_path(name), 100), 0);
}

static void take_away(const char *name)
{
    ck_assert_int_eq(unlink(fx_path(name)), 0);
}

static void replace_by_copy(const char *name)
{
    fx_write_prose("copy", 50000);
    ck_assert_int_eq(rename(fx_path("copy"), fx_path(name)), 0);
}

static void replace_by_link(const char *name)
{
    fx_write_prose("elsewhere", 50000);
    take_away(name);
    fx_link(fx_path("elsewhere"), name);
}

static void replace_by_folder(const char *name)
{
    take_away(name);
    fx_make_folder(name);
}

static void replace_by_pipe(const char *name)
{
    take_away(name);
    ck_assert_int_eq(mkfifo(fx_path(name), 0644), 0);
}

static void add_beside(const char *name)
{
    fx_write_text(apr_pstrcat(fx_pool, name, ".new", NULL), "x");
}

START_TEST(a_top_folder_stands_before_every_name_and_changes_nothing_else)
{
    cdist_build_options_t options = {6, 2, NULL, NULL, NULL, 0, 0, NULL, "windows64-8.3.22.1750/"};
    cdist_manifest_t *flat, *manifest;
    cdist_verification_t *result;
    cdist_tree_t *tree;
    cdist_temp_t *temp;
    int i;

    fx_write_prose("t/a.txt", 50000);
    fx_write_text("t/d/f", "x");
    fx_write_text("t/Setup.ini", "y");
    fx_make_folder("t/empty");
    fx_link("a.txt", "t/l");
    flat = build_well("t", 6, 2);
    FX_OK(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool));
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_build(&manifest, temp, tree, &options, fx_pool));
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

static const struct {
    change_fn *change;
    int loud; /* 1: CDIST_E_CHANGED; 0: CDIST_E_SOURCE or CDIST_E_UNSAFE will do too */
} changes[] = {{rewrite_same_size, 1}, {grow, 1},       {shrink, 1},       {take_away, 1}, {replace_by_copy, 1},
               {add_beside, 1},        {replace_by_link, 0}, {replace_by_folder, 0}, {replace_by_pipe, 0}};

static void change_and_build(const char *name, size_t bytes, int i)
{
    cdist_build_options_t options = {6, 2, NULL};
    cdist_manifest_t *manifest = NULL;
    cdist_tree_t *tree;
    cdist_temp_t *temp;
    cdist_err_t *err;

    fx_write_prose("t/a", 50000);
    fx_write_prose(name, bytes);
    fx_write_prose("t/z", 50000);
    FX_OK(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool));
    usleep(20000); /* past one tick of the file system's clock */
    changes[i].change(name);
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    err = cdist_build(&manifest, temp, tree, &options, fx_pool);
    ck_assert_msg(err != NULL, "the change was not noticed");
    ck_assert_ptr_null(manifest);
    if (changes[i].loud) ck_assert_msg(err->code == CDIST_E_CHANGED, "%s", cdist_err_text(err, fx_pool));
    else ck_assert(err->code == CDIST_E_CHANGED || err->code == CDIST_E_SOURCE || err->code == CDIST_E_UNSAFE);
}

START_TEST(a_file_that_changes_after_it_was_listed_ends_the_build)
{
    change_and_build("t/m", 50000, _i);
}
END_TEST

START_TEST(a_large_file_that_changes_after_it_was_listed_ends_the_build)
{
    change_and_build("t/m", CDIST_WHOLE_MAX + 1000, _i);
}
END_TEST

START_TEST(a_folder_that_turns_into_a_link_is_not_followed)
{
    cdist_build_options_t options = {6, 1, NULL};
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    cdist_temp_t *temp;

    fx_write_text("t/d/f", "x");
    FX_OK(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool));
    ck_assert_int_eq(rename(fx_path("t/d"), fx_path("moved")), 0);
    fx_link(fx_path("moved"), "t/d");
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    ck_assert_ptr_nonnull(cdist_build(&manifest, temp, tree, &options, fx_pool));
}
END_TEST

START_TEST(an_unreadable_file_ends_the_build_and_is_named)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;
    cdist_err_t *err;

    fx_write_text("t/a", "x");
    fx_write_prose("t/closed", _i ? CDIST_WHOLE_MAX + 1 : 1);
    ck_assert_int_eq(chmod(fx_path("t/closed"), 0), 0);
    fx_obey_permissions();
    err = build(&manifest, &temp, "t", 6, 2);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_SOURCE);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "closed"));
}
END_TEST

/* ---- a build that cannot go on --------------------------------------------------------------------------------- */

START_TEST(the_stop_flag_ends_a_build)
{
    volatile apr_uint32_t stop = 1;
    cdist_build_options_t options = {6, 2, &stop};
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    cdist_temp_t *temp;

    if (_i == 0) fill("t", 0);
    else fx_write_prose("t/large", CDIST_WHOLE_MAX + 1);
    FX_OK(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool));
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_FAILS(cdist_build(&manifest, temp, tree, &options, fx_pool), CDIST_E_STOPPED);
}
END_TEST

static void expect_full(cdist_temp_t *temp)
{
    cdist_build_options_t options = {1, 2, NULL};
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    cdist_err_t *err;

    FX_OK(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool));
    err = cdist_build(&manifest, temp, tree, &options, fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_STORE);
    ck_assert(err->status == ENOSPC || err->status == EFBIG);
}

START_TEST(a_full_disk_is_an_error_of_the_store)
{
    cdist_temp_t temp = {NULL, NULL, "/dev"};

    fx_write_noise("t/a", _i ? CDIST_WHOLE_MAX + 1 : 300000, 1);
    FX_DONE(apr_file_open(&temp.file, "/dev/full", APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_BINARY, 0, fx_pool));
    expect_full(&temp);
}
END_TEST

START_TEST(a_disk_that_fills_up_halfway_is_an_error_of_the_store)
{
    struct rlimit limit = {400000, 400000};
    cdist_temp_t *temp;

    fx_write_noise("t/a", 300000, 1);
    fx_write_noise("t/b", 300000, 2);
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    expect_full(temp);
}
END_TEST

/* ---- the writer ------------------------------------------------------------------------------------------------ */

static apr_off_t spoilt_at = -1;

/* NB: takes the place of the C library's, so that a disk can return another byte than was written. */
ssize_t pread(int fd, void *bytes, size_t length, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, bytes, length, offset);

    if (got > 0 && spoilt_at >= offset && spoilt_at < offset + got) ((unsigned char *)bytes)[spoilt_at - offset] ^= 0x10;
    return got;
}

/* One entry of 30 + 4 + 7 bytes, its directory of 46 + 4, and the end of 22. */
START_TEST(a_disk_that_returns_other_bytes_is_noticed)
{
    cdist_entry_t entry = {"name", 7, 7, 0, 0, 0, 0100644, CDIST_STORED, {{0}}, {{0}}};
    cdist_manifest_t manifest;
    cdist_zip_writer_t *writer;
    apr_file_t *file;

    FX_DONE(apr_file_open(&file, fx_path("z"), APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY,
                          APR_FPROT_OS_DEFAULT, fx_pool));
    spoilt_at = _i;
    FX_OK(cdist_zip_writer_create(&writer, file, 1, NULL, fx_pool));
    entry.crc32 = cdist_crc32(0, "content", 7);
    FX_OK(cdist_zip_writer_add(writer, &entry, "content"));
    if (_i < 113) FX_FAILS(cdist_zip_writer_finish(&manifest, writer), CDIST_E_STORE);
    else FX_OK(cdist_zip_writer_finish(&manifest, writer));
}
END_TEST

START_TEST(an_archive_of_many_entries_is_sound)
{
    static const int counts[] = {65534, 65535, 65536};
    cdist_entry_t *entries = apr_pcalloc(fx_pool, 65536 * sizeof *entries);
    cdist_verification_t *result;
    cdist_manifest_t manifest;
    cdist_zip_writer_t *writer;
    cdist_temp_t *temp;
    int i;

    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_zip_writer_create(&writer, temp->file, counts[_i], NULL, fx_pool));
    for (i = 0; i < counts[_i]; i++) {
        entries[i].name = apr_psprintf(fx_pool, "%05d", i);
        FX_OK(cdist_zip_writer_add(writer, &entries[i], NULL));
    }
    FX_OK(cdist_zip_writer_finish(&manifest, writer));
    FX_OK(cdist_zip_verify(&result, temp->file, "many", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_int_eq(result->manifest->entries->nelts, counts[_i]);
    ck_assert(cdist_digest_equal(&result->manifest->archive_sha256, &manifest.archive_sha256));
}
END_TEST

START_TEST(a_rewound_entry_leaves_no_trace)
{
    cdist_entry_t entry = {"name", 7, 7, 0, 0, 0, 0100644, CDIST_STORED, {{0}}, {{0}}};
    cdist_verification_t *result;
    cdist_manifest_t manifest;
    cdist_zip_writer_t *writer;
    cdist_temp_t *temp;

    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_zip_writer_create(&writer, temp->file, 2, NULL, fx_pool));
    FX_OK(cdist_zip_writer_begin(writer, &entry));
    FX_OK(cdist_zip_writer_data(writer, "a much longer first attempt", 27));
    FX_OK(cdist_zip_writer_rewind(writer));
    FX_OK(cdist_zip_writer_data(writer, "con", 3));
    FX_OK(cdist_zip_writer_data(writer, "tent", 4));
    entry.crc32 = cdist_crc32(0, "content", 7);
    FX_OK(cdist_zip_writer_end(writer, &entry));
    FX_OK(cdist_zip_writer_finish(&manifest, writer));
    FX_OK(cdist_zip_verify(&result, temp->file, "rewound", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_uint_eq(manifest.archive_bytes, 30 + 4 + 7 + 46 + 4 + 22);
}
END_TEST

START_TEST(a_manifest_is_json_that_names_every_entry)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;
    const char *json, *crc;

    fx_write_text("t/a \"quoted\"", "x");
    fx_write_prose("t/\xD1\x84", 5000);
    FX_OK(build(&manifest, &temp, "t", 6, 1));
    json = cdist_manifest_write(manifest, fx_pool);
    ck_assert_int_eq(json[0], '{');
    ck_assert_ptr_nonnull(strstr(json, "\"format\":1"));
    ck_assert_ptr_nonnull(strstr(json, "a \\\"quoted\\\""));
    ck_assert_ptr_nonnull(strstr(json, "\xD1\x84"));
    ck_assert_ptr_nonnull(strstr(json, fx_hex(&manifest->archive_sha256)));
    ck_assert_ptr_nonnull(strstr(json, "\"mode\":\"100644\""));
    ck_assert_ptr_nonnull(strstr(json, "\"method\":\"deflate\""));
    ck_assert_ptr_nonnull(strstr(json, "\"method\":\"store\""));
    crc = apr_psprintf(fx_pool, "\"crc32\":\"%08x\"", entry_named(manifest, "\xD1\x84")->crc32);
    ck_assert_ptr_nonnull(strstr(json, crc));
}
END_TEST

/* A server's child writes one for each archive it builds. */
START_TEST(a_manifest_of_the_largest_archive_takes_little_memory)
{
    cdist_manifest_t manifest = {"builder", 6, 0, {{0}}, NULL, 0, 0};
    struct rusage before, after;
    const char *json;
    int i;

    manifest.entries = apr_array_make(fx_pool, CDIST_MAX_ENTRIES, sizeof(cdist_entry_t));
    for (i = 0; i < CDIST_MAX_ENTRIES; i++) {
        cdist_entry_t *entry = memset(apr_array_push(manifest.entries), 0, sizeof *entry);
        entry->name = apr_psprintf(fx_pool, "folder/name-%06d", i);
    }
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
    json = cdist_manifest_write(&manifest, fx_pool);
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
    ck_assert_ptr_nonnull(strstr(json, "\"entries\":[{\"name\":\"folder/name-000000\","));
    ck_assert_ptr_nonnull(strstr(json, "\"name\":\"folder/name-199999\""));
    ck_assert_str_eq(json + strlen(json) - 4, "}]}\n");
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory for a while */
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 192 * 1024);
#endif
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
    tcase_add_test(tcase, names_that_differ_only_in_case_are_kept_with_one_warning);
    tcase_add_test(tcase, what_is_left_out_is_told_once_by_the_build);
    tcase_add_test(tcase, an_empty_folder_is_refused);
    tcase_add_loop_test(tcase, a_file_that_changes_after_it_was_listed_ends_the_build, 0, FX_COUNT(changes));
    tcase_add_loop_test(tcase, a_large_file_that_changes_after_it_was_listed_ends_the_build, 0, FX_COUNT(changes));
    tcase_add_test(tcase, a_folder_that_turns_into_a_link_is_not_followed);
    tcase_add_loop_test(tcase, an_unreadable_file_ends_the_build_and_is_named, 0, 2);
    tcase_add_loop_test(tcase, the_stop_flag_ends_a_build, 0, 2);
    tcase_add_loop_test(tcase, a_full_disk_is_an_error_of_the_store, 0, 2);
    tcase_add_test(tcase, a_disk_that_fills_up_halfway_is_an_error_of_the_store);
    /* every byte of the header, of the name and of the content */
    tcase_add_loop_test(tcase, a_disk_that_returns_other_bytes_is_noticed, 0, 114);
    tcase_add_loop_test(tcase, an_archive_of_many_entries_is_sound, 0, 3);
    tcase_add_test(tcase, a_top_folder_stands_before_every_name_and_changes_nothing_else);
    tcase_add_test(tcase, a_rewound_entry_leaves_no_trace);
    tcase_add_test(tcase, a_manifest_is_json_that_names_every_entry);
    tcase_add_test(tcase, a_manifest_of_the_largest_archive_takes_little_memory);
    return suite;
}
