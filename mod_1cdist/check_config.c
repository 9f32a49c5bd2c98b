/* A look at the whole configuration before httpd starts: AliasMatch leaves no base behind from which the module could
 * read the URL, so every URL would be 404. Said at the start, with file and line, it is mended in a minute. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <http_core.h>

#include <string.h>

/* Appends the folders (const char *) whose sections turn our handler on. */
static void collect_folders(apr_array_header_t *folders, const ap_directive_t *node, apr_pool_t *pool)
{
    for (; node; node = node->next) {
        const ap_directive_t *child;

        if (strcasecmp(node->directive, "<Directory") != 0) {
            if (node->first_child) collect_folders(folders, node->first_child, pool);
            continue;
        }
        for (child = node->first_child; child; child = child->next) {
            const char *args = child->args;

            if (strcasecmp(child->directive, "SetHandler") != 0 || strcasecmp(ap_getword_conf(pool, &args), "1cdist") != 0) {
                continue;
            }
            args = apr_pstrmemdup(pool, node->args, strcspn(node->args, ">"));
            APR_ARRAY_PUSH(folders, const char *) = ap_getword_conf(pool, &args);
        }
    }
}

static int lies_in(const char *path, const char *folder)
{
    apr_size_t length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/') length--;
    return strncmp(path, folder, length) == 0 && (path[length] == '\0' || path[length] == '/' || path[length] == '$');
}

/* The first AliasMatch that leads into one of the folders, NULL if there is none. */
static const ap_directive_t *find_alias_match(const char **folder, const ap_directive_t *node,
                                              const apr_array_header_t *folders, apr_pool_t *pool)
{
    for (; node; node = node->next) {
        const ap_directive_t *inside =
            node->first_child ? find_alias_match(folder, node->first_child, folders, pool) : NULL;
        const char *args = node->args, *target;
        int i;

        if (inside) return inside;
        if (strcasecmp(node->directive, "AliasMatch") != 0) continue;
        ap_getword_conf(pool, &args);
        target = ap_getword_conf(pool, &args);
        for (i = 0; i < folders->nelts; i++) {
            *folder = APR_ARRAY_IDX(folders, i, const char *);
            if (lies_in(target, *folder)) return node;
        }
    }
    return NULL;
}

int cdist_check_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *server)
{
    apr_array_header_t *folders = apr_array_make(ptemp, 4, sizeof(const char *));
    const ap_directive_t *wrong;
    const char *folder;

    (void)pconf;
    (void)plog;
    collect_folders(folders, ap_conftree, ptemp);
    wrong = find_alias_match(&folder, ap_conftree, folders, ptemp);
    if (!wrong) {
        /* NB: a start says it in the log, once that is open. */
        if (ap_state_query(AP_SQ_RUN_MODE) == AP_SQ_RM_CONFIG_TEST) cdist_start_check_handlers(server, ptemp);
        return OK;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, 0, server,
                 "CD0109: %s:%d: AliasMatch %s leads to SetHandler 1cdist, but does not tell where its URLs begin; use "
                 "instead: Alias \"/update\" \"%s\"",
                 wrong->filename, wrong->line_num, wrong->args, folder);
    return HTTP_INTERNAL_SERVER_ERROR;
}
