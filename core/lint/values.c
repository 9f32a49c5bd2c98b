/* Values of which the launcher knows a few words only, and ignores all others without saying so. Source: administrator guide of
 * 8.3.23, App. 3.3. */
#include "lint_int.h"

#include <apr_strings.h>

#include <string.h>

static const char *const apps[] = {"Auto", "ThinClient", "ThickClient", "WebClient", NULL};
static const char *const archs[] = {"x86", "x86_prt", "x86_64", "x86_64_prt", NULL};
static const char *const speeds[] = {"Normal", "Low", NULL};

static const struct {
    const char *key;
    const char *const *words;
} closed[] = {{"App", apps}, {"DefaultApp", apps}, {"AppArch", archs}, {"ClientConnectionSpeed", speeds}};

static int is_among(const char *value, const char *const *words)
{
    for (; *words; words++) {
        if (strcasecmp(value, *words) == 0) return 1;
    }
    return 0;
}

static const char *list_of(const char *const *words, apr_pool_t *pool)
{
    const char *text = *words++;

    for (; *words; words++) text = apr_pstrcat(pool, text, ", ", *words, NULL);
    return text;
}

void lint_value(lint_t *lint, const lint_file_t *file, int line, const char *key, const char *value)
{
    size_t i;

    for (i = 0; i < sizeof closed / sizeof closed[0]; i++) {
        const char *meant;

        if (strcmp(key, closed[i].key) != 0) continue;
        if (!*value || is_among(value, closed[i].words)) return;
        meant = lint_word_meant(value, closed[i].words);
        lint_add(lint, file, line, CDIST_LINT_WARNING, "unknown-value", meant,
                 "%s is none of %s, so the launcher ignores it%s%s", key, list_of(closed[i].words, lint->pool),
                 meant ? "; write " : "", meant ? meant : "");
        return;
    }
}
