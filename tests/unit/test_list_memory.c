/* Lists of infobases that a process remembers. */
#include "clock.h"
#include "fixture.h"
#include "launcher/cdist_launcher.h"

#include <apr_strings.h>
#include <apr_thread_proc.h>

#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>

#define MAX_BYTES 100000
#define OLD_ENOUGH apr_time_from_sec(3)

static cdist_list_memory_t *memory_of(apr_uint64_t max_bytes)
{
    cdist_list_memory_t *memory;

    FX_OK(cdist_list_memory_create(&memory, max_bytes, fx_pool));
    return memory;
}

static const cdist_infobase_list_t *get(cdist_list_memory_t *memory, const char *name, apr_pool_t *pool)
{
    const cdist_infobase_list_t *list;
    apr_uint64_t bytes;

    FX_OK(cdist_list_memory_get(&list, &bytes, memory, fx_path(name), name, MAX_BYTES, pool));
    return list;
}

static const char *name_in(const cdist_infobase_list_t *list)
{
    return APR_ARRAY_IDX(list->infobases, 0, cdist_infobase_t).name;
}

START_TEST(a_list_is_parsed_once_while_its_file_is_the_same)
{
    cdist_list_memory_t *memory = memory_of(MAX_BYTES);
    const cdist_infobase_list_t *first;
    apr_uint64_t bytes;

    fx_write_text("a.v8i", "[one]\nConnect=x\n");
    fx_clock_ahead = OLD_ENOUGH;
    first = get(memory, "a.v8i", fx_pool);
    ck_assert_str_eq(name_in(first), "one");
    ck_assert_str_eq(first->lines->path, "a.v8i");
    ck_assert_ptr_eq(get(memory, "a.v8i", fx_pool), first);
    FX_OK(cdist_list_memory_get(&first, &bytes, memory, fx_path("a.v8i"), "a.v8i", MAX_BYTES, fx_pool));
    ck_assert_uint_eq(bytes, 16);
}
END_TEST

/* NB: of the same size, and with the time of modification that it had. */
START_TEST(a_file_that_changed_is_read_anew_and_the_old_list_stays_with_who_has_it)
{
    cdist_list_memory_t *memory = memory_of(MAX_BYTES);
    const cdist_infobase_list_t *first, *second;
    struct timeval times[2];
    struct stat before;
    apr_pool_t *request;

    fx_write_text("a.v8i", "[one]\nConnect=x\n");
    fx_clock_ahead = OLD_ENOUGH;
    apr_pool_create(&request, fx_pool);
    first = get(memory, "a.v8i", fx_pool);
    ck_assert_int_eq(stat(fx_path("a.v8i"), &before), 0);
    fx_write_text("a.v8i", "[two]\nConnect=x\n");
    times[0].tv_sec = times[1].tv_sec = before.st_mtime;
    times[0].tv_usec = times[1].tv_usec = before.st_mtim.tv_nsec / 1000;
    ck_assert_int_eq(utimes(fx_path("a.v8i"), times), 0);
    second = get(memory, "a.v8i", request);
    ck_assert_str_eq(name_in(second), "two");
    apr_pool_destroy(request);
    ck_assert_str_eq(name_in(first), "one");
    ck_assert_str_eq(name_in(get(memory, "a.v8i", fx_pool)), "two");
}
END_TEST

START_TEST(a_file_that_changed_a_moment_ago_is_not_remembered)
{
    cdist_list_memory_t *memory = memory_of(MAX_BYTES);
    const cdist_infobase_list_t *first;

    fx_write_text("a.v8i", "[one]\nConnect=x\n");
    fx_clock_ahead = apr_time_from_sec(1);
    first = get(memory, "a.v8i", fx_pool);
    ck_assert_ptr_ne(get(memory, "a.v8i", fx_pool), first);
}
END_TEST

START_TEST(memory_is_bounded_and_what_was_asked_for_longest_ago_goes)
{
    cdist_list_memory_t *memory = memory_of(2 * 16 + 5);
    const cdist_infobase_list_t *first, *second;

    fx_write_text("a.v8i", "[one]\nConnect=x\n");
    fx_write_text("b.v8i", "[two]\nConnect=x\n");
    fx_write_text("c.v8i", "[six]\nConnect=x\n");
    fx_write_text("d.v8i", "[large]\nConnect=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n");
    fx_clock_ahead = OLD_ENOUGH;
    first = get(memory, "a.v8i", fx_pool);
    second = get(memory, "b.v8i", fx_pool);
    ck_assert_ptr_eq(get(memory, "a.v8i", fx_pool), first);
    ck_assert_ptr_eq(get(memory, "c.v8i", fx_pool), get(memory, "c.v8i", fx_pool));
    ck_assert_ptr_eq(get(memory, "a.v8i", fx_pool), first);
    ck_assert_ptr_ne(get(memory, "b.v8i", fx_pool), second);
    ck_assert_ptr_ne(get(memory, "d.v8i", fx_pool), get(memory, "d.v8i", fx_pool));
    ck_assert_str_eq(name_in(first), "one");
}
END_TEST

