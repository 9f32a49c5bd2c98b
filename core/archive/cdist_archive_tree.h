/* A folder as the entries of an archive, and files of another folder laid over it. Part of cdist_archive.h. */
#ifndef CDIST_ARCHIVE_TREE_H
#define CDIST_ARCHIVE_TREE_H

#include "base/cdist_base.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- a folder as entries of an archive (tree.c, tree_overlay.c) ------------------------------------------------- */

/* One entry to be. `path` is relative to the folder, with '/', and is the entry's name without the final '/'. */
typedef struct {
    const char *path;
    cdist_stat_t stat;
    const char *link_target; /* for CDIST_LINK */
    int over;                /* 1: it lies in the overlay's folder, not in the tree's */
} cdist_input_t;

typedef struct {
    const char *folder;
    const apr_array_header_t *skip; /* as given to cdist_tree_read */
    const char *overlay;            /* the folder that cdist_tree_overlay took inputs from; NULL: none */
    const apr_array_header_t *kept; /* const char *, their paths */
    apr_array_header_t *inputs;     /* cdist_input_t, sorted as in the archive */
    apr_array_header_t *left_out;   /* const char *, paths of devices, pipes and sockets, which are no inputs */
    int files;                  /* files, links and empty folders */
    apr_uint64_t bytes;         /* of all files */
    apr_int64_t newest_ns;      /* latest change time of anything in it, folders included */
    cdist_digest_t signature;   /* over names, kinds, and what cdist_stat_same compares */
    apr_time_t read_at;         /* when the listing began */
} cdist_tree_t;

/* Lists a folder. `skip`, if not NULL, tells what is left out (const char *, compared without case): "/name" is the
 * folder's own child of that name, and anything else a pattern with * and ? for names at every depth. Devices, pipes and
 * sockets are left out too, and listed.
 * Errors: CDIST_E_SOURCE (names the path), CDIST_E_UNSAFE for a name that is not UTF-8, has a control character or a
 * backslash, or a link that leads out of the folder; CDIST_E_CHANGED if the folder changes while it is read;
 * CDIST_E_INPUT for more than CDIST_MAX_ENTRIES files, or too deep folders. */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_read(cdist_tree_t **tree, const char *folder, const apr_array_header_t *skip,
                                              apr_pool_t *result_pool);
/* The same of a folder that is open already, wherever its path leads by now; it stays open. */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_read_open(cdist_tree_t **tree, cdist_folder_t *open, const char *folder,
                                                   const apr_array_header_t *skip, apr_pool_t *result_pool);
/* Puts the inputs of `kept` (const char *, paths) that `overlay` has into the tree, in place of its own of the same paths, and
 * signs it anew; both arrays must live as long as the tree. CDIST_E_CHANGED if the overlay has one of them no more. That none
 * of them lies below another's file, or has files below itself, is the caller's business: cdist_tree_find tells. */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_overlay(cdist_tree_t *tree, const cdist_tree_t *overlay,
                                                 const apr_array_header_t *kept, apr_pool_t *result_pool);
/* Lists a folder as cdist_tree_read does, and lays `kept` of another folder over it (NULL: nothing). */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_read_overlaid(cdist_tree_t **tree, const char *folder, const apr_array_header_t *skip,
                                                       const char *overlay, const apr_array_header_t *kept,
                                                       apr_pool_t *result_pool);
/* The file or link of that path; NULL if there is none. *clash then is 1 if a file could not be put there, since the path is a
 * folder's, or leads through a file. */
const cdist_input_t *cdist_tree_find(int *clash, const cdist_tree_t *tree, const char *path, apr_pool_t *scratch_pool);
/* The SHA-256 of an input of a tree: a file's content, or where a link leads. CDIST_E_CHANGED if it is not what the tree saw,
 * CDIST_E_SOURCE. */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_digest(cdist_digest_t *digest, const cdist_tree_t *tree, const cdist_input_t *input,
                                                apr_pool_t *scratch_pool);

#ifdef __cplusplus
}
#endif

#endif
