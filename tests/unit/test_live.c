/* A catalogue that stays fresh. */
#include "platform_fixture.h"

#include <apr_atomic.h>
#include <apr_thread_proc.h>

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

/* ---- threads -------------------------------------------------------------------------------------------------------- */

#define ASKERS 6
#define ROUNDS 60

static const cdist_lookup_t *crowd_lookup;
static volatile apr_uint32_t wrong;

static void *APR_THREAD_FUNC ask_often(apr_thread_t *thread, void *baton)
{
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create_unmanaged(&pool);
    for (i = 0; i < ROUNDS; i++) {
        const cdist_catalogue_t *catalogue = cdist_live_get(baton, crowd_lookup, 0, pool);

        if (!catalogue || !catalogue->serial || catalogue->releases->nelts != 1) apr_atomic_inc32(&wrong);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

/* NB: with an interval of 0 some of the threads look and replace the snapshot while the others take it. */
START_TEST(a_crowd_sees_whole_snapshots_while_they_are_replaced)
{
    static const cdist_live_options_t each_time = {0, 0, 0, 6, NULL}, seldom = {1000 * APR_USEC_PER_SEC, 0, 0, 6, NULL};
    apr_thread_t *threads[ASKERS];
    apr_status_t ignored;
    cdist_live_t *live;
    int i;

    fx_write_text("root/8.3.22.1750/windows64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    crowd_lookup = fx_roots("root", NULL);
    FX_OK(cdist_live_create(&live, _i ? &seldom : &each_time, fx_pool));
    for (i = 0; i < ASKERS; i++) FX_DONE(apr_thread_create(&threads[i], NULL, ask_often, live, fx_pool));
    for (i = 0; i < ASKERS; i++) apr_thread_join(&ignored, threads[i]);
    ck_assert_uint_eq(apr_atomic_read32(&wrong), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("live");
    TCase *tcase = fx_case(suite, "live", 20);

    tcase_add_test(tcase, a_live_catalogue_is_scanned_again_after_its_interval_or_when_it_is_expired);
    tcase_add_test(tcase, lookups_that_differ_in_anything_share_no_snapshot_and_equal_ones_do);
    tcase_add_loop_test(tcase, a_crowd_sees_whole_snapshots_while_they_are_replaced, 0, 2);
    return suite;
}
