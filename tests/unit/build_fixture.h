/* What the tests of builds share: archives built of folders of the test, and read back. */
#ifndef BUILD_FIXTURE_H
#define BUILD_FIXTURE_H

#include "tree_fixture.h"

/* Builds a folder into a temporary file, which lives as long as the test. */
cdist_err_t *fx_build(cdist_manifest_t **manifest, cdist_temp_t **temp, const char *folder, int level, int threads);
/* The same, and the archive must be what the manifest says. */
cdist_manifest_t *fx_build_well(const char *folder, int level, int threads);
/* Builds a tree that was read before. */
cdist_err_t *fx_build_tree(cdist_manifest_t **manifest, cdist_temp_t **temp, cdist_tree_t *tree,
                           const cdist_build_options_t *options);
/* The test fails if there is no such entry. */
const cdist_entry_t *fx_entry(const cdist_manifest_t *manifest, const char *name);
/* A few dozen files of every kind, written forwards or backwards. */
void fx_fill_folder(const char *folder, int backwards);

#endif
