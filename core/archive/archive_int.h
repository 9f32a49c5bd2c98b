/* Between the files of this room. */
#ifndef CDIST_ARCHIVE_INT_H
#define CDIST_ARCHIVE_INT_H

#include "cdist_archive.h"

#include <apr_atomic.h>
#include <zlib.h>

/* ---- deflate.c ---- */

apr_uint32_t cdist_crc32(apr_uint32_t crc, const void *data, apr_size_t length);

/* Starts a raw deflate stream with the format's parameters. */
void cdist_deflate_begin(z_stream *stream, int level);

/* Compresses whole contents; one per thread. */
typedef struct cdist_packer_t cdist_packer_t;
cdist_packer_t *cdist_packer_create(int level, apr_pool_t *pool);
/* Deflates into `out`, which has room for `length` - 1 bytes: 0 means that the content does not shrink. */
apr_size_t cdist_packer_pack(cdist_packer_t *packer, void *out, const void *data, apr_size_t length);

/* Inflates exactly `length` bytes out of exactly `packed_bytes`; 1, or 0 if they are something else. One per thread. */
typedef struct cdist_unpacker_t cdist_unpacker_t;
cdist_unpacker_t *cdist_unpacker_create(apr_pool_t *pool);
int cdist_unpacker_unpack(cdist_unpacker_t *unpacker, void *out, apr_size_t length, const void *packed,
                          apr_size_t packed_bytes);

/* ---- reuse.c ---- */

/* What is known of one packed content. NB: the members from `bytes` and from `stat.device` on are keys of hash tables. */
typedef struct cdist_record_t {
    apr_uint64_t bytes;
    apr_uint32_t crc32;
    apr_uint32_t mode;
    int method;
    int known;   /* the digests are; of an archive of unknown origin they are not */
    int trusted; /* `stat` is that of the file it was made from, and may be compared with */
    int pack;    /* which archive */
    apr_uint64_t packed_bytes, data_offset;
    cdist_digest_t sha256, packed_sha256;
    cdist_stat_t stat;
    const struct cdist_record_t *next; /* of the same size and CRC */
} cdist_record_t;

#define CDIST_RECORDS_MAX 100000
#define CDIST_PACKS_MAX 64

/* Adds an archive's records (cdist_record_t); `path` must stay what it is for the life of `reuse`. */
CDIST_MUST_CHECK cdist_err_t *cdist_reuse_add_records(cdist_reuse_t *reuse, const char *path,
                                                      const apr_array_header_t *records);
int cdist_reuse_level(const cdist_reuse_t *reuse);
/* How many records it holds. */
int cdist_reuse_count(const cdist_reuse_t *reuse);
/* How many archives, each of which takes a descriptor. */
int cdist_reuse_packs(const cdist_reuse_t *reuse);
apr_pool_t *cdist_reuse_pool(const cdist_reuse_t *reuse);
/* The record made from exactly this file, NULL if there is none. The following may be called by several threads. */
const cdist_record_t *cdist_reuse_by_stat(const cdist_reuse_t *reuse, const cdist_stat_t *stat);
/* The record of a content by its digest. */
const cdist_record_t *cdist_reuse_by_digest(const cdist_reuse_t *reuse, const cdist_digest_t *sha256, apr_uint64_t bytes);
/* The first record with that size and CRC, go on with ->next: it need not be the same content. */
const cdist_record_t *cdist_reuse_by_crc(const cdist_reuse_t *reuse, apr_uint64_t bytes, apr_uint32_t crc32);
/* 1 if a content of that size is there. */
int cdist_reuse_has_size(const cdist_reuse_t *reuse, apr_uint64_t bytes);
/* Reads a part of the packed bytes; 0 if it cannot be. Whoever reads them compares them with packed_sha256. */
int cdist_reuse_read(void *out, const cdist_reuse_t *reuse, const cdist_record_t *record, apr_uint64_t offset,
                     apr_size_t length);
/* To be told when packed bytes are not what they were: it is logged once an archive. */
void cdist_reuse_damaged(const cdist_reuse_t *reuse, const cdist_record_t *record);

/* ---- records.c ---- */

/* The file that keeps what cdist_record_t knows of an archive built from a tree. */
const char *cdist_records_write(apr_size_t *length, const cdist_manifest_t *manifest, const cdist_tree_t *tree,
                                apr_pool_t *pool);
