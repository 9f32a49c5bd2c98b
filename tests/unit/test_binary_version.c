/* The version resource of PE files, sound ones and such as no linker makes. */
#include "exe_maker.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <unistd.h>

#define VERSION "8.3.22.1750"

/* "" if the bytes tell no version. */
static const char *version_of_bytes(const unsigned char *bytes, size_t length)
{
    cdist_version_t version;
    apr_file_t *file;

    fx_write("client.exe", bytes, length);
    file = fx_open("client.exe");
    memset(&version, 0xAA, sizeof version);
    FX_DONE(cdist_binary_version(&version, file));
    apr_file_close(file);
    ck_assert(version.count == 0 || version.count == CDIST_VERSION_PARTS);
    return cdist_version_format(&version, fx_pool);
}

static const char *version_of(const pe_made_t *made)
{
    return version_of_bytes(made->bytes, made->length);
}

static void make_sound(pe_made_t *made)
{
    static const pe_item_t item = {.sections = 3, .decoys = 2, .file = VERSION, .product = VERSION};

    pe_make(made, &item);
    ck_assert_str_eq(version_of(made), VERSION);
}

static const pe_item_t sound[] = {{.file = VERSION},
                                  {.file = VERSION, .plus = 1},
                                  {.file = VERSION, .machine = EXE_PE_I386, .product = "1.2.3.4"},
                                  {.file = VERSION, .sections = 5},
                                  {.file = VERSION, .plus = 1, .sections = 9},
                                  {.file = VERSION, .decoys = 3},
                                  {.file = VERSION, .decoys = 4, .named = 2, .sections = 1},
                                  {.product = VERSION},
                                  {.file = "0.0.0.0", .product = VERSION}};

START_TEST(a_program_tells_the_version_of_its_resource)
{
    pe_made_t made;

    pe_make(&made, &sound[_i]);
    ck_assert_str_eq(version_of(&made), VERSION);
}
END_TEST

START_TEST(every_number_of_a_version_has_16_bits)
{
    pe_item_t item = {.file = "65535.0.65535.65535"};
    pe_made_t made;

    pe_make(&made, &item);
    ck_assert_str_eq(version_of(&made), "65535.0.65535.65535");
}
END_TEST

START_TEST(a_version_of_zeros_is_none)
{
    pe_item_t item = {.file = "0.0.0.0", .product = "0.0.0.0"};
    pe_made_t made;

    pe_make(&made, &item);
    ck_assert_str_eq(version_of(&made), "");
}
END_TEST

START_TEST(what_is_no_program_of_windows_tells_no_version)
{
    ck_assert_str_eq(version_of_bytes((const unsigned char *)"", 0), "");
    ck_assert_str_eq(version_of_bytes((const unsigned char *)"MZ", 2), "");
    exe_write_elf("elf", EXE_ELF_X86_64);
    ck_assert_str_eq(version_of_bytes((const unsigned char *)fx_read(NULL, "elf"), 64), "");
    exe_write_pe("pe", EXE_PE_AMD64);
    ck_assert_str_eq(version_of_bytes((const unsigned char *)fx_read(NULL, "pe"), 0x100), "");
}
END_TEST

START_TEST(a_program_that_is_cut_off_at_any_byte_tells_no_version)
{
    pe_made_t made;
    size_t length;

    make_sound(&made);
    /* What follows the two versions is not needed. */
    for (length = 0; length < made.fixed_at + 24; length++) {
        ck_assert_msg(!*version_of_bytes(made.bytes, length), "%d bytes told a version", (int)length);
    }
    ck_assert_str_eq(version_of_bytes(made.bytes, length), VERSION);
}
END_TEST

static const unsigned char damages[] = {0x00, 0xFF, 0x80, 0x01, 0x7F};

START_TEST(a_program_that_is_damaged_at_any_byte_tells_its_version_or_none)
{
    pe_made_t made;
    size_t at;

    make_sound(&made);
    for (at = 0; at < made.length; at++) {
        unsigned char was = made.bytes[at];
        const char *told;

        if (at == made.fixed_at + 8) at += 16; /* the versions themselves */
        made.bytes[at] = damages[_i];
        told = version_of(&made);
        ck_assert_msg(!*told || strcmp(told, VERSION) == 0, "byte %d made it %s", (int)at, told);
        made.bytes[at] = was;
    }
}
END_TEST

typedef void spoil_fn(pe_made_t *made);

static void point_type_at_itself(pe_made_t *made)
{
    pe_put32(made, made->entry_at[0] + 4, 0x80000000u);
}

static void point_name_at_the_type(pe_made_t *made)
{
    pe_put32(made, made->entry_at[1] + 4, 0x80000000u);
}

static void point_language_at_a_folder(pe_made_t *made)
{
    pe_put32(made, made->entry_at[2] + 4, 0x80000000u);
}

static void point_name_at_data(pe_made_t *made)
{
    pe_put32(made, made->entry_at[1] + 4, (apr_uint32_t)(made->data_at - made->resources_at));
}

static void point_type_beyond_the_end(pe_made_t *made)
{
    pe_put32(made, made->entry_at[0] + 4, 0xFFFFFFFFu);
}

static void point_language_beyond_the_end(pe_made_t *made)
{
    pe_put32(made, made->entry_at[2] + 4, 0x7FFFFFFFu);
}

