/* store_build STORE FOLDER VERSION: builds the archive of a folder in a store, as the module does it for the first request:
 * what the store's archives hold already is taken from them, and an archive that is there is only looked up. Prints its facts as
 * JSON. */
#include "archive/cdist_archive.h"

#include <apr_general.h>

#include <stdio.h>
#include <string.h>

static cdist_err_t *run(const char *folder, const char *source, const char *version, apr_pool_t *pool)
{
    cdist_store_t *store;
    cdist_archive_t *archive;
    apr_file_t *file;
    cdist_tree_t *tree;
    cdist_job_t job;

    memset(&job, 0, sizeof job);
    job.path = source;
    job.level = CDIST_LEVEL_DEFAULT;
    job.label = version;
    CDIST_ERR(cdist_store_open(&store, folder, pool));
    CDIST_ERR(cdist_tree_read(&tree, source, NULL, pool));
    job.signature = tree->signature;
    cdist_job_key(&job, pool);
    if (cdist_store_find(&archive, &file, store, &job.key, 0, pool) != NULL) {
        CDIST_ERR(cdist_job_run(store, &job, NULL, pool));
        CDIST_ERR(cdist_store_find(&archive, &file, store, &job.key, 0, pool));
    }
    printf("{\"archive_bytes\": %" APR_UINT64_T_FMT ", \"sha256\": \"%s\"}\n", archive->bytes,
           cdist_digest_hex(&archive->sha256, pool));
    return NULL;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    cdist_err_t *err;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS) return 1;
    if (argc != 4) return fprintf(stderr, "Usage: store_build STORE FOLDER VERSION\n"), 2;
    apr_pool_create(&pool, NULL);
    err = run(argv[1], argv[2], argv[3], pool);
    if (err) fprintf(stderr, "store_build: %s\n", cdist_err_text(err, pool));
    apr_terminate();
    return err ? 1 : 0;
}
