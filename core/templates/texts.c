/* The text files of a release, and what they say of its templates: 1cv8.mft (whose configuration), UpdInfo.txt (what the update
 * applies to, and its date), 1cv8.cuc (what it applies to), 1cv8upd.htm (the platform it asks for).
 *
 * Nobody has seen a 1cv8.cuc; it is told that Designer makes it, and that it lists configurations. It is taken if it is like
 * UpdInfo.txt, like UpdateInfo.inf, or brace text of lists {"name","vendor","version",id}. */
#include "templates_int.h"

#include <apr_strings.h>

#include <string.h>

#define TEXT_MAX (256u * 1024)
#define NOTICE_MAX (4u * 1024 * 1024)
#define MAX_CONFIGS 64
#define LISTED_MAX 5 /* versions that a message names */

texts_t *cdist_texts_make(const char *folder, apr_pool_t *pool)
{
    texts_t *texts = apr_pcalloc(pool, sizeof *texts);

    texts->folder = folder;
    texts->installs = apr_array_make(pool, 2, sizeof(const char *));
    texts->min_platform = "";
    return texts;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static void take_installs(texts_t *texts, const char *text, apr_pool_t *pool)
{
    int number;

    for (number = 1; number <= MAX_CONFIGS; number++) {
        const char *file = cdist_keyvalue_get(text, apr_psprintf(pool, "Config%d", number), "Source", pool);

        if (!file) return;
        APR_ARRAY_PUSH(texts->installs, const char *) = file;
    }
}

/* Lists that begin with three texts. */
static cdist_err_t *take_quadruples(apr_array_header_t *found, const char *text, const char *name, apr_pool_t *pool)
{
    cdist_bytes_t *bytes = cdist_bytes_memory(text, strlen(text), name, pool);
    cdist_brace_reader_t *reader = cdist_brace_reader_create(cdist_bytes_stream(bytes, 0, pool), 4096, pool);
    const char *part[3] = {"", "", ""};
    const cdist_token_t *token;
    apr_uint32_t next = 0;

    for (;;) {
        CDIST_ERR(cdist_brace_next(&token, reader));
        if (token->kind == CDIST_BRACE_END) return NULL;
        if (token->kind == CDIST_BRACE_OPEN || token->kind == CDIST_BRACE_CLOSE) {
            next = token->kind == CDIST_BRACE_OPEN ? 0 : 4;
        } else if (next == 3 && token->kind == CDIST_BRACE_BARE) {
            APR_ARRAY_IDX(found, found->nelts - 1, cdist_configuration_id_t).version_id = apr_pstrdup(pool, token->text);
            next = 4;
        } else if (next < 3 && token->kind == CDIST_BRACE_TEXT) {
            part[next++] = apr_pstrdup(pool, token->text);
            if (next < 3) continue;
            APR_ARRAY_PUSH(found, cdist_configuration_id_t) = (cdist_configuration_id_t){part[0], part[1], part[2], ""};
        } else {
            next = 4;
        }
    }
}

static cdist_err_t *take_cuc(texts_t *texts, const char *text, const char *name, apr_pool_t *pool)
{
    cdist_bytes_t *bytes = cdist_bytes_memory(text, strlen(text), name, pool);
    cdist_update_info_t *info;
    cdist_file_facts_t *facts;
    apr_array_header_t *found = apr_array_make(pool, 4, sizeof(cdist_configuration_id_t));

    if (*(text + strspn(text, " \t\r\n")) != '{') {
        if (!cdist_file_facts_of(&facts, bytes, pool, pool) && facts->kind == CDIST_FILE_UPDINFO) found = facts->sources;
    } else if (cdist_update_info_parse(&info, cdist_bytes_stream(bytes, 0, pool), 0, pool) == NULL) {
        found = info->sources;
    } else if (take_quadruples(found, text, name, pool) != NULL) {
        found->nelts = 0;
    }
    if (found->nelts == 0) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: lists no configurations in a way that is known; it is not used",
                                name);
    }
    texts->applies = found;
    return NULL;
}

static cdist_err_t *take_facts(const cdist_file_facts_t **to, cdist_file_kind_t kind, const char *text, apr_size_t length,
                               const char *name, apr_pool_t *pool)
{
    cdist_file_facts_t *facts;

    CDIST_ERR(cdist_file_facts_of(&facts, cdist_bytes_memory(text, length, name, pool), pool, pool));
    if (facts->kind != kind) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: is no %s, but a %s", name,
                                kind == CDIST_FILE_MFT ? "manifest" : "UpdInfo.txt", cdist_file_kind_name(facts->kind));
    }
    *to = facts;
    return NULL;
}

