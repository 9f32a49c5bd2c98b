/* Taking over what a centre offers. Sources are asked in their order, those that lied before last; the first one whose index
 * is believed, and that gives what it tells of, ends it. Whatever goes wrong, the root holds whole releases alone, and what
 * was fetched so far counts for the next time. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    cdist_sync_result_t *result;
    const cdist_sync_options_t *options;
    cdist_fetcher_t *fetcher;
    cdist_sync_state_t *state;
    cdist_packs_t *packs;        /* NULL: not needed yet */
    apr_array_header_t *holds;   /* cdist_version_t */
    apr_pool_t *pool;
} sync_t;

static void say(const sync_t *sync, const char *text)
{
    if (sync->options->note) sync->options->note(sync->options->baton, text);
}

/* ---- one source ------------------------------------------------------------------------------------------------------ */

/* *matched counts releases that were meant; `absent` is set to the first error about an archive that is not there. */
static cdist_err_t *take_listed(int *matched, cdist_err_t **absent, sync_t *sync, const cdist_taking_t *taking,
                                const cdist_listed_t *listed, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&listed->version, pool);
    cdist_release_outcome_t outcome;
    cdist_err_t *err;

    if (!cdist_mask_matches(&sync->options->mask, &listed->version)) return NULL;
    if (cdist_holds_have(sync->holds, &listed->version)) {
        (*matched)++;
        sync->result->held++;
        say(sync, apr_psprintf(pool, "release %s is held here, and left alone", version));
        return NULL;
    }
    err = cdist_release_take(&outcome, sync->result, taking, listed, pool);
    if (err && err->code == CDIST_E_NOTFOUND) {
        say(sync, apr_psprintf(pool, "release %s is not complete: %s", version, cdist_err_text(err, pool)));
        if (!*absent) *absent = cdist_err_dup(err, sync->pool);
        (*matched)++;
        return NULL;
    }
    if (err) return cdist_err_dup(err, sync->pool);
    if (outcome == CDIST_RELEASE_WAITING) {
        sync->result->waiting++;
        say(sync, apr_psprintf(pool, "release %s is not complete at its source yet", version));
    }
    *matched += outcome == CDIST_RELEASE_DONE;
    return NULL;
}

static cdist_err_t *take_releases(int *matched, cdist_err_t **absent, sync_t *sync, const cdist_taking_t *taking,
                                  const apr_array_header_t *releases)
{
    cdist_err_t *err = NULL;
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, sync->pool);
    for (i = 0; !err && i < releases->nelts; i++) {
        apr_pool_clear(scratch);
        err = take_listed(matched, absent, sync, taking, &APR_ARRAY_IDX(releases, i, cdist_listed_t), scratch);
    }
    apr_pool_destroy(scratch);
    return err;
}

static cdist_err_t *take_updates(int *matched, cdist_err_t **absent, sync_t *sync, const cdist_taking_t *taking,
                                 const apr_array_header_t *updates)
{
    cdist_err_t *err;

    if (!sync->options->templates) return NULL;
    *matched += updates->nelts > 0;
    err = cdist_take_updates(sync->result, taking, updates, sync->pool);
    if (!err || err->code != CDIST_E_NOTFOUND) return err;
    if (!*absent) *absent = err;
    return NULL;
}

static cdist_err_t *take_offered(sync_t *sync, const cdist_upstream_t *upstream)
{
    cdist_taking_t taking = {sync->options, sync->fetcher, sync->packs, upstream->base};
    cdist_err_t *absent = NULL;
    int matched = 0;

    CDIST_ERR(take_releases(&matched, &absent, sync, &taking, upstream->index->releases));
    CDIST_ERR(take_updates(&matched, &absent, sync, &taking, upstream->index->updates));
    if (absent) {
        absent->code = CDIST_E_SOURCE;
        return absent;
    }
    if (matched) return NULL;
    return cdist_err_create(sync->pool, CDIST_E_NOTFOUND, 0, "%s: offers nothing that is complete%s%s%s",
                            cdist_text_printable(upstream->url, sync->pool), sync->options->mask.count ? " and matches " : "",
                            cdist_version_format(&sync->options->mask, sync->pool),
                            sync->options->components ? " with a component that was asked for" : "");
}

/* NB: into a template folder another root's sync may be fetching what this index does not have; then it sweeps itself. */
static void sweep_partials(const sync_t *sync, const cdist_index_t *index)
{
    const char *templates = sync->options->templates;
    cdist_lock_t *lock;

    cdist_sweep_partials(sync->options->root, index, sync->pool);
    if (!templates || cdist_place_lock(&lock, templates, 0, sync->pool)) return;
    cdist_sweep_partials(templates, index, sync->pool);
    cdist_os_lock_free(lock);
}

