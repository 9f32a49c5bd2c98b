/* Configurations of three sides: which file is what, what must be said of it, and how their entries belong together. */
#include "compare_int.h"

#include <apr_strings.h>

#include <string.h>

typedef struct {
    int asked;
    cdist_names_t *names; /* NULL if they cannot be read */
} side_names_t;

struct cdist_side_names_t {
    side_names_t base, mine, theirs;
};

const char *cdist_base_origin_name(cdist_base_origin_t origin)
{
    static const char *const names[] = {"none", "file", "embedded"};

    return names[origin];
}

/* ---- sides ----------------------------------------------------------------------------------------------------- */

/* Why these are no support data: damaged ones, or another file, which is told best by what it is. */
static cdist_err_t *no_support(cdist_err_t *err, cdist_bytes_t *bytes, apr_pool_t *pool)
{
    cdist_file_facts_t *facts;

    CDIST_ERR(cdist_file_facts_of(&facts, bytes, pool, pool));
    if (facts->kind == CDIST_FILE_SUPPORT) return err;
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: holds no support data, but is a .%s", cdist_bytes_name(bytes),
                            cdist_file_kind_name(facts->kind));
}

static cdist_err_t *open_support(cdist_sides_t *sides, const char *path, apr_pool_t *pool)
{
    cdist_support_t *support;
    cdist_bytes_t *bytes;
    cdist_err_t *err;

    if (path) {
        CDIST_ERR(cdist_bytes_file(&bytes, path, pool));
        err = cdist_support_parse(&support, cdist_bytes_stream(bytes, 0, pool), CDIST_SUPPORT_WHOLE, pool);
        if (err) return no_support(err, bytes, pool);
    } else {
        CDIST_ERR(cdist_config_support(&support, sides->mine, pool));
    }
    sides->support_data = support;
    sides->support = cdist_support_index_make(support, pool);
    return NULL;
}

static cdist_err_t *open_base(cdist_sides_t *sides, const cdist_compare_files_t *files, const cdist_file_facts_t *theirs,
                              apr_pool_t *pool)
{
    if (files->base) {
        sides->base_origin = CDIST_BASE_FILE;
        return cdist_config_open(&sides->base, files->base, pool);
    }
    if (!theirs) theirs = sides->mine->facts;
    CDIST_ERR(cdist_config_embedded(&sides->base, sides->mine, theirs->name, theirs->vendor, pool));
    if (sides->base) sides->base_origin = CDIST_BASE_EMBEDDED;
    return NULL;
}

static cdist_err_t *open_theirs(cdist_sides_t *sides, const cdist_compare_files_t *files, const cdist_file_facts_t *facts,
                                apr_pool_t *pool)
{
    if (!facts || facts->kind != CDIST_FILE_CFU) {
        if (facts) return cdist_config_open(&sides->theirs, files->theirs, pool);
        if (sides->base) return NULL;
        return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: holds no vendor's configuration, so what the customer changed is "
                                "not known: name the base with --base", sides->mine->name);
    }
    if (sides->base) return cdist_config_update(&sides->theirs, sides->base, files->theirs, pool);
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: is an update, and %s holds no vendor's configuration that it could be "
                            "applied to: name the base with --base", cdist_text_printable(files->theirs, pool),
                            sides->mine->name);
}

/* What one side has read, the others need not inflate again. */
static void share_contents(cdist_sides_t *sides, apr_pool_t *pool)
{
    sides->mine->known = apr_hash_make(pool);
    if (sides->base) sides->base->known = sides->mine->known;
    if (sides->theirs) sides->theirs->known = sides->mine->known;
}

/* A vendor's entries, under the names that mine has for them. */
static cdist_err_t *read_vendor(cdist_snapshot_t **entries, cdist_sides_t *sides, cdist_config_t *config, apr_pool_t *pool)
{
    cdist_snapshot_t *read;

    CDIST_ERR(cdist_config_snapshot(&read, config, pool));
    return cdist_support_index_pair(entries, sides->support, read, sides->mine_entries, config->name, pool);
}

