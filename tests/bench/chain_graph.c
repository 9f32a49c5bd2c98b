/* chain_graph RELEASES EDGES ROUNDS: finds chains from the first to the last of so many releases, which name so many sources in
 * all, as cdist_chain_find does it, and as the obvious program would: for each version that is reached, it looks at the sources
 * of every update. Prints the seconds of each round, and the steps that were found, as JSON. With --dump it prints the graph instead, a
 * line an update: bytes, version, sources. */
#include "templates/cdist_templates.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LONGEST_ROUNDS 100

static apr_uint32_t seed = 1;

static int any(int below)
{
    seed = seed * 1664525u + 1013904223u;
    return (int)((seed >> 8) % (unsigned)below);
}

static cdist_configuration_id_t release(int number, apr_pool_t *pool)
{
    cdist_configuration_id_t id = {"БухгалтерияПредприятия", "Фирма \"1С\"", apr_psprintf(pool, "3.0.%d.%d", number / 50, number % 50),
                                   apr_psprintf(pool, "%08x-b151-4efe-8b31-f0897db3142a", (unsigned)number * 2654435761u)};

    return id;
}

/* Each release applies to some of the sixty before it, as real ones do. */
static apr_array_header_t *make(int releases, int edges, apr_pool_t *pool)
{
    apr_array_header_t *templates = apr_array_make(pool, releases, sizeof(const cdist_template_t *));
    int i, j;

    for (i = 1; i < releases; i++) {
        cdist_template_t *template = apr_pcalloc(pool, sizeof *template);
        int first = i > 60 ? i - 60 : 0;

        template->kind = CDIST_FILE_CFU;
        template->id = release(i, pool);
        template->sources = apr_array_make(pool, edges / releases + 1, sizeof(cdist_configuration_id_t));
        for (j = 0; j < edges / releases; j++) {
            APR_ARRAY_PUSH(template->sources, cdist_configuration_id_t) = release(j ? first + any(i - first) : i - 1, pool);
        }
        template->path = apr_psprintf(pool, "/tmplts/1c/Accounting/%d/1cv8.cfu", i);
        template->member = template->min_platform = "";
        template->bytes = (apr_uint64_t)(1000000 + any(50000000));
        template->released = CDIST_UNDATED;
        APR_ARRAY_PUSH(templates, const cdist_template_t *) = template;
    }
    return templates;
}

static void dump(const apr_array_header_t *templates)
{
    int i, j;

    for (i = 0; i < templates->nelts; i++) {
        const cdist_template_t *template = APR_ARRAY_IDX(templates, i, const cdist_template_t *);

        printf("%" APR_UINT64_T_FMT " %s", template->bytes, template->id.version);
        for (j = 0; j < template->sources->nelts; j++) {
            printf(" %s", APR_ARRAY_IDX(template->sources, j, cdist_configuration_id_t).version);
        }
        putchar('\n');
    }
}

static int lists(const cdist_template_t *template, const char *version)
{
    int i;

    for (i = 0; i < template->sources->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(template->sources, i, cdist_configuration_id_t).version, version) == 0) return 1;
    }
    return 0;
}

/* Breadth first without any table. */
static int obvious(const apr_array_header_t *templates, const char *from, const char *to, apr_pool_t *pool)
{
    const char **queue = apr_palloc(pool, sizeof *queue * (apr_size_t)(templates->nelts + 1));
    int *steps = apr_pcalloc(pool, sizeof *steps * (apr_size_t)(templates->nelts + 1));
    char *seen = apr_pcalloc(pool, (apr_size_t)templates->nelts);
    int first = 0, count = 1, i;

    queue[0] = from;
    for (; first < count; first++) {
        if (strcmp(queue[first], to) == 0) return steps[first];
        for (i = 0; i < templates->nelts; i++) {
            const cdist_template_t *template = APR_ARRAY_IDX(templates, i, const cdist_template_t *);

            if (seen[i] || !lists(template, queue[first])) continue;
            seen[i] = 1;
            steps[count] = steps[first] + 1;
            queue[count++] = template->id.version;
        }
    }
    return -1;
}

static double find(int *steps, const apr_array_header_t *templates, const cdist_chain_request_t *request, apr_pool_t *pool)
{
    apr_time_t begun = apr_time_now();
    cdist_chain_t *chain;
    cdist_err_t *err = cdist_chain_find(&chain, templates, request, pool, pool);

    *steps = err || chain->problem ? -1 : chain->steps->nelts;
    return (double)(apr_time_now() - begun) / 1e6;
}

int main(int argc, const char *const *argv)
{
    cdist_chain_request_t request;
    apr_array_header_t *templates;
    apr_pool_t *pool, *turn;
    int rounds, shortest, sequential, i;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS) return 1;
    if (argc != 4 || atoi(argv[1]) < 2) return fprintf(stderr, "Usage: chain_graph RELEASES EDGES ROUNDS|--dump\n"), 2;
    apr_pool_create(&pool, NULL);
    apr_pool_create(&turn, pool);
    templates = make(atoi(argv[1]), atoi(argv[2]), pool);
    if (strcmp(argv[3], "--dump") == 0) return dump(templates), 0;
    memset(&request, 0, sizeof request);
    request.name = "БухгалтерияПредприятия";
    request.from = release(0, pool).version;
    rounds = atoi(argv[3]) < LONGEST_ROUNDS ? atoi(argv[3]) : LONGEST_ROUNDS;
    printf("{\"rounds\": [");
    for (i = 0; i < rounds; i++) {
        double seconds[3];
        apr_time_t begun;
        int found;

        apr_pool_clear(turn);
        request.strategy = CDIST_CHAIN_SHORTEST;
        seconds[0] = find(&shortest, templates, &request, turn);
        request.strategy = CDIST_CHAIN_SEQUENTIAL;
        seconds[1] = find(&sequential, templates, &request, turn);
        begun = apr_time_now();
        found = obvious(templates, request.from, release(templates->nelts, turn).version, turn);
        seconds[2] = (double)(apr_time_now() - begun) / 1e6;
        if (found != shortest) return fprintf(stderr, "chain_graph: %d steps instead of %d\n", shortest, found), 1;
        printf("%s{\"shortest\": %.6f, \"sequential\": %.6f, \"obvious\": %.6f}", i ? ", " : "", seconds[0], seconds[1], seconds[2]);
    }
    printf("], \"shortest_steps\": %d, \"sequential_steps\": %d}\n", shortest, sequential);
    apr_terminate();
    return 0;
}
