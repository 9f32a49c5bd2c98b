/* The blocks of a RAR archive, in both forms that are in use ("Rar!\x1A\x07\x00" of RAR 1.5 to 4, "Rar!\x1A\x07\x01\x00" of
 * RAR 5; "RAR 5.0 archive format" and TechNote.txt of the archiver's maker). Unpacking is libarchive's business; here is read
 * what it does not check: that the archive goes on to its end block, and the CRC of stored contents. Every byte is hostile: each
 * block is at least as long as its smallest header, so the walk ends, and nothing is allocated by a number from the file. */
#include "packages_int.h"

#include <string.h>

#define BLOCKS_MAX (4 * CDIST_PACKAGE_MAX_ENTRIES)
#define HEAD_MAX 64u /* what is looked at of a block's header */

enum { OLD_MAIN = 0x73, OLD_FILE = 0x74, OLD_SERVICE = 0x7A, OLD_END = 0x7B };
enum { NEW_MAIN = 1, NEW_FILE = 2, NEW_ENCRYPTION = 4, NEW_END = 5 };

typedef struct {
    apr_file_t *file;
    apr_uint64_t bytes, at; /* of the file; of the block at hand */
    apr_array_header_t *checks;
    unsigned char head[HEAD_MAX];
    apr_size_t held; /* bytes of the header that are at hand */
    int ended;
    apr_pool_t *pool;
} walk_t;

static cdist_err_t *damaged(const walk_t *walk, const char *reason)
{
    return cdist_err_create(walk->pool, CDIST_E_CORRUPT, 0, "%s at byte %" APR_UINT64_T_FMT, reason, walk->at);
}

static apr_uint32_t get32(const unsigned char *p)
{
    return (apr_uint32_t)p[0] | (apr_uint32_t)p[1] << 8 | (apr_uint32_t)p[2] << 16 | (apr_uint32_t)p[3] << 24;
}

static cdist_err_t *read_head(walk_t *walk)
{
    apr_uint64_t left = walk->bytes - walk->at;
    apr_status_t rv;

    walk->held = left < HEAD_MAX ? (apr_size_t)left : HEAD_MAX;
    memset(walk->head, 0, HEAD_MAX);
    if (walk->held == 0) return damaged(walk, "is cut off: a RAR archive has an end block, which is missing");
    rv = cdist_os_read_at(walk->file, walk->at, walk->head, walk->held);
    return rv == APR_SUCCESS ? NULL : cdist_err_create(walk->pool, CDIST_E_SOURCE, rv, "cannot be read");
}

/* On to the next block. */
static cdist_err_t *step(walk_t *walk, apr_uint64_t head_bytes, apr_uint64_t data_bytes)
{
    apr_uint64_t left = walk->bytes - walk->at;

    if (head_bytes > left || data_bytes > left - head_bytes) return damaged(walk, "is cut off: a block goes beyond the file's end");
    walk->at += head_bytes + data_bytes;
    return NULL;
}

static cdist_err_t *push(walk_t *walk, int known, apr_uint32_t crc32)
{
    cdist_rar_check_t *check = apr_array_push(walk->checks);

    check->known = known;
    check->crc32 = crc32;
    return NULL;
}

/* ---- RAR 1.5 to 4 --------------------------------------------------------------------------------------------------- */

static cdist_err_t *old_block(walk_t *walk)
{
    const unsigned char *p = walk->head;
    int kind = p[2], flags = p[3] | p[4] << 8;
    apr_uint32_t head_bytes = (apr_uint32_t)(p[5] | p[6] << 8);
    apr_uint64_t data_bytes = flags & 0x8000 ? get32(p + 7) : 0;
    int content = kind == OLD_FILE || kind == OLD_SERVICE;

    if (walk->held < 7 || head_bytes < 7u + (flags & 0x8000 ? 4u : 0u) || (content && head_bytes < 32)) {
        return damaged(walk, "has a damaged block");
    }
    if (kind == OLD_MAIN && (flags & 0x0080)) return damaged(walk, "is encrypted, and has to be unpacked by hand; told by a header");
    if (kind == OLD_MAIN && (flags & 0x0001)) return damaged(walk, "is one volume of several, which have to be unpacked by hand; told by a header");
    if (content && (flags & 0x0100)) {
        if (head_bytes < 40) return damaged(walk, "has a damaged block");
        data_bytes |= (apr_uint64_t)get32(p + 32) << 32;
    }
    if (kind == OLD_FILE) CDIST_ERR(push(walk, 1, get32(p + 16)));
    walk->ended = kind == OLD_END;
    return step(walk, head_bytes, data_bytes);
}

