/* What lies where in a root:
 *   <version>/distr/<file>              archives that are handed out
 *   .1cdist/state.json                  what was learned of the sources (state.c)
 *   .1cdist/index.json, index.json.sig  the index that was believed last, and its signatures
 *   .1cdist/keys.json                   the keys that are believed since a rotation (trust.c)
 *   .1cdist/holds                       versions that sync leaves alone (hold.c)
 *   .1cdist/known.json, manifests/      which archives are here, and what they hold (packs.c)
 *   .1cdist/partial/<sha256>…           archives in the making (partial.c)
 *   .1cdist/incoming/<version>/distr/   archives that are whole, and wait for the rest of their release
 *   .1cdist/lock                        held by the one that works on the root
 * Everything in .1cdist is on the root's own file system, so that a rename makes a release appear at once; folders whose name
 * begins with a dot are no releases for anybody. */
#include "mirror_int.h"

#include <apr_strings.h>

#define PLACE ".1cdist"

const char *cdist_place(const char *root, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, root, "/" PLACE, *name ? "/" : "", name, NULL);
}

const char *cdist_place_of(const char *root, const cdist_version_t *version, const cdist_slot_t *slot, apr_pool_t *pool)
{
    return apr_pstrcat(pool, root, "/", cdist_version_format(version, pool), "/distr/", slot->file, NULL);
}

const char *cdist_place_incoming(const char *root, const cdist_version_t *version, const cdist_slot_t *slot, apr_pool_t *pool)
{
    return cdist_place_of(cdist_place(root, "incoming", pool), version, slot, pool);
}

cdist_err_t *cdist_place_folder(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE, pool);

    if (rv == APR_SUCCESS && info.filetype == APR_DIR) return NULL;
    rv = cdist_os_folder_make(path, pool);
    /* NB: whatever the umask. */
    if (rv == APR_SUCCESS) rv = apr_file_perms_set(path, 0x755);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be made", cdist_text_printable(path, pool));
}

#define LOCK_PAUSE (APR_USEC_PER_SEC / 20)

cdist_err_t *cdist_place_lock(cdist_lock_t **lock, const char *root, apr_interval_time_t wait, apr_pool_t *pool)
{
    const char *path = cdist_place(root, "lock", pool);
    apr_status_t rv = cdist_os_lock_try(lock, path, 0, 1, pool);

    for (; rv == APR_EBUSY && wait > 0; wait -= LOCK_PAUSE) {
        apr_sleep(LOCK_PAUSE);
        rv = cdist_os_lock_try(lock, path, 0, 1, pool);
    }
    if (rv == APR_SUCCESS) return NULL;
    if (rv == APR_EBUSY) {
        return cdist_err_create(pool, CDIST_E_BUSY, 0, "%s: another sync works on this folder; try again when it is done",
                                cdist_text_printable(root, pool));
    }
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be locked", cdist_text_printable(root, pool));
}

cdist_err_t *cdist_place_make(const char *root, apr_pool_t *pool)
{
    static const char *const names[] = {"", "manifests", "partial", "incoming"};
    size_t i;

    CDIST_ERR(cdist_place_folder(root, pool));
    for (i = 0; i < sizeof names / sizeof names[0]; i++) CDIST_ERR(cdist_place_folder(cdist_place(root, names[i], pool), pool));
    return NULL;
}

/* ---- moving ------------------------------------------------------------------------------------------------------------ */

apr_filetype_e cdist_place_kind(const char *path, apr_pool_t *pool)
{
    apr_finfo_t info;

    return apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, pool) == APR_SUCCESS ? info.filetype : APR_NOFILE;
}

static cdist_err_t *moved(const char *path, apr_status_t rv, apr_pool_t *pool)
{
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be put in its place", cdist_text_printable(path, pool));
}

cdist_err_t *cdist_place_move_file(const char *from, const char *to, apr_pool_t *pool)
{
    apr_file_t *file;
    apr_status_t rv = cdist_file_open(&file, NULL, from, 0, pool);

    if (rv == APR_SUCCESS) {
        rv = cdist_os_file_publish(file, from, to, pool);
        apr_file_close(file);
    }
    return moved(to, rv, pool);
}

cdist_err_t *cdist_place_move_folder(const char *from, const char *to, apr_pool_t *pool)
{
    return moved(to, cdist_os_folder_publish(from, to, pool), pool);
}
