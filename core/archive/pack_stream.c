/* Large entries: streamed from the file, or out of another archive, into the writer. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define STREAM_BYTES (1024u * 1024)

typedef struct {
    cdist_entry_t *entry;
    cdist_zip_writer_t *writer;
    const char *folder;
    const cdist_input_t *input;
    apr_file_t *file;
    const volatile apr_uint32_t *stop;
    cdist_pack_tools_t *tools;
    unsigned char *in, *out;
    cdist_sha256_t *sha, *packed_sha;
    apr_pool_t *pool;
} stream_t;

static cdist_err_t *stream_seek(stream_t *s, apr_uint64_t offset)
{
    apr_off_t target = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(s->file, APR_SET, &target);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(s->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_input_shown(s->folder, s->input, s->pool));
}

static cdist_err_t *probe(int *shrinks, stream_t *s)
{
    cdist_probe_t *samples = cdist_probe_create(s->input->stat.bytes, s->tools->level, s->pool);
    int i;

    for (i = 0; i < CDIST_PROBES; i++) {
        CDIST_ERR(stream_seek(s, cdist_probe_offset(samples, i)));
        CDIST_ERR(cdist_input_read(s->in, CDIST_PROBE_BYTES, s->file, s->folder, s->input, s->pool));
        cdist_probe_take(samples, s->in);
    }
    *shrinks = cdist_probe_shrinks(samples);
    return stream_seek(s, 0);
}

/* Reads the whole content in pieces, digests it, and hands each piece on. */
static cdist_err_t *stream_content(stream_t *s, cdist_err_t *(*piece)(stream_t *, apr_size_t, int, void *), void *baton)
{
    apr_uint64_t left = s->input->stat.bytes;

    s->entry->crc32 = 0;
    cdist_sha256_reset(s->sha);
    cdist_sha256_reset(s->packed_sha);
    s->entry->packed_bytes = 0;
    while (left > 0) {
        apr_size_t length = left > STREAM_BYTES ? STREAM_BYTES : (apr_size_t)left;

        if (cdist_stop_asked(s->stop)) return cdist_err_create(s->pool, CDIST_E_STOPPED, 0, "the build was stopped");
        CDIST_ERR(cdist_input_read(s->in, length, s->file, s->folder, s->input, s->pool));
        if (left == s->input->stat.bytes) s->entry->mode = cdist_input_mode(s->in, length);
        left -= length;
        s->entry->crc32 = cdist_crc32(s->entry->crc32, s->in, length);
        cdist_sha256_update(s->sha, s->in, length);
        CDIST_ERR(piece(s, length, left == 0, baton));
    }
    cdist_sha256_final(&s->entry->sha256, s->sha);
    cdist_sha256_final(&s->entry->packed_sha256, s->packed_sha);
    return NULL;
}

static cdist_err_t *put_packed(stream_t *s, const void *bytes, apr_size_t length)
{
    s->entry->packed_bytes += length;
    cdist_sha256_update(s->packed_sha, bytes, length);
    return cdist_zip_writer_data(s->writer, bytes, length);
}

static cdist_err_t *store_piece(stream_t *s, apr_size_t length, int last, void *baton)
{
    (void)last;
    (void)baton;
    return put_packed(s, s->in, length);
}

static cdist_err_t *deflate_piece(stream_t *s, apr_size_t length, int last, void *baton)
{
    z_stream *z = baton;

    z->next_in = s->in;
    z->avail_in = (uInt)length;
    do {
        z->next_out = s->out;
        z->avail_out = STREAM_BYTES;
        if (deflate(z, last ? Z_FINISH : Z_NO_FLUSH) == Z_STREAM_ERROR) abort();
        CDIST_ERR(put_packed(s, s->out, STREAM_BYTES - z->avail_out));
    } while (z->avail_out == 0);
    return NULL;
}

static cdist_err_t *stream_deflated(stream_t *s)
{
    cdist_err_t *err;
    z_stream z;

    cdist_deflate_begin(&z, s->tools->level);
    s->entry->method = CDIST_DEFLATED;
    err = stream_content(s, deflate_piece, &z);
    deflateEnd(&z);
    return err;
}

/* Packs the entry, whose header has been begun. */
static cdist_err_t *stream_packed(stream_t *s)
{
    int shrinks;

    CDIST_ERR(probe(&shrinks, s));
    if (shrinks) {
        CDIST_ERR(stream_deflated(s));
        shrinks = s->entry->packed_bytes < s->entry->bytes;
        if (!shrinks) {
            CDIST_ERR(cdist_zip_writer_rewind(s->writer));
            CDIST_ERR(stream_seek(s, 0));
        }
    }
    if (!shrinks) {
        s->entry->method = CDIST_STORED;
        CDIST_ERR(stream_content(s, store_piece, NULL));
    }
    return NULL;
}

/* ---- large entries out of other archives -------------------------------------------------------------------------- */

static cdist_err_t *drop_piece(stream_t *s, apr_size_t length, int last, void *baton)
{
    (void)s;
    (void)length;
    (void)last;
    (void)baton;
    return NULL;
}

