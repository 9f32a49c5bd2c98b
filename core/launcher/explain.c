/* The steps of a decision, in the order in which they were taken. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <stdarg.h>

void cdist_step(cdist_decision_t *decision, const cdist_lines_t *lines, int line, const char *fmt, ...)
{
    const char *text;
    va_list args;

    va_start(args, fmt);
    text = apr_pvsprintf(decision->pool, fmt, args);
    va_end(args);
    if (lines) {
        text = apr_psprintf(decision->pool, "%s:%d: %s", cdist_text_printable(lines->path, decision->pool), line, text);
    }
    APR_ARRAY_PUSH(decision->result->steps, const char *) = text;
}

int cdist_version_is_legacy(const cdist_version_t *version)
{
    return version->count >= 2 && version->part[0] == 8 && version->part[1] <= 1;
}
