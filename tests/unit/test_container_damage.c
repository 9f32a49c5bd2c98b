/* Containers inside of streams, and containers that lie about their places and sizes. */
#include "container_fixture.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* ---- helpers --------------------------------------------------------------------------------------------------- */

static void refused(cdist_err_t *err, const char *part)
{
    ck_assert_msg(err != NULL, "taken, where \"%s\" was expected", part);
    ck_assert_int_eq(err->code, CDIST_E_CORRUPT);
    ck_assert_msg(strstr(err->message, part) != NULL, "\"%s\" does not say \"%s\"", err->message, part);
}

static const cm_style_t styles[] = {{.bits = 32},
                                    {.bits = 64},
                                    {.bits = 32, .other_case = 1},
                                    {.bits = 64, .other_case = 1},
                                    {.bits = 32, .pad = 512},
                                    {.bits = 64, .pad = 65536},
                                    {.bits = 32, .piece = 100},
                                    {.bits = 64, .piece = 77, .backward = 1},
                                    {.bits = 32, .piece = 7},
                                    {.bits = 32, .data_first = 1},
                                    {.bits = 64, .free_records = 5}};

/* ---- streams --------------------------------------------------------------------------------------------------- */

START_TEST(nested_and_deflated_containers_are_read)
{
    cdist_container_t *outer, *inner, *packed;
    cm_made_t inside = {0}, vendor = {0}, made = {0};
    cm_item_t items[2] = {{"embedded"}, {"form"}};
    const cdist_item_t *item;
    cdist_stream_t *stream;
    int count, i, deflated;
    cm_item_t *some = cm_some_items(&count);

    cm_container(&inside, some, count, &styles[_i]);
    cm_deflate(&vendor, inside.bytes, inside.length);
    items[0].content = vendor.bytes;
    items[0].length = vendor.length;
    items[1].content = inside.bytes;
    items[1].length = inside.length;
    cm_container(&made, items, 2, NULL);
    FX_OK(fx_container_open(&outer, made.bytes, made.length));
    FX_OK(cdist_container_find(&item, outer, "form", 0));
    FX_OK(cdist_container_content(&stream, &deflated, outer, item, fx_pool));
    ck_assert(deflated);
    FX_OK(cdist_container_open(&inner, cdist_bytes_window(stream, fx_pool), fx_pool));
    FX_OK(cdist_container_find(&item, outer, "embedded", 0));
    FX_OK(cdist_container_content(&stream, NULL, outer, item, fx_pool));
    FX_OK(cdist_container_open(&packed, cdist_bytes_window(cdist_stream_inflate(stream, 4096, fx_pool), fx_pool), fx_pool));
    for (i = 0; i < count; i++) fx_check_content(inner, &some[i]);
    for (i = 0; i < count; i++) fx_check_content(packed, &some[i]);
}
END_TEST

static cdist_bytes_t *window_of_noise(size_t length, unsigned char **noise)
{
    *noise = apr_palloc(fx_pool, length);
    fx_fill_noise(*noise, length, 9);
    return cdist_bytes_window(cdist_bytes_stream(cdist_bytes_memory(*noise, length, "noise", fx_pool), 0, fx_pool), fx_pool);
}

START_TEST(a_window_gives_the_streams_bytes_in_any_order)
{
    unsigned char *noise, part[100];
    size_t length = 5000000, offset = 1;
    cdist_bytes_t *bytes = window_of_noise(length, &noise);
    int i;

    for (i = 0; i < 100; i++) {
        apr_size_t got = sizeof part;

        offset = (offset * 7 + 1000) % length;
        if (i % 10) offset = offset > 3900000 ? offset : 3900000 + offset % 1000000;
        FX_OK(cdist_bytes_read(bytes, offset, part, &got));
        ck_assert_uint_eq(got, length - offset < sizeof part ? length - offset : sizeof part);
        ck_assert_int_eq(memcmp(part, noise + offset, got), 0);
    }
}
END_TEST

