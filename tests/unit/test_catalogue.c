/* The catalogue made of roots and patterns, and how it stays fresh. */
#include "exe_maker.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- catalogue ------------------------------------------------------------------------------------------------- */

START_TEST(releases_stand_newest_first_and_their_sources_in_the_order_of_slots)
{
    cdist_catalogue_t *catalogue;
    const cdist_release_t *first;

    fx_write_text("root/8.3.9.1/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/macOS64tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/windows32tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/linux64tc.zip", "z");
    fx_write_text("root/junk/x", "z");
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(catalogue->releases->nelts, 2);
    ck_assert_int_eq(catalogue->problems->nelts, 0);
    ck_assert_int_eq(catalogue->unreadable->nelts, 0);
    first = &APR_ARRAY_IDX(catalogue->releases, 0, cdist_release_t);
    ck_assert_str_eq(cdist_version_format(&first->version, fx_pool), "8.3.10.1");
    ck_assert_int_eq(first->sources->nelts, 3);
    ck_assert_str_eq(APR_ARRAY_IDX(first->sources, 0, const cdist_source_t *)->slot->name, "windows32");
    ck_assert_str_eq(APR_ARRAY_IDX(first->sources, 1, const cdist_source_t *)->slot->name, "linux64");
    ck_assert_str_eq(APR_ARRAY_IDX(first->sources, 2, const cdist_source_t *)->slot->name, "macos64");
    ck_assert(cdist_release_usable(first));
}
END_TEST

START_TEST(a_ready_archive_beats_a_distribution)
{
    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(fx_source_in(fx_scan_settled(fx_roots("root", NULL)), "8.3.22.1750", "windows64")->kind,
                     CDIST_SOURCE_READY);
}
END_TEST

START_TEST(a_sound_source_beats_one_with_a_problem)
{
    const cdist_source_t *source;

    fx_write_text("one/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1923", FX_PACKAGE64));
    fx_write_text("two/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    source = fx_source_in(fx_scan_settled(fx_roots("one", "two")), "8.3.22.1750", "windows64");
    ck_assert_ptr_null(source->problem);
    ck_assert_ptr_nonnull(strstr(source->path, "/two/"));
    ck_assert_int_eq(fx_scan_settled(fx_roots("one", "two"))->problems->nelts, 1);
}
END_TEST

START_TEST(of_two_roots_with_the_same_version_the_first_counts)
{
    const cdist_catalogue_t *catalogue;

    fx_write_text("one/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("two/8.3.22.1750/distr/linux64tc.zip", "z");
    catalogue = fx_scan_settled(fx_roots("one", "two"));
    ck_assert_int_eq(catalogue->releases->nelts, 1);
    ck_assert_ptr_nonnull(strstr(fx_source_in(catalogue, "8.3.22.1750", "windows64")->path, "/one/"));
    ck_assert_ptr_nonnull(strstr(fx_source_in(catalogue, "8.3.22.1750", "linux64")->path, "/two/"));
    catalogue = fx_scan_settled(fx_roots("two", "one"));
    ck_assert_ptr_nonnull(strstr(fx_source_in(catalogue, "8.3.22.1750", "windows64")->path, "/two/"));
}
END_TEST

static const char *const ini_names[] = {"Setup.ini", "setup.ini", "SETUP.INI"};

START_TEST(a_root_may_be_a_release_folder_itself)
{
    fx_write_text("8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_ptr_nonnull(fx_source_in(fx_scan_settled(fx_roots("8.3.22.1750", NULL)), "8.3.22.1750", "windows64"));
    ck_assert_ptr_nonnull(fx_source_in(fx_scan_settled(fx_roots("8.3.22.1750/", NULL)), "8.3.22.1750", "windows64"));
    fx_write_text(apr_pstrcat(fx_pool, "thin/", ini_names[_i], NULL), FX_INI("8.3.22.1750", FX_PACKAGE32));
    ck_assert_ptr_nonnull(fx_source_in(fx_scan_settled(fx_roots("thin", NULL)), "8.3.22.1750", "windows32"));
}
END_TEST

START_TEST(an_unreadable_root_is_listed_and_the_others_go_on)
{
    cdist_catalogue_t *catalogue;
    const cdist_err_t *err;

    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    catalogue = fx_scan_settled(fx_roots("missing", "two"));
    ck_assert_int_eq(catalogue->unreadable->nelts, 1);
    err = APR_ARRAY_IDX(catalogue->unreadable, 0, cdist_err_t *);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "missing"));
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_int_eq(catalogue->releases->nelts, 1);
}
END_TEST

