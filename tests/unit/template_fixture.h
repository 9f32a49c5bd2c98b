/* What the tests of template folders share: configurations, updates and deliveries as files, and scans of the test's folder. */
#ifndef TEMPLATE_FIXTURE_H
#define TEMPLATE_FIXTURE_H

#include "container_maker.h"
#include "fixture.h"
#include "templates/cdist_templates.h"

/* The manifest of a release, and the like of an update's; the vendor is that of cm_update_info. */
#define TF_VENDOR "Фирма"
#define TF_MANIFEST "Vendor=" TF_VENDOR "\r\nName=" CM_NAME "\r\nVersion=" CM_VERSION "\r\nAppVersion=8.3\r\n" \
    "[Config1]\r\nSource=1Cv8.cf\r\n"
#define TF_UPDINFO "Version=" CM_VERSION "\r\nFromVersions=;1.0.2.6;1.0.1.05;\r\nUpdateDate=22.09.2015\r\n"
#define TF_DATE apr_time_from_sec(1442880000) /* that day */

/* A configuration of TF_VENDOR with this version, as it lies in a file. */
void tf_configuration(cm_made_t *made, const char *version);
void tf_write_cf(const char *name, const char *version);
/* An update as it lies in a file; NULL: of cm_update_info. */
void tf_update(cm_made_t *packed, const char *update_info);
void tf_write_cfu(const char *name, const char *update_info);

typedef struct {
    const char *name; /* with '\' */
    const void *bytes;
    size_t length;
} tf_member_t;

/* An .efd. */
void tf_efd(cm_made_t *packed, const tf_member_t *members, int count);

/* Scans the test's folder; must succeed. NULL: exact, without caches. */
cdist_template_scan_t *tf_scan(const cdist_template_options_t *options);
/* The template of a file, by its path relative to the test's folder; NULL if there is none. _in_: of a delivery's member. */
const cdist_template_t *tf_template(const cdist_template_scan_t *scan, const char *name);
const cdist_template_t *tf_template_in(const cdist_template_scan_t *scan, const char *name, const char *member);
/* All problems, a line each: "NAME: what is wrong". */
const char *tf_problems(const cdist_template_scan_t *scan);
/* "1.0.2.6;1.0.1.05" */
const char *tf_sources(const cdist_template_t *found);

#endif
