/* The launcher's decision as a whole: any bytes as a list of infobases, start files of all three scopes, and builds, with a
 * line "--" between them. What is decided follows from what was asked for, is the same each time, and can be shown. */
#include "fuzz.h"
#include "launcher/cdist_launcher.h"

#include <apr_general.h>
#include <apr_strings.h>
#include <jansson.h>

#include <stdio.h>
#include <string.h>

#define BREAK "\n--\n"
#define INFOBASES_MAX 30

int fuzz_accepted;

/* The next part, NULL behind the last one. */
static const char *next_part(const char **rest, const char *end, apr_size_t *length)
{
    const char *start = *rest, *at;

    if (!start) return NULL;
    for (at = start; at + sizeof BREAK - 1 <= end && memcmp(at, BREAK, sizeof BREAK - 1) != 0; at++) continue;
    if (at + sizeof BREAK - 1 > end) {
        *length = (apr_size_t)(end - start);
        *rest = NULL;
    } else {
        *length = (apr_size_t)(at - start) + 1;
        *rest = at + sizeof BREAK - 1;
    }
    return start;
}

/* One of those that builds are found with; "" for any other word. */
static const char *known_arch(const char *word)
{
    static const char *const archs[] = {"x86", "x86_64", "arm64", "e2k"};
    size_t i;

    for (i = 0; i < sizeof archs / sizeof archs[0]; i++) {
        if (strcmp(archs[i], word) == 0) return archs[i];
    }
    return "";
}

/* "i 8.3.22.1750 x86_64 tk": installed or a distribution, version, architecture or '-', and what it has: thin, thick, shared,
 * legacy. */
static void add_builds(cdist_launcher_t *launcher, const char *text, apr_size_t length)
{
    char *copy = apr_pstrmemdup(launcher->pool, text, length), *next, *line;

    for (line = apr_strtok(copy, "\n", &next); line; line = apr_strtok(NULL, "\n", &next)) {
        char kind, version[40], arch[16], flags[16];
        cdist_build_t build;

        memset(&build, 0, sizeof build);
        if (sscanf(line, "%c %39s %15s %15s", &kind, version, arch, flags) != 4) continue;
        if (!cdist_mask_parse(&build.version, version)) continue;
        build.arch = known_arch(arch);
        build.system = strchr(flags, 'w') ? "windows" : strchr(flags, 'u') ? "linux" : "";
        build.installed = kind == 'i';
        build.shared = strchr(flags, 's') != NULL;
        build.legacy = strchr(flags, 'l') != NULL;
        if (!build.legacy && build.version.count < CDIST_VERSION_PARTS) continue;
        build.path = apr_pstrdup(launcher->pool, line);
        build.thin = strchr(flags, 't') ? "1cv8c" : NULL;
        build.thick = strchr(flags, 'k') ? "1cv8" : NULL;
        APR_ARRAY_PUSH(launcher->builds, cdist_build_t) = build;
    }
}

static void fill(cdist_launcher_t *launcher, const char *data, apr_size_t size)
{
    const char *rest = data, *end = data + size, *part;
    cdist_infobase_list_t *list;
    apr_size_t length;
    int number;

    for (number = 0; (part = next_part(&rest, end, &length)) != NULL; number++) {
        cdist_start_cfg_t *cfg;

        if (number == 0 && !cdist_infobases_parse(&list, part, length, "list", launcher->pool)) {
            APR_ARRAY_PUSH(launcher->lists, cdist_infobase_list_t *) = list;
        } else if (number > 0 && number < 4 && !cdist_start_cfg_parse(&cfg, part, length, "cfg", launcher->pool)) {
            cfg->scope = (cdist_start_scope_t)(number - 1);
            APR_ARRAY_PUSH(launcher->start, cdist_start_cfg_t *) = cfg;
        } else if (number == 4) {
            add_builds(launcher, part, length);
        }
    }
}

static void check_choice(const cdist_resolution_t *resolution)
{
    cdist_version_t required, chosen;
    int asked = cdist_mask_parse(&required, resolution->required);

    FUZZ_REQUIRE(asked || !*resolution->required);
    if (!*resolution->chosen) {
        FUZZ_REQUIRE(!*resolution->origin && !*resolution->path);
        FUZZ_REQUIRE(resolution->problem || strcmp(resolution->client, "web") == 0);
        return;
    }
    fuzz_accepted++;
    FUZZ_REQUIRE(!resolution->problem && *resolution->origin && *resolution->path);
    FUZZ_REQUIRE(cdist_mask_parse(&chosen, resolution->chosen));
    if (!asked) return;
    FUZZ_REQUIRE(cdist_mask_matches(&required, &chosen));
    FUZZ_REQUIRE(required.count < CDIST_VERSION_PARTS || strcmp(resolution->required, resolution->chosen) == 0);
}

static void check_shown(const cdist_resolution_t *resolution, apr_pool_t *pool)
{
    json_t *json = json_loads(cdist_resolution_json(resolution, pool), 0, NULL);
    int i;

    FUZZ_REQUIRE(json && json_object_size(json) == 9);
    json_decref(json);
    for (i = 0; i < resolution->steps->nelts; i++) {
        const char *step = APR_ARRAY_IDX(resolution->steps, i, const char *);
        FUZZ_REQUIRE(*step && strcmp(cdist_text_printable(step, pool), step) == 0);
    }
}

static void decide(const cdist_launcher_t *launcher, const cdist_infobase_t *infobase, apr_pool_t *pool)
{
    cdist_resolution_t *resolution, *again;
    cdist_err_t *err = cdist_resolve(&resolution, launcher, infobase, pool);

    if (err) {
        FUZZ_REQUIRE(err->code == CDIST_E_INPUT && strncmp(err->message, "list:", 5) == 0);
        return;
    }
    check_choice(resolution);
    cdist_resolution_note_namesakes(resolution, launcher, infobase, pool);
    check_shown(resolution, pool);
    FUZZ_REQUIRE(!cdist_resolve(&again, launcher, infobase, pool));
    cdist_resolution_note_namesakes(again, launcher, infobase, pool);
    FUZZ_REQUIRE(strcmp(cdist_resolution_json(resolution, pool), cdist_resolution_json(again, pool)) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_launcher_t *launcher;
    apr_array_header_t *infobases;
    apr_pool_t *pool;
    int rules, i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    launcher = cdist_launcher_create(pool);
    fill(launcher, (const char *)data, size);
    infobases = cdist_launcher_infobases(launcher, pool);
    for (rules = 0; rules < 2; rules++) {
        launcher->rules = rules ? CDIST_RULES_82 : CDIST_RULES_83;
        for (i = 0; i < infobases->nelts && i < INFOBASES_MAX; i++) {
            decide(launcher, APR_ARRAY_IDX(infobases, i, const cdist_infobase_t *), pool);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
