/* What the store's archives offer to a build. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

static cdist_store_t *open_store(void)
{
    cdist_store_t *store;

    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
    return store;
}

/* What the store knows of an archive with so many entries; `number` makes its name. */
static void add_records(cdist_store_t *store, unsigned char number, int entries, apr_time_t mtime)
{
    cdist_digest_t sha256 = {{number}};
    cdist_manifest_t manifest = {cdist_builder_identity(), 6, 0, {{0}}, NULL, 0, 0, 0};
    cdist_tree_t tree;
    apr_size_t length;
    const char *bytes, *path = cdist_store_path(store, "records", &sha256, "", fx_pool);
    apr_pool_t *scratch;

    apr_pool_create(&scratch, fx_pool);
    memset(&tree, 0, sizeof tree);
    manifest.entries = apr_array_make(scratch, entries, sizeof(cdist_entry_t));
    tree.inputs = apr_array_make(scratch, entries, sizeof(cdist_input_t));
    memset(manifest.entries->elts, 0, (size_t)entries * sizeof(cdist_entry_t));
    memset(tree.inputs->elts, 0, (size_t)entries * sizeof(cdist_input_t));
    manifest.entries->nelts = tree.inputs->nelts = entries;
    bytes = cdist_records_write(&length, &manifest, &tree, scratch);
    FX_OK(cdist_file_publish(path, bytes, length, scratch));
    FX_OK(cdist_file_publish(cdist_store_path(store, "archives", &sha256, ".zip", scratch), "", 0, scratch));
    FX_DONE(apr_file_mtime_set(path, mtime, scratch));
    apr_pool_destroy(scratch);
}

static int offered(cdist_store_t *store)
{
    cdist_reuse_t *reuse = cdist_reuse_create(6, fx_pool);

    cdist_store_offer(reuse, store);
    return cdist_reuse_count(reuse);
}

START_TEST(an_archive_of_too_many_entries_does_not_keep_older_ones_from_being_reused)
{
    cdist_store_t *store = open_store();
    apr_time_t now = apr_time_now();

    add_records(store, 1, 30, now - apr_time_from_sec(30));
    add_records(store, 2, CDIST_RECORDS_MAX + 1, now - apr_time_from_sec(20));
    add_records(store, 3, 5, now - apr_time_from_sec(10));
    ck_assert_int_eq(offered(store), 35);
}
END_TEST

START_TEST(as_much_is_offered_as_there_is_room_for)
{
    cdist_store_t *store = open_store();
    apr_time_t now = apr_time_now();

    add_records(store, 1, 5, now - apr_time_from_sec(30));
    add_records(store, 2, 6, now - apr_time_from_sec(20));
    add_records(store, 3, CDIST_RECORDS_MAX - 5, now - apr_time_from_sec(10));
    ck_assert_int_eq(offered(store), CDIST_RECORDS_MAX);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store_offer");
    TCase *tcase = fx_case(suite, "store_offer", 60);

    tcase_add_test(tcase, an_archive_of_too_many_entries_does_not_keep_older_ones_from_being_reused);
    tcase_add_test(tcase, as_much_is_offered_as_there_is_room_for);
    return suite;
}
