/* Launchers made of texts: a section of a list, start files, and builds, without any file. */
#ifndef LAUNCHER_FIXTURE_H
#define LAUNCHER_FIXTURE_H

#include "fixture.h"
#include "launcher/cdist_launcher.h"

/* A list that is named "ib.v8i". */
cdist_infobase_list_t *fx_list_add(cdist_launcher_t *launcher, const char *text);
/* Start settings named after their scope: "user.cfg", "all.cfg", "1cescmn.cfg"; NULL adds nothing. */
void fx_start_add(cdist_launcher_t *launcher, const char *text, cdist_start_scope_t scope);
/* Builds, one a line or after ';': "i 8.3.22.1750 x86_64 tk": i installed or d distribution; version; architecture, or '-' for
 * none; t thin, k thick, s shared, l legacy, w m and u for Windows, macOS and Linux. */
void fx_builds_add(cdist_launcher_t *launcher, const char *text);
/* The builds in their order, a line each, with the path below the test's folder: "i 8.3.22.1750 x86_64 tk PATH". */
const char *fx_builds_list(const cdist_launcher_t *launcher);
/* The decision about the first infobase of the first list. */
cdist_resolution_t *fx_resolve(const cdist_launcher_t *launcher);
/* "required|chosen|arch|client|origin"; "-" for what is empty. */
const char *fx_decision(const cdist_resolution_t *resolution);
/* Texts with blanks between them, or lines. */
const char *fx_join(const apr_array_header_t *texts, const char *between);

#endif
