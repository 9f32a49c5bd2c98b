/* Updates applied to configurations: contents of the result, refusals, and a real release beside the vendor's own. */
#include "container_maker.h"
#include "shared_data.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define MARK "\xEF\xBB\xBF"
#define OLD_ID "11111111-b151-4efe-8b31-f0897db3142a"
#define NEXT_ID "33333333-b151-4efe-8b31-f0897db3142a"
#define KEPT "00000000-0000-0000-0000-000000000000"
#define GONE "00000000-0000-0000-0000-000000000001"
#define CHANGED "00000000-0000-0000-0000-000000000002"
#define ADDED "ffffffff-0000-0000-0000-000000000000"

/* ---- files made by code ------------------------------------------------------------------------------------------ */

static void make_base(const char *name, int bits, int stored)
{
    cm_configuration_t configuration = {.version = "1.0.2.6", .version_id = OLD_ID, .extra = 3, .stored = stored};
    cm_style_t style = {.bits = bits, .pad = stored ? 0 : 512};
    cm_made_t made = {0};

    if (bits == 64) cm_stub(&made, 0);
    cm_configuration(&made, &configuration, &style);
    fx_write(name, made.bytes, made.length);
}

/* What an update's lists say; its entries are the metadata, CHANGED and ADDED. */
static const char *lists(const char *from, const char *to, const char *version)
{
    return apr_psprintf(fx_pool, MARK "{3,2,\"" CM_NAME "\",\"V\",\"9.9\",x,\"" CM_NAME "\",\"V\",\"1.0.2.6\",%s,2,\"" GONE "\",\"never\",4,"
                        "\"\",%s,\"" CM_ROOT_ID "\",r,\"" CHANGED "\",c,\"" ADDED "\",a,\"" CM_NAME "\",\"V\",\"%s\",z,{216,0,{80325,0}},"
                        CM_ROOT_ID "}", from, to, version);
}

static void make_update(const char *name, const char *update_info, const char *version, int items_count, int bits)
{
    cm_configuration_t target = {.version = version};
    cm_item_t items[] = {{CHANGED, MARK "{changed}", 0, 1}, {CM_ROOT_ID, NULL, 0, 1}, {ADDED, "\x78\x01 binary", 0, 1},
                         {"UpdateInfo.inf", NULL, 0, 1}};
    cm_style_t style = {.bits = bits};
    cm_made_t made = {0}, packed = {0};

    items[1].content = cm_metadata(&target);
    items[3].content = update_info;
    if (items_count == 3) items[2] = items[3];
    cm_container(&made, items, items_count, &style);
    cm_deflate(&packed, made.bytes, made.length);
    fx_write(name, packed.bytes, packed.length);
}

static cdist_err_t *apply(cdist_applied_t *applied, const char *base, const char *first, const char *second)
{
    apr_array_header_t *updates = apr_array_make(fx_pool, 2, sizeof(const char *));

    if (first) APR_ARRAY_PUSH(updates, const char *) = fx_path(first);
    if (second) APR_ARRAY_PUSH(updates, const char *) = fx_path(second);
    return cdist_apply(applied, fx_path("new.cf"), fx_path(base), updates, fx_pool, fx_pool);
}

/* NULL if there is no such entry. */
static const char *entry_of(const char *path, const char *name, size_t *length)
{
    cdist_container_t *container;
    const cdist_item_t *item;
    cdist_stream_t *stream;
    cdist_bytes_t *bytes;
    char *text;

    FX_OK(cdist_bytes_file(&bytes, path, fx_pool));
    FX_OK(cdist_container_open(&container, bytes, fx_pool));
    FX_OK(cdist_container_find(&item, container, name, 1));
    if (!item) return NULL;
    FX_OK(cdist_container_content(&stream, NULL, container, item, fx_pool));
    FX_OK(cdist_stream_read_all(&text, length, stream, 1u << 28, fx_pool));
    return text;
}

static void check_entry(const char *name, const char *expected)
{
    size_t length;
    const char *text = entry_of(fx_path("new.cf"), name, &length);

    ck_assert_msg((text != NULL) == (expected != NULL), "%s", name);
    if (expected) ck_assert_str_eq(text, expected);
}

