/* The care of the store: uses, pins, eviction, sweeping, audit. */
#include "archive_int.h"
#include "zip_maker.h"

#include <apr_strings.h>

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#define MINUTES(n) apr_time_from_sec(60 * (n))
#define HOURS(n) MINUTES(60 * (n))
#define DAYS(n) HOURS(24 * (apr_time_t)(n))
#define PIN "0123456789abcdef"

static apr_interval_time_t clock_ahead;
static cdist_store_t *store;
static char logged[4096];

/* NB: takes the place of APR's own, so that nobody has to wait for days. */
apr_time_t apr_time_now(void)
{
    struct timeval now;

    gettimeofday(&now, NULL);
    return apr_time_make(now.tv_sec, now.tv_usec) + clock_ahead;
}

static void keep_message(void *baton, cdist_log_level_t level, apr_status_t status, const char *text)
{
    (void)baton;
    (void)level;
    (void)status;
    apr_cpystrn(logged + strlen(logged), apr_pstrcat(fx_pool, text, "\n", NULL), sizeof logged - strlen(logged));
}

static int said(const char *what)
{
    const char *at;
    int count = 0;

    for (at = logged; (at = strstr(at, what)) != NULL; at++) count++;
    return count;
}

static void open_store(void)
{
    cdist_log_set(NULL, keep_message, NULL);
    FX_OK(cdist_store_open(&store, fx_path("store"), fx_pool));
}

static cdist_job_t folder_job(const char *folder)
{
    cdist_job_t job = {{{0}}};
    cdist_tree_t *tree;

    FX_OK(cdist_tree_read(&tree, fx_path(folder), NULL, fx_pool));
    job.path = fx_path(folder);
    job.signature = tree->signature;
    job.level = 1;
    job.threads = 1;
    job.label = "windows64 8.3.22.1750";
    cdist_job_key(&job, fx_pool);
    return job;
}

static cdist_archive_t *find(const cdist_key_t *key)
{
    cdist_archive_t *archive = NULL;
    apr_file_t *file;
    cdist_err_t *err = cdist_store_find(&archive, &file, store, key, 0, fx_pool);

    if (err) {
        ck_assert_int_eq(err->code, CDIST_E_NOTFOUND);
        return NULL;
    }
    apr_file_close(file);
    return archive;
}

/* One archive of about 10,000 bytes. */
typedef struct {
    cdist_job_t job;
    cdist_archive_t *archive;
} made_t;

static made_t make(const char *folder)
{
    made_t made;

    fx_write_noise(apr_pstrcat(fx_pool, folder, "/a", NULL), 10000, (unsigned)folder[0]);
    made.job = folder_job(folder);
    FX_OK(cdist_job_run(store, &made.job, NULL, fx_pool));
    made.archive = find(&made.job.key);
    ck_assert_ptr_nonnull(made.archive);
    return made;
}

static int is_there(const made_t *made)
{
    return find(&made->job.key) != NULL;
}

static const char *part(const char *kind, const made_t *made, const char *suffix)
{
    return apr_pstrcat(fx_pool, "store/", kind, "/", fx_hex(&made->archive->sha256), suffix, NULL);
}

static apr_time_t mtime(const char *name)
{
    apr_finfo_t finfo;

    FX_DONE(apr_stat(&finfo, fx_path(name), APR_FINFO_MTIME, fx_pool));
    return finfo.mtime;
}

static void use(const made_t *made)
{
    cdist_store_mark_used(store, made->archive, fx_pool);
}

static cdist_collected_t collect(apr_uint64_t max_bytes)
{
    cdist_collected_t result;

    FX_OK(cdist_store_collect(&result, store, max_bytes, fx_pool));
    return result;
}

static void pin(const char *name, int count, const made_t *const *made)
{
    apr_array_header_t *digests = apr_array_make(fx_pool, 4, sizeof(cdist_digest_t));
    int i;

    for (i = 0; i < count; i++) APR_ARRAY_PUSH(digests, cdist_digest_t) = made[i]->archive->sha256;
    FX_OK(cdist_store_pin(store, name, digests, fx_pool));
}

/* ---- uses ---------------------------------------------------------------------------------------------------------- */

START_TEST(a_use_is_noted_at_most_once_a_minute)
{
    made_t a;
    apr_time_t before;
    const char *info;

    open_store();
    a = make("a");
    info = part("archives", &a, ".info");
    before = mtime(info);
    clock_ahead = apr_time_from_sec(50);
    use(&a);
    ck_assert(mtime(info) == before);
    clock_ahead = apr_time_from_sec(70);
    use(&a);
    ck_assert(mtime(info) > before + apr_time_from_sec(60));
    before = mtime(info);
    use(&a);
    ck_assert(mtime(info) == before);
    ck_assert(is_there(&a));
}
END_TEST

