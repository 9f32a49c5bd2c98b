/* resolve: which version of the platform an infobase is started with, and why. */
#include "tool_int.h"

#include "launcher/cdist_launcher.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum {
    OPTION_JSON = 256, OPTION_INFOBASES, OPTION_INFOBASE, OPTION_START_CFG, OPTION_INSTALLED, OPTION_DISTRIBUTIVE, OPTION_ARCH,
    OPTION_LEGACY, OPTION_RULES, OPTION_EXPLAIN, OPTION_WRITE
};

static const apr_getopt_option_t resolve_options[] = {
    {"infobases", OPTION_INFOBASES, 1, NULL}, {"infobase", OPTION_INFOBASE, 1, NULL},
    {"start-cfg", OPTION_START_CFG, 1, NULL}, {"installed", OPTION_INSTALLED, 1, NULL},
    {"distributive", OPTION_DISTRIBUTIVE, 1, NULL}, {"arch", OPTION_ARCH, 1, NULL},
    {"legacy", OPTION_LEGACY, 1, NULL},       {"rules", OPTION_RULES, 1, NULL},
    {"explain", OPTION_EXPLAIN, 0, NULL},     {"write", OPTION_WRITE, 0, NULL},
    {"json", OPTION_JSON, 0, NULL},           {"help", 'h', 0, NULL},           {NULL}};

typedef struct {
    cdist_launcher_t *launcher;
    const char *infobase;
    int json, explain, write;
    int failed;        /* something was said on standard error */
    apr_pool_t *pool;
} resolve_request_t;

/* What cannot be read does not stop the rest. */
static void take(resolve_request_t *request, cdist_err_t *err)
{
    if (!err) return;
    tool_fail_err(err, request->pool);
    request->failed = 1;
}

static int take_legacy(resolve_request_t *request, const char *value)
{
    const char *equals = strchr(value, '=');
    cdist_err_t *err;

    if (!equals || !equals[1]) return tool_usage_error(&tool_resolve, "--legacy %s: must be 8.0=FOLDER or 8.1=FOLDER", value);
    err = cdist_launcher_add_legacy(request->launcher, apr_pstrmemdup(request->pool, value, (apr_size_t)(equals - value)),
                                    equals + 1);
    if (err && err->code == CDIST_E_INPUT) {
        return tool_usage_error(&tool_resolve, "--legacy %s: must be 8.0=FOLDER or 8.1=FOLDER", value);
    }
    take(request, err);
    return TOOL_DONE;
}

/* TOOL_DONE, or the status to exit with. */
static int take_option(resolve_request_t *request, int option, const char *value)
{
    cdist_launcher_t *launcher = request->launcher;

    switch (option) {
    case OPTION_INFOBASES: take(request, cdist_launcher_add_infobases(launcher, value)); return TOOL_DONE;
    case OPTION_INFOBASE: request->infobase = value; return TOOL_DONE;
    case OPTION_START_CFG: take(request, cdist_launcher_add_start_cfg(launcher, value)); return TOOL_DONE;
    case OPTION_INSTALLED: take(request, cdist_launcher_add_installed(launcher, value, 0)); return TOOL_DONE;
    case OPTION_DISTRIBUTIVE: take(request, cdist_launcher_add_distributive(launcher, value, 0)); return TOOL_DONE;
    case OPTION_LEGACY: return take_legacy(request, value);
    case OPTION_ARCH:
        launcher->arch = value;
        if (cdist_launcher_arch_known(value)) return TOOL_DONE;
        return tool_usage_error(&tool_resolve, "--arch %s: must be x86, x86_prt, x86_64 or x86_64_prt", value);
    case OPTION_RULES:
        launcher->rules = strcmp(value, "8.2") == 0 ? CDIST_RULES_82 : CDIST_RULES_83;
        if (launcher->rules == CDIST_RULES_82 || strcmp(value, "8.3") == 0) return TOOL_DONE;
        return tool_usage_error(&tool_resolve, "--rules %s: must be 8.2 or 8.3", value);
    case OPTION_EXPLAIN: request->explain = 1; return TOOL_DONE;
    case OPTION_WRITE: request->write = 1; return TOOL_DONE;
    default: request->json = 1; return TOOL_DONE;
    }
}

