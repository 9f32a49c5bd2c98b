/* Which version an infobase asks for (administrator guide 8.3.23, 4.3.7, and what was measured of the launcher): a full Version;
 * else the infobase's own DefaultVersion, though it may lie outside of Version; else what the start files' DefaultVersion say of
 * Version; else Version itself; without one the default version of the start files. */
#include "launcher_int.h"

#include <string.h>

static const char *shown(const cdist_decision_t *decision, const cdist_setting_t *setting)
{
    return cdist_settings_shown(setting->value, decision->pool);
}

static cdist_err_t *refuse(const cdist_decision_t *decision, const cdist_setting_t *setting, const char *form)
{
    return cdist_err_create(decision->pool, CDIST_E_INPUT, 0, "%s:%d: %s=%s: must be %s",
                            cdist_text_printable(decision->infobase->list->lines->path, decision->pool), setting->line,
                            setting->key, shown(decision, setting), form);
}

static void take_arch(cdist_decision_t *decision, const char *arch)
{
    if (arch && !decision->arch_given && cdist_arch_parse(&decision->arch, arch)) decision->arch_given = 1;
}

/* What is asked for before any version is known. */
static void decide_arch(cdist_decision_t *decision)
{
    const cdist_setting_t *own = cdist_infobase_get(decision->infobase, "AppArch");
    const char *given = decision->launcher->arch;

    cdist_arch_parse(&decision->arch, "x86_prt"); /* the launcher's own default */
    if (given) {
        take_arch(decision, given);
        cdist_step(decision, NULL, 0, "architecture %s, as asked for", given);
    }
    if (own && given) {
        cdist_step_own(decision, own, "AppArch=%s does not count beside that", shown(decision, own));
    } else if (own && cdist_arch_parse(&decision->arch, own->value)) {
        decision->arch_given = 1;
        cdist_step_own(decision, own, "architecture %s", shown(decision, own));
    } else if (own) {
        cdist_step_own(decision, own, "AppArch=%s is none of x86, x86_prt, x86_64, x86_64_prt, and does not count",
                       shown(decision, own));
    }
}

/* The infobase's own DefaultVersion; *used is 0 if it says nothing about `version` (may be none). */
static cdist_err_t *use_own_default(int *used, cdist_decision_t *decision, const cdist_setting_t *version,
                                    const cdist_version_t *mask)
{
    const cdist_setting_t *own = cdist_infobase_get(decision->infobase, "DefaultVersion");
    cdist_default_version_t value;
    cdist_version_t chosen;

    *used = 0;
    if (!own) return NULL;
    if (!cdist_default_version_parse(&value, own->value, decision->pool)) {
        return refuse(decision, own, "a version such as 8.3.22.1750 or the beginning of one, with ;x86_64 behind it at most");
    }
    if (value.target.count && mask->count && (mask->count != value.mask.count || !cdist_mask_matches(&value.mask, mask))) {
        cdist_step_own(decision, own, "DefaultVersion=%s says nothing about %s", shown(decision, own),
                       cdist_version_format(mask, decision->pool));
        return NULL;
    }
    *used = 1;
    chosen = value.target.count ? value.target : value.mask;
    decision->required = chosen;
    take_arch(decision, value.arch);
    cdist_step_own(decision, own, "DefaultVersion=%s of the infobase: %s is required", shown(decision, own),
                   cdist_version_format(&chosen, decision->pool));
    if (version && (chosen.count < mask->count || !cdist_mask_matches(mask, &chosen))) {
        cdist_step_own(decision, version, "it goes before Version=%s, which it does not match; the real launcher does the "
                       "same without a word", shown(decision, version));
    }
    return NULL;
}

/* How well an entry of the start files answers: 0 not at all. Without a version to look up an entry that is one itself goes
 * before those that replace one. */
