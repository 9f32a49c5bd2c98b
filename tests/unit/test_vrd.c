/* .vrd files: read, and written back with other addresses in their start tag. */
#include "fixture.h"
#include "publication/cdist_publication.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

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

/* NB: one reading of the tag for each attribute would take longer than the test may. */
START_TEST(each_of_very_many_attributes_has_its_line)
{
    enum { MANY = 70000 };
    char *text = apr_palloc(fx_pool, CDIST_VRD_MAX), *at = text;
    const cdist_attribute_t *last;
    cdist_vrd_t *vrd;
    int i;

    at += apr_snprintf(at, 100, "<point " NS);
    for (i = 0; i < MANY; i++) at += apr_snprintf(at, 20, "\na%d=\"\"", i);
    at += apr_snprintf(at, 20, "/>");
    ck_assert_int_lt(at - text, CDIST_VRD_MAX);
    FX_OK(cdist_vrd_parse(&vrd, NULL, text, (apr_size_t)(at - text), fx_pool));
    ck_assert_int_eq(vrd->attributes->nelts, MANY);
    last = &APR_ARRAY_IDX(vrd->attributes, MANY - 1, cdist_attribute_t);
    ck_assert_str_eq(last->name, "a69999");
    ck_assert_int_eq(last->line, MANY + 1);
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

/* ---- real files ------------------------------------------------------------------------------------------------ */

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
    const char *bytes = shared_data(&length, apr_pstrcat(fx_pool, "config/", real_vrd_rows[_i].name, NULL));
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
    Suite *suite = suite_create("vrd");
    TCase *vrd = fx_case(suite, "vrd", 10), *real = fx_case(suite, "real", 10);

    tcase_add_test(vrd, a_descriptor_tells_its_attributes_and_their_lines);
    tcase_add_loop_test(vrd, what_is_no_descriptor_is_refused_with_its_line, 0, FX_COUNT(bad_vrd_rows));
    tcase_add_test(vrd, a_huge_descriptor_is_refused);
    tcase_add_test(vrd, each_of_very_many_attributes_has_its_line);
    tcase_add_test(vrd, a_secret_of_ib_is_noticed_and_not_kept);
    tcase_add_test(vrd, an_error_does_not_repeat_a_secret);
    tcase_add_loop_test(vrd, attributes_are_replaced_or_added_and_all_else_stays, 0, FX_COUNT(vrd_rows));
    tcase_add_loop_test(real, a_real_descriptor_keeps_its_meaning, 0, FX_COUNT(real_vrd_rows));
    return suite;
}
