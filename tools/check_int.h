/* Between the files of the verb check: one exchange with a server, and what it means for a client. */
#ifndef CDIST_CHECK_INT_H
#define CDIST_CHECK_INT_H

#include "tool_int.h"

/* How far an exchange came. */
typedef enum {
    CHECK_UNRESOLVED, /* the name leads to no address */
    CHECK_UNCONNECTED,
    CHECK_NO_TLS,     /* the handshake came to no end: no TLS there, or another one */
    CHECK_UNTRUSTED,  /* the certificate */
    CHECK_SILENT,     /* no answer that is HTTP */
    CHECK_CUT,        /* a header, and a body that did not arrive whole */
    CHECK_TOO_LARGE,  /* the body is larger than allowed */
    CHECK_WHOLE       /* everything arrived; or an answer of another status than wanted, whose body nobody read */
} check_outcome_t;

typedef struct {
    const char *url;
    const char *ca;          /* file of trusted roots; NULL: the system's */
    int timeout_sec;         /* for each exchange */
    apr_uint64_t max_bytes;  /* of a body, and of what is in the archive */
} check_target_t;

typedef struct {
    check_outcome_t outcome;
    const char *error;    /* the library's words, "" without any */
    const char *address;  /* "10.0.0.1 port 80", NULL if there was no connection */
    int status;
    apr_table_t *headers;
    apr_uint64_t bytes;   /* of the body that arrived */
    cdist_digest_t sha256; /* of it */
    const char *problem;  /* the detail of an answer that is application/problem+json (RFC 9457); NULL without one */
} check_answer_t;

/* ---- check_fetch.c ---- */

/* One GET. `range` is "0-99" or NULL; the body of a 200, or of a 206 if a range was asked for, is appended to `body`. Redirects
 * are not followed, proxies not used. An error means that the exchange could not even begin. */
CDIST_MUST_CHECK cdist_err_t *check_fetch(check_answer_t *answer, const check_target_t *target, const char *range,
                                          apr_file_t *body, apr_pool_t *pool);

/* ---- check_address.c ---- */

/* What an address stands for, as far as it tells. The first is what the command is for. */
typedef enum {
    CHECK_ARCHIVE,
    CHECK_SERVICE, /* of the platform, asked without a name: GetDistributiveInfo, CheckInfoBases, the services themselves */
    CHECK_LISTS,   /* what may be for known users alone: GetInfoBases, resolve */
    CHECK_PAGE,    /* a folder's page, such as the publication's own */
    CHECK_FILE,    /* for programs: index.json, a manifest, ClientUpdate.cfg */
    CHECK_OTHER
} check_address_t;
check_address_t check_address_of(const char *url, apr_pool_t *pool);
/* What to do about an answer's status. */
const char *check_status_cure(const check_answer_t *answer, check_address_t address, apr_pool_t *pool);
/* What to do about a type that is no archive's. */
const char *check_type_cure(check_address_t address);

/* ---- check_steps.c ---- */

typedef struct {
    const char *step;
    int ok;
    const char *detail; /* what was found, printable */
    const char *cure;   /* "" if ok */
} check_step_t;

/* Downloads and judges. `steps` gets check_step_t, as far as there is sense in going on. */
CDIST_MUST_CHECK cdist_err_t *check_url(apr_array_header_t *steps, const check_target_t *target, apr_pool_t *pool);

#endif
