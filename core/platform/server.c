/* Which version the 1C server of this machine runs: the newest folder, named by its version, that holds ragent. Layouts
 * (administrator guide, 8.3.20 and later): /opt/1cv8/x86_64/8.3.22.1750/ragent, 1cv8\\8.3.22.1750\\bin\\ragent.exe. */
#include "platform_int.h"

#include <string.h>

static int holds_file(cdist_folder_t *folder, const char *name)
{
    cdist_stat_t stat;

    return cdist_os_stat_at(&stat, folder, name) == APR_SUCCESS && stat.kind == CDIST_FILE;
}

static int holds_agent(cdist_folder_t *folder, apr_pool_t *scratch_pool)
{
    cdist_folder_t *bin;
    int found = holds_file(folder, "ragent");

    if (!found && cdist_os_folder_open_at(&bin, folder, "bin", scratch_pool) == APR_SUCCESS) {
        found = holds_file(bin, "ragent.exe") || holds_file(bin, "ragent");
        cdist_os_folder_close(bin);
    }
    return found;
}

int cdist_server_holds(cdist_folder_t *parent, const char *name, apr_pool_t *scratch_pool)
{
    cdist_folder_t *folder;
    int found;

    if (cdist_os_folder_open_at(&folder, parent, name, scratch_pool) != APR_SUCCESS) return 0;
    found = holds_agent(folder, scratch_pool);
    cdist_os_folder_close(folder);
    return found;
}

cdist_err_t *cdist_server_version(cdist_version_t *version, const char *path, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    const char *name;
    apr_status_t rv = cdist_os_folder_open(&folder, path, pool);

    memset(version, 0, sizeof *version);
    while (rv == APR_SUCCESS && (rv = cdist_os_folder_next(&name, folder, pool)) == APR_SUCCESS && name) {
        cdist_version_t here;

        if (!cdist_version_parse(&here, name) || !cdist_server_holds(folder, name, pool)) continue;
        if (!version->count || cdist_version_compare(&here, version) > 0) *version = here;
    }
    if (rv != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "CDistCurrent server %s: cannot be read",
                                cdist_text_printable(path, pool));
    }
    cdist_os_folder_close(folder);
    if (version->count) return NULL;
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0,
                            "CDistCurrent follows the 1C server, but no version with ragent is in its folder");
}
