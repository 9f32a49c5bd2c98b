/* Brace text, three ways, item by item.
 * Nodes are numbered (brace_number.c), so that what is equal is known at once and not looked into; lists that differ are taken
 * apart, their items aligned (brace_align.c), and each that differs waits on a stack. A list that is small, and is another kind
 * of thing than it was, is shown as a whole.
 * Source of what places mean: property_name.c. */
#include "property_int.h"

#include <apr_strings.h>

#include <string.h>

#define SMALL 24 /* nodes */
#define NO_STEP (-1)
#define MOST_STEPS 40 /* of a path */

/* A place on the way down to a property. */
typedef struct {
    int parent; /* NO_STEP: the top */
    apr_uint32_t place;
    const char *name, *object;
} step_t;

/* The same item on all sides; NO_NODE where it is not there. */
typedef struct {
    apr_uint32_t base, mine, theirs;
    int step;
} task_t;

typedef struct {
    cdist_brace_diff_t *result;
    numbered_t base, mine, theirs;
    int two_way;
    apr_array_header_t *steps; /* step_t */
    apr_array_header_t *tasks; /* task_t: a stack */
    apr_array_header_t *next;  /* task_t: the items of the list that is taken apart */
    const char *object;        /* what the text as a whole describes */
    apr_pool_t *result_pool, *pool, *list_pool;
} walk_t;

/* ---- one item -------------------------------------------------------------------------------------------------- */

/* NB: no list or text has this number, there are not so many. */
static apr_uint32_t id_of(const numbered_t *in, apr_uint32_t node)
{
    return node == NO_NODE ? NO_NODE : in->ids[node];
}

static cdist_class_t classify(const walk_t *walk, const task_t *task)
{
    apr_uint32_t base = id_of(&walk->base, task->base), mine = id_of(&walk->mine, task->mine);
    apr_uint32_t theirs = id_of(&walk->theirs, task->theirs);

    if (walk->two_way) return mine == theirs ? CDIST_CLASS_UNCHANGED : CDIST_CLASS_CONFLICT;
    return cdist_class_of(mine != base, theirs != base, mine == theirs);
}

/* NB: of a path that nobody could follow anyway the end is told, so that no text makes ten thousand long ones. */
static const char *path_of(const walk_t *walk, int step)
{
    const char *path = "";
    int steps;

    for (steps = 0; step != NO_STEP && steps < MOST_STEPS; step = APR_ARRAY_IDX(walk->steps, step, step_t).parent, steps++) {
        path = apr_psprintf(walk->result_pool, "[%u]%s", APR_ARRAY_IDX(walk->steps, step, step_t).place, path);
    }
    return step == NO_STEP ? path : apr_pstrcat(walk->result_pool, "…", path, NULL);
}

static void report(walk_t *walk, const task_t *task, cdist_class_t cls, int order)
{
    static const step_t top = {NO_STEP, 0, "", ""};
    const step_t *step = task->step == NO_STEP ? &top : &APR_ARRAY_IDX(walk->steps, task->step, step_t);
    cdist_brace_diff_t *result = walk->result;
    cdist_property_t *property;

    result->conflicts += cls == CDIST_CLASS_CONFLICT;
    if (result->properties->nelts == CDIST_PROPERTY_COUNT) {
        result->cut = 1;
        return;
    }
    property = apr_array_push(result->properties);
    property->cls = cls;
    property->base = walk->two_way ? NO_NODE : task->base;
    property->mine = task->mine;
    property->theirs = task->theirs;
    property->order = order;
    property->path = path_of(walk, task->step);
    property->name = apr_pstrdup(walk->result_pool, step->name);
    property->object = apr_pstrdup(walk->result_pool, step->object);
}

/* ---- lists ----------------------------------------------------------------------------------------------------- */

static int is_list(const numbered_t *in, apr_uint32_t node)
{
    return node != NO_NODE && cdist_brace_kind(in->tree, node) == CDIST_BRACE_OPEN;
}

/* 1 if there is not more in a list than can be shown, and neither an object nor a list of objects is in it. NB: nodes have the
 * order of the text, so the number of its last one tells how many there are. */
