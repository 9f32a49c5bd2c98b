/* Where caches lie: .FILE.1cdist beside the file, while it is small and the folder can be written to; else in the folder for
 * caches, under a digest of the file's path. Nothing depends on them: what cannot be read or written is not there. */
#include "templates_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

#define NAME_MAX_BYTES 255

static int read_cache(findings_t *findings, cdist_folder_t *folder, const char *name, const mark_t *mark)
{
    apr_pool_t *pool = findings->pool;
    char *bytes = apr_palloc(pool, CACHE_BESIDE_MAX + 1);
    apr_size_t length;
    apr_file_t *file;
    cdist_stat_t stat;
    int sound;

    if (cdist_os_open_at(&file, folder, name, pool) != APR_SUCCESS) return 0;
    apr_file_read_full(file, bytes, CACHE_BESIDE_MAX + 1, &length);
    if (length > CACHE_BESIDE_MAX && cdist_os_stat_file(&stat, file) == APR_SUCCESS && stat.bytes <= CACHE_MAX) {
        length = (apr_size_t)stat.bytes;
        bytes = apr_palloc(pool, length);
        if (cdist_os_read_at(file, 0, bytes, length) != APR_SUCCESS) length = 0;
    }
    sound = length <= CACHE_MAX && cdist_cache_parse(findings, mark, bytes, length);
    apr_file_close(file);
    return sound;
}

/* NULL where such a name is too long. */
static const char *name_beside(const child_t *child, apr_pool_t *pool)
{
    const char *name = apr_pstrcat(pool, ".", child->name, ".1cdist", NULL);

    return strlen(name) <= NAME_MAX_BYTES ? name : NULL;
}

static const char *name_elsewhere(scan_t *scan, const place_t *place, const child_t *child, apr_pool_t *pool)
{
    cdist_digest_t digest;

    cdist_sha256_reset(scan->digest);
    cdist_sha256_update_text(scan->digest, place->absolute);
    cdist_sha256_update_text(scan->digest, child->name);
    cdist_sha256_final(&digest, scan->digest);
    return cdist_digest_hex(&digest, pool);
}

/* The folder for caches, if there is one. */
static cdist_folder_t *cache_folder(scan_t *scan)
{
    const char *path = scan->options->cache_folder;

    if (!path || scan->cache_folder_tried) return scan->cache_folder;
    scan->cache_folder_tried = 1;
    /* NB: for this user alone, since it tells what lies in folders that others may not read. */
    if (apr_dir_make_recursive(path, APR_FPROT_UREAD | APR_FPROT_UWRITE | APR_FPROT_UEXECUTE, scan->scratch) != APR_SUCCESS ||
        cdist_os_folder_open(&scan->cache_folder, path, scan->scratch) != APR_SUCCESS) {
        scan->cache_folder = NULL;
    }
    return scan->cache_folder;
}

int cdist_cache_get(findings_t *findings, scan_t *scan, const place_t *place, const child_t *child, const mark_t *mark)
{
    apr_pool_t *pool = findings->pool;

    if (scan->options->cache_beside && child->cached &&
        read_cache(findings, place->folder, name_beside(child, pool), mark)) {
        return 1;
    }
    return cache_folder(scan) &&
           read_cache(findings, scan->cache_folder, name_elsewhere(scan, place, child, pool), mark);
}

void cdist_cache_put(scan_t *scan, place_t *place, const child_t *child, const mark_t *mark, const findings_t *findings)
{
    apr_pool_t *pool = findings->pool;
    const char *bytes, *name = name_beside(child, pool);
    apr_size_t length;

    if (!scan->options->cache_beside && !scan->options->cache_folder) return;
    /* A file from the future would be read and written every time. */
    if (findings->passing || mark->changed_ns > mark->looked_ns) return;
    bytes = cdist_cache_format(&length, mark, findings, pool);
    if (!bytes) return;
    if (scan->options->cache_beside && !place->read_only && name && length <= CACHE_BESIDE_MAX) {
        if (cdist_os_note_at(place->folder, name, bytes, length, pool) == APR_SUCCESS) return;
        place->read_only = 1;
    }
    /* One that cannot be written to is not tried for every file. */
    if (cache_folder(scan) && cdist_os_note_at(scan->cache_folder, name_elsewhere(scan, place, child, pool), bytes, length,
                                               pool) != APR_SUCCESS) {
        scan->cache_folder = NULL;
    }
}
