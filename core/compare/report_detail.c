/* The page's detail: the texts of the three sides beside each other, region by region, and properties with their values. */
#include "report_int.h"

#include <apr_strings.h>

#include <string.h>

#define CONTEXT 3      /* unchanged lines shown around what changed */
#define MOST_LINES 500 /* of a region, on each side */
#define LINE_BYTES 4000
#define VALUE_BYTES 2000

static void open_table(cdist_report_t *report, const char *first, int two_way)
{
    cdist_report_put(report, "<table><thead><tr>");
    if (first) {
        cdist_report_put(report, "<th scope=\"col\">");
        cdist_report_word(report, first);
        cdist_report_put(report, "</th>");
    }
    cdist_report_put(report, "<th scope=\"col\">");
    cdist_report_word(report, "Mine");
    if (!two_way) {
        cdist_report_put(report, "</th><th scope=\"col\">");
        cdist_report_word(report, "Base");
    }
    cdist_report_put(report, "</th><th scope=\"col\">");
    cdist_report_word(report, "Theirs");
    cdist_report_put(report, "</th></tr></thead><tbody>\n");
}

static void open_row(cdist_report_t *report, cdist_class_t cls)
{
    cdist_report_put(report, "<tr class=\"");
    cdist_report_put(report, cdist_class_name(cls));
    cdist_report_put(report, "\">");
}

static void put_note(cdist_report_t *report, const char *word)
{
    cdist_report_put(report, "<p class=\"quiet\">");
    cdist_report_word(report, word);
    cdist_report_put(report, "</p>\n");
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

/* NB: of a line that nobody could read anyway the start is shown; no character is cut in two. */
static void put_line(cdist_report_t *report, const cdist_merge_line_t *line, apr_pool_t *pool)
{
    apr_size_t length = line->length;

    if (length > LINE_BYTES) {
        for (length = LINE_BYTES; length > LINE_BYTES - 4 && ((unsigned char)line->text[length] & 0xC0) == 0x80; ) length--;
    }
    cdist_report_text(report, line->text, length, pool);
    if (length < line->length) cdist_report_put(report, " …");
}

static void put_span(cdist_report_t *report, const cdist_merge_text_t *text, cdist_span_t span, apr_pool_t *pool)
{
    apr_uint32_t i;

    cdist_report_put(report, "<td class=\"text\">");
    for (i = 0; i < span.count && i < MOST_LINES && !cdist_report_is_full(report); i++) {
        if (i) cdist_report_put(report, "\n");
        put_line(report, &text->lines[span.first + i], pool);
    }
    if (i < span.count) {
        cdist_report_put(report, apr_psprintf(pool, "\n… %u ", span.count - i));
        cdist_report_word(report, "lines more");
    }
    cdist_report_put(report, "</td>");
}

static void put_region(cdist_report_t *report, const cdist_merge_t *merge, const cdist_region_t *region, apr_pool_t *pool)
{
    open_row(report, region->cls);
    put_span(report, &merge->mine, region->mine, pool);
    if (!merge->two_way) put_span(report, &merge->base, region->base, pool);
    put_span(report, &merge->theirs, region->theirs, pool);
    cdist_report_put(report, "</tr>\n");
}

static cdist_span_t part_of(cdist_span_t span, apr_uint32_t from, apr_uint32_t count)
{
    cdist_span_t part = {span.first + from, span.count ? count : 0};

    return part;
}

static void put_context(cdist_report_t *report, const cdist_merge_t *merge, const cdist_region_t *region, apr_uint32_t from,
                        apr_uint32_t count, apr_pool_t *pool)
{
    cdist_region_t shown = *region;

    if (count == 0) return;
    shown.base = part_of(region->base, from, count);
    shown.mine = part_of(region->mine, from, count);
    shown.theirs = part_of(region->theirs, from, count);
    put_region(report, merge, &shown, pool);
}

/* Of unchanged lines those next to what changed; how many there are between is told. */
static void put_unchanged(cdist_report_t *report, const cdist_merge_t *merge, int index, apr_pool_t *pool)
{
    const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, index, cdist_region_t);
    apr_uint32_t count = region->mine.count, before = index > 0 ? CONTEXT : 0;
    apr_uint32_t after = index + 1 < merge->regions->nelts ? CONTEXT : 0;

    if (count <= before + after + 1) {
        put_context(report, merge, region, 0, count, pool);
        return;
    }
    put_context(report, merge, region, 0, before, pool);
    cdist_report_put(report, apr_psprintf(pool, "<tr class=\"unchanged\"><td colspan=\"%d\">… %u ", merge->two_way ? 2 : 3,
                                          count - before - after));
    cdist_report_word(report, "lines unchanged");
    cdist_report_put(report, "</td></tr>\n");
    put_context(report, merge, region, count - after, after, pool);
}

static void put_lines(cdist_report_t *report, const cdist_merge_t *merge, apr_pool_t *pool)
{
    int i, changed = 0;

    for (i = 0; i < merge->regions->nelts; i++) {
        changed |= APR_ARRAY_IDX(merge->regions, i, cdist_region_t).cls != CDIST_CLASS_UNCHANGED;
    }
    if (!changed) {
        put_note(report, "Only the ends of lines differ here.");
        return;
    }
    if (merge->coarse) {
        put_note(report, "The texts differ too much to be compared to the end: regions are larger than they had to be.");
    }
    open_table(report, NULL, merge->two_way);
    for (i = 0; i < merge->regions->nelts && !cdist_report_is_full(report); i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);

        if (region->cls == CDIST_CLASS_UNCHANGED) put_unchanged(report, merge, i, pool);
        else put_region(report, merge, region, pool);
    }
    cdist_report_put(report, "</tbody></table>\n");
}

