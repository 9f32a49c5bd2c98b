/* Reading and verifying ZIP files of any maker. Every byte is hostile: all offsets and lengths are checked against the
 * file before use, nothing is allocated by a number from the file alone, content is inflated in constant memory.
 *
 * Refused, besides damage: names that lead out of a folder or that Windows cannot hold, the same name twice, entries
 * that overlap (the "better zip bomb"), encryption, methods other than stored and deflated. */
#include "archive_int.h"

#include <apr_hash.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#define MAX_DIRECTORY_BYTES (256u * 1024 * 1024)
#define MAX_PROBLEMS 100
#define CHUNK_BYTES (256u * 1024)
#define FLAG_ENCRYPTED 0x0001
#define FLAG_DESCRIPTOR 0x0008

typedef struct {
    apr_file_t *file;
    apr_uint64_t size;
    apr_uint64_t directory_at, directory_bytes, entry_count;
    const unsigned char *directory;
    apr_array_header_t *flags; /* int, general purpose bits by entry */
    cdist_verification_t *result;
    unsigned char *in, *out;
    cdist_sha256_t *sha, *packed_sha;
    apr_pool_t *pool;
} reader_t;

static void problem(reader_t *r, int fatal, const char *fmt, ...) CDIST_PRINTF(3, 4);

static void problem(reader_t *r, int fatal, const char *fmt, ...)
{
    cdist_problem_t *p;
    va_list args;

    if (fatal) r->result->ok = 0;
    if (r->result->problems->nelts >= MAX_PROBLEMS) return;
    p = apr_array_push(r->result->problems);
    va_start(args, fmt);
    p->text = apr_pvsprintf(r->pool, fmt, args);
    va_end(args);
    p->fatal = fatal;
}

