/* Text files as lines, kept so that they can be written back: encoding, BOM, line ends and all that nobody understood.
 * A line ends in LF or CRLF, each for itself; a CR alone is part of the text. */
#include "cdist_base.h"

#include <apr_strings.h>

#include <string.h>

static cdist_err_t *refuse(const char *path, int line, const char *why, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s:%d: %s", cdist_text_printable(path, pool), line, why);
}

/* What stands in the way of writing the text back; NULL if nothing does. */
static cdist_err_t *check_utf8(const char *bytes, apr_size_t length, const char *path, apr_pool_t *pool)
{
    apr_size_t start = 0;
    int line;

    for (line = 1; start < length; line++) {
        const char *newline = memchr(bytes + start, '\n', length - start);
        apr_size_t end = newline ? (apr_size_t)(newline - bytes) : length;

        if (memchr(bytes + start, '\0', end - start)) {
            return refuse(path, line, "holds a NUL character; save the file as UTF-8, or as UTF-16LE with a byte order mark",
                          pool);
        }
        if (!cdist_text_is_utf8(bytes + start, end - start)) {
            return refuse(path, line, "is not UTF-8; save the file as UTF-8, or as UTF-16LE with a byte order mark", pool);
        }
        start = end + 1;
    }
    return NULL;
}

static cdist_err_t *check_utf16(const unsigned char *s, apr_size_t length, const char *path, apr_pool_t *pool)
{
    apr_size_t i;
    int line = 1, high = 0;

    for (i = 0; i + 1 < length; i += 2) {
        unsigned unit = (unsigned)s[i] | (unsigned)s[i + 1] << 8;

        if (high != (unit >= 0xDC00 && unit <= 0xDFFF)) return refuse(path, line, "holds half a character of UTF-16", pool);
        high = unit >= 0xD800 && unit <= 0xDBFF;
        if (unit == 0) return refuse(path, line, "holds a NUL character", pool);
        if (unit == '\n') line++;
    }
    if (high || length % 2) return refuse(path, line, "the file ends in the middle of a character of UTF-16", pool);
    return NULL;
}

/* Cuts `text` in place. */
static void cut(cdist_lines_t *lines, char *text)
{
    while (*text) {
        cdist_line_t *line = apr_array_push(lines->lines);
        char *end = strchr(text, '\n');

        line->text = text;
        line->end = "";
        if (!end) return;
        line->end = "\n";
        *end = '\0';
        if (end > text && end[-1] == '\r') {
            end[-1] = '\0';
            line->end = "\r\n";
        }
        text = end + 1;
    }
}

cdist_err_t *cdist_lines_parse(cdist_lines_t **lines, const char *bytes, apr_size_t length, const char *path,
                               apr_pool_t *pool)
{
    cdist_lines_t *made = apr_pcalloc(pool, sizeof *made);
    const unsigned char *s = (const unsigned char *)bytes;
    int utf8_bom = length >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0;

    if (length >= 2 && s[0] == 0xFE && s[1] == 0xFF) {
        return refuse(path, 1, "is UTF-16BE; save the file as UTF-8, or as UTF-16LE with a byte order mark", pool);
    }
    made->path = apr_pstrdup(pool, path);
    made->utf16 = length >= 2 && s[0] == 0xFF && s[1] == 0xFE;
    made->bom = made->utf16 || utf8_bom;
    if (made->utf16) CDIST_ERR(check_utf16(s + 2, length - 2, path, pool));
    else CDIST_ERR(check_utf8(bytes + (utf8_bom ? 3 : 0), length - (utf8_bom ? 3 : 0), path, pool));
    made->lines = apr_array_make(pool, 32, sizeof(cdist_line_t));
    cut(made, apr_pstrdup(pool, cdist_text_decode(bytes, length, pool)));
    *lines = made;
    return NULL;
}

/* How a new line ends: as the line before it, else as the file's first. */
static const char *end_of(const cdist_lines_t *lines, const cdist_line_t *before)
{
    if (before && *before->end) return before->end;
    if (lines->lines->nelts && *APR_ARRAY_IDX(lines->lines, 0, cdist_line_t).end) {
        return APR_ARRAY_IDX(lines->lines, 0, cdist_line_t).end;
    }
    return lines->utf16 ? "\r\n" : "\n";
}

/* NB: the new line shares the place of the one before it, so that every other line keeps its number, and adding thousands of them
 * takes no longer than reading the file. */
void cdist_lines_add(cdist_lines_t *lines, int after, const char *text, apr_pool_t *pool)
{
    cdist_line_t *line;

    if (!lines->lines->nelts) {
        line = apr_array_push(lines->lines);
        line->text = apr_pstrdup(pool, text);
        line->end = lines->utf16 ? "\r\n" : "\n";
        return;
    }
    line = &APR_ARRAY_IDX(lines->lines, after - 1, cdist_line_t);
    line->text = apr_pstrcat(pool, line->text, end_of(lines, line), text, NULL);
}

const char *cdist_lines_format(apr_size_t *length, const cdist_lines_t *lines, apr_pool_t *pool)
{
    apr_size_t total = 3, step;
    char *text, *out;
    int i;

    for (i = 0; i < lines->lines->nelts; i++) {
        const cdist_line_t *line = &APR_ARRAY_IDX(lines->lines, i, cdist_line_t);
        total += strlen(line->text) + strlen(line->end);
    }
    text = out = apr_palloc(pool, total + 1);
    if (lines->bom) {
        memcpy(out, "\xEF\xBB\xBF", 3);
        out += 3;
    }
    for (i = 0; i < lines->lines->nelts; i++) {
        const cdist_line_t *line = &APR_ARRAY_IDX(lines->lines, i, cdist_line_t);

        memcpy(out, line->text, step = strlen(line->text));
        out += step;
        memcpy(out, line->end, step = strlen(line->end));
        out += step;
    }
    *out = '\0';
    *length = (apr_size_t)(out - text);
    return lines->utf16 ? cdist_text_encode_utf16(length, text, pool) : text;
}
