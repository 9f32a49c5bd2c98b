/* UpdateInfo.inf of a .cfu: what the update applies to, what it takes away and brings, what it leads to.
 * {3,n, n x ("name","vendor","version",id), d, d x "entry", i, i x ("entry",id), "name","vendor","version",zeros, {…}, root}: the
 * entry "" among the inserts has the id of the configuration's new version; {…} goes into the entry `version`.
 * Source: real files, see docs/formats.md. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>
#include <strings.h>

#define FORMAT "3"
#define MAX_SOURCES 65536
#define MAX_ENTRIES 262144
#define MAX_KEPT_BYTES (4u * 1024 * 1024)     /* of texts that are kept, without the entries */
#define MAX_ENTRIES_BYTES (24u * 1024 * 1024) /* of the names and ids of all entries, kept or not */

/* The parts of the list, in their order. */
typedef enum {
    PART_FORMAT,
    PART_SOURCE_COUNT,
    PART_SOURCES,
    PART_DELETE_COUNT,
    PART_DELETES,
    PART_INSERT_COUNT,
    PART_INSERTS,
    PART_TARGET,
    PART_VERSION,
    PART_ROOT,
    PART_END
} section_t;

typedef struct {
    cdist_update_info_t *info;
    section_t part;
    int index, count;    /* which item of the part comes, and how many it has */
    int next_count;      /* of the part behind a count */
    const char *pending; /* the entry whose id comes next; NULL: one that is passed over */
    char content[FACT_TEXT];
    apr_size_t content_bytes;
    cdist_brace_writer_t writer; /* into content */
    int with_entries;
    apr_uint64_t kept_bytes, entries_bytes;
    const char *name;
    apr_pool_t *pool;
} update_reader_t;

static cdist_err_t *put_content(void *baton, const void *bytes, apr_size_t length)
{
    update_reader_t *reader = baton;

    if (length > sizeof reader->content - reader->content_bytes) {
        return cdist_err_create(reader->pool, CDIST_E_CORRUPT, 0, "%s: the content of the entry version is too long",
                                reader->name);
    }
    memcpy(reader->content + reader->content_bytes, bytes, length);
    reader->content_bytes += length;
    return NULL;
}

static const char *take(const cdist_token_t *token, update_reader_t *reader)
{
    if (reader->part != PART_DELETES && reader->part != PART_INSERTS) reader->kept_bytes += token->length + 1;
    return cdist_text_decode(token->text, token->length, reader->pool);
}

static cdist_err_t *take_count(update_reader_t *reader, const cdist_token_t *token, int most, int items)
{
    int number;

    if (token->kind != CDIST_BRACE_BARE || !cdist_number_parse(&number, token->text, 0, APR_INT32_MAX)) {
        return cdist_damaged(reader->pool, reader->name, token->offset, "a number from 0 to %d is expected", most);
    }
    if (number > most) {
        return cdist_damaged(reader->pool, reader->name, token->offset, "a list of %d %s, of which at most %d are read", number,
                             reader->part == PART_SOURCE_COUNT ? "sources" : "entries", most);
    }
    reader->next_count = number * items;
    return NULL;
}

static void take_id(cdist_configuration_id_t *id, int place, const cdist_token_t *token, update_reader_t *reader)
{
    const char **to[] = {&id->name, &id->vendor, &id->version, &id->version_id};

    *to[place] = take(token, reader);
}

static void take_source(update_reader_t *reader, const cdist_token_t *token)
{
    apr_array_header_t *sources = reader->info->sources;

    if (reader->index % 4 == 0) memset(apr_array_push(sources), 0, sizeof(cdist_configuration_id_t));
    take_id(&APR_ARRAY_IDX(sources, sources->nelts - 1, cdist_configuration_id_t), reader->index % 4, token, reader);
}

static void take_insert(update_reader_t *reader, const cdist_token_t *token)
{
    if (reader->index % 2 == 0) {
        reader->pending = reader->with_entries || token->length == 0 ? take(token, reader) : NULL;
    } else if (reader->pending && !*reader->pending) {
        reader->info->target.version_id = take(token, reader);
    } else if (reader->pending) {
        cdist_entry_version_t *insert = apr_array_push(reader->info->inserts);
        insert->name = reader->pending;
        insert->version_id = take(token, reader);
    }
}

