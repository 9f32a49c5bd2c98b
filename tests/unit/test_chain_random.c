/* Chains of random graphs against searches that know nothing of the library's: every way is tried. */
#include "chain_fixture.h"

#include <apr_strings.h>

#include <string.h>

#define VERSIONS 7
#define ROUNDS 4000

static apr_uint32_t seed;

static int any(int below)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (unsigned)below);
}

/* Version 0 is that of the start. */
static const char *version_text(int number)
{
    return apr_psprintf(fx_pool, "1.%d", number * 3);
}

static const char *random_id(void)
{
    static const char *const ids[] = {"", "a", "b"};

    return ids[any(3)];
}

static cdist_template_t *random_template(void)
{
    cdist_template_t *template = apr_pcalloc(fx_pool, sizeof *template);
    int sources = 1 + any(3);

    template->kind = any(5) ? CDIST_FILE_CFU : CDIST_FILE_CF;
    template->distribution = template->kind == CDIST_FILE_CF && any(3);
    template->id = (cdist_configuration_id_t){"N", "V", version_text(any(VERSIONS)), random_id()};
    template->sources = apr_array_make(fx_pool, 3, sizeof(cdist_configuration_id_t));
    template->path = template->member = template->min_platform = "";
    template->bytes = (apr_uint64_t)any(4);
    template->released = CDIST_UNDATED;
    while (template->kind == CDIST_FILE_CFU && sources--) {
        APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) =
            (cdist_configuration_id_t){"N", "V", version_text(any(VERSIONS)), random_id()};
    }
    return template;
}

static apr_array_header_t *random_templates(void)
{
    apr_array_header_t *templates = apr_array_make(fx_pool, 12, sizeof(const cdist_template_t *));
    int count = 1 + any(12);

    while (count--) APR_ARRAY_PUSH(templates, const cdist_template_t *) = random_template();
    return templates;
}

/* ---- trying everything ----------------------------------------------------------------------------------------------------- */

typedef struct {
    const apr_array_header_t *templates;
    const cdist_chain_request_t *request;
    int down;
    int found, steps; /* of the best way so far */
    apr_uint64_t bytes;
} trial_t;

/* Whether a template may follow where one has a version, and an id that may not be known. */
static int applies(const trial_t *trial, const cdist_template_t *template, const char *version, const char *id)
{
    int i;

    if (template->kind == CDIST_FILE_CF) {
        if (!trial->request->use_cf || !template->distribution) return 0;
        if (cdist_release_compare(template->id.version, trial->request->to) > 0) return 0;
        return trial->down || cdist_release_compare(template->id.version, trial->request->from) >= 0;
    }
    for (i = 0; i < template->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t);

        if (strcmp(source->version, version) == 0 &&
            (!*source->version_id || !*id || strcmp(source->version_id, id) == 0)) return 1;
    }
    return 0;
}

static void arrive(trial_t *trial, int steps, apr_uint64_t bytes)
{
    int longer = trial->request->strategy == CDIST_CHAIN_SEQUENTIAL && !trial->down;

    if (trial->found && steps == trial->steps ? bytes >= trial->bytes : trial->found && (steps > trial->steps) != longer) return;
    trial->found = 1;
    trial->steps = steps;
    trial->bytes = bytes;
}

/* NB: a shortest way has no more steps than there are versions with all their builds; here the graphs are small enough for less. */
static void try_all(trial_t *trial, const char *version, const char *id, int steps, apr_uint64_t bytes)
{
    int rising = trial->request->strategy == CDIST_CHAIN_SEQUENTIAL && !trial->down, i;

    if (steps && strcmp(version, trial->request->to) == 0) arrive(trial, steps, bytes);
    if (steps == VERSIONS || (!rising && trial->found && steps >= trial->steps)) return;
    for (i = 0; i < trial->templates->nelts; i++) {
        const cdist_template_t *template = APR_ARRAY_IDX(trial->templates, i, const cdist_template_t *);

        if (!applies(trial, template, version, id)) continue;
        if (rising && cdist_release_compare(template->id.version, version) <= 0) continue;
        try_all(trial, template->id.version, template->id.version_id, steps + 1, bytes + template->bytes);
    }
}

/* Every step applies to what the one before led to, and the last one leads to the goal. */
static void check_way(const trial_t *trial, const cdist_chain_t *chain)
{
    const char *version = trial->request->from, *id = trial->request->from_id ? trial->request->from_id : "";
    int i;

    for (i = 0; i < chain->steps->nelts; i++) {
        const cdist_chain_step_t *step = &APR_ARRAY_IDX(chain->steps, i, cdist_chain_step_t);

        ck_assert_msg(applies(trial, step->template, version, id), "step %d does not apply", i);
        ck_assert_int_eq(step->downgrade, cdist_release_compare(step->template->id.version, version) < 0);
        version = step->template->id.version;
        id = step->template->id.version_id;
    }
    ck_assert_str_eq(version, trial->request->to);
}

