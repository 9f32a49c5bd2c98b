/* Support data: entry <object-id>.4 of a configuration, ParentConfigurations.bin of its XML export.
 * {6,G,K, K x [instance,X,version id,"version","vendor","name",N, N x (rule,f2,local,vendor's object),0,0],
 *  D, D x (object,delivery rule), F,M, M x (object,m), ten numbers where K > 0}: one flat list.
 * G = 1, or X = 1 for one vendor: nothing may be changed. What follows the delivery rules is the memory of a dialog, and is
 * passed over. Source: real files, see docs/formats.md. */
#include "updates_int.h"

#include <string.h>

#define FORMAT 6
#define VENDOR_HEAD 7 /* instance … N */
#define VENDOR_TAIL 2
#define RULE_ITEMS 4
#define MAX_RULE 2
#define MAX_COUNT 100000000
#define MAX_VENDORS 10000
#define MAX_KEPT 2000000 /* rules; the largest configurations have fifty thousand */

typedef enum { IN_HEAD, IN_VENDOR, IN_RULES, IN_TAIL, IN_DELIVERY_COUNT, IN_DELIVERIES, IN_REST } section_t;

typedef struct {
    cdist_support_t *support;
    cdist_support_extent_t extent;
    const char *name; /* for messages */
    section_t section;
    apr_uint64_t place;        /* of the item that comes, in its section */
    apr_uint64_t left;         /* vendors whose data were not read yet */
    apr_uint64_t rules;        /* of this vendor; of delivery */
    cdist_support_vendor_t *vendor;
    int rule;                  /* that was read, and whose objects follow */
    const char *object;
    int done;
    apr_pool_t *pool;
} support_reader_t;

static cdist_err_t *take_number(int *number, const support_reader_t *reader, const cdist_token_t *token, int most)
{
    if (token->kind == CDIST_BRACE_BARE && cdist_number_parse(number, token->text, 0, MAX_COUNT)) {
        if (*number <= most) return NULL;
        return cdist_damaged(reader->pool, reader->name, token->offset, "a rule %d in the support data, which is not known",
                             *number);
    }
    return cdist_damaged(reader->pool, reader->name, token->offset, "a number is expected in the support data");
}

static cdist_err_t *take_id(const char **id, const support_reader_t *reader, const cdist_token_t *token)
{
    if (token->kind != CDIST_BRACE_BARE || token->length == 0 || token->cut) {
        return cdist_damaged(reader->pool, reader->name, token->offset, "an id is expected in the support data");
    }
    *id = cdist_text_decode(token->text, token->length, reader->pool);
    return NULL;
}

/* NB: a few megabytes of deflate data may hold a hundred million rules. */
static cdist_err_t *check_kept(const support_reader_t *reader, const cdist_token_t *token, apr_uint64_t count)
{
    if (reader->extent != CDIST_SUPPORT_WHOLE || count <= MAX_KEPT) return NULL;
    return cdist_damaged(reader->pool, reader->name, token->offset, "more than %d rules in the support data", MAX_KEPT);
}

static void enter(support_reader_t *reader, section_t section)
{
    reader->section = section;
    reader->place = 0;
}

/* What follows a vendor, or the head where there is none. */
static void next_vendor(support_reader_t *reader)
{
    enter(reader, reader->left ? IN_VENDOR : IN_DELIVERY_COUNT);
    reader->done = !reader->left && reader->extent != CDIST_SUPPORT_WHOLE;
}

static cdist_err_t *take_head(support_reader_t *reader, const cdist_token_t *token)
{
    int number;

    CDIST_ERR(take_number(&number, reader, token, MAX_COUNT));
    if (reader->place == 0 && number != FORMAT) {
        return cdist_damaged(reader->pool, reader->name, token->offset, "support data of format %d, which is not known", number);
    }
    if (reader->place == 1) reader->support->locked = number != 0;
    if (reader->place++ < 2) return NULL;
    if (number > MAX_VENDORS) {
        return cdist_damaged(reader->pool, reader->name, token->offset, "more than %d vendors in the support data", MAX_VENDORS);
    }
    reader->support->vendor_count = reader->left = (apr_uint64_t)number;
    next_vendor(reader);
    return NULL;
}

static void add_vendor(support_reader_t *reader)
{
    cdist_support_vendor_t *vendor = apr_array_push(reader->support->vendors);

    memset(vendor, 0, sizeof *vendor);
    vendor->instance = vendor->id.name = vendor->id.vendor = vendor->id.version = vendor->id.version_id = "";
    vendor->rules = apr_array_make(reader->pool, 1, sizeof(cdist_support_rule_t));
    reader->vendor = vendor;
}

