/* Containers: entries by name, contents, the writer. */
#include "container_fixture.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MARK "\xEF\xBB\xBF"

/* ---- helpers --------------------------------------------------------------------------------------------------- */

/* ---- reading --------------------------------------------------------------------------------------------------- */

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

START_TEST(every_entry_is_found_in_every_layout)
{
    cdist_container_t *container;
    const cdist_item_t *item;
    cm_made_t made = {0};
    int count, i;
    cm_item_t *items = cm_some_items(&count);

    cm_container(&made, items, count, &styles[_i]);
    FX_OK(fx_container_open(&container, made.bytes, made.length));
    ck_assert_int_eq(cdist_container_bits(container), styles[_i].bits);
    ck_assert_uint_eq(cdist_container_count(container), (unsigned)count);
    for (i = count - 1; i >= 0; i--) fx_check_content(container, &items[i]);
    FX_OK(cdist_container_find(&item, container, "absent", 1));
    ck_assert_ptr_null(item);
    FX_OK(cdist_container_find(&item, container, "ROOT", 0));
    ck_assert_ptr_nonnull(item);
    ck_assert_uint_eq(item->created, 638581911680000ULL);
}
END_TEST

static cdist_err_t *count_item(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    char **names = baton;

    (void)pool;
    *names = apr_pstrcat(fx_pool, *names, " ", item->name, NULL);
    return NULL;
}

START_TEST(a_walk_meets_every_entry_in_the_order_of_places)
{
    cdist_container_t *container;
    char *names = apr_pstrdup(fx_pool, "");
    cm_made_t made = {0};
    int count;
    cm_item_t *items = cm_some_items(&count);

    cm_container(&made, items, count, &styles[_i]);
    FX_OK(fx_container_open(&container, made.bytes, made.length));
    FX_OK(cdist_container_walk(container, count_item, &names, fx_pool));
    ck_assert_str_eq(names, " 0a 0b 7c 9d configinfo long root UpdateInfo.inf version versions");
}
END_TEST

START_TEST(entries_in_no_order_are_found)
{
    static const int counts[] = {3, 70, 300};
    cdist_container_t *container;
    cm_item_t *items;
    cm_made_t made = {0};
    int count = counts[_i], i;

    items = apr_pcalloc(fx_pool, sizeof *items * (size_t)count);
    for (i = 0; i < count; i++) {
        items[i].name = apr_psprintf(fx_pool, "%04d", (i * 7919 + 13) % 10000);
        items[i].content = apr_psprintf(fx_pool, MARK "{%d}", i);
    }
    cm_container(&made, items, count, NULL);
    for (i = 0; i < count; i++) {
        FX_OK(fx_container_open(&container, made.bytes, made.length));
        fx_check_content(container, &items[i]);
    }
}
END_TEST

/* As a packer leaves it that puts new entries at the end. */
START_TEST(an_entry_behind_a_sorted_table_is_found)
{
    cdist_container_t *container;
    cm_item_t *items = apr_pcalloc(fx_pool, sizeof *items * 401);
    cm_made_t made = {0};
    int i;

    for (i = 0; i <= 400; i++) {
        items[i].name = i == 400 ? "0350x" : apr_psprintf(fx_pool, "%04d", i);
        items[i].content = MARK "{1}";
    }
    cm_container(&made, items, 401, NULL);
    FX_OK(fx_container_open(&container, made.bytes, made.length));
    fx_check_content(container, &items[400]);
}
END_TEST

START_TEST(a_large_table_is_not_read_to_find_a_name)
{
    static const int counts[] = {5000, 20000};
    cm_style_t style = styles[_i];
    cm_item_t *items = apr_pcalloc(fx_pool, sizeof *items * 20000);
    cdist_container_t *container;
    cdist_bytes_t *bytes;
    cm_made_t made = {0};
    int count = counts[_i / 2 % 2], i;

    for (i = 0; i < count; i++) {
        items[i].name = apr_psprintf(fx_pool, "%08d-0000-0000-0000-000000000000", i);
        items[i].content = MARK "{1}";
        items[i].stored = 1;
    }
    cm_container(&made, items, count, &style);
    fx_write("large.cf", made.bytes, made.length);
    FX_OK(cdist_bytes_file(&bytes, fx_path("large.cf"), fx_pool));
    FX_OK(cdist_container_open(&container, bytes, fx_pool));
    ck_assert_uint_eq(cdist_container_count(container), (unsigned)count);
    fx_check_content(container, &items[1]);
    fx_check_content(container, &items[count - 1]);
    fx_check_content(container, &items[count / 3]);
    ck_assert_uint_lt(cdist_bytes_count(bytes), 100000);
}
END_TEST

/* ---- the stub -------------------------------------------------------------------------------------------------- */

START_TEST(the_container_behind_the_stub_is_opened)
{
    static const size_t lengths[] = {0, 5000, 9001};
    cdist_container_t *container;
    cm_style_t wide = {.bits = 64};
    cm_made_t made = {0};
    int count, i;
    cm_item_t *items = cm_some_items(&count);

    cm_stub(&made, lengths[_i]);
    ck_assert_uint_eq(cm_container(&made, items, count, &wide), lengths[_i] ? lengths[_i] : 0x1359);
    FX_OK(fx_container_open(&container, made.bytes, made.length));
    ck_assert_int_eq(cdist_container_bits(container), 64);
    ck_assert_uint_eq(cdist_container_base(container), lengths[_i] ? lengths[_i] : 0x1359);
    for (i = 0; i < count; i++) fx_check_content(container, &items[i]);
}
END_TEST

