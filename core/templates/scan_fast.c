/* A folder's templates by what its text files say. No .cf, .cfu or delivery is opened, so whatever is wrong with them, or with
 * the texts, shows when somebody installs them. */
#include "templates_int.h"

#include <apr_strings.h>

#include <string.h>

static const role_t text_roles[] = {ROLE_MFT, ROLE_UPDINFO, ROLE_CUC, ROLE_NOTICE, ROLE_NONE};

typedef struct {
    scan_t *scan;
    const place_t *place;
    const texts_t *texts;
    apr_pool_t *pool;
} release_t;

static const char *path_of(const release_t *release, const char *name)
{
    return apr_pstrcat(release->pool, release->place->path, "/", name, NULL);
}

/* ---- templates ------------------------------------------------------------------------------------------------- */

static void fill_sources(apr_array_header_t *sources, const apr_array_header_t *told, const cdist_file_facts_t *mft)
{
    int i;

    for (i = 0; i < told->nelts; i++) {
        cdist_configuration_id_t source = APR_ARRAY_IDX(told, i, cdist_configuration_id_t);

        if (!*source.name) {
            source.name = mft->name;
            source.vendor = mft->vendor;
        }
        APR_ARRAY_PUSH(sources, cdist_configuration_id_t) = source;
    }
}

static void take(const release_t *release, const child_t *child, cdist_file_kind_t kind, const char *version, int listed)
{
    const texts_t *texts = release->texts;
    const cdist_file_facts_t *updinfo = texts->updinfo;
    known_file_t *file;
    char *key = apr_pstrdup(release->pool, path_of(release, child->name));
    cdist_template_t template = {0};

    template.kind = kind;
    template.id = (cdist_configuration_id_t){texts->mft->name, texts->mft->vendor, version, ""};
    template.sources = apr_array_make(release->pool, 4, sizeof(cdist_configuration_id_t));
    template.member = "";
    template.bytes = child->stat.bytes;
    template.text_only = 1;
    template.listed = listed;
    template.released = updinfo ? cdist_date_parse(updinfo->release_date) : CDIST_UNDATED;
    template.min_platform = texts->min_platform;
    if (kind == CDIST_FILE_CFU && updinfo) fill_sources(template.sources, updinfo->sources, texts->mft);
    if (kind == CDIST_FILE_CFU && template.sources->nelts == 0 && texts->applies) {
        fill_sources(template.sources, texts->applies, texts->mft);
    }
    if (kind == CDIST_FILE_CFU && template.sources->nelts == 0) {
        cdist_scan_problem(release->scan, key, "neither UpdInfo.txt nor 1cv8.cuc tells what it applies to; an exact scan reads "
                           "it");
    }
    cdist_scan_take(release->scan, &template, path_of(release, child->name));
    cdist_text_fold(key);
    file = apr_hash_get(release->scan->files, key, APR_HASH_KEY_STRING);
    if (file) file->used = 1;
}

/* Texts of an update beside which no .cfu lies: it is in the delivery, or somewhere else. */
static void take_untouched(const release_t *release, const char *version)
{
    const child_t *delivery = release->place->chosen[ROLE_DELIVERY];
    const child_t absent = {.name = "1cv8.cfu"};

    if (!release->texts->updinfo || release->texts->updinfo->sources->nelts == 0) return;
    take(release, delivery ? delivery : &absent, CDIST_FILE_CFU, version, delivery == NULL);
}

/* The .cf that the manifest names, else that with the usual name, else the only one. */
static const child_t *find_configuration(const release_t *release)
{
    const apr_array_header_t *children = release->place->children, *installs = release->texts->installs;
    int i, j;

    for (i = 0; i < installs->nelts; i++) {
        for (j = 0; j < children->nelts; j++) {
            const child_t *child = &APR_ARRAY_IDX(children, j, child_t);

            if (child->role == ROLE_CF && child->stat.kind == CDIST_FILE &&
                strcasecmp(child->name, APR_ARRAY_IDX(installs, i, const char *)) == 0) {
                return child;
            }
        }
    }
    return release->place->chosen[ROLE_CF];
}

