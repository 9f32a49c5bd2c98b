/* See container_maker.h. */
#include "container_maker.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>
#include <zlib.h>

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

#define MARK "\xEF\xBB\xBF"

const char *cm_long_text(void)
{
    char *text = apr_palloc(fx_pool, 20001);

    fx_fill_noise((unsigned char *)text, 20000, 5);
    memcpy(text, MARK, 3);
    text[20000] = '\0';
    return text;
}

cm_item_t *cm_some_items(int *count)
{
    static cm_item_t items[] = {{"0a", MARK "{1}"},        {"0b", "\x01\x02\x03", 3, 1}, {"7c", MARK "{2,\"a\"}", 0, 1},
                                {"9d", "", 0, 0, 1},       {"configinfo", "{3}"},        {"long"},
                                {"root", MARK "{2,x,}"},   {"UpdateInfo.inf", "{}"},     {"version", "{4}"},
                                {"versions", MARK "{5}", 0, 1}};

    items[5].content = cm_long_text();
    items[5].length = 20000;
    *count = FX_COUNT(items);
    return items;
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
