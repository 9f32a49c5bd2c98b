/* Any text as a User-Agent, a check code and a forwarded host: what is taken has an exact form. */
#include "client_text_int.h"
#include "fuzz.h"
#include "publication/cdist_publication.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

int fuzz_accepted;

static void check_agent(const char *text, apr_pool_t *pool)
{
    const char *found = cdist_agent_version(text, pool);
    cdist_version_t mask;

    if (!found) return;
    fuzz_accepted++;
    FUZZ_REQUIRE(cdist_mask_parse(&mask, found) && strstr(text, found) && strstr(text, "1C"));
}

static void check_guid(const char *text, apr_pool_t *pool)
{
    apr_uint64_t half[2], again[2];
    const char *shown;

    if (!cdist_guid_parse(half, text)) return;
    fuzz_accepted++;
    shown = cdist_guid_format(half, pool);
    FUZZ_REQUIRE(strcasecmp(shown, text) == 0 && cdist_guid_parse(again, shown));
    FUZZ_REQUIRE(half[0] == again[0] && half[1] == again[1]);
}

/* A host makes a URL that has that host and nothing else. */
static void check_host(const char *text, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, "https://", text, NULL), *base;

    if (!cdist_host_valid(text)) return;
    fuzz_accepted++;
    FUZZ_REQUIRE(!strpbrk(text, "/@?#\\ \"<>%'") && strlen(text) <= 260);
    FUZZ_REQUIRE(!cdist_base_url_parse(&base, url, pool) && strcmp(base, url) == 0 && !cdist_url_has_user(url));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = apr_pstrmemdup(pool, (const char *)data, size);
    check_agent(text, pool);
    check_guid(text, pool);
    check_host(text, pool);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
