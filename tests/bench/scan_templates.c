/* scan_templates [--fast] [--beside] [--cache FOLDER] [--list] FOLDER…: looks for templates once, and prints how long it took
 * as JSON; --list prints them, and the problems, instead.
 * scan_templates --facts FILE: the same of one file's facts, without the start of a program.
 * scan_templates --inflate FILE: the same of a container of which every entry is inflated, as those do that unpack it. */
#include "templates/cdist_templates.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

/* How long it took since then. CPU time is the whole process's; the start of this one takes next to none. */
static void print_times(apr_time_t start)
{
    printf("{\"seconds\": %.6f, \"cpu_seconds\": %.6f, ", (double)(apr_time_now() - start) / 1e6,
           (double)clock() / CLOCKS_PER_SEC);
}

static void list(const cdist_template_scan_t *scan)
{
    int i;

    for (i = 0; i < scan->templates->nelts; i++) {
        const cdist_template_t *t = APR_ARRAY_IDX(scan->templates, i, const cdist_template_t *);

        printf("%s %s %s|%s|%s|%s from %d, %" APR_UINT64_T_FMT " bytes, min %s, day %d%s%s\n", t->path, t->member,
               cdist_file_kind_name(t->kind), t->id.name, t->id.vendor, t->id.version, t->sources->nelts, t->bytes,
               t->min_platform, t->released == CDIST_UNDATED ? -1 : (int)(t->released / apr_time_from_sec(86400)),
               t->distribution ? ", distribution" : "", t->listed ? ", listed" : "");
    }
    for (i = 0; i < scan->problems->nelts; i++) {
        const cdist_template_problem_t *p = &APR_ARRAY_IDX(scan->problems, i, cdist_template_problem_t);
        printf("! %s: %s\n", p->path, p->message);
    }
}

static int print_facts(const char *path, apr_pool_t *pool)
{
    apr_time_t start = apr_time_now();
    cdist_file_facts_t *facts;
    cdist_err_t *err = cdist_file_facts_read(&facts, path, pool, pool);

    if (err) return fprintf(stderr, "scan_templates: %s\n", cdist_err_text(err, pool)), 1;
    print_times(start);
    printf("\"bytes_read\": %" APR_UINT64_T_FMT ", \"entries\": %" APR_UINT64_T_FMT "}\n", facts->bytes_read, facts->entries);
    return 0;
}

static cdist_err_t *inflate_entry(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    static char buffer[65536];
    cdist_stream_t *stream;
    apr_size_t length = item->data_at != CDIST_NO_DATA;

    if (length) CDIST_ERR(cdist_container_content(&stream, NULL, baton, item, pool));
    while (length > 0) {
        length = sizeof buffer;
        CDIST_ERR(stream->read(stream, buffer, &length));
    }
    return NULL;
}

static int inflate_all(const char *path, apr_pool_t *pool)
{
    apr_time_t start = apr_time_now();
    cdist_container_t *container;
    cdist_bytes_t *bytes;
    cdist_err_t *err = cdist_bytes_file(&bytes, path, pool);

    if (!err) err = cdist_container_open(&container, bytes, pool);
    if (!err) err = cdist_container_walk(container, inflate_entry, container, pool);
    if (err) return fprintf(stderr, "scan_templates: %s\n", cdist_err_text(err, pool)), 1;
    print_times(start);
    printf("\"bytes_read\": %" APR_UINT64_T_FMT "}\n", cdist_bytes_count(bytes));
    return 0;
}

int main(int argc, char **argv)
{
    cdist_template_options_t options = {0};
    apr_array_header_t *folders;
    cdist_template_scan_t *scan;
    apr_time_t start;
    apr_pool_t *pool;
    cdist_err_t *err;
    int listed = 0, i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    folders = apr_array_make(pool, 4, sizeof(const char *));
    for (i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--fast") == 0) options.mode = CDIST_SCAN_FAST;
        else if (strcmp(argv[i], "--beside") == 0) options.cache_beside = 1;
        else if (strcmp(argv[i], "--list") == 0) listed = 1;
        else if (strcmp(argv[i], "--cache") == 0 && i + 1 < argc) options.cache_folder = argv[++i];
        else APR_ARRAY_PUSH(folders, const char *) = argv[i];
    }
    if (argc == 3 && strcmp(argv[1], "--facts") == 0) return print_facts(argv[2], pool);
    if (argc == 3 && strcmp(argv[1], "--inflate") == 0) return inflate_all(argv[2], pool);
    start = apr_time_now();
    err = cdist_templates_scan(&scan, folders, &options, pool, pool);
    if (err) return fprintf(stderr, "scan_templates: %s\n", cdist_err_text(err, pool)), 1;
    if (listed) {
        list(scan);
        return 0;
    }
    print_times(start);
    printf("\"files\": %d, \"cached\": %d, \"templates\": %d, \"problems\": %d}\n", scan->files, scan->cached,
           scan->templates->nelts, scan->problems->nelts);
    return 0;
}
