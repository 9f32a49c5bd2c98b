/* See container_maker.h. */
#include "container_maker.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>
#include <zlib.h>

#define MARK "\xEF\xBB\xBF"
#define STUB_BYTES 0x1359

void cm_put(cm_made_t *made, const void *bytes, size_t length)
{
    if (made->length + length > made->room) {
        unsigned char *larger;

        made->room = (made->length + length) * 2;
        larger = apr_palloc(fx_pool, made->room);
        if (made->length) memcpy(larger, made->bytes, made->length);
        made->bytes = larger;
    }
    if (length) memcpy(made->bytes + made->length, bytes, length);
    made->length += length;
}

void cm_put_le(cm_made_t *made, apr_uint64_t number, int count)
{
    for (; count > 0; count--, number >>= 8) {
        unsigned char byte = (unsigned char)number;
        cm_put(made, &byte, 1);
    }
}

static void put_zeros(cm_made_t *made, size_t count)
{
    static const char zeros[4096];

    for (; count > sizeof zeros; count -= sizeof zeros) cm_put(made, zeros, sizeof zeros);
    cm_put(made, zeros, count);
}

void cm_deflate(cm_made_t *packed, const void *bytes, size_t length)
{
    unsigned char *out = apr_palloc(fx_pool, length + length / 100 + 1024);
    z_stream z;

    memset(&z, 0, sizeof z);
    ck_assert_int_eq(deflateInit2(&z, 6, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)bytes;
    z.avail_in = (uInt)length;
    z.next_out = out;
    z.avail_out = (uInt)(length + length / 100 + 1024);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    deflateEnd(&z);
    cm_put(packed, out, z.total_out);
}

/* ---- containers ------------------------------------------------------------------------------------------------ */

static void put_head(cm_made_t *made, const cm_style_t *style, apr_uint64_t document, apr_uint64_t block, apr_uint64_t next)
{
    char head[64], *c;
    int upper = (style->bits == 64) != style->other_case;

    if (style->bits == 64) {
        apr_snprintf(head, sizeof head, "\r\n%016" APR_UINT64_T_HEX_FMT " %016" APR_UINT64_T_HEX_FMT " %016" APR_UINT64_T_HEX_FMT
                     " \r\n", document, block, next);
    } else {
        apr_snprintf(head, sizeof head, "\r\n%08" APR_UINT64_T_HEX_FMT " %08" APR_UINT64_T_HEX_FMT " %08" APR_UINT64_T_HEX_FMT
                     " \r\n", document, block, next);
    }
    for (c = head; upper && *c; c++) *c = (char)apr_toupper(*c);
    cm_put(made, head, strlen(head));
}

static apr_uint64_t none(const cm_style_t *style)
{
    return style->bits == 64 ? APR_UINT64_MAX : 0x7FFFFFFF;
}

/* Returns where its first block is, relative to `start`. */
static apr_uint64_t put_document(cm_made_t *made, size_t start, const cm_style_t *style, const void *bytes, size_t length,
                                 int backward)
{
    size_t piece = style->piece ? style->piece : length, head = style->bits == 64 ? 55 : 31, i;
    size_t room = style->piece == 0 && style->pad > piece ? style->pad : piece, count = piece ? (length + piece - 1) / piece : 1;
    apr_uint64_t at = made->length - start;

    if (count == 0) count = 1;
    for (i = 0; i < count; i++) {
        size_t number = backward ? count - 1 - i : i, from = number * piece;
        size_t part = length - from < piece ? length - from : piece;
        apr_uint64_t next = number + 1 == count ? none(style) : at + (backward ? i - 1 : i + 1) * (head + room);

        put_head(made, style, number ? 0 : length, room, next);
        cm_put(made, (const char *)bytes + from, part);
        put_zeros(made, room - part);
    }
    return backward ? at + (count - 1) * (head + room) : at;
}

static apr_uint64_t put_attributes(cm_made_t *made, size_t start, const cm_style_t *style, const char *name)
{
    cm_made_t attributes = {0};
    cm_style_t exact = *style;
    const char *c;

    exact.pad = 0;
    exact.piece = 0;
    cm_put_le(&attributes, 638581911680000ULL, 8);
    cm_put_le(&attributes, 638581911690000ULL, 8);
    cm_put_le(&attributes, 0, 4);
    for (c = name; *c; c++) cm_put_le(&attributes, (unsigned char)*c, 2);
    cm_put_le(&attributes, 0, 4);
    return put_document(made, start, &exact, attributes.bytes, attributes.length, 0);
}

static apr_uint64_t put_data(cm_made_t *made, size_t start, const cm_style_t *style, const cm_item_t *item)
{
    size_t length = item->length ? item->length : strlen(item->content);
    cm_made_t packed = {0};

    if (item->no_data) return none(style);
    if (item->stored) return put_document(made, start, style, item->content, length, style->backward);
    cm_deflate(&packed, item->content, length);
    return put_document(made, start, style, packed.bytes, packed.length, style->backward);
}

size_t cm_container(cm_made_t *made, const cm_item_t *items, int count, const cm_style_t *style)
{
    static const cm_style_t plain = {.bits = 32};
    apr_uint64_t *attr_at = apr_pcalloc(fx_pool, sizeof *attr_at * (size_t)(count + 1));
    apr_uint64_t *data_at = apr_pcalloc(fx_pool, sizeof *data_at * (size_t)(count + 1));
    size_t start = made->length, end, word, table_bytes;
    cm_made_t table = {0}, whole = {0};
    int i;

    if (!style) style = &plain;
    word = style->bits / 8;
    cm_put_le(made, none(style), (int)word);
    cm_put_le(made, 512, 4);
    cm_put_le(made, 7, 4);
    cm_put_le(made, 0, 4);
    /* The table's blocks are laid out with zeros first, and filled in when the places are known. */
    table_bytes = (size_t)(count + style->free_records) * word * 3;
    put_zeros(&table, table_bytes);
    put_document(made, start, style, table.bytes, table_bytes, 0);
    for (i = 0; i < count && style->data_first; i++) data_at[i] = put_data(made, start, style, &items[i]);
    for (i = 0; i < count; i++) {
        attr_at[i] = put_attributes(made, start, style, items[i].name);
        if (!style->data_first) data_at[i] = put_data(made, start, style, &items[i]);
    }
    table.length = 0;
    for (i = 0; i < style->free_records; i++) {
        cm_put_le(&table, 0, (int)word);
        cm_put_le(&table, 0, (int)word);
        cm_put_le(&table, 0, (int)word);
    }
    for (i = 0; i < count; i++) {
        cm_put_le(&table, attr_at[i], (int)word);
        cm_put_le(&table, data_at[i], (int)word);
        cm_put_le(&table, none(style), (int)word);
    }
    end = made->length;
    cm_put(&whole, made->bytes, end);
    made->length = start + word + 12;
    put_document(made, start, style, table.bytes, table_bytes, 0);
    ck_assert_uint_le(made->length, end);
    cm_put(made, whole.bytes + made->length, end - made->length);
    return start;
}

/* ---- configurations -------------------------------------------------------------------------------------------- */

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
    static const cm_configuration_t empty = {.name = "", .vendor = "", .version = "", .code = "80316", .extra = 1};
    size_t start = made->length, head = 31;
    int count;
    cm_item_t *items = cm_configuration_items(&count, &empty);
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
