/* What lists of updates (v8upd11.xml) add to a scan. An exact one takes the least platform versions from them; a fast one
 * also believes their updates: the file that is listed, or the 1cv8.cfu that was unpacked beside it, or, where neither is
 * there, that there is such an update. */
#include "templates_int.h"

#include <apr_strings.h>

#include <string.h>

#define LIST_MAX (8u * 1024 * 1024)
#define UNPACKED "1cv8.cfu"

static cdist_err_t *read_list(scan_t *scan, const place_t *place, const child_t *child, apr_pool_t *pool)
{
    apr_array_header_t *updates = scan->updates;
    int first = updates->nelts, i;
    cdist_bytes_t *bytes;
    apr_file_t *file;
    apr_size_t length;
    const char *folder;
    char *text;

    CDIST_ERR(cdist_place_open(&bytes, &file, place, child, pool));
    CDIST_ERR(cdist_stream_read_all(&text, &length, cdist_bytes_stream(bytes, 0, pool), LIST_MAX, pool));
    apr_file_close(file);
    CDIST_ERR(cdist_update_list_parse(updates, text, length, cdist_bytes_name(bytes), scan->scratch));
    folder = apr_pstrdup(scan->scratch, place->path);
    for (i = first; i < updates->nelts; i++) APR_ARRAY_IDX(updates, i, update_t).folder = folder;
    return NULL;
}

void cdist_scan_lists(scan_t *scan, const place_t *place, apr_pool_t *pool)
{
    apr_pool_t *list_pool;
    int i;

    for (i = 0; i < place->children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(place->children, i, child_t);
        findings_t *findings;
        cdist_err_t *err;

        if (child->role != ROLE_LIST || child->stat.kind != CDIST_FILE) continue;
        apr_pool_create(&list_pool, pool);
        findings = cdist_findings_make(list_pool);
        err = read_list(scan, place, child, list_pool);
        if (err) {
            cdist_findings_error(findings, err, child->name, "");
            cdist_scan_problem(scan, apr_pstrcat(list_pool, place->path, "/", child->name, NULL),
                               APR_ARRAY_IDX(findings->problems, 0, const char *));
        }
        apr_pool_destroy(list_pool);
    }
}

/* ---- the least platform ---------------------------------------------------------------------------------------- */

static const char *release_key(const cdist_configuration_id_t *id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, id->name, "\n", id->vendor, "\n", id->version, NULL);
}

static int is_higher(const char *platform, const char *than)
{
    cdist_version_t a, b;

    if (!*than) return *platform != '\0';
    return cdist_mask_parse(&a, platform) && cdist_mask_parse(&b, than) && cdist_version_compare(&a, &b) > 0;
}

/* NB: the page and the list may both name one; whoever asks for more is right, since the other may be of an earlier day. */
static void apply_platforms(scan_t *scan)
{
    apr_array_header_t *templates = scan->result->templates;
    apr_hash_t *platforms = apr_hash_make(scan->scratch);
    const char *platform;
    int i;

    for (i = 0; i < scan->updates->nelts; i++) {
        const update_t *update = &APR_ARRAY_IDX(scan->updates, i, update_t);
        const char *key = release_key(&update->id, scan->scratch);

        platform = apr_hash_get(platforms, key, APR_HASH_KEY_STRING);
        if (is_higher(update->platform, platform ? platform : "")) {
            apr_hash_set(platforms, key, APR_HASH_KEY_STRING, update->platform);
        }
    }
    for (i = 0; apr_hash_count(platforms) > 0 && i < templates->nelts; i++) {
        cdist_template_t *template = APR_ARRAY_IDX(templates, i, cdist_template_t *);

        platform = apr_hash_get(platforms, release_key(&template->id, scan->scratch), APR_HASH_KEY_STRING);
        if (platform && is_higher(platform, template->min_platform)) template->min_platform = cdist_scan_keep(scan, platform);
    }
}

/* ---- their updates --------------------------------------------------------------------------------------------- */

