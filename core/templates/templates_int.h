/* Between the files of the room. */
#ifndef CDIST_TEMPLATES_INT_H
#define CDIST_TEMPLATES_INT_H

#include "cdist_templates.h"

#include <apr_hash.h>

/* ---- names and what they claim (names.c) ---- */

/* What a file is for, by its name in any case. */
typedef enum {
    ROLE_NONE,
    ROLE_CF,
    ROLE_CFU,
    ROLE_DELIVERY, /* .efd, .zip */
    ROLE_MFT,      /* 1cv8.mft */
    ROLE_UPDINFO,  /* UpdInfo.txt */
    ROLE_CUC,      /* 1cv8.cuc */
    ROLE_NOTICE,   /* 1cv8upd.htm */
    ROLE_LIST,     /* v8upd11.xml */
    ROLE_CACHE,
    ROLE_COUNT
} role_t;
role_t cdist_role_of(const char *name);
/* 1 if the name is the one that the platform gives to files of that role. */
int cdist_role_is_usual(role_t role, const char *name);
/* The version that a name claims, four numbers with dots or underscores, zeros in front allowed; "" if there is none, or
 * several. With `whole` the name must be nothing else. */
const char *cdist_claim_of(const char *name, int whole, apr_pool_t *pool);
/* 1 if a version is another one than was claimed; numbers count, not their zeros. */
int cdist_claim_differs(const char *claim, const char *version);
/* "dd.mm.yyyy" as midnight UTC, or CDIST_UNDATED. */
apr_time_t cdist_date_parse(const char *text);

/* ---- what one file yields (findings.c) ---- */

typedef struct {
    apr_array_header_t *templates; /* cdist_template_t, without path */
    apr_array_header_t *problems;  /* const char * */
    int passing;                   /* 1: a problem may be gone at the next look, though the file is the same */
    apr_pool_t *pool;
} findings_t;

findings_t *cdist_findings_make(apr_pool_t *pool);
cdist_template_t *cdist_findings_add(findings_t *findings);
void cdist_findings_problem(findings_t *findings, const char *fmt, ...) CDIST_PRINTF(2, 3);
/* Notes an error without the name in front, which whoever prints it puts there; `member` ("" for the file itself) is shown. */
void cdist_findings_error(findings_t *findings, const cdist_err_t *err, const char *name, const char *member);

/* ---- the texts of a release (texts.c, notice.c) ---- */

typedef struct {
    const char *folder;           /* inside of a delivery, else "" */
    const cdist_file_facts_t *mft, *updinfo; /* NULL: there is none */
    apr_array_header_t *installs; /* const char *: what the manifest names in Source= */
    apr_array_header_t *applies;  /* cdist_configuration_id_t: of 1cv8.cuc; NULL: none */
    const char *min_platform;     /* of 1cv8upd.htm, or "" */
} texts_t;

texts_t *cdist_texts_make(const char *folder, apr_pool_t *pool);
/* Reads one of the texts. CDIST_E_INPUT if it is none. */
CDIST_MUST_CHECK cdist_err_t *cdist_texts_take(texts_t *texts, role_t role, cdist_bytes_t *bytes, apr_pool_t *pool);
/* Gives a template that was read what only texts tell, and notes where they say something else than it does. */
void cdist_texts_apply(cdist_template_t *template, findings_t *findings, const texts_t *texts);
/* The same for texts that lie beside a delivery: they count where its own are silent, and where the version is theirs. */
void cdist_texts_complete(cdist_template_t *template, const texts_t *texts);
/* The platform version that 1cv8upd.htm asks for ("не ниже 8.3.6.2076"); "" if it names none. */
const char *cdist_notice_platform(const char *bytes, apr_size_t length, apr_pool_t *pool);

/* ---- v8upd11.xml (update_list.c) ---- */

typedef struct {
    cdist_configuration_id_t id;
    apr_array_header_t *sources; /* cdist_configuration_id_t */
    const char *file;            /* as it is written */
    const char *platform;        /* "" if none is asked for */
    apr_uint64_t bytes;
    const char *folder;          /* where the list lies */
} update_t;

/* Adds what a list says to `updates`. CDIST_E_INPUT names the line. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_list_parse(apr_array_header_t *updates, const char *bytes, apr_size_t length,
                                                      const char *name, apr_pool_t *pool);

/* ---- caches (cache.c, cache_place.c) ---- */

/* What a cache is compared with: the file, and the texts that speak of it. */
typedef struct {
    apr_uint64_t bytes;
    apr_int64_t mtime_ns, ctime_ns;
    unsigned char texts[16]; /* of a digest of their stats; zeros without any */
    apr_int64_t changed_ns;  /* the last change of any of them */
    apr_int64_t looked_ns;   /* when the stats were taken */
} mark_t;

