/* The writer of archives: what it wrote is what lies on the disk, however many entries there are. */
#include "archive_int.h"
#include "fixture.h"

#include <apr_strings.h>

#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static apr_off_t spoilt_at = -1;

/* NB: takes the place of the C library's, so that a disk can return another byte than was written. */
ssize_t pread(int fd, void *bytes, size_t length, off_t offset)
{
    ssize_t got = syscall(SYS_pread64, fd, bytes, length, offset);

    if (got > 0 && spoilt_at >= offset && spoilt_at < offset + got) ((unsigned char *)bytes)[spoilt_at - offset] ^= 0x10;
    return got;
}

/* One entry of 30 + 4 + 7 bytes, its directory of 46 + 4, and the end of 22. */
START_TEST(a_disk_that_returns_other_bytes_is_noticed)
{
    cdist_entry_t entry = {"name", 7, 7, 0, 0, 0, 0100644, CDIST_STORED, {{0}}, {{0}}};
    cdist_manifest_t manifest;
    cdist_zip_writer_t *writer;
    apr_file_t *file;

    FX_DONE(apr_file_open(&file, fx_path("z"), APR_FOPEN_READ | APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY,
                          APR_FPROT_OS_DEFAULT, fx_pool));
    spoilt_at = _i;
    FX_OK(cdist_zip_writer_create(&writer, file, 1, NULL, fx_pool));
    entry.crc32 = cdist_crc32(0, "content", 7);
    FX_OK(cdist_zip_writer_add(writer, &entry, "content"));
    if (_i < 113) FX_FAILS(cdist_zip_writer_finish(&manifest, writer), CDIST_E_STORE);
    else FX_OK(cdist_zip_writer_finish(&manifest, writer));
}
END_TEST

START_TEST(an_archive_of_many_entries_is_sound)
{
    static const int counts[] = {65534, 65535, 65536};
    cdist_entry_t *entries = apr_pcalloc(fx_pool, 65536 * sizeof *entries);
    cdist_verification_t *result;
    cdist_manifest_t manifest;
    cdist_zip_writer_t *writer;
    cdist_temp_t *temp;
    int i;

    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_zip_writer_create(&writer, temp->file, counts[_i], NULL, fx_pool));
    for (i = 0; i < counts[_i]; i++) {
        entries[i].name = apr_psprintf(fx_pool, "%05d", i);
        FX_OK(cdist_zip_writer_add(writer, &entries[i], NULL));
    }
    FX_OK(cdist_zip_writer_finish(&manifest, writer));
    FX_OK(cdist_zip_verify(&result, temp->file, "many", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_int_eq(result->manifest->entries->nelts, counts[_i]);
    ck_assert(cdist_digest_equal(&result->manifest->archive_sha256, &manifest.archive_sha256));
}
END_TEST

START_TEST(a_rewound_entry_leaves_no_trace)
{
    cdist_entry_t entry = {"name", 7, 7, 0, 0, 0, 0100644, CDIST_STORED, {{0}}, {{0}}};
    cdist_verification_t *result;
    cdist_manifest_t manifest;
    cdist_zip_writer_t *writer;
    cdist_temp_t *temp;

    FX_DONE(cdist_os_temp_open(&temp, fx_folder, fx_pool));
    FX_OK(cdist_zip_writer_create(&writer, temp->file, 2, NULL, fx_pool));
    FX_OK(cdist_zip_writer_begin(writer, &entry));
    FX_OK(cdist_zip_writer_data(writer, "a much longer first attempt", 27));
    FX_OK(cdist_zip_writer_rewind(writer));
    FX_OK(cdist_zip_writer_data(writer, "con", 3));
    FX_OK(cdist_zip_writer_data(writer, "tent", 4));
    entry.crc32 = cdist_crc32(0, "content", 7);
    FX_OK(cdist_zip_writer_end(writer, &entry));
    FX_OK(cdist_zip_writer_finish(&manifest, writer));
    FX_OK(cdist_zip_verify(&result, temp->file, "rewound", NULL, fx_pool));
    ck_assert(result->ok);
    ck_assert_uint_eq(manifest.archive_bytes, 30 + 4 + 7 + 46 + 4 + 22);
}
END_TEST

/* A file that cannot be read: the first entry that is read back ends the writing, however many are still to come. */
START_TEST(what_cannot_be_read_back_ends_the_writing)
{
    enum { MANY = 20000 };
    cdist_entry_t *entries = apr_pcalloc(fx_pool, MANY * sizeof *entries);
    cdist_zip_writer_t *writer;
    cdist_err_t *err = NULL;
    apr_file_t *file;
    int i;

    FX_DONE(apr_file_open(&file, fx_path("z"), APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT,
                          fx_pool));
    FX_OK(cdist_zip_writer_create(&writer, file, MANY, NULL, fx_pool));
    for (i = 0; i < MANY && !err; i++) {
        entries[i].name = apr_psprintf(fx_pool, "%05d", i);
        err = cdist_zip_writer_add(writer, &entries[i], NULL);
        apr_sleep(1000); /* which gives the other thread its turn, however busy the machine is */
    }
    FX_FAILS(err, CDIST_E_STORE);
    ck_assert_ptr_nonnull(strstr(cdist_err_text(err, fx_pool), "cannot be read back"));
}
END_TEST

START_TEST(a_large_entry_is_not_written_to_its_end_either)
{
    cdist_entry_t first = {"a", 0, 0, 0, 0, 0, 0100644, CDIST_STORED, {{0}}, {{0}}}, large = first;
    cdist_zip_writer_t *writer;
    cdist_err_t *err = NULL;
    apr_file_t *file;
    int i;

    FX_DONE(apr_file_open(&file, fx_path("z"), APR_FOPEN_WRITE | APR_FOPEN_CREATE | APR_FOPEN_BINARY, APR_FPROT_OS_DEFAULT,
                          fx_pool));
    FX_OK(cdist_zip_writer_create(&writer, file, 2, NULL, fx_pool));
    FX_OK(cdist_zip_writer_add(writer, &first, NULL));
    large.name = "b";
    err = cdist_zip_writer_begin(writer, &large);
    for (i = 0; i < 20000 && !err; i++) {
        err = cdist_zip_writer_data(writer, "content", 7);
        apr_sleep(1000);
    }
    FX_FAILS(err, CDIST_E_STORE);
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("zip_write");
    TCase *tcase = fx_case(suite, "zip_write", 120);

    /* every byte of the header, of the name and of the content */
    tcase_add_loop_test(tcase, a_disk_that_returns_other_bytes_is_noticed, 0, 114);
    tcase_add_loop_test(tcase, an_archive_of_many_entries_is_sound, 0, 3);
    tcase_add_test(tcase, a_rewound_entry_leaves_no_trace);
    tcase_add_test(tcase, what_cannot_be_read_back_ends_the_writing);
    tcase_add_test(tcase, a_large_entry_is_not_written_to_its_end_either);
    return suite;
}
