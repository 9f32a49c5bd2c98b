/* What changed inside of an entry, and the page for people: files made by code, and those of a real three-way comparison. */
#include "compare/cdist_compare_detail.h"
#include "container_maker.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MARK "\xEF\xBB\xBF"
#define OBJECT "00000000-0000-4000-8000-000000000001"

/* ---- configurations made by code ------------------------------------------------------------------------------- */

static const char *write_cf(const char *name, const char *content, apr_size_t length)
{
    static const char root[] = MARK "{2," CM_ROOT_ID ",}";
    cm_configuration_t configuration = {.version_id = CM_VERSION_ID};
    cm_item_t items[] = {{OBJECT ".0", content, length, 0, content == NULL}, {CM_ROOT_ID, cm_metadata(&configuration), 0, 0, 0},
                         {"root", root, 0, 0, 0}, {"version", MARK "{{216,0,{80322,0}}}", 0, 0, 0},
                         {"versions", MARK "{1,1,\"\"," CM_VERSION_ID "}", 0, 0, 0}};
    cm_made_t made = {NULL, 0, 0};
    int first = content == NULL;

    cm_container(&made, items + first, FX_COUNT(items) - first, NULL);
    fx_write(name, made.bytes, made.length);
    return fx_path(name);
}

typedef struct {
    const char *bytes;
    apr_size_t length; /* 0: of the text; no bytes: the entry is not there */
} side_t;

static cdist_sides_t *sides_of(const side_t *base, const side_t *mine, const side_t *theirs)
{
    cdist_compare_files_t files = {NULL, NULL, NULL, NULL};
    cdist_sides_t *sides;

    if (base) files.base = write_cf("base.cf", base->bytes, base->length);
    files.mine = write_cf("mine.cf", mine->bytes, mine->length);
    files.theirs = write_cf("theirs.cf", theirs->bytes, theirs->length);
    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    return sides;
}

/* What is in the difference of the object's entry. */
static const cdist_detail_t *details_of(int *count, const side_t *base, const side_t *mine, const side_t *theirs)
{
    cdist_sides_t *sides = sides_of(base, mine, theirs);
    cdist_comparison_t *comparison = cdist_sides_entries(sides, fx_pool);
    apr_array_header_t *details;

    ck_assert_str_eq(APR_ARRAY_IDX(comparison->differences, 0, cdist_difference_t).id, OBJECT ".0");
    FX_OK(cdist_sides_details(&details, sides, &APR_ARRAY_IDX(comparison->differences, 0, cdist_difference_t), fx_pool));
    *count = details->nelts;
    return (const cdist_detail_t *)details->elts;
}

static side_t module_of(const char *text, const char *info)
{
    cm_item_t items[] = {{"info", info, 0, 1, 0}, {"text", text, 0, 1, 0}};
    cm_made_t made = {NULL, 0, 0};
    side_t side;

    cm_container(&made, items, 2, NULL);
    side.bytes = (const char *)made.bytes;
    side.length = made.length;
    return side;
}

START_TEST(a_module_is_compared_by_line_and_what_is_equal_beside_it_is_not_told)
{
    side_t base = module_of(MARK "a\r\nb\r\nc\r\n", MARK "{3}"), mine = module_of(MARK "a\r\nB\r\nc\r\n", MARK "{3}");
    side_t theirs = module_of(MARK "a\r\nb\r\nC\r\n", MARK "{4}");
    const cdist_detail_t *details;
    int count;

    details = details_of(&count, &base, &mine, &theirs);
    ck_assert_int_eq(count, 2);
    ck_assert_str_eq(details[0].part, "info");
    ck_assert_int_eq(details[0].kind, CDIST_DETAIL_PROPERTIES);
    ck_assert_int_eq(details[0].cls, CDIST_CLASS_THEIRS);
    ck_assert_str_eq(details[1].part, "text");
    ck_assert_int_eq(details[1].kind, CDIST_DETAIL_LINES);
    ck_assert_int_eq(details[1].cls, CDIST_CLASS_CONFLICT);
    ck_assert_int_eq(details[1].merge->conflicts, 1);
    ck_assert_int_eq(details[1].merge->regions->nelts, 2);
}
END_TEST

