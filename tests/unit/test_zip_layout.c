/* The bytes of ZIP records, above all at the thresholds of Zip64 (APPNOTE 4.4.1.4, 4.5.3). */
#include "archive_int.h"
#include "fixture.h"

#include <string.h>

#define BELOW APR_UINT64_C(0xFFFFFFFE)
#define AT APR_UINT64_C(0xFFFFFFFF)
#define ABOVE APR_UINT64_C(0x100000000)

static cdist_entry_t entry_of(apr_uint64_t bytes, apr_uint64_t packed, apr_uint64_t offset)
{
    cdist_entry_t entry;

    memset(&entry, 0, sizeof entry);
    entry.name = "folder/name";
    entry.bytes = bytes;
    entry.packed_bytes = packed;
    entry.offset = offset;
    entry.crc32 = 0x12345678;
    entry.mode = 0100755;
    entry.method = CDIST_DEFLATED;
    return entry;
}

static const struct {
    apr_uint64_t bytes, packed, offset;
} rows[] = {{100, 50, 0},        {BELOW, BELOW, BELOW},
{AT, 50, 0},     {ABOVE, 50, 0},    {AT, AT, 0},  {ABOVE, ABOVE, 0},
            {ABOVE, BELOW, 0},   {100, 50, AT},         {100, 50, ABOVE}, {AT, 50, AT},     {AT, AT, AT},
            {ABOVE, ABOVE, ABOVE},
            {ABOVE, AT, BELOW},  {0, 0, 0}};

/* The next number of a Zip64 field if the 32-bit one is saturated. */
static apr_uint64_t resolve(apr_uint32_t narrow, const unsigned char **wide, const unsigned char *end)
{
    apr_uint64_t value = narrow;

    if (narrow != ZIP_MAX32) return value;
    ck_assert_int_ge(end - *wide, 8);
    value = zip_get64(*wide);
    *wide += 8;
    return value;
}

START_TEST(a_directory_record_gives_every_number_back)
{
    cdist_entry_t entry = entry_of(rows[_i].bytes, rows[_i].packed, rows[_i].offset);
    unsigned char record[ZIP_RECORD_MAX];
    apr_size_t tail, head = zip_put_central(record, &tail, &entry);
    const unsigned char *wide = record + head + 4, *end = record + head + tail;
    int needs = rows[_i].bytes >= AT || rows[_i].packed >= AT || rows[_i].offset >= AT;

    ck_assert_uint_eq(head, ZIP_CENTRAL_BYTES);
    ck_assert_uint_eq(zip_get32(record), ZIP_CENTRAL_SIG);
    ck_assert_uint_eq(zip_get16(record + 6), needs ? 45 : 20);
    ck_assert_uint_eq(zip_get16(record + 28), strlen(entry.name));
    ck_assert_uint_eq(zip_get16(record + 30), tail);
    ck_assert_int_eq(tail > 0, needs);
    if (tail) {
        ck_assert_uint_eq(zip_get16(record + head), 0x0001);
        ck_assert_uint_eq(zip_get16(record + head + 2), tail - 4);
    }
    ck_assert_uint_eq(resolve(zip_get32(record + 24), &wide, end), rows[_i].bytes);
    ck_assert_uint_eq(resolve(zip_get32(record + 20), &wide, end), rows[_i].packed);
    ck_assert_uint_eq(resolve(zip_get32(record + 42), &wide, end), rows[_i].offset);
    if (tail) ck_assert_ptr_eq(wide, end);
}
END_TEST

START_TEST(a_local_record_has_both_sizes_in_zip64_or_none)
{
    cdist_entry_t entry = entry_of(rows[_i].bytes, rows[_i].packed, rows[_i].offset);
    unsigned char record[ZIP_RECORD_MAX];
    apr_size_t tail, head = zip_put_local(record, &tail, &entry);
    int needs = rows[_i].bytes >= AT;

    ck_assert_uint_eq(head, ZIP_LOCAL_BYTES);
    ck_assert_uint_eq(zip_get32(record), ZIP_LOCAL_SIG);
    ck_assert_uint_eq(zip_get16(record + 4), needs ? 45 : 20);
    ck_assert_uint_eq(zip_get32(record + 14), 0x12345678);
    ck_assert_uint_eq(zip_get16(record + 28), tail);
    ck_assert_uint_eq(tail, needs ? 20 : 0);
    if (needs) {
        ck_assert_uint_eq(zip_get32(record + 18), ZIP_MAX32);
        ck_assert_uint_eq(zip_get32(record + 22), ZIP_MAX32);
        ck_assert_uint_eq(zip_get16(record + head), 0x0001);
        ck_assert_uint_eq(zip_get16(record + head + 2), 16);
        ck_assert_uint_eq(zip_get64(record + head + 4), rows[_i].bytes);
        ck_assert_uint_eq(zip_get64(record + head + 12), rows[_i].packed);
    } else {
        ck_assert_uint_eq(zip_get32(record + 18), rows[_i].packed);
        ck_assert_uint_eq(zip_get32(record + 22), rows[_i].bytes);
    }
}
END_TEST

