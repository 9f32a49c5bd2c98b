/* Lists of infobases: sections, connections, what is written back, and what is refused. */
#include "fixture.h"
#include "launcher/cdist_launcher.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

static cdist_infobase_list_t *parse(const char *text)
{
    cdist_infobase_list_t *list;

    FX_OK(cdist_infobases_parse(&list, text, strlen(text), "f.v8i", fx_pool));
    return list;
}

static const cdist_infobase_t *at(const cdist_infobase_list_t *list, int index)
{
    ck_assert_int_lt(index, list->infobases->nelts);
    return &APR_ARRAY_IDX(list->infobases, index, cdist_infobase_t);
}

/* "name|name/" with a slash behind folders. */
static const char *names(const cdist_infobase_list_t *list)
{
    const char *text = "";
    int i;

    for (i = 0; i < list->infobases->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, i ? "|" : "", at(list, i)->name, at(list, i)->is_folder ? "/" : "", NULL);
    }
    return text;
}

static void check_lossless(const cdist_infobase_list_t *list, const char *bytes, size_t length)
{
    apr_size_t written;
    const char *again = cdist_lines_format(&written, list->lines, fx_pool);

    ck_assert_uint_eq(written, length);
    ck_assert_mem_eq(again, bytes, length);
}

static const struct {
    const char *text, *names;
} lists[] = {
    {"[a]\nConnect=File=\"x\";\n[b]\n", "a|b/"},
    {"\xEF\xBB\xBF[\xD0\x91\xD0\xB0\xD0\xB7\xD0\xB0 = 1]\r\nConnect=ws=\"http://h/b\";\r\n", "\xD0\x91\xD0\xB0\xD0\xB7\xD0\xB0 = 1"},
    {"[! x]\nConnect=File=y", "! x"},
    {"[a]b]\nConnect=File=y\n", "a]b"},
    {"[[a]]  \nConnect=File=y\n", "[a]"},
    {"\n[a]\n\nConnect=File=y\n\n[b]\nID=1\n", "a|b/"},
    {"Stray=1\n[a]\nCONNECT=File=y\nnonsense\n=\n;c\n", "a"},
    {"[a]\nConnect =File=y\n", "a/"},
    {"[a]\nConnect= File=y\n", "a/"},
    {"[a]\nConnect=\n", "a"},
    {"", ""}};

START_TEST(sections_with_connect_are_infobases_and_all_is_written_back)
{
    const cdist_infobase_list_t *list = parse(lists[_i].text);

    ck_assert_str_eq(names(list), lists[_i].names);
    check_lossless(list, lists[_i].text, strlen(lists[_i].text));
}
END_TEST

START_TEST(a_key_belongs_to_its_section_alone)
{
    const cdist_infobase_list_t *list = parse("Version=1\n[a]\nConnect=File=x\n[b]\nConnect=File=y\nversion=8.3\nVersion=8.2\nID=\n");

    ck_assert_ptr_null(cdist_infobase_get(at(list, 0), "Version"));
    ck_assert_str_eq(cdist_infobase_get(at(list, 1), "Version")->value, "8.3");
    ck_assert_int_eq(cdist_infobase_get(at(list, 1), "Version")->line, 6);
    ck_assert_ptr_null(cdist_infobase_get(at(list, 1), "ID"));
}
END_TEST

static const struct {
    const char *text, *message;
} refused[] = {{"[a]\nx=1\n[b\n", "f.v8i:3: a section's header does not end with ]"},
               {"[]\n", "f.v8i:1: a section has no name"},
               {"[a]\nName=\xE1\xE0\n", "f.v8i:2: is not UTF-8"}};

START_TEST(what_is_no_list_is_refused_with_file_and_line)
{
    cdist_infobase_list_t *list;
    cdist_err_t *err = cdist_infobases_parse(&list, refused[_i].text, strlen(refused[_i].text), "f.v8i", fx_pool);

    ck_assert_ptr_nonnull(err);
    ck_assert_int_eq(err->code, CDIST_E_INPUT);
    ck_assert_msg(strncmp(err->message, refused[_i].message, strlen(refused[_i].message)) == 0, "%s", err->message);
}
END_TEST

