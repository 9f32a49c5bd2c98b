/* See tree_fixture.h. */
#include "tree_fixture.h"

#include <apr_strings.h>

cdist_tree_t *fx_tree(const char *name, const apr_array_header_t *skip)
{
    cdist_tree_t *tree;

    FX_OK(cdist_tree_read(&tree, fx_path(name), skip, fx_pool));
    return tree;
}

const char *fx_names(const cdist_tree_t *tree)
{
    const char *text = "";
    int i;

    for (i = 0; i < tree->inputs->nelts; i++) {
        const cdist_input_t *input = &APR_ARRAY_IDX(tree->inputs, i, cdist_input_t);
        text = apr_pstrcat(fx_pool, text, i ? " " : "", input->path, input->stat.kind == CDIST_FOLDER ? "/" : "", NULL);
    }
    return text;
}
