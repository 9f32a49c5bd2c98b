/* Archives as packs: what is copied from an earlier archive gives the bytes of a build from nothing, or is not copied. */
#include "archive_int.h"
#include "clock.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

typedef struct {
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    const char *path;
} built_t;

/* Builds a folder into a file beside it. */
static built_t build(const char *folder, const char *name, const cdist_reuse_t *reuse)
{
    cdist_build_options_t options = {6, 2, NULL, NULL, NULL, 0, 0, reuse, NULL};
    built_t built;
    cdist_temp_t *temp;

    built.path = fx_path(name);
    FX_OK(cdist_tree_read(&built.tree, fx_path(folder), NULL, fx_pool));
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_build(&built.manifest, temp, built.tree, &options, fx_pool));
    FX_DONE(cdist_os_temp_publish(temp, built.path, fx_pool));
    return built;
}

/* What the store would know of an archive. */
static cdist_reuse_t *recorded(const built_t *built, int level)
{
    cdist_reuse_t *reuse = cdist_reuse_create(level, fx_pool);
    apr_size_t length;
    const char *bytes = cdist_records_write(&length, built->manifest, built->tree, fx_pool);
    apr_array_header_t *records = cdist_records_parse(bytes, length, level, CDIST_MAX_ENTRIES, fx_pool);

    if (records) FX_OK(cdist_reuse_add_records(reuse, built->path, records));
    return reuse;
}

static cdist_reuse_t *unknown(const char *path, int level, int expected)
{
    cdist_reuse_t *reuse = cdist_reuse_create(level, fx_pool);
    int usable;

    FX_OK(cdist_reuse_add(&usable, reuse, path));
    ck_assert_int_eq(usable, expected);
    return reuse;
}

static void expect_same(const built_t *a, const built_t *b)
{
    ck_assert(cdist_digest_equal(&a->manifest->archive_sha256, &b->manifest->archive_sha256));
    ck_assert_str_eq(cdist_manifest_write(a->manifest, fx_pool), cdist_manifest_write(b->manifest, fx_pool));
}

/* A release and the next one: a file changed, one gone, one new, one under another name, large ones of both kinds. */
static void make_releases(void)
{
    fx_write_prose("one/same.txt", 300000);
    fx_write_noise("one/noise.cab", 200000, 1);
    fx_write_prose("one/moved.dll", 70000);
    fx_write_text("one/changed.ini", "version one");
    fx_write_text("one/gone", "x");
    fx_write_text("one/empty", "");
    fx_write_prose("two/same.txt", 300000);
    fx_write_noise("two/noise.cab", 200000, 1);
    fx_write_prose("two/folder/moved.dll", 70000);
    fx_write_text("two/changed.ini", "version two");
    fx_write_text("two/new", "y");
    fx_write_text("two/empty", "");
}

START_TEST(an_upgrade_copies_what_is_the_same_and_gives_the_bytes_of_a_build_from_nothing)
{
    built_t one, plain, reused;

    make_releases();
    one = build("one", "one.zip", NULL);
    plain = build("two", "plain.zip", NULL);
    reused = build("two", "reused.zip", _i ? unknown(one.path, 6, 1) : recorded(&one, 6));
    expect_same(&plain, &reused);
    ck_assert_uint_eq(plain.manifest->reused_bytes, 0);
    ck_assert_uint_gt(reused.manifest->reused_bytes, 200000);
    ck_assert_uint_lt(reused.manifest->reused_bytes, reused.manifest->packed_bytes);
}
END_TEST

START_TEST(large_entries_are_copied_too)
{
    built_t one, plain, reused;

    fx_write_noise("one/large.cab", CDIST_WHOLE_MAX + 5, 1);
    fx_write_prose("one/a.txt", 300000);
    fx_write_noise("two/other.cab", CDIST_WHOLE_MAX + 5, 1);
    fx_write_noise("two/differs.cab", CDIST_WHOLE_MAX + 5, 2);
    one = build("one", "one.zip", NULL);
    plain = build("two", "plain.zip", NULL);
    reused = build("two", "reused.zip", _i ? unknown(one.path, 6, 1) : recorded(&one, 6));
    expect_same(&plain, &reused);
    ck_assert_uint_eq(reused.manifest->reused_bytes, CDIST_WHOLE_MAX + 5);
}
END_TEST

