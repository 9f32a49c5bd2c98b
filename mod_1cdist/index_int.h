/* Between the files that show the index. */
#ifndef CDIST_INDEX_INT_H
#define CDIST_INDEX_INT_H

#include "mod_1cdist_int.h"

#include <jansson.h>

/* The index of the request's publication (docs/formats.md); the caller lets go of it. CDIST_E_SOURCE while a root cannot be
 * read: then programs are not told what there is. For people (`partial`) it has what the others hold, if they hold anything, and
 * more members: "unread", the numbers of the folders that cannot be read, as they stand in the configuration, from 1; and
 * "updates", whether there are configuration updates. */
CDIST_MUST_CHECK cdist_err_t *cdist_index_make(json_t **index, cdist_request_t *req, int partial);

/* The page for people, made of such an index; `russian`: in that language, else in English. `url` is where the publication begins
 * for its clients, `here` what relative links begin with. */
const char *cdist_page_make(const json_t *index, int russian, const char *url, const char *here, apr_pool_t *pool);

#endif
