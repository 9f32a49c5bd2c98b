/* lint: what is wrong in the platform's configuration files. */
#include "tool_int.h"

#include "lint/cdist_lint.h"

#include <apr_strings.h>

#include <stdio.h>

enum { OPTION_JSON = 256, OPTION_ROOT, OPTION_BASE_URL, OPTION_SOURCE };

static const apr_getopt_option_t lint_options[] = {
    {"root", OPTION_ROOT, 1, NULL}, {"source", OPTION_SOURCE, 1, NULL}, {"base-url", OPTION_BASE_URL, 1, NULL},
    {"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL},             {NULL}};

static void print_finding(const cdist_finding_t *finding, int json, apr_pool_t *pool)
{
    const char *file = cdist_text_printable(finding->file, pool), *level = cdist_lint_level_name(finding->level);
    json_t *object;

    if (!json) {
        if (finding->line) printf("%s:%d: ", file, finding->line);
        else printf("%s: ", file);
        printf("%s: %s [%s]\n", level, finding->message, finding->code);
        return;
    }
    object = json_object();
    json_object_set_new(object, "file", json_string(file));
    json_object_set_new(object, "line", json_integer(finding->line));
    json_object_set_new(object, "level", json_string(level));
    json_object_set_new(object, "code", json_string(finding->code));
    json_object_set_new(object, "message", json_string(finding->message));
    json_object_set_new(object, "suggestion", json_string(finding->suggestion));
    tool_print_json(object);
}

/* The releases that answer addresses; 0 if a folder cannot be read. */
static int scan(const cdist_catalogue_t **catalogue, const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    int i;

    *catalogue = cdist_catalogue_scan(lookup, 0, NULL, pool);
    for (i = 0; i < (*catalogue)->unreadable->nelts; i++) {
        tool_fail_err(APR_ARRAY_IDX((*catalogue)->unreadable, i, const cdist_err_t *), pool);
    }
    return (*catalogue)->unreadable->nelts == 0;
}

/* TOOL_DONE, or the status to exit with. */
static int take_option(cdist_lint_options_t *options, cdist_lookup_t *lookup, int option, const char *value, apr_pool_t *pool)
{
    const char *problem;

    if (option == OPTION_ROOT) {
        APR_ARRAY_PUSH((apr_array_header_t *)lookup->roots, const char *) = value;
        return TOOL_DONE;
    }
    if (option == OPTION_SOURCE) {
        problem = tool_lookup_add_source(lookup, value, pool);
        return problem ? tool_usage_error(&tool_lint, "--source %s: %s", value, problem) : TOOL_DONE;
    }
    problem = cdist_base_url_parse(&options->base_url, value, pool);
    return problem ? tool_usage_error(&tool_lint, "--base-url %s", problem) : TOOL_DONE;
}

static int lint(apr_getopt_t *args, apr_pool_t *pool)
{
    cdist_lookup_t lookup = {apr_array_make(pool, 2, sizeof(const char *)), NULL, NULL, 1};
    cdist_lint_options_t options = {NULL, NULL};
    apr_array_header_t *files, *findings;
    const char *value;
    int option, json = 0, status = TOOL_DONE, i;

    while ((option = tool_next_option(&value, &tool_lint, args)) > 0) {
        if (option == OPTION_JSON) json = 1;
        else if ((status = take_option(&options, &lookup, option, value, pool)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    files = tool_operands(args, pool);
    if (files->nelts == 0) return tool_usage_error(&tool_lint, "name a file");
    if ((lookup.roots->nelts || lookup.patterns) && !scan(&options.catalogue, &lookup, pool)) return TOOL_FAILED;
    findings = cdist_lint_files(files, &options, pool);
    for (i = 0; i < findings->nelts; i++) {
        const cdist_finding_t *finding = &APR_ARRAY_IDX(findings, i, cdist_finding_t);

        print_finding(finding, json, pool);
        if (finding->level == CDIST_LINT_ERROR) status = TOOL_FAILED;
    }
    return status;
}

const tool_verb_t tool_lint = {
    "lint",
    "Usage: 1cdist lint FILE… [--root DIR]… [--source SLOT=PATH]… [--base-url URL] [--json]\n"
    "\n"
    "Looks for mistakes in conf.cfg, ClientUpdate.cfg, *.vrd, 1cestart.cfg, 1cescmn.cfg and *.v8i: misspelt and duplicate\n"
    "keys, values that the launcher does not know, addresses that no release answers, settings that do not count, infobases\n"
    "of the same name or ID, groups of a list that are not there, secrets (which are never shown). A folder distr may be\n"
    "named too. Nothing is printed about files in order. All codes are explained in docs/lint.md.\n"
    "\n"
    "  --root DIR      addresses must be answered by a release under it; may be given several times\n"
    "  --source S=P    or by a slot that lies elsewhere, with %v for the version, as CDistSource says\n"
    "  --base-url URL  addresses must lie below it\n"
    "  --json          file line level code message suggestion, one object a finding\n"
    "\n"
    "Exit status: 0 no error (warnings and notes may be), 1 a file is unreadable or the platform would reject it, 2 wrong usage.\n",
    lint_options, lint};
