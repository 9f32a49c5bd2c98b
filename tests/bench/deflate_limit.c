/* deflate_limit FOLDER [THREADS]: the least time in which the files of a folder can be compressed here: each is read and
 * given to libdeflate at level 6, on all cores, the largest first; the result is thrown away. No archive, no checksums. What
 * an archiver with the same compressor needs beyond that is its own. */
#include <config.h>

#include <stdio.h>

#ifndef HAVE_LIBDEFLATE
int main(void)
{
    fprintf(stderr, "deflate_limit: built without libdeflate (Debian: libdeflate-dev)\n");
    return 1;
}
#else
#include <ftw.h>
#include <libdeflate.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LEVEL 6
#define MAX_THREADS 256

typedef struct {
    char *path;
    size_t bytes;
} input_t;

static input_t *inputs;
static size_t input_count, input_room;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static size_t next_input; /* guarded by the mutex, as the next one */
static unsigned long long packed_total;

static void *must(void *p)
{
    if (!p) abort();
    return p;
}

static int add(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)where;
    if (kind != FTW_F || !S_ISREG(st->st_mode) || st->st_size == 0) return 0;
    if (input_count == input_room) {
        input_room = input_room ? 2 * input_room : 1024;
        inputs = must(realloc(inputs, input_room * sizeof *inputs));
    }
    inputs[input_count].path = must(strdup(path));
    inputs[input_count++].bytes = (size_t)st->st_size;
    return 0;
}

static int larger_first(const void *a, const void *b)
{
    size_t left = ((const input_t *)a)->bytes, right = ((const input_t *)b)->bytes;

    return (left < right) - (left > right);
}

static size_t pack(struct libdeflate_compressor *compressor, const input_t *input, char **content, char **packed, size_t *room)
{
    FILE *file = fopen(input->path, "rb");
    size_t got;

    if (!file) return perror(input->path), exit(1), 0;
    setvbuf(file, NULL, _IONBF, 0);
    if (input->bytes > *room) {
        free(*content);
        free(*packed);
        *room = input->bytes;
        *content = must(malloc(*room));
        *packed = must(malloc(*room));
    }
    got = fread(*content, 1, input->bytes, file);
    fclose(file);
    /* NB: room for less than the content: what does not shrink is given up, as an archiver would. */
    return libdeflate_deflate_compress(compressor, *content, got, *packed, got - 1);
}

static void *work(void *baton)
{
    struct libdeflate_compressor *compressor = must(libdeflate_alloc_compressor(LEVEL));
    char *content = NULL, *packed = NULL;
    unsigned long long total = 0;
    size_t room = 0;

    (void)baton;
    for (;;) {
        const input_t *input = NULL;
        size_t bytes;

        pthread_mutex_lock(&mutex);
        if (next_input < input_count) input = &inputs[next_input++];
        pthread_mutex_unlock(&mutex);
        if (!input) break;
        bytes = pack(compressor, input, &content, &packed, &room);
        total += bytes ? bytes : input->bytes;
    }
    libdeflate_free_compressor(compressor);
    free(content);
    free(packed);
    pthread_mutex_lock(&mutex);
    packed_total += total;
    pthread_mutex_unlock(&mutex);
    return NULL;
}

int main(int argc, char **argv)
{
    long threads = argc > 2 ? atol(argv[2]) : sysconf(_SC_NPROCESSORS_ONLN), i;
    pthread_t thread[MAX_THREADS];

    if (argc < 2 || threads < 1 || threads > MAX_THREADS) return fprintf(stderr, "Usage: deflate_limit FOLDER [THREADS]\n"), 2;
    if (nftw(argv[1], add, 32, FTW_PHYS) != 0) return perror(argv[1]), 1;
    qsort(inputs, input_count, sizeof *inputs, larger_first);
    for (i = 0; i < threads; i++) {
        if (pthread_create(&thread[i], NULL, work, NULL) != 0) abort();
    }
    for (i = 0; i < threads; i++) pthread_join(thread[i], NULL);
    printf("{\"files\": %zu, \"packed_bytes\": %llu}\n", input_count, packed_total);
    return 0;
}
#endif
