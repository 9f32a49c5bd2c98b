/* Which addresses clients are told about a release. Only what the platform's own updater can use is published: an installer
 * for one of the five slots. */
#include "cdist_publication.h"

#include <apr_strings.h>

#include <string.h>

/* NB: unlike the server, who writes these files does not wait until a folder has been still. */
static int is_publishable(const cdist_source_t *source)
{
    return source && !source->problem && cdist_source_installable(source);
}

static int has_publishable(const cdist_release_t *release)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (is_publishable(cdist_release_source(release, cdist_slot_parse(cdist_locations[i].slot)))) return 1;
    }
    return 0;
}

static cdist_err_t *no_release(const cdist_catalogue_t *catalogue, const cdist_version_t *mask, apr_pool_t *pool)
{
    const char *what = mask->count ? apr_psprintf(pool, "no release matches %s", cdist_version_format(mask, pool))
                                   : "there is no release";
    int i;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        if (!cdist_mask_matches(mask, &release->version)) continue;
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "release %s holds no installer for a client that the platform "
                                "updates itself; 1cdist scan shows what there is", cdist_version_format(&release->version, pool));
    }
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "%s; 1cdist scan shows what there is", what);
}

/* The newest publishable release under the mask. Releases are sorted, newest first. */
static cdist_err_t *choose(const cdist_release_t **chosen, const cdist_catalogue_t *catalogue, const cdist_version_t *mask,
                           apr_pool_t *pool)
{
    int i;

    *chosen = NULL;
    for (i = 0; i < catalogue->releases->nelts; i++) {
        const cdist_release_t *release = &APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t);

        if (!cdist_mask_matches(mask, &release->version) || !has_publishable(release)) continue;
        if (!*chosen) *chosen = release;
        if (mask->count || memcmp((*chosen)->version.part, release->version.part, 2 * sizeof release->version.part[0]) == 0) continue;
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "there are releases of %u.%u and %u.%u; name the one to publish "
                                "with --version", (*chosen)->version.part[0], (*chosen)->version.part[1],
                                release->version.part[0], release->version.part[1]);
    }
    return *chosen ? NULL : no_release(catalogue, mask, pool);
}

cdist_err_t *cdist_publication_make(cdist_publication_t *publication, const cdist_catalogue_t *catalogue,
                                    const cdist_version_t *mask, const char *base_url, int stable, apr_pool_t *pool)
{
    const cdist_release_t *release;
    const char *folder;
    int i;

    if (catalogue->unreadable->nelts) {
        return cdist_err_dup(APR_ARRAY_IDX(catalogue->unreadable, 0, const cdist_err_t *), pool);
    }
    CDIST_ERR(choose(&release, catalogue, mask, pool));
    memset(publication, 0, sizeof *publication);
    publication->version = release->version;
    folder = stable ? base_url : apr_pstrcat(pool, base_url, "/", cdist_version_format(&release->version, pool), NULL);
    for (i = 0; i < CDIST_LOCATIONS; i++) {
        const cdist_slot_t *slot = cdist_slot_parse(cdist_locations[i].slot);
        const cdist_source_t *source = cdist_release_source(release, slot);

        if (is_publishable(source)) publication->url[i] = apr_pstrcat(pool, folder, "/", slot->file, NULL);
        else if (!source) publication->lacks[i] = "it is not there";
        else if (source->problem) publication->lacks[i] = apr_pstrdup(pool, source->problem);
        else publication->lacks[i] = "it is there as an installed platform, which holds no installer";
    }
    return NULL;
}

void cdist_publication_put(cdist_settings_t *settings, const cdist_publication_t *publication)
{
    int i;

    for (i = 0; i < CDIST_LOCATIONS; i++) {
        if (publication->url[i]) cdist_settings_set(settings, cdist_locations[i].key, publication->url[i]);
    }
}

void cdist_publication_put_update(cdist_settings_t *settings, const cdist_publication_t *publication,
                                  const char *update_date)
{
    cdist_settings_set(settings, "Version", cdist_version_format(&publication->version, settings->pool));
    if (update_date) cdist_settings_set(settings, "UpdateDate", update_date);
    cdist_publication_put(settings, publication);
}

/* The number of that many digits. */
static int digits(const char *text, int count)
{
    int number = 0;

    while (count-- > 0) number = number * 10 + (*text++ - '0');
    return number;
}

int cdist_update_date_valid(const char *text)
{
    static const int month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int year, month, day;

    if (strlen(text) != 14 || strspn(text, "0123456789") != 14) return 0;
    year = digits(text, 4);
    month = digits(text + 4, 2);
    day = digits(text + 6, 2);
    if (year < 2000 || year > 2999 || month < 1 || month > 12 || day < 1) return 0;
    if (day > month_days[month - 1] + (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))) return 0;
    return digits(text + 8, 2) < 24 && digits(text + 10, 2) < 60 && digits(text + 12, 2) < 60;
}
