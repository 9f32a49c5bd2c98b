/* The directory of a ZIP file of any maker: where it is, and what it says. Every byte is hostile, see zip_verify.c. */
#include "zip_reader_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define MAX_DIRECTORY_BYTES (256u * 1024 * 1024)
#define MAX_PROBLEMS 100

cdist_err_t *zip_reader_begin(zip_reader_t *r, apr_file_t *file, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv = apr_file_info_get(&info, APR_FINFO_SIZE, file);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_SOURCE, rv, "the archive cannot be read");
    memset(r, 0, sizeof *r);
    r->file = file;
    r->size = (apr_uint64_t)info.size;
    r->pool = pool;
    r->links = apr_hash_make(pool);
    r->result = apr_pcalloc(pool, sizeof *r->result);
    r->result->ok = 1;
    r->result->problems = apr_array_make(pool, 4, sizeof(cdist_problem_t));
    r->result->manifest = apr_pcalloc(pool, sizeof *r->result->manifest);
    r->result->manifest->builder = "";
    r->result->manifest->archive_bytes = r->size;
    r->result->manifest->entries = apr_array_make(pool, 64, sizeof(cdist_entry_t));
    r->flags = apr_array_make(pool, 64, sizeof(int));
    return NULL;
}

void zip_problem(zip_reader_t *r, int fatal, const char *fmt, ...)
{
    int full = r->result->problems->nelts >= MAX_PROBLEMS, first_fatal = fatal && r->result->ok;
    cdist_problem_t *p;
    va_list args;

    if (fatal) r->result->ok = 0;
    if (full && !first_fatal) return;
    p = apr_array_push(r->result->problems);
    va_start(args, fmt);
    p->text = apr_pvsprintf(r->pool, fmt, args);
    va_end(args);
    p->fatal = fatal;
}

cdist_err_t *zip_read_at(zip_reader_t *r, void *bytes, apr_uint64_t offset, apr_size_t length)
{
    apr_off_t at = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(r->file, APR_SET, &at);

    if (rv == APR_SUCCESS && length) rv = apr_file_read_full(r->file, bytes, length, NULL);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(r->pool, CDIST_E_SOURCE, rv, "the archive cannot be read");
}

const char *zip_show(const zip_reader_t *r, const char *name)
{
    return cdist_text_printable(name, r->pool);
}

/* ---- the end of the directory ---------------------------------------------------------------------------------- */

static cdist_err_t *find_end64(zip_reader_t *r, apr_uint64_t end_at, int *found)
{
    unsigned char locator[ZIP_LOCATOR64_BYTES], record[ZIP_END64_BYTES];
    apr_uint64_t at;

    *found = 0;
    if (end_at < ZIP_LOCATOR64_BYTES + ZIP_END64_BYTES) return NULL;
    CDIST_ERR(zip_read_at(r, locator, end_at - ZIP_LOCATOR64_BYTES, ZIP_LOCATOR64_BYTES));
    if (zip_get32(locator) != ZIP_LOCATOR64_SIG) return NULL;
    at = zip_get64(locator + 8);
    if (at > end_at - ZIP_LOCATOR64_BYTES - ZIP_END64_BYTES) return NULL;
    CDIST_ERR(zip_read_at(r, record, at, ZIP_END64_BYTES));
    if (zip_get32(record) != ZIP_END64_SIG) return NULL;
    r->entry_count = zip_get64(record + 32);
    r->directory_bytes = zip_get64(record + 40);
    r->directory_at = zip_get64(record + 48);
    *found = 1;
    return NULL;
}

