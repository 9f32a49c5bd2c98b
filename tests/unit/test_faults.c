/* Whatever call of the system fails: the store stays whole, nothing is left behind, and the next run succeeds with the bytes
 * of a build from nothing. Each test lets every single call of a kind fail once, until a run passes without the failure. */
#include "archive_int.h"
#include "faults.h"
#include "fixture.h"
#include "platform/cdist_platform.h"

#include <apr_strings.h>
#include <jansson.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <unistd.h>

/* NB: takes the place of APR's own, so that files made a moment ago count as old, and are reused by their stat. */
apr_time_t apr_time_now(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return apr_time_make(now.tv_sec, now.tv_usec) + apr_time_from_sec(100);
}

static const fault_t faults[] = {
    {FAULT_OPEN, EMFILE, 0},     {FAULT_OPEN, EINTR, 0},      {FAULT_OPEN, EMFILE, 1},   {FAULT_OPEN, ENOENT, 0},
    {FAULT_READ, EIO, 0},        {FAULT_READ, EINTR, 0},      {FAULT_READ, FAULT_PART, 0}, {FAULT_READ, EIO, 1},
    {FAULT_WRITE, ENOSPC, 0},    {FAULT_WRITE, EINTR, 0},     {FAULT_WRITE, FAULT_PART, 0}, {FAULT_WRITE, ENOSPC, 1},
    {FAULT_SEEK, EIO, 0},        {FAULT_SYNC, EIO, 0},        {FAULT_SYNC, EINTR, 0},    {FAULT_TRUNCATE, EIO, 0},
    {FAULT_MODE, EPERM, 0},      {FAULT_RENAME, EACCES, 0},   {FAULT_RENAME, ENOSPC, 1}, {FAULT_LINK, EACCES, 0},
    {FAULT_MKDIR, ENOSPC, 0},    {FAULT_STAT, EIO, 0},        {FAULT_STAT, ESTALE, 1},   {FAULT_STAT, ENOENT, 0},
    {FAULT_LIST, EIO, 0},        {FAULT_LIST, EIO, 1},
};

/* What every reader and writer has to live with. */
static int is_harmless(const fault_t *fault)
{
    return (fault->kind == FAULT_READ || fault->kind == FAULT_WRITE) && (fault->error == EINTR || fault->error == FAULT_PART);
}

static void tell(const char *what, const fault_t *fault, int count)
{
    printf("%s: %d faults of %s (%s%s)\n", what, count, fault_names[fault->kind],
           fault->error == FAULT_PART ? "a part" : strerror(fault->error), fault->lasting ? ", lasting" : "");
}

/* An error says what could not be done to what. */
static void expect_told(const cdist_err_t *err, const fault_t *fault, int nth)
{
    const char *text = cdist_err_text(err, fx_pool);

    ck_assert_msg(!is_harmless(fault), "%s %d: %s", fault_names[fault->kind], nth, text);
    ck_assert_msg(strstr(text, fx_folder) || strstr(text, "the archive"), "%s %d: %s", fault_names[fault->kind], nth, text);
    ck_assert_msg(err->code == CDIST_E_SOURCE || err->code == CDIST_E_STORE || err->code == CDIST_E_CHANGED ||
                      (err->code == CDIST_E_NOTFOUND && fault->error == ENOENT),
                  "%s %d: code %d: %s", fault_names[fault->kind], nth, (int)err->code, text);
}

/* ---- stores ------------------------------------------------------------------------------------------------------ */

static const char *const parts[] = {"archives", "manifests", "records", "keys"};
static cdist_store_t *store;
static cdist_digest_t first, wanted; /* the archive that is in the store before, and the one that must come of the job */

typedef void child_fn(const char *folder, const char *name);

static void each_child(const char *folder, child_fn *act)
{
    cdist_folder_t *open;
    const char *name;

    FX_DONE(cdist_os_folder_open(&open, fx_path(folder), fx_pool));
    for (;;) {
        FX_DONE(cdist_os_folder_next(&name, open, fx_pool));
        if (!name) break;
        act(folder, name);
    }
    cdist_os_folder_close(open);
}

static void link_child(const char *folder, const char *name)
{
    const char *from = apr_pstrcat(fx_pool, fx_path(folder), "/", name, NULL);
    const char *to = apr_pstrcat(fx_pool, fx_path("store"), strchr(folder, '/'), "/", name, NULL);

    ck_assert_msg(link(from, to) == 0, "%s: %s", to, strerror(errno));
}

