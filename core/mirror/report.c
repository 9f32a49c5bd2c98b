/* What a branch tells its centre about itself: POST <base>/branches (docs/formats.md). Nobody depends on it; so that it
 * cannot be sent is said, and no more. */
#include "mirror_int.h"

#include <apr_network_io.h>
#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

/* What the centre takes. */
#define RELEASES_MAX 200
#define ERROR_MAX 480

static json_t *releases_of(const char *root, apr_pool_t *pool)
{
    apr_array_header_t *roots = apr_array_make(pool, 1, sizeof(const char *));
    cdist_lookup_t lookup = {roots, NULL, NULL, 0, CDIST_LAYOUT_FLAT};
    const cdist_catalogue_t *catalogue;
    json_t *versions = json_array();
    int i;

    APR_ARRAY_PUSH(roots, const char *) = root;
    catalogue = cdist_catalogue_scan(&lookup, 0, NULL, pool);
    for (i = 0; i < catalogue->releases->nelts && i < RELEASES_MAX; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        json_array_append_new(versions, json_string(cdist_version_format(&release->version, pool)));
    }
    return versions;
}

/* The start of a text, no half a character at its end. */
static const char *shortened(const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);

    if (length <= ERROR_MAX) return text;
    for (length = ERROR_MAX; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80;) length--;
    return apr_pstrmemdup(pool, text, length);
}

cdist_err_t *cdist_report_send(cdist_fetcher_t *fetcher, const char *url, const cdist_sync_state_t *state, const char *root,
                               apr_pool_t *pool)
{
    char name[APRMAXHOSTLEN + 1] = "";
    json_t *report = json_object();
    cdist_err_t *err;
    char *dumped;

    if (apr_gethostname(name, sizeof name, pool) == APR_SUCCESS) json_object_set_new(report, "name", json_string(name));
    json_object_set_new(report, "releases", releases_of(root, pool));
    if (state->last_sync) json_object_set_new(report, "last_sync", json_string(cdist_time_format(state->last_sync, pool)));
    if (state->error) {
        json_object_set_new(report, "error", json_string(shortened(cdist_text_printable(state->error, pool), pool)));
    }
    dumped = json_dumps(report, JSON_COMPACT);
    json_decref(report);
    if (!dumped) abort(); /* every text in it is UTF-8: out of memory, as APR's pools do */
    err = cdist_fetch_post(fetcher, apr_pstrcat(pool, cdist_upstream_base(url, pool), "/branches", NULL), dumped, pool);
    free(dumped);
    return err;
}
