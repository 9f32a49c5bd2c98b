/* See whole_store.h. */
#include "whole_store.h"

#include <apr_strings.h>
#include <jansson.h>

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static const char *const parts[] = {"archives", "manifests", "records", "keys"};
static const cdist_digest_t *known_archive; /* which fx_expect_whole_store does not read */

typedef void child_fn(const char *folder, const char *name);

static void each_child(const char *folder, child_fn *act)
{
    cdist_folder_t *open;
    const char *name;

    FX_DONE(cdist_os_folder_open(&open, fx_path(folder), fx_pool));
    for (;;) {
        FX_DONE(cdist_os_folder_next(&name, open, fx_pool));
        if (!name) break;
        act(folder, name);
    }
    cdist_os_folder_close(open);
}

static void link_child(const char *folder, const char *name)
{
    const char *from = apr_pstrcat(fx_pool, fx_path(folder), "/", name, NULL);
    const char *to = apr_pstrcat(fx_pool, fx_path("store"), strchr(folder, '/'), "/", name, NULL);

    ck_assert_msg(link(from, to) == 0, "%s: %s", to, strerror(errno));
}

void fx_clone_store(const char *from)
{
    int i;

    fx_remove("store");
    fx_write_text("store/FORMAT", "1cdist-store 1\n");
    for (i = 0; i < FX_COUNT(parts); i++) {
        fx_make_folder(apr_pstrcat(fx_pool, "store/", parts[i], NULL));
        each_child(apr_pstrcat(fx_pool, from, "/", parts[i], NULL), link_child);
    }
}

static cdist_digest_t digest_of(const char *name)
{
    cdist_digest_t digest;

    ck_assert_msg(cdist_digest_parse(&digest, apr_pstrndup(fx_pool, name, 64)), "%s is no digest", name);
    return digest;
}

static void expect_sound_archive(const char *folder, const char *name)
{
    cdist_verification_t *result;
    cdist_digest_t digest = digest_of(name);
    apr_file_t *file;

    if (strcmp(name + 64, ".zip") != 0 || cdist_digest_equal(&digest, known_archive)) return;
    file = fx_open(apr_pstrcat(fx_pool, folder, "/", name, NULL));
    FX_OK(cdist_zip_verify(&result, file, name, NULL, fx_pool));
    FX_OK(cdist_verification_error(result, name, fx_pool));
    ck_assert(cdist_digest_equal(&result->manifest->archive_sha256, &digest));
    apr_file_close(file);
}

static void expect_sound_records(const char *folder, const char *name)
{
    size_t length;
    const char *bytes = fx_read(&length, apr_pstrcat(fx_pool, folder, "/", name, NULL));

    digest_of(name);
    ck_assert_ptr_nonnull(cdist_records_parse(bytes, length, 1, CDIST_MAX_ENTRIES, fx_pool));
}

static void expect_sound_manifest(const char *folder, const char *name)
{
    cdist_digest_t digest = digest_of(name);
    json_t *json = json_loads(fx_read(NULL, apr_pstrcat(fx_pool, folder, "/", name, NULL)), 0, NULL);

    ck_assert_msg(json != NULL, "%s is no JSON", name);
    ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json, "archive"), "sha256")), fx_hex(&digest));
    json_decref(json);
}

static void expect_sound_key(const char *folder, const char *name)
{
    cdist_digest_t key = digest_of(name);
    cdist_archive_t *archive;
    const char *json;
    apr_file_t *file;

    (void)folder;
    FX_OK(cdist_store_find(&archive, &file, fx_store, &key, 0, fx_pool));
    apr_file_close(file);
    FX_OK(cdist_store_manifest(&json, fx_store, &archive->sha256, fx_pool));
}

static void expect_no_rest(const char *folder, const char *name)
{
    ck_assert_msg(*name != '.', "%s/%s was left behind", folder, name);
}

static void expect_no_lock(void)
{
    struct flock range = {F_WRLCK, SEEK_SET, 0, 0, 0};
    int fd = open(fx_path("store/lock"), O_RDWR);

    if (fd < 0) return;
    ck_assert_int_eq(fcntl(fd, F_OFD_GETLK, &range), 0);
    ck_assert_int_eq(range.l_type, F_UNLCK);
    close(fd);
}

/* NB: keys first, because finding one drops what is not sound. */
void fx_expect_whole_store(const cdist_digest_t *known)
{
    int i;

    known_archive = known;
    each_child("store", expect_no_rest);
    for (i = 0; i < FX_COUNT(parts); i++) each_child(apr_pstrcat(fx_pool, "store/", parts[i], NULL), expect_no_rest);
    each_child("store/keys", expect_sound_key);
    each_child("store/archives", expect_sound_archive);
    each_child("store/records", expect_sound_records);
    each_child("store/manifests", expect_sound_manifest);
    expect_no_lock();
}
