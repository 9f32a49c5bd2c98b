/* From a download to a release's ready archive. */
#include "packages_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    const char *path; /* of the package */
    const cdist_import_options_t *options;
    cdist_imported_t *result;
    cdist_survey_t *survey;
    const char *folder;          /* <root>/<version>/distr */
    const char *made[2];         /* folders that were made for it, the outer one first; NULL: were there */
    apr_pool_t *pool, *outer;    /* of its own; the caller's, for what is needed after the other one is gone */
} import_t;

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

/* ---- which release, which slot --------------------------------------------------------------------------------------- */

/* Takes a version that `where` tells; it must be that which is known already. */
static cdist_err_t *take_version(import_t *import, const cdist_version_t *version, const char *known, const char *where)
{
    cdist_version_t *taken = &import->result->version;

    if (version->count == 0) return NULL;
    if (taken->count && cdist_version_compare(taken, version) != 0) {
        return cdist_err_create(import->pool, CDIST_E_INPUT, 0, "%s says version %s, but %s says %s", known,
                                cdist_version_format(taken, import->pool), where, cdist_version_format(version, import->pool));
    }
    *taken = *version;
    return NULL;
}

static cdist_err_t *identify_by_name(cdist_package_name_t *name, import_t *import)
{
    const cdist_import_options_t *options = import->options;

    if (!cdist_package_name_parse(name, base_name(import->path), import->pool)) {
        return cdist_err_create(import->pool, CDIST_E_INPUT, 0, "is no package; its name would end in one of "
                                CDIST_PACKAGE_ENDINGS);
    }
    if (options->slot && name->slot && cdist_slot_compare(options->slot, name->slot) != 0) {
        return cdist_err_create(import->pool, CDIST_E_INPUT, 0, "its name says slot %s, but --slot says %s", name->slot->name,
                                options->slot->name);
    }
    import->result->slot = name->slot ? name->slot : options->slot;
    if (!import->result->slot) {
        return cdist_err_create(import->pool, CDIST_E_INPUT, 0, "its name does not tell which client it is for; add --slot");
    }
    CDIST_ERR(take_version(import, &name->version, "its name", "its name"));
    return take_version(import, &options->version, "its name", "--version");
}

/* What lies inside must be of the version outside: a client would install one and ask for the other for ever. */
static cdist_err_t *identify_by_content(import_t *import)
{
    const cdist_survey_t *survey = import->survey;
    const char *known = import->options->version.count ? "--version" : "its name";
    const char *ini = survey->setup_ini, *product;
    cdist_version_t version;
    cdist_package_name_t inner;

    product = ini ? cdist_keyvalue_get(ini, "Startup", "ProductVersion", import->pool) : NULL;
    if (product && cdist_version_parse(&version, product)) {
        CDIST_ERR(take_version(import, &version, known, "Setup.ini's ProductVersion"));
        known = "Setup.ini";
    }
    if (cdist_package_name_parse(&inner, survey->installer, import->pool)) {
        CDIST_ERR(take_version(import, &inner.version, known,
                               apr_pstrcat(import->pool, "the installer ", cdist_text_printable(survey->installer, import->pool),
                                           NULL)));
    }
    if (import->result->version.count) return NULL;
    return cdist_err_create(import->pool, CDIST_E_INPUT, 0, "neither its name nor a Setup.ini in it tells a version; add "
                            "--version A.B.C.D");
}

/* ---- where it goes ------------------------------------------------------------------------------------------------- */

static cdist_err_t *cannot_write(const import_t *import, const char *path, apr_status_t rv)
{
    return cdist_err_create(import->pool, CDIST_E_STORE, rv, "%s cannot be written", cdist_text_printable(path, import->pool));
}

static cdist_err_t *make_folder(import_t *import, int level, const char *path)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, path, APR_FINFO_TYPE | APR_FINFO_LINK, import->pool);

    if (rv == APR_SUCCESS && info.filetype == APR_DIR) return NULL;
    rv = cdist_os_folder_make(path, import->pool);
    if (rv != APR_SUCCESS) return cannot_write(import, path, rv);
    import->made[level] = path;
    return NULL;
}

cdist_err_t *cdist_import_check_root(const char *root, apr_pool_t *pool)
{
    const char *shown = cdist_text_printable(root, pool);
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, root, APR_FINFO_TYPE, pool);

    if (APR_STATUS_IS_ENOENT(rv)) return cdist_err_create(pool, CDIST_E_STORE, 0, "%s: is no folder; make it first", shown);
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s", shown);
    return info.filetype == APR_DIR ? NULL : cdist_err_create(pool, CDIST_E_STORE, 0, "%s: is no folder", shown);
}

