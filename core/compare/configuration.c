/* Configurations to compare: a .cf, the vendor's one that it holds, and what an update makes of that.
 * Embedded: the entry <root-guid>.<instance>; inflated it is raw deflate data once more, and these inflated are a container
 * with stored entries. Entries of a .cf are compressed one by one; those of updates and embedded configurations are stored,
 * since the whole is compressed. Source: real files, see docs/formats.md. */
#include "compare_int.h"

#include <apr_lib.h>
#include <apr_strings.h>

#include <string.h>

#define UPDATE_INFO "UpdateInfo.inf"
#define PEEK_BYTES 128
#define STEP_BYTES 65536

int cdist_config_is_own(const char *entry)
{
    return cdist_item_name_compare(entry, "root") == 0 || cdist_item_name_compare(entry, "version") == 0 ||
           cdist_item_name_compare(entry, "versions") == 0;
}

const cdist_file_facts_t *cdist_config_facts(const cdist_config_t *config)
{
    return config->facts;
}

const char *cdist_config_name(const cdist_config_t *config)
{
    return config->name;
}

/* ---- entries --------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_config_entry(cdist_stream_t **stream, cdist_container_t *container, const cdist_item_t *item, int packed,
                                apr_pool_t *pool)
{
    char head[PEEK_BYTES];
    apr_size_t length = sizeof head;
    apr_uint64_t whole;
    int bits;

    CDIST_ERR(cdist_container_data(stream, &whole, container, item, pool));
    if (!packed || whole == 0) return NULL;
    /* NB: deflate data never start as UTF-8's mark or a container's header do; other packers may store what they like. */
    CDIST_ERR((*stream)->read(*stream, head, &length));
    CDIST_ERR(cdist_container_probe(&bits, cdist_bytes_memory(head, length, (*stream)->name, pool), 0));
    CDIST_ERR((*stream)->rewind(*stream));
    if (bits || (length >= 3 && memcmp(head, "\xEF\xBB\xBF", 3) == 0)) return NULL;
    *stream = cdist_stream_inflate(*stream, whole < STEP_BYTES ? (apr_size_t)whole : STEP_BYTES, pool);
    return NULL;
}

static const char *key_of(const char *name, apr_pool_t *pool)
{
    char *key = apr_pstrdup(pool, name), *c;

    for (c = key; *c; c++) *c = (char)apr_tolower(*c);
    return key;
}

void cdist_config_keep_item(apr_hash_t *items, const cdist_item_t *item, const char *name, apr_pool_t *pool)
{
    const char *key = key_of(name, pool);
    cdist_item_t *kept;

    if (apr_hash_get(items, key, APR_HASH_KEY_STRING)) return;
    kept = apr_pmemdup(pool, item, sizeof *item);
    kept->name = name;
    apr_hash_set(items, key, APR_HASH_KEY_STRING, kept);
}

/* NB: all names were read for the snapshot. Without it a container in no order would be read through for each entry, and an
 * update for each that it has not. */
static cdist_err_t *find_item(const cdist_item_t **item, const cdist_config_t *config, const char *entry, int thorough,
                              apr_pool_t *pool)
{
    if (!config->items) return cdist_container_find(item, config->container, entry, thorough || config->update);
    *item = apr_hash_get(config->items, key_of(entry, pool), APR_HASH_KEY_STRING);
    return NULL;
}

static cdist_err_t *open_entry(cdist_stream_t **stream, cdist_config_t *config, const char *entry, int thorough,
                               apr_pool_t *pool)
{
    const cdist_item_t *item;

    *stream = NULL;
    for (; config; config = config->base) {
        CDIST_ERR(find_item(&item, config, entry, thorough, pool));
        if (item) return cdist_config_entry(stream, config->container, item, config->packed, pool);
        if (config->deleted && apr_hash_get(config->deleted, entry, APR_HASH_KEY_STRING)) return NULL;
    }
    return NULL;
}

cdist_err_t *cdist_config_content(cdist_stream_t **stream, cdist_config_t *config, const char *entry, apr_pool_t *pool)
{
    return open_entry(stream, config, entry, 0, pool);
}

