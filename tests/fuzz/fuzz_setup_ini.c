/* Any bytes as Setup.ini: the text is UTF-8, and looking things up in it ends. */
#include "base/cdist_base.h"
#include "fuzz.h"

#include <apr_general.h>

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    apr_pool_t *pool;
    const char *text, *value;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    text = cdist_text_decode((const char *)data, size, pool);
    FUZZ_REQUIRE(cdist_text_is_utf8(text, strlen(text)));
    value = cdist_keyvalue_get(text, "Startup", "ProductVersion", pool);
    FUZZ_REQUIRE(!value || (strlen(value) < strlen(text) && !strchr(value, '\n')));
    value = cdist_keyvalue_get(text, "", "a", pool);
    FUZZ_REQUIRE(!value || strlen(value) < strlen(text));
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