static cdist_err_t *read_at(reader_t *r, void *bytes, apr_uint64_t offset, apr_size_t length)
{
    apr_off_t at = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(r->file, APR_SET, &at);

    if (rv == APR_SUCCESS && length) rv = apr_file_read_full(r->file, bytes, length, NULL);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(r->pool, CDIST_E_SOURCE, rv, "the archive cannot be read");
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static int is_reserved_word(const char *part, apr_size_t length)
{
    static const char *const words[] = {"con", "prn", "aux", "nul"};
    apr_size_t stem = 0, i;

    while (stem < length && part[stem] != '.') stem++;
    for (i = 0; stem == 3 && i < 4; i++) {
        if (strncasecmp(part, words[i], 3) == 0) return 1;
    }
    return stem == 4 && (strncasecmp(part, "com", 3) == 0 || strncasecmp(part, "lpt", 3) == 0) && apr_isdigit(part[3]);
}

static const char *part_problem(const char *part, apr_size_t length)
{
    if (length == 0) return "has an empty part";
    if (part[length - 1] == '.' || part[length - 1] == ' ') {
        return length <= 2 && part[0] == '.' && part[length - 1] == '.' ? "leads out of its folder"
                                                                        : "has a part that ends in a dot or a blank";
    }
    return is_reserved_word(part, length) ? "has a part that is a device on Windows" : NULL;
}

const char *cdist_name_problem(const char *name, apr_size_t length)
{
    apr_size_t start = 0, i;

    if (length == 0) return "is empty";
    if (name[0] == '/') return "is absolute";
    if (length > 1 && name[1] == ':') return "has a drive letter";
    if (name[length - 1] == '/') length--;
    for (i = 0; i <= length; i++) {
        if (i < length && ((unsigned char)name[i] < 0x20 || name[i] == 0x7F)) return "has a control character";
        if (i < length && name[i] == '\\') return "has a backslash";
        if (i == length || name[i] == '/') {
            const char *reason = part_problem(name + start, i - start);
            if (reason) return reason;
            start = i + 1;
        }
    }
    return NULL;
}

/* ---- the end of the directory ---------------------------------------------------------------------------------- */

static cdist_err_t *find_end64(reader_t *r, apr_uint64_t end_at, int *found)
{
    unsigned char locator[ZIP_LOCATOR64_BYTES], record[ZIP_END64_BYTES];
    apr_uint64_t at;

    *found = 0;
    if (end_at < ZIP_LOCATOR64_BYTES + ZIP_END64_BYTES) return NULL;
    CDIST_ERR(read_at(r, locator, end_at - ZIP_LOCATOR64_BYTES, ZIP_LOCATOR64_BYTES));
    if (zip_get32(locator) != ZIP_LOCATOR64_SIG) return NULL;
    at = zip_get64(locator + 8);
    if (at > end_at - ZIP_LOCATOR64_BYTES - ZIP_END64_BYTES) return NULL;
    CDIST_ERR(read_at(r, record, at, ZIP_END64_BYTES));
    if (zip_get32(record) != ZIP_END64_SIG) return NULL;
    r->entry_count = zip_get64(record + 32);
    r->directory_bytes = zip_get64(record + 40);
    r->directory_at = zip_get64(record + 48);
    *found = 1;
    return NULL;
}

static cdist_err_t *find_directory(reader_t *r)
{
    apr_size_t tail = r->size < ZIP_END_BYTES + ZIP_MAX16 ? (apr_size_t)r->size : ZIP_END_BYTES + ZIP_MAX16;
    unsigned char *bytes = apr_palloc(r->pool, tail + 1), *end = NULL;
    apr_size_t i;
    apr_uint64_t end_at;
    int found64 = 0;

    CDIST_ERR(read_at(r, bytes, r->size - tail, tail));
    for (i = ZIP_END_BYTES; i <= tail && !end; i++) {
        unsigned char *p = bytes + tail - i;
        if (zip_get32(p) == ZIP_END_SIG && (apr_size_t)zip_get16(p + 20) == i - ZIP_END_BYTES) end = p;
    }
    if (!end) {
        problem(r, 1, "no end of directory: not a ZIP file, or cut off");
        return NULL;
    }
    end_at = r->size - tail + (apr_uint64_t)(end - bytes);
    r->entry_count = zip_get16(end + 10);
    r->directory_bytes = zip_get32(end + 12);
    r->directory_at = zip_get32(end + 16);
    if (r->entry_count == ZIP_MAX16 || r->directory_bytes == ZIP_MAX32 || r->directory_at == ZIP_MAX32) {
        CDIST_ERR(find_end64(r, end_at, &found64));
        /* NB: exactly 65,535 entries may stand there without Zip64 records. */
    }
    if (zip_get16(end + 4) != 0 || zip_get16(end + 6) != 0) problem(r, 1, "a part of an archive of several volumes");
    if (r->directory_at > end_at || r->directory_bytes > end_at - r->directory_at ||
        r->entry_count > r->directory_bytes / ZIP_CENTRAL_BYTES) {
        problem(r, 1, "the directory lies outside the file: damaged or cut off");
    } else if (r->directory_bytes > MAX_DIRECTORY_BYTES) {
        problem(r, 1, "the directory is larger than %u MiB", MAX_DIRECTORY_BYTES >> 20);
    }
    return NULL;
}

/* ---- the directory --------------------------------------------------------------------------------------------- */

/* Takes the Zip64 extra field's numbers for those that are saturated. Returns 0 if one is missing. */
static int take_zip64(cdist_entry_t *entry, const unsigned char *extra, apr_size_t length)
{
    apr_uint64_t *const wide[] = {&entry->bytes, &entry->packed_bytes, &entry->offset};
    const unsigned char *field = NULL;
    apr_size_t at = 0, left = 0;
    int i;

    while (length - at >= 4) {
        apr_size_t size = zip_get16(extra + at + 2);
        if (size > length - at - 4) return 0;
        if (zip_get16(extra + at) == 0x0001) {
            field = extra + at + 4;
            left = size;
        }
        at += 4 + size;
    }
    for (i = 0; i < 3; i++) {
        if (*wide[i] != ZIP_MAX32) continue;
        if (!field) continue; /* exactly 2^32-1, allowed without the field */
        if (left < 8) return 0;
        *wide[i] = zip_get64(field);
        field += 8;
        left -= 8;
    }
    return 1;
}

static const char *show(const reader_t *r, const char *name)
{
    return cdist_text_printable(name, r->pool);
}

static void check_name(reader_t *r, apr_hash_t *exact, apr_hash_t *folded, const char *name, apr_size_t length)
{
    const char *reason = strlen(name) != length ? "has a NUL character" : cdist_name_problem(name, length);
    char *lower = apr_pstrdup(r->pool, name), *p;

    if (reason) problem(r, 1, "%s: the name %s", show(r, name), reason);
    for (p = lower; *p; p++) *p = (char)apr_tolower(*p);
    if (apr_hash_get(exact, name, APR_HASH_KEY_STRING)) {
        problem(r, 1, "%s: stands twice in the directory", show(r, name));
    } else if (apr_hash_get(folded, lower, APR_HASH_KEY_STRING)) {
        problem(r, 0, "%s: differs only in case from another name, Windows cannot hold both", show(r, name));
    }
    apr_hash_set(exact, name, APR_HASH_KEY_STRING, name);
    apr_hash_set(folded, lower, APR_HASH_KEY_STRING, name);
}

static void parse_directory(reader_t *r)
{
    apr_hash_t *exact = apr_hash_make(r->pool), *folded = apr_hash_make(r->pool);
    const unsigned char *p = r->directory, *end = p + r->directory_bytes;
    apr_uint64_t i;

    for (i = 0; i < r->entry_count; i++) {
        cdist_entry_t entry;
        apr_size_t name_bytes, extra_bytes, comment_bytes;

        if ((apr_size_t)(end - p) < ZIP_CENTRAL_BYTES || zip_get32(p) != ZIP_CENTRAL_SIG) break;
        name_bytes = zip_get16(p + 28);
        extra_bytes = zip_get16(p + 30);
        comment_bytes = zip_get16(p + 32);
        if ((apr_size_t)(end - p) < ZIP_CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes) break;
        memset(&entry, 0, sizeof entry);
        entry.name = apr_pstrmemdup(r->pool, (const char *)p + ZIP_CENTRAL_BYTES, name_bytes);
        entry.method = zip_get16(p + 10);
        entry.crc32 = zip_get32(p + 16);
        entry.packed_bytes = zip_get32(p + 20);
        entry.bytes = zip_get32(p + 24);
        entry.mode = p[5] == 3 ? zip_get32(p + 38) >> 16 : 0;
        entry.offset = zip_get32(p + 42);
        check_name(r, exact, folded, entry.name, name_bytes);
        if (!take_zip64(&entry, p + ZIP_CENTRAL_BYTES + name_bytes, extra_bytes)) {
            problem(r, 1, "%s: its Zip64 field is damaged", show(r, entry.name));
        }
        APR_ARRAY_PUSH(r->result->manifest->entries, cdist_entry_t) = entry;
        APR_ARRAY_PUSH(r->flags, int) = zip_get16(p + 8);
        p += ZIP_CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes;
    }
    if (i < r->entry_count || p != end) problem(r, 1, "the directory is damaged after entry %" APR_UINT64_T_FMT, i);
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

typedef struct {
    const cdist_entry_t *entry;
    apr_uint64_t end;
} extent_t;

/* Compares the local header with the directory's record; *data_at is where the packed bytes start. */
static cdist_err_t *check_local(apr_uint64_t *data_at, reader_t *r, const cdist_entry_t *entry, int flags)
{
    unsigned char head[ZIP_LOCAL_BYTES];
    apr_size_t name_bytes = strlen(entry->name);
    apr_uint64_t space;

    *data_at = 0;
    if (entry->offset > r->directory_at || r->directory_at - entry->offset < ZIP_LOCAL_BYTES + name_bytes) {
        problem(r, 1, "%s: lies outside the file", show(r, entry->name));
        return NULL;
    }
    CDIST_ERR(read_at(r, head, entry->offset, ZIP_LOCAL_BYTES));
    CDIST_ERR(read_at(r, r->in, entry->offset + ZIP_LOCAL_BYTES, name_bytes));
    space = r->directory_at - entry->offset - ZIP_LOCAL_BYTES;
    if (zip_get32(head) != ZIP_LOCAL_SIG || zip_get16(head + 26) != name_bytes ||
        memcmp(r->in, entry->name, name_bytes) != 0 || zip_get16(head + 8) != entry->method) {
        problem(r, 1, "%s: its local header differs from the directory", show(r, entry->name));
    } else if (!(flags & FLAG_DESCRIPTOR) && zip_get32(head + 14) != entry->crc32) {
        problem(r, 1, "%s: its local header has another CRC than the directory", show(r, entry->name));
    } else if (space < name_bytes + zip_get16(head + 28) ||
               space - name_bytes - zip_get16(head + 28) < entry->packed_bytes) {
        problem(r, 1, "%s: reaches beyond the directory: damaged or cut off", show(r, entry->name));
    } else {
        *data_at = entry->offset + ZIP_LOCAL_BYTES + name_bytes + zip_get16(head + 28);
    }
    return NULL;
}

/* One read of packed bytes: its digest, and the pointer to it in r->in. */
static cdist_err_t *next_chunk(apr_size_t *length, reader_t *r, apr_uint64_t *left)
{
    apr_status_t rv;

    *length = *left > CHUNK_BYTES ? CHUNK_BYTES : (apr_size_t)*left;
    rv = *length ? apr_file_read_full(r->file, r->in, *length, NULL) : APR_SUCCESS;
    if (rv != APR_SUCCESS) return cdist_err_create(r->pool, CDIST_E_SOURCE, rv, "the archive cannot be read");
    cdist_sha256_update(r->packed_sha, r->in, *length);
    *left -= *length;
    return NULL;
}

static void take_content(reader_t *r, apr_uint32_t *crc, apr_uint64_t *bytes, const void *content, apr_size_t length)
{
    *crc = cdist_crc32(*crc, content, length);
    *bytes += length;
    cdist_sha256_update(r->sha, content, length);
}

/* Inflates the entry's packed bytes, at most one byte more than it claims to hold. `*clean` tells whether the stream
 * ended exactly at its end. */
static cdist_err_t *inflate_entry(reader_t *r, const cdist_entry_t *entry, apr_uint32_t *crc, apr_uint64_t *bytes,
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
        } while (state == Z_OK && z.avail_out == 0 && *bytes <= entry->bytes);
        if (state == Z_BUF_ERROR) state = Z_OK;
    }
    *clean = state == Z_STREAM_END && z.avail_in == 0 && left == 0;
    inflateEnd(&z);
    return err;
}