START_TEST(both_records_agree_and_hold_nothing_of_time_or_place)
{
    cdist_entry_t entry = entry_of(100, 50, 7);
    unsigned char local[ZIP_RECORD_MAX], central[ZIP_RECORD_MAX];
    apr_size_t tail;

    zip_put_local(local, &tail, &entry);
    zip_put_central(central, &tail, &entry);
    ck_assert_mem_eq(local + 4, central + 6, 24);
    ck_assert_uint_eq(zip_get16(local + 6), 0x0800);
    ck_assert_uint_eq(zip_get16(local + 10), 0);
    ck_assert_uint_eq(zip_get16(local + 12), 0x0021);
    ck_assert_uint_eq(central[5], 3);
    ck_assert_uint_eq(zip_get32(central + 38) >> 16, 0100755);
    ck_assert_uint_eq(zip_get32(central + 38) & 0xFFFF, 0);
    ck_assert_uint_eq(zip_get16(central + 32), 0);
}
END_TEST

START_TEST(a_folder_has_the_attribute_of_one)
{
    cdist_entry_t entry = entry_of(0, 0, 0);
    unsigned char record[ZIP_RECORD_MAX];
    apr_size_t tail;

    entry.name = "folder/";
    zip_put_central(record, &tail, &entry);
    ck_assert_uint_eq(zip_get32(record + 38) & 0xFFFF, 0x10);
}
END_TEST

static const struct {
    apr_uint64_t entries, bytes, offset;
    int zip64;
} ends[] = {{0, 0, 0, 0},        {65534, 100, 200, 0}, {65535, 100, 200, 1}, {65536, 100, 200, 1}, {1, BELOW, 0, 0},
            {1, AT, 0, 1},       {1, ABOVE, 0, 1},     {1, 100, BELOW, 0},   {1, 100, AT, 1},      {1, 100, ABOVE, 1},
            {70000, ABOVE, ABOVE + 5, 1}};

START_TEST(the_end_of_the_directory_gives_every_number_back)
{
    unsigned char out[ZIP_RECORD_MAX];
    apr_size_t length = zip_put_end(out, ends[_i].entries, ends[_i].bytes, ends[_i].offset);
    const unsigned char *end = out + length - ZIP_END_BYTES;

    ck_assert_uint_eq(length, ends[_i].zip64 ? ZIP_END64_BYTES + ZIP_LOCATOR64_BYTES + ZIP_END_BYTES : ZIP_END_BYTES);
    ck_assert_uint_eq(zip_get32(end), ZIP_END_SIG);
    ck_assert_uint_eq(zip_get16(end + 10), ends[_i].entries >= 65535 ? 65535 : ends[_i].entries);
    ck_assert_uint_eq(zip_get16(end + 8), zip_get16(end + 10));
    ck_assert_uint_eq(zip_get32(end + 12), ends[_i].bytes >= AT ? AT : ends[_i].bytes);
    ck_assert_uint_eq(zip_get32(end + 16), ends[_i].offset >= AT ? AT : ends[_i].offset);
    ck_assert_uint_eq(zip_get16(end + 20), 0);
    if (!ends[_i].zip64) return;
    ck_assert_uint_eq(zip_get32(out), ZIP_END64_SIG);
    ck_assert_uint_eq(zip_get64(out + 4), ZIP_END64_BYTES - 12);
    ck_assert_uint_eq(zip_get64(out + 24), ends[_i].entries);
    ck_assert_uint_eq(zip_get64(out + 32), ends[_i].entries);
    ck_assert_uint_eq(zip_get64(out + 40), ends[_i].bytes);
    ck_assert_uint_eq(zip_get64(out + 48), ends[_i].offset);
    ck_assert_uint_eq(zip_get32(out + ZIP_END64_BYTES), ZIP_LOCATOR64_SIG);
    ck_assert_uint_eq(zip_get64(out + ZIP_END64_BYTES + 8), ends[_i].bytes + ends[_i].offset);
    ck_assert_uint_eq(zip_get32(out + ZIP_END64_BYTES + 16), 1);
}
END_TEST

START_TEST(numbers_are_little_endian)
{
    static const unsigned char bytes[] = {0x01, 0x82, 0x03, 0x84, 0x05, 0x86, 0x07, 0x88};

    ck_assert_uint_eq(zip_get16(bytes), 0x8201);
    ck_assert_uint_eq(zip_get32(bytes), 0x84038201u);
    ck_assert_uint_eq(zip_get64(bytes), APR_UINT64_C(0x8807860584038201));
}
END_TEST

START_TEST(crc_is_that_of_zip_and_can_be_continued)
{
    ck_assert_uint_eq(cdist_crc32(0, "123456789", 9), 0xCBF43926u);
    ck_assert_uint_eq(cdist_crc32(cdist_crc32(0, "1234", 4), "56789", 5), 0xCBF43926u);
    ck_assert_uint_eq(cdist_crc32(0, "", 0), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("zip_layout");
    TCase *tcase = fx_case(suite, "zip_layout", 10);

    tcase_add_loop_test(tcase, a_directory_record_gives_every_number_back, 0, FX_COUNT(rows));
    tcase_add_loop_test(tcase, a_local_record_has_both_sizes_in_zip64_or_none, 0, FX_COUNT(rows));
    tcase_add_test(tcase, both_records_agree_and_hold_nothing_of_time_or_place);
    tcase_add_test(tcase, a_folder_has_the_attribute_of_one);
    tcase_add_loop_test(tcase, the_end_of_the_directory_gives_every_number_back, 0, FX_COUNT(ends));
    tcase_add_test(tcase, numbers_are_little_endian);
    tcase_add_test(tcase, crc_is_that_of_zip_and_can_be_continued);
    return suite;
}