START_TEST(an_unchanged_file_is_not_even_read)
{
    built_t one, again;

    make_releases();
    fx_write_noise("one/large.cab", CDIST_WHOLE_MAX + 5, 1);
    fx_clock_ahead = apr_time_from_sec(3);
    one = build("one", "one.zip", NULL);
    again = build("one", "again.zip", recorded(&one, 6));
    expect_same(&one, &again);
    ck_assert_uint_eq(again.manifest->reused_bytes, one.manifest->packed_bytes);
    ck_assert_int_eq(cdist_reuse_count(recorded(&one, 6)), one.tree->inputs->nelts);
}
END_TEST

START_TEST(a_stat_that_was_too_young_is_not_trusted)
{
    built_t one;
    cdist_reuse_t *reuse;
    int i, trusted = 0;

    make_releases();
    fx_clock_ahead = _i ? apr_time_from_sec(3) : 0;
    one = build("one", "one.zip", NULL);
    reuse = recorded(&one, 6);
    for (i = 0; i < one.tree->inputs->nelts; i++) {
        trusted += cdist_reuse_by_stat(reuse, &APR_ARRAY_IDX(one.tree->inputs, i, cdist_input_t).stat) != NULL;
    }
    ck_assert_int_eq(trusted, _i ? one.tree->inputs->nelts : 0);
}
END_TEST

START_TEST(a_damaged_pack_is_noticed_and_its_contents_are_packed_anew)
{
    built_t one, plain, reused;
    apr_file_t *file;
    apr_off_t at;

    make_releases();
    if (_i) fx_write_noise("one/large.cab", CDIST_WHOLE_MAX + 5, 1);
    if (_i) fx_write_noise("two/large.cab", CDIST_WHOLE_MAX + 5, 1);
    fx_clock_ahead = apr_time_from_sec(3);
    one = build("one", "one.zip", NULL);
    plain = build("two", "plain.zip", NULL);
    FX_DONE(apr_file_open(&file, one.path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_BINARY, 0, fx_pool));
    for (at = 60; at < (apr_off_t)one.manifest->archive_bytes; at += 5000) {
        apr_off_t here = at;
        FX_DONE(apr_file_seek(file, APR_SET, &here));
        FX_DONE(apr_file_write_full(file, "\xEE\xEE", 2, NULL));
    }
    apr_file_close(file);
    reused = build("two", "reused.zip", recorded(&one, 6));
    expect_same(&plain, &reused);
    reused = build("one", "reused1.zip", recorded(&one, 6));
    expect_same(&one, &reused);
}
END_TEST

START_TEST(a_pack_that_was_cut_off_saves_nothing_and_harms_nothing)
{
    built_t one, plain, reused;
    cdist_reuse_t *reuse;

    make_releases();
    one = build("one", "one.zip", NULL);
    plain = build("two", "plain.zip", NULL);
    reuse = recorded(&one, 6);
    ck_assert_int_eq(truncate(one.path, 50), 0);
    reused = build("two", "reused.zip", reuse);
    expect_same(&plain, &reused);
}
END_TEST

START_TEST(records_of_another_level_or_damaged_ones_are_none)
{
    built_t one;
    const char *bytes;
    apr_size_t length, i;

    make_releases();
    one = build("one", "one.zip", NULL);
    bytes = cdist_records_write(&length, one.manifest, one.tree, fx_pool);
    ck_assert_ptr_nonnull(cdist_records_parse(bytes, length, 6, CDIST_MAX_ENTRIES, fx_pool));
    ck_assert_ptr_null(cdist_records_parse(bytes, length, 7, CDIST_MAX_ENTRIES, fx_pool));
    for (i = 0; i < length; i += 7) {
        char *other = apr_pmemdup(fx_pool, bytes, length + 1);
        other[i] ^= 1;
        ck_assert_ptr_null(cdist_records_parse(other, length, 6, CDIST_MAX_ENTRIES, fx_pool));
        ck_assert_ptr_null(cdist_records_parse(bytes, i, 6, CDIST_MAX_ENTRIES, fx_pool));
    }
}
END_TEST

START_TEST(an_archive_of_another_level_is_not_used)
{
    make_releases();
    unknown(build("one", "one.zip", NULL).path, 9, 0);
}
END_TEST

