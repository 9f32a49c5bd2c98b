/* What one file holds that can be installed: itself, or members of a delivery, also of one that lies in a ZIP. */
#include "templates_int.h"

#include <apr_strings.h>

#include <string.h>

#define MAX_DEPTH 2 /* an .efd in a .zip */

static void look(findings_t *findings, cdist_bytes_t *bytes, role_t role, const char *member, int depth, apr_pool_t *pool);

static void take_facts(findings_t *findings, const cdist_file_facts_t *facts, role_t role, const char *member,
                       apr_uint64_t bytes)
{
    int is_template = facts->kind == CDIST_FILE_CF || facts->kind == CDIST_FILE_CFU;
    const char *kind = cdist_file_kind_name(facts->kind), *in = *member ? ": " : "";
    cdist_template_t *template;

    if (facts->kind != (role == ROLE_CF ? CDIST_FILE_CF : CDIST_FILE_CFU)) {
        cdist_findings_problem(findings, "%s%sits name ends in .%s, its content is a .%s%s", member, in,
                               role == ROLE_CF ? "cf" : "cfu", kind, is_template ? "" : ", which no chain is made of");
    }
    if (!is_template) return;
    template = cdist_findings_add(findings);
    template->kind = facts->kind;
    template->id = (cdist_configuration_id_t){facts->name, facts->vendor, facts->version, facts->version_id};
    template->sources = facts->sources;
    template->member = member;
    template->bytes = bytes;
    template->distribution = facts->distribution;
}

static cdist_err_t *read_facts(findings_t *findings, cdist_bytes_t *bytes, role_t role, const char *member, apr_uint64_t length,
                               apr_pool_t *pool)
{
    cdist_file_facts_t *facts;

    CDIST_ERR(cdist_file_facts_of(&facts, bytes, findings->pool, pool));
    take_facts(findings, facts, role, member, length);
    return NULL;
}

/* ---- deliveries ------------------------------------------------------------------------------------------------ */

static const char *last_part(const char *name)
{
    const char *slash = strrchr(name, '/');

    return slash ? slash + 1 : name;
}

static int is_wanted(const char *name)
{
    role_t role = cdist_role_of(name);

    if (role == ROLE_CF || role == ROLE_CFU) return 1;
    /* A ZIP in a ZIP is not looked into: it holds anything, and its directory lies at its end. */
    if (role == ROLE_DELIVERY) return strcasecmp(name + strlen(name) - 4, ".efd") == 0;
    return (role == ROLE_MFT || role == ROLE_UPDINFO || role == ROLE_NOTICE) && cdist_role_is_usual(role, last_part(name));
}

/* The texts that lie in the folder of a member; made if they are not there yet. */
static texts_t *texts_of(apr_hash_t *all, const char *name, apr_pool_t *pool)
{
    const char *folder = apr_pstrmemdup(pool, name, (apr_size_t)(last_part(name) - name));
    texts_t *texts = apr_hash_get(all, folder, APR_HASH_KEY_STRING);

    if (texts) return texts;
    texts = cdist_texts_make(folder, pool);
    apr_hash_set(all, folder, APR_HASH_KEY_STRING, texts);
    return texts;
}

/* A member, by its role. What is wrong with it is noted, and the next one comes. */
static void look_at_member(findings_t *findings, const cdist_delivery_t *delivery, const cdist_member_t *member,
                           const char *shown, texts_t *texts, int depth, apr_pool_t *pool)
{
    int templates = findings->templates->nelts;
    role_t role = cdist_role_of(member->name);
    cdist_bytes_t *bytes;
    cdist_err_t *err = cdist_delivery_member(&bytes, delivery, member, pool);

    if (!err && role == ROLE_DELIVERY) look(findings, bytes, role, shown, depth + 1, pool);
    else if (!err && role <= ROLE_CFU) err = read_facts(findings, bytes, role, shown, member->bytes, pool);
    else if (!err) err = cdist_texts_take(texts, role, bytes, findings->pool);
    if (!err) err = cdist_delivery_member_check(delivery, bytes);
    if (!err) return;
    findings->templates->nelts = templates;
    cdist_findings_error(findings, err, member->name, shown);
}

static cdist_err_t *look_at_delivery(findings_t *findings, cdist_bytes_t *bytes, const char *member, int depth, apr_pool_t *pool)
{
    apr_hash_t *all = apr_hash_make(findings->pool);
    /* texts_t *, of the folder that each template lies in, or the delivery that it came out of */
    apr_array_header_t *homes = apr_array_make(pool, 4, sizeof(texts_t *));
    const apr_array_header_t *members;
    int first = findings->templates->nelts, i;
    cdist_delivery_t *delivery;
    apr_pool_t *member_pool;

    CDIST_ERR(cdist_delivery_open(&delivery, bytes, is_wanted, pool));
    members = cdist_delivery_members(delivery);
    apr_pool_create(&member_pool, pool);
    for (i = 0; i < members->nelts; i++) {
        const cdist_member_t *next = &APR_ARRAY_IDX(members, i, cdist_member_t);
        const char *shown = apr_pstrcat(findings->pool, member, *member ? "/" : "", next->name, NULL);
        texts_t *texts = texts_of(all, next->name, findings->pool);

        if (depth == MAX_DEPTH && cdist_role_of(next->name) == ROLE_DELIVERY) continue;
        apr_pool_clear(member_pool);
        look_at_member(findings, delivery, next, shown, texts, depth, member_pool);
        while (first + homes->nelts < findings->templates->nelts) APR_ARRAY_PUSH(homes, texts_t *) = texts;
    }
    apr_pool_destroy(member_pool);
    for (i = 0; i < homes->nelts; i++) {
        cdist_template_t *template = &APR_ARRAY_IDX(findings->templates, first + i, cdist_template_t);
        const texts_t *texts = APR_ARRAY_IDX(homes, i, const texts_t *);
        int inner = strcmp(template->member, apr_pstrcat(pool, member, *member ? "/" : "", texts->folder,
                                                         last_part(template->member), NULL)) != 0;

        if (inner) cdist_texts_complete(template, texts);
        else cdist_texts_apply(template, findings, texts);
    }
    return NULL;
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void look(findings_t *findings, cdist_bytes_t *bytes, role_t role, const char *member, int depth, apr_pool_t *pool)
{
    cdist_err_t *err = role == ROLE_DELIVERY ? look_at_delivery(findings, bytes, member, depth, pool)
                                             : read_facts(findings, bytes, role, member, cdist_bytes_length(bytes), pool);

    if (err) cdist_findings_error(findings, err, cdist_bytes_name(bytes), member);
}

void cdist_look_into(findings_t *findings, cdist_bytes_t *bytes, role_t role, const texts_t *beside, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, pool);
    look(findings, bytes, role, "", 1, scratch);
    for (i = 0; beside && i < findings->templates->nelts; i++) {
        cdist_template_t *template = &APR_ARRAY_IDX(findings->templates, i, cdist_template_t);

        if (*template->member) cdist_texts_complete(template, beside);
        else cdist_texts_apply(template, findings, beside);
    }
    apr_pool_destroy(scratch);
}
