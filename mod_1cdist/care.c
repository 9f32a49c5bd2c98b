/* What is done for the store while nobody waits for it: archives that are missing are built, the newest release first; those
 * that are current are pinned, so that they are not evicted; those that were not read for long are read again. One thread on the
 * host does it (watch.c), with half of the cores, beside the builds that requests wait for. */
#include "mod_1cdist_int.h"

#include <apr_atomic.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

/* An archive that could not be built is tried again after this, or when its source changes. */
#define RETRY_AFTER apr_time_from_sec(600)
#define FAILURES_KEPT 64
/* How old the last look at an archive's bytes may become, and how long a run of looks may take. */
#define AUDIT_AGE apr_time_from_sec(24 * 3600)
#define AUDIT_RUN apr_time_from_sec(20)

typedef struct {
    cdist_key_t key;
    apr_time_t at;
} failure_t;

/* Of the one thread. */
static failure_t failures[FAILURES_KEPT];
static int next_failure;

static int is_stopping(const cdist_child_t *child)
{
    return apr_atomic_read32((volatile apr_uint32_t *)cdist_flights_stop_flag(child->flights)) != 0;
}

/* ---- building ------------------------------------------------------------------------------------------------------ */

typedef struct {
    const cdist_dir_conf_t *publication;
    const cdist_source_t *source;
} candidate_t;

/* The newest version first; within a version the slots in their order. */
static int compare_candidates(const void *left, const void *right)
{
    const candidate_t *a = left, *b = right;
    int order = cdist_version_compare(&b->source->version, &a->source->version);

    return order ? order : cdist_slot_compare(a->source->slot, b->source->slot);
}

static int failed_lately(const cdist_key_t *key)
{
    int i;

    for (i = 0; i < FAILURES_KEPT; i++) {
        if (cdist_digest_equal(&failures[i].key, key)) return apr_time_now() - failures[i].at < RETRY_AFTER;
    }
    return 0;
}

static void note_failure(const cdist_key_t *key)
{
    failure_t *failure = &failures[next_failure];

    failure->key = *key;
    failure->at = apr_time_now();
    next_failure = (next_failure + 1) % FAILURES_KEPT;
}

/* The release that is current of a catalogue, or would be if all were built; NULL if none is. */
static const cdist_release_t *current_release(const cdist_catalogue_t *catalogue, const cdist_dir_conf_t *publication,
                                              const cdist_child_t *child, int prefer_built, apr_pool_t *pool)
{
    cdist_current_t current = publication->current;
    const cdist_release_t *release;

    if (current.kind == CDIST_CURRENT_SERVER) {
        if (cdist_live_server(&current.mask, child->live, current.server, 1, pool)) return NULL;
        current.kind = CDIST_CURRENT_MASK;
    }
    current.prefer_built = prefer_built;
    return cdist_select_current(&release, catalogue, &current, pool) ? NULL : release;
}

/* What of a release is offered and not built. */
static void add_candidates(apr_array_header_t *candidates, const cdist_dir_conf_t *publication, const cdist_release_t *release)
{
    int i;

    for (i = 0; i < release->sources->nelts; i++) {
        candidate_t candidate = {publication, APR_ARRAY_IDX(release->sources, i, const cdist_source_t *)};

        if (!cdist_source_offered(candidate.source) || candidate.source->built) continue;
        APR_ARRAY_PUSH(candidates, candidate_t) = candidate;
    }
}

/* NB: where the store may not grow without bound, only what is current or going to be is built, or building and evicting would
 * never end. */
static void collect_candidates(apr_array_header_t *candidates, const cdist_dir_conf_t *publication,
                               const cdist_catalogue_t *catalogue, const cdist_child_t *child, apr_pool_t *pool)
{
    const cdist_release_t *wanted = current_release(catalogue, publication, child, 0, pool);
    const cdist_release_t *current = current_release(catalogue, publication, child, 1, pool);
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        if (cdist_conf_process()->store_max && release != wanted && release != current) continue;
        add_candidates(candidates, publication, release);
    }
}

static int half_of_the_cores(void)
{
    int threads = cdist_conf_process()->build_threads;

    if (threads == 0) threads = cdist_os_cpu_count();
    return threads > 1 ? threads / 2 : 1;
}

