/* Lists of public keys, and how one takes the place of another: {"format":1,"counter":N,"keys":["<32 bytes in base64>"…]}. */
#include "mirror_int.h"

#include <apr_base64.h>
#include <apr_strings.h>

#include <jansson.h>

#include <stdlib.h>
#include <string.h>

#define KEY_LIST_FORMAT 1
#define KEY_LIST_FILE_MAX 16384
#define PEM_START "-----BEGIN "

static cdist_err_t *wrong(const char *name, const char *what, apr_pool_t *pool)
{
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: %s", cdist_text_printable(name, pool), what);
}

int cdist_base64_take(unsigned char *bytes, apr_size_t length, const char *text)
{
    char decoded[96], again[132];

    /* NB: APR's decoder takes anything; so the text must be what its bytes give. */
    if (strlen(text) > 92 || (apr_size_t)apr_base64_decode_len(text) > sizeof decoded) return 0;
    if ((apr_size_t)apr_base64_decode_binary((unsigned char *)decoded, text) != length) return 0;
    apr_base64_encode_binary(again, (const unsigned char *)decoded, (int)length);
    if (strcmp(again, text) != 0) return 0;
    memcpy(bytes, decoded, length);
    return 1;
}

int cdist_key_list_has(const cdist_key_list_t *list, const cdist_public_key_t *key)
{
    int i;

    for (i = 0; i < list->keys->nelts; i++) {
        if (memcmp(APR_ARRAY_IDX(list->keys, i, cdist_public_key_t).byte, key->byte, sizeof key->byte) == 0) return 1;
    }
    return 0;
}

/* NULL, or what is wrong. */
static const char *take_keys(cdist_key_list_t *list, const json_t *keys)
{
    size_t i;

    if (!json_is_array(keys) || json_array_size(keys) == 0) return "\"keys\" must be an array with at least one key";
    if (json_array_size(keys) > CDIST_KEYS_MAX) return "has too many keys";
    for (i = 0; i < json_array_size(keys); i++) {
        const char *text = json_string_value(json_array_get(keys, i));
        cdist_public_key_t key;

        if (!text || !cdist_base64_take(key.byte, sizeof key.byte, text)) return "\"keys\" must be public keys in base64";
        if (cdist_key_list_has(list, &key)) return "holds a key twice";
        APR_ARRAY_PUSH(list->keys, cdist_public_key_t) = key;
    }
    return NULL;
}

static cdist_err_t *parse_json(cdist_key_list_t *list, const char *bytes, apr_size_t length, const char *name, apr_pool_t *pool)
{
    json_error_t error;
    json_t *root = json_loadb(bytes, length, JSON_REJECT_DUPLICATES, &error);
    const json_t *counter = json_object_get(root, "counter");
    const char *problem = NULL;

    if (!root) problem = apr_psprintf(pool, "line %d: is no JSON: %s", error.line, cdist_text_printable(error.text, pool));
    else if (json_integer_value(json_object_get(root, "format")) != KEY_LIST_FORMAT) problem = "is no key list of format 1";
    else if (!json_is_integer(counter) || json_integer_value(counter) < 1 || json_integer_value(counter) > CDIST_COUNTER_MAX) {
        problem = "\"counter\" must be a number from 1 on";
    } else {
        list->counter = (apr_uint64_t)json_integer_value(counter);
        problem = take_keys(list, json_object_get(root, "keys"));
    }
    json_decref(root);
    return problem ? wrong(name, problem, pool) : NULL;
}

cdist_err_t *cdist_key_list_parse(cdist_key_list_t **list, const char *bytes, apr_size_t length, const char *name,
                                  apr_pool_t *pool)
{
    cdist_key_list_t *parsed = apr_pcalloc(pool, sizeof *parsed);

    parsed->keys = apr_array_make(pool, 2, sizeof(cdist_public_key_t));
    if (length >= strlen(PEM_START) && memcmp(bytes, PEM_START, strlen(PEM_START)) == 0) {
        if (!cdist_public_key_parse_pem(apr_array_push(parsed->keys), bytes, length, pool)) {
            return wrong(name, "is no public Ed25519 key; 1cdist key new writes one beside each private key, as FILE.pub",
                         pool);
        }
    } else {
        CDIST_ERR(parse_json(parsed, bytes, length, name, pool));
    }
    *list = parsed;
    return NULL;
}

cdist_err_t *cdist_key_list_read(cdist_key_list_t **list, const char *path, apr_pool_t *pool)
{
    apr_size_t length;
    char *bytes;

    CDIST_ERR(cdist_key_file_read(&bytes, &length, path, KEY_LIST_FILE_MAX, pool));
    return cdist_key_list_parse(list, bytes, length, path, pool);
}

const char *cdist_key_list_write(const cdist_key_list_t *list, apr_pool_t *pool)
{
    json_t *root = json_object(), *keys = json_array();
    char text[64], *dumped;
    const char *copy;
    int i;

    for (i = 0; i < list->keys->nelts; i++) {
        apr_base64_encode_binary(text, APR_ARRAY_IDX(list->keys, i, cdist_public_key_t).byte, CDIST_PUBLIC_KEY_BYTES);
        json_array_append_new(keys, json_string(text));
    }
    json_object_set_new(root, "format", json_integer(KEY_LIST_FORMAT));
    json_object_set_new(root, "counter", json_integer((json_int_t)list->counter));
    json_object_set_new(root, "keys", keys);
    dumped = json_dumps(root, JSON_INDENT(1));
    if (!dumped) abort(); /* every text in it is ASCII: out of memory, as APR's pools do */
    copy = apr_pstrcat(pool, dumped, "\n", NULL);
    free(dumped);
    json_decref(root);
    return copy;
}

const char *cdist_key_list_problem(const cdist_key_list_t *next, const cdist_key_list_t *believed, const char *signatures,
                                   apr_size_t signatures_length, const char *bytes, apr_size_t length, apr_pool_t *pool)
{
    int i;

    if (next->counter <= believed->counter) return "is not newer than the one that is believed";
    if (!cdist_signature_find(signatures, signatures_length, believed, bytes, length, pool)) {
        return "is signed by none of the keys that are believed";
    }
    for (i = 0; i < next->keys->nelts; i++) {
        const cdist_public_key_t *key = &APR_ARRAY_IDX(next->keys, i, cdist_public_key_t);

        if (cdist_signature_holds(signatures, signatures_length, key, bytes, length, pool)) continue;
        return apr_psprintf(pool, "is not signed by its own key %s", cdist_public_key_id(key, pool));
    }
    return NULL;
}
