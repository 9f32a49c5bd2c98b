/* Brace text, three ways: which places differ, what they are called, and what must hold for any texts. */
#include "compare/cdist_compare_detail.h"
#include "fixture.h"
#include "shared_data.h"

#include <apr_strings.h>

#include <string.h>

#define ID(digit) digit digit digit digit digit digit digit digit "-0000-4000-8000-000000000000"
#define HEADER(uuid, name) "{1,0," uuid "},\"" name "\",{1,\"ru\",\"Synonym\"},\"\""
#define CONFIGURATION "9cd510cd-abfc-11d4-9434-004095e12fc7"
#define CLASS "cf4abea7-37b2-11d4-940f-008048da11f9"

/* ---- helpers --------------------------------------------------------------------------------------------------- */

static cdist_brace_tree_t *tree_of(const char *text, apr_pool_t *pool)
{
    cdist_brace_tree_t *tree;
    cdist_bytes_t *bytes = cdist_bytes_memory(text, strlen(text), "text", pool);

    FX_OK(cdist_brace_parse(&tree, cdist_bytes_stream(bytes, 0, pool), 1u << 28, pool));
    return tree;
}

static cdist_brace_diff_t *diff_of(const char *base, const char *mine, const char *theirs, apr_pool_t *pool)
{
    cdist_brace_diff_t *diff;

    FX_OK(cdist_brace_diff(&diff, base ? tree_of(base, pool) : NULL, tree_of(mine, pool), tree_of(theirs, pool), pool, pool));
    return diff;
}

static const char *value(const cdist_brace_tree_t *tree, apr_uint32_t node, apr_pool_t *pool)
{
    return node == CDIST_BRACE_NONE ? "-" : cdist_brace_show(tree, node, 100, pool);
}

/* A line for each property: class, path, name, object's first digits, values. */
static const char *lines_of(const cdist_brace_diff_t *diff, apr_pool_t *pool)
{
    const char *lines = "";
    int i;

    for (i = 0; i < diff->properties->nelts; i++) {
        const cdist_property_t *property = &APR_ARRAY_IDX(diff->properties, i, cdist_property_t);

        lines = apr_psprintf(pool, "%s%c %s%s%s%s%s%.2s: %s|%s|%s\n", lines, "umtic"[property->cls], property->path,
                             *property->name ? " " : "", property->name, property->order ? " order" : "",
                             *property->object ? " @" : "", property->object, value(diff->base, property->base, pool),
                             value(diff->mine, property->mine, pool), value(diff->theirs, property->theirs, pool));
    }
    return lines;
}

/* ---- known texts ----------------------------------------------------------------------------------------------- */

