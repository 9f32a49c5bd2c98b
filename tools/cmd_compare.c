/* compare: what the customer changed, what the vendor changed, what clashes. */
#include "comparison_int.h"

#include <apr_strings.h>

#include <string.h>

#define RULES_MAX_BYTES (1024u * 1024)
#define REGISTER_MAX_BYTES (256u * 1024 * 1024)

enum {
    OPTION_MINE = 256,
    OPTION_THEIRS,
    OPTION_BASE,
    OPTION_SUPPORT,
    OPTION_LEVEL,
    OPTION_REGISTER,
    OPTION_AGAINST,
    OPTION_HTML,
    OPTION_TREE,
    OPTION_RULES,
    OPTION_OVERLAY,
    OPTION_JSON
};

static const apr_getopt_option_t compare_options[] = {{"mine", OPTION_MINE, 1, NULL},
                                                      {"theirs", OPTION_THEIRS, 1, NULL},
                                                      {"base", OPTION_BASE, 1, NULL},
                                                      {"support", OPTION_SUPPORT, 1, NULL},
                                                      {"level", OPTION_LEVEL, 1, NULL},
                                                      {"register", OPTION_REGISTER, 1, NULL},
                                                      {"against", OPTION_AGAINST, 1, NULL},
                                                      {"html", OPTION_HTML, 1, NULL},
                                                      {"tree", OPTION_TREE, 0, NULL},
                                                      {"rules", OPTION_RULES, 1, NULL},
                                                      {"overlay", OPTION_OVERLAY, 0, NULL},
                                                      {"json", OPTION_JSON, 0, NULL},
                                                      {"help", 'h', 0, NULL},
                                                      {NULL}};

typedef struct {
    cdist_compare_files_t files;
    comparison_outputs_t outputs;
    const char *level, *rules;
    int tree, overlay, json;
    int repeated; /* 1: an option was given twice, of which one would be forgotten */
} request_t;

/* Where the option's value goes; NULL for one that has none. */
static const char **place_of(request_t *request, int option)
{
    switch (option) {
    case OPTION_MINE: return &request->files.mine;
    case OPTION_THEIRS: return &request->files.theirs;
    case OPTION_BASE: return &request->files.base;
    case OPTION_SUPPORT: return &request->files.support;
    case OPTION_LEVEL: return &request->level;
    case OPTION_REGISTER: return &request->outputs.reg;
    case OPTION_AGAINST: return &request->outputs.against;
    case OPTION_HTML: return &request->outputs.html;
    case OPTION_RULES: return &request->rules;
    default: return NULL;
    }
}

static void take_option(request_t *request, int option, const char *value)
{
    const char **place = place_of(request, option);

    if (place) {
        request->repeated |= *place != NULL;
        *place = value;
    }
    request->tree |= option == OPTION_TREE;
    request->overlay |= option == OPTION_OVERLAY;
    request->json |= option == OPTION_JSON;
}

/* ---- folders --------------------------------------------------------------------------------------------------- */

static cdist_err_t *read_rules(cdist_tree_rules_t **rules, const char *path, apr_pool_t *pool)
{
    apr_size_t length;
    char *bytes;

    CDIST_ERR(cdist_file_read(&bytes, &length, path, RULES_MAX_BYTES, pool));
    return cdist_tree_rules_parse(rules, bytes, length, cdist_text_printable(path, pool), pool);
}

static int compare_trees(const request_t *request, const apr_array_header_t *folders, apr_pool_t *pool)
{
    comparison_t comparison = {"file"};
    cdist_tree_rules_t *rules = NULL;
    cdist_snapshot_t *sides[3];
    cdist_err_t *err = NULL;
    int i;

    if (request->rules) err = read_rules(&rules, request->rules, pool);
    for (i = 0; i < 3 && !err; i++) err = cdist_tree_snapshot(&sides[i], APR_ARRAY_IDX(folders, i, const char *), pool);
    if (err) return tool_fail_err(err, pool);
    comparison.rules = rules;
    if (rules) {
        comparison.rules_name = cdist_text_printable(request->rules, pool);
        comparison.unused = cdist_tree_rules_unused(rules, (const cdist_snapshot_t *const *)sides, 3, pool);
    }
    /* What an overlay does not have is the vendor's business. */
    for (i = 0; i < 3 && request->overlay; i += 2) sides[i] = cdist_snapshot_only(sides[i], sides[1], pool);
    comparison.json = request->json;
    comparison.comparison = cdist_tree_compare(sides[0], sides[1], sides[2], pool);
    return comparison_print(&comparison, pool);
}

/* ---- the register ---------------------------------------------------------------------------------------------- */

static const char *register_level(const request_t *request)
{
    return strcmp(request->level, "entry") == 0 ? "entry" : "object";
}

/* What was registered before: read before anything is compared, and before a new register is written, which may be that
 * file. */
