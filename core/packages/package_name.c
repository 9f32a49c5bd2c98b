/* What the file name of a download tells: its form, a version, a slot. Pure functions of the name. */
#include "cdist_packages.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

static const struct {
    const char *ending;
    cdist_package_form_t form;
} endings[] = {{".rar", CDIST_PACKAGE_ARCHIVE},     {".zip", CDIST_PACKAGE_ARCHIVE},    {".tar", CDIST_PACKAGE_ARCHIVE},
               {".tar.gz", CDIST_PACKAGE_ARCHIVE},  {".tgz", CDIST_PACKAGE_ARCHIVE},    {".tar.bz2", CDIST_PACKAGE_ARCHIVE},
               {".tbz2", CDIST_PACKAGE_ARCHIVE},    {".tar.xz", CDIST_PACKAGE_ARCHIVE}, {".txz", CDIST_PACKAGE_ARCHIVE},
               {".run", CDIST_PACKAGE_SINGLE},      {".dmg", CDIST_PACKAGE_SINGLE},     {".pkg", CDIST_PACKAGE_SINGLE},
               {".exe", CDIST_PACKAGE_SINGLE},      {".msi", CDIST_PACKAGE_SINGLE},     {".deb", CDIST_PACKAGE_SINGLE},
               {".rpm", CDIST_PACKAGE_SINGLE}};

/* The entry of the ending, -1 if the name has none of them. */
static int find_ending(const char *file)
{
    apr_size_t length = strlen(file);
    size_t i;

    for (i = 0; i < sizeof endings / sizeof endings[0]; i++) {
        apr_size_t own = strlen(endings[i].ending);
        if (length > own && strcasecmp(file + length - own, endings[i].ending) == 0) return (int)i;
    }
    return -1;
}

/* Whether the hyphen at `at` stands between the third and the fourth number of a version, as packages of Linux write it:
 * "8.5.1-1529", and nothing that goes on as a number. */
static int joins_version(const char *stem, const char *at, apr_pool_t *pool)
{
    const char *start = at, *end = at + 1;
    cdist_version_t mask;

    while (start > stem && (apr_isdigit(start[-1]) || start[-1] == '.')) start--;
    while (*start == '.') start++;
    while (apr_isdigit(*end)) end++;
    if (end == at + 1 || (strchr("-._", *end) && *end && apr_isdigit(end[1]))) return 0;
    return cdist_mask_parse(&mask, apr_pstrmemdup(pool, start, (apr_size_t)(at - start))) && mask.count == 3;
}

/* A package of Linux names its system by the kind of package, and the processor at its end. */
static const cdist_slot_t *linux_slot(const char *stem, char separator, apr_pool_t *pool)
{
    const char *last = strrchr(stem, separator);

    if (!last || !strstr(stem, "thin-client")) return NULL;
    return cdist_slot_parse(apr_pstrcat(pool, "linux", last + 1, NULL));
}

int cdist_package_name_parse(cdist_package_name_t *result, const char *file, apr_pool_t *pool)
{
    int found = find_ending(file);
    const char *ending, *p;
    char *stem;

    memset(result, 0, sizeof *result);
    if (found < 0) return 0;
    ending = endings[found].ending;
    result->form = endings[found].form;
    stem = apr_pstrmemdup(pool, file, strlen(file) - strlen(ending));
    if (strcmp(ending, ".deb") == 0) result->slot = linux_slot(stem, '_', pool);
    else if (strcmp(ending, ".rpm") == 0) result->slot = linux_slot(stem, '.', pool);
    else if (strcmp(ending, ".dmg") == 0 || strcmp(ending, ".pkg") == 0) result->slot = cdist_slot_parse("macos64");
    for (p = stem; *p; p++) {
        if (*p == '-' && joins_version(stem, p, pool)) stem[p - stem] = '.';
    }
    cdist_version_find(&result->version, stem, pool);
    if (!result->slot) result->slot = cdist_slot_find(stem, NULL, pool);
    return 1;
}
