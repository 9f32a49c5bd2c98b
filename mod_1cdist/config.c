/* Directives: parsing, defaults, merging. Each directive is described in conf-examples/reference.conf; a guard compares
 * the two. */
#include "mod_1cdist_int.h"

#include <ap_mpm.h>
#include <apr_strings.h>
#include <http_core.h>
#include <http_main.h>

#include <string.h>

#ifndef CDIST_DEFAULT_STORE
#error "configure sets CDIST_DEFAULT_STORE"
#endif

void *cdist_conf_create_process(apr_pool_t *pool, server_rec *server)
{
    cdist_process_conf_t *conf = apr_pcalloc(pool, sizeof *conf);

    (void)server;
    conf->store = CDIST_DEFAULT_STORE;
#define X(member, directive, preset, least, most, help) conf->member = preset;
    CDIST_PROCESS_NUMBERS(X)
#undef X
    conf->roots = apr_array_make(pool, 4, sizeof(const char *));
    return conf;
}

void *cdist_conf_create_dir(apr_pool_t *pool, char *dir)
{
    (void)dir;
    return apr_pcalloc(pool, sizeof(cdist_dir_conf_t));
}

void *cdist_conf_merge_dir(apr_pool_t *pool, void *base, void *add)
{
    const cdist_dir_conf_t *outer = base, *inner = add;
    cdist_dir_conf_t *conf = apr_pcalloc(pool, sizeof *conf);

    conf->roots = inner->roots ? inner->roots : outer->roots;
    conf->mount = inner->roots ? inner->mount : outer->mount;
    conf->current = inner->current.kind != CDIST_CURRENT_UNSET ? inner->current : outer->current;
    conf->current.required = inner->current.required ? inner->current.required : outer->current.required;
    return conf;
}

static cdist_process_conf_t *process_conf(void)
{
    return ap_get_module_config(ap_server_conf->module_config, &cdist_module);
}

const cdist_process_conf_t *cdist_conf_process(void)
{
    cdist_process_conf_t *conf = process_conf();

    if (conf->wait_max == CDIST_NUMBER_UNSET) {
        int children = 1, threads = 1;

        ap_mpm_query(AP_MPMQ_MAX_DAEMONS, &children);
        ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
        conf->wait_max = (children > 0 ? children : 1) * (threads > 0 ? threads : 1) / 4;
        if (conf->wait_max < 1) conf->wait_max = 1;
    }
    return conf;
}

/* ---- setters: NULL, or what is wrong and what is allowed; httpd adds directive, file and line ---------------------- */

static const char *global_only(cmd_parms *cmd)
{
    return ap_check_cmd_context(cmd, GLOBAL_ONLY);
}

#define X(member, directive, preset, least, most, help)                                                            \
    static const char *set_##member(cmd_parms *cmd, void *unused, const char *arg)                                 \
    {                                                                                                              \
        cdist_process_conf_t *conf = ap_get_module_config(cmd->server->module_config, &cdist_module);              \
        const char *misplaced = global_only(cmd);                                                                  \
        (void)unused;                                                                                              \
        if (misplaced) return misplaced;                                                                           \
        if (cdist_number_parse(&conf->member, arg, least, most)) return NULL;                                      \
        return apr_psprintf(cmd->pool, "%s \"%s\": must be a whole number from %d to %d (%s)", directive, arg, least, \
                            most, help);                                                                           \
    }
CDIST_PROCESS_NUMBERS(X)
#undef X

/* An absolute path without final '/', or NULL. */
static const char *absolute_path(cmd_parms *cmd, const char *arg)
{
    char *path = *arg ? ap_server_root_relative(cmd->pool, arg) : NULL;
    apr_size_t length = path ? strlen(path) : 0;

    while (length > 1 && path[length - 1] == '/') path[--length] = '\0';
    return path;
}

static const char *set_store(cmd_parms *cmd, void *unused, const char *arg)
{
    cdist_process_conf_t *conf = ap_get_module_config(cmd->server->module_config, &cdist_module);
    const char *misplaced = global_only(cmd);

    (void)unused;
    if (misplaced) return misplaced;
    conf->store = absolute_path(cmd, arg);
    return conf->store ? NULL : apr_psprintf(cmd->pool, "CDistStore \"%s\": must be the path of a folder", arg);
}

static const char *set_root(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_process_conf_t *process = ap_get_module_config(cmd->server->module_config, &cdist_module);
    cdist_dir_conf_t *conf = dir;
    const char *path = absolute_path(cmd, arg);
    const ap_directive_t *section = cmd->directive->parent;

    if (!path) return apr_psprintf(cmd->pool, "CDistRoot \"%s\": must be the path of a folder", arg);
    if (!conf->roots) conf->roots = apr_array_make(cmd->pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH(conf->roots, const char *) = path;
    APR_ARRAY_PUSH(process->roots, const char *) = path;
    /* A plain <Location "/path"> is a base as an Alias is; with a regular expression (~) there is none. */
    if (section && strcasecmp(section->directive, "<Location") == 0 && *section->args != '~') conf->mount = cmd->path;
    return NULL;
}

static const char *set_current(cmd_parms *cmd, void *dir, const char *arg, const char *folder)
{
    cdist_dir_conf_t *conf = dir;
    const char *wrong;

    if (strcasecmp(arg, "server") == 0) {
        conf->current.kind = CDIST_CURRENT_SERVER;
        conf->current.server = folder ? absolute_path(cmd, folder) : NULL;
        return conf->current.server ? NULL : "CDistCurrent server: after it must stand the folder of the server's versions, "
                                             "such as /opt/1cv8/x86_64";
    }
    if (folder) return "CDistCurrent: a second word stands after \"server\" only";
    wrong = cdist_current_parse(&conf->current, arg);
    return wrong ? apr_psprintf(cmd->pool, "CDistCurrent \"%s\": %s", arg, wrong) : NULL;
}

static const char *set_require(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;
    apr_array_header_t *required = (apr_array_header_t *)conf->current.required;
    const cdist_slot_t *slot = cdist_slot_parse(arg);

    if (!slot) {
        return apr_psprintf(cmd->pool, "CDistRequire \"%s\": must be slots out of windows32 windows64 linux32 linux64 "
                            "macos64 linux-arm64 linux-e2k", arg);
    }
    if (!required) conf->current.required = required = apr_array_make(cmd->pool, 5, sizeof(const cdist_slot_t *));
    APR_ARRAY_PUSH(required, const cdist_slot_t *) = slot;
    return NULL;
}

const command_rec cdist_commands[] = {
    AP_INIT_ITERATE("CDistRoot", set_root, NULL, RSRC_CONF | ACCESS_CONF, "folders with platform releases"),
    AP_INIT_TAKE12("CDistCurrent", set_current, NULL, RSRC_CONF | ACCESS_CONF,
                   "the current version: newest, 8.3.22, 8.3.22.1750, or server FOLDER"),
    AP_INIT_ITERATE("CDistRequire", set_require, NULL, RSRC_CONF | ACCESS_CONF,
                    "slots that a release must have to become current"),
    AP_INIT_TAKE1("CDistStore", set_store, NULL, RSRC_CONF, "folder of built archives"),
#define X(member, directive, preset, least, most, help) AP_INIT_TAKE1(directive, set_##member, NULL, RSRC_CONF, help),
    CDIST_PROCESS_NUMBERS(X)
#undef X
    {NULL}};
