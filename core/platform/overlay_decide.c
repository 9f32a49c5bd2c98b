/* What of an overlay goes into a release's archive: the files of the overlay, compared three ways by the engine and the tables
 * of core/compare. What the overlay does not have is the vendor's business, whatever rule there is for it. */
#include "platform_int.h"

#include <apr_strings.h>

#include <string.h>

#define SETUP_INI_MAX (64u * 1024)

/* ---- sides ----------------------------------------------------------------------------------------------------- */

static cdist_err_t *add_element(cdist_snapshot_t *side, const cdist_tree_t *tree, const char *path, apr_pool_t *pool)
{
    int clash;
    const cdist_input_t *input = cdist_tree_find(&clash, tree, path, pool);
    cdist_element_t *element;

    if (!input && !clash) return NULL;
    element = cdist_snapshot_add(side);
    memset(element, 0, sizeof *element);
    element->id = element->name = element->owner = path;
    if (clash) {
        element->error = apr_pstrcat(pool, cdist_text_printable(tree->folder, pool),
                                     ": has a folder where the overlay has a file, or the other way round", NULL);
        return NULL;
    }
    element->kind = input->link_target ? CDIST_ELEMENT_LINK : CDIST_ELEMENT_CONTENT;
    return cdist_tree_digest(&element->digest, tree, input, pool);
}

/* What a side has of the overlay's files. */
static cdist_err_t *make_side(cdist_snapshot_t **side, const cdist_tree_t *tree, const cdist_tree_t *overlay, apr_pool_t *pool)
{
    int i;

    *side = cdist_snapshot_create(pool);
    for (i = 0; i < overlay->inputs->nelts; i++) {
        const cdist_input_t *input = &APR_ARRAY_IDX(overlay->inputs, i, cdist_input_t);
        if (input->stat.kind != CDIST_FOLDER) CDIST_ERR(add_element(*side, tree, input->path, pool));
    }
    return cdist_snapshot_sort(*side, tree->folder, pool);
}

/* ---- decisions --------------------------------------------------------------------------------------------------- */

static void add_conflict(apr_array_header_t *conflicts, const cdist_verdict_t *verdict, int open, const char *row,
                         apr_pool_t *pool)
{
    cdist_overlay_conflict_t *conflict = apr_array_push(conflicts);

    conflict->path = apr_pstrdup(pool, verdict->difference->id);
    conflict->support = cdist_rule_name(verdict->rule);
    conflict->action = open && verdict->decision->action == CDIST_KEEP_MINE ? cdist_action_name(CDIST_ASK)
                                                                            : cdist_action_name(verdict->decision->action);
    conflict->row = row;
    conflict->open = open;
}

/* Why an overlay's Setup.ini must not be handed out: clients would install one version and ask for the other for ever. NULL if
 * it may be. */
static const char *setup_problem(const char *path, const cdist_tree_t *overlay, const cdist_version_t *version,
                                 apr_pool_t *pool)
{
    cdist_version_t inside;
    const char *product;
    apr_size_t length;
    char *bytes;

    if (strcasecmp(path, "Setup.ini") != 0 || !version) return NULL;
    if (cdist_file_read(&bytes, &length, apr_pstrcat(pool, overlay->folder, "/", path, NULL), SETUP_INI_MAX, pool)) {
        return "the overlay's Setup.ini cannot be read";
    }
    product = cdist_keyvalue_get(cdist_text_decode(bytes, length, pool), "Startup", "ProductVersion", pool);
    if (product && cdist_version_parse(&inside, product) && cdist_version_compare(&inside, version) == 0) return NULL;
    return "the ProductVersion of the overlay's Setup.ini is not the release's: ask";
}

cdist_err_t *cdist_overlay_decide(cdist_overlaid_t *overlaid, const cdist_tree_t *base, const cdist_tree_t *mine,
                                  const cdist_tree_t *theirs, const cdist_tree_rules_t *rules, const cdist_version_t *version,
                                  apr_pool_t *pool)
{
    apr_array_header_t *kept = apr_array_make(pool, 8, sizeof(const char *));
    apr_array_header_t *conflicts = apr_array_make(pool, 2, sizeof(cdist_overlay_conflict_t));
    cdist_snapshot_t *sides[3];
    cdist_comparison_t *comparison;
    int i;

    CDIST_ERR(make_side(&sides[0], base ? base : theirs, mine, pool));
    CDIST_ERR(make_side(&sides[1], mine, mine, pool));
    CDIST_ERR(make_side(&sides[2], theirs, mine, pool));
    comparison = cdist_threeway(sides[0], sides[1], sides[2], pool);
    overlaid->open = 0;
    for (i = 0; i < comparison->differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(comparison->differences, i, cdist_difference_t);
        cdist_verdict_t verdict = cdist_rules_verdict(difference, 0, cdist_tree_rules_rule(rules, difference->id, pool),
                                                      CDIST_DELIVERY_UNKNOWN);
        cdist_action_t action = verdict.decision->action;
        const char *wrong = action == CDIST_KEEP_MINE ? setup_problem(difference->id, mine, version, pool) : NULL;
        int open = wrong || action == CDIST_ASK || action == CDIST_NO_UPDATE;

        if (open || verdict.decision->confirm) {
            add_conflict(conflicts, &verdict, open, wrong ? wrong : verdict.decision->row, pool);
        }
        if (!open && action == CDIST_KEEP_MINE) APR_ARRAY_PUSH(kept, const char *) = apr_pstrdup(pool, difference->id);
        overlaid->open += open;
    }
    overlaid->kept = kept;
    overlaid->conflicts = conflicts;
    return NULL;
}
