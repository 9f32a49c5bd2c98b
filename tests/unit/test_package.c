/* Downloads: what their names tell, and single installers, which need no unpacker. */
#include "packages/cdist_packages.h"
#include "fixture.h"

#include <apr_strings.h>

#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define A CDIST_PACKAGE_ARCHIVE
#define S CDIST_PACKAGE_SINGLE

static const struct {
    const char *file;
    cdist_package_form_t form;
    const char *version, *slot; /* "" tells nothing */
} names[] = {
    {"setuptc64_8_3_27_2342.rar", A, "8.3.27.2342", "windows64"},
    {"setuptc_8_3_25_1286.rar", A, "8.3.25.1286", "windows32"},
    {"SetupTC64_8_3_27_2342.RAR", A, "8.3.27.2342", "windows64"},
    {"setuptc64_8_3_27_2342 (1).rar", A, "8.3.27.2342", "windows64"},
    {"setuptc.rar", A, "", "windows32"},
    {"thin.client64_8_3_25_1286.zip", A, "8.3.25.1286", "linux64"},
    {"thin.client32_8_3_25_1286.zip", A, "8.3.25.1286", "linux32"},
    {"thin.client64_8_3_20_1549.tar.gz", A, "8.3.20.1549", "linux64"},
    {"thin.client_8_3_25_1286.deb64.zip", A, "8.3.25.1286", "linux64"},
    {"thin.client_8_3_25_1286.rpm32.zip", A, "8.3.25.1286", "linux32"},
    {"thin.client_8_3_18_1289.deb32.tar.gz", A, "8.3.18.1289", "linux32"},
    {"thin.client.deb32.tar.gz", A, "", "linux32"},
    {"thin.client.arm.deb64_8_3_25_1286.zip", A, "8.3.25.1286", "linux-arm64"},
    {"thin.client.arm.rpm64_8_3_25_1286.zip", A, "8.3.25.1286", "linux-arm64"},
    {"thin.client.e2k_8c.deb_8_3_25_1286.zip", A, "8.3.25.1286", "linux-e2k"},
    {"macos.thin.client_8_3_25_1286.dmg", S, "8.3.25.1286", "macos64"},
    {"thin.osx_8_3_18_1289.dmg", S, "8.3.18.1289", "macos64"},
    {"thin-osx-8.3.22.1750.dmg", S, "8.3.22.1750", "macos64"},
    {"1cv8-client-8.5.1.1529.pkg", S, "8.5.1.1529", "macos64"},
    {"setup-thin-8.3.25.1286-x86_64.run", S, "8.3.25.1286", "linux64"},
    {"setup-thin-8.3.25.1286-i386.run", S, "8.3.25.1286", "linux32"},
    {"setuptc_8.3.25.1286_x86-64.exe", S, "8.3.25.1286", "windows64"},
    {"setuptc_8.3.25.1286.exe", S, "8.3.25.1286", "windows32"},
    {"setuptc_8.3.25.1286_x86.exe", S, "8.3.25.1286", "windows32"},
    {"1c-enterprise-8.5.1.1529-thin-client_8.5.1-1529_amd64.deb", S, "8.5.1.1529", "linux64"},
    {"1c-enterprise-8.5.1.1529-thin-client-8.5.1-1529.x86_64.rpm", S, "8.5.1.1529", "linux64"},
    {"1c-enterprise83-thin-client_8.3.18-1289_i386.deb", S, "8.3.18.1289", "linux32"},
    {"1c-enterprise83-thin-client_8.3.25-1286_arm64.deb", S, "8.3.25.1286", "linux-arm64"},
    {"thin.client64_8.5.1-1529.zip", A, "8.5.1.1529", "linux64"},
    {"windows64.tgz", A, "", "windows64"},
    {"win64-8.3.22.1750.tar.xz", A, "8.3.22.1750", "windows64"},
    /* Not thin clients, and names of nobody's. */
    {"1c-enterprise-8.5.1.1529-server_8.5.1-1529_amd64.deb", S, "8.5.1.1529", ""},
    {"windows64full_8_3_25_1286.rar", A, "8.3.25.1286", ""},
    {"all-clients-distr-8.5.1.1529-x86_64.run", S, "8.5.1.1529", ""},
    {"client.zip", A, "", ""},
    {"a.msi", S, "", ""},
    {"setuptcarm64_8_3_27_2342.rar", A, "8.3.27.2342", ""},
    /* No version, rather than a wrong one. */
    {"setuptc64_8_3_27.rar", A, "", "windows64"},
    {"setuptc_8_3_27.rar", A, "", "windows32"},
    {"setuptc64_8.3.27-2342-2.rar", A, "", "windows64"},
    {"setuptc64_8.3.27-2342.2.rar", A, "", "windows64"},
    {"setuptc64_8.3-2342.rar", A, "", "windows64"},
    {"setuptc64_8_3_27_2342_8_3_25_1286.rar", A, "", "windows64"},
    {"8.3.25.1286-8.3.27.2342.zip", A, "", ""},
};

