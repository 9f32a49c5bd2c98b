/* What files say about themselves: configurations, updates, deliveries, support data, texts; and what is none of these. */
#include "container_maker.h"
#include "updates/cdist_updates.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define MARK "\xEF\xBB\xBF"

/* ---- helpers --------------------------------------------------------------------------------------------------- */

static cdist_err_t *facts_of(cdist_file_facts_t **facts, const void *bytes, size_t length)
{
    fx_write("file.bin", bytes, length);
    return cdist_file_facts_read(facts, fx_path("file.bin"), fx_pool, fx_pool);
}

static cdist_err_t *facts_of_made(cdist_file_facts_t **facts, const cm_made_t *made)
{
    return facts_of(facts, made->bytes, made->length);
}

static cdist_err_t *facts_of_text(cdist_file_facts_t **facts, const char *text)
{
    return facts_of(facts, text, strlen(text));
}

static void refused(cdist_err_t *err, const char *part)
{
    ck_assert_msg(err != NULL, "taken, where \"%s\" was expected", part);
    ck_assert(err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
    ck_assert_msg(strstr(err->message, part) != NULL, "\"%s\" does not say \"%s\"", err->message, part);
    ck_assert_msg(strstr(err->message, "file.bin") != NULL, "\"%s\" names no file", err->message);
}

static void check_default(const cdist_file_facts_t *facts, cdist_file_kind_t kind, int bits)
{
    ck_assert_int_eq(facts->kind, kind);
    ck_assert_str_eq(facts->name, CM_NAME);
    ck_assert_str_eq(facts->vendor, CM_VENDOR);
    ck_assert_str_eq(facts->version, CM_VERSION);
    ck_assert_str_eq(facts->compatibility, "Version8_3_22");
    ck_assert_int_eq(facts->container_bits, bits);
}

/* ---- configurations -------------------------------------------------------------------------------------------- */

static const cm_style_t styles[] = {{.bits = 32},           {.bits = 64},
                                    {.bits = 32, .pad = 512}, {.bits = 64, .pad = 65536},
                                    {.bits = 32, .piece = 100}, {.bits = 32, .data_first = 1, .other_case = 1}};

START_TEST(a_configuration_tells_its_facts_in_every_layout)
{
    static const cm_configuration_t kinds[] = {{.extra = 3}, {.extra = 900}, {.stored = 1}};
    cdist_file_facts_t *facts;
    int i;

    for (i = 0; i < FX_COUNT(kinds); i++) {
        cm_made_t made = {0};

        if (styles[_i].bits == 64) cm_stub(&made, 0);
        cm_configuration(&made, &kinds[i], &styles[_i]);
        FX_OK(facts_of_made(&facts, &made));
        check_default(facts, CDIST_FILE_CF, styles[_i].bits);
        ck_assert_str_eq(facts->version_id, CM_VERSION_ID);
        ck_assert_uint_eq(facts->entries, (unsigned)kinds[i].extra + 4);
        ck_assert_int_eq(facts->distribution, 0);
        ck_assert_int_eq(facts->sources->nelts, 0);
    }
}
END_TEST

static const struct {
    const char *code, *name;
} codes[] = {{"0", "DontUse"},         {"1", "code:1"},          {"2", "code:2"},  {"80308", "Version8_3_8"},
             {"80325", "Version8_3_25"}, {"80501", "Version8_5_1"}, {"x", ""},       {"", ""}};

START_TEST(compatibility_codes_have_names)
{
    cm_configuration_t configuration = {.code = codes[_i].code};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    FX_OK(facts_of_made(&facts, &made));
    ck_assert_str_eq(facts->compatibility, codes[_i].name);
}
END_TEST

START_TEST(a_distribution_is_told_by_its_support_data)
{
    static const struct {
        cm_configuration_t configuration;
        int distribution;
    } rows[] = {{{.support_version = CM_VERSION, .locked = 1}, 1},
                {{.support_version = CM_VERSION, .locked = 1, .extra = 200}, 1},
                {{.support_version = CM_VERSION}, 0},
                {{.support_version = "1.0.2.6", .locked = 1}, 0},
                {{.support_version = CM_VERSION, .locked = 1, .digest = "ZPOt4of"}, 0},
                {{.support_version = CM_VERSION, .locked = 1, .version_id = "f2e31050-77d9-4be2-94d3-68d9dacd70e8"}, 0},
                {{.locked = 1}, 0}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0}, packed = {0};

    cm_configuration(&made, &rows[_i].configuration, NULL);
    FX_OK(facts_of_made(&facts, &made));
    ck_assert_int_eq(facts->distribution, rows[_i].distribution);
    cm_deflate(&packed, made.bytes, made.length);
    FX_OK(facts_of_made(&facts, &packed));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CF);
    ck_assert_int_eq(facts->distribution, rows[_i].distribution);
}
END_TEST