static cdist_err_t *read_register(cdist_register_t **before, const request_t *request, apr_pool_t *pool)
{
    const char *path = request->outputs.against, *shown = path ? cdist_text_printable(path, pool) : NULL;
    apr_size_t length;
    char *bytes;

    *before = NULL;
    if (!path) return NULL;
    CDIST_ERR(cdist_file_read(&bytes, &length, path, REGISTER_MAX_BYTES, pool));
    CDIST_ERR(cdist_register_parse(before, bytes, length, shown, pool));
    if (strcmp((*before)->level, register_level(request)) == 0) return NULL;
    return cdist_err_create(pool, CDIST_E_INPUT, 0, "%s: was made with --level %s, and cannot be compared with --level %s",
                            shown, cdist_text_printable((*before)->level, pool), request->level);
}

static void note_register(cdist_sides_t *sides, const char *path, const cdist_register_t *before, const cdist_register_t *now,
                          apr_pool_t *pool)
{
    const cdist_configuration_id_t *old = &before->base, *new = &now->base;
    const char *shown = cdist_text_printable(path, pool), *was, *is;

    if (strcmp(old->name, new->name) == 0 && strcmp(old->vendor, new->vendor) == 0 &&
        strcmp(old->version_id, new->version_id) == 0) {
        return;
    }
    was = cdist_text_printable(apr_psprintf(pool, "%s (%s) %s", old->name, old->vendor, old->version), pool);
    is = cdist_text_printable(apr_psprintf(pool, "%s (%s) %s", new->name, new->vendor, new->version), pool);
    cdist_sides_note(sides, "register_of_other",
                     apr_psprintf(pool, "%s: was made against %s, while the base is %s now: what changed since may come from "
                                        "that alone", shown, was, is),
                     apr_psprintf(pool, "%s: составлен относительно %s, а исходная сейчас — %s: изменения с тех пор могут "
                                        "объясняться только этим", shown, was, is));
}

static cdist_err_t *handle_register(comparison_t *comparison, const request_t *request, const cdist_register_t *before,
                                    apr_pool_t *pool)
{
    const char *text;
    cdist_register_t *reg;
    apr_size_t length;

    if (!request->outputs.reg && !before) return NULL;
    CDIST_ERR(cdist_register_make(&reg, comparison->sides, comparison->comparison, register_level(request), pool));
    if (before) {
        note_register(comparison->sides, request->outputs.against, before, reg, pool);
        comparison->since = cdist_register_compare(before, reg, pool);
    }
    if (!request->outputs.reg) return NULL;
    text = cdist_register_format(&length, reg, pool);
    return cdist_file_publish(request->outputs.reg, text, length, pool);
}

/* ---- configurations -------------------------------------------------------------------------------------------- */

static apr_hash_t *parts_by_owner(const cdist_comparison_t *entries, apr_pool_t *pool)
{
    apr_hash_t *parts = apr_hash_make(pool);
    int i;

    for (i = 0; i < entries->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(entries->differences, i, cdist_difference_t);
        apr_array_header_t *list = apr_hash_get(parts, difference->owner, APR_HASH_KEY_STRING);

        if (!list) {
            list = apr_array_make(pool, 2, sizeof(const cdist_difference_t *));
            apr_hash_set(parts, difference->owner, APR_HASH_KEY_STRING, list);
        }
        APR_ARRAY_PUSH(list, const cdist_difference_t *) = difference;
    }
    return parts;
}

static int compare_configurations(const request_t *request, apr_pool_t *pool)
{
    comparison_t comparison = {request->level};
    cdist_comparison_t *parts;
    cdist_register_t *before;
    cdist_sides_t *sides;
    cdist_err_t *err = read_register(&before, request, pool);

    if (!err) err = cdist_sides_open(&sides, &request->files, pool);
    if (err) return tool_fail_err(err, pool);
    comparison.sides = sides;
    comparison.json = request->json;
    if (strcmp(request->level, "entry") == 0) {
        comparison.comparison = cdist_sides_entries(sides, pool);
        cdist_sides_note_support_data(sides, comparison.comparison);
    } else {
        err = cdist_sides_objects(&comparison.comparison, &parts, sides, pool);
        if (err) return tool_fail_err(err, pool);
        comparison.parts = parts_by_owner(parts, pool);
        comparison.details = strcmp(request->level, "property") == 0;
    }
    cdist_sides_read_names(sides, comparison.comparison, comparison.details || request->outputs.html);
    err = handle_register(&comparison, request, before, pool);
    if (!err && request->outputs.html) err = comparison_write_page(&comparison, request->outputs.html, pool);
    if (comparison_print(&comparison, pool) != TOOL_DONE && !err) return TOOL_FAILED;
    return err ? tool_fail_err(err, pool) : TOOL_DONE;
}

/* ---- the verb -------------------------------------------------------------------------------------------------- */

