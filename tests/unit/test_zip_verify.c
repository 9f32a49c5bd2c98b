/* Reading archives of any maker: what is sound passes, everything else is found and nothing crashes. */
#include "zip_expect.h"

#include <string.h>

#define PROSE "the same words again and again and again and again and again and again, so that they shrink"

static const zip_item_t good[] = {
    {"a.txt", 0, PROSE, 0, 8, 0, 0100644, 0, 0, 0},  {"b/c.txt", 0, "short", 0, 0, 0, 0100755, 0, 0, 0},
    {"d/", 0, "", 0, 0, 0, 040755, 0, 0, 0},         {"e.bin", 0, PROSE PROSE, 0, 8, 8, 0, 0, 0, 0},
    {"f.wide", 0, PROSE, 0, 8, 0, 0100644, 1, 0, 0}, {"\xD1\x84.txt", 0, "x", 0, 0, 0x800, 0, 0, 0, 0}};

START_TEST(a_sound_archive_of_another_maker_passes)
{
    zip_made_t made;
    cdist_verification_t *result;
    const cdist_entry_t *entry;
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_digest_t digest;

    ZIP_MAKE(&made, good);
    zip_expect_sound(&made);
    result = zip_verify(made.bytes, made.length);
    ck_assert_int_eq(result->manifest->entries->nelts, FX_COUNT(good));
    ck_assert_uint_eq(result->manifest->archive_bytes, made.length);
    cdist_sha256_update(sha, made.bytes, made.length);
    cdist_sha256_final(&digest, sha);
    ck_assert(cdist_digest_equal(&digest, &result->manifest->archive_sha256));
    entry = &APR_ARRAY_IDX(result->manifest->entries, 0, cdist_entry_t);
    ck_assert_str_eq(entry->name, "a.txt");
    ck_assert_uint_eq(entry->bytes, strlen(PROSE));
    ck_assert_uint_eq(entry->mode, 0100644);
    cdist_sha256_reset(sha);
    cdist_sha256_update(sha, PROSE, strlen(PROSE));
    cdist_sha256_final(&digest, sha);
    ck_assert(cdist_digest_equal(&digest, &entry->sha256));
    entry = &APR_ARRAY_IDX(result->manifest->entries, 4, cdist_entry_t);
    ck_assert_uint_eq(entry->bytes, strlen(PROSE));
    ck_assert_uint_eq(entry->offset, made.local_at[4]);
}
END_TEST

START_TEST(an_archive_cut_anywhere_is_found)
{
    zip_made_t made;
    int i;

    ZIP_MAKE(&made, good);
    for (i = 0; i < 50; i++) {
        size_t length = made.length * (size_t)i / 50;
        ck_assert_msg(!zip_verify(made.bytes, length)->ok, "%d of %d bytes pass", (int)length, (int)made.length);
    }
    for (i = 1; i <= 30; i++) ck_assert(!zip_verify(made.bytes, made.length - (size_t)i)->ok);
}
END_TEST

START_TEST(a_changed_byte_of_content_is_always_found)
{
    zip_made_t made;
    int item;

    ZIP_MAKE(&made, good);
    for (item = 0; item < FX_COUNT(good); item++) {
        size_t end = item + 1 < FX_COUNT(good) ? made.local_at[item + 1] : made.directory_at, at;

        if (good[item].flags & 8) end -= 16;
        for (at = made.data_at[item]; at < end; at++) {
            made.bytes[at] ^= 0x10;
            ck_assert_msg(!zip_verify(made.bytes, made.length)->ok, "byte %d passes", (int)at);
            made.bytes[at] ^= 0x10;
        }
    }
    zip_expect_sound(&made);
}
END_TEST

START_TEST(a_changed_byte_of_a_header_never_crashes)
{
    static const unsigned char masks[] = {0x01, 0x80, 0xFF};
    zip_made_t made;
    size_t at;
    int found = 0;

    ZIP_MAKE(&made, good);
    for (at = 0; at < made.length; at++) {
        size_t i;
        for (i = 0; i < sizeof masks; i++) {
            made.bytes[at] ^= masks[i];
            found += !zip_verify(made.bytes, made.length)->ok;
            made.bytes[at] ^= masks[i];
        }
    }
    ck_assert_int_gt(found, (int)made.length);
}
END_TEST

static const struct {
    int offset;
    const char *field;
} local_fields[] = {{0, "signature"}, {6, "flags"},     {8, "method"},        {14, "CRC"}, {18, "packed size"},
                    {22, "size"},     {26, "name length"}, {28, "extra length"}, {30, "name"}};

START_TEST(a_local_header_that_differs_from_the_directory_is_found)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    made.bytes[made.local_at[0] + (size_t)local_fields[_i].offset] ^= 1;
    ck_assert_msg(!zip_verify(made.bytes, made.length)->ok, "another %s passes", local_fields[_i].field);
}
END_TEST