START_TEST(a_configuration_without_vendor_and_version_has_empty_ones)
{
    cm_configuration_t configuration = {.vendor = "", .version = ""};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    FX_OK(facts_of_made(&facts, &made));
    ck_assert_str_eq(facts->vendor, "");
    ck_assert_str_eq(facts->version, "");
}
END_TEST

START_TEST(an_extension_is_told_from_a_configuration)
{
    cm_configuration_t configuration = {.extension = 1};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    FX_OK(facts_of_made(&facts, &made));
    check_default(facts, CDIST_FILE_CFE, 32);
    ck_assert_str_eq(facts->version_id, "");
}
END_TEST

START_TEST(data_processors_and_reports_have_a_name)
{
    static const char *const classes[] = {"c3831ec8-d8d5-4f93-8a22-f9bfae07327f", "e41aff26-25cf-4bb6-b6c1-3f478a75f374"};
    cm_item_t items[] = {{CM_ROOT_ID}, {"copyinfo", MARK "{4}"}, {"root", MARK "{2," CM_ROOT_ID ",}"}, {"versions", "{1,0}"}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    items[0].content = apr_psprintf(fx_pool, MARK "{1,{" CM_ROOT_ID "},1,{%s,{1,{4,a,b,{0,{3,{1,0,x},\"Обработка\",{0},\"\"}},"
                                    "\"\"},0}}}", classes[_i]);
    cm_container(&made, items, 4, NULL);
    FX_OK(facts_of_made(&facts, &made));
    ck_assert_int_eq(facts->kind, _i ? CDIST_FILE_ERF : CDIST_FILE_EPF);
    ck_assert_str_eq(facts->name, "Обработка");
    ck_assert_str_eq(facts->version, "");
    ck_assert_uint_eq(facts->entries, 4);
}
END_TEST

START_TEST(a_configuration_of_8_0_lies_inside_of_an_entry)
{
    cm_item_t items[] = {{"metadata"}, {"version", MARK "{{6,0}}"}, {"versions", MARK "{1,1,\"\"," CM_VERSION_ID "}"}};
    cm_item_t inside[] = {{CM_ROOT_ID, NULL, 0, 1}, {"root", MARK "{1," CM_ROOT_ID ",0}", 0, 1}};
    cdist_file_facts_t *facts;
    cm_made_t inner = {0}, made = {0};

    inside[0].content = MARK "{1,\r\n{" CM_ROOT_ID "},5,{9cd510cd-abfc-11d4-9434-004095e12fc7,{1,{15,{0,{0,{0,0," CM_OBJECT_ID
                             "},\"" CM_NAME "\",{0},\"\"}},\"\",1,{0},{0},a,b,c,d,0,\"V\",\"1.5\",\"\"},0}}}";
    cm_container(&inner, inside, 2, NULL);
    items[0].content = inner.bytes;
    items[0].length = inner.length;
    cm_container(&made, items, 3, NULL);
    FX_OK(facts_of_made(&facts, &made));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CF);
    ck_assert_str_eq(facts->name, CM_NAME);
    ck_assert_str_eq(facts->vendor, "V");
    ck_assert_str_eq(facts->version, "1.5");
    ck_assert_str_eq(facts->version_id, "");
    ck_assert_str_eq(facts->compatibility, "");
    ck_assert_uint_eq(facts->entries, 2);
}
END_TEST

