/* Errors as values: a code that says whose fault it is, the system's status, a message, a cause. */
#include "cdist_base.h"

#include <apr_strings.h>

cdist_err_t *cdist_err_create(apr_pool_t *pool, cdist_code_t code, apr_status_t status, const char *fmt, ...)
{
    cdist_err_t *err = apr_pcalloc(pool, sizeof *err);
    va_list args;

    va_start(args, fmt);
    err->code = code;
    err->status = status;
    err->message = apr_pvsprintf(pool, fmt, args);
    va_end(args);
    return err;
}

cdist_err_t *cdist_err_dup(const cdist_err_t *err, apr_pool_t *pool)
{
    cdist_err_t *copy;

    if (!err) return NULL;
    copy = apr_pmemdup(pool, err, sizeof *err);
    copy->message = apr_pstrdup(pool, err->message);
    copy->cause = cdist_err_dup(err->cause, pool);
    if (err->told) copy->told = apr_pstrdup(pool, err->told);
    return copy;
}

const char *cdist_err_text(const cdist_err_t *err, apr_pool_t *pool)
{
    const char *text = "";

    for (; err; err = err->cause) {
        char buffer[200];

        text = apr_pstrcat(pool, text, *text ? ": " : "", err->message, NULL);
        if (err->status != APR_SUCCESS) {
            text = apr_pstrcat(pool, text, ": ", apr_strerror(err->status, buffer, sizeof buffer), NULL);
        }
    }
    return text;
}
