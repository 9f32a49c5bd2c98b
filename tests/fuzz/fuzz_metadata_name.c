/* Any bytes as the entries of a configuration, with 0xFF between them: the configuration's own, then those of the uuids 1, 2
 * and 3. Names are found or not; each of them has an end, with all its owners. */
#include "fuzz.h"
#include "compare/cdist_compare.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

#define ENTRIES 4
#define FORM "%d0000000-0000-4000-8000-000000000000"

typedef struct {
    const char *bytes[ENTRIES];
    apr_size_t lengths[ENTRIES];
} entries_t;

static cdist_err_t *open_entry(cdist_stream_t **stream, void *baton, const char *name, apr_pool_t *pool)
{
    const entries_t *entries = baton;
    const char *root = apr_psprintf(pool, "{2," FORM ",}", 0);
    int i;

    *stream = NULL;
    if (strcmp(name, "root") == 0) {
        *stream = cdist_bytes_stream(cdist_bytes_memory(root, strlen(root), "root", pool), 0, pool);
        return NULL;
    }
    for (i = 0; i < ENTRIES; i++) {
        if (strcmp(name, apr_psprintf(pool, FORM, i)) != 0) continue;
        *stream = cdist_bytes_stream(cdist_bytes_memory(entries->bytes[i], entries->lengths[i], name, pool), 0, pool);
    }
    return NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *end = (const char *)data + size, *at = (const char *)data;
    const cdist_metadata_object_t *object;
    cdist_names_t *names;
    entries_t entries;
    apr_pool_t *pool;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < ENTRIES; i++) {
        const char *stop = i + 1 < ENTRIES && at < end ? memchr(at, 0xFF, (size_t)(end - at)) : NULL;

        entries.lengths[i] = (apr_size_t)((stop ? stop : end) - at);
        entries.bytes[i] = at ? at : "";
        at = stop ? stop + 1 : end;
    }
    if (cdist_names_read(&names, open_entry, &entries, "input", pool, pool) == NULL) {
        for (i = 0; i < ENTRIES; i++) {
            object = cdist_names_find(names, apr_psprintf(pool, FORM, i));
            if (!object) continue;
            FUZZ_REQUIRE(*cdist_names_qualified(object, 1, pool) && *cdist_names_qualified(object, 0, pool));
            fuzz_accepted += i > 0 && *object->name;
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
