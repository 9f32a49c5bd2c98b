/* Configurations of three sides: what counts as changed, and where the base and theirs come from. */
#include "compare_fixture.h"
#include "compare/cdist_compare.h"
#include "container_maker.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MARK "\xEF\xBB\xBF"
#define OLD_ID "11111111-b151-4efe-8b31-f0897db3142a"
#define A "00000000-0000-0000-0000-000000000000"
#define B "00000000-0000-0000-0000-000000000001"
#define C "00000000-0000-0000-0000-000000000002"
#define INSTANCE "50448ce6-72ca-48a5-961f-738c9a3b73f0"

/* ---- configurations made by code ----------------------------------------------------------------------------------- */

/* An entry whose content is another one than in the plain configuration, which has A, B and C. */
typedef struct {
    const char *name;
    const void *content;
    size_t length;
    int stored;
} change_t;

static int compare_items(const void *a, const void *b)
{
    const cm_item_t *x = a, *y = b;

    return cdist_item_name_compare(x->name, y->name);
}

static void make(cm_made_t *made, const cm_configuration_t *configuration, const change_t *changes, int count,
                 const cm_style_t *style)
{
    int items_count, i, j;
    cm_item_t *plain = cm_configuration_items(&items_count, configuration);
    cm_item_t *items = apr_pcalloc(fx_pool, sizeof *items * (size_t)(items_count + count));

    memcpy(items, plain, sizeof *items * (size_t)items_count);
    for (i = 0; i < count; i++) {
        for (j = 0; j < items_count && strcmp(items[j].name, changes[i].name) != 0; ) j++;
        items_count += j == items_count;
        items[j] = (cm_item_t){changes[i].name, changes[i].content, changes[i].length,
                               configuration->stored || changes[i].stored, 0};
    }
    qsort(items, (size_t)items_count, sizeof *items, compare_items);
    cm_container(made, items, items_count, style);
}

static const char *write_cf(const char *name, const change_t *changes, int count, const cm_style_t *style)
{
    cm_configuration_t configuration = {.version_id = OLD_ID, .version = "1.0.2.6", .extra = 3};
    cm_made_t made = {0};

    if (style && style->bits == 64) cm_stub(&made, 0);
    make(&made, &configuration, changes, count, style);
    fx_write(name, made.bytes, made.length);
    return fx_path(name);
}

static int class_of(const cdist_comparison_t *found, const char *id)
{
    const cdist_difference_t *difference = fx_difference(found, id);

    return difference ? (int)difference->cls : (int)CDIST_CLASS_UNCHANGED;
}

static void refused(cdist_err_t *err, const char *part)
{
    ck_assert_msg(err != NULL, "taken, where \"%s\" was expected", part);
    ck_assert_msg(strstr(err->message, part) != NULL, "\"%s\" does not say \"%s\"", err->message, part);
}

/* ---- what counts as changed ------------------------------------------------------------------------------------------ */

static const cm_style_t styles[] = {{.bits = 32}, {.bits = 64, .pad = 512}, {.bits = 32, .pad = 512, .data_first = 1},
                                    {.bits = 32, .piece = 100, .other_case = 1}};

START_TEST(contents_count_and_not_how_they_are_stored)
{
    change_t mine[] = {{B, MARK "{mine}", 0, 0}, {C, MARK "{both}", 0, 1}};
    change_t theirs[] = {{A, MARK "{theirs}", 0, 0}, {C, MARK "{both}", 0, 0}};
    cdist_comparison_t *found = fx_compare(write_cf("base", NULL, 0, NULL), write_cf("mine", mine, 2, &styles[_i]),
                                        write_cf("theirs", theirs, 2, &styles[(_i + 1) % FX_COUNT(styles)]));

    ck_assert_int_eq(class_of(found, A), CDIST_CLASS_THEIRS);
    ck_assert_int_eq(class_of(found, B), CDIST_CLASS_MINE);
    ck_assert_int_eq(class_of(found, C), CDIST_CLASS_IDENTICAL);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_UNCHANGED], 1);
    ck_assert_int_eq(found->differences->nelts, 3);
}
END_TEST

