/* See build_fixture.h. */
#include "build_fixture.h"

#include <apr_strings.h>

#include <string.h>

cdist_err_t *fx_build_tree(cdist_manifest_t **manifest, cdist_temp_t **temp, cdist_tree_t *tree,
                           const cdist_build_options_t *options)
{
    FX_DONE(cdist_os_temp_open(temp, fx_folder, fx_pool));
    return cdist_build(manifest, *temp, tree, options, fx_pool);
}

cdist_err_t *fx_build(cdist_manifest_t **manifest, cdist_temp_t **temp, const char *folder, int level, int threads)
{
    cdist_build_options_t options = {level, threads, NULL};

    return fx_build_tree(manifest, temp, fx_tree(folder, NULL), &options);
}

cdist_manifest_t *fx_build_well(const char *folder, int level, int threads)
{
    cdist_manifest_t *manifest;
    cdist_verification_t *result;
    cdist_temp_t *temp;
    int i;

    FX_OK(fx_build(&manifest, &temp, folder, level, threads));
    FX_OK(cdist_zip_verify(&result, temp->file, "built", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_int_eq(result->problems->nelts, 0);
    ck_assert(cdist_digest_equal(&result->manifest->archive_sha256, &manifest->archive_sha256));
    ck_assert_uint_eq(result->manifest->archive_bytes, manifest->archive_bytes);
    ck_assert_int_eq(result->manifest->entries->nelts, manifest->entries->nelts);
    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *meant = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        const cdist_entry_t *read = &APR_ARRAY_IDX(result->manifest->entries, i, cdist_entry_t);

        ck_assert_str_eq(meant->name, read->name);
        ck_assert_uint_eq(meant->bytes, read->bytes);
        ck_assert_uint_eq(meant->packed_bytes, read->packed_bytes);
        ck_assert_uint_eq(meant->offset, read->offset);
        ck_assert_uint_eq(meant->crc32, read->crc32);
        ck_assert_uint_eq(meant->mode, read->mode);
        ck_assert_int_eq(meant->method, read->method);
        ck_assert(cdist_digest_equal(&meant->sha256, &read->sha256));
        ck_assert(cdist_digest_equal(&meant->packed_sha256, &read->packed_sha256));
    }
    return manifest;
}

const cdist_entry_t *fx_entry(const cdist_manifest_t *manifest, const char *name)
{
    int i;

    for (i = 0; i < manifest->entries->nelts; i++) {
        const cdist_entry_t *entry = &APR_ARRAY_IDX(manifest->entries, i, cdist_entry_t);
        if (strcmp(entry->name, name) == 0) return entry;
    }
    ck_abort_msg("there is no entry %s", name);
    return NULL;
}

void fx_fill_folder(const char *folder, int backwards)
{
    int n;

    for (n = 0; n < 40; n++) {
        int i = backwards ? 39 - n : n;
        const char *name = apr_psprintf(fx_pool, "%s/d%d/f%d", folder, i % 7, i);

        if (i % 3 == 0) fx_write_noise(name, (size_t)(i * 997), (unsigned)i);
        else fx_write_prose(name, (size_t)(i * 4001));
    }
    fx_write_text(apr_pstrcat(fx_pool, folder, "/run.sh", NULL), "#!/bin/sh\nexit 0\n");
    fx_make_folder(apr_pstrcat(fx_pool, folder, "/empty", NULL));
    fx_link("run.sh", apr_pstrcat(fx_pool, folder, "/run", NULL));
}
