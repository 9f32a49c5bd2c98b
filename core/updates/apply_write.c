/* The configuration that updates lead to, as a file: the base's stub, then a container of the base's width. Entries of the base
 * are copied as they are, those of updates compressed, unless the base's are not either. */
#include "updates_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MARK "\xEF\xBB\xBF"
#define NO_ID "00000000-0000-0000-0000-000000000000"

typedef struct {
    const assembly_t *assembly;
    cdist_container_writer_t *writer;
    z_stream *z; /* NULL: entries are not compressed */
    unsigned char *out;
    apr_uint64_t left; /* how many bytes the sources can still give, if no two entries share any */
    apr_pool_t *pool;
} sink_t;

/* ---- contents -------------------------------------------------------------------------------------------------- */

static cdist_err_t *deflate_into(sink_t *sink, const void *bytes, apr_size_t length, int flush)
{
    sink->z->next_in = (Bytef *)bytes;
    sink->z->avail_in = (uInt)length;
    do {
        sink->z->next_out = sink->out;
        sink->z->avail_out = BYTES_STEP;
        if (deflate(sink->z, flush) == Z_STREAM_ERROR) abort();
        CDIST_ERR(cdist_container_writer_data(sink->writer, sink->out, BYTES_STEP - sink->z->avail_out));
    } while (sink->z->avail_out == 0);
    return NULL;
}

static cdist_err_t *put(void *baton, const void *bytes, apr_size_t length)
{
    sink_t *sink = baton;

    if (!sink->z) return cdist_container_writer_data(sink->writer, bytes, length);
    return deflate_into(sink, bytes, length, Z_NO_FLUSH);
}

static cdist_err_t *begin(sink_t *sink, const char *name)
{
    if (sink->z && deflateReset(sink->z) != Z_OK) abort();
    return cdist_container_writer_entry(sink->writer, name, sink->assembly->created, sink->assembly->modified);
}

static cdist_err_t *end(sink_t *sink)
{
    return sink->z ? deflate_into(sink, "", 0, Z_FINISH) : NULL;
}

