/* Folders compared file by file, and the rules for them. */
#include "compare/cdist_compare.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

/* ---- rules ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *parse(cdist_tree_rules_t **rules, const char *text)
{
    return cdist_tree_rules_parse(rules, text, strlen(text), "rules", fx_pool);
}

enum { NONE = CDIST_RULE_UNKNOWN, LOCKED = CDIST_RULE_LOCKED, EDITABLE = CDIST_RULE_EDITABLE, REMOVED = CDIST_RULE_REMOVED };

static const struct {
    const char *rules, *path;
    int rule;
} rows[] = {{"", "a", NONE},
            {"# a locked\n\n   \n", "a", NONE},
            {"a locked", "a", LOCKED},
            {"a locked", "b/a", LOCKED},
            {"a locked", "a/b/c", LOCKED},
            {"a locked", "ab", NONE},
            {"/a locked", "b/a", NONE},
            {"/a locked", "a", LOCKED},
            {"a/ editable", "a/b", EDITABLE},
            {"a/b editable", "a/b", EDITABLE},
            {"a/b editable", "c/a/b", NONE},
            {"a/b editable", "a/b/c", EDITABLE},
            {"*.cfg removed", "x/y/1cestart.cfg", REMOVED},
            {"*.cfg removed", "x.cfg/y", REMOVED},
            {"*.cfg removed", "x.cfgs", NONE},
            {"a/* locked", "a/b", LOCKED},
            {"a/*.cfg locked", "a/b/c.cfg", NONE},
            {"a/**.cfg locked", "a/b/c.cfg", LOCKED},
            {"a/**/c locked", "a/c", LOCKED},
            {"a/**/c locked", "a/b/b/c", LOCKED},
            {"a/**/c locked", "a/bc", NONE},
            {"**/c locked", "c", LOCKED},
            {"a/**/b*/**/c locked", "a/x/y/bb/z/c", LOCKED},
            {"a*b*c locked", "aXbYbZc", LOCKED},
            {"a*b*c locked", "aXbYb", NONE},
            {"?.txt locked", "я.txt", LOCKED},
            {"?.txt locked", "яя.txt", NONE},
            {"a?b/c locked", "a/b/c", NONE},
            {"with blanks.txt locked", "with blanks.txt", LOCKED},
            {"a\t locked\r\n", "a", LOCKED},
            {"\xEF\xBB\xBF" "a locked\n", "a", LOCKED},
            {"* locked\nconf/* editable", "conf/a", EDITABLE},
            {"conf/* editable\n* locked", "conf/a", EDITABLE},
            {"* locked\n*.cfg editable", "a.cfg", EDITABLE},
            {"* locked\n*.cfg editable", "a.dll", LOCKED},
            {"*.a editable\nb.* locked", "b.a", LOCKED},
            {"b.* locked\n*.a editable", "b.a", LOCKED}};

START_TEST(the_most_exact_glob_decides_wherever_it_stands)
{
    cdist_tree_rules_t *rules;
    cdist_rule_t rule;

    FX_OK(parse(&rules, rows[_i].rules));
    rule = cdist_tree_rules_rule(rules, rows[_i].path, fx_pool);
    ck_assert_msg((int)rule == rows[_i].rule, "%s: %s: %s", rows[_i].rules, rows[_i].path, cdist_rule_name(rule));
}
END_TEST

static const char *const broken[] = {"a", "a lock", "a Locked", "\n\na", "locked", "a\\b locked", "/ locked", "a locked x"};

START_TEST(a_line_of_another_form_is_refused_with_its_number)
{
    cdist_tree_rules_t *rules;
    cdist_err_t *err = parse(&rules, apr_pstrcat(fx_pool, "# comment\n", broken[_i], "\n", NULL));

    ck_assert_msg(err != NULL, "taken: %s", broken[_i]);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_ptr_nonnull(strstr(err->message, *broken[_i] == '\n' ? "rules: line 4: " : "rules: line 2: "));
}
END_TEST

