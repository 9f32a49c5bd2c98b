/* The names of metadata objects: made by code, damaged, and those of real files. */
#include "compare/cdist_compare.h"
#include "container_maker.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* ---- a configuration made by code ------------------------------------------------------------------------------ */

#define ID(digit) digit digit digit digit digit digit digit digit "-0000-4000-8000-000000000000"
#define CATALOG "cf4abea6-37b2-11d4-940f-008048da11f9"
#define SUBSYSTEM "37f2fa9a-b276-11d4-9435-004095e12fc7"
#define FORM "fdf816d2-1ead-11d5-b975-0050bae0a95d"
#define ATTRIBUTE "cf4abea7-37b2-11d4-940f-008048da11f9"
#define SECTION "932159f9-95b2-4e76-a8dd-8849fe5c5ded"
#define SECTION_ATTRIBUTE "888744e1-b616-11d4-9436-004095e12fc7"
#define UNKNOWN "01234567-89ab-cdef-0123-456789abcdef"

#define HEADER(uuid, name) "{1,0," uuid "},\"" name "\",{1,\"ru\",\"Synonym\"},\"\""

static const char root[] = "\xEF\xBB\xBF{2," CM_ROOT_ID ",}";
static const char tree[] =
    "\xEF\xBB\xBF{2,\r\n{" CM_ROOT_ID "},1,\r\n{9cd510cd-abfc-11d4-9434-004095e12fc7,\r\n{1,\r\n{36,\r\n{0,\r\n{0,\r\n"
    HEADER(CM_OBJECT_ID, CM_NAME) "}\r\n},\"\"},4,\r\n{" SUBSYSTEM ",1," ID("a") "},\r\n{" CATALOG ",3," ID("1") "," ID("2") "," ID("3")
    "},\r\n{" UNKNOWN ",1," ID("4") "},\r\n{fcd3404e-1523-48ce-9bc0-ecdb822684a1,0}\r\n}\r\n}\r\n}";
/* Its attributes and tabular section stand in it, its form has an entry. */
static const char catalog[] =
    "{1,{47,x,{0," HEADER(ID("1"), "Товары") "},\"Not a name\"},3,"
    "{" ATTRIBUTE ",2,{{0,{2," HEADER(ID("5"), "Цена") "},\"Text\"},0},{{0,{2," HEADER(ID("6"), "Вес") "}},0}},"
    "{" SECTION ",1,{{11," HEADER(ID("7"), "Склады") "},1,{" SECTION_ATTRIBUTE ",1,{{0," HEADER(ID("8"), "Склад") "},0}}}},"
    "{" FORM ",1," ID("9") "}}";
static const char form[] = "{1,{0,{9," HEADER(ID("9"), "ФормаЭлемента") ",{" ATTRIBUTE ",1,{" HEADER(ID("e"), "Hidden") "}}}}}";
static const char subsystem[] = "{1,{20,{0," HEADER(ID("a"), "Outer") "}},1,{" SUBSYSTEM ",2," ID("b") "," ID("a") "}}";
static const char inner[] = "{1,{20,{0," HEADER(ID("b"), "Inner") "}},1,{" SUBSYSTEM ",1," ID("a") "}}";

static const cm_item_t made[] = {
    {ID("1"), catalog, 0, 0, 0},   {ID("2"), "{1,{47,{0," HEADER(ID("f"), "Of another") "}}", 0, 0, 0},
    {ID("4"), "{1," HEADER(ID("4"), "New") "}", 0, 0, 0}, {ID("9"), form, 0, 0, 0},
    {CM_ROOT_ID, tree, 0, 0, 0},   {ID("a"), subsystem, 0, 0, 0},
    {ID("b"), inner, 0, 0, 0},     {"root", root, 0, 0, 0}};

static cdist_container_t *container_of(const cm_item_t *items, int count)
{
    cm_made_t bytes = {NULL, 0, 0};
    cdist_container_t *container;

    cm_container(&bytes, items, count, NULL);
    FX_OK(cdist_container_open(&container, cdist_bytes_memory(bytes.bytes, bytes.length, "made", fx_pool), fx_pool));
    return container;
}

static cdist_names_t *names_of(const cm_item_t *items, int count)
{
    cdist_names_t *names;

    FX_OK(cdist_names_of_container(&names, container_of(items, count), "made.cf", fx_pool, fx_pool));
    return names;
}