START_TEST(an_unreadable_release_folder_is_a_problem_and_its_version_is_not_taken_for_absent)
{
    cdist_current_t newest = {CDIST_CURRENT_NEWEST, {{0}, 0}};
    cdist_selector_t selector = {cdist_slot_parse("windows64"), {{0}, 0}};
    const cdist_source_t *source;
    cdist_catalogue_t *catalogue;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.27.2342/distr/windows64tc.zip", "z");
    ck_assert_int_eq(chmod(fx_path("root/8.3.27.2342"), 0), 0);
    fx_obey_permissions();
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert(cdist_version_parse(&selector.mask, "8.3.27.2342"));
    FX_FAILS(cdist_select(&source, catalogue, &newest, &selector, fx_pool), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_fresh_release_is_listed_but_not_settled)
{
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    source = fx_source_in(fx_scan(fx_roots("root", NULL), NULL), "8.3.22.1750", "windows64");
    ck_assert_ptr_nonnull(source);
    ck_assert(!source->settled);
    ck_assert(!cdist_release_usable(&APR_ARRAY_IDX(fx_scan(fx_roots("root", NULL), NULL)->releases, 0, cdist_release_t)));
    fx_clock_ahead = apr_time_from_sec(29);
    ck_assert(!fx_source_in(fx_scan(fx_roots("root", NULL), NULL), "8.3.22.1750", "windows64")->settled);
    fx_clock_ahead = apr_time_from_sec(31);
    ck_assert(fx_source_in(fx_scan(fx_roots("root", NULL), NULL), "8.3.22.1750", "windows64")->settled);
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
    ck_assert(!fx_source_in(fx_scan(fx_roots("root", NULL), NULL), "8.3.22.1750", "windows32")->settled);
}
END_TEST

START_TEST(a_touched_folder_keeps_what_was_settled_before)
{
    const cdist_catalogue_t *before;
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    before = fx_scan_settled(fx_roots("root", NULL));
    fx_clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/Win64/new", "x");
    source = fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", "windows64");
    ck_assert(source->settled);
    ck_assert(cdist_digest_equal(&source->signature, &fx_source_in(before, "8.3.22.1750", "windows64")->signature));
    ck_assert(!fx_source_in(fx_scan(fx_roots("root", NULL), NULL), "8.3.22.1750", "windows64")->settled);
    source = fx_source_in(fx_scan_settled(fx_roots("root", NULL)), "8.3.22.1750", "windows64");
    ck_assert(!cdist_digest_equal(&source->signature, &fx_source_in(before, "8.3.22.1750", "windows64")->signature));
}
END_TEST

START_TEST(a_ready_archive_that_is_being_added_does_not_take_away_the_distribution_served_before)
{
    const cdist_catalogue_t *before;
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    before = fx_scan_settled(fx_roots("root", NULL));
    fx_clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "half");
    source = fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", "windows64");
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
    ck_assert_ptr_null(fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", "windows64"));
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

START_TEST(links_below_a_root_are_no_releases)
{
    fx_write_text("elsewhere/distr/windows64tc.zip", "z");
    fx_make_folder("root");
    fx_link("../elsewhere", "root/8.3.22.1750");
    ck_assert_int_eq(fx_scan_settled(fx_roots("root", NULL))->releases->nelts, 0);
}
END_TEST

START_TEST(a_hidden_folder_is_where_others_prepare_a_release)
{
    fx_write_text("root/.8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(fx_scan_settled(fx_roots("root", NULL))->releases->nelts, 0);
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
    source = fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", "windows64");
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
    ck_assert(cdist_source_offered(fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", "windows64")));
    ck_assert(!cdist_source_offered(fx_source_in(fx_scan(fx_roots("root", NULL), NULL), "8.3.22.1750", "windows64")));
    ck_assert(!cdist_source_offered(NULL));
}
END_TEST

/* ---- a catalogue that stays fresh -------------------------------------------------------------------------------- */

static const cdist_live_options_t ten_seconds = {10 * APR_USEC_PER_SEC, 0, 0, 6, NULL};
static const cdist_live_options_t long_time = {1000 * APR_USEC_PER_SEC, 0, 0, 6, NULL};

START_TEST(a_live_catalogue_is_scanned_again_after_its_interval_or_when_it_is_expired)
{
    const cdist_lookup_t *roots = fx_roots("root", NULL);
    const cdist_catalogue_t *first;
    cdist_live_t *live;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    FX_OK(cdist_live_create(&live, &ten_seconds, fx_pool));
    first = cdist_live_get(live, roots, 0, fx_pool);
    ck_assert_int_eq(first->releases->nelts, 1);
    fx_write_text("root/8.3.27.2342/distr/windows64tc.zip", "z");
    ck_assert_ptr_eq(cdist_live_get(live, roots, 0, fx_pool), first);
    fx_clock_ahead = apr_time_from_sec(11);
    ck_assert_int_eq(cdist_live_get(live, roots, 0, fx_pool)->releases->nelts, 2);
    ck_assert_int_eq(first->releases->nelts, 1);
    fx_write_text("root/8.3.27.2343/distr/windows64tc.zip", "z");
    ck_assert_int_eq(cdist_live_get(live, roots, 0, fx_pool)->releases->nelts, 2);
    cdist_live_expire(live, roots);
    fx_clock_ahead += apr_time_from_sec(1);
    ck_assert_int_eq(cdist_live_get(live, roots, 0, fx_pool)->releases->nelts, 3);
}
END_TEST

static cdist_lookup_t *lookup_number(int number)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    switch (number) {
    case 1: lookup->installed = 0; break;
    case 2: fx_add_component(lookup, "modules"); break;
    case 3: fx_add_pattern(lookup, "modules", "m/%v"); break;
    case 4: fx_add_pattern(lookup, "windows64", "m/%v"); break;
    case 5: fx_add_pattern(lookup, "modules", "m/x-%v"); break;
    case 6: fx_add_root(lookup, "m"); break;
    default: break;
    }
    return lookup;
}

START_TEST(lookups_that_differ_in_anything_share_no_snapshot_and_equal_ones_do)
{
    const cdist_catalogue_t *seen[7];
    cdist_live_t *live;
    int i, j;

    fx_make_folder("m");
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.22.1750/modules/a", "x");
    FX_OK(cdist_live_create(&live, &long_time, fx_pool));
    for (i = 0; i < FX_COUNT(seen); i++) {
        seen[i] = cdist_live_get(live, lookup_number(i), 0, fx_pool);
        for (j = 0; j < i; j++) ck_assert_msg(seen[i] != seen[j], "lookups %d and %d share a snapshot", i, j);
    }
    for (i = 0; i < FX_COUNT(seen); i++) ck_assert_ptr_eq(cdist_live_get(live, lookup_number(i), 0, fx_pool), seen[i]);
    ck_assert_ptr_null(fx_source_in(seen[0], "8.3.22.1750", "modules"));
    ck_assert_ptr_nonnull(fx_source_in(seen[2], "8.3.22.1750", "modules"));
    cdist_live_expire(live, lookup_number(2));
    fx_clock_ahead = apr_time_from_sec(2);
    ck_assert_ptr_ne(cdist_live_get(live, lookup_number(2), 0, fx_pool), seen[2]);
}
END_TEST

/* ---- odd roots --------------------------------------------------------------------------------------------------- */

START_TEST(an_architectures_folder_holds_releases_only_where_their_folders_lie_in_it)
{
    fx_write_text("root/x86_64/8.3.22.1750/distr/linux64tc.zip", "z");
    fx_write_text("root/win64/Setup.ini", FX_INI("8.3.22.1704", FX_PACKAGE64));
    fx_write_text("root/linux32/x86/8.3.22.1923/distr/linux32tc.zip", "z");
    ck_assert_str_eq(fx_list_catalogue(fx_scan_settled(fx_roots("root", NULL))),
                     "linux64 8.3.22.1750 ready root/x86_64/8.3.22.1750/distr/linux64tc.zip\n"
                     "windows64 8.3.22.1704 distribution root/win64");
}
END_TEST

START_TEST(a_link_in_an_architectures_folder_is_no_release_and_said)
{
    const cdist_catalogue_t *catalogue;

    exe_write_elf("away/1cv8c", EXE_ELF_X86_64);
    exe_write_elf("root/x86_64/8.3.22.1704/1cv8c", EXE_ELF_X86_64);
    fx_link("../../away", "root/x86_64/8.3.22.1750");
    catalogue = fx_scan_settled(fx_roots("root", NULL));
    ck_assert_str_eq(fx_list_catalogue(catalogue), "linux64 8.3.22.1704 installed root/x86_64/8.3.22.1704");
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->problems, 0, const char *), "8.3.22.1750: is a symbolic link"));
}
END_TEST

START_TEST(a_versions_folder_that_holds_nothing_is_said_after_a_while)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    fx_write_text("root/8.3.22.1750/readme.txt", "x");
    ck_assert_int_eq(fx_scan(lookup, NULL)->problems->nelts, 0);
    ck_assert_int_eq(fx_scan_settled(lookup)->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(fx_scan_settled(lookup)->problems, 0, const char *), "1cv8c"));
    exe_write_elf("root/8.3.22.1750/1cv8c", EXE_ELF_X86_64);
    lookup->installed = 0;
    ck_assert_int_eq(fx_scan_settled(lookup)->problems->nelts, 0);
    ck_assert_int_eq(fx_scan_settled(lookup)->releases->nelts, 0);
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
    ck_assert(cdist_source_offered(fx_source_in(fx_scan(fx_roots("root", NULL), before), "8.3.22.1750", "windows64")));
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
    Suite *suite = suite_create("catalogue");
    TCase *tcase = fx_case(suite, "catalogue", 20);

    tcase_add_test(tcase, releases_stand_newest_first_and_their_sources_in_the_order_of_slots);
    tcase_add_test(tcase, a_ready_archive_beats_a_distribution);
    tcase_add_test(tcase, a_sound_source_beats_one_with_a_problem);
    tcase_add_test(tcase, of_two_roots_with_the_same_version_the_first_counts);
    tcase_add_loop_test(tcase, a_root_may_be_a_release_folder_itself, 0, FX_COUNT(ini_names));
    tcase_add_test(tcase, an_unreadable_root_is_listed_and_the_others_go_on);
    tcase_add_test(tcase, an_unreadable_release_folder_is_a_problem_and_its_version_is_not_taken_for_absent);
    tcase_add_test(tcase, a_fresh_release_is_listed_but_not_settled);
    tcase_add_test(tcase, less_than_two_seconds_never_count_as_settled);
    tcase_add_test(tcase, a_change_anywhere_in_the_release_unsettles_all_of_it);
    tcase_add_test(tcase, a_touched_folder_keeps_what_was_settled_before);
    tcase_add_test(tcase, a_ready_archive_that_is_being_added_does_not_take_away_the_distribution_served_before);
    tcase_add_test(tcase, a_settled_source_in_one_root_beats_an_unsettled_one_in_another);
    tcase_add_test(tcase, what_was_taken_away_is_gone_at_once);
    tcase_add_test(tcase, a_kept_source_outlives_the_snapshot_that_it_came_from);
    tcase_add_test(tcase, links_below_a_root_are_no_releases);
    tcase_add_test(tcase, a_hidden_folder_is_where_others_prepare_a_release);
    tcase_add_test(tcase, a_release_that_cannot_be_read_for_the_moment_stays_as_it_was);
    tcase_add_test(tcase, a_source_that_cannot_be_read_for_the_moment_stays_as_it_was);
    tcase_add_test(tcase, a_live_catalogue_is_scanned_again_after_its_interval_or_when_it_is_expired);
    tcase_add_test(tcase, lookups_that_differ_in_anything_share_no_snapshot_and_equal_ones_do);
    tcase_add_test(tcase, an_architectures_folder_holds_releases_only_where_their_folders_lie_in_it);
    tcase_add_test(tcase, a_link_in_an_architectures_folder_is_no_release_and_said);
    tcase_add_test(tcase, a_versions_folder_that_holds_nothing_is_said_after_a_while);
    tcase_add_test(tcase, a_setup_ini_that_cannot_be_read_does_not_take_away_what_was_served);
    tcase_add_test(tcase, a_kept_component_outlives_the_snapshot_that_it_came_from);
    return suite;
}
