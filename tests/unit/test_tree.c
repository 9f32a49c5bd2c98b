/* A folder as the sorted entries of an archive. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static cdist_tree_t *read_tree(const char *name)
{
    cdist_tree_t *tree;

    FX_OK(cdist_tree_read(&tree, fx_path(name), NULL, fx_pool));
    return tree;
}

/* "a a.b a/b d/" */
static const char *names_of(const cdist_tree_t *tree)
{
    const char *text = "";
    int i;

    for (i = 0; i < tree->inputs->nelts; i++) {
        const cdist_input_t *input = &APR_ARRAY_IDX(tree->inputs, i, cdist_input_t);
        text = apr_pstrcat(fx_pool, text, i ? " " : "", input->path, input->stat.kind == CDIST_FOLDER ? "/" : "", NULL);
    }
    return text;
}

START_TEST(entries_are_sorted_by_the_bytes_of_their_names)
{
    static const char *const files[] = {"t/b", "t/a/b", "t/a.b", "t/a-b", "t/a0", "t/A", "t/\xD0\xB9", "t/z",
                                        "t/a/b.c"};
    int i;

    for (i = 0; i < FX_COUNT(files); i++) fx_write_text(files[i], "x");
    ck_assert_str_eq(names_of(read_tree("t")), "A a-b a.b a/b a/b.c a0 b z \xD0\xB9");
}
END_TEST

START_TEST(a_folder_is_an_entry_only_if_it_is_empty)
{
    fx_make_folder("t/empty");
    fx_make_folder("t/outer/inner");
    fx_write_text("t/full/f", "x");
    fx_write_text("t/empty.txt", "x");
    ck_assert_str_eq(names_of(read_tree("t")), "empty.txt empty/ full/f outer/inner/");
}
END_TEST

START_TEST(counts_and_bytes_are_those_of_the_files)
{
    cdist_tree_t *tree;

    fx_write_text("t/a", "12345");
    fx_write_text("t/b/c", "123");
    fx_make_folder("t/d");
    fx_link("a", "t/l");
    tree = read_tree("t");
    ck_assert_uint_eq(tree->bytes, 8);
    ck_assert_int_eq(tree->files, 4);
    ck_assert_int_gt(tree->newest_ns, 0);
}
END_TEST

static const struct {
    const char *target, *name;
    int kept;
} link_rows[] = {{"f", "t/l", 1},         {"none", "t/l", 1},      {"d/f", "t/l", 1},     {"./d/./f", "t/l", 1},
                 {"../f", "t/d/l", 1},    {"../../f", "t/d/e/l", 1}, {"d//f", "t/l", 1},
                 {"/etc/passwd", "t/l", 0}, {"..", "t/l", 0},      {"../x", "t/l", 0},    {"../../x", "t/d/l", 0},
                 {"d/../../x", "t/l", 0}, {"d/..", "t/l", 0},      {"./../x", "t/l", 0},  {"d\\f", "t/l", 0},
                 {"../t/f", "t/l", 0},    {"\xFF", "t/l", 0},      {"../../../x", "t/d/e/l", 0}};

START_TEST(a_link_is_kept_if_it_cannot_lead_out)
{
    cdist_tree_t *tree;
    cdist_err_t *err;

    fx_write_text("t/f", "x");
    fx_write_text("t/d/f", "x");
    fx_link(link_rows[_i].target, link_rows[_i].name);
    err = cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool);
    if (link_rows[_i].kept) {
        int i, found = 0;
        ck_assert_msg(!err, "%s was refused", link_rows[_i].target);
        for (i = 0; i < tree->inputs->nelts; i++) {
            const cdist_input_t *input = &APR_ARRAY_IDX(tree->inputs, i, cdist_input_t);
            if (strcmp(input->path, link_rows[_i].name + 2) != 0) continue;
            ck_assert_str_eq(input->link_target, link_rows[_i].target);
            found = 1;
        }
        ck_assert(found);
    } else {
        ck_assert_msg(err && err->code == CDIST_E_UNSAFE, "%s was not refused", link_rows[_i].target);
        ck_assert_ptr_nonnull(strstr(err->message, "/l"));
    }
}
END_TEST

