/* Options of a verb, which may stand anywhere after it. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void complain(void *baton, const char *fmt, ...) CDIST_PRINTF(2, 3);

/* NB: APR starts its complaint with the program's name, which we set to "1cdist VERB". A lonely '-' is an option without a name to
 * it, of which nothing would be seen. */
static void complain(void *baton, const char *fmt, ...)
{
    const tool_verb_t *verb = baton;
    static const char nameless[] = "option: \n";
    char text[1024];
    va_list args;
    size_t length;

    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    length = strlen(text);
    if (length >= strlen(nameless) && strcmp(text + length - strlen(nameless), nameless) == 0) {
        fprintf(stderr, "1cdist %s: -: standard input is not read: name a file\n", verb->name);
    } else {
        fputs(text, stderr);
    }
}

int tool_next_option(const char **value, const tool_verb_t *verb, apr_getopt_t *args)
{
    int letter;
    apr_status_t rv;

    args->interleave = 1;
    args->errfn = complain;
    args->errarg = (void *)verb;
    rv = apr_getopt_long(args, verb->options, &letter, value);
    if (APR_STATUS_IS_EOF(rv)) return 0;
    if (rv != APR_SUCCESS) {
        fprintf(stderr, "Try: 1cdist %s --help\n", verb->name);
        return TOOL_WRONG;
    }
    if (letter == 'h') {
        fputs(verb->usage, stdout);
        return TOOL_HELP;
    }
    return letter;
}

apr_array_header_t *tool_operands(apr_getopt_t *args, apr_pool_t *pool)
{
    apr_array_header_t *operands = apr_array_make(pool, 4, sizeof(const char *));

    for (; args->ind < args->argc; args->ind++) APR_ARRAY_PUSH(operands, const char *) = args->argv[args->ind];
    return operands;
}

int tool_usage_error(const tool_verb_t *verb, const char *fmt, ...)
{
    va_list args;

    fprintf(stderr, "1cdist %s: ", verb->name);
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    fprintf(stderr, "\nTry: 1cdist %s --help\n", verb->name);
    return TOOL_USAGE;
}