START_TEST(a_look_at_an_archive_is_no_use)
{
    made_t a;
    apr_time_t before;

    open_store();
    a = make("a");
    before = mtime(part("archives", &a, ".info"));
    clock_ahead = DAYS(1);
    ck_assert(is_there(&a));
    ck_assert(mtime(part("archives", &a, ".info")) == before);
}
END_TEST

START_TEST(a_use_in_the_future_is_corrected_and_never_keeps_an_archive)
{
    made_t a;
    apr_time_t future = apr_time_now() + DAYS(3650);

    open_store();
    a = make("a");
    FX_DONE(apr_file_mtime_set(fx_path(part("archives", &a, ".info")), future, fx_pool));
    use(&a);
    ck_assert(mtime(part("archives", &a, ".info")) <= apr_time_now());
    FX_DONE(apr_file_mtime_set(fx_path(part("archives", &a, ".info")), future, fx_pool));
    ck_assert_int_eq(collect(1).removed_archives, 1);
}
END_TEST

START_TEST(a_use_of_an_archive_that_is_gone_makes_nothing)
{
    made_t a;

    open_store();
    a = make("a");
    FX_DONE(cdist_store_forget(store, &a.archive->sha256, fx_pool));
    clock_ahead = HOURS(1);
    use(&a);
    ck_assert_int_eq(fx_children("store/archives"), 0);
}
END_TEST

/* ---- eviction ------------------------------------------------------------------------------------------------------ */

START_TEST(least_recently_used_archives_go_first)
{
    made_t a, b, c;
    cdist_collected_t result;

    open_store();
    a = make("a");
    b = make("b");
    c = make("c");
    clock_ahead = HOURS(1);
    use(&c);
    clock_ahead = HOURS(2);
    use(&a);
    clock_ahead = HOURS(3);
    result = collect(2 * c.archive->bytes);
    ck_assert_int_eq(result.removed_archives, 1);
    ck_assert_uint_eq(result.removed_bytes, b.archive->bytes);
    ck_assert_int_eq(result.archives, 2);
    ck_assert_uint_eq(result.bytes, a.archive->bytes + c.archive->bytes);
    ck_assert(is_there(&a) && !is_there(&b) && is_there(&c));
    result = collect(a.archive->bytes);
    ck_assert(is_there(&a) && !is_there(&c));
    ck_assert_int_eq(said("CD0024"), 2);
    ck_assert_int_eq(said("CD0023"), 0);
    ck_assert_int_eq(result.over, 0);
}
END_TEST

START_TEST(within_the_limit_and_without_one_nothing_goes)
{
    made_t a;

    open_store();
    a = make("a");
    clock_ahead = DAYS(1000);
    ck_assert_int_eq(collect(a.archive->bytes).archives, 1);
    ck_assert_int_eq(collect(0).archives, 1);
    ck_assert(is_there(&a));
    collect(a.archive->bytes - 1);
    ck_assert(!is_there(&a));
}
END_TEST

START_TEST(what_was_used_in_the_last_ten_minutes_stays_and_that_is_said_once)
{
    made_t a, b;
    cdist_collected_t result;

    open_store();
    a = make("a");
    b = make("b");
    clock_ahead = MINUTES(20);
    use(&b);
    clock_ahead = MINUTES(30) + apr_time_from_sec(30);
    result = collect(1);
    ck_assert(!is_there(&a) && is_there(&b));
    ck_assert_int_eq(result.over, 1);
    ck_assert_int_eq(said("CD0023"), 1);
    collect(1);
    ck_assert_int_eq(said("CD0023"), 1);
    clock_ahead = MINUTES(32);
    ck_assert_int_eq(collect(1).over, 0);
    ck_assert(!is_there(&b));
}
END_TEST

START_TEST(what_was_just_published_stays_however_large)
{
    made_t a;

    open_store();
    a = make("a");
    ck_assert_int_eq(collect(1).over, 1);
    ck_assert(is_there(&a));
}
END_TEST

