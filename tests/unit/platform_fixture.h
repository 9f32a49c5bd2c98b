/* What the tests of releases share: lookups, and sources as text. Names are relative to the test's folder. */
#ifndef PLATFORM_FIXTURE_H
#define PLATFORM_FIXTURE_H

#include "clock.h"
#include "fixture.h"
#include "platform/cdist_platform.h"

/* What cdist_source_scan told last. */
extern int fx_recognised;

#define FX_INI(version, package) "[Startup]\r\nProductVersion=" version "\r\nPackageName=" package "\r\n"
#define FX_PACKAGE64 "1CEnterprise 8 Thin client (x86-64).msi"
#define FX_PACKAGE32 "1CEnterprise 8 Thin client.msi"

/* Finds nothing yet; installed platforms count. */
cdist_lookup_t *fx_lookup(void);
void fx_add_root(cdist_lookup_t *lookup, const char *folder);
void fx_add_component(cdist_lookup_t *lookup, const char *name);
/* A CDistSource, which declares its slot if that is a component; `path` has %v in it. */
void fx_add_pattern(cdist_lookup_t *lookup, const char *slot, const char *path);
/* One pattern alone. */
cdist_lookup_t *fx_pattern(const char *slot, const char *path);
/* One root, or two. */
cdist_lookup_t *fx_roots(const char *one, const char *two);

/* What cdist_source_scan finds in a release folder. */
apr_array_header_t *fx_sources(const cdist_lookup_t *lookup, const char *folder);
/* The same as text: "windows64 8.3.22.1750 ready r/distr/windows64tc.zip", a line each; a problem shows as "!". */
const char *fx_list(const apr_array_header_t *sources);
/* What is found there without components and patterns. */
apr_array_header_t *fx_found(const char *folder);
/* What fx_list says of a release folder. */
void fx_expect_sources(const cdist_lookup_t *lookup, const char *folder, const char *text);
/* The same without components and patterns. */
void fx_expect_found(const char *folder, const char *text);
/* The first source's problem, "" if it has none. */
const char *fx_problem(const apr_array_header_t *sources);

/* A catalogue with a settle time of 30 s; _settled moves the clock so that everything is old enough. */
cdist_catalogue_t *fx_scan(const cdist_lookup_t *lookup, const cdist_catalogue_t *previous);
cdist_catalogue_t *fx_scan_settled(const cdist_lookup_t *lookup);
/* NULL if the catalogue has none. */
const cdist_source_t *fx_source_in(const cdist_catalogue_t *catalogue, const char *version, const char *slot);
/* All sources of a catalogue as with fx_list. */
const char *fx_list_catalogue(const cdist_catalogue_t *catalogue);

#endif