/* ---- what cannot be believed ----------------------------------------------------------------------------------- */

static void check_texts(const release_t *release, const char *version)
{
    const texts_t *texts = release->texts;
    const char *claim = cdist_claim_of(cdist_path_name(release->place->path, release->pool), 1, release->pool);
    const char *shown = cdist_text_printable(version, release->pool);

    if (texts->updinfo && strcmp(texts->updinfo->version, texts->mft->version) != 0) {
        cdist_scan_problem(release->scan, release->place->path,
                           apr_psprintf(release->pool, "UpdInfo.txt gives the version %s, the manifest (.mft) %s", shown,
                                        cdist_text_printable(texts->mft->version, release->pool)));
    }
    if (*claim && cdist_claim_differs(claim, version)) {
        cdist_scan_problem(release->scan, release->place->path,
                           apr_psprintf(release->pool, "its name says %s, its texts %s", claim, shown));
    }
    if (texts->updinfo && *texts->updinfo->release_date && cdist_date_parse(texts->updinfo->release_date) == CDIST_UNDATED) {
        cdist_scan_problem(release->scan, release->place->path,
                           apr_psprintf(release->pool, "UpdateDate of UpdInfo.txt is \"%s\", and no date such as 22.09.2015",
                                        cdist_text_printable(texts->updinfo->release_date, release->pool)));
    }
}

/* Returns how many .cf and .cfu there are. `untold` is NULL if there is a manifest. */
static int keep_known_files(scan_t *scan, const place_t *place, untold_t *untold)
{
    int count = 0, i;

    for (i = 0; i < place->children->nelts; i++) {
        const child_t *child = &APR_ARRAY_IDX(place->children, i, child_t);
        known_file_t *file;
        char *key;

        if (child->stat.kind != CDIST_FILE || child->role < ROLE_CF || child->role > ROLE_DELIVERY) continue;
        file = apr_pcalloc(scan->scratch, sizeof *file);
        file->path = apr_pstrcat(scan->scratch, place->path, "/", child->name, NULL);
        file->bytes = child->stat.bytes;
        file->untold = untold;
        key = apr_pstrdup(scan->scratch, file->path);
        cdist_text_fold(key);
        apr_hash_set(scan->files, key, APR_HASH_KEY_STRING, file);
        cdist_scan_count(scan, file->path);
        count += child->role != ROLE_DELIVERY;
    }
    return count;
}

void cdist_scan_fast(scan_t *scan, place_t *place, apr_pool_t *pool)
{
    findings_t *findings = cdist_findings_make(pool);
    release_t release = {scan, place, NULL, pool};
    const child_t *cf, *cfu;
    const char *version;
    untold_t *untold = NULL;
    int count, i;

    if (!place->chosen[ROLE_MFT]) {
        untold = apr_pcalloc(scan->scratch, sizeof *untold);
        untold->folder = apr_pstrdup(scan->scratch, place->path);
    }
    count = keep_known_files(scan, place, untold);
    if (count == 0 && (!place->chosen[ROLE_MFT] || !place->chosen[ROLE_UPDINFO])) return;
    if (untold) {
        APR_ARRAY_PUSH(scan->untold, untold_t *) = untold;
        return;
    }
    release.texts = cdist_place_texts(findings, place, text_roles, pool);
    for (i = 0; i < findings->problems->nelts; i++) {
        cdist_scan_problem(scan, place->path, APR_ARRAY_IDX(findings->problems, i, const char *));
    }
    if (!release.texts->mft) return;
    version = release.texts->updinfo ? release.texts->updinfo->version : release.texts->mft->version;
    check_texts(&release, version);
    cf = find_configuration(&release);
    cfu = place->chosen[ROLE_CFU];
    if (cf) take(&release, cf, CDIST_FILE_CF, release.texts->mft->version, 0);
    if (cfu) take(&release, cfu, CDIST_FILE_CFU, version, 0);
    if (count == 0) take_untouched(&release, version);
    else if (!cf && !cfu) cdist_scan_problem(scan, place->path, "its texts do not tell which of its .cf and .cfu they mean");
}
