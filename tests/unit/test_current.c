/* A release that was built once stays current, whatever becomes of its archives, as long as it is there. Two objects of the
 * library stand for a server before and after a restart. */
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>

#define OLD "8.3.22.1"
#define NEW "8.3.25.1"
#define LEVEL 6

static cdist_store_t *store;
static cdist_live_t *server;

/* A start of the server. */
static void start_at(int level)
{
    cdist_live_options_t options = {apr_time_from_sec(10), 0, 0, level, apr_pcalloc(fx_pool, cdist_board_bytes())};

    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
    FX_OK(cdist_live_create(&server, &options, fx_pool));
    cdist_live_share(server, store);
}

static void make_store(void)
{
    ck_assert_int_eq(mkdir(fx_path("store"), 0755), 0);
    start_at(LEVEL);
}

/* What the server sees after its next look; what was written before counts as settled. */
static const cdist_catalogue_t *look(const cdist_lookup_t *lookup)
{
    const cdist_catalogue_t *catalogue;

    fx_clock_ahead += apr_time_from_sec(100);
    catalogue = cdist_live_get(server, lookup, 0, fx_pool);
    ck_assert_ptr_nonnull(catalogue);
    return catalogue;
}

/* Builds what the lookup finds for a version and slot. */
static void build(const cdist_lookup_t *lookup, const char *version, const char *slot)
{
    const cdist_source_t *source = fx_source_in(look(lookup), version, slot);
    cdist_job_t job;

    ck_assert_msg(source != NULL, "there is no %s %s", slot, version);
    cdist_source_job(&job, source, lookup->layout, LEVEL, 1, fx_pool);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
}

static void add(const char *version, const char *slot)
{
    const char *name = apr_psprintf(fx_pool, "root/%s/%s/", version, slot);

    if (strcmp(slot, "linux64") == 0) {
        fx_write_text(apr_psprintf(fx_pool, "%ssetup-thin-%s-x86_64.run", name, version), "#!/bin/sh\n");
    } else {
        fx_write_text(apr_pstrcat(fx_pool, name, "Setup.ini", NULL),
                      apr_psprintf(fx_pool, "[Startup]\r\nProductVersion=%s\r\nPackageName=" FX_PACKAGE64 "\r\n", version));
    }
}

static const apr_array_header_t *slots(const char *one, const char *two)
{
    apr_array_header_t *array = apr_array_make(fx_pool, 2, sizeof(const cdist_slot_t *));

    APR_ARRAY_PUSH(array, const cdist_slot_t *) = cdist_slot_make(one, fx_pool);
    if (two) APR_ARRAY_PUSH(array, const cdist_slot_t *) = cdist_slot_make(two, fx_pool);
    return array;
}

/* The current version of what the server sees next. */
static const char *current(const cdist_lookup_t *lookup, const apr_array_header_t *required)
{
    cdist_current_t wanted = {CDIST_CURRENT_NEWEST, {{0}, 0}, NULL, required, 1};
    const cdist_release_t *release;
    cdist_err_t *err = cdist_select_current(&release, look(lookup), &wanted, fx_pool);

    return err ? apr_pstrcat(fx_pool, "none: ", cdist_err_text(err, fx_pool), NULL)
               : cdist_version_format(&release->version, fx_pool);
}

/* OLD and NEW are built. */
static cdist_lookup_t *two_built(void)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    make_store();
    add(OLD, "windows64");
    add(NEW, "windows64");
    build(lookup, OLD, "windows64");
    build(lookup, NEW, "windows64");
    ck_assert_str_eq(current(lookup, NULL), NEW);
    return lookup;
}

static int is_built(const cdist_lookup_t *lookup, const char *version)
{
    return fx_source_in(look(lookup), version, "windows64")->built;
}

START_TEST(a_release_whose_files_changed_stays_current)
{
    cdist_lookup_t *lookup = two_built();

    fx_write_text("root/" NEW "/windows64/more.txt", "x");
    ck_assert_str_eq(current(lookup, NULL), NEW);
    ck_assert(!is_built(lookup, NEW));
    if (_i) start_at(LEVEL);
    ck_assert_str_eq(current(lookup, NULL), NEW);
    ck_assert_str_eq(current(lookup, slots("windows64", NULL)), NEW);
    fx_write_text("root/" NEW "/windows64/still more.txt", "x");
    ck_assert_str_eq(current(lookup, NULL), NEW);
}
END_TEST

START_TEST(a_release_whose_archive_was_dropped_stays_current_after_a_restart_too)
{
    cdist_lookup_t *lookup = two_built();
    cdist_selector_t selector = {cdist_slot_parse("windows64"), {{8, 3}, 2}};
    cdist_current_t wanted = {CDIST_CURRENT_NEWEST, {{0}, 0}, NULL, NULL, 1};
    const cdist_source_t *source;

    fx_remove("store/keys");
    ck_assert_int_eq(mkdir(fx_path("store/keys"), 0755), 0);
    build(lookup, OLD, "windows64");
    start_at(LEVEL);
    ck_assert_str_eq(current(lookup, NULL), NEW);
    ck_assert(!is_built(lookup, NEW) && is_built(lookup, OLD));
    FX_OK(cdist_select(&source, look(lookup), &wanted, &selector, fx_pool));
    ck_assert_str_eq(cdist_version_format(&source->version, fx_pool), NEW);
}
END_TEST

