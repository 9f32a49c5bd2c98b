/* What the client is started with. Passwords and access codes are left out: whoever starts the client from this has to give them
 * again. */
#include "launcher_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

/* Switches that carry a secret, in the same argument or as the next one; longer ones before those they begin with. */
static const char *const secret_switches[] = {"ConfigurationRepositoryP", "AccessToken", "ProxyPassword", "ProxyPwd",
                                              "Password", "PPasswd", "PPwd", "Pwd", "WSP", "UC", "P"};
/* What begins like one of these, and carries none: a whole switch, or, after '-' alone, one with its value. After '/' the same
 * letters may be a password: /PUser2024 is "User2024" for /P. */
static const char *const plain_switches[] = {"Proxy", "PSrv", "PPort", "PUser"};
static const char *const secret_words[] = {"pwd", "passw", "secret", "token", "usr="};

static int holds_word(const char *text, const char *word)
{
    apr_size_t length = strlen(word);

    for (; *text; text++) {
        if (strncasecmp(text, word, length) == 0) return 1;
    }
    return 0;
}

/* A URL with user and password. */
static int holds_user(const char *text)
{
    const char *url = strstr(text, "://"), *at = url ? strchr(url, '@') : NULL;

    return at && at < url + 3 + strcspn(url + 3, "/");
}

/* Whether an argument carries a secret; *next is set if the one behind it may do so. */
static int is_secret(const char *argument, int *next)
{
    const char *name = argument + strspn(argument, "/-");
    int known = 0;
    size_t i;

    *next = 0;
    for (i = 0; i < sizeof secret_words / sizeof secret_words[0]; i++) known |= holds_word(argument, secret_words[i]);
    if (name == argument) return known || holds_user(argument);
    for (i = 0; i < sizeof plain_switches / sizeof plain_switches[0]; i++) {
        if (strcasecmp(name, plain_switches[i]) == 0) return 0;
        /* NB: "/Proxy" carries nothing itself, while "-PUser" and its like have a value. */
        if (i > 0 && !known && *argument == '-' && strncasecmp(name, plain_switches[i], strlen(plain_switches[i])) == 0) return 0;
    }
    for (i = 0; i < sizeof secret_switches / sizeof secret_switches[0]; i++) {
        apr_size_t length = strlen(secret_switches[i]);

        if (strncasecmp(name, secret_switches[i], length) != 0) continue;
        *next = !name[length];
        return 1;
    }
    *next = known && !strchr(name, '=');
    return known || holds_user(argument);
}

/* Passes `argument` on, unless it is secret or `*drop` says that the one before has it as a value. */
static int pass(apr_array_header_t *args, const char *argument, int *drop)
{
    int next, secret = is_secret(argument, &next) || *drop;

    *drop = next;
    if (!secret) APR_ARRAY_PUSH(args, const char *) = argument;
    return secret;
}

int cdist_arguments_filter(apr_array_header_t *args, const apr_array_header_t *given)
{
    int dropped = 0, drop = 0, i;

    for (i = 0; given && i < given->nelts; i++) dropped += pass(args, APR_ARRAY_IDX(given, i, const char *), &drop);
    return dropped;
}

/* Copies the argument from *at on, without its quotes, and leaves *at behind it. */
static const char *read_argument(const char **at, apr_pool_t *pool)
{
    const char *start = *at, *end = start;
    char *argument, *out;
    int quoted = 0;

    for (; *end && (quoted || !apr_isspace(*end)); end++) quoted ^= *end == '"';
    argument = out = apr_palloc(pool, (apr_size_t)(end - start) + 1);
    for (quoted = 0; start < end; start++) {
        if (*start != '"') *out++ = *start;
        else if (quoted && start + 1 < end && start[1] == '"') *out++ = *start++;
        else quoted = !quoted;
    }
    *out = '\0';
    *at = end;
    return argument;
}

int cdist_arguments_split(apr_array_header_t *args, const char *text, apr_pool_t *pool)
{
    int dropped = 0, drop = 0;

    for (;;) {
        while (apr_isspace(*text)) text++;
        if (!*text) return dropped;
        dropped += pass(args, read_argument(&text, pool), &drop);
    }
}

void cdist_decide_arguments(cdist_decision_t *decision)
{
    const cdist_setting_t *more = cdist_infobase_get(decision->infobase, "AdditionalParameters");
    apr_array_header_t *args = apr_array_make(decision->pool, 8, sizeof(const char *));
    int dropped;

    if (strcmp(decision->result->client, "web") == 0) {
        decision->result->args = args;
        return;
    }
    APR_ARRAY_PUSH(args, const char *) = "ENTERPRISE";
    APR_ARRAY_PUSH(args, const char *) = "/IBName";
    APR_ARRAY_PUSH(args, const char *) = decision->infobase->name;
    apr_array_cat(args, decision->result->args);
    if (more) {
        dropped = cdist_arguments_split(args, more->value, decision->pool);
        cdist_step_own(decision, more, "AdditionalParameters are handed on%s",
                       dropped ? ", without what carries a password or an access code" : "");
    }
    dropped = cdist_arguments_filter(args, decision->launcher->arguments);
    if (dropped) cdist_step(decision, NULL, 0, "arguments that carry a password or an access code are left out");
    decision->result->args = args;
}
