/* A catalogue as a text: the same after writing and reading. */
#include "../../core/platform/platform_int.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>

/* Everything that a catalogue may hold. */
static cdist_lookup_t *make_everything(void)
{
    cdist_lookup_t *lookup = fx_roots("root", "away");

    fx_add_pattern(lookup, "modules", "modules/%v");
    fx_add_pattern(lookup, "extras", "no/extras/%v");
    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1750/Win64/distr/linux64tc.zip", "z");
    fx_write_text("root/8.3.22.1750/distr/windows32tc.zip", "z");
    fx_write_text("root/8.3.22.1750/1cv8c", "\x7F" "ELF");
    fx_write_text("root/8.3.25.1/windows64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("modules/8.3.22.1750/a \"quoted\" имя", "x");
    return lookup;
}

START_TEST(a_catalogue_is_the_same_after_writing_and_reading)
{
    cdist_lookup_t *lookup = make_everything();
    cdist_catalogue_t *catalogue = fx_scan_settled(lookup);
    const char *text, *again;
    const cdist_catalogue_t *read;

    /* NB: the test's own catalogue. */
    ((cdist_source_t *)fx_source_in(catalogue, "8.3.22.1750", "modules"))->built = 1;
    ((cdist_source_t *)fx_source_in(catalogue, "8.3.22.1750", "windows32"))->built = 1;
    cdist_catalogue_note_built(catalogue, fx_pool);
    text = cdist_catalogue_write(catalogue, fx_pool);
    ck_assert_ptr_nonnull(text);
    read = cdist_catalogue_read(text, lookup, fx_pool);
    ck_assert_ptr_nonnull(read);
    again = cdist_catalogue_write(read, fx_pool);
    ck_assert_str_eq(again, text);
    ck_assert_str_eq(fx_list_catalogue(read), fx_list_catalogue(catalogue));
    ck_assert_int_eq(APR_ARRAY_IDX(read->built, 0, cdist_built_t).slots->nelts, 2);
    ck_assert_int_eq(read->unreadable->nelts, 1);
    ck_assert_int_eq(read->unread_places->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(read->unread_places, 0, int), 2);
    ck_assert_int_eq(read->unread_components->nelts, 1);
    ck_assert_int_eq(read->problems->nelts, catalogue->problems->nelts);
    ck_assert_int_ge(read->problems->nelts, 3);
    ck_assert_int_eq(cdist_slot_compare(fx_source_in(read, "8.3.22.1750", "modules")->slot,
                                        APR_ARRAY_IDX(lookup->components, 0, const cdist_slot_t *)), 0);
}
END_TEST

