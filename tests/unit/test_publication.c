/* Which addresses are published, and what an address is. */
#include "fixture.h"
#include "publication/cdist_publication.h"

#include <apr_strings.h>

#include <string.h>

/* ---- addresses ------------------------------------------------------------------------------------------------- */

static const struct {
    const char *text, *base; /* base NULL: refused */
} base_rows[] = {
    {"http://server/update", "http://server/update"}, {"https://server", "https://server"},
    {"http://server/update///", "http://server/update"}, {"HTTP://Server:8080/", "HTTP://Server:8080"},
    {"http://[::1]:80/tc", "http://[::1]:80/tc"}, {"http://server/a%20b", "http://server/a%20b"},
    {"http://server/a@b", "http://server/a@b"},
    {"", NULL}, {"server/update", NULL}, {"ftp://server/update", NULL}, {"\\\\server\\update", NULL}, {"http://", NULL},
    {"http:///update", NULL}, {"http://:80/", NULL}, {"http://user@server/", NULL}, {"http://user:secret@server/tc", NULL},
    {"http://server/?a=b", NULL}, {"http://server/#a", NULL}, {"http://server/a b", NULL}, {"http://server/a\nb", NULL},
    {"http://server/\"", NULL}, {"http://server/<b>", NULL}, {"http://\xD0\xA1/", NULL}, {" http://server/", NULL}};

START_TEST(a_base_url_is_plain_and_names_nobody)
{
    const char *base = NULL, *problem = cdist_base_url_parse(&base, base_rows[_i].text, fx_pool);

    if (base_rows[_i].base) {
        ck_assert_msg(!problem, "%s: %s", base_rows[_i].text, problem);
        ck_assert_str_eq(base, base_rows[_i].base);
    } else {
        ck_assert_ptr_nonnull(problem);
        ck_assert_ptr_null(strstr(problem, "secret"));
    }
}
END_TEST

START_TEST(a_shown_address_has_no_user)
{
    static const struct {
        const char *url, *shown;
        int user;
    } rows[] = {{"http://u:p@h/x", "http://h/x", 1}, {"https://u:p@q@h/x", "https://h/x", 1}, {"http://u@h", "http://h", 1},
                {"ftp://u:p@h/", "ftp://h/", 1},     {"http://h/a@b", "http://h/a@b", 0},      {"http://h?a@b", "http://h?a@b", 0},
                {"plain", "plain", 0},               {"", "", 0},                              {"http://h/\x01", "http://h/\\x01", 0}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        ck_assert_str_eq(cdist_url_shown(rows[i].url, fx_pool), rows[i].shown);
        ck_assert_int_eq(cdist_url_has_user(rows[i].url), rows[i].user);
    }
}
END_TEST

START_TEST(the_five_locations_are_the_slots_that_the_platform_updates)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        ck_assert_str_eq(cdist_locations[i].slot, cdist_slots[i].name);
        ck_assert_int_eq(cdist_location_by_slot(&cdist_slots[i]), i);
        ck_assert_int_eq(cdist_location_by_key(cdist_locations[i].key), i);
        ck_assert_int_eq(cdist_location_by_attribute(cdist_locations[i].attribute), i);
    }
    ck_assert_int_eq(cdist_location_by_slot(cdist_slot_parse("linux-arm64")), -1);
    ck_assert_int_eq(cdist_location_by_slot(NULL), -1);
    ck_assert_int_eq(cdist_location_by_key("publishdistributivelocationWINDOWS64"), 1);
    ck_assert_int_eq(cdist_location_by_key("PublishDistributiveLocation"), -1);
    ck_assert_int_eq(cdist_location_by_attribute("PUBDST64"), -1);
    ck_assert_int_eq(cdist_location_by_attribute("pubdst"), -1);
}
END_TEST

START_TEST(an_update_date_is_a_moment_that_exists)
{
    static const struct {
        const char *text;
        int valid;
    } rows[] = {{"20261121160000", 1}, {"20000101000000", 1}, {"29991231235959", 1}, {"20240229000000", 1},
                {"20230229000000", 0}, {"21000229000000", 0}, {"20001301000000", 0}, {"20000001000000", 0},
                {"20000132000000", 0}, {"20000100000000", 0}, {"20000101240000", 0}, {"20000101006000", 0},
                {"20000101000060", 0}, {"19991231000000", 0}, {"2000010100000", 0},  {"200001010000000", 0},
                {"2000010100000a", 0}, {"", 0},               {"2000-01-01 00:00", 0}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) ck_assert_int_eq(cdist_update_date_valid(rows[i].text), rows[i].valid);
}
END_TEST

/* ---- publications ---------------------------------------------------------------------------------------------- */

static cdist_catalogue_t *catalogue;

static void add_source(cdist_release_t *release, const char *slot, cdist_source_kind_t kind, const char *problem)
{
    cdist_source_t *source = apr_pcalloc(fx_pool, sizeof *source);

    source->slot = cdist_slot_parse(slot);
    source->kind = kind;
    source->problem = problem;
    APR_ARRAY_PUSH(release->sources, const cdist_source_t *) = source;
}

/* Newest first, as catalogues are. */
static cdist_release_t *add_release(const char *version)
{
    cdist_release_t *release = memset(apr_array_push(catalogue->releases), 0, sizeof *release);

    ck_assert(cdist_version_parse(&release->version, version));
    release->sources = apr_array_make(fx_pool, 4, sizeof(const cdist_source_t *));
    return release;
}

