#include "container_fixture.h"

#include <string.h>

cdist_err_t *fx_container_open(cdist_container_t **container, const void *bytes, size_t length)
{
    return cdist_container_open(container, cdist_bytes_memory(bytes, length, "made", fx_pool), fx_pool);
}

cdist_err_t *fx_content_in(char **text, size_t *length, cdist_container_t *container, const cdist_item_t *item,
                               apr_pool_t *pool)
{
    cdist_stream_t *stream;

    CDIST_ERR(cdist_container_content(&stream, NULL, container, item, pool));
    return cdist_stream_read_all(text, length, stream, 1u << 30, pool);
}

cdist_err_t *fx_content_of(char **text, size_t *length, cdist_container_t *container, const cdist_item_t *item)
{
    return fx_content_in(text, length, container, item, fx_pool);
}

void fx_check_content(cdist_container_t *container, const cm_item_t *made)
{
    size_t length, expected = made->no_data ? 0 : made->length ? made->length : strlen(made->content);
    const cdist_item_t *item;
    char *text;

    FX_OK(cdist_container_find(&item, container, made->name, 0));
    ck_assert_msg(item != NULL, "%s: not found", made->name);
    ck_assert_str_eq(item->name, made->name);
    FX_OK(fx_content_of(&text, &length, container, item));
    ck_assert_uint_eq(length, expected);
    if (expected) ck_assert_int_eq(memcmp(text, made->content, length), 0);
}