START_TEST(what_cannot_be_read_has_its_number_in_the_lookup)
{
    cdist_lookup_t *lookup = fx_roots("away", "root");
    const cdist_catalogue_t *read;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("there/8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_add_pattern(lookup, "modules", "no/modules/%v"); /* a component is no reason to refuse */
    fx_add_pattern(lookup, "windows64", "there/%v");
    fx_add_pattern(lookup, "linux64", "no/linux/%v");
    read = cdist_catalogue_read(cdist_catalogue_write(fx_scan_settled(lookup), fx_pool), lookup, fx_pool);
    ck_assert_int_eq(read->unreadable->nelts, 2);
    ck_assert_int_eq(read->unread_places->nelts, 2);
    ck_assert_int_eq(APR_ARRAY_IDX(read->unread_places, 0, int), 1);
    ck_assert_int_eq(APR_ARRAY_IDX(read->unread_places, 1, int), 5);
}
END_TEST

START_TEST(a_job_made_from_a_catalogue_that_was_read_has_the_same_key)
{
    cdist_lookup_t *lookup = make_everything();
    cdist_catalogue_t *catalogue = fx_scan_settled(lookup);
    const cdist_catalogue_t *read = cdist_catalogue_read(cdist_catalogue_write(catalogue, fx_pool), lookup, fx_pool);
    const char *const slots[] = {"windows64", "windows32", "modules"};
    int i;

    for (i = 0; i < FX_COUNT(slots); i++) {
        cdist_job_t one, other;

        cdist_source_job(&one, fx_source_in(catalogue, "8.3.22.1750", slots[i]), CDIST_LAYOUT_FLAT, 6, 0, fx_pool);
        cdist_source_job(&other, fx_source_in(read, "8.3.22.1750", slots[i]), CDIST_LAYOUT_FLAT, 6, 0, fx_pool);
        ck_assert(cdist_digest_equal(&one.key, &other.key));
    }
}
END_TEST

START_TEST(a_damaged_text_is_no_catalogue_and_harms_nobody)
{
    cdist_lookup_t *lookup = make_everything();
    cdist_catalogue_t *catalogue = fx_scan_settled(lookup);
    const char *text;
    apr_size_t length, i;

    ((cdist_source_t *)fx_source_in(catalogue, "8.3.22.1750", "windows32"))->built = 1;
    ((cdist_source_t *)fx_source_in(catalogue, "8.3.22.1750", "windows32"))->problem = "not \xFF" "UTF-8";
    cdist_catalogue_note_built(catalogue, fx_pool);
    text = cdist_catalogue_write(catalogue, fx_pool);
    length = strlen(text);

    ck_assert_ptr_null(cdist_catalogue_read("", lookup, fx_pool));
    ck_assert_ptr_null(cdist_catalogue_read("{}", lookup, fx_pool));
    ck_assert_ptr_null(cdist_catalogue_read("[1]", lookup, fx_pool));
    for (i = 0; i < length; i += 11) {
        char *other = apr_pstrdup(fx_pool, text);

        ck_assert_ptr_null(cdist_catalogue_read(apr_pstrmemdup(fx_pool, text, i), lookup, fx_pool));
        other[i] ^= 4;
        cdist_catalogue_read(other, lookup, fx_pool);
    }
}
END_TEST

START_TEST(texts_that_are_not_utf8_are_the_same_after_writing_and_reading)
{
    static const char *const texts[] = {"na\xFFme", "\xC3", "\xED\xA0\x80", "имя\x80"};
    cdist_lookup_t *lookup = make_everything();
    cdist_catalogue_t *catalogue = fx_scan_settled(lookup);
    /* NB: the test's own catalogue. */
    cdist_source_t *source = (cdist_source_t *)fx_source_in(catalogue, "8.3.22.1750", "windows64");
    apr_array_header_t *skip = apr_array_make(fx_pool, 4, sizeof(const char *));
    const cdist_catalogue_t *read;
    const cdist_source_t *got;
    int i;

    for (i = 0; i < FX_COUNT(texts); i++) APR_ARRAY_PUSH(skip, const char *) = texts[i];
    source->skip = skip;
    source->problem = "\xFFnot good";
    APR_ARRAY_PUSH(catalogue->problems, const char *) = "\xFE";
    APR_ARRAY_IDX(catalogue->releases, 0, cdist_release_t).problem = "\xFD";
    APR_ARRAY_IDX(catalogue->unreadable, 0, cdist_err_t *)->message = "\xFC";
    read = cdist_catalogue_read(cdist_catalogue_write(catalogue, fx_pool), lookup, fx_pool);
    ck_assert_ptr_nonnull(read);
    got = fx_source_in(read, "8.3.22.1750", "windows64");
    ck_assert_str_eq(got->problem, source->problem);
    ck_assert_int_eq(got->skip->nelts, FX_COUNT(texts));
    for (i = 0; i < FX_COUNT(texts); i++) ck_assert_str_eq(APR_ARRAY_IDX(got->skip, i, const char *), texts[i]);
    ck_assert_str_eq(APR_ARRAY_IDX(read->problems, read->problems->nelts - 1, const char *), "\xFE");
    ck_assert_str_eq(APR_ARRAY_IDX(read->releases, 0, cdist_release_t).problem, "\xFD");
    ck_assert_str_eq(APR_ARRAY_IDX(read->unreadable, 0, cdist_err_t *)->message, "\xFC");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("catalogue file");
    TCase *tcase = fx_case(suite, "catalogue file", 20);

    tcase_add_test(tcase, a_catalogue_is_the_same_after_writing_and_reading);
    tcase_add_test(tcase, what_cannot_be_read_has_its_number_in_the_lookup);
    tcase_add_test(tcase, a_job_made_from_a_catalogue_that_was_read_has_the_same_key);
    tcase_add_test(tcase, a_damaged_text_is_no_catalogue_and_harms_nobody);
    tcase_add_test(tcase, texts_that_are_not_utf8_are_the_same_after_writing_and_reading);
    return suite;
}
