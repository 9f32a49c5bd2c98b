/* What a release folder holds. Understood are
 *   <version>/distr/windows64tc.zip …       ready archives, the platform's own layout; also directly in the folder
 *   <version>/Setup.ini, setup.exe, *.run … one distribution
 *   <version>/Win64/ …                      one distribution a slot, as on a deployment share
 *   setuptc64_8_3_27_2342/ …                an unpacked download
 * The version comes from the folder's name, else from Setup.ini; the slot from the folder's name, else from Setup.ini's
 * PackageName, an installer's name, or an executable's header. Where Setup.ini or the installer's name tell another
 * version than the folder, the source is not offered: a client would install the wrong one and ask again for ever. */
#include "cdist_platform.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

#define SETUP_INI_MAX (1024 * 1024)

typedef struct {
    const char *name;
    cdist_stat_t stat;
} child_t;

/* One listed folder. */
typedef struct {
    const char *path;
    apr_array_header_t *children; /* child_t, sorted by name */
    cdist_stat_t stat;
} listing_t;

typedef struct {
    apr_array_header_t *sources;
    int first;            /* sources before this one belong to other folders */
    cdist_version_t version; /* from the release folder's name; may be none */
    int whole;               /* the release folder is a distribution itself: a child is another only by its name */
    apr_int64_t newest_ns;
    apr_pool_t *pool;
} scan_t;

apr_time_t cdist_source_settles_at(const cdist_source_t *source, apr_interval_time_t settle)
{
    return source->newest_ns / 1000 + (settle > CDIST_SETTLE_MIN ? settle : CDIST_SETTLE_MIN);
}

void cdist_source_ready(cdist_source_t *source, const cdist_slot_t *slot, const char *path, const cdist_stat_t *stat)
{
    memset(source, 0, sizeof *source);
    source->slot = slot;
    source->kind = CDIST_SOURCE_READY;
    source->path = path;
    source->files = 1;
    source->bytes = stat->bytes;
    source->stat = *stat;
    source->newest_ns = stat->ctime_ns;
}

int cdist_source_offered(const cdist_source_t *source)
{
    return source && source->settled && !source->problem;
}

const char *cdist_source_kind_name(cdist_source_kind_t kind)
{
    return kind == CDIST_SOURCE_READY ? "ready" : "distribution";
}

/* ---- listing --------------------------------------------------------------------------------------------------- */

static int compare_children(const void *left, const void *right)
{
    return strcmp(((const child_t *)left)->name, ((const child_t *)right)->name);
}

static cdist_err_t *list_folder(listing_t *listing, const char *path, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    const char *name;
    apr_status_t rv = cdist_os_folder_open(&folder, path, pool);

    listing->path = path;
    listing->children = apr_array_make(pool, 16, sizeof(child_t));
    if (rv == APR_SUCCESS) rv = cdist_os_stat_folder(&listing->stat, folder);
    while (rv == APR_SUCCESS && (rv = cdist_os_folder_next(&name, folder, pool)) == APR_SUCCESS && name) {
        child_t child = {name, {0}};
        /* What went away since is not there; the next scan sees why. */
        if (cdist_os_stat_at(&child.stat, folder, name) == APR_SUCCESS) APR_ARRAY_PUSH(listing->children, child_t) = child;
    }
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
    }
    cdist_os_folder_close(folder);
    qsort(listing->children->elts, (size_t)listing->children->nelts, sizeof(child_t), compare_children);
    return NULL;
}

static const child_t *find_child(const listing_t *listing, const char *name, cdist_kind_t kind)
{
    int i;

    for (i = 0; i < listing->children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(listing->children, i, child_t);
        if (child->stat.kind == kind && strcasecmp(child->name, name) == 0) return child;
    }
    return NULL;
}

/* The first installer file, NULL if the folder is no distribution. */
static const child_t *find_installer(const listing_t *listing)
{
    static const char *const patterns[] = {"setup.exe", "setup.ini", "*.msi", "*.run", "*.dmg", "*.pkg", "*.deb", "*.rpm"};
    size_t p;
    int i;

    for (p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
        for (i = 0; i < listing->children->nelts; i++) {
            const child_t *child = &APR_ARRAY_IDX(listing->children, i, child_t);
            if (child->stat.kind == CDIST_FILE &&
                apr_fnmatch(patterns[p], child->name, APR_FNM_CASE_BLIND) == APR_SUCCESS) {
                return child;
            }
        }
    }
    return NULL;
}

/* ---- facts of a distribution ----------------------------------------------------------------------------------- */

static cdist_err_t *read_beneath(char **bytes, apr_size_t *length, const listing_t *listing, const char *name,
                                 apr_size_t max, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv = cdist_os_open_beneath(&file, listing->path, name, pool);

    *bytes = apr_palloc(pool, max + 1);
    *length = 0;
    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, *bytes, max, length);
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv)) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s/%s: cannot be read", cdist_text_printable(listing->path, pool),
                            cdist_text_printable(name, pool));
}

