/* What sync keeps in a root: archives in the making, holds, its state; and whether an archive is the client it is offered as. */
#include "fixture.h"
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

static const cdist_digest_t digest = {{7}};

/* ---- archives in the making ------------------------------------------------------------------------------------------- */

static cdist_partial_t *open_partial(void)
{
    cdist_partial_t *partial;

    FX_OK(cdist_place_make(fx_path("root"), fx_pool));
    FX_OK(cdist_partial_open(&partial, fx_path("root"), &digest, 1000, fx_pool));
    return partial;
}

static const char *journal(void)
{
    return apr_pstrcat(fx_pool, "root/.1cdist/partial/", fx_hex(&digest), ".have", NULL);
}

START_TEST(what_was_written_is_there_the_next_time)
{
    cdist_partial_t *partial = open_partial();

    FX_OK(cdist_partial_write(partial, 100, "0123456789", 10));
    FX_OK(cdist_partial_write(partial, 110, "abc", 3));
    FX_OK(cdist_partial_write(partial, 0, "x", 1));
    cdist_partial_close(partial);
    partial = open_partial();
    ck_assert_int_eq(partial->have->nelts, 2);
    ck_assert_uint_eq(cdist_spans_sum(partial->have), 14);
    ck_assert_int_eq(cdist_spans_have(partial->have, &(cdist_span_t){100, 113}), 1);
    ck_assert_int_eq(cdist_spans_have(partial->have, &(cdist_span_t){99, 113}), 0);
    cdist_partial_close(partial);
}
END_TEST

START_TEST(a_journal_is_believed_as_far_as_it_makes_sense)
{
    cdist_partial_t *partial = open_partial();

    FX_OK(cdist_partial_write(partial, 0, "0123456789", 10));
    cdist_partial_close(partial);
    fx_append(journal(), "5 999999999999\n-3 5\n2 -1\nx\n7\n\n 3 3\n4 4 4\n8 2\n9 1");
    partial = open_partial();
    ck_assert_uint_eq(cdist_spans_sum(partial->have), 10);
    cdist_partial_close(partial);
    fx_append(journal(), "\n500 100\n");
    partial = open_partial();
    ck_assert_msg(cdist_spans_sum(partial->have) == 10, "what lies behind the file's end cannot have been written");
    cdist_partial_close(partial);
}
END_TEST

START_TEST(what_is_not_kept_does_not_come_back)
{
    cdist_partial_t *partial = open_partial();
    cdist_spans_t *kept = cdist_spans_make(fx_pool);

    FX_OK(cdist_partial_write(partial, 0, "0123456789", 10));
    cdist_spans_add(kept, 3, 5);
    FX_OK(cdist_partial_keep(partial, kept));
    FX_OK(cdist_partial_write(partial, 8, "x", 1));
    cdist_partial_close(partial);
    partial = open_partial();
    ck_assert_uint_eq(cdist_spans_sum(partial->have), 3);
    cdist_partial_close(partial);
}
END_TEST

/* ---- holds and state ----------------------------------------------------------------------------------------------------- */

