/* The files by which a 1C server tells its clients where their archives are: conf.cfg, ClientUpdate.cfg, default.vrd. They are
 * read and written back without touching anything else in them. */
#ifndef CDIST_PUBLICATION_H
#define CDIST_PUBLICATION_H

#include "platform/cdist_platform.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- locations (location.c) ------------------------------------------------------------------------------------ */

/* What publication files call a slot that the platform updates itself. Source: administrator guide of 8.3.23, App. 3.14, and
 * of 8.3.22, 11.2.2. There are no others: ARM and E2K clients are not updated. */
typedef struct {
    const char *slot;      /* the name in cdist_slots */
    const char *key;       /* of conf.cfg and ClientUpdate.cfg */
    const char *attribute; /* of <point> in a .vrd file */
    int bits;              /* in the publication dialog */
    const char *system;
} cdist_location_t;

#define CDIST_LOCATIONS 5
extern const cdist_location_t cdist_locations[CDIST_LOCATIONS];

/* The place in cdist_locations, -1 if it is none. Keys compare without case, attributes with it. */
int cdist_location_by_slot(const cdist_slot_t *slot);
int cdist_location_by_key(const char *key);
int cdist_location_by_attribute(const char *attribute);

/* An absolute http or https URL without blanks, control characters, user, query and fragment, as the start of the
 * addresses that are handed out; *base is it without the slashes at its end. NULL, or what is wrong: it never repeats the
 * text, which may hold a password. */
const char *cdist_base_url_parse(const char **base, const char *text, apr_pool_t *pool);
/* The address for a message: the same without user and password, with nothing that does not print. */
const char *cdist_url_shown(const char *url, apr_pool_t *pool);
/* 1 if there is a user or password in it. */
int cdist_url_has_user(const char *url);

/* ---- lines of settings (settings.c) ---------------------------------------------------------------------------- */

typedef enum {
    CDIST_SETTING_BLANK,
    CDIST_SETTING_COMMENT,
    CDIST_SETTING_SECTION,
    CDIST_SETTING_VALUE,
    CDIST_SETTING_OTHER
} cdist_setting_kind_t;

/* What one line says. */
typedef struct {
    cdist_setting_kind_t kind;
    int number;        /* of the line, from 1 on */
    const char *key;   /* of a value, or a section's name; without blanks around it. NULL otherwise */
    const char *value; /* of a value, the same */
    int spaced;        /* a value with blanks beside its equals sign */
} cdist_settings_line_t;

/* A file of Key=Value lines and [sections], which can be written back byte for byte. */
typedef struct {
    cdist_lines_t *file;
    apr_array_header_t *lines; /* cdist_settings_line_t, one for each line of the file */
    apr_pool_t *pool;
} cdist_settings_t;

/* Larger files, and those of more lines, are nobody's list of settings. */
#define CDIST_SETTINGS_MAX (16 * 1024 * 1024)
#define CDIST_SETTINGS_LINES_MAX 1000000

/* Reads what cdist_lines_parse takes: UTF-8, or UTF-16LE with a byte order mark. CDIST_E_INPUT, with file and line, for anything
 * else, and for too many lines. No bytes at all make an empty file of UTF-8 without mark. The bytes may go away afterwards. */
CDIST_MUST_CHECK cdist_err_t *cdist_settings_parse(cdist_settings_t **settings, const char *bytes, apr_size_t length,
                                                   const char *path, apr_pool_t *pool);
/* The value of the first line with that key, compared without case, before any section; NULL if there is none. */
const char *cdist_settings_get(const cdist_settings_t *settings, const char *key);
/* Gives every line with that key the value, or adds one at the end with the line ending of the others. All else stays. The
 * value must be one line. */
void cdist_settings_set(cdist_settings_t *settings, const char *key, const char *value);
/* As bytes in the encoding that it came in. */
const char *cdist_settings_write(apr_size_t *length, const cdist_settings_t *settings, apr_pool_t *pool);

