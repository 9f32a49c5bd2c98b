/* One file's content into one entry: read, checked against the stat that the tree saw, digested, compressed.
 * What is decided here about an entry depends on its content alone, never on its owner, time or file system. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define STREAM_BYTES (256u * 1024)
#define PROBES 8
#define PROBE_BYTES (128u * 1024)

#define MODE_FILE 0100644u
#define MODE_PROGRAM 0100755u
#define MODE_LINK 0120777u
#define MODE_FOLDER 0040755u

static const char *shown(const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    return cdist_text_printable(apr_pstrcat(pool, folder, "/", input->path, NULL), pool);
}

static cdist_err_t *changed(const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changed while the archive was built",
                            shown(folder, input, pool));
}

/* A program keeps its execute bit wherever it was unpacked: content tells, a share's permissions do not. */
static apr_uint32_t mode_of(const unsigned char *start, apr_size_t length)
{
    static const char *const magics[] = {"\x7F" "ELF", "\xCF\xFA\xED\xFE", "\xCE\xFA\xED\xFE", "\xCA\xFE\xBA\xBE"};
    size_t i;

    if (length >= 2 && memcmp(start, "#!", 2) == 0) return MODE_PROGRAM;
    for (i = 0; length >= 4 && i < sizeof magics / sizeof magics[0]; i++) {
        if (memcmp(start, magics[i], 4) == 0) return MODE_PROGRAM;
    }
    return MODE_FILE;
}

static cdist_err_t *open_input(apr_file_t **file, const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    apr_status_t rv = cdist_os_open_beneath(file, folder, input->path, pool);
    cdist_stat_t now;

    if (rv == APR_SUCCESS) rv = cdist_os_stat_file(&now, *file);
    if (APR_STATUS_IS_ENOENT(rv) || APR_STATUS_IS_ENOTDIR(rv)) return changed(folder, input, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", shown(folder, input, pool));
    }
    return cdist_stat_same(&now, &input->stat) ? NULL : changed(folder, input, pool);
}

/* To be called after the last byte was read: the file must be at its end and still the one that was opened. */
static cdist_err_t *check_unchanged(apr_file_t *file, const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    cdist_stat_t now;

    if (cdist_os_stat_file(&now, file) != APR_SUCCESS || !cdist_stat_same(&now, &input->stat)) {
        return changed(folder, input, pool);
    }
    return NULL;
}

static cdist_err_t *read_exactly(void *buffer, apr_size_t length, apr_file_t *file, const char *folder,
                                 const cdist_input_t *input, apr_pool_t *pool)
{
    apr_status_t rv = length ? apr_file_read_full(file, buffer, length, NULL) : APR_SUCCESS;

    if (APR_STATUS_IS_EOF(rv)) return changed(folder, input, pool);
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", shown(folder, input, pool));
    }
    return NULL;
}

static void digest_all(cdist_digest_t *digest, cdist_sha256_t *sha, const void *bytes, apr_size_t length)
{
    cdist_sha256_reset(sha);
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(digest, sha);
}

/* ---- small entries --------------------------------------------------------------------------------------------- */

/* Takes over `content`. */
static void pack_bytes(cdist_entry_t *entry, cdist_block_t *packed, cdist_block_t *content, apr_size_t length,
                       cdist_packer_t *packer, cdist_sha256_t *sha)
{
    apr_size_t packed_bytes = 0;

    entry->bytes = length;
    entry->crc32 = cdist_crc32(0, content->bytes, length);
    digest_all(&entry->sha256, sha, content->bytes, length);
    if (length > 1) {
        cdist_os_block_get(packed, length - 1);
        packed_bytes = cdist_packer_pack(packer, packed->bytes, content->bytes, length);
    }
    if (packed_bytes > 0) {
        entry->method = CDIST_DEFLATED;
        entry->packed_bytes = packed_bytes;
        digest_all(&entry->packed_sha256, sha, packed->bytes, packed_bytes);
        cdist_os_block_free(content);
        cdist_os_block_shrink(packed, packed_bytes);
    } else {
        entry->method = CDIST_STORED;
        entry->packed_bytes = length;
        entry->packed_sha256 = entry->sha256;
        cdist_os_block_free(packed);
        *packed = *content;
    }
}

