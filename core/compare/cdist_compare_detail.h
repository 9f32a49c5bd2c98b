/* Comparison in detail: what changed inside of an object. Texts by line, properties.
 * Another part of cdist_compare.h, for who shows more than which object changed. */
#ifndef CDIST_COMPARE_DETAIL_H
#define CDIST_COMPARE_DETAIL_H

#include "compare/cdist_compare.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- texts by line (diff2.c, diff3.c) ---------------------------------------------------------------------------- */

#define CDIST_MERGE_BYTES (64u * 1024 * 1024) /* of each text */
#define CDIST_MERGE_LINES 1000000u

typedef struct {
    const char *text; /* where it starts in the text given; not followed by a NUL */
    apr_uint32_t length, end; /* bytes of the line, and of its end: 0, 1 (LF) or 2 (CR LF) */
} cdist_merge_line_t;

typedef struct {
    const cdist_merge_line_t *lines;
    apr_uint32_t count;
} cdist_merge_text_t;

/* `count` lines from `first` (0 on) on. */
typedef struct {
    apr_uint32_t first, count;
} cdist_span_t;

/* Lines of the base, and what they have become on each side. */
typedef struct {
    cdist_class_t cls;
    cdist_span_t base, mine, theirs;
} cdist_region_t;

typedef struct {
    cdist_merge_text_t base, mine, theirs;
    apr_array_header_t *regions; /* cdist_region_t: one after the other, they cover the three texts */
    int two_way;                 /* 1: without a base every difference is a conflict */
    int conflicts;               /* regions that both sides changed, differently */
    int coarse;                  /* 1: the texts differ too much to be compared to the end; regions are larger than needed */
    apr_uint32_t mine_ends, theirs_ends; /* lines of which that side changed the end alone: LF for CR LF, or the reverse */
} cdist_merge_t;

/* Compares three texts line by line. Lines are equal whatever their ends; regions with no unchanged line between them are one.
 * `base` NULL: there is none. A text of more than CDIST_MERGE_BYTES or CDIST_MERGE_LINES is CDIST_E_INPUT. The result refers to
 * the texts. Takes bounded time for any input (diff2.c). */
CDIST_MUST_CHECK cdist_err_t *cdist_merge_compare(cdist_merge_t **merge, const char *base, apr_size_t base_length,
                                                  const char *mine, apr_size_t mine_length, const char *theirs,
                                                  apr_size_t theirs_length, apr_pool_t *result_pool, apr_pool_t *scratch_pool);
/* The merged text, NUL after it: what one side changed, or both alike, is taken; a conflict stands between the marks of "diff3
 * -m", with the base's lines in the middle (<<<<<<< mine, ||||||| base, =======, >>>>>>> theirs). Ends of lines are merged like
 * lines: a line that stands in all texts gets the end that one side gave it. */
const char *cdist_merge_format(apr_size_t *length, const cdist_merge_t *merge, apr_pool_t *pool);

/* ---- properties (brace_number.c, brace_align.c, brace_diff.c, property_name.c) ------------------------------------- */

#define CDIST_PROPERTY_NODES 2000000u /* of all texts together; one that is that of two sides counts once */
#define CDIST_PROPERTY_COUNT 10000

/* A place in brace text that is not the same in all texts. */
typedef struct {
    cdist_class_t cls;
    apr_uint32_t base, mine, theirs; /* nodes of the trees; CDIST_BRACE_NONE where it is not there */
    int order;          /* 1: the items of this list stand in another order, and nothing is said of what else changed in it */
    const char *path;   /* "[3][1][1][14]": places from 0 on, in the base if it is there; "…" before the end of a long one */
    const char *name;   /* "vendor", "synonym.ru"; "" where it is not known */
    const char *object; /* uuid of the object that the place describes; "" if it stands in none */
    const cdist_metadata_object_t *named; /* that object, where cdist_sides_details knows it, else NULL */
} cdist_property_t;

typedef struct {
    const cdist_brace_tree_t *base, *mine, *theirs;
    apr_array_header_t *properties; /* cdist_property_t, in the order of the text */
    int conflicts; /* of the properties: changed on both sides, differently */
    int cut;       /* 1: there are more than CDIST_PROPERTY_COUNT */
} cdist_brace_diff_t;

/* Compares three texts item by item. Items of a list of metadata objects are the same where their uuids are, such lists where
 * their classes are; others by their place, or by what is equal around them where some were added or taken away. How many items
 * a list of objects has is no property.
 * `base` NULL: there is none, and each difference is a conflict. Texts of more than CDIST_PROPERTY_NODES items are
 * CDIST_E_INPUT. The result refers to the trees. */
CDIST_MUST_CHECK cdist_err_t *cdist_brace_diff(cdist_brace_diff_t **diff, const cdist_brace_tree_t *base,
                                               const cdist_brace_tree_t *mine, const cdist_brace_tree_t *theirs,
                                               apr_pool_t *result_pool, apr_pool_t *scratch_pool);
