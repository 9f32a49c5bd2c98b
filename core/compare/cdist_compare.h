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
    const char *name;          /* what it is called on its side: another than `id` where objects of two uuids were paired; of a
                                * group, what its first part is called */
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
/* The elements of a sorted snapshot whose ids another one has too. */
cdist_snapshot_t *cdist_snapshot_only(const cdist_snapshot_t *snapshot, const cdist_snapshot_t *other, apr_pool_t *pool);
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
/* The class of anything that has a base: by whether each side differs from it, and whether both are the same. */
cdist_class_t cdist_class_of(int mine_changed, int theirs_changed, int same);

typedef struct {
    const char *id, *owner;
    const cdist_element_t *base, *mine, *theirs; /* NULL where it is not there; they live with their snapshots */
    cdist_side_t mine_side, theirs_side;
    cdist_class_t cls;
    const char *error; /* why one of them could not be read, else NULL */
    int clash; /* 1: of folders: a file on one side is a folder on the other */
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
} cdist_delivery_kind_t;
#define CDIST_DELIVERIES 4
typedef enum { CDIST_KEEP_MINE, CDIST_TAKE_THEIRS, CDIST_NO_UPDATE, CDIST_ASK } cdist_action_t;

/* The platform's names: "ObjectNotEditable", "ObjectIsEditableSupportEnabled", "ObjectNotSupported"; "unknown". */
const char *cdist_rule_name(cdist_rule_t rule);
/* "allowed", "not recommended", "not allowed"; "unknown". */
const char *cdist_delivery_name(cdist_delivery_kind_t delivery);
/* "keep_mine", "take_theirs", "no_update", "ask". */
const char *cdist_action_name(cdist_action_t action);

typedef struct {
    cdist_action_t action;
    int confirm;     /* 1: filled in beforehand, but for a person to decide */
    const char *row; /* the row of the vendor's table that decided, in words */
} cdist_decision_t;

typedef enum { CDIST_CHOICE_FREE, CDIST_CHOICE_WARNED, CDIST_CHOICE_REFUSED } cdist_choice_t;
/* Whether the vendor's delivery rule lets the customer choose a rule of support. */
cdist_choice_t cdist_rules_choice(cdist_delivery_kind_t delivery, cdist_rule_t rule);

/* What is to be said of a difference. */
typedef struct {
    const cdist_difference_t *difference;
    cdist_rule_t rule;
    cdist_delivery_kind_t delivery;
    const cdist_decision_t *decision; /* what an update does with it; a constant */
    /* NULL, or what must be said besides: a vendor's object was deleted that is still supported; the rule is one that the
     * vendor does not recommend, or does not allow. */
    const char *warning;
} cdist_verdict_t;

/* `two_way` is that of the comparison. */
cdist_verdict_t cdist_rules_verdict(const cdist_difference_t *difference, int two_way, cdist_rule_t rule,
                                    cdist_delivery_kind_t delivery);

/* ---- support (support.c) ----------------------------------------------------------------------------------------- */

/* Support data by object. */
typedef struct cdist_support_index_t cdist_support_index_t;

/* CDIST_SUPPORT_NONE: there are no data, the configuration never was on support. REMOVED: support was removed as a whole.
 * LOCKED: the configuration was never opened for changes, an update replaces it. */
typedef enum { CDIST_SUPPORT_NONE, CDIST_SUPPORT_REMOVED, CDIST_SUPPORT_LOCKED, CDIST_SUPPORT_RULES } cdist_support_state_t;
/* "none", "removed", "locked", "rules". */
const char *cdist_support_state_name(cdist_support_state_t state);

/* `support` may be NULL (none), and must live as long as the index. */
cdist_support_index_t *cdist_support_index_make(const cdist_support_t *support, apr_pool_t *pool);
cdist_support_state_t cdist_support_index_state(const cdist_support_index_t *index);
/* The rule for an object by its uuid in the customer's configuration; of several vendors the strictest. UNKNOWN without one. */
cdist_rule_t cdist_support_index_rule(const cdist_support_index_t *index, const char *object);
cdist_delivery_kind_t cdist_support_index_delivery(const cdist_support_index_t *index, const char *object);
/* A vendor's snapshot with the ids that the customer's has for the same objects, where the support data pair objects of
 * different uuids. A pair is left alone where it would make two objects one. */
