/* What is left out of a folder: by name at the top, by pattern at every depth. */
#include "tree_fixture.h"

#include <stdarg.h>
#include <sys/stat.h>

/* What is to be left out; NULL ends the list. */
static apr_array_header_t *skip_names(const char *name, ...)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 3, sizeof(const char *));
    va_list more;

    va_start(more, name);
    for (; name; name = va_arg(more, const char *)) APR_ARRAY_PUSH(skip, const char *) = name;
    va_end(more);
    return skip;
}

START_TEST(skipped_children_are_left_out_at_the_top_alone)
{
    apr_array_header_t *skip = skip_names("/DISTR", "/x.zip", NULL);

    fx_write_text("t/distr/f", "x");
    fx_write_text("t/X.ZIP", "x");
    fx_write_text("t/sub/distr/f", "x");
    fx_write_text("t/sub/x.zip", "x");
    ck_assert_str_eq(fx_names(fx_tree("t", skip)), "sub/distr/f sub/x.zip");
}
END_TEST

START_TEST(a_skipped_pattern_leaves_out_names_at_every_depth_and_in_any_case)
{
    apr_array_header_t *skip = skip_names("conf", "*.l?c", "srv*", NULL);
    cdist_tree_t *tree;

    fx_write_text("t/conf/deep/f", "x");
    fx_write_text("t/a/CONF/f", "x");
    fx_write_text("t/a/b/Conf", "x");
    fx_write_text("t/a/x.LIC", "x");
    fx_write_text("t/a/.lic", "x");
    fx_write_text("t/a/b/c/y.lac/f", "x");
    fx_write_text("t/a/b/c/SRVinfo", "x");
    fx_write_text("t/a/b/c/conf2", "x");
    fx_write_text("t/a/xconf", "x");
    fx_write_text("t/a/x.lic.txt", "x");
    fx_write_text("t/a/mysrv", "x");
    fx_link("b", "t/a/conf");
    tree = fx_tree("t", skip);
    ck_assert_str_eq(fx_names(tree), "a/b/c/conf2 a/mysrv a/x.lic.txt a/xconf");
    ck_assert_ptr_eq(tree->skip, skip);
}
END_TEST

START_TEST(a_folder_that_holds_nothing_but_what_is_skipped_is_left_out)
{
    apr_array_header_t *skip = skip_names("*.log", NULL);
    cdist_tree_t *before, *after;

    fx_write_text("t/f", "x");
    fx_write_text("t/a/b/c.log", "x");
    fx_write_text("t/d/e.log", "x");
    fx_make_folder("t/d/empty");
    before = fx_tree("t", skip);
    ck_assert_str_eq(fx_names(before), "d/empty/ f");
    fx_write_text("t/a/b/d.log", "x");
    after = fx_tree("t", skip);
    ck_assert(cdist_digest_equal(&before->signature, &after->signature));
}
END_TEST

START_TEST(what_is_skipped_may_be_anything_that_would_be_refused)
{
    apr_array_header_t *skip = skip_names("*.log", "conf", NULL);

    fx_write_text("t/f", "x");
    fx_write_text("t/caf\xE9.log", "x");
    fx_link("/etc/passwd", "t/passwd.log");
    fx_write_text("t/conf/closed/f", "x");
    ck_assert_int_eq(chmod(fx_path("t/conf/closed"), 0), 0);
    ck_assert_int_eq(chmod(fx_path("t/conf"), 0), 0);
    fx_obey_permissions();
    ck_assert_str_eq(fx_names(fx_tree("t", skip)), "f");
}
END_TEST

START_TEST(a_childs_name_that_looks_like_a_pattern_is_skipped_as_a_name)
{
    apr_array_header_t *skip = skip_names("/*.zip", "/[ab]", NULL);

    fx_write_text("t/x.zip", "x");
    fx_write_text("t/*.zip", "x");
    fx_write_text("t/a", "x");
    fx_write_text("t/[ab]/f", "x");
    ck_assert_str_eq(fx_names(fx_tree("t", skip)), "a x.zip");
}
END_TEST

START_TEST(a_change_in_what_is_skipped_does_not_change_the_signature)
{
    apr_array_header_t *skip = skip_names("logs", NULL);
    cdist_tree_t *before, *after;

    fx_write_text("t/f", "x");
    fx_write_text("t/logs/a", "x");
    before = fx_tree("t", skip);
    fx_append("t/logs/a", "y");
    fx_write_text("t/logs/b", "x");
    after = fx_tree("t", skip);
    ck_assert(cdist_digest_equal(&before->signature, &after->signature));
    ck_assert(before->newest_ns == after->newest_ns);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tree skip");
    TCase *tcase = fx_case(suite, "tree skip", 20);

    tcase_add_test(tcase, skipped_children_are_left_out_at_the_top_alone);
    tcase_add_test(tcase, a_skipped_pattern_leaves_out_names_at_every_depth_and_in_any_case);
    tcase_add_test(tcase, a_folder_that_holds_nothing_but_what_is_skipped_is_left_out);
    tcase_add_test(tcase, what_is_skipped_may_be_anything_that_would_be_refused);
    tcase_add_test(tcase, a_childs_name_that_looks_like_a_pattern_is_skipped_as_a_name);
    tcase_add_test(tcase, a_change_in_what_is_skipped_does_not_change_the_signature);
    return suite;
}
