/* Configurations and updates made by code; see container_maker.h. */
#include "container_maker.h"

#include <apr_strings.h>

#include <string.h>

#define MARK "\xEF\xBB\xBF"
#define STUB_BYTES 0x1359

static const char *quoted(const char *text)
{
    const char *out = "\"";

    for (; *text; text++) out = apr_psprintf(fx_pool, "%s%c%s", out, *text, *text == '"' ? "\"" : "");
    return apr_pstrcat(fx_pool, out, "\"", NULL);
}

const char *cm_metadata(const cm_configuration_t *c)
{
    return apr_psprintf(fx_pool, MARK "{2,\r\n{" CM_ROOT_ID "},2,\r\n{9fcd25a0-4822-11d4-9414-008048da11f9,\r\n{1,\r\n{{0}}}},\r\n"
                        "{9cd510cd-abfc-11d4-9434-004095e12fc7,\r\n{1,\r\n{%s,\r\n{0,\r\n{3,\r\n{1,0," CM_OBJECT_ID "},%s,\r\n"
                        "{1,\"ru\",\"Синоним\"},\"\"}\r\n},\"\",1,\r\n{0},\r\n{0},\r\n{0},\r\n{0},\r\n{0},a,b,c,d,0,%s,%s,\"\",1,\r\n"
                        "{0,0},1,\r\n{0,0},1,e,f,g,h,%s,\r\n{0,0},0},1,{x,0}}}}",
                        c->layout ? c->layout : "59", quoted(c->name ? c->name : CM_NAME),
                        quoted(c->vendor ? c->vendor : CM_VENDOR), quoted(c->version ? c->version : CM_VERSION),
                        c->code ? c->code : "80322");
}

static const char *support_data(const cm_configuration_t *c)
{
    return apr_psprintf(fx_pool, MARK "{6,%d,1,50448ce6-72ca-48a5-961f-738c9a3b73f0,1," CM_VERSION_ID ",%s,%s,%s,1,1,0,"
                        CM_ROOT_ID "," CM_ROOT_ID ",0,0,0,0,1,0}", c->locked, quoted(c->support_version),
                        quoted(c->vendor ? c->vendor : CM_VENDOR), quoted(c->name ? c->name : CM_NAME));
}

static void add(cm_item_t *items, int *count, const char *name, const char *content, int stored)
{
    cm_item_t item = {name, content, 0, stored, 0};

    items[(*count)++] = item;
}

cm_item_t *cm_configuration_items(int *count, const cm_configuration_t *c)
{
    cm_item_t *items = apr_pcalloc(fx_pool, sizeof *items * (size_t)(c->extra + 8));
    const char *root = apr_psprintf(fx_pool, "{2,%s,%s}", c->root_name ? c->root_name : CM_ROOT_ID, c->digest ? c->digest : "");
    int i;

    *count = 0;
    for (i = 0; i < c->extra; i++) {
        add(items, count, apr_psprintf(fx_pool, "00000000-0000-0000-0000-%012x", (unsigned)i), MARK "{1,{0}}", c->stored);
    }
    add(items, count, CM_ROOT_ID, cm_metadata(c), c->stored);
    if (c->support_version) add(items, count, CM_OBJECT_ID ".4", support_data(c), c->stored);
    if (c->extension) {
        add(items, count, "configinfo", apr_pstrcat(fx_pool, MARK "{0,{216,0,{80315,0}}},\r\n", root, ",\r\n{0}", NULL), c->stored);
        return items;
    }
    add(items, count, "root", apr_pstrcat(fx_pool, MARK, root, NULL), c->stored);
    add(items, count, "version", MARK "{\r\n{216,0,\r\n{80322,0}\r\n}\r\n}", c->stored);
    add(items, count, "versions", apr_psprintf(fx_pool, MARK "{1,2,\"\",%s,\"root\",82c286a1-48a5-427b-bbc9-81449386683f}",
                                               c->version_id ? c->version_id : CM_VERSION_ID), c->stored);
    return items;
}

void cm_configuration(cm_made_t *made, const cm_configuration_t *configuration, const cm_style_t *style)
{
    int count;
    cm_item_t *items = cm_configuration_items(&count, configuration);

    cm_container(made, items, count, style);
}

void cm_stub(cm_made_t *made, size_t length)
{
    static const cm_configuration_t platforms = {
        .name = "BB71D8BD57664101889B95C34FEA2351", .vendor = "", .version = "", .code = "80316", .extra = 1};
    size_t start = made->length, head = 31;
    int count;
    cm_item_t *items = cm_configuration_items(&count, &platforms);
    cm_made_t probe = {0};

    if (length == 0) length = STUB_BYTES;
    /* The last block takes what is left, so that the stub ends with it. */
    cm_container(&probe, items, count, NULL);
    ck_assert_uint_lt(probe.length + head, length);
    items[count - 1].stored = 1;
    items[count - 1].length = strlen(items[count - 1].content);
    probe.length = 0;
    cm_container(&probe, items, count, NULL);
    items[count - 1].content = memcpy(apr_pcalloc(fx_pool, length), items[count - 1].content, items[count - 1].length);
    memset((char *)items[count - 1].content + items[count - 1].length, ' ', length - items[count - 1].length);
    items[count - 1].length += length - probe.length;
    cm_container(made, items, count, NULL);
    ck_assert_uint_eq(made->length - start, length);
}

const char cm_update_info[] =
    MARK "{3,2,\"" CM_NAME "\",\"Фирма\",\"1.0.2.6\",11111111-b151-4efe-8b31-f0897db3142a,\"" CM_NAME "\",\"Фирма\",\"1.0.1.05\","
    "22222222-b151-4efe-8b31-f0897db3142a,1,\"gone\",2,\"\"," CM_VERSION_ID ",\"" CM_ROOT_ID
    "\",f2e31050-77d9-4be2-94d3-68d9dacd70e8,\"" CM_NAME "\",\"Фирма\",\"" CM_VERSION "\",00000000-0000-0000-0000-000000000000,\r\n"
    "{216,0,\r\n{80322,0}\r\n}," CM_ROOT_ID "}";

void cm_update(cm_made_t *made, const char *update_info, int extra, const cm_style_t *style)
{
    static const cm_configuration_t plain;
    cm_item_t *items = apr_pcalloc(fx_pool, sizeof *items * (size_t)(extra + 2));
    int count = 0, i;

    for (i = 0; i < extra; i++) {
        add(items, &count, apr_psprintf(fx_pool, "00000000-0000-0000-0000-%012x", (unsigned)i), MARK "{1,{0}}", 1);
    }
    add(items, &count, CM_ROOT_ID, cm_metadata(&plain), 1);
    if (update_info) add(items, &count, "UpdateInfo.inf", update_info, 1);
    cm_container(made, items, count, style);
}
