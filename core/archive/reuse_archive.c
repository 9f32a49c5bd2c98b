/* An archive of unknown origin as a pack. Its bytes may be copied only if this builder would make the same ones at this
 * level, and the archive does not say who made it. So it is asked: it must have every mark of the format, and samples of its
 * entries, small and large ones spread over the archive, must compress to the same bytes again. Contents are not known by
 * digest; who copies one has read the same content from a file, and compares. */
#include "zip_reader_int.h"

#include <stdlib.h>
#include <string.h>

#define SAMPLES 8
/* Smaller contents give the same bytes at several levels; larger ones cost time, and are tried only if there are no others. */
static const apr_uint64_t sample_bytes[] = {4096, 256 * 1024, 16 * 1024 * 1024};

/* Whether the directory's numbers of an entry can be ours. */
static int is_our_entry(const cdist_entry_t *entry)
{
    if (entry->mode != 0100644 && entry->mode != 0100755 && entry->mode != 0120777 && entry->mode != 0040755) return 0;
    if (entry->method == CDIST_STORED) return entry->packed_bytes == entry->bytes;
    return entry->method == CDIST_DEFLATED && entry->packed_bytes > 0 && entry->packed_bytes < entry->bytes;
}

/* Marks of the format in the directory. Ours are sorted and follow each other without a gap, from the file's first byte to the
 * directory: so no entry can overlap another, lie outside, or lie about its packed size. Sets where packed bytes begin. */
static int has_marks(const zip_reader_t *r)
{
    const apr_array_header_t *entries = r->result->manifest->entries;
    apr_uint64_t at = 0;
    int i;

    for (i = 0; i < entries->nelts; i++) {
        cdist_entry_t *entry = &APR_ARRAY_IDX(entries, i, cdist_entry_t);
        unsigned char record[ZIP_RECORD_MAX];
        apr_size_t tail, head = zip_put_local(record, &tail, entry);

        if (APR_ARRAY_IDX(r->flags, i, int) != 0x0800 || !is_our_entry(entry) || entry->offset != at) return 0;
        if (i && strcmp(APR_ARRAY_IDX(entries, i - 1, cdist_entry_t).name, entry->name) >= 0) return 0;
        entry->data_offset = at + head + strlen(entry->name) + tail;
        if (entry->data_offset > r->directory_at || entry->packed_bytes > r->directory_at - entry->data_offset) return 0;
        at = entry->data_offset + entry->packed_bytes;
    }
    return entries->nelts > 0 && at == r->directory_at;
}

/* Whether the local header is the one that this builder writes. */
static int has_our_header(zip_reader_t *r, const cdist_entry_t *entry)
{
    unsigned char ours[ZIP_RECORD_MAX], theirs[ZIP_RECORD_MAX];
    apr_size_t tail, head = zip_put_local(ours, &tail, entry);

    return zip_read_at(r, theirs, entry->offset, head) == NULL && memcmp(ours, theirs, head) == 0;
}

/* Whether the entry's content gives the same packed bytes once more. */
static int packs_the_same(zip_reader_t *r, const cdist_entry_t *entry, cdist_packer_t *packer, cdist_unpacker_t *unpacker)
{
    apr_size_t length = (apr_size_t)entry->bytes, packed = (apr_size_t)entry->packed_bytes, again;
    char *theirs, *content, *ours;
    int same = 0;

    if (!has_our_header(r, entry)) return 0;
    theirs = malloc(packed + 1);
    content = malloc(length + 1);
    ours = malloc(length + 1);
    if (!theirs || !content || !ours) abort();
    if (zip_read_at(r, theirs, entry->data_offset, packed) == NULL) {
        if (entry->method == CDIST_STORED) memcpy(content, theirs, length);
        if (entry->method == CDIST_STORED || cdist_unpacker_unpack(unpacker, content, length, theirs, packed)) {
            again = cdist_packer_pack(packer, ours, content, length);
            same = entry->method == CDIST_STORED ? again == 0 : again == packed && memcmp(ours, theirs, packed) == 0;
        }
    }
    free(theirs);
    free(content);
    free(ours);
    return same;
}

static int is_sample(const cdist_entry_t *entry, int method, int size)
{
    return entry->method == method && entry->bytes >= sample_bytes[size] && entry->bytes < sample_bytes[size + 1];
}

/* Tries samples among the entries of a method and range of sizes; 1 if all of them fit. *tried counts them. */
static int samples_fit(int *tried, zip_reader_t *r, int method, int size, int level)
{
    apr_array_header_t *entries = r->result->manifest->entries;
    cdist_packer_t *packer = cdist_packer_create(level, r->pool);
    cdist_unpacker_t *unpacker = cdist_unpacker_create(r->pool);
    int candidates = 0, seen = 0, i;

    for (i = 0; i < entries->nelts; i++) candidates += is_sample(&APR_ARRAY_IDX(entries, i, cdist_entry_t), method, size);
    for (i = 0; i < entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(entries, i, cdist_entry_t);

        if (!is_sample(entry, method, size)) continue;
        if (candidates <= SAMPLES || seen * SAMPLES / candidates != (seen - 1) * SAMPLES / candidates) {
            if (!packs_the_same(r, entry, packer, unpacker)) return 0;
            (*tried)++;
        }
        seen++;
    }
    return 1;
}

static int is_ours(zip_reader_t *r, int level)
{
    int tried = 0, size;

    if (!has_marks(r)) return 0;
    for (size = 0; size < 2 && !tried; size++) {
        if (!samples_fit(&tried, r, CDIST_DEFLATED, size, level) || !samples_fit(&tried, r, CDIST_STORED, size, level)) return 0;
    }
    return tried > 0;
}

/* NB: large entries that shrink went through another compressor than the samples did, so they are left out. Of large ones that
 * were stored, whoever packs the same content finds out whether they should have been (pack_stream.c). */
static apr_array_header_t *make_records(const apr_array_header_t *entries, int level, apr_pool_t *pool)
{
    apr_array_header_t *records = apr_array_make(pool, entries->nelts, sizeof(cdist_record_t));
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(entries, i, cdist_entry_t);
        cdist_record_t *record;

        if ((entry->mode & 0170000) != 0100000) continue;
        if (entry->bytes > cdist_whole_max(level) && entry->method != CDIST_STORED) continue;
        record = memset(apr_array_push(records), 0, sizeof *record);
        record->bytes = entry->bytes;
        record->crc32 = entry->crc32;
        record->mode = entry->mode;
        record->method = entry->method;
        record->packed_bytes = entry->packed_bytes;
        record->data_offset = entry->data_offset;
    }
    return records;
}

cdist_err_t *cdist_reuse_add(int *usable, cdist_reuse_t *reuse, const char *path)
{
    apr_pool_t *pool = cdist_reuse_pool(reuse);
    const char *shown = cdist_text_printable(path, pool);
    zip_reader_t r;
    apr_file_t *file;
    cdist_err_t *err;
    apr_status_t rv = cdist_file_open(&file, NULL, path, 0, pool);

    *usable = 0;
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", shown);
    err = zip_reader_begin(&r, file, pool);
    if (!err) err = zip_read_directory(&r);
    if (!err) err = cdist_verification_error(r.result, path, pool);
    if (!err && is_ours(&r, cdist_reuse_level(reuse))) {
        *usable = 1;
        err = cdist_reuse_add_records(reuse, path, make_records(r.result->manifest->entries, cdist_reuse_level(reuse), pool));
    }
    apr_file_close(file);
    return err;
}
