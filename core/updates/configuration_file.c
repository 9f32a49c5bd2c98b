/* Facts of a file that is a container: .cf, .cfe, .epf, .erf entry by entry, in few reads; what can only be read in passing (the
 * inside of a .cfu, of a configuration of 8.0, of an embedded one) in one walk. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define UPDATE_INFO "UpdateInfo.inf"
#define GUID_CHARS 36
#define MAX_CANDIDATES 64
#define LAYOUT_80 15
#define STUB_ENTRIES 5
#define STUB_NAME_CHARS 32
#define STUB_COMPATIBILITY "Version8_3_16"

/* ---- parts ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *read_metadata(metadata_t *metadata, cdist_container_t *container, const cdist_item_t *item, apr_pool_t *pool)
{
    cdist_stream_t *stream;

    CDIST_ERR(cdist_container_content(&stream, NULL, container, item, pool));
    return cdist_metadata_parse(metadata, stream, pool);
}

static cdist_err_t *read_versions(const char **version_id, cdist_container_t *container, const cdist_item_t *item,
                                  apr_pool_t *pool)
{
    cdist_stream_t *stream;

    CDIST_ERR(cdist_container_content(&stream, NULL, container, item, pool));
    return cdist_versions_parse(version_id, stream, pool);
}

static cdist_err_t *read_root(const char **root_id, int *digest, cdist_container_t *container, const cdist_item_t *item,
                              apr_uint32_t list, apr_pool_t *pool)
{
    cdist_stream_t *stream;

    CDIST_ERR(cdist_container_content(&stream, NULL, container, item, pool));
    return cdist_root_parse(root_id, digest, stream, list, pool);
}

static void put_metadata(cdist_file_facts_t *facts, const metadata_t *metadata, apr_pool_t *pool)
{
    facts->kind = metadata->kind;
    facts->name = apr_pstrdup(pool, metadata->name);
    facts->vendor = apr_pstrdup(pool, metadata->vendor);
    facts->version = apr_pstrdup(pool, metadata->version);
    facts->compatibility = apr_pstrdup(pool, metadata->compatibility);
    facts->object_id = apr_pstrdup(pool, metadata->object_id);
}

/* A vendor's own release: no digest in `root`, changes forbidden, and the support data name this very version. */
static int is_distribution(const cdist_file_facts_t *facts, int digest, const cdist_support_t *support)
{
    const cdist_configuration_id_t *id;

    if (digest || !support->locked || support->vendor_count != 1 || !*facts->version_id) return 0;
    id = &APR_ARRAY_IDX(support->vendors, 0, cdist_support_vendor_t).id;
    return strcmp(id->version_id, facts->version_id) == 0 && strcmp(id->name, facts->name) == 0 &&
           strcmp(id->vendor, facts->vendor) == 0 && strcmp(id->version, facts->version) == 0;
}

/* ---- in passing ------------------------------------------------------------------------------------------------ */

typedef struct {
    const char *id;
    metadata_t metadata;
    cdist_err_t *err;
} candidate_t;

typedef struct {
    const char *object_id;
    cdist_support_t *data;
} support_candidate_t;

/* What was met so far. Which entry is the metadata is known when `root` or UpdateInfo.inf is read, often behind it: so all
 * that look like it are kept. */
typedef struct {
    cdist_container_t *container;
    cdist_update_info_t *update;
    const char *root_id, *version_id;
    int digest;
    int skipped;        /* 1: data that lay behind were not looked at */
    const char *wanted; /* second walk: read the data of this entry alone */
    apr_array_header_t *candidates; /* candidate_t */
    apr_array_header_t *supports;   /* support_candidate_t */
    apr_pool_t *pool;
} passing_t;

/* 1 if brace text starts with {number,{name}: the mark and line ends are passed over. */
static int starts_as_metadata(const char *text, const char *name)
{
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0) text += 3;
    if (*text++ != '{') return 0;
    text += strspn(text, "0123456789");
    if (*text++ != ',') return 0;
    text += strspn(text, "\r\n ");
    return *text == '{' && strncmp(text + 1, name, GUID_CHARS) == 0 && text[1 + GUID_CHARS] == '}';
}