static const struct {
    const char *base, *mine, *theirs, *lines;
} known[] = {
    {"{1,2}", "{1,2}", "{1, 2}", ""},
    /* Places. */
    {"{1,2,3}", "{1,9,3}", "{1,2,3}", "m [1]: 2|9|2\n"},
    {"{1,2,3}", "{1,9,3}", "{1,9,3}", "i [1]: 2|9|9\n"},
    {"{1,2,3}", "{1,9,3}", "{1,8,3}", "c [1]: 2|9|8\n"},
    {"{0,0,0,0}", "{0,1,0,1}", "{0,0,0,0}", "m [1]: 0|1|0\nm [3]: 0|1|0\n"},
    {"{1,{2,{3,4}},5}", "{1,{2,{3,5}},5}", "{1,{2,{3,4}},6}", "m [1][1][1]: 4|5|4\nt [2]: 5|5|6\n"},
    /* A text is not a number. */
    {"{1,\"2\"}", "{1,2}", "{1,\"2\"}", "m [1]: 2|2|2\n"},
    {"{1,}", "{1,\"\"}", "{1,}", "m [1]: ||\n"},
    /* Added and removed. */
    {"{{a},{b},{c}}", "{{a},{c}}", "{{a},{b},{c}}", "m : {{a},{b},{c}}|{{a},{c}}|{{a},{b},{c}}\n"},
    {"{7,{a,1},{b,2},{c,3},{d,4},{e,5},{f,6},{g,7},{h,8},{i,9}}", "{7,{a,1},{c,3},{d,4},{e,5},{f,6},{g,7},{h,8},{i,9}}",
     "{7,{a,1},{b,2},{c,3},{d,4},{e,5},{f,6},{g,7},{h,8},{i,9},{x,0}}", "m [2]: {b,2}|-|{b,2}\nt [10]: -|-|{x,0}\n"},
    {"{7,{a,1},{b,2},{c,3},{d,4},{e,5},{f,6},{g,7},{h,8},{i,9}}",
     "{7,{a,1},{m,1},{b,2},{c,3},{d,4},{e,5},{f,6},{g,7},{h,8},{i,9}}",
     "{7,{a,1},{t,1},{b,2},{c,3},{d,4},{e,5},{f,6},{g,7},{h,8},{i,9}}", "c [2]: -|{m,1}|{t,1}\n"},
    /* One goes at the start, one comes at the end: not every item in between has changed. */
    {"{a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z}", "{b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z,1}",
     "{a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q,r,s,t,u,v,w,x,y,z}",
     "m [0]: a|-|a\nm [25]: -|1|-\n"},
    /* What is another kind of thing is shown as a whole. */
    {"{1,{\"Pattern\",{\"S\",10,1}}}", "{1,{\"Pattern\",{\"N\",5,2,0}}}", "{1,{\"Pattern\",{\"S\",20,1}}}",
     "c [1][1]: {\"S\",10,1}|{\"N\",5,2,0}|{\"S\",20,1}\n"},
    {"{1,{0}}", "{1,x}", "{1,{0}}", "m [1]: {0}|x|{0}\n"},
    /* Objects are the same by their uuids, and how many there are is no property. */
    {"{1," ID("1") ",{" CLASS ",2," ID("2") "," ID("3") "}}", "{1," ID("1") ",{" CLASS ",3," ID("2") "," ID("3") "," ID("4") "}}",
     "{1," ID("1") ",{" CLASS ",2," ID("5") "," ID("3") "}}",
     "t [2][2] @22: " ID("2") "|" ID("2") "|-\nm [2][4] @44: -|" ID("4") "|-\nt [2][2] @55: -|-|" ID("5") "\n"},
    {"{1,{" CLASS ",2," ID("2") "," ID("3") "}}", "{1,{" CLASS ",2," ID("3") "," ID("2") "}}",
     "{1,{" CLASS ",3," ID("2") "," ID("3") "," ID("4") "}}",
     "m [1] order: {" CLASS ",2," ID("2") ",33333333-0000-4000-8000…|{" CLASS ",2," ID("3") ",22222222-0000-4000-8000…|{" CLASS
     ",3," ID("2") ",33333333-0000-4000-8000…\nt [1][4] @44: -|-|" ID("4") "\n"},
    {"{1,{" CLASS ",1,{{0," HEADER(ID("2"), "A") "},0}}}",
     "{1,{" CLASS ",2,{{0," HEADER(ID("3"), "B") "},0},{{0," HEADER(ID("2"), "A") "},1}}}",
     "{1,{" CLASS ",1,{{0," HEADER(ID("2"), "C") "},0}}}",
     "t [1][2][0][2] name @22: A|A|C\nm [1][2][1] @22: 0|1|0\n"
     "m [1][2] @33: -|{{0,{1,0," ID("3") "},\"B\",{1,\"ru\",\"Synonym\"},\"\"},0}|-\n"},
    /* Lists of objects are the same by their class. */
    {"{2,{" ID("a") ",1," ID("1") "},{" ID("b") ",1," ID("2") "}}",
     "{3,{" ID("9") ",0},{" ID("a") ",1," ID("1") "},{" ID("b") ",2," ID("2") "," ID("3") "}}",
     "{2,{" ID("a") ",1," ID("1") "},{" ID("b") ",1," ID("2") "}}",
     "m [0]: 2|3|2\nm [2][3] @33: -|" ID("3") "|-\nm [1]: -|{" ID("9") ",0}|-\n"},
    /* A number that is not how many there are is a property all the same. */
    {"{{" CLASS ",1," ID("1") "}}", "{{" CLASS ",7," ID("1") "}}", "{{" CLASS ",1," ID("1") "}}", "m [0][1]: 1|7|1\n"},
    /* Both added the same object, differently. */
    {"{1,{" CLASS ",0}}", "{1,{" CLASS ",1,{" HEADER(ID("2"), "A") "}}}", "{1,{" CLASS ",1,{" HEADER(ID("2"), "B") "}}}",
     "c [1][2] @22: -|{{1,0," ID("2") "},\"A\",{1,\"ru\",\"Synonym\"},\"\"}|{{1,0," ID("2") "},\"B\",{1,\"ru\",\"Synonym\"},\"\"}\n"},
    /* Names. */
    {"{1,{5,{1,0," ID("1") "},\"N\",{2,\"ru\",\"S\",\"en\",\"T\"},\"C\",0}}",
     "{1,{5,{1,0," ID("1") "},\"M\",{2,\"ru\",\"S\",\"en\",\"U\"},\"C\",0}}",
     "{1,{5,{1,0," ID("1") "},\"N\",{2,\"ru\",\"V\",\"en\",\"T\"},\"D\",1}}",
     "m [1][2] name @11: N|M|N\nt [1][3][2] synonym.ru @11: S|S|V\nm [1][3][4] synonym.en @11: T|U|T\nt [1][4] comment @11: C|C|D\n"
     "t [1][5] @11: 0|0|1\n"},
    {"{1,{5,{1,0," ID("1") "},\"N\",{0},\"C\"}}", "{1,{5,{1,0," ID("1") "},\"N\",{1,\"ru\",\"S\"},\"C\"}}",
     "{1,{5,{1,0," ID("1") "},\"N\",{0},\"C\"}}", "m [1][3] synonym @11: {0}|{1,\"ru\",\"S\"}|{0}\n"},
    /* Without a base. */
    {NULL, "{1,2,{" CLASS ",1," ID("2") "}}", "{1,3,{" CLASS ",1," ID("3") "}}",
     "c [1]: -|2|3\nc [2][2] @22: -|" ID("2") "|-\nc [2][2] @33: -|-|" ID("3") "\n"},
    /* Several lists, or none. */
    {"{1},{2}", "{1},{3}", "{1},{2}", "m [1]: {2}|{3}|{2}\n"},
    {"", "{1}", "", "m : {}|{{1}}|{}\n"}};

