#include "compare_fixture.h"

#include <string.h>

cdist_comparison_t *fx_compare(const char *base, const char *mine, const char *theirs)
{
    cdist_compare_files_t files = {.base = base, .mine = mine, .theirs = theirs};
    cdist_sides_t *sides;

    FX_OK(cdist_sides_open(&sides, &files, fx_pool));
    return cdist_sides_entries(sides, fx_pool);
}

const cdist_difference_t *fx_difference(const cdist_comparison_t *found, const char *id)
{
    int i;

    for (i = 0; i < found->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(found->differences, i, cdist_difference_t);

        if (strcmp(difference->id, id) == 0) return difference;
    }
    return NULL;
}
