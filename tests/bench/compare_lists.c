/* compare_lists LISTS SUPPORT: compares three lists of elements, and decides about every difference, by the support data of a file.
 * LISTS has a line "b|m|t ID DIGEST" for each element. Prints as JSON how long what takes the processor, without the reading of LISTS. */
#include "compare/cdist_compare.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>

#define MAX_BYTES (512u * 1024 * 1024)

static cdist_err_t *read_lists(cdist_snapshot_t **sides, const char *path, apr_pool_t *pool)
{
    char *bytes, *line, *rest;
    apr_size_t length;
    int i;

    for (i = 0; i < 3; i++) sides[i] = cdist_snapshot_create(pool);
    CDIST_ERR(cdist_file_read(&bytes, &length, path, MAX_BYTES, pool));
    for (line = apr_strtok(bytes, "\n", &rest); line; line = apr_strtok(NULL, "\n", &rest)) {
        char *cells, *side = apr_strtok(line, " ", &cells), *id = apr_strtok(NULL, " ", &cells);
        cdist_element_t *element = cdist_snapshot_add(sides[*side == 'b' ? 0 : *side == 'm' ? 1 : 2]);

        element->id = element->name = element->owner = id;
        if (!cdist_digest_parse(&element->digest, apr_strtok(NULL, " ", &cells))) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: no digest", path);
        }
    }
    for (i = 0; i < 3; i++) CDIST_ERR(cdist_snapshot_sort(sides[i], path, pool));
    return NULL;
}

/* Of the processor: what other programs do meanwhile is not our time. */
static double cpu_seconds(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
}

static long peak_kib(void)
{
    struct rusage usage;

    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

static cdist_err_t *run(const char *lists, const char *support_path, apr_pool_t *pool)
{
    cdist_snapshot_t *sides[3];
    cdist_comparison_t *comparison;
    cdist_support_index_t *index;
    cdist_support_t *support;
    cdist_bytes_t *bytes;
    double start = cpu_seconds(), support_seconds;
    long before_kib, between_kib;
    int asked = 0, i;

    CDIST_ERR(cdist_bytes_file(&bytes, support_path, pool));
    CDIST_ERR(cdist_support_parse(&support, cdist_bytes_stream(bytes, 0, pool), CDIST_SUPPORT_WHOLE, pool));
    index = cdist_support_index_make(support, pool);
    support_seconds = cpu_seconds() - start;
    between_kib = peak_kib();
    CDIST_ERR(read_lists(sides, lists, pool));
    before_kib = peak_kib();
    start = cpu_seconds();
    comparison = cdist_threeway(sides[0], sides[1], sides[2], pool);
    for (i = 0; i < comparison->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(comparison->differences, i, cdist_difference_t);
        cdist_rule_t rule = cdist_support_index_rule(index, difference->owner);

        asked += cdist_rules_verdict(difference, 0, rule, CDIST_DELIVERY_UNKNOWN).decision->action == CDIST_ASK;
    }
    printf("{\"seconds\": %.6f, \"support_seconds\": %.6f, \"rules\": %" APR_UINT64_T_FMT ", \"support_kib\": %ld, \"beside_kib\": %ld, "
           "\"unchanged\": %" APR_UINT64_T_FMT ", \"differences\": %d, \"conflicts\": %" APR_UINT64_T_FMT ", \"asked\": %d}\n",
           cpu_seconds() - start, support_seconds, support->rule_count, between_kib, peak_kib() - before_kib,
           comparison->counts[CDIST_CLASS_UNCHANGED], comparison->differences->nelts,
           comparison->counts[CDIST_CLASS_CONFLICT], asked);
    return NULL;
}

int main(int argc, const char *const *argv)
{
    apr_pool_t *pool;
    cdist_err_t *err;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS) return 1;
    if (argc != 3) return fprintf(stderr, "Usage: compare_lists LISTS SUPPORT\n"), 2;
    apr_pool_create(&pool, NULL);
    err = run(argv[1], argv[2], pool);
    if (err) fprintf(stderr, "compare_lists: %s\n", cdist_err_text(err, pool));
    apr_terminate();
    return err ? 1 : 0;
}
