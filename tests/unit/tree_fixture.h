/* What the tests of folders share: a folder read as an archive's entries, and their names as text. */
#ifndef TREE_FIXTURE_H
#define TREE_FIXTURE_H

#include "archive_int.h"
#include "fixture.h"

/* Must succeed; `skip` as for cdist_tree_read. */
cdist_tree_t *fx_tree(const char *name, const apr_array_header_t *skip);
/* "a a.b a/b d/" */
const char *fx_names(const cdist_tree_t *tree);

#endif
