/* Between the files that ask an upstream. */
#ifndef RELAY_INT_H
#define RELAY_INT_H

#include "mod_1cdist_int.h"

#include <util_filter.h>

/* How many servers have relayed the request already. */
#define CDIST_STEPS_HEADER "1C-Relayed"

/* ---- upstream.c: what all processes know of an upstream ---- */

/* cdist_upstream_t is declared in mod_1cdist_int.h. Nothing here waits or takes a lock. */
void cdist_upstream_answered(cdist_upstream_t *upstream);
void cdist_upstream_failed(cdist_upstream_t *upstream);
/* Whether it failed so lately that it is not asked again. */
int cdist_upstream_failed_lately(cdist_upstream_t *upstream);

/* A place among those that may wait for an upstream. */
typedef struct {
    volatile apr_uint32_t *place;
    apr_uint32_t until_sec;
} cdist_wait_t;

/* Takes a place; 0 if there is none left. */
int cdist_upstream_wait(cdist_wait_t *wait);
/* Gives it back, once. */
void cdist_upstream_wait_no_more(cdist_wait_t *wait);

/* ---- relay_answer.c: one question to an upstream, and its answer ---- */

typedef struct {
    cdist_request_t *req;
    const char *url;     /* what is asked for */
    const cdist_err_t *lack; /* why it is not to be had here */
    int steps;           /* which server this is that relays the request, from 1 */
    int is_text;         /* the answer is a text for this server; else an archive or manifest, which is handed on */
    cdist_version_t asked; /* what the URL names of a version; no component: nothing */
    const apr_array_header_t *holds; /* cdist_version_t: that are held here */
    /* What came of it. */
    int handed_on;       /* 1: the client has the answer, or a part of it */
    int status;          /* what the upstream answered; 0: it did not answer */
    const char *refused; /* why an answer that looks right is not handed on; NULL */
    const char *held;    /* the version, if it is not handed on because it is held here; NULL */
    int is_problem;      /* its answer is one of another 1cdist: it said no, and is there */
    const char *text;    /* what was kept of an answer that was not handed on; "" */
    apr_table_t *headers; /* of an answer that was not handed on */
    /* Of the files themselves. */
    cdist_wait_t wait;
    apr_table_t *own_headers, *own_err_headers;
    const apr_table_t *asked_headers; /* what was sent of the client's headers; NULL before */
    int looked_at;
    int keeps;           /* what comes is kept in `text` */
    char *room;
    apr_size_t kept;
    apr_time_t deadline;
} cdist_relay_t;

/* Asks, and waits for the answer; the result is what the handler returns if the answer was handed on. */
int cdist_relay_ask(cdist_relay_t *relay);
/* Hooks of httpd and mod_proxy. */
void cdist_relay_answer_register(void);

#endif