static cdist_err_t *sync_from(sync_t *sync, const char *url)
{
    cdist_sync_result_t *result = sync->result;
    cdist_upstream_t *upstream;
    cdist_err_t *err;

    result->from = url;
    result->releases = result->archives = result->updates = result->held = result->waiting = 0;
    result->room_bytes = 0;
    CDIST_ERR(cdist_upstream_index(&upstream, url, sync->fetcher, sync->state, sync->options, sync->pool));
    result->key = upstream->key;
    result->counter = upstream->index->counter;
    result->expires = upstream->index->expires;
    result->unchanged = upstream->unchanged;
    if (!sync->packs) CDIST_ERR(cdist_packs_open(&sync->packs, sync->options->root, !sync->options->check, sync->pool));
    /* NB: before anything is fetched, which may want the room. */
    if (!sync->options->check) sweep_partials(sync, upstream->index);
    err = take_offered(sync, upstream);
    if (!err && sync->options->check) {
        err = cdist_space_check(sync->options->root, result->room_bytes, "what would be taken", sync->pool);
    }
    if (!err && !sync->options->check) {
        cdist_incoming_sweep(sync->options->root, upstream->index, !sync->options->mask.count && !sync->options->components,
                             sync->pool);
    }
    return err;
}

/* ---- all of them ----------------------------------------------------------------------------------------------------- */

/* The sources as they are to be asked. */
static apr_array_header_t *ordered(const sync_t *sync)
{
    const apr_array_header_t *given = sync->options->sources;
    apr_array_header_t *sources = apr_array_make(sync->pool, given->nelts, sizeof(const char *));
    int liars, i;

    for (liars = 0; liars < 2; liars++) {
        for (i = 0; i < given->nelts; i++) {
            const char *url = APR_ARRAY_IDX(given, i, const char *);
            if ((cdist_sync_state_liar(sync->state, url) != NULL) == liars) APR_ARRAY_PUSH(sources, const char *) = url;
        }
    }
    return sources;
}

static void say_of_liar(const sync_t *sync, const char *url)
{
    const cdist_liar_t *liar = cdist_sync_state_liar(sync->state, url);

    if (!liar) return;
    say(sync, apr_psprintf(sync->pool, "%s lied at %s (%s), and is asked because no other source is left", url,
                           cdist_time_format(liar->when, sync->pool), liar->what));
}

/* NB: where nothing can be written, or somebody else is writing, another source does not help; and that there is none is an
 * answer. */
static int is_final(const cdist_err_t *err)
{
    return err->code == CDIST_E_STORE || err->code == CDIST_E_BUSY || err->code == CDIST_E_NOTFOUND;
}

/* Asks one after the other; the last one's error is everybody's. */
static cdist_err_t *ask(sync_t *sync)
{
    apr_array_header_t *sources = ordered(sync);
    cdist_err_t *err = NULL;
    int i;

    for (i = 0; i < sources->nelts; i++) {
        const char *url = APR_ARRAY_IDX(sources, i, const char *);

        say_of_liar(sync, url);
        if (err) say(sync, apr_pstrcat(sync->pool, cdist_err_text(err, sync->pool), "; trying the next source", NULL));
        err = sync_from(sync, url);
        if (!err) cdist_sync_state_accuse(sync->state, url, NULL, sync->pool);
        if (err && err->code == CDIST_E_CORRUPT) {
            cdist_sync_state_accuse(sync->state, url, cdist_err_text(err, sync->pool), sync->pool);
        }
        if (!err || is_final(err)) return err;
    }
    return err;
}

/* What the next one, and whoever asks for the state, has to know. */
static cdist_err_t *note_end(sync_t *sync, const cdist_err_t *failure)
{
    cdist_err_t *err = NULL;

    if (sync->options->check) return NULL;
    if (sync->packs) {
        cdist_sweep_manifests(sync->options->root, sync->packs, sync->pool);
        err = cdist_packs_close(sync->packs);
    }
    sync->state->error = failure ? cdist_err_text(failure, sync->pool) : NULL;
    if (!failure && !sync->options->mask.count) sync->state->last_sync = apr_time_now();
    if (!err) err = cdist_sync_state_write(sync->state, sync->options->root, sync->pool);
    return err;
}

static void tell(const sync_t *sync)
{
    const char *url = sync->result->from ? sync->result->from : APR_ARRAY_IDX(sync->options->sources, 0, const char *);
    cdist_err_t *err;

    if (!sync->options->tell || sync->options->check) return;
    err = cdist_report_send(sync->fetcher, url, sync->state, sync->options, sync->pool);
    if (err) say(sync, apr_pstrcat(sync->pool, "the report was not taken: ", cdist_err_text(err, sync->pool), NULL));
}

cdist_err_t *cdist_sync(cdist_sync_result_t *result, const cdist_sync_options_t *options, apr_pool_t *pool)
{
    sync_t sync = {result, options, NULL, NULL, NULL, NULL, pool};
    cdist_err_t *err, *end;
    cdist_lock_t *lock = NULL;

    memset(result, 0, sizeof *result);
    /* NB: who only looks writes nothing at all, and keeps nobody waiting. */
    if (!options->check) {
        CDIST_ERR(cdist_place_make(options->root, pool));
        CDIST_ERR(cdist_place_lock(&lock, options->root, 0, pool));
    }
    err = cdist_sync_state_read(&sync.state, options->root, pool);
    if (!err) err = cdist_holds_read(&sync.holds, options->root, pool);
    if (!err) err = cdist_fetcher_create(&sync.fetcher, &options->transport, pool);
    if (!err) {
        err = ask(&sync);
        cdist_fetcher_traffic(sync.fetcher, &result->requests, &result->wire_bytes);
        end = note_end(&sync, err);
        if (!err) err = end;
        tell(&sync);
    }
    if (lock) cdist_os_lock_free(lock);
    return err;
}
