/* The form of a cache: what was found out about one file, and of which state of it. Numbers are little-endian, counts and
 * lengths seven bits a byte, the lowest first, as in DWARF's LEB128.
 *
 *   "1CDT" u8 format u32 CRC-32 of what follows
 *   u64 length of the file, i64 mtime, i64 ctime (ns), 16 bytes digest of the stats of the texts that speak of it, i64 when
 *       these were taken (ns)
 *   count of templates: u8 flags (1 .cfu, 2 distribution), text name, vendor, version, id, text member, number bytes,
 *       number day of release + 1 or 0, text platform, count of sources: u8 flags (1 other name, 2 other vendor), the names
 *       that are other, text version, id
 *   count of problems: texts
 *
 * text: length, UTF-8. id: u8 kind, then nothing (0, ""), 16 bytes (1, a GUID in small letters), or a text (2).
 *
 * - Another format than this one is no cache at all, whoever wrote it, and is written anew.
 * - It counts only if the file's change was 2 s old when it was looked at: a file that is changed twice within the clock's
 *   tick keeps its times.
 * - Anybody may have written it. What it says is checked as the file's own content would be, but it is believed. */
#include "templates_int.h"

#include <apr_strings.h>
#include <zlib.h>

#include <string.h>

#define START "1CDT"
#define FORMAT 1
#define HEAD_BYTES 9
#define MARK_BYTES 48
#define SETTLED_NS APR_INT64_C(2000000000)
#define TEXT_MAX 4096
#define DAY apr_time_from_sec(86400)

/* ---- writing --------------------------------------------------------------------------------------------------- */

typedef struct {
    unsigned char *bytes;
    apr_size_t length;
    int full;
} writer_t;

