/* Support data: parsed whole, by object, and on real files. */
#include "compare/cdist_compare.h"
#include "fixture.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

#define MARK "\xEF\xBB\xBF"
#define VENDOR(locked) "i," locked ",v,\"1.5\",\"V\",\"N\","

static cdist_err_t *parse(cdist_support_t **support, const char *text, size_t length)
{
    return cdist_support_parse(support, cdist_bytes_stream(cdist_bytes_memory(text, length, "support", fx_pool), 0, fx_pool),
                               CDIST_SUPPORT_WHOLE, fx_pool);
}

static cdist_support_index_t *index_of(const char *text)
{
    cdist_support_t *support;

    FX_OK(parse(&support, text, strlen(text)));
    return cdist_support_index_make(support, fx_pool);
}

static const struct {
    const char *text;
    int state, rule_a, rule_b, delivery_a;
} rows[] = {
    {"{6,0,0,0,1,0}", CDIST_SUPPORT_REMOVED, CDIST_RULE_REMOVED, CDIST_RULE_REMOVED, CDIST_DELIVERY_UNKNOWN},
    {"{6,0,1," VENDOR("0") "2,0,0,a,a,1,0,b,b,0,0,0,1,0,1,1}", CDIST_SUPPORT_RULES, CDIST_RULE_LOCKED, CDIST_RULE_EDITABLE,
     CDIST_DELIVERY_UNKNOWN},
    {"{6,0,1," VENDOR("0") "1,2,0,a,a,0,0,0,1,0}", CDIST_SUPPORT_RULES, CDIST_RULE_REMOVED, CDIST_RULE_UNKNOWN,
     CDIST_DELIVERY_UNKNOWN},
    {"{6,1,1," VENDOR("1") "1,1,0,a,a,0,0,0,1,0}", CDIST_SUPPORT_LOCKED, CDIST_RULE_LOCKED, CDIST_RULE_LOCKED,
     CDIST_DELIVERY_UNKNOWN},
    {"{6,0,1," VENDOR("1") "1,1,0,a,a,0,0,0,1,0}", CDIST_SUPPORT_RULES, CDIST_RULE_LOCKED, CDIST_RULE_UNKNOWN,
     CDIST_DELIVERY_UNKNOWN},
    /* Two vendors: the strictest rule counts, in whatever order. */
    {"{6,0,2," VENDOR("0") "2,1,0,a,a,0,0,b,b,0,0," VENDOR("0") "2,0,0,a,a,2,0,b,b,0,0,0,1,0}", CDIST_SUPPORT_RULES,
     CDIST_RULE_LOCKED, CDIST_RULE_LOCKED, CDIST_DELIVERY_UNKNOWN},
    {"{6,0,2," VENDOR("0") "2,2,0,a,a,2,0,b,b,0,0," VENDOR("0") "1,1,0,a,a,0,0,0,1,0}", CDIST_SUPPORT_RULES,
     CDIST_RULE_EDITABLE, CDIST_RULE_REMOVED, CDIST_DELIVERY_UNKNOWN},
    /* A vendor's own development configuration. */
    {"{6,0,0,2,a,2,b,1,1,0}", CDIST_SUPPORT_NONE, CDIST_RULE_UNKNOWN, CDIST_RULE_UNKNOWN, CDIST_DELIVERY_NOT_ALLOWED},
    {"{6,0,0,1,a,0,1,0}", CDIST_SUPPORT_NONE, CDIST_RULE_UNKNOWN, CDIST_RULE_UNKNOWN, CDIST_DELIVERY_ALLOWED},
    {"{6,0,1," VENDOR("0") "1,1,0,a,a,0,0,1,a,1,1,0}", CDIST_SUPPORT_RULES, CDIST_RULE_EDITABLE, CDIST_RULE_UNKNOWN,
     CDIST_DELIVERY_NOT_RECOMMENDED}};

START_TEST(every_object_has_its_rule)
{
    cdist_support_index_t *index = index_of(rows[_i].text);

    ck_assert_int_eq(cdist_support_index_state(index), rows[_i].state);
    ck_assert_int_eq(cdist_support_index_rule(index, "a"), rows[_i].rule_a);
    ck_assert_int_eq(cdist_support_index_rule(index, "b"), rows[_i].rule_b);
    ck_assert_int_eq(cdist_support_index_delivery(index, "a"), rows[_i].delivery_a);
}
END_TEST

START_TEST(without_support_data_no_rule_is_known)
{
    cdist_support_index_t *index = cdist_support_index_make(NULL, fx_pool);

    ck_assert_int_eq(cdist_support_index_state(index), CDIST_SUPPORT_NONE);
    ck_assert_int_eq(cdist_support_index_rule(index, "a"), CDIST_RULE_UNKNOWN);
}
END_TEST

