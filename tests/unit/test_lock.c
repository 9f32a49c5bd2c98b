/* Locks on bytes of a file: they exclude threads and processes, and the kernel frees them. */
#include "fixture.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

START_TEST(a_lock_excludes_another_one_in_the_same_process)
{
    cdist_lock_t *first, *second, *other_byte;

    FX_DONE(cdist_os_lock_try(&first, fx_path("lock"), 7, 1, fx_pool));
    ck_assert_int_eq(cdist_os_lock_try(&second, fx_path("lock"), 7, 1, fx_pool), APR_EBUSY);
    FX_DONE(cdist_os_lock_try(&other_byte, fx_path("lock"), 8, 1, fx_pool));
    cdist_os_lock_free(other_byte);
    ck_assert_int_eq(cdist_os_lock_try(&second, fx_path("lock"), 7, 1, fx_pool), APR_EBUSY);
    cdist_os_lock_free(first);
    FX_DONE(cdist_os_lock_try(&second, fx_path("lock"), 7, 1, fx_pool));
    cdist_os_lock_free(second);
    cdist_os_lock_free(second);
    ck_assert(fx_exists("lock"));
}
END_TEST

/* A child that takes the lock, says so, and waits to be ended. */
static pid_t start_holder(apr_uint64_t byte)
{
    int ready[2];
    char answer = 0;
    pid_t child;

    ck_assert_int_eq(pipe(ready), 0);
    child = fork();
    ck_assert_int_ge(child, 0);
    if (child == 0) {
        cdist_lock_t *lock;
        answer = cdist_os_lock_try(&lock, fx_path("lock"), byte, 1, fx_pool) == APR_SUCCESS ? 'y' : 'n';
        if (write(ready[1], &answer, 1) != 1) _exit(1);
        for (;;) pause();
    }
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &answer, 1), 1);
    close(ready[0]);
    ck_assert_int_eq(answer, 'y');
    return child;
}

START_TEST(a_lock_excludes_other_processes_and_is_freed_when_its_owner_is_killed)
{
    pid_t child = start_holder(3);
    cdist_lock_t *lock;

    ck_assert_int_eq(cdist_os_lock_try(&lock, fx_path("lock"), 3, 1, fx_pool), APR_EBUSY);
    kill(child, SIGKILL);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    FX_DONE(cdist_os_lock_try(&lock, fx_path("lock"), 3, 1, fx_pool));
    cdist_os_lock_free(lock);
}
END_TEST

START_TEST(closing_another_descriptor_of_the_lock_file_frees_nothing)
{
    cdist_lock_t *lock, *second;
    int fd;

    FX_DONE(cdist_os_lock_try(&lock, fx_path("lock"), 1, 1, fx_pool));
    fd = open(fx_path("lock"), O_RDWR);
    ck_assert_int_ge(fd, 0);
    close(fd);
    ck_assert_int_eq(cdist_os_lock_try(&second, fx_path("lock"), 1, 1, fx_pool), APR_EBUSY);
    cdist_os_lock_free(lock);
}
END_TEST

START_TEST(a_lock_file_is_never_a_link)
{
    cdist_lock_t *lock;

    fx_write_text("elsewhere", "");
    fx_link("elsewhere", "lock");
    ck_assert_int_ne(cdist_os_lock_try(&lock, fx_path("lock"), 1, 1, fx_pool), APR_SUCCESS);
}
END_TEST

START_TEST(of_several_bytes_each_is_taken_once)
{
    cdist_lock_t *locks[3], *more;
    int i;

    for (i = 0; i < 3; i++) FX_DONE(cdist_os_lock_try(&locks[i], fx_path("lock"), 100, 3, fx_pool));
    ck_assert_int_eq(cdist_os_lock_try(&more, fx_path("lock"), 100, 3, fx_pool), APR_EBUSY);
    ck_assert_int_eq(cdist_os_lock_try(&more, fx_path("lock"), 200, 0, fx_pool), APR_EBUSY);
    FX_DONE(cdist_os_lock_try(&more, fx_path("lock"), 103, 1, fx_pool));
    cdist_os_lock_free(more);
    FX_DONE(cdist_os_lock_try(&more, fx_path("lock"), 99, 1, fx_pool));
    cdist_os_lock_free(more);
    cdist_os_lock_free(locks[1]);
    FX_DONE(cdist_os_lock_try(&locks[1], fx_path("lock"), 100, 3, fx_pool));
    for (i = 0; i < 3; i++) cdist_os_lock_free(locks[i]);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("lock");
    TCase *tcase = fx_case(suite, "lock", 20);

    tcase_add_test(tcase, a_lock_excludes_another_one_in_the_same_process);
    tcase_add_test(tcase, a_lock_excludes_other_processes_and_is_freed_when_its_owner_is_killed);
    tcase_add_test(tcase, closing_another_descriptor_of_the_lock_file_frees_nothing);
    tcase_add_test(tcase, a_lock_file_is_never_a_link);
    tcase_add_test(tcase, of_several_bytes_each_is_taken_once);
    return suite;
}
