/* index.json, times and manifests of the cascade: what is written is read again, and nothing else is. */
#include "fixture.h"
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

#define SHA "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define SLOT(more) "{\"slot\":\"windows64\",\"file\":\"windows64tc.zip\",\"url\":\"8.3.22.1750/windows64tc.zip\",\"archive_bytes\":100," \
                   "\"sha256\":\"" SHA "\"" more "}"
#define INDEX(more, slots) "{\"format\":1" more ",\"releases\":[{\"version\":\"8.3.22.1750\",\"complete\":true,\"slots\":[" slots "]}]}"
#define DATED ",\"counter\":7,\"created\":\"2026-11-21T18:00:00Z\",\"expires\":\"2026-12-21T18:00:00Z\""

static cdist_index_t *parse(const char *text)
{
    cdist_index_t *index;

    FX_OK(cdist_index_parse(&index, text, strlen(text), "index.json", fx_pool));
    return index;
}

START_TEST(an_index_is_read_as_it_was_written)
{
    cdist_index_t *index = parse(INDEX(DATED ",\"current\":\"8.3.22.1750\"", SLOT(",\"manifest_bytes\":9,\"manifest_sha256\":\"" SHA "\"")));
    const char *written = cdist_index_write(index, fx_pool);
    cdist_index_t *again = parse(written);

    ck_assert_uint_eq(index->counter, 7);
    ck_assert_str_eq(cdist_time_format(index->expires, fx_pool), "2026-12-21T18:00:00Z");
    ck_assert_int_eq(index->releases->nelts, 1);
    ck_assert_str_eq(cdist_index_write(again, fx_pool), written);
    ck_assert_ptr_nonnull(strstr(written, "\"current\": \"8.3.22.1750\""));
}
END_TEST

START_TEST(a_live_catalogue_has_no_counter_and_tells_what_is_not_built)
{
    cdist_index_t *index = parse(INDEX("", "{\"slot\":\"linux64\",\"file\":\"linux64tc.zip\",\"url\":\"8.3.22.1750/linux64tc.zip\","
                                           "\"built\":false}," SLOT("")));
    const cdist_listed_t *listed = &APR_ARRAY_IDX(index->releases, 0, cdist_listed_t);

    ck_assert_uint_eq(index->counter, 0);
    ck_assert_int_eq(listed->unbuilt->nelts, 1);
    ck_assert_int_eq(listed->offers->nelts, 1);
    ck_assert_uint_eq(APR_ARRAY_IDX(listed->offers, 0, cdist_offer_t).manifest_bytes, 0);
}
END_TEST

#define UPDATE(path) "{\"path\":\"" path "\",\"url\":\"updates/sha256/" SHA "\",\"bytes\":0,\"sha256\":\"" SHA "\"}"
#define UPDATES_OF(dated, items) "{\"format\":1" dated ",\"releases\":[],\"updates\":[" items "]}"
#define UPDATES(items) UPDATES_OF("", items)

START_TEST(updates_are_read_as_they_were_written)
{
    const char *written = cdist_index_write(parse(UPDATES_OF(DATED, UPDATE("1c/Склад/1_0/1cv8.cfu") "," UPDATE("b"))), fx_pool);
    cdist_index_t *again = parse(written);

    ck_assert_int_eq(again->updates->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(again->updates, 0, cdist_update_offer_t).path, "1c/Склад/1_0/1cv8.cfu");
    ck_assert_str_eq(cdist_index_write(again, fx_pool), written);
}
END_TEST

