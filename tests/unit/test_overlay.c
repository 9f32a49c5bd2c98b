/* CDistOverlay: an administrator's files over a release's distribution, decided by the release before, the overlay, and the new
 * release. */
#include "../../core/platform/platform_int.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define OLD "8.3.22.1704"
#define NEW "8.3.22.1750"
#define IN_OLD "root/" OLD "/Win64/"
#define IN_NEW "root/" NEW "/Win64/"

static cdist_lookup_t *overlaid_root(void)
{
    cdist_lookup_t *lookup = fx_roots("root", NULL);

    lookup->overlay = fx_path("overlay");
    lookup->overlay_rules = fx_path("rules");
    return lookup;
}

/* Two releases, an overlay without files, and no rules. */
static void make_releases(void)
{
    fx_write_text(IN_OLD "Setup.ini", FX_INI(OLD, FX_PACKAGE64));
    fx_write_text(IN_NEW "Setup.ini", FX_INI(NEW, FX_PACKAGE64));
    fx_make_folder("overlay/windows64");
    fx_write_text("rules", "");
}

/* NULL: there is no such file. */
static void put(const char *folder, const char *name, const char *content)
{
    if (content) fx_write_text(apr_pstrcat(fx_pool, folder, name, NULL), content);
}

static const cdist_source_t *new_source(void)
{
    const cdist_source_t *source = fx_source_in(fx_scan_settled(overlaid_root()), NEW, "windows64");

    ck_assert_ptr_nonnull(source);
    return source;
}

static int keeps(const cdist_source_t *source, const char *path)
{
    int i;

    for (i = 0; source->overlaid && i < source->overlaid->kept->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(source->overlaid->kept, i, const char *), path) == 0) return 1;
    }
    return 0;
}

/* ---- the tables ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *rules, *before, *mine, *after;
    int kept, conflicts, open;
} rows[] = {/* changed by the administrator only */
            {"", "1", "m", "1", 1, 0, 0},
            {"* locked\n", "1", "m", "1", 1, 0, 0},
            {"", NULL, "m", NULL, 1, 0, 0},
            /* changed by the vendor only */
            {"", "1", "1", "2", 0, 0, 0},
            {"* locked\n", "1", "1", "2", 0, 0, 0},
            {"* editable\n", "1", "1", "2", 0, 0, 0},
            {"* removed\n", "1", "1", "2", 1, 0, 0},
            {"", "1", NULL, "2", 0, 0, 0},
            {"* removed\n", "1", NULL, "2", 0, 0, 0},
            /* changed by both alike */
            {"", "1", "2", "2", 1, 0, 0},
            /* changed by both */
            {"", "1", "m", "2", 0, 1, 1},
            {"* locked\n", "1", "m", "2", 0, 1, 1},
            {"* editable\n", "1", "m", "2", 0, 1, 0},
            {"* removed\n", "1", "m", "2", 1, 0, 0},
            {"", NULL, "m", "2", 0, 1, 1},
            {"", "1", "m", NULL, 0, 1, 1},
            {"* locked\n", "1", "m", NULL, 0, 1, 1},
            {"* editable\n", "1", "m", NULL, 0, 1, 0},
            {"* removed\n", "1", "m", NULL, 1, 0, 0}};

START_TEST(the_tables_decide_what_goes_into_the_archive)
{
    const cdist_source_t *source;

    make_releases();
    fx_write_text("rules", rows[_i].rules);
    put(IN_OLD, "conf/app.cfg", rows[_i].before);
    put("overlay/windows64/", "conf/app.cfg", rows[_i].mine);
    put(IN_NEW, "conf/app.cfg", rows[_i].after);
    source = new_source();
    ck_assert_ptr_nonnull(source->overlaid);
    ck_assert_int_eq(keeps(source, "conf/app.cfg"), rows[_i].kept);
    ck_assert_int_eq(source->overlaid->conflicts->nelts, rows[_i].conflicts);
    ck_assert_int_eq(source->overlaid->open, rows[_i].open);
    ck_assert_int_eq(cdist_source_offered(source), !rows[_i].open);
    /* What is laid over it shows in the signature, and nothing else does. */
    ck_assert_int_eq(cdist_digest_equal(&source->signature, &source->overlaid->vendor), !rows[_i].kept);
}
END_TEST

/* ---- releases ----------------------------------------------------------------------------------------------------- */

static const char *current_of(const cdist_catalogue_t *catalogue)
{
    cdist_current_t current = {.kind = CDIST_CURRENT_NEWEST};
    const cdist_release_t *release;
    cdist_err_t *err = cdist_select_current(&release, catalogue, &current, fx_pool);

    return err ? cdist_err_text(err, fx_pool) : cdist_version_format(&release->version, fx_pool);
}