/* ---- promises -------------------------------------------------------------------------------------------------- */

START_TEST(the_result_is_the_base_with_the_update_over_it)
{
    static const int bits[] = {32, 64, 32};
    cdist_applied_t applied;
    cdist_file_facts_t *facts;
    char *base, *made;
    size_t length;

    make_base("old.cf", bits[_i], _i == 2);
    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 32);
    FX_OK(apply(&applied, "old.cf", "u.cfu", NULL));
    ck_assert_str_eq(applied.id.version, "1.0.2.7");
    ck_assert_str_eq(applied.id.version_id, CM_VERSION_ID);
    ck_assert_int_eq(applied.container_bits, bits[_i]);
    ck_assert_int_eq(applied.wide_update, 0);
    ck_assert_uint_eq(applied.entries, 7);
    FX_OK(cdist_file_facts_read(&facts, fx_path("new.cf"), fx_pool, fx_pool));
    ck_assert_str_eq(facts->version, "1.0.2.7");
    ck_assert_str_eq(facts->version_id, CM_VERSION_ID);
    ck_assert_int_eq(facts->container_bits, bits[_i]);
    ck_assert_uint_eq(facts->entries, 7);
    check_entry(KEPT, MARK "{1,{0}}");
    check_entry(GONE, NULL);
    check_entry(CHANGED, MARK "{changed}");
    check_entry(ADDED, "\x78\x01 binary");
    check_entry("UpdateInfo.inf", NULL);
    check_entry("root", MARK "{2," CM_ROOT_ID ",}");
    check_entry("version", MARK "{\r\n{216,0,\r\n{80325,0}\r\n}\r\n}");
    check_entry("versions", MARK "{1,8,\"\"," CM_VERSION_ID ",\"" KEPT "\",00000000-0000-0000-0000-000000000000,\"" CHANGED
                "\",c,\"" CM_ROOT_ID "\",r,\"" ADDED "\",a,\"root\",82c286a1-48a5-427b-bbc9-81449386683f,"
                "\"version\",00000000-0000-0000-0000-000000000000,\"versions\",00000000-0000-0000-0000-000000000000}");
    if (bits[_i] == 32) return;
    base = fx_read(&length, "old.cf");
    made = fx_read(&length, "new.cf");
    ck_assert_int_eq(memcmp(base, made, 0x1359), 0);
}
END_TEST

START_TEST(updates_follow_each_other)
{
    cdist_applied_t applied;

    make_base("old.cf", 32, 0);
    make_update("u1.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 32);
    make_update("u2.cfu", lists(CM_VERSION_ID, NEXT_ID, "1.0.3"), "1.0.3", 4, 32);
    FX_OK(apply(&applied, "old.cf", "u1.cfu", "u2.cfu"));
    ck_assert_str_eq(applied.id.version_id, NEXT_ID);
    FX_FAILS(apply(&applied, "old.cf", "u2.cfu", "u1.cfu"), CDIST_E_INPUT);
    FX_OK(apply(&applied, "old.cf", "u1.cfu", NULL));
    FX_OK(apply(&applied, "new.cf", "u2.cfu", NULL)); /* in the place of its own base */
    ck_assert_str_eq(applied.id.version_id, NEXT_ID);
}
END_TEST

START_TEST(an_update_of_64_bits_is_said_to_be_one)
{
    cdist_applied_t applied;

    make_base("old.cf", 64, 0);
    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 64);
    FX_OK(apply(&applied, "old.cf", "u.cfu", NULL));
    ck_assert_int_eq(applied.wide_update, 1);
    check_entry(CHANGED, MARK "{changed}");
}
END_TEST

static void refused(cdist_err_t *err, const char *says)
{
    ck_assert_msg(err != NULL, "applied, where \"%s\" was expected", says);
    ck_assert_msg(strstr(cdist_err_text(err, fx_pool), says) != NULL, "\"%s\" does not say \"%s\"", cdist_err_text(err, fx_pool), says);
    ck_assert(!fx_exists("new.cf"));
}

