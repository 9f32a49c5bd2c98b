/* mod_1cdist: the update point of a 1C:Enterprise installation. Hooks and the module record.
 *
 * A store or root that is away never keeps httpd from starting: its URLs answer 503 with the reason. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <ap_mpm.h>
#include <http_core.h>
#include <http_main.h>
#include <http_protocol.h>
#include <http_request.h>
#include <mpm_common.h>
#include <mod_core.h>

#include <string.h>

/* ---- log ------------------------------------------------------------------------------------------------------- */

static int log_enabled(void *baton, cdist_log_level_t level)
{
    (void)baton;
    return ap_server_conf && APLOG_IS_LEVEL(ap_server_conf, (int)level);
}

static void log_print(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    ap_log_error(APLOG_MARK, (int)level, status, ap_server_conf, "%s", text);
}

/* ---- start ----------------------------------------------------------------------------------------------------- */

static int post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    const cdist_process_conf_t *conf = ap_get_module_config(server->module_config, &cdist_module);
    apr_array_header_t *folders = apr_array_make(ptemp, 8, sizeof(cdist_named_folder_t));
    server_rec *s;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG) return OK;
    if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) return OK;
    cdist_log_set(log_enabled, log_print, NULL);
    for (s = server; s; s = s->next) {
        const cdist_process_conf_t *other = ap_get_module_config(s->module_config, &cdist_module);
        if (s == server || other != conf) apr_array_cat(folders, other->folders);
    }
    cdist_start_store(conf->store, server, ptemp);
    cdist_board = cdist_start_shared(cdist_board_bytes(), pconf);
    cdist_upstreams_share(cdist_start_shared(cdist_upstreams_bytes(), pconf));
    ap_log_error(APLOG_MARK, APLOG_INFO, 0, server, "CD0108: store %s, %d folders and lists to look at", conf->store,
                 folders->nelts);
    if (folders->nelts) cdist_start_check_folders(folders, server, ptemp);
    cdist_start_check_handlers(server, ptemp);
    return OK;
}

/* ---- requests -------------------------------------------------------------------------------------------------- */

/* Fills in the base and what follows it. NB: r->uri, not filename and path_info: the core splits those by what happens
 * to exist on the disk. */
static int find_route(cdist_request_t *req)
{
    request_rec *r = req->r;
    const char *prefix = ap_context_prefix(r);
    apr_size_t length;

    if (!*prefix && req->dir->mount) prefix = req->dir->mount;
    length = strlen(prefix);
    while (length > 0 && prefix[length - 1] == '/') length--;
    if (strncmp(r->uri, prefix, length) != 0) return 0;
    req->base = apr_pstrmemdup(r->pool, prefix, length);
    cdist_route_parse(&req->route, r->uri + length, req->dir->lookup.components, r->pool);
    return 1;
}

/* What CDistPublish Off switches off. The platform's own question for a distribution is answered: there is none. */
static int hands_out(cdist_route_kind_t kind)
{
    return kind == CDIST_ROUTE_HOME || kind == CDIST_ROUTE_INDEX || kind == CDIST_ROUTE_PUBLISHED || kind == CDIST_ROUTE_ARCHIVE ||
           kind == CDIST_ROUTE_BYTES || kind == CDIST_ROUTE_CLIENT_UPDATE || kind == CDIST_ROUTE_UPDATES ||
           kind == CDIST_ROUTE_UPDATES_FOLDER || kind == CDIST_ROUTE_UPDATE_CHAIN || kind == CDIST_ROUTE_UPDATE_FILE ||
           kind == CDIST_ROUTE_UPDATE_BYTES;
}

