/* check: what a client meets that downloads an archive. */
#include "check_int.h"

#include "publication/cdist_publication.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_CA, OPTION_TIMEOUT, OPTION_MAX_SIZE };

#define TIMEOUT_SEC 600
#define TIMEOUT_MAX_SEC 86400
#define MAX_BYTES (APR_UINT64_C(4) << 30)

static const apr_getopt_option_t check_options[] = {{"ca", OPTION_CA, 1, NULL},
                                                    {"timeout", OPTION_TIMEOUT, 1, NULL},
                                                    {"max-size", OPTION_MAX_SIZE, 1, NULL},
                                                    {"json", OPTION_JSON, 0, NULL},
                                                    {"help", 'h', 0, NULL},
                                                    {NULL}};

/* TOOL_DONE, or the status to exit with. */
static int take_option(check_target_t *target, int *json, int option, const char *value)
{
    switch (option) {
    case OPTION_CA: target->ca = value; return TOOL_DONE;
    case OPTION_TIMEOUT:
        if (cdist_number_parse(&target->timeout_sec, value, 1, TIMEOUT_MAX_SEC)) return TOOL_DONE;
        return tool_usage_error(&tool_check, "--timeout %s: must be a number of seconds from 1 to %d", value, TIMEOUT_MAX_SEC);
    case OPTION_MAX_SIZE:
        if (cdist_size_parse(&target->max_bytes, value) && target->max_bytes) return TOOL_DONE;
        return tool_usage_error(&tool_check, "--max-size %s: must be a number of bytes, with K, M, G or T after it for 1024 of "
                                "them and so on", value);
    default: *json = 1; return TOOL_DONE;
    }
}

static void print_step(const check_step_t *step, int json)
{
    json_t *object;

    if (!json) {
        printf("%-8s %-7s %s\n", step->step, step->ok ? "ok" : "FAILED", step->detail);
        if (!step->ok) printf("%-16s %s\n", "", step->cure);
        return;
    }
    object = json_object();
    json_object_set_new(object, "step", json_string(step->step));
    json_object_set_new(object, "ok", json_boolean(step->ok));
    json_object_set_new(object, "detail", json_string(step->detail));
    json_object_set_new(object, "cure", json_string(step->cure));
    tool_print_json(object);
}

static int check(apr_getopt_t *args, apr_pool_t *pool)
{
    check_target_t target = {NULL, NULL, TIMEOUT_SEC, MAX_BYTES};
    apr_array_header_t *urls, *steps = apr_array_make(pool, 9, sizeof(check_step_t));
    const char *value, *problem, *unused;
    cdist_err_t *err;
    int option, json = 0, status, i;

    while ((option = tool_next_option(&value, &tool_check, args)) > 0) {
        if ((status = take_option(&target, &json, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    urls = tool_operands(args, pool);
    if (urls->nelts != 1) return tool_usage_error(&tool_check, "name one address of an archive");
    target.url = APR_ARRAY_IDX(urls, 0, const char *);
    problem = cdist_base_url_parse(&unused, apr_pstrmemdup(pool, target.url, strcspn(target.url, "?#")), pool);
    if (problem) return tool_usage_error(&tool_check, "the address %s", problem);
    err = check_url(steps, &target, pool);
    for (i = 0, status = TOOL_DONE; i < steps->nelts; i++) {
        const check_step_t *step = &APR_ARRAY_IDX(steps, i, check_step_t);

        print_step(step, json);
        if (!step->ok) status = TOOL_FAILED;
    }
    return err ? tool_fail_err(err, pool) : status;
}

const tool_verb_t tool_check = {
    "check",
    "Usage: 1cdist check URL [--ca FILE] [--timeout SECONDS] [--max-size SIZE] [--json]\n"
    "\n"
    "Downloads an archive as a client would, and says what a client meets: resolve (the server's name), connect, tls (for\n"
    "https), status, type, length, resume (a piece from the middle), version (inside the archive, and as server and address\n"
    "say), digest. A step that fails has its cure beside it, by what the address is for; what makes no sense after it is left\n"
    "out. Of an error the server's own words are told. Redirects are reported and not followed, proxies are not used. The\n"
    "archive goes into a temporary file without a name ($TMPDIR).\n"
    "\n"
    "  --ca FILE        trust these authorities (PEM) instead of the system's\n"
    "  --timeout N      seconds for each request; default 600\n"
    "  --max-size SIZE  do not download more, nor unpack more; with K, M, G or T after it (binary); default 4G\n"
    "  --json           step ok detail cure, one object a step\n"
    "\n"
    "Exit status: 0 all steps are good, 1 at least one is not, 2 wrong usage.\n",
    check_options, check};
