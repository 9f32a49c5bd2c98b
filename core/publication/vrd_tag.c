/* The start tag of <point> as text: where its attributes stand, and the tag with other values. An XML parser has found it
 * well-formed, so there is nothing to check here but the end. */
#include "vrd_int.h"

#include <apr_strings.h>

#include <string.h>

#define BLANKS " \t\r\n"

/* One attribute, as places in the file. */
typedef struct {
    apr_size_t gap_at; /* where the blanks before its name begin */
    apr_size_t name_at, name_bytes;
    apr_size_t value_at, value_bytes; /* between the quotes */
} span_t;

static apr_size_t skip_blanks(const cdist_vrd_t *vrd, apr_size_t at, apr_size_t end)
{
    while (at < end && strchr(BLANKS, vrd->bytes[at])) at++;
    return at;
}

/* Finds the next attribute from *at on and leaves *at behind it; 0 at the end of the tag, with *at where its last blanks
 * begin. */
static int next_span(span_t *span, apr_size_t *at, const cdist_vrd_t *vrd)
{
    apr_size_t end = vrd->tag_at + vrd->tag_bytes, p = skip_blanks(vrd, *at, end);
    char quote;

    span->gap_at = *at;
    span->name_at = p;
    while (p < end && !strchr(BLANKS "=/>", vrd->bytes[p])) p++;
    span->name_bytes = p - span->name_at;
    p = skip_blanks(vrd, p, end);
    if (span->name_bytes == 0 || p >= end || vrd->bytes[p] != '=') return 0;
    p = skip_blanks(vrd, p + 1, end);
    if (p >= end) return 0;
    quote = vrd->bytes[p++];
    span->value_at = p;
    while (p < end && vrd->bytes[p] != quote) p++;
    span->value_bytes = p - span->value_at;
    *at = p < end ? p + 1 : end;
    return 1;
}

/* Behind the name of the element. */
static apr_size_t first_at(const cdist_vrd_t *vrd)
{
    apr_size_t end = vrd->tag_at + vrd->tag_bytes, p = vrd->tag_at;

    while (p < end && !strchr(BLANKS "/>", vrd->bytes[p])) p++;
    return p;
}

static int is_named(const cdist_vrd_t *vrd, const span_t *span, const char *name)
{
    return span->name_bytes == strlen(name) && memcmp(vrd->bytes + span->name_at, name, span->name_bytes) == 0;
}

int cdist_vrd_next_line(cdist_vrd_walk_t *walk, const cdist_vrd_t *vrd, const char *name)
{
    span_t span;

    if (!walk->at) {
        walk->at = first_at(vrd);
        walk->line = 1;
    }
    while (next_span(&span, &walk->at, vrd)) {
        if (!is_named(vrd, &span, name)) continue;
        for (; walk->counted < span.name_at; walk->counted++) walk->line += vrd->bytes[walk->counted] == '\n';
        return walk->line;
    }
    return 0;
}

static const char *escaped(const char *value, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 6 * strlen(value) + 1), *out = text;

    for (; *value; value++) {
        const char *entity = *value == '&' ? "&amp;" : *value == '<' ? "&lt;" : *value == '>' ? "&gt;" : *value == '"' ? "&quot;"
                             : *value == '\'' ? "&apos;" : NULL;

        if (entity) out = apr_cpystrn(out, entity, 7);
        else *out++ = *value;
    }
    *out = '\0';
    return text;
}

const char *cdist_vrd_attribute_text(const char *name, const char *value, apr_pool_t *pool)
{
    return apr_pstrcat(pool, name, "=\"", escaped(value, pool), "\"", NULL);
}

/* A text that grows; everything in it is part of the file or was made here. */
typedef struct {
    char *bytes;
    apr_size_t length;
} growing_t;

static void put(growing_t *out, const char *bytes, apr_size_t length)
{
    memcpy(out->bytes + out->length, bytes, length);
    out->length += length;
}

static void put_text(growing_t *out, const char *text)
{
    put(out, text, strlen(text));
}

/* The attributes that the tag does not have yet, each with the blanks that stand before the tag's last one. */
static void put_new(growing_t *out, const cdist_vrd_t *vrd, const char *const *values, const span_t *last, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (!values[i] || cdist_vrd_attribute(vrd, cdist_locations[i].attribute)) continue;
        if (last->name_bytes) put(out, vrd->bytes + last->gap_at, last->name_at - last->gap_at);
        else put_text(out, " ");
        put_text(out, cdist_vrd_attribute_text(cdist_locations[i].attribute, values[i], pool));
    }
}

void cdist_vrd_write(const char **bytes, apr_size_t *length, const cdist_vrd_t *vrd, const char *const *values,
                     apr_pool_t *pool)
{
    apr_size_t at = first_at(vrd), copied = 0, room = vrd->length + 1;
    span_t span, last = {0, 0, 0, 0, 0};
    growing_t out = {NULL, 0};
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (values[i]) room += vrd->tag_bytes + strlen(cdist_locations[i].attribute) + 6 * strlen(values[i]) + 4;
    }
    out.bytes = apr_palloc(pool, room);
    while (next_span(&span, &at, vrd)) {
        last = span;
        for (i = 0; i < CDIST_LOCATIONS; i++) {
            if (!values[i] || !is_named(vrd, &span, cdist_locations[i].attribute)) continue;
            put(&out, vrd->bytes + copied, span.value_at - copied);
            put_text(&out, escaped(values[i], pool));
            copied = span.value_at + span.value_bytes;
        }
    }
    put(&out, vrd->bytes + copied, at - copied);
    put_new(&out, vrd, values, &last, pool);
    put(&out, vrd->bytes + at, vrd->length - at);
    out.bytes[out.length] = '\0';
    *bytes = out.bytes;
    *length = out.length;
}