START_TEST(a_refusal_leaves_no_file)
{
    cdist_applied_t applied;

    make_base("old.cf", 32, 0);
    make_update("u.cfu", lists(NEXT_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), "another build");
    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.8"), "1.0.2.7", 4, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), "contradicts itself");
    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 3, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), ADDED);
    make_update("u.cfu", MARK "{3,1,\"N\",\"V\",\"1\"," OLD_ID ",0,1,\"\",i,\"N\",\"V\",\"1\",z,{216},r}", "1.0.2.7", 4, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), "not listed");
    make_update("u.cfu", MARK "{3", "1.0.2.7", 4, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), "ends inside");
    refused(apply(&applied, "old.cf", "old.cf", NULL), "UpdateInfo.inf");
    refused(apply(&applied, "u.cfu", "u.cfu", NULL), "ends inside");
    refused(apply(&applied, "none.cf", "u.cfu", NULL), "none.cf");
    refused(apply(&applied, "old.cf", "none.cfu", NULL), "none.cfu");
    refused(apply(&applied, "old.cf", NULL, NULL), "no update");
    ck_assert_int_eq(fx_children(""), 2);
}
END_TEST

START_TEST(an_update_that_takes_the_metadata_away_is_refused)
{
    cdist_applied_t applied;

    make_base("old.cf", 32, 0);
    make_update("u.cfu", MARK "{3,1,\"N\",\"V\",\"1\"," OLD_ID ",1,\"" KEPT "\",4,\"\",i,\"" CM_ROOT_ID "\",r,\"" CHANGED "\",c,\"" ADDED
                "\",a,\"" CM_NAME "\",\"V\",\"1.0.2.7\",z,{216}," KEPT "}", "1.0.2.7", 4, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), KEPT);
}
END_TEST

START_TEST(entries_that_share_their_bytes_are_refused)
{
    cdist_container_t *container;
    const cdist_item_t *item;
    cdist_applied_t applied;
    cm_made_t made = {0};
    cm_configuration_t configuration = {.version = "1.0.2.6", .version_id = OLD_ID, .extra = 200};
    apr_uint64_t data_at;
    size_t i;

    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 32);
    cm_configuration(&made, &configuration, NULL);
    FX_OK(cdist_container_open(&container, cdist_bytes_memory(made.bytes, made.length, "m", fx_pool), fx_pool));
    FX_OK(cdist_container_find(&item, container, CM_ROOT_ID, 0));
    data_at = item->data_at;
    for (i = 0; i < 200; i++) memcpy(made.bytes + 16 + 31 + 12 * i + 4, &data_at, 4);
    fx_write("old.cf", made.bytes, made.length);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), "overlap");
}
END_TEST

START_TEST(a_folder_that_cannot_be_written_is_told)
{
    apr_array_header_t *updates = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_applied_t applied;

    make_base("old.cf", 32, 0);
    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 32);
    APR_ARRAY_PUSH(updates, const char *) = fx_path("u.cfu");
    FX_FAILS(cdist_apply(&applied, fx_path("absent/new.cf"), fx_path("old.cf"), updates, fx_pool, fx_pool), CDIST_E_STORE);
}
END_TEST