static void make_conflict(void)
{
    make_releases();
    put(IN_OLD, "app.cfg", "1");
    put("overlay/windows64/", "app.cfg", "mine");
    put(IN_NEW, "app.cfg", "2");
}

START_TEST(an_open_conflict_holds_the_whole_release_back_and_is_told)
{
    const cdist_catalogue_t *catalogue;

    make_conflict();
    fx_write_text("root/" NEW "/Win32/Setup.ini", FX_INI(NEW, FX_PACKAGE32));
    catalogue = fx_scan_settled(overlaid_root());
    ck_assert_str_eq(current_of(catalogue), OLD);
    ck_assert(cdist_release_held(cdist_catalogue_release(catalogue, &fx_source_in(catalogue, NEW, "windows64")->version)));
    ck_assert(cdist_source_offered(fx_source_in(catalogue, NEW, "windows32")));
    ck_assert_int_eq(catalogue->conflicts->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->conflicts, 0, const char *), "windows64 " NEW ": app.cfg: "));
    ck_assert_int_eq(catalogue->problems->nelts, 0);
    fx_write_text("rules", "app.cfg removed\n");
    catalogue = fx_scan_settled(overlaid_root());
    ck_assert_str_eq(current_of(catalogue), NEW);
    ck_assert_int_eq(catalogue->conflicts->nelts, 0);
}
END_TEST

START_TEST(a_release_that_is_held_back_and_the_only_one_says_so)
{
    make_releases();
    fx_write_text("root/" NEW "/Win64/app.cfg/deeper", "x");
    put("overlay/windows64/", "app.cfg", "mine");
    fx_remove("root/" OLD);
    ck_assert_ptr_nonnull(strstr(current_of(fx_scan_settled(overlaid_root())), "held back"));
}
END_TEST

START_TEST(without_a_release_before_the_overlay_is_this_ones)
{
    make_releases();
    put(IN_OLD, "app.cfg", "1");
    put("overlay/windows64/", "app.cfg", "mine");
    ck_assert(keeps(fx_source_in(fx_scan_settled(overlaid_root()), OLD, "windows64"), "app.cfg"));
}
END_TEST

START_TEST(the_release_before_is_of_the_same_family)
{
    make_releases();
    put(IN_OLD, "app.cfg", "1");
    put(IN_NEW, "app.cfg", "1");
    put("overlay/windows64/", "app.cfg", "mine");
    fx_write_text("root/8.5.1.100/Win64/Setup.ini", FX_INI("8.5.1.100", FX_PACKAGE64));
    fx_write_text("root/8.5.1.100/Win64/app.cfg", "2");
    ck_assert(keeps(fx_source_in(fx_scan_settled(overlaid_root()), "8.5.1.100", "windows64"), "app.cfg"));
}
END_TEST

START_TEST(an_archive_of_the_release_made_before_goes_on_when_a_conflict_opens)
{
    cdist_catalogue_t *before;
    const cdist_source_t *source, *known;

    make_releases();
    put(IN_OLD, "app.cfg", "1");
    put(IN_NEW, "app.cfg", "2");
    before = fx_scan_settled(overlaid_root());
    known = fx_source_in(before, NEW, "windows64");
    ((cdist_source_t *)known)->built = 1;
    put("overlay/windows64/", "app.cfg", "mine");
    fx_clock_ahead = 0;
    source = fx_source_in(fx_scan(overlaid_root(), before), NEW, "windows64");
    ck_assert_int_eq(source->overlaid->open, 0); /* not still yet */
    fx_clock_ahead = apr_time_from_sec(3600);
    source = fx_source_in(fx_scan(overlaid_root(), before), NEW, "windows64");
    ck_assert_int_eq(source->overlaid->open, 1);
    ck_assert(cdist_source_offered(source));
    ck_assert(cdist_digest_equal(&source->signature, &known->signature));
}
END_TEST

START_TEST(nothing_is_said_of_a_release_that_is_being_copied)
{
    const cdist_catalogue_t *catalogue;

    make_conflict();
    catalogue = fx_scan(overlaid_root(), NULL);
    ck_assert_int_eq(catalogue->conflicts->nelts, 0);
    ck_assert(!cdist_source_offered(fx_source_in(catalogue, NEW, "windows64")));
    ck_assert(!cdist_release_held(cdist_catalogue_release(catalogue, &fx_source_in(catalogue, NEW, "windows64")->version)));
    fx_clock_ahead = apr_time_from_sec(3600);
    ck_assert_int_eq(fx_scan(overlaid_root(), catalogue)->conflicts->nelts, 1);
}
END_TEST

