/* load: HTTP clients for the benchmarks, one thread each, that throw the body away within the kernel.
 *
 *   load --port N --path /x [--method HEAD] [--header "If-None-Match: …"]… [--connections N] [--timeout SECONDS]
 *        --once              each client asks once, all at the same moment, by HTTP/1.0, and reads to the end
 *        --seconds S         keep-alive requests one after another for S seconds
 *          --pause-ms M      with that long a pause between them; then the last ones are read to the end
 *        --seconds S --rate BYTES    each client asks once and reads that many bytes a second
 *
 * Prints one JSON object: requests that ended well, errors, bytes of bodies, the run's and this program's CPU seconds, and
 * latencies of whole requests. A body shorter than its Content-Length is an error; with --once and without one, a body
 * shorter than the longest. Bytes of a request that the end of the run cut off count too. */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define HEAD_MAX 16384
#define SWALLOW_BYTES (1 << 20)
#define STACK_BYTES (128 * 1024)
#define SLOW_BUFFER_BYTES 4096

typedef enum { OVER, MORE, FAILED } step_t;

typedef struct {
    pthread_t thread;
    int fd;
    unsigned long long requests, errors, bytes, body; /* body: of the last request */
    double *latency;
    size_t latency_count, latency_room;
} client_t;

static const char *method = "GET", *path;
static char request[HEAD_MAX], headers[HEAD_MAX / 2];
static int port, connections = 1, once, timeout_sec = 600, pause_ms, rate;
static double run_seconds, deadline;
static pthread_barrier_t ready;
static client_t clients[MAX_CONNECTIONS];

static double now(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void rest(double seconds)
{
    struct timespec t = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

    nanosleep(&t, NULL);
}

static int open_connection(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    struct timeval limit = {timeout_sec, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1, small = SLOW_BUFFER_BYTES;

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (fd < 0) return -1;
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (rate) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
    if (connect(fd, (struct sockaddr *)&address, sizeof address) == 0) return fd;
    close(fd);
    return -1;
}

static void note_latency(client_t *client, double seconds)
{
    if (client->latency_count == client->latency_room) {
        client->latency_room = client->latency_room ? 2 * client->latency_room : 64;
        client->latency = realloc(client->latency, client->latency_room * sizeof *client->latency);
        if (!client->latency) abort();
    }
    client->latency[client->latency_count++] = seconds;
}

/* Value of a header in a head that ends with a zero; NULL without it. */
static const char *find_header(const char *head, const char *name)
{
    size_t length = strlen(name);
    const char *line;

    for (line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, length) == 0 && line[2 + length] == ':') return line + 3 + length;
    }
    return NULL;
}

/* Reads the head; *body is how much of the body came with it, *length what the body should have, -1 if nobody says. */
static step_t read_head(client_t *client, long long *length, unsigned long long *body)
{
    char head[HEAD_MAX + 1], *end = NULL;
    const char *value;
    size_t have = 0;
    int status;

    while (!end) {
        ssize_t got = have < HEAD_MAX ? recv(client->fd, head + have, rate ? 1 : HEAD_MAX - have, 0) : 0;

        if (got <= 0) return FAILED;
        have += (size_t)got;
        head[have] = '\0';
        end = strstr(head, "\r\n\r\n");
    }
    end[2] = '\0';
    *body = have - (size_t)(end + 4 - head);
    if (sscanf(head, "HTTP/1.%*d %d", &status) != 1 || (status != 200 && status != 304)) return FAILED;
    value = find_header(head, "Content-Length");
    *length = status == 304 || strcmp(method, "HEAD") == 0 ? 0 : value ? atoll(value) : -1;
    return once || *length >= 0 ? OVER : FAILED;
}

/* One request. MORE: the time was over before the body was. */
static step_t ask(client_t *client)
{
    static char swallow[SWALLOW_BYTES];
    long long length;

    client->body = 0;
    if (send(client->fd, request, strlen(request), MSG_NOSIGNAL) != (ssize_t)strlen(request)) return FAILED;
    if (read_head(client, &length, &client->body) == FAILED) return FAILED;
    client->bytes += client->body;
    while (length < 0 || client->body < (unsigned long long)length) {
        /* MSG_TRUNC: the kernel throws the bytes away instead of copying them. */
        ssize_t got = recv(client->fd, swallow, rate ? (size_t)rate : sizeof swallow, MSG_TRUNC);

        if (got < 0 || (got == 0 && length >= 0)) return FAILED;
        if (got == 0) break;
        client->body += (unsigned long long)got;
        client->bytes += (unsigned long long)got;
        if (deadline > 0 && !pause_ms && now() >= deadline) return MORE;
        if (rate) rest(1);
    }
    return OVER;
}