/* ---- damaged configurations ------------------------------------------------------------------------------------- */

START_TEST(the_stub_alone_is_not_taken_for_the_file)
{
    cdist_file_facts_t *facts;
    cm_configuration_t plain = {0};
    cm_style_t wide = {.bits = 64};
    cm_made_t made = {0};
    size_t stub;

    cm_stub(&made, 0);
    stub = made.length;
    refused(facts_of_made(&facts, &made), "only the stub");
    cm_configuration(&made, &plain, &wide);
    FX_OK(facts_of_made(&facts, &made));
    made.bytes[stub + 20] = 'x';
    refused(facts_of_made(&facts, &made), "only the stub");
    made.bytes[stub + 20] = '\r';
    refused(facts_of(&facts, made.bytes, stub + 60), "only the stub");
}
END_TEST

START_TEST(a_configuration_cut_off_or_damaged_gives_an_error_or_its_facts)
{
    cm_configuration_t plain = {.support_version = CM_VERSION, .locked = 1};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};
    size_t at;
    int taken = 0;

    cm_configuration(&made, &plain, &styles[_i]);
    for (at = 0; at < made.length; at += 1 + made.length / 300) {
        cdist_err_t *err = facts_of(&facts, made.bytes, at);

        ck_assert(err == NULL || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
        if (!err) ck_assert_str_eq(facts->name, CM_NAME);
    }
    for (at = 0; at < made.length; at += 1 + made.length / 300) {
        unsigned char kept = made.bytes[at];
        cdist_err_t *err;

        made.bytes[at] ^= 0x41;
        err = facts_of_made(&facts, &made);
        made.bytes[at] = kept;
        ck_assert(err == NULL || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
        taken += err == NULL;
    }
    ck_assert_int_gt(taken, 0);
}
END_TEST

START_TEST(an_unknown_layout_is_said_to_be_one)
{
    cm_configuration_t configuration = {.layout = "15"};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    refused(facts_of_made(&facts, &made), "layout 15");
}
END_TEST

START_TEST(a_root_that_leads_nowhere_is_an_error)
{
    cm_configuration_t configuration = {.root_name = "ffffffff-0000-0000-0000-000000000000"};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_configuration(&made, &configuration, NULL);
    refused(facts_of_made(&facts, &made), "ffffffff-0000-0000-0000-000000000000");
}
END_TEST

START_TEST(a_container_without_a_configuration_is_said_to_be_one)
{
    static const cm_item_t items[] = {{"a", MARK "{1}"}, {"b", MARK "{1}"}};
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_container(&made, items, 2, NULL);
    refused(facts_of_made(&facts, &made), "no configuration");
}
END_TEST

/* ---- updates --------------------------------------------------------------------------------------------------- */

static cdist_err_t *facts_of_update(cdist_file_facts_t **facts, const char *update_info, int extra, const cm_style_t *style)
{
    cm_made_t made = {0}, packed = {0};

    cm_update(&made, update_info, extra, style);
    cm_deflate(&packed, made.bytes, made.length);
    return facts_of_made(facts, &packed);
}

START_TEST(an_update_names_what_it_applies_to)
{
    const cdist_configuration_id_t *source;
    cdist_file_facts_t *facts;
    int extra = styles[_i].pad ? 100 : 12000; /* more than the window holds */

    FX_OK(facts_of_update(&facts, cm_update_info, extra, &styles[_i]));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CFU);
    ck_assert_str_eq(facts->name, CM_NAME);
    ck_assert_str_eq(facts->vendor, "Фирма");
    ck_assert_str_eq(facts->version, CM_VERSION);
    ck_assert_str_eq(facts->version_id, CM_VERSION_ID);
    ck_assert_str_eq(facts->compatibility, "Version8_3_22");
    ck_assert_int_eq(facts->container_bits, styles[_i].bits);
    ck_assert_uint_eq(facts->entries, (unsigned)extra + 2);
    ck_assert_int_eq(facts->sources->nelts, 2);
    source = &APR_ARRAY_IDX(facts->sources, 1, cdist_configuration_id_t);
    ck_assert_str_eq(source->name, CM_NAME);
    ck_assert_str_eq(source->vendor, "Фирма");
    ck_assert_str_eq(source->version, "1.0.1.05");
    ck_assert_str_eq(source->version_id, "22222222-b151-4efe-8b31-f0897db3142a");
}
END_TEST

