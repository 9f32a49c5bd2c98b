/* Templates out of a short text, and chains as one. */
#ifndef CHAIN_FIXTURE_H
#define CHAIN_FIXTURE_H

#include "fixture.h"

#include "templates/cdist_templates.h"

/* Templates (const cdist_template_t *) from "cfu 1.2@b < 1.1@a,1.0 bytes=7; cf 1.2@b": kind, version and id, what an update applies
 * to, and then words: bytes=N date=YYYY-MM-DD platform=V name=N vendor=V listed text other (a .cf that is no distribution). Without
 * them it is name N, vendor V, and bytes 1. */
apr_array_header_t *fx_templates(const char *text);
/* A request from "from=1.0 to=1.2 id=a name=N vendor=V age=30 undated sequential use-cf"; its day is 2026-01-31. */
cdist_chain_request_t fx_chain_request(const char *text);
/* Asserts that a finder which is asked this and that gives the same chain each time. */
void fx_find_again(const cdist_chain_t *chain, const apr_array_header_t *templates, const cdist_chain_request_t *request);
/* The chain between them, which has to be one or none; a finder gives it too. */
cdist_chain_t *fx_chain(const char *templates, const char *request);
/* "1.1 cf:1.2 back:1.0", "" for no steps, "none" without a chain. */
const char *fx_way(const cdist_chain_t *chain);
/* Everything that the chain says in words, a line each. */
const char *fx_said(const cdist_chain_t *chain);

/* What a chain promises. */
typedef struct {
    const char *promise, *templates, *request;
    const char *way;  /* as fx_way */
    const char *said; /* in what fx_said gives; NULL: nothing is said */
} fx_chain_row_t;
void fx_chain_row(const fx_chain_row_t *row);

#endif
