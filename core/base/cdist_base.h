/* The ground floor: errors, log, versions, text, digests, files and the operating-system seam.
 *
 * Conventions of the whole library
 * - Outputs come first, then the subject, then inputs, then pools. A result lives as long as its `result_pool`.
 * - What can fail returns a cdist_err_t * (NULL = success) or, for leaf I/O, an apr_status_t.
 * - Functions are thread-safe as long as two threads do not share an object or a pool, unless said otherwise.
 * - Text is UTF-8, path separators are '/', sizes are bytes. */
#ifndef CDIST_BASE_H
#define CDIST_BASE_H

#include <apr.h>
#include <apr_errno.h>
#include <apr_file_io.h>
#include <apr_pools.h>
#include <apr_tables.h>
#include <apr_time.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__)
#define CDIST_MUST_CHECK __attribute__((warn_unused_result))
#define CDIST_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define CDIST_MUST_CHECK
#define CDIST_PRINTF(f, a)
#endif

/* ---- errors (error.c) ------------------------------------------------------------------------------------------ */

/* Whose fault it is, which decides what a caller can do about it. */
typedef enum {
    CDIST_E_INPUT = 1, /* malformed argument, name or file content */
    CDIST_E_NOTFOUND,  /* no such release, slot, file or key */
    CDIST_E_SOURCE,    /* a source cannot be read: permission, I/O error, vanished */
    CDIST_E_CHANGED,   /* a source changed while it was read, or is not settled: try again later */
    CDIST_E_UNSAFE,    /* a name or link that must not enter an archive */
    CDIST_E_CORRUPT,   /* an archive is damaged */
    CDIST_E_STORE,     /* the destination cannot be written: disk full, read-only, permission */
    CDIST_E_BUSY,      /* a limit on builds or waiters is reached: try again later */
    CDIST_E_TIMEOUT,   /* the deadline passed; the work goes on */
    CDIST_E_STOPPED    /* the process is going away */
} cdist_code_t;

typedef struct cdist_err_t {
    cdist_code_t code;
    apr_status_t status; /* APR_SUCCESS where no system call failed */
    const char *message; /* one line, says what is wrong and, where possible, what to do; no final period */
    const struct cdist_err_t *cause;
    const char *told; /* the same for strangers, who may read no path; NULL: `code` says enough */
} cdist_err_t;

/* A new error in `pool`. The text of `status`, if any, is appended by cdist_err_text, not here. */
CDIST_MUST_CHECK cdist_err_t *cdist_err_create(apr_pool_t *pool, cdist_code_t code, apr_status_t status,
                                               const char *fmt, ...) CDIST_PRINTF(4, 5);
/* The same error, deep-copied into `pool`; NULL gives NULL. */
cdist_err_t *cdist_err_dup(const cdist_err_t *err, apr_pool_t *pool);
/* "message: system text: cause …" on one line. */
const char *cdist_err_text(const cdist_err_t *err, apr_pool_t *pool);

#define CDIST_ERR(expr)                      \
    do {                                     \
        cdist_err_t *cdist_err__ = (expr);   \
        if (cdist_err__) return cdist_err__; \
    } while (0)

/* ---- log (log.c) ----------------------------------------------------------------------------------------------- */

/* Numerically the levels of httpd. */
typedef enum { CDIST_LOG_ERROR = 3, CDIST_LOG_WARNING = 4, CDIST_LOG_INFO = 6, CDIST_LOG_DEBUG = 7 } cdist_log_level_t;

typedef int(cdist_log_enabled_fn)(void *baton, cdist_log_level_t level);
typedef void(cdist_log_print_fn)(void *baton, cdist_log_level_t level, apr_status_t status, const char *text);

/* Sets where messages of the library go; without it they are dropped. Call it before threads start. */
void cdist_log_set(cdist_log_enabled_fn *enabled, cdist_log_print_fn *print, void *baton);
/* Formats and prints, if the level is enabled. `tag` is "CD0000", listed in docs/messages.md. */
void cdist_log(cdist_log_level_t level, const char *tag, apr_status_t status, const char *fmt, ...) CDIST_PRINTF(4, 5);

/* For messages that a crowd of requests would repeat: 1 at most once in `pause_sec`, counted by *last_sec (0 at first), which
 * several threads may share. */
int cdist_log_due(volatile apr_uint32_t *last_sec, apr_uint32_t pause_sec);

/* ---- versions (version.c) -------------------------------------------------------------------------------------- */

#define CDIST_VERSION_PARTS 4

/* A version A.B.C.D (count 4), or a mask: its first 2 or 3 components. A zeroed one (count 0) is "none". */
typedef struct {
    apr_uint32_t part[CDIST_VERSION_PARTS];
    int count;
} cdist_version_t;

/* What a mask must look like, for messages. */
#define CDIST_MASK_FORM "four numbers such as 8.3.22.1750, or the first two or three of them"

/* Both parse "8.3.22.1750" or "8_3_22_1750": decimal numbers of 1 to 9 digits without leading zeros, one kind of
 * separator, nothing before or after. _version_ takes exactly four numbers, _mask_ two to four. Returns 1 or 0. */
