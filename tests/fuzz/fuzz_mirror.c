/* Any bytes as what comes from upstream: an index, a key list, a signature file, a manifest, an answer with ranges, an address.
 * What is taken for an index is written and read again, and leads nowhere; an address for which a password is found is no
 * trick. The first byte tells what the rest is. */
#include "fuzz.h"
#include "mirror_int.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

static void check_index(const char *text, size_t length, apr_pool_t *pool)
{
    cdist_index_t *index, *again;
    const char *written;
    int i, j;

    if (cdist_index_parse(&index, text, length, "index", pool)) return;
    for (i = 0; i < index->releases->nelts; i++) {
        const cdist_listed_t *listed = &APR_ARRAY_IDX(index->releases, i, cdist_listed_t);

        FUZZ_REQUIRE(listed->version.count == CDIST_VERSION_PARTS);
        for (j = 0; j < listed->offers->nelts; j++) {
            const cdist_offer_t *offer = &APR_ARRAY_IDX(listed->offers, j, cdist_offer_t);

            FUZZ_REQUIRE(!strstr(offer->url, "..") && *offer->url != '/' && !strchr(offer->url, ':'));
            FUZZ_REQUIRE(!strchr(offer->slot->file, '/') && *offer->slot->file != '.');
        }
    }
    fuzz_accepted++;
    if (!index->counter) return;
    written = cdist_index_write(index, pool);
    FUZZ_REQUIRE(!cdist_index_parse(&again, written, strlen(written), "index", pool));
    FUZZ_REQUIRE(strcmp(cdist_index_write(again, pool), written) == 0);
}

static void check_keys(const char *text, size_t length, apr_pool_t *pool)
{
    static const cdist_public_key_t key = {{1}};
    cdist_key_list_t *list, *again;
    const char *written;

    FUZZ_REQUIRE(!cdist_signature_holds(text, length, &key, "content", 7, pool));
    if (cdist_key_list_parse(&list, text, length, "keys", pool)) return;
    FUZZ_REQUIRE(list->keys->nelts >= 1 && list->keys->nelts <= CDIST_KEYS_MAX);
    if (!list->counter) return;
    written = cdist_key_list_write(list, pool);
    FUZZ_REQUIRE(!cdist_key_list_parse(&again, written, strlen(written), "keys", pool));
}

static void check_manifest(const char *text, size_t length, apr_pool_t *pool)
{
    cdist_manifest_t *manifest;
    int i;

    if (cdist_manifest_parse(&manifest, text, length, "manifest", pool)) return;
    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);

        FUZZ_REQUIRE(!entry->data_offset || (entry->data_offset > entry->offset &&
                                             entry->data_offset + entry->packed_bytes <= manifest->archive_bytes));
    }
}

#define FILE_BYTES 1000

static cdist_err_t *take(void *baton, apr_uint64_t offset, const void *bytes, apr_size_t length)
{
    (void)baton;
    (void)bytes;
    FUZZ_REQUIRE((offset >= 10 && offset + length <= 20) || (offset >= 500 && offset + length <= 900));
    return NULL;
}

/* The first two lines are Content-Type and Content-Range. */
static void check_ranges(const char *text, apr_pool_t *pool)
{
    cdist_spans_t *wanted = cdist_spans_make(pool);
    char *type = apr_pstrdup(pool, text), *range = strchr(type, '\n'), *body = range ? strchr(range + 1, '\n') : NULL;
    cdist_ranges_t *ranges;

    if (!body) return;
    *range++ = *body++ = '\0';
    cdist_spans_add(wanted, 10, 20);
    cdist_spans_add(wanted, 500, 900);
    ranges = cdist_ranges_make(wanted, FILE_BYTES, take, NULL, pool);
    if (cdist_ranges_begin(ranges, 206, *type ? type : NULL, *range ? range : NULL)) return;
    while (*body && !cdist_ranges_feed(ranges, body, 1)) body++;
}

/* The first line is where a redirect leads; the others are a file of names and passwords. */
static void check_logins(const char *text, apr_pool_t *pool)
{
    char *url = apr_pstrdup(pool, text), *file = strchr(url, '\n');
    apr_array_header_t *logins;
    const char *user, *host;

    if (!file) return;
    *file++ = '\0';
    if (cdist_logins_parse(&logins, file, "users", "https://centre.example:8443/update", pool)) return;
    user = cdist_login_find(logins, url);
    if (!user) return;
    FUZZ_REQUIRE(strchr(user, ':') && !strchr(user, '\n'));
    host = strstr(url, "://");
    FUZZ_REQUIRE(host && strcspn(host + 3, "@\\") >= strcspn(host + 3, "/?#"));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    if (!size) return 0;
    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data + 1, size - 1);
    switch (*data) {
    case 'i': check_index(text, size - 1, pool); break;
    case 'k': check_keys(text, size - 1, pool); break;
    case 'l': check_logins(text, pool); break;
    case 'm': check_manifest(text, size - 1, pool); break;
    default: check_ranges(text, pool); break;
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
