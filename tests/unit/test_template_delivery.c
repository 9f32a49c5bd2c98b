/* Releases in deliveries (.efd, .zip, one in the other), and the texts that lie with them. */
#include "template_fixture.h"
#include "zip_maker.h"

#include <apr_strings.h>

#include <string.h>

/* A release as an .efd: a demonstration base, manifest, update and configuration. */
static void make_release(cm_made_t *efd, const char *updinfo)
{
    cm_made_t cf = {0}, cfu = {0};
    char *base = apr_pcalloc(fx_pool, 200000);

    tf_configuration(&cf, CM_VERSION);
    tf_update(&cfu, NULL);
    tf_efd(efd, (tf_member_t[]){{"1C\\Склад\\1Cv8.dt", base, 200000},
                                {"1C\\Склад\\1cv8.mft", TF_MANIFEST, strlen(TF_MANIFEST)},
                                {"1C\\Склад\\1Cv8.cf", cf.bytes, cf.length},
                                {"1C\\Склад\\1Cv8.cfu", cfu.bytes, cfu.length},
                                {"1C\\Склад\\UpdInfo.txt", updinfo, strlen(updinfo)}}, 5);
}

static void check_release(const cdist_template_scan_t *scan, const char *file, const char *folder, int dated)
{
    const cdist_template_t *cf = tf_template_in(scan, file, apr_pstrcat(fx_pool, folder, "1C/Склад/1Cv8.cf", NULL));
    const cdist_template_t *cfu = tf_template_in(scan, file, apr_pstrcat(fx_pool, folder, "1C/Склад/1Cv8.cfu", NULL));

    ck_assert_msg(cf && cfu, "%s", tf_problems(scan));
    ck_assert_str_eq(cf->id.version, CM_VERSION);
    ck_assert_uint_gt(cf->bytes, 500);
    ck_assert_str_eq(tf_sources(cfu), "1.0.2.6;1.0.1.05");
    ck_assert_int_eq(cfu->released == (dated ? TF_DATE : CDIST_UNDATED), 1);
    ck_assert_int_eq(cf->released == cfu->released, 1);
}

