/* The facts of real files, beside what is known of them (../shared/data/TRUTH.tsv, where it is there). */
#include "fixture.h"
#include "shared_data.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

enum { FILE_NAME, KIND, NAME, VENDOR, VERSION, COMPAT, FROM, ENTRIES, BITS, STUB, DEFLATED, VERSION_ID, SUPPORT, COLUMNS };

static const char *data_folder(void)
{
    const char *top = getenv("srcdir");

    return apr_pstrcat(fx_pool, top ? top : ".", "/../shared/data/", NULL);
}

static int is_refused(const char *kind)
{
    return strcmp(kind, "git-lfs-pointer") == 0 || strcmp(kind, "unknown") == 0;
}

static const char *versions_of(const cdist_file_facts_t *facts)
{
    const char *all = "";
    int i;

    for (i = 0; i < facts->sources->nelts; i++) {
        all = apr_pstrcat(fx_pool, all, i ? ";" : "", APR_ARRAY_IDX(facts->sources, i, cdist_configuration_id_t).version, NULL);
    }
    return all;
}

static void check_facts(const cdist_file_facts_t *facts, const char *const *row)
{
    const char *code = strcmp(row[COMPAT], "DontUse(0)") == 0 ? "DontUse" : row[COMPAT];

    ck_assert_msg(strstr(row[KIND], cdist_file_kind_name(facts->kind)) != NULL, "%s: kind %s", row[FILE_NAME],
                  cdist_file_kind_name(facts->kind));
    ck_assert_str_eq(facts->name, row[NAME]);
    ck_assert_str_eq(facts->vendor, row[VENDOR]);
    ck_assert_str_eq(facts->version, row[VERSION]);
    ck_assert_str_eq(facts->version_id, row[VERSION_ID]);
    ck_assert_str_eq(facts->compatibility, code);
    ck_assert_str_eq(versions_of(facts), row[FROM]);
    ck_assert_uint_eq(facts->entries, (unsigned)atoi(row[ENTRIES]));
    ck_assert_int_eq(facts->container_bits, atoi(row[BITS]));
    ck_assert_int_eq(facts->distribution, strncmp(row[SUPPORT], "G=1", 3) == 0);
}

/* Cuts at every tab, empty columns too. */
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

static void check_row(char *line, const char *folder)
{
    const char *row[COLUMNS], *path;
    cdist_file_facts_t *facts;
    cdist_err_t *err;
    apr_finfo_t info;

    cut_columns(row, line);
    path = apr_pstrcat(fx_pool, folder, row[FILE_NAME], NULL);
    FX_DONE(apr_stat(&info, path, APR_FINFO_SIZE, fx_pool));
    err = cdist_file_facts_read(&facts, path, fx_pool, fx_pool);
    ck_assert_msg((err != NULL) == is_refused(row[KIND]), "%s: %s", row[FILE_NAME], cdist_err_text(err, fx_pool));
    if (err) {
        ck_assert_ptr_nonnull(strstr(err->message, "offset 0x"));
        return;
    }
    check_facts(facts, row);
    ck_assert_uint_le(facts->bytes_read, (apr_uint64_t)info.size);
    if (strcmp(row[DEFLATED], "no") == 0) ck_assert_uint_le(facts->bytes_read, 40000);
}

START_TEST(real_files_say_what_is_known_of_them)
{
    const char *folder = data_folder(), *text;
    char *line, *last;
    size_t length;
    int rows = 0;

    text = shared_data(&length, "TRUTH.tsv");
    if (!text) return;
    for (line = apr_strtok(apr_pstrdup(fx_pool, text), "\n", &last); line; line = apr_strtok(NULL, "\n", &last)) {
        if (rows++ > 0) check_row(line, folder);
    }
    ck_assert_int_gt(rows, 40);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("truth");
    TCase *tcase = fx_case(suite, "truth", 120);

    tcase_add_test(tcase, real_files_say_what_is_known_of_them);
    return suite;
}
