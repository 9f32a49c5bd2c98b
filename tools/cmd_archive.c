/* build and verify: archives without a server. */
#include "tool_int.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_VERSION, OPTION_SLOT, OPTION_LEVEL, OPTION_THREADS, OPTION_LAYOUT, OPTION_REUSE,
       OPTION_SOURCE, OPTION_OVERLAY, OPTION_RULES };

static void print_problems(const cdist_verification_t *verification, const char *path, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < verification->problems->nelts; i++) {
        tool_fail(apr_psprintf(pool, "%s: %s", cdist_text_printable(path, pool),
                               APR_ARRAY_IDX(verification->problems, i, cdist_problem_t).text));
    }
}

/* ---- build ----------------------------------------------------------------------------------------------------- */

static const apr_getopt_option_t build_options[] = {
    {"version", OPTION_VERSION, 1, NULL}, {"slot", OPTION_SLOT, 1, NULL}, {"output", 'o', 1, NULL},
    {"level", OPTION_LEVEL, 1, NULL},     {"threads", OPTION_THREADS, 1, NULL}, {"layout", OPTION_LAYOUT, 1, NULL},
    {"reuse", OPTION_REUSE, 1, NULL},     {"source", OPTION_SOURCE, 1, NULL},   {"overlay", OPTION_OVERLAY, 1, NULL},
    {"rules", OPTION_RULES, 1, NULL},
    {"json", OPTION_JSON, 0, NULL},       {"help", 'h', 0, NULL},               {NULL}};

typedef struct {
    apr_pool_t *pool;
    cdist_selector_t selector;
    const char *output;
    int level, threads, json;
    cdist_layout_t layout;
    apr_array_header_t *reuse; /* const char * */
    cdist_lookup_t lookup;
    const char *overlay, *rules;
} build_request_t;

/* TOOL_DONE, or the status to exit with. */
static int take_build_option(build_request_t *request, int option, const char *value)
{
    const char *problem;

    switch (option) {
    case OPTION_SOURCE:
        problem = tool_lookup_add_source(&request->lookup, value, request->pool);
        return problem ? tool_usage_error(&tool_build, "--source %s: %s", value, problem) : TOOL_DONE;
    case OPTION_VERSION:
        if (cdist_version_parse(&request->selector.mask, value)) return TOOL_DONE;
        return tool_usage_error(&tool_build, "--version %s: must be four numbers such as 8.3.22.1750", value);
    case OPTION_SLOT:
        if ((request->selector.slot = cdist_slot_make(value, request->pool)) != NULL) return TOOL_DONE;
        return tool_usage_error(&tool_build, "--slot %s: must be windows32, windows64, linux32, linux64, macos64, "
                                "linux-arm64, linux-e2k, or a component's name", value);
    case OPTION_LEVEL:
        if (cdist_number_parse(&request->level, value, CDIST_LEVEL_MIN, CDIST_LEVEL_MAX)) return TOOL_DONE;
        return tool_usage_error(&tool_build, "--level %s: must be a number from %d to %d", value, CDIST_LEVEL_MIN,
                                CDIST_LEVEL_MAX);
    case OPTION_THREADS:
        if (cdist_number_parse(&request->threads, value, 1, 64)) return TOOL_DONE;
        return tool_usage_error(&tool_build, "--threads %s: must be a number from 1 to 64", value);
    case OPTION_LAYOUT:
        request->layout = strcmp(value, "folder") == 0 ? CDIST_LAYOUT_FOLDER : CDIST_LAYOUT_FLAT;
        if (request->layout == CDIST_LAYOUT_FOLDER || strcmp(value, "flat") == 0) return TOOL_DONE;
        return tool_usage_error(&tool_build, "--layout %s: must be flat or folder", value);
    case OPTION_OVERLAY: request->overlay = value; return TOOL_DONE;
    case OPTION_RULES: request->rules = value; return TOOL_DONE;
    case OPTION_REUSE: APR_ARRAY_PUSH(request->reuse, const char *) = value; return TOOL_DONE;
    case 'o': request->output = value; return TOOL_DONE;
    default: request->json = 1; return TOOL_DONE;
    }
}

