/* Any bytes as a file of a configuration: its facts, and every entry of a container. */
#include "fuzz.h"
#include "updates/cdist_updates.h"

#include <apr_general.h>
#include <apr_strings.h>

#include <string.h>

#define MAX_CONTENT (4u * 1024 * 1024)

int fuzz_accepted;

typedef struct {
    cdist_container_t *container;
    int left;
} walk_t;

static cdist_err_t *read_item(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    walk_t *walk = baton;
    const cdist_item_t *found;
    cdist_stream_t *stream;
    apr_size_t length;
    char *text;

    FUZZ_REQUIRE(cdist_text_is_utf8(item->name, strlen(item->name)));
    if (walk->left-- <= 0) return cdist_err_create(pool, CDIST_E_STOPPED, 0, "enough");
    CDIST_ERR(cdist_container_find(&found, walk->container, item->name, 1));
    FUZZ_REQUIRE(found && cdist_item_name_compare(found->name, item->name) == 0);
    CDIST_ERR(cdist_container_content(&stream, NULL, walk->container, item, pool));
    return cdist_stream_read_all(&text, &length, stream, MAX_CONTENT, pool);
}

static void check_facts(const cdist_file_facts_t *facts)
{
    FUZZ_REQUIRE(cdist_text_is_utf8(facts->name, strlen(facts->name)));
    FUZZ_REQUIRE(cdist_text_is_utf8(facts->vendor, strlen(facts->vendor)));
    FUZZ_REQUIRE(cdist_text_is_utf8(facts->version, strlen(facts->version)));
    FUZZ_REQUIRE(cdist_text_is_utf8(facts->version_id, strlen(facts->version_id)));
    FUZZ_REQUIRE(cdist_file_kind_name(facts->kind) != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    walk_t walk = {NULL, 200};
    cdist_file_facts_t *facts;
    cdist_bytes_t *bytes;
    cdist_err_t *err;
    apr_pool_t *pool;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    bytes = cdist_bytes_memory(data, size, "input", pool);
    err = cdist_file_facts_of(&facts, bytes, pool, pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
    if (!err) check_facts(facts);
    fuzz_accepted += err == NULL;
    err = cdist_container_open(&walk.container, bytes, pool);
    if (!err) err = cdist_container_walk(walk.container, read_item, &walk, pool);
    FUZZ_REQUIRE(!err || err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT || err->code == CDIST_E_STOPPED);
    apr_pool_destroy(pool);
    apr_terminate();
    return 0;
}