static const struct {
    side_t base, mine, theirs;
    cdist_detail_kind_t kind;
    cdist_class_t cls;
} contents[] = {
    {{MARK "{1,2}", 0}, {MARK "{1,3}", 0}, {MARK "{1,2}", 0}, CDIST_DETAIL_PROPERTIES, CDIST_CLASS_MINE},
    {{MARK "{1,2}", 0}, {MARK "{1,3}", 0}, {MARK "{1,3}", 0}, CDIST_DETAIL_PROPERTIES, CDIST_CLASS_IDENTICAL},
    {{MARK "text", 0}, {MARK "other", 0}, {MARK "third", 0}, CDIST_DETAIL_LINES, CDIST_CLASS_CONFLICT},
    /* What looks like brace text, and is none, is text. */
    {{MARK "{1,2", 0}, {MARK "{1,3", 0}, {MARK "{1,2", 0}, CDIST_DETAIL_LINES, CDIST_CLASS_MINE},
    {{MARK "{1,2}", 0}, {MARK "text", 0}, {MARK "{1,2}", 0}, CDIST_DETAIL_LINES, CDIST_CLASS_MINE},
    {{"a\0b", 3}, {"a\0c", 3}, {"a\0b", 3}, CDIST_DETAIL_BYTES, CDIST_CLASS_MINE},
    {{"\xFF\xFE", 0}, {"\xFF\xFE", 0}, {"\xFF\xFD", 0}, CDIST_DETAIL_BYTES, CDIST_CLASS_THEIRS},
    /* Added and deleted. */
    {{MARK "{1,2}", 0}, {NULL, 0}, {MARK "{1,3}", 0}, CDIST_DETAIL_BYTES, CDIST_CLASS_CONFLICT},
    {{NULL, 0}, {MARK "{1,2}", 0}, {NULL, 0}, CDIST_DETAIL_BYTES, CDIST_CLASS_MINE},
    {{NULL, 0}, {NULL, 0}, {MARK "text\n", 0}, CDIST_DETAIL_LINES, CDIST_CLASS_THEIRS}};

START_TEST(contents_are_compared_as_what_they_are)
{
    const cdist_detail_t *details;
    int count;

    details = details_of(&count, &contents[_i].base, &contents[_i].mine, &contents[_i].theirs);
    ck_assert_int_eq(count, 1);
    ck_assert_str_eq(details->part, "");
    ck_assert_int_eq(details->kind, contents[_i].kind);
    ck_assert_int_eq(details->cls, contents[_i].cls);
    ck_assert_int_eq(details->base_bytes == -1, contents[_i].base.bytes == NULL);
    ck_assert(details->problem == NULL);
    ck_assert_int_eq(details->merge != NULL, details->kind == CDIST_DETAIL_LINES);
    ck_assert_int_eq(details->properties != NULL, details->kind == CDIST_DETAIL_PROPERTIES);
}
END_TEST

START_TEST(without_a_base_what_differs_is_a_conflict)
{
    side_t mine = {MARK "{1,2}", 0}, theirs = {MARK "{1,3}", 0};
    const cdist_detail_t *details;
    int count;

    details = details_of(&count, NULL, &mine, &theirs);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(details->cls, CDIST_CLASS_CONFLICT);
    ck_assert_int_eq(details->properties->conflicts, 1);
    ck_assert_int_eq(details->base_bytes, -1);
}
END_TEST

START_TEST(what_is_too_large_to_be_compared_closer_is_told_as_that)
{
    char *text = apr_palloc(fx_pool, CDIST_PROPERTY_NODES + 4);
    side_t base = {MARK "{1,2}", 0}, mine = {text, CDIST_PROPERTY_NODES + 3};
    const cdist_detail_t *details;
    int count;

    memset(text, ',', CDIST_PROPERTY_NODES + 4);
    text[0] = '{';
    text[CDIST_PROPERTY_NODES + 2] = '}';
    details = details_of(&count, &base, &mine, &base);
    ck_assert_int_eq(count, 1);
    ck_assert_int_eq(details->kind, CDIST_DETAIL_BYTES);
    ck_assert_int_eq(details->cls, CDIST_CLASS_MINE);
    ck_assert(strstr(details->problem, "too large") != NULL);
}
END_TEST

START_TEST(a_text_of_lines_in_a_property_is_compared_by_line)
{
    side_t base = {MARK "{4,{1},\"a\nb\nc\",\"x\",\"l\nm\"}", 0}, mine = {MARK "{4,{1},\"A\nb\nc\",\"y\",7}", 0};
    side_t theirs = {MARK "{4,{1},\"a\nb\nC\",\"x\",\"l\nm\"}", 0};
    const cdist_detail_t *details;
    const cdist_property_t *property;
    cdist_merge_t *merge;
    int count;

    details = details_of(&count, &base, &mine, &theirs);
    ck_assert_int_eq(details->properties->properties->nelts, 3);
    property = (const cdist_property_t *)details->properties->properties->elts;
    ck_assert_str_eq(property[0].path, "[2]");
    FX_OK(cdist_property_lines(&merge, details->properties, &property[0], fx_pool));
    ck_assert_str_eq(cdist_merge_format(NULL, merge, fx_pool), "A\nb\nC");
    FX_OK(cdist_property_lines(&merge, details->properties, &property[1], fx_pool));
    ck_assert(merge == NULL);
    FX_OK(cdist_property_lines(&merge, details->properties, &property[2], fx_pool));
    ck_assert(merge == NULL);
}
END_TEST

/* ---- a real comparison ----------------------------------------------------------------------------------------- */

