/* Between the files of the module. */
#ifndef MOD_1CDIST_INT_H
#define MOD_1CDIST_INT_H

#include "platform/cdist_platform.h"
#include "route_int.h"

#include <httpd.h>
#include <ap_expr.h>
#include <http_config.h>
#include <http_log.h>

#include <jansson.h>

extern module AP_MODULE_DECLARE_DATA cdist_module;
APLOG_USE_MODULE(cdist);

/* ---- config.c -------------------------------------------------------------------------------------------------- */

#define CDIST_NUMBER_UNSET (-1)

/* Numbers of the whole process: member, directive, default, least, most, what it is. One line here declares the
 * member, its default, its directive and its check. */
#define CDIST_PROCESS_NUMBERS(X)                                                                                       \
    X(level, "CDistLevel", CDIST_LEVEL_DEFAULT, CDIST_LEVEL_MIN, CDIST_LEVEL_MAX, "compression level, 1 (fast) to 9 (small)") \
    X(settle_sec, "CDistSettle", 30, 0, 86400, "seconds that a release folder must have been still before it is served") \
    X(scan_interval_sec, "CDistScanInterval", 10, 0, 86400, "seconds after which the roots are looked at again")        \
    X(build_timeout_sec, "CDistBuildTimeout", 120, 1, 3600, "seconds that a request waits for a build")                 \
    X(build_max, "CDistBuildMax", 2, 1, 64, "builds that run on this host at once")                                     \
    X(build_threads, "CDistBuildThreads", 0, 0, 64, "threads of one build; 0: as many as the machine has cores")        \
    X(wait_max, "CDistWaitMax", CDIST_NUMBER_UNSET, 0, 65536, "requests that wait for builds on this host at once")

/* A folder or a list of infobases that the configuration names, for the check at start. */
typedef struct {
    const char *directive; /* "CDistCurrent server" */
    const char *path;
    int is_list;
} cdist_named_folder_t;

typedef struct {
    const char *store;
    int prebuild; /* whether archives are built before somebody asks */
    apr_uint64_t store_max; /* bytes, 0: no limit */
#define X(member, directive, preset, least, most, help) int member;
    CDIST_PROCESS_NUMBERS(X)
#undef X
    apr_array_header_t *folders; /* cdist_named_folder_t: everything that is looked at at start */
} cdist_process_conf_t;

typedef enum { CDIST_INSTALLED_UNSET, CDIST_INSTALLED_OFF, CDIST_INSTALLED_ON, CDIST_INSTALLED_ADVERTISE } cdist_installed_t;

typedef enum { CDIST_PUBLISH_UNSET, CDIST_PUBLISH_OFF, CDIST_PUBLISH_ON } cdist_publish_t;

/* What may say which version or slot a request means, where its path does not. */
enum { CDIST_BY_PATH = 1, CDIST_BY_QUERY = 2, CDIST_BY_HEADER = 4, CDIST_BY_AGENT = 8 };

/* One CDistInfobases: lists of infobases, and for whom. */
typedef struct {
    apr_array_header_t *files; /* const char * */
    ap_expr_info_t *condition; /* NULL: for everybody */
    const char *condition_text; /* "" without one */
} cdist_infobases_t;
#define CDIST_INFOBASES_MAX 60 /* in one directory: a check code has a bit for each */

/* One directory's. */
typedef struct {
    cdist_lookup_t lookup;       /* NULL arrays: not set; components and `installed` follow from the rest */
    cdist_current_t current;     /* CDIST_CURRENT_UNSET: not set */
    cdist_installed_t installed;
    int layout;                  /* cdist_layout_t, or CDIST_NUMBER_UNSET */
    const char *mount;           /* URL path, if the section is a <Location>; NULL otherwise */
    unsigned negotiate;          /* CDIST_BY_..., 0: not set */
    const char *version_header, *arch_header; /* NULL: not set */
    const apr_array_header_t *infobases;      /* cdist_infobases_t, NULL: not set */
    const char *update_date;                  /* YYYYMMDDHHMMSS, NULL: not set */
    cdist_publish_t publish;
    const char *upstream;                     /* URL without final '/', "": none, NULL: not set */
    const apr_array_header_t *updates;        /* const char *: folders of templates, NULL: not set */
} cdist_dir_conf_t;

