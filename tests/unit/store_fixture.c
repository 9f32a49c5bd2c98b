/* See store_fixture.h. */
#include "store_fixture.h"
#include "zip_maker.h"

#include <apr_strings.h>

cdist_store_t *fx_store;

void fx_open_store(void)
{
    FX_OK(cdist_store_open(&fx_store, fx_path("store"), fx_pool));
}

cdist_job_t fx_folder_job(const char *folder, int level)
{
    cdist_job_t job = {{{0}}};
    cdist_tree_t *tree;

    FX_OK(cdist_tree_read(&tree, fx_path(folder), NULL, fx_pool));
    job.path = fx_path(folder);
    job.signature = tree->signature;
    job.level = level;
    job.threads = 1;
    job.label = "windows64 8.3.22.1750";
    cdist_job_key(&job, fx_pool);
    return job;
}

cdist_job_t fx_ready_job(const char *name)
{
    cdist_job_t job = {{{0}}};
    apr_file_t *file = fx_open(name);

    job.path = fx_path(name);
    job.ready = 1;
    job.label = "windows64 8.3.22.1750";
    FX_DONE(cdist_os_stat_file(&job.stat, file));
    apr_file_close(file);
    cdist_job_key(&job, fx_pool);
    return job;
}

void fx_write_ready(const char *name, const char *content)
{
    zip_item_t item = {"a.txt", 0, content, 0, 8, 0, 0100644, 0, 0, 0};
    zip_made_t made;

    zip_make(&made, &item, 1);
    fx_write(name, made.bytes, made.length);
}

cdist_err_t *fx_run_job(const cdist_job_t *job)
{
    cdist_err_t *err;
    apr_pool_t *pool;

    apr_pool_create(&pool, fx_pool);
    err = cdist_err_dup(cdist_job_run(fx_store, job, NULL, pool), fx_pool);
    apr_pool_destroy(pool);
    return err;
}

cdist_archive_t *fx_find(const cdist_key_t *key)
{
    cdist_archive_t *archive = NULL;
    apr_file_t *file;
    cdist_err_t *err = cdist_store_find(&archive, &file, fx_store, key, 0, fx_pool);

    if (err) {
        ck_assert_int_eq(err->code, CDIST_E_NOTFOUND);
        return NULL;
    }
    apr_file_close(file);
    return archive;
}

cdist_archive_t *fx_publish(const cdist_job_t *job)
{
    cdist_archive_t *archive;

    FX_OK(cdist_job_run(fx_store, job, NULL, fx_pool));
    archive = fx_find(&job->key);
    ck_assert_ptr_nonnull(archive);
    return archive;
}

const char *fx_part(const char *kind, const cdist_archive_t *archive, const char *suffix)
{
    return apr_pstrcat(fx_pool, "store/", kind, "/", fx_hex(&archive->sha256), suffix, NULL);
}