START_TEST(known_texts_differ_at_known_places)
{
    cdist_brace_diff_t *diff = diff_of(known[_i].base, known[_i].mine, known[_i].theirs, fx_pool);
    const char *lines = lines_of(diff, fx_pool);

    ck_assert_str_eq(lines, known[_i].lines);
    ck_assert_int_eq(diff->conflicts > 0, lines[0] == 'c' || strstr(lines, "\nc ") != NULL);
    ck_assert_int_eq(diff->cut, 0);
}
END_TEST

/* The configuration's properties P, of a layout, with a value at each place. */
static const char *properties(int layout, int changed)
{
    const char *text = apr_psprintf(fx_pool, "{%d,{0,{0,%s}}", layout, HEADER(ID("1"), "N"));
    int i;

    for (i = 2; i < 50; i++) text = apr_psprintf(fx_pool, "%s,%d", text, i == changed ? 999 : i);
    return apr_psprintf(fx_pool, "{2,{" ID("0") "},1,{" CONFIGURATION ",{1,%s},0,{" CLASS ",0}}}}", text);
}

static const struct {
    int layout, place;
    const char *name;
} places[] = {{36, 14, "vendor"}, {59, 15, "version"}, {68, 16, "update address"}, {76, 26, "compatibility mode"},
              {59, 10, "default language"},
              {59, 42, "name prefix"}, {59, 43, "extension compatibility mode"}, {15, 11, "vendor"}, {15, 12, "version"},
              {15, 13, "update address"}, {15, 14, ""}, {59, 11, ""}, {59, 27, ""}};

