/* A folder's templates by their content, from caches where these are of the files' very state. */
#include "templates_int.h"

#include <apr_strings.h>

#include <string.h>

static const role_t text_roles[] = {ROLE_MFT, ROLE_UPDINFO, ROLE_NOTICE, ROLE_NONE};

/* ---- what a look rests on -------------------------------------------------------------------------------------- */

/* 1 if the texts of a folder speak of this file: it has the usual name, or is the only one of its kind. */
static int has_texts(const place_t *place, const child_t *child)
{
    return place->chosen[child->role] == child;
}

static void make_mark(mark_t *mark, scan_t *scan, const place_t *place, const child_t *child, int with_texts)
{
    cdist_digest_t digest;
    int i, texts = 0;

    memset(mark, 0, sizeof *mark);
    mark->bytes = child->stat.bytes;
    mark->mtime_ns = child->stat.mtime_ns;
    mark->ctime_ns = mark->changed_ns = child->stat.ctime_ns;
    mark->looked_ns = place->looked_ns;
    if (!with_texts) return;
    cdist_sha256_reset(scan->digest);
    for (i = 0; text_roles[i] != ROLE_NONE; i++) {
        const child_t *text = place->chosen[text_roles[i]];

        if (!text) continue;
        texts++;
        cdist_sha256_update_text(scan->digest, text->name);
        cdist_sha256_update_u64(scan->digest, text->stat.bytes);
        cdist_sha256_update_u64(scan->digest, (apr_uint64_t)text->stat.mtime_ns);
        cdist_sha256_update_u64(scan->digest, (apr_uint64_t)text->stat.ctime_ns);
        if (text->stat.ctime_ns > mark->changed_ns) mark->changed_ns = text->stat.ctime_ns;
    }
    cdist_sha256_final(&digest, scan->digest);
    if (texts) memcpy(mark->texts, digest.byte, sizeof mark->texts);
}

/* ---- looking --------------------------------------------------------------------------------------------------- */

static void read_child(findings_t *findings, const scan_t *scan, const place_t *place, const child_t *child, int with_texts)
{
    apr_pool_t *pool = findings->pool;
    const texts_t *texts = with_texts ? cdist_place_texts(findings, place, text_roles, pool) : NULL;
    apr_file_t *file = NULL;
    cdist_bytes_t *bytes;
    cdist_stat_t stat;
    cdist_err_t *err = cdist_place_open(&bytes, &file, place, child, pool);

    if (!err) {
        cdist_bytes_stop_when(bytes, scan->options->stop);
        cdist_look_into(findings, bytes, child->role, texts, pool);
        if (cdist_os_stat_file(&stat, file) != APR_SUCCESS || !cdist_stat_same(&stat, &child->stat)) {
            findings->templates->nelts = findings->problems->nelts = 0;
            err = cdist_err_create(pool, CDIST_E_CHANGED, 0, "changes while it is looked at");
        }
    }
    if (err) cdist_findings_error(findings, err, child->name, "");
    if (file) apr_file_close(file);
}

/* ---- what names claim ------------------------------------------------------------------------------------------ */

static int has_version(const findings_t *findings, const char *claim)
{
    int i;

    for (i = 0; i < findings->templates->nelts; i++) {
        const char *version = APR_ARRAY_IDX(findings->templates, i, cdist_template_t).id.version;
        if (!*version || !cdist_claim_differs(claim, version)) return 1;
    }
    return findings->templates->nelts == 0;
}

/* NB: not part of what is cached: a folder may be renamed while the files in it stay as they are. */
static void check_claims(scan_t *scan, const place_t *place, const char *path, const findings_t *findings, const char *name)
{
    apr_pool_t *pool = findings->pool;
    const char *claim = cdist_claim_of(name, 0, pool), *is;

    if (findings->templates->nelts == 0) return;
    is = APR_ARRAY_IDX(findings->templates, 0, cdist_template_t).id.version;
    if (*claim && !has_version(findings, claim)) {
        cdist_scan_problem(scan, path, apr_psprintf(pool, "its name says %s, its content %s", claim,
                                                    cdist_text_printable(is, pool)));
    }
    claim = cdist_claim_of(cdist_path_name(place->path, pool), 1, pool);
    if (*claim && !has_version(findings, claim)) {
        cdist_scan_problem(scan, path, apr_psprintf(pool, "its folder says %s, its content %s", claim,
                                                    cdist_text_printable(is, pool)));
    }
}

/* ---- a folder -------------------------------------------------------------------------------------------------- */

static void take(scan_t *scan, const place_t *place, const child_t *child, const char *path, const findings_t *findings)
{
    int i;

    for (i = 0; i < findings->templates->nelts; i++) {
        cdist_scan_take(scan, &APR_ARRAY_IDX(findings->templates, i, cdist_template_t), path);
    }
    for (i = 0; i < findings->problems->nelts; i++) {
        cdist_scan_problem(scan, path, APR_ARRAY_IDX(findings->problems, i, const char *));
    }
    check_claims(scan, place, path, findings, child->name);
}

void cdist_scan_exactly(scan_t *scan, place_t *place, apr_pool_t *pool)
{
    apr_pool_t *file_pool;
    int i;

    apr_pool_create(&file_pool, pool);
    for (i = 0; i < place->children->nelts && !cdist_scan_is_stopped(scan); i++) {
        const child_t *child = &APR_ARRAY_IDX(place->children, i, child_t);
        int with_texts = has_texts(place, child);
        findings_t *findings;
        const char *path;
        mark_t mark;

        if (child->stat.kind != CDIST_FILE || child->role < ROLE_CF || child->role > ROLE_DELIVERY) continue;
        apr_pool_clear(file_pool);
        path = apr_pstrcat(file_pool, place->path, "/", child->name, NULL);
        cdist_scan_count(scan, path);
        findings = cdist_findings_make(file_pool);
        make_mark(&mark, scan, place, child, with_texts);
        if (cdist_cache_get(findings, scan, place, child, &mark)) {
            scan->result->cached++;
        } else {
            read_child(findings, scan, place, child, with_texts);
            cdist_cache_put(scan, place, child, &mark, findings);
        }
        take(scan, place, child, path, findings);
    }
    apr_pool_destroy(file_pool);
}
