/* Replays the files of the folders given, one input each; fails if there is none. */
#include "fuzz.h"

#include <dirent.h>
#include <stdio.h>

/* What a target may count: inputs that it took. A corpus without one tests refusals alone. */
extern int fuzz_accepted __attribute__((weak));

static int replay(const char *path)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data;
    long size;

    if (!file || fseek(file, 0, SEEK_END) != 0 || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET) != 0) {
        perror(path);
        return 0;
    }
    /* NB: exactly as many bytes as there are, so that a sanitizer sees the first one too many. */
    data = malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size) {
        perror(path);
        return 0;
    }
    fclose(file);
    LLVMFuzzerTestOneInput(data, (size_t)size);
    free(data);
    return 1;
}

int main(int argc, char **argv)
{
    int i, count = 0;

    for (i = 1; i < argc; i++) {
        DIR *folder = opendir(argv[i]);
        struct dirent *entry;

        if (!folder) {
            perror(argv[i]);
            return 1;
        }
        while ((entry = readdir(folder)) != NULL) {
            char path[4096];

            if (entry->d_name[0] == '.') continue;
            snprintf(path, sizeof path, "%s/%s", argv[i], entry->d_name);
            if (!replay(path)) return 1;
            count++;
        }
        closedir(folder);
    }
    printf("%d inputs\n", count);
    if (&fuzz_accepted && fuzz_accepted == 0) {
        fprintf(stderr, "none of the inputs was accepted\n");
        return 1;
    }
    return count > 0 ? 0 : 1;
}
