/* What an exchange means for a client: a list of steps, each good, or with its cure. It ends where there is no sense in going
 * on. Every text that a server sent is made printable before it is shown. */
#include "check_int.h"

#include "publication/cdist_publication.h"

#include <apr_fnmatch.h>
#include <apr_strings.h>
#include <apr_uri.h>

#include <stdlib.h>
#include <string.h>

#define RANGE_BYTES 65536

typedef struct {
    apr_array_header_t *steps;
    const check_target_t *target;
    check_address_t address;
    check_answer_t answer; /* of the whole archive */
    apr_file_t *body;
    apr_pool_t *pool;
} judge_t;

static void add(judge_t *judge, const char *step, const char *cure, const char *fmt, ...) CDIST_PRINTF(4, 5);

/* A step; it is good if there is no cure. */
static void add(judge_t *judge, const char *step, const char *cure, const char *fmt, ...)
{
    check_step_t *made = apr_array_push(judge->steps);
    va_list args;

    made->step = step;
    made->ok = cure == NULL;
    made->cure = cure ? cure : "";
    va_start(args, fmt);
    made->detail = cdist_text_printable(apr_pvsprintf(judge->pool, fmt, args), judge->pool);
    va_end(args);
}

/* A header of the answer, "" without it. */
static const char *header(const check_answer_t *answer, const char *name)
{
    const char *value = apr_table_get(answer->headers, name);

    return value ? value : "";
}

/* ---- to the server --------------------------------------------------------------------------------------------- */

static int judge_connection(judge_t *judge)
{
    const check_answer_t *answer = &judge->answer;
    apr_uri_t uri;

    if (apr_uri_parse(judge->pool, judge->target->url, &uri) != APR_SUCCESS || !uri.hostname) uri.hostname = (char *)"";
    if (answer->outcome == CHECK_UNRESOLVED) {
        add(judge, "resolve", "write the server's name as clients know it, or add it to DNS; a name that only this machine's "
            "hosts file knows does not help them", "%s: %s", uri.hostname, answer->error);
        return 0;
    }
    add(judge, "resolve", NULL, "%s", uri.hostname);
    if (answer->outcome == CHECK_UNCONNECTED) {
        add(judge, "connect", "start the web server, see its Listen, and open the port in the firewalls between", "%s", answer->error);
        return 0;
    }
    add(judge, "connect", NULL, "%s", answer->address ? answer->address : "");
    if (strncasecmp(judge->target->url, "https:", 6) != 0) return 1;
    if (answer->outcome == CHECK_NO_TLS) {
        add(judge, "tls",
            "this port may be one of plain http: then the address must begin with http://, or the server needs its https "
            "there (SSLEngine on); if it is https, see SSLProtocol and SSLCipherSuite",
            "%s", answer->error);
        return 0;
    }
    if (answer->outcome == CHECK_UNTRUSTED) {
        add(judge, "tls", "clients trust what their operating system trusts: give the server a certificate for this name, with the "
            "certificates in between (SSLCertificateFile), and put the root of your own authority into the clients' systems",
            "%s", answer->error);
        return 0;
    }
    add(judge, "tls", NULL, "the certificate is trusted, and is for this name");
    return 1;
}

/* ---- the answer's header --------------------------------------------------------------------------------------- */

static int judge_status(judge_t *judge)
{
    const check_answer_t *answer = &judge->answer;
    const char *location = header(answer, "Location");

    if (answer->outcome == CHECK_SILENT) {
        add(judge, "status", "see whether a web server listens at this port, and what its error_log says", "%s", answer->error);
        return 0;
    }
    if (answer->status != 200) {
        add(judge, "status", check_status_cure(answer, judge->address, judge->pool), *location ? "%d, to %s" : "%d%s",
            answer->status,
            *location ? cdist_url_shown(location, judge->pool)
                      : answer->problem ? apr_pstrcat(judge->pool, ": ", answer->problem, NULL) : "");
        return 0;
    }
    add(judge, "status", NULL, "200");
    return 1;
}

/* What is text for people or programs is no archive, whatever is in it. */
static int is_text(const char *type, apr_size_t length)
{
    return strncasecmp(type, "text/", 5) == 0 || (length == 16 && strncasecmp(type, "application/json", length) == 0);
}

/* Whether there is sense in going on. */
static int judge_type(judge_t *judge)
{
    static const char *const good[] = {"application/zip", "application/x-zip-compressed", "application/octet-stream"};
    const char *type = header(&judge->answer, "Content-Type"), *encoding = header(&judge->answer, "Content-Encoding");
    apr_size_t length = strcspn(type, "; "), i;

    if (*encoding && strcasecmp(encoding, "identity") != 0) {
        add(judge, "type", "switch compression off for archives (SetEnv no-gzip 1): it changes their bytes", "encoded as %s", encoding);
        return 1;
    }
    for (i = 0; i < sizeof good / sizeof good[0]; i++) {
        if (length != strlen(good[i]) || strncasecmp(type, good[i], length) != 0) continue;
        add(judge, "type", NULL, "%s", type);
        return 1;
    }
    add(judge, "type", check_type_cure(judge->address), "%s", *type ? type : "no Content-Type");
    return !is_text(type, length);
}