#define cdist_dir_negotiate(dir) ((dir)->negotiate ? (dir)->negotiate : CDIST_BY_PATH | CDIST_BY_QUERY | CDIST_BY_HEADER)
#define cdist_dir_version_header(dir) ((dir)->version_header ? (dir)->version_header : "1C-Version")
#define cdist_dir_arch_header(dir) ((dir)->arch_header ? (dir)->arch_header : "1C-Arch")

/* Whether the directory names any place to look for releases. */
#define cdist_dir_has_lookup(dir) ((dir)->lookup.roots || (dir)->lookup.patterns)

/* Whether another publication is asked for what is not here. */
#define cdist_dir_has_upstream(dir) ((dir)->upstream && *(dir)->upstream)

extern const command_rec cdist_commands[];
void *cdist_conf_create_process(apr_pool_t *pool, server_rec *server);
void *cdist_conf_create_dir(apr_pool_t *pool, char *dir);
void *cdist_conf_merge_dir(apr_pool_t *pool, void *base, void *add);
/* The main server's, with every default filled in; the first call must come before a child has several threads. */
const cdist_process_conf_t *cdist_conf_process(void);

/* Notes what the directive names for the check at start. */
void cdist_conf_note_place(cmd_parms *cmd, const char *directive, const char *path, int is_list);
/* Takes the URL path of a <Location> that publishes something as its base. */
void cdist_conf_note_mount(cmd_parms *cmd, cdist_dir_conf_t *conf);
/* An absolute path without final '/', NULL if it is none; what is relative lies below ServerRoot. */
const char *cdist_conf_path(cmd_parms *cmd, const char *arg);

/* ---- config_services.c: NULL, or what is wrong and what is allowed; httpd adds directive, file and line -------------- */

const char *cdist_set_negotiate(cmd_parms *cmd, void *dir, const char *arg);
const char *cdist_set_version_header(cmd_parms *cmd, void *dir, const char *arg);
const char *cdist_set_arch_header(cmd_parms *cmd, void *dir, const char *arg);
const char *cdist_set_update_date(cmd_parms *cmd, void *dir, const char *arg);
const char *cdist_set_infobases(cmd_parms *cmd, void *dir, int argc, char *const argv[]);
const char *cdist_set_updates(cmd_parms *cmd, void *dir, const char *arg);
/* Takes the members over that the inner section does not set. */
void cdist_conf_merge_services(cdist_dir_conf_t *conf, const cdist_dir_conf_t *outer, const cdist_dir_conf_t *inner);

/* ---- config_cascade.c: as above -------------------------------------------------------------------------------------- */

const char *cdist_set_publish(cmd_parms *cmd, void *dir, const char *arg);
const char *cdist_set_upstream(cmd_parms *cmd, void *dir, const char *arg);
void cdist_conf_merge_cascade(cdist_dir_conf_t *conf, const cdist_dir_conf_t *outer, const cdist_dir_conf_t *inner);

/* ---- check_config.c ---------------------------------------------------------------------------------------------- */

/* Hook: refuses a configuration that cannot work. */
int cdist_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server);

/* ---- check_handler.c --------------------------------------------------------------------------------------------- */

/* Warns, with file and line, about CDistRoot without SetHandler 1cdist and the other way round. May have to look into folders. */
void cdist_check_handlers(server_rec *server, apr_pool_t *scratch_pool);

/* ---- publications.c ---------------------------------------------------------------------------------------------- */

/* Every directory of the configuration that publishes something (const cdist_dir_conf_t *), with what it inherits from its
 * server; those that publish the same, as one section does on several virtual hosts, once. What a nested section adds is not
 * seen. */
apr_array_header_t *cdist_publications(server_rec *server, apr_pool_t *pool);
/* The folders of each CDistUpdates (const apr_array_header_t * of const char *); those that are the same once. */
apr_array_header_t *cdist_update_publications(server_rec *server, apr_pool_t *pool);
/* What tells publications apart that differ in what they look up or in what is current, in small hexadecimal digits. */
const char *cdist_publication_name(const cdist_dir_conf_t *publication, apr_pool_t *pool);

/* ---- watch.c ----------------------------------------------------------------------------------------------------- */

