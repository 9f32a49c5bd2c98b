/* The archives that are in a root already, recognised by their content: whatever is called something.zip in it, in its
 * release folders, in their distr, or waits in .1cdist/incoming. Each is read whole once; known.json says which were (known.c),
 * manifests/<sha256>.manifest what they hold. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

#define PACKS_MAX 10000

struct cdist_packs_t {
    const char *root;
    apr_array_header_t *packs; /* cdist_pack_t * */
    cdist_known_t *known;
    apr_hash_t *entries;       /* packed SHA-256 → located_t; NULL: the manifests were not read yet */
    int keep;                  /* 0: nothing is written down */
    apr_hash_t *unwritten;     /* SHA-256 → const char *: manifests that would be kept otherwise */
    apr_pool_t *pool;
};

typedef struct {
    const cdist_pack_t *pack;
    const cdist_entry_t *entry;
} located_t;

static const char *manifest_path(const cdist_packs_t *packs, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    return apr_pstrcat(pool, cdist_place(packs->root, "manifests", pool), "/", cdist_digest_hex(sha256, pool), ".manifest",
                       NULL);
}

cdist_err_t *cdist_packs_close(cdist_packs_t *packs)
{
    return packs->keep ? cdist_known_close(packs->known) : NULL;
}

/* ---- what is here -------------------------------------------------------------------------------------------------- */

static int is_known(cdist_digest_t *sha256, const cdist_packs_t *packs, const cdist_stat_t *stat, apr_pool_t *scratch)
{
    apr_finfo_t info;

    return cdist_known_find(sha256, packs->known, stat) &&
           apr_stat(&info, manifest_path(packs, sha256, scratch), APR_FINFO_TYPE, scratch) == APR_SUCCESS;
}

static cdist_err_t *keep_manifest(const cdist_packs_t *packs, const cdist_manifest_t *manifest, apr_pool_t *scratch)
{
    const char *json = cdist_manifest_write(manifest, packs->keep ? scratch : packs->pool);

    if (!packs->keep) {
        apr_hash_set(packs->unwritten, apr_pmemdup(packs->pool, manifest->archive_sha256.byte, CDIST_SHA256_BYTES),
                     CDIST_SHA256_BYTES, json);
        return NULL;
    }
    return cdist_file_publish(manifest_path(packs, &manifest->archive_sha256, scratch), json, strlen(json), scratch);
}

static cdist_pack_t *push(cdist_packs_t *packs, const char *path, const cdist_stat_t *stat,
                          const cdist_digest_t *sha256)
{
    cdist_pack_t *pack = apr_palloc(packs->pool, sizeof *pack);

    pack->path = apr_pstrdup(packs->pool, path);
    pack->stat = *stat;
    pack->sha256 = *sha256;
    APR_ARRAY_PUSH(packs->packs, cdist_pack_t *) = pack;
    return pack;
}

/* Reads an archive whole; what is damaged or changes meanwhile is none. */
static cdist_err_t *recognise(cdist_packs_t *packs, const char *path, const cdist_stat_t *seen, apr_pool_t *scratch)
{
    cdist_verification_t *verification;
    int trusted = cdist_known_is_trusted(seen);
    cdist_stat_t stat;
    apr_file_t *file;
    cdist_err_t *err;

    if (cdist_file_open(&file, &stat, path, 0, scratch) != APR_SUCCESS) return NULL;
    err = cdist_zip_verify(&verification, file, path, NULL, scratch);
    if (!err && cdist_os_stat_file(&stat, file) != APR_SUCCESS) memset(&stat, 0, sizeof stat);
    apr_file_close(file);
    if (err || !verification->ok || !cdist_stat_same(&stat, seen)) return NULL;
    CDIST_ERR(keep_manifest(packs, verification->manifest, scratch));
    push(packs, path, seen, &verification->manifest->archive_sha256);
    if (trusted) cdist_known_note(packs->known, seen, &verification->manifest->archive_sha256);
    return NULL;
}

