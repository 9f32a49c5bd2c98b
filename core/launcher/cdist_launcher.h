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
    int is_folder;    /* it has no Connect */
} cdist_infobase_t;

struct cdist_infobase_list_t {
    cdist_lines_t *lines;
    apr_array_header_t *settings;  /* cdist_setting_t */
    apr_array_header_t *infobases; /* cdist_infobase_t, folders included, in the file's order */
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

#ifdef __cplusplus
}
#endif

#endif
