/* What upstreams write: what is taken of it, and what is not. */
#include "fixture.h"
#include "upstream_text_int.h"

#include <stdlib.h>
#include <string.h>

static const struct {
    const char *text, *wrong; /* NULL: nothing */
    int bytes;
} rows[] = {
    {"{\"root\":{\"size\":7,\"url\":\"http://x/tc/8.3.25.1286/windows64tc.zip\"}}", NULL, 7},
    {"{\"root\":{\"size\":7,\"url\":\"/8.3.25.1/WINDOWS64TC.ZIP\",\"more\":1}}", NULL, 7},
    {"{\"root\":{\"size\":0,\"url\":\"\"}}", NULL, 0},
    {"{\"root\":{\"size\":0}}", NULL, 0},
    {"", "size", 0},
    {"{}", "size", 0},
    {"[{\"root\":{\"size\":0}}]", "size", 0},
    {"{\"root\":{\"size\":7.5,\"url\":\"/8.3.25.1/windows64tc.zip\"}}", "size", 0},
    {"{\"root\":{\"size\":99999999999999999,\"url\":\"/8.3.25.1/windows64tc.zip\"}}", "size", 0},
    {"{\"root\":{\"size\":7,\"size\":8,\"url\":\"/8.3.25.1/windows64tc.zip\"}}", "size", 0},
    {"{\"root\":{\"size\":7}}", "is none", 0},
    {"{\"root\":{\"size\":7,\"url\":\"windows64tc.zip\"}}", "is none", 0},
    {"{\"root\":{\"size\":7,\"url\":\"/8.3.25.1/windows64tc.zip\\u0000\"}}", "size", 0},
    {"{\"root\":{\"size\":7,\"url\":\"8.3.25.1/windows64tc.zip\"}}", "no version", 0},
    {"{\"root\":{\"size\":7,\"url\":\"/8.3.25/windows64tc.zip\"}}", "no version", 0},
    {"{\"root\":{\"size\":7,\"url\":\"/windows64tc.zip\"}}", "no version", 0},
    {"{\"root\":{\"size\":7,\"url\":\"/8.3.24.1/windows64tc.zip\"}}", "another version", 0},
    {"{\"root\":{\"size\":7,\"url\":\"/8.3.25.1/windows32tc.zip\"}}", "another client", 0},
    {"{\"root\":{\"size\":7,\"url\":\"/8.3.25.1/windows64tc.zip?x\"}}", "another client", 0}};

START_TEST(a_distribution_is_taken_with_the_version_and_slot_that_were_asked_for_alone)
{
    cdist_selector_t asked;
    cdist_version_t version;
    apr_uint64_t bytes;
    const char *wrong;

    memset(&asked, 0, sizeof asked);
    asked.slot = cdist_slot_parse("windows64");
    ck_assert(cdist_mask_parse(&asked.mask, "8.3.25"));
    wrong = cdist_upstream_distribution(&version, &bytes, rows[_i].text, &asked, fx_pool);
    ck_assert_uint_eq(bytes, (apr_uint64_t)rows[_i].bytes);
    if (rows[_i].wrong) ck_assert_msg(wrong && strstr(wrong, rows[_i].wrong), "%s: %s", rows[_i].text, wrong ? wrong : "is taken");
    else ck_assert_msg(!wrong, "%s: %s", rows[_i].text, wrong);
}
END_TEST

START_TEST(of_what_another_server_has_versions_and_known_slots_are_taken)
{
    json_t *list = cdist_upstream_available(
        "{\"available\":[{\"version\":\"8.3.25.1286\",\"slots\":[\"win64\",\"<b>\",5,\"linux-e2k\"],\"more\":1},"
        "{\"version\":\"8.3.25\"},{\"version\":7},\"8.3.22.1\",{\"slots\":[]},{\"version\":\"8.3.22.1\",\"slots\":\"windows64\"}]}");
    char *text = json_dumps(list, JSON_COMPACT);

    ck_assert_str_eq(text, "[{\"version\":\"8.3.25.1286\",\"slots\":[\"windows64\",\"linux-e2k\"]},{\"version\":\"8.3.22.1\",\"slots\":[]}]");
    free(text);
    json_decref(list);
}
END_TEST

static const char *const nothing[] = {"", "{", "[]", "{}", "{\"available\":{}}", "{\"available\":[],\"available\":[{\"version\":\"8.3.22.1\"}]}"};

START_TEST(what_is_no_list_has_nothing)
{
    json_t *list = cdist_upstream_available(nothing[_i]);

    ck_assert(json_is_array(list) && json_array_size(list) == 0);
    json_decref(list);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("upstream_text");
    TCase *tcase = fx_case(suite, "upstream_text", 10);

    tcase_add_loop_test(tcase, a_distribution_is_taken_with_the_version_and_slot_that_were_asked_for_alone, 0, FX_COUNT(rows));
    tcase_add_test(tcase, of_what_another_server_has_versions_and_known_slots_are_taken);
    tcase_add_loop_test(tcase, what_is_no_list_has_nothing, 0, FX_COUNT(nothing));
    return suite;
}
