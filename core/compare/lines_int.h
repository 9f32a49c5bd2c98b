/* Between diff2.c and diff3.c: sequences of lines as numbers. */
#ifndef CDIST_LINES_INT_H
#define CDIST_LINES_INT_H

#include "base/cdist_base.h"

/* What differs: `old_count` lines from `old_first` on have become `new_count` lines from `new_first` on. */
typedef struct {
    apr_uint32_t old_first, old_count, new_first, new_count;
} hunk_t;

/* The hunks (hunk_t) between two sequences in which equal lines have equal numbers, in order; between two of them lies at least
 * one line that both have. Without regard to its length an input takes bounded time: what remains of it then is one hunk for
 * each stretch that was not looked at, and *coarse is set. `symbols` is the largest number and one more. */
apr_array_header_t *cdist_diff2(int *coarse, const apr_uint32_t *old_lines, apr_uint32_t old_count,
                                const apr_uint32_t *new_lines, apr_uint32_t new_count, apr_uint32_t symbols,
                                apr_pool_t *result_pool, apr_pool_t *scratch_pool);

#endif
