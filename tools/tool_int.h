/* Between the files of the command line. */
#ifndef CDIST_TOOL_INT_H
#define CDIST_TOOL_INT_H

#include "platform/cdist_platform.h"
#include "templates/cdist_templates.h"
#include "updates/cdist_updates.h"

#include <apr_file_info.h>
#include <apr_getopt.h>
#include <jansson.h>

/* Exit statuses; names and numbers are a contract with scripts. */
enum { TOOL_DONE = 0, TOOL_FAILED = 1, TOOL_USAGE = 2, TOOL_NOTHING = 3 };

typedef struct {
    const char *name;
    const char *usage; /* the whole text of --help */
    const apr_getopt_option_t *options;
    int (*run)(apr_getopt_t *args, apr_pool_t *pool);
} tool_verb_t;

extern const tool_verb_t tool_scan, tool_build, tool_verify, tool_import, tool_gc, tool_resolve, tool_conf, tool_lint, tool_check, tool_compare, tool_info, tool_apply,
    tool_publish, tool_sync, tool_key, tool_chain;

/* ---- options.c ---- */

/* Reads the next option, in any place among the arguments: its letter, 0 at the end, or TOOL_HELP / TOOL_WRONG after
 * having printed. `verb` gives the options and the usage. */
enum { TOOL_HELP = -1, TOOL_WRONG = -2 };
int tool_next_option(const char **value, const tool_verb_t *verb, apr_getopt_t *args);
/* The arguments that are no options; call it after the last option. */
apr_array_header_t *tool_operands(apr_getopt_t *args, apr_pool_t *pool);
/* Prints "1cdist VERB: …" and the hint to --help; returns TOOL_USAGE. */
int tool_usage_error(const tool_verb_t *verb, const char *fmt, ...) CDIST_PRINTF(2, 3);

/* ---- lookup.c ---- */

/* Takes a value of --source, "SLOT=PATTERN", which means what CDistSource does; a component is declared by it. NULL, or what
 * is wrong with it. */
const char *tool_lookup_add_source(cdist_lookup_t *lookup, const char *text, apr_pool_t *pool);
/* Declares the slot, if it is a component. */
void tool_lookup_add_component(cdist_lookup_t *lookup, const cdist_slot_t *slot, apr_pool_t *pool);
/* What --overlay and --rules give; either may be NULL. NULL, or what is wrong with them. */
const char *tool_lookup_set_overlay(cdist_lookup_t *lookup, const char *folder, const char *rules, apr_pool_t *pool);
/* The first place of a lookup that has one, for messages. */
const char *tool_lookup_name(const cdist_lookup_t *lookup, apr_pool_t *pool);

/* ---- drop.c: folders into which packages are dropped ---- */

/* Gets a file; returns an exit status. */
typedef int(tool_drop_fn)(void *baton, const char *path, apr_pool_t *scratch_pool);
/* Hands every file of a folder to `take`, by name, once as it is, when nothing changed it for `settle_sec` seconds; waits for the
 * others, and takes also what comes meanwhile. Returns TOOL_FAILED if one did. */
int tool_drop_each(const char *folder, int settle_sec, tool_drop_fn *take, void *baton, apr_pool_t *pool);
/* What a file was before it was read. */
typedef struct {
    int there;
    apr_finfo_t info;
} tool_seen_t;
void tool_drop_look(tool_seen_t *seen, const char *path, apr_pool_t *pool);
/* Moves a file to <into>/imported or <into>/refused by its status, under a name that is free there, unless it is no longer the
 * one that was seen. Returns the status, or TOOL_FAILED if it is not moved. */
int tool_drop_sort(const char *into, const char *path, const tool_seen_t *seen, int status, apr_pool_t *pool);

/* ---- chain_designer.c ---- */

/* Prints the commands that take the steps of a chain, one after the other. */
void tool_print_designer(const cdist_chain_t *chain, apr_pool_t *pool);

/* ---- output.c ---- */

/* Prints "1cdist: FILE: reason" on standard error; returns TOOL_FAILED. */
int tool_fail(const char *text);
int tool_fail_err(const cdist_err_t *err, apr_pool_t *pool);
/* The same of what is no error. */
void tool_note(void *baton, const char *text);
/* A cdist_progress_fn: the percentage on standard error; `baton` is an int, -1 at first. Only for a terminal. */
void tool_progress(void *baton, apr_uint64_t done_bytes, apr_uint64_t total_bytes);
/* An error if something else than a plain file is at the path where a file is to be published. */
CDIST_MUST_CHECK cdist_err_t *tool_check_output(const char *path, apr_pool_t *pool);
/* "1 file", "2 files". */
const char *tool_count(int count, const char *one, const char *several, apr_pool_t *pool);
/* Takes the percentage off the screen. */
void tool_progress_end(int shown);
/* Prints one JSON object on a line and lets it go. */
void tool_print_json(json_t *object);

#endif
