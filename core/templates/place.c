/* One folder of a scan: what lies in it, and its files, opened without ever following a link. */
#include "templates_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* NB: a folder that somebody mounts over and over, or a disk that was named by mistake, must come to an end. */
#define MAX_NAMES 2000000
#define TEMP_START ".cdist-"

static int compare_children(const void *left, const void *right)
{
    return strcmp(((const child_t *)left)->name, ((const child_t *)right)->name);
}

static cdist_err_t *open_folder(place_t *place, const place_t *parent, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(place->path, pool);
    apr_status_t rv = parent ? cdist_os_folder_open_at(&place->folder, parent->folder, strrchr(place->path, '/') + 1, pool)
                             : cdist_os_folder_open(&place->folder, place->path, pool);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv, "%s: cannot be read", shown);
}

static const char *path_of(const place_t *place, const child_t *child, apr_pool_t *pool)
{
    return apr_pstrcat(pool, place->path, "/", child->name, NULL);
}

/* What is neither a folder nor plays a role is left out; 1 if the child stays. */
static int look_at_child(child_t *child, scan_t *scan, const place_t *place, apr_pool_t *pool)
{
    apr_status_t rv = cdist_os_stat_at(&child->stat, place->folder, child->name);
    char text[120];

    if (APR_STATUS_IS_ENOENT(rv)) return 0; /* it went away */
    if (rv != APR_SUCCESS) {
        cdist_scan_problem(scan, path_of(place, child, pool),
                           apr_pstrcat(pool, "cannot be looked at: ", apr_strerror(rv, text, sizeof text), NULL));
        return 0;
    }
    /* NB: hidden ones are not the administrator's: version control, or releases that 1cdist sync is still putting together. */
    if (child->stat.kind == CDIST_FOLDER) return *child->name != '.';
    if (child->stat.kind == CDIST_LINK) {
        cdist_scan_problem(scan, path_of(place, child, pool), "is a link, and links below a template folder are not followed");
    }
    return child->stat.kind == CDIST_FILE && child->role != ROLE_NONE;
}

static cdist_err_t *list(place_t *place, scan_t *scan, apr_hash_t *caches, apr_pool_t *pool)
{
    const char *name;
    apr_status_t rv;

    while ((rv = cdist_os_folder_next(&name, place->folder, pool)) == APR_SUCCESS && name) {
        child_t child = {name, {0}, cdist_role_of(name), 0};

        if (++scan->names > MAX_NAMES) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: more than %d files below the template folders: the rest is not "
                                    "looked at", cdist_text_printable(place->path, pool), MAX_NAMES);
        }
        if (*name == '.' && child.role == ROLE_CACHE) apr_hash_set(caches, name, APR_HASH_KEY_STRING, name);
        else if (strncmp(name, TEMP_START, strlen(TEMP_START)) == 0) place->litter = 1;
        else if (look_at_child(&child, scan, place, pool)) APR_ARRAY_PUSH(place->children, child_t) = child;
    }
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(place->path, pool));
}

/* 1 at the first call for a folder. */
static int is_new(scan_t *scan, const place_t *place)
{
    cdist_stat_t stat;
    apr_uint64_t *key;

    /* Some network file systems have no such numbers. */
    if (cdist_os_stat_folder(&stat, place->folder) != APR_SUCCESS || stat.inode == 0) return 1;
    key = apr_palloc(scan->scratch, 2 * sizeof *key);
    key[0] = stat.device;
    key[1] = stat.inode;
    if (apr_hash_get(scan->folders, key, 2 * sizeof *key)) return 0;
    apr_hash_set(scan->folders, key, 2 * sizeof *key, key);
    return 1;
}

static void mark_cached(place_t *place, apr_hash_t *caches)
{
    int i;

    for (i = 0; apr_hash_count(caches) > 0 && i < place->children->nelts; i++) {
        child_t *child = &APR_ARRAY_IDX(place->children, i, child_t);
        char name[256];

        if (child->role == ROLE_NONE || strlen(child->name) > sizeof name - 16) continue;
        apr_snprintf(name, sizeof name, ".%s.1cdist", child->name);
        child->cached = apr_hash_get(caches, name, APR_HASH_KEY_STRING) != NULL;
    }
}

static void choose(place_t *place)
{
    int count[ROLE_COUNT] = {0}, usual[ROLE_COUNT] = {0}, i, role;

    for (i = 0; i < place->children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(place->children, i, child_t);

        if (child->stat.kind != CDIST_FILE || usual[child->role]) continue;
        usual[child->role] = cdist_role_is_usual(child->role, child->name);
        place->chosen[child->role] = child;
        count[child->role]++;
    }
    for (role = 0; role < ROLE_COUNT; role++) {
        if (count[role] > 1 && !usual[role]) place->chosen[role] = NULL;
    }
}

cdist_err_t *cdist_place_read(place_t *place, scan_t *scan, const place_t *parent, apr_pool_t *pool)
{
    apr_hash_t *caches = apr_hash_make(pool);

    place->children = apr_array_make(pool, 16, sizeof(child_t));
    place->looked_ns = apr_time_now() * 1000;
    CDIST_ERR(open_folder(place, parent, pool));
    place->again = !is_new(scan, place);
    if (place->again) return NULL;
    CDIST_ERR(list(place, scan, caches, pool));
    mark_cached(place, caches);
    qsort(place->children->elts, (size_t)place->children->nelts, sizeof(child_t), compare_children);
    choose(place);
    return NULL;
}

cdist_err_t *cdist_place_open(cdist_bytes_t **bytes, apr_file_t **file, const place_t *place, const child_t *child,
                              apr_pool_t *pool)
{
    const char *name = cdist_text_printable(child->name, pool);
    apr_status_t rv = cdist_os_open_at(file, place->folder, child->name, pool);
    cdist_stat_t stat;

    if (rv == APR_SUCCESS) rv = cdist_os_stat_file(&stat, *file);
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", name);
    if (!cdist_stat_same(&stat, &child->stat)) {
        return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changes while it is looked at", name);
    }
    return cdist_bytes_open_file(bytes, *file, name, pool);
}

texts_t *cdist_place_texts(findings_t *findings, const place_t *place, const role_t *roles, apr_pool_t *pool)
{
    texts_t *texts = cdist_texts_make("", pool);

    for (; *roles != ROLE_NONE; roles++) {
        const child_t *child = place->chosen[*roles];
        cdist_bytes_t *bytes;
        apr_file_t *file = NULL;
        cdist_err_t *err;

        if (!child) continue;
        err = cdist_place_open(&bytes, &file, place, child, pool);
        if (!err) err = cdist_texts_take(texts, *roles, bytes, pool);
        if (file) apr_file_close(file);
        if (err) cdist_findings_error(findings, err, child->name, child->name);
    }
    return texts;
}
