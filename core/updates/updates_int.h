/* Between the files of the room. */
#ifndef CDIST_UPDATES_INT_H
#define CDIST_UPDATES_INT_H

#include "cdist_updates.h"

#include <apr_hash.h>

/* ---- bytes ---- */

#define BYTES_STEP (64u * 1024)

struct cdist_bytes_t {
    cdist_err_t *(*read)(cdist_bytes_t *bytes, apr_uint64_t offset, void *to, apr_size_t *length);
    void *baton;
    const char *name;
    apr_uint64_t length, count;
    int in_order; /* 1: reading backward is dear */
    const volatile apr_uint32_t *stop; /* of a file: NULL, or when it becomes another number than 0, nothing more is read */
    apr_pool_t *pool;
};

/* "NAME: offset 0x1A: …": something is wrong there. */
cdist_err_t *cdist_damaged(apr_pool_t *pool, const char *name, apr_uint64_t offset, const char *fmt, ...)
    CDIST_PRINTF(4, 5);

/* ---- containers ---- */

#define CONTAINER_MAX_RECORDS 1000000u
#define CONTAINER_TABLE_BYTES (64u * 1024) /* a table of contents up to here is read at once */

/* A part of a document: `length` bytes of it from `at` on lie at `offset` of the container. */
typedef struct {
    apr_uint64_t at, offset, length;
} extent_t;

typedef struct {
    extent_t *extents;
    int count;
    apr_uint64_t length; /* of the whole document */
} chain_t;

typedef struct {
    apr_uint64_t attr_at, data_at;
} record_t;

struct cdist_container_t {
    cdist_bytes_t *bytes;
    apr_uint64_t base, space; /* where it starts, how many bytes there are from there on (APR_UINT64_MAX: not known) */
    int bits;
    apr_size_t head_bytes, block_bytes, record_bytes; /* of the container's header, a block's header, a record */
    apr_uint64_t none;                                /* the number that means "none" */
    chain_t table;
    apr_uint64_t count;
    record_t *records;    /* NULL where the table is too large to be kept */
    const cdist_item_t **seen; /* entries that were read, by record; NULL for a large table */
    /* Of a walk: where the data of the entry that is visited lie, until they are opened (CDIST_NO_DATA then); how many bytes of
     * data were opened so far, and where the last of them ends. */
    apr_uint64_t visited_at, visited_bytes, visited_end;
    apr_pool_t *pool;
};

/* Follows a document's blocks from `offset` of the container on, and checks them. */
CDIST_MUST_CHECK cdist_err_t *cdist_chain_load(chain_t *chain, cdist_container_t *container, apr_uint64_t offset,
                                               apr_pool_t *pool);
/* *length bytes of a document from `at` on; fewer only at its end. */
CDIST_MUST_CHECK cdist_err_t *cdist_chain_read(cdist_container_t *container, const chain_t *chain, apr_uint64_t at, void *to,
                                               apr_size_t *length);
/* A container at a known place, of a known width. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_open_at(cdist_container_t **container, cdist_bytes_t *bytes, apr_uint64_t base,
                                                      int bits, apr_pool_t *pool);
/* Record number `index`; *valid is 0 for a free one. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_record(record_t *record, int *valid, cdist_container_t *container,
                                                     apr_uint64_t index);
/* The entry whose attributes lie at record->attr_at. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_item(cdist_item_t *item, cdist_container_t *container, const record_t *record,
                                                   apr_pool_t *pool);
/* Where the last block of a small container ends, relative to its start. */
CDIST_MUST_CHECK cdist_err_t *cdist_container_extent(apr_uint64_t *end, cdist_container_t *container,
                                                     apr_pool_t *scratch_pool);

/* ---- facts ---- */

#define FACT_TEXT 4096 /* names, vendors and versions are kept up to here */

