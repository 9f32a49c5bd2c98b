/* The URL space below the Alias: what a path asks for. Pure, without httpd, so that it can be tested and fuzzed alone. */
#ifndef CDIST_ROUTE_INT_H
#define CDIST_ROUTE_INT_H

#include "platform/cdist_platform.h"

typedef enum {
    CDIST_ROUTE_HOME,    /* {base}/, unless query or headers name a slot: then it is ARCHIVE */
    CDIST_ROUTE_INDEX,   /* {base}/index.json */
    CDIST_ROUTE_PUBLISHED, /* {base}/index.json.sig, keys.json, keys.json.sig: what 1cdist publish and key put there */
    CDIST_ROUTE_ARCHIVE, /* {base}/[<version or mask>/]<file>[.manifest]; the slot may be left to query and headers: tc.zip */
    CDIST_ROUTE_BYTES,   /* {base}/sha256/<hex>/<file>[.manifest] */
    CDIST_ROUTE_DISTRIBUTIVE,      /* {base}/WebDistributiveLocation: whether the service is there */
    CDIST_ROUTE_DISTRIBUTIVE_INFO, /* {base}/WebDistributiveLocation/GetDistributiveInfo */
    CDIST_ROUTE_INFOBASES,         /* {base}/WebCommonInfoBases: the same */
    CDIST_ROUTE_CHECK_INFOBASES,   /* {base}/WebCommonInfoBases/CheckInfoBases */
    CDIST_ROUTE_GET_INFOBASES,     /* {base}/WebCommonInfoBases/GetInfoBases */
    CDIST_ROUTE_RESOLVE,           /* {base}/resolve */
    CDIST_ROUTE_CLIENT_UPDATE,     /* {base}/ClientUpdate.cfg */
    CDIST_ROUTE_BRANCHES,          /* {base}/branches */
    CDIST_ROUTE_UPDATES,           /* {base}/updates/ */
    CDIST_ROUTE_UPDATES_FOLDER,    /* {base}/updates: what is relative in the list would lead elsewhere */
    CDIST_ROUTE_UPDATE_CHAIN,      /* {base}/updates/chain */
    CDIST_ROUTE_UPDATE_FILE,       /* {base}/updates/files/<file> */
    CDIST_ROUTE_UPDATE_BYTES,      /* {base}/updates/sha256/<hex>, which 1cdist publish put there */
    CDIST_ROUTE_UNKNOWN, /* well-formed, but nothing of ours: 404 */
    CDIST_ROUTE_MALFORMED /* 400 */
} cdist_route_kind_t;

typedef struct {
    cdist_route_kind_t kind;
    cdist_selector_t selector;
    int manifest;
    cdist_digest_t sha256;
    const char *file;   /* of UPDATE_FILE: what follows; any text */
    const char *reason; /* for UNKNOWN and MALFORMED */
} cdist_route_t;

/* Parses what follows the base in an unescaped path, with its leading '/'. `components` (const cdist_slot_t *, may be NULL)
 * are the slots that the publication has beside the known ones. */
void cdist_route_parse(cdist_route_t *route, const char *path, const apr_array_header_t *components, apr_pool_t *pool);

#endif