static cdist_err_t *check_content(reader_t *r, cdist_entry_t *entry, apr_uint64_t data_at)
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
        problem(r, 1, "%s: its content does not match its checksum", show(r, entry->name));
    }
    return NULL;
}

static int compare_extents(const void *left, const void *right)
{
    const extent_t *a = left, *b = right;
    return a->entry->offset < b->entry->offset ? -1 : a->entry->offset > b->entry->offset;
}

/* NB: overlaps are looked for before anything is inflated, which is what makes bombs of shared data cheap to refuse. */
static void check_overlaps(reader_t *r, extent_t *extents, int count)
{
    int i;

    qsort(extents, (size_t)count, sizeof *extents, compare_extents);
    for (i = 1; i < count; i++) {
        if (extents[i].entry->offset < extents[i - 1].end) {
            problem(r, 1, "%s: overlaps another entry", show(r, extents[i].entry->name));
            return;
        }
    }
}

static cdist_err_t *check_entries(reader_t *r)
{
    apr_array_header_t *entries = r->result->manifest->entries;
    extent_t *extents = apr_pcalloc(r->pool, (apr_size_t)(entries->nelts + 1) * sizeof *extents);
    apr_uint64_t *data_at = apr_pcalloc(r->pool, (apr_size_t)(entries->nelts + 1) * sizeof *data_at);
    int i;

    for (i = 0; i < entries->nelts; i++) {
        cdist_entry_t *entry = &APR_ARRAY_IDX(entries, i, cdist_entry_t);
        int flags = APR_ARRAY_IDX(r->flags, i, int);

        if (flags & FLAG_ENCRYPTED) problem(r, 1, "%s: is encrypted", show(r, entry->name));
        if (entry->method != CDIST_STORED && entry->method != CDIST_DEFLATED) {
            problem(r, 1, "%s: compression method %d is not the ZIP standard's deflate", show(r, entry->name),
                    entry->method);
        } else if (entry->method == CDIST_STORED && entry->bytes != entry->packed_bytes) {
            problem(r, 1, "%s: is stored, but its two sizes differ", show(r, entry->name));
        }
        CDIST_ERR(check_local(&data_at[i], r, entry, flags));
        extents[i].entry = entry;
        extents[i].end = data_at[i] + entry->packed_bytes;
    }
    check_overlaps(r, extents, entries->nelts);
    for (i = 0; r->result->ok && i < entries->nelts; i++) {
        CDIST_ERR(check_content(r, &APR_ARRAY_IDX(entries, i, cdist_entry_t), data_at[i]));
    }
    return NULL;
}

