/* The register of customisations: what the customer changed, written down to be compared with what is changed later.
 * Format 1: JSON, a line for the head {"register":1,"level","name","vendor","version","version_id","count"}, and one for each
 * item {"id","name","mine","support","sha256"}, sorted by id. Another number is refused. */
#include "cdist_compare.h"

#include <apr_strings.h>
#include <jansson.h>

#include <string.h>

#define FORMAT 1
#define MAX_ITEMS 10000000

const char *cdist_since_name(cdist_since_t since)
{
    static const char *const names[] = {"appeared", "changed", "gone"};

    return names[since];
}

/* ---- making ---------------------------------------------------------------------------------------------------- */

cdist_err_t *cdist_register_make(cdist_register_t **reg, cdist_sides_t *sides, const cdist_comparison_t *comparison,
                                 const char *level, apr_pool_t *pool)
{
    cdist_register_t *made = apr_pcalloc(pool, sizeof *made);
    const cdist_file_facts_t *base;
    int i;

    if (!sides->base) {
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: holds no vendor's configuration, so what the customer changed is "
                                "not known: name the base with --base", cdist_config_name(sides->mine));
    }
    base = cdist_config_facts(sides->base);
    made->level = level;
    made->base = (cdist_configuration_id_t){base->name, base->vendor, base->version, base->version_id};
    made->items = apr_array_make(pool, 64, sizeof(cdist_customisation_t));
    for (i = 0; i < comparison->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(comparison->differences, i, cdist_difference_t);
        const cdist_metadata_object_t *object;
        cdist_customisation_t *item;

        if (difference->mine_side == CDIST_SIDE_UNCHANGED) continue;
        if (difference->error) {
            return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "no register is made of what cannot be read: %s",
                                    difference->error);
        }
        item = apr_array_push(made->items);
        memset(item, 0, sizeof *item);
        item->id = difference->id;
        object = cdist_sides_object(sides, difference);
        item->name = object ? cdist_names_qualified(object, 1, pool) : "";
        item->side = difference->mine_side;
        item->rule = cdist_sides_rule(sides, difference);
        if (difference->mine) item->digest = difference->mine->digest;
    }
    *reg = made;
    return NULL;
}

/* ---- writing --------------------------------------------------------------------------------------------------- */

static void put_text(json_t *object, const char *key, const char *text)
{
    json_object_set_new(object, key, json_string(text));
}

typedef struct {
    char *bytes;
    apr_size_t length, room;
    apr_pool_t *pool;
} text_t;

static int put_bytes(const char *bytes, size_t length, void *baton)
{
    text_t *text = baton;

    if (text->room - text->length < length) {
        char *larger;

        text->room = (text->room + length) * 2;
        larger = apr_palloc(text->pool, text->room);
        memcpy(larger, text->bytes, text->length);
        text->bytes = larger;
    }
    memcpy(text->bytes + text->length, bytes, length);
    text->length += length;
    return 0;
}

static void put_line(text_t *text, json_t *object)
{
    json_dump_callback(object, put_bytes, text, JSON_COMPACT);
    json_decref(object);
    put_bytes("\n", 1, text);
}

static json_t *head_json(const cdist_register_t *reg)
{
    json_t *head = json_object();

    json_object_set_new(head, "register", json_integer(FORMAT));
    put_text(head, "level", reg->level);
    put_text(head, "name", reg->base.name);
    put_text(head, "vendor", reg->base.vendor);
    put_text(head, "version", reg->base.version);
    put_text(head, "version_id", reg->base.version_id);
    json_object_set_new(head, "count", json_integer(reg->items->nelts));
    return head;
}

const char *cdist_register_format(apr_size_t *length, const cdist_register_t *reg, apr_pool_t *pool)
{
    text_t text = {apr_palloc(pool, 4096), 0, 4096, pool};
    int i;

    put_line(&text, head_json(reg));
    for (i = 0; i < reg->items->nelts; i++) {
        const cdist_customisation_t *item = &APR_ARRAY_IDX(reg->items, i, cdist_customisation_t);
        json_t *object = json_object();

        put_text(object, "id", item->id);
        put_text(object, "name", item->name);
        put_text(object, "mine", cdist_side_name(item->side));
        put_text(object, "support", cdist_rule_name(item->rule));
        put_text(object, "sha256", cdist_digest_hex(&item->digest, pool));
        put_line(&text, object);
    }
    *length = text.length;
    return text.bytes;
}

/* ---- reading --------------------------------------------------------------------------------------------------- */

typedef struct {
    cdist_register_t *reg;
    const char *path;
    int line;
    apr_pool_t *pool;
} reader_t;

static cdist_err_t *refuse(const reader_t *reader, const char *what)
{
    return cdist_err_create(reader->pool, CDIST_E_INPUT, 0, "%s: line %d: %s", reader->path, reader->line, what);
}

/* "" where it is not there, or no text. */
static const char *text_of(const json_t *object, const char *key, apr_pool_t *pool)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text ? apr_pstrdup(pool, text) : "";
}