START_TEST(a_name_tells_version_slot_and_form)
{
    cdist_package_name_t name;

    ck_assert_msg(cdist_package_name_parse(&name, names[_i].file, fx_pool), "%s", names[_i].file);
    ck_assert_msg(name.form == names[_i].form, "%s: form", names[_i].file);
    ck_assert_msg(strcmp(cdist_version_format(&name.version, fx_pool), names[_i].version) == 0, "%s: %s", names[_i].file,
                  cdist_version_format(&name.version, fx_pool));
    ck_assert_msg(strcmp(name.slot ? name.slot->name : "", names[_i].slot) == 0, "%s: %s", names[_i].file,
                  name.slot ? name.slot->name : "no slot");
}
END_TEST

START_TEST(a_name_without_a_known_ending_is_no_package)
{
    static const char *const others[] = {"", ".", ".zip", ".rar", "a.zip.part", "setuptc64_8_3_27_2342", "a.7z", "a.gz", "a.iso"};
    cdist_package_name_t name;

    ck_assert_msg(!cdist_package_name_parse(&name, others[_i], fx_pool), "%s", others[_i]);
}
END_TEST

/* ---- single installers -------------------------------------------------------------------------------------------- */

#define RUN "setup-thin-8.3.25.1286-x86_64.run"
#define TARGET "root/8.3.25.1286/distr/linux64tc.zip"

static cdist_err_t *import(cdist_imported_t *imported, const char *package, const char *version, const char *slot, int force)
{
    cdist_import_options_t options = {fx_path("root")};

    if (version) ck_assert(cdist_version_parse(&options.version, version));
    options.slot = slot ? cdist_slot_make(slot, fx_pool) : NULL;
    options.level = CDIST_LEVEL_DEFAULT;
    options.force = force;
    return cdist_import(imported, fx_path(package), &options, fx_pool);
}

START_TEST(a_single_installer_becomes_the_one_entry)
{
    cdist_imported_t imported;
    cdist_verification_t *read;
    const cdist_entry_t *entry;
    struct stat st;

    fx_make_folder("root");
    fx_write_text(RUN, "#!/bin/sh\nexit 0\n");
    FX_OK(import(&imported, RUN, NULL, NULL, 0));
    ck_assert_str_eq(imported.path, fx_path(TARGET));
    ck_assert_str_eq(imported.slot->name, "linux64");
    ck_assert_int_eq(imported.unchanged, 0);
    FX_OK(cdist_zip_verify(&read, fx_open(TARGET), TARGET, NULL, fx_pool));
    ck_assert(read->ok);
    ck_assert(cdist_digest_equal(&read->manifest->archive_sha256, &imported.sha256));
    ck_assert_int_eq(read->manifest->entries->nelts, 1);
    entry = &APR_ARRAY_IDX(read->manifest->entries, 0, cdist_entry_t);
    ck_assert_str_eq(entry->name, RUN);
    ck_assert_uint_eq(entry->mode, 0100755);
    ck_assert_int_eq(stat(fx_path(TARGET), &st), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0644);
    ck_assert_int_eq(fx_children("root/8.3.25.1286/distr"), 1);
}
END_TEST