static const char *const broken[] = {"{5,0,0,0,1,0}",
                                     "{6,0,0}",
                                     "{6,0,0,1,a}",
                                     "{6,0,0,1,a,3,1,0}",
                                     "{6,0,0,1,a,\"1\",1,0}",
                                     "{6,0,0,1,\"a\",1,1,0}",
                                     "{6,0,0,99999999999,a,1,1,0}",
                                     "{6,0,1," VENDOR("0") "1,3,0,a,a,0,0,0,1,0}",
                                     "{6,0,1," VENDOR("0") "1,x,0,a,a,0,0,0,1,0}",
                                     "{6,0,1," VENDOR("0") "1,1,0,,a,0,0,0,1,0}",
                                     "{6,0,1," VENDOR("0") "1,1,0,a,,0,0,0,1,0}",
                                     "{6,0,1," VENDOR("0") "2,1,0,a,a,0,0,0,1,0}",
                                     "{6,0,1," VENDOR("0") "1,1,0,a,{a},0,0,0,1,0}",
                                     "{6,0,0,0,1,0},{6}",
                                     "{6,0,0,0,1",
                                     "text",
                                     ""};

START_TEST(what_is_no_support_data_is_an_error_with_its_place)
{
    cdist_support_t *support;
    cdist_err_t *err = parse(&support, broken[_i], strlen(broken[_i]));

    ck_assert_msg(err != NULL, "taken: %s", broken[_i]);
    ck_assert_int_eq(err->code, CDIST_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err->message, "support: offset 0x"));
}
END_TEST

static const char *const huge[] = {"{6,0,1," VENDOR("0") "2000001,1,0,a,a",
                                   "{6,0,2," VENDOR("0") "1,1,0,a,a,0,0," VENDOR("0") "2000000,1,0,a,a", "{6,0,0,2000001,a,1",
                                   "{6,0,10001," VENDOR("0") "0,0,0,"};

START_TEST(more_than_any_configuration_has_is_not_read)
{
    cdist_support_t *support;
    cdist_err_t *err = parse(&support, huge[_i], strlen(huge[_i]));

    ck_assert(err != NULL);
    ck_assert_msg(strstr(err->message, "more than") != NULL, "%s", err->message);
}
END_TEST

/* ---- pairs ----------------------------------------------------------------------------------------------------- */

#define LOCAL "11111111-1111-1111-1111-111111111111"
#define FOREIGN "22222222-2222-2222-2222-222222222222"
#define OTHER "33333333-3333-3333-3333-333333333333"

static cdist_snapshot_t *snapshot_of(const char *const *names)
{
    cdist_snapshot_t *snapshot = cdist_snapshot_create(fx_pool);

    for (; *names; names++) {
        cdist_element_t *element = cdist_snapshot_add(snapshot);

        element->id = element->name = *names;
        element->owner = apr_pstrmemdup(fx_pool, *names, CDIST_GUID_CHARS);
    }
    FX_OK(cdist_snapshot_sort(snapshot, "list", fx_pool));
    return snapshot;
}

static const struct {
    const char *vendor[4], *mine[4], *expected;
} pairs[] = {{{FOREIGN, FOREIGN ".0", OTHER}, {LOCAL, OTHER}, LOCAL ".0"},
             {{FOREIGN, FOREIGN ".0"}, {LOCAL, FOREIGN}, FOREIGN ".0"},
             {{FOREIGN, FOREIGN ".0", LOCAL}, {LOCAL}, FOREIGN ".0"}};

START_TEST(objects_of_two_uuids_are_paired_where_that_is_clear)
{
    cdist_support_index_t *index = index_of("{6,0,1," VENDOR("0") "1,1,0," LOCAL "," FOREIGN ",0,0,0,1,0}");
    cdist_snapshot_t *vendor = snapshot_of(pairs[_i].vendor), *paired;
    const cdist_element_t *found;

    FX_OK(cdist_support_index_pair(&paired, index, vendor, snapshot_of(pairs[_i].mine), "vendor", fx_pool));
    ck_assert_int_eq(paired->elements->nelts, vendor->elements->nelts);
    found = cdist_snapshot_find(paired, pairs[_i].expected);
    ck_assert_ptr_nonnull(found);
    ck_assert_str_eq(found->name, FOREIGN ".0");
    ck_assert_int_eq(strncmp(found->owner, pairs[_i].expected, CDIST_GUID_CHARS), 0);
    /* The vendor's own stays as it is. */
    ck_assert_ptr_nonnull(cdist_snapshot_find(vendor, FOREIGN ".0"));
}
END_TEST

START_TEST(of_two_objects_that_are_paired_with_one_the_first_has_it)
{
    cdist_support_index_t *index = index_of("{6,0,1," VENDOR("0") "2,1,0," LOCAL "," OTHER ",1,0," LOCAL "," FOREIGN ",0,0,0,1,0}");
    const char *const names[] = {FOREIGN, FOREIGN ".0", OTHER, OTHER ".0", NULL}, *const mine[] = {LOCAL, NULL};
    cdist_snapshot_t *paired;

    FX_OK(cdist_support_index_pair(&paired, index, snapshot_of(names), snapshot_of(mine), "vendor", fx_pool));
    ck_assert_str_eq(cdist_snapshot_find(paired, LOCAL)->name, FOREIGN);
    ck_assert_str_eq(cdist_snapshot_find(paired, LOCAL ".0")->name, FOREIGN ".0");
    ck_assert_str_eq(cdist_snapshot_find(paired, OTHER ".0")->name, OTHER ".0");
}
END_TEST

