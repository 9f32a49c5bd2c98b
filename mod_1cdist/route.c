/* See route_int.h. Everything that is not exactly one of the known forms is refused before any file is looked at. */
#include "route_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define MAX_PATH_BYTES 512
/* Template folders have names of vendors and configurations, in any language. */
#define MAX_UPDATE_PATH_BYTES 4096
#define MANIFEST_SUFFIX ".manifest"
/* What all names of clients' archives have in common: the slot is said elsewhere. */
#define ANY_SLOT_FILE "tc.zip"

/* The platform's own services: it adds these names to the address that it was given. */
static const struct {
    const char *path;
    cdist_route_kind_t kind;
} services[] = {{"WebDistributiveLocation", CDIST_ROUTE_DISTRIBUTIVE},
                {"WebDistributiveLocation/GetDistributiveInfo", CDIST_ROUTE_DISTRIBUTIVE_INFO},
                {"WebCommonInfoBases", CDIST_ROUTE_INFOBASES},
                {"WebCommonInfoBases/CheckInfoBases", CDIST_ROUTE_CHECK_INFOBASES},
                {"WebCommonInfoBases/GetInfoBases", CDIST_ROUTE_GET_INFOBASES}};

/* 1 if the path is one of a service. NB: in the platform's own spelling alone, for access control that an administrator sets for
 * one spelling must not be missed by another. A client may end the address of a service with '/'. */
static int parse_service(cdist_route_t *route, const char *path)
{
    size_t i;

    for (i = 0; i < sizeof services / sizeof services[0]; i++) {
        apr_size_t length = strlen(services[i].path);
        int is_address = strchr(services[i].path, '/') == NULL;

        if (strncmp(path, services[i].path, length) != 0) continue;
        if (path[length] != '\0' && !(is_address && strcmp(path + length, "/") == 0)) continue;
        route->kind = services[i].kind;
        return 1;
    }
    return 0;
}

/* 1 if the path is one of configuration updates. */
static int parse_update(cdist_route_t *route, const char *path)
{
    static const char updates[] = "updates/", files[] = "files/", sha256[] = "sha256/";

    if (strcmp(path, "updates") == 0) {
        route->kind = CDIST_ROUTE_UPDATES_FOLDER;
        return 1;
    }
    if (strncmp(path, updates, sizeof updates - 1) != 0) return 0;
    path += sizeof updates - 1;
    if (*path == '\0') {
        route->kind = CDIST_ROUTE_UPDATES;
    } else if (strcmp(path, "chain") == 0) {
        route->kind = CDIST_ROUTE_UPDATE_CHAIN;
    } else if (strncmp(path, files, sizeof files - 1) == 0 && path[sizeof files - 1]) {
        route->kind = CDIST_ROUTE_UPDATE_FILE;
        route->file = path + sizeof files - 1;
    } else if (strncmp(path, sha256, sizeof sha256 - 1) == 0 && cdist_digest_parse(&route->sha256, path + sizeof sha256 - 1)) {
        route->kind = CDIST_ROUTE_UPDATE_BYTES;
    } else {
        return 0;
    }
    return 1;
}

static void refuse(cdist_route_t *route, cdist_route_kind_t kind, const char *reason)
{
    route->kind = kind;
    route->reason = reason;
}

/* The last part of the path: an archive's file name, perhaps with the manifest's suffix. */
static void parse_file(cdist_route_t *route, const char *file, const apr_array_header_t *components, apr_pool_t *pool)
{
    apr_size_t length = strlen(file), suffix = strlen(MANIFEST_SUFFIX);
    const char *names = "windows32tc.zip, windows64tc.zip, linux32tc.zip, linux64tc.zip, macOS64tc.zip, linux-arm64.zip, "
                        "linux-e2k.zip";
    int i;

    if (length > suffix && strcmp(file + length - suffix, MANIFEST_SUFFIX) == 0) {
        route->manifest = 1;
        file = apr_pstrmemdup(pool, file, length - suffix);
    }
    route->selector.slot = cdist_slot_parse_file(file, components);
    if (route->selector.slot || (route->kind == CDIST_ROUTE_ARCHIVE && strcasecmp(file, ANY_SLOT_FILE) == 0)) return;
    for (i = 0; components && i < components->nelts; i++) {
        names = apr_pstrcat(pool, names, ", ", APR_ARRAY_IDX(components, i, const cdist_slot_t *)->file, NULL);
    }
    refuse(route, CDIST_ROUTE_UNKNOWN, apr_pstrcat(pool, "there is no such file here; archives are ", names, NULL));
}

void cdist_route_parse(cdist_route_t *route, const char *path, const apr_array_header_t *components, apr_pool_t *pool)
{
    const char *slash;

    memset(route, 0, sizeof *route);
    while (*path == '/') path++;
    if (strlen(path) <= MAX_UPDATE_PATH_BYTES && parse_update(route, path)) return;
    if (strlen(path) > MAX_PATH_BYTES) {
        refuse(route, CDIST_ROUTE_MALFORMED, "the path is too long");
        return;
    }
    route->kind = CDIST_ROUTE_ARCHIVE;
    slash = strchr(path, '/');
    if (*path == '\0') {
        route->kind = CDIST_ROUTE_HOME;
    } else if (parse_service(route, path)) {
        return;
    } else if (strcmp(path, "index.json") == 0) {
        route->kind = CDIST_ROUTE_INDEX;
    } else if (strcmp(path, "index.json.sig") == 0 || strcmp(path, "keys.json") == 0 || strcmp(path, "keys.json.sig") == 0) {
        route->kind = CDIST_ROUTE_PUBLISHED;
    } else if (strcmp(path, "resolve") == 0) {
        route->kind = CDIST_ROUTE_RESOLVE;
    } else if (strcmp(path, "branches") == 0) {
        route->kind = CDIST_ROUTE_BRANCHES;
    } else if (strcmp(path, "ClientUpdate.cfg") == 0) {
        route->kind = CDIST_ROUTE_CLIENT_UPDATE;
    } else if (!slash) {
        parse_file(route, path, components, pool);
    } else if (strncmp(path, "sha256/", 7) == 0) {
        const char *hex = path + 7, *file = strchr(hex, '/');

        route->kind = CDIST_ROUTE_BYTES;
        if (!file || !cdist_digest_parse(&route->sha256, apr_pstrmemdup(pool, hex, (apr_size_t)(file - hex)))) {
            refuse(route, CDIST_ROUTE_MALFORMED, "after sha256/ must stand 64 lower-case hexadecimal digits and a file");
        } else {
            parse_file(route, file + 1, components, pool);
        }
    } else if (cdist_mask_parse(&route->selector.mask, apr_pstrmemdup(pool, path, (apr_size_t)(slash - path)))) {
        parse_file(route, slash + 1, components, pool);
    } else if (apr_isdigit(*path)) {
        refuse(route, CDIST_ROUTE_MALFORMED,
               "the version is malformed: it must be " CDIST_MASK_FORM);
    } else {
        refuse(route, CDIST_ROUTE_UNKNOWN, "there is nothing under this path");
    }
}
