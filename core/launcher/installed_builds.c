/* Installed builds of the platform (administrator guide: Windows <version>\bin\1cv8c.exe, Linux <version>/1cv8c). As for the
 * launcher itself, a version is there if its folder is named by it and holds the client's program; where the name tells no
 * version, the program's version resource does. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    const char *thin, *thick; /* below the folder */
    const char *bin;          /* the folder of that name */
    apr_array_header_t *folders, *links; /* const char * */
} content_t;

static int is_program(const char *name, const char *program)
{
    apr_size_t length = strlen(program);

    return strncasecmp(name, program, length) == 0 && (!name[length] || strcasecmp(name + length, ".exe") == 0);
}

static apr_status_t read_content(content_t *content, cdist_folder_t *folder, apr_pool_t *pool)
{
    const char *name;
    apr_status_t rv;

    memset(content, 0, sizeof *content);
    content->folders = apr_array_make(pool, 8, sizeof(const char *));
    content->links = apr_array_make(pool, 1, sizeof(const char *));
    while ((rv = cdist_os_folder_next(&name, folder, pool)) == APR_SUCCESS && name) {
        cdist_stat_t stat;

        if (cdist_os_stat_at(&stat, folder, name) != APR_SUCCESS) continue; /* it went away */
        if (stat.kind == CDIST_FOLDER) APR_ARRAY_PUSH(content->folders, const char *) = name;
        else if (stat.kind == CDIST_LINK) APR_ARRAY_PUSH(content->links, const char *) = name;
        if (stat.kind == CDIST_FOLDER && strcasecmp(name, "bin") == 0) content->bin = name;
        else if (stat.kind == CDIST_FILE && is_program(name, "1cv8c")) content->thin = name;
        else if (stat.kind == CDIST_FILE && is_program(name, "1cv8")) content->thick = name;
    }
    return rv;
}

/* The programs of an open folder, in itself or in its bin. */
static cdist_err_t *read_programs(content_t *content, cdist_folder_t *folder, const char *path, apr_pool_t *pool)
{
    cdist_folder_t *bin;
    content_t inside;
    apr_status_t rv = read_content(content, folder, pool);

    if (rv == APR_SUCCESS && content->bin && cdist_os_folder_open_at(&bin, folder, content->bin, pool) == APR_SUCCESS) {
        rv = read_content(&inside, bin, pool);
        cdist_os_folder_close(bin);
        if (!content->thin && inside.thin) content->thin = apr_pstrcat(pool, content->bin, "/", inside.thin, NULL);
        if (!content->thick && inside.thick) content->thick = apr_pstrcat(pool, content->bin, "/", inside.thick, NULL);
    }
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
}

/* What the program itself says: slot and version, either may be missing. */
static void read_program(const cdist_slot_t **slot, cdist_version_t *version, cdist_folder_t *folder, const char *program,
                         apr_pool_t *pool)
{
    unsigned char head[CDIST_BINARY_HEAD];
    apr_size_t length = 0;
    apr_file_t *file;
    apr_status_t rv;

    *slot = NULL;
    memset(version, 0, sizeof *version);
    if (!program || cdist_beneath_open(&file, folder, program, pool) != APR_SUCCESS) return;
    rv = apr_file_read_full(file, head, sizeof head, &length);
    if (rv == APR_SUCCESS || APR_STATUS_IS_EOF(rv)) {
        *slot = cdist_binary_slot(head, length);
        if (cdist_binary_version(version, file) != APR_SUCCESS) memset(version, 0, sizeof *version);
    }
    apr_file_close(file);
}

/* What the path says where the program says nothing. */
static const char *arch_of_path(const char *path)
{
    static const char *const parts[][2] = {{"x86_64", "x86_64"}, {"1cv8_x64", "x86_64"}, {"amd64", "x86_64"},
                                           {"(x86)", "x86"},     {"1cv8_x86", "x86"},    {"i386", "x86"}};
    size_t i;

    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strstr(path, parts[i][0])) return parts[i][1];
    }
    return "";
}

static const char *below(const char *path, const char *name, apr_pool_t *pool)
{
    return name ? apr_pstrcat(pool, path, "/", name, NULL) : NULL;
}

/* Adds the build of a folder. NB: one without programs counts too where its name tells a version: a web client needs none, and it
 * is worth telling why the version does not serve the others. */
