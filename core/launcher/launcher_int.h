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

#endif
