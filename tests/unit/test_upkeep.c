/* What a collection does besides eviction: what is said of an archive whose mark is wrong, and which notes are dropped. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

#define DAYS(n) apr_time_from_sec(86400 * (apr_time_t)(n))

static cdist_store_t *store;
static const char *logged;

static void keep_message(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)level;
    (void)status;
    logged = apr_pstrcat(fx_pool, logged, text, "\n", NULL);
}

static void open_store(void)
{
    logged = "";
    cdist_log_set(NULL, keep_message, NULL);
    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
}

static void collect(void)
{
    cdist_collected_t result;

    FX_OK(cdist_store_collect(&result, store, 1, "the limit", fx_pool));
    ck_assert(!result.busy);
}

/* A file of the store, changed so long ago. */
static const char *put(const char *kind, unsigned char number, const char *suffix, const char *text, apr_interval_time_t age)
{
    cdist_digest_t digest = {{number}};
    const char *path = cdist_store_path(store, kind, &digest, suffix, fx_pool);

    FX_OK(cdist_file_publish(path, text, strlen(text), fx_pool));
    FX_DONE(apr_file_mtime_set(path, apr_time_now() - age, fx_pool));
    return path + strlen(fx_folder) + 1;
}

START_TEST(an_eviction_tells_how_long_nobody_asked)
{
    open_store();
    put("archives", 1, ".zip", "bytes", DAYS(1));
    put("archives", 1, ".info", "1 zip 5 1\n", DAYS(1));
    collect();
    ck_assert_ptr_nonnull(strstr(logged, "CD0024"));
    ck_assert_msg(strstr(logged, "not used for 1440 min") != NULL, "%s", logged);
}
END_TEST

START_TEST(an_eviction_after_a_wrong_clock_says_so)
{
    open_store();
    put("archives", 1, ".zip", "bytes", DAYS(1));
    put("archives", 1, ".info", "1 zip 5 1\n", -DAYS(400));
    collect();
    ck_assert_ptr_nonnull(strstr(logged, "CD0024"));
    ck_assert_ptr_nonnull(strstr(logged, "the clock was wrong"));
    ck_assert_msg(strstr(logged, " min") == NULL, "%s", logged);
}
END_TEST

START_TEST(a_key_is_kept_as_long_as_something_tells_what_its_archive_was)
{
    cdist_digest_t key = {{1}}, other = {{2}}, sha256 = {{3}};
    const char *kept, *lost;

    open_store();
    kept = put("keys", 1, "", fx_hex(&sha256), DAYS(2));
    put("manifests", 3, ".json", "{}", DAYS(89));
    lost = put("keys", 2, "", fx_hex(&other), DAYS(2));
    collect();
    ck_assert(fx_exists(kept) && !fx_exists(lost));
    ck_assert(cdist_store_leads_to(store, &key, &sha256, fx_pool));
    ck_assert(!cdist_store_leads_to(store, &key, &other, fx_pool));
    ck_assert(!cdist_store_leads_to(store, &other, &other, fx_pool));
}
END_TEST

START_TEST(a_key_goes_with_the_manifest)
{
    cdist_digest_t sha256 = {{3}};
    const char *key, *json;

    open_store();
    key = put("keys", 1, "", fx_hex(&sha256), DAYS(91));
    put("manifests", 3, ".json", "{}", DAYS(91));
    FX_OK(cdist_store_kept_manifest(&json, store, &sha256, fx_pool));
    collect();
    ck_assert(!fx_exists(key));
    FX_FAILS(cdist_store_kept_manifest(&json, store, &sha256, fx_pool), CDIST_E_NOTFOUND);
}
END_TEST

START_TEST(a_note_that_nobody_stands_up_for_is_dropped)
{
    const char *old, *used, *foreign = "store/notes/README";

    open_store();
    old = put("notes", 1, "", "a catalogue", DAYS(31));
    used = put("notes", 2, "", "a catalogue", DAYS(29));
    fx_write_text(foreign, "not ours");
    FX_DONE(apr_file_mtime_set(fx_path(foreign), apr_time_now() - DAYS(400), fx_pool));
    collect();
    ck_assert(!fx_exists(old));
    ck_assert(fx_exists(used) && fx_exists(foreign));
}
END_TEST

START_TEST(a_renewed_note_stays)
{
    cdist_digest_t digest = {{1}}, none = {{2}};
    const char *note;

    open_store();
    note = put("notes", 1, "", "a catalogue", DAYS(31));
    cdist_store_renew_note(store, &digest, fx_pool);
    cdist_store_renew_note(store, &none, fx_pool);
    collect();
    ck_assert(fx_exists(note));
    ck_assert_int_eq(fx_children("store/notes"), 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("upkeep");
    TCase *tcase = fx_case(suite, "upkeep", 30);

    tcase_add_test(tcase, an_eviction_tells_how_long_nobody_asked);
    tcase_add_test(tcase, an_eviction_after_a_wrong_clock_says_so);
    tcase_add_test(tcase, a_key_is_kept_as_long_as_something_tells_what_its_archive_was);
    tcase_add_test(tcase, a_key_goes_with_the_manifest);
    tcase_add_test(tcase, a_note_that_nobody_stands_up_for_is_dropped);
    tcase_add_test(tcase, a_renewed_note_stays);
    return suite;
}
