/* Verifying ZIP files of any maker. Every byte is hostile: all offsets and lengths are checked against the file before
 * use, nothing is allocated by a number from the file alone, content is inflated in constant memory.
 *
 * Refused, besides damage: names and links that lead out, the same name twice, entries that overlap (the "better zip
 * bomb"), encryption, methods other than stored and deflated. */
#include "zip_reader_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MAX_LINK_BYTES 4096
#define MAX_SETUP_INI_BYTES 65536
#define CHUNK_BYTES (256u * 1024)

/* ---- entries --------------------------------------------------------------------------------------------------- */

typedef struct {
    const cdist_entry_t *entry;
    apr_uint64_t end;
} extent_t;

static int fits(apr_uint32_t local, apr_uint64_t central, int descriptor)
{
    return local == central || (descriptor && local == 0);
}

/* What a reader takes that goes from entry to entry, without the directory, must be the same.
 * NB: a saturated size stands in the Zip64 field, which need not be there for every reader; the directory counts. */
static int same_facts(const unsigned char *head, const cdist_entry_t *entry, int flags)
{
    int descriptor = flags & ZIP_FLAG_DESCRIPTOR;
    apr_uint32_t packed = zip_get32(head + 18), bytes = zip_get32(head + 22);

    return !((zip_get16(head + 6) ^ flags) & (ZIP_FLAG_ENCRYPTED | ZIP_FLAG_DESCRIPTOR)) &&
           fits(zip_get32(head + 14), entry->crc32, descriptor) &&
           (packed == ZIP_MAX32 || fits(packed, entry->packed_bytes, descriptor)) &&
           (bytes == ZIP_MAX32 || fits(bytes, entry->bytes, descriptor));
}

/* Compares the local header with the directory's record; *data_at is where the packed bytes start. */
static cdist_err_t *check_local(apr_uint64_t *data_at, zip_reader_t *r, const cdist_entry_t *entry, int flags)
{
    unsigned char head[ZIP_LOCAL_BYTES];
    apr_size_t name_bytes = strlen(entry->name);
    apr_uint64_t space;

    *data_at = 0;
    if (entry->offset > r->directory_at || r->directory_at - entry->offset < ZIP_LOCAL_BYTES + name_bytes) {
        zip_problem(r, 1, "%s: lies outside the file", zip_show(r, entry->name));
        return NULL;
    }
    CDIST_ERR(zip_read_at(r, head, entry->offset, ZIP_LOCAL_BYTES));
    CDIST_ERR(zip_read_at(r, r->in, entry->offset + ZIP_LOCAL_BYTES, name_bytes));
    space = r->directory_at - entry->offset - ZIP_LOCAL_BYTES;
    if (zip_get32(head) != ZIP_LOCAL_SIG || zip_get16(head + 26) != name_bytes ||
        memcmp(r->in, entry->name, name_bytes) != 0 || zip_get16(head + 8) != entry->method) {
        zip_problem(r, 1, "%s: its local header differs from the directory", zip_show(r, entry->name));
    } else if (!same_facts(head, entry, flags)) {
        zip_problem(r, 1, "%s: its local header has other flags, CRC or sizes than the directory", zip_show(r, entry->name));
    } else if (space < name_bytes + zip_get16(head + 28) ||
               space - name_bytes - zip_get16(head + 28) < entry->packed_bytes) {
        zip_problem(r, 1, "%s: reaches beyond the directory: damaged or cut off", zip_show(r, entry->name));
    } else {
        *data_at = entry->offset + ZIP_LOCAL_BYTES + name_bytes + zip_get16(head + 28);
    }
    return NULL;
}

