/* Between the files that compare what consists of many equal parts: numbers instead of bytes. */
#ifndef CDIST_SEQUENCE_INT_H
#define CDIST_SEQUENCE_INT_H

#include <apr_pools.h>

typedef struct cdist_sequences_t cdist_sequences_t;

/* Room for up to `most` sequences of bytes. */
cdist_sequences_t *cdist_sequences_create(apr_size_t most, apr_pool_t *pool);
/* One more; its bytes, and the place for its number, must stay until the numbers are given. Sequences of different kinds (0 or
 * 1) are never equal. */
void cdist_sequences_add(cdist_sequences_t *sequences, const void *bytes, apr_size_t length, int kind, apr_uint32_t *number);
/* Gives those that were added since the last time their numbers, *next and on: the same to equal ones. *next becomes the number
 * after the largest. Takes time in proportion to the bytes, whatever they are. */
void cdist_sequences_number(apr_uint32_t *next, cdist_sequences_t *sequences);

#endif
