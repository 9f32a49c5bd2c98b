/* Chains over templates that a line describes: which way is taken, and what is said about it. */
#include "chain_fixture.h"

#include <apr_strings.h>

#include <string.h>

/* A vendor's usual line: each release from the one before, and one that goes over another. */
#define LINE "cfu 1.1 < 1.0 bytes=10; cfu 1.2 < 1.1 bytes=10; cfu 1.3 < 1.2,1.1 bytes=30; cfu 1.4 < 1.3 bytes=5"
/* Accounting, as ot-soft.ru tells it: a new line starts while the old one goes on. */
#define BRANCHES "cfu 1.5.18.4 < 1.5.17.3; cfu 1.5.19.6 < 1.5.18.4; cfu 1.5.20.2 < 1.5.19.6; cfu 1.5.21.1 < 1.5.20.2;" \
                 "cfu 1.5.22.3 < 1.5.21.1; cfu 1.6.2.39 < 1.5.17.3,1.5.18.4,1.5.19.6; cfu 1.6.3.1 < 1.6.2.39"
/* TecnoRegion: two builds of 0.0.20.0, of which the update knows one. */
#define BUILDS "cfu 0.0.20.3@c < 0.0.20.0@a; cf 0.0.20.0@a; cf 0.0.20.0@b; cfu 0.0.21.0@d < 0.0.20.3@c"