START_TEST(a_slot_that_comes_later_takes_nothing_back)
{
    cdist_lookup_t *lookup = two_built();

    add(NEW, "linux64");
    ck_assert_str_eq(current(lookup, NULL), NEW);
    start_at(LEVEL);
    ck_assert_str_eq(current(lookup, NULL), NEW);
    /* Where it is asked for, it is not built yet, and the release was never whole. */
    add(OLD, "linux64");
    build(lookup, OLD, "linux64");
    ck_assert_str_eq(current(lookup, slots("windows64", "linux64")), OLD);
    build(lookup, NEW, "linux64");
    ck_assert_str_eq(current(lookup, slots("windows64", "linux64")), NEW);
}
END_TEST

START_TEST(a_new_configuration_takes_nothing_back)
{
    cdist_lookup_t *lookup = two_built(), *more = fx_roots("root", NULL);

    fx_write_text("modules/" NEW "/a.txt", "x");
    fx_add_pattern(more, "modules", "modules/%v");
    start_at(LEVEL);
    ck_assert_str_eq(current(more, NULL), NEW);
    start_at(LEVEL + 1);
    ck_assert_str_eq(current(lookup, NULL), NEW);
    lookup->layout = CDIST_LAYOUT_FOLDER;
    start_at(LEVEL);
    build(lookup, OLD, "windows64");
    ck_assert_str_eq(current(lookup, NULL), NEW);
}
END_TEST

START_TEST(a_release_that_was_never_built_whole_stays_behind)
{
    cdist_lookup_t *lookup = two_built();

    add("8.3.27.1", "windows64");
    add("8.3.27.1", "linux64");
    ck_assert_str_eq(current(lookup, NULL), NEW);
    build(lookup, "8.3.27.1", "windows64");
    ck_assert_str_eq(current(lookup, NULL), NEW);
    start_at(LEVEL);
    ck_assert_str_eq(current(lookup, NULL), NEW);
    ck_assert_str_eq(current(lookup, slots("linux64", NULL)), "8.3.27.1"); /* none with it is built */
    build(lookup, "8.3.27.1", "linux64");
    ck_assert_str_eq(current(lookup, NULL), "8.3.27.1");
}
END_TEST

START_TEST(a_release_that_was_taken_away_starts_anew)
{
    cdist_lookup_t *lookup = two_built();

    fx_remove("root/" NEW);
    ck_assert_str_eq(current(lookup, NULL), OLD);
    add(NEW, "windows64");
    fx_write_text("root/" NEW "/windows64/more.txt", "x");
    ck_assert_str_eq(current(lookup, NULL), OLD);
}
END_TEST

START_TEST(a_root_that_was_away_comes_back_with_what_was_built)
{
    cdist_lookup_t *lookup = two_built();

    fx_add_root(lookup, "other");
    fx_write_text("other/8.3.27.1/windows64/Setup.ini", FX_INI("8.3.27.1", FX_PACKAGE64));
    start_at(LEVEL);
    build(lookup, "8.3.27.1", "windows64");
    ck_assert_str_eq(current(lookup, NULL), "8.3.27.1");
    ck_assert_int_eq(rename(fx_path("other"), fx_path("away")), 0);
    ck_assert_ptr_nonnull(strstr(current(lookup, NULL), "none: "));
    if (_i) start_at(LEVEL);
    ck_assert_ptr_nonnull(strstr(current(lookup, NULL), "none: "));
    /* As on a share that is mounted anew: nothing that the archive's key is made of is the same. */
    fx_write_text("other/8.3.27.1/windows64/Setup.ini", FX_INI("8.3.27.1", FX_PACKAGE64));
    ck_assert_str_eq(current(lookup, NULL), "8.3.27.1");
    ck_assert(!is_built(lookup, "8.3.27.1"));
}
END_TEST

START_TEST(what_was_built_needs_no_note_that_can_be_read)
{
    cdist_lookup_t *lookup = two_built();

    fx_remove("store/notes");
    ck_assert_int_eq(mkdir(fx_path("store/notes"), 0755), 0);
    start_at(LEVEL);
    ck_assert_str_eq(current(lookup, NULL), NEW);
    fx_write_text("root/" NEW "/windows64/more.txt", "x");
    ck_assert_str_eq(current(lookup, NULL), NEW);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("current");
    TCase *tcase = fx_case(suite, "current", 60);

    tcase_add_loop_test(tcase, a_release_whose_files_changed_stays_current, 0, 2);
    tcase_add_test(tcase, a_release_whose_archive_was_dropped_stays_current_after_a_restart_too);
    tcase_add_test(tcase, a_slot_that_comes_later_takes_nothing_back);
    tcase_add_test(tcase, a_new_configuration_takes_nothing_back);
    tcase_add_test(tcase, a_release_that_was_never_built_whole_stays_behind);
    tcase_add_test(tcase, a_release_that_was_taken_away_starts_anew);
    tcase_add_loop_test(tcase, a_root_that_was_away_comes_back_with_what_was_built, 0, 2);
    tcase_add_test(tcase, what_was_built_needs_no_note_that_can_be_read);
    return suite;
}
