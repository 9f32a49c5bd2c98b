/* See chain_fixture.h. */
#include "chain_fixture.h"

#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static apr_time_t day(const char *text)
{
    apr_time_exp_t date;
    apr_time_t time;

    memset(&date, 0, sizeof date);
    ck_assert_int_eq(sscanf(text, "%d-%d-%d", &date.tm_year, &date.tm_mon, &date.tm_mday), 3);
    date.tm_year -= 1900;
    date.tm_mon--;
    FX_DONE(apr_time_exp_gmt_get(&time, &date));
    return time;
}

/* "1.2@b" */
static cdist_configuration_id_t configuration(const char *text, const char *name, const char *vendor)
{
    const char *at = strchr(text, '@');
    cdist_configuration_id_t id = {name, vendor, text, ""};

    if (at) {
        id.version = apr_pstrmemdup(fx_pool, text, (apr_size_t)(at - text));
        id.version_id = at + 1;
    }
    return id;
}

static const char *value_of(const char *word, const char *key)
{
    apr_size_t length = strlen(key);

    return strncmp(word, key, length) == 0 && word[length] == '=' ? word + length + 1 : NULL;
}

static void take_word(cdist_template_t *template, const char *word)
{
    const char *value;

    if ((value = value_of(word, "bytes")) != NULL) template->bytes = (apr_uint64_t)strtoull(value, NULL, 10);
    else if ((value = value_of(word, "date")) != NULL) template->released = day(value);
    else if ((value = value_of(word, "platform")) != NULL) template->min_platform = value;
    else if ((value = value_of(word, "name")) != NULL) template->id.name = value;
    else if ((value = value_of(word, "vendor")) != NULL) template->id.vendor = value;
    else if ((value = value_of(word, "path")) != NULL) template->path = value;
    else if (strcmp(word, "listed") == 0) template->listed = 1;
    else if (strcmp(word, "text") == 0) template->text_only = 1;
    else if (strcmp(word, "other") == 0) template->distribution = 0;
    else ck_abort_msg("%s: what is that?", word);
    if (template->text_only) template->distribution = 0;
}

static const cdist_template_t *one_template(char *text)
{
    cdist_template_t *template = apr_pcalloc(fx_pool, sizeof *template);
    char *state, *word = apr_strtok(text, " ", &state), *sources = NULL, *source;
    int i;

    template->kind = strcmp(word, "cf") == 0 ? CDIST_FILE_CF : CDIST_FILE_CFU;
    template->distribution = template->kind == CDIST_FILE_CF;
    template->id = configuration(apr_strtok(NULL, " ", &state), "N", "V");
    template->sources = apr_array_make(fx_pool, 4, sizeof(cdist_configuration_id_t));
    template->path = apr_pstrcat(fx_pool, template->id.version, ".", word, NULL);
    template->member = template->min_platform = "";
    template->bytes = 1;
    template->released = CDIST_UNDATED;
    while ((word = apr_strtok(NULL, " ", &state)) != NULL) {
        if (strcmp(word, "<") == 0) sources = apr_strtok(NULL, " ", &state);
        else take_word(template, word);
    }
    for (i = 0; sources && (source = apr_strtok(i ? NULL : sources, ",", &state)) != NULL; i++) {
        APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) =
            configuration(source, template->id.name, template->id.vendor);
    }
    return template;
}

apr_array_header_t *fx_templates(const char *text)
{
    apr_array_header_t *templates = apr_array_make(fx_pool, 8, sizeof(const cdist_template_t *));
    char *state, *one = apr_strtok(apr_pstrdup(fx_pool, text), ";", &state);

    for (; one; one = apr_strtok(NULL, ";", &state)) APR_ARRAY_PUSH(templates, const cdist_template_t *) = one_template(one);
    return templates;
}