static cdist_err_t *make_folders(import_t *import)
{
    const char *release = apr_pstrcat(import->outer, import->options->root, "/",
                                      cdist_version_format(&import->result->version, import->pool), NULL);

    CDIST_ERR(cdist_import_check_root(import->options->root, import->pool));
    import->folder = apr_pstrcat(import->outer, release, "/distr", NULL);
    import->result->path = apr_pstrcat(import->outer, import->folder, "/", import->result->slot->file, NULL);
    CDIST_ERR(make_folder(import, 0, release));
    CDIST_ERR(make_folder(import, 1, import->folder));
    cdist_os_temp_sweep(import->folder, import->pool);
    return NULL;
}

/* After an error. NB: a folder that got something from somebody else meanwhile stays, since it is not empty. */
static void remove_folders(import_t *import)
{
    int level;

    for (level = 1; level >= 0; level--) {
        if (import->made[level]) (void)apr_dir_remove(import->made[level], import->outer);
    }
}

/* ---- packing ------------------------------------------------------------------------------------------------------- */

static cdist_err_t *deliver(int *again, cdist_assembly_t *assembly, import_t *import, cdist_reader_t *reader, int part,
                            unsigned char *buffer)
{
    apr_size_t length;

    CDIST_ERR(cdist_assembly_begin(assembly, part));
    do {
        CDIST_ERR(cdist_reader_read(&length, reader, buffer, CDIST_READ_BYTES));
        cdist_import_progress(import->options, reader, 1);
        CDIST_ERR(cdist_assembly_data(assembly, buffer, length));
    } while (length > 0);
    return cdist_assembly_end(again, assembly);
}

/* One reading of the package, in which those of `wanted` are delivered; what is wanted once more stays marked. */
static cdist_err_t *deliver_all(int *again, cdist_assembly_t *assembly, import_t *import, cdist_reader_t *reader, char *wanted)
{
    unsigned char *buffer = apr_palloc(reader->pool, CDIST_READ_BYTES);
    const cdist_member_t *member;
    int i;

    *again = 0;
    for (i = 0; i < import->survey->found->nelts; i++) {
        const cdist_found_t *found = &APR_ARRAY_IDX(import->survey->found, i, cdist_found_t);
        int once_more;

        CDIST_ERR(cdist_reader_next(&member, reader));
        if (!member || strcmp(member->name, found->name) != 0 || member->folder != found->folder) {
            return cdist_err_create(import->pool, CDIST_E_CHANGED, 0, "changed while it was read");
        }
        if (found->part < 0 || !wanted[found->part]) continue;
        CDIST_ERR(deliver(&once_more, assembly, import, reader, found->part, buffer));
        wanted[found->part] = (char)once_more;
        *again |= once_more;
    }
    return NULL;
}

/* Reads the package again, and what must be delivered once more in a reading of its own. */
static cdist_err_t *pack(cdist_assembly_t *assembly, import_t *import, cdist_package_form_t form, const cdist_stat_t *seen)
{
    char *wanted = apr_palloc(import->pool, (apr_size_t)import->survey->parts->nelts + 1);
    int again;

    memset(wanted, 1, (size_t)import->survey->parts->nelts + 1);
    do {
        cdist_reader_t *reader;
        cdist_err_t *err;

        CDIST_ERR(cdist_reader_open(&reader, import->path, form, import->pool));
        err = deliver_all(&again, assembly, import, reader, wanted);
        if (!err) err = cdist_reader_check(reader);
        if (!err && !cdist_stat_same(&reader->stat, seen)) {
            err = cdist_err_create(import->pool, CDIST_E_CHANGED, 0, "changed while it was read: is it still being copied?");
        }
        err = cdist_err_dup(err, import->pool);
        cdist_reader_close(reader);
        if (err) return err;
    } while (again);
    return NULL;
}

/* ---- publication --------------------------------------------------------------------------------------------------- */

/* The digest of the archive that is there already; *there is 0 if none is. */
static cdist_err_t *look_at_old(int *there, cdist_digest_t *digest, const import_t *import)
{
    cdist_sha256_t *sha = cdist_sha256_create(import->pool);
    unsigned char *buffer = apr_palloc(import->pool, CDIST_READ_BYTES);
    apr_finfo_t info;
    apr_file_t *file;
    apr_size_t length;
    apr_status_t rv = apr_stat(&info, import->result->path, APR_FINFO_TYPE | APR_FINFO_LINK, import->pool);

    *there = !APR_STATUS_IS_ENOENT(rv);
    if (!*there) return NULL;
    /* NB: publication renames, which would turn a device or link of that name into a file. */
    if (rv == APR_SUCCESS && info.filetype != APR_REG) {
        return cdist_err_create(import->pool, CDIST_E_STORE, 0, "%s is there already, and is no plain file",
                                cdist_text_printable(import->result->path, import->pool));
    }
    rv = cdist_file_open(&file, NULL, import->result->path, 0, import->pool);
    if (rv != APR_SUCCESS) return cannot_write(import, import->result->path, rv);
    do {
        length = CDIST_READ_BYTES;
        rv = apr_file_read(file, buffer, &length);
        if (rv == APR_SUCCESS) cdist_sha256_update(sha, buffer, length);
    } while (rv == APR_SUCCESS);
    apr_file_close(file);
    if (!APR_STATUS_IS_EOF(rv)) return cannot_write(import, import->result->path, rv);
    cdist_sha256_final(digest, sha);
    return NULL;
}

