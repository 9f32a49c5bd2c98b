/* A look at the whole configuration for publications that cannot work because half of them is missing: CDistRoot where nothing
 * says SetHandler 1cdist (or misspells it), and SetHandler 1cdist where nothing says CDistRoot. Both halves may well stand in
 * different sections, so this looks at the tree of directives and warns only where the other half stands nowhere that could
 * reach the same folder: a warning that a good configuration gets is worse than none. */
#include "mod_1cdist_int.h"

#include <apr_strings.h>

#include <string.h>

/* A directive, and the folder that it is for: NULL where it may be for any (<Location>, <Files>, patterns, a whole server). */
typedef struct {
    const ap_directive_t *at;
    const char *folder;
} place_t;

typedef struct {
    apr_array_header_t *lookups;  /* place_t: CDistRoot and others that say what to publish */
    apr_array_header_t *handlers; /* place_t: what turns our handler on, or may */
    apr_array_header_t *others;   /* place_t: SetHandler with another name */
    apr_array_header_t *open;     /* place_t: where .htaccess may set a handler */
    apr_pool_t *pool;
} halves_t;

static const char *word(const ap_directive_t *node, int number, apr_pool_t *pool)
{
    const char *args = node->args, *found = "";

    while (number-- >= 0) found = ap_getword_conf(pool, &args);
    return found;
}

/* Whether a directive turns our handler on, or may do so. */
static int may_handle(const ap_directive_t *node, apr_pool_t *pool)
{
    const char *first = word(node, 0, pool);

    if (strcasecmp(node->directive, "SetHandler") == 0) {
        return strcasecmp(first, "1cdist") == 0 || strncasecmp(first, "expr=", 5) == 0 || strstr(first, "%{");
    }
    if (strcasecmp(node->directive, "AddHandler") == 0) return strcasecmp(first, "1cdist") == 0;
    return strcasecmp(node->directive, "RewriteRule") == 0 && ap_strcasestr(node->args, "=1cdist");
}

/* Whether .htaccess may set a handler by this. */
static int may_open(const ap_directive_t *node)
{
    if (strcasecmp(node->directive, "AllowOverrideList") == 0) return ap_strcasestr(node->args, "Handler") != NULL;
    return strcasecmp(node->directive, "AllowOverride") == 0 &&
           (ap_strcasestr(node->args, "All") || ap_strcasestr(node->args, "FileInfo"));
}

static void note(apr_array_header_t *places, const ap_directive_t *at, const char *folder)
{
    place_t *place = apr_array_push(places);

    place->at = at;
    place->folder = folder;
}

/* The folder of a <Directory> without patterns; NULL if it has one. */
static const char *section_folder(const ap_directive_t *node, apr_pool_t *pool)
{
    const char *args = apr_pstrmemdup(pool, node->args, strcspn(node->args, ">"));
    char *folder = ap_getword_conf(pool, &args);
    apr_size_t length = strlen(folder);

    while (length > 1 && folder[length - 1] == '/') folder[--length] = '\0';
    return strpbrk(folder, "~*?[") ? NULL : folder;
}

static int names_content(const char *directive)
{
    return strcasecmp(directive, "CDistRoot") == 0 || strcasecmp(directive, "CDistSource") == 0 ||
           strcasecmp(directive, "CDistInfobases") == 0 || strcasecmp(directive, "CDistUpdates") == 0;
}

static void collect(halves_t *halves, const ap_directive_t *node, const char *folder)
{
    for (; node; node = node->next) {
        const char *inside = strcasecmp(node->directive, "<Directory") == 0 ? section_folder(node, halves->pool) : folder;

        /* NB: what is nested in a <Directory>, such as <Files> and <If>, is for that folder alone. */
        if (node->first_child) collect(halves, node->first_child, inside);
        if (names_content(node->directive)) {
            note(halves->lookups, node, folder);
        } else if (may_handle(node, halves->pool)) {
            note(halves->handlers, node, folder);
        } else if (strcasecmp(node->directive, "SetHandler") == 0) {
            note(halves->others, node, folder);
        } else if (may_open(node)) {
            note(halves->open, node, folder);
        }
    }
}

