/* See zip_maker.h. Knows nothing of the library's own code for records. */
#include "zip_maker.h"

#include <apr_strings.h>

#include <string.h>
#include <zlib.h>

#define ROOM (256 * 1024)

typedef struct {
    unsigned char *p;
} out_t;

static void n16(out_t *out, unsigned value)
{
    *out->p++ = (unsigned char)value;
    *out->p++ = (unsigned char)(value >> 8);
}

static void n32(out_t *out, apr_uint64_t value)
{
    n16(out, (unsigned)(value & 0xFFFF));
    n16(out, (unsigned)(value >> 16 & 0xFFFF));
}

static void n64(out_t *out, apr_uint64_t value)
{
    n32(out, value);
    n32(out, value >> 32);
}

static void put(out_t *out, const void *bytes, size_t length)
{
    if (length) memcpy(out->p, bytes, length);
    out->p += length;
}

typedef struct {
    size_t name_bytes, bytes, packed_bytes;
    unsigned char *packed;
    apr_uint32_t crc;
} sizes_t;

static void pack(sizes_t *sizes, const zip_item_t *item)
{
    z_stream z;

    sizes->name_bytes = item->name_bytes ? item->name_bytes : strlen(item->name);
    sizes->bytes = item->bytes ? item->bytes : strlen(item->content);
    sizes->crc = (apr_uint32_t)crc32(0, (const Bytef *)item->content, (uInt)sizes->bytes);
    sizes->packed = apr_palloc(fx_pool, sizes->bytes + 128);
    sizes->packed_bytes = sizes->bytes;
    memcpy(sizes->packed, item->content, sizes->bytes);
    if (item->method != 8) return;
    memset(&z, 0, sizeof z);
    ck_assert_int_eq(deflateInit2(&z, 9, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY), Z_OK);
    z.next_in = (Bytef *)item->content;
    z.avail_in = (uInt)sizes->bytes;
    z.next_out = sizes->packed;
    z.avail_out = (uInt)(sizes->bytes + 128);
    ck_assert_int_eq(deflate(&z, Z_FINISH), Z_STREAM_END);
    sizes->packed_bytes = z.total_out;
    deflateEnd(&z);
}

static void put_local(out_t *out, zip_made_t *made, int i, const zip_item_t *item, const sizes_t *s)
{
    int late = item->flags & 8;

    made->local_at[i] = (size_t)(out->p - made->bytes);
    n32(out, 0x04034b50);
    n16(out, 20);
    n16(out, item->flags);
    n16(out, (unsigned)item->method);
    n32(out, 0x00210000);
    n32(out, late ? 0 : s->crc);
    n32(out, late ? 0 : s->packed_bytes);
    n32(out, late ? 0 : (apr_uint64_t)((apr_int64_t)s->bytes + item->lie));
    n16(out, (unsigned)s->name_bytes);
    n16(out, 0);
    put(out, item->name, s->name_bytes);
    made->data_at[i] = (size_t)(out->p - made->bytes);
    put(out, s->packed, s->packed_bytes);
    if (!late) return;
    n32(out, 0x08074b50);
    n32(out, s->crc);
    n32(out, s->packed_bytes);
    n32(out, s->bytes);
}

static void put_central(out_t *out, zip_made_t *made, int i, const zip_item_t *item, const sizes_t *s)
{
    size_t offset = item->at ? (size_t)item->at : made->local_at[i];

    made->central_at[i] = (size_t)(out->p - made->bytes);
    n32(out, 0x02014b50);
    n16(out, item->mode ? 3 << 8 | 20 : 20);
    n16(out, 20);
    n16(out, item->flags);
    n16(out, (unsigned)item->method);
    n32(out, 0x00210000);
    n32(out, s->crc);
    n32(out, item->zip64 ? 0xFFFFFFFF : s->packed_bytes);
    n32(out, item->zip64 ? 0xFFFFFFFF : (apr_uint64_t)((apr_int64_t)s->bytes + item->lie));
    n16(out, (unsigned)s->name_bytes);
    n16(out, item->zip64 ? 28 : 0);
    n16(out, 0);
    n16(out, 0);
    n16(out, 0);
    n32(out, (apr_uint64_t)item->mode << 16);
    n32(out, item->zip64 ? 0xFFFFFFFF : offset);
    put(out, item->name, s->name_bytes);
    if (!item->zip64) return;
    n16(out, 1);
    n16(out, 24);
    n64(out, (apr_uint64_t)((apr_int64_t)s->bytes + item->lie));
    n64(out, s->packed_bytes);
    n64(out, offset);
}

void zip_make(zip_made_t *made, const zip_item_t *items, int count)
{
    sizes_t sizes[16];
    out_t out;
    size_t end;
    int i;

    ck_assert_int_le(count, 16);
    memset(made, 0, sizeof *made);
    out.p = made->bytes = apr_palloc(fx_pool, ROOM);
    for (i = 0; i < count; i++) {
        pack(&sizes[i], &items[i]);
        if (!items[i].at) put_local(&out, made, i, &items[i], &sizes[i]);
    }
    made->directory_at = (size_t)(out.p - made->bytes);
    for (i = 0; i < count; i++) put_central(&out, made, i, &items[i], &sizes[i]);
    end = (size_t)(out.p - made->bytes);
    n32(&out, 0x06054b50);
    n32(&out, 0);
    n16(&out, (unsigned)count);
    n16(&out, (unsigned)count);
    n32(&out, end - made->directory_at);
    n32(&out, made->directory_at);
    n16(&out, 0);
    made->length = (size_t)(out.p - made->bytes);
    ck_assert_uint_le(made->length, ROOM);
}
