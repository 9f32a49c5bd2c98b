/* Between the files of this room. */
#ifndef CDIST_MIRROR_INT_H
#define CDIST_MIRROR_INT_H

#include "cdist_mirror.h"
#include "fetch_int.h"

#include <apr_hash.h>

/* Counters are exact in every reader of JSON. */
#define CDIST_COUNTER_MAX ((apr_int64_t)1 << 53)

/* ---- key.c, key_list.c ---- */

int cdist_public_key_parse_pem(cdist_public_key_t *key, const char *bytes, apr_size_t length, apr_pool_t *scratch_pool);
int cdist_public_key_verify(const cdist_public_key_t *key, const unsigned char *signature, const char *bytes,
                            apr_size_t length);
int cdist_signing_key_sign(unsigned char *signature, const cdist_signing_key_t *key, const char *bytes, apr_size_t length);
/* cdist_file_read, for which a missing file is one that cannot be read: NOTFOUND is what nobody offers. */
CDIST_MUST_CHECK cdist_err_t *cdist_key_file_read(char **bytes, apr_size_t *length, const char *path, apr_size_t max_bytes,
                                                  apr_pool_t *pool);
int cdist_key_list_has(const cdist_key_list_t *list, const cdist_public_key_t *key);
/* Exactly `length` bytes out of base64; 1 or 0. */
int cdist_base64_take(unsigned char *bytes, apr_size_t length, const char *text);

/* ---- index.c ---- */

/* Whether an address stays where the index lies: plain parts, none of which is hidden or leads upwards; no scheme, no query. */
int cdist_index_url_is_plain(const char *url);

/* ---- manifest_read.c ---- */

/* Takes a manifest apart, hostile as it may be: entries lie in their order, within the archive, and do not overlap; sizes add
 * up without an overflow. CDIST_E_INPUT. */
CDIST_MUST_CHECK cdist_err_t *cdist_manifest_parse(cdist_manifest_t **manifest, const char *bytes, apr_size_t length,
                                                   const char *name, apr_pool_t *pool);

/* ---- publish_archive.c ---- */

/* Makes the archive of a source, and its manifest, below a folder; what is there already stays. Fills in the offer, whose
 * texts live in `pool`; *changed is 0 if the archive was there. */
CDIST_MUST_CHECK cdist_err_t *cdist_publish_archive(int *changed, cdist_offer_t *offer, cdist_store_t *store,
                                                    const cdist_source_t *source, const char *folder,
                                                    const cdist_publish_options_t *options, apr_pool_t *pool);

/* ---- place.c: <root>/.1cdist ---- */

/* The path of something in it; `name` is "" for the folder itself. */
const char *cdist_place(const char *root, const char *name, apr_pool_t *pool);
/* Makes a folder that everybody may read, if it is not there. */
CDIST_MUST_CHECK cdist_err_t *cdist_place_folder(const char *path, apr_pool_t *pool);
/* Makes root and place, with its folders; the root's own folder has to be there. */
CDIST_MUST_CHECK cdist_err_t *cdist_place_make(const char *root, apr_pool_t *pool);
/* Takes the lock of a root whose place is there, for which it waits for so long at most. CDIST_E_BUSY while a sync, or
 * whoever sets a hold, works on it. */
CDIST_MUST_CHECK cdist_err_t *cdist_place_lock(cdist_lock_t **lock, const char *root, apr_interval_time_t wait,
                                               apr_pool_t *pool);
/* What a path leads to, the link itself if it is one; APR_NOFILE if nothing is there. */
apr_filetype_e cdist_place_kind(const char *path, apr_pool_t *pool);
/* Give what is whole and verified the place where everybody sees it: a file replaces one that is there, a folder appears where
 * none is. CDIST_E_STORE. */
