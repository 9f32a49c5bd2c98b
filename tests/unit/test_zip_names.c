/* Names and links in archives of any maker: what would be unpacked to another place is refused, and what some systems
 * lack is a remark. */
#include "zip_expect.h"

#include <string.h>

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
    result = zip_verify(made.bytes, made.length);
    ck_assert_msg(result->ok == (names[_i].verdict != REFUSED), "\"%s\": %s", names[_i].name, zip_problems(result));
    ck_assert_msg((result->problems->nelts > 0) == (names[_i].verdict != PASSES), "\"%s\": %s", names[_i].name,
                  zip_problems(result));
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
    for (; items[1].method <= 8; items[1].method += 8) {
        ZIP_MAKE(&made, items);
        if (links[_i].refused) zip_expect_problem(&made, "leads out");
        else zip_expect_sound(&made);
    }
}
END_TEST

START_TEST(a_link_without_a_target_or_with_a_huge_one_is_refused)
{
    char *huge = memset(apr_pcalloc(fx_pool, 5001), 'x', 5000);
    zip_item_t items[1] = {{"l", 0, "", 0, 0, 0, 0120777, 0, 0, 0}};
    zip_made_t made;

    ZIP_MAKE(&made, items);
    ck_assert(!zip_verify(made.bytes, made.length)->ok);
    items[0].content = huge;
    ZIP_MAKE(&made, items);
    ck_assert(!zip_verify(made.bytes, made.length)->ok);
    items[0].content = "a\0../../x";
    items[0].bytes = 9;
    ZIP_MAKE(&made, items);
    ck_assert(!zip_verify(made.bytes, made.length)->ok);
}
END_TEST

START_TEST(an_entry_behind_a_link_is_refused)
{
    zip_item_t items[] = {{"d", 0, "e", 0, 0, 0, 0120777, 0, 0, 0}, {"d/f", 0, "x", 0, 0, 0, 0100644, 0, 0, 0}};

    zip_expect_refused(items, FX_COUNT(items), "link");
}
END_TEST

START_TEST(the_same_name_twice_is_refused)
{
    static const zip_item_t items[] = {{"a", 0, "1", 0, 0, 0, 0, 0, 0, 0}, {"a", 0, "2", 0, 0, 0, 0, 0, 0, 0}};

    zip_expect_refused(items, FX_COUNT(items), "twice");
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
    result = zip_verify(made.bytes, made.length);
    ck_assert(result->ok);
    ck_assert_int_eq(result->problems->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(result->problems, 0, cdist_problem_t).fatal, 0);
    ck_assert_ptr_nonnull(strstr(zip_problems(result), "case"));
    ck_assert_ptr_nonnull(strstr(zip_problems(result), cases[_i].one));
    ck_assert_ptr_nonnull(strstr(zip_problems(result), cases[_i].other));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("zip_names");
    TCase *tcase = fx_case(suite, "zip_names", 60);

    tcase_add_loop_test(tcase, a_name_that_must_not_be_unpacked_is_refused_and_one_that_windows_lacks_is_a_remark, 0,
                        FX_COUNT(names));
    tcase_add_loop_test(tcase, a_link_that_leads_out_is_refused, 0, FX_COUNT(links));
    tcase_add_test(tcase, a_link_without_a_target_or_with_a_huge_one_is_refused);
    tcase_add_test(tcase, an_entry_behind_a_link_is_refused);
    tcase_add_test(tcase, the_same_name_twice_is_refused);
    tcase_add_loop_test(tcase, names_that_differ_in_case_are_a_remark, 0, FX_COUNT(cases));
    return suite;
}