/* One read of packed bytes: its digest, and the pointer to it in r->in. */
static cdist_err_t *next_chunk(apr_size_t *length, zip_reader_t *r, apr_uint64_t *left)
{
    apr_status_t rv;

    if (cdist_stop_asked(r->stop)) return cdist_err_create(r->pool, CDIST_E_STOPPED, 0, "the check was stopped");
    *length = *left > CHUNK_BYTES ? CHUNK_BYTES : (apr_size_t)*left;
    rv = *length ? apr_file_read_full(r->file, r->in, *length, NULL) : APR_SUCCESS;
    if (rv != APR_SUCCESS) return cdist_err_create(r->pool, CDIST_E_SOURCE, rv, "the archive cannot be read");
    cdist_sha256_update(r->packed_sha, r->in, *length);
    *left -= *length;
    return NULL;
}

static void take_content(zip_reader_t *r, apr_uint32_t *crc, apr_uint64_t *bytes, const void *content, apr_size_t length)
{
    *crc = cdist_crc32(*crc, content, length);
    if (r->kept && *bytes + length <= r->kept_room) memcpy(r->kept + *bytes, content, length);
    *bytes += length;
    cdist_sha256_update(r->sha, content, length);
}

/* Inflates the entry's packed bytes, at most one byte more than it claims to hold. `*clean` tells whether the stream
 * ended exactly at its end. */
static cdist_err_t *inflate_entry(zip_reader_t *r, const cdist_entry_t *entry, apr_uint32_t *crc, apr_uint64_t *bytes,
                                  int *clean)
{
    apr_uint64_t left = entry->packed_bytes;
    int state = Z_OK;
    z_stream z;
    cdist_err_t *err = NULL;

    memset(&z, 0, sizeof z);
    if (inflateInit2(&z, -15) != Z_OK) abort();
    while (state == Z_OK && left > 0 && *bytes <= entry->bytes) {
        apr_size_t length;

        if ((err = next_chunk(&length, r, &left)) != NULL) break;
        z.next_in = r->in;
        z.avail_in = (uInt)length;
        do {
            z.next_out = r->out;
            z.avail_out = CHUNK_BYTES;
            state = inflate(&z, Z_NO_FLUSH);
            take_content(r, crc, bytes, r->out, CHUNK_BYTES - z.avail_out);
            if (cdist_stop_asked(r->stop)) break;
        } while (state == Z_OK && z.avail_out == 0 && *bytes <= entry->bytes);
        if (state == Z_BUF_ERROR) state = Z_OK;
    }
    *clean = state == Z_STREAM_END && z.avail_in == 0 && left == 0;
    inflateEnd(&z);
    return err;
}

static cdist_err_t *check_content(zip_reader_t *r, cdist_entry_t *entry, apr_uint64_t data_at)
{
    apr_uint64_t bytes = 0, left = entry->packed_bytes;
    apr_off_t at = (apr_off_t)data_at;
    apr_uint32_t crc = 0;
    int clean = 1;

    if (apr_file_seek(r->file, APR_SET, &at) != APR_SUCCESS) {
        return cdist_err_create(r->pool, CDIST_E_SOURCE, 0, "the archive cannot be read");
    }
    cdist_sha256_reset(r->sha);
    cdist_sha256_reset(r->packed_sha);
    if (entry->method == CDIST_DEFLATED) {
        CDIST_ERR(inflate_entry(r, entry, &crc, &bytes, &clean));
    } else {
        while (left > 0) {
            apr_size_t length;
            CDIST_ERR(next_chunk(&length, r, &left));
            take_content(r, &crc, &bytes, r->in, length);
        }
    }
    cdist_sha256_final(&entry->sha256, r->sha);
    cdist_sha256_final(&entry->packed_sha256, r->packed_sha);
    if (!clean || bytes != entry->bytes || crc != entry->crc32) {
        zip_problem(r, 1, "%s: its content does not match its checksum", zip_show(r, entry->name));
    }
    return NULL;
}

static int is_link(const cdist_entry_t *entry)
{
    return (entry->mode & 0170000) == 0120000;
}

/* The same, and keeps the content, which the caller has found to be small; a NUL follows it. */
static cdist_err_t *keep_content(const char **content, zip_reader_t *r, cdist_entry_t *entry, apr_uint64_t data_at)
{
    cdist_err_t *err;

    r->kept_room = (apr_size_t)entry->bytes;
    r->kept = apr_pcalloc(r->pool, r->kept_room + 1);
    *content = r->kept;
    err = check_content(r, entry, data_at);
    r->kept = NULL;
    return err;
}

