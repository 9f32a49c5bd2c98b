/* What the tests of the store's care share: small archives that are used, pinned and collected while the clock
 * moves on. */
#ifndef CARE_FIXTURE_H
#define CARE_FIXTURE_H

#include "clock.h"
#include "store_fixture.h"

#define MINUTES(n) apr_time_from_sec(60 * (n))
#define HOURS(n) MINUTES(60 * (n))
#define DAYS(n) HOURS(24 * (apr_time_t)(n))

/* One archive of about 10,000 bytes. */
typedef struct {
    cdist_job_t job;
    cdist_archive_t *archive;
} care_made_t;

/* fx_open_store; from now on messages are kept. */
void care_open(void);
/* How often the messages say that. */
int care_said(const char *what);

/* Builds a folder, whose file is noise by the first letter of its name. */
care_made_t care_make(const char *folder);
int care_is_there(const care_made_t *made);
apr_time_t care_mtime(const char *name);

void care_use(const care_made_t *made);
cdist_collected_t care_collect(apr_uint64_t max_bytes);
void care_pin(const char *name, int count, const care_made_t *const *made);

#endif
