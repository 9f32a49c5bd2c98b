/* In the place of fetch.c where libcurl was not there: everything else of the command line works. */
#include <config.h>
#include "mirror_int.h"

#ifndef HAVE_LIBCURL

static cdist_err_t *no_libcurl(apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_SOURCE, 0, "this 1cdist was built without libcurl, so it cannot ask servers (Debian: "
                                                     "install libcurl4-openssl-dev, configure and build again)");
}

cdist_err_t *cdist_fetcher_create(cdist_fetcher_t **fetcher, const cdist_transport_t *transport, apr_pool_t *pool)
{
    (void)fetcher;
    (void)transport;
    return no_libcurl(pool);
}

void cdist_fetcher_traffic(const cdist_fetcher_t *fetcher, int *requests, apr_uint64_t *wire_bytes)
{
    (void)fetcher;
    *requests = 0;
    *wire_bytes = 0;
}

cdist_err_t *cdist_fetch_document(cdist_document_t *document, cdist_fetcher_t *fetcher, const char *url, apr_size_t max_bytes,
                                  const char *etag, apr_pool_t *pool)
{
    (void)document;
    (void)fetcher;
    (void)url;
    (void)max_bytes;
    (void)etag;
    return no_libcurl(pool);
}

cdist_err_t *cdist_fetch_ranges(cdist_fetcher_t *fetcher, const char *url, const cdist_spans_t *wanted, apr_uint64_t bytes,
                                cdist_take_fn *take_fn, void *baton, apr_pool_t *pool)
{
    (void)fetcher;
    (void)url;
    (void)wanted;
    (void)bytes;
    (void)take_fn;
    (void)baton;
    return no_libcurl(pool);
}

cdist_err_t *cdist_fetch_post(cdist_fetcher_t *fetcher, const char *url, const char *json, apr_pool_t *pool)
{
    (void)fetcher;
    (void)url;
    (void)json;
    return no_libcurl(pool);
}

#endif