static void build_all(const cdist_child_t *child, apr_array_header_t *candidates, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    int i;

    qsort(candidates->elts, (size_t)candidates->nelts, sizeof(candidate_t), compare_candidates);
    apr_pool_create(&scratch, pool);
    for (i = 0; i < candidates->nelts && !is_stopping(child); i++) {
        const candidate_t *candidate = &APR_ARRAY_IDX(candidates, i, candidate_t);
        const cdist_lookup_t *lookup = &candidate->publication->lookup;
        cdist_err_t *err;
        cdist_job_t job;
        int made;

        apr_pool_clear(scratch);
        cdist_source_job(&job, candidate->source, lookup->layout, cdist_conf_process()->level, half_of_the_cores(), scratch);
        if (failed_lately(&job.key)) continue;
        err = cdist_flights_prebuild(&made, child->flights, &job, scratch);
        if (err && err->code != CDIST_E_STOPPED) note_failure(&job.key);
        if (made || err) cdist_live_expire(child->live, lookup);
    }
}

/* ---- pinning and reading again ------------------------------------------------------------------------------------- */

static void pin_current(const cdist_dir_conf_t *publication, const cdist_catalogue_t *catalogue, const cdist_child_t *child,
                        apr_pool_t *pool)
{
    const cdist_process_conf_t *conf = cdist_conf_process();
    const cdist_release_t *release = current_release(catalogue, publication, child, conf->prebuild, pool);
    apr_array_header_t *digests = apr_array_make(pool, 8, sizeof(cdist_digest_t));
    cdist_err_t *err;
    int i;

    /* While it is not known what is current, what was pinned stays so. */
    if (!release) return;
    for (i = 0; i < release->sources->nelts; i++) {
        cdist_archive_t *archive;
        apr_file_t *file;
        cdist_job_t job;

        cdist_source_job(&job, APR_ARRAY_IDX(release->sources, i, const cdist_source_t *), publication->lookup.layout,
                         conf->level, 0, pool);
        if (cdist_store_find(&archive, &file, child->store, &job.key, 0, pool)) continue;
        apr_file_close(file);
        APR_ARRAY_PUSH(digests, cdist_digest_t) = archive->sha256;
    }
    err = digests->nelts ? cdist_store_pin(child->store, cdist_publication_name(publication, pool), digests, pool) : NULL;
    if (err) cdist_log(CDIST_LOG_WARNING, "CD0111", 0, "store: what is current cannot be pinned: %s", cdist_err_text(err, pool));
}

static void audit(const cdist_child_t *child, apr_pool_t *pool)
{
    apr_time_t end = apr_time_now() + AUDIT_RUN;
    cdist_audited_t result = {0};
    apr_pool_t *scratch;

    apr_pool_create(&scratch, pool);
    do {
        apr_pool_clear(scratch);
        if (cdist_store_audit(&result, child->store, AUDIT_AGE, cdist_flights_stop_flag(child->flights), scratch)) break;
    } while (result.more && !result.busy && apr_time_now() < end && !is_stopping(child));
    apr_pool_destroy(scratch);
}

/* ---- the whole --------------------------------------------------------------------------------------------------------- */

static apr_uint32_t mix(apr_uint32_t mark, const void *bytes, apr_ssize_t length)
{
    return mark * 31 + apr_hashfunc_default(bytes, &length);
}

apr_uint32_t cdist_care_missing(const cdist_catalogue_t *catalogue)
{
    apr_uint32_t mark = 0;
    int i, j;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        for (j = 0; j < release->sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(release->sources, j, const cdist_source_t *);

            if (source->built || !cdist_source_offered(source)) continue;
            mark = mix(mark, source->path, APR_HASH_KEY_STRING);
            mark = mix(mark, source->signature.byte, CDIST_SHA256_BYTES);
            mark = mix(mark, &source->newest_ns, sizeof source->newest_ns);
            if (mark == 0) mark = 1;
        }
    }
    return mark;
}

void cdist_care(const apr_array_header_t *publications, volatile apr_uint32_t *left, cdist_child_t *child, apr_pool_t *pool)
{
    apr_array_header_t *candidates = apr_array_make(pool, 16, sizeof(candidate_t));
    apr_uint32_t *missing = apr_pcalloc(pool, ((apr_size_t)publications->nelts + 1) * sizeof *missing);
    int i;

    for (i = 0; i < publications->nelts; i++) {
        const cdist_dir_conf_t *publication = APR_ARRAY_IDX(publications, i, const cdist_dir_conf_t *);
        const cdist_catalogue_t *catalogue = cdist_live_get(child->live, &publication->lookup, 1, pool);

        if (!catalogue) continue;
        missing[i] = cdist_care_missing(catalogue);
        pin_current(publication, catalogue, child, pool);
        if (cdist_conf_process()->prebuild) collect_candidates(candidates, publication, catalogue, child, pool);
    }
    cdist_log(CDIST_LOG_DEBUG, "CD0118", 0, "store: cared for on behalf of %d publications, %d archives are missing",
              publications->nelts, candidates->nelts);
    build_all(child, candidates, pool);
    for (i = 0; i < publications->nelts; i++) apr_atomic_set32(&left[i], missing[i]);
    audit(child, pool);
}