START_TEST(the_configurations_own_properties_have_names)
{
    const char *text = properties(places[_i].layout, 0);
    cdist_brace_diff_t *diff = diff_of(text, properties(places[_i].layout, places[_i].place), text, fx_pool);
    const cdist_property_t *property = &APR_ARRAY_IDX(diff->properties, 0, cdist_property_t);

    ck_assert_int_eq(diff->properties->nelts, 1);
    ck_assert_str_eq(property->name, places[_i].name);
    ck_assert_str_eq(property->path, apr_psprintf(fx_pool, "[3][1][1][%d]", places[_i].place));
}
END_TEST

/* ---- random texts ---------------------------------------------------------------------------------------------- */

static unsigned seed;

static unsigned dice(unsigned sides)
{
    seed = seed * 1103515245u + 12345u;
    return (seed >> 16) % sides;
}

static const char *random_list(int depth, apr_pool_t *pool)
{
    static const char *const items[] = {"0", "1", "2", "a", "", "\"x\"", "\"\"", ID("1"), CLASS, "{1,0," ID("2") "},\"n\"",
                                        "{0,0," ID("3") "},\"m\""};
    unsigned count = dice(6), i;
    const char *text = dice(4) ? "{" : "{" CLASS ",1,";

    for (i = 0; i < count; i++) {
        const char *item = depth > 0 && dice(2) ? random_list(depth - 1, pool) : items[dice(FX_COUNT(items))];

        text = apr_pstrcat(pool, text, i ? "," : "", item, NULL);
    }
    return apr_pstrcat(pool, text, "}", NULL);
}

static void tally(int *count, const cdist_brace_diff_t *diff)
{
    int i;

    for (i = 0; i < diff->properties->nelts; i++) count[APR_ARRAY_IDX(diff->properties, i, cdist_property_t).cls]++;
}

START_TEST(changing_sides_changes_the_classes_and_nothing_is_found_in_the_same)
{
    apr_pool_t *pool;
    int round;

    apr_pool_create(&pool, fx_pool);
    for (round = 0; round < 3000; round++) {
        const char *base, *mine, *theirs;
        cdist_brace_diff_t *diff, *swapped;
        int count[5] = {0}, swapped_count[5] = {0};

        apr_pool_clear(pool);
        seed = (unsigned)round;
        base = random_list(3, pool);
        mine = dice(3) ? random_list(3, pool) : base;
        theirs = dice(3) ? random_list(3, pool) : mine;
        diff = diff_of(base, mine, theirs, pool);
        swapped = diff_of(base, theirs, mine, pool);
        tally(count, diff);
        tally(swapped_count, swapped);
        ck_assert_int_eq(count[CDIST_CLASS_UNCHANGED], 0);
        ck_assert_int_eq(count[CDIST_CLASS_MINE], swapped_count[CDIST_CLASS_THEIRS]);
        ck_assert_int_eq(count[CDIST_CLASS_THEIRS], swapped_count[CDIST_CLASS_MINE]);
        ck_assert_int_eq(count[CDIST_CLASS_IDENTICAL], swapped_count[CDIST_CLASS_IDENTICAL]);
        ck_assert_int_eq(count[CDIST_CLASS_CONFLICT], swapped_count[CDIST_CLASS_CONFLICT]);
        /* Nothing is lost: where texts differ, a place does; and whoever changed nothing is not named. */
        ck_assert_int_eq(diff->properties->nelts > 0, strcmp(base, mine) != 0 || strcmp(base, theirs) != 0);
        if (mine == base) ck_assert_int_eq(count[CDIST_CLASS_THEIRS], diff->properties->nelts);
        if (theirs == mine) ck_assert_int_eq(count[CDIST_CLASS_IDENTICAL], diff->properties->nelts);
    }
}
END_TEST

