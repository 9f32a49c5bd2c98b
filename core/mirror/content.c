/* Whether an archive is what it is offered as: the version and the slot of an index are looked up again in what the archive
 * holds. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <string.h>

static const char *wrong_version(const char *where, const cdist_version_t *inside, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s in it says version %s", cdist_text_printable(where, pool),
                        cdist_version_format(inside, pool));
}

static const char *wrong_slot(const char *where, const char *slot, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s in it is for %s", cdist_text_printable(where, pool), slot);
}

static int has_ending(const char *name, const char *ending)
{
    apr_size_t length = strlen(name);

    return length > strlen(ending) && strcasecmp(name + length - strlen(ending), ending) == 0;
}

/* The slot that an installer at the top of an archive is for; NULL where its name does not tell. */
static const char *slot_of_installer(const char *name, apr_pool_t *pool)
{
    const cdist_slot_t *slot;

    if (has_ending(name, ".dmg") || has_ending(name, ".pkg")) return "macos64";
    if (has_ending(name, ".msi")) return strstr(name, "x86-64") || strstr(name, "x64") ? "windows64" : "windows32";
    if (!has_ending(name, ".run")) return NULL;
    slot = cdist_slot_find(apr_pstrmemdup(pool, name, strlen(name) - strlen(".run")), NULL, pool);
    return slot ? slot->name : NULL;
}

static int is_installer(const char *name)
{
    static const char *const endings[] = {".run", ".dmg", ".pkg"};
    size_t i;

    for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        if (has_ending(name, endings[i])) return 1;
    }
    return 0;
}

static const char *installer_problem(const char *name, const cdist_version_t *version, const cdist_slot_t *slot,
                                     apr_pool_t *pool)
{
    const char *inside_slot;
    cdist_version_t inside;

    if (strchr(name, '/') || !is_installer(name)) return NULL;
    if (cdist_version_find(&inside, name, pool) && cdist_version_compare(&inside, version) != 0) {
        return wrong_version(name, &inside, pool);
    }
    inside_slot = slot_of_installer(name, pool);
    return inside_slot && strcmp(inside_slot, slot->name) != 0 ? wrong_slot(name, inside_slot, pool) : NULL;
}

static const char *setup_ini_problem(const char *ini, const cdist_version_t *version, const cdist_slot_t *slot,
                                     apr_pool_t *pool)
{
    const char *product = cdist_keyvalue_get(ini, "Startup", "ProductVersion", pool);
    const char *package = cdist_keyvalue_get(ini, "Startup", "PackageName", pool), *inside_slot;
    cdist_version_t inside;

    if (product && cdist_version_parse(&inside, product) && cdist_version_compare(&inside, version) != 0) {
        return wrong_version("Setup.ini", &inside, pool);
    }
    inside_slot = package && *package ? slot_of_installer(package, pool) : NULL;
    return inside_slot && strcmp(inside_slot, slot->name) != 0 ? wrong_slot("Setup.ini's package", inside_slot, pool) : NULL;
}

const char *cdist_content_problem(const cdist_verification_t *verification, const cdist_version_t *version,
                                  const cdist_slot_t *slot, apr_pool_t *pool)
{
    const apr_array_header_t *entries = verification->manifest->entries;
    const char *problem = NULL;
    int i;

    if (entries->nelts == 0) return "it is empty";
    if (cdist_slot_is_component(slot)) return NULL;
    if (verification->setup_ini) problem = setup_ini_problem(verification->setup_ini, version, slot, pool);
    for (i = 0; !problem && i < entries->nelts; i++) {
        problem = installer_problem(APR_ARRAY_IDX(entries, i, cdist_entry_t).name, version, slot, pool);
    }
    return problem;
}
