/* Comparison: what a customer changed, what the vendor changed, what both did, and what the rules of support make of it.
 *
 * - An *element* is what is compared as one thing: an entry of a configuration, an object with all its entries, a file.
 * - A *snapshot* is all elements of one side with digests of their contents; comparing snapshots reads no file.
 * - The *base* is the vendor's release that the customer started from, *mine* the customer's, *theirs* the vendor's new one.
 *
 * Nothing is ever merged into a configuration here: the answer is knowledge. What could not be read equals nothing. */
#ifndef CDIST_COMPARE_H
#define CDIST_COMPARE_H

#include "base/cdist_base.h"
#include "updates/cdist_updates.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- snapshots (snapshot.c) -------------------------------------------------------------------------------------- */

typedef enum { CDIST_ELEMENT_CONTENT, CDIST_ELEMENT_CONTAINER, CDIST_ELEMENT_LINK, CDIST_ELEMENT_GROUP } cdist_element_kind_t;

typedef struct {
    const char *id;            /* unique in its snapshot: an entry's name, an object's uuid, a file's path */
    const char *owner;         /* whose rule of support holds: the object's uuid, or the same as `id` */
    cdist_element_kind_t kind; /* elements of different kinds differ */
    cdist_digest_t digest;     /* of the content */
    const char *error;         /* why it could not be read, else NULL; such an element equals none, itself neither */
} cdist_element_t;

typedef struct {
    apr_array_header_t *elements; /* cdist_element_t; sorted by the bytes of `id`, once cdist_snapshot_sort was called */
} cdist_snapshot_t;

cdist_snapshot_t *cdist_snapshot_create(apr_pool_t *pool);
/* A zeroed element, to be filled before the next is added. */
cdist_element_t *cdist_snapshot_add(cdist_snapshot_t *snapshot);
/* Sorts it. Two elements with one id are CDIST_E_CORRUPT; `name` is for the message. */
CDIST_MUST_CHECK cdist_err_t *cdist_snapshot_sort(cdist_snapshot_t *snapshot, const char *name, apr_pool_t *pool);
/* The element of that id in a sorted snapshot; NULL if there is none. */
const cdist_element_t *cdist_snapshot_find(const cdist_snapshot_t *snapshot, const char *id);
/* One element for all that have the same owner, with the owner as id: its digest is that of the parts' ids, kinds and digests,
 * and it cannot be read if one of them cannot. The result is sorted. */
cdist_snapshot_t *cdist_snapshot_group(const cdist_snapshot_t *snapshot, apr_pool_t *pool);

/* ---- three ways (threeway.c) ------------------------------------------------------------------------------------- */

/* What a side did to an element since the base. */
typedef enum { CDIST_SIDE_UNCHANGED, CDIST_SIDE_ADDED, CDIST_SIDE_CHANGED, CDIST_SIDE_DELETED } cdist_side_t;

/* By whom it was changed: by nobody, by one side, by both alike, by both differently. */
typedef enum {
    CDIST_CLASS_UNCHANGED,
    CDIST_CLASS_MINE,
    CDIST_CLASS_THEIRS,
    CDIST_CLASS_IDENTICAL,
    CDIST_CLASS_CONFLICT
} cdist_class_t;
#define CDIST_CLASSES 5

/* "unchanged", "added", …; "unchanged", "mine", "theirs", … */
const char *cdist_side_name(cdist_side_t side);
const char *cdist_class_name(cdist_class_t cls);

typedef struct {
    const char *id, *owner;
    const cdist_element_t *base, *mine, *theirs; /* NULL where it is not there; they live with their snapshots */
    cdist_side_t mine_side, theirs_side;
    cdist_class_t cls;
    const char *error; /* why one of them could not be read, else NULL */
} cdist_difference_t;

typedef struct {
    int two_way;                     /* 1: there was no base, so who changed an element is not known */
    apr_array_header_t *differences; /* cdist_difference_t: all but the unchanged ones, sorted by id */
    apr_uint64_t counts[CDIST_CLASSES];
    apr_uint64_t unreadable; /* of the differences */
} cdist_comparison_t;

/* Compares sorted snapshots in one pass, without I/O. Without a base (NULL) everything was added: what both have alike is
 * IDENTICAL, all else CONFLICT. An element that could not be read was changed, as far as anybody knows. The result refers to
 * the snapshots. */
cdist_comparison_t *cdist_threeway(const cdist_snapshot_t *base, const cdist_snapshot_t *mine, const cdist_snapshot_t *theirs,
                                   apr_pool_t *pool);

/* ---- rules of support (rules.c) ---------------------------------------------------------------------------------- */

/* May the customer change an object, and does the vendor go on supporting it. */
typedef enum { CDIST_RULE_UNKNOWN, CDIST_RULE_LOCKED, CDIST_RULE_EDITABLE, CDIST_RULE_REMOVED } cdist_rule_t;
#define CDIST_RULES 4
/* What the vendor lets the customer choose. */
typedef enum {
    CDIST_DELIVERY_UNKNOWN,
    CDIST_DELIVERY_ALLOWED,
    CDIST_DELIVERY_NOT_RECOMMENDED,
    CDIST_DELIVERY_NOT_ALLOWED
} cdist_delivery_t;
#define CDIST_DELIVERIES 4
typedef enum { CDIST_KEEP_MINE, CDIST_TAKE_THEIRS, CDIST_NO_UPDATE, CDIST_ASK } cdist_action_t;

/* The platform's names: "ObjectNotEditable", "ObjectIsEditableSupportEnabled", "ObjectNotSupported"; "unknown". */
const char *cdist_rule_name(cdist_rule_t rule);
/* "allowed", "not recommended", "not allowed"; "unknown". */
const char *cdist_delivery_name(cdist_delivery_t delivery);
/* "keep_mine", "take_theirs", "no_update", "ask". */
const char *cdist_action_name(cdist_action_t action);

typedef struct {
    cdist_action_t action;
    int confirm;     /* 1: filled in beforehand, but for a person to decide */
    const char *row; /* the row of the vendor's table that decided, in words */
} cdist_decision_t;

/* What an update does with an element; a constant. */
const cdist_decision_t *cdist_rules_decide(const cdist_difference_t *difference, int two_way, cdist_rule_t rule);

typedef enum { CDIST_CHOICE_FREE, CDIST_CHOICE_WARNED, CDIST_CHOICE_REFUSED } cdist_choice_t;
/* Whether the vendor's delivery rule lets the customer choose a rule of support. */
cdist_choice_t cdist_rules_choice(cdist_delivery_t delivery, cdist_rule_t rule);
/* What must be said besides, or NULL: a vendor's object was deleted that is still supported, the rule is one that the vendor
 * does not recommend, or does not allow. */
const char *cdist_rules_warning(const cdist_difference_t *difference, cdist_rule_t rule, cdist_delivery_t delivery);

#ifdef __cplusplus
}
#endif

#endif