/* ---- RAR 5 ---------------------------------------------------------------------------------------------------------- */

/* A number of seven bits a byte, lowest first; 0 if it does not end within the header. */
static int take_number(apr_uint64_t *number, const walk_t *walk, apr_size_t *at)
{
    int shift;

    *number = 0;
    for (shift = 0; shift < 63 && *at < walk->held; shift += 7) {
        unsigned char byte = walk->head[(*at)++];

        *number |= (apr_uint64_t)(byte & 0x7F) << shift;
        if (!(byte & 0x80)) return 1;
    }
    return 0;
}

/* A file's facts behind the general ones. */
static cdist_err_t *new_file(walk_t *walk, apr_size_t at)
{
    apr_uint64_t flags, ignored;

    if (!take_number(&flags, walk, &at) || !take_number(&ignored, walk, &at) || !take_number(&ignored, walk, &at)) {
        return damaged(walk, "has a damaged block");
    }
    if (flags & 2) at += 4; /* its time */
    if (at + 4 > walk->held) return damaged(walk, "has a damaged block");
    return push(walk, (flags & 4) != 0, get32(walk->head + at));
}

static cdist_err_t *new_block(walk_t *walk)
{
    apr_uint64_t head_bytes, kind, flags, data_bytes = 0, ignored;
    apr_size_t at = 4, start;
    int fine = take_number(&head_bytes, walk, &at);

    start = at;
    fine = fine && head_bytes > 0 && take_number(&kind, walk, &at) && take_number(&flags, walk, &at);
    if (fine && (flags & 1)) fine = take_number(&ignored, walk, &at);
    if (fine && (flags & 2)) fine = take_number(&data_bytes, walk, &at);
    if (!fine) return damaged(walk, "has a damaged block");
    if (kind == NEW_ENCRYPTION) return damaged(walk, "is encrypted, and has to be unpacked by hand; told by a header");
    if (kind == NEW_MAIN && take_number(&flags, walk, &at) && (flags & 1)) {
        return damaged(walk, "is one volume of several, which have to be unpacked by hand; told by a header");
    }
    if (kind == NEW_FILE) CDIST_ERR(new_file(walk, at));
    walk->ended = kind == NEW_END;
    if (head_bytes > walk->bytes) return damaged(walk, "has a damaged block");
    return step(walk, start + head_bytes, data_bytes);
}

cdist_err_t *cdist_rar_index(apr_array_header_t **checks, apr_file_t *file, apr_uint64_t bytes, apr_pool_t *pool)
{
    walk_t walk = {file, bytes, 0, apr_array_make(pool, 64, sizeof(cdist_rar_check_t)), {0}, 0, 0, pool};
    cdist_err_t *(*block)(walk_t *) = NULL;
    int count;

    *checks = NULL;
    if (bytes < 8) return NULL;
    CDIST_ERR(read_head(&walk));
    if (memcmp(walk.head, "Rar!\x1A\x07\x00", 7) == 0) block = old_block, walk.at = 7;
    else if (memcmp(walk.head, "Rar!\x1A\x07\x01\x00", 8) == 0) block = new_block, walk.at = 8;
    else return NULL;
    for (count = 0; !walk.ended; count++) {
        if (count == BLOCKS_MAX) return damaged(&walk, "has too many blocks");
        CDIST_ERR(read_head(&walk));
        CDIST_ERR(block(&walk));
    }
    *checks = walk.checks;
    return NULL;
}
