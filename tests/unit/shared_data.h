/* Real files beside the source, where there are any. */
#ifndef SHARED_DATA_H
#define SHARED_DATA_H

#include <stddef.h>

/* The bytes of ../shared/data/NAME, seen from the top of the source; NULL, and a line that says so, if it is not there. */
const char *shared_data(size_t *length, const char *name);

#endif
