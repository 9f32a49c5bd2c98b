/* .efd, the archive of a delivery: one raw deflate stream.
 * u32 1, u32 n, n x {u32 size of the record, text language, text name, text vendor, text file of the description}, u32 files,
 * files x {u32 size of the record, text path, u64 time, u32 place, u32 length}, then the files; places count from there on.
 * Numbers are little-endian; a text is u32 length in characters and UTF-16LE. Source: real files, docs/formats.md. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define FORMAT 1
#define MAX_DESCRIPTIONS 1024
#define MAX_CHARACTERS 4096
#define MAX_FILES 1000000

static cdist_err_t *read_exactly(cdist_stream_t *stream, void *to, apr_size_t length, apr_pool_t *pool)
{
    char *at = to;

    while (length > 0) {
        apr_size_t step = length;

        CDIST_ERR(stream->read(stream, at, &step));
        if (step == 0) return cdist_damaged(pool, stream->name, stream->at, "the delivery ends too early");
        at += step;
        length -= step;
    }
    return NULL;
}

static cdist_err_t *read_number(apr_uint32_t *number, cdist_stream_t *stream, apr_uint32_t most, apr_pool_t *pool)
{
    unsigned char b[4];

    CDIST_ERR(read_exactly(stream, b, sizeof b, pool));
    *number = (apr_uint32_t)b[0] | (apr_uint32_t)b[1] << 8 | (apr_uint32_t)b[2] << 16 | (apr_uint32_t)b[3] << 24;
    if (*number <= most) return NULL;
    return cdist_damaged(pool, stream->name, stream->at - sizeof b, "the number %u is too large here", (unsigned)*number);
}

static cdist_err_t *read_text(const char **text, cdist_stream_t *stream, apr_pool_t *pool)
{
    apr_uint32_t characters;
    char *bytes;

    CDIST_ERR(read_number(&characters, stream, MAX_CHARACTERS, pool));
    bytes = apr_palloc(pool, characters * 2 + 2);
    memcpy(bytes, "\xFF\xFE", 2);
    CDIST_ERR(read_exactly(stream, bytes + 2, characters * 2, pool));
    *text = cdist_text_decode(bytes, characters * 2 + 2, pool);
    return NULL;
}

/* n descriptions; `facts` (NULL: nobody asks) takes the first. */
static cdist_err_t *read_descriptions(cdist_file_facts_t *facts, cdist_stream_t *stream, apr_pool_t *pool)
{
    apr_uint32_t number, descriptions, i;

    CDIST_ERR(read_number(&number, stream, FORMAT, pool));
    CDIST_ERR(read_number(&descriptions, stream, MAX_DESCRIPTIONS, pool));
    if (number != FORMAT || descriptions == 0) {
        return cdist_damaged(pool, stream->name, 0, "neither a container nor a delivery is in the compressed data");
    }
    for (i = 0; i < descriptions; i++) {
        const char *text[4];
        apr_uint64_t start = stream->at;
        int j;

        CDIST_ERR(read_number(&number, stream, 0xFFFFFFFF, pool));
        for (j = 0; j < 4; j++) CDIST_ERR(read_text(&text[j], stream, pool));
        if (stream->at - start != number) {
            return cdist_damaged(pool, stream->name, start, "a description is not %u bytes long", (unsigned)number);
        }
        if (i > 0 || !facts) continue;
        facts->name = text[1];
        facts->vendor = text[2];
    }
    return NULL;
}

cdist_err_t *cdist_delivery_facts(cdist_file_facts_t *facts, cdist_stream_t *stream, apr_pool_t *result_pool)
{
    apr_uint32_t files;

    CDIST_ERR(read_descriptions(facts, stream, result_pool));
    CDIST_ERR(read_number(&files, stream, MAX_FILES, result_pool));
    facts->kind = CDIST_FILE_EFD;
    facts->entries = files;
    return NULL;
}

/* u32 size of the record, text path, u64 time, u32 place behind the table, u32 length. */
static cdist_err_t *read_file_record(cdist_member_t *member, cdist_stream_t *stream, apr_pool_t *pool)
{
    apr_uint64_t start = stream->at;
    apr_uint32_t record_bytes, number;
    char time[8];

    memset(member, 0, sizeof *member);
    CDIST_ERR(read_number(&record_bytes, stream, 0xFFFFFFFF, pool));
    CDIST_ERR(read_text(&member->name, stream, pool));
    CDIST_ERR(read_exactly(stream, time, sizeof time, pool));
    CDIST_ERR(read_number(&number, stream, 0xFFFFFFFF, pool));
    member->at = number;
    CDIST_ERR(read_number(&number, stream, 0xFFFFFFFF, pool));
    member->bytes = number;
    if (stream->at - start == record_bytes) return NULL;
    return cdist_damaged(pool, stream->name, start, "a record of a file is not %u bytes long", (unsigned)record_bytes);
}

cdist_err_t *cdist_delivery_list_efd(cdist_delivery_t *delivery)
{
    cdist_stream_t *stream = cdist_bytes_stream(delivery->bytes, 0, delivery->pool);
    apr_uint32_t files, i;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_pool_create(&pool, delivery->pool);
    err = read_descriptions(NULL, stream, pool);
    if (!err) err = read_number(&files, stream, MAX_FILES, pool);
    for (i = 0; !err && i < files; i++) {
        cdist_member_t member;

        apr_pool_clear(pool);
        err = read_file_record(&member, stream, pool);
        if (!err) err = cdist_delivery_note(delivery, &member, pool);
    }
    err = cdist_err_dup(err, delivery->pool);
    apr_pool_destroy(pool);
    if (err) return err;
    /* Places count from the end of the table, which was not known before. */
    for (i = 0; i < (apr_uint32_t)delivery->members->nelts; i++) {
        APR_ARRAY_IDX(delivery->members, (int)i, cdist_member_t).at += stream->at;
    }
    return NULL;
}
