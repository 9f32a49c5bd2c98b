/* Keys, signatures and lists of keys. */
#include "fixture.h"
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

typedef struct {
    cdist_signing_key_t *signing;
    cdist_public_key_t public_key;
} pair_t;

static pair_t make_pair(const char *name)
{
    pair_t pair;

    FX_OK(cdist_key_new(&pair.public_key, fx_path(name), fx_pool));
    FX_OK(cdist_signing_key_read(&pair.signing, fx_path(name), fx_pool));
    return pair;
}

static const char *sign(const char *bytes, const char *before, const pair_t *one, const pair_t *other)
{
    apr_array_header_t *keys = apr_array_make(fx_pool, 2, sizeof(cdist_signing_key_t *));
    const char *text;

    APR_ARRAY_PUSH(keys, cdist_signing_key_t *) = one->signing;
    if (other) APR_ARRAY_PUSH(keys, cdist_signing_key_t *) = other->signing;
    FX_OK(cdist_signature_make(&text, keys, bytes, strlen(bytes), before, fx_pool));
    return text;
}

static int holds(const char *text, const pair_t *pair, const char *bytes)
{
    return cdist_signature_holds(text, strlen(text), &pair->public_key, bytes, strlen(bytes), fx_pool);
}

static cdist_key_list_t *list_of(apr_uint64_t counter, const pair_t *one, const pair_t *other)
{
    cdist_key_list_t *list = apr_pcalloc(fx_pool, sizeof *list);

    list->counter = counter;
    list->keys = apr_array_make(fx_pool, 2, sizeof(cdist_public_key_t));
    APR_ARRAY_PUSH(list->keys, cdist_public_key_t) = one->public_key;
    if (other) APR_ARRAY_PUSH(list->keys, cdist_public_key_t) = other->public_key;
    return list;
}

