/* Brace text, written as the platform writes it. No state grows with the depth: what was written last decides. */
#include "updates_int.h"

#include <stdlib.h>
#include <string.h>

static cdist_err_t *put(cdist_brace_writer_t *writer, const char *bytes)
{
    return writer->write(writer->baton, bytes, strlen(bytes));
}

static cdist_err_t *before_item(cdist_brace_writer_t *writer)
{
    return writer->last == CDIST_BRACE_END || writer->last == CDIST_BRACE_OPEN ? NULL : put(writer, ",");
}

cdist_err_t *cdist_brace_write_open(cdist_brace_writer_t *writer)
{
    CDIST_ERR(before_item(writer));
    CDIST_ERR(put(writer, writer->last == CDIST_BRACE_END ? "{" : "\r\n{"));
    writer->last = CDIST_BRACE_OPEN;
    return NULL;
}

cdist_err_t *cdist_brace_write_close(cdist_brace_writer_t *writer)
{
    CDIST_ERR(put(writer, writer->last == CDIST_BRACE_CLOSE ? "\r\n}" : "}"));
    writer->last = CDIST_BRACE_CLOSE;
    return NULL;
}

cdist_err_t *cdist_brace_write_text(cdist_brace_writer_t *writer, const char *text, apr_size_t length)
{
    const char *end = text + length;

    CDIST_ERR(before_item(writer));
    CDIST_ERR(put(writer, "\""));
    while (text < end) {
        const char *quote = memchr(text, '"', (apr_size_t)(end - text));
        apr_size_t step = (apr_size_t)((quote ? quote + 1 : end) - text);

        CDIST_ERR(writer->write(writer->baton, text, step));
        if (quote) CDIST_ERR(put(writer, "\""));
        text += step;
    }
    writer->last = CDIST_BRACE_TEXT;
    return put(writer, "\"");
}

cdist_err_t *cdist_brace_write_bare(cdist_brace_writer_t *writer, const char *text, apr_size_t length)
{
    CDIST_ERR(before_item(writer));
    writer->last = CDIST_BRACE_BARE;
    return length ? writer->write(writer->baton, text, length) : NULL;
}

static cdist_err_t *write_item(cdist_brace_writer_t *writer, const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_size_t length;
    const char *text = cdist_brace_text(&length, tree, node);

    return cdist_brace_kind(tree, node) == CDIST_BRACE_TEXT ? cdist_brace_write_text(writer, text, length)
                                                            : cdist_brace_write_bare(writer, text, length);
}

/* The lists that are open, as a stack of its own, since the depth is not ours to choose. */
cdist_err_t *cdist_brace_write_tree(cdist_brace_writer_t *writer, const cdist_brace_tree_t *tree, apr_uint32_t node)
{
    apr_uint32_t *open = malloc(sizeof *open * (CDIST_BRACE_DEPTH + 2)), depth = 0;
    apr_uint32_t top = node;
    cdist_err_t *err = NULL;

    if (!open) abort();
    for (;;) {
        int list = cdist_brace_kind(tree, node) == CDIST_BRACE_OPEN;

        if (!list) err = write_item(writer, tree, node);
        else if (node != 0) err = cdist_brace_write_open(writer);
        if (err) break;
        if (list && cdist_brace_child(tree, node) != CDIST_BRACE_NONE) {
            open[depth++] = node;
            node = cdist_brace_child(tree, node);
            continue;
        }
        if (list && node != 0 && (err = cdist_brace_write_close(writer)) != NULL) break;
        while (node != top && cdist_brace_after(tree, node) == CDIST_BRACE_NONE) {
            node = open[--depth];
            if (node != 0 && (err = cdist_brace_write_close(writer)) != NULL) break;
        }
        if (err || node == top) break;
        node = cdist_brace_after(tree, node);
    }
    free(open);
    return err;
}
