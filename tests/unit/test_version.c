/* Versions and masks. */
#include "fixture.h"

typedef struct {
    const char *text, *result; /* NULL: refused */
} row_t;

static const row_t versions[] = {
    {"8.3.22.1750", "8.3.22.1750"}, {"8_3_22_1750", "8.3.22.1750"}, {"0.0.0.0", "0.0.0.0"},
    {"999999999.999999999.999999999.999999999", "999999999.999999999.999999999.999999999"},
    {"1000000000.1.1.1", NULL}, {"8.3.22.1000000000", NULL}, {"8.3.22.99999999999999999999999", NULL},
    {"4294967304.3.22.1750", NULL}, {"18446744073709551624.3.22.1750", NULL},
    {"08.3.22.1750", NULL}, {"8.03.22.1750", NULL}, {"8.3.22.01750", NULL}, {"8.3.22.00", NULL},
    {"8.3_22.1750", NULL}, {"8_3_22.1750", NULL}, {"8.3.22_1750", NULL}, {"8-3-22-1750", NULL},
    {"8.3.22", NULL}, {"8.3", NULL}, {"8", NULL}, {"8.3.22.1750.1", NULL}, {"8_3_22_1750_1", NULL},
    {" 8.3.22.1750", NULL}, {"8.3.22.1750 ", NULL}, {"8.3. 22.1750", NULL}, {"8.3.22.1750\n", NULL},
    {"\t8.3.22.1750", NULL},
    {"-8.3.22.1750", NULL}, {"+8.3.22.1750", NULL}, {"8.3.-22.1750", NULL}, {"8.3.22.+1750", NULL},
    {"", NULL}, {".", NULL}, {"...", NULL}, {"8..22.1750", NULL}, {".8.3.22.1750", NULL}, {"8.3.22.1750.", NULL},
    {"8.3.22.1750_", NULL}, {"8.3.22.", NULL}, {"8.3.22.x", NULL}, {"v8.3.22.1750", NULL}, {"8.3.22.1750a", NULL},
    {"8.3.22.0x6d6", NULL}, {"\xD9\xA8.3.22.1750", NULL}};

START_TEST(version_parse_takes_exactly_four_plain_numbers)
{
    const row_t *row = &versions[_i];
    cdist_version_t version;
    int parsed = cdist_version_parse(&version, row->text);

    ck_assert_msg(parsed == (row->result != NULL), "\"%s\" gave %d", row->text, parsed);
    ck_assert_str_eq(cdist_version_format(&version, fx_pool), row->result ? row->result : "");
    ck_assert_int_eq(version.count, row->result ? 4 : 0);
}
END_TEST

static const row_t masks[] = {{"8.3", "8.3"},       {"8_3", "8.3"},         {"8.3.22", "8.3.22"}, {"8_3_22", "8.3.22"},
                              {"0.0", "0.0"},       {"8.3.22.1750", "8.3.22.1750"}, {"8", NULL},  {"", NULL},
                              {"8.", NULL},         {"8.3.", NULL},         {"8.3_22", NULL},     {"8.03", NULL},
                              {"8.3.22.1750.1", NULL}, {"8.3*", NULL},      {"8.3 ", NULL},       {"newest", NULL},
                              {"1234567890.1", NULL}, {"8.1234567890", NULL}};

START_TEST(mask_parse_takes_two_to_four_numbers)
{
    const row_t *row = &masks[_i];
    cdist_version_t mask;
    int parsed = cdist_mask_parse(&mask, row->text);

    ck_assert_msg(parsed == (row->result != NULL), "\"%s\" gave %d", row->text, parsed);
    ck_assert_str_eq(cdist_version_format(&mask, fx_pool), row->result ? row->result : "");
}
END_TEST

static const row_t names[] = {
    {"8.3.22.1750", "8.3.22.1750"}, {"8_3_27_2342", "8.3.27.2342"}, {"setuptc64_8_3_27_2342", "8.3.27.2342"},
    {"setup-thin-8.3.25.1286-x86_64.run", "8.3.25.1286"}, {"thin.client64_8_3_27_2342.tar.gz", "8.3.27.2342"},
    {"1C 8.3.22.1750 (stable)", "8.3.22.1750"}, {"v8.3.22.1750", "8.3.22.1750"},
    {"8.3.22.1750 and 8_3_22_1750", "8.3.22.1750"}, {"8.3.22.1750 or 8.3.22.1751", NULL},
    {"1.8.3.22.1750", NULL}, {"8.3.22.1750.1", NULL}, {"8.3.22", NULL}, {"windows64", NULL}, {"", NULL},
    {"8.3_22.1750", NULL}, {"08.3.22.1750", NULL}, {"8.3.22.12345678901", NULL}, {"12345678908.3.22.1750", NULL},
    {"setuptc64_8_3_27", NULL}, {"setup-thin-x86_64_8_3_27", NULL}, {"setup-thin-x86_64_8_3_27_2342", "8.3.27.2342"},
    {"x8664_8_3_27", NULL}, {"win32.8.3.22.1750", "8.3.22.1750"}, {"setuptc64", NULL}, {"64_8_3_27", "64.8.3.27"},
    {"releases", NULL}, {"2024-01-02", NULL}};