int cdist_version_parse(cdist_version_t *version, const char *text);
int cdist_mask_parse(cdist_version_t *mask, const char *text);
/* The first version inside a name, with where it stands and its length there; NULL if there is none. */
const char *cdist_version_locate(cdist_version_t *version, apr_size_t *length, const char *name,
                                 apr_pool_t *scratch_pool);
/* Finds the one version inside a name such as "setuptc64_8_3_27_2342"; 0 if there is none, or several that differ. */
int cdist_version_find(cdist_version_t *version, const char *name, apr_pool_t *scratch_pool);
/* Negative, zero, positive: by number, component by component; both must be full. */
int cdist_version_compare(const cdist_version_t *a, const cdist_version_t *b);
/* 1 if the mask's components are the version's first ones; the empty mask matches everything. */
int cdist_mask_matches(const cdist_version_t *mask, const cdist_version_t *version);
/* "8.3.22.1750", or a shorter mask; "" for none. */
const char *cdist_version_format(const cdist_version_t *version, apr_pool_t *pool);

/* ---- text (text.c, text_case.c, keyvalue.c) --------------------------------------------------------------------------------- */

/* 1 if the bytes are well-formed UTF-8 (RFC 3629: no surrogates, no overlong forms, at most U+10FFFF). */
int cdist_text_is_utf8(const char *bytes, apr_size_t length);
/* A text file's bytes as UTF-8 without BOM: UTF-16LE with BOM and UTF-8 are understood, of anything else each byte
 * above 0x7F becomes U+FFFD. Never fails; NUL characters are dropped. */
const char *cdist_text_decode(const char *bytes, apr_size_t length, apr_pool_t *pool);
/* The same, but what is neither is taken for code page 1251 of Windows, in which scripts write text files. */
const char *cdist_text_decode_cp1251(const char *bytes, apr_size_t length, apr_pool_t *pool);
/* A name for a message: control characters and bytes that are not UTF-8 are shown as \xNN. */
const char *cdist_text_printable(const char *name, apr_pool_t *pool);
/* Turns small letters into capitals as Windows does when it compares names; the length stays the same. */
void cdist_text_fold(char *text);
/* UTF-8 as UTF-16LE, without BOM; what is not UTF-8 becomes U+FFFD. */
const char *cdist_text_encode_utf16(apr_size_t *length, const char *text, apr_pool_t *pool);
/* The value of `key` in `section` ("" = before the first) of an INI text; names compare without case, blanks around
 * key and value are dropped; the first of several wins. NULL if it is not there. */
const char *cdist_keyvalue_get(const char *text, const char *section, const char *key, apr_pool_t *pool);
/* One line of such a text as it was written: what stands before the first '=', and behind it, blanks included. 0 if the line has
 * no '=', or nothing before it. */
int cdist_keyvalue_split(const char **key, const char **value, const char *line, apr_pool_t *pool);

/* Whether these bytes are a GUID as files write it, 8-4-4-4-12 hexadecimal digits of either case. */
#define CDIST_GUID_CHARS 36
int cdist_text_is_guid(const char *text, apr_size_t length);

/* A whole number in decimal from `least` to `most`, and nothing else; 1 or 0. */
int cdist_number_parse(int *number, const char *text, int least, int most);
/* What a size must look like, for messages. */
#define CDIST_SIZE_FORM "a number of bytes, with K, M, G or T after it for 1024 of them and so on, or none"
/* A size of that form, below 2^63; "none" is 0. Returns 1 or 0. */
int cdist_size_parse(apr_uint64_t *bytes, const char *text);
/* A limit as messages tell it: "64 MiB", "256 KiB"; "1000 bytes" for what is no whole number of these. */
const char *cdist_size_format(apr_uint64_t bytes, apr_pool_t *pool);
/* The folder of a path: "." without one, "/" for a file of the root. */
const char *cdist_path_folder(const char *path, apr_pool_t *pool);
/* The last part of a path, which may end in "/"; "/" for the root. */
const char *cdist_path_name(const char *path, apr_pool_t *pool);
/* A deep copy of an array of const char *; NULL gives NULL. */
apr_array_header_t *cdist_names_dup(const apr_array_header_t *names, apr_pool_t *pool);

/* ---- text files as lines, to be written back (lines.c) --------------------------------------------------------- */

typedef struct {
    const char *text; /* without its end */
    const char *end;  /* "\n" or "\r\n"; "" for a last line that ends with the file */
} cdist_line_t;

typedef struct {
    const char *path; /* for messages */
    int utf16;        /* UTF-16LE, else UTF-8 */
    int bom;
    apr_array_header_t *lines; /* cdist_line_t; number 1 is the first */
} cdist_lines_t;

/* Takes a text file apart, so that cdist_lines_format gives the same bytes again. UTF-8 with or without BOM, UTF-16LE with one.
 * CDIST_E_INPUT names file, line and reason for what could not be written back: other bytes than UTF-8, half a character of
 * UTF-16, a NUL character, UTF-16BE. `path` is for messages alone. */
