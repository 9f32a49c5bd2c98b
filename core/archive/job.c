/* What has to be done for one archive, as data: a job can be keyed, copied to another thread, run, and run again. */
#include "archive_int.h"

#include <apr_strings.h>

#include <string.h>

void cdist_job_key(cdist_job_t *job, apr_pool_t *scratch_pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(scratch_pool);

    cdist_sha256_update_text(sha, job->ready ? "ready 1" : "folder 1");
    cdist_sha256_update_text(sha, job->path);
    if (job->ready) {
        cdist_stat_digest(sha, &job->stat);
    } else {
        cdist_sha256_update_text(sha, cdist_builder_identity());
        cdist_sha256_update_u64(sha, (apr_uint64_t)job->level);
        if (job->top) cdist_sha256_update_text(sha, job->top);
        cdist_sha256_update(sha, job->signature.byte, CDIST_SHA256_BYTES);
    }
    cdist_sha256_final(&job->key, sha);
}

cdist_job_t *cdist_job_dup(const cdist_job_t *job, apr_pool_t *pool)
{
    cdist_job_t *copy = apr_pmemdup(pool, job, sizeof *job);

    copy->path = apr_pstrdup(pool, job->path);
    copy->top = apr_pstrdup(pool, job->top);
    copy->label = apr_pstrdup(pool, job->label);
    copy->skip = cdist_names_dup(job->skip, pool);
    copy->overlay = apr_pstrdup(pool, job->overlay);
    copy->kept = cdist_names_dup(job->kept, pool);
    return copy;
}

static apr_int64_t ms_since(apr_time_t start)
{
    return apr_time_as_msec(apr_time_now() - start);
}

cdist_err_t *cdist_job_list(cdist_tree_t **tree, const cdist_job_t *job, apr_pool_t *pool)
{
    CDIST_ERR(cdist_tree_read_overlaid(tree, job->path, job->skip, job->overlay, job->kept, pool));
    if (cdist_digest_equal(&(*tree)->signature, &job->signature)) return NULL;
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changed since it was listed",
                            cdist_text_printable(job->path, pool));
}

static cdist_err_t *pack_folder(cdist_manifest_t **manifest, cdist_temp_t **temp, cdist_tree_t **tree, cdist_store_t *store,
                                const cdist_job_t *job, const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_reuse_t *reuse = cdist_reuse_create(job->level, pool);
    cdist_build_options_t options = {job->level, job->threads, stop, NULL, NULL, 1, 0, reuse, job->top};
    cdist_err_t *err, *named;

    CDIST_ERR(cdist_job_list(tree, job, pool));
    cdist_store_offer(reuse, store);
    CDIST_ERR(cdist_store_temp(temp, store, pool));
    err = cdist_build(manifest, *temp, *tree, &options, pool);
    if (!err || err->code != CDIST_E_STORE) return err;
    /* The file has no name yet; whoever has to make room wants to know where. */
    named = cdist_err_create(pool, CDIST_E_STORE, 0, "store %s", store->folder);
    named->cause = err;
    return named;
}

static cdist_err_t *wrong_version(const cdist_job_t *job, const char *where, const cdist_version_t *inside, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: is offered as %s, but %s in it says %s; put the right archive "
                            "there", cdist_text_printable(job->path, pool), cdist_version_format(&job->version, pool),
                            where, cdist_version_format(inside, pool));
}

/* A ready archive tells its version by Setup.ini or by an installer's name. With a wrong one a client would install the
 * wrong version and ask again for ever. */
static cdist_err_t *check_ready(const cdist_job_t *job, const cdist_verification_t *verification, apr_pool_t *pool)
{
    const apr_array_header_t *entries = verification->manifest->entries;
    const char *product =
        verification->setup_ini ? cdist_keyvalue_get(verification->setup_ini, "Startup", "ProductVersion", pool) : NULL;
    cdist_version_t inside;
    int i;

    if (entries->nelts == 0) {
        return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: is empty", cdist_text_printable(job->path, pool));
    }
    if (!job->version.count) return NULL;
    if (product && cdist_version_parse(&inside, product) && cdist_version_compare(&inside, &job->version) != 0) {
        return wrong_version(job, "Setup.ini", &inside, pool);
    }
    for (i = 0; i < entries->nelts; i++) {
        const char *name = APR_ARRAY_IDX(entries, i, cdist_entry_t).name;
        const char *dot = strrchr(name, '.');

        if (!dot || (strcasecmp(dot, ".run") != 0 && strcasecmp(dot, ".dmg") != 0 && strcasecmp(dot, ".pkg") != 0)) continue;
        if (cdist_version_find(&inside, name, pool) && cdist_version_compare(&inside, &job->version) != 0) {
            return wrong_version(job, cdist_text_printable(name, pool), &inside, pool);
        }
    }
    return NULL;
}

