/* Any bytes as a start file: what is accepted is written back byte for byte, and a change keeps all that was there. */
#include "fuzz.h"
#include "launcher/cdist_launcher.h"

#include <apr_general.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_start_cfg_t *cfg, *again;
    apr_pool_t *pool;
    apr_size_t length;
    const char *bytes;
    cdist_err_t *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = cdist_start_cfg_parse(&cfg, (const char *)data, size, "f", pool);
    FUZZ_REQUIRE(!err || (err->code == CDIST_E_INPUT && strncmp(err->message, "f:", 2) == 0));
    if (!err) {
        int before = cfg->settings->nelts;

        bytes = cdist_lines_format(&length, cfg->lines, pool);
        FUZZ_REQUIRE(length == size && (size == 0 || memcmp(bytes, data, size) == 0));
        cdist_start_cfg_add(cfg, "CommonCfgLocation", "x", pool);
        bytes = cdist_lines_format(&length, cfg->lines, pool);
        FUZZ_REQUIRE(!cdist_start_cfg_parse(&again, bytes, length, "f", pool));
        FUZZ_REQUIRE(again->settings->nelts == before + 1);
        FUZZ_REQUIRE(cdist_start_cfg_get(again, "commoncfglocation") != NULL);
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