START_TEST(an_archive_that_somebody_else_packed_is_not_used)
{
    cdist_reuse_t *reuse = cdist_reuse_create(6, fx_pool);
    int usable;

    FX_FAILS(cdist_reuse_add(&usable, reuse, fx_path("none.zip")), CDIST_E_SOURCE);
    fx_write_text("text.zip", "this is no archive");
    FX_FAILS(cdist_reuse_add(&usable, reuse, fx_path("text.zip")), CDIST_E_CORRUPT);
}
END_TEST

/* Where an entry's record begins in a directory or an entry, by the name that follows its `head` bytes. */
static unsigned char *find_record(unsigned char *bytes, size_t length, const char *signature, size_t head, const char *name)
{
    size_t i;

    for (i = 0; i + head + strlen(name) <= length; i++) {
        if (memcmp(bytes + i, signature, 4) == 0 && memcmp(bytes + i + head, name, strlen(name)) == 0) return bytes + i;
    }
    ck_abort_msg("there is no record of %s", name);
    return NULL;
}

static void put_little(unsigned char *p, apr_uint64_t number, int bytes)
{
    for (; bytes > 0; bytes--, number >>= 8) *p++ = (unsigned char)number;
}

/* An archive of ours in whose records somebody wrote a number, in the directory and, where it stands there, before the entry. */
static const char *spoil(const char *path, const char *name, int central, int local, apr_uint64_t number, int bytes)
{
    size_t length;
    unsigned char *all = (unsigned char *)fx_read(&length, path + strlen(fx_folder) + 1);

    put_little(find_record(all, length, "PK\1\2", ZIP_CENTRAL_BYTES, name) + central, number, bytes);
    if (local) put_little(find_record(all, length, "PK\3\4", ZIP_LOCAL_BYTES, name) + local, number, bytes);
    fx_write("spoilt.zip", all, length);
    return fx_path("spoilt.zip");
}

static const struct {
    const char *name;
    int central, local;
    apr_uint64_t number;
    int bytes;
} lies[] = {{"noise.cab", 20, 18, 100000, 4},  /* stored, with fewer packed bytes than content */
            {"noise.cab", 24, 22, 0xFFFFFF, 4}, /* and with more content than packed bytes */
            {"changed.ini", 20, 18, 5, 4},
            {"same.txt", 20, 18, 0xFFFFFFF0, 4},
            {"moved.dll", 10, 8, 12, 2},        /* a method that is none of ours */
            {"changed.ini", 10, 8, 9, 2},
            {"same.txt", 38, 0, (apr_uint64_t)0104755 << 16, 4}, /* a mode that is none of ours */
            {"gone", 38, 0, (apr_uint64_t)0100666 << 16, 4},
            {"noise.cab", 42, 0, 0, 4},         /* the place of another entry */
            {"noise.cab", 42, 0, 0xFFFFFFF0, 4}};

START_TEST(an_archive_whose_directory_lies_is_not_used)
{
    built_t one;

    make_releases();
    one = build("one", "one.zip", NULL);
    unknown(one.path, 6, 1);
    unknown(spoil(one.path, lies[_i].name, lies[_i].central, lies[_i].local, lies[_i].number, lies[_i].bytes), 6, 0);
}
END_TEST

/* The execute bit of a large entry comes from its content too, whatever an archive says. */
START_TEST(an_archive_of_unknown_origin_does_not_decide_about_modes)
{
    built_t one, plain, reused;

    fx_write_noise("one/large.cab", CDIST_WHOLE_MAX + 5, 1);
    fx_write_prose("one/a.txt", 300000);
    one = build("one", "one.zip", NULL);
    fx_write_noise("two/large.cab", CDIST_WHOLE_MAX + 5, 1);
    plain = build("two", "plain.zip", NULL);
    reused = build("two", "reused.zip", unknown(spoil(one.path, "large.cab", 38, 0, (apr_uint64_t)0100755 << 16, 4), 6, 1));
    expect_same(&plain, &reused);
    ck_assert_uint_eq(reused.manifest->reused_bytes, CDIST_WHOLE_MAX + 5);
}
END_TEST

