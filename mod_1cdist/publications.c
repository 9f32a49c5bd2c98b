/* The publications of the whole configuration, for what is done before anybody asks. */
#include "mod_1cdist_int.h"

#include <apr_hash.h>
#include <http_core.h>

const char *cdist_publication_name(const cdist_dir_conf_t *publication, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;
    int i;

    cdist_sha256_update_text(sha, cdist_lookup_text(&publication->lookup, pool));
    cdist_sha256_update_u64(sha, (apr_uint64_t)publication->current.kind);
    cdist_sha256_update_text(sha, cdist_version_format(&publication->current.mask, pool));
    cdist_sha256_update_text(sha, publication->current.server ? publication->current.server : "");
    for (i = 0; publication->current.required && i < publication->current.required->nelts; i++) {
        cdist_sha256_update_text(sha, APR_ARRAY_IDX(publication->current.required, i, const cdist_slot_t *)->name);
    }
    cdist_sha256_final(&digest, sha);
    return cdist_digest_hex(&digest, pool);
}

typedef struct found_t {
    apr_array_header_t *list; /* const cdist_dir_conf_t *, or what is asked of them */
    apr_hash_t *names;
    apr_pool_t *pool;
    void (*add)(struct found_t *found, const cdist_dir_conf_t *conf);
} found_t;

static void add_publication(found_t *found, const cdist_dir_conf_t *conf)
{
    const char *name;

    if (!cdist_dir_has_lookup(conf) || conf->publish == CDIST_PUBLISH_OFF) return;
    name = cdist_publication_name(conf, found->pool);
    if (apr_hash_get(found->names, name, APR_HASH_KEY_STRING)) return;
    apr_hash_set(found->names, name, APR_HASH_KEY_STRING, conf);
    APR_ARRAY_PUSH(found->list, const cdist_dir_conf_t *) = conf;
}

static void add_updates(found_t *found, const cdist_dir_conf_t *conf)
{
    const char *name;

    if (!conf->updates || conf->publish == CDIST_PUBLISH_OFF) return;
    name = apr_array_pstrcat(found->pool, conf->updates, '\n');
    if (apr_hash_get(found->names, name, APR_HASH_KEY_STRING)) return;
    apr_hash_set(found->names, name, APR_HASH_KEY_STRING, conf);
    APR_ARRAY_PUSH(found->list, const apr_array_header_t *) = conf->updates;
}

static void collect(found_t *found, const apr_array_header_t *sections, server_rec *server)
{
    cdist_dir_conf_t *base = ap_get_module_config(server->lookup_defaults, &cdist_module);
    int i;

    for (i = 0; i < sections->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        cdist_dir_conf_t *conf = ap_get_module_config(section, &cdist_module);

        if (conf) found->add(found, cdist_conf_merge_dir(found->pool, base, conf));
    }
}

/* NB: a virtual host's sections are the main server's and its own. */
static void collect_all(found_t *found, server_rec *server)
{
    for (; server; server = server->next) {
        const core_server_config *core = ap_get_core_module_config(server->module_config);

        collect(found, core->sec_dir, server);
        collect(found, core->sec_url, server);
    }
}

apr_array_header_t *cdist_publications(server_rec *server, apr_pool_t *pool)
{
    found_t found = {apr_array_make(pool, 4, sizeof(const cdist_dir_conf_t *)), apr_hash_make(pool), pool, add_publication};

    collect_all(&found, server);
    return found.list;
}

apr_array_header_t *cdist_update_publications(server_rec *server, apr_pool_t *pool)
{
    found_t found = {apr_array_make(pool, 4, sizeof(const apr_array_header_t *)), apr_hash_make(pool), pool, add_updates};

    collect_all(&found, server);
    return found.list;
}