/* Parses it. NULL if it is damaged, has more than `max` records, or is from another builder or level than `level` of this one. */
apr_array_header_t *cdist_records_parse(const char *bytes, apr_size_t length, int level, int max, apr_pool_t *pool);

/* ---- name.c ---- */

/* Whether a link `depth` folders below the archive's root leads out of it. */
int cdist_link_leads_out(const char *target, int depth);

/* ---- name_case.c ---- */


/* ---- zip_layout.c: the bytes of the records, APPNOTE 6.3.10 ---- */

#define ZIP_LOCAL_SIG 0x04034b50u
#define ZIP_CENTRAL_SIG 0x02014b50u
#define ZIP_END_SIG 0x06054b50u
#define ZIP_END64_SIG 0x06064b50u
#define ZIP_LOCATOR64_SIG 0x07064b50u
#define ZIP_LOCAL_BYTES 30u
#define ZIP_CENTRAL_BYTES 46u
#define ZIP_END_BYTES 22u
#define ZIP_END64_BYTES 56u
#define ZIP_LOCATOR64_BYTES 20u
#define ZIP_MAX32 0xFFFFFFFFu
#define ZIP_MAX16 0xFFFFu
#define ZIP_NAME_MAX 0xFFFFu
/* Enough for any one record of ours but its name. */
#define ZIP_RECORD_MAX 128u

apr_uint16_t zip_get16(const unsigned char *p);
apr_uint32_t zip_get32(const unsigned char *p);
apr_uint64_t zip_get64(const unsigned char *p);

/* Each writes a record without the name (the caller puts it between `head` and `tail`), and returns the head's
 * length; `*tail_bytes` more (the extra field) follow the name. */
apr_size_t zip_put_local(unsigned char *head, apr_size_t *tail_bytes, const cdist_entry_t *entry);
apr_size_t zip_put_central(unsigned char *head, apr_size_t *tail_bytes, const cdist_entry_t *entry);
/* The end of the directory, with its Zip64 forms where needed; returns the length, at most ZIP_RECORD_MAX. */
apr_size_t zip_put_end(unsigned char *out, apr_uint64_t entries, apr_uint64_t directory_bytes,
                       apr_uint64_t directory_offset);

/* ---- zip_write.c ---- */

typedef struct cdist_zip_writer_t cdist_zip_writer_t;

/* Writes to an empty file, in order, at most `total` entries. What is written is read back by a thread of its own meanwhile;
 * it ends with cdist_zip_writer_finish, or when `pool` is destroyed. What it finds wrong ends the writing too.
 * Errors of all of these are CDIST_E_STORE, or CDIST_E_BUSY without a thread. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_create(cdist_zip_writer_t **writer, apr_file_t *file, int total,
                                                      const volatile apr_uint32_t *stop, apr_pool_t *pool);
/* An entry whose packed bytes are at hand. Sets entry->offset. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_add(cdist_zip_writer_t *writer, cdist_entry_t *entry, const void *packed);
/* An entry of unknown packed size: begin, data …, then end, which completes the header from `entry`. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_begin(cdist_zip_writer_t *writer, cdist_entry_t *entry);
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_data(cdist_zip_writer_t *writer, const void *packed, apr_size_t length);
/* Throws away the data since begin, so that the entry can be written again in another way. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_rewind(cdist_zip_writer_t *writer);
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_end(cdist_zip_writer_t *writer, cdist_entry_t *entry);
/* Writes the directory, and reads back what is left: each entry's packed bytes must have the CRC that they had when they
 * were written, each record must be the one intended. Sets archive_bytes and archive_sha256. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_finish(cdist_manifest_t *manifest, cdist_zip_writer_t *writer);

/* ---- tree.c ---- */

/* Sorts the inputs, counts and signs them. */
void cdist_tree_sign(cdist_tree_t *tree, apr_pool_t *scratch_pool);

/* ---- pack_input.c: one file of a tree ---- */

/* Opens it below the folder that `opener` is for; CDIST_E_CHANGED if it is not the one that the tree saw. `folder` is for
 * messages, here and below. */
CDIST_MUST_CHECK cdist_err_t *cdist_input_open(apr_file_t **file, cdist_opener_t *opener, const char *folder,
                                               const cdist_input_t *input, apr_pool_t *pool);
/* The next bytes of it; CDIST_E_CHANGED if it ends before. */
CDIST_MUST_CHECK cdist_err_t *cdist_input_read(void *buffer, apr_size_t length, apr_file_t *file, const char *folder,
                                               const cdist_input_t *input, apr_pool_t *pool);
