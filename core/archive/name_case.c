/* Names as Windows compares them. Its file systems keep a name's case and ignore it: of two names that differ in nothing
 * else, a client can hold one. Archives keep both, since Linux and macOS clients can; somebody has to be told. */
#include "archive_int.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

typedef struct {
    char *fold; /* with '/' as the smallest character, so that a folder's content follows a file of the folder's name */
    const char *name;
} folded_t;

static int compare_folded(const void *left, const void *right)
{
    const folded_t *a = left, *b = right;
    int order = strcmp(a->fold, b->fold);

    return order ? order : strcmp(a->name, b->name);
}

/* Whether Windows, which has a file for `a`, can make `b`, the next in order. The same name twice is another matter. */
static int clash(const folded_t *a, const folded_t *b)
{
    size_t length = strlen(a->fold);

    if (strncmp(a->fold, b->fold, length) != 0 || memcmp(a->name, b->name, length) == 0) return 0;
    return b->fold[length] == '\0' || (b->fold[length] == '\1' && a->fold[length - 1] != '\1');
}

int cdist_name_clashes(cdist_clash_t *clashes, int room, const apr_array_header_t *entries, apr_pool_t *scratch_pool)
{
    folded_t *folded = apr_palloc(scratch_pool, (apr_size_t)(entries->nelts + 1) * sizeof *folded);
    int count = 0, used = 0, i;

    for (i = 0; i < entries->nelts; i++) {
        const char *name = APR_ARRAY_IDX(entries, i, cdist_entry_t).name;
        char *p;

        if (!*name) continue;
        folded[used].name = name;
        folded[used].fold = apr_pstrdup(scratch_pool, name);
        cdist_text_fold(folded[used].fold);
        for (p = folded[used].fold; *p; p++) *p = *p == '/' ? '\1' : *p;
        used++;
    }
    qsort(folded, (size_t)used, sizeof *folded, compare_folded);
    for (i = 1; i < used; i++) {
        if (!clash(&folded[i - 1], &folded[i])) continue;
        if (count < room) clashes[count] = (cdist_clash_t){folded[i - 1].name, folded[i].name};
        count++;
    }
    return count;
}
