/* What of an archive to be lies in archives that are here: entries whose packed bytes are the same, by digest, wherever they
 * lie and whatever they are called. Where the entry before them was the same too, so are as a rule the bytes between, the
 * local header; the archive's digest tells whether they were. */
#include "mirror_int.h"

#include <string.h>

/* Whether the header of a local entry may be that of the wanted one: it depends on these facts alone, if one maker wrote
 * both. */
static int may_have_same_header(const cdist_entry_t *wanted, const cdist_entry_t *local)
{
    return strcmp(wanted->name, local->name) == 0 && wanted->method == local->method && wanted->bytes == local->bytes &&
           wanted->crc32 == local->crc32 && wanted->data_offset - wanted->offset == local->data_offset - local->offset;
}

static void push(apr_array_header_t *copies, const cdist_pack_t *pack, apr_uint64_t from, apr_uint64_t to, apr_uint64_t bytes,
                 const cdist_digest_t *sha256)
{
    cdist_copy_t *copy = bytes ? apr_array_push(copies) : NULL;

    if (!copy) return;
    copy->pack = pack;
    copy->from = from;
    copy->to.from = to;
    copy->to.to = to + bytes;
    copy->sha256 = sha256;
}

apr_array_header_t *cdist_plan_copies(const cdist_manifest_t *manifest, cdist_packs_t *packs, int headers, apr_pool_t *pool)
{
    apr_array_header_t *copies = apr_array_make(pool, 64, sizeof(cdist_copy_t));
    int i;

    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t), *local;
        const cdist_pack_t *pack;

        if (!entry->data_offset || !cdist_packs_find(&pack, &local, packs, entry)) continue;
        if (headers && may_have_same_header(entry, local)) {
            push(copies, pack, local->offset, entry->offset, entry->data_offset - entry->offset, NULL);
        }
        push(copies, pack, local->data_offset, entry->data_offset, entry->packed_bytes, &entry->packed_sha256);
    }
    return copies;
}