START_TEST(a_link_to_a_folder_is_not_walked)
{
    fx_write_text("t/d/f", "x");
    fx_link("d", "t/l");
    fx_link(".", "t/loop");
    ck_assert_str_eq(names_of(read_tree("t")), "d/f l loop");
}
END_TEST

static const char *const bad_names[] = {"\xFF", "caf\xE9.txt", "a\\b", "..\\x", "a\nb", "a\x01", "a\x7F",
                                        "\xED\xA0\x80"};

START_TEST(a_name_that_breaks_archives_is_refused)
{
    cdist_tree_t *tree;

    fx_write_text("t/good", "x");
    fx_write_text(apr_pstrcat(fx_pool, "t/d/", bad_names[_i], NULL), "x");
    FX_FAILS(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool), CDIST_E_UNSAFE);
}
END_TEST

START_TEST(a_name_that_is_not_utf8_is_refused_by_name)
{
    cdist_tree_t *tree;
    cdist_err_t *err;

    fx_write_text("t/d/caf\xE9.txt", "x");
    err = cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_UNSAFE);
    ck_assert_ptr_nonnull(strstr(err->message, "/t/d/caf\\xE9.txt: the name is not UTF-8"));
}
END_TEST

START_TEST(an_error_shows_the_bad_name_without_its_control_characters)
{
    cdist_tree_t *tree;
    cdist_err_t *err;

    fx_write_text("t/a\nb", "x");
    err = cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_null(strchr(err->message, '\n'));
    ck_assert_ptr_nonnull(strstr(err->message, "a\\x0Ab"));
}
END_TEST

START_TEST(pipes_and_sockets_are_left_out_and_listed)
{
    struct sockaddr_un address = {AF_UNIX, ""};
    int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    cdist_tree_t *tree;
    int i;

    fx_write_text("t/f", "x");
    fx_make_folder("t/d");
    ck_assert_int_eq(mkfifo(fx_path("t/d/pipe"), 0644), 0);
    ck_assert_int_eq(chdir(fx_path("t")), 0);
    strcpy(address.sun_path, "socket");
    ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    tree = read_tree("t");
    close(fd);
    ck_assert_str_eq(names_of(tree), "d/ f");
    ck_assert_int_eq(tree->left_out->nelts, 2);
    for (i = 0; i < 2; i++) {
        const char *path = APR_ARRAY_IDX(tree->left_out, i, const char *);
        ck_assert(strcmp(path, "socket") == 0 || strcmp(path, "d/pipe") == 0);
    }
}
END_TEST

START_TEST(skipped_children_are_left_out_at_the_top_alone)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 2, sizeof(const char *));
    cdist_tree_t *tree;

    APR_ARRAY_PUSH(skip, const char *) = "/DISTR";
    APR_ARRAY_PUSH(skip, const char *) = "/x.zip";
    fx_write_text("t/distr/f", "x");
    fx_write_text("t/X.ZIP", "x");
    fx_write_text("t/sub/distr/f", "x");
    fx_write_text("t/sub/x.zip", "x");
    FX_OK(cdist_tree_read(&tree, fx_path("t"), skip, fx_pool));
    ck_assert_str_eq(names_of(tree), "sub/distr/f sub/x.zip");
}
END_TEST

START_TEST(a_skipped_pattern_leaves_out_names_at_every_depth_and_in_any_case)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 3, sizeof(const char *));
    cdist_tree_t *tree;

    APR_ARRAY_PUSH(skip, const char *) = "conf";
    APR_ARRAY_PUSH(skip, const char *) = "*.l?c";
    APR_ARRAY_PUSH(skip, const char *) = "srv*";
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
    FX_OK(cdist_tree_read(&tree, fx_path("t"), skip, fx_pool));
    ck_assert_str_eq(names_of(tree), "a/b/c/conf2 a/mysrv a/x.lic.txt a/xconf");
    ck_assert_ptr_eq(tree->skip, skip);
}
END_TEST