/* A module: a container with two parts. */
static change_t nested(const char *text, const cm_style_t *style)
{
    cm_item_t parts[] = {{"info", "{3,1,0}", 0, 1}, {"text", text, 0, 1}};
    cm_made_t made = {0};

    cm_container(&made, parts, 2, style);
    return (change_t){B, made.bytes, made.length, 0};
}

START_TEST(nested_containers_are_compared_by_their_parts)
{
    change_t base = nested(MARK "text", NULL), mine = nested(MARK "other", NULL);
    change_t same = nested(MARK "text", &(cm_style_t){.bits = 32, .pad = 4096, .data_first = 1});
    cdist_comparison_t *found = fx_compare(write_cf("base", &base, 1, NULL), write_cf("mine", &mine, 1, NULL),
                                        write_cf("theirs", &same, 1, NULL));

    ck_assert_int_eq(class_of(found, B), CDIST_CLASS_MINE);
    ck_assert_int_eq(found->differences->nelts, 1);
}
END_TEST

START_TEST(stored_binaries_are_compared_to_their_last_byte)
{
    /* As deflate data both are an empty text, and what follows it would not be looked at. */
    cm_item_t parts[2][1] = {{{"picture", "\x03\x00" "a", 3, 1}}, {{"picture", "\x03\x00" "b", 3, 1}}};
    cm_made_t made[2] = {{0}, {0}};
    change_t base = {B}, mine = {B};

    cm_container(&made[0], parts[0], 1, NULL);
    cm_container(&made[1], parts[1], 1, NULL);
    base.content = made[0].bytes, base.length = made[0].length;
    mine.content = made[1].bytes, mine.length = made[1].length;
    ck_assert_int_eq(class_of(fx_compare(write_cf("base", &base, 1, NULL), write_cf("mine", &mine, 1, NULL), fx_path("base")), B),
                     CDIST_CLASS_MINE);
}
END_TEST

static const struct {
    const char *content;
    size_t length;
} damaged[] = {{"\xFF\xFF\xFF\xFF", 4}, {"\x63", 1}};

START_TEST(a_damaged_entry_is_told_and_equals_nothing)
{
    change_t change = {B, damaged[_i].content, damaged[_i].length, 1};
    const char *bad = write_cf("bad", &change, 1, NULL), *good = write_cf("good", NULL, 0, NULL);
    cdist_comparison_t *found = fx_compare(good, bad, good);
    const cdist_difference_t *difference = fx_difference(found, B);

    ck_assert_ptr_nonnull(difference);
    ck_assert_ptr_nonnull(strstr(difference->error, "bad: entry " B));
    ck_assert_int_eq(difference->cls, CDIST_CLASS_MINE);
    ck_assert_uint_eq(found->unreadable, 1);
    ck_assert_ptr_nonnull(fx_difference(fx_compare(bad, bad, bad), B));
    ck_assert_ptr_nonnull(fx_difference(fx_compare(NULL, bad, bad), B)->error);
}
END_TEST

START_TEST(compressed_data_that_end_in_the_padding_are_damaged_too)
{
    change_t whole = nested(MARK "text", NULL), cut = {B, NULL, 0, 1};
    static unsigned char noise[200000]; /* more than is read ahead */
    cm_made_t padded = {0}, packed = {0};
    const char *good = write_cf("good", &whole, 1, NULL);

    fx_fill_noise(noise, sizeof noise, 1);
    cm_put(&padded, whole.content, whole.length);
    cm_put(&padded, noise, sizeof noise);
    cm_deflate(&packed, padded.bytes, padded.length);
    cut.content = packed.bytes;
    cut.length = packed.length;
    ck_assert_int_eq(fx_compare(good, write_cf("padded", &cut, 1, NULL), good)->differences->nelts, 0);
    cut.length -= 20;
    ck_assert_ptr_nonnull(fx_difference(fx_compare(good, write_cf("cut", &cut, 1, NULL), good), B)->error);
}
END_TEST

/* ---- where the sides come from ------------------------------------------------------------------------------------- */

/* An embedded configuration as an entry: its container, deflated; the entry deflates it once more. */
static change_t embedded(const cm_configuration_t *vendor, const char *instance)
{
    cm_configuration_t stored = *vendor;
    cm_made_t made = {0}, packed = {0};

    stored.stored = 1;
    make(&made, &stored, NULL, 0, NULL);
    cm_deflate(&packed, made.bytes, made.length);
    return (change_t){apr_pstrcat(fx_pool, CM_ROOT_ID ".", instance, NULL), packed.bytes, packed.length, 0};
}