static int serve(cdist_request_t *req)
{
    const char *malformed = cdist_negotiate(req);

    if (malformed) return cdist_respond_problem(req, HTTP_BAD_REQUEST, malformed);
    if (req->dir->publish == CDIST_PUBLISH_OFF && hands_out(req->route.kind)) {
        return cdist_respond_problem(req, HTTP_FORBIDDEN, "this machine takes updates and does not hand them out (CDistPublish Off)");
    }
    switch (req->route.kind) {
    case CDIST_ROUTE_HOME: return cdist_serve_home(req);
    case CDIST_ROUTE_INDEX: return cdist_serve_index(req);
    case CDIST_ROUTE_PUBLISHED: return cdist_serve_published(req);
    case CDIST_ROUTE_ARCHIVE:
    case CDIST_ROUTE_BYTES: return cdist_serve_archive(req);
    case CDIST_ROUTE_DISTRIBUTIVE: return cdist_serve_distributive_probe(req);
    case CDIST_ROUTE_DISTRIBUTIVE_INFO: return cdist_serve_distributive_info(req);
    case CDIST_ROUTE_INFOBASES: return cdist_serve_infobases_probe(req);
    case CDIST_ROUTE_CHECK_INFOBASES: return cdist_serve_check_infobases(req);
    case CDIST_ROUTE_RESOLVE: return cdist_serve_resolve(req);
    case CDIST_ROUTE_CLIENT_UPDATE: return cdist_serve_client_update(req);
    case CDIST_ROUTE_UPDATES:
    case CDIST_ROUTE_UPDATES_FOLDER: return cdist_serve_updates(req);
    case CDIST_ROUTE_UPDATE_CHAIN: return cdist_serve_update_chain(req);
    case CDIST_ROUTE_UPDATE_FILE: return cdist_serve_update_file(req);
    case CDIST_ROUTE_UPDATE_BYTES: return cdist_serve_update_bytes(req);
    case CDIST_ROUTE_GET_INFOBASES: return cdist_serve_get_infobases(req);
    case CDIST_ROUTE_BRANCHES: return cdist_serve_branches(req, json_object());
    case CDIST_ROUTE_MALFORMED: return cdist_respond_problem(req, HTTP_BAD_REQUEST, req->route.reason);
    case CDIST_ROUTE_UNKNOWN: break;
    }
    /* The catalogue shows what there is instead; without it the answer is the same. */
    if (cdist_dir_has_lookup(req->dir) && cdist_child_catalogue(req)) req->catalogue = NULL;
    return cdist_respond_problem(req, HTTP_NOT_FOUND, req->route.reason);
}

/* Under our handler no request is ever declined to another one, which might hand out what lies in a folder. */
static int handler(request_rec *r)
{
    cdist_request_t req;
    int rv, found;

    if (!r->handler || strcmp(r->handler, "1cdist") != 0) return DECLINED;
    memset(&req, 0, sizeof req);
    req.r = r;
    req.dir = ap_get_module_config(r->per_dir_config, &cdist_module);
    ap_allow_standard_methods(r, REPLACE_ALLOW, M_GET, M_OPTIONS, -1);
    found = find_route(&req);
    if (found && req.route.kind == CDIST_ROUTE_BRANCHES && r->method_number == M_POST) return cdist_serve_branch_report(&req);
    if ((rv = ap_discard_request_body(r)) != OK) return rv;
    if (r->method_number == M_OPTIONS) return ap_send_http_options(r);
    if (!found) return cdist_respond_problem(&req, HTTP_NOT_FOUND, "the path is outside the publication");
    if (r->method_number != M_GET) {
        apr_table_setn(r->headers_out, "Allow", "GET,HEAD,OPTIONS");
        return cdist_respond_problem(&req, HTTP_METHOD_NOT_ALLOWED, "only GET, HEAD and OPTIONS are answered here");
    }
    return serve(&req);
}

static void register_hooks(apr_pool_t *pool)
{
    static const char *const before_watchdog[] = {"mod_watchdog.c", NULL};

    (void)pool;
    ap_hook_check_config(cdist_check_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(post_config, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_post_config(cdist_watch_start, NULL, before_watchdog, APR_HOOK_MIDDLE);
    ap_hook_child_init(cdist_child_init, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_child_stopping(cdist_child_stopping, NULL, NULL, APR_HOOK_MIDDLE);
    ap_hook_handler(handler, NULL, NULL, APR_HOOK_MIDDLE);
    cdist_relay_register();
}

module AP_MODULE_DECLARE_DATA cdist_module = {
    STANDARD20_MODULE_STUFF, cdist_conf_create_dir, cdist_conf_merge_dir, cdist_conf_create_process, NULL,
    cdist_commands,          register_hooks,        0};