START_TEST(an_evicted_archive_is_built_again_with_the_same_bytes_and_the_open_one_stays_readable)
{
    made_t a;
    cdist_archive_t *archive;
    cdist_sha256_t *sha = cdist_sha256_create(fx_pool);
    cdist_digest_t digest;
    apr_file_t *file;
    apr_size_t length;
    char *bytes;

    open_store();
    a = make("a");
    FX_OK(cdist_store_find(&archive, &file, store, &a.job.key, 0, fx_pool));
    clock_ahead = HOURS(1);
    ck_assert_int_eq(collect(1).removed_archives, 1);
    ck_assert(!is_there(&a));
    ck_assert_int_eq(fx_children("store/archives") + fx_children("store/records"), 0);
    bytes = apr_palloc(fx_pool, (apr_size_t)archive->bytes);
    FX_DONE(apr_file_read_full(file, bytes, (apr_size_t)archive->bytes, &length));
    cdist_sha256_update(sha, bytes, length);
    cdist_sha256_final(&digest, sha);
    ck_assert(cdist_digest_equal(&digest, &archive->sha256));
    FX_OK(cdist_job_run(store, &a.job, NULL, fx_pool));
    ck_assert(cdist_digest_equal(&find(&a.job.key)->sha256, &archive->sha256));
}
END_TEST

START_TEST(ready_archives_cost_nothing_and_are_not_evicted)
{
    zip_item_t item = {"a.txt", 0, "content", 0, 8, 0, 0100644, 0, 0, 0};
    cdist_job_t job = {{{0}}};
    cdist_collected_t result;
    zip_made_t made;

    open_store();
    zip_make(&made, &item, 1);
    fx_write("ready.zip", made.bytes, made.length);
    job.path = fx_path("ready.zip");
    job.ready = 1;
    job.label = "windows64";
    FX_DONE(cdist_os_stat_file(&job.stat, fx_open("ready.zip")));
    cdist_job_key(&job, fx_pool);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    clock_ahead = DAYS(89);
    result = collect(1);
    ck_assert_int_eq(result.archives + result.removed_archives + result.over, 0);
    ck_assert_ptr_nonnull(find(&job.key));
    clock_ahead = DAYS(91);
    collect(1);
    ck_assert_ptr_null(find(&job.key));
    ck_assert_int_eq(fx_exists("ready.zip"), 1);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    ck_assert_ptr_nonnull(find(&job.key));
}
END_TEST

START_TEST(who_comes_second_returns_at_once)
{
    cdist_collected_t result;
    cdist_lock_t *lock;
    made_t a;

    open_store();
    a = make("a");
    clock_ahead = HOURS(1);
    FX_DONE(cdist_os_lock_try(&lock, fx_path("store/lock"), LOCK_COLLECT, 1, fx_pool));
    result = collect(1);
    ck_assert_int_eq(result.busy, 1);
    ck_assert_int_eq(result.archives + result.removed_archives, 0);
    ck_assert(is_there(&a));
    cdist_os_lock_free(lock);
    ck_assert_int_eq(collect(1).removed_archives, 1);
}
END_TEST

START_TEST(a_store_that_cannot_be_listed_is_an_error)
{
    cdist_collected_t result;

    open_store();
    ck_assert_int_eq(rmdir(fx_path("store/archives")), 0);
    fx_write_text("store/archives", "in the way");
    FX_FAILS(cdist_store_collect(&result, store, 1, fx_pool), CDIST_E_STORE);
}
END_TEST

START_TEST(a_collection_after_a_build_ends_when_the_server_must_go)
{
    volatile apr_uint32_t stop = 1;
    made_t a;

    open_store();
    a = make("a");
    clock_ahead = HOURS(1);
    ck_assert_int_eq(cdist_store_tidy(store, 1, &stop, fx_pool), 0);
    ck_assert(is_there(&a));
    stop = 0;
    ck_assert_int_eq(cdist_store_tidy(store, 1, &stop, fx_pool), 1);
}
END_TEST

#define COLLECTORS 3
#define EVICTIONS 10

/* Collects without mercy until it is told to end by its pipe. */
static void collect_for_ever(int end)
{
    apr_pool_t *pool;
    char byte;

    clock_ahead = MINUTES(30); /* an hour would make others' temporary files old */
    apr_pool_create(&pool, fx_pool);
    do {
        cdist_collected_t result;

        apr_pool_clear(pool);
        if (cdist_store_collect(&result, store, 1, pool)) _exit(1);
    } while (read(end, &byte, 1) < 0);
    _exit(0);
}

