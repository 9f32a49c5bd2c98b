/* Updates applied to a configuration: what the result consists of. The rule was checked on real releases: new = old, less what
 * the update takes away, with what it brings; `root` names the update's metadata, `version` is given by it, `versions` lists the
 * old ids with the update's over them. */
#include "updates_int.h"

#include <apr_file_info.h>
#include <apr_strings.h>

#include <string.h>

#define UPDATE_INFO "UpdateInfo.inf"

int cdist_assembly_own(const char *name)
{
    return strcmp(name, "root") == 0 || strcmp(name, "version") == 0 || strcmp(name, "versions") == 0;
}

static cdist_err_t *add_part(assembly_t *assembly, cdist_container_t *container, const cdist_item_t *item, int stored)
{
    part_t *part = apr_palloc(assembly->pool, sizeof *part);

    part->container = container;
    part->item = *item;
    part->item.name = apr_pstrdup(assembly->pool, item->name);
    part->stored = stored;
    apr_hash_set(assembly->parts, part->item.name, APR_HASH_KEY_STRING, part);
    return NULL;
}

/* ---- the base -------------------------------------------------------------------------------------------------- */

static cdist_err_t *visit_base(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    assembly_t *assembly = baton;

    (void)pool;
    if (cdist_assembly_own(item->name)) return NULL;
    if (apr_hash_get(assembly->parts, item->name, APR_HASH_KEY_STRING)) {
        return cdist_damaged(assembly->pool, assembly->base_bytes->name, item->attr_at, "the entry %s is there twice",
                             cdist_text_printable(item->name, assembly->pool));
    }
    return add_part(assembly, assembly->base, item, 0);
}

/* All pairs of `versions`: {1,n,"name",id,…}. */
static cdist_err_t *read_ids(assembly_t *assembly, cdist_stream_t *stream)
{
    cdist_brace_reader_t *reader = cdist_brace_reader_create(stream, FACT_TEXT, assembly->pool);
    const cdist_token_t *token;
    const char *name = NULL;

    do {
        CDIST_ERR(cdist_brace_next(&token, reader));
        if (token->depth != 1 || token->list > 0 || token->path[0] < 2) continue;
        if (token->path[0] % 2 == 0) {
            name = cdist_text_decode(token->text, token->length, assembly->pool);
        } else if (name) {
            apr_hash_set(assembly->ids, name, APR_HASH_KEY_STRING,
                         cdist_text_decode(token->text, token->length, assembly->pool));
            name = NULL;
        }
    } while (token->kind != CDIST_BRACE_END);
    return NULL;
}

static cdist_err_t *open_base(assembly_t *assembly, const char *path, apr_pool_t *scratch_pool)
{
    cdist_file_facts_t *facts;
    const cdist_item_t *item;
    cdist_stream_t *stream;
    int bits;

    CDIST_ERR(cdist_bytes_file(&assembly->base_bytes, path, assembly->pool));
    CDIST_ERR(cdist_file_facts_of(&facts, assembly->base_bytes, assembly->pool, scratch_pool));
    CDIST_ERR(cdist_container_probe(&bits, assembly->base_bytes, 0));
    if (facts->kind != CDIST_FILE_CF || !bits || !*facts->version_id) {
        return cdist_err_create(assembly->pool, CDIST_E_INPUT, 0, "%s: is no .cf with a version id, so no update applies to it",
                                assembly->base_bytes->name);
    }
    assembly->id.name = facts->name;
    assembly->id.vendor = facts->vendor;
    assembly->id.version = facts->version;
    assembly->id.version_id = facts->version_id;
    CDIST_ERR(cdist_container_open(&assembly->base, assembly->base_bytes, assembly->pool));
    CDIST_ERR(cdist_container_walk(assembly->base, visit_base, assembly, scratch_pool));
    CDIST_ERR(cdist_container_find(&item, assembly->base, "versions", 1));
    CDIST_ERR(cdist_container_content(&stream, &assembly->packed, assembly->base, item, assembly->pool));
    return read_ids(assembly, stream);
}

/* ---- updates --------------------------------------------------------------------------------------------------- */

typedef struct {
    assembly_t *assembly;
    cdist_container_t *container;
    apr_hash_t *expected; /* names that UpdateInfo.inf lists, and that were not met yet */
} update_t;