/* "1CEnterprise 8 Thin client (x86-64).msi" is for 64 bits, without the parenthesis for 32. */
static const cdist_slot_t *package_slot(const char *package)
{
    if (!package || !*package) return NULL;
    return cdist_slot_parse(strstr(package, "x86-64") || strstr(package, "x64") ? "windows64" : "windows32");
}

static const cdist_slot_t *installer_slot(const listing_t *listing, const child_t *installer, apr_pool_t *pool)
{
    const char *dot = strrchr(installer->name, '.');
    const cdist_slot_t *slot = NULL;
    char *head;
    apr_size_t length;

    if (dot && (strcasecmp(dot, ".dmg") == 0 || strcasecmp(dot, ".pkg") == 0)) return cdist_slot_parse("macos64");
    if (dot && strcasecmp(dot, ".msi") == 0) return package_slot(installer->name);
    if (dot && strcasecmp(dot, ".run") == 0) {
        slot = cdist_slot_find(apr_pstrmemdup(pool, installer->name, (apr_size_t)(dot - installer->name)), pool);
    }
    if (slot || read_beneath(&head, &length, listing, installer->name, CDIST_BINARY_HEAD, pool)) return slot;
    return cdist_binary_slot((const unsigned char *)head, length);
}

/* Reads Setup.ini's two facts; both are NULL where there is none. */
static cdist_err_t *read_setup_ini(const char **product_version, const char **package, const listing_t *listing,
                                   apr_pool_t *pool)
{
    const child_t *ini = find_child(listing, "Setup.ini", CDIST_FILE);
    char *bytes;
    apr_size_t length;
    const char *text;

    *product_version = *package = NULL;
    if (!ini) return NULL;
    CDIST_ERR(read_beneath(&bytes, &length, listing, ini->name,
                           ini->stat.bytes < SETUP_INI_MAX ? (apr_size_t)ini->stat.bytes : SETUP_INI_MAX, pool));
    text = cdist_text_decode(bytes, length, pool);
    *product_version = cdist_keyvalue_get(text, "Startup", "ProductVersion", pool);
    *package = cdist_keyvalue_get(text, "Startup", "PackageName", pool);
    return NULL;
}

/* ---- sources --------------------------------------------------------------------------------------------------- */

static void note_time(scan_t *scan, apr_int64_t ctime_ns)
{
    if (ctime_ns > scan->newest_ns) scan->newest_ns = ctime_ns;
}

/* Adds the folder's ready archives; their names go to `skip`, so that no distribution packs them. */
static void add_ready(scan_t *scan, const listing_t *listing, apr_array_header_t *skip)
{
    int i;

    for (i = 0; i < listing->children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(listing->children, i, child_t);
        const cdist_slot_t *slot = child->stat.kind == CDIST_FILE ? cdist_slot_parse_file(child->name) : NULL;
        cdist_source_t *source;

        if (!slot) continue;
        APR_ARRAY_PUSH(skip, const char *) = child->name;
        note_time(scan, child->stat.ctime_ns);
        source = apr_array_push(scan->sources);
        cdist_source_ready(source, slot, apr_pstrcat(scan->pool, listing->path, "/", child->name, NULL), &child->stat);
        source->version = scan->version;
        if (scan->version.count == 0) source->problem = "its folder's name tells no version A.B.C.D";
    }
}

/* Takes a version that `where` tells; one that differs from what is known already is a problem. */
static void take_version(cdist_source_t *source, const cdist_version_t *version, const char *where, apr_pool_t *pool)
{
    if (source->version.count == 0) {
        source->version = *version;
    } else if (cdist_version_compare(version, &source->version) != 0 && !source->problem) {
        source->problem = apr_psprintf(pool, "the folder says %s, but %s says %s; rename the folder or put the right "
                                       "files into it", cdist_version_format(&source->version, pool), where,
                                       cdist_version_format(version, pool));
    }
}

/* Version and slot of a distribution, or its problem. */
static cdist_err_t *identify(cdist_source_t *source, scan_t *scan, const listing_t *listing, const child_t *installer,
                             const char *name)
{
    const char *product_version, *package;
    cdist_version_t version;

    CDIST_ERR(read_setup_ini(&product_version, &package, listing, scan->pool));
    source->version = scan->version;
    if (cdist_version_find(&version, name, scan->pool)) {
        take_version(source, &version, cdist_text_printable(name, scan->pool), scan->pool);
    }
    if (product_version && cdist_version_parse(&version, product_version)) {
        take_version(source, &version, "Setup.ini's ProductVersion", scan->pool);
    }
    if (cdist_version_find(&version, installer->name, scan->pool)) {
        take_version(source, &version, cdist_text_printable(installer->name, scan->pool), scan->pool);
    }
    if (source->version.count == 0) {
        source->problem = "neither the folder's name nor a ProductVersion in Setup.ini tells a version A.B.C.D";
    }
    source->slot = cdist_slot_find(name, scan->pool);
    if (!source->slot) source->slot = package_slot(package);
    if (!source->slot) source->slot = installer_slot(listing, installer, scan->pool);
    if (!source->slot && !source->problem) {
        source->problem = apr_psprintf(scan->pool, "%s does not tell which client it is for; name the folder after the "
                                       "slot (windows64, linux64 …)", cdist_text_printable(installer->name, scan->pool));
    }
    return NULL;
}

