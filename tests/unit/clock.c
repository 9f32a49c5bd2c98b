/* See clock.h. */
#include "clock.h"

#include <sys/time.h>

apr_interval_time_t fx_clock_ahead;

/* NB: takes the place of APR's own. */
apr_time_t apr_time_now(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return apr_time_make(now.tv_sec, now.tv_usec) + fx_clock_ahead;
}
