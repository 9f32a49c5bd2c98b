/* Configuration updates in folders: which there are, and which of them lead from one version to another.
 *
 * - A *template folder* is where an administrator's releases lie: <vendor>/<configuration>/<version>/ with 1cv8.cf, 1cv8.cfu,
 *   1cv8.mft and UpdInfo.txt. Names and places are habits that nothing enforces.
 * - A *template* is one file of it that can be installed: a configuration (.cf) or an update (.cfu).
 * - A *chain* is a row of templates, each of which applies to what the one before it led to.
 *
 * Finding reads files and keeps what it learnt in small caches; chaining is a pure function of what was found. */
#ifndef CDIST_TEMPLATES_H
#define CDIST_TEMPLATES_H

#include "base/cdist_base.h"
#include "updates/cdist_updates.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No release date is known. */
#define CDIST_UNDATED ((apr_time_t)-1)

/* What can be installed. What is not known is "" or 0. */
typedef struct {
    cdist_file_kind_t kind;      /* CDIST_FILE_CF or CDIST_FILE_CFU */
    cdist_configuration_id_t id; /* what one has after it; version_id is "" where only texts were read */
    apr_array_header_t *sources; /* cdist_configuration_id_t: what a .cfu applies to, in its order; version_id "" as above */
    const char *path;            /* the file, or the delivery (.efd, .zip) that it lies in */
    const char *member;          /* its name in that delivery, else "" */
    apr_uint64_t bytes;          /* its length, unpacked */
    int distribution;            /* 1: a .cf that can stand as a vendor's configuration; not known from texts alone: 0 */
    int text_only;               /* 1: nothing but texts was read for it */
    int listed;                  /* 1: only texts tell of it (v8upd11.xml, UpdInfo.txt); the file is not on the disk */
    apr_time_t released;         /* midnight UTC of the UpdateDate, or CDIST_UNDATED */
    const char *min_platform;    /* the least platform version that its release asks for */
} cdist_template_t;

/* ---- finding templates (scan.c) ----------------------------------------------------------------------------------- */

typedef enum {
    CDIST_SCAN_EXACT, /* reads every .cf and .cfu, those in .efd and .zip too */
    CDIST_SCAN_FAST   /* reads 1cv8.mft, UpdInfo.txt, 1cv8.cuc and v8upd11.xml, and opens nothing else */
} cdist_scan_mode_t;

/* `done` of `found` files were looked at; more may be found. `path` is the next one, NULL at the end. */
typedef void(cdist_scan_progress_fn)(void *baton, int done, int found, const char *path);

/* All zero: exact, without caches. */
typedef struct {
    cdist_scan_mode_t mode;
    int cache_beside;         /* 1: what was read of FILE is kept in .FILE.1cdist beside it, under 1 KiB */
    const char *cache_folder; /* where it is kept that has no place there; made if it is missing. NULL: nowhere */
    cdist_scan_progress_fn *progress; /* may be NULL */
    void *baton;
    const volatile apr_uint32_t *stop; /* may be NULL; CDIST_E_STOPPED soon after it is not 0 any more */
} cdist_template_options_t;

typedef struct {
    const char *path;    /* the file or folder */
    const char *message; /* what is wrong with it, without the path, on one line */
} cdist_template_problem_t;

typedef struct {
    apr_array_header_t *templates; /* cdist_template_t *, by path and member */
    apr_array_header_t *problems;  /* cdist_template_problem_t, by path: what cannot be read, and what lies */
    int folders;                   /* that were read */
    int files;                     /* .cf, .cfu, .efd and .zip in them */
    int cached;                    /* of these, so many were known from caches */
} cdist_template_scan_t;

/* Finds the templates below folders (const char *), whatever their names and places. Links below them are not followed. What
 * cannot be read is a problem in the list, and so are files whose name, folder or texts say another version than their
 * content; none of them stops the rest, and after ten thousand only folders of the caller's are added. CDIST_E_SOURCE or
 * CDIST_E_NOTFOUND if not one of these can be read; CDIST_E_STOPPED. Whether a cache can be written changes nothing. For one
 * thread; several may scan the same folders at once. */
CDIST_MUST_CHECK cdist_err_t *cdist_templates_scan(cdist_template_scan_t **scan, const apr_array_header_t *folders,
                                                   const cdist_template_options_t *options, apr_pool_t *result_pool,
                                                   apr_pool_t *scratch_pool);

/* The platform's own template folder of this user: %APPDATA%\1C\1cv8\tmplts, ~/.1cv8/1C/1cv8/tmplts; NULL if neither is
 * known. */
const char *cdist_templates_default_folder(apr_pool_t *pool);
/* Where a program keeps caches for this user: %LOCALAPPDATA%, $XDG_CACHE_HOME, ~/.cache, below it 1cdist; NULL as above. */
const char *cdist_templates_default_cache(apr_pool_t *pool);
/* Adds the folders of a value of ConfigurationTemplatesLocation, a list with semicolons, to `folders`, and addresses (http, https,
 * ftp) to `addresses`, which may be NULL; both are const char *. */
void cdist_templates_locations(apr_array_header_t *folders, apr_array_header_t *addresses, const char *value, apr_pool_t *pool);
/* ---- what was found, as text (inventory.c) ------------------------------------------------------------------------- */

