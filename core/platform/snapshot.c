/* One look at a target: what it found, as data and as the text that other processes read. */
#include "platform_int.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <limits.h>
#include <string.h>

#define TEXT_MAX (64u * 1024 * 1024)

apr_status_t cdist_snapshot_release(void *baton)
{
    cdist_snapshot_t *snapshot = baton;

    if (apr_atomic_dec32(&snapshot->readers) == 0) apr_pool_destroy(snapshot->pool);
    return APR_SUCCESS;
}

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
    return text;
}

const char *cdist_target_key(const cdist_target_t *target, apr_pool_t *pool)
{
    return target->server ? apr_pstrcat(pool, "server\n", target->server, NULL) : cdist_lookup_text(target->lookup, pool);
}

static cdist_snapshot_t *new_snapshot(void)
{
    apr_pool_t *pool;
    cdist_snapshot_t *snapshot;

    apr_pool_create_unmanaged(&pool);
    snapshot = apr_pcalloc(pool, sizeof *snapshot);
    snapshot->pool = pool;
    snapshot->readers = 1;
    return snapshot;
}

/* "8.3.22.1750", or "!CODE STATUS MESSAGE" of the error. */
static const char *write_server(const cdist_snapshot_t *snapshot)
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

static int read_server(cdist_snapshot_t *snapshot)
{
    const char *text = snapshot->text;
    int code, status;

    if (*text != '!') return cdist_version_parse(&snapshot->server, text);
    if (!read_number(&code, &text, text + 1, CDIST_E_INPUT, CDIST_E_STOPPED, snapshot->pool) ||
        !read_number(&status, &text, text, 0, INT_MAX, snapshot->pool)) return 0;
    snapshot->server_err = cdist_err_create(snapshot->pool, (cdist_code_t)code, (apr_status_t)status, "%s", text);
    return 1;
}

cdist_snapshot_t *cdist_snapshot_scan(const cdist_target_t *target, const cdist_snapshot_t *previous)
{
    cdist_snapshot_t *snapshot = new_snapshot();

    if (target->server) {
        snapshot->server_err = cdist_server_version(&snapshot->server, target->server, snapshot->pool);
        snapshot->text = write_server(snapshot);
        return snapshot;
    }
    snapshot->catalogue = cdist_catalogue_scan(target->lookup, target->settle, previous ? previous->catalogue : NULL,
                                               snapshot->pool);
    if (target->store) {
        cdist_catalogue_mark_built(snapshot->catalogue, target->lookup, target->store, target->level, snapshot->pool);
        snapshot->text = cdist_catalogue_write(snapshot->catalogue, snapshot->pool);
    }
    return snapshot;
}

cdist_snapshot_t *cdist_snapshot_read(const cdist_target_t *target, const cdist_digest_t *digest)
{
    cdist_snapshot_t *snapshot = new_snapshot();
    apr_size_t length;
    char *text;
    cdist_err_t *err = cdist_file_read(&text, &length, cdist_store_note_path(target->store, digest, snapshot->pool),
                                       TEXT_MAX, snapshot->pool);

    if (!err) {
        snapshot->text = text;
        if (target->server ? read_server(snapshot)
                           : (snapshot->catalogue = cdist_catalogue_read(text, target->lookup, snapshot->pool)) != NULL) {
            return snapshot;
        }
    }
    apr_pool_destroy(snapshot->pool);
    return NULL;
}

