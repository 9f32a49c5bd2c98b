/* A folder as the sorted entries of an archive. */
#include "tree_fixture.h"

#include <apr_strings.h>

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* Reading the folder fails, and the error says this. */
static void expect_error(const char *name, cdist_code_t code, const char *text)
{
    cdist_tree_t *tree;
    cdist_err_t *err = cdist_tree_read(&tree, fx_path(name), NULL, fx_pool);

    ck_assert_msg(err != NULL, "%s was read", name);
    ck_assert_int_eq(err->code, code);
    ck_assert_msg(strstr(err->message, text) != NULL, "\"%s\" does not say \"%s\"", err->message, text);
}

START_TEST(entries_are_sorted_by_the_bytes_of_their_names)
{
    static const char *const files[] = {"t/b", "t/a/b", "t/a.b", "t/a-b", "t/a0", "t/A", "t/\xD0\xB9", "t/z",
                                        "t/a/b.c"};
    int i;

    for (i = 0; i < FX_COUNT(files); i++) fx_write_text(files[i], "x");
    ck_assert_str_eq(fx_names(fx_tree("t", NULL)), "A a-b a.b a/b a/b.c a0 b z \xD0\xB9");
}
END_TEST

START_TEST(a_folder_is_an_entry_only_if_it_is_empty)
{
    fx_make_folder("t/empty");
    fx_make_folder("t/outer/inner");
    fx_write_text("t/full/f", "x");
    fx_write_text("t/empty.txt", "x");
    ck_assert_str_eq(fx_names(fx_tree("t", NULL)), "empty.txt empty/ full/f outer/inner/");
}
END_TEST

START_TEST(counts_and_bytes_are_those_of_the_files)
{
    cdist_tree_t *tree;

    fx_write_text("t/a", "12345");
    fx_write_text("t/b/c", "123");
    fx_make_folder("t/d");
    fx_link("a", "t/l");
    tree = fx_tree("t", NULL);
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
    ck_assert_str_eq(fx_names(fx_tree("t", NULL)), "d/f l loop");
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
    fx_write_text("t/d/caf\xE9.txt", "x");
    expect_error("t", CDIST_E_UNSAFE, "/t/d/caf\\xE9.txt: the name is not UTF-8");
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
    tree = fx_tree("t", NULL);
    close(fd);
    ck_assert_str_eq(fx_names(tree), "d/ f");
    ck_assert_int_eq(tree->left_out->nelts, 2);
    for (i = 0; i < 2; i++) {
        const char *path = APR_ARRAY_IDX(tree->left_out, i, const char *);
        ck_assert(strcmp(path, "socket") == 0 || strcmp(path, "d/pipe") == 0);
    }
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
    before = fx_tree("t", NULL);
    after = fx_tree("t", NULL);
    ck_assert(cdist_digest_equal(&before->signature, &after->signature));
    usleep(20000); /* past one tick of the file system's clock */
    changes[_i]();
    after = fx_tree("t", NULL);
    ck_assert(!cdist_digest_equal(&before->signature, &after->signature));
}
END_TEST

START_TEST(a_missing_folder_is_an_error_of_the_source_and_names_it)
{
    expect_error("missing", CDIST_E_SOURCE, "missing");
}
END_TEST

START_TEST(an_unreadable_folder_inside_is_an_error_and_names_it)
{
    fx_write_text("t/closed/f", "x");
    ck_assert_int_eq(chmod(fx_path("t/closed"), 0), 0);
    fx_obey_permissions();
    expect_error("t", CDIST_E_SOURCE, "closed");
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
    ck_assert_int_eq(fx_tree("t", NULL)->inputs->nelts, 0);
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
    tcase_add_loop_test(tcase, the_signature_changes_with_anything_in_the_folder, 0, FX_COUNT(changes));
    tcase_add_test(tcase, a_missing_folder_is_an_error_of_the_source_and_names_it);
    tcase_add_test(tcase, an_unreadable_folder_inside_is_an_error_and_names_it);
    tcase_add_test(tcase, a_folder_that_is_nested_too_deep_is_refused);
    tcase_add_test(tcase, an_empty_folder_has_no_entries);
    return suite;
}