static const char *const wrong_indexes[] = {
    UPDATES("1"), UPDATES(UPDATE("b") "," UPDATE("a")), UPDATES(UPDATE("a") "," UPDATE("a")), UPDATES(UPDATE("../a")),
    UPDATES(UPDATE("a/.b/c")), UPDATES(UPDATE("/a")), UPDATES(UPDATE("a\\u0000b")), "{\"format\":1,\"releases\":[],\"updates\":{}}",
    "{\"format\":1,\"releases\":[],\"updates\":[{\"path\":\"a\",\"url\":\"../a\",\"bytes\":0,\"sha256\":\"" SHA "\"}]}",
    "", "[]", "null", "{", "{}", "{\"format\":1}", "{\"format\":2,\"releases\":[]}", "{\"format\":1,\"releases\":{}}",
    "{\"format\":1,\"format\":1,\"releases\":[]}", "{\"format\":1,\"releases\":[1]}",
    "{\"format\":1,\"counter\":1,\"releases\":[]}", "{\"format\":1,\"counter\":0" ",\"releases\":[]}",
    "{\"format\":1,\"counter\":-1,\"created\":\"2026-11-21T18:00:00Z\",\"expires\":\"2026-12-21T18:00:00Z\",\"releases\":[]}",
    "{\"format\":1,\"counter\":9007199254740993,\"created\":\"2026-11-21T18:00:00Z\",\"expires\":\"2026-12-21T18:00:00Z\",\"releases\":[]}",
    "{\"format\":1,\"counter\":1,\"created\":\"2026-11-21T18:00:00Z\",\"expires\":\"2026-11-21T18:00:00Z\",\"releases\":[]}",
    "{\"format\":1,\"counter\":1,\"created\":\"2026-02-30T18:00:00Z\",\"expires\":\"2026-12-21T18:00:00Z\",\"releases\":[]}",
    "{\"format\":1,\"current\":\"newest\",\"releases\":[]}",
    INDEX("", SLOT("") "," SLOT("")),
    INDEX("", "{\"slot\":\"windows64\",\"file\":\"windows64tc.zip\",\"url\":\"x.zip\",\"archive_bytes\":1,\"sha256\":\"" SHA "\"}"),
    INDEX("", "{\"slot\":\"windows64\",\"file\":\"windows64tc.zip\",\"url\":\"x.zip\",\"archive_bytes\":1e3,\"sha256\":\"" SHA "\"}"),
    INDEX("", "{\"slot\":\"windows64\",\"file\":\"windows64tc.zip\",\"url\":\"x.zip\",\"archive_bytes\":18446744073709551615,\"sha256\":\"" SHA "\"}"),
    INDEX("", "{\"slot\":\"windows64\",\"file\":\"windows64tc.zip\",\"url\":\"x.zip\",\"archive_bytes\":100,\"sha256\":\"BA\"}"),
    INDEX("", SLOT(",\"manifest_sha256\":\"" SHA "\"")), INDEX("", SLOT(",\"manifest_sha256\":\"" SHA "\",\"manifest_bytes\":99999999999")),
    "{\"format\":1,\"releases\":[{\"version\":\"8.3.22.1750\",\"slots\":[]},{\"version\":\"8.3.22.1750\",\"slots\":[]}]}",
    "{\"format\":1,\"releases\":[{\"version\":\"8.3.22.1750\",\"slots\":[]},{\"version\":\"8.3.25.1\",\"slots\":[]}]}",
    "{\"format\":1,\"releases\":[{\"version\":\"8.3.22.1750\",\"required\":[\"../x\"],\"slots\":[]}]}"};

START_TEST(an_index_that_is_none_is_refused_by_name)
{
    cdist_index_t *index;
    cdist_err_t *err = cdist_index_parse(&index, wrong_indexes[_i], strlen(wrong_indexes[_i]), "from/index.json", fx_pool);

    ck_assert_msg(err != NULL, "%s", wrong_indexes[_i]);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_ptr_nonnull(strstr(err->message, "from/index.json"));
}
END_TEST

static const struct {
    const char *url;
    int plain;
} urls[] = {{"8.3.22.1750/windows64tc.zip", 1}, {"8.3.22.1750/distr/a-b_c.zip", 1}, {"x", 1}, {"", 0}, {"/x", 0}, {"x/", 0}, {"x//y", 0},
            {".", 0}, {"..", 0}, {"../x", 0}, {"x/../y", 0}, {"x/.y", 0}, {".x/y", 0}, {"http:x", 0}, {"x?y", 0}, {"x#y", 0}, {"x%2e", 0},
            {"x\\y", 0}, {"x y", 0}, {"\xD1\x84", 0}};

START_TEST(an_address_stays_where_the_index_lies)
{
    ck_assert_int_eq(cdist_index_url_is_plain(urls[_i].url), urls[_i].plain);
}
END_TEST

