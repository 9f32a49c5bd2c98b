/* Numbers for the nodes of brace trees, so that equal subtrees of any of them are found by comparing two numbers.
 * Texts are numbered by sorting them, lists by sorting the numbers of their items, from the innermost lists outwards: no table
 * of hashes, and so nobody can make up items that all fall into one place of it, or that pass for each other.
 * Invariant of the trees that is relied upon: a node's items have larger numbers than it (brace_tree.c). */
#include "property_int.h"

#include <stdlib.h>
#include <string.h>

/* A text: its kind, bytes, and where its number goes. */
typedef struct {
    const char *text;
    apr_uint32_t length, slot;
} leaf_t;

/* A list: its depth counted from the innermost (1: of texts alone), and the numbers of its items. */
typedef struct {
    const apr_uint32_t *items;
    apr_uint32_t count, height, slot;
} list_t;

#define QUOTED 0x80000000u /* in the length of a leaf; texts are shorter than 1 GiB */

typedef struct {
    numbered_t *numbered;
    int trees;
    apr_uint32_t *slots; /* numbers of all nodes, tree after tree */
    leaf_t *leaves;
    list_t *lists;
    apr_uint32_t leaf_count, list_count;
    apr_uint32_t next;
} numbering_t;

static int compare_leaves(const void *a, const void *b)
{
    const leaf_t *one = a, *two = b;

    if (one->length != two->length) return one->length < two->length ? -1 : 1;
    return memcmp(one->text, two->text, one->length & ~QUOTED);
}

static int compare_lists(const void *a, const void *b)
{
    const list_t *one = a, *two = b;

    if (one->count != two->count) return one->count < two->count ? -1 : 1;
    return one->count == 0 ? 0 : memcmp(one->items, two->items, one->count * sizeof *one->items);
}

static int by_height(const void *a, const void *b)
{
    const list_t *one = a, *two = b;

    return one->height < two->height ? -1 : one->height > two->height;
}

/* Walks the tree in the order of its text. Returns how many nodes there are, more than `most` as one more. */
static apr_uint32_t count_nodes(const cdist_brace_tree_t *tree, apr_uint32_t most, apr_array_header_t *open)
{
    apr_uint32_t node = 0, count = 0;

    open->nelts = 0;
    while (node != NO_NODE) {
        apr_uint32_t child = cdist_brace_child(tree, node);

        if (++count > most) return count;
        if (child != NO_NODE) {
            APR_ARRAY_PUSH(open, apr_uint32_t) = node;
            node = child;
            continue;
        }
        while ((child = cdist_brace_after(tree, node)) == NO_NODE && open->nelts > 0) {
            node = *(const apr_uint32_t *)apr_array_pop(open);
        }
        node = child;
    }
    return count;
}

static void add_leaf(numbering_t *numbering, const cdist_brace_tree_t *tree, apr_uint32_t node, apr_uint32_t slot)
{
    leaf_t *leaf = &numbering->leaves[numbering->leaf_count++];
    apr_size_t length;

    leaf->text = cdist_brace_text(&length, tree, node);
    leaf->length = (apr_uint32_t)length | (cdist_brace_kind(tree, node) == CDIST_BRACE_TEXT ? QUOTED : 0);
    leaf->slot = slot;
}

/* NB: from the last node to the first, so that the items' heights are known; `heights` has one for every node of the tree. */
static void add_tree(numbering_t *numbering, const numbered_t *of, apr_uint32_t *heights, apr_uint32_t first_slot)
{
    apr_uint32_t node = of->count, child;

    while (node-- > 0) {
        list_t *list;

        heights[node] = 0;
        if (cdist_brace_kind(of->tree, node) != CDIST_BRACE_OPEN) {
            add_leaf(numbering, of->tree, node, first_slot + node);
            continue;
        }
        list = &numbering->lists[numbering->list_count++];
        list->items = of->ids; /* replaced when the numbers are there; tells the tree until then */
        list->count = 0;
        list->slot = first_slot + node;
        for (child = cdist_brace_child(of->tree, node); child != NO_NODE; child = cdist_brace_after(of->tree, child)) {
            list->count++;
            if (heights[child] > heights[node]) heights[node] = heights[child];
        }
        list->height = ++heights[node];
    }
}

static void number_leaves(numbering_t *numbering)
{
    leaf_t *leaves = numbering->leaves;
    apr_uint32_t i;

    if (numbering->leaf_count > 0) qsort(leaves, numbering->leaf_count, sizeof *leaves, compare_leaves);
    for (i = 0; i < numbering->leaf_count; i++) {
        if (i > 0 && compare_leaves(&leaves[i - 1], &leaves[i]) != 0) numbering->next++;
        numbering->slots[leaves[i].slot] = numbering->next;
    }
    numbering->next++;
}

/* The numbers of a list's items, one after the other. */
static void gather(const numbering_t *numbering, list_t *list, apr_uint32_t *to)
{
    const numbered_t *of = numbering->numbered;
    apr_uint32_t node, child;

    while (of->ids != list->items) of++;
    node = list->slot - (apr_uint32_t)(of->ids - numbering->slots);
    list->items = to;
    for (child = cdist_brace_child(of->tree, node); child != NO_NODE; child = cdist_brace_after(of->tree, child)) {
        *to++ = of->ids[child];
    }
}

static void number_lists(numbering_t *numbering, apr_uint32_t *items)
{
    list_t *lists = numbering->lists;
    apr_uint32_t i, start, end;

    qsort(lists, numbering->list_count, sizeof *lists, by_height);
    for (start = 0; start < numbering->list_count; start = end) {
        for (end = start; end < numbering->list_count && lists[end].height == lists[start].height; end++) {
            gather(numbering, &lists[end], items);
            items += lists[end].count;
        }
        qsort(lists + start, end - start, sizeof *lists, compare_lists);
        for (i = start; i < end; i++) {
            if (i > start && compare_lists(&lists[i - 1], &lists[i]) != 0) numbering->next++;
            numbering->slots[lists[i].slot] = numbering->next;
        }
        numbering->next++;
    }
}

cdist_err_t *cdist_brace_number(numbered_t *numbered, const cdist_brace_tree_t *const *trees, int count, apr_pool_t *pool)
{
    apr_array_header_t *open = apr_array_make(pool, 64, sizeof(apr_uint32_t));
    numbering_t numbering = {numbered, count, NULL, NULL, NULL, 0, 0, 0};
    apr_uint32_t total = 0, *heights;
    int i;

    for (i = 0; i < count; i++) {
        numbered[i].tree = trees[i];
        numbered[i].count = count_nodes(trees[i], CDIST_PROPERTY_NODES - total, open);
        total += numbered[i].count;
        if (total > CDIST_PROPERTY_NODES) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "texts of more than %u items are too large to be compared by "
                                    "property", CDIST_PROPERTY_NODES);
        }
    }
    numbering.slots = apr_palloc(pool, (apr_size_t)total * sizeof *numbering.slots);
    numbering.leaves = apr_palloc(pool, (apr_size_t)total * sizeof *numbering.leaves);
    numbering.lists = apr_palloc(pool, (apr_size_t)total * sizeof *numbering.lists);
    heights = apr_palloc(pool, (apr_size_t)total * sizeof *heights);
    for (total = 0, i = 0; i < count; i++) {
        numbered[i].ids = numbering.slots + total;
        add_tree(&numbering, &numbered[i], heights, total);
        total += numbered[i].count;
    }
    number_leaves(&numbering);
    /* Heights are not needed any more: there is room for the items of all lists. */
    number_lists(&numbering, heights);
    return NULL;
}
