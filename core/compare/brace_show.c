/* A part of brace text, as people are shown it: on one line, and not more of it than they can read. */
#include "cdist_compare_detail.h"

#include <string.h>

#define MORE "…"

typedef struct {
    char *bytes;
    apr_size_t length, most;
} shown_t;

/* 0 when there is no room for all of it. */
static int put(shown_t *shown, const char *bytes, apr_size_t length)
{
    apr_size_t fits = shown->most - shown->length;

    if (length < fits) fits = length;
    memcpy(shown->bytes + shown->length, bytes, fits);
    shown->length += fits;
    return fits == length;
}

static int put_quoted(shown_t *shown, const char *text, apr_size_t length)
{
    const char *quote;

    if (!put(shown, "\"", 1)) return 0;
    while ((quote = memchr(text, '"', length)) != NULL) {
        apr_size_t before = (apr_size_t)(quote - text) + 1;

        if (!put(shown, text, before) || !put(shown, "\"", 1)) return 0;
        text += before;
        length -= before;
    }
    return put(shown, text, length) && put(shown, "\"", 1);
}

static int put_node(shown_t *shown, const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_size_t length;
    const char *text = cdist_brace_text(&length, tree, node);

    switch (cdist_brace_kind(tree, node)) {
    case CDIST_BRACE_OPEN: return put(shown, "{", 1);
    case CDIST_BRACE_TEXT: return put_quoted(shown, text, length);
    default: return put(shown, text, length);
    }
}

/* All that is in a list. NB: lists that are open are remembered, since there is no way up; as many as fit into what is shown.
 * */
static int put_list(shown_t *shown, const cdist_brace_tree_t *tree, apr_uint32_t list, apr_pool_t *pool)
{
    apr_array_header_t *open = apr_array_make(pool, 16, sizeof(apr_uint32_t));
    apr_uint32_t node = list, after;

    for (;;) {
        if (!put_node(shown, tree, node)) return 0;
        after = cdist_brace_child(tree, node);
        if (after != CDIST_BRACE_NONE) {
            APR_ARRAY_PUSH(open, apr_uint32_t) = node;
            node = after;
            continue;
        }
        if (cdist_brace_kind(tree, node) == CDIST_BRACE_OPEN && !put(shown, "}", 1)) return 0;
        while (open->nelts > 0 && (after = cdist_brace_after(tree, node)) == CDIST_BRACE_NONE) {
            node = *(const apr_uint32_t *)apr_array_pop(open);
            if (!put(shown, "}", 1)) return 0;
        }
        if (open->nelts == 0) return 1;
        if (!put(shown, ",", 1)) return 0;
        node = after;
    }
}

const char *cdist_brace_show(const cdist_brace_tree_t *tree, apr_uint32_t node, apr_size_t max_bytes, apr_pool_t *pool)
{
    shown_t shown = {apr_palloc(pool, max_bytes + sizeof MORE), 0, max_bytes};
    apr_size_t length;
    const char *text;
    int whole;

    if (node == CDIST_BRACE_NONE) return "";
    if (cdist_brace_kind(tree, node) == CDIST_BRACE_OPEN) {
        whole = put_list(&shown, tree, node, pool);
    } else {
        text = cdist_brace_text(&length, tree, node);
        whole = put(&shown, text, length);
    }
    if (!whole) {
        /* No character is cut in two; the last one may go though it is whole. */
        while (shown.length > 0 && (shown.bytes[shown.length - 1] & 0xC0) == 0x80) shown.length--;
        if (shown.length > 0 && (shown.bytes[shown.length - 1] & 0x80)) shown.length--;
        memcpy(shown.bytes + shown.length, MORE, sizeof MORE - 1);
        shown.length += sizeof MORE - 1;
    }
    return cdist_text_decode(shown.bytes, shown.length, pool);
}
