/* One content of at most cdist_whole_max(level) bytes into one entry: read, digested, and compressed as a whole, or its packed bytes
 * taken from an archive that has it already. Larger ones are in pack_stream.c. */
#include "archive_int.h"

#include <string.h>

#define ROOM_KEPT (2u * 1024 * 1024)
#define MODE_LINK 0120777u

static void digest_all(cdist_digest_t *digest, cdist_sha256_t *sha, const void *bytes, apr_size_t length)
{
    cdist_sha256_reset(sha);
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(digest, sha);
}

static apr_status_t free_buffers(void *baton)
{
    cdist_pack_tools_t *tools = baton;

    cdist_os_block_free(&tools->content.block);
    cdist_os_block_free(&tools->unpacked.block);
    return APR_SUCCESS;
}

void cdist_pack_tools_make(cdist_pack_tools_t *tools, const cdist_build_options_t *options, cdist_folder_t *root,
                           cdist_folder_t *over, apr_pool_t *pool)
{
    memset(tools, 0, sizeof *tools);
    tools->level = options->level;
    tools->packer = cdist_packer_create(options->level, pool);
    tools->unpacker = cdist_unpacker_create(pool);
    tools->sha = cdist_sha256_create(pool);
    tools->opener = cdist_opener_make(root, pool);
    if (over) tools->over = cdist_opener_make(over, pool);
    tools->reuse = options->reuse;
    tools->digests = !options->no_digests;
    apr_pool_cleanup_register(pool, tools, free_buffers, apr_pool_cleanup_null);
}

/* NB: for a large content at once, and not with the next one: a thread that has none would hold what the builder takes for free. */
static void give_back(cdist_room_t *room)
{
    if (room->length <= ROOM_KEPT) return;
    cdist_os_block_free(&room->block);
    memset(room, 0, sizeof *room);
}

static void *make_room(cdist_room_t *room, apr_size_t length)
{
    if (!room->block.bytes || length > room->length) {
        cdist_os_block_free(&room->block);
        room->length = length > ROOM_KEPT ? length : ROOM_KEPT;
        cdist_os_block_get(&room->block, room->length);
    }
    return room->block.bytes;
}

void *cdist_pack_room(cdist_pack_tools_t *tools, apr_size_t length)
{
    return make_room(&tools->content, length);
}

/* Whether packed bytes are those of the content that is at hand. */
static int packs_content(const cdist_record_t *record, const void *packed, const void *content, cdist_pack_tools_t *tools)
{
    apr_size_t length = (apr_size_t)record->bytes;
    void *unpacked;

    if (record->method == CDIST_STORED) return memcmp(packed, content, length) == 0;
    unpacked = make_room(&tools->unpacked, length);
    return cdist_unpacker_unpack(tools->unpacker, unpacked, length, packed, (apr_size_t)record->packed_bytes) &&
           memcmp(unpacked, content, length) == 0;
}

/* Copies a record's packed bytes into an entry, checked by their digest, or where that is not known against `content`.
 * Returns 1 if it could. */
static int take(cdist_entry_t *entry, cdist_block_t *packed, const cdist_record_t *record, const void *content,
                cdist_pack_tools_t *tools)
{
    apr_size_t length = (apr_size_t)record->packed_bytes;
    cdist_digest_t digest = {{0}};
    int good;

    if (record->packed_bytes > record->bytes) return 0;
    cdist_os_block_get(packed, length);
    good = cdist_reuse_read(packed->bytes, tools->reuse, record, 0, length);
    if (good) {
        if (record->known || tools->digests) digest_all(&digest, tools->sha, packed->bytes, length);
        good = record->known ? cdist_digest_equal(&digest, &record->packed_sha256)
                             : packs_content(record, packed->bytes, content, tools);
        if (!good && record->known) cdist_reuse_damaged(tools->reuse, record);
    }
    if (!good) {
        cdist_os_block_free(packed);
        return 0;
    }
    if (record->known) entry->sha256 = record->sha256;
    entry->bytes = record->bytes;
    entry->crc32 = record->crc32;
    entry->method = record->method;
    entry->packed_bytes = record->packed_bytes;
    entry->packed_sha256 = digest;
    tools->reused_bytes += record->packed_bytes;
    return 1;
}

