/* What tests of containers look with. */
#ifndef CONTAINER_FIXTURE_H
#define CONTAINER_FIXTURE_H

#include "container_maker.h"
#include "updates/cdist_updates.h"

/* Opens a container that lies in memory. */
cdist_err_t *fx_container_open(cdist_container_t **container, const void *bytes, size_t length);
/* An entry's content, whole, and where it goes. */
cdist_err_t *fx_content_in(char **text, size_t *length, cdist_container_t *container, const cdist_item_t *item,
                               apr_pool_t *pool);
cdist_err_t *fx_content_of(char **text, size_t *length, cdist_container_t *container, const cdist_item_t *item);
/* The entry is there, under its name, with what it was made of. */
void fx_check_content(cdist_container_t *container, const cm_item_t *made);

#endif