START_TEST(a_line_of_a_mebibyte_is_kept)
{
    char *text = apr_palloc(fx_pool, 1024 * 1024 + 64);
    const cdist_infobase_list_t *list;

    strcpy(text, "[a]\nConnect=File=");
    memset(text + 17, 'x', 1024 * 1024);
    memcpy(text + 17 + 1024 * 1024, "\nID=1\n", 7);
    list = parse(text);
    ck_assert_uint_eq(strlen(cdist_infobase_get(at(list, 0), "Connect")->value), 5 + 1024 * 1024);
    ck_assert_str_eq(cdist_infobase_get(at(list, 0), "ID")->value, "1");
    check_lossless(list, text, strlen(text));
}
END_TEST

static const struct {
    const char *text;
    cdist_connect_kind_t kind;
    const char *parts; /* file|server|ref|url */
} connects[] = {
    {"File=\"C:\\Bases\\Demo\";", CDIST_CONNECT_FILE, "C:\\Bases\\Demo|||"},
    {"File=C:\\x", CDIST_CONNECT_FILE, "C:\\x|||"},
    {"File=\"C:\\a;b\"\"c\"", CDIST_CONNECT_FILE, "C:\\a;b\"c|||"},
    {"Srvr=\"h:1541\";Ref=\"r\";", CDIST_CONNECT_SERVER, "|h:1541|r|"},
    {"Srvr=\"h\";Ref=\"r\" ", CDIST_CONNECT_SERVER, "|h|r|"},
    {"Srvr=h;Ref=r;", CDIST_CONNECT_SERVER, "|h|r|"},
    {"srvr=\"[fe80::1]:1541\"; ref=\"r\";Usr=\"u\";Pwd=\"p\";", CDIST_CONNECT_SERVER, "|[fe80::1]:1541|r|"},
    {"ws=\"http://h/b/\";", CDIST_CONNECT_WEB, "|||http://h/b/"},
    {"ws=\"https://u:p@h/b?x=@\";", CDIST_CONNECT_WEB, "|||https://h/b?x=@"},
    {"File=\"open", CDIST_CONNECT_FILE, "open|||"},
    {"File=\"", CDIST_CONNECT_FILE, "|||"},
    {"", CDIST_CONNECT_NONE, "|||"},
    {";;;", CDIST_CONNECT_NONE, "|||"},
    {"Other=\"x\";", CDIST_CONNECT_NONE, "|||"}};

START_TEST(every_form_of_connection_is_understood_without_its_secrets)
{
    cdist_connect_t connect;

    cdist_connect_parse(&connect, connects[_i].text, fx_pool);
    ck_assert_int_eq(connect.kind, connects[_i].kind);
    ck_assert_str_eq(apr_pstrcat(fx_pool, connect.file ? connect.file : "", "|", connect.server ? connect.server : "", "|",
                                 connect.ref ? connect.ref : "", "|", connect.url ? connect.url : "", NULL),
                     connects[_i].parts);
}
END_TEST

START_TEST(a_key_is_set_in_its_section_and_nothing_else_changes)
{
    cdist_infobase_list_t *list = parse("\xEF\xBB\xBF[a]\r\nConnect=File=x\r\nX=1\r\n\r\n[b]\r\nConnect=File=y");
    apr_size_t length;

    cdist_infobase_set(list, at(list, 1), "DefaultApp", "ThinClient", fx_pool);
    cdist_infobase_set(list, at(list, 0), "x", "2", fx_pool);
    cdist_infobase_set(list, at(list, 0), "DefaultApp", "ThinClient", fx_pool);
    ck_assert_str_eq(cdist_lines_format(&length, list->lines, fx_pool),
                     "\xEF\xBB\xBF[a]\r\nConnect=File=x\r\nx=2\r\nDefaultApp=ThinClient\r\n\r\n[b]\r\nConnect=File=y\r\n"
                     "DefaultApp=ThinClient");
}
END_TEST