static const char *support_data(int locked, int rule, int vendors)
{
    const char *vendor = apr_psprintf(fx_pool, INSTANCE ",%d," OLD_ID ",\"1.0.2.6\",\"V\",\"N\",2,%d,0," CM_ROOT_ID ","
                                      CM_ROOT_ID ",%d,0," B "," B ",0,0,", locked, rule, rule);

    return apr_psprintf(fx_pool, MARK "{6,%d,%d,%s0,1,0}", locked, vendors, vendors ? vendor : "");
}

START_TEST(the_base_is_the_vendors_configuration_in_mine)
{
    cm_configuration_t vendor = {.version = "1.0.2.6", .version_id = OLD_ID, .extra = 3};
    change_t theirs = {B, MARK "{theirs}"};
    change_t mine[] = {{B, MARK "{mine}"}, {CM_OBJECT_ID ".4", support_data(0, 1, 1)}, embedded(&vendor, INSTANCE)};
    cdist_compare_files_t files = {.mine = write_cf("mine", mine, 3, NULL), .theirs = write_cf("theirs", &theirs, 1, NULL)};
    cdist_comparison_t *found, *parts;
    cdist_verdict_t verdict;
    cdist_sides_t *sides;

    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    ck_assert_int_eq(sides->base_origin, CDIST_BASE_EMBEDDED);
    found = cdist_sides_entries(sides, fx_pool);
    ck_assert_int_eq(class_of(found, B), CDIST_CLASS_CONFLICT);
    ck_assert_uint_eq(found->counts[CDIST_CLASS_UNCHANGED], 3);
    ck_assert_int_eq(fx_difference(found, CM_OBJECT_ID ".4")->mine_side, CDIST_SIDE_ADDED);
    verdict = cdist_sides_verdict(sides, found, fx_difference(found, B));
    ck_assert_int_eq(verdict.rule, CDIST_RULE_EDITABLE);
    ck_assert_int_eq(verdict.decision->action, CDIST_TAKE_THEIRS);
    /* As objects: what support keeps for itself was changed by nobody. */
    FX_OK(cdist_sides_objects(&found, &parts, sides, fx_pool));
    ck_assert_int_eq(found->differences->nelts, 1);
    ck_assert_int_eq(parts->differences->nelts, 1);
}
END_TEST

START_TEST(the_configuration_is_one_object)
{
    change_t theirs = {CM_OBJECT_ID ".0", MARK "{module}"}, mine = {CM_OBJECT_ID ".4", support_data(0, 2, 1)};
    cdist_compare_files_t files = {.base = write_cf("base", NULL, 0, NULL), .mine = write_cf("mine", &mine, 1, NULL),
                                   .theirs = write_cf("theirs", &theirs, 1, NULL)};
    cdist_comparison_t *found, *parts;
    cdist_sides_t *sides;

    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    FX_OK(cdist_sides_objects(&found, &parts, sides, fx_pool));
    ck_assert_int_eq(found->differences->nelts, 1);
    ck_assert_int_eq(cdist_sides_verdict(sides, found, fx_difference(found, CM_ROOT_ID)).rule, CDIST_RULE_REMOVED);
    ck_assert_str_eq(fx_difference(parts, CM_OBJECT_ID ".0")->owner, CM_ROOT_ID);
    found = cdist_sides_entries(sides, fx_pool);
    ck_assert_int_eq(cdist_sides_verdict(sides, found, fx_difference(found, CM_OBJECT_ID ".0")).rule, CDIST_RULE_REMOVED);
}
END_TEST

START_TEST(an_entry_that_a_side_has_twice_is_said_and_not_dropped)
{
    cdist_compare_files_t files = {.base = write_cf("base", NULL, 0, NULL), .mine = write_cf("mine", NULL, 0, NULL),
                                   .theirs = write_cf("theirs", NULL, 0, NULL)};
    cdist_comparison_t *found, *parts;
    cdist_sides_t *sides;

    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    *cdist_snapshot_add(sides->theirs_entries) = APR_ARRAY_IDX(sides->theirs_entries->elements, 0, cdist_element_t);
    refused(cdist_sides_objects(&found, &parts, sides, fx_pool), "theirs: has " A " twice");
}
END_TEST