static cdist_err_t *visit_update(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    update_t *update = baton;

    (void)pool;
    if (cdist_item_name_compare(item->name, UPDATE_INFO) == 0) {
        update->assembly->created = item->created;
        update->assembly->modified = item->modified;
        return NULL;
    }
    if (cdist_assembly_own(item->name)) return NULL;
    if (!apr_hash_get(update->expected, item->name, APR_HASH_KEY_STRING)) {
        return cdist_damaged(update->assembly->pool, update->container->bytes->name, item->attr_at,
                             "the entry %s is not listed in " UPDATE_INFO ", or is there twice",
                             cdist_text_printable(item->name, update->assembly->pool));
    }
    apr_hash_set(update->expected, item->name, APR_HASH_KEY_STRING, NULL);
    return add_part(update->assembly, update->container, item, 1);
}

/* Takes over what UpdateInfo.inf says, and notes which entries must be there. */
static void take_lists(update_t *update, const cdist_update_info_t *info)
{
    assembly_t *assembly = update->assembly;
    int i;

    for (i = 0; i < info->deletes->nelts; i++) {
        const char *name = APR_ARRAY_IDX(info->deletes, i, const char *);

        if (cdist_assembly_own(name)) continue;
        apr_hash_set(assembly->parts, name, APR_HASH_KEY_STRING, NULL);
        apr_hash_set(assembly->ids, name, APR_HASH_KEY_STRING, NULL);
    }
    for (i = 0; i < info->inserts->nelts; i++) {
        const cdist_entry_version_t *insert = &APR_ARRAY_IDX(info->inserts, i, cdist_entry_version_t);

        apr_hash_set(assembly->ids, insert->name, APR_HASH_KEY_STRING, insert->version_id);
        if (!cdist_assembly_own(insert->name)) apr_hash_set(update->expected, insert->name, APR_HASH_KEY_STRING, insert);
    }
    assembly->id = info->target;
    assembly->root_id = info->root_id;
    assembly->version_content = info->version_content;
}

static cdist_err_t *apply_one(int *bits, assembly_t *assembly, const char *path, const char *folder)
{
    apr_pool_t *pool = assembly->pool;
    update_t update = {assembly, NULL, apr_hash_make(pool)};
    cdist_update_info_t *info;
    const cdist_item_t *item;
    cdist_stream_t *stream;
    cdist_bytes_t *bytes;
    apr_hash_index_t *missing;

    CDIST_ERR(cdist_bytes_file(&bytes, path, pool));
    CDIST_ERR(cdist_container_probe(bits, bytes, 0));
    if (!*bits) {
        /* Its entries are needed in another order than they come. */
        stream = cdist_stream_inflate(cdist_bytes_stream(bytes, 0, pool), BYTES_STEP, pool);
        stream->name = apr_pstrcat(pool, bytes->name, " (inflated)", NULL);
        CDIST_ERR(cdist_bytes_spool(&bytes, stream, folder, pool));
    }
    CDIST_ERR(cdist_container_open(&update.container, bytes, pool));
    *bits = cdist_container_bits(update.container);
    CDIST_ERR(cdist_container_find(&item, update.container, UPDATE_INFO, 1));
    if (!item) return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: has no " UPDATE_INFO ", so it is no update", bytes->name);
    CDIST_ERR(cdist_container_content(&stream, NULL, update.container, item, pool));
    CDIST_ERR(cdist_update_info_parse(&info, stream, 1, pool));
    CDIST_ERR(cdist_update_check(info, &assembly->id, cdist_text_printable(path, pool), pool));
    take_lists(&update, info);
    CDIST_ERR(cdist_container_walk(update.container, visit_update, &update, pool));
    missing = apr_hash_first(pool, update.expected);
    if (!missing) return NULL;
    return cdist_damaged(pool, bytes->name, item->attr_at, "the entry %s is listed in " UPDATE_INFO ", but not there",
                         cdist_text_printable(apr_hash_this_key(missing), pool));
}

/* ---- the result ------------------------------------------------------------------------------------------------ */