static cdist_err_t *put_text(sink_t *sink, const char *text)
{
    return put(sink, text, strlen(text));
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

static cdist_err_t *write_part(sink_t *sink, const part_t *part, apr_pool_t *pool)
{
    char *buffer = apr_palloc(pool, BYTES_STEP);
    int pack = part->stored && sink->z != NULL;
    cdist_stream_t *stream;
    apr_uint64_t length;
    apr_size_t step;

    CDIST_ERR(cdist_container_data(&stream, &length, part->container, &part->item, pool));
    if (length > sink->left) {
        return cdist_damaged(sink->pool, part->container->bytes->name, part->item.data_at,
                             "the entries are larger than the file together: some overlap");
    }
    sink->left -= length;
    CDIST_ERR(cdist_container_writer_entry(sink->writer, part->item.name, part->item.created, part->item.modified));
    if (part->item.data_at == CDIST_NO_DATA) return NULL;
    if (pack && deflateReset(sink->z) != Z_OK) abort();
    for (;;) {
        step = BYTES_STEP;
        CDIST_ERR(stream->read(stream, buffer, &step));
        if (step == 0) return pack ? end(sink) : NULL;
        CDIST_ERR(pack ? put(sink, buffer, step) : cdist_container_writer_data(sink->writer, buffer, step));
    }
}

/* Every entry with the id of its version; the empty name is the configuration itself. */
static cdist_err_t *write_versions(sink_t *sink, const apr_array_header_t *names)
{
    cdist_brace_writer_t text = {put, sink, CDIST_BRACE_END};
    const char *count = apr_itoa(sink->pool, names->nelts + 1), *id = sink->assembly->id.version_id;
    int i;

    CDIST_ERR(put_text(sink, MARK));
    CDIST_ERR(cdist_brace_write_open(&text));
    CDIST_ERR(cdist_brace_write_bare(&text, "1", 1));
    CDIST_ERR(cdist_brace_write_bare(&text, count, strlen(count)));
    CDIST_ERR(cdist_brace_write_text(&text, "", 0));
    CDIST_ERR(cdist_brace_write_bare(&text, id, strlen(id)));
    for (i = 0; i < names->nelts; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        id = apr_hash_get(sink->assembly->ids, name, APR_HASH_KEY_STRING);
        if (!id) id = NO_ID;
        CDIST_ERR(cdist_brace_write_text(&text, name, strlen(name)));
        CDIST_ERR(cdist_brace_write_bare(&text, id, strlen(id)));
    }
    return cdist_brace_write_close(&text);
}

static cdist_err_t *write_own(sink_t *sink, const char *name, const apr_array_header_t *names)
{
    CDIST_ERR(begin(sink, name));
    if (strcmp(name, "root") == 0) {
        CDIST_ERR(put_text(sink, apr_pstrcat(sink->pool, MARK "{2,", sink->assembly->root_id, ",}", NULL)));
    } else if (strcmp(name, "version") == 0) {
        CDIST_ERR(put_text(sink, apr_pstrcat(sink->pool, MARK "{\r\n", sink->assembly->version_content, "\r\n}", NULL)));
    } else {
        CDIST_ERR(write_versions(sink, names));
    }
    return end(sink);
}

/* ---- the file -------------------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    const char *x = *(const char *const *)a, *y = *(const char *const *)b;
    int order = cdist_item_name_compare(x, y);

    return order ? order : strcmp(x, y);
}

static apr_array_header_t *sorted_names(const assembly_t *assembly, apr_pool_t *pool)
{
    apr_array_header_t *names = apr_array_make(pool, (int)apr_hash_count(assembly->parts) + 3, sizeof(const char *));
    apr_hash_index_t *i;

    for (i = apr_hash_first(pool, assembly->parts); i; i = apr_hash_next(i)) {
        APR_ARRAY_PUSH(names, const char *) = apr_hash_this_key(i);
    }
    APR_ARRAY_PUSH(names, const char *) = "root";
    APR_ARRAY_PUSH(names, const char *) = "version";
    APR_ARRAY_PUSH(names, const char *) = "versions";
    qsort(names->elts, (size_t)names->nelts, sizeof(const char *), compare_names);
    return names;
}

static cdist_err_t *copy_stub(const assembly_t *assembly, apr_file_t *file, const char *name, apr_pool_t *pool)
{
    apr_uint64_t at = 0, end_at = cdist_container_base(assembly->base);
    char *buffer = apr_palloc(pool, BYTES_STEP);

    while (at < end_at) {
        apr_size_t step = end_at - at < BYTES_STEP ? (apr_size_t)(end_at - at) : BYTES_STEP;
        apr_status_t rv;

        CDIST_ERR(cdist_bytes_read(assembly->base_bytes, at, buffer, &step));
        rv = apr_file_write_full(file, buffer, step, NULL);
        if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", name);
        at += step;
    }
    return NULL;
}

/* What all sources hold together, which is what all entries can have at most. */
static apr_uint64_t bytes_of_sources(const assembly_t *assembly, apr_pool_t *pool)
{
    apr_hash_t *seen = apr_hash_make(pool);
    apr_hash_index_t *i;
    apr_uint64_t sum = 0;

    for (i = apr_hash_first(pool, assembly->parts); i; i = apr_hash_next(i)) {
        const part_t *part = apr_hash_this_val(i);

        if (apr_hash_get(seen, &part->container, sizeof part->container)) continue;
        apr_hash_set(seen, &part->container, sizeof part->container, part);
        sum += cdist_bytes_length(part->container->bytes);
    }
    return sum;
}

static cdist_err_t *write_entries(sink_t *sink, const apr_array_header_t *names)
{
    apr_pool_t *pool;
    cdist_err_t *err = NULL;
    int i;

    apr_pool_create(&pool, sink->pool);
    for (i = 0; i < names->nelts && !err; i++) {
        const char *name = APR_ARRAY_IDX(names, i, const char *);

        apr_pool_clear(pool);
        if (cdist_assembly_own(name)) err = write_own(sink, name, names);
        else err = write_part(sink, apr_hash_get(sink->assembly->parts, name, APR_HASH_KEY_STRING), pool);
    }
    err = cdist_err_dup(err, sink->pool);
    apr_pool_destroy(pool);
    return err ? err : cdist_container_writer_close(sink->writer);
}

cdist_err_t *cdist_assembly_write(apr_uint32_t *entries, const assembly_t *assembly, apr_file_t *file, const char *name,
                                  apr_pool_t *scratch_pool)
{
    sink_t sink = {assembly, NULL, NULL, apr_palloc(scratch_pool, BYTES_STEP), bytes_of_sources(assembly, scratch_pool),
                   scratch_pool};
    apr_array_header_t *names = sorted_names(assembly, scratch_pool);
    cdist_err_t *err;
    z_stream z;

    CDIST_ERR(copy_stub(assembly, file, name, scratch_pool));
    CDIST_ERR(cdist_container_writer_open(&sink.writer, file, name, cdist_container_base(assembly->base),
                                          cdist_container_bits(assembly->base), (apr_uint32_t)names->nelts, scratch_pool));
    *entries = (apr_uint32_t)names->nelts;
    memset(&z, 0, sizeof z);
    if (assembly->packed) {
        if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
        sink.z = &z;
    }
    err = write_entries(&sink, names);
    if (sink.z) deflateEnd(&z);
    return err;
}