START_TEST(a_release_in_an_efd_is_found_with_its_texts)
{
    cm_made_t efd = {0};
    cdist_template_scan_t *scan;

    make_release(&efd, TF_UPDINFO);
    fx_write("1cv8.efd", efd.bytes, efd.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 2);
    ck_assert_int_eq(scan->files, 1);
    check_release(scan, "1cv8.efd", "", 1);
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

START_TEST(texts_in_a_delivery_that_lie_are_reported)
{
    cm_made_t efd = {0};
    cdist_template_scan_t *scan;

    make_release(&efd, "Version=1.0.2.8\r\nFromVersions=;1;\r\nUpdateDate=22.09.2015\r\n");
    fx_write("1cv8.efd", efd.bytes, efd.length);
    scan = tf_scan(NULL);
    check_release(scan, "1cv8.efd", "", 0);
    ck_assert_str_eq(tf_problems(scan), "1cv8.efd: UpdInfo.txt gives the version \"1.0.2.8\", its content \"1.0.2.7\"\n");
}
END_TEST

START_TEST(texts_beside_a_delivery_complete_it)
{
    cm_made_t efd = {0};
    cdist_template_scan_t *scan;

    make_release(&efd, "Version=" CM_VERSION "\nFromVersions=;1.0.2.6;1.0.1.05;\n");
    fx_write("1cv8.efd", efd.bytes, efd.length);
    fx_write_text("UpdInfo.txt", TF_UPDINFO);
    fx_write_text("1cv8upd.htm", "<p>не ниже 8.3.6.2076</p>");
    scan = tf_scan(NULL);
    check_release(scan, "1cv8.efd", "", 1);
    ck_assert_str_eq(tf_template_in(scan, "1cv8.efd", "1C/Склад/1Cv8.cfu")->min_platform, "8.3.6.2076");
}
END_TEST

START_TEST(a_release_in_a_zip_is_found)
{
    cm_made_t efd = {0}, cfu = {0};
    zip_item_t items[3] = {{.name = "setup.exe", .content = "MZ"}, {.name = "1cv8.efd"}, {.name = "upd/1cv8.cfu"}};
    cdist_template_scan_t *scan;
    zip_made_t zip;

    make_release(&efd, TF_UPDINFO);
    tf_update(&cfu, NULL);
    items[1].content = (const char *)efd.bytes;
    items[1].bytes = efd.length;
    items[2].content = (const char *)cfu.bytes;
    items[2].bytes = cfu.length;
    items[1].method = items[2].method = _i;
    ZIP_MAKE(&zip, items);
    fx_write("download.zip", zip.bytes, zip.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 3);
    check_release(scan, "download.zip", "1cv8.efd/", 1);
    ck_assert_str_eq(tf_template_in(scan, "download.zip", "upd/1cv8.cfu")->id.version, CM_VERSION);
    ck_assert_uint_eq(tf_template_in(scan, "download.zip", "upd/1cv8.cfu")->bytes, cfu.length);
    ck_assert_str_eq(tf_problems(scan), "");
}
END_TEST

/* More than the window over the inflated bytes holds, so that it must be read in one go. */
START_TEST(a_large_configuration_in_a_delivery_is_read_once)
{
    cm_configuration_t configuration = {.vendor = TF_VENDOR, .version = "1.0", .support_version = "1.0", .locked = 1,
                                        .extra = 40};
    const cm_style_t styles[] = {{.bits = 32, .pad = 70000}, {.bits = 64, .pad = 65536}};
    cm_made_t made = {0}, efd = {0};
    cdist_template_scan_t *scan;

    cm_configuration(&made, &configuration, &styles[_i]);
    ck_assert_uint_gt(made.length, 2500000);
    tf_efd(&efd, (tf_member_t[]){{"1cv8.cf", made.bytes, made.length}, {"1cv8.mft", TF_MANIFEST, strlen(TF_MANIFEST)}}, 2);
    fx_write("1cv8.efd", efd.bytes, efd.length);
    fx_write("plain.cf", made.bytes, made.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 2);
    ck_assert_str_eq(tf_template_in(scan, "1cv8.efd", "1cv8.cf")->id.version_id, tf_template(scan, "plain.cf")->id.version_id);
    ck_assert_int_eq(tf_template_in(scan, "1cv8.efd", "1cv8.cf")->distribution, 1);
    ck_assert_int_eq(tf_template(scan, "plain.cf")->distribution, 1);
    ck_assert_str_eq(tf_problems(scan), "1cv8.efd: its manifest (.mft) gives the version \"1.0.2.7\", its content \"1.0\"\n");
}
END_TEST

START_TEST(a_zip_of_other_things_is_nobodys_business)
{
    zip_item_t items[] = {{.name = "photo.jpg", .content = "x"}, {.name = "inner.zip", .content = "x"}};
    zip_made_t zip;

    ZIP_MAKE(&zip, items);
    fx_write("photos.zip", zip.bytes, zip.length);
    ck_assert_str_eq(tf_problems(tf_scan(NULL)), "");
}
END_TEST

static const struct {
    zip_item_t item;
    const char *says;
} bad_members[] = {{{.name = "1cv8.cf", .content = "x", .method = 12}, "packed by method 12"},
                   {{.name = "1cv8.cf", .content = "x", .flags = 1}, "is encrypted"},
                   {{.name = "1cv8.cf", .content = "x", .zip64 = 1}, "its sizes stand in Zip64 fields: unpack the ZIP"},
                   {{.name = "1cv8.cf", .content = "x", .at = 5}, "no member of a ZIP starts here"},
                   {{.name = "1cv8.cf", .content = "version https://git-lfs.github.com/spec/v1"}, "git lfs pull"},
                   {{.name = "1cv8.cf", .content = "nothing", .method = 8}, "neither a container"},
                   {{.name = "1cv8.efd", .content = "nothing"}, "neither a ZIP nor"}};

START_TEST(a_bad_member_is_reported_and_the_others_are_read)
{
    cm_made_t cfu = {0};
    zip_item_t items[2] = {bad_members[_i].item, {.name = "good.cfu", .method = 8}};
    cdist_template_scan_t *scan;
    zip_made_t zip;

    tf_update(&cfu, NULL);
    items[1].content = (const char *)cfu.bytes;
    items[1].bytes = cfu.length;
    ZIP_MAKE(&zip, items);
    fx_write("a.zip", zip.bytes, zip.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_int_eq(scan->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), apr_pstrcat(fx_pool, "a.zip: ", bad_members[_i].item.name, ": ", NULL)));
    ck_assert_msg(strstr(tf_problems(scan), bad_members[_i].says) != NULL, "%s", tf_problems(scan));
}
END_TEST