/* ---- real files ------------------------------------------------------------------------------------------------ */

static const struct {
    const char *file;
    int state;
    unsigned rules, deliveries;
    const char *object;
    int rule, delivery;
} files[] = {
    {"support/supportconf_crlf.bin", CDIST_SUPPORT_RULES, 39784, 0, "nobody", CDIST_RULE_UNKNOWN, CDIST_DELIVERY_UNKNOWN},
    {"support/tasks_20160916.bin", CDIST_SUPPORT_RULES, 0, 0, "nobody", CDIST_RULE_UNKNOWN, CDIST_DELIVERY_UNKNOWN},
    {"support/issabuhi.bin", CDIST_SUPPORT_LOCKED, 0, 0, "nobody", CDIST_RULE_LOCKED, CDIST_DELIVERY_UNKNOWN},
    {"support/supportconf_edt.bin", CDIST_SUPPORT_RULES, 9, 0, "28777e74-89cf-4993-8a0a-a5d2b9a758b9", CDIST_RULE_LOCKED,
     CDIST_DELIVERY_UNKNOWN},
    {"support/supportconf_edt.bin", CDIST_SUPPORT_RULES, 9, 0, "2b5d5d5d-3fa5-4448-a8e3-13011eb483cb", CDIST_RULE_REMOVED,
     CDIST_DELIVERY_UNKNOWN},
    {"support/supportconf_edt.bin", CDIST_SUPPORT_RULES, 9, 0, "50791551-3395-4b3f-94e4-c4dac0be017f", CDIST_RULE_EDITABLE,
     CDIST_DELIVERY_UNKNOWN},
    {"support/supportconf_full_support.bin", CDIST_SUPPORT_LOCKED, 9, 0, "50791551-3395-4b3f-94e4-c4dac0be017f",
     CDIST_RULE_LOCKED, CDIST_DELIVERY_UNKNOWN},
    {"support/task_manager_removed.bin", CDIST_SUPPORT_REMOVED, 0, 0, "nobody", CDIST_RULE_REMOVED, CDIST_DELIVERY_UNKNOWN},
    {"support/kafka_20210924.bin", CDIST_SUPPORT_NONE, 0, 11, "6864e0f7-1522-4783-99fd-a40a2cfea55b", CDIST_RULE_UNKNOWN,
     CDIST_DELIVERY_NOT_RECOMMENDED},
    {"support/kafka_20230811.bin", CDIST_SUPPORT_NONE, 0, 16, "0cde1de7-f037-48d0-9a98-38995c9bf1dc", CDIST_RULE_UNKNOWN,
     CDIST_DELIVERY_NOT_ALLOWED},
    {"support/kafka_20230811.bin", CDIST_SUPPORT_NONE, 0, 16, "6864e0f7-1522-4783-99fd-a40a2cfea55b", CDIST_RULE_UNKNOWN,
     CDIST_DELIVERY_ALLOWED}};

START_TEST(real_support_data_are_read_to_their_end)
{
    cdist_support_index_t *index;
    cdist_support_t *support;
    size_t length;
    const char *bytes = shared_data(&length, files[_i].file);

    if (!bytes) return;
    FX_OK(parse(&support, bytes, length));
    index = cdist_support_index_make(support, fx_pool);
    ck_assert_int_eq(cdist_support_index_state(index), files[_i].state);
    if (files[_i].rules) ck_assert_uint_eq(support->rule_count, files[_i].rules);
    if (files[_i].deliveries) ck_assert_int_eq(support->deliveries->nelts, (int)files[_i].deliveries);
    ck_assert_int_eq(cdist_support_index_rule(index, files[_i].object), files[_i].rule);
    ck_assert_int_eq(cdist_support_index_delivery(index, files[_i].object), files[_i].delivery);
    /* Cut off anywhere it is an error, and no other result. */
    FX_FAILS(parse(&support, bytes, length - 1), CDIST_E_CORRUPT);
    FX_FAILS(parse(&support, bytes, length / 2), CDIST_E_CORRUPT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("support");
    TCase *tcase = fx_case(suite, "support", 30);

    tcase_add_loop_test(tcase, every_object_has_its_rule, 0, FX_COUNT(rows));
    tcase_add_test(tcase, without_support_data_no_rule_is_known);
    tcase_add_loop_test(tcase, what_is_no_support_data_is_an_error_with_its_place, 0, FX_COUNT(broken));
    tcase_add_loop_test(tcase, more_than_any_configuration_has_is_not_read, 0, FX_COUNT(huge));
    tcase_add_loop_test(tcase, objects_of_two_uuids_are_paired_where_that_is_clear, 0, FX_COUNT(pairs));
    tcase_add_test(tcase, of_two_objects_that_are_paired_with_one_the_first_has_it);
    tcase_add_loop_test(tcase, real_support_data_are_read_to_their_end, 0, FX_COUNT(files));
    return suite;
}
