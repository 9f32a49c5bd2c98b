/* What a scan found, as text. */
#include "chain_fixture.h"

#include <apr_strings.h>

#include <string.h>

static cdist_template_scan_t *scan_of(const char *templates)
{
    cdist_template_scan_t *scan = apr_pcalloc(fx_pool, sizeof *scan);

    scan->templates = fx_templates(templates);
    scan->problems = apr_array_make(fx_pool, 2, sizeof(cdist_template_problem_t));
    return scan;
}

static cdist_template_scan_t *through_text(const cdist_template_scan_t *scan)
{
    apr_size_t length;
    const char *text = cdist_inventory_write(&length, scan, fx_pool);
    cdist_template_scan_t *read = cdist_inventory_read(text, length, fx_pool);

    ck_assert_msg(read != NULL, "%s", text);
    return read;
}

START_TEST(templates_come_back_as_they_were)
{
    cdist_template_scan_t *scan = scan_of("cfu 1.2@b < 1.1@a,1.0 bytes=9223372036854775807 date=2026-01-02 platform=8.3.22; cf 1.2@c;"
                                          "cf 1.3 text vendor=W; cfu 1.4 < 1.3 listed");
    cdist_template_scan_t *read;
    int i, j;

    ((cdist_template_t *)APR_ARRAY_IDX(scan->templates, 1, const cdist_template_t *))->member = "Склад/1Cv8.cf";
    APR_ARRAY_IDX(APR_ARRAY_IDX(scan->templates, 0, const cdist_template_t *)->sources, 0, cdist_configuration_id_t).vendor = "Other";
    read = through_text(scan);
    ck_assert_int_eq(read->templates->nelts, 4);
    for (i = 0; i < 4; i++) {
        const cdist_template_t *a = APR_ARRAY_IDX(scan->templates, i, const cdist_template_t *);
        const cdist_template_t *b = APR_ARRAY_IDX(read->templates, i, const cdist_template_t *);

        ck_assert(a->kind == b->kind && a->bytes == b->bytes && a->distribution == b->distribution && a->text_only == b->text_only &&
                  a->listed == b->listed && a->released == b->released);
        ck_assert_str_eq(a->id.name, b->id.name);
        ck_assert_str_eq(a->id.vendor, b->id.vendor);
        ck_assert_str_eq(a->id.version, b->id.version);
        ck_assert_str_eq(a->id.version_id, b->id.version_id);
        ck_assert_str_eq(a->path, b->path);
        ck_assert_str_eq(a->member, b->member);
        ck_assert_str_eq(a->min_platform, b->min_platform);
        ck_assert_int_eq(a->sources->nelts, b->sources->nelts);
        for (j = 0; j < a->sources->nelts; j++) {
            const cdist_configuration_id_t *x = &APR_ARRAY_IDX(a->sources, j, cdist_configuration_id_t);
            const cdist_configuration_id_t *y = &APR_ARRAY_IDX(b->sources, j, cdist_configuration_id_t);

            ck_assert_str_eq(x->name, y->name);
            ck_assert_str_eq(x->vendor, y->vendor);
            ck_assert_str_eq(x->version, y->version);
            ck_assert_str_eq(x->version_id, y->version_id);
        }
    }
}
END_TEST

START_TEST(problems_come_along_and_nothing_is_an_empty_text)
{
    cdist_template_scan_t *scan = scan_of("");
    cdist_template_problem_t *problem;

    ck_assert_int_eq(through_text(scan)->templates->nelts, 0);
    problem = apr_array_push(scan->problems);
    problem->path = "/t/\xFF.cfu";
    problem->message = "is\ndamaged";
    scan = through_text(scan);
    ck_assert_int_eq(scan->problems->nelts, 1);
    problem = &APR_ARRAY_IDX(scan->problems, 0, cdist_template_problem_t);
    ck_assert_str_eq(problem->path, "/t/\\xFF.cfu");
    ck_assert_str_eq(problem->message, "is\\x0Adamaged");
}
END_TEST

START_TEST(what_has_no_text_for_its_path_is_left_out)
{
    cdist_template_scan_t *scan = scan_of("cf 1.0; cf 2.0");

    ((cdist_template_t *)APR_ARRAY_IDX(scan->templates, 0, const cdist_template_t *))->path = "/t/\xFF.cf";
    scan = through_text(scan);
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(scan->templates, 0, const cdist_template_t *)->id.version, "2.0");
}
END_TEST

#define HEAD "{\"format\":1,\"templates\":1}\n"
#define LINE(bytes, sources) "[\"cfu\",\"N\",\"V\",\"1\",\"\",\"p\",\"\"," bytes ",false,false,false,-1,\"\"," sources "]\n"

START_TEST(text_that_is_none_is_refused)
{
    static const char *const texts[] = {
        "", "\n", "{}\n", "{\"format\":2,\"templates\":0}\n", "{\"format\":1,\"templates\":1}\n", "{\"format\":1,\"templates\":0}",
        HEAD LINE("-1", "[]"), HEAD LINE("1", "{}"), HEAD LINE("1", "[[\"1\"]]"), HEAD LINE("1", "[[\"1\",\"\",\"N\"]]"),
        HEAD LINE("1", "[[1,2]]"), HEAD LINE("\"1\"", "[]"), HEAD LINE("1", "[]") LINE("1", "[]"), HEAD LINE("1", "[]") "x",
        HEAD LINE("1", "[]") "\n", HEAD LINE("1", "[]") "{\"path\":1}\n", HEAD "[\"efd\"]\n"};
    int i;

    for (i = 0; i < FX_COUNT(texts); i++) {
        ck_assert_msg(cdist_inventory_read(texts[i], strlen(texts[i]), fx_pool) == NULL, "%s", texts[i]);
    }
    ck_assert_ptr_nonnull(cdist_inventory_read(HEAD LINE("1", "[]"), strlen(HEAD LINE("1", "[]")), fx_pool));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("inventory");
    TCase *cases = fx_case(suite, "inventory", 30);

    tcase_add_test(cases, templates_come_back_as_they_were);
    tcase_add_test(cases, problems_come_along_and_nothing_is_an_empty_text);
    tcase_add_test(cases, what_has_no_text_for_its_path_is_left_out);
    tcase_add_test(cases, text_that_is_none_is_refused);
    return suite;
}
