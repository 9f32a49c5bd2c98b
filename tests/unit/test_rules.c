/* The tables of support rules: every cell is a test of its own. */
#include "compare/cdist_compare.h"
#include "fixture.h"

#include <string.h>

enum { NOBODY, CUSTOMER, VENDOR, ALIKE, BOTH, WITHOUT_BASE, UNREAD };

static const cdist_decision_t *decide(int situation, cdist_rule_t rule)
{
    static const cdist_class_t classes[] = {CDIST_CLASS_UNCHANGED, CDIST_CLASS_MINE, CDIST_CLASS_THEIRS, CDIST_CLASS_IDENTICAL,
                                            CDIST_CLASS_CONFLICT, CDIST_CLASS_CONFLICT, CDIST_CLASS_MINE};
    cdist_difference_t difference = {"id", "id"};

    difference.cls = classes[situation];
    if (situation == UNREAD) difference.error = "cannot be read";
    return cdist_rules_verdict(&difference, situation == WITHOUT_BASE, rule, CDIST_DELIVERY_UNKNOWN).decision;
}

/* name, who changed it, rule, what an update does, whether a person decides */
#define CELLS(X)                                                                                           \
    X(changed_by_nobody_without_rule_keeps_mine, NOBODY, UNKNOWN, KEEP_MINE, 0)                            \
    X(changed_by_nobody_not_editable_keeps_mine, NOBODY, LOCKED, KEEP_MINE, 0)                             \
    X(changed_by_nobody_editable_keeps_mine, NOBODY, EDITABLE, KEEP_MINE, 0)                               \
    X(changed_by_nobody_support_removed_keeps_mine, NOBODY, REMOVED, KEEP_MINE, 0)                         \
    X(changed_by_customer_without_rule_keeps_mine, CUSTOMER, UNKNOWN, KEEP_MINE, 0)                        \
    X(changed_by_customer_not_editable_keeps_mine, CUSTOMER, LOCKED, KEEP_MINE, 0)                         \
    X(changed_by_customer_editable_keeps_mine, CUSTOMER, EDITABLE, KEEP_MINE, 0)                           \
    X(changed_by_customer_support_removed_keeps_mine, CUSTOMER, REMOVED, KEEP_MINE, 0)                     \
    X(changed_by_vendor_without_rule_takes_theirs, VENDOR, UNKNOWN, TAKE_THEIRS, 0)                        \
    X(changed_by_vendor_not_editable_takes_theirs, VENDOR, LOCKED, TAKE_THEIRS, 0)                         \
    X(changed_by_vendor_editable_takes_theirs, VENDOR, EDITABLE, TAKE_THEIRS, 0)                           \
    X(changed_by_vendor_support_removed_keeps_mine, VENDOR, REMOVED, KEEP_MINE, 0)                         \
    X(changed_alike_without_rule_keeps_mine, ALIKE, UNKNOWN, KEEP_MINE, 0)                                 \
    X(changed_alike_not_editable_keeps_mine, ALIKE, LOCKED, KEEP_MINE, 0)                                  \
    X(changed_alike_editable_keeps_mine, ALIKE, EDITABLE, KEEP_MINE, 0)                                    \
    X(changed_alike_support_removed_keeps_mine, ALIKE, REMOVED, KEEP_MINE, 0)                              \
    X(changed_by_both_without_rule_asks, BOTH, UNKNOWN, ASK, 1)                                            \
    X(changed_by_both_not_editable_is_not_updated, BOTH, LOCKED, NO_UPDATE, 0)                             \
    X(changed_by_both_editable_takes_theirs_to_be_confirmed, BOTH, EDITABLE, TAKE_THEIRS, 1)               \
    X(changed_by_both_support_removed_keeps_mine, BOTH, REMOVED, KEEP_MINE, 0)                             \
    X(differs_without_base_and_rule_asks, WITHOUT_BASE, UNKNOWN, ASK, 1)                                   \
    X(differs_without_base_not_editable_asks, WITHOUT_BASE, LOCKED, ASK, 1)                                \
    X(differs_without_base_editable_asks, WITHOUT_BASE, EDITABLE, ASK, 1)                                  \
    X(differs_without_base_support_removed_keeps_mine, WITHOUT_BASE, REMOVED, KEEP_MINE, 0)                \
    X(unreadable_without_rule_asks, UNREAD, UNKNOWN, ASK, 1)                                               \
    X(unreadable_not_editable_asks, UNREAD, LOCKED, ASK, 1)                                                \
    X(unreadable_editable_asks, UNREAD, EDITABLE, ASK, 1)                                                  \
    X(unreadable_support_removed_asks, UNREAD, REMOVED, ASK, 1)