static cdist_err_t *visit_object(passing_t *passing, const cdist_item_t *item, apr_pool_t *pool)
{
    char head[128];
    apr_size_t length = sizeof head - 1;
    cdist_stream_t *stream;
    candidate_t *candidate;

    if (passing->candidates->nelts == MAX_CANDIDATES) return NULL;
    CDIST_ERR(cdist_container_content(&stream, NULL, passing->container, item, pool));
    CDIST_ERR(stream->read(stream, head, &length));
    head[length] = '\0';
    if (!starts_as_metadata(head, item->name)) return NULL;
    CDIST_ERR(stream->rewind(stream));
    candidate = apr_array_push(passing->candidates);
    candidate->id = apr_pstrdup(passing->pool, item->name);
    candidate->err = cdist_err_dup(cdist_metadata_parse(&candidate->metadata, stream, passing->pool), passing->pool);
    return NULL;
}

static cdist_err_t *visit_support(passing_t *passing, const cdist_item_t *item, apr_pool_t *pool)
{
    support_candidate_t candidate;
    cdist_stream_t *stream;

    if (passing->supports->nelts == MAX_CANDIDATES) return NULL;
    CDIST_ERR(cdist_container_content(&stream, NULL, passing->container, item, pool));
    /* NB: other objects have parts of that name too, which are no support data. */
    if (cdist_support_parse(&candidate.data, stream, CDIST_SUPPORT_START, passing->pool) != NULL) return NULL;
    candidate.object_id = apr_pstrmemdup(passing->pool, item->name, GUID_CHARS);
    APR_ARRAY_PUSH(passing->supports, support_candidate_t) = candidate;
    return NULL;
}

/* 1 if reading an entry's data would mean going back, which a stream can do only a few times. */
static int lies_behind(const passing_t *passing, const cdist_item_t *item)
{
    return passing->container->bytes->in_order && item->data_at < item->attr_at;
}

static cdist_err_t *visit(void *baton, const cdist_item_t *item, apr_pool_t *pool)
{
    passing_t *passing = baton;
    apr_size_t length = strlen(item->name);
    cdist_stream_t *stream;

    if (passing->wanted) {
        if (strcmp(item->name, passing->wanted) != 0) return NULL;
        return length == GUID_CHARS ? visit_object(passing, item, pool) : visit_support(passing, item, pool);
    }
    if (cdist_item_name_compare(item->name, UPDATE_INFO) == 0) {
        CDIST_ERR(cdist_container_content(&stream, NULL, passing->container, item, pool));
        return cdist_update_info_parse(&passing->update, stream, 0, passing->pool);
    }
    if (strcmp(item->name, "root") == 0) {
        return read_root(&passing->root_id, &passing->digest, passing->container, item, 0, passing->pool);
    }
    if (strcmp(item->name, "versions") == 0) return read_versions(&passing->version_id, passing->container, item, passing->pool);
    if (lies_behind(passing, item)) {
        passing->skipped = 1;
        return NULL;
    }
    if (length == GUID_CHARS) return visit_object(passing, item, pool);
    if (length == GUID_CHARS + 2 && strcmp(item->name + GUID_CHARS, ".4") == 0) return visit_support(passing, item, pool);
    return NULL;
}

static const candidate_t *look_up(const passing_t *passing, const char *id)
{
    int i;

    for (i = 0; i < passing->candidates->nelts; i++) {
        const candidate_t *candidate = &APR_ARRAY_IDX(passing->candidates, i, candidate_t);
        if (strcmp(candidate->id, id) == 0) return candidate;
    }
    return NULL;
}

/* The metadata, in a second walk where they lay behind in the first. */
static cdist_err_t *find_candidate(const candidate_t **candidate, passing_t *passing, const char *id)
{
    *candidate = look_up(passing, id);
    if (*candidate || !passing->skipped || strlen(id) != GUID_CHARS) return NULL;
    passing->candidates->nelts = 0;
    passing->wanted = id;
    CDIST_ERR(cdist_container_walk(passing->container, visit, passing, passing->pool));
    *candidate = look_up(passing, id);
    return NULL;
}

static const cdist_support_t *look_up_support(const passing_t *passing, const char *object_id)
{
    int i;

    for (i = 0; i < passing->supports->nelts; i++) {
        const support_candidate_t *support = &APR_ARRAY_IDX(passing->supports, i, support_candidate_t);
        if (strcmp(support->object_id, object_id) == 0) return support->data;
    }
    return NULL;
}

