/* CDistSource: a slot's folders or archives that lie elsewhere than under a root, such as /srv/modules/%v or
 * /srv/share/%v/Win64 or /srv/zip/windows64tc-%v.zip. Each part of the path with %v is looked up in its folder, with the
 * version written with dots or underscores; several parts must mean the same version. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

#define MARK "%v"
#define MAX_FOLDERS 10000

typedef struct {
    cdist_walk_t walk;
    const cdist_pattern_t *pattern;
    int folders; /* listed so far */
} expansion_t;

const char *cdist_pattern_problem(const char *path)
{
    const char *at = strstr(path, MARK), *next;

    if (*path != '/') return "must be an absolute path";
    if (!at) return "must have %v where the version stands, such as /srv/modules/%v";
    for (; at; at = next) {
        next = strstr(at + 2, MARK);
        if (next && !memchr(at, '/', (apr_size_t)(next - at))) return "must not have %v twice between two slashes";
    }
    return NULL;
}

/* Where the first part with %v begins. */
static const char *first_marked(const char *path)
{
    const char *start = strstr(path, MARK);

    while (start > path && start[-1] != '/') start--;
    return start;
}

/* What is before the first part with %v; "" if nothing is. */
static const char *folder_before(const char *path, apr_pool_t *pool)
{
    apr_size_t length = (apr_size_t)(first_marked(path) - path);

    return length > 1 ? apr_pstrmemdup(pool, path, length - 1) : length ? "/" : "";
}

const char *cdist_pattern_folder(const cdist_pattern_t *pattern, apr_pool_t *pool)
{
    return folder_before(pattern->path, pool);
}

/* Whether a name is the part with a version in the place of %v. */
static int match(cdist_version_t *version, const char *part, const char *name, apr_pool_t *pool)
{
    const char *mark = strstr(part, MARK), *tail = mark + 2;
    apr_size_t head = (apr_size_t)(mark - part), length = strlen(name), after = strlen(tail);

    if (length <= head + after || strncmp(name, part, head) != 0 || strcmp(name + length - after, tail) != 0) return 0;
    return cdist_version_parse(version, apr_pstrmemdup(pool, name + head, length - head - after));
}

static void add_problem(expansion_t *expansion, const char *path, const char *problem, int unread)
{
    cdist_walk_add_problem(&expansion->walk, expansion->pattern->slot, path, problem, unread);
}

/* What cannot be read for the moment is not taken for absent. */
static void add_unread(expansion_t *expansion, const char *path, apr_status_t rv)
{
    apr_pool_t *pool = expansion->walk.pool;

    add_problem(expansion, path, cdist_err_text(cdist_err_create(pool, CDIST_E_SOURCE, rv, "cannot be read"), pool), 1);
}

static void add_link(expansion_t *expansion, const char *path)
{
    cdist_walk_add_link(&expansion->walk, expansion->pattern->slot, path);
}

static void add_folder(expansion_t *expansion, cdist_folder_t *parent, const char *path, const char *name)
{
    const cdist_slot_t *slot = expansion->pattern->slot;
    cdist_walk_t *walk = &expansion->walk;
    cdist_listing_t listing;
    cdist_err_t *err = cdist_folder_read(&listing, parent, path, walk->pool);

    if (err) {
        add_problem(expansion, path, cdist_err_text(err, walk->pool), 1);
        return;
    }
    if (!cdist_slot_is_component(slot) && !cdist_folder_is_source(&listing)) {
        cdist_walk_note(walk, listing.stat.ctime_ns);
        add_problem(expansion, path, "holds no installer (Setup.ini, setup.exe, *.msi, *.run, *.dmg, *.pkg …) and no 1cv8c", 0);
    } else {
        apr_array_header_t *skip = apr_array_make(walk->pool, 1, sizeof(const char *));

        /* The ready archives of an installed platform are no part of it. */
        if (!cdist_slot_is_component(slot)) APR_ARRAY_PUSH(skip, const char *) = "/distr";
        cdist_walk_note(walk, listing.stat.ctime_ns);
        cdist_walk_add_folder(walk, &listing, name, slot, skip);
    }
    cdist_listing_close(&listing);
}

/* What lies at a path below an open folder. No link on the way is followed: *reached is where the first one lies, or else the
 * whole path. *parent is the open folder that the last part lies in. APR_ENOENT also where a file stands in the place of a
 * folder. */
static apr_status_t stat_below(cdist_stat_t *stat, cdist_folder_t **parent, const char **reached, const cdist_listing_t *from,
                               const char *relative, apr_pool_t *pool)
{
    cdist_folder_t *at = from->folder;
    apr_status_t rv = APR_SUCCESS;

    *reached = strcmp(from->path, "/") == 0 ? "" : from->path;
    while (rv == APR_SUCCESS) {
        const char *slash = strchr(relative, '/');
        const char *part = slash ? apr_pstrmemdup(pool, relative, (apr_size_t)(slash - relative)) : relative;

        *parent = at;
        *reached = apr_pstrcat(pool, *reached, "/", part, NULL);
        rv = cdist_os_stat_at(stat, at, part);
        if (!slash || rv != APR_SUCCESS || stat->kind == CDIST_LINK) return rv;
        rv = stat->kind == CDIST_FOLDER ? cdist_os_folder_open_at(&at, at, part, pool) : APR_ENOENT;
        relative = slash + 1;
    }
    return rv;
}