cdist_err_t *cdist_texts_take(texts_t *texts, role_t role, cdist_bytes_t *bytes, apr_pool_t *pool)
{
    const char *name = cdist_bytes_name(bytes);
    apr_size_t length;
    char *text;

    CDIST_ERR(cdist_stream_read_all(&text, &length, cdist_bytes_stream(bytes, 0, pool),
                                    role == ROLE_NOTICE ? NOTICE_MAX : TEXT_MAX, pool));
    if (role == ROLE_NOTICE) {
        texts->min_platform = cdist_notice_platform(text, length, pool);
        return NULL;
    }
    if (role == ROLE_UPDINFO) return take_facts(&texts->updinfo, CDIST_FILE_UPDINFO, text, length, name, pool);
    if (role == ROLE_CUC) return take_cuc(texts, cdist_text_decode_cp1251(text, length, pool), name, pool);
    CDIST_ERR(take_facts(&texts->mft, CDIST_FILE_MFT, text, length, name, pool));
    take_installs(texts, cdist_text_decode_cp1251(text, length, pool), pool);
    return NULL;
}

/* ---- what they say of a template ------------------------------------------------------------------------------- */

/* The versions of `sources` that `others` lack: "1.0.0.5, 1.0.0.6 and 3 more"; NULL if there are none. */
static const char *versions_beyond(const apr_array_header_t *sources, const apr_array_header_t *others, apr_pool_t *pool)
{
    apr_hash_t *known = apr_hash_make(pool);
    const char *text = NULL;
    int i, count = 0;

    for (i = 0; i < others->nelts; i++) {
        apr_hash_set(known, APR_ARRAY_IDX(others, i, cdist_configuration_id_t).version, APR_HASH_KEY_STRING, others);
    }
    for (i = 0; i < sources->nelts; i++) {
        const char *version = APR_ARRAY_IDX(sources, i, cdist_configuration_id_t).version;

        if (apr_hash_get(known, version, APR_HASH_KEY_STRING) || count++ >= LISTED_MAX) continue;
        text = text ? apr_pstrcat(pool, text, ", ", version, NULL) : version;
    }
    return count > LISTED_MAX ? apr_psprintf(pool, "%s and %d more", text, count - LISTED_MAX) : text;
}

static void compare_sources(const cdist_template_t *template, findings_t *findings, const texts_t *texts)
{
    const apr_array_header_t *told = texts->updinfo->sources;
    const char *text;

    if (told->nelts == 0) return;
    text = versions_beyond(told, template->sources, findings->pool);
    if (text) cdist_findings_problem(findings, "UpdInfo.txt says that it applies to %s, which it does not", text);
    text = versions_beyond(template->sources, told, findings->pool);
    if (text) cdist_findings_problem(findings, "UpdInfo.txt does not say that it applies to %s", text);
}

static void compare_manifest(const cdist_template_t *template, findings_t *findings, const cdist_file_facts_t *mft)
{
    const struct {
        const char *what, *told, *is;
    } parts[] = {{"name", mft->name, template->id.name},
                 {"vendor", mft->vendor, template->id.vendor},
                 {"version", mft->version, template->id.version}};
    size_t i;

    for (i = 0; i < sizeof parts / sizeof parts[0]; i++) {
        if (strcmp(parts[i].told, parts[i].is) == 0) continue;
        cdist_findings_problem(findings, "its manifest (.mft) gives the %s \"%s\", its content \"%s\"", parts[i].what,
                               parts[i].told, parts[i].is);
    }
}

static void take_date(cdist_template_t *template, findings_t *findings, const cdist_file_facts_t *updinfo)
{
    template->released = cdist_date_parse(updinfo->release_date);
    if (template->released == CDIST_UNDATED && *updinfo->release_date && findings) {
        cdist_findings_problem(findings, "UpdateDate of UpdInfo.txt is \"%s\", and no date such as 22.09.2015",
                               updinfo->release_date);
    }
}

/* NB: a date, or a platform, that is told of another version says nothing about this one. */
void cdist_texts_apply(cdist_template_t *template, findings_t *findings, const texts_t *texts)
{
    const cdist_file_facts_t *updinfo = texts->updinfo;

    template->min_platform = texts->min_platform;
    if (texts->mft) compare_manifest(template, findings, texts->mft);
    if (!updinfo) return;
    if (strcmp(updinfo->version, template->id.version) != 0) {
        cdist_findings_problem(findings, "UpdInfo.txt gives the version \"%s\", its content \"%s\"", updinfo->version,
                               template->id.version);
        return;
    }
    take_date(template, findings, updinfo);
    if (template->kind == CDIST_FILE_CFU && !template->text_only) compare_sources(template, findings, texts);
}

void cdist_texts_complete(cdist_template_t *template, const texts_t *texts)
{
    const cdist_file_facts_t *updinfo = texts->updinfo;

    if (texts->mft && strcmp(texts->mft->version, template->id.version) != 0) return;
    if (updinfo && strcmp(updinfo->version, template->id.version) != 0) return;
    if (!*template->min_platform) template->min_platform = texts->min_platform;
    if (updinfo && template->released == CDIST_UNDATED) take_date(template, NULL, updinfo);
}