CDIST_MUST_CHECK cdist_err_t *cdist_support_index_pair(cdist_snapshot_t **paired, const cdist_support_index_t *index,
                                                       const cdist_snapshot_t *vendor, const cdist_snapshot_t *mine,
                                                       const char *name, apr_pool_t *pool);

/* ---- configurations (configuration.c, snapshot_cf.c) --------------------------------------------------------------- */

/* A configuration that can be read entry by entry: a .cf, one that is embedded in it, or one with an update over it. */
typedef struct cdist_config_t cdist_config_t;

/* Opens a .cf. Any other file is CDIST_E_INPUT. All that is made from it lives in `pool`. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_open(cdist_config_t **config, const char *path, apr_pool_t *pool);
/* The vendor's configuration that a customer's holds: the only one, or of several the one of `name` and `vendor`. NULL if there
 * is none at all; CDIST_E_INPUT if none of several is it, or more than one. Needs room in the folder for temporary files. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_embedded(cdist_config_t **config, cdist_config_t *customer, const char *name,
                                                    const char *vendor, apr_pool_t *pool);
/* What a .cfu makes of a configuration; nothing is written but a temporary file. An update that does not apply to `base` by the
 * id of its version, or contradicts itself, is refused as cdist_apply does. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_update(cdist_config_t **config, cdist_config_t *base, const char *path,
                                                  apr_pool_t *pool);
/* Of a configuration with an update over it: what is known of the update. */
const cdist_file_facts_t *cdist_config_facts(const cdist_config_t *config);
/* Its name for messages. */
const char *cdist_config_name(const cdist_config_t *config);
/* An entry's content, inflated; *stream is NULL if there is no such entry. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_content(cdist_stream_t **stream, cdist_config_t *config, const char *entry,
                                                   apr_pool_t *pool);
/* All entries but root, version and versions. Contents are compared inflated; of nested containers the parts, so that neither
 * padding nor times count. An entry that cannot be read is an element with an error. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_snapshot(cdist_snapshot_t **snapshot, cdist_config_t *config, apr_pool_t *pool);
/* The support data; NULL if it has none. */
CDIST_MUST_CHECK cdist_err_t *cdist_config_support(cdist_support_t **support, cdist_config_t *config, apr_pool_t *pool);

/* ---- configurations of three sides (compare.c) ---------------------------------------------------------------------- */

typedef struct {
    const char *mine;    /* a .cf */
    const char *theirs;  /* a .cf, or a .cfu that applies to the base; NULL: only what the customer changed is wanted */
    const char *base;    /* a .cf; NULL: the one that is embedded in mine, if any */
    const char *support; /* support data instead of mine's own; NULL: mine's own */
} cdist_compare_files_t;

typedef enum { CDIST_BASE_NONE, CDIST_BASE_FILE, CDIST_BASE_EMBEDDED } cdist_base_origin_t;
/* "none", "file", "embedded". */
const char *cdist_base_origin_name(cdist_base_origin_t origin);

/* What an administrator must know before the result is believed. */
typedef struct {
    const char *code; /* of one word, for programs */
    const char *text; /* with the file's name */
    const char *russian;
} cdist_compare_note_t;

typedef struct {
    cdist_config_t *base, *mine, *theirs; /* NULL where there is none */
    cdist_base_origin_t base_origin;
    cdist_support_index_t *support;
    const cdist_support_t *support_data; /* what the index was made of; NULL: there are none */
    apr_array_header_t *notes; /* cdist_compare_note_t */
    /* Entries, matched to those of mine; base is NULL without one, theirs is base's where theirs was not asked for. */
    cdist_snapshot_t *base_entries, *mine_entries, *theirs_entries;
    struct cdist_side_names_t *names; /* of objects, read when they are asked for */
    apr_pool_t *pool;
} cdist_sides_t;

/* Opens and reads all sides. */
CDIST_MUST_CHECK cdist_err_t *cdist_sides_open(cdist_sides_t **sides, const cdist_compare_files_t *files, apr_pool_t *pool);
/* Adds a note; the texts must live as long as the sides. */
void cdist_sides_note(cdist_sides_t *sides, const char *code, const char *text, const char *russian);
/* The comparison by entries. */
cdist_comparison_t *cdist_sides_entries(const cdist_sides_t *sides, apr_pool_t *pool);
/* The comparison by objects, each with all its entries; *parts is the one of these entries. What support itself keeps in a
 * configuration, its data and embedded configurations, is no part of an object here, since nobody changed it by hand. The
 * configuration itself is one object, by the uuid of its metadata. Two entries of a side that are the same one in mine are
 * CDIST_E_CORRUPT. */