/* On to the next part that has items. */
static void next_part(update_reader_t *reader)
{
    do {
        int listed = reader->part == PART_SOURCE_COUNT || reader->part == PART_DELETE_COUNT || reader->part == PART_INSERT_COUNT;

        reader->part++;
        reader->index = 0;
        reader->count = listed ? reader->next_count : reader->part == PART_TARGET ? 4 : 1;
    } while (reader->count == 0);
}

/* Ids are written into brace text again as they are, so none may be a text in quotes. */
static int is_id(const update_reader_t *reader)
{
    return reader->part == PART_ROOT || (reader->part == PART_SOURCES && reader->index % 4 == 3) ||
           (reader->part == PART_INSERTS && reader->index % 2 == 1);
}

/* An item that is no list. */
static cdist_err_t *take_item(update_reader_t *reader, const cdist_token_t *token)
{
    section_t part = reader->part;

    if (is_id(reader) && token->kind != CDIST_BRACE_BARE) {
        return cdist_damaged(reader->pool, reader->name, token->offset, "an id is expected here, not a text");
    }
    switch (part) {
    case PART_FORMAT:
        if (strcmp(token->text, FORMAT) == 0) break;
        return cdist_damaged(reader->pool, reader->name, token->offset, "an update of format %s, which is not known",
                             cdist_text_printable(token->text, reader->pool));
    case PART_SOURCE_COUNT: CDIST_ERR(take_count(reader, token, MAX_SOURCES, 4)); break;
    case PART_DELETE_COUNT: CDIST_ERR(take_count(reader, token, MAX_ENTRIES, 1)); break;
    case PART_INSERT_COUNT: CDIST_ERR(take_count(reader, token, MAX_ENTRIES, 2)); break;
    case PART_SOURCES: take_source(reader, token); break;
    case PART_DELETES:
        if (reader->with_entries) APR_ARRAY_PUSH(reader->info->deletes, const char *) = take(token, reader);
        break;
    case PART_INSERTS: take_insert(reader, token); break;
    case PART_TARGET: /* the zeros in the place for an id say nothing: it stands among the inserts */
        if (reader->index < 3) take_id(&reader->info->target, reader->index, token, reader);
        break;
    case PART_ROOT: reader->info->root_id = take(token, reader); break;
    default: return cdist_damaged(reader->pool, reader->name, token->offset, "an item that has no place here");
    }
    /* NB: what is not kept is counted too, so that the same updates are refused whatever is wanted of them. */
    if (part == PART_DELETES || part == PART_INSERTS) reader->entries_bytes += token->length + 1;
    if (++reader->index == reader->count) next_part(reader);
    if (reader->kept_bytes <= MAX_KEPT_BYTES && reader->entries_bytes <= MAX_ENTRIES_BYTES) return NULL;
    return cdist_damaged(reader->pool, reader->name, token->offset, "longer texts than any update has");
}

/* What is written into the entry `version` is a list, and copied as it is. */
static cdist_err_t *copy_content(update_reader_t *reader, const cdist_token_t *token)
{
    switch (token->kind) {
    case CDIST_BRACE_OPEN: return cdist_brace_write_open(&reader->writer);
    case CDIST_BRACE_TEXT: return cdist_brace_write_text(&reader->writer, token->text, token->length);
    case CDIST_BRACE_BARE: return cdist_brace_write_bare(&reader->writer, token->text, token->length);
    default: CDIST_ERR(cdist_brace_write_close(&reader->writer));
    }
    if (token->depth == 1) next_part(reader);
    return NULL;
}

static cdist_err_t *take_token(update_reader_t *reader, const cdist_token_t *token)
{
    if (token->depth == 0) return NULL;
    if (reader->part == PART_VERSION && (token->depth > 1 || token->kind == CDIST_BRACE_OPEN || token->kind == CDIST_BRACE_CLOSE)) {
        return copy_content(reader, token);
    }
    if (token->depth > 1 || token->kind == CDIST_BRACE_OPEN || reader->part == PART_VERSION) {
        return cdist_damaged(reader->pool, reader->name, token->offset,
                             reader->part == PART_VERSION ? "a list is expected here" : "a list that has no place here");
    }
    return take_item(reader, token);
}

