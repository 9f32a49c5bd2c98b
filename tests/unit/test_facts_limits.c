/* Large files and such as were made to fill memory or time. */
#include "facts_fixture.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MARK "\xEF\xBB\xBF"

static const cm_style_t styles[] = {{.bits = 32},           {.bits = 64},
                                    {.bits = 32, .pad = 512}, {.bits = 64, .pad = 65536},
                                    {.bits = 32, .piece = 100}, {.bits = 32, .data_first = 1, .other_case = 1}};

/* ---- limits ---------------------------------------------------------------------------------------------------- */

#ifdef __SANITIZE_ADDRESS__
#define MEASURED 0 /* the sanitizer's own memory */
#else
#define MEASURED 1
#endif
#define MEMORY_KB (64 * 1024)

/* The largest memory of this process so far, and forgets it. */
static long peak_kb(void)
{
    char line[200];
    long kb = 0;
    FILE *file = fopen("/proc/self/status", "r");

    while (file && fgets(line, sizeof line, file)) {
        if (strncmp(line, "VmHWM:", 6) == 0) kb = strtol(line + 6, NULL, 10);
    }
    if (file) fclose(file);
    file = fopen("/proc/self/clear_refs", "w");
    if (file) {
        fputs("5", file);
        fclose(file);
    }
    return kb;
}

static cdist_err_t *facts_within_memory(cdist_file_facts_t **facts, const char *name)
{
    long before, grown;
    cdist_err_t *err;

    peak_kb();
    before = peak_kb();
    err = cdist_file_facts_read(facts, fx_path(name), fx_pool, fx_pool);
    grown = peak_kb() - before;
    if (MEASURED) ck_assert_int_lt(grown, MEMORY_KB);
    return err;
}

START_TEST(two_hundred_thousand_entries_cost_little)
{
    cm_configuration_t configuration = {.extra = 200000, .stored = 1};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, &styles[_i]);
    fx_write("large.cf", made.bytes, made.length);
    FX_OK(facts_within_memory(&facts, "large.cf"));
    fx_check_default(facts, CDIST_FILE_CF, styles[_i].bits);
    ck_assert_uint_lt(facts->bytes_read, 200000);
}
END_TEST

START_TEST(an_update_of_two_hundred_thousand_entries_stays_within_memory)
{
    cdist_file_facts_t *facts;
    cm_made_t made = {0}, packed = {0};

    cm_update(&made, cm_update_info, 200000, &styles[_i]);
    cm_deflate(&packed, made.bytes, made.length);
    fx_write("large.cfu", packed.bytes, packed.length);
    FX_OK(facts_within_memory(&facts, "large.cfu"));
    ck_assert_uint_eq(facts->entries, 200002);
    ck_assert_uint_eq(facts->bytes_read, packed.length);
}
END_TEST

/* An entry that inflates to `length` bytes of one sort, in a deflated container: the whole is a bomb in a bomb. */
START_TEST(bombs_are_refused_within_memory)
{
    static const char sorts[] = {0, '{', '"', ' '};
    cdist_file_facts_t *facts;
    size_t length = 150u * 1024 * 1024;
    char *bytes = malloc(length);
    cm_made_t inner = {0}, whole = {0};
    cm_item_t items[] = {{CM_ROOT_ID}, {"root", MARK "{2," CM_ROOT_ID ",}"}, {"versions", MARK "{1,0}"}};

    ck_assert_ptr_nonnull(bytes);
    memset(bytes, sorts[_i], length);
    memcpy(bytes, MARK "{2,{" CM_ROOT_ID "},", strlen(MARK "{2,{" CM_ROOT_ID "},"));
    items[0].content = bytes;
    items[0].length = length;
    cm_container(&inner, items, 3, NULL);
    fx_write("bomb.cf", inner.bytes, inner.length);
    FX_FAILS(facts_within_memory(&facts, "bomb.cf"), CDIST_E_CORRUPT);
    free(bytes);
    cm_deflate(&whole, inner.bytes, inner.length);
    fx_write("bomb.cfu", whole.bytes, whole.length);
    FX_FAILS(facts_within_memory(&facts, "bomb.cfu"), CDIST_E_CORRUPT);
}
END_TEST

START_TEST(sources_with_long_names_are_refused_within_memory)
{
    cdist_file_facts_t *facts;
    size_t each = 3 * 4000 + 20, count = 60000, i;
    char *text = malloc(each * count + 100), *at = text;
    cm_made_t made = {0}, packed = {0};

    ck_assert_ptr_nonnull(text);
    at += apr_snprintf(at, 100, MARK "{3,%d", (int)count);
    for (i = 0; i < count; i++) {
        at += apr_snprintf(at, 100, ",\"%d-", (int)i);
        memset(at, 'n' + (int)(i % 5), 3990);
        at += 3990;
        at += apr_snprintf(at, 100, "\",\"V\",\"1\",x");
    }
    cm_update(&made, text, 0, NULL);
    free(text);
    cm_deflate(&packed, made.bytes, made.length);
    fx_write("sources.cfu", packed.bytes, packed.length);
    FX_FAILS(facts_within_memory(&facts, "sources.cfu"), CDIST_E_CORRUPT);
}
END_TEST

START_TEST(a_table_that_has_one_entry_many_times_is_refused)
{
    cm_made_t made = {0}, packed = {0};
    cdist_file_facts_t *facts;
    size_t i;

    cm_update(&made, cm_update_info, 1000, NULL);
    for (i = 0; i < 500; i++) memcpy(made.bytes + 16 + 31 + 12 * i, made.bytes + 16 + 31, 12);
    cm_deflate(&packed, made.bytes, made.length);
    fx_write("twice.cfu", packed.bytes, packed.length);
    FX_FAILS(facts_within_memory(&facts, "twice.cfu"), CDIST_E_CORRUPT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("facts_limits");
    TCase *tcase = fx_case(suite, "facts_limits", 120);

    tcase_add_loop_test(tcase, two_hundred_thousand_entries_cost_little, 0, 3);
    tcase_add_loop_test(tcase, an_update_of_two_hundred_thousand_entries_stays_within_memory, 0, 2);
    tcase_add_loop_test(tcase, bombs_are_refused_within_memory, 0, 4);
    tcase_add_test(tcase, sources_with_long_names_are_refused_within_memory);
    tcase_add_test(tcase, a_table_that_has_one_entry_many_times_is_refused);
    return suite;
}
