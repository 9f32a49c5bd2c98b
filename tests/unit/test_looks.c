/* When a process looks at the folders: how often one request lists them. */
#include "faults.h"
#include "platform_fixture.h"

#include <errno.h>
#include <limits.h>
#include <sys/stat.h>

static void *board;
static cdist_store_t *store;

/* A process of the server, beside the others that have the board. */
static cdist_live_t *process(int interval_sec)
{
    cdist_live_options_t options = {apr_time_from_sec(interval_sec), 0, 0, 6, board};
    cdist_live_t *live;

    FX_OK(cdist_live_create(&live, &options, fx_pool));
    cdist_live_share(live, store);
    return live;
}

static void make_root(void)
{
    board = apr_pcalloc(fx_pool, cdist_board_bytes());
    ck_assert_int_eq(mkdir(fx_path("store"), 0755), 0);
    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
    fx_write_text("root/8.3.22.1750/windows64/Setup.ini", FX_INI("8.3.22.1750", FX_PACKAGE64));
    fx_write_text("cv8/8.3.22.1750/ragent", "x");
}

/* How often a folder is listed by one request. */
static int lists_of_one_request(cdist_live_t *live, int server)
{
    static const fault_t never = {FAULT_LIST, EIO, 0};
    cdist_version_t version;

    fault_arm(&never, INT_MAX);
    if (server) FX_OK(cdist_live_server(&version, live, fx_path("cv8"), 0, fx_pool));
    else ck_assert_ptr_nonnull(cdist_live_get(live, fx_roots("root", NULL), 0, fx_pool));
    fault_disarm();
    return fault_calls(FAULT_LIST);
}

START_TEST(without_an_interval_each_request_looks_once)
{
    cdist_live_t *live, *other;
    int once;

    make_root();
    once = lists_of_one_request(process(3600), _i);
    ck_assert_int_gt(once, 0);
    board = apr_pcalloc(fx_pool, cdist_board_bytes());
    live = process(0);
    other = process(0);
    ck_assert_int_eq(lists_of_one_request(live, _i), once);
    ck_assert_int_eq(lists_of_one_request(live, _i), once);
    ck_assert_int_eq(lists_of_one_request(other, _i), once);
    board = NULL;
    ck_assert_int_eq(lists_of_one_request(process(0), _i), once);
}
END_TEST

START_TEST(within_the_interval_nobody_looks_again)
{
    cdist_live_t *live;

    make_root();
    live = process(10);
    ck_assert_int_gt(lists_of_one_request(live, _i), 0);
    ck_assert_int_eq(lists_of_one_request(live, _i), 0);
    ck_assert_int_eq(lists_of_one_request(process(10), _i), 0);
    fx_clock_ahead += apr_time_from_sec(11);
    ck_assert_int_gt(lists_of_one_request(live, _i), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("looks");
    TCase *tcase = fx_case(suite, "looks", 20);

    tcase_add_loop_test(tcase, without_an_interval_each_request_looks_once, 0, 2);
    tcase_add_loop_test(tcase, within_the_interval_nobody_looks_again, 0, 2);
    return suite;
}