cdist_err_t *cdist_config_support(cdist_support_t **support, cdist_config_t *config, apr_pool_t *pool)
{
    cdist_stream_t *stream;

    *support = NULL;
    if (!*config->facts->object_id) return NULL;
    CDIST_ERR(open_entry(&stream, config, apr_pstrcat(pool, config->facts->object_id, ".4", NULL), 1, pool));
    return stream ? cdist_support_parse(support, stream, CDIST_SUPPORT_WHOLE, pool) : NULL;
}

/* ---- opening --------------------------------------------------------------------------------------------------- */

static cdist_err_t *spool(cdist_bytes_t **bytes, cdist_stream_t *stream, apr_pool_t *pool)
{
    const char *folder;
    apr_status_t rv = apr_temp_dir_get(&folder, pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "no folder for temporary files (set TMPDIR)");
    return cdist_bytes_spool(bytes, stream, folder, pool);
}

/* A configuration of 8.0 lies in one entry, as a container with stored entries. */
static cdist_err_t *open_80(cdist_config_t *config, apr_pool_t *pool)
{
    const cdist_item_t *item;
    cdist_stream_t *stream;
    cdist_bytes_t *bytes;

    CDIST_ERR(cdist_container_find(&item, config->container, "metadata", 1));
    if (!item) return NULL;
    CDIST_ERR(cdist_config_entry(&stream, config->container, item, 1, pool));
    CDIST_ERR(spool(&bytes, stream, pool));
    return cdist_container_open(&config->container, bytes, pool);
}

static cdist_err_t *open_bytes(cdist_config_t **config, cdist_bytes_t *bytes, const char *name, apr_pool_t *pool)
{
    cdist_config_t *made = apr_pcalloc(pool, sizeof *made);
    const cdist_item_t *root;
    cdist_stream_t *stream;
    int bits;

    made->name = name;
    CDIST_ERR(cdist_file_facts_of(&made->facts, bytes, pool, pool));
    CDIST_ERR(cdist_container_probe(&bits, bytes, 0));
    if (made->facts->kind != CDIST_FILE_CF || !bits) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: is no .cf, but a .%s%s", name,
                                cdist_file_kind_name(made->facts->kind),
                                made->facts->kind == CDIST_FILE_CF ? ", compressed as a whole" : "");
    }
    CDIST_ERR(cdist_container_open(&made->container, bytes, pool));
    CDIST_ERR(cdist_container_find(&root, made->container, "root", 1));
    if (!root) CDIST_ERR(open_80(made, pool));
    CDIST_ERR(cdist_container_find(&root, made->container, "root", 1));
    if (!root) return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: has no entry root", name);
    CDIST_ERR(cdist_container_content(&stream, &made->packed, made->container, root, pool));
    *config = made;
    return NULL;
}

cdist_err_t *cdist_config_open(cdist_config_t **config, const char *path, apr_pool_t *pool)
{
    cdist_bytes_t *bytes;

    CDIST_ERR(cdist_bytes_file(&bytes, path, pool));
    return open_bytes(config, bytes, cdist_bytes_name(bytes), pool);
}

/* ---- embedded -------------------------------------------------------------------------------------------------- */

typedef struct {
    const cdist_config_t *customer;
    apr_array_header_t *names; /* const char *: entries with a configuration in them */
    apr_pool_t *pool;
} search_t;

static cdist_err_t *visit_embedded(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    search_t *search = baton;
    const char *root_id = search->customer->facts->root_id;

    (void)pool;
    if (strlen(item->name) != CDIST_EMBEDDED_CHARS || item->name[CDIST_GUID_CHARS] != '.') return NULL;
    if (strlen(root_id) != CDIST_GUID_CHARS || strncmp(item->name, root_id, CDIST_GUID_CHARS) != 0) return NULL;
    APR_ARRAY_PUSH(search->names, const char *) = apr_pstrdup(search->pool, item->name);
    return NULL;
}

