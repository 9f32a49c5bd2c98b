/* Numbers for sequences of bytes, so that equal ones are found by comparing two numbers.
 * They are sorted by their lengths and first bytes, those that are equal so far by the next eight bytes, and so on: each byte
 * is looked at a bounded number of times. There is no table of hashes, so nobody can make up sequences that all fall into one
 * place of it, or that pass for each other. */
#include "sequence_int.h"

#include <apr_tables.h>

#include <string.h>

#define FIRST_BYTES 4   /* beside the length in the first key */
#define FEW 8           /* so many are compared with each other */
#define RADIX_LEAST 64  /* fewer keys are sorted by insertion */
#define KEY_BYTES 8

typedef struct {
    const char *bytes;
    apr_uint32_t length, kind;
    apr_uint32_t *number;
} sequence_t;

typedef struct {
    apr_uint64_t key;
    apr_uint32_t index; /* of the sequence */
} keyed_t;

/* Those whose first `offset` bytes, lengths and kinds are equal. */
typedef struct {
    apr_size_t first, count, offset;
} run_t;

struct cdist_sequences_t {
    sequence_t *all;
    apr_size_t count;
    keyed_t *keyed, *spare;
    apr_array_header_t *runs; /* run_t: a stack */
};

cdist_sequences_t *cdist_sequences_create(apr_size_t most, apr_pool_t *pool)
{
    cdist_sequences_t *sequences = apr_palloc(pool, sizeof *sequences);

    sequences->all = apr_palloc(pool, (most + 1) * sizeof *sequences->all);
    sequences->keyed = apr_palloc(pool, (most + 1) * sizeof *sequences->keyed);
    sequences->spare = apr_palloc(pool, (most + 1) * sizeof *sequences->spare);
    sequences->runs = apr_array_make(pool, 64, sizeof(run_t));
    sequences->count = 0;
    return sequences;
}

void cdist_sequences_add(cdist_sequences_t *sequences, const void *bytes, apr_size_t length, int kind, apr_uint32_t *number)
{
    sequence_t *sequence = &sequences->all[sequences->count++];

    sequence->bytes = bytes;
    sequence->length = (apr_uint32_t)length;
    sequence->kind = (apr_uint32_t)kind;
    sequence->number = number;
}

/* ---- sorting keys ---------------------------------------------------------------------------------------------- */

static void insert_keys(keyed_t *keyed, apr_size_t count)
{
    apr_size_t i, k;

    for (i = 1; i < count; i++) {
        keyed_t taken = keyed[i];

        for (k = i; k > 0 && keyed[k - 1].key > taken.key; k--) keyed[k] = keyed[k - 1];
        keyed[k] = taken;
    }
}

/* By one byte of the keys; how often each value occurs becomes where the next key of that value goes. */
static void distribute(keyed_t *to, const keyed_t *from, apr_size_t count, unsigned shift, apr_uint32_t *counts)
{
    apr_uint32_t start = 0, i;

    for (i = 0; i < 256; i++) {
        apr_uint32_t here = counts[i];

        counts[i] = start;
        start += here;
    }
    for (i = 0; i < count; i++) to[counts[(from[i].key >> shift) & 0xFF]++] = from[i];
}

/* From the last byte of the keys to the first; a byte that all have in common is left out. */
static void sort_keys(keyed_t *keyed, keyed_t *spare, apr_size_t count)
{
    apr_uint32_t counts[KEY_BYTES][256];
    keyed_t *from = keyed, *to = spare, *swap;
    apr_size_t i;
    int byte;

    if (count < RADIX_LEAST) {
        insert_keys(keyed, count);
        return;
    }
    memset(counts, 0, sizeof counts);
    for (i = 0; i < count; i++) {
        for (byte = 0; byte < KEY_BYTES; byte++) counts[byte][(keyed[i].key >> (8 * byte)) & 0xFF]++;
    }
    for (byte = 0; byte < KEY_BYTES; byte++) {
        if (counts[byte][(keyed[0].key >> (8 * byte)) & 0xFF] == count) continue;
        distribute(to, from, count, 8 * (unsigned)byte, counts[byte]);
        swap = from;
        from = to;
        to = swap;
    }
    if (from != keyed) memcpy(keyed, from, count * sizeof *keyed);
}

/* ---- runs ------------------------------------------------------------------------------------------------------ */

static apr_uint64_t key_at(const sequence_t *sequence, apr_size_t offset)
{
    apr_size_t length = sequence->length - offset, most = offset == 0 ? FIRST_BYTES : KEY_BYTES;
    apr_uint64_t key = 0;
    apr_uint32_t start = 0;

    if (length > most) length = most;
    if (offset > 0) {
        memcpy(&key, sequence->bytes + offset, length);
        return key;
    }
    if (length > 0) memcpy(&start, sequence->bytes, length);
    return (apr_uint64_t)sequence->kind << 63 | (apr_uint64_t)sequence->length << 32 | start;
}

static void give(apr_uint32_t *next, const cdist_sequences_t *sequences, const run_t *run)
{
    apr_size_t i;

    for (i = run->first; i < run->first + run->count; i++) *sequences->all[sequences->keyed[i].index].number = *next;
    (*next)++;
}

/* A run of a few: each is compared with one of every kind that was met before it. */
static void number_few(apr_uint32_t *next, cdist_sequences_t *sequences, const run_t *run)
{
    const sequence_t *met[FEW];
    apr_size_t i, k, kinds = 0;

    for (i = run->first; i < run->first + run->count; i++) {
        const sequence_t *sequence = &sequences->all[sequences->keyed[i].index];
        apr_size_t left = sequence->length - run->offset;

        for (k = 0; k < kinds && memcmp(met[k]->bytes + run->offset, sequence->bytes + run->offset, left) != 0;) k++;
        if (k == kinds) {
            met[kinds++] = sequence;
            *sequence->number = (*next)++;
        }
        *sequence->number = *met[k]->number;
    }
}

/* Sorts a run by its next bytes, and leaves what is equal, and goes on behind them, for later. */
static void number_run(apr_uint32_t *next, cdist_sequences_t *sequences, const run_t *run)
{
    keyed_t *keyed = sequences->keyed + run->first;
    apr_size_t i, end, offset = run->offset + (run->offset == 0 ? FIRST_BYTES : KEY_BYTES);

    for (i = 0; i < run->count; i++) keyed[i].key = key_at(&sequences->all[keyed[i].index], run->offset);
    sort_keys(keyed, sequences->spare, run->count);
    for (i = 0; i < run->count; i = end) {
        run_t equal = {run->first + i, 1, offset};

        for (end = i + 1; end < run->count && keyed[end].key == keyed[i].key;) end++;
        equal.count = end - i;
        if (equal.count == 1 || sequences->all[keyed[i].index].length <= offset) give(next, sequences, &equal);
        else if (equal.count <= FEW) number_few(next, sequences, &equal);
        else APR_ARRAY_PUSH(sequences->runs, run_t) = equal;
    }
}

void cdist_sequences_number(apr_uint32_t *next, cdist_sequences_t *sequences)
{
    run_t run = {0, sequences->count, 0};
    apr_size_t i;

    for (i = 0; i < sequences->count; i++) sequences->keyed[i].index = (apr_uint32_t)i;
    APR_ARRAY_PUSH(sequences->runs, run_t) = run;
    while (sequences->runs->nelts > 0) {
        run = *(const run_t *)apr_array_pop(sequences->runs);
        number_run(next, sequences, &run);
    }
    sequences->count = 0;
}
