/* What the services of infobases share. */
#ifndef SERVICES_INT_H
#define SERVICES_INT_H

#include "mod_1cdist_int.h"

#include "launcher/cdist_launcher.h"

/* Of all lists that one request gets together. */
#define CDIST_LISTS_MAX (16u * 1024 * 1024)

/* The CDistInfobases that are for this request, a bit each. */
CDIST_MUST_CHECK cdist_err_t *cdist_infobases_which(apr_uint64_t *bits, const cdist_request_t *req);
/* The list in one of their files, which stays as long as the request; its bytes are added to *total, which is bounded. A
 * failure is warned about, and is CDIST_E_SOURCE. */
CDIST_MUST_CHECK cdist_err_t *cdist_infobases_load(const cdist_infobase_list_t **list, apr_uint64_t *total, const char *path,
                                                   const cdist_request_t *req);
/* What the process remembers of lists (child.c); NULL: it could not start properly. */
cdist_list_memory_t *cdist_child_lists(void);

#endif
