/* What a process remembers of a store: which archive a key led to, and when it last marked an archive as used.
 *
 * A key leads to the same bytes for ever, so what is remembered cannot become wrong, only useless: the archive's file is
 * opened and looked at for every answer, and whoever finds it gone or changed looks into the store itself. Readers and
 * writers take no lock: an entry is made whole, hung up by an atomic exchange, and never changed or freed before the
 * store is closed. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define SLOTS 1024
/* A key may stand in one of so many slots, from that of its own number on. What stands there stays until it leads nowhere. */
#define PROBES 8
/* NB: entries that were taken out stay in memory, since somebody may read them; after so many nothing more is remembered. */
#define ENTRIES_MAX 4096
#define PATH_MAX_BYTES 4096

typedef struct entry_t {
    struct entry_t *next; /* of all entries ever made */
    cdist_key_t key;
    cdist_archive_t archive; /* its path follows this structure */
} entry_t;

struct cdist_store_memory_t {
    _Atomic(entry_t *) slots[SLOTS];
    _Atomic(entry_t *) all;
    atomic_uint count;
    /* The second of the last mark, under 32 bits of the archive's digest; another archive may take the place. */
    _Atomic(apr_uint64_t) marks[SLOTS];
};

static apr_status_t free_entries(void *baton)
{
    cdist_store_memory_t *memory = baton;
    entry_t *entry = atomic_load(&memory->all), *next;

    for (; entry; entry = next) {
        next = entry->next;
        free(entry);
    }
    return APR_SUCCESS;
}

cdist_store_memory_t *cdist_store_memory_make(apr_pool_t *pool)
{
    cdist_store_memory_t *memory = apr_pcalloc(pool, sizeof *memory);

    apr_pool_cleanup_register(pool, memory, free_entries, apr_pool_cleanup_null);
    return memory;
}

/* Digests are as good as random numbers. */
static apr_uint32_t number_at(const cdist_digest_t *digest, int at)
{
    apr_uint32_t number;

    memcpy(&number, digest->byte + at, sizeof number);
    return number;
}

static _Atomic(entry_t *) *slot_at(cdist_store_memory_t *memory, const cdist_key_t *key, int probe)
{
    return &memory->slots[(number_at(key, 0) + (apr_uint32_t)probe) % SLOTS];
}

int cdist_store_recall(cdist_archive_t **archive, cdist_store_memory_t *memory, const cdist_key_t *key, apr_pool_t *pool)
{
    int i;

    for (i = 0; memory && i < PROBES; i++) {
        const entry_t *entry = atomic_load(slot_at(memory, key, i));

        if (!entry || !cdist_digest_equal(&entry->key, key)) continue;
        *archive = apr_pmemdup(pool, &entry->archive, sizeof entry->archive);
        (*archive)->path = apr_pstrdup(pool, entry->archive.path);
        return 1;
    }
    return 0;
}

/* Hangs the entry up in a free slot; 0 if there is none, or the key has one already. */
static int hang_up(cdist_store_memory_t *memory, entry_t *entry)
{
    int i;

    for (i = 0; i < PROBES; i++) {
        entry_t *there = NULL;

        if (atomic_compare_exchange_strong(slot_at(memory, &entry->key, i), &there, entry)) return 1;
        if (cdist_digest_equal(&there->key, &entry->key)) return 0;
    }
    return 0;
}

void cdist_store_remember(cdist_store_memory_t *memory, const cdist_key_t *key, const cdist_archive_t *archive)
{
    apr_size_t path_bytes = strlen(archive->path) + 1;
    entry_t *entry;

    if (!memory || path_bytes > PATH_MAX_BYTES || atomic_load(&memory->count) >= ENTRIES_MAX) return;
    if ((entry = malloc(sizeof *entry + path_bytes)) == NULL) return;
    entry->key = *key;
    entry->archive = *archive;
    entry->archive.path = memcpy(entry + 1, archive->path, path_bytes);
    if (!hang_up(memory, entry)) {
        free(entry); /* nobody has seen it */
        return;
    }
    atomic_fetch_add(&memory->count, 1);
    entry->next = atomic_load(&memory->all);
    while (!atomic_compare_exchange_weak(&memory->all, &entry->next, entry)) continue;
}

void cdist_store_unlearn(cdist_store_memory_t *memory, const cdist_digest_t *sha256)
{
    int i;

    for (i = 0; memory && i < SLOTS; i++) {
        entry_t *entry = atomic_load(&memory->slots[i]);
        /* NB: not if another one was hung up meanwhile. */
        if (entry && cdist_digest_equal(&entry->archive.sha256, sha256)) {
            atomic_compare_exchange_strong(&memory->slots[i], &entry, NULL);
        }
    }
}

/* ---- uses ---------------------------------------------------------------------------------------------------------- */

int cdist_store_marked_lately(cdist_store_memory_t *memory, const cdist_digest_t *sha256, apr_time_t now,
                              apr_interval_time_t pause)
{
    apr_uint64_t mark = memory ? atomic_load(&memory->marks[number_at(sha256, 0) % SLOTS]) : 0;
    apr_int64_t ago = apr_time_sec(now) - (apr_int64_t)(apr_uint32_t)mark;

    return mark >> 32 == number_at(sha256, 4) && ago >= 0 && ago < apr_time_sec(pause);
}

void cdist_store_note_mark(cdist_store_memory_t *memory, const cdist_digest_t *sha256, apr_time_t marked)
{
    apr_uint64_t mark = (apr_uint64_t)number_at(sha256, 4) << 32 | (apr_uint32_t)apr_time_sec(marked);

    if (memory) atomic_store(&memory->marks[number_at(sha256, 0) % SLOTS], mark);
}
