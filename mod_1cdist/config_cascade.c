/* Directives of the cascade: whether this machine hands out what it has, and whom it asks for what it lacks. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>
#include <apr_uri.h>

#include <string.h>

const char *cdist_set_publish(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;

    if (strcasecmp(arg, "On") == 0) conf->publish = CDIST_PUBLISH_ON;
    else if (strcasecmp(arg, "Off") == 0) conf->publish = CDIST_PUBLISH_OFF;
    else return apr_psprintf(cmd->pool, "CDistPublish \"%s\": must be On or Off", arg);
    return NULL;
}

/* NB: the path of a release is appended to it, so that a query or a fragment could mean nothing; a name and a password would
 * end up in logs. */
static const char *problem_of(const apr_uri_t *uri)
{
    if (!uri->scheme || !uri->hostname || !*uri->hostname) return "must be the URL of a publication, such as http://centre/update";
    if (strcmp(uri->scheme, "http") != 0 && strcmp(uri->scheme, "https") != 0) return "must begin with http:// or https://";
    if (uri->user || uri->password) return "must not hold a name or a password";
    if (uri->query || uri->fragment) return "must not hold a '?' or '#'";
    if (!ap_find_linked_module("mod_proxy_http.c")) return "needs mod_proxy and mod_proxy_http, which are not loaded";
    if (uri->scheme[4] && !ap_find_linked_module("mod_ssl.c")) return "needs mod_ssl, which is not loaded, and SSLProxyEngine On";
    return NULL;
}

const char *cdist_set_upstream(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;
    apr_size_t length = strlen(arg);
    const char *problem;
    apr_uri_t uri;

    if (strcasecmp(arg, "none") == 0) {
        conf->upstream = "";
        return NULL;
    }
    problem = apr_uri_parse(cmd->pool, arg, &uri) == APR_SUCCESS ? problem_of(&uri) : "is no URL";
    if (problem) return apr_psprintf(cmd->pool, "CDistUpstream \"%s\": %s", arg, problem);
    while (length > 0 && arg[length - 1] == '/') length--;
    conf->upstream = apr_pstrmemdup(cmd->pool, arg, length);
    cdist_conf_note_mount(cmd, conf);
    return NULL;
}

void cdist_conf_merge_cascade(cdist_dir_conf_t *conf, const cdist_dir_conf_t *outer, const cdist_dir_conf_t *inner)
{
    conf->publish = inner->publish != CDIST_PUBLISH_UNSET ? inner->publish : outer->publish;
    conf->upstream = inner->upstream ? inner->upstream : outer->upstream;
}