static int is_small(const numbered_t *in, apr_uint32_t list)
{
    apr_uint32_t last = list, item;

    for (item = cdist_brace_child(in->tree, list); item != NO_NODE; item = cdist_brace_after(in->tree, item)) {
        if (cdist_brace_is_objects(in->tree, item)) return 0;
    }
    while (last - list < SMALL && (item = cdist_brace_child(in->tree, last)) != NO_NODE) {
        for (last = item; last - list < SMALL && (item = cdist_brace_after(in->tree, last)) != NO_NODE;) last = item;
    }
    return last - list < SMALL && cdist_brace_object(in->tree, list) == NO_NODE;
}

/* Whether a side's list is another kind of thing: it starts with something else, or has another number of items. */
static int is_other(const items_t *base, const items_t *side)
{
    if (base->count != side->count) return 1;
    return base->count > 0 && base->in->ids[base->nodes[0]] != side->in->ids[side->nodes[0]];
}

static int show_whole(const walk_t *walk, const task_t *task, const items_t *base, const items_t *mine, const items_t *theirs)
{
    if (base->objects || mine->objects || theirs->objects) return 0;
    if (!is_other(base, mine) && !is_other(base, theirs)) return 0;
    return is_small(&walk->base, task->base) && is_small(&walk->mine, task->mine) && is_small(&walk->theirs, task->theirs);
}

/* Leaves an item of a list for later, if it differs. `place` is that in the base, or on the side that added it; `is_object`:
 * the list is one of objects, and this is none of its head. */
static void later(walk_t *walk, const task_t *list, apr_uint32_t place, int is_object, const task_t *item)
{
    const numbered_t *in = item->base != NO_NODE ? &walk->base : item->mine != NO_NODE ? &walk->mine : &walk->theirs;
    apr_uint32_t node = item->base != NO_NODE ? item->base : item->mine != NO_NODE ? item->mine : item->theirs;
    apr_uint32_t list_node = item->base != NO_NODE ? list->base : item->mine != NO_NODE ? list->mine : list->theirs;
    const char *list_name = "", *object = walk->object;
    apr_uint32_t uuid = NO_NODE;
    task_t task = *item;
    step_t *step;

    if (classify(walk, item) == CDIST_CLASS_UNCHANGED) return;
    if (list->step != NO_STEP) {
        list_name = APR_ARRAY_IDX(walk->steps, list->step, step_t).name;
        object = APR_ARRAY_IDX(walk->steps, list->step, step_t).object;
    }
    if (is_object) uuid = cdist_brace_is_uuid(in->tree, node) ? node : cdist_brace_object(in->tree, node);
    task.step = walk->steps->nelts;
    step = apr_array_push(walk->steps);
    step->parent = list->step;
    step->place = place;
    step->name = cdist_property_name(in->tree, list_node, place, list_name, walk->pool);
    step->object = uuid == NO_NODE ? object : cdist_brace_text(NULL, in->tree, uuid);
    APR_ARRAY_PUSH(walk->next, task_t) = task;
}

/* ---- items that were added ------------------------------------------------------------------------------------- */

/* The items without a partner, their places, and how many items of the base stand before each. */
typedef struct {
    items_t items;
    apr_uint32_t *places, *before;
} added_t;

static added_t added_of(const items_t *side, const apr_uint32_t *partners, apr_pool_t *pool)
{
    apr_uint32_t *nodes = apr_palloc(pool, ((apr_size_t)side->count + 1) * sizeof *nodes), before = 0, i;
    added_t added = {*side, NULL, NULL};

    added.items.nodes = nodes;
    added.items.count = added.items.head = 0;
    added.places = apr_palloc(pool, ((apr_size_t)side->count + 1) * sizeof *added.places);
    added.before = apr_palloc(pool, ((apr_size_t)side->count + 1) * sizeof *added.before);
    for (i = 0; i < side->count; i++) {
        if (partners[i] != NO_PARTNER) {
            before = partners[i] + 1;
            continue;
        }
        added.places[added.items.count] = i;
        added.before[added.items.count] = before;
        nodes[added.items.count++] = side->nodes[i];
    }
    return added;
}

/* Objects that both sides added are the same if their uuids are; other items if they were added at the same place of the base.
 * */
