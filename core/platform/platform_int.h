/* Between the files of this room. */
#ifndef CDIST_PLATFORM_INT_H
#define CDIST_PLATFORM_INT_H

#include "cdist_platform.h"
#include "compare/cdist_compare.h"

/* ---- server.c ---- */

/* 1 if the folder of a version, in an open one, holds the 1C server's agent. */
int cdist_server_holds(cdist_folder_t *parent, const char *name, apr_pool_t *scratch_pool);

/* ---- listing.c: one folder's children ---- */

typedef struct {
    const char *name;
    cdist_stat_t stat;
} cdist_child_t;

typedef struct {
    const char *path;
    cdist_folder_t *folder; /* open, so that what lies in it is found there whatever becomes of the path */
    apr_array_header_t *children; /* cdist_child_t, sorted by name */
    cdist_stat_t stat;
    const char *client; /* set by cdist_folder_read: the thin client's path below the folder; NULL: no installed platform */
} cdist_listing_t;

/* Opens a folder and reads its names; after success the caller closes the listing. `parent` is the open folder that it lies in,
 * where the path's last part is opened, and is no link; NULL for a configured folder, whose path may contain links. */
CDIST_MUST_CHECK cdist_err_t *cdist_listing_read(cdist_listing_t *listing, cdist_folder_t *parent, const char *path,
                                                 apr_pool_t *pool);
void cdist_listing_close(cdist_listing_t *listing);
/* The first child of a kind with that name, compared without case. */
const cdist_child_t *cdist_listing_find(const cdist_listing_t *listing, const char *name, cdist_kind_t kind);
/* The first `max` bytes of a file below the folder. */
CDIST_MUST_CHECK cdist_err_t *cdist_listing_head(char **bytes, apr_size_t *length, const cdist_listing_t *listing,
                                                 const char *relative, apr_size_t max, apr_pool_t *pool);

/* ---- source.c ---- */

/* Takes a version that `where` tells; one that differs from what is known already is a problem. */
void cdist_source_take_version(cdist_source_t *source, const cdist_version_t *version, const char *where,
                               apr_pool_t *pool);

/* ---- distribution.c: folders with installer files ---- */

/* The first installer file, NULL if the folder is no distribution. */
const cdist_child_t *cdist_distribution_installer(const cdist_listing_t *listing);
/* Completes version and slot, both may be known already, or sets a problem. */
CDIST_MUST_CHECK cdist_err_t *cdist_distribution_identify(cdist_source_t *source, const cdist_listing_t *listing,
                                                          const char *name, apr_pool_t *pool);

/* ---- installed.c: installed platform directories ---- */

/* Sets listing->client. */
CDIST_MUST_CHECK cdist_err_t *cdist_installed_find(cdist_listing_t *listing, apr_pool_t *pool);
/* Completes version and slot of a folder with a client; both may be known already, or sets a problem. */
CDIST_MUST_CHECK cdist_err_t *cdist_installed_identify(cdist_source_t *source, const cdist_listing_t *listing,
                                                       const char *name, apr_pool_t *pool);
/* Appends what of an installed platform is nobody else's business, as cdist_tree_read takes it. */
void cdist_installed_skip(apr_array_header_t *skip);

/* ---- source_folder.c: one folder as a source ---- */

typedef struct {
    apr_array_header_t *sources; /* cdist_source_t */
    const cdist_lookup_t *lookup;
    cdist_version_t version; /* from a name above; may be none */
    apr_int64_t newest_ns;   /* latest change of what was looked at */
    int recognised;          /* something was of ours */
    apr_pool_t *pool;
} cdist_walk_t;

void cdist_walk_note(cdist_walk_t *walk, apr_int64_t ctime_ns);
/* A new source of the walk. */
cdist_source_t *cdist_walk_push(cdist_walk_t *walk, const cdist_source_t *source);
/* Adds what would be a source of `slot` (NULL: nobody knows) but cannot be offered; `unread` as in cdist_source_t. */
void cdist_walk_add_problem(cdist_walk_t *walk, const cdist_slot_t *slot, const char *path, const char *problem, int unread);
/* The same for a symbolic link. */
void cdist_walk_add_link(cdist_walk_t *walk, const cdist_slot_t *slot, const char *path);
/* Lists a folder, as cdist_listing_read does, and looks whether it is an installed platform, unless an installer in it goes before that. NB: once, because
 * a second look may find something else, or may fail. */
CDIST_MUST_CHECK cdist_err_t *cdist_folder_read(cdist_listing_t *listing, cdist_folder_t *parent, const char *path,
                                                apr_pool_t *pool);
/* Whether the folder, read by that, is a source by what lies in it, be it not wanted. */
int cdist_folder_is_source(const cdist_listing_t *listing);
/* Adds the folder, if it is a source: a component's, whatever is in it; a distribution, or an installed platform. `slot` is
 * what is known of it, or NULL; `skip` are patterns as for cdist_tree_read. */
void cdist_walk_add_folder(cdist_walk_t *walk, const cdist_listing_t *listing, const char *name, const cdist_slot_t *slot,
                           const apr_array_header_t *skip);
/* Adds one ready archive. */
void cdist_walk_add_ready(cdist_walk_t *walk, const cdist_slot_t *slot, const char *path, const cdist_stat_t *stat);

/* ---- catalogue.c ---- */

/* The source of the snapshot before with the same path and slot, if it was settled; else NULL. */
const cdist_source_t *cdist_catalogue_known(const cdist_catalogue_t *previous, const cdist_source_t *source);
cdist_source_t *cdist_source_dup(const cdist_source_t *source, apr_pool_t *pool);

/* ---- overlay_read.c: the overlay's folders and rules as they are now ---- */

