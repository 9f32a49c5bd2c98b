/* From contents that come one by one, in any order, to the archive that cdist_build makes of a folder with them.
 *
 * Invariants
 * - The archive grows in its own order. `next` is the first part that is not in it; a content that comes for it goes straight
 *   into the archive, any other one is packed into the spool, and copied when its turn comes.
 * - How a content is compressed is what pack.c and pack_stream.c do for a file of its length. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES (1024u * 1024)
#define HEAD_BYTES 4 /* of a content tell its entry's mode */
#define NONE (-1)

typedef struct {
    apr_uint64_t spool_at;
    int spooled; /* its packed bytes lie in the spool */
    int begun;   /* its header stands at the archive's end */
    int store;   /* compressing it was of no use */
} place_t;

struct cdist_assembly_t {
    apr_pool_t *pool;
    const apr_array_header_t *parts;
    int level;
    const volatile apr_uint32_t *stop;
    cdist_manifest_t *manifest;
    cdist_zip_writer_t *writer;
    const char *folder;
    cdist_temp_t *spool; /* NULL until it is needed */
    apr_uint64_t spool_end;
    place_t *places;
    int next;
    cdist_pack_tools_t tools;
    unsigned char *chunk;
    /* ---- the content that is being delivered ---- */
    int part; /* NONE between two */
    apr_uint64_t got;
    unsigned char head[HEAD_BYTES];
    unsigned char *room; /* for a content that is compressed as a whole; NULL for a streamed one */
    cdist_sha256_t *sha, *packed_sha;
    z_stream z;
    int deflating; /* `z` is in use */
};

static const cdist_part_t *part_at(const cdist_assembly_t *a, int part)
{
    return &APR_ARRAY_IDX(a->parts, part, cdist_part_t);
}

static cdist_entry_t *entry_at(cdist_assembly_t *a, int part)
{
    return &APR_ARRAY_IDX(a->manifest->entries, part, cdist_entry_t);
}

static int is_folder(const cdist_part_t *part)
{
    return part->name[strlen(part->name) - 1] == '/';
}

static apr_status_t end_deflating(void *baton)
{
    cdist_assembly_t *a = baton;

    if (a->deflating) deflateEnd(&a->z);
    a->deflating = 0;
    return APR_SUCCESS;
}

/* ---- the spool ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *spool_failed(cdist_assembly_t *a, apr_status_t rv)
{
    return cdist_err_create(a->pool, CDIST_E_STORE, rv, "%s: a temporary file cannot be written or read",
                            cdist_text_printable(a->folder, a->pool));
}

/* From now on packed bytes are written behind those that are there. */
static cdist_err_t *spool_begin(cdist_assembly_t *a)
{
    apr_off_t end = (apr_off_t)a->spool_end;
    apr_status_t rv = APR_SUCCESS;

    if (!a->spool) rv = cdist_os_temp_open(&a->spool, a->folder, a->pool);
    if (rv == APR_SUCCESS) rv = apr_file_seek(a->spool->file, APR_SET, &end);
    if (rv != APR_SUCCESS) return spool_failed(a, rv);
    a->places[a->part].spool_at = a->spool_end;
    return NULL;
}

static cdist_err_t *spool_put(cdist_assembly_t *a, const void *bytes, apr_size_t length)
{
    apr_status_t rv = length ? apr_file_write_full(a->spool->file, bytes, length, NULL) : APR_SUCCESS;

    return rv == APR_SUCCESS ? NULL : spool_failed(a, rv);
}

static cdist_err_t *copy_spooled(cdist_assembly_t *a, int part)
{
    cdist_entry_t *entry = entry_at(a, part);
    apr_uint64_t at;

    CDIST_ERR(cdist_zip_writer_begin(a->writer, entry));
    for (at = 0; at < entry->packed_bytes; at += CHUNK_BYTES) {
        apr_size_t length = entry->packed_bytes - at > CHUNK_BYTES ? CHUNK_BYTES : (apr_size_t)(entry->packed_bytes - at);
        apr_status_t rv = cdist_os_read_at(a->spool->file, a->places[part].spool_at + at, a->chunk, length);

        if (rv != APR_SUCCESS) return spool_failed(a, rv);
        if (cdist_stop_asked(a->stop)) return cdist_err_create(a->pool, CDIST_E_STOPPED, 0, "the build was stopped");
        CDIST_ERR(cdist_zip_writer_data(a->writer, a->chunk, length));
    }
    return cdist_zip_writer_end(a->writer, entry);
}

static cdist_err_t *add_folder(cdist_assembly_t *a, int part)
{
    cdist_entry_t *entry = entry_at(a, part);
    cdist_block_t packed = {NULL, 0};
    cdist_err_t *err;

    cdist_pack_room(&a->tools, 0);
    cdist_pack_content(entry, &packed, 0, &a->tools);
    entry->mode = CDIST_MODE_FOLDER;
    err = cdist_zip_writer_add(a->writer, entry, packed.bytes);
    cdist_os_block_free(&packed);
    return err;
}

