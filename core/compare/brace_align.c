/* Which items of a list are which of another version of it.
 * A list of metadata objects, {class,count,…}: those with the same uuid, wherever they stand. Any other list: those at the same
 * place, unless far more of it stays equal when items are taken to be added or removed; then an addition next to a removal is a
 * change. */
#include "property_int.h"

#include "lines_int.h"
#include "sequence_int.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define OBJECT_HEAD 2 /* class and count */
#define NEAR_START 96 /* an object's uuid stands among so many nodes of its description */

/* ---- items ----------------------------------------------------------------------------------------------------- */

int cdist_brace_is_uuid(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_size_t length;
    const char *text;

    if (node == NO_NODE || cdist_brace_kind(tree, node) != CDIST_BRACE_BARE) return 0;
    text = cdist_brace_text(&length, tree, node);
    return cdist_text_is_guid(text, length);
}

int cdist_brace_is_number(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_size_t length;
    const char *text;

    if (node == NO_NODE || cdist_brace_kind(tree, node) != CDIST_BRACE_BARE) return 0;
    text = cdist_brace_text(&length, tree, node);
    return length > 0 && length < 10 && strspn(text, "0123456789") == length;
}

int cdist_brace_is_objects(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_uint32_t first = cdist_brace_child(tree, node);

    return cdist_brace_is_uuid(tree, first) && cdist_brace_is_number(tree, cdist_brace_after(tree, first));
}

items_t cdist_brace_items(const numbered_t *in, apr_uint32_t list, apr_pool_t *pool)
{
    items_t items = {in, NULL, 0, 0, 0};
    apr_uint32_t node, *nodes, i = 0;

    if (list == NO_NODE) return items;
    for (node = cdist_brace_child(in->tree, list); node != NO_NODE; node = cdist_brace_after(in->tree, node)) items.count++;
    items.nodes = nodes = apr_palloc(pool, ((apr_size_t)items.count + 1) * sizeof *nodes);
    for (node = cdist_brace_child(in->tree, list); node != NO_NODE; node = cdist_brace_after(in->tree, node)) nodes[i++] = node;
    items.objects = cdist_brace_is_objects(in->tree, list);
    items.head = items.objects ? OBJECT_HEAD : 0;
    return items;
}

apr_uint32_t cdist_brace_header(const cdist_brace_tree_t *tree, apr_uint32_t list)
{
    apr_uint32_t first = cdist_brace_child(tree, list), second, third, name = cdist_brace_after(tree, list);

    if (name == NO_NODE || cdist_brace_kind(tree, name) != CDIST_BRACE_TEXT) return NO_NODE;
    if (!cdist_brace_is_number(tree, first)) return NO_NODE;
    second = cdist_brace_after(tree, first);
    if (!cdist_brace_is_number(tree, second)) return NO_NODE;
    third = cdist_brace_after(tree, second);
    return cdist_brace_is_uuid(tree, third) && cdist_brace_after(tree, third) == NO_NODE ? third : NO_NODE;
}

/* NB: nodes have the order of the text, so what stands in a node are those up to the one after it. */
apr_uint32_t cdist_brace_object(const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_uint32_t open[NEAR_START], at = node, steps;
    int depth = 0;

    if (cdist_brace_kind(tree, node) != CDIST_BRACE_OPEN) return NO_NODE;
    for (steps = 0; steps < NEAR_START; steps++) {
        apr_uint32_t child = cdist_brace_child(tree, at);

        if (child != NO_NODE) {
            apr_uint32_t uuid = at == node ? NO_NODE : cdist_brace_header(tree, at);

            if (uuid != NO_NODE) return uuid;
            open[depth++] = at;
            at = child;
            continue;
        }
        while ((child = at == node ? NO_NODE : cdist_brace_after(tree, at)) == NO_NODE) {
            if (depth == 0) return NO_NODE;
            at = open[--depth];
        }
        at = child;
    }
    return NO_NODE;
}

/* ---- by uuid --------------------------------------------------------------------------------------------------- */

typedef struct {
    apr_uint32_t key, place;
} keyed_t;

static int by_key(const void *a, const void *b)
{
    const keyed_t *one = a, *two = b;

    if (one->key != two->key) return one->key < two->key ? -1 : 1;
    return one->place < two->place ? -1 : one->place > two->place;
}

/* The items with what they are known by: the number of their uuid, or their own. The head goes first. */
static keyed_t *keys_of(const items_t *items, apr_pool_t *pool)
{
    keyed_t *keys = apr_palloc(pool, ((apr_size_t)items->count + 1) * sizeof *keys);
    apr_uint32_t i;

    for (i = 0; i < items->count; i++) {
        apr_uint32_t uuid = i < items->head ? NO_NODE : cdist_brace_object(items->in->tree, items->nodes[i]);

        keys[i].key = i < items->head ? 0 : items->in->ids[uuid == NO_NODE ? items->nodes[i] : uuid] + 1;
        keys[i].place = i;
    }
    if (items->count > 0) qsort(keys, items->count, sizeof *keys, by_key);
    return keys;
}

static void pair(alignment_t *alignment, apr_uint32_t of_base, apr_uint32_t of_side)
{
    alignment->of_base[of_base] = of_side;
    alignment->of_side[of_side] = of_base;
}