START_TEST(an_inflated_update_is_one_too)
{
    cdist_file_facts_t *facts;
    cm_made_t made = {0};

    cm_update(&made, cm_update_info, 3, NULL);
    FX_OK(facts_of_made(&facts, &made));
    ck_assert_int_eq(facts->kind, CDIST_FILE_CFU);
    ck_assert_int_eq(facts->sources->nelts, 2);
}
END_TEST

START_TEST(an_update_without_updateinfo_is_an_error)
{
    cdist_file_facts_t *facts;

    refused(facts_of_update(&facts, NULL, 3, NULL), "UpdateInfo.inf");
}
END_TEST

#define IDS "\"\",a,\"N\",\"V\",\"1\",z,{216},r"

static const struct {
    const char *text, *says;
} broken_updates[] = {{"", "too early"},
                      {"{2,0}", "format 2"},
                      {"{3}", "too early"},
                      {"{3,x}", "number"},
                      {"{3,-1}", "number"},
                      {"{3,99999999999}", "number"},
                      {"{3,\"1\"}", "number"},
                      {"{3,2,\"N\",\"V\",\"1\",a}", "too early"},
                      {"{3,0,0,1," IDS, "ends inside"},
                      {"{3,0,0,1,\"x\",a,\"N\",\"V\",\"1\",z,{216},r}", "id of the new version"},
                      {"{3,0,0,1,\"\",a,\"N\",\"V\",\"1\",z,216,r}", "list is expected"},
                      {"{3,0,0,1,\"\",a,{},\"V\",\"1\",z,{216},r}", "no place"},
                      {"{3,0,0,1," IDS ",more}", "no place"},
                      {"{{3}}", "no place"},
                      {"{3,{0}}", "no place"}};

START_TEST(an_update_that_lies_about_itself_is_an_error)
{
    cdist_file_facts_t *facts;
    cdist_err_t *err = facts_of_update(&facts, apr_pstrcat(fx_pool, MARK, broken_updates[_i].text, NULL), 0, NULL);

    refused(err, broken_updates[_i].says);
    ck_assert_ptr_nonnull(strstr(err->message, "UpdateInfo.inf"));
}
END_TEST

START_TEST(the_smallest_update_is_read)
{
    cdist_file_facts_t *facts;

    FX_OK(facts_of_update(&facts, MARK "{3,0,0,1," IDS "}", 0, NULL));
    ck_assert_str_eq(facts->version_id, "a");
    ck_assert_str_eq(facts->compatibility, "");
}
END_TEST

START_TEST(a_list_of_entries_is_read_where_it_is_asked_for)
{
    cdist_update_info_t *info;
    cdist_bytes_t *bytes = cdist_bytes_memory(cm_update_info, strlen(cm_update_info), "update", fx_pool);

    FX_OK(cdist_update_info_parse(&info, cdist_bytes_stream(bytes, 0, fx_pool), 1, fx_pool));
    ck_assert_int_eq(info->deletes->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(info->deletes, 0, const char *), "gone");
    ck_assert_int_eq(info->inserts->nelts, 1);
    ck_assert_str_eq(APR_ARRAY_IDX(info->inserts, 0, cdist_entry_version_t).name, CM_ROOT_ID);
    ck_assert_str_eq(info->version_content, "{216,0,\r\n{80322,0}\r\n}");
    ck_assert_str_eq(info->root_id, CM_ROOT_ID);
    FX_OK(cdist_update_info_parse(&info, cdist_bytes_stream(bytes, 0, fx_pool), 0, fx_pool));
    ck_assert_int_eq(info->inserts->nelts + info->deletes->nelts, 0);
}
END_TEST

