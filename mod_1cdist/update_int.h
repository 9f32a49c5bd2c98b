/* Between the files that serve configuration updates. */
#ifndef UPDATE_INT_H
#define UPDATE_INT_H

#include "mod_1cdist_int.h"

#include "templates/cdist_templates.h"

#include <apr_hash.h>
#include <apr_thread_mutex.h>

/* ---- update_list.c: what one look at template folders found ---- */

/* A file that is handed out. */
typedef struct {
    const char *url;      /* below {base}/updates/files/, not escaped */
    const char *folder;   /* of CDistUpdates */
    const char *relative; /* its path below that */
} cdist_update_file_t;

/* Never changes once it is made, but for the finder; counted by its readers. */
typedef struct {
    apr_pool_t *pool;
    volatile apr_uint32_t readers;
    cdist_digest_t generation;     /* of the text that it was made of */
    cdist_digest_t reported;       /* of its problems */
    apr_array_header_t *templates; /* const cdist_template_t * */
    apr_array_header_t *problems;  /* cdist_template_problem_t */
    apr_hash_t *files;             /* by URL: cdist_update_file_t */
    apr_hash_t *urls;              /* by a template's path: cdist_update_file_t */
    const char *json;              /* the answer of {base}/updates/ */
    apr_thread_mutex_t *mutex;     /* guards what follows, and the pool while it is made */
    cdist_chain_finder_t *finder;  /* NULL before the first who asks for a chain */
    const char *unreadable;        /* a folder that could not be read, so that nobody knows what is newest; NULL */
} cdist_update_list_t;

/* A list out of the text of an inventory, for the folders (const char *) of which it was made; NULL if the text is none. */
cdist_update_list_t *cdist_update_list_make(const char *text, apr_size_t length, const apr_array_header_t *folders);
/* An apr_pool cleanup: takes a reader away. */
apr_status_t cdist_update_list_release(void *list);
/* The file of a template; NULL if it has none here. */
const cdist_update_file_t *cdist_update_list_file(const cdist_update_list_t *list, const cdist_template_t *template);
/* "files/…", escaped: relative to {base}/updates/. */
const char *cdist_update_url(const cdist_update_file_t *file, apr_pool_t *pool);

/* ---- update_chain.c ---- */

/* A chain over the list's templates, and the configurations that it knows, as cdist_chain_find and cdist_chain_configurations; CDIST_E_BUSY while
 * too many wait. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_chain(cdist_chain_t **chain, cdist_update_list_t *list,
                                                 const cdist_chain_request_t *request, apr_pool_t *pool);
CDIST_MUST_CHECK cdist_err_t *cdist_update_configurations(apr_array_header_t **names, const char **only, cdist_update_list_t *list,
                                                          apr_pool_t *pool);

/* ---- update_look.c: one look, and the note that it leaves ---- */

/* What the first line of the note `key` says, and when the look began that it is of; 0 if there is none. */
int cdist_update_note_head(cdist_digest_t *generation, apr_time_t *looked, cdist_store_t *store, const cdist_digest_t *key,
                           apr_pool_t *pool);
/* The list of a note; NULL if there is none, or it is damaged. */
cdist_update_list_t *cdist_update_note_read(cdist_store_t *store, const apr_array_header_t *folders, const cdist_digest_t *key,
                                            apr_pool_t *pool);
/* Looks, or takes over what another process found since `begun`, after waiting for its end. Logs problems unless they are those
 * of `before`, which may be NULL. NULL when *stop is set meanwhile. */
cdist_update_list_t *cdist_update_look(const apr_array_header_t *folders, const cdist_digest_t *key,
                                       const cdist_update_list_t *before, apr_time_t begun, cdist_store_t *store,
                                       const volatile apr_uint32_t *stop, apr_pool_t *pool);

/* ---- update_watch.c: who looks, and when ---- */

/* The current list for a request, which lives as long as that. CDIST_E_SOURCE while it is made for the first time. */
CDIST_MUST_CHECK cdist_err_t *cdist_update_watch_list(cdist_update_list_t **list, const cdist_request_t *req);

/* ---- update_digest.c ---- */

/* The SHA-256 of an open file: 1 if it is known, or quickly found out. Otherwise a thread begins to read it, for those who ask
 * later. `stat` is that of the file. */
int cdist_update_digest(cdist_digest_t *digest, apr_file_t *file, const cdist_stat_t *stat, const cdist_update_file_t *which,
                        apr_pool_t *pool);
/* Reads one of these files; for the thread of update_watch.c. 1: there may be more of them. Ends early when *stop is set. */
int cdist_update_digest_next(cdist_store_t *store, const volatile apr_uint32_t *stop);
/* Has the thread called soon. */
void cdist_update_watch_wake(void);
/* To be called in each child, before it has several threads. */
void cdist_update_digest_child(apr_pool_t *own_pool);

#endif