START_TEST(the_same_is_left_alone_and_another_wants_force)
{
    cdist_imported_t imported;
    struct stat before, after;

    fx_make_folder("root");
    fx_write_text(RUN, "#!/bin/sh\nexit 0\n");
    FX_OK(import(&imported, RUN, NULL, NULL, 0));
    ck_assert_int_eq(stat(fx_path(TARGET), &before), 0);
    FX_OK(import(&imported, RUN, NULL, NULL, 0));
    ck_assert_int_eq(imported.unchanged, 1);
    fx_append(RUN, "# another\n");
    FX_FAILS(import(&imported, RUN, NULL, NULL, 0), CDIST_E_INPUT);
    ck_assert_int_eq(stat(fx_path(TARGET), &after), 0);
    ck_assert_uint_eq(before.st_ino, after.st_ino);
    FX_OK(import(&imported, RUN, NULL, NULL, 1));
    ck_assert_int_eq(stat(fx_path(TARGET), &after), 0);
    ck_assert_uint_ne(before.st_ino, after.st_ino);
    ck_assert_int_eq(fx_children("root/8.3.25.1286/distr"), 1);
}
END_TEST

static const struct {
    const char *file, *version, *slot;
    const char *reason; /* NULL: it is taken */
} options_rows[] = {
    {"a.msi", "8.3.25.1286", "windows64", NULL},
    {"a.msi", NULL, "windows64", "--version"},
    {"a.msi", "8.3.25.1286", NULL, "--slot"},
    {RUN, "8.3.25.1286", "linux64", NULL},
    {RUN, "8.3.25.1287", NULL, "its name says version 8.3.25.1286, but --version says 8.3.25.1287"},
    {RUN, NULL, "linux32", "its name says slot linux64, but --slot says linux32"},
    {"a.iso", "8.3.25.1286", "linux64", "is no package"},
    {"modules.exe", "8.3.25.1286", "modules", NULL},
};

START_TEST(name_and_options_tell_version_and_slot_together)
{
    cdist_imported_t imported;
    cdist_err_t *err;

    fx_make_folder("root");
    fx_write_text(options_rows[_i].file, "content");
    err = import(&imported, options_rows[_i].file, options_rows[_i].version, options_rows[_i].slot, 0);
    if (!options_rows[_i].reason) {
        FX_OK(err);
        ck_assert_int_eq(fx_children("root"), 1);
        return;
    }
    FX_FAILS(err, CDIST_E_INPUT);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), options_rows[_i].reason));
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), fx_path(options_rows[_i].file)));
    ck_assert_int_eq(fx_children("root"), 0);
}
END_TEST

START_TEST(what_cannot_be_imported_leaves_nothing)
{
    cdist_imported_t imported;
    cdist_err_t *err = import(&imported, "nothere.zip", NULL, NULL, 0);

    ck_assert_str_eq(cdist_err_text(err, fx_pool),
                     apr_pstrcat(fx_pool, fx_path("nothere.zip"), ": there is no such file", NULL));
    FX_FAILS(import(&imported, RUN, NULL, NULL, 0), CDIST_E_NOTFOUND);
    fx_write_text(RUN, "#!/bin/sh\n");
    FX_FAILS(import(&imported, RUN, NULL, NULL, 0), CDIST_E_STORE); /* there is no root */
    fx_make_folder("root");
    fx_make_folder("1cv8-client-8.5.1.1529.pkg");
    FX_FAILS(import(&imported, "1cv8-client-8.5.1.1529.pkg", NULL, NULL, 0), CDIST_E_INPUT);
    ck_assert_int_eq(mkfifo(fx_path("thin.osx_8_3_18_1289.dmg"), 0600), 0);
    FX_FAILS(import(&imported, "thin.osx_8_3_18_1289.dmg", NULL, NULL, 0), CDIST_E_INPUT);
    ck_assert_int_eq(fx_children("root"), 0);
    fx_write_text("root/8.3.25.1286", "a file");
    FX_FAILS(import(&imported, RUN, NULL, NULL, 0), CDIST_E_STORE);
    fx_remove("root/8.3.25.1286");
    fx_link("elsewhere", TARGET);
    FX_FAILS(import(&imported, RUN, NULL, NULL, 1), CDIST_E_STORE);
    ck_assert_int_eq(fx_children("root/8.3.25.1286/distr"), 1);
}
END_TEST