/* Whether one folder is the other, or lies in it. */
static int are_related(const char *a, const char *b)
{
    apr_size_t x = strlen(a), y = strlen(b), length = x < y ? x : y;
    const char *longer = x < y ? b : a;

    return strncasecmp(a, b, length) == 0 && (x == y || longer[length] == '/' || (length && longer[length - 1] == '/'));
}

/* The first of the places that may be for the same files, NULL if there is none. */
static const place_t *find_related(const apr_array_header_t *places, const place_t *place)
{
    int i;

    for (i = 0; i < places->nelts; i++) {
        const place_t *other = &APR_ARRAY_IDX(places, i, place_t);
        if (!other->folder || !place->folder || are_related(other->folder, place->folder)) return other;
    }
    return NULL;
}

/* Whether an archive lies in the folder by hand: then it is a publication without any CDistRoot. */
static int holds_archive(const char *folder, apr_pool_t *pool)
{
    cdist_folder_t *listing;
    const char *name;
    int found = 0;

    if (!folder || cdist_os_folder_open(&listing, folder, pool) != APR_SUCCESS) return 0;
    while (!found && cdist_os_folder_next(&name, listing, pool) == APR_SUCCESS && name) {
        found = cdist_slot_parse_file(name, NULL) != NULL;
    }
    cdist_os_folder_close(listing);
    return found;
}

/* Of several directives in one section the first speaks for all. */
static int is_first(const apr_array_header_t *places, int index)
{
    const ap_directive_t *section = APR_ARRAY_IDX(places, index, place_t).at->parent;

    return index == 0 || !section || APR_ARRAY_IDX(places, index - 1, place_t).at->parent != section;
}

/* What stands in the place of our handler in the very section, NULL if nothing does. */
static const ap_directive_t *handler_beside(const halves_t *halves, const ap_directive_t *lookup)
{
    int i;

    for (i = 0; i < halves->others->nelts; i++) {
        const ap_directive_t *at = APR_ARRAY_IDX(halves->others, i, place_t).at;
        if (at->parent == lookup->parent) return at;
    }
    return NULL;
}

static void check_lookups(const halves_t *halves, server_rec *server)
{
    int i;

    for (i = 0; i < halves->lookups->nelts; i++) {
        const place_t *lookup = &APR_ARRAY_IDX(halves->lookups, i, place_t);
        const ap_directive_t *at = lookup->at, *other = handler_beside(halves, at);

        if (!is_first(halves->lookups, i)) continue;
        if (find_related(halves->handlers, lookup) || find_related(halves->open, lookup)) continue;
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "CD0112: %s:%d: %s publishes nothing, since SetHandler 1cdist is missing%s%s", at->filename, at->line_num,
                     at->directive, other ? "; there stands SetHandler " : "", other ? other->args : "");
    }
}

/* NB: where the handler is for no single folder nobody knows whether archives lie there by hand. */
static void check_handlers(const halves_t *halves, server_rec *server)
{
    int i;

    for (i = 0; i < halves->handlers->nelts; i++) {
        const place_t *handler = &APR_ARRAY_IDX(halves->handlers, i, place_t);
        const ap_directive_t *at = handler->at;

        if (!handler->folder || strcasecmp(at->directive, "SetHandler") != 0 ||
            strcasecmp(word(at, 0, halves->pool), "1cdist") != 0) continue;
        if (find_related(halves->lookups, handler) || holds_archive(handler->folder, halves->pool)) continue;
        ap_log_error(APLOG_MARK, APLOG_WARNING, 0, server,
                     "CD0113: %s:%d: SetHandler 1cdist has nothing to publish: there is no CDistRoot for %s, and no archive lies "
                     "in it", at->filename, at->line_num, handler->folder);
    }
}

void cdist_check_handlers(server_rec *server, apr_pool_t *scratch_pool)
{
    halves_t halves = {apr_array_make(scratch_pool, 8, sizeof(place_t)), apr_array_make(scratch_pool, 8, sizeof(place_t)),
                       apr_array_make(scratch_pool, 8, sizeof(place_t)), apr_array_make(scratch_pool, 8, sizeof(place_t)),
                       scratch_pool};

    collect(&halves, ap_conftree, NULL);
    check_lookups(&halves, server);
    check_handlers(&halves, server);
}