/* A store as it was before the job. Its files are shared, since nobody may ever write into them. */
static void clone_store(void)
{
    int i;

    fx_remove("store");
    fx_write_text("store/FORMAT", "1cdist-store 1\n");
    for (i = 0; i < FX_COUNT(parts); i++) {
        fx_make_folder(apr_pstrcat(fx_pool, "store/", parts[i], NULL));
        each_child(apr_pstrcat(fx_pool, "template/", parts[i], NULL), link_child);
    }
}

static cdist_digest_t digest_of(const char *name)
{
    cdist_digest_t digest;

    ck_assert_msg(cdist_digest_parse(&digest, apr_pstrndup(fx_pool, name, 64)), "%s is no digest", name);
    return digest;
}

static void expect_sound_archive(const char *folder, const char *name)
{
    cdist_verification_t *result;
    cdist_digest_t digest = digest_of(name);
    apr_file_t *file;

    if (strcmp(name + 64, ".zip") != 0 || cdist_digest_equal(&digest, &first)) return;
    file = fx_open(apr_pstrcat(fx_pool, folder, "/", name, NULL));
    FX_OK(cdist_zip_verify(&result, file, name, NULL, fx_pool));
    FX_OK(cdist_verification_error(result, name, fx_pool));
    ck_assert(cdist_digest_equal(&result->manifest->archive_sha256, &digest));
    apr_file_close(file);
}

static void expect_sound_records(const char *folder, const char *name)
{
    size_t length;
    const char *bytes = fx_read(&length, apr_pstrcat(fx_pool, folder, "/", name, NULL));

    digest_of(name);
    ck_assert_ptr_nonnull(cdist_records_parse(bytes, length, 1, fx_pool));
}

static void expect_sound_manifest(const char *folder, const char *name)
{
    cdist_digest_t digest = digest_of(name);
    json_t *json = json_loads(fx_read(NULL, apr_pstrcat(fx_pool, folder, "/", name, NULL)), 0, NULL);

    ck_assert_msg(json != NULL, "%s is no JSON", name);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json, "archive"), "sha256")), fx_hex(&digest));
    json_decref(json);
}

static void expect_sound_key(const char *folder, const char *name)
{
    cdist_digest_t key = digest_of(name);
    cdist_archive_t *archive;
    const char *json;
    apr_file_t *file;

    (void)folder;
    FX_OK(cdist_store_find(&archive, &file, store, &key, 0, fx_pool));
    apr_file_close(file);
    FX_OK(cdist_store_manifest(&json, store, &archive->sha256, fx_pool));
}

static void expect_no_rest(const char *folder, const char *name)
{
    ck_assert_msg(*name != '.', "%s/%s was left behind", folder, name);
}

static void expect_no_lock(void)
{
    struct flock range = {F_WRLCK, SEEK_SET, 0, 0, 0};
    int fd = open(fx_path("store/lock"), O_RDWR);

    if (fd < 0) return;
    ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &range), 0);
    ck_assert_int_eq(range.l_type, F_UNLCK);
    close(fd);
}

/* NB: keys first, because finding one drops what is not sound. */
static void expect_whole_store(void)
{
    int i;

    each_child("store", expect_no_rest);
    for (i = 0; i < FX_COUNT(parts); i++) each_child(apr_pstrcat(fx_pool, "store/", parts[i], NULL), expect_no_rest);
    each_child("store/keys", expect_sound_key);
    each_child("store/archives", expect_sound_archive);
    each_child("store/records", expect_sound_records);
    each_child("store/manifests", expect_sound_manifest);
    expect_no_lock();
}

static int open_files(void)
{
    cdist_folder_t *folder;
    const char *name;
    int count = 0;

    FX_DONE(cdist_os_folder_open(&folder, "/proc/self/fd", fx_pool));
    while (cdist_os_folder_next(&name, folder, fx_pool) == APR_SUCCESS && name) count++;
    cdist_os_folder_close(folder);
    return count;
}

/* ---- jobs -------------------------------------------------------------------------------------------------------- */

static cdist_job_t job;

static void make_job(const char *folder)
{
    cdist_tree_t *tree;

    memset(&job, 0, sizeof job);
    FX_OK(cdist_tree_read(&tree, fx_path(folder), NULL, fx_pool));
    job.path = fx_path(folder);
    job.signature = tree->signature;
    job.level = 1;
    job.threads = 2;
    job.label = "windows64 8.3.22.1750";
    cdist_job_key(&job, fx_pool);
}

