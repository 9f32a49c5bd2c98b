/* Folders three ways: as all lists are compared, and a file on one side that is a folder on the other is a conflict of both:
 * there is no folder that could hold the two. */
#include "cdist_compare.h"

#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static int compare_id(const void *id, const void *difference)
{
    return strcmp(id, ((const cdist_difference_t *)difference)->id);
}

static cdist_difference_t *find(const cdist_comparison_t *comparison, const char *id)
{
    const apr_array_header_t *differences = comparison->differences;

    return bsearch(id, differences->elts, (size_t)differences->nelts, sizeof(cdist_difference_t), compare_id);
}

/* What a side left as it was, the other side deleted where it put something else there. */
static int brought_by_mine(const cdist_difference_t *difference)
{
    return difference->mine && difference->mine_side != CDIST_SIDE_UNCHANGED;
}

static int brought_by_theirs(const cdist_difference_t *difference)
{
    return difference->theirs && difference->theirs_side != CDIST_SIDE_UNCHANGED;
}

static void mark(cdist_comparison_t *comparison, cdist_difference_t *difference)
{
    difference->clash = 1;
    comparison->counts[difference->cls]--;
    difference->cls = CDIST_CLASS_CONFLICT;
    comparison->counts[difference->cls]++;
}

/* All folders that the file is in, one of which may be a file of the other side. */
static void check_folders(cdist_comparison_t *comparison, cdist_difference_t *difference, char *path)
{
    char *end;

    for (end = strchr(path, '/'); end; end = strchr(end + 1, '/')) {
        cdist_difference_t *file;

        *end = '\0';
        file = find(comparison, path);
        *end = '/';
        if (!file) continue;
        if ((brought_by_mine(file) && brought_by_theirs(difference)) ||
            (brought_by_theirs(file) && brought_by_mine(difference))) {
            mark(comparison, file);
            mark(comparison, difference);
        }
    }
}

cdist_comparison_t *cdist_tree_compare(const cdist_snapshot_t *base, const cdist_snapshot_t *mine,
                                       const cdist_snapshot_t *theirs, apr_pool_t *pool)
{
    cdist_comparison_t *comparison = cdist_threeway(base, mine, theirs, pool);
    apr_pool_t *each;
    int i;

    apr_pool_create(&each, pool);
    for (i = 0; i < comparison->differences->nelts; i++) {
        cdist_difference_t *difference = &APR_ARRAY_IDX(comparison->differences, i, cdist_difference_t);

        apr_pool_clear(each);
        check_folders(comparison, difference, apr_pstrdup(each, difference->id));
    }
    apr_pool_destroy(each);
    return comparison;
}
