/* What release folders hold, and the catalogue made of it. The clock is moved so that no test waits for a folder
 * to settle. */
#include "fixture.h"
#include "platform/cdist_platform.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

static apr_interval_time_t clock_ahead;

/* NB: takes the place of APR's own, so that folders made a moment ago count as old. */
apr_time_t apr_time_now(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return apr_time_make(now.tv_sec, now.tv_usec) + clock_ahead;
}

static const cdist_lookup_t everything = {NULL, NULL, NULL, 1};
static int recognised;

static apr_array_header_t *sources_of(const char *folder)
{
    apr_array_header_t *sources = apr_array_make(fx_pool, 4, sizeof(cdist_source_t));
    const char *slash = strrchr(folder, '/');

    FX_OK(cdist_source_scan(sources, &recognised, &everything, fx_path(folder), slash ? slash + 1 : folder, fx_pool));
    return sources;
}

/* "windows64 8.3.22.1750 ready r/distr/windows64tc.zip", a line each; a problem shows as "!". */
static const char *list(const apr_array_header_t *sources)
{
    const char *text = "";
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const cdist_source_t *source = &APR_ARRAY_IDX(sources, i, cdist_source_t);
        text = apr_psprintf(fx_pool, "%s%s%s %s %s %s%s", text, i ? "\n" : "", source->slot ? source->slot->name : "?",
                            cdist_version_format(&source->version, fx_pool), cdist_source_kind_name(source->kind),
                            source->path + strlen(fx_folder) + 1, source->problem ? " !" : "");
    }
    return text;
}

#define INI(version, package) "[Startup]\r\nProductVersion=" version "\r\nPackageName=" package "\r\n"
#define PACKAGE64 "1CEnterprise 8 Thin client (x86-64).msi"
#define PACKAGE32 "1CEnterprise 8 Thin client.msi"

static void write_pe(const char *name, unsigned machine)
{
    unsigned char bytes[0x100] = {'M', 'Z'};

    bytes[0x3C] = 0x80;
    memcpy(bytes + 0x80, "PE", 2);
    bytes[0x84] = (unsigned char)machine;
    bytes[0x85] = (unsigned char)(machine >> 8);
    fx_write(name, bytes, sizeof bytes);
}

/* ---- layouts --------------------------------------------------------------------------------------------------- */

