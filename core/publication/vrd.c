/* .vrd files: the descriptor of an infobase published on a web server, XML in UTF-8. Only the start tag of <point> matters
 * here, the rest is checked for being well-formed and kept as it is. The value of ib is looked at and forgotten. */
#include "vrd_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define NAMESPACE "http://v8.1c.ru/8.2/virtual-resource-system"

typedef struct {
    cdist_vrd_t *vrd;
    int seen_root;
    apr_pool_t *pool;
} reading_t;

static int holds_secret(const char *connection)
{
    return cdist_connection_has(connection, "Usr") || cdist_connection_has(connection, "Pwd");
}

int cdist_connection_has(const char *text, const char *name)
{
    apr_size_t length = strlen(name);
    const char *p, *value;

    for (p = text; *p; p++) {
        if ((p > text && apr_isalnum(p[-1])) || strncasecmp(p, name, length) != 0) continue;
        value = p + length + strspn(p + length, " \t");
        if (*value != '=') continue;
        value += 1 + strspn(value + 1, " \t");
        if (*value == '"' ? value[1] && value[1] != '"' : *value && *value != ';') return 1;
    }
    return 0;
}

static void take_attributes(reading_t *reading, const char **pairs)
{
    cdist_vrd_t *vrd = reading->vrd;
    cdist_vrd_walk_t walk = {0, 0, 0};

    for (; *pairs; pairs += 2) {
        cdist_attribute_t *attribute;
        int is_ib = strcmp(pairs[0], "ib") == 0;

        if (strchr(pairs[0], ' ')) continue; /* of another namespace */
        attribute = apr_array_push(vrd->attributes);
        attribute->name = apr_pstrdup(reading->pool, pairs[0]);
        attribute->value = is_ib ? "" : apr_pstrdup(reading->pool, pairs[1]);
        attribute->line = cdist_vrd_next_line(&walk, vrd, pairs[0]);
        if (!is_ib) continue;
        vrd->ib_line = attribute->line;
        vrd->ib_secret = holds_secret(pairs[1]);
    }
}

static void on_start(void *baton, cdist_xml_t *xml, const char *name, const char **attributes)
{
    reading_t *reading = baton;

    if (reading->seen_root) return;
    reading->seen_root = 1;
    if (strcmp(name, NAMESPACE " point") != 0) {
        cdist_xml_refuse(xml, "its root is no <point xmlns=\"" NAMESPACE "\">, so it is no descriptor of a publication");
        return;
    }
    cdist_xml_tag(&reading->vrd->tag_at, &reading->vrd->tag_bytes, xml);
    take_attributes(reading, attributes);
}

cdist_err_t *cdist_vrd_parse(cdist_vrd_t **vrd, int *line, const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    static const cdist_xml_handler_t handler = {on_start, NULL, NULL};
    reading_t reading = {apr_pcalloc(pool, sizeof(cdist_vrd_t)), 0, pool};
    int at;

    if (!line) line = &at;
    *line = 0;
    if (length > CDIST_VRD_MAX) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "larger than %s: no descriptor of a publication",
                                cdist_size_format(CDIST_VRD_MAX, pool));
    }
    reading.vrd->attributes = apr_array_make(pool, 12, sizeof(cdist_attribute_t));
    reading.vrd->bytes = apr_pstrmemdup(pool, bytes, length);
    reading.vrd->length = length;
    CDIST_ERR(cdist_xml_read(line, reading.vrd->bytes, length, &handler, &reading, pool));
    *vrd = reading.vrd;
    return NULL;
}

const cdist_attribute_t *cdist_vrd_attribute(const cdist_vrd_t *vrd, const char *name)
{
    int i;

    for (i = 0; i < vrd->attributes->nelts; i++) {
        const cdist_attribute_t *attribute = &APR_ARRAY_IDX(vrd->attributes, i, cdist_attribute_t);
        if (strcmp(attribute->name, name) == 0) return attribute;
    }
    return NULL;
}