static cdist_err_t *add_file(cdist_packs_t *packs, const char *path, const char *name, const cdist_stat_t *stat,
                             apr_pool_t *scratch)
{
    apr_size_t length = strlen(name);
    cdist_digest_t sha256;

    if (length <= 4 || strcasecmp(name + length - 4, ".zip") != 0 || packs->packs->nelts >= PACKS_MAX) return NULL;
    if (!is_known(&sha256, packs, stat, scratch)) return recognise(packs, path, stat, scratch);
    push(packs, path, stat, &sha256);
    return NULL;
}

/* A folder, and those in it: a root's releases, a release's distr. */
static cdist_err_t *add_folder(cdist_packs_t *packs, cdist_folder_t *folder, const char *path, int depth, apr_pool_t *pool)
{
    const char *name;
    apr_pool_t *scratch;
    cdist_err_t *err = NULL;

    apr_pool_create(&scratch, pool);
    while (!err && cdist_os_folder_next(&name, folder, scratch) == APR_SUCCESS && name) {
        const char *inner = apr_pstrcat(scratch, path, "/", name, NULL);
        cdist_folder_t *below;
        cdist_stat_t stat;

        if (*name == '.' || cdist_os_stat_at(&stat, folder, name) != APR_SUCCESS) continue;
        if (stat.kind == CDIST_FILE) {
            err = cdist_err_dup(add_file(packs, inner, name, &stat, scratch), pool);
        } else if (stat.kind == CDIST_FOLDER && (depth == 0 || (depth == 1 && strcasecmp(name, "distr") == 0)) &&
                   cdist_os_folder_open_at(&below, folder, name, scratch) == APR_SUCCESS) {
            err = cdist_err_dup(add_folder(packs, below, inner, depth + 1, scratch), pool);
            cdist_os_folder_close(below);
        }
        apr_pool_clear(scratch);
    }
    apr_pool_destroy(scratch);
    return err;
}

static cdist_err_t *add_root(cdist_packs_t *packs, const char *path)
{
    cdist_folder_t *folder;
    cdist_err_t *err;
    apr_status_t rv = cdist_os_folder_open(&folder, path, packs->pool);

    if (APR_STATUS_IS_ENOENT(rv)) return NULL;
    if (rv != APR_SUCCESS) {
        return cdist_err_create(packs->pool, CDIST_E_SOURCE, rv, "%s: cannot be read", cdist_text_printable(path, packs->pool));
    }
    err = add_folder(packs, folder, path, 0, packs->pool);
    cdist_os_folder_close(folder);
    return err;
}

cdist_err_t *cdist_packs_open(cdist_packs_t **packs, const char *root, int keep, apr_pool_t *pool)
{
    cdist_packs_t *opened = apr_pcalloc(pool, sizeof *opened);

    opened->root = apr_pstrdup(pool, root);
    opened->pool = pool;
    opened->keep = keep;
    opened->unwritten = apr_hash_make(pool);
    opened->packs = apr_array_make(pool, 16, sizeof(cdist_pack_t *));
    opened->known = cdist_known_open(cdist_place(root, "known.json", pool), pool);
    CDIST_ERR(add_root(opened, root));
    CDIST_ERR(add_root(opened, cdist_place(root, "incoming", pool)));
    *packs = opened;
    return NULL;
}

const cdist_pack_t *cdist_packs_archive(const cdist_packs_t *packs, const cdist_digest_t *sha256)
{
    int i;

    for (i = 0; i < packs->packs->nelts; i++) {
        const cdist_pack_t *pack = APR_ARRAY_IDX(packs->packs, i, const cdist_pack_t *);
        if (cdist_digest_equal(&pack->sha256, sha256)) return pack;
    }
    return NULL;
}

const cdist_pack_t *cdist_packs_at(const cdist_packs_t *packs, const char *path)
{
    int i;

    for (i = packs->packs->nelts - 1; i >= 0; i--) {
        const cdist_pack_t *pack = APR_ARRAY_IDX(packs->packs, i, const cdist_pack_t *);
        if (strcmp(pack->path, path) == 0) return pack;
    }
    return NULL;
}

