/* One look at a target: what it found, as data and as the text that other processes read. */
#include "platform_int.h"

#include <apr_strings.h>

#include <limits.h>
#include <stdatomic.h>
#include <string.h>

#define TEXT_MAX (64u * 1024 * 1024)

const char *cdist_lookup_text(const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    const char *text = apr_psprintf(pool, "%d %d\n%s", lookup->installed, lookup->layout,
                                    lookup->roots ? apr_array_pstrcat(pool, lookup->roots, '\n') : "");
    int i;

    for (i = 0; lookup->patterns && i < lookup->patterns->nelts; i++) {
        const cdist_pattern_t *pattern = &APR_ARRAY_IDX(lookup->patterns, i, cdist_pattern_t);
        text = apr_pstrcat(pool, text, "\npattern ", pattern->slot->name, " ", pattern->path, NULL);
    }
    for (i = 0; lookup->components && i < lookup->components->nelts; i++) {
        text = apr_pstrcat(pool, text, "\ncomponent ", APR_ARRAY_IDX(lookup->components, i, const cdist_slot_t *)->name, NULL);
    }
    if (lookup->overlay) text = apr_pstrcat(pool, text, "\noverlay ", lookup->overlay, "\n", lookup->overlay_rules, NULL);
    return text;
}

const char *cdist_target_key(const cdist_target_t *target, apr_pool_t *pool)
{
    return target->server ? apr_pstrcat(pool, "server\n", target->server, NULL) : cdist_lookup_text(target->lookup, pool);
}

static cdist_live_snapshot_t *new_snapshot(void)
{
    apr_pool_t *pool;
    cdist_live_snapshot_t *snapshot;

    apr_pool_create_unmanaged(&pool);
    snapshot = apr_pcalloc(pool, sizeof *snapshot);
    snapshot->pool = pool;
    return snapshot;
}

/* "8.3.22.1750", or "!CODE STATUS MESSAGE" of the error. */
static const char *write_server(const cdist_live_snapshot_t *snapshot)
{
    const cdist_err_t *err = snapshot->server_err;

    if (!err) return cdist_version_format(&snapshot->server, snapshot->pool);
    return apr_psprintf(snapshot->pool, "!%d %d %s", (int)err->code, (int)err->status, err->message);
}

/* The number that begins a text, as far as a blank, which *rest is set behind; 0 if it is none. */
static int read_number(int *number, const char **rest, const char *text, int least, int most, apr_pool_t *pool)
{
    const char *blank = strchr(text, ' ');

    if (!blank || !cdist_number_parse(number, apr_pstrmemdup(pool, text, (apr_size_t)(blank - text)), least, most)) return 0;
    *rest = blank + 1;
    return 1;
}

static int read_server(cdist_live_snapshot_t *snapshot)
{
    const char *text = snapshot->text;
    int code, status;

    if (*text != '!') return cdist_version_parse(&snapshot->server, text);
    if (!read_number(&code, &text, text + 1, CDIST_E_INPUT, CDIST_E_STOPPED, snapshot->pool) ||
        !read_number(&status, &text, text, 0, INT_MAX, snapshot->pool)) return 0;
    snapshot->server_err = cdist_err_create(snapshot->pool, (cdist_code_t)code, (apr_status_t)status, "%s", text);
    return 1;
}

/* ---- what was built, whatever the configuration ---------------------------------------------------------------------- */

/* Under the roots alone, so that what was built is known after most changes of the configuration too: with a CDistSource or
 * another level more, exactly the archives are missing that would keep a release from being current. */
static cdist_digest_t built_note(const cdist_target_t *target, apr_pool_t *pool)
{
    const cdist_lookup_t *lookup = target->lookup;
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_sha256_update_text(sha, "built");
    if (lookup->roots) cdist_sha256_update_text(sha, apr_array_pstrcat(pool, lookup->roots, '\n'));
    else if (lookup->patterns) cdist_sha256_update_text(sha, APR_ARRAY_IDX(lookup->patterns, 0, cdist_pattern_t).path);
    cdist_sha256_final(&digest, sha);
    return digest;
}

/* A catalogue of nothing else. */
static cdist_err_t *write_built(const cdist_live_snapshot_t *snapshot, const cdist_target_t *target)
{
    apr_pool_t *pool = snapshot->pool;
    cdist_digest_t digest = built_note(target, pool);
    const char *path = cdist_store_note_path(target->store, &digest, pool), *text;
    cdist_catalogue_t bare = {apr_array_make(pool, 1, sizeof(cdist_release_t)), apr_array_make(pool, 1, sizeof(const char *)),
                              apr_array_make(pool, 1, sizeof(cdist_err_t *)), apr_array_make(pool, 1, sizeof(int)),
                              apr_array_make(pool, 1, sizeof(const cdist_slot_t *)), apr_array_make(pool, 1, sizeof(const char *)),
                              snapshot->catalogue->built, 0, 0, 0, 0};
    apr_size_t length;
    char *old;

    text = cdist_catalogue_write(&bare, pool);
    if (!text || (!cdist_file_read(&old, &length, path, TEXT_MAX, pool) && strcmp(old, text) == 0)) return NULL;
    return cdist_file_publish(path, text, strlen(text), pool);
}