static const fx_chain_row_t rows[] = {
    /* ---- strategies ---- */
    {"shortest has the fewest steps", LINE, "from=1.0", "1.1 1.3 1.4", NULL},
    {"sequential goes through every release", LINE, "from=1.0 sequential", "1.1 1.2 1.3 1.4", NULL},
    {"to ends it earlier", LINE, "from=1.0 to=1.2", "1.1 1.2", NULL},
    {"of ways with as many steps the one with fewer bytes is taken",
     "cfu 1.1 < 1.0 bytes=10; cfu 1.2 < 1.0 bytes=9; cfu 2.0 < 1.1,1.2 bytes=5", "from=1.0", "1.2 2.0", NULL},
    {"a step less goes before bytes", "cfu 2.0 < 1.0 bytes=900; cfu 1.1 < 1.0; cfu 2.0 < 1.1", "from=1.0", "2.0", NULL},
    {"sequential prefers fewer bytes between ways of one length",
     "cfu 1.1 < 1.0 bytes=10; cfu 1.2 < 1.0 bytes=9; cfu 2.0 < 1.1,1.2 bytes=5", "from=1.0 sequential", "1.2 2.0", NULL},
    {"sequential only rises", "cfu 1.2 < 1.0; cfu 1.1 < 1.2; cfu 1.3 < 1.1,1.2", "from=1.0 sequential", "1.2 1.3", NULL},
    {"where versions do not rise, sequential says so", "cfu 1.3 < 1.0; cfu 1.2 < 1.3", "from=1.0 to=1.2 sequential", "none",
     "no chain from 1.0 to 1.2 whose versions rise; the shortest one has 2 steps"},
    {"numbers are compared, not texts", "cfu 1.10 < 1.9; cfu 1.9 < 1.8", "from=1.8", "1.9 1.10", NULL},
    {"a version without numbers has its place too", "cfu {AppVersion} < 1.0", "from=1.0", "{AppVersion}", NULL},
    /* ---- parallel branches ---- */
    {"the highest is reached from where the branch is left", BRANCHES, "from=1.5.17.3", "1.6.2.39 1.6.3.1", NULL},
    {"sequential leaves the branch as late as it can", BRANCHES, "from=1.5.17.3 sequential", "1.5.18.4 1.5.19.6 1.6.2.39 1.6.3.1",
     NULL},
    {"past the junction the new branch cannot be reached", BRANCHES, "from=1.5.20.2", "none",
     "1.5.22.3 is the highest version that can be reached; updates lead to 1.6.3.1 from"},
    {"the old branch can be followed to its end", BRANCHES, "from=1.5.18.4 to=1.5.22.3", "1.5.19.6 1.5.20.2 1.5.21.1 1.5.22.3",
     NULL},
    /* ---- leading zeros ---- */
    {"versions match as texts", "cfu 1.0.0.007 < 1.0.0.006; cfu 1.0.0.006 < 1.0.0.005", "from=1.0.0.005", "1.0.0.006 1.0.0.007",
     NULL},
    {"another text of the same number is no match", "cfu 1.0.0.006 < 1.0.0.005", "from=1.0.0.5", "none",
     "version 1.0.0.5 of N is not known here (but 1.0.0.005 is: versions are compared as texts)"},
    {"the same number is no rise", "cfu 1.0.05 < 1.0.5; cfu 1.0.6 < 1.0.05", "from=1.0.5 sequential", "none", "whose versions rise"},
    {"the same number is nothing to go to by itself", "cfu 1.0.05 < 1.0.5", "from=1.0.5", "", "nothing to do"},
    /* ---- builds ---- */
    {"an id leads on", BUILDS, "from=0.0.20.0 id=a", "0.0.20.3 0.0.21.0", NULL},
    {"an id may be written in capitals", BUILDS, "from=0.0.20.0 id=A", "0.0.20.3 0.0.21.0", NULL},
    {"another build of the same version does not", BUILDS, "from=0.0.20.0 id=b", "none",
     "the update to 0.0.20.3 applies to the build of 0.0.20.0 with the id a, while the one there is has the id b"},
    {"without an id the builds are told", BUILDS, "from=0.0.20.0", "0.0.20.3 0.0.21.0",
     "version 0.0.20.0 has 2 builds: the update to 0.0.20.3 applies to the one with the id a, and not to b"},
    {"an update that knows both builds needs no id", "cfu 2@c < 1@a,1@b", "from=1", "2", NULL},
    {"a build in the middle that nobody goes on from ends the way", "cfu 2@x < 1@a; cfu 3@z < 2@y", "from=1 id=a", "none",
     "the update to 3 applies to the build of 2 with the id y, while the one that is reached has the id x"},
    {"what texts say of a version holds for each of its builds", "cfu 2@x < 1@a; cfu 3 < 2", "from=1 id=a", "2 3", NULL},
    {"an id that only texts could know is told", "cfu 2 < 1", "from=1 id=a", "2", "known from texts alone"},
    {"the way through the right build is taken, though it is longer", "cfu 2@x < 1; cfu 2@y < 1.5; cfu 1.5 < 1; cfu 3@z < 2@y",
     "from=1", "1.5 2 3", NULL},
    /* ---- ends ---- */
    {"from a version that nobody knows there is none", LINE, "from=0.9", "none",
     "the update to 1.0 is missing, which the one to 1.1 applies to; version 0.9 of N is not known here; known are 1.4, 1.3, 1.2, 1.1, 1.0"},
    {"above all that is known nobody knows what to do", LINE, "from=30.1", "none", "version 30.1 of N is not known here; known are 1.4"},
    {"to a version that nobody knows there is none", LINE, "from=1.0 to=1.9", "none", "version 1.9 of N is not known here"},
    {"from a version to itself there is nothing to do", LINE, "from=1.2 to=1.2", "", "there is nothing to do"},
    {"at the highest version there is nothing to do", LINE, "from=1.4", "", "no release here that counts has a higher version"},
    {"down there are no updates", LINE, "from=1.4 to=1.2", "none", "nothing here leads on from 1.4"},
    {"the release that is missing is named", "cfu 24 < 23; cfu 25 < 24; cf 22", "from=22", "none",
     "nothing here leads on from 22; the update to 23 is missing, which the one to 24 applies to"},
    {"how far one comes is said", "cfu 22 < 21; cfu 24 < 23.5,23; cfu 25 < 24", "from=21", "none",
     "22 is the highest version that can be reached; the update to 23 is missing, which the one to 24 applies to"},
    {"of a missing release that is here as a .cf, that is said", "cfu 1.1 < 1.0; cf 1.2 text; cfu 1.3 < 1.2", "from=1.0", "none",
     "1.1 is the highest version that can be reached; the update to 1.2 is missing; a .cf of it is here, which use-cf takes, and the "
     "update to 1.3 applies to it"},
    {"and so is a .cf of the goal", "cfu 1.1 < 1.0; cf 1.2; cfu 1.3 < 1.2; cf 1.3", "from=1.0", "none", "; a .cf of 1.3 is here, which use-cf takes"},
    {"a missing release that a .cf stands in for closes the gap", "cfu 1.1 < 1.0; cf 1.2; cfu 1.3 < 1.2", "from=1.0 use-cf",
     "cf:1.2 1.3", "goes over 1 release"},
    {"an update that leads down is told to be a downgrade", "cfu 1.2 < 1.3; cfu 1.4 < 1.2", "from=1.3 to=1.2", "back:1.2",
     "the update to 1.2 is a downgrade from 1.3"},
    {"of a version that only an old one can be updated to, that is said", "cfu 3 < 1; cfu 2.5 < 2", "from=2 to=3", "none",
     "2.5 is the highest version that can be reached; updates lead to 3 from 1 alone"},
    /* ---- hostile graphs ---- */
    {"an update of itself leads nowhere", "cfu 1.1 < 1.1; cfu 1.2 < 1.2,1.3; cfu 1.3 < 1.2", "from=1.1", "none", "no chain"},
    {"cycles are left", "cfu 1.1 < 1.0,1.2; cfu 1.2 < 1.1; cfu 1.0 < 1.2; cfu 1.3 < 1.2", "from=1.0", "1.1 1.2 1.3", NULL},
    {"an update that lists its source twice is one", "cfu 1.1 < 1.0,1.0,1.0", "from=1.0", "1.1", NULL},
    {"sizes that texts make up do not overflow", "cfu 1.1 < 1.0 bytes=18446744073709551615; cfu 1.2 < 1.1 bytes=18446744073709551615",
     "from=1.0", "1.1 1.2", NULL},
    {"a control character reaches no message", "cfu 1\n1 < 1", "from=2", "none", "known are 1\\x0A1, 1"},
};

