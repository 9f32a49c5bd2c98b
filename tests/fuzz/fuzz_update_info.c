/* Any bytes as UpdateInfo.inf, and as the other brace texts with facts in them. */
#include "fuzz.h"
#include "updates_int.h"

#include <apr_general.h>

#include <string.h>

int fuzz_accepted;

static void check(cdist_err_t *err)
{
    FUZZ_REQUIRE(!err || err->code == CDIST_E_CORRUPT);
    fuzz_accepted += err == NULL;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_update_info_t *info;
    cdist_stream_t *stream;
    cdist_support_t *support;
    metadata_t metadata;
    const char *text;
    apr_pool_t *pool;
    cdist_err_t *err;
    int digest;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    stream = cdist_bytes_stream(cdist_bytes_memory(data, size, "input", pool), 0, pool);
    err = cdist_update_info_parse(&info, stream, 1, pool);
    check(err);
    if (!err) FUZZ_REQUIRE(info->target.name && info->target.vendor && info->target.version && info->root_id && info->version_content);
    stream->at = 0;
    check(cdist_support_parse(&support, stream, (cdist_support_extent_t)(size % 3), pool));
    stream->at = 0;
    check(cdist_metadata_parse(&metadata, stream, pool));
    stream->at = 0;
    check(cdist_root_parse(&text, &digest, stream, size % 2, pool));
    stream->at = 0;
    check(cdist_versions_parse(&text, stream, pool));
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