START_TEST(an_overlay_that_is_being_copied_in_waits_until_it_is_still)
{
    const cdist_catalogue_t *before;

    make_releases();
    fx_remove("overlay/windows64");
    before = fx_scan_settled(overlaid_root());
    ck_assert_ptr_null(fx_source_in(before, NEW, "windows64")->overlaid);
    fx_clock_ahead = 0;
    put("overlay/windows64/", "app.cfg", "mine");
    ck_assert(!keeps(fx_source_in(fx_scan(overlaid_root(), before), NEW, "windows64"), "app.cfg"));
    ck_assert(cdist_source_offered(fx_source_in(fx_scan(overlaid_root(), before), NEW, "windows64")));
    fx_clock_ahead = apr_time_from_sec(3600);
    ck_assert(keeps(fx_source_in(fx_scan(overlaid_root(), before), NEW, "windows64"), "app.cfg"));
}
END_TEST

START_TEST(what_was_decided_is_read_back_by_other_processes)
{
    cdist_lookup_t *lookup;
    cdist_catalogue_t *catalogue, *read;
    const cdist_source_t *source, *again;

    make_conflict();
    put("overlay/windows64/", "own.txt", "mine");
    fx_write_text("rules", "app.cfg editable\n");
    lookup = overlaid_root();
    catalogue = fx_scan_settled(lookup);
    source = fx_source_in(catalogue, NEW, "windows64");
    read = cdist_catalogue_read(cdist_catalogue_write(catalogue, fx_pool), lookup, fx_pool);
    ck_assert_ptr_nonnull(read);
    again = fx_source_in(read, NEW, "windows64");
    ck_assert(keeps(again, "own.txt") && !keeps(again, "app.cfg"));
    ck_assert_int_eq(again->overlaid->conflicts->nelts, 1);
    ck_assert(cdist_digest_equal(&again->overlaid->state, &source->overlaid->state));
    ck_assert(cdist_digest_equal(&again->overlaid->vendor, &source->overlaid->vendor));
    ck_assert_str_eq(APR_ARRAY_IDX(read->conflicts, 0, const char *), APR_ARRAY_IDX(catalogue->conflicts, 0, const char *));
    /* And taken over as it is: the next look gives the same source. */
    again = fx_source_in(fx_scan(lookup, read), NEW, "windows64");
    ck_assert(cdist_digest_equal(&again->signature, &source->signature));
}
END_TEST

/* ---- what cannot be used ------------------------------------------------------------------------------------------ */

static const struct {
    const char *setup; /* of the overlay */
    int open;
} setups[] = {{FX_INI(NEW, "x.msi"), 0}, {FX_INI(OLD, "x.msi"), 1}, {"[Startup]\r\n", 1}};

START_TEST(an_overlays_setup_ini_must_be_of_the_releases_version)
{
    make_releases();
    fx_write_text("rules", "Setup.ini removed\n");
    fx_write_text("overlay/windows64/Setup.ini", setups[_i].setup);
    ck_assert_int_eq(new_source()->overlaid->open, setups[_i].open);
}
END_TEST

START_TEST(a_file_in_the_place_of_a_vendors_folder_is_an_open_conflict)
{
    make_releases();
    put(IN_NEW, "a/b", "1");
    put(IN_NEW, "c", "1");
    put("overlay/windows64/", "a", "mine");
    put("overlay/windows64/", "c/d", "mine");
    fx_write_text("rules", "* removed\n");
    ck_assert_int_eq(new_source()->overlaid->open, 2);
}
END_TEST

/* What is taken away, a link and where it leads, a file and its content; each may be missing. */
static const struct {
    const char *removed, *target, *link, *file, *text;
} spoilers[] = {{"overlay", NULL, NULL, NULL, NULL},
                {"rules", NULL, NULL, NULL, NULL},
                {NULL, NULL, NULL, "rules", "app.cfg sometimes\n"},
                {"overlay/windows64", "/etc", "overlay/windows64", NULL, NULL},
                {NULL, "../../../etc/passwd", "overlay/windows64/app.cfg", NULL, NULL},
                {NULL, NULL, NULL, "overlay/Win64/second.txt", "x"},
                {NULL, NULL, NULL, "overlay/windows64/a\\b", "x"}};

START_TEST(what_cannot_be_laid_over_is_not_left_out_silently)
{
    cdist_catalogue_t *catalogue, *before;

    make_releases();
    before = fx_scan_settled(overlaid_root());
    if (spoilers[_i].removed) fx_remove(spoilers[_i].removed);
    if (spoilers[_i].link) fx_link(spoilers[_i].target, spoilers[_i].link);
    put("", spoilers[_i].file, spoilers[_i].text);
    catalogue = fx_scan_settled(overlaid_root());
    ck_assert(!cdist_source_offered(fx_source_in(catalogue, NEW, "windows64")));
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->problems, 0, const char *), "CDistOverlay: "));
    /* What was served before stays. */
    ck_assert(cdist_source_offered(fx_source_in(fx_scan(overlaid_root(), before), NEW, "windows64")));
}
END_TEST