START_TEST(several_processes_collect_while_one_builds_and_nothing_breaks)
{
    cdist_flight_limits_t limits = {10, 2, 0};
    cdist_flights_t *flights;
    cdist_job_t jobs[3];
    cdist_digest_t seen[3];
    int i, status, ends[2], evicted = 0;
    pid_t pids[COLLECTORS];

    open_store();
    for (i = 0; i < 3; i++) {
        const char *folder = apr_psprintf(fx_pool, "%c", "abc"[i]);
        jobs[i] = make(folder).job;
        seen[i] = find(&jobs[i].key)->sha256;
    }
    ck_assert_int_eq(pipe(ends), 0);
    ck_assert_int_eq(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0);
    for (i = 0; i < COLLECTORS; i++) {
        pids[i] = fork();
        if (pids[i] == 0) {
            close(ends[1]);
            collect_for_ever(ends[0]);
        }
    }
    FX_OK(cdist_flights_create(&flights, store, &limits, fx_pool));
    for (i = 0; evicted < EVICTIONS; i++) {
        cdist_outcome_t outcome;
        cdist_archive_t *archive;
        apr_file_t *file;
        cdist_err_t *err =
            cdist_flights_obtain(&archive, &file, &outcome, flights, &jobs[i % 3], apr_time_from_sec(20), 0, fx_pool);

        /* NB: several evictions in a row between a build and its opening may be told as such; where files are removed
         * slowly that is the rule. */
        if (err && err->code == CDIST_E_NOTFOUND) {
            evicted++;
            continue;
        }
        FX_OK(err);
        ck_assert(cdist_digest_equal(&archive->sha256, &seen[i % 3]));
        apr_file_close(file);
        evicted += outcome == CDIST_BUILT;
    }
    close(ends[1]);
    for (i = 0; i < COLLECTORS; i++) {
        ck_assert_int_eq(waitpid(pids[i], &status, 0), pids[i]);
        ck_assert_int_eq(status, 0);
    }
    for (i = 0; i < 3; i++) {
        FX_OK(cdist_job_run(store, &jobs[i], NULL, fx_pool));
        ck_assert(cdist_digest_equal(&find(&jobs[i].key)->sha256, &seen[i]));
    }
}
END_TEST

/* ---- pins ---------------------------------------------------------------------------------------------------------- */

START_TEST(pinned_archives_are_never_evicted)
{
    made_t a, b;
    const made_t *pinned[] = {&a};
    cdist_collected_t result;

    open_store();
    a = make("a");
    b = make("b");
    pin(PIN, 1, pinned);
    clock_ahead = DAYS(29);
    result = collect(1);
    ck_assert(is_there(&a) && !is_there(&b));
    ck_assert_int_eq(result.over, 1);
    ck_assert_int_eq(said("1 with"), 1);
    pin(PIN, 0, NULL);
    ck_assert_int_eq(fx_children("store/pins"), 0);
    ck_assert_int_eq(collect(1).removed_archives, 1);
}
END_TEST

START_TEST(each_publication_has_a_pin_of_its_own)
{
    made_t a, b, c;
    const made_t *one[] = {&a}, *other[] = {&b, &c}, *later[] = {&c};

    open_store();
    a = make("a");
    b = make("b");
    c = make("c");
    pin("1a", 1, one);
    pin("1b", 2, other);
    clock_ahead = HOURS(1);
    collect(1);
    ck_assert(is_there(&a) && is_there(&b) && is_there(&c));
    pin("1b", 1, later);
    collect(1);
    ck_assert(is_there(&a) && !is_there(&b) && is_there(&c));
}
END_TEST

START_TEST(a_pin_that_nobody_renews_is_dropped_after_a_month)
{
    made_t a;
    const made_t *pinned[] = {&a};

    open_store();
    a = make("a");
    pin(PIN, 1, pinned);
    clock_ahead = DAYS(20);
    pin(PIN, 1, pinned);
    clock_ahead = DAYS(49);
    collect(1);
    ck_assert(is_there(&a));
    clock_ahead = DAYS(51);
    collect(1);
    ck_assert(!is_there(&a));
    ck_assert_int_eq(fx_children("store/pins"), 0);
}
END_TEST

START_TEST(the_same_archives_in_any_order_are_not_written_again)
{
    made_t a, b;
    const made_t *one[] = {&a, &b}, *other[] = {&b, &a};
    struct stat before, after;
    size_t length;
    char *text;

    open_store();
    a = make("a");
    b = make("b");
    pin(PIN, 2, one);
    ck_assert_int_eq(stat(fx_path("store/pins/" PIN), &before), 0);
    text = fx_read(&length, "store/pins/" PIN);
    ck_assert_uint_eq(length, 130);
    ck_assert_ptr_nonnull(strstr(text, fx_hex(&a.archive->sha256)));
    ck_assert_int_eq(text[64], '\n');
    pin(PIN, 2, other);
    ck_assert_int_eq(stat(fx_path("store/pins/" PIN), &after), 0);
    ck_assert_int_eq((int)(before.st_ino == after.st_ino && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec), 1);
    pin(PIN, 1, other);
    fx_read(&length, "store/pins/" PIN);
    ck_assert_uint_eq(length, 65);
}
END_TEST

