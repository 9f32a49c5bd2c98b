/* Looking after a store that is there already: of this format only, and nothing is made in it. */
#include "care_fixture.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

START_TEST(only_a_store_of_this_format_is_looked_after)
{
    cdist_store_t *other;

    fx_make_folder("empty");
    FX_FAILS(cdist_store_open_existing(&other, fx_path("empty"), fx_pool), CDIST_E_NOTFOUND);
    FX_FAILS(cdist_store_open_existing(&other, fx_path("missing"), fx_pool), CDIST_E_NOTFOUND);
    fx_write_text("file", "x");
    ck_assert_ptr_nonnull(cdist_store_open_existing(&other, fx_path("file"), fx_pool));
    fx_write_text("newer/FORMAT", "1cdist-store 2\n");
    FX_FAILS(cdist_store_open_existing(&other, fx_path("newer"), fx_pool), CDIST_E_INPUT);
    ck_assert_int_eq(fx_children("empty"), 0);
    ck_assert_int_eq(fx_children("newer"), 1);
    ck_assert_int_eq(fx_exists("missing"), 0);
}
END_TEST

START_TEST(a_store_made_before_there_were_pins_is_looked_after_and_gets_no_folders)
{
    cdist_collected_t result;
    struct stat folder, lock;
    care_made_t a;

    care_open();
    a = care_make("a");
    ck_assert_int_eq(rmdir(fx_path("store/pins")), 0);
    ck_assert_int_eq(rmdir(fx_path("store/audits")), 0);
    /* NB: a container may not know these users, or may not give files away. */
    if (chown(fx_path("store"), 12345, 12346) != 0) ck_assert(errno == EPERM || errno == EINVAL);
    FX_OK(cdist_store_open_existing(&fx_store, fx_path("store"), fx_pool));
    fx_clock_ahead = HOURS(1);
    FX_OK(cdist_store_collect(&result, fx_store, 1, "the limit", fx_pool));
    ck_assert_int_eq(result.removed_archives, 1);
    ck_assert(!care_is_there(&a));
    ck_assert_int_eq(fx_exists("store/pins") + fx_exists("store/audits"), 0);
    ck_assert_int_eq(stat(fx_path("store"), &folder), 0);
    ck_assert_int_eq(stat(fx_path("store/lock"), &lock), 0);
    ck_assert_uint_eq(lock.st_uid, folder.st_uid);
    care_open();
    ck_assert_int_eq(fx_exists("store/pins") + fx_exists("store/audits"), 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store existing");
    TCase *tcase = fx_case(suite, "store existing", 60);

    tcase_add_test(tcase, only_a_store_of_this_format_is_looked_after);
    tcase_add_test(tcase, a_store_made_before_there_were_pins_is_looked_after_and_gets_no_folders);
    return suite;
}
