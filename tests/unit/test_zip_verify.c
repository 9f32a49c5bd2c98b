/* Reading archives of any maker: what is sound passes, everything else is found and nothing crashes. */
#include "archive_int.h"
#include "zip_maker.h"

#include <apr_strings.h>

#include <string.h>

static cdist_verification_t *verify_bytes(const unsigned char *bytes, size_t length)
{
    cdist_verification_t *result = NULL;
    apr_file_t *file;

    fx_write("z.zip", bytes, length);
    file = fx_open("z.zip");
    FX_OK(cdist_zip_verify(&result, file, fx_path("z.zip"), NULL, fx_pool));
    apr_file_close(file);
    ck_assert_ptr_nonnull(result);
    return result;
}

static const char *problems(const cdist_verification_t *result)
{
    const char *text = "";
    int i;

    for (i = 0; i < result->problems->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, APR_ARRAY_IDX(result->problems, i, cdist_problem_t).text, "; ", NULL);
    }
    return text;
}

static void expect_problem(const zip_made_t *made, const char *text)
{
    cdist_verification_t *result = verify_bytes(made->bytes, made->length);

    ck_assert_msg(!result->ok, "passed instead of: %s", text);
    ck_assert_msg(strstr(problems(result), text) != NULL, "\"%s\" instead of \"%s\"", problems(result), text);
}

static void expect_sound(const zip_made_t *made)
{
    cdist_verification_t *result = verify_bytes(made->bytes, made->length);

    ck_assert_msg(result->ok && result->problems->nelts == 0, "%s", problems(result));
}

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
    expect_sound(&made);
    result = verify_bytes(made.bytes, made.length);
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
        ck_assert_msg(!verify_bytes(made.bytes, length)->ok, "%d of %d bytes pass", (int)length, (int)made.length);
    }
    for (i = 1; i <= 30; i++) ck_assert(!verify_bytes(made.bytes, made.length - (size_t)i)->ok);
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
            ck_assert_msg(!verify_bytes(made.bytes, made.length)->ok, "byte %d passes", (int)at);
            made.bytes[at] ^= 0x10;
        }
    }
    expect_sound(&made);
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
            found += !verify_bytes(made.bytes, made.length)->ok;
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
    ck_assert_msg(!verify_bytes(made.bytes, made.length)->ok, "another %s passes", local_fields[_i].field);
}
END_TEST

static const int central_fields[] = {0, 8, 10, 16, 20, 24, 28, 30, 32, 42, 46};

START_TEST(a_changed_field_of_the_directory_is_found)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    made.bytes[made.central_at[0] + (size_t)central_fields[_i]] ^= 1;
    ck_assert_msg(!verify_bytes(made.bytes, made.length)->ok, "offset %d passes", central_fields[_i]);
}
END_TEST

typedef enum { PASSES, REMARK, REFUSED } verdict_t;

static const struct {
    const char *name;
    size_t length;
    verdict_t verdict;
} names[] = {
    {"a", 1, PASSES}, {"a/b/c.txt", 9, PASSES}, {"folder/", 7, PASSES}, {".hidden", 7, PASSES}, {"a..b", 4, PASSES},
    {"con1", 4, PASSES}, {"com", 3, PASSES}, {"comx", 4, PASSES}, {"confer.txt", 10, PASSES},
    {"\xD0\xA4.txt", 6, PASSES},
    {"x y", 3, PASSES}, {"...a", 4, PASSES}, {"aux-in.dll", 10, PASSES}, {"..a/b", 5, PASSES},
    {"", 0, REFUSED}, {"/x", 2, REFUSED}, {"//x", 3, REFUSED}, {"../x", 4, REFUSED}, {"..", 2, REFUSED},
    {".", 1, REFUSED},
    {"../", 3, REFUSED}, {"./", 2, REFUSED}, {"a/../x", 6, REFUSED}, {"a/..", 4, REFUSED}, {"a/../", 5, REFUSED},
    {"a/./x", 5, REFUSED}, {"a//b", 4, REFUSED}, {"a//", 3, REFUSED}, {"/", 1, REFUSED}, {"C:x", 3, REFUSED},
    {"c:/x", 4, REFUSED}, {"C:", 2, REFUSED}, {"a\\b", 3, REFUSED}, {"\\x", 2, REFUSED}, {"..\\x", 4, REFUSED},
    {"a\nb", 3, REFUSED}, {"a\x01", 2, REFUSED}, {"a\x7F", 2, REFUSED}, {"a\0b", 3, REFUSED}, {"\0", 1, REFUSED},
    {"con", 3, REMARK}, {"CON", 3, REMARK}, {"con.txt", 7, REMARK}, {"a/NUL", 5, REMARK}, {"nul.tar.gz", 10, REMARK},
    {"aux/x", 5, REMARK}, {"PrN", 3, REMARK}, {"com1", 4, REMARK}, {"COM9.log", 8, REMARK}, {"lpt1", 4, REMARK},
    {"x.", 2, REMARK}, {"x ", 2, REMARK}, {"x. ", 3, REMARK}, {"a./b", 4, REMARK}, {"a /b", 4, REMARK},
    {"...", 3, REMARK},
    {"file.txt:stream", 15, REMARK}, {"what?", 5, REMARK}, {"a*", 2, REMARK}};

