/* Brace text as a tree in two arrays: nodes of 16 bytes, and the texts of all items, each with a NUL after it.
 * Invariants: node 0 is the list of the top's lists; a node's items have larger numbers than it; numbers and places stay below
 * 2^32, which the limit of the text's length ensures. */
#include "updates_int.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TEXT_BYTES (1024u * 1024 * 1024)

typedef struct {
    apr_uint32_t next;
    apr_uint32_t child; /* of a list; of an item, where its text starts */
    apr_uint32_t length;
    apr_uint32_t kind;
} node_t;

struct cdist_brace_tree_t {
    node_t *nodes;
    apr_size_t count, room;
    char *text;
    apr_size_t filled, text_room;
};

static apr_status_t tree_cleanup(void *baton)
{
    cdist_brace_tree_t *tree = baton;

    free(tree->nodes);
    free(tree->text);
    return APR_SUCCESS;
}

/* NB: without memory the process ends, as with APR's pools; memory of a pool could not grow in place. */
static void *grow(void *memory, apr_size_t *room, apr_size_t item_bytes)
{
    *room = *room ? *room * 2 : 64;
    memory = realloc(memory, *room * item_bytes);
    if (!memory) abort();
    return memory;
}

static apr_uint32_t add_node(cdist_brace_tree_t *tree, cdist_brace_kind_t kind)
{
    node_t *node;

    if (tree->count == tree->room) tree->nodes = grow(tree->nodes, &tree->room, sizeof *tree->nodes);
    node = &tree->nodes[tree->count];
    node->next = node->child = CDIST_BRACE_NONE;
    node->length = 0;
    node->kind = kind;
    return (apr_uint32_t)tree->count++;
}

static void add_text(cdist_brace_tree_t *tree, apr_uint32_t node, const cdist_token_t *token)
{
    while (tree->text_room - tree->filled <= token->length) tree->text = grow(tree->text, &tree->text_room, 1);
    tree->nodes[node].child = (apr_uint32_t)tree->filled;
    tree->nodes[node].length = (apr_uint32_t)token->length;
    memcpy(tree->text + tree->filled, token->text, token->length + 1);
    tree->filled += token->length + 1;
}

/* The lists that are open, with the last item of each. */
typedef struct {
    apr_uint32_t list, last;
} level_t;

static void append(cdist_brace_tree_t *tree, level_t *level, apr_uint32_t node)
{
    if (level->last == CDIST_BRACE_NONE) tree->nodes[level->list].child = node;
    else tree->nodes[level->last].next = node;
    level->last = node;
}

static cdist_err_t *build(cdist_brace_tree_t *tree, level_t **levels, cdist_brace_reader_t *reader,
                          const cdist_stream_t *stream, apr_size_t max_bytes, apr_pool_t *pool)
{
    const cdist_token_t *token;
    apr_size_t depth = 0, room = 0;

    *levels = grow(NULL, &room, sizeof **levels);
    (*levels)[0].list = add_node(tree, CDIST_BRACE_OPEN);
    (*levels)[0].last = CDIST_BRACE_NONE;
    for (;;) {
        apr_uint32_t node;

        CDIST_ERR(cdist_brace_next(&token, reader));
        if (stream->at > max_bytes || stream->at > MAX_TEXT_BYTES || token->cut) {
            return cdist_damaged(pool, stream->name, token->offset, "a text of more than %s", cdist_size_format(max_bytes, pool));
        }
        if (token->kind == CDIST_BRACE_END) return NULL;
        if (token->kind == CDIST_BRACE_CLOSE) {
            depth--;
            continue;
        }
        node = add_node(tree, token->kind);
        append(tree, &(*levels)[depth], node);
        if (token->kind != CDIST_BRACE_OPEN) {
            add_text(tree, node, token);
            continue;
        }
        if (++depth == room) *levels = grow(*levels, &room, sizeof **levels);
        (*levels)[depth].list = node;
        (*levels)[depth].last = CDIST_BRACE_NONE;
    }
}

cdist_err_t *cdist_brace_parse(cdist_brace_tree_t **tree, cdist_stream_t *stream, apr_size_t max_bytes, apr_pool_t *pool)
{
    cdist_brace_tree_t *made = apr_pcalloc(pool, sizeof *made);
    level_t *levels = NULL;
    apr_pool_t *scratch;
    cdist_err_t *err;

    apr_pool_cleanup_register(pool, made, tree_cleanup, apr_pool_cleanup_null);
    apr_pool_create(&scratch, pool);
    if (max_bytes > MAX_TEXT_BYTES) max_bytes = MAX_TEXT_BYTES;
    err = build(made, &levels, cdist_brace_reader_create(stream, max_bytes, scratch), stream, max_bytes, scratch);
    err = cdist_err_dup(err, pool);
    free(levels);
    apr_pool_destroy(scratch);
    *tree = made;
    return err;
}

cdist_brace_kind_t cdist_brace_kind(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    return (cdist_brace_kind_t)tree->nodes[node].kind;
}

apr_uint32_t cdist_brace_child(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    return tree->nodes[node].kind == CDIST_BRACE_OPEN ? tree->nodes[node].child : CDIST_BRACE_NONE;
}

apr_uint32_t cdist_brace_after(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    return tree->nodes[node].next;
}

apr_uint32_t cdist_brace_item(const cdist_brace_tree_t *tree, apr_uint32_t node, apr_uint32_t index)
{
    apr_uint32_t item = cdist_brace_child(tree, node);

    while (item != CDIST_BRACE_NONE && index-- > 0) item = cdist_brace_after(tree, item);
    return item;
}

const char *cdist_brace_text(apr_size_t *length, const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    if (length) *length = tree->nodes[node].length;
    return tree->nodes[node].kind == CDIST_BRACE_OPEN ? "" : tree->text + tree->nodes[node].child;
}
