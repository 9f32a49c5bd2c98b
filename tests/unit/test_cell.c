/* A place for one thing that many threads read and few replace. */
#include "fixture.h"

#include <apr_thread_proc.h>

#include <stdatomic.h>

#define READERS 6
#define WRITERS 2
#define ROUNDS 2000

/* Two numbers that belong together, in a pool that counts its end. */
typedef struct {
    int one, other;
} thing_t;

static atomic_int alive;

static apr_status_t count_end(void *baton)
{
    thing_t *thing = baton;

    thing->one = thing->other + 1;
    atomic_fetch_sub(&alive, 1);
    return APR_SUCCESS;
}

static void put(cdist_cell_t *cell, int number)
{
    apr_pool_t *pool;
    thing_t *thing;

    apr_pool_create_unmanaged(&pool);
    thing = apr_palloc(pool, sizeof *thing);
    thing->one = thing->other = number;
    apr_pool_cleanup_register(pool, thing, count_end, apr_pool_cleanup_null);
    atomic_fetch_add(&alive, 1);
    cdist_cell_put(cell, thing, pool);
}

static int number_in(cdist_cell_t *cell)
{
    const thing_t *thing = cdist_cell_get(cell, fx_pool);

    return thing ? thing->one : 0;
}

START_TEST(a_cell_holds_what_was_put_last)
{
    cdist_cell_t *cell = cdist_cell_create(fx_pool);

    ck_assert_ptr_null(cdist_cell_get(cell, fx_pool));
    put(cell, 1);
    ck_assert_int_eq(number_in(cell), 1);
    put(cell, 2);
    ck_assert_int_eq(number_in(cell), 2);
    cdist_cell_put(cell, NULL, NULL);
    ck_assert_ptr_null(cdist_cell_get(cell, fx_pool));
}
END_TEST

START_TEST(a_replaced_thing_stays_until_its_last_reader_lets_go)
{
    cdist_cell_t *cell = cdist_cell_create(fx_pool);
    apr_pool_t *one, *other;
    const thing_t *thing;

    apr_pool_create(&one, fx_pool);
    apr_pool_create(&other, fx_pool);
    put(cell, 1);
    thing = cdist_cell_get(cell, one);
    ck_assert_ptr_eq(cdist_cell_get(cell, other), thing);
    put(cell, 2);
    apr_pool_destroy(one);
    ck_assert_int_eq(atomic_load(&alive), 2);
    ck_assert_int_eq(thing->one, 1);
    apr_pool_destroy(other);
    ck_assert_int_eq(atomic_load(&alive), 1);
    ck_assert_int_eq(number_in(cell), 2);
}
END_TEST

START_TEST(a_cell_that_goes_away_lets_go_of_what_it_holds_and_takes_nothing_from_readers)
{
    apr_pool_t *pool, *reader;
    cdist_cell_t *cell;
    const thing_t *thing;

    apr_pool_create(&pool, fx_pool);
    apr_pool_create(&reader, fx_pool);
    cell = cdist_cell_create(pool);
    put(cell, 1);
    put(cell, 2);
    ck_assert_int_eq(atomic_load(&alive), 1);
    thing = cdist_cell_get(cell, reader);
    apr_pool_destroy(pool);
    ck_assert_int_eq(thing->one, 2);
    apr_pool_destroy(reader);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

/* ---- threads -------------------------------------------------------------------------------------------------------- */

static atomic_int torn;

static void *APR_THREAD_FUNC read_often(apr_thread_t *thread, void *baton)
{
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create_unmanaged(&pool);
    for (i = 0; i < ROUNDS; i++) {
        const thing_t *thing = cdist_cell_get(baton, pool);
        if (!thing || thing->one != thing->other) atomic_fetch_add(&torn, 1);
        apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

static void *APR_THREAD_FUNC put_often(apr_thread_t *thread, void *baton)
{
    int i;

    (void)thread;
    for (i = 0; i < ROUNDS; i++) put(baton, i);
    return NULL;
}

START_TEST(readers_beside_replacers_see_whole_things_and_none_is_left_behind)
{
    apr_thread_t *threads[READERS + WRITERS];
    apr_status_t ignored;
    apr_pool_t *pool;
    cdist_cell_t *cell;
    int i;

    apr_pool_create(&pool, fx_pool);
    cell = cdist_cell_create(pool);
    put(cell, 1);
    for (i = 0; i < FX_COUNT(threads); i++) {
        FX_DONE(apr_thread_create(&threads[i], NULL, i < READERS ? read_often : put_often, cell, fx_pool));
    }
    for (i = 0; i < FX_COUNT(threads); i++) apr_thread_join(&ignored, threads[i]);
    ck_assert_int_eq(atomic_load(&torn), 0);
    apr_pool_destroy(pool);
    ck_assert_int_eq(atomic_load(&alive), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("cell");
    TCase *tcase = fx_case(suite, "cell", 20);

    tcase_add_test(tcase, a_cell_holds_what_was_put_last);
    tcase_add_test(tcase, a_replaced_thing_stays_until_its_last_reader_lets_go);
    tcase_add_test(tcase, a_cell_that_goes_away_lets_go_of_what_it_holds_and_takes_nothing_from_readers);
    tcase_add_test(tcase, readers_beside_replacers_see_whole_things_and_none_is_left_behind);
    return suite;
}