START_TEST(many_small_lists_are_bounded_too)
{
    cdist_list_memory_t *memory = memory_of(MAX_BYTES);
    const cdist_infobase_list_t *first;
    int i;

    for (i = 0; i < 100; i++) fx_write_text(apr_itoa(fx_pool, i), "[one]\nConnect=x\n");
    fx_clock_ahead = OLD_ENOUGH;
    first = get(memory, "0", fx_pool);
    for (i = 1; i < 100; i++) get(memory, apr_itoa(fx_pool, i), fx_pool);
    ck_assert_ptr_ne(get(memory, "0", fx_pool), first);
    ck_assert_ptr_eq(get(memory, "99", fx_pool), get(memory, "99", fx_pool));
}
END_TEST

START_TEST(what_cannot_be_read_is_an_error_each_time)
{
    cdist_list_memory_t *memory = memory_of(MAX_BYTES);
    const cdist_infobase_list_t *list;
    apr_uint64_t bytes;
    int i;

    fx_write_text("broken.v8i", "[a]\nConnect=x\n[broken\n");
    fx_write_noise("large.v8i", MAX_BYTES + 1, 1);
    fx_make_folder("folder.v8i");
    fx_clock_ahead = OLD_ENOUGH;
    for (i = 0; i < 2; i++) {
        FX_FAILS(cdist_list_memory_get(&list, &bytes, memory, fx_path("broken.v8i"), "b", MAX_BYTES, fx_pool), CDIST_E_INPUT);
        FX_FAILS(cdist_list_memory_get(&list, &bytes, memory, fx_path("large.v8i"), "l", MAX_BYTES, fx_pool), CDIST_E_INPUT);
        FX_FAILS(cdist_list_memory_get(&list, &bytes, memory, fx_path("missing.v8i"), "m", MAX_BYTES, fx_pool),
                 CDIST_E_NOTFOUND);
        FX_FAILS(cdist_list_memory_get(&list, &bytes, memory, fx_path("folder.v8i"), "f", MAX_BYTES, fx_pool), CDIST_E_SOURCE);
    }
}
END_TEST

/* ---- several threads ------------------------------------------------------------------------------------------- */

enum { THREADS = 8, TURNS = 300 };

typedef struct {
    cdist_list_memory_t *memory;
    const char *paths[3];
    int wrong;
} crowd_t;

static void *APR_THREAD_FUNC ask(apr_thread_t *thread, void *baton)
{
    crowd_t *crowd = baton;
    apr_pool_t *pool;
    int i;

    (void)thread;
    apr_pool_create_unmanaged(&pool);
    for (i = 0; i < TURNS; i++) {
        const cdist_infobase_list_t *list;
        apr_uint64_t bytes;
        cdist_err_t *err = cdist_list_memory_get(&list, &bytes, crowd->memory, crowd->paths[i % 3], "x", MAX_BYTES, pool);

        if (err || strcmp(name_in(list), "one") != 0) crowd->wrong = 1;
        if (i % 5 == 0) apr_pool_clear(pool);
    }
    apr_pool_destroy(pool);
    return NULL;
}

START_TEST(several_threads_share_what_is_remembered)
{
    crowd_t crowds[THREADS];
    apr_thread_t *threads[THREADS];
    cdist_list_memory_t *memory = memory_of(2 * 16);
    apr_status_t rv;
    int i;

    for (i = 0; i < 3; i++) fx_write_text(apr_itoa(fx_pool, i), "[one]\nConnect=x\n");
    fx_clock_ahead = OLD_ENOUGH;
    for (i = 0; i < THREADS; i++) {
        int k;

        crowds[i].memory = memory;
        crowds[i].wrong = 0;
        for (k = 0; k < 3; k++) crowds[i].paths[k] = fx_path(apr_itoa(fx_pool, k));
    }
    for (i = 0; i < THREADS; i++) FX_DONE(apr_thread_create(&threads[i], NULL, ask, &crowds[i], fx_pool));
    for (i = 0; i < THREADS; i++) FX_DONE(apr_thread_join(&rv, threads[i]));
    for (i = 0; i < THREADS; i++) ck_assert_int_eq(crowds[i].wrong, 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("list_memory");
    TCase *tcase = fx_case(suite, "list_memory", 30);

    tcase_add_test(tcase, a_list_is_parsed_once_while_its_file_is_the_same);
    tcase_add_test(tcase, a_file_that_changed_is_read_anew_and_the_old_list_stays_with_who_has_it);
    tcase_add_test(tcase, a_file_that_changed_a_moment_ago_is_not_remembered);
    tcase_add_test(tcase, memory_is_bounded_and_what_was_asked_for_longest_ago_goes);
    tcase_add_test(tcase, many_small_lists_are_bounded_too);
    tcase_add_test(tcase, what_cannot_be_read_is_an_error_each_time);
    tcase_add_test(tcase, several_threads_share_what_is_remembered);
    return suite;
}
