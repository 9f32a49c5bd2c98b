/* Between the files of this room. */
#ifndef CDIST_PACKAGES_INT_H
#define CDIST_PACKAGES_INT_H

#include "cdist_packages.h"

/* ---- reader.c, reader_archive.c: a package's members, one after the other ---- */

typedef struct {
    const char *name; /* with '/', without a leading "./", and without a final '/'; lives as long as the reader */
    int folder;
    apr_uint64_t bytes; /* of a file */
} cdist_member_t;

typedef struct cdist_reader_t {
    apr_pool_t *pool;
    apr_file_t *file;
    const char *path;
    cdist_stat_t stat;       /* of the package, as it was opened */
    apr_uint64_t read_bytes; /* of the package, so far */
    cdist_member_t member;   /* the current one */
    int ended;
    struct cdist_unarchiver_t *unarchiver; /* NULL: the file is its own only member */
} cdist_reader_t;

CDIST_MUST_CHECK cdist_err_t *cdist_reader_open(cdist_reader_t **reader, const char *path, cdist_package_form_t form,
                                                apr_pool_t *pool);
/* The next member, NULL at the end. Whatever is neither file nor folder, is encrypted, or has a name that must not be unpacked, is
 * an error that names it. */
CDIST_MUST_CHECK cdist_err_t *cdist_reader_next(const cdist_member_t **member, cdist_reader_t *reader);
/* The next bytes of the current member, at most `room`; *length is 0 at its end. */
CDIST_MUST_CHECK cdist_err_t *cdist_reader_read(apr_size_t *length, cdist_reader_t *reader, void *buffer, apr_size_t room);
/* The package must still be the one that was opened. */
CDIST_MUST_CHECK cdist_err_t *cdist_reader_check(cdist_reader_t *reader);
void cdist_reader_close(cdist_reader_t *reader);

/* The same for an archive. Sets reader->unarchiver; CDIST_E_INPUT in a 1cdist without libarchive. */
CDIST_MUST_CHECK cdist_err_t *cdist_unarchiver_open(cdist_reader_t *reader);
CDIST_MUST_CHECK cdist_err_t *cdist_unarchiver_next(int *more, cdist_reader_t *reader);
CDIST_MUST_CHECK cdist_err_t *cdist_unarchiver_read(apr_size_t *length, cdist_reader_t *reader, void *buffer, apr_size_t room);

/* ---- stream.c: only with libarchive ---- */

typedef struct cdist_stream_t cdist_stream_t;
/* Looks at the first bytes whether the file is packed as a whole. Lives with the reader. */
CDIST_MUST_CHECK cdist_err_t *cdist_stream_open(cdist_stream_t **stream, cdist_reader_t *reader);
/* Only what is not packed can be read out of order. */
int cdist_stream_is_packed(const cdist_stream_t *stream);
/* The next bytes, which stay until the next call; *length is 0 at the end. */
CDIST_MUST_CHECK cdist_err_t *cdist_stream_read(const void **bytes, apr_size_t *length, cdist_stream_t *stream);
/* Reads what is left, so that all checksums were seen. *zeros tells with how many zero bytes the stream ends. */
CDIST_MUST_CHECK cdist_err_t *cdist_stream_drain(apr_uint64_t *zeros, cdist_stream_t *stream);

/* ---- rar_index.c ---- */

/* What a RAR archive says of one of its files or folders. */
typedef struct {
    int known; /* there is a CRC */
    apr_uint32_t crc32;
} cdist_rar_check_t;

/* Walks over the blocks to the end block. *checks (cdist_rar_check_t, in the archive's order) is NULL if the file does not begin
 * as a RAR archive. CDIST_E_CORRUPT for a damaged one, and for one that is encrypted or not whole. */
CDIST_MUST_CHECK cdist_err_t *cdist_rar_index(apr_array_header_t **checks, apr_file_t *file, apr_uint64_t bytes,
                                              apr_pool_t *pool);

/* ---- survey.c: what is in a package ---- */

#define CDIST_PACKAGE_MAX_ENTRIES 20000
#define CDIST_READ_BYTES (256u * 1024)

typedef struct {
    const char *name;
    int folder;
    apr_uint64_t bytes;
    int shrinks;
    const char *setup_ini; /* text of a Setup.ini; NULL for other files */
    int part;              /* its number among the parts; -1: left out */
} cdist_found_t;

typedef struct {
    apr_array_header_t *found; /* cdist_found_t, in the package's order */
    apr_array_header_t *parts; /* cdist_part_t, as cdist_assembly_create wants them */
    const char *top;           /* the folder that becomes the archive's top: "", or "setuptc64/" */
    const char *installer;     /* the file that told it, below the top */
    const char *setup_ini;     /* that of the top, NULL if there is none */
    int left_out;              /* files beside the top */
} cdist_survey_t;

/* Reads the whole package, and decides what becomes of it. */
CDIST_MUST_CHECK cdist_err_t *cdist_survey(cdist_survey_t **survey, cdist_reader_t *reader, const cdist_import_options_t *options,
                                           apr_pool_t *pool);
/* Tells the progress of reading: `pass` 0 or 1. */
void cdist_import_progress(const cdist_import_options_t *options, const cdist_reader_t *reader, int pass);

/* ---- layout.c: what becomes of the members ---- */

/* Refuses what no folder can hold, or not on every system, and sets top, installer, parts and left_out. */
CDIST_MUST_CHECK cdist_err_t *cdist_survey_lay_out(cdist_survey_t *survey, apr_pool_t *pool);

#endif
