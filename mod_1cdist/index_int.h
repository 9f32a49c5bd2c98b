/* Between the files that show the index. */
#ifndef CDIST_INDEX_INT_H
#define CDIST_INDEX_INT_H

#include "mod_1cdist_int.h"

#include <jansson.h>

/* The index of the request's publication (docs/formats.md); the caller lets go of it. CDIST_E_SOURCE while a root cannot be
 * read: then nobody is told what there is. */
CDIST_MUST_CHECK cdist_err_t *cdist_index_make(json_t **index, cdist_request_t *req);

/* The page for people, made of the index; `russian`: in that language, else in English. `url` is where the publication begins
 * for its clients, `here` what relative links begin with. */
const char *cdist_page_make(const json_t *index, int russian, const char *url, const char *here, apr_pool_t *pool);

#endif
