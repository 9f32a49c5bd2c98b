/* {base}/updates/: configuration updates out of the folders of CDistUpdates. The list of all, chains of them (the JSON of `1cdist
 * chain`, whose options are arguments here), and the files themselves. Only what the look at the folders knows as a template is
 * handed out, opened below its folder without following links. */
#include "update_int.h"

#include <apr_strings.h>
#include <http_protocol.h>

#include <string.h>

#define MIN_AGE_MAX 36500

static int not_offered(cdist_request_t *req)
{
    return cdist_respond_problem(req, HTTP_NOT_FOUND, "no configuration updates are published here: CDistUpdates is not set");
}

/* NB: in a folder that cannot be read may lie what is newest, or what is missing. */
static cdist_err_t *get_whole_list(cdist_update_list_t **list, const cdist_request_t *req)
{
    CDIST_ERR(cdist_update_watch_list(list, req));
    if (!(*list)->unreadable) return NULL;
    return cdist_err_create(req->r->pool, CDIST_E_SOURCE, 0, "CDistUpdates: %s", (*list)->unreadable);
}

int cdist_serve_updates(cdist_request_t *req)
{
    cdist_update_list_t *list;
    cdist_err_t *err;

    if (!req->dir->updates) return not_offered(req);
    if (req->route.kind == CDIST_ROUTE_UPDATES_FOLDER) {
        /* NB: relative, whatever a proxy in front calls this server. */
        apr_table_setn(req->r->headers_out, "Location", "updates/");
        return HTTP_MOVED_PERMANENTLY;
    }
    if ((err = get_whole_list(&list, req)) != NULL) return cdist_respond_error(req, err);
    return cdist_respond_made(req, "application/json", list->json);
}

/* ---- chains -------------------------------------------------------------------------------------------------------- */

/* The value of an argument, in whose name '_' may be '-'. */
static const char *value_of(const cdist_request_t *req, const char *name)
{
    const char *value = cdist_query_value(req->r, name);
    char *dashed, *p;

    if (value) return value;
    dashed = apr_pstrdup(req->r->pool, name);
    for (p = dashed; *p; p++) *p = (char)(*p == '_' ? '-' : *p);
    return cdist_query_value(req->r, dashed);
}

/* NULL, or what is wrong with the names of the arguments: one that is not known would change nothing, and not be missed. */
static const char *check_names(const cdist_request_t *req)
{
    static const char *const names[] = {"name", "vendor", "from", "from_id", "to", "strategy", "use_cf", "min_age", "undated", "scan"};
    const char *args = req->r->args, *pair;
    unsigned seen = 0;

    while (args && *args) {
        char *name, *p;
        size_t i;

        pair = ap_getword(req->r->pool, &args, '&');
        if (!*pair) continue;
        name = apr_pstrmemdup(req->r->pool, pair, strcspn(pair, "="));
        for (p = name; *p; p++) *p = (char)(*p == '-' ? '_' : *p);
        for (i = 0; i < sizeof names / sizeof names[0] && strcasecmp(names[i], name) != 0; i++) continue;
        name = apr_pstrmemdup(req->r->pool, pair, strcspn(pair, "="));
        if (i == sizeof names / sizeof names[0]) {
            return apr_pstrcat(req->r->pool, cdist_text_printable(name, req->r->pool), " is no argument; there are name, vendor, from, "
                               "from_id, to, strategy, use_cf, min_age, undated and scan", NULL);
        }
        if (seen & 1u << i) return apr_pstrcat(req->r->pool, names[i], " is there twice", NULL);
        seen |= 1u << i;
        if (!strchr(pair, '=') && strcmp(names[i], "use_cf") != 0) return apr_pstrcat(req->r->pool, names[i], " has no value", NULL);
    }
    return NULL;
}

/* 1 if an argument stands there without '='. */
static int is_bare(const cdist_request_t *req, const char *name)
{
    const char *args = req->r->args;

    while (args && *args) {
        char *pair = ap_getword(req->r->pool, &args, '&'), *p;

        for (p = pair; *p; p++) *p = (char)(*p == '-' ? '_' : *p);
        if (strcasecmp(pair, name) == 0) return 1;
    }
    return 0;
}

/* 1 or 0 for a word of either kind, -1 for another. */
static int truth_of(const char *value)
{
    static const char *const words[] = {"0", "1", "no", "yes", "off", "on", "false", "true"};
    size_t i;

    for (i = 0; value && i < sizeof words / sizeof words[0]; i++) {
        if (strcasecmp(value, words[i]) == 0) return i % 2 != 0;
    }
    return value ? -1 : 0;
}