static apr_uint32_t *match_added(const added_t *mine, const added_t *theirs, apr_pool_t *pool)
{
    apr_uint32_t *partners, i, k = 0;

    if (mine->items.objects && theirs->items.objects) return cdist_brace_align(&mine->items, &theirs->items, pool).of_base;
    partners = apr_palloc(pool, ((apr_size_t)mine->items.count + 1) * sizeof *partners);
    for (i = 0; i < mine->items.count; i++) {
        while (k < theirs->items.count && theirs->before[k] < mine->before[i]) k++;
        partners[i] = k < theirs->items.count && theirs->before[k] == mine->before[i] ? k++ : NO_PARTNER;
    }
    return partners;
}

static void take_added(walk_t *walk, const task_t *list, const added_t *mine, const added_t *theirs, apr_pool_t *pool)
{
    apr_uint32_t *partners = match_added(mine, theirs, pool), i;
    char *matched = apr_pcalloc(pool, (apr_size_t)theirs->items.count + 1);

    for (i = 0; i < mine->items.count; i++) {
        task_t item = {NO_NODE, mine->items.nodes[i], NO_NODE, NO_STEP};

        if (partners[i] != NO_PARTNER) {
            item.theirs = theirs->items.nodes[partners[i]];
            matched[partners[i]] = 1;
        }
        later(walk, list, mine->places[i], mine->items.objects, &item);
    }
    for (i = 0; i < theirs->items.count; i++) {
        task_t item = {NO_NODE, NO_NODE, theirs->items.nodes[i], NO_STEP};

        if (!matched[i]) later(walk, list, theirs->places[i], theirs->items.objects, &item);
    }
}

/* ---- the walk -------------------------------------------------------------------------------------------------- */

static void report_order(walk_t *walk, const task_t *task, int mine, int theirs)
{
    int same = id_of(&walk->mine, task->mine) == id_of(&walk->theirs, task->theirs);

    if (!mine && !theirs) return;
    report(walk, task, walk->two_way ? CDIST_CLASS_CONFLICT : cdist_class_of(mine, theirs, same), 1);
}

/* Whether a list of objects has as many as it says. */
static int is_counted(const items_t *items)
{
    int count;

    if (!cdist_number_parse(&count, cdist_brace_text(NULL, items->in->tree, items->nodes[1]), 0, APR_INT32_MAX)) return 0;
    return (apr_uint32_t)count == items->count - items->head;
}

/* NB: how many objects a list has follows from what was added and removed, so two sides that each add one have no conflict
 * there. */
static void take_apart(walk_t *walk, const task_t *task, apr_pool_t *pool)
{
    items_t base = cdist_brace_items(&walk->base, task->base, pool), mine = cdist_brace_items(&walk->mine, task->mine, pool);
    items_t theirs = cdist_brace_items(&walk->theirs, task->theirs, pool);
    alignment_t to_mine, to_theirs;
    added_t of_mine, of_theirs;
    int objects = base.objects && mine.objects && theirs.objects;
    int counted = objects && is_counted(&base) && is_counted(&mine) && is_counted(&theirs);
    apr_uint32_t i;

    if (show_whole(walk, task, &base, &mine, &theirs)) {
        report(walk, task, classify(walk, task), 0);
        return;
    }
    if (!objects) base.objects = mine.objects = theirs.objects = 0;
    to_mine = cdist_brace_align(&base, &mine, pool);
    to_theirs = cdist_brace_align(&base, &theirs, pool);
    report_order(walk, task, to_mine.order, to_theirs.order);
    for (i = 0; i < base.count; i++) {
        task_t item = {base.nodes[i], NO_NODE, NO_NODE, NO_STEP};

        if (counted && i == 1) continue;
        if (to_mine.of_base[i] != NO_PARTNER) item.mine = mine.nodes[to_mine.of_base[i]];
        if (to_theirs.of_base[i] != NO_PARTNER) item.theirs = theirs.nodes[to_theirs.of_base[i]];
        later(walk, task, i, objects && i >= base.head, &item);
    }
    of_mine = added_of(&mine, to_mine.of_side, pool);
    of_theirs = added_of(&theirs, to_theirs.of_side, pool);
    take_added(walk, task, &of_mine, &of_theirs, pool);
}

