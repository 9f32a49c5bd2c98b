/* Template folders read by content: what is found, where, and what is said of the rest. */
#include "shared_data.h"
#include "template_fixture.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* ---- real files ------------------------------------------------------------------------------------------------ */

enum { FILE_NAME, KIND, NAME, VENDOR, VERSION, COMPAT, FROM, ENTRIES, BITS, STUB, DEFLATED, VERSION_ID, COLUMNS };

static void cut_columns(const char **row, char *line)
{
    int i;

    for (i = 0; i < COLUMNS; i++) {
        char *tab = strchr(line, '\t');

        row[i] = line;
        if (tab) *tab = '\0';
        line = tab ? tab + 1 : line + strlen(line);
    }
}

static void check_row(const cdist_template_scan_t *scan, const char *folder, const char **row)
{
    const char *path = apr_pstrcat(fx_pool, folder, "/", row[FILE_NAME], NULL);
    int i;

    for (i = 0; i < scan->templates->nelts; i++) {
        const cdist_template_t *found = APR_ARRAY_IDX(scan->templates, i, const cdist_template_t *);

        if (strcmp(found->path, path) != 0) continue;
        ck_assert_str_eq(cdist_file_kind_name(found->kind), row[KIND]);
        ck_assert_str_eq(found->id.name, row[NAME]);
        ck_assert_str_eq(found->id.vendor, row[VENDOR]);
        ck_assert_str_eq(found->id.version, row[VERSION]);
        ck_assert_str_eq(found->id.version_id, row[VERSION_ID]);
        ck_assert_str_eq(tf_sources(found), row[FROM]);
        return;
    }
    ck_abort_msg("%s is not found", path);
}

static int is_template(const char *const *row)
{
    const char *end = strrchr(row[FILE_NAME], '.');

    return (strcmp(row[KIND], "cf") == 0 || strcmp(row[KIND], "cfu") == 0) &&
           (strcmp(end, ".cf") == 0 || strcmp(end, ".cfu") == 0);
}

START_TEST(real_folders_hold_what_is_known_of_them)
{
    static const cdist_template_options_t exact;
    const char *top = getenv("srcdir"), *row[COLUMNS], *truth;
    const char *folder = apr_pstrcat(fx_pool, top ? top : ".", "/../shared/data", NULL);
    apr_array_header_t *folders = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_template_scan_t *scan;
    char *line, *last;
    size_t length;
    int rows = 0;

    truth = shared_data(&length, "TRUTH.tsv");
    if (!truth) return;
    APR_ARRAY_PUSH(folders, const char *) = folder;
    FX_OK(cdist_templates_scan(&scan, folders, &exact, fx_pool, fx_pool));
    for (line = apr_strtok(apr_pstrdup(fx_pool, truth), "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        cut_columns(row, line);
        if (!is_template(row)) continue;
        check_row(scan, folder, row);
        rows++;
    }
    ck_assert_int_ge(rows, 40);
    ck_assert_int_ge(scan->templates->nelts, rows + 2); /* and those in deliveries */
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "sa_1.0.0.6.cf: its name says 1.0.0.6, its content 1.0.0.5\n"));
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "lfs_pointer.cf: offset 0x0: a pointer of Git LFS"));
}
END_TEST

/* ---- content decides ------------------------------------------------------------------------------------------- */

START_TEST(content_decides_whatever_the_name_and_the_place)
{
    const cdist_template_t *found;
    cdist_template_scan_t *scan;

    tf_write_cf("a/b/c/Обновление.CF", "1.0");
    tf_write_cfu("1Cv8.CfU", NULL);
    tf_write_cfu("wrong/1cv8.cf", NULL);
    fx_write_text("readme.txt", "no template");
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 3);
    ck_assert_int_eq(scan->files, 3);
    found = tf_template(scan, "a/b/c/Обновление.CF");
    ck_assert_int_eq(found->kind, CDIST_FILE_CF);
    ck_assert_str_eq(found->id.name, CM_NAME);
    ck_assert_str_eq(found->id.version, "1.0");
    ck_assert_int_eq(found->released == CDIST_UNDATED, 1);
    found = tf_template(scan, "1Cv8.CfU");
    ck_assert_int_eq(found->kind, CDIST_FILE_CFU);
    ck_assert_str_eq(found->id.version, CM_VERSION);
    ck_assert_str_eq(found->id.version_id, CM_VERSION_ID);
    ck_assert_str_eq(tf_sources(found), "1.0.2.6;1.0.1.05");
    ck_assert_int_eq(found->text_only || found->listed, 0);
    ck_assert_int_eq(tf_template(scan, "wrong/1cv8.cf")->kind, CDIST_FILE_CFU);
    ck_assert_str_eq(tf_problems(scan), "wrong/1cv8.cf: its name ends in .cf, its content is a .cfu\n");
}
END_TEST