/* ---- properties ------------------------------------------------------------------------------------------------ */

static void put_value(cdist_report_t *report, const cdist_brace_tree_t *tree, apr_uint32_t node, apr_pool_t *pool)
{
    cdist_report_put(report, "<td class=\"text\">");
    if (node == CDIST_BRACE_NONE) {
        cdist_report_put(report, "<span class=\"quiet\">");
        cdist_report_word(report, "is not there");
        cdist_report_put(report, "</span>");
    } else {
        cdist_report_string(report, cdist_brace_show(tree, node, VALUE_BYTES, pool), pool);
    }
    cdist_report_put(report, "</td>");
}

/* The name where there is one, and the place; whose property it is. */
static void put_label(cdist_report_t *report, const cdist_property_t *property, apr_pool_t *pool)
{
    if (*property->name) {
        if (cdist_report_russian(property->name)) cdist_report_word(report, property->name);
        else cdist_report_string(report, property->name, pool);
        cdist_report_put(report, " ");
    }
    cdist_report_put(report, "<span class=\"quiet\">");
    cdist_report_string(report, property->path, pool);
    cdist_report_put(report, "</span>");
    if (property->order) {
        cdist_report_put(report, " ");
        cdist_report_word(report, "order of items");
    }
    if (!property->named) return;
    cdist_report_put(report, "<br>");
    cdist_report_names(report, cdist_names_qualified(property->named, 1, pool), cdist_names_qualified(property->named, 0, pool),
                       pool);
}

static void put_property(cdist_report_t *report, const cdist_brace_diff_t *diff, const cdist_property_t *property,
                         apr_pool_t *pool)
{
    open_row(report, property->cls);
    cdist_report_put(report, "<td>");
    put_label(report, property, pool);
    cdist_report_put(report, "</td>");
    put_value(report, diff->mine, property->mine, pool);
    if (diff->base) put_value(report, diff->base, property->base, pool);
    put_value(report, diff->theirs, property->theirs, pool);
    cdist_report_put(report, "</tr>\n");
}

/* Texts of several lines, such as modules of forms, go behind the table, line by line. */
static void put_properties(cdist_report_t *report, const cdist_brace_diff_t *diff, apr_pool_t *pool)
{
    const cdist_property_t *properties = (const cdist_property_t *)diff->properties->elts;
    apr_array_header_t *merges = apr_array_make(pool, diff->properties->nelts + 1, sizeof(cdist_merge_t *));
    int i, rows = 0;

    for (i = 0; i < diff->properties->nelts; i++) {
        cdist_merge_t *merge;

        if (cdist_property_lines(&merge, diff, &properties[i], pool) != NULL) merge = NULL;
        APR_ARRAY_PUSH(merges, cdist_merge_t *) = merge;
        rows += merge == NULL;
    }
    if (rows) open_table(report, "Property", diff->base == NULL);
    for (i = 0; i < diff->properties->nelts && !cdist_report_is_full(report); i++) {
        if (!APR_ARRAY_IDX(merges, i, cdist_merge_t *)) put_property(report, diff, &properties[i], pool);
    }
    if (rows) cdist_report_put(report, "</tbody></table>\n");
    if (diff->cut) put_note(report, "There are more differences than are listed here.");
    for (i = 0; i < diff->properties->nelts && !cdist_report_is_full(report); i++) {
        if (!APR_ARRAY_IDX(merges, i, cdist_merge_t *)) continue;
        cdist_report_put(report, "<h3>");
        put_label(report, &properties[i], pool);
        cdist_report_put(report, "</h3>\n");
        put_lines(report, APR_ARRAY_IDX(merges, i, cdist_merge_t *), pool);
    }
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

static void put_size(cdist_report_t *report, apr_int64_t bytes, apr_pool_t *pool)
{
    cdist_report_put(report, "<td>");
    if (bytes < 0) {
        cdist_report_word(report, "is not there");
    } else {
        cdist_report_put(report, apr_psprintf(pool, "%" APR_INT64_T_FMT " ", bytes));
        cdist_report_word(report, "bytes");
    }
    cdist_report_put(report, "</td>");
}

static void put_sizes(cdist_report_t *report, const cdist_detail_t *detail, apr_pool_t *pool)
{
    open_table(report, NULL, report->two_way);
    open_row(report, detail->cls);
    put_size(report, detail->mine_bytes, pool);
    if (!report->two_way) put_size(report, detail->base_bytes, pool);
    put_size(report, detail->theirs_bytes, pool);
    cdist_report_put(report, "</tr>\n</tbody></table>\n");
}

void cdist_report_details(cdist_report_t *report, const apr_array_header_t *details, apr_pool_t *scratch_pool)
{
    int i;

    for (i = 0; i < details->nelts && !cdist_report_is_full(report); i++) {
        const cdist_detail_t *detail = &APR_ARRAY_IDX(details, i, cdist_detail_t);

        if (*detail->part) {
            cdist_report_put(report, "<p class=\"quiet\">");
            cdist_report_string(report, detail->part, scratch_pool);
            cdist_report_put(report, "</p>\n");
        }
        if (detail->problem) {
            cdist_report_put(report, "<p><strong>");
            cdist_report_string(report, detail->problem, scratch_pool);
            cdist_report_put(report, "</strong></p>\n");
        }
        switch (detail->kind) {
        case CDIST_DETAIL_LINES: put_lines(report, detail->merge, scratch_pool); break;
        case CDIST_DETAIL_PROPERTIES: put_properties(report, detail->properties, scratch_pool); break;
        case CDIST_DETAIL_BYTES: put_sizes(report, detail, scratch_pool); break;
        }
    }
}