START_TEST(a_name_that_must_not_be_unpacked_is_refused_and_one_that_windows_lacks_is_a_remark)
{
    const char *reason = cdist_name_problem(names[_i].name, names[_i].length);
    zip_item_t item = {"", 0, "x", 0, 0, 0, 0, 0, 0, 0};
    cdist_verification_t *result;
    zip_made_t made;

    if (strlen(names[_i].name) == names[_i].length) {
        ck_assert_msg((reason != NULL) == (names[_i].verdict == REFUSED), "\"%s\": %s", names[_i].name,
                      reason ? reason : "passes");
    }
    if (names[_i].length == 0) return;
    item.name = names[_i].name;
    item.name_bytes = names[_i].length;
    zip_make(&made, &item, 1);
    result = verify_bytes(made.bytes, made.length);
    ck_assert_msg(result->ok == (names[_i].verdict != REFUSED), "\"%s\": %s", names[_i].name, problems(result));
    ck_assert_msg((result->problems->nelts > 0) == (names[_i].verdict != PASSES), "\"%s\": %s", names[_i].name,
                  problems(result));
}
END_TEST

static const struct {
    const char *name, *target;
    int refused;
} links[] = {{"l", "a.txt", 0},     {"d/l", "../a.txt", 0}, {"d/e/l", "../../a.txt", 0}, {"l", "./a.txt", 0},
             {"l", "none", 0},
             {"l", "../a.txt", 1},  {"l", "/etc/passwd", 1}, {"d/l", "../../x", 1},      {"l", "d/../../x", 1},
             {"l", "d/../a.txt", 1}, {"l", "..", 1},        {"l", "d\\..\\x", 1},        {"l", "\xFF", 1}};

START_TEST(a_link_that_leads_out_is_refused)
{
    zip_item_t items[2] = {{"a.txt", 0, "x", 0, 0, 0, 0100644, 0, 0, 0}, {"", 0, "", 0, 0, 0, 0120777, 0, 0, 0}};
    zip_made_t made;

    items[1].name = links[_i].name;
    items[1].content = links[_i].target;
    ZIP_MAKE(&made, items);
    if (links[_i].refused) expect_problem(&made, "leads out");
    else expect_sound(&made);
    items[1].method = 8;
    ZIP_MAKE(&made, items);
    if (links[_i].refused) expect_problem(&made, "leads out");
    else expect_sound(&made);
}
END_TEST

START_TEST(a_link_without_a_target_or_with_a_huge_one_is_refused)
{
    char *huge = memset(apr_pcalloc(fx_pool, 5001), 'x', 5000);
    zip_item_t items[1] = {{"l", 0, "", 0, 0, 0, 0120777, 0, 0, 0}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    ck_assert(!verify_bytes(made.bytes, made.length)->ok);
    items[0].content = huge;
    ZIP_MAKE(&made, items);
    ck_assert(!verify_bytes(made.bytes, made.length)->ok);
    items[0].content = "a\0../../x";
    items[0].bytes = 9;
    ZIP_MAKE(&made, items);
    ck_assert(!verify_bytes(made.bytes, made.length)->ok);
}
END_TEST

START_TEST(an_entry_behind_a_link_is_refused)
{
    zip_item_t items[] = {{"d", 0, "e", 0, 0, 0, 0120777, 0, 0, 0}, {"d/f", 0, "x", 0, 0, 0, 0100644, 0, 0, 0}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    expect_problem(&made, "link");
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
    result = verify_bytes(bytes, at + 22);
    ck_assert(!result->ok);
    ck_assert_int_eq(cdist_verification_error(result, "a.zip", fx_pool)->code, CDIST_E_CORRUPT);
    ck_assert_int_le(result->problems->nelts, 110);
}
END_TEST

START_TEST(the_same_name_twice_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "1", 0, 0, 0, 0, 0, 0, 0}, {"a", 0, "2", 0, 0, 0, 0, 0, 0, 0}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    expect_problem(&made, "twice");
}
END_TEST

static const struct {
    const char *one, *other;
} cases[] = {{"ReadMe", "README"}, {"описание", "Описание"}, {"É/ÿ", "é/Ÿ"}, {"data", "Data/x"}};

START_TEST(names_that_differ_in_case_are_a_remark)
{
    zip_item_t items[] = {{cases[_i].one, 0, "1", 0, 0, 0, 0, 0, 0, 0}, {"other", 0, "2", 0, 0, 0, 0, 0, 0, 0},
                          {cases[_i].other, 0, "3", 0, 0, 0, 0, 0, 0, 0}};
    cdist_verification_t *result;
    zip_made_t made;

    ZIP_MAKE(&made, items);
    result = verify_bytes(made.bytes, made.length);
    ck_assert(result->ok);
    ck_assert_int_eq(result->problems->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(result->problems, 0, cdist_problem_t).fatal, 0);
    ck_assert_ptr_nonnull(strstr(problems(result), "case"));
    ck_assert_ptr_nonnull(strstr(problems(result), cases[_i].one));
    ck_assert_ptr_nonnull(strstr(problems(result), cases[_i].other));
}
END_TEST

START_TEST(an_encrypted_entry_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "1", 0, 0, 1, 0, 0, 0, 0}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    expect_problem(&made, "encrypted");
}
END_TEST