/* Real lists of the shared data: byte for byte, and the sections that they are known to have. */
static const struct {
    const char *file;
    int infobases, folders;
    const char *name, *key, *value; /* one fact */
} real[] = {
    {"ibases-atma.v8i", 6, 0, "\xD0\xA1\xD0\xAD\xD0\x94 \xD0\x9D\xD0\xB8\xD0\xBA\xD0\xBE\xD0\xBB\xD0\xB8\xD0\xB5\xD1\x80\xD1\x81",
     "Connect", "Srvr=\"ru-mow-sql02:2641\";Ref=\"DocMng_Moscow\""},
    {"ibases-onecstarter.v8i", 6, 3, "\xD0\x94\xD0\xB5\xD0\xBC\xD0\xBE \xD0\xA0\xD0\xBE\xD0\xB7\xD0\xBD\xD0\xB8\xD1\x86\xD0\xB0", "XTest", "1"},
    {"ibases-parserv8i.v8i", 5, 2, "WS", "Folder", "/\xD0\x9C\xD0\xBE\xD0\xB8=\xD1\x83\xD1\x87\xD0\xB5\xD0\xB1\xD0\xBD\xD1\x8B\xD0\xB5"},
    {"ibases-salim.v8i", 1, 0, "\xD0\x98\xD0\xBD\xD1\x84\xD0\xBE\xD1\x80\xD0\xBC\xD0\xB0\xD1\x86\xD0\xB8\xD0\xBE\xD0\xBD\xD0\xBD\xD0\xB0\xD1\x8F \xD0\xB1\xD0\xB0\xD0\xB7\xD0\xB0", "Version", "8.3"},
    {"ibases-starter1c.v8i", 1, 0, "! \xD0\x9D\xD0\x95 \xD0\x9F\xD1\x83\xD1\x81\xD1\x82\xD0\xB0\xD1\x8F", "OrderInList", "20869.5"}};

START_TEST(a_real_list_is_read_without_loss)
{
    size_t length;
    const char *bytes = shared_data(&length, apr_pstrcat(fx_pool, "config/", real[_i].file, NULL));
    cdist_infobase_list_t *list;
    int i, infobases = 0, found = 0;

    if (!bytes) return;
    FX_OK(cdist_infobases_parse(&list, bytes, length, real[_i].file, fx_pool));
    check_lossless(list, bytes, length);
    for (i = 0; i < list->infobases->nelts; i++) {
        const cdist_infobase_t *infobase = at(list, i);

        infobases += !infobase->is_folder;
        if (strcmp(infobase->name, real[_i].name) != 0) continue;
        ck_assert_str_eq(cdist_infobase_get(infobase, real[_i].key)->value, real[_i].value);
        found = 1;
    }
    ck_assert_int_eq(infobases, real[_i].infobases);
    ck_assert_int_eq(list->infobases->nelts - infobases, real[_i].folders);
    ck_assert(found);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("infobase_list");
    TCase *tcase = fx_case(suite, "infobase_list", 20);

    tcase_add_loop_test(tcase, sections_with_connect_are_infobases_and_all_is_written_back, 0, FX_COUNT(lists));
    tcase_add_test(tcase, a_key_belongs_to_its_section_alone);
    tcase_add_loop_test(tcase, what_is_no_list_is_refused_with_file_and_line, 0, FX_COUNT(refused));
    tcase_add_test(tcase, a_line_of_a_mebibyte_is_kept);
    tcase_add_loop_test(tcase, every_form_of_connection_is_understood_without_its_secrets, 0, FX_COUNT(connects));
    tcase_add_test(tcase, a_key_is_set_in_its_section_and_nothing_else_changes);
    tcase_add_loop_test(tcase, a_real_list_is_read_without_loss, 0, FX_COUNT(real));
    return suite;
}