static const int central_fields[] = {0, 8, 10, 16, 20, 24, 28, 30, 32, 42, 46};

START_TEST(a_changed_field_of_the_directory_is_found)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    made.bytes[made.central_at[0] + (size_t)central_fields[_i]] ^= 1;
    ck_assert_msg(!zip_verify(made.bytes, made.length)->ok, "offset %d passes", central_fields[_i]);
}
END_TEST

START_TEST(a_check_can_be_stopped)
{
    volatile apr_uint32_t stop = 1;
    cdist_verification_t *result;
    zip_made_t made;

    ZIP_MAKE(&made, good);
    fx_write("z.zip", made.bytes, made.length);
    FX_FAILS(cdist_zip_verify(&result, fx_open("z.zip"), "z.zip", &stop, fx_pool), CDIST_E_STOPPED);
}
END_TEST

START_TEST(the_reason_of_a_refusal_is_told_even_after_many_remarks)
{
    size_t count = 300, i, at = 0;
    unsigned char *bytes = apr_pcalloc(fx_pool, count * 100 + 22);
    cdist_verification_t *result;

    for (i = 0; i < count; i++, at += 49) {
        memcpy(bytes + at, "PK\1\2", 4);
        bytes[at + 28] = 3;
        bytes[at + 46] = (unsigned char)('a' + i % 26);
        bytes[at + 47] = (unsigned char)('a' + i / 26);
        bytes[at + 48] = '?';
    }
    memcpy(bytes + at, "PK\5\6", 4);
    bytes[at + 10] = (unsigned char)count;
    bytes[at + 11] = (unsigned char)(count >> 8);
    bytes[at + 12] = (unsigned char)at;
    bytes[at + 13] = (unsigned char)(at >> 8);
    result = zip_verify(bytes, at + 22);
    ck_assert(!result->ok);
    ck_assert_int_eq(cdist_verification_error(result, "a.zip", fx_pool)->code, CDIST_E_CORRUPT);
    ck_assert_int_le(result->problems->nelts, 110);
}
END_TEST

START_TEST(an_encrypted_entry_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "1", 0, 0, 1, 0, 0, 0, 0}};

    zip_expect_refused(items, FX_COUNT(items), "encrypted");
}
END_TEST

START_TEST(a_compression_method_that_clients_lack_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "1", 0, 12, 0, 0, 0, 0, 0}};

    zip_expect_refused(items, FX_COUNT(items), "method 12");
}
END_TEST

START_TEST(two_records_for_the_same_data_overlap)
{
    static const zip_item_t first[] = {{"a", 0, "content", 0, 0, 0, 0, 0, 0, 0}};
    zip_item_t items[2] = {{"outer", 0, NULL, 0, 0, 0, 0, 0, 0, 0}, {"a", 0, "content", 0, 0, 0, 0, 0, 0, 0}};
    zip_made_t inner, made;

    ZIP_MAKE(&inner, first);
    items[0].content = (const char *)inner.bytes;
    items[0].bytes = inner.directory_at;
    items[1].at = 30 + 5;
    ZIP_MAKE(&made, items);
    zip_expect_problem(&made, "overlaps");
}
END_TEST

START_TEST(an_entry_that_inflates_to_more_than_it_claims_is_refused_early)
{
    char *zeros = apr_pcalloc(fx_pool, 200000);
    zip_item_t item = {"bomb", 0, zeros, 200000, 8, 0, 0, 0, 0, -199000};
    zip_made_t made;

    zip_make(&made, &item, 1);
    zip_expect_problem(&made, "does not match");
    item.lie = 1000;
    zip_make(&made, &item, 1);
    zip_expect_problem(&made, "does not match");
}
END_TEST

START_TEST(a_stored_entry_of_two_sizes_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "12345", 0, 0, 0, 0, 0, 0, 3}};

    zip_expect_refused(items, FX_COUNT(items), "sizes differ");
}
END_TEST

START_TEST(an_entry_that_points_out_of_the_file_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "12345", 0, 0, 0, 0, 0, 0, 0}};
    static const apr_uint64_t offsets[] = {1000, 0x7FFFFFFF, 0xFFFFFFFE, APR_UINT64_C(0x7FFFFFFFFFFFFFFF),
                                           APR_UINT64_C(0xFFFFFFFFFFFFFFFF), APR_UINT64_C(0xFFFFFFFFFFFFFFE0)};
    zip_item_t wide = {"a", 0, "12345", 0, 0, 0, 0, 1, 0, 0};
    zip_made_t made;
    int i, j;

    for (i = 0; i < FX_COUNT(offsets); i++) {
        size_t at;

        if (offsets[i] < 0xFFFFFFFF) {
            ZIP_MAKE(&made, items);
            at = made.central_at[0] + 42;
        } else {
            zip_make(&made, &wide, 1);
            at = made.central_at[0] + 46 + 1 + 4 + 16;
        }
        for (j = 0; j < (offsets[i] < 0xFFFFFFFF ? 4 : 8); j++) {
            made.bytes[at + (size_t)j] = (unsigned char)(offsets[i] >> (8 * j));
        }
        zip_expect_problem(&made, "outside");
    }
}
END_TEST