static const char *const bad_names[] = {"", "..", "../FORMAT", "a/b", "A", "g", ".a", "a b",
                                        "00000000000000000000000000000000000000000000000000000000000000000"};

START_TEST(a_pin_is_named_by_hexadecimal_digits_alone)
{
    apr_array_header_t *digests = apr_array_make(fx_pool, 1, sizeof(cdist_digest_t));

    open_store();
    FX_FAILS(cdist_store_pin(store, bad_names[_i], digests, fx_pool), CDIST_E_INPUT);
}
END_TEST

START_TEST(a_pin_that_cannot_be_read_keeps_everything)
{
    cdist_collected_t result;
    made_t a;

    open_store();
    a = make("a");
    clock_ahead = HOURS(1);
    fx_write_noise("store/pins/" PIN, 2000000, 1);
    FX_FAILS(cdist_store_collect(&result, store, 1, fx_pool), CDIST_E_INPUT);
    ck_assert(is_there(&a));
    fx_write_text("store/pins/" PIN, "rubbish\n\n../../etc/passwd\n");
    ck_assert_int_eq(collect(1).removed_archives, 1);
}
END_TEST

/* ---- sweeping ------------------------------------------------------------------------------------------------------ */

START_TEST(manifests_outlive_their_archive_by_ninety_days)
{
    made_t a, b;

    open_store();
    a = make("a");
    b = make("b");
    clock_ahead = DAYS(89);
    use(&b);
    clock_ahead += MINUTES(11);
    collect(b.archive->bytes);
    ck_assert(!is_there(&a) && is_there(&b));
    ck_assert_int_eq(fx_exists(part("manifests", &a, ".json")), 1);
    clock_ahead = DAYS(91);
    collect(0);
    ck_assert_int_eq(fx_exists(part("manifests", &a, ".json")), 0);
    ck_assert_int_eq(fx_exists(part("manifests", &b, ".json")), 1);
}
END_TEST

START_TEST(keys_that_lead_to_nothing_go_after_a_day)
{
    made_t a, b;

    open_store();
    a = make("a");
    b = make("b");
    FX_DONE(cdist_store_forget(store, &a.archive->sha256, fx_pool));
    fx_write_text(apr_pstrcat(fx_pool, "store/keys/", fx_hex(&a.archive->sha256), NULL), "rubbish");
    clock_ahead = HOURS(23);
    collect(0);
    ck_assert_int_eq(fx_children("store/keys"), 3);
    clock_ahead = HOURS(25);
    collect(0);
    ck_assert_int_eq(fx_children("store/keys"), 1);
    ck_assert(is_there(&b));
}
END_TEST

START_TEST(what_a_crash_left_goes_and_what_is_not_ours_stays)
{
    made_t a, b;

    open_store();
    a = make("a");
    b = make("b");
    ck_assert_int_eq(unlink(fx_path(part("archives", &a, ".info"))), 0);
    fx_write_text("store/archives/.cdist-0011223344556677.tmp", "x");
    fx_write_text("store/archives/notes.zip", "x");
    fx_write_text("store/archives/README", "x");
    fx_write_text("store/manifests/README", "x");
    fx_write_text("store/own", "x");
    clock_ahead = MINUTES(50);
    ck_assert_int_eq(collect(0).archives, 1);
    ck_assert_int_eq(fx_exists(part("archives", &a, ".zip")), 1);
    clock_ahead = MINUTES(70);
    collect(0);
    ck_assert_int_eq(fx_exists(part("archives", &a, ".zip")) + fx_exists(part("records", &a, "")), 0);
    ck_assert_int_eq(fx_exists("store/archives/.cdist-0011223344556677.tmp"), 0);
    ck_assert_int_eq(fx_children("store/archives"), 4);
    ck_assert_int_eq(fx_exists("store/manifests/README") + fx_exists("store/own"), 2);
    ck_assert(is_there(&b));
    ck_assert_int_eq(said("CD0025"), 1);
}
END_TEST

