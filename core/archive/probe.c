/* Whether a large content is worth compressing: CDIST_PROBES samples, evenly spread, must shrink by a thirty-second. Spares
 * the slow pass over a cabinet or another archive. Part of the format: other answers would give other bytes. */
#include "archive_int.h"

#include <string.h>

struct cdist_probe_t {
    cdist_packer_t *packer;
    apr_uint64_t step, at; /* between samples; of the next byte that is fed */
    int taken;
    apr_size_t held, total; /* bytes of the sample at hand, packed bytes of all */
    unsigned char sample[CDIST_PROBE_BYTES], packed[CDIST_PROBE_BYTES];
};

cdist_probe_t *cdist_probe_create(apr_uint64_t bytes, int level, apr_pool_t *pool)
{
    cdist_probe_t *probe = apr_palloc(pool, sizeof *probe);

    probe->packer = cdist_packer_create(level, pool);
    probe->step = (bytes - CDIST_PROBE_BYTES) / (CDIST_PROBES - 1);
    probe->at = 0;
    probe->taken = 0;
    probe->held = probe->total = 0;
    return probe;
}

apr_uint64_t cdist_probe_offset(const cdist_probe_t *probe, int i)
{
    return probe->step * (apr_uint64_t)i;
}

void cdist_probe_take(cdist_probe_t *probe, const void *sample)
{
    apr_size_t packed = cdist_packer_pack(probe->packer, probe->packed, sample, CDIST_PROBE_BYTES);

    probe->total += packed ? packed : CDIST_PROBE_BYTES;
    probe->taken++;
}

void cdist_probe_feed(cdist_probe_t *probe, const void *content, apr_size_t length)
{
    const unsigned char *p = content;

    while (length > 0 && probe->taken < CDIST_PROBES) {
        apr_uint64_t wanted = cdist_probe_offset(probe, probe->taken) + probe->held;
        apr_size_t step = wanted - probe->at < length ? (apr_size_t)(wanted - probe->at) : length;

        if (step == 0) {
            step = length < CDIST_PROBE_BYTES - probe->held ? length : CDIST_PROBE_BYTES - probe->held;
            memcpy(probe->sample + probe->held, p, step);
            probe->held += step;
        }
        p += step;
        length -= step;
        probe->at += step;
        if (probe->held < CDIST_PROBE_BYTES) continue;
        cdist_probe_take(probe, probe->sample);
        probe->held = 0;
    }
    probe->at += length;
}

int cdist_probe_shrinks(const cdist_probe_t *probe)
{
    return probe->total < CDIST_PROBES * CDIST_PROBE_BYTES / 32 * 31;
}