START_TEST(a_window_is_not_rewound_without_end)
{
    unsigned char *noise, byte;
    cdist_bytes_t *bytes = window_of_noise(5000000, &noise);
    cdist_err_t *err = NULL;
    apr_size_t one = 1;
    int i;

    for (i = 0; i < 1000 && !err; i++) {
        one = 1;
        err = cdist_bytes_read(bytes, i % 2 ? 0 : 4999999, &byte, &one);
    }
    FX_FAILS(err, CDIST_E_CORRUPT);
}
END_TEST

START_TEST(a_deflate_bomb_is_refused)
{
    size_t length = 200u * 1024 * 1024;
    void *zeros = calloc(1, length);
    cm_made_t packed = {0};
    cdist_stream_t *stream;
    char buffer[65536];
    apr_size_t got;
    cdist_err_t *err = NULL;

    ck_assert_ptr_nonnull(zeros);
    cm_deflate(&packed, zeros, length);
    free(zeros);
    stream = cdist_stream_inflate(cdist_bytes_stream(cdist_bytes_memory(packed.bytes, packed.length, "bomb", fx_pool), 0, fx_pool),
                                  4096, fx_pool);
    do {
        got = sizeof buffer;
        err = stream->read(stream, buffer, &got);
    } while (!err && got > 0);
    FX_FAILS(err, CDIST_E_CORRUPT);
    ck_assert_uint_lt(stream->at, 70u * 1024 * 1024);
}
END_TEST

START_TEST(deflate_data_that_end_early_are_damaged)
{
    cm_made_t packed = {0};
    char *all;
    size_t length, cut;

    cm_deflate(&packed, cm_long_text(), 20000);
    for (cut = 0; cut < packed.length; cut += 1997) {
        cdist_bytes_t *bytes = cdist_bytes_memory(packed.bytes, cut, "cut", fx_pool);

        FX_FAILS(cdist_stream_read_all(&all, &length, cdist_stream_inflate(cdist_bytes_stream(bytes, 0, fx_pool), 512, fx_pool),
                                       1u << 20, fx_pool), CDIST_E_CORRUPT);
    }
}
END_TEST

/* ---- damage ---------------------------------------------------------------------------------------------------- */

static cdist_err_t *pass_item(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    (void)pool;
    *(int *)baton += item->name[0] != '\0';
    return NULL;
}

