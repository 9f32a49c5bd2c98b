/* The bytes of ZIP records (PKWARE APPNOTE 6.3.10, sections 4.3 and 4.5.3). Pure functions of an entry. */
#include "archive_int.h"

#include <string.h>

#define FLAG_UTF8 0x0800
#define VERSION_DEFLATE 20
#define VERSION_ZIP64 45
#define MADE_BY_UNIX (3 << 8 | VERSION_ZIP64)
#define DOS_DATE_1980 0x0021
#define DOS_FOLDER 0x10
#define EXTRA_ZIP64 0x0001

apr_uint16_t zip_get16(const unsigned char *p)
{
    return (apr_uint16_t)(p[0] | p[1] << 8);
}

apr_uint32_t zip_get32(const unsigned char *p)
{
    return (apr_uint32_t)zip_get16(p) | (apr_uint32_t)zip_get16(p + 2) << 16;
}

apr_uint64_t zip_get64(const unsigned char *p)
{
    return (apr_uint64_t)zip_get32(p) | (apr_uint64_t)zip_get32(p + 4) << 32;
}

static unsigned char *put16(unsigned char *p, apr_uint32_t value)
{
    *p++ = (unsigned char)value;
    *p++ = (unsigned char)(value >> 8);
    return p;
}

static unsigned char *put32(unsigned char *p, apr_uint64_t value)
{
    return put16(put16(p, (apr_uint32_t)value & 0xFFFF), (apr_uint32_t)(value >> 16) & 0xFFFF);
}

static unsigned char *put64(unsigned char *p, apr_uint64_t value)
{
    return put32(put32(p, value & ZIP_MAX32), value >> 32);
}

static apr_uint32_t cap32(apr_uint64_t value)
{
    return value >= ZIP_MAX32 ? ZIP_MAX32 : (apr_uint32_t)value;
}

/* NB: packed bytes never exceed the content's (such an entry is stored), so the content's size alone decides whether
 * a local header needs Zip64, and it is known before the data is. */
static int sizes_need_zip64(const cdist_entry_t *entry)
{
    return entry->bytes >= ZIP_MAX32;
}

/* The fields from "version needed" to "extra field length", which both kinds of records have alike. */
static unsigned char *put_common(unsigned char *p, const cdist_entry_t *entry, apr_uint32_t packed_bytes, apr_uint32_t bytes,
                                 apr_size_t extra_bytes)
{
    p = put16(p, extra_bytes ? VERSION_ZIP64 : VERSION_DEFLATE);
    p = put16(p, FLAG_UTF8);
    p = put16(p, (apr_uint32_t)entry->method);
    p = put16(p, 0);
    p = put16(p, DOS_DATE_1980);
    p = put32(p, entry->crc32);
    p = put32(p, packed_bytes);
    p = put32(p, bytes);
    p = put16(p, (apr_uint32_t)strlen(entry->name));
    return put16(p, (apr_uint32_t)extra_bytes);
}

apr_size_t zip_put_local(unsigned char *head, apr_size_t *tail_bytes, const cdist_entry_t *entry)
{
    int zip64 = sizes_need_zip64(entry);
    unsigned char *p = head;

    *tail_bytes = zip64 ? 20 : 0;
    p = put32(p, ZIP_LOCAL_SIG);
    p = put_common(p, entry, zip64 ? ZIP_MAX32 : (apr_uint32_t)entry->packed_bytes,
                   zip64 ? ZIP_MAX32 : (apr_uint32_t)entry->bytes, *tail_bytes);
    if (zip64) {
        p = put16(p, EXTRA_ZIP64);
        p = put16(p, 16);
        p = put64(p, entry->bytes);
        put64(p, entry->packed_bytes);
    }
    return ZIP_LOCAL_BYTES;
}

apr_size_t zip_put_central(unsigned char *head, apr_size_t *tail_bytes, const cdist_entry_t *entry)
{
    apr_size_t name_bytes = strlen(entry->name);
    int folder = name_bytes > 0 && entry->name[name_bytes - 1] == '/';
    int wide_bytes = entry->bytes >= ZIP_MAX32, wide_packed = entry->packed_bytes >= ZIP_MAX32;
    int wide_offset = entry->offset >= ZIP_MAX32;
    apr_size_t fields = (apr_size_t)(wide_bytes + wide_packed + wide_offset);
    unsigned char *p = head;

    *tail_bytes = fields ? 4 + 8 * fields : 0;
    p = put32(p, ZIP_CENTRAL_SIG);
    p = put16(p, MADE_BY_UNIX);
    p = put_common(p, entry, cap32(entry->packed_bytes), cap32(entry->bytes), *tail_bytes);
    p = put16(p, 0);
    p = put16(p, 0);
    p = put16(p, 0);
    p = put32(p, (apr_uint64_t)entry->mode << 16 | (folder ? DOS_FOLDER : 0));
    p = put32(p, cap32(entry->offset));
    if (fields) {
        p = put16(p, EXTRA_ZIP64);
        p = put16(p, (apr_uint32_t)(8 * fields));
        if (wide_bytes) p = put64(p, entry->bytes);
        if (wide_packed) p = put64(p, entry->packed_bytes);
        if (wide_offset) put64(p, entry->offset);
    }
    return ZIP_CENTRAL_BYTES;
}

apr_size_t zip_put_end(unsigned char *out, apr_uint64_t entries, apr_uint64_t directory_bytes,
                       apr_uint64_t directory_offset)
{
    unsigned char *p = out;

    if (entries >= ZIP_MAX16 || directory_bytes >= ZIP_MAX32 || directory_offset >= ZIP_MAX32) {
        p = put32(p, ZIP_END64_SIG);
        p = put64(p, ZIP_END64_BYTES - 12);
        p = put16(p, MADE_BY_UNIX);
        p = put16(p, VERSION_ZIP64);
        p = put32(p, 0);
        p = put32(p, 0);
        p = put64(p, entries);
        p = put64(p, entries);
        p = put64(p, directory_bytes);
        p = put64(p, directory_offset);
        p = put32(p, ZIP_LOCATOR64_SIG);
        p = put32(p, 0);
        p = put64(p, directory_offset + directory_bytes);
        p = put32(p, 1);
    }
    p = put32(p, ZIP_END_SIG);
    p = put16(p, 0);
    p = put16(p, 0);
    p = put16(p, entries >= ZIP_MAX16 ? ZIP_MAX16 : (apr_uint32_t)entries);
    p = put16(p, entries >= ZIP_MAX16 ? ZIP_MAX16 : (apr_uint32_t)entries);
    p = put32(p, cap32(directory_bytes));
    p = put32(p, cap32(directory_offset));
    p = put16(p, 0);
    return (apr_size_t)(p - out);
}