/* Adds the folder as a distribution, if it holds an installer. `skip` are its children that are sources themselves. */
static void add_distribution(scan_t *scan, const listing_t *listing, const char *name, const apr_array_header_t *skip)
{
    const child_t *installer = find_installer(listing);
    cdist_source_t source;
    apr_pool_t *scratch;
    cdist_tree_t *tree;
    cdist_err_t *err;

    if (!installer) return;
    apr_pool_create(&scratch, scan->pool);
    memset(&source, 0, sizeof source);
    source.kind = CDIST_SOURCE_DISTRIBUTION;
    source.path = apr_pstrdup(scan->pool, listing->path);
    source.skip = skip && skip->nelts ? skip : NULL;
    err = identify(&source, scan, listing, installer, name);
    if (!err) err = cdist_tree_read(&tree, source.path, source.skip, scratch);
    if (err) {
        source.problem = cdist_err_text(err, scan->pool);
        source.unread = err->code == CDIST_E_SOURCE || err->code == CDIST_E_CHANGED;
    } else {
        source.files = tree->files;
        source.bytes = tree->bytes;
        source.signature = tree->signature;
        note_time(scan, tree->newest_ns);
    }
    APR_ARRAY_PUSH(scan->sources, cdist_source_t) = source;
    apr_pool_destroy(scratch);
}

/* A child folder may hold ready archives ("distr", or one a slot) or a distribution. Returns 1 if it was something. */
static int scan_child(scan_t *scan, const listing_t *parent, const char *name)
{
    int before = scan->sources->nelts;
    apr_array_header_t *skip;
    listing_t listing;
    cdist_err_t *err = list_folder(&listing, apr_pstrcat(scan->pool, parent->path, "/", name, NULL), scan->pool);

    if (err) {
        const cdist_slot_t *slot = cdist_slot_find(name, scan->pool);
        if (slot) {
            cdist_source_t *source = memset(apr_array_push(scan->sources), 0, sizeof *source);
            source->version = scan->version;
            source->slot = slot;
            source->kind = CDIST_SOURCE_DISTRIBUTION;
            source->path = listing.path;
            source->problem = cdist_err_text(err, scan->pool);
            source->unread = 1;
        }
        return slot != NULL;
    }
    note_time(scan, listing.stat.ctime_ns);
    skip = apr_array_make(scan->pool, 4, sizeof(const char *));
    add_ready(scan, &listing, skip);
    if (strcasecmp(name, "distr") != 0 && (!scan->whole || cdist_slot_find(name, scan->pool))) {
        add_distribution(scan, &listing, name, skip);
    }
    return scan->sources->nelts != before || strcasecmp(name, "distr") == 0;
}

cdist_err_t *cdist_source_scan(apr_array_header_t *sources, const char *folder, const char *name, apr_pool_t *result_pool)
{
    scan_t scan = {sources, sources->nelts, {{0}, 0}, 0, 0, result_pool};
    apr_array_header_t *skip = apr_array_make(result_pool, 4, sizeof(const char *));
    listing_t listing;
    int i;

    cdist_version_find(&scan.version, name, result_pool);
    CDIST_ERR(list_folder(&listing, folder, result_pool));
    scan.whole = find_installer(&listing) != NULL;
    note_time(&scan, listing.stat.ctime_ns);
    add_ready(&scan, &listing, skip);
    for (i = 0; i < listing.children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(listing.children, i, child_t);
        if (child->stat.kind == CDIST_FOLDER && scan_child(&scan, &listing, child->name)) {
            APR_ARRAY_PUSH(skip, const char *) = child->name;
        }
    }
    add_distribution(&scan, &listing, name, skip);
    for (i = scan.first; i < sources->nelts; i++) {
        APR_ARRAY_IDX(sources, i, cdist_source_t).newest_ns = scan.newest_ns;
    }
    return NULL;
}

void cdist_source_job(cdist_job_t *job, const cdist_source_t *source, int level, int threads, apr_pool_t *pool)
{
    memset(job, 0, sizeof *job);
    job->version = source->version;
    job->path = source->path;
    job->ready = source->kind == CDIST_SOURCE_READY;
    job->stat = source->stat;
    job->signature = source->signature;
    job->skip = source->skip;
    job->level = level;
    job->threads = threads;
    job->label = source->version.count ? apr_psprintf(pool, "%s %s", source->slot->name,
                                                      cdist_version_format(&source->version, pool))
                                       : apr_psprintf(pool, "%s published by hand", source->slot->name);
    cdist_job_key(job, pool);
}