CDIST_MUST_CHECK cdist_err_t *cdist_sides_objects(cdist_comparison_t **objects, cdist_comparison_t **parts,
                                                  const cdist_sides_t *sides, apr_pool_t *pool);
/* Reads the names of objects that the comparison will be shown with, so that a note says it before where they cannot be read;
 * `inside`: those of what stands inside of entries too. */
void cdist_sides_read_names(cdist_sides_t *sides, const cdist_comparison_t *comparison, int inside);
/* The object that a difference is about, by the metadata of mine, else of theirs, else of base; NULL if none knows it. */
const struct cdist_metadata_object_t *cdist_sides_object(cdist_sides_t *sides, const cdist_difference_t *difference);
/* The same for an object's uuid. */
const struct cdist_metadata_object_t *cdist_sides_object_of(cdist_sides_t *sides, const char *uuid);
/* The rule of support for what a difference is about. The configuration's own modules and help stand under another uuid than
 * its metadata, which support knows; they have its rule. */
cdist_rule_t cdist_sides_rule(const cdist_sides_t *sides, const cdist_difference_t *difference);
/* Says once that the support data and embedded configurations, entries like others, always differ from a vendor's, where they
 * do in a comparison by entries. */
void cdist_sides_note_support_data(cdist_sides_t *sides, const cdist_comparison_t *entries);
/* The verdict by the rules of support. */
cdist_verdict_t cdist_sides_verdict(const cdist_sides_t *sides, const cdist_comparison_t *comparison,
                                    const cdist_difference_t *difference);

/* ---- folders (snapshot_tree.c, tree_compare.c, tree_rules.c) -------------------------------------------------------- */

/* All files of a folder and the folders in it, by their paths. A link is compared by where it leads, never followed. What
 * cannot be read, or is neither file nor folder nor link, is an element with an error. */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_snapshot(cdist_snapshot_t **snapshot, const char *folder, apr_pool_t *pool);

/* As cdist_threeway; a file that one side brings where the other brings a folder is a conflict, and so are the files that this
 * side brings in the folder. */
cdist_comparison_t *cdist_tree_compare(const cdist_snapshot_t *base, const cdist_snapshot_t *mine,
                                       const cdist_snapshot_t *theirs, apr_pool_t *pool);

/* Rules for the files of a folder, of a text with a line each, GLOB RULE, where RULE is locked, editable or removed. Blank
 * lines, and lines that start with #, mean nothing. In a glob * is any number of characters but "/", ** any number of any
 * characters, a double star between slashes any number of folders, ? one character but "/"; a glob without "/" is for the name
 * of a file or folder anywhere, any other for its path. What holds for a folder holds for all that is in it. Of several globs
 * the one with the most characters that are no wildcards decides, wherever it stands; of equal ones the strictest rule. */
typedef struct cdist_tree_rules_t cdist_tree_rules_t;
/* `path` is for messages. A line of another form is CDIST_E_INPUT, with its number. */
CDIST_MUST_CHECK cdist_err_t *cdist_tree_rules_parse(cdist_tree_rules_t **rules, const char *bytes, apr_size_t length,
                                                     const char *path, apr_pool_t *pool);
/* Globs that match nothing in any of the snapshots: an array of texts, "line 3: *.dl". */
apr_array_header_t *cdist_tree_rules_unused(const cdist_tree_rules_t *rules, const cdist_snapshot_t *const *snapshots,
                                            int count, apr_pool_t *pool);
/* UNKNOWN where no glob matches. */
cdist_rule_t cdist_tree_rules_rule(const cdist_tree_rules_t *rules, const char *path, apr_pool_t *scratch_pool);

/* ---- register of customisations (register.c) ------------------------------------------------------------------------ */

typedef struct {
    const char *id;
    const char *name; /* "" where it has none */
    cdist_side_t side; /* what the customer did to it */
    cdist_rule_t rule;
    cdist_digest_t digest; /* of its content in the customer's configuration; zeros for what was deleted */
} cdist_customisation_t;

typedef struct {
    const char *level; /* "entry" or "object" */
    cdist_configuration_id_t base; /* what the customer's configuration is compared with */
    apr_array_header_t *items; /* cdist_customisation_t, sorted by id */
} cdist_register_t;

