/* The names of a configuration's metadata objects.
 * `root` names the configuration's entry; that lists the objects by class, {class,count,uuid…}; an object's entry <uuid> lists
 * its forms, templates and nested objects in the same way, and what has no entry of its own (attributes, commands) as
 * {class,count,{…}…}. An object is described by {n,n,uuid},"Name",… somewhere at the start of its entry or item. Entries are
 * read step by step, and those of objects that have no parts only up to the name.
 * Source of the format: real files of 8.0 to 8.5, see docs/metadata.md. */
#include "cdist_compare.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include <ctype.h>
#include <string.h>

#define NAME_BYTES 1024
#define MAX_OBJECTS 2000000u
#define MAX_NESTED 8
#define MOST_OWNERS 32 /* in a name */
#define CLASS_CONFIGURATION "9cd510cd-abfc-11d4-9434-004095e12fc7"
/* In the configuration's own entry lists of objects stand at these depths, and may be of a class that is not known. */
#define ROOT_LIST_LEAST 4
#define ROOT_LIST_MOST 5

struct cdist_names_t {
    apr_hash_t *objects;      /* uuid → cdist_metadata_object_t */
    apr_hash_t *unknown;      /* uuid of a class without a name → cdist_metadata_class_t */
    apr_array_header_t *queue; /* cdist_metadata_object_t *: those whose entries are to be read */
    apr_pool_t *pool;
};

/* ---- objects --------------------------------------------------------------------------------------------------- */

static int is_number(const cdist_token_t *token)
{
    return token->kind == CDIST_BRACE_BARE && token->length > 0 && token->length < 10 &&
           strspn(token->text, "0123456789") == token->length;
}

static const cdist_metadata_class_t *class_of(cdist_names_t *names, const char *uuid)
{
    const cdist_metadata_class_t *known = cdist_metadata_class(uuid);
    cdist_metadata_class_t *made;

    if (known) return known;
    made = apr_hash_get(names->unknown, uuid, CDIST_GUID_CHARS);
    if (made) return made;
    made = apr_pcalloc(names->pool, sizeof *made);
    made->uuid = made->ru = made->en = apr_pstrmemdup(names->pool, uuid, CDIST_GUID_CHARS);
    apr_hash_set(names->unknown, made->uuid, CDIST_GUID_CHARS, made);
    return made;
}

/* NB: the first mention counts, so that entries that name each other end. NULL if it was mentioned before. */
static cdist_metadata_object_t *add_object(cdist_names_t *names, const char *uuid, const cdist_metadata_class_t *cls,
                                           const cdist_metadata_object_t *owner, const char *name)
{
    cdist_metadata_object_t *object;

    if (apr_hash_get(names->objects, uuid, CDIST_GUID_CHARS)) return NULL;
    object = apr_pcalloc(names->pool, sizeof *object);
    object->uuid = apr_pstrmemdup(names->pool, uuid, CDIST_GUID_CHARS);
    object->cls = cls;
    object->owner = owner;
    object->name = name;
    apr_hash_set(names->objects, object->uuid, CDIST_GUID_CHARS, object);
    return object;
}

/* ---- an entry, step by step ------------------------------------------------------------------------------------ */

/* A list {class,count,…} that is being read. */
typedef struct {
    const cdist_metadata_class_t *cls;
    apr_uint32_t depth;              /* of its items */
    cdist_metadata_object_t *object; /* described in the item that is being read, once its name was met */
    int named;                       /* 1: the item's name was met */
} collection_t;

typedef struct {
    cdist_names_t *names;
    cdist_metadata_object_t *self;
    int is_root, named;
    collection_t nested[MAX_NESTED];
    int count;
    /* How much of {class,count and of {n,n,uuid},"Name" was read; the depth is that of the items. */
    int list_step, header_step;
    apr_uint32_t list_depth, header_depth;
    char list_uuid[CDIST_GUID_CHARS + 1], header_uuid[CDIST_GUID_CHARS + 1];
} scan_t;

static collection_t *innermost(scan_t *scan)
{
    return scan->count > 0 ? &scan->nested[scan->count - 1] : NULL;
}

/* Whose parts a list holds: the object that the list around it describes, or the entry's own. */
static const cdist_metadata_object_t *owner_of(const scan_t *scan, int list)
{
    for (list--; list >= 0; list--) {
        if (scan->nested[list].object) return scan->nested[list].object;
    }
    return scan->is_root ? NULL : scan->self;
}

/* {class,count starts a list of objects; a class that is not known only where the configuration lists its objects. */
static void start_list(scan_t *scan)
{
    const cdist_metadata_class_t *cls = cdist_metadata_class(scan->list_uuid);
    collection_t *list;

    if (!cls && scan->is_root && scan->list_depth >= ROOT_LIST_LEAST && scan->list_depth <= ROOT_LIST_MOST) {
        cls = class_of(scan->names, scan->list_uuid);
    }
    if (!cls || scan->count == MAX_NESTED) return;
    list = &scan->nested[scan->count++];
    memset(list, 0, sizeof *list);
    list->cls = cls;
    list->depth = scan->list_depth;
}

