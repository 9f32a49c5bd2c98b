/* Configurations and their updates: containers, brace text, and what a file says about itself.
 *
 * - A *container* is 1C's file of named entries (.cf, .cfe, .epf, .erf, inside of .cfu, forms and modules inside of entries).
 * - *Brace text* is 1C's text of nested lists, {1,"text",{…}}, in which metadata and versions are written.
 * - *Facts* are what an administrator asks of a file: which configuration, whose, which version, what an update applies to.
 *
 * Everything read here is hostile: sizes and places are checked before they are used, chains of blocks are bounded, what
 * inflates too much is refused. Messages name file and offset. An object and all made from it belong to one thread. */
#ifndef CDIST_UPDATES_H
#define CDIST_UPDATES_H

#include "base/cdist_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- bytes (bytes.c, bytes_window.c, bytes_slice.c, inflate.c) ------------------------------------------------------- */

/* Bytes in order. `at` counts those that were given. */
typedef struct cdist_stream_t cdist_stream_t;
struct cdist_stream_t {
    /* Up to *length bytes, at least one but at the end, where *length becomes 0. */
    cdist_err_t *(*read)(cdist_stream_t *stream, void *bytes, apr_size_t *length);
    cdist_err_t *(*rewind)(cdist_stream_t *stream);
    void *baton;
    const char *name; /* for messages, printable */
    apr_uint64_t at;
};

/* Bytes at any place: a file, memory, or a stream of which a window is kept. */
typedef struct cdist_bytes_t cdist_bytes_t;

/* A regular file, open as long as `pool`. A folder, pipe or device is CDIST_E_SOURCE. */
CDIST_MUST_CHECK cdist_err_t *cdist_bytes_file(cdist_bytes_t **bytes, const char *path, apr_pool_t *pool);
/* A file that is open already, read at any place; its length is that of now. `name` is for messages. */
CDIST_MUST_CHECK cdist_err_t *cdist_bytes_open_file(cdist_bytes_t **bytes, apr_file_t *file, const char *name,
                                                    apr_pool_t *pool);
/* From when *stop is not 0 on, reading from a file is CDIST_E_STOPPED. */
void cdist_bytes_stop_when(cdist_bytes_t *bytes, const volatile apr_uint32_t *stop);
/* Bytes that stay where they are; `name` is for messages. */
cdist_bytes_t *cdist_bytes_memory(const void *memory, apr_size_t length, const char *name, apr_pool_t *pool);
/* A stream, of which the last 1 MiB at least is kept. Who reads before that has it rewound, which ends in an error if it
 * happens often. Its length is not known. */
cdist_bytes_t *cdist_bytes_window(cdist_stream_t *stream, apr_pool_t *pool);
/* A part of other bytes, as bytes of its own; it may reach beyond their end, where there is nothing. */
cdist_bytes_t *cdist_bytes_slice(cdist_bytes_t *bytes, apr_uint64_t offset, apr_uint64_t length, const char *name,
                                 apr_pool_t *pool);
const char *cdist_bytes_name(const cdist_bytes_t *bytes);
/* The length in bytes, or APR_UINT64_MAX where it is not known. */
apr_uint64_t cdist_bytes_length(const cdist_bytes_t *bytes);
/* How many bytes were read from it so far. */
apr_uint64_t cdist_bytes_count(const cdist_bytes_t *bytes);
/* Reads *length bytes from `offset` on; fewer only at the end, which is no error. At most 64 KiB at once. */
CDIST_MUST_CHECK cdist_err_t *cdist_bytes_read(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length);
/* The bytes from `offset` on, to the end, as a stream. */
cdist_stream_t *cdist_bytes_stream(cdist_bytes_t *bytes, apr_uint64_t offset, apr_pool_t *pool);

/* Inflates raw deflate data (RFC 1951). Reading past the end of the data is the end; data that ends early, is damaged, or
 * inflates to more than 8 GiB, or beyond 64 MiB to more than 200 times its size, is CDIST_E_CORRUPT. `step` is how many packed
 * bytes are read at once: few where little of it is wanted. */
cdist_stream_t *cdist_stream_inflate(cdist_stream_t *packed, apr_size_t step, apr_pool_t *pool);
/* All of a stream, with a NUL after it that is not counted; more than `max_bytes` is CDIST_E_INPUT. */
CDIST_MUST_CHECK cdist_err_t *cdist_stream_read_all(char **bytes, apr_size_t *length, cdist_stream_t *stream,
                                                    apr_size_t max_bytes, apr_pool_t *pool);