/* How many arguments stand behind "--": those of the client. */
static int count_passed(const apr_getopt_t *args)
{
    int i;

    for (i = 1; i < args->argc; i++) {
        if (strcmp(args->argv[i], "--") == 0) return args->argc - i - 1;
    }
    return 0;
}

/* Operands are further lists, as in --infobases *.v8i, and then the client's arguments. */
static void take_operands(resolve_request_t *request, const apr_array_header_t *operands, int passed)
{
    int i;

    for (i = 0; i < operands->nelts; i++) {
        const char *operand = APR_ARRAY_IDX(operands, i, const char *);

        if (i < operands->nelts - passed) take(request, cdist_launcher_add_infobases(request->launcher, operand));
        else APR_ARRAY_PUSH(request->launcher->arguments, const char *) = operand;
    }
}

/* NB: printf counts bytes, and names of infobases are seldom ASCII. */
static void print_cell(const char *text, int width)
{
    const char *p;

    if (!*text) text = "-";
    for (p = text; *p; p++) width -= ((unsigned char)*p & 0xC0) != 0x80;
    printf("%s%*s ", text, width > 0 ? width : 0, "");
}

/* Texts of a row, in the order of its columns. */
static void print_row(const char *const cells[7])
{
    static const int widths[] = {24, 14, 14, 6, 6, 12, 0};
    int i;

    for (i = 0; i < 6; i++) print_cell(cells[i], widths[i]);
    puts(*cells[6] ? cells[6] : "-");
}

static void print_resolution(const cdist_resolution_t *resolution, const resolve_request_t *request, apr_pool_t *pool)
{
    int i;

    if (request->json) {
        puts(cdist_resolution_json(resolution, pool));
        return;
    }
    print_row((const char *const[]){cdist_text_printable(resolution->infobase, pool), resolution->required,
                                    resolution->chosen, resolution->arch, resolution->client, resolution->origin,
                                    cdist_text_printable(resolution->path, pool)});
    for (i = 0; request->explain && i < resolution->steps->nelts; i++) {
        printf("    %s\n", APR_ARRAY_IDX(resolution->steps, i, const char *));
    }
}

/* Decides about each of the infobases; with --write the resolutions are kept, NULL where that failed. */
static int resolve_all(apr_array_header_t *resolutions, resolve_request_t *request, const apr_array_header_t *infobases)
{
    apr_pool_t *pool = request->pool, *turn = pool;
    int status = TOOL_DONE, i;

    /* What is to be written is needed until then. */
    if (!request->write) apr_pool_create(&turn, pool);
    if (!request->json && infobases->nelts) {
        print_row((const char *const[]){"infobase", "required", "chosen", "arch", "client", "origin", "path"});
    }
    for (i = 0; i < infobases->nelts; i++) {
        const cdist_infobase_t *infobase = APR_ARRAY_IDX(infobases, i, const cdist_infobase_t *);
        cdist_resolution_t *resolution = NULL;

        if (!request->write) apr_pool_clear(turn);
        take(request, cdist_resolve(&resolution, request->launcher, infobase, turn));
        if (request->write) APR_ARRAY_PUSH(resolutions, const cdist_resolution_t *) = resolution;
        if (!resolution) continue;
        if (request->infobase) cdist_resolution_note_namesakes(resolution, request->launcher, infobase, turn);
        print_resolution(resolution, request, turn);
        if (!resolution->problem) continue;
        tool_fail(apr_psprintf(turn, "%s:%d: %s: %s", cdist_text_printable(infobase->list->lines->path, turn), infobase->line,
                               cdist_text_printable(infobase->name, turn), resolution->problem));
        status = TOOL_NOTHING;
    }
    return status;
}

