/* The platform's releases: which slots a client build can need, what lies under the configured roots, and which of it
 * answers a request. */
#ifndef CDIST_PLATFORM_H
#define CDIST_PLATFORM_H

#include "archive/cdist_archive.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- slots (slot.c) -------------------------------------------------------------------------------------------- */

/* What one client build needs. The first five the platform updates itself, the next two are for download; file names are
 * the platform's own, from the administrator guide of 8.3.22, 11.2.3. Beside these an administrator may have components:
 * slots of other names, whose folders are packed as they are. */
typedef struct {
    const char *name; /* "windows64", "modules" */
    const char *file; /* "windows64tc.zip", "modules.zip" */
} cdist_slot_t;

/* All known slots, closed by one whose name is NULL. */
extern const cdist_slot_t cdist_slots[];

/* 1 if the slot is none of the known ones. */
int cdist_slot_is_component(const cdist_slot_t *slot);
/* Known slots in their order, then components by name; 0 for the same slot, wherever it was made. */
int cdist_slot_compare(const cdist_slot_t *a, const cdist_slot_t *b);
/* A known slot by any of its names, that of its archive included, else a new component: letters, digits, '-' and '_', at most 31 of them, a letter or
 * digit first; the name is kept in lower case. NULL if it is no such name, or one that means something else in a release
 * folder (bin, conf, distr, srvinfo), or in a publication (updates). */
const cdist_slot_t *cdist_slot_make(const char *name, apr_pool_t *pool);

/* A slot by its name or a usual synonym ("Win64", "linux_x86_64", "macOS"), in any case. An architecture without a
 * system means Windows. NULL if it is none. */
const cdist_slot_t *cdist_slot_parse(const char *name);
/* The same, components first (const cdist_slot_t *, NULL: none). */
const cdist_slot_t *cdist_slot_named(const char *name, const apr_array_header_t *components);
/* A slot by what a client says of its machine: "Windows" and "x86_64", "Linux_x86_64" and "", in any case; "_prt", which prefers an
 * architecture, counts as that one. How the platform spells the two in GetDistributiveInfo is not documented, so every usual
 * synonym is taken. NULL if it is none. */
const cdist_slot_t *cdist_slot_of_system(const char *os, const char *arch);
/* A slot by an archive's file name: "windows64tc.zip", or synonym + "tc.zip" or ".zip"; "modules.zip" if that is among
 * the components (const cdist_slot_t *, NULL: none). */
const cdist_slot_t *cdist_slot_parse_file(const char *file, const apr_array_header_t *components);
/* A slot by a folder's or installer's name: a component's, or such as "setuptc64_8_3_27_2342" and
 * "setup-thin-8.3.25.1286-x86_64.run". */
const cdist_slot_t *cdist_slot_find(const char *name, const apr_array_header_t *components, apr_pool_t *scratch_pool);

/* ---- executables (binary.c, binary_version.c) -------------------------------------------------------------------- */

/* A slot by the first bytes of an executable: PE, ELF or Mach-O. NULL if they are none, or no client exists for it. */
const cdist_slot_t *cdist_binary_slot(const unsigned char *head, apr_size_t length);
#define CDIST_BINARY_HEAD 4096
/* The version in a PE file's version resource; none if it has no such resource, or the file is no PE file. Reads little of it.
 * An error means that the file cannot be read, so that it is not known what it tells; the version is none then too. */
CDIST_MUST_CHECK apr_status_t cdist_binary_version(cdist_version_t *version, apr_file_t *file);

/* ---- where to look ----------------------------------------------------------------------------------------------- */

/* A slot's folders or archives that lie elsewhere than under a root: CDistSource. */
typedef struct {
    const cdist_slot_t *slot;
    const char *path; /* absolute; %v stands for a version, once in a part of the path, in one part at least */
} cdist_pattern_t;

/* How archives are laid out: files at their top, or in one folder such as "windows64-8.3.22.1750", which is a release folder
 * itself where it is unpacked. Ready archives stay as they are. */
