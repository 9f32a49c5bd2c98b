/* key: the keys that indexes are signed with. */
#include "tool_int.h"
#include "mirror/cdist_mirror.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

enum { OPTION_JSON = 256, OPTION_KEY };

#define FILE_MAX CDIST_INDEX_MAX

static const apr_getopt_option_t key_options[] = {
    {"key", OPTION_KEY, 1, NULL}, {"output", 'o', 1, NULL}, {"json", OPTION_JSON, 0, NULL}, {"help", 'h', 0, NULL}, {NULL}};

typedef struct {
    apr_array_header_t *keys; /* const char * */
    const char *output;
    int json;
    apr_pool_t *pool;
} request_t;

static void print_key(const request_t *request, const char *path, const char *id, const char *state)
{
    json_t *object;

    if (!request->json) {
        printf("%s: %s%skey %s\n", cdist_text_printable(path, request->pool), state, *state ? ", " : "", id);
        return;
    }
    object = json_object();
    json_object_set_new(object, "file", json_string(cdist_text_printable(path, request->pool)));
    json_object_set_new(object, "key", json_string(id));
    if (*state) json_object_set_new(object, "ok", json_true());
    tool_print_json(object);
}

static cdist_err_t *make_key(const request_t *request, const char *path)
{
    cdist_public_key_t key;

    CDIST_ERR(cdist_key_new(&key, path, request->pool));
    print_key(request, path, cdist_public_key_id(&key, request->pool), "");
    return NULL;
}

static cdist_err_t *sign(const request_t *request, const char *path)
{
    apr_array_header_t *keys = apr_array_make(request->pool, 2, sizeof(cdist_signing_key_t *));
    const char *signatures = apr_pstrcat(request->pool, path, CDIST_SIGNATURE_SUFFIX, NULL), *text;
    apr_size_t length, there;
    char *bytes, *before;
    int i;

    CDIST_ERR(cdist_file_read(&bytes, &length, path, FILE_MAX, request->pool));
    for (i = 0; i < request->keys->nelts; i++) {
        CDIST_ERR(cdist_signing_key_read(apr_array_push(keys), APR_ARRAY_IDX(request->keys, i, const char *), request->pool));
    }
    if (cdist_file_read(&before, &there, signatures, CDIST_SIGNATURE_FILE_MAX, request->pool)) before = NULL;
    CDIST_ERR(cdist_signature_make(&text, keys, bytes, length, before, request->pool));
    CDIST_ERR(cdist_file_publish(signatures, text, strlen(text), request->pool));
    for (i = 0; i < keys->nelts; i++) {
        cdist_public_key_t key;

        cdist_signing_key_public(&key, APR_ARRAY_IDX(keys, i, const cdist_signing_key_t *));
        print_key(request, signatures, cdist_public_key_id(&key, request->pool), "");
    }
    return NULL;
}

static cdist_err_t *verify(const request_t *request, const char *path)
{
    const char *signatures = apr_pstrcat(request->pool, path, CDIST_SIGNATURE_SUFFIX, NULL);
    apr_size_t length, text_length;
    const cdist_public_key_t *key;
    cdist_key_list_t *list;
    char *bytes, *text;

    CDIST_ERR(cdist_file_read(&bytes, &length, path, FILE_MAX, request->pool));
    CDIST_ERR(cdist_file_read(&text, &text_length, signatures, CDIST_SIGNATURE_FILE_MAX, request->pool));
    CDIST_ERR(cdist_key_list_read(&list, APR_ARRAY_IDX(request->keys, 0, const char *), request->pool));
    key = cdist_signature_find(text, text_length, list, bytes, length, request->pool);
    if (!key) {
        return cdist_err_create(request->pool, CDIST_E_CORRUPT, 0, "%s: no signature of these bytes by a key of %s",
                                cdist_text_printable(path, request->pool), APR_ARRAY_IDX(request->keys, 0, const char *));
    }
    print_key(request, path, cdist_public_key_id(key, request->pool), "good");
    return NULL;
}

