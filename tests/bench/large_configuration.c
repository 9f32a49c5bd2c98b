/* large_configuration BASE.cf NEW.cf MEGABYTES: a configuration as large as that, out of a real one: all of its entries, and
 * copies of them under other names until it is large enough. Stored bytes are copied as they are. */
#include "updates/cdist_updates.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const char *name;
    cdist_item_t item; /* whose data it gets */
    apr_uint64_t bytes;
} entry_t;

typedef struct {
    cdist_container_t *container;
    apr_array_header_t *entries; /* entry_t */
    apr_pool_t *pool;
} base_t;

static void must(cdist_err_t *err, apr_pool_t *pool)
{
    if (!err) return;
    fprintf(stderr, "large_configuration: %s\n", cdist_err_text(err, pool));
    exit(1);
}

static cdist_err_t *take(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    base_t *base = baton;
    entry_t *entry = apr_array_push(base->entries);
    cdist_stream_t *stream;

    (void)pool;
    entry->item = *item;
    entry->item.name = entry->name = apr_pstrdup(base->pool, item->name);
    entry->bytes = 0;
    return item->data_at == CDIST_NO_DATA ? NULL
                                          : cdist_container_data(&stream, &entry->bytes, base->container, &entry->item, pool);
}

static int compare(const void *left, const void *right)
{
    return cdist_item_name_compare(((const entry_t *)left)->name, ((const entry_t *)right)->name);
}

static void multiply(base_t *base, apr_uint64_t bytes)
{
    int own = base->entries->nelts, i;
    apr_uint64_t total = 0;

    for (i = 0; i < own; i++) total += APR_ARRAY_IDX(base->entries, i, entry_t).bytes;
    for (i = 0; total < bytes; i++) {
        entry_t entry = APR_ARRAY_IDX(base->entries, i % own, entry_t);

        entry.name = apr_psprintf(base->pool, "%08x-0000-4000-8000-%012x", (unsigned)i * 2654435761u, (unsigned)i);
        total += entry.bytes;
        APR_ARRAY_PUSH(base->entries, entry_t) = entry;
    }
    qsort(base->entries->elts, (size_t)base->entries->nelts, sizeof(entry_t), compare);
}

static void copy_entry(cdist_container_writer_t *writer, base_t *base, const entry_t *entry, char *buffer, apr_pool_t *pool)
{
    cdist_stream_t *stream;
    apr_uint64_t bytes;
    apr_size_t length = 1;

    must(cdist_container_writer_entry(writer, entry->name, entry->item.created, entry->item.modified), pool);
    if (entry->item.data_at == CDIST_NO_DATA) return;
    must(cdist_container_data(&stream, &bytes, base->container, &entry->item, pool), pool);
    while (length > 0) {
        length = 65536;
        must(stream->read(stream, buffer, &length), pool);
        if (length > 0) must(cdist_container_writer_data(writer, buffer, length), pool);
    }
}

/* The stub of the base, which stands in front. */
static void copy_stub(apr_file_t *file, cdist_bytes_t *bytes, apr_uint64_t length, apr_pool_t *pool)
{
    char *stub = apr_palloc(pool, 65536);
    apr_size_t step = (apr_size_t)length;

    must(cdist_bytes_read(bytes, 0, stub, &step), pool);
    if (apr_file_write_full(file, stub, step, NULL) != APR_SUCCESS) exit(1);
}

int main(int argc, char **argv)
{
    cdist_container_writer_t *writer;
    apr_pool_t *pool, *part;
    cdist_bytes_t *bytes;
    apr_file_t *file;
    base_t base;
    char *buffer;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    apr_pool_create(&part, pool);
    if (argc != 4) return fprintf(stderr, "Usage: large_configuration BASE.cf NEW.cf MEGABYTES\n"), 2;
    buffer = apr_palloc(pool, 65536);
    must(cdist_bytes_file(&bytes, argv[1], pool), pool);
    must(cdist_container_open(&base.container, bytes, pool), pool);
    base.entries = apr_array_make(pool, 1024, sizeof(entry_t));
    base.pool = pool;
    must(cdist_container_walk(base.container, take, &base, pool), pool);
    multiply(&base, (apr_uint64_t)atoi(argv[3]) * 1000000);
    if (apr_file_open(&file, argv[2], APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_TRUNCATE | APR_FOPEN_BINARY,
                      APR_FPROT_OS_DEFAULT, pool) != APR_SUCCESS) {
        return perror(argv[2]), 1;
    }
    copy_stub(file, bytes, cdist_container_base(base.container), pool);
    must(cdist_container_writer_open(&writer, file, argv[2], cdist_container_base(base.container),
                                     cdist_container_bits(base.container), (apr_uint32_t)base.entries->nelts, pool), pool);
    for (i = 0; i < base.entries->nelts; i++) {
        apr_pool_clear(part);
        copy_entry(writer, &base, &APR_ARRAY_IDX(base.entries, i, entry_t), buffer, part);
    }
    must(cdist_container_writer_close(writer), pool);
    return 0;
}
