/* What changed inside of an entry. Containers (modules, ordinary forms) are taken apart; brace text is compared by property,
 * other text by line, and of all else only the sizes are told. */
#include "cdist_compare_detail.h"

#include <apr_strings.h>

#include <string.h>

#define MARK "\xEF\xBB\xBF"
#define PARTS_MOST 1000
#define SIDES 3

enum { BASE, MINE, THEIRS };

/* A content; `bytes` is NULL where it is not there. */
typedef struct {
    const char *bytes;
    apr_size_t length;
} content_t;

/* A part of a container on all sides. */
typedef struct {
    const char *name;
    content_t sides[SIDES];
} part_t;

typedef struct {
    apr_array_header_t *parts; /* part_t, in the order in which they were met */
    cdist_container_t *container;
    int side;
    apr_size_t room; /* bytes that may still be read of this side's parts */
    apr_pool_t *pool;
} parts_t;

const char *cdist_detail_kind_name(cdist_detail_kind_t kind)
{
    static const char *const names[] = {"lines", "properties", "bytes"};

    return names[kind];
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static cdist_err_t *read_entry(content_t *content, cdist_config_t *config, const cdist_element_t *element, apr_pool_t *pool)
{
    cdist_stream_t *stream;
    char *bytes;

    memset(content, 0, sizeof *content);
    if (!config || !element) return NULL;
    CDIST_ERR(cdist_config_content(&stream, config, element->name, pool));
    if (!stream) return NULL;
    CDIST_ERR(cdist_stream_read_all(&bytes, &content->length, stream, CDIST_DETAIL_BYTES_MOST, pool));
    content->bytes = bytes;
    return NULL;
}

static part_t *part_of(parts_t *parts, const char *name)
{
    part_t *part;
    int i;

    for (i = 0; i < parts->parts->nelts; i++) {
        part = &APR_ARRAY_IDX(parts->parts, i, part_t);
        if (strcmp(part->name, name) == 0) return part;
    }
    part = apr_array_push(parts->parts);
    memset(part, 0, sizeof *part);
    part->name = apr_pstrdup(parts->pool, name);
    return part;
}

static cdist_err_t *take_part(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    parts_t *parts = baton;
    content_t *content = &part_of(parts, item->name)->sides[parts->side];
    cdist_stream_t *stream;
    cdist_err_t *err;
    char *bytes;

    if (parts->parts->nelts > PARTS_MOST) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "a container of more than %d parts is not looked into", PARTS_MOST);
    }
    content->bytes = "";
    content->length = 0;
    if (item->data_at == CDIST_NO_DATA) return NULL;
    CDIST_ERR(cdist_container_content(&stream, NULL, parts->container, item, pool));
    /* NB: parts are together no larger than what they are in, unless they were made to be. */
    err = cdist_stream_read_all(&bytes, &content->length, stream, parts->room, parts->pool);
    if (err && err->code == CDIST_E_INPUT) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: larger than %s with the parts before it", stream->name,
                                cdist_size_format(CDIST_DETAIL_BYTES_MOST, pool));
    }
    CDIST_ERR(err);
    content->bytes = bytes;
    parts->room -= content->length;
    return NULL;
}