typedef enum { CDIST_LAYOUT_FLAT, CDIST_LAYOUT_FOLDER } cdist_layout_t;

/* Where releases are looked for, and what counts as one. A zeroed one finds nothing; NULL arrays are empty. */
typedef struct {
    const apr_array_header_t *roots;      /* const char * */
    const apr_array_header_t *patterns;   /* cdist_pattern_t */
    const apr_array_header_t *components; /* const cdist_slot_t *: slots beside the known ones */
    int installed;                        /* whether installed platform directories count */
    cdist_layout_t layout;                /* how archives are made of what is found */
    const char *overlay;       /* CDistOverlay: the folder that has a folder of customised files for each slot; NULL: none */
    const char *overlay_rules; /* and the file with their rules; NULL without `overlay` alone */
} cdist_lookup_t;

/* A text that is the same for lookups that find the same. */
const char *cdist_lookup_text(const cdist_lookup_t *lookup, apr_pool_t *pool);
/* What is wrong with a pattern's path; NULL if it is one. */
const char *cdist_pattern_problem(const char *path);
/* The folder that has to be listed first to find what a pattern means. */
const char *cdist_pattern_folder(const cdist_pattern_t *pattern, apr_pool_t *pool);

/* ---- sources (source.c, source_folder.c, source_tree.c, source_pattern.c) ------------------------------------------ */

/* Where a slot's bytes come from, best first. The platform's own updater can do nothing with an installed directory: it
 * holds no installer. */
typedef enum { CDIST_SOURCE_READY, CDIST_SOURCE_DISTRIBUTION, CDIST_SOURCE_INSTALLED } cdist_source_kind_t;
const char *cdist_source_kind_name(cdist_source_kind_t kind);

/* A file that the administrator and the vendor changed both. */
typedef struct {
    const char *path;
    const char *support, *action; /* as cdist_rule_name and cdist_action_name say */
    const char *row;              /* what decided, in words */
    int open;                     /* 1: nothing did, a person has to */
} cdist_overlay_conflict_t;

/* What CDistOverlay makes of a distribution (overlay.c): the release before as base, the overlay as mine, this one as theirs. */
typedef struct {
    const char *folder;                  /* the slot's folder in the overlay */
    const apr_array_header_t *kept;      /* const char *, the paths of those of its files that are in the archive */
    const apr_array_header_t *conflicts; /* cdist_overlay_conflict_t */
    int open;                            /* how many of them are */
    cdist_digest_t vendor;               /* signature of the release's own files */
    cdist_digest_t state;                /* of all that was looked at: the same state has the same result */
} cdist_overlaid_t;

typedef struct {
    cdist_version_t version;
    const cdist_slot_t *slot;
    cdist_source_kind_t kind;
    const char *path;               /* folder of the distribution, or the ready archive */
    const apr_array_header_t *skip; /* what in `path` does not belong to it, as for cdist_tree_read; may be NULL */
    int named;                      /* a CDistSource leads to it: better than one of its kind that was just found */
    int files;
    apr_uint64_t bytes;
    cdist_digest_t signature; /* of the distribution's tree, with what is laid over it */
    const cdist_overlaid_t *overlaid; /* NULL: no overlay is for it */
    cdist_stat_t stat;        /* of the ready archive */
    apr_int64_t newest_ns;    /* latest change in the release folder that it lies in */
    int settled;              /* 0: changed too recently to be trusted */
    int built;                /* its archive was in the store when the catalogue was made */
    const char *problem;      /* why it cannot be offered; NULL if it can */
    int unread;               /* 1: the problem is that it could not be read, which may be a passing one */
} cdist_source_t;

/* 1 if the source can be handed out now; NULL is none. */
int cdist_source_offered(const cdist_source_t *source);
/* 1 if what is handed out holds an installer that the platform's own updater can use: no component and no installed directory
 * does. */
int cdist_source_installable(const cdist_source_t *source);