static int entry_rank(const cdist_default_version_t *value, const cdist_version_t *mask, const cdist_decision_t *decision)
{
    cdist_arch_wish_t wish;
    int rank = 1;

    if (mask->count && (mask->count != value->mask.count || !cdist_mask_matches(mask, &value->mask))) return 0;
    if (mask->count && !value->target.count) return 0;
    if (!mask->count && !value->target.count) rank += 2;
    if (!value->arch || !decision->arch_given) return rank;
    cdist_arch_parse(&wish, value->arch);
    if (!cdist_arch_overlap(&wish, &decision->arch)) return 0;
    return rank + (strcmp(wish.base, decision->arch.base) == 0);
}

/* Looks the mask, or nothing, up in the DefaultVersion lines of the start files; 1 if one answers. */
static int use_table(cdist_decision_t *decision, const cdist_version_t *mask)
{
    const apr_array_header_t *entries = cdist_start_values(decision->launcher, "DefaultVersion", decision->pool);
    const cdist_start_value_t *best = NULL;
    cdist_default_version_t value, best_value;
    int best_rank = 0, i;

    memset(&best_value, 0, sizeof best_value);
    for (i = 0; i < entries->nelts; i++) {
        const cdist_start_value_t *entry = &APR_ARRAY_IDX(entries, i, cdist_start_value_t);
        int rank;

        if (!cdist_default_version_parse(&value, entry->setting->value, decision->pool)) {
            cdist_step(decision, entry->cfg->lines, entry->setting->line, "DefaultVersion=%s cannot be understood and does "
                       "not count; it must be such as 8.3-8.3.22.1750;x86_64", shown(decision, entry->setting));
            continue;
        }
        rank = entry_rank(&value, mask, decision);
        if (rank <= best_rank) continue;
        best = entry;
        best_value = value;
        best_rank = rank;
    }
    if (!best) return 0;
    decision->required = best_value.target.count ? best_value.target : best_value.mask;
    take_arch(decision, best_value.arch);
    cdist_step(decision, best->cfg->lines, best->setting->line, "DefaultVersion=%s: %s is required",
               shown(decision, best->setting), cdist_version_format(&decision->required, decision->pool));
    if (mask->count && !cdist_mask_matches(mask, &decision->required)) {
        cdist_step(decision, best->cfg->lines, best->setting->line, "that does not match %s itself",
                   cdist_version_format(mask, decision->pool));
    }
    return 1;
}

/* NB: whom the real launcher asks is not asked here. */
static void note_server(cdist_decision_t *decision)
{
    if (decision->connect.kind != CDIST_CONNECT_SERVER && decision->connect.kind != CDIST_CONNECT_WEB) return;
    cdist_step(decision, decision->infobase->list->lines, decision->infobase->line, "the infobase is on a server: the real "
               "launcher asks it, and its version counts instead of the list's when they differ");
}

cdist_err_t *cdist_decide_required(cdist_decision_t *decision)
{
    const cdist_setting_t *version = cdist_infobase_get(decision->infobase, "Version"), *own;
    cdist_version_t mask;
    int used;

    decide_arch(decision);
    note_server(decision);
    memset(&mask, 0, sizeof mask);
    if (version && !cdist_mask_parse(&mask, version->value)) {
        return refuse(decision, version, CDIST_MASK_FORM);
    }
    if (mask.count == CDIST_VERSION_PARTS) {
        decision->required = mask;
        cdist_step_own(decision, version, "Version=%s: exactly this version is required", shown(decision, version));
        own = cdist_infobase_get(decision->infobase, "DefaultVersion");
        if (own) cdist_step_own(decision, own, "DefaultVersion=%s does not count beside a full version", shown(decision, own));
        return NULL;
    }
    CDIST_ERR(use_own_default(&used, decision, version, &mask));
    if (used) return NULL;
    decision->required = mask;
    if (version) cdist_step_own(decision, version, "Version=%s", shown(decision, version));
    if (use_table(decision, &mask) || version) return NULL;
    if (decision->launcher->current) {
        cdist_step(decision, decision->infobase->list->lines, decision->infobase->line,
                   "the infobase names no version: it gets the one that is current here, %s", decision->launcher->current);
    } else {
        cdist_step(decision, decision->infobase->list->lines, decision->infobase->line,
                   "neither the infobase nor the start files name a version: the newest is taken, of whatever family");
    }
    return NULL;
}