typedef struct {
    const cdist_slot_t *slot;
    cdist_tree_t *tree;  /* NULL: there is a problem */
    const char *problem;
} cdist_overlay_t;

typedef struct {
    const char *problem; /* why nothing is known of any slot; NULL: the rest is set */
    cdist_tree_rules_t *rules;
    cdist_digest_t rules_digest;
    apr_int64_t rules_ns;       /* when the rules were changed */
    apr_array_header_t *slots;  /* cdist_overlay_t */
    apr_array_header_t *strays; /* const char *: folders that are no slot's, in words */
} cdist_overlays_t;

/* NULL where the lookup has no overlay. */
cdist_overlays_t *cdist_overlays_read(const cdist_lookup_t *lookup, apr_pool_t *pool);
/* NULL if there is none for the slot. */
const cdist_overlay_t *cdist_overlays_find(const cdist_overlays_t *overlays, const cdist_slot_t *slot);

/* ---- overlay_decide.c: one distribution ---- */

/* Which files of the overlay (mine) go into a release's archive (theirs), and which were changed by both; `base` is NULL where
 * there is no release before: then the overlay is this one's. Sets kept, conflicts and open of `overlaid`. Errors: those of
 * reading a file. */
CDIST_MUST_CHECK cdist_err_t *cdist_overlay_decide(cdist_overlaid_t *overlaid, const cdist_tree_t *base,
                                                   const cdist_tree_t *mine, const cdist_tree_t *theirs,
                                                   const cdist_tree_rules_t *rules, const cdist_version_t *version,
                                                   apr_pool_t *pool);

/* ---- overlay.c: all distributions of a catalogue ---- */

/* Before it is known whether a source is still: what is to be laid over it counts too, and it cannot be offered anew where that
 * cannot be read. `overlays` may be NULL. */
void cdist_overlay_note(cdist_source_t *source, const cdist_overlays_t *overlays);
/* Decides for all distributions of a catalogue that is being made, its releases being complete and sorted. */
void cdist_overlay_apply(cdist_catalogue_t *catalogue, const cdist_overlays_t *overlays, const cdist_catalogue_t *previous,
                         apr_pool_t *pool);
cdist_overlaid_t *cdist_overlaid_dup(const cdist_overlaid_t *overlaid, apr_pool_t *pool);

/* ---- catalogue_file.c ---- */

/* The catalogue as a text, NULL without memory. */
const char *cdist_catalogue_write(const cdist_catalogue_t *catalogue, apr_pool_t *pool);
/* The same back; NULL if the text is damaged. */
cdist_catalogue_t *cdist_catalogue_read(const char *text, const cdist_lookup_t *lookup, apr_pool_t *pool);

/* ---- snapshot.c ---- */

/* What is looked at: where a publication looks for releases, or (lookup NULL) a folder of server versions. */
typedef struct {
    const cdist_lookup_t *lookup;
    const char *server;
    apr_interval_time_t settle;
    int level;
    cdist_store_t *store; /* NULL: nothing is known of archives, and nothing shared */
    apr_interval_time_t grace; /* how long after it is due this caller leaves the look to others */
} cdist_target_t;

/* What a look found. */
typedef struct {
    apr_pool_t *pool; /* its own */
    cdist_catalogue_t *catalogue; /* of the lookup; or, for a folder of server versions, NULL and these two: */
    cdist_version_t server;
    cdist_err_t *server_err;
    const char *text; /* as other processes read it; NULL if it cannot be written */
    apr_uint32_t generation; /* under which all processes have it; 0: it is this process's own */
} cdist_live_snapshot_t;

/* A text that is the same for equal targets. */
const char *cdist_target_key(const cdist_target_t *target, apr_pool_t *pool);
/* Looks. `previous` may be NULL; `first`: this process looks for the first time, so what was built has to be read too. */
cdist_live_snapshot_t *cdist_snapshot_scan(const cdist_target_t *target, const cdist_live_snapshot_t *previous, int first);
/* Leaves the snapshot for the other processes under the digest; and, for later starts with another configuration, what was
 * built. */
CDIST_MUST_CHECK cdist_err_t *cdist_snapshot_publish(const cdist_live_snapshot_t *snapshot, const cdist_target_t *target,
                                                     const cdist_digest_t *digest);
/* Says that both are still in use. */
void cdist_snapshot_renew(const cdist_live_snapshot_t *snapshot, const cdist_target_t *target, const cdist_digest_t *digest);
/* Reads what was published under the digest; NULL if there is nothing, or it cannot be understood. */
cdist_live_snapshot_t *cdist_snapshot_read(const cdist_target_t *target, const cdist_digest_t *digest);

/* ---- board.c ---- */

typedef struct {
    volatile apr_uint32_t key;        /* 0: free */
    volatile apr_uint32_t generation; /* 0: nothing was published yet */
    volatile apr_uint64_t due;        /* when it is to be looked at next, microseconds since 1970 */
} cdist_notice_t;

/* The notice of a key; NULL without a board, or if there is no room. NB: two keys that begin alike share one, and only look
 * more often than they need. */
cdist_notice_t *cdist_board_notice(void *board, const cdist_digest_t *key);

/* ---- built.c ---- */

/* Sets `built` of the catalogue's sources by what the store holds; what is built counts as settled. */
void cdist_catalogue_mark_built(cdist_catalogue_t *catalogue, const cdist_lookup_t *lookup, cdist_store_t *store, int level,
                                apr_pool_t *scratch_pool);
/* Takes over what the catalogue before knew to have been built, as far as it may still be there. */
void cdist_catalogue_keep_built(cdist_catalogue_t *catalogue, const cdist_catalogue_t *before, apr_pool_t *result_pool);
/* Adds what is built now. */
void cdist_catalogue_note_built(cdist_catalogue_t *catalogue, apr_pool_t *result_pool);

#endif