START_TEST(a_hold_lasts_until_it_is_released)
{
    cdist_version_t one, other;
    apr_array_header_t *holds;
    int changed;

    fx_make_folder("root");
    ck_assert(cdist_version_parse(&one, "8.3.22.1750") && cdist_version_parse(&other, "8.3.25.1286"));
    FX_OK(cdist_hold_set(&changed, fx_path("root"), &one, 1, fx_pool));
    ck_assert_int_eq(changed, 1);
    FX_OK(cdist_hold_set(&changed, fx_path("root"), &one, 1, fx_pool));
    ck_assert_int_eq(changed, 0);
    FX_OK(cdist_hold_set(&changed, fx_path("root"), &other, 1, fx_pool));
    FX_OK(cdist_hold_set(&changed, fx_path("root"), &one, 0, fx_pool));
    FX_OK(cdist_holds_read(&holds, fx_path("root"), fx_pool));
    ck_assert_int_eq(holds->nelts, 1);
    ck_assert_int_eq(cdist_version_compare(&APR_ARRAY_IDX(holds, 0, cdist_version_t), &other), 0);
    fx_append("root/.1cdist/holds", "8.3.25\n");
    FX_FAILS(cdist_holds_read(&holds, fx_path("root"), fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(a_state_is_read_as_it_was_written_and_liars_are_forgiven)
{
    const cdist_digest_t index = {{1}}, other = {{2}};
    cdist_sync_state_t *state;

    FX_OK(cdist_place_make(fx_path("root"), fx_pool));
    FX_OK(cdist_sync_state_read(&state, fx_path("root"), fx_pool));
    ck_assert_uint_eq(state->counter, 0);
    state->counter = 41;
    state->key = "0123456789abcdef";
    state->from = "https://centre/update";
    cdist_sync_state_tag(state, "https://a", "\"0\"", &index, fx_pool);
    cdist_sync_state_tag(state, "https://b", "\"2\"", &other, fx_pool);
    cdist_sync_state_tag(state, "https://a", "\"1\"", &index, fx_pool);
    cdist_sync_state_tag(state, "https://b", NULL, &other, fx_pool);
    state->newest = apr_time_from_sec(1800000000);
    cdist_sync_state_accuse(state, "https://a", "a digest", fx_pool);
    cdist_sync_state_accuse(state, "https://b", "a length", fx_pool);
    cdist_sync_state_accuse(state, "https://a", NULL, fx_pool);
    FX_OK(cdist_sync_state_write(state, fx_path("root"), fx_pool));
    FX_OK(cdist_sync_state_read(&state, fx_path("root"), fx_pool));
    ck_assert_uint_eq(state->counter, 41);
    ck_assert_str_eq(state->from, "https://centre/update");
    ck_assert_str_eq(state->key, "0123456789abcdef");
    ck_assert_int_eq(state->etags->nelts, 1);
    ck_assert_str_eq(cdist_sync_state_etag(state, "https://a", &index), "\"1\"");
    ck_assert_msg(!cdist_sync_state_etag(state, "https://a", &other), "an ETag is of one index");
    ck_assert_ptr_null(cdist_sync_state_etag(state, "https://b", &other));
    ck_assert_int_eq(state->newest, apr_time_from_sec(1800000000));
    ck_assert_ptr_null(cdist_sync_state_liar(state, "https://a"));
    ck_assert_str_eq(cdist_sync_state_liar(state, "https://b")->what, "a length");
}
END_TEST

static const char *const wrong_states[] = {"", "{}", "[]", "{\"format\":1}", "{\"format\":1,\"counter\":-1}", "{\"format\":2,\"counter\":1}",
                                           "{\"format\":1,\"counter\":\"1\"}"};

START_TEST(a_state_that_makes_no_sense_is_said_and_not_forgotten)
{
    cdist_sync_state_t *state;

    FX_OK(cdist_place_make(fx_path("root"), fx_pool));
    fx_write_text("root/.1cdist/state.json", wrong_states[_i]);
    FX_FAILS(cdist_sync_state_read(&state, fx_path("root"), fx_pool), CDIST_E_INPUT);
}
END_TEST

/* ---- what an archive is ---------------------------------------------------------------------------------------------------- */

#define INI(version, package) "[Startup]\r\nProductVersion=" version "\r\nPackageName=" package "\r\n"

static const struct {
    const char *slot, *name, *ini;
    int good;
} contents[] = {{"windows64", "setup.exe", INI("8.3.22.1750", "1CEnterprise 8 Thin client (x86-64).msi"), 1},
                {"windows32", "setup.exe", INI("8.3.22.1750", "1CEnterprise 8 Thin client.msi"), 1},
                {"windows64", "setup.exe", INI("8.3.22.1751", "1CEnterprise 8 Thin client (x86-64).msi"), 0},
                {"windows64", "setup.exe", INI("8.3.22.1750", "1CEnterprise 8 Thin client.msi"), 0},
                {"linux64", "setup.exe", INI("8.3.22.1750", "1CEnterprise 8 Thin client (x86-64).msi"), 0},
                {"windows64", "setup.exe", NULL, 1},
                {"linux64", "setup-thin-8.3.22.1750-x86_64.run", NULL, 1},
                {"linux64", "setup-thin-8.3.22.1751-x86_64.run", NULL, 0},
                {"linux32", "setup-thin-8.3.22.1750-x86_64.run", NULL, 0},
                {"linux64", "old/setup-thin-8.3.22.1751-i386.run", NULL, 1},
                {"macos64", "thin-osx-8.3.22.1750.dmg", NULL, 1},
                {"windows64", "thin-osx-8.3.22.1750.dmg", NULL, 0},
                {"modules", "setup-thin-8.3.22.1751-i386.run", NULL, 1},
                {"windows64", NULL, NULL, 0}};

START_TEST(an_archive_is_the_client_that_it_is_offered_as)
{
    cdist_manifest_t manifest = {"", 0, 0, {{0}}, apr_array_make(fx_pool, 1, sizeof(cdist_entry_t)), 0, 0, 0};
    cdist_verification_t verification = {1, &manifest, contents[_i].ini, NULL};
    const cdist_slot_t *slot = cdist_slot_make(contents[_i].slot, fx_pool);
    cdist_version_t version;
    const char *problem;

    if (contents[_i].name) {
        cdist_entry_t *entry = memset(apr_array_push(manifest.entries), 0, sizeof *entry);
        entry->name = contents[_i].name;
    }
    ck_assert(slot && cdist_version_parse(&version, "8.3.22.1750"));
    problem = cdist_content_problem(&verification, &version, slot, fx_pool);
    ck_assert_msg((problem == NULL) == contents[_i].good, "row %d: %s", _i, problem ? problem : "taken");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mirror_place");
    TCase *tests = fx_case(suite, "place", 10);

    tcase_add_test(tests, what_was_written_is_there_the_next_time);
    tcase_add_test(tests, a_journal_is_believed_as_far_as_it_makes_sense);
    tcase_add_test(tests, what_is_not_kept_does_not_come_back);
    tcase_add_test(tests, a_hold_lasts_until_it_is_released);
    tcase_add_test(tests, a_state_is_read_as_it_was_written_and_liars_are_forgiven);
    tcase_add_loop_test(tests, a_state_that_makes_no_sense_is_said_and_not_forgotten, 0, FX_COUNT(wrong_states));
    tcase_add_loop_test(tests, an_archive_is_the_client_that_it_is_offered_as, 0, FX_COUNT(contents));
    return suite;
}
