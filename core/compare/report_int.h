/* Between the files of the page for people. */
#ifndef CDIST_REPORT_INT_H
#define CDIST_REPORT_INT_H

#include "cdist_compare_detail.h"

/* The page's own style and script, as they stand in it. */
extern const char cdist_report_style[], cdist_report_script[];

struct cdist_report_t {
    cdist_temp_t *temp;
    const char *path;
    int two_way; /* 1: there is no base */
    apr_uint64_t written;
    apr_status_t status; /* of the first write that failed */
    apr_pool_t *pool;
};

/* Text of ours, as it is. */
void cdist_report_put(cdist_report_t *report, const char *html);
/* Text of anybody: escaped, what is no UTF-8 replaced, and characters that would reorder or hide what stands around them shown
 * by their number. */
void cdist_report_text(cdist_report_t *report, const char *text, apr_size_t length, apr_pool_t *scratch_pool);
void cdist_report_string(cdist_report_t *report, const char *text, apr_pool_t *scratch_pool);
/* A word of ours, in English with its Russian for the switch. */
void cdist_report_word(cdist_report_t *report, const char *english);
/* Names of both languages. */
void cdist_report_names(cdist_report_t *report, const char *russian, const char *english, apr_pool_t *scratch_pool);
/* 1 if no more details have room in the page; cdist_report_left_out says so there. */
int cdist_report_is_full(const cdist_report_t *report);
void cdist_report_left_out(cdist_report_t *report);
/* What changed inside of an entry (report_detail.c). */
void cdist_report_details(cdist_report_t *report, const apr_array_header_t *details, apr_pool_t *scratch_pool);

#endif
