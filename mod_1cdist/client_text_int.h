/* Texts of clients and proxies that mean something here: each is taken by an exact grammar, or not at all. Pure, without httpd,
 * so that it can be tested and fuzzed alone. */
#ifndef CDIST_CLIENT_TEXT_INT_H
#define CDIST_CLIENT_TEXT_INT_H

#include "base/cdist_base.h"

/* The version in a User-Agent, such as "1C+Enterprise/8.3.22.1750 (…)": that of the first product whose name begins with "1C"
 * and that has one. It is a mask or a full version as text, NULL without one; `agent` may be NULL. */
const char *cdist_agent_version(const char *agent, apr_pool_t *pool);

/* A GUID in the form 8-4-4-4-12, in hexadecimal digits of either case, as two halves; 1 or 0. */
int cdist_guid_parse(apr_uint64_t half[2], const char *text);
const char *cdist_guid_format(const apr_uint64_t half[2], apr_pool_t *pool);

/* Whether a text is a host with an optional port, as in a URL (RFC 3986, 3.2.2 and 3.2.3): a name of DNS or IPv4 address, or an
 * IPv6 address in brackets without a zone; then ":" and a port from 1 to 65535. Nothing else may stand there. */
int cdist_host_valid(const char *text);

/* Whether a Content-Type, which may be NULL, is of that type, whatever its parameters are. */
int cdist_media_type_is(const char *value, const char *type);

#endif