START_TEST(ready_archives_and_other_slots_are_left_as_they_are)
{
    const cdist_catalogue_t *catalogue;

    make_releases();
    put("overlay/windows32/", "app.cfg", "mine");
    put("overlay/linux64/", "app.cfg", "mine");
    fx_make_folder("overlay/misspelt");
    fx_write_text("root/" NEW "/distr/linux64tc.zip", "z");
    catalogue = fx_scan_settled(overlaid_root());
    ck_assert_ptr_null(fx_source_in(catalogue, NEW, "linux64")->overlaid);
    ck_assert_ptr_nonnull(fx_source_in(catalogue, NEW, "windows64")->overlaid);
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(catalogue->problems, 0, const char *), "misspelt: is named by no slot"));
}
END_TEST

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

START_TEST(a_job_takes_each_file_from_where_it_lies_and_notices_changes_on_both_sides)
{
    const cdist_source_t *source;
    const cdist_input_t *input;
    cdist_tree_t *tree;
    cdist_job_t job;
    int clash;

    make_releases();
    put(IN_NEW, "a-b", "vendor's");
    put(IN_NEW, "a/b", "vendor's");
    put("overlay/windows64/", "a/b", "mine, and longer");
    put("overlay/windows64/", "a/c", "mine");
    fx_write_text("rules", "* removed\n");
    source = new_source();
    cdist_source_job(&job, source, CDIST_LAYOUT_FLAT, 6, 0, fx_pool);
    FX_OK(cdist_job_list(&tree, cdist_job_dup(&job, fx_pool), fx_pool));
    ck_assert_int_eq(tree->files, 4);
    ck_assert_uint_eq(tree->bytes, source->bytes);
    input = cdist_tree_find(&clash, tree, "a/b", fx_pool);
    ck_assert(input->over && input->stat.bytes == strlen("mine, and longer"));
    ck_assert(!cdist_tree_find(&clash, tree, "a-b", fx_pool)->over);
    ck_assert(cdist_tree_find(&clash, tree, "a/c", fx_pool)->over);
    ck_assert(!cdist_tree_find(&clash, tree, "a", fx_pool) && clash);
    ck_assert(!cdist_tree_find(&clash, tree, "a/c/d", fx_pool) && clash);
    ck_assert(!cdist_tree_find(&clash, tree, "a/d", fx_pool) && !clash);
    fx_write_text("overlay/windows64/a/c", "changed");
    FX_FAILS(cdist_job_list(&tree, &job, fx_pool), CDIST_E_CHANGED);
    fx_remove("overlay/windows64/a/c");
    FX_FAILS(cdist_job_list(&tree, &job, fx_pool), CDIST_E_CHANGED);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("overlay");
    TCase *tcase = fx_case(suite, "overlay", 20);

    tcase_add_loop_test(tcase, the_tables_decide_what_goes_into_the_archive, 0, FX_COUNT(rows));
    tcase_add_test(tcase, an_open_conflict_holds_the_whole_release_back_and_is_told);
    tcase_add_test(tcase, a_release_that_is_held_back_and_the_only_one_says_so);
    tcase_add_test(tcase, without_a_release_before_the_overlay_is_this_ones);
    tcase_add_test(tcase, the_release_before_is_of_the_same_family);
    tcase_add_test(tcase, an_archive_of_the_release_made_before_goes_on_when_a_conflict_opens);
    tcase_add_test(tcase, nothing_is_said_of_a_release_that_is_being_copied);
    tcase_add_test(tcase, an_overlay_that_is_being_copied_in_waits_until_it_is_still);
    tcase_add_test(tcase, what_was_decided_is_read_back_by_other_processes);
    tcase_add_loop_test(tcase, an_overlays_setup_ini_must_be_of_the_releases_version, 0, FX_COUNT(setups));
    tcase_add_test(tcase, a_file_in_the_place_of_a_vendors_folder_is_an_open_conflict);
    tcase_add_loop_test(tcase, what_cannot_be_laid_over_is_not_left_out_silently, 0, FX_COUNT(spoilers));
    tcase_add_test(tcase, ready_archives_and_other_slots_are_left_as_they_are);
    tcase_add_test(tcase, a_job_takes_each_file_from_where_it_lies_and_notices_changes_on_both_sides);
    return suite;
}