CDIST_MUST_CHECK cdist_err_t *cdist_place_move_file(const char *from, const char *to, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_place_move_folder(const char *from, const char *to, apr_pool_t *pool);
/* Where an archive belongs: <root>/<version>/distr/<file>. */
const char *cdist_place_of(const char *root, const cdist_version_t *version, const cdist_slot_t *slot, apr_pool_t *pool);
/* Where it waits for the rest of its release. */
const char *cdist_place_incoming(const char *root, const cdist_version_t *version, const cdist_slot_t *slot, apr_pool_t *pool);

/* ---- state.c: <root>/.1cdist/state.json ---- */

/* A source that said what cannot be true. */
typedef struct {
    const char *url, *what;
    apr_time_t when;
} cdist_liar_t;

/* What a source calls an index that was believed. */
typedef struct {
    const char *url, *etag;
    cdist_digest_t index; /* of the index.json that it means */
} cdist_index_tag_t;

typedef struct {
    apr_uint64_t counter;       /* of the newest index that was believed */
    const char *key;            /* the id of the key that signed it; NULL: unsigned, or not known */
    apr_time_t newest;          /* the latest time that is known to have passed */
    const char *from;           /* the source of the last index that was believed; NULL: none */
    apr_array_header_t *etags;  /* cdist_index_tag_t, a source once */
    apr_array_header_t *liars;  /* cdist_liar_t */
    apr_time_t last_sync;       /* the last one that left nothing to do; 0: never */
    const char *error;          /* of the last one, NULL: none */
    const char *current;        /* the centre's, for people; NULL: not told */
    apr_array_header_t *rollbacks; /* const char *: when, from, to, why */
} cdist_sync_state_t;

/* CDIST_E_INPUT for a damaged one: the counter in it is what protects against old indexes, so it is not made anew silently. */
CDIST_MUST_CHECK cdist_err_t *cdist_sync_state_read(cdist_sync_state_t **state, const char *root, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_sync_state_write(const cdist_sync_state_t *state, const char *root, apr_pool_t *pool);
/* By which ETag a source knows an index with these bytes; NULL if it is known to have another one, or none. */
const char *cdist_sync_state_etag(const cdist_sync_state_t *state, const char *url, const cdist_digest_t *index);
/* Notes it; `etag` NULL: the source gave none. */
void cdist_sync_state_tag(cdist_sync_state_t *state, const char *url, const char *etag, const cdist_digest_t *index,
                          apr_pool_t *pool);
/* NULL if nothing is held against the source. */
const cdist_liar_t *cdist_sync_state_liar(const cdist_sync_state_t *state, const char *url);
/* `what` NULL: it is believed again. */
void cdist_sync_state_accuse(cdist_sync_state_t *state, const char *url, const char *what, apr_pool_t *pool);

/* ---- known.c: digests of files that were read already ---- */

typedef struct cdist_known_t cdist_known_t;

/* Reads what was kept at `path`. Never fails: what it does not know is only read once more. */
cdist_known_t *cdist_known_open(const char *path, apr_pool_t *pool);
/* 1 if a file with that stat was digested, and noted. It goes on being kept; others are forgotten. */
int cdist_known_find(cdist_digest_t *sha256, cdist_known_t *known, const cdist_stat_t *stat);
/* Whether a file that is read now may be noted: another write in the same tick of the file system's clock would not show in a
 * stat that is younger. */
int cdist_known_is_trusted(const cdist_stat_t *stat);
void cdist_known_note(cdist_known_t *known, const cdist_stat_t *stat, const cdist_digest_t *sha256);
/* Keeps what was found and noted. */
CDIST_MUST_CHECK cdist_err_t *cdist_known_close(const cdist_known_t *known);

/* ---- packs.c: archives that are here already ---- */

typedef struct {
    const char *path;
    cdist_stat_t stat;
    cdist_digest_t sha256;
} cdist_pack_t;

typedef struct cdist_packs_t cdist_packs_t;

/* Finds the archives below a root, its .1cdist/incoming included, and reads those whole that are not known from before.
 * Damaged ones are no packs, and a root that is not there has none. `keep`: 0 to write nothing of it down. */
CDIST_MUST_CHECK cdist_err_t *cdist_packs_open(cdist_packs_t **packs, const char *root, int keep, apr_pool_t *pool);
/* The archive with that content, NULL if there is none. */
const cdist_pack_t *cdist_packs_archive(const cdist_packs_t *packs, const cdist_digest_t *sha256);
/* The same at that very place. */
const cdist_pack_t *cdist_packs_at(const cdist_packs_t *packs, const char *path);
/* Remembers an archive that was verified and has got its place. */
CDIST_MUST_CHECK cdist_err_t *cdist_packs_add(cdist_packs_t *packs, const char *path, const cdist_manifest_t *manifest,
                                              apr_pool_t *scratch_pool);
/* Notes that an archive has another place now. */
void cdist_packs_move(cdist_packs_t *packs, const char *from, const char *to);
/* Where packed bytes lie that have the digest of an entry's; 0 if nowhere. *local is that entry, in *pack. */
int cdist_packs_find(const cdist_pack_t **pack, const cdist_entry_t **local, cdist_packs_t *packs, const cdist_entry_t *entry);
/* Writes down what is known. */
CDIST_MUST_CHECK cdist_err_t *cdist_packs_close(cdist_packs_t *packs);

/* ---- partial.c: an archive in the making ---- */

typedef struct {
    apr_file_t *file;
    const char *path;
    apr_uint64_t bytes;
    cdist_spans_t *have;
    const char *journal_path;
    apr_file_t *journal;
    cdist_span_t pending; /* written, not in the journal yet */
    apr_pool_t *pool;
} cdist_partial_t;

/* Opens what was left of an archive, or begins it. */
CDIST_MUST_CHECK cdist_err_t *cdist_partial_open(cdist_partial_t **partial, const char *root, const cdist_digest_t *sha256,
                                                 apr_uint64_t bytes, apr_pool_t *pool);
/* A cdist_take_fn. CDIST_E_STORE. */
CDIST_MUST_CHECK cdist_err_t *cdist_partial_write(void *partial, apr_uint64_t offset, const void *bytes, apr_size_t length);
/* From now on only what is in `have` counts as there. */
CDIST_MUST_CHECK cdist_err_t *cdist_partial_keep(cdist_partial_t *partial, cdist_spans_t *have);
/* Writes down what is there, and closes it. */
void cdist_partial_close(cdist_partial_t *partial);
/* Puts it on the disk and gives it its place. It is closed afterwards. */
CDIST_MUST_CHECK cdist_err_t *cdist_partial_publish(cdist_partial_t *partial, const char *path);
/* The room that what was left of an archive takes on the disk; 0 if nothing was. */
apr_uint64_t cdist_partial_bytes(const char *root, const cdist_digest_t *sha256, apr_pool_t *scratch_pool);

/* ---- space.c ---- */

/* The room that an archive, or another file in the making, takes in addition to what was left of it. */
apr_uint64_t cdist_space_wanted(const char *root, const cdist_digest_t *sha256, apr_uint64_t bytes, apr_pool_t *scratch_pool);
/* CDIST_E_SOURCE, with both numbers, where the root's file system has less room than `what` needs. */
CDIST_MUST_CHECK cdist_err_t *cdist_space_check(const char *root, apr_uint64_t wanted_bytes, const char *what,
                                                apr_pool_t *pool);

/* ---- sweep.c ---- */

/* Removes manifests of archives that are in no pack. */
void cdist_sweep_manifests(const char *root, const cdist_packs_t *packs, apr_pool_t *pool);
/* Removes archives in the making that an index does not offer, or that were not touched for 30 days. */
void cdist_sweep_partials(const char *root, const cdist_index_t *index, apr_pool_t *pool);

/* ---- pieces.c: what is missing of a file in the making ---- */

typedef struct cdist_taking_t cdist_taking_t;

/* A range more costs about so many bytes, in the request and in the answer. */
#define CDIST_PIECES_GAP 160
/* Shows how much of it is there. */
void cdist_pieces_show(const cdist_partial_t *partial, const cdist_taking_t *taking);
/* Fetches all that is missing; *fetched_bytes grows by what came. CDIST_E_SOURCE too for a server that sends hardly anything. */
CDIST_MUST_CHECK cdist_err_t *cdist_pieces_fetch(apr_uint64_t *fetched_bytes, cdist_partial_t *partial, const char *url,
                                                 const cdist_taking_t *taking, apr_pool_t *pool);

/* ---- copy.c ---- */

/* The SHA-256 of an open file's bytes, from its beginning. CDIST_E_SOURCE. */
CDIST_MUST_CHECK cdist_err_t *cdist_copy_digest(cdist_digest_t *sha256, apr_file_t *file, const char *path, apr_pool_t *pool);
/* Copies an open file to `to`, which is there once the whole is on the disk. CDIST_E_CHANGED if it is not what `sha256` says,
 * CDIST_E_STORE if it cannot be written. */
CDIST_MUST_CHECK cdist_err_t *cdist_copy_file(apr_file_t *from, const char *from_path, const char *to,
                                              const cdist_digest_t *sha256, apr_pool_t *pool);

/* ---- update_folder.c: the files of a template folder ---- */

typedef struct {
    const char *path; /* below the folder */
    cdist_stat_t stat;
    int digested;
    cdist_digest_t sha256; /* where digested */
} cdist_update_file_t;

typedef struct {
    const char *path;
    apr_array_header_t *files; /* cdist_update_file_t, by the bytes of their paths */
    cdist_known_t *known;
    apr_pool_t *pool;
} cdist_update_folder_t;

/* Finds all files that travel, and tells `note` of those that do not. CDIST_E_SOURCE for what cannot be read,
 * CDIST_E_NOTFOUND if the folder is not there: *folder is empty then. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_folder_read(cdist_update_folder_t **folder, const char *path, cdist_known_t *known,
                                                       void (*note)(void *baton, const char *text), void *baton,
                                                       apr_pool_t *pool);
/* The file with that path, NULL if there is none. */
cdist_update_file_t *cdist_update_folder_find(const cdist_update_folder_t *folder, const char *path);
/* A file of that content, wherever it lies; NULL if there is none. */
cdist_update_file_t *cdist_update_folder_same(cdist_update_folder_t *folder, const cdist_update_offer_t *offer);
/* The first offer (cdist_update_offer_t) whose path leads through that of another one; NULL: none does. */
const cdist_update_offer_t *cdist_update_offers_clash(const apr_array_header_t *offers, apr_pool_t *scratch_pool);
/* Makes sure that a file's digest is known. CDIST_E_SOURCE, CDIST_E_CHANGED. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_folder_digest(cdist_update_folder_t *folder, cdist_update_file_t *file);
/* Opens a file of the folder, without following links. CDIST_E_SOURCE. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_folder_open(apr_file_t **opened, const cdist_update_folder_t *folder,
                                                       const cdist_update_file_t *file, apr_pool_t *pool);
/* ---- publish_updates.c ---- */

/* Copies the files of template folders into <folder>/updates/sha256, and lists them (cdist_update_offer_t). */
CDIST_MUST_CHECK cdist_err_t *cdist_publish_updates(apr_array_header_t *offers, const cdist_publish_options_t *options,
                                                    const char *folder, apr_pool_t *pool);

/* ---- take_updates.c ---- */

/* Takes over the files (cdist_update_offer_t) that are not in the template folder yet, release by release, so that none is there
 * by half. CDIST_E_NOTFOUND if one is not there; else as cdist_take_archive. */
CDIST_MUST_CHECK cdist_err_t *cdist_take_updates(cdist_sync_result_t *result, const cdist_taking_t *taking,
                                                 const apr_array_header_t *offers, apr_pool_t *pool);

/* ---- update_place.c: a release that is being put together in a template folder ---- */

typedef struct {
    const char *templates;
    const char *folder; /* of the release, below the template folder; "" is itself */
    const char *stage;  /* where its files wait */
    apr_pool_t *pool;
} cdist_update_place_t;

/* Makes the place where the files of a release wait, or finds what an earlier attempt left there. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_place_open(cdist_update_place_t **place, const char *templates, const char *folder,
                                                      apr_pool_t *pool);
/* Gives the files that wait (const char *, names) their places: a new release appears as a whole. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_place_switch(const cdist_update_place_t *place, const apr_array_header_t *names);
/* Removes what was left of releases and files that nobody offers any more. Never fails. */
void cdist_update_place_sweep(const char *templates, apr_pool_t *pool);

/* ---- take.c: one archive ---- */

struct cdist_taking_t {
    const cdist_sync_options_t *options;
    cdist_fetcher_t *fetcher;
    cdist_packs_t *packs;
    const char *base; /* URL of the folder that the index lies in */
};

/* Puts an archive together, of what is here and what has to be fetched, verifies it, and lays it at `path`. With `check` only
 * tells what would be fetched. CDIST_E_CORRUPT: the source lied. */
CDIST_MUST_CHECK cdist_err_t *cdist_take_archive(cdist_synced_t *synced, const cdist_taking_t *taking,
                                                 const cdist_version_t *version, const cdist_offer_t *offer, const char *path,
                                                 apr_pool_t *pool);

/* ---- take_manifest.c ---- */

/* The manifest of an archive that is offered; NULL if the source has none. CDIST_E_CORRUPT for one that is not that. */
CDIST_MUST_CHECK cdist_err_t *cdist_take_manifest(cdist_manifest_t **manifest, const cdist_taking_t *taking,
                                                  const cdist_offer_t *offer, const char *archive_url, apr_pool_t *pool);

/* ---- plan.c ---- */

/* A piece of the archive to be that lies in a local one. */
typedef struct {
    const cdist_pack_t *pack;
    apr_uint64_t from;           /* in the pack */
    cdist_span_t to;             /* in the archive to be */
    const cdist_digest_t *sha256; /* NULL: nobody knows; the whole archive's digest will tell */
} cdist_copy_t;

/* What of an archive lies in local ones (cdist_copy_t), in order. `headers`: 1 to take local headers along where an entry is
 * the same but for its place. */
apr_array_header_t *cdist_plan_copies(const cdist_manifest_t *manifest, cdist_packs_t *packs, int headers, apr_pool_t *pool);

/* ---- content.c ---- */

/* The first reason why a verified archive is not the client it is offered as; NULL if it may be. */
const char *cdist_content_problem(const cdist_verification_t *verification, const cdist_version_t *version,
                                  const cdist_slot_t *slot, apr_pool_t *pool);

/* ---- upstream.c: one source's index ---- */

typedef struct {
    const char *url;  /* as it was given */
    const char *base; /* of the folder that the index lies in, without its final '/' */
    cdist_index_t *index;
    const char *key;  /* the id of the key that signed it, NULL: unsigned */
    int unchanged;
} cdist_upstream_t;

/* The folder's URL that a source's URL means, without its final '/'. */
const char *cdist_upstream_base(const char *url, apr_pool_t *pool);
/* Gets the index of a source, or what is kept of it if it is unchanged; checks signature, counter and expiry; keeps it, and
 * notes in `state` what was learned. Errors: CDIST_E_CORRUPT if the source lied, CDIST_E_CHANGED for an index that is too old
 * or expired, CDIST_E_SOURCE if it cannot be reached. */
CDIST_MUST_CHECK cdist_err_t *cdist_upstream_index(cdist_upstream_t **upstream, const char *url, cdist_fetcher_t *fetcher,
                                                   cdist_sync_state_t *state, const cdist_sync_options_t *options,
                                                   apr_pool_t *pool);

/* ---- incoming.c: releases that are being put together ---- */

/* Makes the folder that an archive of a release waits in. */
CDIST_MUST_CHECK cdist_err_t *cdist_incoming_make(const char *root, const cdist_version_t *version, apr_pool_t *pool);
/* Switches a release over: the archives of these slots (const cdist_slot_t *), which all wait, get their places; a release
 * that was not there appears as a whole, and one that was there changes at once where the file system can do that. */
CDIST_MUST_CHECK cdist_err_t *cdist_incoming_switch(const char *root, const cdist_listed_t *listed,
                                                    const apr_array_header_t *slots, cdist_packs_t *packs, apr_pool_t *pool);
/* Removes what waits for releases that nobody offers any more; all that waits, and archives in the making, if everything has
 * been taken. Never fails. */
void cdist_incoming_sweep(const char *root, const cdist_index_t *index, int all_taken, apr_pool_t *pool);

/* ---- release.c: one release ---- */

/* Takes over what is wanted of a release, and switches it over once it is whole. *outcome tells how it went. CDIST_E_NOTFOUND
 * if an archive is not there; else as cdist_take_archive. */
typedef enum {
    CDIST_RELEASE_DONE,    /* all of it is in its place, or would be */
    CDIST_RELEASE_WAITING, /* not complete upstream */
    CDIST_RELEASE_FOREIGN  /* has none of the slots that are wanted */
} cdist_release_outcome_t;
CDIST_MUST_CHECK cdist_err_t *cdist_release_take(cdist_release_outcome_t *outcome, cdist_sync_result_t *result,
                                                 const cdist_taking_t *taking, const cdist_listed_t *listed, apr_pool_t *pool);

/* ---- report.c ---- */

/* Tells a source how the root is. */
CDIST_MUST_CHECK cdist_err_t *cdist_report_send(cdist_fetcher_t *fetcher, const char *url, const cdist_sync_state_t *state,
                                                const cdist_sync_options_t *options, apr_pool_t *pool);

/* ---- trust.c: <root>/.1cdist/keys.json ---- */

/* The keys that are believed: those of --key, or the list that took their place. NULL without --key. */
CDIST_MUST_CHECK cdist_err_t *cdist_trust_read(cdist_key_list_t **list, const cdist_sync_options_t *options, apr_pool_t *pool);
/* Asks the source for a key list, and believes it from now on if it may take the place of `list`; *moved is 1 then. */
CDIST_MUST_CHECK cdist_err_t *cdist_trust_renew(int *moved, cdist_key_list_t **list, cdist_fetcher_t *fetcher, const char *base,
                                                const cdist_sync_options_t *options, apr_pool_t *pool);
/* 1 if no key of a list that has just taken the place of `before` vouches for the index that was believed last, so that
 * nothing is known of the counters that these keys have signed. */
int cdist_trust_starts_anew(const cdist_key_list_t *list, const cdist_key_list_t *before, const cdist_sync_state_t *state,
                            const char *root, apr_pool_t *scratch_pool);

#endif