CDIST_MUST_CHECK cdist_err_t *cdist_lines_parse(cdist_lines_t **lines, const char *bytes, apr_size_t length,
                                                const char *path, apr_pool_t *pool);
/* Puts a line behind number `after` (1 to the number of lines; any in a file without lines), with the line ends of the file. Whether
 * the last line has an end stays as it was, and so do the numbers of all lines: the new one has none until the file is parsed again. */
void cdist_lines_add(cdist_lines_t *lines, int after, const char *text, apr_pool_t *pool);
const char *cdist_lines_format(apr_size_t *length, const cdist_lines_t *lines, apr_pool_t *pool);

/* ---- XML of strangers (xml.c) ---------------------------------------------------------------------------------- */

typedef struct cdist_xml_t cdist_xml_t;
/* Names and attributes are "namespace name", or "name" without a namespace; attributes are pairs, with a NULL at the end. None is
 * called any more once the reading was refused. */
typedef struct {
    void (*start)(void *baton, cdist_xml_t *xml, const char *name, const char **attributes);
    void (*end)(void *baton, cdist_xml_t *xml, const char *name);                          /* may be NULL */
    void (*text)(void *baton, cdist_xml_t *xml, const char *text, apr_size_t length); /* may be NULL; a text may come in parts */
} cdist_xml_handler_t;
/* Reads UTF-8, whatever the XML declaration says. What is not well-formed, has a DOCTYPE (so no entity is ever expanded or fetched), or
 * was refused by a handler, is CDIST_E_INPUT: "line N: …" with N in *line, which is 0 without an error. */
CDIST_MUST_CHECK cdist_err_t *cdist_xml_read(int *line, const char *bytes, apr_size_t length, const cdist_xml_handler_t *handler,
                                             void *baton, apr_pool_t *pool);
/* For handlers: ends the reading. `why` follows the line, and must stay where it is. */
void cdist_xml_refuse(cdist_xml_t *xml, const char *why);
/* For `start`: where the tag lies in the bytes. */
void cdist_xml_tag(apr_size_t *at, apr_size_t *length, const cdist_xml_t *xml);

/* ---- digests (digest.c) ---------------------------------------------------------------------------------------- */

#define CDIST_SHA256_BYTES 32

typedef struct {
    unsigned char byte[CDIST_SHA256_BYTES];
} cdist_digest_t;

typedef struct cdist_sha256_t cdist_sha256_t;

/* Starts a SHA-256 (FIPS 180-4) that lives in `pool`; it is freed with it. */
cdist_sha256_t *cdist_sha256_create(apr_pool_t *pool);
/* Starts over, so that one object serves many contents. */
void cdist_sha256_reset(cdist_sha256_t *ctx);
void cdist_sha256_update(cdist_sha256_t *ctx, const void *data, apr_size_t length);
/* Feeds the text and its final NUL, so that two adjacent texts cannot be confused. */
void cdist_sha256_update_text(cdist_sha256_t *ctx, const char *text);
/* Feeds the number as eight little-endian bytes. */
void cdist_sha256_update_u64(cdist_sha256_t *ctx, apr_uint64_t number);
void cdist_sha256_final(cdist_digest_t *digest, cdist_sha256_t *ctx);
const char *cdist_digest_hex(const cdist_digest_t *digest, apr_pool_t *pool);
const char *cdist_digest_base64(const cdist_digest_t *digest, apr_pool_t *pool);
/* Takes exactly 64 lower-case hexadecimal digits. Returns 1 or 0. */
int cdist_digest_parse(cdist_digest_t *digest, const char *hex);
#define cdist_digest_equal(a, b) (memcmp((a)->byte, (b)->byte, CDIST_SHA256_BYTES) == 0)

/* ---- a place for what many threads read and few replace (cell.c) ------------------------------------------------ */

/* Holds one immutable thing, or nothing. Any thread may use it at any time. */
typedef struct cdist_cell_t cdist_cell_t;

/* Empty. Goes away with `pool`, when nobody may use it any more; what readers have then stays until they let go of it. */
cdist_cell_t *cdist_cell_create(apr_pool_t *pool);
/* What it holds, NULL if nothing; stays until `pool` is cleared. Takes no lock. */
const void *cdist_cell_get(cdist_cell_t *cell, apr_pool_t *pool);
/* Replaces what it holds; NULL empties it. `own_pool` is an unmanaged one, in which the thing lies: it is taken over, and
 * destroyed when the thing was replaced and nobody has it any more. */
void cdist_cell_put(cdist_cell_t *cell, const void *thing, apr_pool_t *own_pool);

/* ---- moments (time.c) -------------------------------------------------------------------------------------------- */

/* "2026-11-21T18:00:00Z" (RFC 3339, in UTC, whole seconds), and back: 1 or 0. */
const char *cdist_time_format(apr_time_t when, apr_pool_t *pool);
int cdist_time_parse(apr_time_t *when, const char *text);

#ifdef __cplusplus
}
#endif

#include "base/cdist_os.h"

#endif
