/* Files to look at, one after the other and then together. */
#include "lint_int.h"

#include <apr_strings.h>

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

const char *cdist_lint_level_name(cdist_lint_level_t level)
{
    static const char *const names[] = {"error", "warning", "note"};

    return names[level];
}

void lint_add(lint_t *lint, const lint_file_t *file, int line, cdist_lint_level_t level, const char *code,
              const char *suggestion, const char *fmt, ...)
{
    cdist_finding_t *finding = apr_array_push(lint->findings);
    va_list args;

    finding->file = file->path;
    finding->line = line;
    finding->level = level;
    finding->code = code;
    finding->suggestion = suggestion ? suggestion : "";
    va_start(args, fmt);
    finding->message = apr_pvsprintf(lint->pool, fmt, args);
    va_end(args);
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

static void read_vrd(lint_t *lint, lint_file_t *file, const char *bytes, apr_size_t length)
{
    cdist_vrd_t *vrd;
    int line;
    cdist_err_t *err = cdist_vrd_parse(&vrd, &line, bytes, length, lint->pool);

    if (err) {
        lint_add(lint, file, line, CDIST_LINT_ERROR, "no-vrd", NULL, "%s", cdist_err_text(err, lint->pool));
        return;
    }
    file->vrd = vrd;
}

/* NB: what is not of its encoding is no reason to leave the rest unread: it is read as U+FFFD. NUL characters are one, since the
 * text is neither of the two encodings then. */
static cdist_err_t *parse_lines(const cdist_settings_t **settings, int *exact, const char *bytes, apr_size_t length,
                                const char *path, apr_pool_t *pool)
{
    cdist_settings_t *parsed;
    const char *text;
    cdist_err_t *err = cdist_settings_parse(&parsed, bytes, length, path, pool);

    *exact = err == NULL;
    if (err && (length < 2 || memcmp(bytes, "\xFF\xFE", 2) != 0) && memchr(bytes, '\0', length)) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "it holds NUL characters: neither UTF-8, nor UTF-16LE with a byte order "
                                                        "mark; save it as UTF-8");
    }
    if (err) {
        text = cdist_text_decode(bytes, length, pool);
        if (cdist_settings_parse(&parsed, text, strlen(text), path, pool)) {
            return cdist_err_create(pool, CDIST_E_INPUT, 0, "it has more than %d lines", CDIST_SETTINGS_LINES_MAX);
        }
    }
    *settings = parsed;
    return NULL;
}

static void read_lines(lint_t *lint, lint_file_t *file, const char *bytes, apr_size_t length)
{
    const cdist_settings_t *settings = NULL;
    int exact;
    cdist_err_t *err = parse_lines(&settings, &exact, bytes, length, file->path, lint->pool);

    if (err) {
        lint_add(lint, file, 0, CDIST_LINT_ERROR, "unreadable", NULL, "%s", cdist_err_text(err, lint->pool));
        return;
    }
    if (file->kind == KIND_UNKNOWN) file->kind = lint_kind_by_keys(settings);
    if (file->kind == KIND_UNKNOWN) {
        lint_add(lint, file, 0, CDIST_LINT_NOTE, "unknown-kind", NULL,
                 "neither name nor content tells what it is; known are conf.cfg, ClientUpdate.cfg, *.vrd, 1cestart.cfg, "
                 "1cescmn.cfg and *.v8i");
        return;
    }
    if (!exact) {
        lint_add(lint, file, 0, CDIST_LINT_WARNING, "encoding", NULL,
                 "it is not well-formed UTF-8 (or UTF-16LE with a byte order mark), so that some letters are lost");
    }
    file->settings = settings;
}

/* A folder stands for its distr, or is it itself. */
static void read_folder(lint_t *lint, lint_file_t *file)
{
    const char *slash = strrchr(file->path, '/');
    const char *inner = strcasecmp(slash ? slash + 1 : file->path, "distr") == 0
                            ? file->path : apr_pstrcat(lint->pool, file->path, "/distr", NULL);
    apr_array_header_t *names = apr_array_make(lint->pool, 8, sizeof(const char *));
    cdist_folder_t *folder;
    const char *name;
    apr_status_t rv = cdist_os_folder_open(&folder, inner, lint->pool);

    if (rv != APR_SUCCESS) {
        lint_add(lint, file, 0, CDIST_LINT_ERROR, "unreadable", NULL, "it is a folder, and neither is nor holds a folder distr");
        return;
    }
    while ((rv = cdist_os_folder_next(&name, folder, lint->pool)) == APR_SUCCESS && name) {
        APR_ARRAY_PUSH(names, const char *) = name;
    }
    cdist_os_folder_close(folder);
    file->kind = KIND_DISTR;
    file->names = names;
}

