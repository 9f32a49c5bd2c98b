/* Entries of a container: one by its name, all in passing, and their contents. */
#include "updates_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define ORDER_SAMPLES 16
#define LAST_SAMPLES 4
#define SMALL_COUNT 64
#define CONTENT_STEP 4096
#define PEEK_BYTES 128

int cdist_item_name_compare(const char *a, const char *b)
{
    return strcasecmp(a, b);
}

/* ---- by name --------------------------------------------------------------------------------------------------- */

/* Entry number `index`; NULL for a free record. */
static cdist_err_t *get_item(const cdist_item_t **item, cdist_container_t *container, apr_uint64_t index, apr_pool_t *pool)
{
    cdist_item_t *made;
    record_t record;
    int valid;

    *item = container->seen ? container->seen[index] : NULL;
    if (*item) return NULL;
    CDIST_ERR(cdist_container_record(&record, &valid, container, index));
    if (!valid) return NULL;
    made = apr_palloc(pool, sizeof *made);
    CDIST_ERR(cdist_container_item(made, container, &record, pool));
    *item = made;
    if (container->seen && pool == container->pool) container->seen[index] = made;
    return NULL;
}

/* By halves; *sorted becomes 0 where a free record, or two names in the wrong order, are met on the way. */
static cdist_err_t *find_by_halves(const cdist_item_t **found, int *sorted, cdist_container_t *container, const char *name)
{
    const cdist_item_t *below = NULL, *above = NULL, *item;
    apr_uint64_t low = 0, high = container->count;

    *found = NULL;
    while (low < high && *sorted && !*found) {
        apr_uint64_t middle = low + (high - low) / 2;
        int order;

        CDIST_ERR(get_item(&item, container, middle, container->pool));
        if (!item || (below && cdist_item_name_compare(below->name, item->name) > 0) ||
            (above && cdist_item_name_compare(item->name, above->name) > 0)) {
            *sorted = 0;
            break;
        }
        order = cdist_item_name_compare(name, item->name);
        if (order == 0) *found = item;
        if (order < 0) above = item, high = middle;
        else below = item, low = middle + 1;
    }
    return NULL;
}

/* A name was not found by halves: samples of the whole, and the last entries, which a careless packer may have appended,
 * tell whether the container is sorted at all. Of a small one nothing is guessed. */
static cdist_err_t *sample_order(int *sorted, cdist_container_t *container)
{
    const cdist_item_t *last = NULL, *item;
    apr_uint64_t count = container->count, i;

    *sorted = count > SMALL_COUNT;
    for (i = 0; i < ORDER_SAMPLES + LAST_SAMPLES && *sorted; i++) {
        apr_uint64_t at = i < ORDER_SAMPLES ? count / ORDER_SAMPLES * i : count - LAST_SAMPLES + (i - ORDER_SAMPLES);

        CDIST_ERR(get_item(&item, container, at, container->pool));
        if (!item || (last && cdist_item_name_compare(last->name, item->name) > 0)) *sorted = 0;
        last = item;
    }
    return NULL;
}

static cdist_err_t *find_one_by_one(const cdist_item_t **found, cdist_container_t *container, const char *name)
{
    const cdist_item_t *item;
    apr_pool_t *pool;
    apr_uint64_t i;
    cdist_err_t *err = NULL;

    apr_pool_create(&pool, container->pool);
    for (i = 0; i < container->count && !*found && !err; i++) {
        apr_pool_clear(pool);
        err = get_item(&item, container, i, pool);
        if (err || !item || cdist_item_name_compare(name, item->name) != 0) continue;
        err = get_item(found, container, i, container->pool);
    }
    err = cdist_err_dup(err, container->pool);
    apr_pool_destroy(pool);
    return err;
}

cdist_err_t *cdist_container_find(const cdist_item_t **item, cdist_container_t *container, const char *name, int thorough)
{
    int sorted = 1;

    CDIST_ERR(find_by_halves(item, &sorted, container, name));
    if (!*item && sorted && !thorough) CDIST_ERR(sample_order(&sorted, container));
    return *item || (sorted && !thorough) ? NULL : find_one_by_one(item, container, name);
}

/* ---- in passing ------------------------------------------------------------------------------------------------ */

static int compare_records(const void *a, const void *b)
{
    const record_t *x = a, *y = b;

    return x->attr_at < y->attr_at ? -1 : x->attr_at > y->attr_at;
}

/* The valid records, sorted by place. */
static cdist_err_t *records_by_place(record_t **records, apr_size_t *count, cdist_container_t *container, apr_pool_t *pool)
{
    apr_uint64_t i;
    int valid;

    if (container->count > CONTAINER_MAX_RECORDS) {
        return cdist_damaged(pool, container->bytes->name, container->base + container->head_bytes,
                             "a table of %" APR_UINT64_T_FMT " entries, which no container has", container->count);
    }
    *records = apr_palloc(pool, sizeof **records * (apr_size_t)(container->count + 1));
    *count = 0;
    for (i = 0; i < container->count; i++) {
        CDIST_ERR(cdist_container_record(&(*records)[*count], &valid, container, i));
        *count += (apr_size_t)valid;
    }
    qsort(*records, *count, sizeof **records, compare_records);
    /* NB: a table of a million records that all mean one entry would have it read a million times. */
    for (i = 1; i < *count; i++) {
        if ((*records)[i].attr_at != (*records)[i - 1].attr_at) continue;
        return cdist_damaged(pool, container->bytes->name, container->base + (*records)[i].attr_at,
                             "the table of contents has this entry twice");
    }
    return NULL;
}