/* Appends to `sources` (cdist_source_t) what a release folder holds; a source that cannot be offered is added with its
 * `problem`. *recognised tells whether anything in the folder is of ours, be it not wanted by `lookup`. `parent` is the open
 * folder that it lies in, NULL for a configured one; `name` is the folder's name within its root. An error means that the folder itself, its "distr", or what tells whether it is an installed
 * platform, cannot be read: nothing is appended. */
CDIST_MUST_CHECK cdist_err_t *cdist_source_scan(apr_array_header_t *sources, int *recognised, const cdist_lookup_t *lookup,
                                                cdist_folder_t *parent, const char *folder, const char *name,
                                                apr_pool_t *result_pool);
/* Appends what a pattern leads to. An error means that the folder that it begins with cannot be read. */
CDIST_MUST_CHECK cdist_err_t *cdist_source_scan_pattern(apr_array_header_t *sources, const cdist_lookup_t *lookup,
                                                        const cdist_pattern_t *pattern, apr_pool_t *result_pool);
/* A source that is a ready archive, without a version yet. */
void cdist_source_ready(cdist_source_t *source, const cdist_slot_t *slot, const char *path, const cdist_stat_t *stat);
/* A stat whose change time is younger than this says nothing: another write in the same tick of the file system's clock
 * would not show. */
#define CDIST_SETTLE_MIN apr_time_from_sec(2)
/* When the source has been still for `settle`, and for CDIST_SETTLE_MIN at least, if nothing changes it. */
apr_time_t cdist_source_settles_at(const cdist_source_t *source, apr_interval_time_t settle);
/* How to make the source's archive. `threads` as in cdist_build_options_t; the job refers to the source's texts. */
void cdist_source_job(cdist_job_t *job, const cdist_source_t *source, cdist_layout_t layout, int level, int threads,
                      apr_pool_t *pool);

/* ---- catalogue (catalogue.c) ----------------------------------------------------------------------------------- */

typedef struct {
    cdist_version_t version;
    apr_array_header_t *sources; /* const cdist_source_t *, one a slot, in the order of cdist_slots */
    const char *problem;         /* its folder cannot be read; NULL if it can */
} cdist_release_t;

/* Which archives of a version were built at some time since it is there. */
typedef struct {
    cdist_version_t version;
    apr_array_header_t *slots; /* const cdist_slot_t * */
    int whole;                 /* all that the release offered then */
} cdist_built_t;

/* An immutable snapshot of all releases that a lookup finds. */
typedef struct {
    apr_array_header_t *releases; /* cdist_release_t, newest version first */
    apr_array_header_t *problems; /* const char *: roots, folders and sources that cannot be offered, and why */
    apr_array_header_t *unreadable; /* cdist_err_t *: roots and patterns' folders that could not be read, and why */
    apr_array_header_t *unread_places; /* int, beside each of `unreadable`: its number in the lookup, from 1; first the roots */
    apr_array_header_t *unread_components; /* const cdist_slot_t *: components whose pattern's folder could not be read */
    apr_array_header_t *conflicts; /* const char *: each conflict of an overlay, in words */
    apr_array_header_t *built; /* cdist_built_t; NULL: nothing is known of archives */
    apr_time_t scanned;
    apr_interval_time_t settle; /* as given */
    apr_time_t settles_at;      /* when the next source that is not settled will be, if nothing changes; 0: none */
    apr_uint64_t serial;        /* those that cdist_live_get gives out in one process have the same only if they are; 0: not from there */
} cdist_catalogue_t;

/* Walks roots and patterns. A root is a folder of release folders, or a release folder itself; a folder in it that is named
 * by an architecture may hold release folders too (/opt/1cv8/x86_64/8.3.22.1750). A release that changed within `settle`
 * is listed but not settled. What an overlay makes of distributions is decided; that alone reads contents, once for each state of
 * the folders. A source that `previous` (may be NULL) knew as settled, and that is
 * now touched or cannot be read, stays as it was there, so that neither takes away what was already served. Never fails:
 * what cannot be read stands in `unreadable` and `problems`. */
cdist_catalogue_t *cdist_catalogue_scan(const cdist_lookup_t *lookup, apr_interval_time_t settle,
                                        const cdist_catalogue_t *previous, apr_pool_t *result_pool);
