/* Whether a store is whole: nothing in it is half-done, and what is in it belongs together. */
#ifndef WHOLE_STORE_H
#define WHOLE_STORE_H

#include "store_fixture.h"

/* The folder "store" becomes what the store in the folder `from` is. Its files are shared, since nobody may ever write
 * into them. */
void fx_clone_store(const char *from);
/* Nothing was left behind in fx_store, in the folder "store": archives verify, but for a `known` one, which is not read;
 * records and manifests can be read; each key leads to an archive with a manifest; no lock is held. */
void fx_expect_whole_store(const cdist_digest_t *known);

#endif