/* NB: what does not overlap is together no longer than all that lies in front of its end. Without this the records of a large
 * table that all mean one large block, or chains that share one, would have it read as many times. */
static cdist_err_t *count_visited(cdist_container_t *container, const cdist_item_t *item, const chain_t *chain,
                                  apr_pool_t *pool)
{
    int i;

    if (item->data_at == CDIST_NO_DATA || item->data_at != container->visited_at) return NULL;
    container->visited_at = CDIST_NO_DATA;
    container->visited_bytes += chain->length;
    for (i = 0; i < chain->count; i++) {
        apr_uint64_t end = chain->extents[i].offset + chain->extents[i].length;
        if (end > container->visited_end) container->visited_end = end;
    }
    if (container->visited_bytes <= container->visited_end) return NULL;
    return cdist_damaged(pool, container->bytes->name, container->base + item->data_at,
                         "the entries up to here are larger than what holds them: some overlap");
}

cdist_err_t *cdist_container_walk(cdist_container_t *container, cdist_item_fn *visit, void *baton, apr_pool_t *scratch_pool)
{
    apr_pool_t *pool;
    record_t *records = NULL;
    apr_size_t count = 0, i;
    cdist_err_t *err = NULL;

    CDIST_ERR(records_by_place(&records, &count, container, scratch_pool));
    apr_pool_create(&pool, scratch_pool);
    container->visited_bytes = container->visited_end = 0;
    for (i = 0; i < count && !err; i++) {
        cdist_item_t item;

        apr_pool_clear(pool);
        err = cdist_container_item(&item, container, &records[i], pool);
        container->visited_at = records[i].data_at;
        if (!err) err = visit(baton, &item, pool);
    }
    container->visited_at = CDIST_NO_DATA;
    err = cdist_err_dup(err, scratch_pool);
    apr_pool_destroy(pool);
    return err;
}

/* ---- contents -------------------------------------------------------------------------------------------------- */

/* The start is kept, since it is looked at before it is read. */
typedef struct {
    cdist_container_t *container;
    chain_t chain;
    apr_size_t kept;
    char start[CONTENT_STEP];
} document_t;

static cdist_err_t *read_document(cdist_stream_t *stream, void *to, apr_size_t *length)
{
    document_t *document = stream->baton;

    if (stream->at == 0 && document->kept == 0) {
        document->kept = CONTENT_STEP;
        CDIST_ERR(cdist_chain_read(document->container, &document->chain, 0, document->start, &document->kept));
    }
    if (stream->at < document->kept) {
        if (*length > document->kept - stream->at) *length = document->kept - (apr_size_t)stream->at;
        memcpy(to, document->start + stream->at, *length);
    } else {
        CDIST_ERR(cdist_chain_read(document->container, &document->chain, stream->at, to, length));
    }
    stream->at += *length;
    return NULL;
}

static cdist_err_t *rewind_document(cdist_stream_t *stream)
{
    stream->at = 0;
    return NULL;
}

cdist_err_t *cdist_container_data(cdist_stream_t **stream, apr_uint64_t *length, cdist_container_t *container,
                                  const cdist_item_t *item, apr_pool_t *pool)
{
    cdist_stream_t *made = apr_pcalloc(pool, sizeof *made);
    document_t *document = apr_pcalloc(pool, sizeof *document);

    document->container = container;
    if (item->data_at != CDIST_NO_DATA) CDIST_ERR(cdist_chain_load(&document->chain, container, item->data_at, pool));
    CDIST_ERR(count_visited(container, item, &document->chain, pool));
    made->read = read_document;
    made->rewind = rewind_document;
    made->baton = document;
    made->name = apr_pstrcat(pool, container->bytes->name, ": entry ", cdist_text_printable(item->name, pool), NULL);
    *length = document->chain.length;
    *stream = made;
    return NULL;
}

/* NB: raw deflate data never start as UTF-8's mark or a container's header do: those name a kind of block that does not
 * exist. So only binary contents without either are left to an attempt. */
static cdist_err_t *is_packed(int *packed, cdist_stream_t *data, apr_pool_t *pool)
{
    char head[PEEK_BYTES];
    apr_size_t length = sizeof head;
    cdist_err_t *err;
    int bits;

    CDIST_ERR(data->read(data, head, &length));
    CDIST_ERR(cdist_container_probe(&bits, cdist_bytes_memory(head, length, data->name, pool), 0));
    *packed = length > 0 && bits == 0 && (length < 3 || memcmp(head, "\xEF\xBB\xBF", 3) != 0);
    CDIST_ERR(data->rewind(data));
    if (!*packed) return NULL;
    data = cdist_stream_inflate(data, CONTENT_STEP, pool);
    do {
        length = sizeof head;
        err = data->read(data, head, &length);
    } while (!err && length > 0 && data->at < sizeof head);
    if (err && err->code != CDIST_E_CORRUPT) return err;
    *packed = err == NULL;
    return NULL;
}

cdist_err_t *cdist_container_content(cdist_stream_t **stream, int *packed, cdist_container_t *container,
                                     const cdist_item_t *item, apr_pool_t *pool)
{
    apr_uint64_t length;
    apr_pool_t *probe;
    cdist_err_t *err;
    int inflates = 0;

    CDIST_ERR(cdist_container_data(stream, &length, container, item, pool));
    apr_pool_create(&probe, pool);
    err = cdist_err_dup(is_packed(&inflates, *stream, probe), pool);
    apr_pool_destroy(probe);
    if (err) return err;
    CDIST_ERR((*stream)->rewind(*stream));
    if (packed) *packed = inflates;
    if (inflates) *stream = cdist_stream_inflate(*stream, CONTENT_STEP, pool);
    return NULL;
}
