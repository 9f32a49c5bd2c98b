/* Any bytes as three brace texts, with 0xFF between them: nothing differs from itself, who changed nothing is not named, and
 * changing sides changes no number of conflicts. */
#include "fuzz.h"
#include "compare/cdist_compare_detail.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

static cdist_brace_tree_t *parse(const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    cdist_brace_tree_t *tree;
    cdist_stream_t *stream = cdist_bytes_stream(cdist_bytes_memory(bytes, length, "input", pool), 0, pool);

    return cdist_brace_parse(&tree, stream, 1u << 24, pool) == NULL ? tree : NULL;
}

static cdist_brace_diff_t *compare(const cdist_brace_tree_t *base, const cdist_brace_tree_t *mine,
                                   const cdist_brace_tree_t *theirs, apr_pool_t *pool)
{
    cdist_brace_diff_t *diff;
    int i;

    FUZZ_REQUIRE(cdist_brace_diff(&diff, base, mine, theirs, pool, pool) == NULL);
    for (i = 0; i < diff->properties->nelts; i++) {
        const cdist_property_t *property = &APR_ARRAY_IDX(diff->properties, i, cdist_property_t);

        FUZZ_REQUIRE(property->cls != CDIST_CLASS_UNCHANGED);
        if (base) (void)cdist_brace_show(base, property->base, 30, pool);
        (void)cdist_brace_show(mine, property->mine, 30, pool);
        (void)cdist_brace_show(theirs, property->theirs, 30, pool);
    }
    return diff;
}

static int of_class(const cdist_brace_diff_t *diff, cdist_class_t cls)
{
    int i, count = 0;

    for (i = 0; i < diff->properties->nelts; i++) count += APR_ARRAY_IDX(diff->properties, i, cdist_property_t).cls == cls;
    return count;
}

/* NB: an empty list and one of an empty item look alike, so the reverse does not hold. */
static int look_alike(const cdist_brace_tree_t *a, const cdist_brace_tree_t *b, apr_pool_t *pool)
{
    return strcmp(cdist_brace_show(a, 0, 1u << 20, pool), cdist_brace_show(b, 0, 1u << 20, pool)) == 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *end = (const char *)data + size, *at = (const char *)data;
    cdist_brace_tree_t *trees[3];
    cdist_brace_diff_t *diff;
    apr_pool_t *pool;
    int i;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    for (i = 0; i < 3; i++) {
        const char *stop = i < 2 && at < end ? memchr(at, 0xFF, (size_t)(end - at)) : NULL;

        trees[i] = parse(at ? at : "", (apr_size_t)((stop ? stop : end) - at), pool);
        at = stop ? stop + 1 : end;
    }
    if (trees[0] && trees[1] && trees[2]) {
        diff = compare(trees[0], trees[1], trees[2], pool);
        FUZZ_REQUIRE(diff->conflicts == compare(trees[0], trees[2], trees[1], pool)->conflicts);
        fuzz_accepted += diff->properties->nelts > 0;
        FUZZ_REQUIRE(compare(trees[0], trees[0], trees[0], pool)->properties->nelts == 0);
        diff = compare(trees[0], trees[1], trees[0], pool);
        FUZZ_REQUIRE(of_class(diff, CDIST_CLASS_MINE) == diff->properties->nelts);
        FUZZ_REQUIRE(diff->properties->nelts > 0 || look_alike(trees[0], trees[1], pool));
        diff = compare(trees[0], trees[1], trees[1], pool);
        FUZZ_REQUIRE(of_class(diff, CDIST_CLASS_IDENTICAL) == diff->properties->nelts);
        (void)compare(NULL, trees[1], trees[2], pool);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