/* To be called after the last byte was read: the file must still be the one that was opened. */
CDIST_MUST_CHECK cdist_err_t *cdist_input_check(apr_file_t *file, const char *folder, const cdist_input_t *input,
                                                apr_pool_t *pool);
/* For a message. */
const char *cdist_input_shown(const char *folder, const cdist_input_t *input, apr_pool_t *pool);
/* The Unix mode of an entry whose content begins with these bytes. */
apr_uint32_t cdist_input_mode(const unsigned char *start, apr_size_t length);

/* ---- pack.c, pack_stream.c: one file's content into one entry ---- */

typedef struct {
    cdist_block_t block;
    apr_size_t length;
} cdist_room_t;

/* What a thread works with. */
typedef struct {
    int level;
    cdist_packer_t *packer;
    cdist_unpacker_t *unpacker;
    cdist_sha256_t *sha;
    cdist_opener_t *opener;     /* of the tree's folder */
    cdist_opener_t *over;       /* of the overlay's; NULL: none */
    const cdist_reuse_t *reuse; /* may be NULL */
    int digests;                /* whether entries get their SHA-256 */
    apr_uint64_t reused_bytes;  /* sum so far */
    cdist_room_t content, unpacked; /* kept from entry to entry, because fresh memory costs time */
} cdist_pack_tools_t;

/* `root` is the folder of the files, `over` that of the overlay's (NULL: none); both NULL where contents come by themselves. */
void cdist_pack_tools_make(cdist_pack_tools_t *tools, const cdist_build_options_t *options, cdist_folder_t *root,
                           cdist_folder_t *over, apr_pool_t *pool);
/* Room for one content in tools->content, and packing what was put there: sets all of the entry but name, mode and offsets. The
 * caller frees `packed`. */
void *cdist_pack_room(cdist_pack_tools_t *tools, apr_size_t length);
void cdist_pack_content(cdist_entry_t *entry, cdist_block_t *packed, apr_size_t length, cdist_pack_tools_t *tools);
#define CDIST_MODE_FOLDER 0040755u
/* Packs a file of at most cdist_whole_max(level) bytes, a link, or a folder. The caller frees
 * `packed`, which is empty after an error. */
CDIST_MUST_CHECK cdist_err_t *cdist_pack_whole(cdist_entry_t *entry, cdist_block_t *packed, cdist_pack_tools_t *tools,
                                               const char *folder, const cdist_input_t *input, apr_pool_t *pool);
/* Streams a larger file into the writer. */
CDIST_MUST_CHECK cdist_err_t *cdist_pack_stream(cdist_entry_t *entry, cdist_zip_writer_t *writer, cdist_pack_tools_t *tools,
                                                const char *folder, const cdist_input_t *input,
                                                const volatile apr_uint32_t *stop, apr_pool_t *pool);

/* ---- probe.c ---- */

#define CDIST_PROBES 8
#define CDIST_PROBE_BYTES (128u * 1024)
/* Where sample i lies in the content; whoever can seek takes the samples alone. */
apr_uint64_t cdist_probe_offset(const cdist_probe_t *probe, int i);
void cdist_probe_take(cdist_probe_t *probe, const void *sample);

/* ---- manifest.c ---- */

/* Sums up bytes and packed_bytes over the entries. */
void cdist_manifest_sum(cdist_manifest_t *manifest);

/* ---- locks.c ---- */

#define LOCK_WAITERS 0u
#define LOCK_BUILDS 0x10000u
#define LOCK_COLLECT 0x1F000u
#define LOCK_AUDIT 0x1F001u
/* The byte of an archive's key. */
apr_uint32_t cdist_lock_of_key(const cdist_key_t *key);
/* Takes one byte of a store's lock file; *lock is NULL, without an error, while somebody else holds it. CDIST_E_STORE. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_lock_unless_busy(cdist_lock_t **lock, const cdist_store_t *store, apr_uint32_t byte,
                                                           apr_pool_t *pool);

/* ---- store_memory.c ---- */

/* May be NULL in each of these functions: then nothing is remembered. All are safe in several threads and take no lock. */
typedef struct cdist_store_memory_t cdist_store_memory_t;