/* ---- the whole file -------------------------------------------------------------------------------------------- */

static cdist_err_t *digest_file(reader_t *r)
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

static cdist_err_t *verify(reader_t *r)
{
    CDIST_ERR(find_directory(r));
    if (r->result->ok) {
        unsigned char *directory = malloc((size_t)r->directory_bytes + 1);
        cdist_err_t *err;

        if (!directory) return cdist_err_create(r->pool, CDIST_E_SOURCE, APR_ENOMEM, "the archive's directory");
        r->directory = directory;
        err = read_at(r, directory, r->directory_at, (apr_size_t)r->directory_bytes);
        if (!err) parse_directory(r);
        free(directory);
        CDIST_ERR(err);
        CDIST_ERR(check_entries(r));
    }
    return digest_file(r);
}

cdist_err_t *cdist_zip_verify(cdist_verification_t **result, apr_file_t *file, const char *path, apr_pool_t *pool)
{
    reader_t r;
    apr_finfo_t info;
    apr_status_t rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);
    cdist_err_t *err;
    int i;

    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
    }
    memset(&r, 0, sizeof r);
    r.file = file;
    r.size = (apr_uint64_t)info.size;
    r.pool = pool;
    r.result = apr_pcalloc(pool, sizeof *r.result);
    r.result->ok = 1;
    r.result->problems = apr_array_make(pool, 4, sizeof(cdist_problem_t));
    r.result->manifest = apr_pcalloc(pool, sizeof *r.result->manifest);
    r.result->manifest->builder = "";
    r.result->manifest->archive_bytes = r.size;
    r.result->manifest->entries = apr_array_make(pool, 64, sizeof(cdist_entry_t));
    r.flags = apr_array_make(pool, 64, sizeof(int));
    r.in = apr_palloc(pool, CHUNK_BYTES);
    r.out = apr_palloc(pool, CHUNK_BYTES);
    r.sha = cdist_sha256_create(pool);
    r.packed_sha = cdist_sha256_create(pool);
    err = verify(&r);
    if (err) {
        cdist_err_t *outer = cdist_err_create(pool, err->code, 0, "%s", cdist_text_printable(path, pool));
        outer->cause = err;
        return outer;
    }
    for (i = 0; i < r.result->manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(r.result->manifest->entries, i, cdist_entry_t);
        r.result->manifest->bytes += entry->bytes;
        r.result->manifest->packed_bytes += entry->packed_bytes;
    }
    *result = r.result;
    return NULL;
}
