/* .vrd files: the descriptor of an infobase published on a web server, XML in UTF-8. Only the start tag of <point> matters
 * here, the rest is checked for being well-formed and kept as it is.
 *
 * NB: a file may come from anywhere. A DOCTYPE ends the reading before anything in it counts, so there are no entities but
 * XML's own five: nothing is expanded or fetched. The value of ib is looked at and forgotten. */
#include "vrd_int.h"

#include <apr_lib.h>
#include <apr_strings.h>
#include <expat.h>

#include <string.h>

#define NAMESPACE "http://v8.1c.ru/8.2/virtual-resource-system"

typedef struct {
    XML_Parser parser;
    cdist_vrd_t *vrd;
    int seen_root;
    const char *refused; /* why the reading was stopped */
    apr_pool_t *pool;
} reading_t;

static void refuse(reading_t *reading, const char *why)
{
    if (reading->refused) return;
    reading->refused = why;
    XML_StopParser(reading->parser, XML_FALSE);
}

static void XMLCALL on_doctype(void *baton, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                               int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    refuse(baton, "has a DOCTYPE; remove it, the platform writes none");
}

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

static void take_attributes(reading_t *reading, const XML_Char **pairs)
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

static void XMLCALL on_start(void *baton, const XML_Char *name, const XML_Char **attributes)
{
    reading_t *reading = baton;

    if (reading->seen_root) return;
    reading->seen_root = 1;
    if (strcmp(name, NAMESPACE " point") != 0) {
        refuse(reading, "its root is no <point xmlns=\"" NAMESPACE "\">, so it is no descriptor of a publication");
        return;
    }
    reading->vrd->tag_at = (apr_size_t)XML_GetCurrentByteIndex(reading->parser);
    reading->vrd->tag_bytes = (apr_size_t)XML_GetCurrentByteCount(reading->parser);
    take_attributes(reading, attributes);
}

cdist_err_t *cdist_vrd_parse(cdist_vrd_t **vrd, int *line, const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    reading_t reading = {NULL, apr_pcalloc(pool, sizeof(cdist_vrd_t)), 0, NULL, pool};
    enum XML_Status status;
    enum XML_Error error;
    int at;

    if (line) *line = 0;
    if (length > CDIST_VRD_MAX) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "larger than %d bytes: no descriptor of a publication", CDIST_VRD_MAX);
    }
    reading.vrd->attributes = apr_array_make(pool, 12, sizeof(cdist_attribute_t));
    reading.vrd->bytes = apr_pstrmemdup(pool, bytes, length);
    reading.vrd->length = length;
    /* The platform writes UTF-8; an explicit encoding keeps a declaration in the file from choosing another one. */
    reading.parser = XML_ParserCreateNS("UTF-8", ' ');
    if (!reading.parser) return cdist_err_create(pool, CDIST_E_SOURCE, APR_ENOMEM, "XML cannot be read");
    XML_SetUserData(reading.parser, &reading);
    XML_SetStartElementHandler(reading.parser, on_start);
    XML_SetStartDoctypeDeclHandler(reading.parser, on_doctype);
    status = XML_Parse(reading.parser, reading.vrd->bytes, (int)length, 1);
    error = XML_GetErrorCode(reading.parser);
    at = (int)XML_GetCurrentLineNumber(reading.parser);
    XML_ParserFree(reading.parser);
    if (status == XML_STATUS_OK && !reading.refused) {
        *vrd = reading.vrd;
        return NULL;
    }
    if (line) *line = at;
    if (reading.refused) return cdist_err_create(pool, CDIST_E_INPUT, 0, "line %d: %s", at, reading.refused);
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "line %d: is no well-formed UTF-8 XML: %s", at, XML_ErrorString(error));
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
