/* 1cdist VERB …: the library on the command line. */
#include <config.h>
#include "tool_int.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

static const tool_verb_t *const verbs[] = {&tool_scan, &tool_build, &tool_verify, &tool_import, &tool_gc, &tool_resolve, &tool_conf,
                                           &tool_lint, &tool_check, &tool_publish, &tool_sync, &tool_key, &tool_compare,
                                           &tool_info, &tool_apply, &tool_chain};

#define VERB_COUNT (sizeof verbs / sizeof verbs[0])

static const char usage[] =
    "Usage: 1cdist VERB [ARGUMENT]…\n"
    "\n"
    "  scan ROOT…       list the releases under a folder, and where each slot's files come from\n"
    "  build ROOT …     build the thin-client archive of a release, byte for byte as mod_1cdist does\n"
    "  verify FILE.zip… check archives\n"
    "  import PACKAGE…  make the vendor's downloads ready to serve\n"
    "  gc STORE …       keep a store within a size\n"
    "  resolve …        which version each infobase is started with, and why\n"
    "  conf ROOT …      the lines for conf.cfg, default.vrd, ClientUpdate.cfg or the publication dialog\n"
    "  lint FILE…       what is wrong in conf.cfg, default.vrd, 1cestart.cfg, lists of infobases\n"
    "  check URL…       what a client meets that downloads an archive\n"
    "  publish ROOT …   freeze what is offered, signed, for branches to take\n"
    "  sync …           take over what a centre offers, as far as it is not there yet\n"
    "  key …            the keys that publications are signed with\n"
    "  compare …        what the customer changed, what the vendor changed, what clashes\n"
    "  info FILE…       tell what configuration files and updates are, from their content\n"
    "  chain …          which updates lead from one version of a configuration to another\n"
    "  apply BASE.cf …  make the next configuration out of a .cf and its updates\n"
    "\n"
    "1cdist --version shows version, compressor and builder. 1cdist VERB --help tells more. --json prints one JSON object a result, a line each.\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 there is no such thing.\n";

/* Warnings of the library, such as a device that is left out. */
static void print_log(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    char buffer[200];

    (void)baton;
    if (level > CDIST_LOG_WARNING) return;
    fprintf(stderr, "1cdist: %s%s%s\n", text, status ? ": " : "",
            status ? apr_strerror(status, buffer, sizeof buffer) : "");
}

static const tool_verb_t *find_verb(const char *name)
{
    size_t i;

    for (i = 0; i < VERB_COUNT; i++) {
        if (strcmp(verbs[i]->name, name) == 0) return verbs[i];
    }
    return NULL;
}

static int run_verb(const tool_verb_t *verb, int argc, const char *const *argv, apr_pool_t *pool)
{
    /* NB: apr_getopt_long takes argv[0] for the program's name, and permutes. */
    const char **args = apr_pmemdup(pool, argv, sizeof *argv * (apr_size_t)(argc + 1));
    apr_getopt_t *options;

    args[0] = apr_pstrcat(pool, "1cdist ", verb->name, NULL);
    apr_getopt_init(&options, pool, argc, args);
    return verb->run(options, pool);
}

int main(int argc, const char *const *argv)
{
    const tool_verb_t *verb;
    apr_pool_t *pool;
    int status;

    if (apr_app_initialize(&argc, &argv, NULL) != APR_SUCCESS) return TOOL_FAILED;
    apr_pool_create(&pool, NULL);
    cdist_log_set(NULL, print_log, NULL);
    if (argc < 2) {
        fputs(usage, stderr);
        status = TOOL_USAGE;
    } else if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        fputs(usage, stdout);
        status = TOOL_DONE;
    } else if (strcmp(argv[1], "--version") == 0) {
        printf("1cdist %s (%s, builder %s)\n", PACKAGE_VERSION, cdist_deflate_engine(), cdist_builder_identity());
        status = TOOL_DONE;
    } else if ((verb = find_verb(argv[1])) == NULL) {
        fprintf(stderr, "1cdist: unknown verb \"%s\"\nTry: 1cdist --help\n", argv[1]);
        status = TOOL_USAGE;
    } else {
        status = run_verb(verb, argc - 1, argv + 1, pool);
    }
    if (fflush(stdout) != 0) status = tool_fail("standard output: cannot be written");
    apr_pool_destroy(pool);
    apr_terminate();
    return status;
}
