/* What a file is, by its content alone: names and extensions are wrong too often. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define HEAD_BYTES 4096
#define TEXT_MAX_BYTES (256u * 1024)
#define LFS_START "version https://git-lfs"

static const char *const kind_names[] = {"cf", "cfu", "cfe", "epf", "erf", "efd", "support", "mft", "updinfo"};

const char *cdist_file_kind_name(cdist_file_kind_t kind)
{
    return kind_names[kind];
}

static cdist_err_t *support_facts(cdist_file_facts_t *facts, cdist_bytes_t *bytes, apr_pool_t *result_pool,
                                  apr_pool_t *scratch_pool)
{
    cdist_stream_t *stream = cdist_bytes_stream(bytes, 0, scratch_pool);
    const cdist_configuration_id_t *id;
    cdist_support_t *support;

    CDIST_ERR(cdist_support_parse(&support, stream, CDIST_SUPPORT_COUNTS, scratch_pool));
    facts->kind = CDIST_FILE_SUPPORT;
    facts->entries = support->rule_count;
    if (support->vendors->nelts == 0) return NULL;
    id = &APR_ARRAY_IDX(support->vendors, 0, cdist_support_vendor_t).id;
    facts->name = apr_pstrdup(result_pool, id->name);
    facts->vendor = apr_pstrdup(result_pool, id->vendor);
    facts->version = apr_pstrdup(result_pool, id->version);
    facts->version_id = apr_pstrdup(result_pool, id->version_id);
    return NULL;
}

static cdist_err_t *text_facts(cdist_file_facts_t *facts, cdist_bytes_t *bytes, apr_pool_t *result_pool,
                               apr_pool_t *scratch_pool)
{
    char *text;
    apr_size_t length;

    CDIST_ERR(cdist_stream_read_all(&text, &length, cdist_bytes_stream(bytes, 0, scratch_pool), TEXT_MAX_BYTES, scratch_pool));
    return cdist_template_text_facts(facts, cdist_text_decode_cp1251(text, length, scratch_pool), bytes->name, result_pool);
}

/* NB: an update's last entry is the one that is needed, but what follows is inflated too: a file that was cut off must not
 * pass for a good one. */
static cdist_err_t *drain(cdist_stream_t *stream, apr_pool_t *pool)
{
    char *buffer = apr_palloc(pool, BYTES_STEP);
    apr_size_t length;

    do {
        length = BYTES_STEP;
        CDIST_ERR(stream->read(stream, buffer, &length));
    } while (length > 0);
    return NULL;
}

static cdist_err_t *packed_facts(cdist_file_facts_t *facts, cdist_bytes_t *bytes, apr_pool_t *result_pool,
                                 apr_pool_t *scratch_pool)
{
    cdist_stream_t *stream = cdist_stream_inflate(cdist_bytes_stream(bytes, 0, scratch_pool), BYTES_STEP, scratch_pool);
    cdist_bytes_t *window = cdist_bytes_window(stream, scratch_pool);
    cdist_container_t *container;
    cdist_err_t *err;
    int bits;

    stream->name = apr_pstrcat(scratch_pool, bytes->name, " (inflated)", NULL);
    window->name = stream->name;
    err = cdist_container_probe(&bits, window, 0);
    if (err && err->code != CDIST_E_CORRUPT) return err;
    if (err) {
        return cdist_damaged(result_pool, bytes->name, 0, "neither a container, nor compressed data, nor a text of a template: "
                             "it is damaged, or no file of 1C:Enterprise");
    }
    if (bits == 0) return cdist_delivery_facts(facts, cdist_bytes_stream(window, 0, scratch_pool), result_pool);
    CDIST_ERR(cdist_container_open(&container, window, scratch_pool));
    CDIST_ERR(cdist_passing_facts(facts, container, result_pool, scratch_pool));
    return drain(stream, scratch_pool);
}

static cdist_err_t *detect(cdist_file_facts_t *facts, cdist_bytes_t *bytes, apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    char *head = apr_palloc(scratch_pool, HEAD_BYTES + 1), *text;
    apr_size_t length = HEAD_BYTES;
    cdist_container_t *container;
    int bits;

    CDIST_ERR(cdist_container_probe(&bits, bytes, 0));
    if (bits) {
        CDIST_ERR(cdist_container_open(&container, bytes, scratch_pool));
        /* Searching by halves would go back and forth, which a stream can do only a few times. */
        if (bytes->in_order) return cdist_passing_facts(facts, container, result_pool, scratch_pool);
        return cdist_configuration_facts(facts, container, result_pool, scratch_pool);
    }
    CDIST_ERR(cdist_bytes_read(bytes, 0, head, &length));
    if (length == 0) return cdist_damaged(result_pool, bytes->name, 0, "the file is empty");
    head[length] = '\0';
    if (strncmp(head, LFS_START, strlen(LFS_START)) == 0) {
        return cdist_damaged(result_pool, bytes->name, 0, "a pointer of Git LFS, not the file itself: fetch it with git lfs pull");
    }
    if (length >= 4 && (memcmp(head, "PK\3\4", 4) == 0 || memcmp(head, "PK\5\6", 4) == 0)) {
        return cdist_damaged(result_pool, bytes->name, 0, "a ZIP archive, not a file of a configuration: unpack it, and name what is "
                             "in it; 1cdist chain finds the updates in it as it is");
    }
    text = head + (strncmp(head, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0);
    if (strncmp(text, "{6,", 3) == 0) return support_facts(facts, bytes, result_pool, scratch_pool);
    if (cdist_template_text_is(cdist_text_decode_cp1251(head, length, scratch_pool))) {
        return text_facts(facts, bytes, result_pool, scratch_pool);
    }
    return packed_facts(facts, bytes, result_pool, scratch_pool);
}

cdist_err_t *cdist_file_facts_of(cdist_file_facts_t **facts, cdist_bytes_t *bytes, apr_pool_t *result_pool,
                                 apr_pool_t *scratch_pool)
{
    cdist_file_facts_t *made = apr_pcalloc(result_pool, sizeof *made);

    made->name = made->vendor = made->version = made->version_id = made->compatibility = made->release_date = "";
    made->root_id = made->object_id = "";
    made->sources = apr_array_make(result_pool, 4, sizeof(cdist_configuration_id_t));
    CDIST_ERR(detect(made, bytes, result_pool, scratch_pool));
    made->bytes_read = cdist_bytes_count(bytes);
    *facts = made;
    return NULL;
}

cdist_err_t *cdist_file_facts_read(cdist_file_facts_t **facts, const char *path, apr_pool_t *result_pool,
                                   apr_pool_t *scratch_pool)
{
    cdist_bytes_t *bytes;
    apr_pool_t *pool;
    cdist_err_t *err;

    apr_pool_create(&pool, scratch_pool);
    err = cdist_bytes_file(&bytes, path, pool);
    if (!err) err = cdist_file_facts_of(facts, bytes, result_pool, pool);
    err = cdist_err_dup(err, scratch_pool);
    apr_pool_destroy(pool);
    return err;
}
