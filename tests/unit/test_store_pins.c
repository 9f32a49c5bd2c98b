/* Pins: what a publication needs stays in the store while the publication renews its pin. */
#include "care_fixture.h"

#include <string.h>
#include <sys/stat.h>

#define PIN "0123456789abcdef"

START_TEST(pinned_archives_are_never_evicted)
{
    care_made_t a, b;
    const care_made_t *pinned[] = {&a};
    cdist_collected_t result;

    care_open();
    a = care_make("a");
    b = care_make("b");
    care_pin(PIN, 1, pinned);
    fx_clock_ahead = DAYS(29);
    result = care_collect(1);
    ck_assert(care_is_there(&a) && !care_is_there(&b));
    ck_assert_int_eq(result.over, 1);
    ck_assert_int_eq(care_said(": 1 of them, with "), 1);
    care_pin(PIN, 0, NULL);
    ck_assert_int_eq(fx_children("store/pins"), 0);
    ck_assert_int_eq(care_collect(1).removed_archives, 1);
}
END_TEST

START_TEST(each_publication_has_a_pin_of_its_own)
{
    care_made_t a, b, c;
    const care_made_t *one[] = {&a}, *other[] = {&b, &c}, *later[] = {&c};

    care_open();
    a = care_make("a");
    b = care_make("b");
    c = care_make("c");
    care_pin("1a", 1, one);
    care_pin("1b", 2, other);
    fx_clock_ahead = HOURS(1);
    care_collect(1);
    ck_assert(care_is_there(&a) && care_is_there(&b) && care_is_there(&c));
    care_pin("1b", 1, later);
    care_collect(1);
    ck_assert(care_is_there(&a) && !care_is_there(&b) && care_is_there(&c));
}
END_TEST

START_TEST(a_pin_that_nobody_renews_is_dropped_after_a_month)
{
    care_made_t a;
    const care_made_t *pinned[] = {&a};

    care_open();
    a = care_make("a");
    care_pin(PIN, 1, pinned);
    fx_clock_ahead = DAYS(20);
    care_pin(PIN, 1, pinned);
    fx_clock_ahead = DAYS(49);
    care_collect(1);
    ck_assert(care_is_there(&a));
    fx_clock_ahead = DAYS(51);
    care_collect(1);
    ck_assert(!care_is_there(&a));
    ck_assert_int_eq(fx_children("store/pins"), 0);
}
END_TEST

START_TEST(the_same_archives_in_any_order_are_not_written_again)
{
    care_made_t a, b;
    const care_made_t *one[] = {&a, &b}, *other[] = {&b, &a};
    struct stat before, after;
    size_t length;
    char *text;

    care_open();
    a = care_make("a");
    b = care_make("b");
    care_pin(PIN, 2, one);
    ck_assert_int_eq(stat(fx_path("store/pins/" PIN), &before), 0);
    text = fx_read(&length, "store/pins/" PIN);
    ck_assert_uint_eq(length, 130);
    ck_assert_ptr_nonnull(strstr(text, fx_hex(&a.archive->sha256)));
    ck_assert_int_eq(text[64], '\n');
    care_pin(PIN, 2, other);
    ck_assert_int_eq(stat(fx_path("store/pins/" PIN), &after), 0);
    ck_assert_int_eq((int)(before.st_ino == after.st_ino && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec), 1);
    care_pin(PIN, 1, other);
    fx_read(&length, "store/pins/" PIN);
    ck_assert_uint_eq(length, 65);
}
END_TEST

static const char *const bad_names[] = {"", "..", "../FORMAT", "a/b", "A", "g", ".a", "a b",
                                        "00000000000000000000000000000000000000000000000000000000000000000"};

START_TEST(a_pin_is_named_by_hexadecimal_digits_alone)
{
    apr_array_header_t *digests = apr_array_make(fx_pool, 1, sizeof(cdist_digest_t));

    care_open();
    FX_FAILS(cdist_store_pin(fx_store, bad_names[_i], digests, fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(a_pin_that_cannot_be_read_keeps_everything)
{
    cdist_collected_t result;
    care_made_t a;

    care_open();
    a = care_make("a");
    fx_clock_ahead = HOURS(1);
    fx_write_noise("store/pins/" PIN, 2000000, 1);
    FX_FAILS(cdist_store_collect(&result, fx_store, 1, "the limit", fx_pool), CDIST_E_INPUT);
    ck_assert(care_is_there(&a));
    fx_write_text("store/pins/" PIN, "rubbish\n\n../../etc/passwd\n");
    ck_assert_int_eq(care_collect(1).removed_archives, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store pins");
    TCase *tcase = fx_case(suite, "store pins", 60);

    tcase_add_test(tcase, pinned_archives_are_never_evicted);
    tcase_add_test(tcase, each_publication_has_a_pin_of_its_own);
    tcase_add_test(tcase, a_pin_that_nobody_renews_is_dropped_after_a_month);
    tcase_add_test(tcase, the_same_archives_in_any_order_are_not_written_again);
    tcase_add_loop_test(tcase, a_pin_is_named_by_hexadecimal_digits_alone, 0, FX_COUNT(bad_names));
    tcase_add_test(tcase, a_pin_that_cannot_be_read_keeps_everything);
    return suite;
}
