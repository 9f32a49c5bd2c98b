/* Brace text, step by step.
 * UTF-8, with or without its mark. A list is { items } with commas between; an item is a list, a text in quotes (a quote
 * inside is doubled, line ends belong to it), or bare (a number, a GUID, base64), which may be empty. Blanks and line ends
 * outside of quotes mean nothing, also inside of a bare item: base64 is wrapped. Several lists may follow each other.
 * Invariant: no state grows with the depth; places are kept for the outermost CDIST_BRACE_PATH lists alone. */
#include "updates_int.h"

#include <apr_strings.h>

#include <string.h>

#define BUFFER_BYTES 4096

struct cdist_brace_reader_t {
    cdist_stream_t *stream;
    cdist_token_t token;
    char *text;
    apr_size_t max_text, room;
    char buffer[BUFFER_BYTES];
    apr_size_t used, filled;
    apr_uint64_t before; /* bytes of the stream in front of the buffer */
    int after_item;      /* 1: a comma or the list's end must come, 0: an item */
    int after_open;      /* 1: nothing was read of the list yet */
    apr_pool_t *pool;
};

cdist_brace_reader_t *cdist_brace_reader_create(cdist_stream_t *stream, apr_size_t max_text, apr_pool_t *pool)
{
    cdist_brace_reader_t *reader = apr_pcalloc(pool, sizeof *reader);

    reader->stream = stream;
    reader->max_text = max_text;
    reader->room = 256;
    reader->text = apr_palloc(pool, reader->room);
    reader->pool = pool;
    return reader;
}

static apr_uint64_t place(const cdist_brace_reader_t *reader)
{
    return reader->before + reader->used;
}

static cdist_err_t *broken(cdist_brace_reader_t *reader, const char *what)
{
    return cdist_damaged(reader->pool, reader->stream->name, place(reader), "%s", what);
}

/* The next byte without taking it; -1 at the end. */
static cdist_err_t *peek(int *c, cdist_brace_reader_t *reader)
{
    if (reader->used == reader->filled) {
        apr_size_t length = BUFFER_BYTES;

        reader->before += reader->filled;
        reader->used = reader->filled = 0;
        CDIST_ERR(reader->stream->read(reader->stream, reader->buffer, &length));
        reader->filled = length;
    }
    *c = reader->filled ? (unsigned char)reader->buffer[reader->used] : -1;
    return NULL;
}