/* ---- bounds ---------------------------------------------------------------------------------------------------- */

static const char *repeated(const char *before, const char *what, int count, const char *after)
{
    apr_size_t length = strlen(what), at = strlen(before);
    char *text = apr_palloc(fx_pool, at + length * (apr_size_t)count + strlen(after) + 1);

    memcpy(text, before, at);
    for (; count > 0; count--, at += length) memcpy(text + at, what, length);
    memcpy(text + at, after, strlen(after) + 1);
    return text;
}

START_TEST(thousands_of_levels_are_compared)
{
    const char *close = repeated("", "}", 60000, "");
    cdist_brace_diff_t *diff = diff_of(repeated("", "{1,2,3,4,", 60000, close), repeated("", "{1,2,3,4,", 60000, close),
                                       repeated("", "{1,2,3,4,", 60000, apr_pstrcat(fx_pool, "5", close, NULL)), fx_pool);

    ck_assert_int_eq(diff->properties->nelts, 1);
    ck_assert_int_eq(APR_ARRAY_IDX(diff->properties, 0, cdist_property_t).cls, CDIST_CLASS_THEIRS);
    ck_assert_int_eq(strncmp(APR_ARRAY_IDX(diff->properties, 0, cdist_property_t).path, "…[4][4]", 9), 0);
}
END_TEST

START_TEST(of_very_many_differences_the_first_are_told)
{
    const char *base = repeated("{", "{1,{" CLASS ",0},2},", 20000, "0}");
    const char *mine = repeated("{", "{1,{" CLASS ",0},3},", 20000, "0}");
    cdist_brace_diff_t *diff = diff_of(base, mine, base, fx_pool);

    ck_assert_int_eq(diff->properties->nelts, CDIST_PROPERTY_COUNT);
    ck_assert_int_eq(diff->cut, 1);
}
END_TEST

START_TEST(texts_of_too_many_items_are_refused)
{
    cdist_brace_tree_t *large = tree_of(repeated("{", ",", CDIST_PROPERTY_NODES, "}"), fx_pool), *small = tree_of("{}", fx_pool);
    cdist_brace_diff_t *diff;

    FX_FAILS(cdist_brace_diff(&diff, small, large, small, fx_pool, fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(what_is_shown_is_cut_between_characters)
{
    cdist_brace_tree_t *tree = tree_of("{\"\xD0\xA1\xD0\xA2\"\"\",{},{a,{b}},c}", fx_pool);

    ck_assert_str_eq(cdist_brace_show(tree, 0, 100, fx_pool), "{{\"СТ\"\"\",{},{a,{b}},c}}");
    ck_assert_str_eq(cdist_brace_show(tree, 1, 5, fx_pool), "{\"С…");
    ck_assert_str_eq(cdist_brace_show(tree, 1, 11, fx_pool), "{\"СТ\"\"\",{…");
    ck_assert_str_eq(cdist_brace_show(tree, 2, 100, fx_pool), "СТ\"");
    ck_assert_str_eq(cdist_brace_show(tree, 2, 0, fx_pool), "…");
    ck_assert_str_eq(cdist_brace_show(tree, CDIST_BRACE_NONE, 5, fx_pool), "");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("brace_diff");
    TCase *tcase = fx_case(suite, "brace_diff", 60);

    tcase_add_loop_test(tcase, known_texts_differ_at_known_places, 0, FX_COUNT(known));
    tcase_add_loop_test(tcase, the_configurations_own_properties_have_names, 0, FX_COUNT(places));
    tcase_add_test(tcase, changing_sides_changes_the_classes_and_nothing_is_found_in_the_same);
    tcase_add_test(tcase, thousands_of_levels_are_compared);
    tcase_add_test(tcase, of_very_many_differences_the_first_are_told);
    tcase_add_test(tcase, texts_of_too_many_items_are_refused);
    tcase_add_test(tcase, what_is_shown_is_cut_between_characters);
    return suite;
}