static cdist_err_t *find_support(const cdist_support_t **support, passing_t *passing, const char *object_id)
{
    *support = look_up_support(passing, object_id);
    if (*support || !passing->skipped || strlen(object_id) != GUID_CHARS) return NULL;
    passing->supports->nelts = 0;
    passing->wanted = apr_pstrcat(passing->pool, object_id, ".4", NULL);
    CDIST_ERR(cdist_container_walk(passing->container, visit, passing, passing->pool));
    *support = look_up_support(passing, object_id);
    return NULL;
}

static cdist_err_t *take_update(cdist_file_facts_t *facts, passing_t *passing, apr_pool_t *result_pool)
{
    const cdist_update_info_t *update = passing->update;
    const candidate_t *candidate;
    int i;

    CDIST_ERR(find_candidate(&candidate, passing, update->root_id));

    facts->kind = CDIST_FILE_CFU;
    facts->name = apr_pstrdup(result_pool, update->target.name);
    facts->vendor = apr_pstrdup(result_pool, update->target.vendor);
    facts->version = apr_pstrdup(result_pool, update->target.version);
    facts->version_id = apr_pstrdup(result_pool, update->target.version_id);
    facts->root_id = apr_pstrdup(result_pool, update->root_id);
    /* An update that leaves the metadata alone tells no compatibility mode. */
    if (candidate && !candidate->err) facts->compatibility = apr_pstrdup(result_pool, candidate->metadata.compatibility);
    for (i = 0; i < update->sources->nelts; i++) {
        const cdist_configuration_id_t *from = &APR_ARRAY_IDX(update->sources, i, cdist_configuration_id_t);
        cdist_configuration_id_t *to = apr_array_push(facts->sources);

        to->name = apr_pstrdup(result_pool, from->name);
        to->vendor = apr_pstrdup(result_pool, from->vendor);
        to->version = apr_pstrdup(result_pool, from->version);
        to->version_id = apr_pstrdup(result_pool, from->version_id);
    }
    return NULL;
}

static cdist_err_t *take_configuration(cdist_file_facts_t *facts, passing_t *passing, apr_pool_t *result_pool)
{
    const candidate_t *candidate;
    const cdist_support_t *support;
    const char *name = passing->container->bytes->name;

    CDIST_ERR(find_candidate(&candidate, passing, passing->root_id));
    if (!candidate) {
        return cdist_err_create(result_pool, CDIST_E_CORRUPT, 0, "%s: the entry %s, which root names, is missing or no metadata",
                                name, cdist_text_printable(passing->root_id, result_pool));
    }
    if (candidate->err) return cdist_err_dup(candidate->err, result_pool);
    put_metadata(facts, &candidate->metadata, result_pool);
    facts->root_id = apr_pstrdup(result_pool, passing->root_id);
    if (candidate->metadata.layout != LAYOUT_80 && passing->version_id) {
        facts->version_id = apr_pstrdup(result_pool, passing->version_id);
    }
    if (passing->digest || !*facts->version_id) return NULL;
    CDIST_ERR(find_support(&support, passing, candidate->metadata.object_id));
    if (support) facts->distribution = is_distribution(facts, passing->digest, support);
    return NULL;
}

cdist_err_t *cdist_passing_facts(cdist_file_facts_t *facts, cdist_container_t *container, apr_pool_t *result_pool,
                                 apr_pool_t *scratch_pool)
{
    passing_t passing = {container, NULL, NULL, NULL, 0, 0, NULL, apr_array_make(scratch_pool, 4, sizeof(candidate_t)),
                         apr_array_make(scratch_pool, 4, sizeof(support_candidate_t)), scratch_pool};

    facts->container_bits = cdist_container_bits(container);
    facts->entries = cdist_container_count(container);
    CDIST_ERR(cdist_container_walk(container, visit, &passing, scratch_pool));
    if (passing.update) return take_update(facts, &passing, result_pool);
    if (passing.root_id) return take_configuration(facts, &passing, result_pool);
    return cdist_damaged(result_pool, container->bytes->name, container->base + container->head_bytes,
                         "the table of contents has neither " UPDATE_INFO " nor root: neither an update nor a configuration");
}

/* ---- entry by entry -------------------------------------------------------------------------------------------- */

/* A configuration of 8.0 lies in one entry, as a container inside of it. */
static cdist_err_t *facts_of_80(cdist_file_facts_t *facts, cdist_container_t *outer, const cdist_item_t *item,
                                apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    cdist_container_t *inner;
    cdist_stream_t *stream;

    CDIST_ERR(cdist_container_content(&stream, NULL, outer, item, scratch_pool));
    CDIST_ERR(cdist_container_open(&inner, cdist_bytes_window(stream, scratch_pool), scratch_pool));
    return cdist_passing_facts(facts, inner, result_pool, scratch_pool);
}