static int is_blank(int c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static cdist_err_t *skip_blanks(int *c, cdist_brace_reader_t *reader)
{
    for (;;) {
        CDIST_ERR(peek(c, reader));
        if (!is_blank(*c)) return NULL;
        reader->used++;
    }
}

/* NB: the room doubles, so that all that was left behind is no larger than what is used. */
static void make_room(cdist_brace_reader_t *reader, apr_size_t length)
{
    apr_size_t room = reader->room;
    char *larger;

    while (room <= length) room *= 2;
    if (room == reader->room) return;
    larger = apr_palloc(reader->pool, room);
    memcpy(larger, reader->text, reader->token.length);
    reader->text = larger;
    reader->room = room;
}

/* Takes the next `length` bytes of the buffer for the text. */
static void keep(cdist_brace_reader_t *reader, apr_size_t length)
{
    apr_size_t fits = reader->max_text - reader->token.length;

    if (length > fits) reader->token.cut = 1;
    else fits = length;
    make_room(reader, reader->token.length + fits);
    memcpy(reader->text + reader->token.length, reader->buffer + reader->used, fits);
    reader->token.length += fits;
    reader->used += length;
}

/* What is in the buffer; never nothing after a byte was seen by peek. */
static apr_size_t buffered(const cdist_brace_reader_t *reader)
{
    return reader->filled - reader->used;
}

static cdist_err_t *read_quoted(cdist_brace_reader_t *reader)
{
    int c;

    reader->token.kind = CDIST_BRACE_TEXT;
    reader->used++;
    for (;;) {
        const char *start, *quote;

        CDIST_ERR(peek(&c, reader));
        if (c < 0) return broken(reader, "the text ends inside of quotes");
        start = reader->buffer + reader->used;
        quote = memchr(start, '"', buffered(reader));
        keep(reader, quote ? (apr_size_t)(quote - start) : buffered(reader));
        if (!quote) continue;
        reader->used++;
        CDIST_ERR(peek(&c, reader));
        if (c != '"') return NULL;
        keep(reader, 1);
    }
}

/* How many bytes from here on are those of a bare item, without a blank. */
static apr_size_t bare_length(const cdist_brace_reader_t *reader)
{
    static const char other[256] = {[0] = 1,   ['\t'] = 1, ['\r'] = 1, ['\n'] = 1, [' '] = 1,
                                    [','] = 1, ['{'] = 1,  ['}'] = 1,  ['"'] = 1};
    const char *text = reader->buffer + reader->used;
    apr_size_t length = 0, most = buffered(reader);

    while (length < most && !other[(unsigned char)text[length]]) length++;
    return length;
}

static cdist_err_t *read_bare(cdist_brace_reader_t *reader)
{
    int c;

    reader->token.kind = CDIST_BRACE_BARE;
    for (;;) {
        CDIST_ERR(skip_blanks(&c, reader));
        if (c < 0) return broken(reader, "the text ends inside of a list");
        if (c == ',' || c == '}') return NULL;
        if (c == '"' || c == '{') return broken(reader, "a comma is missing");
        if (c == 0) return broken(reader, "a zero byte in the text");
        keep(reader, bare_length(reader));
    }
}

/* ---- places ---------------------------------------------------------------------------------------------------- */

static void next_place(cdist_brace_reader_t *reader)
{
    cdist_token_t *token = &reader->token;

    if (token->depth == 0) token->list++;
    else if (token->depth <= CDIST_BRACE_PATH) token->path[token->depth - 1]++;
}

static cdist_err_t *open_list(cdist_brace_reader_t *reader)
{
    reader->token.kind = CDIST_BRACE_OPEN;
    reader->used++;
    reader->after_open = 1;
    return NULL;
}

/* NB: a list that was opened counts from the step after: OPEN itself stands in the list around it. */
static cdist_err_t *enter(cdist_brace_reader_t *reader)
{
    cdist_token_t *token = &reader->token;

    if (token->depth == CDIST_BRACE_DEPTH) return broken(reader, "lists are nested too deeply");
    if (token->depth < CDIST_BRACE_PATH) token->path[token->depth] = 0;
    token->depth++;
    return NULL;
}

/* ---- steps ----------------------------------------------------------------------------------------------------- */

/* Between the lists of the top. */
static cdist_err_t *read_top(cdist_brace_reader_t *reader)
{
    int c;

    for (;;) {
        CDIST_ERR(skip_blanks(&c, reader));
        if (c < 0) {
            reader->token.kind = CDIST_BRACE_END;
            return NULL;
        }
        reader->token.offset = place(reader);
        if (c == '{') {
            if (reader->after_item) next_place(reader);
            reader->after_item = 0;
            return open_list(reader);
        }
        if (c != ',' || !reader->after_item) return broken(reader, "a list, {…}, is expected here");
        reader->used++;
    }
}

static cdist_err_t *close_list(cdist_brace_reader_t *reader)
{
    reader->used++;
    reader->token.kind = CDIST_BRACE_CLOSE;
    reader->token.depth--;
    reader->after_item = 1;
    return NULL;
}

static cdist_err_t *read_in_list(cdist_brace_reader_t *reader)
{
    int c, was_opened = reader->after_open;

    reader->after_open = 0;
    CDIST_ERR(skip_blanks(&c, reader));
    reader->token.offset = place(reader);
    if (c == '}' && (was_opened || reader->after_item)) return close_list(reader);
    if (reader->after_item) {
        if (c != ',') return broken(reader, c < 0 ? "the text ends inside of a list" : "a comma is missing");
        reader->used++;
        next_place(reader);
        CDIST_ERR(skip_blanks(&c, reader));
        reader->token.offset = place(reader);
    }
    reader->after_item = 0;
    if (c == '{') return open_list(reader);
    reader->after_item = 1;
    return c == '"' ? read_quoted(reader) : read_bare(reader);
}

static cdist_err_t *skip_mark(cdist_brace_reader_t *reader)
{
    int c, i;

    for (i = 0; i < 3; i++) {
        CDIST_ERR(peek(&c, reader));
        if (c != (unsigned char)"\xEF\xBB\xBF"[i]) {
            return i == 0 ? NULL : broken(reader, "neither text nor the mark of UTF-8");
        }
        reader->used++;
    }
    return NULL;
}

cdist_err_t *cdist_brace_next(const cdist_token_t **token, cdist_brace_reader_t *reader)
{
    if (place(reader) == 0) CDIST_ERR(skip_mark(reader));
    reader->token.length = 0;
    reader->token.cut = 0;
    if (reader->after_open) CDIST_ERR(enter(reader));
    CDIST_ERR(reader->token.depth == 0 ? read_top(reader) : read_in_list(reader));
    reader->text[reader->token.length] = '\0';
    reader->token.text = reader->text;
    *token = &reader->token;
    return NULL;
}
