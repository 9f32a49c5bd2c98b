/* What tests of comparisons look with. */
#ifndef COMPARE_FIXTURE_H
#define COMPARE_FIXTURE_H

#include "fixture.h"
#include "compare/cdist_compare.h"

/* Compares entries of files; `base` may be NULL. */
cdist_comparison_t *fx_compare(const char *base, const char *mine, const char *theirs);
/* The difference of an id, NULL if there is none. */
const cdist_difference_t *fx_difference(const cdist_comparison_t *found, const char *id);

#endif