/* Whether a stored record of unknown origin has the file's content. */
static cdist_err_t *compare_stored(int *same, stream_t *s, const cdist_record_t *record)
{
    apr_uint64_t at;

    *same = 0;
    CDIST_ERR(stream_seek(s, 0));
    for (at = 0; at < record->bytes; at += STREAM_BYTES) {
        apr_size_t length = record->bytes - at > STREAM_BYTES ? STREAM_BYTES : (apr_size_t)(record->bytes - at);

        if (cdist_stop_asked(s->stop)) return cdist_err_create(s->pool, CDIST_E_STOPPED, 0, "the build was stopped");
        CDIST_ERR(cdist_input_read(s->in, length, s->file, s->folder, s->input, s->pool));
        if (!cdist_reuse_read(s->out, s->tools->reuse, record, at, length) || memcmp(s->in, s->out, length) != 0) return NULL;
    }
    *same = 1;
    return NULL;
}

/* Copies a record's packed bytes behind the header; *copied is 0 if they are not what they were. */
static cdist_err_t *copy_packed(int *copied, stream_t *s, const cdist_record_t *record)
{
    cdist_digest_t digest;
    apr_uint64_t at;
    int readable = 1;

    cdist_sha256_reset(s->packed_sha);
    s->entry->packed_bytes = 0;
    for (at = 0; readable && at < record->packed_bytes; at += STREAM_BYTES) {
        apr_uint64_t left = record->packed_bytes - at;
        apr_size_t length = left > STREAM_BYTES ? STREAM_BYTES : (apr_size_t)left;

        if (cdist_stop_asked(s->stop)) return cdist_err_create(s->pool, CDIST_E_STOPPED, 0, "the build was stopped");
        readable = cdist_reuse_read(s->out, s->tools->reuse, record, at, length);
        if (readable) CDIST_ERR(put_packed(s, s->out, length));
    }
    cdist_sha256_final(&digest, s->packed_sha);
    *copied = readable && cdist_digest_equal(&digest, record->known ? &record->packed_sha256 : &s->entry->sha256);
    if (!*copied) {
        cdist_reuse_damaged(s->tools->reuse, record);
        return cdist_zip_writer_rewind(s->writer);
    }
    /* NB: otherwise the file was read, and its content told the mode; an archive of unknown origin does not. */
    if (record->known) {
        s->entry->sha256 = record->sha256;
        s->entry->mode = record->mode;
    }
    s->entry->bytes = record->bytes;
    s->entry->crc32 = record->crc32;
    s->entry->method = record->method;
    s->entry->packed_sha256 = digest;
    s->tools->reused_bytes += record->packed_bytes;
    return NULL;
}

/* Finds the record of the file's content. It is read only if an archive has a content of its size. NB: a stored content of
 * unknown origin is taken only where this builder would store it without a second pass; otherwise it might shrink. */
static cdist_err_t *find_same(const cdist_record_t **record, stream_t *s)
{
    int same = 0, shrinks;

    *record = NULL;
    if (!cdist_reuse_has_size(s->tools->reuse, s->input->stat.bytes)) return NULL;
    CDIST_ERR(stream_content(s, drop_piece, NULL));
    CDIST_ERR(stream_seek(s, 0));
    *record = cdist_reuse_by_digest(s->tools->reuse, &s->entry->sha256, s->input->stat.bytes);
    if (*record) return NULL;
    *record = cdist_reuse_by_crc(s->tools->reuse, s->input->stat.bytes, s->entry->crc32);
    if (!*record) return NULL;
    CDIST_ERR(probe(&shrinks, s));
    if (shrinks) *record = NULL;
    for (; *record; *record = (*record)->next) {
        if ((*record)->method == CDIST_STORED) CDIST_ERR(compare_stored(&same, s, *record));
        if (same) break;
    }
    return stream_seek(s, 0);
}

static cdist_err_t *stream_reused(int *reused, stream_t *s)
{
    const cdist_record_t *record;

    *reused = 0;
    if (!s->tools->reuse) return NULL;
    record = cdist_reuse_by_stat(s->tools->reuse, &s->input->stat);
    if (record) CDIST_ERR(copy_packed(reused, s, record));
    if (*reused) return NULL;
    CDIST_ERR(find_same(&record, s));
    return record ? copy_packed(reused, s, record) : NULL;
}

cdist_err_t *cdist_pack_stream(cdist_entry_t *entry, cdist_zip_writer_t *writer, cdist_pack_tools_t *tools,
                               const char *folder, const cdist_input_t *input, const volatile apr_uint32_t *stop,
                               apr_pool_t *pool)
{
    stream_t s = {entry, writer, folder, input, NULL, stop, tools, NULL, NULL, NULL, NULL, pool};
    cdist_err_t *err;
    int reused;

    CDIST_ERR(cdist_input_open(&s.file, input->over ? tools->over : tools->opener, folder, input, pool));
    s.in = apr_palloc(pool, STREAM_BYTES);
    s.out = apr_palloc(pool, STREAM_BYTES);
    s.sha = cdist_sha256_create(pool);
    s.packed_sha = cdist_sha256_create(pool);
    /* NB: decides how long the header is, and must be known when its place is kept. */
    entry->bytes = input->stat.bytes;
    err = cdist_zip_writer_begin(writer, entry);
    if (!err) err = stream_reused(&reused, &s);
    if (!err && !reused) err = stream_packed(&s);
    if (!err) err = cdist_input_check(s.file, folder, input, pool);
    if (!err) err = cdist_zip_writer_end(writer, entry);
    apr_file_close(s.file);
    return err;
}