static const struct {
    const char *entry, *ru, *en;
} expected[] = {
    {CM_ROOT_ID, "Конфигурация." CM_NAME, "Configuration." CM_NAME},
    {CM_OBJECT_ID ".4", "Конфигурация." CM_NAME, "Configuration." CM_NAME},
    {ID("1") ".0", "Справочник.Товары", "Catalog.Товары"},
    {ID("5"), "Справочник.Товары.Реквизит.Цена", "Catalog.Товары.Attribute.Цена"},
    {ID("6"), "Справочник.Товары.Реквизит.Вес", "Catalog.Товары.Attribute.Вес"},
    {ID("7"), "Справочник.Товары.ТабличнаяЧасть.Склады", "Catalog.Товары.TabularSection.Склады"},
    {ID("8"), "Справочник.Товары.ТабличнаяЧасть.Склады.Реквизит.Склад", "Catalog.Товары.TabularSection.Склады.Attribute.Склад"},
    {ID("9") ".0", "Справочник.Товары.Форма.ФормаЭлемента", "Catalog.Товары.Form.ФормаЭлемента"},
    {ID("a"), "Подсистема.Outer", "Subsystem.Outer"},
    {ID("b"), "Подсистема.Outer.Подсистема.Inner", "Subsystem.Outer.Subsystem.Inner"},
    /* Another object's name does not count, and a missing entry has none. */
    {ID("2"), "Справочник." ID("2"), "Catalog." ID("2")},
    {ID("3"), "Справочник." ID("3"), "Catalog." ID("3")},
    /* A class that nobody knows is its uuid. */
    {ID("4"), UNKNOWN ".New", UNKNOWN ".New"}};

START_TEST(objects_are_named_with_their_owners_in_both_languages)
{
    const cdist_names_t *names = names_of(made, FX_COUNT(made));
    const cdist_metadata_object_t *object = cdist_names_find(names, expected[_i].entry);

    ck_assert(object != NULL);
    ck_assert_str_eq(cdist_names_qualified(object, 1, fx_pool), expected[_i].ru);
    ck_assert_str_eq(cdist_names_qualified(object, 0, fx_pool), expected[_i].en);
    ck_assert_uint_eq(cdist_names_count(names), (unsigned)FX_COUNT(expected));
}
END_TEST

START_TEST(what_is_no_object_has_no_name)
{
    const cdist_names_t *names = names_of(made, FX_COUNT(made));

    ck_assert(cdist_names_find(names, "root") == NULL);
    ck_assert(cdist_names_find(names, "") == NULL);
    ck_assert(cdist_names_find(names, UNKNOWN) == NULL);
    /* A form is read up to its name: what follows are its own matters. */
    ck_assert(cdist_names_find(names, ID("e")) == NULL);
}
END_TEST

START_TEST(a_damaged_entry_takes_away_the_names_in_it_and_no_more)
{
    cm_item_t items[FX_COUNT(made)];
    const cdist_names_t *names;

    memcpy(items, made, sizeof made);
    items[0].content = "{1,{47,{0," HEADER(ID("1"), "Товары") "},{" ATTRIBUTE ",1,{{0," HEADER(ID("5"), "Цена") "},0";
    names = names_of(items, FX_COUNT(made));
    ck_assert_str_eq(cdist_names_find(names, ID("1"))->name, "Товары");
    ck_assert_str_eq(cdist_names_find(names, ID("5"))->name, "Цена");
    ck_assert(cdist_names_find(names, ID("7")) == NULL);
    ck_assert_str_eq(cdist_names_find(names, ID("b"))->name, "Inner");
}
END_TEST

START_TEST(without_the_configurations_own_entry_there_are_no_names)
{
    cm_item_t items[FX_COUNT(made)];
    cdist_names_t *names;

    FX_FAILS(cdist_names_of_container(&names, container_of(made, 7), "made.cf", fx_pool, fx_pool), CDIST_E_CORRUPT);
    memcpy(items, made, sizeof made);
    items[4].name = ID("0");
    FX_FAILS(cdist_names_of_container(&names, container_of(items, 8), "made.cf", fx_pool, fx_pool), CDIST_E_CORRUPT);
    memcpy(items, made, sizeof made);
    items[7].content = "{2,not-a-uuid,}";
    FX_FAILS(cdist_names_of_container(&names, container_of(items, 8), "made.cf", fx_pool, fx_pool), CDIST_E_CORRUPT);
}
END_TEST

START_TEST(parts_are_named_by_the_class_and_the_entrys_suffix)
{
    const cdist_metadata_class_t *cls = cdist_metadata_class(CATALOG);

    ck_assert_str_eq(cls->ru, "Справочник");
    ck_assert_str_eq(cdist_metadata_part(cls, "")->en, "metadata");
    ck_assert_str_eq(cdist_metadata_part(cls, ".0")->en, "object module");
    ck_assert_str_eq(cdist_metadata_part(cls, ".3")->ru, "модуль менеджера");
    ck_assert_str_eq(cdist_metadata_part(cdist_metadata_class(FORM), ".0")->en, "form");
    ck_assert(cdist_metadata_part(cls, ".77") == NULL);
    ck_assert(cdist_metadata_class(UNKNOWN) == NULL);
}
END_TEST