/* Hook, before that of mod_watchdog: finds the publications and asks mod_watchdog, if it is there, to look after them. */
int cdist_watch_start(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server);
/* How long requests may count on being spared from looking themselves; 0 without mod_watchdog. */
apr_interval_time_t cdist_watch_grace(void);
/* To be called in each child. */
void cdist_watch_child(apr_pool_t *pchild);
/* For a request that got this catalogue: without mod_watchdog, starts building what is not built, in a thread of its own,
 * unless that was tried a moment ago. */
void cdist_watch_request(const cdist_catalogue_t *catalogue, apr_pool_t *scratch_pool);

/* ---- update_watch.c ---------------------------------------------------------------------------------------------- */

/* Finds the folders of the configuration; 1 if there are any. */
int cdist_update_watch_start(server_rec *server, apr_pool_t *pconf);
/* To be called in each child. `own_pool` is a pool that may be used while other threads use its parent. */
void cdist_update_watch_child(apr_pool_t *pchild, apr_pool_t *own_pool);
/* From mod_watchdog: has the folders looked at that are due, in a thread. */
void cdist_update_watch_look(apr_pool_t *scratch_pool);

/* ---- start.c --------------------------------------------------------------------------------------------------- */

/* Makes the store's folder and gives it to the server's user; a failure is logged, httpd starts all the same. */
void cdist_start_store(const char *path, server_rec *server, apr_pool_t *pool);
/* Zeroed memory that all children share; NULL if there is none to be had. */
void *cdist_start_shared(apr_size_t bytes, apr_pool_t *pconf);
/* Warns about folders and lists (cdist_named_folder_t) that the server's user cannot read; takes a few seconds at most. */
void cdist_start_check_folders(const apr_array_header_t *folders, server_rec *server, apr_pool_t *pool);
/* The same for publications of which one half is missing. */
void cdist_start_check_handlers(server_rec *server, apr_pool_t *pool);

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* What every answer needs to know about its request. */
typedef struct {
    request_rec *r;
    const cdist_dir_conf_t *dir;
    const char *base; /* URL path of the Alias, without final '/' */
    cdist_route_t route;
    const cdist_catalogue_t *catalogue; /* NULL before it was needed */
    cdist_current_t current;            /* the location's, with the 1C server's version filled in where that is known */
    const char *elsewhere;              /* a problem that another server answered, which tells what it has; NULL */
} cdist_request_t;

/* ---- child.c ----------------------------------------------------------------------------------------------------- */

/* Of cdist_board_bytes, for cdist_live_options_t; set before children are made. */
extern void *cdist_board;

typedef struct {
    cdist_live_t *live; /* NULL: the process could not start properly */
    cdist_store_t *store;
    cdist_flights_t *flights;
} cdist_child_t;

/* Hooks. */
void cdist_child_init(apr_pool_t *pchild, server_rec *server);
void cdist_child_stopping(apr_pool_t *pchild, int graceful);
/* Opens the store if it is not open yet; the error tells why it cannot be. */
CDIST_MUST_CHECK cdist_err_t *cdist_child_ready(cdist_child_t **child, apr_pool_t *pool);
/* The process's flights; NULL if the store was not opened yet. Takes no lock. */
cdist_flights_t *cdist_child_flights(void);
/* Tells everybody that an archive of the location was built, or that its source is not what the catalogue says. */
void cdist_child_expire(const cdist_request_t *req);
/* Sets req->catalogue to the current snapshot of what the location looks up. */
CDIST_MUST_CHECK cdist_err_t *cdist_child_catalogue(cdist_request_t *req);
/* Sets req->current, whose kind stays CDIST_CURRENT_SERVER where the 1C server's version is not known; the error says why. */
CDIST_MUST_CHECK cdist_err_t *cdist_child_current_rule(cdist_request_t *req);
/* The same, and the current release of that snapshot, or why there is none. */
CDIST_MUST_CHECK cdist_err_t *cdist_child_current(const cdist_release_t **release, cdist_request_t *req);

/* ---- care.c ------------------------------------------------------------------------------------------------------ */

