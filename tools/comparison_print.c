/* What `compare` found: for people a table, for programs JSON. */
#include "comparison_int.h"

#include <apr_strings.h>

#include <stdio.h>
#include <string.h>

cdist_verdict_t comparison_verdict(const comparison_t *comparison, const cdist_difference_t *difference, apr_pool_t *pool)
{
    cdist_rule_t rule = CDIST_RULE_UNKNOWN;

    if (comparison->sides) return cdist_sides_verdict(comparison->sides, comparison->comparison, difference);
    if (comparison->rules) rule = cdist_tree_rules_rule(comparison->rules, difference->id, pool);
    return cdist_rules_verdict(difference, comparison->comparison->two_way, rule, CDIST_DELIVERY_UNKNOWN);
}

const char *comparison_name(const comparison_t *comparison, const cdist_difference_t *difference, int russian, apr_pool_t *pool)
{
    const cdist_metadata_object_t *object;

    if (!comparison->sides) return cdist_path_name(difference->id, pool);
    object = cdist_sides_object(comparison->sides, difference);
    return object ? cdist_names_qualified(object, russian, pool) : "";
}

/* ---- JSON ------------------------------------------------------------------------------------------------------ */

static void put_text(json_t *object, const char *key, const char *text, apr_pool_t *pool)
{
    json_object_set_new(object, key, json_string(cdist_text_printable(text, pool)));
}

static json_t *counts_json(const cdist_comparison_t *comparison)
{
    json_t *counts = json_object();
    int i;

    for (i = 0; i < CDIST_CLASSES; i++) {
        json_object_set_new(counts, cdist_class_name((cdist_class_t)i), json_integer((json_int_t)comparison->counts[i]));
    }
    return counts;
}

static void put_side(json_t *sides, const char *key, const cdist_config_t *config, apr_pool_t *pool)
{
    const cdist_file_facts_t *facts;
    json_t *side;

    if (!config) return;
    facts = cdist_config_facts(config);
    side = json_object();
    put_text(side, "file", cdist_config_name(config), pool);
    put_text(side, "name", facts->name, pool);
    put_text(side, "vendor", facts->vendor, pool);
    put_text(side, "version", facts->version, pool);
    put_text(side, "version_id", facts->version_id, pool);
    json_object_set_new(side, "distribution", json_boolean(facts->distribution));
    json_object_set_new(sides, key, side);
}

static json_t *notes_json(const cdist_sides_t *sides, apr_pool_t *pool)
{
    json_t *notes = json_array();
    int i;

    for (i = 0; i < sides->notes->nelts; i++) {
        const cdist_compare_note_t *note = &APR_ARRAY_IDX(sides->notes, i, cdist_compare_note_t);
        json_t *object = json_object();

        put_text(object, "code", note->code, pool);
        put_text(object, "text", note->text, pool);
        json_array_append_new(notes, object);
    }
    return notes;
}

static const char *unused_text(const comparison_t *comparison, int index, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%s: %s: matches no file of any side", comparison->rules_name,
                        APR_ARRAY_IDX(comparison->unused, index, const char *));
}

static json_t *unused_json(const comparison_t *comparison, apr_pool_t *pool)
{
    json_t *notes = json_array();
    int i;

    for (i = 0; comparison->unused && i < comparison->unused->nelts; i++) {
        json_t *object = json_object();

        put_text(object, "code", "unused_rule", pool);
        put_text(object, "text", unused_text(comparison, i, pool), pool);
        json_array_append_new(notes, object);
    }
    return notes;
}

static json_t *since_counts_json(const apr_array_header_t *since)
{
    json_t *counts = json_object();
    int numbers[CDIST_SINCES] = {0}, i;

    for (i = 0; i < since->nelts; i++) numbers[APR_ARRAY_IDX(since, i, cdist_register_change_t).since]++;
    for (i = 0; i < CDIST_SINCES; i++) {
        json_object_set_new(counts, cdist_since_name((cdist_since_t)i), json_integer(numbers[i]));
    }
    return counts;
}

static void print_summary_json(const comparison_t *comparison, apr_pool_t *pool)
{
    const cdist_sides_t *sides = comparison->sides;
    json_t *summary = json_object(), *list;

    json_object_set_new(summary, "counts", counts_json(comparison->comparison));
    json_object_set_new(summary, "unreadable", json_integer((json_int_t)comparison->comparison->unreadable));
    put_text(summary, "level", comparison->level, pool);
    if (sides) {
        put_text(summary, "base", cdist_base_origin_name(sides->base_origin), pool);
        put_text(summary, "support", cdist_support_state_name(cdist_support_index_state(sides->support)), pool);
        list = json_object();
        put_side(list, "base", sides->base, pool);
        put_side(list, "mine", sides->mine, pool);
        put_side(list, "theirs", sides->theirs, pool);
        json_object_set_new(summary, "sides", list);
        json_object_set_new(summary, "notes", notes_json(sides, pool));
    } else {
        json_object_set_new(summary, "notes", unused_json(comparison, pool));
    }
    if (comparison->since) json_object_set_new(summary, "since", since_counts_json(comparison->since));
    tool_print_json(summary);
}