static cdist_err_t *find_directory(zip_reader_t *r)
{
    apr_size_t tail = r->size < ZIP_END_BYTES + ZIP_MAX16 ? (apr_size_t)r->size : ZIP_END_BYTES + ZIP_MAX16;
    unsigned char *bytes = apr_palloc(r->pool, tail + 1), *end = NULL;
    apr_size_t i;
    apr_uint64_t end_at;
    int found64 = 0;

    CDIST_ERR(zip_read_at(r, bytes, r->size - tail, tail));
    for (i = ZIP_END_BYTES; i <= tail && !end; i++) {
        unsigned char *p = bytes + tail - i;
        if (zip_get32(p) == ZIP_END_SIG && (apr_size_t)zip_get16(p + 20) == i - ZIP_END_BYTES) end = p;
    }
    if (!end) {
        zip_problem(r, 1, "no end of directory: not a ZIP file, or cut off");
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
    if (zip_get16(end + 4) != 0 || zip_get16(end + 6) != 0) zip_problem(r, 1, "a part of an archive of several volumes");
    if (r->directory_at > end_at || r->directory_bytes > end_at - r->directory_at ||
        r->entry_count > r->directory_bytes / ZIP_CENTRAL_BYTES) {
        zip_problem(r, 1, "the directory lies outside the file: damaged or cut off");
    } else if (r->directory_bytes > MAX_DIRECTORY_BYTES || r->entry_count > CDIST_MAX_ENTRIES) {
        zip_problem(r, 1, "the directory is larger than %u MiB, or has more than %d entries", MAX_DIRECTORY_BYTES >> 20,
                CDIST_MAX_ENTRIES);
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

static void check_name(zip_reader_t *r, apr_hash_t *exact, const char *name, apr_size_t length)
{
    const char *reason = strlen(name) != length ? "has a NUL character" : cdist_name_problem(name, length);
    const char *remark = reason ? NULL : cdist_name_remark(name, length);

    if (reason) zip_problem(r, 1, "%s: the name %s", zip_show(r, name), reason);
    if (remark) zip_problem(r, 0, "%s: Windows cannot hold the name, it %s", zip_show(r, name), remark);
    if (apr_hash_get(exact, name, APR_HASH_KEY_STRING)) {
        zip_problem(r, 1, "%s: stands twice in the directory", zip_show(r, name));
    }
    apr_hash_set(exact, name, APR_HASH_KEY_STRING, name);
}

static void check_case(zip_reader_t *r)
{
    cdist_clash_t clashes[MAX_PROBLEMS];
    apr_pool_t *scratch;
    int count, i;

    apr_pool_create(&scratch, r->pool);
    count = cdist_name_clashes(clashes, MAX_PROBLEMS, r->result->manifest->entries, scratch);
    for (i = 0; i < count && i < MAX_PROBLEMS; i++) {
        zip_problem(r, 0, "%s: differs only in case from %s, Windows cannot hold both", zip_show(r, clashes[i].other),
                    zip_show(r, clashes[i].one));
    }
    apr_pool_destroy(scratch);
}

static void parse_directory(zip_reader_t *r, const unsigned char *directory)
{
    apr_hash_t *exact = apr_hash_make(r->pool);
    const unsigned char *p = directory, *end = p + r->directory_bytes;
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
        check_name(r, exact, entry.name, name_bytes);
        if (!take_zip64(&entry, p + ZIP_CENTRAL_BYTES + name_bytes, extra_bytes)) {
            zip_problem(r, 1, "%s: its Zip64 field is damaged", zip_show(r, entry.name));
        }
        APR_ARRAY_PUSH(r->result->manifest->entries, cdist_entry_t) = entry;
        APR_ARRAY_PUSH(r->flags, int) = zip_get16(p + 8);
        p += ZIP_CENTRAL_BYTES + name_bytes + extra_bytes + comment_bytes;
    }
    if (i < r->entry_count || p != end) zip_problem(r, 1, "the directory is damaged after entry %" APR_UINT64_T_FMT, i);
    check_case(r);
}

cdist_err_t *zip_read_directory(zip_reader_t *r)
{
    unsigned char *directory;
    cdist_err_t *err;

    CDIST_ERR(find_directory(r));
    if (!r->result->ok) return NULL;
    directory = malloc((size_t)r->directory_bytes + 1);
    if (!directory) return cdist_err_create(r->pool, CDIST_E_SOURCE, APR_ENOMEM, "the archive's directory");
    err = zip_read_at(r, directory, r->directory_at, (apr_size_t)r->directory_bytes);
    if (!err) parse_directory(r, directory);
    free(directory);
    return err;
}