/* Cares for the store on behalf of the publications (const cdist_dir_conf_t *). To be called by one thread of the process at a
 * time, which holds CDIST_STORE_LOCK_CARE. Sets left[i], once it has built all it could, to the mark of what was missing for
 * publication i when it began. */
void cdist_care(const apr_array_header_t *publications, volatile apr_uint32_t *left, cdist_child_t *child, apr_pool_t *pool);
/* A mark of what the catalogue offers and is not built: another one for other sources, or other states of them; 0 if nothing is
 * missing. */
apr_uint32_t cdist_care_missing(const cdist_catalogue_t *catalogue);

/* ---- negotiate.c ----------------------------------------------------------------------------------------------- */

/* Completes the route's selector from query, headers and User-Agent, where the path leaves version or slot open; sets Vary, and
 * notes what told them (cdist-version-by, cdist-slot-by). Returns NULL, or what is malformed. */
const char *cdist_negotiate(cdist_request_t *req);
/* The value of an argument of the query, unescaped; its name is taken in any case. NULL if it is not there, "" if it is badly
 * escaped. */
const char *cdist_query_value(request_rec *r, const char *name);
/* Whether a header such as Accept or Accept-Language (RFC 9110, 12.5) likes `wanted` better than `other`: two types with a
 * subtype, or two languages. Ranges (*) and weights count; on a draw, or without the header, it is 0. */
int cdist_accepts_rather(request_rec *r, const char *header, const char *wanted, const char *other);

/* ---- public_url.c ------------------------------------------------------------------------------------------------- */

/* The publication's own URL as its clients know it, without final '/': by Host, or as a proxy in front tells it. For texts
 * that go back to the same client only: a client can make these headers up. */
const char *cdist_public_url(cdist_request_t *req);

/* ---- published.c -------------------------------------------------------------------------------------------------- */

/* An archive that lies by hand in the published folder. */
typedef struct {
    const char *name; /* of the file, which is the last part of its URL */
    const cdist_source_t *source;
} cdist_published_t;

/* The one that a request for a slot without a version means; *source is NULL if there is none. CDIST_E_SOURCE if it cannot be
 * read, CDIST_E_CHANGED while it was changed a moment ago. */
CDIST_MUST_CHECK cdist_err_t *cdist_published_find(const cdist_source_t **source, const cdist_request_t *req);
/* The archive of a full version that 1cdist publish put there, in the same way. */
CDIST_MUST_CHECK cdist_err_t *cdist_published_find_frozen(const cdist_source_t **source, const cdist_request_t *req);
/* The path of what 1cdist publish put there under the request's very name; NULL if it did not. */
const char *cdist_published_file(const cdist_request_t *req);
/* The published folder, for a request for the index or the page; NULL if there is none. */
const char *cdist_published_folder(const cdist_request_t *req);
/* All in it that could be served now (cdist_published_t), in the order of slots. Sets *lasting to 0 if something was left out
 * that may be served later though nothing in the folder changes, and leaves it else. */
apr_array_header_t *cdist_published_list(int *lasting, const cdist_request_t *req);

/* ---- respond.c: each returns what the handler returns, OK or AP_FILTER_ERROR -------------------------------------- */

/* Answers with application/problem+json; `detail` is read by strangers. */
int cdist_respond_problem(cdist_request_t *req, int status, const char *detail);
/* What strangers may read of an error. */
const char *cdist_respond_public_text(const cdist_err_t *err, apr_pool_t *pool);
/* The same for an error of the library: the one place where codes become statuses. */
int cdist_respond_error(cdist_request_t *req, const cdist_err_t *err);
/* Answers with a text under a strong ETag. */
int cdist_respond_text(cdist_request_t *req, const char *type, const char *etag, const char *text);
/* The same under a tag made of the text, which is made anew for each request and must be asked for again (no-cache). */
int cdist_respond_made(cdist_request_t *req, const char *type, const char *text);
/* The same for a text that was made before, with its tag (cdist_respond_etag). */
int cdist_respond_remembered(cdist_request_t *req, const char *type, const char *etag, const char *text);
const char *cdist_respond_etag(const char *text, apr_pool_t *pool);
/* Answers with JSON that nobody may keep; takes the object over, NULL is an internal error. */
int cdist_respond_json(cdist_request_t *req, json_t *json);
/* Answers with a whole file, left to httpd's filters for ranges and sending; `may_map`: nobody cuts it short in place.
 * Headers but length are already set. */
