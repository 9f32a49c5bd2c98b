/* Support data: entry <object-id>.4 of a configuration, ParentConfigurations.bin of its XML export.
 * {6,G,K, K x [instance,X,version id,"version","vendor","name",N, N x (rule,f2,local,vendor's object),0,0],D,…}: one flat list.
 * G = 1: nothing may be changed. Source: real files, see docs/formats.md. */
#include "updates_int.h"

#include <string.h>

#define FORMAT 6
#define VENDOR_HEAD 7 /* instance … N */
#define VENDOR_TAIL 2
#define RULE_ITEMS 4
#define MAX_RULES 100000000

typedef struct {
    support_data_t *support;
    apr_uint64_t vendors_left; /* whose head was not read yet */
    apr_uint64_t head;         /* where the vendor's head starts, among the items */
    apr_uint64_t index;        /* of the item that comes */
} support_reader_t;

static cdist_err_t *take_number(int *number, const cdist_token_t *token, const char *name, apr_pool_t *pool)
{
    if (token->kind == CDIST_BRACE_BARE && cdist_number_parse(number, token->text, 0, MAX_RULES)) return NULL;
    return cdist_damaged(pool, name, token->offset, "a number is expected in the support data");
}

static void take_vendor(cdist_configuration_id_t *vendor, const cdist_token_t *token, apr_uint64_t place, apr_pool_t *pool)
{
    const char **to[] = {NULL, NULL, &vendor->version_id, &vendor->version, &vendor->vendor, &vendor->name};

    if (place >= 2 && place <= 5) *to[place] = cdist_text_decode(token->text, token->length, pool);
}

/* An item of the list; *done is set behind the last that matters. */
static cdist_err_t *take_item(int *done, support_reader_t *reader, const cdist_token_t *token, const char *name,
                              int start_only, apr_pool_t *pool)
{
    support_data_t *support = reader->support;
    apr_uint64_t index = reader->index++;
    int number;

    if (index < 3) {
        CDIST_ERR(take_number(&number, token, name, pool));
        if (index == 0 && number != FORMAT) {
            return cdist_damaged(pool, name, token->offset, "support data of format %d, which is not known", number);
        }
        if (index == 1) support->locked = number != 0;
        if (index == 2) support->vendors = reader->vendors_left = (apr_uint64_t)number;
        *done = index == 2 && number == 0;
        return NULL;
    }
    if (index < reader->head) return NULL;
    if (support->vendors == reader->vendors_left) take_vendor(&support->first, token, index - reader->head, pool);
    *done = start_only && index - reader->head == VENDOR_HEAD - 2;
    if (index - reader->head < VENDOR_HEAD - 1) return NULL;
    CDIST_ERR(take_number(&number, token, name, pool));
    support->rules += (apr_uint64_t)number;
    reader->head = index + 1 + (apr_uint64_t)number * RULE_ITEMS + VENDOR_TAIL;
    if (--reader->vendors_left == 0) *done = number == 0;
    return NULL;
}

cdist_err_t *cdist_support_parse(support_data_t *support, cdist_stream_t *stream, int start_only, apr_pool_t *pool)
{
    support_reader_t reader = {support, 0, 3, 0};
    cdist_brace_reader_t *text = cdist_brace_reader_create(stream, FACT_TEXT, pool);
    const cdist_token_t *token;
    int done = 0;

    memset(support, 0, sizeof *support);
    support->first.name = support->first.vendor = support->first.version = support->first.version_id = "";
    do {
        CDIST_ERR(cdist_brace_next(&token, text));
        if (token->kind == CDIST_BRACE_END) break;
        if (token->list > 0 || (token->kind == CDIST_BRACE_OPEN && token->depth > 0)) {
            return cdist_damaged(pool, stream->name, token->offset, "support data are one flat list");
        }
        if (token->depth != 1) continue;
        /* The rules of the last vendor are counted through, so that a file that was cut short is noticed. */
        if (reader.index >= 3 && reader.vendors_left == 0) done = ++reader.index >= reader.head;
        else CDIST_ERR(take_item(&done, &reader, token, stream->name, start_only, pool));
    } while (!done);
    if (done) return NULL;
    return cdist_damaged(pool, stream->name, token->offset, "the support data end too early");
}