START_TEST(too_much_content_or_a_stop_leaves_nothing)
{
    cdist_import_options_t options = {NULL};
    cdist_imported_t imported;
    apr_uint32_t stop = 1;

    fx_make_folder("root");
    fx_write_text(RUN, "#!/bin/sh\n");
    options.root = fx_path("root");
    options.level = CDIST_LEVEL_DEFAULT;
    options.max_bytes = 9;
    FX_FAILS(cdist_import(&imported, fx_path(RUN), &options, fx_pool), CDIST_E_INPUT);
    ck_assert_int_eq(fx_children("root"), 0);
    options.max_bytes = 10;
    options.stop = &stop;
    FX_FAILS(cdist_import(&imported, fx_path(RUN), &options, fx_pool), CDIST_E_STOPPED);
    ck_assert_int_eq(fx_children("root"), 0);
    options.stop = NULL;
    FX_OK(cdist_import(&imported, fx_path(RUN), &options, fx_pool));
}
END_TEST

typedef struct {
    apr_uint64_t done, total;
    int calls, backwards;
} seen_t;

static void note_progress(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes)
{
    seen_t *seen = baton;

    seen->backwards |= done_bytes < seen->done || done_bytes > total_bytes;
    seen->done = done_bytes;
    seen->total = total_bytes;
    seen->calls++;
}

START_TEST(progress_goes_forwards_to_the_end)
{
    seen_t seen = {0};
    cdist_import_options_t options = {fx_path("root")};
    cdist_imported_t imported;

    fx_make_folder("root");
    fx_write_noise(RUN, 1000000, 1);
    options.level = CDIST_LEVEL_DEFAULT;
    options.progress = note_progress;
    options.progress_baton = &seen;
    FX_OK(cdist_import(&imported, fx_path(RUN), &options, fx_pool));
    ck_assert_int_gt(seen.calls, 2);
    ck_assert_int_eq(seen.backwards, 0);
    ck_assert_uint_eq(seen.done, seen.total);
}
END_TEST

START_TEST(a_disk_that_fills_up_leaves_nothing)
{
    struct rlimit limit = {300000, RLIM_INFINITY};
    cdist_imported_t imported;

    fx_make_folder("root");
    fx_write_noise(RUN, 1000000, 1);
    signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &limit), 0);
    FX_FAILS(import(&imported, RUN, NULL, NULL, 0), CDIST_E_STORE);
    ck_assert_int_eq(fx_children("root"), 0);
}
END_TEST

/* A progress function that changes the package: in the first reading, or in the second. */
static void grow(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes)
{
    int *second = baton;

    if (*second == (done_bytes > total_bytes / 2)) fx_append(RUN, "more");
}

START_TEST(a_package_that_changes_meanwhile_is_refused)
{
    cdist_import_options_t options = {fx_path("root")};
    cdist_imported_t imported;
    cdist_err_t *err;
    int second = _i;

    fx_make_folder("root");
    fx_write_noise(RUN, 1000000, 1);
    options.level = CDIST_LEVEL_DEFAULT;
    options.progress = grow;
    options.progress_baton = &second;
    err = cdist_import(&imported, fx_path(RUN), &options, fx_pool);
    ck_assert_ptr_nonnull(err);
    ck_assert_msg(err->code == CDIST_E_CHANGED || err->code == CDIST_E_CORRUPT, "%s", cdist_err_text(err, fx_pool));
    ck_assert_int_eq(fx_children("root"), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("package");
    TCase *tcase = fx_case(suite, "package", 60);

    tcase_add_loop_test(tcase, a_name_tells_version_slot_and_form, 0, FX_COUNT(names));
    tcase_add_loop_test(tcase, a_name_without_a_known_ending_is_no_package, 0, 9);
    tcase_add_test(tcase, a_single_installer_becomes_the_one_entry);
    tcase_add_test(tcase, the_same_is_left_alone_and_another_wants_force);
    tcase_add_loop_test(tcase, name_and_options_tell_version_and_slot_together, 0, FX_COUNT(options_rows));
    tcase_add_test(tcase, what_cannot_be_imported_leaves_nothing);
    tcase_add_test(tcase, too_much_content_or_a_stop_leaves_nothing);
    tcase_add_test(tcase, a_disk_that_fills_up_leaves_nothing);
    tcase_add_loop_test(tcase, a_package_that_changes_meanwhile_is_refused, 0, 2);
    tcase_add_test(tcase, progress_goes_forwards_to_the_end);
    return suite;
}