/* The same without a time to settle: only that is waited for, some seconds at most, which a stat needs to be trusted. What is
 * not settled then is being changed, or has times of the future. */
const cdist_catalogue_t *cdist_catalogue_scan_now(const cdist_lookup_t *lookup, apr_pool_t *pool);
/* The release of a full version, NULL if there is none. */
const cdist_release_t *cdist_catalogue_release(const cdist_catalogue_t *catalogue, const cdist_version_t *version);
/* The source for a slot, NULL if the release has none. */
const cdist_source_t *cdist_release_source(const cdist_release_t *release, const cdist_slot_t *slot);
/* 1 if a release of the catalogue has, or once had, the archive of a slot; or, without one (NULL), those of all required slots;
 * or, without any (NULL), of everything that it offered. */
int cdist_release_was_built(const cdist_catalogue_t *catalogue, const cdist_release_t *release, const cdist_slot_t *slot,
                            const apr_array_header_t *required);
/* 1 if at least one source can be offered now. */
int cdist_release_usable(const cdist_release_t *release);
/* Whether any release of the catalogue is. */
int cdist_catalogue_usable(const cdist_catalogue_t *catalogue);
/* 1 if a conflict of an overlay is open and one of its archives cannot be made for it: such a release is not current, nor does it
 * answer a mask. */
int cdist_release_held(const cdist_release_t *release);
/* The first of the required slots (const cdist_slot_t *, NULL: none are) that the release cannot offer now; NULL if it is
 * complete. */
const cdist_slot_t *cdist_release_lacks(const cdist_release_t *release, const apr_array_header_t *required);

/* ---- the 1C server (server.c) ---------------------------------------------------------------------------------- */

/* The newest version under a folder that holds the server's agent. CDIST_E_NOTFOUND if none does, CDIST_E_SOURCE if the
 * folder cannot be read. */
CDIST_MUST_CHECK cdist_err_t *cdist_server_version(cdist_version_t *version, const char *path, apr_pool_t *pool);

/* ---- catalogues that stay fresh (live.c, board.c) ------------------------------------------------------------------ */

typedef struct cdist_live_t cdist_live_t;

typedef struct {
    apr_interval_time_t interval; /* how old a catalogue may become */
    apr_interval_time_t settle;
    apr_interval_time_t grace; /* how long after that a look is left to who is `watching`; 0: nobody does */
    int level;   /* at which archives are built */
    void *board; /* cdist_board_bytes() of zeroed memory that all processes of the server share; NULL: each looks for itself */
} cdist_live_options_t;

apr_size_t cdist_board_bytes(void);

/* The catalogues of one process; call it after fork. */
CDIST_MUST_CHECK cdist_err_t *cdist_live_create(cdist_live_t **live, const cdist_live_options_t *options, apr_pool_t *pool);
/* From now on catalogues are shared with the other processes through this store: one of them looks, all see the same; and
 * their sources tell whether they are built. */
void cdist_live_share(cdist_live_t *live, cdist_store_t *store);
/* The current snapshot of a lookup. The first caller after `interval`, or after the moment when a release settles, scans; the
 * others, on the whole host, go on with the snapshot before. Only the very first scan makes others wait, and no longer than
 * a few seconds after it began: then, a share may be hanging, NULL. The snapshot stays valid until `pool` is cleared. `watching` is 1 for the one who
 * looks regularly, so that requests need not. */
const cdist_catalogue_t *cdist_live_get(cdist_live_t *live, const cdist_lookup_t *lookup, int watching, apr_pool_t *pool);
/* The same for cdist_server_version: looked at once an interval, CDIST_E_SOURCE while the first look hangs. */
CDIST_MUST_CHECK cdist_err_t *cdist_live_server(cdist_version_t *version, cdist_live_t *live, const char *path,
                                                int watching, apr_pool_t *pool);
/* Lets cdist_live_get scan soon, a second after the last scan at the earliest: a build found that the source is not what the
 * snapshot says, or an archive was built. */
