/* Support data by object: its rule, what the vendor delivers it with, and by which uuid the vendor knows it. */
#include "cdist_compare.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <string.h>

typedef struct {
    cdist_rule_t rule;
    cdist_delivery_kind_t delivery;
} object_t;

struct cdist_support_index_t {
    cdist_support_state_t state;
    apr_hash_t *objects; /* local uuid → object_t */
    apr_hash_t *pairs;   /* vendor's uuid → local uuid, where they differ */
    apr_pool_t *pool;
};

const char *cdist_support_state_name(cdist_support_state_t state)
{
    static const char *const names[] = {"none", "removed", "locked", "rules"};

    return names[state];
}

static object_t *object_of(cdist_support_index_t *index, const char *uuid)
{
    object_t *object = apr_hash_get(index->objects, uuid, APR_HASH_KEY_STRING);

    if (object) return object;
    object = apr_pcalloc(index->pool, sizeof *object);
    apr_hash_set(index->objects, uuid, APR_HASH_KEY_STRING, object);
    return object;
}

/* NB: the rules are numbered from the strictest on, behind "unknown". */
static void add_rule(cdist_support_index_t *index, const cdist_support_rule_t *row, int locked)
{
    cdist_rule_t rule = locked ? CDIST_RULE_LOCKED : (cdist_rule_t)(CDIST_RULE_LOCKED + row->rule);
    object_t *object = object_of(index, row->local);

    if (object->rule == CDIST_RULE_UNKNOWN || rule < object->rule) object->rule = rule;
    if (strcmp(row->local, row->vendor) != 0) apr_hash_set(index->pairs, row->vendor, APR_HASH_KEY_STRING, row->local);
}

static cdist_support_state_t state_of(const cdist_support_t *support)
{
    if (!support) return CDIST_SUPPORT_NONE;
    if (support->locked) return CDIST_SUPPORT_LOCKED;
    if (support->vendor_count > 0) return CDIST_SUPPORT_RULES;
    /* A vendor's own development configuration has delivery rules, and no vendor above it. */
    return support->deliveries->nelts ? CDIST_SUPPORT_NONE : CDIST_SUPPORT_REMOVED;
}

cdist_support_index_t *cdist_support_index_make(const cdist_support_t *support, apr_pool_t *pool)
{
    cdist_support_index_t *index = apr_palloc(pool, sizeof *index);
    int i, j;

    index->state = state_of(support);
    index->objects = apr_hash_make(pool);
    index->pairs = apr_hash_make(pool);
    index->pool = pool;
    if (!support) return index;
    for (i = 0; i < support->vendors->nelts; i++) {
        const cdist_support_vendor_t *vendor = &APR_ARRAY_IDX(support->vendors, i, cdist_support_vendor_t);

        for (j = 0; j < vendor->rules->nelts; j++) {
            add_rule(index, &APR_ARRAY_IDX(vendor->rules, j, cdist_support_rule_t), vendor->locked);
        }
    }
    for (i = 0; i < support->deliveries->nelts; i++) {
        const cdist_delivery_rule_t *delivery = &APR_ARRAY_IDX(support->deliveries, i, cdist_delivery_rule_t);

        object_of(index, delivery->object)->delivery = (cdist_delivery_kind_t)(CDIST_DELIVERY_ALLOWED + delivery->rule);
    }
    return index;
}

cdist_support_state_t cdist_support_index_state(const cdist_support_index_t *index)
{
    return index->state;
}

cdist_rule_t cdist_support_index_rule(const cdist_support_index_t *index, const char *object)
{
    const object_t *found;

    if (index->state == CDIST_SUPPORT_LOCKED) return CDIST_RULE_LOCKED;
    if (index->state == CDIST_SUPPORT_REMOVED) return CDIST_RULE_REMOVED;
    found = apr_hash_get(index->objects, object, APR_HASH_KEY_STRING);
    return found ? found->rule : CDIST_RULE_UNKNOWN;
}

cdist_delivery_kind_t cdist_support_index_delivery(const cdist_support_index_t *index, const char *object)
{
    const object_t *found = apr_hash_get(index->objects, object, APR_HASH_KEY_STRING);

    return found ? found->delivery : CDIST_DELIVERY_UNKNOWN;
}

/* ---- pairs ----------------------------------------------------------------------------------------------------- */

static apr_hash_t *owners_of(const cdist_snapshot_t *snapshot, apr_pool_t *pool)
{
    apr_hash_t *owners = apr_hash_make(pool);
    int i;

    for (i = 0; i < snapshot->elements->nelts; i++) {
        const char *owner = APR_ARRAY_IDX(snapshot->elements, i, cdist_element_t).owner;

        apr_hash_set(owners, owner, APR_HASH_KEY_STRING, owner);
    }
    return owners;
}

cdist_err_t *cdist_support_index_pair(cdist_snapshot_t **paired, const cdist_support_index_t *index,
                                      const cdist_snapshot_t *vendor, const cdist_snapshot_t *mine, const char *name,
                                      apr_pool_t *pool)
{
    apr_hash_t *in_vendor = owners_of(vendor, pool), *in_mine = owners_of(mine, pool), *taken = apr_hash_make(pool);
    int i;

    *paired = cdist_snapshot_create(pool);
    apr_array_cat((*paired)->elements, vendor->elements);
    for (i = 0; i < vendor->elements->nelts; i++) {
        cdist_element_t *element = &APR_ARRAY_IDX((*paired)->elements, i, cdist_element_t);
        const char *local = apr_hash_get(index->pairs, element->owner, APR_HASH_KEY_STRING), *first;

        if (!local || apr_hash_get(in_vendor, local, APR_HASH_KEY_STRING) ||
            apr_hash_get(in_mine, element->owner, APR_HASH_KEY_STRING)) {
            continue;
        }
        /* NB: of several objects that are paired with one the first has it. */
        first = apr_hash_get(taken, local, APR_HASH_KEY_STRING);
        if (first && strcmp(first, element->owner) != 0) continue;
        if (!first) apr_hash_set(taken, local, APR_HASH_KEY_STRING, element->owner);
        element->id = apr_pstrcat(pool, local, element->id + strlen(element->owner), NULL);
        element->owner = local;
    }
    return cdist_snapshot_sort(*paired, name, pool);
}