START_TEST(every_difference_of_a_real_comparison_is_looked_into)
{
    const char *top = getenv("srcdir"), *data = apr_pstrcat(fx_pool, top ? top : ".", "/../shared/data/triples/A_", NULL);
    cdist_compare_files_t files = {apr_pstrcat(fx_pool, data, "mine_1.2.0.53.cf", NULL),
                                   apr_pstrcat(fx_pool, data, "theirs_1.3.0.0.cf", NULL),
                                   apr_pstrcat(fx_pool, data, "base_1.2.0.52.cf", NULL), NULL};
    cdist_comparison_t *comparison;
    cdist_sides_t *sides;
    size_t length;
    int i, lines = 0, properties = 0, modules = 0;

    if (!shared_data(&length, "triples/A_mine_1.2.0.53.cf")) return;
    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    comparison = cdist_sides_entries(sides, fx_pool);
    for (i = 0; i < comparison->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(comparison->differences, i, cdist_difference_t);
        apr_array_header_t *details;
        int k, m;

        FX_OK(cdist_sides_details(&details, sides, difference, fx_pool));
        ck_assert_int_gt(details->nelts, 0);
        for (k = 0; k < details->nelts; k++) {
            const cdist_detail_t *detail = &APR_ARRAY_IDX(details, k, cdist_detail_t);

            ck_assert(detail->problem == NULL);
            lines += detail->kind == CDIST_DETAIL_LINES;
            properties += detail->kind == CDIST_DETAIL_PROPERTIES;
            for (m = 0; detail->properties && m < detail->properties->properties->nelts; m++) {
                modules += strcmp(APR_ARRAY_IDX(detail->properties->properties, m, cdist_property_t).name, "module") == 0;
            }
        }
    }
    ck_assert_int_gt(lines, 0);
    ck_assert_int_gt(properties, 150);
    ck_assert_int_gt(modules, 5);
}
END_TEST

/* ---- the page -------------------------------------------------------------------------------------------------- */

START_TEST(the_page_has_a_russian_text_for_every_row_of_the_rules)
{
    static const cdist_class_t classes[] = {CDIST_CLASS_MINE, CDIST_CLASS_THEIRS, CDIST_CLASS_IDENTICAL, CDIST_CLASS_CONFLICT};
    cdist_difference_t difference;
    int i;

    memset(&difference, 0, sizeof difference);
    difference.id = difference.owner = "id";
    for (i = 0; i < FX_COUNT(classes) * CDIST_RULES * CDIST_DELIVERIES * 16; i++) {
        int bits = i % 16, rule = i / 16 % CDIST_RULES, delivery = i / 16 / CDIST_RULES % CDIST_DELIVERIES;
        cdist_verdict_t verdict;

        difference.cls = classes[i / 16 / CDIST_RULES / CDIST_DELIVERIES];
        difference.error = bits & 1 ? "error" : NULL;
        difference.clash = bits & 8;
        difference.mine_side = bits & 2 ? CDIST_SIDE_DELETED : CDIST_SIDE_CHANGED;
        verdict = cdist_rules_verdict(&difference, bits & 4, (cdist_rule_t)rule, (cdist_delivery_kind_t)delivery);
        ck_assert_msg(cdist_report_russian(verdict.decision->row) != NULL, "%s", verdict.decision->row);
        ck_assert(cdist_report_russian(cdist_action_name(verdict.decision->action)) != NULL);
        ck_assert(cdist_report_russian(cdist_rule_name(verdict.rule)) != NULL);
        ck_assert_msg(!verdict.warning || cdist_report_russian(verdict.warning), "%s", verdict.warning);
    }
    ck_assert(cdist_report_russian("no such text") == NULL);
}
END_TEST

START_TEST(a_page_that_cannot_be_written_is_told)
{
    cdist_report_head_t head = {apr_array_make(fx_pool, 1, sizeof(cdist_report_side_t)),
                                apr_array_make(fx_pool, 1, sizeof(cdist_compare_note_t)), {0}};
    cdist_report_t *report;
    apr_size_t length;

    FX_FAILS(cdist_report_open(&report, fx_path("none/page.html"), &head, fx_pool), CDIST_E_STORE);
    FX_OK(cdist_report_open(&report, fx_path("page.html"), &head, fx_pool));
    ck_assert(!fx_exists("page.html"));
    FX_OK(cdist_report_close(report));
    ck_assert(strstr(fx_read(&length, "page.html"), "Nothing differs.") != NULL);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("detail");
    TCase *tcase = fx_case(suite, "detail", 60);

    tcase_add_test(tcase, a_module_is_compared_by_line_and_what_is_equal_beside_it_is_not_told);
    tcase_add_loop_test(tcase, contents_are_compared_as_what_they_are, 0, FX_COUNT(contents));
    tcase_add_test(tcase, without_a_base_what_differs_is_a_conflict);
    tcase_add_test(tcase, what_is_too_large_to_be_compared_closer_is_told_as_that);
    tcase_add_test(tcase, a_text_of_lines_in_a_property_is_compared_by_line);
    tcase_add_test(tcase, every_difference_of_a_real_comparison_is_looked_into);
    tcase_add_test(tcase, the_page_has_a_russian_text_for_every_row_of_the_rules);
    tcase_add_test(tcase, a_page_that_cannot_be_written_is_told);
    return suite;
}