static int check_build_request(build_request_t *request)
{
    const char *problem;

    if (request->lookup.roots->nelts != 1 && (request->lookup.roots->nelts || !request->lookup.patterns)) {
        return tool_usage_error(&tool_build, "name one folder with releases, or --source");
    }
    problem = tool_lookup_set_overlay(&request->lookup, request->overlay, request->rules, request->pool);
    if (problem) return tool_usage_error(&tool_build, "%s", problem);
    if (!request->selector.slot) return tool_usage_error(&tool_build, "--slot is missing");
    if (!request->selector.mask.count) return tool_usage_error(&tool_build, "--version A.B.C.D is missing");
    if (!request->output || strcmp(request->output, "-") == 0) {
        return tool_usage_error(&tool_build, "-o OUT.zip is missing (standard output cannot take an archive)");
    }
    return TOOL_DONE;
}

/* Why there is no source; NULL is no answer here. */
static cdist_err_t *no_source(const cdist_catalogue_t *catalogue, const cdist_release_t *release, const build_request_t *request,
                              apr_pool_t *pool)
{
    const char *where = tool_lookup_name(&request->lookup, pool);
    const char *version = cdist_version_format(&request->selector.mask, pool);
    const cdist_slot_t *slot = request->selector.slot;

    if (catalogue->unread_components->nelts) {
        return cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s", APR_ARRAY_IDX(catalogue->problems, 0, const char *));
    }
    if (!release) return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "%s: there is no release %s", where, version);
    if (!cdist_slot_is_component(slot)) {
        return cdist_err_create(pool, CDIST_E_NOTFOUND, 0, "%s: release %s has no %s", where, version, slot->name);
    }
    return cdist_err_create(pool, CDIST_E_NOTFOUND, 0,
                            "%s: release %s has no %s; slots are windows32, windows64, linux32, linux64, macos64, linux-arm64, "
                            "linux-e2k, and components that lie in the release or that --source leads to", where, version,
                            slot->name);
}

/* Those of the release and slot that is built; each starts with both. */
static void tell_conflicts(const cdist_catalogue_t *catalogue, const build_request_t *request, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&request->selector.mask, pool);
    const char *start = apr_pstrcat(pool, request->selector.slot->name, " ", version, ":", NULL);
    int i;

    for (i = 0; i < catalogue->conflicts->nelts; i++) {
        const char *conflict = APR_ARRAY_IDX(catalogue->conflicts, i, const char *);
        if (strncmp(conflict, start, strlen(start)) == 0) tool_fail(conflict);
    }
}

/* NB: unlike the server, the tool does not wait until a folder has been still: whoever types the command knows that it
 * is complete. Changes during the build are still noticed. */
static cdist_err_t *find_source(const cdist_source_t **source, build_request_t *request, apr_pool_t *pool)
{
    const cdist_catalogue_t *catalogue;
    const cdist_release_t *release;

    tool_lookup_add_component(&request->lookup, request->selector.slot, pool);
    catalogue = request->overlay ? cdist_catalogue_scan_now(&request->lookup, pool)
                                 : cdist_catalogue_scan(&request->lookup, 0, NULL, pool);
    release = cdist_catalogue_release(catalogue, &request->selector.mask);
    if (catalogue->unreadable->nelts) {
        return cdist_err_dup(APR_ARRAY_IDX(catalogue->unreadable, 0, cdist_err_t *), pool);
    }
    *source = release ? cdist_release_source(release, request->selector.slot) : NULL;
    if (!*source) return no_source(catalogue, release, request, pool);
    if (request->overlay) tell_conflicts(catalogue, request, pool);
    if ((*source)->problem) {
        return cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s: %s", cdist_text_printable((*source)->path, pool),
                                (*source)->problem);
    }
    if (!request->overlay || (*source)->settled) return NULL;
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: it, the release before or the overlay is being changed, or has times "
                            "of the future: try again when nothing changes", cdist_text_printable((*source)->path, pool));
}