/* NB: somebody else may import the same release at this very moment. Who comes second looks at what the first has left, and
 * takes the place of nothing that he has not seen. */
static cdist_err_t *give_name(import_t *import, cdist_temp_t *temp)
{
    cdist_imported_t *result = import->result;
    cdist_digest_t old;
    apr_status_t rv;
    int there;

    CDIST_ERR(look_at_old(&there, &old, import));
    if (!there && !import->options->force) {
        rv = cdist_os_temp_publish_new(temp, result->path, 0, import->pool);
        if (!APR_STATUS_IS_EEXIST(rv)) return rv == APR_SUCCESS ? NULL : cannot_write(import, result->path, rv);
        CDIST_ERR(look_at_old(&there, &old, import));
    }
    result->unchanged = there && cdist_digest_equal(&old, &result->sha256);
    if (result->unchanged) return NULL;
    if (!import->options->force) {
        return cdist_err_create(import->pool, CDIST_E_INPUT, 0,
                                "%s is there already, and is another archive; --force replaces it",
                                cdist_text_printable(result->path, import->pool));
    }
    rv = cdist_os_temp_publish(temp, result->path, import->pool);
    return rv == APR_SUCCESS ? NULL : cannot_write(import, result->path, rv);
}

/* Verifies what was made, as a stranger's archive would be, and publishes it. */
static cdist_err_t *publish(import_t *import, cdist_temp_t *temp, const cdist_manifest_t *manifest)
{
    cdist_imported_t *result = import->result;
    cdist_verification_t *verification;

    CDIST_ERR(cdist_zip_verify(&verification, temp->file, result->path, import->options->stop, import->pool));
    CDIST_ERR(cdist_verification_error(verification, result->path, import->pool));
    if (!cdist_digest_equal(&verification->manifest->archive_sha256, &manifest->archive_sha256)) {
        return cdist_err_create(import->pool, CDIST_E_STORE, 0, "the archive reads back differently from what was written: check "
                                "the disk");
    }
    result->sha256 = manifest->archive_sha256;
    result->bytes = manifest->archive_bytes;
    result->files = manifest->entries->nelts;
    result->left_out = import->survey->left_out;
    return give_name(import, temp);
}

static cdist_err_t *make_archive(import_t *import, cdist_package_form_t form, const cdist_stat_t *seen)
{
    cdist_manifest_t *manifest;
    cdist_assembly_t *assembly;
    cdist_temp_t *temp;
    apr_status_t rv;

    CDIST_ERR(make_folders(import));
    rv = cdist_os_temp_open(&temp, import->folder, import->pool);
    if (rv != APR_SUCCESS) return cannot_write(import, import->folder, rv);
    CDIST_ERR(cdist_assembly_create(&assembly, temp, import->survey->parts, import->options->level, import->options->stop,
                                    import->pool));
    CDIST_ERR(pack(assembly, import, form, seen));
    CDIST_ERR(cdist_assembly_finish(&manifest, assembly));
    return publish(import, temp, manifest);
}

static cdist_err_t *run(import_t *import)
{
    cdist_package_name_t name;
    cdist_reader_t *reader;
    cdist_stat_t seen;
    apr_finfo_t info;
    cdist_err_t *err;

    if (APR_STATUS_IS_ENOENT(apr_stat(&info, import->path, APR_FINFO_TYPE, import->pool))) {
        return cdist_err_create(import->pool, CDIST_E_NOTFOUND, 0, "there is no such file");
    }
    CDIST_ERR(identify_by_name(&name, import));
    CDIST_ERR(cdist_reader_open(&reader, import->path, name.form, import->pool));
    seen = reader->stat;
    err = cdist_err_dup(cdist_survey(&import->survey, reader, import->options, import->pool), import->pool);
    cdist_reader_close(reader);
    if (err) return err;
    CDIST_ERR(identify_by_content(import));
    return make_archive(import, name.form, &seen);
}

cdist_err_t *cdist_import(cdist_imported_t *result, const char *package, const cdist_import_options_t *options, apr_pool_t *pool)
{
    import_t import = {package, options, result, NULL, NULL, {NULL, NULL}, NULL, pool};
    cdist_err_t *err;

    memset(result, 0, sizeof *result);
    /* A pool of its own: with it go temporary files, before their folders. */
    apr_pool_create(&import.pool, pool);
    err = run(&import);
    if (err) {
        cdist_err_t *outer = cdist_err_create(pool, err->code, 0, "%s", cdist_text_printable(package, pool));
        outer->cause = cdist_err_dup(err, pool);
        err = outer;
    }
    apr_pool_destroy(import.pool);
    if (err) remove_folders(&import);
    return err;
}
