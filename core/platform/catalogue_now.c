/* The catalogue for whoever knows that the releases are complete, unlike the server, which waits until they are still. */
#include "cdist_platform.h"

#define SCANS_MAX 5

const cdist_catalogue_t *cdist_catalogue_scan_now(const cdist_lookup_t *lookup, apr_pool_t *pool)
{
    const cdist_catalogue_t *catalogue;
    apr_time_t now;
    int i;

    for (i = 0; i < SCANS_MAX; i++) {
        catalogue = cdist_catalogue_scan(lookup, 0, NULL, pool);
        now = apr_time_now();
        if (catalogue->settles_at <= now || catalogue->settles_at - now > CDIST_SETTLE_MIN) break;
        apr_sleep(catalogue->settles_at - now);
    }
    return catalogue;
}
