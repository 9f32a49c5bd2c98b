/* .efd, the archive of a delivery: one raw deflate stream.
 * u32 1, u32 n, n x {u32 size of the record, text language, text name, text vendor, text file of the description}, u32 files, then
 * the files. Numbers are little-endian; a text is u32 length in characters and UTF-16LE. Source: real files, docs/formats.md. */
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

cdist_err_t *cdist_delivery_facts(cdist_file_facts_t *facts, cdist_stream_t *stream, apr_pool_t *result_pool)
{
    apr_uint32_t number, descriptions, files, i;

    CDIST_ERR(read_number(&number, stream, FORMAT, result_pool));
    CDIST_ERR(read_number(&descriptions, stream, MAX_DESCRIPTIONS, result_pool));
    if (number != FORMAT || descriptions == 0) {
        return cdist_damaged(result_pool, stream->name, 0, "neither a container nor a delivery is in the compressed data");
    }
    for (i = 0; i < descriptions; i++) {
        const char *text[4];
        apr_uint64_t start = stream->at;
        int j;

        CDIST_ERR(read_number(&number, stream, 0xFFFFFFFF, result_pool));
        for (j = 0; j < 4; j++) CDIST_ERR(read_text(&text[j], stream, result_pool));
        if (stream->at - start != number) {
            return cdist_damaged(result_pool, stream->name, start, "a description is not %u bytes long", (unsigned)number);
        }
        if (i > 0) continue;
        facts->name = text[1];
        facts->vendor = text[2];
    }
    CDIST_ERR(read_number(&files, stream, MAX_FILES, result_pool));
    facts->kind = CDIST_FILE_EFD;
    facts->entries = files;
    return NULL;
}
