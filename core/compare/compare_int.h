/* Between the files of the room. */
#ifndef CDIST_COMPARE_INT_H
#define CDIST_COMPARE_INT_H

#include "cdist_compare.h"

#include <apr_hash.h>

/* Of the name of an entry that holds a configuration: <root-guid>.<instance>. */
#define CDIST_EMBEDDED_CHARS (2 * CDIST_GUID_CHARS + 1)

struct cdist_config_t {
    const char *name; /* for messages */
    cdist_file_facts_t *facts;
    cdist_container_t *container; /* of a configuration with an update over it, the update's */
    int packed;                   /* 1: the container's entries are compressed, 0: they are stored */
    cdist_config_t *base;         /* what the update lies over; NULL for a plain one */
    cdist_update_info_t *update;  /* NULL for a plain one */
    apr_hash_t *deleted;          /* names that the update takes away */
    cdist_snapshot_t *snapshot;   /* once it was made */
    apr_hash_t *items;            /* then, where the container's entries are: cdist_item_t, see cdist_config_keep_item */
    apr_hash_t *known;            /* contents read so far, by digests of stored bytes; NULL, or shared by what is compared */
};

/* 1 for the support data and embedded configurations. */
int cdist_config_is_of_support(const cdist_config_t *config, const char *entry);
/* Says what must be known of the sides, once they are opened (notes.c). */
void cdist_sides_note_all(cdist_sides_t *sides, const cdist_compare_files_t *files, apr_pool_t *pool);
/* 1 for root, version and versions, which say what the others are, and are compared with nothing. */
int cdist_config_is_own(const char *entry);
/* Keeps where an entry is, by its name in any case; of two with one name the first counts. `name` has to live as long. */
void cdist_config_keep_item(apr_hash_t *items, const cdist_item_t *item, const char *name, apr_pool_t *pool);
/* An entry's content out of a container whose entries are all compressed, or all stored. What ought to be compressed, and is
 * not, is an error of the stream. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_entry(cdist_stream_t **stream, cdist_container_t *container,
                                                 const cdist_item_t *item, int packed, apr_pool_t *pool);

#endif
