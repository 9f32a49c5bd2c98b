/* What an update does with an element: the tables of the vendor's documentation, and nothing else.
 * Source: the platform's documentation on updating a configuration on support (which object is taken when it was changed by the
 * customer, by the vendor, or twice), and on setting up support (delivery rules). */
#include "cdist_compare.h"

#include <string.h>

typedef enum { BY_NOBODY, BY_CUSTOMER, BY_VENDOR, BY_BOTH_ALIKE, BY_BOTH, BY_ANYBODY, UNREADABLE, SITUATIONS } situation_t;

/* Rows: who changed it. Columns: the rule of support, in the order of cdist_rule_t. */
static const cdist_decision_t table[SITUATIONS][CDIST_RULES] = {
    [BY_NOBODY] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_KEEP_MINE, 0, "changed by nobody: keep mine"},
        [CDIST_RULE_LOCKED] = {CDIST_KEEP_MINE, 0, "changed by nobody: keep mine"},
        [CDIST_RULE_EDITABLE] = {CDIST_KEEP_MINE, 0, "changed by nobody: keep mine"},
        [CDIST_RULE_REMOVED] = {CDIST_KEEP_MINE, 0, "changed by nobody: keep mine"}},
    [BY_CUSTOMER] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_KEEP_MINE, 0, "changed by the customer only: keep mine"},
        [CDIST_RULE_LOCKED] = {CDIST_KEEP_MINE, 0, "changed by the customer only: keep mine"},
        [CDIST_RULE_EDITABLE] = {CDIST_KEEP_MINE, 0, "changed by the customer only: keep mine"},
        [CDIST_RULE_REMOVED] = {CDIST_KEEP_MINE, 0, "changed by the customer only: keep mine"}},
    [BY_VENDOR] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_TAKE_THEIRS, 0, "changed by the vendor only, no rule known: take theirs"},
        [CDIST_RULE_LOCKED] = {CDIST_TAKE_THEIRS, 0, "changed by the vendor only, not editable: take theirs"},
        [CDIST_RULE_EDITABLE] = {CDIST_TAKE_THEIRS, 0, "changed by the vendor only, editable: take theirs"},
        [CDIST_RULE_REMOVED] = {CDIST_KEEP_MINE, 0, "changed by the vendor only, support removed: keep mine"}},
    [BY_BOTH_ALIKE] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_KEEP_MINE, 0, "changed by both alike: nothing is left to do"},
        [CDIST_RULE_LOCKED] = {CDIST_KEEP_MINE, 0, "changed by both alike: nothing is left to do"},
        [CDIST_RULE_EDITABLE] = {CDIST_KEEP_MINE, 0, "changed by both alike: nothing is left to do"},
        [CDIST_RULE_REMOVED] = {CDIST_KEEP_MINE, 0, "changed by both alike: nothing is left to do"}},
    [BY_BOTH] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_ASK, 1, "changed by both, no rule known: ask"},
        [CDIST_RULE_LOCKED] = {CDIST_NO_UPDATE, 0, "changed by both, not editable: no update"},
        [CDIST_RULE_EDITABLE] = {CDIST_TAKE_THEIRS, 1, "changed by both, editable: take theirs, for a person to decide"},
        [CDIST_RULE_REMOVED] = {CDIST_KEEP_MINE, 0, "changed by both, support removed: keep mine"}},
    /* Not the vendor's: without the release that both come from, nobody can say who changed what. */
    [BY_ANYBODY] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_ASK, 1, "differs, and without a base nobody knows who changed it: ask"},
        [CDIST_RULE_LOCKED] = {CDIST_ASK, 1, "differs, and without a base nobody knows who changed it: ask"},
        [CDIST_RULE_EDITABLE] = {CDIST_ASK, 1, "differs, and without a base nobody knows who changed it: ask"},
        [CDIST_RULE_REMOVED] = {CDIST_KEEP_MINE, 0, "differs, support removed: keep mine"}},
    [UNREADABLE] = {
        [CDIST_RULE_UNKNOWN] = {CDIST_ASK, 1, "cannot be read: ask"},
        [CDIST_RULE_LOCKED] = {CDIST_ASK, 1, "cannot be read: ask"},
        [CDIST_RULE_EDITABLE] = {CDIST_ASK, 1, "cannot be read: ask"},
        [CDIST_RULE_REMOVED] = {CDIST_ASK, 1, "cannot be read: ask"}}};