/* Fills in the request; NULL, or what is wrong with the arguments. */
static const char *read_arguments(cdist_chain_request_t *asked, const cdist_request_t *req)
{
    const char *strategy = value_of(req, "strategy"), *age = value_of(req, "min_age"), *undated = value_of(req, "undated");
    const char *scan = value_of(req, "scan");

    memset(asked, 0, sizeof *asked);
    asked->now = apr_time_now();
    asked->name = value_of(req, "name");
    asked->vendor = value_of(req, "vendor");
    asked->from = value_of(req, "from");
    asked->from_id = value_of(req, "from_id");
    asked->to = value_of(req, "to");
    asked->use_cf = is_bare(req, "use_cf") ? 1 : truth_of(value_of(req, "use_cf"));
    asked->undated_allowed = undated && strcmp(undated, "allow") == 0;
    asked->strategy = strategy && strcmp(strategy, "sequential") == 0 ? CDIST_CHAIN_SEQUENTIAL : CDIST_CHAIN_SHORTEST;
    if (!asked->from || !*asked->from) return "from is missing: it must be the version that there is now";
    if (asked->name && !*asked->name) return "name is malformed";
    if (asked->to && !*asked->to) return "to is malformed: it must be a version";
    if (asked->from_id && (asked->from_id = cdist_chain_id(asked->from_id, req->r->pool)) == NULL) {
        return "from_id is malformed: it must be a GUID";
    }
    if (asked->use_cf < 0) return "use_cf is malformed: it must be 1 or 0";
    if (strategy && asked->strategy == CDIST_CHAIN_SHORTEST && strcmp(strategy, "shortest") != 0) {
        return "strategy is malformed: it must be shortest or sequential";
    }
    if (undated && !asked->undated_allowed && strcmp(undated, "skip") != 0) return "undated is malformed: it must be skip or allow";
    if (age && !cdist_number_parse(&asked->min_age_days, age, 0, MIN_AGE_MAX)) {
        return "min_age is malformed: it must be a number of days from 0 to 36500";
    }
    if (scan && strcmp(scan, "exact") != 0) return "scan is malformed: it can only be exact here";
    return NULL;
}

static const char *file_of(void *baton, const cdist_template_t *template, apr_pool_t *pool)
{
    const cdist_update_file_t *file = cdist_update_list_file(baton, template);

    (void)pool;
    return file ? file->url : "";
}

static const char *url_of(void *baton, const cdist_template_t *template, apr_pool_t *pool)
{
    const cdist_update_file_t *file = cdist_update_list_file(baton, template);

    return file ? cdist_update_url(file, pool) : "";
}

static const char *join(const apr_array_header_t *texts, apr_pool_t *pool)
{
    const char *all = "";
    int i;

    for (i = 0; i < texts->nelts; i++) all = apr_pstrcat(pool, all, i ? ", " : "", APR_ARRAY_IDX(texts, i, const char *), NULL);
    return all;
}

int cdist_serve_update_chain(cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    cdist_update_list_t *list;
    cdist_chain_request_t asked;
    cdist_chain_t *chain;
    const char *wrong;
    cdist_err_t *err;

    if (!req->dir->updates) return not_offered(req);
    wrong = check_names(req);
    if (!wrong) wrong = read_arguments(&asked, req);
    if (wrong) return cdist_respond_problem(req, HTTP_BAD_REQUEST, wrong);
    if ((err = get_whole_list(&list, req)) != NULL) return cdist_respond_error(req, err);
    if (!asked.name) {
        apr_array_header_t *names;

        if ((err = cdist_update_configurations(&names, &asked.name, list, pool)) != NULL) return cdist_respond_error(req, err);
        if (!names->nelts) return cdist_respond_problem(req, HTTP_NOT_FOUND, "there are no releases here");
        if (!asked.name) {
            return cdist_respond_problem(req, HTTP_BAD_REQUEST,
                                         apr_pstrcat(pool, "name is missing; there are: ", join(names, pool), NULL));
        }
    }
    if ((err = cdist_update_chain(&chain, list, &asked, pool)) != NULL) {
        if (err->code != CDIST_E_INPUT) return cdist_respond_error(req, err);
        return cdist_respond_problem(req, HTTP_BAD_REQUEST, err->message);
    }
    if (chain->problem) return cdist_respond_problem(req, HTTP_NOT_FOUND, chain->problem);
    return cdist_respond_made(req, "application/json",
                              apr_pstrcat(pool, cdist_chain_json(chain, file_of, url_of, list, pool), "\n", NULL));
}

/* ---- files --------------------------------------------------------------------------------------------------------- */