int cdist_respond_file(cdist_request_t *req, apr_file_t *file, apr_uint64_t bytes, int may_map);

/* ---- index_memory.c ----------------------------------------------------------------------------------------------- */

/* To be called in each child. */
void cdist_index_memory_child(apr_pool_t *pchild);

/* ---- upstream.c ---------------------------------------------------------------------------------------------------- */

typedef struct cdist_upstream_t cdist_upstream_t;

/* How much zeroed memory the processes have to share, and where it is; NULL: each knows for itself. */
apr_size_t cdist_upstreams_bytes(void);
void cdist_upstreams_share(void *memory);
/* What is known of an upstream; never NULL. */
cdist_upstream_t *cdist_upstream_of(const char *url, apr_pool_t *pool);
/* Since when it has not answered, as far as anybody asked; 0: it answers. */
apr_time_t cdist_upstream_away_since(cdist_upstream_t *upstream);

/* ---- relay.c ------------------------------------------------------------------------------------------------------ */

/* Where the upstream has what a request for an archive did not find here, NULL if nobody is to be asked. */
const char *cdist_relay_target(const cdist_request_t *req, const cdist_err_t *err);
/* The same for a service: `path` goes on from the upstream's URL. */
const char *cdist_relay_service(const cdist_request_t *req, const cdist_err_t *err, const char *path);
/* Answers with the archive or manifest that the upstream has; with `lack`, why it is not to be had here, or 404, if it has none;
 * 503 with what is here while it is away. */
int cdist_relay(cdist_request_t *req, const char *target, const cdist_err_t *lack);
/* The text that the upstream answers, bounded, "" if it has none. NULL if it cannot tell now: then the request is answered, and the
 * result is what the handler returns. */
int cdist_relay_text(const char **text, cdist_request_t *req, const char *target, const cdist_err_t *lack);
/* Whether a version is held in a root of the publication. CDIST_E_INPUT, CDIST_E_SOURCE: nobody can tell. */
CDIST_MUST_CHECK cdist_err_t *cdist_relay_held(int *held, const cdist_request_t *req, const cdist_version_t *version);
/* Hooks. */
void cdist_relay_register(void);

/* ---- one file each kind of answer -------------------------------------------------------------------------------- */

int cdist_serve_archive(cdist_request_t *req);
/* What an archive's or manifest's answer is called and how long it may be kept; `version` may be NULL. */
void cdist_set_archive_headers(const cdist_request_t *req, const char *version);
/* The archive of a source, built if it must be, within the limits; notes what it took. */
CDIST_MUST_CHECK cdist_err_t *cdist_obtain(cdist_archive_t **archive, apr_file_t **file, cdist_request_t *req,
                                           const cdist_source_t *source);
/* What cdist_select finds for the request's selector in the current catalogue. */
CDIST_MUST_CHECK cdist_err_t *cdist_select_source(const cdist_source_t **source, cdist_request_t *req);
/* The platform's services. */
int cdist_serve_distributive_probe(cdist_request_t *req);
int cdist_serve_distributive_info(cdist_request_t *req);
int cdist_serve_infobases_probe(cdist_request_t *req);
int cdist_serve_check_infobases(cdist_request_t *req);
int cdist_serve_get_infobases(cdist_request_t *req);
int cdist_serve_resolve(cdist_request_t *req);
int cdist_serve_client_update(cdist_request_t *req);
int cdist_serve_updates(cdist_request_t *req);
int cdist_serve_update_chain(cdist_request_t *req);
int cdist_serve_update_file(cdist_request_t *req);
int cdist_serve_update_bytes(cdist_request_t *req);
int cdist_serve_index(cdist_request_t *req);
int cdist_serve_branch_report(cdist_request_t *req);
/* Whether index.json is asked for with the branches; then it is answered by the second, which takes the index over. */
int cdist_branches_asked(const request_rec *r);
int cdist_serve_branches(cdist_request_t *req, json_t *index);
/* What 1cdist publish put into the published folder beside the archives, as it is. */
int cdist_serve_published(cdist_request_t *req);
int cdist_serve_home(cdist_request_t *req);

#endif
