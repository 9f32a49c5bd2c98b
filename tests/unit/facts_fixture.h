/* What tests of facts about files look with. */
#ifndef FACTS_FIXTURE_H
#define FACTS_FIXTURE_H

#include "container_maker.h"
#include "updates/cdist_updates.h"

/* The facts of bytes, of a container, of a text, as a file. */
cdist_err_t *fx_facts(cdist_file_facts_t **facts, const void *bytes, size_t length);
cdist_err_t *fx_facts_made(cdist_file_facts_t **facts, const cm_made_t *made);
cdist_err_t *fx_facts_text(cdist_file_facts_t **facts, const char *text);
/* The error says `part` and names the file. */
void fx_refused(cdist_err_t *err, const char *part);
/* The facts are those of the maker's defaults. */
void fx_check_default(const cdist_file_facts_t *facts, cdist_file_kind_t kind, int bits);

#endif
