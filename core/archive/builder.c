/* From a tree to an archive: workers read and compress ahead, the calling thread writes in the archive's order.
 *
 * Invariants
 * - The number of threads changes the time only, never a byte: which entry is compressed how is fixed by pack.c, and
 *   the order of writing by the tree.
 * - Memory: a worker claims entries in order and reserves twice the content's size (three times where packed bytes may have
 *   to be unpacked for a comparison) from BUDGET_BYTES before it reads;
 *   the reservation ends when the entry is written. As claims are in order, the entry that the writer waits for is
 *   always among the claimed ones, or nothing is claimed and the next claim succeeds: no deadlock.
 * - The first error wins, ends all workers, and is the result. */
#include "archive_int.h"

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>
#include <apr_thread_proc.h>

#include <string.h>

#define BUDGET_BYTES (144u * 1024 * 1024)
#define MAX_THREADS 64

typedef struct {
    cdist_block_t packed;
    int done;
} slot_t;

typedef struct {
    const cdist_tree_t *tree;
    cdist_folder_t *root; /* the tree's folder */
    cdist_folder_t *overlay; /* the overlay's; NULL: none */
    const cdist_build_options_t *options;
    cdist_entry_t *entries;
    slot_t *slots;
    apr_thread_mutex_t *mutex; /* guards everything below */
    apr_thread_cond_t *cond;
    int next; /* first entry that nobody claimed */
    apr_uint64_t reserved;
    int over; /* no more work: done, failed or stopped */
    apr_uint64_t reused_bytes;
    cdist_err_t *err;
    apr_pool_t *err_pool; /* of its own, since any thread may fail while the writer uses its pool */
} build_t;

static const cdist_input_t *input_at(const build_t *build, int i)
{
    return &APR_ARRAY_IDX(build->tree->inputs, i, cdist_input_t);
}

static const char *folder_of(const build_t *build, const cdist_input_t *input)
{
    return input->over ? build->tree->overlay : build->tree->folder;
}

static int is_streamed(const build_t *build, const cdist_input_t *input)
{
    return input->stat.kind == CDIST_FILE && input->stat.bytes > cdist_whole_max(build->options->level);
}

static apr_uint64_t cost(const build_t *build, const cdist_input_t *input)
{
    return is_streamed(build, input) || input->stat.kind != CDIST_FILE ? 0 : (build->options->reuse ? 3 : 2) * input->stat.bytes;
}

/* Call with the mutex held. */
static void fail(build_t *build, const cdist_err_t *err)
{
    if (!build->err) build->err = cdist_err_dup(err, build->err_pool);
    build->over = 1;
    apr_thread_cond_broadcast(build->cond);
}

/* The next entry for a worker, -1 when there is none. */
static int claim(build_t *build)
{
    int total = build->tree->inputs->nelts, claimed = -1;

    apr_thread_mutex_lock(build->mutex);
    while (!build->over && build->next < total) {
        apr_uint64_t need = cost(build, input_at(build, build->next));

        if (build->reserved == 0 || build->reserved + need <= BUDGET_BYTES) {
            claimed = build->next++;
            build->reserved += need;
            break;
        }
        apr_thread_cond_wait(build->cond, build->mutex);
    }
    apr_thread_mutex_unlock(build->mutex);
    return claimed;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *baton)
{
    build_t *build = baton;
    apr_pool_t *pool, *scratch;
    cdist_pack_tools_t tools;
    int i;

    (void)thread;
    if (build->options->polite) cdist_os_thread_yield();
    apr_pool_create_unmanaged(&pool);
    apr_pool_create(&scratch, pool);
    cdist_pack_tools_make(&tools, build->options, build->root, build->overlay, pool);
    while ((i = claim(build)) >= 0) {
        cdist_err_t *err = NULL;
        cdist_block_t packed = {NULL, 0};

        apr_pool_clear(scratch);
        if (cdist_stop_asked(build->options->stop)) {
            err = cdist_err_create(scratch, CDIST_E_STOPPED, 0, "the build was stopped");
        } else if (!is_streamed(build, input_at(build, i))) {
            err = cdist_pack_whole(&build->entries[i], &packed, &tools, folder_of(build, input_at(build, i)),
                                   input_at(build, i), scratch);
        }
        apr_thread_mutex_lock(build->mutex);
        build->slots[i].packed = packed;
        build->slots[i].done = 1;
        if (err) fail(build, err);
        else apr_thread_cond_broadcast(build->cond);
        apr_thread_mutex_unlock(build->mutex);
    }
    apr_thread_mutex_lock(build->mutex);
    build->reused_bytes += tools.reused_bytes;
    apr_thread_mutex_unlock(build->mutex);
    apr_pool_destroy(pool);
    return NULL;
}

