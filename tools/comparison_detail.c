/* What `compare --level property` tells of an entry that differs: lines of modules, properties of objects. */
#include "comparison_int.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

#define VALUE_BYTES 4000 /* of a property, for programs */
#define SHOWN_BYTES 60   /* for people */

/* UTF-8 as it is, whatever else is in it: texts keep their line ends. */
static json_t *text_json(const char *text, apr_size_t length, apr_pool_t *pool)
{
    return json_string(cdist_text_decode(text, length, pool));
}

/* ---- lines ----------------------------------------------------------------------------------------------------- */

static json_t *span_json(const cdist_merge_text_t *text, cdist_span_t span, apr_pool_t *pool)
{
    json_t *object = json_object();
    const char *start = span.count ? text->lines[span.first].text : "";
    const cdist_merge_line_t *last = span.count ? &text->lines[span.first + span.count - 1] : NULL;
    apr_size_t length = last ? (apr_size_t)(last->text + last->length + last->end - start) : 0;

    json_object_set_new(object, "line", json_integer((json_int_t)span.first + 1));
    json_object_set_new(object, "lines", json_integer(span.count));
    json_object_set_new(object, "text", text_json(start, length, pool));
    return object;
}

/* The regions that changed: the lines of all sides, counted from 1 on. */
static json_t *regions_json(const cdist_merge_t *merge, apr_pool_t *pool)
{
    json_t *regions = json_array();
    int i;

    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);
        json_t *object;

        if (region->cls == CDIST_CLASS_UNCHANGED) continue;
        object = json_object();
        json_object_set_new(object, "class", json_string(cdist_class_name(region->cls)));
        if (!merge->two_way) json_object_set_new(object, "base", span_json(&merge->base, region->base, pool));
        json_object_set_new(object, "mine", span_json(&merge->mine, region->mine, pool));
        json_object_set_new(object, "theirs", span_json(&merge->theirs, region->theirs, pool));
        json_array_append_new(regions, object);
    }
    return regions;
}

static void put_lines(json_t *object, const cdist_merge_t *merge, apr_pool_t *pool)
{
    json_object_set_new(object, "conflicts", json_integer(merge->conflicts));
    if (merge->coarse) json_object_set_new(object, "coarse", json_true());
    if (merge->mine_ends || merge->theirs_ends) {
        json_object_set_new(object, "line_ends", json_pack("{s:i,s:i}", "mine", (int)merge->mine_ends, "theirs",
                                                           (int)merge->theirs_ends));
    }
    json_object_set_new(object, "regions", regions_json(merge, pool));
}

/* A line of a module as a terminal can show it. */
static const char *shown_line(const cdist_merge_line_t *line, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, (apr_size_t)line->length * 4 + 1), *to = text;
    apr_uint32_t i;

    for (i = 0; i < line->length; i++) {
        apr_size_t width = line->text[i] == '\t' ? 4 : 1;

        memset(to, width == 4 ? ' ' : line->text[i], width);
        to += width;
    }
    *to = '\0';
    return cdist_text_printable(text, pool);
}

static void print_span(const char *side, const cdist_merge_text_t *text, cdist_span_t span, apr_pool_t *pool)
{
    apr_uint32_t i;

    for (i = span.first; i < span.first + span.count; i++) {
        const cdist_merge_line_t *line = &text->lines[i];

        printf("        %-6s %5u | %s\n", side, i + 1, shown_line(line, pool));
    }
}

static void print_lines(const cdist_merge_t *merge, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < merge->regions->nelts; i++) {
        const cdist_region_t *region = &APR_ARRAY_IDX(merge->regions, i, cdist_region_t);

        if (region->cls == CDIST_CLASS_UNCHANGED) continue;
        printf("      %s\n", cdist_class_name(region->cls));
        print_span("base", &merge->base, region->base, pool);
        if (region->cls != CDIST_CLASS_THEIRS) print_span("mine", &merge->mine, region->mine, pool);
        if (region->cls != CDIST_CLASS_MINE && region->cls != CDIST_CLASS_IDENTICAL) {
            print_span("theirs", &merge->theirs, region->theirs, pool);
        }
    }
}

/* ---- properties ------------------------------------------------------------------------------------------------ */

static void put_value(json_t *object, const char *key, const cdist_brace_tree_t *tree, apr_uint32_t node, apr_pool_t *pool)
{
    const char *text;

    if (node == CDIST_BRACE_NONE) {
        json_object_set_new(object, key, json_null());
        return;
    }
    text = cdist_brace_show(tree, node, VALUE_BYTES, pool);
    json_object_set_new(object, key, text_json(text, strlen(text), pool));
}

static const char *object_name(const cdist_property_t *property, int russian, apr_pool_t *pool)
{
    if (!property->named) return property->object;
    return cdist_text_printable(cdist_names_qualified(property->named, russian, pool), pool);
}

static json_t *property_json(const cdist_brace_diff_t *diff, const cdist_property_t *property, apr_pool_t *pool)
{
    json_t *object = json_object();
    cdist_merge_t *merge;

    json_object_set_new(object, "path", json_string(property->path));
    json_object_set_new(object, "name", json_string(property->name));
    json_object_set_new(object, "object", json_string(object_name(property, 1, pool)));
    json_object_set_new(object, "object_en", json_string(object_name(property, 0, pool)));
    json_object_set_new(object, "class", json_string(cdist_class_name(property->cls)));
    json_object_set_new(object, "twice", json_boolean(property->cls == CDIST_CLASS_CONFLICT));
    if (property->order) json_object_set_new(object, "order", json_true());
    if (diff->base) put_value(object, "base", diff->base, property->base, pool);
    put_value(object, "mine", diff->mine, property->mine, pool);
    put_value(object, "theirs", diff->theirs, property->theirs, pool);
    if (cdist_property_lines(&merge, diff, property, pool) == NULL && merge) put_lines(object, merge, pool);
    return object;
}

