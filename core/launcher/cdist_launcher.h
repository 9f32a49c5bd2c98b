/* Which version of the platform an infobase is started with: the launcher's own files, and its decision with every reason.
 *
 * The files are read and written back without loss. The decision is a pure function of what was read: infobase lists, start
 * settings, and builds of the platform that were found. Nothing is installed or started, and no server is asked.
 * Rules and their sources stand in docs/launcher.md. Passwords in the files never reach a result, a step or an error. */
#ifndef CDIST_LAUNCHER_H
#define CDIST_LAUNCHER_H

#include "platform/cdist_platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/* Larger files of the launcher are refused. */
#define CDIST_LAUNCHER_FILE_MAX (8 * 1024 * 1024)

/* One Key=Value line. */
typedef struct {
    const char *key, *value; /* blanks at the value's end are dropped */
    int line;                /* from 1 */
    int broken;              /* blanks around '=': the launcher does not know the key then */
} cdist_setting_t;

/* ---- 1cestart.cfg and 1cescmn.cfg (start_cfg.c), administrator guide 8.3.23, appendix 3.5 --------------------------- */

typedef enum { CDIST_START_USER, CDIST_START_ALL_USERS, CDIST_START_COMMON } cdist_start_scope_t;

typedef struct {
    cdist_start_scope_t scope; /* of the user until the caller says otherwise */
    int linked;                /* a CommonCfgLocation led to it */
    cdist_lines_t *lines;
    apr_array_header_t *settings; /* cdist_setting_t, in the file's order */
} cdist_start_cfg_t;

/* Parses a file's bytes; `path` is for messages. CDIST_E_INPUT names file, line and reason. _read_ reads it first:
 * CDIST_E_NOTFOUND, CDIST_E_SOURCE, or CDIST_E_INPUT for one above CDIST_LAUNCHER_FILE_MAX. */
