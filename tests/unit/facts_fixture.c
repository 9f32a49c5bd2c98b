#include "facts_fixture.h"

#include <string.h>

cdist_err_t *fx_facts(cdist_file_facts_t **facts, const void *bytes, size_t length)
{
    fx_write("file.bin", bytes, length);
    return cdist_file_facts_read(facts, fx_path("file.bin"), fx_pool, fx_pool);
}

cdist_err_t *fx_facts_made(cdist_file_facts_t **facts, const cm_made_t *made)
{
    return fx_facts(facts, made->bytes, made->length);
}

cdist_err_t *fx_facts_text(cdist_file_facts_t **facts, const char *text)
{
    return fx_facts(facts, text, strlen(text));
}

void fx_refused(cdist_err_t *err, const char *part)
{
    ck_assert_msg(err != NULL, "taken, where \"%s\" was expected", part);
    ck_assert(err->code == CDIST_E_CORRUPT || err->code == CDIST_E_INPUT);
    ck_assert_msg(strstr(err->message, part) != NULL, "\"%s\" does not say \"%s\"", err->message, part);
    ck_assert_msg(strstr(err->message, "file.bin") != NULL, "\"%s\" names no file", err->message);
}

void fx_check_default(const cdist_file_facts_t *facts, cdist_file_kind_t kind, int bits)
{
    ck_assert_int_eq(facts->kind, kind);
    ck_assert_str_eq(facts->name, CM_NAME);
    ck_assert_str_eq(facts->vendor, CM_VENDOR);
    ck_assert_str_eq(facts->version, CM_VERSION);
    ck_assert_str_eq(facts->compatibility, "Version8_3_22");
    ck_assert_int_eq(facts->container_bits, bits);
}
