/* Configuration updates in folders: which there are, and which of them lead from one version to another.
 *
 * - A *template folder* is where an administrator's releases lie: <vendor>/<configuration>/<version>/ with 1cv8.cf, 1cv8.cfu,
 *   1cv8.mft and UpdInfo.txt. Names and places are habits that nothing enforces.
 * - A *template* is one file of it that can be installed: a configuration (.cf) or an update (.cfu).
 * - A *chain* is a row of templates, each of which applies to what the one before it led to.
 *
 * Finding reads files and keeps what it learnt in small caches; chaining is a pure function of what was found. */
#ifndef CDIST_TEMPLATES_H
#define CDIST_TEMPLATES_H

#include "base/cdist_base.h"
#include "updates/cdist_updates.h"

#ifdef __cplusplus
extern "C" {
#endif

/* No release date is known. */
#define CDIST_UNDATED ((apr_time_t)-1)

/* What can be installed. What is not known is "" or 0. */
typedef struct {
    cdist_file_kind_t kind;      /* CDIST_FILE_CF or CDIST_FILE_CFU */
    cdist_configuration_id_t id; /* what one has after it; version_id is "" where only texts were read */
    apr_array_header_t *sources; /* cdist_configuration_id_t: what a .cfu applies to, in its order; version_id "" as above */
    const char *path;            /* the file, or the delivery (.efd, .zip) that it lies in */
    const char *member;          /* its name in that delivery, else "" */
    apr_uint64_t bytes;          /* its length, unpacked */
    int distribution;            /* 1: a .cf that can stand as a vendor's configuration; not known from texts alone: 0 */
    int text_only;               /* 1: nothing but texts was read for it */
    apr_time_t released;         /* midnight UTC of the UpdateDate, or CDIST_UNDATED */
    const char *min_platform;    /* the least platform version that its release asks for */
} cdist_template_t;

#ifdef __cplusplus
}
#endif

#endif
