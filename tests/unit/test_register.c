/* The register of customisations: written, read again, compared; and what is none. */
#include "compare/cdist_compare.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

#define ZEROS "0000000000000000000000000000000000000000000000000000000000000000"
#define HEAD(count) "{\"register\":1,\"level\":\"object\",\"name\":\"N\",\"count\":" count "}\n"
#define ITEM(id, mine, sha256) \
    "{\"id\":\"" id "\",\"name\":\"\",\"mine\":\"" mine "\",\"support\":\"unknown\",\"sha256\":\"" sha256 "\"}\n"

static cdist_register_t *made(const char *const *ids, const char *contents)
{
    cdist_register_t *reg = apr_pcalloc(fx_pool, sizeof *reg);

    reg->level = "object";
    reg->base = (cdist_configuration_id_t){"Склад", "Фирма \"Ромашка\"", "1.0", "id"};
    reg->items = apr_array_make(fx_pool, 4, sizeof(cdist_customisation_t));
    for (; *ids; ids++, contents++) {
        cdist_customisation_t *item = apr_array_push(reg->items);

        memset(item, 0, sizeof *item);
        item->id = *ids;
        item->name = "Справочник.Товары";
        item->side = *contents == '-' ? CDIST_SIDE_DELETED : CDIST_SIDE_CHANGED;
        item->rule = CDIST_RULE_EDITABLE;
        item->digest.byte[0] = *contents == '-' ? 0 : (unsigned char)*contents;
    }
    return reg;
}

START_TEST(a_register_is_read_as_it_was_written)
{
    static const char *const ids[] = {"a", "b", "c", NULL};
    cdist_register_t *reg = made(ids, "1-2"), *read;
    apr_size_t length;
    const char *text = cdist_register_format(&length, reg, fx_pool);
    int i;

    FX_OK(cdist_register_parse(&read, text, length, "register", fx_pool));
    ck_assert_str_eq(read->level, "object");
    ck_assert_str_eq(read->base.vendor, "Фирма \"Ромашка\"");
    ck_assert_int_eq(read->items->nelts, 3);
    for (i = 0; i < 3; i++) {
        const cdist_customisation_t *a = &APR_ARRAY_IDX(reg->items, i, cdist_customisation_t);
        const cdist_customisation_t *b = &APR_ARRAY_IDX(read->items, i, cdist_customisation_t);

        ck_assert_str_eq(a->id, b->id);
        ck_assert_str_eq(a->name, b->name);
        ck_assert_int_eq(a->side, b->side);
        ck_assert_int_eq(a->rule, b->rule);
        ck_assert_int_eq(memcmp(&a->digest, &b->digest, sizeof a->digest), 0);
    }
    ck_assert_int_eq(cdist_register_compare(reg, read, fx_pool)->nelts, 0);
    /* Cut off anywhere it is none. */
    for (; length > 0; length -= length > 40 ? 40 : length) {
        FX_FAILS(cdist_register_parse(&read, text, length - 2, "register", fx_pool), CDIST_E_INPUT);
        if (length <= 42) break;
    }
}
END_TEST

START_TEST(what_changed_since_is_told)
{
    static const char *const before[] = {"a", "b", "c", "d", NULL}, *const now[] = {"b", "c", "d", "e", NULL};
    static const struct {
        const char *id;
        cdist_since_t since;
    } expected[] = {{"a", CDIST_SINCE_GONE}, {"c", CDIST_SINCE_CHANGED}, {"d", CDIST_SINCE_CHANGED},
                    {"e", CDIST_SINCE_APPEARED}};
    apr_array_header_t *changes = cdist_register_compare(made(before, "1111"), made(now, "12-1"), fx_pool);
    int i;

    ck_assert_int_eq(changes->nelts, FX_COUNT(expected));
    for (i = 0; i < FX_COUNT(expected); i++) {
        const cdist_register_change_t *change = &APR_ARRAY_IDX(changes, i, cdist_register_change_t);

        ck_assert_int_eq(change->since, expected[i].since);
        ck_assert_str_eq(change->now ? change->now->id : change->before->id, expected[i].id);
    }
}
END_TEST

static const struct {
    const char *text, *says;
} broken[] = {{"\n", "line 1: is no JSON"},
              {"text\n", "line 1: is no JSON"},
              {"[]\n", "line 1: is no JSON"},
              {"{}\n", "line 1: is no register"},
              {"{\"register\":\"1\"}\n", "line 1: is no register"},
              {"{\"register\":2}\n", "newer"},
              {HEAD("-1"), "count"},
              {HEAD("99999999999"), "count"},
              {HEAD("1"), "cut off"},
              {HEAD("0") ITEM("a", "added", ZEROS), "cut off, or something was added"},
              {HEAD("1") ITEM("", "added", ZEROS), "line 2: the id"},
              {HEAD("1") ITEM("a", "unchanged", ZEROS), "line 2: mine"},
              {HEAD("1") ITEM("a", "added", "00"), "line 2: sha256"},
              {HEAD("2") ITEM("b", "added", ZEROS) ITEM("a", "added", ZEROS), "line 3: the ids"},
              {HEAD("2") ITEM("a", "added", ZEROS) ITEM("a", "added", ZEROS), "line 3: the ids"}};

START_TEST(what_is_no_register_is_refused_with_the_line)
{
    cdist_register_t *reg;
    cdist_err_t *err = cdist_register_parse(&reg, broken[_i].text, strlen(broken[_i].text), "register", fx_pool);

    ck_assert_msg(err != NULL, "taken: %s", broken[_i].text);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_msg(strstr(err->message, broken[_i].says) != NULL, "\"%s\" does not say \"%s\"", err->message, broken[_i].says);
    ck_assert_ptr_nonnull(strstr(err->message, "register: line "));
}
END_TEST

START_TEST(an_empty_file_is_no_register_and_said_to_be_empty)
{
    cdist_register_t *reg;
    cdist_err_t *err = cdist_register_parse(&reg, "", 0, "register", fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_str_eq(err->message, "register: is empty, and no register of customisations");
}
END_TEST

START_TEST(a_rule_that_changed_is_a_change)
{
    static const char *const ids[] = {"a", "b", NULL};
    cdist_register_t *before = made(ids, "11"), *now = made(ids, "11");
    apr_array_header_t *changes;

    APR_ARRAY_IDX(now->items, 1, cdist_customisation_t).rule = CDIST_RULE_REMOVED;
    changes = cdist_register_compare(before, now, fx_pool);
    ck_assert_int_eq(changes->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(changes, 0, cdist_register_change_t).now->id, "b");
    ck_assert_int_eq(APR_ARRAY_IDX(changes, 0, cdist_register_change_t).since, CDIST_SINCE_CHANGED);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("register");
    TCase *tcase = fx_case(suite, "register", 10);

    tcase_add_test(tcase, a_register_is_read_as_it_was_written);
    tcase_add_test(tcase, what_changed_since_is_told);
    tcase_add_test(tcase, a_rule_that_changed_is_a_change);
    tcase_add_test(tcase, an_empty_file_is_no_register_and_said_to_be_empty);
    tcase_add_loop_test(tcase, what_is_no_register_is_refused_with_the_line, 0, FX_COUNT(broken));
    return suite;
}