const apr_array_header_t *comparison_parts(const comparison_t *comparison, const char *id)
{
    return comparison->parts ? apr_hash_get(comparison->parts, id, APR_HASH_KEY_STRING) : NULL;
}

const cdist_part_name_t *comparison_part_name(const comparison_t *comparison, const cdist_difference_t *part)
{
    const cdist_metadata_object_t *object = cdist_sides_object(comparison->sides, part);

    if (!object || strlen(part->id) < CDIST_GUID_CHARS) return NULL;
    return cdist_metadata_part(object->cls, part->id + CDIST_GUID_CHARS);
}

static void put_parts(json_t *object, const comparison_t *comparison, const char *id, apr_pool_t *pool)
{
    const apr_array_header_t *parts = comparison_parts(comparison, id);
    json_t *list;
    int i;

    if (!comparison->parts) return;
    list = json_array();
    for (i = 0; parts && i < parts->nelts; i++) {
        const cdist_difference_t *part = APR_ARRAY_IDX(parts, i, const cdist_difference_t *);
        const cdist_part_name_t *name = comparison_part_name(comparison, part);
        json_t *row = json_object();

        put_text(row, "id", part->id, pool);
        put_text(row, "part", name ? name->ru : "", pool);
        put_text(row, "part_en", name ? name->en : "", pool);
        put_text(row, "class", cdist_class_name(part->cls), pool);
        put_text(row, "mine", cdist_side_name(part->mine_side), pool);
        put_text(row, "theirs", cdist_side_name(part->theirs_side), pool);
        if (comparison->details) json_object_set_new(row, "details", comparison_details_json(comparison, part, pool));
        json_array_append_new(list, row);
    }
    json_object_set_new(object, "parts", list);
}

static void print_item_json(const comparison_t *comparison, const cdist_difference_t *difference, apr_pool_t *pool)
{
    cdist_verdict_t verdict = comparison_verdict(comparison, difference, pool);
    json_t *object = json_object();

    put_text(object, "id", difference->id, pool);
    put_text(object, "name", comparison_name(comparison, difference, 1, pool), pool);
    put_text(object, "class", cdist_class_name(difference->cls), pool);
    put_text(object, "mine", cdist_side_name(difference->mine_side), pool);
    put_text(object, "theirs", cdist_side_name(difference->theirs_side), pool);
    put_text(object, "support", cdist_rule_name(verdict.rule), pool);
    put_text(object, "action", cdist_action_name(verdict.decision->action), pool);
    if (comparison->sides) put_text(object, "name_en", comparison_name(comparison, difference, 0, pool), pool);
    put_text(object, "row", verdict.decision->row, pool);
    json_object_set_new(object, "confirm", json_boolean(verdict.decision->confirm));
    if (verdict.delivery) put_text(object, "delivery", cdist_delivery_name(verdict.delivery), pool);
    if (verdict.warning) put_text(object, "warning", verdict.warning, pool);
    if (difference->error) put_text(object, "error", difference->error, pool);
    put_parts(object, comparison, difference->id, pool);
    tool_print_json(object);
}

static void print_since_json(const cdist_register_change_t *change, apr_pool_t *pool)
{
    const cdist_customisation_t *item = change->now ? change->now : change->before;
    json_t *object = json_object();

    put_text(object, "since", cdist_since_name(change->since), pool);
    put_text(object, "id", item->id, pool);
    put_text(object, "name", item->name, pool);
    put_text(object, "before", change->before ? cdist_side_name(change->before->side) : "unchanged", pool);
    put_text(object, "now", change->now ? cdist_side_name(change->now->side) : "unchanged", pool);
    if (change->before) put_text(object, "support_before", cdist_rule_name(change->before->rule), pool);
    if (change->now) put_text(object, "support", cdist_rule_name(change->now->rule), pool);
    tool_print_json(object);
}

/* ---- for people ------------------------------------------------------------------------------------------------ */

static void print_side(const char *label, const cdist_config_t *config, apr_pool_t *pool)
{
    const cdist_file_facts_t *facts;

    if (!config) return;
    facts = cdist_config_facts(config);
    printf("%-7s %s: %s %s\n", label, cdist_config_name(config), cdist_text_printable(facts->name, pool),
           cdist_text_printable(facts->version, pool));
}