static int run(resolve_request_t *request)
{
    apr_pool_t *pool = request->pool;
    apr_array_header_t *infobases = cdist_launcher_infobases(request->launcher, pool);
    apr_array_header_t *resolutions = apr_array_make(pool, infobases->nelts, sizeof(const cdist_resolution_t *));
    int status, written;

    if (request->infobase) {
        const cdist_infobase_t *infobase = NULL;

        take(request, cdist_launcher_find(&infobase, request->launcher, request->infobase, pool));
        infobases->nelts = 0;
        if (!infobase) return TOOL_FAILED;
        APR_ARRAY_PUSH(infobases, const cdist_infobase_t *) = infobase;
    }
    status = resolve_all(resolutions, request, infobases);
    if (request->write) take(request, cdist_launcher_record(&written, request->launcher, infobases, resolutions, pool));
    return request->failed ? TOOL_FAILED : status;
}

static int resolve(apr_getopt_t *args, apr_pool_t *pool)
{
    resolve_request_t request = {cdist_launcher_create(pool), NULL, 0, 0, 0, 0, pool};
    int passed = count_passed(args), option, status;
    const char *value;

    while ((option = tool_next_option(&value, &tool_resolve, args)) > 0) {
        if ((status = take_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    take_operands(&request, tool_operands(args, pool), passed);
    cdist_launcher_follow(request.launcher);
    if (!request.launcher->lists->nelts && !request.failed) {
        return tool_usage_error(&tool_resolve, "--infobases FILE.v8i is missing");
    }
    return run(&request);
}

const tool_verb_t tool_resolve = {
    "resolve",
    "Usage: 1cdist resolve --infobases FILE.v8i… [--infobase NAME] [--start-cfg FILE]… [--installed DIR]…\n"
    "                      [--distributive DIR]… [--arch ARCH] [--legacy 8.1=DIR] [--rules 8.2|8.3] [--explain] [--write]\n"
    "                      [--json] [-- ARGUMENT…]\n"
    "\n"
    "Tells which version of the platform and which client each infobase (or the one named) would be started with, by the\n"
    "launcher's rules. Nothing is started or installed, and no server is asked. A full version is answered with that\n"
    "version or not at all; where the real launcher would take another one without a word, the steps say so.\n"
    "\n"
    "  --infobases FILE   a list of infobases; may be given several times, or with several files\n"
    "  --start-cfg FILE   1cestart.cfg: the first is the user's, further ones those of all users; one that is named\n"
    "                     1cescmn.cfg is the common one. CommonCfgLocation, CommonInfoBases, InstalledLocation and\n"
    "                     DistributiveLocation in them are followed\n"
    "  --installed DIR    where versions are installed (8.3.22.1750/bin/1cv8c.exe, 8.3.22.1750/1cv8c), or one version\n"
    "  --distributive DIR where versions can be installed from (8.3.22.1750/Win64/setup.exe …)\n"
    "  --arch ARCH        x86, x86_prt, x86_64 or x86_64_prt; goes before AppArch and DefaultVersion\n"
    "  --legacy 8.1=DIR   where platform 8.1 (or 8.0) is installed\n"
    "  --rules 8.2        distributions before what is installed, own places before shared ones, instead of the highest\n"
    "                     version of all (8.3)\n"
    "  --explain          every step of the decision, with the file and the line that decided it\n"
    "  --write            writes DefaultApp of an infobase whose client was chosen automatically into its list, and\n"
    "                     CommonCfgLocation into the user's start file, unless they are there\n"
    "  -- ARGUMENT…       handed on to the client\n"
    "  --json             infobase required chosen arch client origin path args steps, one object an infobase\n"
    "\n"
    "Passwords and access codes in the files are never shown, and are missing in args.\n"
    "Exit status: 0 done, 1 failed or no such infobase, 2 wrong usage, 3 no such version.\n",
    resolve_options, resolve};
