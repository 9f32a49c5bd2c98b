/* What a scan found, as text: for the processes of a server, of which one looks at the folders.
 *
 *   {"format":1,"templates":N}
 *   [kind,name,vendor,version,version_id,path,member,bytes,distribution,text_only,listed,released,min_platform,
 *    [source…]]                                  a line each; a source is [version,version_id] of the template's own
 *                                                configuration, or [version,version_id,name,vendor]
 *   {"path":…,"message":…}                       problems, a line each
 *
 * JSON line by line, so that no more than a line of it is a tree in memory. Texts that several lines have are kept once. */
#include "cdist_templates.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define FORMAT 1

/* ---- writing ------------------------------------------------------------------------------------------------------- */

/* NB: takes over `line`, NULL if it could not be made: of a text that is no UTF-8. */
static int push(apr_array_header_t *lines, json_t *line, apr_pool_t *pool)
{
    char *dumped = line ? json_dumps(line, JSON_COMPACT) : NULL;

    json_decref(line);
    if (!dumped) return 0;
    APR_ARRAY_PUSH(lines, const char *) = apr_pstrdup(pool, dumped);
    free(dumped);
    return 1;
}

static json_t *write_sources(const cdist_template_t *template)
{
    json_t *sources = json_array();
    int i;

    for (i = 0; template->sources && i < template->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t);
        int own = strcmp(source->name, template->id.name) == 0 && strcmp(source->vendor, template->id.vendor) == 0;

        json_array_append_new(sources, own ? json_pack("[ss]", source->version, source->version_id)
                                           : json_pack("[ssss]", source->version, source->version_id, source->name, source->vendor));
    }
    return sources;
}

static json_t *write_template(const cdist_template_t *template)
{
    apr_uint64_t bytes = template->bytes <= APR_INT64_MAX ? template->bytes : APR_INT64_MAX;

    return json_pack("[sssssssIbbbIso]", cdist_file_kind_name(template->kind), template->id.name, template->id.vendor,
                     template->id.version, template->id.version_id, template->path, template->member, (json_int_t)bytes,
                     template->distribution, template->text_only, template->listed, (json_int_t)template->released,
                     template->min_platform, write_sources(template));
}

const char *cdist_inventory_write(apr_size_t *length, const cdist_template_scan_t *scan, apr_pool_t *pool)
{
    apr_array_header_t *lines = apr_array_make(pool, scan->templates->nelts + 2, sizeof(const char *));
    const char *head, *body;
    int i, count = 0;

    for (i = 0; i < scan->templates->nelts; i++) {
        count += push(lines, write_template(APR_ARRAY_IDX(scan->templates, i, const cdist_template_t *)), pool);
    }
    for (i = 0; i < scan->problems->nelts; i++) {
        const cdist_template_problem_t *problem = &APR_ARRAY_IDX(scan->problems, i, cdist_template_problem_t);

        push(lines, json_pack("{ssss}", "path", cdist_text_printable(problem->path, pool), "message",
                              cdist_text_printable(problem->message, pool)), pool);
    }
    head = apr_psprintf(pool, "{\"format\":%d,\"templates\":%d}\n", FORMAT, count);
    body = apr_array_pstrcat(pool, lines, '\n');
    head = apr_pstrcat(pool, head, body, *body ? "\n" : "", NULL);
    *length = strlen(head);
    return head;
}

