/* WebCommonInfoBases: the lists of infobases that clients take over from a server. Sources: support.1ci.com, App. 6, and the
 * services that others publish for the same clients (akpaevj/AdminPanel). A client asks, without a name, whether its list
 * changed (CheckInfoBases), and fetches it, under its user's name where the administrator asks for one (GetInfoBases).
 *
 * The check code is a GUID that the client gives back: which CDistInfobases the list was made of, a bit each, then the first
 * eight bytes of a SHA-256 of the content and of all these directives. So nothing is kept about clients here, and who asks
 * without a name still learns whether his list changed, or whether another list may be his now: when the configuration changes,
 * everybody fetches again. What changes outside of both, such as the members of a group, is seen at the next fetch. */
#include "client_text_int.h"
#include "services_int.h"

#include <apr_strings.h>
#include <apr_uuid.h>
#include <http_protocol.h>

#include <stdlib.h>
#include <string.h>

#define GUID_FORM "a GUID such as 00000000-0000-0000-0000-000000000000"

/* ---- GUIDs -------------------------------------------------------------------------------------------------------- */

/* An argument that is a GUID, zeroes without one. 0 if it is malformed. */
static int take_guid(apr_uint64_t half[2], request_rec *r, const char *name)
{
    const char *text = cdist_query_value(r, name);

    half[0] = half[1] = 0;
    return !text || !*text || cdist_guid_parse(half, text);
}

/* ---- lists -------------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_infobases_which(apr_uint64_t *bits, const cdist_request_t *req)
{
    const apr_array_header_t *lists = req->dir->infobases;
    int i;

    *bits = 0;
    for (i = 0; i < lists->nelts; i++) {
        const cdist_infobases_t *entry = &APR_ARRAY_IDX(lists, i, cdist_infobases_t);
        const char *wrong = NULL;
        int holds = entry->condition ? ap_expr_exec(req->r, entry->condition, &wrong) : 1;

        if (holds < 0 || wrong) {
            return cdist_err_create(req->r->pool, CDIST_E_INPUT, 0, "CDistInfobases: its condition cannot be evaluated: %s",
                                    wrong ? wrong : "no reason given");
        }
        if (holds) *bits |= (apr_uint64_t)1 << i;
    }
    return NULL;
}

/* At most once a minute in each process: clients ask in crowds. */
static void warn_unreadable(const cdist_request_t *req, const char *path, const cdist_err_t *err)
{
    static volatile apr_uint32_t last_sec;

    if (!cdist_log_due(&last_sec, 60)) return;
    ap_log_rerror(APLOG_MARK, APLOG_WARNING, 0, req->r, "CD0117: CDistInfobases %s: %s; clients get 503 for their lists",
                  path, cdist_err_text(err, req->r->pool));
}

cdist_err_t *cdist_infobases_load(const cdist_infobase_list_t **list, apr_uint64_t *total, const char *path,
                                  const cdist_request_t *req)
{
    cdist_list_memory_t *memory = cdist_child_lists();
    apr_pool_t *pool = req->r->pool;
    apr_uint64_t bytes = 0;
    /* NB: what is told about a list is read by strangers: its name without the folder. */
    cdist_err_t *err =
        memory ? cdist_list_memory_get(list, &bytes, memory, path, cdist_path_name(path, pool), CDIST_LISTS_MAX, pool)
               : cdist_err_create(pool, CDIST_E_STORE, 0, "this process could not start properly");

    *total += bytes;
    if (!err && *total > CDIST_LISTS_MAX) {
        err = cdist_err_create(pool, CDIST_E_INPUT, 0, "the lists have more than %u MiB together", CDIST_LISTS_MAX >> 20);
    }
    if (!err) return NULL;
    err->code = CDIST_E_SOURCE; /* to a client nothing is missing here, the server is at fault */
    err->told = "a list of infobases cannot be read, or is not in order; CD0117 in the server's error_log says which, and why";
    warn_unreadable(req, path, err);
    return err;
}

/* The files of these directives, one after the other, in UTF-8 with CRLF: const char *, the lines and their ends. */
static cdist_err_t *read_lists(apr_array_header_t **lines, apr_uint64_t bits, const cdist_request_t *req)
{
    const apr_array_header_t *lists = req->dir->infobases;
    apr_uint64_t total = 0;
    int i, j, k;

    *lines = apr_array_make(req->r->pool, 100, sizeof(const char *));
    for (i = 0; i < lists->nelts; i++) {
        const cdist_infobases_t *entry = &APR_ARRAY_IDX(lists, i, cdist_infobases_t);

        for (j = 0; bits >> i & 1 && j < entry->files->nelts; j++) {
            const cdist_infobase_list_t *list;

            CDIST_ERR(cdist_infobases_load(&list, &total, APR_ARRAY_IDX(entry->files, j, const char *), req));
            for (k = 0; k < list->lines->lines->nelts; k++) {
                const char *line = APR_ARRAY_IDX(list->lines->lines, k, cdist_line_t).text;

                if (!*line) continue;
                APR_ARRAY_PUSH(*lines, const char *) = line;
                APR_ARRAY_PUSH(*lines, const char *) = "\r\n";
            }
        }
    }
    return NULL;
}

