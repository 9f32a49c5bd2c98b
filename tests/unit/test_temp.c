/* Temporary files that are published where nothing may be replaced; folders that change places, and the room there is. */
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

static apr_status_t publish_new(cdist_temp_t **temp, const char *text)
{
    ck_assert_int_eq(cdist_os_temp_open(temp, fx_folder, fx_pool), APR_SUCCESS);
    ck_assert_int_eq(apr_file_write_full((*temp)->file, text, strlen(text), NULL), APR_SUCCESS);
    return cdist_os_temp_publish_new(*temp, fx_path("target"), 0, fx_pool);
}

START_TEST(who_comes_second_replaces_nothing)
{
    cdist_temp_t *first, *second;
    char *bytes;
    apr_size_t length;

    ck_assert_int_eq(publish_new(&first, "first"), APR_SUCCESS);
    ck_assert(APR_STATUS_IS_EEXIST(publish_new(&second, "second")));
    FX_OK(cdist_file_read(&bytes, &length, fx_path("target"), 100, fx_pool));
    ck_assert_str_eq(bytes, "first");
    ck_assert_int_eq(fx_children("."), 1);
    /* It is still a temporary file, which may be published otherwise. */
    ck_assert_int_eq(cdist_os_temp_publish(second, fx_path("target"), fx_pool), APR_SUCCESS);
    FX_OK(cdist_file_read(&bytes, &length, fx_path("target"), 100, fx_pool));
    ck_assert_str_eq(bytes, "second");
    ck_assert_int_eq(fx_children("."), 1);
}
END_TEST

START_TEST(a_link_in_its_place_is_not_followed)
{
    cdist_temp_t *temp;

    fx_link("elsewhere", "target");
    ck_assert(APR_STATUS_IS_EEXIST(publish_new(&temp, "text")));
    ck_assert_int_eq(fx_children("."), 1);
}
END_TEST

START_TEST(folders_change_their_names_at_once_or_not_at_all)
{
    apr_status_t rv;

    fx_make_folder("one");
    fx_make_folder("other");
    fx_write_text("one/new", "new");
    fx_write_text("other/old", "old");
    ck_assert_int_ne(cdist_os_folder_exchange(fx_path("one"), fx_path("none"), fx_pool), APR_SUCCESS);
    ck_assert(fx_exists("one/new"));
    rv = cdist_os_folder_exchange(fx_path("one"), fx_path("other"), fx_pool);
    ck_assert_int_eq(fx_exists("other/new"), rv == APR_SUCCESS);
    ck_assert_int_eq(fx_exists("one/old"), rv == APR_SUCCESS);
    ck_assert_int_eq(fx_exists("one/new"), rv != APR_SUCCESS);
}
END_TEST

START_TEST(the_room_of_a_file_system_is_told)
{
    apr_uint64_t bytes = 0;

    ck_assert_int_eq(cdist_os_free_bytes(&bytes, fx_folder), APR_SUCCESS);
    ck_assert_uint_gt(bytes, 0);
    ck_assert(APR_STATUS_IS_ENOENT(cdist_os_free_bytes(&bytes, fx_path("none"))));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("temp");
    TCase *tcase = fx_case(suite, "temp", 10);

    tcase_add_test(tcase, who_comes_second_replaces_nothing);
    tcase_add_test(tcase, a_link_in_its_place_is_not_followed);
    tcase_add_test(tcase, folders_change_their_names_at_once_or_not_at_all);
    tcase_add_test(tcase, the_room_of_a_file_system_is_told);
    return suite;
}
