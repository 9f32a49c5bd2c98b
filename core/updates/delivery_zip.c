/* .zip as a delivery: the directory at its end lists the members (PKWARE's APPNOTE.TXT 6.3.10, 4.3.12 and 4.3.16), which lie
 * stored or deflated. Zip64 is refused: no release is that large.
 *
 * NB: sizes, names and checksums come from the directory alone; a local header only tells where its data start. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define END_BYTES 22
#define END_SEARCH_BYTES (END_BYTES + 65535)
#define ENTRY_BYTES 46
#define LOCAL_BYTES 30
#define STORED 0
#define DEFLATED 8
#define ENCRYPTED 1
#define IN_ZIP64 0xFFFFFFFFu /* a number that stands in an extra field */

static apr_uint32_t le16(const unsigned char *bytes)
{
    return (apr_uint32_t)bytes[0] | (apr_uint32_t)bytes[1] << 8;
}

static apr_uint32_t le32(const unsigned char *bytes)
{
    return le16(bytes) | le16(bytes + 2) << 16;
}

static cdist_err_t *read_exactly(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t length, apr_pool_t *pool)
{
    apr_size_t got = length;

    CDIST_ERR(cdist_bytes_read(bytes, offset, to, &got));
    if (got == length) return NULL;
    return cdist_damaged(pool, bytes->name, offset, "the ZIP ends too early");
}

/* Where the record at the end starts that says where the directory is: a comment of up to 64 KiB may follow it. */
static cdist_err_t *find_end(apr_uint64_t *at, unsigned char *end, cdist_bytes_t *bytes, apr_pool_t *pool)
{
    apr_uint64_t length = bytes->length, start, offset;
    unsigned char *tail;
    apr_size_t room, i, step;

    if (length == APR_UINT64_MAX) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: a ZIP inside of compressed data: unpack it", bytes->name);
    }
    room = length < END_SEARCH_BYTES ? (apr_size_t)length : END_SEARCH_BYTES;
    start = length - room;
    tail = apr_palloc(pool, room + 1);
    for (offset = 0; offset < room; offset += step) {
        step = room - (apr_size_t)offset < BYTES_STEP ? room - (apr_size_t)offset : BYTES_STEP;
        CDIST_ERR(read_exactly(bytes, start + offset, tail + offset, step, pool));
    }
    for (i = room < END_BYTES ? 0 : room - END_BYTES + 1; i-- > 0;) {
        if (memcmp(tail + i, "PK\5\6", 4) != 0 || i + END_BYTES + le16(tail + i + 20) > room) continue;
        *at = start + i;
        memcpy(end, tail + i, END_BYTES);
        return NULL;
    }
    return cdist_damaged(pool, bytes->name, length, "the ZIP has no directory at its end: it was cut off");
}

static cdist_err_t *read_entry(cdist_delivery_t *delivery, apr_uint64_t *at, apr_uint64_t end, apr_pool_t *pool)
{
    unsigned char head[ENTRY_BYTES];
    cdist_member_t member;
    apr_size_t name_bytes;
    char *name;

    memset(&member, 0, sizeof member);
    CDIST_ERR(read_exactly(delivery->bytes, *at, head, sizeof head, pool));
    if (memcmp(head, "PK\1\2", 4) != 0) {
        return cdist_damaged(pool, delivery->bytes->name, *at, "no entry of a directory is here");
    }
    name_bytes = le16(head + 28);
    name = apr_palloc(pool, name_bytes + 1);
    CDIST_ERR(read_exactly(delivery->bytes, *at + ENTRY_BYTES, name, name_bytes, pool));
    member.name = cdist_text_decode(name, name_bytes, pool);
    member.flags = (int)le16(head + 8);
    member.method = (int)le16(head + 10);
    member.crc32 = le32(head + 16);
    member.packed_bytes = le32(head + 20);
    member.bytes = le32(head + 24);
    member.at = le32(head + 42);
    member.zip64 = member.packed_bytes == IN_ZIP64 || member.bytes == IN_ZIP64 || member.at == IN_ZIP64;
    *at += ENTRY_BYTES + name_bytes + le16(head + 30) + le16(head + 32);
    if (*at > end) return cdist_damaged(pool, delivery->bytes->name, *at, "the directory is longer than the ZIP says");
    return cdist_delivery_note(delivery, &member, pool);
}

cdist_err_t *cdist_delivery_list_zip(cdist_delivery_t *delivery)
{
    cdist_bytes_t *bytes = delivery->bytes;
    unsigned char end[END_BYTES] = {0};
    apr_uint64_t end_at = 0, at;
    apr_uint32_t count, i;
    apr_pool_t *pool;
    cdist_err_t *err = NULL;

    CDIST_ERR(find_end(&end_at, end, bytes, delivery->pool));
    count = le16(end + 10);
    at = le32(end + 16);
    if (count == 0xFFFF || at == IN_ZIP64 || le32(end + 12) == IN_ZIP64) {
        return cdist_err_create(delivery->pool, CDIST_E_INPUT, 0, "%s: a ZIP of the Zip64 kind: unpack it", bytes->name);
    }
    if (at > end_at || le32(end + 12) > end_at - at) {
        return cdist_damaged(delivery->pool, bytes->name, end_at, "the directory does not lie in the ZIP");
    }
    apr_pool_create(&pool, delivery->pool);
    for (i = 0; !err && i < count; i++) {
        apr_pool_clear(pool);
        err = read_entry(delivery, &at, end_at, pool);
    }
    err = cdist_err_dup(err, delivery->pool);
    apr_pool_destroy(pool);
    return err;
}

cdist_err_t *cdist_delivery_member_zip(cdist_bytes_t **bytes, const cdist_delivery_t *delivery, const cdist_member_t *member,
                                       apr_pool_t *pool)
{
    unsigned char head[LOCAL_BYTES];
    cdist_bytes_t *packed;
    cdist_stream_t *stream;

    if (member->flags & ENCRYPTED) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: is encrypted", cdist_text_printable(member->name, pool));
    }
    if (member->zip64) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: its sizes stand in Zip64 fields: unpack the ZIP",
                                cdist_text_printable(member->name, pool));
    }
    if (member->method != STORED && member->method != DEFLATED) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0,
                                "%s: is packed by method %d, and not stored or deflated: unpack the ZIP",
                                cdist_text_printable(member->name, pool), member->method);
    }
    CDIST_ERR(read_exactly(delivery->bytes, member->at, head, sizeof head, pool));
    if (memcmp(head, "PK\3\4", 4) != 0) {
        return cdist_damaged(pool, delivery->bytes->name, member->at, "no member of a ZIP starts here");
    }
    if (member->shared) {
        return cdist_damaged(pool, delivery->bytes->name, member->at, "another member has the same bytes");
    }
    packed = cdist_bytes_slice(delivery->bytes, member->at + LOCAL_BYTES + le16(head + 26) + le16(head + 28),
                               member->packed_bytes, member->name, pool);
    stream = cdist_bytes_stream(packed, 0, pool);
    if (member->method == DEFLATED) stream = cdist_stream_inflate(stream, BYTES_STEP, pool);
    stream->name = cdist_text_printable(member->name, pool);
    *bytes = cdist_bytes_window(cdist_stream_crc(stream, member->bytes, member->crc32, pool), pool);
    return NULL;
}