START_TEST(the_way_and_what_is_said_are_those_of_the_table)
{
    fx_chain_row(&rows[_i]);
}
END_TEST

START_TEST(versions_are_ordered_by_number)
{
    static const char *const rising[] = {"", "0", "1", "1.0", "1.0.0", "1.0.0.5", "1.0.0.10", "1.0.1", "1.2", "1.10", "1.10.beta",
                                         "1.99999999999999999999", "1.100000000000000000000", "2", "2.9.8.251127", "10", "A",
                                         "{AppVersion}"};
    int i, j;

    for (i = 0; i < FX_COUNT(rising); i++) {
        for (j = 0; j < FX_COUNT(rising); j++) {
            int order = cdist_release_compare(rising[i], rising[j]);
            ck_assert_msg((order > 0) - (order < 0) == (i > j) - (i < j), "%s and %s: %d", rising[i], rising[j], order);
        }
    }
    ck_assert_int_eq(cdist_release_compare("1.0.0.005", "1.0.0.5"), 0);
    ck_assert_int_eq(cdist_release_compare("1.000", "1.0"), 0);
}
END_TEST

START_TEST(the_missing_releases_and_how_far_one_comes_are_data_too)
{
    cdist_chain_t *chain = fx_chain("cfu 22 < 21; cfu 24 < 23.5,23; cfu 25 < 24,22.5", "from=21");

    ck_assert_str_eq(chain->reachable, "22");
    ck_assert_str_eq(apr_array_pstrcat(fx_pool, chain->missing, ' '), "22.5 23 23.5");
    ck_assert_str_eq(chain->to, "25");
    ck_assert_int_eq(chain->steps->nelts, 0);
}
END_TEST

START_TEST(the_platform_is_the_highest_of_the_steps)
{
    cdist_chain_t *chain = fx_chain("cfu 1.1 < 1.0 platform=8.3.10.2252 bytes=3; cfu 1.2 < 1.1 platform=8.3.9.1850 bytes=4; cfu 1.3 < 1.2",
                                    "from=1.0");

    ck_assert_str_eq(chain->min_platform, "8.3.10.2252");
    ck_assert_uint_eq(chain->bytes, 8);
    ck_assert_str_eq(fx_chain("cfu 1.1 < 1.0", "from=1.0")->min_platform, "");
}
END_TEST

START_TEST(the_order_of_templates_decides_nothing)
{
    apr_array_header_t *templates = fx_templates("cfu 1.1@b < 1.0@a bytes=2; cfu 1.1@c < 1.0@a bytes=2; cfu 1.2@d < 1.1@b,1.1@c bytes=2;"
                                                 "cfu 1.2@d < 1.1@b,1.1@c bytes=2 path=z; cfu 1.15@e < 1.0@a bytes=2; cfu 1.2@d < 1.15@e bytes=2 path=y");
    cdist_chain_request_t request = fx_chain_request("from=1.0");
    const char *first = NULL;
    int i, j;

    for (i = 0; i < 200; i++) {
        const cdist_template_t **list = (const cdist_template_t **)templates->elts;
        const char *way = "";
        cdist_chain_t *chain;

        request.strategy = i % 2 ? CDIST_CHAIN_SEQUENTIAL : CDIST_CHAIN_SHORTEST;
        for (j = 0; j < templates->nelts; j++) {
            int other = (i * 7 + j * 5 + i / 3) % templates->nelts;
            const cdist_template_t *swapped = list[j];
            list[j] = list[other];
            list[other] = swapped;
        }
        FX_OK(cdist_chain_find(&chain, templates, &request, fx_pool, fx_pool));
        for (j = 0; j < chain->steps->nelts; j++) {
            const cdist_template_t *taken = APR_ARRAY_IDX(chain->steps, j, cdist_chain_step_t).template;
            way = apr_pstrcat(fx_pool, way, taken->id.version, "@", taken->id.version_id, " ", taken->path, " ", NULL);
        }
        if (!first) first = way;
        ck_assert_str_eq(way, first);
    }
}
END_TEST

Suite *test_suite(void)
{
    Suite *suite = suite_create("chain");
    TCase *cases = fx_case(suite, "chain", 30);

    tcase_add_loop_test(cases, the_way_and_what_is_said_are_those_of_the_table, 0, FX_COUNT(rows));
    tcase_add_test(cases, versions_are_ordered_by_number);
    tcase_add_test(cases, the_missing_releases_and_how_far_one_comes_are_data_too);
    tcase_add_test(cases, the_platform_is_the_highest_of_the_steps);
    tcase_add_test(cases, the_order_of_templates_decides_nothing);
    return suite;
}
