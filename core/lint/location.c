/* Addresses of archives: whether one is an address at all, is for the slot that it stands for, and is answered by a release. What
 * a publication's URLs look like below its base is said in README.md. */
#include "lint_int.h"

#include <apr_strings.h>

#include <string.h>

/* The address taken apart from its end. */
typedef struct {
    const cdist_slot_t *slot; /* of the last part; NULL if that is no archive's name */
    cdist_version_t mask;     /* of the part before; none if that is no version */
    int by_digest;            /* sha256/<hex>/ comes before */
    int rest;                 /* still something comes before that */
} target_t;

/* The last part of the path before `end`, with where it begins. */
static const char *part_before(const char **begin, const char *start, const char *end, apr_pool_t *pool)
{
    const char *p = end;

    while (p > start && p[-1] != '/') p--;
    *begin = p > start ? p - 1 : start;
    return apr_pstrmemdup(pool, p, (apr_size_t)(end - p));
}

static void take_apart(target_t *target, const char *path, apr_pool_t *pool)
{
    const char *end = path + strcspn(path, "?#"), *before, *part;
    cdist_digest_t digest;

    memset(target, 0, sizeof *target);
    target->slot = cdist_slot_parse_file(part_before(&end, path, end, pool), NULL);
    before = end;
    part = part_before(&end, path, end, pool);
    if (!cdist_mask_parse(&target->mask, part)) {
        target->by_digest = cdist_digest_parse(&digest, part) && strcmp(part_before(&end, path, end, pool), "sha256") == 0;
        if (!target->by_digest) end = before;
    }
    target->rest = end > path;
}

/* What the releases under a mask have for a slot, the best of it. */
typedef enum { ANSWER_NONE, ANSWER_INSTALLED, ANSWER_INSTALLABLE } answer_t;

static answer_t answer_of(const cdist_catalogue_t *catalogue, const target_t *target)
{
    answer_t best = ANSWER_NONE;
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);
        const cdist_source_t *source;

        if (!cdist_mask_matches(&target->mask, &release->version)) continue;
        source = cdist_release_source(release, target->slot);
        if (!source || source->problem) continue;
        if (cdist_source_installable(source)) return ANSWER_INSTALLABLE;
        best = ANSWER_INSTALLED;
    }
    return best;
}

/* The path below the publication, NULL if the address is none of it. Scheme and host compare without case. */
static const char *below(const char *base, const char *url)
{
    apr_size_t length = strlen(base);
    const char *path = strchr(strstr(base, "://") + 3, '/');
    apr_size_t host = path ? (apr_size_t)(path - base) : length;

    if (strncasecmp(url, base, host) != 0 || strncmp(url + host, base + host, length - host) != 0) return NULL;
    return url[length] == '/' ? url + length + 1 : NULL;
}

static void check_answer(lint_t *lint, const lint_file_t *file, int line, const char *name, const char *url,
                         const target_t *target)
{
    const char *shown = cdist_url_shown(url, lint->pool), *which;
    answer_t answer;

    if (!lint->options->catalogue || target->by_digest) return;
    answer = answer_of(lint->options->catalogue, target);
    which = target->mask.count ? apr_pstrcat(lint->pool, " ", cdist_version_format(&target->mask, lint->pool), NULL) : "";
    if (answer == ANSWER_NONE) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "unanswered", NULL, "%s: no release%s with %s answers %s", name, which,
                 target->slot->name, shown);
    } else if (answer == ANSWER_INSTALLED) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "no-installer", NULL,
                 "%s: no release%s has an installer for %s, only an installed platform, with which no client updates itself", name,
                 which, target->slot->name);
    }
}

void lint_location(lint_t *lint, const lint_file_t *file, int line, int location, const char *name, const char *url)
{
    const char *shown = cdist_url_shown(url, lint->pool), *problem, *path, *unused, *base = lint->options->base_url;
    target_t target;

    if (!*url) return;
    problem = cdist_url_has_user(url) ? NULL
              : cdist_base_url_parse(&unused, apr_pstrmemdup(lint->pool, url, strcspn(url, "?#")), lint->pool);
    if (problem) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "no-address", NULL, "%s %s, as the address of an archive", name, problem);
        return;
    }
    path = base ? below(base, url) : strstr(url, "://") + 3;
    if (!path) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "elsewhere", NULL, "%s leads to %s, which is not below %s", name, shown,
                 base);
        return;
    }
    take_apart(&target, path, lint->pool);
    if (base && (!target.slot || target.rest)) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "unanswered", NULL,
                 "%s: nothing below %s answers %s; addresses are like windows64tc.zip and 8.3.22.1750/windows64tc.zip", name, base,
                 shown);
        return;
    }
    if (!target.slot) return;
    if (strcmp(target.slot->name, cdist_locations[location].slot) != 0) {
        lint_add(lint, file, line, CDIST_LINT_WARNING, "other-slot", NULL, "%s is for %s, but %s is for %s", name,
                 cdist_locations[location].slot, shown, target.slot->name);
    }
    check_answer(lint, file, line, name, url, &target);
}