START_TEST(a_publication_that_breaks_off_leaves_nothing_that_takes_room)
{
    cdist_job_t job;

    open_store();
    fx_write_noise("t/a", 10000, 1);
    job = folder_job("t");
    ck_assert_int_eq(rmdir(fx_path("store/manifests")), 0);
    fx_write_text("store/manifests", "in the way");
    FX_FAILS(cdist_job_run(store, &job, NULL, fx_pool), CDIST_E_STORE);
    ck_assert_int_eq(fx_children("store/archives") + fx_children("store/records"), 0);
}
END_TEST

START_TEST(a_publication_that_breaks_off_leaves_an_equal_archive_alone)
{
    made_t a;
    cdist_job_t job;

    open_store();
    a = make("a");
    fx_write_noise("other/a", 10000, 'a');
    job = folder_job("other");
    ck_assert_int_eq(rename(fx_path("store/manifests"), fx_path("store/moved")), 0);
    fx_write_text("store/manifests", "in the way");
    FX_FAILS(cdist_job_run(store, &job, NULL, fx_pool), CDIST_E_STORE);
    ck_assert(is_there(&a));
}
END_TEST

/* ---- stores that are there already ----------------------------------------------------------------------------------- */

START_TEST(only_a_store_of_this_format_is_looked_after)
{
    cdist_store_t *other;

    fx_make_folder("empty");
    FX_FAILS(cdist_store_open_existing(&other, fx_path("empty"), fx_pool), CDIST_E_NOTFOUND);
    FX_FAILS(cdist_store_open_existing(&other, fx_path("missing"), fx_pool), CDIST_E_NOTFOUND);
    fx_write_text("file", "x");
    ck_assert_ptr_nonnull(cdist_store_open_existing(&other, fx_path("file"), fx_pool));
    fx_write_text("newer/FORMAT", "1cdist-store 2\n");
    FX_FAILS(cdist_store_open_existing(&other, fx_path("newer"), fx_pool), CDIST_E_INPUT);
    ck_assert_int_eq(fx_children("empty"), 0);
    ck_assert_int_eq(fx_children("newer"), 1);
    ck_assert_int_eq(fx_exists("missing"), 0);
}
END_TEST

START_TEST(a_store_made_before_there_were_pins_is_looked_after_and_gets_no_folders)
{
    cdist_collected_t result;
    struct stat folder, lock;
    made_t a;

    open_store();
    a = make("a");
    ck_assert_int_eq(rmdir(fx_path("store/pins")), 0);
    ck_assert_int_eq(rmdir(fx_path("store/audits")), 0);
    /* NB: a container may not know these users, or may not give files away. */
    if (chown(fx_path("store"), 12345, 12346) != 0) ck_assert(errno == EPERM || errno == EINVAL);
    FX_OK(cdist_store_open_existing(&store, fx_path("store"), fx_pool));
    clock_ahead = HOURS(1);
    FX_OK(cdist_store_collect(&result, store, 1, fx_pool));
    ck_assert_int_eq(result.removed_archives, 1);
    ck_assert(!is_there(&a));
    ck_assert_int_eq(fx_exists("store/pins") + fx_exists("store/audits"), 0);
    ck_assert_int_eq(stat(fx_path("store"), &folder), 0);
    ck_assert_int_eq(stat(fx_path("store/lock"), &lock), 0);
    ck_assert_uint_eq(lock.st_uid, folder.st_uid);
    open_store();
    ck_assert_int_eq(fx_exists("store/pins") + fx_exists("store/audits"), 2);
}
END_TEST

/* ---- audit --------------------------------------------------------------------------------------------------------- */

static cdist_audited_t audit(apr_interval_time_t older_than)
{
    cdist_audited_t result;

    FX_OK(cdist_store_audit(&result, store, older_than, NULL, fx_pool));
    return result;
}