static void visit(walk_t *walk, const task_t *task)
{
    cdist_class_t cls = classify(walk, task);

    if (cls == CDIST_CLASS_UNCHANGED) return;
    if (!is_list(&walk->base, task->base) || !is_list(&walk->mine, task->mine) || !is_list(&walk->theirs, task->theirs)) {
        report(walk, task, cls, 0);
        return;
    }
    apr_pool_clear(walk->list_pool);
    walk->next->nelts = 0;
    take_apart(walk, task, walk->list_pool);
    while (walk->next->nelts > 0) APR_ARRAY_PUSH(walk->tasks, task_t) = *(const task_t *)apr_array_pop(walk->next);
}

/* The only list of a text, which most have; the list of the lists where there are several. */
static apr_uint32_t top_of(const cdist_brace_tree_t *tree)
{
    apr_uint32_t first = cdist_brace_child(tree, 0);

    return first != NO_NODE && cdist_brace_after(tree, first) == NO_NODE ? first : 0;
}

static void walk_all(walk_t *walk)
{
    task_t task = {top_of(walk->base.tree), top_of(walk->mine.tree), top_of(walk->theirs.tree), NO_STEP};
    apr_uint32_t uuid;

    if (task.base == 0 || task.mine == 0 || task.theirs == 0) task.base = task.mine = task.theirs = 0;
    uuid = cdist_brace_object(walk->base.tree, task.base);
    walk->object = uuid == NO_NODE ? "" : cdist_brace_text(NULL, walk->base.tree, uuid);
    APR_ARRAY_PUSH(walk->tasks, task_t) = task;
    while (walk->tasks->nelts > 0) {
        task = *(const task_t *)apr_array_pop(walk->tasks);
        visit(walk, &task);
    }
}

/* Numbers the trees of the three sides; one that is that of two sides is numbered once. */
static cdist_err_t *number_sides(walk_t *walk, const cdist_brace_tree_t *base, const cdist_brace_tree_t *mine,
                                 const cdist_brace_tree_t *theirs)
{
    const cdist_brace_tree_t *sides[] = {mine, theirs, base}, *trees[3];
    numbered_t numbered[3], *to[] = {&walk->mine, &walk->theirs, &walk->base};
    int which[3], count = 0, i;

    for (i = 0; i < (base ? 3 : 2); i++) {
        for (which[i] = 0; which[i] < count && trees[which[i]] != sides[i];) which[i]++;
        if (which[i] == count) trees[count++] = sides[i];
    }
    CDIST_ERR(cdist_brace_number(numbered, trees, count, walk->pool));
    for (i = 0; i < (base ? 3 : 2); i++) *to[i] = numbered[which[i]];
    if (!base) walk->base = walk->mine;
    return NULL;
}

cdist_err_t *cdist_brace_diff(cdist_brace_diff_t **diff, const cdist_brace_tree_t *base, const cdist_brace_tree_t *mine,
                              const cdist_brace_tree_t *theirs, apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    cdist_err_t *err;
    walk_t walk;

    memset(&walk, 0, sizeof walk);
    walk.result = apr_pcalloc(result_pool, sizeof *walk.result);
    walk.result->base = base;
    walk.result->mine = mine;
    walk.result->theirs = theirs;
    walk.result->properties = apr_array_make(result_pool, 16, sizeof(cdist_property_t));
    walk.two_way = base == NULL;
    walk.result_pool = result_pool;
    apr_pool_create(&walk.pool, scratch_pool);
    apr_pool_create(&walk.list_pool, walk.pool);
    err = number_sides(&walk, base, mine, theirs);
    if (!err) {
        walk.steps = apr_array_make(walk.pool, 64, sizeof(step_t));
        walk.tasks = apr_array_make(walk.pool, 64, sizeof(task_t));
        walk.next = apr_array_make(walk.pool, 64, sizeof(task_t));
        walk_all(&walk);
    }
    err = cdist_err_dup(err, result_pool);
    apr_pool_destroy(walk.pool);
    *diff = walk.result;
    return err;
}