static cdist_err_t *verify_ready(cdist_manifest_t **manifest, const cdist_job_t *job,
                                 const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    cdist_archive_t archive = {{{0}}, job->stat.bytes, 0, job->path, 1, job->stat};
    cdist_verification_t *verification;
    apr_file_t *file;
    cdist_err_t *err;
    cdist_stat_t after;
    int i;

    err = cdist_archive_open(&file, &archive, 0, pool);
    if (err && err->code == CDIST_E_NOTFOUND) err->code = CDIST_E_CHANGED; /* it was there a moment ago */
    if (err) return err;
    CDIST_ERR(cdist_zip_verify(&verification, file, job->path, stop, pool));
    if (cdist_os_stat_file(&after, file) != APR_SUCCESS || !cdist_stat_same(&after, &job->stat)) {
        return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changed while it was verified",
                                cdist_text_printable(job->path, pool));
    }
    apr_file_close(file);
    CDIST_ERR(cdist_verification_error(verification, job->path, pool));
    CDIST_ERR(check_ready(job, verification, pool));
    for (i = 0; i < verification->problems->nelts; i++) {
        cdist_log(CDIST_LOG_WARNING, "CD0012", 0, "%s: %s", cdist_text_printable(job->path, pool),
                  APR_ARRAY_IDX(verification->problems, i, cdist_problem_t).text);
    }
    *manifest = verification->manifest;
    return NULL;
}

cdist_err_t *cdist_job_run(cdist_store_t *store, const cdist_job_t *job, const volatile apr_uint32_t *stop,
                           apr_pool_t *pool)
{
    apr_time_t start = apr_time_now();
    cdist_manifest_t *manifest;
    cdist_temp_t *temp = NULL;
    cdist_tree_t *tree = NULL;

    if (job->ready) CDIST_ERR(verify_ready(&manifest, job, stop, pool));
    else CDIST_ERR(pack_folder(&manifest, &temp, &tree, store, job, stop, pool));
    CDIST_ERR(cdist_store_publish(store, temp, manifest, tree, job, ms_since(start), pool));
    cdist_log(CDIST_LOG_INFO, "CD0013", 0,
              "%s: %s %s: %d entries, %" APR_UINT64_T_FMT " bytes in %" APR_UINT64_T_FMT
              ", %" APR_UINT64_T_FMT " of them reused, %" APR_INT64_T_FMT " ms, sha256 %s",
              job->label, job->ready ? "verified" : "built from", cdist_text_printable(job->path, pool),
              manifest->entries->nelts, manifest->bytes, manifest->archive_bytes,
              manifest->reused_bytes, ms_since(start),
              cdist_digest_hex(&manifest->archive_sha256, pool));
    return NULL;
}

static int is_disk_full(const cdist_err_t *err)
{
    while (err && !APR_STATUS_IS_ENOSPC(err->status)) err = err->cause;
    return err != NULL;
}

/* NB: a full disk is no reason to evict below the limit: what is there is being served, and could not be built again. But
 * where the store has grown over it, that may be all the room that is missing. */
cdist_err_t *cdist_job_run_within(cdist_store_t *store, const cdist_job_t *job, apr_uint64_t store_max,
                                  const volatile apr_uint32_t *stop, apr_pool_t *pool)
{
    apr_pool_t *attempt;
    cdist_err_t *err;

    apr_pool_create(&attempt, pool);
    err = cdist_err_dup(cdist_job_run(store, job, stop, attempt), pool);
    apr_pool_destroy(attempt); /* which gives the room of the unfinished archive back */
    if (!is_disk_full(err) || !store_max || !cdist_store_tidy(store, store_max, stop, pool)) return err;
    return cdist_job_run(store, job, stop, pool);
}