/* ---- reading ------------------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_template_scan_t *scan;
    apr_hash_t *texts;
    apr_pool_t *pool;
} reading_t;

static const char *keep(reading_t *reading, const char *text)
{
    const char *kept = apr_hash_get(reading->texts, text, APR_HASH_KEY_STRING);

    if (!kept) {
        kept = apr_pstrdup(reading->pool, text);
        apr_hash_set(reading->texts, kept, APR_HASH_KEY_STRING, kept);
    }
    return kept;
}

static int read_source(cdist_configuration_id_t *source, reading_t *reading, const json_t *line, const cdist_template_t *template)
{
    const char *version, *version_id, *name = template->id.name, *vendor = template->id.vendor;

    if (json_unpack((json_t *)line, "[ss!]", &version, &version_id) != 0 &&
        json_unpack((json_t *)line, "[ssss!]", &version, &version_id, &name, &vendor) != 0) return 0;
    source->version = keep(reading, version);
    source->version_id = keep(reading, version_id);
    source->name = keep(reading, name);
    source->vendor = keep(reading, vendor);
    return 1;
}

static int read_template(reading_t *reading, const json_t *line)
{
    cdist_template_t *template = apr_pcalloc(reading->pool, sizeof *template);
    const char *kind, *name, *vendor, *version, *version_id, *path, *member, *platform;
    json_int_t bytes, released;
    json_t *sources;
    size_t i;

    if (json_unpack((json_t *)line, "[sssssssIbbbIso!]", &kind, &name, &vendor, &version, &version_id, &path, &member, &bytes,
                    &template->distribution, &template->text_only, &template->listed, &released, &platform, &sources) != 0) return 0;
    if (strcmp(kind, "cf") != 0 && strcmp(kind, "cfu") != 0) return 0;
    if (bytes < 0 || !json_is_array(sources)) return 0;
    template->kind = kind[2] ? CDIST_FILE_CFU : CDIST_FILE_CF;
    template->id.name = keep(reading, name);
    template->id.vendor = keep(reading, vendor);
    template->id.version = keep(reading, version);
    template->id.version_id = keep(reading, version_id);
    template->path = keep(reading, path);
    template->member = keep(reading, member);
    template->bytes = (apr_uint64_t)bytes;
    template->released = (apr_time_t)released;
    template->min_platform = keep(reading, platform);
    template->sources = apr_array_make(reading->pool, (int)json_array_size(sources), sizeof(cdist_configuration_id_t));
    for (i = 0; i < json_array_size(sources); i++) {
        if (!read_source(apr_array_push(template->sources), reading, json_array_get(sources, i), template)) return 0;
    }
    APR_ARRAY_PUSH(reading->scan->templates, const cdist_template_t *) = template;
    return 1;
}

static int read_problem(reading_t *reading, const json_t *line)
{
    cdist_template_problem_t problem;

    if (json_unpack((json_t *)line, "{ssss}", "path", &problem.path, "message", &problem.message) != 0) return 0;
    problem.path = apr_pstrdup(reading->pool, problem.path);
    problem.message = apr_pstrdup(reading->pool, problem.message);
    APR_ARRAY_PUSH(reading->scan->problems, cdist_template_problem_t) = problem;
    return 1;
}

/* The line at *text, which is set behind it; NULL if it is none. To be let go. */
static json_t *next_line(const char **text, const char *end)
{
    const char *line = *text, *stop = memchr(line, '\n', (size_t)(end - line));

    if (!stop) return NULL;
    *text = stop + 1;
    return json_loadb(line, (size_t)(stop - line), JSON_REJECT_DUPLICATES, NULL);
}

cdist_template_scan_t *cdist_inventory_read(const char *text, apr_size_t length, apr_pool_t *pool)
{
    reading_t reading = {apr_pcalloc(pool, sizeof(cdist_template_scan_t)), apr_hash_make(pool), pool};
    const char *end = text + length;
    json_t *line = next_line(&text, end);
    int format = 0, count = 0, sound = line && json_unpack(line, "{sisi!}", "format", &format, "templates", &count) == 0;

    json_decref(line);
    if (!sound || format != FORMAT) return NULL;
    reading.scan->templates = apr_array_make(pool, 64, sizeof(const cdist_template_t *));
    reading.scan->problems = apr_array_make(pool, 4, sizeof(cdist_template_problem_t));
    while (sound && text < end) {
        line = next_line(&text, end);
        sound = line && (json_is_array(line) ? read_template(&reading, line) : read_problem(&reading, line));
        json_decref(line);
    }
    return sound && count == reading.scan->templates->nelts ? reading.scan : NULL;
}