START_TEST(ready_archives_lie_in_distr_or_in_the_release_folder)
{
    fx_write_text("8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("8.3.22.1750/distr/readme.txt", "z");
    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    ck_assert_str_eq(list(sources_of("8.3.22.1750")), "linux64 8.3.22.1750 ready 8.3.22.1750/linux64tc.zip\n"
                                                      "windows64 8.3.22.1750 ready 8.3.22.1750/distr/windows64tc.zip");
}
END_TEST

START_TEST(a_release_folder_may_be_one_distribution)
{
    apr_array_header_t *sources;
    const cdist_source_t *source;

    fx_write_text("8.3.22.1750/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    write_pe("8.3.22.1750/setup.exe", 0x014c);
    fx_write_text("8.3.22.1750/data/" PACKAGE64, "m");
    sources = sources_of("8.3.22.1750");
    ck_assert_str_eq(list(sources), "windows64 8.3.22.1750 distribution 8.3.22.1750");
    source = &APR_ARRAY_IDX(sources, 0, cdist_source_t);
    ck_assert_int_eq(source->files, 3);
    ck_assert_uint_eq(source->bytes, strlen(INI("8.3.22.1750", PACKAGE64)) + 0x100 + 1);
    ck_assert_ptr_null(source->skip);
}
END_TEST

START_TEST(a_release_folder_may_hold_a_folder_for_each_slot)
{
    fx_write_text("8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("8.3.22.1750/Win32/Setup.ini", INI("8.3.22.1750", PACKAGE32));
    fx_write_text("8.3.22.1750/linux64/setup-thin-8.3.22.1750-x86_64.run", "r");
    fx_write_text("8.3.22.1750/macos/client.dmg", "d");
    fx_write_text("8.3.22.1750/docs/readme.txt", "t");
    ck_assert_str_eq(list(sources_of("8.3.22.1750")), "windows32 8.3.22.1750 distribution 8.3.22.1750/Win32\n"
                                                      "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64\n"
                                                      "linux64 8.3.22.1750 distribution 8.3.22.1750/linux64\n"
                                                      "macos64 8.3.22.1750 distribution 8.3.22.1750/macos");
}
END_TEST

START_TEST(an_unpacked_download_is_a_release_folder)
{
    fx_write_text("setuptc64_8_3_27_2342/Setup.ini", INI("8.3.27.2342", PACKAGE64));
    fx_write_text("setuptc64_8_3_27_2342/setup.exe", "x");
    ck_assert_str_eq(list(sources_of("setuptc64_8_3_27_2342")),
                     "windows64 8.3.27.2342 distribution setuptc64_8_3_27_2342");
}
END_TEST

START_TEST(what_belongs_to_other_sources_is_left_out_of_a_distribution)
{
    apr_array_header_t *sources;
    const cdist_source_t *source;

    fx_write_text("8.3.22.1750/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    fx_write_text("8.3.22.1750/Win32/Setup.ini", INI("8.3.22.1750", PACKAGE32));
    fx_write_text("8.3.22.1750/distr/macOS64tc.zip", "z");
    fx_write_text("8.3.22.1750/data/f", "12345");
    sources = sources_of("8.3.22.1750");
    ck_assert_int_eq(sources->nelts, 4);
    source = &APR_ARRAY_IDX(sources, 3, cdist_source_t);
    ck_assert_str_eq(source->slot->name, "windows64");
    ck_assert_int_eq(source->files, 2);
    ck_assert_int_eq(source->skip->nelts, 3);
}
END_TEST

START_TEST(a_folder_without_anything_of_ours_adds_nothing)
{
    fx_write_text("photos/a.jpg", "x");
    fx_write_text("photos/sub/b.txt", "x");
    ck_assert_int_eq(sources_of("photos")->nelts, 0);
}
END_TEST

/* ---- version and slot ------------------------------------------------------------------------------------------ */

START_TEST(setup_ini_names_the_version_where_the_folder_does_not)
{
    fx_write_text("thin/Setup.ini", INI("8.3.22.1750", PACKAGE32));
    ck_assert_str_eq(list(sources_of("thin")), "windows32 8.3.22.1750 distribution thin");
}
END_TEST

START_TEST(setup_ini_may_be_utf_16)
{
    static const char text[] = INI("8.3.22.1750", PACKAGE64);
    char wide[2 + 2 * sizeof text] = "\xFF\xFE";
    size_t i;

    for (i = 0; i + 1 < sizeof text; i++) {
        wide[2 + 2 * i] = text[i];
        wide[3 + 2 * i] = 0;
    }
    fx_write("thin/setup.INI", wide, 2 * sizeof text);
    ck_assert_str_eq(list(sources_of("thin")), "windows64 8.3.22.1750 distribution thin");
}
END_TEST

START_TEST(another_version_in_setup_ini_is_a_problem)
{
    apr_array_header_t *sources;
    const char *problem;

    fx_write_text("8.3.22.1750/Setup.ini", INI("8.3.22.1923", PACKAGE64));
    sources = sources_of("8.3.22.1750");
    ck_assert_str_eq(list(sources), "windows64 8.3.22.1750 distribution 8.3.22.1750 !");
    problem = APR_ARRAY_IDX(sources, 0, cdist_source_t).problem;
    ck_assert_ptr_nonnull(strstr(problem, "8.3.22.1923"));
    ck_assert_ptr_nonnull(strstr(problem, "8.3.22.1750"));
}
END_TEST

START_TEST(a_source_without_a_version_is_a_problem)
{
    fx_write_text("thin/setup.exe", "x");
    fx_write_text("ready/windows64tc.zip", "x");
    ck_assert_int_eq(sources_of("thin")->nelts, 1);
    ck_assert_ptr_nonnull(APR_ARRAY_IDX(sources_of("thin"), 0, cdist_source_t).problem);
    ck_assert_str_eq(list(sources_of("ready")), "windows64  ready ready/windows64tc.zip !");
}
END_TEST

START_TEST(the_slot_comes_from_the_name_then_the_package_then_the_installer_then_its_header)
{
    write_pe("8.3.22.1/setup.exe", 0x014c);
    fx_write_text("8.3.22.2/win64/Setup.ini", INI("8.3.22.2", PACKAGE32));
    fx_write_text("8.3.22.3/x/Client (x86-64).msi", "m");
    fx_write_text("8.3.22.4/x/client.pkg", "p");
    write_pe("8.3.22.5/x/setup.exe", 0x8664);
    fx_write_text("8.3.22.6/x/setup.exe", "not a program");
    ck_assert_str_eq(list(sources_of("8.3.22.1")), "windows32 8.3.22.1 distribution 8.3.22.1");
    ck_assert_str_eq(list(sources_of("8.3.22.2")), "windows64 8.3.22.2 distribution 8.3.22.2/win64");
    ck_assert_str_eq(list(sources_of("8.3.22.3")), "windows64 8.3.22.3 distribution 8.3.22.3/x");
    ck_assert_str_eq(list(sources_of("8.3.22.4")), "macos64 8.3.22.4 distribution 8.3.22.4/x");
    ck_assert_str_eq(list(sources_of("8.3.22.5")), "windows64 8.3.22.5 distribution 8.3.22.5/x");
    ck_assert_str_eq(list(sources_of("8.3.22.6")), "? 8.3.22.6 distribution 8.3.22.6/x !");
}
END_TEST

START_TEST(a_distribution_with_an_unsafe_name_is_a_problem)
{
    fx_write_text("8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("8.3.22.1750/Win64/a\\b", "x");
    ck_assert_str_eq(list(sources_of("8.3.22.1750")), "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64 !");
}
END_TEST

START_TEST(a_setup_ini_that_is_a_link_is_not_read)
{
    fx_write_text("elsewhere.ini", INI("8.3.22.1750", PACKAGE64));
    fx_link("../elsewhere.ini", "thin/Setup.ini");
    fx_write_text("thin/setup.exe", "x");
    ck_assert_ptr_nonnull(APR_ARRAY_IDX(sources_of("thin"), 0, cdist_source_t).problem);
    ck_assert_int_eq(APR_ARRAY_IDX(sources_of("thin"), 0, cdist_source_t).version.count, 0);
}
END_TEST

START_TEST(a_folder_that_is_not_there_is_an_error)
{
    apr_array_header_t *sources = apr_array_make(fx_pool, 4, sizeof(cdist_source_t));

    FX_FAILS(cdist_source_scan(sources, &recognised, &everything, fx_path("none"), "none", fx_pool), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_slot_folder_that_cannot_be_read_is_a_problem_of_that_slot)
{
    fx_write_text("8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("8.3.22.1750/Win32/Setup.ini", INI("8.3.22.1750", PACKAGE32));
    ck_assert_int_eq(chmod(fx_path("8.3.22.1750/Win64"), 0), 0);
    fx_be_nobody();
    ck_assert_str_eq(list(sources_of("8.3.22.1750")), "windows32 8.3.22.1750 distribution 8.3.22.1750/Win32\n"
                                                      "windows64 8.3.22.1750 distribution 8.3.22.1750/Win64 !");
}
END_TEST

START_TEST(a_job_carries_what_the_source_is)
{
    apr_array_header_t *sources;
    cdist_job_t job, other;

    fx_write_text("8.3.22.1750/linux64tc.zip", "z");
    fx_write_text("8.3.22.1750/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    sources = sources_of("8.3.22.1750");
    cdist_source_job(&job, &APR_ARRAY_IDX(sources, 0, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    cdist_source_job(&other, &APR_ARRAY_IDX(sources, 1, cdist_source_t), CDIST_LAYOUT_FLAT, 6, 2, fx_pool);
    ck_assert_int_eq(job.ready, 1);
    ck_assert_uint_eq(job.stat.bytes, 1);
    ck_assert_str_eq(job.label, "linux64 8.3.22.1750");
    ck_assert_int_eq(other.ready, 0);
    ck_assert_int_eq(other.level, 6);
    ck_assert_int_eq(other.threads, 2);
    ck_assert_int_eq(other.skip->nelts, 1);
    ck_assert(!cdist_digest_equal(&job.key, &other.key));
}
END_TEST

/* ---- catalogue ------------------------------------------------------------------------------------------------- */

static const cdist_lookup_t *roots_of(const char *one, const char *two)
{
    apr_array_header_t *roots = apr_array_make(fx_pool, 2, sizeof(const char *));
    cdist_lookup_t *lookup = apr_pmemdup(fx_pool, &everything, sizeof everything);

    APR_ARRAY_PUSH(roots, const char *) = fx_path(one);
    if (two) APR_ARRAY_PUSH(roots, const char *) = fx_path(two);
    lookup->roots = roots;
    return lookup;
}

static cdist_catalogue_t *scan(const char *one, const char *two, const cdist_catalogue_t *previous)
{
    return cdist_catalogue_scan(roots_of(one, two), apr_time_from_sec(30), previous, fx_pool);
}

static cdist_catalogue_t *scan_settled(const char *one, const char *two)
{
    clock_ahead = apr_time_from_sec(100);
    return scan(one, two, NULL);
}

static const cdist_source_t *source_in(const cdist_catalogue_t *catalogue, const char *version, const char *slot)
{
    const cdist_release_t *release;
    cdist_version_t parsed;

    ck_assert(cdist_version_parse(&parsed, version));
    release = cdist_catalogue_release(catalogue, &parsed);
    return release ? cdist_release_source(release, cdist_slot_parse(slot)) : NULL;
}

START_TEST(releases_stand_newest_first_and_their_sources_in_the_order_of_slots)
{
    cdist_catalogue_t *catalogue;
    const cdist_release_t *first;

    fx_write_text("root/8.3.9.1/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/macOS64tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/windows32tc.zip", "z");
    fx_write_text("root/8.3.10.1/distr/linux64tc.zip", "z");
    fx_write_text("root/junk/x", "z");
    catalogue = scan_settled("root", NULL);
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
    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(source_in(scan_settled("root", NULL), "8.3.22.1750", "windows64")->kind, CDIST_SOURCE_READY);
}
END_TEST

START_TEST(a_sound_source_beats_one_with_a_problem)
{
    const cdist_source_t *source;

    fx_write_text("one/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1923", PACKAGE64));
    fx_write_text("two/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    source = source_in(scan_settled("one", "two"), "8.3.22.1750", "windows64");
    ck_assert_ptr_null(source->problem);
    ck_assert_ptr_nonnull(strstr(source->path, "/two/"));
    ck_assert_int_eq(scan_settled("one", "two")->problems->nelts, 1);
}
END_TEST

START_TEST(of_two_roots_with_the_same_version_the_first_counts)
{
    const cdist_catalogue_t *catalogue;

    fx_write_text("one/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    fx_write_text("two/8.3.22.1750/distr/linux64tc.zip", "z");
    catalogue = scan_settled("one", "two");
    ck_assert_int_eq(catalogue->releases->nelts, 1);
    ck_assert_ptr_nonnull(strstr(source_in(catalogue, "8.3.22.1750", "windows64")->path, "/one/"));
    ck_assert_ptr_nonnull(strstr(source_in(catalogue, "8.3.22.1750", "linux64")->path, "/two/"));
    catalogue = scan_settled("two", "one");
    ck_assert_ptr_nonnull(strstr(source_in(catalogue, "8.3.22.1750", "windows64")->path, "/two/"));
}
END_TEST

static const char *const ini_names[] = {"Setup.ini", "setup.ini", "SETUP.INI"};

START_TEST(a_root_may_be_a_release_folder_itself)
{
    fx_write_text("8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_ptr_nonnull(source_in(scan_settled("8.3.22.1750", NULL), "8.3.22.1750", "windows64"));
    ck_assert_ptr_nonnull(source_in(scan_settled("8.3.22.1750/", NULL), "8.3.22.1750", "windows64"));
    fx_write_text(apr_pstrcat(fx_pool, "thin/", ini_names[_i], NULL), INI("8.3.22.1750", PACKAGE32));
    ck_assert_ptr_nonnull(source_in(scan_settled("thin", NULL), "8.3.22.1750", "windows32"));
}
END_TEST

START_TEST(an_unreadable_root_is_listed_and_the_others_go_on)
{
    cdist_catalogue_t *catalogue;
    const cdist_err_t *err;

    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    catalogue = scan_settled("missing", "two");
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
    fx_be_nobody();
    catalogue = scan_settled("root", NULL);
    ck_assert_int_eq(catalogue->problems->nelts, 1);
    ck_assert(cdist_version_parse(&selector.mask, "8.3.27.2342"));
    FX_FAILS(cdist_select(&source, catalogue, &newest, &selector, fx_pool), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_fresh_release_is_listed_but_not_settled)
{
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    source = source_in(scan("root", NULL, NULL), "8.3.22.1750", "windows64");
    ck_assert_ptr_nonnull(source);
    ck_assert(!source->settled);
    ck_assert(!cdist_release_usable(&APR_ARRAY_IDX(scan("root", NULL, NULL)->releases, 0, cdist_release_t)));
    clock_ahead = apr_time_from_sec(29);
    ck_assert(!source_in(scan("root", NULL, NULL), "8.3.22.1750", "windows64")->settled);
    clock_ahead = apr_time_from_sec(31);
    ck_assert(source_in(scan("root", NULL, NULL), "8.3.22.1750", "windows64")->settled);
}
END_TEST

START_TEST(less_than_two_seconds_never_count_as_settled)
{
    cdist_catalogue_t *catalogue;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    catalogue = cdist_catalogue_scan(roots_of("root", NULL), 0, NULL, fx_pool);
    ck_assert(!source_in(catalogue, "8.3.22.1750", "windows64")->settled);
    clock_ahead = apr_time_from_sec(3);
    catalogue = cdist_catalogue_scan(roots_of("root", NULL), 0, NULL, fx_pool);
    ck_assert(source_in(catalogue, "8.3.22.1750", "windows64")->settled);
}
END_TEST

START_TEST(a_change_anywhere_in_the_release_unsettles_all_of_it)
{
    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("root/8.3.22.1750/Win64/deep/er/f", "x");
    fx_write_text("root/8.3.22.1750/Win32/Setup.ini", INI("8.3.22.1750", PACKAGE32));
    ck_assert(source_in(scan_settled("root", NULL), "8.3.22.1750", "windows32")->settled);
    clock_ahead = 0;
    ck_assert(!source_in(scan("root", NULL, NULL), "8.3.22.1750", "windows32")->settled);
}
END_TEST

START_TEST(a_touched_folder_keeps_what_was_settled_before)
{
    const cdist_catalogue_t *before;
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    before = scan_settled("root", NULL);
    clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/Win64/new", "x");
    source = source_in(scan("root", NULL, before), "8.3.22.1750", "windows64");
    ck_assert(source->settled);
    ck_assert(cdist_digest_equal(&source->signature, &source_in(before, "8.3.22.1750", "windows64")->signature));
    ck_assert(!source_in(scan("root", NULL, NULL), "8.3.22.1750", "windows64")->settled);
    source = source_in(scan_settled("root", NULL), "8.3.22.1750", "windows64");
    ck_assert(!cdist_digest_equal(&source->signature, &source_in(before, "8.3.22.1750", "windows64")->signature));
}
END_TEST

START_TEST(a_ready_archive_that_is_being_added_does_not_take_away_the_distribution_served_before)
{
    const cdist_catalogue_t *before;
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    before = scan_settled("root", NULL);
    clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "half");
    source = source_in(scan("root", NULL, before), "8.3.22.1750", "windows64");
    ck_assert_msg(source->settled, "the unsettled %s took the place of the settled distribution",
                  cdist_source_kind_name(source->kind));
}
END_TEST

START_TEST(a_settled_source_in_one_root_beats_an_unsettled_one_in_another)
{
    const cdist_catalogue_t *before;

    fx_make_folder("one");
    fx_write_text("two/8.3.22.1750/distr/windows64tc.zip", "z");
    before = scan_settled("one", "two");
    clock_ahead = 0;
    fx_write_text("one/8.3.22.1750/distr/windows64tc.zip", "half");
    ck_assert(source_in(scan("one", "two", before), "8.3.22.1750", "windows64")->settled);
}
END_TEST

START_TEST(what_was_taken_away_is_gone_at_once)
{
    const cdist_catalogue_t *before;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    before = scan_settled("root", NULL);
    ck_assert_int_eq(unlink(fx_path("root/8.3.22.1750/distr/windows64tc.zip")), 0);
    ck_assert_ptr_null(source_in(scan("root", NULL, before), "8.3.22.1750", "windows64"));
}
END_TEST

START_TEST(a_kept_source_outlives_the_snapshot_that_it_came_from)
{
    cdist_catalogue_t *before, *after;
    const cdist_source_t *source;
    apr_pool_t *pool;

    fx_write_text("root/8.3.22.1750/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    fx_write_text("root/8.3.22.1750/linux64tc.zip", "z");
    apr_pool_create(&pool, fx_pool);
    clock_ahead = apr_time_from_sec(100);
    before = cdist_catalogue_scan(roots_of("root", NULL), 0, NULL, pool);
    clock_ahead = 0;
    fx_write_text("root/8.3.22.1750/new", "x");
    after = scan("root", NULL, before);
    apr_pool_destroy(pool);
    source = source_in(after, "8.3.22.1750", "windows64");
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
    ck_assert_int_eq(scan_settled("root", NULL)->releases->nelts, 0);
}
END_TEST

START_TEST(a_hidden_folder_is_where_others_prepare_a_release)
{
    fx_write_text("root/.8.3.22.1750/distr/windows64tc.zip", "z");
    ck_assert_int_eq(scan_settled("root", NULL)->releases->nelts, 0);
}
END_TEST

START_TEST(a_release_that_cannot_be_read_for_the_moment_stays_as_it_was)
{
    const cdist_catalogue_t *before;
    const cdist_source_t *source;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    before = scan_settled("root", NULL);
    ck_assert_int_eq(chmod(fx_path("root/8.3.22.1750"), 0), 0);
    fx_be_nobody();
    source = source_in(scan("root", NULL, before), "8.3.22.1750", "windows64");
    ck_assert_ptr_nonnull(source);
    ck_assert(cdist_source_offered(source));
    ck_assert_int_eq(scan("root", NULL, before)->problems->nelts, 1);
}
END_TEST

START_TEST(a_source_that_cannot_be_read_for_the_moment_stays_as_it_was)
{
    const cdist_catalogue_t *before;

    fx_write_text("root/8.3.22.1750/Win64/Setup.ini", INI("8.3.22.1750", PACKAGE64));
    before = scan_settled("root", NULL);
    ck_assert_int_eq(chmod(fx_path("root/8.3.22.1750/Win64"), 0), 0);
    fx_be_nobody();
    ck_assert(cdist_source_offered(source_in(scan("root", NULL, before), "8.3.22.1750", "windows64")));
    ck_assert(!cdist_source_offered(source_in(scan("root", NULL, NULL), "8.3.22.1750", "windows64")));
    ck_assert(!cdist_source_offered(NULL));
}
END_TEST

/* ---- a catalogue that stays fresh -------------------------------------------------------------------------------- */

START_TEST(a_live_catalogue_is_scanned_again_after_its_interval_or_when_it_is_expired)
{
    const cdist_lookup_t *roots = roots_of("root", NULL);
    const cdist_catalogue_t *first;
    cdist_live_t *live;

    fx_write_text("root/8.3.22.1750/distr/windows64tc.zip", "z");
    FX_OK(cdist_live_create(&live, apr_time_from_sec(10), 0, fx_pool));
    first = cdist_live_get(live, roots, fx_pool);
    ck_assert_int_eq(first->releases->nelts, 1);
    fx_write_text("root/8.3.27.2342/distr/windows64tc.zip", "z");
    ck_assert_ptr_eq(cdist_live_get(live, roots, fx_pool), first);
    clock_ahead = apr_time_from_sec(11);
    ck_assert_int_eq(cdist_live_get(live, roots, fx_pool)->releases->nelts, 2);
    ck_assert_int_eq(first->releases->nelts, 1);
    fx_write_text("root/8.3.27.2343/distr/windows64tc.zip", "z");
    ck_assert_int_eq(cdist_live_get(live, roots, fx_pool)->releases->nelts, 2);
    cdist_live_expire(live, roots);
    clock_ahead += apr_time_from_sec(1);
    ck_assert_int_eq(cdist_live_get(live, roots, fx_pool)->releases->nelts, 3);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("source_tree");
    TCase *tcase = fx_case(suite, "source_tree", 20);

    tcase_add_test(tcase, ready_archives_lie_in_distr_or_in_the_release_folder);
    tcase_add_test(tcase, a_release_folder_may_be_one_distribution);
    tcase_add_test(tcase, a_release_folder_may_hold_a_folder_for_each_slot);
    tcase_add_test(tcase, an_unpacked_download_is_a_release_folder);
    tcase_add_test(tcase, what_belongs_to_other_sources_is_left_out_of_a_distribution);
    tcase_add_test(tcase, a_folder_without_anything_of_ours_adds_nothing);
    tcase_add_test(tcase, setup_ini_names_the_version_where_the_folder_does_not);
    tcase_add_test(tcase, setup_ini_may_be_utf_16);
    tcase_add_test(tcase, another_version_in_setup_ini_is_a_problem);
    tcase_add_test(tcase, a_source_without_a_version_is_a_problem);
    tcase_add_test(tcase, the_slot_comes_from_the_name_then_the_package_then_the_installer_then_its_header);
    tcase_add_test(tcase, a_distribution_with_an_unsafe_name_is_a_problem);
    tcase_add_test(tcase, a_setup_ini_that_is_a_link_is_not_read);
    tcase_add_test(tcase, a_folder_that_is_not_there_is_an_error);
    tcase_add_test(tcase, a_slot_folder_that_cannot_be_read_is_a_problem_of_that_slot);
    tcase_add_test(tcase, a_job_carries_what_the_source_is);
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
    return suite;
}
