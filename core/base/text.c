/* Encodings of the small text files and names that come from outside. */
#include "cdist_base.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <errno.h>
#include <string.h>

/* Length of the well-formed UTF-8 sequence at `s`, 0 if there is none (Unicode 15, table 3-7). */
static apr_size_t sequence_length(const unsigned char *s, apr_size_t left)
{
    if (s[0] < 0x80) return 1;
    if (left >= 2 && s[0] >= 0xC2 && s[0] <= 0xDF && (s[1] & 0xC0) == 0x80) return 2;
    if (left >= 3 && (s[0] & 0xF0) == 0xE0 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80) {
        if ((s[0] == 0xE0 && s[1] < 0xA0) || (s[0] == 0xED && s[1] > 0x9F)) return 0;
        return 3;
    }
    if (left >= 4 && s[0] >= 0xF0 && s[0] <= 0xF4 && (s[1] & 0xC0) == 0x80 && (s[2] & 0xC0) == 0x80 &&
        (s[3] & 0xC0) == 0x80) {
        if ((s[0] == 0xF0 && s[1] < 0x90) || (s[0] == 0xF4 && s[1] > 0x8F)) return 0;
        return 4;
    }
    return 0;
}

int cdist_text_is_utf8(const char *bytes, apr_size_t length)
{
    const unsigned char *s = (const unsigned char *)bytes;

    while (length > 0) {
        apr_size_t step = sequence_length(s, length);
        if (step == 0) return 0;
        s += step;
        length -= step;
    }
    return 1;
}

