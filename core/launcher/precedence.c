/* Which of several start files counts for a key. The orders are the launcher's own, one for each key. */
#include "launcher_int.h"

#include <string.h>

enum { USER = CDIST_START_USER, ALL = CDIST_START_ALL_USERS, COMMON = CDIST_START_COMMON };

static const struct {
    const char *key;
    int merged; /* the values of all files, in that order; else those of the first file that has one */
    int order[3];
} rules[] = {
    {"AppAutoInstallLastVersion", 0, {USER, ALL, COMMON}},
    {"UseHwLicenses", 0, {USER, ALL, COMMON}},
    {"InstallComponents", 0, {ALL, USER, COMMON}},
    {"AutoUninstall", 0, {COMMON, USER, ALL}},
    {"AutoUninstallVersionsAfter", 0, {COMMON, USER, ALL}},
    {"InstalledLocation", 0, {COMMON, ALL, USER}},
    {"CommonCfgLocation", 1, {USER, ALL, COMMON}},
    {"CommonInfoBases", 1, {USER, ALL, COMMON}},
    {"ConfigurationTemplatesLocation", 1, {USER, ALL, COMMON}},
    {"DefaultVersion", 1, {USER, ALL, COMMON}},
    {"DistributiveLocation", 1, {USER, ALL, COMMON}},
    {"DontUninstallVersion", 1, {USER, ALL, COMMON}},
    {"", 0, {USER, ALL, COMMON}}};

#define RULE_COUNT (sizeof rules / sizeof rules[0])

static void take(apr_array_header_t *values, const cdist_start_cfg_t *cfg, const char *key)
{
    int i;

    for (i = 0; i < cfg->settings->nelts; i++) {
        const cdist_setting_t *setting = &APR_ARRAY_IDX(cfg->settings, i, cdist_setting_t);

        if (setting->broken || !*setting->value || strcasecmp(setting->key, key) != 0) continue;
        APR_ARRAY_PUSH(values, cdist_start_value_t) = (cdist_start_value_t){cfg, setting};
    }
}

apr_array_header_t *cdist_start_values(const cdist_launcher_t *launcher, const char *key, apr_pool_t *pool)
{
    apr_array_header_t *values = apr_array_make(pool, 4, sizeof(cdist_start_value_t));
    size_t rule = 0, place;
    int i;

    while (rule + 1 < RULE_COUNT && strcasecmp(rules[rule].key, key) != 0) rule++;
    for (place = 0; place < 3; place++) {
        for (i = 0; i < launcher->start->nelts; i++) {
            const cdist_start_cfg_t *cfg = APR_ARRAY_IDX(launcher->start, i, const cdist_start_cfg_t *);

            if ((int)cfg->scope != rules[rule].order[place]) continue;
            take(values, cfg, key);
            if (values->nelts && !rules[rule].merged) return values;
        }
    }
    return values;
}