/* The same for a distribution's Setup.ini. */
static cdist_err_t *check_setup_ini(zip_reader_t *r, cdist_entry_t *entry, apr_uint64_t data_at)
{
    const char *bytes;

    CDIST_ERR(keep_content(&bytes, r, entry, data_at));
    r->result->setup_ini = cdist_text_decode(bytes, (apr_size_t)entry->bytes, r->pool);
    return NULL;
}

/* The same for a link, whose content is where it leads. */
static cdist_err_t *check_link(zip_reader_t *r, cdist_entry_t *entry, apr_uint64_t data_at)
{
    const char *target, *p;
    int depth = 0;

    if (entry->bytes > MAX_LINK_BYTES) {
        zip_problem(r, 1, "%s: is a link of more than %d bytes", zip_show(r, entry->name), MAX_LINK_BYTES);
        return NULL;
    }
    CDIST_ERR(keep_content(&target, r, entry, data_at));
    for (p = entry->name; *p; p++) depth += *p == '/';
    if (strlen(target) != entry->bytes || cdist_link_leads_out(target, depth)) {
        zip_problem(r, 1, "%s: is a link that leads out of the archive", zip_show(r, entry->name));
    }
    return NULL;
}

/* Whether one of the folders that the name goes through is a link. */
static int goes_through_link(const zip_reader_t *r, const char *name)
{
    const char *slash;

    for (slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        if (slash[1] && apr_hash_get(r->links, name, slash - name)) return 1;
    }
    return 0;
}

static int compare_extents(const void *left, const void *right)
{
    const extent_t *a = left, *b = right;
    return a->entry->offset < b->entry->offset ? -1 : a->entry->offset > b->entry->offset;
}

/* NB: overlaps are looked for before anything is inflated, which is what makes bombs of shared data cheap to refuse. */
static void check_overlaps(zip_reader_t *r, extent_t *extents, int count)
{
    int i;

    qsort(extents, (size_t)count, sizeof *extents, compare_extents);
    for (i = 1; i < count; i++) {
        if (extents[i].entry->offset < extents[i - 1].end) {
            zip_problem(r, 1, "%s: overlaps another entry", zip_show(r, extents[i].entry->name));
            return;
        }
    }
}

/* NB: what an entry says is all that is inflated of it, so the sum is a bound. */
static void check_sum(zip_reader_t *r)
{
    const apr_array_header_t *entries = r->result->manifest->entries;
    apr_uint64_t left = r->max_bytes;
    int i;

    for (i = 0; r->max_bytes && i < entries->nelts; i++) {
        apr_uint64_t bytes = APR_ARRAY_IDX(entries, i, cdist_entry_t).bytes;

        if (bytes <= left) {
            left -= bytes;
            continue;
        }
        zip_problem(r, 1, "the contents have more than %s together", cdist_size_format(r->max_bytes, r->pool));
        r->result->over = 1;
        return;
    }
}