static cdist_err_t *take_vendor(support_reader_t *reader, const cdist_token_t *token)
{
    cdist_configuration_id_t *id;
    int number;

    if (reader->place == 0) add_vendor(reader);
    id = &reader->vendor->id;
    if (reader->place < VENDOR_HEAD - 1) {
        const char **to[] = {&reader->vendor->instance, NULL, &id->version_id, &id->version, &id->vendor, &id->name};

        if (to[reader->place]) *to[reader->place] = cdist_text_decode(token->text, token->length, reader->pool);
        else reader->vendor->locked = strcmp(token->text, "0") != 0;
        reader->done = ++reader->place == VENDOR_HEAD - 1 && reader->extent == CDIST_SUPPORT_START;
        return NULL;
    }
    CDIST_ERR(take_number(&number, reader, token, MAX_COUNT));
    reader->rules = (apr_uint64_t)number;
    reader->support->rule_count += reader->rules;
    CDIST_ERR(check_kept(reader, token, reader->support->rule_count));
    enter(reader, number ? IN_RULES : IN_TAIL);
    return NULL;
}

static cdist_err_t *take_rule(support_reader_t *reader, const cdist_token_t *token)
{
    int keep = reader->extent == CDIST_SUPPORT_WHOLE;

    if (keep && reader->place == 0) CDIST_ERR(take_number(&reader->rule, reader, token, MAX_RULE));
    if (keep && reader->place == 2) CDIST_ERR(take_id(&reader->object, reader, token));
    if (keep && reader->place == 3) {
        cdist_support_rule_t *rule = apr_array_push(reader->vendor->rules);

        rule->rule = reader->rule;
        rule->local = rule->vendor = reader->object;
        if (strcmp(token->text, reader->object) != 0) CDIST_ERR(take_id(&rule->vendor, reader, token));
    }
    if (++reader->place < RULE_ITEMS) return NULL;
    reader->rules--;
    enter(reader, reader->rules ? IN_RULES : IN_TAIL);
    return NULL;
}

static cdist_err_t *take_delivery(support_reader_t *reader, const cdist_token_t *token)
{
    cdist_delivery_rule_t *delivery;
    int number;

    if (reader->place++ == 0) return take_id(&reader->object, reader, token);
    CDIST_ERR(take_number(&number, reader, token, MAX_RULE));
    delivery = apr_array_push(reader->support->deliveries);
    delivery->object = reader->object;
    delivery->rule = number;
    reader->rules--;
    enter(reader, reader->rules ? IN_DELIVERIES : IN_REST);
    return NULL;
}

static cdist_err_t *take_item(support_reader_t *reader, const cdist_token_t *token)
{
    int number;

    switch (reader->section) {
    case IN_HEAD: return take_head(reader, token);
    case IN_VENDOR: return take_vendor(reader, token);
    case IN_RULES: return take_rule(reader, token);
    case IN_TAIL:
        if (++reader->place < VENDOR_TAIL) return NULL;
        reader->left--;
        next_vendor(reader);
        return NULL;
    case IN_DELIVERY_COUNT:
        CDIST_ERR(take_number(&number, reader, token, MAX_COUNT));
        reader->rules = (apr_uint64_t)number;
        CDIST_ERR(check_kept(reader, token, reader->rules));
        enter(reader, number ? IN_DELIVERIES : IN_REST);
        return NULL;
    case IN_DELIVERIES: return take_delivery(reader, token);
    case IN_REST: break;
    }
    return NULL;
}

cdist_err_t *cdist_support_parse(cdist_support_t **support, cdist_stream_t *stream, cdist_support_extent_t extent,
                                 apr_pool_t *pool)
{
    support_reader_t reader = {apr_pcalloc(pool, sizeof **support), extent, stream->name};
    cdist_brace_reader_t *text = cdist_brace_reader_create(stream, FACT_TEXT, pool);
    const cdist_token_t *token;

    reader.pool = pool;
    reader.support->vendors = apr_array_make(pool, 1, sizeof(cdist_support_vendor_t));
    reader.support->deliveries = apr_array_make(pool, 1, sizeof(cdist_delivery_rule_t));
    do {
        CDIST_ERR(cdist_brace_next(&token, text));
        if (token->kind == CDIST_BRACE_END) break;
        if (token->list > 0 || (token->kind == CDIST_BRACE_OPEN && token->depth > 0)) {
            return cdist_damaged(pool, stream->name, token->offset, "support data are one flat list");
        }
        if (token->depth == 1) CDIST_ERR(take_item(&reader, token));
    } while (!reader.done);
    if (!reader.done && reader.section != IN_REST) {
        return cdist_damaged(pool, stream->name, token->offset, "the support data end too early");
    }
    *support = reader.support;
    return NULL;
}