cdist_err_t *cdist_sides_open(cdist_sides_t **sides, const cdist_compare_files_t *files, apr_pool_t *pool)
{
    cdist_sides_t *made = apr_pcalloc(pool, sizeof *made);
    cdist_file_facts_t *theirs = NULL;

    made->notes = apr_array_make(pool, 4, sizeof(cdist_compare_note_t));
    made->names = apr_pcalloc(pool, sizeof *made->names);
    made->pool = pool;
    CDIST_ERR(cdist_config_open(&made->mine, files->mine, pool));
    if (files->theirs) CDIST_ERR(cdist_file_facts_read(&theirs, files->theirs, pool, pool));
    CDIST_ERR(open_support(made, files->support, pool));
    CDIST_ERR(open_base(made, files, theirs, pool));
    CDIST_ERR(open_theirs(made, files, theirs, pool));
    cdist_sides_note_all(made, files, pool);
    share_contents(made, pool);
    CDIST_ERR(cdist_config_snapshot(&made->mine_entries, made->mine, pool));
    if (made->base) CDIST_ERR(read_vendor(&made->base_entries, made, made->base, pool));
    made->theirs_entries = made->base_entries;
    if (made->theirs) CDIST_ERR(read_vendor(&made->theirs_entries, made, made->theirs, pool));
    *sides = made;
    return NULL;
}

/* ---- comparing ------------------------------------------------------------------------------------------------- */

cdist_comparison_t *cdist_sides_entries(const cdist_sides_t *sides, apr_pool_t *pool)
{
    return cdist_threeway(sides->base_entries, sides->mine_entries, sides->theirs_entries, pool);
}

int cdist_config_is_of_support(const cdist_config_t *config, const char *entry)
{
    const char *root_id = config->facts->root_id, *object_id = config->facts->object_id;

    if (strlen(entry) == CDIST_EMBEDDED_CHARS) return strncmp(entry, root_id, strlen(root_id)) == 0;
    return *object_id && strncmp(entry, object_id, strlen(object_id)) == 0 && strcmp(entry + strlen(object_id), ".4") == 0;
}

/* The configuration is one object, of which the metadata stand under one uuid and the parts under another. Support knows the
 * first, which may be one of mine for a vendor's. */
static const char *owner_of_parts(const cdist_config_t *config, const cdist_snapshot_t *entries)
{
    int i;

    for (i = 0; i < entries->elements->nelts; i++) {
        const cdist_element_t *element = &APR_ARRAY_IDX(entries->elements, i, cdist_element_t);

        if (strcmp(element->name, config->facts->root_id) == 0) return element->owner;
    }
    return config->facts->root_id;
}

/* What mine has for an entry of the configuration itself; NULL for other entries. */
static const char *entry_in_mine(const cdist_config_t *config, const cdist_config_t *mine, const char *entry, apr_pool_t *pool)
{
    const char *object_id = config->facts->object_id, *root_in_mine = mine->facts->root_id;
    const char *object_in_mine = mine->facts->object_id;

    if (*root_in_mine && strcmp(entry, config->facts->root_id) == 0) return root_in_mine;
    if (!*object_id || !*object_in_mine || strncmp(entry, object_id, strlen(object_id)) != 0) return NULL;
    /* NB: where mine has its metadata among the parts, a part could take their place. */
    if (strncmp(root_in_mine, object_in_mine, strlen(object_in_mine)) == 0) return NULL;
    return apr_pstrcat(pool, object_in_mine, entry + strlen(object_id), NULL);
}

/* NB: there is one configuration on each side, so it is matched whatever its uuids are: one that was made anew, or saved under
 * another, would seem deleted and added. */
static void match_configuration(cdist_element_t *element, const cdist_config_t *config, const cdist_config_t *mine,
                                const cdist_snapshot_t *entries, apr_pool_t *pool)
{
    const char *entry = entry_in_mine(config, mine, element->name, pool);

    if (!entry || (strcmp(entry, element->id) != 0 && cdist_snapshot_find(entries, entry))) return;
    element->id = entry;
    element->owner = mine->facts->root_id;
}

/* Without entries there is no snapshot. */
static cdist_err_t *for_objects(cdist_snapshot_t **objects, const cdist_config_t *config, const cdist_config_t *mine,
                                const cdist_snapshot_t *entries, apr_pool_t *pool)
{
    const char *object_id = config ? config->facts->object_id : "", *owner;
    cdist_snapshot_t *left;
    int i;

    *objects = NULL;
    if (!entries) return NULL;
    *objects = left = cdist_snapshot_create(pool);
    owner = owner_of_parts(config, entries);
    for (i = 0; i < entries->elements->nelts; i++) {
        cdist_element_t element = APR_ARRAY_IDX(entries->elements, i, cdist_element_t);

        if (cdist_config_is_of_support(config, element.name)) continue;
        if (*object_id && strncmp(element.name, object_id, strlen(object_id)) == 0) element.owner = owner;
        if (config != mine) match_configuration(&element, config, mine, entries, pool);
        APR_ARRAY_PUSH(left->elements, cdist_element_t) = element;
    }
    return cdist_snapshot_sort(left, config->name, pool);
}

