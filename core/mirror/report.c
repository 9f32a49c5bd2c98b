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

static const cdist_catalogue_t *scan(const char *root, apr_pool_t *pool)
{
    apr_array_header_t *roots = apr_array_make(pool, 1, sizeof(const char *));
    cdist_lookup_t lookup = {roots, NULL, NULL, 0, CDIST_LAYOUT_FLAT};

    APR_ARRAY_PUSH(roots, const char *) = root;
    return cdist_catalogue_scan(&lookup, 0, NULL, pool);
}

static json_t *releases_of(const cdist_catalogue_t *catalogue, apr_pool_t *pool)
{
    json_t *versions = json_array();
    int i;

    for (i = 0; i < catalogue->releases->nelts && i < RELEASES_MAX; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        json_array_append_new(versions, json_string(cdist_version_format(&release->version, pool)));
    }
    return versions;
}

static int is_same_family(const cdist_version_t *a, const cdist_version_t *b)
{
    return a->part[0] == b->part[0] && a->part[1] == b->part[1];
}

/* What is current here, as far as the root tells; NULL: nothing. NB: not cdist_select_current, for which a release that came
 * just now is not settled yet; what sync puts there is whole. */
static const cdist_release_t *current_of(const cdist_catalogue_t *catalogue, const cdist_current_t *current)
{
    const cdist_release_t *newest = NULL;
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        if (!cdist_mask_matches(&current->mask, &release->version)) continue;
        if (!newest) newest = release;
        if (current->kind == CDIST_CURRENT_UNSET && !is_same_family(&newest->version, &release->version)) return NULL;
    }
    return newest;
}

/* The start of a text, no half a character at its end. */
static const char *shortened(const char *text, apr_pool_t *pool)
{
    apr_size_t length = strlen(text);

    if (length <= ERROR_MAX) return text;
    for (length = ERROR_MAX; length > 0 && ((unsigned char)text[length] & 0xC0) == 0x80;) length--;
    return apr_pstrmemdup(pool, text, length);
}

cdist_err_t *cdist_report_send(cdist_fetcher_t *fetcher, const char *url, const cdist_sync_state_t *state,
                               const cdist_sync_options_t *options, apr_pool_t *pool)
{
    const cdist_catalogue_t *catalogue = scan(options->root, pool);
    const cdist_release_t *current = current_of(catalogue, &options->current);
    char name[APRMAXHOSTLEN + 1] = "";
    json_t *report = json_object();
    cdist_err_t *err;
    char *dumped;

    if (apr_gethostname(name, sizeof name, pool) == APR_SUCCESS) json_object_set_new(report, "name", json_string(name));
    json_object_set_new(report, "releases", releases_of(catalogue, pool));
    if (current) json_object_set_new(report, "current", json_string(cdist_version_format(&current->version, pool)));
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