static void follow_list(scan_t *scan, const cdist_token_t *token)
{
    if (token->kind == CDIST_BRACE_OPEN) {
        scan->list_step = 1;
        scan->list_depth = token->depth + 1;
    } else if (scan->list_step == 1 && token->kind == CDIST_BRACE_BARE && cdist_text_is_guid(token->text, token->length)) {
        memcpy(scan->list_uuid, token->text, CDIST_GUID_CHARS + 1);
        scan->list_step = 2;
    } else {
        if (scan->list_step == 2 && is_number(token)) start_list(scan);
        scan->list_step = 0;
    }
}

/* {n,n,uuid},"Name": the step counts the items, 4 is the closed list. Returns 1 at the name. */
static int follow_header(scan_t *scan, const cdist_token_t *token)
{
    int step = scan->header_step;

    scan->header_step = 0;
    if (token->kind == CDIST_BRACE_OPEN) {
        scan->header_step = 1;
        scan->header_depth = token->depth + 1;
    } else if ((step == 1 || step == 2) && is_number(token)) {
        scan->header_step = step + 1;
    } else if (step == 3 && token->kind == CDIST_BRACE_BARE && cdist_text_is_guid(token->text, token->length)) {
        memcpy(scan->header_uuid, token->text, CDIST_GUID_CHARS + 1);
        scan->header_step = 4;
    } else if (step == 4 && token->kind == CDIST_BRACE_CLOSE) {
        scan->header_step = 5;
    } else if (step == 5 && token->kind == CDIST_BRACE_TEXT) {
        return token->depth + 1 == scan->header_depth;
    }
    return 0;
}

static void take_name(scan_t *scan, const cdist_token_t *token)
{
    cdist_names_t *names = scan->names;
    collection_t *list = innermost(scan);
    const char *name;

    if (list ? list->named : scan->named || (!scan->is_root && strcmp(scan->header_uuid, scan->self->uuid) != 0)) return;
    name = cdist_text_decode(token->text, token->length, names->pool);
    if (list) {
        list->named = 1;
        list->object = add_object(names, scan->header_uuid, list->cls, owner_of(scan, scan->count - 1), name);
    } else {
        scan->named = 1;
        scan->self->name = name;
        /* The configuration's modules and help are parts of an object with a uuid of its own. */
        if (scan->is_root) (void)add_object(names, scan->header_uuid, scan->self->cls, NULL, name);
    }
}

/* An item of a list of objects: a uuid, whose entry has to be read, or the description of one, whose name is still to come. */
static void take_item(scan_t *scan, const cdist_token_t *token)
{
    collection_t *list = innermost(scan);
    cdist_metadata_object_t *object;

    if (token->kind == CDIST_BRACE_OPEN) {
        list->object = NULL;
        list->named = 0;
    } else if (token->kind == CDIST_BRACE_BARE && cdist_text_is_guid(token->text, token->length)) {
        object = add_object(scan->names, token->text, list->cls, owner_of(scan, scan->count - 1), "");
        if (object) APR_ARRAY_PUSH(scan->names->queue, cdist_metadata_object_t *) = object;
    }
}

static cdist_err_t *scan_entry(scan_t *scan, cdist_stream_t *stream, apr_pool_t *pool)
{
    cdist_brace_reader_t *reader = cdist_brace_reader_create(stream, NAME_BYTES, pool);
    int whole = scan->is_root || scan->self->cls->has_parts;
    const cdist_token_t *token;

    do {
        collection_t *list;

        CDIST_ERR(cdist_brace_next(&token, reader));
        list = innermost(scan);
        if (list && token->kind == CDIST_BRACE_CLOSE && token->depth + 1 == list->depth) scan->count--;
        else if (list && token->depth == list->depth && token->kind != CDIST_BRACE_CLOSE) take_item(scan, token);
        if (follow_header(scan, token)) take_name(scan, token);
        follow_list(scan, token);
        if (apr_hash_count(scan->names->objects) > MAX_OBJECTS) {
            return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: more than %u metadata objects", stream->name, MAX_OBJECTS);
        }
    } while (token->kind != CDIST_BRACE_END && (whole || !scan->named));
    return NULL;
}

/* ---- a configuration ------------------------------------------------------------------------------------------- */