#define CELL_TEST(name, situation, rule, expected, asks)                              \
    START_TEST(name)                                                                  \
    {                                                                                 \
        const cdist_decision_t *decision = decide(situation, CDIST_RULE_##rule);      \
                                                                                      \
        ck_assert_int_eq(decision->action, CDIST_##expected);                         \
        ck_assert_int_eq(decision->confirm, asks);                                    \
        ck_assert_ptr_nonnull(decision->row);                                         \
    }                                                                                 \
    END_TEST
CELLS(CELL_TEST)

/* name, delivery rule, rule of support, what comes of the choice */
#define CHOICES(X)                                                                    \
    X(delivered_unknown_without_rule, UNKNOWN, UNKNOWN, FREE)                         \
    X(delivered_unknown_not_editable, UNKNOWN, LOCKED, FREE)                          \
    X(delivered_unknown_editable, UNKNOWN, EDITABLE, FREE)                            \
    X(delivered_unknown_support_removed, UNKNOWN, REMOVED, FREE)                      \
    X(delivered_allowed_without_rule, ALLOWED, UNKNOWN, FREE)                         \
    X(delivered_allowed_not_editable, ALLOWED, LOCKED, FREE)                          \
    X(delivered_allowed_editable, ALLOWED, EDITABLE, FREE)                            \
    X(delivered_allowed_support_removed, ALLOWED, REMOVED, FREE)                      \
    X(delivered_not_recommended_without_rule, NOT_RECOMMENDED, UNKNOWN, FREE)         \
    X(delivered_not_recommended_not_editable, NOT_RECOMMENDED, LOCKED, FREE)          \
    X(delivered_not_recommended_editable_is_warned, NOT_RECOMMENDED, EDITABLE, WARNED) \
    X(delivered_not_recommended_support_removed, NOT_RECOMMENDED, REMOVED, FREE)      \
    X(delivered_not_allowed_without_rule, NOT_ALLOWED, UNKNOWN, FREE)                 \
    X(delivered_not_allowed_not_editable, NOT_ALLOWED, LOCKED, FREE)                  \
    X(delivered_not_allowed_editable_is_refused, NOT_ALLOWED, EDITABLE, REFUSED)      \
    X(delivered_not_allowed_support_removed, NOT_ALLOWED, REMOVED, FREE)

#define CHOICE_TEST(name, delivery, rule, expected)                                                                \
    START_TEST(name)                                                                                               \
    {                                                                                                              \
        cdist_difference_t difference = {"id", "id"};                                                              \
        cdist_verdict_t verdict = cdist_rules_verdict(&difference, 0, CDIST_RULE_##rule, CDIST_DELIVERY_##delivery); \
                                                                                                                   \
        ck_assert_int_eq(cdist_rules_choice(CDIST_DELIVERY_##delivery, CDIST_RULE_##rule), CDIST_CHOICE_##expected); \
        ck_assert_int_eq(verdict.warning != NULL, CDIST_CHOICE_##expected != CDIST_CHOICE_FREE);                   \
    }                                                                                                              \
    END_TEST
CHOICES(CHOICE_TEST)

static const struct {
    cdist_rule_t rule;
    cdist_side_t mine, theirs;
    int warned;
    const char *id;
} deletions[] = {{CDIST_RULE_UNKNOWN, CDIST_SIDE_DELETED, CDIST_SIDE_UNCHANGED, 0, "id"},
                 {CDIST_RULE_LOCKED, CDIST_SIDE_DELETED, CDIST_SIDE_UNCHANGED, 1, "id"},
                 {CDIST_RULE_EDITABLE, CDIST_SIDE_DELETED, CDIST_SIDE_CHANGED, 1, "id"},
                 {CDIST_RULE_REMOVED, CDIST_SIDE_DELETED, CDIST_SIDE_UNCHANGED, 0, "id"},
                 {CDIST_RULE_EDITABLE, CDIST_SIDE_CHANGED, CDIST_SIDE_UNCHANGED, 0, "id"},
                 /* Both deleted it; only a part was deleted. */
                 {CDIST_RULE_LOCKED, CDIST_SIDE_DELETED, CDIST_SIDE_DELETED, 0, "id"},
                 {CDIST_RULE_LOCKED, CDIST_SIDE_DELETED, CDIST_SIDE_UNCHANGED, 0, "id.0"}};

START_TEST(deleting_a_vendors_object_needs_its_support_removed_first)
{
    cdist_difference_t difference = {deletions[_i].id, "id"};

    difference.mine_side = deletions[_i].mine;
    difference.theirs_side = deletions[_i].theirs;
    ck_assert_int_eq(cdist_rules_verdict(&difference, 0, deletions[_i].rule, CDIST_DELIVERY_UNKNOWN).warning != NULL,
                     deletions[_i].warned);
}
END_TEST

START_TEST(names_are_those_of_the_platform_and_of_the_contract)
{
    ck_assert_str_eq(cdist_rule_name(CDIST_RULE_LOCKED), "ObjectNotEditable");
    ck_assert_str_eq(cdist_rule_name(CDIST_RULE_EDITABLE), "ObjectIsEditableSupportEnabled");
    ck_assert_str_eq(cdist_rule_name(CDIST_RULE_REMOVED), "ObjectNotSupported");
    ck_assert_str_eq(cdist_rule_name(CDIST_RULE_UNKNOWN), "unknown");
    ck_assert_str_eq(cdist_action_name(CDIST_KEEP_MINE), "keep_mine");
    ck_assert_str_eq(cdist_action_name(CDIST_TAKE_THEIRS), "take_theirs");
    ck_assert_str_eq(cdist_action_name(CDIST_NO_UPDATE), "no_update");
    ck_assert_str_eq(cdist_action_name(CDIST_ASK), "ask");
    ck_assert_str_eq(cdist_delivery_name(CDIST_DELIVERY_NOT_RECOMMENDED), "not recommended");
}
END_TEST

#define ADD_CELL(name, situation, rule, expected, asks) tcase_add_test(tcase, name);
#define ADD_CHOICE(name, delivery, rule, expected) tcase_add_test(tcase, name);

Suite *test_suite(void)
{
    Suite *suite = suite_create("rules");
    TCase *tcase = fx_case(suite, "rules", 10);

    CELLS(ADD_CELL)
    CHOICES(ADD_CHOICE)
    tcase_add_loop_test(tcase, deleting_a_vendors_object_needs_its_support_removed_first, 0, FX_COUNT(deletions));
    tcase_add_test(tcase, names_are_those_of_the_platform_and_of_the_contract);
    return suite;
}