/* Reads all there is; what is wrong must end in an error of input, whatever it is. Returns 1 if something is wrong. */
static int read_everything(const void *bytes, size_t length)
{
    static const char *const names[] = {"0a", "0b", "7c", "9d", "configinfo", "long", "root", "UpdateInfo.inf", "versions", "none"};
    cdist_container_t *container;
    const cdist_item_t *item;
    cdist_err_t *err;
    apr_pool_t *pool;
    char *text;
    size_t read;
    int i, seen = 0, failed;

    apr_pool_create(&pool, fx_pool);
    err = cdist_container_open(&container, cdist_bytes_memory(bytes, length, "made", pool), pool);
    if (!err) err = cdist_container_walk(container, pass_item, &seen, pool);
    for (i = 0; i < FX_COUNT(names) && !err; i++) {
        err = cdist_container_find(&item, container, names[i], 1);
        if (!err && item) err = fx_content_in(&text, &read, container, item, pool);
    }
    ck_assert(!err || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
    failed = err != NULL;
    apr_pool_destroy(pool);
    return failed;
}

START_TEST(a_container_cut_off_anywhere_is_an_error)
{
    cm_made_t made = {0};
    size_t length;
    int count;
    cm_item_t *items = cm_some_items(&count);

    items[5].length = 50;
    cm_container(&made, items, count, &styles[_i]);
    ck_assert(!read_everything(made.bytes, made.length));
    if (styles[_i].pad) return; /* of which the end is only room */
    for (length = 0; length + styles[_i].piece < made.length; length += made.length > 9000 ? 13 : 3) {
        unsigned char *cut = malloc(length ? length : 1); /* exactly as long, for the sanitizers */
        int failed;

        memcpy(cut, made.bytes, length);
        failed = read_everything(cut, length);
        free(cut);
        ck_assert_msg(failed, "%d bytes of %d were taken", (int)length, (int)made.length);
    }
}
END_TEST

START_TEST(a_container_damaged_at_any_byte_ends_in_time)
{
    static const unsigned char damages[] = {0x00, 0xFF, '0', 'f', ' '};
    cm_made_t made = {0};
    size_t at;
    int count, i, failed = 0;
    cm_item_t *items = cm_some_items(&count);

    items[5].length = 50;
    cm_container(&made, items, count, &styles[_i]);
    for (at = 0; at < made.length; at += 1 + made.length / 1500) {
        unsigned char kept = made.bytes[at];

        for (i = 0; i < FX_COUNT(damages); i++) {
            made.bytes[at] = damages[i];
            failed += read_everything(made.bytes, made.length);
        }
        made.bytes[at] = kept;
    }
    ck_assert_int_gt(failed, 0);
}
END_TEST

/* A 32-bit container with one entry, whose data are two blocks of 10 bytes; the numbers of its headers can be changed. */
typedef struct {
    cm_made_t made;
    size_t first, second; /* where the headers of the data blocks start */
} small_t;

static void make_small(small_t *small)
{
    static const cm_item_t item = {"x", "0123456789abcdefghij", 0, 1, 0};
    static const cm_style_t pieces = {.bits = 32, .piece = 12};

    memset(small, 0, sizeof *small);
    cm_container(&small->made, &item, 1, &pieces);
    small->second = small->made.length - 31 - 12;
    small->first = small->second - 31 - 12;
}

static void put_number(small_t *small, size_t head, int which, const char *digits)
{
    memcpy(small->made.bytes + head + 2 + 9 * which, digits, 8);
}

static cdist_err_t *read_small(small_t *small)
{
    cdist_container_t *container;
    const cdist_item_t *item;
    char *text;
    size_t length;

    CDIST_ERR(fx_container_open(&container, small->made.bytes, small->made.length));
    CDIST_ERR(cdist_container_find(&item, container, "x", 0));
    ck_assert_ptr_nonnull(item);
    CDIST_ERR(fx_content_of(&text, &length, container, item));
    ck_assert_str_eq(text, "0123456789abcdefghij");
    return NULL;
}

static void next_is_the_block_itself(small_t *s) { put_number(s, s->first, 2, apr_psprintf(fx_pool, "%08x", (unsigned)s->first)); }
static void the_chain_is_a_circle(small_t *s)
{
    put_number(s, s->second, 2, apr_psprintf(fx_pool, "%08x", (unsigned)s->first));
    put_number(s, s->first, 0, "00000100");
}
static void the_chain_overlaps(small_t *s)
{
    put_number(s, s->first, 1, "0000000f");
    put_number(s, s->first, 0, "0000001b");
}
static void the_chain_ends_early(small_t *s) { put_number(s, s->first, 2, "7fffffff"); }
static void next_lies_beyond_the_end(small_t *s) { put_number(s, s->first, 2, "7ffffffe"); }
static void next_is_no_block(small_t *s) { put_number(s, s->first, 2, "00000001"); }
static void the_document_is_larger_than_the_file(small_t *s) { put_number(s, s->first, 0, "7fffffff"); }
static void the_document_has_the_largest_size(small_t *s) { put_number(s, s->first, 0, "ffffffff"); }
static void the_last_block_leaves_the_file(small_t *s)
{
    put_number(s, s->first, 0, "00000020");
    put_number(s, s->second, 1, "ffffffff");
}
static void a_circle_of_empty_blocks(small_t *s)
{
    put_number(s, s->first, 1, "00000000");
    put_number(s, s->first, 2, apr_psprintf(fx_pool, "%08x", (unsigned)s->first));
}
static void the_digits_are_none(small_t *s) { put_number(s, s->first, 1, "0000000g"); }
static void the_table_is_a_circle(small_t *s)
{
    put_number(s, 16, 0, "00000090");
    put_number(s, 16, 2, "00000010");
}

typedef void (*spoil_t)(small_t *small);
static const spoil_t spoilt[] = {next_is_the_block_itself, the_chain_is_a_circle, the_chain_overlaps, the_chain_ends_early,
                                 next_lies_beyond_the_end, next_is_no_block, the_document_is_larger_than_the_file,
                                 the_document_has_the_largest_size, the_last_block_leaves_the_file, a_circle_of_empty_blocks,
                                 the_digits_are_none, the_table_is_a_circle};

START_TEST(a_chain_that_lies_is_an_error_with_its_place)
{
    small_t small;
    cdist_err_t *err;

    make_small(&small);
    FX_OK(read_small(&small));
    spoilt[_i](&small);
    err = read_small(&small);
    ck_assert_msg(err != NULL, "number %d was read", _i);
    ck_assert_int_eq(err->code, CDIST_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err->message, "made: offset 0x"));
}
END_TEST