static char *put_code_point(char *out, apr_uint32_t c)
{
    if (c < 0x80) {
        *out++ = (char)c;
    } else if (c < 0x800) {
        *out++ = (char)(0xC0 | (c >> 6));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        *out++ = (char)(0xE0 | (c >> 12));
        *out++ = (char)(0x80 | ((c >> 6) & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    } else {
        *out++ = (char)(0xF0 | (c >> 18));
        *out++ = (char)(0x80 | ((c >> 12) & 0x3F));
        *out++ = (char)(0x80 | ((c >> 6) & 0x3F));
        *out++ = (char)(0x80 | (c & 0x3F));
    }
    return out;
}

static const char *decode_utf16le(const unsigned char *s, apr_size_t length, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, length / 2 * 3 + 1), *out = text;
    apr_size_t i;

    for (i = 0; i + 1 < length; i += 2) {
        apr_uint32_t c = (apr_uint32_t)(s[i] | s[i + 1] << 8);

        if (c >= 0xD800 && c <= 0xDBFF && i + 3 < length && (s[i + 3] & 0xFC) == 0xDC) {
            c = 0x10000 + ((c - 0xD800) << 10) + (apr_uint32_t)((s[i + 2] | s[i + 3] << 8) - 0xDC00);
            i += 2;
        } else if (c >= 0xD800 && c <= 0xDFFF) {
            c = 0xFFFD;
        }
        if (c != 0) out = put_code_point(out, c);
    }
    *out = '\0';
    return text;
}

const char *cdist_text_decode(const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    const unsigned char *s = (const unsigned char *)bytes;
    char *text, *out;
    apr_size_t i;
    int utf8;

    if (length >= 2 && s[0] == 0xFF && s[1] == 0xFE) return decode_utf16le(s + 2, length - 2, pool);
    if (length >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0) {
        s += 3;
        length -= 3;
    }
    utf8 = cdist_text_is_utf8((const char *)s, length);
    text = out = apr_palloc(pool, length * 3 + 1);
    for (i = 0; i < length; i++) {
        if (s[i] == 0) continue;
        if (utf8 || s[i] < 0x80) *out++ = (char)s[i];
        else out = put_code_point(out, 0xFFFD);
    }
    *out = '\0';
    return text;
}

/* The code point of a well-formed sequence. */
static apr_uint32_t code_point(const unsigned char *s, apr_size_t step)
{
    if (step == 1) return s[0];
    if (step == 2) return (apr_uint32_t)(s[0] & 0x1F) << 6 | (s[1] & 0x3Fu);
    if (step == 3) return (apr_uint32_t)(s[0] & 0x0F) << 12 | (apr_uint32_t)(s[1] & 0x3F) << 6 | (s[2] & 0x3Fu);
    return (apr_uint32_t)(s[0] & 0x07) << 18 | (apr_uint32_t)(s[1] & 0x3F) << 12 | (apr_uint32_t)(s[2] & 0x3F) << 6 |
           (s[3] & 0x3Fu);
}

static char *put_unit(char *out, apr_uint32_t unit)
{
    *out++ = (char)(unit & 0xFF);
    *out++ = (char)(unit >> 8);
    return out;
}

const char *cdist_text_encode_utf16(apr_size_t *length, const char *text, apr_pool_t *pool)
{
    const unsigned char *s = (const unsigned char *)text;
    apr_size_t left = strlen(text);
    char *units = apr_palloc(pool, left * 2 + 1), *out = units;

    while (left > 0) {
        apr_size_t step = sequence_length(s, left);
        apr_uint32_t c = step ? code_point(s, step) : 0xFFFD;

        if (c >= 0x10000) out = put_unit(out, 0xD800 + ((c - 0x10000) >> 10));
        out = put_unit(out, c < 0x10000 ? c : 0xDC00 + ((c - 0x10000) & 0x3FF));
        if (!step) step = 1;
        s += step;
        left -= step;
    }
    *length = (apr_size_t)(out - units);
    return units;
}

/* Code page 1251 from 0x80 to 0xBF (Unicode's mapping table CP1251.TXT); from 0xC0 on the Russian letters follow each other. */
static const apr_uint16_t cp1251[] = {
    0x0402, 0x0403, 0x201A, 0x0453, 0x201E, 0x2026, 0x2020, 0x2021,
    0x20AC, 0x2030, 0x0409, 0x2039, 0x040A, 0x040C, 0x040B, 0x040F,
    0x0452, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
    0xFFFD, 0x2122, 0x0459, 0x203A, 0x045A, 0x045C, 0x045B, 0x045F,
    0x00A0, 0x040E, 0x045E, 0x0408, 0x00A4, 0x0490, 0x00A6, 0x00A7,
    0x0401, 0x00A9, 0x0404, 0x00AB, 0x00AC, 0x00AD, 0x00AE, 0x0407,
    0x00B0, 0x00B1, 0x0406, 0x0456, 0x0491, 0x00B5, 0x00B6, 0x00B7,
    0x0451, 0x2116, 0x0454, 0x00BB, 0x0458, 0x0405, 0x0455, 0x0457};

const char *cdist_text_decode_cp1251(const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    const unsigned char *s = (const unsigned char *)bytes;
    char *text, *out;
    apr_size_t i;

    if (cdist_text_is_utf8(bytes, length) || (length >= 2 && s[0] == 0xFF && s[1] == 0xFE) ||
        (length >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0)) {
        return cdist_text_decode(bytes, length, pool);
    }
    text = out = apr_palloc(pool, length * 3 + 1);
    for (i = 0; i < length; i++) {
        if (s[i] == 0) continue;
        out = put_code_point(out, s[i] < 0x80 ? s[i] : s[i] < 0xC0 ? cp1251[s[i] - 0x80] : 0x0410u + s[i] - 0xC0);
    }
    *out = '\0';
    return text;
}

/* Characters of UTF-8 that a terminal obeys, or that reorder what stands around them: U+0080 to U+009F, U+061C, U+200E, U+200F,
 * U+202A to U+202E, U+2066 to U+2069. */
static int is_obeyed(const unsigned char *s, apr_size_t length)
{
    if (length == 2) return (s[0] == 0xC2 && s[1] < 0xA0) || (s[0] == 0xD8 && s[1] == 0x9C);
    if (length != 3 || s[0] != 0xE2) return 0;
    if (s[1] == 0x80) return s[2] == 0x8E || s[2] == 0x8F || (s[2] >= 0xAA && s[2] <= 0xAE);
    return s[1] == 0x81 && s[2] >= 0xA6 && s[2] <= 0xA9;
}

const char *cdist_text_printable(const char *name, apr_pool_t *pool)
{
    const unsigned char *s = (const unsigned char *)name;
    apr_size_t left = strlen(name);
    char *text = apr_palloc(pool, left * 4 + 1), *out = text;

    while (left > 0) {
        apr_size_t step = sequence_length(s, left);

        if (step == 0 || *s < 0x20 || *s == 0x7F || is_obeyed(s, step)) {
            out += apr_snprintf(out, 5, "\\x%02X", *s);
            step = 1;
        } else {
            memcpy(out, s, step);
            out += step;
        }
        s += step;
        left -= step;
    }
    *out = '\0';
    return text;
}

int cdist_number_parse(int *number, const char *text, int least, int most)
{
    char *end;
    apr_int64_t value = apr_strtoi64(text, &end, 10);

    if (end == text || *end || value < least || value > most) return 0;
    *number = (int)value;
    return 1;
}

int cdist_size_parse(apr_uint64_t *bytes, const char *text)
{
    static const char units[] = "KMGT";
    const char *unit;
    apr_int64_t number;
    char *end;
    int shift = 0;

    if (strcasecmp(text, "none") == 0) {
        *bytes = 0;
        return 1;
    }
    if (*text < '0' || *text > '9') return 0;
    errno = 0;
    number = apr_strtoi64(text, &end, 10);
    if (errno) return 0;
    if (*end) {
        unit = strchr(units, apr_toupper(*end));
        if (!unit || end[1]) return 0;
        shift = 10 * (int)(unit - units + 1);
    }
    if (number > (APR_INT64_MAX >> shift)) return 0;
    *bytes = (apr_uint64_t)number << shift;
    return 1;
}

const char *cdist_size_format(apr_uint64_t bytes, apr_pool_t *pool)
{
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    int unit = 0;

    for (; bytes > 0 && bytes % 1024 == 0 && unit < 4; unit++) bytes /= 1024;
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT " %s", bytes, units[unit]);
}

apr_array_header_t *cdist_names_dup(const apr_array_header_t *names, apr_pool_t *pool)
{
    apr_array_header_t *copy;
    int i;

    if (!names) return NULL;
    copy = apr_array_make(pool, names->nelts, sizeof(const char *));
    for (i = 0; i < names->nelts; i++) {
        APR_ARRAY_PUSH(copy, const char *) = apr_pstrdup(pool, APR_ARRAY_IDX(names, i, const char *));
    }
    return copy;
}

int cdist_text_is_guid(const char *text, apr_size_t length)
{
    apr_size_t i;

    if (length != CDIST_GUID_CHARS) return 0;
    for (i = 0; i < length; i++) {
        int dash = i == 8 || i == 13 || i == 18 || i == 23;

        if (dash ? text[i] != '-' : !apr_isxdigit(text[i])) return 0;
    }
    return 1;
}