/* Whether the body arrived whole. */
static int judge_length(judge_t *judge)
{
    const check_answer_t *answer = &judge->answer;
    const char *length = header(answer, "Content-Length");

    if (answer->outcome == CHECK_TOO_LARGE) {
        add(judge, "length", "allow more with --max-size", "more than %" APR_UINT64_T_FMT " bytes", judge->target->max_bytes);
        return 0;
    }
    if (answer->outcome != CHECK_WHOLE) {
        add(judge, "length", "see the server's error_log and the network between; --timeout allows more time",
            "%" APR_UINT64_T_FMT " bytes arrived of %s: %s", answer->bytes, *length ? length : "an unknown number", answer->error);
        return 0;
    }
    if (!*length) {
        add(judge, "length", "without a Content-Length clients cannot tell the package's size: take filters away that change "
            "answers (mod_deflate, mod_substitute)", "%" APR_UINT64_T_FMT " bytes, not announced", answer->bytes);
    } else {
        add(judge, "length", NULL, "%" APR_UINT64_T_FMT " bytes", answer->bytes);
    }
    return 1;
}

/* ---- resuming -------------------------------------------------------------------------------------------------- */

/* Whether the file has these bytes at that place. */
static int has_bytes_at(apr_file_t *whole, apr_file_t *part, apr_uint64_t offset, apr_size_t length, apr_pool_t *pool)
{
    char *expected = apr_palloc(pool, length), *got = apr_palloc(pool, length);

    return cdist_os_read_at(whole, offset, expected, length) == APR_SUCCESS &&
           cdist_os_read_at(part, 0, got, length) == APR_SUCCESS && memcmp(expected, got, length) == 0;
}

/* Asks for a piece from the middle, as a client would whose download was cut there. */
static cdist_err_t *judge_resume(judge_t *judge, apr_file_t *part)
{
    static const char cure[] = "a download that is cut begins anew: let the server answer ranges (no MaxRanges none, no filter that "
                               "changes answers, no CGI script)";
    apr_uint64_t from = judge->answer.bytes / 2, left = judge->answer.bytes - from, to;
    check_answer_t answer;
    const char *expected;

    if (left == 0) return NULL;
    to = from + (left < RANGE_BYTES ? left : RANGE_BYTES) - 1;
    CDIST_ERR(check_fetch(&answer, judge->target,
                          apr_psprintf(judge->pool, "%" APR_UINT64_T_FMT "-%" APR_UINT64_T_FMT, from, to), part, judge->pool));
    expected = apr_psprintf(judge->pool, "bytes %" APR_UINT64_T_FMT "-%" APR_UINT64_T_FMT "/%" APR_UINT64_T_FMT, from, to,
                            judge->answer.bytes);
    if (answer.outcome != CHECK_WHOLE || answer.status != 206) {
        add(judge, "resume", cure, "%d %s", answer.status, answer.error);
    } else if (strcasecmp(header(&answer, "Content-Range"), expected) != 0 || answer.bytes != to - from + 1) {
        add(judge, "resume", cure, "206 with %s instead of %s", header(&answer, "Content-Range"), expected);
    } else if (!has_bytes_at(judge->body, part, from, (apr_size_t)(to - from + 1), judge->pool)) {
        add(judge, "resume", "the bytes of a piece are not those of the whole: another server behind the same name has another archive",
            "206 with other bytes");
    } else {
        add(judge, "resume", NULL, "206, %s", expected);
    }
    return NULL;
}

/* ---- what is inside -------------------------------------------------------------------------------------------- */

/* The first installer in the archive, NULL if there is none. */
static const char *installer_in(const cdist_manifest_t *manifest)
{
    static const char *const patterns[] = {"setup.exe", "*.msi", "*.run", "*.dmg", "*.pkg", "*.deb", "*.rpm"};
    size_t p;
    int i;

    for (p = 0; p < sizeof patterns / sizeof patterns[0]; p++) {
        for (i = 0; i < manifest->entries->nelts; i++) {
            const char *name = APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t).name, *slash = strrchr(name, '/');
            if (apr_fnmatch(patterns[p], slash ? slash + 1 : name, APR_FNM_CASE_BLIND) == APR_SUCCESS) return name;
        }
    }
    return NULL;
}

/* What the archive itself tells: Setup.ini, else the installer's name with its folders. */
static int version_inside(cdist_version_t *version, const cdist_verification_t *archive, const char *installer, apr_pool_t *pool)
{
    const char *told = archive->setup_ini ? cdist_keyvalue_get(archive->setup_ini, "Startup", "ProductVersion", pool) : NULL;

    if (told && cdist_version_parse(version, told)) return 1;
    return cdist_version_find(version, installer, pool);
}

