/* The state of reading one ZIP, shared by zip_directory.c and zip_verify.c. */
#ifndef CDIST_ZIP_READER_INT_H
#define CDIST_ZIP_READER_INT_H

#include "archive_int.h"

#include <apr_hash.h>

#define ZIP_FLAG_ENCRYPTED 0x0001
#define ZIP_FLAG_DESCRIPTOR 0x0008

typedef struct {
    apr_file_t *file;
    apr_uint64_t size;
    apr_uint64_t directory_at, directory_bytes, entry_count;
    apr_array_header_t *flags; /* int, general purpose bits by entry */
    cdist_verification_t *result;
    unsigned char *in, *out;
    cdist_sha256_t *sha, *packed_sha;
    apr_hash_t *links; /* names of entries that are links */
    char *kept;        /* where the current entry's content goes, if it is wanted; NULL otherwise */
    apr_size_t kept_room;
    apr_uint64_t max_bytes; /* of all contents together; 0: no limit */
    const volatile apr_uint32_t *stop;
    apr_pool_t *pool;
} zip_reader_t;

/* Prepares the reading of an open file. */
CDIST_MUST_CHECK cdist_err_t *zip_reader_begin(zip_reader_t *r, apr_file_t *file, apr_pool_t *pool);
/* Notes what is wrong; with `fatal` the archive must not be served. */
void zip_problem(zip_reader_t *r, int fatal, const char *fmt, ...) CDIST_PRINTF(3, 4);
/* Exactly these bytes of the file. */
CDIST_MUST_CHECK cdist_err_t *zip_read_at(zip_reader_t *r, void *bytes, apr_uint64_t offset, apr_size_t length);
/* A name for a message. */
const char *zip_show(const zip_reader_t *r, const char *name);
/* Finds and parses the directory: fills the manifest's entries and `flags`, notes damage and names. */
CDIST_MUST_CHECK cdist_err_t *zip_read_directory(zip_reader_t *r);

#endif
