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
    conf->prebuild = 1;
#define X(member, directive, preset, least, most, help) conf->member = preset;
    CDIST_PROCESS_NUMBERS(X)
#undef X
    conf->folders = apr_array_make(pool, 4, sizeof(cdist_named_folder_t));
    return conf;
}

void *cdist_conf_create_dir(apr_pool_t *pool, char *dir)
{
    cdist_dir_conf_t *conf = apr_pcalloc(pool, sizeof *conf);

    (void)dir;
    conf->layout = CDIST_NUMBER_UNSET;
    conf->lookup.installed = 1;
    return conf;
}

/* Adds a slot to the components that the directory knows, if it is one. */
static void note_component(cdist_dir_conf_t *conf, const cdist_slot_t *slot, apr_pool_t *pool)
{
    apr_array_header_t *components = (apr_array_header_t *)conf->lookup.components;
    int i;

    if (!cdist_slot_is_component(slot)) return;
    for (i = 0; components && i < components->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(components, i, const cdist_slot_t *), slot) == 0) return;
    }
    if (!components) conf->lookup.components = components = apr_array_make(pool, 2, sizeof(const cdist_slot_t *));
    APR_ARRAY_PUSH(components, const cdist_slot_t *) = slot;
}

/* Every component that a CDistSource named so far, whatever the virtual host; it lives as long as the configuration. */
static apr_array_header_t *declared_components(apr_pool_t *pool)
{
    static const char key[] = "mod_1cdist components";
    void *declared = NULL;

    apr_pool_userdata_get(&declared, key, pool);
    if (!declared) {
        declared = apr_array_make(pool, 2, sizeof(const cdist_slot_t *));
        apr_pool_userdata_setn(declared, key, NULL, pool);
    }
    return declared;
}

static int is_declared(const cdist_slot_t *slot, apr_pool_t *pool)
{
    const apr_array_header_t *declared = declared_components(pool);
    int i;

    for (i = 0; i < declared->nelts; i++) {
        if (cdist_slot_compare(APR_ARRAY_IDX(declared, i, const cdist_slot_t *), slot) == 0) return 1;
    }
    return 0;
}

/* Brings up to date what follows from the directives. */
static void complete(cdist_dir_conf_t *conf, apr_pool_t *pool)
{
    const apr_array_header_t *patterns = conf->lookup.patterns, *required = conf->current.required;
    int i;

    conf->lookup.installed = conf->installed != CDIST_INSTALLED_OFF;
    conf->lookup.layout = conf->layout == CDIST_LAYOUT_FOLDER ? CDIST_LAYOUT_FOLDER : CDIST_LAYOUT_FLAT;
    conf->lookup.components = NULL;
    for (i = 0; patterns && i < patterns->nelts; i++) {
        note_component(conf, APR_ARRAY_IDX(patterns, i, cdist_pattern_t).slot, pool);
    }
    for (i = 0; required && i < required->nelts; i++) {
        note_component(conf, APR_ARRAY_IDX(required, i, const cdist_slot_t *), pool);
    }
}

void *cdist_conf_merge_dir(apr_pool_t *pool, void *base, void *add)
{
    const cdist_dir_conf_t *outer = base, *inner = add;
    cdist_dir_conf_t *conf = apr_pcalloc(pool, sizeof *conf);

    conf->lookup.roots = inner->lookup.roots ? inner->lookup.roots : outer->lookup.roots;
    conf->lookup.patterns = inner->lookup.patterns ? inner->lookup.patterns : outer->lookup.patterns;
    conf->lookup.overlay = inner->lookup.overlay ? inner->lookup.overlay : outer->lookup.overlay;
    conf->lookup.overlay_rules = inner->lookup.overlay ? inner->lookup.overlay_rules : outer->lookup.overlay_rules;
    /* NB: what only adds to a publication is no base of its own below another one's. */
    conf->mount = cdist_dir_has_lookup(inner) || !outer->mount ? inner->mount : outer->mount;
    conf->installed = inner->installed != CDIST_INSTALLED_UNSET ? inner->installed : outer->installed;
    conf->layout = inner->layout != CDIST_NUMBER_UNSET ? inner->layout : outer->layout;
    conf->current = inner->current.kind != CDIST_CURRENT_UNSET ? inner->current : outer->current;
    conf->current.required = inner->current.required ? inner->current.required : outer->current.required;
    cdist_conf_merge_services(conf, outer, inner);
    cdist_conf_merge_cascade(conf, outer, inner);
    complete(conf, pool);
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

const char *cdist_conf_path(cmd_parms *cmd, const char *arg)
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
    conf->store = cdist_conf_path(cmd, arg);
    return conf->store ? NULL : apr_psprintf(cmd->pool, "CDistStore \"%s\": must be the path of a folder", arg);
}