START_TEST(an_empty_container_has_no_entries)
{
    cdist_container_t *container;
    const cdist_item_t *item;
    cm_made_t made = {0};

    cm_container(&made, NULL, 0, NULL);
    FX_OK(fx_container_open(&container, made.bytes, made.length));
    ck_assert_uint_eq(cdist_container_count(container), 0);
    FX_OK(cdist_container_find(&item, container, "root", 1));
    ck_assert_ptr_null(item);
}
END_TEST

/* ---- writing --------------------------------------------------------------------------------------------------- */

static cdist_err_t *write_items(const char *name, const cm_item_t *items, int count, int told, int bits, apr_uint64_t base)
{
    cdist_container_writer_t *writer;
    apr_file_t *file;
    int i;

    FX_DONE(apr_file_open(&file, fx_path(name), APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE, APR_OS_DEFAULT, fx_pool));
    CDIST_ERR(cdist_container_writer_open(&writer, file, name, base, bits, (apr_uint32_t)told, fx_pool));
    for (i = 0; i < count; i++) {
        size_t length = items[i].no_data ? 0 : items[i].length ? items[i].length : strlen(items[i].content);

        CDIST_ERR(cdist_container_writer_entry(writer, items[i].name, 1, 638581911680000ULL));
        CDIST_ERR(cdist_container_writer_data(writer, items[i].content, length / 3));
        CDIST_ERR(cdist_container_writer_data(writer, (const char *)items[i].content + length / 3, length - length / 3));
    }
    CDIST_ERR(cdist_container_writer_close(writer));
    apr_file_close(file);
    return NULL;
}

START_TEST(what_is_written_is_read_back)
{
    static const int bits[] = {32, 64};
    cdist_container_t *container;
    cdist_bytes_t *bytes;
    int count, i;
    cm_item_t *items = cm_some_items(&count);
    unsigned char *noise = apr_palloc(fx_pool, 300000);

    fx_fill_noise(noise, 300000, 3);
    memcpy(noise, MARK, 3);
    items[0].content = noise;
    items[0].length = 300000;
    items[9].name = "\xD1\x84\xF0\x9F\x98\x80";
    FX_OK(write_items("written", items, count, count, bits[_i], 0));
    FX_OK(cdist_bytes_file(&bytes, fx_path("written"), fx_pool));
    FX_OK(cdist_container_open(&container, bytes, fx_pool));
    ck_assert_int_eq(cdist_container_bits(container), bits[_i]);
    ck_assert_uint_eq(cdist_container_count(container), (unsigned)count);
    for (i = 0; i < count; i++) fx_check_content(container, &items[i]);
}
END_TEST

/* The same bytes as the test's own maker, which was written from the format's description. */
START_TEST(what_is_written_has_the_platforms_layout)
{
    static const cm_item_t items[] = {{"a", MARK "{1}", 0, 1, 0}, {"b", "", 0, 1, 1}, {"c", "12", 0, 1, 0}};
    static const cm_style_t both[] = {{.bits = 32}, {.bits = 64}};
    cm_made_t made = {0};
    size_t length, i, start, differ = 0;
    char *written;

    cm_container(&made, items, 3, &both[_i]);
    FX_OK(write_items("written", items, 3, 3, both[_i].bits, 0));
    written = fx_read(&length, "written");
    ck_assert_uint_eq(length, made.length);
    /* The header's counter and the entries' times are the maker's. */
    start = both[_i].bits == 64 ? 20 : 16;
    for (i = start; i < length; i++) differ += written[i] != (char)made.bytes[i];
    ck_assert_uint_le(differ, 3 * 16);
}
END_TEST

START_TEST(a_writer_refuses_what_it_was_not_told)
{
    static const cm_item_t items[] = {{"a", "x", 0, 1, 0}, {"\xFF", "x", 0, 1, 0}};

    FX_FAILS(write_items("written", items, 1, 2, 32, 0), CDIST_E_INPUT);
    FX_FAILS(write_items("written", items, 1, 0, 32, 0), CDIST_E_INPUT);
    FX_FAILS(write_items("written", items, 2, 2, 32, 0), CDIST_E_INPUT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("container");
    TCase *tcase = fx_case(suite, "container", 120);

    tcase_add_loop_test(tcase, every_entry_is_found_in_every_layout, 0, FX_COUNT(styles));
    tcase_add_loop_test(tcase, a_walk_meets_every_entry_in_the_order_of_places, 0, FX_COUNT(styles));
    tcase_add_loop_test(tcase, entries_in_no_order_are_found, 0, 3);
    tcase_add_test(tcase, an_entry_behind_a_sorted_table_is_found);
    tcase_add_loop_test(tcase, a_large_table_is_not_read_to_find_a_name, 0, 4);
    tcase_add_loop_test(tcase, the_container_behind_the_stub_is_opened, 0, 3);
    tcase_add_test(tcase, an_empty_container_has_no_entries);
    tcase_add_loop_test(tcase, what_is_written_is_read_back, 0, 2);
    tcase_add_loop_test(tcase, what_is_written_has_the_platforms_layout, 0, 2);
    tcase_add_test(tcase, a_writer_refuses_what_it_was_not_told);
    return suite;
}