static const struct {
    const char *name, *version, *says; /* NULL: no lie */
} claims[] = {{"1.0.0.6.cf", "1.0.0.5", "1.0.0.6.cf: its name says 1.0.0.6, its content 1.0.0.5\n"},
              {"x_1_0_0_6_y.cf", "1.0.0.5", "x_1_0_0_6_y.cf: its name says 1_0_0_6, its content 1.0.0.5\n"},
              {"1.0.0.5_1.cf", "1.0.0.4", "1.0.0.5_1.cf: its name says 1.0.0.5, its content 1.0.0.4\n"},
              {"3_0_11_36/1cv8.cf", "3.0.11.37", "3_0_11_36/1cv8.cf: its folder says 3_0_11_36, its content 3.0.11.37\n"},
              {"1.0.0.6.cf", "1.0.0.6.1", "1.0.0.6.cf: its name says 1.0.0.6, its content 1.0.0.6.1\n"},
              {"1.0.0.6.cf", "{AppVersion}", "1.0.0.6.cf: its name says 1.0.0.6, its content {AppVersion}\n"},
              {"1.0.0.10.cf", "1.0.0.010", NULL},
              {"3_0_11_36/1cv8.cf", "3.0.11.36", NULL},
              {"version 3_0_11_36/1cv8.cf", "3.0.11.37", NULL},
              {"1.0.0.1-1.0.0.2.cf", "1.0.0.3", NULL},
              {"1.0.0.6.5.cf", "1.0.0.4", NULL},
              {"1.0.0.cf", "1.0.1", NULL},
              {"1.0.0.6.cf", "", NULL}};

START_TEST(names_that_claim_another_version_are_reported)
{
    tf_write_cf(claims[_i].name, claims[_i].version);
    ck_assert_str_eq(tf_problems(tf_scan(NULL)), claims[_i].says ? claims[_i].says : "");
}
END_TEST

START_TEST(a_bad_file_stops_nothing)
{
    cdist_template_scan_t *scan;
    cm_made_t packed = {0};

    tf_update(&packed, NULL);
    fx_write("cut.cfu", packed.bytes, packed.length - 20);
    fx_write_text("empty.cf", "");
    fx_write_noise("noise.cfu", 20000, 1);
    fx_write_text("pointer.cf", "version https://git-lfs.github.com/spec/v1\noid sha256:00\n");
    fx_write_text("text.cf", TF_UPDINFO);
    fx_write_text("no.zip", "no zip at all");
    fx_write_text("no.efd", "");
    tf_write_cf("z.cf", "1.0");
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_ptr_nonnull(tf_template(scan, "z.cf"));
    ck_assert_int_eq(scan->problems->nelts, 7);
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "cut.cfu: (inflated): offset 0x"));
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "empty.cf: offset 0x0: the file is empty\n"));
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "\nno.zip: offset 0x0: neither a ZIP nor"));
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "git lfs pull\n"));
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "text.cf: its name ends in .cf, its content is a .updinfo, which no chain"));
}
END_TEST

/* ---- folders --------------------------------------------------------------------------------------------------- */

START_TEST(links_are_reported_and_not_followed)
{
    cdist_template_scan_t *scan;

    tf_write_cf("real/1cv8.cf", "1.0");
    fx_link("1cv8.cf", "real/link.cf");
    fx_link("..", "real/loop");
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_str_eq(tf_problems(scan), "real/link.cf: is a link, and links below a template folder are not followed\n"
                                        "real/loop: is a link, and links below a template folder are not followed\n");
}
END_TEST

static cdist_err_t *scan_both(cdist_template_scan_t **scan, const char *first, const char *second)
{
    static const cdist_template_options_t exact;
    apr_array_header_t *folders = apr_array_make(fx_pool, 2, sizeof(const char *));

    APR_ARRAY_PUSH(folders, const char *) = fx_path(first);
    APR_ARRAY_PUSH(folders, const char *) = fx_path(second);
    return cdist_templates_scan(scan, folders, &exact, fx_pool, fx_pool);
}

START_TEST(folders_that_overlap_are_read_once)
{
    cdist_template_scan_t *scan;

    tf_write_cf("a/b/1cv8.cf", "1.0");
    FX_OK(scan_both(&scan, "a/b/", "a"));
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_int_eq(scan->folders, 2);
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

START_TEST(a_folder_that_is_missing_fails_only_alone)
{
    cdist_template_scan_t *scan;

    tf_write_cf("a/1cv8.cf", "1.0");
    FX_OK(scan_both(&scan, "missing", "a"));
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "missing: cannot be read: No such file or directory\n"));
    FX_FAILS(scan_both(&scan, "missing", "a/1cv8.cf"), CDIST_E_SOURCE);
    FX_FAILS(scan_both(&scan, "missing", "gone"), CDIST_E_NOTFOUND);
}
END_TEST