CDIST_MUST_CHECK cdist_err_t *cdist_start_cfg_parse(cdist_start_cfg_t **cfg, const char *bytes, apr_size_t length,
                                                    const char *path, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_start_cfg_read(cdist_start_cfg_t **cfg, const char *path, apr_pool_t *pool);
/* The first value of a key, compared without case; NULL if there is none. */
const cdist_setting_t *cdist_start_cfg_get(const cdist_start_cfg_t *cfg, const char *key);
/* Adds Key=Value at the end of the lines; the settings stay as they were read. The file's bytes are
 * cdist_lines_format(cfg->lines). */
void cdist_start_cfg_add(cdist_start_cfg_t *cfg, const char *key, const char *value, apr_pool_t *pool);

/* ---- *.v8i (infobase_list.c), administrator guide 8.3.23, appendix 3.3 ---------------------------------------------- */

typedef enum { CDIST_CONNECT_NONE, CDIST_CONNECT_FILE, CDIST_CONNECT_SERVER, CDIST_CONNECT_WEB } cdist_connect_kind_t;

/* Where an infobase lies. Users and passwords of a connection text are not kept; NULL is what it does not have. */
typedef struct {
    cdist_connect_kind_t kind;
    const char *file, *server, *ref, *url;
} cdist_connect_t;

/* Takes File="…"; Srvr="…";Ref="…"; ws="…"; and the same without quotes or the last semicolon. */
void cdist_connect_parse(cdist_connect_t *connect, const char *text, apr_pool_t *pool);

typedef struct cdist_infobase_list_t cdist_infobase_list_t;

/* A section of a list. */
typedef struct {
    const cdist_infobase_list_t *list;
    const char *name;
    int line;         /* of its header, from 1 */
    int first, count; /* its settings in the list's */
    int is_folder;    /* a group of the list: it has no Connect */
} cdist_infobase_t;

struct cdist_infobase_list_t {
    cdist_lines_t *lines;
    apr_array_header_t *settings;  /* cdist_setting_t */
    apr_array_header_t *infobases; /* cdist_infobase_t, groups included, in the file's order */
    int own;                       /* may be written: named by the caller, not by a CommonInfoBases */
};

/* As for cdist_start_cfg_*. */
CDIST_MUST_CHECK cdist_err_t *cdist_infobases_parse(cdist_infobase_list_t **list, const char *bytes, apr_size_t length,
                                                    const char *path, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_infobases_read(cdist_infobase_list_t **list, const char *path, apr_pool_t *pool);
/* A key's first value in the section; NULL if there is none, or an empty one. */
const cdist_setting_t *cdist_infobase_get(const cdist_infobase_t *infobase, const char *key);
/* Sets a key in the list's lines, in the place of a line that has it already; the settings stay as they were read. The file's
 * bytes are cdist_lines_format(list->lines). */
void cdist_infobase_set(cdist_infobase_list_t *list, const cdist_infobase_t *infobase, const char *key, const char *value,
                        apr_pool_t *pool);

/* ---- lists that a process remembers (list_memory.c) ------------------------------------------------------------------ */

/* For several threads. What is kept was read from at most `max_bytes` of files together, and takes a few times as much memory;
 * what was asked for longest ago goes first. It lives in `pool`, and longer than every pool that lists are got for. */
typedef struct cdist_list_memory_t cdist_list_memory_t;
CDIST_MUST_CHECK cdist_err_t *cdist_list_memory_create(cdist_list_memory_t **memory, apr_uint64_t max_bytes, apr_pool_t *pool);
/* The list in a file, and how many bytes that has: parsed anew unless the file is still the one that was read, by device,
 * inode, size and times, with its last change two seconds ago or more. The list stays until `pool` is cleared, and must not be
 * changed. Messages call it `name`. Errors as for cdist_infobases_read, with `max_bytes` as the largest file. */
CDIST_MUST_CHECK cdist_err_t *cdist_list_memory_get(const cdist_infobase_list_t **list, apr_uint64_t *bytes,
                                                    cdist_list_memory_t *memory, const char *path, const char *name,
                                                    apr_uint64_t max_bytes, apr_pool_t *pool);

/* ---- builds of the platform (installed_builds.c, distributive_builds.c) ---------------------------------------------- */

/* One installed or installable build. */
typedef struct {
    cdist_version_t version; /* of a legacy folder that does not tell it: "8.1" alone */
    const char *arch;        /* "x86", "x86_64", "arm64", "e2k"; "" if nothing tells it */
    const char *system;      /* "windows", "linux", "macos"; "" if nothing tells it */
    int installed;           /* else a distribution */
    int shared;              /* found through 1cescmn.cfg */
    int legacy;              /* given for 8.0 or 8.1 */
    const char *path;        /* folder, or archive */
    const char *thin;        /* path of 1cv8c; of a distribution that brings it, `path`; NULL: it has none */
    const char *thick;       /* the same for 1cv8 */
} cdist_build_t;

/* What the launcher describes in two ways: 8.2 looks at places one after the other (what can be installed before what is
 * installed, the user's own before shared ones), 8.3 takes the highest of all. */
typedef enum { CDIST_RULES_83, CDIST_RULES_82 } cdist_rules_t;

/* ---- everything that a decision rests on (gather.c) ------------------------------------------------------------------ */

typedef struct {
    apr_pool_t *pool;
    apr_array_header_t *lists;     /* cdist_infobase_list_t *, the user's own first */
    apr_array_header_t *start;     /* cdist_start_cfg_t *, in the order in which they were added */
    apr_array_header_t *builds;    /* cdist_build_t */
    apr_array_header_t *notes;     /* const char *: what could not be used of what was looked at, and why */
    const char *arch;              /* goes before what the files say; NULL: they decide */
    const char *current;           /* the version that a publication gives to who asks for none: the builds are then of no
                                    * other one. NULL: there is no such, and it is the newest */
    cdist_rules_t rules;
    apr_array_header_t *arguments; /* const char *: handed on to the client */
} cdist_launcher_t;

/* An empty one; it and all that is added lives in `pool`. */
cdist_launcher_t *cdist_launcher_create(apr_pool_t *pool);
/* 1 if the text is an architecture as the launcher writes it: x86 x86_prt x86_64 x86_64_prt, in any case. */
int cdist_launcher_arch_known(const char *arch);
/* Adds a list or settings from a file; errors as for their _read. Of the settings the first file is the user's, later ones
 * are those of all users; one that is named 1cescmn.cfg is the common one, whatever its place. */
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_add_infobases(cdist_launcher_t *launcher, const char *path);
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_add_start_cfg(cdist_launcher_t *launcher, const char *path);
/* Adds the builds below a folder: a folder of versions (8.3.22.1750/bin/1cv8c.exe, 8.3.22.1750/1cv8c, below x86_64 too), or one
 * version. Its own name or, where that tells none, the program tells the version. CDIST_E_SOURCE if it cannot be read. */
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_add_installed(cdist_launcher_t *launcher, const char *path, int shared);
/* Adds the distributions below a folder, as cdist_catalogue_scan finds them. */
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_add_distributive(cdist_launcher_t *launcher, const char *path, int shared);
/* Adds what a server publishes: a thin client's distribution, and its address. */
void cdist_launcher_add_published(cdist_launcher_t *launcher, const cdist_version_t *version, const cdist_slot_t *slot,
                                  const char *url);
/* Adds the folder of platform 8.0 or 8.1, or one of folders of its versions. CDIST_E_INPUT for another version, CDIST_E_NOTFOUND
 * without 1cv8 in it. */
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_add_legacy(cdist_launcher_t *launcher, const char *version, const char *path);
/* Reads what the settings lead to: CommonCfgLocation, then CommonInfoBases, InstalledLocation and DistributiveLocation. What
 * cannot be read becomes a note; a path of another system is not tried. Call it once, after all settings are added. */
void cdist_launcher_follow(cdist_launcher_t *launcher);

/* ---- which of several files counts (precedence.c) -------------------------------------------------------------------- */

typedef struct {
    const cdist_start_cfg_t *cfg;
    const cdist_setting_t *setting;
} cdist_start_value_t;

/* The values of a key (cdist_start_value_t) that count, the first one first: of the one file that goes before the others for this
 * key, or of all files where the launcher merges them. An unknown key counts as the user's first. */
apr_array_header_t *cdist_start_values(const cdist_launcher_t *launcher, const char *key, apr_pool_t *pool);

/* ---- the decision (resolve.c) ---------------------------------------------------------------------------------------- */

typedef struct {
    const char *infobase;
    const char *required;      /* a version or mask; "" if nothing asks for one */
    const char *chosen;        /* "" if there is none */
    const char *arch;          /* of the chosen build; "" if nothing tells it */
    const char *client;        /* "thin", "thick", "web" */
    const char *origin;        /* "installed", "distributive"; "" if nothing is chosen */
    const char *path;          /* the client's program, or the distribution */
    apr_array_header_t *args;  /* const char * */
    apr_array_header_t *steps; /* const char *: "FILE:LINE: what was decided" */
    const char *problem;       /* why no version could be chosen; NULL if one was, or a web client needs none */
    int automatic;             /* the kind of client was left to the launcher, and no DefaultApp says it */
} cdist_resolution_t;

/* The infobases (const cdist_infobase_t *) of all lists, without groups; one that an earlier list has with the same ID is left
 * out. */
apr_array_header_t *cdist_launcher_infobases(const cdist_launcher_t *launcher, apr_pool_t *pool);
/* One by its name: as it is written, else without case. CDIST_E_NOTFOUND if there is none, or it is a group. */
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_find(const cdist_infobase_t **infobase, const cdist_launcher_t *launcher,
                                                  const char *name, apr_pool_t *pool);
/* For who found the infobase by its name: adds a step for each other one of that name in the lists, compared without case. */
void cdist_resolution_note_namesakes(cdist_resolution_t *resolution, const cdist_launcher_t *launcher,
                                     const cdist_infobase_t *infobase, apr_pool_t *pool);
/* Decides. A full version is answered with that version or not at all. CDIST_E_INPUT if the infobase asks for what is no version;
 * that there is none is no error, but the result's problem. Thread-safe while nothing is added to the launcher. */
CDIST_MUST_CHECK cdist_err_t *cdist_resolve(cdist_resolution_t **resolution, const cdist_launcher_t *launcher,
                                            const cdist_infobase_t *infobase, apr_pool_t *pool);
/* The result as one JSON object: infobase required chosen arch client origin path args steps. */
const char *cdist_resolution_json(const cdist_resolution_t *resolution, apr_pool_t *pool);

/* ---- what the launcher would remember (record.c) --------------------------------------------------------------------- */

/* Writes, once: DefaultApp of an infobase whose client was chosen automatically, into its own list; and in the user's settings
 * CommonCfgLocation with the common file that was added by name. Nothing is written that is there already; each file is replaced
 * in one step, with its encoding and unknown lines. *written counts the files. `infobases` (const cdist_infobase_t *) belong to
 * `resolutions` (const cdist_resolution_t *) of the same index. CDIST_E_CHANGED if a file is no longer as it was read. */
CDIST_MUST_CHECK cdist_err_t *cdist_launcher_record(int *written, const cdist_launcher_t *launcher,
                                                    const apr_array_header_t *infobases,
                                                    const apr_array_header_t *resolutions, apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