/* Puts into the archive what is at hand of what comes next. */
static cdist_err_t *catch_up(cdist_assembly_t *a)
{
    for (; a->next < a->parts->nelts; a->next++) {
        if (a->places[a->next].spooled) CDIST_ERR(copy_spooled(a, a->next));
        else if (is_folder(part_at(a, a->next))) CDIST_ERR(add_folder(a, a->next));
        else return NULL;
    }
    return NULL;
}

/* ---- one content --------------------------------------------------------------------------------------------------- */

static cdist_err_t *put_packed(cdist_assembly_t *a, const void *bytes, apr_size_t length)
{
    entry_at(a, a->part)->packed_bytes += length;
    cdist_sha256_update(a->packed_sha, bytes, length);
    return a->part == a->next ? cdist_zip_writer_data(a->writer, bytes, length) : spool_put(a, bytes, length);
}

static cdist_err_t *deflate_piece(cdist_assembly_t *a, const void *content, apr_size_t length, int last)
{
    a->z.next_in = (Bytef *)content;
    a->z.avail_in = (uInt)length;
    do {
        a->z.next_out = a->chunk;
        a->z.avail_out = CHUNK_BYTES;
        if (deflate(&a->z, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) abort();
        CDIST_ERR(put_packed(a, a->chunk, CHUNK_BYTES - a->z.avail_out));
    } while (a->z.avail_out == 0);
    return NULL;
}

static cdist_err_t *begin_stream(cdist_assembly_t *a)
{
    cdist_entry_t *entry = entry_at(a, a->part);
    place_t *place = &a->places[a->part];

    cdist_sha256_reset(a->sha);
    cdist_sha256_reset(a->packed_sha);
    entry->crc32 = 0;
    entry->packed_bytes = 0;
    entry->method = part_at(a, a->part)->shrinks && !place->store ? CDIST_DEFLATED : CDIST_STORED;
    if (entry->method == CDIST_DEFLATED) {
        cdist_deflate_begin(&a->z, a->level);
        a->deflating = 1;
    }
    if (a->part != a->next) return spool_begin(a);
    if (place->begun) return NULL;
    place->begun = 1;
    return cdist_zip_writer_begin(a->writer, entry);
}

cdist_err_t *cdist_assembly_begin(cdist_assembly_t *a, int part)
{
    if (a->part != NONE || part < a->next || part >= a->parts->nelts || a->places[part].spooled || is_folder(part_at(a, part))) {
        return cdist_err_create(a->pool, CDIST_E_INPUT, 0, "a part of the archive was delivered out of turn");
    }
    a->part = part;
    a->got = 0;
    entry_at(a, part)->bytes = part_at(a, part)->bytes;
    a->room = NULL;
    if (part_at(a, part)->bytes > cdist_whole_max(a->level)) return begin_stream(a);
    a->room = cdist_pack_room(&a->tools, (apr_size_t)part_at(a, part)->bytes);
    return NULL;
}

static cdist_err_t *wrong_length(cdist_assembly_t *a)
{
    return cdist_err_create(a->pool, CDIST_E_CHANGED, 0, "%s: is not as long as it was at first",
                            cdist_text_printable(part_at(a, a->part)->name, a->pool));
}

cdist_err_t *cdist_assembly_data(cdist_assembly_t *a, const void *content, apr_size_t length)
{
    cdist_entry_t *entry;
    apr_size_t i;

    if (a->part == NONE) return cdist_err_create(a->pool, CDIST_E_INPUT, 0, "a part of the archive was delivered out of turn");
    entry = entry_at(a, a->part);
    if (cdist_stop_asked(a->stop)) return cdist_err_create(a->pool, CDIST_E_STOPPED, 0, "the build was stopped");
    if (length > entry->bytes - a->got) return wrong_length(a);
    for (i = 0; i < length && a->got + i < HEAD_BYTES; i++) a->head[a->got + i] = ((const unsigned char *)content)[i];
    if (a->room) {
        if (length) memcpy(a->room + a->got, content, length);
        a->got += length;
        return NULL;
    }
    a->got += length;
    entry->crc32 = cdist_crc32(entry->crc32, content, length);
    cdist_sha256_update(a->sha, content, length);
    /* NB: zlib counts in 32 bits. */
    while (entry->method == CDIST_DEFLATED && length > CHUNK_BYTES) {
        CDIST_ERR(deflate_piece(a, content, CHUNK_BYTES, 0));
        content = (const unsigned char *)content + CHUNK_BYTES;
        length -= CHUNK_BYTES;
    }
    return entry->method == CDIST_DEFLATED ? deflate_piece(a, content, length, 0) : put_packed(a, content, length);
}

static cdist_err_t *end_whole(cdist_assembly_t *a, cdist_entry_t *entry)
{
    cdist_block_t packed = {NULL, 0};
    cdist_err_t *err;

    cdist_pack_content(entry, &packed, (apr_size_t)entry->bytes, &a->tools);
    if (a->part == a->next) {
        err = cdist_zip_writer_add(a->writer, entry, packed.bytes);
    } else {
        err = spool_begin(a);
        if (!err) err = spool_put(a, packed.bytes, (apr_size_t)entry->packed_bytes);
    }
    cdist_os_block_free(&packed);
    return err;
}

static cdist_err_t *end_stream(int *again, cdist_assembly_t *a, cdist_entry_t *entry)
{
    if (a->deflating) {
        CDIST_ERR(deflate_piece(a, NULL, 0, 1));
        end_deflating(a);
    }
    cdist_sha256_final(&entry->sha256, a->sha);
    cdist_sha256_final(&entry->packed_sha256, a->packed_sha);
    *again = entry->method == CDIST_DEFLATED && entry->packed_bytes >= entry->bytes;
    if (*again) {
        a->places[a->part].store = 1;
        return a->part == a->next ? cdist_zip_writer_rewind(a->writer) : NULL;
    }
    return a->part == a->next ? cdist_zip_writer_end(a->writer, entry) : NULL;
}

cdist_err_t *cdist_assembly_end(int *again, cdist_assembly_t *a)
{
    cdist_entry_t *entry;
    int part = a->part;

    if (part == NONE) return cdist_err_create(a->pool, CDIST_E_INPUT, 0, "a part of the archive was delivered out of turn");
    entry = entry_at(a, part);
    *again = 0;
    if (a->got != entry->bytes) return wrong_length(a);
    entry->mode = cdist_input_mode(a->head, a->got < HEAD_BYTES ? (apr_size_t)a->got : HEAD_BYTES);
    if (a->room) CDIST_ERR(end_whole(a, entry));
    else CDIST_ERR(end_stream(again, a, entry));
    a->part = NONE;
    if (*again) return NULL;
    if (part != a->next) {
        a->places[part].spooled = 1;
        a->spool_end += entry->packed_bytes;
        return NULL;
    }
    a->next++;
    return catch_up(a);
}

/* ---- the whole ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *take_parts(cdist_assembly_t *a)
{
    int i;

    for (i = 0; i < a->parts->nelts; i++) {
        const char *name = part_at(a, i)->name;

        if (!*name || (i > 0 && strcmp(part_at(a, i - 1)->name, name) >= 0)) {
            return cdist_err_create(a->pool, CDIST_E_INPUT, 0, "%s: the parts of an archive are not in order",
                                    cdist_text_printable(name, a->pool));
        }
        ((cdist_entry_t *)apr_array_push(a->manifest->entries))->name = name;
    }
    return NULL;
}

cdist_err_t *cdist_assembly_create(cdist_assembly_t **assembly, cdist_temp_t *temp, const apr_array_header_t *parts, int level,
                                   const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_build_options_t options = {level};
    cdist_assembly_t *a = apr_pcalloc(pool, sizeof *a);

    a->pool = pool;
    a->parts = parts;
    a->level = level;
    a->stop = stop;
    a->folder = temp->folder;
    a->part = NONE;
    a->places = apr_pcalloc(pool, (apr_size_t)(parts->nelts + 1) * sizeof *a->places);
    a->chunk = apr_palloc(pool, CHUNK_BYTES);
    a->sha = cdist_sha256_create(pool);
    a->packed_sha = cdist_sha256_create(pool);
    a->manifest = apr_pcalloc(pool, sizeof *a->manifest);
    a->manifest->builder = cdist_builder_identity();
    a->manifest->level = level;
    a->manifest->entries = apr_array_make(pool, parts->nelts + 1, sizeof(cdist_entry_t));
    CDIST_ERR(take_parts(a));
    cdist_pack_tools_make(&a->tools, &options, NULL, NULL, pool);
    apr_pool_cleanup_register(pool, a, end_deflating, apr_pool_cleanup_null);
    CDIST_ERR(cdist_zip_writer_create(&a->writer, temp->file, parts->nelts, stop, pool));
    *assembly = a;
    return catch_up(a);
}

cdist_err_t *cdist_assembly_finish(cdist_manifest_t **manifest, cdist_assembly_t *a)
{
    if (a->next < a->parts->nelts) {
        return cdist_err_create(a->pool, CDIST_E_INPUT, 0, "%s: was not delivered",
                                cdist_text_printable(part_at(a, a->next)->name, a->pool));
    }
    CDIST_ERR(cdist_zip_writer_finish(a->manifest, a->writer));
    cdist_manifest_sum(a->manifest);
    *manifest = a->manifest;
    return NULL;
}