START_TEST(an_update_that_is_cut_off_is_an_error)
{
    cm_made_t made = {0}, packed = {0};
    cdist_file_facts_t *facts;
    size_t length;

    cm_update(&made, cm_update_info, 10, NULL);
    cm_deflate(&packed, made.bytes, made.length);
    for (length = 0; length < packed.length; length += 7) {
        FX_FAILS(facts_of(&facts, packed.bytes, length), CDIST_E_CORRUPT);
    }
}
END_TEST

/* ---- deliveries, support data, texts ----------------------------------------------------------------------------- */

static void put_wide(cm_made_t *made, const char *ascii)
{
    cm_put_le(made, strlen(ascii), 4);
    for (; *ascii; ascii++) cm_put_le(made, (unsigned char)*ascii, 2);
}

static void make_delivery(cm_made_t *packed, apr_uint32_t descriptions, int wrong_length)
{
    cm_made_t made = {0};
    apr_uint32_t i;

    cm_put_le(&made, 1, 4);
    cm_put_le(&made, descriptions, 4);
    for (i = 0; i < 2; i++) {
        cm_put_le(&made, 4 + 4 * 4 + 2 * (2 + 4 + 6) + (apr_uint64_t)wrong_length, 4);
        put_wide(&made, i ? "ru" : "en");
        put_wide(&made, "Name");
        put_wide(&made, "Vendor");
        put_wide(&made, "");
    }
    cm_put_le(&made, 7, 4);
    cm_put(&made, "the files", 9);
    cm_deflate(packed, made.bytes, made.length);
}

START_TEST(a_delivery_has_the_name_of_its_first_description)
{
    cdist_file_facts_t *facts;
    cm_made_t packed = {0};

    make_delivery(&packed, 2, 0);
    FX_OK(facts_of_made(&facts, &packed));
    ck_assert_int_eq(facts->kind, CDIST_FILE_EFD);
    ck_assert_str_eq(facts->name, "Name");
    ck_assert_str_eq(facts->vendor, "Vendor");
    ck_assert_uint_eq(facts->entries, 7);
    ck_assert_int_eq(facts->container_bits, 0);
}
END_TEST

START_TEST(a_delivery_that_lies_is_an_error)
{
    cdist_file_facts_t *facts;
    cm_made_t none = {0}, many = {0}, lengths = {0};

    make_delivery(&none, 0, 0);
    refused(facts_of_made(&facts, &none), "neither a container nor a delivery");
    make_delivery(&many, 100000, 0);
    refused(facts_of_made(&facts, &many), "too large");
    make_delivery(&lengths, 2, 5);
    refused(facts_of_made(&facts, &lengths), "bytes long");
}
END_TEST

static const struct {
    const char *text, *version;
    int rules;
} support_rows[] = {{"{6,0,0,0,1,0}", "", 0},
                    {"{6,0,0,2,a,2,b,2,1,0}", "", 0},
                    {"{6,1,1,i,1,v,\"1.5\",\"V\",\"N\",1,1,0,a,b,0,0,0,0,1,0}", "1.5", 1},
                    {"{6,1,2,i,1,v,\"1.5\",\"V\",\"N\",2,1,0,a,b,1,0,c,d,0,0,j,1,w,\"2\",\"W\",\"M\",1,1,0,a,b,0,0,0,1}", "1.5", 3},
                    {"{6,1,1,i,1,v,\"1.5\",\"V\",\"N\",0,0,0,0,1,0}", "1.5", 0}};

START_TEST(support_data_tell_the_vendor_and_count_the_rules)
{
    cdist_file_facts_t *facts;

    FX_OK(facts_of_text(&facts, apr_pstrcat(fx_pool, MARK, support_rows[_i].text, NULL)));
    ck_assert_int_eq(facts->kind, CDIST_FILE_SUPPORT);
    ck_assert_str_eq(facts->version, support_rows[_i].version);
    ck_assert_uint_eq(facts->entries, (unsigned)support_rows[_i].rules);
}
END_TEST

