/* What becomes of a package's members: the folder that holds the installer becomes the top of the archive, files beside it are
 * left out, folders are entries only where they are empty. */
#include "packages_int.h"

#include <apr_fnmatch.h>
#include <apr_hash.h>
#include <apr_strings.h>

#include <stdlib.h>
#include <string.h>

static const cdist_found_t *found_at(const cdist_survey_t *survey, int i)
{
    return &APR_ARRAY_IDX(survey->found, i, cdist_found_t);
}

static cdist_err_t *refuse(const char *name, const char *reason, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_UNSAFE, 0, "entry %s: %s", cdist_text_printable(name, pool), reason);
}

/* ---- names that cannot be together -------------------------------------------------------------------------------- */

/* Whether one of the folders that the name goes through is a file of the package. */
static int lies_in_file(apr_hash_t *files, const char *name)
{
    const char *slash;

    for (slash = strchr(name, '/'); slash; slash = strchr(slash + 1, '/')) {
        if (apr_hash_get(files, name, slash - name)) return 1;
    }
    return 0;
}

/* NB: a folder may be there twice, as some packers write it. */
static cdist_err_t *check_names(const cdist_survey_t *survey, apr_pool_t *pool)
{
    apr_hash_t *files = apr_hash_make(pool), *folders = apr_hash_make(pool);
    apr_array_header_t *names = apr_array_make(pool, survey->found->nelts, sizeof(cdist_entry_t));
    cdist_clash_t clash;
    int i;

    for (i = 0; i < survey->found->nelts; i++) {
        const cdist_found_t *found = found_at(survey, i);
        cdist_entry_t entry = {found->folder ? apr_pstrcat(pool, found->name, "/", NULL) : found->name};

        if (apr_hash_get(files, found->name, APR_HASH_KEY_STRING) ||
            (!found->folder && apr_hash_get(folders, found->name, APR_HASH_KEY_STRING))) {
            return refuse(found->name, "is there twice", pool);
        }
        if (found->folder && apr_hash_get(folders, found->name, APR_HASH_KEY_STRING)) continue;
        apr_hash_set(found->folder ? folders : files, found->name, APR_HASH_KEY_STRING, found);
        APR_ARRAY_PUSH(names, cdist_entry_t) = entry;
    }
    for (i = 0; i < survey->found->nelts; i++) {
        if (lies_in_file(files, found_at(survey, i)->name)) return refuse(found_at(survey, i)->name, "lies in a file", pool);
    }
    if (cdist_name_clashes(&clash, 1, names, pool) == 0) return NULL;
    return refuse(clash.other, apr_psprintf(pool, "differs from %s only in case, and Windows cannot hold both",
                                            cdist_text_printable(clash.one, pool)), pool);
}

/* ---- the top ------------------------------------------------------------------------------------------------------- */

static const char *base_name(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

/* How well a file tells where the installer lies; 0: not at all. */
static int rank(const cdist_found_t *found)
{
    static const char *const patterns[] = {"setup.ini", "setup.exe", "*.run", "*.dmg", "*.pkg", "*.msi", "*.exe", "*.deb", "*.rpm"};
    int i, count = (int)(sizeof patterns / sizeof patterns[0]);

    for (i = 0; !found->folder && i < count; i++) {
        if (apr_fnmatch(patterns[i], base_name(found->name), APR_FNM_CASE_BLIND) == APR_SUCCESS) return count - i;
    }
    return 0;
}

static int depth(const char *name)
{
    int slashes = 0;

    for (; *name; name++) slashes += *name == '/';
    return slashes;
}

/* The highest installer, and among those of one height the one that tells best. Two folders with equally good ones are two
 * sets. */
static cdist_err_t *find_top(cdist_survey_t *survey, apr_pool_t *pool)
{
    const cdist_found_t *best = NULL;
    const char *other = NULL;
    int i;

    for (i = 0; i < survey->found->nelts; i++) {
        const cdist_found_t *found = found_at(survey, i);
        int here = rank(found), better = best ? depth(best->name) - depth(found->name) : 1;

        if (here == 0) continue;
        if (better == 0) better = here - rank(best);
        if (better > 0) other = NULL;
        if (better == 0 && strcmp(cdist_path_folder(best->name, pool), cdist_path_folder(found->name, pool)) != 0) {
            other = found->name;
        }
        if (better > 0) best = found;
    }
    if (!best) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "holds no installer: there is no Setup.ini, setup.exe, *.run, *.dmg, "
                                "*.pkg, *.msi, *.exe, *.deb or *.rpm in it");
    }
    if (other) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "holds two installers, %s and %s: repack one of them",
                                cdist_text_printable(best->name, pool), cdist_text_printable(other, pool));
    }
    survey->installer = base_name(best->name);
    survey->top = apr_pstrmemdup(pool, best->name, (apr_size_t)(survey->installer - best->name));
    return NULL;
}

/* ---- parts --------------------------------------------------------------------------------------------------------- */

typedef struct {
    const char *name;
    cdist_found_t *found;
} placed_t;

static int compare_placed(const void *left, const void *right)
{
    return strcmp(((const placed_t *)left)->name, ((const placed_t *)right)->name);
}

/* Whether a folder's entry is of no use: the next name lies in it, or it is there twice. */
static int is_filled(const placed_t *placed, const placed_t *end)
{
    return placed->found->folder && placed + 1 < end && strncmp(placed[1].name, placed->name, strlen(placed->name)) == 0;
}

static void make_parts(cdist_survey_t *survey, apr_pool_t *pool)
{
    placed_t *placed = apr_palloc(pool, (apr_size_t)survey->found->nelts * sizeof *placed), *p, *end = placed;
    apr_size_t top = strlen(survey->top);
    int i;

    for (i = 0; i < survey->found->nelts; i++) {
        cdist_found_t *found = &APR_ARRAY_IDX(survey->found, i, cdist_found_t);

        found->part = -1;
        if (strncmp(found->name, survey->top, top) != 0) {
            survey->left_out += !found->folder;
            continue;
        }
        end->found = found;
        end->name = apr_pstrcat(pool, found->name + top, found->folder ? "/" : "", NULL);
        end++;
    }
    qsort(placed, (size_t)(end - placed), sizeof *placed, compare_placed);
    survey->parts = apr_array_make(pool, survey->found->nelts, sizeof(cdist_part_t));
    for (p = placed; p < end; p++) {
        if (is_filled(p, end)) continue;
        if (!p->found->folder) p->found->part = survey->parts->nelts;
        APR_ARRAY_PUSH(survey->parts, cdist_part_t) = (cdist_part_t){p->name, p->found->bytes, p->found->shrinks};
        if (depth(p->name) == 0 && p->found->setup_ini) survey->setup_ini = p->found->setup_ini;
    }
}

cdist_err_t *cdist_survey_lay_out(cdist_survey_t *survey, apr_pool_t *pool)
{
    CDIST_ERR(check_names(survey, pool));
    CDIST_ERR(find_top(survey, pool));
    make_parts(survey, pool);
    return NULL;
}