START_TEST(a_glob_of_many_stars_is_answered_at_once)
{
    cdist_tree_rules_t *rules;
    char *path = apr_pcalloc(fx_pool, 4001);

    memset(path, 'a', 4000);
    FX_OK(parse(&rules, "a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b locked\n**a**a**a**a**a**a**a**a**a**a**a/b locked\n"));
    ck_assert_int_eq(cdist_tree_rules_rule(rules, path, fx_pool), CDIST_RULE_UNKNOWN);
}
END_TEST

/* ---- folders --------------------------------------------------------------------------------------------------- */

static cdist_snapshot_t *snapshot_of(const char *name)
{
    cdist_snapshot_t *snapshot;

    FX_OK(cdist_tree_snapshot(&snapshot, fx_path(name), fx_pool));
    return snapshot;
}

START_TEST(files_are_compared_by_path_and_content)
{
    cdist_comparison_t *found;

    fx_write_text("base/a/same", "1");
    fx_write_text("mine/a/same", "1");
    fx_write_text("theirs/a/same", "1");
    fx_write_text("base/conf.cfg", "1");
    fx_write_text("mine/conf.cfg", "2");
    fx_write_text("theirs/conf.cfg", "3");
    fx_write_text("base/gone", "1");
    fx_write_text("theirs/gone", "1");
    fx_make_folder("mine/empty");
    found = cdist_threeway(snapshot_of("base"), snapshot_of("mine"), snapshot_of("theirs"), fx_pool);
    ck_assert_int_eq(found->differences->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(found->differences, 0, cdist_difference_t).id, "conf.cfg");
    ck_assert_int_eq(APR_ARRAY_IDX(found->differences, 0, cdist_difference_t).cls, CDIST_CLASS_CONFLICT);
    ck_assert_str_eq(APR_ARRAY_IDX(found->differences, 1, cdist_difference_t).id, "gone");
    ck_assert_int_eq(APR_ARRAY_IDX(found->differences, 1, cdist_difference_t).mine_side, CDIST_SIDE_DELETED);
}
END_TEST

/* What is at "d" on the three sides: a file with that content, or, behind "/", one in a folder of that name. */
static const struct {
    const char *base, *mine, *theirs;
    int conflicts;
} clashes[] = {{NULL, "1", "/2", 2}, {NULL, "/1", "2", 2},   {"0", "1", "/2", 2},  {"/0", "1", "/2", 2}, {"/0", "/1", "2", 2},
               {"0", "0", "/2", 0},  {"/0", "/0", "2", 0},   {"/0", "1", "/0", 0}, {NULL, "/1", "/1", 0}, {NULL, "1", "1", 0}};

START_TEST(a_file_that_is_a_folder_on_the_other_side_is_a_conflict_of_both)
{
    static const char *const sides[] = {"base", "mine", "theirs"};
    const char *const there[] = {clashes[_i].base, clashes[_i].mine, clashes[_i].theirs};
    cdist_comparison_t *found;
    int i;

    for (i = 0; i < 3; i++) {
        fx_write_text(apr_pstrcat(fx_pool, sides[i], "/d-other", NULL), "x");
        if (!there[i]) continue;
        fx_write_text(apr_pstrcat(fx_pool, sides[i], *there[i] == '/' ? "/d/e/f" : "/d", NULL), there[i]);
    }
    found = cdist_tree_compare(snapshot_of("base"), snapshot_of("mine"), snapshot_of("theirs"), fx_pool);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_CONFLICT], clashes[_i].conflicts);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_UNCHANGED], 1);
    for (i = 0; i < found->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(found->differences, i, cdist_difference_t);
        cdist_verdict_t verdict = cdist_rules_verdict(difference, 0, CDIST_RULE_UNKNOWN, CDIST_DELIVERY_UNKNOWN);

        ck_assert_int_eq(difference->cls == CDIST_CLASS_CONFLICT, clashes[_i].conflicts > 0);
        ck_assert_int_eq(verdict.decision->action == CDIST_ASK, clashes[_i].conflicts > 0);
        ck_assert_int_eq(verdict.warning != NULL, clashes[_i].conflicts > 0);
    }
}
END_TEST