/* A ready archive is checked and copied as it is, as the server would send it. */
static cdist_err_t *copy_ready(cdist_manifest_t **manifest, cdist_temp_t *temp, const cdist_source_t *source,
                               apr_pool_t *pool)
{
    cdist_archive_t archive = {{{0}}, source->bytes, 0, source->path, 1, source->stat};
    cdist_verification_t *verification;
    apr_file_t *file;
    char buffer[65536];
    apr_size_t length = sizeof buffer;
    apr_off_t start = 0;
    apr_status_t rv;

    CDIST_ERR(cdist_archive_open(&file, &archive, 0, pool));
    while ((rv = apr_file_read(file, buffer, &length)) == APR_SUCCESS) {
        rv = apr_file_write_full(temp->file, buffer, length, NULL);
        if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "the archive cannot be written");
        length = sizeof buffer;
    }
    apr_file_close(file);
    if (!APR_STATUS_IS_EOF(rv) || (rv = apr_file_seek(temp->file, APR_SET, &start)) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s: cannot be read", source->path);
    }
    CDIST_ERR(cdist_zip_verify(&verification, temp->file, source->path, NULL, pool));
    CDIST_ERR(cdist_verification_error(verification, source->path, pool));
    print_problems(verification, source->path, pool);
    *manifest = verification->manifest;
    return NULL;
}

/* The archives of --reuse, NULL without any. One that was built otherwise is no error: it only saves nothing. */
static cdist_err_t *offer(cdist_reuse_t **reuse, const build_request_t *request, apr_pool_t *pool)
{
    int i, usable;

    *reuse = request->reuse->nelts ? cdist_reuse_create(request->level, pool) : NULL;
    for (i = 0; i < request->reuse->nelts; i++) {
        const char *path = APR_ARRAY_IDX(request->reuse, i, const char *);

        CDIST_ERR(cdist_reuse_add(&usable, *reuse, path));
        if (usable) continue;
        tool_fail(apr_psprintf(pool, "%s: nothing of it can be reused: it was not built by this version of 1cdist with "
                               "--level %d", cdist_text_printable(path, pool), request->level));
    }
    return NULL;
}

static cdist_err_t *make_archive(cdist_manifest_t **manifest, const cdist_source_t *source,
                                 const build_request_t *request, apr_pool_t *pool)
{
    int shown = -1;
    cdist_build_options_t options = {request->level, request->threads, NULL,
                                     cdist_os_stderr_is_terminal() ? tool_progress : NULL, &shown, 0, 1, NULL, NULL};
    cdist_reuse_t *reuse;
    cdist_job_t job;
    cdist_temp_t *temp;
    cdist_tree_t *tree;
    cdist_err_t *err;
    apr_status_t rv = cdist_os_temp_open(&temp, cdist_path_folder(request->output, pool), pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "cannot be written");
    if (source->kind == CDIST_SOURCE_READY) {
        CDIST_ERR(copy_ready(manifest, temp, source, pool));
    } else {
        cdist_source_job(&job, source, request->layout, request->level, request->threads, pool);
        options.top = job.top;
        CDIST_ERR(offer(&reuse, request, pool));
        options.reuse = reuse;
        CDIST_ERR(cdist_job_list(&tree, &job, pool));
        err = cdist_build(manifest, temp, tree, &options, pool);
        tool_progress_end(shown);
        if (err) return err;
    }
    rv = cdist_os_temp_publish(temp, request->output, pool);
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "cannot be written");
    return NULL;
}

