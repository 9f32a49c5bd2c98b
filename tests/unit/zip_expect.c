/* See zip_expect.h. */
#include "zip_expect.h"

#include <apr_strings.h>

#include <string.h>

cdist_verification_t *zip_verify(const unsigned char *bytes, size_t length)
{
    cdist_verification_t *result = NULL;
    apr_file_t *file;

    fx_write("z.zip", bytes, length);
    file = fx_open("z.zip");
    FX_OK(cdist_zip_verify(&result, file, fx_path("z.zip"), NULL, fx_pool));
    apr_file_close(file);
    ck_assert_ptr_nonnull(result);
    return result;
}

const char *zip_problems(const cdist_verification_t *result)
{
    const char *text = "";
    int i;

    for (i = 0; i < result->problems->nelts; i++) {
        text = apr_pstrcat(fx_pool, text, APR_ARRAY_IDX(result->problems, i, cdist_problem_t).text, "; ", NULL);
    }
    return text;
}

void zip_expect_problem(const zip_made_t *made, const char *text)
{
    cdist_verification_t *result = zip_verify(made->bytes, made->length);

    ck_assert_msg(!result->ok, "passed instead of: %s", text);
    ck_assert_msg(strstr(zip_problems(result), text) != NULL, "\"%s\" instead of \"%s\"", zip_problems(result), text);
}

void zip_expect_refused(const zip_item_t *items, int count, const char *text)
{
    zip_made_t made;

    zip_make(&made, items, count);
    zip_expect_problem(&made, text);
}

void zip_expect_sound(const zip_made_t *made)
{
    cdist_verification_t *result = zip_verify(made->bytes, made->length);

    ck_assert_msg(result->ok && result->problems->nelts == 0, "%s", zip_problems(result));
}
