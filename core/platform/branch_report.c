/* What a branch tells its centre about itself (docs/formats.md): the releases it has, which is current, when it last took
 * updates, what went wrong. It comes from the network, so what is kept is made anew of the members that are known. */
#include "platform_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define NAME_MAX_BYTES 100
#define TEXT_MAX_BYTES 500
#define RELEASES_MAX 200
#define MOMENT_BYTES 20 /* 2026-11-21T18:30:00Z */

static cdist_err_t *refuse(const char *member, const char *what, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "report of a branch: %s %s", member, what);
}

/* A text member, printable and not too long; "" where it is missing. */
static cdist_err_t *take_text(const char **text, const json_t *report, const char *member, apr_size_t max_bytes, apr_pool_t *pool)
{
    const json_t *value = json_object_get(report, member);

    *text = "";
    if (!value || json_is_null(value)) return NULL;
    if (!json_is_string(value)) return refuse(member, "must be a text", pool);
    if (json_string_length(value) > max_bytes) return refuse(member, apr_psprintf(pool, "is longer than %d bytes", (int)max_bytes), pool);
    *text = cdist_text_printable(json_string_value(value), pool);
    return NULL;
}

static int is_version(const char *text)
{
    cdist_version_t version;

    return cdist_version_parse(&version, text);
}

/* RFC 3339 in UTC, without fractions. */
static int is_moment(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00Z";
    int i;

    if (strlen(text) != MOMENT_BYTES) return 0;
    for (i = 0; i < MOMENT_BYTES; i++) {
        if (form[i] == '0' ? text[i] < '0' || text[i] > '9' : text[i] != form[i]) return 0;
    }
    return 1;
}

static cdist_err_t *take_releases(json_t *clean, const json_t *report, apr_pool_t *pool)
{
    const json_t *releases = json_object_get(report, "releases"), *value;
    json_t *list = json_array();
    size_t i;

    json_object_set_new(clean, "releases", list);
    if (!releases) return NULL;
    if (!json_is_array(releases)) return refuse("releases", "must be a list of versions", pool);
    if (json_array_size(releases) > RELEASES_MAX) return refuse("releases", "are too many", pool);
    json_array_foreach((json_t *)releases, i, value) {
        if (!json_is_string(value) || !is_version(json_string_value(value))) return refuse("releases", "must be versions", pool);
        json_array_append_new(list, json_string(json_string_value(value)));
    }
    return NULL;
}

static cdist_err_t *fill(json_t *clean, const json_t *report, apr_pool_t *pool)
{
    const char *name, *current, *last_sync, *error;

    CDIST_ERR(take_text(&name, report, "name", NAME_MAX_BYTES, pool));
    CDIST_ERR(take_text(&current, report, "current", NAME_MAX_BYTES, pool));
    CDIST_ERR(take_text(&last_sync, report, "last_sync", NAME_MAX_BYTES, pool));
    CDIST_ERR(take_text(&error, report, "error", TEXT_MAX_BYTES, pool));
    if (*current && !is_version(current)) return refuse("current", "must be a version", pool);
    if (*last_sync && !is_moment(last_sync)) return refuse("last_sync", "must be a moment such as 2026-11-21T18:30:00Z", pool);
    json_object_set_new(clean, "name", json_string(name));
    CDIST_ERR(take_releases(clean, report, pool));
    json_object_set_new(clean, "current", json_string(current));
    json_object_set_new(clean, "last_sync", json_string(last_sync));
    json_object_set_new(clean, "error", json_string(error));
    return NULL;
}

cdist_err_t *cdist_branch_report_clean(const char **clean, const char *bytes, apr_size_t length, const char *user,
                                       apr_time_t received, apr_pool_t *pool)
{
    json_t *report, *made;
    cdist_err_t *err;
    char *dumped;

    if (length > CDIST_BRANCH_REPORT_MAX) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "report of a branch: longer than %d bytes", CDIST_BRANCH_REPORT_MAX);
    }
    report = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, NULL);
    if (!json_is_object(report)) {
        json_decref(report);
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "report of a branch: must be one JSON object");
    }
    made = json_object();
    json_object_set_new(made, "user", json_string(cdist_text_printable(user, pool)));
    json_object_set_new(made, "received", json_integer((json_int_t)apr_time_sec(received)));
    err = fill(made, report, pool);
    dumped = err ? NULL : json_dumps(made, JSON_COMPACT);
    json_decref(report);
    json_decref(made);
    if (err) return err;
    *clean = apr_pstrdup(pool, dumped ? dumped : "{}");
    free(dumped);
    return NULL;
}

/* ---- keeping them ------------------------------------------------------------------------------------------------ */

/* NB: named by a digest, since a user's name may be anything. */
cdist_err_t *cdist_branch_report_keep(const char *folder, const char *user, const char *clean, apr_pool_t *pool)
{
    apr_array_header_t *known;
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;
    const char *path;
    apr_finfo_t info;
    apr_status_t rv = cdist_os_folder_make(folder, pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be made", folder);
    cdist_sha256_update_text(sha, user);
    cdist_sha256_final(&digest, sha);
    path = apr_pstrcat(pool, folder, "/", cdist_digest_hex(&digest, pool), NULL);
    if (apr_stat(&info, path, APR_FINFO_TYPE, pool) != APR_SUCCESS) {
        CDIST_ERR(cdist_branch_reports(&known, folder, pool));
        if (known->nelts >= CDIST_BRANCHES_MAX) {
            return cdist_err_create(pool, CDIST_E_BUSY, 0, "there are reports of %d branches already; remove old ones from %s",
                                    CDIST_BRANCHES_MAX, folder);
        }
    }
    return cdist_file_publish(path, clean, strlen(clean), pool);
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(const char *const *)left, *(const char *const *)right);
}

cdist_err_t *cdist_branch_reports(apr_array_header_t **reports, const char *folder, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 16, sizeof(const char *));
    cdist_folder_t *listing;
    cdist_digest_t digest;
    const char *name;
    apr_status_t rv = cdist_os_folder_open(&listing, folder, pool);

    *reports = found;
    if (APR_STATUS_IS_ENOENT(rv)) return NULL;
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be read", folder);
    while (found->nelts < CDIST_BRANCHES_MAX && cdist_os_folder_next(&name, listing, pool) == APR_SUCCESS && name) {
        apr_size_t length;
        char *text;

        if (!cdist_digest_parse(&digest, name)) continue;
        if (cdist_file_read(&text, &length, apr_pstrcat(pool, folder, "/", name, NULL), 2 * CDIST_BRANCH_REPORT_MAX, pool)) continue;
        APR_ARRAY_PUSH(found, const char *) = text;
    }
    cdist_os_folder_close(listing);
    qsort(found->elts, (size_t)found->nelts, sizeof(const char *), compare_texts);
    return NULL;
}
