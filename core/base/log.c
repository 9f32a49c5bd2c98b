/* The library's log: it goes to whoever set a callback, and nothing is formatted that nobody will read. */
#include "cdist_base.h"

#include <apr_atomic.h>
#include <apr_strings.h>

#include <stdarg.h>

static struct {
    cdist_log_enabled_fn *enabled;
    cdist_log_print_fn *print;
    void *baton;
} sink;

void cdist_log_set(cdist_log_enabled_fn *enabled, cdist_log_print_fn *print, void *baton)
{
    sink.enabled = enabled;
    sink.print = print;
    sink.baton = baton;
}

void cdist_log(cdist_log_level_t level, const char *tag, apr_status_t status, const char *fmt, ...)
{
    char text[2048];
    int used;
    va_list args;

    if (!sink.print || (sink.enabled && !sink.enabled(sink.baton, level))) return;
    used = apr_snprintf(text, sizeof text, "%s: ", tag);
    va_start(args, fmt);
    apr_vsnprintf(text + used, sizeof text - (apr_size_t)used, fmt, args);
    va_end(args);
    sink.print(sink.baton, level, status, text);
}

int cdist_log_due(volatile apr_uint32_t *last_sec, apr_uint32_t pause_sec)
{
    apr_uint32_t now = (apr_uint32_t)apr_time_sec(apr_time_now()), last = apr_atomic_read32(last_sec);

    return now - last >= pause_sec && apr_atomic_cas32(last_sec, now, last) == last;
}