static void align_objects(alignment_t *alignment, const items_t *base, const items_t *side, apr_pool_t *pool)
{
    const keyed_t *one = keys_of(base, pool), *two = keys_of(side, pool);
    apr_uint32_t i = 0, k = 0, last = 0;

    while (i < base->count && k < side->count) {
        if (one[i].key == two[k].key) pair(alignment, one[i++].place, two[k++].place);
        else if (one[i].key < two[k].key) i++;
        else k++;
    }
    for (i = 0; i < base->count; i++) {
        if (alignment->of_base[i] == NO_PARTNER) continue;
        if (alignment->of_base[i] < last) alignment->order = 1;
        last = alignment->of_base[i];
    }
}

/* ---- by place, or by what is equal around ---------------------------------------------------------------------- */

#define OF_CLASS 0x80000000u /* larger than any number of a node */

/* What an item is known by: a list of metadata objects by their class, whatever is in it; any other item by all that is. */
static apr_uint32_t symbol_of(const items_t *items, apr_uint32_t place)
{
    apr_uint32_t node = items->nodes[place];

    if (!cdist_brace_is_objects(items->in->tree, node)) return items->in->ids[node];
    return items->in->ids[cdist_brace_child(items->in->tree, node)] | OF_CLASS;
}

/* Small numbers for the items of both lists instead of those of all nodes. */
static apr_uint32_t renumber(apr_uint32_t *to, const items_t *base, const items_t *side, apr_pool_t *pool)
{
    apr_uint32_t total = base->count + side->count, distinct = 0, i;
    apr_uint32_t *symbols = apr_palloc(pool, ((apr_size_t)total + 1) * sizeof *symbols);
    cdist_sequences_t *sequences = cdist_sequences_create(total, pool);

    for (i = 0; i < total; i++) {
        symbols[i] = i < base->count ? symbol_of(base, i) : symbol_of(side, i - base->count);
        cdist_sequences_add(sequences, &symbols[i], sizeof symbols[i], 0, &to[i]);
    }
    cdist_sequences_number(&distinct, sequences);
    return distinct;
}

/* How many items a pairing leaves changed. */
static apr_uint32_t cost_of(const apr_array_header_t *hunks)
{
    apr_uint32_t cost = 0;
    int i;

    for (i = 0; i < hunks->nelts; i++) {
        const hunk_t *hunk = &APR_ARRAY_IDX(hunks, i, hunk_t);
        cost += hunk->old_count > hunk->new_count ? hunk->old_count : hunk->new_count;
    }
    return cost;
}

static void pair_hunks(alignment_t *alignment, const apr_array_header_t *hunks, apr_uint32_t base_count)
{
    apr_uint32_t at = 0, to = 0, i;
    int h;

    for (h = 0; h <= hunks->nelts; h++) {
        const hunk_t *hunk = h < hunks->nelts ? &APR_ARRAY_IDX(hunks, h, hunk_t) : NULL;

        while (at < (hunk ? hunk->old_first : base_count)) pair(alignment, at++, to++);
        if (!hunk) break;
        for (i = 0; i < hunk->old_count && i < hunk->new_count; i++) pair(alignment, at + i, to + i);
        at += hunk->old_count;
        to += hunk->new_count;
    }
}

static void align_places(alignment_t *alignment, const items_t *base, const items_t *side, apr_pool_t *pool)
{
    apr_uint32_t *ids = apr_palloc(pool, ((apr_size_t)base->count + side->count + 1) * sizeof *ids);
    apr_uint32_t symbols = renumber(ids, base, side, pool), changed = 0, i;
    const apr_array_header_t *hunks;
    int coarse;

    for (i = 0; base->count == side->count && i < base->count; i++) changed += ids[i] != ids[base->count + i];
    hunks = cdist_diff2(&coarse, ids, base->count, ids + base->count, side->count, symbols, pool, pool);
    if (base->count != side->count || changed > 2 * cost_of(hunks)) {
        pair_hunks(alignment, hunks, base->count);
        return;
    }
    for (i = 0; i < base->count; i++) pair(alignment, i, i);
}

/* Each with the one at its place, where all are equal: what the ways below would find too. */
static int align_equal(alignment_t *alignment, const items_t *base, const items_t *side)
{
    apr_uint32_t i;

    if (base->count != side->count) return 0;
    for (i = 0; i < base->count; i++) {
        if (base->in->ids[base->nodes[i]] != side->in->ids[side->nodes[i]]) return 0;
    }
    for (i = 0; i < base->count; i++) pair(alignment, i, i);
    return 1;
}

alignment_t cdist_brace_align(const items_t *base, const items_t *side, apr_pool_t *pool)
{
    alignment_t alignment = {NULL, NULL, 0};
    apr_size_t base_bytes = ((apr_size_t)base->count + 1) * sizeof(apr_uint32_t);
    apr_size_t side_bytes = ((apr_size_t)side->count + 1) * sizeof(apr_uint32_t);

    alignment.of_base = memset(apr_palloc(pool, base_bytes), 0xFF, base_bytes);
    alignment.of_side = memset(apr_palloc(pool, side_bytes), 0xFF, side_bytes);
    if (align_equal(&alignment, base, side)) return alignment;
    if (base->objects && side->objects) align_objects(&alignment, base, side, pool);
    else align_places(&alignment, base, side, pool);
    return alignment;
}