static void read_file(lint_t *lint, lint_file_t *file)
{
    apr_finfo_t info;
    char *bytes, text[200];
    apr_size_t length;
    cdist_err_t *err;
    apr_status_t rv = apr_stat(&info, file->path, APR_FINFO_TYPE, lint->pool);

    if (rv == APR_SUCCESS && info.filetype == APR_DIR) {
        read_folder(lint, file);
        return;
    }
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        lint_add(lint, file, 0, CDIST_LINT_ERROR, "unreadable", NULL, "it is no plain file");
        return;
    }
    err = cdist_file_read(&bytes, &length, file->path, CDIST_SETTINGS_MAX, lint->pool);
    if (err) {
        lint_add(lint, file, 0, CDIST_LINT_ERROR, "unreadable", NULL, "it cannot be read: %s",
                 err->status ? apr_strerror(err->status, text, sizeof text) : "it is too large");
        return;
    }
    file->kind = lint_kind_by_name(file->path);
    if (file->kind == KIND_UNKNOWN && lint_begins_as_xml(bytes, length)) file->kind = KIND_VRD;
    if (file->kind == KIND_VRD) read_vrd(lint, file, bytes, length);
    else read_lines(lint, file, bytes, length);
}

static void check_file(lint_t *lint, const lint_file_t *file)
{
    if (file->vrd) lint_descriptor(lint, file);
    if (!file->settings) return;
    if (file->kind == KIND_INFOBASES) lint_infobases(lint, file);
    else lint_settings(lint, file);
}

/* ---- all of them ----------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_finding_t finding;
    int file, number;
} place_t;

static int compare_places(const void *left, const void *right)
{
    const place_t *a = left, *b = right;

    if (a->file != b->file) return a->file - b->file;
    if (a->finding.line != b->finding.line) return a->finding.line - b->finding.line;
    return a->number - b->number;
}

/* NB: qsort is not stable, hence the number. */
static apr_array_header_t *sorted(const lint_t *lint, const apr_array_header_t *files)
{
    place_t *places = apr_palloc(lint->pool, ((apr_size_t)lint->findings->nelts + 1) * sizeof *places);
    apr_array_header_t *findings = apr_array_make(lint->pool, 8, sizeof(cdist_finding_t));
    int i, j;

    for (i = 0; i < lint->findings->nelts; i++) {
        places[i].finding = APR_ARRAY_IDX(lint->findings, i, cdist_finding_t);
        places[i].number = i;
        for (j = 0; APR_ARRAY_IDX(files, j, lint_file_t).path != places[i].finding.file; j++) continue;
        places[i].file = j;
    }
    qsort(places, (size_t)lint->findings->nelts, sizeof *places, compare_places);
    for (i = 0; i < lint->findings->nelts; i++) APR_ARRAY_PUSH(findings, cdist_finding_t) = places[i].finding;
    return findings;
}

apr_array_header_t *cdist_lint_files(const apr_array_header_t *files, const cdist_lint_options_t *options, apr_pool_t *pool)
{
    lint_t lint = {options, apr_array_make(pool, 8, sizeof(cdist_finding_t)), pool};
    apr_array_header_t *read = apr_array_make(pool, files->nelts + 1, sizeof(lint_file_t));
    int i;

    for (i = 0; i < files->nelts; i++) {
        lint_file_t *file = memset(apr_array_push(read), 0, sizeof *file);

        /* NB: a copy, so that a file that is given twice has findings of its own each time. */
        file->path = apr_pstrdup(pool, APR_ARRAY_IDX(files, i, const char *));
        read_file(&lint, file);
        check_file(&lint, file);
    }
    lint_order(&lint, read);
    return sorted(&lint, read);
}