/* All of a stream, in a file without a name in `folder`, which goes away with the pool: for what is needed in another order
 * than it comes. CDIST_E_STORE if it cannot be written. */
CDIST_MUST_CHECK cdist_err_t *cdist_bytes_spool(cdist_bytes_t **bytes, cdist_stream_t *stream, const char *folder,
                                                apr_pool_t *pool);

/* ---- containers (container_read.c, container_find.c, container_chain.c, container_write.c) ----------------------- */

typedef struct cdist_container_t cdist_container_t;

typedef struct {
    const char *name;               /* UTF-8 */
    apr_uint64_t created, modified; /* 100 microseconds since 0001-01-01 */
    apr_uint64_t attr_at, data_at;  /* offsets in the container; data_at is CDIST_NO_DATA for an entry without any */
} cdist_item_t;

#define CDIST_NO_DATA APR_UINT64_MAX

/* Whether a container starts at `offset`: 32 or 64, the width of its numbers, or 0. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_probe(int *bits, cdist_bytes_t *bytes, apr_uint64_t offset);
/* Opens the container that starts at offset 0, or the 64-bit one behind the stub that a .cf keeps for old platforms. Without
 * a container it is CDIST_E_INPUT. Small tables of contents are read at once, of large ones only what is asked for; in bytes
 * of a window the table is always read. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_open(cdist_container_t **container, cdist_bytes_t *bytes, apr_pool_t *pool);
int cdist_container_bits(const cdist_container_t *container);
/* Where the container starts in its bytes: 0, or the length of the stub. */
apr_uint64_t cdist_container_base(const cdist_container_t *container);
/* How many entries there are. In a table beyond 64 KiB free records are not looked for, and count. */
apr_uint64_t cdist_container_count(const cdist_container_t *container);
/* An entry by its name, without regard to the case of ASCII letters; NULL if there is none. Searches by halves, as the
 * platform sorts the entries, in a few small reads; where the order does not hold, or `thorough` is set and nothing was
 * found, one by one. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_find(const cdist_item_t **item, cdist_container_t *container,
                                                   const char *name, int thorough);
/* Hands over every entry in the order of their places, so that a stream is read once. The item lives for the call only,
 * `pool` too. */
