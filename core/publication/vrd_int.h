/* Between vrd.c and vrd_tag.c. */
#ifndef CDIST_VRD_INT_H
#define CDIST_VRD_INT_H

#include "cdist_publication.h"

/* The line of an attribute of the start tag, 0 if it has none of that name. */
int cdist_vrd_line_of(const cdist_vrd_t *vrd, const char *name);

#endif