cdist_chain_request_t fx_chain_request(const char *text)
{
    cdist_chain_request_t request;
    char *state, *word = apr_strtok(apr_pstrdup(fx_pool, text), " ", &state);
    const char *value;

    memset(&request, 0, sizeof request);
    request.name = "N";
    request.now = day("2026-01-31") + apr_time_from_sec(3600);
    for (; word; word = apr_strtok(NULL, " ", &state)) {
        if ((value = value_of(word, "from")) != NULL) request.from = value;
        else if ((value = value_of(word, "to")) != NULL) request.to = value;
        else if ((value = value_of(word, "id")) != NULL) request.from_id = value;
        else if ((value = value_of(word, "name")) != NULL) request.name = value;
        else if ((value = value_of(word, "vendor")) != NULL) request.vendor = value;
        else if ((value = value_of(word, "age")) != NULL) request.min_age_days = atoi(value);
        else if (strcmp(word, "undated") == 0) request.undated_allowed = 1;
        else if (strcmp(word, "sequential") == 0) request.strategy = CDIST_CHAIN_SEQUENTIAL;
        else if (strcmp(word, "use-cf") == 0) request.use_cf = 1;
        else ck_abort_msg("%s: what is that?", word);
    }
    return request;
}

static const char *path_of(void *baton, const cdist_template_t *template, apr_pool_t *pool)
{
    (void)baton;
    (void)pool;
    return template->path;
}

static const char *as_text(const cdist_chain_t *chain)
{
    return apr_pstrcat(fx_pool, cdist_chain_json(chain, path_of, NULL, NULL, fx_pool), fx_said(chain), chain->reachable, NULL);
}

void fx_find_again(const cdist_chain_t *chain, const apr_array_header_t *templates, const cdist_chain_request_t *request)
{
    cdist_chain_finder_t *finder = cdist_chain_finder_make(templates, fx_pool);
    cdist_chain_request_t other = *request;
    cdist_chain_t *again;
    int i;

    for (i = 0; i < 3; i++) {
        FX_OK(cdist_chain_find_again(&again, finder, request, fx_pool, fx_pool));
        ck_assert_str_eq(as_text(again), as_text(chain));
        other.use_cf = !request->use_cf;
        other.strategy = i ? CDIST_CHAIN_SEQUENTIAL : CDIST_CHAIN_SHORTEST;
        other.from = request->to ? request->to : request->from;
        other.to = request->from;
        other.from_id = NULL;
        FX_OK(cdist_chain_find_again(&again, finder, &other, fx_pool, fx_pool));
    }
}

cdist_chain_t *fx_chain(const char *templates, const char *request)
{
    cdist_chain_request_t asked = fx_chain_request(request);
    apr_array_header_t *all = fx_templates(templates);
    cdist_chain_t *chain;

    FX_OK(cdist_chain_find(&chain, all, &asked, fx_pool, fx_pool));
    fx_find_again(chain, all, &asked);
    return chain;
}

const char *fx_way(const cdist_chain_t *chain)
{
    apr_array_header_t *words = apr_array_make(fx_pool, 8, sizeof(const char *));
    int i;

    if (chain->problem) return "none";
    for (i = 0; i < chain->steps->nelts; i++) {
        const cdist_chain_step_t *step = &APR_ARRAY_IDX(chain->steps, i, cdist_chain_step_t);

        APR_ARRAY_PUSH(words, const char *) =
            apr_pstrcat(fx_pool, step->downgrade ? "back:" : step->template->kind == CDIST_FILE_CF ? "cf:" : "",
                        step->template->id.version, NULL);
    }
    return apr_array_pstrcat(fx_pool, words, ' ');
}

const char *fx_said(const cdist_chain_t *chain)
{
    const char *text = apr_pstrcat(fx_pool, chain->note, "\n", chain->problem ? chain->problem : "", "\n", NULL);
    int i;

    for (i = 0; i < chain->warnings->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, APR_ARRAY_IDX(chain->warnings, i, const char *), "\n", NULL);
    }
    for (i = 0; i < chain->left_out->nelts; i++) {
        const cdist_chain_left_out_t *each = &APR_ARRAY_IDX(chain->left_out, i, cdist_chain_left_out_t);

        text = apr_pstrcat(fx_pool, text, each->template->id.version, ": ", each->reason, "\n", NULL);
    }
    return text;
}

void fx_chain_row(const fx_chain_row_t *row)
{
    cdist_chain_t *chain = fx_chain(row->templates, row->request);
    const char *said = fx_said(chain);

    ck_assert_msg(strcmp(fx_way(chain), row->way) == 0, "%s: \"%s\" instead of \"%s\": %s", row->promise, fx_way(chain), row->way, said);
    if (row->said) ck_assert_msg(strstr(said, row->said) != NULL, "%s: is not in: %s", row->said, said);
    else ck_assert_msg(strcmp(said, "\n\n") == 0, "%s: %s", row->promise, said);
}
