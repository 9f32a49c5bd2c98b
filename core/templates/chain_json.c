/* A chain as JSON, for the command line and for {base}/updates/chain alike. */
#include "cdist_templates.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* NB: JSON holds UTF-8 alone; a path of the system may be anything. */
static json_t *text_value(const char *text, apr_pool_t *pool)
{
    return json_string(cdist_text_is_utf8(text, strlen(text)) ? text : cdist_text_printable(text, pool));
}

static json_t *texts_value(const apr_array_header_t *texts, apr_pool_t *pool)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < texts->nelts; i++) json_array_append_new(array, text_value(APR_ARRAY_IDX(texts, i, const char *), pool));
    return array;
}

const char *cdist_release_date(apr_time_t released, apr_pool_t *pool)
{
    apr_time_exp_t date;

    if (released == CDIST_UNDATED || apr_time_exp_gmt(&date, released) != APR_SUCCESS) return "";
    return apr_psprintf(pool, "%04d-%02d-%02d", date.tm_year + 1900, date.tm_mon + 1, date.tm_mday);
}

/* How files are named. */
typedef struct {
    cdist_chain_file_fn *file, *url;
    void *baton;
} naming_t;

static json_t *step_value(const cdist_chain_step_t *step, const naming_t *naming, apr_pool_t *pool)
{
    const cdist_template_t *template = step->template;
    json_t *object = json_object();

    json_object_set_new(object, "version", text_value(template->id.version, pool));
    json_object_set_new(object, "version_id", text_value(template->id.version_id, pool));
    json_object_set_new(object, "kind", json_string(cdist_file_kind_name(template->kind)));
    json_object_set_new(object, "file", text_value(naming->file(naming->baton, template, pool), pool));
    if (naming->url) json_object_set_new(object, "url", text_value(naming->url(naming->baton, template, pool), pool));
    json_object_set_new(object, "member", text_value(template->member, pool));
    json_object_set_new(object, "bytes", json_integer((json_int_t)template->bytes));
    json_object_set_new(object, "released", json_string(cdist_release_date(template->released, pool)));
    json_object_set_new(object, "min_platform", text_value(template->min_platform, pool));
    json_object_set_new(object, "listed", json_boolean(template->listed));
    json_object_set_new(object, "downgrade", json_boolean(step->downgrade));
    json_object_set_new(object, "skips", texts_value(step->skips, pool));
    return object;
}

static json_t *left_out_value(const cdist_chain_left_out_t *left_out, const naming_t *naming, apr_pool_t *pool)
{
    json_t *object = json_object();

    json_object_set_new(object, "version", text_value(left_out->template->id.version, pool));
    json_object_set_new(object, "file", text_value(naming->file(naming->baton, left_out->template, pool), pool));
    json_object_set_new(object, "reason", json_string(left_out->reason));
    return object;
}

const char *cdist_chain_json(const cdist_chain_t *chain, cdist_chain_file_fn *file, cdist_chain_file_fn *url, void *baton,
                             apr_pool_t *pool)
{
    naming_t naming = {file, url, baton};
    json_t *object = json_object(), *steps = json_array(), *skipped = json_array();
    const char *result;
    char *dumped;
    int i;

    for (i = 0; i < chain->steps->nelts; i++) {
        json_array_append_new(steps, step_value(&APR_ARRAY_IDX(chain->steps, i, cdist_chain_step_t), &naming, pool));
    }
    for (i = 0; i < chain->left_out->nelts; i++) {
        const cdist_chain_left_out_t *left_out = &APR_ARRAY_IDX(chain->left_out, i, cdist_chain_left_out_t);

        json_array_append_new(skipped, left_out_value(left_out, &naming, pool));
    }
    json_object_set_new(object, "name", text_value(chain->name, pool));
    json_object_set_new(object, "vendor", text_value(chain->vendor, pool));
    json_object_set_new(object, "from", text_value(chain->from, pool));
    json_object_set_new(object, "to", text_value(chain->to, pool));
    json_object_set_new(object, "strategy", json_string(chain->strategy == CDIST_CHAIN_SEQUENTIAL ? "sequential" : "shortest"));
    json_object_set_new(object, "min_platform", text_value(chain->min_platform, pool));
    json_object_set_new(object, "bytes", json_integer((json_int_t)chain->bytes));
    json_object_set_new(object, "steps", steps);
    json_object_set_new(object, "note", json_string(chain->note));
    json_object_set_new(object, "warnings", texts_value(chain->warnings, pool));
    json_object_set_new(object, "skipped", skipped);
    dumped = json_dumps(object, JSON_COMPACT);
    result = apr_pstrdup(pool, dumped ? dumped : "{}");
    free(dumped);
    json_decref(object);
    return result;
}
