/* What all sources have in common, wherever they were found. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

apr_time_t cdist_source_settles_at(const cdist_source_t *source, apr_interval_time_t settle)
{
    return source->newest_ns / 1000 + (settle > CDIST_SETTLE_MIN ? settle : CDIST_SETTLE_MIN);
}

void cdist_source_ready(cdist_source_t *source, const cdist_slot_t *slot, const char *path, const cdist_stat_t *stat)
{
    memset(source, 0, sizeof *source);
    source->slot = slot;
    source->kind = CDIST_SOURCE_READY;
    source->path = path;
    source->files = 1;
    source->bytes = stat->bytes;
    source->stat = *stat;
    source->newest_ns = stat->ctime_ns;
}

int cdist_source_offered(const cdist_source_t *source)
{
    return source && source->settled && !source->problem;
}

int cdist_source_installable(const cdist_source_t *source)
{
    return source->kind != CDIST_SOURCE_INSTALLED && !cdist_slot_is_component(source->slot);
}

const char *cdist_source_kind_name(cdist_source_kind_t kind)
{
    static const char *const names[] = {"ready", "distribution", "installed"};

    return names[kind];
}

void cdist_source_take_version(cdist_source_t *source, const cdist_version_t *version, const char *where,
                               apr_pool_t *pool)
{
    if (source->version.count == 0) {
        source->version = *version;
    } else if (cdist_version_compare(version, &source->version) != 0 && !source->problem) {
        source->problem = apr_psprintf(pool, "the folder says %s, but %s says %s; rename the folder or put the right "
                                       "files into it", cdist_version_format(&source->version, pool), where,
                                       cdist_version_format(version, pool));
    }
}

void cdist_source_job(cdist_job_t *job, const cdist_source_t *source, cdist_layout_t layout, int level, int threads,
                      apr_pool_t *pool)
{
    const char *version = cdist_version_format(&source->version, pool);

    memset(job, 0, sizeof *job);
    /* NB: an installer in a component is another program's. */
    if (!cdist_slot_is_component(source->slot)) job->version = source->version;
    job->path = source->path;
    job->ready = source->kind == CDIST_SOURCE_READY;
    job->stat = source->stat;
    job->signature = source->signature;
    job->skip = source->skip;
    if (source->overlaid && source->overlaid->kept->nelts) {
        job->overlay = source->overlaid->folder;
        job->kept = source->overlaid->kept;
    }
    job->top = layout == CDIST_LAYOUT_FOLDER ? apr_pstrcat(pool, source->slot->name, "-", version, "/", NULL) : NULL;
    job->level = level;
    job->threads = threads;
    job->label = source->version.count ? apr_psprintf(pool, "%s %s", source->slot->name, version)
                                       : apr_psprintf(pool, "%s published by hand", source->slot->name);
    cdist_job_key(job, pool);
}