/* The path that a list names, below the list's own folder; NULL if it would lead out of it. */
static const char *listed_path(const update_t *update, apr_pool_t *pool)
{
    apr_size_t folder_bytes = strlen(update->folder), length;
    char *path = apr_palloc(pool, folder_bytes + strlen(update->file) + 2), *out = path + folder_bytes;
    const char *part;

    memcpy(path, update->folder, folder_bytes);
    for (part = update->file; *part; part += length) {
        part += strspn(part, "/\\");
        length = strcspn(part, "/\\");
        if (length == 2 && memcmp(part, "..", 2) == 0) return NULL;
        if (length == 0 || (length == 1 && *part == '.')) continue;
        *out++ = '/';
        memcpy(out, part, length);
        out += length;
    }
    *out = '\0';
    return path;
}

static known_file_t *known(const scan_t *scan, const char *path, apr_pool_t *pool)
{
    char *key = apr_pstrdup(pool, path);

    cdist_text_fold(key);
    return apr_hash_get(scan->files, key, APR_HASH_KEY_STRING);
}

static const char *unpacked_beside(const char *path, apr_pool_t *pool)
{
    char *unpacked = apr_pstrcat(pool, cdist_path_folder(path, pool), "/" UNPACKED, NULL);

    cdist_text_fold(unpacked);
    return unpacked;
}

/* Which version an unpacked file is of: by its path without regard to case; "" where lists have files of several versions in one
 * folder, since it may be of any. */
static apr_hash_t *find_owners(const scan_t *scan)
{
    apr_hash_t *owners = apr_hash_make(scan->scratch);
    int i;

    for (i = 0; i < scan->updates->nelts; i++) {
        const update_t *update = &APR_ARRAY_IDX(scan->updates, i, update_t);
        const char *path = *update->file ? listed_path(update, scan->scratch) : NULL, *owner;

        if (!path) continue;
        path = unpacked_beside(path, scan->scratch);
        owner = apr_hash_get(owners, path, APR_HASH_KEY_STRING);
        if (!owner) owner = update->id.version;
        apr_hash_set(owners, path, APR_HASH_KEY_STRING, strcmp(owner, update->id.version) == 0 ? owner : "");
    }
    return owners;
}

static void take_update(scan_t *scan, const update_t *update, apr_hash_t *owners, apr_pool_t *pool)
{
    const char *path = *update->file ? listed_path(update, pool) : NULL, *unpacked_path, *owner;
    known_file_t *file, *unpacked;
    cdist_template_t template = {0};

    if (!path) {
        cdist_scan_problem(scan, update->folder,
                           apr_psprintf(pool, "a list names \"%s\" as the file of %s, which is no path below it",
                                        cdist_text_printable(update->file, pool),
                                        cdist_text_printable(update->id.version, pool)));
        return;
    }
    file = known(scan, path, pool);
    unpacked_path = unpacked_beside(path, pool);
    unpacked = apr_hash_get(scan->files, unpacked_path, APR_HASH_KEY_STRING);
    owner = apr_hash_get(owners, unpacked_path, APR_HASH_KEY_STRING);
    if (unpacked && *owner) file = unpacked;
    if (file && file->untold) file->untold->told = 1;
    if (file && file->used) return;
    template.kind = CDIST_FILE_CFU;
    template.id = update->id;
    template.sources = update->sources;
    template.member = "";
    template.bytes = file ? file->bytes : update->bytes;
    template.text_only = 1;
    template.listed = file == NULL;
    template.released = CDIST_UNDATED;
    template.min_platform = update->platform;
    cdist_scan_take(scan, &template, file ? file->path : path);
}

void cdist_scan_apply_lists(scan_t *scan)
{
    int fast = scan->options->mode == CDIST_SCAN_FAST, i;
    apr_hash_t *owners = fast ? find_owners(scan) : NULL;
    apr_pool_t *pool;

    apr_pool_create(&pool, scan->scratch);
    for (i = 0; fast && i < scan->updates->nelts; i++) {
        apr_pool_clear(pool);
        take_update(scan, &APR_ARRAY_IDX(scan->updates, i, update_t), owners, pool);
    }
    apr_pool_destroy(pool);
    for (i = 0; i < scan->untold->nelts; i++) {
        const untold_t *untold = APR_ARRAY_IDX(scan->untold, i, const untold_t *);

        if (untold->told) continue;
        cdist_scan_problem(scan, untold->folder,
                           "has no 1cv8.mft that tells whose its .cf and .cfu are; an exact scan reads them");
    }
    apply_platforms(scan);
}