static void run_once(client_t *client)
{
    double start = now();
    step_t step;

    client->fd = open_connection();
    step = client->fd < 0 ? FAILED : ask(client);
    if (step == OVER) client->requests++, note_latency(client, now() - start);
    else client->errors++;
    if (client->fd >= 0) close(client->fd);
}

static void run_for_a_time(client_t *client)
{
    client->fd = -1;
    while (now() < deadline) {
        double start = now();
        step_t step;

        if (client->fd < 0) client->fd = open_connection();
        step = client->fd < 0 ? FAILED : ask(client);
        if (step == OVER) client->requests++, note_latency(client, now() - start);
        if (step == MORE) break;
        if (step == FAILED) {
            client->errors++;
            if (client->fd >= 0) close(client->fd);
            client->fd = -1;
            rest(0.01);
        }
        if (pause_ms) rest(pause_ms / 1e3);
    }
    if (client->fd >= 0) close(client->fd);
}

static void *run(void *baton)
{
    pthread_barrier_wait(&ready);
    if (once) run_once(baton);
    else run_for_a_time(baton);
    return NULL;
}

static int by_value(const void *a, const void *b)
{
    double left = *(const double *)a, right = *(const double *)b;

    return (left > right) - (left < right);
}

static void print_result(double seconds)
{
    unsigned long long requests = 0, errors = 0, bytes = 0, longest = 0;
    size_t count = 0, i;
    struct rusage used;
    double *all;
    int c;

    for (c = 0; c < connections; c++) {
        if (clients[c].body > longest) longest = clients[c].body;
        count += clients[c].latency_count;
    }
    all = malloc((count + 1) * sizeof *all);
    if (!all) abort();
    for (c = 0, count = 0; c < connections; c++) {
        client_t *client = &clients[c];

        if (once && client->requests && client->body < longest) client->requests--, client->errors++;
        for (i = 0; i < client->latency_count; i++) all[count++] = client->latency[i];
        requests += client->requests;
        errors += client->errors;
        bytes += client->bytes;
    }
    all[count] = 0;
    qsort(all, count, sizeof *all, by_value);
    getrusage(RUSAGE_SELF, &used);
    printf("{\"requests\": %llu, \"errors\": %llu, \"bytes\": %llu, \"seconds\": %.6f, \"cpu_seconds\": %.6f, "
           "\"p50\": %.6f, \"p99\": %.6f, \"max\": %.6f}\n", requests, errors, bytes, seconds,
           (double)used.ru_utime.tv_sec + (double)used.ru_utime.tv_usec / 1e6 + (double)used.ru_stime.tv_sec +
               (double)used.ru_stime.tv_usec / 1e6,
           all[count / 2], all[count - count / 100 - (count > 0)], all[count - (count > 0)]);
}

static int take_option(const char *name, const char *value)
{
    if (strcmp(name, "--port") == 0) port = atoi(value);
    else if (strcmp(name, "--path") == 0) path = value;
    else if (strcmp(name, "--method") == 0) method = value;
    else if (strcmp(name, "--connections") == 0) connections = atoi(value);
    else if (strcmp(name, "--timeout") == 0) timeout_sec = atoi(value);
    else if (strcmp(name, "--seconds") == 0) run_seconds = atof(value);
    else if (strcmp(name, "--pause-ms") == 0) pause_ms = atoi(value);
    else if (strcmp(name, "--rate") == 0) rate = atoi(value);
    else if (strcmp(name, "--header") == 0) {
        size_t used = strlen(headers);

        snprintf(headers + used, sizeof headers - used, "%s\r\n", value);
    } else return 0;
    return 1;
}

int main(int argc, char **argv)
{
    pthread_attr_t attributes;
    double start;
    int i;

    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--once") == 0) once = 1;
        else if (i + 1 == argc || !take_option(argv[i], argv[i + 1])) return fprintf(stderr, "load: %s?\n", argv[i]), 2;
        else i++;
    }
    if (!path || port <= 0 || connections < 1 || connections > MAX_CONNECTIONS || once == (run_seconds > 0)) {
        return fprintf(stderr, "load: see the head of load.c\n"), 2;
    }
    snprintf(request, sizeof request, "%s %s HTTP/1.%d\r\nHost: localhost\r\n%s\r\n", method, path, !once, headers);
    pthread_attr_init(&attributes);
    pthread_attr_setstacksize(&attributes, STACK_BYTES);
    pthread_barrier_init(&ready, NULL, (unsigned)connections + 1);
    for (i = 0; i < connections; i++) {
        if (pthread_create(&clients[i].thread, &attributes, run, &clients[i]) != 0) return perror("load"), 1;
    }
    start = now();
    deadline = once ? 0 : start + run_seconds;
    pthread_barrier_wait(&ready);
    for (i = 0; i < connections; i++) pthread_join(clients[i].thread, NULL);
    print_result(now() - start);
    return 0;
}
