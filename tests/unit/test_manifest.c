/* Manifests as JSON. */
#include "build_fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/resource.h>

START_TEST(a_manifest_is_json_that_names_every_entry)
{
    cdist_manifest_t *manifest;
    cdist_temp_t *temp;
    const char *json, *crc;

    fx_write_text("t/a \"quoted\"", "x");
    fx_write_prose("t/\xD1\x84", 5000);
    FX_OK(fx_build(&manifest, &temp, "t", 6, 1));
    json = cdist_manifest_write(manifest, fx_pool);
    ck_assert_int_eq(json[0], '{');
    ck_assert_ptr_nonnull(strstr(json, "\"format\":1"));
    ck_assert_ptr_nonnull(strstr(json, "a \\\"quoted\\\""));
    ck_assert_ptr_nonnull(strstr(json, "\xD1\x84"));
    ck_assert_ptr_nonnull(strstr(json, fx_hex(&manifest->archive_sha256)));
    ck_assert_ptr_nonnull(strstr(json, "\"mode\":\"100644\""));
    ck_assert_ptr_nonnull(strstr(json, "\"method\":\"deflate\""));
    ck_assert_ptr_nonnull(strstr(json, "\"method\":\"store\""));
    crc = apr_psprintf(fx_pool, "\"crc32\":\"%08x\"", fx_entry(manifest, "\xD1\x84")->crc32);
    ck_assert_ptr_nonnull(strstr(json, crc));
}
END_TEST

/* A server's child writes one for each archive it builds. */
START_TEST(a_manifest_of_the_largest_archive_takes_little_memory)
{
    cdist_manifest_t manifest = {"builder", 6, 0, {{0}}, NULL, 0, 0};
    struct rusage before, after;
    const char *json;
    int i;

    manifest.entries = apr_array_make(fx_pool, CDIST_MAX_ENTRIES, sizeof(cdist_entry_t));
    for (i = 0; i < CDIST_MAX_ENTRIES; i++) {
        cdist_entry_t *entry = memset(apr_array_push(manifest.entries), 0, sizeof *entry);
        entry->name = apr_psprintf(fx_pool, "folder/name-%06d", i);
    }
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &before), 0);
    json = cdist_manifest_write(&manifest, fx_pool);
    ck_assert_int_eq(getrusage(RUSAGE_SELF, &after), 0);
    ck_assert_ptr_nonnull(strstr(json, "\"entries\":[{\"name\":\"folder/name-000000\","));
    ck_assert_ptr_nonnull(strstr(json, "\"name\":\"folder/name-199999\""));
    ck_assert_str_eq(json + strlen(json) - 4, "}]}\n");
#ifndef __SANITIZE_ADDRESS__ /* which keeps freed memory for a while */
    ck_assert_int_lt(after.ru_maxrss - before.ru_maxrss, 192 * 1024);
#endif
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("manifest");
    TCase *tcase = fx_case(suite, "manifest", 60);

    tcase_add_test(tcase, a_manifest_is_json_that_names_every_entry);
    tcase_add_test(tcase, a_manifest_of_the_largest_archive_takes_little_memory);
    return suite;
}