START_TEST(random_chains_are_those_of_a_search_that_tries_everything)
{
    int round, found = 0;

    for (round = 0; round < ROUNDS; round++) {
        apr_array_header_t *templates;
        cdist_chain_request_t request = fx_chain_request("");
        trial_t trial;
        cdist_chain_t *chain;

        apr_pool_clear(fx_pool);
        seed = (apr_uint32_t)(round * 2 + _i);
        templates = random_templates();
        request.strategy = _i ? CDIST_CHAIN_SEQUENTIAL : CDIST_CHAIN_SHORTEST;
        request.use_cf = any(2);
        request.from = version_text(any(3));
        request.from_id = any(2) ? random_id() : NULL;
        request.to = version_text(any(VERSIONS));
        if (strcmp(request.from, request.to) == 0) continue;
        FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
        if (round % 8 == 0) fx_find_again(chain, templates, &request);
        memset(&trial, 0, sizeof trial);
        trial.templates = templates;
        trial.request = &request;
        trial.down = cdist_release_compare(request.to, request.from) < 0;
        try_all(&trial, request.from, request.from_id ? request.from_id : "", 0, 0);
        ck_assert_msg((chain->problem == NULL) == trial.found, "round %d: %s", round, chain->problem ? chain->problem : "found");
        if (chain->problem) continue;
        ck_assert_msg(chain->steps->nelts == trial.steps, "round %d: %d steps instead of %d", round, chain->steps->nelts, trial.steps);
        ck_assert_msg(chain->bytes == trial.bytes, "round %d: bytes", round);
        check_way(&trial, chain);
        found++;
    }
    ck_assert_int_gt(found, ROUNDS / 20);
}
END_TEST

/* Each version names all others, in many builds: a search that looked at an edge for every way to it would not end. */
START_TEST(a_dense_graph_of_many_builds_is_searched_edge_by_edge)
{
    enum { COUNT = 300 };
    apr_array_header_t *templates = apr_array_make(fx_pool, COUNT * 2, sizeof(const cdist_template_t *));
    cdist_chain_request_t request = fx_chain_request("from=1.0 sequential");
    cdist_chain_t *chain;
    int i, j;

    for (i = 0; i < COUNT * 2; i++) {
        cdist_template_t *template = apr_pcalloc(fx_pool, sizeof *template);

        template->kind = CDIST_FILE_CFU;
        template->id = (cdist_configuration_id_t){"N", "V", apr_psprintf(fx_pool, "1.%d", i / 2 + 1), i % 2 ? "a" : "b"};
        template->sources = apr_array_make(fx_pool, COUNT, sizeof(cdist_configuration_id_t));
        template->path = template->member = template->min_platform = "";
        template->released = CDIST_UNDATED;
        for (j = 0; j < COUNT; j++) {
            APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) =
                (cdist_configuration_id_t){"N", "V", apr_psprintf(fx_pool, "1.%d", j), j % 2 ? "a" : "b"};
        }
        APR_ARRAY_PUSH(templates, const cdist_template_t *) = template;
    }
    FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
    ck_assert_int_eq(chain->steps->nelts, COUNT);
    request.strategy = CDIST_CHAIN_SHORTEST;
    FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
    ck_assert_int_eq(chain->steps->nelts, 1);
}
END_TEST

static cdist_template_t *add_update(apr_array_header_t *templates, const char *version, const char *id, int sources)
{
    cdist_template_t *template = apr_pcalloc(fx_pool, sizeof *template);

    template->kind = CDIST_FILE_CFU;
    template->id = (cdist_configuration_id_t){"N", "V", version, id};
    template->sources = apr_array_make(fx_pool, sources, sizeof(cdist_configuration_id_t));
    template->path = template->member = template->min_platform = "";
    template->released = CDIST_UNDATED;
    APR_ARRAY_PUSH(templates, const cdist_template_t *) = template;
    return template;
}

static void add_source(cdist_template_t *template, const char *version, const char *id)
{
    APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) = (cdist_configuration_id_t){"N", "V", version, id};
}

/* One update that claims to apply to so many builds of a version: comparing each with each would not end. */
START_TEST(builds_without_number_of_one_version_are_told_once)
{
    enum { COUNT = 200000 };
    apr_array_header_t *templates = apr_array_make(fx_pool, 2, sizeof(const cdist_template_t *));
    cdist_chain_request_t request = fx_chain_request("from=1.0");
    cdist_template_t *update = add_update(templates, "1.1", "z", COUNT);
    cdist_chain_t *chain;
    int i;

    for (i = 0; i < COUNT; i++) add_source(update, "1.0", apr_psprintf(fx_pool, "%d", i));
    add_source(add_update(templates, "0.9", "y", 1), "1.0", "other");
    FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
    ck_assert_int_eq(chain->steps->nelts, 1);
    ck_assert_int_eq(chain->warnings->nelts, 1);
    ck_assert_ptr_nonnull(strstr(APR_ARRAY_IDX(chain->warnings, 0, const char *), "version 1.0 has 200001 builds"));
}
END_TEST

/* A long line to a version of which many builds are known: looking at all of them after each step would not end. */
START_TEST(a_long_line_to_a_version_of_many_builds_ends)
{
    enum { COUNT = 200000 };
    apr_array_header_t *templates = apr_array_make(fx_pool, COUNT + 2, sizeof(const cdist_template_t *));
    cdist_chain_request_t request = fx_chain_request("from=1.0");
    cdist_template_t *update;
    cdist_chain_t *chain;
    int i;

    for (i = 0; i < COUNT; i++) {
        add_source(add_update(templates, apr_psprintf(fx_pool, "1.%d", i + 1), "", 1), apr_psprintf(fx_pool, "1.%d", i), "");
    }
    update = add_update(templates, "0.9", "y", COUNT);
    for (i = 0; i < COUNT; i++) add_source(update, apr_psprintf(fx_pool, "1.%d", COUNT), apr_psprintf(fx_pool, "%d", i));
    FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
    ck_assert_int_eq(chain->steps->nelts, COUNT);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("chain_random");
    TCase *cases = fx_case(suite, "chain_random", 60);

    tcase_add_loop_test(cases, random_chains_are_those_of_a_search_that_tries_everything, 0, 2);
    tcase_add_test(cases, a_dense_graph_of_many_builds_is_searched_edge_by_edge);
    tcase_add_test(cases, builds_without_number_of_one_version_are_told_once);
    tcase_add_test(cases, a_long_line_to_a_version_of_many_builds_ends);
    return suite;
}