/* Templates and problems as text, for other processes. What has a path that is not UTF-8 is left out. */
const char *cdist_inventory_write(apr_size_t *length, const cdist_template_scan_t *scan, apr_pool_t *pool);
/* The same back; NULL if the text is none, or of another format. Nothing is believed of it but that somebody could have found it. */
cdist_template_scan_t *cdist_inventory_read(const char *text, apr_size_t length, apr_pool_t *pool);

/* ---- chains (chain.c, chain_graph.c, chain_search.c, chain_result.c, chain_problem.c, chain_json.c) ----------------- */

/* The order of versions: by number, component by component, so that 1.0.9 is below 1.0.10, and 1.0.0.5 beside 1.0.0.005. What is
 * no number comes after all numbers, and a version before those that go on from it. Any text is taken. */
int cdist_release_compare(const char *a, const char *b);

typedef enum {
    CDIST_CHAIN_SHORTEST,  /* the fewest steps, and of these the fewest bytes */
    CDIST_CHAIN_SEQUENTIAL /* every release in turn: the most steps with versions strictly rising, and of these the fewest bytes */
} cdist_chain_strategy_t;

typedef struct {
    const char *name;    /* of the configuration, exactly as it is written there */
    const char *vendor;  /* exactly as well; NULL: the only one there is */
    const char *from;    /* the version that one has, as text: 1.0.0.5 is not 1.0.0.005 */
    const char *from_id; /* the id of that version's build; NULL: not known */
    const char *to;      /* NULL: the highest version there is */
    cdist_chain_strategy_t strategy;
    int use_cf;          /* 1: a .cf may be taken too, which leads from anywhere to its version */
    int min_age_days;    /* releases of the last days are left out; 0: none are */
    int undated_allowed; /* 1: so are not, where some are left out, those whose date is not known */
    apr_time_t now;
} cdist_chain_request_t;

typedef struct {
    const cdist_template_t *template;
    int downgrade;             /* 1: to a lower version, by a .cf, or by an update of another line */
    apr_array_header_t *skips; /* const char *: versions between, whose data handlers a .cf does not bring, rising */
} cdist_chain_step_t;

typedef struct {
    const cdist_template_t *template;
    const char *reason;
} cdist_chain_left_out_t;

typedef struct {
    const char *name, *vendor, *from;
    const char *to; /* "" if there is nothing to go to */
    cdist_chain_strategy_t strategy;
    apr_array_header_t *steps; /* cdist_chain_step_t; none if there is nothing to do, or no chain */
    const char *min_platform;  /* the highest of the steps' ones, "" where none is known */
    apr_uint64_t bytes;        /* of all steps */
    const char *note;          /* why there is nothing to do; "" otherwise */
    const char *problem;       /* why there is no chain; NULL: there is one */
    const char *reachable;     /* then: the highest version that updates do lead to, "" if none applies */
    apr_array_header_t *missing;  /* then, const char *: the versions of which one would close the gap, rising; may be empty */
    apr_array_header_t *warnings; /* const char *: what to think of before using it */
    apr_array_header_t *left_out; /* cdist_chain_left_out_t: templates of the configuration that did not count */
} cdist_chain_t;

/* Finds the way from one version to another over templates (const cdist_template_t *), in any order; the result does not depend
 * on it. Updates apply by the version's id where both sides know one, else by name, vendor and the version's text. That there
 * is no chain is no error, but chain->problem. CDIST_E_INPUT: several vendors have a configuration of that name, and the
 * request names none. No message names a path. Takes time that grows with the number of templates and sources, whatever they
 * say. The result refers to the texts of templates and request. */
CDIST_MUST_CHECK cdist_err_t *cdist_chain_find(cdist_chain_t **chain, const apr_array_header_t *templates,
                                               const cdist_chain_request_t *request, apr_pool_t *result_pool,
                                               apr_pool_t *scratch_pool);
/* The id of a version as a person writes it, {…} around it or not, in the case of the files; NULL if it is no GUID. */
const char *cdist_chain_id(const char *text, apr_pool_t *pool);

/* What is known of templates, made once for many questions. It refers to them. */
typedef struct cdist_chain_finder_t cdist_chain_finder_t;
cdist_chain_finder_t *cdist_chain_finder_make(const apr_array_header_t *templates, apr_pool_t *pool);
/* As cdist_chain_find. A request that leaves nothing out (min_age_days is 0), and names versions and ids that the templates name, is a search
 * alone, in memory of scratch_pool; for any other all is made anew. For one thread at a time. The result may refer to the finder. */
CDIST_MUST_CHECK cdist_err_t *cdist_chain_find_again(cdist_chain_t **chain, cdist_chain_finder_t *finder,
                                                     const cdist_chain_request_t *request, apr_pool_t *result_pool,
                                                     apr_pool_t *scratch_pool);
/* "NAME (VENDOR)" of each configuration (const char *) that the templates lead to, sorted; *only is the only one's name, or NULL. */
apr_array_header_t *cdist_chain_configurations(const char **only, const cdist_chain_finder_t *finder, apr_pool_t *pool);

/* How a template's file is named to whom the JSON is for. */
typedef const char *(cdist_chain_file_fn)(void *baton, const cdist_template_t *template, apr_pool_t *pool);
/* The chain as JSON (docs/formats.md), for the command line and for {base}/updates/chain alike. `url` may be NULL: no such key. */
const char *cdist_chain_json(const cdist_chain_t *chain, cdist_chain_file_fn *file, cdist_chain_file_fn *url, void *baton,
                             apr_pool_t *pool);
/* YYYY-MM-DD, or "" for CDIST_UNDATED. */
const char *cdist_release_date(apr_time_t released, apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