void cdist_live_expire(cdist_live_t *live, const cdist_lookup_t *lookup);

/* ---- versions that are held (holds.c) ------------------------------------------------------------------------------ */

#define CDIST_HOLDS_FILE ".1cdist/holds" /* in a root */

/* The versions (cdist_version_t) that are held in a root; none where there is no such file. CDIST_E_INPUT if a line of it is no version,
 * CDIST_E_SOURCE if it cannot be read. */
CDIST_MUST_CHECK cdist_err_t *cdist_holds_read(apr_array_header_t **holds, const char *root, apr_pool_t *pool);
int cdist_holds_have(const apr_array_header_t *holds, const cdist_version_t *version);

/* ---- reports of branches (branch_report.c) ------------------------------------------------------------------------ */

#define CDIST_BRANCH_REPORT_MAX 16384 /* bytes */
#define CDIST_BRANCHES_MAX 1000

/* Checks a report from the network and makes anew of it what is kept: one line of JSON with the members user, received (seconds
 * since 1970), name, releases, current, last_sync, error, and no other. CDIST_E_INPUT says which member is wrong. */
CDIST_MUST_CHECK cdist_err_t *cdist_branch_report_clean(const char **clean, const char *bytes, apr_size_t length, const char *user,
                                                        apr_time_t received, apr_pool_t *pool);
/* Keeps the report of a user in a folder, which is made, in place of his last one. */
CDIST_MUST_CHECK cdist_err_t *cdist_branch_report_keep(const char *folder, const char *user, const char *clean, apr_pool_t *pool);
/* All of them (const char *), by user; none where there is no folder. */
CDIST_MUST_CHECK cdist_err_t *cdist_branch_reports(apr_array_header_t **reports, const char *folder, apr_pool_t *pool);

/* ---- selection (selector.c) ------------------------------------------------------------------------------------ */

/* What CDistCurrent and CDistRequire say. */
typedef struct {
    enum { CDIST_CURRENT_UNSET, CDIST_CURRENT_NEWEST, CDIST_CURRENT_MASK, CDIST_CURRENT_SERVER } kind;
    cdist_version_t mask;               /* 2 to 4 components */
    const char *server;                 /* for SERVER: the folder of server versions; to be turned into a MASK by the
                                         * caller (cdist_live_server) before anything is selected */
    const apr_array_header_t *required; /* const cdist_slot_t *, NULL: none; only a release with all of them is current */
    int prefer_built; /* a release whose archives are built, or were once, goes before a newer one that never was, as long as
                       * there is one */
} cdist_current_t;

/* What a request asks for. */
typedef struct {
    const cdist_slot_t *slot;
    cdist_version_t mask; /* none: the current version */
} cdist_selector_t;

/* Parses the value of CDistCurrent, "newest", a mask, or a full version, into `kind` and `mask`. NULL, or what is wrong. */
const char *cdist_current_parse(cdist_current_t *current, const char *text);
/* The current version, or why there is none: CDIST_E_NOTFOUND, or CDIST_E_SOURCE while a root cannot be read. */
CDIST_MUST_CHECK cdist_err_t *cdist_select_current(const cdist_release_t **release, const cdist_catalogue_t *catalogue,
                                                   const cdist_current_t *current, apr_pool_t *pool);
/* The source that answers a selector. A full version gets that version or an error; a mask the current version if it
 * matches and has the slot, else the newest complete one that does. Releases with installers go before all that have
 * installed directories only, whatever their versions; so also with "newest" for the current version. Among these, built ones go first where
 * `prefer_built` says so.
 * Errors: CDIST_E_NOTFOUND; CDIST_E_CHANGED while the release is being filled; CDIST_E_SOURCE while a root or the
 * release cannot be read, so that the answer is not known. */
CDIST_MUST_CHECK cdist_err_t *cdist_select(const cdist_source_t **source, const cdist_catalogue_t *catalogue,
                                           const cdist_current_t *current, const cdist_selector_t *selector,
                                           apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
