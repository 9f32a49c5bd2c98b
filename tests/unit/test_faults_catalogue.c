/* Whatever call of the system fails: a catalogue tells the problem, and never offers what is not there. Each test lets
 * every single call of a kind fail once, until a scan passes without the failure. */
#include "exe_maker.h"
#include "fault_cases.h"
#include "platform_fixture.h"

#include <apr_strings.h>

#include <errno.h>
#include <string.h>

/* Releases of every kind, and some that must not be offered: of 8.3.23.1 Setup.ini says another version. */
static cdist_lookup_t make_root(void)
{
    apr_array_header_t *roots = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_lookup_t lookup = {roots, NULL, NULL, 1};

    fx_write_text("root/8.3.20.1/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.20.1/linux64tc.zip", "z");
    fx_write_text("root/8.3.21.1/Setup.ini", FX_INI("8.3.21.1", FX_PACKAGE64));
    fx_write_text("root/8.3.21.1/data/f", "x");
    fx_write_text("root/8.3.21.1/distr/macos64tc.zip", "z");
    fx_write_text("root/8.3.21.1/Win32/Setup.ini", FX_INI("8.3.21.1", FX_PACKAGE32));
    fx_write_text("root/8.3.22.1/Win64/Setup.ini", FX_INI("8.3.22.1", FX_PACKAGE64));
    fx_write_text("root/8.3.22.1/linux64/setup-thin-8.3.22.1-x86_64.run", "r");
    fx_write_text("root/8.3.23.1/setup.exe", "x");
    fx_write_text("root/8.3.23.1/Setup.ini", FX_INI("8.3.99.9", FX_PACKAGE64));
    exe_write_elf("root/8.3.24.1/bin/1cv8c", EXE_ELF_X86_64);
    fx_write_text("root/8.3.24.1/bin/lib.so", "x");
    exe_write_elf("root/x86_64/8.3.25.1/1cv8c", EXE_ELF_X86_64);
    APR_ARRAY_PUSH(roots, const char *) = fx_path("root");
    return lookup;
}

/* Whether the catalogue tells more than what is wrong with 8.3.23.1 anyhow. */
static int tells_more(const cdist_catalogue_t *catalogue)
{
    int i;

    for (i = 0; i < catalogue->problems->nelts; i++) {
        if (!strstr(APR_ARRAY_IDX(catalogue->problems, i, const char *), "8.3.99.9")) return 1;
    }
    return 0;
}

static const cdist_source_t *same_source(const cdist_catalogue_t *catalogue, const cdist_source_t *source)
{
    const cdist_release_t *release = cdist_catalogue_release(catalogue, &source->version);

    return release ? cdist_release_source(release, source->slot) : NULL;
}

/* What is offered must be what a scan without faults offers for the same request. */
static int expect_right_offers(const cdist_catalogue_t *catalogue, const cdist_catalogue_t *right, const char *what)
{
    int i, j, offers = 0;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const apr_array_header_t *sources = APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t).sources;

        for (j = 0; j < sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(sources, j, const cdist_source_t *), *other;

            if (!cdist_source_offered(source)) continue;
            other = same_source(right, source);
            ck_assert_msg(cdist_source_offered(other), "%s: %s is offered", what, source->path);
            ck_assert_msg(strcmp(source->path, other->path) == 0, "%s: %s is offered instead of %s", what, source->path,
                          other->path);
            ck_assert_msg(cdist_digest_equal(&source->signature, &other->signature), "%s: %s has another signature", what,
                          source->path);
            offers++;
        }
    }
    return offers;
}

START_TEST(what_cannot_be_read_in_a_release_is_a_problem_and_never_a_wrong_offer)
{
    const fault_t *fault = &fault_cases[_i];
    cdist_lookup_t lookup = make_root();
    const cdist_catalogue_t *right = cdist_catalogue_scan(&lookup, 0, NULL, fx_pool);
    int all = expect_right_offers(right, right, "no fault"), nth, hit = 1;

    /* What is listed and has no stat was taken away; that it is there all the same is a lie that no system tells. */
    if (fault->kind == FAULT_STAT && fault->error == ENOENT) return;
    ck_assert_int_eq(all, 9);
    ck_assert_int_eq(right->problems->nelts, 1);
    for (nth = 1; hit; nth++) {
        const char *what = apr_psprintf(fx_pool, "%s %d", fault_names[fault->kind], nth);
        const cdist_catalogue_t *catalogue;
        apr_pool_t *pool;
        int offers, open_before = fault_open_files();

        apr_pool_create(&pool, fx_pool);
        fault_arm(fault, nth);
        catalogue = cdist_catalogue_scan(&lookup, 0, NULL, pool);
        hit = fault_disarm();
        /* A catalogue lives until something changes. */
        ck_assert_msg(fault_open_files() == open_before, "%s: the catalogue keeps files open", what);
        offers = expect_right_offers(catalogue, right, what);
        ck_assert_msg(offers == all || tells_more(catalogue), "%s: %d offers are gone without a word", what, all - offers);
        apr_pool_destroy(pool);
    }
    fault_tell("scanning", fault, nth - 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("faults of catalogues");
    TCase *tcase = fx_case(suite, "faults of catalogues", 60);

    /* Folders made a moment ago count as settled. */
    fx_clock_ahead = apr_time_from_sec(100);
    tcase_add_loop_test(tcase, what_cannot_be_read_in_a_release_is_a_problem_and_never_a_wrong_offer, 0, FAULT_CASES);
    return suite;
}
