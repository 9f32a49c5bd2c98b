/* Archives: deterministic ZIP files built from folders, kept in a store, built once however many ask.
 *
 * The bytes of an archive are a pure function of its entries' names and contents, the level, and the builder's
 * identity (cdist_builder_identity). Rules of the format, version 2:
 * - entries sorted by the bytes of their UTF-8 name; a folder has an entry ("name/") only if it is empty;
 * - time stamp 1980-01-01 00:00:00, general purpose bit 11 set, made by Unix, no data descriptor, no comment;
 * - Zip64 records only where a number needs them;
 * - mode 0644, or 0755 for content that starts as ELF, Mach-O or "#!"; 0777 for links, 0755 for folders;
 * - an entry up to cdist_whole_max(level) bytes is compressed as a whole, a larger one is streamed through zlib;
 * - an entry that does not shrink is stored. */
#ifndef CDIST_ARCHIVE_H
#define CDIST_ARCHIVE_H

#include "archive/cdist_archive_tree.h"
#include "base/cdist_base.h"

#ifdef __cplusplus
extern "C" {
#endif

#define CDIST_FORMAT_VERSION 2
/* Up to which size an entry is compressed as a whole. The levels above 6 are so slow that a server would have to wait too long
 * for one entry when it must stop. */
#define CDIST_WHOLE_MAX (64u * 1024 * 1024)
#define CDIST_WHOLE_MAX_SLOW (16u * 1024 * 1024)
#define cdist_whole_max(level) ((level) <= 6 ? CDIST_WHOLE_MAX : CDIST_WHOLE_MAX_SLOW)
/* Entries of one archive, built or read. */
#define CDIST_MAX_ENTRIES 200000

/* ---- compression (deflate.c) ----------------------------------------------------------------------------------- */

#define CDIST_LEVEL_MIN 1
#define CDIST_LEVEL_MAX 9
#define CDIST_LEVEL_DEFAULT 6

/* "1-0123456789ab": the format's version and the start of the SHA-256 of a test compression, because the compression
 * library tells no version at run time and another version may give other bytes. Computed once per process. */
const char *cdist_builder_identity(void);
/* "libdeflate" or "zlib". */
const char *cdist_deflate_engine(void);

/* ---- names of entries (name.c, name_case.c) ---------------------------------------------------------------------- */

/* Why an entry's name must not be archived or unpacked on anybody's machine; NULL if it may be. */
const char *cdist_name_problem(const char *name, apr_size_t length);
/* Why Windows cannot hold the name; NULL if it can. On Linux clients such names are legal. */
const char *cdist_name_remark(const char *name, apr_size_t length);
/* Two names of an archive of which Windows can hold only one: they differ only in case, or one is a file and the other
 * lies in a folder whose name differs from the file's only in case. */
typedef struct {
    const char *one, *other;
} cdist_clash_t;
/* How many clashes there are among the entries (cdist_entry_t); the first `room` of them are put into `clashes`, in the
 * order of the names. Takes O(n log n) comparisons. */
int cdist_name_clashes(cdist_clash_t *clashes, int room, const apr_array_header_t *entries, apr_pool_t *scratch_pool);

/* ---- manifests (manifest.c) ------------------------------------------------------------------------------------ */

enum { CDIST_STORED = 0, CDIST_DEFLATED = 8 };

/* One entry of an archive. */
typedef struct {
    const char *name;
    apr_uint64_t bytes, packed_bytes;
    apr_uint64_t offset; /* of its local header */
    apr_uint64_t data_offset; /* of its packed bytes; 0: not known */
    apr_uint32_t crc32;  /* of the content */
    apr_uint32_t mode;   /* Unix mode with the file type, 0 if the archive's maker was not Unix */
    int method;          /* CDIST_STORED or CDIST_DEFLATED */
    cdist_digest_t sha256, packed_sha256; /* of the content, of the packed bytes */
} cdist_entry_t;

/* The sorted entries of one archive with digests and offsets. */
typedef struct {
    const char *builder; /* identity of who built it, "" for an archive found ready */
    int level;           /* 0 for an archive found ready */
    apr_uint64_t archive_bytes;
    cdist_digest_t archive_sha256;
    apr_array_header_t *entries; /* cdist_entry_t */
    apr_uint64_t bytes, packed_bytes; /* sums over entries */
    apr_uint64_t reused_bytes;        /* packed bytes that the build took from other archives; not part of the JSON */
} cdist_manifest_t;

/* The manifest as JSON, format 1: {"format","builder","level","archive":{"bytes","sha256"},"entries":[{"name","bytes",
 * "packed_bytes","offset","data_offset","crc32","mode","method","sha256","packed_sha256"}…]}; crc32 as eight hex digits, mode octal. */
const char *cdist_manifest_write(const cdist_manifest_t *manifest, apr_pool_t *pool);

/* ---- reading archives (zip_directory.c, zip_verify.c) ----------------------------------------------------------------------------- */

typedef struct {
    const char *text;
    int fatal; /* 0: a remark (names that Windows cannot hold or tell apart); 1: must not be served */
} cdist_problem_t;

typedef struct {
    int ok;
    cdist_manifest_t *manifest;   /* what could be read; its digests are set if `ok` */
    const char *setup_ini;        /* text of the Setup.ini at the top, NULL if there is none, or a large one */
    apr_array_header_t *problems; /* cdist_problem_t, the first hundred or so; a fatal one is always among them */
    int over;                     /* 1: the contents are larger than allowed, and were not read */
} cdist_verification_t;

/* Reads a whole archive: structure, local headers against the directory, every entry's content against its CRC, names
 * and links against what must not be unpacked, overlaps and bombs; computes all digests. Damage is a problem in the
 * result; an error is returned only if the file cannot be read at all, or when *stop (may be NULL) is set meanwhile.
 * Memory is bounded but for the list of entries. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_verify(cdist_verification_t **result, apr_file_t *file, const char *path,
                                               const volatile apr_uint32_t *stop, apr_pool_t *pool);
/* The same for an archive of strangers: if its directory tells more than `max_bytes` of contents together (0: no limit),
 * nothing is inflated, which is a fatal problem. */
CDIST_MUST_CHECK cdist_err_t *cdist_zip_verify_within(cdist_verification_t **result, apr_file_t *file, const char *path,
                                                      apr_uint64_t max_bytes, const volatile apr_uint32_t *stop,
                                                      apr_pool_t *pool);
/* The first fatal problem as CDIST_E_CORRUPT, NULL if the archive is good. */
CDIST_MUST_CHECK cdist_err_t *cdist_verification_error(const cdist_verification_t *verification, const char *path,
                                                       apr_pool_t *pool);

/* ---- what earlier archives offer to a build (reuse.c, reuse_archive.c, records.c) --------------------------------- */

/* Archives as packs: the packed bytes of contents that an archive already has are copied instead of compressed again, and a
 * file that is still the one an archive of the store was made from is not even read. Bytes are copied only from archives of
 * the same builder and level, and checked against their digest or content first: the result equals a build from nothing. */
typedef struct cdist_reuse_t cdist_reuse_t;

cdist_reuse_t *cdist_reuse_create(int level, apr_pool_t *pool);
/* Adds an archive of unknown origin. *usable is 0, and nothing of it will be used, if it is not of this builder and level:
 * it must have the format's marks, and samples of its entries must compress to the same bytes again. */
CDIST_MUST_CHECK cdist_err_t *cdist_reuse_add(int *usable, cdist_reuse_t *reuse, const char *path);

/* ---- building (builder.c) -------------------------------------------------------------------------------------- */

typedef void(cdist_progress_fn)(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes);

typedef struct {
    int level;                  /* CDIST_LEVEL_MIN to _MAX */
    int threads;                /* 0: as many as the machine has cores */
    const volatile apr_uint32_t *stop; /* NULL, or a flag that ends the build with CDIST_E_STOPPED within a second or so */
    cdist_progress_fn *progress;       /* NULL, or called from the building thread as bytes of content are done */
    void *progress_baton;
    int polite;                 /* 1: the threads leave the processors to others where these want them */
    int no_digests;             /* 1: nobody wants the manifest, so entries need no SHA-256 */
    const cdist_reuse_t *reuse; /* NULL, or where packed bytes may be taken from */
    const char *top; /* NULL, or a folder that every entry's name begins with: "windows64-8.3.22.1750/" */
} cdist_build_options_t;

/* Writes the archive of `tree` into `temp` and reads it back; each file is compared with the tree's stat before and
 * after it is read, so that a changing source gives CDIST_E_CHANGED and never a mixed archive. The file is not
 * published yet. Names that differ only in case are kept, with one warning in the log for all of them; what the tree left
 * out is told there too. Memory: at most 144 MiB above the list of entries. Other errors: CDIST_E_SOURCE for a file that
 * cannot be read or a folder without files, CDIST_E_STORE for the destination, CDIST_E_BUSY without threads,
 * CDIST_E_STOPPED. */
CDIST_MUST_CHECK cdist_err_t *cdist_build(cdist_manifest_t **manifest, cdist_temp_t *temp, const cdist_tree_t *tree,
                                          const cdist_build_options_t *options, apr_pool_t *pool);

/* ---- building from contents that come one by one (probe.c, assemble.c) --------------------------------------------- */

/* Tells from samples whether a content above cdist_whole_max(level) is worth compressing. It is fed the content, in order. */
typedef struct cdist_probe_t cdist_probe_t;
/* For a content of exactly `bytes` bytes. */
cdist_probe_t *cdist_probe_create(apr_uint64_t bytes, int level, apr_pool_t *pool);
void cdist_probe_feed(cdist_probe_t *probe, const void *content, apr_size_t length);
/* The answer, after the last byte. */
int cdist_probe_shrinks(const cdist_probe_t *probe);

/* One entry to be. */
typedef struct {
    const char *name;   /* a final '/' makes it an empty folder */
    apr_uint64_t bytes; /* of its content, 0 for a folder */
    int shrinks;        /* what a probe of its content says; nobody asks for contents up to cdist_whole_max(level) */
} cdist_part_t;

typedef struct cdist_assembly_t cdist_assembly_t;

/* Begins the archive of `parts` (cdist_part_t, sorted by the bytes of their names, none twice) in the empty `temp`. Contents
 * may come in any order; what comes too early is kept, packed, in a second temporary file of the same folder. The archive is
 * byte for byte that of cdist_build from a folder with these contents. The texts of `parts` must stay. Memory: twice
 * cdist_whole_max(level) at most. Errors of all of these: CDIST_E_INPUT for parts out of order, or not delivered as agreed;
 * CDIST_E_CHANGED for a content of another length than its part says, CDIST_E_STORE, CDIST_E_BUSY without a thread,
 * CDIST_E_STOPPED soon after *stop (may be NULL) is set. */
CDIST_MUST_CHECK cdist_err_t *cdist_assembly_create(cdist_assembly_t **assembly, cdist_temp_t *temp,
                                                    const apr_array_header_t *parts, int level,
                                                    const volatile apr_uint32_t *stop, apr_pool_t *pool);
/* A part's content: begin, data …, end. Folders have none to deliver. */
CDIST_MUST_CHECK cdist_err_t *cdist_assembly_begin(cdist_assembly_t *assembly, int part);
CDIST_MUST_CHECK cdist_err_t *cdist_assembly_data(cdist_assembly_t *assembly, const void *content, apr_size_t length);
/* *again is 1 if the content did not shrink although its probe said so: it is to be delivered once more, not at once, and
 * will then be stored. */
CDIST_MUST_CHECK cdist_err_t *cdist_assembly_end(int *again, cdist_assembly_t *assembly);
/* Completes the archive and reads it back; every part must have been delivered. It is not published yet. */
CDIST_MUST_CHECK cdist_err_t *cdist_assembly_finish(cdist_manifest_t **manifest, cdist_assembly_t *assembly);

/* ---- the store (store.c, store_offer.c) --------------------------------------------------------------------------------------- */

typedef struct cdist_store_t cdist_store_t;

/* What an archive is found by before it is built: a digest of the source's state, the level and the builder. */
typedef cdist_digest_t cdist_key_t;

/* A verified archive: in the store, or ready where the administrator put it. */
typedef struct {
    cdist_digest_t sha256;
    apr_uint64_t bytes;
    apr_int64_t build_ms; /* how long its build took */
    const char *path;     /* in the store, or the ready archive's own */
    int ready;            /* 1: lies outside the store; `stat` tells whether it is still the one that was verified */
    cdist_stat_t stat;
} cdist_archive_t;

/* Makes the folder of a store, its parents included, and gives it to the user that will use it; a folder that holds
 * something else keeps its owner. To be called by root, before that user opens the store. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_prepare(const char *folder, apr_uid_t user, apr_gid_t group, apr_pool_t *pool);
/* Opens a store, makes its folders where needed, and sweeps what a crash left. CDIST_E_STORE names folder and cure;
 * CDIST_E_INPUT for a store of another format. The store object may be used by several threads. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_open(cdist_store_t **store, const char *folder, apr_pool_t *pool);
/* The archive for a key; CDIST_E_NOTFOUND if it was never built, or turned out damaged (then it is removed with a
 * warning), CDIST_E_SOURCE if it is there and cannot be read. Reads two small files the first time, and opens the archive: no lock.
 * `open_flags`: 0, or APR_FOPEN_SENDFILE_ENABLED for a file that is going to be sent. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_find(cdist_archive_t **archive, apr_file_t **file, cdist_store_t *store,
                                               const cdist_key_t *key, apr_int32_t open_flags, apr_pool_t *pool);
/* Folders (const char *, NULL at the end) one of which has another state once the archive of a key appeared in the store, went
 * away, or is another one. Not so for archives that lie elsewhere (`ready`); nor for one that was damaged in its place, before
 * somebody asks for it. */
const char *const *cdist_store_folders(const cdist_store_t *store, apr_pool_t *pool);
/* The archive with these bytes. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_find_bytes(cdist_archive_t **archive, apr_file_t **file, cdist_store_t *store,
                                                     const cdist_digest_t *sha256, apr_int32_t open_flags,
                                                     apr_pool_t *pool);
/* Locks of the store, each for one purpose and one key, held against everybody else on this host; the kernel frees them when
 * their owner dies. APR_EBUSY if somebody holds it. */
typedef enum { CDIST_STORE_LOCK_SCAN, CDIST_STORE_LOCK_CARE } cdist_store_lock_t;
CDIST_MUST_CHECK apr_status_t cdist_store_lock(cdist_lock_t **lock, const cdist_store_t *store, cdist_store_lock_t purpose,
                                               const cdist_digest_t *key, apr_pool_t *pool);
/* Where a text lies that processes leave for each other: notes/<digest>. */
const char *cdist_store_note_path(const cdist_store_t *store, const cdist_digest_t *digest, apr_pool_t *pool);
/* Says that a note is still in use: one that is neither written nor renewed for 30 days is dropped. Writes at most once a day,
 * and never fails. */
void cdist_store_renew_note(const cdist_store_t *store, const cdist_digest_t *digest, apr_pool_t *pool);
/* Adds the store's archives, newest first, as far as memory and descriptors allow. Never fails: what cannot be read is passed
 * over. */
void cdist_store_offer(cdist_reuse_t *reuse, const cdist_store_t *store);
/* The manifest as JSON text. If it is gone, the archive is dropped too, so that the next request makes both anew. Every
 * error is CDIST_E_STORE. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_manifest(const char **json, cdist_store_t *store,
                                                   const cdist_digest_t *sha256, apr_pool_t *pool);
/* The same, of an archive that may have been evicted: CDIST_E_NOTFOUND if there is no manifest, and nothing is dropped. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_kept_manifest(const char **json, const cdist_store_t *store,
                                                        const cdist_digest_t *sha256, apr_pool_t *pool);
/* 1 if a key leads to that archive, evicted or not: it was built from, or verified in, the state of the source that the key
 * stands for. What an archive was is known as long as its manifest is kept. */
int cdist_store_leads_to(const cdist_store_t *store, const cdist_key_t *key, const cdist_digest_t *sha256, apr_pool_t *pool);
/* Opens an archive's file and makes sure that it is still what was verified; never waits, whatever lies in its place.
 * CDIST_E_NOTFOUND, CDIST_E_SOURCE if it cannot be read, CDIST_E_CHANGED for a ready archive that is another file now,
 * CDIST_E_CORRUPT for one of the store. */
CDIST_MUST_CHECK cdist_err_t *cdist_archive_open(apr_file_t **file, const cdist_archive_t *archive,
                                                 apr_int32_t open_flags, apr_pool_t *pool);

/* ---- care of the store (store_care.c, store_collect.c, store_audit.c) ---------------------------------------------- */

/* Opens a store that is there already, to look after it: makes nothing in it, so that its owner keeps his rights whoever
 * calls. CDIST_E_NOTFOUND for a folder that is no store, CDIST_E_INPUT for another format. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_open_existing(cdist_store_t **store, const char *folder, apr_pool_t *pool);
/* Notes that an archive is being handed out, so that the least recently used ones are known to every process, after a
 * restart too. Writes at most once a minute and archive; takes no lock, and never fails. */
void cdist_store_mark_used(const cdist_store_t *store, const cdist_archive_t *archive, apr_pool_t *pool);
/* Says that these archives (cdist_digest_t) are current for a publication: they are never evicted, whether they are built
 * yet or not. `name` tells publications apart: 1 to 64 small hexadecimal digits, else CDIST_E_INPUT. What was pinned under
 * that name before is replaced; no archives at all take the pin away. A pin that is not renewed by the same call for 30 days
 * is dropped. A call that changes nothing reads one small file, and writes once a day. Other errors: CDIST_E_STORE. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_pin(const cdist_store_t *store, const char *name,
                                              const apr_array_header_t *digests, apr_pool_t *pool);

/* Archives that lie in the store itself, and what was removed of them. */
typedef struct {
    int archives, removed_archives;
    apr_uint64_t bytes, removed_bytes;
    int busy; /* 1: another thread or process collects at this moment; nothing was done, all else is 0 */
    int over; /* 1: the limit is not met, the rest is pinned or was used a moment ago; it was said in the log */
} cdist_collected_t;

/* Evicts the least recently used archives until they have at most `max_bytes` together (0: no limit); never pinned ones,
 * never any used or published within the last ten minutes. Removes as well what leads to no archive any more. Files that
 * are open stay readable; manifests outlive their archive by 90 days. Never waits for another process. `limit` is the limit's
 * name in messages. Errors:
 * CDIST_E_STORE if the store cannot be read or locked, or something cannot be removed (the rest is done all the same). */
CDIST_MUST_CHECK cdist_err_t *cdist_store_collect(cdist_collected_t *result, cdist_store_t *store, apr_uint64_t max_bytes,
                                                  const char *limit, apr_pool_t *pool);

typedef struct {
    int checked;           /* 1: an archive was read, `sha256` and `bytes` tell which */
    int damaged;           /* 1: it is not what it was; it was dropped, and the next request builds it anew */
    int more;              /* 1: at least one more is due: call again */
    int busy;              /* 1: another thread or process is at it; nothing was done */
    cdist_digest_t sha256;
    apr_uint64_t bytes;
} cdist_audited_t;

/* Reads the archive whose last check is longest ago, if that is more than `older_than`, and compares length and SHA-256; its
 * publication counts as a check. Reads from the disk rather than from memory, and rests as long as it works. A ready archive
 * that changed since it was verified is passed over. Errors: CDIST_E_STOPPED within a second after *stop (may be NULL) is
 * set, CDIST_E_STORE if the store cannot be read or the check cannot be noted: try again later, not at once. */
CDIST_MUST_CHECK cdist_err_t *cdist_store_audit(cdist_audited_t *result, cdist_store_t *store,
                                                apr_interval_time_t older_than, const volatile apr_uint32_t *stop,
                                                apr_pool_t *pool);

/* ---- jobs (job.c) ---------------------------------------------------------------------------------------------- */

/* How to make the archive of a key. */
typedef struct {
    cdist_key_t key;
    cdist_version_t version;        /* what a ready archive must hold as far as it tells; none: anything */
    const char *path;               /* folder to pack, or ready archive to verify */
    int ready;
    cdist_stat_t stat;              /* of a ready archive, as the catalogue saw it */
    cdist_digest_t signature;       /* of a folder, as the catalogue saw it */
    const apr_array_header_t *skip; /* as for cdist_tree_read */
    const char *overlay;            /* as for cdist_tree_read_overlaid, and signed too; NULL: none */
    const apr_array_header_t *kept;
    const char *top;                /* as in cdist_build_options_t */
    int level, threads;
    const char *label;              /* "windows64 8.3.22.1750", for the log */
} cdist_job_t;

/* Sets `key` from all the other members but version, threads and label. */
void cdist_job_key(cdist_job_t *job, apr_pool_t *scratch_pool);
/* Lists the folder to pack. CDIST_E_CHANGED if it is not what the catalogue saw below its root: a link that somebody put in the
 * place of a folder on the way leads to other files, whose inodes the signature tells apart. Else as cdist_tree_read. */
CDIST_MUST_CHECK cdist_err_t *cdist_job_list(cdist_tree_t **tree, const cdist_job_t *job, apr_pool_t *pool);
/* A deep copy. */
cdist_job_t *cdist_job_dup(const cdist_job_t *job, apr_pool_t *pool);
/* Does the job, publishes archive, manifest and key, in this order. The caller holds the key's lock. */
CDIST_MUST_CHECK cdist_err_t *cdist_job_run(cdist_store_t *store, const cdist_job_t *job,
                                            const volatile apr_uint32_t *stop, apr_pool_t *pool);

/* ---- single flight (flight.c) ---------------------------------------------------------------------------------- */

/* How an answer came about; the names are what the access log shows. */
typedef enum { CDIST_HIT, CDIST_BUILT, CDIST_WAITED } cdist_outcome_t;
const char *cdist_outcome_name(cdist_outcome_t outcome);

typedef struct cdist_flights_t cdist_flights_t;

typedef struct {
    int wait_max;  /* waiters on this host at once */
    int build_max; /* builds on this host at once */
    apr_uint64_t store_max; /* bytes of archives that are kept after a build; 0: no limit */
} cdist_flight_limits_t;

/* The flights of one process over one store. Threads are started on demand, and stopped and joined when `pool` is
 * destroyed: after one more entry of a build has been compressed. Call it after fork. */
CDIST_MUST_CHECK cdist_err_t *cdist_flights_create(cdist_flights_t **flights, cdist_store_t *store,
                                                   const cdist_flight_limits_t *limits, apr_pool_t *pool);
/* Makes builds stop and waiting requests return with CDIST_E_STOPPED within a second. May be called in a signal
 * handler. */
void cdist_flights_shut(cdist_flights_t *flights);
/* The archive of a job: found in the store, or built by one thread of one process on this host while everybody else
 * waits for it, at most until `timeout` has passed. A client that goes away does not stop the build.
 * Errors: CDIST_E_BUSY over the limit of waiters, CDIST_E_TIMEOUT, CDIST_E_STOPPED, CDIST_E_STORE without locks,
 * CDIST_E_NOTFOUND if the archive was taken away right after, and those of cdist_job_run (a failure is remembered for a
 * few seconds). Exactly one successful call per build gets CDIST_BUILT. */
CDIST_MUST_CHECK cdist_err_t *cdist_flights_obtain(cdist_archive_t **archive, apr_file_t **file,
                                                   cdist_outcome_t *outcome, cdist_flights_t *flights,
                                                   const cdist_job_t *job, apr_interval_time_t timeout,
                                                   apr_int32_t open_flags, apr_pool_t *pool);

/* Makes a job's archive without anybody waiting for it, in the calling thread, beside the builds that requests wait for and
 * not among their number. *made is 0 if the archive was there already, or is being built by somebody else. */
CDIST_MUST_CHECK cdist_err_t *cdist_flights_prebuild(int *made, cdist_flights_t *flights, const cdist_job_t *job,
                                                     apr_pool_t *scratch_pool);
/* What becomes 1 once cdist_flights_shut was called, or the flights' pool is being destroyed. */
const volatile apr_uint32_t *cdist_flights_stop_flag(const cdist_flights_t *flights);

#ifdef __cplusplus
}
#endif

#endif
