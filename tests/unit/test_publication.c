/* conf.cfg, ClientUpdate.cfg and .vrd files: read, changed, and written back without touching anything else. */
#include "fixture.h"
#include "publication/cdist_publication.h"
#include "shared_data.h"

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

/* ---- lines of settings ----------------------------------------------------------------------------------------- */

#define KEY "PublishDistributiveLocationWindows64"

static cdist_settings_t *parse(const char *bytes, apr_size_t length)
{
    cdist_settings_t *settings;

    FX_OK(cdist_settings_parse(&settings, bytes, length, "conf.cfg", fx_pool));
    return settings;
}

static void assert_written(const cdist_settings_t *settings, const char *bytes, apr_size_t length)
{
    apr_size_t written_length;
    const char *written = cdist_settings_write(&written_length, settings, fx_pool);

    ck_assert_uint_eq(written_length, length);
    ck_assert_mem_eq(written, bytes, length);
}

#define TEXT(literal) literal, sizeof literal - 1

static const struct {
    const char *bytes;
    apr_size_t length;
} exact_rows[] = {
    {TEXT("")}, {TEXT("A=b")}, {TEXT("A=b\n")}, {TEXT("A=b\r\nC=d\n\r\n")}, {TEXT("\xEF\xBB\xBF" "A=b")}, {TEXT("\xEF\xBB\xBF")},
    {TEXT("\n\n\n")}, {TEXT(" A = b \t\n;c\n#d\n[e]\nf\n=g\nA=\n")}, {TEXT("a\rb\n")}, {TEXT("\xD0\xA1=\xD0\xA1\n")},
    {TEXT("\xFF\xFE" "A\0=\0b\0\r\0\n\0")}, {TEXT("\xFF\xFE")}, {TEXT("\xFF\xFE\x21\x04=\0\x3D\xD8\x00\xDE")},
    {TEXT("\xFF\xFE\xFF\xFE" "A\0")}};

START_TEST(settings_are_written_as_they_were_read)
{
    assert_written(parse(exact_rows[_i].bytes, exact_rows[_i].length), exact_rows[_i].bytes, exact_rows[_i].length);
}
END_TEST

START_TEST(what_would_be_lost_is_refused)
{
    static const struct {
        const char *bytes;
        apr_size_t length;
    } wrong[] = {{TEXT("A=b\nC=caf\xE9\n")}, {TEXT("\xFF\xFE\n\0A")}, {TEXT("\xFF\xFE\n\0\x3D\xD8" "A\0")},
                 {TEXT("\xFF\xFE\n\0" "A\0\0\0b\0")}, {TEXT("\nA\0=\0b\0")}, {TEXT("\xEF\xBB\xBF\nA=b\0")}};
    int i;

    for (i = 0; i < FX_COUNT(wrong); i++) {
        cdist_settings_t *settings;
        cdist_err_t *err = cdist_settings_parse(&settings, wrong[i].bytes, wrong[i].length, "conf.cfg", fx_pool);

        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(err->code, CDIST_E_INPUT);
        ck_assert_msg(strncmp(err->message, "conf.cfg:2: ", 12) == 0, "%s", err->message);
    }
}
END_TEST

