/* What the entries of a configuration say: `root`, the metadata, `versions`.
 * root: {2,<root-guid>,<digest>}; entry <root-guid>: {2,{<root-guid>},n,{CLASS,{ver,P,…}},…}, where P holds the properties of the
 * configuration, at places that depend on its layout P[0]; versions: {1,n,"",<id of the configuration>,"entry",<id>,…}.
 * Source: real files of 8.0 to 8.5, see docs/formats.md. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define CLASS_CONFIGURATION "9cd510cd-abfc-11d4-9434-004095e12fc7"
#define CLASS_PROCESSOR "c3831ec8-d8d5-4f93-8a22-f9bfae07327f"
#define CLASS_REPORT "e41aff26-25cf-4bb6-b6c1-3f478a75f374"

#define LAYOUT_80 15
#define LAYOUT_82 36 /* the first with a compatibility mode */
#define NO_PLACE 0xFFFFFFFFu

/* ---- metadata -------------------------------------------------------------------------------------------------- */

typedef struct {
    metadata_t *metadata;
    apr_uint32_t object;  /* which item of the text describes the object; NO_PLACE: not met yet */
    apr_uint32_t vendor_place, version_place, compatibility_place;
    int texts;            /* 1 and 2: vendor and version are where they belong */
    apr_pool_t *pool;
} metadata_reader_t;

static const char *take(const cdist_token_t *token, apr_pool_t *pool)
{
    return cdist_text_decode(token->text, token->length, pool);
}

static const char *compatibility_name(const char *code, apr_pool_t *pool)
{
    int number;

    if (!cdist_number_parse(&number, code, 0, 999999)) return "";
    if (number == 0) return "DontUse";
    if (number < 80000) return apr_psprintf(pool, "code:%d", number);
    return apr_psprintf(pool, "Version%d_%d_%d", number / 10000, number / 100 % 100, number % 100);
}

/* Which object the text describes. */
static void take_class(metadata_reader_t *reader, const cdist_token_t *token)
{
    if (strcmp(token->text, CLASS_CONFIGURATION) == 0) reader->metadata->kind = CDIST_FILE_CF;
    else if (strcmp(token->text, CLASS_PROCESSOR) == 0) reader->metadata->kind = CDIST_FILE_EPF;
    else if (strcmp(token->text, CLASS_REPORT) == 0) reader->metadata->kind = CDIST_FILE_ERF;
    else return;
    reader->object = token->path[0];
}

static cdist_err_t *take_layout(metadata_reader_t *reader, const cdist_token_t *token, const char *name)
{
    int layout;

    if (!cdist_number_parse(&layout, token->text, 0, 100000)) {
        return cdist_damaged(reader->pool, name, token->offset, "the layout of the metadata is no number");
    }
    reader->metadata->layout = (apr_uint32_t)layout;
    reader->vendor_place = layout == LAYOUT_80 ? 11 : 14;
    reader->version_place = layout == LAYOUT_80 ? 12 : 15;
    reader->compatibility_place = layout >= LAYOUT_82 ? 26 : NO_PLACE;
    return NULL;
}

/* An item of the properties P, at any depth in it. */
static cdist_err_t *take_property(metadata_reader_t *reader, const cdist_token_t *token, const char *name)
{
    metadata_t *metadata = reader->metadata;
    const apr_uint32_t *p = token->path + 3;

    if (token->depth == 4 && p[0] == 0) return take_layout(reader, token, name);
    if (token->kind == CDIST_BRACE_TEXT && !metadata->name &&
        (metadata->kind != CDIST_FILE_CF || (token->depth == 6 && p[0] == 1 && p[1] == 1 && p[2] == 2))) {
        metadata->name = take(token, reader->pool);
    } else if (token->depth == 7 && p[0] == 1 && p[1] == 1 && p[2] == 1 && p[3] == 2) {
        metadata->object_id = take(token, reader->pool);
    } else if (token->depth == 4 && token->kind == CDIST_BRACE_TEXT && p[0] == reader->vendor_place) {
        metadata->vendor = take(token, reader->pool);
        reader->texts |= 1;
    } else if (token->depth == 4 && token->kind == CDIST_BRACE_TEXT && p[0] == reader->version_place) {
        metadata->version = take(token, reader->pool);
        reader->texts |= 2;
    } else if (token->depth == 4 && token->kind == CDIST_BRACE_BARE && p[0] == reader->compatibility_place) {
        metadata->compatibility = compatibility_name(token->text, reader->pool);
    }
    return NULL;
}