/* ---- .vrd files (vrd.c, vrd_tag.c) ----------------------------------------------------------------------------- */

typedef struct {
    const char *name, *value;
    int line;
} cdist_attribute_t;

/* The start tag of a publication's descriptor. Source of the format: administrator guide of 8.3.22, 11.2.2. The value of `ib`
 * may hold a password: it is not kept, and stands in no message. */
typedef struct {
    apr_array_header_t *attributes; /* cdist_attribute_t of <point>; that of ib has the value "" */
    int ib_line;                    /* 0: there is no ib */
    int ib_secret;                  /* ib names a user or a password */
    const char *bytes;              /* the file, in the pool that it was parsed in */
    apr_size_t length, tag_at, tag_bytes; /* where the start tag of <point> is in it */
} cdist_vrd_t;

#define CDIST_VRD_MAX (1024 * 1024)

/* Reads UTF-8 XML. CDIST_E_INPUT, with the line in front, for what is not well-formed, has a DOCTYPE (no entity of a file is
 * ever expanded), or has no {http://v8.1c.ru/8.2/virtual-resource-system}point at its root. *line (may be NULL) is that line. */
CDIST_MUST_CHECK cdist_err_t *cdist_vrd_parse(cdist_vrd_t **vrd, int *line, const char *bytes, apr_size_t length,
                                              apr_pool_t *pool);
/* The attribute of <point>, NULL if it has none of that name. */
const cdist_attribute_t *cdist_vrd_attribute(const cdist_vrd_t *vrd, const char *name);
/* The file with attributes of <point> replaced or added, in the manner of those that are there. Nothing else changes. `values`
 * has CDIST_LOCATIONS of them in the order of cdist_locations; NULL leaves the attribute as it is. */
void cdist_vrd_write(const char **bytes, apr_size_t *length, const cdist_vrd_t *vrd, const char *const *values,
                     apr_pool_t *pool);
/* 1 if a connection string (Srvr="h";Ref="r";Usr="u";), or one among other words, gives the name a value that is not empty. Names
 * compare without case. */
int cdist_connection_has(const char *text, const char *name);
/* name="value", with what XML wants escaped. */
const char *cdist_vrd_attribute_text(const char *name, const char *value, apr_pool_t *pool);

/* ---- publications (publication.c) ------------------------------------------------------------------------------ */

/* What clients are told about one release. Arrays are in the order of cdist_locations. */
typedef struct {
    cdist_version_t version;
    const char *url[CDIST_LOCATIONS];   /* NULL: the release has nothing for it */
    const char *lacks[CDIST_LOCATIONS]; /* why there is no url; NULL where there is one */
} cdist_publication_t;

/* The newest release under the mask (none: of all) that holds an installer for one of the slots; what changed a moment ago
 * counts. `base_url` as made by cdist_base_url_parse. `stable`: addresses without a version. CDIST_E_NOTFOUND if there is
 * none, or, without a mask, if there are releases of several families; CDIST_E_SOURCE if a root could not be read. */
CDIST_MUST_CHECK cdist_err_t *cdist_publication_make(cdist_publication_t *publication, const cdist_catalogue_t *catalogue,
                                                     const cdist_version_t *mask, const char *base_url, int stable,
                                                     apr_pool_t *pool);
/* Sets the keys of conf.cfg. */
void cdist_publication_put(cdist_settings_t *settings, const cdist_publication_t *publication);
/* Sets the keys of ClientUpdate.cfg (administrator guide of 8.3.23, App. 3.14); `update_date` may be NULL. */
void cdist_publication_put_update(cdist_settings_t *settings, const cdist_publication_t *publication,
                                  const char *update_date);
/* 1 if it is a moment as YYYYMMDDHHMMSS, of the years 2000 to 2999. */
int cdist_update_date_valid(const char *text);

#ifdef __cplusplus
}
#endif

#endif