/* What the metadata of a configuration, data processor or report say (entry <root-guid>). */
typedef struct {
    cdist_file_kind_t kind;
    const char *name, *vendor, *version, *compatibility;
    const char *object_id; /* of the configuration, first half of the names of its parts */
    apr_uint32_t layout;
} metadata_t;
CDIST_MUST_CHECK cdist_err_t *cdist_metadata_parse(metadata_t *metadata, cdist_stream_t *stream, apr_pool_t *pool);

/* `root`: the metadata's entry, and whether a digest of the configuration stands there. `list` is which list of the text. */
CDIST_MUST_CHECK cdist_err_t *cdist_root_parse(const char **root_id, int *digest, cdist_stream_t *stream,
                                               apr_uint32_t list, apr_pool_t *pool);
/* `versions`: the id of the configuration's version, "" if it is not listed. */
CDIST_MUST_CHECK cdist_err_t *cdist_versions_parse(const char **version_id, cdist_stream_t *stream, apr_pool_t *pool);

CDIST_MUST_CHECK cdist_err_t *cdist_configuration_facts(cdist_file_facts_t *facts, cdist_container_t *container,
                                                        apr_pool_t *result_pool, apr_pool_t *scratch_pool);
/* For containers of which every entry is looked at in passing: updates, and what is inside of other streams. */
CDIST_MUST_CHECK cdist_err_t *cdist_passing_facts(cdist_file_facts_t *facts, cdist_container_t *container,
                                                  apr_pool_t *result_pool, apr_pool_t *scratch_pool);
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_facts(cdist_file_facts_t *facts, cdist_stream_t *stream,
                                                   apr_pool_t *result_pool);
/* 1 if the text's first key is one of 1cv8.mft or UpdInfo.txt. */
int cdist_template_text_is(const char *text);
CDIST_MUST_CHECK cdist_err_t *cdist_template_text_facts(cdist_file_facts_t *facts, const char *text, const char *name,
                                                        apr_pool_t *result_pool);

/* ---- deliveries ---- */

struct cdist_delivery_t {
    cdist_bytes_t *bytes; /* of the .zip, or what the .efd inflates to */
    int zip;
    apr_array_header_t *members; /* cdist_member_t */
    cdist_member_fn *wanted;
    apr_pool_t *pool;
};
/* Notes a member, if it is wanted. */
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_note(cdist_delivery_t *delivery, const cdist_member_t *member,
                                                  apr_pool_t *scratch_pool);
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_list_efd(cdist_delivery_t *delivery);
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_list_zip(cdist_delivery_t *delivery);
/* What `inner` gives; at its end an error where length or CRC-32 are not as they should be. */
cdist_stream_t *cdist_stream_crc(cdist_stream_t *inner, apr_uint64_t length, apr_uint32_t expected, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_delivery_member_zip(cdist_bytes_t **bytes, const cdist_delivery_t *delivery,
                                                        const cdist_member_t *member, apr_pool_t *pool);

/* ---- applying updates (apply.c, apply_write.c) ---- */

/* An entry of the configuration that is being made, and where its bytes are. */
typedef struct {
    cdist_container_t *container;
    cdist_item_t item;
    int stored; /* 1: not compressed, comes from an update */
} part_t;

typedef struct {
    cdist_bytes_t *base_bytes;
    cdist_container_t *base;
    int packed; /* the base's entries are compressed, so the result's are */
    cdist_configuration_id_t id;
    apr_hash_t *parts; /* name → part_t, without root, version, versions */
    apr_hash_t *ids;   /* name → id of the entry's version */
    const char *root_id, *version_content;
    apr_uint64_t created, modified; /* of the entries that are written anew */
    apr_pool_t *pool;
} assembly_t;

/* 1 for the three entries that are written anew. */
int cdist_assembly_own(const char *name);
/* Writes the configuration into a file, from its start on; *entries is how many it has. */
CDIST_MUST_CHECK cdist_err_t *cdist_assembly_write(apr_uint32_t *entries, const assembly_t *assembly, apr_file_t *file,
                                                   const char *name, apr_pool_t *scratch_pool);

#endif