/* The path of what lies in a listed folder. */
static const char *path_in(const cdist_listing_t *folder, const char *relative, apr_pool_t *pool)
{
    return apr_pstrcat(pool, strcmp(folder->path, "/") == 0 ? "" : folder->path, "/", relative, NULL);
}

/* Adds what lies at the end of the pattern, if anything does. */
static void add_target(expansion_t *expansion, const cdist_listing_t *folder, const char *relative)
{
    const char *path = path_in(folder, relative, expansion->walk.pool), *name = strrchr(path, '/') + 1;
    cdist_walk_t *walk = &expansion->walk;
    int first = walk->sources->nelts, i;
    cdist_folder_t *parent;
    const char *reached;
    apr_pool_t *opened;
    cdist_stat_t stat;
    apr_status_t rv;

    apr_pool_create(&opened, walk->pool);
    rv = stat_below(&stat, &parent, &reached, folder, relative, opened);
    walk->newest_ns = 0;
    if (rv == APR_SUCCESS) {
        const char *dot = strrchr(name, '.');

        cdist_walk_note(walk, stat.ctime_ns);
        if (stat.kind == CDIST_FOLDER) add_folder(expansion, parent, path, name);
        else if (stat.kind == CDIST_LINK) add_link(expansion, apr_pstrdup(walk->pool, reached));
        else if (stat.kind == CDIST_FILE && dot && strcasecmp(dot, ".zip") == 0) {
            cdist_walk_add_ready(walk, expansion->pattern->slot, path, &stat);
        } else add_problem(expansion, path, "is neither a folder nor a .zip file; name the folder that it lies in", 0);
    } else if (!APR_STATUS_IS_ENOENT(rv)) {
        add_unread(expansion, path, rv);
    }
    apr_pool_destroy(opened);
    for (i = first; i < walk->sources->nelts; i++) {
        APR_ARRAY_IDX(walk->sources, i, cdist_source_t).newest_ns = walk->newest_ns;
        APR_ARRAY_IDX(walk->sources, i, cdist_source_t).named = 1;
    }
}

static cdist_err_t *expand(expansion_t *expansion, const cdist_listing_t *base, const char *path);

/* Looks up the first part of `path` with %v, in the folder before it; a version may well lack the slot, so that folder may be
 * absent, or be one that cannot be offered. */
static cdist_err_t *expand_below(expansion_t *expansion, const cdist_listing_t *base, const char *relative, const char *path)
{
    apr_pool_t *pool = expansion->walk.pool, *opened;
    const char *reached, *full = path_in(base, relative, pool);
    cdist_err_t *err = NULL;
    cdist_folder_t *parent;
    cdist_listing_t listing;
    cdist_stat_t stat;
    apr_status_t rv;

    apr_pool_create(&opened, pool);
    rv = stat_below(&stat, &parent, &reached, base, relative, opened);
    listing.folder = NULL;
    if (rv == APR_SUCCESS && stat.kind == CDIST_LINK) {
        add_link(expansion, apr_pstrdup(pool, reached));
    } else if (rv == APR_SUCCESS && stat.kind == CDIST_FOLDER) {
        err = cdist_listing_read(&listing, parent, full, pool);
        if (err) rv = err->status;
        err = NULL;
    }
    apr_pool_destroy(opened);
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv)) add_unread(expansion, full, rv);
    if (listing.folder) err = expand(expansion, &listing, path);
    cdist_listing_close(&listing);
    return err;
}

/* Looks up the first part of `path`, which has %v, in a listed folder, and goes on with the rest. */
static cdist_err_t *expand(expansion_t *expansion, const cdist_listing_t *base, const char *path)
{
    cdist_version_t known = expansion->walk.version, version;
    apr_pool_t *pool = expansion->walk.pool;
    const char *slash = strchr(path, '/'), *rest = slash ? slash + 1 : "";
    const char *part = slash ? apr_pstrmemdup(pool, path, (apr_size_t)(slash - path)) : path;
    int i;

    if (++expansion->folders > MAX_FOLDERS) return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: means too much", path);
    for (i = 0; i < base->children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(base->children, i, cdist_child_t);

        if (!match(&version, part, child->name, pool)) continue;
        if (known.count && cdist_version_compare(&known, &version) != 0) continue;
        expansion->walk.version = version;
        if (*rest && child->stat.kind == CDIST_LINK) {
            add_link(expansion, path_in(base, child->name, pool));
        } else if (!strstr(rest, MARK)) {
            add_target(expansion, base, *rest ? apr_pstrcat(pool, child->name, "/", rest, NULL) : child->name);
        } else if (child->stat.kind == CDIST_FOLDER) {
            const char *between = folder_before(rest, pool);
            const char *folder = *between ? apr_pstrcat(pool, child->name, "/", between, NULL) : child->name;

            CDIST_ERR(expand_below(expansion, base, folder, first_marked(rest)));
        }
        expansion->walk.version = known;
    }
    return NULL;
}

cdist_err_t *cdist_source_scan_pattern(apr_array_header_t *sources, const cdist_lookup_t *lookup,
                                       const cdist_pattern_t *pattern, apr_pool_t *result_pool)
{
    expansion_t expansion = {{sources, lookup, {{0}, 0}, 0, 0, result_pool}, pattern, 0};
    cdist_listing_t listing;
    cdist_err_t *err;

    CDIST_ERR(cdist_listing_read(&listing, NULL, cdist_pattern_folder(pattern, result_pool), result_pool));
    err = expand(&expansion, &listing, first_marked(pattern->path));
    cdist_listing_close(&listing);
    return err;
}
