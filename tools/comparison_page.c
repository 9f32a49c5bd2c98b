/* `compare --html`: the page for people. */
#include "comparison_int.h"

#include <apr_strings.h>

#include <string.h>

static void add_side(apr_array_header_t *sides, const char *role, const cdist_config_t *config)
{
    const cdist_file_facts_t *facts;
    cdist_report_side_t *side;

    if (!config) return;
    facts = cdist_config_facts(config);
    side = apr_array_push(sides);
    memset(side, 0, sizeof *side);
    side->role = role;
    side->file = cdist_config_name(config);
    side->name = facts->name;
    side->vendor = facts->vendor;
    side->version = facts->version;
}

static void fill_head(cdist_report_head_t *head, const comparison_t *comparison, apr_pool_t *pool)
{
    const cdist_sides_t *sides = comparison->sides;

    head->sides = apr_array_make(pool, 3, sizeof(cdist_report_side_t));
    head->notes = sides->notes;
    memcpy(head->counts, comparison->comparison->counts, sizeof head->counts);
    add_side(head->sides, "mine", sides->mine);
    add_side(head->sides, "base", sides->base);
    if (sides->base_origin == CDIST_BASE_EMBEDDED) {
        cdist_report_side_t *base = &APR_ARRAY_IDX(head->sides, head->sides->nelts - 1, cdist_report_side_t);

        base->file = cdist_config_name(sides->mine);
        base->embedded = 1;
    }
    add_side(head->sides, "theirs", sides->theirs);
}

static void add_part(apr_array_header_t *parts, const comparison_t *comparison, const cdist_difference_t *entry,
                     apr_pool_t *pool)
{
    const cdist_part_name_t *name = comparison_part_name(comparison, entry);
    cdist_report_part_t *part = apr_array_push(parts);
    cdist_err_t *err;

    memset(part, 0, sizeof *part);
    part->id = entry->id;
    part->name_ru = name ? name->ru : "";
    part->name_en = name ? name->en : "";
    part->cls = entry->cls;
    part->mine = entry->mine_side;
    part->theirs = entry->theirs_side;
    part->problem = entry->error;
    if (entry->error) return;
    err = cdist_sides_details(&part->details, comparison->sides, entry, pool);
    if (!err) return;
    part->details = NULL;
    part->problem = cdist_err_text(err, pool);
}

static cdist_err_t *write_item(cdist_report_t *report, const comparison_t *comparison, const cdist_difference_t *difference,
                               apr_pool_t *pool)
{
    const apr_array_header_t *entries = comparison_parts(comparison, difference->id);
    cdist_verdict_t verdict = comparison_verdict(comparison, difference, pool);
    cdist_report_item_t item = {difference->id, comparison_name(comparison, difference, 1, pool),
                                comparison_name(comparison, difference, 0, pool), &verdict, NULL};
    int i;

    item.parts = apr_array_make(pool, 4, sizeof(cdist_report_part_t));
    if (!comparison->parts) add_part(item.parts, comparison, difference, pool);
    for (i = 0; entries && i < entries->nelts; i++) {
        add_part(item.parts, comparison, APR_ARRAY_IDX(entries, i, const cdist_difference_t *), pool);
    }
    return cdist_report_item(report, &item, pool);
}

cdist_err_t *comparison_write_page(const comparison_t *comparison, const char *path, apr_pool_t *pool)
{
    const apr_array_header_t *differences = comparison->comparison->differences;
    cdist_report_head_t head;
    cdist_report_t *report;
    apr_pool_t *each;
    int i;

    fill_head(&head, comparison, pool);
    CDIST_ERR(cdist_report_open(&report, path, &head, pool));
    apr_pool_create(&each, pool);
    for (i = 0; i < differences->nelts; i++) {
        apr_pool_clear(each);
        CDIST_ERR(write_item(report, comparison, &APR_ARRAY_IDX(differences, i, cdist_difference_t), each));
    }
    apr_pool_destroy(each);
    return cdist_report_close(report);
}