START_TEST(more_than_a_million_lines_are_refused)
{
    char *bytes = memset(apr_palloc(fx_pool, 1000001), '\n', 1000001);
    cdist_settings_t *settings;

    FX_OK(cdist_settings_parse(&settings, bytes, 1000000, "conf.cfg", fx_pool));
    FX_FAILS(cdist_settings_parse(&settings, bytes, 1000001, "conf.cfg", fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(lines_are_what_they_look_like)
{
    static const struct {
        const char *text;
        cdist_setting_kind_t kind;
        const char *key, *value;
        int spaced;
    } rows[] = {{"", CDIST_SETTING_BLANK, NULL, NULL, 0},
                {" \t", CDIST_SETTING_BLANK, NULL, NULL, 0},
                {"; A=b", CDIST_SETTING_COMMENT, NULL, NULL, 0},
                {" #A=b", CDIST_SETTING_COMMENT, NULL, NULL, 0},
                {"[a]", CDIST_SETTING_SECTION, "a", NULL, 0},
                {"[a=b] ", CDIST_SETTING_SECTION, "a=b", NULL, 0},
                {"[ a]b ]", CDIST_SETTING_SECTION, "a]b", NULL, 0},
                {"[]", CDIST_SETTING_SECTION, "", NULL, 0},
                {"[a", CDIST_SETTING_OTHER, NULL, NULL, 0},
                {"words", CDIST_SETTING_OTHER, NULL, NULL, 0},
                {"A=b=c", CDIST_SETTING_VALUE, "A", "b=c", 0},
                {"A=", CDIST_SETTING_VALUE, "A", "", 0},
                {"A= ", CDIST_SETTING_VALUE, "A", "", 0},
                {"=b", CDIST_SETTING_VALUE, "", "b", 0},
                {" A=b ", CDIST_SETTING_VALUE, "A", "b", 0},
                {"A =b", CDIST_SETTING_VALUE, "A", "b", 1},
                {"A=\tb", CDIST_SETTING_VALUE, "A", "b", 1}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        cdist_settings_t *settings = parse(apr_pstrcat(fx_pool, "\n", rows[i].text, "\n", NULL), strlen(rows[i].text) + 2);
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(settings->lines, 1, cdist_settings_line_t);

        ck_assert_int_eq(line->number, 2);
        ck_assert_msg(line->kind == rows[i].kind, "%s: kind %d", rows[i].text, (int)line->kind);
        ck_assert_pstr_eq(line->key, rows[i].key);
        ck_assert_pstr_eq(line->value, rows[i].value);
        ck_assert_int_eq(line->spaced, rows[i].spaced);
    }
}
END_TEST

START_TEST(a_value_is_found_in_any_case_before_sections)
{
    cdist_settings_t *settings = parse(TEXT("a=1\nA=2\n[s]\nb=3\n"));

    ck_assert_str_eq(cdist_settings_get(settings, "A"), "1");
    ck_assert_ptr_null(cdist_settings_get(settings, "b"));
    ck_assert_ptr_null(cdist_settings_get(settings, "c"));
}
END_TEST

/* The file before and after KEY was set to "http://h". */
static const struct {
    const char *before;
    apr_size_t before_length;
    const char *after;
    apr_size_t after_length;
} merge_rows[] = {
    {TEXT(""), TEXT(KEY "=http://h\n")},
    {TEXT("\xEF\xBB\xBF"), TEXT("\xEF\xBB\xBF" KEY "=http://h\n")},
    {TEXT("A=b"), TEXT("A=b\n" KEY "=http://h")},
    {TEXT("A=b\r\nC=d"), TEXT("A=b\r\nC=d\r\n" KEY "=http://h")},
    {TEXT("A=b\n" KEY "=old\nC=d"), TEXT("A=b\n" KEY "=http://h\nC=d")},
    {TEXT("\xEF\xBB\xBF" KEY "=old"), TEXT("\xEF\xBB\xBF" KEY "=http://h")},
    {TEXT("publishDistributiveLocationWINDOWS64 = old\r\nx"), TEXT("publishDistributiveLocationWINDOWS64=http://h\r\nx")},
    {TEXT(KEY "=1\n" KEY "=2\n"), TEXT(KEY "=http://h\n" KEY "=http://h\n")},
    {TEXT(";" KEY "=old\n"), TEXT(";" KEY "=old\n" KEY "=http://h\n")},
    {TEXT("DisableUnsafeActionProtection=.*=x\n"), TEXT("DisableUnsafeActionProtection=.*=x\n" KEY "=http://h\n")}};

START_TEST(setting_a_key_leaves_all_else_as_it_is)
{
    cdist_settings_t *settings = parse(merge_rows[_i].before, merge_rows[_i].before_length);

    cdist_settings_set(settings, KEY, "http://h");
    assert_written(settings, merge_rows[_i].after, merge_rows[_i].after_length);
    /* Once more changes nothing. */
    cdist_settings_set(settings, KEY, "http://h");
    assert_written(settings, merge_rows[_i].after, merge_rows[_i].after_length);
    ck_assert_str_eq(cdist_settings_get(settings, KEY), "http://h");
}
END_TEST

START_TEST(utf_16_stays_utf_16)
{
    cdist_settings_t *settings = parse(TEXT("\xFF\xFE" "A\0=\0b\0"));

    cdist_settings_set(settings, "C", "d");
    assert_written(settings, TEXT("\xFF\xFE" "A\0=\0b\0\r\0\n\0C\0=\0d\0"));
}
END_TEST

/* ---- .vrd files ------------------------------------------------------------------------------------------------ */

#define NS "xmlns=\"http://v8.1c.ru/8.2/virtual-resource-system\""

static cdist_vrd_t *parse_vrd(const char *text)
{
    cdist_vrd_t *vrd;

    FX_OK(cdist_vrd_parse(&vrd, NULL, text, strlen(text), fx_pool));
    return vrd;
}

START_TEST(a_descriptor_tells_its_attributes_and_their_lines)
{
    cdist_vrd_t *vrd = parse_vrd("\xEF\xBB\xBF<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n<point " NS "\r\n base='/b'\r\n"
                                 "\tib=\"File=&quot;C:\\x&quot;;\"\r\n x:pubdst64=\"no\" xmlns:x=\"urn:x\"\r\n"
                                 "pubdst64 = \"http://h/?a&amp;b\"><ws/></point>");
    const cdist_attribute_t *attribute = cdist_vrd_attribute(vrd, "pubdst64");

    ck_assert_ptr_nonnull(attribute);
    ck_assert_str_eq(attribute->value, "http://h/?a&b");
    ck_assert_int_eq(attribute->line, 6);
    ck_assert_str_eq(cdist_vrd_attribute(vrd, "base")->value, "/b");
    ck_assert_int_eq(vrd->ib_line, 4);
    ck_assert_int_eq(vrd->ib_secret, 0);
    ck_assert_str_eq(cdist_vrd_attribute(vrd, "ib")->value, "");
    ck_assert_ptr_null(cdist_vrd_attribute(vrd, "pubdst32"));
    ck_assert_int_eq(memcmp(vrd->bytes + vrd->tag_at, "<point ", 7), 0);
    ck_assert_int_eq(vrd->bytes[vrd->tag_at + vrd->tag_bytes - 1], '>');
}
END_TEST

static const struct {
    const char *text;
    int line;
} bad_vrd_rows[] = {
    {"", 1}, {"text", 1}, {"<point/>", 1}, {"<point xmlns=\"urn:other\"/>", 1}, {"<other " NS "/>", 1},
    {"<point " NS ">", 1}, {"<point " NS "/><point/>", 1}, {"<point " NS " a=\"1\"\n a=\"2\"/>", 2},
    {"<point " NS "\n a=\"&undefined;\"/>", 1}, {"<point " NS " a=\"<\"/>", 1},
    {"<!DOCTYPE point>\n<point " NS "/>", 1},
    {"<?xml version=\"1.0\"?>\n<!DOCTYPE point [<!ENTITY a \"aaaaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;\">]>"
     "<point " NS ">&b;</point>", 2},
    {"<!DOCTYPE point [<!ENTITY x SYSTEM \"file:///etc/passwd\">]><point " NS " base=\"&x;\"/>", 1},
    {"<!DOCTYPE point SYSTEM \"http://192.0.2.1/x.dtd\"><point " NS "/>", 1},
    {"<point " NS " a=\"caf\xE9\"/>", 1}, {"\xFF\xFE<\0p\0", 1}};

START_TEST(what_is_no_descriptor_is_refused_with_its_line)
{
    const char *text = bad_vrd_rows[_i].text;
    cdist_vrd_t *vrd;
    int line = -1;

    FX_FAILS(cdist_vrd_parse(&vrd, &line, text, strlen(text), fx_pool), CDIST_E_INPUT);
    ck_assert_int_eq(line, bad_vrd_rows[_i].line);
}
END_TEST

START_TEST(a_huge_descriptor_is_refused)
{
    char *text = memset(apr_palloc(fx_pool, CDIST_VRD_MAX + 1), ' ', CDIST_VRD_MAX + 1);
    cdist_vrd_t *vrd;

    memcpy(text, "<point " NS "/>", sizeof "<point " NS "/>" - 1);
    FX_OK(cdist_vrd_parse(&vrd, NULL, text, CDIST_VRD_MAX, fx_pool));
    FX_FAILS(cdist_vrd_parse(&vrd, NULL, text, CDIST_VRD_MAX + 1, fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(a_secret_of_ib_is_noticed_and_not_kept)
{
    static const struct {
        const char *ib;
        int secret;
    } rows[] = {{"Srvr=h;Ref=r;", 0}, {"Srvr=&quot;h&quot;;Ref=&quot;r&quot;;", 0}, {"Srvr=h;Ref=r;Usr=;Pwd=;", 0},
                {"Srvr=h;Usr=&quot;&quot;;Pwd=&quot;&quot;;", 0}, {"Srvr=h;Ref=MyUsr;", 0},
                {"Srvr=h;Ref=r;Usr=u;Pwd=hidden", 1}, {"Srvr=h;USR = &quot;u&quot;;", 1}, {"pwd=&quot;hidden&quot;", 1}};
    int i;

    for (i = 0; i < FX_COUNT(rows); i++) {
        cdist_vrd_t *vrd = parse_vrd(apr_pstrcat(fx_pool, "<point " NS " ib=\"", rows[i].ib, "\"/>", NULL));
        int j;

        ck_assert_msg(vrd->ib_secret == rows[i].secret, "%s", rows[i].ib);
        for (j = 0; j < vrd->attributes->nelts; j++) {
            ck_assert_ptr_null(strstr(APR_ARRAY_IDX(vrd->attributes, j, cdist_attribute_t).value, "hidden"));
        }
    }
}
END_TEST

START_TEST(an_error_does_not_repeat_a_secret)
{
    static const char text[] = "<point " NS " ib=\"Usr=u;Pwd=hidden;\" ib=\"Pwd=hidden;\"/>";
    cdist_vrd_t *vrd;
    cdist_err_t *err = cdist_vrd_parse(&vrd, NULL, text, sizeof text - 1, fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_ptr_null(strstr(cdist_err_text(err, fx_pool), "hidden"));
}
END_TEST

/* pubdst64 and pubdstlin64 are set. */
static const struct {
    const char *before, *after;
} vrd_rows[] = {
    {"<point " NS "/>", "<point " NS " pubdst64=\"http://h/?a&amp;b\" pubdstlin64=\"http://l\"/>"},
    {"<?xml version=\"1.0\"?>\r\n<point " NS "\r\n\t\tbase=\"/b\">\r\n<ws a=\"b\"/></point>\r\n",
     "<?xml version=\"1.0\"?>\r\n<point " NS "\r\n\t\tbase=\"/b\"\r\n\t\tpubdst64=\"http://h/?a&amp;b\"\r\n\t\tpubdstlin64=\"http://l\">"
     "\r\n<ws a=\"b\"/></point>\r\n"},
    {"<point " NS " pubdst64='old'\n pubdst32=\"3\" ><!-- pubdst64=\"x\" --></point>",
     "<point " NS " pubdst64='http://h/?a&amp;b'\n pubdst32=\"3\"\n pubdstlin64=\"http://l\" ><!-- pubdst64=\"x\" --></point>"},
    {"<p:point xmlns:p=\"http://v8.1c.ru/8.2/virtual-resource-system\" pubdstlin64 = \"\" pubdst64=\"&lt;&gt;\"/>",
     "<p:point xmlns:p=\"http://v8.1c.ru/8.2/virtual-resource-system\" pubdstlin64 = \"http://l\" "
     "pubdst64=\"http://h/?a&amp;b\"/>"},
    {"<point " NS " x=\"pubdst64='>'\"/>", "<point " NS " x=\"pubdst64='>'\" pubdst64=\"http://h/?a&amp;b\" pubdstlin64=\"http://l\"/>"}};

START_TEST(attributes_are_replaced_or_added_and_all_else_stays)
{
    static const char *const values[CDIST_LOCATIONS] = {NULL, "http://h/?a&b", NULL, "http://l", NULL};
    static const char *const none[CDIST_LOCATIONS] = {NULL};
    cdist_vrd_t *vrd = parse_vrd(vrd_rows[_i].before);
    const char *bytes;
    apr_size_t length;

    cdist_vrd_write(&bytes, &length, vrd, none, fx_pool);
    ck_assert_str_eq(bytes, vrd_rows[_i].before);
    cdist_vrd_write(&bytes, &length, vrd, values, fx_pool);
    ck_assert_str_eq(bytes, vrd_rows[_i].after);
    ck_assert_uint_eq(length, strlen(bytes));
    vrd = parse_vrd(bytes);
    ck_assert_str_eq(cdist_vrd_attribute(vrd, "pubdst64")->value, "http://h/?a&b");
    ck_assert_str_eq(cdist_vrd_attribute(vrd, "pubdstlin64")->value, "http://l");
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
    cdist_settings_t *settings = parse("", 0);
    cdist_publication_t publication;

    make_catalogue();
    add_source(add_release("8.3.22.1750"), "windows64", CDIST_SOURCE_DISTRIBUTION, NULL);
    FX_OK(publish(&publication, "", 0));
    cdist_publication_put_update(settings, &publication, "20261121160000");
    assert_written(settings, TEXT("Version=8.3.22.1750\nUpdateDate=20261121160000\n"
                                  KEY "=http://s/tc/8.3.22.1750/windows64tc.zip\n"));
    settings = parse("", 0);
    cdist_publication_put_update(settings, &publication, NULL);
    ck_assert_ptr_null(cdist_settings_get(settings, "UpdateDate"));
}
END_TEST

/* ---- real files ------------------------------------------------------------------------------------------------ */

static const char *read_real(apr_size_t *length, const char *name)
{
    return shared_data(length, apr_pstrcat(fx_pool, "config/", name, NULL));
}

static const struct {
    const char *name;
    int settings;
    const char *key, *value;
} real_settings_rows[] = {{"conf-epf.cfg", 2, "disableunsafeactionprotection", ".*"},
                          {"conf-onecwin.cfg", 1, "SystemLanguage", "RU"},
                          {"1CEStart-ralinka.cfg", 1, "ConfigurationTemplatesLocation", NULL},
                          {"ibases-atma.v8i", -1, NULL, NULL},
                          {"ibases-onecstarter.v8i", -1, NULL, NULL},
                          {"ibases-parserv8i.v8i", -1, NULL, NULL},
                          {"ibases-salim.v8i", 10, NULL, NULL},
                          {"ibases-starter1c.v8i", 10, NULL, NULL}};

START_TEST(a_real_list_of_settings_is_written_as_it_was_read)
{
    apr_size_t length;
    const char *bytes = read_real(&length, real_settings_rows[_i].name);
    cdist_settings_t *settings;
    int count = 0, i;

    if (!bytes) return;
    settings = parse(bytes, length);
    assert_written(settings, bytes, length);
    for (i = 0; i < settings->lines->nelts; i++) {
        const cdist_settings_line_t *line = &APR_ARRAY_IDX(settings->lines, i, cdist_settings_line_t);
        ck_assert_int_ne(line->kind, CDIST_SETTING_OTHER);
        count += line->kind == CDIST_SETTING_VALUE;
    }
    if (real_settings_rows[_i].settings >= 0) ck_assert_int_eq(count, real_settings_rows[_i].settings);
    else ck_assert_int_gt(count, 20);
    if (real_settings_rows[_i].key) {
        ck_assert_ptr_nonnull(cdist_settings_get(settings, real_settings_rows[_i].key));
        if (real_settings_rows[_i].value) {
            ck_assert_str_eq(cdist_settings_get(settings, real_settings_rows[_i].key), real_settings_rows[_i].value);
        }
    }
}
END_TEST

static const struct {
    const char *name, *base, *legacy; /* NULL: it has none */
    int ib;
} real_vrd_rows[] = {{"vrd-asdaru-min.vrd", NULL, NULL, 0},
                     {"vrd-bigcenter-e1c.vrd", "/base", NULL, 1},
                     {"vrd-bigcenter-root.vrd", "/amurtorg-tk-ut11", "https://adm-bigcenter.ru/update/distr.zip", 1},
                     {"vrd-bigcenter-tk-bp30.vrd", "/amurtorg-tk-bp30", "https://adm-bigcenter.ru/update/distr.zip", 1},
                     {"vrd-dockeriis.vrd", "/ACC", NULL, 1},
                     {"vrd-iisrepo.vrd", "/ERS_1C", NULL, 1},
                     {"vrd-liteexchange.vrd", "/liteExchange", NULL, 1},
                     {"vrd-vbchekhov.vrd", "/BASE1C", NULL, 1},
                     {"vrd-volodkindv-2016.vrd", "/ones_test", NULL, 1}};

static void assert_attribute(const cdist_vrd_t *vrd, const char *name, const char *value)
{
    const cdist_attribute_t *attribute = cdist_vrd_attribute(vrd, name);

    ck_assert_int_eq(attribute != NULL, value != NULL);
    if (value) ck_assert_str_eq(attribute->value, value);
}

START_TEST(a_real_descriptor_keeps_its_meaning)
{
    static const char *const none[CDIST_LOCATIONS] = {NULL};
    static const char *const all[CDIST_LOCATIONS] = {"http://a", "http://b", "http://c", "http://d", "http://e"};
    apr_size_t length, written_length;
    const char *bytes = read_real(&length, real_vrd_rows[_i].name);
    const char *written;
    cdist_vrd_t *vrd;
    int i;

    if (!bytes) return;
    FX_OK(cdist_vrd_parse(&vrd, NULL, bytes, length, fx_pool));
    cdist_vrd_write(&written, &written_length, vrd, none, fx_pool);
    ck_assert_uint_eq(written_length, length);
    ck_assert_mem_eq(written, bytes, length);
    cdist_vrd_write(&written, &written_length, vrd, all, fx_pool);
    FX_OK(cdist_vrd_parse(&vrd, NULL, written, written_length, fx_pool));
    assert_attribute(vrd, "base", real_vrd_rows[_i].base);
    assert_attribute(vrd, "pubdst", real_vrd_rows[_i].legacy);
    ck_assert_int_eq(vrd->ib_line > 0, real_vrd_rows[_i].ib);
    ck_assert_int_eq(vrd->ib_secret, 0);
    for (i = 0; i < CDIST_LOCATIONS; i++) assert_attribute(vrd, cdist_locations[i].attribute, all[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("publication");
    TCase *address = fx_case(suite, "addresses", 10), *settings = fx_case(suite, "settings", 30);
    TCase *vrd = fx_case(suite, "vrd", 10), *publication = fx_case(suite, "publication", 10), *real = fx_case(suite, "real", 10);

    tcase_add_loop_test(address, a_base_url_is_plain_and_names_nobody, 0, FX_COUNT(base_rows));
    tcase_add_test(address, a_shown_address_has_no_user);
    tcase_add_test(address, the_five_locations_are_the_slots_that_the_platform_updates);
    tcase_add_test(address, an_update_date_is_a_moment_that_exists);
    tcase_add_loop_test(settings, settings_are_written_as_they_were_read, 0, FX_COUNT(exact_rows));
    tcase_add_test(settings, what_would_be_lost_is_refused);
    tcase_add_test(settings, more_than_a_million_lines_are_refused);
    tcase_add_test(settings, lines_are_what_they_look_like);
    tcase_add_test(settings, a_value_is_found_in_any_case_before_sections);
    tcase_add_loop_test(settings, setting_a_key_leaves_all_else_as_it_is, 0, FX_COUNT(merge_rows));
    tcase_add_test(settings, utf_16_stays_utf_16);
    tcase_add_test(vrd, a_descriptor_tells_its_attributes_and_their_lines);
    tcase_add_loop_test(vrd, what_is_no_descriptor_is_refused_with_its_line, 0, FX_COUNT(bad_vrd_rows));
    tcase_add_test(vrd, a_huge_descriptor_is_refused);
    tcase_add_test(vrd, a_secret_of_ib_is_noticed_and_not_kept);
    tcase_add_test(vrd, an_error_does_not_repeat_a_secret);
    tcase_add_loop_test(vrd, attributes_are_replaced_or_added_and_all_else_stays, 0, FX_COUNT(vrd_rows));
    tcase_add_test(publication, only_installers_for_the_five_slots_are_published);
    tcase_add_test(publication, the_newest_release_with_an_installer_is_published);
    tcase_add_test(publication, a_new_family_is_not_chosen_silently);
    tcase_add_test(publication, a_client_update_names_version_date_and_addresses);
    tcase_add_loop_test(real, a_real_list_of_settings_is_written_as_it_was_read, 0, FX_COUNT(real_settings_rows));
    tcase_add_loop_test(real, a_real_descriptor_keeps_its_meaning, 0, FX_COUNT(real_vrd_rows));
    return suite;
}