START_TEST(a_folder_that_is_missing_is_told_whatever_else_is_wrong)
{
    cdist_template_scan_t *scan;
    int i;

    tf_write_cf("a/1cv8.cf", "1.0");
    for (i = 0; i < 10001; i++) fx_link("x", apr_psprintf(fx_pool, "a/%d", i));
    FX_OK(scan_both(&scan, "a", "missing"));
    ck_assert_int_eq(scan->problems->nelts, 10001);
    ck_assert_str_eq(APR_ARRAY_IDX(scan->problems, 10000, cdist_template_problem_t).path, fx_path("missing"));
}
END_TEST

START_TEST(what_may_not_be_read_is_reported)
{
    cdist_template_scan_t *scan;

    tf_write_cf("a/1cv8.cf", "1.0");
    tf_write_cf("b/1cv8.cf", "1.0");
    tf_write_cf("c/1cv8.cf", "1.0");
    FX_DONE(apr_file_perms_set(fx_path("a/1cv8.cf"), APR_FPROT_UWRITE));
    FX_DONE(apr_file_perms_set(fx_path("b"), APR_FPROT_UWRITE));
    tf_write_cf("d/1cv8.cf", "1.0");
    FX_DONE(apr_file_perms_set(fx_path("d"), APR_FPROT_UREAD));
    fx_obey_permissions();
    scan = tf_scan(NULL);
    fx_be_root_again();
    FX_DONE(apr_file_perms_set(fx_path("b"), APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE));
    FX_DONE(apr_file_perms_set(fx_path("d"), APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE));
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_str_eq(tf_problems(scan), "a/1cv8.cf: cannot be read: Permission denied\n"
                                        "b: cannot be read: Permission denied\n"
                                        "d/1cv8.cf: cannot be looked at: Permission denied\n");
}
END_TEST

START_TEST(a_scan_ends_when_it_is_told_to)
{
    static const volatile apr_uint32_t stop = 1;
    cdist_template_options_t options = {.stop = &stop};
    apr_array_header_t *folders = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_template_scan_t *scan;

    tf_write_cf("a/1cv8.cf", "1.0");
    APR_ARRAY_PUSH(folders, const char *) = fx_folder;
    FX_FAILS(cdist_templates_scan(&scan, folders, &options, fx_pool, fx_pool), CDIST_E_STOPPED);
}
END_TEST

static void stop_now(void *baton, int done, int found, const char *path)
{
    volatile apr_uint32_t *stop = baton;

    (void)done;
    (void)found;
    (void)path;
    *stop = 1;
}

START_TEST(a_file_is_not_read_to_its_end_then)
{
    volatile apr_uint32_t stop = 0;
    cdist_template_options_t options = {.progress = stop_now, .baton = (void *)&stop, .stop = &stop, .cache_beside = 1};
    apr_array_header_t *folders = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_template_scan_t *scan;

    tf_write_cf("a/1cv8.cf", "1.0");
    APR_ARRAY_PUSH(folders, const char *) = fx_folder;
    FX_FAILS(cdist_templates_scan(&scan, folders, &options, fx_pool, fx_pool), CDIST_E_STOPPED);
    ck_assert_int_eq(fx_children("a"), 1);
}
END_TEST

static void note_progress(void *baton, int done, int found, const char *path)
{
    char **text = baton;

    *text = apr_psprintf(fx_pool, "%s%d/%d %s,", *text, done, found, path ? path + strlen(fx_folder) + 1 : "end");
}

START_TEST(progress_names_each_file_before_it_is_read)
{
    char *text = (char *)"";
    cdist_template_options_t options = {.progress = note_progress, .baton = &text};

    tf_write_cf("a/1cv8.cf", "1.0");
    tf_write_cfu("a/1cv8.cfu", NULL);
    tf_write_cf("b/1cv8.cf", "2.0");
    tf_scan(&options);
    ck_assert_str_eq(text, "0/2 a/1cv8.cf,1/2 a/1cv8.cfu,2/3 b/1cv8.cf,3/3 end,");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template scan");
    TCase *tcase = fx_case(suite, "exact", 60);

    tcase_add_test(tcase, real_folders_hold_what_is_known_of_them);
    tcase_add_test(tcase, content_decides_whatever_the_name_and_the_place);
    tcase_add_loop_test(tcase, names_that_claim_another_version_are_reported, 0, FX_COUNT(claims));
    tcase_add_test(tcase, a_bad_file_stops_nothing);
    tcase_add_test(tcase, links_are_reported_and_not_followed);
    tcase_add_test(tcase, folders_that_overlap_are_read_once);
    tcase_add_test(tcase, a_folder_that_is_missing_fails_only_alone);
    tcase_add_test(tcase, a_folder_that_is_missing_is_told_whatever_else_is_wrong);
    tcase_add_test(tcase, what_may_not_be_read_is_reported);
    tcase_add_test(tcase, a_scan_ends_when_it_is_told_to);
    tcase_add_test(tcase, a_file_is_not_read_to_its_end_then);
    tcase_add_test(tcase, progress_names_each_file_before_it_is_read);
    return suite;
}
