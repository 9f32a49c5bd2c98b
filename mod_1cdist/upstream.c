/* What is known of the servers that CDistUpstream names: since when one does not answer, when it failed last, and how many requests
 * wait for one. All processes of the server know it together, by shared memory; where there is none each knows it for itself. A
 * graceful restart begins anew.
 *
 * Who waits for an upstream occupies a worker. So a quarter of them may, of the whole server, and of each process that has several.
 * A place of the server's is lent for a time: a process that dies cannot give its places back. */
#include "relay_int.h"

#include <ap_mpm.h>
#include <apr_atomic.h>

#include <string.h>

/* As many as a configuration may reasonably name. */
#define UPSTREAMS 64
#define PLACES 1024
/* Longer than anybody waits for a first byte, unless ProxyTimeout says so: then a place may be lent twice. */
#define LENT_SEC 300
/* An upstream that did not answer is not asked again before, so that a crowd does not wait for it again and again. */
#define AWAY_PAUSE_SEC 5

/* Seconds since 1970; 0: it answers, or nobody has asked. Taken once and never given back. */
struct cdist_upstream_t {
    volatile apr_uint32_t key, away_since_sec, failed_sec;
};

typedef struct {
    cdist_upstream_t upstreams[UPSTREAMS];
    volatile apr_uint32_t places[PLACES]; /* until when each is lent, in seconds; 0: it is free */
} known_t;

static known_t alone, *known = &alone;
static volatile apr_uint32_t waiting_here;

static apr_uint32_t now_sec(void)
{
    return (apr_uint32_t)apr_time_sec(apr_time_now());
}

apr_size_t cdist_upstreams_bytes(void)
{
    return sizeof(known_t);
}

void cdist_upstreams_share(void *memory)
{
    known = memory ? memory : memset(&alone, 0, sizeof alone);
}

cdist_upstream_t *cdist_upstream_of(const char *url, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;
    apr_uint32_t key, i;

    cdist_sha256_update_text(sha, url);
    cdist_sha256_final(&digest, sha);
    memcpy(&key, digest.byte, sizeof key);
    if (key == 0) key = 1;
    for (i = 0; i < UPSTREAMS; i++) {
        cdist_upstream_t *upstream = &known->upstreams[(key + i) % UPSTREAMS];
        apr_uint32_t held = apr_atomic_cas32(&upstream->key, key, 0);

        if (held == 0 || held == key) return upstream;
    }
    /* NB: of nobody else's; what is said of it is forgotten with the request. */
    return apr_pcalloc(pool, sizeof(cdist_upstream_t));
}

/* ---- whether it answers ------------------------------------------------------------------------------------------------ */

void cdist_upstream_answered(cdist_upstream_t *upstream)
{
    apr_atomic_set32(&upstream->away_since_sec, 0);
    apr_atomic_set32(&upstream->failed_sec, 0);
}

void cdist_upstream_failed(cdist_upstream_t *upstream)
{
    apr_uint32_t now = now_sec();

    apr_atomic_cas32(&upstream->away_since_sec, now, 0);
    apr_atomic_set32(&upstream->failed_sec, now);
}

apr_time_t cdist_upstream_away_since(cdist_upstream_t *upstream)
{
    return apr_time_from_sec((apr_time_t)apr_atomic_read32(&upstream->away_since_sec));
}

int cdist_upstream_failed_lately(cdist_upstream_t *upstream)
{
    apr_uint32_t failed = apr_atomic_read32(&upstream->failed_sec), now = now_sec();

    return failed && now >= failed && now - failed < AWAY_PAUSE_SEC;
}

/* ---- who waits --------------------------------------------------------------------------------------------------------- */

static apr_uint32_t quarter(int code, int other)
{
    int count = 1, factor = 1;

    ap_mpm_query(code, &count);
    if (other) ap_mpm_query(other, &factor);
    count = (count > 0 ? count : 1) * (factor > 0 ? factor : 1) / 4;
    return count < 1 ? 1 : count > PLACES ? PLACES : (apr_uint32_t)count;
}

int cdist_upstream_wait(cdist_wait_t *wait)
{
    apr_uint32_t places = quarter(AP_MPMQ_MAX_THREADS, AP_MPMQ_MAX_DAEMONS), now = now_sec(), i;

    wait->place = NULL;
    if (apr_atomic_inc32(&waiting_here) < quarter(AP_MPMQ_MAX_THREADS, 0)) {
        wait->until_sec = now + LENT_SEC;
        for (i = 0; i < places && !wait->place; i++) {
            apr_uint32_t until = apr_atomic_read32(&known->places[i]);

            /* NB: after the clock was put back none would ever be free again. */
            if (until > now && until <= wait->until_sec) continue;
            if (apr_atomic_cas32(&known->places[i], wait->until_sec, until) == until) wait->place = &known->places[i];
        }
    }
    if (!wait->place) apr_atomic_dec32(&waiting_here);
    return wait->place != NULL;
}

void cdist_upstream_wait_no_more(cdist_wait_t *wait)
{
    if (!wait->place) return;
    /* NB: unless it was lent to somebody else meanwhile. */
    apr_atomic_cas32(wait->place, 0, wait->until_sec);
    apr_atomic_dec32(&waiting_here);
    wait->place = NULL;
}
