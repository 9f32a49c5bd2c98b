/* v8upd11.xml, the vendor's list of updates:
 * <updateList xmlns="http://v8.1c.ru/configuration-updates"><update configuration="name"><vendor/><file/><size/>
 * <version platform="the least one"/><target/>…</update>…</updateList>. Source: a real one of 2015. */
#include "templates_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define NAMESPACE "http://v8.1c.ru/configuration-updates"
#define TEXT_MAX 4096
#define MAX_UPDATES 100000
#define DEPTH_UPDATE 2
#define DEPTH_PART 3

typedef struct {
    apr_array_header_t *updates;
    update_t *update; /* the one that is being read; NULL: none */
    char text[TEXT_MAX];
    apr_size_t length;
    int depth;
    apr_pool_t *pool;
} reading_t;

static const char *attribute(const char **pairs, const char *name)
{
    for (; *pairs; pairs += 2) {
        if (strcmp(pairs[0], name) == 0) return pairs[1];
    }
    return "";
}

static const char *trimmed(const char *text, apr_size_t length, apr_pool_t *pool)
{
    while (length && apr_isspace(text[length - 1])) length--;
    for (; length && apr_isspace(*text); length--) text++;
    return apr_pstrmemdup(pool, text, length);
}

static void begin_update(reading_t *reading, cdist_xml_t *xml, const char **attributes)
{
    update_t *update;
    const char *name = attribute(attributes, "configuration");

    if (reading->updates->nelts >= MAX_UPDATES) {
        cdist_xml_refuse(xml, "lists more updates than anybody publishes");
        return;
    }
    update = reading->update = apr_array_push(reading->updates);
    memset(update, 0, sizeof *update);
    update->id.name = trimmed(name, strlen(name) < TEXT_MAX ? strlen(name) : TEXT_MAX, reading->pool);
    update->id.vendor = update->id.version = update->id.version_id = update->file = update->platform = update->folder = "";
    update->sources = apr_array_make(reading->pool, 4, sizeof(cdist_configuration_id_t));
}

static void on_start(void *baton, cdist_xml_t *xml, const char *name, const char **attributes)
{
    reading_t *reading = baton;

    reading->depth++;
    reading->length = 0;
    if (reading->depth == 1 && strcmp(name, NAMESPACE " updateList") != 0) {
        cdist_xml_refuse(xml, "its root is no <updateList xmlns=\"" NAMESPACE "\">, so it is no list of updates");
    } else if (reading->depth == DEPTH_UPDATE && strcmp(name, NAMESPACE " update") == 0) {
        begin_update(reading, xml, attributes);
    } else if (reading->depth == DEPTH_PART && reading->update && strcmp(name, NAMESPACE " version") == 0) {
        const char *platform = attribute(attributes, "platform");
        cdist_version_t mask;

        if (cdist_mask_parse(&mask, platform)) reading->update->platform = apr_pstrdup(reading->pool, platform);
    }
}

static void on_text(void *baton, cdist_xml_t *xml, const char *text, apr_size_t length)
{
    reading_t *reading = baton;

    if (length > sizeof reading->text - reading->length) {
        cdist_xml_refuse(xml, "a text in it is longer than any name");
        return;
    }
    memcpy(reading->text + reading->length, text, length);
    reading->length += length;
}

/* "36 877 298": digits in groups. */
static apr_uint64_t size_of(const char *text)
{
    apr_uint64_t bytes = 0;

    for (; *text; text++) {
        if (apr_isdigit(*text) && bytes < APR_UINT64_C(1) << 50) bytes = bytes * 10 + (apr_uint64_t)(*text - '0');
    }
    return bytes;
}

static void take_part(reading_t *reading, const char *part)
{
    update_t *update = reading->update;
    const char *text = trimmed(reading->text, reading->length, reading->pool);

    if (strcmp(part, "vendor") == 0) update->id.vendor = text;
    else if (strcmp(part, "file") == 0) update->file = text;
    else if (strcmp(part, "size") == 0) update->bytes = size_of(text);
    else if (strcmp(part, "version") == 0) update->id.version = text;
    else if (strcmp(part, "target") == 0 && *text) {
        APR_ARRAY_PUSH(update->sources, cdist_configuration_id_t) = (cdist_configuration_id_t){"", "", text, ""};
    }
}

static void on_end(void *baton, cdist_xml_t *xml, const char *name)
{
    reading_t *reading = baton;
    int i;

    if (reading->update && reading->depth == DEPTH_PART && strncmp(name, NAMESPACE " ", strlen(NAMESPACE) + 1) == 0) {
        take_part(reading, name + strlen(NAMESPACE) + 1);
    }
    if (reading->update && reading->depth == DEPTH_UPDATE) {
        for (i = 0; i < reading->update->sources->nelts; i++) {
            cdist_configuration_id_t *source = &APR_ARRAY_IDX(reading->update->sources, i, cdist_configuration_id_t);

            source->name = reading->update->id.name;
            source->vendor = reading->update->id.vendor;
        }
        if (!*reading->update->id.name || !*reading->update->id.version) {
            cdist_xml_refuse(xml, "an update in it has no configuration, or no version");
        }
        reading->update = NULL;
    }
    reading->depth--;
    reading->length = 0;
}

cdist_err_t *cdist_update_list_parse(apr_array_header_t *updates, const char *bytes, apr_size_t length, const char *name,
                                     apr_pool_t *pool)
{
    static const cdist_xml_handler_t handler = {on_start, on_end, on_text};
    reading_t *reading = apr_pcalloc(pool, sizeof *reading);
    /* What was decoded is UTF-8, whatever the declaration says. */
    const char *text = cdist_text_decode_cp1251(bytes, length, pool);
    int line, before = updates->nelts;
    cdist_err_t *err;

    reading->updates = updates;
    reading->pool = pool;
    err = cdist_xml_read(&line, text, strlen(text), &handler, reading, pool);
    if (!err) return NULL;
    updates->nelts = before;
    return cdist_err_create(pool, err->code, 0, "%s: %s", name, err->message);
}