/* ---- entries --------------------------------------------------------------------------------------------------------- */

static void add_entries(cdist_packs_t *packs, const cdist_pack_t *pack, const cdist_manifest_t *manifest)
{
    int i;

    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        located_t *located;

        if (!entry->data_offset || apr_hash_get(packs->entries, entry->packed_sha256.byte, CDIST_SHA256_BYTES)) continue;
        located = apr_palloc(packs->pool, sizeof *located);
        located->pack = pack;
        located->entry = entry;
        apr_hash_set(packs->entries, entry->packed_sha256.byte, CDIST_SHA256_BYTES, located);
    }
}

static cdist_err_t *read_manifest(const char **bytes, apr_size_t *length, const cdist_packs_t *packs, const cdist_pack_t *pack,
                                  const char *path, apr_pool_t *scratch)
{
    char *read;

    *bytes = apr_hash_get(packs->unwritten, pack->sha256.byte, CDIST_SHA256_BYTES);
    if (*bytes) {
        *length = strlen(*bytes);
        return NULL;
    }
    CDIST_ERR(cdist_file_read(&read, length, path, CDIST_MANIFEST_MAX, scratch));
    *bytes = read;
    return NULL;
}

/* Adds what the kept manifest of a pack tells. */
static void read_entries_of(cdist_packs_t *packs, const cdist_pack_t *pack)
{
    const char *path = manifest_path(packs, &pack->sha256, packs->pool);
    cdist_manifest_t *manifest;
    apr_pool_t *scratch;
    apr_size_t length;
    const char *bytes;

    apr_pool_create(&scratch, packs->pool);
    if (!read_manifest(&bytes, &length, packs, pack, path, scratch) &&
        !cdist_manifest_parse(&manifest, bytes, length, path, packs->pool) &&
        cdist_digest_equal(&manifest->archive_sha256, &pack->sha256)) {
        add_entries(packs, pack, manifest);
    }
    apr_pool_destroy(scratch);
}

static void read_entries(cdist_packs_t *packs)
{
    int i;

    packs->entries = apr_hash_make(packs->pool);
    for (i = 0; i < packs->packs->nelts; i++) read_entries_of(packs, APR_ARRAY_IDX(packs->packs, i, const cdist_pack_t *));
}

int cdist_packs_find(const cdist_pack_t **pack, const cdist_entry_t **local, cdist_packs_t *packs, const cdist_entry_t *entry)
{
    const located_t *located;

    if (!packs->entries) read_entries(packs);
    located = apr_hash_get(packs->entries, entry->packed_sha256.byte, CDIST_SHA256_BYTES);
    if (!located || located->entry->packed_bytes != entry->packed_bytes) return 0;
    *pack = located->pack;
    *local = located->entry;
    return 1;
}

cdist_err_t *cdist_packs_add(cdist_packs_t *packs, const char *path, const cdist_manifest_t *manifest, apr_pool_t *scratch_pool)
{
    const cdist_pack_t *pack;
    cdist_stat_t stat;
    apr_file_t *file;

    CDIST_ERR(keep_manifest(packs, manifest, scratch_pool));
    if (cdist_file_open(&file, &stat, path, 0, scratch_pool) != APR_SUCCESS) return NULL;
    apr_file_close(file);
    pack = push(packs, path, &stat, &manifest->archive_sha256);
    if (packs->entries) read_entries_of(packs, pack);
    return NULL;
}

void cdist_packs_move(cdist_packs_t *packs, const char *from, const char *to)
{
    int i;

    for (i = 0; i < packs->packs->nelts; i++) {
        cdist_pack_t *pack = APR_ARRAY_IDX(packs->packs, i, cdist_pack_t *);
        cdist_stat_t stat;
        apr_file_t *file;

        if (strcmp(pack->path, from) != 0) continue;
        pack->path = apr_pstrdup(packs->pool, to);
        if (cdist_file_open(&file, &stat, to, 0, packs->pool) != APR_SUCCESS) continue;
        apr_file_close(file);
        pack->stat = stat;
    }
}