static void put(writer_t *writer, const void *bytes, apr_size_t length)
{
    if (writer->full || length > CACHE_MAX - writer->length) {
        writer->full = 1;
        return;
    }
    memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static void put_byte(writer_t *writer, int byte)
{
    unsigned char b = (unsigned char)byte;

    put(writer, &b, 1);
}

static void put_number(writer_t *writer, apr_uint64_t number)
{
    for (; number >= 0x80; number >>= 7) put_byte(writer, (int)(number & 0x7F) | 0x80);
    put_byte(writer, (int)number);
}

static void put_fixed(writer_t *writer, apr_uint64_t number, int bytes)
{
    for (; bytes > 0; bytes--, number >>= 8) put_byte(writer, (int)(number & 0xFF));
}

static void put_text(writer_t *writer, const char *text)
{
    apr_size_t length = strlen(text);

    if (length > TEXT_MAX) writer->full = 1;
    put_number(writer, length);
    put(writer, text, length);
}

static int hex_value(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int is_dash(int place)
{
    return place == 8 || place == 13 || place == 18 || place == 23;
}

/* 1 and the bytes of a GUID that is written as the platform writes it. */
static int guid_bytes(unsigned char *bytes, const char *text)
{
    int place, digits = 0;

    if (strlen(text) != CDIST_GUID_CHARS) return 0;
    memset(bytes, 0, 16);
    for (place = 0; place < CDIST_GUID_CHARS; place++) {
        int value = hex_value(text[place]);

        if (is_dash(place) ? text[place] != '-' : value < 0) return 0;
        if (is_dash(place)) continue;
        bytes[digits / 2] = (unsigned char)(bytes[digits / 2] << 4 | value);
        digits++;
    }
    return 1;
}

static void put_id(writer_t *writer, const char *id)
{
    unsigned char bytes[16];

    if (!*id) {
        put_byte(writer, 0);
    } else if (guid_bytes(bytes, id)) {
        put_byte(writer, 1);
        put(writer, bytes, sizeof bytes);
    } else {
        put_byte(writer, 2);
        put_text(writer, id);
    }
}

static void put_template(writer_t *writer, const cdist_template_t *template)
{
    int i;

    put_byte(writer, (template->kind == CDIST_FILE_CFU) | (template->distribution ? 2 : 0));
    put_text(writer, template->id.name);
    put_text(writer, template->id.vendor);
    put_text(writer, template->id.version);
    put_id(writer, template->id.version_id);
    put_text(writer, template->member);
    put_number(writer, template->bytes);
    put_number(writer, template->released == CDIST_UNDATED ? 0 : (apr_uint64_t)(template->released / DAY) + 1);
    put_text(writer, template->min_platform);
    put_number(writer, (apr_uint64_t)template->sources->nelts);
    for (i = 0; i < template->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t);
        int name = strcmp(source->name, template->id.name) != 0, vendor = strcmp(source->vendor, template->id.vendor) != 0;

        put_byte(writer, name | vendor << 1);
        if (name) put_text(writer, source->name);
        if (vendor) put_text(writer, source->vendor);
        put_text(writer, source->version);
        put_id(writer, source->version_id);
    }
}

static void put_mark(writer_t *writer, const mark_t *mark)
{
    put_fixed(writer, mark->bytes, 8);
    put_fixed(writer, (apr_uint64_t)mark->mtime_ns, 8);
    put_fixed(writer, (apr_uint64_t)mark->ctime_ns, 8);
    put(writer, mark->texts, sizeof mark->texts);
    put_fixed(writer, (apr_uint64_t)mark->looked_ns, 8);
}

const char *cdist_cache_format(apr_size_t *length, const mark_t *mark, const findings_t *findings, apr_pool_t *pool)
{
    writer_t writer = {apr_palloc(pool, CACHE_MAX), 0, 0};
    apr_uint32_t crc;
    int i;

    put(&writer, START, 4);
    put_byte(&writer, FORMAT);
    put_fixed(&writer, 0, 4);
    put_mark(&writer, mark);
    put_number(&writer, (apr_uint64_t)findings->templates->nelts);
    for (i = 0; i < findings->templates->nelts; i++) {
        put_template(&writer, &APR_ARRAY_IDX(findings->templates, i, cdist_template_t));
    }
    put_number(&writer, (apr_uint64_t)findings->problems->nelts);
    for (i = 0; i < findings->problems->nelts; i++) put_text(&writer, APR_ARRAY_IDX(findings->problems, i, const char *));
    if (writer.full) return NULL;
    crc = (apr_uint32_t)crc32(0, writer.bytes + HEAD_BYTES, (uInt)(writer.length - HEAD_BYTES));
    *length = writer.length;
    writer.length = HEAD_BYTES - 4;
    put_fixed(&writer, crc, 4);
    return (const char *)writer.bytes;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

/* Reading past the end, or what is malformed, gives zeros and "" from then on. */
typedef struct {
    const unsigned char *at, *end;
    int bad;
    apr_pool_t *pool;
} reader_t;

static const unsigned char *get(reader_t *reader, apr_size_t length)
{
    const unsigned char *at = reader->at;

    if (reader->bad || length > (apr_size_t)(reader->end - at)) {
        reader->bad = 1;
        return NULL;
    }
    reader->at += length;
    return at;
}

static int get_byte(reader_t *reader)
{
    const unsigned char *at = get(reader, 1);

    return at ? *at : 0;
}

static apr_uint64_t get_fixed(reader_t *reader, int bytes)
{
    const unsigned char *at = get(reader, (apr_size_t)bytes);
    apr_uint64_t number = 0;

    while (at && bytes-- > 0) number = number << 8 | at[bytes];
    return number;
}

/* A number up to `most`. */
static apr_uint64_t get_number(reader_t *reader, apr_uint64_t most)
{
    apr_uint64_t number = 0;
    int shift, byte = 0x80;

    for (shift = 0; shift < 63 && byte & 0x80; shift += 7) {
        byte = get_byte(reader);
        number |= (apr_uint64_t)(byte & 0x7F) << shift;
    }
    if (byte & 0x80 || number > most) reader->bad = 1;
    return reader->bad ? 0 : number;
}

static const char *get_text(reader_t *reader)
{
    apr_size_t length = (apr_size_t)get_number(reader, TEXT_MAX);
    const char *text = (const char *)get(reader, length);

    if (!text || memchr(text, '\0', length) || !cdist_text_is_utf8(text, length)) reader->bad = 1;
    return reader->bad ? "" : apr_pstrmemdup(reader->pool, text, length);
}

static const char *guid_text(const unsigned char *bytes, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, CDIST_GUID_CHARS + 1);
    int place, digits = 0;

    for (place = 0; place < CDIST_GUID_CHARS; place++) {
        if (is_dash(place)) {
            text[place] = '-';
            continue;
        }
        text[place] = "0123456789abcdef"[bytes[digits / 2] >> (digits % 2 ? 0 : 4) & 15];
        digits++;
    }
    text[CDIST_GUID_CHARS] = '\0';
    return text;
}

static const char *get_id(reader_t *reader)
{
    int kind = get_byte(reader);
    const unsigned char *bytes;

    if (kind == 0) return "";
    if (kind == 2) return get_text(reader);
    bytes = kind == 1 ? get(reader, 16) : NULL;
    if (!bytes) reader->bad = 1;
    return bytes ? guid_text(bytes, reader->pool) : "";
}

static void get_source(cdist_configuration_id_t *source, reader_t *reader, const cdist_template_t *template)
{
    int flags = get_byte(reader);

    if (flags > 3) reader->bad = 1;
    source->name = flags & 1 ? get_text(reader) : template->id.name;
    source->vendor = flags & 2 ? get_text(reader) : template->id.vendor;
    source->version = get_text(reader);
    source->version_id = get_id(reader);
}

static void get_template(cdist_template_t *template, reader_t *reader)
{
    int flags = get_byte(reader);
    apr_uint64_t day, count;

    if (flags > 3) reader->bad = 1;
    template->kind = flags & 1 ? CDIST_FILE_CFU : CDIST_FILE_CF;
    template->distribution = flags >> 1 & 1;
    template->id.name = get_text(reader);
    template->id.vendor = get_text(reader);
    template->id.version = get_text(reader);
    template->id.version_id = get_id(reader);
    template->member = get_text(reader);
    template->bytes = get_number(reader, APR_INT64_MAX);
    day = get_number(reader, 4000000);
    template->released = day ? (apr_time_t)(day - 1) * DAY : CDIST_UNDATED;
    template->min_platform = get_text(reader);
    for (count = get_number(reader, CACHE_MAX); count > 0 && !reader->bad; count--) {
        get_source(apr_array_push(template->sources), reader, template);
    }
}

int cdist_cache_parse_findings(findings_t *findings, const char *bytes, apr_size_t length)
{
    const unsigned char *start = (const unsigned char *)bytes;
    reader_t reader = {start, start + length, 0, findings->pool};
    apr_uint64_t count;

    for (count = get_number(&reader, CACHE_MAX); count > 0 && !reader.bad; count--) {
        get_template(cdist_findings_add(findings), &reader);
    }
    for (count = get_number(&reader, CACHE_MAX); count > 0 && !reader.bad; count--) {
        APR_ARRAY_PUSH(findings->problems, const char *) = get_text(&reader);
    }
    if (!reader.bad && reader.at == reader.end) return 1;
    findings->templates->nelts = findings->problems->nelts = 0;
    return 0;
}

static int is_of(const mark_t *mark, reader_t *reader)
{
    const unsigned char *texts;
    int same = get_fixed(reader, 8) == mark->bytes;

    same &= (apr_int64_t)get_fixed(reader, 8) == mark->mtime_ns;
    same &= (apr_int64_t)get_fixed(reader, 8) == mark->ctime_ns;
    texts = get(reader, sizeof mark->texts);
    same &= texts && memcmp(texts, mark->texts, sizeof mark->texts) == 0;
    /* NB: a time before the change would wrap around; it was no such file then. */
    return same && (apr_int64_t)(get_fixed(reader, 8) - (apr_uint64_t)mark->changed_ns) >= SETTLED_NS;
}

int cdist_cache_parse(findings_t *findings, const mark_t *mark, const char *bytes, apr_size_t length)
{
    const unsigned char *start = (const unsigned char *)bytes;
    reader_t reader = {start, start + length, 0, findings->pool};
    const unsigned char *head = get(&reader, 4);
    apr_uint32_t crc;

    if (!head || memcmp(head, START, 4) != 0 || get_byte(&reader) != FORMAT) return 0;
    crc = (apr_uint32_t)get_fixed(&reader, 4);
    if (reader.bad || length < HEAD_BYTES + MARK_BYTES || !is_of(mark, &reader)) return 0;
    if (crc != (apr_uint32_t)crc32(0, start + HEAD_BYTES, (uInt)(length - HEAD_BYTES))) return 0;
    return cdist_cache_parse_findings(findings, bytes + HEAD_BYTES + MARK_BYTES, length - HEAD_BYTES - MARK_BYTES);
}
