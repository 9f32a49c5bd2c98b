/* The least work possible, for comparison; each prints how long it took as JSON.
 * bare walk FOLDER: lists all folders and stats all files.
 * bare inflate FOLDER: reads the files *.cfu in it and inflates them with zlib, without looking at what comes out.
 * bare read FILE: reads a file from start to end. */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>

#define STEP (64 * 1024)

static unsigned char in[STEP], out[STEP];
static long files, bytes, inflated;

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static int fail(const char *path, const char *why)
{
    fprintf(stderr, "bare: %s: %s\n", path, why);
    exit(1);
}

static int count(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    (void)path;
    (void)place;
    if (kind == FTW_F) files++, bytes += st->st_size;
    return 0;
}

static void inflate_file(const char *path)
{
    int fd = open(path, O_RDONLY), status = Z_OK;
    z_stream z = {0};

    if (fd < 0 || inflateInit2(&z, -MAX_WBITS) != Z_OK) fail(path, "cannot be opened");
    while (status == Z_OK) {
        ssize_t got = read(fd, in, sizeof in);

        if (got <= 0) fail(path, "ends too early");
        bytes += got;
        z.next_in = in;
        z.avail_in = (uInt)got;
        do {
            z.next_out = out;
            z.avail_out = sizeof out;
            status = inflate(&z, Z_NO_FLUSH);
            inflated += (long)sizeof out - z.avail_out;
        } while (status == Z_OK && z.avail_out == 0);
        if (status == Z_BUF_ERROR) status = Z_OK;
    }
    if (status != Z_STREAM_END) fail(path, "is no deflate data");
    inflateEnd(&z);
    close(fd);
}

static int inflate_one(const char *path, const struct stat *st, int kind, struct FTW *place)
{
    size_t length = strlen(path);

    (void)st;
    (void)place;
    if (kind != FTW_F || length < 4 || strcmp(path + length - 4, ".cfu") != 0) return 0;
    files++;
    inflate_file(path);
    return 0;
}

static void read_through(const char *path)
{
    static char buffer[1 << 20];
    int fd = open(path, O_RDONLY);
    ssize_t got;

    if (fd < 0) fail(path, "cannot be opened");
    for (files++; (got = read(fd, buffer, sizeof buffer)) > 0;) bytes += got;
    close(fd);
}

int main(int argc, char **argv)
{
    double start = now();

    if (argc != 3) return fprintf(stderr, "Usage: bare walk|inflate|read PATH\n"), 2;
    if (strcmp(argv[1], "walk") == 0) nftw(argv[2], count, 32, FTW_PHYS);
    else if (strcmp(argv[1], "inflate") == 0) nftw(argv[2], inflate_one, 32, FTW_PHYS);
    else if (strcmp(argv[1], "read") == 0) read_through(argv[2]);
    else return 2;
    printf("{\"seconds\": %.6f, \"cpu_seconds\": %.6f, \"files\": %ld, \"bytes\": %ld, \"inflated\": %ld}\n", now() - start,
           (double)clock() / CLOCKS_PER_SEC, files, bytes, inflated);
    return 0;
}
