/* Archives from contents that come one by one: in whatever order, the bytes are those of a build from a folder. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

#define LARGE (CDIST_WHOLE_MAX_SLOW + 4321)
#define SLOW_LEVEL 7 /* where contents are streamed from 16 MiB on */

typedef struct {
    apr_array_header_t *parts; /* cdist_part_t */
    const char *folder;
    cdist_temp_t *temp;
    cdist_assembly_t *assembly;
} set_t;

/* The reference: what cdist_build makes of the folder; its entries tell the parts too. */
static cdist_manifest_t *build(set_t *set, const char *folder, int level)
{
    cdist_build_options_t options = {level, 2};
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;
    cdist_tree_t *tree;
    int i;

    FX_OK(cdist_tree_read(&tree, fx_path(folder), NULL, fx_pool));
    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_build(&manifest, temp, tree, &options, fx_pool));
    set->folder = folder;
    set->parts = apr_array_make(fx_pool, 8, sizeof(cdist_part_t));
    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        cdist_part_t part = {entry->name, entry->bytes, entry->method == CDIST_DEFLATED};

        APR_ARRAY_PUSH(set->parts, cdist_part_t) = part;
    }
    return manifest;
}

static void begin(set_t *set, int level)
{
    FX_DONE(cdist_os_temp_open(&set->temp, fx_folder, fx_pool));
    FX_OK(cdist_assembly_create(&set->assembly, set->temp, set->parts, level, NULL, fx_pool));
}

/* Delivers a part in pieces of that size; 1 if it is wanted again. */
static int deliver(set_t *set, int i, size_t piece)
{
    const cdist_part_t *part = &APR_ARRAY_IDX(set->parts, i, cdist_part_t);
    size_t length, at;
    char *content;
    int again;

    if (part->name[strlen(part->name) - 1] == '/') return 0;
    content = fx_read(&length, apr_pstrcat(fx_pool, set->folder, "/", part->name, NULL));
    FX_OK(cdist_assembly_begin(set->assembly, i));
    for (at = 0; at < length; at += piece) {
        FX_OK(cdist_assembly_data(set->assembly, content + at, length - at < piece ? length - at : piece));
    }
    FX_OK(cdist_assembly_end(&again, set->assembly));
    return again;
}

static void finish_like(set_t *set, const cdist_manifest_t *expected)
{
    cdist_manifest_t *manifest;

    FX_OK(cdist_assembly_finish(&manifest, set->assembly));
    ck_assert_str_eq(fx_hex(&manifest->archive_sha256), fx_hex(&expected->archive_sha256));
    ck_assert_str_eq(cdist_manifest_write(manifest, fx_pool), cdist_manifest_write(expected, fx_pool));
}

static void fill(const char *folder)
{
    fx_write_prose(apr_pstrcat(fx_pool, folder, "/a.txt", NULL), 100000);
    fx_write_noise(apr_pstrcat(fx_pool, folder, "/b/noise", NULL), 70000, 1);
    fx_write_text(apr_pstrcat(fx_pool, folder, "/b/run", NULL), "#!/bin/sh\n");
    fx_write_text(apr_pstrcat(fx_pool, folder, "/b/one", NULL), "1");
    fx_write(apr_pstrcat(fx_pool, folder, "/c", NULL), "\x7F" "ELF and more", 13);
    fx_write_text(apr_pstrcat(fx_pool, folder, "/d-empty", NULL), "");
    fx_make_folder(apr_pstrcat(fx_pool, folder, "/d", NULL));
    fx_make_folder(apr_pstrcat(fx_pool, folder, "/z/z", NULL));
}

/* In order, backwards, every third; in pieces of various sizes. */
START_TEST(any_order_gives_the_bytes_of_a_build)
{
    static const int steps[] = {1, -1, 3, 1, -1};
    static const size_t pieces[] = {1 << 20, 1 << 20, 1000, 1, 3};
    set_t set;
    cdist_manifest_t *expected;
    int i, total;

    fill("set");
    expected = build(&set, "set", CDIST_LEVEL_DEFAULT);
    total = set.parts->nelts;
    ck_assert_int_eq(total, 8);
    begin(&set, CDIST_LEVEL_DEFAULT);
    for (i = 0; i < total; i++) {
        ck_assert_int_eq(deliver(&set, ((i * steps[_i]) % total + total) % total, pieces[_i]), 0);
    }
    finish_like(&set, expected);
}
END_TEST

START_TEST(large_contents_are_streamed_as_by_a_build)
{
    set_t set;
    cdist_manifest_t *expected;
    int i;

    fx_write_prose("set/prose", LARGE);
    fx_write_noise("set/noise", LARGE, 7);
    fx_write_text("set/a", "first");
    expected = build(&set, "set", SLOW_LEVEL);
    begin(&set, SLOW_LEVEL);
    for (i = 0; i < 3; i++) ck_assert_int_eq(deliver(&set, _i ? 2 - i : i, 3000000), 0);
    finish_like(&set, expected);
}
END_TEST