START_TEST(version_find_takes_the_one_version_of_a_name)
{
    const row_t *row = &names[_i];
    cdist_version_t version;
    int found = cdist_version_find(&version, row->text, fx_pool);

    ck_assert_msg(found == (row->result != NULL), "\"%s\" gave %d: %s", row->text, found,
                  cdist_version_format(&version, fx_pool));
    ck_assert_str_eq(cdist_version_format(&version, fx_pool), row->result ? row->result : "");
}
END_TEST

static const char *const longer_runs[] = {"8_3_27_2342_2", "8_3_27_2342_20240101", "setuptc64_8_3_27_2342_2"};

START_TEST(version_find_never_takes_a_part_of_a_longer_run_of_numbers)
{
    cdist_version_t version;

    ck_assert(!cdist_version_find(&version, longer_runs[_i], fx_pool));
    ck_assert_int_eq(version.count, 0);
}
END_TEST

START_TEST(versions_compare_by_number_not_by_character)
{
    static const struct {
        const char *smaller, *larger;
    } rows[] = {{"8.3.9.1", "8.3.10.1"},         {"8.3.22.999", "8.3.22.1000"}, {"8.3.22.1750", "8.3.22.1751"},
                {"7.999999999.9.9", "8.0.0.0"}, {"8.3.22.1750", "8.5.1.1"},    {"2.0.0.0", "10.0.0.0"},
                {"0.0.0.0", "0.0.0.1"},         {"8.3.22.0", "999999999.0.0.0"}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        cdist_version_t a, b;

        ck_assert(cdist_version_parse(&a, rows[i].smaller));
        ck_assert(cdist_version_parse(&b, rows[i].larger));
        ck_assert_int_lt(cdist_version_compare(&a, &b), 0);
        ck_assert_int_gt(cdist_version_compare(&b, &a), 0);
        ck_assert_int_eq(cdist_version_compare(&a, &a), 0);
    }
}
END_TEST

START_TEST(mask_is_a_prefix_of_numbers_not_of_characters)
{
    static const struct {
        const char *mask, *version;
        int matches;
    } rows[] = {{"8.3.2", "8.3.22.1750", 0}, {"8.3.22", "8.3.22.1750", 1},  {"8.3", "8.3.22.1750", 1},
                {"8.3", "8.30.22.1750", 0},  {"8.3.22", "8.3.2.1750", 0},   {"8.3.22.1750", "8.3.22.1750", 1},
                {"8.3.22.175", "8.3.22.1750", 0}, {"8.5", "8.3.22.1750", 0}, {"18.3", "8.3.22.1750", 0}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        cdist_version_t mask, version;

        ck_assert(cdist_mask_parse(&mask, rows[i].mask));
        ck_assert(cdist_version_parse(&version, rows[i].version));
        ck_assert_msg(cdist_mask_matches(&mask, &version) == rows[i].matches, "%s %s", rows[i].mask, rows[i].version);
    }
}
END_TEST

START_TEST(the_empty_mask_matches_everything_and_shows_as_nothing)
{
    cdist_version_t none = {{0}, 0}, version;

    ck_assert(cdist_version_parse(&version, "8.3.22.1750"));
    ck_assert(cdist_mask_matches(&none, &version));
    ck_assert_str_eq(cdist_version_format(&none, fx_pool), "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("version");
    TCase *tcase = fx_case(suite, "version", 10);

    tcase_add_loop_test(tcase, version_parse_takes_exactly_four_plain_numbers, 0, FX_COUNT(versions));
    tcase_add_loop_test(tcase, mask_parse_takes_two_to_four_numbers, 0, FX_COUNT(masks));
    tcase_add_loop_test(tcase, version_find_takes_the_one_version_of_a_name, 0, FX_COUNT(names));
    tcase_add_loop_test(tcase, version_find_never_takes_a_part_of_a_longer_run_of_numbers, 0,
                        FX_COUNT(longer_runs));
    tcase_add_test(tcase, versions_compare_by_number_not_by_character);
    tcase_add_test(tcase, mask_is_a_prefix_of_numbers_not_of_characters);
    tcase_add_test(tcase, the_empty_mask_matches_everything_and_shows_as_nothing);
    return suite;
}
