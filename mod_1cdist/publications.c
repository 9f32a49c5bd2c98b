/* The publications of the whole configuration, for what is done before anybody asks. */
#include "mod_1cdist_int.h"

#include <http_core.h>

static void collect(apr_array_header_t *found, const apr_array_header_t *sections, server_rec *server, apr_pool_t *pool)
{
    cdist_dir_conf_t *base = ap_get_module_config(server->lookup_defaults, &cdist_module);
    int i;

    for (i = 0; i < sections->nelts; i++) {
        ap_conf_vector_t *section = APR_ARRAY_IDX(sections, i, ap_conf_vector_t *);
        cdist_dir_conf_t *conf = ap_get_module_config(section, &cdist_module);
        cdist_dir_conf_t *merged = conf ? cdist_conf_merge_dir(pool, base, conf) : NULL;

        if (merged && cdist_dir_has_lookup(merged)) APR_ARRAY_PUSH(found, const cdist_dir_conf_t *) = merged;
    }
}

apr_array_header_t *cdist_publications(server_rec *server, apr_pool_t *pool)
{
    apr_array_header_t *found = apr_array_make(pool, 4, sizeof(const cdist_dir_conf_t *));

    for (; server; server = server->next) {
        const core_server_config *core = ap_get_core_module_config(server->module_config);

        collect(found, core->sec_dir, server, pool);
        collect(found, core->sec_url, server, pool);
    }
    return found;
}
