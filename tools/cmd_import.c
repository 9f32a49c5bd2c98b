/* import: the vendor's downloads become ready archives of releases. */
#include "tool_int.h"
#include "packages/cdist_packages.h"

#include <apr_strings.h>

#include <locale.h>
#include <stdio.h>

enum { OPTION_JSON = 256, OPTION_TO, OPTION_VERSION, OPTION_SLOT, OPTION_MAX_SIZE, OPTION_FORCE, OPTION_SORT_INTO, OPTION_SETTLE };

#define SETTLE_MAX 3600

static const apr_getopt_option_t import_options[] = {
    {"to", OPTION_TO, 1, NULL},           {"version", OPTION_VERSION, 1, NULL},     {"slot", OPTION_SLOT, 1, NULL},
    {"max-size", OPTION_MAX_SIZE, 1, NULL}, {"force", OPTION_FORCE, 0, NULL},       {"sort-into", OPTION_SORT_INTO, 1, NULL},
    {"settle", OPTION_SETTLE, 1, NULL},   {"json", OPTION_JSON, 0, NULL},           {"help", 'h', 0, NULL}, {NULL}};

typedef struct {
    cdist_import_options_t options;
    const char *sort_into;
    int settle_sec, json;
    int printed; /* rows of the table */
    apr_pool_t *pool;
} import_request_t;

/* TOOL_DONE, or the status to exit with. */
static int take_import_option(import_request_t *request, int option, const char *value)
{
    switch (option) {
    case OPTION_TO: request->options.root = value; return TOOL_DONE;
    case OPTION_VERSION:
        if (cdist_version_parse(&request->options.version, value)) return TOOL_DONE;
        return tool_usage_error(&tool_import, "--version %s: must be four numbers such as 8.3.22.1750", value);
    case OPTION_SLOT:
        if ((request->options.slot = cdist_slot_make(value, request->pool)) != NULL) return TOOL_DONE;
        return tool_usage_error(&tool_import, "--slot %s: must be windows32, windows64, linux32, linux64, macos64, linux-arm64, "
                                "linux-e2k, or a component's name", value);
    case OPTION_MAX_SIZE:
        if (cdist_size_parse(&request->options.max_bytes, value)) return TOOL_DONE;
        return tool_usage_error(&tool_import, "--max-size %s: must be " CDIST_SIZE_FORM, value);
    case OPTION_SETTLE:
        if (cdist_number_parse(&request->settle_sec, value, 0, SETTLE_MAX)) return TOOL_DONE;
        return tool_usage_error(&tool_import, "--settle %s: must be a number of seconds from 0 to %d", value, SETTLE_MAX);
    case OPTION_SORT_INTO: request->sort_into = value; return TOOL_DONE;
    case OPTION_FORCE: request->options.force = 1; return TOOL_DONE;
    default: request->json = 1; return TOOL_DONE;
    }
}

static void print_imported(import_request_t *request, const cdist_imported_t *imported, const char *package, apr_pool_t *pool)
{
    const char *version = cdist_version_format(&imported->version, pool), *sha256 = cdist_digest_hex(&imported->sha256, pool);
    const char *file = cdist_text_printable(package, pool), *path = cdist_text_printable(imported->path, pool);
    json_t *object;

    if (!request->json) {
        if (!request->printed++) printf("%-16s %-12s %-9s %14s  %s\n", "version", "slot", "result", "bytes", "path");
        printf("%-16s %-12s %-9s %14" APR_UINT64_T_FMT "  %s\n", version, imported->slot->name,
               imported->unchanged ? "unchanged" : "imported", imported->bytes, path);
        return;
    }
    object = json_object();
    json_object_set_new(object, "file", json_string(file));
    json_object_set_new(object, "version", json_string(version));
    json_object_set_new(object, "slot", json_string(imported->slot->name));
    json_object_set_new(object, "path", json_string(path));
    json_object_set_new(object, "sha256", json_string(sha256));
    tool_print_json(object);
}

static void tell_left_out(const cdist_imported_t *imported, const char *package, apr_pool_t *pool)
{
    if (!imported->left_out) return;
    fprintf(stderr, "1cdist: %s: %s beside the installer's folder left out\n", cdist_text_printable(package, pool),
            tool_count(imported->left_out, "file", "files", pool));
}

static cdist_err_t *import_one(import_request_t *request, const char *package, apr_pool_t *pool)
{
    cdist_imported_t imported;
    int shown = -1;
    cdist_err_t *err;

    request->options.progress = cdist_os_stderr_is_terminal() ? tool_progress : NULL;
    request->options.progress_baton = &shown;
    err = cdist_import(&imported, package, &request->options, pool);
    tool_progress_end(shown);
    if (err) {
        tool_fail_err(err, pool);
        return err;
    }
    tell_left_out(&imported, package, pool);
    /* The table says it itself. */
    if (imported.unchanged && request->json) {
        fprintf(stderr, "1cdist: %s: the same archive was there already, and was left alone\n",
                cdist_text_printable(imported.path, pool));
    }
    print_imported(request, &imported, package, pool);
    fflush(stdout);
    return NULL;
}

