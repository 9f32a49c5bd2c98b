/* Between the files of the verb compare: what was compared, and how it is shown. */
#ifndef CDIST_COMPARISON_INT_H
#define CDIST_COMPARISON_INT_H

#include "compare/cdist_compare_detail.h"
#include "tool_int.h"

#include <apr_hash.h>

typedef struct {
    const char *level;                /* entry, object, property, or file */
    cdist_sides_t *sides;             /* of configurations; NULL for folders */
    const cdist_tree_rules_t *rules;  /* of folders */
    const char *rules_name;           /* their file; NULL without rules */
    apr_array_header_t *unused;       /* of folders: const char *, rules that match nothing; or NULL */
    cdist_comparison_t *comparison;
    apr_hash_t *parts;                /* of objects: uuid → array of const cdist_difference_t *, its entries that differ; or NULL */
    apr_array_header_t *since;        /* cdist_register_change_t: what changed since the register of --against; or NULL */
    int details;                      /* 1: what changed inside of the parts is told too */
    int json;
} comparison_t;

typedef struct {
    const char *html, *reg, *against; /* NULL where they are not wanted */
} comparison_outputs_t;

/* NULL, or which file is named for two things at once, by whatever names. A register may be replaced by the one that is compared
 * with it. */
const char *comparison_mixed_up(const cdist_compare_files_t *files, const comparison_outputs_t *outputs, apr_pool_t *pool);
/* An error if a page or register cannot be written, or would replace what is none. */
cdist_err_t *comparison_check_outputs(const comparison_outputs_t *outputs, apr_pool_t *pool);
cdist_verdict_t comparison_verdict(const comparison_t *comparison, const cdist_difference_t *difference, apr_pool_t *pool);
/* The name for people in Russian or English, "" without one: of an object its qualified name, of a file its own. */
const char *comparison_name(const comparison_t *comparison, const cdist_difference_t *difference, int russian, apr_pool_t *pool);
/* What an entry is in its object; NULL if that is not known. */
const cdist_part_name_t *comparison_part_name(const comparison_t *comparison, const cdist_difference_t *part);
/* The entries of an object that differ, const cdist_difference_t *; NULL if there are none. */
const apr_array_header_t *comparison_parts(const comparison_t *comparison, const char *id);
/* Writes the page for people (comparison_page.c). */
cdist_err_t *comparison_write_page(const comparison_t *comparison, const char *path, apr_pool_t *pool);
/* What changed inside of an entry (comparison_detail.c). */
json_t *comparison_details_json(const comparison_t *comparison, const cdist_difference_t *entry, apr_pool_t *pool);
void comparison_print_details(const comparison_t *comparison, const cdist_difference_t *entry, apr_pool_t *pool);
/* Prints everything; what could not be read goes to standard error too. Returns an exit status. */
int comparison_print(const comparison_t *comparison, apr_pool_t *pool);

#endif
