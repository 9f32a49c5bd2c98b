/* Which build answers. A full version: that one installed, else that one to be installed, else none. A part of one: the
 * highest of what is installed and what can be installed (description of 8.3); or of the first place that has one:
 * distributions before installed builds, own ones before shared ones (description of 8.2). Of equal versions the installed
 * one is taken, then the preferred architecture. */
#include "launcher_int.h"

#include <apr_strings.h>

#include <string.h>

#define REJECTED_SHOWN 8

/* The build's client for this decision; NULL if it has none. */
static const char *program(const cdist_decision_t *decision, const cdist_build_t *build)
{
    const char *client = decision->result->client;

    return strcmp(client, "thin") == 0 ? build->thin : strcmp(client, "thick") == 0 ? build->thick : build->path;
}

/* NB: a legacy build whose version is not known answers for its family alone. */
static int matches(const cdist_version_t *required, const cdist_build_t *build)
{
    if (build->legacy && !cdist_version_is_legacy(required)) return 0;
    return required->count <= build->version.count && cdist_mask_matches(required, &build->version);
}

/* The system of what is installed: a distribution for another one cannot be installed there. "" if nothing tells it. */
static const char *installed_system(const cdist_launcher_t *launcher)
{
    const char *system = "";
    int i;

    for (i = 0; i < launcher->builds->nelts; i++) {
        const cdist_build_t *build = &APR_ARRAY_IDX(launcher->builds, i, cdist_build_t);

        if (!build->installed || !*build->system) continue;
        if (*system && strcmp(system, build->system) != 0) return "";
        system = build->system;
    }
    return system;
}

/* Why a build that has the version cannot be taken; NULL if it can. */
static const char *rejected(const cdist_decision_t *decision, const cdist_build_t *build, const char *system)
{
    if (!program(decision, build)) {
        return strcmp(decision->result->client, "thin") == 0 ? "has no thin client (1cv8c)" : "has no thick client (1cv8)";
    }
    if (!cdist_arch_allows(&decision->arch, build->arch)) {
        return apr_psprintf(decision->pool, "is for %s, not %s", build->arch, decision->arch.base);
    }
    if (!build->installed && *system && *build->system && strcmp(system, build->system) != 0) {
        return apr_psprintf(decision->pool, "is for %s, and what is installed is for %s", build->system, system);
    }
    return NULL;
}

/* NB: a legacy build may be one whose version nothing tells; it counts as older than all others of its family. */
static int is_better(const cdist_decision_t *decision, const cdist_build_t *a, const cdist_build_t *b)
{
    int order = cdist_version_compare(&a->version, &b->version);

    if (order) return order > 0;
    if (a->installed != b->installed) return a->installed;
    return strcmp(a->arch, decision->arch.base) == 0 && strcmp(b->arch, decision->arch.base) != 0;
}

/* Everything that could be taken: const cdist_build_t *. With `explain` the reasons against others become steps. */
static apr_array_header_t *candidates(cdist_decision_t *decision, const cdist_version_t *required, int explain)
{
    const cdist_launcher_t *launcher = decision->launcher;
    apr_array_header_t *found = apr_array_make(decision->pool, 8, sizeof(const cdist_build_t *));
    const char *system = installed_system(launcher);
    int said = 0, i;

    for (i = 0; i < launcher->builds->nelts; i++) {
        const cdist_build_t *build = &APR_ARRAY_IDX(launcher->builds, i, cdist_build_t);
        const char *why = matches(required, build) ? rejected(decision, build, system) : NULL;

        if (why && explain && said++ < REJECTED_SHOWN) {
            cdist_step(decision, NULL, 0, "%s: %s %s", cdist_text_printable(build->path, decision->pool),
                       cdist_version_format(&build->version, decision->pool), why);
        } else if (!why && matches(required, build)) {
            APR_ARRAY_PUSH(found, const cdist_build_t *) = build;
        }
    }
    return found;
}

/* The best of those that are of one origin and place; -1 stands for either. NULL if there is none. */
static const cdist_build_t *best_of(const cdist_decision_t *decision, const apr_array_header_t *found, int installed,
                                    int shared)
{
    const cdist_build_t *best = NULL;
    int i;

    for (i = 0; i < found->nelts; i++) {
        const cdist_build_t *build = APR_ARRAY_IDX(found, i, const cdist_build_t *);

        if ((installed >= 0 && build->installed != installed) || (shared >= 0 && build->shared != shared)) continue;
        if (!best || is_better(decision, build, best)) best = build;
    }
    return best;
}

/* Place by place, and then the same version installed, if it is. */
static const cdist_build_t *choose_82(const cdist_decision_t *decision, const apr_array_header_t *found)
{
    static const int places[][2] = {{0, 0}, {0, 1}, {1, 0}, {1, 1}}; /* installed, shared */
    const cdist_build_t *best = NULL;
    int i;

    for (i = 0; !best && i < 4; i++) best = best_of(decision, found, places[i][0], places[i][1]);
    for (i = 0; best && !best->installed && i < found->nelts; i++) {
        const cdist_build_t *build = APR_ARRAY_IDX(found, i, const cdist_build_t *);
        if (build->installed && cdist_version_compare(&build->version, &best->version) == 0) best = build;
    }
    return best;
}