/* What the customer changed, by a comparison in which everything could be read, else CDIST_E_CORRUPT. */
CDIST_MUST_CHECK cdist_err_t *cdist_register_make(cdist_register_t **reg, cdist_sides_t *sides,
                                                  const cdist_comparison_t *comparison, const char *level, apr_pool_t *pool);
/* What every register starts with, of whatever format. */
#define CDIST_REGISTER_START "{\"register\":"
/* The text of a register: JSON, a line for its head and one for each item. */
const char *cdist_register_format(apr_size_t *length, const cdist_register_t *reg, apr_pool_t *pool);
/* Reads one. CDIST_E_INPUT with the line for what is none, has another version, or is not complete; `path` is for messages. */
CDIST_MUST_CHECK cdist_err_t *cdist_register_parse(cdist_register_t **reg, const char *bytes, apr_size_t length,
                                                   const char *path, apr_pool_t *pool);

typedef enum { CDIST_SINCE_APPEARED, CDIST_SINCE_CHANGED, CDIST_SINCE_GONE } cdist_since_t;
#define CDIST_SINCES 3
/* "appeared", "changed", "gone". */
const char *cdist_since_name(cdist_since_t since);
typedef struct {
    cdist_since_t since;
    const cdist_customisation_t *before, *now; /* NULL where it is not there */
} cdist_register_change_t;
/* What changed between two registers of one level, contents or rules: cdist_register_change_t, sorted by id. */
apr_array_header_t *cdist_register_compare(const cdist_register_t *before, const cdist_register_t *now, apr_pool_t *pool);

/* ---- metadata objects (metadata_class.c, metadata_name.c) -------------------------------------------------------- */

/* What kind of object it is: "Справочник", "Catalog". Of a class that is not known both are its uuid. */
typedef struct {
    const char *uuid, *ru, *en;
    int has_parts; /* 1: forms, attributes and the like are listed in the object's entry */
} cdist_metadata_class_t;
/* The class of that uuid; NULL if it is not known. Sources: docs/metadata.md. */
const cdist_metadata_class_t *cdist_metadata_class(const char *uuid);
/* What the entry <uuid>SUFFIX of an object holds ("object module", "help"), in Russian and English. The empty suffix is the
 * description of the object itself. NULL for a suffix whose meaning is not known. */
typedef struct {
    const char *ru, *en;
} cdist_part_name_t;
const cdist_part_name_t *cdist_metadata_part(const cdist_metadata_class_t *cls, const char *suffix);

typedef struct cdist_metadata_object_t {
    const char *uuid;
    const cdist_metadata_class_t *cls;
    const char *name; /* "" where its entry is missing or cannot be read */
    const struct cdist_metadata_object_t *owner; /* of a form, an attribute …; NULL of an object of the configuration */
} cdist_metadata_object_t;

typedef struct cdist_names_t cdist_names_t;

/* Opens an entry's content; *stream is NULL if there is no such entry. */
typedef cdist_err_t *(cdist_entry_open_fn)(cdist_stream_t **stream, void *baton, const char *name, apr_pool_t *pool);
/* Finds the metadata objects of a configuration, from its entry `root` on. Of most entries only the start is read. An entry
 * that is missing or damaged takes away the names in it and no more; without the configuration's own it is CDIST_E_CORRUPT.
 * `file` is for messages. */
CDIST_MUST_CHECK cdist_err_t *cdist_names_read(cdist_names_t **names, cdist_entry_open_fn *open, void *baton, const char *file,
                                               apr_pool_t *result_pool, apr_pool_t *scratch_pool);
/* The same for a container, which may be the inner one of a configuration of 8.0. */
CDIST_MUST_CHECK cdist_err_t *cdist_names_of_container(cdist_names_t **names, cdist_container_t *container, const char *file,
                                                       apr_pool_t *result_pool, apr_pool_t *scratch_pool);
/* The object that an entry belongs to: the first 36 characters of its name count. NULL if it is not known. */
const cdist_metadata_object_t *cdist_names_find(const cdist_names_t *names, const char *entry);
apr_uint32_t cdist_names_count(const cdist_names_t *names);
/* "Справочник.Товары.Форма.ФормаЭлемента", or "Catalog.Товары.Form.ФормаЭлемента"; a name that is not known is replaced by the
 * uuid, and of very many owners the last ones are told, behind "…". */
const char *cdist_names_qualified(const cdist_metadata_object_t *object, int russian, apr_pool_t *pool);

#ifdef __cplusplus
}
#endif

#endif
