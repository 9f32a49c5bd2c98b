/* The locks of a store, which are bytes of its lock file: they exclude every other holder on the host, and the kernel frees
 * them when a process dies. Which byte is what:
 *   from LOCK_WAITERS on   one for each request that waits, on the whole host
 *   from LOCK_BUILDS on    one for each build that runs for a request
 *   LOCK_COLLECT           who evicts archives (store_collect.c)
 *   LOCK_AUDIT             who reads archives again (store_audit.c)
 *   from LOCK_KEYS on      one for each key of an archive that is being made (a key's number is taken from its digest; two
 *                          keys that share a number only wait for each other)
 *   from LOCK_OTHERS on    what cdist_store_lock gives out, a range for each purpose */
#include "archive_int.h"

#define LOCK_KEYS 0x20000u
#define LOCK_KEY_COUNT 0x40000000u
#define LOCK_OTHERS 0x50000000u
#define LOCK_OTHER_COUNT 0x01000000u

static apr_uint32_t number_of(const cdist_digest_t *key)
{
    apr_uint32_t number = 0;
    int i;

    for (i = 0; i < 4; i++) number = number << 8 | key->byte[i];
    return number;
}

apr_uint32_t cdist_lock_of_key(const cdist_key_t *key)
{
    return LOCK_KEYS + number_of(key) % LOCK_KEY_COUNT;
}

apr_status_t cdist_store_lock(cdist_lock_t **lock, const cdist_store_t *store, cdist_store_lock_t purpose,
                              const cdist_digest_t *key, apr_pool_t *pool)
{
    apr_uint32_t first = LOCK_OTHERS + (apr_uint32_t)purpose * LOCK_OTHER_COUNT;

    return cdist_os_lock_try(lock, cdist_store_lock_path(store, pool), first + number_of(key) % LOCK_OTHER_COUNT, 1, pool);
}

cdist_err_t *cdist_store_lock_unless_busy(cdist_lock_t **lock, const cdist_store_t *store, apr_uint32_t byte, apr_pool_t *pool)
{
    const char *path = cdist_store_lock_path(store, pool);
    apr_status_t rv = cdist_os_lock_try(lock, path, byte, 1, pool);

    if (rv == APR_SUCCESS) return NULL;
    *lock = NULL;
    return rv == APR_EBUSY ? NULL : cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be locked", path);
}
