/* See care_fixture.h. */
#include "care_fixture.h"

#include <apr_strings.h>

#include <string.h>

static char logged[4096];

static void keep_message(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)level;
    (void)status;
    apr_cpystrn(logged + strlen(logged), apr_pstrcat(fx_pool, text, "\n", NULL), sizeof logged - strlen(logged));
}

int care_said(const char *what)
{
    const char *at;
    int count = 0;

    for (at = logged; (at = strstr(at, what)) != NULL; at++) count++;
    return count;
}

void care_open(void)
{
    cdist_log_set(NULL, keep_message, NULL);
    fx_open_store();
}

care_made_t care_make(const char *folder)
{
    care_made_t made;

    fx_write_noise(apr_pstrcat(fx_pool, folder, "/a", NULL), 10000, (unsigned)folder[0]);
    made.job = fx_folder_job(folder, 1);
    made.archive = fx_publish(&made.job);
    return made;
}

int care_is_there(const care_made_t *made)
{
    return fx_find(&made->job.key) != NULL;
}

apr_time_t care_mtime(const char *name)
{
    apr_finfo_t finfo;

    FX_DONE(apr_stat(&finfo, fx_path(name), APR_FINFO_MTIME, fx_pool));
    return finfo.mtime;
}

void care_use(const care_made_t *made)
{
    cdist_store_mark_used(fx_store, made->archive, fx_pool);
}

cdist_collected_t care_collect(apr_uint64_t max_bytes)
{
    cdist_collected_t result;

    FX_OK(cdist_store_collect(&result, fx_store, max_bytes, "the limit", fx_pool));
    return result;
}

void care_pin(const char *name, int count, const care_made_t *const *made)
{
    apr_array_header_t *digests = apr_array_make(fx_pool, 4, sizeof(cdist_digest_t));
    int i;

    for (i = 0; i < count; i++) APR_ARRAY_PUSH(digests, cdist_digest_t) = made[i]->archive->sha256;
    FX_OK(cdist_store_pin(fx_store, name, digests, fx_pool));
}
