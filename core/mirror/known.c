/* Digests of files that were read already, by what tells a file apart from any other, so that each is read once and a moved one
 * is still known: {"format":2,"files":[{"stat":[device,inode,bytes,mtime,ctime],"sha256":"…"}]}. */
#include "mirror_int.h"

#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define KNOWN_FORMAT 2
#define KNOWN_FILE_MAX (16u * 1024 * 1024)

typedef struct {
    apr_uint64_t device, inode, bytes;
    apr_int64_t mtime_ns, ctime_ns;
} identity_t;

typedef struct {
    identity_t key;
    cdist_digest_t sha256;
} item_t;

struct cdist_known_t {
    const char *path;
    apr_hash_t *before, *now; /* identity_t → item_t: as read; of the files that are there still, or new */
    int changed;              /* something is in `now` that was not there before */
    apr_pool_t *pool;
};

static void make_key(identity_t *key, const cdist_stat_t *stat)
{
    memset(key, 0, sizeof *key);
    key->device = stat->device;
    key->inode = stat->inode;
    key->bytes = stat->bytes;
    key->mtime_ns = stat->mtime_ns;
    key->ctime_ns = stat->ctime_ns;
}

static void note(apr_hash_t *items, const cdist_stat_t *stat, const cdist_digest_t *sha256, apr_pool_t *pool)
{
    item_t *item = apr_palloc(pool, sizeof *item);

    make_key(&item->key, stat);
    item->sha256 = *sha256;
    apr_hash_set(items, &item->key, sizeof item->key, item);
}

int cdist_known_is_trusted(const cdist_stat_t *stat)
{
    return apr_time_now() - stat->ctime_ns / 1000 >= CDIST_SETTLE_MIN;
}

void cdist_known_note(cdist_known_t *known, const cdist_stat_t *stat, const cdist_digest_t *sha256)
{
    note(known->now, stat, sha256, known->pool);
    known->changed = 1;
}

int cdist_known_find(cdist_digest_t *sha256, cdist_known_t *known, const cdist_stat_t *stat)
{
    item_t *item;
    identity_t key;

    make_key(&key, stat);
    item = apr_hash_get(known->before, &key, sizeof key);
    if (!item) return 0;
    *sha256 = item->sha256;
    apr_hash_set(known->now, &item->key, sizeof item->key, item);
    return 1;
}

/* ---- the file ------------------------------------------------------------------------------------------------------- */

static apr_uint64_t number_of(const json_t *array, size_t i)
{
    return (apr_uint64_t)json_integer_value(json_array_get(array, i));
}

cdist_known_t *cdist_known_open(const char *path, apr_pool_t *pool)
{
    cdist_known_t *known = apr_pcalloc(pool, sizeof *known);
    apr_size_t length;
    char *bytes;
    json_t *root, *files;
    size_t i;

    known->path = apr_pstrdup(pool, path);
    known->before = apr_hash_make(pool);
    known->now = apr_hash_make(pool);
    known->pool = pool;
    if (cdist_file_read(&bytes, &length, path, KNOWN_FILE_MAX, pool)) return known;
    root = json_loadb(bytes, length, 0, NULL);
    files = json_object_get(root, "files");
    if (json_integer_value(json_object_get(root, "format")) != KNOWN_FORMAT) files = NULL;
    for (i = 0; i < json_array_size(files); i++) {
        const json_t *object = json_array_get(files, i), *told = json_object_get(object, "stat");
        const char *text = json_string_value(json_object_get(object, "sha256"));
        cdist_stat_t stat = {CDIST_FILE, number_of(told, 0), number_of(told, 1), number_of(told, 2),
                             (apr_int64_t)number_of(told, 3), (apr_int64_t)number_of(told, 4)};
        cdist_digest_t sha256;

        if (text && cdist_digest_parse(&sha256, text)) note(known->before, &stat, &sha256, pool);
    }
    json_decref(root);
    return known;
}

static json_t *item_object(const item_t *item, apr_pool_t *pool)
{
    json_t *object = json_object(), *stat = json_array();

    json_array_append_new(stat, json_integer((json_int_t)item->key.device));
    json_array_append_new(stat, json_integer((json_int_t)item->key.inode));
    json_array_append_new(stat, json_integer((json_int_t)item->key.bytes));
    json_array_append_new(stat, json_integer((json_int_t)item->key.mtime_ns));
    json_array_append_new(stat, json_integer((json_int_t)item->key.ctime_ns));
    json_object_set_new(object, "stat", stat);
    json_object_set_new(object, "sha256", json_string(cdist_digest_hex(&item->sha256, pool)));
    return object;
}

cdist_err_t *cdist_known_close(const cdist_known_t *known)
{
    apr_pool_t *pool = known->pool;
    json_t *root, *files;
    apr_hash_index_t *at;
    cdist_err_t *err;
    char *dumped;

    if (!known->changed && apr_hash_count(known->now) == apr_hash_count(known->before)) return NULL;
    root = json_object();
    files = json_array();
    for (at = apr_hash_first(pool, known->now); at; at = apr_hash_next(at)) {
        json_array_append_new(files, item_object(apr_hash_this_val(at), pool));
    }
    json_object_set_new(root, "format", json_integer(KNOWN_FORMAT));
    json_object_set_new(root, "files", files);
    dumped = json_dumps(root, JSON_COMPACT);
    json_decref(root);
    if (!dumped) abort(); /* out of memory, as APR's pools do */
    err = cdist_file_publish(known->path, dumped, strlen(dumped), pool);
    free(dumped);
    return err;
}
