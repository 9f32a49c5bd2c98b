/* Signature files:
 *   1cdist-signature 1
 *   0123456789abcdef <64 bytes in base64>
 * The key id only tells which lines to try; what counts is the key. Lines that nobody understands are passed over, so that a
 * later kind of signature can stand beside these. */
#include "mirror_int.h"

#include <apr_base64.h>
#include <apr_strings.h>

#include <string.h>

#define HEAD "1cdist-signature 1\n"
#define ID_DIGITS 16
/* Two contents, each signed by every key of a list. */
#define LINES_MAX (2 * CDIST_KEYS_MAX)

/* The next line of a signature file as id and signature; 0 at the end. *text moves on. */
static int next_line(char *id, unsigned char *signature, const char **text, const char *end)
{
    while (*text < end) {
        const char *line = *text, *stop = memchr(line, '\n', (size_t)(end - line));
        char base64[96];

        *text = stop ? stop + 1 : end;
        if (!stop) stop = end;
        if (stop - line <= ID_DIGITS + 1 || stop - line - ID_DIGITS - 1 >= (int)sizeof base64 || line[ID_DIGITS] != ' ') {
            continue;
        }
        apr_cpystrn(id, line, ID_DIGITS + 1);
        apr_cpystrn(base64, line + ID_DIGITS + 1, (apr_size_t)(stop - line - ID_DIGITS));
        if (strlen(id) == ID_DIGITS && cdist_base64_take(signature, CDIST_SIGNATURE_BYTES, base64)) return 1;
    }
    return 0;
}

/* Behind the first line; NULL if it is no signature file. */
static const char *first_line(const char *text, apr_size_t length)
{
    return length >= strlen(HEAD) && memcmp(text, HEAD, strlen(HEAD)) == 0 ? text + strlen(HEAD) : NULL;
}

int cdist_signature_holds(const char *text, apr_size_t text_length, const cdist_public_key_t *key, const char *bytes,
                          apr_size_t length, apr_pool_t *scratch_pool)
{
    const char *wanted = cdist_public_key_id(key, scratch_pool), *line = first_line(text, text_length),
               *end = text + text_length;
    unsigned char signature[CDIST_SIGNATURE_BYTES];
    char id[ID_DIGITS + 1];
    int lines = 0;

    while (line && lines++ < LINES_MAX && next_line(id, signature, &line, end)) {
        if (strcmp(id, wanted) == 0 && cdist_public_key_verify(key, signature, bytes, length)) return 1;
    }
    return 0;
}

const cdist_public_key_t *cdist_signature_find(const char *text, apr_size_t text_length, const cdist_key_list_t *list,
                                               const char *bytes, apr_size_t length, apr_pool_t *scratch_pool)
{
    int i;

    for (i = 0; i < list->keys->nelts; i++) {
        const cdist_public_key_t *key = &APR_ARRAY_IDX(list->keys, i, cdist_public_key_t);
        if (cdist_signature_holds(text, text_length, key, bytes, length, scratch_pool)) return key;
    }
    return NULL;
}

static const char *format_line(const char *id, const unsigned char *signature, apr_pool_t *pool)
{
    char base64[96];

    apr_base64_encode_binary(base64, signature, CDIST_SIGNATURE_BYTES);
    return apr_pstrcat(pool, id, " ", base64, "\n", NULL);
}

cdist_err_t *cdist_signature_make(const char **text, const apr_array_header_t *keys, const char *bytes, apr_size_t length,
                                  const char *before, apr_pool_t *pool)
{
    const char *made = HEAD, *line = before ? first_line(before, strlen(before)) : NULL,
               *end = line ? line + strlen(line) : NULL;
    unsigned char signature[CDIST_SIGNATURE_BYTES];
    char id[ID_DIGITS + 1];
    int i;

    for (i = 0; i < keys->nelts; i++) {
        const cdist_signing_key_t *key = APR_ARRAY_IDX(keys, i, const cdist_signing_key_t *);
        cdist_public_key_t public_key;

        if (!cdist_signing_key_sign(signature, key, bytes, length)) {
            return cdist_err_create(pool, CDIST_E_SOURCE, 0, "libcrypto cannot sign with this key");
        }
        cdist_signing_key_public(&public_key, key);
        made = apr_pstrcat(pool, made, format_line(cdist_public_key_id(&public_key, pool), signature, pool), NULL);
    }
    for (i = 0; line && i < CDIST_KEYS_MAX && next_line(id, signature, &line, end); i++) {
        const char *kept = format_line(id, signature, pool);

        if (!strstr(made, kept)) made = apr_pstrcat(pool, made, kept, NULL);
    }
    *text = made;
    return NULL;
}