/* A configuration and its text, stored or deflated. */
static void make_zip(zip_made_t *zip, int method)
{
    zip_item_t items[] = {{.name = "1cv8.cf", .method = method}, {.name = "UpdInfo.txt", .content = TF_UPDINFO, .method = method}};
    cm_made_t cf = {0};

    tf_configuration(&cf, CM_VERSION);
    items[0].content = (const char *)cf.bytes;
    items[0].bytes = cf.length;
    ZIP_MAKE(zip, items);
}

START_TEST(a_member_with_another_checksum_is_no_template)
{
    cdist_template_scan_t *scan;
    zip_made_t zip;

    make_zip(&zip, _i);
    fx_write("a.zip", zip.bytes, zip.length);
    ck_assert_int_eq(tf_scan(NULL)->templates->nelts, 1);
    zip.bytes[zip.central_at[0] + 16] ^= 1;
    fx_write("a.zip", zip.bytes, zip.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 0);
    ck_assert_msg(strstr(tf_problems(scan), "a.zip: 1cv8.cf: offset 0x0: its CRC-32 is ") != NULL, "%s", tf_problems(scan));
    zip.bytes[zip.central_at[0] + 16] ^= 1;
    zip.bytes[zip.central_at[1] + 16] ^= 1;
    fx_write("a.zip", zip.bytes, zip.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_msg(strstr(tf_problems(scan), "a.zip: UpdInfo.txt: offset 0x0: its CRC-32 is ") != NULL, "%s", tf_problems(scan));
    ck_assert_int_eq(tf_template_in(scan, "a.zip", "1cv8.cf")->released == CDIST_UNDATED, 1);
}
END_TEST

START_TEST(a_member_of_another_length_is_no_template)
{
    cdist_template_scan_t *scan;
    zip_made_t zip;

    make_zip(&zip, 8);
    zip.bytes[zip.central_at[0] + 24] ^= 1;
    fx_write("a.zip", zip.bytes, zip.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 0);
    ck_assert_msg(strstr(tf_problems(scan), "that the ZIP says") != NULL, "%s", tf_problems(scan));
}
END_TEST

START_TEST(bytes_that_several_members_share_are_unpacked_once)
{
    cm_made_t cfu = {0};
    zip_item_t items[2] = {{.name = "a.cfu", .method = 8}, {.name = "b.cfu", .method = 8}};
    cdist_template_scan_t *scan;
    zip_made_t zip;

    tf_update(&cfu, NULL);
    items[0].content = items[1].content = (const char *)cfu.bytes;
    items[0].bytes = items[1].bytes = cfu.length;
    ZIP_MAKE(&zip, items);
    memcpy(zip.bytes + zip.central_at[1] + 42, zip.bytes + zip.central_at[0] + 42, 4);
    fx_write("a.zip", zip.bytes, zip.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->templates->nelts, 1);
    ck_assert_ptr_nonnull(tf_template_in(scan, "a.zip", "a.cfu"));
    ck_assert_str_eq(tf_problems(scan), "a.zip: b.cfu: a.zip: offset 0x0: another member has the same bytes\n");
}
END_TEST

/* A delivery with a byte changed, or cut off, gives its templates or problems, and ends. */
static void try_delivery(const void *bytes, size_t length)
{
    cdist_template_scan_t *scan;

    fx_write("1cv8.zip", bytes, length);
    scan = tf_scan(NULL);
    ck_assert_int_le(scan->templates->nelts, 1);
    ck_assert_int_le(scan->problems->nelts, 1);
}

START_TEST(damage_anywhere_in_a_zip_ends_in_problems)
{
    cm_made_t cfu = {0};
    zip_item_t items[1] = {{.name = "good.cfu"}};
    zip_made_t zip;
    size_t i, lost = 0;

    tf_update(&cfu, NULL);
    items[0].content = (const char *)cfu.bytes;
    items[0].bytes = cfu.length;
    ZIP_MAKE(&zip, items);
    for (i = 0; i < zip.length; i += 3) {
        try_delivery(zip.bytes, i);
        zip.bytes[i] ^= 0x55;
        try_delivery(zip.bytes, zip.length);
        lost += tf_scan(NULL)->problems->nelts > 0;
        zip.bytes[i] ^= 0x55;
    }
    ck_assert_uint_gt(lost, cfu.length / 4);
}
END_TEST

START_TEST(damage_anywhere_in_an_efds_table_ends_in_problems)
{
    tf_member_t member = {"1cv8.cf", "version https://git-lfs", 23};
    cm_made_t efd = {0}, inflated = {0}, packed;
    cdist_stream_t *stream;
    apr_size_t length;
    char *bytes;
    size_t i;

    tf_efd(&efd, &member, 1);
    stream = cdist_stream_inflate(cdist_bytes_stream(cdist_bytes_memory(efd.bytes, efd.length, "efd", fx_pool), 0, fx_pool), 64,
                                  fx_pool);
    FX_OK(cdist_stream_read_all(&bytes, &length, stream, 65536, fx_pool));
    cm_put(&inflated, bytes, length);
    for (i = 0; i < inflated.length; i++) {
        inflated.bytes[i] ^= 0xFF;
        memset(&packed, 0, sizeof packed);
        cm_deflate(&packed, inflated.bytes, inflated.length);
        fx_write("1cv8.efd", packed.bytes, packed.length);
        ck_assert_int_eq(tf_scan(NULL)->templates->nelts, 0);
        memset(&packed, 0, sizeof packed);
        cm_deflate(&packed, inflated.bytes, i);
        fx_write("1cv8.efd", packed.bytes, packed.length);
        ck_assert_int_eq(tf_scan(NULL)->problems->nelts, 1);
        inflated.bytes[i] ^= 0xFF;
    }
}
END_TEST

START_TEST(a_delivery_of_too_many_configurations_is_refused)
{
    tf_member_t *members = apr_pcalloc(fx_pool, sizeof *members * (CDIST_DELIVERY_MAX + 1));
    cdist_template_scan_t *scan;
    cm_made_t efd = {0};
    int i;

    for (i = 0; i <= CDIST_DELIVERY_MAX; i++) members[i] = (tf_member_t){"1cv8.cf", "x", 1};
    tf_efd(&efd, members, CDIST_DELIVERY_MAX + 1);
    fx_write("1cv8.efd", efd.bytes, efd.length);
    scan = tf_scan(NULL);
    ck_assert_int_eq(scan->problems->nelts, 1);
    ck_assert_ptr_nonnull(strstr(tf_problems(scan), "holds more than 1024 files of configurations: unpack it"));
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("template delivery");
    TCase *tcase = fx_case(suite, "deliveries", 60);

    tcase_add_test(tcase, a_release_in_an_efd_is_found_with_its_texts);
    tcase_add_test(tcase, texts_in_a_delivery_that_lie_are_reported);
    tcase_add_test(tcase, texts_beside_a_delivery_complete_it);
    tcase_add_loop_test(tcase, a_release_in_a_zip_is_found, 0, 1);
    tcase_add_loop_test(tcase, a_release_in_a_zip_is_found, 8, 9);
    tcase_add_loop_test(tcase, a_large_configuration_in_a_delivery_is_read_once, 0, 2);
    tcase_add_test(tcase, a_zip_of_other_things_is_nobodys_business);
    tcase_add_loop_test(tcase, a_bad_member_is_reported_and_the_others_are_read, 0, FX_COUNT(bad_members));
    tcase_add_loop_test(tcase, a_member_with_another_checksum_is_no_template, 0, 1);
    tcase_add_loop_test(tcase, a_member_with_another_checksum_is_no_template, 8, 9);
    tcase_add_test(tcase, a_member_of_another_length_is_no_template);
    tcase_add_test(tcase, bytes_that_several_members_share_are_unpacked_once);
    tcase_add_test(tcase, damage_anywhere_in_a_zip_ends_in_problems);
    tcase_add_test(tcase, damage_anywhere_in_an_efds_table_ends_in_problems);
    tcase_add_test(tcase, a_delivery_of_too_many_configurations_is_refused);
    return suite;
}