static void make_ready_job(const char *name)
{
    apr_file_t *file = fx_open(name);

    memset(&job, 0, sizeof job);
    job.path = fx_path(name);
    job.ready = 1;
    job.label = "windows64 8.3.22.1750";
    FX_DONE(cdist_os_stat_file(&job.stat, file));
    apr_file_close(file);
    cdist_job_key(&job, fx_pool);
}

static cdist_err_t *run_job(apr_pool_t *pool)
{
    return cdist_job_run(store, &job, NULL, pool);
}

static cdist_err_t *run_flight(apr_pool_t *pool)
{
    cdist_flight_limits_t limits = {5, 1};
    cdist_outcome_t outcome;
    cdist_flights_t *flights;
    cdist_archive_t *archive;
    apr_file_t *file;

    FX_OK(cdist_flights_create(&flights, store, &limits, pool));
    return cdist_flights_obtain(&archive, &file, &outcome, flights, &job, apr_time_from_sec(20), 0, pool);
}

static cdist_digest_t found(void)
{
    cdist_archive_t *archive;
    apr_file_t *file;

    FX_OK(cdist_store_find(&archive, &file, store, &job.key, 0, fx_pool));
    apr_file_close(file);
    return archive->sha256;
}

typedef cdist_err_t *run_fn(apr_pool_t *pool);

/* Runs in a pool of its own, so that all is over afterwards what a pool ends. */
static cdist_err_t *run_in_pool(run_fn *run)
{
    cdist_err_t *err;
    apr_pool_t *pool;

    apr_pool_create(&pool, fx_pool);
    err = cdist_err_dup(run(pool), fx_pool);
    apr_pool_destroy(pool);
    return err;
}

/* Returns 0 if the run had fewer calls than that. */
static int survives(run_fn *run, const fault_t *fault, int nth)
{
    cdist_digest_t digest;
    cdist_err_t *err;
    int files, hit;

    clone_store();
    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
    files = open_files();
    fault_arm(fault, nth);
    err = run_in_pool(run);
    hit = fault_disarm();
    ck_assert_int_eq(open_files(), files);
    if (err && !hit) ck_abort_msg("without a fault: %s", cdist_err_text(err, fx_pool));
    if (err) expect_told(err, fault, nth);
    expect_whole_store();
    if (err) FX_OK(run_in_pool(run));
    digest = found();
    ck_assert_str_eq(fx_hex(&digest), fx_hex(&wanted));
    if (err) expect_whole_store();
    return hit;
}

static void survives_every(const char *what, run_fn *run, const fault_t *fault)
{
    int nth = 1;

    while (survives(run, fault, nth)) nth++;
    tell(what, fault, nth - 1);
}

/* A release in a store, the next one as a job, and what must come of it. */
static void make_releases(void)
{
    make_job("one");
    FX_OK(cdist_store_open(&store, fx_path("template"), fx_pool));
    FX_OK(run_in_pool(run_job));
    first = found();
    make_job("two");
    FX_OK(cdist_store_open(&store, fx_path("plain"), fx_pool));
    FX_OK(run_in_pool(run_job));
    wanted = found();
}

/* The same file by its stat, the same content elsewhere, other contents, a link and an empty folder. */
static void make_small_releases(void)
{
    fx_write_prose("one/same.txt", 20000);
    fx_write_noise("one/moved.cab", 9000, 1);
    fx_write_text("one/changed.ini", "version one");
    fx_write_noise("two/folder/moved.cab", 9000, 1);
    fx_write_text("two/changed.ini", "version two");
    fx_make_folder("two/empty");
    fx_link("changed.ini", "two/link");
    ck_assert_int_eq(link(fx_path("one/same.txt"), fx_path("two/same.txt")), 0);
    make_releases();
}

START_TEST(whatever_fails_in_a_job_the_store_stays_whole_and_the_next_run_succeeds)
{
    make_small_releases();
    survives_every("job", run_job, &faults[_i]);
}
END_TEST

START_TEST(whatever_fails_in_a_flight_no_lock_stays_and_the_next_one_succeeds)
{
    make_small_releases();
    survives_every("flight", run_flight, &faults[_i]);
}
END_TEST

