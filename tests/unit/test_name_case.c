/* Names as Windows compares them. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

/* Words with every letter of an alphabet, small and capital. */
static const struct {
    const char *small, *capital;
} words[] = {
    {"abcxyz", "ABCXYZ"},
    {"àáâãäåæçèéêëìíîïðñòóôõöøùúûüýþÿ", "ÀÁÂÃÄÅÆÇÈÉÊËÌÍÎÏÐÑÒÓÔÕÖØÙÚÛÜÝÞŸ"},
    {"āăąćčďđēĕėęěĝğģĥħįĳĵķĺļľłńňőœŕřśšťűųŵŷźżž", "ĀĂĄĆČĎĐĒĔĖĘĚĜĞĢĤĦĮĲĴĶĹĻĽŁŃŇŐŒŔŘŚŠŤŰŲŴŶŹŻŽ"},
    {"абвгдежзийклмнопрстуфхцчшщъыьэюя", "АБВГДЕЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯ"},
    {"ёђѓєѕіїјљњћќѝўџ", "ЁЂЃЄЅІЇЈЉЊЋЌЍЎЏ"},
    {"ґғқңүұһәөӏ", "ҐҒҚҢҮҰҺӘӨӀ"},
    {"αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώ", "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΣΤΥΦΧΨΩΆΈΉΊΌΎΏ"},
    {"աբգև", "ԱԲԳև"}};

static const char *folded(const char *name)
{
    char *copy = apr_pstrdup(fx_pool, name);

    cdist_text_fold(copy);
    ck_assert_uint_eq(strlen(copy), strlen(name));
    ck_assert(cdist_text_is_utf8(copy, strlen(copy)) == cdist_text_is_utf8(name, strlen(name)));
    return copy;
}

START_TEST(small_letters_become_the_capitals_that_windows_takes_for_the_same)
{
    ck_assert_str_eq(folded(words[_i].small), words[_i].capital);
    ck_assert_str_eq(folded(words[_i].capital), words[_i].capital);
}
END_TEST

static const char *const unchanged[] = {"", "0-9 _.,/÷×§", "ıĸŉſ", "日本語 한글 ½ 😀", "\xFF\xC3", "\xC3", "\xD0/\xD0", "\xE0\xE1\xF6"};

START_TEST(what_is_no_letter_of_two_cases_stays_as_it_is)
{
    ck_assert_str_eq(folded(unchanged[_i]), unchanged[_i]);
}
END_TEST

static apr_array_header_t *entries_of(const char *list)
{
    apr_array_header_t *entries = apr_array_make(fx_pool, 8, sizeof(cdist_entry_t));
    char *state, *name;

    for (name = apr_strtok(apr_pstrdup(fx_pool, list), "|", &state); name; name = apr_strtok(NULL, "|", &state)) {
        cdist_entry_t *entry = memset(apr_array_push(entries), 0, sizeof *entry);
        entry->name = name;
    }
    return entries;
}

static const struct {
    const char *names;
    int count;
    const char *one, *other;
} rows[] = {{"a|b|c", 0, NULL, NULL},
            {"ReadMe|b|readme", 1, "ReadMe", "readme"},
            {"README|ReadMe|readme|x|X", 3, "README", "ReadMe"},
            {"Описание.txt|описание.TXT", 1, "Описание.txt", "описание.TXT"},
            {"Über/ä|über/Ä", 1, "Über/ä", "über/Ä"},
            {"Data/x|data/y|DATA/z", 0, NULL, NULL},
            {"Data/x|data/X", 1, "Data/x", "data/X"},
            {"data|Data/x|Data/y|data-x|data.x", 1, "data", "Data/x"},
            {"data/|Data/x", 0, NULL, NULL},
            {"Data/|data/", 1, "Data/", "data/"},
            {"data|data/x", 0, NULL, NULL},
            {"same|same", 0, NULL, NULL},
            {"a+b|A-B|a/b", 0, NULL, NULL}};

START_TEST(names_are_found_of_which_windows_can_hold_only_one)
{
    cdist_clash_t first = {NULL, NULL};

    ck_assert_int_eq(cdist_name_clashes(&first, 1, entries_of(rows[_i].names), fx_pool), rows[_i].count);
    if (rows[_i].count) {
        ck_assert_str_eq(first.one, rows[_i].one);
        ck_assert_str_eq(first.other, rows[_i].other);
    } else {
        ck_assert_ptr_null(first.one);
    }
}
END_TEST

/* With a comparison of each with each the case's limit would not do. */
START_TEST(the_largest_archive_is_looked_through_quickly)
{
    apr_array_header_t *entries = apr_array_make(fx_pool, CDIST_MAX_ENTRIES, sizeof(cdist_entry_t));
    cdist_clash_t clashes[3];
    int i;

    for (i = 0; i < CDIST_MAX_ENTRIES; i++) {
        cdist_entry_t *entry = memset(apr_array_push(entries), 0, sizeof *entry);
        entry->name = apr_psprintf(fx_pool, "папка/%s-%06d", i % 2 ? "Файл" : "файл", i / 2);
    }
    ck_assert_int_eq(cdist_name_clashes(clashes, 3, entries, fx_pool), CDIST_MAX_ENTRIES / 2);
    ck_assert_str_eq(clashes[0].one, "папка/Файл-000000");
    ck_assert_str_eq(clashes[2].other, "папка/файл-000002");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("name_case");
    TCase *tcase = fx_case(suite, "name_case", 20);

    tcase_add_loop_test(tcase, small_letters_become_the_capitals_that_windows_takes_for_the_same, 0, FX_COUNT(words));
    tcase_add_loop_test(tcase, what_is_no_letter_of_two_cases_stays_as_it_is, 0, FX_COUNT(unchanged));
    tcase_add_loop_test(tcase, names_are_found_of_which_windows_can_hold_only_one, 0, FX_COUNT(rows));
    tcase_add_test(tcase, the_largest_archive_is_looked_through_quickly);
    return suite;
}
