/* Which source answers a request; on catalogues written down here, not read from folders. */
#include "../../core/platform/platform_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>

static cdist_catalogue_t *catalogue;

/* Made anew each time, as every directive makes its own. */
static const cdist_slot_t *modules(void)
{
    return cdist_slot_make("modules", fx_pool);
}

/* Each letter after the version is a slot: w = windows64, l = linux64, m = the component "modules"; capital = unsettled; a
 * digit 1 behind it = it has a problem, i = it is an installed platform; x = the folder cannot be read.
 * "8.3.22.1750 w,L,w1,li" */
static void add_release(const char *text)
{
    cdist_release_t *release = memset(apr_array_push(catalogue->releases), 0, sizeof *release);
    const char *p = strchr(text, ' ');

    ck_assert(cdist_version_parse(&release->version, apr_pstrmemdup(fx_pool, text, (apr_size_t)(p - text))));
    release->sources = apr_array_make(fx_pool, 2, sizeof(const cdist_source_t *));
    while (*++p) {
        cdist_source_t *source;

        if (*p == 'x') release->problem = "its folder cannot be read";
        if (!strchr("wWlLmM", *p)) continue;
        source = apr_pcalloc(fx_pool, sizeof *source);
        source->version = release->version;
        source->slot = strchr("mM", *p) ? modules() : cdist_slot_parse(strchr("wW", *p) ? "windows64" : "linux64");
        source->kind = p[1] == 'i' ? CDIST_SOURCE_INSTALLED : CDIST_SOURCE_DISTRIBUTION;
        source->settled = strchr("wlm", *p) != NULL;
        source->built = p[1] == '*' || (p[1] && p[2] == '*');
        source->problem = p[1] == '1' ? "it is broken" : NULL;
        APR_ARRAY_PUSH(release->sources, const cdist_source_t *) = source;
    }
}

/* Releases from the newest to the oldest, with ';' between them; "!" at the start: a root cannot be read. */
static void fill(const char *text)
{
    char *last, *copy = apr_pstrdup(fx_pool, *text == '!' ? text + 1 : text), *part;

    catalogue = apr_pcalloc(fx_pool, sizeof *catalogue);
    catalogue->releases = apr_array_make(fx_pool, 4, sizeof(cdist_release_t));
    catalogue->problems = apr_array_make(fx_pool, 1, sizeof(const char *));
    catalogue->unreadable = apr_array_make(fx_pool, 1, sizeof(cdist_err_t *));
    catalogue->unread_components = apr_array_make(fx_pool, 1, sizeof(const cdist_slot_t *));
    if (*text == '!') {
        APR_ARRAY_PUSH(catalogue->unreadable, cdist_err_t *) =
            cdist_err_create(fx_pool, CDIST_E_SOURCE, 0, "/share: no route to host");
    }
    for (part = apr_strtok(copy, ";", &last); part; part = apr_strtok(NULL, ";", &last)) add_release(part);
    cdist_catalogue_note_built(catalogue, fx_pool);
}

#define FOUND 0