static cdist_err_t *open_file(apr_file_t **file, cdist_stat_t *stat, const cdist_update_file_t *which, apr_pool_t *pool)
{
    cdist_folder_t *folder;
    apr_status_t rv = cdist_os_folder_open(&folder, which->folder, pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", which->folder);
    rv = cdist_beneath_open(file, folder, which->relative, pool);
    if (rv == APR_SUCCESS) rv = cdist_os_stat_file(stat, *file);
    cdist_os_folder_close(folder);
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_NOTFOUND : CDIST_E_SOURCE, rv, "%s: cannot be read", which->url);
}

/* When the file may be handed out: a copy that is under way is not. */
static apr_time_t settles_at(const cdist_stat_t *stat)
{
    apr_interval_time_t settle = apr_time_from_sec(cdist_conf_process()->settle_sec);

    return stat->ctime_ns / 1000 + (settle > CDIST_SETTLE_MIN ? settle : CDIST_SETTLE_MIN);
}

/* Opens what has been still for long enough. Who sets CDistSettle below the two seconds that a stat needs to be trusted wants files
 * at once: the request waits for the rest of them. */
static cdist_err_t *open_settled(apr_file_t **file, cdist_stat_t *stat, const cdist_update_file_t *which, apr_pool_t *pool)
{
    apr_interval_time_t left;

    CDIST_ERR(open_file(file, stat, which, pool));
    left = settles_at(stat) - apr_time_now();
    if (left <= 0) return NULL;
    if (left <= CDIST_SETTLE_MIN && apr_time_from_sec(cdist_conf_process()->settle_sec) < CDIST_SETTLE_MIN) {
        apr_sleep(left);
        apr_file_close(*file);
        CDIST_ERR(open_file(file, stat, which, pool));
        if (apr_time_now() >= settles_at(stat)) return NULL;
    }
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: was changed a moment ago", which->url);
}

static const char *etag_of(const cdist_stat_t *stat, apr_pool_t *pool)
{
    cdist_sha256_t *sha = cdist_sha256_create(pool);
    cdist_digest_t digest;

    cdist_stat_digest(sha, stat);
    cdist_sha256_final(&digest, sha);
    return apr_psprintf(pool, "\"%.32s\"", cdist_digest_hex(&digest, pool));
}

/* NB: a name of anybody's goes into a header: escaped, as RFC 8187 asks for, whose blank is no '+'. */
static const char *disposition_of(const cdist_update_file_t *which, apr_pool_t *pool)
{
    const char *name = ap_escape_urlencoded(pool, cdist_path_name(which->relative, pool)), *plus, *text;

    text = "attachment; filename*=UTF-8''";
    for (; (plus = strchr(name, '+')) != NULL; name = plus + 1) {
        text = apr_pstrcat(pool, text, apr_pstrmemdup(pool, name, (apr_size_t)(plus - name)), "%20", NULL);
    }
    return apr_pstrcat(pool, text, name, NULL);
}

static int send_file(cdist_request_t *req, apr_file_t *file, const cdist_stat_t *stat, const cdist_update_file_t *which)
{
    request_rec *r = req->r;
    cdist_digest_t digest;

    apr_table_setn(r->headers_out, "Cache-Control", "no-cache");
    apr_table_setn(r->headers_out, "ETag", etag_of(stat, r->pool));
    apr_table_setn(r->headers_out, "Content-Disposition", disposition_of(which, r->pool));
    if (cdist_update_digest(&digest, file, stat, which, r->pool)) {
        apr_table_setn(r->headers_out, "Repr-Digest",
                       apr_pstrcat(r->pool, "sha-256=:", cdist_digest_base64(&digest, r->pool), ":", NULL));
    }
    ap_set_content_type(r, "application/octet-stream");
    /* Whoever administers the folder may cut the file short while it is sent: never map it. */
    return cdist_respond_file(req, file, stat->bytes, 0);
}

int cdist_serve_update_file(cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    const cdist_update_file_t *which;
    cdist_update_list_t *list;
    cdist_stat_t stat;
    apr_file_t *file;
    cdist_err_t *err;

    if (!req->dir->updates) return not_offered(req);
    if ((err = cdist_update_watch_list(&list, req)) != NULL) return cdist_respond_error(req, err);
    which = apr_hash_get(list->files, req->route.file, APR_HASH_KEY_STRING);
    if (!which && list->unreadable) {
        err = get_whole_list(&list, req);
        if (err) return cdist_respond_error(req, err);
    }
    if (!which) return cdist_respond_problem(req, HTTP_NOT_FOUND, "there is no such file here; updates/ lists those that there are");
    if ((err = open_settled(&file, &stat, which, pool)) != NULL) return cdist_respond_error(req, err);
    return send_file(req, file, &stat, which);
}
