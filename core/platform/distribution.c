/* Folders with the vendor's installer files. The version comes from the folder's name, from Setup.ini and from the
 * installer's name, and they must agree: otherwise a client would install the wrong version and ask again for ever. The slot
 * comes from the folder's name, else from Setup.ini's PackageName, the installer's name, or an executable's header. */
#include "platform_int.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include <string.h>

#define SETUP_INI_MAX (1024 * 1024)

const cdist_child_t *cdist_distribution_installer(const cdist_listing_t *listing)
{
    static const char *const patterns[] = {"setup.exe", "setup.ini", "*.msi", "*.run", "*.dmg", "*.pkg", "*.deb", "*.rpm"};
    size_t p;
    int i;

    for (p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
        for (i = 0; i < listing->children->nelts; i++) {
            const cdist_child_t *child = &APR_ARRAY_IDX(listing->children, i, cdist_child_t);
            if (child->stat.kind == CDIST_FILE &&
                apr_fnmatch(patterns[p], child->name, APR_FNM_CASE_BLIND) == APR_SUCCESS) {
                return child;
            }
        }
    }
    return NULL;
}

/* "1CEnterprise 8 Thin client (x86-64).msi" is for 64 bits, without the parenthesis for 32. */
static const cdist_slot_t *package_slot(const char *package)
{
    if (!package || !*package) return NULL;
    return cdist_slot_parse(strstr(package, "x86-64") || strstr(package, "x64") ? "windows64" : "windows32");
}

static const cdist_slot_t *installer_slot(const cdist_listing_t *listing, const char *installer, apr_pool_t *pool)
{
    const char *dot = strrchr(installer, '.');
    const cdist_slot_t *slot = NULL;
    char *head;
    apr_size_t length;

    if (dot && (strcasecmp(dot, ".dmg") == 0 || strcasecmp(dot, ".pkg") == 0)) return cdist_slot_parse("macos64");
    if (dot && strcasecmp(dot, ".msi") == 0) return package_slot(installer);
    if (dot && strcasecmp(dot, ".run") == 0) {
        slot = cdist_slot_find(apr_pstrmemdup(pool, installer, (apr_size_t)(dot - installer)), NULL, pool);
    }
    if (slot || cdist_listing_head(&head, &length, listing, installer, CDIST_BINARY_HEAD, pool)) return slot;
    return cdist_binary_slot((const unsigned char *)head, length);
}

/* Reads Setup.ini's two facts; both are NULL where there is none. */
static cdist_err_t *read_setup_ini(const char **product_version, const char **package, const cdist_listing_t *listing,
                                   apr_pool_t *pool)
{
    const cdist_child_t *ini = cdist_listing_find(listing, "Setup.ini", CDIST_FILE);
    char *bytes;
    apr_size_t length;
    const char *text;

    *product_version = *package = NULL;
    if (!ini) return NULL;
    CDIST_ERR(cdist_listing_head(&bytes, &length, listing, ini->name,
                                 ini->stat.bytes < SETUP_INI_MAX ? (apr_size_t)ini->stat.bytes : SETUP_INI_MAX, pool));
    text = cdist_text_decode(bytes, length, pool);
    *product_version = cdist_keyvalue_get(text, "Startup", "ProductVersion", pool);
    *package = cdist_keyvalue_get(text, "Startup", "PackageName", pool);
    return NULL;
}

cdist_err_t *cdist_distribution_identify(cdist_source_t *source, const cdist_listing_t *listing, const char *name,
                                         apr_pool_t *pool)
{
    const char *installer = cdist_distribution_installer(listing)->name;
    const char *product_version, *package;
    cdist_version_t version;

    CDIST_ERR(read_setup_ini(&product_version, &package, listing, pool));
    if (cdist_version_find(&version, name, pool)) {
        cdist_source_take_version(source, &version, cdist_text_printable(name, pool), pool);
    }
    if (product_version && cdist_version_parse(&version, product_version)) {
        cdist_source_take_version(source, &version, "Setup.ini's ProductVersion", pool);
    }
    if (cdist_version_find(&version, installer, pool)) {
        cdist_source_take_version(source, &version, cdist_text_printable(installer, pool), pool);
    }
    if (source->version.count == 0) {
        source->problem = "neither the folder's name nor a ProductVersion in Setup.ini tells a version A.B.C.D";
    }
    if (!source->slot) source->slot = cdist_slot_find(name, NULL, pool);
    if (!source->slot) source->slot = package_slot(package);
    if (!source->slot) source->slot = installer_slot(listing, installer, pool);
    if (!source->slot && !source->problem) {
        source->problem = apr_psprintf(pool, "%s does not tell which client it is for; name the folder after the slot "
                                       "(windows64, linux64 …)", cdist_text_printable(installer, pool));
    }
    return NULL;
}
