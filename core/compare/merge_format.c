/* The text that a comparison of three texts by line gives. Where a text ends without the end of its last line, and other lines
 * follow it now, it gets the end that the texts use. */
#include "cdist_compare_detail.h"

#include <string.h>

#define MARK_MINE "<<<<<<< mine"
#define MARK_BASE "||||||| base"
#define MARK_MIDDLE "======="
#define MARK_THEIRS ">>>>>>> theirs"

/* Written twice: first to measure, with no room. */
typedef struct {
    char *bytes;
    apr_size_t length;
    int open;           /* 1: the last line has no end yet */
    const char *usual;  /* what such a line gets when another follows */
} writer_t;

static void put(writer_t *writer, const char *bytes, apr_size_t length)
{
    if (writer->bytes && length > 0) memcpy(writer->bytes + writer->length, bytes, length);
    writer->length += length;
}

static void put_line(writer_t *writer, const char *text, apr_size_t length, apr_uint32_t end)
{
    if (writer->open) put(writer, writer->usual, strlen(writer->usual));
    put(writer, text, length);
    put(writer, end == 2 ? "\r\n" : "\n", end);
    writer->open = end == 0;
}

static void put_mark(writer_t *writer, const char *mark)
{
    put_line(writer, mark, strlen(mark), (apr_uint32_t)strlen(writer->usual));
}

static void put_span(writer_t *writer, const cdist_merge_text_t *text, cdist_span_t span)
{
    apr_uint32_t i;

    for (i = span.first; i < span.first + span.count; i++) {
        put_line(writer, text->lines[i].text, text->lines[i].length, text->lines[i].end);
    }
}

/* The end that a line gets which all have: that of the side that changed it, and the longer one where both did. */
static apr_uint32_t merged_end(apr_uint32_t base, apr_uint32_t mine, apr_uint32_t theirs)
{
    if (mine == base) return theirs;
    if (theirs == base) return mine;
    return mine > theirs ? mine : theirs;
}

static void put_common(writer_t *writer, const cdist_merge_t *merge, const cdist_region_t *region, int of_base)
{
    apr_uint32_t i;

    for (i = 0; i < region->mine.count; i++) {
        const cdist_merge_line_t *mine = &merge->mine.lines[region->mine.first + i];
        apr_uint32_t theirs = merge->theirs.lines[region->theirs.first + i].end;
        apr_uint32_t base = of_base ? merge->base.lines[region->base.first + i].end : 0;

        put_line(writer, mine->text, mine->length, merged_end(base, mine->end, theirs));
    }
}

static void put_conflict(writer_t *writer, const cdist_merge_t *merge, const cdist_region_t *region)
{
    put_mark(writer, MARK_MINE);
    put_span(writer, &merge->mine, region->mine);
    if (!merge->two_way) {
        put_mark(writer, MARK_BASE);
        put_span(writer, &merge->base, region->base);
    }
    put_mark(writer, MARK_MIDDLE);
    put_span(writer, &merge->theirs, region->theirs);
    put_mark(writer, MARK_THEIRS);
}

static void put_all(writer_t *writer, const cdist_merge_t *merge)
{
    int i;

    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);

        switch (region->cls) {
        case CDIST_CLASS_UNCHANGED: put_common(writer, merge, region, !merge->two_way); break;
        case CDIST_CLASS_IDENTICAL: put_common(writer, merge, region, 0); break;
        case CDIST_CLASS_MINE: put_span(writer, &merge->mine, region->mine); break;
        case CDIST_CLASS_THEIRS: put_span(writer, &merge->theirs, region->theirs); break;
        case CDIST_CLASS_CONFLICT: put_conflict(writer, merge, region); break;
        }
    }
}

/* The end of the first line, of whichever text has one. */
static const char *usual_end(const cdist_merge_t *merge)
{
    const cdist_merge_text_t *texts[] = {&merge->base, &merge->mine, &merge->theirs};
    int i;

    for (i = 0; i < 3; i++) {
        if (texts[i]->count > 0 && texts[i]->lines[0].end > 0) return texts[i]->lines[0].end == 2 ? "\r\n" : "\n";
    }
    return "\n";
}

const char *cdist_merge_format(apr_size_t *length, const cdist_merge_t *merge, apr_pool_t *pool)
{
    writer_t writer = {NULL, 0, 0, usual_end(merge)};

    put_all(&writer, merge);
    writer.bytes = apr_palloc(pool, writer.length + 1);
    writer.length = 0;
    writer.open = 0;
    put_all(&writer, merge);
    writer.bytes[writer.length] = '\0';
    if (length) *length = writer.length;
    return writer.bytes;
}
