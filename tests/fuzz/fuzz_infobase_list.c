/* Any bytes as a list of infobases: what is accepted is written back byte for byte; a key that is set is read again, in its
 * section alone; connections end. */
#include "fuzz.h"
#include "launcher/cdist_launcher.h"

#include <apr_general.h>

#include <string.h>

static void look(const cdist_infobase_list_t *list, apr_pool_t *pool)
{
    int i;

    for (i = 0; i < list->infobases->nelts; i++) {
        const cdist_infobase_t *infobase = &APR_ARRAY_IDX(list->infobases, i, cdist_infobase_t);
        const cdist_setting_t *connect = cdist_infobase_get(infobase, "Connect");
        cdist_connect_t parsed;

        FUZZ_REQUIRE(infobase->first + infobase->count <= list->settings->nelts && *infobase->name);
        FUZZ_REQUIRE(!infobase->is_folder || !connect);
        if (connect) cdist_connect_parse(&parsed, connect->value, pool);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cdist_infobase_list_t *list, *again;
    apr_pool_t *pool;
    apr_size_t length;
    const char *bytes;
    cdist_err_t *err;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    err = cdist_infobases_parse(&list, (const char *)data, size, "f", pool);
    FUZZ_REQUIRE(!err || (err->code == CDIST_E_INPUT && strncmp(err->message, "f:", 2) == 0));
    if (!err) {
        int last = list->infobases->nelts - 1;

        bytes = cdist_lines_format(&length, list->lines, pool);
        FUZZ_REQUIRE(length == size && (size == 0 || memcmp(bytes, data, size) == 0));
        look(list, pool);
        if (last >= 0) {
            cdist_infobase_set(list, &APR_ARRAY_IDX(list->infobases, last, cdist_infobase_t), "DefaultApp", "x", pool);
            bytes = cdist_lines_format(&length, list->lines, pool);
            FUZZ_REQUIRE(!cdist_infobases_parse(&again, bytes, length, "f", pool));
            FUZZ_REQUIRE(again->infobases->nelts == last + 1);
            FUZZ_REQUIRE(strcmp(cdist_infobase_get(&APR_ARRAY_IDX(again->infobases, last, cdist_infobase_t),
                                                   "defaultapp")->value, "x") == 0);
        }
    }
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
