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

/* Splits at the first part with %v: what is before it, the part, and the rest, which may be empty. */
static void split(const char **folder, const char **part, const char **rest, const char *path, apr_pool_t *pool)
{
    const char *mark = strstr(path, MARK), *start = mark, *end = strchr(mark, '/');

    while (start > path && start[-1] != '/') start--;
    *folder = start - path > 1 ? apr_pstrmemdup(pool, path, (apr_size_t)(start - path) - 1) : start > path ? "/" : "";
    *part = end ? apr_pstrmemdup(pool, start, (apr_size_t)(end - start)) : start;
    *rest = end ? end + 1 : "";
}

const char *cdist_pattern_folder(const cdist_pattern_t *pattern, apr_pool_t *pool)
{
    const char *folder, *part, *rest;

    split(&folder, &part, &rest, pattern->path, pool);
    return folder;
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

static void add_folder(expansion_t *expansion, const char *path, const char *name)
{
    const cdist_slot_t *slot = expansion->pattern->slot;
    cdist_walk_t *walk = &expansion->walk;
    cdist_listing_t listing;
    cdist_err_t *err = cdist_folder_read(&listing, path, walk->pool);

    if (err) {
        add_problem(expansion, path, cdist_err_text(err, walk->pool), 1);
    } else if (!cdist_slot_is_component(slot) && !cdist_folder_is_source(&listing)) {
        cdist_walk_note(walk, listing.stat.ctime_ns);
        add_problem(expansion, path, "holds no installer (Setup.ini, setup.exe, *.msi, *.run, *.dmg, *.pkg …) and no 1cv8c", 0);
    } else {
        apr_array_header_t *skip = apr_array_make(walk->pool, 1, sizeof(const char *));

        /* The ready archives of an installed platform are no part of it. */
        if (!cdist_slot_is_component(slot)) APR_ARRAY_PUSH(skip, const char *) = "/distr";
        cdist_walk_note(walk, listing.stat.ctime_ns);
        cdist_walk_add_folder(walk, &listing, name, slot, skip);
    }
}

/* What lies at a path below a folder. No link on the way is followed: *reached is where the first one lies, or else the whole
 * path. APR_ENOENT also where a file stands in the place of a folder. */
static apr_status_t stat_below(cdist_stat_t *stat, const char **reached, const char *folder, const char *relative,
                               apr_pool_t *pool)
{
    cdist_folder_t *at, *next = NULL;
    apr_status_t rv = cdist_os_folder_open(&at, *folder ? folder : "/", pool);

    *reached = folder;
    while (rv == APR_SUCCESS) {
        const char *slash = strchr(relative, '/');
        const char *part = slash ? apr_pstrmemdup(pool, relative, (apr_size_t)(slash - relative)) : relative;
        int last;

        *reached = apr_pstrcat(pool, *reached, "/", part, NULL);
        rv = cdist_os_stat_at(stat, at, part);
        last = !slash || rv != APR_SUCCESS || stat->kind == CDIST_LINK;
        if (!last && stat->kind != CDIST_FOLDER) rv = APR_ENOENT;
        else if (!last) rv = cdist_os_folder_open_at(&next, at, part, pool);
        cdist_os_folder_close(at);
        if (last) break;
        at = next;
        relative = slash + 1;
    }
    return rv;
}

/* Adds what lies at the end of the pattern, if anything does. */
static void add_target(expansion_t *expansion, const char *folder, const char *relative)
{
    const char *path = apr_pstrcat(expansion->walk.pool, folder, "/", relative, NULL), *name = strrchr(path, '/') + 1;
    cdist_walk_t *walk = &expansion->walk;
    int first = walk->sources->nelts, i;
    const char *reached;
    cdist_stat_t stat;
    apr_status_t rv = stat_below(&stat, &reached, folder, relative, walk->pool);

    walk->newest_ns = 0;
    if (rv == APR_SUCCESS) {
        const char *dot = strrchr(name, '.');

        cdist_walk_note(walk, stat.ctime_ns);
        if (stat.kind == CDIST_FOLDER) add_folder(expansion, path, name);
        else if (stat.kind == CDIST_LINK) add_link(expansion, reached);
        else if (stat.kind == CDIST_FILE && dot && strcasecmp(dot, ".zip") == 0) {
            cdist_walk_add_ready(walk, expansion->pattern->slot, path, &stat);
        } else add_problem(expansion, path, "is neither a folder nor a .zip file; name the folder that it lies in", 0);
    } else if (!APR_STATUS_IS_ENOENT(rv)) {
        add_unread(expansion, path, rv);
    }
    for (i = first; i < walk->sources->nelts; i++) {
        APR_ARRAY_IDX(walk->sources, i, cdist_source_t).newest_ns = walk->newest_ns;
        APR_ARRAY_IDX(walk->sources, i, cdist_source_t).named = 1;
    }
}

/* Lists a folder of the pattern. Behind the first version it may be absent, since a version may well lack the slot; then it
 * is empty, as one that cannot be offered is. */
static cdist_err_t *list_folder(cdist_listing_t *listing, const char **path, expansion_t *expansion, const char *base,
                                const char *folder)
{
    apr_pool_t *pool = expansion->walk.pool;
    const char *reached = base;
    apr_status_t rv = APR_SUCCESS;
    cdist_stat_t stat;
    cdist_err_t *err;

    *path = apr_pstrcat(pool, base, *base && *folder ? "/" : "", folder, NULL);
    if (!*base) return cdist_listing_read(listing, *path, pool);
    listing->children = apr_array_make(pool, 1, sizeof(cdist_child_t));
    stat.kind = CDIST_FOLDER;
    if (*folder) rv = stat_below(&stat, &reached, base, folder, pool);
    if (rv == APR_SUCCESS && stat.kind == CDIST_LINK) {
        add_link(expansion, reached);
    } else if (rv == APR_SUCCESS && stat.kind == CDIST_FOLDER) {
        err = cdist_listing_read(listing, *path, pool);
        if (err) listing->children->nelts = 0;
        if (err) rv = err->status;
    }
    if (rv != APR_SUCCESS && !APR_STATUS_IS_ENOENT(rv)) add_unread(expansion, *path, rv);
    return NULL;
}

/* Looks up the first part of `path` with %v below `base`, and goes on with the rest. */
static cdist_err_t *expand(expansion_t *expansion, const char *base, const char *path)
{
    const char *folder, *part, *rest;
    cdist_version_t known = expansion->walk.version, version;
    apr_pool_t *pool = expansion->walk.pool;
    cdist_listing_t listing;
    int i;

    split(&folder, &part, &rest, path, pool);
    if (++expansion->folders > MAX_FOLDERS) return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: means too much", path);
    CDIST_ERR(list_folder(&listing, &folder, expansion, base, folder));
    if (strcmp(folder, "/") == 0) folder = "";
    for (i = 0; i < listing.children->nelts; i++) {
        const cdist_child_t *child = &APR_ARRAY_IDX(listing.children, i, cdist_child_t);

        if (!match(&version, part, child->name, pool)) continue;
        if (known.count && cdist_version_compare(&known, &version) != 0) continue;
        expansion->walk.version = version;
        if (*rest && child->stat.kind == CDIST_LINK) {
            add_link(expansion, apr_pstrcat(pool, folder, "/", child->name, NULL));
        } else if (!strstr(rest, MARK)) {
            add_target(expansion, folder, *rest ? apr_pstrcat(pool, child->name, "/", rest, NULL) : child->name);
        } else if (child->stat.kind == CDIST_FOLDER) {
            CDIST_ERR(expand(expansion, apr_pstrcat(pool, folder, "/", child->name, NULL), rest));
        }
        expansion->walk.version = known;
    }
    return NULL;
}

cdist_err_t *cdist_source_scan_pattern(apr_array_header_t *sources, const cdist_lookup_t *lookup,
                                       const cdist_pattern_t *pattern, apr_pool_t *result_pool)
{
    expansion_t expansion = {{sources, lookup, {{0}, 0}, 0, 0, result_pool}, pattern, 0};

    return expand(&expansion, "", pattern->path);
}