/* The probe may be wrong: what does not shrink is delivered once more, while others go on. */
START_TEST(what_does_not_shrink_is_wanted_again_and_stored)
{
    set_t set;
    cdist_manifest_t *expected;

    fx_write_noise("set/b", LARGE, 7);
    fx_write_text("set/a", "before");
    fx_write_text("set/c", "after");
    expected = build(&set, "set", SLOW_LEVEL);
    APR_ARRAY_IDX(set.parts, 1, cdist_part_t).shrinks = 1;
    begin(&set, SLOW_LEVEL);
    if (_i == 0) deliver(&set, 0, 100);
    ck_assert_int_eq(deliver(&set, 1, 1 << 20), 1);
    if (_i == 1) deliver(&set, 0, 100);
    deliver(&set, 2, 100);
    ck_assert_int_eq(deliver(&set, 1, 1 << 20), 0);
    if (_i == 2) deliver(&set, 0, 100);
    finish_like(&set, expected);
}
END_TEST

START_TEST(a_probe_that_is_fed_says_what_a_build_finds)
{
    static const size_t pieces[] = {1, 4097, CDIST_PROBE_BYTES, 5000000, LARGE};
    set_t set;
    cdist_manifest_t *manifest;
    int i;

    fx_write_prose("set/prose", LARGE);
    fx_write_noise("set/noise", LARGE, 3);
    manifest = build(&set, "set", SLOW_LEVEL);
    for (i = 0; i < 2; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        cdist_probe_t *probe = cdist_probe_create(entry->bytes, SLOW_LEVEL, fx_pool);
        size_t length, at, piece = pieces[_i];
        char *content = fx_read(&length, apr_pstrcat(fx_pool, "set/", entry->name, NULL));

        for (at = 0; at < length; at += piece) cdist_probe_feed(probe, content + at, length - at < piece ? length - at : piece);
        ck_assert_int_eq(cdist_probe_shrinks(probe), entry->method == CDIST_DEFLATED);
    }
}
END_TEST

START_TEST(a_content_of_another_length_is_refused)
{
    set_t set;
    int again;

    fill("set");
    build(&set, "set", CDIST_LEVEL_DEFAULT);
    begin(&set, CDIST_LEVEL_DEFAULT);
    FX_OK(cdist_assembly_begin(set.assembly, 2));
    if (_i == 0) {
        FX_FAILS(cdist_assembly_data(set.assembly, "more than one", 13), CDIST_E_CHANGED);
    } else {
        FX_FAILS(cdist_assembly_end(&again, set.assembly), CDIST_E_CHANGED);
    }
}
END_TEST

START_TEST(parts_out_of_turn_are_refused)
{
    set_t set;
    cdist_manifest_t *manifest;
    cdist_part_t parts[2] = {{"b", 0, 0}, {"a", 0, 0}};
    int again;

    set.parts = apr_array_make(fx_pool, 2, sizeof(cdist_part_t));
    APR_ARRAY_PUSH(set.parts, cdist_part_t) = parts[0];
    APR_ARRAY_PUSH(set.parts, cdist_part_t) = parts[_i];
    FX_DONE(cdist_os_temp_open(&set.temp, fx_folder, fx_pool));
    FX_FAILS(cdist_assembly_create(&set.assembly, set.temp, set.parts, 6, NULL, fx_pool), CDIST_E_INPUT);
    fill("set");
    build(&set, "set", CDIST_LEVEL_DEFAULT);
    begin(&set, CDIST_LEVEL_DEFAULT);
    FX_FAILS(cdist_assembly_data(set.assembly, "x", 1), CDIST_E_INPUT);
    FX_FAILS(cdist_assembly_end(&again, set.assembly), CDIST_E_INPUT);
    FX_FAILS(cdist_assembly_begin(set.assembly, set.parts->nelts), CDIST_E_INPUT);
    FX_FAILS(cdist_assembly_begin(set.assembly, -1), CDIST_E_INPUT);
    deliver(&set, 2, 100);
    FX_FAILS(cdist_assembly_begin(set.assembly, 2), CDIST_E_INPUT);
    FX_FAILS(cdist_assembly_finish(&manifest, set.assembly), CDIST_E_INPUT);
}
END_TEST

START_TEST(a_stop_ends_it)
{
    apr_uint32_t stop = 1;
    set_t set;

    fill("set");
    build(&set, "set", CDIST_LEVEL_DEFAULT);
    FX_DONE(cdist_os_temp_open(&set.temp, fx_folder, fx_pool));
    FX_OK(cdist_assembly_create(&set.assembly, set.temp, set.parts, 6, &stop, fx_pool));
    FX_OK(cdist_assembly_begin(set.assembly, 0));
    FX_FAILS(cdist_assembly_data(set.assembly, "x", 1), CDIST_E_STOPPED);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("assemble");
    TCase *tcase = fx_case(suite, "assemble", 120);

    tcase_add_loop_test(tcase, any_order_gives_the_bytes_of_a_build, 0, 5);
    tcase_add_loop_test(tcase, large_contents_are_streamed_as_by_a_build, 0, 2);
    tcase_add_loop_test(tcase, what_does_not_shrink_is_wanted_again_and_stored, 0, 3);
    tcase_add_loop_test(tcase, a_probe_that_is_fed_says_what_a_build_finds, 0, 5);
    tcase_add_loop_test(tcase, a_content_of_another_length_is_refused, 0, 2);
    tcase_add_loop_test(tcase, parts_out_of_turn_are_refused, 0, 2);
    tcase_add_test(tcase, a_stop_ends_it);
    return suite;
}