/* A list of public keys; its counter is one more than that of the list it replaces. */
static cdist_err_t *make_list(const request_t *request, const apr_array_header_t *files)
{
    cdist_key_list_t list = {1, apr_array_make(request->pool, 4, sizeof(cdist_public_key_t))}, *one;
    const char *text;
    apr_finfo_t info;
    int i;

    if (apr_stat(&info, request->output, APR_FINFO_TYPE, request->pool) == APR_SUCCESS) {
        CDIST_ERR(cdist_key_list_read(&one, request->output, request->pool));
        list.counter = one->counter + 1;
    }
    for (i = 0; i < files->nelts; i++) {
        CDIST_ERR(cdist_key_list_read(&one, APR_ARRAY_IDX(files, i, const char *), request->pool));
        apr_array_cat(list.keys, one->keys);
    }
    text = cdist_key_list_write(&list, request->pool);
    CDIST_ERR(cdist_key_list_parse(&one, text, strlen(text), request->output, request->pool));
    return cdist_file_publish(request->output, text, strlen(text), request->pool);
}

/* TOOL_DONE, or the status to exit with. */
static int check_request(const request_t *request, const char *action, const apr_array_header_t *files)
{
    int signing = strcmp(action, "sign") == 0, verifying = strcmp(action, "verify") == 0, listing = strcmp(action, "list") == 0;

    if (!signing && !verifying && !listing && strcmp(action, "new") != 0) {
        return tool_usage_error(&tool_key, "%s: must be new, sign, verify or list", action);
    }
    if (!files->nelts) return tool_usage_error(&tool_key, "%s: name a file", action);
    if ((signing || verifying) != (request->keys->nelts > 0) || (verifying && request->keys->nelts > 1)) {
        return tool_usage_error(&tool_key, signing     ? "sign: --key FILE is missing"
                                           : verifying ? "verify: give --key FILE once"
                                                       : "--key belongs to sign and verify");
    }
    if (listing != (request->output != NULL)) {
        return tool_usage_error(&tool_key, listing ? "list: -o FILE is missing" : "-o belongs to list");
    }
    return TOOL_DONE;
}

static int run(const request_t *request, const char *action, const apr_array_header_t *files)
{
    cdist_err_t *err;
    int status = TOOL_DONE, i;

    if (*action == 'l') {
        err = make_list(request, files);
        return err ? tool_fail_err(err, request->pool) : TOOL_DONE;
    }
    for (i = 0; i < files->nelts; i++) {
        const char *path = APR_ARRAY_IDX(files, i, const char *);

        err = *action == 'n' ? make_key(request, path) : *action == 's' ? sign(request, path) : verify(request, path);
        if (err) status = tool_fail_err(err, request->pool);
    }
    return status;
}

static int key(apr_getopt_t *args, apr_pool_t *pool)
{
    request_t request = {apr_array_make(pool, 2, sizeof(const char *)), NULL, 0, pool};
    apr_array_header_t *operands;
    const char *value, *action;
    int option, status;

    while ((option = tool_next_option(&value, &tool_key, args)) > 0) {
        if (option == OPTION_KEY) APR_ARRAY_PUSH(request.keys, const char *) = value;
        else if (option == 'o') request.output = value;
        else request.json = 1;
    }
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    operands = tool_operands(args, pool);
    if (!operands->nelts) return tool_usage_error(&tool_key, "say what to do: new, sign, verify or list");
    action = APR_ARRAY_IDX(operands, 0, const char *);
    operands->elts += operands->elt_size;
    operands->nelts--;
    operands->nalloc--;
    if ((status = check_request(&request, action, operands)) != TOOL_DONE) return status;
    return run(&request, action, operands);
}

const tool_verb_t tool_key = {
    "key",
    "Usage: 1cdist key new FILE…\n"
    "       1cdist key sign --key FILE… INDEX…\n"
    "       1cdist key verify --key FILE.pub INDEX…\n"
    "       1cdist key list -o keys.json FILE.pub…\n"
    "\n"
    "The keys (Ed25519, in PEM) that 1cdist publish signs an index with, and 1cdist sync believes.\n"
    "\n"
    "  new     makes a private key, which only its owner may read, and the public one beside it, as FILE.pub; nothing is ever\n"
    "          overwritten. Keep FILE at the centre, away from the web server, and give FILE.pub to the branches.\n"
    "  sign    signs a file into INDEX.sig, with all keys; signatures of what the file was before stay there\n"
    "  verify  whether one of the signatures in INDEX.sig is of these bytes, and by this key or one of this list\n"
    "  list    writes a list of public keys. Signed by an old key and by each of its own, and put beside the index, it takes the\n"
    "          place of the keys that branches believe (docs/mirror.md)\n"
    "\n"
    "  --json  file key (and ok), one object a line; key is the start of the public key's SHA-256\n"
    "\n"
    "Exit status: 0 done, 1 failed or not verified, 2 wrong usage.\n",
    key_options, key};