START_TEST(a_link_is_where_it_leads_and_never_followed)
{
    cdist_snapshot_t *base, *mine;

    fx_write_text("base/file", "x");
    fx_write_text("mine/file", "x");
    fx_make_folder("outside");
    fx_write_text("outside/secret", "x");
    fx_link("../outside", "base/link");
    fx_link("../outside", "mine/link");
    base = snapshot_of("base");
    mine = snapshot_of("mine");
    ck_assert_int_eq(base->elements->nelts, 2);
    ck_assert_int_eq(cdist_threeway(base, mine, base, fx_pool)->differences->nelts, 0);
    fx_remove("mine/link");
    fx_link("../elsewhere", "mine/link");
    ck_assert_uint_eq(cdist_threeway(base, snapshot_of("mine"), base, fx_pool)->counts[CDIST_CLASS_MINE], 1);
    fx_remove("mine/link");
    fx_write_text("mine/link", "../outside");
    ck_assert_uint_eq(cdist_threeway(base, snapshot_of("mine"), base, fx_pool)->counts[CDIST_CLASS_MINE], 1);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_told_and_equals_nothing)
{
    cdist_snapshot_t *base;

    fx_write_text("base/file", "x");
    fx_write_text("base/other", "x");
    ck_assert_int_eq(chmod(fx_path("base/file"), 0), 0);
    ck_assert_int_eq(mkfifo(fx_path("base/pipe"), 0600), 0);
    fx_obey_permissions();
    base = snapshot_of("base");
    fx_be_root_again();
    ck_assert_ptr_nonnull(cdist_snapshot_find(base, "file")->error);
    ck_assert_ptr_nonnull(cdist_snapshot_find(base, "pipe")->error);
    ck_assert_uint_eq(cdist_threeway(base, base, base, fx_pool)->unreadable, 2);
}
END_TEST

START_TEST(a_folder_that_cannot_be_read_ends_it_all)
{
    cdist_snapshot_t *snapshot;
    cdist_err_t *err;

    fx_write_text("base/inner/file", "x");
    ck_assert_int_eq(chmod(fx_path("base/inner"), 0), 0);
    fx_obey_permissions();
    err = cdist_tree_snapshot(&snapshot, fx_path("base"), fx_pool);
    fx_be_root_again();
    ck_assert_int_eq(chmod(fx_path("base/inner"), 0755), 0);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_SOURCE);
    ck_assert_ptr_nonnull(strstr(err->message, "base/inner"));
    FX_FAILS(cdist_tree_snapshot(&snapshot, fx_path("none"), fx_pool), CDIST_E_NOTFOUND);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("compare_tree");
    TCase *tcase = fx_case(suite, "compare_tree", 20);

    tcase_add_loop_test(tcase, the_most_exact_glob_decides_wherever_it_stands, 0, FX_COUNT(rows));
    tcase_add_loop_test(tcase, a_line_of_another_form_is_refused_with_its_number, 0, FX_COUNT(broken));
    tcase_add_test(tcase, a_glob_of_many_stars_is_answered_at_once);
    tcase_add_test(tcase, files_are_compared_by_path_and_content);
    tcase_add_loop_test(tcase, a_file_that_is_a_folder_on_the_other_side_is_a_conflict_of_both, 0, FX_COUNT(clashes));
    tcase_add_test(tcase, a_link_is_where_it_leads_and_never_followed);
    tcase_add_test(tcase, a_file_that_cannot_be_read_is_told_and_equals_nothing);
    tcase_add_test(tcase, a_folder_that_cannot_be_read_ends_it_all);
    return suite;
}