/* The full version that is one of the address's parts; 0 if none is. */
static int version_in_url(cdist_version_t *version, const char *url, apr_pool_t *pool)
{
    char *copy = apr_pstrmemdup(pool, url, strcspn(url, "?#")), *last, *part;

    for (part = apr_strtok(copy, "/", &last); part; part = apr_strtok(NULL, "/", &last)) {
        if (cdist_version_parse(version, part)) return 1;
    }
    return 0;
}

/* Compares what the archive tells with what the server and the address say. */
static void judge_version(judge_t *judge, const cdist_verification_t *archive)
{
    const char *installer = installer_in(archive->manifest), *said = header(&judge->answer, "1C-Version"), *shown;
    cdist_version_t inside, other;

    if (!installer) {
        add(judge, "version", "the platform's updater needs an installer: put a distribution folder or a ready archive into the "
            "release", "the archive holds no installer");
        return;
    }
    if (!version_inside(&inside, archive, installer, judge->pool)) {
        add(judge, "version", NULL, "%s tells none%s%s", installer, *said ? ", the server says " : "", said);
        return;
    }
    shown = cdist_version_format(&inside, judge->pool);
    if (*said && (!cdist_version_parse(&other, said) || cdist_version_compare(&inside, &other) != 0)) {
        add(judge, "version", "put the archive into the folder of its own version", "%s inside, but the server says %s", shown, said);
    } else if (version_in_url(&other, judge->target->url, judge->pool) && cdist_version_compare(&inside, &other) != 0) {
        add(judge, "version", "put the archive into the folder of its own version: clients would install it and ask again for ever",
            "%s inside, but the address says %s", shown, cdist_version_format(&other, judge->pool));
    } else {
        add(judge, "version", NULL, "%s", shown);
    }
}

/* The value of Repr-Digest (RFC 9530) for SHA-256, NULL if it has none. */
static const char *announced_digest(const judge_t *judge)
{
    char *copy = apr_pstrdup(judge->pool, header(&judge->answer, "Repr-Digest")), *last, *part;

    for (part = apr_strtok(copy, ", \t", &last); part; part = apr_strtok(NULL, ", \t", &last)) {
        if (strncasecmp(part, "sha-256=:", 9) == 0) return apr_pstrmemdup(judge->pool, part + 9, strcspn(part + 9, ":"));
    }
    return NULL;
}

static void judge_digest(judge_t *judge)
{
    const char *announced = announced_digest(judge), *hex = cdist_digest_hex(&judge->answer.sha256, judge->pool);

    if (announced && strcmp(announced, cdist_digest_base64(&judge->answer.sha256, judge->pool)) != 0) {
        add(judge, "digest", "the bytes were changed on their way, or by a filter of the server: take proxies and filters between "
            "away", "sha256 %s is not what Repr-Digest says", hex);
    } else {
        add(judge, "digest", NULL, "sha256 %s%s", hex, announced ? ", as Repr-Digest says" : "; the server announces none");
    }
}

/* ---- all of it ------------------------------------------------------------------------------------------------- */

static cdist_err_t *judge_archive(judge_t *judge)
{
    cdist_verification_t *archive;
    const cdist_err_t *damage;

    CDIST_ERR(cdist_zip_verify_within(&archive, judge->body, "the answer", judge->target->max_bytes, NULL, judge->pool));
    damage = cdist_verification_error(archive, "the answer", judge->pool);
    if (archive->over) {
        add(judge, "version", "allow more with --max-size, if so large an archive is right", "%s",
            cdist_err_text(damage, judge->pool));
    } else if (damage) {
        add(judge, "version", "build or copy the archive anew; 1cdist verify tells all that is wrong with a file", "%s",
            cdist_err_text(damage, judge->pool));
    } else {
        judge_version(judge, archive);
    }
    judge_digest(judge);
    return NULL;
}

static cdist_err_t *open_temporary(apr_file_t **file, apr_pool_t *pool)
{
    const char *folder = NULL;
    cdist_temp_t *temp = NULL;
    apr_status_t rv = apr_temp_dir_get(&folder, pool);

    if (rv == APR_SUCCESS) rv = cdist_os_temp_open(&temp, folder, pool);
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "no temporary file can be made (TMPDIR)");
    *file = temp->file;
    return NULL;
}

cdist_err_t *check_url(apr_array_header_t *steps, const check_target_t *target, apr_pool_t *pool)
{
    judge_t judge = {steps, target, check_address_of(target->url, pool), {CHECK_UNRESOLVED}, NULL, pool};
    apr_file_t *part;

    CDIST_ERR(open_temporary(&judge.body, pool));
    CDIST_ERR(open_temporary(&part, pool));
    CDIST_ERR(check_fetch(&judge.answer, target, NULL, judge.body, pool));
    if (!judge_connection(&judge) || !judge_status(&judge)) return NULL;
    if (!judge_type(&judge) || !judge_length(&judge)) return NULL;
    CDIST_ERR(judge_resume(&judge, part));
    return judge_archive(&judge);
}