static cdist_err_t *take_head(json_int_t *count, reader_t *reader, const json_t *object)
{
    const json_t *format = json_object_get(object, "register");
    cdist_register_t *reg = reader->reg;

    if (!json_is_integer(format)) return refuse(reader, "is no register of customisations, as --register writes it");
    if (json_integer_value(format) != FORMAT) return refuse(reader, "a register of another format, of a newer 1cdist maybe");
    reg->level = text_of(object, "level", reader->pool);
    reg->base.name = text_of(object, "name", reader->pool);
    reg->base.vendor = text_of(object, "vendor", reader->pool);
    reg->base.version = text_of(object, "version", reader->pool);
    reg->base.version_id = text_of(object, "version_id", reader->pool);
    *count = json_integer_value(json_object_get(object, "count"));
    if (*count < 0 || *count > MAX_ITEMS) return refuse(reader, "the count is none");
    return NULL;
}

static int find_side(cdist_side_t *side, const char *name)
{
    for (*side = CDIST_SIDE_ADDED; *side <= CDIST_SIDE_DELETED; (*side)++) {
        if (strcmp(cdist_side_name(*side), name) == 0) return 1;
    }
    return 0;
}

static cdist_err_t *take_item(reader_t *reader, const json_t *object)
{
    const apr_array_header_t *items = reader->reg->items;
    const char *support = text_of(object, "support", reader->pool);
    cdist_customisation_t item;

    memset(&item, 0, sizeof item);
    item.id = text_of(object, "id", reader->pool);
    item.name = text_of(object, "name", reader->pool);
    if (!*item.id) return refuse(reader, "the id is missing");
    if (!find_side(&item.side, text_of(object, "mine", reader->pool))) {
        return refuse(reader, "mine is neither added nor changed nor deleted");
    }
    if (!cdist_digest_parse(&item.digest, text_of(object, "sha256", reader->pool))) {
        return refuse(reader, "sha256 is no digest");
    }
    for (item.rule = CDIST_RULE_REMOVED; item.rule > CDIST_RULE_UNKNOWN; item.rule--) {
        if (strcmp(cdist_rule_name(item.rule), support) == 0) break;
    }
    if (items->nelts > 0 && strcmp(APR_ARRAY_IDX(items, items->nelts - 1, cdist_customisation_t).id, item.id) >= 0) {
        return refuse(reader, "the ids are not in order");
    }
    APR_ARRAY_PUSH(reader->reg->items, cdist_customisation_t) = item;
    return NULL;
}

static cdist_err_t *take_line(json_int_t *count, reader_t *reader, const char *line, apr_size_t length)
{
    json_error_t where;
    json_t *object = json_loadb(line, length, JSON_REJECT_DUPLICATES, &where);
    cdist_err_t *err;

    reader->line++;
    if (!json_is_object(object)) {
        json_decref(object);
        return refuse(reader, "is no JSON object");
    }
    err = reader->line == 1 ? take_head(count, reader, object) : take_item(reader, object);
    json_decref(object);
    return err;
}

cdist_err_t *cdist_register_parse(cdist_register_t **reg, const char *bytes, apr_size_t length, const char *path,
                                  apr_pool_t *pool)
{
    reader_t reader = {apr_pcalloc(pool, sizeof **reg), path, 0, pool};
    json_int_t count = -1;
    apr_size_t at = 0;

    reader.reg->items = apr_array_make(pool, 64, sizeof(cdist_customisation_t));
    while (at < length) {
        const char *end = memchr(bytes + at, '\n', length - at);
        apr_size_t line = end ? (apr_size_t)(end - bytes) - at : length - at;

        CDIST_ERR(take_line(&count, &reader, bytes + at, line));
        at += line + (end != NULL);
    }
    if (length == 0) return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: is empty, and no register of customisations", path);
    if (count != reader.reg->items->nelts) return refuse(&reader, "the register is cut off, or something was added to it");
    *reg = reader.reg;
    return NULL;
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

static const cdist_customisation_t *item_at(const cdist_register_t *reg, int index)
{
    return index < reg->items->nelts ? &APR_ARRAY_IDX(reg->items, index, cdist_customisation_t) : NULL;
}

apr_array_header_t *cdist_register_compare(const cdist_register_t *before, const cdist_register_t *now, apr_pool_t *pool)
{
    apr_array_header_t *changes = apr_array_make(pool, 16, sizeof(cdist_register_change_t));
    int i = 0, j = 0;

    while (i < before->items->nelts || j < now->items->nelts) {
        const cdist_customisation_t *old = item_at(before, i), *new = item_at(now, j);
        int order = !old ? 1 : !new ? -1 : strcmp(old->id, new->id);
        cdist_register_change_t change = {order < 0 ? CDIST_SINCE_GONE : order > 0 ? CDIST_SINCE_APPEARED : CDIST_SINCE_CHANGED,
                                          order <= 0 ? old : NULL, order >= 0 ? new : NULL};

        i += order <= 0;
        j += order >= 0;
        if (order == 0 && old->side == new->side && old->rule == new->rule && cdist_digest_equal(&old->digest, &new->digest)) continue;
        APR_ARRAY_PUSH(changes, cdist_register_change_t) = change;
    }
    return changes;
}