#define CACHE_BESIDE_MAX 1000u
#define CACHE_MAX (64u * 1024)

/* NULL if it would be longer than CACHE_MAX. */
const char *cdist_cache_format(apr_size_t *length, const mark_t *mark, const findings_t *findings, apr_pool_t *pool);
/* 1 if the cache is sound and of this very state; then `findings`, which were empty, have what it holds. */
int cdist_cache_parse(findings_t *findings, const mark_t *mark, const char *bytes, apr_size_t length);
/* What stands behind the marks, for which nobody vouches; 1 or 0. */
int cdist_cache_parse_findings(findings_t *findings, const char *bytes, apr_size_t length);

/* ---- folders (place.c) ---- */

typedef struct {
    const char *name;
    cdist_stat_t stat;
    role_t role;
    int cached; /* 1: a cache lies beside it */
} child_t;

typedef struct {
    const char *path, *absolute;
    cdist_folder_t *folder;
    apr_array_header_t *children; /* child_t, by name: folders, and files with a role */
    const child_t *chosen[ROLE_COUNT]; /* the file that plays a role: that with the usual name, else the only one, else NULL */
    int again;                    /* 1: it was read before, and has no children here */
    apr_int64_t looked_ns;        /* before the stats were taken */
    int litter;                   /* 1: temporary files of a crash may lie in it */
    int read_only;                /* 1: no cache can be written here */
} place_t;

/* ---- a scan (scan.c, scan_exact.c, look.c, scan_fast.c, scan_lists.c) ---- */

typedef struct {
    const cdist_template_options_t *options;
    cdist_template_scan_t *result;
    apr_pool_t *pool;        /* of the result */
    apr_hash_t *texts;       /* every text of the result once */
    apr_hash_t *folders;     /* device and inode of those that were read */
    apr_hash_t *files;       /* fast: path without regard to case → known_file_t */
    apr_array_header_t *untold;  /* fast: untold_t *, folders without a manifest */
    apr_array_header_t *updates; /* update_t: what lists say */
    const char *root, *root_absolute;
    int found, names;
    cdist_folder_t *cache_folder;
    int cache_folder_tried;
    cdist_sha256_t *digest;
    apr_pool_t *scratch;     /* as long as the scan */
} scan_t;

typedef struct {
    const char *folder;
    int told; /* 1: a list knew one of its files */
} untold_t;

typedef struct {
    const char *path;
    apr_uint64_t bytes;
    int used;         /* 1: texts beside it made a template of it */
    untold_t *untold; /* NULL: its folder has a manifest */
} known_file_t;

/* A text of the result; equal ones are the same. */
const char *cdist_scan_keep(scan_t *scan, const char *text);
void cdist_scan_problem(scan_t *scan, const char *path, const char *message);
/* Takes a template into the result, and deep copies of its texts. */
void cdist_scan_take(scan_t *scan, const cdist_template_t *template, const char *path);
/* Counts a file, and tells that it comes next. */
void cdist_scan_count(scan_t *scan, const char *path);
/* 1 when the scan has to end. */
int cdist_scan_is_stopped(const scan_t *scan);
/* Lists a folder, once in a scan; `parent` (NULL for one of the caller's) is the place that it lies in. Links are problems. */
CDIST_MUST_CHECK cdist_err_t *cdist_place_read(place_t *place, scan_t *scan, const place_t *parent, apr_pool_t *pool);
/* A file of the place, as bytes. */
CDIST_MUST_CHECK cdist_err_t *cdist_place_open(cdist_bytes_t **bytes, apr_file_t **file, const place_t *place,
                                               const child_t *child, apr_pool_t *pool);
/* What texts a place has. Those that cannot be read are noted. */
texts_t *cdist_place_texts(findings_t *findings, const place_t *place, const role_t *roles, apr_pool_t *pool);
/* What is known of a file from a cache; 1 or 0. Afterwards what was found out about it. */
int cdist_cache_get(findings_t *findings, scan_t *scan, const place_t *place, const child_t *child, const mark_t *mark);
void cdist_cache_put(scan_t *scan, place_t *place, const child_t *child, const mark_t *mark, const findings_t *findings);
/* Everything in one file that can be installed, by its content. `beside`: texts that lie beside it, or NULL. */
void cdist_look_into(findings_t *findings, cdist_bytes_t *bytes, role_t role, const texts_t *beside, apr_pool_t *pool);
/* The templates of one place. */
void cdist_scan_exactly(scan_t *scan, place_t *place, apr_pool_t *pool);
void cdist_scan_fast(scan_t *scan, place_t *place, apr_pool_t *pool);
/* Takes note of the lists in a place; at the end, uses them. */
void cdist_scan_lists(scan_t *scan, const place_t *place, apr_pool_t *pool);
void cdist_scan_apply_lists(scan_t *scan);

#endif