static const struct {
    const char *releases, *current, *mask, *slot;
    int code; /* FOUND, or a cdist_code_t */
    const char *version;
} rows[] = {
    /* a full version is answered with that version or not at all */
    {"8.3.27.1 w;8.3.22.1750 w", "", "8.3.22.1750", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 w;8.3.22.1750 w", "8.3.27.1", "8.3.22.1750", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 w;8.3.22.1751 w", "", "8.3.22.1750", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 w;8.3.22.1750 l", "", "8.3.22.1750", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 w;8.3.22.1750 W", "", "8.3.22.1750", "windows64", CDIST_E_CHANGED, NULL},
    {"8.3.27.1 w;8.3.22.1750 w1", "", "8.3.22.1750", "windows64", CDIST_E_SOURCE, NULL},
    {"!8.3.27.1 w;8.3.22.1750 w", "", "8.3.22.1750", "windows64", FOUND, "8.3.22.1750"},
    {"!8.3.27.1 w", "", "8.3.22.1750", "windows64", CDIST_E_SOURCE, NULL},
    {"!8.3.22.1750 l", "", "8.3.22.1750", "windows64", CDIST_E_SOURCE, NULL},
    {"", "", "8.3.22.1750", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 w;8.3.22.1750 x", "", "8.3.22.1750", "windows64", CDIST_E_SOURCE, NULL},
    {"8.3.27.1 w;8.3.22.1750 x,w", "", "8.3.22.1750", "windows64", FOUND, "8.3.22.1750"},
    /* a slot that has not arrived yet in a release that is being filled is not known to be absent */
    {"8.3.22.1750 L", "", "8.3.22.1750", "windows64", CDIST_E_CHANGED, NULL},
    {"8.3.22.1750 L", "8.3.22.1750", "", "windows64", CDIST_E_CHANGED, NULL},

    /* no version: the current one */
    {"8.3.27.1 w;8.3.22.1750 w", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 w;8.3.22.1750 w", "newest", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 w;8.3.22.1750 w", "8.3.22.1750", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 w;8.3.22.1750 w;8.3.22.9 w", "8.3.22", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.5.1.1 w;8.3.27.1 w", "8.3", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 w;8.3.22.1750 w", "8.3.2", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 l;8.3.22.1750 w", "", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 W;8.3.22.1750 w", "", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 W", "", "", "windows64", CDIST_E_CHANGED, NULL},
    {"8.3.27.1 W1", "", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"", "", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"", "newest", "", "windows64", CDIST_E_NOTFOUND, NULL},

    /* a new family is never chosen silently */
    {"8.5.1.1 w;8.3.27.1 w", "", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.5.1.1 w;8.3.27.1 w", "newest", "", "windows64", FOUND, "8.5.1.1"},
    {"8.5.1.1 W;8.3.27.1 w", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.5.1.1 w1;8.3.27.1 w", "", "", "windows64", FOUND, "8.3.27.1"},
    {"9.3.1.1 w;8.3.27.1 w", "", "", "windows64", CDIST_E_NOTFOUND, NULL},

    /* while a root cannot be read nobody is told "newest" */
    {"!8.3.27.1 w", "", "", "windows64", CDIST_E_SOURCE, NULL},
    {"!8.3.27.1 w", "newest", "", "windows64", CDIST_E_SOURCE, NULL},
    {"!8.3.27.1 w", "8.3", "", "windows64", CDIST_E_SOURCE, NULL},
    {"!8.3.27.1 w", "8.3.27.1", "", "windows64", FOUND, "8.3.27.1"},
    {"!8.3.27.1 w", "", "8.3", "windows64", CDIST_E_SOURCE, NULL},
    {"!", "8.3.27.1", "", "windows64", CDIST_E_SOURCE, NULL},
    /* the current version is pinned, so that no unread root can change the answer */
    {"!8.3.27.1 w", "8.3.27.1", "8.3", "windows64", FOUND, "8.3.27.1"},

    /* a mask: the current version if it matches and has the slot, else the newest that does */
    {"8.3.27.1 w;8.3.22.1750 w", "8.3.22.1750", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 w;8.3.22.1750 l", "8.3.22.1750", "8.3", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 w;8.3.22.1750 w;8.3.22.9 w", "8.3.27.1", "8.3.22", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 l;8.3.22.1750 w", "", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 W;8.3.22.1750 w", "newest", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.5.1.1 w;8.3.27.1 w", "", "8.3", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 w;8.3.22.1750 w", "", "8.3.2", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 w", "", "8.5", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 l", "", "8.3", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 W", "", "8.3", "windows64", CDIST_E_CHANGED, NULL},

    /* an installed platform ranks below every release with an installer that matches */
    {"8.3.27.1 wi;8.3.22.1750 w", "", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 wi;8.3.22.1750 w", "newest", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 wi;8.3.22.1750 w", "8.3", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 wi;8.3.22.1750 w", "8.3.27", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 wi;8.3.22.1750 w", "8.3.27.1", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 wi;8.3.22.1750 w", "", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 wi;8.3.22.1750 w", "8.3.27.1", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 wi;8.3.22.1750 w", "", "8.3.27", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 wi;8.3.22.1750 w", "", "8.3.27.1", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 wi;8.3.22.1750 wi", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 wi;8.3.22.1750 wi", "8.3.22.1750", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 wi;8.3.22.1750 W", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 wi;8.3.22.1750 w1", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 Wi", "", "", "windows64", CDIST_E_CHANGED, NULL},
    {"8.3.27.1 l,wi;8.3.22.1750 w", "", "8.3", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 l,wi;8.3.22.1750 w", "", "8.3", "linux64", FOUND, "8.3.27.1"},
    {"!8.3.27.1 wi", "", "", "windows64", CDIST_E_SOURCE, NULL},
    {"!8.3.27.1 wi", "", "8.3.27.1", "windows64", FOUND, "8.3.27.1"},

    /* an installed platform of another family does not keep the one with an installer from being current */
    {"8.5.1.1 wi;8.3.27.1 w", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.5.1.1 w;8.3.27.1 wi", "", "", "windows64", FOUND, "8.5.1.1"},
    {"8.5.1.1 wi;8.3.27.1 wi", "", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.5.1.1 wi;8.3.27.1 w;8.2.19.1 w", "", "", "windows64", CDIST_E_NOTFOUND, NULL},
    {"8.5.1.1 wi;8.3.27.1 w", "newest", "", "windows64", FOUND, "8.3.27.1"},
    {"8.5.1.1 wi;8.3.27.1 w", "", "8.5", "windows64", FOUND, "8.5.1.1"},

    /* a component alone makes no release current before one with an installer */
    {"8.3.27.1 m;8.3.22.1750 w,m", "", "", "windows64", FOUND, "8.3.22.1750"},
    {"8.3.27.1 m;8.3.22.1750 w,m", "", "", "modules", FOUND, "8.3.22.1750"},
    {"8.3.27.1 m;8.3.22.1750 w", "", "", "modules", CDIST_E_NOTFOUND, NULL},
    {"8.3.27.1 m;8.3.22.1750 w", "", "8.3", "modules", FOUND, "8.3.27.1"},
    {"8.3.27.1 m;8.3.22.1750 w", "8.3.27", "", "modules", FOUND, "8.3.27.1"},
    {"8.3.27.1 m;8.3.22.1750 w", "", "8.3.27.1", "modules", FOUND, "8.3.27.1"},
    {"8.5.1.1 m;8.3.27.1 w", "", "", "windows64", FOUND, "8.3.27.1"},
    {"8.3.27.1 m", "", "", "modules", FOUND, "8.3.27.1"},
    {"8.3.27.1 w,M", "", "", "modules", CDIST_E_CHANGED, NULL},
    {"8.3.27.1 w", "", "", "modules", CDIST_E_NOTFOUND, NULL}};

START_TEST(a_selector_is_answered_by_the_rules)
{
    cdist_selector_t selector = {cdist_slot_make(rows[_i].slot, fx_pool), {{0}, 0}};
    cdist_current_t current = {CDIST_CURRENT_UNSET, {{0}, 0}};
    const cdist_source_t *source = NULL;
    const char *got;
    cdist_err_t *err;

    fill(rows[_i].releases);
    if (*rows[_i].current) ck_assert_ptr_null(cdist_current_parse(&current, rows[_i].current));
    if (*rows[_i].mask) ck_assert(cdist_mask_parse(&selector.mask, rows[_i].mask));
    err = cdist_select(&source, catalogue, &current, &selector, fx_pool);
    got = err ? cdist_err_text(err, fx_pool) : cdist_version_format(&source->version, fx_pool);
    ck_assert_msg((err ? (int)err->code : FOUND) == rows[_i].code, "{%s} current \"%s\", asked for \"%s\": %s",
                  rows[_i].releases, rows[_i].current, rows[_i].mask, got);
    if (err) return;
    ck_assert_str_eq(got, rows[_i].version);
    ck_assert_int_eq(cdist_slot_compare(source->slot, selector.slot), 0);
}
END_TEST

static const struct {
    const char *releases, *mask, *version; /* NULL: CDIST_E_NOTFOUND */
} required_rows[] = {{"8.3.27.1 w;8.3.22.1750 w,m", "", "8.3.22.1750"},
                     {"8.3.27.1 w,m;8.3.22.1750 w,m", "", "8.3.27.1"},
                     {"8.3.27.1 w,M;8.3.22.1750 w,m", "", "8.3.22.1750"},
                     {"8.3.27.1 w,m1;8.3.22.1750 w,m", "", "8.3.22.1750"},
                     {"8.3.27.1 w;8.3.22.1750 w,m", "8.3", "8.3.22.1750"},
                     {"8.3.27.1 w;8.3.22.1750 w,m", "8.3.27", NULL},
                     {"8.3.27.1 w;8.3.22.1750 w,m", "8.3.27.1", "8.3.27.1"},
                     {"8.3.27.1 w;8.3.22.1750 w", "", NULL},
                     {"8.3.27.1 w;8.3.22.1750 wi,m", "", "8.3.22.1750"},
                     {"8.5.1.1 w;8.3.22.1750 w,m", "", "8.3.22.1750"}};

START_TEST(a_release_without_a_required_component_is_not_current)
{
    cdist_selector_t selector = {cdist_slot_parse("windows64"), {{0}, 0}};
    apr_array_header_t *required = apr_array_make(fx_pool, 1, sizeof(const cdist_slot_t *));
    cdist_current_t current = {CDIST_CURRENT_UNSET, {{0}, 0}, NULL, required};
    const cdist_source_t *source;
    cdist_err_t *err;

    APR_ARRAY_PUSH(required, const cdist_slot_t *) = modules();
    fill(required_rows[_i].releases);
    if (*required_rows[_i].mask) ck_assert(cdist_mask_parse(&selector.mask, required_rows[_i].mask));
    err = cdist_select(&source, catalogue, &current, &selector, fx_pool);
    if (required_rows[_i].version) {
        ck_assert_msg(!err, "{%s}: %s", required_rows[_i].releases, err ? cdist_err_text(err, fx_pool) : "");
        ck_assert_str_eq(cdist_version_format(&source->version, fx_pool), required_rows[_i].version);
    } else {
        ck_assert_ptr_nonnull(err);
        ck_assert_int_eq(err->code, CDIST_E_NOTFOUND);
        ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "modules"));
    }
}
END_TEST

static const cdist_current_t unset = {CDIST_CURRENT_UNSET, {{0}, 0}};
static const cdist_current_t newest = {CDIST_CURRENT_NEWEST, {{0}, 0}};

/* Why no release is current. */
static cdist_err_t *no_current(const cdist_release_t **release, const char *releases, const cdist_current_t *current)
{
    cdist_err_t *err;

    fill(releases);
    err = cdist_select_current(release, catalogue, current, fx_pool);
    ck_assert_msg(err != NULL, "{%s}: succeeded", releases);
    return err;
}

START_TEST(the_error_of_several_families_names_them_and_the_directive)
{
    const cdist_release_t *release;
    cdist_err_t *err = no_current(&release, "8.5.1.1 w;8.3.27.1 w;8.3.22.1 w", &unset);

    ck_assert_ptr_nonnull(strstr(err->message, "8.5, 8.3"));
    ck_assert_ptr_nonnull(strstr(err->message, "CDistCurrent"));
    ck_assert_ptr_null(release);
}
END_TEST

START_TEST(an_error_of_an_unread_root_says_why)
{
    const cdist_release_t *release;
    cdist_err_t *err = no_current(&release, "!8.3.27.1 w", &newest);

    ck_assert_int_eq(err->code, CDIST_E_SOURCE);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "no route to host"));
}
END_TEST

START_TEST(an_error_of_a_release_being_filled_reads_as_a_sentence)
{
    const cdist_release_t *release;
    cdist_err_t *err = no_current(&release, "8.3.27.1 W", &unset);

    ck_assert_ptr_nonnull(strstr(err->message, "filled"));
}
END_TEST

START_TEST(current_is_newest_or_a_version_or_its_start)
{
    static const struct {
        const char *text;
        int good, kind, count;
    } cases[] = {{"newest", 1, CDIST_CURRENT_NEWEST, 0}, {"Newest", 1, CDIST_CURRENT_NEWEST, 0},
                 {"8.3", 1, CDIST_CURRENT_MASK, 2},      {"8.3.22", 1, CDIST_CURRENT_MASK, 3},
                 {"8.3.22.1750", 1, CDIST_CURRENT_MASK, 4}, {"8", 0, 0, 0}, {"", 0, 0, 0}, {"latest", 0, 0, 0},
                 {"8.3.22.1750.1", 0, 0, 0},             {"8.3.*", 0, 0, 0}, {"newest ", 0, 0, 0}};
    int i;

    for (i = 0; i < FX_COUNT(cases); i++) {
        cdist_current_t current;
        const char *wrong = cdist_current_parse(&current, cases[i].text);

        ck_assert_msg((wrong == NULL) == cases[i].good, "\"%s\": %s", cases[i].text, wrong ? wrong : "was taken");
        if (wrong) continue;
        ck_assert_int_eq((int)current.kind, cases[i].kind);
        ck_assert_int_eq(current.mask.count, cases[i].count);
    }
}
END_TEST

/* Like add_release, with '*' behind a slot that is built. */
static const struct {
    const char *releases, *required, *version;
} built_rows[] = {{"8.3.27.1 w;8.3.22.1 w*", NULL, "8.3.22.1"},   {"8.3.27.1 w*;8.3.22.1 w*", NULL, "8.3.27.1"},
                  {"8.3.27.1 w;8.3.22.1 w", NULL, "8.3.27.1"},    {"8.3.27.1 w*l;8.3.22.1 w*", NULL, "8.3.22.1"},
                  {"8.3.27.1 w*l;8.3.22.1 w*", "windows64", "8.3.27.1"}, {"8.3.27.1 w;8.3.22.1 wi*", NULL, "8.3.27.1"},
                  {"8.3.27.1 W;8.3.22.1 w*", NULL, "8.3.22.1"}};

START_TEST(a_release_that_is_built_goes_before_a_newer_one_that_is_not)
{
    cdist_current_t current = {CDIST_CURRENT_NEWEST, {{0}, 0}, NULL, NULL, 1};
    apr_array_header_t *required = apr_array_make(fx_pool, 1, sizeof(const cdist_slot_t *));
    const cdist_release_t *release;

    fill(built_rows[_i].releases);
    if (built_rows[_i].required) {
        APR_ARRAY_PUSH(required, const cdist_slot_t *) = cdist_slot_parse(built_rows[_i].required);
        current.required = required;
    }
    FX_OK(cdist_select_current(&release, catalogue, &current, fx_pool));
    ck_assert_str_eq(cdist_version_format(&release->version, fx_pool), built_rows[_i].version);
    current.prefer_built = 0;
    FX_OK(cdist_select_current(&release, catalogue, &current, fx_pool));
    ck_assert_str_eq(cdist_version_format(&release->version, fx_pool),
                     strchr(built_rows[_i].releases, 'W') ? "8.3.22.1" : "8.3.27.1");
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("selector");
    TCase *tcase = fx_case(suite, "selector", 10);

    tcase_add_loop_test(tcase, a_selector_is_answered_by_the_rules, 0, FX_COUNT(rows));
    tcase_add_loop_test(tcase, a_release_without_a_required_component_is_not_current, 0, FX_COUNT(required_rows));
    tcase_add_test(tcase, the_error_of_several_families_names_them_and_the_directive);
    tcase_add_test(tcase, an_error_of_an_unread_root_says_why);
    tcase_add_test(tcase, an_error_of_a_release_being_filled_reads_as_a_sentence);
    tcase_add_test(tcase, current_is_newest_or_a_version_or_its_start);
    tcase_add_loop_test(tcase, a_release_that_is_built_goes_before_a_newer_one_that_is_not, 0, FX_COUNT(built_rows));
    return suite;
}