/* A node as text on one line; a longer text than `max_bytes` is cut, and ends in "…". "" for CDIST_BRACE_NONE. */
const char *cdist_brace_show(const cdist_brace_tree_t *tree, apr_uint32_t node, apr_size_t max_bytes, apr_pool_t *pool);

/* ---- inside of an entry (detail.c) --------------------------------------------------------------------------------- */

#define CDIST_DETAIL_BYTES_MOST (32u * 1024 * 1024) /* of a content, with all its parts; a larger one is not looked into */

typedef enum { CDIST_DETAIL_LINES, CDIST_DETAIL_PROPERTIES, CDIST_DETAIL_BYTES } cdist_detail_kind_t;
/* "lines", "properties", "bytes". */
const char *cdist_detail_kind_name(cdist_detail_kind_t kind);

/* What changed in an entry, or in a part of one that is a container: a module's text, a form. */
typedef struct {
    const char *part; /* its name in the container; "" for an entry that is none */
    cdist_detail_kind_t kind;
    cdist_class_t cls;
    cdist_merge_t *merge;           /* of LINES, else NULL; a text that is not there has no lines */
    cdist_brace_diff_t *properties; /* of PROPERTIES, else NULL */
    apr_int64_t base_bytes, mine_bytes, theirs_bytes; /* of the content; -1 where it is not there */
    const char *problem;            /* why it was not looked into, else NULL */
} cdist_detail_t;

/* Looks into an entry that differs: an array of cdist_detail_t, of what differs alone. What cannot be read is CDIST_E_CORRUPT
 * or CDIST_E_INPUT. */
CDIST_MUST_CHECK cdist_err_t *cdist_sides_details(apr_array_header_t **details, cdist_sides_t *sides,
                                                  const cdist_difference_t *entry, apr_pool_t *pool);
/* A property that is a text of several lines, such as the module in a form, line by line; *merge is NULL for any other. */
CDIST_MUST_CHECK cdist_err_t *cdist_property_lines(cdist_merge_t **merge, const cdist_brace_diff_t *diff,
                                                   const cdist_property_t *property, apr_pool_t *pool);

/* ---- the page for people (report_html.c, report_page.c, report_words.c) ------------------------------------------------ */

typedef struct {
    const char *role; /* "base", "mine", "theirs" */
    const char *file, *name, *vendor, *version;
    int embedded; /* 1: it lies in that file, which is another side */
} cdist_report_side_t;

typedef struct {
    apr_array_header_t *sides; /* cdist_report_side_t */
    apr_array_header_t *notes; /* cdist_compare_note_t: what must be known before the result is believed */
    apr_uint64_t counts[CDIST_CLASSES];
} cdist_report_head_t;

/* An entry of an object. */
typedef struct {
    const char *id, *name_ru, *name_en; /* names may be "" */
    cdist_class_t cls;
    cdist_side_t mine, theirs;
    apr_array_header_t *details; /* cdist_detail_t; NULL: nobody looked inside */
    const char *problem;         /* why nobody did, else NULL */
} cdist_report_part_t;

typedef struct {
    const char *id, *name_ru, *name_en; /* names may be "" */
    const cdist_verdict_t *verdict;
    apr_array_header_t *parts; /* cdist_report_part_t; NULL: it has none */
} cdist_report_item_t;

typedef struct cdist_report_t cdist_report_t;

/* Starts a page that will be `path`: one file that needs no network and no other file, in Russian and English, with a filter
 * for what both sides changed, a search, and the texts of the three sides beside each other. It runs no script but its own (by
 * a policy that names its digest), and everything that comes from files is escaped. Nothing appears at `path` before
 * cdist_report_close. CDIST_E_STORE if it cannot be written. */
CDIST_MUST_CHECK cdist_err_t *cdist_report_open(cdist_report_t **report, const char *path, const cdist_report_head_t *head,
                                                apr_pool_t *pool);
/* The next item. Of very long texts, and beyond CDIST_REPORT_BYTES of the page, not everything is shown; that is said there. */
CDIST_MUST_CHECK cdist_err_t *cdist_report_item(cdist_report_t *report, const cdist_report_item_t *item,
                                                apr_pool_t *scratch_pool);
/* Completes the page and gives it its name, replacing what was there. */
CDIST_MUST_CHECK cdist_err_t *cdist_report_close(cdist_report_t *report);
#define CDIST_REPORT_BYTES (48u * 1024 * 1024)
/* What every page starts with. */
#define CDIST_REPORT_START                                                 \
    "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\">" \
    "<meta http-equiv=\"Content-Security-Policy\""
/* The Russian for a text of the page or of the rules of support; NULL if it has none. */
const char *cdist_report_russian(const char *english);

#ifdef __cplusplus
}
#endif

#endif
