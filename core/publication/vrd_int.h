/* Between vrd.c and vrd_tag.c. */
#ifndef CDIST_VRD_INT_H
#define CDIST_VRD_INT_H

#include "cdist_publication.h"

/* A walk over the start tag, which has its attributes in the order in which a parser names them. A zeroed one begins. */
typedef struct {
    apr_size_t at;      /* behind the last attribute; 0: before the first */
    apr_size_t counted; /* up to where lines are counted */
    int line;
} cdist_vrd_walk_t;

/* The line of the next attribute of that name, 0 if there is none from there on. What lies between is passed over, so that the
 * lines of all attributes take one reading of the tag. */
int cdist_vrd_next_line(cdist_vrd_walk_t *walk, const cdist_vrd_t *vrd, const char *name);

#endif
