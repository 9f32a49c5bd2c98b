/* Directives of negotiation and of the platform's services. */
#include "mod_1cdist_int.h"

#include "publication/cdist_publication.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

static const struct {
    const char *word;
    unsigned bit;
} sources[] = {{"path", CDIST_BY_PATH}, {"query", CDIST_BY_QUERY}, {"header", CDIST_BY_HEADER}, {"agent", CDIST_BY_AGENT}};

/* The path decides always, whether it is listed or not. */
const char *cdist_set_negotiate(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;
    size_t i;

    for (i = 0; i < sizeof sources / sizeof sources[0]; i++) {
        if (strcasecmp(arg, sources[i].word) != 0) continue;
        conf->negotiate |= CDIST_BY_PATH | sources[i].bit;
        return NULL;
    }
    return apr_psprintf(cmd->pool, "CDistNegotiate \"%s\": must be words out of path, query, header and agent", arg);
}

/* RFC 9110, 5.6.2. */
static int is_token(const char *text)
{
    const char *p;

    for (p = text; *p; p++) {
        if (!apr_isalnum(*p) && !strchr("!#$%&'*+-.^_`|~", *p)) return 0;
    }
    return p > text;
}

static const char *set_header(const char **member, cmd_parms *cmd, const char *arg)
{
    if (!is_token(arg)) {
        return apr_psprintf(cmd->pool, "%s \"%s\": must be the name of a header, such as 1C-Version", cmd->cmd->name, arg);
    }
    *member = arg;
    return NULL;
}

const char *cdist_set_version_header(cmd_parms *cmd, void *dir, const char *arg)
{
    return set_header(&((cdist_dir_conf_t *)dir)->version_header, cmd, arg);
}

const char *cdist_set_arch_header(cmd_parms *cmd, void *dir, const char *arg)
{
    return set_header(&((cdist_dir_conf_t *)dir)->arch_header, cmd, arg);
}

/* NB: the condition is evaluated when the answer is made. An <If> around the directive would be evaluated before httpd knows
 * who the user is. */
const char *cdist_set_infobases(cmd_parms *cmd, void *dir, int argc, char *const argv[])
{
    cdist_dir_conf_t *conf = dir;
    cdist_infobases_t entry = {apr_array_make(cmd->pool, 2, sizeof(const char *)), NULL, ""};
    const char *wrong = NULL, *path;
    int i;

    for (i = 0; i < argc; i++) {
        if (strncasecmp(argv[i], "expr=", 5) == 0) {
            if (i + 1 < argc) return "CDistInfobases: expr= must stand last; quote it as a whole";
            entry.condition = ap_expr_parse_cmd(cmd, argv[i] + 5, 0, &wrong, NULL);
            if (wrong) return apr_psprintf(cmd->pool, "CDistInfobases \"%s\": %s", argv[i], wrong);
            entry.condition_text = argv[i];
        } else {
            path = cdist_conf_path(cmd, argv[i]);
            if (!path) return apr_psprintf(cmd->pool, "CDistInfobases \"%s\": must be the path of a .v8i file", argv[i]);
            APR_ARRAY_PUSH(entry.files, const char *) = path;
            cdist_conf_note_place(cmd, "CDistInfobases", path, 1);
        }
    }
    if (entry.files->nelts == 0) return "CDistInfobases: must name .v8i files, perhaps with expr=CONDITION after them";
    if (!conf->infobases) conf->infobases = apr_array_make(cmd->pool, 2, sizeof entry);
    if (conf->infobases->nelts == CDIST_INFOBASES_MAX) {
        return apr_psprintf(cmd->pool, "CDistInfobases: at most %d of these directives may stand in one section; several files "
                            "with one condition can share a line", CDIST_INFOBASES_MAX);
    }
    APR_ARRAY_PUSH((apr_array_header_t *)conf->infobases, cdist_infobases_t) = entry;
    return NULL;
}

const char *cdist_set_update_date(cmd_parms *cmd, void *dir, const char *arg)
{
    if (!cdist_update_date_valid(arg)) {
        return apr_psprintf(cmd->pool, "CDistUpdateDate \"%s\": must be a moment as YYYYMMDDHHMMSS, such as 20261201030000", arg);
    }
    ((cdist_dir_conf_t *)dir)->update_date = arg;
    return NULL;
}

const char *cdist_set_updates(cmd_parms *cmd, void *dir, const char *arg)
{
    cdist_dir_conf_t *conf = dir;
    const char *path = cdist_conf_path(cmd, arg);

    if (!path) return apr_psprintf(cmd->pool, "CDistUpdates \"%s\": must be the path of a folder", arg);
    if (!conf->updates) conf->updates = apr_array_make(cmd->pool, 2, sizeof(const char *));
    APR_ARRAY_PUSH((apr_array_header_t *)conf->updates, const char *) = path;
    cdist_conf_note_place(cmd, "CDistUpdates", path, 0);
    cdist_conf_note_mount(cmd, conf);
    return NULL;
}

void cdist_conf_merge_services(cdist_dir_conf_t *conf, const cdist_dir_conf_t *outer, const cdist_dir_conf_t *inner)
{
    conf->negotiate = inner->negotiate ? inner->negotiate : outer->negotiate;
    conf->version_header = inner->version_header ? inner->version_header : outer->version_header;
    conf->arch_header = inner->arch_header ? inner->arch_header : outer->arch_header;
    conf->update_date = inner->update_date ? inner->update_date : outer->update_date;
    conf->infobases = inner->infobases ? inner->infobases : outer->infobases;
    conf->updates = inner->updates ? inner->updates : outer->updates;
}