START_TEST(whatever_fails_while_a_ready_archive_is_verified_the_next_run_succeeds)
{
    size_t length;
    const char *bytes;

    make_small_releases();
    bytes = fx_read(&length, apr_pstrcat(fx_pool, "plain/archives/", fx_hex(&wanted), ".zip", NULL));
    fx_write("ready.zip", bytes, length);
    make_ready_job("ready.zip");
    survives_every("ready archive", run_job, &faults[_i]);
}
END_TEST

/* ---- streamed entries ---------------------------------------------------------------------------------------------- */

static const fault_t stream_faults[] = {
    {FAULT_READ, EIO, 0}, {FAULT_WRITE, ENOSPC, 1}, {FAULT_SEEK, EIO, 0}, {FAULT_TRUNCATE, EIO, 0}};

static void damage_first(void)
{
    const char *name = apr_pstrcat(fx_pool, "template/archives/", fx_hex(&first), ".zip", NULL);
    apr_off_t at = CDIST_WHOLE_MAX / 2;
    apr_file_t *file;

    FX_DONE(apr_file_open(&file, fx_path(name), APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_BINARY, 0, fx_pool));
    FX_DONE(apr_file_seek(file, APR_SET, &at));
    FX_DONE(apr_file_write_full(file, "\xEE\xEE\xEE\xEE", 4, NULL));
    apr_file_close(file);
}

/* One call of a kind only, because each run moves 64 MiB several times: with a sound archive to copy the entry from, and with a
 * damaged one, of which half the entry is copied and thrown away. */
START_TEST(whatever_fails_while_a_large_entry_is_streamed_the_next_run_succeeds)
{
    int calls[FX_COUNT(stream_faults)], i;

    fx_write_noise("one/large", CDIST_WHOLE_MAX + 5, 1);
    fx_make_folder("two");
    ck_assert_int_eq(link(fx_path("one/large"), fx_path("two/large")), 0);
    fx_write_text("two/small", "x");
    make_releases();
    if (_i) damage_first();
    survives(run_job, &stream_faults[0], 1 << 30);
    for (i = 0; i < FX_COUNT(stream_faults); i++) calls[i] = fault_calls(stream_faults[i].kind);
    for (i = 0; i < FX_COUNT(stream_faults); i++) {
        const fault_t *fault = &stream_faults[i];

        if (calls[i]) survives(run_job, fault, (calls[i] + 1) / 2);
        tell(_i ? "streamed job, damaged archive" : "streamed job", fault, calls[i] > 0);
    }
}
END_TEST

/* ---- the pieces ---------------------------------------------------------------------------------------------------- */

START_TEST(whatever_fails_when_a_store_is_opened_the_next_opening_succeeds)
{
    const fault_t *fault = &faults[_i];
    int nth, hit = 1;

    for (nth = 1; hit; nth++) {
        cdist_err_t *err;
        apr_pool_t *pool;

        fx_remove("store");
        apr_pool_create(&pool, fx_pool);
        fault_arm(fault, nth);
        err = cdist_store_open(&store, fx_path("store"), pool);
        hit = fault_disarm();
        if (err) expect_told(err, fault, nth);
        apr_pool_destroy(pool);
        FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
        ck_assert_str_eq(fx_read(NULL, "store/FORMAT"), "1cdist-store 1\n");
        expect_whole_store();
    }
    tell("opening a store", fault, nth - 2);
}
END_TEST

START_TEST(whatever_fails_when_a_file_is_published_it_is_the_old_one_or_the_new_one)
{
    const fault_t *fault = &faults[_i];
    int nth, hit = 1;

    for (nth = 1; hit; nth++) {
        const char *text;
        cdist_err_t *err;
        apr_pool_t *pool;

        fx_remove("f");
        fx_write_text("f/file", "the old one");
        apr_pool_create(&pool, fx_pool);
        fault_arm(fault, nth);
        err = cdist_file_publish(fx_path("f/file"), "the new one", 11, pool);
        hit = fault_disarm();
        if (err) expect_told(err, fault, nth);
        apr_pool_destroy(pool);
        text = fx_read(NULL, "f/file");
        ck_assert(strcmp(text, "the new one") == 0 || (err && strcmp(text, "the old one") == 0));
        ck_assert_int_eq(fx_children("f"), 1);
        FX_OK(cdist_file_publish(fx_path("f/file"), "the new one", 11, fx_pool));
    }
    tell("publishing a file", fault, nth - 2);
}
END_TEST