static const struct {
    const char *text;
    int good;
} times[] = {{"2026-11-21T18:00:00Z", 1}, {"1970-01-01T00:00:00Z", 1}, {"2028-02-29T23:59:59Z", 1}, {"2026-02-29T00:00:00Z", 0},
             {"2026-11-21T18:00:00", 0}, {"2026-11-21t18:00:00Z", 0}, {"2026-11-21T18:00:00+00:00", 0}, {"2026-13-01T00:00:00Z", 0},
             {"2026-00-01T00:00:00Z", 0}, {"2026-01-00T00:00:00Z", 0}, {"2026-01-01T24:00:00Z", 0}, {"1969-12-31T23:59:59Z", 0}, {"", 0}};

START_TEST(a_time_is_a_moment_in_utc_and_nothing_else)
{
    apr_time_t when;

    ck_assert_int_eq(cdist_time_parse(&when, times[_i].text), times[_i].good);
    if (times[_i].good) ck_assert_str_eq(cdist_time_format(when, fx_pool), times[_i].text);
}
END_TEST

#define ENTRY(offset, data, packed)                                                                                             \
    "{\"name\":\"a\",\"bytes\":5,\"packed_bytes\":" packed ",\"offset\":" offset ",\"data_offset\":" data ",\"crc32\":\"00000000\"," \
    "\"mode\":\"100644\",\"method\":\"store\",\"sha256\":\"" SHA "\",\"packed_sha256\":\"" SHA "\"}"
#define MANIFEST(entries) "{\"format\":1,\"builder\":\"\",\"level\":0,\"archive\":{\"bytes\":1000,\"sha256\":\"" SHA "\"},\"entries\":[" entries "]}"

static const struct {
    const char *text;
    int good;
} manifests[] = {{MANIFEST(""), 1}, {MANIFEST(ENTRY("0", "31", "5")), 1}, {MANIFEST(ENTRY("0", "31", "5") "," ENTRY("36", "67", "933")), 1},
                 {MANIFEST(ENTRY("0", "31", "970")), 0}, {MANIFEST(ENTRY("0", "29", "5")), 0}, {MANIFEST(ENTRY("980", "1010", "5")), 0},
                 {MANIFEST(ENTRY("0", "31", "5") "," ENTRY("35", "66", "5")), 0}, {MANIFEST(ENTRY("-1", "31", "5")), 0},
                 {MANIFEST(ENTRY("0", "31", "17592186044416")), 0}, {MANIFEST("1"), 0}, {MANIFEST("{}"), 0}, {"{\"format\":1}", 0},
                 {"{\"format\":2,\"archive\":{\"bytes\":1000,\"sha256\":\"" SHA "\"},\"entries\":[]}", 0}, {"[", 0}};

START_TEST(entries_of_a_manifest_lie_one_behind_the_other_in_the_archive)
{
    cdist_manifest_t *manifest;
    cdist_err_t *err = cdist_manifest_parse(&manifest, manifests[_i].text, strlen(manifests[_i].text), "m", fx_pool);

    ck_assert_int_eq(err == NULL, manifests[_i].good);
    if (err) ck_assert_int_eq(err->code, CDIST_E_INPUT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("mirror_index");
    TCase *tests = fx_case(suite, "index", 10);

    tcase_add_test(tests, an_index_is_read_as_it_was_written);
    tcase_add_test(tests, updates_are_read_as_they_were_written);
    tcase_add_test(tests, a_live_catalogue_has_no_counter_and_tells_what_is_not_built);
    tcase_add_loop_test(tests, an_index_that_is_none_is_refused_by_name, 0, FX_COUNT(wrong_indexes));
    tcase_add_loop_test(tests, an_address_stays_where_the_index_lies, 0, FX_COUNT(urls));
    tcase_add_loop_test(tests, a_time_is_a_moment_in_utc_and_nothing_else, 0, FX_COUNT(times));
    tcase_add_loop_test(tests, entries_of_a_manifest_lie_one_behind_the_other_in_the_archive, 0, FX_COUNT(manifests));
    return suite;
}
