/* What is known of the places in metadata: those of the configuration's own properties, and how every object is described:
 * {…,{n,n,uuid},"Name",{n,"ru","Synonym",…},"Comment",…}.
 * Source: docs/metadata.md. A place of which nothing is known has no name, never a guess. */
#include "property_int.h"

#include <apr_strings.h>

#include <string.h>

#define CLASS_CONFIGURATION "9cd510cd-abfc-11d4-9434-004095e12fc7"
#define LAYOUT_80 15
#define MOST_PLACES 64 /* what has a name stands among so many items of its list */

/* The names of lists on the way to what has a name. */
#define CONFIGURATION "configuration"
#define PROPERTIES "properties"
#define SYNONYM "synonym"

/* By the place in the configuration's properties; 8.0 has others. */
static const struct {
    apr_uint32_t place, place_80;
    const char *name;
} properties[] = {{10, 0, "default language"},     {14, 11, "vendor"},       {15, 12, "version"}, {16, 13, "update address"},
                  {26, 0, "compatibility mode"},   {42, 0, "name prefix"},   {43, 0, "extension compatibility mode"}};

static int is_text(const cdist_brace_tree_t *tree, apr_uint32_t node, const char *text)
{
    return node != NO_NODE && strcmp(cdist_brace_text(NULL, tree, node), text) == 0;
}

static const char *configuration_property(const cdist_brace_tree_t *tree, apr_uint32_t list, apr_uint32_t place)
{
    int layout_80 = is_text(tree, cdist_brace_item(tree, list, 0), APR_STRINGIFY(LAYOUT_80));
    size_t i;

    for (i = 0; i < sizeof properties / sizeof properties[0]; i++) {
        if (place > 0 && place == (layout_80 ? properties[i].place_80 : properties[i].place)) return properties[i].name;
    }
    return "";
}

/* The place of {n,n,uuid} in a list, the name behind it; NO_PARTNER if there is none. */
static apr_uint32_t header_place(const cdist_brace_tree_t *tree, apr_uint32_t list, apr_uint32_t before)
{
    apr_uint32_t item = cdist_brace_child(tree, list), place = 0;

    for (; item != NO_NODE && place < before; item = cdist_brace_after(tree, item), place++) {
        if (cdist_brace_header(tree, item) != NO_NODE) return place;
    }
    return NO_PARTNER;
}

static const char *object_property(const cdist_brace_tree_t *tree, apr_uint32_t list, apr_uint32_t place)
{
    static const char *const names[] = {"name", SYNONYM, "comment"};
    apr_uint32_t header = header_place(tree, list, place);

    return header != NO_PARTNER && place - header <= 3 ? names[place - header - 1] : "";
}

/* {n,"ru","Text","en","Text"} */
static const char *synonym(const cdist_brace_tree_t *tree, apr_uint32_t list, apr_uint32_t place, apr_pool_t *pool)
{
    const char *language;

    if (place < 2 || place % 2 == 1) return SYNONYM;
    language = cdist_brace_text(NULL, tree, cdist_brace_item(tree, list, place - 1));
    return apr_pstrcat(pool, SYNONYM ".", cdist_text_printable(language, pool), NULL);
}

const char *cdist_property_name(const cdist_brace_tree_t *tree, apr_uint32_t list, apr_uint32_t place, const char *list_name,
                                apr_pool_t *pool)
{
    if (place >= MOST_PLACES) return "";
    if (strcmp(list_name, SYNONYM) == 0) return synonym(tree, list, place, pool);
    if (strcmp(list_name, PROPERTIES) == 0) return configuration_property(tree, list, place);
    if (strcmp(list_name, CONFIGURATION) == 0) return place == 1 ? PROPERTIES : "";
    if (place == 1 && is_text(tree, cdist_brace_child(tree, list), CLASS_CONFIGURATION)) return CONFIGURATION;
    return object_property(tree, list, place);
}
