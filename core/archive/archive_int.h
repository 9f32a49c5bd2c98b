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

/* ---- name.c ---- */

/* Why an entry's name must not be archived or unpacked on anybody's machine; NULL if it may be. */
const char *cdist_name_problem(const char *name, apr_size_t length);
/* Why Windows cannot hold the name; NULL if it can. On Linux clients such names are legal. */
const char *cdist_name_remark(const char *name, apr_size_t length);
/* Whether a link `depth` folders below the archive's root leads out of it. */
int cdist_link_leads_out(const char *target, int depth);

/* ---- name_case.c ---- */

/* Turns small letters into capitals as Windows does when it compares names; the length stays the same. */
void cdist_name_fold(char *name);
/* Two names of an archive of which Windows can hold only one: they differ only in case, or one is a file and the other
 * lies in a folder whose name differs from the file's only in case. */
typedef struct {
    const char *one, *other;
} cdist_clash_t;
/* How many clashes there are among the entries (cdist_entry_t); the first `room` of them are put into `clashes`, in the
 * order of the names. Takes O(n log n) comparisons. */
int cdist_name_clashes(cdist_clash_t *clashes, int room, const apr_array_header_t *entries, apr_pool_t *scratch_pool);

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

/* Writes to an empty file, in order. Errors are CDIST_E_STORE. */
cdist_zip_writer_t *cdist_zip_writer_create(apr_file_t *file, apr_pool_t *pool);
/* An entry whose packed bytes are at hand. Sets entry->offset. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_add(cdist_zip_writer_t *writer, cdist_entry_t *entry, const void *packed);
/* An entry of unknown packed size: begin, data …, then end, which completes the header from `entry`. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_begin(cdist_zip_writer_t *writer, cdist_entry_t *entry);
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_data(cdist_zip_writer_t *writer, const void *packed, apr_size_t length);
/* Throws away the data since begin, so that the entry can be written again in another way. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_rewind(cdist_zip_writer_t *writer);
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_end(cdist_zip_writer_t *writer, cdist_entry_t *entry);
/* Writes the directory, then reads the whole file back: each entry's packed bytes must have the CRC that they had
 * when they were written, each record must be the one intended. Sets archive_bytes and archive_sha256. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_writer_finish(cdist_manifest_t *manifest, cdist_zip_writer_t *writer,
                                                      const volatile apr_uint32_t *stop);

/* ---- pack.c: one file's content into one entry ---- */

/* Reads and compresses a file of at most CDIST_WHOLE_MAX bytes, a link, or a folder. The caller frees `packed`, which is
 * empty after an error. */
CDIST_MUST_CHECK cdist_err_t *cdist_pack_whole(cdist_entry_t *entry, cdist_block_t *packed, cdist_packer_t *packer,
                                               cdist_sha256_t *sha, const char *folder, const cdist_input_t *input,
                                               apr_pool_t *pool);
/* Streams a larger file into the writer. */
CDIST_MUST_CHECK cdist_err_t *cdist_pack_stream(cdist_entry_t *entry, cdist_zip_writer_t *writer, int level,
                                                const char *folder, const cdist_input_t *input,
                                                const volatile apr_uint32_t *stop, apr_pool_t *pool);

/* ---- manifest.c ---- */

/* Sums up bytes and packed_bytes over the entries. */
void cdist_manifest_sum(cdist_manifest_t *manifest);

/* ---- store.c ---- */

/* Makes what is missing of an opened store: somebody may have emptied it under a running server. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_make(const cdist_store_t *store, apr_pool_t *pool);
const char *cdist_store_lock_path(const cdist_store_t *store, apr_pool_t *pool);
/* A temporary file on the store's own file system. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_temp(cdist_temp_t **temp, cdist_store_t *store, apr_pool_t *pool);
/* Publishes what was built or verified; `temp` is NULL for a ready archive, which stays where it is. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_publish(cdist_store_t *store, cdist_temp_t *temp,
                                                  const cdist_manifest_t *manifest, const cdist_job_t *job,
                                                  apr_int64_t build_ms, apr_pool_t *pool);

#define cdist_stop_asked(stop) ((stop) && apr_atomic_read32((volatile apr_uint32_t *)(stop)) != 0)

#endif
