/* gc: looks after a store from outside of the server. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>

enum { OPTION_JSON = 256, OPTION_MAX_SIZE };

/* The server's own collection takes no longer than this. */
#define BUSY_TRIES 100
#define BUSY_PAUSE apr_time_from_msec(100)

static const apr_getopt_option_t gc_options[] = {
    {"max-size", OPTION_MAX_SIZE, 1, NULL}, {"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL}, {NULL}};

static void print_collected(const cdist_collected_t *collected, const char *folder, int json, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(folder, pool);
    json_t *object;

    if (!json) {
        printf("%s: %d archives removed, %" APR_UINT64_T_FMT " bytes; %d archives kept, %" APR_UINT64_T_FMT " bytes\n", shown,
               collected->removed_archives, collected->removed_bytes, collected->archives, collected->bytes);
        return;
    }
    object = json_object();
    json_object_set_new(object, "store", json_string(shown));
    json_object_set_new(object, "archives", json_integer(collected->archives));
    json_object_set_new(object, "bytes", json_integer((json_int_t)collected->bytes));
    json_object_set_new(object, "removed_archives", json_integer(collected->removed_archives));
    json_object_set_new(object, "removed_bytes", json_integer((json_int_t)collected->removed_bytes));
    tool_print_json(object);
}

static cdist_err_t *collect(cdist_collected_t *collected, const char *folder, apr_uint64_t max_bytes, apr_pool_t *pool)
{
    cdist_store_t *store;
    int i;

    CDIST_ERR(cdist_store_open_existing(&store, folder, pool));
    for (i = 0; i < BUSY_TRIES; i++) {
        CDIST_ERR(cdist_store_collect(collected, store, max_bytes, "--max-size", pool));
        if (!collected->busy) return NULL;
        apr_sleep(BUSY_PAUSE);
    }
    return cdist_err_create(pool, CDIST_E_BUSY, 0, "%s: another process is collecting all the time",
                            cdist_text_printable(folder, pool));
}

static int gc(apr_getopt_t *args, apr_pool_t *pool)
{
    const char *value, *max_size = NULL, *folder;
    cdist_collected_t collected;
    apr_array_header_t *folders;
    apr_uint64_t max_bytes;
    cdist_err_t *err;
    int option, json = 0;

    while ((option = tool_next_option(&value, &tool_gc, args)) > 0) {
        if (option == OPTION_JSON) json = 1;
        else max_size = value;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    folders = tool_operands(args, pool);
    if (folders->nelts != 1) return tool_usage_error(&tool_gc, "name one store");
    if (!max_size) return tool_usage_error(&tool_gc, "--max-size is missing");
    if (!cdist_size_parse(&max_bytes, max_size)) {
        return tool_usage_error(&tool_gc, "--max-size %s: must be " CDIST_SIZE_FORM, max_size);
    }
    folder = APR_ARRAY_IDX(folders, 0, const char *);
    if ((err = collect(&collected, folder, max_bytes, pool)) != NULL) return tool_fail_err(err, pool);
    print_collected(&collected, folder, json, pool);
    return collected.over ? TOOL_FAILED : TOOL_DONE; /* the library has said why */
}

const tool_verb_t tool_gc = {
    "gc",
    "Usage: 1cdist gc STORE --max-size SIZE [--json]\n"
    "\n"
    "Removes archives from a store (CDistStore) until they take at most SIZE, those first that nobody asked for longest,\n"
    "and what leads to no archive any more. Never removed are archives that are current for a publication, and any used\n"
    "within the last ten minutes; if the rest is still larger, that is said, and the exit status is 1. The server may run\n"
    "meanwhile: downloads go on, and what was removed is built again, byte for byte, when it is asked for.\n"
    "\n"
    "  --max-size SIZE a number of bytes, or with K, M, G or T after it (binary); 0 or none: no limit, only sweep\n"
    "  --json          store archives bytes removed_archives removed_bytes, as one JSON object\n"
    "\n"
    "Exit status: 0 done, 1 failed or still larger than SIZE, 2 wrong usage.\n",
    gc_options, gc};