START_TEST(a_folder_that_holds_nothing_but_what_is_skipped_is_left_out)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_tree_t *before, *after;

    APR_ARRAY_PUSH(skip, const char *) = "*.log";
    fx_write_text("t/f", "x");
    fx_write_text("t/a/b/c.log", "x");
    fx_write_text("t/d/e.log", "x");
    fx_make_folder("t/d/empty");
    FX_OK(cdist_tree_read(&before, fx_path("t"), skip, fx_pool));
    ck_assert_str_eq(names_of(before), "d/empty/ f");
    fx_write_text("t/a/b/d.log", "x");
    FX_OK(cdist_tree_read(&after, fx_path("t"), skip, fx_pool));
    ck_assert(cdist_digest_equal(&before->signature, &after->signature));
}
END_TEST

START_TEST(what_is_skipped_may_be_anything_that_would_be_refused)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 2, sizeof(const char *));
    cdist_tree_t *tree;

    APR_ARRAY_PUSH(skip, const char *) = "*.log";
    APR_ARRAY_PUSH(skip, const char *) = "conf";
    fx_write_text("t/f", "x");
    fx_write_text("t/caf\xE9.log", "x");
    fx_link("/etc/passwd", "t/passwd.log");
    fx_write_text("t/conf/closed/f", "x");
    ck_assert_int_eq(chmod(fx_path("t/conf/closed"), 0), 0);
    ck_assert_int_eq(chmod(fx_path("t/conf"), 0), 0);
    fx_obey_permissions();
    FX_OK(cdist_tree_read(&tree, fx_path("t"), skip, fx_pool));
    ck_assert_str_eq(names_of(tree), "f");
}
END_TEST

START_TEST(a_childs_name_that_looks_like_a_pattern_is_skipped_as_a_name)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 2, sizeof(const char *));
    cdist_tree_t *tree;

    APR_ARRAY_PUSH(skip, const char *) = "/*.zip";
    APR_ARRAY_PUSH(skip, const char *) = "/[ab]";
    fx_write_text("t/x.zip", "x");
    fx_write_text("t/*.zip", "x");
    fx_write_text("t/a", "x");
    fx_write_text("t/[ab]/f", "x");
    FX_OK(cdist_tree_read(&tree, fx_path("t"), skip, fx_pool));
    ck_assert_str_eq(names_of(tree), "a x.zip");
}
END_TEST

START_TEST(a_change_in_what_is_skipped_does_not_change_the_signature)
{
    apr_array_header_t *skip = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_tree_t *before, *after;

    APR_ARRAY_PUSH(skip, const char *) = "logs";
    fx_write_text("t/f", "x");
    fx_write_text("t/logs/a", "x");
    FX_OK(cdist_tree_read(&before, fx_path("t"), skip, fx_pool));
    fx_append("t/logs/a", "y");
    fx_write_text("t/logs/b", "x");
    FX_OK(cdist_tree_read(&after, fx_path("t"), skip, fx_pool));
    ck_assert(cdist_digest_equal(&before->signature, &after->signature));
    ck_assert(before->newest_ns == after->newest_ns);
}
END_TEST

typedef void change_fn(void);

static void touch(void)
{
    struct timespec times[2] = {{1000000000, 0}, {1000000000, 0}};
    ck_assert_int_eq(utimensat(AT_FDCWD, fx_path("t/a"), times, 0), 0);
}

static void rename_file(void)
{
    ck_assert_int_eq(rename(fx_path("t/a"), fx_path("t/c")), 0);
}

static void add_file(void)
{
    fx_write_text("t/d/new", "");
}

static void add_folder(void)
{
    fx_make_folder("t/d/new");
}

static void remove_file(void)
{
    ck_assert_int_eq(unlink(fx_path("t/d/b")), 0);
}

static void rewrite_in_place(void)
{
    struct stat st;
    struct timespec times[2];

    ck_assert_int_eq(stat(fx_path("t/a"), &st), 0);
    times[0] = st.st_atim;
    times[1] = st.st_mtim;
    fx_write_text("t/a", "y");
    ck_assert_int_eq(utimensat(AT_FDCWD, fx_path("t/a"), times, 0), 0);
}

static void retarget_link(void)
{
    ck_assert_int_eq(unlink(fx_path("t/l")), 0);
    fx_link("d", "t/l");
}

static void swap_names(void)
{
    ck_assert_int_eq(rename(fx_path("t/a"), fx_path("t/tmp")), 0);
    ck_assert_int_eq(rename(fx_path("t/d/b"), fx_path("t/a")), 0);
    ck_assert_int_eq(rename(fx_path("t/tmp"), fx_path("t/d/b")), 0);
}