static int in_properties(const metadata_reader_t *reader, const cdist_token_t *token)
{
    return token->depth >= 4 && token->path[0] == reader->object && token->path[1] == 1 && token->path[2] == 1;
}

/* 1 if nothing behind the token matters: the properties end, or the last one was read. */
static int is_done(const metadata_reader_t *reader, const cdist_token_t *token)
{
    if (reader->object == NO_PLACE) return 0;
    if (reader->metadata->kind != CDIST_FILE_CF && reader->metadata->name) return 1;
    if (token->kind == CDIST_BRACE_CLOSE && token->depth == 3) {
        return token->path[0] == reader->object && token->path[1] == 1 && token->path[2] == 1;
    }
    return in_properties(reader, token) && token->depth == 4 && reader->compatibility_place != NO_PLACE &&
           token->path[3] == reader->compatibility_place;
}

static cdist_err_t *check_metadata(const metadata_reader_t *reader, const char *name, apr_uint64_t offset)
{
    if (reader->object == NO_PLACE) {
        return cdist_damaged(reader->pool, name, offset, "describes neither a configuration nor a data processor or report");
    }
    if (!reader->metadata->name) return cdist_damaged(reader->pool, name, offset, "no name is where it is expected");
    if (reader->metadata->kind == CDIST_FILE_CF && reader->texts != 3) {
        return cdist_damaged(reader->pool, name, offset, "vendor and version are not where they are expected (layout %u): "
                             "a format of the metadata that is not known yet", (unsigned)reader->metadata->layout);
    }
    return NULL;
}

cdist_err_t *cdist_metadata_parse(metadata_t *metadata, cdist_stream_t *stream, apr_pool_t *pool)
{
    metadata_reader_t reader = {metadata, NO_PLACE, NO_PLACE, NO_PLACE, NO_PLACE, 0, pool};
    cdist_brace_reader_t *text = cdist_brace_reader_create(stream, FACT_TEXT, pool);
    const cdist_token_t *token;

    memset(metadata, 0, sizeof *metadata);
    metadata->vendor = metadata->version = metadata->compatibility = metadata->object_id = "";
    do {
        CDIST_ERR(cdist_brace_next(&token, text));
        if (token->kind == CDIST_BRACE_BARE && token->depth == 2 && token->path[1] == 0 && reader.object == NO_PLACE) {
            take_class(&reader, token);
        } else if ((token->kind == CDIST_BRACE_TEXT || token->kind == CDIST_BRACE_BARE) && in_properties(&reader, token)) {
            CDIST_ERR(take_property(&reader, token, stream->name));
        }
    } while (token->kind != CDIST_BRACE_END && !is_done(&reader, token));
    return check_metadata(&reader, stream->name, token->offset);
}

/* ---- root and versions ----------------------------------------------------------------------------------------- */

cdist_err_t *cdist_root_parse(const char **root_id, int *digest, cdist_stream_t *stream, apr_uint32_t list, apr_pool_t *pool)
{
    cdist_brace_reader_t *reader = cdist_brace_reader_create(stream, FACT_TEXT, pool);
    const cdist_token_t *token;

    *root_id = NULL;
    *digest = 0;
    do {
        CDIST_ERR(cdist_brace_next(&token, reader));
        if (token->kind != CDIST_BRACE_BARE || token->depth != 1 || token->list != list) continue;
        if (token->path[0] == 1) *root_id = take(token, pool);
        if (token->path[0] == 2) *digest = token->length > 0;
    } while (token->kind != CDIST_BRACE_END && token->list <= list && (token->list < list || token->path[0] < 2));
    if (*root_id && **root_id) return NULL;
    return cdist_damaged(pool, stream->name, token->offset, "the entry of the metadata is not named");
}

cdist_err_t *cdist_versions_parse(const char **version_id, cdist_stream_t *stream, apr_pool_t *pool)
{
    cdist_brace_reader_t *reader = cdist_brace_reader_create(stream, FACT_TEXT, pool);
    const cdist_token_t *token;
    int here = 0;

    *version_id = "";
    do {
        CDIST_ERR(cdist_brace_next(&token, reader));
        if (token->depth != 1 || token->path[0] < 2) continue;
        if (here && token->kind == CDIST_BRACE_BARE) {
            *version_id = take(token, pool);
            return NULL;
        }
        here = token->kind == CDIST_BRACE_TEXT && token->length == 0 && token->path[0] % 2 == 0;
    } while (token->kind != CDIST_BRACE_END);
    return NULL;
}