/* ---- real files ------------------------------------------------------------------------------------------------ */

static cdist_names_t *names_of_file(const char *name)
{
    size_t length;
    const char *bytes = shared_data(&length, name);
    cdist_container_t *container;
    cdist_names_t *names;

    if (!bytes) return NULL;
    FX_OK(cdist_container_open(&container, cdist_bytes_memory(bytes, length, name, fx_pool), fx_pool));
    FX_OK(cdist_names_of_container(&names, container, name, fx_pool, fx_pool));
    return names;
}

START_TEST(objects_of_real_files_have_the_names_that_another_reader_saw)
{
    const char *top = getenv("srcdir"), *file = "";
    char *rows, *row, *state = NULL;
    cdist_names_t *names = NULL;
    apr_size_t length;
    int count = 0;

    FX_OK(cdist_file_read(&rows, &length, apr_pstrcat(fx_pool, top ? top : ".", "/tests/unit/metadata_names.tsv", NULL), 1 << 20,
                          fx_pool));
    for (row = apr_strtok(rows, "\n", &state); row; row = apr_strtok(NULL, "\n", &state)) {
        char *at = NULL, *name = apr_strtok(row, "\t", &at), *uuid = apr_strtok(NULL, "\t", &at), *ru = apr_strtok(NULL, "\t", &at);
        const cdist_metadata_object_t *object;

        if (*row == '#') continue;
        if (strcmp(file, name) != 0) names = names_of_file(name);
        file = name;
        if (!names) return;
        object = cdist_names_find(names, uuid);
        ck_assert_msg(object != NULL, "%s: %s", name, uuid);
        ck_assert_str_eq(cdist_names_qualified(object, 1, fx_pool), ru);
        ck_assert_str_eq(cdist_names_qualified(object, 0, fx_pool), apr_strtok(NULL, "\t", &at));
        count++;
    }
    ck_assert_int_ge(count, 78);
}
END_TEST

typedef struct {
    const cdist_names_t *names;
    int named, unnamed;
} tally_t;

static cdist_err_t *tally(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    tally_t *count = baton;
    const cdist_metadata_object_t *object = cdist_names_find(count->names, item->name);

    (void)pool;
    if (strlen(item->name) != 36) return NULL;
    if (object && *object->name && strcmp(object->cls->ru, object->cls->uuid) != 0) count->named++;
    else count->unnamed++;
    return NULL;
}

static const struct {
    const char *file;
    int forgotten; /* descriptions of objects that no list names */
} whole[] = {{"cf/company_mgmt.cf", 0},   {"cf/cv_20181118a.cf", 0}, {"triples/A_base_1.2.0.52.cf", 1},
             {"triples/A_mine_1.2.0.53.cf", 0}, {"cf/tr_0.0.20.0.cf", 0},  {"cf/may_20251120.cf", 0},
             {"support/customer_on_support.cf", 0}};

START_TEST(every_description_in_a_real_configuration_belongs_to_a_named_object)
{
    size_t length;
    const char *bytes = shared_data(&length, whole[_i].file);
    tally_t count = {NULL, 0, 0};
    cdist_container_t *container;
    cdist_names_t *names;

    if (!bytes) return;
    FX_OK(cdist_container_open(&container, cdist_bytes_memory(bytes, length, whole[_i].file, fx_pool), fx_pool));
    FX_OK(cdist_names_of_container(&names, container, whole[_i].file, fx_pool, fx_pool));
    count.names = names;
    FX_OK(cdist_container_walk(container, tally, &count, fx_pool));
    ck_assert_int_eq(count.unnamed, whole[_i].forgotten);
    ck_assert_int_gt(count.named, 3);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("metadata_name");
    TCase *tcase = fx_case(suite, "metadata_name", 60);

    tcase_add_loop_test(tcase, objects_are_named_with_their_owners_in_both_languages, 0, FX_COUNT(expected));
    tcase_add_test(tcase, what_is_no_object_has_no_name);
    tcase_add_test(tcase, a_damaged_entry_takes_away_the_names_in_it_and_no_more);
    tcase_add_test(tcase, without_the_configurations_own_entry_there_are_no_names);
    tcase_add_test(tcase, parts_are_named_by_the_class_and_the_entrys_suffix);
    tcase_add_test(tcase, objects_of_real_files_have_the_names_that_another_reader_saw);
    tcase_add_loop_test(tcase, every_description_in_a_real_configuration_belongs_to_a_named_object, 0, FX_COUNT(whole));
    return suite;
}
