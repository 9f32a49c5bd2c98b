/* What upstreams write, read. Pure, without httpd, so that it can be tested and fuzzed alone. */
#ifndef UPSTREAM_TEXT_INT_H
#define UPSTREAM_TEXT_INT_H

#include "platform/cdist_platform.h"

#include <jansson.h>

/* The answer of GetDistributiveInfo, {"root":{"size":N,"url":"…/<version>/<file>"}}: its size, 0 if there is none, and the version.
 * NULL, or what is wrong with it: it must be of the slot and match the mask that were asked for. */
const char *cdist_upstream_distribution(cdist_version_t *version, apr_uint64_t *bytes, const char *text,
                                        const cdist_selector_t *asked, apr_pool_t *pool);
/* The version that a URL of an archive names, the last part but one of its path; 0, with no component, if it names none. */
int cdist_upstream_url_version(cdist_version_t *version, const char *url, apr_pool_t *pool);
/* The member "available" of a problem, made anew out of what is in order in it: [{"version":"8.3.22.1750","slots":["windows64"]}].
 * An empty array if there is nothing. The caller lets go of it. */
json_t *cdist_upstream_available(const char *text);

#endif