/* NB: the sources disagree about the last row: some let the customer choose "editable" there with a warning. We follow those
 * that leave only "not editable" and "support removed". */
static const cdist_choice_t choices[CDIST_DELIVERIES][CDIST_RULES] = {
    [CDIST_DELIVERY_UNKNOWN] = {CDIST_CHOICE_FREE, CDIST_CHOICE_FREE, CDIST_CHOICE_FREE, CDIST_CHOICE_FREE},
    [CDIST_DELIVERY_ALLOWED] = {CDIST_CHOICE_FREE, CDIST_CHOICE_FREE, CDIST_CHOICE_FREE, CDIST_CHOICE_FREE},
    [CDIST_DELIVERY_NOT_RECOMMENDED] = {CDIST_CHOICE_FREE, CDIST_CHOICE_FREE, CDIST_CHOICE_WARNED, CDIST_CHOICE_FREE},
    [CDIST_DELIVERY_NOT_ALLOWED] = {CDIST_CHOICE_FREE, CDIST_CHOICE_FREE, CDIST_CHOICE_REFUSED, CDIST_CHOICE_FREE}};

const char *cdist_rule_name(cdist_rule_t rule)
{
    static const char *const names[] = {"unknown", "ObjectNotEditable", "ObjectIsEditableSupportEnabled", "ObjectNotSupported"};

    return names[rule];
}

const char *cdist_delivery_name(cdist_delivery_kind_t delivery)
{
    static const char *const names[] = {"unknown", "allowed", "not recommended", "not allowed"};

    return names[delivery];
}

const char *cdist_action_name(cdist_action_t action)
{
    static const char *const names[] = {"keep_mine", "take_theirs", "no_update", "ask"};

    return names[action];
}

static situation_t situation_of(const cdist_difference_t *difference, int two_way)
{
    if (difference->error) return UNREADABLE;
    switch (difference->cls) {
    case CDIST_CLASS_UNCHANGED: return BY_NOBODY;
    case CDIST_CLASS_MINE: return BY_CUSTOMER;
    case CDIST_CLASS_THEIRS: return BY_VENDOR;
    case CDIST_CLASS_IDENTICAL: return BY_BOTH_ALIKE;
    case CDIST_CLASS_CONFLICT: break;
    }
    return two_way ? BY_ANYBODY : BY_BOTH;
}

cdist_choice_t cdist_rules_choice(cdist_delivery_kind_t delivery, cdist_rule_t rule)
{
    return choices[delivery][rule];
}

/* NB: of an entry that is but a part of an object the id is longer than the object's. What the vendor deleted too is no longer
 * the vendor's. */
static int is_deleted_by_customer(const cdist_difference_t *difference)
{
    return difference->mine_side == CDIST_SIDE_DELETED && difference->theirs_side != CDIST_SIDE_DELETED &&
           strcmp(difference->id, difference->owner) == 0;
}

static const char *warning_of(const cdist_difference_t *difference, cdist_rule_t rule, cdist_delivery_kind_t delivery)
{
    if (difference->clash) return "a file on one side is a folder on the other: both cannot be there";
    if (is_deleted_by_customer(difference) && (rule == CDIST_RULE_LOCKED || rule == CDIST_RULE_EDITABLE)) {
        return "a vendor's object is deleted: that needs its support removed first";
    }
    switch (cdist_rules_choice(delivery, rule)) {
    case CDIST_CHOICE_WARNED: return "the vendor does not recommend to make it editable";
    case CDIST_CHOICE_REFUSED: return "the vendor does not allow to make it editable";
    case CDIST_CHOICE_FREE: break;
    }
    return NULL;
}

cdist_verdict_t cdist_rules_verdict(const cdist_difference_t *difference, int two_way, cdist_rule_t rule,
                                    cdist_delivery_kind_t delivery)
{
    cdist_verdict_t verdict = {difference, rule, delivery};

    verdict.decision = &table[situation_of(difference, two_way)][rule];
    verdict.warning = warning_of(difference, rule, delivery);
    return verdict;
}