static void print_built(const cdist_manifest_t *manifest, const build_request_t *request, apr_time_t took,
                        apr_pool_t *pool)
{
    const char *version = cdist_version_format(&request->selector.mask, pool);
    const char *sha256 = cdist_digest_hex(&manifest->archive_sha256, pool);
    double seconds = (double)took / APR_USEC_PER_SEC;
    json_t *object;

    if (!request->json) {
        printf("%s: %s %s, %s, %" APR_UINT64_T_FMT " bytes in %" APR_UINT64_T_FMT ", %.2f s\nsha256 %s\n", request->output,
               request->selector.slot->name, version, tool_count(manifest->entries->nelts, "file", "files", pool),
               manifest->bytes, manifest->archive_bytes, seconds, sha256);
        return;
    }
    object = json_object();
    json_object_set_new(object, "version", json_string(version));
    json_object_set_new(object, "slot", json_string(request->selector.slot->name));
    json_object_set_new(object, "files", json_integer(manifest->entries->nelts));
    json_object_set_new(object, "bytes", json_integer((json_int_t)manifest->bytes));
    json_object_set_new(object, "packed_bytes", json_integer((json_int_t)manifest->archive_bytes));
    json_object_set_new(object, "reused_bytes", json_integer((json_int_t)manifest->reused_bytes));
    json_object_set_new(object, "sha256", json_string(sha256));
    json_object_set_new(object, "seconds", json_real(seconds));
    tool_print_json(object);
}