cdist_err_t *cdist_sides_objects(cdist_comparison_t **objects, cdist_comparison_t **parts, const cdist_sides_t *sides,
                                 apr_pool_t *pool)
{
    const cdist_config_t *config = sides->theirs ? sides->theirs : sides->base;
    cdist_snapshot_t *base, *mine, *theirs;

    CDIST_ERR(for_objects(&base, sides->base, sides->mine, sides->base_entries, pool));
    CDIST_ERR(for_objects(&mine, sides->mine, sides->mine, sides->mine_entries, pool));
    CDIST_ERR(for_objects(&theirs, config, sides->mine, sides->theirs_entries, pool));
    *parts = cdist_threeway(base, mine, theirs, pool);
    if (base) base = cdist_snapshot_group(base, pool);
    *objects = cdist_threeway(base, cdist_snapshot_group(mine, pool), cdist_snapshot_group(theirs, pool), pool);
    return NULL;
}

/* 1 if that side has it as a part of the configuration; support data are none. */
static int is_part_of(const cdist_config_t *config, const cdist_element_t *element, const char *owner)
{
    if (!config || !element || cdist_config_is_of_support(config, element->name)) return 0;
    return *config->facts->object_id && strcmp(config->facts->object_id, owner) == 0;
}

/* Which object's rule counts; support data that know the parts' uuid have the last word. */
static const char *ruled_object(const cdist_sides_t *sides, const cdist_difference_t *difference)
{
    const cdist_config_t *theirs = sides->theirs ? sides->theirs : sides->base;
    const char *owner = difference->owner;

    if (cdist_support_index_rule(sides->support, owner) != CDIST_RULE_UNKNOWN) return owner;
    if (is_part_of(sides->mine, difference->mine, owner) || is_part_of(theirs, difference->theirs, owner) ||
        is_part_of(sides->base, difference->base, owner)) {
        return sides->mine->facts->root_id;
    }
    return owner;
}

cdist_rule_t cdist_sides_rule(const cdist_sides_t *sides, const cdist_difference_t *difference)
{
    return cdist_support_index_rule(sides->support, ruled_object(sides, difference));
}

cdist_verdict_t cdist_sides_verdict(const cdist_sides_t *sides, const cdist_comparison_t *comparison,
                                    const cdist_difference_t *difference)
{
    return cdist_rules_verdict(difference, comparison->two_way, cdist_sides_rule(sides, difference),
                               cdist_support_index_delivery(sides->support, ruled_object(sides, difference)));
}

/* ---- names ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *open_entry(cdist_stream_t **stream, void *baton, const char *name, apr_pool_t *pool)
{
    return cdist_config_content(stream, baton, name, pool);
}

static const cdist_metadata_object_t *find_object(cdist_sides_t *sides, side_names_t *names, cdist_config_t *config,
                                                  const char *entry)
{
    cdist_err_t *err;

    if (!config || !entry) return NULL;
    if (!names->asked) {
        names->asked = 1;
        err = cdist_names_read(&names->names, open_entry, config, config->name, sides->pool, sides->pool);
        if (err) {
            names->names = NULL;
            cdist_sides_note(sides, "no_names", cdist_err_text(err, sides->pool),
                             apr_pstrcat(sides->pool, "Имена объектов не читаются: ", cdist_err_text(err, sides->pool), NULL));
        }
    }
    return names->names ? cdist_names_find(names->names, entry) : NULL;
}

static const char *name_of(const cdist_element_t *element)
{
    return element ? element->name : NULL;
}

static const cdist_metadata_object_t *find_in_sides(cdist_sides_t *sides, const char *mine, const char *theirs,
                                                    const char *base)
{
    struct cdist_side_names_t *names = sides->names;
    const cdist_metadata_object_t *object = find_object(sides, &names->mine, sides->mine, mine);

    if (!object) object = find_object(sides, &names->theirs, sides->theirs, theirs);
    return object ? object : find_object(sides, &names->base, sides->base, base);
}

const cdist_metadata_object_t *cdist_sides_object(cdist_sides_t *sides, const cdist_difference_t *difference)
{
    return find_in_sides(sides, name_of(difference->mine), name_of(difference->theirs), name_of(difference->base));
}

void cdist_sides_read_names(cdist_sides_t *sides, const cdist_comparison_t *comparison, int inside)
{
    int i;

    for (i = 0; i < comparison->differences->nelts; i++) {
        (void)cdist_sides_object(sides, &APR_ARRAY_IDX(comparison->differences, i, cdist_difference_t));
    }
    /* No object has this uuid, so that all sides are asked. */
    if (inside && i > 0) (void)cdist_sides_object_of(sides, "");
}

const cdist_metadata_object_t *cdist_sides_object_of(cdist_sides_t *sides, const char *uuid)
{
    return find_in_sides(sides, uuid, uuid, uuid);
}
