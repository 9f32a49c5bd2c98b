/* Any bytes as a file of each kind that lint knows: findings are printable text, and lie within the file. */
#include "fuzz.h"
#include "lint/lint_int.h"

#include <apr_general.h>

#include <string.h>

static void check_findings(const lint_t *lint, int lines)
{
    int i;

    for (i = 0; i < lint->findings->nelts; i++) {
        const cdist_finding_t *finding = &APR_ARRAY_IDX(lint->findings, i, cdist_finding_t);

        FUZZ_REQUIRE(finding->line >= 0 && finding->line <= lines);
        FUZZ_REQUIRE(*finding->code && *finding->message);
        FUZZ_REQUIRE(strcmp(cdist_text_printable(finding->message, lint->pool), finding->message) == 0);
    }
}

static void try_kind(lint_kind_t kind, const cdist_settings_t *settings, const cdist_vrd_t *vrd, apr_pool_t *pool)
{
    const cdist_lint_options_t options = {NULL, "http://h/tc"};
    lint_t lint = {&options, apr_array_make(pool, 8, sizeof(cdist_finding_t)), pool};
    lint_file_t file = {"file", kind, settings, vrd, NULL};
    apr_array_header_t *files = apr_array_make(pool, 1, sizeof(lint_file_t));
    int lines = settings ? settings->lines->nelts : 1;
    apr_size_t i;

    for (i = 0; vrd && i < vrd->length; i++) lines += vrd->bytes[i] == '\n';
    if (vrd) lint_descriptor(&lint, &file);
    else if (kind == KIND_INFOBASES) lint_infobases(&lint, &file);
    else lint_settings(&lint, &file);
    APR_ARRAY_PUSH(files, lint_file_t) = file;
    lint_order(&lint, files);
    check_findings(&lint, lines);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const lint_kind_t kinds[] = {KIND_CONF, KIND_UPDATE, KIND_START, KIND_COMMON, KIND_INFOBASES};
    cdist_settings_t *settings;
    cdist_vrd_t *vrd;
    apr_pool_t *pool;
    size_t i;
    int line;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    if (!cdist_settings_parse(&settings, (const char *)data, size, "file", pool)) {
        lint_kind_by_keys(settings);
        for (i = 0; i < sizeof kinds / sizeof kinds[0]; i++) try_kind(kinds[i], settings, NULL, pool);
    }
    if (!cdist_vrd_parse(&vrd, &line, (const char *)data, size, pool)) try_kind(KIND_VRD, NULL, vrd, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