static change_fn *const changes[] = {touch,       rename_file,      add_file,      add_folder,
                                     remove_file, rewrite_in_place, retarget_link, swap_names};

START_TEST(the_signature_changes_with_anything_in_the_folder)
{
    cdist_tree_t *before, *after;

    fx_write_text("t/a", "x");
    fx_write_text("t/d/b", "x");
    fx_link("a", "t/l");
    before = read_tree("t");
    after = read_tree("t");
    ck_assert(cdist_digest_equal(&before->signature, &after->signature));
    usleep(20000); /* past one tick of the file system's clock */
    changes[_i]();
    after = read_tree("t");
    ck_assert(!cdist_digest_equal(&before->signature, &after->signature));
}
END_TEST

START_TEST(a_missing_folder_is_an_error_of_the_source_and_names_it)
{
    cdist_tree_t *tree;
    cdist_err_t *err = cdist_tree_read(&tree, fx_path("missing"), NULL, fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_SOURCE);
    ck_assert_ptr_nonnull(strstr(err->message, "missing"));
}
END_TEST

START_TEST(an_unreadable_folder_inside_is_an_error_and_names_it)
{
    cdist_tree_t *tree;
    cdist_err_t *err;

    fx_write_text("t/closed/f", "x");
    ck_assert_int_eq(chmod(fx_path("t/closed"), 0), 0);
    fx_obey_permissions();
    err = cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_SOURCE);
    ck_assert_ptr_nonnull(strstr(err->message, "closed"));
}
END_TEST

START_TEST(a_folder_that_is_nested_too_deep_is_refused)
{
    const char *name = "t";
    cdist_tree_t *tree;
    int i;

    for (i = 0; i < 70; i++) name = apr_pstrcat(fx_pool, name, "/d", NULL);
    fx_make_folder(name);
    FX_FAILS(cdist_tree_read(&tree, fx_path("t"), NULL, fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(an_empty_folder_has_no_entries)
{
    fx_make_folder("t");
    ck_assert_int_eq(read_tree("t")->inputs->nelts, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("tree");
    TCase *tcase = fx_case(suite, "tree", 20);

    tcase_add_test(tcase, entries_are_sorted_by_the_bytes_of_their_names);
    tcase_add_test(tcase, a_folder_is_an_entry_only_if_it_is_empty);
    tcase_add_test(tcase, counts_and_bytes_are_those_of_the_files);
    tcase_add_loop_test(tcase, a_link_is_kept_if_it_cannot_lead_out, 0, FX_COUNT(link_rows));
    tcase_add_test(tcase, a_link_to_a_folder_is_not_walked);
    tcase_add_loop_test(tcase, a_name_that_breaks_archives_is_refused, 0, FX_COUNT(bad_names));
    tcase_add_test(tcase, a_name_that_is_not_utf8_is_refused_by_name);
    tcase_add_test(tcase, an_error_shows_the_bad_name_without_its_control_characters);
    tcase_add_test(tcase, pipes_and_sockets_are_left_out_and_listed);
    tcase_add_test(tcase, skipped_children_are_left_out_at_the_top_alone);
    tcase_add_test(tcase, a_skipped_pattern_leaves_out_names_at_every_depth_and_in_any_case);
    tcase_add_test(tcase, a_folder_that_holds_nothing_but_what_is_skipped_is_left_out);
    tcase_add_test(tcase, what_is_skipped_may_be_anything_that_would_be_refused);
    tcase_add_test(tcase, a_childs_name_that_looks_like_a_pattern_is_skipped_as_a_name);
    tcase_add_test(tcase, a_change_in_what_is_skipped_does_not_change_the_signature);
    tcase_add_loop_test(tcase, the_signature_changes_with_anything_in_the_folder, 0, FX_COUNT(changes));
    tcase_add_test(tcase, a_missing_folder_is_an_error_of_the_source_and_names_it);
    tcase_add_test(tcase, an_unreadable_folder_inside_is_an_error_and_names_it);
    tcase_add_test(tcase, a_folder_that_is_nested_too_deep_is_refused);
    tcase_add_test(tcase, an_empty_folder_has_no_entries);
    return suite;
}