static void print_summary(const comparison_t *comparison, apr_pool_t *pool)
{
    const cdist_sides_t *sides = comparison->sides;
    int i;

    if (sides) {
        print_side("base", sides->base, pool);
        print_side("mine", sides->mine, pool);
        print_side("theirs", sides->theirs, pool);
        for (i = 0; i < sides->notes->nelts; i++) {
            printf("note    %s\n", APR_ARRAY_IDX(sides->notes, i, cdist_compare_note_t).text);
        }
    }
    for (i = 0; comparison->unused && i < comparison->unused->nelts; i++) {
        printf("note    %s\n", unused_text(comparison, i, pool));
    }
    for (i = 0; i < CDIST_CLASSES; i++) {
        printf("%s%s %" APR_UINT64_T_FMT, i ? ", " : "", cdist_class_name((cdist_class_t)i),
               comparison->comparison->counts[i]);
    }
    putchar('\n');
}

static void print_parts(const comparison_t *comparison, const char *id, apr_pool_t *pool)
{
    const apr_array_header_t *parts = comparison_parts(comparison, id);
    int i;

    for (i = 0; parts && i < parts->nelts; i++) {
        const cdist_difference_t *part = APR_ARRAY_IDX(parts, i, const cdist_difference_t *);
        const cdist_part_name_t *name = comparison_part_name(comparison, part);

        printf("  %-9s %-9s %-9s %s\n", cdist_class_name(part->cls), cdist_side_name(part->mine_side),
               cdist_side_name(part->theirs_side), name ? name->en : cdist_text_printable(part->id, pool));
        if (comparison->details) comparison_print_details(comparison, part, pool);
    }
}

static void print_item(const comparison_t *comparison, const cdist_difference_t *difference, apr_pool_t *pool)
{
    cdist_verdict_t verdict = comparison_verdict(comparison, difference, pool);
    const char *name = comparison->sides ? comparison_name(comparison, difference, 1, pool) : "";

    printf("%-9s %-9s %-9s %-11s %-30s  %s%s%s\n", cdist_class_name(difference->cls), cdist_side_name(difference->mine_side),
           cdist_side_name(difference->theirs_side), cdist_action_name(verdict.decision->action), cdist_rule_name(verdict.rule),
           cdist_text_printable(difference->id, pool), *name ? "  " : "", cdist_text_printable(name, pool));
    if (verdict.warning) printf("%-9s %s\n", "", verdict.warning);
    print_parts(comparison, difference->id, pool);
}

static void print_since(const cdist_register_change_t *change, apr_pool_t *pool)
{
    const cdist_customisation_t *item = change->now ? change->now : change->before;

    printf("since the register: %-9s %s%s%s", cdist_since_name(change->since), cdist_text_printable(item->id, pool),
           *item->name ? "  " : "", cdist_text_printable(item->name, pool));
    if (change->before && change->now && change->before->rule != change->now->rule) {
        printf("  (%s, was %s)", cdist_rule_name(change->now->rule), cdist_rule_name(change->before->rule));
    }
    putchar('\n');
}

/* ---- all ------------------------------------------------------------------------------------------------------- */

static void print_items(const comparison_t *comparison, apr_pool_t *pool)
{
    const apr_array_header_t *differences = comparison->comparison->differences;
    apr_pool_t *each;
    int i;

    apr_pool_create(&each, pool);
    if (!comparison->json && differences->nelts) {
        printf("%-9s %-9s %-9s %-11s %-30s  %s\n", "class", "mine", "theirs", "action", "support", "id");
    }
    for (i = 0; i < differences->nelts; i++) {
        const cdist_difference_t *difference = &APR_ARRAY_IDX(differences, i, cdist_difference_t);

        apr_pool_clear(each);
        if (comparison->json) print_item_json(comparison, difference, each);
        else print_item(comparison, difference, each);
        if (difference->error) tool_fail(difference->error);
    }
    if (!comparison->json && comparison->since && comparison->since->nelts == 0) puts("since the register: nothing changed");
    for (i = 0; comparison->since && i < comparison->since->nelts; i++) {
        const cdist_register_change_t *change = &APR_ARRAY_IDX(comparison->since, i, cdist_register_change_t);

        apr_pool_clear(each);
        if (comparison->json) print_since_json(change, each);
        else print_since(change, each);
    }
    apr_pool_destroy(each);
}

int comparison_print(const comparison_t *comparison, apr_pool_t *pool)
{
    if (comparison->json) print_summary_json(comparison, pool);
    else print_summary(comparison, pool);
    print_items(comparison, pool);
    return comparison->comparison->unreadable ? TOOL_FAILED : TOOL_DONE;
}