static const char *set_store_max(cmd_parms *cmd, void *unused, const char *arg)
{
    cdist_process_conf_t *conf = ap_get_module_config(cmd->server->module_config, &cdist_module);
    const char *misplaced = global_only(cmd);

    (void)unused;
    if (misplaced) return misplaced;
    if (cdist_size_parse(&conf->store_max, arg)) return NULL;
    return apr_psprintf(cmd->pool, "CDistStoreMaxSize \"%s\": must be " CDIST_SIZE_FORM, arg);
}

void cdist_conf_note_place(cmd_parms *cmd, const char *directive, const char *path, int is_list)
{
    cdist_process_conf_t *process = ap_get_module_config(cmd->server->module_config, &cdist_module);
    cdist_named_folder_t *folder = apr_array_push(process->folders);

    folder->directive = directive;
    folder->path = path;
    folder->is_list = is_list;
}

/* NB: a plain <Location "/path"> is a base as an Alias is; with a regular expression (~) there is none. */
void cdist_conf_note_mount(cmd_parms *cmd, cdist_dir_conf_t *conf)
{
    const ap_directive_t *section = cmd->directive->parent;

    if (section && strcasecmp(section->directive, "<Location") == 0 && *section->args != '~') conf->mount = cmd->path;
}

/* Whatever names a place with releases makes the section a publication. */
static void note_place(cmd_parms *cmd, cdist_dir_conf_t *conf, const char *directive, const char *path)
{
    cdist_conf_note_place(cmd, directive, path, 0);
    cdist_conf_note_mount(cmd, conf);
}

static const char *set_prebuild(cmd_parms *cmd, void *unused, const char *arg)
{
    cdist_process_conf_t *conf = ap_get_module_config(cmd->server->module_config, &cdist_module);
    const char *misplaced = global_only(cmd);

    (void)unused;
    if (misplaced) return misplaced;
    conf->prebuild = strcasecmp(arg, "On") == 0;
    if (conf->prebuild || strcasecmp(arg, "Off") == 0) return NULL;
    return apr_psprintf(cmd->pool, "CDistPrebuild \"%s\": must be On or Off", arg);
}

