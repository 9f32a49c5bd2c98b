/* A clock that can be moved, so that no test waits for a folder to settle or for days to pass. */
#ifndef CLOCK_H
#define CLOCK_H

#include <apr_time.h>

/* Added to the time that the library reads. */
extern apr_interval_time_t fx_clock_ahead;

#endif
