/* Releases that are being copied or cannot be read for the moment: what was served before stays, and half of one is
 * never served. */
#include "platform_fixture.h"

#include <sys/stat.h>
#include <unistd.h>

/* What a scan of "root" after an earlier one finds for a slot of 8.3.22.1750. */
static const cdist_source_t *now(const cdist_catalogue_t *before, const char *slot)
{
    return fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", slot);
}

/* "root" with a distribution for Windows that is settled, and what was seen of it; the clock is right again. */
static const cdist_catalogue_t *settled_distribution(void)
{
    const cdist_catalogue_t *settled;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    settled = fx_scan_settled(fx_roots("root", NULL));
    fx_clock_ahead = 0;
    return settled;
}

START_TEST(a_fresh_release_is_listed_but_not_settled)
{
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    source = now(NULL, "windows64");
    ck_assert_ptr_nonnull(source);
    ck_assert(!source->settled);
    ck_assert(!cdist_release_usable(&APR_ARRAY_IDX(fx_scan(fx_roots("root", NULL), NULL)->releases, 0, cdist_release_t)));
    fx_clock_ahead = apr_time_from_sec(29);
    ck_assert(!now(NULL, "windows64")->settled);
    fx_clock_ahead = apr_time_from_sec(31);
    ck_assert(now(NULL, "windows64")->settled);
}
END_TEST

START_TEST(less_than_two_seconds_never_count_as_settled)
{
    cdist_catalogue_t *catalogue;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    catalogue = cdist_catalogue_scan(fx_roots("root", NULL), 0, NULL, fx_pool);
    ck_assert(!fx_source_in(catalogue, "8.3.22.1750", "windows64")->settled);
    fx_clock_ahead = apr_time_from_sec(3);
    catalogue = cdist_catalogue_scan(fx_roots("root", NULL), 0, NULL, fx_pool);
    ck_assert(fx_source_in(catalogue, "8.3.22.1750", "windows64")->settled);
}
END_TEST

START_TEST(a_change_anywhere_in_the_release_unsettles_all_of_it)
{
    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1750/Win64/deep/er/f", "x");
    fx_write_text("root/8.3.22.1750/Win32/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE32));
    ck_assert(fx_source_in(fx_scan_settled(fx_roots("root", NULL)), "8.3.22.1750", "windows32")->settled);
    fx_clock_ahead = 0;
    ck_assert(!now(NULL, "windows32")->settled);
}
END_TEST

START_TEST(a_touched_folder_keeps_what_was_settled_before)
{
    const cdist_catalogue_t *before = settled_distribution();
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/Win64/new", "x");
    source = now(before, "windows64");
    ck_assert(source->settled);
    ck_assert(cdist_digest_equal(&source->signature, &fx_source_in(before, "8.3.22.1750", "windows64")->signature));
    ck_assert(!now(NULL, "windows64")->settled);
    source = fx_source_in(fx_scan_settled(fx_roots("root", NULL)), "8.3.22.1750", "windows64");
    ck_assert(!cdist_digest_equal(&source->signature, &fx_source_in(before, "8.3.22.1750", "windows64")->signature));
}
END_TEST

START_TEST(a_ready_archive_that_is_being_added_does_not_take_away_the_distribution_served_before)
{
    const cdist_catalogue_t *before = settled_distribution();
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "half");
    source = now(before, "windows64");
    ck_assert_msg(source->settled, "the unsettled %s took the place of the settled distribution",
                  cdist_source_kind_name(source->kind));
}
END_TEST

START_TEST(a_settled_source_in_one_root_beats_an_unsettled_one_in_another)
{
    const cdist_catalogue_t *before;

    fx_make_folder("one");
    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    before = fx_scan_settled(fx_roots("one", "two"));
    fx_clock_ahead = 0;
    fx_write_text("one/8.3.22.1750/distr/windows64tc.zip", "half");
    ck_assert(fx_source_in(fx_scan(fx_roots("one", "two"), before), "8.3.22.1750", "windows64")->settled);
}
END_TEST

START_TEST(what_was_taken_away_is_gone_at_once)
{
    const cdist_catalogue_t *before;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    before = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(unlink(fx_path("root/8.3.22.1750/distr/windows64tc.zip")), 0);
    ck_assert_ptr_null(now(before, "windows64"));
}
END_TEST