START_TEST(of_several_vendors_the_one_of_theirs_is_the_base)
{
    cm_configuration_t ours = {.version = "1.0.2.6", .version_id = OLD_ID, .extra = 3};
    cm_configuration_t other = {.name = "Other", .vendor = "W", .extra = 1};
    change_t mine[] = {embedded(&other, A), embedded(&ours, INSTANCE), {B, MARK "{mine}"}};
    cdist_compare_files_t files = {.mine = write_cf("mine", mine, 3, NULL), .theirs = write_cf("theirs", NULL, 0, NULL)};
    cm_made_t made = {0};
    cdist_sides_t *sides;

    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    ck_assert_str_eq(cdist_config_facts(sides->base)->name, CM_NAME);
    other.name = "Third";
    make(&made, &other, NULL, 0, NULL);
    fx_write("third", made.bytes, made.length);
    files.theirs = fx_path("third");
    refused(cdist_sides_open(&sides, &files, fx_pool), "--base");
}
END_TEST

static const char *write_update_of(const char *from, const char *listed, const void *content, size_t length)
{
    cm_item_t items[] = {{C, content, length, 1}, {CM_ROOT_ID, NULL, 0, 1}, {"UpdateInfo.inf", NULL, 0, 1}};
    cm_configuration_t target = {.version = "1.0.2.7"};
    cm_made_t made = {0}, packed = {0};

    items[1].content = cm_metadata(&target);
    items[2].content = apr_psprintf(fx_pool, MARK "{3,1,\"" CM_NAME "\",\"V\",\"1.0.2.6\",%s,1,\"" A "\",3,\"\",new,"
                                    "\"" CM_ROOT_ID "\",r,\"%s\",c,\"" CM_NAME "\",\"V\",\"1.0.2.7\",z,{216,0,{80325,0}}," CM_ROOT_ID "}", from, listed);
    cm_container(&made, items, 3, NULL);
    cm_deflate(&packed, made.bytes, made.length);
    fx_write("update", packed.bytes, packed.length);
    return fx_path("update");
}

static const char *write_update(const char *from, const char *listed)
{
    return write_update_of(from, listed, MARK "{theirs}", 0);
}

START_TEST(the_same_bytes_mean_another_thing_where_nothing_is_compressed)
{
    change_t mine = {C, MARK "{mine}"};
    cm_made_t packed = {0};
    cdist_comparison_t *found;

    cm_deflate(&packed, mine.content, strlen(mine.content));
    found = fx_compare(write_cf("base", NULL, 0, NULL), write_cf("mine", &mine, 1, NULL),
                    write_update_of(OLD_ID, C, packed.bytes, packed.length));
    ck_assert_int_eq(class_of(found, C), CDIST_CLASS_CONFLICT);
}
END_TEST

START_TEST(an_update_is_seen_as_applied_to_the_base)
{
    change_t mine[] = {{C, MARK "{mine}"}};
    cdist_comparison_t *found = fx_compare(write_cf("base", NULL, 0, &styles[_i]), write_cf("mine", mine, 1, NULL),
                                        write_update(OLD_ID, C));

    ck_assert_int_eq(class_of(found, A), CDIST_CLASS_THEIRS);
    ck_assert_int_eq(fx_difference(found, A)->theirs_side, CDIST_SIDE_DELETED);
    ck_assert_int_eq(class_of(found, B), CDIST_CLASS_UNCHANGED);
    ck_assert_int_eq(class_of(found, C), CDIST_CLASS_CONFLICT);
    ck_assert_int_eq(class_of(found, CM_ROOT_ID), CDIST_CLASS_THEIRS);
}
END_TEST

START_TEST(an_update_that_does_not_apply_is_refused)
{
    cdist_compare_files_t files = {.mine = write_cf("mine", NULL, 0, NULL), .base = fx_path("mine")};
    cdist_sides_t *sides;

    files.theirs = write_update(CM_VERSION_ID, C);
    refused(cdist_sides_open(&sides, &files, fx_pool), "does not apply");
    files.theirs = write_update(OLD_ID, B);
    refused(cdist_sides_open(&sides, &files, fx_pool), "not listed");
    files.theirs = write_update(OLD_ID, C);
    files.base = NULL;
    refused(cdist_sides_open(&sides, &files, fx_pool), "--base");
}
END_TEST