static void read_built(cdist_live_snapshot_t *snapshot, const cdist_target_t *target)
{
    cdist_digest_t digest = built_note(target, snapshot->pool);
    const char *path = cdist_store_note_path(target->store, &digest, snapshot->pool);
    const cdist_catalogue_t *known;
    apr_size_t length;
    char *text;

    if (cdist_file_read(&text, &length, path, TEXT_MAX, snapshot->pool)) return;
    known = cdist_catalogue_read(text, target->lookup, snapshot->pool);
    if (known) cdist_catalogue_keep_built(snapshot->catalogue, known, snapshot->pool);
}

/* ---- looking, writing, reading ----------------------------------------------------------------------------------------- */

static apr_uint64_t next_serial(void)
{
    static atomic_uint_least64_t last;

    return atomic_fetch_add(&last, 1) + 1;
}

/* NB: the text has all that there is to a catalogue, since other processes make theirs of it. */
static int same_catalogue(const cdist_live_snapshot_t *snapshot, const cdist_live_snapshot_t *previous)
{
    return previous && previous->catalogue && previous->text && snapshot->text && strcmp(previous->text, snapshot->text) == 0;
}

cdist_live_snapshot_t *cdist_snapshot_scan(const cdist_target_t *target, const cdist_live_snapshot_t *previous, int first)
{
    cdist_live_snapshot_t *snapshot = new_snapshot();

    if (target->server) {
        snapshot->server_err = cdist_server_version(&snapshot->server, target->server, snapshot->pool);
        snapshot->text = write_server(snapshot);
        return snapshot;
    }
    snapshot->catalogue = cdist_catalogue_scan(target->lookup, target->settle, previous ? previous->catalogue : NULL,
                                               snapshot->pool);
    snapshot->catalogue->serial = next_serial();
    if (target->store) {
        cdist_catalogue_mark_built(snapshot->catalogue, target->lookup, target->store, target->level, snapshot->pool);
        if (previous && previous->catalogue) {
            cdist_catalogue_keep_built(snapshot->catalogue, previous->catalogue, snapshot->pool);
        }
        if (first) read_built(snapshot, target);
        cdist_catalogue_note_built(snapshot->catalogue, snapshot->pool);
        snapshot->text = cdist_catalogue_write(snapshot->catalogue, snapshot->pool);
        if (same_catalogue(snapshot, previous)) snapshot->catalogue->serial = previous->catalogue->serial;
    }
    return snapshot;
}

cdist_err_t *cdist_snapshot_publish(const cdist_live_snapshot_t *snapshot, const cdist_target_t *target,
                                    const cdist_digest_t *digest)
{
    if (snapshot->catalogue) CDIST_ERR(write_built(snapshot, target));
    return cdist_file_publish(cdist_store_note_path(target->store, digest, snapshot->pool), snapshot->text,
                              strlen(snapshot->text), snapshot->pool);
}

void cdist_snapshot_renew(const cdist_live_snapshot_t *snapshot, const cdist_target_t *target, const cdist_digest_t *digest)
{
    cdist_store_renew_note(target->store, digest, snapshot->pool);
    if (snapshot->catalogue) {
        cdist_digest_t built = built_note(target, snapshot->pool);
        cdist_store_renew_note(target->store, &built, snapshot->pool);
    }
}

cdist_live_snapshot_t *cdist_snapshot_read(const cdist_target_t *target, const cdist_digest_t *digest)
{
    cdist_live_snapshot_t *snapshot = new_snapshot();
    apr_size_t length;
    char *text;
    cdist_err_t *err = cdist_file_read(&text, &length, cdist_store_note_path(target->store, digest, snapshot->pool),
                                       TEXT_MAX, snapshot->pool);

    if (!err) {
        snapshot->text = text;
        if (target->server ? read_server(snapshot)
                           : (snapshot->catalogue = cdist_catalogue_read(text, target->lookup, snapshot->pool)) != NULL) {
            if (snapshot->catalogue) snapshot->catalogue->serial = next_serial();
            return snapshot;
        }
    }
    apr_pool_destroy(snapshot->pool);
    return NULL;
}

