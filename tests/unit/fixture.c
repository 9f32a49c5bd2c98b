/* See fixture.h. Temporary files lie in $TMPDIR, in one folder for the program, and are gone when it ends. */
#include "fixture.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <errno.h>
#include <ftw.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

apr_pool_t *fx_pool;
const char *fx_folder;

static char base_folder[1024];

static void remove_all(const char *path);

static int remove_one(const char *path, const struct stat *st, int kind, struct FTW *where)
{
    (void)st;
    (void)where;
    if (kind == FTW_DNR && chmod(path, 0700) == 0) remove_all(path);
    else remove(path);
    return 0;
}

static void remove_all(const char *path)
{
    nftw(path, remove_one, 32, FTW_DEPTH | FTW_PHYS);
}

static void start(void)
{
    static int count;

    umask(022);
    ck_assert_int_eq(apr_pool_create(&fx_pool, NULL), APR_SUCCESS);
    fx_folder = apr_psprintf(fx_pool, "%s/%d-%d", base_folder, (int)getpid(), count++);
    ck_assert_msg(mkdir(fx_folder, 0755) == 0, "%s: %s", fx_folder, strerror(errno));
}

static void stop(void)
{
    fx_be_root_again();
    remove_all(fx_folder);
    apr_pool_destroy(fx_pool);
    fx_pool = NULL;
}

TCase *fx_case(Suite *suite, const char *name, double seconds)
{
    TCase *tcase = tcase_create(name);

    tcase_add_checked_fixture(tcase, start, stop);
    tcase_set_timeout(tcase, seconds);
    suite_add_tcase(suite, tcase);
    return tcase;
}

const char *fx_path(const char *name)
{
    return *name ? apr_pstrcat(fx_pool, fx_folder, "/", name, NULL) : fx_folder;
}

static void make_parents(char *path)
{
    char *slash;

    for (slash = strchr(path + strlen(fx_folder) + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        ck_assert_msg(mkdir(path, 0755) == 0 || errno == EEXIST, "%s: %s", path, strerror(errno));
        *slash = '/';
    }
}

void fx_make_folder(const char *name)
{
    make_parents(apr_pstrcat(fx_pool, fx_path(name), "/", NULL));
}

static void put(const char *name, const void *bytes, size_t length, const char *mode)
{
    char *path = apr_pstrdup(fx_pool, fx_path(name));
    FILE *file;

    make_parents(path);
    file = fopen(path, mode);
    ck_assert_msg(file != NULL, "%s: %s", path, strerror(errno));
    ck_assert_uint_eq(length ? fwrite(bytes, 1, length, file) : 0, length);
    ck_assert_int_eq(fclose(file), 0);
}

void fx_write(const char *name, const void *bytes, size_t length)
{
    put(name, bytes, length, "wb");
}

void fx_write_text(const char *name, const char *text)
{
    fx_write(name, text, strlen(text));
}

void fx_append(const char *name, const char *text)
{
    put(name, text, strlen(text), "ab");
}

void fx_fill_noise(unsigned char *bytes, size_t length, unsigned seed)
{
    apr_uint64_t state = seed * 2654435761u + 1;
    size_t i;

    for (i = 0; i < length; i++) {
        state = state * 6364136223846793005u + 1442695040888963407u;
        bytes[i] = (unsigned char)(state >> 56);
    }
}

void fx_write_noise(const char *name, size_t length, unsigned seed)
{
    unsigned char *bytes = malloc(length + 1);

    ck_assert_ptr_nonnull(bytes);
    fx_fill_noise(bytes, length, seed);
    fx_write(name, bytes, length);
    free(bytes);
}

void fx_write_prose(const char *name, size_t length)
{
    char *bytes = malloc(length + 64);
    size_t at = 0, line = 0;

    ck_assert_ptr_nonnull(bytes);
    while (at < length) {
        at += (size_t)sprintf(bytes + at, "%u: every line tells a little less\n", (unsigned)line++ % 977);
    }
    fx_write(name, bytes, length);
    free(bytes);
}

void fx_link(const char *target, const char *name)
{
    char *path = apr_pstrdup(fx_pool, fx_path(name));

    make_parents(path);
    ck_assert_msg(symlink(target, path) == 0, "%s: %s", path, strerror(errno));
}

char *fx_read(size_t *length, const char *name)
{
    char *bytes;
    apr_size_t read;

    FX_OK(cdist_file_read(&bytes, &read, fx_path(name), 1u << 30, fx_pool));
    if (length) *length = read;
    return bytes;
}

int fx_exists(const char *name)
{
    struct stat st;

    return lstat(fx_path(name), &st) == 0;
}

void fx_remove(const char *name)
{
    remove_all(fx_path(name));
}

int fx_children(const char *name)
{
    cdist_folder_t *folder;
    const char *child;
    int count = 0;

    FX_DONE(cdist_os_folder_open(&folder, fx_path(name), fx_pool));
    for (;;) {
        FX_DONE(cdist_os_folder_next(&child, folder, fx_pool));
        if (!child) break;
        count++;
    }
    cdist_os_folder_close(folder);
    return count;
}

apr_file_t *fx_open(const char *name)
{
    apr_file_t *file;

    FX_DONE(apr_file_open(&file, fx_path(name), APR_FOPEN_READ | APR_FOPEN_BINARY, 0, fx_pool));
    return file;
}

/* NB: not by another user, whom a container's user namespace may not know. Through the system call, since for this much
 * no library is worth having; the permitted set stays, so that the rights can be taken up again. */
static void set_rights(int all)
{
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct sets[_LINUX_CAPABILITY_U32S_3];
    int i;

    ck_assert_int_eq(syscall(SYS_capget, &header, sets), 0);
    for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) sets[i].effective = all ? sets[i].permitted : 0;
    ck_assert_int_eq(syscall(SYS_capset, &header, sets), 0);
}

void fx_obey_permissions(void)
{
    set_rights(0);
}

void fx_be_root_again(void)
{
    set_rights(1);
}

const char *fx_hex(const cdist_digest_t *digest)
{
    return cdist_digest_hex(digest, fx_pool);
}

int main(void)
{
    const char *parent = getenv("TMPDIR");
    SRunner *runner;
    int failed;

    snprintf(base_folder, sizeof base_folder, "%s/cdist-test-XXXXXX", parent && *parent ? parent : "/tmp");
    if (!mkdtemp(base_folder) || chmod(base_folder, 0755) != 0) {
        perror(base_folder);
        return 99;
    }
    apr_initialize();
    runner = srunner_create(test_suite());
    srunner_run_all(runner, CK_ENV);
    failed = srunner_ntests_failed(runner);
    /* NB: a suite without tests would pass for ever. */
    if (srunner_ntests_run(runner) == 0) failed = 1;
    srunner_free(runner);
    remove_all(base_folder);
    apr_terminate();
    return failed ? 1 : 0;
}