/* Waits until a worker has packed the entry; the build's error if one failed. */
static const cdist_err_t *await(build_t *build, int i)
{
    const cdist_err_t *err;

    apr_thread_mutex_lock(build->mutex);
    while (!build->slots[i].done && !build->over) apr_thread_cond_wait(build->cond, build->mutex);
    err = build->err;
    apr_thread_mutex_unlock(build->mutex);
    return err;
}

static void release(build_t *build, int i)
{
    cdist_os_block_free(&build->slots[i].packed);
    apr_thread_mutex_lock(build->mutex);
    build->reserved -= cost(build, input_at(build, i));
    apr_thread_cond_broadcast(build->cond);
    apr_thread_mutex_unlock(build->mutex);
}

static cdist_err_t *write_entries(build_t *build, cdist_zip_writer_t *writer, apr_pool_t *pool)
{
    apr_uint64_t done_bytes = 0;
    cdist_pack_tools_t *tools = apr_palloc(pool, sizeof *tools);
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, pool);
    cdist_pack_tools_make(tools, build->options, build->root, build->overlay, pool);
    for (i = 0; i < build->tree->inputs->nelts; i++) {
        const cdist_input_t *input = input_at(build, i);
        const cdist_err_t *err = await(build, i);

        apr_pool_clear(scratch);
        if (!err && is_streamed(build, input)) {
            err = cdist_pack_stream(&build->entries[i], writer, tools, folder_of(build, input), input, build->options->stop,
                                    scratch);
        } else if (!err) {
            err = cdist_zip_writer_add(writer, &build->entries[i], build->slots[i].packed.bytes);
        }
        if (err) return cdist_err_dup(err, pool);
        release(build, i);
        done_bytes += build->entries[i].bytes;
        if (build->options->progress) {
            build->options->progress(build->options->progress_baton, done_bytes, build->tree->bytes);
        }
    }
    apr_thread_mutex_lock(build->mutex);
    build->reused_bytes += tools->reused_bytes;
    apr_thread_mutex_unlock(build->mutex);
    apr_pool_destroy(scratch);
    return NULL;
}

static int thread_count(const build_t *build)
{
    int threads = build->options->threads > 0 ? build->options->threads : cdist_os_cpu_count();

    if (threads > MAX_THREADS) threads = MAX_THREADS;
    return threads < build->tree->inputs->nelts ? threads : build->tree->inputs->nelts;
}

/* Starts the workers, writes, and joins them whatever happened. */
static cdist_err_t *run(build_t *build, cdist_zip_writer_t *writer, apr_pool_t *pool)
{
    apr_thread_t *threads[MAX_THREADS];
    int wanted = thread_count(build), started = 0, i;
    apr_status_t rv = APR_SUCCESS, ignored;
    cdist_err_t *err = NULL;

    while (started < wanted) {
        rv = apr_thread_create(&threads[started], NULL, work, build, pool);
        if (rv != APR_SUCCESS) break;
        started++;
    }
    if (wanted > 0 && started == 0) {
        err = cdist_err_create(pool, CDIST_E_BUSY, rv, "no thread can be started for the build");
    }
    if (!err) err = write_entries(build, writer, pool);
    apr_thread_mutex_lock(build->mutex);
    build->over = 1;
    apr_thread_cond_broadcast(build->cond);
    apr_thread_mutex_unlock(build->mutex);
    for (i = 0; i < started; i++) apr_thread_join(&ignored, threads[i]);
    for (i = 0; i < build->tree->inputs->nelts; i++) cdist_os_block_free(&build->slots[i].packed);
    apr_pool_destroy(build->err_pool);
    return err;
}

/* A file that was added or removed under the build shows in no file's own stat. */
static cdist_err_t *check_tree(const cdist_tree_t *tree, apr_pool_t *pool)
{
    cdist_tree_t *now;

    CDIST_ERR(cdist_tree_read_overlaid(&now, tree->folder, tree->skip, tree->overlay, tree->kept, pool));
    if (cdist_digest_equal(&now->signature, &tree->signature)) return NULL;
    return cdist_err_create(pool, CDIST_E_CHANGED, 0, "%s: changed while the archive was built",
                            cdist_text_printable(tree->folder, pool));
}