static void flip(const char *path, off_t at)
{
    FILE *file = fopen(path, "r+b");
    int byte;

    ck_assert_ptr_nonnull(file);
    ck_assert_int_eq(fseeko(file, at, SEEK_SET), 0);
    byte = fgetc(file);
    ck_assert_int_eq(fseeko(file, at, SEEK_SET), 0);
    ck_assert_int_ne(fputc(byte ^ 1, file), EOF);
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(each_archive_is_read_once_in_its_time_the_oldest_check_first)
{
    made_t a, b;
    cdist_audited_t result;

    open_store();
    ck_assert_int_eq(audit(0).checked, 0);
    a = make("a");
    ck_assert_int_eq(audit(HOURS(1)).checked, 0);
    clock_ahead = HOURS(2);
    b = make("b");
    FX_DONE(apr_file_mtime_set(fx_path(part("manifests", &b, ".json")), apr_time_now() - MINUTES(90), fx_pool));
    result = audit(HOURS(1));
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(result.damaged, 0);
    ck_assert_int_eq(result.more, 1);
    ck_assert_uint_eq(result.bytes, a.archive->bytes);
    ck_assert(cdist_digest_equal(&result.sha256, &a.archive->sha256));
    result = audit(HOURS(1));
    ck_assert(cdist_digest_equal(&result.sha256, &b.archive->sha256));
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(result.more, 0);
    result = audit(HOURS(1));
    ck_assert_int_eq(result.checked + result.more, 0);
    clock_ahead = HOURS(4);
    ck_assert_int_eq(audit(HOURS(1)).checked, 1);
    ck_assert(is_there(&a) && is_there(&b));
}
END_TEST

START_TEST(an_archive_with_one_wrong_bit_is_dropped_and_built_anew)
{
    cdist_audited_t result;
    made_t a;

    open_store();
    a = make("a");
    flip(a.archive->path, (off_t)a.archive->bytes / 2);
    clock_ahead = DAYS(8);
    result = audit(DAYS(7));
    ck_assert_int_eq(result.damaged, 1);
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(said("CD0027"), 1);
    ck_assert(!is_there(&a));
    ck_assert_int_eq(fx_exists(part("records", &a, "")), 0);
    FX_OK(cdist_job_run(store, &a.job, NULL, fx_pool));
    ck_assert(cdist_digest_equal(&find(&a.job.key)->sha256, &a.archive->sha256));
    clock_ahead = DAYS(16);
    ck_assert_int_eq(audit(DAYS(7)).damaged, 0);
}
END_TEST

START_TEST(a_truncated_archive_is_found_by_the_audit_too)
{
    made_t a;

    open_store();
    a = make("a");
    ck_assert_int_eq(truncate(a.archive->path, (off_t)a.archive->bytes - 1), 0);
    clock_ahead = DAYS(8);
    ck_assert_int_eq(audit(DAYS(7)).damaged, 1);
    ck_assert_int_eq(fx_children("store/archives"), 0);
}
END_TEST

START_TEST(an_archive_that_lost_its_bytes_does_not_keep_others_from_being_read)
{
    made_t a, b;
    cdist_audited_t result;

    open_store();
    a = make("a");
    b = make("b");
    FX_DONE(apr_file_mtime_set(fx_path(part("manifests", &a, ".json")), apr_time_now() - HOURS(1), fx_pool));
    ck_assert_int_eq(unlink(fx_path(part("archives", &a, ".zip"))), 0);
    clock_ahead = DAYS(8);
    result = audit(DAYS(7));
    ck_assert_int_eq(result.checked, 1);
    ck_assert_int_eq(result.more, 0);
    ck_assert(cdist_digest_equal(&result.sha256, &b.archive->sha256));
}
END_TEST

START_TEST(a_ready_archive_is_read_while_it_is_the_same_and_passed_over_when_it_changed)
{
    zip_item_t item = {"a.txt", 0, "content", 0, 8, 0, 0100644, 0, 0, 0};
    cdist_job_t job = {{{0}}};
    zip_made_t made;

    open_store();
    zip_make(&made, &item, 1);
    fx_write("ready.zip", made.bytes, made.length);
    job.path = fx_path("ready.zip");
    job.ready = 1;
    job.label = "windows64";
    FX_DONE(cdist_os_stat_file(&job.stat, fx_open("ready.zip")));
    cdist_job_key(&job, fx_pool);
    FX_OK(cdist_job_run(store, &job, NULL, fx_pool));
    clock_ahead = DAYS(8);
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
    usleep(20000); /* past one tick of the file system's clock */
    flip(job.path, 5);
    clock_ahead = DAYS(16);
    ck_assert_int_eq(audit(DAYS(7)).checked, 0);
    ck_assert_int_eq(said("CD0027"), 0);
    ck_assert_int_eq(fx_exists("ready.zip"), 1);
}
END_TEST

START_TEST(an_audit_stops_when_it_is_told_to_and_is_not_counted)
{
    volatile apr_uint32_t stop = 1;
    cdist_audited_t result;
    made_t a;

    open_store();
    a = make("a");
    clock_ahead = DAYS(8);
    FX_FAILS(cdist_store_audit(&result, store, DAYS(7), &stop, fx_pool), CDIST_E_STOPPED);
    ck_assert_int_eq(fx_children("store/audits"), 0);
    ck_assert(is_there(&a));
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
    ck_assert_int_eq(fx_children("store/audits"), 1);
}
END_TEST

START_TEST(who_audits_second_returns_at_once)
{
    cdist_lock_t *lock;

    open_store();
    make("a");
    clock_ahead = DAYS(8);
    FX_DONE(cdist_os_lock_try(&lock, fx_path("store/lock"), LOCK_AUDIT, 1, fx_pool));
    ck_assert_int_eq(audit(DAYS(7)).busy, 1);
    cdist_os_lock_free(lock);
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
}
END_TEST

START_TEST(checks_of_archives_that_are_gone_are_forgotten)
{
    open_store();
    make("a");
    clock_ahead = DAYS(8);
    ck_assert_int_eq(audit(DAYS(7)).checked, 1);
    collect(1);
    ck_assert_int_eq(fx_children("store/audits"), 1);
    clock_ahead = DAYS(10);
    collect(1);
    ck_assert_int_eq(fx_children("store/audits"), 0);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("store care");
    TCase *tcase = fx_case(suite, "store care", 60);

    tcase_add_test(tcase, a_use_is_noted_at_most_once_a_minute);
    tcase_add_test(tcase, a_look_at_an_archive_is_no_use);
    tcase_add_test(tcase, a_use_in_the_future_is_corrected_and_never_keeps_an_archive);
    tcase_add_test(tcase, a_use_of_an_archive_that_is_gone_makes_nothing);
    tcase_add_test(tcase, least_recently_used_archives_go_first);
    tcase_add_test(tcase, within_the_limit_and_without_one_nothing_goes);
    tcase_add_test(tcase, what_was_used_in_the_last_ten_minutes_stays_and_that_is_said_once);
    tcase_add_test(tcase, what_was_just_published_stays_however_large);
    tcase_add_test(tcase, an_evicted_archive_is_built_again_with_the_same_bytes_and_the_open_one_stays_readable);
    tcase_add_test(tcase, ready_archives_cost_nothing_and_are_not_evicted);
    tcase_add_test(tcase, who_comes_second_returns_at_once);
    tcase_add_test(tcase, a_store_that_cannot_be_listed_is_an_error);
    tcase_add_test(tcase, a_collection_after_a_build_ends_when_the_server_must_go);
    tcase_add_test(tcase, several_processes_collect_while_one_builds_and_nothing_breaks);
    tcase_add_test(tcase, pinned_archives_are_never_evicted);
    tcase_add_test(tcase, each_publication_has_a_pin_of_its_own);
    tcase_add_test(tcase, a_pin_that_nobody_renews_is_dropped_after_a_month);
    tcase_add_test(tcase, the_same_archives_in_any_order_are_not_written_again);
    tcase_add_loop_test(tcase, a_pin_is_named_by_hexadecimal_digits_alone, 0, FX_COUNT(bad_names));
    tcase_add_test(tcase, a_pin_that_cannot_be_read_keeps_everything);
    tcase_add_test(tcase, manifests_outlive_their_archive_by_ninety_days);
    tcase_add_test(tcase, keys_that_lead_to_nothing_go_after_a_day);
    tcase_add_test(tcase, what_a_crash_left_goes_and_what_is_not_ours_stays);
    tcase_add_test(tcase, a_publication_that_breaks_off_leaves_nothing_that_takes_room);
    tcase_add_test(tcase, a_publication_that_breaks_off_leaves_an_equal_archive_alone);
    tcase_add_test(tcase, only_a_store_of_this_format_is_looked_after);
    tcase_add_test(tcase, a_store_made_before_there_were_pins_is_looked_after_and_gets_no_folders);
    tcase_add_test(tcase, each_archive_is_read_once_in_its_time_the_oldest_check_first);
    tcase_add_test(tcase, an_archive_with_one_wrong_bit_is_dropped_and_built_anew);
    tcase_add_test(tcase, a_truncated_archive_is_found_by_the_audit_too);
    tcase_add_test(tcase, an_archive_that_lost_its_bytes_does_not_keep_others_from_being_read);
    tcase_add_test(tcase, a_ready_archive_is_read_while_it_is_the_same_and_passed_over_when_it_changed);
    tcase_add_test(tcase, an_audit_stops_when_it_is_told_to_and_is_not_counted);
    tcase_add_test(tcase, who_audits_second_returns_at_once);
    tcase_add_test(tcase, checks_of_archives_that_are_gone_are_forgotten);
    return suite;
}