cdist_err_t *cdist_update_info_parse(cdist_update_info_t **info, cdist_stream_t *stream, int with_entries, apr_pool_t *pool)
{
    update_reader_t *reader = apr_pcalloc(pool, sizeof *reader);
    cdist_brace_reader_t *text = cdist_brace_reader_create(stream, FACT_TEXT, pool);
    const cdist_token_t *token;

    reader->info = apr_pcalloc(pool, sizeof *reader->info);
    reader->info->sources = apr_array_make(pool, 4, sizeof(cdist_configuration_id_t));
    reader->info->deletes = apr_array_make(pool, 4, sizeof(const char *));
    reader->info->inserts = apr_array_make(pool, 4, sizeof(cdist_entry_version_t));
    reader->info->target.version_id = "";
    reader->count = 1;
    reader->with_entries = with_entries;
    reader->name = stream->name;
    reader->pool = pool;
    reader->writer.write = put_content;
    reader->writer.baton = reader;
    do {
        CDIST_ERR(cdist_brace_next(&token, text));
        CDIST_ERR(take_token(reader, token));
    } while (token->kind != CDIST_BRACE_END && !(token->kind == CDIST_BRACE_CLOSE && token->depth == 0));
    if (reader->part != PART_END) return cdist_damaged(pool, stream->name, token->offset, "the list of the update ends too early");
    if (!*reader->info->target.version_id) {
        return cdist_damaged(pool, stream->name, token->offset, "the id of the new version is missing");
    }
    reader->info->version_content = apr_pstrmemdup(pool, reader->content, reader->content_bytes);
    *info = reader->info;
    return NULL;
}

/* Name and vendor of a configuration, for a message. */
static const char *shown_name(const cdist_configuration_id_t *id, apr_pool_t *pool)
{
    const char *vendor = cdist_text_printable(id->vendor, pool);

    return apr_pstrcat(pool, cdist_text_printable(id->name, pool), *vendor ? " of " : "", vendor, NULL);
}

/* Why an update does not apply: it is of another configuration altogether, or for other versions of this one. */
static cdist_err_t *not_for_this(const cdist_update_info_t *info, const cdist_configuration_id_t *id, const char *name,
                                 apr_pool_t *pool)
{
    const char *versions = "";
    int i, same_name = 0, same_text = 0;

    for (i = 0; i < info->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(info->sources, i, cdist_configuration_id_t);
        int here = strcmp(source->name, id->name) == 0;

        same_name |= here;
        same_text |= here && strcmp(source->version, id->version) == 0;
        if (i < 20) versions = apr_pstrcat(pool, versions, i ? ", " : "", source->version, NULL);
    }
    if (info->sources->nelts && !same_name) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0,
                                "%s: does not apply: it is an update of another configuration, %s, and not of %s", name,
                                shown_name(&info->target, pool), shown_name(id, pool));
    }
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: does not apply to %s %s (id %s)%s; it applies to %s%s", name,
                            cdist_text_printable(id->name, pool), cdist_text_printable(id->version, pool),
                            cdist_text_printable(id->version_id, pool),
                            same_text ? ": it is for another build of this version" : "",
                            info->sources->nelts ? cdist_text_printable(versions, pool) : "nothing",
                            info->sources->nelts > 20 ? " …" : "");
}

/* NB: the id decides. Two builds may have one name, vendor and version, and an update of one spoils the other. */
cdist_err_t *cdist_update_check(const cdist_update_info_t *info, const cdist_configuration_id_t *id, const char *name,
                                apr_pool_t *pool)
{
    int i;

    for (i = 0; i < info->sources->nelts; i++) {
        const cdist_configuration_id_t *source = &APR_ARRAY_IDX(info->sources, i, cdist_configuration_id_t);
        if (strcasecmp(source->version_id, id->version_id) == 0) return NULL;
    }
    return not_for_this(info, id, name, pool);
}
