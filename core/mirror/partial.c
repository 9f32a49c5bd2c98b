/* An archive in the making: .1cdist/partial/<sha256>, and <sha256>.have, its journal, in which each line "<first> <length>"
 * tells of bytes that were written. The journal is behind the file by a megabyte at most. What it says is not believed, only
 * hoped for: after the power failed it may be ahead of the file, and the archive's digest finds that out. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define JOURNAL_STEP_BYTES (1024u * 1024)
#define JOURNAL_FILE_MAX (16u * 1024 * 1024)

static cdist_err_t *cannot_write(const cdist_partial_t *partial, const char *path, apr_status_t rv)
{
    return cdist_err_create(partial->pool, CDIST_E_STORE, rv, "%s: cannot be written",
                            cdist_text_printable(path, partial->pool));
}

/* Takes what a journal tells; a last line that was cut off, as any other that is none, is passed over. */
static void take_journal(cdist_partial_t *partial, char *text)
{
    char *line, *next;

    for (line = text; line && *line; line = next) {
        apr_uint64_t from, length;
        char *end;

        next = strchr(line, '\n');
        if (!next) return;
        *next++ = '\0';
        from = (apr_uint64_t)apr_strtoi64(line, &end, 10);
        if (end == line || *end != ' ') continue;
        length = (apr_uint64_t)apr_strtoi64(end + 1, &end, 10);
        if (*end || from >= partial->bytes || length > partial->bytes - from) continue;
        cdist_spans_add(partial->have, from, from + length);
    }
}

static const char *path_of(const char *root, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    return apr_pstrcat(pool, cdist_place(root, "partial", pool), "/", cdist_digest_hex(sha256, pool), NULL);
}

apr_uint64_t cdist_partial_bytes(const char *root, const cdist_digest_t *sha256, apr_pool_t *scratch_pool)
{
    apr_finfo_t info;

    /* NB: not its length: it has holes where nothing came yet. */
    if (apr_stat(&info, path_of(root, sha256, scratch_pool), APR_FINFO_CSIZE, scratch_pool) != APR_SUCCESS) return 0;
    return (apr_uint64_t)info.csize;
}

cdist_err_t *cdist_partial_open(cdist_partial_t **partial, const char *root, const cdist_digest_t *sha256, apr_uint64_t bytes,
                                apr_pool_t *pool)
{
    cdist_partial_t *opened = apr_pcalloc(pool, sizeof *opened);
    apr_size_t length;
    cdist_stat_t stat;
    apr_status_t rv;
    char *text;

    opened->pool = pool;
    opened->bytes = bytes;
    opened->have = cdist_spans_make(pool);
    opened->path = path_of(root, sha256, pool);
    opened->journal_path = apr_pstrcat(pool, opened->path, ".have", NULL);
    rv = apr_file_open(&opened->file, opened->path, APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);
    if (rv == APR_SUCCESS) rv = cdist_os_stat_file(&stat, opened->file);
    if (rv == APR_SUCCESS && stat.bytes > bytes) rv = apr_file_trunc(opened->file, (apr_off_t)bytes);
    if (rv != APR_SUCCESS) return cannot_write(opened, opened->path, rv);
    if (!cdist_file_read(&text, &length, opened->journal_path, JOURNAL_FILE_MAX, pool)) take_journal(opened, text);
    cdist_spans_remove(opened->have, stat.bytes, bytes);
    rv = apr_file_open(&opened->journal, opened->journal_path,
                       APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_APPEND | APR_FOPEN_BINARY,
                       APR_FPROT_UREAD | APR_FPROT_UWRITE, pool);
    if (rv != APR_SUCCESS) return cannot_write(opened, opened->journal_path, rv);
    *partial = opened;
    return NULL;
}

/* Notes in the journal what was written since the last time. */
static apr_status_t note(cdist_partial_t *partial)
{
    char line[64];
    apr_status_t rv = APR_SUCCESS;

    if (partial->pending.from < partial->pending.to) {
        apr_snprintf(line, sizeof line, "%" APR_UINT64_T_FMT " %" APR_UINT64_T_FMT "\n", partial->pending.from,
                     partial->pending.to - partial->pending.from);
        rv = apr_file_write_full(partial->journal, line, strlen(line), NULL);
    }
    partial->pending.from = partial->pending.to = 0;
    return rv;
}

cdist_err_t *cdist_partial_write(void *baton, apr_uint64_t offset, const void *bytes, apr_size_t length)
{
    cdist_partial_t *partial = baton;
    apr_off_t at = (apr_off_t)offset;
    apr_status_t rv = apr_file_seek(partial->file, APR_SET, &at);

    if (rv == APR_SUCCESS) rv = apr_file_write_full(partial->file, bytes, length, NULL);
    if (rv != APR_SUCCESS) return cannot_write(partial, partial->path, rv);
    cdist_spans_add(partial->have, offset, offset + length);
    if (partial->pending.to != offset) {
        if ((rv = note(partial)) != APR_SUCCESS) return cannot_write(partial, partial->journal_path, rv);
        partial->pending.from = offset;
    }
    partial->pending.to = offset + length;
    if (partial->pending.to - partial->pending.from < JOURNAL_STEP_BYTES) return NULL;
    rv = note(partial);
    return rv == APR_SUCCESS ? NULL : cannot_write(partial, partial->journal_path, rv);
}

cdist_err_t *cdist_partial_keep(cdist_partial_t *partial, cdist_spans_t *have)
{
    apr_status_t rv = apr_file_trunc(partial->journal, 0);
    int i;

    partial->have = have;
    for (i = 0; rv == APR_SUCCESS && i < have->nelts; i++) {
        partial->pending = APR_ARRAY_IDX(have, i, cdist_span_t);
        rv = note(partial);
    }
    partial->pending.from = partial->pending.to = 0;
    return rv == APR_SUCCESS ? NULL : cannot_write(partial, partial->journal_path, rv);
}

/* NB: where the disk is full the journal stays behind; then less is there than could be. */
void cdist_partial_close(cdist_partial_t *partial)
{
    (void)note(partial);
    apr_file_close(partial->journal);
    apr_file_close(partial->file);
}

cdist_err_t *cdist_partial_publish(cdist_partial_t *partial, const char *path)
{
    apr_status_t rv = cdist_os_file_publish(partial->file, partial->path, path, partial->pool);

    if (rv != APR_SUCCESS) return cannot_write(partial, path, rv);
    cdist_partial_close(partial);
    (void)apr_file_remove(partial->journal_path, partial->pool);
    return NULL;
}
