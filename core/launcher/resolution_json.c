/* A decision as JSON, for the command line and for {base}/resolve alike. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* NB: JSON holds UTF-8 alone; a path of the system may be anything. */
static json_t *text_value(const char *text, apr_pool_t *pool)
{
    return json_string(cdist_text_is_utf8(text, strlen(text)) ? text : cdist_text_printable(text, pool));
}

static void set_texts(json_t *object, const char *key, const apr_array_header_t *texts, apr_pool_t *pool)
{
    json_t *array = json_array();
    int i;

    for (i = 0; i < texts->nelts; i++) json_array_append_new(array, text_value(APR_ARRAY_IDX(texts, i, const char *), pool));
    json_object_set_new(object, key, array);
}

const char *cdist_resolution_json(const cdist_resolution_t *resolution, apr_pool_t *pool)
{
    const struct {
        const char *key, *value;
    } texts[] = {{"infobase", resolution->infobase}, {"required", resolution->required}, {"chosen", resolution->chosen},
                 {"arch", resolution->arch},         {"client", resolution->client},     {"origin", resolution->origin},
                 {"path", resolution->path}};
    json_t *object = json_object();
    const char *result;
    char *dumped;
    size_t i;

    for (i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        json_object_set_new(object, texts[i].key, text_value(texts[i].value, pool));
    }
    set_texts(object, "args", resolution->args, pool);
    set_texts(object, "steps", resolution->steps, pool);
    dumped = json_dumps(object, JSON_COMPACT);
    result = apr_pstrdup(pool, dumped);
    free(dumped);
    json_decref(object);
    return result;
}
