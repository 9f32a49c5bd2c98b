/* What every unit test stands on: a pool and an empty folder of its own for each test, files made by code, and checks
 * of the library's errors. A test file defines test_suite(); fixture.c has main(). */
#ifndef FIXTURE_H
#define FIXTURE_H

#include "base/cdist_base.h"

#include <check.h>

/* Those of the running test. */
extern apr_pool_t *fx_pool;
extern const char *fx_folder;

Suite *test_suite(void);
/* A case whose tests each start with an empty folder; `seconds` is the limit of one test. */
TCase *fx_case(Suite *suite, const char *name, double seconds);

/* All names are relative to the test's folder. Parent folders are made where needed. */
const char *fx_path(const char *name);
void fx_make_folder(const char *name);
void fx_write(const char *name, const void *bytes, size_t length);
void fx_write_text(const char *name, const char *text);
/* Bytes that no compressor shrinks, the same for the same seed. */
void fx_write_noise(const char *name, size_t length, unsigned seed);
/* Lines of text that shrink well. */
void fx_write_prose(const char *name, size_t length);
void fx_append(const char *name, const char *text);
void fx_link(const char *target, const char *name);
char *fx_read(size_t *length, const char *name);
int fx_exists(const char *name);
/* With everything below it; it need not be there. */
void fx_remove(const char *name);
/* How many children a folder has. */
int fx_children(const char *name);
apr_file_t *fx_open(const char *name);
/* Gives up the superuser's rights, for which no permission counts, until the end of the test or fx_be_root_again. */
void fx_obey_permissions(void);
void fx_be_root_again(void);

void fx_fill_noise(unsigned char *bytes, size_t length, unsigned seed);
const char *fx_hex(const cdist_digest_t *digest);

#define FX_OK(expr)                                                                       \
    do {                                                                                  \
        cdist_err_t *fx_err = (expr);                                                     \
        ck_assert_msg(fx_err == NULL, "%s: %s", #expr, cdist_err_text(fx_err, fx_pool));  \
    } while (0)
#define FX_FAILS(expr, expected)                                                                               \
    do {                                                                                                       \
        cdist_err_t *fx_err = (expr);                                                                          \
        ck_assert_msg(fx_err != NULL, "%s: succeeded instead of %s", #expr, #expected);                        \
        ck_assert_msg(fx_err->code == (expected), "%s: code %d instead of %s: %s", #expr, (int)fx_err->code, \
                      #expected, cdist_err_text(fx_err, fx_pool)); \
    } while (0)
#define FX_DONE(expr)                                                                                 \
    do {                                                                                              \
        apr_status_t fx_rv = (expr);                                                                  \
        char fx_text[120];                                                                            \
        ck_assert_msg(fx_rv == APR_SUCCESS, "%s: %s", #expr, apr_strerror(fx_rv, fx_text, sizeof fx_text)); \
    } while (0)
#define FX_COUNT(array) ((int)(sizeof(array) / sizeof(array)[0]))

#endif