START_TEST(huge_sizes_do_not_overflow)
{
    zip_item_t wide = {"a", 0, "12345", 0, 0, 0, 0, 1, 0, 0};
    zip_made_t made;

    zip_make(&made, &wide, 1);
    memset(made.bytes + made.central_at[0] + 46 + 1 + 4, 0xFF, 16);
    memset(made.bytes + made.local_at[0] + 18, 0xFF, 8);
    zip_expect_problem(&made, "beyond the directory");
}
END_TEST

START_TEST(a_zip64_field_that_is_too_short_is_refused)
{
    zip_item_t wide = {"a", 0, "12345", 0, 0, 0, 0, 1, 0, 0};
    zip_made_t made;

    zip_make(&made, &wide, 1);
    made.bytes[made.central_at[0] + 46 + 1 + 2] = 8;
    zip_expect_problem(&made, "Zip64");
}
END_TEST

START_TEST(what_is_no_zip_is_refused)
{
    static const char *const texts[] = {"", "P", "PK", "PK\5\6", "<html>not found</html>",
                                        "PK\3\4 and nothing more, so far as one can see"};
    int i;

    for (i = 0; i < FX_COUNT(texts); i++) {
        ck_assert(!zip_verify((const unsigned char *)texts[i], strlen(texts[i]))->ok);
    }
}
END_TEST

START_TEST(a_part_of_several_volumes_is_refused)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    made.bytes[made.length - 22 + 4] = 1;
    zip_expect_problem(&made, "volumes");
}
END_TEST

START_TEST(an_archive_comment_does_no_harm)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    memcpy(made.bytes + made.length, "remark", 6);
    made.bytes[made.length - 2] = 6;
    made.length += 6;
    zip_expect_sound(&made);
    made.length -= 1;
    ck_assert(!zip_verify(made.bytes, made.length)->ok);
}
END_TEST

START_TEST(problems_are_limited_in_number)
{
    size_t count = 3000, i;
    unsigned char *bytes = apr_pcalloc(fx_pool, count * 46 + 22), *end = bytes + count * 46;
    cdist_verification_t *result;

    for (i = 0; i < count; i++) memcpy(bytes + i * 46, "PK\1\2", 4);
    memcpy(end, "PK\5\6", 4);
    end[10] = (unsigned char)count;
    end[11] = (unsigned char)(count >> 8);
    end[12] = (unsigned char)(count * 46);
    end[13] = (unsigned char)((count * 46) >> 8);
    end[14] = (unsigned char)((count * 46) >> 16);
    result = zip_verify(bytes, count * 46 + 22);
    ck_assert(!result->ok);
    ck_assert_int_le(result->problems->nelts, 100);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("zip_verify");
    TCase *tcase = fx_case(suite, "zip_verify", 60);

    tcase_add_test(tcase, a_sound_archive_of_another_maker_passes);
    tcase_add_test(tcase, an_archive_cut_anywhere_is_found);
    tcase_add_test(tcase, a_changed_byte_of_content_is_always_found);
    tcase_add_test(tcase, a_changed_byte_of_a_header_never_crashes);
    tcase_add_loop_test(tcase, a_local_header_that_differs_from_the_directory_is_found, 0, FX_COUNT(local_fields));
    tcase_add_loop_test(tcase, a_changed_field_of_the_directory_is_found, 0, FX_COUNT(central_fields));
    tcase_add_test(tcase, a_check_can_be_stopped);
    tcase_add_test(tcase, the_reason_of_a_refusal_is_told_even_after_many_remarks);
    tcase_add_test(tcase, an_encrypted_entry_is_refused);
    tcase_add_test(tcase, a_compression_method_that_clients_lack_is_refused);
    tcase_add_test(tcase, two_records_for_the_same_data_overlap);
    tcase_add_test(tcase, an_entry_that_inflates_to_more_than_it_claims_is_refused_early);
    tcase_add_test(tcase, a_stored_entry_of_two_sizes_is_refused);
    tcase_add_test(tcase, an_entry_that_points_out_of_the_file_is_refused);
    tcase_add_test(tcase, huge_sizes_do_not_overflow);
    tcase_add_test(tcase, a_zip64_field_that_is_too_short_is_refused);
    tcase_add_test(tcase, what_is_no_zip_is_refused);
    tcase_add_test(tcase, a_part_of_several_volumes_is_refused);
    tcase_add_test(tcase, an_archive_comment_does_no_harm);
    tcase_add_test(tcase, problems_are_limited_in_number);
    return suite;
}