/* Somebody stored a large content that a build from nothing compresses. */
START_TEST(a_large_stored_content_that_would_shrink_is_not_taken_over)
{
    const char *line = "every line tells the same\n";
    size_t length, size = CDIST_WHOLE_MAX + 5, i;
    built_t plain, reused;
    unsigned char *all, *central, *local, *content;
    apr_uint32_t crc;

    fx_write_noise("one/large.cab", size, 1);
    fx_write_prose("one/a.txt", 300000);
    build("one", "one.zip", NULL);
    all = (unsigned char *)fx_read(&length, "one.zip");
    central = find_record(all, length, "PK\1\2", ZIP_CENTRAL_BYTES, "large.cab");
    local = find_record(all, length, "PK\3\4", ZIP_LOCAL_BYTES, "large.cab");
    content = local + ZIP_LOCAL_BYTES + strlen("large.cab");
    for (i = 0; i < size; i++) content[i] = (unsigned char)line[i % strlen(line)];
    crc = cdist_crc32(0, content, size);
    put_little(central + 16, crc, 4);
    put_little(local + 14, crc, 4);
    fx_write("spoilt.zip", all, length);
    fx_write("two/large.cab", content, size);
    plain = build("two", "plain.zip", NULL);
    reused = build("two", "reused.zip", unknown(fx_path("spoilt.zip"), 6, 1));
    expect_same(&plain, &reused);
    ck_assert_uint_eq(reused.manifest->reused_bytes, 0);
}
END_TEST

/* Sets the last four bytes so that the CRC-32 (polynomial EDB88320, reflected) becomes `wanted`: the register is run backwards
 * from there over four bytes, and compared with what it is before them. */
static void force_crc(unsigned char *bytes, apr_size_t length, apr_uint32_t wanted)
{
    apr_uint32_t table[256], before = ~cdist_crc32(0, bytes, length - 4), n, k;
    int i;

    for (n = 0; n < 256; n++) {
        for (table[n] = n, k = 0; k < 8; k++) table[n] = table[n] & 1 ? table[n] >> 1 ^ 0xEDB88320u : table[n] >> 1;
    }
    wanted = ~wanted;
    for (i = 0; i < 4; i++) {
        for (n = 0; table[n] >> 24 != wanted >> 24; n++) continue;
        wanted = (wanted ^ table[n]) << 8 | n;
    }
    wanted ^= before;
    for (i = 0; i < 4; i++) bytes[length - 4 + (apr_size_t)i] = (unsigned char)(wanted >> (8 * i));
}

START_TEST(contents_of_one_size_and_crc_are_told_apart)
{
    unsigned char first[5000], second[5000];
    built_t one, plain, reused;
    int i;

    for (i = 0; i < (int)sizeof first; i++) first[i] = (unsigned char)(i * i >> 3);
    memcpy(second, first, sizeof first);
    second[100] ^= 1;
    force_crc(second, sizeof second, cdist_crc32(0, first, sizeof first));
    ck_assert_uint_eq(cdist_crc32(0, second, sizeof second), cdist_crc32(0, first, sizeof first));
    fx_write("one/a", first, sizeof first);
    fx_write("two/a", second, sizeof second);
    one = build("one", "one.zip", NULL);
    plain = build("two", "plain.zip", NULL);
    reused = build("two", "reused.zip", _i ? unknown(one.path, 6, 1) : recorded(&one, 6));
    expect_same(&plain, &reused);
    ck_assert_uint_eq(reused.manifest->reused_bytes, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("reuse");
    TCase *tcase = fx_case(suite, "reuse", 60);

    tcase_add_loop_test(tcase, an_upgrade_copies_what_is_the_same_and_gives_the_bytes_of_a_build_from_nothing, 0, 2);
    tcase_add_loop_test(tcase, large_entries_are_copied_too, 0, 2);
    tcase_add_test(tcase, an_unchanged_file_is_not_even_read);
    tcase_add_loop_test(tcase, a_stat_that_was_too_young_is_not_trusted, 0, 2);
    tcase_add_loop_test(tcase, a_damaged_pack_is_noticed_and_its_contents_are_packed_anew, 0, 2);
    tcase_add_test(tcase, a_pack_that_was_cut_off_saves_nothing_and_harms_nothing);
    tcase_add_test(tcase, records_of_another_level_or_damaged_ones_are_none);
    tcase_add_test(tcase, an_archive_of_another_level_is_not_used);
    tcase_add_test(tcase, an_archive_that_somebody_else_packed_is_not_used);
    tcase_add_loop_test(tcase, an_archive_whose_directory_lies_is_not_used, 0, FX_COUNT(lies));
    tcase_add_test(tcase, an_archive_of_unknown_origin_does_not_decide_about_modes);
    tcase_add_test(tcase, a_large_stored_content_that_would_shrink_is_not_taken_over);
    tcase_add_loop_test(tcase, contents_of_one_size_and_crc_are_told_apart, 0, 2);
    return suite;
}