START_TEST(a_compression_method_that_clients_lack_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "1", 0, 12, 0, 0, 0, 0, 0}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    expect_problem(&made, "method 12");
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
    expect_problem(&made, "overlaps");
}
END_TEST

START_TEST(an_entry_that_inflates_to_more_than_it_claims_is_refused_early)
{
    char *zeros = apr_pcalloc(fx_pool, 200000);
    zip_item_t item = {"bomb", 0, zeros, 200000, 8, 0, 0, 0, 0, -199000};
    zip_made_t made;

    zip_make(&made, &item, 1);
    expect_problem(&made, "does not match");
    item.lie = 1000;
    zip_make(&made, &item, 1);
    expect_problem(&made, "does not match");
}
END_TEST

START_TEST(a_stored_entry_of_two_sizes_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "12345", 0, 0, 0, 0, 0, 0, 3}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    expect_problem(&made, "sizes differ");
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
        expect_problem(&made, "outside");
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
    expect_problem(&made, "beyond the directory");
}
END_TEST

START_TEST(a_zip64_field_that_is_too_short_is_refused)
{
    zip_item_t wide = {"a", 0, "12345", 0, 0, 0, 0, 1, 0, 0};
    zip_made_t made;

    zip_make(&made, &wide, 1);
    made.bytes[made.central_at[0] + 46 + 1 + 2] = 8;
    expect_problem(&made, "Zip64");
}
END_TEST

START_TEST(what_is_no_zip_is_refused)
{
    static const char *const texts[] = {"", "P", "PK", "PK\5\6", "<html>not found</html>",
                                        "PK\3\4 and nothing more, so far as one can see"};
    int i;

    for (i = 0; i < FX_COUNT(texts); i++) {
        ck_assert(!verify_bytes((const unsigned char *)texts[i], strlen(texts[i]))->ok);
    }
}
END_TEST

START_TEST(a_part_of_several_volumes_is_refused)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    made.bytes[made.length - 22 + 4] = 1;
    expect_problem(&made, "volumes");
}
END_TEST

START_TEST(an_archive_comment_does_no_harm)
{
    zip_made_t made;

    ZIP_MAKE(&made, good);
    memcpy(made.bytes + made.length, "remark", 6);
    made.bytes[made.length - 2] = 6;
    made.length += 6;
    expect_sound(&made);
    made.length -= 1;
    ck_assert(!verify_bytes(made.bytes, made.length)->ok);
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
    result = verify_bytes(bytes, count * 46 + 22);
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
    tcase_add_loop_test(tcase, a_name_that_must_not_be_unpacked_is_refused_and_one_that_windows_lacks_is_a_remark, 0,
                        FX_COUNT(names));
    tcase_add_loop_test(tcase, a_link_that_leads_out_is_refused, 0, FX_COUNT(links));
    tcase_add_test(tcase, a_link_without_a_target_or_with_a_huge_one_is_refused);
    tcase_add_test(tcase, an_entry_behind_a_link_is_refused);
    tcase_add_test(tcase, a_check_can_be_stopped);
    tcase_add_test(tcase, the_reason_of_a_refusal_is_told_even_after_many_remarks);
    tcase_add_test(tcase, the_same_name_twice_is_refused);
    tcase_add_loop_test(tcase, names_that_differ_in_case_are_a_remark, 0, FX_COUNT(cases));
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