static cdist_err_t *build_from_archive(cdist_digest_t *digest, apr_pool_t *pool)
{
    cdist_reuse_t *reuse = cdist_reuse_create(1, pool);
    cdist_build_options_t options = {1, 2, NULL, NULL, NULL, 0, 0, reuse, NULL};
    cdist_manifest_t *manifest;
    cdist_tree_t *tree;
    cdist_temp_t *temp;
    int usable;

    CDIST_ERR(cdist_reuse_add(&usable, reuse, fx_path("known.zip")));
    CDIST_ERR(cdist_tree_read(&tree, fx_path("two"), NULL, pool));
    if (cdist_os_temp_open(&temp, fx_path("out"), pool) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_STORE, 0, "the archive cannot be opened");
    }
    CDIST_ERR(cdist_build(&manifest, temp, tree, &options, pool));
    *digest = manifest->archive_sha256;
    return NULL;
}

START_TEST(whatever_fails_while_an_archive_of_unknown_origin_is_reused_no_other_bytes_come_out)
{
    const fault_t *fault = &faults[_i];
    int nth, hit = 1;
    size_t length;
    const char *bytes;

    make_small_releases();
    bytes = fx_read(&length, apr_pstrcat(fx_pool, "template/archives/", fx_hex(&first), ".zip", NULL));
    fx_write("known.zip", bytes, length);
    fx_make_folder("out");
    for (nth = 1; hit; nth++) {
        cdist_digest_t digest;
        cdist_err_t *err;
        apr_pool_t *pool;

        apr_pool_create(&pool, fx_pool);
        fault_arm(fault, nth);
        err = build_from_archive(&digest, pool);
        hit = fault_disarm();
        if (err) expect_told(err, fault, nth);
        else ck_assert_str_eq(fx_hex(&digest), fx_hex(&wanted));
        apr_pool_destroy(pool);
        ck_assert_int_eq(fx_children("out"), 0);
    }
    tell("reusing an archive", fault, nth - 2);
}
END_TEST

/* ---- catalogues ---------------------------------------------------------------------------------------------------- */

#define INI(version, package) "[Startup]\r\nProductVersion=" version "\r\nPackageName=" package "\r\n"
#define PACKAGE64 "1CEnterprise 8 Thin client (x86-64).msi"

/* Releases of every kind, and some that must not be offered: of 8.3.23.1 Setup.ini says another version. */
static cdist_lookup_t make_root(void)
{
    static const unsigned char elf[64] = {0x7F, 'E', 'L', 'F', 2, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 62, 0};
    apr_array_header_t *roots = apr_array_make(fx_pool, 1, sizeof(const char *));
    cdist_lookup_t lookup = {roots, NULL, NULL, 1};

    fx_write_text("root/8.3.20.1/distr/windows64tc.zip", "z");
    fx_write_text("root/8.3.20.1/linux64tc.zip", "z");
    fx_write_text("root/8.3.21.1/Setup.ini", INI("8.3.21.1", PACKAGE64));
    fx_write_text("root/8.3.21.1/data/f", "x");
    fx_write_text("root/8.3.21.1/distr/macos64tc.zip", "z");
    fx_write_text("root/8.3.21.1/Win32/Setup.ini", INI("8.3.21.1", "1CEnterprise 8 Thin client.msi"));
    fx_write_text("root/8.3.22.1/Win64/Setup.ini", INI("8.3.22.1", PACKAGE64));
    fx_write_text("root/8.3.22.1/linux64/setup-thin-8.3.22.1-x86_64.run", "r");
    fx_write_text("root/8.3.23.1/setup.exe", "x");
    fx_write_text("root/8.3.23.1/Setup.ini", INI("8.3.99.9", PACKAGE64));
    fx_write("root/8.3.24.1/bin/1cv8c", elf, sizeof elf);
    fx_write_text("root/8.3.24.1/bin/lib.so", "x");
    fx_write("root/x86_64/8.3.25.1/1cv8c", elf, sizeof elf);
    APR_ARRAY_PUSH(roots, const char *) = fx_path("root");
    return lookup;
}

/* Whether the catalogue tells more than what is wrong with 8.3.23.1 anyhow. */
static int tells_more(const cdist_catalogue_t *catalogue)
{
    int i;

    for (i = 0; i < catalogue->problems->nelts; i++) {
        if (!strstr(APR_ARRAY_IDX(catalogue->problems, i, const char *), "8.3.99.9")) return 1;
    }
    return 0;
}