static void point_data_beyond_the_end(pe_made_t *made)
{
    pe_put32(made, made->data_at, 0xFFFFFFFFu);
}

static void point_data_before_the_resources(pe_made_t *made)
{
    pe_put32(made, made->data_at, 0x10);
}

static void make_the_data_too_short(pe_made_t *made)
{
    pe_put32(made, made->data_at + 4, 63);
}

static void count_no_resources(pe_made_t *made)
{
    pe_put32(made, made->folder_at[0] + 12, 0);
}

static void take_the_signature_away(pe_made_t *made)
{
    pe_put32(made, made->fixed_at, 0xFEEF04BE);
}

static void put_the_header_beyond_the_end(pe_made_t *made)
{
    pe_put32(made, 0x3C, 0xFFFFFFF0u);
}

static void put_the_section_beyond_the_end(pe_made_t *made)
{
    pe_put32(made, made->section_at + 20, 0xFFFFFFFFu);
}

static void let_the_section_begin_behind_the_resources(pe_made_t *made)
{
    pe_put32(made, made->section_at + 12, 0x5001);
}

static void let_the_section_end_before_the_resources(pe_made_t *made)
{
    pe_put32(made, made->section_at + 12, 0x5000 - 0x400);
}

static void count_too_many_sections(pe_made_t *made)
{
    pe_put16(made, made->coff_at + 6, 0xFFFF);
}

static void count_no_sections(pe_made_t *made)
{
    pe_put16(made, made->coff_at + 6, 0);
}

static void take_the_directory_away(pe_made_t *made)
{
    pe_put32(made, made->directory_at, 0);
}

static void cut_the_optional_header_short(pe_made_t *made)
{
    pe_put16(made, made->coff_at + 20, 96 + 8 * 2);
}

static void name_another_format(pe_made_t *made)
{
    pe_put16(made, made->coff_at + 24, 0x107);
}

static void count_two_directories(pe_made_t *made)
{
    pe_put32(made, made->directory_at - 2 * 8 - 4, 2);
}

static spoil_fn *const spoilt[] = {point_type_at_itself,
                                   point_name_at_the_type,
                                   point_language_at_a_folder,
                                   point_name_at_data,
                                   point_type_beyond_the_end,
                                   point_language_beyond_the_end,
                                   point_data_beyond_the_end,
                                   point_data_before_the_resources,
                                   make_the_data_too_short,
                                   count_no_resources,
                                   take_the_signature_away,
                                   put_the_header_beyond_the_end,
                                   put_the_section_beyond_the_end,
                                   let_the_section_begin_behind_the_resources,
                                   let_the_section_end_before_the_resources,
                                   count_too_many_sections,
                                   count_no_sections,
                                   take_the_directory_away,
                                   cut_the_optional_header_short,
                                   name_another_format,
                                   count_two_directories};

START_TEST(a_program_that_lies_about_places_and_counts_tells_no_version)
{
    pe_made_t made;

    make_sound(&made);
    spoilt[_i](&made);
    ck_assert_msg(!*version_of(&made), "number %d told a version", _i);
}
END_TEST

START_TEST(a_count_of_131070_resources_does_not_keep_the_reader)
{
    cdist_version_t version;
    pe_made_t made;

    make_sound(&made);
    pe_put32(&made, made.folder_at[0] + 12, 0xFFFFFFFFu);
    pe_put32(&made, made.entry_at[0], 17);
    fx_write("client.exe", made.bytes, made.length);
    ck_assert_int_eq(truncate(fx_path("client.exe"), 64 * 1024 * 1024), 0);
    FX_DONE(cdist_binary_version(&version, fx_open("client.exe")));
    ck_assert_int_eq(version.count, 0);
}
END_TEST

START_TEST(a_program_that_cannot_be_read_is_not_one_without_a_version)
{
    cdist_version_t version;
    pe_made_t made;
    apr_file_t *file;

    make_sound(&made);
    FX_DONE(apr_file_open(&file, fx_path("client.exe"), APR_FOPEN_WRITE | APR_FOPEN_BINARY, 0, fx_pool));
    memset(&version, 0xAA, sizeof version);
    ck_assert_int_ne(cdist_binary_version(&version, file), APR_SUCCESS);
    ck_assert_int_eq(version.count, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("binary_version");
    TCase *tcase = fx_case(suite, "binary_version", 30);

    tcase_add_loop_test(tcase, a_program_tells_the_version_of_its_resource, 0, FX_COUNT(sound));
    tcase_add_test(tcase, every_number_of_a_version_has_16_bits);
    tcase_add_test(tcase, a_version_of_zeros_is_none);
    tcase_add_test(tcase, what_is_no_program_of_windows_tells_no_version);
    tcase_add_test(tcase, a_program_that_is_cut_off_at_any_byte_tells_no_version);
    tcase_add_loop_test(tcase, a_program_that_is_damaged_at_any_byte_tells_its_version_or_none, 0, FX_COUNT(damages));
    tcase_add_loop_test(tcase, a_program_that_lies_about_places_and_counts_tells_no_version, 0, FX_COUNT(spoilt));
    tcase_add_test(tcase, a_count_of_131070_resources_does_not_keep_the_reader);
    tcase_add_test(tcase, a_program_that_cannot_be_read_is_not_one_without_a_version);
    return suite;
}
