/* measure RESULT.json COMMAND ARGUMENT…: runs a command and writes how long it took and what it used.
 *
 * The peak of a child's memory (ru_maxrss) begins with what its parent had before exec, which is a lot if that is Python; so
 * this small program stands between. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

int main(int argc, char **argv)
{
    struct rusage used;
    double start, end;
    int status;
    pid_t child;
    FILE *out;

    if (argc < 3) return fprintf(stderr, "Usage: measure RESULT.json COMMAND ARGUMENT...\n"), 2;
    start = now();
    child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "measure: %s: %s\n", argv[2], strerror(errno));
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child) return perror("measure"), 1;
    end = now();
    out = fopen(argv[1], "w");
    if (!out) return perror(argv[1]), 1;
    fprintf(out, "{\"status\": %d, \"seconds\": %.6f, \"cpu_seconds\": %.6f, \"peak_kib\": %ld}\n",
            WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status), end - start,
            seconds(used.ru_utime) + seconds(used.ru_stime), used.ru_maxrss);
    return fclose(out) == 0 ? 0 : 1;
}
