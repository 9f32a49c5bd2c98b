/* What a look into one file yields: templates, and what is wrong. The same whether it was read or came from a cache. */
#include "templates_int.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <string.h>

#define MAX_PROBLEMS 16
#define PROBLEM_BYTES 400

findings_t *cdist_findings_make(apr_pool_t *pool)
{
    findings_t *findings = apr_pcalloc(pool, sizeof *findings);

    findings->templates = apr_array_make(pool, 2, sizeof(cdist_template_t));
    findings->problems = apr_array_make(pool, 2, sizeof(const char *));
    findings->pool = pool;
    return findings;
}

cdist_template_t *cdist_findings_add(findings_t *findings)
{
    cdist_template_t *template = apr_array_push(findings->templates);

    memset(template, 0, sizeof *template);
    template->id.name = template->id.vendor = template->id.version = template->id.version_id = "";
    template->path = template->member = template->min_platform = "";
    template->released = CDIST_UNDATED;
    template->sources = apr_array_make(findings->pool, 4, sizeof(cdist_configuration_id_t));
    return template;
}

/* NB: a name in a file may be as long as it likes; a problem has to fit on a line, and into a cache. */
static const char *shortened(const char *text, apr_pool_t *pool)
{
    apr_size_t length = PROBLEM_BYTES;

    if (strlen(text) <= length) return text;
    while (((unsigned char)text[length] & 0xC0) == 0x80) length--;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, text, length), "…", NULL);
}

void cdist_findings_problem(findings_t *findings, const char *fmt, ...)
{
    const char *text;
    va_list args;
    int i;

    va_start(args, fmt);
    text = shortened(cdist_text_printable(apr_pvsprintf(findings->pool, fmt, args), findings->pool), findings->pool);
    va_end(args);
    /* Texts are compared with each of a delivery's templates. */
    for (i = 0; i < findings->problems->nelts; i++) {
        if (strcmp(APR_ARRAY_IDX(findings->problems, i, const char *), text) == 0) return;
    }
    if (i < MAX_PROBLEMS) APR_ARRAY_PUSH(findings->problems, const char *) = text;
}

void cdist_findings_error(findings_t *findings, const cdist_err_t *err, const char *name, const char *member)
{
    const char *text = cdist_err_text(err, findings->pool);
    apr_size_t length = strlen(name);

    if (length && strncmp(text, name, length) == 0) text += length + strspn(text + length, " :");
    if (*member) text = apr_pstrcat(findings->pool, member, ": ", text, NULL);
    if (err->code != CDIST_E_CORRUPT && err->code != CDIST_E_INPUT) findings->passing = 1;
    cdist_findings_problem(findings, "%s", text);
}
