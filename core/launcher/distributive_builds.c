/* Distributions that the launcher can install from: what the platform room's catalogue finds, and version folders whose
 * Setup.ini or setup.exe does not say which client it is for. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <string.h>

#define SETUP_INI_MAX (1024 * 1024)

typedef struct {
    const char *ini;     /* Setup.ini's name */
    int installer;       /* it, or setup.exe, is there */
    int thin_only;       /* an installer's name says so */
    apr_array_header_t *folders; /* const char * */
} content_t;

static int says_thin(const char *text)
{
    for (; *text; text++) {
        if (strncasecmp(text, "thin", 4) == 0 || strncasecmp(text, "setuptc", 7) == 0) return 1;
    }
    return 0;
}

static apr_status_t read_content(content_t *content, cdist_folder_t *folder, apr_pool_t *pool)
{
    const char *name;
    apr_status_t rv;

    memset(content, 0, sizeof *content);
    content->folders = apr_array_make(pool, 8, sizeof(const char *));
    while ((rv = cdist_os_folder_next(&name, folder, pool)) == APR_SUCCESS && name) {
        cdist_stat_t stat;

        if (cdist_os_stat_at(&stat, folder, name) != APR_SUCCESS) continue; /* it went away */
        if (stat.kind == CDIST_FOLDER) APR_ARRAY_PUSH(content->folders, const char *) = name;
        if (stat.kind != CDIST_FILE) continue;
        if (strcasecmp(name, "Setup.ini") == 0) content->ini = name;
        content->installer |= strcasecmp(name, "Setup.ini") == 0 || strcasecmp(name, "setup.exe") == 0;
        content->thin_only |= says_thin(name);
    }
    return rv;
}

/* Setup.ini's text, "" if it cannot be read. */
static const char *read_ini(const content_t *content, cdist_folder_t *folder, apr_pool_t *pool)
{
    apr_size_t length = 0;
    apr_file_t *file;
    char *bytes;

    if (!content->ini || cdist_os_open_at(&file, folder, content->ini, pool) != APR_SUCCESS) return "";
    bytes = apr_palloc(pool, SETUP_INI_MAX);
    if (apr_file_read_full(file, bytes, SETUP_INI_MAX, &length) != APR_SUCCESS && !length) bytes[0] = '\0';
    apr_file_close(file);
    return cdist_text_decode(bytes, length, pool);
}

/* Whether a distribution brings the thin client alone. */
static int is_thin_only(const content_t *content, const char *ini, apr_pool_t *pool)
{
    const char *package = cdist_keyvalue_get(ini, "Startup", "PackageName", pool);

    return content->thin_only || (package && says_thin(package));
}

static void push(cdist_launcher_t *launcher, const cdist_version_t *version, const cdist_slot_t *slot, const char *path,
                 int thin_only, int shared)
{
    cdist_build_t build;

    memset(&build, 0, sizeof build);
    build.version = *version;
    build.arch = cdist_arch_of_slot(slot);
    build.system = slot ? cdist_system_of_slot(slot) : "windows";
    build.shared = shared;
    build.path = apr_pstrdup(launcher->pool, path);
    build.thin = build.path;
    build.thick = thin_only ? NULL : build.path;
    APR_ARRAY_PUSH(launcher->builds, cdist_build_t) = build;
}

void cdist_launcher_add_published(cdist_launcher_t *launcher, const cdist_version_t *version, const cdist_slot_t *slot,
                                  const char *url)
{
    push(launcher, version, slot, url, 1, 0);
}

/* NB: what a release's folder is, the catalogue has told; this asks for no more than which clients come with it. */
static int source_is_thin_only(const cdist_source_t *source, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    content_t content;
    int thin_only = 0;

    if (source->kind == CDIST_SOURCE_READY || says_thin(source->path)) return 1;
    if (cdist_os_folder_open(&folder, source->path, pool) != APR_SUCCESS) return 0;
    if (read_content(&content, folder, pool) == APR_SUCCESS) {
        thin_only = is_thin_only(&content, read_ini(&content, folder, pool), pool);
    }
    cdist_os_folder_close(folder);
    return thin_only;
}

static void add_source(cdist_launcher_t *launcher, const cdist_source_t *source, int shared)
{
    if (source->problem || !cdist_source_installable(source)) return;
    push(launcher, &source->version, source->slot, source->path, source_is_thin_only(source, launcher->pool), shared);
}

/* A version folder of which the catalogue does not know the slot. */
static void add_plain(cdist_launcher_t *launcher, const cdist_catalogue_t *catalogue, cdist_folder_t *folder,
                      const content_t *content, const char *path, const char *name, int shared)
{
    apr_pool_t *pool = launcher->pool;
    cdist_version_t version, told;
    const char *ini, *product;

    if (!content->installer || !cdist_version_find(&version, name, pool)) return;
    if (cdist_catalogue_release(catalogue, &version)) return;
    ini = read_ini(content, folder, pool);
    product = cdist_keyvalue_get(ini, "Startup", "ProductVersion", pool);
    if (product && cdist_version_parse(&told, product) && cdist_version_compare(&told, &version) != 0) return;
    push(launcher, &version, NULL, path, is_thin_only(content, ini, pool), shared);
}

static void add_plain_children(cdist_launcher_t *launcher, const cdist_catalogue_t *catalogue, cdist_folder_t *root,
                               const content_t *content, const char *path, int shared)
{
    apr_pool_t *pool = launcher->pool;
    cdist_folder_t *folder;
    content_t inside;
    int i;

    for (i = 0; i < content->folders->nelts; i++) {
        const char *name = APR_ARRAY_IDX(content->folders, i, const char *);

        if (cdist_os_folder_open_at(&folder, root, name, pool) != APR_SUCCESS) continue; /* the catalogue says so */
        if (read_content(&inside, folder, pool) == APR_SUCCESS) {
            add_plain(launcher, catalogue, folder, &inside, apr_pstrcat(pool, path, "/", name, NULL), name, shared);
        }
        cdist_os_folder_close(folder);
    }
}

cdist_err_t *cdist_launcher_add_distributive(cdist_launcher_t *launcher, const char *path, int shared)
{
    apr_pool_t *pool = launcher->pool;
    apr_array_header_t *roots = apr_array_make(pool, 1, sizeof(const char *));
    cdist_lookup_t lookup = {roots, NULL, NULL, 0, CDIST_LAYOUT_FLAT};
    const cdist_catalogue_t *catalogue;
    const char *slash = strrchr(path, '/');
    cdist_folder_t *root = NULL;
    content_t content;
    apr_status_t rv = cdist_os_folder_open(&root, path, pool);
    int i, j;

    if (rv == APR_SUCCESS) rv = read_content(&content, root, pool);
    if (rv != APR_SUCCESS) {
        if (root) cdist_os_folder_close(root);
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
    }
    APR_ARRAY_PUSH(roots, const char *) = path;
    catalogue = cdist_catalogue_scan(&lookup, 0, NULL, pool);
    for (i = 0; i < catalogue->releases->nelts; i++) {
        const apr_array_header_t *sources = APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t).sources;
        for (j = 0; j < sources->nelts; j++) add_source(launcher, APR_ARRAY_IDX(sources, j, const cdist_source_t *), shared);
    }
    add_plain_children(launcher, catalogue, root, &content, path, shared);
    add_plain(launcher, catalogue, root, &content, path, slash ? slash + 1 : path, shared);
    cdist_os_folder_close(root);
    for (i = 0; i < catalogue->problems->nelts; i++) {
        cdist_launcher_note(launcher, APR_ARRAY_IDX(catalogue->problems, i, const char *));
    }
    return NULL;
}
