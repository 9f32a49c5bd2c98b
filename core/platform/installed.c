/* Installed platform directories (administrator guide: Windows <version>\\bin\\1cv8c.exe; Linux from 8.3.20 on
 * /opt/1cv8/x86_64/<version>/1cv8c, before /opt/1C/v8.3/x86_64/1cv8c without a version in the path). The slot comes from the
 * thin client's own header, the version from the folder's name, else from the client's version resource; what folder and
 * client say must agree. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

cdist_err_t *cdist_installed_find(cdist_listing_t *listing, apr_pool_t *pool)
{
    static const char *const names[] = {"1cv8c.exe", "1cv8c"};
    const cdist_child_t *bin = cdist_listing_find(listing, "bin", CDIST_FOLDER), *client;
    cdist_listing_t inside;
    size_t i;

    for (i = 0; i < 2; i++) {
        if (!listing->client && (client = cdist_listing_find(listing, names[i], CDIST_FILE)) != NULL) {
            listing->client = client->name;
        }
    }
    if (listing->client || !bin) return NULL;
    CDIST_ERR(cdist_listing_read(&inside, listing->folder, apr_pstrcat(pool, listing->path, "/", bin->name, NULL), pool));
    for (i = 0; i < 2; i++) {
        if (!listing->client && (client = cdist_listing_find(&inside, names[i], CDIST_FILE)) != NULL) {
            listing->client = apr_pstrcat(pool, bin->name, "/", client->name, NULL);
        }
    }
    cdist_listing_close(&inside);
    return NULL;
}

static cdist_err_t *read_client(const cdist_slot_t **slot, cdist_version_t *version, const cdist_listing_t *listing,
                                const char *client, apr_pool_t *pool)
{
    unsigned char head[CDIST_BINARY_HEAD];
    apr_size_t length = 0;
    apr_file_t *file;
    apr_status_t rv = cdist_beneath_open(&file, listing->folder, client, pool);

    if (rv == APR_SUCCESS) {
        rv = apr_file_read_full(file, head, sizeof head, &length);
        if (APR_STATUS_IS_EOF(rv)) rv = APR_SUCCESS;
        if (rv == APR_SUCCESS) {
            *slot = cdist_binary_slot(head, length);
            rv = cdist_binary_version(version, file);
        }
        apr_file_close(file);
    }
    if (rv == APR_SUCCESS) return NULL;
    return cdist_err_create(pool, CDIST_E_SOURCE, rv, "%s/%s: cannot be read", cdist_text_printable(listing->path, pool),
                            cdist_text_printable(client, pool));
}

cdist_err_t *cdist_installed_identify(cdist_source_t *source, const cdist_listing_t *listing, const char *name,
                                      apr_pool_t *pool)
{
    const char *client = listing->client, *printable = cdist_text_printable(client, pool);
    const cdist_slot_t *slot = NULL;
    cdist_version_t version;

    if (cdist_version_find(&version, name, pool)) {
        cdist_source_take_version(source, &version, cdist_text_printable(name, pool), pool);
    }
    CDIST_ERR(read_client(&slot, &version, listing, client, pool));
    if (version.count) cdist_source_take_version(source, &version, printable, pool);
    if (source->version.count == 0) {
        source->problem = apr_psprintf(pool, "neither the folder's name nor %s tells a version A.B.C.D; put it into a folder "
                                       "that is named by its version", printable);
    }
    if (!slot && !source->problem) {
        source->problem = apr_psprintf(pool, "%s is no program of a system that clients exist for", printable);
    } else if (slot && source->slot && slot != source->slot && !source->problem) {
        source->problem = apr_psprintf(pool, "is given as %s, but %s is for %s", source->slot->name, printable, slot->name);
    }
    if (!source->slot) source->slot = slot;
    return NULL;
}

void cdist_installed_skip(apr_array_header_t *skip)
{
    /* Settings, licences, the server's data and logs belong to one machine. Compared at every depth. */
    static const char *const patterns[] = {"conf", "srvinfo*", "licenses", "licences", "logs", "log", "*.lic", "*.log"};
    size_t i;

    for (i = 0; i < sizeof patterns / sizeof patterns[0]; i++) APR_ARRAY_PUSH(skip, const char *) = patterns[i];
}
