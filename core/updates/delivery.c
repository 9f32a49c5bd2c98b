/* Deliveries: the archives in which releases come. Which kind one is tell its first bytes. */
#include "updates_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define ZIP_START "PK\3\4"
#define ZIP_EMPTY "PK\5\6"

cdist_err_t *cdist_delivery_note(cdist_delivery_t *delivery, const cdist_member_t *member, apr_pool_t *scratch_pool)
{
    cdist_member_t *noted;
    char *name = apr_pstrdup(scratch_pool, member->name), *p;

    for (p = name; *p; p++) {
        if (*p == '\\') *p = '/';
    }
    if (!delivery->wanted(name)) return NULL;
    if (delivery->members->nelts == CDIST_DELIVERY_MAX) {
        return cdist_err_create(scratch_pool, CDIST_E_INPUT, 0, "%s: holds more than %d files of configurations: unpack it",
                                delivery->bytes->name, CDIST_DELIVERY_MAX);
    }
    noted = apr_array_push(delivery->members);
    *noted = *member;
    noted->name = apr_pstrdup(delivery->pool, name);
    return NULL;
}

static int compare_places(const void *left, const void *right)
{
    const cdist_member_t *a = left, *b = right;

    return a->at < b->at ? -1 : a->at > b->at ? 1 : strcmp(a->name, b->name);
}

static cdist_err_t *list(cdist_delivery_t *delivery, cdist_bytes_t *bytes)
{
    char start[4];
    apr_size_t length = sizeof start;
    cdist_stream_t *stream;
    cdist_err_t *err;

    CDIST_ERR(cdist_bytes_read(bytes, 0, start, &length));
    if (length == sizeof start && (memcmp(start, ZIP_START, 4) == 0 || memcmp(start, ZIP_EMPTY, 4) == 0)) {
        delivery->zip = 1;
        delivery->bytes = bytes;
        return cdist_delivery_list_zip(delivery);
    }
    stream = cdist_stream_inflate(cdist_bytes_stream(bytes, 0, delivery->pool), BYTES_STEP, delivery->pool);
    stream->name = apr_pstrcat(delivery->pool, bytes->name, " (inflated)", NULL);
    delivery->bytes = cdist_bytes_window(stream, delivery->pool);
    length = 1;
    err = cdist_bytes_read(delivery->bytes, 0, start, &length);
    if (err && err->code == CDIST_E_CORRUPT) {
        return cdist_damaged(delivery->pool, bytes->name, 0, "neither a ZIP nor compressed data, as an .efd is");
    }
    return err ? err : cdist_delivery_list_efd(delivery);
}

/* NB: a small ZIP whose directory lists the same bytes over and over would be unpacked for hours. */
static void mark_shared(const cdist_delivery_t *delivery)
{
    apr_uint64_t end = 0;
    int i;

    for (i = 0; delivery->zip && i < delivery->members->nelts; i++) {
        cdist_member_t *member = &APR_ARRAY_IDX(delivery->members, i, cdist_member_t);

        if (member->zip64) continue;
        member->shared = member->at < end;
        if (member->at + member->packed_bytes > end) end = member->at + member->packed_bytes;
    }
}

cdist_err_t *cdist_delivery_open(cdist_delivery_t **delivery, cdist_bytes_t *bytes, cdist_member_fn *wanted, apr_pool_t *pool)
{
    cdist_delivery_t *made = apr_pcalloc(pool, sizeof *made);

    made->members = apr_array_make(pool, 8, sizeof(cdist_member_t));
    made->wanted = wanted;
    made->pool = pool;
    CDIST_ERR(list(made, bytes));
    qsort(made->members->elts, (size_t)made->members->nelts, sizeof(cdist_member_t), compare_places);
    mark_shared(made);
    *delivery = made;
    return NULL;
}

const apr_array_header_t *cdist_delivery_members(const cdist_delivery_t *delivery)
{
    return delivery->members;
}

cdist_err_t *cdist_delivery_member(cdist_bytes_t **bytes, const cdist_delivery_t *delivery, const cdist_member_t *member,
                                   apr_pool_t *pool)
{
    if (delivery->zip) return cdist_delivery_member_zip(bytes, delivery, member, pool);
    *bytes = cdist_bytes_slice(delivery->bytes, member->at, member->bytes, member->name, pool);
    return NULL;
}

cdist_err_t *cdist_delivery_member_check(const cdist_delivery_t *delivery, cdist_bytes_t *bytes)
{
    apr_size_t length = 1;
    char byte;

    /* Far behind any end: the window reads all that is in front of it. */
    return delivery->zip ? cdist_bytes_read(bytes, APR_UINT64_MAX / 2, &byte, &length) : NULL;
}