static const cdist_source_t *same_source(const cdist_catalogue_t *catalogue, const cdist_source_t *source)
{
    const cdist_release_t *release = cdist_catalogue_release(catalogue, &source->version);

    return release ? cdist_release_source(release, source->slot) : NULL;
}

/* What is offered must be what a scan without faults offers for the same request. */
static int expect_right_offers(const cdist_catalogue_t *catalogue, const cdist_catalogue_t *right, const char *what)
{
    int i, j, offers = 0;

    for (i = 0; i < catalogue->releases->nelts; i++) {
        const apr_array_header_t *sources = APR_ARRAY_IDX(catalogue->releases, i, cdist_release_t).sources;

        for (j = 0; j < sources->nelts; j++) {
            const cdist_source_t *source = APR_ARRAY_IDX(sources, j, const cdist_source_t *), *other;

            if (!cdist_source_offered(source)) continue;
            other = same_source(right, source);
            ck_assert_msg(cdist_source_offered(other), "%s: %s is offered", what, source->path);
            ck_assert_msg(strcmp(source->path, other->path) == 0, "%s: %s is offered instead of %s", what, source->path,
                          other->path);
            ck_assert_msg(cdist_digest_equal(&source->signature, &other->signature), "%s: %s has another signature", what,
                          source->path);
            offers++;
        }
    }
    return offers;
}

START_TEST(what_cannot_be_read_in_a_release_is_a_problem_and_never_a_wrong_offer)
{
    const fault_t *fault = &faults[_i];
    cdist_lookup_t lookup = make_root();
    const cdist_catalogue_t *right = cdist_catalogue_scan(&lookup, 0, NULL, fx_pool);
    int all = expect_right_offers(right, right, "no fault"), nth, hit = 1;

    /* What is listed and has no stat was taken away; that it is there all the same is a lie that no system tells. */
    if (fault->kind == FAULT_STAT && fault->error == ENOENT) return;
    ck_assert_int_eq(all, 9);
    ck_assert_int_eq(right->problems->nelts, 1);
    for (nth = 1; hit; nth++) {
        const char *what = apr_psprintf(fx_pool, "%s %d", fault_names[fault->kind], nth);
        const cdist_catalogue_t *catalogue;
        apr_pool_t *pool;
        int offers, open_before = open_files();

        apr_pool_create(&pool, fx_pool);
        fault_arm(fault, nth);
        catalogue = cdist_catalogue_scan(&lookup, 0, NULL, pool);
        hit = fault_disarm();
        /* A catalogue lives until something changes. */
        ck_assert_msg(open_files() == open_before, "%s: the catalogue keeps files open", what);
        offers = expect_right_offers(catalogue, right, what);
        ck_assert_msg(offers == all || tells_more(catalogue), "%s: %d offers are gone without a word", what, all - offers);
        apr_pool_destroy(pool);
    }
    tell("scanning", fault, nth - 2);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("faults");
    TCase *tcase = fx_case(suite, "faults", 60);

    tcase_add_loop_test(tcase, whatever_fails_in_a_job_the_store_stays_whole_and_the_next_run_succeeds, 0, FX_COUNT(faults));
    tcase_add_loop_test(tcase, whatever_fails_in_a_flight_no_lock_stays_and_the_next_one_succeeds, 0, FX_COUNT(faults));
    tcase_add_loop_test(tcase, whatever_fails_while_a_ready_archive_is_verified_the_next_run_succeeds, 0, FX_COUNT(faults));
    tcase_add_loop_test(tcase, whatever_fails_while_a_large_entry_is_streamed_the_next_run_succeeds, 0, 2);
    tcase_add_loop_test(tcase, whatever_fails_when_a_store_is_opened_the_next_opening_succeeds, 0, FX_COUNT(faults));
    tcase_add_loop_test(tcase, whatever_fails_when_a_file_is_published_it_is_the_old_one_or_the_new_one, 0, FX_COUNT(faults));
    tcase_add_loop_test(tcase, whatever_fails_while_an_archive_of_unknown_origin_is_reused_no_other_bytes_come_out, 0,
                        FX_COUNT(faults));
    tcase_add_loop_test(tcase, what_cannot_be_read_in_a_release_is_a_problem_and_never_a_wrong_offer, 0, FX_COUNT(faults));
    return suite;
}
