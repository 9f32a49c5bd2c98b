/* Between the files that compare brace text by property. */
#ifndef CDIST_PROPERTY_INT_H
#define CDIST_PROPERTY_INT_H

#include "cdist_compare_detail.h"

#define NO_NODE CDIST_BRACE_NONE

/* A tree in which every node has a number: nodes of all trees that were numbered together have the same one exactly if they
 * are equal, with all that is in them. */
typedef struct {
    const cdist_brace_tree_t *tree;
    apr_uint32_t count; /* of the nodes */
    apr_uint32_t *ids;  /* by node */
} numbered_t;

/* Numbers up to three trees; `numbered` is filled. */
CDIST_MUST_CHECK cdist_err_t *cdist_brace_number(numbered_t *numbered, const cdist_brace_tree_t *const *trees, int count,
                                                 apr_pool_t *pool);

/* A list's items. */
typedef struct {
    const numbered_t *in;
    const apr_uint32_t *nodes;
    apr_uint32_t count;
    int objects;       /* 1: {class,count,…}, a list of metadata objects */
    apr_uint32_t head; /* so many of its items are no objects */
} items_t;
/* 1 for {class,count,…}. */
int cdist_brace_is_objects(const cdist_brace_tree_t *tree, apr_uint32_t node);
/* NO_NODE has no items. */
items_t cdist_brace_items(const numbered_t *in, apr_uint32_t list, apr_pool_t *pool);
/* The uuid's node of {n,n,uuid} with "Name" behind it; NO_NODE for anything else. */
apr_uint32_t cdist_brace_header(const cdist_brace_tree_t *tree, apr_uint32_t list);
/* The uuid of the object that a node describes: of the first {n,n,uuid},"Name" in it; NO_NODE if there is none near its start.
 * */
apr_uint32_t cdist_brace_object(const cdist_brace_tree_t *tree, apr_uint32_t node);
/* 1 for the bare text of a uuid, or of a number. */
int cdist_brace_is_uuid(const cdist_brace_tree_t *tree, apr_uint32_t node);
int cdist_brace_is_number(const cdist_brace_tree_t *tree, apr_uint32_t node);

#define NO_PARTNER 0xFFFFFFFFu
/* Which item of the base is which of the side. */
typedef struct {
    apr_uint32_t *of_base; /* for each item of the base its partner's place, or NO_PARTNER */
    apr_uint32_t *of_side;
    int order; /* 1: partners stand in another order */
} alignment_t;
alignment_t cdist_brace_align(const items_t *base, const items_t *side, apr_pool_t *pool);

/* The name of an item in a list, by what is known of the list: "vendor", "comment"; "" if nothing is. `list_name` is the name
 * of the list itself. */
const char *cdist_property_name(const cdist_brace_tree_t *tree, apr_uint32_t list, apr_uint32_t place, const char *list_name,
                                apr_pool_t *pool);

#endif