static const char *const bad_support[] = {"{6,", "{6,1}", "{6,1,x}", "{6,1,1,i,1,v}", "{6,1,1,i,1,v,\"1\",\"V\",\"N\",x}",
                                          "{6,1,1,i,1,v,\"1\",\"V\",\"N\",5,1,0,a,b,0,0}", "{6,{1}}", "{6,1,-1}",
                                          "{6,1,1,i,1,v,\"1\",\"V\",\"N\",999999999}"};

START_TEST(support_data_that_end_early_are_an_error)
{
    cdist_file_facts_t *facts;

    refused(facts_of_text(&facts, bad_support[_i]), "offset 0x");
}
END_TEST

#define CYRILLIC_1251 "\xD4\xE8\xF0\xEC\xE0 \"1\xD1\" \xB8 \x98"

START_TEST(a_manifest_is_read_in_every_encoding)
{
    static const struct {
        const char *text;
        size_t length;
        const char *vendor;
    } rows[] = {{MARK "Vendor=Фирма \"1С\"\r\nName=N\r\nVersion=1.0.0.007\r\nAppVersion=8.3\r\n[Config1]\r\nVersion=9\r\n", 0,
                 "Фирма \"1С\""},
                {"AppVersion=8.3\nVersion=1.0.0.007\nName=N\nVendor=a=b\n", 0, "a=b"},
                {"Vendor=" CYRILLIC_1251 "\nName=N\nVersion=1.0.0.007\n", 0, "Фирма \"1С\" ё \xEF\xBF\xBD"},
                {"\xFF\xFEN\0a\0m\0e\0=\0N\0\n\0V\0e\0r\0s\0i\0o\0n\0=\0" "1\0.\0" "0\0.\0" "0\0.\0" "0\0" "0\0" "7\0", 50, ""}};
    cdist_file_facts_t *facts;

    FX_OK(facts_of(&facts, rows[_i].text, rows[_i].length ? rows[_i].length : strlen(rows[_i].text)));
    ck_assert_int_eq(facts->kind, CDIST_FILE_MFT);
    ck_assert_str_eq(facts->version, "1.0.0.007");
    ck_assert_str_eq(facts->name, "N");
    ck_assert_str_eq(facts->vendor, rows[_i].vendor);
}
END_TEST

START_TEST(updinfo_lists_versions_as_they_are_written)
{
    cdist_file_facts_t *facts;

    FX_OK(facts_of_text(&facts, "Version=3.0.11.36\r\nFromVersions=;3.0.10.32; 3.0.11.01 ;;\r\nUpdateDate=16.12.2013\r\n"));
    ck_assert_int_eq(facts->kind, CDIST_FILE_UPDINFO);
    ck_assert_str_eq(facts->version, "3.0.11.36");
    ck_assert_int_eq(facts->sources->nelts, 2);
    ck_assert_str_eq(APR_ARRAY_IDX(facts->sources, 0, cdist_configuration_id_t).version, "3.0.10.32");
    ck_assert_str_eq(APR_ARRAY_IDX(facts->sources, 1, cdist_configuration_id_t).version, "3.0.11.01");
    ck_assert_str_eq(facts->release_date, "16.12.2013");
    FX_OK(facts_of_text(&facts, "Version=1\nUpdateDate=01.01.2020\n"));
    ck_assert_int_eq(facts->kind, CDIST_FILE_UPDINFO);
    refused(facts_of_text(&facts, "FromVersions=;1;\n"), "Version");
    refused(facts_of_text(&facts, "Name=N\nVendor=V\n"), "Version");
}
END_TEST

/* ---- what is none ---------------------------------------------------------------------------------------------- */

START_TEST(what_is_none_of_these_is_refused)
{
    static const char *const texts[] = {"", "x", "just a text", "{1,2}", "PK\x03\x04", "version https://git-lfs.github.com/spec/v1\n",
                                        "version https://git-lfs", "\xFF\xFF\xFF\x7F", "Versions=1\n"};
    cdist_file_facts_t *facts;

    refused(facts_of_text(&facts, texts[_i]), "offset 0x");
    if (strncmp(texts[_i], "version", 7) == 0) refused(facts_of_text(&facts, texts[_i]), "git lfs pull");
}
END_TEST

