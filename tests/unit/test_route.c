/* The URL space below the Alias. */
#include "fixture.h"
#include "route_int.h"

#include <apr_strings.h>

#include <string.h>

#define HEX "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
#define HEX_UPPER "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD"

static const struct {
    const char *path;
    cdist_route_kind_t kind;
    const char *slot, *mask;
    int manifest;
} rows[] = {
    {"", CDIST_ROUTE_HOME, NULL, "", 0},
    {"/", CDIST_ROUTE_HOME, NULL, "", 0},
    {"//", CDIST_ROUTE_HOME, NULL, "", 0},
    {"/index.json", CDIST_ROUTE_INDEX, NULL, "", 0},
    {"/index.json.sig", CDIST_ROUTE_PUBLISHED, NULL, "", 0},
    {"/keys.json", CDIST_ROUTE_PUBLISHED, NULL, "", 0},
    {"/keys.json.sig", CDIST_ROUTE_PUBLISHED, NULL, "", 0},
    {"/windows64tc.zip", CDIST_ROUTE_ARCHIVE, "windows64", "", 0},
    {"/Windows64TC.zip", CDIST_ROUTE_ARCHIVE, "windows64", "", 0},
    {"/windows64tc.zip.manifest", CDIST_ROUTE_ARCHIVE, "windows64", "", 1},
    {"/8.3.22.1750/windows64tc.zip", CDIST_ROUTE_ARCHIVE, "windows64", "8.3.22.1750", 0},
    {"/8_3_22_1750/linux32tc.zip", CDIST_ROUTE_ARCHIVE, "linux32", "8.3.22.1750", 0},
    {"/8.3.22/macOS64tc.zip", CDIST_ROUTE_ARCHIVE, "macos64", "8.3.22", 0},
    {"/8.3/linux-arm64.zip.manifest", CDIST_ROUTE_ARCHIVE, "linux-arm64", "8.3", 1},
    {"/sha256/" HEX "/windows64tc.zip", CDIST_ROUTE_BYTES, "windows64", "", 0},
    {"/sha256/" HEX "/windows64tc.zip.manifest", CDIST_ROUTE_BYTES, "windows64", "", 1},
    {"/tc.zip", CDIST_ROUTE_ARCHIVE, NULL, "", 0},
    {"/8.3.22/TC.zip.manifest", CDIST_ROUTE_ARCHIVE, NULL, "8.3.22", 1},
    {"/sha256/" HEX "/tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/WebDistributiveLocation", CDIST_ROUTE_DISTRIBUTIVE, NULL, "", 0},
    {"/WebDistributiveLocation/", CDIST_ROUTE_DISTRIBUTIVE, NULL, "", 0},
    {"/WebDistributiveLocation/GetDistributiveInfo", CDIST_ROUTE_DISTRIBUTIVE_INFO, NULL, "", 0},
    {"/WebDistributiveLocation/GetDistributiveInfo/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/webdistributivelocation/getdistributiveinfo", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/webcommoninfobases/getinfobases", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/WebCommonInfoBases/GetInfoBases/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/WebCommonInfoBases", CDIST_ROUTE_INFOBASES, NULL, "", 0},
    {"/WebCommonInfoBases/CheckInfoBases", CDIST_ROUTE_CHECK_INFOBASES, NULL, "", 0},
    {"/WebCommonInfoBases/GetInfoBases", CDIST_ROUTE_GET_INFOBASES, NULL, "", 0},
    {"/WebCommonInfoBases/GetInfoBases/x", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/WebCommonInfoBases//GetInfoBases", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/WebCommonInfoBase", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/updates/", CDIST_ROUTE_UPDATES, NULL, "", 0},
    {"/updates", CDIST_ROUTE_UPDATES_FOLDER, NULL, "", 0},
    {"/Updates", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/Updates/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/updates/chain", CDIST_ROUTE_UPDATE_CHAIN, NULL, "", 0},
    {"/updates/chain/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/updates/files/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/updates/files/1c/1cv8.cfu", CDIST_ROUTE_UPDATE_FILE, NULL, "", 0},
    {"/updates/other", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/updates/sha256/" HEX, CDIST_ROUTE_UPDATE_BYTES, NULL, "", 0},
    {"/updates/sha256/" HEX_UPPER, CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/updates/sha256/" HEX "/x", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/resolve", CDIST_ROUTE_RESOLVE, NULL, "", 0},
    {"/resolve/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/ClientUpdate.cfg", CDIST_ROUTE_CLIENT_UPDATE, NULL, "", 0},
    {"/clientupdate.cfg", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/index.html", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/INDEX.JSON", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/index.json/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/index.json.manifest", CDIST_ROUTE_UNKNOWN, NULL, "", 1},
    {"/favicon.ico", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/.manifest", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/windows64tc.zip.manifest.manifest", CDIST_ROUTE_UNKNOWN, NULL, "", 1},
    {"/amiga64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/8.3.22.1750", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/8.3.22.1750/", CDIST_ROUTE_UNKNOWN, NULL, "8.3.22.1750", 0},
    {"/8.3.22.1750/amiga64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "8.3.22.1750", 0},
    {"/8.3.22.1750/windows64tc.zip/more", CDIST_ROUTE_UNKNOWN, NULL, "8.3.22.1750", 0},
    {"/8.3.22.1750//windows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "8.3.22.1750", 0},
    {"/latest/windows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/../windows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/./windows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/SHA256/" HEX "/windows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/%77indows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/8%2E3.22.1750/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/windows64tc.zip%00", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/windows64tc.zip\n", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/windows64tc.zip\xFF", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/8/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/8.3.22.1750.1/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/8.3_22.1750/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/08.3.22.1750/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/8.3.22.99999999999/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/8.3.22.1750 /windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/8.3.22.1750\xD9\xA0/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/sha256/", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/sha256/" HEX, CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/sha256/" HEX "0/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/sha256/" HEX_UPPER "/windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/sha256/../windows64tc.zip", CDIST_ROUTE_MALFORMED, NULL, "", 0},
    {"/sha256/" HEX "/", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
    {"/sha256/" HEX "/x/windows64tc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0}};

START_TEST(a_path_is_one_of_the_known_forms_or_refused)
{
    cdist_route_t route;

    memset(&route, 0xAA, sizeof route);
    cdist_route_parse(&route, rows[_i].path, NULL, fx_pool);
    ck_assert_msg(route.kind == rows[_i].kind, "\"%s\" gave %d instead of %d", rows[_i].path, route.kind,
                  rows[_i].kind);
    if (rows[_i].slot) {
        ck_assert_ptr_nonnull(route.selector.slot);
        ck_assert_str_eq(route.selector.slot->name, rows[_i].slot);
    } else {
        ck_assert_ptr_null(route.selector.slot);
    }
    ck_assert_str_eq(cdist_version_format(&route.selector.mask, fx_pool), rows[_i].mask);
    ck_assert_int_eq(route.manifest, rows[_i].manifest);
    if (route.kind == CDIST_ROUTE_BYTES) ck_assert_str_eq(fx_hex(&route.sha256), HEX);
    ck_assert_int_eq(route.reason != NULL, route.kind == CDIST_ROUTE_UNKNOWN || route.kind == CDIST_ROUTE_MALFORMED);
}
END_TEST

static const struct {
    const char *path;
    cdist_route_kind_t kind;
    const char *slot, *mask;
    int manifest;
} component_rows[] = {{"/modules.zip", CDIST_ROUTE_ARCHIVE, "modules", "", 0},
                      {"/MODULES.zip", CDIST_ROUTE_ARCHIVE, "modules", "", 0},
                      {"/modules.zip.manifest", CDIST_ROUTE_ARCHIVE, "modules", "", 1},
                      {"/8.3.22.1750/modules.zip", CDIST_ROUTE_ARCHIVE, "modules", "8.3.22.1750", 0},
                      {"/8.3/extra.zip.manifest", CDIST_ROUTE_ARCHIVE, "extra", "8.3", 1},
                      {"/sha256/" HEX "/modules.zip", CDIST_ROUTE_BYTES, "modules", "", 0},
                      {"/windows64tc.zip", CDIST_ROUTE_ARCHIVE, "windows64", "", 0},
                      {"/modules", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
                      {"/modulestc.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0},
                      {"/others.zip", CDIST_ROUTE_UNKNOWN, NULL, "", 0}};

START_TEST(a_components_path_is_that_of_a_slot)
{
    apr_array_header_t *components = apr_array_make(fx_pool, 2, sizeof(const cdist_slot_t *));
    cdist_route_t route;

    APR_ARRAY_PUSH(components, const cdist_slot_t *) = cdist_slot_make("modules", fx_pool);
    APR_ARRAY_PUSH(components, const cdist_slot_t *) = cdist_slot_make("extra", fx_pool);
    cdist_route_parse(&route, component_rows[_i].path, components, fx_pool);
    ck_assert_msg(route.kind == component_rows[_i].kind, "\"%s\" gave %d instead of %d", component_rows[_i].path,
                  route.kind, component_rows[_i].kind);
    ck_assert_str_eq(cdist_version_format(&route.selector.mask, fx_pool), component_rows[_i].mask);
    ck_assert_int_eq(route.manifest, component_rows[_i].manifest);
    if (component_rows[_i].slot) ck_assert_str_eq(route.selector.slot->name, component_rows[_i].slot);
    if (route.kind != CDIST_ROUTE_UNKNOWN) return;
    ck_assert_ptr_nonnull(strstr(route.reason, "macOS64tc.zip"));
    ck_assert_ptr_nonnull(strstr(route.reason, "modules.zip, extra.zip"));
    cdist_route_parse(&route, "/modules.zip", NULL, fx_pool);
    ck_assert_int_eq(route.kind, CDIST_ROUTE_UNKNOWN);
    ck_assert_ptr_null(strstr(route.reason, "modules"));
}
END_TEST

START_TEST(a_path_of_more_than_512_bytes_is_malformed)
{
    char *path = apr_pcalloc(fx_pool, 700);
    cdist_route_t route;

    memset(path, 'x', 513);
    path[0] = '/';
    cdist_route_parse(&route, path, NULL, fx_pool);
    ck_assert_int_eq(route.kind, CDIST_ROUTE_UNKNOWN);
    path[513] = 'x';
    cdist_route_parse(&route, path, NULL, fx_pool);
    ck_assert_int_eq(route.kind, CDIST_ROUTE_MALFORMED);
    ck_assert_ptr_nonnull(route.reason);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("route");
    TCase *tcase = fx_case(suite, "route", 10);

    tcase_add_loop_test(tcase, a_path_is_one_of_the_known_forms_or_refused, 0, FX_COUNT(rows));
    tcase_add_loop_test(tcase, a_components_path_is_that_of_a_slot, 0, FX_COUNT(component_rows));
    tcase_add_test(tcase, a_path_of_more_than_512_bytes_is_malformed);
    return suite;
}