/* ---- entries that share their data ----------------------------------------------------------------------------- */

#define SHARING 1000
#define SHARED_BYTES 20000

typedef struct {
    cdist_container_t *container;
    apr_uint64_t read_bytes;
} reading_t;

/* NB: twice, as who compares stored bytes before he inflates them. */
static cdist_err_t *read_item(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    reading_t *reading = baton;
    cdist_stream_t *stream;
    apr_uint64_t length;
    int i;

    for (i = 0; i < 2; i++) {
        CDIST_ERR(cdist_container_data(&stream, &length, reading->container, item, pool));
        reading->read_bytes += length;
    }
    return NULL;
}

/* Many entries of a few bytes and a large one, the last; the first `sharing` records mean the large one's data. */
static cdist_err_t *read_sharing(reading_t *reading, int sharing, int window)
{
    cm_item_t *items = apr_pcalloc(fx_pool, sizeof *items * (SHARING + 1));
    cm_made_t made = {0};
    cdist_bytes_t *bytes;
    int i;

    for (i = 0; i <= SHARING; i++) {
        items[i] = (cm_item_t){apr_psprintf(fx_pool, "%04d", i), "x", 1, 1};
    }
    items[SHARING].content = cm_long_text();
    items[SHARING].length = SHARED_BYTES;
    cm_container(&made, items, SHARING + 1, NULL);
    for (i = 0; i < sharing; i++) memcpy(made.bytes + 16 + 31 + 12 * i + 4, made.bytes + 16 + 31 + 12 * SHARING + 4, 4);
    bytes = cdist_bytes_memory(made.bytes, made.length, "made", fx_pool);
    if (window) bytes = cdist_bytes_window(cdist_bytes_stream(bytes, 0, fx_pool), fx_pool);
    memset(reading, 0, sizeof *reading);
    CDIST_ERR(cdist_container_open(&reading->container, bytes, fx_pool));
    return cdist_container_walk(reading->container, read_item, reading, fx_pool);
}

START_TEST(data_that_entries_share_are_not_read_for_each_of_them)
{
    reading_t reading;

    FX_OK(read_sharing(&reading, 0, _i));
    ck_assert_uint_eq(reading.read_bytes, 2 * (SHARING + SHARED_BYTES));
    refused(read_sharing(&reading, SHARING, _i), "some overlap");
    ck_assert_uint_lt(reading.read_bytes, 20 * SHARED_BYTES);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("container_damage");
    TCase *tcase = fx_case(suite, "container_damage", 120);

    tcase_add_loop_test(tcase, nested_and_deflated_containers_are_read, 0, FX_COUNT(styles));
    tcase_add_test(tcase, a_window_gives_the_streams_bytes_in_any_order);
    tcase_add_test(tcase, a_window_is_not_rewound_without_end);
    tcase_add_test(tcase, a_deflate_bomb_is_refused);
    tcase_add_test(tcase, deflate_data_that_end_early_are_damaged);
    tcase_add_loop_test(tcase, a_container_cut_off_anywhere_is_an_error, 0, FX_COUNT(styles));
    tcase_add_loop_test(tcase, a_container_damaged_at_any_byte_ends_in_time, 0, FX_COUNT(styles));
    tcase_add_loop_test(tcase, a_chain_that_lies_is_an_error_with_its_place, 0, FX_COUNT(spoilt));
    tcase_add_loop_test(tcase, data_that_entries_share_are_not_read_for_each_of_them, 0, 2);
    return suite;
}