static void make_catalogue(void)
{
    catalogue = apr_pcalloc(fx_pool, sizeof *catalogue);
    catalogue->releases = apr_array_make(fx_pool, 4, sizeof(cdist_release_t));
    catalogue->unreadable = apr_array_make(fx_pool, 1, sizeof(cdist_err_t *));
}

static cdist_err_t *publish(cdist_publication_t *publication, const char *mask, int stable)
{
    cdist_version_t parsed = {{0}, 0};

    ck_assert(!*mask || cdist_mask_parse(&parsed, mask));
    return cdist_publication_make(publication, catalogue, &parsed, "http://s/tc", stable, fx_pool);
}

START_TEST(only_installers_for_the_five_slots_are_published)
{
    cdist_publication_t publication;
    cdist_release_t *release;

    make_catalogue();
    release = add_release("8.3.22.1750");
    add_source(release, "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    add_source(release, "windows32", CDIST_SOURCE_READY, NULL);
    add_source(release, "linux64", CDIST_SOURCE_INSTALLED, NULL);
    add_source(release, "linux32", CDIST_SOURCE_DISTRIBUTION, "it is broken");
    add_source(release, "linux-arm64", CDIST_SOURCE_DISTRIBUTION, NULL);
    FX_OK(publish(&publication, "", 0));
    ck_assert_str_eq(publication.url[0], "http://s/tc/8.3.22.1750/windows32tc.zip");
    ck_assert_str_eq(publication.url[1], "http://s/tc/8.3.22.1750/windows64tc.zip");
    ck_assert_ptr_null(publication.url[2]);
    ck_assert_str_eq(publication.lacks[2], "it is broken");
    ck_assert_ptr_null(publication.url[3]);
    ck_assert_ptr_nonnull(strstr(publication.lacks[3], "no installer"));
    ck_assert_str_eq(publication.lacks[4], "it is not there");
    FX_OK(publish(&publication, "8.3", 1));
    ck_assert_str_eq(publication.url[1], "http://s/tc/windows64tc.zip");
}
END_TEST

START_TEST(the_newest_release_with_an_installer_is_published)
{
    cdist_publication_t publication;

    make_catalogue();
    add_source(add_release("8.3.25.1286"), "windows64", CDIST_SOURCE_INSTALLED, NULL);
    add_source(add_release("8.3.22.1750"), "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    add_source(add_release("8.3.22.1704"), "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    FX_OK(publish(&publication, "", 0));
    ck_assert_str_eq(cdist_version_format(&publication.version, fx_pool), "8.3.22.1750");
    FX_OK(publish(&publication, "8.3.22.1704", 0));
    ck_assert_str_eq(cdist_version_format(&publication.version, fx_pool), "8.3.22.1704");
    FX_FAILS(publish(&publication, "8.3.25", 0), CDIST_E_NOTFOUND);
    FX_FAILS(publish(&publication, "8.3.2", 0), CDIST_E_NOTFOUND);
}
END_TEST

START_TEST(a_new_family_is_not_chosen_silently)
{
    cdist_publication_t publication;

    make_catalogue();
    FX_FAILS(publish(&publication, "", 0), CDIST_E_NOTFOUND);
    add_source(add_release("8.5.1.1529"), "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    FX_OK(publish(&publication, "", 0));
    add_source(add_release("8.3.22.1750"), "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    FX_FAILS(publish(&publication, "", 0), CDIST_E_NOTFOUND);
    FX_OK(publish(&publication, "8.5", 0));
    FX_OK(publish(&publication, "8.3", 0));
    APR_ARRAY_PUSH(catalogue->unreadable, cdist_err_t *) = cdist_err_create(fx_pool, CDIST_E_SOURCE, 0, "/share: no route");
    FX_FAILS(publish(&publication, "8.3", 0), CDIST_E_SOURCE);
}
END_TEST

START_TEST(a_client_update_names_version_date_and_addresses)
{
    cdist_publication_t publication;
    cdist_settings_t *settings;
    apr_size_t length;

    make_catalogue();
    add_source(add_release("8.3.22.1750"), "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    FX_OK(publish(&publication, "", 0));
    FX_OK(cdist_settings_parse(&settings, "", 0, "ClientUpdate.cfg", fx_pool));
    cdist_publication_put_update(settings, &publication, "20261121160000");
    ck_assert_str_eq(cdist_settings_write(&length, settings, fx_pool),
                     "Version=8.3.22.1750\nUpdateDate=20261121160000\n"
                     "PublishDistributiveLocationWindows64=http://s/tc/8.3.22.1750/windows64tc.zip\n");
    FX_OK(cdist_settings_parse(&settings, "", 0, "ClientUpdate.cfg", fx_pool));
    cdist_publication_put_update(settings, &publication, NULL);
    ck_assert_ptr_null(cdist_settings_get(settings, "UpdateDate"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("publication");
    TCase *address = fx_case(suite, "addresses", 10), *publication = fx_case(suite, "publication", 10);

    tcase_add_loop_test(address, a_base_url_is_plain_and_names_nobody, 0, FX_COUNT(base_rows));
    tcase_add_test(address, a_shown_address_has_no_user);
    tcase_add_test(address, the_five_locations_are_the_slots_that_the_platform_updates);
    tcase_add_test(address, an_update_date_is_a_moment_that_exists);
    tcase_add_test(publication, only_installers_for_the_five_slots_are_published);
    tcase_add_test(publication, the_newest_release_with_an_installer_is_published);
    tcase_add_test(publication, a_new_family_is_not_chosen_silently);
    tcase_add_test(publication, a_client_update_names_version_date_and_addresses);
    return suite;
}
