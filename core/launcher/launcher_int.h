/* Between the files of this room. */
#ifndef CDIST_LAUNCHER_INT_H
#define CDIST_LAUNCHER_INT_H

#include "cdist_launcher.h"

/* ---- settings.c: what both kinds of files have ---- */

/* The line at `index` as Key=Value, appended to `settings`; nothing if it is none. */
void cdist_settings_push(apr_array_header_t *settings, const cdist_lines_t *lines, int index, apr_pool_t *pool);
/* The first of `count` settings from `first` on with that key, compared without case, which the launcher can read. */
const cdist_setting_t *cdist_settings_find(const apr_array_header_t *settings, int first, int count, const char *key);
/* A value for a message: printable, and not longer than a line. */
const char *cdist_settings_shown(const char *value, apr_pool_t *pool);

/* ---- default_version.c ---- */

/* A value of DefaultVersion: <mask>[-<version or mask>][;<architecture>]. */
typedef struct {
    cdist_version_t mask;   /* what is asked for */
    cdist_version_t target; /* what is taken for it; none: the mask itself */
    const char *arch;       /* NULL: none is said */
} cdist_default_version_t;
/* 1, or 0 if the text is none. */
int cdist_default_version_parse(cdist_default_version_t *value, const char *text, apr_pool_t *pool);

/* ---- arch.c ---- */

/* "x86" alone, or "x86_prt": that before others. */
typedef struct {
    const char *base; /* "x86" or "x86_64" */
    int only;
} cdist_arch_wish_t;
int cdist_arch_parse(cdist_arch_wish_t *wish, const char *text);
/* Whether a build of that architecture may be taken. NB: one that nothing is known of may be. */
int cdist_arch_allows(const cdist_arch_wish_t *wish, const char *arch);
/* Whether two wishes can be met by one build. */
int cdist_arch_overlap(const cdist_arch_wish_t *a, const cdist_arch_wish_t *b);
/* What a slot says of architecture and system. */
const char *cdist_arch_of_slot(const cdist_slot_t *slot);
const char *cdist_system_of_slot(const cdist_slot_t *slot);

/* ---- installed_builds.c ---- */

/* Adds what one folder holds; the version, if given, is that of a legacy platform. 0 if neither 1cv8c nor 1cv8 is in it. */
CDIST_MUST_CHECK cdist_err_t *cdist_installed_add(int *found, cdist_launcher_t *launcher, const char *path,
                                                  const cdist_version_t *legacy, int shared);

/* ---- gather.c ---- */

void cdist_launcher_note(cdist_launcher_t *launcher, const char *text);

/* ---- explain.c: the way to a decision ---- */

typedef struct {
    const cdist_launcher_t *launcher;
    const cdist_infobase_t *infobase;
    cdist_resolution_t *result;
    cdist_version_t required; /* none: any version */
    cdist_arch_wish_t arch;
    int arch_given; /* somebody asked for it */
    cdist_connect_t connect;
    apr_pool_t *pool;
} cdist_decision_t;

/* Records what was decided, and the line of the file that decided it (lines NULL: none did). */
void cdist_step(cdist_decision_t *decision, const cdist_lines_t *lines, int line, const char *fmt, ...) CDIST_PRINTF(4, 5);
/* The same about a setting of the infobase. */
#define cdist_step_own(decision, setting, ...) \
    cdist_step(decision, (decision)->infobase->list->lines, (setting)->line, __VA_ARGS__)
/* 1 for 8.0 and 8.1, which have one kind of client, and know no other versions. */
int cdist_version_is_legacy(const cdist_version_t *version);

/* ---- required.c, client.c, choose.c, arguments.c: its parts, in this order ---- */

CDIST_MUST_CHECK cdist_err_t *cdist_decide_required(cdist_decision_t *decision);
void cdist_decide_client(cdist_decision_t *decision);
void cdist_decide_build(cdist_decision_t *decision);
void cdist_decide_arguments(cdist_decision_t *decision);
/* Appends a text's arguments to `args` (const char *), quotes resolved, without those that carry a secret; returns how many these
 * were. */
int cdist_arguments_split(apr_array_header_t *args, const char *text, apr_pool_t *pool);
/* The same for arguments that are apart already. */
int cdist_arguments_filter(apr_array_header_t *args, const apr_array_header_t *given);

#endif