START_TEST(a_private_key_is_for_its_owner_alone_and_its_public_one_is_the_same_key)
{
    pair_t pair = make_pair("key");
    cdist_public_key_t again;
    cdist_key_list_t *list;
    struct stat st;

    ck_assert_int_eq(stat(fx_path("key"), &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0600);
    cdist_signing_key_public(&again, pair.signing);
    ck_assert_mem_eq(again.byte, pair.public_key.byte, sizeof again.byte);
    FX_OK(cdist_key_list_read(&list, fx_path("key.pub"), fx_pool));
    ck_assert_int_eq(list->keys->nelts, 1);
    ck_assert_int_eq(cdist_key_list_has(list, &pair.public_key), 1);
    FX_FAILS(cdist_key_new(&again, fx_path("key"), fx_pool), CDIST_E_STORE);
    FX_FAILS(cdist_signing_key_read(&pair.signing, fx_path("key.pub"), fx_pool), CDIST_E_INPUT);
    FX_FAILS(cdist_key_list_read(&list, fx_path("key"), fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(a_signature_is_of_these_bytes_and_this_key)
{
    pair_t one = make_pair("one"), other = make_pair("other");
    const char *text = sign("content", NULL, &one, NULL);

    ck_assert_int_eq(holds(text, &one, "content"), 1);
    ck_assert_int_eq(holds(text, &one, "Content"), 0);
    ck_assert_int_eq(holds(text, &one, ""), 0);
    ck_assert_int_eq(holds(text, &other, "content"), 0);
    ck_assert_int_eq(holds(text + 1, &one, "content"), 0);
    ck_assert_int_eq(holds("", &one, "content"), 0);
}
END_TEST

START_TEST(a_signature_file_vouches_for_the_content_before_too)
{
    pair_t one = make_pair("one"), other = make_pair("other");
    const char *first = sign("first", NULL, &one, NULL), *second = sign("second", first, &one, &other);
    const char *third = sign("third", second, &other, NULL), *again = sign("third", third, &other, NULL);

    ck_assert_int_eq(holds(second, &one, "first"), 1);
    ck_assert_int_eq(holds(second, &one, "second"), 1);
    ck_assert_int_eq(holds(second, &other, "second"), 1);
    ck_assert_int_eq(holds(third, &other, "third"), 1);
    ck_assert_str_eq(third, again);
}
END_TEST

START_TEST(a_signature_file_does_not_grow_for_ever)
{
    pair_t one = make_pair("one");
    const char *text = NULL;
    int i;

    for (i = 0; i < 200; i++) text = sign(apr_itoa(fx_pool, i), text, &one, NULL);
    ck_assert_uint_lt(strlen(text), CDIST_SIGNATURE_FILE_MAX);
    ck_assert_int_eq(holds(text, &one, "199"), 1);
    ck_assert_int_eq(holds(text, &one, "198"), 1);
}
END_TEST

START_TEST(a_key_list_is_read_as_it_was_written)
{
    pair_t one = make_pair("one"), other = make_pair("other");
    const char *text = cdist_key_list_write(list_of(3, &one, &other), fx_pool);
    cdist_key_list_t *list;

    FX_OK(cdist_key_list_parse(&list, text, strlen(text), "keys.json", fx_pool));
    ck_assert_uint_eq(list->counter, 3);
    ck_assert_int_eq(list->keys->nelts, 2);
    ck_assert_str_eq(cdist_key_list_write(list, fx_pool), text);
}
END_TEST

#define KEY "11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="

static const char *const wrong_lists[] = {
    "", "{}", "[]", "{\"format\":1,\"counter\":1,\"keys\":[]}", "{\"format\":1,\"counter\":0,\"keys\":[\"" KEY "\"]}",
    "{\"format\":2,\"counter\":1,\"keys\":[\"" KEY "\"]}", "{\"format\":1,\"counter\":1,\"keys\":[\"" KEY "\",\"" KEY "\"]}",
    "{\"format\":1,\"counter\":1,\"keys\":[\"11qY\"]}", "{\"format\":1,\"counter\":1,\"keys\":[\"!" KEY "\"]}",
    "{\"format\":1,\"counter\":1,\"keys\":[7]}", "-----BEGIN PUBLIC KEY-----\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"};

START_TEST(a_key_list_that_is_none_is_refused_by_name)
{
    cdist_key_list_t *list;
    cdist_err_t *err = cdist_key_list_parse(&list, wrong_lists[_i], strlen(wrong_lists[_i]), "keys.json", fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_nonnull(strstr(err->message, "keys.json"));
}
END_TEST

START_TEST(a_list_takes_the_place_of_another_only_with_both_sides_consent)
{
    pair_t old = make_pair("old"), next = make_pair("next"), spare = make_pair("spare"), thief = make_pair("thief");
    cdist_key_list_t *believed = list_of(1, &old, NULL), *list = list_of(2, &next, &spare);
    const char *bytes = cdist_key_list_write(list, fx_pool), *both = sign(bytes, NULL, &next, &spare);
    const char *all = sign(bytes, both, &old, NULL), *one_lacks = sign(bytes, NULL, &old, &next), *forged = sign(bytes, both, &thief, NULL);

#define PROBLEM(next_list, text) cdist_key_list_problem(next_list, believed, text, strlen(text), bytes, strlen(bytes), fx_pool)
    ck_assert_ptr_null(PROBLEM(list, all));
    ck_assert_ptr_nonnull(PROBLEM(list, both));
    ck_assert_ptr_nonnull(PROBLEM(list, one_lacks));
    ck_assert_ptr_nonnull(PROBLEM(list, forged));
    ck_assert_ptr_nonnull(PROBLEM(list_of(1, &next, &spare), all));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mirror_keys");
    TCase *tests = fx_case(suite, "keys", 10);

    tcase_add_test(tests, a_private_key_is_for_its_owner_alone_and_its_public_one_is_the_same_key);
    tcase_add_test(tests, a_signature_is_of_these_bytes_and_this_key);
    tcase_add_test(tests, a_signature_file_vouches_for_the_content_before_too);
    tcase_add_test(tests, a_signature_file_does_not_grow_for_ever);
    tcase_add_test(tests, a_key_list_is_read_as_it_was_written);
    tcase_add_loop_test(tests, a_key_list_that_is_none_is_refused_by_name, 0, FX_COUNT(wrong_lists));
    tcase_add_test(tests, a_list_takes_the_place_of_another_only_with_both_sides_consent);
    return suite;
}