static cdist_err_t *open_embedded(cdist_config_t **config, cdist_config_t *customer, const char *entry, apr_pool_t *pool)
{
    const char *name = apr_pstrcat(pool, customer->name, ": the vendor's configuration in it", NULL);
    cdist_stream_t *stream;
    cdist_bytes_t *bytes;

    CDIST_ERR(open_entry(&stream, customer, entry, 1, pool));
    if (!stream) return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: has no entry %s", customer->name, entry);
    stream = cdist_stream_inflate(stream, STEP_BYTES, pool);
    stream->name = name;
    CDIST_ERR(spool(&bytes, stream, pool));
    return open_bytes(config, bytes, name, pool);
}

static int is_wanted(const cdist_config_t *config, const char *name, const char *vendor)
{
    return strcmp(config->facts->name, name) == 0 && strcmp(config->facts->vendor, vendor) == 0;
}

cdist_err_t *cdist_config_embedded(cdist_config_t **config, cdist_config_t *customer, const char *name, const char *vendor,
                                   apr_pool_t *pool)
{
    search_t search = {customer, apr_array_make(pool, 1, sizeof(const char *)), pool};
    const char *all = "";
    int i, found = 0;

    *config = NULL;
    CDIST_ERR(cdist_container_walk(customer->container, visit_embedded, &search, pool));
    for (i = 0; i < search.names->nelts; i++) {
        cdist_config_t *opened;

        CDIST_ERR(open_embedded(&opened, customer, APR_ARRAY_IDX(search.names, i, const char *), pool));
        all = apr_psprintf(pool, "%s%s%s (%s)", all, i ? ", " : "", cdist_text_printable(opened->facts->name, pool),
                           cdist_text_printable(opened->facts->vendor, pool));
        if (search.names->nelts > 1 && !is_wanted(opened, name, vendor)) continue;
        *config = opened;
        found++;
    }
    if (found == 1 || search.names->nelts == 0) return NULL;
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: holds the configurations of several vendors, %s; %s of them is %s (%s): "
                            "name the base with --base", customer->name, all, found ? "more than one" : "none",
                            cdist_text_printable(name, pool), cdist_text_printable(vendor, pool));
}

/* ---- updates --------------------------------------------------------------------------------------------------- */

static cdist_err_t *open_update(cdist_container_t **container, const char **name, const char *path, apr_pool_t *pool)
{
    cdist_stream_t *stream;
    cdist_bytes_t *bytes;
    int bits;

    CDIST_ERR(cdist_bytes_file(&bytes, path, pool));
    *name = cdist_bytes_name(bytes);
    CDIST_ERR(cdist_container_probe(&bits, bytes, 0));
    if (!bits) {
        stream = cdist_stream_inflate(cdist_bytes_stream(bytes, 0, pool), STEP_BYTES, pool);
        stream->name = apr_pstrcat(pool, *name, " (inflated)", NULL);
        CDIST_ERR(spool(&bytes, stream, pool));
    }
    return cdist_container_open(container, bytes, pool);
}

cdist_err_t *cdist_config_update(cdist_config_t **config, cdist_config_t *base, const char *path, apr_pool_t *pool)
{
    cdist_config_t *made = apr_pcalloc(pool, sizeof *made);
    cdist_configuration_id_t id = {base->facts->name, base->facts->vendor, base->facts->version, base->facts->version_id};
    const cdist_item_t *item;
    cdist_stream_t *stream;
    int i;

    CDIST_ERR(cdist_file_facts_read(&made->facts, path, pool, pool));
    CDIST_ERR(open_update(&made->container, &made->name, path, pool));
    CDIST_ERR(cdist_container_find(&item, made->container, UPDATE_INFO, 1));
    if (!item) return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: has no " UPDATE_INFO ", so it is no update", made->name);
    CDIST_ERR(cdist_container_content(&stream, &made->packed, made->container, item, pool));
    CDIST_ERR(cdist_update_info_parse(&made->update, stream, 1, pool));
    CDIST_ERR(cdist_update_check(made->update, &id, made->name, pool));
    made->deleted = apr_hash_make(pool);
    for (i = 0; i < made->update->deletes->nelts; i++) {
        const char *name = APR_ARRAY_IDX(made->update->deletes, i, const char *);

        apr_hash_set(made->deleted, name, APR_HASH_KEY_STRING, name);
    }
    made->base = base;
    if (!*made->facts->object_id) made->facts->object_id = base->facts->object_id;
    *config = made;
    return NULL;
}