START_TEST(what_is_no_file_is_refused_at_once)
{
    cdist_file_facts_t *facts;

    FX_FAILS(cdist_file_facts_read(&facts, fx_path("none.cf"), fx_pool, fx_pool), CDIST_E_NOTFOUND);
    FX_FAILS(cdist_file_facts_read(&facts, fx_folder, fx_pool, fx_pool), CDIST_E_SOURCE);
    ck_assert_int_eq(mkfifo(fx_path("pipe"), 0600), 0);
    FX_FAILS(cdist_file_facts_read(&facts, fx_path("pipe"), fx_pool, fx_pool), CDIST_E_SOURCE);
}
END_TEST

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
    check_default(facts, CDIST_FILE_CF, styles[_i].bits);
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

Suite *test_suite(void)
{
    Suite *suite = suite_create("facts");
    TCase *tcase = fx_case(suite, "facts", 120);

    tcase_add_loop_test(tcase, a_configuration_tells_its_facts_in_every_layout, 0, FX_COUNT(styles));
    tcase_add_loop_test(tcase, compatibility_codes_have_names, 0, FX_COUNT(codes));
    tcase_add_loop_test(tcase, a_distribution_is_told_by_its_support_data, 0, 7);
    tcase_add_test(tcase, a_configuration_without_vendor_and_version_has_empty_ones);
    tcase_add_test(tcase, an_extension_is_told_from_a_configuration);
    tcase_add_loop_test(tcase, data_processors_and_reports_have_a_name, 0, 2);
    tcase_add_test(tcase, a_configuration_of_8_0_lies_inside_of_an_entry);
    tcase_add_test(tcase, the_stub_alone_is_not_taken_for_the_file);
    tcase_add_loop_test(tcase, a_configuration_cut_off_or_damaged_gives_an_error_or_its_facts, 0, 2);
    tcase_add_test(tcase, an_unknown_layout_is_said_to_be_one);
    tcase_add_test(tcase, a_root_that_leads_nowhere_is_an_error);
    tcase_add_test(tcase, a_container_without_a_configuration_is_said_to_be_one);
    tcase_add_loop_test(tcase, an_update_names_what_it_applies_to, 0, FX_COUNT(styles));
    tcase_add_test(tcase, an_inflated_update_is_one_too);
    tcase_add_test(tcase, an_update_without_updateinfo_is_an_error);
    tcase_add_loop_test(tcase, an_update_that_lies_about_itself_is_an_error, 0, FX_COUNT(broken_updates));
    tcase_add_test(tcase, the_smallest_update_is_read);
    tcase_add_test(tcase, a_list_of_entries_is_read_where_it_is_asked_for);
    tcase_add_test(tcase, an_update_that_is_cut_off_is_an_error);
    tcase_add_test(tcase, a_delivery_has_the_name_of_its_first_description);
    tcase_add_test(tcase, a_delivery_that_lies_is_an_error);
    tcase_add_loop_test(tcase, support_data_tell_the_vendor_and_count_the_rules, 0, FX_COUNT(support_rows));
    tcase_add_loop_test(tcase, support_data_that_end_early_are_an_error, 0, FX_COUNT(bad_support));
    tcase_add_loop_test(tcase, a_manifest_is_read_in_every_encoding, 0, 4);
    tcase_add_test(tcase, updinfo_lists_versions_as_they_are_written);
    tcase_add_loop_test(tcase, what_is_none_of_these_is_refused, 0, 9);
    tcase_add_test(tcase, what_is_no_file_is_refused_at_once);
    tcase_add_loop_test(tcase, two_hundred_thousand_entries_cost_little, 0, 3);
    tcase_add_loop_test(tcase, an_update_of_two_hundred_thousand_entries_stays_within_memory, 0, 2);
    tcase_add_loop_test(tcase, bombs_are_refused_within_memory, 0, 4);
    return suite;
}