/* What was written is opened once more, and must say that it is what it should be. */
static cdist_err_t *read_back(const assembly_t *assembly, apr_file_t *file, const char *name, apr_pool_t *pool)
{
    cdist_file_facts_t *facts;
    cdist_bytes_t *bytes;

    CDIST_ERR(cdist_bytes_open_file(&bytes, file, name, pool));
    CDIST_ERR(cdist_file_facts_of(&facts, bytes, pool, pool));
    if (facts->kind == CDIST_FILE_CF && strcmp(facts->version_id, assembly->id.version_id) == 0 &&
        strcmp(facts->version, assembly->id.version) == 0 && strcmp(facts->name, assembly->id.name) == 0) {
        return NULL;
    }
    return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: the result would be %s %s instead of %s %s: the update contradicts "
                            "itself", name, cdist_text_printable(facts->name, pool), cdist_text_printable(facts->version, pool),
                            cdist_text_printable(assembly->id.name, pool), cdist_text_printable(assembly->id.version, pool));
}

static cdist_err_t *write_result(cdist_applied_t *applied, const assembly_t *assembly, const char *output, apr_pool_t *pool)
{
    const char *name = cdist_text_printable(output, pool);
    cdist_temp_t *temp;
    apr_status_t rv = cdist_os_temp_open(&temp, cdist_path_folder(output, pool), pool);

    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", name);
    CDIST_ERR(cdist_assembly_write(&applied->entries, assembly, temp->file, name, pool));
    CDIST_ERR(read_back(assembly, temp->file, name, pool));
    rv = cdist_os_temp_replace(temp, output, pool);
    if (APR_STATUS_IS_ENOENT(rv)) rv = cdist_os_temp_publish(temp, output, pool);
    if (rv != APR_SUCCESS) return cdist_err_create(pool, CDIST_E_STORE, rv, "%s: cannot be written", name);
    return NULL;
}

/* NB: asked before anything is read, since the inflated updates lie there too meanwhile. */
static cdist_err_t *check_folder(const char *folder, const char *output, apr_pool_t *pool)
{
    apr_finfo_t info;
    apr_status_t rv = apr_stat(&info, folder, APR_FINFO_TYPE, pool);

    if (rv == APR_SUCCESS && info.filetype == APR_DIR) return NULL;
    return cdist_err_create(pool, CDIST_E_STORE, 0, "%s: cannot be written: there is no folder %s; make it first",
                            cdist_text_printable(output, pool), cdist_text_printable(folder, pool));
}

static cdist_err_t *apply_all(cdist_applied_t *applied, assembly_t *assembly, const char *output, const char *base_path,
                              const apr_array_header_t *updates)
{
    const char *folder = cdist_path_folder(output, assembly->pool);
    int i, bits;

    CDIST_ERR(check_folder(folder, output, assembly->pool));
    CDIST_ERR(open_base(assembly, base_path, assembly->pool));
    for (i = 0; i < updates->nelts; i++) {
        CDIST_ERR(apply_one(&bits, assembly, APR_ARRAY_IDX(updates, i, const char *), folder));
        applied->wide_update |= bits == 64;
    }
    return write_result(applied, assembly, output, assembly->pool);
}

cdist_err_t *cdist_apply(cdist_applied_t *applied, const char *output, const char *base_path,
                         const apr_array_header_t *updates, apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    assembly_t assembly;
    apr_pool_t *pool;
    cdist_err_t *err;

    memset(applied, 0, sizeof *applied);
    if (updates->nelts == 0) return cdist_err_create(scratch_pool, CDIST_E_INPUT, 0, "no update is given");
    apr_pool_create(&pool, scratch_pool);
    memset(&assembly, 0, sizeof assembly);
    assembly.pool = pool;
    assembly.parts = apr_hash_make(pool);
    assembly.ids = apr_hash_make(pool);
    err = cdist_err_dup(apply_all(applied, &assembly, output, base_path, updates), scratch_pool);
    if (!err) {
        applied->id.name = apr_pstrdup(result_pool, assembly.id.name);
        applied->id.vendor = apr_pstrdup(result_pool, assembly.id.vendor);
        applied->id.version = apr_pstrdup(result_pool, assembly.id.version);
        applied->id.version_id = apr_pstrdup(result_pool, assembly.id.version_id);
        applied->container_bits = cdist_container_bits(assembly.base);
    }
    apr_pool_destroy(pool);
    return err;
}