static cdist_err_t *find_distribution(cdist_file_facts_t *facts, cdist_container_t *container, const metadata_t *metadata,
                                      int digest, apr_pool_t *pool)
{
    cdist_support_t *support;
    const cdist_item_t *item;
    cdist_stream_t *stream;

    if (digest || !*metadata->object_id) return NULL;
    CDIST_ERR(cdist_container_find(&item, container, apr_pstrcat(pool, metadata->object_id, ".4", NULL), 0));
    if (!item) return NULL;
    CDIST_ERR(cdist_container_content(&stream, NULL, container, item, pool));
    CDIST_ERR(cdist_support_parse(&support, stream, CDIST_SUPPORT_START, pool));
    facts->distribution = is_distribution(facts, digest, support);
    return NULL;
}

/* 1 for the small configuration that the platform puts in front of one of 64 bits. NB: it has a name, 32 hexadecimal digits; and a
 * real configuration of that compatibility, which platforms write with 64 bits, does not come in 32. */
static int is_stub(const cdist_file_facts_t *facts, const cdist_container_t *container)
{
    size_t digits = strspn(facts->name, "0123456789ABCDEFabcdef");

    if (container->bits != 32 || container->count > STUB_ENTRIES || *facts->vendor || *facts->version) return 0;
    if (!*facts->name) return 1;
    return digits == STUB_NAME_CHARS && !facts->name[digits] && strcmp(facts->compatibility, STUB_COMPATIBILITY) == 0;
}

static cdist_err_t *facts_by_root(cdist_file_facts_t *facts, cdist_container_t *container, const cdist_item_t *root,
                                  apr_uint32_t list, apr_pool_t *result_pool, apr_pool_t *pool)
{
    const cdist_item_t *item;
    const char *root_id, *version_id = "";
    metadata_t metadata;
    int digest;

    CDIST_ERR(read_root(&root_id, &digest, container, root, list, pool));
    CDIST_ERR(cdist_container_find(&item, container, root_id, 1));
    if (!item) {
        return cdist_damaged(result_pool, container->bytes->name, container->base + root->attr_at,
                             "the entry %s, which %s names, is missing", cdist_text_printable(root_id, pool), root->name);
    }
    CDIST_ERR(read_metadata(&metadata, container, item, pool));
    put_metadata(facts, &metadata, result_pool);
    facts->root_id = apr_pstrdup(result_pool, root_id);
    if (facts->kind != CDIST_FILE_CF) return NULL;
    if (list > 0) {
        facts->kind = CDIST_FILE_CFE;
        return NULL;
    }
    if (is_stub(facts, container)) {
        return cdist_damaged(result_pool, container->bytes->name, 0, "only the stub for old platforms can be read: the "
                             "configuration, which should follow it, is missing or damaged");
    }
    CDIST_ERR(cdist_container_find(&item, container, "versions", 0));
    if (item) CDIST_ERR(read_versions(&version_id, container, item, result_pool));
    facts->version_id = version_id;
    return find_distribution(facts, container, &metadata, digest, pool);
}

cdist_err_t *cdist_configuration_facts(cdist_file_facts_t *facts, cdist_container_t *container, apr_pool_t *result_pool,
                                       apr_pool_t *scratch_pool)
{
    const cdist_item_t *item;
    int thorough;

    facts->container_bits = container->bits;
    facts->entries = container->count;
    for (thorough = 0; thorough < 2; thorough++) {
        CDIST_ERR(cdist_container_find(&item, container, "root", thorough));
        if (item) return facts_by_root(facts, container, item, 0, result_pool, scratch_pool);
        CDIST_ERR(cdist_container_find(&item, container, "configinfo", thorough));
        if (item) return facts_by_root(facts, container, item, 1, result_pool, scratch_pool);
        CDIST_ERR(cdist_container_find(&item, container, UPDATE_INFO, thorough));
        if (item) return cdist_passing_facts(facts, container, result_pool, scratch_pool);
        CDIST_ERR(cdist_container_find(&item, container, "metadata", thorough));
        if (item) return facts_of_80(facts, container, item, result_pool, scratch_pool);
    }
    return cdist_damaged(result_pool, container->bytes->name, container->base + container->head_bytes,
                         "the table of contents has none of root, configinfo, metadata and " UPDATE_INFO ": a container, but "
                         "no configuration");
}