/* The lists of some directives as texts to be put together, and the code that stands for them. */
static cdist_err_t *make_list(apr_array_header_t **lines, apr_uint64_t code[2], apr_uint64_t bits, const cdist_request_t *req)
{
    cdist_sha256_t *sha = cdist_sha256_create(req->r->pool);
    cdist_digest_t digest;
    int i, j;

    CDIST_ERR(read_lists(lines, bits, req));
    for (i = 0; i < (*lines)->nelts; i++) {
        const char *line = APR_ARRAY_IDX(*lines, i, const char *);
        cdist_sha256_update(sha, line, strlen(line));
    }
    cdist_sha256_update_text(sha, ""); /* the end of all of them */
    for (i = 0; i < req->dir->infobases->nelts; i++) {
        const cdist_infobases_t *entry = &APR_ARRAY_IDX(req->dir->infobases, i, cdist_infobases_t);

        cdist_sha256_update_text(sha, entry->condition_text);
        for (j = 0; j < entry->files->nelts; j++) cdist_sha256_update_text(sha, APR_ARRAY_IDX(entry->files, j, const char *));
    }
    cdist_sha256_final(&digest, sha);
    code[0] = bits;
    for (i = 0; i < 8; i++) code[1] = code[1] << 8 | digest.byte[i];
    return NULL;
}

/* ---- answers ------------------------------------------------------------------------------------------------------- */

static int refuse(cdist_request_t *req, const char *name)
{
    return cdist_respond_problem(req, HTTP_BAD_REQUEST,
                                 apr_pstrcat(req->r->pool, name, " is malformed: it must be " GUID_FORM, NULL));
}

static int not_offered(cdist_request_t *req)
{
    return cdist_respond_problem(req, HTTP_NOT_FOUND, "no lists of infobases are published here: CDistInfobases is not set");
}

int cdist_serve_infobases_probe(cdist_request_t *req)
{
    return req->dir->infobases ? cdist_respond_json(req, json_object()) : not_offered(req);
}

int cdist_serve_check_infobases(cdist_request_t *req)
{
    apr_uint64_t client[2], given[2], code[2] = {0, 0};
    apr_array_header_t *lines;
    cdist_err_t *err;
    int changed;

    if (!req->dir->infobases) return not_offered(req);
    if (!take_guid(client, req->r, "ClientId")) return refuse(req, "ClientId");
    if (!take_guid(given, req->r, "InfoBasesCheckCode")) return refuse(req, "InfoBasesCheckCode");
    /* NB: an empty list is what a user may have; a code without any content is what nobody was given. */
    changed = !given[1] || given[0] >> req->dir->infobases->nelts;
    if (!changed) {
        if ((err = make_list(&lines, code, given[0], req)) != NULL) return cdist_respond_error(req, err);
        changed = code[1] != given[1];
    }
    return cdist_respond_json(req, json_pack("{s:{s:b,s:s}}", "root", "infoBasesChanged", changed, "url", ""));
}

int cdist_serve_get_infobases(cdist_request_t *req)
{
    apr_pool_t *pool = req->r->pool;
    apr_uint64_t client[2], given[2], code[2] = {0, 0}, bits;
    apr_array_header_t *lines;
    cdist_err_t *err;

    if (!req->dir->infobases) return not_offered(req);
    if (!take_guid(client, req->r, "ClientId")) return refuse(req, "ClientId");
    if (!take_guid(given, req->r, "InfoBasesCheckCode")) return refuse(req, "InfoBasesCheckCode");
    if (!client[0] && !client[1]) {
        apr_uuid_t uuid;
        int i;

        apr_uuid_get(&uuid);
        for (i = 0; i < 16; i++) client[i / 8] = client[i / 8] << 8 | uuid.data[i];
    }
    err = cdist_infobases_which(&bits, req);
    if (!err) err = make_list(&lines, code, bits, req);
    if (err) return cdist_respond_error(req, err);
    return cdist_respond_json(req, json_pack("{s:{s:s,s:s,s:s}}", "root", "ClientId", cdist_guid_format(client, pool),
                                             "InfoBasesCheckCode", cdist_guid_format(code, pool), "InfoBases",
                                             apr_array_pstrcat(pool, lines, 0)));
}