START_TEST(a_kept_source_outlives_the_snapshot_that_it_came_from)
{
    cdist_catalogue_t *before, *after;
    const cdist_source_t *source;
    apr_pool_t *pool;

    fx_write_text("root/8.3.22.1750/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1750/linux64tc.zip", "z");
    apr_pool_create(&pool, fx_pool);
    fx_clock_ahead = apr_time_from_sec(100);
    before = cdist_catalogue_scan(fx_roots("root", NULL), 0, NULL, pool);
    fx_clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/new", "x");
    after = fx_scan(fx_roots("root", NULL), before);
    apr_pool_destroy(pool);
    source = fx_source_in(after, "8.3.22.1750", "windows64");
    ck_assert(source->settled);
    ck_assert_str_eq(source->path, fx_path("root/8.3.22.1750"));
    ck_assert_str_eq(APR_ARRAY_IDX(source->skip, 0, const char *), "/linux64tc.zip");
}
END_TEST

START_TEST(a_release_that_cannot_be_read_for_the_moment_stays_as_it_was)
{
    const cdist_catalogue_t *before;
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    before = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(chmod(fx_path("root/8.3.22.1750"), 0), 0);
    fx_obey_permissions();
    source = now(before, "windows64");
    ck_assert_ptr_nonnull(source);
    ck_assert(cdist_source_offered(source));
    ck_assert_int_eq(fx_scan(fx_roots("root", NULL), before)->problems->nelts, 1);
}
END_TEST

START_TEST(a_source_that_cannot_be_read_for_the_moment_stays_as_it_was)
{
    const cdist_catalogue_t *before;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    before = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(chmod(fx_path("root/8.3.22.1750/Win64"), 0), 0);
    fx_obey_permissions();
    ck_assert(cdist_source_offered(now(before, "windows64")));
    ck_assert(!cdist_source_offered(now(NULL, "windows64")));
    ck_assert(!cdist_source_offered(NULL));
}
END_TEST

START_TEST(a_setup_ini_that_cannot_be_read_does_not_take_away_what_was_served)
{
    const cdist_catalogue_t *before;

    fx_write_text("root/8.3.22.1750/win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1704/Setup.ini", FX_INI("8.3.22.1704", FX_PACKAGE64));
    before = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(chmod(fx_path("root/8.3.22.1750/win64/Setup.ini"), 0), 0);
    ck_assert_int_eq(chmod(fx_path("root/8.3.22.1704/Setup.ini"), 0), 0);
    fx_obey_permissions();
    ck_assert(cdist_source_offered(now(before, "windows64")));
    ck_assert(cdist_source_offered(fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1704", "windows64")));
}
END_TEST

START_TEST(a_kept_component_outlives_the_snapshot_that_it_came_from)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);
    const cdist_catalogue_t *before, *after;
    const cdist_source_t *source;
    apr_pool_t *pool;

    fx_add_component(lookup, "modules");
    fx_write_text("root/8.3.22.1750/modules/a", "x");
    apr_pool_create(&pool, fx_pool);
    fx_clock_ahead = apr_time_from_sec(100);
    before = cdist_catalogue_scan(lookup, 0, NULL, pool);
    fx_clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/modules/b", "x");
    after = fx_scan(lookup, before);
    apr_pool_destroy(pool);
    source = fx_source_in(after, "8.3.22.1750", "modules");
    ck_assert(cdist_source_offered(source));
    ck_assert_str_eq(source->slot->file, "modules.zip");
    ck_assert_int_eq(source->files, 1);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("catalogue settled");
    TCase *tcase = fx_case(suite, "catalogue settled", 20);

    tcase_add_test(tcase, a_fresh_release_is_listed_but_not_settled);
    tcase_add_test(tcase, less_than_two_seconds_never_count_as_settled);
    tcase_add_test(tcase, a_change_anywhere_in_the_release_unsettles_all_of_it);
    tcase_add_test(tcase, a_touched_folder_keeps_what_was_settled_before);
    tcase_add_test(tcase, a_ready_archive_that_is_being_added_does_not_take_away_the_distribution_served_before);
    tcase_add_test(tcase, a_settled_source_in_one_root_beats_an_unsettled_one_in_another);
    tcase_add_test(tcase, what_was_taken_away_is_gone_at_once);
    tcase_add_test(tcase, a_kept_source_outlives_the_snapshot_that_it_came_from);
    tcase_add_test(tcase, a_release_that_cannot_be_read_for_the_moment_stays_as_it_was);
    tcase_add_test(tcase, a_source_that_cannot_be_read_for_the_moment_stays_as_it_was);
    tcase_add_test(tcase, a_setup_ini_that_cannot_be_read_does_not_take_away_what_was_served);
    tcase_add_test(tcase, a_kept_component_outlives_the_snapshot_that_it_came_from);
    return suite;
}