static void add_build(cdist_launcher_t *launcher, cdist_folder_t *folder, const char *path, const content_t *content,
                      const cdist_version_t *legacy, int shared)
{
    apr_pool_t *pool = launcher->pool;
    const char *program = content->thin ? content->thin : content->thick;
    const cdist_slot_t *slot;
    cdist_build_t build;
    cdist_version_t told;

    memset(&build, 0, sizeof build);
    read_program(&slot, &told, folder, program, pool);
    if (!cdist_version_find(&build.version, cdist_path_name(path, pool), pool)) build.version = told;
    if (legacy && (!build.version.count || !cdist_mask_matches(legacy, &build.version))) build.version = *legacy;
    if (!build.version.count) {
        cdist_launcher_note(launcher, apr_psprintf(pool, "%s: neither its name nor %s tells a version; it is passed over",
                                                   cdist_text_printable(path, pool), program ? program : "a program"));
        return;
    }
    build.installed = 1;
    build.shared = shared;
    build.legacy = legacy != NULL;
    build.path = apr_pstrdup(pool, path);
    build.thin = below(path, content->thin, pool);
    build.thick = below(path, content->thick, pool);
    build.arch = slot ? cdist_arch_of_slot(slot) : arch_of_path(path);
    build.system = slot ? cdist_system_of_slot(slot) : "";
    if (!slot && program && strrchr(program, '.')) build.system = "windows";
    APR_ARRAY_PUSH(launcher->builds, cdist_build_t) = build;
}

static cdist_err_t *open_root(cdist_folder_t **folder, content_t *content, const char *path, apr_pool_t *pool)
{
    apr_status_t rv = cdist_os_folder_open(folder, path, pool);
    cdist_err_t *err;

    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
    }
    err = read_programs(content, *folder, path, pool);
    if (err) cdist_os_folder_close(*folder);
    return err;
}

cdist_err_t *cdist_installed_add(int *found, cdist_launcher_t *launcher, const char *path, const cdist_version_t *legacy,
                                 int shared)
{
    cdist_folder_t *folder;
    content_t content;

    CDIST_ERR(open_root(&folder, &content, path, launcher->pool));
    *found = content.thin || content.thick;
    if (*found) add_build(launcher, folder, path, &content, legacy, shared);
    cdist_os_folder_close(folder);
    return NULL;
}

static void look_below(cdist_launcher_t *launcher, cdist_folder_t *folder, const char *path, const content_t *content,
                       int shared, int depth);

/* A folder that may hold versions itself: of one architecture, or one of several platforms side by side. */
static int may_hold_versions(const char *name)
{
    return cdist_slot_parse(name) || strncasecmp(name, "1cv8", 4) == 0;
}

static void look_at(cdist_launcher_t *launcher, cdist_folder_t *parent, const char *path, const char *name, int shared,
                    int depth)
{
    apr_pool_t *pool = launcher->pool;
    apr_status_t rv;
    cdist_version_t version;
    cdist_folder_t *folder;
    content_t content;
    cdist_err_t *err;

    rv = cdist_os_folder_open_at(&folder, parent, name, pool);
    if (rv != APR_SUCCESS) {
        err = cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, pool));
        cdist_launcher_note(launcher, cdist_err_text(err, pool));
        return;
    }
    err = read_programs(&content, folder, path, pool);
    if (err) cdist_launcher_note(launcher, cdist_err_text(err, pool));
    else if (content.thin || content.thick || cdist_version_parse(&version, name)) {
        add_build(launcher, folder, path, &content, NULL, shared);
    } else if (depth > 0 && may_hold_versions(name)) {
        look_below(launcher, folder, path, &content, shared, depth - 1);
    }
    cdist_os_folder_close(folder);
}

static void look_below(cdist_launcher_t *launcher, cdist_folder_t *folder, const char *path, const content_t *content,
                       int shared, int depth)
{
    apr_pool_t *pool = launcher->pool;
    cdist_version_t version;
    int i;

    for (i = 0; i < content->folders->nelts; i++) {
        const char *name = APR_ARRAY_IDX(content->folders, i, const char *);
        if (*name != '.') look_at(launcher, folder, below(path, name, pool), name, shared, depth);
    }
    for (i = 0; i < content->links->nelts; i++) {
        const char *name = APR_ARRAY_IDX(content->links, i, const char *);

        if (!cdist_version_parse(&version, name)) continue;
        cdist_launcher_note(launcher, apr_psprintf(pool, "%s: is a symbolic link, which is not followed",
                                                   cdist_text_printable(below(path, name, pool), pool)));
    }
}

cdist_err_t *cdist_launcher_add_installed(cdist_launcher_t *launcher, const char *path, int shared)
{
    cdist_version_t version;
    cdist_folder_t *folder;
    content_t content;

    CDIST_ERR(open_root(&folder, &content, path, launcher->pool));
    if (content.thin || content.thick || cdist_version_parse(&version, cdist_path_name(path, launcher->pool))) {
        add_build(launcher, folder, path, &content, NULL, shared);
    } else {
        look_below(launcher, folder, path, &content, shared, 2);
    }
    cdist_os_folder_close(folder);
    return NULL;
}
