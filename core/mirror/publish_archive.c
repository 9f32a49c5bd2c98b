/* One archive of a publication: <folder>/<version>/<file>, with <file>.manifest beside it, so that a plain web server can
 * hand both out. Archives are made in a store of the publication's own, <folder>/.1cdist/store, which knows what was made of
 * which state of a source, and takes over what earlier archives hold. A built archive is linked from there; a ready one is
 * copied, since whoever overwrites it in place must not change what was published, unless it lies below that folder already:
 * then it stays where it is. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    cdist_store_t *store;
    const cdist_archive_t *archive;
    const char *path; /* where it is published */
    apr_pool_t *pool;
} publishing_t;

/* Whether what is published is the very file of the store. */
static int is_linked(const publishing_t *publishing, apr_file_t *stored)
{
    cdist_stat_t meant, stat;
    apr_file_t *file;

    if (cdist_file_open(&file, &stat, publishing->path, 0, publishing->pool) != APR_SUCCESS) return 0;
    apr_file_close(file);
    return cdist_os_stat_file(&meant, stored) == APR_SUCCESS && meant.inode == stat.inode && meant.device == stat.device;
}

/* Whether what is published has the archive's content. */
static int is_same(const publishing_t *publishing)
{
    cdist_digest_t digest;
    cdist_stat_t stat;
    apr_file_t *file;
    int same;

    if (cdist_file_open(&file, &stat, publishing->path, 0, publishing->pool) != APR_SUCCESS) return 0;
    same = stat.bytes == publishing->archive->bytes &&
           !cdist_copy_digest(&digest, file, publishing->path, publishing->pool) &&
           cdist_digest_equal(&digest, &publishing->archive->sha256);
    apr_file_close(file);
    return same;
}

/* A link under another name first, since a link replaces nothing and a rename does. An error: there are no links here. */
static apr_status_t link_into_place(const publishing_t *publishing)
{
    const char *name =
        apr_pstrcat(publishing->pool, cdist_path_folder(publishing->path, publishing->pool), "/.1cdist-link", NULL);
    apr_status_t rv;

    (void)apr_file_remove(name, publishing->pool); /* what a crash left */
    rv = apr_file_link(publishing->archive->path, name);
    if (rv == APR_SUCCESS) rv = apr_file_rename(name, publishing->path, publishing->pool);
    return rv;
}

static cdist_err_t *put_archive(int *changed, const publishing_t *publishing, apr_file_t *file)
{
    const cdist_archive_t *archive = publishing->archive;

    *changed = 0;
    if (!archive->ready && is_linked(publishing, file)) return NULL;
    if (archive->ready && is_same(publishing)) return NULL;
    *changed = 1;
    if (!archive->ready && link_into_place(publishing) == APR_SUCCESS) return NULL;
    return cdist_copy_file(file, archive->path, publishing->path, &archive->sha256, publishing->pool);
}

static cdist_err_t *put_manifest(cdist_offer_t *offer, const publishing_t *publishing)
{
    const char *path = apr_pstrcat(publishing->pool, publishing->path, ".manifest", NULL), *json;
    cdist_sha256_t *sha = cdist_sha256_create(publishing->pool);
    apr_size_t length, there;
    char *before;

    CDIST_ERR(cdist_store_manifest(&json, publishing->store, &publishing->archive->sha256, publishing->pool));
    length = strlen(json);
    cdist_sha256_update(sha, json, length);
    cdist_sha256_final(&offer->manifest_sha256, sha);
    offer->manifest_bytes = length;
    if (!cdist_file_read(&before, &there, path, CDIST_MANIFEST_MAX, publishing->pool) && there == length &&
        memcmp(before, json, length) == 0) {
        return NULL;
    }
    return cdist_file_publish(path, json, length, publishing->pool);
}

/* Finds the archive of a job, or makes it. */
static cdist_err_t *obtain(cdist_archive_t **archive, apr_file_t **file, cdist_store_t *store, const cdist_job_t *job,
                           apr_pool_t *pool)
{
    cdist_err_t *err = cdist_store_find(archive, file, store, &job->key, 0, pool);

    if (!err || err->code != CDIST_E_NOTFOUND) return err;
    CDIST_ERR(cdist_job_run(store, job, NULL, pool));
    return cdist_store_find(archive, file, store, &job->key, 0, pool);
}

/* Where a ready archive lies below the folder, NULL if it does not, or not under a plain name. */
static const char *below(const char *folder, const cdist_source_t *source)
{
    apr_size_t length = strlen(folder);

    if (source->kind != CDIST_SOURCE_READY || strncmp(source->path, folder, length) != 0 || source->path[length] != '/') {
        return NULL;
    }
    return cdist_index_url_is_plain(source->path + length + 1) ? source->path + length + 1 : NULL;
}

/* NB: what is built into a root's release folder would be taken for the release's own archive there, for ever. */
static cdist_err_t *refuse_roots(const char *folder, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    int i;

    for (i = 0; lookup->roots && i < lookup->roots->nelts; i++) {
        if (strcmp(folder, APR_ARRAY_IDX(lookup->roots, i, const char *)) != 0) continue;
        return cdist_err_create(pool, CDIST_E_INPUT, 0,
                                "%s: is a root itself, where a built archive would be taken for the release's "
                                "own; name another folder for the index or with --archives",
                                cdist_text_printable(folder, pool));
    }
    return NULL;
}

static void describe(cdist_offer_t *offer, const cdist_source_t *source, const cdist_archive_t *archive)
{
    offer->slot = source->slot;
    offer->bytes = archive->bytes;
    offer->sha256 = archive->sha256;
    offer->source = source->kind;
    offer->installable = cdist_source_installable(source);
    offer->files = source->files;
    offer->content_bytes = source->bytes;
}

cdist_err_t *cdist_publish_archive(int *changed, cdist_offer_t *offer, cdist_store_t *store, const cdist_source_t *source,
                                   const char *folder, const cdist_publish_options_t *options, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&source->version, pool), *in_place = below(folder, source);
    publishing_t publishing = {store, NULL, NULL, pool};
    cdist_archive_t *archive;
    cdist_job_t job;
    apr_file_t *file;

    if (!in_place) CDIST_ERR(refuse_roots(folder, options->lookup, pool));
    cdist_source_job(&job, source, options->layout, options->level, options->threads, pool);
    CDIST_ERR(obtain(&archive, &file, store, &job, pool));
    publishing.archive = archive;
    offer->url = in_place ? in_place : apr_pstrcat(pool, version, "/", source->slot->file, NULL);
    publishing.path = apr_pstrcat(pool, folder, "/", offer->url, NULL);
    *changed = 0;
    if (!in_place) {
        CDIST_ERR(cdist_place_folder(apr_pstrcat(pool, folder, "/", version, NULL), pool));
        CDIST_ERR(put_archive(changed, &publishing, file));
    }
    apr_file_close(file);
    CDIST_ERR(put_manifest(offer, &publishing));
    describe(offer, source, archive);
    return NULL;
}