static int build(apr_getopt_t *args, apr_pool_t *pool)
{
    build_request_t request = {pool, {NULL, {{0}, 0}}, NULL, CDIST_LEVEL_DEFAULT, 0, 0, CDIST_LAYOUT_FLAT,
                               apr_array_make(pool, 2, sizeof(const char *)), {NULL, NULL, NULL, 1, CDIST_LAYOUT_FLAT}, NULL, NULL};
    const cdist_source_t *source = NULL;
    cdist_manifest_t *manifest = NULL;
    const char *value;
    apr_time_t start = apr_time_now();
    cdist_err_t *err;
    int option, status;

    while ((option = tool_next_option(&value, &tool_build, args)) > 0) {
        if ((status = take_build_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    request.lookup.roots = tool_operands(args, pool);
    if ((status = check_build_request(&request)) != TOOL_DONE) return status;
    err = tool_check_output(request.output, pool);
    if (!err) err = find_source(&source, &request, pool);
    if (!err) err = make_archive(&manifest, source, &request, pool);
    if (err) {
        tool_fail(err->code == CDIST_E_STORE ? apr_pstrcat(pool, request.output, ": ", cdist_err_text(err, pool), NULL)
                                             : cdist_err_text(err, pool));
        return err->code == CDIST_E_NOTFOUND ? TOOL_NOTHING : TOOL_FAILED;
    }
    print_built(manifest, &request, apr_time_now() - start, pool);
    return TOOL_DONE;
}

const tool_verb_t tool_build = {
    "build",
    "Usage: 1cdist build ROOT --version A.B.C.D --slot SLOT -o OUT.zip [--source SLOT=PATTERN]… [--level N]\n"
    "                    [--threads N] [--layout flat|folder] [--overlay DIR --rules FILE] [--reuse ARCHIVE.zip]… [--json]\n"
    "\n"
    "Builds the thin-client archive of one slot of one release under ROOT, with the same bytes as mod_1cdist. OUT.zip\n"
    "appears only when it is complete and was read back. On a terminal the progress is shown.\n"
    "\n"
    "  --slot SLOT     windows32 windows64 linux32 linux64 macos64 linux-arm64 linux-e2k, or a synonym such as win64,\n"
    "                  or a component's name: its folder in the release is packed as it is\n"
    "  --source S=PATTERN\n"
    "                  where the files of slot or component S lie, with %v for the version, as CDistSource says; may be\n"
    "                  given several times, and then without ROOT\n"
    "  --overlay DIR   folder with your own files for each slot, laid over distributions as CDistOverlay does\n"
    "  --rules FILE    the rules for them, as CDistOverlay's second argument\n"
    "  --layout folder the files lie in one folder in the archive, such as windows64-8.3.22.1750; default: flat\n"
    "  --level N       1 (fast) to 9 (small); default 6, as CDistLevel\n"
    "  --threads N     1 to 64; default: the machine's cores; the bytes do not depend on it\n"
    "  --reuse FILE    an archive that 1cdist built at the same level, of another version for instance: what it holds already\n"
    "                  is copied instead of compressed again; may be given several times; the bytes do not depend on it\n"
    "  --json          version slot files bytes packed_bytes reused_bytes sha256 seconds, as one JSON object\n"
    "\n"
    "Exit status: 0 done, 1 failed, 2 wrong usage, 3 no such release or slot.\n",
    build_options, build};

/* ---- verify ---------------------------------------------------------------------------------------------------- */

static const apr_getopt_option_t verify_options[] = {{"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL}, {NULL}};

static void print_verification(const cdist_verification_t *v, const char *path, int json, apr_pool_t *pool)
{
    const char *sha256 = cdist_digest_hex(&v->manifest->archive_sha256, pool);
    json_t *object, *problems;
    int i;

    if (!json) {
        printf("%s: %s, %s, sha256 %s\n", cdist_text_printable(path, pool), v->ok ? "ok" : "DAMAGED",
               tool_count(v->manifest->entries->nelts, "entry", "entries", pool), sha256);
        return;
    }
    object = json_object();
    problems = json_array();
    for (i = 0; i < v->problems->nelts; i++) {
        json_array_append_new(problems, json_string(APR_ARRAY_IDX(v->problems, i, cdist_problem_t).text));
    }
    json_object_set_new(object, "ok", json_boolean(v->ok));
    json_object_set_new(object, "file", json_string(cdist_text_printable(path, pool)));
    json_object_set_new(object, "entries", json_integer(v->manifest->entries->nelts));
    json_object_set_new(object, "sha256", json_string(sha256));
    json_object_set_new(object, "problems", problems);
    tool_print_json(object);
}

static int verify_one(const char *path, int json, apr_pool_t *pool)
{
    cdist_verification_t *v;
    apr_file_t *file;
    apr_finfo_t info;
    cdist_err_t *err;
    apr_status_t rv = apr_file_open(&file, path, APR_FOPEN_READ | APR_FOPEN_BINARY, 0, pool);

    if (rv == APR_SUCCESS) rv = apr_file_info_get(&info, APR_FINFO_TYPE, file);
    if (rv == APR_SUCCESS && info.filetype == APR_DIR) {
        return tool_fail(apr_pstrcat(pool, cdist_text_printable(path, pool), ": is a folder", NULL));
    }
    if (rv != APR_SUCCESS) {
        return tool_fail_err(cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s", cdist_text_printable(path, pool)), pool);
    }
    if ((err = cdist_zip_verify(&v, file, path, NULL, pool)) != NULL) return tool_fail_err(err, pool);
    apr_file_close(file);
    print_verification(v, path, json, pool);
    print_problems(v, path, pool);
    return v->ok ? TOOL_DONE : TOOL_FAILED;
}

static int verify(apr_getopt_t *args, apr_pool_t *pool)
{
    apr_array_header_t *files;
    apr_pool_t *scratch;
    const char *value;
    int option, json = 0, status = TOOL_DONE, i;

    while ((option = tool_next_option(&value, &tool_verify, args)) > 0) json |= option == OPTION_JSON;
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    files = tool_operands(args, pool);
    if (files->nelts == 0) return tool_usage_error(&tool_verify, "name an archive");
    apr_pool_create(&scratch, pool);
    for (i = 0; i < files->nelts; i++) {
        apr_pool_clear(scratch);
        if (verify_one(APR_ARRAY_IDX(files, i, const char *), json, scratch) != TOOL_DONE) status = TOOL_FAILED;
    }
    return status;
}

const tool_verb_t tool_verify = {
    "verify",
    "Usage: 1cdist verify [--json] FILE.zip…\n"
    "\n"
    "Reads archives whole: structure, every entry's content against its checksum, names that must not be unpacked,\n"
    "overlapping entries. A damaged file does not stop the rest. --json prints ok, file, entries, sha256, problems.\n"
    "\n"
    "Exit status: 0 all are good, 1 at least one is not, 2 wrong usage.\n",
    verify_options, verify};