static const char *set_root(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;
    const char *path = cdist_conf_path(cmd, arg);

    if (!path) return apr_psprintf(cmd->pool, "CDistRoot \"%s\": must be the path of a folder", arg);
    if (!conf->lookup.roots) conf->lookup.roots = apr_array_make(cmd->pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH((apr_array_header_t *)conf->lookup.roots, const char *) = path;
    note_place(cmd, conf, "CDistRoot", path);
    return NULL;
}

#define SLOT_NAMES "windows32 windows64 linux32 linux64 macos64 linux-arm64 linux-e2k"

static const char *set_source(cmd_parms *cmd, void *dir, const char *name, const char *path)
{
    cdist_dir_conf_t *conf = dir;
    cdist_pattern_t pattern = {cdist_slot_make(name, cmd->pool), cdist_conf_path(cmd, path)};
    const char *problem = pattern.path ? cdist_pattern_problem(pattern.path) : "must be a path";

    if (!pattern.slot) return apr_psprintf(cmd->pool, "CDistSource \"%s\": must be a slot out of " SLOT_NAMES ", or a component's "
                                           "name of at most 31 letters, digits, '-' and '_', but not bin, conf, "
                                           "distr or srvinfo", name);
    if (problem) return apr_psprintf(cmd->pool, "CDistSource %s \"%s\": %s", name, path, problem);
    if (cdist_slot_is_component(pattern.slot)) {
        APR_ARRAY_PUSH(declared_components(cmd->pool), const cdist_slot_t *) = pattern.slot;
    }
    if (!conf->lookup.patterns) conf->lookup.patterns = apr_array_make(cmd->pool, 2, sizeof(cdist_pattern_t));
    APR_ARRAY_PUSH((apr_array_header_t *)conf->lookup.patterns, cdist_pattern_t) = pattern;
    note_place(cmd, conf, "CDistSource", cdist_pattern_folder(&pattern, cmd->pool));
    complete(conf, cmd->pool);
    return NULL;
}

/* NB: the rules are read with each look at the folders, like all else there, and not at start. */
static const char *set_overlay(cmd_parms *cmd, void *dir, const char *folder, const char *rules)
{
    cdist_dir_conf_t *conf = dir;

    conf->lookup.overlay = cdist_conf_path(cmd, folder);
    conf->lookup.overlay_rules = cdist_conf_path(cmd, rules);
    if (!conf->lookup.overlay) return apr_psprintf(cmd->pool, "CDistOverlay \"%s\": must be the path of a folder", folder);
    if (!conf->lookup.overlay_rules) {
        return apr_psprintf(cmd->pool, "CDistOverlay %s \"%s\": must be the path of a file with rules", folder, rules);
    }
    cdist_conf_note_place(cmd, "CDistOverlay", conf->lookup.overlay, 0);
    return NULL;
}

static const char *set_installed(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;

    if (strcasecmp(arg, "On") == 0) conf->installed = CDIST_INSTALLED_ON;
    else if (strcasecmp(arg, "Off") == 0) conf->installed = CDIST_INSTALLED_OFF;
    else if (strcasecmp(arg, "advertise") == 0) conf->installed = CDIST_INSTALLED_ADVERTISE;
    else return apr_psprintf(cmd->pool, "CDistInstalled \"%s\": must be On, Off or advertise", arg);
    complete(conf, cmd->pool);
    return NULL;
}

static const char *set_layout(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;

    if (strcasecmp(arg, "flat") == 0) conf->layout = CDIST_LAYOUT_FLAT;
    else if (strcasecmp(arg, "folder") == 0) conf->layout = CDIST_LAYOUT_FOLDER;
    else return apr_psprintf(cmd->pool, "CDistLayout \"%s\": must be flat or folder", arg);
    complete(conf, cmd->pool);
    return NULL;
}

static const char *set_current(cmd_parms *cmd, void *dir, const char *arg, const char *folder)
{
    cdist_dir_conf_t *conf = dir;
    const char *wrong;

    if (strcasecmp(arg, "server") == 0) {
        conf->current.kind = CDIST_CURRENT_SERVER;
        conf->current.server = folder ? cdist_conf_path(cmd, folder) : NULL;
        if (!conf->current.server) return "CDistCurrent server: after it must stand the folder of the server's versions, "
                                          "such as /opt/1cv8/x86_64";
        cdist_conf_note_place(cmd, "CDistCurrent server", conf->current.server, 0);
        return NULL;
    }
    wrong = cdist_current_parse(&conf->current, arg);
    if (wrong) return apr_psprintf(cmd->pool, "CDistCurrent \"%s\": %s", arg, wrong);
    return folder ? apr_psprintf(cmd->pool, "CDistCurrent %s \"%s\": a folder stands after \"server\" only", arg, folder) : NULL;
}

static const char *set_require(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;
    apr_array_header_t *required = (apr_array_header_t *)conf->current.required;
    const cdist_slot_t *slot = cdist_slot_make(arg, cmd->pool);

    /* NB: any name could be a component's; one that no CDistSource knows is rather a slot misspelt. */
    if (!slot || (cdist_slot_is_component(slot) && !is_declared(slot, cmd->pool))) {
        return apr_psprintf(cmd->pool, "CDistRequire \"%s\": must be slots out of " SLOT_NAMES ", or components that a "
                            "CDistSource before it names", arg);
    }
    if (!required) conf->current.required = required = apr_array_make(cmd->pool, 5, sizeof(const cdist_slot_t *));
    APR_ARRAY_PUSH(required, const cdist_slot_t *) = slot;
    complete(conf, cmd->pool);
    return NULL;
}

const command_rec cdist_commands[] = {
    AP_INIT_ITERATE("CDistRoot", set_root, NULL, RSRC_CONF | ACCESS_CONF, "folders with platform releases"),
    AP_INIT_TAKE12("CDistCurrent", set_current, NULL, RSRC_CONF | ACCESS_CONF,
                   "the current version: newest, 8.3.22, 8.3.22.1750, or server FOLDER"),
    AP_INIT_ITERATE("CDistRequire", set_require, NULL, RSRC_CONF | ACCESS_CONF,
                    "slots that a release must have to become current"),
    AP_INIT_TAKE2("CDistSource", set_source, NULL, RSRC_CONF | ACCESS_CONF,
                  "a slot or component, and where its files lie, with %v for the version"),
    AP_INIT_TAKE2("CDistOverlay", set_overlay, NULL, RSRC_CONF | ACCESS_CONF,
                  "a folder with customised files for each slot, and the file with their rules"),
    AP_INIT_TAKE1("CDistInstalled", set_installed, NULL, RSRC_CONF | ACCESS_CONF,
                  "whether installed platform directories are handed out: On, Off, advertise"),
    AP_INIT_TAKE1("CDistLayout", set_layout, NULL, RSRC_CONF | ACCESS_CONF,
                  "files at the top of an archive (flat), or in a folder (folder)"),
    AP_INIT_ITERATE("CDistNegotiate", cdist_set_negotiate, NULL, RSRC_CONF | ACCESS_CONF,
                    "what may say which version or slot is meant: path query header agent"),
    AP_INIT_TAKE1("CDistVersionHeader", cdist_set_version_header, NULL, RSRC_CONF | ACCESS_CONF,
                  "the request header that names the version"),
    AP_INIT_TAKE1("CDistArchHeader", cdist_set_arch_header, NULL, RSRC_CONF | ACCESS_CONF,
                  "the request header that names the slot"),
    AP_INIT_TAKE1("CDistUpdateDate", cdist_set_update_date, NULL, RSRC_CONF | ACCESS_CONF,
                  "when clients switch to the next release, for ClientUpdate.cfg: YYYYMMDDHHMMSS"),
    AP_INIT_TAKE_ARGV("CDistInfobases", cdist_set_infobases, NULL, RSRC_CONF | ACCESS_CONF,
                      "lists of infobases (.v8i) that clients get, and expr=CONDITION"),
    AP_INIT_TAKE1("CDistPublish", cdist_set_publish, NULL, RSRC_CONF | ACCESS_CONF,
                  "whether this machine hands out what it has: On, Off"),
    AP_INIT_TAKE1("CDistUpstream", cdist_set_upstream, NULL, RSRC_CONF | ACCESS_CONF,
                  "the publication that is asked for what is not here: a URL, or none"),
    AP_INIT_ITERATE("CDistUpdates", cdist_set_updates, NULL, RSRC_CONF | ACCESS_CONF,
                    "folders with templates: configuration updates that are listed, chained and handed out"),
    AP_INIT_TAKE1("CDistPrebuild", set_prebuild, NULL, RSRC_CONF,
                  "whether archives are built before somebody asks: On, Off"),
    AP_INIT_TAKE1("CDistStore", set_store, NULL, RSRC_CONF, "folder of built archives"),
    AP_INIT_TAKE1("CDistStoreMaxSize", set_store_max, NULL, RSRC_CONF, "how much the built archives may take: bytes, 20G, none"),
#define X(member, directive, preset, least, most, help) AP_INIT_TAKE1(directive, set_##member, NULL, RSRC_CONF, help),
    CDIST_PROCESS_NUMBERS(X)
#undef X
    {NULL}};