cdist_err_t *cdist_pack_whole(cdist_entry_t *entry, cdist_block_t *packed, cdist_packer_t *packer,
                              cdist_sha256_t *sha, const char *folder, const cdist_input_t *input, apr_pool_t *pool)
{
    apr_size_t length = input->stat.kind == CDIST_FILE ? (apr_size_t)input->stat.bytes
                        : input->link_target           ? strlen(input->link_target)
                                                       : 0;
    cdist_block_t content;
    cdist_err_t *err = NULL;
    apr_file_t *file;

    memset(packed, 0, sizeof *packed);
    cdist_os_block_get(&content, length);
    if (input->stat.kind == CDIST_FILE) {
        err = open_input(&file, folder, input, pool);
        if (!err) {
            err = read_exactly(content.bytes, length, file, folder, input, pool);
            if (!err) err = check_unchanged(file, folder, input, pool);
            apr_file_close(file);
        }
        entry->mode = err ? 0 : mode_of(content.bytes, length);
    } else {
        entry->mode = input->link_target ? MODE_LINK : MODE_FOLDER;
        if (input->link_target) memcpy(content.bytes, input->link_target, length);
    }
    if (err) {
        cdist_os_block_free(&content);
        return err;
    }
    pack_bytes(entry, packed, &content, length, packer, sha);
    return NULL;
}

/* ---- large entries --------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_entry_t *entry;
    cdist_zip_writer_t *writer;
    const char *folder;
    const cdist_input_t *input;
    apr_file_t *file;
    const volatile apr_uint32_t *stop;
    unsigned char *in, *out;
    cdist_sha256_t *sha, *packed_sha;
    apr_pool_t *pool;
} stream_t;

static cdist_err_t *stream_seek(stream_t *s, apr_uint64_t offset)
{
    apr_off_t target = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(s->file, APR_SET, &target);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(s->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", shown(s->folder, s->input, s->pool));
}

/* Whether a large content is worth compressing: PROBES samples, evenly spread, must shrink by a thirty-second. Spares
 * the slow pass over a cabinet or another archive. Part of the format: other answers would give other bytes. */
static cdist_err_t *probe(int *shrinks, stream_t *s, int level)
{
    cdist_packer_t *packer = cdist_packer_create(level, s->pool);
    apr_uint64_t step = (s->input->stat.bytes - PROBE_BYTES) / (PROBES - 1);
    apr_size_t total = 0;
    int i;

    for (i = 0; i < PROBES; i++) {
        apr_size_t packed;

        CDIST_ERR(stream_seek(s, step * (apr_uint64_t)i));
        CDIST_ERR(read_exactly(s->in, PROBE_BYTES, s->file, s->folder, s->input, s->pool));
        packed = cdist_packer_pack(packer, s->out, s->in, PROBE_BYTES);
        total += packed ? packed : PROBE_BYTES;
    }
    *shrinks = total < PROBES * PROBE_BYTES / 32 * 31;
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
        CDIST_ERR(read_exactly(s->in, length, s->file, s->folder, s->input, s->pool));
        if (left == s->input->stat.bytes) s->entry->mode = mode_of(s->in, length);
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

static cdist_err_t *stream_deflated(stream_t *s, int level)
{
    cdist_err_t *err;
    z_stream z;

    cdist_deflate_begin(&z, level);
    s->entry->method = CDIST_DEFLATED;
    err = stream_content(s, deflate_piece, &z);
    deflateEnd(&z);
    return err;
}

static cdist_err_t *stream_entry(stream_t *s, int level)
{
    int shrinks;

    CDIST_ERR(probe(&shrinks, s, level));
    s->entry->bytes = s->input->stat.bytes;
    CDIST_ERR(cdist_zip_writer_begin(s->writer, s->entry));
    if (shrinks) {
        CDIST_ERR(stream_deflated(s, level));
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
    CDIST_ERR(check_unchanged(s->file, s->folder, s->input, s->pool));
    return cdist_zip_writer_end(s->writer, s->entry);
}

cdist_err_t *cdist_pack_stream(cdist_entry_t *entry, cdist_zip_writer_t *writer, int level, const char *folder,
                               const cdist_input_t *input, const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    stream_t s = {entry, writer, folder, input, NULL, stop, NULL, NULL, NULL, NULL, pool};
    cdist_err_t *err;

    CDIST_ERR(open_input(&s.file, folder, input, pool));
    s.in = apr_palloc(pool, STREAM_BYTES);
    s.out = apr_palloc(pool, STREAM_BYTES);
    s.sha = cdist_sha256_create(pool);
    s.packed_sha = cdist_sha256_create(pool);
    err = stream_entry(&s, level);
    apr_file_close(s.file);
    return err;
}