/* `root` is {n,uuid,…}. */
static cdist_err_t *read_root(const char **uuid, cdist_stream_t *stream, apr_pool_t *pool)
{
    cdist_brace_reader_t *reader = cdist_brace_reader_create(stream, NAME_BYTES, pool);
    const cdist_token_t *token;

    do {
        CDIST_ERR(cdist_brace_next(&token, reader));
        if (token->depth != 1 || token->kind != CDIST_BRACE_BARE || token->path[0] != 1) continue;
        if (!cdist_text_is_guid(token->text, token->length)) break;
        *uuid = apr_pstrdup(pool, token->text);
        return NULL;
    } while (token->kind != CDIST_BRACE_END);
    return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: no uuid where that of the configuration is expected", stream->name);
}

static cdist_err_t *open_needed(cdist_stream_t **stream, cdist_entry_open_fn *open, void *baton, const char *entry,
                                const char *file, apr_pool_t *pool)
{
    CDIST_ERR(open(stream, baton, entry, pool));
    if (*stream) return NULL;
    return cdist_err_create(pool, CDIST_E_CORRUPT, 0, "%s: the entry %s is missing, so its metadata have no names", file,
                            entry);
}

static cdist_err_t *read_all(cdist_names_t *names, cdist_entry_open_fn *open, void *baton, const char *file, apr_pool_t *pool)
{
    apr_pool_t *entry_pool;
    cdist_stream_t *stream;
    const char *uuid = "";
    scan_t scan;
    int i;

    CDIST_ERR(open_needed(&stream, open, baton, "root", file, pool));
    CDIST_ERR(read_root(&uuid, stream, pool));
    CDIST_ERR(open_needed(&stream, open, baton, uuid, file, pool));
    memset(&scan, 0, sizeof scan);
    scan.names = names;
    scan.is_root = 1;
    scan.self = add_object(names, uuid, cdist_metadata_class(CLASS_CONFIGURATION), NULL, "");
    CDIST_ERR(scan_entry(&scan, stream, pool));
    apr_pool_create(&entry_pool, pool);
    for (i = 0; i < names->queue->nelts; i++) {
        cdist_metadata_object_t *object = APR_ARRAY_IDX(names->queue, i, cdist_metadata_object_t *);

        apr_pool_clear(entry_pool);
        /* NB: what is damaged is told by who compares contents; here it only goes without a name. */
        if (open(&stream, baton, object->uuid, entry_pool) != NULL || !stream) continue;
        memset(&scan, 0, sizeof scan);
        scan.names = names;
        scan.self = object;
        if (scan_entry(&scan, stream, entry_pool) != NULL) continue;
    }
    return NULL;
}

cdist_err_t *cdist_names_read(cdist_names_t **names, cdist_entry_open_fn *open, void *baton, const char *file,
                              apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    cdist_names_t *made = apr_pcalloc(result_pool, sizeof *made);
    apr_pool_t *pool;
    cdist_err_t *err;

    made->pool = result_pool;
    made->objects = apr_hash_make(result_pool);
    made->unknown = apr_hash_make(result_pool);
    made->queue = apr_array_make(result_pool, 256, sizeof(cdist_metadata_object_t *));
    apr_pool_create(&pool, scratch_pool);
    err = cdist_err_dup(read_all(made, open, baton, file, pool), result_pool);
    apr_pool_destroy(pool);
    *names = made;
    return err;
}

/* ---- questions ------------------------------------------------------------------------------------------------- */

static cdist_err_t *open_in_container(cdist_stream_t **stream, void *baton, const char *name, apr_pool_t *pool)
{
    cdist_container_t *container = baton;
    const cdist_item_t *item;

    *stream = NULL;
    CDIST_ERR(cdist_container_find(&item, container, name, 0));
    if (!item || item->data_at == CDIST_NO_DATA) return NULL;
    return cdist_container_content(stream, NULL, container, item, pool);
}

cdist_err_t *cdist_names_of_container(cdist_names_t **names, cdist_container_t *container, const char *file,
                                      apr_pool_t *result_pool, apr_pool_t *scratch_pool)
{
    return cdist_names_read(names, open_in_container, container, file, result_pool, scratch_pool);
}

const cdist_metadata_object_t *cdist_names_find(const cdist_names_t *names, const char *entry)
{
    return strlen(entry) < CDIST_GUID_CHARS ? NULL : apr_hash_get(names->objects, entry, CDIST_GUID_CHARS);
}

apr_uint32_t cdist_names_count(const cdist_names_t *names)
{
    return apr_hash_count(names->objects);
}

/* NB: each owner was met before its parts, so owners never form a ring; but a chain of them may be as long as the file. */
const char *cdist_names_qualified(const cdist_metadata_object_t *object, int russian, apr_pool_t *pool)
{
    const char *name = "";
    int owners;

    for (owners = 0; object && owners <= MOST_OWNERS; object = object->owner, owners++) {
        name = apr_pstrcat(pool, russian ? object->cls->ru : object->cls->en, ".", *object->name ? object->name : object->uuid,
                           *name ? "." : "", name, NULL);
    }
    return object ? apr_pstrcat(pool, "….", name, NULL) : name;
}