START_TEST(a_file_that_is_no_configuration_is_refused)
{
    cdist_compare_files_t files = {.mine = write_update(OLD_ID, C), .theirs = write_cf("theirs", NULL, 0, NULL)};
    cdist_sides_t *sides;

    refused(cdist_sides_open(&sides, &files, fx_pool), "is no .cf");
    files.mine = files.theirs;
    files.support = files.theirs;
    refused(cdist_sides_open(&sides, &files, fx_pool), "no support data");
    files.support = fx_path("nothing");
    FX_FAILS(cdist_sides_open(&sides, &files, fx_pool), CDIST_E_NOTFOUND);
}
END_TEST

static const struct {
    int locked, rule, vendors;
    const char *code; /* of the note */
    int action;       /* for what both changed */
} states[] = {{1, 1, 1, "locked", CDIST_NO_UPDATE}, {0, 0, 1, NULL, CDIST_NO_UPDATE}, {0, 2, 1, NULL, CDIST_KEEP_MINE},
              {0, 0, 0, "support_removed", CDIST_KEEP_MINE}, {0, 0, -1, "not_on_support", CDIST_ASK}};

START_TEST(the_state_of_support_is_said_and_decides)
{
    change_t mine[] = {{B, MARK "{mine}"}, {CM_OBJECT_ID ".4", NULL}}, theirs = {B, MARK "{theirs}"};
    cdist_compare_files_t files = {.base = write_cf("base", NULL, 0, NULL), .theirs = write_cf("theirs", &theirs, 1, NULL)};
    cdist_comparison_t *found;
    cdist_sides_t *sides;

    if (states[_i].vendors >= 0) mine[1].content = support_data(states[_i].locked, states[_i].rule, states[_i].vendors);
    files.mine = write_cf("mine", mine, states[_i].vendors >= 0 ? 2 : 1, NULL);
    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    found = cdist_sides_entries(sides, fx_pool);
    ck_assert_int_eq(cdist_sides_verdict(sides, found, fx_difference(found, B)).decision->action, states[_i].action);
    if (states[_i].code) ck_assert_str_eq(APR_ARRAY_IDX(sides->notes, 0, cdist_compare_note_t).code, states[_i].code);
    /* Neither base nor theirs is a distribution, and theirs is no newer, which is said too. */
    ck_assert_int_eq(sides->notes->nelts, 3 + (states[_i].code != NULL));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("compare_cf");
    TCase *tcase = fx_case(suite, "compare_cf", 30);

    tcase_add_loop_test(tcase, contents_count_and_not_how_they_are_stored, 0, FX_COUNT(styles));
    tcase_add_test(tcase, nested_containers_are_compared_by_their_parts);
    tcase_add_test(tcase, stored_binaries_are_compared_to_their_last_byte);
    tcase_add_loop_test(tcase, a_damaged_entry_is_told_and_equals_nothing, 0, FX_COUNT(damaged));
    tcase_add_test(tcase, compressed_data_that_end_in_the_padding_are_damaged_too);
    tcase_add_test(tcase, the_base_is_the_vendors_configuration_in_mine);
    tcase_add_test(tcase, the_configuration_is_one_object);
    tcase_add_test(tcase, an_entry_that_a_side_has_twice_is_said_and_not_dropped);
    tcase_add_test(tcase, of_several_vendors_the_one_of_theirs_is_the_base);
    tcase_add_test(tcase, the_same_bytes_mean_another_thing_where_nothing_is_compressed);
    tcase_add_loop_test(tcase, an_update_is_seen_as_applied_to_the_base, 0, FX_COUNT(styles));
    tcase_add_test(tcase, an_update_that_does_not_apply_is_refused);
    tcase_add_test(tcase, a_file_that_is_no_configuration_is_refused);
    tcase_add_loop_test(tcase, the_state_of_support_is_said_and_decides, 0, FX_COUNT(states));
    return suite;
}