static cdist_err_t *check_entries(zip_reader_t *r)
{
    apr_array_header_t *entries = r->result->manifest->entries;
    extent_t *extents = apr_pcalloc(r->pool, (apr_size_t)(entries->nelts + 1) * sizeof *extents);
    apr_uint64_t *data_at = apr_pcalloc(r->pool, (apr_size_t)(entries->nelts + 1) * sizeof *data_at);
    int i;

    for (i = 0; i < entries->nelts; i++) {
        cdist_entry_t *entry = &APR_ARRAY_IDX(entries, i, cdist_entry_t);
        int flags = APR_ARRAY_IDX(r->flags, i, int);

        if (flags & ZIP_FLAG_ENCRYPTED) zip_problem(r, 1, "%s: is encrypted", zip_show(r, entry->name));
        if (entry->method != CDIST_STORED && entry->method != CDIST_DEFLATED) {
            zip_problem(r, 1, "%s: compression method %d is not the ZIP standard's deflate", zip_show(r, entry->name),
                    entry->method);
        } else if (entry->method == CDIST_STORED && entry->bytes != entry->packed_bytes) {
            zip_problem(r, 1, "%s: is stored, but its two sizes differ", zip_show(r, entry->name));
        }
        if (is_link(entry)) apr_hash_set(r->links, entry->name, APR_HASH_KEY_STRING, entry);
        CDIST_ERR(check_local(&data_at[i], r, entry, flags));
        entry->data_offset = data_at[i];
        extents[i].entry = entry;
        extents[i].end = data_at[i] + entry->packed_bytes;
    }
    check_overlaps(r, extents, entries->nelts);
    check_sum(r);
    for (i = 0; r->result->ok && i < entries->nelts; i++) {
        cdist_entry_t *entry = &APR_ARRAY_IDX(entries, i, cdist_entry_t);

        if (goes_through_link(r, entry->name)) zip_problem(r, 1, "%s: lies behind a link", zip_show(r, entry->name));
        if (is_link(entry)) CDIST_ERR(check_link(r, entry, data_at[i]));
        else if (strcasecmp(entry->name, "Setup.ini") == 0 && entry->bytes <= MAX_SETUP_INI_BYTES) {
            CDIST_ERR(check_setup_ini(r, entry, data_at[i]));
        } else CDIST_ERR(check_content(r, entry, data_at[i]));
    }
    return NULL;
}

/* ---- the whole file -------------------------------------------------------------------------------------------- */

static cdist_err_t *digest_file(zip_reader_t *r)
{
    apr_uint64_t left = r->size;
    apr_off_t start = 0;
    apr_status_t rv = apr_file_seek(r->file, APR_SET, &start);

    if (rv != APR_SUCCESS) return cdist_err_create(r->pool, CDIST_E_SOURCE, rv, "the archive cannot be read");
    cdist_sha256_reset(r->packed_sha);
    while (left > 0) {
        apr_size_t length;
        CDIST_ERR(next_chunk(&length, r, &left));
    }
    cdist_sha256_final(&r->result->manifest->archive_sha256, r->packed_sha);
    return NULL;
}

cdist_err_t *cdist_verification_error(const cdist_verification_t *verification, const char *path, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < verification->problems->nelts; i++) {
        const cdist_problem_t *p = &APR_ARRAY_IDX(verification->problems, i, cdist_problem_t);
        if (p->fatal) {
            return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: %s", cdist_text_printable(path, pool), p->text);
        }
    }
    return NULL;
}

cdist_err_t *cdist_zip_verify(cdist_verification_t **result, apr_file_t *file, const char *path,
                              const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    return cdist_zip_verify_within(result, file, path, 0, stop, pool);
}

cdist_err_t *cdist_zip_verify_within(cdist_verification_t **result, apr_file_t *file, const char *path, apr_uint64_t max_bytes,
                                     const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    zip_reader_t r;
    cdist_err_t *err = zip_reader_begin(&r, file, pool);

    if (err) {
        err->message = apr_pstrcat(pool, cdist_text_printable(path, pool), ": cannot be read", NULL);
        return err;
    }
    r.stop = stop;
    r.max_bytes = max_bytes;
    r.in = apr_palloc(pool, CHUNK_BYTES);
    r.out = apr_palloc(pool, CHUNK_BYTES);
    r.sha = cdist_sha256_create(pool);
    r.packed_sha = cdist_sha256_create(pool);
    err = zip_read_directory(&r);
    if (!err && r.result->ok) err = check_entries(&r);
    if (!err) err = digest_file(&r);
    if (err) {
        cdist_err_t *outer = cdist_err_create(pool, err->code, 0, "%s", cdist_text_printable(path, pool));
        outer->cause = err;
        return outer;
    }
    cdist_manifest_sum(r.result->manifest);
    *result = r.result;
    return NULL;
}