START_TEST(a_file_that_is_replaced_keeps_its_mode)
{
    cdist_applied_t applied;
    struct stat info;

    make_base("old.cf", 32, 0);
    make_update("u.cfu", lists(OLD_ID, CM_VERSION_ID, "1.0.2.7"), "1.0.2.7", 4, 32);
    FX_OK(apply(&applied, "old.cf", "u.cfu", NULL));
    ck_assert_int_eq(stat(fx_path("new.cf"), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0644);
    ck_assert_int_eq(chmod(fx_path("new.cf"), 0640), 0);
    FX_OK(apply(&applied, "old.cf", "u.cfu", NULL));
    ck_assert_int_eq(stat(fx_path("new.cf"), &info), 0);
    ck_assert_int_eq(info.st_mode & 0777, 0640);
}
END_TEST

START_TEST(lists_beyond_the_limit_are_refused_as_info_refuses_them)
{
    static const struct {
        const char *lists, *said;
    } rows[] = {{"{3,70000,", "a list of 70000 sources, of which at most 65536 are read"},
                {"{3,1,\"N\",\"V\",\"1\"," OLD_ID ",900000,", "a list of 900000 entries, of which at most"},
                {"{3,1,\"N\",\"V\",\"1\"," OLD_ID ",0,900000,", "a list of 900000 entries, of which at most"}};
    cdist_file_facts_t *facts;
    cdist_applied_t applied;

    make_base("old.cf", 32, 0);
    make_update("u.cfu", apr_pstrcat(fx_pool, MARK, rows[_i].lists, NULL), "1.0.2.7", 4, 32);
    refused(apply(&applied, "old.cf", "u.cfu", NULL), rows[_i].said);
    refused(cdist_file_facts_read(&facts, fx_path("u.cfu"), fx_pool, fx_pool), rows[_i].said);
}
END_TEST

/* ---- a real step ------------------------------------------------------------------------------------------------ */

typedef struct {
    const char *made;
    int entries;
} compared_t;

static cdist_err_t *compare_item(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    compared_t *compared = baton;
    size_t length, expected;
    const char *text = entry_of(compared->made, item->name, &length), *vendors;

    (void)pool;
    ck_assert_msg(text != NULL, "%s is missing", item->name);
    compared->entries++;
    if (strcmp(item->name, "root") == 0 || strncmp(item->name, "version", 7) == 0) return NULL;
    vendors = entry_of(fx_path("vendors.cf"), item->name, &expected);
    ck_assert_msg(length == expected && memcmp(text, vendors, length) == 0, "%s differs from the vendor's", item->name);
    return NULL;
}

static int copy_real(const char *name, const char *as)
{
    size_t length;
    const char *bytes = shared_data(&length, name);

    if (bytes) fx_write(as, bytes, length);
    return bytes != NULL;
}

START_TEST(a_real_step_gives_the_vendors_configuration)
{
    compared_t compared = {NULL, 0};
    cdist_container_t *container;
    cdist_applied_t applied;
    cdist_bytes_t *bytes;

    if (!copy_real("cf/tr_0.0.20.0.cf", "old.cf") || !copy_real("cfu/tr_0.0.20.3.cfu", "u.cfu") ||
        !copy_real("cf/tr_0.0.20.3.cf", "vendors.cf") || !copy_real("cf/tr_0.0.20.0_efd_1Cv8.cf", "other.cf")) {
        return;
    }
    FX_FAILS(apply(&applied, "other.cf", "u.cfu", NULL), CDIST_E_INPUT);
    FX_OK(apply(&applied, "old.cf", "u.cfu", NULL));
    FX_OK(cdist_bytes_file(&bytes, fx_path("vendors.cf"), fx_pool));
    FX_OK(cdist_container_open(&container, bytes, fx_pool));
    compared.made = fx_path("new.cf");
    FX_OK(cdist_container_walk(container, compare_item, &compared, fx_pool));
    ck_assert_int_eq(compared.entries, (int)applied.entries);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("apply");
    TCase *tcase = fx_case(suite, "apply", 120);

    tcase_add_loop_test(tcase, the_result_is_the_base_with_the_update_over_it, 0, 3);
    tcase_add_test(tcase, updates_follow_each_other);
    tcase_add_test(tcase, an_update_of_64_bits_is_said_to_be_one);
    tcase_add_test(tcase, a_refusal_leaves_no_file);
    tcase_add_test(tcase, an_update_that_takes_the_metadata_away_is_refused);
    tcase_add_test(tcase, entries_that_share_their_bytes_are_refused);
    tcase_add_test(tcase, a_folder_that_cannot_be_written_is_told);
    tcase_add_test(tcase, a_file_that_is_replaced_keeps_its_mode);
    tcase_add_loop_test(tcase, lists_beyond_the_limit_are_refused_as_info_refuses_them, 0, 3);
    tcase_add_test(tcase, a_real_step_gives_the_vendors_configuration);
    return suite;
}