static void put_properties(json_t *object, const cdist_brace_diff_t *diff, apr_pool_t *pool)
{
    json_t *list = json_array();
    int i;

    for (i = 0; i < diff->properties->nelts; i++) {
        json_array_append_new(list, property_json(diff, &APR_ARRAY_IDX(diff->properties, i, cdist_property_t), pool));
    }
    json_object_set_new(object, "conflicts", json_integer(diff->conflicts));
    if (diff->cut) json_object_set_new(object, "cut", json_true());
    json_object_set_new(object, "properties", list);
}

static const char *shown(const cdist_brace_tree_t *tree, apr_uint32_t node, apr_pool_t *pool)
{
    return tree && node != CDIST_BRACE_NONE ? cdist_text_printable(cdist_brace_show(tree, node, SHOWN_BYTES, pool), pool) : "-";
}

static void print_properties(const cdist_brace_diff_t *diff, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < diff->properties->nelts; i++) {
        const cdist_property_t *property = &APR_ARRAY_IDX(diff->properties, i, cdist_property_t);
        cdist_merge_t *merge;

        printf("    %-9s %s%s%s%s%s%s:", cdist_class_name(property->cls), property->path, *property->name ? " " : "",
               property->name, property->order ? " (order)" : "", *property->object ? " of " : "",
               object_name(property, 1, pool));
        if (cdist_property_lines(&merge, diff, property, pool) == NULL && merge) {
            putchar('\n');
            print_lines(merge, pool);
            continue;
        }
        printf(" %s | %s | %s\n", shown(diff->base, property->base, pool), shown(diff->mine, property->mine, pool),
               shown(diff->theirs, property->theirs, pool));
    }
}

/* ---- an entry -------------------------------------------------------------------------------------------------- */

static void put_size(json_t *object, const char *key, apr_int64_t bytes)
{
    json_object_set_new(object, key, bytes < 0 ? json_null() : json_integer((json_int_t)bytes));
}

static json_t *detail_json(const cdist_detail_t *detail, apr_pool_t *pool)
{
    json_t *object = json_object();

    json_object_set_new(object, "part", json_string(cdist_text_printable(detail->part, pool)));
    json_object_set_new(object, "kind", json_string(cdist_detail_kind_name(detail->kind)));
    json_object_set_new(object, "class", json_string(cdist_class_name(detail->cls)));
    if (detail->problem) json_object_set_new(object, "problem", json_string(detail->problem));
    if (detail->kind == CDIST_DETAIL_LINES) put_lines(object, detail->merge, pool);
    if (detail->kind == CDIST_DETAIL_PROPERTIES) put_properties(object, detail->properties, pool);
    if (detail->kind == CDIST_DETAIL_BYTES) {
        put_size(object, "base_bytes", detail->base_bytes);
        put_size(object, "mine_bytes", detail->mine_bytes);
        put_size(object, "theirs_bytes", detail->theirs_bytes);
    }
    return object;
}

/* NB: an entry that cannot be read is told as an error of its item. */
static const char *read_details(const apr_array_header_t **details, const comparison_t *comparison,
                                const cdist_difference_t *entry, apr_pool_t *pool)
{
    apr_array_header_t *read = apr_array_make(pool, 0, sizeof(cdist_detail_t));
    cdist_err_t *err = entry->error ? NULL : cdist_sides_details(&read, comparison->sides, entry, pool);

    *details = read;
    if (!err) return NULL;
    read->nelts = 0;
    return cdist_err_text(err, pool);
}

json_t *comparison_details_json(const comparison_t *comparison, const cdist_difference_t *entry, apr_pool_t *pool)
{
    json_t *list = json_array();
    const apr_array_header_t *details;
    const char *problem = read_details(&details, comparison, entry, pool);
    int i;

    if (problem) {
        json_array_append_new(list, json_pack("{s:s,s:s,s:s,s:s}", "part", "", "kind", "bytes", "class", cdist_class_name(entry->cls),
                                              "problem", problem));
    }
    for (i = 0; i < details->nelts; i++) {
        json_array_append_new(list, detail_json(&APR_ARRAY_IDX(details, i, cdist_detail_t), pool));
    }
    return list;
}

static void print_bytes(const char *side, apr_int64_t bytes)
{
    if (bytes < 0) printf(" %s -", side);
    else printf(" %s %" APR_INT64_T_FMT, side, bytes);
}

void comparison_print_details(const comparison_t *comparison, const cdist_difference_t *entry, apr_pool_t *pool)
{
    const apr_array_header_t *details;
    const char *problem = read_details(&details, comparison, entry, pool);
    int i;

    if (problem) printf("    %s\n", problem);
    for (i = 0; i < details->nelts; i++) {
        const cdist_detail_t *detail = &APR_ARRAY_IDX(details, i, cdist_detail_t);

        if (detail->problem) printf("    %s\n", detail->problem);
        if (detail->merge) printf("    %-9s %s\n", cdist_class_name(detail->cls), cdist_text_printable(detail->part, pool));
        if (detail->merge) print_lines(detail->merge, pool);
        if (detail->properties) print_properties(detail->properties, pool);
        if (detail->kind != CDIST_DETAIL_BYTES) continue;
        printf("    %-9s %s bytes:", cdist_class_name(detail->cls), cdist_text_printable(detail->part, pool));
        print_bytes("base", detail->base_bytes);
        print_bytes("mine", detail->mine_bytes);
        print_bytes("theirs", detail->theirs_bytes);
        putchar('\n');
    }
}