/* Takes the packed bytes of a content that was read, whose size, CRC and digest are known. */
static int take_same(cdist_entry_t *entry, cdist_block_t *packed, const void *content, cdist_pack_tools_t *tools)
{
    const cdist_record_t *record;

    if (!tools->reuse) return 0;
    record = tools->digests ? cdist_reuse_by_digest(tools->reuse, &entry->sha256, entry->bytes) : NULL;
    if (record && take(entry, packed, record, content, tools)) return 1;
    for (record = cdist_reuse_by_crc(tools->reuse, entry->bytes, entry->crc32); record; record = record->next) {
        if (take(entry, packed, record, content, tools)) return 1;
    }
    return 0;
}

/* A content that does not shrink goes on as it is. NB: small ones are copied, because a system maps only so many blocks. */
static void hand_over(cdist_block_t *packed, apr_size_t length, cdist_room_t *content)
{
    if (length < ROOM_KEPT) {
        cdist_os_block_get(packed, length);
        memcpy(packed->bytes, content->block.bytes, length);
        return;
    }
    *packed = content->block;
    cdist_os_block_shrink(packed, length);
    memset(content, 0, sizeof *content);
}

static void pack_content(cdist_entry_t *entry, cdist_block_t *packed, apr_size_t length, cdist_pack_tools_t *tools)
{
    const void *content = tools->content.block.bytes;
    apr_size_t packed_bytes = 0;

    entry->bytes = length;
    entry->crc32 = cdist_crc32(0, content, length);
    if (tools->digests) digest_all(&entry->sha256, tools->sha, content, length);
    if (take_same(entry, packed, content, tools)) return;
    if (length > 1) {
        cdist_os_block_get(packed, length - 1);
        packed_bytes = cdist_packer_pack(tools->packer, packed->bytes, content, length);
    }
    if (packed_bytes > 0) {
        entry->method = CDIST_DEFLATED;
        entry->packed_bytes = packed_bytes;
        if (tools->digests) digest_all(&entry->packed_sha256, tools->sha, packed->bytes, packed_bytes);
        cdist_os_block_shrink(packed, packed_bytes);
    } else {
        entry->method = CDIST_STORED;
        entry->packed_bytes = length;
        entry->packed_sha256 = entry->sha256;
        cdist_os_block_free(packed);
        hand_over(packed, length, &tools->content);
    }
}

void cdist_pack_content(cdist_entry_t *entry, cdist_block_t *packed, apr_size_t length, cdist_pack_tools_t *tools)
{
    pack_content(entry, packed, length, tools);
    give_back(&tools->content);
    give_back(&tools->unpacked);
}

static cdist_err_t *pack_file(cdist_entry_t *entry, cdist_block_t *packed, cdist_pack_tools_t *tools, const char *folder,
                              const cdist_input_t *input, apr_pool_t *pool)
{
    const cdist_record_t *record = tools->reuse ? cdist_reuse_by_stat(tools->reuse, &input->stat) : NULL;
    apr_size_t length = (apr_size_t)input->stat.bytes;
    apr_file_t *file;
    cdist_err_t *err;
    void *content;

    /* NB: the file is not even opened. That it is still what the tree saw is checked for all files at the build's end. */
    if (record && take(entry, packed, record, NULL, tools)) {
        entry->mode = record->mode;
        return NULL;
    }
    CDIST_ERR(cdist_input_open(&file, input->over ? tools->over : tools->opener, folder, input, pool));
    content = make_room(&tools->content, length);
    err = cdist_input_read(content, length, file, folder, input, pool);
    if (!err) err = cdist_input_check(file, folder, input, pool);
    apr_file_close(file);
    if (err) return err;
    entry->mode = cdist_input_mode(content, length);
    cdist_pack_content(entry, packed, length, tools);
    return NULL;
}

cdist_err_t *cdist_pack_whole(cdist_entry_t *entry, cdist_block_t *packed, cdist_pack_tools_t *tools, const char *folder,
                              const cdist_input_t *input, apr_pool_t *pool)
{
    apr_size_t length = input->link_target ? strlen(input->link_target) : 0;
    void *content;

    memset(packed, 0, sizeof *packed);
    if (input->stat.kind == CDIST_FILE) return pack_file(entry, packed, tools, folder, input, pool);
    content = make_room(&tools->content, length);
    if (length) memcpy(content, input->link_target, length);
    entry->mode = input->link_target ? MODE_LINK : CDIST_MODE_FOLDER;
    cdist_pack_content(entry, packed, length, tools);
    return NULL;
}
