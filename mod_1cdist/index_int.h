/* Between the files that show the index. */
#ifndef CDIST_INDEX_INT_H
#define CDIST_INDEX_INT_H

#include "mod_1cdist_int.h"

#include <jansson.h>

/* The state of a file or folder that an index was made of. */
typedef struct {
    const char *path;
    apr_status_t status; /* of looking at it; its stat counts only with APR_SUCCESS */
    cdist_stat_t stat;
} cdist_witness_t;

/* What an index was made of, beside the catalogue and the configuration. */
typedef struct {
    apr_array_header_t *witnesses; /* cdist_witness_t */
    apr_time_t upstream_away_since; /* as cdist_index_away_since said */
    int lasting; /* 0: it may have to be another one though nothing of that changes */
} cdist_grounds_t;

/* Since when the publication's upstream has not answered, as far as a request had to ask it; 0: it answers, or there is none. */
apr_time_t cdist_index_away_since(const cdist_request_t *req);

/* The index of the request's publication (docs/formats.md); the caller lets go of it. Sets *grounds. CDIST_E_SOURCE while a root
 * cannot be read: then programs are not told what there is. For people (`partial`) it has what the others hold, if they hold anything, and
 * more members: "unread", the numbers of the folders that cannot be read, as they stand in the configuration, from 1; and
 * "updates", whether there are configuration updates. */
CDIST_MUST_CHECK cdist_err_t *cdist_index_make(json_t **index, cdist_grounds_t *grounds, cdist_request_t *req, int partial);

/* ---- index_memory.c ---- */

/* An index as it is sent. */
typedef struct {
    const char *text, *etag;
} cdist_index_text_t;

/* The index of the request's publication if this process made it before and it would be the same now; else NULL. It lives as long
 * as the request. Takes no lock. */
const cdist_index_text_t *cdist_index_recall(cdist_request_t *req);
/* Remembers what was made for the request, unless its grounds may change unseen. */
void cdist_index_remember(const cdist_request_t *req, const cdist_index_text_t *index, const cdist_grounds_t *grounds);

/* The page for people, made of such an index; `russian`: in that language, else in English. `url` is where the publication begins
 * for its clients, `here` what relative links begin with. */
const char *cdist_page_make(const json_t *index, int russian, const char *url, const char *here, apr_pool_t *pool);

#endif
