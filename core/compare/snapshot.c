/* One side of a comparison: elements with digests of their contents, in order. */
#include "cdist_compare.h"

#include <stdlib.h>
#include <string.h>

cdist_snapshot_t *cdist_snapshot_create(apr_pool_t *pool)
{
    cdist_snapshot_t *snapshot = apr_palloc(pool, sizeof *snapshot);

    snapshot->elements = apr_array_make(pool, 64, sizeof(cdist_element_t));
    return snapshot;
}

cdist_element_t *cdist_snapshot_add(cdist_snapshot_t *snapshot)
{
    cdist_element_t *element = apr_array_push(snapshot->elements);

    memset(element, 0, sizeof *element);
    return element;
}

static int compare_ids(const void *a, const void *b)
{
    const cdist_element_t *x = a, *y = b;

    return strcmp(x->id, y->id);
}

cdist_err_t *cdist_snapshot_sort(cdist_snapshot_t *snapshot, const char *name, apr_pool_t *pool)
{
    const apr_array_header_t *elements = snapshot->elements;
    int i;

    if (elements->nelts > 1) qsort(elements->elts, (size_t)elements->nelts, sizeof(cdist_element_t), compare_ids);
    for (i = 1; i < elements->nelts; i++) {
        const cdist_element_t *element = &APR_ARRAY_IDX(elements, i, cdist_element_t);

        if (strcmp(element[-1].id, element->id) != 0) continue;
        return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: has %s twice", name, cdist_text_printable(element->id, pool));
    }
    return NULL;
}

const cdist_element_t *cdist_snapshot_find(const cdist_snapshot_t *snapshot, const char *id)
{
    cdist_element_t wanted = {id};

    if (snapshot->elements->nelts == 0) return NULL;
    return bsearch(&wanted, snapshot->elements->elts, (size_t)snapshot->elements->nelts, sizeof wanted, compare_ids);
}

cdist_snapshot_t *cdist_snapshot_only(const cdist_snapshot_t *snapshot, const cdist_snapshot_t *other, apr_pool_t *pool)
{
    cdist_snapshot_t *only = cdist_snapshot_create(pool);
    int i;

    for (i = 0; i < snapshot->elements->nelts; i++) {
        const cdist_element_t *element = &APR_ARRAY_IDX(snapshot->elements, i, cdist_element_t);
        if (cdist_snapshot_find(other, element->id)) *cdist_snapshot_add(only) = *element;
    }
    return only;
}

/* ---- groups ---------------------------------------------------------------------------------------------------- */

static int compare_owners(const void *a, const void *b)
{
    const cdist_element_t *const *x = a, *const *y = b;
    int order = strcmp((*x)->owner, (*y)->owner);

    return order ? order : strcmp((*x)->id, (*y)->id);
}

static void feed(cdist_sha256_t *sha, cdist_element_t *group, const cdist_element_t *part)
{
    cdist_sha256_update_text(sha, part->id);
    cdist_sha256_update_u64(sha, (apr_uint64_t)part->kind);
    cdist_sha256_update(sha, part->digest.byte, sizeof part->digest.byte);
    if (!group->error) group->error = part->error;
}

cdist_snapshot_t *cdist_snapshot_group(const cdist_snapshot_t *snapshot, apr_pool_t *pool)
{
    cdist_snapshot_t *groups = cdist_snapshot_create(pool);
    int count = snapshot->elements->nelts, i, end;
    const cdist_element_t **parts = apr_palloc(pool, sizeof *parts * (apr_size_t)(count + 1));
    cdist_sha256_t *sha = cdist_sha256_create(pool);

    for (i = 0; i < count; i++) parts[i] = &APR_ARRAY_IDX(snapshot->elements, i, cdist_element_t);
    if (count > 1) qsort(parts, (size_t)count, sizeof *parts, compare_owners);
    for (i = 0; i < count; i = end) {
        cdist_element_t *group = cdist_snapshot_add(groups);

        group->id = group->owner = parts[i]->owner;
        group->name = parts[i]->name;
        group->kind = CDIST_ELEMENT_GROUP;
        cdist_sha256_reset(sha);
        for (end = i; end < count && strcmp(parts[end]->owner, group->id) == 0; end++) feed(sha, group, parts[end]);
        cdist_sha256_final(&group->digest, sha);
    }
    return groups;
}