typedef cdist_err_t *(cdist_item_fn)(void *baton, const cdist_item_t *item, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_container_walk(cdist_container_t *container, cdist_item_fn *visit, void *baton,
                                                   apr_pool_t *scratch_pool);
/* An entry's bytes as they are stored; *length is how many. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_data(cdist_stream_t **stream, apr_uint64_t *length,
                                                   cdist_container_t *container, const cdist_item_t *item, apr_pool_t *pool);
/* An entry's content: inflated where it is packed. That is told by the bytes: a mark of UTF-8 text or a container's header
 * at the start, or what does not inflate, are stored. *packed tells which (may be NULL). */
CDIST_MUST_CHECK cdist_err_t *cdist_container_content(cdist_stream_t **stream, int *packed, cdist_container_t *container,
                                                      const cdist_item_t *item, apr_pool_t *pool);

typedef struct cdist_container_writer_t cdist_container_writer_t;

/* Starts a container of `count` entries at `base` of an unbuffered file, 32 or 64 bits wide. `name` is for messages. Blocks
 * have the exact size, as in distributions. To be found by readers, entries must come sorted (cdist_item_name_compare). */
CDIST_MUST_CHECK cdist_err_t *cdist_container_writer_open(cdist_container_writer_t **writer, apr_file_t *file,
                                                          const char *name, apr_uint64_t base, int bits,
                                                          apr_uint32_t count, apr_pool_t *pool);
/* The next entry; its data follow in any number of pieces, none at all is an entry without data. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_writer_entry(cdist_container_writer_t *writer, const char *name,
                                                           apr_uint64_t created, apr_uint64_t modified);
CDIST_MUST_CHECK cdist_err_t *cdist_container_writer_data(cdist_container_writer_t *writer, const void *bytes,
                                                          apr_size_t length);
/* Completes the container: a number of entries that differs from `count` is CDIST_E_INPUT. The file is not synced. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_writer_close(cdist_container_writer_t *writer);
/* The order of entries: by name without regard to the case of ASCII letters. */
int cdist_item_name_compare(const char *a, const char *b);

/* ---- brace text (brace_read.c, brace_tree.c, brace_write.c) ------------------------------------------------------ */

typedef enum { CDIST_BRACE_END, CDIST_BRACE_OPEN, CDIST_BRACE_CLOSE, CDIST_BRACE_TEXT, CDIST_BRACE_BARE } cdist_brace_kind_t;

#define CDIST_BRACE_PATH 16
#define CDIST_BRACE_DEPTH 65536

/* One step through a text. An item between two commas without anything is BARE and empty; {} is a list without items. */
typedef struct {
    cdist_brace_kind_t kind;
    const char *text; /* of TEXT without quotes, of BARE without blanks and line ends; followed by a NUL */
    apr_size_t length;
    int cut;                /* 1: longer than the reader keeps; only its start is in `text` */
    apr_uint32_t depth;     /* in how many lists it stands; OPEN and CLOSE: in how many their list stands */
    apr_uint32_t list;      /* which list of the top it is in, from 0 on */
    /* Its place in each of the lists it stands in, the outermost first, from 0 on; the first `depth` hold, where there are so many. */
    apr_uint32_t path[CDIST_BRACE_PATH];
    apr_uint64_t offset; /* where it starts in the text */
} cdist_token_t;

typedef struct cdist_brace_reader_t cdist_brace_reader_t;

/* Reads a text step by step, without recursion and in constant memory: of long items the first `max_text` bytes are kept. */
cdist_brace_reader_t *cdist_brace_reader_create(cdist_stream_t *stream, apr_size_t max_text, apr_pool_t *pool);
/* The next step, valid until the one after it. Text that is none, ends early, or is nested deeper than CDIST_BRACE_DEPTH, is
 * CDIST_E_CORRUPT. */
CDIST_MUST_CHECK cdist_err_t *cdist_brace_next(const cdist_token_t **token, cdist_brace_reader_t *reader);

/* A whole text in memory: 16 bytes an item and the items' texts. Nodes are numbers; 0 is the list of the top's lists. */
typedef struct cdist_brace_tree_t cdist_brace_tree_t;
#define CDIST_BRACE_NONE 0xFFFFFFFFu
/* At most `max_bytes` of text are taken, and 1 GiB. */
CDIST_MUST_CHECK cdist_err_t *cdist_brace_parse(cdist_brace_tree_t **tree, cdist_stream_t *stream, apr_size_t max_bytes,
                                                apr_pool_t *pool);
/* OPEN (a list), TEXT or BARE. */
cdist_brace_kind_t cdist_brace_kind(const cdist_brace_tree_t *tree, apr_uint32_t node);
/* The first item of a list, the one after a node, the item number `index` of a list; CDIST_BRACE_NONE if there is none. */
apr_uint32_t cdist_brace_child(const cdist_brace_tree_t *tree, apr_uint32_t node);
apr_uint32_t cdist_brace_after(const cdist_brace_tree_t *tree, apr_uint32_t node);
apr_uint32_t cdist_brace_item(const cdist_brace_tree_t *tree, apr_uint32_t node, apr_uint32_t index);
/* The text of TEXT or BARE, NUL after it; "" of a list. `length` may be NULL. */
const char *cdist_brace_text(apr_size_t *length, const cdist_brace_tree_t *tree, apr_uint32_t node);

typedef cdist_err_t *(cdist_write_fn)(void *baton, const void *bytes, apr_size_t length);
/* Writes a text as the platform does: CR LF before a list, and after a list that is the last. It does not write the mark of
 * UTF-8 at the start. Calls must nest; an empty list and a list of one empty item look alike. */
typedef struct {
    cdist_write_fn *write;
    void *baton;
    cdist_brace_kind_t last; /* CDIST_BRACE_END at first */
} cdist_brace_writer_t;
CDIST_MUST_CHECK cdist_err_t *cdist_brace_write_open(cdist_brace_writer_t *writer);
CDIST_MUST_CHECK cdist_err_t *cdist_brace_write_close(cdist_brace_writer_t *writer);
CDIST_MUST_CHECK cdist_err_t *cdist_brace_write_text(cdist_brace_writer_t *writer, const char *text, apr_size_t length);
CDIST_MUST_CHECK cdist_err_t *cdist_brace_write_bare(cdist_brace_writer_t *writer, const char *text, apr_size_t length);
/* A whole tree, or a part of one. */
CDIST_MUST_CHECK cdist_err_t *cdist_brace_write_tree(cdist_brace_writer_t *writer, const cdist_brace_tree_t *tree,
                                                     apr_uint32_t node);

/* ---- facts (info.c, configuration.c, update_file.c, delivery_efd.c, support_data.c, template_text.c) ------------------- */

typedef enum {
    CDIST_FILE_CF,
    CDIST_FILE_CFU,
    CDIST_FILE_CFE,
    CDIST_FILE_EPF,
    CDIST_FILE_ERF,
    CDIST_FILE_EFD,
    CDIST_FILE_SUPPORT,
    CDIST_FILE_MFT,
    CDIST_FILE_UPDINFO
} cdist_file_kind_t;

/* "cf", "cfu", … */
const char *cdist_file_kind_name(cdist_file_kind_t kind);

/* A configuration that an update applies to; only the version is known from UpdInfo.txt. */
typedef struct {
    const char *name, *vendor, *version, *version_id;
} cdist_configuration_id_t;

/* What is not known is "" or 0. */
typedef struct {
    cdist_file_kind_t kind;
    const char *name, *vendor, *version;
    const char *version_id;    /* of the configuration's version; of a .cfu, that of its result */
    const char *compatibility; /* Version8_3_22, DontUse, code:N */
    int container_bits;        /* 32, 64, or 0 for what is no container */
    apr_uint64_t entries;      /* of the container (of a .cf of 8.0, the inner one), files of an .efd, rules of a support file */
    int distribution;          /* 1: a .cf that can stand as a vendor's configuration */
    const char *root_id;   /* the entry with the metadata; first half of the names of embedded configurations */
    const char *object_id; /* of the configuration: first half of the names of its parts */
    apr_array_header_t *sources; /* cdist_configuration_id_t: what a .cfu or UpdInfo.txt applies to, in its order */
    const char *release_date;  /* UpdateDate of UpdInfo.txt, as it is written there */
    apr_uint64_t bytes_read;
} cdist_file_facts_t;

/* Finds out what a file is, by its content. Of a .cf a few kilobytes are read, however large it is; a .cfu is inflated once.
 * A file that is none of the kinds, or damaged, is CDIST_E_INPUT or CDIST_E_CORRUPT, with its name and an offset. Memory stays
 * below 64 MiB for any file.
 * Source of the formats: docs/formats.md. */
CDIST_MUST_CHECK cdist_err_t *cdist_file_facts_read(cdist_file_facts_t **facts, const char *path, apr_pool_t *result_pool,
                                                    apr_pool_t *scratch_pool);
/* The same for bytes that are open already. */
CDIST_MUST_CHECK cdist_err_t *cdist_file_facts_of(cdist_file_facts_t **facts, cdist_bytes_t *bytes, apr_pool_t *result_pool,
                                                  apr_pool_t *scratch_pool);

/* ---- deliveries (delivery.c, delivery_efd.c, delivery_zip.c) ------------------------------------------------------- */

/* An archive with files of a release: .efd, or .zip. */
typedef struct cdist_delivery_t cdist_delivery_t;

typedef struct {
    const char *name;          /* its path in the delivery, UTF-8, '/' between the parts */
    apr_uint64_t bytes;        /* its length, unpacked */
    apr_uint64_t at;           /* where it starts: of the .zip, or of what the .efd inflates to */
    apr_uint64_t packed_bytes; /* of a .zip */
    int method, flags;         /* of a .zip */
    apr_uint32_t crc32;        /* of a .zip: of the content */
    int zip64;                 /* 1: of a .zip, where its sizes or place stand in Zip64 fields; it is not unpacked */
    int shared;                /* 1: it begins in another member of the .zip, and is not unpacked */
} cdist_member_t;

/* A delivery of more members that are wanted is refused. */
#define CDIST_DELIVERY_MAX 1024

typedef int(cdist_member_fn)(const char *name);
/* Opens a delivery, told by its content, and lists the members that `wanted` says 1 of, in the order of their places. What is
 * neither is CDIST_E_INPUT, a damaged one CDIST_E_CORRUPT. An .efd is inflated as far as it is read. */
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_open(cdist_delivery_t **delivery, cdist_bytes_t *bytes, cdist_member_fn *wanted,
                                                  apr_pool_t *pool);
/* cdist_member_t */
const apr_array_header_t *cdist_delivery_members(const cdist_delivery_t *delivery);
/* A member's content, unpacked as it is read. Of one delivery, one after the other, in the order of the list: going back means
 * to inflate again. A member that is encrypted, packed in another way than deflate, or a Zip64 one, is CDIST_E_INPUT; one that
 * begins in another member CDIST_E_CORRUPT. Whoever reads a member of a .zip to its end, or past it, gets CDIST_E_CORRUPT where length or
 * CRC-32 are not those of the directory. */
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_member(cdist_bytes_t **bytes, const cdist_delivery_t *delivery,
                                                    const cdist_member_t *member, apr_pool_t *pool);
/* Reads what is left of a member of a .zip, so that its CRC-32 is known to be right. Nothing tells damage of an .efd's. */
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_member_check(const cdist_delivery_t *delivery, cdist_bytes_t *bytes);

/* What UpdateInfo.inf of a .cfu says. */
typedef struct {
    apr_array_header_t *sources; /* cdist_configuration_id_t */
    apr_array_header_t *deletes; /* const char *: names of entries that the update takes away; they need not be there */
    apr_array_header_t *inserts; /* cdist_entry_version_t: entries that it brings, without the configuration itself */
    cdist_configuration_id_t target;
    const char *version_content; /* brace text that goes into the entry `version` */
    const char *root_id;         /* the entry with the configuration's metadata */
} cdist_update_info_t;

typedef struct {
    const char *name, *version_id;
} cdist_entry_version_t;

/* Parses UpdateInfo.inf. Without `with_entries` the two lists of entries are passed over, and stay empty. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_info_parse(cdist_update_info_t **info, cdist_stream_t *stream, int with_entries,
                                                      apr_pool_t *pool);

/* CDIST_E_INPUT unless the update names the configuration's version id among its sources; `name` is the update's, for the
 * message. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_check(const cdist_update_info_t *info, const cdist_configuration_id_t *id,
                                                 const char *name, apr_pool_t *pool);

/* ---- support data (support_data.c) --------------------------------------------------------------------------------- */

/* An object of a vendor: may it be changed here, 0: no, 1: yes, 2: its support was removed. */
typedef struct {
    int rule;
    const char *local, *vendor; /* its uuid here and in the vendor's configuration; mostly the same */
} cdist_support_rule_t;

typedef struct {
    const char *instance; /* of the distribution; second half of the name of the entry in which it is embedded */
    int locked;           /* 1: no object of this vendor may be changed, whatever its rule */
    cdist_configuration_id_t id;
    apr_array_header_t *rules; /* cdist_support_rule_t */
} cdist_support_vendor_t;

/* What a vendor lets customers choose for an object: 0: anything, 1: changing is not recommended, 2: it is not allowed. */
typedef struct {
    const char *object;
    int rule;
} cdist_delivery_rule_t;

typedef struct {
    int locked;                             /* 1: no object may be changed */
    apr_uint64_t vendor_count, rule_count;  /* rule_count is 0 where only the start was read */
    apr_array_header_t *vendors;            /* cdist_support_vendor_t */
    apr_array_header_t *deliveries;         /* cdist_delivery_rule_t; only of the whole */
} cdist_support_t;

/* How much is wanted: up to the first vendor's name; all vendors with their rules counted; everything. */
typedef enum { CDIST_SUPPORT_START, CDIST_SUPPORT_COUNTS, CDIST_SUPPORT_WHOLE } cdist_support_extent_t;

/* Parses the entry <object-id>.4 of a configuration, or ParentConfigurations.bin. Other text, a format or rule that is not
 * known, or an early end are CDIST_E_CORRUPT with the offset. */
CDIST_MUST_CHECK cdist_err_t *cdist_support_parse(cdist_support_t **support, cdist_stream_t *stream,
                                                  cdist_support_extent_t extent, apr_pool_t *pool);

/* ---- applying updates (apply.c, apply_write.c) ------------------------------------------------------------------- */

typedef struct {
    cdist_configuration_id_t id; /* of the result */
    int container_bits;
    apr_uint32_t entries;
    int wide_update; /* 1: an update came in a container of 64 bits, of which none was seen so far: experimental */
} cdist_applied_t;

/* Makes the next configuration out of a .cf and the updates that lead on from it, one after the other (paths, const char *). Every
 * update must name the version id that was reached so far among its sources, otherwise it is CDIST_E_INPUT, and nothing is
 * written. The result has the base's width and stub, all entries of the vendor's own next .cf, and the same contents but for
 * `root`, `version` and `versions`, which are written anew. `output` appears, or is replaced, only when it is complete and was read
 * back; a file that is replaced keeps its owner and mode. Needs room beside it for the inflated updates meanwhile. */
CDIST_MUST_CHECK cdist_err_t *cdist_apply(cdist_applied_t *applied, const char *output, const char *base_path,
                                          const apr_array_header_t *updates, apr_pool_t *result_pool, apr_pool_t *scratch_pool);

#ifdef __cplusplus
}
#endif

#endif