static int is_level(const char *text)
{
    return strcmp(text, "entry") == 0 || strcmp(text, "object") == 0 || strcmp(text, "property") == 0;
}

/* NULL, or what is wrong with the arguments. */
static const char *check_request(const request_t *request, const apr_array_header_t *operands)
{
    const cdist_compare_files_t *files = &request->files;

    if (request->repeated) return "an option is there twice";
    if (request->tree) {
        if (files->mine || files->theirs || files->base || files->support || request->outputs.reg || request->outputs.against ||
            request->outputs.html ||
            request->level) {
            return "--tree takes three folders and --rules, and no configurations and no --level";
        }
        return operands->nelts == 3 ? NULL : "--tree wants three folders: BASE MINE THEIRS";
    }
    if (request->rules) return "--rules is for --tree";
    if (request->overlay) return "--overlay is for --tree";
    if (operands->nelts) return "configurations are named by --mine, --theirs and --base";
    if (!files->mine) return "--mine is missing";
    if (!files->theirs && !request->outputs.reg && !request->outputs.against) return "--theirs is missing";
    return !request->level || is_level(request->level) ? NULL : "--level is entry, object or property";
}

static int compare(apr_getopt_t *args, apr_pool_t *pool)
{
    request_t request = {{NULL}};
    apr_array_header_t *operands;
    const char *value, *problem;
    cdist_err_t *err;
    int option;

    while ((option = tool_next_option(&value, &tool_compare, args)) > 0) take_option(&request, option, value);
    if (option < 0) return option == TOOL_HELP ? TOOL_DONE : TOOL_USAGE;
    operands = tool_operands(args, pool);
    if ((problem = check_request(&request, operands)) != NULL) return tool_usage_error(&tool_compare, "%s", problem);
    if (request.tree) return compare_trees(&request, operands, pool);
    if (!request.level) request.level = "entry";
    if ((problem = comparison_mixed_up(&request.files, &request.outputs, pool)) != NULL) {
        return tool_usage_error(&tool_compare, "%s", problem);
    }
    if ((err = comparison_check_outputs(&request.outputs, pool)) != NULL) return tool_fail_err(err, pool);
    return compare_configurations(&request, pool);
}

const tool_verb_t tool_compare = {
    "compare",
    "Usage: 1cdist compare --mine M.cf --theirs T.cf|T.cfu [--base B.cf] [--support FILE] [--level entry|object|property]\n"
    "                      [--html FILE] [--register FILE] [--against FILE] [--json]\n"
    "       1cdist compare --tree BASE MINE THEIRS [--overlay] [--rules FILE] [--json]\n"
    "\n"
    "Tells what the customer changed (mine), what the vendor changed (theirs), what both did, and what an update would do\n"
    "about it by the rules of support, without the platform. Nothing is merged, and no configuration is written.\n"
    "\n"
    "  --base B.cf      the vendor's release that mine was made from; without it the one that mine holds since it is on\n"
    "                   support; where it holds none, only what is alike and what differs is told\n"
    "  --theirs T.cfu   an update, seen as applied to the base; one that does not apply to it by the version's id is refused\n"
    "  --support FILE   the rules of support, ParentConfigurations.bin, instead of those that mine holds\n"
    "  --level LEVEL    entry: the entries of the file, the default; object: objects, with those of their entries that\n"
    "                   differ; property: what changed in these too, modules by line, all else by property\n"
    "  --html FILE      writes a page for people, with the texts of the three sides beside each other; it needs no network\n"
    "  --register FILE  writes what the customer changed, to compare with it later; --theirs may be missing then\n"
    "  --against FILE   tells what changed in that since\n"
    "  --tree           three folders instead, file by file\n"
    "  --overlay        for --tree: MINE holds customised files alone, as for CDistOverlay; all others are the vendor's\n"
    "  --rules FILE     for --tree: lines GLOB RULE, where RULE is locked, editable or removed; a glob without / is for\n"
    "                   names anywhere; of several that match the one with the most characters that are no wildcards counts\n"
    "\n"
    "class: unchanged, mine, theirs, identical (both changed it alike), conflict. action: keep_mine, take_theirs, no_update,\n"
    "ask. support: ObjectNotEditable, ObjectIsEditableSupportEnabled, ObjectNotSupported, unknown. What cannot be read is\n"
    "never taken for equal; it is listed with its error.\n"
    "\n"
    "--json prints one line {\"counts\":{…},…}, then one line for each item that is not unchanged: id name class mine theirs\n"
    "support action row confirm, and where there are any delivery warning error parts; then, with --against, one line for\n"
    "each change: since id name before now support_before support. name is in Russian, name_en in English. With --level\n"
    "property each of the parts has details: part kind class, and regions of lines or properties with path name object\n"
    "class base mine theirs.\n"
    "\n"
    "Exit status: 0 done, 1 something cannot be read or written, 2 wrong usage.\n",
    compare_options, compare};