/* Whether the launcher leaves alone what could be installed as long as something is: AppAutoInstallLastVersion=0. */
static int installed_suffices(cdist_decision_t *decision, const apr_array_header_t *found)
{
    const apr_array_header_t *values = cdist_start_values(decision->launcher, "AppAutoInstallLastVersion", decision->pool);
    const cdist_start_value_t *value = values->nelts ? &APR_ARRAY_IDX(values, 0, cdist_start_value_t) : NULL;
    int suffices;

    if (!value || strcmp(value->setting->value, "0") != 0) return 0;
    suffices = best_of(decision, found, 1, -1) != NULL;
    cdist_step(decision, value->cfg->lines, value->setting->line, "AppAutoInstallLastVersion=0: %s",
               suffices ? "only what is installed is looked at" : "does not count, since nothing that matches is installed");
    return suffices;
}

static const cdist_build_t *choose(cdist_decision_t *decision, const apr_array_header_t *found)
{
    if (decision->required.count == CDIST_VERSION_PARTS) return best_of(decision, found, -1, -1);
    if (installed_suffices(decision, found)) return best_of(decision, found, 1, -1);
    return decision->launcher->rules == CDIST_RULES_82 ? choose_82(decision, found) : best_of(decision, found, -1, -1);
}

/* What the two descriptions of the launcher's choice disagree about is worth a word. */
static void compare_rules(cdist_decision_t *decision, const apr_array_header_t *found, const cdist_build_t *chosen)
{
    int is_82 = decision->launcher->rules == CDIST_RULES_82;
    const cdist_build_t *other = is_82 ? best_of(decision, found, -1, -1) : choose_82(decision, found);

    if (decision->required.count == CDIST_VERSION_PARTS || !other) return;
    if (cdist_version_compare(&other->version, &chosen->version) == 0) return;
    cdist_step(decision, NULL, 0, "by the rules of %s it would be %s (%s)", is_82 ? "8.3" : "8.2",
               cdist_version_format(&other->version, decision->pool), cdist_text_printable(other->path, decision->pool));
}

static void take(cdist_decision_t *decision, const cdist_build_t *build)
{
    cdist_resolution_t *result = decision->result;

    result->chosen = cdist_version_format(&build->version, decision->pool);
    result->arch = *build->arch || !decision->arch_given ? build->arch : decision->arch.base;
    result->origin = build->installed ? "installed" : "distributive";
    result->path = program(decision, build);
    cdist_step(decision, NULL, 0, "%s: %s is %s", cdist_text_printable(result->path, decision->pool), result->chosen,
               build->installed ? "installed" : "not installed, and can be installed from here");
    if (!*build->arch && decision->arch_given) {
        cdist_step(decision, NULL, 0, "nothing tells its architecture; it is taken for %s, which is asked for",
                   decision->arch.base);
    }
}

/* What the real launcher does where this one stops. */
static void note_silent_choice(cdist_decision_t *decision)
{
    const cdist_version_t any = {{0}, 0};
    const cdist_build_t *best;

    if (decision->required.count != CDIST_VERSION_PARTS) return;
    best = best_of(decision, candidates(decision, &any, 0), 1, -1);
    if (best) {
        cdist_step(decision, NULL, 0, "the real launcher would start %s (%s) instead, the newest installed, without a word",
                   cdist_version_format(&best->version, decision->pool), cdist_text_printable(best->path, decision->pool));
    } else {
        cdist_step(decision, NULL, 0, "no other version is installed that the real launcher could start instead");
    }
}

/* Services are asked for infobases on a web server alone. NB: a URL may carry a password, so it is not shown. */
static void note_services(cdist_decision_t *decision)
{
    static const char *const keys[] = {"WebDistributiveLocation", "InternetService"};
    size_t k;
    int i;

    for (k = 0; k < 2 && decision->connect.kind == CDIST_CONNECT_WEB; k++) {
        const apr_array_header_t *values = cdist_start_values(decision->launcher, keys[k], decision->pool);

        for (i = 0; i < values->nelts; i++) {
            const cdist_start_value_t *value = &APR_ARRAY_IDX(values, i, cdist_start_value_t);
            cdist_step(decision, value->cfg->lines, value->setting->line, "%s: the real launcher asks this service for a "
                       "distribution, which is not done here", keys[k]);
        }
    }
}

static void take_none(cdist_decision_t *decision)
{
    cdist_resolution_t *result = decision->result;
    const char *arch = decision->arch.only ? apr_pstrcat(decision->pool, " for ", decision->arch.base, NULL) : "";

    if (strcmp(result->client, "web") == 0) {
        cdist_step(decision, NULL, 0, "nothing matches, but the web client needs no platform");
        return;
    }
    if (*result->required) {
        result->problem = apr_psprintf(decision->pool, "version %s with a %s client%s is neither installed nor in a distribution",
                                       result->required, result->client, arch);
    } else if (decision->launcher->current) {
        result->problem = apr_psprintf(decision->pool, "version %s, which is current here, is published without a %s client%s",
                                       decision->launcher->current, result->client, arch);
    } else {
        result->problem = apr_psprintf(decision->pool, "no version with a %s client%s is installed or in a distribution",
                                       result->client, arch);
    }
    cdist_step(decision, NULL, 0, "%s", result->problem);
    if (cdist_version_is_legacy(&decision->required)) {
        cdist_step(decision, NULL, 0, "where 8.0 and 8.1 lie is said by --legacy, as in --legacy 8.1=FOLDER");
    }
    note_services(decision);
    note_silent_choice(decision);
}

void cdist_decide_build(cdist_decision_t *decision)
{
    const apr_array_header_t *found = candidates(decision, &decision->required, 1);
    const cdist_build_t *chosen = choose(decision, found);

    if (chosen) {
        take(decision, chosen);
        compare_rules(decision, found, chosen);
    } else {
        take_none(decision);
    }
}
