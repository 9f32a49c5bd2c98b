/* Numbers for the nodes of brace trees, so that equal subtrees of any of them are found by comparing two numbers.
 * Texts are numbered as sequences of bytes (sequence.c), lists as sequences of the numbers of their items, from the innermost
 * lists outwards.
 * Invariant of the trees that is relied upon: a node's items have larger numbers than it (brace_tree.c). */
#include "property_int.h"

#include "sequence_int.h"

typedef struct {
    const numbered_t *trees;
    int count;
    apr_uint32_t *slots;   /* numbers of all nodes, tree after tree */
    apr_uint32_t *heights; /* of all nodes: texts have none, a list one more than the highest of its items */
    apr_uint32_t total, highest;
    cdist_sequences_t *sequences;
    apr_uint32_t next;
} numbering_t;

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

static void add_text(numbering_t *numbering, const cdist_brace_tree_t *tree, apr_uint32_t node, apr_uint32_t *number)
{
    apr_size_t length;
    const char *text = cdist_brace_text(&length, tree, node);

    cdist_sequences_add(numbering->sequences, text, length, cdist_brace_kind(tree, node) == CDIST_BRACE_TEXT, number);
}

/* NB: from the last node to the first, so that the items' heights are known. */
static void add_tree(numbering_t *numbering, const numbered_t *of)
{
    apr_uint32_t *heights = numbering->heights + (of->ids - numbering->slots), node = of->count, child;

    while (node-- > 0) {
        heights[node] = 0;
        if (cdist_brace_kind(of->tree, node) != CDIST_BRACE_OPEN) {
            add_text(numbering, of->tree, node, &of->ids[node]);
            continue;
        }
        for (child = cdist_brace_child(of->tree, node); child != NO_NODE; child = cdist_brace_after(of->tree, child)) {
            if (heights[child] > heights[node]) heights[node] = heights[child];
        }
        if (++heights[node] > numbering->highest) numbering->highest = heights[node];
    }
}

/* The slots of the lists, lowest first; *ends tells for each height where its lists end. */
static apr_uint32_t *lists_by_height(apr_uint32_t **ends, const numbering_t *numbering, apr_pool_t *pool)
{
    apr_uint32_t *lists = apr_palloc(pool, ((apr_size_t)numbering->total + 1) * sizeof *lists), slot, height, count = 0;

    *ends = apr_pcalloc(pool, ((apr_size_t)numbering->highest + 1) * sizeof **ends);
    for (slot = 0; slot < numbering->total; slot++) (*ends)[numbering->heights[slot]]++;
    (*ends)[0] = 0;
    for (height = 1; height <= numbering->highest; height++) {
        apr_uint32_t here = (*ends)[height];

        (*ends)[height] = count;
        count += here;
    }
    for (slot = 0; slot < numbering->total; slot++) {
        if (numbering->heights[slot] > 0) lists[(*ends)[numbering->heights[slot]]++] = slot;
    }
    return lists;
}

/* The numbers of a list's items, one after the other. Returns how many there are. */
static apr_uint32_t gather(apr_uint32_t *to, const numbering_t *numbering, apr_uint32_t slot)
{
    const numbered_t *of = numbering->trees + numbering->count - 1;
    apr_uint32_t node, child, count = 0;

    while (numbering->slots + slot < of->ids) of--;
    node = slot - (apr_uint32_t)(of->ids - numbering->slots);
    for (child = cdist_brace_child(of->tree, node); child != NO_NODE; child = cdist_brace_after(of->tree, child)) {
        to[count++] = of->ids[child];
    }
    return count;
}

static void number_lists(numbering_t *numbering, apr_pool_t *pool)
{
    apr_uint32_t *ends, *lists = lists_by_height(&ends, numbering, pool), height, count, i = 0;
    /* Heights are not needed any more: there is room for the items of all lists. */
    apr_uint32_t *items = numbering->heights;

    for (height = 1; height <= numbering->highest; height++) {
        for (; i < ends[height]; i++, items += count) {
            count = gather(items, numbering, lists[i]);
            cdist_sequences_add(numbering->sequences, items, count * sizeof *items, 0, &numbering->slots[lists[i]]);
        }
        cdist_sequences_number(&numbering->next, numbering->sequences);
    }
}

cdist_err_t *cdist_brace_number(numbered_t *numbered, const cdist_brace_tree_t *const *trees, int count, apr_pool_t *pool)
{
    apr_array_header_t *open = apr_array_make(pool, 64, sizeof(apr_uint32_t));
    numbering_t numbering = {numbered, count, NULL, NULL, 0, 0, NULL, 0};
    apr_uint32_t *ids;
    int i;

    for (i = 0; i < count; i++) {
        numbered[i].tree = trees[i];
        numbered[i].count = count_nodes(trees[i], CDIST_PROPERTY_NODES - numbering.total, open);
        numbering.total += numbered[i].count;
        if (numbering.total > CDIST_PROPERTY_NODES) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "texts of more than %u items are too large to be compared by "
                                    "property", CDIST_PROPERTY_NODES);
        }
    }
    numbering.slots = ids = apr_palloc(pool, (apr_size_t)numbering.total * sizeof *numbering.slots);
    numbering.heights = apr_palloc(pool, (apr_size_t)numbering.total * sizeof *numbering.heights);
    numbering.sequences = cdist_sequences_create(numbering.total, pool);
    for (i = 0; i < count; i++) {
        numbered[i].ids = ids;
        add_tree(&numbering, &numbered[i]);
        ids += numbered[i].count;
    }
    cdist_sequences_number(&numbering.next, numbering.sequences);
    number_lists(&numbering, pool);
    return NULL;
}