/* Whether a package is at fault itself: after a full disk or a missing right it may be taken another time. */
static int is_its_own_fault(const cdist_err_t *err)
{
    return err->code == CDIST_E_INPUT || err->code == CDIST_E_UNSAFE || err->code == CDIST_E_CORRUPT;
}

static int import_and_sort(void *baton, const char *package, apr_pool_t *pool)
{
    import_request_t *request = baton;
    cdist_err_t *err;
    tool_seen_t seen;

    tool_drop_look(&seen, package, pool);
    err = import_one(request, package, pool);
    if (!request->sort_into) return err ? TOOL_FAILED : TOOL_DONE;
    if (!err || is_its_own_fault(err)) {
        return tool_drop_sort(request->sort_into, package, &seen, err ? TOOL_FAILED : TOOL_DONE, pool);
    }
    if (seen.there) {
        tool_fail(apr_psprintf(pool, "%s: stays where it is, since it is not at fault", cdist_text_printable(package, pool)));
    }
    return TOOL_FAILED;
}

static int import_operand(import_request_t *request, const char *operand, apr_pool_t *pool)
{
    apr_finfo_t info;

    if (apr_stat(&info, operand, APR_FINFO_TYPE, pool) == APR_SUCCESS && info.filetype == APR_DIR) {
        return tool_drop_each(operand, request->settle_sec, import_and_sort, request, pool);
    }
    return import_and_sort(request, operand, pool);
}

static int import(apr_getopt_t *args, apr_pool_t *pool)
{
    import_request_t request = {{NULL, {{0}, 0}, NULL, CDIST_IMPORT_MAX_BYTES, CDIST_LEVEL_DEFAULT}, NULL, 0, 0, 0, pool};
    apr_array_header_t *operands;
    apr_pool_t *scratch;
    const char *value;
    cdist_err_t *err;
    int option, status, i;

    while ((option = tool_next_option(&value, &tool_import, args)) > 0) {
        if ((status = take_import_option(&request, option, value)) != TOOL_DONE) return status;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    operands = tool_operands(args, pool);
    if (operands->nelts == 0) return tool_usage_error(&tool_import, "name a package");
    if (!request.options.root) return tool_usage_error(&tool_import, "--to ROOT is missing");
    /* Before the first package, so that none of many is blamed for it. */
    if ((err = cdist_import_check_root(request.options.root, pool)) != NULL) return tool_fail_err(err, pool);
    /* NB: libarchive turns the names of entries into the locale's characters, and these must be UTF-8. */
    setlocale(LC_CTYPE, "C.UTF-8");
    apr_pool_create(&scratch, pool);
    status = TOOL_DONE;
    for (i = 0; i < operands->nelts; i++) {
        apr_pool_clear(scratch);
        if (import_operand(&request, APR_ARRAY_IDX(operands, i, const char *), scratch) != TOOL_DONE) status = TOOL_FAILED;
    }
    return status;
}

const tool_verb_t tool_import = {
    "import",
    "Usage: 1cdist import PACKAGE… --to ROOT [--version A.B.C.D] [--slot SLOT] [--max-size SIZE] [--force]\n"
    "                     [--sort-into FOLDER] [--settle SECONDS] [--json]\n"
    "\n"
    "Makes the vendor's downloads ready to serve: each package becomes ROOT/<version>/distr/<slot>tc.zip, as in\n"
    "8.3.25.1286/distr/windows64tc.zip, under the names that the platform has for them (macOS64tc.zip). Of an archive (rar,\n"
    "zip, tar, also with gzip, bzip2 or xz) the folder with the installer becomes the top; a single installer (run, dmg, pkg,\n"
    "exe, msi, deb, rpm) becomes the archive's one entry. Installers stay as they are, byte for byte. Nothing is unpacked to\n"
    "the disk, and the archive appears when it is complete and verified. A PACKAGE that is a folder stands for the files in\n"
    "it, but for those that begin with a dot.\n"
    "\n"
    "Version and slot come from the package's name, such as setuptc64_8_3_27_2342.rar; a Setup.ini inside and the\n"
    "installer's own name must agree with it. An archive that is there already is left alone if it is the same, and\n"
    "otherwise an error. One bad package does not stop the rest.\n"
    "\n"
    "  --to ROOT        the folder of releases, as in CDistRoot; it must be there\n"
    "  --version, --slot  what the name does not tell; slots are windows32 windows64 linux32 linux64 macos64 linux-arm64\n"
    "                   linux-e2k, or a component's name\n"
    "  --max-size SIZE  of all files in a package together: bytes, or with K, M, G or T after it; none (default: 4G)\n"
    "  --force          replace another archive of that version and slot\n"
    "  --sort-into FOLDER  afterwards move each package to FOLDER/imported or FOLDER/refused, on the same file system. It\n"
    "                   stays when it is not at fault itself (disk full, no right to write), or was replaced meanwhile\n"
    "  --settle SECONDS of a folder, take a file only when it has been still that long, and wait for it (default: 0)\n"
    "  --json           file version slot path sha256, one object a line\n"
    "\n"
    "Exit status: 0 done, 1 at least one package was refused, 2 wrong usage.\n",
    import_options, import};
