/* What the tests of the store share: a store in the test's folder, and the jobs that fill it. Names are relative to that
 * folder. */
#ifndef STORE_FIXTURE_H
#define STORE_FIXTURE_H

#include "archive_int.h"
#include "fixture.h"

extern cdist_store_t *fx_store;

/* fx_store becomes the folder "store", made where it is not there. */
void fx_open_store(void);
/* Packs a folder as it is now, with one thread. */
cdist_job_t fx_folder_job(const char *folder, int level);
/* Publishes a ready archive as it is now. */
cdist_job_t fx_ready_job(const char *name);
/* A ready archive of one file, "a.txt". */
void fx_write_ready(const char *name, const char *content);
/* Runs in a pool of its own, so that all is over afterwards what a pool ends. */
cdist_err_t *fx_run_job(const cdist_job_t *job);
/* NULL if the store has none; any other error fails the test. */
cdist_archive_t *fx_find(const cdist_key_t *key);
/* Runs the job and finds what came of it. */
cdist_archive_t *fx_publish(const cdist_job_t *job);
/* "store/KIND/DIGEST" with `suffix` behind it: a file of an archive in the store. */
const char *fx_part(const char *kind, const cdist_archive_t *archive, const char *suffix);

#endif
