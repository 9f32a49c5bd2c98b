/* What the services of infobases share. */
#ifndef SERVICES_INT_H
#define SERVICES_INT_H

#include "mod_1cdist_int.h"

#include "launcher/cdist_launcher.h"

/* The CDistInfobases that are for this request, a bit each. */
CDIST_MUST_CHECK cdist_err_t *cdist_infobases_which(apr_uint64_t *bits, const cdist_request_t *req);
/* Reads one of their files, and adds its bytes to *total, which is bounded. A failure is warned about, and is CDIST_E_SOURCE. */
CDIST_MUST_CHECK cdist_err_t *cdist_infobases_load(cdist_infobase_list_t **list, apr_size_t *total, const char *path,
                                                   const cdist_request_t *req);

#endif