cdist_store_memory_t *cdist_store_memory_make(apr_pool_t *pool);
/* 1 and what cdist_store_remember was told of a key; whether it is still true tells cdist_archive_open. */
int cdist_store_recall(cdist_archive_t **archive, cdist_store_memory_t *memory, const cdist_key_t *key, apr_pool_t *pool);
void cdist_store_remember(cdist_store_memory_t *memory, const cdist_key_t *key, const cdist_archive_t *archive);
/* Drops what leads to an archive. */
void cdist_store_unlearn(cdist_store_memory_t *memory, const cdist_digest_t *sha256);
/* Whether this process knows of a mark within `pause` before now. */
int cdist_store_marked_lately(cdist_store_memory_t *memory, const cdist_digest_t *sha256, apr_time_t now,
                              apr_interval_time_t pause);
void cdist_store_note_mark(cdist_store_memory_t *memory, const cdist_digest_t *sha256, apr_time_t marked);

/* ---- store.c ---- */

struct cdist_store_t {
    const char *folder;
    volatile apr_uint32_t warned_sec; /* when it was last said that the limit of its size cannot be met */
    cdist_store_memory_t *memory;     /* NULL where nobody asks twice */
};

/* Refuses another format, and a folder without one (CDIST_E_NOTFOUND) unless it may be made. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_check_format(const char *folder, int may_make, apr_pool_t *pool);
/* The path of "<kind>/<digest in hex><suffix>" in the store. */
const char *cdist_store_path(const cdist_store_t *store, const char *kind, const cdist_digest_t *digest,
                             const char *suffix, apr_pool_t *pool);
/* Drops what makes an archive findable, and its bytes; the next request builds it anew. The manifest stays. */
CDIST_MUST_CHECK apr_status_t cdist_store_forget(const cdist_store_t *store, const cdist_digest_t *sha256, apr_pool_t *pool);
/* What the .info file tells of an archive; CDIST_E_NOTFOUND if it is not there, or is damaged (then the archive is dropped
 * with a warning). */
CDIST_MUST_CHECK cdist_err_t *cdist_store_info(cdist_archive_t **archive, const cdist_store_t *store,
                                               const cdist_digest_t *sha256, apr_pool_t *pool);
/* Makes what is missing of an opened store: somebody may have emptied it under a running server. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_make(const cdist_store_t *store, apr_pool_t *pool);
const char *cdist_store_lock_path(const cdist_store_t *store, apr_pool_t *pool);
/* The parts of a store, "" for the folder itself, NULL-terminated. */
extern const char *const cdist_store_parts[];
/* A temporary file on the store's own file system. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_temp(cdist_temp_t **temp, cdist_store_t *store, apr_pool_t *pool);
/* Publishes what was built or verified; `temp` and `tree` are NULL for a ready archive, which stays where it is. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_publish(cdist_store_t *store, cdist_temp_t *temp,
                                                  const cdist_manifest_t *manifest, const cdist_tree_t *tree,
                                                  const cdist_job_t *job,
                                                  apr_int64_t build_ms, apr_pool_t *pool);

/* ---- job.c ---- */

/* Runs a job; when the disk is full and the store is over its limit (0: none), archives are evicted and it is run again. */
CDIST_MUST_CHECK cdist_err_t *cdist_job_run_within(cdist_store_t *store, const cdist_job_t *job, apr_uint64_t store_max,
                                                   const volatile apr_uint32_t *stop, apr_pool_t *pool);

/* ---- store_collect.c ---- */

/* Collects after a build, as far as it comes until *stop is set; how many archives were evicted. A failure is logged, and
 * the next build tries again. */
int cdist_store_tidy(cdist_store_t *store, apr_uint64_t max_bytes, const volatile apr_uint32_t *stop, apr_pool_t *pool);

/* ---- store_care.c ---- */

typedef struct {
    const char *name;
    cdist_stat_t stat;
} cdist_stored_t;

/* The plain files (cdist_stored_t) in a part of the store; none if there is no such folder. */
CDIST_MUST_CHECK apr_status_t cdist_store_list(apr_array_header_t **files, const cdist_store_t *store, const char *kind,
                                               apr_pool_t *pool);
/* Takes the digest out of "<digest in hex><suffix>"; 1, or 0 for another name. */
int cdist_store_name_parse(cdist_digest_t *digest, const char *name, const char *suffix);

#define cdist_stop_asked(stop) ((stop) && apr_atomic_read32((volatile apr_uint32_t *)(stop)) != 0)

#endif
