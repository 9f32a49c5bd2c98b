/* XML of strangers, element by element, by expat.
 *
 * NB: a file may come from anywhere. A DOCTYPE ends the reading before anything in it counts, so there are no entities but XML's own
 * five: nothing is expanded or fetched. The encoding is said, and so no declaration in a file chooses another one. */
#include "cdist_base.h"

#include <expat.h>

struct cdist_xml_t {
    XML_Parser parser;
    const cdist_xml_handler_t *handler;
    void *baton;
    const char *refused; /* why the reading was stopped */
};

void cdist_xml_refuse(cdist_xml_t *xml, const char *why)
{
    if (xml->refused) return;
    xml->refused = why;
    XML_StopParser(xml->parser, XML_FALSE);
}

void cdist_xml_tag(apr_size_t *at, apr_size_t *length, const cdist_xml_t *xml)
{
    *at = (apr_size_t)XML_GetCurrentByteIndex(xml->parser);
    *length = (apr_size_t)XML_GetCurrentByteCount(xml->parser);
}

static void XMLCALL on_doctype(void *baton, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                               int has_subset)
{
    (void)name;
    (void)system_id;
    (void)public_id;
    (void)has_subset;
    cdist_xml_refuse(baton, "has a DOCTYPE; remove it, the platform writes none");
}

static void XMLCALL on_start(void *baton, const XML_Char *name, const XML_Char **attributes)
{
    cdist_xml_t *xml = baton;

    if (!xml->refused) xml->handler->start(xml->baton, xml, name, attributes);
}

static void XMLCALL on_end(void *baton, const XML_Char *name)
{
    cdist_xml_t *xml = baton;

    if (!xml->refused) xml->handler->end(xml->baton, xml, name);
}

static void XMLCALL on_text(void *baton, const XML_Char *text, int length)
{
    cdist_xml_t *xml = baton;

    if (!xml->refused) xml->handler->text(xml->baton, xml, text, (apr_size_t)length);
}

cdist_err_t *cdist_xml_read(int *line, const char *bytes, apr_size_t length, const cdist_xml_handler_t *handler, void *baton,
                            apr_pool_t *pool)
{
    cdist_xml_t xml = {XML_ParserCreateNS("UTF-8", ' '), handler, baton, NULL};
    enum XML_Status status;
    enum XML_Error error;
    int at;

    *line = 0;
    if (!xml.parser) return cdist_err_create(pool, CDIST_E_SOURCE, APR_ENOMEM, "XML cannot be read");
    XML_SetUserData(xml.parser, &xml);
    XML_SetStartElementHandler(xml.parser, on_start);
    if (handler->end) XML_SetEndElementHandler(xml.parser, on_end);
    if (handler->text) XML_SetCharacterDataHandler(xml.parser, on_text);
    XML_SetStartDoctypeDeclHandler(xml.parser, on_doctype);
    status = length <= APR_INT32_MAX ? XML_Parse(xml.parser, bytes, (int)length, 1) : XML_STATUS_ERROR;
    error = XML_GetErrorCode(xml.parser);
    at = (int)XML_GetCurrentLineNumber(xml.parser);
    XML_ParserFree(xml.parser);
    if (status == XML_STATUS_OK && !xml.refused) return NULL;
    *line = at;
    if (xml.refused) return cdist_err_create(pool, CDIST_E_INPUT, 0, "line %d: %s", at, xml.refused);
    if (length > APR_INT32_MAX) return cdist_err_create(pool, CDIST_E_INPUT, 0, "line 1: is larger than 2 GiB");
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "line %d: is no well-formed XML (UTF-8): %s", at, XML_ErrorString(error));
}