/* The parts of a content: those of a container, or itself. */
static cdist_err_t *take_apart(parts_t *parts, const content_t *content, int side, apr_pool_t *pool)
{
    cdist_bytes_t *bytes;
    int bits;

    if (!content->bytes) return NULL;
    parts->side = side;
    parts->room = CDIST_DETAIL_BYTES_MOST;
    bytes = cdist_bytes_memory(content->bytes, content->length, "an entry", pool);
    CDIST_ERR(cdist_container_probe(&bits, bytes, 0));
    if (!bits) {
        part_of(parts, "")->sides[side] = *content;
        return NULL;
    }
    CDIST_ERR(cdist_container_open(&parts->container, bytes, pool));
    return cdist_container_walk(parts->container, take_part, parts, pool);
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static int same(const content_t *a, const content_t *b)
{
    if (!a->bytes || !b->bytes) return a->bytes == b->bytes;
    return a->length == b->length && memcmp(a->bytes, b->bytes, a->length) == 0;
}

static cdist_class_t classify(const part_t *part, int two_way)
{
    const content_t *sides = part->sides;
    int alike = same(&sides[MINE], &sides[THEIRS]);

    if (two_way) return alike ? CDIST_CLASS_UNCHANGED : CDIST_CLASS_CONFLICT;
    return cdist_class_of(!same(&sides[BASE], &sides[MINE]), !same(&sides[BASE], &sides[THEIRS]), alike);
}

static void skip_mark(content_t *content)
{
    if (!content->bytes || content->length < strlen(MARK) || memcmp(content->bytes, MARK, strlen(MARK)) != 0) return;
    content->bytes += strlen(MARK);
    content->length -= strlen(MARK);
}

static int is_text(const content_t *content)
{
    if (!content->bytes) return 1;
    return !memchr(content->bytes, 0, content->length) && cdist_text_is_utf8(content->bytes, content->length);
}

/* NULL if it is no brace text, or none at all. */
static cdist_brace_tree_t *parse(const content_t *content, apr_pool_t *pool)
{
    cdist_brace_tree_t *tree;
    cdist_stream_t *stream;

    if (!content->bytes || content->length == 0 || content->bytes[0] != '{') return NULL;
    stream = cdist_bytes_stream(cdist_bytes_memory(content->bytes, content->length, "an entry", pool), 0, pool);
    return cdist_brace_parse(&tree, stream, CDIST_DETAIL_BYTES_MOST, pool) == NULL ? tree : NULL;
}

/* The tree of one side: that of a side before it, from `first` on, which has the same content. */
static cdist_brace_tree_t *tree_of(cdist_brace_tree_t *const *trees, const content_t *sides, int first, int side,
                                   apr_pool_t *pool)
{
    int i;

    for (i = first; i < side; i++) {
        if (same(&sides[i], &sides[side])) return trees[i];
    }
    return parse(&sides[side], pool);
}

static cdist_err_t *compare_lines(cdist_detail_t *detail, const content_t *sides, int two_way, apr_pool_t *pool)
{
    content_t texts[SIDES];
    int i;

    for (i = 0; i < SIDES; i++) {
        texts[i] = sides[i];
        if (!texts[i].bytes) texts[i].bytes = "";
    }
    detail->kind = CDIST_DETAIL_LINES;
    return cdist_merge_compare(&detail->merge, two_way ? NULL : texts[BASE].bytes, texts[BASE].length, texts[MINE].bytes,
                               texts[MINE].length, texts[THEIRS].bytes, texts[THEIRS].length, pool, pool);
}

/* Properties where all sides have them, else lines, else nothing but the sizes; nor is more to be said of brace text that is
 * not there on a side. */
static cdist_err_t *compare_contents(cdist_detail_t *detail, content_t *sides, int two_way, apr_pool_t *pool)
{
    cdist_brace_tree_t *trees[SIDES] = {NULL, NULL, NULL};
    int first = two_way ? MINE : BASE, i, braces = 1, text = 1, missing = 0;

    for (i = first; i < SIDES; i++) {
        skip_mark(&sides[i]);
        missing |= sides[i].bytes == NULL;
        braces = braces && (!sides[i].bytes || (trees[i] = tree_of(trees, sides, first, i, pool)) != NULL);
    }
    if (braces && !missing) {
        detail->kind = CDIST_DETAIL_PROPERTIES;
        return cdist_brace_diff(&detail->properties, trees[BASE], trees[MINE], trees[THEIRS], pool, pool);
    }
    for (i = first; i < SIDES; i++) text = text && is_text(&sides[i]);
    if (text && !braces) return compare_lines(detail, sides, two_way, pool);
    detail->kind = CDIST_DETAIL_BYTES;
    return NULL;
}

static apr_int64_t size_of(const content_t *content)
{
    return content->bytes ? (apr_int64_t)content->length : -1;
}

/* 1 for the entry <uuid>.0 of a form. */
static int is_form(cdist_sides_t *sides, const cdist_difference_t *entry)
{
    const cdist_metadata_object_t *object = cdist_sides_object(sides, entry);
    apr_size_t length = strlen(entry->id);

    if (!object || length < CDIST_GUID_CHARS || strcmp(entry->id + CDIST_GUID_CHARS, ".0") != 0) return 0;
    return strcmp(object->cls->en, "Form") == 0 || strcmp(object->cls->en, "CommonForm") == 0;
}

/* Adds what follows from the configuration: the objects' names, and that a form's text has its module at [2]. */
static void name_properties(cdist_brace_diff_t *diff, cdist_sides_t *sides, const cdist_difference_t *entry)
{
    int i, form = diff && is_form(sides, entry);

    for (i = 0; diff && i < diff->properties->nelts; i++) {
        cdist_property_t *property = &APR_ARRAY_IDX(diff->properties, i, cdist_property_t);

        if (*property->object) property->named = cdist_sides_object_of(sides, property->object);
        if (form && strcmp(property->path, "[2]") == 0 && property->mine != CDIST_BRACE_NONE &&
            cdist_brace_kind(diff->mine, property->mine) == CDIST_BRACE_TEXT) {
            property->name = "module";
        }
    }
}

/* NB: what is too large to be compared closer is told as a problem: that it differs is known all the same. */
static void add_detail(apr_array_header_t *details, part_t *part, cdist_sides_t *sides, const cdist_difference_t *entry,
                       apr_pool_t *pool)
{
    int two_way = sides->base == NULL;
    cdist_class_t cls = classify(part, two_way);
    cdist_detail_t *detail;
    cdist_err_t *err;

    if (cls == CDIST_CLASS_UNCHANGED) return;
    detail = apr_array_push(details);
    memset(detail, 0, sizeof *detail);
    detail->part = part->name;
    detail->cls = cls;
    detail->base_bytes = size_of(&part->sides[BASE]);
    detail->mine_bytes = size_of(&part->sides[MINE]);
    detail->theirs_bytes = size_of(&part->sides[THEIRS]);
    err = compare_contents(detail, part->sides, two_way, pool);
    if (err) {
        detail->kind = CDIST_DETAIL_BYTES;
        detail->merge = NULL;
        detail->properties = NULL;
        detail->problem = cdist_err_text(err, pool);
    }
    name_properties(detail->properties, sides, entry);
}

cdist_err_t *cdist_sides_details(apr_array_header_t **details, cdist_sides_t *sides, const cdist_difference_t *entry,
                                 apr_pool_t *pool)
{
    cdist_config_t *theirs = sides->theirs ? sides->theirs : sides->base;
    parts_t parts = {apr_array_make(pool, 4, sizeof(part_t)), NULL, 0, 0, pool};
    content_t contents[SIDES];
    int i;

    *details = apr_array_make(pool, 4, sizeof(cdist_detail_t));
    CDIST_ERR(read_entry(&contents[BASE], sides->base, entry->base, pool));
    CDIST_ERR(read_entry(&contents[MINE], sides->mine, entry->mine, pool));
    CDIST_ERR(read_entry(&contents[THEIRS], theirs, entry->theirs, pool));
    for (i = 0; i < SIDES; i++) CDIST_ERR(take_apart(&parts, &contents[i], i, pool));
    for (i = 0; i < parts.parts->nelts; i++) add_detail(*details, &APR_ARRAY_IDX(parts.parts, i, part_t), sides, entry, pool);
    return NULL;
}

/* ---- texts in properties --------------------------------------------------------------------------------------- */

static int text_of(content_t *content, const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    if (!tree || node == CDIST_BRACE_NONE || cdist_brace_kind(tree, node) != CDIST_BRACE_TEXT) return 0;
    content->bytes = cdist_brace_text(&content->length, tree, node);
    return 1;
}

cdist_err_t *cdist_property_lines(cdist_merge_t **merge, const cdist_brace_diff_t *diff, const cdist_property_t *property,
                                  apr_pool_t *pool)
{
    content_t texts[SIDES] = {{NULL, 0}, {NULL, 0}, {NULL, 0}};
    int i, lines = 0;

    *merge = NULL;
    if (diff->base && !text_of(&texts[BASE], diff->base, property->base)) return NULL;
    if (!text_of(&texts[MINE], diff->mine, property->mine)) return NULL;
    if (!text_of(&texts[THEIRS], diff->theirs, property->theirs)) return NULL;
    for (i = 0; i < SIDES; i++) lines |= texts[i].bytes && memchr(texts[i].bytes, '\n', texts[i].length) != NULL;
    if (!lines) return NULL;
    return cdist_merge_compare(merge, texts[BASE].bytes, texts[BASE].length, texts[MINE].bytes, texts[MINE].length,
                               texts[THEIRS].bytes, texts[THEIRS].length, pool, pool);
}