static void name_entries(build_t *build, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < build->tree->inputs->nelts; i++) {
        const cdist_input_t *input = input_at(build, i);
        build->entries[i].name = apr_pstrcat(pool, build->options->top ? build->options->top : "", input->path,
                                             input->stat.kind == CDIST_FOLDER ? "/" : "", NULL);
    }
}

/* NB: told here and not by the tree, which is read every few seconds to see whether it changed. */
static void warn_of_left_out(const cdist_tree_t *tree, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < tree->left_out->nelts; i++) {
        const char *path = apr_pstrcat(scratch, tree->folder, "/", APR_ARRAY_IDX(tree->left_out, i, const char *), NULL);
        cdist_log(CDIST_LOG_WARNING, "CD0001", 0, "%s: left out, it is a device, pipe or socket",
                  cdist_text_printable(path, scratch));
    }
    apr_pool_destroy(scratch);
}

/* The archive is made all the same: clients of Linux and macOS can hold such names. */
static void warn_of_case(const cdist_manifest_t *manifest, const cdist_tree_t *tree, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    cdist_clash_t first;
    int count;

    apr_pool_create(&scratch, pool);
    count = cdist_name_clashes(&first, 1, manifest->entries, scratch);
    if (count) {
        cdist_log(CDIST_LOG_WARNING, "CD0018", 0, "%s: Windows cannot hold both %s and %s, which differ only in case; "
                  "there are %d such names", cdist_text_printable(tree->folder, scratch),
                  cdist_text_printable(first.one, scratch), cdist_text_printable(first.other, scratch), count);
    }
    apr_pool_destroy(scratch);
}

/* NB: wherever the path leads by now, each file below must be the one that the tree saw. */
static cdist_err_t *open_folder(cdist_folder_t **folder, const char *path, apr_pool_t *pool)
{
    apr_status_t rv = cdist_os_folder_open(folder, path, pool);

    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, APR_STATUS_IS_ENOENT(rv) ? CDIST_E_CHANGED : CDIST_E_SOURCE, rv, "%s: cannot be read",
                            cdist_text_printable(path, pool));
}

cdist_err_t *cdist_build(cdist_manifest_t **manifest, cdist_temp_t *temp, const cdist_tree_t *tree,
                         const cdist_build_options_t *options, apr_pool_t *pool)
{
    int total = tree->inputs->nelts;
    cdist_manifest_t *made = apr_pcalloc(pool, sizeof *made);
    build_t build = {tree, NULL, NULL, options, NULL, NULL, NULL, NULL, 0, 0, 0, 0, NULL, NULL};
    cdist_zip_writer_t *writer;

    if (total == 0) {
        return cdist_err_create(pool, CDIST_E_SOURCE, 0, "%s: holds no files, there is nothing to archive",
                                cdist_text_printable(tree->folder, pool));
    }
    CDIST_ERR(open_folder(&build.root, tree->folder, pool));
    if (tree->overlay) CDIST_ERR(open_folder(&build.overlay, tree->overlay, pool));
    made->builder = cdist_builder_identity();
    made->level = options->level;
    made->entries = apr_array_make(pool, total, sizeof(cdist_entry_t));
    build.entries = memset(made->entries->elts, 0, (size_t)total * sizeof(cdist_entry_t));
    made->entries->nelts = total;
    build.slots = apr_pcalloc(pool, (apr_size_t)total * sizeof(slot_t));
    name_entries(&build, pool);
    warn_of_left_out(tree, pool);
    warn_of_case(made, tree, pool);
    if (apr_thread_mutex_create(&build.mutex, APR_THREAD_MUTEX_DEFAULT, pool) != APR_SUCCESS ||
        apr_thread_cond_create(&build.cond, pool) != APR_SUCCESS) {
        return cdist_err_create(pool, CDIST_E_BUSY, 0, "no lock can be made for the build");
    }
    CDIST_ERR(cdist_zip_writer_create(&writer, temp->file, total, options->stop, pool));
    apr_pool_create_unmanaged(&build.err_pool);
    CDIST_ERR(run(&build, writer, pool));
    CDIST_ERR(cdist_zip_writer_finish(made, writer));
    CDIST_ERR(check_tree(tree, pool));
    cdist_manifest_sum(made);
    made->reused_bytes = build.reused_bytes;
    *manifest = made;
    return NULL;
}
